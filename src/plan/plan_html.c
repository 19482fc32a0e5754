#include "plan/findings_text.h"
#include "plan/page_findings.h"
#include "plan/plan_html_private.h"

/* Head */

static char *plan_name(const Plan *plan)
{
    const LockTarget *target = plan->target;
    return g_strdup_printf("%s%s%s", plan->recipe_path ? plan->recipe_path : "plan",
                           target->row ? "#" : "", target->row ? target->row : "");
}

static void write_about(HtmlWriter *writer, const LockTarget *target)
{
    const LockBase *base = &target->base;
    html_begin_class(writer, "p", "about");
    html_printf(writer, "for %s", target->platform);
    if (base->python)
        html_printf(writer, " \302\267 Python %s", base->python);
    if (base->libc)
        html_printf(writer, " \302\267 %s", base->libc);
    if (base->reference)
        html_printf(writer, " \302\267 on %s%s", base->reference,
                    target->substituted_base ? " (substituted)" : "");
    for (guint i = 0; target->substituted && target->substituted[i]; i++)
        html_printf(writer, " \302\267 substituted index: %s", target->substituted[i]);
    html_end(writer);
}

static void add_count(GString *text, unsigned count, const char *one, const char *many)
{
    if (count > 0)
        g_string_append_printf(text, "%s%u %s", text->len > 0 ? ", " : "", count,
                               count == 1 ? one : many);
}

static const PlanValue *host_value(const Plan *plan, const char *key)
{
    for (guint i = 0; i < plan->values->len; i++) {
        const PlanValue *value = plan->values->pdata[i];
        if (g_str_equal(value->of, "host") && g_str_equal(value->key, key) && value->value)
            return value;
    }
    return NULL;
}

static void put_host_figures(HtmlWriter *writer, const Plan *plan)
{
    static const char *const figures[][3] = {
        {"min_driver", "Driver", "or newer"},
        {"min_cuda", "Driver for CUDA", "or newer"},
        {"compute_capability", "Compute capability", NULL},
    };
    if (plan->floors && plan->floors->cuda)
        page_figure(writer, "CUDA", plan->floors->cuda, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(figures); i++) {
        const PlanValue *value = host_value(plan, figures[i][0]);
        if (value)
            page_figure(writer, figures[i][1], value->value, figures[i][2]);
    }
}

static void put_stage_figure(HtmlWriter *writer, const PlanTotals *totals)
{
    g_autofree char *count = g_strdup_printf("%u", totals->stages);
    g_autofree char *unsolved =
        totals->unsolved ? g_strdup_printf("%u not solved", totals->unsolved) : NULL;
    page_figure(writer, totals->stages == 1 ? "Stage" : "Stages", count, unsolved);
}

static void put_distribution_figure(HtmlWriter *writer, const PlanTotals *totals)
{
    g_autofree char *count = g_strdup_printf("%u", totals->installed);
    g_autofree char *changed =
        totals->changed ? g_strdup_printf("%u changed later", totals->changed) : NULL;
    if (totals->unsolved == 0)
        page_figure(writer, "Distributions", count, changed);
}

static void put_finding_figure(HtmlWriter *writer, const PlanTotals *totals)
{
    g_autoptr(GString) first = g_string_new(NULL);
    g_autoptr(GString) rest = g_string_new(NULL);
    add_count(first, totals->errors, "error", "errors");
    add_count(first->len ? rest : first, totals->warnings, "warning", "warnings");
    add_count(first->len ? rest : first, totals->notes, "note", "notes");
    add_count(first->len ? rest : first, totals->acknowledged, "acknowledged", "acknowledged");
    bool told = first->len == 0 && totals->unsolved > 0; /* by the stage that can't be satisfied */
    if (!told)
        page_figure(writer, "Findings", first->len ? first->str : "none",
                    rest->len ? rest->str : NULL);
}

static void write_figures(HtmlWriter *writer, const Plan *plan)
{
    PlanTotals totals = plan_sum_up(plan);
    g_autofree char *size = layout_size(totals.bytes);
    page_begin_figures(writer);
    put_stage_figure(writer, &totals);
    put_distribution_figure(writer, &totals);
    put_finding_figure(writer, &totals);
    if (totals.bytes > 0)
        page_figure(writer, "To download", size, totals.unknown_sizes > 0 ? "or more" : NULL);
    put_host_figures(writer, plan);
    page_end_figures(writer);
}

/* What stands first where a stage can't be satisfied. */
static void write_alert(HtmlWriter *writer, const Plan *plan)
{
    for (guint i = 0; i < plan->stages->len; i++) {
        const LockStage *stage = ((const PlanStage *)plan->stages->pdata[i])->stage;
        if (stage->status != STAGE_UNSATISFIABLE)
            continue;
        html_begin_class(writer, "p", "alert gone");
        html_printf(writer, "\342\234\225 Stage %s cannot be satisfied: nothing can be built. ",
                    stage->name);
        html_begin(writer, "a");
        html_attribute_printf(writer, "href", "#stage-%u", i + 1);
        html_text(writer, "Why, and what would do");
        html_end(writer);
        html_end(writer);
        return;
    }
}

/* Findings */

static void add_findings(GArray *shown, GPtrArray *groups, const LockStage *stage)
{
    for (guint i = 0; i < groups->len; i++) {
        const FindingGroup *group = groups->pdata[i];
        PageFinding finding = {group->head, group->others, NULL, stage->name, group->head->at};
        g_array_append_val(shown, finding);
    }
}

/* Errors, warnings, notes, then what is acknowledged; else as the stages have them. */
static int compare_shown(const void *a, const void *b)
{
    const PageFinding *left = a, *right = b;
    if (left->finding->acknowledged != right->finding->acknowledged)
        return left->finding->acknowledged ? 1 : -1;
    return (int)right->finding->severity - (int)left->finding->severity;
}

static void write_finding_list(HtmlWriter *writer, GArray *shown)
{
    g_array_sort(shown, compare_shown); /* keeps the order of equal ones */
    html_begin_class(writer, "ul", "cards");
    for (guint i = 0; i < shown->len; i++)
        page_finding_write(writer, &g_array_index(shown, PageFinding, i));
    html_end(writer);
    page_codes_write(writer, shown);
}

static void write_findings(HtmlWriter *writer, const Plan *plan, const PageSection *section,
                           bool all)
{
    g_autoptr(GArray) shown = g_array_new(FALSE, FALSE, sizeof(PageFinding));
    g_autoptr(GPtrArray) owners = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    for (guint i = 0; i < plan->stages->len; i++) {
        const LockStage *stage = ((const PlanStage *)plan->stages->pdata[i])->stage;
        GPtrArray *groups = finding_groups(stage->findings, all);
        g_ptr_array_add(owners, groups);
        add_findings(shown, groups, stage);
    }
    page_begin_section(writer, section);
    write_finding_list(writer, shown);
    page_end_section(writer);
}

static bool has_findings(const Plan *plan)
{
    for (guint i = 0; i < plan->stages->len; i++) {
        if (((const PlanStage *)plan->stages->pdata[i])->stage->findings->len > 0)
            return true;
    }
    return false;
}

/* Values */

static const char *value_title(const char *of)
{
    return g_str_equal(of, "host")    ? "What the host must have"
           : g_str_equal(of, "image") ? "Set in the image"
                                      : of;
}

static void write_value(PageTable *table, const PlanValue *value)
{
    page_row_begin(table);
    page_head_begin(table);
    html_element(table->writer, "span", "path", value->key);
    html_end(table->writer);
    bool left_out = !value->value;
    page_cell(table, left_out ? "note" : "version",
              !left_out                         ? value->value
              : g_str_equal(value->of, "image") ? "not set"
                                                : "left out");
    page_cell(table, NULL, value->origin);
    page_cell_begin(table, NULL);
    for (guint i = 0; i < value->because->len; i++) {
        html_text(table->writer, i ? "; " : NULL);
        page_prose(table->writer, value->because->pdata[i]);
    }
    html_end(table->writer);
    page_row_end(table);
}

static void write_values(HtmlWriter *writer, const Plan *plan, const PageSection *section)
{
    static const char *const columns[] = {"Name", "Value", "Origin", "Because", NULL};
    page_begin_section(writer, section);
    for (guint i = 0; i < plan->values->len;) {
        const char *of = ((const PlanValue *)plan->values->pdata[i])->of;
        html_element(writer, "h3", NULL, value_title(of));
        PageTable table = page_table_begin(writer, "cellular values", value_title(of), columns);
        for (; i < plan->values->len; i++) {
            const PlanValue *value = plan->values->pdata[i];
            if (!g_str_equal(value->of, of))
                break;
            write_value(&table, value);
        }
        page_table_end(&table);
    }
    page_end_section(writer);
}

/* Imports of checks */

static void write_import(HtmlWriter *writer, const LockImport *item)
{
    static const char *const texts[] = {
        [LOCK_IMPORT_STAYS] = "runs where it stands",
        [LOCK_IMPORT_MOVED] = "needs a driver, moved to gpu",
        [LOCK_IMPORT_UNDECIDED] = "not decided, runs where it stands",
        [LOCK_IMPORT_UNREAD] = "not decided, runs where it stands",
    };
    html_begin(writer, "li");
    html_attribute(writer, "class", "card");
    html_begin_class(writer, "div", "head");
    html_begin(writer, "code");
    html_printf(writer, "import %s", item->module);
    html_end(writer);
    html_text(writer, " ");
    html_begin_class(writer, "span", "at");
    html_printf(writer, "checks: %s, %s", item->list, item->at);
    html_end(writer);
    html_end(writer);
    html_begin(writer, "p");
    html_printf(writer, "%s%s%s", texts[item->verdict], item->reason ? ": " : "",
                item->reason ? item->reason : "");
    html_end(writer);
    if (item->evidence && item->evidence[0]) {
        html_begin_class(writer, "ul", "evidence");
        for (guint i = 0; item->evidence[i]; i++)
            html_element(writer, "li", NULL, item->evidence[i]);
        html_end(writer);
    }
    html_end(writer);
}

static void write_imports(HtmlWriter *writer, const Plan *plan, const PageSection *section)
{
    page_begin_section(writer, section);
    html_begin_class(writer, "ul", "cards");
    for (guint i = 0; i < plan->target->imports->len; i++)
        write_import(writer, plan->target->imports->pdata[i]);
    html_end(writer);
    page_end_section(writer);
}

/* All of it */

typedef enum {
    PART_FINDINGS,
    PART_TIMELINE,
    PART_STAGES,
    PART_SIZES,
    PART_VALUES,
    PART_IMPORTS,
    PART_FILES,
    PARTS,
} Part;

static const PageSection parts[] = {
    [PART_STAGES] = {"stages", "Stages"},       [PART_FINDINGS] = {"findings", "Findings"},
    [PART_SIZES] = {"sizes", "Sizes"},          [PART_TIMELINE] = {"timeline", "Timeline"},
    [PART_VALUES] = {"host", "Host and files"}, [PART_IMPORTS] = {"imports", "Imports of checks"},
    [PART_FILES] = {"files", "Downloads"},
};

static bool has_part(const Plan *plan, Part part)
{
    switch (part) {
    case PART_FINDINGS:
        return has_findings(plan);
    case PART_SIZES:
        return plan_has_sizes(plan);
    case PART_TIMELINE:
        return plan_has_timeline(plan);
    case PART_VALUES:
        return plan->values->len > 0;
    case PART_IMPORTS:
        return plan->target->imports->len > 0;
    case PART_FILES:
        return plan_has_files(plan);
    case PART_STAGES:
    case PARTS:
    default:
        return true;
    }
}

static void write_part(HtmlWriter *writer, const Plan *plan, Part part, bool all)
{
    const PageSection *section = &parts[part];
    switch (part) {
    case PART_STAGES:
        page_begin_section(writer, section);
        plan_html_stages(writer, plan, all);
        page_end_section(writer);
        break;
    case PART_FINDINGS:
        write_findings(writer, plan, section, all);
        break;
    case PART_SIZES:
        plan_html_sizes(writer, plan, section);
        break;
    case PART_TIMELINE:
        plan_html_timeline(writer, plan, section);
        break;
    case PART_VALUES:
        write_values(writer, plan, section);
        break;
    case PART_IMPORTS:
        write_imports(writer, plan, section);
        break;
    case PART_FILES:
        plan_html_files(writer, plan, section);
        break;
    case PARTS:
    default:
        break;
    }
}

char *plan_format_html(const Plan *plan, bool all)
{
    g_autofree char *name = plan_name(plan);
    g_autofree char *title = g_strdup_printf("%s \302\267 plan", name);
    HtmlWriter *writer = page_new("plan", title);
    html_element(writer, "h1", NULL, name);
    write_about(writer, plan->target);
    write_figures(writer, plan);
    write_alert(writer, plan);
    g_autoptr(GArray) sections = g_array_new(FALSE, FALSE, sizeof(PageSection));
    for (Part part = 0; part < PARTS; part++) {
        if (has_part(plan, part))
            g_array_append_val(sections, parts[part]);
    }
    page_begin_main(writer, sections);
    for (Part part = 0; part < PARTS; part++) {
        if (has_part(plan, part))
            write_part(writer, plan, part, all);
    }
    return page_finish(writer, "ramekin.plan/1");
}
