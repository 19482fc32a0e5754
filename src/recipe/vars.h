/* Variables: `vars:` of a recipe, values of its matrix, `params:` of a stage definition.
 *
 * `$(name)` in a value is replaced; an item of a list that is only `$(list)` is spliced; `$$(` is a
 * literal `$(`. Keys and script text are never touched. */
#pragma once

#include "text/decode.h"

typedef enum {
    VAR_TEXT,
    VAR_LIST,
    VAR_BOOL,
    VAR_INT,
    VAR_VERSION,
    VAR_CUDA, /* "12.4", "cu124", "cpu": becomes the name of an index */
} VarType;

typedef struct {
    char *name;
    int type; /* VarType */
    bool has_type;
    const Node *fallback; /* or NULL */
    GPtrArray *choices;   /* Text, or NULL */
    bool required;
    char *about;
    Span at;
} Declaration;

extern const Shape declaration_shape;

/* The variables that a text may use. */
typedef struct Scope Scope;

/* `place` ends the sentence "there is no variable 'x' in …". `use_site`, when set, is where values
 * written in this scope are said to come from, unless a variable says better. */
Scope *scope_new(const char *place, Span use_site);
void scope_free(Scope *scope);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Scope, scope_free)

/* `value` is a scalar or list without variables; NULL: declared, but without a value. A later value
 * replaces an earlier one. */
void scope_set(Scope *scope, const char *name, const Node *value);
/* Forgets the variable. */
void scope_unset(Scope *scope, const char *name);
/* NULL when unknown or without a value. */
const Node *scope_find(const Scope *scope, const char *name);
bool scope_has(const Scope *scope, const char *name);
/* Sets the hint of an error about an unknown name. */
void scope_suggest(const Scope *scope, GError *error, const char *name);
/* Pair for every variable with a value, by name; the items of a list are joined by blanks. */
GPtrArray *scope_pairs(const Scope *scope);

/* Text or list with the variables of `scope`; `node` itself when it uses none. Mistakes are
 * reported and leave the text as it is. */
const Node *scope_expand(Scope *scope, Decoder *decoder, const Node *node);
/* Whether a text is a variable's name. */
bool variable_name_is_valid(const char *name);

/* `value` as the declaration wants it, NULL after an error. */
const Node *declaration_apply(const Declaration *declaration, Decoder *decoder, const Node *value);
/* The declarations of a map node; an empty array for NULL. Items are freed by declarations_free. */
GPtrArray *declarations_decode(Decoder *decoder, const Node *node, const char *key);
void declarations_free(GPtrArray *declarations);
const Declaration *declarations_find(const GPtrArray *declarations, const char *name);
