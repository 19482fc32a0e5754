#include "python/installed.h"

#include "base/limits.h"
#include "python/name.h"
#include "python/record.h"
#include "text/json.h"

enum {
    PTH_BYTES = 256 * 1024,
    SMALL_FILE_BYTES = 64 * 1024,
    FOLDERS = 64, /* on sys.path */
};

static void warn(GPtrArray *warnings, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void warn(GPtrArray *warnings, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_ptr_array_add(warnings, g_strdup_vprintf(format, args));
    va_end(args);
}

static char *read_small(const FileTree *tree, const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    char *text = file_tree_read_text(tree, path, SMALL_FILE_BYTES);
    return text ? g_strstrip(text) : NULL;
}

static void read_direct_url(InstalledDistribution *distribution, const FileTree *tree,
                            const char *info)
{
    g_autofree char *text = read_small(tree, info, "direct_url.json");
    g_autoptr(Json) json = text ? json_parse("direct_url.json", text, strlen(text), NULL) : NULL;
    distribution->direct_url = g_strdup(json_find_text(json, "url"));
    json_as_boolean(json_find(json_find(json, "dir_info"), "editable"), &distribution->editable);
}

/* RECORD's paths count from the folder that holds the dist-info. */
static void read_record(InstalledDistribution *distribution, const FileTree *tree, const char *info,
                        GPtrArray *warnings)
{
    g_autofree char *path = g_build_filename(info, "RECORD", NULL);
    distribution->has_record = file_tree_kind(tree, path) == TREE_FILE;
    installed_distribution_add_path(distribution, NULL, NULL);
    g_autoptr(GBytes) bytes = file_tree_read(tree, path, LIMIT_RECORD_BYTES);
    if (!bytes)
        return;
    gsize length;
    const char *text = g_bytes_get_data(bytes, &length);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) rows = record_parse(text ? text : "", length, &error);
    if (!rows)
        warn(warnings, "%s can't be read: %s", path, error->message);
    for (guint i = 0; rows && i < rows->len; i++) {
        const RecordRow *row = rows->pdata[i];
        g_autofree char *absolute = g_canonicalize_filename(row->path, distribution->site_dir);
        installed_distribution_add_path(distribution, absolute, row->sha256);
    }
    installed_distribution_sort_paths(distribution);
}

static Metadata *read_metadata(const FileTree *tree, const char *path, GPtrArray *warnings)
{
    g_autoptr(GBytes) bytes = file_tree_read(tree, path, LIMIT_METADATA_BYTES);
    g_autoptr(GError) error = NULL;
    gsize length = 0;
    const char *text = bytes ? g_bytes_get_data(bytes, &length) : NULL;
    Metadata *metadata = bytes ? metadata_parse(text ? text : "", length, &error) : NULL;
    if (!metadata)
        warn(warnings, "%s %s%s", path, bytes ? "is not understood: " : "can't be read",
             bytes ? error->message : "");
    return metadata;
}

typedef struct {
    Environment *environment;
    const FileTree *tree;
    const char *folder;
    bool outside;
    GPtrArray *seen;
    GPtrArray *warnings;
    char **last; /* folder that the next one of a .pth stands behind */
} Scan;

static InstalledDistribution *new_distribution(const Scan *scan, const char *name,
                                               const char *metadata_path)
{
    Metadata *metadata = read_metadata(scan->tree, metadata_path, scan->warnings);
    if (!metadata)
        return NULL;
    InstalledDistribution *distribution = installed_distribution_new(metadata->name, metadata);
    distribution->site_dir = g_strdup(scan->folder);
    distribution->dist_info = g_strdup(name);
    distribution->outside = scan->outside;
    return distribution;
}

static void add_dist_info(const Scan *scan, const char *name)
{
    g_autofree char *info = g_build_filename(scan->folder, name, NULL);
    g_autofree char *path = g_build_filename(info, "METADATA", NULL);
    if (file_tree_kind(scan->tree, info) != TREE_FOLDER ||
        file_tree_kind(scan->tree, path) != TREE_FILE)
        return; /* what a broken uninstall leaves is no distribution */
    InstalledDistribution *distribution = new_distribution(scan, name, path);
    if (!distribution)
        return;
    distribution->installer = read_small(scan->tree, info, "INSTALLER");
    distribution->requested = file_tree_has(scan->tree, info, "REQUESTED");
    read_direct_url(distribution, scan->tree, info);
    read_record(distribution, scan->tree, info, scan->warnings);
    environment_add(scan->environment, distribution);
}

/* setuptools' folder with PKG-INFO, or distutils' single file, which pip can't uninstall. */
static void add_egg_info(const Scan *scan, const char *name)
{
    g_autofree char *info = g_build_filename(scan->folder, name, NULL);
    bool folder = file_tree_kind(scan->tree, info) == TREE_FOLDER;
    g_autofree char *path = folder ? g_build_filename(info, "PKG-INFO", NULL) : g_strdup(info);
    if (file_tree_kind(scan->tree, path) != TREE_FILE)
        return;
    InstalledDistribution *distribution = new_distribution(scan, name, path);
    if (!distribution)
        return;
    distribution->has_record = folder && file_tree_has(scan->tree, info, "installed-files.txt");
    environment_add(scan->environment, distribution);
}

/* The first line of an .egg-link names the folder with the project's egg-info. */
static void add_egg_link(const Scan *scan, const char *name)
{
    g_autofree char *text = read_small(scan->tree, scan->folder, name);
    if (!text || *text != '/')
        return;
    text[strcspn(text, "\r\n")] = '\0';
    g_autoptr(GPtrArray) names = file_tree_list(scan->tree, text);
    Scan there = *scan;
    there.folder = text;
    for (guint i = 0; i < names->len; i++) {
        if (g_str_has_suffix(names->pdata[i], ".egg-info"))
            add_egg_info(&there, names->pdata[i]);
    }
}

/* The distributions of one folder; false when it was seen before. */
static bool scan_folder(Environment *environment, const FileTree *tree, const char *folder,
                        bool outside, GPtrArray *seen, GPtrArray *warnings)
{
    static const struct {
        const char *suffix;
        void (*add)(const Scan *scan, const char *name);
    } kinds[] = {
        {".dist-info", add_dist_info},
        {".egg-info", add_egg_info},
        {".egg-link", add_egg_link},
    };
    char *real = file_tree_resolve(tree, folder);
    if (!real || g_ptr_array_find_with_equal_func(seen, real, g_str_equal, NULL)) {
        g_free(real);
        return false;
    }
    g_ptr_array_add(seen, real);
    Scan scan = {environment, tree, folder, outside, seen, warnings, NULL};
    g_autoptr(GPtrArray) names = file_tree_list(tree, folder);
    for (guint i = 0; i < names->len; i++) {
        for (size_t k = 0; k < G_N_ELEMENTS(kinds); k++) {
            if (g_str_has_suffix(names->pdata[i], kinds[k].suffix))
                kinds[k].add(&scan, names->pdata[i]);
        }
    }
    return true;
}

static void put_behind(const Scan *scan, const char *folder)
{
    GPtrArray *path = scan->environment->path;
    guint at;
    if (g_ptr_array_find_with_equal_func(path, folder, g_str_equal, NULL) ||
        !g_ptr_array_find_with_equal_func(path, *scan->last, g_str_equal, &at))
        return;
    g_ptr_array_insert(path, (int)at + 1, g_strdup(folder));
    g_free(*scan->last);
    *scan->last = g_strdup(folder);
}

/* Lines of a .pth: folders; lines that begin with "import" are code and can't be followed. */
static void follow_pth(const Scan *scan, const char *name)
{
    g_autofree char *path = g_build_filename(scan->folder, name, NULL);
    g_autofree char *text = file_tree_read_text(scan->tree, path, PTH_BYTES);
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
    for (guint i = 0; lines[i]; i++) {
        const char *line = g_strstrip(lines[i]);
        if (*line == '\0' || *line == '#' || g_str_has_prefix(line, "import ") ||
            g_str_has_prefix(line, "import\t"))
            continue;
        g_autofree char *folder = g_canonicalize_filename(line, scan->folder);
        if (scan->seen->len >= FOLDERS || file_tree_kind(scan->tree, folder) != TREE_FOLDER)
            continue;
        put_behind(scan, folder);
        scan_folder(scan->environment, scan->tree, folder, scan->outside, scan->seen,
                    scan->warnings);
    }
}

void installed_scan(Environment *environment, const FileTree *tree, const char *folder,
                    bool outside, GPtrArray *seen, GPtrArray *warnings)
{
    if (!scan_folder(environment, tree, folder, outside, seen, warnings))
        return;
    g_autofree char *last = g_strdup(folder);
    Scan scan = {environment, tree, folder, outside, seen, warnings, &last};
    g_autoptr(GPtrArray) names = file_tree_list(tree, folder);
    for (guint i = 0; i < names->len; i++) {
        if (g_str_has_suffix(names->pdata[i], ".pth"))
            follow_pth(&scan, names->pdata[i]);
    }
}
