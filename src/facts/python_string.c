/* String literals (§2.4.1 to §2.4.3): escapes, joining, and what stands in the braces of formatted
 * ones, which is read by the ordinary rules (PEP 701, PEP 750). */
#include "facts/python_private.h"

enum {
    KEPT_BYTES = 64 * 1024,
};

/* What adjacent literals add up to. */
typedef struct {
    bool bytes, formatted, template, plain;
    bool unknown; /* the text is none that C can hold */
    guint32 line;
} Joined;

static int hex_value(const char *at, const char *end, unsigned digits, guint32 *ret_code)
{
    if ((size_t)(end - at) < digits)
        return -1;
    *ret_code = 0;
    for (unsigned i = 0; i < digits; i++) {
        int digit = g_ascii_xdigit_value(at[i]);
        if (digit < 0)
            return -1;
        *ret_code = *ret_code * 16 + (guint32)digit;
    }
    return 0;
}

static void append_code(PyParser *p, Joined *joined, guint32 code)
{
    if (code == 0 || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
        joined->unknown = true;
    else
        g_string_append_unichar(p->joined, code);
}

/* "\x41", "\u0041", "\U00000041": `at` is behind the letter. */
static const char *escape_hex(PyParser *p, Joined *joined, const char *at, const char *end,
                              unsigned digits)
{
    guint32 code;
    if (hex_value(at, end, digits, &code) < 0 || code > 0x10FFFF) {
        py_fail(p, joined->line, "a damaged escape in a string");
        return end;
    }
    append_code(p, joined, code);
    return at + digits;
}

/* "\N{NAME}": the name is not looked up. */
static const char *escape_named(PyParser *p, Joined *joined, const char *at, const char *end)
{
    const char *close = at;
    if (at < end && *at == '{')
        while (close < end && *close != '}' && !strchr("\"'\\\n", *close))
            close++;
    if (close >= end || *close != '}' || close == at + 1) {
        py_fail(p, joined->line, "a damaged escape in a string");
        return end;
    }
    joined->unknown = true;
    return close + 1;
}

static const char *escape_octal(PyParser *p, Joined *joined, const char *at, const char *end)
{
    guint32 code = 0;
    for (unsigned i = 0; i < 3 && at < end && *at >= '0' && *at <= '7'; i++)
        code = code * 8 + (guint32)(*at++ - '0');
    append_code(p, joined, code);
    return at;
}

static const char *escape_other(PyParser *p, const char *at)
{
    static const char letters[] = "abfnrtv", values[] = "\a\b\f\n\r\t\v";
    const char *found = strchr(letters, *at);
    if (*at == '\\' || *at == '\'' || *at == '"')
        g_string_append_c(p->joined, *at);
    else if (found)
        g_string_append_c(p->joined, values[found - letters]);
    else if (*at != '\n') {
        g_string_append_c(p->joined, '\\');
        return at;
    }
    return at + 1;
}

/* `at` is behind the backslash. */
static const char *escape(PyParser *p, Joined *joined, const char *at, const char *end)
{
    switch (*at) {
    case 'x':
        return escape_hex(p, joined, at + 1, end, 2);
    case 'u':
        return escape_hex(p, joined, at + 1, end, 4);
    case 'U':
        return escape_hex(p, joined, at + 1, end, 8);
    case 'N':
        return escape_named(p, joined, at + 1, end);
    default:
        return *at >= '0' && *at <= '7' ? escape_octal(p, joined, at, end) : escape_other(p, at);
    }
}

static void decode(PyParser *p, Joined *joined, const Token *token)
{
    const char *at = token->start;
    while (at < token->end) {
        const char *backslash = memchr(at, '\\', (size_t)(token->end - at));
        if (!backslash || token->raw)
            backslash = token->end;
        g_string_append_len(p->joined, at, backslash - at);
        at = backslash;
        if (at < token->end)
            at = escape(p, joined, at + 1, token->end);
    }
}

static void check_bytes(PyParser *p, const Token *token)
{
    guint32 code;
    for (const char *at = token->start; at < token->end; at++) {
        if ((guchar)*at >= 0x80)
            py_fail(p, token->line, "bytes can only hold ASCII");
        if (*at != '\\' || token->raw)
            continue;
        if (*++at == 'x' && hex_value(at + 1, token->end, 2, &code) < 0)
            py_fail(p, token->line, "a damaged escape in bytes");
    }
}

/* --- Formatted ones ------------------------------------------------------------------------ */

typedef struct {
    char quote;
    bool triple, raw;
    guint32 line;
} Format;

static bool at_quotes(const Format *format, const char *at)
{
    return *at == format->quote &&
           (!format->triple || (at[1] == format->quote && at[2] == format->quote));
}

/* Before PEP 701 the literal was cut out first: what stands in braces could hold neither a
 * backslash, nor a comment, nor the quotes that close it. */
static void note_old_rules(PyParser *p, const Format *format, const char *start, guint32 line)
{
    char quote = 0;
    if (p->tree->needs_minor >= 12)
        return;
    for (const char *at = start; at < p->lexer.at; at++) {
        if (*at == '\\' || (*at == '#' && !quote) || at_quotes(format, at) ||
            (*at == '\n' && !format->triple))
            py_needs(p, 12, line);
        if ((*at == '"' || *at == '\'') && (!quote || quote == *at))
            quote = quote ? 0 : *at;
    }
}

static void format_spec(PyParser *p, const Format *format, unsigned depth);

/* "!r" behind the expression; the token is "!". */
static void conversion(PyParser *p)
{
    const char *after = p->lexer.at;
    py_next(p);
    const Token *token = &p->lexer.token;
    if (py_kind(p) != TOKEN_NAME || token->start != after || token->end != after + 1 ||
        !strchr("sra", *after))
        py_fail(p, py_line(p), "a conversion is one of !s, !r and !a");
    else if (*token->end != ':' && *token->end != '}')
        py_needs(p, 12, token->line); /* as space behind it */
    py_next(p);
}

/* Behind a "{", up to behind its "}"; `depth` is 1 in a format of a field. */
static void field(PyParser *p, const Format *format, unsigned depth)
{
    PyLexer *lexer = &p->lexer;
    const char *start = lexer->at;
    guint32 line = lexer->line;
    unsigned outer = lexer->field;
    if (lexer->brackets >= PY_MAX_DEPTH)
        py_fail(p, line, "too many nested brackets");
    lexer->field = ++lexer->brackets;
    if (depth > 1)
        py_needs(p, 12, line);
    py_enter(p);
    py_next(p);
    PyExpr *value = py_yield_or_star_expressions(p);
    if (value->kind == PY_STARRED)
        py_needs(p, 12, line);
    py_push_expr(p, value);
    py_accept(p, TOKEN_ASSIGN);
    if (py_kind(p) == TOKEN_BANG)
        conversion(p);
    note_old_rules(p, format, start, line);
    if (py_kind(p) == TOKEN_COLON)
        format_spec(p, format, depth + 1);
    else if (py_kind(p) != TOKEN_RIGHT_CURLY)
        py_fail_token(p, "'}'");
    py_leave(p);
    lexer->field = outer;
}

/* `at` is behind a backslash. */
static const char *format_escape(PyParser *p, const Format *format, const char *at)
{
    Joined ignored = {.line = p->lexer.line};
    if (*at == '{' || *at == '}')
        return at;
    if (*at == '\n')
        p->lexer.line++;
    if (format->raw || !strchr("xuUN", *at))
        return at + 1;
    at = escape(p, &ignored, at, p->end);
    g_string_truncate(p->joined, 0);
    return at;
}

/* Behind the ":" of a field, up to behind its "}". */
static void format_spec(PyParser *p, const Format *format, unsigned depth)
{
    PyLexer *lexer = &p->lexer;
    while (!p->failed) {
        const char *at = lexer->at;
        if (at_quotes(format, at) || at >= p->end) {
            py_fail(p, lexer->line, "a brace of an f-string is not closed");
            return;
        }
        lexer->at++;
        if (*at == '\n' && !format->triple)
            py_needs(p, 12, lexer->line);
        if (*at == '\n')
            lexer->line++;
        else if (*at == '\\')
            lexer->at = format_escape(p, format, at + 1);
        else if (*at == '{')
            field(p, format, depth);
        else if (*at == '}') {
            lexer->brackets--;
            return;
        }
    }
}

/* Up to behind the closing quotes; pushes the expressions. */
static void format_body(PyParser *p, const Format *format)
{
    PyLexer *lexer = &p->lexer;
    while (!p->failed) {
        const char *at = lexer->at;
        if (at >= p->end || (*at == '\n' && !format->triple)) {
            py_fail(p, format->line, "an f-string is not closed");
        } else if (at_quotes(format, at)) {
            lexer->at += format->triple ? 3 : 1;
            return;
        } else if (*at == '\\') {
            lexer->at = format_escape(p, format, at + 1);
        } else if ((*at == '{' || *at == '}') && at[1] == *at) {
            lexer->at += 2;
        } else if (*at == '}') {
            py_fail(p, lexer->line, "a single '}' in an f-string");
        } else {
            lexer->at++;
            if (*at == '\n')
                lexer->line++;
            else if (*at == '{')
                field(p, format, 0);
        }
    }
}

static void formatted(PyParser *p)
{
    const Token *token = &p->lexer.token;
    Format format = {token->quote, token->triple, token->raw, token->line};
    if (token->template)
        py_needs(p, 14, token->line);
    const char *start = token->start;
    py_enter(p);
    format_body(p, &format);
    py_leave(p);
    if (!p->failed)
        py_check_utf8(p, start, p->lexer.at);
}

/* --- Joined ones ---------------------------------------------------------------------------- */

/* A literal that is passed already, or one with fields that begins here. */
static void piece(PyParser *p, Joined *joined, const Token *token)
{
    joined->bytes |= token->bytes;
    joined->template |= token->template;
    joined->plain |= !token->bytes && !token->template;
    joined->line = token->line;
    if (token->kind == TOKEN_FORMAT) {
        joined->formatted = true; /* so no text is kept, and strings within may use the buffer */
        g_string_truncate(p->joined, 0);
        formatted(p);
        py_next(p);
    } else if (token->bytes)
        check_bytes(p, token);
    else
        decode(p, joined, token);
}

static const char *joined_text(PyParser *p, const Joined *joined)
{
    if (joined->unknown || p->joined->len > KEPT_BYTES)
        return NULL;
    return py_intern(p, p->joined->str, p->joined->len);
}

static bool is_string(const PyParser *p)
{
    return py_kind(p) == TOKEN_STRING || py_kind(p) == TOKEN_FORMAT;
}

/* The text is the source's: nothing to decode or to join. */
static bool is_simple(const Token *token)
{
    return token->kind == TOKEN_STRING && !token->bytes && (!token->escapes || token->raw) &&
           token->end - token->start <= KEPT_BYTES;
}

static Token take_string(PyParser *p)
{
    Token token = p->lexer.token;
    if (token.kind == TOKEN_STRING)
        py_next(p);
    return token;
}

PyExpr *py_strings(PyParser *p)
{
    Token token = take_string(p);
    if (is_simple(&token) && !is_string(p)) {
        PyExpr *plain = py_expr_new(p, PY_STRING, token.line);
        plain->text = py_intern(p, token.start, (size_t)(token.end - token.start));
        return plain;
    }
    PyExpr *expr = py_expr_new(p, PY_FSTRING, token.line);
    size_t mark = py_mark(p);
    Joined joined = {0};
    piece(p, &joined, &token);
    while (is_string(p)) {
        token = take_string(p);
        piece(p, &joined, &token);
    }
    if (joined.bytes + joined.template + joined.plain > 1)
        py_fail(p, expr->line, "strings of different kinds are joined");
    expr->kind = joined.formatted ? PY_FSTRING : joined.bytes ? PY_BYTES : PY_STRING;
    if (expr->kind == PY_STRING)
        expr->text = joined_text(p, &joined);
    g_string_truncate(p->joined, 0);
    expr->items = py_take_exprs(p, mark);
    py_hold_all(p, expr, expr->items);
    return expr;
}
