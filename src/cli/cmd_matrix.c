#include "check/scene.h"
#include "cli/commands.h"
#include "cli/version_rows.h"
#include "cli/workspace.h"
#include "diff/row_table.h"

static const OptionRow rows[] = {
    /* clang-format off */
    {"format", 0, OPTION_CHOICE, "text|json|markdown|github|gitlab", offsetof(Options, matrix_format), 0,
     "text for people, JSON (ramekin.matrix/1) for scripts, Markdown, or the matrix of a CI system"},
    {"check", 0, OPTION_SWITCH, NULL, offsetof(Options, check), 0,
     "look into the wheels of every row: findings, and the GPUs that they serve"},
    {"all", 'a', OPTION_SWITCH, NULL, offsetof(Options, all), 0,
     "list every distribution that differs"},
    {"versions", 0, OPTION_VALUE, "NAME", offsetof(Options, versions), 0,
     "make rows of the versions that the indexes have of NAME, newest first (JSON: ramekin.versions/1)"},
    {"solve", 0, OPTION_SWITCH, NULL, offsetof(Options, solve), 0,
     "with --versions: resolve the recipe with each of them"},
    {"limit", 0, OPTION_VALUE, "N", offsetof(Options, limit), 0,
     "with --versions: N rows (default 20); --all shows every version, also yanked and pre-releases"},
    OPTION_ROW_LOCKED,
    {0},
    /* clang-format on */
};
static const OptionGroup group = {"Matrix", rows};
static const OptionGroup *const groups[] = {&group, &options_recipe, &options_resolve,
                                            &options_common, NULL};

/* "golden", "golden linux/arm64"; without rows the platform. */
static char *name_of(const Workspace *workspace, const WorkTarget *wanted)
{
    bool several = wanted->recipe->platforms->len > 1 && !workspace->options->platform;
    if (!wanted->row)
        return g_strdup(wanted->platform);
    return several ? g_strdup_printf("%s %s", wanted->row, wanted->platform)
                   : g_strdup(wanted->row);
}

static int check_row(Workspace *workspace, TargetFacts *facts)
{
    GError *error = NULL;
    SceneOptions options = {0};
    g_autoptr(CheckRun) run = check_run_new(facts->recipe, facts->target);
    g_autoptr(CheckScene) scene =
        check_scene_open(workspace_session(workspace), run, &options, &error);
    if (!scene)
        return output_error(workspace->output, error);
    check_judge(run);
    target_facts_judge(facts, run);
    return 0;
}

static int add_row(Workspace *workspace, const WorkTarget *wanted, Lock *fresh, RowTable *table)
{
    LockTarget *target = NULL;
    int status = workspace_find_or_resolve(workspace, wanted, fresh, &target);
    if (status != 0)
        return status;
    g_autofree char *name = name_of(workspace, wanted);
    TargetFacts *facts = target_facts_new(name, wanted->recipe, target);
    row_table_take(table, facts);
    return workspace->options->check ? check_row(workspace, facts) : 0;
}

static void print_table(const Workspace *workspace, const RowTable *table)
{
    Output *output = workspace->output;
    TextStyle style = {.all = workspace->options->all,
                       .colour = output_result_colour(output),
                       .columns = output_columns(output)};
    g_autofree char *text = NULL;
    switch ((MatrixFormat)workspace->options->matrix_format) {
    case MATRIX_FORMAT_TEXT:
        text = row_table_format_text(table, &style);
        break;
    case MATRIX_FORMAT_JSON:
        text = row_table_encode_json(table);
        break;
    case MATRIX_FORMAT_MARKDOWN:
        text = row_table_format_markdown(table);
        break;
    case MATRIX_FORMAT_GITHUB:
        text = row_table_encode_github(table);
        break;
    case MATRIX_FORMAT_GITLAB:
        text = row_table_encode_gitlab(table);
        break;
    }
    output_result(output, text);
}

/* A table for machines does not say why a row is left out. */
static void explain_left_out(const Workspace *workspace, const RowTable *table)
{
    bool for_ci = workspace->options->matrix_format >= MATRIX_FORMAT_GITHUB;
    for (guint i = 0; for_ci && i < table->rows->len; i++) {
        const TargetFacts *facts = table->rows->pdata[i];
        if (facts->failed)
            workspace_explain_unsolved(workspace, facts->target);
    }
}

/* What is asked of versions alone. */
static const char *needs_versions(const Options *options)
{
    if (options->versions)
        return NULL;
    return options->solve ? "--solve" : options->limit ? "--limit" : NULL;
}

static int refuse_alone(const Invocation *invocation, const char *option)
{
    GError *error = NULL;
    error_set(&error, ERROR_USAGE, SPAN_NONE, "%s goes with --versions NAME", option);
    error_set_hint(error, "the rows of a recipe are always resolved, and all of them are shown");
    return output_error(invocation->output, error);
}

static int run_matrix(Invocation *invocation)
{
    const char *alone = needs_versions(invocation->options);
    if (alone)
        return refuse_alone(invocation, alone);
    g_autoptr(Workspace) workspace = NULL;
    int status = workspace_open(invocation, TARGETS_ALL, &workspace);
    if (status != 0)
        return status;
    if (workspace->options->versions)
        return version_rows_print(workspace, workspace->options->versions);
    g_autoptr(Lock) fresh = lock_new();
    g_autoptr(RowTable) table = row_table_new(workspace->recipe_path);
    if (workspace->targets->len > 1 && !workspace->options->locked)
        workspace_look_ahead(workspace);
    for (guint i = 0; status != 2 && i < workspace->targets->len; i++)
        status =
            worse_status(status, add_row(workspace, workspace_target(workspace, i), fresh, table));
    if (status != 0)
        return status;
    row_table_compare(table);
    print_table(workspace, table);
    explain_left_out(workspace, table);
    return row_table_count_failed(table) > 0 ? 1 : 0;
}

const Command command_matrix = {"matrix", run_matrix, "[RECIPE[#ROW]]",
                                0,        1,          "compare the rows of a recipe, fact by fact",
                                groups};
