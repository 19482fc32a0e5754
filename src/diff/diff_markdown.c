/* For a comment on a pull request: what matters in sight, long lists folded. GitHub Flavored
 * Markdown Spec 0.29, §4.10 (tables); <details> is HTML that GitHub and GitLab both take. */
#include "diff/diff.h"
#include "diff/markdown.h"

enum {
    SHOWN_DISTRIBUTIONS = 25, /* further ones are folded */
    SHOWN_LINES = 10,         /* of any other list */
};

static void append_facts(GString *out, const Diff *diff)
{
    if (diff->facts->len == 0)
        return;
    g_string_append(out, "\n| | before | after |\n|---|---|---|\n");
    for (guint i = 0; i < diff->facts->len; i++) {
        const DiffFact *fact = diff->facts->pdata[i];
        const char *const texts[] = {fact->before, fact->after};
        g_string_append(out, "| ");
        markdown_append_text(out, fact->subject);
        for (size_t j = 0; j < G_N_ELEMENTS(texts); j++) {
            g_string_append(out, " | ");
            if (texts[j])
                markdown_append_code(out, texts[j]);
        }
        g_string_append(out, " |\n");
    }
}

/* A list of `count` lines begins, and ends: a long one is folded. */
static void begin_list(GString *out, guint count, const char *what)
{
    if (count > SHOWN_LINES)
        g_string_append_printf(out, "\n<details><summary>%u %s</summary>\n", count, what);
    g_string_append_c(out, '\n');
}

static void end_list(GString *out, guint count)
{
    if (count > SHOWN_LINES)
        g_string_append(out, "\n</details>\n");
}

static void append_findings(GString *out, const Diff *diff)
{
    if (diff->findings->len == 0)
        return;
    begin_list(out, diff->findings->len, "findings");
    for (guint i = 0; i < diff->findings->len; i++) {
        const DiffFinding *difference = diff->findings->pdata[i];
        const Finding *finding = difference->finding;
        g_string_append_printf(out, "- %s **%s** ", difference->gained ? "new" : "gone",
                               severity_name(finding->severity));
        markdown_append_code(out, finding->code);
        g_string_append(out, ": ");
        markdown_append_text(out, finding->message);
        if (finding->at) {
            g_string_append(out, " (");
            markdown_append_text(out, finding->at);
            g_string_append_c(out, ')');
        }
        g_string_append_c(out, '\n');
    }
    end_list(out, diff->findings->len);
}

static void append_conflict(GString *out, const DiffSide *side)
{
    const LockStage *stage = lock_target_failed(side->target);
    if (!stage)
        return;
    const char *hint = stage->conflict ? error_hint(stage->conflict) : NULL;
    g_string_append(out, "\n> ");
    markdown_append_code(out, side->label);
    g_string_append(out, ": ");
    markdown_append_text(out,
                         stage->conflict ? stage->conflict->message : "a stage can't be satisfied");
    if (hint) {
        g_string_append(out, "  \n> hint: ");
        markdown_append_text(out, hint);
    }
    g_string_append_c(out, '\n');
}

static void append_cell(GString *out, const char *text)
{
    g_string_append(out, " | ");
    if (text)
        markdown_append_code(out, text);
}

static void append_asked(GString *out, const char *lines, bool blocked, const DiffOffer *offer,
                         const LockDistribution *installed)
{
    g_autofree char *known = diff_asked_text(false, offer);
    g_autofree char *text = installed ? diff_installed_text(installed) : g_strdup(lines);
    append_cell(out, text);
    if (known)
        g_string_append_printf(out, " (%s)", known);
    g_string_append(out, blocked ? " **impossible**" : "");
}

static void append_requests(GString *out, const Diff *diff)
{
    const GPtrArray *requests = diff->requests;
    if (requests->len == 0)
        return;
    g_string_append(out, "\n**Asked for:**\n");
    begin_list(out, requests->len, "requirements");
    g_string_append(out, "| | before | after |\n|---|---|---|\n");
    for (guint i = 0; i < requests->len; i++) {
        const DiffRequest *request = requests->pdata[i];
        g_string_append(out, "| ");
        markdown_append_text(out, request->name);
        append_asked(out, request->before, request->blocked_before, request->offer_before,
                     request->installed_before);
        append_asked(out, request->after, request->blocked_after, request->offer_after,
                     request->installed_after);
        g_string_append(out, " |\n");
    }
    end_list(out, requests->len);
}

static void append_distribution(GString *out, const DiffDistribution *one)
{
    g_autofree char *before = diff_version_text(one, false);
    g_autofree char *after = diff_version_text(one, true);
    g_string_append(out, "| ");
    markdown_append_text(out, diff_name(one));
    g_string_append(out, " | ");
    markdown_append_text(out, before);
    g_string_append(out, " | ");
    markdown_append_text(out, after);
    g_string_append(out, one->older ? " (older) | " : " | ");
    markdown_append_text(out, one->cause ? one->cause : "");
    g_autofree char *file = diff_file_text(one, "→");
    g_string_append_printf(out, " | %s |\n", file);
}

/* In sight is what another change does not bring along. */
static bool is_shown(const DiffDistribution *one, guint place)
{
    return place < SHOWN_DISTRIBUTIONS && (one->asked || !one->owner);
}

static void append_distributions(GString *out, const Diff *diff, bool brief)
{
    static const char head[] = "\n| | before | after | because | file |\n|---|---|---|---|---|\n";
    const GPtrArray *all = diff->distributions;
    g_autoptr(GPtrArray) folded = g_ptr_array_new();
    g_autofree char *count = diff_count_text(diff);
    if (all->len == 0)
        return;
    g_string_append_printf(out, "\n**Distributions:** %s\n", count);
    guint shown = 0;
    for (guint i = 0; i < all->len; i++) {
        const DiffDistribution *one = all->pdata[i];
        if (brief || !is_shown(one, shown)) {
            g_ptr_array_add(folded, all->pdata[i]);
            continue;
        }
        g_string_append(out, shown++ == 0 ? head : "");
        append_distribution(out, one);
    }
    if (folded->len == 0)
        return;
    g_string_append_printf(out, "\n<details><summary>%u %s</summary>\n%s", folded->len,
                           shown ? "more" : "distributions", head);
    for (guint i = 0; i < folded->len; i++)
        append_distribution(out, folded->pdata[i]);
    g_string_append(out, "\n</details>\n");
}

static guint count_things(const Diff *diff, bool packages)
{
    guint count = 0;
    for (guint i = 0; i < diff->things->len; i++)
        count += diff_thing_is_package(diff->things->pdata[i]) == packages;
    return count;
}

static void append_things(GString *out, const Diff *diff, bool packages, bool brief)
{
    g_autofree char *text = diff_things_text(diff, packages);
    guint count = count_things(diff, packages);
    if (count == 0)
        return;
    g_string_append_printf(out, "\n**%s:** %s\n", packages ? "Debian packages" : "Contents", text);
    if (brief)
        return;
    begin_list(out, count, packages ? "packages" : "changes");
    g_string_append(out, "| | before | after |\n|---|---|---|\n");
    for (guint i = 0; i < diff->things->len; i++) {
        const DiffThing *thing = diff->things->pdata[i];
        if (diff_thing_is_package(thing) != packages)
            continue;
        g_string_append_printf(out, "| %s%s", packages ? "" : thing->what, packages ? "" : " ");
        markdown_append_text(out, thing->name);
        append_cell(out, thing->before);
        append_cell(out, thing->after);
        g_string_append(out, " |\n");
    }
    end_list(out, count);
}

static void append_lines(GString *out, const GPtrArray *lines, const char *word)
{
    for (guint i = 0; i < lines->len; i++) {
        g_string_append_printf(out, "%s %s ", i ? "," : ";", word);
        markdown_append_code(out, lines->pdata[i]);
    }
}

static void append_stages(GString *out, const Diff *diff)
{
    if (diff->stages->len == 0)
        return;
    begin_list(out, diff->stages->len, "stages");
    for (guint i = 0; i < diff->stages->len; i++) {
        const DiffStage *stage = diff->stages->pdata[i];
        g_string_append(out, "- stage ");
        markdown_append_code(out, (stage->after ? stage->after : stage->before)->name);
        g_string_append_printf(out, " %s", stage->moved ? "moved" : diff_kind_name(stage->kind));
        append_lines(out, stage->removed, "without");
        append_lines(out, stage->added, "with");
        g_string_append_c(out, '\n');
    }
    end_list(out, diff->stages->len);
}

static void append_layer_list(GString *out, const GPtrArray *layers, const char *word)
{
    for (guint i = 0; i < layers->len; i++) {
        const DiffLayer *layer = layers->pdata[i];
        g_autofree char *size = layer->size > 0 ? layout_size(layer->size) : g_strdup("");
        g_string_append_printf(out, "| %s | `%.19s` | %s | ", word, layer->digest, size);
        markdown_append_text(out, layer->made ? layer->made : "");
        g_string_append(out, " |\n");
    }
}

static void append_layers(GString *out, const Diff *diff, bool brief)
{
    const DiffLayers *layers = &diff->layers;
    guint count = layers->fresh->len + layers->gone->len;
    if (count == 0)
        return;
    g_autofree char *fresh = layout_size(layers->fresh_bytes);
    g_autofree char *gone = layout_size(layers->gone_bytes);
    g_autofree char *shared = layout_size(layers->shared_bytes);
    g_autofree char *before = layout_size(layers->shared_bytes + layers->gone_bytes);
    g_autofree char *after = layout_size(layers->shared_bytes + layers->fresh_bytes);
    g_string_append_printf(out,
                           "\n**Layers:** %u new (%s to push and pull), %u shared (%s), %u gone "
                           "(%s); the image has %s (before: %s)\n",
                           layers->fresh->len, fresh, layers->shared, shared, layers->gone->len,
                           gone, after, before);
    if (brief)
        return;
    begin_list(out, count, "layers");
    g_string_append(out, "| | layer | size | made |\n|---|---|---|---|\n");
    append_layer_list(out, layers->gone, "gone");
    append_layer_list(out, layers->fresh, "new");
    end_list(out, count);
}

static void append_sizes(GString *out, const Diff *diff)
{
    const DiffSizes *sizes = &diff->sizes;
    if (sizes->fresh + sizes->gone == 0)
        return;
    g_autofree char *fresh = layout_size(sizes->fresh_bytes);
    g_autofree char *gone = layout_size(sizes->gone_bytes);
    g_autofree char *shared = layout_size(sizes->shared_bytes);
    g_autofree char *before = layout_size(sizes->shared_bytes + sizes->gone_bytes);
    g_autofree char *after = layout_size(sizes->shared_bytes + sizes->fresh_bytes);
    g_string_append_printf(out,
                           "\n**Wheels:** %u new (%s%s%s), %u shared (%s), %u gone (%s); all of "
                           "them have %s (before: %s)\n",
                           sizes->fresh, fresh, sizes->unknown ? " or more" : "",
                           diff->layers.compared ? "" : " to push and pull", sizes->shared, shared,
                           sizes->gone, gone, after, before);
}

static void append_notes(GString *out, const Diff *diff)
{
    for (size_t i = 0; i < DIFF_NOTES; i++) {
        const char *note = diff_note(diff, i);
        if (!note)
            continue;
        g_string_append_printf(out, "\n*%s*\n", note);
    }
}

static void append_parts(GString *out, const Diff *diff, unsigned parts, bool brief)
{
    if (parts & DIFF_PART_FACTS)
        append_facts(out, diff);
    append_conflict(out, &diff->a);
    append_conflict(out, &diff->b);
    if (parts & DIFF_PART_FINDINGS)
        append_findings(out, diff);
    if (parts & DIFF_PART_PACKAGES) {
        append_requests(out, diff);
        append_distributions(out, diff, brief);
        append_things(out, diff, true, brief);
    }
    if (parts & DIFF_PART_CONTENTS)
        append_things(out, diff, false, brief);
    if (parts & DIFF_PART_STAGES && !brief)
        append_stages(out, diff);
    if (parts & DIFF_PART_LAYERS)
        append_layers(out, diff, brief);
    if (parts & DIFF_PART_SIZES)
        append_sizes(out, diff);
    if (parts == DIFF_PART_ALL)
        append_notes(out, diff);
}

char *diff_format_markdown(const Diff *diff, const DiffStyle *style)
{
    GString *out = g_string_new("### ");
    markdown_append_code(out, diff->a.label);
    g_string_append(out, " → ");
    markdown_append_code(out, diff->b.label);
    g_string_append_c(out, '\n');
    if (diff_part_is_empty(diff, style->parts))
        g_string_append(out, "\nNo difference.\n");
    if (!diff_is_empty(diff))
        append_parts(out, diff, style->parts, style->brief);
    return g_string_free(out, FALSE);
}
