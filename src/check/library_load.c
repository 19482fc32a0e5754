#include "check/library_load.h"

#include "base/limits.h"
#include "check/library_private.h"
#include "check/native_rules.h"

enum {
    MAX_OBJECTS = 2000,  /* that one import loads */
    MAX_FOLDERS = 20000, /* of a base that is searched for libraries */
};

static void add_name(LibraryJudge *judge, const char *name, LoadObject *object)
{
    GPtrArray *all = g_hash_table_lookup(judge->by_name, name);
    if (!all) {
        all = g_ptr_array_new();
        g_hash_table_insert(judge->by_name, g_strdup(name), all);
    }
    g_ptr_array_add(all, object);
}

static void add_names(LibraryJudge *judge, LoadObject *object)
{
    const char *name = native_base_name(object->file->member);
    const char *own = object->file->object ? object->file->object->soname : NULL;
    add_name(judge, name, object);
    if (own && !g_str_equal(own, name))
        add_name(judge, own, object);
}

static void free_array(void *array)
{
    g_ptr_array_unref(array);
}

static void free_object(void *object)
{
    shared_object_free(object);
}

LibraryJudge *library_judge_new(CheckRun *run, Cache *cache)
{
    LibraryJudge *judge = g_new0(LibraryJudge, 1);
    judge->run = run;
    judge->cache = cache;
    judge->objects = g_ptr_array_new_with_free_func(g_free);
    judge->by_name = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_array);
    judge->base_objects = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_object);
    judge->loaded = g_hash_table_new(NULL, NULL);
    judge->missing = g_hash_table_new_full(NULL, NULL, NULL, free_array);
    judge->base_is_known = -1;
    judge->others_are_read = -1;
    for (guint i = 0; i < run->wheels->len; i++) {
        const CheckWheel *wheel = run->wheels->pdata[i];
        if (!wheel->native || !native_is_installed(run, wheel))
            continue;
        for (guint k = 0; k < wheel->native->files->len; k++) {
            LoadObject *object = g_new0(LoadObject, 1);
            *object = (LoadObject){wheel, wheel->native->files->pdata[k]};
            g_ptr_array_add(judge->objects, object);
            add_names(judge, object);
        }
    }
    return judge;
}

void library_judge_free(LibraryJudge *judge)
{
    if (!judge)
        return;
    g_ptr_array_unref(judge->objects);
    g_hash_table_unref(judge->by_name);
    g_clear_pointer(&judge->of_base, g_hash_table_unref);
    g_clear_pointer(&judge->base_names, g_ptr_array_unref);
    g_hash_table_unref(judge->base_objects);
    g_hash_table_unref(judge->loaded);
    g_hash_table_unref(judge->missing);
    g_free(judge->numpy_version);
    g_free(judge);
}

/* The object at a path of the space, read if it is not too large; NULL: none of a wheel's. */
static const LoadObject *find_object(LibraryJudge *judge, const char *path, LoadObject *ret_object)
{
    const CheckRun *run = judge->run;
    const SpaceFile *file = file_space_find(run->space, path);
    const CheckWheel *wheel = file && file->member && file->distribution
                                  ? check_find_wheel(run, file->distribution)
                                  : NULL;
    if (!wheel || !wheel->native || wheel->file != file->file)
        return NULL;
    for (guint i = 0; i < wheel->native->files->len; i++) {
        NativeFile *native = wheel->native->files->pdata[i];
        if (!g_str_equal(native->member, file->member->name))
            continue;
        *ret_object = (LoadObject){wheel, native};
        judge->missed |= !native_file_bring(native, wheel->view, judge->cache);
        return ret_object;
    }
    return NULL;
}

/* The object and what it needs, as far as that was read: Object, each once. */
static GPtrArray *find_loaded(const LibraryJudge *judge, LoadObject *first)
{
    GPtrArray *loaded = g_ptr_array_new();
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    g_ptr_array_add(loaded, first);
    g_hash_table_add(seen, first->file);
    for (guint i = 0; i < loaded->len && loaded->len < MAX_OBJECTS; i++) {
        const SharedObject *object = ((const LoadObject *)loaded->pdata[i])->file->object;
        for (char **name = object ? object->needed : NULL; name && *name; name++) {
            const GPtrArray *named = g_hash_table_lookup(judge->by_name, *name);
            if (named && g_hash_table_add(seen, ((LoadObject *)named->pdata[0])->file))
                g_ptr_array_add(loaded, named->pdata[0]);
        }
    }
    return loaded;
}

char **library_judge_needed(void *data, const char *path)
{
    LibraryJudge *judge = data;
    LoadObject first;
    if (!find_object(judge, path, &first) || !first.file->object)
        return NULL;
    g_autoptr(GPtrArray) loaded = find_loaded(judge, &first);
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    for (guint i = 0; i < loaded->len; i++) {
        const SharedObject *object = ((const LoadObject *)loaded->pdata[i])->file->object;
        if (object)
            g_strv_builder_addv(names, (const char **)object->needed);
    }
    return g_strv_builder_end(names);
}

/* Libraries of the base */

static bool is_library(const char *name)
{
    return g_str_has_suffix(name, ".so") || strstr(name, ".so.");
}

/* Everything that may be a folder is looked into: a loader's configuration may name any. */
static void collect_libraries(const ImageRoot *base, GPtrArray *names)
{
    static const char *const tops[] = {"/lib", "/lib64", "/usr", "/opt"};
    g_autoptr(GPtrArray) folders = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < G_N_ELEMENTS(tops); i++)
        g_ptr_array_add(folders, g_strdup(tops[i]));
    for (guint i = 0; i < folders->len && i < MAX_FOLDERS; i++) {
        const char *folder = folders->pdata[i];
        g_autoptr(GPtrArray) entries = image_root_list(base, folder);
        for (guint k = 0; entries && k < entries->len; k++) {
            const char *name = entries->pdata[k];
            g_autofree char *path = g_build_filename(folder, name, NULL);
            if (is_library(name))
                g_ptr_array_add(names, g_strdup(name));
            else if (image_root_stat(base, path, false, NULL) == PATH_FOLDER)
                g_ptr_array_add(folders, g_steal_pointer(&path));
        }
    }
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

GPtrArray *library_names(const CheckRun *run)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    if (run->base_root)
        collect_libraries(run->base_root, names);
    const GPtrArray *entries = run->image ? image_files_entries(run->image) : NULL;
    for (guint i = 0; entries && i < entries->len; i++) {
        const char *name = native_base_name(((const TreeEntry *)entries->pdata[i])->path);
        if (is_library(name))
            g_ptr_array_add(names, g_strdup(name));
    }
    g_ptr_array_sort(names, compare_names);
    return names;
}

/* A base that has no C library was not looked at as a whole, or is none that runs Python. */
bool library_judge_knows_base(LibraryJudge *judge)
{
    const CheckRun *run = judge->run;
    if (judge->base_is_known >= 0)
        return judge->base_is_known;
    judge->base_is_known = 0;
    if (!run->base_root || !run->image || image_files_are_open(run->image))
        return false;
    judge->base_names = library_names(run);
    judge->of_base = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < judge->base_names->len; i++)
        g_hash_table_add(judge->of_base, judge->base_names->pdata[i]);
    judge->base_is_known = g_hash_table_contains(judge->of_base, "libc.so.6");
    return judge->base_is_known;
}

bool library_judge_missed(const LibraryJudge *judge)
{
    return judge->missed;
}

bool library_judge_base_has(LibraryJudge *judge, const char *name)
{
    return g_hash_table_contains(judge->of_base, name);
}

/* Nothing in wheels or base is called so, wherever it lies. */
static bool is_absent(LibraryJudge *judge, const char *name)
{
    return !driver_library(name) && !g_hash_table_contains(judge->by_name, name) &&
           !strchr(name, '/') && library_judge_knows_base(judge) &&
           !library_judge_base_has(judge, name) && !g_str_has_prefix(name, "ld-linux") &&
           !g_str_has_prefix(name, "libpython");
}

static bool any_begins(LibraryJudge *judge, const char *stem)
{
    for (guint i = 0; i < judge->base_names->len; i++)
        if (g_str_has_prefix(judge->base_names->pdata[i], stem))
            return true;
    for (guint i = 0; i < judge->objects->len; i++) {
        const NativeFile *file = ((const LoadObject *)judge->objects->pdata[i])->file;
        const char *own = file->object ? file->object->soname : NULL;
        if (g_str_has_prefix(native_base_name(file->member), stem) ||
            (own && g_str_has_prefix(own, stem)))
            return true;
    }
    return false;
}

/* Whether the files of all that is installed are known by name. */
static bool knows_wheels(const CheckRun *run)
{
    for (guint i = 0; i < run->wheels->len; i++) {
        const CheckWheel *wheel = run->wheels->pdata[i];
        if (!wheel->native && native_is_installed(run, wheel))
            return false;
    }
    return file_space_unknown(run->space)->len == 0;
}

bool library_judge_absent(void *data, const char *name, bool stem)
{
    LibraryJudge *judge = data;
    if (!knows_wheels(judge->run))
        return false;
    return stem ? library_judge_knows_base(judge) && !any_begins(judge, name)
                : is_absent(judge, name);
}

LibraryProblem *library_problem_new(const char *exception, bool loader, bool certain,
                                    char *take_message)
{
    LibraryProblem *problem = g_new0(LibraryProblem, 1);
    problem->exception = exception;
    problem->loader = loader;
    problem->certain = certain;
    problem->message = take_message;
    return problem;
}

static LibraryProblem *judge_needed(LibraryJudge *judge, const GPtrArray *loaded)
{
    for (guint i = 0; i < loaded->len; i++) {
        const SharedObject *object = ((const LoadObject *)loaded->pdata[i])->file->object;
        for (char **name = object ? object->needed : NULL; name && *name; name++) {
            if (is_absent(judge, *name))
                return library_problem_new(
                    "ImportError", true, true,
                    g_strdup_printf("%s: cannot open shared object file: No such "
                                    "file or directory",
                                    *name));
        }
    }
    return NULL;
}

/* torch */

/* Where all of torch was read, its symbols are judged as any other's. */
static LibraryProblem *doubt_torch(const CheckRun *run, const LoadObject *object)
{
    const CheckWheel *torch = check_find_wheel(run, "torch");
    const SharedObject *shared = object->file->object;
    if (!shared || !torch || !torch->native || torch == object->wheel ||
        !native_uses_torch(shared) || native_is_complete(torch->native))
        return NULL;
    g_autofree char *clause = native_unmet_torch(run, object->wheel);
    if (!clause)
        return NULL;
    return library_problem_new(
        "ImportError", true, false,
        g_strdup_printf("%s is loaded, which was compiled for %s: `check --deep` "
                        "looks for what it needs in torch %s",
                        object->file->member, clause, torch->file->version));
}

/* numpy */

static void ask_numpy(LibraryJudge *judge)
{
    static const char *const places[] = {"numpy/_core/include/numpy/_numpyconfig.h",
                                         "numpy/core/include/numpy/_numpyconfig.h"};
    const CheckRun *run = judge->run;
    const LockDistribution *numpy = check_installed(run, "numpy");
    if (judge->numpy_asked)
        return;
    judge->numpy_asked = true;
    judge->numpy_version = g_strdup(numpy ? numpy->version : NULL);
    for (guint i = 0; i < G_N_ELEMENTS(places) && judge->numpy_abi == 0; i++) {
        const SpaceFile *file = file_space_find(run->space, places[i]);
        g_autoptr(GBytes) bytes =
            file ? file_space_read(run->space, file, LIMIT_CONFIG_BYTES, NULL) : NULL;
        if (bytes)
            judge->numpy_abi =
                numpy_abi_parse(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    }
}

/* Cython compares the size of `dtype` before the module calls import_array(); a smaller one than
 * it was compiled for is refused, a larger one is not. What others do when import_array() fails is
 * theirs: some go on without numpy. */
static LibraryProblem *judge_first_numpy(const LibraryJudge *judge, const LoadObject *object)
{
    if (object->file->numpy.sizes)
        return library_problem_new(
            "ValueError", false, true,
            g_strdup("numpy.dtype size changed, may indicate binary "
                     "incompatibility. Expected 96 from C header, got 88 from "
                     "PyObject"));
    return library_problem_new(
        "ImportError", false, false,
        g_strdup_printf("%s was compiled for numpy 1, and numpy %s is installed: "
                        "whether it goes on without is not known",
                        object->file->member, judge->numpy_version));
}

static LibraryProblem *judge_numpy(LibraryJudge *judge, const LoadObject *object)
{
    const NumpyWords *words = &object->file->numpy;
    if (words->headers == 0)
        return NULL;
    ask_numpy(judge);
    if (!judge->numpy_version)
        return NULL;
    if (words->headers == 1)
        return judge->numpy_abi >= 0x02000000 ? judge_first_numpy(judge, object) : NULL;
    unsigned major, minor;
    if (sscanf(judge->numpy_version, "%u.%u", &major, &minor) != 2 || major > words->major ||
        (major == words->major && minor >= words->minor))
        return NULL;
    return library_problem_new(
        "ImportError", false, words->sizes,
        g_strdup_printf("numpy._core.multiarray failed to import: %s needs numpy "
                        "%u.%u or newer, and numpy %s is installed",
                        object->file->member, words->major, words->minor, judge->numpy_version));
}

static LibraryProblem *judge_symbols(LibraryJudge *judge, LoadObject *first, const char *path,
                                     bool lazy)
{
    g_autoptr(LibraryClosure) closure = library_closure_new(judge, first);
    LibraryProblem *problem = library_symbols_judge(judge, closure, path, lazy);
    for (guint i = 0; i < closure->objects->len && !problem; i++)
        g_hash_table_add(judge->loaded, ((const LoadObject *)closure->objects->pdata[i])->file);
    return problem;
}

LibraryProblem *library_judge_problem(void *data, const char *path, bool lazy)
{
    LibraryJudge *judge = data;
    LoadObject first;
    if (!find_object(judge, path, &first) || !first.file->object)
        return NULL;
    g_autoptr(GPtrArray) loaded = find_loaded(judge, &first);
    LibraryProblem *problem = judge_needed(judge, loaded);
    if (!problem)
        problem = judge_symbols(judge, &first, path, lazy);
    for (guint i = 0; i < loaded->len && !problem; i++)
        problem = doubt_torch(judge->run, loaded->pdata[i]);
    for (guint i = 0; i < loaded->len && !problem; i++)
        problem = judge_numpy(judge, loaded->pdata[i]);
    return problem;
}
