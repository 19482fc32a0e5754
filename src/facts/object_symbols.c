/* Questions about the symbols of a shared object that was read. */
#include "facts/shared_object.h"

const SharedSymbol *shared_object_find(const SharedObject *object, const char *name,
                                       const char *version)
{
    guint low = 0, high = object->defined->len;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        const SharedSymbol *symbol = &g_array_index(object->defined, SharedSymbol, middle);
        if (strcmp(symbol->name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < object->defined->len; low++) {
        const SharedSymbol *symbol = &g_array_index(object->defined, SharedSymbol, low);
        if (strcmp(symbol->name, name) != 0)
            break;
        if (!version || g_strcmp0(symbol->version, version) == 0)
            return symbol;
    }
    return NULL;
}

/* "GLIBC_2.34" → 34 for the prefix "GLIBC_2", "GLIBC_2.2.5" → 2; -1 for another family. */
static int version_number(const char *name, const char *prefix)
{
    size_t n = strlen(prefix);
    if (strncmp(name, prefix, n) != 0)
        return -1;
    if (name[n] == '\0')
        return 0;
    if (name[n] != '.' || !g_ascii_isdigit(name[n + 1]))
        return -1;
    char *end;
    guint64 number = g_ascii_strtoull(name + n + 1, &end, 10);
    return (*end == '\0' || *end == '.') && number < 10000 ? (int)number : -1;
}

int shared_object_floor(const SharedObject *object, const char *prefix)
{
    int highest = -1;
    for (guint i = 0; i < object->needs->len; i++) {
        const VersionNeed *need = object->needs->pdata[i];
        for (const char **version = need->versions; *version; version++)
            highest = MAX(highest, version_number(*version, prefix));
    }
    return highest;
}

/* <source-name> is a decimal length and as many characters; returns what follows it. Letters in it
 * mean nothing, except those of the namespace that tells the strings apart. */
static const char *skip_source_name(const char *at, const char *end, bool *ret_new)
{
    guint64 length = 0;
    while (at < end && g_ascii_isdigit(*at) && length < 100000)
        length = 10 * length + (guint64)(*at++ - '0');
    if (length > (guint64)(end - at))
        return end;
    if (length == 7 && strncmp(at, "__cxx11", 7) == 0)
        *ret_new = true;
    return at + length;
}

/* Where a template's number or boolean ends: "Lj16E", "Lb1E". */
static const char *skip_literal(const char *at, const char *end)
{
    if (end - at < 4 || !g_ascii_islower(at[1]) || (!g_ascii_isdigit(at[2]) && at[2] != 'n'))
        return at + 1;
    const char *close = strchr(at, 'E');
    return close ? close : end;
}

int symbol_cxx11(const char *name)
{
    /* thunks are numbered, and are of the functions whose own names are there as well */
    if (!g_str_has_prefix(name, "_Z") || strncmp(name, "_ZTh", 4) == 0 ||
        strncmp(name, "_ZTv", 4) == 0 || strncmp(name, "_ZTc", 4) == 0)
        return -1;
    bool new_string = false, old_string = false;
    char before = 0; /* nothing where a name has just ended */
    const char *end = name + strlen(name);
    for (const char *at = name + 2; at < end;) {
        /* substitutions, parameters and arrays have numbers that are no lengths */
        if (g_ascii_isdigit(*at) && before != 'S' && before != 'T' && before != 'A') {
            at = skip_source_name(at, end, &new_string);
            before = 0;
            continue;
        }
        if (g_ascii_isdigit(*at)) {
            while (at < end && g_ascii_isalnum(*at) && !g_ascii_islower(*at))
                at++;
            before = 0;
            continue;
        }
        if (*at == 'L') {
            at = skip_literal(at, end);
            before = 'L';
            continue;
        }
        /* "aS", "lS" and "rS" are operators, behind which "s" is a short */
        if (at[0] == 'S' && at[1] == 's' && (before == 0 || !strchr("alr", before)))
            old_string = true;
        before = *at++;
    }
    return new_string == old_string ? -1 : new_string;
}

int shared_object_cxx11(const SharedObject *object)
{
    bool seen[2] = {false, false};
    for (guint i = 0; i < object->undefined->len; i++) {
        const SharedSymbol *symbol = &g_array_index(object->undefined, SharedSymbol, i);
        int kind = symbol_cxx11(symbol->name);
        if (kind >= 0)
            seen[kind] = true;
    }
    return seen[0] == seen[1] ? -1 : seen[1];
}
