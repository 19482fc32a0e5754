/* What the files that apply files, removals and users to a merged tree share. For those alone. */
#pragma once

#include "plan/stage_files_tree.h"

/* merged_tree_put() of an entry of stage `index` in the application's layer; errors get the span.
 * Takes `entry`. */
gboolean stage_tree_put(MergedTree *tree, TreeEntry *entry, unsigned index, Span at,
                        GError **error);
/* A file with these bytes; takes them. */
gboolean stage_tree_put_bytes(MergedTree *tree, const char *path, unsigned mode, guint64 uid,
                              guint64 gid, GBytes *take_bytes, unsigned index, Span at,
                              GError **error);
/* The folder at `path`, links followed, made where it is missing: with the mode and owner of
 * `made`. An existing one changes only where `forced`. */
typedef struct {
    unsigned mode;
    guint64 uid, gid;
} Attributes;
gboolean stage_tree_make_folder(MergedTree *tree, const char *path, Attributes made, bool forced,
                                unsigned index, Span at, GError **error);
/* The content of the file at `path`, links followed, which is there. ERROR_INPUT when it is too
 * large or the base's and not held. Caller unrefs. */
GBytes *stage_tree_read(const MergedTree *tree, const char *path, Span at, GError **error);
/* passwd, group … as they are in the tree. */
gboolean stage_tree_accounts(const MergedTree *tree, Span at, Accounts **ret_accounts,
                             GError **error);
