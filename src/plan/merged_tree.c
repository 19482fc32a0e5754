#include "plan/merged_tree.h"

#include "base/io.h"
#include "base/limits.h"
#include "base/sorted.h"

#include <string.h>

enum {
    NAME_BYTES = 255,
};

/* One path of the tree that was looked at or changed; the rest of the base is seen through it. */
typedef struct Node Node;
struct Node {
    Node *parent, *first, *next; /* first child, next sibling */
    const char *path, *name;     /* of the tree's arena; "" for the root */
    TreeEntry *entry;            /* ours, or NULL */
    GHashTable *children;        /* name → Node, or NULL */
    PathKind base;               /* what the base has here; PATH_NONE below a `gone` one */
    bool gone;                   /* the base's, with everything below, is not to be seen */
};

struct MergedTree {
    const ImageRoot *base;
    Node *root;
    GStringChunk *paths;
    GPtrArray *entries, *whiteouts; /* NULL: to be made */
    TreeEntry *replaced;
    char *last_folder; /* as it was asked for, and what it is: most entries come folder by folder */
    Node *last_node;
};

TreeEntry *tree_entry_new(const char *path, EntryKind kind, unsigned mode)
{
    TreeEntry *entry = g_new0(TreeEntry, 1);
    entry->path = g_strdup(path);
    entry->kind = kind;
    entry->mode = mode;
    return entry;
}

void tree_entry_free(TreeEntry *entry)
{
    if (!entry)
        return;
    g_free(entry->path);
    g_free(entry->target);
    if (entry->bytes)
        g_bytes_unref(entry->bytes);
    g_free(entry->host_path);
    g_free(entry);
}

/* Nodes */

static Node *node_new(MergedTree *tree, Node *parent, const char *name, size_t length)
{
    Node *node = g_new0(Node, 1);
    node->parent = parent;
    if (!parent) {
        node->path = node->name = "";
        return node;
    }
    g_autofree char *path = g_strdup_printf("%s/%.*s", parent->path, (int)length, name);
    node->path = g_string_chunk_insert(tree->paths, path);
    node->name = node->path + strlen(parent->path) + 1;
    node->next = parent->first;
    parent->first = node;
    if (!parent->children)
        parent->children = g_hash_table_new(g_str_hash, g_str_equal);
    g_hash_table_insert(parent->children, (char *)node->name, node);
    return node;
}

/* Without what lies below; recursion is bounded by LIMIT_PATH_DEPTH. */
static void node_drop_children(Node *node)
{
    for (Node *child = node->first, *next; child; child = next) {
        next = child->next;
        node_drop_children(child);
        tree_entry_free(child->entry);
        g_free(child);
    }
    node->first = NULL;
    g_clear_pointer(&node->children, g_hash_table_unref);
}

static PathKind kind_of(const TreeEntry *entry)
{
    static const PathKind kinds[] = {
        [ENTRY_FILE] = PATH_FILE,     [ENTRY_FOLDER] = PATH_FOLDER, [ENTRY_SYMLINK] = PATH_LINK,
        [ENTRY_HARDLINK] = PATH_FILE, [ENTRY_DEVICE] = PATH_OTHER,
    };
    return kinds[entry->kind];
}

static bool sees_base(const Node *node)
{
    return node->base != PATH_NONE && !node->gone;
}

static PathKind node_kind(const Node *node)
{
    if (!node)
        return PATH_NONE;
    if (node->entry)
        return kind_of(node->entry);
    return sees_base(node) ? node->base : PATH_NONE;
}

/* What is, or was, at `name`; NULL: nothing. */
static Node *node_child(MergedTree *tree, Node *folder, const char *name, size_t length)
{
    char text[NAME_BYTES + 1];
    if (length > NAME_BYTES)
        return NULL;
    memcpy(text, name, length);
    text[length] = '\0';
    Node *child = folder->children ? g_hash_table_lookup(folder->children, text) : NULL;
    if (child || !tree->base || folder->base != PATH_FOLDER || folder->gone)
        return child;
    g_autofree char *path = g_strdup_printf("%s/%s", folder->path, text);
    PathKind kind = image_root_stat(tree->base, path, false, NULL);
    if (kind == PATH_NONE)
        return NULL;
    child = node_new(tree, folder, name, length);
    child->base = kind;
    return child;
}

static char *node_link_target(const MergedTree *tree, const Node *node)
{
    return node->entry ? g_strdup(node->entry->target)
                       : image_root_read_link(tree->base, node->path);
}

/* Walking */

typedef enum {
    WALK_FOUND,
    WALK_ABSENT,
    WALK_NO_FOLDER, /* something else is where a folder should be */
    WALK_LOOP,
    WALK_TOO_LONG,
} WalkEnd;

typedef struct {
    MergedTree *tree;
    bool follow_last, create;
    unsigned stage;  /* of folders that are created */
    Node *node;      /* where it has come to: the deepest that is there */
    GString *absent; /* "/x/y" below `node` that are not there */
    WalkEnd end;
} Walk;

static Node *add_implied_folder(Walk *walk, Node *parent, const char *name, size_t length)
{
    Node *node = node_child(walk->tree, parent, name, length);
    if (!node)
        node = node_new(walk->tree, parent, name, length);
    node->entry = tree_entry_new(node->path, ENTRY_FOLDER, 0755);
    node->entry->implied = true;
    node->entry->layer = LAYER_OF_INSTALLER;
    node->entry->stage = walk->stage;
    return node;
}

static void walk_up(Walk *walk)
{
    const char *slash = strrchr(walk->absent->str, '/');
    if (slash)
        g_string_truncate(walk->absent, (gsize)(slash - walk->absent->str));
    else if (walk->node->parent)
        walk->node = walk->node->parent;
}

/* One part further down. TRUE with a target where it is a link that is to be followed. */
static char *walk_down(Walk *walk, const char *part, size_t length, bool last)
{
    Node *child = NULL;
    if (walk->absent->len == 0 && node_kind(walk->node) == PATH_FOLDER)
        child = node_child(walk->tree, walk->node, part, length);
    else if (walk->absent->len == 0)
        walk->end = WALK_NO_FOLDER;
    PathKind kind = node_kind(child);
    if (kind == PATH_NONE && walk->create && walk->end == WALK_FOUND) {
        child = add_implied_folder(walk, walk->node, part, length);
        kind = PATH_FOLDER;
    }
    if (kind == PATH_NONE) {
        walk->end = walk->end == WALK_FOUND ? WALK_ABSENT : walk->end;
        g_string_append_c(walk->absent, '/');
        g_string_append_len(walk->absent, part, (gssize)length);
        return NULL;
    }
    if (kind == PATH_LINK && (!last || walk->follow_last))
        return node_link_target(walk->tree, child);
    walk->node = child;
    return NULL;
}

static void walk_parts(Walk *walk, const char *path)
{
    g_autofree char *rest = NULL;
    const char *at = path;
    unsigned links = 0, parts = 0;
    while (*(at += strspn(at, "/"))) {
        size_t length = strcspn(at, "/");
        const char *part = at;
        at += length;
        if (length == 1 && *part == '.')
            continue;
        if (length == 2 && part[0] == '.' && part[1] == '.') {
            walk_up(walk);
            continue;
        }
        if (length > NAME_BYTES || ++parts > LIMIT_PATH_DEPTH * 4 ||
            strlen(walk->node->path) + walk->absent->len + length > LIMIT_PATH_BYTES) {
            walk->end = WALK_TOO_LONG;
            return;
        }
        bool last = at[strspn(at, "/")] == '\0';
        g_autofree char *target = walk_down(walk, part, length, last);
        if (!target)
            continue;
        if (++links > LIMIT_LINKS_FOLLOWED) {
            walk->end = WALK_LOOP;
            return;
        }
        if (*target == '/')
            walk->node = walk->tree->root;
        char *joined = g_strconcat(target, "/", at, NULL);
        g_free(rest);
        at = rest = joined;
    }
}

static Walk walk_begin(const MergedTree *tree, bool follow_last)
{
    return (Walk){.tree = (MergedTree *)tree,
                  .follow_last = follow_last,
                  .node = tree->root,
                  .absent = g_string_new(NULL)};
}

/* The node at `path`, whatever it is; NULL when nothing is there. */
static Node *find_node(const MergedTree *tree, const char *path, bool follow)
{
    Walk walk = walk_begin(tree, follow);
    walk_parts(&walk, path);
    g_string_free(walk.absent, TRUE);
    return walk.end == WALK_FOUND && node_kind(walk.node) != PATH_NONE ? walk.node : NULL;
}

/* The tree */

MergedTree *merged_tree_new(const ImageRoot *base)
{
    MergedTree *tree = g_new0(MergedTree, 1);
    tree->base = base;
    tree->paths = g_string_chunk_new(64 * 1024);
    tree->root = node_new(tree, NULL, "", 0);
    tree->root->base = PATH_FOLDER;
    return tree;
}

static void forget_folder(MergedTree *tree)
{
    g_clear_pointer(&tree->last_folder, g_free);
    tree->last_node = NULL;
}

static void forget_lists(MergedTree *tree)
{
    g_clear_pointer(&tree->entries, g_ptr_array_unref);
    g_clear_pointer(&tree->whiteouts, g_ptr_array_unref);
}

void merged_tree_free(MergedTree *tree)
{
    if (!tree)
        return;
    forget_folder(tree);
    forget_lists(tree);
    node_drop_children(tree->root);
    tree_entry_free(tree->root->entry);
    g_free(tree->root);
    tree_entry_free(tree->replaced);
    g_string_chunk_free(tree->paths);
    g_free(tree);
}

static gboolean refuse(const char *path, WalkEnd end, GError **error)
{
    static const char *const reasons[] = {
        [WALK_FOUND] = "no file can have that path",
        [WALK_ABSENT] = "its folder is not there",
        [WALK_NO_FOLDER] = "something that is no folder is in the way",
        [WALK_LOOP] = "its folder lies behind a loop of links",
        [WALK_TOO_LONG] = "the path is too long or too deep",
    };
    return error_set(error, ERROR_INPUT, SPAN_NONE, "cannot put '%.300s' into the image: %s", path,
                     reasons[end]);
}

static unsigned depth_of(const Node *node)
{
    unsigned depth = 0;
    for (; node->parent; node = node->parent)
        depth++;
    return depth;
}

/* The folder of the first `length` bytes of `path`, made where it is missing. */
static Node *get_folder(MergedTree *tree, const char *path, size_t length, unsigned stage,
                        GError **error)
{
    if (tree->last_folder && strncmp(tree->last_folder, path, length) == 0 &&
        tree->last_folder[length] == '\0')
        return tree->last_node;
    g_autofree char *folder = g_strndup(path, length);
    Walk walk = walk_begin(tree, true);
    walk.create = true;
    walk.stage = stage;
    walk_parts(&walk, folder);
    g_string_free(walk.absent, TRUE);
    if (walk.end == WALK_FOUND && node_kind(walk.node) != PATH_FOLDER)
        walk.end = WALK_NO_FOLDER;
    if (walk.end == WALK_FOUND && depth_of(walk.node) >= LIMIT_PATH_DEPTH)
        walk.end = WALK_TOO_LONG;
    if (walk.end != WALK_FOUND) {
        refuse(path, walk.end, error);
        return NULL;
    }
    g_free(tree->last_folder);
    tree->last_folder = g_steal_pointer(&folder);
    tree->last_node = walk.node;
    return walk.node;
}

/* Gives `node` the entry; what was there is kept as `replaced`. */
static void set_entry(MergedTree *tree, Node *node, TreeEntry *entry,
                      const TreeEntry **ret_replaced)
{
    if (!g_str_equal(entry->path, node->path)) {
        g_free(entry->path);
        entry->path = g_strdup(node->path);
    }
    if (entry->kind == ENTRY_SYMLINK || node_kind(node) == PATH_LINK)
        forget_folder(tree);
    if (entry->kind != ENTRY_FOLDER || node->base != PATH_FOLDER)
        node->gone = node->base != PATH_NONE;
    tree->replaced = node->entry;
    node->entry = entry;
    if (ret_replaced)
        *ret_replaced = tree->replaced;
}

/* Which node a folder goes to: of a link to a folder, that folder. */
static Node *folder_node(MergedTree *tree, Node *node, GError **error)
{
    PathKind kind = node_kind(node);
    if (kind == PATH_NONE || kind == PATH_FOLDER)
        return node;
    Node *found = kind == PATH_LINK ? find_node(tree, node->path, true) : NULL;
    if (found && node_kind(found) == PATH_FOLDER)
        return found;
    error_set(error, ERROR_INPUT, SPAN_NONE,
              "cannot make the folder '%.300s' in the image: something that is no folder is there",
              node->path);
    return NULL;
}

static gboolean put_at(MergedTree *tree, Node *parent, const char *name, TreeEntry *entry,
                       const TreeEntry **ret_replaced, GError **error)
{
    size_t length = strlen(name);
    Node *node = node_child(tree, parent, name, length);
    if (!node)
        node = node_new(tree, parent, name, length);
    if (entry->kind == ENTRY_FOLDER) {
        node = folder_node(tree, node, error);
        if (!node)
            return FALSE;
        if (entry->implied && node_kind(node) == PATH_FOLDER) {
            tree_entry_free(entry);
            return TRUE;
        }
    } else if (node_kind(node) == PATH_FOLDER) {
        return error_set(error, ERROR_INPUT, SPAN_NONE,
                         "cannot put '%.300s' into the image: a folder is there", entry->path);
    }
    set_entry(tree, node, entry, ret_replaced);
    return TRUE;
}

gboolean merged_tree_put(MergedTree *tree, TreeEntry *entry, const TreeEntry **ret_replaced,
                         GError **error)
{
    g_clear_pointer(&tree->replaced, tree_entry_free);
    forget_lists(tree);
    if (ret_replaced)
        *ret_replaced = NULL;
    const char *slash = strrchr(entry->path, '/');
    const char *name = slash ? slash + 1 : entry->path;
    gboolean ok;
    if (!slash || *name == '\0' || g_str_equal(name, ".") || g_str_equal(name, "..")) {
        ok = refuse(entry->path, WALK_FOUND, error);
    } else if (strlen(name) > NAME_BYTES || strlen(entry->path) > LIMIT_PATH_BYTES) {
        ok = refuse(entry->path, WALK_TOO_LONG, error);
    } else {
        Node *parent =
            get_folder(tree, entry->path, (size_t)(slash - entry->path), entry->stage, error);
        ok = parent && put_at(tree, parent, name, entry, ret_replaced, error);
    }
    if (!ok)
        tree_entry_free(entry);
    return ok;
}

/* Whether nothing that can be seen is in the folder. */
static bool is_empty(MergedTree *tree, Node *folder)
{
    for (const Node *child = folder->first; child; child = child->next) {
        if (node_kind(child) != PATH_NONE)
            return false;
    }
    if (!tree->base || folder->base != PATH_FOLDER || folder->gone)
        return true;
    g_autoptr(GPtrArray) names = image_root_list(tree->base, folder->path);
    for (guint i = 0; names && i < names->len; i++) {
        const char *name = names->pdata[i];
        if (node_kind(node_child(tree, folder, name, strlen(name))) != PATH_NONE)
            return false;
    }
    return true;
}

static void take_away(MergedTree *tree, Node *node)
{
    forget_lists(tree);
    forget_folder(tree);
    node_drop_children(node);
    g_clear_pointer(&node->entry, tree_entry_free);
    node->gone = node->base != PATH_NONE;
}

bool merged_tree_remove(MergedTree *tree, const char *path)
{
    Node *node = find_node(tree, path, false);
    if (!node || node == tree->root || (node_kind(node) == PATH_FOLDER && !is_empty(tree, node)))
        return false;
    take_away(tree, node);
    return true;
}

bool merged_tree_remove_all(MergedTree *tree, const char *path)
{
    Node *node = find_node(tree, path, false);
    if (!node || node == tree->root)
        return false;
    take_away(tree, node);
    return true;
}

/* Looking */

PathKind merged_tree_stat(const MergedTree *tree, const char *path, bool follow)
{
    return node_kind(find_node(tree, path, follow));
}

const TreeEntry *merged_tree_find(const MergedTree *tree, const char *path)
{
    const Node *node = find_node(tree, path, false);
    return node ? node->entry : NULL;
}

char *merged_tree_resolve(const MergedTree *tree, const char *path, bool follow)
{
    Walk walk = walk_begin(tree, follow);
    walk_parts(&walk, path);
    char *found = g_strconcat(walk.node->path, walk.absent->str, NULL);
    g_string_free(walk.absent, TRUE);
    if (walk.end == WALK_LOOP || walk.end == WALK_TOO_LONG)
        g_clear_pointer(&found, g_free);
    else if (*found == '\0') {
        g_free(found);
        found = g_strdup("/");
    }
    return found;
}

GPtrArray *merged_tree_list(const MergedTree *tree, const char *path)
{
    Node *folder = find_node(tree, path, true);
    if (node_kind(folder) != PATH_FOLDER)
        return NULL;
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    for (const Node *child = folder->first; child; child = child->next) {
        if (node_kind(child) != PATH_NONE)
            g_ptr_array_add(names, g_strdup(child->name));
    }
    bool base = tree->base && folder->base == PATH_FOLDER && !folder->gone;
    g_autoptr(GPtrArray) below = base ? image_root_list(tree->base, folder->path) : NULL;
    for (guint i = 0; below && i < below->len; i++) {
        if (!folder->children || !g_hash_table_contains(folder->children, below->pdata[i]))
            g_ptr_array_add(names, g_strdup(below->pdata[i]));
    }
    g_ptr_array_sort(names, sorted_compare_strings);
    return names;
}

static GBytes *read_entry(const TreeEntry *entry, size_t limit)
{
    char *text;
    size_t length;
    if (entry->kind != ENTRY_FILE || entry->size > limit)
        return NULL;
    switch (entry->content) {
    case CONTENT_MEMBER:
        return zip_member_read(&entry->wheel->source, entry->member, limit, NULL);
    case CONTENT_BYTES:
        return g_bytes_ref(entry->bytes);
    case CONTENT_HOST:
        return io_load(entry->host_path, limit, &text, &length, NULL)
                   ? g_bytes_new_take(text, length)
                   : NULL;
    case CONTENT_NONE:
    default:
        return entry->size == 0 ? g_bytes_new(NULL, 0) : NULL;
    }
}

GBytes *merged_tree_read(const MergedTree *tree, const char *path, size_t limit)
{
    const Node *node = find_node(tree, path, true);
    if (node_kind(node) != PATH_FILE)
        return NULL;
    return node->entry ? read_entry(node->entry, limit)
                       : image_root_read(tree->base, node->path, limit);
}

void merged_tree_folder_attributes(const MergedTree *tree, const char *path, unsigned *ret_mode,
                                   guint64 *ret_uid, guint64 *ret_gid)
{
    const Node *node = find_node(tree, path, true);
    *ret_mode = 0755;
    *ret_uid = *ret_gid = 0;
    if (!node)
        return;
    if (node->entry) {
        *ret_mode = node->entry->mode;
        *ret_uid = node->entry->uid;
        *ret_gid = node->entry->gid;
    } else if (tree->base && sees_base(node)) {
        image_root_attributes(tree->base, *node->path ? node->path : "/", ret_mode, ret_uid,
                              ret_gid);
    }
}

/* Lists */

static void collect_entries(const Node *node, GPtrArray *entries)
{
    for (const Node *child = node->first; child; child = child->next) {
        if (child->entry)
            g_ptr_array_add(entries, child->entry);
        collect_entries(child, entries);
    }
}

static int compare_entries(const void *a, const void *b)
{
    return strcmp((*(TreeEntry *const *)a)->path, (*(TreeEntry *const *)b)->path);
}

const GPtrArray *merged_tree_entries(MergedTree *tree)
{
    if (!tree->entries) {
        tree->entries = g_ptr_array_new();
        collect_entries(tree->root, tree->entries);
        g_ptr_array_sort(tree->entries, compare_entries);
    }
    return tree->entries;
}

/* `node` is a folder again, but what the base had in it is gone. */
static void collect_hidden(MergedTree *tree, const Node *node, GPtrArray *whiteouts)
{
    g_autoptr(GPtrArray) names = image_root_list(tree->base, node->path);
    for (guint i = 0; names && i < names->len; i++) {
        const char *name = names->pdata[i];
        const Node *child = node->children ? g_hash_table_lookup(node->children, name) : NULL;
        g_autofree char *path = g_strdup_printf("%s/%s", node->path, name);
        bool folder = image_root_stat(tree->base, path, false, NULL) == PATH_FOLDER;
        if (!child || !child->entry)
            g_ptr_array_add(whiteouts, g_steal_pointer(&path));
        else if (folder && child->entry->kind == ENTRY_FOLDER)
            collect_hidden(tree, child, whiteouts);
    }
}

static void collect_whiteouts(MergedTree *tree, const Node *node, GPtrArray *whiteouts)
{
    for (const Node *child = node->first; child; child = child->next) {
        if (!child->gone) {
            collect_whiteouts(tree, child, whiteouts);
            continue;
        }
        if (!child->entry)
            g_ptr_array_add(whiteouts, g_strdup(child->path));
        else if (child->entry->kind == ENTRY_FOLDER && child->base == PATH_FOLDER)
            collect_hidden(tree, child, whiteouts);
    }
}

const GPtrArray *merged_tree_whiteouts(MergedTree *tree)
{
    if (!tree->whiteouts) {
        tree->whiteouts = g_ptr_array_new_with_free_func(g_free);
        collect_whiteouts(tree, tree->root, tree->whiteouts);
        g_ptr_array_sort(tree->whiteouts, sorted_compare_strings);
    }
    return tree->whiteouts;
}
