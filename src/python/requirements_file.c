#include "python/requirements_file.h"

#include "base/limits.h"

/* Decoding */

typedef struct {
    const char *bom;
    size_t length;
    const char *charset;
} Bom;

/* Longer ones first where one begins another. */
static const Bom boms[] = {
    {"\xEF\xBB\xBF", 3, "UTF-8"},        {"\xFF\xFE\x00\x00", 4, "UTF-32LE"},
    {"\x00\x00\xFE\xFF", 4, "UTF-32BE"}, {"\xFF\xFE", 2, "UTF-16LE"},
    {"\xFE\xFF", 2, "UTF-16BE"},
};

typedef struct {
    const char *cookie; /* lower case, "-" for "_" */
    const char *charset;
} Encoding;

static const Encoding encodings[] = {
    {"utf-8", "UTF-8"},
    {"utf8", "UTF-8"},
    {"u8", "UTF-8"},
    {"utf-8-sig", "UTF-8"},
    {"ascii", "US-ASCII"},
    {"us-ascii", "US-ASCII"},
    {"latin-1", "ISO-8859-1"},
    {"latin1", "ISO-8859-1"},
    {"l1", "ISO-8859-1"},
    {"latin", "ISO-8859-1"},
    {"iso-8859-1", "ISO-8859-1"},
    {"iso8859-1", "ISO-8859-1"},
};

static bool is_cookie_char(char c)
{
    return g_ascii_isalnum(c) || c == '-' || c == '_' || c == '.';
}

/* coding[:=]\s*([-\w.]+) in a line; NULL without one. */
static char *find_cookie(const char *line, size_t length)
{
    const char *end = line + length;
    for (const char *p = line; (p = memmem(p, (size_t)(end - p), "coding", 6)); p++) {
        const char *value = p + 6;
        if (value >= end || (*value != ':' && *value != '='))
            continue;
        value++;
        while (value < end && g_ascii_isspace(*value))
            value++;
        const char *stop = value;
        while (stop < end && is_cookie_char(*stop))
            stop++;
        if (stop > value)
            return g_strndup(value, (gsize)(stop - value));
    }
    return NULL;
}

/* The declared encoding of one of the first two lines, if they are comments. */
static char *declared_encoding(const char *text, size_t length, unsigned *ret_line)
{
    size_t start = 0;
    for (unsigned number = 1; number <= 2 && start < length; number++) {
        const char *newline = memchr(text + start, '\n', length - start);
        size_t stop = newline ? (size_t)(newline - text) : length;
        char *cookie = text[start] == '#' ? find_cookie(text + start, stop - start) : NULL;
        if (cookie) {
            *ret_line = number;
            return cookie;
        }
        start = stop + 1;
    }
    return NULL;
}

static const char *charset_of_cookie(const char *cookie)
{
    g_autofree char *name = g_ascii_strdown(cookie, -1);
    g_strdelimit(name, "_", '-');
    for (size_t i = 0; i < G_N_ELEMENTS(encodings); i++) {
        if (g_str_equal(encodings[i].cookie, name))
            return encodings[i].charset;
    }
    return NULL;
}

static gboolean set_not_utf8(Source *file, const char *text, size_t offset, GError **error)
{
    unsigned line = 1, column = 1;
    for (size_t i = 0; i < offset; i++) {
        column = text[i] == '\n' ? 1 : column + ((text[i] & 0xC0) != 0x80);
        line += text[i] == '\n';
    }
    error_set(error, ERROR_INPUT, span_at(file, line, column, 1), "byte 0x%02x is not UTF-8",
              (guint8)text[offset]);
    if (error)
        error_set_hint(*error, "save the file as UTF-8, or say its encoding in a comment on the "
                               "first line: # -*- coding: latin-1 -*-");
    return FALSE;
}

static gboolean find_charset(Source *file, const char *text, size_t length,
                             const char **ret_charset, size_t *ret_skip, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(boms); i++) {
        if (length < boms[i].length || memcmp(text, boms[i].bom, boms[i].length) != 0)
            continue;
        *ret_charset = boms[i].charset;
        *ret_skip = boms[i].length;
        return TRUE;
    }
    unsigned line = 0;
    g_autofree char *cookie = declared_encoding(text, length, &line);
    *ret_charset = cookie ? charset_of_cookie(cookie) : "UTF-8";
    *ret_skip = 0;
    if (*ret_charset)
        return TRUE;
    error_set(error, ERROR_INPUT, span_at(file, line, 1, 0),
              "the encoding '%s' is not read (UTF-8, ASCII and Latin-1 are)", cookie);
    if (error)
        error_set_hint(*error, "save the file as UTF-8");
    return FALSE;
}

Source *requirements_file_decode(Source *file, GError **error)
{
    size_t length, skip;
    const char *text = source_text(file, &length);
    const char *charset;
    if (!find_charset(file, text, length, &charset, &skip, error))
        return NULL;
    if (g_str_equal(charset, "UTF-8")) {
        const char *end;
        /* NUL ends the check but not the file: the lines are checked for it */
        for (size_t from = skip; from < length; from = (size_t)(end - text) + 1) {
            if (!g_utf8_validate(text + from, (gssize)(length - from), &end) && *end != '\0') {
                set_not_utf8(file, text, (size_t)(end - text), error);
                return NULL;
            }
        }
        return skip == 0 ? source_ref(file) : source_new_like(file, text + skip, length - skip);
    }
    GError *cause = NULL;
    gsize written;
    g_autofree char *converted =
        g_convert(text + skip, (gssize)(length - skip), "UTF-8", charset, NULL, &written, &cause);
    if (!converted) {
        error_take_foreign(error, ERROR_INPUT, cause, span_at(file, 1, 0, 0),
                           "the file is not in its declared encoding %s", charset);
        return NULL;
    }
    return source_new_like(file, converted, written);
}

/* Lines */

RequirementLine *requirement_line_new(const char *text, Span at)
{
    RequirementLine *line = g_new0(RequirementLine, 1);
    line->text = g_strstrip(g_strdup(text));
    line->length = strlen(line->text);
    line->written = g_strdup(line->text);
    line->at = at;
    return line;
}

void requirement_line_free(RequirementLine *line)
{
    if (!line)
        return;
    g_free(line->text);
    g_free(line->written);
    g_free(line->places);
    g_free(line);
}

/* Length of ${NAME} at p, or 0. */
static size_t variable_length(const char *p)
{
    if (p[0] != '$' || p[1] != '{')
        return 0;
    size_t n = 2;
    while (g_ascii_isupper(p[n]) || g_ascii_isdigit(p[n]) || p[n] == '_')
        n++;
    return n > 2 && p[n] == '}' ? n + 1 : 0;
}

/* A scalar's text begins at its column, or one later when it is quoted; otherwise (escapes, folded
 * lines) only the scalar as a whole can be shown. */
static Span scalar_span(const RequirementLine *line, size_t offset, size_t length)
{
    unsigned total = (unsigned)g_utf8_strlen(line->text, (gssize)line->length);
    unsigned quote = line->at.width == total + 2 ? 1 : 0;
    if (!span_is_set(line->at) || line->at.column == 0 || line->at.width != total + 2 * quote)
        return line->at;
    unsigned before = (unsigned)g_utf8_strlen(line->text, (gssize)offset);
    unsigned width = (unsigned)g_utf8_strlen(line->text + offset, (gssize)length);
    return span_at(line->at.source, line->at.line, line->at.column + quote + before, width);
}

Span requirement_line_span(const RequirementLine *line, size_t offset, size_t length)
{
    offset = MIN(offset, line->length);
    length = MIN(length, line->length - offset);
    if (!line->places)
        return scalar_span(line, offset, length);
    const char *file = source_text(line->at.source, NULL);
    size_t first = line->places[offset];
    unsigned number = line->at.line;
    size_t start = line->line_start;
    for (const char *p; (p = memchr(file + start, '\n', first - start)); number++)
        start = (size_t)(p - file) + 1;
    const char *newline = strchr(file + first, '\n'); /* a joined line is shown up to here */
    size_t stop = first;
    for (size_t i = offset; i < offset + length; i++) {
        size_t place = line->places[i];
        if (!newline || place < (size_t)(newline - file))
            stop = MAX(stop, place + MAX(1, variable_length(file + place)));
    }
    return span_at(line->at.source, number,
                   (unsigned)g_utf8_strlen(file + start, (gssize)(first - start)) + 1,
                   (unsigned)g_utf8_strlen(file + first, (gssize)(stop - first)));
}

RequirementLines requirement_lines(Source *source, const char *const *environment)
{
    return (RequirementLines){source, environment, 0, 0, 1};
}

bool requirement_is_space(gunichar c)
{
    return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 ||
           c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 ||
           c == 0x202F || c == 0x205F || c == 0x3000;
}

/* Length of the line end at p as str.splitlines() sees it, or 0. */
static size_t line_end_length(const char *p, const char *end)
{
    switch ((guint8)*p) {
    case '\r':
        return p + 1 < end && p[1] == '\n' ? 2 : 1;
    case '\n':
    case '\v':
    case '\f':
    case 0x1C:
    case 0x1D:
    case 0x1E:
        return 1;
    case 0xC2:
        return end - p >= 2 && (guint8)p[1] == 0x85 ? 2 : 0;
    case 0xE2:
        return end - p >= 3 && (guint8)p[1] == 0x80 && ((guint8)p[2] & 0xFE) == 0xA8 ? 3 : 0;
    default:
        return 0;
    }
}

typedef struct {
    size_t start, end;
} Range;

/* The next physical line, without its end. */
static bool next_physical(RequirementLines *lines, Range *ret_range)
{
    size_t length;
    const char *text = source_text(lines->source, &length);
    if (lines->position >= length)
        return false;
    const char *p = text + lines->position, *end = text + length;
    size_t stop = 0;
    while (p < end && (stop = line_end_length(p, end)) == 0)
        p++;
    *ret_range = (Range){lines->position, (size_t)(p - text)};
    lines->position = (size_t)(p - text) + stop;
    return true;
}

/* Counts the newlines up to `position`. */
static void advance_line(RequirementLines *lines, size_t position)
{
    const char *text = source_text(lines->source, NULL);
    for (const char *p; (p = memchr(text + lines->line_start, '\n', position - lines->line_start));
         lines->line++)
        lines->line_start = (size_t)(p - text) + 1;
}

/* Offset of the first character at or after `from` that is no white space. */
static size_t skip_space(const char *text, size_t from, size_t length)
{
    while (from < length) {
        gunichar c = g_utf8_get_char(text + from);
        if (!requirement_is_space(c))
            break;
        from = (size_t)(g_utf8_next_char(text + from) - text);
    }
    return from;
}

static size_t skip_space_back(const char *text, size_t length)
{
    while (length > 0) {
        const char *previous = g_utf8_prev_char(text + length);
        if (!requirement_is_space(g_utf8_get_char(previous)))
            break;
        length = (size_t)(previous - text);
    }
    return length;
}

/* (^|\s+)#: a "#" inside a word is no comment. */
static size_t find_comment(const char *text, size_t length)
{
    for (const char *p = text; (p = memchr(p, '#', length - (size_t)(p - text))); p++) {
        if (p == text || requirement_is_space(g_utf8_get_char(g_utf8_prev_char(p))))
            return (size_t)(p - text);
    }
    return length;
}

typedef struct {
    GString *text;
    GArray *places; /* guint32 */
} Joined;

static void append_range(Joined *joined, const char *file, size_t start, size_t end)
{
    if (joined->text->len + (end - start) > LIMIT_REQUIREMENT_CHARS)
        end = start + MIN(end - start, LIMIT_REQUIREMENT_CHARS + 1 - joined->text->len);
    g_string_append_len(joined->text, file + start, (gssize)(end - start));
    for (size_t i = start; i < end; i++) {
        guint32 place = (guint32)i;
        g_array_append_val(joined->places, place);
    }
}

/* One or more physical lines; false at the end of the file. A comment line ends a continuation. */
static bool join_next(RequirementLines *lines, Joined *joined)
{
    const char *file = source_text(lines->source, NULL);
    Range range;
    bool any = false;
    while (next_physical(lines, &range)) {
        if (!any)
            advance_line(lines, range.start);
        any = true;
        bool continued = range.end > range.start && file[range.end - 1] == '\\';
        if (file[skip_space(file, range.start, range.end)] == '#' &&
            skip_space(file, range.start, range.end) < range.end)
            continued = false;
        if (!continued) {
            if (joined->text->len > 0 && file[range.start] == '#') { /* still a comment */
                guint32 place = (guint32)range.start;
                g_string_append_c(joined->text, ' ');
                g_array_append_val(joined->places, place);
            }
            append_range(joined, file, range.start, range.end);
            return true;
        }
        while (range.end > range.start && file[range.end - 1] == '\\')
            range.end--;
        while (range.start < range.end && file[range.start] == '\\')
            range.start++;
        append_range(joined, file, range.start, range.end);
    }
    return any;
}

static const char *variable_value(const char *const *environment, const char *name, size_t length)
{
    for (; environment && *environment; environment++) {
        if (strncmp(*environment, name, length) == 0 && (*environment)[length] == '=')
            return *environment + length + 1;
    }
    return NULL;
}

/* An unset or empty variable stays as written. Values are not looked into. */
static void expand_variables(Joined *joined, const char *const *environment)
{
    g_autoptr(GString) out = g_string_new(NULL);
    GArray *places = g_array_new(FALSE, FALSE, sizeof(guint32));
    size_t i = 0;
    while (i < joined->text->len && out->len <= LIMIT_REQUIREMENT_CHARS) {
        size_t length = variable_length(joined->text->str + i);
        const char *value =
            length > 0 ? variable_value(environment, joined->text->str + i + 2, length - 3) : NULL;
        size_t consumed = value && *value ? length : 1;
        g_string_append_len(out, value && *value ? value : joined->text->str + i,
                            value && *value ? -1 : 1);
        guint32 place = g_array_index(joined->places, guint32, i);
        while (places->len < out->len)
            g_array_append_val(places, place);
        i += consumed;
    }
    g_string_assign(joined->text, out->str);
    g_array_unref(joined->places);
    joined->places = places;
}

static void keep_range(Joined *joined, size_t start, size_t end)
{
    g_string_truncate(joined->text, end);
    g_string_erase(joined->text, 0, (gssize)start);
    g_array_set_size(joined->places, (guint)end);
    if (start > 0)
        g_array_remove_range(joined->places, 0, (guint)start);
}

static bool check_line(const RequirementLines *lines, const Joined *joined, Diags *diags)
{
    Span at = span_at(lines->source, lines->line, 1, 0);
    if (joined->text->len > LIMIT_REQUIREMENT_CHARS) {
        diags_error(diags, at, "the line has more than %zu bytes", LIMIT_REQUIREMENT_CHARS);
        return false;
    }
    if (strlen(joined->text->str) != joined->text->len) {
        error_set_hint(diags_error(diags, at, "the line holds a NUL character"),
                       "save the file as UTF-8; one in UTF-16 is read where a byte order mark "
                       "begins it");
        return false;
    }
    return true;
}

static RequirementLine *make_line(const RequirementLines *lines, Joined *joined)
{
    RequirementLine *line = g_new0(RequirementLine, 1);
    line->written = g_strdup(joined->text->str);
    expand_variables(joined, lines->environment);
    line->length = joined->text->len;
    line->text = g_strdup(joined->text->str);
    guint32 end = line->length > 0 ? g_array_index(joined->places, guint32, line->length - 1) + 1
                                   : (guint32)lines->line_start;
    g_array_append_val(joined->places, end);
    line->places = g_memdup2(joined->places->data, joined->places->len * sizeof(guint32));
    line->at = span_at(lines->source, lines->line, 1, 0);
    line->line_start = lines->line_start;
    line->at = requirement_line_span(line, 0, line->length);
    line->line_start = line->places[0];
    const char *file = source_text(lines->source, NULL);
    while (line->line_start > 0 && file[line->line_start - 1] != '\n')
        line->line_start--;
    return line;
}

RequirementLine *requirement_lines_next(RequirementLines *lines, Diags *diags, bool *ok)
{
    RequirementLine *line = NULL;
    Joined joined = {g_string_new(NULL), g_array_new(FALSE, FALSE, sizeof(guint32))};
    while (!line && join_next(lines, &joined)) {
        if (check_line(lines, &joined, diags)) {
            size_t end = find_comment(joined.text->str, joined.text->len);
            end = skip_space_back(joined.text->str, end);
            keep_range(&joined, skip_space(joined.text->str, 0, end), end);
            if (joined.text->len > 0)
                line = make_line(lines, &joined);
        } else {
            *ok = false;
        }
        if (line && line->length > LIMIT_REQUIREMENT_CHARS) {
            diags_error(diags, line->at,
                        "the line has more than %zu bytes once its variables "
                        "are replaced",
                        LIMIT_REQUIREMENT_CHARS);
            *ok = false;
            g_clear_pointer(&line, requirement_line_free);
        }
        g_string_truncate(joined.text, 0);
        g_array_set_size(joined.places, 0);
    }
    g_string_free(joined.text, TRUE);
    g_array_unref(joined.places);
    return line;
}
