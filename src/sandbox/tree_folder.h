/* The folder that a layer is unpacked into: paths of entries become open folders inside it. */
#pragma once

#include "base/error.h"

#include <sys/stat.h>

typedef struct {
    int root;         /* open folder; borrowed */
    char *parent;     /* whose folder `folder` is; NULL: none is kept */
    int folder;       /* the folder of the last entry, since the next one is mostly beside it */
    bool made;        /* some folder had to be made that no entry speaks of */
    gint64 id_base;   /* owner of such folders; -1: the caller */
    GHashTable *mine; /* TreeNumber, a set: what this layer has made or named; or NULL */
} TreeFolder;
void tree_folder_clear(TreeFolder *folder);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TreeFolder, tree_folder_clear)

/* The open folder at `path`, links followed inside the root; it is the tree's until the next call.
 * `make`: folders that are missing are made. -1 with errno. */
int tree_folder_open(TreeFolder *tree, const char *path, bool make);
/* Forgets the last folder: something was removed that may be it. */
void tree_folder_forget(TreeFolder *tree);

void tree_folder_own(TreeFolder *tree, const struct stat *st);
/* Removes what is there, all of it, or (`lower`) only what is not of this layer. FALSE with errno.
 */
bool tree_folder_remove(TreeFolder *tree, int folder, const char *name, bool lower);
bool tree_folder_clear_lower(TreeFolder *tree, int folder);
