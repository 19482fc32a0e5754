#include "cli/version_rows.h"

#include "diff/version_table.h"
#include "lock/fetch.h"
#include "lock/survey.h"
#include "python/name.h"
#include "recipe/index_names.h"

enum {
    DEFAULT_ROWS = 20,
    MAX_ROWS = 100000,
};

typedef struct {
    Workspace *workspace;
    const WorkTarget *wanted;
    LockSurvey *survey;
    VersionTable *table;
} Asking;

/* Which indexes */

static void add_name(GPtrArray *names, const char *name)
{
    bool known = g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL);
    if (name && !known && !g_str_equal(name, "auto"))
        g_ptr_array_add(names, g_strdup(name));
}

static void add_of_stages(GPtrArray *names, const Recipe *recipe)
{
    for (guint i = 0; i < recipe->stages->len; i++) {
        const Stage *stage = recipe->stages->pdata[i];
        if (stage->kind != STAGE_PIP)
            continue;
        const PipStage *pip = stage->body.pip;
        if (pip->index.text)
            add_name(names, pip->index.text);
        for (guint k = 0; pip->extra_indexes && k < pip->extra_indexes->len; k++)
            add_name(names, ((const Text *)pip->extra_indexes->pdata[k])->text);
    }
}

/* The folders of the torch index are asked for what belongs there: a project of that family, or any
 * where the recipe uses one of them. Nobody else learns what somebody looks for. */
static bool wants_builtin(const GPtrArray *names, const char *name)
{
    bool uses = g_str_has_prefix(name, "torch");
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *url = builtin_index_url(names->pdata[i]);
        uses |= url != NULL;
    }
    return uses;
}

static GPtrArray *choose_indexes(const Recipe *recipe, const char *name)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    const DriverTable *drivers = recipe->tables ? recipe->tables->drivers : NULL;
    add_name(names, "main");
    for (guint i = 0; i < recipe->indexes->len; i++)
        add_name(names, ((const RecipeIndex *)recipe->indexes->pdata[i])->name);
    add_of_stages(names, recipe);
    if (!wants_builtin(names, name))
        return names;
    for (guint i = drivers ? drivers->toolkits->len : 0; i-- > 0;) {
        const DriverToolkit *toolkit = drivers->toolkits->pdata[i];
        g_autofree char *index = cuda_index_name(toolkit->cuda.text);
        add_name(names, index);
    }
    add_name(names, "cpu");
    return names;
}

/* Asking */

static int ask_indexes(const Asking *asking, const GPtrArray *names)
{
    guint asked = 0;
    const Options *options = asking->workspace->options;
    VersionTable *table = asking->table;
    for (guint i = 0; i < names->len; i++)
        lock_survey_want_index(asking->survey, names->pdata[i], table->name);
    for (guint i = 0; i < names->len; i++) {
        GPtrArray *files = NULL;
        g_autoptr(GError) error = NULL;
        if (!lock_survey_index(asking->survey, names->pdata[i], table->name, &files, &error)) {
            g_ptr_array_add(table->missed, g_strdup(names->pdata[i]));
            if (!table->missed_reason)
                table->missed_reason = g_strdup(error->message);
            continue;
        }
        asked++;
        version_table_add(table, names->pdata[i], files, options->all);
    }
    if (asked > 0)
        return 0;
    GError *error = NULL;
    error_set(&error, ERROR_NETWORK, SPAN_NONE, "%s", table->missed_reason);
    return output_error(asking->workspace->output, error);
}

static bool has_torch(void *data, const WheelView *view, const ZipMember *member)
{
    return wheel_native_wants(data, view, member);
}

/* What torch's own bytes say of each build. */
static int look_inside(const Asking *asking, const GPtrArray *files)
{
    GError *error = NULL;
    LockSession *session = workspace_session(asking->workspace);
    g_autoptr(BlobStore) blobs = blob_store_new(lock_session_cache(session));
    g_autoptr(WheelViews) views =
        lock_survey_view(asking->survey, blobs, asking->table->name, files, &error);
    if (!views || !wheel_views_bring(views, has_torch, NULL, &error))
        return output_error(asking->workspace->output, error);
    for (guint i = 0; i < asking->table->rows->len; i++) {
        VersionRow *row = asking->table->rows->pdata[i];
        const char *sha256 = row->file ? row->file->origin->sha256 : NULL;
        WheelView *view = sha256 ? wheel_views_find(views, sha256) : NULL;
        g_autoptr(GError) unread = NULL;
        g_autoptr(WheelNative) native =
            view && wheel_view_directory(view)
                ? wheel_native_read(view, NATIVE_CHEAP, lock_session_cache(session), &unread)
                : NULL;
        version_row_judge(row, asking->wanted->recipe, native);
    }
    return 0;
}

/* Solving */

static void take_answer(const VersionTable *table, VersionRow *row, const LockTarget *target)
{
    const LockStage *failed = lock_target_failed(target);
    const LockStage *last = failed ? NULL : lock_target_last(target);
    const LockDistribution *found = last ? lock_stage_find(last, table->name) : NULL;
    bool same = found && g_str_equal(found->version, row->version) &&
                (!found->file || g_strcmp0(found->file->source_name, row->index) == 0);
    row->resolves = same ? RESOLVES_YES : RESOLVES_NO;
    if (failed && failed->conflict)
        row->reason = g_strdup(failed->conflict->message);
    else if (failed)
        row->reason = g_strdup("a stage can't be satisfied");
    else if (!found)
        row->reason = g_strdup_printf("the recipe does not install %s", table->name);
    else if (!same)
        row->reason = g_strdup_printf("the recipe takes %s of %s", found->version,
                                      found->file ? found->file->source_name : "the base");
}

static int solve_row(const Asking *asking, const char *stage, VersionRow *row)
{
    Workspace *workspace = asking->workspace;
    LockSession *session = workspace_session(workspace);
    g_autoptr(Lock) trial = lock_new();
    g_autofree char *constraint = g_strdup_printf("%s==%s", asking->table->name, row->version);
    LockTarget *target = NULL;
    lock_session_try(session, stage, constraint);
    int status = workspace_resolve(workspace, asking->wanted, trial, &target);
    lock_session_try(session, NULL, NULL);
    if (status == 0)
        take_answer(asking->table, row, target);
    return status;
}

/* From the first pip stage on, each version is a constraint; the pins of a lock do not count. */
static int solve_rows(const Asking *asking)
{
    const GPtrArray *stages = asking->wanted->recipe->stages;
    const char *first = NULL;
    for (guint i = 0; i < stages->len && !first; i++) {
        const Stage *stage = stages->pdata[i];
        first = stage->kind == STAGE_PIP ? stage->name : NULL;
    }
    lock_session_prefer(workspace_session(asking->workspace), NULL);
    int status = 0;
    for (guint i = 0; status == 0 && i < asking->table->rows->len; i++) {
        VersionRow *row = asking->table->rows->pdata[i];
        if (row->file)
            status = solve_row(asking, first, row);
    }
    return status;
}

/* Printing */

static int print_rows(const Asking *asking)
{
    Output *output = asking->workspace->output;
    const VersionTable *table = asking->table;
    TextStyle style = {.all = asking->workspace->options->all,
                       .colour = output_result_colour(output),
                       .columns = output_columns(output)};
    g_autofree char *text = NULL;
    switch ((MatrixFormat)asking->workspace->options->matrix_format) {
    case MATRIX_FORMAT_JSON:
        text = version_table_encode_json(table);
        break;
    case MATRIX_FORMAT_MARKDOWN:
        text = version_table_format_markdown(table);
        break;
    case MATRIX_FORMAT_TEXT:
    case MATRIX_FORMAT_GITHUB:
    case MATRIX_FORMAT_GITLAB:
        text = version_table_format_text(table, &style);
        break;
    }
    output_result(output, text);
    return 0;
}

static int refuse(const Workspace *workspace, ErrorCode code, const char *message, const char *hint)
{
    GError *error = NULL;
    error_set(&error, code, SPAN_NONE, "%s", message);
    if (hint)
        error_set_hint(error, "%s", hint);
    return output_error(workspace->output, error);
}

static int fill_rows(const Asking *asking, guint limit)
{
    const Options *options = asking->workspace->options;
    VersionTable *table = asking->table;
    g_autoptr(GPtrArray) names = choose_indexes(asking->wanted->recipe, table->name);
    int status = ask_indexes(asking, names);
    if (status != 0)
        return status;
    if (table->rows->len == 0) {
        g_autofree char *text = g_strdup_printf("no index has %s", table->name);
        return refuse(asking->workspace, ERROR_INPUT, text, NULL);
    }
    version_table_cut(table, limit);
    g_autoptr(GPtrArray) files = version_table_files(table);
    lock_survey_describe(asking->survey, files);
    version_table_describe(table, asking->wanted->recipe);
    if (options->check && g_str_equal(table->name, "torch"))
        status = look_inside(asking, files);
    if (status == 0 && options->solve)
        status = solve_rows(asking);
    return status != 0 ? status : print_rows(asking);
}

int version_rows_print(Workspace *workspace, const char *name)
{
    const WorkTarget *wanted = workspace_target(workspace, 0);
    const Options *options = workspace->options;
    guint64 limit = options->all ? 0 : DEFAULT_ROWS;
    if (options->limit &&
        !g_ascii_string_to_unsigned(options->limit, 10, 1, MAX_ROWS, &limit, NULL))
        return refuse(workspace, ERROR_USAGE, "--limit is a number from 1 to 100000", NULL);
    if (options->matrix_format >= MATRIX_FORMAT_GITHUB)
        return refuse(workspace, ERROR_USAGE, "versions are no jobs of a CI system",
                      "--format text, json or markdown");
    if (!name_is_valid(name))
        return refuse(workspace, ERROR_USAGE, "--versions wants the name of a distribution",
                      "`ramekin matrix RECIPE --versions torch`");
    GError *error = NULL;
    g_autofree char *canonical = name_canonicalize(name);
    g_autoptr(VersionTable) table = version_table_new(workspace->recipe_path, canonical);
    table->platform = wanted->platform;
    table->row = wanted->row;
    g_autoptr(LockSurvey) survey = lock_survey_new(workspace_session(workspace), wanted->recipe,
                                                   wanted->platform, workspace->diags, &error);
    int status = output_diags(workspace->output, workspace->diags);
    if (!survey)
        return error ? output_error(workspace->output, error) : worse_status(status, 1);
    Asking asking = {workspace, wanted, survey, table};
    return fill_rows(&asking, (guint)limit);
}
