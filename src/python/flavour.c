#include "python/flavour.h"

#include <string.h>

/* Words that tell variants of one project apart, wherever they stand in the name. */
static const char *const words[] = {
    "all",      "base",       "binary",  "contrib",  "core",     "cpu",  "cuda",    "dev",
    "directml", "full",       "gpu",     "headless", "intel",    "lite", "macos",   "metal",
    "minimal",  "mkl",        "nightly", "noui",     "openvino", "pre",  "preview", "py",
    "py3",      "python",     "python3", "rocm",     "simd",     "slim", "stable",  "standalone",
    "tpu",      "unofficial", "wheel",   "xpu",
};

static bool is_digits(const char *text)
{
    return strspn(text, "0123456789x") == strlen(text);
}

/* "cu12", "cuda12x", "rocm6" and the like. */
static bool is_device(const char *word)
{
    static const char *const prefixes[] = {"cuda", "cu", "rocm"};
    for (size_t i = 0; i < G_N_ELEMENTS(prefixes); i++) {
        if (g_str_has_prefix(word, prefixes[i]))
            return is_digits(word + strlen(prefixes[i]));
    }
    return false;
}

static bool is_variant(const char *word)
{
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        if (g_str_equal(words[i], word))
            return true;
    }
    return is_device(word);
}

char *flavour_stem(const char *canonical)
{
    g_auto(GStrv) parts = g_strsplit(canonical, "-", -1);
    g_autoptr(GString) stem = g_string_new(NULL);
    for (char **part = parts; *part; part++) {
        if (!is_variant(*part))
            g_string_append_printf(stem, "%s%s", stem->len > 0 ? "-" : "", *part);
    }
    return g_strdup(stem->len > 0 ? stem->str : canonical);
}
