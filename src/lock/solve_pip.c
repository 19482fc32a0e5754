#include "lock/solve.h"
#include "lock/solve_cuda.h"
#include "lock/solve_foreign.h"
#include "lock/solve_wheels.h"

#include "base/mask.h"
#include "python/name.h"

/* Requests */

static void add_formats(FormatControl *control, const GPtrArray *items, bool only_binary)
{
    for (guint i = 0; items && i < items->len; i++)
        format_control_add(control, only_binary, ((const Text *)items->pdata[i])->text);
}

static char **canonical_names(const GPtrArray *items)
{
    if (!items || items->len == 0)
        return NULL;
    char **names = g_new0(char *, items->len + 1);
    for (guint i = 0; i < items->len; i++)
        names[i] = name_canonicalize(((const Text *)items->pdata[i])->text);
    return names;
}

ResolveOptions solve_options(const Solve *solve, const PipStage *pip)
{
    ResolveOptions options = {
        .no_deps = pip->no_deps || pip->lock.text,
        .force_reinstall = pip->force_reinstall,
        .ignore_installed = pip->ignore_installed,
        .upgrade = pip->upgrade,
        .upgrade_names = canonical_names(pip->upgrade_names),
        .upgrade_eager = pip->upgrade_eager,
        .pre = pip->pre,
        .prefer_binary = pip->prefer_binary,
        .require_hashes = pip->require_hashes,
        .exclude_newer = solve->exclude_newer,
    };
    add_formats(&options.format, pip->only_binary, true);
    add_formats(&options.format, pip->no_binary, false);
    return options;
}

void solve_options_clear(ResolveOptions *options)
{
    g_strfreev(options->upgrade_names);
    format_control_clear(&options->format);
}

static bool upgrades(const Solve *solve, const char *name)
{
    const char *const *names = solve->session->options.upgrade;
    return solve->session->options.upgrade_all || (names && g_strv_contains(names, name));
}

/* The pins of the lock before, by name: those of the stage of this name, or (NULL) of all. */
static GHashTable *preferred_pins(const Solve *solve, const char *stage)
{
    GHashTable *pins = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (guint i = 0; solve->previous && i < solve->previous->stages->len; i++) {
        const LockStage *before = solve->previous->stages->pdata[i];
        if (stage && !g_str_equal(before->name, stage))
            continue;
        for (guint k = 0; k < before->actions->len; k++) {
            const LockAction *action = before->actions->pdata[k];
            if (!g_str_equal(action->action, "remove") && !upgrades(solve, action->name))
                g_hash_table_insert(pins, g_strdup(action->name), g_strdup(action->version));
        }
    }
    return pins;
}

/* What stops a stage before anything is asked of an index. */
static bool refuse_inputs(const Stage *stage, const StageInputs *inputs, LockStage *locked)
{
    GError *error = NULL;
    if (inputs->missing) {
        error_set(&error, ERROR_INPUT, inputs->missing_at,
                  "stage '%s' needs %s, which no earlier `files:` stage brings", stage->name,
                  inputs->missing);
        error_set_hint(error, "a path that begins with / is inside the image: copy the file there "
                              "with a `files:` stage, or name a file beside the recipe");
        stage_set_conflict(locked, error);
        return true;
    }
    for (guint i = 0; i < inputs->inputs->roots->len; i++) {
        const PipRequirement *root = inputs->inputs->roots->pdata[i];
        if (!root->needs_build && !root->editable)
            continue;
        error_set(&error, ERROR_INPUT, root->at, "stage '%s' needs a build of %s", stage->name,
                  root->requirement ? root->requirement->name : root->text);
        error_add_note(error, SPAN_NONE, "only wheels can be installed without running anything");
        error_set_hint(error, "build a wheel elsewhere (`pip wheel`) and name it by path or URL");
        stage_set_conflict(locked, error);
        return true;
    }
    return false;
}

static bool refuse_keys(const Solve *solve, const Stage *stage, LockStage *locked)
{
    const PipStage *pip = stage->body.pip;
    GError *error = NULL;
    if (pip->project_editable) {
        error_set(&error, ERROR_INPUT, pip->project.at,
                  "stage '%s' can't be solved: an editable install needs a build of the project",
                  stage->name);
        error_set_hint(error, "leave `editable` out, which installs what the project requires, and "
                              "bring its code with `files:`");
    } else if (solve->recipe->resolve_together && pip->lock.text)
        error_set(&error, ERROR_INPUT, pip->lock.at,
                  "stage '%s' takes a lock file, whose versions are chosen already: that can't be "
                  "part of `resolve: together`",
                  stage->name);
    if (!error && solve->recipe->resolve_together && pip->wheels && pip->wheels->len > 0)
        error_set(&error, ERROR_INPUT, ((const PipWheel *)pip->wheels->pdata[0])->at,
                  "stage '%s' looks for wheels by what the stages before it install, which "
                  "`resolve: together` does not know yet",
                  stage->name);
    if (error)
        stage_set_conflict(locked, error);
    return error != NULL;
}

gboolean solve_resolve(Solve *solve, const StageInputs *inputs, const char *stage,
                       const ResolveOptions *options, const GPtrArray *locations,
                       Solution **ret_solution, Conflict **ret_conflict, GError **error)
{
    g_autoptr(GHashTable) preferred = preferred_pins(solve, stage);
    ResolveRequest request = {
        .target = solve->facts->target,
        .tags = solve->tags,
        .markers = solve->markers,
        .inputs = inputs->inputs,
        .options = options,
        .locations = locations,
        .overrides = inputs->overrides->roots,
        .exclude = (const char *const *)inputs->exclude,
        .build = (const char *const *)inputs->build,
        .installed = solve->environment,
        .preferred = g_hash_table_size(preferred) > 0 ? preferred : NULL,
        .client = solve->session->client,
        .progress = solve->session->options.progress,
    };
    return resolve_stage(&request, ret_solution, ret_conflict, error);
}

/* *ret_conflict belongs to the caller. */
static gboolean resolve_from(Solve *solve, guint index, const PipStage *pip,
                             Solution **ret_solution, Conflict **ret_conflict, GError **error)
{
    const Stage *stage = solve->recipe->stages->pdata[index];
    const StageInputs *inputs = solve->inputs->pdata[index];
    g_autoptr(GPtrArray) locations = NULL;
    if (!sources_of_stage(&solve->sources, pip, inputs->inputs, &locations, error))
        return FALSE;
    ResolveOptions options = solve_options(solve, pip);
    GError *cause = NULL;
    gboolean done = solve_resolve(solve, inputs, stage->name, &options, locations, ret_solution,
                                  ret_conflict, &cause);
    solve_options_clear(&options);
    return done ? TRUE : error_wrap(error, cause, stage->at, "stage '%s'", stage->name);
}

static bool is_auto(const Solve *solve, const PipStage *pip)
{
    return g_strcmp0(pip->index.text, "auto") == 0 && solve->recipe->tables;
}

/* The first index of those that `auto` may stand for from which the stage can be solved. */
static gboolean resolve_auto(Solve *solve, guint index, LockStage *locked, Solution **ret_solution,
                             GError **error)
{
    const Stage *stage = solve->recipe->stages->pdata[index];
    g_autoptr(GPtrArray) names = solve_cuda_indexes(solve->recipe);
    for (guint i = 0; i < names->len && !*ret_solution; i++) {
        PipStage pip = *stage->body.pip;
        pip.index.text = names->pdata[i];
        Conflict *conflict = NULL;
        if (!resolve_from(solve, index, &pip, ret_solution, &conflict, error))
            return FALSE;
        conflict_free(conflict);
    }
    if (!*ret_solution)
        stage_set_conflict(locked, solve_cuda_refusal(stage, solve->recipe, names));
    return TRUE;
}

static gboolean resolve_one(Solve *solve, guint index, LockStage *locked, Solution **ret_solution,
                            GError **error)
{
    const Stage *stage = solve->recipe->stages->pdata[index];
    if (is_auto(solve, stage->body.pip))
        return resolve_auto(solve, index, locked, ret_solution, error);
    Conflict *conflict = NULL;
    if (!resolve_from(solve, index, stage->body.pip, ret_solution, &conflict, error))
        return FALSE;
    if (conflict)
        stage_explain(solve, index, conflict);
    conflict_free(conflict);
    return TRUE;
}

/* Installing */

/* pip stops where a copy has no RECORD. */
static bool refuse_uninstall(const Stage *stage, const InstallEffects *effects, LockStage *locked)
{
    if (effects->refused->len == 0)
        return false;
    GError *error = NULL;
    error_set(&error, ERROR_INPUT, stage->at, "stage '%s' can't uninstall %s", stage->name,
              (const char *)effects->refused->pdata[0]);
    error_add_note(error, SPAN_NONE,
                   "it has no RECORD of its files (a distribution package, as a rule), and pip "
                   "stops there");
    error_set_hint(error, "keep that version, install into a virtual environment (`python: {venv: "
                          "/opt/venv}`), or set `ignore_installed: true` to install beside it");
    stage_set_conflict(locked, error);
    return true;
}

static void merge_effects(InstallEffects *into, InstallEffects *from)
{
    g_ptr_array_extend_and_steal(into->clashes, g_steal_pointer(&from->clashes));
    g_ptr_array_extend_and_steal(into->ghosts, g_steal_pointer(&from->ghosts));
    g_ptr_array_extend_and_steal(into->shadowed, g_steal_pointer(&from->shadowed));
    g_ptr_array_extend_and_steal(into->refused, g_steal_pointer(&from->refused));
    g_free(from);
}

/* `remove:`, after the stage's installs: names that are not installed are skipped, as pip does. */
static gboolean uninstall(Solve *solve, const Stage *stage, LockStage *locked,
                          InstallEffects *effects, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    const GPtrArray *items = stage->body.pip->remove;
    for (guint i = 0; items && i < items->len; i++) {
        const Text *item = items->pdata[i];
        g_autofree char *name = name_canonicalize(item->text);
        const InstalledDistribution *found = environment_find(solve->environment, name);
        if (!found)
            continue;
        LockAction *action = lock_action_new("remove", name, solve_installed_version(found));
        g_autofree char *address = span_address(item->at);
        action->requested = true;
        g_ptr_array_add(action->edges, lock_edge_new(address ? address : locked->at, true, name));
        g_ptr_array_add(locked->actions, action);
        g_ptr_array_add(names, g_steal_pointer(&name));
    }
    if (names->len == 0)
        return TRUE;
    g_ptr_array_add(names, NULL);
    InstallEffects *more = NULL;
    if (!install_remove(solve->environment, (const char *const *)names->pdata,
                        solve->session->client, &more, error))
        return FALSE;
    merge_effects(effects, more);
    return TRUE;
}

static gboolean install(Solve *solve, const Stage *stage, const Solution *solution,
                        LockStage *locked, InstallEffects **ret_effects, GError **error)
{
    const PipStage *pip = stage->body.pip;
    g_autoptr(InstallEffects) effects = NULL;
    if (!install_apply(solve->environment, solution, stage->name, pip->ignore_installed,
                       solve->session->client, &effects, error))
        return FALSE;
    solve_add_actions(solve, solution, locked, false);
    if (!uninstall(solve, stage, locked, effects, error))
        return FALSE;
    solve_add_actions(solve, solution, locked, true);
    *ret_effects = g_steal_pointer(&effects);
    return TRUE;
}

static void take_warnings(LockStage *locked, Solution *solution)
{
    g_autoptr(GPtrArray) warnings = g_steal_pointer(&solution->warnings);
    solution->warnings = g_ptr_array_new_with_free_func((GDestroyNotify)finding_free);
    for (guint i = 0; i < warnings->len; i++) {
        Finding *finding = warnings->pdata[i];
        if (!finding->at)
            finding->at = g_strdup(locked->at);
    }
    g_ptr_array_extend_and_steal(locked->findings, g_steal_pointer(&warnings));
}

void solve_note_arguments(const Solve *solve, guint index, LockStage *locked)
{
    const GPtrArray *roots = ((const StageInputs *)solve->inputs->pdata[index])->inputs->roots;
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    for (guint i = 0; i < roots->len; i++) {
        g_autofree char *text = strip_credentials(((const PipRequirement *)roots->pdata[i])->text);
        g_strv_builder_add(builder, text);
    }
    if (roots->len > 0)
        locked->pip_arguments = g_strv_builder_end(builder);
}

gboolean solve_apply(Solve *solve, guint index, Solution *solution, LockStage *locked,
                     GError **error)
{
    const Stage *stage = solve->recipe->stages->pdata[index];
    g_autoptr(Environment) before = environment_copy(solve->environment);
    g_autoptr(InstallEffects) effects = NULL;
    if (!solve_lock_files(solve, solution, error) ||
        !install(solve, stage, solution, locked, &effects, error))
        return FALSE;
    if (refuse_uninstall(stage, effects, locked)) {
        g_ptr_array_set_size(locked->actions, 0);
        return TRUE;
    }
    take_warnings(locked, solution);
    solve_note_arguments(solve, index, locked);
    StageChange change = {solve, index, locked, solution, before, effects};
    findings_of_stage(&change);
    findings_of_patch_release(solve, locked);
    solve_note_environment(solve, locked->environment);
    return TRUE;
}

/* An interpreter that is not there, or comes with packages that are not looked into. */
static bool refuse_without_python(const Solve *solve, const Stage *stage, LockStage *locked)
{
    if (solve->environment)
        return false;
    GError *error = NULL;
    error_set(&error, ERROR_INPUT, stage->at, "stage '%s' needs a Python, and the base brings none",
              stage->name);
    if (solve->facts->no_python)
        error_add_note(error, solve->recipe->base.at, "%s", solve->facts->no_python);
    error_set_hint(error, "take a base with Python (`base: python:3.12-slim`), or a `debian:` base "
                          "with the package python3; what an `apt:` stage brings is not looked "
                          "into yet");
    stage_set_conflict(locked, error);
    return true;
}

static bool refuse_base_constraints(const Solve *solve, guint index, LockStage *locked)
{
    GError *error = solve_base_constraints_refusal(solve, index);
    if (error)
        stage_set_conflict(locked, error);
    return error != NULL;
}

bool solve_refuses(const Solve *solve, guint index, LockStage *locked)
{
    const Stage *stage = solve->recipe->stages->pdata[index];
    return refuse_keys(solve, stage, locked) || refuse_without_python(solve, stage, locked) ||
           refuse_inputs(stage, solve->inputs->pdata[index], locked) ||
           refuse_base_constraints(solve, index, locked);
}

gboolean solve_pip(Solve *solve, guint index, LockStage *locked, GError **error)
{
    if (solve_refuses(solve, index, locked))
        return TRUE;
    if (!solve_take_lock(solve, index, locked) || !solve_find_wheels(solve, index, locked, error))
        return locked->conflict != NULL;
    if (locked->conflict)
        return TRUE;
    Solution *solution = NULL;
    if (!resolve_one(solve, index, locked, &solution, error))
        return FALSE;
    if (!solution)
        return TRUE;
    g_ptr_array_add(solve->solutions, solution);
    return solve_apply(solve, index, solution, locked, error);
}
