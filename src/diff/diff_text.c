#include "diff/diff.h"

#include <string.h>

enum {
    MIN_COLUMNS = 40,
    CAUSE_INDENT = 6,
};

static const struct {
    const char *sign;
    Tint tint;
} kinds[] = {
    [DIFF_ADDED] = {"+", TINT_GOOD},
    [DIFF_REMOVED] = {"-", TINT_BAD},
    [DIFF_CHANGED] = {"~", TINT_NOTICE},
};

typedef struct {
    const Diff *diff;
    const DiffStyle *style;
    Layout layout;
} Printer;

static void put_title(Printer *printer, const char *title)
{
    g_string_append_c(printer->layout.out, '\n');
    layout_put(&printer->layout, TINT_STRONG, title);
    g_string_append_c(printer->layout.out, '\n');
}

static const char *or_none(const char *text)
{
    return text ? text : "(none)";
}

/* Facts */

static void put_facts(Printer *printer)
{
    const GPtrArray *facts = printer->diff->facts;
    unsigned width = 0;
    for (guint i = 0; i < facts->len; i++)
        width = MAX(width, layout_width(((const DiffFact *)facts->pdata[i])->subject));
    width = MIN(width, 24);
    for (guint i = 0; i < facts->len; i++) {
        const DiffFact *fact = facts->pdata[i];
        g_string_append(printer->layout.out, i == 0 ? "\n  " : "  ");
        layout_pad(&printer->layout, TINT_NONE, fact->subject, width, false);
        g_autofree char *text =
            g_strdup_printf("%s -> %s", or_none(fact->before), or_none(fact->after));
        unsigned column = MAX(width, layout_width(fact->subject)) + 4;
        layout_put(&printer->layout, TINT_NONE, "  ");
        layout_words(&printer->layout, TINT_NOTICE, text, column, width + 6);
    }
}

/* Findings */

static void put_findings(Printer *printer)
{
    static const Tint tints[] = {TINT_FAINT, TINT_NOTICE, TINT_BAD};
    const GPtrArray *findings = printer->diff->findings;
    for (guint i = 0; i < findings->len; i++) {
        const DiffFinding *difference = findings->pdata[i];
        const Finding *finding = difference->finding;
        if (i == 0)
            put_title(printer, "findings");
        DiffKind kind = difference->gained ? DIFF_ADDED : DIFF_REMOVED;
        layout_printf(&printer->layout, difference->gained ? TINT_BAD : TINT_GOOD, "  %s ",
                      kinds[kind].sign);
        layout_printf(&printer->layout, tints[finding->severity],
                      "%s: ", severity_name(finding->severity));
        const DiffSide *side = difference->gained ? &printer->diff->b : &printer->diff->a;
        const char *at = diff_place(side, finding->at);
        g_autofree char *text = g_strdup_printf("%s%s%s [%s]", at ? at : "", at ? ": " : "",
                                                finding->message, finding->code);
        layout_words(&printer->layout, TINT_NONE, text,
                     6 + layout_width(severity_name(finding->severity)), CAUSE_INDENT);
    }
}

/* Distributions */

static char *change_text(const DiffDistribution *one)
{
    g_autofree char *before = diff_version_text(one, false);
    g_autofree char *after = diff_version_text(one, true);
    if (one->kind != DIFF_CHANGED)
        return g_strdup(one->after ? after : before);
    return g_strdup_printf("%s -> %s%s", before, after, one->older ? " (older)" : "");
}

static void put_distribution(Printer *printer, const DiffDistribution *one)
{
    Layout *layout = &printer->layout;
    g_autofree char *change = change_text(one);
    layout_printf(layout, kinds[one->kind].tint, "  %s ", kinds[one->kind].sign);
    layout_put(layout, one->asked ? TINT_STRONG : TINT_NONE, diff_name(one));
    layout_put(layout, TINT_NONE, " ");
    layout_put(layout, one->older ? TINT_NOTICE : TINT_NONE, change);
    unsigned column = 5 + layout_width(diff_name(one)) + layout_width(change);
    if (!one->cause) {
        g_string_append_c(layout->out, '\n');
        return;
    }
    if (column + 2 + layout_width(one->cause) <= layout->columns) {
        layout_put(layout, TINT_NONE, "  ");
        layout_words(layout, TINT_FAINT, one->cause, column + 2, CAUSE_INDENT);
        return;
    }
    layout_printf(layout, TINT_NONE, "\n%*s", CAUSE_INDENT, "");
    layout_words(layout, TINT_FAINT, one->cause, CAUSE_INDENT, CAUSE_INDENT);
}

/* What it brings along, as one paragraph. */
static void put_followers(Printer *printer, const DiffDistribution *owner)
{
    const GPtrArray *followers = owner->followers;
    if (!followers)
        return;
    g_autoptr(GString) text = g_string_new("with it:");
    for (guint i = 0; i < followers->len; i++) {
        const DiffDistribution *one = followers->pdata[i];
        g_autofree char *change = change_text(one);
        g_autofree char *whole =
            g_strdup_printf("%s%s%s %s", one->kind == DIFF_CHANGED ? "" : kinds[one->kind].sign,
                            one->kind == DIFF_CHANGED ? "" : " ", diff_name(one), change);
        g_auto(GStrv) words = g_strsplit(whole, " ", -1);
        g_autofree char *joined = g_strjoinv(LAYOUT_JOIN, words);
        g_string_append_printf(text, "%s %s", i ? "," : "", joined);
    }
    layout_printf(&printer->layout, TINT_NONE, "%*s", CAUSE_INDENT, "");
    layout_words(&printer->layout, TINT_NONE, text->str, CAUSE_INDENT, CAUSE_INDENT + 2);
    for (guint i = 0; i < followers->len; i++)
        put_followers(printer, followers->pdata[i]);
}

/* Whether it is told beside the one that brings it along: that one has a line of its own. */
static bool is_follower(const Printer *printer, const DiffDistribution *one)
{
    return one->owner && !one->asked && !printer->style->style.all;
}

static void put_distributions(Printer *printer)
{
    const GPtrArray *distributions = printer->diff->distributions;
    if (distributions->len == 0)
        return;
    g_autofree char *count = diff_count_text(printer->diff);
    g_autofree char *title = g_strdup_printf("distributions: %s", count);
    put_title(printer, title);
    for (guint i = 0; i < distributions->len && !printer->style->brief; i++) {
        const DiffDistribution *one = distributions->pdata[i];
        if (is_follower(printer, one))
            continue;
        put_distribution(printer, one);
        if (!printer->style->style.all)
            put_followers(printer, one);
    }
}

/* Stages */

static const char *status_text(const LockStage *stage)
{
    static const char *const texts[] = {"solved", "can't be satisfied", "not reached"};
    return texts[stage->status];
}

static void put_stage_lines(Printer *printer, const GPtrArray *lines, DiffKind kind)
{
    for (guint i = 0; i < lines->len; i++) {
        layout_printf(&printer->layout, kinds[kind].tint, "      %s ", kinds[kind].sign);
        layout_words(&printer->layout, TINT_NONE, lines->pdata[i], 8, 10);
    }
}

/* Why a stage can't be satisfied, and what would do. */
static void put_conflict(Printer *printer, const DiffSide *side, const LockStage *stage)
{
    if (!stage || !stage->conflict)
        return;
    const char *hint = error_hint(stage->conflict);
    g_autofree char *text = g_strdup_printf("%s: %s%s%s", side->label, stage->conflict->message,
                                            hint ? "; " : "", hint ? hint : "");
    layout_put(&printer->layout, TINT_NONE, "      ");
    layout_words(&printer->layout, TINT_BAD, text, 6, 10);
}

static void put_stage(Printer *printer, const DiffStage *stage)
{
    const LockStage *shown = stage->after ? stage->after : stage->before;
    layout_printf(&printer->layout, kinds[stage->kind].tint, "  %s ", kinds[stage->kind].sign);
    g_autoptr(GString) text = g_string_new(NULL);
    g_string_append_printf(text, "%s (%s, %s)", shown->name, shown->kind, shown->at);
    if (stage->moved)
        g_string_append(text, ", runs in another order");
    if (stage->before && stage->after && stage->before->status != stage->after->status)
        g_string_append_printf(text, ": %s -> %s", status_text(stage->before),
                               status_text(stage->after));
    layout_words(&printer->layout, TINT_NONE, text->str, 4, CAUSE_INDENT);
    put_conflict(printer, &printer->diff->a, stage->before);
    put_conflict(printer, &printer->diff->b, stage->after);
    put_stage_lines(printer, stage->removed, DIFF_REMOVED);
    put_stage_lines(printer, stage->added, DIFF_ADDED);
}

static void put_stages(Printer *printer)
{
    const GPtrArray *stages = printer->diff->stages;
    for (guint i = 0; i < stages->len; i++) {
        if (i == 0)
            put_title(printer, "stages");
        put_stage(printer, stages->pdata[i]);
    }
}

/* Sizes */

static void put_sizes(Printer *printer)
{
    const DiffSizes *sizes = &printer->diff->sizes;
    if (sizes->fresh + sizes->gone == 0)
        return;
    g_autofree char *fresh = layout_size(sizes->fresh_bytes);
    g_autofree char *gone = layout_size(sizes->gone_bytes);
    g_autofree char *shared = layout_size(sizes->shared_bytes);
    g_autofree char *text = g_strdup_printf(
        "wheels: %u new, %s%s to push and pull; %u shared, %s; %u gone, %s", sizes->fresh, fresh,
        sizes->unknown ? " or more" : "", sizes->shared, shared, sizes->gone, gone);
    g_string_append_c(printer->layout.out, '\n');
    layout_words(&printer->layout, TINT_NONE, text, 0, 4);
}

char *diff_format_text(const Diff *diff, const DiffStyle *style)
{
    Printer printer = {
        diff,
        style,
        {g_string_new(NULL), style->style.colour, MAX(style->style.columns, MIN_COLUMNS)}};
    g_autofree char *head = g_strdup_printf("%s -> %s", diff->a.label, diff->b.label);
    layout_words(&printer.layout, TINT_STRONG, head, 0, 4);
    if (diff_is_empty(diff)) {
        layout_words(&printer.layout, TINT_NONE, "no difference", 0, 0);
        return g_string_free(printer.layout.out, FALSE);
    }
    if (style->parts & DIFF_PART_FACTS)
        put_facts(&printer);
    if (style->parts & DIFF_PART_FINDINGS)
        put_findings(&printer);
    if (style->parts & DIFF_PART_PACKAGES)
        put_distributions(&printer);
    if (style->parts & DIFF_PART_STAGES && !style->brief)
        put_stages(&printer);
    if (style->parts & DIFF_PART_SIZES)
        put_sizes(&printer);
    if (diff->unsolved) {
        g_string_append_c(printer.layout.out, '\n');
        layout_words(&printer.layout, TINT_FAINT,
                     "what is installed was not compared: a stage can't be satisfied", 0, 4);
    }
    if (!diff->configured && style->parts == DIFF_PART_ALL) {
        g_string_append_c(printer.layout.out, '\n');
        layout_words(&printer.layout, TINT_FAINT,
                     "the configuration (environment, command, user) was not compared: only a "
                     "recipe or an image with its recipe tells it",
                     0, 4);
    }
    return g_string_free(printer.layout.out, FALSE);
}
