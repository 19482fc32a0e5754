#include "check/import_roots.h"

#include "base/limits.h"
#include "check/library_load.h"
#include "check/native_rules.h"
#include "check/start_command.h"
#include "python/name.h"
#include "recipe/config.h"

enum {
    MAX_TOP_LEVEL = 8, /* modules of one distribution that nobody names */
};

void import_root_free(void *data)
{
    ImportRoot *root = data;
    if (!root)
        return;
    g_free(root->name);
    g_free(root->distribution);
    g_strfreev(root->folders);
    g_clear_pointer(&root->text, g_bytes_unref);
    import_verdict_free(root->build);
    import_verdict_free(root->run);
    g_free(root);
}

static bool is_known(const GPtrArray *roots, const char *name)
{
    for (guint i = 0; i < roots->len; i++) {
        if (g_str_equal(((const ImportRoot *)roots->pdata[i])->name, name))
            return true;
    }
    return false;
}

static ImportRoot *add_root(GPtrArray *roots, RootKind kind, char *take_name)
{
    ImportRoot *root = g_new0(ImportRoot, 1);
    root->kind = kind;
    root->name = take_name;
    g_ptr_array_add(roots, root);
    return root;
}

/* Where Python looks before the standard library; `first` may be NULL. */
static char **search_folders(const char *first, const char *const *env)
{
    const char *listed = native_find_env(env, "PYTHONPATH");
    g_auto(GStrv) more = g_strsplit(listed ? listed : "", ":", -1);
    g_autoptr(GStrvBuilder) folders = g_strv_builder_new();
    if (first)
        g_strv_builder_add(folders, first);
    for (char **one = more; *one; one++) {
        g_autofree char *folder =
            g_path_is_absolute(*one) ? g_canonicalize_filename(*one, NULL) : NULL;
        if (folder)
            g_strv_builder_add(folders, folder);
    }
    return g_strv_builder_end(folders);
}

/* Of a script its own folder, of all else the one that commands run in. */
static void set_folders(const CheckRun *run, GPtrArray *roots, const char *const *env)
{
    const char *workdir = run->recipe->config->workdir.text;
    for (guint i = 0; i < roots->len; i++) {
        ImportRoot *root = roots->pdata[i];
        g_autofree char *own = root->kind == ROOT_SCRIPT ? g_path_get_dirname(root->name) : NULL;
        if (!root->folders)
            root->folders = search_folders(own ? own : workdir ? workdir : "/", env);
    }
}

/* Items of `checks:` */

static void add_items(GPtrArray *roots, const GPtrArray *checks, const char *when)
{
    for (guint i = 0; checks && i < checks->len; i++) {
        const Check *check = checks->pdata[i];
        for (guint k = 0; check->kind == CHECK_IMPORT && k < check->items->len; k++) {
            const Text *item = check->items->pdata[k];
            if (is_known(roots, item->text))
                continue;
            ImportRoot *root = add_root(roots, ROOT_CHECK, g_strdup(item->text));
            root->at = span_is_set(item->at) ? item->at : check->at;
            root->when = when;
        }
    }
}

/* What the container starts */

static void add_script(const CheckRun *run, GPtrArray *roots, const char *path, Span at)
{
    if (!run->image || is_known(roots, path))
        return;
    GBytes *text = image_files_read(run->image, path, LIMIT_METADATA_BYTES);
    if (!text)
        return;
    ImportRoot *root = add_root(roots, ROOT_SCRIPT, g_strdup(path));
    root->at = at;
    root->text = text;
}

static void add_started(const CheckRun *run, GPtrArray *roots, const char *const *env)
{
    g_autoptr(GPtrArray) items = start_command_find(run);
    for (guint i = 0; i < items->len; i++) {
        const StartItem *item = items->pdata[i];
        if (item->kind == START_SCRIPT) {
            add_script(run, roots, item->name, item->at);
        } else if (!is_known(roots, item->name)) {
            ImportRoot *root = add_root(roots, ROOT_START, g_strdup(item->name));
            root->at = item->at;
            root->folders = search_folders(item->folder, env);
        }
    }
}

static void add_handler(const CheckRun *run, GPtrArray *roots, const Text *handler)
{
    const char *folder = run->recipe->config->workdir.text;
    g_autofree char *path = g_canonicalize_filename(handler->text, folder ? folder : "/");
    if (g_str_has_suffix(path, ".py"))
        add_script(run, roots, path, handler->at);
}

/* Distributions */

static bool is_private(const char *module)
{
    static const char *const others[] = {"test",       "tests",   "docs",    "doc",   "examples",
                                         "benchmarks", "scripts", "example", "tools", NULL};
    return module[0] == '_' || g_strv_contains(others, module) ||
           !(g_ascii_isalpha(module[0]) || (module[0] & 0x80));
}

/* The module that a file at the top of site-packages makes, or NULL. */
static char *top_module(const SpaceFile *file)
{
    const char *slash = strchr(file->path, '/');
    if (slash && g_str_equal(slash, "/__init__.py"))
        return g_strndup(file->path, (size_t)(slash - file->path));
    if (!slash && g_str_has_suffix(file->path, ".py"))
        return g_strndup(file->path, strlen(file->path) - 3);
    return NULL;
}

static void add_distribution(const CheckRun *run, GPtrArray *roots, const char *name)
{
    const GPtrArray *files = file_space_files(run->space);
    unsigned count = 0;
    for (guint i = 0; i < files->len && count < MAX_TOP_LEVEL; i++) {
        const SpaceFile *file = files->pdata[i];
        if (file->stale || g_strcmp0(file->distribution, name) != 0)
            continue;
        g_autofree char *module = top_module(file);
        if (!module || is_private(module))
            continue;
        count++;
        if (!is_known(roots, module))
            add_root(roots, ROOT_DISTRIBUTION, g_steal_pointer(&module))->distribution =
                g_strdup(name);
    }
}

static bool is_requested(const CheckRun *run, const char *name)
{
    for (guint i = 0; i < run->target->stages->len; i++) {
        const LockStage *stage = run->target->stages->pdata[i];
        for (guint k = 0; k < stage->actions->len; k++) {
            const LockAction *action = stage->actions->pdata[k];
            if (action->requested && g_str_equal(action->name, name))
                return true;
        }
    }
    return false;
}

static void add_distributions(const CheckRun *run, GPtrArray *roots)
{
    const LockStage *last = check_last_stage(run);
    for (guint i = 0; last && i < last->environment->len; i++) {
        const LockDistribution *one = last->environment->pdata[i];
        if (!one->ghost && one->file && is_requested(run, one->name))
            add_distribution(run, roots, one->name);
    }
}

GPtrArray *import_roots_find(const CheckRun *run, const char *const *env)
{
    GPtrArray *roots = g_ptr_array_new_with_free_func(import_root_free);
    const RecipeChecks *checks = run->recipe->checks;
    const RecipeConfig *config = run->recipe->config;
    if (checks) {
        add_items(roots, checks->build, "build");
        add_items(roots, checks->runtime, "runtime");
        add_items(roots, checks->gpu, "gpu");
    }
    add_started(run, roots, env);
    if (config->runpod && config->runpod->handler.text)
        add_handler(run, roots, &config->runpod->handler);
    add_distributions(run, roots);
    set_folders(run, roots, env);
    return roots;
}

void import_found_free(void *data)
{
    ImportFound *found = data;
    g_free(found->text);
    import_verdict_free(found->verdict);
    g_free(found);
}

static const ImportFound *find_text(const GPtrArray *found, const char *text)
{
    for (guint i = 0; found && i < found->len; i++) {
        const ImportFound *one = found->pdata[i];
        if (g_str_equal(one->text, text))
            return one;
    }
    return NULL;
}

static void add_found(GPtrArray *found, const GPtrArray *checks)
{
    for (guint i = 0; checks && i < checks->len; i++) {
        const Check *check = checks->pdata[i];
        bool wanted = check->kind == CHECK_MODULE || check->kind == CHECK_SYMBOL;
        for (guint k = 0; wanted && k < check->items->len; k++) {
            const char *text = ((const Text *)check->items->pdata[k])->text;
            if (find_text(found, text))
                continue;
            ImportFound *one = g_new0(ImportFound, 1);
            one->text = g_strdup(text);
            g_ptr_array_add(found, one);
        }
    }
}

GPtrArray *import_roots_items(const CheckRun *run)
{
    GPtrArray *found = g_ptr_array_new_with_free_func(import_found_free);
    const RecipeChecks *checks = run->recipe->checks;
    if (checks) {
        add_found(found, checks->build);
        add_found(found, checks->runtime);
        add_found(found, checks->gpu);
    }
    return found;
}

static void free_script(void *script)
{
    g_free(script);
}

void import_roots_bring(const CheckRun *run, ImportSources *sources, WheelViews *views)
{
    g_autoptr(GPtrArray) modules = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) scripts = g_ptr_array_new_with_free_func(free_script);
    for (guint i = 0; i < run->roots->len; i++) {
        const ImportRoot *root = run->roots->pdata[i];
        if (root->kind != ROOT_SCRIPT) {
            g_ptr_array_add(modules, g_strdup(root->name));
            continue;
        }
        ImportScript *script = g_new0(ImportScript, 1);
        script->name = root->name;
        script->text = g_bytes_get_data(root->text, &script->length);
        g_ptr_array_add(scripts, script);
    }
    g_autoptr(GPtrArray) items = import_roots_items(run);
    for (guint i = 0; i < items->len; i++) {
        const char *text = ((const ImportFound *)items->pdata[i])->text;
        g_ptr_array_add(modules, g_strndup(text, strcspn(text, ":")));
    }
    g_autoptr(GPtrArray) folders = g_ptr_array_new();
    for (guint i = 0; i < run->roots->len; i++) {
        const ImportRoot *root = run->roots->pdata[i];
        for (char **one = root->folders; *one; one++) {
            if (!g_ptr_array_find_with_equal_func(folders, *one, g_str_equal, NULL))
                g_ptr_array_add(folders, *one);
        }
    }
    import_bring(sources, views, run->space, modules, scripts, folders);
}

static ImportVerdict *simulate(ImportMachine *machine, const ImportRoot *root)
{
    if (root->kind != ROOT_SCRIPT)
        return import_machine_import(machine, root->name);
    size_t length;
    const char *text = g_bytes_get_data(root->text, &length);
    return import_machine_run(machine, root->name, text, length);
}

static void find_items(const CheckRun *run, ImportMachine *machine)
{
    for (guint i = 0; i < run->found->len; i++) {
        ImportFound *found = run->found->pdata[i];
        const char *colon = strchr(found->text, ':');
        g_autofree char *module = g_strndup(found->text, strcspn(found->text, ":"));
        found->verdict = import_machine_find(machine, module, colon ? colon + 1 : NULL);
    }
}

/* What was refused since the last root is this one's. */
static void own_refusals(const CheckRun *run, guint root)
{
    for (guint i = run->refusals->len; i-- > 0;) {
        LibraryRefusal *refusal = run->refusals->pdata[i];
        if (refusal->root != G_MAXUINT)
            return;
        refusal->root = root;
    }
}

/* Python of another root looks elsewhere; what was loaded under a name that is another file there
 * is forgotten, and what its functions import noted before (`deferred`, or NULL). */
static void look_in(ImportMachine *machine, char **folders, GPtrArray *deferred)
{
    const char *const *wanted = (const char *const *)folders;
    if (!import_machine_fits(machine, wanted)) {
        g_autoptr(GPtrArray) failures = deferred ? import_machine_deferred(machine) : NULL;
        if (failures)
            g_ptr_array_extend_and_steal(deferred, g_steal_pointer(&failures));
        import_machine_reset(machine);
    }
    import_machine_look_in(machine, wanted);
}

/* Items of `checks:` all run in the same folder, as distributions are taken to. */
static const char *const *folders_of_items(const CheckRun *run)
{
    for (guint i = 0; i < run->roots->len; i++) {
        const ImportRoot *root = run->roots->pdata[i];
        if (root->kind == ROOT_CHECK || root->kind == ROOT_DISTRIBUTION)
            return (const char *const *)root->folders;
    }
    return NULL;
}

static void simulate_build(const CheckRun *run, ImportSources *sources)
{
    g_autoptr(ImportMachine) machine = import_machine_new(sources, WORLD_BUILD);
    for (guint i = 0; i < run->roots->len; i++) {
        ImportRoot *root = run->roots->pdata[i];
        look_in(machine, root->folders, NULL);
        root->build = simulate(machine, root);
        own_refusals(run, i);
    }
    import_machine_reset(machine);
    import_machine_look_in(machine, folders_of_items(run));
    find_items(run, machine);
}

/* The second world is looked at again for what functions import. */
static void simulate_run(CheckRun *run, ImportSources *sources)
{
    g_autoptr(ImportMachine) machine = import_machine_new(sources, WORLD_RUN);
    run->deferred = g_ptr_array_new_with_free_func(import_failure_free);
    for (guint i = 0; i < run->roots->len; i++) {
        ImportRoot *root = run->roots->pdata[i];
        look_in(machine, root->folders, run->deferred);
        root->run = simulate(machine, root);
        own_refusals(run, i);
    }
    g_autoptr(GPtrArray) failures = import_machine_deferred(machine);
    g_ptr_array_extend_and_steal(run->deferred, g_steal_pointer(&failures));
}

/* One world after the other, since each takes hundreds of megabytes. */
void import_roots_simulate(CheckRun *run, ImportSources *sources)
{
    run->found = import_roots_items(run);
    simulate_build(run, sources);
    simulate_run(run, sources);
}

const ImportRoot *import_roots_of_item(const CheckRun *run, const char *module)
{
    for (guint i = 0; run->roots && i < run->roots->len; i++) {
        const ImportRoot *root = run->roots->pdata[i];
        if (root->kind == ROOT_CHECK && g_str_equal(root->name, module))
            return root;
    }
    return NULL;
}

const ImportVerdict *import_roots_find_item(const CheckRun *run, const char *text)
{
    const ImportFound *found = find_text(run->found, text);
    return found ? found->verdict : NULL;
}

ResultKind import_root_without_driver(const ImportRoot *root)
{
    if (root->build->outcome == IMPORT_WORKS)
        return RESULT_HOLDS;
    if (root->build->outcome == IMPORT_UNKNOWN)
        return RESULT_UNKNOWN;
    return root->run->outcome == IMPORT_FAILS ? RESULT_FAILS : RESULT_MOVED;
}
