#include "net/url.h"
#include "test.h"

TEST(joins)
{
    /* The examples of RFC 3986 §5.4 that stay http, and what indexes send. */
    static const struct {
        const char *reference, *expected;
    } rows[] = {
        {"g", "http://a/b/c/g"},
        {"./g", "http://a/b/c/g"},
        {"g/", "http://a/b/c/g/"},
        {"/g", "http://a/g"},
        {"//g", "http://g"},
        {"?y", "http://a/b/c/d;p?y"},
        {"g?y", "http://a/b/c/g?y"},
        {"#s", "http://a/b/c/d;p?q#s"},
        {"g?y#s", "http://a/b/c/g?y#s"},
        {";x", "http://a/b/c/;x"},
        {"", "http://a/b/c/d;p?q"},
        {".", "http://a/b/c/"},
        {"./", "http://a/b/c/"},
        {"..", "http://a/b/"},
        {"../g", "http://a/b/g"},
        {"../..", "http://a/"},
        {"../../../g", "http://a/g"},
        {"/./g", "http://a/g"},
        {"/../g", "http://a/g"},
        {"g.", "http://a/b/c/g."},
        {"..g", "http://a/b/c/..g"},
        {"./g/.", "http://a/b/c/g/"},
        {"g/../h", "http://a/b/c/h"},
        {"g;x=1/../y", "http://a/b/c/y"},
        {"HTTPS://Host/x", "https://Host/x"},
        {"file:///etc", "file:///etc"},
        {"g:h", NULL},
        {"mailto:x@example.org", NULL},
        {"javascript:alert(1)", NULL},
        {"https:///nohost", NULL},
        {"http:g", NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *found = url_join("http://a/b/c/d;p?q", rows[i].reference);
        assert_text(rows[i].reference, rows[i].expected, found);
    }
    g_autofree char *below = url_join("file:///srv/index.html", "x.whl");
    assert_text("file", "file:///srv/x.whl", below);
    g_autofree char *bare = url_join("http://a", "x");
    assert_text("no path", "http://a/x", bare);
}

TEST(decodes_once)
{
    static const struct {
        const char *text, *expected;
    } rows[] = {
        {"a%2Bb", "a+b"}, {"%252B", "%2B"}, {"a+b", "a+b"}, {"%", "%"},    {"%4", "%4"},
        {"%zz", "%zz"},   {"%c3%a9", "é"},  {"%00", NULL},  {"%ff", NULL}, {"", ""},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *found = url_decode(rows[i].text);
        assert_text(rows[i].text, rows[i].expected, found);
    }
}

TEST(quotes_as_pip)
{
    static const struct {
        const char *url, *expected;
    } rows[] = {
        {"https://h/a b.whl", "https://h/a%20b.whl"},
        {"https://h/a+b", "https://h/a%2Bb"},
        {"https://h/a%2bb", "https://h/a%2Bb"},
        {"https://h/a%2Fb", "https://h/a%2Fb"},
        {"https://h/%7Ea%41", "https://h/~aA"},
        {"https://h/a@b%40c", "https://h/a@b%40c"},
        {"https://h/100%", "https://h/100%25"},
        {"https://h/é", "https://h/%C3%A9"},
        {"https://h/a?b=c d&e=%20", "https://h/a?b=c%20d&e=%20"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *found = url_quote(rows[i].url), *again = url_quote(found);
        assert_text(rows[i].url, rows[i].expected, found);
        assert_text("twice", rows[i].expected, again);
    }
}

TEST(keeps_credentials_to_itself)
{
    static const struct {
        const char *url, *stripped, *redacted, *origin;
    } rows[] = {
        {"https://me:s3cret@Example.org:443/x?token=abc&a=b",
         "https://Example.org:443/x?token=abc&a=b",
         "https://me:****@Example.org:443/x?token=****&a=b", "https://example.org"},
        {"http://t0ken@h:80/", "http://h:80/", "http://****@h:80/", "http://h"},
        {"http://a:b@c:d@h:8080/p@q", "http://h:8080/p@q", "http://a:****@h:8080/p@q",
         "http://h:8080"},
        {"https://[::1]:443/x", "https://[::1]:443/x", "https://[::1]:443/x", "https://[::1]"},
        {"https://h:80/x@y", "https://h:80/x@y", "https://h:80/x@y", "https://h:80"},
        {"file:///x", "file:///x", "file:///x", NULL},
        {"no url", "no url", "no url", NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *stripped = url_strip_credentials(rows[i].url);
        g_autofree char *redacted = url_redact(rows[i].url), *origin = url_origin(rows[i].url);
        assert_text(rows[i].url, rows[i].stripped, stripped);
        assert_text(rows[i].url, rows[i].redacted, redacted);
        assert_text(rows[i].url, rows[i].origin, origin);
    }
}

TEST(reads_credentials)
{
    static const struct {
        const char *url, *user, *password;
    } rows[] = {
        {"http://me:pass%20word@h/", "me", "pass word"},
        {"http://me@h/", "me", ""},
        {"http://a%40b:c%3Ad@h/", "a@b", "c:d"},
        {"http://h/@x:y", NULL, NULL},
        {"http://bad%00:x@h/", NULL, NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *user = NULL, *password = NULL;
        g_assert_true(url_credentials(rows[i].url, &user, &password) == (rows[i].user != NULL));
        assert_text(rows[i].url, rows[i].user, user);
        assert_text(rows[i].url, rows[i].password, password);
    }
}

TEST(finds_file_names)
{
    static const struct {
        const char *url, *expected;
    } rows[] = {
        {"https://h/a/torch-2.6.0%2Bcu124-cp311.whl?x=/y#z", "torch-2.6.0+cu124-cp311.whl"},
        {"https://h/a%2Fb", "b"},
        {"https://h/a/", "a"},
        {"https://h/", NULL},
        {"https://h/..", NULL},
        {"https://h/%2e%2e", NULL},
        {"https://h/x%00", NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *found = url_filename(rows[i].url);
        assert_text(rows[i].url, rows[i].expected, found);
    }
}

TEST(tells_servers)
{
    static const struct {
        const char *url;
        bool expected;
    } rows[] = {
        {"http://a/", true},
        {"https://a.example.org:8443/x", true},
        {"https://user:p%40ss@a:/x?q#f", true},
        {"http://[::1]/", true},
        {"http://[fe80::1]:80/", true},
        {"http://a:65535", true},
        {"http://[::1/x", false},
        {"http://[x]/", false},
        {"http://[::1]x/", false},
        {"http://a:65536/", false},
        {"http://a:99999999999999999999/", false},
        {"http://a:abc/", false},
        {"http://a:-1/", false},
        {"http:///x", false},
        {"http://user@/x", false},
        {"http://:80/x", false},
        {"http:x", false},
        {"http://a b/", false},
        {"http://a%20b/", false},
        {"http://a<b>/", false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (url_has_server(rows[i].url) != rows[i].expected)
            g_error("%s", rows[i].url);
    }
}

TEST(turns_paths_into_urls_and_back)
{
    static const char *const paths[] = {"/a b/c%41#?.whl", "/é", "/"};
    for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autofree char *url = url_from_path(paths[i]), *path = url_to_path(url);
        assert_text(url, paths[i], path);
    }
    g_autofree char *local = url_to_path("file://localhost/x"), *far = url_to_path("file://h/x");
    assert_text(NULL, "/x", local);
    assert_text(NULL, NULL, far);
}
