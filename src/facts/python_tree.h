/* A Python file as a tree of statements and expressions (The Python Language Reference, §6 to §10,
 * of 3.8 to 3.14): what the static look at imports walks over. Nothing is executed.
 *
 * The tree lies in arenas of its own. Lines count from 1. What a walk never needs (comments,
 * numbers' values, formats of f-strings, type parameters) is not kept. Bodies of functions may be
 * left out until somebody asks for them: see py_function_body().
 *
 * Walks may recurse: no path from the root is longer than PY_MAX_STATEMENT_DEPTH statements (a long
 * chain of elif is one of the deep ones) and PY_MAX_HEIGHT expressions. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct PyExpr PyExpr;
typedef struct PyStmt PyStmt;

typedef struct {
    const PyExpr *const *items;
    unsigned count;
} PyExprs;

typedef struct {
    const PyStmt *const *items;
    unsigned count;
} PyBlock;

typedef enum {
    PY_NAME,      /* text */
    PY_ATTRIBUTE, /* left . text */
    PY_SUBSCRIPT, /* left [ right ] */
    PY_CALL,      /* left ( arguments ) */
    PY_STRING,    /* text, decoded, adjacent ones joined; NULL where it is longer than 64 KiB or
                     no text of C: with a zero, a lone surrogate, \N{...} */
    PY_BYTES,     /* nothing kept */
    PY_FSTRING,   /* items: the expressions in it, in order; t-strings too */
    PY_NUMBER,    /* text as written */
    PY_NONE,
    PY_TRUE,
    PY_FALSE,
    PY_ELLIPSIS,
    PY_TUPLE,         /* items */
    PY_LIST,          /* items */
    PY_SET,           /* items */
    PY_DICT,          /* items: key, value, key, value …; a NULL key is "**" */
    PY_NOT,           /* left */
    PY_UNARY,         /* left; text is the operator */
    PY_BINARY,        /* left text right */
    PY_AND,           /* items */
    PY_OR,            /* items */
    PY_COMPARE,       /* left, then items, each with its operator in operators */
    PY_CONDITIONAL,   /* left if test else right */
    PY_LAMBDA,        /* parameters; left is the body */
    PY_COMPREHENSION, /* items: the element (key, value of a dict); clauses; text: "list", "set",
                         "dict", "generator" */
    PY_AWAIT,         /* left */
    PY_YIELD,         /* left, or NULL */
    PY_YIELD_FROM,    /* left */
    PY_STARRED,       /* left */
    PY_NAMED,         /* text := right */
    PY_SLICE,         /* items: lower, upper, step; each may be NULL */
} PyExprKind;

typedef enum {
    PY_OPERATOR_EQ,
    PY_OPERATOR_NE,
    PY_OPERATOR_LT,
    PY_OPERATOR_LE,
    PY_OPERATOR_GT,
    PY_OPERATOR_GE,
    PY_OPERATOR_IS,
    PY_OPERATOR_IS_NOT,
    PY_OPERATOR_IN,
    PY_OPERATOR_NOT_IN,
} PyOperator;

typedef struct {
    const char *name; /* of a keyword argument, or NULL */
    unsigned stars;   /* 1: *value, 2: **value */
    const PyExpr *value;
} PyArgument;

typedef struct {
    const char *name;
    unsigned stars;              /* 1: *args (name NULL: a bare star), 2: **kwargs */
    bool positional_only;        /* before "/" */
    bool keyword_only;           /* behind a star */
    const PyExpr *default_value; /* or NULL */
    const PyExpr *annotation;    /* or NULL */
} PyParameter;

typedef struct {
    const PyExpr *target, *iterable;
    PyExprs conditions;
    bool async;
} PyClause;

/* Only what PyExprKind names is there: the rest lies beyond the memory of the expression, or is
 * something else. */
struct PyExpr {
    PyExprKind kind : 8;
    unsigned height : 24; /* of the tree below: 1 without children */
    guint32 line;
    const char *text; /* NULL where the kind has none */
    union {
        const PyExpr *left;
        const PyClause *clauses;
    };
    union {
        const PyExpr *right;
        const PyArgument *arguments;
        const PyParameter *parameters;
        const PyOperator *operators; /* as many as items */
        unsigned clause_count;
    };
    union {
        const PyExpr *test;
        unsigned argument_count, parameter_count;
        PyExprs items;
    };
};

/* Which parts a kind has, for walks that look at all kinds. */
enum {
    PY_LEFT = 1,
    PY_RIGHT = 2,
    PY_TEST = 4,
    PY_ITEMS = 8,
};
extern const guint8 py_expr_parts[PY_SLICE + 1];

static inline bool py_has(const PyExpr *expr, unsigned part)
{
    return py_expr_parts[expr->kind] & part;
}

typedef enum {
    PY_EXPRESSION,  /* value */
    PY_ASSIGN,      /* targets = value */
    PY_ANNOTATED,   /* targets[0] : annotation [= value] */
    PY_AUGMENTED,   /* targets[0] text value: text is "+" of "+=" */
    PY_IMPORT,      /* aliases */
    PY_IMPORT_FROM, /* text (or NULL), level, aliases; one alias named "*" for a star */
    PY_IF,          /* value is the test; body; orelse (an elif is an if alone in orelse) */
    PY_WHILE,       /* value, body, orelse */
    PY_FOR,         /* targets[0] in value; body, orelse */
    PY_WITH,        /* with_items, body */
    PY_TRY,         /* body, handlers, orelse, final */
    PY_FUNCTION,    /* text, parameters, decorators, annotation (of the result); its body is what
                       py_function_body() gives */
    PY_CLASS,       /* text, arguments (bases and keywords), decorators, body */
    PY_RETURN,      /* value, or NULL */
    PY_RAISE,       /* value, cause; either may be NULL */
    PY_ASSERT,      /* value, cause: the message or NULL */
    PY_DELETE,      /* targets */
    PY_GLOBAL,      /* aliases */
    PY_NONLOCAL,    /* aliases */
    PY_PASS,
    PY_BREAK,
    PY_CONTINUE,
    PY_MATCH, /* value, cases */
    PY_TYPE,  /* type text = value */
} PyStmtKind;

typedef struct {
    const char *name; /* dotted in PY_IMPORT */
    const char *as;   /* or NULL */
} PyAlias;

typedef struct {
    const PyExpr *type; /* NULL: bare except; a tuple for several */
    const char *name;   /* as NAME, or NULL */
    PyBlock body;
    guint32 line;
} PyHandler;

typedef struct {
    const PyExpr *context;
    const PyExpr *target; /* or NULL */
} PyWithItem;

typedef struct {
    PyExprs captured;    /* PY_NAME that the pattern binds */
    PyExprs values;      /* value patterns and classes of it: names, attributes, constants */
    bool irrefutable;    /* "_" or a bare name, without a guard */
    const PyExpr *guard; /* or NULL */
    PyBlock body;
    guint32 line;
} PyCase;

struct PyStmt {
    PyStmtKind kind : 8;
    bool async : 1; /* def, for, with */
    bool star : 1;  /* try with except* */
    /* What the body of a function holds, bodies within it too; all but `imports` may be set
     * where nothing of the kind is. `setattrs`: the name setattr. */
    bool yields : 1, globals : 1, imports : 1, setattrs : 1;
    guint32 line; /* of its first token; of a decorated one: of "def" or "class" */
    guint32 last_line;
    guint32 level; /* dots of "from" */
    const char *text;
    const PyExpr *value, *cause, *annotation;
    PyExprs targets;
    /* Of imports, global, nonlocal and compound statements alone: */
    const PyAlias *aliases;
    unsigned alias_count;
    /* Of compound statements alone: */
    PyExprs decorators;
    PyBlock body, orelse, final;
    struct PyLazyBody *lazy;
    const PyParameter *parameters;
    unsigned parameter_count;
    const PyArgument *arguments;
    unsigned argument_count;
    const PyHandler *handlers;
    unsigned handler_count;
    const PyWithItem *with_items;
    unsigned with_count;
    const PyCase *cases;
    unsigned case_count;
};

/* Whether a statement has blocks: of the others that part of the struct is not there. */
static inline bool py_is_compound(const PyStmt *stmt)
{
    return (stmt->kind >= PY_IF && stmt->kind <= PY_CLASS) || stmt->kind == PY_MATCH;
}

static inline bool py_has_aliases(const PyStmt *stmt)
{
    return stmt->kind == PY_IMPORT || stmt->kind == PY_IMPORT_FROM || stmt->kind == PY_GLOBAL ||
           stmt->kind == PY_NONLOCAL;
}

typedef struct {
    PyBlock body;
    /* The oldest Python 3 that reads this syntax is 3.needs_minor, 8 at least; and the first line
     * that asks for it. An older one fails with a SyntaxError. */
    unsigned needs_minor;
    guint32 needs_line;
    struct PyArena *arena, *names;
    GBytes *source; /* of bodies that are read when they are asked for; or NULL */
} PyTree;

/* The statements of a PY_FUNCTION. Bodies that were left out are read now and kept, by one thread
 * at a time; they were read before, so that this never fails. */
PyBlock py_function_body(const PyStmt *function);

size_t py_tree_memory(const PyTree *tree); /* bytes it takes */
void py_tree_free(PyTree *tree);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PyTree, py_tree_free)
