/* The files that the stages of a target leave in the image, by path, with the wheel member that
 * each comes from: plan's merged tree without any wheel on this machine. What `ignore_installed`
 * leaves lying (stale files, a second dist-info) is in it, what an uninstall removed is not.
 *
 * Paths are those of an installed tree: below the folders of site-packages ("purelib" and "platlib"
 * of the scheme) without a leading slash for what Python imports ("torch/__init__.py"), absolute
 * for the rest ("/usr/local/bin/x"). Files of the base's own site-packages are seen where the
 * base's tree is known. What `files:`, `remove:` and `run:` stages do is not in it, nor are
 * byte-compiled files. */
#pragma once

#include "image/rootfs.h"
#include "lock/lock_recipe.h"
#include "python/wheel_view.h"

typedef struct {
    const char *path;         /* the space's */
    WheelView *view;          /* NULL: the base's */
    const ZipMember *member;  /* NULL: the base's, or written by the installer */
    const LockFile *file;     /* the wheel; NULL: the base's */
    const char *distribution; /* canonical name of its owner; NULL: nobody's */
    const char *version;
    unsigned stage; /* index in target->stages; G_MAXUINT: the base */
    bool stale;     /* of an install of its project that a later one was written over */
} SpaceFile;

/* A file that one distribution has written over another's, both of which are installed in the end;
 * the later one wins. */
typedef struct {
    const SpaceFile *winner;
    const SpaceFile *loser; /* in the space no more */
    bool same;              /* same size and CRC, or the same wrapper: harmless */
} SpaceOverlap;

/* A console or GUI script of a wheel. */
typedef struct {
    const SpaceFile *script;
    const char *module, *attribute;
} SpaceScript;

typedef struct FileSpace FileSpace;

typedef struct {
    const Recipe *recipe; /* NULL: no stage has flags of its own */
    const LockTarget *target;
    WheelViews *views;              /* of every wheel that an action of the target installs */
    const Environment *environment; /* of the base, with its distributions; NULL: as the lock's */
    const ImageRoot *base;          /* NULL: its files are not known */
} FileSpaceInput;

/* Borrows what the input refers to. Never fails: a wheel whose files can't be known is listed by
 * file_space_unknown(). Members that were not brought (file_space_wants) are, in one go. */
FileSpace *file_space_new(const FileSpaceInput *input);
void file_space_free(FileSpace *space);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FileSpace, file_space_free)
/* The members that file_space_new() reads, for a wheel_views_bring() of more; `data` is not used.
 */
bool file_space_wants(void *data, const WheelView *view, const ZipMember *member);

const SpaceFile *file_space_find(const FileSpace *space, const char *path);
/* Names in a folder ("" is site-packages itself, others have no "/" at the end), sorted; folders
 * end with "/". NULL: none. The caller frees the array, which owns its texts. Linear in what is
 * listed.
 */
GPtrArray *file_space_list(const FileSpace *space, const char *folder);
/* Whether any file is in the folder or below it. */
bool file_space_has_folder(const FileSpace *space, const char *folder);
/* All files by path; SpaceFile, the space's. */
const GPtrArray *file_space_files(const FileSpace *space);
const GPtrArray *file_space_overlaps(const FileSpace *space); /* SpaceOverlap, by path */
const GPtrArray *file_space_scripts(const FileSpace *space);  /* SpaceScript, by path */
/* Wheels whose files are not known: LockFile, and why. */
const GPtrArray *file_space_unknown(const FileSpace *space);
const char *file_space_problem(const FileSpace *space, const LockFile *file);
/* The content. ERROR_INPUT for what the installer writes, and for files of the base whose content
 * is not held; as wheel_view_read(). */
GBytes *file_space_read(const FileSpace *space, const SpaceFile *file, size_t limit,
                        GError **error);
/* The folder that relative paths count from, absolute. */
const char *file_space_site(const FileSpace *space);
/* A copy of this space as it is after the first `stages` stages. */
FileSpace *file_space_after(const FileSpace *space, unsigned stages);
