/* Lock files of other tools: pylock.toml (PEP 751, lock-version 1.0), uv.lock (version 1) and
 * poetry.lock (lock-version 1.0 to 2.1).
 *
 * Each names exact versions and the digests of their files for every platform that it was made for.
 * foreign_lock_read() checks the whole file; foreign_lock_select() says what one target takes of
 * it, by markers, extras and groups:
 * - pylock.toml: packages whose marker holds; no groups given: its default-groups.
 * - uv.lock: what the project (or every member of a workspace without one), its extras and the
 *   groups reach. No group is taken unless it is named, not even uv's default `dev`.
 * - poetry.lock: the group `main` and those named. Up to lock-version 2.0 the file does not say
 * what is in a group: the pyproject.toml beside it does. The project itself is never in the
 * selection. */
#pragma once

#include "base/diags.h"
#include "python/requirement.h"
#include "python/tag.h"

typedef struct {
    char *filename;
    char *url;  /* or NULL */
    char *path; /* beside the lock file, or NULL */
    char *hash; /* "sha256:hex", or NULL */
} LockedFile;

/* One package of a lock file. It belongs to the lock file. */
typedef struct {
    char *name;         /* canonical */
    char *version;      /* NULL: not said, of a direct reference */
    char *index;        /* URL of the index that it came from, or NULL */
    GPtrArray *files;   /* LockedFile: what an index has of it */
    LockedFile *direct; /* a file at a URL or path of its own, or NULL */
    char *source_only;  /* "a git checkout": what has no wheel before it is built, or NULL */
    bool project;       /* a folder that the lock file was made for */
    bool built;         /* of a project: it would be built and installed */
    Span at;
} LockedPackage;

typedef struct {
    const MarkerEnvironment *markers;
    const Version *python;                     /* full version of the target */
    const char *const *extras, *const *groups; /* as written; NULL: none */
    const GPtrArray *roots; /* Requirement, where foreign_lock_wants_roots(); or NULL */
} LockSelection;

typedef struct ForeignLock ForeignLock;

/* Whether a file of this name is read: pylock.toml, pylock.NAME.toml, uv.lock, poetry.lock. */
bool foreign_lock_is_name(const char *path);
/* NULL after mistakes, which are in diags. The lock keeps a reference to `source`. */
ForeignLock *foreign_lock_read(Source *source, Diags *diags);
void foreign_lock_free(ForeignLock *lock);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ForeignLock, foreign_lock_free)

/* Whether only the project's pyproject.toml says what extras and groups begin with. */
bool foreign_lock_wants_roots(const ForeignLock *lock);
/* The Pythons that it is for as PEP 440 clauses, and where they stand; NULL: it does not say.
 * Caller frees. */
char *foreign_lock_requires_python(const ForeignLock *lock, Span *ret_at);
/* LockedPackage, in the order of the file. */
const GPtrArray *foreign_lock_packages(const ForeignLock *lock);
/* The packages that the target takes, borrowed, and the project's own folders among them. Errors:
 * ERROR_INPUT where the file is not for this Python, an extra or a group is not in it, or two
 * versions of one package are taken. */
GPtrArray *foreign_lock_select(const ForeignLock *lock, const LockSelection *selection,
                               GError **error);
