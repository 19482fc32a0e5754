#include "net/http_headers.h"
#include "test.h"

static void read_all(HttpHeaders *headers, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    http_headers_clear(headers);
    for (size_t i = 0; lines[i]; i++)
        http_headers_line(headers, lines[i], strlen(lines[i]));
}

TEST(reads_fields)
{
    HttpHeaders headers = {0};
    read_all(&headers, "HTTP/1.1 200 OK\r\nContent-Type: Text/HTML; charset=X\r\nETAG:  \"a\" \r\n"
                       "cache-control: public, max-age=30\r\nAge: 7\r\nAccept-Ranges: bytes\r\n"
                       "Content-Range: bytes 5-9/200\r\nRetry-After: 3\r\nno colon\r\n\r\n");
    assert_text(NULL, "text/html; charset=x", headers.content_type);
    assert_text(NULL, "\"a\"", headers.etag);
    g_assert_cmpint(headers.max_age, ==, 30);
    g_assert_cmpint(headers.age, ==, 7);
    g_assert_cmpint(headers.range_first, ==, 5);
    g_assert_cmpint(headers.range_total, ==, 200);
    g_assert_cmpint(headers.retry_after, ==, 3);
    g_assert_true(headers.accepts_ranges);
    http_headers_clear(&headers);
}

TEST(starts_over_with_a_status_line)
{
    HttpHeaders headers = {0};
    read_all(&headers, "HTTP/1.1 103 Early\nETag: \"old\"\n\nHTTP/1.1 200 OK\nContent-Length: 4\n");
    assert_text(NULL, NULL, headers.etag);
    g_assert_cmpint(headers.content_length, ==, 4);
    http_headers_clear(&headers);
}

TEST(ignores_nonsense)
{
    static const char *const bad[] = {
        "Content-Length: -5",         "Content-Length: 99999999999999999999",
        "Content-Length: 12x",        "Content-Range: bytes",
        "Content-Range: pages 1-2/3", "Retry-After: soon",
        "Cache-Control: max-age=",    "Age: 1e9",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        HttpHeaders headers = {0};
        read_all(&headers, bad[i]);
        g_assert_cmpint(headers.content_length, ==, -1);
        g_assert_cmpint(headers.range_total, ==, -1);
        g_assert_cmpint(headers.retry_after, ==, -1);
        g_assert_cmpint(headers.max_age, ==, -1);
        http_headers_clear(&headers);
    }
}

TEST(knows_what_may_be_kept)
{
    static const struct {
        const char *value;
        gint64 max_age;
        bool no_store;
    } rows[] = {
        {"no-cache, max-age=50", 0, false},
        {"max-age=50, no-cache", 0, false},
        {"no-store", -1, true},
        {"MAX-AGE=5,NO-STORE", 5, true},
        {"private", -1, false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        HttpHeaders headers = {0};
        g_autofree char *line = g_strconcat("Cache-Control: ", rows[i].value, NULL);
        read_all(&headers, line);
        g_assert_cmpint(headers.max_age, ==, rows[i].max_age);
        g_assert_true(headers.no_store == rows[i].no_store);
        http_headers_clear(&headers);
    }
}
