#include "image/flatten_tree.h"

#include "base/limits.h"
#include "base/sorted.h"

enum {
    NAME_BYTES = 255, /* what file systems allow */
};

struct FlatTree {
    FlatNode *top;
    GPtrArray *nodes;  /* all, also those that are gone */
    GPtrArray *layers; /* GPtrArray of FlatContent */
    unsigned layer;
};

static void node_free(void *data)
{
    FlatNode *node = data;
    g_free(node->name);
    g_clear_pointer(&node->children, g_hash_table_unref);
    g_free(node);
}

static void content_free(void *data)
{
    FlatContent *content = data;
    g_free(content->target);
    g_ptr_array_unref(content->names);
    g_free(content);
}

static FlatNode *node_new(FlatTree *tree, FlatNode *parent, const char *name)
{
    FlatNode *node = g_new0(FlatNode, 1);
    node->parent = parent;
    node->name = g_strdup(name);
    node->layer = tree->layer;
    node->depth = parent ? parent->depth + 1 : 0;
    g_ptr_array_add(tree->nodes, node);
    if (parent)
        g_hash_table_replace(parent->children, node->name, node);
    return node;
}

static void become_folder(FlatNode *node)
{
    node->children = g_hash_table_new(g_str_hash, g_str_equal);
    node->attributes = (ArchiveEntry){.kind = ENTRY_FOLDER, .mode = 0755};
}

FlatTree *flat_tree_new(void)
{
    FlatTree *tree = g_new0(FlatTree, 1);
    tree->nodes = g_ptr_array_new_with_free_func(node_free);
    tree->layers = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    tree->top = node_new(tree, NULL, "");
    become_folder(tree->top);
    return tree;
}

void flat_tree_free(FlatTree *tree)
{
    if (!tree)
        return;
    g_ptr_array_unref(tree->nodes);
    g_ptr_array_unref(tree->layers);
    g_free(tree);
}

const FlatNode *flat_tree_top(const FlatTree *tree)
{
    return tree->top;
}

const GPtrArray *flat_tree_contents(const FlatTree *tree, unsigned layer)
{
    return tree->layers->pdata[layer - 1];
}

char *flat_node_path(const FlatNode *node)
{
    GString *path = g_string_new(node->name);
    for (const FlatNode *up = node->parent; up && up->parent; up = up->parent) {
        g_string_prepend_c(path, '/');
        g_string_prepend(path, up->name);
    }
    return g_string_free(path, FALSE);
}

static gboolean set_hostile(const char *path, const char *what, GError **error)
{
    g_autofree char *valid = g_utf8_make_valid(path, -1);
    g_autofree char *escaped = g_strescape(valid, NULL);
    return error_set(error, ERROR_INPUT, SPAN_NONE, "the entry '%.200s' %s", escaped, what);
}

/* What is below a node that is gone is gone too. */
static void mark_gone(FlatNode *node)
{
    node->gone = true;
    if (!node->children)
        return;
    g_autoptr(GPtrArray) names = sorted_keys(node->children);
    for (guint i = 0; i < names->len; i++)
        mark_gone(g_hash_table_lookup(node->children, names->pdata[i]));
}

static void remove_node(FlatNode *node)
{
    g_hash_table_remove(node->parent->children, node->name);
    mark_gone(node);
}

/* Removes what lower layers left below `node`. Returns whether the node may go as well, which is
 * when nothing of this layer's is at or below it. */
static bool prune_lower(FlatNode *node, unsigned layer)
{
    if (node->pruned != layer && node->children) {
        g_autoptr(GPtrArray) names = sorted_keys(node->children);
        for (guint i = 0; i < names->len; i++) {
            FlatNode *child = g_hash_table_lookup(node->children, names->pdata[i]);
            if (prune_lower(child, layer))
                remove_node(child);
        }
    }
    node->pruned = layer;
    return node->layer < layer && (!node->children || g_hash_table_size(node->children) == 0);
}

/* Steps from `node` through the parts of a path. */
typedef struct {
    FlatTree *tree;
    const char *entry; /* whose path it is, for messages */
    bool create;       /* folders that are missing */
    unsigned links;
} Walk;

/* The folder called `name`; *ret_rest is what is to be walked before going on, where it is a link.
 * NULL without error: it is not there. */
static FlatNode *step(Walk *walk, FlatNode *node, const char *name, const char **ret_target,
                      GError **error)
{
    FlatNode *child = g_hash_table_lookup(node->children, name);
    *ret_target = NULL;
    if (child && child->children)
        return child;
    if (child && child->content->kind == ENTRY_SYMLINK) {
        *ret_target = child->content->target;
        return ++walk->links <= LIMIT_LINKS_FOLLOWED
                   ? node
                   : (set_hostile(walk->entry, "lies behind a loop of links", error), NULL);
    }
    if (!walk->create)
        return NULL;
    if (node->depth >= LIMIT_PATH_DEPTH) {
        set_hostile(walk->entry, "lies too deep", error);
        return NULL;
    }
    if (child)
        remove_node(child);
    child = node_new(walk->tree, node, name);
    become_folder(child);
    return child;
}

/* The folder at `path`, links followed. NULL without error: it is not there. */
static FlatNode *walk_path(Walk *walk, const char *path, GError **error)
{
    FlatNode *node = walk->tree->top;
    g_autofree char *rest = g_strdup(path);
    char *at = rest;
    while (*at) {
        size_t length = strcspn(at, "/");
        bool more = at[length] == '/';
        at[length] = '\0';
        char *next = at + length + (more ? 1 : 0);
        const char *target = NULL;
        if (g_str_equal(at, ".."))
            node = node->parent ? node->parent : node;
        else if (length > 0 && !g_str_equal(at, "."))
            node = step(walk, node, at, &target, error);
        if (!node)
            return NULL;
        at = next;
        if (target) {
            node = *target == '/' ? walk->tree->top : node;
            char *longer = g_strconcat(target, "/", next, NULL);
            g_free(rest);
            at = rest = longer;
        }
    }
    return node;
}

/* The folder that holds `path`, and the last part of it. */
static FlatNode *find_parent(Walk *walk, const char *path, const char **ret_name, GError **error)
{
    const char *slash = strrchr(path, '/');
    *ret_name = slash ? slash + 1 : path;
    if (!slash)
        return walk->tree->top;
    g_autofree char *parent = g_strndup(path, (gsize)(slash - path));
    return walk_path(walk, parent, error);
}

static void apply_whiteout(FlatTree *tree, FlatNode *folder, const char *name)
{
    if (g_str_equal(name, ".wh..wh..opq")) {
        prune_lower(folder, tree->layer);
        return;
    }
    FlatNode *hidden = g_hash_table_lookup(folder->children, name + strlen(".wh."));
    if (hidden && prune_lower(hidden, tree->layer))
        remove_node(hidden);
}

static void set_attributes(FlatNode *folder, const ArchiveEntry *entry)
{
    folder->attributes = (ArchiveEntry){.kind = ENTRY_FOLDER,
                                        .mode = entry->mode,
                                        .uid = entry->uid,
                                        .gid = entry->gid,
                                        .mtime = entry->mtime};
}

static void put_folder(FlatTree *tree, FlatNode *parent, const char *name,
                       const ArchiveEntry *entry)
{
    FlatNode *old = g_hash_table_lookup(parent->children, name);
    if (!old || !old->children) {
        if (old)
            remove_node(old);
        old = node_new(tree, parent, name);
        become_folder(old);
    }
    old->layer = tree->layer;
    set_attributes(old, entry);
}

static FlatContent *new_content(FlatTree *tree, const ArchiveEntry *entry, guint64 number)
{
    FlatContent *content = g_new0(FlatContent, 1);
    content->kind = entry->kind;
    content->number = number;
    content->target = entry->kind == ENTRY_SYMLINK ? g_strdup(entry->target) : NULL;
    content->names = g_ptr_array_new();
    g_ptr_array_add(tree->layers->pdata[tree->layer - 1], content);
    return content;
}

/* What a hard link links to. */
static FlatContent *linked_content(FlatTree *tree, const ArchiveEntry *entry, GError **error)
{
    const char *name;
    Walk walk = {tree, entry->path, false, 0};
    GError *cause = NULL;
    FlatNode *folder = find_parent(&walk, entry->target, &name, &cause);
    FlatNode *node = folder ? g_hash_table_lookup(folder->children, name) : NULL;
    if (node && node->content)
        return node->content;
    if (cause)
        g_propagate_error(error, cause);
    else
        set_hostile(entry->path, "is a hard link to something that is not there", error);
    return NULL;
}

static gboolean put_content(FlatTree *tree, FlatNode *parent, const char *name,
                            const ArchiveEntry *entry, guint64 number, GError **error)
{
    FlatContent *content = entry->kind == ENTRY_HARDLINK ? linked_content(tree, entry, error)
                                                         : new_content(tree, entry, number);
    if (!content)
        return FALSE;
    FlatNode *old = g_hash_table_lookup(parent->children, name);
    if (old && old->content == content) {
        old->layer = tree->layer;
        return TRUE;
    }
    if (old)
        remove_node(old);
    FlatNode *node = node_new(tree, parent, name);
    node->content = content;
    g_ptr_array_add(content->names, node);
    return TRUE;
}

static gboolean apply_entry(FlatTree *tree, const ArchiveEntry *entry, guint64 number,
                            GError **error)
{
    if (entry->path[0] == '\0') {
        set_attributes(tree->top, entry);
        return entry->kind == ENTRY_FOLDER ||
               set_hostile("/", "replaces the root by something else", error);
    }
    if (tree->nodes->len >= LIMIT_IMAGE_ENTRIES)
        return set_hostile(entry->path, "is one too many", error);
    const char *name;
    Walk walk = {tree, entry->path, true, 0};
    FlatNode *folder = find_parent(&walk, entry->path, &name, error);
    if (!folder)
        return FALSE;
    if (strlen(name) > NAME_BYTES || g_str_equal(name, ".wh."))
        return set_hostile(entry->path, "has a name that no file can have", error);
    if (g_str_has_prefix(name, ".wh.")) {
        apply_whiteout(tree, folder, name);
        return TRUE;
    }
    if (entry->kind != ENTRY_FOLDER)
        return put_content(tree, folder, name, entry, number, error);
    if (folder->depth >= LIMIT_PATH_DEPTH)
        return set_hostile(entry->path, "lies too deep", error);
    put_folder(tree, folder, name, entry);
    return TRUE;
}

gboolean flat_tree_apply(FlatTree *tree, ArchiveReader *layer, GError **error)
{
    tree->layer++;
    g_ptr_array_add(tree->layers, g_ptr_array_new_with_free_func(content_free));
    for (guint64 number = 0;; number++) {
        const ArchiveEntry *entry;
        if (!archive_reader_next(layer, &entry, error))
            return FALSE;
        if (!entry)
            return TRUE;
        if (!apply_entry(tree, entry, number, error))
            return FALSE;
    }
}
