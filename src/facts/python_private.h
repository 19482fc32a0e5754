/* Shared by the files of the Python parser, and by no others: arena, names, scratch, tokens.
 *
 * The parser is a recursive descent over tokens that are made one at a time. Its first error ends
 * it: py_fail() makes every later token TOKEN_END, which no rule goes on with, so rules need not
 * ask whether the ones they called went well; what they return then is never NULL, never read. */
#pragma once

#include "facts/python_parse.h"

/* --- Memory ------------------------------------------------------------------------------ */

typedef struct PyArena PyArena;

PyArena *py_arena_new(size_t expected);
void py_arena_free(PyArena *arena);
void *py_arena_take(PyArena *arena, size_t size); /* zeroed, aligned for pointers */

typedef struct {
    struct Chunk *chunk;
    char *at;
    size_t taken;
} PyArenaMark;

PyArenaMark py_arena_mark(const PyArena *arena);
/* Bytes taken since then. */
size_t py_arena_since(const PyArena *arena, PyArenaMark mark);
/* Gives back what was taken since then. */
void py_arena_rewind(PyArena *arena, PyArenaMark mark);

/* A body that was left out: a part of the tree's source, which begins behind the ":". */
struct PyLazyBody {
    const PyTree *tree;
    guint32 start, end, line;
};

/* --- Tokens ------------------------------------------------------------------------------ */

typedef guint8 TokenKind;
enum {
    TOKEN_END,
    TOKEN_NEWLINE,
    TOKEN_INDENT,
    TOKEN_DEDENT,
    TOKEN_NAME,
    TOKEN_NUMBER,
    TOKEN_STRING, /* whole: start and end are of what stands between its quotes */
    TOKEN_FORMAT, /* an f-string or t-string up to its first quotes: python_string.c goes on */
    TOKEN_LEFT_ROUND,
    TOKEN_RIGHT_ROUND,
    TOKEN_LEFT_SQUARE,
    TOKEN_RIGHT_SQUARE,
    TOKEN_LEFT_CURLY,
    TOKEN_RIGHT_CURLY,
    TOKEN_COMMA,
    TOKEN_COLON,
    TOKEN_SEMICOLON,
    TOKEN_DOT,
    TOKEN_ELLIPSIS,
    TOKEN_ARROW,
    TOKEN_ASSIGN,
    TOKEN_AUGMENTED, /* text: the operator without "=" */
    TOKEN_WALRUS,
    TOKEN_BANG,
    TOKEN_BAR,
    TOKEN_CARET,
    TOKEN_AMPERSAND,
    TOKEN_SHIFT_LEFT,
    TOKEN_SHIFT_RIGHT,
    TOKEN_PLUS,
    TOKEN_MINUS,
    TOKEN_STAR,
    TOKEN_SLASH,
    TOKEN_FLOOR,
    TOKEN_PERCENT,
    TOKEN_AT,
    TOKEN_POWER,
    TOKEN_TILDE,
    TOKEN_EQ,
    TOKEN_NE,
    TOKEN_LT,
    TOKEN_LE,
    TOKEN_GT,
    TOKEN_GE,
    TOKEN_AND,
    TOKEN_AS,
    TOKEN_ASSERT,
    TOKEN_ASYNC,
    TOKEN_AWAIT,
    TOKEN_BREAK,
    TOKEN_CLASS,
    TOKEN_CONTINUE,
    TOKEN_DEF,
    TOKEN_DEL,
    TOKEN_ELIF,
    TOKEN_ELSE,
    TOKEN_EXCEPT,
    TOKEN_FALSE,
    TOKEN_FINALLY,
    TOKEN_FOR,
    TOKEN_FROM,
    TOKEN_GLOBAL,
    TOKEN_IF,
    TOKEN_IMPORT,
    TOKEN_IN,
    TOKEN_IS,
    TOKEN_LAMBDA,
    TOKEN_NONE,
    TOKEN_NONLOCAL,
    TOKEN_NOT,
    TOKEN_OR,
    TOKEN_PASS,
    TOKEN_RAISE,
    TOKEN_RETURN,
    TOKEN_TRUE,
    TOKEN_TRY,
    TOKEN_WHILE,
    TOKEN_WITH,
    TOKEN_YIELD,
    TOKEN_COUNT,
};

typedef struct {
    TokenKind kind;
    guint32 line;
    const char *start, *end;
    const char *text; /* of a name: interned */
    char quote;       /* of strings, as the flags below */
    bool triple, raw, bytes, template, escapes;
} Token;

/* What going back to an earlier place restores. Only done within one logical line. */
typedef struct {
    Token token;
    const char *at;
    guint32 line;
    guint32 end_line;        /* of the token before `token` */
    const char *behind_line; /* of the last TOKEN_NEWLINE */
    unsigned brackets;       /* open ones */
    unsigned field;          /* `brackets` within the innermost field of an f-string, or 0 */
    unsigned dedents;        /* tokens still owed */
    bool at_line_start;      /* the indentation is to be measured */
} PyLexer;

typedef struct {
    guint32 hash;
    guint32 length;
    TokenKind kind; /* TOKEN_NAME, or the keyword that it is */
    const char *text;
} PyNameSlot;

typedef struct PyParser {
    PyLexer lexer;
    const char *start, *end; /* the source ends with '\n' and zeros */
    unsigned indents;
    unsigned columns[PY_MAX_INDENTS], other_columns[PY_MAX_INDENTS]; /* tabs of 8, and of 1 */
    unsigned recursion;
    unsigned statement_depth;
    bool damaged;        /* somewhere in the source are bytes that are not UTF-8 */
    bool failed, beyond; /* the latter: what failed was a limit of ours, not the source */
    guint32 failed_line;
    char *message;

    PyArena *arena;
    PyTree *tree;
    bool lazy;
    guint32 base;                                /* where `start` is in the tree's source */
    unsigned yields, globals, imports, setattrs; /* how many were read */
    PyNameSlot *names;                           /* a power of two of slots */
    unsigned name_mask, name_count;
    guint64 name_seed; /* no output depends on it */
    const char *name_match, *name_case, *name_type, *name_underscore, *name_debug, *name_setattr;

    char *scratch; /* a stack of lists that are being read */
    size_t scratch_used, scratch_size;
    GString *joined; /* of string literals */
} PyParser;

void py_next(PyParser *p);
/* Keeps the first message. */
void py_fail(PyParser *p, guint32 line, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* As py_fail(), where CPython may go on. */
void py_beyond(PyParser *p, guint32 line, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* CPython looks only at what it uses: comments may hold anything. */
bool py_check_utf8(PyParser *p, const char *start, const char *end);
void py_fail_token(PyParser *p, const char *wanted); /* "expected WANTED, found 'x'" */
/* The text belongs to the arena. */
const char *py_intern(PyParser *p, const char *text, size_t length);
void py_names_init(PyParser *p, size_t source_length);
const PyNameSlot *py_name_slot(PyParser *p, const char *text, size_t length);
/* Notes that the source can only be read by Python 3.MINOR and later. */
void py_needs(PyParser *p, unsigned minor, guint32 line);

static inline TokenKind py_kind(const PyParser *p)
{
    return p->lexer.token.kind;
}

static inline guint32 py_line(const PyParser *p)
{
    return p->lexer.token.line;
}

/* Passes the token if it is of that kind. */
static inline bool py_accept(PyParser *p, TokenKind kind)
{
    if (p->lexer.token.kind != kind)
        return false;
    py_next(p);
    return true;
}

static inline void py_expect(PyParser *p, TokenKind kind, const char *wanted)
{
    if (!py_accept(p, kind))
        py_fail_token(p, wanted);
}

/* A name's text; fails, with "", at any other token. */
const char *py_expect_name(PyParser *p);

/* Recursion of rules is bounded by pairs of these. */
static inline void py_enter(PyParser *p)
{
    if (++p->recursion > PY_MAX_RECURSION)
        py_beyond(p, py_line(p), "too deeply nested");
}

static inline void py_leave(PyParser *p)
{
    p->recursion--;
}

/* --- Lists being read --------------------------------------------------------------------- */

void py_scratch_grow(PyParser *p, size_t size);

static inline size_t py_mark(const PyParser *p)
{
    return p->scratch_used;
}

static inline void py_push(PyParser *p, const void *item, size_t size)
{
    if (p->scratch_used + size > p->scratch_size)
        py_scratch_grow(p, size);
    memcpy(p->scratch + p->scratch_used, item, size);
    p->scratch_used += size;
}

/* What was pushed since the mark, moved into the arena; NULL for nothing. */
const void *py_take(PyParser *p, size_t mark, size_t size, unsigned *ret_count);

static inline void py_push_expr(PyParser *p, const PyExpr *expr)
{
    py_push(p, &expr, sizeof expr);
}

PyExprs py_take_exprs(PyParser *p, size_t mark);

/* --- Rules -------------------------------------------------------------------------------- */

PyExpr *py_expr_new(PyParser *p, PyExprKind kind, guint32 line);
/* Makes `parent` at least one higher than `child` (which may be NULL); fails past the limit. */
void py_hold(PyParser *p, PyExpr *parent, const PyExpr *child);
void py_hold_all(PyParser *p, PyExpr *parent, PyExprs children);
/* A PY_NAME. */
PyExpr *py_name_expr(PyParser *p, const char *name, guint32 line);

PyExpr *py_expression(PyParser *p);
PyExpr *py_named_expression(PyParser *p);
PyExpr *py_star_expressions(PyParser *p); /* a tuple where there is a comma */
PyExpr *py_star_named_expression(PyParser *p);
PyExpr *py_yield_or_star_expressions(PyParser *p);
PyExpr *py_bitwise_or(PyParser *p);
/* "a, *b" up to "in" or "=": checked to be assignable. */
PyExpr *py_targets(PyParser *p);
/* After "for"; `p` is at "for" or "async". Fills clauses. */
void py_comprehension(PyParser *p, PyExpr *comprehension);
bool py_starts_expression(TokenKind kind);

/* python_target.c */
typedef enum {
    PY_TARGET_ASSIGN, /* anything assignable, starred too */
    PY_TARGET_SINGLE, /* name, attribute, subscript: annotated and augmented ones */
    PY_TARGET_DELETE,
} PyTargetUse;
bool py_check_target(PyParser *p, const PyExpr *expr, PyTargetUse use);

/* python_call.c; the opening bracket is passed already, the closing one is passed by them. */
void py_arguments(PyParser *p, guint32 line, bool generator, const PyArgument **ret_arguments,
                  unsigned *ret_count);
void py_parameters(PyParser *p, TokenKind end, const PyParameter **ret_parameters,
                   unsigned *ret_count);
void py_type_parameters(PyParser *p);

/* python_string.c; at TOKEN_STRING or TOKEN_FORMAT. */
PyExpr *py_strings(PyParser *p);

/* python_pattern.c; at the first token of a "case" behind that word. */
void py_case_pattern(PyParser *p, PyCase *into);

/* python_block.c */
PyBlock py_module(PyParser *p);
PyBlock py_block(PyParser *p);
/* The same behind the ":". */
PyBlock py_block_behind_colon(PyParser *p);
PyStmt *py_stmt_new(PyParser *p, PyStmtKind kind, guint32 line);
/* NULL where no compound statement begins here. */
PyStmt *py_compound(PyParser *p);
/* python_statement.c: pushes statements up to the end of the line. */
void py_simple_line(PyParser *p);
