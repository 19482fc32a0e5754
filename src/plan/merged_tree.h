/* The file tree that the stages leave over the base: what pip, COPY and rm would have left, without
 * unpacking anything.
 *
 * Base files are seen through its ImageRoot and never change; entries of the stages lie over them.
 * Paths are absolute, and parents that are links are followed as the base and earlier entries have
 * them, so that an entry below /lib of a merged-usr base is one below /usr/lib and no link is ever
 * written over. Looking fills caches: a tree belongs to one thread at a time, its entries are
 * values that may be read anywhere while it does not change. An entry's content stays where it is
 * (a member of a wheel, a file on this machine) until its layer is written. */
#pragma once

#include "archive/reader.h"
#include "image/rootfs.h"
#include "python/wheel_archive.h"

/* Which layer an entry belongs to. */
typedef enum {
    LAYER_OF_WHEEL,     /* payload of a wheel, as it is in the wheel */
    LAYER_OF_INSTALLER, /* what an installer writes: RECORD, wrappers, scripts */
    LAYER_OF_FILES,     /* files, users, what `remove` takes away */
} EntryLayer;

typedef enum {
    CONTENT_NONE, /* folders and links */
    CONTENT_MEMBER,
    CONTENT_BYTES,
    CONTENT_HOST,
} ContentKind;

typedef struct {
    char *path; /* absolute, "/usr/local/bin/x" */
    EntryKind kind;
    unsigned mode;
    guint64 uid, gid;
    char *target; /* of a symbolic link */
    guint64 size; /* of a file */
    ContentKind content;
    const ZipMember *member; /* CONTENT_MEMBER: of `wheel` */
    GBytes *bytes;           /* CONTENT_BYTES */
    char *host_path;         /* CONTENT_HOST */
    EntryLayer layer;
    const WheelArchive *wheel; /* whose distribution it belongs to; NULL: no wheel's */
    unsigned stage;            /* index of the stage that put it there */
    const char *layer_name;    /* of that stage's `layer:`, for LAYER_OF_FILES; or NULL */
    bool implied;              /* a folder that nobody asked for: parent of others */
} TreeEntry;

TreeEntry *tree_entry_new(const char *path, EntryKind kind, unsigned mode);
void tree_entry_free(TreeEntry *entry);

typedef struct MergedTree MergedTree;

/* Borrows the base (NULL: scratch) and every wheel that comes in. */
MergedTree *merged_tree_new(const ImageRoot *base);
void merged_tree_free(MergedTree *tree);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MergedTree, merged_tree_free)

/* Puts a file or link in the place of whatever file or link is there (a link at the path itself is
 * replaced, not followed), or a folder where none is; missing parents become implied folders 0755
 * 0:0. Takes `entry`, whose path becomes the resolved one. ERROR_INPUT naming the path: a folder is
 * where a file should go, a parent is a file, a loop of links, too deep. *ret_replaced (may be
 * NULL): the entry that lost its place, valid until the next call; NULL where none or the base's.
 */
gboolean merged_tree_put(MergedTree *tree, TreeEntry *entry, const TreeEntry **ret_replaced,
                         GError **error);
/* Removes a file, link or empty folder; one of the base's becomes a whiteout. FALSE: nothing is
 * there. Parents are followed, the last part is not. */
bool merged_tree_remove(MergedTree *tree, const char *path);
/* With everything below it. */
bool merged_tree_remove_all(MergedTree *tree, const char *path);

/* What is there now, of stages or base; links are followed but for the last part unless `follow`.
 */
PathKind merged_tree_stat(const MergedTree *tree, const char *path, bool follow);
/* The stages' entry at the resolved path, or NULL. */
const TreeEntry *merged_tree_find(const MergedTree *tree, const char *path);
/* The path with links resolved (the last part too where `follow`); parts that are absent are taken
 * as they are; NULL for a loop. */
char *merged_tree_resolve(const MergedTree *tree, const char *path, bool follow);
/* Names in a folder, sorted; NULL when it is none. */
GPtrArray *merged_tree_list(const MergedTree *tree, const char *path);
/* The content of a file: of an entry, or of the base where it is held. NULL: absent, too large, not
 * held. */
GBytes *merged_tree_read(const MergedTree *tree, const char *path, size_t limit);

/* TreeEntry by path bytes (so that a folder comes before what is in it); valid until the tree
 * changes. The second: absolute paths of the base's files and folders that are gone, by path; of a
 * folder that is gone as a whole only the folder. A base file in whose place an entry stands is not
 * among them. */
const GPtrArray *merged_tree_entries(MergedTree *tree);
const GPtrArray *merged_tree_whiteouts(MergedTree *tree);
/* Owner and mode of what is at the path, links followed, as it is in the image: the base's, an
 * entry's, or 0755 0:0. */
void merged_tree_folder_attributes(const MergedTree *tree, const char *path, unsigned *ret_mode,
                                   guint64 *ret_uid, guint64 *ret_gid);
