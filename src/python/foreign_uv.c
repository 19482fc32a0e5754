/* uv.lock, version 1: a graph whose edges have markers; a project is a package with a source in the
 * tree (docs.astral.sh/uv/concepts/projects). */
#include "python/foreign_private.h"

#include "python/name.h"

/* Reading */

static char *canonical_item(const Node *item)
{
    return name_canonicalize(item->kind == NODE_SCALAR ? item->text : "");
}

static void read_file(ForeignLock *lock, LockedPackage *package, const Node *file)
{
    if (file->kind != NODE_MAP) {
        diags_error(lock->diags, file->at, "a file is a table");
        return;
    }
    foreign_add_file(package, foreign_text(lock, file, "filename"), foreign_text(lock, file, "url"),
                     foreign_text(lock, file, "path"), foreign_text(lock, file, "hash"));
}

/* Takes the first file, whose digest is that of the link. */
static void take_direct(LockedPackage *package, const char *url, const char *path)
{
    const LockedFile *file = package->files->len > 0 ? package->files->pdata[0] : NULL;
    foreign_set_direct(package, foreign_file_new(NULL, url, path, file ? file->hash : NULL));
    g_ptr_array_set_size(package->files, 0);
}

static void read_source(ForeignLock *lock, LockedPackage *package, const Node *table)
{
    const Node *source = foreign_map(lock, table, "source");
    if (!source) {
        if (!node_find(table, "source"))
            diags_error(lock->diags, package->at, "package '%s' has no 'source'", package->name);
        return;
    }
    const char *virtual = foreign_text(lock, source, "virtual");
    const char *editable = foreign_text(lock, source, "editable");
    const char *folder = foreign_text(lock, source, "directory");
    const char *url = foreign_text(lock, source, "url"), *path = foreign_text(lock, source, "path");
    package->index = g_strdup(foreign_text(lock, source, "registry"));
    package->project = virtual || (editable && g_str_equal(editable, "."));
    package->built = editable != NULL;
    if (node_find(source, "git"))
        package->source_only = g_strdup("a git checkout");
    else if (url || path)
        take_direct(package, url, path);
    else if (folder || (editable && !package->project))
        package->source_only = g_strdup_printf("the folder %s", folder ? folder : editable);
    else if (!package->index && !package->project)
        diags_error(lock->diags, source->at, "the source of '%s' is of no known kind",
                    package->name);
}

static void read_edges(ForeignLock *lock, const Node *list)
{
    for (unsigned i = 0; list && i < list->count; i++) {
        const Node *edge = list->items[i];
        if (edge->kind != NODE_MAP) {
            diags_error(lock->diags, edge->at, "a dependency is a table");
            continue;
        }
        foreign_required(lock, edge, "name", edge->at);
        foreign_text(lock, edge, "version");
        foreign_map(lock, edge, "source");
        foreign_list(lock, edge, "extra");
        foreign_marker(lock, node_find(edge, "marker"));
    }
}

static void read_edge_lists(ForeignLock *lock, const Node *table, const char *key)
{
    const Node *map = foreign_map(lock, table, key);
    for (unsigned i = 0; map && i < map->count; i++)
        read_edges(lock, foreign_list(lock, map, map->pairs[i].key->text));
}

static void read_package(ForeignLock *lock, const Node *table)
{
    LockedPackage *package = foreign_add_package(lock, table);
    if (!package)
        return;
    const Node *wheels = foreign_list(lock, table, "wheels");
    for (unsigned i = 0; wheels && i < wheels->count; i++)
        read_file(lock, package, wheels->items[i]);
    const Node *sdist = foreign_map(lock, table, "sdist");
    if (sdist)
        read_file(lock, package, sdist);
    read_source(lock, package, table);
    read_edges(lock, foreign_list(lock, table, "dependencies"));
    read_edge_lists(lock, table, "optional-dependencies");
    read_edge_lists(lock, table, "dev-dependencies");
}

/* Folders that uv names as members of the workspace are projects too. */
static void read_members(ForeignLock *lock)
{
    const Node *manifest = foreign_map(lock, lock->root, "manifest");
    const Node *members = manifest ? foreign_list(lock, manifest, "members") : NULL;
    for (unsigned i = 0; members && i < members->count; i++) {
        g_autofree char *name = canonical_item(members->items[i]);
        const GArray *positions = g_hash_table_lookup(lock->by_name, name);
        for (guint k = 0; positions && k < positions->len; k++) {
            LockedPackage *package = lock->packages->pdata[g_array_index(positions, guint, k)];
            if (package->index || package->direct || package->files->len > 0)
                continue;
            package->project = true;
            g_clear_pointer(&package->source_only, g_free);
        }
    }
    const Node *groups = manifest ? foreign_map(lock, manifest, "dependency-groups") : NULL;
    for (unsigned i = 0; groups && i < groups->count; i++)
        read_edges(lock, foreign_list(lock, groups, groups->pairs[i].key->text));
    if (manifest)
        read_edges(lock, foreign_list(lock, manifest, "requirements"));
}

static void read_uv(ForeignLock *lock)
{
    const Node *version = node_find(lock->root, "version");
    if (!version || version->kind != NODE_SCALAR || !g_str_equal(version->text, "1")) {
        GError *error = diags_error(lock->diags, version ? version->at : lock->root->at,
                                    "a uv.lock of version 1 is wanted here");
        error_set_hint(error, "`uv export --format pylock.toml` writes what the newest uv knows in "
                              "a form that does not change with it");
        return;
    }
    const Node *packages = foreign_list(lock, lock->root, "package");
    for (unsigned i = 0; packages && i < packages->count; i++)
        read_package(lock, packages->items[i]);
    read_members(lock);
}

/* Selecting */

enum {
    ACTIVE_MAX = 1000
};

/* Packages, and extras of them, that have been reached. */
typedef struct {
    const ForeignLock *lock;
    const LockSelection *selection;
    GHashTable *reached; /* "POSITION" or "POSITION extra" */
    GPtrArray *queue;    /* the same keys, borrowed, in the order they were met */
    GHashTable *taken;   /* position + 1 */
    GPtrArray *active;   /* char *: names that `extra` may have in markers, NULL-terminated */
    GHashTable *actives; /* the same */
    bool grown;          /* an active name came after markers had been looked at */
    GError *error;
} Walk;

/* uv's names of what excludes each other: "extra-4-conf-new", "group-4-conf-dev". Only a lock file
 * with conflicts has them in markers. */
static void activate(Walk *walk, const char *kind, const char *package, const char *name)
{
    if (!node_find(walk->lock->root, "conflicts"))
        return;
    g_autofree char *text = g_strdup_printf("%s-%zu-%s-%s", kind, strlen(package), package, name);
    char *canonical = name_canonicalize(text);
    if (g_hash_table_contains(walk->actives, canonical) || walk->active->len > ACTIVE_MAX) {
        g_free(canonical);
        return;
    }
    g_hash_table_add(walk->actives, canonical);
    g_ptr_array_insert(walk->active, (int)walk->active->len - 1, canonical);
    walk->grown = true;
}

static void reach(Walk *walk, guint position, const char *extra)
{
    char *key = extra ? g_strdup_printf("%u %s", position, extra) : g_strdup_printf("%u", position);
    if (g_hash_table_contains(walk->reached, key)) {
        g_free(key);
        return;
    }
    g_hash_table_add(walk->reached, key);
    g_hash_table_add(walk->taken, GUINT_TO_POINTER(position + 1));
    g_ptr_array_add(walk->queue, key);
    const LockedPackage *package = walk->lock->packages->pdata[position];
    if (extra)
        activate(walk, "extra", package->name, extra);
}

static bool same_source(const Node *a, const Node *b)
{
    if (!a || !b || a->count != b->count)
        return a == b;
    for (unsigned i = 0; i < a->count; i++) {
        const Node *other = node_find(b, a->pairs[i].key->text);
        if (!other || g_strcmp0(other->text, a->pairs[i].value->text) != 0)
            return false;
    }
    return true;
}

/* An edge names version and source where several packages have the name. */
static bool edge_means(const Walk *walk, const Node *edge, guint position)
{
    const Node *table = walk->lock->nodes->pdata[position];
    const Node *version = node_find(edge, "version"), *source = node_find(edge, "source");
    const Node *own = node_find(table, "version");
    if (version && (!own || !g_str_equal(version->text, own->text)))
        return false;
    return !source || same_source(source, node_find(table, "source"));
}

static bool edge_holds(const Walk *walk, const Node *edge)
{
    MarkerSets sets = {(const char *const *)walk->active->pdata, NULL};
    const Marker *marker = foreign_marker_known(walk->lock, node_find(edge, "marker"));
    return !marker || marker_evaluate_sets(marker, walk->selection->markers, &sets);
}

static void reach_with_extras(Walk *walk, guint position, const Node *extras)
{
    reach(walk, position, NULL);
    for (unsigned i = 0; extras && extras->kind == NODE_LIST && i < extras->count; i++) {
        g_autofree char *extra = canonical_item(extras->items[i]);
        reach(walk, position, extra);
    }
}

static void follow(Walk *walk, const Node *edge)
{
    if (!edge_holds(walk, edge))
        return;
    g_autofree char *name = name_canonicalize(node_find(edge, "name")->text);
    const GArray *positions = g_hash_table_lookup(walk->lock->by_name, name);
    const Node *extras = node_find(edge, "extra");
    if (!extras)
        extras = node_find(edge, "extras"); /* of a script's requirements */
    bool found = false;
    for (guint i = 0; positions && i < positions->len; i++) {
        guint position = g_array_index(positions, guint, i);
        if (!edge_means(walk, edge, position))
            continue;
        found = true;
        reach_with_extras(walk, position, extras);
    }
    if (!found && !walk->error)
        error_set(&walk->error, ERROR_INPUT, edge->at, "the lock file has no such package '%s'",
                  name);
}

static void follow_all(Walk *walk, const Node *list)
{
    for (unsigned i = 0; list && list->kind == NODE_LIST && i < list->count; i++)
        follow(walk, list->items[i]);
}

static void follow_queue(Walk *walk)
{
    for (guint next = 0; next < walk->queue->len && !walk->error; next++) {
        const char *key = walk->queue->pdata[next], *blank = strchr(key, ' ');
        const Node *table = walk->lock->nodes->pdata[g_ascii_strtoull(key, NULL, 10)];
        follow_all(walk, blank ? foreign_find(node_find(table, "optional-dependencies"), blank + 1)
                               : node_find(table, "dependencies"));
    }
}

/* Roots */

static bool is_root(const ForeignLock *lock, guint position)
{
    const Node *source = node_find(lock->nodes->pdata[position], "source");
    const Node *virtual = node_find(source, "virtual"), *editable = node_find(source, "editable");
    const Node *folder = virtual ? virtual : editable;
    return folder && g_str_equal(folder->text, ".");
}

/* The package of the project, else every member. */
static GArray *find_roots(const ForeignLock *lock)
{
    GArray *roots = g_array_new(FALSE, FALSE, sizeof(guint));
    for (guint i = 0; i < lock->packages->len; i++) {
        if (is_root(lock, i))
            g_array_append_val(roots, i);
    }
    for (guint i = 0; roots->len == 0 && i < lock->packages->len; i++) {
        if (((LockedPackage *)lock->packages->pdata[i])->project)
            g_array_append_val(roots, i);
    }
    return roots;
}

static bool take_extra(Walk *walk, const GArray *roots, const char *extra)
{
    g_autofree char *name = name_canonicalize(extra);
    bool found = false;
    for (guint i = 0; i < roots->len; i++) {
        guint root = g_array_index(roots, guint, i);
        const Node *table = walk->lock->nodes->pdata[root];
        const Node *provided = node_find(node_find(table, "metadata"), "provides-extras");
        bool known = foreign_find(node_find(table, "optional-dependencies"), name) != NULL;
        for (unsigned k = 0; provided && provided->kind == NODE_LIST && k < provided->count; k++) {
            g_autofree char *one = canonical_item(provided->items[k]);
            known |= g_str_equal(one, name);
        }
        if (known)
            reach(walk, root, name);
        found |= known;
    }
    return found || error_set(&walk->error, ERROR_INPUT, SPAN_NONE, "%s has no extra '%s'",
                              source_name(walk->lock->source), extra);
}

static bool take_group(Walk *walk, const GArray *roots, const char *group)
{
    bool found = false;
    const Node *manifest = node_find(walk->lock->root, "manifest");
    const Node *shared = foreign_find(node_find(manifest, "dependency-groups"), group);
    for (guint i = 0; i < roots->len; i++) {
        guint root = g_array_index(roots, guint, i);
        const Node *table = walk->lock->nodes->pdata[root];
        const Node *list = foreign_find(node_find(table, "dev-dependencies"), group);
        const Node *declared = node_find(node_find(table, "metadata"), "requires-dev");
        found |= list || foreign_find(declared, group);
        activate(walk, "group", ((LockedPackage *)walk->lock->packages->pdata[root])->name, group);
        follow_all(walk, list);
    }
    follow_all(walk, shared);
    return found || shared ||
           error_set(&walk->error, ERROR_INPUT, SPAN_NONE, "%s has no dependency group '%s'",
                     source_name(walk->lock->source), group);
}

static void walk_once(Walk *walk, const GArray *roots)
{
    const LockSelection *selection = walk->selection;
    const Node *manifest = node_find(walk->lock->root, "manifest");
    for (guint i = 0; i < roots->len; i++)
        reach(walk, g_array_index(roots, guint, i), NULL);
    for (size_t i = 0; !walk->error && selection->extras && selection->extras[i]; i++)
        take_extra(walk, roots, selection->extras[i]);
    for (size_t i = 0; !walk->error && selection->groups && selection->groups[i]; i++)
        take_group(walk, roots, selection->groups[i]);
    follow_all(walk, node_find(manifest, "requirements"));
    follow_queue(walk);
}

/* Names that turn out to be active may make further markers hold; they only grow. */
static void walk_until_stable(Walk *walk, const GArray *roots)
{
    do {
        walk->grown = false;
        g_ptr_array_set_size(walk->queue, 0);
        g_hash_table_remove_all(walk->reached);
        g_hash_table_remove_all(walk->taken);
        walk_once(walk, roots);
    } while (walk->grown && !walk->error);
}

static bool select_uv(const ForeignLock *lock, const LockSelection *selection,
                      GPtrArray *ret_packages, GError **error)
{
    if (!foreign_check_python(lock, node_find(lock->root, "requires-python"), selection, error))
        return false;
    g_autoptr(GArray) roots = find_roots(lock);
    Walk walk = {
        .lock = lock,
        .selection = selection,
        .reached = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .queue = g_ptr_array_new(),
        .taken = g_hash_table_new(NULL, NULL),
        .active = g_ptr_array_new_with_free_func(g_free),
        .actives = g_hash_table_new(g_str_hash, g_str_equal),
    };
    g_ptr_array_add(walk.active, NULL);
    walk_until_stable(&walk, roots);
    for (guint i = 0; !walk.error && i < lock->packages->len; i++) {
        if (g_hash_table_contains(walk.taken, GUINT_TO_POINTER(i + 1)))
            g_ptr_array_add(ret_packages, lock->packages->pdata[i]);
    }
    g_hash_table_unref(walk.reached);
    g_ptr_array_unref(walk.queue);
    g_hash_table_unref(walk.taken);
    g_hash_table_unref(walk.actives);
    g_ptr_array_unref(walk.active);
    if (walk.error)
        g_propagate_error(error, walk.error);
    return walk.error == NULL;
}

const ForeignKind foreign_uv = {read_uv, select_uv};
