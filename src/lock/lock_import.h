/* Where the `import` items of `checks:` can run: those of `build` and `runtime` that need a driver
 * are moved to `gpu`, since a build has none and a container may have none.
 *
 * The verdicts are made by check, from the files of the wheels, before a lock is written; a lock
 * holds one for every such item, so that a plan, a Dockerfile and an image are functions of recipe
 * and lock alone. Their input "imports" covers the items, their lines and `env:`. */
#pragma once

#include "text/json_fields.h"

typedef enum {
    LOCK_IMPORT_STAYS,     /* where it stands, whether it works there or fails everywhere */
    LOCK_IMPORT_MOVED,     /* to `gpu`: it fails without a driver */
    LOCK_IMPORT_UNDECIDED, /* it stays: what importing it does was not followed to its end */
    LOCK_IMPORT_UNREAD,    /* it stays: wheels could not be looked into; the next lock may know */
} LockImportVerdict;

typedef struct {
    char *module; /* "bitsandbytes" */
    char *list;   /* "build" or "runtime": where the item stands */
    char *at;     /* "file:line" of the item */
    LockImportVerdict verdict;
    char *reason;    /* "RuntimeError: 0 active drivers", or why nobody knows; NULL: it stays */
    char **evidence; /* "file:line: statement" in the wheels, down to the one that fails; or NULL */
} LockImport;

LockImport *lock_import_new(const char *module, const char *list, const char *at);
void lock_import_free(gpointer item);
/* "stays", "moved", "undecided", "unread" */
const char *lock_import_verdict_name(LockImportVerdict verdict);
/* The items of `checks: {LIST: ...}` that import the module, or NULL. `imports`: of a target. */
const LockImport *lock_import_find(const GPtrArray *imports, const char *list, const char *module);
bool lock_import_is_moved(const GPtrArray *imports, const char *list, const char *module);
bool lock_imports_any(const GPtrArray *imports, LockImportVerdict verdict);

extern const JsonRecord lock_import_lock_record, lock_import_plan_record;
