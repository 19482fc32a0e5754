#include "plan/page_conflict.h"
#include "plan/page_timeline.h"
#include "plan/plan_html_private.h"

enum {
    LARGE_BYTES = 10 * 1000 * 1000, /* smaller dependencies are folded */
    FEW = 4,                        /* so many small ones are not */
    CHAINS = 2,                     /* further reasons are folded */
};

/* Actions */

static void write_chain(HtmlWriter *writer, const GPtrArray *chain)
{
    for (guint i = 0; i < chain->len; i++)
        html_printf(writer, "%s%s", i ? " \342\206\222 " : "", (const char *)chain->pdata[i]);
}

static void write_because(HtmlWriter *writer, const GPtrArray *chains)
{
    if (chains->len == 1) {
        write_chain(writer, chains->pdata[0]);
        return;
    }
    for (guint i = 0; i < chains->len; i++) {
        if (i == CHAINS && chains->len > CHAINS + 1) {
            g_autofree char *more = g_strdup_printf("%u more", chains->len - i);
            page_begin_details(writer, more);
        }
        html_begin(writer, "div");
        write_chain(writer, chains->pdata[i]);
        html_end(writer);
    }
    if (chains->len > CHAINS + 1)
        page_end_details(writer);
}

static void write_version(HtmlWriter *writer, const LockAction *action)
{
    bool moved = action->from_version && !g_str_equal(action->from_version, action->version);
    if (moved) {
        html_element(writer, "del", NULL, action->from_version);
        html_text(writer, " \342\206\222 ");
    }
    html_element(writer, moved ? "ins" : "span", NULL, action->version);
}

static bool is_source(const LockAction *action)
{
    return action->file && !g_str_equal(action->action, "remove") &&
           !g_str_has_suffix(action->file->file, ".whl");
}

static void write_size(PageTable *table, const LockAction *action)
{
    if (!action->file || g_str_equal(action->action, "remove")) {
        page_cell(table, "number", NULL);
        return;
    }
    g_autofree char *size =
        action->file->size ? layout_size(action->file->size) : g_strdup("unknown");
    page_cell(table, "number", size);
}

static void write_action(PageTable *table, const PlanAction *planned)
{
    const LockAction *action = planned->action;
    HtmlWriter *writer = table->writer;
    page_row_begin(table);
    page_head_begin(table);
    html_text(writer, action->name);
    if (action->extras && action->extras[0]) {
        g_autofree char *extras = g_strjoinv(",", action->extras);
        html_printf(writer, "[%s]", extras);
    }
    if (action->requested) {
        html_text(writer, " ");
        html_element(writer, "span", "asked", "asked for");
    }
    html_end(writer);
    page_cell_begin(table, "change");
    page_mark(writer, action->action);
    html_end(writer);
    page_cell_begin(table, "version");
    write_version(writer, action);
    html_end(writer);
    write_size(table, action);
    page_cell_begin(table, "because path");
    write_because(writer, planned->because);
    html_text(writer, is_source(action) ? " (built from source)" : NULL);
    html_end(writer);
    page_row_end(table);
}

static void write_actions(HtmlWriter *writer, const PlanStage *stage, const GPtrArray *actions,
                          const char *what)
{
    static const char *const columns[] = {"Distribution", "Change",  "Version",
                                          "#Size",        "Because", NULL};
    if (actions->len == 0)
        return;
    g_autofree char *caption = g_strdup_printf("Stage %s: %s", stage->stage->name, what);
    PageTable table = page_table_begin(writer, "cellular actions", caption, columns);
    for (guint i = 0; i < actions->len; i++)
        write_action(&table, actions->pdata[i]);
    page_table_end(&table);
}

static void write_folded(HtmlWriter *writer, const PlanStage *stage, const GPtrArray *actions,
                         const char *what)
{
    if (actions->len == 0)
        return;
    guint64 bytes = 0;
    for (guint i = 0; i < actions->len; i++) {
        const LockFile *file = ((const PlanAction *)actions->pdata[i])->action->file;
        bytes += file ? file->size : 0;
    }
    g_autofree char *size = layout_size(bytes);
    g_autofree char *summary =
        g_strdup_printf("%u %s%s%s", actions->len, what, bytes ? ", " : "", bytes ? size : "");
    page_begin_details(writer, summary);
    write_actions(writer, stage, actions, what);
    page_end_details(writer);
}

static int compare_sizes(const void *a, const void *b)
{
    const LockAction *left = (*(PlanAction *const *)a)->action;
    const LockAction *right = (*(PlanAction *const *)b)->action;
    guint64 left_size = left->file ? left->file->size : 0;
    guint64 right_size = right->file ? right->file->size : 0;
    if (left_size != right_size)
        return left_size > right_size ? -1 : 1;
    return strcmp(left->name, right->name);
}

/* Changes of what was there, what is asked for, the rest, what is kept. */
static int action_rank(const PlanAction *planned)
{
    const LockAction *action = planned->action;
    return g_str_equal(action->action, "keep")       ? 3
           : !g_str_equal(action->action, "install") ? 0
           : action->requested                       ? 1
                                                     : 2;
}

static void write_stage_actions(HtmlWriter *writer, const PlanStage *stage, bool all)
{
    g_autoptr(GPtrArray) shown = g_ptr_array_new();
    g_autoptr(GPtrArray) small = g_ptr_array_new();
    g_autoptr(GPtrArray) kept = g_ptr_array_new();
    g_autoptr(GPtrArray) actions = g_ptr_array_copy(stage->actions, NULL, NULL);
    g_ptr_array_set_free_func(actions, NULL);
    g_ptr_array_sort(actions, compare_sizes);
    for (int rank = 0; rank <= 3; rank++) {
        for (guint i = 0; i < actions->len; i++) {
            PlanAction *planned = actions->pdata[i];
            const LockFile *file = planned->action->file;
            bool is_small = rank == 2 && (!file || file->size < LARGE_BYTES);
            if (action_rank(planned) == rank)
                g_ptr_array_add(rank == 3 ? kept : is_small ? small : shown, planned);
        }
    }
    if (small->len <= FEW) {
        g_ptr_array_extend(shown, small, NULL, NULL);
        g_ptr_array_set_size(small, 0);
    }
    write_actions(writer, stage, shown, "what it does");
    write_folded(writer, stage, small, "more for these");
    if (all)
        write_folded(writer, stage, kept, "kept as they are");
}

/* Stages */

static void write_requirements(HtmlWriter *writer, const LockStage *stage)
{
    if (!stage->pip_arguments || !stage->pip_arguments[0])
        return;
    html_begin(writer, "p");
    html_text(writer, "asks for");
    for (guint i = 0; stage->pip_arguments[i]; i++) {
        html_text(writer, " ");
        html_element(writer, "code", NULL, stage->pip_arguments[i]);
    }
    html_end(writer);
}

static void write_stage(HtmlWriter *writer, const PlanStage *planned, unsigned number, bool all)
{
    static const char *const classes[] = {"card", "card bad", "card careful"};
    const LockStage *stage = planned->stage;
    html_begin_class(writer, "li", classes[stage->status]);
    html_attribute_printf(writer, "id", "stage-%u", number);
    html_begin(writer, "h3");
    html_text(writer, stage->name);
    html_text(writer, " ");
    g_autofree char *place = g_strdup_printf("(%s, %s)", stage->kind, stage->at);
    html_element(writer, "span", "note", place);
    html_end(writer);
    html_begin_class(writer, "p", "message");
    g_autofree char *done = plan_describe_stage(planned);
    html_text(writer, stage->status == STAGE_UNSATISFIABLE ? "\342\234\225 cannot be satisfied"
                      : stage->status == STAGE_SKIPPED     ? "not reached"
                                                           : done);
    html_end(writer);
    write_requirements(writer, stage);
    if (stage->explanation)
        html_element(writer, "p", "lines", stage->explanation);
    page_conflict_write(writer, stage->conflict_lines, stage->ways_out);
    write_stage_actions(writer, planned, all);
    html_end(writer);
}

void plan_html_stages(HtmlWriter *writer, const Plan *plan, bool all)
{
    html_begin_class(writer, "ol", "cards");
    for (guint i = 0; i < plan->stages->len; i++)
        write_stage(writer, plan->stages->pdata[i], i + 1, all);
    html_end(writer);
}

/* Timeline */

static bool does_something(const LockStage *stage)
{
    for (guint i = 0; i < stage->actions->len; i++) {
        if (!g_str_equal(((const LockAction *)stage->actions->pdata[i])->action, "keep"))
            return true;
    }
    return false;
}

bool plan_has_timeline(const Plan *plan)
{
    for (guint i = 0; i < plan->target->stages->len; i++) {
        if (does_something(plan->target->stages->pdata[i]))
            return true;
    }
    return false;
}

/* Lanes on which more happens than an installation; `rest` gets the others. */
static GPtrArray *pick_moving(const GPtrArray *lanes, GPtrArray *rest)
{
    GPtrArray *moving = g_ptr_array_new();
    for (guint i = 0; i < lanes->len; i++) {
        TimelineLane *lane = lanes->pdata[i];
        g_ptr_array_add(lane->steps->len > 1 || lane->base ? moving : rest, lane);
    }
    return moving;
}

static void write_timelines(HtmlWriter *writer, const GPtrArray *stages, const GPtrArray *lanes)
{
    g_autoptr(GPtrArray) rest = g_ptr_array_new();
    g_autoptr(GPtrArray) moving = pick_moving(lanes, rest);
    html_element(writer, "p", NULL,
                 moving->len ? "Distributions that more than one stage touches, or that the base "
                               "brought, and the version that each stage leaves."
                             : "No stage changes what another one installed.");
    if (moving->len > 0)
        timeline_write(writer, "Versions, stage by stage: what changes", stages, moving);
    if (rest->len == 0)
        return;
    g_autofree char *summary = g_strdup_printf("%u installed once and left alone", rest->len);
    page_begin_details(writer, summary);
    timeline_write(writer, "Versions, stage by stage: what is installed once", stages, rest);
    page_end_details(writer);
}

void plan_html_timeline(HtmlWriter *writer, const Plan *plan, const PageSection *section)
{
    const GPtrArray *all = plan->target->stages;
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    g_autofree guint *columns = g_new0(guint, all->len + 1);
    for (guint i = 0; i < all->len; i++) {
        const LockStage *stage = all->pdata[i];
        columns[i] = names->len;
        if (does_something(stage))
            g_ptr_array_add(names, stage->name);
    }
    g_autoptr(GPtrArray) lanes = timeline_lanes(plan->target, columns, NULL);
    page_begin_section(writer, section);
    write_timelines(writer, names, lanes);
    page_end_section(writer);
}
