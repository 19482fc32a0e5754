/* The nodes of a tree in memory, for the files of ImageRoot. */
#pragma once

#include "image/rootfs.h"

typedef struct {
    unsigned mode; /* permission bits */
    guint64 uid, gid;
} NodeAttributes;

/* What an archive does not say of a folder: its parents, and the root without an entry. */
#define FOLDER_ATTRIBUTES ((NodeAttributes){0755, 0, 0})

typedef struct {
    char *name;
    PathKind kind;
    unsigned layer;  /* the highest one that has an entry for it */
    unsigned pruned; /* the layer whose whiteouts have emptied it */
    NodeAttributes attributes;
    guint64 size;
    char *target;         /* of a link */
    GBytes *content;      /* of a file that is wanted */
    GHashTable *children; /* of a folder: name → Node; names are the nodes' */
} Node;

struct ImageRoot {
    char *folder; /* NULL: the tree is in memory */
    Node *top;
    ImageWantsFunc wants;
    GHashTable *named; /* set of paths that are wanted too, or NULL */
    unsigned layer;
    guint64 entries, kept_bytes;
};

/* Takes the name. A folder has no children yet. */
Node *node_new(char *take_name, PathKind kind, unsigned layer);
void node_free(void *node);
/* Replaces what `folder` has under the child's name. Takes `child`. */
void node_put(Node *folder, Node *child);
