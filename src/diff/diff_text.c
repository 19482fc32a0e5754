#include "diff/diff.h"

#include <string.h>

enum {
    MIN_COLUMNS = 40,
    CAUSE_INDENT = 6,
    MAX_SUBJECT = 24, /* of a fact that stands in a column */
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

static void put_fact(Printer *printer, const DiffFact *fact, unsigned width)
{
    Layout *layout = &printer->layout;
    g_autofree char *text =
        g_strdup_printf("%s -> %s", or_none(fact->before), or_none(fact->after));
    layout_put(layout, TINT_NONE, "  ");
    if (layout_width(fact->subject) > width) {
        g_autofree char *whole = g_strdup_printf("%s: %s", fact->subject, text);
        layout_words(layout, TINT_NOTICE, whole, 2, CAUSE_INDENT);
        return;
    }
    layout_pad(layout, TINT_NONE, fact->subject, width, false);
    layout_put(layout, TINT_NONE, "  ");
    layout_words(layout, TINT_NOTICE, text, width + 4, width + 6);
}

static void put_facts(Printer *printer)
{
    const GPtrArray *facts = printer->diff->facts;
    unsigned width = 0;
    for (guint i = 0; i < facts->len; i++) {
        unsigned own = layout_width(((const DiffFact *)facts->pdata[i])->subject);
        width = own <= MAX_SUBJECT ? MAX(width, own) : width;
    }
    for (guint i = 0; i < facts->len; i++) {
        g_string_append(printer->layout.out, i == 0 ? "\n" : "");
        put_fact(printer, facts->pdata[i], width);
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
        const char *at = finding->at;
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

/* With -a, the files too. */
static char *told_text(const Printer *printer, const DiffDistribution *one)
{
    char *change = change_text(one);
    g_autofree char *file = printer->style->style.all ? diff_file_text(one, "->") : g_strdup("");
    if (!*file)
        return change;
    g_autofree char *plain = change;
    return g_strdup_printf("%s, %s", plain, file);
}

static void put_distribution(Printer *printer, const DiffDistribution *one)
{
    Layout *layout = &printer->layout;
    g_autofree char *change = told_text(printer, one);
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

/* What can't be installed */

/* Why a stage can't be satisfied, and what would do. */
static void put_conflict(Printer *printer, const DiffSide *side)
{
    const LockStage *stage = lock_target_failed(side->target);
    if (!stage)
        return;
    const char *hint = stage->conflict ? error_hint(stage->conflict) : NULL;
    g_autofree char *text =
        g_strdup_printf("%s: %s", side->label,
                        stage->conflict ? stage->conflict->message : "a stage can't be satisfied");
    g_string_append_c(printer->layout.out, '\n');
    layout_words(&printer->layout, TINT_BAD, text, 0, 4);
    if (!hint)
        return;
    g_autofree char *told = g_strdup_printf("hint: %s", hint);
    layout_put(&printer->layout, TINT_NONE, "    ");
    layout_words(&printer->layout, TINT_NONE, told, 4, 6);
}

/* "==2.8.0 (wheel, 888.1 MB)" of torch, "2.3.1+cu121 (wheel, 779.2 MB)". */
static char *asked_text(const char *name, const char *lines, bool blocked, const DiffOffer *offer,
                        const LockDistribution *installed)
{
    if (installed)
        return diff_installed_text(installed);
    if (!lines)
        return g_strdup(or_none(NULL));
    bool one = g_str_has_prefix(lines, name) && !strstr(lines, ", ");
    const char *shown = one ? lines + strlen(name) : lines;
    g_autofree char *known = diff_asked_text(blocked, offer);
    return g_strdup_printf("%s%s%s%s", *shown ? shown : "any version", known ? " (" : "",
                           known ? known : "", known ? ")" : "");
}

static void put_request(Printer *printer, const DiffRequest *request, unsigned width)
{
    Layout *layout = &printer->layout;
    bool blocked = request->blocked_before || request->blocked_after;
    bool has_before = request->before || request->installed_before;
    bool has_after = request->after || request->installed_after;
    DiffKind kind = !has_before ? DIFF_ADDED : !has_after ? DIFF_REMOVED : DIFF_CHANGED;
    layout_printf(layout, blocked ? TINT_BAD : kinds[kind].tint, "  %s ",
                  blocked ? "!" : kinds[kind].sign);
    g_autofree char *before = asked_text(request->name, request->before, request->blocked_before,
                                         request->offer_before, request->installed_before);
    g_autofree char *after = asked_text(request->name, request->after, request->blocked_after,
                                        request->offer_after, request->installed_after);
    g_autofree char *text = g_strdup_printf("%s -> %s", before, after);
    layout_pad(layout, TINT_NONE, request->name, width, false);
    layout_put(layout, TINT_NONE, "  ");
    layout_words(layout, TINT_NONE, text, width + 6, width + 8);
}

static void put_requests(Printer *printer)
{
    const GPtrArray *requests = printer->diff->requests;
    unsigned width = 0;
    for (guint i = 0; i < requests->len; i++)
        width = MAX(width, layout_width(((const DiffRequest *)requests->pdata[i])->name));
    width = MIN(width, 24);
    for (guint i = 0; i < requests->len; i++) {
        if (i == 0)
            put_title(printer, "what is asked for, and what is installed where that can be");
        if (!printer->style->brief)
            put_request(printer, requests->pdata[i], width);
    }
}

/* Debian packages, files and the like */

static void put_thing(Printer *printer, const DiffThing *thing)
{
    Layout *layout = &printer->layout;
    g_autoptr(GString) text = g_string_new(NULL);
    if (!g_str_equal(thing->what, "debian"))
        g_string_append_printf(text, "%s ", thing->what);
    g_string_append_printf(text, "%s ", thing->name);
    if (thing->kind == DIFF_CHANGED)
        g_string_append_printf(text, "%s -> %s", thing->before, thing->after);
    else if (!g_str_equal(thing->what, "remove"))
        g_string_append(text, thing->after ? thing->after : thing->before);
    layout_printf(layout, kinds[thing->kind].tint, "  %s ", kinds[thing->kind].sign);
    layout_words(layout, TINT_NONE, text->str, 4, CAUSE_INDENT);
}

static void put_things(Printer *printer, bool packages)
{
    const GPtrArray *things = printer->diff->things;
    g_autofree char *count = diff_things_text(printer->diff, packages);
    if (!*count)
        return;
    g_autofree char *title =
        g_strdup_printf("%s: %s", packages ? "Debian packages" : "contents", count);
    put_title(printer, title);
    for (guint i = 0; i < things->len && !printer->style->brief; i++) {
        if (diff_thing_is_package(things->pdata[i]) == packages)
            put_thing(printer, things->pdata[i]);
    }
}

/* Layers and sizes */

static void put_layer_list(Printer *printer, const GPtrArray *layers, DiffKind kind)
{
    Layout *layout = &printer->layout;
    for (guint i = 0; i < layers->len; i++) {
        const DiffLayer *layer = layers->pdata[i];
        g_autofree char *size = layer->size > 0 ? layout_size(layer->size) : g_strdup("");
        layout_printf(layout, kinds[kind].tint, "  %s ", kinds[kind].sign);
        g_autofree char *head = g_strdup_printf("%.19s  ", layer->digest);
        layout_put(layout, TINT_NONE, head);
        layout_pad(layout, TINT_NONE, size, 8, true);
        layout_put(layout, TINT_NONE, "  ");
        layout_rest(layout, TINT_FAINT, layer->made ? layer->made : "", 35);
    }
}

static void put_layers(Printer *printer)
{
    const DiffLayers *layers = &printer->diff->layers;
    if (layers->fresh->len + layers->gone->len == 0)
        return;
    g_autofree char *fresh = layout_size(layers->fresh_bytes);
    g_autofree char *gone = layout_size(layers->gone_bytes);
    g_autofree char *shared = layout_size(layers->shared_bytes);
    g_autofree char *before = layout_size(layers->shared_bytes + layers->gone_bytes);
    g_autofree char *after = layout_size(layers->shared_bytes + layers->fresh_bytes);
    g_autofree char *text = g_strdup_printf("layers: %u new, %s to push and pull; %u shared, %s; "
                                            "%u gone, %s; the image has %s (before: "
                                            "%s)",
                                            layers->fresh->len, fresh, layers->shared, shared,
                                            layers->gone->len, gone, after, before);
    g_string_append_c(printer->layout.out, '\n');
    layout_words(&printer->layout, TINT_STRONG, text, 0, 4);
    if (printer->style->brief)
        return;
    put_layer_list(printer, layers->gone, DIFF_REMOVED);
    put_layer_list(printer, layers->fresh, DIFF_ADDED);
}

static void put_sizes(Printer *printer)
{
    const DiffSizes *sizes = &printer->diff->sizes;
    if (sizes->fresh + sizes->gone == 0)
        return;
    g_autofree char *fresh = layout_size(sizes->fresh_bytes);
    g_autofree char *gone = layout_size(sizes->gone_bytes);
    g_autofree char *shared = layout_size(sizes->shared_bytes);
    g_autofree char *before = layout_size(sizes->shared_bytes + sizes->gone_bytes);
    g_autofree char *after = layout_size(sizes->shared_bytes + sizes->fresh_bytes);
    g_autofree char *text = g_strdup_printf(
        "wheels: %u new, %s%s%s; %u shared, %s; %u gone, %s; all of them have %s (before: %s)",
        sizes->fresh, fresh, sizes->unknown ? " or more" : "",
        printer->diff->layers.compared ? "" : " to push and pull", sizes->shared, shared,
        sizes->gone, gone, after, before);
    g_string_append_c(printer->layout.out, '\n');
    layout_words(&printer->layout, TINT_NONE, text, 0, 4);
}

/* What was not compared */

static void put_note(Printer *printer, const char *note)
{
    g_string_append_c(printer->layout.out, '\n');
    layout_words(&printer->layout, TINT_FAINT, note, 0, 4);
}

static void put_notes(Printer *printer)
{
    for (size_t i = 0; i < DIFF_NOTES; i++) {
        const char *note = diff_note(printer->diff, i);
        if (note)
            put_note(printer, note);
    }
}

static void put_parts(Printer *printer, unsigned parts)
{
    if (parts & DIFF_PART_FACTS)
        put_facts(printer);
    if (printer->diff->unsolved) {
        put_conflict(printer, &printer->diff->a);
        put_conflict(printer, &printer->diff->b);
    }
    if (parts & DIFF_PART_FINDINGS)
        put_findings(printer);
    if (parts & DIFF_PART_PACKAGES) {
        put_requests(printer);
        put_distributions(printer);
        put_things(printer, true);
    }
    if (parts & DIFF_PART_CONTENTS)
        put_things(printer, false);
    if (parts & DIFF_PART_STAGES && !printer->style->brief)
        put_stages(printer);
    if (parts & DIFF_PART_LAYERS)
        put_layers(printer);
    if (parts & DIFF_PART_SIZES)
        put_sizes(printer);
    if (parts == DIFF_PART_ALL)
        put_notes(printer);
}

char *diff_format_text(const Diff *diff, const DiffStyle *style)
{
    Printer printer = {
        diff,
        style,
        {g_string_new(NULL), style->style.colour, MAX(style->style.columns, MIN_COLUMNS)}};
    g_autofree char *head = g_strdup_printf("%s -> %s", diff->a.label, diff->b.label);
    layout_words(&printer.layout, TINT_STRONG, head, 0, 4);
    if (diff_part_is_empty(diff, style->parts))
        layout_words(&printer.layout, TINT_NONE, "no difference", 0, 0);
    if (!diff_is_empty(diff))
        put_parts(&printer, style->parts);
    return g_string_free(printer.layout.out, FALSE);
}
