#include "dockerfile/expand.h"

#include "base/limits.h"

#define MAX_NESTING 8u

typedef struct {
    const char *text; /* all of it, for messages */
    const char *at;
    ExpandLookup lookup;
    const void *data;
    Span span;
    unsigned nesting;
} Expander;

static gboolean expand_until(Expander *expander, char stop, GString *out, GError **error);

static size_t name_length(const char *text)
{
    if (!g_ascii_isalpha(*text) && *text != '_')
        return 0;
    size_t length = 1;
    while (g_ascii_isalnum(text[length]) || text[length] == '_')
        length++;
    return length;
}

static gboolean refuse(const Expander *expander, GError **error)
{
    error_set(error, ERROR_INPUT, expander->span, "builders don't agree on what '%s' means",
              expander->text);
    if (error)
        error_set_hint(*error, "references are $NAME, ${NAME}, ${NAME:-word} and ${NAME:+word}");
    return FALSE;
}

/* Behind "${". */
static gboolean expand_braces(Expander *expander, GString *out, GError **error)
{
    size_t length = name_length(expander->at);
    const char *name = expander->at;
    expander->at += length;
    if (length == 0 || ++expander->nesting > MAX_NESTING)
        return refuse(expander, error);
    const char *value = expander->lookup(expander->data, name, length);
    bool empty = !value || *value == '\0';
    bool otherwise = g_str_has_prefix(expander->at, ":-");
    bool instead = g_str_has_prefix(expander->at, ":+");
    g_autoptr(GString) word = g_string_new(NULL);
    if (otherwise || instead) {
        expander->at += 2;
        if (!expand_until(expander, '}', word, error))
            return FALSE;
    }
    if (*expander->at != '}')
        return refuse(expander, error);
    expander->at++;
    expander->nesting--;
    if (instead || (otherwise && empty))
        g_string_append(out, instead && empty ? "" : word->str);
    else
        g_string_append(out, value ? value : "");
    return TRUE;
}

/* Behind "$". */
static gboolean expand_dollar(Expander *expander, GString *out, GError **error)
{
    if (*expander->at == '{') {
        expander->at++;
        return expand_braces(expander, out, error);
    }
    if (*expander->at && (g_ascii_isdigit(*expander->at) || strchr("@*#?-$!", *expander->at)))
        return refuse(expander, error);
    size_t length = name_length(expander->at);
    if (length == 0) {
        g_string_append_c(out, '$');
        return TRUE;
    }
    const char *value = expander->lookup(expander->data, expander->at, length);
    g_string_append(out, value ? value : "");
    expander->at += length;
    return TRUE;
}

static gboolean expand_until(Expander *expander, char stop, GString *out, GError **error)
{
    while (*expander->at && *expander->at != stop) {
        char c = *expander->at++;
        if (stop && strchr("\"'\\", c))
            return refuse(expander, error);
        if (c != '$')
            g_string_append_c(out, c);
        else if (!expand_dollar(expander, out, error))
            return FALSE;
        if (out->len > MIB)
            return error_set(error, ERROR_INPUT, expander->span, "the value is too long");
    }
    return TRUE;
}

char *word_expand(const char *text, ExpandLookup lookup, const void *data, Span at, GError **error)
{
    Expander expander = {text, text, lookup, data, at, 0};
    GString *out = g_string_new(NULL);
    gboolean ok = expand_until(&expander, '\0', out, error);
    return g_string_free(out, !ok);
}
