#include "python/name.h"
#include <string.h>

static bool is_separator(char c)
{
    return c == '-' || c == '_' || c == '.';
}

static bool is_ascii(const char *text)
{
    for (; *text != '\0'; text++)
        if ((guint8)*text >= 0x80)
            return false;
    return true;
}

char *name_canonicalize(const char *name)
{
    g_autofree char *lower = is_ascii(name) || !g_utf8_validate(name, -1, NULL)
                                 ? g_ascii_strdown(name, -1)
                                 : g_utf8_strdown(name, -1);
    char *to = lower;
    for (const char *from = lower; *from != '\0'; from++) {
        if (!is_separator(*from))
            *to++ = *from;
        else if (to == lower || to[-1] != '-')
            *to++ = '-';
    }
    *to = '\0';
    return g_steal_pointer(&lower);
}

bool name_is_valid(const char *name)
{
    size_t length = strlen(name);
    if (length == 0 || !g_ascii_isalnum(name[0]) || !g_ascii_isalnum(name[length - 1]))
        return false;
    for (size_t i = 0; i < length; i++)
        if (!g_ascii_isalnum(name[i]) && !is_separator(name[i]))
            return false;
    return true;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char **name_canonical_set(char **first, char **second)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    for (char **name = first; name && *name; name++)
        g_ptr_array_add(names, name_canonicalize(*name));
    for (char **name = second; name && *name; name++)
        g_ptr_array_add(names, name_canonicalize(*name));
    g_ptr_array_sort(names, compare_names);
    GPtrArray *distinct = g_ptr_array_new();
    for (guint i = 0; i < names->len; i++) {
        if (i == 0 || strcmp(names->pdata[i - 1], names->pdata[i]) != 0)
            g_ptr_array_add(distinct, g_strdup(names->pdata[i]));
    }
    g_ptr_array_add(distinct, NULL);
    return (char **)g_ptr_array_free(distinct, FALSE);
}
