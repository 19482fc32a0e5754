#include "net/http_headers.h"

void http_headers_clear(HttpHeaders *headers)
{
    g_free(headers->content_type);
    g_free(headers->etag);
    g_free(headers->last_modified);
    g_free(headers->location);
    g_free(headers->www_authenticate);
    *headers = (HttpHeaders){.content_length = -1,
                             .range_first = -1,
                             .range_total = -1,
                             .max_age = -1,
                             .retry_after = -1};
}

/* A number of at most 18 digits that fills the text; -1 otherwise. */
static gint64 parse_number(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 18 || text[digits] != '\0')
        return -1;
    return (gint64)g_ascii_strtoull(text, NULL, 10);
}

/* "bytes FIRST-LAST/TOTAL", "bytes FIRST-LAST/" with an asterisk, "bytes * /TOTAL" (no blank). */
static void read_content_range(HttpHeaders *headers, const char *value)
{
    if (g_ascii_strncasecmp(value, "bytes", 5) != 0)
        return;
    value += 5 + strspn(value + 5, " =");
    const char *slash = strchr(value, '/');
    if (!slash)
        return;
    headers->range_total = parse_number(slash + 1);
    g_autofree char *first = g_strndup(value, strcspn(value, "-"));
    headers->range_first = parse_number(first);
}

static void read_cache_control(HttpHeaders *headers, const char *value)
{
    g_auto(GStrv) words = g_strsplit(value, ",", -1);
    for (size_t i = 0; words[i]; i++) {
        char *word = g_strstrip(words[i]);
        if (g_ascii_strcasecmp(word, "no-store") == 0)
            headers->no_store = true;
        else if (g_ascii_strncasecmp(word, "no-cache", 8) == 0)
            headers->max_age = 0;
        else if (g_ascii_strncasecmp(word, "max-age=", 8) == 0 && headers->max_age != 0)
            headers->max_age = parse_number(word + 8);
    }
}

static void set_text(char **slot, const char *value)
{
    g_free(*slot);
    *slot = g_strdup(value);
}

static void read_field(HttpHeaders *headers, const char *name, const char *value)
{
    /* clang-format off */
    static const struct {
        const char *name;
        size_t offset;
    } texts[] = {
        {"etag", G_STRUCT_OFFSET(HttpHeaders, etag)},
        {"last-modified", G_STRUCT_OFFSET(HttpHeaders, last_modified)},
        {"location", G_STRUCT_OFFSET(HttpHeaders, location)},
        {"www-authenticate", G_STRUCT_OFFSET(HttpHeaders, www_authenticate)},
    }, numbers[] = {
        {"content-length", G_STRUCT_OFFSET(HttpHeaders, content_length)},
        {"age", G_STRUCT_OFFSET(HttpHeaders, age)},
        {"retry-after", G_STRUCT_OFFSET(HttpHeaders, retry_after)},
    };
    /* clang-format on */
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        if (g_ascii_strcasecmp(name, texts[i].name) == 0)
            set_text(&G_STRUCT_MEMBER(char *, headers, texts[i].offset), value);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        if (g_ascii_strcasecmp(name, numbers[i].name) == 0)
            G_STRUCT_MEMBER(gint64, headers, numbers[i].offset) = parse_number(value);
    }
    if (g_ascii_strcasecmp(name, "content-type") == 0) {
        g_free(headers->content_type);
        headers->content_type = g_ascii_strdown(value, -1);
    } else if (g_ascii_strcasecmp(name, "content-range") == 0) {
        read_content_range(headers, value);
    } else if (g_ascii_strcasecmp(name, "cache-control") == 0) {
        read_cache_control(headers, value);
    } else if (g_ascii_strcasecmp(name, "accept-ranges") == 0) {
        headers->accepts_ranges = g_ascii_strcasecmp(value, "bytes") == 0;
    } else if (g_ascii_strcasecmp(name, "content-encoding") == 0) {
        headers->encoded = g_ascii_strcasecmp(value, "identity") != 0;
    }
}

void http_headers_line(HttpHeaders *headers, const char *line, size_t length)
{
    if (length >= 5 && g_ascii_strncasecmp(line, "http/", 5) == 0) {
        http_headers_clear(headers);
        return;
    }
    const char *colon = memchr(line, ':', length);
    if (!colon || memchr(line, '\0', length) || !g_utf8_validate(line, (gssize)length, NULL))
        return;
    g_autofree char *name = g_strndup(line, (gsize)(colon - line));
    g_autofree char *value = g_strndup(colon + 1, length - (size_t)(colon + 1 - line));
    read_field(headers, g_strstrip(name), g_strstrip(value));
}
