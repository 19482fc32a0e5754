/* The names that are left when layers are laid over each other, and which entry of which layer has
 * the content of each. Private to flatten.c. */
#pragma once

#include "archive/reader.h"

typedef struct FlatNode FlatNode;

/* What one or more names are: a file, a link, a device. */
typedef struct {
    EntryKind kind;
    guint64 number;   /* of the entry in its layer, from 0 */
    char *target;     /* of a symbolic link */
    GPtrArray *names; /* FlatNode, in the order they were made; some may be gone */
} FlatContent;

/* A name in a folder. */
struct FlatNode {
    FlatNode *parent; /* NULL: the top */
    char *name;
    GHashTable *children; /* of a folder: FlatNode by name */
    FlatContent *content; /* of anything else */
    unsigned layer;       /* that made it, from 1 */
    unsigned pruned;      /* the last layer whose whiteouts went through it */
    unsigned depth;
    bool gone;
    ArchiveEntry attributes; /* of a folder: mode, owner, time */
};

typedef struct FlatTree FlatTree;

FlatTree *flat_tree_new(void);
void flat_tree_free(FlatTree *tree);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FlatTree, flat_tree_free)

/* Lays the next layer over the tree; ERROR_INPUT naming the entry. */
gboolean flat_tree_apply(FlatTree *tree, ArchiveReader *layer, GError **error);
const FlatNode *flat_tree_top(const FlatTree *tree);
/* FlatContent that the layer (from 1) brought, by number; some may have no name left. */
const GPtrArray *flat_tree_contents(const FlatTree *tree, unsigned layer);
/* Relative to the top; the caller frees it. */
char *flat_node_path(const FlatNode *node);
