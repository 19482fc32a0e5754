#include "plan/wheel_install.h"

#include "base/limits.h"
#include "base/sorted.h"
#include "python/record.h"

#include <string.h>

InstallTarget *install_target_new(const Environment *environment, const PythonTarget *python,
                                  const char *pip_version)
{
    InstallTarget *target = g_new(InstallTarget, 1);
    *target = (InstallTarget){
        .scheme = environment->scheme,
        .prefix = environment->prefix,
        .purelib = environment->purelib,
        .platlib = environment->platlib,
        .scripts = environment->scripts,
        .headers = environment->headers,
        .data = environment->data,
        .python = environment->python,
        .cache_tag = environment->cache_tag,
        .python_major = python->major,
        .python_minor = python->minor,
        .pip_version = pip_version,
    };
    return target;
}

void install_target_free(InstallTarget *target)
{
    g_free(target);
}

/* pip's UninstallPathSet. */
typedef struct {
    MergedTree *tree;
    const InstallTarget *target;
    GHashTable *paths; /* set of what is to go: parents without links */
} Uninstall;

/* The path with its folder's links resolved and its last part as it is; NULL for what has none. */
static char *real_path(const Uninstall *uninstall, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    if (!slash || *name == '\0' || g_str_equal(name, ".") || g_str_equal(name, ".."))
        return NULL;
    g_autofree char *folder = g_strndup(path, (gsize)(slash - path));
    g_autofree char *real = merged_tree_resolve(uninstall->tree, folder, true);
    return real ? g_build_filename(real, name, NULL) : NULL;
}

static bool is_permitted(const Uninstall *uninstall, const char *path)
{
    if (uninstall->target->scheme != SCHEME_VENV)
        return true;
    g_autofree char *prefix = merged_tree_resolve(uninstall->tree, uninstall->target->prefix, true);
    return prefix && g_str_has_prefix(path, prefix);
}

/* A path that is there, and the byte-compiled file that an import has made of it. */
static void add_path(Uninstall *uninstall, const char *path)
{
    g_autofree char *real = real_path(uninstall, path);
    if (!real || merged_tree_stat(uninstall->tree, real, true) == PATH_NONE)
        return;
    const char *name = strrchr(real, '/') + 1;
    if (g_str_has_suffix(name, ".py") && strlen(name) > strlen(".py")) {
        g_autofree char *compiled =
            g_strdup_printf("%.*s__pycache__/%.*s.%s.pyc", (int)(name - real), real,
                            (int)strlen(name) - 3, name, uninstall->target->cache_tag);
        add_path(uninstall, compiled);
    }
    if (is_permitted(uninstall, real))
        g_hash_table_add(uninstall->paths, g_steal_pointer(&real));
}

/* Python's pathlib has no "/" or "/." at the end. */
static void strip_end(char *path)
{
    for (size_t length = strlen(path); length > 1; path[--length] = '\0') {
        bool dot = path[length - 1] == '.' && path[length - 2] == '/';
        if (path[length - 1] != '/' && !dot)
            return;
    }
}

static void add_in(Uninstall *uninstall, const char *folder, const char *name)
{
    g_autofree char *path = *name == '/' ? g_strdup(name) : g_strconcat(folder, "/", name, NULL);
    strip_end(path);
    add_path(uninstall, path);
}

/* A path of RECORD, with ".pyc" and ".pyo" beside it. */
static void add_declared(Uninstall *uninstall, const char *site_dir, const char *row)
{
    add_in(uninstall, site_dir, row);
    if (!g_str_has_suffix(row, ".py"))
        return;
    g_autofree char *compiled = g_strconcat(row, "c", NULL);
    g_autofree char *optimised = g_strconcat(row, "o", NULL);
    add_in(uninstall, site_dir, compiled);
    add_in(uninstall, site_dir, optimised);
}

static gboolean add_record(Uninstall *uninstall, const char *site_dir, const char *info,
                           GError **error)
{
    g_autofree char *path = g_build_filename(info, "RECORD", NULL);
    g_autoptr(GBytes) bytes = merged_tree_read(uninstall->tree, path, LIMIT_RECORD_BYTES);
    if (!bytes) {
        error_set(error, ERROR_INPUT, SPAN_NONE, "it has no RECORD, which says what its files are");
        if (error && *error)
            error_set_hint(*error, "`ignore_installed: true` writes over it instead");
        return FALSE;
    }
    gsize length;
    GError *cause = NULL;
    const char *text = g_bytes_get_data(bytes, &length);
    g_autoptr(GPtrArray) rows = record_parse(text ? text : "", length, &cause);
    if (!rows)
        return error_wrap(error, cause, SPAN_NONE, "its RECORD");
    for (guint i = 0; i < rows->len; i++) {
        const RecordRow *row = rows->pdata[i];
        add_declared(uninstall, site_dir, row->path);
    }
    return TRUE;
}

/* setuptools' list of a distribution without dist-info; its paths count from the egg-info. */
static gboolean add_installed_files(Uninstall *uninstall, const char *info, GError **error)
{
    g_autofree char *path = g_build_filename(info, "installed-files.txt", NULL);
    g_autoptr(GBytes) bytes = merged_tree_read(uninstall->tree, path, LIMIT_RECORD_BYTES);
    gsize length = 0;
    const char *text = bytes ? g_bytes_get_data(bytes, &length) : NULL;
    if (!bytes || !g_utf8_validate(text ? text : "", (gssize)length, NULL))
        return error_set(error, ERROR_INPUT, SPAN_NONE,
                         "it was not installed by pip, and nothing says what its files are");
    g_autofree char *copy = g_strndup(text ? text : "", length);
    g_auto(GStrv) lines = g_strsplit(copy, "\n", -1);
    add_path(uninstall, info);
    for (guint i = 0; lines[i]; i++) {
        if (*g_strstrip(lines[i]))
            add_in(uninstall, info, lines[i]);
    }
    return TRUE;
}

/* Entry points and old-style scripts. What is no entry point is left alone, as pip does. */
static void add_scripts(Uninstall *uninstall, const char *info)
{
    const char *bin = uninstall->target->scripts;
    g_autofree char *folder = g_build_filename(info, "scripts", NULL);
    g_autoptr(GPtrArray) scripts = merged_tree_list(uninstall->tree, folder);
    for (guint i = 0; scripts && i < scripts->len; i++)
        add_in(uninstall, bin, scripts->pdata[i]);
    g_autofree char *path = g_build_filename(info, "entry_points.txt", NULL);
    g_autoptr(GBytes) bytes = merged_tree_read(uninstall->tree, path, LIMIT_METADATA_BYTES);
    gsize length = 0;
    const char *text = bytes ? g_bytes_get_data(bytes, &length) : NULL;
    g_autoptr(GPtrArray) entries = text ? entry_points_parse(text, length, NULL) : NULL;
    for (guint i = 0; entries && i < entries->len; i++) {
        const EntryPoint *entry = entries->pdata[i];
        add_in(uninstall, bin, entry->name);
    }
}

/* Whether every file at or below the folder is to go. They are added to `found`. */
static bool is_all_in_set(const Uninstall *uninstall, const char *folder, GPtrArray *found,
                          unsigned depth)
{
    g_autoptr(GPtrArray) names = merged_tree_list(uninstall->tree, folder);
    if (!names || depth > LIMIT_PATH_DEPTH)
        return false;
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *path = g_build_filename(folder, names->pdata[i], NULL);
        PathKind kind = merged_tree_stat(uninstall->tree, path, false);
        bool is_folder = merged_tree_stat(uninstall->tree, path, true) == PATH_FOLDER;
        if (is_folder && kind == PATH_LINK)
            continue; /* counts as a folder, and is not entered */
        if (is_folder ? !is_all_in_set(uninstall, path, found, depth + 1)
                      : !g_hash_table_contains(uninstall->paths, path))
            return false;
        if (!is_folder)
            g_ptr_array_add(found, g_steal_pointer(&path));
    }
    return true;
}

static bool has_ancestor(GHashTable *set, const char *path)
{
    g_autofree char *at = g_strdup(path);
    for (char *slash; (slash = strrchr(at, '/'));) {
        *slash = '\0';
        if (g_hash_table_contains(set, *at ? at : "/"))
            return true;
    }
    return false;
}

static int compare_lengths(const void *a, const void *b)
{
    size_t x = strlen(*(char *const *)a), y = strlen(*(char *const *)b);
    return x != y ? (x < y ? -1 : 1) : sorted_compare_strings(a, b);
}

/* The folders of the paths, shorter ones first. */
static GPtrArray *folders_of(const GPtrArray *paths)
{
    g_autoptr(GHashTable) set = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < paths->len; i++)
        g_hash_table_add(set, g_path_get_dirname(paths->pdata[i]));
    g_autoptr(GPtrArray) keys = sorted_keys(set);
    GPtrArray *folders = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < keys->len; i++)
        g_ptr_array_add(folders, g_strdup(keys->pdata[i]));
    g_ptr_array_sort(folders, compare_lengths);
    return folders;
}

/* pip's compress_for_rename(): folders in which nothing else is go as a whole; their files leave
 * `paths`. Returns the set of them. */
static GHashTable *take_whole_folders(Uninstall *uninstall)
{
    GHashTable *whole = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GPtrArray) all = sorted_keys(uninstall->paths);
    g_autoptr(GPtrArray) folders = folders_of(all);
    for (guint i = 0; i < folders->len; i++) {
        const char *folder = folders->pdata[i];
        g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
        if (has_ancestor(whole, folder) || !is_all_in_set(uninstall, folder, found, 0))
            continue;
        g_hash_table_add(whole, g_strdup(folder));
        for (guint k = 0; k < found->len; k++)
            g_hash_table_remove(uninstall->paths, found->pdata[k]);
    }
    return whole;
}

/* Folders that are empty now, upwards. One beside which a folder was put aside is not empty to pip:
 * what was put aside lies in it until all is done. */
static void remove_empty(Uninstall *uninstall, const char *path, GHashTable *busy)
{
    g_autofree char *folder = g_path_get_dirname(path);
    while (folder[0] && folder[1] && !g_hash_table_contains(busy, folder) &&
           merged_tree_remove(uninstall->tree, folder))
        *strrchr(folder, '/') = '\0';
}

static void remove_path(Uninstall *uninstall, const char *path, bool whole, GHashTable *busy)
{
    bool folder = merged_tree_stat(uninstall->tree, path, false) == PATH_FOLDER;
    merged_tree_remove_all(uninstall->tree, path);
    if (folder)
        g_hash_table_add(busy, g_path_get_dirname(path));
    if (!whole)
        remove_empty(uninstall, path, busy);
}

/* Removes in the order in which pip does: sorted, a whole folder by its name with a slash. */
static void remove_paths(Uninstall *uninstall)
{
    g_autoptr(GHashTable) whole = take_whole_folders(uninstall);
    g_autoptr(GHashTable) busy = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GPtrArray) order = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) folders = sorted_keys(whole), files = sorted_keys(uninstall->paths);
    for (guint i = 0; i < folders->len; i++)
        g_ptr_array_add(order, g_strconcat(folders->pdata[i], "/", NULL));
    for (guint i = 0; i < files->len; i++) {
        if (!has_ancestor(uninstall->paths, files->pdata[i]) &&
            !has_ancestor(whole, files->pdata[i]))
            g_ptr_array_add(order, g_strdup(files->pdata[i]));
    }
    g_ptr_array_sort(order, sorted_compare_strings);
    for (guint i = 0; i < order->len; i++) {
        char *path = order->pdata[i];
        size_t length = strlen(path);
        bool is_whole = path[length - 1] == '/';
        if (is_whole)
            path[length - 1] = '\0';
        remove_path(uninstall, path, is_whole, busy);
    }
}

gboolean wheel_uninstall(MergedTree *tree, const InstallTarget *target, const char *site_dir,
                         const char *dist_info, GError **error)
{
    Uninstall uninstall = {tree, target,
                           g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};
    g_autofree char *info = g_build_filename(site_dir, dist_info, NULL);
    GError *cause = NULL;
    bool egg = g_str_has_suffix(dist_info, ".egg-info");
    gboolean ok = egg ? add_installed_files(&uninstall, info, &cause)
                      : add_record(&uninstall, site_dir, info, &cause);
    if (ok) {
        add_scripts(&uninstall, info);
        remove_paths(&uninstall);
    }
    g_hash_table_unref(uninstall.paths);
    return ok || error_wrap(error, cause, SPAN_NONE, "cannot uninstall %s", info);
}
