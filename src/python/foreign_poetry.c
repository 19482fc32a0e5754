/* poetry.lock. From lock-version 2.1 on each package says its groups and its marker in each of
 * them, with extras as `extra == "x"`. Before, the file is a graph whose roots stand in
 * pyproject.toml, and its edges have markers, extras and versions in poetry's spelling. */
#include "python/foreign_private.h"

#include "python/name.h"
#include "python/poetry_constraint.h"

/* Reading */

static void read_files(ForeignLock *lock, LockedPackage *package, const Node *list)
{
    for (unsigned i = 0; list && i < list->count; i++) {
        const Node *file = list->items[i];
        if (file->kind != NODE_MAP) {
            diags_error(lock->diags, file->at, "a file is a table");
            continue;
        }
        const char *name = foreign_required(lock, file, "file", file->at);
        foreign_add_file(package, name, foreign_text(lock, file, "url"), NULL,
                         foreign_text(lock, file, "hash"));
    }
}

static void read_source(ForeignLock *lock, LockedPackage *package, const Node *table)
{
    const Node *source = foreign_map(lock, table, "source");
    const char *type = source ? foreign_required(lock, source, "type", source->at) : NULL;
    const char *url = source ? foreign_required(lock, source, "url", source->at) : NULL;
    if (!type || !url)
        return;
    if (g_str_equal(type, "legacy")) {
        package->index = g_strdup(url);
    } else if (g_str_equal(type, "url") || g_str_equal(type, "file")) {
        bool path = g_str_equal(type, "file");
        const LockedFile *file = package->files->len > 0 ? package->files->pdata[0] : NULL;
        foreign_set_direct(package, foreign_file_new(NULL, path ? NULL : url, path ? url : NULL,
                                                     file ? file->hash : NULL));
        g_ptr_array_set_size(package->files, 0);
    } else {
        package->source_only = g_str_equal(type, "directory")
                                   ? g_strdup_printf("the folder %s", url)
                                   : g_strdup_printf("a %s checkout", type);
    }
}

static void read_markers(ForeignLock *lock, const Node *markers)
{
    if (!markers || markers->kind != NODE_MAP) {
        foreign_marker(lock, markers);
        return;
    }
    for (unsigned i = 0; i < markers->count; i++)
        foreign_marker(lock, markers->pairs[i].value);
}

/* An edge is a text (versions), a table, or a list of tables. */
static void read_edge(ForeignLock *lock, const Node *edge)
{
    if (edge->kind == NODE_MAP) {
        foreign_text(lock, edge, "version");
        foreign_list(lock, edge, "extras");
        foreign_marker(lock, node_find(edge, "markers"));
    } else if (edge->kind == NODE_LIST) {
        for (unsigned i = 0; i < edge->count; i++) {
            if (edge->items[i]->kind == NODE_MAP)
                read_edge(lock, edge->items[i]);
            else
                diags_error(lock->diags, edge->items[i]->at, "a dependency is a table here");
        }
    }
}

static void read_package(ForeignLock *lock, const Node *table, GHashTable *old_files)
{
    LockedPackage *package = foreign_add_package(lock, table);
    if (!package)
        return;
    foreign_required(lock, table, "version", package->at);
    const Node *files = foreign_list(lock, table, "files");
    read_files(lock, package, files ? files : g_hash_table_lookup(old_files, package->name));
    read_source(lock, package, table);
    foreign_list(lock, table, "groups");
    read_markers(lock, node_find(table, "markers"));
    const Node *edges = foreign_map(lock, table, "dependencies");
    for (unsigned i = 0; edges && i < edges->count; i++)
        read_edge(lock, edges->pairs[i].value);
}

/* Up to lock-version 1.1 the files of all packages stand in one table. */
static GHashTable *index_old_files(ForeignLock *lock)
{
    GHashTable *files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    const Node *metadata = foreign_map(lock, lock->root, "metadata");
    const Node *map = metadata ? foreign_map(lock, metadata, "files") : NULL;
    for (unsigned i = 0; map && i < map->count; i++) {
        if (map->pairs[i].value->kind == NODE_LIST)
            g_hash_table_insert(files, name_canonicalize(map->pairs[i].key->text),
                                (void *)map->pairs[i].value);
    }
    return files;
}

/* poetry writes [metadata] last, so that a file without it is not whole; its own lock-version began
 * with poetry 1.1. */
static void check_version(const ForeignLock *lock)
{
    const Node *metadata = node_find(lock->root, "metadata");
    const Node *version = node_find(metadata, "lock-version");
    if (!metadata)
        error_set_hint(diags_error(lock->diags, lock->root->at,
                                   "there is no [metadata], which ends every poetry.lock"),
                       "the file is not whole: `poetry lock` writes it anew");
    else if (version && !g_str_has_prefix(version->text ? version->text : "", "1.") &&
             !g_str_has_prefix(version->text ? version->text : "", "2."))
        error_set_hint(
            diags_error(lock->diags, version->at, "this version of poetry.lock is not known"),
            "1.x and 2.x are known: `poetry lock` of poetry 1 or 2 writes them");
}

static void read_poetry(ForeignLock *lock)
{
    g_autoptr(GHashTable) old_files = index_old_files(lock);
    const Node *packages = foreign_list(lock, lock->root, "package");
    for (unsigned i = 0; packages && i < packages->count; i++)
        read_package(lock, packages->items[i], old_files);
    if (diags_errors(lock->diags) == 0)
        check_version(lock);
}

/* By groups */

static bool list_has(const Node *list, const char *name)
{
    for (unsigned i = 0; list && list->kind == NODE_LIST && i < list->count; i++) {
        const char *const one[] = {list->items[i]->text ? list->items[i]->text : "", NULL};
        if (foreign_names(one, name))
            return true;
    }
    return false;
}

/* Whether the package is in the group for this target. */
static bool group_takes(const ForeignLock *lock, const LockSelection *selection, const Node *table,
                        const char *group, const MarkerSets *sets)
{
    if (!list_has(node_find(table, "groups"), group))
        return false;
    const Node *text = node_find(table, "markers");
    if (text && text->kind == NODE_MAP)
        text = foreign_find(text, group);
    const Marker *marker = foreign_marker_known(lock, text);
    return !marker || marker_evaluate_sets(marker, selection->markers, sets);
}

static bool check_groups(const ForeignLock *lock, const LockSelection *selection, GError **error)
{
    for (size_t i = 0; selection->groups && selection->groups[i]; i++) {
        bool found = false;
        for (guint k = 0; k < lock->nodes->len && !found; k++)
            found = list_has(node_find(lock->nodes->pdata[k], "groups"), selection->groups[i]);
        if (!found)
            return error_set(error, ERROR_INPUT, SPAN_NONE, "%s has nothing of a group '%s'",
                             source_name(lock->source), selection->groups[i]);
    }
    return true;
}

static void select_by_groups(const ForeignLock *lock, const LockSelection *selection,
                             const MarkerSets *sets, GPtrArray *packages)
{
    for (guint i = 0; i < lock->packages->len; i++) {
        const Node *table = lock->nodes->pdata[i];
        bool taken = group_takes(lock, selection, table, "main", sets);
        for (size_t k = 0; !taken && selection->groups && selection->groups[k]; k++)
            taken = group_takes(lock, selection, table, selection->groups[k], sets);
        if (taken)
            g_ptr_array_add(packages, lock->packages->pdata[i]);
    }
}

/* By the graph */

typedef struct {
    const ForeignLock *lock;
    const LockSelection *selection;
    GHashTable *reached; /* "POSITION" or "POSITION extra" */
    GPtrArray *queue;    /* the same keys, borrowed */
} Walk;

static void reach(Walk *walk, guint position, const char *extra)
{
    char *key = extra ? g_strdup_printf("%u %s", position, extra) : g_strdup_printf("%u", position);
    if (g_hash_table_contains(walk->reached, key)) {
        g_free(key);
        return;
    }
    g_hash_table_add(walk->reached, key);
    g_ptr_array_add(walk->queue, key);
}

/* Of several versions of a package those that the constraint allows and whose Python fits. */
static bool is_meant(const Walk *walk, guint position, const char *constraint,
                     const SpecifierSet *set, bool single)
{
    const LockedPackage *package = walk->lock->packages->pdata[position];
    if (single || !package->version)
        return true;
    g_autoptr(Version) version = version_parse(package->version, NULL);
    if (constraint && !poetry_constraint_allows(constraint, version))
        return false;
    return !set || specifier_set_contains(set, version, PRERELEASES_YES);
}

static void reach_name(Walk *walk, const char *name, const char *constraint,
                       const SpecifierSet *set, char **extras)
{
    g_autofree char *canonical = name_canonicalize(name);
    const GArray *positions = g_hash_table_lookup(walk->lock->by_name, canonical);
    for (guint i = 0; positions && i < positions->len; i++) {
        guint position = g_array_index(positions, guint, i);
        if (!is_meant(walk, position, constraint, set, positions->len == 1))
            continue;
        reach(walk, position, NULL);
        for (size_t k = 0; extras && extras[k]; k++)
            reach(walk, position, extras[k]);
    }
}

static char **texts_of(const Node *list)
{
    g_autoptr(GStrvBuilder) texts = g_strv_builder_new();
    for (unsigned i = 0; list && list->kind == NODE_LIST && i < list->count; i++) {
        g_autofree char *name =
            list->items[i]->text ? name_canonicalize(list->items[i]->text) : NULL;
        if (name)
            g_strv_builder_add(texts, name);
    }
    return g_strv_builder_end(texts);
}

/* `wanted`: an optional edge counts only where an extra of the parent names it. */
static void follow(Walk *walk, const char *name, const Node *edge, bool wanted)
{
    if (edge->kind == NODE_LIST) {
        for (unsigned i = 0; i < edge->count; i++)
            follow(walk, name, edge->items[i], wanted);
        return;
    }
    bool table = edge->kind == NODE_MAP;
    const Node *optional = table ? node_find(edge, "optional") : NULL;
    if ((optional && g_strcmp0(optional->text, "true") == 0) != wanted)
        return;
    const Marker *marker =
        table ? foreign_marker_known(walk->lock, node_find(edge, "markers")) : NULL;
    MarkerSets none = {NULL, NULL};
    bool extra_only = marker && wanted && marker_uses(marker, "extra");
    if (marker && !extra_only && !marker_evaluate_sets(marker, walk->selection->markers, &none))
        return;
    const Node *version = table ? node_find(edge, "version") : edge;
    g_auto(GStrv) extras = texts_of(table ? node_find(edge, "extras") : NULL);
    reach_name(walk, name, version ? version->text : NULL, NULL, extras);
}

/* [package.extras] x = ["name (>=1) ; marker"] */
static void follow_extra(Walk *walk, const Node *table, const char *extra)
{
    const Node *list = foreign_find(node_find(table, "extras"), extra);
    const Node *edges = node_find(table, "dependencies");
    for (unsigned i = 0; list && list->kind == NODE_LIST && i < list->count; i++) {
        const char *text = list->items[i]->text;
        g_autofree char *name = text ? g_strndup(text, strcspn(text, " [(<>=!~;")) : NULL;
        const Node *edge = name ? foreign_find(edges, name) : NULL;
        if (edge)
            follow(walk, name, edge, true);
    }
}

static void follow_queue(Walk *walk)
{
    for (guint next = 0; next < walk->queue->len; next++) {
        const char *key = walk->queue->pdata[next], *blank = strchr(key, ' ');
        const Node *table = walk->lock->nodes->pdata[g_ascii_strtoull(key, NULL, 10)];
        const Node *edges = node_find(table, "dependencies");
        if (blank)
            follow_extra(walk, table, blank + 1);
        for (unsigned i = 0; !blank && edges && i < edges->count; i++)
            follow(walk, edges->pairs[i].key->text, edges->pairs[i].value, false);
    }
}

static void select_by_graph(const ForeignLock *lock, const LockSelection *selection,
                            GPtrArray *packages)
{
    Walk walk = {lock, selection, g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
                 g_ptr_array_new()};
    for (guint i = 0; i < selection->roots->len; i++) {
        const Requirement *root = selection->roots->pdata[i];
        if (root->marker && !marker_evaluate(root->marker, selection->markers, ""))
            continue;
        g_auto(GStrv) extras = name_canonical_set(root->extras, NULL);
        reach_name(&walk, root->name, NULL, root->specifiers, extras);
    }
    follow_queue(&walk);
    for (guint i = 0; i < lock->packages->len; i++) {
        g_autofree char *key = g_strdup_printf("%u", i);
        if (g_hash_table_contains(walk.reached, key))
            g_ptr_array_add(packages, lock->packages->pdata[i]);
    }
    g_hash_table_unref(walk.reached);
    g_ptr_array_unref(walk.queue);
}

/* The whole */

static bool check_extras(const ForeignLock *lock, const LockSelection *selection, GError **error)
{
    const Node *declared = node_find(lock->root, "extras");
    for (size_t i = 0; selection->extras && selection->extras[i]; i++) {
        if (!foreign_find(declared, selection->extras[i]))
            return error_set(error, ERROR_INPUT, SPAN_NONE, "%s has no extra '%s'",
                             source_name(lock->source), selection->extras[i]);
    }
    return true;
}

static bool says_groups(const ForeignLock *lock)
{
    for (guint i = 0; i < lock->nodes->len; i++) {
        if (node_find(lock->nodes->pdata[i], "groups"))
            return true;
    }
    return lock->nodes->len == 0;
}

static bool select_poetry(const ForeignLock *lock, const LockSelection *selection,
                          GPtrArray *ret_packages, GError **error)
{
    const Node *python = node_find(node_find(lock->root, "metadata"), "python-versions");
    if (python && python->text && !poetry_constraint_allows(python->text, selection->python))
        return error_set(error, ERROR_INPUT, python->at,
                         "%s is for Python %s, and the target has %s", source_name(lock->source),
                         python->text, version_text(selection->python));
    if (!check_extras(lock, selection, error))
        return false;
    if (says_groups(lock)) {
        g_auto(GStrv) extras = name_canonical_set((char **)selection->extras, NULL);
        MarkerSets sets = {(const char *const *)extras, NULL};
        if (!check_groups(lock, selection, error))
            return false;
        select_by_groups(lock, selection, &sets, ret_packages);
        return true;
    }
    if (!selection->roots) {
        error_set(error, ERROR_INPUT, SPAN_NONE,
                  "%s does not say what is in a group, and no pyproject.toml lies beside it",
                  source_name(lock->source));
        if (error)
            error_set_hint(*error, "keep both in one folder, or write the lock file anew with "
                                   "poetry 2");
        return false;
    }
    select_by_graph(lock, selection, ret_packages);
    return true;
}

bool foreign_lock_wants_roots(const ForeignLock *lock)
{
    return lock->kind == &foreign_poetry && !says_groups(lock);
}

const ForeignKind foreign_poetry = {read_poetry, select_poetry};
