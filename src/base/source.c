#include "base/source.h"

#include "base/error.h"
#include "base/io.h"

struct Source {
    char *name;
    char *origin; /* or NULL */
    char *text;
    size_t length;
    GArray *line_starts; /* size_t; filled at the first question about a line */
};

Source *source_new(const char *name, const char *text, size_t length)
{
    Source *source = g_rc_box_new0(Source);
    source->name = g_strdup(name);
    source->text = g_malloc(length + 1);
    memcpy(source->text, text, length);
    source->text[length] = '\0';
    source->length = length;
    return source;
}

Source *source_load(const char *path, const char *name, size_t limit, GError **error)
{
    g_autofree char *text = NULL;
    size_t length;
    if (!io_load_as(path, name ? name : path, limit, &text, &length, error))
        return NULL;
    Source *source = g_rc_box_new0(Source);
    source->name = g_strdup(name ? name : path);
    source->text = g_steal_pointer(&text);
    source->length = length;
    return source;
}

Source *source_ref(Source *source)
{
    return g_rc_box_acquire(source);
}

static void source_clear(void *data)
{
    Source *source = data;
    g_free(source->name);
    g_free(source->origin);
    g_free(source->text);
    if (source->line_starts)
        g_array_unref(source->line_starts);
}

void source_unref(Source *source)
{
    if (source)
        g_rc_box_release_full(source, source_clear);
}

const char *source_name(const Source *source)
{
    return source->name;
}

Source *source_new_like(const Source *like, const char *text, size_t length)
{
    Source *source = source_new(like->name, text, length);
    source->origin = g_strdup(like->origin);
    return source;
}

void source_set_origin(Source *source, const char *origin)
{
    g_free(source->origin);
    source->origin = g_strdup(origin);
}

const char *source_origin(const Source *source)
{
    return source->origin ? source->origin : "";
}

const char *source_text(const Source *source, size_t *ret_length)
{
    if (ret_length)
        *ret_length = source->length;
    return source->text;
}

static GArray *index_lines(const char *text, size_t length)
{
    GArray *starts = g_array_new(FALSE, FALSE, sizeof(size_t));
    size_t start = 0;
    g_array_append_val(starts, start);
    for (size_t i = 0; i < length; i++) {
        if (text[i] != '\n')
            continue;
        start = i + 1;
        g_array_append_val(starts, start);
    }
    return starts;
}

static const GArray *source_line_starts(const Source *source)
{
    if (!source->line_starts) /* a cache, invisible to the caller */
        ((Source *)source)->line_starts = index_lines(source->text, source->length);
    return source->line_starts;
}

const char *source_line(const Source *source, unsigned line, size_t *ret_length)
{
    const GArray *starts = source_line_starts(source);
    if (line == 0 || line > starts->len)
        return NULL;
    const char *start = source->text + g_array_index(starts, size_t, line - 1);
    size_t rest = source->length - (size_t)(start - source->text);
    const char *end = memchr(start, '\n', rest);
    size_t length = end ? (size_t)(end - start) : rest;
    if (length > 0 && start[length - 1] == '\r')
        length--;
    *ret_length = length;
    return start;
}

Span span_at(Source *source, unsigned line, unsigned column, unsigned width)
{
    return (Span){source, line, column, width};
}

/* Bytes that begin a character of UTF-8. */
static unsigned count_characters(const char *text, size_t length)
{
    unsigned count = 0;
    for (size_t i = 0; i < length; i++)
        count += ((unsigned char)text[i] & 0xc0) != 0x80;
    return count;
}

Span span_of_bytes(Source *source, size_t offset, size_t length)
{
    const GArray *starts = source_line_starts(source);
    unsigned low = 0, high = starts->len;
    while (high - low > 1) {
        unsigned middle = low + (high - low) / 2;
        if (g_array_index(starts, size_t, middle) <= offset)
            low = middle;
        else
            high = middle;
    }
    size_t start = g_array_index(starts, size_t, low), line_length;
    source_line(source, low + 1, &line_length);
    size_t begin = MIN(offset, start + line_length);
    size_t end = MIN(begin + length, start + line_length);
    return span_at(source, low + 1, count_characters(source->text + start, begin - start) + 1,
                   count_characters(source->text + begin, end - begin));
}

bool span_is_set(Span span)
{
    return span.source && span.line > 0;
}

char *span_address(Span span)
{
    if (!span_is_set(span))
        return NULL;
    return g_strdup_printf("%s:%u", span.source->name, span.line);
}
