#include "facts/python_private.h"

enum {
    PADDING = 16, /* zeros behind the source: the tokenizer looks a few bytes ahead */
};

/* --- From bytes to UTF-8 (The Python Language Reference, §2.1.4; PEP 263) -------------------- */

/* By CPython's name, in lower case and with "-" for "_"; NULL: UTF-8. */
static const struct {
    const char *name, *charset;
} encodings[] = {
    {"ascii", "ASCII"},
    {"big5", "BIG5"},
    {"cp1250", "CP1250"},
    {"cp1251", "CP1251"},
    {"cp1252", "CP1252"},
    {"cp1253", "CP1253"},
    {"cp1254", "CP1254"},
    {"cp1255", "CP1255"},
    {"cp1256", "CP1256"},
    {"cp1257", "CP1257"},
    {"cp1258", "CP1258"},
    {"cp437", "CP437"},
    {"cp866", "CP866"},
    {"cp932", "CP932"},
    {"cp949", "CP949"},
    {"euc-jp", "EUC-JP"},
    {"euc-kr", "EUC-KR"},
    {"gb18030", "GB18030"},
    {"gb2312", "GB2312"},
    {"gbk", "GBK"},
    {"iso-8859-1", "ISO-8859-1"},
    {"iso-8859-10", "ISO-8859-10"},
    {"iso-8859-13", "ISO-8859-13"},
    {"iso-8859-14", "ISO-8859-14"},
    {"iso-8859-15", "ISO-8859-15"},
    {"iso-8859-16", "ISO-8859-16"},
    {"iso-8859-2", "ISO-8859-2"},
    {"iso-8859-3", "ISO-8859-3"},
    {"iso-8859-4", "ISO-8859-4"},
    {"iso-8859-5", "ISO-8859-5"},
    {"iso-8859-6", "ISO-8859-6"},
    {"iso-8859-7", "ISO-8859-7"},
    {"iso-8859-8", "ISO-8859-8"},
    {"iso-8859-9", "ISO-8859-9"},
    {"iso-latin-1", "ISO-8859-1"},
    {"iso8859-1", "ISO-8859-1"},
    {"koi8-r", "KOI8-R"},
    {"koi8-u", "KOI8-U"},
    {"l1", "ISO-8859-1"},
    {"latin-1", "ISO-8859-1"},
    {"latin1", "ISO-8859-1"},
    {"shift-jis", "SHIFT_JIS"},
    {"sjis", "SHIFT_JIS"},
    {"us-ascii", "ASCII"},
    {"utf-8", NULL},
    {"utf8", NULL},
    {"windows-1250", "CP1250"},
    {"windows-1251", "CP1251"},
    {"windows-1252", "CP1252"},
    {"windows-1253", "CP1253"},
    {"windows-1254", "CP1254"},
    {"windows-1255", "CP1255"},
    {"windows-1256", "CP1256"},
    {"windows-1257", "CP1257"},
    {"windows-1258", "CP1258"},
};

/* One line: "^[ \t\f]*#.*?coding[:=][ \t]*([-_.a-zA-Z0-9]+)". NULL: none. */
static char *declared_in_line(const char *line, size_t length)
{
    size_t at = 0;
    while (at < length && strchr(" \t\f", line[at]) && line[at])
        at++;
    if (at == length || line[at] != '#')
        return NULL;
    for (; at + 7 <= length; at++) {
        if (memcmp(line + at, "coding", 6) != 0 || (line[at + 6] != ':' && line[at + 6] != '='))
            continue;
        size_t start = at + 7, end;
        while (start < length && (line[start] == ' ' || line[start] == '\t'))
            start++;
        for (end = start; end < length && (g_ascii_isalnum(line[end]) || line[end] == '-' ||
                                           line[end] == '_' || line[end] == '.');)
            end++;
        if (end > start)
            return g_strndup(line + start, end - start);
    }
    return NULL;
}

static size_t line_length(const char *text, size_t length)
{
    size_t at = 0;
    while (at < length && text[at] != '\n' && text[at] != '\r')
        at++;
    return at;
}

static bool is_blank_line(const char *line, size_t length)
{
    size_t at = 0;
    while (at < length && (line[at] == ' ' || line[at] == '\t' || line[at] == '\f'))
        at++;
    return at == length || line[at] == '#';
}

/* In the first line, or in the second if the first holds no code. */
static char *declared_encoding(const char *text, size_t length)
{
    size_t first = line_length(text, length);
    char *name = declared_in_line(text, first);
    if (name || !is_blank_line(text, first) || first == length)
        return name;
    size_t second = first + (text[first] == '\r' && first + 1 < length && text[first + 1] == '\n');
    second++;
    return declared_in_line(text + second, line_length(text + second, length - second));
}

/* CPython's tokenizer passes over what follows these names and a "-". */
static bool has_tail(const char *name, const char *found)
{
    static const char *const open[] = {"utf-8", "latin-1", "iso-8859-1", "iso-latin-1"};
    size_t length = strlen(name);
    for (size_t i = 0; i < G_N_ELEMENTS(open); i++)
        if (strcmp(open[i], name) == 0)
            return g_str_has_prefix(found, name) && found[length] == '-';
    return false;
}

static gboolean find_encoding(const char *name, const char **ret_name, const char **ret_charset)
{
    g_autofree char *lower = g_ascii_strdown(name, -1);
    g_strdelimit(lower, "_", '-');
    for (size_t i = 0; i < G_N_ELEMENTS(encodings); i++) {
        if (strcmp(lower, encodings[i].name) == 0 || has_tail(encodings[i].name, lower)) {
            *ret_name = encodings[i].name;
            *ret_charset = encodings[i].charset;
            return TRUE;
        }
    }
    return FALSE;
}

typedef struct {
    const char *name;
    char *text; /* with PADDING behind it */
    size_t length;
    bool damaged; /* not UTF-8 */
} Bytes;

static gboolean fail_as(const Bytes *source, ErrorCode code, guint32 line, const char *what,
                        GError **error)
{
    return error_set(error, code, (Span){NULL, line, 0, 0}, "%s: line %u: %s", source->name, line,
                     what);
}

static gboolean fail_at(const Bytes *source, guint32 line, const char *what, GError **error)
{
    return fail_as(source, ERROR_INPUT, line, what, error);
}

static guint32 line_of(const Bytes *source, size_t offset)
{
    guint32 line = 1;
    for (size_t i = 0; i < offset; i++)
        line += source->text[i] == '\n';
    return line;
}

/* "\r\n" and "\r" to "\n", and one at the end. */
static void normalise_lines(Bytes *source)
{
    char *from = memchr(source->text, '\r', source->length);
    char *end = source->text + source->length;
    if (from) {
        char *to = from;
        for (; from < end; from++) {
            if (*from != '\r')
                *to++ = *from;
            else if (from + 1 == end || from[1] != '\n')
                *to++ = '\n';
        }
        source->length = (size_t)(to - source->text);
    }
    if (source->length > 0 && source->text[source->length - 1] != '\n')
        source->text[source->length++] = '\n';
    memset(source->text + source->length, 0, PADDING);
}

/* The offset of the first byte beyond ASCII. */
static size_t ascii_length(const char *text, size_t length)
{
    size_t at = 0;
    for (; at + 8 <= length; at += 8) {
        guint64 word;
        memcpy(&word, text + at, 8);
        if (word & G_GUINT64_CONSTANT(0x8080808080808080))
            break;
    }
    while (at < length && (guchar)text[at] < 0x80)
        at++;
    return at;
}

static gboolean convert(Bytes *source, const char *charset, GError **error)
{
    gsize length;
    g_autoptr(GError) cause = NULL;
    g_autofree char *wide =
        g_convert(source->text, (gssize)source->length, "UTF-8", charset, NULL, &length, &cause);
    if (!wide)
        return error_set(error, ERROR_FAILED, SPAN_NONE, "%s: line 1: is not in its encoding %s",
                         source->name, charset);
    source->text = g_realloc(source->text, length + PADDING + 1);
    source->length = length;
    memcpy(source->text, wide, length);
    return TRUE;
}

static gboolean decode(Bytes *source, const char *charset, GError **error)
{
    size_t ascii = ascii_length(source->text, source->length);
    if (charset && ascii < source->length)
        return convert(source, charset, error);
    source->damaged =
        !g_utf8_validate(source->text + ascii, (gssize)(source->length - ascii), NULL);
    return TRUE;
}

static gboolean check_zeros(const Bytes *source, GError **error)
{
    const char *zero = memchr(source->text, 0, source->length);
    if (!zero)
        return TRUE;
    return fail_at(source, line_of(source, (size_t)(zero - source->text)), "a zero byte", error);
}

static gboolean source_read(Bytes *source, const char *text, size_t length, GError **error)
{
    bool mark = length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0;
    if (mark)
        text += 3, length -= 3;
    const char *encoding = "utf-8", *charset = NULL;
    g_autofree char *declared = declared_encoding(text, length);
    if (declared && !find_encoding(declared, &encoding, &charset))
        return error_set(error, ERROR_FAILED, SPAN_NONE,
                         "%s: line 1: the encoding '%s' is not read", source->name, declared);
    if (mark && strcmp(encoding, "utf-8") != 0)
        return fail_at(source, 1, "a byte order mark, but another encoding than utf-8", error);
    source->text = g_malloc(length + PADDING + 1);
    source->length = length;
    memcpy(source->text, text, length);
    if (!check_zeros(source, error) || !decode(source, charset, error) ||
        !check_zeros(source, error))
        return FALSE;
    normalise_lines(source);
    return TRUE;
}

/* --- The tree --------------------------------------------------------------------------------- */

static void parser_begin(PyParser *p, const char *text, size_t length)
{
    p->start = text;
    p->end = text + length;
    p->joined = g_string_new(NULL);
    py_names_init(p, length);
    p->lexer.at = text;
}

static void parser_end(PyParser *p)
{
    g_string_free(p->joined, TRUE);
    g_free(p->names);
    g_free(p->scratch);
}

static void parse(PyParser *p, const Bytes *source)
{
    p->damaged = source->damaged;
    p->tree->needs_minor = 8;
    p->tree->needs_line = 1;
    parser_begin(p, source->text, source->length);
    p->lexer.line = 1;
    p->lexer.at_line_start = true;
    py_next(p);
    p->tree->body = py_module(p);
    parser_end(p);
}

/* What lazy bodies are parts of: the bytes as they came, where reading has not changed them. */
static void keep_source(PyTree *tree, Bytes *source, GBytes *bytes)
{
    gsize length;
    const char *text = g_bytes_get_data(bytes, &length);
    bool same = length > 0 && length <= source->length && memcmp(text, source->text, length) == 0;
    tree->source = same ? g_bytes_ref(bytes)
                        : g_bytes_new_take(g_steal_pointer(&source->text), source->length);
}

/* `bytes`: where bodies may be left out; or NULL. */
static PyTree *read_tree(Bytes *source, GBytes *bytes, GError **error)
{
    g_autoptr(PyTree) tree = g_new0(PyTree, 1);
    tree->arena = py_arena_new(bytes ? source->length / 2 : source->length * 2);
    tree->names = py_arena_new(source->length / 8);
    PyParser parser = {.tree = tree, .arena = tree->arena, .lazy = bytes != NULL};
    parse(&parser, source);
    if (parser.failed)
        fail_as(source, parser.beyond ? ERROR_FAILED : ERROR_INPUT, parser.failed_line,
                parser.message, error);
    else if (bytes)
        keep_source(tree, source, bytes);
    g_free(parser.message);
    return parser.failed ? NULL : g_steal_pointer(&tree);
}

static PyTree *parse_bytes(const char *name, const char *text, size_t length, GBytes *bytes,
                           GError **error)
{
    Bytes source = {.name = name};
    PyTree *tree = NULL;
    if (length > PY_MAX_BYTES)
        error_set(error, ERROR_FAILED, SPAN_NONE, "%s: more than %d bytes", name, PY_MAX_BYTES);
    else if (source_read(&source, text, length, error))
        tree = read_tree(&source, bytes, error);
    g_free(source.text);
    return tree;
}

PyTree *py_parse(const char *name, const char *text, size_t length, GError **error)
{
    return parse_bytes(name, text, length, NULL, error);
}

PyTree *py_parse_lazily(const char *name, GBytes *source, GError **error)
{
    gsize length;
    const char *text = g_bytes_get_data(source, &length);
    return parse_bytes(name, text ? text : "", length, source, error);
}

/* A copy of that part of the source, as the tokenizer wants it: the last line may have got its end
 * when it was read. */
static char *copy_body(const struct PyLazyBody *lazy, size_t *ret_length)
{
    gsize size;
    const char *text = g_bytes_get_data(lazy->tree->source, &size);
    size_t end = MIN(lazy->end, size), length = end - lazy->start;
    char *copy = g_malloc0(length + 1 + PADDING);
    memcpy(copy, text + lazy->start, length);
    if (copy[length - 1] != '\n')
        copy[length++] = '\n';
    *ret_length = length;
    return copy;
}

PyBlock py_function_body(const PyStmt *function)
{
    const struct PyLazyBody *lazy = function->lazy;
    if (!lazy)
        return function->body;
    PyTree *tree = (PyTree *)lazy->tree;
    PyParser p = {.tree = tree, .arena = tree->arena, .lazy = true, .base = lazy->start};
    size_t length;
    g_autofree char *text = copy_body(lazy, &length);
    parser_begin(&p, text, length);
    p.lexer.line = lazy->line;
    py_next(&p);
    PyStmt *changed = (PyStmt *)function;
    changed->body = py_block_behind_colon(&p);
    changed->lazy = NULL;
    g_assert(!p.failed);
    parser_end(&p);
    return changed->body;
}
