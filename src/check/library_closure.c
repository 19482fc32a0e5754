/* Which objects a load brings into the process. Where a name may mean several files, all of them
 * count as places where a symbol may be defined, and none is judged itself. */
#include "base/limits.h"
#include "check/library_private.h"
#include "check/native_rules.h"
#include "python/target_libc.h"
#include "recipe/config.h"

enum {
    MAX_OBJECTS = 2000,
};

/* Of glibc and GCC: their symbols have versions, which rule_abi.c compares. */
static const char *const system_libraries[] = {
    "libanl.so.1",    "libatomic.so.1",   "libc.so.6",        "libcrypt.so.1",  "libdl.so.2",
    "libgcc_s.so.1",  "libgfortran.so.5", "libgomp.so.1",     "libm.so.6",      "libmvec.so.1",
    "libnsl.so.1",    "libpthread.so.0",  "libquadmath.so.0", "libresolv.so.2", "librt.so.1",
    "libstdc++.so.6", "libutil.so.1",
};

bool library_is_system(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(system_libraries); i++) {
        if (g_str_equal(name, system_libraries[i]))
            return true;
    }
    return g_str_has_prefix(name, "ld-linux") || g_str_has_prefix(name, "libpython");
}

void library_closure_free(LibraryClosure *closure)
{
    if (!closure)
        return;
    g_ptr_array_unref(closure->objects);
    g_hash_table_unref(closure->sure);
    g_ptr_array_unref(closure->of_base);
    g_free(closure);
}

/* Run paths */

/* Where a member lies in the space, or NULL: elsewhere, or another file is in its place. */
static const char *place_of(const LibraryJudge *judge, const LoadObject *object)
{
    const SpaceFile *file = file_space_find(judge->run->space, object->file->member);
    return file && file->file == object->wheel->file ? object->file->member : NULL;
}

/* The folder that a part of a run path names, as the space has it; NULL: none below $ORIGIN. */
static char *expand_origin(const LibraryJudge *judge, const char *path, const char *part)
{
    static const char *const origins[] = {"$ORIGIN", "${ORIGIN}"};
    const char *site = file_space_site(judge->run->space);
    g_autofree char *folder = g_path_get_dirname(path);
    for (guint i = 0; i < G_N_ELEMENTS(origins); i++) {
        size_t length = strlen(origins[i]);
        if (strncmp(part, origins[i], length) != 0 || (part[length] && part[length] != '/'))
            continue;
        g_autofree char *joined = g_strconcat(site, "/", folder, part + length, NULL);
        g_autofree char *whole = g_canonicalize_filename(joined, "/");
        size_t depth = strlen(site);
        bool inside = g_str_has_prefix(whole, site) && whole[depth] == '/';
        return g_strdup(inside ? whole + depth + 1 : whole);
    }
    return NULL;
}

/* The wheel's object that the run path of another leads to, or NULL. */
static LoadObject *find_by_path(const LibraryJudge *judge, const LoadObject *object,
                                const char *name, const GPtrArray *named)
{
    const char *path = place_of(judge, object);
    for (char **part = path ? object->file->object->rpath : NULL; part && *part; part++) {
        g_autofree char *folder = expand_origin(judge, path, *part);
        g_autofree char *wanted = folder ? g_build_filename(folder, name, NULL) : NULL;
        for (guint i = 0; wanted && i < named->len; i++) {
            const char *place = place_of(judge, named->pdata[i]);
            if (place && g_str_equal(place, wanted))
                return named->pdata[i];
        }
    }
    return NULL;
}

bool library_env_is_set(const CheckRun *run, const char *name)
{
    const GPtrArray *own = run->recipe->config->env;
    const char *of_base = native_find_env(run->base_env, name);
    bool found = of_base && *of_base;
    for (guint i = 0; own && i < own->len; i++)
        found = found || g_str_equal(((const Pair *)own->pdata[i])->key, name);
    return found;
}

static bool any_is_loaded(const LibraryJudge *judge, const GPtrArray *named)
{
    for (guint i = 0; i < named->len; i++) {
        if (g_hash_table_contains(judge->loaded, ((const LoadObject *)named->pdata[i])->file))
            return true;
    }
    return false;
}

/* What a wheel brings for its own modules, and its code opens before them. */
static bool is_own(const LoadObject *object, const GPtrArray *named)
{
    for (guint i = 0; i < named->len; i++) {
        if (((const LoadObject *)named->pdata[i])->wheel == object->wheel)
            return true;
    }
    return false;
}

/* A library of that name that is in the process already is taken, wherever it came from. */
bool library_is_elsewhere(LibraryJudge *judge, const LoadObject *object, const char *name)
{
    const GPtrArray *named = g_hash_table_lookup(judge->by_name, name);
    bool base_may = !library_judge_knows_base(judge) || library_judge_base_has(judge, name);
    if (!named || !base_may)
        return !named;
    if (any_is_loaded(judge, named) || is_own(object, named))
        return false;
    /* What comes before DT_RUNPATH, and behind DT_RPATH. */
    bool certain =
        !object->file->object->runpath || !library_env_is_set(judge->run, "LD_LIBRARY_PATH");
    return !certain || !find_by_path(judge, object, name, named);
}

/* The base */

static SharedObject *read_of_base(const CheckRun *run, const char *name)
{
    for (guint i = 0; run->base_root && target_library_folders[i]; i++) {
        g_autofree char *path = g_build_filename(target_library_folders[i], name, NULL);
        g_autoptr(GBytes) bytes = image_root_read(run->base_root, path, LIMIT_OBJECT_TABLES);
        if (bytes)
            return shared_object_from_bytes(bytes, NULL);
    }
    return NULL;
}

static SharedObject *find_of_base(LibraryJudge *judge, const char *name)
{
    gpointer known = NULL;
    if (g_hash_table_lookup_extended(judge->base_objects, name, NULL, &known))
        return known;
    SharedObject *object = read_of_base(judge->run, name);
    g_hash_table_insert(judge->base_objects, g_strdup(name), object);
    return object;
}

/* Walking */

typedef struct {
    LibraryJudge *judge;
    LibraryClosure *closure;
    GHashTable *seen; /* set of NativeFile and of SharedObject */
} Walk;

static void add_object(Walk *walk, LoadObject *object, bool sure)
{
    if (sure)
        g_hash_table_add(walk->closure->sure, object->file);
    if (!g_hash_table_add(walk->seen, object->file))
        return;
    g_ptr_array_add(walk->closure->objects, object);
    walk->closure->open |= !object->file->object;
}

static void add_of_base(Walk *walk, const char *name)
{
    SharedObject *object = find_of_base(walk->judge, name);
    walk->closure->open |= !object;
    if (object && g_hash_table_add(walk->seen, object))
        g_ptr_array_add(walk->closure->of_base, object);
}

/* `by`: NULL for an object of the base. */
static void add_needed(Walk *walk, const char *name, const LoadObject *by, bool sure)
{
    const GPtrArray *named = g_hash_table_lookup(walk->judge->by_name, name);
    if (driver_library(name)) {
        walk->closure->driver = true;
        return;
    }
    if (!named) {
        if (!library_is_system(name))
            add_of_base(walk, name);
        return;
    }
    LoadObject *found = by ? find_by_path(walk->judge, by, name, named) : NULL;
    bool elsewhere = !by || library_is_elsewhere(walk->judge, by, name);
    if (elsewhere && !library_is_system(name))
        add_of_base(walk, name);
    for (guint i = 0; i < named->len; i++) {
        LoadObject *one = named->pdata[i];
        add_object(walk, one, sure && !elsewhere && (one == found || named->len == 1));
    }
}

LibraryClosure *library_closure_new(LibraryJudge *judge, LoadObject *first)
{
    LibraryClosure *closure = g_new0(LibraryClosure, 1);
    closure->objects = g_ptr_array_new();
    closure->sure = g_hash_table_new(NULL, NULL);
    closure->of_base = g_ptr_array_new();
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    Walk walk = {judge, closure, seen};
    add_object(&walk, first, true);
    for (guint i = 0, k = 0; i < closure->objects->len || k < closure->of_base->len;) {
        const LoadObject *object = i < closure->objects->len ? closure->objects->pdata[i++] : NULL;
        const SharedObject *shared = object ? object->file->object : closure->of_base->pdata[k++];
        bool sure = object && g_hash_table_contains(closure->sure, object->file);
        for (char **name = shared ? shared->needed : NULL; name && *name; name++)
            add_needed(&walk, *name, object, sure);
        if (i + k > MAX_OBJECTS) {
            closure->open = true;
            break;
        }
    }
    return closure;
}

/* What is installed */

static bool wheel_is_read(const CheckRun *run, const CheckWheel *wheel)
{
    if (!native_is_installed(run, wheel))
        return true;
    for (guint i = 0; wheel->native && i < wheel->native->files->len; i++) {
        const NativeFile *file = wheel->native->files->pdata[i];
        if (!file->object)
            return false;
    }
    return wheel->native;
}

/* Distributions of a base bring objects that nobody has read, unless they are Python alone. */
static bool others_are_read(const CheckRun *run)
{
    static const char *const pure[] = {"pip", "setuptools", "wheel", NULL};
    const LockStage *last = check_last_stage(run);
    for (guint i = 0; last && i < last->environment->len; i++) {
        const LockDistribution *one = last->environment->pdata[i];
        if (one->file ? !g_str_has_suffix(one->file->file, ".whl")
                      : !run->base_root && !g_strv_contains(pure, one->name))
            return false;
    }
    const GPtrArray *files = file_space_files(run->space);
    for (guint i = 0; i < files->len; i++) {
        const SpaceFile *file = files->pdata[i];
        if (!file->view && native_is_object(file->path))
            return false;
    }
    const GPtrArray *entries = run->image ? image_files_entries(run->image) : NULL;
    for (guint i = 0; entries && i < entries->len; i++) {
        if (native_is_object(((const TreeEntry *)entries->pdata[i])->path))
            return false;
    }
    return last && file_space_unknown(run->space)->len == 0;
}

bool library_all_read(LibraryJudge *judge)
{
    const GPtrArray *wheels = judge->run->wheels;
    while (judge->read_wheels < wheels->len &&
           wheel_is_read(judge->run, wheels->pdata[judge->read_wheels]))
        judge->read_wheels++;
    if (judge->read_wheels < wheels->len)
        return false;
    if (judge->others_are_read < 0)
        judge->others_are_read = others_are_read(judge->run);
    return judge->others_are_read;
}
