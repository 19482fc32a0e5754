/* pylock.toml (packaging.python.org, pylock-toml specification). */
#include "python/foreign_private.h"

#include "python/name.h"

/* "sha256:…" of the table `hashes`, else of its first entry; NULL without one. */
static char *read_hash(ForeignLock *lock, const Node *file)
{
    const Node *hashes = foreign_map(lock, file, "hashes");
    const char *sha256 = hashes ? foreign_text(lock, hashes, "sha256") : NULL;
    if (sha256)
        return g_strconcat("sha256:", sha256, NULL);
    if (!hashes || hashes->count == 0)
        return NULL;
    const char *key = hashes->pairs[0].key->text, *value = foreign_text(lock, hashes, key);
    return value ? g_strconcat(key, ":", value, NULL) : NULL;
}

static LockedFile *read_file(ForeignLock *lock, const Node *file)
{
    g_autofree char *hash = read_hash(lock, file);
    const char *url = foreign_text(lock, file, "url"), *path = foreign_text(lock, file, "path");
    if (!url && !path && !node_find(file, "url") && !node_find(file, "path"))
        diags_error(lock->diags, file->at, "a file has 'url' or 'path'");
    return foreign_file_new(foreign_text(lock, file, "name"), url, path, hash);
}

static void read_files(ForeignLock *lock, LockedPackage *package, const Node *table)
{
    const Node *wheels = foreign_list(lock, table, "wheels");
    for (unsigned i = 0; wheels && i < wheels->count; i++) {
        if (wheels->items[i]->kind == NODE_MAP)
            g_ptr_array_add(package->files, read_file(lock, wheels->items[i]));
        else
            diags_error(lock->diags, wheels->items[i]->at, "a wheel is a table");
    }
    const Node *sdist = foreign_map(lock, table, "sdist");
    if (sdist)
        g_ptr_array_add(package->files, read_file(lock, sdist));
}

static void read_package(ForeignLock *lock, const Node *table)
{
    LockedPackage *package = foreign_add_package(lock, table);
    if (!package)
        return;
    package->index = g_strdup(foreign_text(lock, table, "index"));
    const Node *archive = foreign_map(lock, table, "archive");
    const Node *folder = foreign_map(lock, table, "directory");
    read_files(lock, package, table);
    foreign_marker(lock, node_find(table, "marker"));
    if (archive)
        foreign_set_direct(package, read_file(lock, archive));
    if (node_find(table, "vcs"))
        package->source_only = g_strdup("a checkout of a repository");
    const char *path = folder ? foreign_text(lock, folder, "path") : NULL;
    package->project = package->built = path && g_str_equal(path, ".");
    if (path && !package->project)
        package->source_only = g_strdup_printf("the folder %s", path);
    if (!package->version && package->files->len > 0)
        foreign_required(lock, table, "version", package->at);
}

static void read_pylock(ForeignLock *lock)
{
    const char *version = foreign_required(lock, lock->root, "lock-version", lock->root->at);
    if (version && !g_str_equal(version, "1.0") && !g_str_has_prefix(version, "1."))
        error_set_hint(diags_error(lock->diags, node_find(lock->root, "lock-version")->at,
                                   "lock-version %s of pylock.toml is not known", version),
                       "1.0 is known: let the tool that made the file write that");
    const Node *packages = foreign_list(lock, lock->root, "packages");
    for (unsigned i = 0; packages && i < packages->count; i++)
        read_package(lock, packages->items[i]);
}

/* What is asked for must be declared. */
static bool check_declared(const ForeignLock *lock, const char *key, const char *const *names,
                           const char *what, GError **error)
{
    const Node *declared = node_find(lock->root, key);
    for (size_t i = 0; names && names[i]; i++) {
        bool found = false;
        for (unsigned k = 0; declared && declared->kind == NODE_LIST && k < declared->count; k++) {
            const Node *item = declared->items[k];
            const char *const one[] = {item->kind == NODE_SCALAR ? item->text : "", NULL};
            found |= foreign_names(one, names[i]);
        }
        if (found)
            continue;
        return error_set(error, ERROR_INPUT, SPAN_NONE, "%s has no %s '%s'",
                         source_name(lock->source), what, names[i]);
    }
    return true;
}

static char **canonical_set(const char *const *names, const Node *defaults)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    for (size_t i = 0; names && names[i]; i++) {
        g_autofree char *name = name_canonicalize(names[i]);
        g_strv_builder_add(builder, name);
    }
    for (unsigned i = 0; defaults && defaults->kind == NODE_LIST && i < defaults->count; i++) {
        const Node *item = defaults->items[i];
        g_autofree char *name = item->kind == NODE_SCALAR ? name_canonicalize(item->text) : NULL;
        if (name)
            g_strv_builder_add(builder, name);
    }
    return g_strv_builder_end(builder);
}

static bool check_environments(const ForeignLock *lock, const LockSelection *selection,
                               GError **error)
{
    const Node *list = node_find(lock->root, "environments");
    if (!list || list->kind != NODE_LIST || list->count == 0)
        return true;
    MarkerSets none = {NULL, NULL};
    for (unsigned i = 0; i < list->count; i++) {
        g_autoptr(Marker) marker =
            list->items[i]->kind == NODE_SCALAR ? marker_parse(list->items[i]->text, NULL) : NULL;
        if (!marker || marker_evaluate_sets(marker, selection->markers, &none))
            return true;
    }
    return error_set(error, ERROR_INPUT, list->at,
                     "%s is not made for the target: none of its "
                     "`environments` holds",
                     source_name(lock->source));
}

static bool select_pylock(const ForeignLock *lock, const LockSelection *selection,
                          GPtrArray *ret_packages, GError **error)
{
    if (!foreign_check_python(lock, node_find(lock->root, "requires-python"), selection, error) ||
        !check_environments(lock, selection, error) ||
        !check_declared(lock, "extras", selection->extras, "extra", error) ||
        !check_declared(lock, "dependency-groups", selection->groups, "dependency group", error))
        return false;
    bool named = selection->groups && selection->groups[0];
    g_auto(GStrv) extras = canonical_set(selection->extras, NULL);
    g_auto(GStrv) groups =
        canonical_set(selection->groups, named ? NULL : node_find(lock->root, "default-groups"));
    MarkerSets sets = {(const char *const *)extras, (const char *const *)groups};
    for (guint i = 0; i < lock->packages->len; i++) {
        const Node *table = lock->nodes->pdata[i];
        const Marker *marker = foreign_marker_known(lock, node_find(table, "marker"));
        if (marker && !marker_evaluate_sets(marker, selection->markers, &sets))
            continue;
        if (!foreign_check_python(lock, node_find(table, "requires-python"), selection, error))
            return false;
        g_ptr_array_add(ret_packages, lock->packages->pdata[i]);
    }
    return true;
}

const ForeignKind foreign_pylock = {read_pylock, select_pylock};
