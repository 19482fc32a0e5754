/* A pip stage: one RUN of the user's own flags and the stage's pins; or, for what pip has no flags
 * for, one pip command per index with the exact list of files. */
#include "emit/dockerfile_pins.h"

#include "python/name.h"
#include "python/pip_inputs.h"

#define PIP_CACHE "/root/.cache/pip"

static bool has_items(const GPtrArray *list)
{
    return list && list->len > 0;
}

/* Whether the recipe asks for what pip has no flags for. */
static bool stage_is_exact(const Emitter *emitter)
{
    const Recipe *recipe = emitter->recipe;
    const PipStage *pip = emitter->stage->body.pip;
    if (!emitter->options->pins || !emitter->locked)
        return false;
    return recipe->resolve_together || has_items(recipe->overrides) || has_items(recipe->exclude) ||
           has_items(pip->overrides) || has_items(pip->exclude) || pip->lock.text ||
           pip->project.text;
}

static const RecipeIndex *find_index(const Recipe *recipe, const char *name)
{
    for (guint i = 0; recipe->indexes && i < recipe->indexes->len; i++) {
        const RecipeIndex *index = recipe->indexes->pdata[i];
        if (g_str_equal(index->name, name))
            return index;
    }
    return NULL;
}

static bool is_named_by_stage(const PipStage *pip, const char *index)
{
    if (g_strcmp0(pip->index.text, index) == 0)
        return true;
    for (guint i = 0; pip->extra_indexes && i < pip->extra_indexes->len; i++) {
        const Text *extra = pip->extra_indexes->pdata[i];
        if (g_str_equal(extra->text, index))
            return true;
    }
    return false;
}

/* Indexes that `packages:` routes a name of this stage to, and that its own keys don't name.
 * Returns borrowed names. */
static GPtrArray *routed_indexes(const Emitter *emitter)
{
    GPtrArray *names = g_ptr_array_new();
    for (guint i = 0; emitter->locked && i < emitter->locked->actions->len; i++) {
        const LockAction *action = emitter->locked->actions->pdata[i];
        if (!action_installs(action) || action->file->source != LOCK_SOURCE_INDEX)
            continue;
        const RecipeIndex *index = find_index(emitter->recipe, action->file->source_name);
        if (!index || !index->packages || index->packages->len == 0 ||
            is_named_by_stage(emitter->stage->body.pip, index->name) ||
            g_ptr_array_find(names, index->name, NULL))
            continue;
        g_ptr_array_add(names, index->name);
    }
    return names;
}

static char *index_url(const Emitter *emitter, const char *name)
{
    const RecipeIndex *index = find_index(emitter->recipe, name);
    return index ? g_strdup(index->url) : recipe_index_url(emitter->recipe, name);
}

/* The URL as a shell word; with the secret in place of the user where the index has one. */
static gboolean index_word(Emitter *emitter, RunStep *run, const char *name, char **ret_word,
                           GError **error)
{
    g_autofree char *url = index_url(emitter, name);
    const RecipeIndex *index = find_index(emitter->recipe, name);
    if (!url || !index || !index->auth) {
        *ret_word = url ? word_shell(url) : NULL;
        return TRUE;
    }
    g_autofree char *file = NULL;
    if (!emitter_mount_secret(emitter, run, index->auth, index->at, &file, error))
        return FALSE;
    const char *host = strstr(url, "://");
    g_autofree char *rest = word_shell(host ? host + 3 : url);
    g_autofree char *scheme = g_strndup(url, host ? (size_t)(host - url) : 0);
    *ret_word = g_strdup_printf("\"%s://$(cat %s)@\"%s", scheme, file, rest);
    return TRUE;
}

static gboolean add_index(Emitter *emitter, RunStep *run, const char *option, const char *name,
                          GError **error)
{
    g_autofree char *word = NULL;
    if (!index_word(emitter, run, name, &word, error))
        return FALSE;
    if (word)
        run_step_argument(run, "%s %s", option, word);
    return TRUE;
}

/* Which index a stage's --index-url is: the one it names ("auto": what the lock took), else a
 * `main` of the recipe's own. */
static const char *main_index(const Emitter *emitter)
{
    const char *named = emitter->stage->body.pip->index.text;
    if (!named)
        return "main";
    if (!g_str_equal(named, "auto"))
        return named;
    for (guint i = 0; emitter->locked && i < emitter->locked->actions->len; i++) {
        const LockAction *action = emitter->locked->actions->pdata[i];
        if (action->file && action->file->source == LOCK_SOURCE_INDEX)
            return action->file->source_name;
    }
    return "main";
}

static gboolean add_find_links(Emitter *emitter, RunStep *run, GError **error)
{
    const GPtrArray *links = emitter->stage->body.pip->find_links;
    for (guint i = 0; links && i < links->len; i++) {
        const Text *link = links->pdata[i];
        g_autofree char *inside = NULL;
        bool is_place = strstr(link->text, "://") || g_path_is_absolute(link->text);
        if (!is_place && !emitter_copy_to_temp(emitter, link->text, link->at, &inside, error))
            return FALSE;
        g_autofree char *word = word_shell(inside ? inside : link->text);
        run_step_argument(run, "--find-links %s", word);
    }
    return TRUE;
}

static gboolean add_indexes(Emitter *emitter, RunStep *run, GError **error)
{
    const PipStage *pip = emitter->stage->body.pip;
    if (!add_index(emitter, run, "--index-url", main_index(emitter), error))
        return FALSE;
    for (guint i = 0; pip->extra_indexes && i < pip->extra_indexes->len; i++) {
        const Text *extra = pip->extra_indexes->pdata[i];
        if (!add_index(emitter, run, "--extra-index-url", extra->text, error))
            return FALSE;
    }
    return add_find_links(emitter, run, error);
}

static void add_names(RunStep *run, const char *option, const GPtrArray *names)
{
    for (guint i = 0; names && i < names->len; i++) {
        const Text *name = names->pdata[i];
        g_autofree char *word = word_shell(name->text);
        run_step_argument(run, "%s %s", option, word);
    }
}

static bool needs_break_system_packages(const Emitter *emitter)
{
    return emitter->target->base.externally_managed && !emitter->recipe->python.venv &&
           emitter->recipe->base.kind != BASE_DEBIAN;
}

/* The flags that the recipe's keys are named after. */
static void add_flags(const Emitter *emitter, RunStep *run)
{
    const PipStage *pip = emitter->stage->body.pip;
    const struct {
        bool wanted;
        const char *flag;
    } flags[] = {
        {pip->no_deps, "--no-deps"},
        {pip->force_reinstall, "--force-reinstall"},
        {pip->ignore_installed, "--ignore-installed"},
        {pip->upgrade, "--upgrade"},
        /* pip upgrades all or none; by pins alone the named ones move and the others stay */
        {pip->upgrade_names && !emitter->options->pins, "--upgrade"},
        {pip->upgrade_eager, "--upgrade-strategy eager"},
        {pip->pre, "--pre"},
        {pip->prefer_binary, "--prefer-binary"},
        {pip->require_hashes, "--require-hashes"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(flags); i++) {
        if (flags[i].wanted)
            run_step_switch(run, "%s", flags[i].flag);
    }
    add_names(run, "--only-binary", pip->only_binary);
    add_names(run, "--no-binary", pip->no_binary);
}

/* Whether the lock has the distribution as something that pip has to build; without a lock it may.
 */
static bool builds(const Emitter *emitter, const PipBuild *build)
{
    g_autofree char *name = name_canonicalize(build->dist);
    for (guint i = 0; emitter->locked && i < emitter->locked->actions->len; i++) {
        const LockAction *action = emitter->locked->actions->pdata[i];
        if (action->file && g_str_equal(action->name, name) &&
            !g_str_has_suffix(action->file->file, ".whl"))
            return true;
    }
    return !emitter->locked;
}

/* What a `build:` says in the environment, as extension modules of torch read it. */
static char *build_env(const Emitter *emitter)
{
    const GPtrArray *all = emitter->stage->body.pip->build;
    GString *text = g_string_new(NULL);
    for (guint i = 0; all && i < all->len; i++) {
        const PipBuild *build = all->pdata[i];
        if (!builds(emitter, build))
            continue;
        for (char **pair = build->env; pair && *pair; pair++) {
            g_autofree char *word = word_shell(strchr(*pair, '=') + 1);
            g_string_append_printf(text, "%.*s=%s ", (int)strcspn(*pair, "="), *pair, word);
        }
        const struct {
            const char *name, *value;
        } known[] = {{"MAX_JOBS", build->jobs}, {"TORCH_CUDA_ARCH_LIST", build->cuda_arch}};
        for (size_t k = 0; k < G_N_ELEMENTS(known); k++) {
            g_autofree char *word = known[k].value ? word_shell(known[k].value) : NULL;
            if (word)
                g_string_append_printf(text, "%s=%s ", known[k].name, word);
        }
    }
    return g_string_free(text, FALSE);
}

static bool builds_without_isolation(const Emitter *emitter)
{
    const GPtrArray *all = emitter->stage->body.pip->build;
    for (guint i = 0; all && i < all->len; i++) {
        const PipBuild *build = all->pdata[i];
        if (!build->isolation && builds(emitter, build))
            return true;
    }
    return false;
}

static void begin_pip(const Emitter *emitter, RunStep *run, const char *verb)
{
    g_autofree char *env = emitter_env_prefix(emitter);
    /* A debian: base is the recipe's own, whatever its package says of being managed. */
    bool own_base = emitter->recipe->base.kind == BASE_DEBIAN && !emitter->recipe->python.venv;
    bool install = g_str_equal(verb, "install");
    g_autofree char *build = install ? build_env(emitter) : g_strdup("");
    g_autofree char *pip =
        emitter->pip ? g_strdup(emitter->pip) : g_strconcat(emitter->python, " -m pip", NULL);
    run_step_command(run, "%s%s%s%s %s", env, build, own_base ? "PIP_BREAK_SYSTEM_PACKAGES=1 " : "",
                     pip, verb);
    if (install)
        run_step_switch(run, "--no-compile");
    if (install && builds_without_isolation(emitter))
        run_step_switch(run, "--no-build-isolation");
    if (needs_break_system_packages(emitter))
        run_step_switch(run, "--break-system-packages");
}

/* A requirement or constraints file and every file of the recipe that it includes. */
static gboolean copy_with_includes(Emitter *emitter, const FileOrLine *item, GHashTable *copied,
                                   GError **error)
{
    const char *dir = recipe_file_dir(emitter->recipe->file);
    g_autofree char *path = g_build_filename(dir, item->file, NULL);
    g_autofree char *root = g_canonicalize_filename(dir, NULL);
    g_autoptr(PipInputs) inputs = pip_inputs_new();
    g_autoptr(Diags) diags = diags_new();
    /* Mistakes in it were reported when it was locked; here only its includes are of interest. */
    pip_inputs_add_file(inputs, path, item->at, false, NULL, diags);
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(paths, g_strdup(item->file));
    for (guint i = 0; i < inputs->sources->len; i++) {
        g_autofree char *full =
            g_canonicalize_filename(source_name(inputs->sources->pdata[i]), NULL);
        if (g_str_has_prefix(full, root) && full[strlen(root)] == '/')
            g_ptr_array_add(paths, g_strdup(full + strlen(root) + 1));
    }
    for (guint i = 0; i < paths->len; i++) {
        g_autofree char *inside = NULL;
        g_autofree char *plain = g_canonicalize_filename(paths->pdata[i], "/");
        if (!g_hash_table_add(copied, g_strdup(plain)))
            continue;
        if (!emitter_copy_to_temp(emitter, paths->pdata[i], item->at, &inside, error))
            return FALSE;
    }
    return TRUE;
}

/* "-r FILE" or "-c FILE" for each file of the list, which is copied in first; a path inside the
 * image stays as it is. */
static gboolean add_files(Emitter *emitter, RunStep *run, const char *option,
                          const GPtrArray *items, GHashTable *copied, GError **error)
{
    for (guint i = 0; items && i < items->len; i++) {
        const FileOrLine *item = items->pdata[i];
        if (!item->file)
            continue;
        bool in_image = g_path_is_absolute(item->file);
        if (!in_image && !copy_with_includes(emitter, item, copied, error))
            return FALSE;
        g_autofree char *inside =
            in_image ? g_strdup(item->file) : g_canonicalize_filename(item->file, BUILD_TEMP);
        g_autofree char *word = word_shell(inside);
        run_step_argument(run, "%s %s", option, word);
    }
    return TRUE;
}

static void append_lines(GString *out, const GPtrArray *items)
{
    for (guint i = 0; items && i < items->len; i++) {
        const FileOrLine *item = items->pdata[i];
        if (item->line)
            g_string_append_printf(out, "%s\n", item->line);
    }
}

/* Constraint lines of the recipe have no file of their own. */
static void add_constraint_lines(Emitter *emitter, RunStep *run)
{
    g_autoptr(GString) lines = g_string_new(NULL);
    append_lines(lines, emitter->recipe->constraints);
    append_lines(lines, emitter->stage->body.pip->constraints);
    if (lines->len == 0)
        return;
    g_autofree char *name = emitter_file_name(emitter, ".constraints");
    g_autofree char *path = g_build_filename("pins", name, NULL);
    g_autofree char *target = g_build_filename(BUILD_TEMP, name, NULL);
    emitter_copy_generated(emitter, path, lines->str, target);
    run_step_argument(run, "-c %s", target);
}

static void add_pins(Emitter *emitter, RunStep *run, bool hashes)
{
    g_autofree char *pins = pins_text(emitter, hashes);
    if (!*pins)
        return;
    g_autofree char *name = emitter_file_name(emitter, ".pins");
    g_autofree char *path = g_build_filename("pins", name, NULL);
    g_autofree char *target = g_build_filename(BUILD_TEMP, name, NULL);
    emitter_copy_generated(emitter, path, pins, target);
    run_step_argument(run, "-c %s", target);
}

/* "./wheels/x.whl" or "wheels/x.whl[extra]": a file of the recipe's folder. */
static bool is_local_file(const char *text)
{
    if (strstr(text, "://") || strchr(text, '@') || strpbrk(text, " ;<>=!~"))
        return false;
    return *text == '.' || strchr(text, '/') || g_str_has_suffix(text, ".whl") ||
           g_str_has_suffix(text, ".tar.gz");
}

static gboolean add_requirement(Emitter *emitter, RunStep *run, const char *text, Span at,
                                GError **error)
{
    g_autofree char *inside = NULL;
    if (is_local_file(text) && !g_path_is_absolute(text)) {
        const char *extras = strrchr(text, '[');
        g_autofree char *path = g_strndup(text, extras ? (size_t)(extras - text) : strlen(text));
        g_autofree char *file = NULL;
        if (!emitter_copy_to_temp(emitter, path, at, &file, error))
            return FALSE;
        inside = g_strconcat(file, extras, NULL);
    }
    g_autofree char *word = word_shell(inside ? inside : text);
    run_step_argument(run, "%s", word);
    return TRUE;
}

/* The wheel that the lock found, as a requirement by URL. */
static gboolean add_wheel(Emitter *emitter, RunStep *run, const PipWheel *wheel, GError **error)
{
    g_autofree char *prefix = g_strdup_printf("%s @ ", wheel->dist);
    char **arguments = emitter->locked ? emitter->locked->pip_arguments : NULL;
    for (size_t i = 0; arguments && arguments[i]; i++) {
        if (g_str_has_prefix(arguments[i], prefix))
            return add_requirement(emitter, run, arguments[i], wheel->at, error);
    }
    return error_set(error, ERROR_INPUT, wheel->at, "no lock says which wheel of %s this is",
                     wheel->dist);
}

static gboolean add_requirements(Emitter *emitter, RunStep *run, GError **error)
{
    const PipStage *pip = emitter->stage->body.pip;
    for (guint i = 0; pip->install && i < pip->install->len; i++) {
        const Text *item = pip->install->pdata[i];
        if (!add_requirement(emitter, run, item->text, item->at, error))
            return FALSE;
    }
    for (guint i = 0; pip->requirements && i < pip->requirements->len; i++) {
        const FileOrLine *item = pip->requirements->pdata[i];
        if (item->line && !add_requirement(emitter, run, item->line, item->at, error))
            return FALSE;
    }
    for (guint i = 0; pip->wheels && i < pip->wheels->len; i++) {
        if (!add_wheel(emitter, run, pip->wheels->pdata[i], error))
            return FALSE;
    }
    return TRUE;
}

static gboolean add_all_files(Emitter *emitter, RunStep *run, GError **error)
{
    const PipStage *pip = emitter->stage->body.pip;
    g_autoptr(GHashTable) copied = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return add_files(emitter, run, "-r", pip->requirements, copied, error) &&
           add_files(emitter, run, "-c", emitter->recipe->constraints, copied, error) &&
           add_files(emitter, run, "-c", pip->constraints, copied, error);
}

/* The user's own command, and the pins. */
static gboolean add_own_command(Emitter *emitter, RunStep *run, GError **error)
{
    begin_pip(emitter, run, "install");
    add_flags(emitter, run);
    if (!add_indexes(emitter, run, error))
        return FALSE;
    bool pinned = emitter->options->pins && emitter->locked;
    bool hashes = pinned && pins_may_have_hashes(emitter);
    g_autoptr(GPtrArray) routed = routed_indexes(emitter);
    for (guint i = 0; i < routed->len; i++) {
        if (!add_index(emitter, run, "--extra-index-url", routed->pdata[i], error))
            return FALSE;
    }
    if (!add_requirements(emitter, run, error) || !add_all_files(emitter, run, error))
        return FALSE;
    add_constraint_lines(emitter, run);
    if (pinned)
        add_pins(emitter, run, hashes);
    return TRUE;
}

static bool group_has_reinstall(const GPtrArray *group)
{
    for (guint i = 0; i < group->len; i++) {
        const LockAction *action = group->pdata[i];
        if (g_str_equal(action->action, "reinstall"))
            return true;
    }
    return false;
}

/* Files of the recipe's folder that the group installs. */
static gboolean copy_group_files(Emitter *emitter, const GPtrArray *group, GError **error)
{
    for (guint i = 0; i < group->len; i++) {
        const LockAction *action = group->pdata[i];
        g_autofree char *inside = NULL;
        if (action->file->source == LOCK_SOURCE_PATH &&
            !emitter_copy_to_temp(emitter, action->file->source_name, emitter->stage->at, &inside,
                                  error))
            return FALSE;
    }
    return TRUE;
}

static gboolean add_exact_group(Emitter *emitter, RunStep *run, const GPtrArray *group, guint rank,
                                GError **error)
{
    const LockAction *first = group->pdata[0];
    bool from_index = first->file->source == LOCK_SOURCE_INDEX;
    g_autoptr(GString) lines = g_string_new(NULL);
    for (guint i = 0; i < group->len; i++) {
        g_autofree char *line = pins_exact_line(group->pdata[i], BUILD_TEMP);
        g_string_append_printf(lines, "%s\n", line);
    }
    g_autofree char *suffix = rank == 0 ? g_strdup(".txt") : g_strdup_printf(".%u.txt", rank + 1);
    g_autofree char *name = emitter_file_name(emitter, suffix);
    g_autofree char *path = g_build_filename("pins", name, NULL);
    g_autofree char *target = g_build_filename(BUILD_TEMP, name, NULL);
    if (!copy_group_files(emitter, group, error))
        return FALSE;
    emitter_copy_generated(emitter, path, lines->str, target);
    begin_pip(emitter, run, "install");
    run_step_switch(run, "--no-deps");
    if (emitter->stage->body.pip->ignore_installed)
        run_step_switch(run, "--ignore-installed");
    else if (group_has_reinstall(group))
        run_step_switch(run, "--force-reinstall");
    if (from_index && !add_index(emitter, run, "--index-url", first->file->source_name, error))
        return FALSE;
    if (from_index && !add_find_links(emitter, run, error))
        return FALSE;
    run_step_argument(run, "-r %s", target);
    return TRUE;
}

static gboolean add_exact_commands(Emitter *emitter, RunStep *run, GError **error)
{
    if (!pins_check_indexes(emitter, error))
        return FALSE;
    g_autoptr(GPtrArray) groups = pins_groups(emitter);
    for (guint i = 0; i < groups->len; i++) {
        if (!add_exact_group(emitter, run, groups->pdata[i], i, error))
            return FALSE;
    }
    return TRUE;
}

/* A routed name whose version another index may have as well is told apart by its hash; where the
 * base's pip can't read one in constraints, the exact list does it. */
static bool routing_needs_exact(const Emitter *emitter)
{
    if (!emitter->locked || !emitter->options->pins)
        return false;
    g_autoptr(GPtrArray) routed = routed_indexes(emitter);
    return routed->len > 0 && !pins_may_have_hashes(emitter);
}

static void add_uninstall(const Emitter *emitter, RunStep *run)
{
    const GPtrArray *names = emitter->stage->body.pip->remove;
    if (!names || names->len == 0)
        return;
    begin_pip(emitter, run, "uninstall");
    run_step_switch(run, "--yes");
    for (guint i = 0; i < names->len; i++) {
        const Text *name = names->pdata[i];
        g_autofree char *word = word_shell(name->text);
        run_step_argument(run, "%s", word);
    }
}

/* Keys whose work comes from a tool that pip is not. */
static gboolean check_keys(const Emitter *emitter, GError **error)
{
    const PipStage *pip = emitter->stage->body.pip;
    bool exact = stage_is_exact(emitter);
    const Text *unsayable = exact               ? NULL
                            : pip->lock.text    ? &pip->lock
                            : pip->project.text ? &pip->project
                                                : NULL;
    for (guint i = 0; !unsayable && pip->build && i < pip->build->len; i++) {
        const PipBuild *build = pip->build->pdata[i];
        const char *key = build->needs && *build->needs ? "needs"
                          : build->apt && *build->apt   ? "apt"
                                                        : NULL;
        if (key && builds(emitter, build))
            return error_set(error, ERROR_INPUT, build->at,
                             "`%s:` of the build of %s can't be rendered yet as pip commands", key,
                             build->dist);
    }
    if (!unsayable)
        return TRUE;
    return error_set(error, ERROR_INPUT, unsayable->at,
                     "`%s:` can't be rendered as pip commands without pins",
                     pip->lock.text ? "lock" : "project");
}

/* Without pins, some keys have no effect that pip could be told of. */
static void comment_unsaid(Emitter *emitter)
{
    const Recipe *recipe = emitter->recipe;
    const PipStage *pip = emitter->stage->body.pip;
    const struct {
        bool said;
        const char *key;
    } keys[] = {
        {recipe->exclude_newer.text != NULL, "exclude_newer"},
        {recipe->resolve_together, "resolve: together"},
        {has_items(recipe->overrides) || has_items(pip->overrides), "overrides"},
        {has_items(recipe->exclude) || has_items(pip->exclude), "exclude"},
        {pip->upgrade_names != NULL, "upgrade with names"},
    };
    g_autoptr(GString) names = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        if (keys[i].said)
            g_string_append_printf(names, "%s%s", names->len ? ", " : "", keys[i].key);
    }
    if (names->len == 0)
        return;
    g_autofree char *text =
        g_strdup_printf("pip has no flag for what the recipe says with: %s", names->str);
    dockerfile_comment(emitter->writer, text);
}

static bool installs_something(const PipStage *pip)
{
    return has_items(pip->install) || has_items(pip->requirements) || has_items(pip->wheels);
}

gboolean emit_pip(Emitter *emitter, GError **error)
{
    g_autoptr(RunStep) run = run_step_new();
    if (!check_keys(emitter, error))
        return FALSE;
    run_step_mount(run, "type=cache,target=%s", PIP_CACHE);
    bool exact = stage_is_exact(emitter) || routing_needs_exact(emitter);
    gboolean ok = TRUE;
    if (exact) {
        ok = add_exact_commands(emitter, run, error);
        if (!run_step_is_empty(run))
            dockerfile_comment(emitter->writer, "The exact files of the lock, since pip has no "
                                                "flags for what the recipe asks.");
    } else if (installs_something(emitter->stage->body.pip)) {
        if (!emitter->options->pins)
            comment_unsaid(emitter);
        ok = add_own_command(emitter, run, error);
    }
    if (!ok)
        return FALSE;
    add_uninstall(emitter, run);
    if (run_step_is_empty(run)) {
        dockerfile_comment(emitter->writer, "Nothing is left to install here.");
        return TRUE;
    }
    emitter_run(emitter, run);
    return TRUE;
}
