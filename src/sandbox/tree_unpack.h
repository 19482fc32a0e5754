/* The entries of a layer as files of a folder.
 *
 * Nothing leaves the folder, whatever the layer says: parents are opened inside it, the kernel
 * following their links as if it were the root (openat2, RESOLVE_IN_ROOT, Linux 5.6), and last
 * parts are never followed. Devices, fifos and sockets are not made, extended attributes not kept.
 * Modes, times and hard links are; owners where the machine can give them. An entry takes the place
 * of what has its name, but a folder that is there stays and takes its attributes.
 *
 * Whiteouts (image-spec 1.1, layer.md) concern lower layers alone, whatever their place in the
 * archive. They either remove what lower layers left in the folder, or they become what overlayfs
 * reads as such: a character device 0:0, and "user.overlay.opaque" (Linux,
 * Documentation/filesystems/overlayfs.rst, "userxattr"). */
#pragma once

#include "archive/reader.h"

typedef struct {
    bool overlay;   /* whiteouts as overlayfs has them */
    gint64 id_base; /* what is added to owners; -1: everything belongs to the caller */
} TreeUnpackOptions;

/* Ids from here on are those of nobody: no map of ours has them. */
#define TREE_UNPACK_IDS 65536u

typedef struct TreeUnpack TreeUnpack;
/* `folder` is there and empty. */
TreeUnpack *tree_unpack_new(const char *folder, const TreeUnpackOptions *options, GError **error);
/* The next layer, from the lowest up; in an overlay each has a folder of its own. Errors:
 * ERROR_INPUT naming the entry, ERROR_FAILED; what was made so far stays. */
gboolean tree_unpack_layer(TreeUnpack *unpack, ArchiveReader *reader, GError **error);
/* Makes the whiteouts of an overlay and gives folders their attributes, without which nothing could
 * be put into some. *ret_alone: whether the folder is all of the layer. It is not where an overlay
 * can't tell by itself what the layer means: names of files of lower layers, folders whose
 * attributes it does not say, whiteouts that the file system can't hold. */
gboolean tree_unpack_finish(TreeUnpack *unpack, bool *ret_alone, GError **error);
void tree_unpack_free(TreeUnpack *unpack);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TreeUnpack, tree_unpack_free)
