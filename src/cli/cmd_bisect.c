#include "cli/commands.h"
#include "cli/operand.h"
#include "diff/mixture.h"
#include "emit/image.h"
#include "lock/fetch.h"
#include "sandbox/sandbox.h"
#include "text/jsonw.h"

static const OptionRow rows[] = {
    /* clang-format off */
    OPTION_ROW_FORMAT("ramekin.bisect/1"),
    {"network", 0, OPTION_SWITCH, NULL, offsetof(Options, network), 0,
     "give the command this machine's network; without it there is none but \"lo\""},
    OPTION_ROW_RUNNER("what runs the command"),
    OPTION_ROW_LOCKED,
    {0},
    /* clang-format on */
};
static const OptionGroup group = {"Bisect", rows};
static const OptionGroup *const groups[] = {&group, &options_recipe, &options_resolve,
                                            &options_common, NULL};

enum {
    SKIP_STATUS = 125, /* as for git bisect run */
};

typedef struct {
    const Invocation *invocation;
    Output *output;
    const Options *options;
    const char *const *words; /* of the command; NULL-terminated */
    Operand *before, *after;
    BisectUnits *units;
    Workspace *workspace; /* of the first side: what is built is its recipe */
    BlobStore *blobs;
    guint steps;
    GPtrArray *log; /* char *: what each step was */
} Bisect;

static const char *const answer_names[] = {"good", "bad", "skipped"};

/* One step */

static void tell_line(void *data, G_GNUC_UNUSED SandboxStream stream, const char *line)
{
    const Bisect *bisect = data;
    if (!bisect->options->verbose)
        return;
    g_autofree char *text = g_strdup_printf("    %s\n", line);
    output_people(bisect->output, text);
}

static gboolean run_in(Bisect *bisect, const SandboxImage *image, int *ret_status, GError **error)
{
    SandboxRootOptions options = {
        .cache = lock_session_cache(workspace_session(bisect->workspace)),
        .progress = output_progress(bisect->output),
    };
    g_autoptr(SandboxRoot) root = sandbox_root_open(image, &options, error);
    if (!root)
        return FALSE;
    SandboxCommand command = {
        .argv = bisect->words,
        .network = bisect->options->network,
        .runner = (SandboxRunner)bisect->options->runner,
        .line = tell_line,
        .data = bisect,
    };
    SandboxResult result;
    if (!sandbox_run(root, &command, &result, error))
        return FALSE;
    *ret_status = result.status;
    return TRUE;
}

static gboolean build_and_run(Bisect *bisect, LockTarget *target, int *ret_status, GError **error)
{
    const WorkTarget *wanted = workspace_target(bisect->workspace, 0);
    g_autoptr(Plan) plan = plan_new(wanted->recipe, target);
    ImageBuildOptions options = {
        .plan = plan,
        .session = workspace_session(bisect->workspace),
        .blobs = bisect->blobs,
        .maker = {.jobs = bisect->workspace->lock_options.jobs,
                  .progress = output_progress(bisect->output)},
        .format = -1,
        .source_date_epoch = -1,
    };
    LayerMaker *maker = NULL;
    BuiltImage *built = NULL;
    if (!image_build(&options, &maker, &built, error))
        return FALSE;
    SandboxImage image = {built->config, built->image->layers, NULL};
    gboolean ok = run_in(bisect, &image, ret_status, error);
    built_image_free(built);
    layer_maker_free(maker);
    return ok;
}

static guint count_set(const BisectUnits *units, const bool *set)
{
    guint count = 0;
    for (guint i = 0; i < units->units->len; i++)
        count += set[i];
    return count;
}

static void tell_step(Bisect *bisect, const bool *set, BisectAnswer answer, int status)
{
    g_autofree char *text = g_strdup_printf(
        "step %u: %u of %u changes: %s (exit %d)", ++bisect->steps, count_set(bisect->units, set),
        bisect->units->units->len, answer_names[answer], status);
    output_note(bisect->output, "%s", text);
    g_ptr_array_add(bisect->log, g_steal_pointer(&text));
}

static gboolean try_set(void *data, const bool *set, BisectAnswer *ret_answer, GError **error)
{
    Bisect *bisect = data;
    const Operand *before = bisect->before;
    const Lock *lock = before->lock ? before->lock : before->workspace->lock;
    LockTarget *target = NULL;
    int status = 0;
    g_autoptr(Lock) mixture =
        mixture_new(lock, before->side.target, bisect->units, set, &target, error);
    if (!mixture || !build_and_run(bisect, target, &status, error))
        return FALSE;
    *ret_answer = status == 0 ? BISECT_GOOD : status == SKIP_STATUS ? BISECT_SKIP : BISECT_BAD;
    tell_step(bisect, set, *ret_answer, status);
    return TRUE;
}

/* The answer */

static char *describe_unit(const BisectUnit *unit)
{
    if (!unit->before)
        return g_strdup_printf("%s %s (new)", unit->name, unit->after->version);
    if (!unit->after)
        return g_strdup_printf("%s %s (gone)", unit->name, unit->before->version);
    return g_strdup_printf("%s %s -> %s", unit->name, unit->before->version, unit->after->version);
}

/* Those of `set` that are not in `without` (or NULL), joined. */
static char *describe_set(const BisectUnits *units, const bool *set, const bool *without)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < units->units->len; i++) {
        if (!set[i] || (without && without[i]))
            continue;
        g_autofree char *one = describe_unit(&g_array_index(units->units, BisectUnit, i));
        g_string_append_printf(text, "%s%s", text->len ? ", " : "", one);
    }
    return g_string_free(text, FALSE);
}

static void print_text(const Bisect *bisect, const BisectResult *result)
{
    g_autofree char *culprits = describe_set(bisect->units, result->culprits, NULL);
    g_autofree char *along = describe_set(bisect->units, result->moved, result->culprits);
    guint count = count_set(bisect->units, result->culprits);
    switch (result->outcome) {
    case BISECT_BEFORE_FAILS:
        output_result_line(bisect->output, "the command does not succeed with %s as it is",
                           bisect->before->label);
        return;
    case BISECT_AFTER_WORKS:
        output_result_line(
            bisect->output,
            "the command does not fail with the distributions of %s in %s: something "
            "else makes the difference",
            bisect->after->label, bisect->before->label);
        return;
    case BISECT_UNTOLD:
        output_result_line(bisect->output, "one of these makes the command fail: %s", culprits);
        break;
    case BISECT_FOUND:
        output_result_line(bisect->output, "%s make%s the command fail%s", culprits,
                           count == 1 ? "s" : "", count == 1 ? "" : ", together");
        break;
    }
    if (*along)
        output_result_line(bisect->output, "  along with it, by what they require: %s", along);
    output_result_line(bisect->output, "  of %u changes, in %u steps", bisect->units->units->len,
                       result->steps);
}

static void write_set(JsonWriter *writer, const char *key, const BisectUnits *units,
                      const bool *set)
{
    jsonw_key(writer, key);
    jsonw_begin_array(writer, JSONW_BLOCK);
    for (guint i = 0; i < units->units->len; i++) {
        const BisectUnit *unit = &g_array_index(units->units, BisectUnit, i);
        if (!set[i])
            continue;
        jsonw_begin_object(writer, JSONW_INLINE);
        jsonw_string_member(writer, "name", unit->name);
        jsonw_string_member(writer, "before", unit->before ? unit->before->version : NULL);
        jsonw_string_member(writer, "after", unit->after ? unit->after->version : NULL);
        jsonw_end_object(writer);
    }
    jsonw_end_array(writer);
}

static void print_json(const Bisect *bisect, const BisectResult *result)
{
    static const char *const outcomes[] = {"found", "before-fails", "after-works", "untold"};
    g_autoptr(JsonWriter) writer = jsonw_new();
    jsonw_begin_object(writer, JSONW_BLOCK);
    jsonw_string_member(writer, "schema", "ramekin.bisect/1");
    jsonw_string_member(writer, "before", bisect->before->label);
    jsonw_string_member(writer, "after", bisect->after->label);
    jsonw_string_member(writer, "outcome", outcomes[result->outcome]);
    jsonw_unsigned_member(writer, "changes", bisect->units->units->len);
    write_set(writer, "culprits", bisect->units, result->culprits);
    write_set(writer, "moved", bisect->units, result->moved);
    jsonw_key(writer, "steps");
    jsonw_texts(writer, JSONW_BLOCK, bisect->log);
    jsonw_end_object(writer);
    g_autofree char *text = jsonw_finish(writer, NULL);
    output_result(bisect->output, text);
}

/* Sides */

static int refuse(const Bisect *bisect, ErrorCode code, const char *message, const char *hint)
{
    GError *error = NULL;
    error_set(&error, code, SPAN_NONE, "%s", message);
    if (hint)
        error_set_hint(error, "%s", hint);
    return output_error(bisect->output, error);
}

static const char *find_mistake(const Bisect *bisect)
{
    const LockTarget *a = bisect->before->side.target, *b = bisect->after->side.target;
    if (!bisect->before->workspace || bisect->before->side.recipe->target != TARGET_IMAGE)
        return "the first side has to be the recipe of an image: that is what is built";
    if (!a || !b || !lock_target_is_solved(a) || !lock_target_is_solved(b))
        return "a stage of one side can't be satisfied";
    if (bisect->after->side.flat)
        return "the second side does not tell its files: name a recipe or a lock";
    if (!g_str_equal(a->platform, b->platform) || g_strcmp0(a->base.python, b->base.python) != 0)
        return "the two sides have another platform or Python";
    return NULL;
}

static int search(Bisect *bisect)
{
    GError *error = NULL;
    BisectResult result;
    if (!bisect_search(bisect->units, try_set, bisect, &result, &error))
        return output_error(bisect->output, error);
    if (bisect->options->format == FORMAT_JSON)
        print_json(bisect, &result);
    else
        print_text(bisect, &result);
    int status = result.outcome == BISECT_FOUND ? 0 : 1;
    bisect_result_clear(&result);
    return status;
}

static int bisect_sides(Bisect *bisect)
{
    const char *mistake = find_mistake(bisect);
    if (mistake)
        return refuse(bisect, ERROR_INPUT, mistake, NULL);
    bisect->workspace = bisect->before->workspace;
    bisect->workspace->lock_options.accept_substituted = true;
    g_autoptr(BisectUnits) units =
        bisect_units_new(bisect->before->side.target, bisect->after->side.target);
    g_autoptr(BlobStore) blobs =
        blob_store_new(lock_session_cache(workspace_session(bisect->workspace)));
    g_autoptr(GPtrArray) log = g_ptr_array_new_with_free_func(g_free);
    bisect->units = units;
    bisect->blobs = blobs;
    bisect->log = log;
    if (units->units->len == 0)
        return refuse(bisect, ERROR_INPUT, "both sides have the same distributions", NULL);
    return search(bisect);
}

static int run_bisect(Invocation *invocation)
{
    const Options *options = invocation->options;
    Bisect bisect = {.invocation = invocation, .output = invocation->output, .options = options};
    if (options->before_dashes != 2 || options->arguments->len < 3)
        return refuse(&bisect, ERROR_USAGE, "bisect wants two sides and a command",
                      "ramekin bisect OLD NEW -- COMMAND");
    bisect.words = (const char *const *)options->arguments->pdata + 2;
    g_autoptr(Operand) before = NULL;
    g_autoptr(Operand) after = NULL;
    int status = operand_open(invocation, options->arguments->pdata[0], &before);
    if (status == 0)
        status = operand_open(invocation, options->arguments->pdata[1], &after);
    if (status != 0)
        return status;
    bisect.before = before;
    bisect.after = after;
    return bisect_sides(&bisect);
}

const Command command_bisect = {
    "bisect", run_bisect, "OLD NEW -- COMMAND…",
    0,        G_MAXUINT,  "find the changed distribution that makes a command fail",
    groups,
};
