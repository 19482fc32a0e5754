#include "base/diags.h"

#include "base/limits.h"

typedef struct {
    GError *error;
    bool warning;
    guint file;  /* rank of its file's first mention */
    guint order; /* position of arrival */
} Entry;

struct Diags {
    GPtrArray *entries; /* Entry */
    GPtrArray *files;   /* names, in order of first mention */
    GHashTable *seen;   /* "address message" → nothing */
    unsigned errors, warnings;
    int exit_status;
};

static void entry_free(void *data)
{
    Entry *entry = data;
    g_error_free(entry->error);
    g_free(entry);
}

Diags *diags_new(void)
{
    Diags *diags = g_new0(Diags, 1);
    diags->entries = g_ptr_array_new_with_free_func(entry_free);
    diags->files = g_ptr_array_new_with_free_func(g_free);
    diags->seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return diags;
}

void diags_free(Diags *diags)
{
    if (!diags)
        return;
    g_ptr_array_unref(diags->entries);
    g_ptr_array_unref(diags->files);
    g_hash_table_unref(diags->seen);
    g_free(diags);
}

void diags_forget(Diags *diags)
{
    g_ptr_array_set_size(diags->entries, 0);
    diags->errors = diags->warnings = 0;
    diags->exit_status = 0;
}

static guint file_rank(Diags *diags, Span at)
{
    const char *name = span_is_set(at) ? source_name(at.source) : "";
    guint rank;
    if (g_ptr_array_find_with_equal_func(diags->files, name, g_str_equal, &rank))
        return rank;
    g_ptr_array_add(diags->files, g_strdup(name));
    return diags->files->len - 1;
}

static GError *find_equal(Diags *diags, const GError *error)
{
    Span at = error_span(error);
    for (guint i = 0; i < diags->entries->len; i++) {
        Entry *entry = diags->entries->pdata[i];
        Span other = error_span(entry->error);
        if (other.line == at.line && other.column == at.column &&
            g_str_equal(entry->error->message, error->message))
            return entry->error;
    }
    return NULL;
}

static GError *take(Diags *diags, GError *error, bool warning)
{
    Span at = error_span(error);
    g_autofree char *address = span_address(at);
    char *key = g_strdup_printf("%s:%u %s", address ? address : "", at.column, error->message);
    if (!g_hash_table_add(diags->seen, key)) {
        GError *earlier = find_equal(diags, error);
        g_error_free(error);
        return earlier;
    }
    Entry *entry = g_new(Entry, 1);
    *entry = (Entry){error, warning, file_rank(diags, at), diags->entries->len};
    g_ptr_array_add(diags->entries, entry);
    if (warning) {
        diags->warnings++;
    } else {
        diags->errors++;
        diags->exit_status = MAX(diags->exit_status, error_exit_status(error));
    }
    return error;
}

static GError *make(Span at, const char *format, va_list args)
{
    g_autofree char *message = g_strdup_vprintf(format, args);
    GError *error = NULL;
    error_set(&error, ERROR_INPUT, at, "%s", message);
    return error;
}

GError *diags_error(Diags *diags, Span at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    GError *error = make(at, format, args);
    va_end(args);
    return take(diags, error, false);
}

GError *diags_warning(Diags *diags, Span at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    GError *error = make(at, format, args);
    va_end(args);
    return take(diags, error, true);
}

void diags_take(Diags *diags, GError *error)
{
    take(diags, error, false);
}

unsigned diags_errors(const Diags *diags)
{
    return diags->errors;
}

unsigned diags_warnings(const Diags *diags)
{
    return diags->warnings;
}

int diags_exit_status(const Diags *diags)
{
    return diags->exit_status;
}

static int compare_entries(const void *a, const void *b)
{
    const Entry *x = *(const Entry *const *)a, *y = *(const Entry *const *)b;
    if (x->file != y->file)
        return x->file < y->file ? -1 : 1;
    Span p = error_span(x->error), q = error_span(y->error);
    if (p.line != q.line)
        return p.line < q.line ? -1 : 1;
    if (p.column != q.column)
        return p.column < q.column ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

char *diags_format(const Diags *diags, bool colour)
{
    return diags_format_styled(diags, (ErrorStyle){colour, 0});
}

char *diags_format_styled(const Diags *diags, ErrorStyle style)
{
    g_autoptr(GPtrArray) sorted = g_ptr_array_copy(diags->entries, NULL, NULL);
    g_ptr_array_set_free_func(sorted, NULL);
    g_ptr_array_sort(sorted, compare_entries);
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < MIN(sorted->len, LIMIT_DIAGS_SHOWN); i++) {
        const Entry *entry = sorted->pdata[i];
        g_autofree char *text =
            error_format_styled(entry->error, entry->warning ? "warning" : "error", style);
        g_string_append(out, text);
    }
    if (sorted->len > LIMIT_DIAGS_SHOWN)
        g_string_append_printf(out, "… and %u more\n", sorted->len - LIMIT_DIAGS_SHOWN);
    return g_string_free(out, FALSE);
}

gboolean diags_set_error(const Diags *diags, GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *sentence = g_strdup_vprintf(format, args);
    va_end(args);
    g_autofree char *text = g_strchomp(diags_format(diags, false));
    return error_set(error, ERROR_INPUT, SPAN_NONE, "%s:\n%s", sentence, text);
}
