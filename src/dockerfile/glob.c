#include "dockerfile/glob.h"

#include "base/limits.h"

typedef enum {
    TOKEN_CHAR,
    TOKEN_ONE,      /* "?" */
    TOKEN_RUN,      /* "*" */
    TOKEN_ALL,      /* any characters, "/" too */
    TOKEN_FOLDERS,  /* "**" with what follows: nothing, or characters that end with "/" … */
    TOKEN_FOLDERS2, /* … which this one takes */
    TOKEN_SET,      /* "[a-z]" */
} TokenKind;

typedef struct {
    gunichar from, to;
} Range;

typedef struct {
    TokenKind kind;
    gunichar c;         /* TOKEN_CHAR */
    bool negated;       /* TOKEN_SET */
    guint first, count; /* TOKEN_SET: of ranges */
} Token;

struct Glob {
    char *literal; /* the pattern has no wildcard: what it matches; else NULL */
    GlobDialect dialect;
    GArray *tokens; /* Token */
    GArray *ranges; /* Range */
};

typedef struct {
    Glob *glob;
    const char *at; /* what is left of the pattern */
    GString *plain; /* the characters, as long as there is no wildcard */
    bool wild;
} Compiler;

void glob_free(Glob *glob)
{
    if (!glob)
        return;
    g_free(glob->literal);
    g_array_unref(glob->tokens);
    g_array_unref(glob->ranges);
    g_free(glob);
}

bool glob_has_wildcards(const char *text)
{
    return strpbrk(text, "*?[\\") != NULL;
}

/* Bytes that are no UTF-8 get numbers that no character has. */
static gunichar next_char(const char **text)
{
    gunichar c = g_utf8_get_char_validated(*text, -1);
    if (c == (gunichar)-1 || c == (gunichar)-2) {
        c = 0x110000u + (unsigned char)**text;
        *text += 1;
        return c;
    }
    *text = g_utf8_next_char(*text);
    return c;
}

static void add_token(Compiler *compiler, Token token)
{
    compiler->wild |= token.kind != TOKEN_CHAR;
    g_array_append_val(compiler->glob->tokens, token);
}

static void add_char(Compiler *compiler)
{
    const char *start = compiler->at;
    gunichar c = next_char(&compiler->at);
    g_string_append_len(compiler->plain, start, compiler->at - start);
    add_token(compiler, (Token){.kind = TOKEN_CHAR, .c = c});
}

static bool is_go(const Glob *glob)
{
    return glob->dialect == GLOB_COPY || glob->dialect == GLOB_IGNORE;
}

/* One end of a range in Go's dialect; false where Go finds the pattern malformed. */
static bool read_end_go(const char **at, gunichar *ret)
{
    if (**at == '\0' || **at == '-' || **at == ']')
        return false;
    if (**at == '\\')
        ++*at;
    if (**at == '\0')
        return false;
    *ret = next_char(at);
    return **at != '\0';
}

/* What stands between "[" or "[^" and "]", of which Go wants at least one. */
static bool read_set_go(const char **at, GArray *ranges)
{
    for (guint count = 0; **at != ']' || count == 0; count++) {
        Range range;
        if (!read_end_go(at, &range.from))
            return false;
        range.to = range.from;
        if (**at == '-') {
            ++*at;
            if (!read_end_go(at, &range.to))
                return false;
        }
        if (range.to < range.from)
            return false;
        g_array_append_val(ranges, range);
    }
    ++*at;
    return true;
}

/* POSIX: a "]" that comes first and a "-" that comes last are themselves. False: there is no end,
 * and "[" is a character like others. */
static bool read_set_shell(const char **at, GArray *ranges)
{
    for (guint count = 0; **at != ']' || count == 0; count++) {
        if (**at == '\0')
            return false;
        Range range;
        range.from = range.to = next_char(at);
        if ((*at)[0] == '-' && (*at)[1] != ']' && (*at)[1] != '\0') {
            ++*at;
            range.to = next_char(at);
        }
        g_array_append_val(ranges, range);
    }
    ++*at;
    return true;
}

static bool add_set(Compiler *compiler)
{
    Glob *glob = compiler->glob;
    const char *at = compiler->at + 1;
    bool negated = *at == '^' || (*at == '!' && !is_go(glob));
    if (negated)
        at++;
    guint first = glob->ranges->len;
    if (!(is_go(glob) ? read_set_go : read_set_shell)(&at, glob->ranges)) {
        g_array_set_size(glob->ranges, first);
        if (is_go(glob))
            return false;
        add_char(compiler);
        return true;
    }
    compiler->at = at;
    add_token(compiler, (Token){.kind = TOKEN_SET,
                                .negated = negated,
                                .first = first,
                                .count = glob->ranges->len - first});
    return true;
}

/* moby's patternmatcher: "**" at the end takes all; elsewhere it takes whole folders, with the "/"
 * that follows it. A pattern whose only wildcard is "**" at its beginning takes any path that ends
 * so. */
static void add_double_star(Compiler *compiler, bool is_first)
{
    compiler->at += 2;
    bool slash = *compiler->at == '/';
    if (slash)
        compiler->at++;
    if (*compiler->at == '\0' || (is_first && !slash && !strpbrk(compiler->at, "*?[]\\"))) {
        add_token(compiler, (Token){.kind = TOKEN_ALL});
        return;
    }
    add_token(compiler, (Token){.kind = TOKEN_FOLDERS});
    add_token(compiler, (Token){.kind = TOKEN_FOLDERS2});
}

static bool add_next(Compiler *compiler, bool is_first)
{
    GlobDialect dialect = compiler->glob->dialect;
    switch (*compiler->at) {
    case '*':
        if (dialect == GLOB_IGNORE && compiler->at[1] == '*') {
            add_double_star(compiler, is_first);
            return true;
        }
        compiler->at++;
        add_token(compiler, (Token){.kind = dialect == GLOB_FIND ? TOKEN_ALL : TOKEN_RUN});
        return true;
    case '?':
        compiler->at++;
        add_token(compiler, (Token){.kind = TOKEN_ONE});
        return true;
    case '[':
        return add_set(compiler);
    case '\\':
        if (dialect == GLOB_SHELL)
            break;
        if (compiler->at[1] == '\0')
            return dialect == GLOB_FIND ? (add_char(compiler), true) : false;
        compiler->at++;
        break;
    default:
        break;
    }
    add_char(compiler);
    return true;
}

Glob *glob_new(const char *pattern, GlobDialect dialect, Span at, GError **error)
{
    if (strlen(pattern) > LIMIT_PATH_BYTES) {
        error_set(error, ERROR_INPUT, at, "the pattern '%.40s…' is too long", pattern);
        return NULL;
    }
    Glob *glob = g_new0(Glob, 1);
    glob->dialect = dialect;
    glob->tokens = g_array_new(FALSE, FALSE, sizeof(Token));
    glob->ranges = g_array_new(FALSE, FALSE, sizeof(Range));
    g_autoptr(GString) plain = g_string_new(NULL);
    Compiler compiler = {glob, pattern, plain, false};
    while (*compiler.at) {
        if (add_next(&compiler, compiler.at == pattern))
            continue;
        error_set(error, ERROR_INPUT, at, "'%s' is no valid pattern", pattern);
        glob_free(glob);
        return NULL;
    }
    if (!compiler.wild)
        glob->literal = g_strdup(plain->str);
    return glob;
}

static bool set_has(const Glob *glob, const Token *token, gunichar c)
{
    bool found = false;
    for (guint i = 0; i < token->count && !found; i++) {
        Range range = g_array_index(glob->ranges, Range, token->first + i);
        found = range.from <= c && c <= range.to;
    }
    return found != token->negated;
}

/* Adds state `i` and those that are reached from it for nothing. */
static void enter(const Glob *glob, guint8 *states, guint i)
{
    for (; !states[i]; i++) {
        states[i] = 1;
        if (i == glob->tokens->len)
            return;
        TokenKind kind = g_array_index(glob->tokens, Token, i).kind;
        if (kind == TOKEN_FOLDERS) {
            enter(glob, states, i + 2);
            continue;
        }
        if (kind != TOKEN_RUN && kind != TOKEN_ALL)
            return;
    }
}

/* `hidden`: a dot that a shell's wildcards leave alone. */
static void step(const Glob *glob, const Token *token, guint i, gunichar c, bool hidden,
                 guint8 *next)
{
    bool ends_name = c == '/' && glob->dialect != GLOB_FIND;
    switch (token->kind) {
    case TOKEN_CHAR:
        if (token->c == c)
            enter(glob, next, i + 1);
        return;
    case TOKEN_ONE:
        if (!ends_name && !hidden)
            enter(glob, next, i + 1);
        return;
    case TOKEN_RUN:
        if (!ends_name && !hidden)
            enter(glob, next, i);
        return;
    case TOKEN_ALL:
        enter(glob, next, i);
        return;
    case TOKEN_FOLDERS2:
        enter(glob, next, c == '/' ? i + 1 : i);
        if (c == '/')
            next[i] = 1;
        return;
    case TOKEN_SET:
        if (!hidden && set_has(glob, token, c))
            enter(glob, next, i + 1);
        return;
    case TOKEN_FOLDERS:
    default:
        return;
    }
}

static bool run(const Glob *glob, const char *path, guint8 *states, guint8 *next)
{
    guint count = glob->tokens->len;
    memset(states, 0, count + 1);
    enter(glob, states, 0);
    bool first = true;
    while (*path) {
        gunichar c = next_char(&path);
        bool hidden = first && c == '.' && glob->dialect == GLOB_SHELL;
        first = false;
        memset(next, 0, count + 1);
        for (guint i = 0; i < count; i++) {
            if (states[i])
                step(glob, &g_array_index(glob->tokens, Token, i), i, c, hidden, next);
        }
        if (!memchr(next, 1, count + 1))
            return false;
        guint8 *swap = states;
        states = next;
        next = swap;
    }
    return states[count] != 0;
}

bool glob_matches(const Glob *glob, const char *path)
{
    if (glob->literal)
        return g_str_equal(glob->literal, path);
    const Token *head = &g_array_index(glob->tokens, Token, 0);
    if (head->kind == TOKEN_CHAR && head->c < 128 && head->c != (gunichar)(unsigned char)*path)
        return false;
    guint8 small[512];
    size_t room = glob->tokens->len + 1;
    g_autofree guint8 *large = 2 * room > sizeof(small) ? g_malloc(2 * room) : NULL;
    guint8 *states = large ? large : small;
    return run(glob, path, states, states + room);
}
