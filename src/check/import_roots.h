/* What a check imports: the items of `checks:`, the file that the container starts, and the modules
 * of the distributions that the user asks for by name. */
#pragma once

#include "check/check.h"
#include "check/import_bring.h"

typedef enum {
    ROOT_CHECK,        /* `import:` of `checks:` */
    ROOT_SCRIPT,       /* a file that the container starts */
    ROOT_START,        /* a module that it starts */
    ROOT_DISTRIBUTION, /* nobody says that it is imported */
} RootKind;

typedef struct {
    RootKind kind;
    char *name;           /* the module, or the path of the script */
    Span at;              /* where the recipe names it; SPAN_NONE: a distribution's */
    const char *when;     /* ROOT_CHECK: "build", "runtime", "gpu" */
    char *distribution;   /* ROOT_DISTRIBUTION: canonical name */
    char **folders;       /* what Python looks into before the standard library */
    GBytes *text;         /* ROOT_SCRIPT */
    ImportVerdict *build; /* of the two worlds; NULL: not simulated */
    ImportVerdict *run;
} ImportRoot;
void import_root_free(void *root);

/* A `module:` or `symbol:` of `checks:`, as without a driver. */
typedef struct {
    char *text; /* of the item: "torch.nn", "torch.nn:Linear" */
    ImportVerdict *verdict;
} ImportFound;
void import_found_free(void *found);

/* ImportRoot, in the order of the kinds, each module once a kind and `when`. `env` is that of the
 * image, "KEY=value". Needs run->space; for what the container starts run->image. */
GPtrArray *import_roots_find(const CheckRun *run, const char *const *env);
/* Brings what they and the other items of `checks:` need. */
void import_roots_bring(const CheckRun *run, ImportSources *sources, WheelViews *views);
/* Fills in the verdicts of run->roots, run->found and run->deferred. */
void import_roots_simulate(CheckRun *run, ImportSources *sources);
/* The items that are found and not imported: ImportFound without verdicts, each text once. */
GPtrArray *import_roots_items(const CheckRun *run);
/* The root of a module that an item imports, or NULL. */
const ImportRoot *import_roots_of_item(const CheckRun *run, const char *module);
/* The verdict of an item that is found, or NULL. */
const ImportVerdict *import_roots_find_item(const CheckRun *run, const char *text);
/* How an item of `build` or `runtime` goes, where no driver is counted on: RESULT_MOVED where only
 * that makes it fail. Needs both verdicts of the root. */
ResultKind import_root_without_driver(const ImportRoot *root);
