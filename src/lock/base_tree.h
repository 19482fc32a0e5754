/* The files and the configuration of a base that lies on this machine, whatever its form: joins
 * image's trees to what the Python folder reads them through. */
#pragma once

#include "image/base_image.h"
#include "image/image_layout.h"
#include "image/rootfs.h"
#include "lock/base_facts.h"
#include "python/file_tree.h"

typedef struct {
    ImageRoot *root;
    char *digest;    /* of the image, or NULL */
    char **env;      /* "KEY=value", never NULL */
    char *user;      /* or NULL */
    unsigned layers; /* of an image */
    guint64 packed;  /* bytes of its layers' blobs; 0: not all are known */
} BaseTree;

/* `wanted` (or NULL): paths of files that are to be read beside what facts need. Errors: as
 * base_facts_read(). */
BaseTree *base_tree_open(const BaseRequest *request, const char *const *wanted, GError **error);
void base_tree_free(BaseTree *tree);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BaseTree, base_tree_free)
/* A view that borrows the tree. */
FileTree base_tree_files(const BaseTree *tree);

/* base_facts_read() over a base that is open. */
BaseFacts *base_facts_from_tree(const BaseRequest *request, const BaseTree *tree, GError **error);

/* The base as an image that can be built on, checked; `scratch` is an empty one. Errors: as
 * base_image_open_layout(); ERROR_INPUT for a base that does not lie on this machine. */
BaseImage *base_tree_open_image(const BaseRequest *request, BlobStore *blobs, GError **error);
