#include "cli/workspace.h"

#include "cli/commands.h"
#include "cli/index_options.h"
#include "cli/stages_dir.h"
#include "lock/survey.h"
#include "recipe/ignore_entry.h"

enum {
    MAX_JOBS = 256,
    MAX_TIMEOUT_SECONDS = 3600,
};

static void recipe_free_func(void *data)
{
    recipe_free(data);
}

/* "recipe.yaml#row", a folder that holds a ramekin.yaml, or nothing for the one here. */
static void split_argument(Workspace *workspace, const char *argument)
{
    g_autofree char *path = g_strdup(argument ? argument : DEFAULT_RECIPE);
    char *hash = strrchr(path, '#');
    if (hash && !g_file_test(path, G_FILE_TEST_EXISTS)) {
        *hash = '\0';
        workspace->wanted_row = g_strdup(hash + 1);
    }
    if (!*path)
        workspace->recipe_path = g_strdup(DEFAULT_RECIPE);
    else if (g_file_test(path, G_FILE_TEST_IS_DIR))
        workspace->recipe_path = g_build_filename(path, DEFAULT_RECIPE, NULL);
    else
        workspace->recipe_path = g_steal_pointer(&path);
    workspace->file_path = g_strdup(workspace->recipe_path);
}

static void take_copy(Workspace *workspace, const RecipeCopy *copy, const char *row)
{
    bool folder = g_file_test(copy->path, G_FILE_TEST_IS_DIR);
    const char *below = folder ? DEFAULT_RECIPE : NULL;
    workspace->copy.shown = g_build_filename(copy->shown, below, NULL);
    workspace->copy.origin = g_strdup(copy->origin);
    workspace->file_path = g_build_filename(copy->path, below, NULL);
    workspace->recipe_path = g_strconcat(copy->origin, workspace->copy.shown, NULL);
    workspace->wanted_row = g_strdup(row);
}

static char *lock_path_of(const char *recipe_path)
{
    const char *dot = strrchr(recipe_path, '.');
    bool has_extension = dot && !strchr(dot, '/') && dot != recipe_path && dot[-1] != '/';
    size_t length = has_extension ? (size_t)(dot - recipe_path) : strlen(recipe_path);
    return g_strdup_printf("%.*s.lock", (int)length, recipe_path);
}

static gboolean check_pairs(const GPtrArray *pairs, const char *option, GError **error)
{
    for (guint i = 0; i < pairs->len; i++) {
        const char *equals = strchr(pairs->pdata[i], '=');
        if (!equals || equals == (const char *)pairs->pdata[i] || !equals[1])
            return error_set(error, ERROR_USAGE, SPAN_NONE, "--%s wants NAME=VALUE, not \"%s\"",
                             option, (const char *)pairs->pdata[i]);
    }
    return TRUE;
}

static gboolean check_substitute_base(const char *text, GError **error)
{
    const char *equals = text ? strrchr(text, '=') : NULL;
    if (!text || (equals && equals > text && equals[1]))
        return TRUE;
    return error_set(error, ERROR_USAGE, SPAN_NONE,
                     "--substitute-base wants REF=oci:DIR, not \"%s\"", text);
}

/* From 1 to `maximum`; 0 without `text`. */
static gboolean parse_number(const char *option, const char *text, unsigned maximum,
                             unsigned *ret_number, GError **error)
{
    guint64 value = 0;
    if (text && !g_ascii_string_to_unsigned(text, 10, 1, maximum, &value, NULL))
        return error_set(error, ERROR_USAGE, SPAN_NONE, "--%s is a number from 1 to %u, not \"%s\"",
                         option, maximum, text);
    *ret_number = (unsigned)value;
    return TRUE;
}

static const char *const *strings_or_null(const GPtrArray *strings)
{
    return strings->len > 0 ? (const char *const *)strings->pdata : NULL;
}

static gboolean fill_lock_options(Workspace *workspace, GError **error)
{
    const Options *options = workspace->options;
    LockOptions *lock = &workspace->lock_options;
    if (!check_pairs(options->indexes, "index", error) ||
        !check_pairs(options->substitutes, "substitute-index", error) ||
        !check_substitute_base(options->substitute_base, error) ||
        !parse_number("jobs", options->jobs, MAX_JOBS, &lock->jobs, error) ||
        !parse_number("timeout", options->timeout, MAX_TIMEOUT_SECONDS, &lock->timeout_seconds,
                      error))
        return FALSE;
    lock->indexes = strings_or_null(options->indexes);
    lock->substitutes = strings_or_null(options->substitutes);
    lock->substitute_base = options->substitute_base;
    lock->cert = options->cert;
    lock->trusted_hosts = strings_or_null(options->trusted_hosts);
    lock->cache_dir = options->cache_dir;
    lock->offline = options->offline;
    lock->upgrade_all = options->upgrade && options->upgrade_names->len == 0;
    lock->upgrade = strings_or_null(options->upgrade_names);
    lock->progress = output_progress(workspace->output);
    return TRUE;
}

static gboolean check_row(const Workspace *workspace, TargetChoice choice, GError **error)
{
    const char *const *rows = recipe_file_rows(workspace->file);
    const char *wanted = workspace->wanted_row;
    g_autofree char *names = rows[0] ? g_strjoinv(", ", (char **)rows) : NULL;
    if (wanted && !names)
        return error_set(error, ERROR_INPUT, SPAN_NONE, "%s has no matrix, so no row \"%s\"",
                         workspace->recipe_path, wanted);
    if (wanted && !g_strv_contains(rows, wanted))
        return error_set(error, ERROR_INPUT, SPAN_NONE, "%s has no row \"%s\"; its rows are %s",
                         workspace->recipe_path, wanted, names);
    if (!wanted && names && choice == TARGETS_ONE) {
        error_set(error, ERROR_USAGE, SPAN_NONE, "%s has a matrix; say which row",
                  workspace->recipe_path);
        if (error)
            error_set_hint(*error, "%s%s#%s; its rows are %s",
                           workspace->named_by_file ? "-f " : "", workspace->recipe_path, rows[0],
                           names);
        return FALSE;
    }
    return TRUE;
}

static gboolean add_targets(Workspace *workspace, const Recipe *recipe, TargetChoice choice,
                            GError **error)
{
    const char *wanted = workspace->options->platform;
    bool found = false;
    for (guint i = 0; i < recipe->platforms->len; i++) {
        const Text *platform = recipe->platforms->pdata[i];
        if (wanted && !g_str_equal(wanted, platform->text))
            continue;
        WorkTarget target = {recipe, recipe->row, platform->text};
        g_array_append_val(workspace->targets, target);
        found = true;
        if (choice == TARGETS_ONE)
            break;
    }
    if (found)
        return TRUE;
    return error_set(error, ERROR_INPUT, SPAN_NONE, "%s is not for the platform %s",
                     workspace->recipe_path, wanted);
}

static void decode_rows(Workspace *workspace, const RecipeOptions *options, Diags *diags)
{
    const char *const *rows = recipe_file_rows(workspace->file);
    const char *const no_matrix[] = {NULL, NULL};
    const char *const one[] = {workspace->wanted_row, NULL};
    size_t count = rows[0] ? g_strv_length((char **)rows) : 1;
    const char *const *wanted = rows[0] ? rows : no_matrix;
    if (workspace->wanted_row) {
        wanted = one;
        count = 1;
    }
    for (size_t i = 0; i < count; i++) {
        Recipe *recipe = recipe_decode(workspace->file, wanted[i], options, diags);
        if (recipe)
            g_ptr_array_add(workspace->recipes, recipe);
    }
}

static int load_recipe(Workspace *workspace, TargetChoice choice)
{
    g_auto(GStrv) data = data_dirs_find();
    Diags *diags = workspace->diags;
    workspace->shipped_stages = stages_dir_find();
    workspace->tables = host_tables_load((const char *const *)data, diags);
    workspace->recipe_options = (RecipeOptions){
        .vars = strings_or_null(workspace->options->vars),
        .stage_path = strings_or_null(workspace->options->stage_path),
        .shipped_stages = workspace->shipped_stages,
        .tables = workspace->tables,
        .shown = workspace->copy.shown,
        .origin = workspace->copy.origin,
    };
    workspace->file = recipe_file_load(workspace->file_path, &workspace->recipe_options, diags);
    if (!workspace->file)
        return output_diags(workspace->output, diags);
    GError *error = NULL;
    if (!check_row(workspace, choice, &error)) {
        output_diags(workspace->output, diags);
        return output_error(workspace->output, error);
    }
    decode_rows(workspace, &workspace->recipe_options, diags);
    int status = output_diags(workspace->output, diags);
    diags_forget(diags);
    if (status == 0 && (!index_options_check(workspace->options, workspace->recipes, &error) ||
                        !upgrade_names_check(workspace->options, workspace->lock, &error)))
        return output_error(workspace->output, error);
    for (guint i = 0; status == 0 && i < workspace->recipes->len; i++) {
        if (!add_targets(workspace, workspace->recipes->pdata[i], choice, &error))
            status = output_error(workspace->output, error);
    }
    return status;
}

static gboolean prepare(Workspace *workspace, const char *hint, GError **error)
{
    if (!check_pairs(workspace->options->vars, "var", error) ||
        !fill_lock_options(workspace, error))
        return FALSE;
    if (!g_file_test(workspace->file_path, G_FILE_TEST_EXISTS)) {
        error_set(error, ERROR_INPUT, SPAN_NONE, "there is no recipe %s", workspace->recipe_path);
        if (hint)
            error_set_hint(*error, "%s", hint);
        return FALSE;
    }
    g_autofree char *path = lock_path_of(workspace->file_path);
    workspace->lock_path = lock_path_of(workspace->recipe_path);
    return lock_load_as(path, workspace->lock_path, &workspace->lock, error);
}

static Workspace *workspace_new(const Invocation *invocation)
{
    Workspace *workspace = g_new0(Workspace, 1);
    workspace->output = invocation->output;
    workspace->options = invocation->options;
    workspace->diags = diags_new();
    workspace->recipes = g_ptr_array_new_with_free_func(recipe_free_func);
    workspace->targets = g_array_new(FALSE, FALSE, sizeof(WorkTarget));
    return workspace;
}

static int open_workspace(Workspace *take_workspace, TargetChoice choice, const char *hint,
                          Workspace **ret_workspace)
{
    g_autoptr(Workspace) workspace = take_workspace;
    GError *error = NULL;
    if (!prepare(workspace, hint, &error))
        return output_error(workspace->output, error);
    int status = load_recipe(workspace, choice);
    if (status == 0)
        *ret_workspace = g_steal_pointer(&workspace);
    return status;
}

int workspace_open(const Invocation *invocation, TargetChoice choice, Workspace **ret_workspace)
{
    const GPtrArray *arguments = invocation->options->arguments;
    const char *recipe = arguments->len > 0 ? arguments->pdata[0] : NULL;
    return workspace_open_recipe(invocation, choice, recipe, ret_workspace);
}

int workspace_open_recipe(const Invocation *invocation, TargetChoice choice, const char *recipe,
                          Workspace **ret_workspace)
{
    Workspace *workspace = workspace_new(invocation);
    split_argument(workspace, recipe);
    workspace->named_by_file =
        command_takes_file(invocation->command) && recipe == invocation->options->recipe;
    return open_workspace(workspace, choice,
                          recipe ? NULL : "`ramekin init` writes one to begin with", ret_workspace);
}

int workspace_open_copy(const Invocation *invocation, TargetChoice choice, const RecipeCopy *copy,
                        const char *row, Workspace **ret_workspace)
{
    Workspace *workspace = workspace_new(invocation);
    take_copy(workspace, copy, row);
    return open_workspace(workspace, choice, NULL, ret_workspace);
}

void workspace_free(Workspace *workspace)
{
    if (!workspace)
        return;
    lock_session_free(workspace->session);
    lock_free(workspace->lock);
    g_array_unref(workspace->targets);
    g_ptr_array_unref(workspace->recipes);
    diags_free(workspace->diags);
    recipe_file_unref(workspace->file);
    host_tables_free(workspace->tables);
    g_free(workspace->shipped_stages);
    g_free(workspace->recipe_path);
    g_free(workspace->file_path);
    g_free(workspace->copy.shown);
    g_free(workspace->copy.origin);
    g_free(workspace->wanted_row);
    g_free(workspace->lock_path);
    g_free(workspace);
}

const WorkTarget *workspace_target(const Workspace *workspace, guint index)
{
    return &g_array_index(workspace->targets, WorkTarget, index);
}

char *work_target_label(const Workspace *workspace, const WorkTarget *target)
{
    if (!target->row)
        return g_strdup_printf("%s (%s)", workspace->recipe_path, target->platform);
    return g_strdup_printf("%s#%s (%s)", workspace->recipe_path, target->row, target->platform);
}

int workspace_locked_state(const Workspace *workspace, const WorkTarget *target,
                           LockedState *ret_state, char **ret_reason)
{
    *ret_state = LOCKED_MISSING;
    if (!workspace->lock || !lock_find_target(workspace->lock, target->row, target->platform))
        return 0;
    GError *error = NULL;
    *ret_reason = lock_stale_reason(workspace->lock, target->recipe, target->platform,
                                    &workspace->lock_options, &error);
    if (error)
        return output_error(workspace->output, error);
    *ret_state = *ret_reason ? LOCKED_STALE : LOCKED_CURRENT;
    return 0;
}

/* Nothing is wrong without a cache, but every run fetches everything again. */
static void warn_of_cache(const Workspace *workspace)
{
    const char *dir, *reason;
    if (!lock_session_cache_problem(workspace->session, &dir, &reason))
        return;
    GError *entry = diags_warning(workspace->diags, SPAN_NONE,
                                  "the cache folder %s cannot be written (%s), so nothing is kept",
                                  dir, reason);
    error_set_hint(entry, "--cache-dir DIR or XDG_CACHE_HOME names another folder");
}

LockSession *workspace_session(Workspace *workspace)
{
    workspace->lock_options.previous = workspace->lock;
    if (!workspace->session)
        workspace->session = lock_session_new(&workspace->lock_options);
    return workspace->session;
}

int workspace_resolve(Workspace *workspace, const WorkTarget *target, Lock *lock,
                      LockTarget **ret_target)
{
    LockSession *session = workspace_session(workspace);
    Diags *diags = workspace->diags;
    GError *error = NULL;
    gboolean ok = lock_resolve_target(session, target->recipe, target->platform, lock, ret_target,
                                      diags, &error);
    warn_of_cache(workspace);
    int status = output_diags(workspace->output, diags);
    diags_forget(diags);
    if (error)
        status = worse_status(status, output_error(workspace->output, error));
    return ok ? status : worse_status(status, 1);
}

static void survey_free(void *survey)
{
    lock_survey_free(survey);
}

static bool is_current(Workspace *workspace, const WorkTarget *target)
{
    if (!workspace->lock || !lock_find_target(workspace->lock, target->row, target->platform))
        return false;
    g_autoptr(GError) ignored = NULL;
    g_autofree char *reason = lock_stale_reason(workspace->lock, target->recipe, target->platform,
                                                &workspace->lock_options, &ignored);
    return !reason && !ignored;
}

void workspace_look_ahead(Workspace *workspace)
{
    g_autoptr(Diags) diags = diags_new();
    g_autoptr(GPtrArray) surveys = g_ptr_array_new_with_free_func(survey_free);
    for (guint i = 0; i < workspace->targets->len; i++) {
        const WorkTarget *target = workspace_target(workspace, i);
        if (is_current(workspace, target))
            continue;
        g_autoptr(GError) ignored = NULL;
        LockSurvey *survey = lock_survey_new(workspace_session(workspace), target->recipe,
                                             target->platform, diags, &ignored);
        if (survey)
            g_ptr_array_add(surveys, survey);
    }
    if (surveys->len > 1)
        lock_surveys_look_ahead(surveys);
}

static int refuse_unlocked(const Workspace *workspace, LockedState state, const char *reason)
{
    GError *error = NULL;
    if (state == LOCKED_STALE)
        error_set(&error, ERROR_INPUT, SPAN_NONE, "%s is stale: %s", workspace->lock_path, reason);
    else
        error_set(&error, ERROR_INPUT, SPAN_NONE, "%s has nothing for this recipe",
                  workspace->lock_path);
    if (workspace->copy.shown)
        error_set_hint(error, "without --locked it is resolved in memory");
    else
        error_set_hint(error, "`ramekin lock %s` brings it up to date", workspace->recipe_path);
    return output_error(workspace->output, error);
}

int workspace_find_or_resolve(Workspace *workspace, const WorkTarget *wanted, Lock *fresh,
                              LockTarget **ret_target)
{
    workspace->lock_options.accept_substituted = true;
    LockedState state;
    g_autofree char *reason = NULL;
    int status = workspace_locked_state(workspace, wanted, &state, &reason);
    if (status != 0)
        return status;
    if (state == LOCKED_CURRENT) {
        *ret_target = lock_find_target(workspace->lock, wanted->row, wanted->platform);
        return 0;
    }
    if (workspace->options->locked)
        return refuse_unlocked(workspace, state, reason);
    if (state == LOCKED_STALE)
        output_note(workspace->output, "%s is stale (%s); resolved again, nothing is written",
                    workspace->lock_path, reason);
    return workspace_resolve(workspace, wanted, fresh, ret_target);
}

void workspace_explain_unsolved(const Workspace *workspace, const LockTarget *target)
{
    for (guint i = 0; i < target->stages->len; i++) {
        const LockStage *stage = target->stages->pdata[i];
        if (stage->status != STAGE_UNSATISFIABLE)
            continue;
        if (stage->conflict)
            output_error(workspace->output, g_error_copy(stage->conflict));
        else if (stage->explanation)
            output_people(workspace->output, stage->explanation);
    }
}

bool workspace_finding_counts(const Workspace *workspace, const Recipe *recipe,
                              const Finding *finding)
{
    Severity threshold = workspace->options->strict ? SEVERITY_WARNING : SEVERITY_ERROR;
    return finding->severity >= threshold && !finding->acknowledged &&
           !recipe_find_ignore(recipe, finding);
}

unsigned workspace_report(const Workspace *workspace, const Recipe *recipe,
                          const GPtrArray *findings)
{
    unsigned counted = 0;
    for (guint i = 0; i < findings->len; i++) {
        const Finding *finding = findings->pdata[i];
        if (workspace_finding_counts(workspace, recipe, finding))
            counted++;
        else if (finding->severity == SEVERITY_NOTE || finding->acknowledged ||
                 recipe_find_ignore(recipe, finding))
            continue;
        output_finding(workspace->output, finding);
    }
    return counted;
}

unsigned workspace_report_findings(const Workspace *workspace, const Recipe *recipe,
                                   const LockTarget *target)
{
    unsigned counted = 0;
    for (guint i = 0; i < target->stages->len; i++) {
        const LockStage *stage = target->stages->pdata[i];
        if (stage->status != STAGE_UNSATISFIABLE)
            counted += workspace_report(workspace, recipe, stage->findings);
    }
    return counted;
}
