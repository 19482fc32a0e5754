#include "python/foreign_private.h"

#include "base/limits.h"
#include "net/url.h"
#include "python/name.h"
#include "python/poetry_constraint.h"

static void file_free(void *data)
{
    LockedFile *file = data;
    if (!file)
        return;
    g_free(file->filename);
    g_free(file->url);
    g_free(file->path);
    g_free(file->hash);
    g_free(file);
}

static void package_free(void *data)
{
    LockedPackage *package = data;
    g_free(package->name);
    g_free(package->version);
    g_free(package->index);
    g_ptr_array_unref(package->files);
    file_free(package->direct);
    g_free(package->source_only);
    g_free(package);
}

static void marker_destroy(void *data)
{
    marker_unref(data);
}

static void positions_free(void *data)
{
    g_array_unref(data);
}

static bool is_pylock(const char *name)
{
    if (g_str_equal(name, "pylock.toml"))
        return true;
    size_t length = strlen(name);
    if (!g_str_has_prefix(name, "pylock.") || !g_str_has_suffix(name, ".toml") || length < 13)
        return false;
    return !memchr(name + 7, '.', length - 12);
}

static const ForeignKind *kind_of_name(const char *path)
{
    g_autofree char *name = g_path_get_basename(path);
    if (is_pylock(name))
        return &foreign_pylock;
    return g_str_equal(name, "uv.lock")       ? &foreign_uv
           : g_str_equal(name, "poetry.lock") ? &foreign_poetry
                                              : NULL;
}

bool foreign_lock_is_name(const char *path)
{
    return kind_of_name(path) != NULL;
}

/* A file of another name is known by what is in it. */
static const ForeignKind *kind_of(const ForeignLock *lock)
{
    const ForeignKind *kind = kind_of_name(source_name(lock->source));
    if (kind)
        return kind;
    if (node_find(lock->root, "lock-version"))
        return &foreign_pylock;
    if (node_find(node_find(lock->root, "metadata"), "lock-version"))
        return &foreign_poetry;
    return node_find(lock->root, "version") && node_find(lock->root, "package") ? &foreign_uv
                                                                                : NULL;
}

void foreign_lock_free(ForeignLock *lock)
{
    if (!lock)
        return;
    g_ptr_array_unref(lock->packages);
    g_ptr_array_unref(lock->nodes);
    g_hash_table_unref(lock->by_name);
    g_hash_table_unref(lock->markers);
    node_arena_free(lock->arena);
    source_unref(lock->source);
    g_free(lock);
}

ForeignLock *foreign_lock_read(Source *source, Diags *diags)
{
    g_autoptr(ForeignLock) lock = g_new0(ForeignLock, 1);
    lock->source = source_ref(source);
    lock->arena = node_arena_new();
    lock->packages = g_ptr_array_new_with_free_func(package_free);
    lock->nodes = g_ptr_array_new();
    lock->by_name = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, positions_free);
    lock->markers = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, marker_destroy);
    unsigned before = diags_errors(diags);
    lock->diags = diags;
    lock->root = toml_parse(lock->arena, source, diags);
    if (!lock->root)
        return NULL;
    lock->kind = kind_of(lock);
    if (!lock->kind) {
        error_set_hint(diags_error(diags, span_at(source, 1, 1, 1),
                                   "this is neither a pylock.toml nor a uv.lock or poetry.lock"),
                       "requirement files are named in `requirements:`");
        return NULL;
    }
    lock->kind->read(lock);
    lock->diags = NULL;
    return diags_errors(diags) == before ? g_steal_pointer(&lock) : NULL;
}

char *foreign_lock_requires_python(const ForeignLock *lock, Span *ret_at)
{
    const Node *node = node_find(lock->root, "requires-python");
    if (!node)
        node = node_find(node_find(lock->root, "metadata"), "python-versions");
    if (!node || node->kind != NODE_SCALAR)
        return NULL;
    char *clauses = poetry_constraint_clauses(node->text, NULL);
    if (clauses)
        *ret_at = node->at;
    return clauses;
}

const GPtrArray *foreign_lock_packages(const ForeignLock *lock)
{
    return lock->packages;
}

/* Values */

static const Node *find_typed(ForeignLock *lock, const Node *map, const char *key, NodeKind kind)
{
    const Node *node = node_find(map, key);
    if (!node || (node->kind == kind && (kind != NODE_SCALAR || node->quoted)))
        return node;
    static const char *const names[] = {"a text", "an array", "a table"};
    diags_error(lock->diags, node->at, "'%s' is %s", key, names[kind]);
    return NULL;
}

const char *foreign_text(ForeignLock *lock, const Node *map, const char *key)
{
    const Node *node = find_typed(lock, map, key, NODE_SCALAR);
    return node ? node->text : NULL;
}

const Node *foreign_list(ForeignLock *lock, const Node *map, const char *key)
{
    return find_typed(lock, map, key, NODE_LIST);
}

const Node *foreign_map(ForeignLock *lock, const Node *map, const char *key)
{
    return find_typed(lock, map, key, NODE_MAP);
}

const char *foreign_required(ForeignLock *lock, const Node *map, const char *key, Span at)
{
    const char *text = foreign_text(lock, map, key);
    if (!text && !node_find(map, key))
        diags_error(lock->diags, at, "'%s' is missing here", key);
    return text;
}

const Marker *foreign_marker_known(const ForeignLock *lock, const Node *text)
{
    return text ? g_hash_table_lookup(lock->markers, text->text) : NULL;
}

const Marker *foreign_marker(ForeignLock *lock, const Node *text)
{
    const Marker *known = foreign_marker_known(lock, text);
    if (!text || known)
        return known;
    if (text->kind != NODE_SCALAR || !text->quoted) {
        diags_error(lock->diags, text->at, "a marker is a text");
        return NULL;
    }
    g_autoptr(GError) error = NULL;
    Marker *marker = marker_parse(text->text, &error);
    if (marker)
        g_hash_table_insert(lock->markers, text->text, marker);
    else
        diags_error(lock->diags, text->at, "%s", error->message);
    return marker;
}

/* Packages */

static void note_name(ForeignLock *lock, const LockedPackage *package)
{
    GArray *positions = g_hash_table_lookup(lock->by_name, package->name);
    if (!positions) {
        positions = g_array_new(FALSE, FALSE, sizeof(guint));
        g_hash_table_insert(lock->by_name, package->name, positions);
    }
    guint position = lock->packages->len - 1;
    g_array_append_val(positions, position);
}

LockedPackage *foreign_add_package(ForeignLock *lock, const Node *table)
{
    if (table->kind != NODE_MAP) {
        diags_error(lock->diags, table->at, "a package is a table");
        return NULL;
    }
    const char *name = foreign_required(lock, table, "name", table->at);
    const char *version = foreign_text(lock, table, "version");
    if (!name)
        return NULL;
    const Node *name_node = node_find(table, "name"), *version_node = node_find(table, "version");
    if (!name_is_valid(name)) {
        diags_error(lock->diags, name_node->at, "'%s' is no name of a package", name);
        return NULL;
    }
    g_autoptr(Version) parsed = version ? version_parse(version, NULL) : NULL;
    if (version && !parsed) {
        diags_error(lock->diags, version_node->at, "'%s' is no version", version);
        return NULL;
    }
    LockedPackage *package = g_new0(LockedPackage, 1);
    package->name = name_canonicalize(name);
    package->version = parsed ? g_strdup(version_text(parsed)) : NULL;
    package->files = g_ptr_array_new_with_free_func(file_free);
    package->at = name_node->at;
    g_ptr_array_add(lock->packages, package);
    g_ptr_array_add(lock->nodes, (void *)table);
    note_name(lock, package);
    return package;
}

static bool is_digest(const char *hash)
{
    const char *colon = hash ? strchr(hash, ':') : NULL;
    if (!colon || colon == hash || strlen(colon + 1) < 32)
        return false;
    for (const char *c = colon + 1; *c; c++) {
        if (!g_ascii_isxdigit(*c))
            return false;
    }
    return true;
}

static char *name_of_url(const char *url)
{
    g_autofree char *plain = url_without_fragment(url, NULL);
    return url_filename(plain);
}

LockedFile *foreign_file_new(const char *filename, const char *url, const char *path,
                             const char *hash)
{
    LockedFile *file = g_new0(LockedFile, 1);
    file->filename = filename ? g_strdup(filename)
                     : path   ? g_path_get_basename(path)
                     : url    ? name_of_url(url)
                              : g_strdup("");
    file->url = g_strdup(url);
    file->path = g_strdup(path);
    file->hash = is_digest(hash) ? g_ascii_strdown(hash, -1) : NULL;
    return file;
}

void foreign_add_file(LockedPackage *package, const char *filename, const char *url,
                      const char *path, const char *hash)
{
    g_ptr_array_add(package->files, foreign_file_new(filename, url, path, hash));
}

void foreign_set_direct(LockedPackage *package, LockedFile *file)
{
    file_free(package->direct);
    package->direct = file;
    if (!g_str_has_suffix(file->filename, ".whl"))
        package->source_only = g_strdup_printf("the source archive %s", file->filename);
}

/* Selecting */

bool foreign_names(const char *const *set, const char *name)
{
    g_autofree char *canonical = name_canonicalize(name);
    for (size_t i = 0; set && set[i]; i++) {
        g_autofree char *one = name_canonicalize(set[i]);
        if (g_str_equal(one, canonical))
            return true;
    }
    return false;
}

const Node *foreign_find(const Node *map, const char *name)
{
    for (unsigned i = 0; map && map->kind == NODE_MAP && i < map->count; i++) {
        const char *const one[] = {map->pairs[i].key->text, NULL};
        if (foreign_names(one, name))
            return map->pairs[i].value;
    }
    return NULL;
}

bool foreign_check_python(const ForeignLock *lock, const Node *text, const LockSelection *selection,
                          GError **error)
{
    g_autoptr(SpecifierSet) set = text ? specifier_set_parse(text->text, NULL) : NULL;
    if (!set || specifier_set_contains(set, selection->python, PRERELEASES_YES))
        return true;
    error_set(error, ERROR_INPUT, text->at, "%s is for Python %s, and the target has %s",
              source_name(lock->source), text->text, version_text(selection->python));
    if (error)
        error_set_hint(*error, "take a base with such a Python, or make the lock file anew");
    return false;
}

/* Markers that should exclude each other may both hold. */
static bool check_single(const GPtrArray *packages, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < packages->len; i++) {
        const LockedPackage *package = packages->pdata[i];
        const LockedPackage *other = g_hash_table_lookup(seen, package->name);
        if (!other) {
            g_hash_table_insert(seen, package->name, (void *)package);
            continue;
        }
        error_set(error, ERROR_INPUT, package->at, "two packages '%s' are taken for this target",
                  package->name);
        if (error) {
            error_add_note(*error, other->at, "the other one");
            error_set_hint(*error, "choose among extras or groups that exclude each other");
        }
        return false;
    }
    return true;
}

GPtrArray *foreign_lock_select(const ForeignLock *lock, const LockSelection *selection,
                               GError **error)
{
    g_autoptr(GPtrArray) packages = g_ptr_array_new();
    if (!lock->kind->select(lock, selection, packages, error) || !check_single(packages, error))
        return NULL;
    return g_steal_pointer(&packages);
}
