#include "image/reference.h"

enum {
    TAG_CHARS = 128,
    PATH_CHARS = 255,
};

static bool is_lower_hex(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (!g_ascii_isdigit(text[i]) && (text[i] < 'a' || text[i] > 'f'))
            return false;
    }
    return text[length] == '\0';
}

bool image_digest_is_valid(const char *text)
{
    if (g_str_has_prefix(text, "sha256:"))
        return strlen(text) == 7 + 64 && is_lower_hex(text + 7, 64);
    return g_str_has_prefix(text, "sha512:") && strlen(text) == 7 + 128 &&
           is_lower_hex(text + 7, 128);
}

/* [A-Za-z0-9_][A-Za-z0-9._-]{0,127} */
static bool is_tag(const char *text)
{
    size_t length = strlen(text);
    if (length == 0 || length > TAG_CHARS || (!g_ascii_isalnum(text[0]) && text[0] != '_'))
        return false;
    return strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
           length;
}

/* Lower-case letters and digits, joined by ".", "_", "__" or any number of "-". */
static bool is_path_component(const char *text)
{
    const char *p = text;
    for (;;) {
        if (!g_ascii_islower(*p) && !g_ascii_isdigit(*p))
            return false;
        while (g_ascii_islower(*p) || g_ascii_isdigit(*p))
            p++;
        if (*p == '\0')
            return true;
        if (p[0] == '.' || (p[0] == '_' && p[1] != '_'))
            p++;
        else if (p[0] == '_')
            p += 2;
        else if (*p == '-')
            p += strspn(p, "-");
        else
            return false;
    }
}

static bool is_path(const char *path)
{
    g_auto(GStrv) parts = g_strsplit(path, "/", -1);
    for (guint i = 0; parts[i]; i++) {
        if (!is_path_component(parts[i]))
            return false;
    }
    return parts[0] && strlen(path) <= PATH_CHARS;
}

/* A first part with a dot, a port or the name localhost is a host. */
static bool is_host(const char *text)
{
    size_t name = strcspn(text, ":");
    if (text[0] == '[') {
        const char *close = strchr(text, ']');
        return close && (close[1] == '\0' || close[1] == ':');
    }
    if (!strpbrk(text, ".:") && !g_str_equal(text, "localhost"))
        return false;
    for (size_t i = 0; i < name; i++) {
        if (!g_ascii_isalnum(text[i]) && text[i] != '.' && text[i] != '-')
            return false;
    }
    return name > 0 &&
           (text[name] == '\0' ||
            (text[name + 1] && strspn(text + name + 1, "0123456789") == strlen(text + name + 1)));
}

static ImageReference *refuse(const char *text, const char *what, GError **error)
{
    error_set(error, ERROR_INPUT, SPAN_NONE, "'%s' names no image: %s", text, what);
    return NULL;
}

ImageReference *image_reference_parse(const char *text, GError **error)
{
    g_autoptr(ImageReference) reference = g_new0(ImageReference, 1);
    g_autofree char *rest = g_strdup(text);
    char *at = strchr(rest, '@');
    if (at) {
        if (!image_digest_is_valid(at + 1))
            return refuse(text, "a digest is sha256: and 64 hexadecimal digits", error);
        reference->digest = g_strdup(at + 1);
        *at = '\0';
    }
    char *slash = strrchr(rest, '/');
    char *colon = strchr(slash ? slash : rest, ':');
    if (colon) {
        if (!is_tag(colon + 1))
            return refuse(text, "a tag has letters, digits, '.', '_' and '-' alone", error);
        reference->tag = g_strdup(colon + 1);
        *colon = '\0';
    }
    char *first_slash = strchr(rest, '/');
    const char *path = rest;
    if (first_slash) {
        *first_slash = '\0';
        if (is_host(rest)) {
            reference->host = g_strdup(rest);
            path = first_slash + 1;
        }
        *first_slash = '/';
    }
    if (!is_path(path))
        return refuse(text,
                      "a repository is made of lower-case letters and digits, with '.', '_', "
                      "'-' and '/' between them",
                      error);
    reference->path = g_strdup(path);
    return g_steal_pointer(&reference);
}

void image_reference_free(ImageReference *reference)
{
    if (!reference)
        return;
    g_free(reference->host);
    g_free(reference->path);
    g_free(reference->tag);
    g_free(reference->digest);
    g_free(reference);
}
