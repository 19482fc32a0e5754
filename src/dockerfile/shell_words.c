/* Words and redirections. */
#include "dockerfile/shell_private.h"

#include "base/limits.h"

char shell_peek(const ShellParser *parser, size_t ahead)
{
    return parser->at + ahead < parser->end ? parser->text[parser->at + ahead] : '\0';
}

bool shell_looking_at(const ShellParser *parser, const char *text)
{
    size_t length = strlen(text);
    return parser->end - parser->at >= length &&
           memcmp(parser->text + parser->at, text, length) == 0;
}

bool shell_is_meta(char c)
{
    return strchr(" \t\n;&|()<>", c) != NULL; /* '\0' too */
}

bool shell_fail(ShellParser *parser, const char *reason)
{
    if (!parser->script->reason) {
        parser->script->reason = reason;
        parser->script->reason_at = parser->at;
    }
    return false;
}

bool shell_enter(ShellParser *parser)
{
    if (++parser->nesting > LIMIT_SHELL_NESTING)
        return shell_fail(parser, "it is nested too deeply");
    return true;
}

void shell_leave(ShellParser *parser)
{
    parser->nesting--;
}

typedef struct {
    ShellParser *parser;
    ShellWord *word;
    GString *text; /* of the part that grows */
    bool any;      /* there is one, though it may be empty */
    bool quoted;
} WordReader;

static void end_text(WordReader *reader)
{
    if (!reader->any)
        return;
    ShellPart part = {SHELL_TEXT, reader->quoted, g_strdup(reader->text->str)};
    g_array_append_val(reader->word->parts, part);
    g_string_truncate(reader->text, 0);
    reader->any = false;
}

static void put_text(WordReader *reader, const char *text, size_t length, bool quoted)
{
    if (reader->any && reader->quoted != quoted)
        end_text(reader);
    g_string_append_len(reader->text, text, (gssize)length);
    reader->any = true;
    reader->quoted = quoted;
}

static void put_part(WordReader *reader, ShellPartKind kind, char *text, bool quoted)
{
    end_text(reader);
    ShellPart part = {kind, quoted, text};
    g_array_append_val(reader->word->parts, part);
}

/* Commands inside of a substitution, up to `close`, which is left there. */
static bool parse_inside(ShellParser *parser, char close)
{
    ShellParser saved = *parser;
    parser->depth++;
    parser->isolated = true;
    if (!shell_enter(parser) || !shell_parse_list(parser))
        return false;
    shell_leave(parser);
    if (shell_peek(parser, 0) != close)
        return shell_fail(parser, "a substitution is not closed");
    parser->depth = saved.depth;
    parser->isolated = saved.isolated;
    return true;
}

static bool skip_single_quotes(ShellParser *parser)
{
    const char *begin = parser->text + parser->at + 1;
    const char *end = memchr(begin, '\'', parser->end - parser->at - 1);
    if (!end)
        return shell_fail(parser, "a single quote is not closed");
    parser->at = (size_t)(end - parser->text) + 1;
    return true;
}

static bool parse_dollar(WordReader *reader, bool quoted);
static bool parse_backticks(WordReader *reader, bool quoted);

/* At a double quote. */
static bool parse_double_quotes(WordReader *reader)
{
    ShellParser *parser = reader->parser;
    parser->at++;
    put_text(reader, "", 0, true);
    for (;;) {
        if (parser->at >= parser->end)
            return shell_fail(parser, "a double quote is not closed");
        char c = shell_peek(parser, 0), next = shell_peek(parser, 1);
        if (c == '"')
            break;
        if (c == '$') {
            if (!parse_dollar(reader, true))
                return false;
        } else if (c == '`') {
            if (!parse_backticks(reader, true))
                return false;
        } else if (c == '\\' && next == '\n') {
            parser->at += 2;
        } else {
            bool escape = c == '\\' && next && strchr("$`\"\\", next);
            put_text(reader, escape ? &next : &c, 1, true);
            parser->at += escape ? 2 : 1;
        }
    }
    parser->at++;
    return true;
}

/* Behind an opening sign: goes behind the one that closes it, over quotes and substitutions. */
static bool skip_balanced(WordReader *outer, char open, char close)
{
    ShellParser *parser = outer->parser;
    if (!shell_enter(parser))
        return false;
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GArray) parts = g_array_new(FALSE, FALSE, sizeof(ShellPart));
    g_array_set_clear_func(parts, shell_part_clear);
    ShellWord word = {.parts = parts};
    WordReader reader = {parser, &word, text, false, false};
    for (unsigned depth = 1; depth > 0;) {
        if (parser->at >= parser->end)
            return shell_fail(parser, "an expansion is not closed");
        char c = shell_peek(parser, 0);
        bool ok = true;
        if (c == '\\' && parser->at + 1 < parser->end)
            parser->at += 2;
        else if (c == '\'')
            ok = skip_single_quotes(parser);
        else if (c == '"')
            ok = parse_double_quotes(&reader);
        else if (c == '$')
            ok = parse_dollar(&reader, false);
        else if (c == '`')
            ok = parse_backticks(&reader, false);
        else
            parser->at++;
        if (!ok)
            return false;
        if (c == close)
            depth--;
        else if (c == open)
            depth++;
    }
    shell_leave(parser);
    return true;
}

static size_t name_length(const ShellParser *parser, size_t ahead)
{
    size_t length = 0;
    char c = shell_peek(parser, ahead);
    if (!g_ascii_isalpha(c) && c != '_')
        return 0;
    while (g_ascii_isalnum(shell_peek(parser, ahead + length)) ||
           shell_peek(parser, ahead + length) == '_')
        length++;
    return length;
}

/* At "${". */
static bool parse_braces(WordReader *reader, bool quoted)
{
    ShellParser *parser = reader->parser;
    size_t length = name_length(parser, 2);
    if (length > 0 && shell_peek(parser, 2 + length) == '}') {
        char *name = g_strndup(parser->text + parser->at + 2, length);
        put_part(reader, SHELL_VARIABLE, name, quoted);
        parser->at += length + 3;
        return true;
    }
    char first = shell_peek(parser, 2);
    if (!g_ascii_isalnum(first) && first != '_' && (first == '\0' || !strchr("#!@*?$-", first)))
        return shell_fail(parser, "an expansion has no name");
    put_part(reader, SHELL_OTHER, NULL, quoted);
    parser->at += 2;
    return skip_balanced(reader, '\0', '}');
}

/* At "$((": arithmetic, unless a single ")" closes it. */
static bool parse_arithmetic(WordReader *reader)
{
    ShellParser *parser = reader->parser;
    parser->at += 3;
    if (!skip_balanced(reader, '(', ')'))
        return false;
    if (shell_peek(parser, 0) != ')')
        return shell_fail(parser, "a substitution begins with two parentheses");
    parser->at++;
    return true;
}

/* At "$". */
static bool parse_dollar(WordReader *reader, bool quoted)
{
    ShellParser *parser = reader->parser;
    char next = shell_peek(parser, 1);
    size_t length = name_length(parser, 1);
    if (length > 0) {
        put_part(reader, SHELL_VARIABLE, g_strndup(parser->text + parser->at + 1, length), quoted);
        parser->at += length + 1;
        return true;
    }
    if (next == '{')
        return parse_braces(reader, quoted);
    if (next == '(' || (next == '\'' && !quoted) || (next && strchr("@*#?-$!0123456789", next))) {
        put_part(reader, SHELL_OTHER, NULL, quoted);
        if (shell_looking_at(parser, "$(("))
            return parse_arithmetic(reader);
        parser->at++;
        if (next == '\'')
            return shell_fail(parser, "$'' is read in different ways by shells");
        parser->at++;
        if (next != '(')
            return true;
        if (!parse_inside(parser, ')'))
            return false;
        parser->at++;
        return true;
    }
    if (next == '"' && !quoted)
        return shell_fail(parser, "$\"\" is read in different ways by shells");
    put_text(reader, "$", 1, quoted);
    parser->at++;
    return true;
}

/* The commands in backticks, which are read where no backslash changes them. */
static bool parse_backticks(WordReader *reader, bool quoted)
{
    ShellParser *parser = reader->parser;
    size_t begin = parser->at + 1, end = begin;
    while (end < parser->end && parser->text[end] != '`') {
        if (parser->text[end] == '\\')
            return shell_fail(parser, "a backslash inside of backticks");
        end++;
    }
    if (end == parser->end)
        return shell_fail(parser, "a backtick is not closed");
    put_part(reader, SHELL_OTHER, NULL, quoted);
    size_t all = parser->end;
    parser->end = end;
    parser->at = begin;
    if (!parse_inside(parser, '\0'))
        return false;
    parser->end = all;
    parser->at = end + 1;
    return true;
}

/* At "<(" or ">(". */
static bool parse_process(WordReader *reader)
{
    ShellParser *parser = reader->parser;
    put_part(reader, SHELL_OTHER, NULL, true);
    parser->at += 2;
    if (!parse_inside(parser, ')'))
        return false;
    parser->at++;
    return true;
}

static bool at_process(const ShellParser *parser)
{
    return shell_looking_at(parser, "<(") || shell_looking_at(parser, ">(");
}

static bool parse_piece(WordReader *reader)
{
    ShellParser *parser = reader->parser;
    char c = shell_peek(parser, 0);
    if (c == '\'') {
        size_t begin = parser->at + 1;
        if (!skip_single_quotes(parser))
            return false;
        put_text(reader, parser->text + begin, parser->at - 1 - begin, true);
        return true;
    }
    if (c == '"')
        return parse_double_quotes(reader);
    if (c == '$')
        return parse_dollar(reader, false);
    if (c == '`')
        return parse_backticks(reader, false);
    if (c == '<' || c == '>')
        return parse_process(reader);
    if (c != '\\') {
        put_text(reader, &c, 1, false);
        parser->at++;
        return true;
    }
    if (parser->at + 1 >= parser->end)
        return shell_fail(parser, "a backslash at the end escapes nothing");
    if (shell_peek(parser, 1) != '\n')
        put_text(reader, parser->text + parser->at + 1, 1, true);
    parser->at += 2;
    return true;
}

ShellWord *shell_word_parse(ShellParser *parser)
{
    ShellWord *word = g_new0(ShellWord, 1);
    word->parts = g_array_new(FALSE, FALSE, sizeof(ShellPart));
    g_array_set_clear_func(word->parts, shell_part_clear);
    word->offset = parser->at;
    g_autoptr(GString) text = g_string_new(NULL);
    WordReader reader = {parser, word, text, false, false};
    while (parser->at < parser->end &&
           (!shell_is_meta(shell_peek(parser, 0)) || at_process(parser))) {
        if (!parse_piece(&reader)) {
            shell_word_free(word);
            return NULL;
        }
    }
    end_text(&reader);
    word->length = parser->at - word->offset;
    return word;
}

/* Redirections */

/* clang-format off */
static const struct {
    const char *sign;
    ShellRedirectKind kind;
    bool chomp;
} signs[] = { /* the longer ones first */
    {"&>>", REDIRECT_BOTH_APPEND, false},
    {"&>",  REDIRECT_BOTH,        false},
    {"<<<", REDIRECT_STRING,      false},
    {"<<-", REDIRECT_HEREDOC,     true},
    {"<<",  REDIRECT_HEREDOC,     false},
    {"<&",  REDIRECT_COPY_IN,     false},
    {"<>",  REDIRECT_IN_OUT,      false},
    {"<",   REDIRECT_IN,          false},
    {">>",  REDIRECT_APPEND,      false},
    {">&",  REDIRECT_COPY_OUT,    false},
    {">|",  REDIRECT_CLOBBER,     false},
    {">",   REDIRECT_OUT,         false},
};
/* clang-format on */

static size_t count_digits(const ShellParser *parser)
{
    size_t digits = 0;
    while (g_ascii_isdigit(shell_peek(parser, digits)))
        digits++;
    return digits;
}

bool shell_at_redirect(const ShellParser *parser)
{
    if (at_process(parser))
        return false;
    char c = shell_peek(parser, count_digits(parser));
    return c == '<' || c == '>' || shell_looking_at(parser, "&>");
}

bool shell_redirect_parse(ShellParser *parser, GPtrArray *redirects, bool glued)
{
    ShellRedirect *redirect = g_new0(ShellRedirect, 1);
    g_ptr_array_add(redirects, redirect);
    redirect->offset = parser->at;
    redirect->glued = glued;
    parser->at += count_digits(parser);
    for (size_t i = 0; i < G_N_ELEMENTS(signs); i++) {
        if (!shell_looking_at(parser, signs[i].sign))
            continue;
        redirect->kind = signs[i].kind;
        redirect->chomp = signs[i].chomp;
        parser->at += strlen(signs[i].sign);
        break;
    }
    shell_skip_blanks(parser);
    if (shell_is_meta(shell_peek(parser, 0)) && !at_process(parser))
        return shell_fail(parser, "a redirection has no target");
    redirect->target = shell_word_parse(parser);
    if (!redirect->target)
        return false;
    redirect->length = parser->at - redirect->offset;
    if (redirect->kind != REDIRECT_HEREDOC)
        return true;
    redirect->plain =
        memchr(parser->text + redirect->target->offset, '\'', redirect->target->length) ||
        memchr(parser->text + redirect->target->offset, '"', redirect->target->length) ||
        memchr(parser->text + redirect->target->offset, '\\', redirect->target->length);
    if (!shell_word_is_plain(redirect->target))
        return shell_fail(parser, "a heredoc's end is not plain text");
    g_ptr_array_add(parser->heredocs, redirect);
    return true;
}
