#include "net/url.h"

static const char HEX[] = "0123456789ABCDEF";

/* Borrowed slices of a URL reference (RFC 3986, appendix B). */
typedef struct {
    const char *text;
    size_t length;
    bool present;
} Slice;

typedef struct {
    Slice scheme, authority, path, query, fragment;
} Parts;

static Slice slice_to(const char **at, const char *end)
{
    Slice slice = {*at, (size_t)(end - *at), true};
    *at = end;
    return slice;
}

static size_t scheme_length(const char *text)
{
    if (!g_ascii_isalpha(text[0]))
        return 0;
    size_t n = 1;
    while (g_ascii_isalnum(text[n]) || (text[n] && strchr("+-.", text[n])))
        n++;
    return text[n] == ':' ? n : 0;
}

static Parts parts_of(const char *text)
{
    Parts parts = {0};
    size_t scheme = scheme_length(text);
    if (scheme > 0) {
        parts.scheme = (Slice){text, scheme, true};
        text += scheme + 1;
    }
    if (g_str_has_prefix(text, "//")) {
        text += 2;
        parts.authority = slice_to(&text, text + strcspn(text, "/?#"));
    }
    parts.path = slice_to(&text, text + strcspn(text, "?#"));
    if (*text == '?') {
        text++;
        parts.query = slice_to(&text, text + strcspn(text, "#"));
    }
    if (*text == '#') {
        text++;
        parts.fragment = slice_to(&text, text + strlen(text));
    }
    return parts;
}

static bool slice_is(Slice slice, const char *text)
{
    return slice.length == strlen(text) && g_ascii_strncasecmp(slice.text, text, slice.length) == 0;
}

static bool scheme_is_usable(Slice scheme)
{
    return slice_is(scheme, "https") || slice_is(scheme, "http") || slice_is(scheme, "file");
}

/* RFC 3986 §5.2.4 on an absolute path; one pass, segments are dropped by moving the end back. */
static void append_without_dots(GString *out, const char *path, size_t length)
{
    size_t start = out->len;
    for (size_t i = 0; i < length;) {
        const char *segment = path + i + 1;
        const char *slash = memchr(segment, '/', length - i - 1);
        size_t n = slash ? (size_t)(slash - segment) : length - i - 1;
        bool last = !slash;
        i += n + 1;
        bool one = n == 1 && segment[0] == '.', two = n == 2 && memcmp(segment, "..", 2) == 0;
        if (two) {
            while (out->len > start && out->str[--out->len] != '/')
                ;
            g_string_truncate(out, out->len);
        }
        if (!one && !two) {
            g_string_append_c(out, '/');
            g_string_append_len(out, segment, (gssize)n);
        } else if (last) {
            g_string_append_c(out, '/');
        }
    }
}

static void append_merged_path(GString *out, const Parts *base, Slice reference)
{
    g_autoptr(GString) merged = g_string_new(NULL);
    if (reference.length > 0 && reference.text[0] == '/') {
        append_without_dots(out, reference.text, reference.length);
        return;
    }
    const char *slash =
        base->path.length > 0 ? memrchr(base->path.text, '/', base->path.length) : NULL;
    if (slash)
        g_string_append_len(merged, base->path.text, slash - base->path.text + 1);
    else
        g_string_append_c(merged, '/');
    g_string_append_len(merged, reference.text, (gssize)reference.length);
    append_without_dots(out, merged->str, merged->len);
}

static void append_lead(GString *out, Slice scheme, Slice authority)
{
    g_autofree char *lower = g_ascii_strdown(scheme.text, (gssize)scheme.length);
    g_string_append_printf(out, "%s://", lower);
    if (authority.present)
        g_string_append_len(out, authority.text, (gssize)authority.length);
}

static void append_marked(GString *out, char mark, Slice slice)
{
    if (!slice.present)
        return;
    g_string_append_c(out, mark);
    g_string_append_len(out, slice.text, (gssize)slice.length);
}

char *url_join(const char *base, const char *reference)
{
    Parts from = parts_of(base), to = parts_of(reference);
    Slice scheme = to.scheme.present ? to.scheme : from.scheme;
    if (!scheme_is_usable(scheme))
        return NULL;
    bool own = to.scheme.present || to.authority.present;
    bool needs_host = !slice_is(scheme, "file");
    Slice authority = own ? to.authority : from.authority;
    if (needs_host && authority.length == 0)
        return NULL;
    g_autoptr(GString) out = g_string_new(NULL);
    append_lead(out, scheme, authority);
    if (own && (to.path.length == 0 || to.path.text[0] == '/')) {
        append_without_dots(out, to.path.text, to.path.length);
    } else if (own) {
        return NULL;
    } else if (to.path.length == 0) {
        g_string_append_len(out, from.path.text, (gssize)from.path.length);
    } else {
        append_merged_path(out, &from, to.path);
    }
    append_marked(out, '?', own || to.path.length > 0 || to.query.present ? to.query : from.query);
    append_marked(out, '#', to.fragment);
    return g_string_free(g_steal_pointer(&out), FALSE);
}

/* The value of the escape "%XX" at `text`, or -1. */
static int escape_value(const char *text)
{
    if (text[0] != '%' || !g_ascii_isxdigit(text[1]) || !g_ascii_isxdigit(text[2]))
        return -1;
    return g_ascii_xdigit_value(text[1]) * 16 + g_ascii_xdigit_value(text[2]);
}

static char *decode_slice(const char *text, size_t length)
{
    g_autofree char *out = g_malloc(length + 1);
    size_t n = 0;
    for (size_t i = 0; i < length; i++) {
        int value = i + 2 < length ? escape_value(text + i) : -1;
        if (value >= 0)
            i += 2;
        out[n++] = value >= 0 ? (char)value : text[i];
    }
    out[n] = '\0';
    return g_utf8_validate(out, (gssize)n, NULL) ? g_steal_pointer(&out) : NULL;
}

char *url_decode(const char *text)
{
    return decode_slice(text, strlen(text));
}

/* One bit for each ASCII character that is unreserved (RFC 3986 §2.3). */
static const guint32 UNRESERVED[4] = {0, 0x03ff6000, 0x87fffffe, 0x47fffffe};

static bool is_unreserved(char c)
{
    unsigned char byte = (unsigned char)c;
    return byte < 128 && (UNRESERVED[byte / 32] >> (byte % 32) & 1);
}

static void append_escape(GString *out, unsigned char c)
{
    char escape[] = {'%', HEX[c >> 4], HEX[c & 15]};
    g_string_append_len(out, escape, sizeof escape);
}

static void append_quoted_path(GString *out, Slice path)
{
    for (size_t i = 0; i < path.length; i++) {
        char c = path.text[i];
        int value = i + 2 < path.length ? escape_value(path.text + i) : -1;
        if (value >= 0)
            i += 2;
        if (value < 0 ? is_unreserved(c) || c == '/' || c == '@' : is_unreserved((char)value))
            g_string_append_c(out, value < 0 ? c : (char)value);
        else
            append_escape(out, value < 0 ? (unsigned char)c : (unsigned char)value);
    }
}

/* Whether append_quoted_path() would change nothing. */
static bool path_is_quoted(Slice path)
{
    for (size_t i = 0; i < path.length; i++) {
        char c = path.text[i];
        if (is_unreserved(c) || c == '/' || c == '@')
            continue;
        int value = i + 2 < path.length ? escape_value(path.text + i) : -1;
        if (value < 0 || is_unreserved((char)value) || g_ascii_islower(path.text[i + 1]) ||
            g_ascii_islower(path.text[i + 2]))
            return false;
        i += 2;
    }
    return true;
}

/* What no part of a URL may hold; escapes and delimiters stay. */
static void append_printable(GString *out, char mark, Slice slice)
{
    if (!slice.present)
        return;
    if (mark)
        g_string_append_c(out, mark);
    for (size_t i = 0; i < slice.length; i++) {
        unsigned char c = (unsigned char)slice.text[i];
        if (c > ' ' && c < 0x7f && c != '"' && c != '<' && c != '>' && c != '\\')
            g_string_append_c(out, (char)c);
        else
            append_escape(out, c);
    }
}

bool url_is_quoted(const char *url)
{
    Parts parts = parts_of(url);
    return path_is_quoted(parts.path) && !parts.query.present && !parts.fragment.present;
}

char *url_quote(const char *url)
{
    if (url_is_quoted(url))
        return g_strdup(url);
    Parts parts = parts_of(url);
    GString *out = g_string_new_len(url, parts.path.text - url);
    append_quoted_path(out, parts.path);
    append_printable(out, '?', parts.query);
    append_printable(out, '#', parts.fragment);
    return g_string_free(out, FALSE);
}

char *url_without_fragment(const char *url, const char **ret_fragment)
{
    const char *hash = strchr(url, '#');
    if (ret_fragment)
        *ret_fragment = hash ? hash + 1 : NULL;
    return hash ? g_strndup(url, (gsize)(hash - url)) : g_strdup(url);
}

/* Length of "user:password@" in the authority, or 0. */
static size_t userinfo_length(Slice authority)
{
    const char *at = authority.length > 0 ? memrchr(authority.text, '@', authority.length) : NULL;
    return at ? (size_t)(at - authority.text) + 1 : 0;
}

char *url_strip_credentials(const char *url)
{
    Parts parts = parts_of(url);
    size_t userinfo = userinfo_length(parts.authority);
    if (userinfo == 0)
        return g_strdup(url);
    GString *out = g_string_new_len(url, parts.authority.text - url);
    g_string_append(out, parts.authority.text + userinfo);
    return g_string_free(out, FALSE);
}

bool url_credentials(const char *url, char **ret_user, char **ret_password)
{
    Parts parts = parts_of(url);
    size_t userinfo = userinfo_length(parts.authority);
    if (userinfo == 0)
        return false;
    const char *text = parts.authority.text;
    const char *colon = memchr(text, ':', userinfo - 1);
    size_t user_length = colon ? (size_t)(colon - text) : userinfo - 1;
    g_autofree char *user = decode_slice(text, user_length);
    g_autofree char *password =
        colon ? decode_slice(colon + 1, userinfo - 2 - user_length) : g_strdup("");
    if (!user || !password)
        return false;
    *ret_user = g_steal_pointer(&user);
    *ret_password = g_steal_pointer(&password);
    return true;
}

/* Query keys whose values are secrets as a rule; compared without case as parts of the key. */
static bool key_is_secret(const char *key, size_t length)
{
    static const char *const words[] = {"token",  "password", "passwd",    "secret",
                                        "apikey", "api_key",  "auth",      "signature",
                                        "sig",    "key",      "credential"};
    g_autofree char *lower = g_ascii_strdown(key, (gssize)length);
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        if (strstr(lower, words[i]))
            return true;
    }
    return false;
}

static void append_redacted_query(GString *out, Slice query)
{
    if (!query.present)
        return;
    g_autofree char *text = g_strndup(query.text, query.length);
    g_auto(GStrv) pairs = g_strsplit(text, "&", -1);
    g_string_append_c(out, '?');
    for (size_t i = 0; pairs[i]; i++) {
        const char *equals = strchr(pairs[i], '=');
        if (i > 0)
            g_string_append_c(out, '&');
        if (equals && key_is_secret(pairs[i], (size_t)(equals - pairs[i])))
            g_string_append_printf(out, "%.*s=****", (int)(equals - pairs[i]), pairs[i]);
        else
            g_string_append(out, pairs[i]);
    }
}

char *url_redact(const char *url)
{
    Parts parts = parts_of(url);
    GString *out = g_string_new(NULL);
    if (parts.authority.present) {
        size_t userinfo = userinfo_length(parts.authority);
        const char *text = parts.authority.text;
        const char *colon = userinfo > 0 ? memchr(text, ':', userinfo) : NULL;
        g_string_append_len(out, url, text - url);
        /* A user name alone may be a token. */
        if (colon)
            g_string_append_printf(out, "%.*s:****@", (int)(colon - text), text);
        else if (userinfo > 0)
            g_string_append(out, "****@");
        g_string_append_len(out, text + userinfo, (gssize)(parts.authority.length - userinfo));
    } else {
        g_string_append_len(out, url, parts.path.text - url);
    }
    g_string_append_len(out, parts.path.text, (gssize)parts.path.length);
    append_redacted_query(out, parts.query);
    append_marked(out, '#', parts.fragment);
    return g_string_free(out, FALSE);
}

char *url_filename(const char *url)
{
    Parts parts = parts_of(url);
    /* As pip: decoded first, so that an escaped slash separates too. */
    g_autofree char *path = decode_slice(parts.path.text, parts.path.length);
    if (!path)
        return NULL;
    size_t length = strlen(path);
    while (length > 0 && path[length - 1] == '/')
        path[--length] = '\0';
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    if (*name == '\0' || g_str_equal(name, ".") || g_str_equal(name, ".."))
        return NULL;
    return g_strdup(name);
}

char *url_host(const char *url)
{
    Parts parts = parts_of(url);
    size_t userinfo = userinfo_length(parts.authority);
    if (!parts.authority.present || parts.authority.length == userinfo)
        return NULL;
    const char *host = parts.authority.text + userinfo;
    size_t length = parts.authority.length - userinfo;
    const char *bracket = host[0] == '[' ? memchr(host, ']', length) : NULL;
    const char *colon = bracket ? NULL : memchr(host, ':', length);
    if (bracket)
        length = (size_t)(bracket - host) + 1;
    else if (colon)
        length = (size_t)(colon - host);
    return g_ascii_strdown(host, (gssize)length);
}

char *url_origin(const char *url)
{
    Parts parts = parts_of(url);
    g_autofree char *host = url_host(url);
    if (!parts.scheme.present || !host)
        return NULL;
    g_autofree char *scheme = g_ascii_strdown(parts.scheme.text, (gssize)parts.scheme.length);
    const char *end = parts.authority.text + parts.authority.length;
    const char *port = parts.authority.text + userinfo_length(parts.authority) + strlen(host);
    size_t length = (size_t)(end - port);
    const char *standard = slice_is(parts.scheme, "https") ? ":443" : ":80";
    if (length <= 1 || (length == strlen(standard) && strncmp(port, standard, length) == 0))
        length = 0;
    return g_strdup_printf("%s://%s%.*s", scheme, host, (int)length, port);
}

bool url_is_http(const char *url)
{
    return g_ascii_strncasecmp(url, "https://", 8) == 0 ||
           g_ascii_strncasecmp(url, "http://", 7) == 0;
}

/* "", ":" or ":PORT" behind a host. */
static bool is_port(const char *text, size_t length)
{
    if (length <= 1)
        return length == 0 || *text == ':';
    unsigned port = 0;
    for (size_t i = 1; i < length; i++) {
        if (!g_ascii_isdigit(text[i]) || (port = port * 10 + (unsigned)(text[i] - '0')) > 65535)
            return false;
    }
    return *text == ':';
}

bool url_has_server(const char *url)
{
    Parts parts = parts_of(url);
    size_t userinfo = userinfo_length(parts.authority);
    const char *host = parts.authority.text + userinfo;
    size_t length = parts.authority.present ? parts.authority.length - userinfo : 0;
    if (length == 0)
        return false;
    bool address = *host == '[';
    const char *forbidden = address ? "" : "\"%<>[]\\^`{|}";
    size_t end = address ? 1 : 0;
    while (end < length && host[end] != (address ? ']' : ':')) {
        char c = host[end++];
        bool odd = address ? !g_ascii_isxdigit(c) && !strchr(":.%", c)
                           : (guchar)c <= ' ' || c == 0x7f || strchr(forbidden, c);
        if (odd)
            return false;
    }
    if (end == 0 || (address && end == length))
        return false;
    end += address ? 1 : 0;
    return is_port(host + end, length - end);
}

char *url_from_path(const char *path)
{
    GString *out = g_string_new("file://");
    for (const char *c = path; *c; c++) {
        if (is_unreserved(*c) || *c == '/')
            g_string_append_c(out, *c);
        else
            append_escape(out, (unsigned char)*c);
    }
    return g_string_free(out, FALSE);
}

char *url_to_path(const char *url)
{
    Parts parts = parts_of(url);
    if (!slice_is(parts.scheme, "file") || !parts.scheme.present)
        return NULL;
    if (parts.authority.length > 0 && !slice_is(parts.authority, "localhost"))
        return NULL;
    if (parts.path.length == 0 || parts.path.text[0] != '/')
        return NULL;
    return decode_slice(parts.path.text, parts.path.length);
}
