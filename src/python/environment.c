#include "python/environment.h"

#include "base/sorted.h"
#include "python/name.h"

static void distribution_unref(void *data)
{
    installed_distribution_free(data);
}

InstalledDistribution *installed_distribution_new(const char *name, Metadata *take_metadata)
{
    InstalledDistribution *distribution = g_rc_box_new0(InstalledDistribution);
    distribution->name = g_strdup(name);
    distribution->canonical = name_canonicalize(name);
    distribution->metadata = take_metadata;
    return distribution;
}

InstalledDistribution *installed_distribution_ref(InstalledDistribution *distribution)
{
    return g_rc_box_acquire(distribution);
}

static void distribution_clear(void *data)
{
    InstalledDistribution *distribution = data;
    g_free(distribution->name);
    g_free(distribution->canonical);
    metadata_free(distribution->metadata);
    g_free(distribution->site_dir);
    g_free(distribution->dist_info);
    g_free(distribution->installer);
    g_free(distribution->direct_url);
    g_clear_pointer(&distribution->paths, g_ptr_array_unref);
    g_clear_pointer(&distribution->path_digests, g_ptr_array_unref);
    g_free(distribution->stage);
}

void installed_distribution_free(InstalledDistribution *distribution)
{
    if (distribution)
        g_rc_box_release_full(distribution, distribution_clear);
}

void installed_distribution_add_path(InstalledDistribution *distribution, const char *path,
                                     const char *digest)
{
    if (!distribution->paths) {
        distribution->paths = g_ptr_array_new_with_free_func(g_free);
        distribution->path_digests = g_ptr_array_new_with_free_func(g_free);
    }
    if (!path)
        return;
    g_ptr_array_add(distribution->paths, g_strdup(path));
    g_ptr_array_add(distribution->path_digests, g_strdup(digest));
}

typedef struct {
    char *path, *digest;
} ListedPath;

static int compare_listed(const void *a, const void *b)
{
    const ListedPath *x = a, *y = b;
    return strcmp(x->path, y->path);
}

void installed_distribution_sort_paths(InstalledDistribution *distribution)
{
    guint count = distribution->paths ? distribution->paths->len : 0;
    g_autofree ListedPath *listed = g_new(ListedPath, count + 1);
    for (guint i = 0; i < count; i++)
        listed[i] =
            (ListedPath){distribution->paths->pdata[i], distribution->path_digests->pdata[i]};
    qsort(listed, count, sizeof(ListedPath), compare_listed);
    for (guint i = 0; i < count; i++) {
        distribution->paths->pdata[i] = listed[i].path;
        distribution->path_digests->pdata[i] = listed[i].digest;
    }
}

typedef struct {
    const char *site; /* below the prefix; %s: "python3.11" */
    const char *scripts;
    const char *headers;
    const char *python; /* %s as above */
} SchemeLayout;

/* What sysconfig and pip's locations module make of each scheme. */
static const SchemeLayout layouts[] = {
    [SCHEME_POSIX] = {"lib/%s/site-packages", "bin", "include/%s", "bin/%s"},
    [SCHEME_DEBIAN] = {"lib/%s/dist-packages", "bin", "include/%s", "bin/%s"},
    [SCHEME_VENV] = {"lib/%s/site-packages", "bin", "include/site/%s", "bin/python3"},
    [SCHEME_WINDOWS_VENV] = {"Lib/site-packages", "Scripts", "include/site/%s",
                             "Scripts/python.exe"},
};

static char *layout_path(const char *prefix, const char *template, const char *python)
{
    const char *gap = strstr(template, "%s");
    g_autofree char *path =
        gap ? g_strdup_printf("%.*s%s%s", (int)(gap - template), template, python, gap + 2)
            : g_strdup(template);
    return g_build_filename(prefix, path, NULL);
}

Environment *environment_new(InstallScheme scheme, const char *prefix, const PythonTarget *target)
{
    Environment *environment = g_new0(Environment, 1);
    const SchemeLayout *layout = &layouts[scheme];
    g_autofree char *python = g_strdup_printf("python%u.%u%s", target->major, target->minor,
                                              strchr(target->abi_flags, 't') ? "t" : "");
    /* Debian's posix_local shares the headers' folder and the interpreter with /usr */
    bool debian = scheme == SCHEME_DEBIAN && g_str_equal(prefix, "/usr/local");
    environment->scheme = scheme;
    environment->prefix = g_strdup(prefix);
    environment->purelib = layout_path(prefix, layout->site, python);
    environment->platlib = g_strdup(environment->purelib);
    environment->scripts = layout_path(prefix, layout->scripts, python);
    environment->headers = layout_path(debian ? "/usr" : prefix, layout->headers, python);
    environment->data = g_strdup(prefix);
    environment->python =
        debian ? g_strdup("/usr/bin/python3") : layout_path(prefix, layout->python, python);
    environment->cache_tag = g_strdup_printf("cpython-%u%u", target->major, target->minor);
    environment->path = g_ptr_array_new_with_free_func(g_free);
    environment_add_folder(environment, environment->platlib, false);
    environment->distributions = g_ptr_array_new_with_free_func(distribution_unref);
    environment->gone = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return environment;
}

Environment *environment_copy(const Environment *environment)
{
    Environment *copy = g_new0(Environment, 1);
    copy->scheme = environment->scheme;
    copy->prefix = g_strdup(environment->prefix);
    copy->purelib = g_strdup(environment->purelib);
    copy->platlib = g_strdup(environment->platlib);
    copy->scripts = g_strdup(environment->scripts);
    copy->headers = g_strdup(environment->headers);
    copy->data = g_strdup(environment->data);
    copy->python = g_strdup(environment->python);
    copy->cache_tag = g_strdup(environment->cache_tag);
    copy->path = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < environment->path->len; i++)
        environment_add_folder(copy, environment->path->pdata[i], false);
    copy->distributions = g_ptr_array_new_with_free_func(distribution_unref);
    for (guint i = 0; i < environment->distributions->len; i++)
        g_ptr_array_add(copy->distributions,
                        installed_distribution_ref(environment->distributions->pdata[i]));
    copy->gone = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GPtrArray) gone = sorted_keys(environment->gone);
    for (guint i = 0; i < gone->len; i++)
        g_hash_table_add(copy->gone, g_strdup(gone->pdata[i]));
    return copy;
}

void environment_free(Environment *environment)
{
    if (!environment)
        return;
    g_free(environment->prefix);
    g_free(environment->purelib);
    g_free(environment->platlib);
    g_free(environment->scripts);
    g_free(environment->headers);
    g_free(environment->data);
    g_free(environment->python);
    g_free(environment->cache_tag);
    g_ptr_array_unref(environment->path);
    g_ptr_array_unref(environment->distributions);
    g_hash_table_unref(environment->gone);
    g_free(environment);
}

const InstalledDistribution *environment_find(const Environment *environment, const char *canonical)
{
    for (guint i = 0; i < environment->distributions->len; i++) {
        const InstalledDistribution *distribution = environment->distributions->pdata[i];
        if (g_str_equal(distribution->canonical, canonical))
            return distribution;
    }
    return NULL;
}

void environment_add_folder(Environment *environment, const char *folder, bool first)
{
    if (!g_ptr_array_find_with_equal_func(environment->path, folder, g_str_equal, NULL))
        g_ptr_array_insert(environment->path, first ? 0 : -1, g_strdup(folder));
}

/* Place of a folder in sys.path; one that is not on it comes last. */
static guint folder_rank(const Environment *environment, const char *folder)
{
    guint rank;
    if (g_ptr_array_find_with_equal_func(environment->path, folder, g_str_equal, &rank))
        return rank;
    return G_MAXUINT;
}

/* Folder by folder in the order of the path, by name of the dist-info within one. */
static int compare_places(const Environment *environment, const InstalledDistribution *a,
                          const InstalledDistribution *b)
{
    guint x = folder_rank(environment, a->site_dir), y = folder_rank(environment, b->site_dir);
    if (x != y)
        return x < y ? -1 : 1;
    int order = g_strcmp0(a->site_dir, b->site_dir);
    return order != 0 ? order : g_strcmp0(a->dist_info, b->dist_info);
}

void environment_add(Environment *environment, InstalledDistribution *distribution)
{
    GPtrArray *all = environment->distributions;
    guint at = 0;
    for (; at < all->len; at++) {
        int order = compare_places(environment, all->pdata[at], distribution);
        if (order > 0)
            break;
        if (order < 0)
            continue;
        installed_distribution_free(all->pdata[at]);
        all->pdata[at] = distribution;
        return;
    }
    g_ptr_array_insert(all, (int)at, distribution);
}

void environment_remove(Environment *environment, const InstalledDistribution *distribution)
{
    g_ptr_array_remove(environment->distributions, (void *)distribution);
}

/* The byte-compiled files that belong to a source file's path. */
static void add_compiled(GPtrArray *paths, const char *path, const char *cache_tag)
{
    if (!g_str_has_suffix(path, ".py"))
        return;
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *name = g_path_get_basename(path);
    name[strlen(name) - 3] = '\0';
    g_ptr_array_add(paths, g_strdup_printf("%s/%s.pyc", folder, name));
    g_ptr_array_add(paths, g_strdup_printf("%s/%s.pyo", folder, name));
    g_ptr_array_add(paths, g_strdup_printf("%s/__pycache__/%s.%s.pyc", folder, name, cache_tag));
}

GPtrArray *environment_uninstall_paths(const Environment *environment,
                                       const InstalledDistribution *distribution)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; distribution->paths && i < distribution->paths->len; i++) {
        const char *path = distribution->paths->pdata[i];
        g_ptr_array_add(all, g_strdup(path));
        add_compiled(all, path, environment->cache_tag);
    }
    g_ptr_array_sort(all, sorted_compare_strings);
    GPtrArray *unique = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < all->len; i++) {
        if (unique->len == 0 || !g_str_equal(unique->pdata[unique->len - 1], all->pdata[i]))
            g_ptr_array_add(unique, g_strdup(all->pdata[i]));
    }
    return unique;
}
