#include "recipe/index_names.h"

#define TORCH_WHEELS "https://download.pytorch.org/whl/"

static bool is_digits(const char *text, size_t least, size_t most)
{
    size_t length = strspn(text, "0123456789");
    return text[length] == '\0' && length >= least && length <= most;
}

/* "12.4" or "6.2.4": one to three groups of digits. */
static bool is_dotted(const char *text)
{
    unsigned groups = 1;
    for (const char *p = text; *p; p++) {
        if (*p == '.' && p > text && p[1])
            groups++;
        else if (!g_ascii_isdigit(*p))
            return false;
    }
    return text[0] && groups <= 3;
}

static bool is_cuda_index(const char *name)
{
    return g_str_has_prefix(name, "cu") && is_digits(name + 2, 2, 4);
}

bool index_name_is_builtin(const char *name)
{
    return g_str_equal(name, "main") || g_str_equal(name, "cpu") || is_cuda_index(name) ||
           (g_str_has_prefix(name, "rocm") && is_dotted(name + 4));
}

char *cuda_index_name(const char *text)
{
    if (g_str_equal(text, "auto") || (index_name_is_builtin(text) && !g_str_equal(text, "main")))
        return g_strdup(text);
    const char *dot = strchr(text, '.');
    if (!dot || !is_dotted(text))
        return NULL;
    /* 12.4 and 12.4.1 are both cu124 */
    size_t minor = strcspn(dot + 1, ".");
    if (dot - text > 2 || minor > 1)
        return NULL;
    return g_strdup_printf("cu%.*s%.*s", (int)(dot - text), text, (int)minor, dot + 1);
}

char *cuda_version_of_index(const char *name)
{
    if (!is_cuda_index(name))
        return NULL;
    size_t digits = strlen(name + 2);
    return g_strdup_printf("%.*s.%s", (int)digits - 1, name + 2, name + 2 + digits - 1);
}

char *builtin_index_url(const char *name)
{
    if (!index_name_is_builtin(name) || g_str_equal(name, "main"))
        return NULL;
    return g_strconcat(TORCH_WHEELS, name, NULL);
}
