#include "plan/findings_text.h"
#include "plan/layout.h"
#include "plan/plan_imports.h"
#include "plan/plan_title.h"

enum {
    LARGE_BYTES = 10 * 1000 * 1000, /* dependencies from this size on have a line of their own */
    FEW = 3,                        /* so many small ones are not summed up */
    PARAGRAPH_LINES = 4,
    SIZE_WIDTH = 10,
    REASON_WIDTH = 24, /* at least, behind name and size of an addition */
    BRIEF_WIDTH = 12,  /* of a change */
    MIN_COLUMNS = 40,
};

typedef struct {
    const char *action;
    const char *sign;
    Tint tint;
    const char *one, *many; /* "1 downgraded" */
} ActionStyle;

static const ActionStyle action_styles[] = {
    {"remove", "-", TINT_BAD, "removed", "removed"},
    {"downgrade", "v", TINT_NOTICE, "downgraded", "downgraded"},
    {"upgrade", "^", TINT_NOTICE, "upgraded", "upgraded"},
    {"reinstall", "~", TINT_NOTICE, "reinstalled", "reinstalled"},
    {"install", "+", TINT_GOOD, "added", "added"},
};

static const ActionStyle *style_of(const LockAction *action)
{
    for (size_t i = 0; i < G_N_ELEMENTS(action_styles); i++) {
        if (g_str_equal(action_styles[i].action, action->action))
            return &action_styles[i];
    }
    return NULL;
}

static unsigned count_actions(const PlanStage *stage, const char *name)
{
    unsigned count = 0;
    for (guint i = 0; i < stage->actions->len; i++) {
        const PlanAction *action = stage->actions->pdata[i];
        count += g_str_equal(action->action->action, name);
    }
    return count;
}

/* Heads */

char *plan_describe_stage(const PlanStage *stage)
{
    GString *text = g_string_new(NULL);
    for (size_t i = G_N_ELEMENTS(action_styles); i-- > 0;) {
        unsigned count = count_actions(stage, action_styles[i].action);
        if (count > 0)
            g_string_append_printf(text, "%s%u %s", text->len > 0 ? ", " : "", count,
                                   count == 1 ? action_styles[i].one : action_styles[i].many);
    }
    if (text->len == 0)
        g_string_append(text, g_str_equal(stage->stage->kind, "pip") ? "nothing to do"
                                                                     : "locked as it stands");
    if (stage->download_bytes > 0 || stage->unknown_sizes > 0) {
        g_autofree char *size = layout_size(stage->download_bytes);
        g_string_append_printf(text, ", %s%s", size, stage->unknown_sizes > 0 ? " or more" : "");
    }
    return g_string_free(text, FALSE);
}

static void put_stage_head(Layout *layout, const PlanStage *stage)
{
    const LockStage *locked = stage->stage;
    g_string_append_c(layout->out, '\n');
    layout_put(layout, TINT_STRONG, locked->name);
    g_autofree char *place = g_strdup_printf(" (%s, %s)", locked->kind, locked->at);
    layout_put(layout, TINT_FAINT, place);
    layout_put(layout, TINT_NONE, ": ");
    unsigned column = layout_width(locked->name) + layout_width(place) + 2;
    g_autofree char *summary = NULL;
    if (locked->status == STAGE_UNSATISFIABLE)
        summary = g_strdup("cannot be satisfied");
    else if (locked->status == STAGE_SKIPPED)
        summary = g_strdup("not reached");
    else
        summary = plan_describe_stage(stage);
    Tint tint = locked->status == STAGE_SOLVED ? TINT_NONE : TINT_BAD;
    layout_words(layout, tint, summary, column, 4);
}

/* Actions */

/* The user's lines that ask for it, else what it is for. */
static char *describe_reason(const PlanAction *action)
{
    GString *text = g_string_new(NULL);
    unsigned shown = 0;
    const char *last = NULL;
    for (guint i = 0; i < action->because->len && shown < 2; i++) {
        const GPtrArray *chain = action->because->pdata[i];
        const char *who = chain->pdata[chain->len - 1];
        if (chain->len > 1 && shown > 0 && !g_str_has_prefix(text->str, "for "))
            break;
        if (g_strcmp0(last, who) == 0)
            continue;
        last = who;
        size_t length = chain->len > 1 ? strcspn(who, " ") : strlen(who);
        const char *before = shown > 0 ? ", " : chain->len > 1 ? "for " : "";
        g_string_append_printf(text, "%s%.*s", before, (int)length, who);
        shown++;
    }
    const LockFile *file = action->action->file;
    if (file && !g_str_equal(action->action->action, "remove") &&
        !g_str_has_suffix(file->file, ".whl"))
        g_string_append(text, ", built from source");
    return g_string_free(text, FALSE);
}

static char *describe_label(const LockAction *action)
{
    g_autofree char *extras =
        action->extras && action->extras[0] ? g_strjoinv(",", action->extras) : NULL;
    g_autofree char *name =
        extras ? g_strdup_printf("%s[%s]", action->name, extras) : g_strdup(action->name);
    if (action->from_version && !g_str_equal(action->from_version, action->version))
        return g_strdup_printf("%s %s -> %s", name, action->from_version, action->version);
    return g_strdup_printf("%s %s", name, action->version);
}

static char *describe_file_size(const LockAction *action)
{
    if (!action->file || g_str_equal(action->action, "remove"))
        return g_strdup("");
    return action->file->size > 0 ? layout_size(action->file->size) : g_strdup("size ?");
}

static void put_action(Layout *layout, const PlanAction *planned, unsigned label_width)
{
    const LockAction *action = planned->action;
    const ActionStyle *style = style_of(action);
    g_autofree char *label = describe_label(action);
    g_autofree char *size = describe_file_size(action);
    g_autofree char *reason = describe_reason(planned);
    layout_printf(layout, style->tint, "  %s ", style->sign);
    layout_pad(layout, TINT_NONE, label, label_width, false);
    layout_pad(layout, TINT_NONE, size, SIZE_WIDTH, true);
    layout_put(layout, TINT_NONE, "  ");
    unsigned column = 4 + MAX(label_width, layout_width(label)) + SIZE_WIDTH + 2;
    layout_rest(layout, TINT_FAINT, reason, column);
}

static const LockDistribution *find_before(const PlanStage *stage, const char *name)
{
    for (guint i = 0; i < stage->before->len; i++) {
        const LockDistribution *distribution = stage->before->pdata[i];
        if (!distribution->ghost && g_str_equal(distribution->name, name))
            return distribution;
    }
    return NULL;
}

/* Whose work a change undoes; NULL: nobody's. */
static const LockDistribution *find_undone(const PlanStage *stage, const LockAction *action)
{
    const LockDistribution *before = find_before(stage, action->name);
    bool base_removed = before && !before->stage && g_str_equal(action->action, "remove");
    return base_removed || g_str_equal(action->action, "reinstall") ? NULL : before;
}

/* Of the last `count` changes, all of the same stage's work (or the base's). */
static void put_undone(Layout *layout, const LockDistribution *before, unsigned count)
{
    if (count == 0)
        return;
    g_autofree char *text = NULL;
    if (!before->stage)
        text = count == 1 ? g_strdup_printf("replaces %s of the base", before->version)
                          : g_strdup_printf("these %u replace the base's", count);
    else if (count == 1)
        text =
            g_strdup_printf("undoes stage %s, which installed %s", before->stage, before->version);
    else
        text = g_strdup_printf("these %u undo what stage %s installed", count, before->stage);
    layout_put(layout, TINT_NONE, "      ");
    layout_words(layout, before->stage ? TINT_NOTICE : TINT_FAINT, text, 6, 6);
}

static bool is_addition(const PlanAction *action)
{
    return g_str_equal(action->action->action, "install");
}

static bool is_notable(const PlanAction *action)
{
    const LockFile *file = action->action->file;
    return action->action->requested || (file && file->size >= LARGE_BYTES);
}

/* The sections of a stage: what it changes, what it adds by name, small additions in one paragraph.
 */
typedef struct {
    GPtrArray *changes, *additions, *small, *kept; /* PlanAction, borrowed */
} Sections;

static void sort_into_sections(const PlanStage *stage, bool all, Sections *sections)
{
    *sections =
        (Sections){g_ptr_array_new(), g_ptr_array_new(), g_ptr_array_new(), g_ptr_array_new()};
    for (guint i = 0; i < stage->actions->len; i++) {
        PlanAction *action = stage->actions->pdata[i];
        if (!style_of(action->action))
            g_ptr_array_add(sections->kept, action);
        else if (!is_addition(action))
            g_ptr_array_add(sections->changes, action);
        else if (all || is_notable(action))
            g_ptr_array_add(sections->additions, action);
        else
            g_ptr_array_add(sections->small, action);
    }
    if (sections->small->len > FEW)
        return;
    g_ptr_array_extend(sections->additions, sections->small, NULL, NULL);
    g_ptr_array_set_size(sections->small, 0);
}

static void sections_clear(Sections *sections)
{
    g_ptr_array_unref(sections->changes);
    g_ptr_array_unref(sections->additions);
    g_ptr_array_unref(sections->small);
    g_ptr_array_unref(sections->kept);
}

static int compare_additions(const void *a, const void *b)
{
    const LockAction *left = (*(PlanAction *const *)a)->action;
    const LockAction *right = (*(PlanAction *const *)b)->action;
    if (left->requested != right->requested)
        return left->requested ? -1 : 1;
    guint64 left_size = left->file ? left->file->size : 0;
    guint64 right_size = right->file ? right->file->size : 0;
    if (!left->requested && left_size != right_size)
        return left_size > right_size ? -1 : 1;
    return strcmp(left->name, right->name);
}

static guint nearest_chain(const PlanAction *action)
{
    guint nearest = G_MAXUINT;
    for (guint i = 0; i < action->because->len; i++)
        nearest = MIN(nearest, ((const GPtrArray *)action->because->pdata[i])->len);
    return nearest;
}

/* What the others follow from comes first. */
static int compare_changes(const void *a, const void *b)
{
    const PlanAction *left = *(PlanAction *const *)a, *right = *(PlanAction *const *)b;
    guint left_length = nearest_chain(left), right_length = nearest_chain(right);
    if (left_length != right_length)
        return left_length < right_length ? -1 : 1;
    return strcmp(left->action->name, right->action->name);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp((*(PlanAction *const *)a)->action->name, (*(PlanAction *const *)b)->action->name);
}

/* Two columns for the whole plan, as wide as the longest label that leaves room for the rest. */
typedef struct {
    unsigned changes, additions;
} Widths;

static unsigned widest(const GPtrArray *actions, unsigned width)
{
    for (guint i = 0; i < actions->len; i++) {
        g_autofree char *label = describe_label(((PlanAction *)actions->pdata[i])->action);
        width = MAX(width, layout_width(label));
    }
    return width;
}

static Widths label_widths(const Layout *layout, const Plan *plan, bool all)
{
    unsigned rest = layout->columns - 4 - SIZE_WIDTH - 2;
    Widths widths = {0};
    for (guint i = 0; i < plan->stages->len; i++) {
        Sections sections;
        sort_into_sections(plan->stages->pdata[i], all, &sections);
        widths.additions = widest(sections.additions, widths.additions);
        widths.changes = widest(sections.changes, widths.changes);
        sections_clear(&sections);
    }
    widths.additions = MIN(widths.additions, rest - REASON_WIDTH);
    widths.changes = MIN(MAX(widths.changes, widths.additions), rest - BRIEF_WIDTH);
    return widths;
}

/* "a 1, b 2, c 3", a name and its version never on two lines; what would take more than `most`
 * characters is counted (0: no limit). */
static char *list_names(const GPtrArray *actions, size_t most)
{
    GString *list = g_string_new(NULL);
    for (guint i = 0; i < actions->len; i++) {
        const LockAction *action = ((PlanAction *)actions->pdata[i])->action;
        if (most > 0 && list->len > most && actions->len - i > 1) {
            g_string_append_printf(list, " and %u more (--all lists them)", actions->len - i);
            break;
        }
        g_string_append_printf(list, "%s%s" LAYOUT_JOIN "%s", i > 0 ? ", " : "", action->name,
                               action->version);
    }
    return g_string_free(list, FALSE);
}

static guint64 sum_sizes(const GPtrArray *actions)
{
    guint64 bytes = 0;
    for (guint i = 0; i < actions->len; i++) {
        const LockAction *action = ((PlanAction *)actions->pdata[i])->action;
        bytes += action->file ? action->file->size : 0;
    }
    return bytes;
}

/* "  + 20 more, 45.1 MB: filelock 3.18.0, fsspec 2025.3.0 …" */
static void put_paragraph(Layout *layout, Tint tint, const char *sign, const char *what,
                          GPtrArray *actions, bool sizes)
{
    if (actions->len == 0)
        return;
    g_ptr_array_sort(actions, compare_names);
    guint64 bytes = sum_sizes(actions);
    g_autofree char *list = list_names(actions, sizes ? PARAGRAPH_LINES * layout->columns : 0);
    g_autofree char *size = layout_size(bytes);
    g_autofree char *text = sizes && bytes > 0
                                ? g_strdup_printf("%u %s, %s: %s", actions->len, what, size, list)
                                : g_strdup_printf("%u %s: %s", actions->len, what, list);
    layout_printf(layout, tint, "  %s ", sign);
    layout_words(layout, TINT_NONE, text, 4, 4);
}

/* What is undone is said once behind the changes that undo the same stage. */
static void put_changes(Layout *layout, const PlanStage *stage, const GPtrArray *changes,
                        unsigned width)
{
    const LockDistribution *last = NULL;
    unsigned count = 0;
    for (guint i = 0; i < changes->len; i++) {
        const PlanAction *action = changes->pdata[i];
        const LockDistribution *before = find_undone(stage, action->action);
        if (!before || !last || g_strcmp0(before->stage, last->stage) != 0) {
            put_undone(layout, last, count);
            count = 0;
        }
        put_action(layout, action, width);
        last = before;
        count += before != NULL;
    }
    put_undone(layout, last, count);
}

static void put_actions(Layout *layout, const PlanStage *stage, bool all, Widths widths)
{
    Sections sections;
    sort_into_sections(stage, all, &sections);
    g_ptr_array_sort(sections.changes, compare_changes);
    put_changes(layout, stage, sections.changes, widths.changes);
    g_ptr_array_sort(sections.additions, compare_additions);
    for (guint i = 0; i < sections.additions->len; i++)
        put_action(layout, sections.additions->pdata[i], widths.additions);
    put_paragraph(layout, TINT_GOOD, "+", "more for these", sections.small, true);
    if (all)
        put_paragraph(layout, TINT_FAINT, "=", "kept", sections.kept, false);
    sections_clear(&sections);
}

static void put_explanation(Layout *layout, const LockStage *stage)
{
    if (!stage->explanation)
        return;
    g_auto(GStrv) lines = g_strsplit(stage->explanation, "\n", -1);
    for (guint i = 0; lines[i]; i++) {
        layout_put(layout, TINT_NONE, "  ");
        layout_words(layout, TINT_NONE, lines[i], 2, 6);
    }
}

/* Sum */

static unsigned count_visible(const GPtrArray *environment)
{
    unsigned count = 0;
    for (guint i = 0; i < environment->len; i++)
        count += !((const LockDistribution *)environment->pdata[i])->ghost;
    return count;
}

PlanTotals plan_sum_up(const Plan *plan)
{
    PlanTotals totals = {.stages = plan->stages->len};
    for (guint i = 0; i < plan->stages->len; i++) {
        const PlanStage *stage = plan->stages->pdata[i];
        totals.bytes += stage->download_bytes;
        totals.unknown_sizes += stage->unknown_sizes;
        totals.unsolved += stage->stage->status != STAGE_SOLVED;
        totals.installed = count_visible(stage->stage->environment);
        for (size_t k = 0; k + 1 < G_N_ELEMENTS(action_styles); k++)
            totals.changed += count_actions(stage, action_styles[k].action);
        bool told = stage->stage->status == STAGE_UNSATISFIABLE; /* by its explanation */
        for (guint k = 0; !told && k < stage->stage->findings->len; k++) {
            const Finding *finding = stage->stage->findings->pdata[k];
            unsigned *counts[] = {&totals.notes, &totals.warnings, &totals.errors};
            *(finding->acknowledged ? &totals.acknowledged : counts[finding->severity]) += 1;
        }
    }
    return totals;
}

static void add_count(GString *text, unsigned count, const char *one, const char *many)
{
    if (count > 0)
        g_string_append_printf(text, "%s%u %s", text->len > 0 ? ", " : "", count,
                               count == 1 ? one : many);
}

static void put_totals(Layout *layout, const Plan *plan)
{
    PlanTotals totals = plan_sum_up(plan);
    GString *text = g_string_new(NULL);
    add_count(text, totals.stages, "stage", "stages");
    add_count(text, totals.unsolved, "of them not solved", "of them not solved");
    if (totals.unsolved == 0)
        add_count(text, totals.installed, "distribution installed", "distributions installed");
    add_count(text, totals.changed, "changed later", "changed later");
    g_autofree char *size = layout_size(totals.bytes);
    if (totals.bytes > 0)
        g_string_append_printf(text, ", %s%s to download", size,
                               totals.unknown_sizes > 0 ? " or more" : "");
    g_string_append_c(layout->out, '\n');
    layout_words(layout, TINT_STRONG, text->str, 0, 4);
    g_string_truncate(text, 0);
    add_count(text, totals.errors, "error", "errors");
    add_count(text, totals.acknowledged, "acknowledged", "acknowledged");
    add_count(text, totals.warnings, "warning", "warnings");
    add_count(text, totals.notes, "note", "notes");
    if (text->len > 0)
        layout_words(layout, totals.errors > 0 ? TINT_BAD : TINT_NONE, text->str, 0, 4);
    g_string_free(text, TRUE);
}

char *plan_format_text(const Plan *plan, const TextStyle *style)
{
    bool all = style->all;
    Layout layout = {g_string_new(NULL), style->colour, MAX(style->columns, MIN_COLUMNS)};
    Widths widths = label_widths(&layout, plan, all);
    plan_put_title(&layout, plan);
    for (guint i = 0; i < plan->stages->len; i++) {
        const PlanStage *stage = plan->stages->pdata[i];
        put_stage_head(&layout, stage);
        if (!style->explained)
            put_explanation(&layout, stage->stage);
        put_actions(&layout, stage, all, widths);
        if (stage->stage->status != STAGE_UNSATISFIABLE) /* else the explanation says it */
            findings_put(&layout, stage->stage->findings, all);
    }
    plan_put_imports(&layout, plan);
    plan_values_put(&layout, plan->values, all);
    put_totals(&layout, plan);
    return g_string_free(layout.out, FALSE);
}
