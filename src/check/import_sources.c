#include "check/import_sources.h"

#include "base/limits.h"
#include "base/sorted.h"
#include "check/scene_files.h"

enum {
    MAX_THREADS = 8,
};

typedef struct {
    GPtrArray *names; /* NULL: no such folder */
    GHashTable *set;
} Folder;

struct ImportSources {
    const ImportScene *scene;
    SceneFiles of_scene;
    const ImportFiles *files;
    GHashTable *folders; /* path → Folder */
    GHashTable *sources; /* path → ImportSource */
    bool missed;         /* see import_sources_missed() */
};

static void folder_free(void *data)
{
    Folder *folder = data;
    g_clear_pointer(&folder->names, g_ptr_array_unref);
    g_clear_pointer(&folder->set, g_hash_table_unref);
    g_free(folder);
}

static void drop_source(void *data)
{
    ImportSource *source = data;
    g_free((char *)source->path);
    g_clear_pointer(&source->bytes, g_bytes_unref);
    py_tree_free(source->tree);
    g_clear_pointer(&source->lines, g_array_unref);
    g_free(source->problem);
    g_free(source);
}

ImportSources *import_sources_new(const ImportScene *scene)
{
    ImportSources *sources = g_new0(ImportSources, 1);
    sources->scene = scene;
    sources->files = scene->files;
    if (!sources->files) {
        scene_files_init(&sources->of_scene, scene);
        sources->files = &sources->of_scene.files;
    }
    sources->folders = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, folder_free);
    sources->sources = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, drop_source);
    return sources;
}

void import_sources_free(ImportSources *sources)
{
    if (!sources)
        return;
    g_hash_table_unref(sources->folders);
    g_hash_table_unref(sources->sources);
    g_free(sources);
}

bool import_sources_missed(const ImportSources *sources)
{
    return sources->missed;
}

const ImportScene *sources_scene(const ImportSources *sources)
{
    return sources->scene;
}

bool sources_partial(const ImportSources *sources)
{
    return sources->files->partial || sources->scene->partial;
}

bool sources_assumed(const ImportSources *sources)
{
    const FileSpace *space =
        sources->files == &sources->of_scene.files ? sources->scene->space : NULL;
    return sources->scene->partial &&
           (space ? file_space_unknown(space)->len == 0 : !sources->files->partial);
}

bool sources_open(ImportSources *sources, const char *path)
{
    if (g_path_is_absolute(path))
        return sources->files == &sources->of_scene.files ? scene_files_are_open(&sources->of_scene)
                                                          : sources->files->partial;
    if (!sources_assumed(sources))
        return sources_partial(sources);
    g_autofree char *top = g_strndup(path, strcspn(path, "/"));
    return !*top || !sources_is_folder(sources, top);
}

static const Folder *find_folder(ImportSources *sources, const char *path)
{
    Folder *folder = g_hash_table_lookup(sources->folders, path);
    if (folder)
        return folder;
    folder = g_new0(Folder, 1);
    folder->names = sources->files->list(sources->files, path);
    if (folder->names) {
        folder->set = g_hash_table_new(g_str_hash, g_str_equal);
        for (unsigned i = 0; i < folder->names->len; i++)
            g_hash_table_add(folder->set, folder->names->pdata[i]);
    }
    g_hash_table_insert(sources->folders, g_strdup(path), folder);
    return folder;
}

bool sources_has(ImportSources *sources, const char *folder, const char *name)
{
    const Folder *found = find_folder(sources, folder);
    return found->set && g_hash_table_contains(found->set, name);
}

const GPtrArray *sources_list(ImportSources *sources, const char *folder)
{
    return find_folder(sources, folder)->names;
}

bool sources_is_file(ImportSources *sources, const char *path)
{
    const char *slash = strrchr(path, '/');
    g_autofree char *folder = slash ? g_strndup(path, (size_t)MAX(slash - path, 1)) : g_strdup("");
    return sources_has(sources, folder, slash ? slash + 1 : path);
}

bool sources_is_folder(ImportSources *sources, const char *path)
{
    return !*path || find_folder(sources, path)->names != NULL;
}

const char *sources_distribution(ImportSources *sources, const char *path)
{
    return sources->files->distribution ? sources->files->distribution(sources->files, path) : NULL;
}

char **sources_needed(ImportSources *sources, const char *path)
{
    const ImportScene *scene = sources->scene;
    if (sources->files != &sources->of_scene.files)
        return sources->files->needed ? sources->files->needed(sources->files, path) : NULL;
    return scene->needed ? scene->needed(scene->library_data, path) : NULL;
}

bool sources_lack_library(const ImportSources *sources, const char *name, bool stem)
{
    const ImportScene *scene = sources->scene;
    return scene->absent && scene->absent(scene->library_data, name, stem);
}

LibraryProblem *sources_problem(ImportSources *sources, const char *path, bool lazy)
{
    const ImportScene *scene = sources->scene;
    if (sources->files != &sources->of_scene.files)
        return sources->files->problem ? sources->files->problem(sources->files, path, lazy) : NULL;
    return scene->problem ? scene->problem(scene->library_data, path, lazy) : NULL;
}

GBytes *sources_read(ImportSources *sources, const char *path)
{
    GBytes *bytes = sources->files->read(sources->files, path);
    if (!bytes && sources->files == &sources->of_scene.files) {
        const SpaceFile *file = file_space_find(sources->scene->space, path);
        sources->missed |= file && file->member;
    }
    return bytes;
}

/* Takes the bytes; NULL: cannot be read. */
static ImportSource *source_read(const char *path, GBytes *bytes)
{
    ImportSource *source = g_new0(ImportSource, 1);
    source->path = g_strdup(path);
    source->bytes = bytes;
    g_autoptr(GError) error = NULL;
    if (bytes)
        source->tree = py_parse_lazily(path, bytes, &error);
    if (!source->tree)
        source->problem = g_strdup(error ? error->message : "it could not be read");
    if (error && error->code == ERROR_INPUT)
        source->mistake = error_span(error).line;
    return source;
}

static const ImportSource *add_source(ImportSources *sources, const char *path, GBytes *bytes)
{
    ImportSource *source = source_read(path, bytes);
    g_hash_table_insert(sources->sources, (char *)source->path, source);
    return source;
}

const ImportSource *sources_tree(ImportSources *sources, const char *path)
{
    const ImportSource *source = g_hash_table_lookup(sources->sources, path);
    return source ? source : add_source(sources, path, sources_read(sources, path));
}

typedef struct {
    const SpaceFile *file;
    ImportSource *source; /* NULL: cannot be read by another thread */
} Preparing;

static void prepare_one(void *data, void *space)
{
    Preparing *one = data;
    GBytes *bytes = file_space_read(space, one->file, PY_MAX_BYTES, NULL);
    if (bytes)
        one->source = source_read(one->file->path, bytes);
}

void sources_prepare(ImportSources *sources, const GPtrArray *files)
{
    if (sources->files != &sources->of_scene.files)
        return;
    g_autofree Preparing *all = g_new0(Preparing, MAX(files->len, 1));
    GThreadPool *pool =
        g_thread_pool_new(prepare_one, (void *)sources->scene->space,
                          (int)MIN(g_get_num_processors(), MAX_THREADS), FALSE, NULL);
    for (guint i = 0; i < files->len; i++) {
        all[i].file = files->pdata[i];
        if (all[i].file->member && !g_hash_table_contains(sources->sources, all[i].file->path))
            g_thread_pool_push(pool, &all[i], NULL);
    }
    g_thread_pool_free(pool, FALSE, TRUE);
    for (guint i = 0; i < files->len; i++) {
        ImportSource *source = all[i].source;
        if (source)
            g_hash_table_insert(sources->sources, (char *)source->path, source);
    }
}

const ImportSource *sources_script(ImportSources *sources, const char *name, const char *text,
                                   size_t length)
{
    g_autofree char *path = g_strconcat("script:", name, NULL);
    g_hash_table_remove(sources->sources, path);
    return add_source(sources, path, g_bytes_new(text, length));
}

const char *import_source_text(const ImportSource *source, size_t *ret_length)
{
    *ret_length = 0;
    return source->bytes ? g_bytes_get_data(source->bytes, ret_length) : NULL;
}

bool import_source_find_line(const ImportSource *source, unsigned line, size_t *ret_offset)
{
    ImportSource *changed = (ImportSource *)source;
    size_t length;
    const char *text = import_source_text(source, &length);
    if (!text || line == 0)
        return false;
    if (!source->lines) {
        changed->lines = g_array_new(FALSE, FALSE, sizeof(size_t));
        for (const char *at = text; at && at < text + length;) {
            size_t offset = (size_t)(at - text);
            g_array_append_val(changed->lines, offset);
            at = memchr(at, '\n', length - offset);
            at = at ? at + 1 : NULL;
        }
    }
    if (line > source->lines->len)
        return false;
    *ret_offset = g_array_index(source->lines, size_t, line - 1);
    return true;
}

char *import_source_line(const ImportSource *source, unsigned line)
{
    size_t length, offset;
    const char *text = source ? import_source_text(source, &length) : NULL;
    if (!text || !import_source_find_line(source, line, &offset))
        return g_strdup("");
    const char *stop = memchr(text + offset, '\n', length - offset);
    g_autofree char *raw =
        g_strndup(text + offset, (size_t)((stop ? stop : text + length) - (text + offset)));
    return g_strstrip(g_utf8_make_valid(raw, -1));
}
