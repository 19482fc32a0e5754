/* What the files of the tree store share. */
#pragma once

#include "store/tree_store.h"

struct TreeStore {
    char *dir; /* of the trees: AB/REST of the key, in which "tree" and "note" lie */
};

/* What is noted beside a tree. */
typedef struct {
    guint64 entries, bytes;
    char *boot; /* the start of the machine in which it was counted last; or NULL */
    char *name;
} TreeNote;
void tree_note_clear(TreeNote *note);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TreeNote, tree_note_clear)

char *tree_place(const TreeStore *store, const char *key);
/* The folder at `place`, open and locked without waiting; -1: absent, or somebody else's. */
int tree_lock(const char *place, bool alone);
bool tree_note_load(const char *place, TreeNote *ret_note);
gboolean tree_note_save(const char *place, const TreeNote *note, GError **error);
/* Entries and bytes below `path`. */
gboolean tree_count(const char *path, guint64 *ret_entries, guint64 *ret_bytes, GError **error);
/* Takes the locked place out of the way, then removes it; the lock stays open. */
gboolean tree_discard(const TreeStore *store, const char *place, GError **error);
/* Removes temporary folders whose makers have died. */
void tree_sweep_abandoned(const TreeStore *store);
