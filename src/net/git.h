/* The git checkout that a folder lies in: what labels say of where a recipe came from. Reads the
 * repository and runs nothing of it. */
#pragma once

#include "base/error.h"

typedef struct {
    char *commit; /* hex id of HEAD's commit */
    char *branch; /* short name, or NULL where HEAD is detached */
    char *origin; /* URL of the remote "origin" without credentials; or NULL */
    /* Whether a tracked file differs from HEAD, in the index or in the folder: as `git describe
     * --dirty`, files that are not tracked (an output beside the recipe, say) do not count. */
    bool dirty;
} GitCheckout;

/* *ret_checkout is NULL where `path` lies in no checkout. Errors: ERROR_INPUT when there is no
 * commit yet or the checkout belongs to another user (git's safe.directory), ERROR_FAILED when it
 * can't be read. */
gboolean git_checkout_find(const char *path, GitCheckout **ret_checkout, GError **error);
void git_checkout_free(GitCheckout *checkout);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GitCheckout, git_checkout_free)
