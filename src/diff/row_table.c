#include "diff/row_table.h"

#include "base/sorted.h"
#include "diff/fact_table.h"
#include "diff/markdown.h"

#include <string.h>

enum {
    MIN_COLUMNS = 40,
    NAMED_ROWS = 4, /* more that have a value are counted */
    NAME_WIDTH = 24,
};

static void facts_free(void *facts)
{
    target_facts_free(facts);
}

static void difference_free(void *data)
{
    RowDifference *difference = data;
    g_free(difference->name);
    g_free(difference->values);
    g_free(difference);
}

RowTable *row_table_new(const char *recipe_path)
{
    RowTable *table = g_new0(RowTable, 1);
    table->recipe_path = recipe_path;
    table->rows = g_ptr_array_new_with_free_func(facts_free);
    table->vars = g_ptr_array_new_with_free_func(difference_free);
    table->checks = g_ptr_array_new_with_free_func(difference_free);
    table->asked = g_ptr_array_new_with_free_func(difference_free);
    table->brought = g_ptr_array_new_with_free_func(difference_free);
    return table;
}

void row_table_free(RowTable *table)
{
    if (!table)
        return;
    g_ptr_array_unref(table->vars);
    g_ptr_array_unref(table->checks);
    g_ptr_array_unref(table->asked);
    g_ptr_array_unref(table->brought);
    g_ptr_array_unref(table->rows);
    g_free(table);
}

void row_table_take(RowTable *table, TargetFacts *facts)
{
    g_ptr_array_add(table->rows, facts);
}

guint row_table_count_failed(const RowTable *table)
{
    guint failed = 0;
    for (guint i = 0; i < table->rows->len; i++)
        failed += ((const TargetFacts *)table->rows->pdata[i])->failed != NULL;
    return failed;
}

/* What differs */

static const TargetFacts *row_of(const RowTable *table, guint index)
{
    return table->rows->pdata[index];
}

static const char *var_of(const TargetFacts *facts, const char *name)
{
    for (guint i = 0; i < facts->recipe->vars->len; i++) {
        const Pair *pair = facts->recipe->vars->pdata[i];
        if (g_str_equal(pair->key, name))
            return pair->value;
    }
    return NULL;
}

typedef const char *(*ValueOf)(const TargetFacts *facts, const char *name);

/* NULL: all rows that are compared have the same. */
static RowDifference *compare_rows(const RowTable *table, const char *name, ValueOf value_of,
                                   bool with_failed)
{
    RowDifference *difference = g_new0(RowDifference, 1);
    difference->values = g_new0(const char *, table->rows->len + 1);
    bool differs = false, begun = false;
    const char *first = NULL;
    for (guint i = 0; i < table->rows->len; i++) {
        if (row_of(table, i)->failed && !with_failed)
            continue;
        const char *value = value_of(row_of(table, i), name);
        difference->values[i] = value;
        differs |= begun && g_strcmp0(first, value) != 0;
        first = begun ? first : value;
        begun = true;
    }
    difference->name = g_strdup(name);
    if (differs)
        return difference;
    difference_free(difference);
    return NULL;
}

static void add_names(GHashTable *seen, GPtrArray *names, const GPtrArray *environment)
{
    for (guint i = 0; i < environment->len; i++) {
        const LockDistribution *one = environment->pdata[i];
        if (!one->ghost && g_hash_table_add(seen, one->name))
            g_ptr_array_add(names, one->name);
    }
}

/* Of all rows, sorted. */
static GPtrArray *collect_names(const RowTable *table)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    GPtrArray *names = g_ptr_array_new();
    for (guint i = 0; i < table->rows->len; i++) {
        const TargetFacts *facts = row_of(table, i);
        const LockStage *last = facts->failed ? NULL : lock_target_last(facts->target);
        if (last)
            add_names(seen, names, last->environment);
    }
    g_ptr_array_sort(names, sorted_compare_strings);
    return names;
}

static void add_requested(GHashTable *names, const LockTarget *target)
{
    for (guint i = 0; i < target->stages->len; i++) {
        const LockStage *stage = target->stages->pdata[i];
        for (guint k = 0; k < stage->actions->len; k++) {
            const LockAction *action = stage->actions->pdata[k];
            if (action->requested)
                g_hash_table_add(names, action->name);
        }
    }
}

static void compare_distributions(RowTable *table)
{
    g_autoptr(GHashTable) requested = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < table->rows->len; i++)
        add_requested(requested, row_of(table, i)->target);
    g_autoptr(GPtrArray) names = collect_names(table);
    for (guint i = 0; i < names->len; i++) {
        RowDifference *one = compare_rows(table, names->pdata[i], target_facts_version, false);
        if (one)
            g_ptr_array_add(
                g_hash_table_contains(requested, one->name) ? table->asked : table->brought, one);
    }
}

static bool is_listed(const GPtrArray *list, const char *name)
{
    for (guint i = 0; i < list->len; i++) {
        if (g_str_equal(((const RowDifference *)list->pdata[i])->name, name))
            return true;
    }
    return false;
}

/* In the order of the recipe; rows may have items of their own. */
static void compare_checks(RowTable *table)
{
    for (guint i = 0; i < table->rows->len; i++) {
        const GPtrArray *checks = row_of(table, i)->checks;
        for (guint k = 0; k < checks->len; k++) {
            const char *name = ((const CheckFact *)checks->pdata[k])->name;
            RowDifference *one = is_listed(table->checks, name)
                                     ? NULL
                                     : compare_rows(table, name, target_facts_check, false);
            if (one)
                g_ptr_array_add(table->checks, one);
        }
    }
}

void row_table_compare(RowTable *table)
{
    compare_checks(table);
    const GPtrArray *vars = table->rows->len > 0 ? row_of(table, 0)->recipe->vars : NULL;
    for (guint i = 0; vars && i < vars->len; i++) {
        const Pair *pair = vars->pdata[i];
        RowDifference *one = compare_rows(table, pair->key, var_of, true);
        if (one)
            g_ptr_array_add(table->vars, one);
    }
    compare_distributions(table);
}

/* Facts */

typedef enum {
    FACT_RESOLVES,
    FACT_PLATFORM,
    FACT_BASE,
    FACT_PYTHON,
    FACT_LIBC,
    FACT_TORCH,
    FACT_CUDA,
    FACT_DRIVER,
    FACT_GPUS,
    FACT_DOWNLOAD,
    FACT_DISTRIBUTIONS,
    FACT_FINDINGS,
    FACT_CHECKS,
    FACT_COUNT,
} Fact;

static char *count_text(guint errors, guint warnings)
{
    if (errors + warnings == 0)
        return g_strdup("none");
    GString *text = g_string_new(NULL);
    if (errors > 0)
        g_string_append_printf(text, "%u error%s", errors, errors == 1 ? "" : "s");
    if (warnings > 0)
        g_string_append_printf(text, "%s%u warning%s", errors ? ", " : "", warnings,
                               warnings == 1 ? "" : "s");
    return g_string_free(text, FALSE);
}

static char *describe_base(const LockTarget *target)
{
    return target->base.reference
               ? g_strdup_printf("%s%s", target->base.reference,
                                 target->substituted_base ? " (substituted)" : "")
               : NULL;
}

static char *describe_download(const TargetFacts *facts)
{
    g_autofree char *size = layout_size(facts->download_bytes);
    return g_strdup_printf("%s%s", size, facts->unknown_sizes > 0 ? " or more" : "");
}

static void set_cells(FactRow *row, const TargetFacts *facts, bool some_failed)
{
    const LockTarget *target = facts->target;
    if (some_failed)
        fact_row_set(row, FACT_RESOLVES, g_strdup(facts->failed ? "no" : "yes"));
    if (!strstr(facts->name, target->platform))
        fact_row_set(row, FACT_PLATFORM, g_strdup(target->platform));
    fact_row_set(row, FACT_BASE, describe_base(target));
    fact_row_set(row, FACT_PYTHON, g_strdup(target->base.python));
    fact_row_set(row, FACT_LIBC, g_strdup(target->base.libc));
    row->failed = facts->failed != NULL;
    if (facts->failed)
        return;
    fact_row_set(row, FACT_TORCH, g_strdup(facts->torch));
    fact_row_set(row, FACT_CUDA, g_strdup(facts->cuda));
    fact_row_set(row, FACT_DRIVER, g_strdup(facts->min_driver));
    fact_row_set(row, FACT_GPUS, target_facts_gpus_text(facts));
    fact_row_set(row, FACT_DOWNLOAD, describe_download(facts));
    fact_row_set(row, FACT_DISTRIBUTIONS, g_strdup_printf("%u", facts->distributions));
    fact_row_set(row, FACT_FINDINGS, count_text(facts->errors, facts->warnings));
    fact_row_set(row, FACT_CHECKS, target_facts_checks_text(facts));
}

static bool was_judged(const RowTable *table)
{
    for (guint i = 0; i < table->rows->len; i++) {
        if (row_of(table, i)->judged)
            return true;
    }
    return false;
}

static FactTable *make_facts(const RowTable *table)
{
    static const struct {
        const char *heading;
        bool right, stays, plain;
    } columns[FACT_COUNT] = {
        [FACT_RESOLVES] = {"resolves", false, true, false},
        [FACT_PLATFORM] = {"platform", false, false, true},
        [FACT_BASE] = {"base", false, false, false},
        [FACT_PYTHON] = {"Python", false, false, false},
        [FACT_LIBC] = {"libc", false, false, true},
        [FACT_TORCH] = {"torch", false, false, false},
        [FACT_CUDA] = {"CUDA", false, false, false},
        [FACT_DRIVER] = {"driver", false, false, false},
        [FACT_GPUS] = {"GPUs", false, false, false},
        [FACT_DOWNLOAD] = {"download", true, true, false},
        [FACT_DISTRIBUTIONS] = {"packages", true, false, false},
        [FACT_FINDINGS] = {"findings", false, true, false},
        [FACT_CHECKS] = {"checks", false, false, false},
    };
    FactTable *facts = fact_table_new(NULL);
    for (guint i = 0; i < FACT_COUNT; i++) {
        bool bound = i == FACT_GPUS && !was_judged(table);
        FactColumn *column =
            fact_table_add_column(facts, bound ? "GPUs at most" : columns[i].heading);
        column->right = columns[i].right;
        column->stays = columns[i].stays;
        column->plain = columns[i].plain;
    }
    for (guint i = 0; i < table->rows->len; i++) {
        const TargetFacts *one = row_of(table, i);
        set_cells(fact_table_add_row(facts, one->name), one, row_table_count_failed(table) > 0);
    }
    return facts;
}

/* "2.8.0 in mended, golden; 2.3.1 in stable; not in plain" */

/* Whether all platforms of the row have this value too, so that its name alone tells it. */
static bool is_whole(const RowTable *table, const RowDifference *one, guint index)
{
    const char *row = row_of(table, index)->target->row;
    for (guint i = 0; i < table->rows->len; i++) {
        if (g_strcmp0(row_of(table, i)->target->row, row) == 0 &&
            g_strcmp0(one->values[i], one->values[index]) != 0)
            return false;
    }
    return row != NULL;
}

/* Of the rows with the value of this one; `failed`: those that can't be satisfied count. */
static GPtrArray *names_with(const RowTable *table, const RowDifference *one, const char *value,
                             bool failed)
{
    GPtrArray *names = g_ptr_array_new();
    const char *last = NULL;
    for (guint i = 0; i < table->rows->len; i++) {
        const TargetFacts *facts = row_of(table, i);
        if (g_strcmp0(one->values[i], value) != 0 || (facts->failed && !failed))
            continue;
        bool whole = is_whole(table, one, i);
        if (!whole || g_strcmp0(last, facts->target->row) != 0)
            g_ptr_array_add(names, whole ? facts->target->row : facts->name);
        last = whole ? facts->target->row : NULL;
    }
    return names;
}

static bool is_first(const RowDifference *one, guint index)
{
    for (guint i = 0; i < index; i++) {
        if (one->values[i] && g_str_equal(one->values[i], one->values[index]))
            return false;
    }
    return true;
}

static void append_names(GString *out, const GPtrArray *names)
{
    if (names->len > NAMED_ROWS)
        g_string_append_printf(out, " in %u rows", names->len);
    for (guint i = 0; names->len <= NAMED_ROWS && i < names->len; i++)
        g_string_append_printf(out, "%s%s", i > 0 ? ", " : " in ", (char *)names->pdata[i]);
}

static char *describe_difference(const RowTable *table, const RowDifference *one, bool is_var)
{
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < table->rows->len; i++) {
        const char *value = one->values[i];
        if (!value || !is_first(one, i))
            continue;
        g_autoptr(GPtrArray) names = names_with(table, one, value, is_var);
        g_string_append_printf(out, "%s%s", out->len > 0 ? "; " : "", *value ? value : "nothing");
        append_names(out, names);
    }
    g_autoptr(GPtrArray) absent = names_with(table, one, NULL, is_var);
    if (absent->len > 0)
        g_string_append(out, "; not");
    append_names(out, absent);
    return g_string_free(out, FALSE);
}

/* Text */

static void put_differences(Layout *layout, const RowTable *table, const GPtrArray *list,
                            bool is_var, unsigned width)
{
    for (guint i = 0; i < list->len; i++) {
        const RowDifference *one = list->pdata[i];
        g_autofree char *name = is_var ? g_strdup_printf("$(%s)", one->name) : g_strdup(one->name);
        g_autofree char *text = describe_difference(table, one, is_var);
        layout_put(layout, TINT_NONE, "  ");
        layout_pad(layout, TINT_STRONG, name, width, false);
        layout_put(layout, TINT_NONE, "  ");
        layout_words(layout, TINT_NONE, text, MAX(layout_width(name), width) + 4, width + 4);
    }
}

static unsigned widest_name(const GPtrArray *list, unsigned extra, unsigned width)
{
    for (guint i = 0; i < list->len; i++)
        width = MAX(width, layout_width(((const RowDifference *)list->pdata[i])->name) + extra);
    return MIN(width, NAME_WIDTH);
}

static void put_what_differs(Layout *layout, const RowTable *table, bool all)
{
    if (table->checks->len + table->vars->len + table->asked->len + table->brought->len == 0)
        return;
    unsigned width = widest_name(table->vars, 3, widest_name(table->asked, 0, 0));
    width = widest_name(table->checks, 0, width);
    width = all ? widest_name(table->brought, 0, width) : width;
    layout_put(layout, TINT_NONE, "\n");
    layout_words(layout, TINT_STRONG, "what makes them differ", 0, 0);
    put_differences(layout, table, table->checks, false, width);
    put_differences(layout, table, table->vars, true, width);
    put_differences(layout, table, table->asked, false, width);
    if (all)
        put_differences(layout, table, table->brought, false, width);
    if (all || table->brought->len == 0)
        return;
    g_autofree char *more = g_strdup_printf(
        "and %u distribution%s that no line names; --all lists %s", table->brought->len,
        table->brought->len == 1 ? "" : "s", table->brought->len == 1 ? "it" : "them");
    layout_put(layout, TINT_NONE, "  ");
    layout_words(layout, TINT_FAINT, more, 2, 4);
}

static void put_failures(Layout *layout, const RowTable *table)
{
    for (guint i = 0; i < table->rows->len; i++) {
        const TargetFacts *facts = row_of(table, i);
        if (!facts->failed)
            continue;
        layout_put(layout, TINT_NONE, "\n");
        layout_put(layout, TINT_BAD, facts->name);
        g_autofree char *text = g_strdup_printf(": %s: %s", facts->at, facts->reason);
        layout_words(layout, TINT_NONE, text, layout_width(facts->name), 4);
    }
}

/* "3 rows, 1 can't be satisfied" */
static char *describe_rows(const RowTable *table)
{
    guint failed = row_table_count_failed(table);
    g_autofree char *rows =
        g_strdup_printf("%u row%s", table->rows->len, table->rows->len == 1 ? "" : "s");
    if (failed > 0)
        return g_strdup_printf("%s, %u can't be satisfied", rows, failed);
    return g_strdup_printf("%s, %s", rows, table->rows->len == 1 ? "resolved" : "all resolved");
}

static bool has_gpus(const RowTable *table)
{
    for (guint i = 0; i < table->rows->len; i++) {
        if (row_of(table, i)->gpus->len > 0)
            return true;
    }
    return false;
}

static const char unread[] = "from the lock alone: --check looks into the wheels for findings and "
                             "for the GPUs that they serve";

char *row_table_format_text(const RowTable *table, const TextStyle *style)
{
    Layout layout = {g_string_new(NULL), style->colour, MAX(style->columns, MIN_COLUMNS)};
    g_autoptr(FactTable) facts = make_facts(table);
    g_autofree char *rows = describe_rows(table);
    g_autofree char *head = g_strdup_printf("%s: %s", table->recipe_path, rows);
    layout_words(&layout, TINT_STRONG, head, 0, 4);
    g_autofree char *agreed = fact_table_agreed(facts);
    g_autofree char *common = agreed ? g_strdup_printf("all have %s", agreed) : NULL;
    if (common) {
        layout_put(&layout, TINT_NONE, "  ");
        layout_words(&layout, TINT_NONE, common, 2, 4);
    }
    layout_put(&layout, TINT_NONE, "\n");
    fact_table_put(facts, &layout);
    put_failures(&layout, table);
    put_what_differs(&layout, table, style->all);
    if (!was_judged(table) && has_gpus(table)) {
        layout_put(&layout, TINT_NONE, "\n");
        layout_words(&layout, TINT_FAINT, unread, 0, 0);
    }
    return g_string_free(layout.out, FALSE);
}

/* Markdown */

static void append_differences(GString *out, const RowTable *table, const GPtrArray *list,
                               bool is_var)
{
    for (guint i = 0; i < list->len; i++) {
        const RowDifference *one = list->pdata[i];
        g_autofree char *name = is_var ? g_strdup_printf("$(%s)", one->name) : g_strdup(one->name);
        g_autofree char *text = describe_difference(table, one, is_var);
        g_string_append(out, "- ");
        markdown_append_code(out, name);
        g_string_append(out, ": ");
        markdown_append_text(out, text);
        g_string_append_c(out, '\n');
    }
}

char *row_table_format_markdown(const RowTable *table)
{
    GString *out = g_string_new("### ");
    g_autoptr(FactTable) facts = make_facts(table);
    g_autofree char *rows = describe_rows(table);
    markdown_append_code(out, table->recipe_path);
    g_string_append_printf(out, ": %s\n\n", rows);
    g_autofree char *agreed = fact_table_agreed(facts);
    if (agreed) {
        g_string_append(out, "All have ");
        markdown_append_text(out, agreed);
        g_string_append(out, ".\n\n");
    }
    fact_table_append_markdown(facts, out);
    for (guint i = 0; i < table->rows->len; i++) {
        const TargetFacts *one = row_of(table, i);
        if (!one->failed)
            continue;
        g_string_append(out, "\n**");
        markdown_append_text(out, one->name);
        g_string_append(out, "**: ");
        markdown_append_text(out, one->at);
        g_string_append(out, ": ");
        markdown_append_text(out, one->reason);
        g_string_append_c(out, '\n');
    }
    if (table->checks->len + table->vars->len + table->asked->len > 0)
        g_string_append(out, "\n**What makes them differ**\n\n");
    append_differences(out, table, table->checks, false);
    append_differences(out, table, table->vars, true);
    append_differences(out, table, table->asked, false);
    if (table->brought->len > 0) {
        g_string_append_printf(
            out, "\n<details><summary>%u distributions that no line names</summary>\n\n",
            table->brought->len);
        append_differences(out, table, table->brought, false);
        g_string_append(out, "\n</details>\n");
    }
    return g_string_free(out, FALSE);
}
