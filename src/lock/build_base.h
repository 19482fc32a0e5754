/* The base that an image is built on, opened once: its files, its facts and its layers. */
#pragma once

#include "lock/base_tree.h"
#include "lock/lock_recipe.h"

typedef struct {
    BaseTree *tree;   /* NULL: scratch */
    BaseFacts *facts; /* what the lock was made from */
    BaseImage *image; /* NULL where only its files were asked for */
} BuildBase;

/* The recipe's base, or what --substitute-base puts in its place. `wanted`: paths of base files
 * that building reads, NULL-terminated, or NULL. Errors: ERROR_INPUT for a base that does not lie
 * on this machine, or is not the one that `target` was locked on; as base_image_open_layout(). */
gboolean lock_session_open_base(LockSession *session, const Recipe *recipe,
                                const LockTarget *target, const char *const *wanted,
                                BlobStore *blobs, BuildBase **ret_base, GError **error);
/* The same without its image: files and facts. */
gboolean lock_session_read_base(LockSession *session, const Recipe *recipe,
                                const LockTarget *target, const char *const *wanted,
                                BuildBase **ret_base, GError **error);
void build_base_free(BuildBase *base);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BuildBase, build_base_free)
