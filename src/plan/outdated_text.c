#include "plan/layout.h"
#include "plan/outdated.h"

enum {
    MIN_COLUMNS = 40,
    COLUMNS_OF_TABLE = 4, /* name, current, allowed, newest */
    GAP = 2,
    WIDEST = 24,
};

static const char *const headings[COLUMNS_OF_TABLE] = {"", "now", "upgrade", "newest"};

static const char *cell(const OutdatedEntry *entry, unsigned column)
{
    const char *const cells[COLUMNS_OF_TABLE] = {entry->current->name, entry->current->version,
                                                 entry->allowed ? entry->allowed : "-",
                                                 entry->newest};
    return cells[column];
}

/* One set of columns for all stages. */
static void measure(const Outdated *outdated, unsigned widths[COLUMNS_OF_TABLE])
{
    for (unsigned c = 0; c < COLUMNS_OF_TABLE; c++) {
        widths[c] = layout_width(headings[c]);
        for (guint i = 0; i < outdated->stages->len; i++) {
            const GPtrArray *entries = ((const OutdatedStage *)outdated->stages->pdata[i])->entries;
            for (guint k = 0; k < entries->len; k++)
                widths[c] = MAX(widths[c], layout_width(cell(entries->pdata[k], c)));
        }
        widths[c] = MIN(widths[c], WIDEST) + GAP;
    }
}

/* What another distribution requires. The row says of what, and which version there is; the stage
 * above says where. "torch 2.6.0 pins it", "<1.4,>=1.1.0 of sympy 1.14.0" */
static char *describe_required(const WhyClause *clause, const char *owner)
{
    const char *specifiers = clause->clause + strcspn(clause->clause, "<>=!~@[ ");
    if (clause->bound == BOUND_EXACT)
        return g_strdup_printf("%s pins it", owner);
    return g_strdup_printf("%s of %s", *specifiers == '[' ? clause->clause : specifiers, owner);
}

/* "triton==2.3.1, ramekin.yaml:9" */
static char *describe_holder(const WhyClause *clause)
{
    const GPtrArray *chain = clause->chains->pdata[0];
    const char *line = chain->pdata[0];
    switch (clause->kind) {
    case WHY_CONSTRAINT:
        return g_strdup_printf("the constraint %s, %s", clause->clause, line);
    case WHY_OVERRIDE:
        return g_strdup_printf("the override %s, %s", clause->clause, line);
    case WHY_LINE:
        return g_strdup_printf("%s, %s", clause->clause, line);
    case WHY_REQUIRED:
        break;
    }
    return describe_required(clause, chain->pdata[chain->len - 1]);
}

static char *describe_reason(const OutdatedEntry *entry)
{
    if (entry->holders->len > 0) {
        g_autofree char *first = describe_holder(entry->holders->pdata[0]);
        if (entry->holders->len == 1)
            return g_steal_pointer(&first);
        return g_strdup_printf("%s, and %u more", first, entry->holders->len - 1);
    }
    if (entry->refused)
        return g_strdup_printf("the newest %s", entry->refused);
    if (g_strcmp0(entry->allowed, entry->newest) == 0)
        return g_strdup("the lock alone");
    return g_strdup_printf("`ramekin why %s %s` tells", entry->current->name, entry->newest);
}

static void put_entry(Layout *layout, const OutdatedEntry *entry,
                      const unsigned widths[COLUMNS_OF_TABLE])
{
    bool moves = entry->allowed && !g_str_equal(entry->allowed, entry->current->version);
    const Tint tints[COLUMNS_OF_TABLE] = {TINT_STRONG, TINT_NONE, moves ? TINT_GOOD : TINT_FAINT,
                                          TINT_NONE};
    unsigned column = 2;
    layout_put(layout, TINT_NONE, "  ");
    for (unsigned c = 0; c < COLUMNS_OF_TABLE; c++) {
        layout_pad(layout, tints[c], cell(entry, c), widths[c] - GAP, false);
        layout_put(layout, TINT_NONE, "  ");
        column += MAX(widths[c], layout_width(cell(entry, c)) + GAP);
    }
    g_autofree char *reason = describe_reason(entry);
    unsigned indent = 2;
    for (unsigned c = 0; c < COLUMNS_OF_TABLE; c++)
        indent += widths[c];
    if (indent + WIDEST > layout->columns) {
        while (layout->out->str[layout->out->len - 1] == ' ')
            g_string_truncate(layout->out, layout->out->len - 1);
        layout_put(layout, TINT_NONE, "\n        ");
        column = indent = 8;
    }
    layout_words(layout, TINT_FAINT, reason, column, indent);
}

static void put_move_line(Layout *layout, Tint tint, const char *text)
{
    layout_put(layout, TINT_NONE, "      ");
    layout_words(layout, tint, text, 6, 8);
}

/* What the move that was tried changes and breaks. */
static void put_move(Layout *layout, const OutdatedMove *move)
{
    if (!move)
        return;
    g_autoptr(GString) text = g_string_new(NULL);
    g_string_append_printf(text, "to %s: ", move->version);
    if (!move->solved)
        g_string_append(text, move->problem);
    else if (move->changes->len == 0)
        g_string_append(text, "nothing else changes");
    else
        g_string_append(text, "also ");
    for (guint i = 0; i < move->changes->len; i++)
        g_string_append_printf(text, "%s%s", i > 0 ? ", " : "", (char *)move->changes->pdata[i]);
    put_move_line(layout, move->solved ? TINT_NONE : TINT_BAD, text->str);
    for (guint i = 0; i < move->breaks->len; i++)
        put_move_line(layout, TINT_BAD, move->breaks->pdata[i]);
}

static void put_headings(Layout *layout, const unsigned widths[COLUMNS_OF_TABLE])
{
    layout_put(layout, TINT_NONE, "  ");
    for (unsigned c = 0; c < COLUMNS_OF_TABLE; c++)
        layout_pad(layout, TINT_FAINT, headings[c], widths[c], false);
    layout_words(layout, TINT_FAINT, "held back by", 2, 2);
}

static void put_summary(Layout *layout, const Outdated *outdated)
{
    const LockTarget *target = outdated->target;
    unsigned count = outdated->outdated;
    g_autofree char *what =
        count == 0
            ? g_strdup_printf("of %u distributions none has a newer version", outdated->checked)
            : g_strdup_printf("of %u distributions %u %s newer versions", outdated->checked, count,
                              count == 1 ? "has" : "have");
    g_autofree char *text =
        g_strdup_printf("%s%s%s for %s: %s", outdated->recipe_path, target->row ? "#" : "",
                        target->row ? target->row : "", target->platform, what);
    layout_words(layout, TINT_STRONG, text, 0, 4);
}

static unsigned count_movable(const Outdated *outdated)
{
    unsigned count = 0;
    for (guint i = 0; i < outdated->stages->len; i++) {
        const GPtrArray *entries = ((const OutdatedStage *)outdated->stages->pdata[i])->entries;
        for (guint k = 0; k < entries->len; k++) {
            const OutdatedEntry *entry = entries->pdata[k];
            count += entry->allowed && !g_str_equal(entry->allowed, entry->current->version);
        }
    }
    return count;
}

char *outdated_format_text(const Outdated *outdated, const TextStyle *style)
{
    Layout layout = {g_string_new(NULL), style->colour, MAX(style->columns, MIN_COLUMNS)};
    put_summary(&layout, outdated);
    unsigned widths[COLUMNS_OF_TABLE];
    measure(outdated, widths);
    for (guint i = 0; i < outdated->stages->len; i++) {
        const OutdatedStage *stage = outdated->stages->pdata[i];
        g_autofree char *head =
            g_strdup_printf("\n%s (%s)\n", stage->stage->name, stage->stage->at);
        layout_put(&layout, TINT_STRONG, head);
        put_headings(&layout, widths);
        for (guint k = 0; k < stage->entries->len; k++) {
            put_entry(&layout, stage->entries->pdata[k], widths);
            put_move(&layout, ((const OutdatedEntry *)stage->entries->pdata[k])->move);
        }
    }
    unsigned movable = count_movable(outdated);
    if (movable > 0) {
        g_autofree char *text = g_strdup_printf(
            "`ramekin lock --upgrade` changes %u of them; with names it changes those alone",
            movable);
        layout_put(&layout, TINT_NONE, "\n");
        layout_words(&layout, TINT_NONE, text, 0, 4);
    }
    return g_string_free(layout.out, FALSE);
}
