/* The tree of a marker and its parser, shared by marker.c and marker_parse.c. */
#pragma once

#include "python/marker.h"
#include "python/specifier.h"

typedef enum {
    VARIABLE_IMPLEMENTATION_NAME,
    VARIABLE_IMPLEMENTATION_VERSION,
    VARIABLE_OS_NAME,
    VARIABLE_PLATFORM_MACHINE,
    VARIABLE_PLATFORM_PYTHON_IMPLEMENTATION,
    VARIABLE_PLATFORM_RELEASE,
    VARIABLE_PLATFORM_SYSTEM,
    VARIABLE_PLATFORM_VERSION,
    VARIABLE_PYTHON_FULL_VERSION,
    VARIABLE_PYTHON_VERSION,
    VARIABLE_SYS_PLATFORM,
    VARIABLE_EXTRA,
    VARIABLE_COUNT, /* those that an environment holds */
    VARIABLE_EXTRAS = VARIABLE_COUNT,
    VARIABLE_DEPENDENCY_GROUPS,
    VARIABLE_UNKNOWN,
} MarkerVariable;

typedef enum {
    MARKER_IN,
    MARKER_NOT_IN,
    MARKER_ARBITRARY,
    MARKER_EQUAL,
    MARKER_COMPATIBLE,
    MARKER_NOT_EQUAL,
    MARKER_LESS_EQUAL,
    MARKER_GREATER_EQUAL,
    MARKER_LESS,
    MARKER_GREATER,
} MarkerOp;

typedef struct {
    char *text; /* the literal's value or the variable's name */
    bool is_variable;
} MarkerOperand;

/* left op right. `variable` decides how the sides are compared and which side is looked up: the
 * left one when it is a variable, otherwise the right one, even if that is a literal that spells a
 * variable's name. The other side counts as text, even if it is a variable. */
typedef struct {
    MarkerOperand left, right;
    MarkerOp op;
    MarkerVariable variable;
    SpecifierSet *clause; /* op and right text, when versions are compared and it is a specifier */
    Version *version;     /* the left literal, when versions are compared */
} MarkerItem;

typedef struct MarkerNode MarkerNode;
struct MarkerNode {
    bool after_or;    /* joined by `or` to the node before it, otherwise by `and` */
    MarkerItem *item; /* NULL: a group in parentheses */
    GPtrArray *group; /* MarkerNode */
};

/* The nodes of a marker, in order. Errors: ERROR_INPUT. */
GPtrArray *marker_nodes_parse(const char *source, const char **at, GError **error);

MarkerVariable marker_variable_find(const char *name);
const char *marker_op_text(MarkerOp op);
/* Whether packaging compares the variable's values as versions where it can. */
bool marker_variable_is_version(MarkerVariable variable);
