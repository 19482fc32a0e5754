#include "facts/symbol_name.h"

#include <string.h>

enum {
    MIN_WORD = 3, /* of a name of C */
    MAX_PARTS = 32,
};

/* Namespaces and first words that the C and C++ libraries, compilers and Python have. */
static const char *const system_words[] = {
    "clock", "cnd", "malloc", "mtx",  "posix",      "pthread",
    "sched", "std", "timer",  "thrd", "__cxxabiv1", "__gnu_cxx",
};

static bool is_system_word(const char *word, size_t length)
{
    for (size_t i = 0; i < G_N_ELEMENTS(system_words); i++) {
        if (strlen(system_words[i]) == length && strncmp(system_words[i], word, length) == 0)
            return true;
    }
    return false;
}

/* <source-name>: a decimal length and as many characters; what follows it, or NULL. */
static const char *take_source_name(const char *at, const char **ret_name, size_t *ret_length)
{
    guint64 length = 0;
    if (!g_ascii_isdigit(*at))
        return NULL;
    while (g_ascii_isdigit(*at) && length < 100000)
        length = 10 * length + (guint64)(*at++ - '0');
    if (length == 0 || strnlen(at, length) < length)
        return NULL;
    *ret_name = at;
    *ret_length = length;
    return at + length;
}

/* Behind what says of what kind a name is: "_ZN", "_ZNK", "_ZTVN", "_ZGVN"; NULL: not mangled, or
 * a thunk, a local name or an operator. */
static const char *skip_prefix(const char *name, bool *ret_nested)
{
    static const char *const kinds[] = {"TV", "TI", "TS", "TT", "GV", "GR"};
    if (strncmp(name, "_Z", 2) != 0)
        return NULL;
    name += 2;
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (strncmp(name, kinds[i], 2) == 0) {
            name += 2;
            break;
        }
    }
    *ret_nested = *name == 'N';
    if (!*ret_nested)
        return g_ascii_isdigit(*name) ? name : NULL;
    name++;
    return name + strspn(name, "rVKRO");
}

/* One part of a nested name behind the first: a name, a constructor, a destructor. */
static const char *take_part(const char *at, GString *text, const char *last, size_t last_length)
{
    const char *name;
    size_t length;
    const char *next = take_source_name(at, &name, &length);
    if (next) {
        g_string_append(text, "::");
        g_string_append_len(text, name, (gssize)length);
        return next;
    }
    if ((*at == 'C' || *at == 'D') && g_ascii_isdigit(at[1])) {
        g_string_append(text, *at == 'D' ? "::~" : "::");
        g_string_append_len(text, last, (gssize)last_length);
    }
    return NULL;
}

char *symbol_words(const char *name)
{
    bool nested = false;
    const char *at = skip_prefix(name, &nested), *last;
    size_t length;
    at = at ? take_source_name(at, &last, &length) : NULL;
    if (!at)
        return NULL;
    GString *text = g_string_new_len(last, (gssize)length);
    for (unsigned i = 0; nested && at && i < MAX_PARTS; i++) {
        at = take_part(at, text, last, length);
        if (at) {
            last = strrchr(text->str, ':') + 1;
            length = strlen(last);
        }
    }
    if (!g_utf8_validate(text->str, (gssize)text->len, NULL)) {
        g_string_free(text, TRUE);
        return NULL;
    }
    return g_string_free(text, FALSE);
}

/* "nccl" of "ncclCommRegister", "THP" of "THPVariable", "Magick" of "MagickCoreGenesis". */
static size_t first_word(const char *name)
{
    size_t length = 0;
    if (g_ascii_islower(*name)) {
        while (g_ascii_islower(name[length]) || g_ascii_isdigit(name[length]))
            length++;
        return length;
    }
    while (g_ascii_isupper(name[length]))
        length++;
    if (length > 1)
        return g_ascii_islower(name[length]) ? length - 1 : length;
    while (g_ascii_islower(name[length]))
        length++;
    return length;
}

bool symbol_family(const char *name, const char **ret_word, size_t *ret_length)
{
    bool nested = false;
    size_t length = 0;
    const char *word = name, *at = skip_prefix(name, &nested);
    if (strncmp(name, "_Z", 2) == 0 && (!at || !take_source_name(at, &word, &length)))
        return false;
    if (!nested) {
        length = first_word(word);
        if (length < MIN_WORD)
            return false;
    }
    if (length == 0 || is_system_word(word, length))
        return false;
    *ret_word = word;
    *ret_length = length;
    return true;
}
