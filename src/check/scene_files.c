#include "check/scene_files.h"

#include "base/sorted.h"
#include "facts/python_parse.h"

/* Where a path of the space is in the image. */
static char *image_path(const SceneFiles *files, const char *path)
{
    return g_path_is_absolute(path) ? g_strdup(path)
                                    : g_build_filename(file_space_site(files->space), path, NULL);
}

/* The stages' file for imports, which a wheel of a later stage has not written over; or NULL. */
static const TreeEntry *find_own(const SceneFiles *files, const char *path)
{
    if (!files->image || (!g_path_is_absolute(path) && !files->in_site))
        return NULL;
    g_autofree char *absolute = image_path(files, path);
    const TreeEntry *entry = image_files_find(files->image, absolute);
    const SpaceFile *installed = file_space_find(files->space, path);
    bool later = entry && installed && installed->view && installed->stage > entry->stage;
    return later ? NULL : entry;
}

/* Adds the names of a folder of the image; those that no stage brings only outside of
 * site-packages, whose files the space has. */
static void add_own(const SceneFiles *files, const char *folder, GPtrArray *names)
{
    g_autofree char *absolute = image_path(files, folder);
    g_autoptr(GPtrArray) found = image_files_list(files->image, absolute);
    bool outside = g_path_is_absolute(folder);
    for (guint i = 0; found && i < found->len; i++) {
        g_autofree char *path = g_build_filename(absolute, found->pdata[i], NULL);
        PathKind kind = image_files_stat(files->image, path);
        if (kind == PATH_NONE || (!outside && !image_files_find(files->image, path)))
            continue;
        g_ptr_array_add(names, g_strconcat(found->pdata[i], kind == PATH_FOLDER ? "/" : "", NULL));
    }
}

static void drop_twins(GPtrArray *names)
{
    g_ptr_array_sort(names, sorted_compare_strings);
    for (guint i = names->len; i-- > 1;) {
        if (g_str_equal(names->pdata[i], names->pdata[i - 1]))
            g_ptr_array_remove_index(names, i);
    }
}

static GPtrArray *list_names(const ImportFiles *data, const char *folder)
{
    const SceneFiles *files = data->data;
    GPtrArray *names = file_space_list(files->space, folder);
    if (!files->image || (!g_path_is_absolute(folder) && !files->in_site))
        return names;
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; names && i < names->len; i++)
        g_ptr_array_add(all, g_strdup(names->pdata[i]));
    g_clear_pointer(&names, g_ptr_array_unref);
    add_own(files, folder, all);
    drop_twins(all);
    return all->len > 0 ? g_steal_pointer(&all) : NULL;
}

static GBytes *read_file(const ImportFiles *data, const char *path)
{
    const SceneFiles *files = data->data;
    if (find_own(files, path)) {
        g_autofree char *absolute = image_path(files, path);
        return image_files_read(files->image, absolute, PY_MAX_BYTES);
    }
    const SpaceFile *file = file_space_find(files->space, path);
    return file ? file_space_read(files->space, file, PY_MAX_BYTES, NULL) : NULL;
}

static const char *find_distribution(const ImportFiles *data, const char *path)
{
    const SceneFiles *files = data->data;
    const SpaceFile *file = find_own(files, path) ? NULL : file_space_find(files->space, path);
    return file ? file->distribution : NULL;
}

static bool any_in_site(const SceneFiles *files)
{
    const char *site = file_space_site(files->space);
    size_t length = strlen(site);
    const GPtrArray *entries = image_files_entries(files->image);
    for (guint i = 0; i < entries->len; i++) {
        const char *path = ((const TreeEntry *)entries->pdata[i])->path;
        if (strncmp(path, site, length) == 0 && path[length] == '/')
            return true;
    }
    return false;
}

void scene_files_init(SceneFiles *files, const ImportScene *scene)
{
    *files = (SceneFiles){.space = scene->space, .image = scene->image};
    files->files = (ImportFiles){
        .list = list_names,
        .read = read_file,
        .distribution = find_distribution,
        .data = files,
        .partial = scene->partial || file_space_unknown(scene->space)->len > 0,
    };
    files->in_site = files->image && any_in_site(files);
}

bool scene_files_are_open(const SceneFiles *files)
{
    return !files->image || image_files_have_more(files->image);
}
