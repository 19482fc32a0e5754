/* For a comment on a pull request: what matters in sight, long lists folded. GitHub Flavored
 * Markdown Spec 0.29, §4.10 (tables); <details> is HTML that GitHub and GitLab both take. */
#include "diff/diff.h"
#include "diff/markdown.h"

enum {
    SHOWN_DISTRIBUTIONS = 25, /* further ones are folded */
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

static void append_findings(GString *out, const Diff *diff)
{
    for (guint i = 0; i < diff->findings->len; i++) {
        const DiffFinding *difference = diff->findings->pdata[i];
        const Finding *finding = difference->finding;
        g_string_append(out, i == 0 ? "\n" : "");
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
    g_string_append(out, " |\n");
}

/* In sight is what another change does not bring along. */
static bool is_shown(const DiffDistribution *one, guint place)
{
    return place < SHOWN_DISTRIBUTIONS && (one->asked || !one->owner);
}

static void append_distributions(GString *out, const Diff *diff, bool brief)
{
    static const char head[] = "\n| | before | after | because |\n|---|---|---|---|\n";
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

static void append_lines(GString *out, const GPtrArray *lines, const char *word)
{
    for (guint i = 0; i < lines->len; i++) {
        g_string_append_printf(out, "%s %s ", i ? "," : ";", word);
        markdown_append_code(out, lines->pdata[i]);
    }
}

static void append_stages(GString *out, const Diff *diff)
{
    for (guint i = 0; i < diff->stages->len; i++) {
        const DiffStage *stage = diff->stages->pdata[i];
        g_string_append_printf(out, "%s- stage ", i == 0 ? "\n" : "");
        markdown_append_code(out, (stage->after ? stage->after : stage->before)->name);
        g_string_append_printf(out, " %s", stage->moved ? "moved" : diff_kind_name(stage->kind));
        append_lines(out, stage->removed, "without");
        append_lines(out, stage->added, "with");
        g_string_append_c(out, '\n');
    }
}

static void append_sizes(GString *out, const Diff *diff)
{
    const DiffSizes *sizes = &diff->sizes;
    if (sizes->fresh + sizes->gone == 0)
        return;
    g_autofree char *fresh = layout_size(sizes->fresh_bytes);
    g_autofree char *gone = layout_size(sizes->gone_bytes);
    g_autofree char *shared = layout_size(sizes->shared_bytes);
    g_string_append_printf(out,
                           "\n**Wheels:** %u new (%s to push and pull), %u shared (%s), %u gone "
                           "(%s)\n",
                           sizes->fresh, fresh, sizes->shared, shared, sizes->gone, gone);
}

char *diff_format_markdown(const Diff *diff, const DiffStyle *style)
{
    GString *out = g_string_new("### ");
    markdown_append_code(out, diff->a.label);
    g_string_append(out, " → ");
    markdown_append_code(out, diff->b.label);
    g_string_append_c(out, '\n');
    if (diff_is_empty(diff))
        g_string_append(out, "\nNo difference.\n");
    if (style->parts & DIFF_PART_FACTS)
        append_facts(out, diff);
    if (style->parts & DIFF_PART_FINDINGS)
        append_findings(out, diff);
    if (style->parts & DIFF_PART_PACKAGES)
        append_distributions(out, diff, style->brief);
    if (style->parts & DIFF_PART_STAGES && !style->brief)
        append_stages(out, diff);
    if (style->parts & DIFF_PART_SIZES)
        append_sizes(out, diff);
    return g_string_free(out, FALSE);
}
