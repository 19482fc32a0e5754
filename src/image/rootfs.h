/* The file tree that an image's layers make when they are laid over each other, or a folder that
 * holds one: looked into without unpacking or running anything.
 *
 * Paths are absolute inside the tree. Symbolic links are followed inside it: an absolute target
 * begins at the tree's root, ".." stops there, and LIMIT_LINKS_FOLLOWED links end a loop. Of an
 * image only the tree and those contents are held that the caller asked for when it was opened, so
 * that memory does not grow with the image. image-spec 1.1, layer.md: whiteouts and opaque
 * whiteouts concern lower layers alone, whatever their place in the archive. */
#pragma once

#include "archive/reader.h"

typedef enum {
    PATH_NONE,
    PATH_FILE,
    PATH_FOLDER,
    PATH_LINK,
    PATH_OTHER,
} PathKind;

/* Whether the content of the file at `path` will be read. */
typedef bool (*ImageWantsFunc)(const char *path, guint64 size);

typedef struct ImageRoot ImageRoot;

ImageRoot *image_root_new_folder(const char *path, GError **error);
ImageRoot *image_root_new_image(ImageWantsFunc wants);
/* The content of this file is wanted too, up to LIMIT_REQUIREMENTS_BYTES; before the layers are
 * applied. */
void image_root_want(ImageRoot *root, const char *path);
void image_root_free(ImageRoot *root);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ImageRoot, image_root_free)

/* Lays the archive's entries over the tree. Errors: ERROR_INPUT naming the entry. */
gboolean image_root_apply(ImageRoot *root, ArchiveReader *layer, GError **error);

/* The path with all links resolved, or NULL when nothing is there. */
char *image_root_resolve(const ImageRoot *root, const char *path);
/* What is at `path`; links are followed but for the last part unless `follow`. */
PathKind image_root_stat(const ImageRoot *root, const char *path, bool follow, guint64 *ret_size);
/* Permission bits and owner of what is at `path`, links followed but for the last part; false when
 * nothing is there. Hard links share them; in a folder everything belongs to 0:0, as in the layer
 * that base_image_open_folder() makes of it. */
bool image_root_attributes(const ImageRoot *root, const char *path, unsigned *ret_mode,
                           guint64 *ret_uid, guint64 *ret_gid);
/* The target of the symbolic link at `path` as written; NULL when it is none. */
char *image_root_read_link(const ImageRoot *root, const char *path);
/* Names in the folder, sorted; NULL when it is none. */
GPtrArray *image_root_list(const ImageRoot *root, const char *path);
/* The content of a file; NULL when it is none, has more than `limit` bytes or is not held. */
GBytes *image_root_read(const ImageRoot *root, const char *path, size_t limit);

enum {
    IMAGE_ROOT_VERSION = 1, /* rises whenever the same layers make another tree or other bytes */
};
/* An image's tree with the contents it holds, as bytes that image_root_decode() takes back: the
 * same answers to all of the above. Not for a folder. */
GBytes *image_root_encode(const ImageRoot *root);
/* NULL when the bytes are not what image_root_encode() of this version has made. Contents are held
 * as parts of `bytes`. */
ImageRoot *image_root_decode(GBytes *bytes);
