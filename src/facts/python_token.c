/* Tokens of The Python Language Reference, §2, one at a time. Of f-strings only the beginning is
 * one: python_string.c reads on by its own rules and comes back here for what is in braces. */
#include "facts/python_private.h"

enum {
    CLASS_NONE,
    CLASS_BLANK,
    CLASS_LINE,
    CLASS_NAME,
    CLASS_DIGIT,
    CLASS_WIDE,
    CLASS_QUOTE,
    CLASS_COMMENT,
    CLASS_BACKSLASH,
    CLASS_DOT,
    CLASS_OPERATOR,
    CLASS_OPEN,
    CLASS_CLOSE,
    CLASS_ZERO,
};

/* clang-format off */
/* Elements of a table from `first` on. */
#define TWO(first, value) [first] = (value), [(first) + 1] = (value)
#define EIGHT(first, value) \
    TWO(first, value), TWO((first) + 2, value), TWO((first) + 4, value), TWO((first) + 6, value)
#define TEN(first, value) EIGHT(first, value), TWO((first) + 8, value)
#define LETTERS(first, value) \
    EIGHT(first, value), EIGHT((first) + 8, value), EIGHT((first) + 16, value), \
        TWO((first) + 24, value)
#define ALL_32(first, value) \
    EIGHT(first, value), EIGHT((first) + 8, value), EIGHT((first) + 16, value), \
        EIGHT((first) + 24, value)
#define ALL_WIDE(value) ALL_32(128, value), ALL_32(160, value), ALL_32(192, value), ALL_32(224, value)

static const guint8 classes[256] = {
    [0] = CLASS_ZERO,
    [' '] = CLASS_BLANK, ['\t'] = CLASS_BLANK, ['\f'] = CLASS_BLANK,
    ['\n'] = CLASS_LINE,
    LETTERS('a', CLASS_NAME), LETTERS('A', CLASS_NAME), ['_'] = CLASS_NAME,
    TEN('0', CLASS_DIGIT), ALL_WIDE(CLASS_WIDE),
    ['"'] = CLASS_QUOTE, ['\''] = CLASS_QUOTE,
    ['#'] = CLASS_COMMENT, ['\\'] = CLASS_BACKSLASH, ['.'] = CLASS_DOT,
    ['('] = CLASS_OPEN, ['['] = CLASS_OPEN, ['{'] = CLASS_OPEN,
    [')'] = CLASS_CLOSE, [']'] = CLASS_CLOSE, ['}'] = CLASS_CLOSE,
    ['!'] = CLASS_OPERATOR, ['%'] = CLASS_OPERATOR, ['&'] = CLASS_OPERATOR,
    ['*'] = CLASS_OPERATOR, ['+'] = CLASS_OPERATOR, [','] = CLASS_OPERATOR,
    ['-'] = CLASS_OPERATOR, ['/'] = CLASS_OPERATOR, [':'] = CLASS_OPERATOR,
    [';'] = CLASS_OPERATOR, ['<'] = CLASS_OPERATOR, ['='] = CLASS_OPERATOR,
    ['>'] = CLASS_OPERATOR, ['@'] = CLASS_OPERATOR, ['^'] = CLASS_OPERATOR,
    ['|'] = CLASS_OPERATOR, ['~'] = CLASS_OPERATOR,
};
static const bool in_name[256] = {
    LETTERS('a', true), LETTERS('A', true), ['_'] = true, TEN('0', true), ALL_WIDE(true),
};
/* What one character is, alone, doubled and followed by "="; 0 where that is none. `augmented` is
 * the text when "=" follows the single or the doubled one. */
static const struct {
    guint8 single, doubled, equals;
    const char *augmented, *doubled_augmented;
} operators[128] = {
    ['!'] = {TOKEN_BANG, 0, TOKEN_NE, NULL, NULL},
    ['%'] = {TOKEN_PERCENT, 0, 0, "%", NULL},
    ['&'] = {TOKEN_AMPERSAND, 0, 0, "&", NULL},
    ['*'] = {TOKEN_STAR, TOKEN_POWER, 0, "*", "**"},
    ['+'] = {TOKEN_PLUS, 0, 0, "+", NULL},
    [','] = {TOKEN_COMMA, 0, 0, NULL, NULL},
    ['-'] = {TOKEN_MINUS, 0, 0, "-", NULL},
    ['/'] = {TOKEN_SLASH, TOKEN_FLOOR, 0, "/", "//"},
    [':'] = {TOKEN_COLON, 0, TOKEN_WALRUS, NULL, NULL},
    [';'] = {TOKEN_SEMICOLON, 0, 0, NULL, NULL},
    ['<'] = {TOKEN_LT, TOKEN_SHIFT_LEFT, TOKEN_LE, NULL, "<<"},
    ['='] = {TOKEN_ASSIGN, 0, TOKEN_EQ, NULL, NULL},
    ['>'] = {TOKEN_GT, TOKEN_SHIFT_RIGHT, TOKEN_GE, NULL, ">>"},
    ['@'] = {TOKEN_AT, 0, 0, "@", NULL},
    ['^'] = {TOKEN_CARET, 0, 0, "^", NULL},
    ['|'] = {TOKEN_BAR, 0, 0, "|", NULL},
    ['~'] = {TOKEN_TILDE, 0, 0, NULL, NULL},
};
/* clang-format on */

static void fail(PyParser *p, bool beyond, guint32 line, const char *format, va_list arguments)
{
    p->lexer.token.kind = TOKEN_END;
    if (p->failed)
        return;
    p->failed = true;
    p->beyond = beyond;
    p->failed_line = line;
    p->message = g_strdup_vprintf(format, arguments);
}

void py_fail(PyParser *p, guint32 line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fail(p, false, line, format, arguments);
    va_end(arguments);
}

void py_beyond(PyParser *p, guint32 line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fail(p, true, line, format, arguments);
    va_end(arguments);
}

void py_fail_token(PyParser *p, const char *wanted)
{
    if (p->failed)
        return;
    const Token *token = &p->lexer.token;
    static const char *const names[] = {
        [TOKEN_END] = "the end of the file",
        [TOKEN_NEWLINE] = "the end of the line",
        [TOKEN_INDENT] = "a deeper indentation",
        [TOKEN_DEDENT] = "the end of the block",
        [TOKEN_STRING] = "a string",
        [TOKEN_FORMAT] = "a string",
    };
    if (token->kind < G_N_ELEMENTS(names) && names[token->kind]) {
        py_fail(p, token->line, "expected %s, found %s", wanted, names[token->kind]);
        return;
    }
    size_t length = MIN((size_t)(token->end - token->start), 40);
    g_autofree char *text = g_utf8_make_valid(token->start, (gssize)length);
    py_fail(p, token->line, "expected %s, found '%s'", wanted, text);
}

static bool lex_fail(PyParser *p, const char *message)
{
    py_fail(p, p->lexer.line, "%s", message);
    return true;
}

void py_needs(PyParser *p, unsigned minor, guint32 line)
{
    if (minor <= p->tree->needs_minor)
        return;
    p->tree->needs_minor = minor;
    p->tree->needs_line = line;
}

bool py_check_utf8(PyParser *p, const char *start, const char *end)
{
    if (!p->damaged || g_utf8_validate(start, end - start, NULL))
        return true;
    py_fail(p, p->lexer.token.line, "a byte that is not UTF-8");
    return false;
}

static bool at_end(const PyParser *p)
{
    return p->lexer.at == p->end;
}

/* Passes a backslash and the end of its line. */
static bool pass_continuation(PyParser *p)
{
    PyLexer *lexer = &p->lexer;
    if (lexer->at[1] != '\n')
        return lex_fail(p, "unexpected character after a backslash"), false;
    lexer->at += 2;
    lexer->line++;
    return !at_end(p) || (lex_fail(p, "the file ends behind a backslash"), false);
}

/* Columns of the first token of a line; passes blank lines and comments. False: failed. */
static bool measure(PyParser *p, unsigned *ret_column, unsigned *ret_other)
{
    PyLexer *lexer = &p->lexer;
    unsigned column = 0, other = 0, continued = 0;
    for (;; lexer->at++) {
        switch (*lexer->at) {
        case ' ':
            column++, other++;
            continue;
        case '\t':
            column = (column / 8 + 1) * 8, other++;
            continue;
        case '\f':
            column = other = 0;
            continue;
        case '\\':
            continued = continued ? continued : column;
            if (!pass_continuation(p))
                return false;
            lexer->at--;
            continue;
        case '#':
            lexer->at = memchr(lexer->at, '\n', (size_t)(p->end - lexer->at));
            G_GNUC_FALLTHROUGH;
        case '\n':
            lexer->line++;
            column = other = continued = 0;
            continue;
        default:
            *ret_column = continued ? continued : column;
            *ret_other = continued ? continued : other;
            return true;
        }
    }
}

static void indent(PyParser *p, unsigned column, unsigned other)
{
    if (p->indents + 1 >= PY_MAX_INDENTS)
        lex_fail(p, "too many levels of indentation");
    else if (other <= p->other_columns[p->indents])
        lex_fail(p, "tabs and spaces are mixed so that the indentation depends on the tab size");
    else {
        p->indents++;
        p->columns[p->indents] = column;
        p->other_columns[p->indents] = other;
        p->lexer.token.kind = TOKEN_INDENT;
    }
}

/* At the start of a line. True: `token` is set; else a token of the line comes next. */
static bool line_start(PyParser *p)
{
    PyLexer *lexer = &p->lexer;
    unsigned column, other;
    lexer->at_line_start = false;
    if (!measure(p, &column, &other))
        return true;
    lexer->token.line = lexer->line;
    if (at_end(p))
        column = other = 0;
    if (column > p->columns[p->indents])
        return indent(p, column, other), true;
    while (column < p->columns[p->indents]) {
        p->indents--;
        lexer->dedents++;
    }
    if (column != p->columns[p->indents])
        return lex_fail(p, "the indentation matches no enclosing block");
    if (other != p->other_columns[p->indents])
        return lex_fail(p, "tabs and spaces are mixed so that the indentation depends on the tab "
                           "size");
    if (lexer->dedents == 0)
        return false;
    lexer->dedents--;
    lexer->token.kind = TOKEN_DEDENT;
    return true;
}

#define IS(type) (1u << (type))
#define STARTS                                                                                     \
    (IS(G_UNICODE_LOWERCASE_LETTER) | IS(G_UNICODE_MODIFIER_LETTER) | IS(G_UNICODE_OTHER_LETTER) | \
     IS(G_UNICODE_TITLECASE_LETTER) | IS(G_UNICODE_UPPERCASE_LETTER) |                             \
     IS(G_UNICODE_LETTER_NUMBER))
#define CONTINUES                                                                                  \
    (IS(G_UNICODE_NON_SPACING_MARK) | IS(G_UNICODE_SPACING_MARK) | IS(G_UNICODE_DECIMAL_NUMBER) |  \
     IS(G_UNICODE_CONNECT_PUNCTUATION))

static bool starts_wide_name(gunichar c)
{
    /* and Other_ID_Start of Unicode's PropList */
    return IS(g_unichar_type(c)) & STARTS || c == '_' || c == 0x2118 || c == 0x212E ||
           c == 0x309B || c == 0x309C || c == 0x1885 || c == 0x1886;
}

static bool continues_wide_name(gunichar c)
{
    /* and Other_ID_Continue */
    return starts_wide_name(c) || IS(g_unichar_type(c)) & CONTINUES || c == 0xB7 || c == 0x387 ||
           (c >= 0x1369 && c <= 0x1371) || c == 0x19DA || c == 0x30FB || c == 0xFF65 ||
           c == 0x200C || c == 0x200D;
}

/* The name as PEP 3131 compares it: in NFKC, which GLib makes in a time that is quadratic. */
static bool wide_name(PyParser *p, const char *start, const char *end)
{
    if (end - start > PY_MAX_WIDE_NAME)
        return py_beyond(p, p->lexer.line, "a name too long for its characters beyond ASCII"), true;
    if (!py_check_utf8(p, start, end))
        return true;
    g_autofree char *name = g_utf8_normalize(start, end - start, G_NORMALIZE_NFKC);
    for (const char *c = name; c && *c; c = g_utf8_next_char(c)) {
        gunichar code = g_utf8_get_char(c);
        if (!(c == name ? starts_wide_name(code) : continues_wide_name(code)))
            return lex_fail(p, "a character that belongs to no name");
    }
    if (!name || !*name)
        return lex_fail(p, "a character that belongs to no name");
    p->lexer.token.kind = TOKEN_NAME;
    p->lexer.token.text = py_intern(p, name, strlen(name));
    return true;
}

static bool lex_name(PyParser *p)
{
    PyLexer *lexer = &p->lexer;
    const char *at = lexer->at;
    guchar wide = 0;
    while (in_name[(guchar)*at])
        wide |= (guchar)*at++;
    const char *start = lexer->at;
    lexer->at = lexer->token.end = at;
    if (wide & 0x80)
        return wide_name(p, start, at);
    const PyNameSlot *slot = py_name_slot(p, start, (size_t)(at - start));
    lexer->token.kind = slot->kind;
    lexer->token.text = slot->text;
    return true;
}

/* --- Numbers (§2.4.4 to §2.4.7) ------------------------------------------------------------- */

/* Digits with single underscores between them; NULL where none or a stray underscore stands. */
static const char *digits(const char *at, const char *allowed)
{
    for (;;) {
        if (!*at || !strchr(allowed, *at))
            return NULL;
        while (*at && strchr(allowed, *at))
            at++;
        if (*at != '_')
            return at;
        at++;
    }
}

static const char *decimals(const char *at)
{
    for (;;) {
        if (!g_ascii_isdigit(*at))
            return NULL;
        while (g_ascii_isdigit(*at))
            at++;
        if (*at != '_')
            return at;
        at++;
    }
}

/* Behind the integer part: fraction, exponent, "j". `ret_plain` says that there was none. */
static const char *number_tail(const char *at, bool *ret_plain)
{
    *ret_plain = true;
    if (*at == '.') {
        *ret_plain = false;
        at++;
        if (g_ascii_isdigit(*at))
            at = decimals(at);
    }
    if (at && (*at == 'e' || *at == 'E')) {
        const char *exponent = at + 1 + (at[1] == '+' || at[1] == '-');
        if (g_ascii_isdigit(*exponent)) {
            *ret_plain = false;
            at = decimals(exponent);
        }
    }
    if (at && (*at == 'j' || *at == 'J')) {
        *ret_plain = false;
        at++;
    }
    return at;
}

static const char *number_end(const char *at)
{
    bool plain;
    if (*at == '.')
        return number_tail(at, &plain);
    if (*at == '0' && at[1] && strchr("xXoObB", at[1])) {
        const char *allowed = at[1] == 'x' || at[1] == 'X'   ? "0123456789abcdefABCDEF"
                              : at[1] == 'o' || at[1] == 'O' ? "01234567"
                                                             : "01";
        at += 2;
        return digits(at + (*at == '_'), allowed);
    }
    const char *start = at, *whole = decimals(at);
    if (!whole)
        return NULL;
    at = number_tail(whole, &plain);
    /* "00" is zero, "01" is a mistake, "01.5" is none */
    if (at && plain && *start == '0' && strspn(start, "0_") < (size_t)(whole - start))
        return NULL;
    return at;
}

/* A name may not touch a number, save the keywords that older sources write so. */
static bool number_may_end(const char *at)
{
    static const char *const words[] = {"and", "else", "for", "if", "in", "is", "not", "or"};
    if (!in_name[(guchar)*at])
        return true;
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (g_str_has_prefix(at, words[i]))
            return true;
    return false;
}

static bool lex_number(PyParser *p)
{
    PyLexer *lexer = &p->lexer;
    const char *start = lexer->at, *end;
    /* nearly all are short decimals */
    for (end = start; g_ascii_isdigit(*end); end++)
        ;
    if (in_name[(guchar)*end] || *end == '.' || (*start == '0' && end > start + 1))
        end = number_end(start);
    if (!end || !number_may_end(end))
        return lex_fail(p, "not a number");
    lexer->at = lexer->token.end = end;
    lexer->token.kind = TOKEN_NUMBER;
    return true;
}

/* --- Strings -------------------------------------------------------------------------------- */

static void scan_triple(PyParser *p, char quote)
{
    PyLexer *lexer = &p->lexer;
    const char *at = lexer->token.start;
    for (;; at++) {
        if (*at == quote && at[1] == quote && at[2] == quote)
            break;
        if (*at == '\\') {
            lexer->token.escapes = true;
            at++;
        }
        if (*at == '\n')
            lexer->line++;
        else if (at >= p->end) {
            py_fail(p, lexer->token.line, "a string in triple quotes is not closed");
            return;
        }
    }
    lexer->token.end = at;
    lexer->at = at + 3;
}

static void scan_single(PyParser *p, char quote)
{
    PyLexer *lexer = &p->lexer;
    const char *at = lexer->token.start;
    for (; *at != quote; at++) {
        if (*at == '\\') {
            lexer->token.escapes = true;
            at++;
            if (*at == '\n')
                lexer->line++;
        } else if (*at == '\n' || at >= p->end) {
            py_fail(p, lexer->token.line, "a string is not closed in its line");
            return;
        }
    }
    lexer->token.end = at;
    lexer->at = at + 1;
}

/* `at` is the first quote, behind the prefix. */
static bool lex_string(PyParser *p, const char *at, bool formatted)
{
    Token *token = &p->lexer.token;
    token->quote = *at;
    token->triple = at[1] == *at && at[2] == *at;
    token->start = at + (token->triple ? 3 : 1);
    token->escapes = false;
    if (formatted) {
        token->kind = TOKEN_FORMAT;
        token->end = token->start;
        p->lexer.at = token->start;
        return true;
    }
    token->kind = TOKEN_STRING;
    if (token->triple)
        scan_triple(p, *at);
    else
        scan_single(p, *at);
    if (!p->failed)
        py_check_utf8(p, token->start, token->end);
    return true;
}

/* A name's first letter that may as well begin a prefix: 0 if no string follows. */
static size_t prefix_length(PyParser *p, bool *ret_formatted)
{
    Token *token = &p->lexer.token;
    const char *at = p->lexer.at;
    size_t length = at[1] == '"' || at[1] == '\'' ? 1 : 2;
    if (length == 2 && at[2] != '"' && at[2] != '\'')
        return 0;
    unsigned raw = 0, unicode = 0, bytes = 0, format = 0, template = 0;
    for (size_t i = 0; i < length; i++) {
        char c = g_ascii_tolower(at[i]);
        raw += c == 'r', unicode += c == 'u', bytes += c == 'b';
        format += c == 'f', template += c == 't';
    }
    unsigned kinds = unicode + bytes + format + template;
    if (raw + kinds != length || raw > 1 || kinds > 1 || (unicode && length == 2))
        return 0;
    token->raw = raw, token->bytes = bytes, token->template = template;
    *ret_formatted = format || template;
    return length;
}

static bool lex_name_or_string(PyParser *p)
{
    const char *at = p->lexer.at;
    bool formatted;
    if (at[1] != '"' && at[1] != '\'' && ((at[2] != '"' && at[2] != '\'') || !at[1]))
        return lex_name(p);
    size_t length = prefix_length(p, &formatted);
    return length ? lex_string(p, at + length, formatted) : lex_name(p);
}

static bool lex_plain_string(PyParser *p)
{
    Token *token = &p->lexer.token;
    token->raw = token->bytes = token->template = false;
    return lex_string(p, p->lexer.at, false);
}

/* --- Punctuation ---------------------------------------------------------------------------- */

static bool lex_as(PyParser *p, TokenKind kind, unsigned length)
{
    p->lexer.token.kind = kind;
    p->lexer.at += length;
    p->lexer.token.end = p->lexer.at;
    return true;
}

static bool lex_augmented(PyParser *p, const char *text, unsigned length)
{
    p->lexer.token.text = text;
    return lex_as(p, TOKEN_AUGMENTED, length);
}

static bool lex_operator(PyParser *p)
{
    const char *at = p->lexer.at;
    guchar c = (guchar)*at;
    if (c == '-' && at[1] == '>')
        return lex_as(p, TOKEN_ARROW, 2);
    if (at[1] == '=') {
        /* in a field of an f-string ":" ends the expression, whatever follows */
        if (c == ':' && p->lexer.field && p->lexer.field == p->lexer.brackets)
            return lex_as(p, TOKEN_COLON, 1);
        if (operators[c].equals)
            return lex_as(p, operators[c].equals, 2);
        if (operators[c].augmented)
            return lex_augmented(p, operators[c].augmented, 2);
    }
    if (at[1] == (char)c && operators[c].doubled) {
        if (at[2] == '=')
            return lex_augmented(p, operators[c].doubled_augmented, 3);
        return lex_as(p, operators[c].doubled, 2);
    }
    return lex_as(p, operators[c].single, 1);
}

static bool lex_open(PyParser *p)
{
    char c = *p->lexer.at;
    if (p->lexer.brackets >= PY_MAX_DEPTH)
        return lex_fail(p, "too many nested brackets");
    p->lexer.brackets++;
    return lex_as(p,
                  c == '('   ? TOKEN_LEFT_ROUND
                  : c == '[' ? TOKEN_LEFT_SQUARE
                             : TOKEN_LEFT_CURLY,
                  1);
}

static bool lex_close(PyParser *p)
{
    char c = *p->lexer.at;
    if (p->lexer.brackets == 0)
        return lex_fail(p, "a bracket is closed that is not open");
    p->lexer.brackets--;
    return lex_as(p,
                  c == ')'   ? TOKEN_RIGHT_ROUND
                  : c == ']' ? TOKEN_RIGHT_SQUARE
                             : TOKEN_RIGHT_CURLY,
                  1);
}

static bool lex_dot(PyParser *p)
{
    const char *at = p->lexer.at;
    if (g_ascii_isdigit(at[1]))
        return lex_number(p);
    return at[1] == '.' && at[2] == '.' ? lex_as(p, TOKEN_ELLIPSIS, 3) : lex_as(p, TOKEN_DOT, 1);
}

/* False: what was passed is no token. */
static bool lex_line_end(PyParser *p)
{
    PyLexer *lexer = &p->lexer;
    guint32 line = lexer->line++;
    lexer->at++;
    if (lexer->brackets > 0)
        return false;
    lexer->behind_line = lexer->at;
    lexer->token.kind = TOKEN_NEWLINE;
    lexer->token.line = line;
    lexer->at_line_start = true;
    return true;
}

static bool lex_end(PyParser *p)
{
    if (!at_end(p))
        return lex_fail(p, "a zero byte");
    if (p->lexer.brackets > 0)
        return lex_fail(p, "a bracket is never closed");
    p->lexer.token.kind = TOKEN_END;
    return true;
}

static bool lex_one(PyParser *p)
{
    PyLexer *lexer = &p->lexer;
    while (*lexer->at == ' ')
        lexer->at++;
    lexer->token.start = lexer->at;
    lexer->token.line = lexer->line;
    switch (classes[(guchar)*lexer->at]) {
    case CLASS_NAME:
        return lex_name_or_string(p);
    case CLASS_OPERATOR:
        return lex_operator(p);
    case CLASS_OPEN:
        return lex_open(p);
    case CLASS_CLOSE:
        return lex_close(p);
    case CLASS_DOT:
        return lex_dot(p);
    case CLASS_QUOTE:
        return lex_plain_string(p);
    case CLASS_DIGIT:
        return lex_number(p);
    case CLASS_LINE:
        return lex_line_end(p);
    case CLASS_WIDE:
        return lex_name(p);
    case CLASS_BLANK:
        lexer->at++;
        return false;
    case CLASS_COMMENT:
        lexer->at = memchr(lexer->at, '\n', (size_t)(p->end - lexer->at));
        return false;
    case CLASS_BACKSLASH:
        return !pass_continuation(p);
    case CLASS_ZERO:
        return lex_end(p);
    default:
        return lex_fail(p, "a character that Python does not know here");
    }
}

void py_next(PyParser *p)
{
    PyLexer *lexer = &p->lexer;
    if (lexer->token.kind > TOKEN_DEDENT)
        lexer->end_line = lexer->line;
    if (G_UNLIKELY(p->failed)) {
        lexer->token.kind = TOKEN_END;
        return;
    }
    if (lexer->dedents > 0) {
        lexer->dedents--;
        lexer->token.kind = TOKEN_DEDENT;
        return;
    }
    if (lexer->at_line_start && line_start(p))
        return;
    while (!lex_one(p))
        ;
}

const char *py_expect_name(PyParser *p)
{
    const char *text = p->lexer.token.text;
    if (py_kind(p) == TOKEN_NAME) {
        py_next(p);
        return text;
    }
    py_fail_token(p, "a name");
    return "";
}
