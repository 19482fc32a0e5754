#include "check/scene.h"

#include "base/auto.h"
#include "base/clock.h"
#include "check/import_memory.h"
#include "check/import_roots.h"
#include "check/library_load.h"
#include "check/stale_modules.h"
#include "lock/build_base.h"
#include "lock/fetch.h"
#include "recipe/config.h"

#include <fcntl.h>

struct CheckScene {
    CheckRun *run;
    BlobStore *blobs;
    const SceneOptions *options;
    GPtrArray *files; /* LockFile: wheels that an action installs */
    WheelViews *views;
    BuildBase *base; /* NULL: not on this machine */
    FileSpace *space;
    ImageFiles *image;
    GArray *phases; /* ScenePhase */
    gint64 begun;   /* of the phase at hand */
};

static void end_phase(CheckScene *scene, const char *name)
{
    gint64 now = clock_monotonic_usec();
    ScenePhase phase = {name, now - scene->begun};
    g_array_append_val(scene->phases, phase);
    scene->begun = now;
}

static int compare_files(const void *a, const void *b)
{
    const LockFile *one = *(LockFile *const *)a, *other = *(LockFile *const *)b;
    int order = strcmp(one->name, other->name);
    return order != 0 ? order : strcmp(one->file, other->file);
}

static GPtrArray *collect_files(const LockTarget *target, bool wheels)
{
    GPtrArray *files = lock_target_installs(target);
    for (guint i = files->len; i-- > 0;) {
        if (g_str_has_suffix(((const LockFile *)files->pdata[i])->file, ".whl") != wheels)
            g_ptr_array_remove_index_fast(files, i);
    }
    g_ptr_array_sort(files, compare_files);
    return files;
}

static gboolean open_base(CheckScene *scene, LockSession *session, GError **error)
{
    CheckRun *run = scene->run;
    bool readable = run->target->base.facts == LOCK_FACTS_READ &&
                    run->recipe->base.kind != BASE_NONE && run->recipe->base.kind != BASE_DEBIAN;
    if (!readable)
        return TRUE;
    if (!lock_session_read_base(session, run->recipe, run->target, NULL, &scene->base, error))
        return FALSE;
    if (scene->base->tree) {
        run->base_env = (const char *const *)scene->base->tree->env;
        run->base_root = scene->base->tree->root;
        run->base_layers = scene->base->tree->layers;
        run->base_packed = scene->base->tree->packed;
    }
    end_phase(scene, "base");
    return TRUE;
}

static void add_wheels(CheckScene *scene)
{
    for (guint i = 0; i < scene->files->len; i++) {
        CheckWheel *wheel = g_new0(CheckWheel, 1);
        wheel->file = scene->files->pdata[i];
        wheel->view = wheel_views_find(scene->views, wheel->file->sha256);
        if (wheel->view)
            g_ptr_array_add(scene->run->wheels, wheel);
        else
            g_free(wheel);
    }
}

static gboolean keep_going(G_GNUC_UNUSED void *data, G_GNUC_UNUSED const LockFile *file,
                           G_GNUC_UNUSED const char *path, G_GNUC_UNUSED GError **error)
{
    return TRUE;
}

/* Whole wheels, so that every library can be read. */
static gboolean fetch_wheels(CheckScene *scene, LockSession *session, GError **error)
{
    CheckRun *run = scene->run;
    GPtrArray *files = run->deep ? scene->files : (GPtrArray *)scene->options->whole;
    if (!files || files->len == 0)
        return TRUE;
    if (!lock_session_fetch_wheels(session, run->recipe, run->target, scene->blobs, files,
                                   keep_going, NULL, error))
        return FALSE;
    end_phase(scene, "wheels fetched");
    return TRUE;
}

/* What can't be read stays unknown. */
static gboolean count_source(void *data, const LockFile *file, const char *path,
                             G_GNUC_UNUSED GError **error)
{
    const CheckScene *scene = data;
    AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    for (guint i = 0; fd >= 0 && i < scene->run->sources->len; i++) {
        CheckSource *source = scene->run->sources->pdata[i];
        if (source->file == file)
            source->read = source_counts_read(fd, file->file, &source->counts, NULL);
    }
    return TRUE;
}

/* Source distributions are small; they are fetched whole, where something hangs on them. */
static void read_sources(CheckScene *scene, LockSession *session)
{
    CheckRun *run = scene->run;
    if (!run->recipe->config->runpod)
        return;
    g_autoptr(GPtrArray) files = collect_files(run->target, false);
    for (guint i = 0; i < files->len; i++) {
        CheckSource *source = g_new0(CheckSource, 1);
        source->file = files->pdata[i];
        g_ptr_array_add(run->sources, source);
    }
    if (files->len == 0)
        return;
    lock_session_fetch_wheels(session, run->recipe, run->target, scene->blobs, files, count_source,
                              scene, NULL);
    end_phase(scene, "sources read");
}

static gboolean open_wheels(CheckScene *scene, LockSession *session, GError **error)
{
    CheckRun *run = scene->run;
    scene->files = collect_files(run->target, true);
    if (!fetch_wheels(scene, session, error))
        return FALSE;
    if (!lock_session_view_wheels(session, run->recipe, run->target, scene->blobs, scene->files,
                                  &scene->views, error))
        return FALSE;
    add_wheels(scene);
    end_phase(scene, "wheels opened");
    return TRUE;
}

static bool is_wanted(void *data, const WheelView *view, const ZipMember *member)
{
    return wheel_native_wants(NULL, view, member) || file_space_wants(NULL, view, member);
}

/* Those of the wheels that are read whole though not all are. */
static gboolean read_whole(CheckScene *scene, LockSession *session, GError **error)
{
    const GPtrArray *wheels = scene->run->wheels, *whole = scene->options->whole;
    for (guint i = 0; whole && i < wheels->len; i++) {
        CheckWheel *wheel = wheels->pdata[i];
        if (!g_ptr_array_find((GPtrArray *)whole, wheel->file, NULL))
            continue;
        WheelNative *native =
            wheel_native_read(wheel->view, NATIVE_DEEP, lock_session_cache(session), error);
        if (!native)
            return FALSE;
        wheel_native_free(wheel->native);
        wheel->native = native;
    }
    return TRUE;
}

static gboolean read_natives(CheckScene *scene, LockSession *session, GError **error)
{
    const GPtrArray *wheels = scene->run->wheels;
    g_autoptr(GPtrArray) views = g_ptr_array_new();
    for (guint i = 0; i < wheels->len; i++)
        g_ptr_array_add(views, ((const CheckWheel *)wheels->pdata[i])->view);
    g_autoptr(GPtrArray) natives = NULL;
    if (!wheel_views_bring(scene->views, is_wanted, NULL, error) ||
        !wheel_natives_read(views, scene->run->deep ? NATIVE_DEEP : NATIVE_CHEAP,
                            lock_session_cache(session), &natives, error))
        return FALSE;
    for (guint i = 0; i < wheels->len; i++)
        ((CheckWheel *)wheels->pdata[i])->native = g_steal_pointer(&natives->pdata[i]);
    if (!read_whole(scene, session, error))
        return FALSE;
    end_phase(scene, "libraries read");
    return TRUE;
}

static void make_space(CheckScene *scene)
{
    const BuildBase *base = scene->base;
    FileSpaceInput input = {
        .recipe = scene->run->recipe,
        .target = scene->run->target,
        .views = scene->views,
        .environment = base && base->facts->has_python ? base->facts->environment : NULL,
        .base = base && base->tree ? base->tree->root : NULL,
    };
    scene->space = file_space_new(&input);
    stale_modules_bring(scene->space, scene->views);
    scene->run->space = scene->space;
    scene->image = image_files_new(scene->run->recipe, input.base);
    scene->run->image = scene->image;
    end_phase(scene, "files placed");
}

/* Of the image, as far as it is known. */
static char **make_env(const CheckScene *scene)
{
    GPtrArray *env = g_ptr_array_new_with_free_func(g_free);
    const CheckRun *run = scene->run;
    for (guint i = 0; run->base_env && run->base_env[i]; i++)
        g_ptr_array_add(env, g_strdup(run->base_env[i]));
    const GPtrArray *own = run->recipe->config->env;
    for (guint i = 0; own && i < own->len; i++) {
        const Pair *pair = own->pdata[i];
        g_ptr_array_add(env, g_strconcat(pair->key, "=", pair->value, NULL));
    }
    g_ptr_array_add(env, NULL);
    return (char **)g_ptr_array_free(env, FALSE);
}

static void keep_roots(GPtrArray *roots, const GPtrArray *only)
{
    for (guint i = roots->len; i-- > 0;) {
        const ImportRoot *root = roots->pdata[i];
        if (!g_ptr_array_find_with_equal_func((GPtrArray *)only, root->name, g_str_equal, NULL))
            g_ptr_array_remove_index(roots, i);
    }
}

static void simulate(CheckScene *scene, const ImportScene *imports, Cache *cache, const char *key)
{
    g_autoptr(ImportSources) sources = import_sources_new(imports);
    import_roots_bring(scene->run, sources, scene->views);
    end_phase(scene, "modules brought");
    import_roots_simulate(scene->run, sources);
    if (!import_sources_missed(sources) && !library_judge_missed(imports->library_data))
        import_memory_save(cache, key, scene->run);
    end_phase(scene, "imports followed");
}

static void follow_imports(CheckScene *scene, const ImportScene *imports, Cache *cache)
{
    g_autofree char *key = import_memory_key(scene->run, imports);
    if (import_memory_load(cache, key, scene->run))
        end_phase(scene, "imports remembered");
    else
        simulate(scene, imports, cache, key);
}

/* Whether there may be modules that nobody has listed: of a base that was not read, and of a
 * virtual environment, which `python -m venv` fills with setuptools before Python 3.12. */
static bool holds_more(const CheckScene *scene)
{
    const Recipe *recipe = scene->run->recipe;
    return (recipe->base.kind == BASE_IMAGE && !scene->base) || recipe->target == TARGET_ENV;
}

static void open_imports(CheckScene *scene, Cache *cache, const GPtrArray *only)
{
    CheckRun *run = scene->run;
    if (!run->target->base.python)
        return;
    g_auto(GStrv) env = make_env(scene);
    g_autoptr(LibraryJudge) libraries = library_judge_new(run, cache);
    ImportScene imports = {
        .space = scene->space,
        .image = scene->image,
        .python = run->target->base.python,
        .platform = run->target->platform,
        .env = (const char *const *)env,
        .needed = library_judge_needed,
        .problem = library_judge_problem,
        .absent = library_judge_absent,
        .library_data = libraries,
        .partial = holds_more(scene),
    };
    run->roots = import_roots_find(run, imports.env);
    if (only)
        keep_roots(run->roots, only);
    follow_imports(scene, &imports, cache);
}

CheckScene *check_scene_open(LockSession *session, CheckRun *run, const SceneOptions *options,
                             GError **error)
{
    g_autoptr(CheckScene) scene = g_new0(CheckScene, 1);
    scene->run = run;
    scene->options = options;
    scene->phases = g_array_new(FALSE, FALSE, sizeof(ScenePhase));
    scene->begun = clock_monotonic_usec();
    if (!lock_target_is_solved(run->target))
        return g_steal_pointer(&scene);
    scene->blobs = blob_store_new(lock_session_cache(session));
    run->deep = options->deep;
    if (!open_base(scene, session, error) || !open_wheels(scene, session, error))
        return NULL;
    if (!read_natives(scene, session, error))
        return NULL;
    read_sources(scene, session);
    make_space(scene);
    open_imports(scene, lock_session_cache(session), options->only);
    return g_steal_pointer(&scene);
}

void check_scene_close(CheckScene *scene)
{
    if (!scene)
        return;
    CheckRun *run = scene->run;
    run->space = NULL;
    run->image = NULL;
    run->base_env = NULL;
    run->base_root = NULL;
    g_ptr_array_set_size(run->wheels, 0);
    image_files_free(scene->image);
    file_space_free(scene->space);
    wheel_views_free(scene->views);
    build_base_free(scene->base);
    g_clear_pointer(&scene->files, g_ptr_array_unref);
    blob_store_free(scene->blobs);
    g_array_unref(scene->phases);
    g_free(scene);
}

const GArray *check_scene_phases(const CheckScene *scene)
{
    return scene->phases;
}

guint check_scene_traffic(const CheckScene *scene, guint64 *ret_read, guint64 *ret_total)
{
    *ret_read = *ret_total = 0;
    if (scene->views)
        wheel_views_traffic(scene->views, ret_read, ret_total);
    return scene->files ? scene->files->len : 0;
}
