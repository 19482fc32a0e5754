#include "base/error.h"

#include "base/mask.h"
#include "base/wrap.h"

#include <errno.h>

typedef struct {
    Span at; /* owns a reference to at.source */
    char *message;
} Note;

typedef struct {
    Span at; /* owns a reference to at.source */
    char *hint;
    GPtrArray *notes; /* Note, NULL while there are none */
} RamekinErrorPrivate;

typedef GError RamekinError;

static void ramekin_error_private_init(RamekinErrorPrivate *data);
static void ramekin_error_private_copy(const RamekinErrorPrivate *from, RamekinErrorPrivate *to);
static void ramekin_error_private_clear(RamekinErrorPrivate *data);
GQuark ramekin_error_quark(void);

G_DEFINE_EXTENDED_ERROR(RamekinError, ramekin_error)

static Span span_keep(Span at)
{
    if (at.source)
        source_ref(at.source);
    return at;
}

static void note_free(void *data)
{
    Note *note = data;
    source_unref(note->at.source);
    g_free(note->message);
    g_free(note);
}

static void add_note(RamekinErrorPrivate *data, Span at, char *message)
{
    if (!data->notes)
        data->notes = g_ptr_array_new_with_free_func(note_free);
    Note *note = g_new(Note, 1);
    *note = (Note){span_keep(at), message};
    g_ptr_array_add(data->notes, note);
}

static void ramekin_error_private_init(RamekinErrorPrivate *data)
{
    *data = (RamekinErrorPrivate){.at = SPAN_NONE};
}

static void ramekin_error_private_copy(const RamekinErrorPrivate *from, RamekinErrorPrivate *to)
{
    to->at = span_keep(from->at);
    to->hint = g_strdup(from->hint);
    to->notes = NULL;
    for (guint i = 0; from->notes && i < from->notes->len; i++) {
        const Note *note = from->notes->pdata[i];
        add_note(to, note->at, g_strdup(note->message));
    }
}

static void ramekin_error_private_clear(RamekinErrorPrivate *data)
{
    source_unref(data->at.source);
    g_free(data->hint);
    if (data->notes)
        g_ptr_array_unref(data->notes);
}

GQuark error_domain(void)
{
    return ramekin_error_quark();
}

static bool is_ours(const GError *error)
{
    return error && error->domain == ERROR_DOMAIN;
}

static void set_literal(GError **error, ErrorCode code, Span at, const char *message)
{
    if (!error)
        return;
    g_set_error_literal(error, ERROR_DOMAIN, (int)code, message);
    ramekin_error_get_private(*error)->at = span_keep(at);
}

gboolean error_set(GError **error, ErrorCode code, Span at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    set_literal(error, code, at, message);
    return FALSE;
}

gboolean error_wrap(GError **error, GError *cause, Span at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *clause = g_strdup_vprintf(format, args);
    va_end(args);
    if (!is_ours(cause))
        return error_take_foreign(error, ERROR_FAILED, cause, at, "%s", clause);
    char *message = g_strdup_printf("%s: %s", clause, cause->message);
    g_free(cause->message);
    cause->message = message;
    if (!span_is_set(error_span(cause)))
        error_set_span(cause, at);
    g_propagate_error(error, cause);
    return FALSE;
}

gboolean error_take_foreign(GError **error, ErrorCode code, GError *cause, Span at,
                            const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *clause = g_strdup_vprintf(format, args);
    va_end(args);
    g_autofree char *message = g_strdup_printf("%s: %s", clause, cause->message);
    set_literal(error, code, at, message);
    g_error_free(cause);
    return FALSE;
}

gboolean error_set_errno(GError **error, ErrorCode code, int errnum, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *clause = g_strdup_vprintf(format, args);
    va_end(args);
    g_autofree char *message = g_strdup_printf("%s: %s", clause, g_strerror(errnum));
    set_literal(error, code, SPAN_NONE, message);
    return FALSE;
}

void error_add_note(GError *error, Span at, const char *format, ...)
{
    if (!is_ours(error))
        return;
    va_list args;
    va_start(args, format);
    add_note(ramekin_error_get_private(error), at, g_strdup_vprintf(format, args));
    va_end(args);
}

void error_set_hint(GError *error, const char *format, ...)
{
    if (!is_ours(error))
        return;
    va_list args;
    va_start(args, format);
    RamekinErrorPrivate *data = ramekin_error_get_private(error);
    g_free(data->hint);
    data->hint = g_strdup_vprintf(format, args);
    va_end(args);
}

void error_set_span(GError *error, Span at)
{
    if (!is_ours(error))
        return;
    RamekinErrorPrivate *data = ramekin_error_get_private(error);
    source_unref(data->at.source);
    data->at = span_keep(at);
}

Span error_span(const GError *error)
{
    return is_ours(error) ? ramekin_error_get_private((GError *)error)->at : SPAN_NONE;
}

const char *error_hint(const GError *error)
{
    return is_ours(error) ? ramekin_error_get_private((GError *)error)->hint : NULL;
}

int error_exit_status(const GError *error)
{
    return is_ours(error) && error->code == (int)ERROR_INPUT ? 1 : 2;
}

/* A line of a source as people may see it: valid UTF-8, tabs and control characters as one blank
 * each, so that the caret below stands where the column says. */
static char *printable_line(const char *line, size_t length)
{
    g_autofree char *valid = g_utf8_make_valid(line, (gssize)length);
    GString *out = g_string_new(NULL);
    for (const char *p = valid; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        g_string_append_unichar(out, g_unichar_iscntrl(c) ? ' ' : c);
    }
    return g_string_free(out, FALSE);
}

enum {
    EXCERPT_CHARS = 160, /* of a long line, the part around the column */
    EXCERPT_MARGIN = 8,  /* what stands before it */
    REMARK_MARGIN = 8,
    MESSAGE_INDENT = 4,
};

static void append_excerpt(GString *out, Span at, unsigned columns, const char *colour,
                           const char *reset)
{
    size_t length;
    const char *line = source_line(at.source, at.line, &length);
    if (!line || at.column == 0)
        return;
    g_autofree char *text = printable_line(line, length);
    long total = g_utf8_strlen(text, -1);
    long room = columns > EXCERPT_MARGIN ? (long)(columns - EXCERPT_MARGIN) : EXCERPT_CHARS;
    bool fits = total <= room;
    long first = !fits && (long)at.column > room / 2 ? (long)at.column - room / 2 : 0;
    if (first > total)
        return;
    long shown = MIN(total - first, room);
    long caret = (long)at.column - 1 - first;
    long width = CLAMP((long)at.width, 1, MAX(1, shown - caret));
    g_autofree char *part = g_utf8_substring(text, first, first + shown);
    g_string_append_printf(out, "%5u | %s\n      | ", at.line, part);
    for (long i = 0; i < caret; i++)
        g_string_append_c(out, ' ');
    g_string_append(out, colour);
    g_string_append_c(out, '^');
    for (long i = 1; i < width; i++)
        g_string_append_c(out, '~');
    g_string_append_printf(out, "%s\n", reset);
}

static void append_address(GString *out, Span at)
{
    if (!span_is_set(at))
        return;
    g_string_append_printf(out, "%s%s:%u:", source_origin(at.source), source_name(at.source),
                           at.line);
    if (at.column > 0)
        g_string_append_printf(out, "%u:", at.column);
    g_string_append_c(out, ' ');
}

/* A continued line of a note or hint stands below its beginning. */
static void append_remark(GString *out, const char *label, const char *text, unsigned columns)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i]; i++) {
        g_string_append_printf(out, "      %s %s", i == 0 ? "=" : " ", i == 0 ? label : "");
        wrap_append(out, lines[i], REMARK_MARGIN + (i == 0 ? (unsigned)strlen(label) : 0),
                    REMARK_MARGIN + 2, columns);
        g_string_append_c(out, '\n');
    }
}

static char *format_unmasked(const GError *error, const char *severity, ErrorStyle style)
{
    bool colour = style.colour;
    const char *bold = colour ? "\033[1m" : "", *reset = colour ? "\033[0m" : "";
    const char *tint = !colour ? "" : g_str_equal(severity, "error") ? "\033[1;31m" : "\033[1;33m";
    GString *out = g_string_new(bold);
    Span at = error_span(error);
    append_address(out, at);
    unsigned column = (unsigned)(g_utf8_strlen(out->str, -1) - (long)strlen(bold)) +
                      (unsigned)strlen(severity) + 2;
    g_string_append_printf(out, "%s%s:%s %s", tint, severity, reset, bold);
    wrap_append(out, error->message, column, MESSAGE_INDENT, style.columns);
    g_string_append_printf(out, "%s\n", reset);
    if (span_is_set(at))
        append_excerpt(out, at, style.columns, tint, reset);
    if (!is_ours(error))
        return g_string_free(out, FALSE);
    const RamekinErrorPrivate *data = ramekin_error_get_private((GError *)error);
    for (guint i = 0; data->notes && i < data->notes->len; i++) {
        const Note *note = data->notes->pdata[i];
        g_autofree char *address = span_address(note->at);
        g_autofree char *text = address
                                    ? g_strdup_printf("%s%s: %s", source_origin(note->at.source),
                                                      address, note->message)
                                    : g_strdup(note->message);
        append_remark(out, "", text, style.columns);
    }
    if (data->hint)
        append_remark(out, "hint: ", data->hint, style.columns);
    return g_string_free(out, FALSE);
}

char *error_format_styled(const GError *error, const char *severity, ErrorStyle style)
{
    g_autofree char *text = format_unmasked(error, severity, style);
    return mask_credentials(text);
}

char *error_format(const GError *error, const char *severity, bool colour)
{
    return error_format_styled(error, severity, (ErrorStyle){colour, 0});
}
