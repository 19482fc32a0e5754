#include "lock/lock_recipe.h"

#include "base/clock.h"
#include "lock/inputs.h"
#include "lock/solve.h"

/* The base */

static bool declares_enough(const Recipe *recipe, const char *platform)
{
    bool needs_libc = g_str_has_prefix(platform, "linux/");
    return recipe->python.version && (recipe->libc.text || !needs_libc);
}

static gboolean refuse_undeclared(const Recipe *recipe, const char *platform, GError **error)
{
    const RecipeBase *base = &recipe->base;
    const char *what = base->reference             ? base->reference
                       : base->kind == BASE_DEBIAN ? base->suite
                                                   : "the target";
    error_set(error, ERROR_INPUT, span_is_set(base->at) ? base->at : recipe->python.at,
              "the Python of %s can't be read from here", what);
    if (error)
        error_set_hint(*error, "say what it is: `python: 3.11`%s",
                       g_str_has_prefix(platform, "linux/") ? " and `libc: glibc 2.36`" : "");
    return FALSE;
}

/* A recipe for several systems says something of each. */
static char *declared_libc(const Recipe *recipe, const char *platform)
{
    if (g_str_has_prefix(platform, "linux/"))
        return g_strdup(recipe->libc.text);
    return g_str_has_prefix(platform, "macos/") && recipe->macos.text
               ? g_strdup_printf("macOS %s", recipe->macos.text)
               : NULL;
}

static BaseFacts *declared_facts(const Recipe *recipe, const char *platform, GError **error)
{
    if (!declares_enough(recipe, platform)) {
        refuse_undeclared(recipe, platform, error);
        return NULL;
    }
    const RecipePython *python = &recipe->python;
    g_autofree char *libc = declared_libc(recipe, platform);
    bool debian = recipe->base.kind == BASE_DEBIAN;
    BaseDeclaration declaration = {
        .reference = recipe->base.reference,
        .python = python->version,
        .libc = libc,
        .platform = platform,
        .prefix = python->prefix,
        .scheme = python->scheme ? python->scheme
                  : debian       ? "debian"
                                 : NULL,
        .venv = python->venv,
        .target_env = recipe->target == TARGET_ENV,
    };
    GError *cause = NULL;
    BaseFacts *facts = base_facts_declared(&declaration, &cause);
    if (cause)
        error_wrap(error, cause, recipe->python.at, "the declared Python");
    return facts;
}

static BaseFacts *read_facts(const Solve *solve, const char *reference, const char *platform,
                             GError **error)
{
    const Recipe *recipe = solve->recipe;
    const RecipePython *python = &recipe->python;
    BaseRequest request = {
        .reference = reference,
        .base_dir = recipe_file_dir(recipe->file),
        .platform = platform,
        .python = python->version,
        .cache = solve->session->cache,
        .at = recipe->base.at,
        .python_at = python->at,
    };
    BaseFacts *facts = base_facts_read(&request, error);
    if (facts && facts->has_python && python->venv)
        base_facts_use_venv(facts, python->venv);
    return facts;
}

static gboolean check_managed(const Recipe *recipe, const BaseFacts *facts, GError **error)
{
    if (!facts->externally_managed || recipe->python.venv)
        return TRUE;
    error_set(error, ERROR_INPUT, recipe->base.at,
              "the Python of this base is managed by its distribution (PEP 668: %s)",
              facts->externally_managed);
    if (error)
        error_set_hint(*error, "install into a virtual environment: `python: {venv: /opt/venv}`");
    return FALSE;
}

static const char *const scheme_names[] = {
    [SCHEME_POSIX] = "posix",
    [SCHEME_DEBIAN] = "debian",
    [SCHEME_VENV] = "venv",
    [SCHEME_WINDOWS_VENV] = "windows-venv",
};

Environment *lock_base_environment(const LockTarget *target, GError **error)
{
    const LockBase *base = &target->base;
    if (!base->python || !base->scheme || !base->prefix)
        return NULL;
    g_autoptr(PythonTarget) python =
        python_target_new(base->python, base->libc, target->platform, error);
    if (!python)
        return NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(scheme_names); i++) {
        if (g_str_equal(scheme_names[i], base->scheme))
            return environment_new((InstallScheme)i, base->prefix, python);
    }
    error_set(error, ERROR_INPUT, SPAN_NONE, "the lock's base has an unknown scheme '%s'",
              base->scheme);
    return NULL;
}

/* What the container runtime would refuse a host for; NULL: nothing. */
static const char *find_gate(char **env)
{
    const char *gate = g_environ_getenv(env, "NVIDIA_REQUIRE_CUDA");
    const char *off = g_environ_getenv(env, "NVIDIA_DISABLE_REQUIRE");
    return gate && base_gate_is_valid(gate) && !(off && *off) ? gate : NULL;
}

static void describe_base(Solve *solve)
{
    const BaseFacts *facts = solve->facts;
    LockBase *base = &solve->target->base;
    base->reference = g_strdup(solve->recipe->base.reference);
    base->digest = g_strdup(facts->digest ? facts->digest : solve->recipe->base.digest);
    base->facts = facts->form == BASE_FORM_DECLARED || facts->form == BASE_FORM_REGISTRY
                      ? LOCK_FACTS_DECLARED
                      : LOCK_FACTS_READ;
    base->pip_version = g_strdup(facts->pip_version);
    base->user = g_strdup(facts->user);
    base->require_cuda = g_strdup(find_gate(facts->env));
    base->externally_managed = facts->externally_managed != NULL;
    if (!facts->has_python)
        return;
    base->python = g_strdup(facts->target->full_version);
    base->libc = python_target_libc_text(facts->target);
    base->scheme = g_strdup(scheme_names[solve->environment->scheme]);
    base->prefix = g_strdup(solve->environment->prefix);
    solve_note_environment(solve, base->installed);
}

gboolean solve_find_facts(Solve *solve, const char *platform, GError **error)
{
    const Recipe *recipe = solve->recipe;
    const char *substitute = lock_options_base(&solve->session->options, &recipe->base);
    const char *reference = substitute ? substitute : recipe->base.reference;
    bool readable = recipe->base.kind == BASE_IMAGE && base_form_is_readable(base_form(reference));
    if (recipe->base.kind == BASE_SCRATCH && !recipe->python.version) {
        reference = "scratch"; /* nothing is in it, and files alone need no Python */
        readable = true;
    }
    solve->facts = readable ? read_facts(solve, reference, platform, error)
                            : declared_facts(recipe, platform, error);
    if (!solve->facts || !check_managed(recipe, solve->facts, error))
        return FALSE;
    if (substitute)
        solve->target->substituted_base = g_strdup(recipe->base.reference);
    if (solve->facts->has_python) {
        solve->environment = environment_copy(solve->facts->environment);
        solve->markers = marker_environment_new(solve->facts->target);
        solve->tags = tag_set_new(solve->facts->target);
    }
    describe_base(solve);
    return TRUE;
}

/* The state */

static void forced_free(void *data)
{
    ForcedPackage *forced = data;
    g_free(forced->name);
    g_free(forced->version);
    g_free(forced->stage);
    g_free(forced->at);
    g_free(forced);
}

Solve *solve_new(LockSession *session, const Recipe *recipe, const char *platform, Lock *lock,
                 Diags *diags)
{
    Solve *solve = g_new0(Solve, 1);
    solve->session = session;
    solve->recipe = recipe;
    solve->lock = lock;
    solve->diags = diags;
    solve->target = lock_target_new(recipe->row, platform);
    const Lock *previous = session->options.previous;
    solve->previous = previous ? lock_find_target(previous, recipe->row, platform) : NULL;
    solve->exclude_newer = -1;
    solve->sources = (SourceContext){session, recipe, g_ptr_array_new_with_free_func(g_free),
                                     g_ptr_array_new_with_free_func(g_free)};
    solve->files = g_hash_table_new(NULL, NULL);
    solve->extras =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_strfreev);
    solve->forced = g_ptr_array_new_with_free_func(forced_free);
    solve->inputs = g_ptr_array_new_with_free_func((GDestroyNotify)stage_inputs_free);
    solve->solutions = g_ptr_array_new_with_free_func((GDestroyNotify)solution_free);
    return solve;
}

void solve_free(Solve *solve)
{
    lock_target_free(solve->target);
    environment_free(solve->environment);
    marker_environment_free(solve->markers);
    tag_set_free(solve->tags);
    base_facts_free(solve->facts);
    g_ptr_array_unref(solve->sources.find_links);
    g_ptr_array_unref(solve->sources.substituted);
    g_hash_table_unref(solve->files);
    g_hash_table_unref(solve->extras);
    g_ptr_array_unref(solve->forced);
    g_ptr_array_unref(solve->solutions);
    g_ptr_array_unref(solve->inputs);
    g_free(solve);
}

/* The stages */

static bool read_date(Solve *solve)
{
    const Text *date = &solve->recipe->exclude_newer;
    if (!date->text || clock_parse_date(date->text, &solve->exclude_newer))
        return true;
    diags_error(solve->diags, date->at, "'%s' is no date", date->text);
    return false;
}

bool solve_read_inputs(Solve *solve)
{
    unsigned before = diags_errors(solve->diags);
    inputs_of_recipe(solve->recipe, solve->target);
    for (guint i = 0; i < solve->recipe->stages->len; i++) {
        const Stage *stage = solve->recipe->stages->pdata[i];
        g_ptr_array_add(solve->inputs,
                        stage->kind == STAGE_PIP ? stage_inputs_read(solve, i) : NULL);
    }
    return read_date(solve) && diags_errors(solve->diags) == before;
}

/* What the base adds to them. */
bool solve_constrain_by_base(Solve *solve)
{
    unsigned before = diags_errors(solve->diags);
    for (guint i = 0; i < solve->inputs->len; i++) {
        if (solve->inputs->pdata[i])
            solve_add_base_constraints(solve, i, solve->inputs->pdata[i]);
    }
    return diags_errors(solve->diags) == before;
}

static LockStage *new_stage(const Stage *stage)
{
    g_autofree char *address = span_address(stage->at);
    return lock_stage_new(stage->name, stage_kind_name(stage->kind), address ? address : "");
}

static gboolean solve_stage(Solve *solve, guint index, LockStage *locked, GError **error)
{
    const Stage *stage = solve->recipe->stages->pdata[index];
    progress_step(solve->session->options.progress, "stage %s", stage->name);
    if (stage->kind == STAGE_PIP)
        return solve_pip(solve, index, locked, error);
    solve_other(solve, stage, locked);
    return TRUE;
}

static gboolean solve_in_order(Solve *solve, GError **error)
{
    bool reached = true;
    for (guint i = 0; i < solve->recipe->stages->len; i++) {
        LockStage *locked = solve->target->stages->pdata[i];
        if (!reached)
            locked->status = STAGE_SKIPPED;
        else if (!solve_stage(solve, i, locked, error))
            return FALSE;
        reached &= locked->status == STAGE_SOLVED;
    }
    return TRUE;
}

/* What stages ask for that were not solved, for whoever compares them. */
static void note_unsolved(const Solve *solve)
{
    for (guint i = 0; i < solve->target->stages->len; i++) {
        LockStage *locked = solve->target->stages->pdata[i];
        if (locked->status != STAGE_SOLVED && solve->inputs->pdata[i])
            solve_note_arguments(solve, i, locked);
    }
}

static gboolean solve_stages(Solve *solve, GError **error)
{
    for (guint i = 0; i < solve->recipe->stages->len; i++)
        g_ptr_array_add(solve->target->stages, new_stage(solve->recipe->stages->pdata[i]));
    gboolean done = solve->recipe->resolve_together ? solve_together(solve, error)
                                                    : solve_in_order(solve, error);
    if (done)
        note_unsolved(solve);
    return done;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void note_substituted(Solve *solve)
{
    GPtrArray *names = solve->sources.substituted;
    if (names->len == 0)
        return;
    g_ptr_array_sort(names, compare_texts);
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    for (guint i = 0; i < names->len; i++)
        g_strv_builder_add(builder, names->pdata[i]);
    solve->target->substituted = g_strv_builder_end(builder);
}

/* Takes the place of the lock's target of the same row and platform. */
static LockTarget *put_target(Lock *lock, LockTarget *target)
{
    for (guint i = 0; i < lock->targets->len; i++) {
        LockTarget *old = lock->targets->pdata[i];
        if (g_strcmp0(old->row, target->row) != 0 || !g_str_equal(old->platform, target->platform))
            continue;
        lock->targets->pdata[i] = target;
        lock_target_free(old);
        return target;
    }
    g_ptr_array_add(lock->targets, target);
    return target;
}

gboolean lock_resolve_target(LockSession *session, const Recipe *recipe, const char *platform,
                             Lock *lock, LockTarget **ret_target, Diags *diags, GError **error)
{
    g_autoptr(Solve) solve = solve_new(session, recipe, platform, lock, diags);
    bool configured = session_load_user_config(session, diags);
    if (!solve_read_inputs(solve) || !configured)
        return FALSE;
    GError *cause = NULL;
    bool found = solve_find_facts(solve, platform, &cause);
    if (found && !solve_constrain_by_base(solve))
        return FALSE;
    if (!found || !solve_stages(solve, &cause)) {
        if (error_exit_status(cause) == 1) {
            diags_take(diags, cause);
            return FALSE;
        }
        g_propagate_error(error, cause);
        return FALSE;
    }
    note_substituted(solve);
    *ret_target = put_target(lock, g_steal_pointer(&solve->target));
    return TRUE;
}
