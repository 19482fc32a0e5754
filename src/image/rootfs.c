#include "image/rootfs_private.h"

#include "base/auto.h"
#include "base/io.h"
#include "base/limits.h"
#include "base/sorted.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

void node_free(void *data)
{
    Node *node = data;
    g_free(node->name);
    g_free(node->target);
    if (node->content)
        g_bytes_unref(node->content);
    if (node->children)
        g_hash_table_unref(node->children);
    g_free(node);
}

Node *node_new(char *take_name, PathKind kind, unsigned layer)
{
    Node *node = g_new0(Node, 1);
    node->name = take_name;
    node->kind = kind;
    node->layer = layer;
    if (kind == PATH_FOLDER)
        node->children = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, node_free);
    return node;
}

void node_put(Node *folder, Node *child)
{
    g_hash_table_replace(folder->children, child->name, child);
}

ImageRoot *image_root_new_folder(const char *path, GError **error)
{
    struct stat st;
    if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode)) {
        error_set_errno(error, ERROR_INPUT, errno ? errno : ENOTDIR, "cannot read the folder %s",
                        path);
        return NULL;
    }
    ImageRoot *root = g_new0(ImageRoot, 1);
    root->folder = g_canonicalize_filename(path, NULL);
    return root;
}

ImageRoot *image_root_new_image(ImageWantsFunc wants)
{
    ImageRoot *root = g_new0(ImageRoot, 1);
    root->wants = wants;
    root->top = node_new(g_strdup(""), PATH_FOLDER, 0);
    root->top->attributes = FOLDER_ATTRIBUTES;
    return root;
}

void image_root_want(ImageRoot *root, const char *path)
{
    if (!root->named)
        root->named = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_hash_table_add(root->named, g_strdup(path));
}

void image_root_free(ImageRoot *root)
{
    if (!root)
        return;
    if (root->named)
        g_hash_table_unref(root->named);
    g_free(root->folder);
    if (root->top)
        node_free(root->top);
    g_free(root);
}

/* Looking up: `path` has no links, dots or double slashes. */

static Node *find_node(const ImageRoot *root, const char *path)
{
    Node *node = root->top;
    char name[256];
    while (node && *path) {
        path += strspn(path, "/");
        size_t n = strcspn(path, "/");
        if (n == 0)
            break;
        if (!node->children || n >= sizeof name)
            return NULL;
        memcpy(name, path, n);
        name[n] = '\0';
        node = g_hash_table_lookup(node->children, name);
        path += n;
    }
    return node;
}

typedef struct {
    PathKind kind;
    guint64 size;
    NodeAttributes attributes;
} Found;

static Found look_on_disk(const ImageRoot *root, const char *path)
{
    struct stat st;
    g_autofree char *full = g_strconcat(root->folder, path, NULL);
    if (lstat(full, &st) < 0)
        return (Found){.kind = PATH_NONE};
    PathKind kind = S_ISREG(st.st_mode)   ? PATH_FILE
                    : S_ISDIR(st.st_mode) ? PATH_FOLDER
                    : S_ISLNK(st.st_mode) ? PATH_LINK
                                          : PATH_OTHER;
    return (Found){kind, (guint64)st.st_size, {st.st_mode & 07777, 0, 0}};
}

static Found look(const ImageRoot *root, const char *path)
{
    if (root->folder)
        return look_on_disk(root, path);
    const Node *node = find_node(root, path);
    return node ? (Found){node->kind, node->size, node->attributes} : (Found){.kind = PATH_NONE};
}

static char *link_target(const ImageRoot *root, const char *path)
{
    if (!root->folder) {
        const Node *node = find_node(root, path);
        return node && node->kind == PATH_LINK ? g_strdup(node->target) : NULL;
    }
    g_autofree char *full = g_strconcat(root->folder, path, NULL);
    return g_file_read_link(full, NULL);
}

/* Following links */

typedef struct {
    bool follow_last;
    bool may_be_absent; /* parts that are not there are taken as they are */
} WalkOptions;

/* Where a walk has come to: the path, and in memory the node of each part of it (NULL: absent). */
typedef struct {
    const ImageRoot *root;
    GString *path;
    GPtrArray *nodes;
} Walk;

static void walk_to_top(Walk *walk)
{
    g_string_truncate(walk->path, 0);
    g_ptr_array_set_size(walk->nodes, 0);
}

static void walk_up(Walk *walk)
{
    const char *slash = strrchr(walk->path->str, '/');
    g_string_truncate(walk->path, slash ? (gsize)(slash - walk->path->str) : 0);
    if (walk->nodes->len > 0)
        g_ptr_array_set_size(walk->nodes, (int)walk->nodes->len - 1);
}

static PathKind walk_down(Walk *walk, const char *part, size_t length)
{
    g_string_append_c(walk->path, '/');
    g_string_append_len(walk->path, part, (gssize)length);
    if (walk->root->folder)
        return look_on_disk(walk->root, walk->path->str).kind;
    const Node *folder =
        walk->nodes->len > 0 ? walk->nodes->pdata[walk->nodes->len - 1] : walk->root->top;
    const char *name = walk->path->str + walk->path->len - length;
    Node *node = folder && folder->children ? g_hash_table_lookup(folder->children, name) : NULL;
    g_ptr_array_add(walk->nodes, node);
    return node ? node->kind : PATH_NONE;
}

/* The link that the walk stands on. */
static char *walk_link(const Walk *walk)
{
    if (walk->root->folder)
        return link_target(walk->root, walk->path->str);
    const Node *node = walk->nodes->pdata[walk->nodes->len - 1];
    return g_strdup(node->target);
}

/* Walks down `path`; false when it is absent or loops. */
static bool walk_along(Walk *walk, const char *path, WalkOptions options)
{
    g_autofree char *rest = g_strdup(path);
    unsigned links = 0;
    size_t at = 0;
    while (rest[at]) {
        at += strspn(rest + at, "/");
        size_t n = strcspn(rest + at, "/");
        const char *part = rest + at;
        at += n;
        if (n == 0 || (n == 1 && part[0] == '.'))
            continue;
        if (n == 2 && part[0] == '.' && part[1] == '.') {
            walk_up(walk);
            continue;
        }
        if (walk->path->len + n + 1 > LIMIT_PATH_BYTES)
            return false;
        PathKind kind = walk_down(walk, part, n);
        bool last = rest[at + strspn(rest + at, "/")] == '\0';
        if (kind == PATH_NONE && !options.may_be_absent)
            return false;
        if (kind != PATH_LINK || (last && !options.follow_last))
            continue;
        g_autofree char *target = walk_link(walk);
        if (!target || ++links > LIMIT_LINKS_FOLLOWED)
            return false;
        if (target[0] == '/')
            walk_to_top(walk);
        else
            walk_up(walk);
        char *joined = g_strconcat(target, "/", rest + at, NULL);
        g_free(rest);
        rest = joined;
        at = 0;
    }
    return true;
}

/* "/a/link/../b" → the path without links, "" for the root; NULL when it is absent or loops. */
static char *walk(const ImageRoot *root, const char *path, WalkOptions options)
{
    Walk state = {root, g_string_new(NULL), g_ptr_array_new()};
    bool ok = walk_along(&state, path, options);
    g_ptr_array_unref(state.nodes);
    return g_string_free(state.path, !ok);
}

static char *existing(const ImageRoot *root, const char *path, bool follow)
{
    return walk(root, path, (WalkOptions){follow, false});
}

char *image_root_resolve(const ImageRoot *root, const char *path)
{
    g_autofree char *found = existing(root, path, true);
    return found && *found == '\0' ? g_strdup("/") : g_steal_pointer(&found);
}

PathKind image_root_stat(const ImageRoot *root, const char *path, bool follow, guint64 *ret_size)
{
    g_autofree char *found = existing(root, path, follow);
    Found what = found ? look(root, found) : (Found){.kind = PATH_NONE};
    if (ret_size)
        *ret_size = what.size;
    return what.kind;
}

bool image_root_attributes(const ImageRoot *root, const char *path, unsigned *ret_mode,
                           guint64 *ret_uid, guint64 *ret_gid)
{
    g_autofree char *found = existing(root, path, false);
    Found what = found ? look(root, found) : (Found){.kind = PATH_NONE};
    if (what.kind == PATH_NONE)
        return false;
    *ret_mode = what.attributes.mode;
    *ret_uid = what.attributes.uid;
    *ret_gid = what.attributes.gid;
    return true;
}

char *image_root_read_link(const ImageRoot *root, const char *path)
{
    g_autofree char *found = existing(root, path, false);
    return found && look(root, found).kind == PATH_LINK ? link_target(root, found) : NULL;
}

GPtrArray *image_root_list(const ImageRoot *root, const char *path)
{
    g_autofree char *found = existing(root, path, true);
    if (!found || look(root, found).kind != PATH_FOLDER)
        return NULL;
    if (root->folder) {
        g_autofree char *full = g_strconcat(root->folder, found, NULL);
        return sorted_dir(full, LIMIT_IMAGE_ENTRIES, NULL);
    }
    g_autoptr(GPtrArray) keys = sorted_keys(find_node(root, found)->children);
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < keys->len; i++)
        g_ptr_array_add(names, g_strdup(keys->pdata[i]));
    return names;
}

GBytes *image_root_read(const ImageRoot *root, const char *path, size_t limit)
{
    g_autofree char *found = existing(root, path, true);
    Found what = found ? look(root, found) : (Found){.kind = PATH_NONE};
    if (what.kind != PATH_FILE || what.size > limit)
        return NULL;
    if (!root->folder) {
        const Node *node = find_node(root, found);
        return node->content ? g_bytes_ref(node->content) : NULL;
    }
    g_autofree char *full = g_strconcat(root->folder, found, NULL);
    char *text;
    size_t length;
    if (!io_load(full, limit, &text, &length, NULL))
        return NULL;
    return g_bytes_new_take(text, length);
}

/* Layers */

static gboolean set_hostile(const char *path, const char *what, GError **error)
{
    g_autofree char *valid = g_utf8_make_valid(path, -1);
    g_autofree char *escaped = g_strescape(valid, NULL);
    return error_set(error, ERROR_INPUT, SPAN_NONE, "the entry '%.200s' %s", escaped, what);
}

/* The folder at `path`, made with its parents where it is missing. Whatever else is in the way
 * gives way, as it does for the pullers of images. */
static Node *make_folder(ImageRoot *root, const char *path)
{
    Node *node = root->top;
    g_auto(GStrv) parts = g_strsplit(path, "/", -1);
    for (guint i = 0; parts[i]; i++) {
        if (*parts[i] == '\0')
            continue;
        Node *child = g_hash_table_lookup(node->children, parts[i]);
        if (!child || child->kind != PATH_FOLDER) {
            child = node_new(g_strdup(parts[i]), PATH_FOLDER, root->layer);
            child->attributes = FOLDER_ATTRIBUTES;
            node_put(node, child);
        }
        node = child;
    }
    return node;
}

/* The folder that an entry goes into; parents that are links are followed. */
static Node *parent_folder(ImageRoot *root, const char *path, const char **ret_name, GError **error)
{
    const char *slash = strrchr(path, '/');
    *ret_name = slash ? slash + 1 : path;
    if (!slash)
        return root->top;
    g_autofree char *parent = g_strndup(path, (gsize)(slash - path));
    g_autofree char *real = walk(root, parent, (WalkOptions){true, true});
    if (real)
        return make_folder(root, real);
    set_hostile(path, "lies behind a loop of links", error);
    return NULL;
}

/* Removes what lower layers left at and below `node`; returns whether nothing of this layer's is
 * there, so that the node itself may go. */
static bool prune_lower(Node *node, unsigned layer)
{
    bool empty = true;
    if (node->pruned == layer)
        return node->layer < layer && node->children && g_hash_table_size(node->children) == 0;
    node->pruned = layer;
    if (node->children) {
        g_autoptr(GPtrArray) names = sorted_keys(node->children);
        for (guint i = 0; i < names->len; i++) {
            Node *child = g_hash_table_lookup(node->children, names->pdata[i]);
            if (prune_lower(child, layer))
                g_hash_table_remove(node->children, names->pdata[i]);
            else
                empty = false;
        }
    }
    return empty && node->layer < layer;
}

/* FALSE with no error: the name is no whiteout. */
static bool apply_whiteout(ImageRoot *root, Node *folder, const char *name)
{
    if (!g_str_has_prefix(name, ".wh."))
        return false;
    if (g_str_equal(name, ".wh..wh..opq")) {
        prune_lower(folder, root->layer);
        return true;
    }
    Node *hidden = g_hash_table_lookup(folder->children, name + 4);
    if (hidden && prune_lower(hidden, root->layer))
        g_hash_table_remove(folder->children, name + 4);
    return true;
}

static Node *keep_file(ImageRoot *root, ArchiveReader *layer, const ArchiveEntry *entry,
                       const char *name, GError **error)
{
    g_autofree char *path = g_strconcat("/", entry->path, NULL);
    GBytes *content = NULL;
    bool named = root->named && g_hash_table_contains(root->named, path) &&
                 entry->size <= LIMIT_REQUIREMENTS_BYTES;
    if (named || (root->wants && root->wants(path, entry->size))) {
        root->kept_bytes += entry->size;
        if (root->kept_bytes > LIMIT_IMAGE_KEPT_BYTES) {
            set_hostile(entry->path, "goes beyond what may be held in memory", error);
            return NULL;
        }
        content = archive_reader_read_all(layer, LIMIT_IMAGE_KEPT_BYTES, error);
        if (!content)
            return NULL;
    }
    Node *node = node_new(g_strdup(name), PATH_FILE, root->layer);
    node->size = entry->size;
    node->content = content;
    return node;
}

static Node *copy_hardlink(ImageRoot *root, const ArchiveEntry *entry, const char *name,
                           GError **error)
{
    g_autofree char *real = walk(root, entry->target, (WalkOptions){false, false});
    const Node *target = real ? find_node(root, real) : NULL;
    if (!target || target->kind == PATH_FOLDER) {
        set_hostile(entry->path, "is a hard link to something that is not there", error);
        return NULL;
    }
    Node *node = node_new(g_strdup(name), target->kind, root->layer);
    node->size = target->size;
    node->target = g_strdup(target->target);
    node->content = target->content ? g_bytes_ref(target->content) : NULL;
    node->attributes = target->attributes;
    return node;
}

/* The node of an entry without its attributes; NULL with an error, or without one for a folder that
 * is there already. */
static Node *new_node_of_entry(ImageRoot *root, ArchiveReader *layer, const ArchiveEntry *entry,
                               Node *folder, const char *name, GError **error)
{
    Node *old = g_hash_table_lookup(folder->children, name);
    Node *node;
    switch (entry->kind) {
    case ENTRY_FOLDER:
        if (!old || old->kind != PATH_FOLDER)
            return node_new(g_strdup(name), PATH_FOLDER, root->layer);
        old->layer = root->layer;
        return NULL;
    case ENTRY_SYMLINK:
        node = node_new(g_strdup(name), PATH_LINK, root->layer);
        node->target = g_strdup(entry->target);
        return node;
    case ENTRY_HARDLINK:
        return copy_hardlink(root, entry, name, error);
    case ENTRY_FILE:
        return keep_file(root, layer, entry, name, error);
    case ENTRY_DEVICE:
    default:
        return node_new(g_strdup(name), PATH_OTHER, root->layer);
    }
}

static NodeAttributes attributes_of(const ArchiveEntry *entry)
{
    return (NodeAttributes){entry->mode, entry->uid, entry->gid};
}

static gboolean apply_to_top(ImageRoot *root, const ArchiveEntry *entry, GError **error)
{
    if (entry->kind != ENTRY_FOLDER)
        return set_hostile("/", "replaces the root by something else", error);
    root->top->attributes = attributes_of(entry);
    return TRUE;
}

/* Puts the entry into its folder; a hard link has the attributes of what it links to. */
static gboolean put_entry(ImageRoot *root, ArchiveReader *layer, const ArchiveEntry *entry,
                          Node *folder, const char *name, GError **error)
{
    GError *cause = NULL;
    const Node *old = g_hash_table_lookup(folder->children, name);
    /* image-spec 1.1, layer.md: no path twice; the folders that other programs repeat are harmless
     */
    if (old && old->layer == root->layer &&
        (old->kind != PATH_FOLDER || entry->kind != ENTRY_FOLDER))
        return set_hostile(entry->path, "is there twice in one layer", error);
    Node *node = new_node_of_entry(root, layer, entry, folder, name, &cause);
    if (cause) {
        g_propagate_error(error, cause);
        return FALSE;
    }
    Node *at = node ? node : g_hash_table_lookup(folder->children, name);
    if (entry->kind != ENTRY_HARDLINK)
        at->attributes = attributes_of(entry);
    if (node)
        node_put(folder, node);
    return TRUE;
}

static gboolean apply_entry(ImageRoot *root, ArchiveReader *layer, const ArchiveEntry *entry,
                            GError **error)
{
    const char *name;
    if (entry->path[0] == '\0')
        return apply_to_top(root, entry, error);
    if (++root->entries > LIMIT_IMAGE_ENTRIES)
        return set_hostile(entry->path, "is one too many", error);
    Node *folder = parent_folder(root, entry->path, &name, error);
    if (!folder)
        return FALSE;
    if (strlen(name) > 255 || g_str_equal(name, ".wh."))
        return set_hostile(entry->path, "has a name that no file can have", error);
    if (apply_whiteout(root, folder, name))
        return TRUE;
    return put_entry(root, layer, entry, folder, name, error);
}

gboolean image_root_apply(ImageRoot *root, ArchiveReader *layer, GError **error)
{
    root->layer++;
    for (;;) {
        const ArchiveEntry *entry;
        if (!archive_reader_next(layer, &entry, error))
            return FALSE;
        if (!entry)
            return TRUE;
        if (!apply_entry(root, layer, entry, error))
            return FALSE;
    }
}
