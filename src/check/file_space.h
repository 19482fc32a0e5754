/* The files that the stages of a target leave in the image, by path, with the wheel member that
 * each comes from: plan's merged tree without any wheel on this machine. What `ignore_installed`
 * leaves lying (stale files, a second dist-info) is in it, what an uninstall removed is not.
 *
 * Paths are those of an installed tree: below the folders of site-packages ("purelib" and "platlib"
 * of the scheme) without a leading slash for what Python imports ("torch/__init__.py"), absolute
 * for the rest ("/usr/local/bin/x"). Files of the base's own site-packages are seen where the
 * base's tree is known. */
#pragma once

#include "image/rootfs.h"
#include "lock/lock.h"
#include "python/wheel_view.h"

typedef struct {
    char *path;
    WheelView *view;          /* NULL: the base's */
    const ZipMember *member;  /* NULL: the base's, or written by the installer */
    const LockFile *file;     /* the wheel; NULL: the base's */
    const char *distribution; /* canonical name of its owner; NULL: nobody's */
    const char *version;
    unsigned stage; /* index in target->stages; G_MAXUINT: the base */
    bool stale;     /* no RECORD that pip reads lists it any more, or only a ghost's */
} SpaceFile;

/* Two wheels that write one path with different content; the later one wins. */
typedef struct {
    const SpaceFile *winner;
    char *loser; /* "name version" */
    bool same;   /* same size and CRC: harmless */
} SpaceOverlap;

typedef struct FileSpace FileSpace;

/* `views` holds every wheel that an action of the target installs; `base` may be NULL. Borrows all.
 * Never fails: a wheel without directory is listed by file_space_unknown(). */
FileSpace *file_space_new(const LockTarget *target, WheelViews *views, const ImageRoot *base);
void file_space_free(FileSpace *space);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FileSpace, file_space_free)

const SpaceFile *file_space_find(const FileSpace *space, const char *path);
/* Names in a folder ("" is site-packages itself), sorted; folders end with "/". NULL: none. The
 * caller frees the array, texts are the space's. */
GPtrArray *file_space_list(const FileSpace *space, const char *folder);
/* All files by path; SpaceFile, the space's. */
const GPtrArray *file_space_files(const FileSpace *space);
const GPtrArray *file_space_overlaps(const FileSpace *space); /* SpaceOverlap, by path */
const GPtrArray *file_space_unknown(const FileSpace *space);  /* LockFile */
GBytes *file_space_read(const FileSpace *space, const SpaceFile *file, size_t limit,
                        GError **error);
/* Copies of this `space` of a stage: files as they are after the first `stages` stages. */
FileSpace *file_space_after(const FileSpace *space, unsigned stages);
