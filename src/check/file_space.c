#include "check/file_space_private.h"

static void entry_free(void *data)
{
    g_free(data);
}

static void install_free(void *data)
{
    SpaceInstall *install = data;
    installed_distribution_free(install->distribution);
    g_free(install->entries);
    g_free(install);
}

static void wheel_free(void *data)
{
    wheel_archive_free(data);
}

static void scripts_free(void *data)
{
    g_ptr_array_unref(data);
}

void file_space_free(FileSpace *space)
{
    if (!space)
        return;
    g_ptr_array_unref(space->overlaps);
    g_ptr_array_unref(space->scripts);
    g_ptr_array_unref(space->files);
    g_hash_table_unref(space->by_path);
    g_hash_table_unref(space->last);
    g_hash_table_unref(space->owners);
    g_ptr_array_unref(space->installs);
    g_ptr_array_unref(space->entries);
    g_ptr_array_unref(space->wrappers);
    g_ptr_array_unref(space->unknown);
    g_hash_table_unref(space->problems);
    g_hash_table_unref(space->wheels);
    g_string_chunk_free(space->texts);
    install_target_free(space->target);
    environment_free(space->environment);
    g_free(space);
}

/* Paths */

const char *space_path(const FileSpace *space, const char *path)
{
    const char *folders[] = {space->target->purelib, space->target->platlib};
    for (size_t i = 0; i < G_N_ELEMENTS(folders); i++) {
        if (g_str_has_prefix(path, folders[i]) && path[strlen(folders[i])] == '/')
            return path + strlen(folders[i]) + 1;
    }
    return path;
}

void space_put(FileSpace *space, SpaceEntry *entry)
{
    SpaceEntry *before = g_hash_table_lookup(space->by_path, entry->file.path);
    if (before)
        before->current = false;
    entry->over = before;
    entry->current = true;
    g_hash_table_insert(space->by_path, (char *)entry->file.path, entry);
}

void space_take_out(FileSpace *space, const char *path)
{
    SpaceEntry *entry = g_hash_table_lookup(space->by_path, path);
    if (!entry)
        return;
    entry->current = false;
    g_hash_table_remove(space->by_path, path);
}

/* What is said of the whole */

static bool is_same(const SpaceEntry *a, const SpaceEntry *b)
{
    const ZipMember *left = a->file.member, *right = b->file.member;
    if (left && right)
        return left->crc32 == right->crc32 && left->size == right->size;
    return a->script && b->script && g_str_equal(a->script->module, b->script->module) &&
           g_str_equal(a->script->attribute, b->script->attribute);
}

/* Everybody over whose file this one was written and who is still installed. */
static void add_overlaps(FileSpace *space, const SpaceEntry *winner)
{
    for (const SpaceEntry *loser = winner->over; loser; loser = loser->over) {
        if (!loser->install || loser->install->gone || loser->install->behind ||
            g_str_equal(loser->file.distribution, winner->file.distribution))
            continue;
        SpaceOverlap *overlap = g_new(SpaceOverlap, 1);
        *overlap = (SpaceOverlap){&winner->file, &loser->file, is_same(winner, loser)};
        g_ptr_array_add(space->overlaps, overlap);
    }
}

static void add_entry(FileSpace *space, SpaceEntry *entry)
{
    const SpaceInstall *install = entry->install;
    if (!entry->current)
        return;
    entry->file.stale = install ? install->behind
                                : entry->file.distribution &&
                                      g_hash_table_contains(space->last, entry->file.distribution);
    g_ptr_array_add(space->files, &entry->file);
}

static int compare_files(const void *a, const void *b)
{
    return strcmp((*(const SpaceFile *const *)a)->path, (*(const SpaceFile *const *)b)->path);
}

static void finish(FileSpace *space)
{
    for (guint i = 0; i < space->entries->len; i++)
        add_entry(space, space->entries->pdata[i]);
    for (guint i = 0; i < space->installs->len; i++) {
        SpaceInstall *install = space->installs->pdata[i];
        for (size_t k = 0; k < install->count; k++)
            add_entry(space, &install->entries[k]);
    }
    g_ptr_array_sort(space->files, compare_files);
    for (guint i = 0; i < space->files->len; i++) {
        const SpaceEntry *entry = space->files->pdata[i];
        if (entry->over)
            add_overlaps(space, entry);
        if (!entry->script)
            continue;
        SpaceScript *script = g_new(SpaceScript, 1);
        *script = (SpaceScript){&entry->file, entry->script->module, entry->script->attribute};
        g_ptr_array_add(space->scripts, script);
    }
}

/* Making one */

bool file_space_wants(G_GNUC_UNUSED void *data, G_GNUC_UNUSED const WheelView *view,
                      const ZipMember *member)
{
    const char *slash = strchr(member->name, '/');
    size_t folder = slash ? (size_t)(slash - member->name) : 0;
    static const char suffix[] = ".dist-info";
    return folder > strlen(suffix) &&
           strncmp(slash - strlen(suffix), suffix, strlen(suffix)) == 0 &&
           (g_str_equal(slash, "/WHEEL") || g_str_equal(slash, "/entry_points.txt"));
}

static void set_environment(FileSpace *space)
{
    const LockTarget *target = space->input.target;
    space->environment = space->input.environment ? environment_copy(space->input.environment)
                                                  : lock_base_environment(target, NULL);
    if (!space->environment)
        return;
    g_autoptr(PythonTarget) python =
        python_target_new(target->base.python, target->base.libc, target->platform, NULL);
    if (python)
        space->target = install_target_new(space->environment, python, target->base.pip_version);
}

static FileSpace *space_new(const FileSpaceInput *input, unsigned stages)
{
    FileSpace *space = g_new0(FileSpace, 1);
    space->input = *input;
    space->stages = stages;
    space->by_path = g_hash_table_new(g_str_hash, g_str_equal);
    space->wheels = g_hash_table_new_full(NULL, NULL, NULL, wheel_free);
    space->problems = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    space->unknown = g_ptr_array_new();
    space->installs = g_ptr_array_new_with_free_func(install_free);
    space->last = g_hash_table_new(g_str_hash, g_str_equal);
    space->owners = g_hash_table_new(NULL, NULL);
    space->entries = g_ptr_array_new_with_free_func(entry_free);
    space->wrappers = g_ptr_array_new_with_free_func(scripts_free);
    space->texts = g_string_chunk_new(16 * 1024);
    space->files = g_ptr_array_new();
    space->overlaps = g_ptr_array_new_with_free_func(g_free);
    space->scripts = g_ptr_array_new_with_free_func(g_free);
    set_environment(space);
    if (space->target) {
        space_add_base(space);
        space_apply_stages(space);
    }
    finish(space);
    return space;
}

FileSpace *file_space_new(const FileSpaceInput *input)
{
    wheel_views_bring(input->views, file_space_wants, NULL, NULL);
    return space_new(input, G_MAXUINT);
}

FileSpace *file_space_after(const FileSpace *space, unsigned stages)
{
    return space_new(&space->input, stages);
}

/* Questions */

const SpaceFile *file_space_find(const FileSpace *space, const char *path)
{
    return g_hash_table_lookup(space->by_path, path);
}

/* The first file that is not before `path`. */
static guint lower_bound(const FileSpace *space, const char *path)
{
    guint low = 0, high = space->files->len;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        const SpaceFile *file = space->files->pdata[middle];
        if (strcmp(file->path, path) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static char *folder_prefix(const char *folder)
{
    size_t length = strlen(folder);
    return length == 0 || folder[length - 1] == '/' ? g_strdup(folder)
                                                    : g_strconcat(folder, "/", NULL);
}

GPtrArray *file_space_list(const FileSpace *space, const char *folder)
{
    g_autofree char *prefix = folder_prefix(folder);
    size_t length = strlen(prefix);
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    guint at = lower_bound(space, prefix);
    while (at < space->files->len) {
        const SpaceFile *file = space->files->pdata[at];
        if (strncmp(file->path, prefix, length) != 0)
            break;
        const char *name = file->path + length, *slash = strchr(name, '/');
        at++;
        if (slash && slash > name) {
            /* What begins with "name/" ends where "name" and the character behind "/" would be. */
            g_autofree char *end =
                g_strdup_printf("%.*s%c", (int)(slash - file->path), file->path, '/' + 1);
            at = lower_bound(space, end);
        } else if (slash) {
            at = lower_bound(space, "0"); /* absolute ones are no part of site-packages */
            continue;
        }
        g_ptr_array_add(names, slash ? g_strndup(name, (gsize)(slash - name + 1)) : g_strdup(name));
    }
    if (names->len > 0)
        return names;
    g_ptr_array_unref(names);
    return NULL;
}

bool file_space_has_folder(const FileSpace *space, const char *folder)
{
    g_autofree char *prefix = folder_prefix(folder);
    guint at = lower_bound(space, prefix);
    const SpaceFile *file = at < space->files->len ? space->files->pdata[at] : NULL;
    return file && g_str_has_prefix(file->path, prefix);
}

const GPtrArray *file_space_files(const FileSpace *space)
{
    return space->files;
}

const GPtrArray *file_space_overlaps(const FileSpace *space)
{
    return space->overlaps;
}

const GPtrArray *file_space_scripts(const FileSpace *space)
{
    return space->scripts;
}

const GPtrArray *file_space_unknown(const FileSpace *space)
{
    return space->unknown;
}

const char *file_space_problem(const FileSpace *space, const LockFile *file)
{
    return g_hash_table_lookup(space->problems, file);
}

const char *file_space_site(const FileSpace *space)
{
    return space->environment ? space->environment->purelib : NULL;
}

static GBytes *read_base(const FileSpace *space, const SpaceFile *file, size_t limit)
{
    const GPtrArray *folders = space->environment->path;
    for (guint i = 0; i < folders->len; i++) {
        g_autofree char *path = g_build_filename(folders->pdata[i], file->path, NULL);
        if (image_root_stat(space->input.base, path, true, NULL) == PATH_FILE)
            return image_root_read(space->input.base, path, limit);
    }
    return NULL;
}

GBytes *file_space_read(const FileSpace *space, const SpaceFile *file, size_t limit, GError **error)
{
    if (file->member)
        return wheel_view_read(file->view, file->member->name, limit, error);
    GBytes *content = file->view ? NULL : read_base(space, file, limit);
    if (!content)
        error_set(error, ERROR_INPUT, SPAN_NONE, "the content of %s is not known", file->path);
    return content;
}
