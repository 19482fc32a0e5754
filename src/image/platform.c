#include "image/platform.h"

static bool is_word(const char *text)
{
    for (const char *p = text; *p; p++) {
        if (!g_ascii_isalnum(*p) && *p != '.' && *p != '_' && *p != '-')
            return false;
    }
    return *text != '\0';
}

Platform *platform_parse(const char *text, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(text, "/", 4);
    guint count = g_strv_length(parts);
    bool ok = count == 2 || count == 3;
    for (guint i = 0; ok && i < count; i++)
        ok = is_word(parts[i]);
    if (!ok) {
        error_set(error, ERROR_INPUT, SPAN_NONE, "'%s' is no platform", text);
        if (error)
            error_set_hint(*error, "write it as linux/amd64 or linux/arm64");
        return NULL;
    }
    Platform *platform = g_new0(Platform, 1);
    platform->os = g_ascii_strdown(parts[0], -1);
    platform->architecture = g_ascii_strdown(parts[1], -1);
    platform->variant = count == 3 ? g_ascii_strdown(parts[2], -1) : NULL;
    return platform;
}

void platform_free(Platform *platform)
{
    if (!platform)
        return;
    g_free(platform->os);
    g_free(platform->architecture);
    g_free(platform->variant);
    g_free(platform);
}

bool platform_matches(const Platform *wanted, const char *os, const char *architecture,
                      const char *variant)
{
    if (os && wanted->os && !g_str_equal(os, wanted->os))
        return false;
    if (architecture && wanted->architecture && !g_str_equal(architecture, wanted->architecture))
        return false;
    return !variant || !*variant || !wanted->variant || g_str_equal(variant, wanted->variant);
}
