/* What the readers of lock files share. For foreign_*.c only. */
#pragma once

#include "python/foreign_lock.h"
#include "text/toml.h"

typedef struct ForeignKind {
    /* Fills lock->packages; mistakes go to lock->diags. */
    void (*read)(ForeignLock *lock);
    bool (*select)(const ForeignLock *lock, const LockSelection *selection, GPtrArray *ret_packages,
                   GError **error);
} ForeignKind;

struct ForeignLock {
    const ForeignKind *kind;
    Source *source;
    NodeArena *arena;
    const Node *root;
    GPtrArray *packages; /* LockedPackage */
    GPtrArray *nodes;    /* const Node *: the table of each */
    GHashTable *by_name; /* canonical → GArray of guint: positions in packages */
    GHashTable *markers; /* text → Marker */
    Diags *diags;        /* while it is read */
};

extern const ForeignKind foreign_pylock, foreign_uv, foreign_poetry;

/* The text, list or map of a key; NULL when it is absent or, which is reported, something else. */
const char *foreign_text(ForeignLock *lock, const Node *map, const char *key);
const Node *foreign_list(ForeignLock *lock, const Node *map, const char *key);
const Node *foreign_map(ForeignLock *lock, const Node *map, const char *key);
/* As foreign_text(); absence is a mistake. */
const char *foreign_required(ForeignLock *lock, const Node *map, const char *key, Span at);
/* The marker of a text, parsed once; NULL without a text or after a mistake. */
const Marker *foreign_marker(ForeignLock *lock, const Node *text);
/* The same of a file that has been read. */
const Marker *foreign_marker_known(const ForeignLock *lock, const Node *text);

/* A package of this table, at the place of its name, in lock->packages; NULL after a mistake. */
LockedPackage *foreign_add_package(ForeignLock *lock, const Node *table);
/* Adds a file; its name is that of the URL or path unless `filename` says it. */
void foreign_add_file(LockedPackage *package, const char *filename, const char *url,
                      const char *path, const char *hash);
LockedFile *foreign_file_new(const char *filename, const char *url, const char *path,
                             const char *hash);
/* Takes the file for the package's own: a wheel, else what has to be built. */
void foreign_set_direct(LockedPackage *package, LockedFile *file);

/* Whether the names of `set` hold `name`, both in any spelling. */
bool foreign_names(const char *const *set, const char *name);
/* The value whose key is `name` in any spelling; NULL: none, or `map` is no map. */
const Node *foreign_find(const Node *map, const char *name);
/* FALSE: the Python of the target is not among those that the text names. */
bool foreign_check_python(const ForeignLock *lock, const Node *text, const LockSelection *selection,
                          GError **error);
