#include "diff/diff_html_private.h"

#include "plan/page_findings.h"

/* Head */

static void write_title(HtmlWriter *writer, const Diff *diff)
{
    html_begin(writer, "h1");
    html_text(writer, diff->a.label);
    html_text(writer, " ");
    html_element(writer, "span", "to", "\342\206\222");
    html_text(writer, " ");
    html_text(writer, diff->b.label);
    html_end(writer);
}

static void write_side(HtmlWriter *writer, const char *word, const LockTarget *target)
{
    html_printf(writer, "%s: %s", word, target->platform);
    if (target->row)
        html_printf(writer, ", row %s", target->row);
    if (!lock_target_is_solved(target))
        html_text(writer, ", can't be satisfied");
}

static void write_about(HtmlWriter *writer, const Diff *diff)
{
    html_begin_class(writer, "p", "about");
    write_side(writer, "before", diff->a.target);
    html_text(writer, " \302\267 ");
    write_side(writer, "after", diff->b.target);
    html_end(writer);
}

static void put_count(HtmlWriter *writer, const char *label, guint count)
{
    g_autofree char *text = g_strdup_printf("%u", count);
    page_figure(writer, label, text, NULL);
}

static void put_finding_figure(HtmlWriter *writer, const GPtrArray *findings)
{
    guint gained = 0;
    for (guint i = 0; i < findings->len; i++)
        gained += ((const DiffFinding *)findings->pdata[i])->gained;
    guint lost = findings->len - gained;
    g_autofree char *more = g_strdup_printf("%u gained", gained);
    g_autofree char *less = g_strdup_printf("%u gone", lost);
    if (findings->len > 0)
        page_figure(writer, "Findings", gained ? more : less, gained && lost ? less : NULL);
}

/* What matters most of what the sides are for. */
static bool is_figure(const DiffFact *fact)
{
    return fact->topic == DIFF_TOPIC_CUDA || g_str_equal(fact->subject, "python") ||
           g_str_equal(fact->subject, "platform");
}

static void put_fact_figures(HtmlWriter *writer, const GPtrArray *facts)
{
    for (guint i = 0; i < facts->len; i++) {
        const DiffFact *fact = facts->pdata[i];
        g_autofree char *was = g_strdup_printf("was %s", fact->before ? fact->before : "none");
        if (is_figure(fact))
            page_figure(writer, fact->subject, fact->after ? fact->after : "none", was);
    }
}

static bool has_figures(const Diff *diff)
{
    const DiffLayers *layers = &diff->layers;
    bool any =
        diff->distributions->len + diff->findings->len + layers->fresh->len + layers->gone->len > 0;
    for (guint i = 0; i < diff->facts->len; i++)
        any = any || is_figure(diff->facts->pdata[i]);
    return any;
}

static void put_size_figures(HtmlWriter *writer, const DiffSizes *sizes)
{
    if (sizes->fresh + sizes->gone == 0)
        return;
    g_autofree char *fresh = layout_size(sizes->fresh_bytes);
    g_autofree char *before = layout_size(sizes->shared_bytes + sizes->gone_bytes);
    g_autofree char *after = layout_size(sizes->shared_bytes + sizes->fresh_bytes);
    g_autofree char *was = g_strdup_printf("was %s", before);
    page_figure(writer, "New, to push and pull", fresh, sizes->unknown ? "or more" : NULL);
    page_figure(writer, "Wheels in total", after, was);
}

static void put_layer_figures(HtmlWriter *writer, const DiffLayers *layers)
{
    if (layers->fresh->len + layers->gone->len == 0)
        return;
    g_autofree char *fresh = layout_size(layers->fresh_bytes);
    g_autofree char *count = g_strdup_printf("in %u layers", layers->fresh->len);
    g_autofree char *before = layout_size(layers->shared_bytes + layers->gone_bytes);
    g_autofree char *after = layout_size(layers->shared_bytes + layers->fresh_bytes);
    g_autofree char *was = g_strdup_printf("was %s", before);
    page_figure(writer, "New, to push and pull", fresh, layers->fresh->len > 1 ? count : NULL);
    page_figure(writer, "The image in total", after, was);
}

static void write_figures(HtmlWriter *writer, const Diff *diff)
{
    guint counts[3] = {0};
    for (guint i = 0; i < diff->distributions->len; i++)
        counts[((const DiffDistribution *)diff->distributions->pdata[i])->kind]++;
    page_begin_figures(writer);
    put_fact_figures(writer, diff->facts);
    if (diff->distributions->len > 0) {
        put_count(writer, "Changed", counts[DIFF_CHANGED]);
        put_count(writer, "Added", counts[DIFF_ADDED]);
        put_count(writer, "Removed", counts[DIFF_REMOVED]);
    }
    put_finding_figure(writer, diff->findings);
    put_layer_figures(writer, &diff->layers);
    if (!diff->layers.compared)
        put_size_figures(writer, &diff->sizes);
    page_end_figures(writer);
}

static void write_notice(HtmlWriter *writer, const Diff *diff)
{
    if (diff_is_empty(diff))
        html_element(writer, "p", "alert add", "= No difference.");
    if (diff->unsolved)
        html_element(
            writer, "p", "alert gone",
            "\342\234\225 A stage can't be satisfied: what is installed was not compared.");
}

/* Facts */

static void write_fact(PageTable *table, const DiffFact *fact)
{
    page_row_begin(table);
    page_head_begin(table);
    html_text(table->writer, fact->subject);
    html_end(table->writer);
    page_cell_begin(table, fact->before ? "version" : "note");
    html_element(table->writer, fact->before ? "del" : "span", NULL,
                 fact->before ? fact->before : "(none)");
    html_end(table->writer);
    page_cell_begin(table, fact->after ? "version" : "note");
    html_element(table->writer, fact->after ? "ins" : "span", NULL,
                 fact->after ? fact->after : "(none)");
    html_end(table->writer);
    page_row_end(table);
}

static void write_facts(HtmlWriter *writer, const Diff *diff, const PageSection *section)
{
    static const char *const columns[] = {"What", "Before", "After", NULL};
    page_begin_section(writer, section);
    PageTable table = page_table_begin(writer, "cellular thirds", section->title, columns);
    for (guint i = 0; i < diff->facts->len; i++)
        write_fact(&table, diff->facts->pdata[i]);
    page_table_end(&table);
    page_end_section(writer);
}

/* Findings */

static void write_findings(HtmlWriter *writer, const Diff *diff, const PageSection *section)
{
    g_autoptr(GArray) shown = g_array_new(FALSE, FALSE, sizeof(PageFinding));
    page_begin_section(writer, section);
    html_begin_class(writer, "ul", "cards");
    for (guint i = 0; i < diff->findings->len; i++) {
        const DiffFinding *difference = diff->findings->pdata[i];
        PageFinding finding = {difference->finding, NULL, difference->gained ? "gained" : "lost",
                               NULL, difference->finding->at};
        g_array_append_val(shown, finding);
        page_finding_write(writer, &finding);
    }
    html_end(writer);
    page_codes_write(writer, shown);
    page_end_section(writer);
}

/* All of it */

typedef enum {
    PART_PROBLEMS,
    PART_FACTS,
    PART_GPUS,
    PART_FINDINGS,
    PART_DISTRIBUTIONS,
    PART_DEBIAN,
    PART_CONTENTS,
    PART_STAGES,
    PART_TIMELINE,
    PART_LAYERS,
    PART_SIZES,
    PARTS,
} Part;

static const PageSection parts[] = {
    [PART_PROBLEMS] = {"problems", "What can't be installed"},
    [PART_FACTS] = {"facts", "Facts"},
    [PART_GPUS] = {"gpus", "GPUs"},
    [PART_FINDINGS] = {"findings", "Findings"},
    [PART_DISTRIBUTIONS] = {"distributions", "Distributions"},
    [PART_DEBIAN] = {"debian", "Debian packages"},
    [PART_CONTENTS] = {"contents", "Contents"},
    [PART_STAGES] = {"stages", "Stages"},
    [PART_TIMELINE] = {"timeline", "Timeline"},
    [PART_LAYERS] = {"layers", "Layers"},
    [PART_SIZES] = {"sizes", "Wheels by size"},
};

static bool has_things(const Diff *diff, bool packages)
{
    g_autofree char *count = diff_things_text(diff, packages);
    return *count != 0;
}

static bool has_anything(const Diff *diff, Part part)
{
    switch (part) {
    case PART_PROBLEMS:
        return diff->unsolved;
    case PART_FACTS:
        return diff->facts->len > 0;
    case PART_GPUS:
        return diff->gpus->len > 0;
    case PART_FINDINGS:
        return diff->findings->len > 0;
    case PART_DISTRIBUTIONS:
        return diff->distributions->len > 0;
    case PART_TIMELINE:
        return diff->distributions->len > 0 && !diff->a.flat && !diff->b.flat;
    case PART_DEBIAN:
    case PART_CONTENTS:
        return has_things(diff, part == PART_DEBIAN);
    case PART_STAGES:
        return diff->stages->len > 0;
    case PART_LAYERS:
        return diff->layers.fresh->len + diff->layers.gone->len > 0;
    case PART_SIZES:
        return diff->sizes.fresh + diff->sizes.gone > 0;
    case PARTS:
    default:
        return false;
    }
}

static bool has_part(const Diff *diff, const DiffStyle *style, Part part)
{
    static const unsigned wanted[] = {
        [PART_PROBLEMS] = DIFF_PART_PACKAGES,
        [PART_FACTS] = DIFF_PART_FACTS,
        [PART_GPUS] = DIFF_PART_FACTS,
        [PART_FINDINGS] = DIFF_PART_FINDINGS,
        [PART_DISTRIBUTIONS] = DIFF_PART_PACKAGES,
        [PART_DEBIAN] = DIFF_PART_PACKAGES,
        [PART_CONTENTS] = DIFF_PART_CONTENTS,
        [PART_STAGES] = DIFF_PART_STAGES,
        [PART_TIMELINE] = DIFF_PART_PACKAGES,
        [PART_LAYERS] = DIFF_PART_LAYERS,
        [PART_SIZES] = DIFF_PART_SIZES,
    };
    bool single = part == PART_STAGES || part == PART_TIMELINE;
    return style->parts & wanted[part] && !(single && style->brief) && has_anything(diff, part);
}

static void write_part(HtmlWriter *writer, const Diff *diff, const DiffStyle *style, Part part)
{
    const PageSection *section = &parts[part];
    switch (part) {
    case PART_PROBLEMS:
        diff_html_problems(writer, diff, section);
        break;
    case PART_GPUS:
        diff_html_gpus(writer, diff, section);
        break;
    case PART_DEBIAN:
    case PART_CONTENTS:
        diff_html_things(writer, diff, section, part == PART_DEBIAN, style->brief);
        break;
    case PART_LAYERS:
        diff_html_layers(writer, diff, section, style->brief);
        break;
    case PART_FACTS:
        write_facts(writer, diff, section);
        break;
    case PART_FINDINGS:
        write_findings(writer, diff, section);
        break;
    case PART_DISTRIBUTIONS:
        diff_html_distributions(writer, diff, section, style->brief);
        break;
    case PART_STAGES:
        diff_html_stages(writer, diff, section);
        break;
    case PART_TIMELINE:
        diff_html_timeline(writer, diff, section);
        break;
    case PART_SIZES:
        diff_html_sizes(writer, diff, section, style->brief);
        break;
    case PARTS:
    default:
        break;
    }
}

static void write_note(HtmlWriter *writer, const char *note)
{
    html_begin_class(writer, "p", "note");
    html_text(writer, "Note: ");
    page_prose(writer, note);
    html_text(writer, ".");
    html_end(writer);
}

char *diff_format_html(const Diff *diff, const DiffStyle *style)
{
    g_autofree char *title =
        g_strdup_printf("%s \342\206\222 %s \302\267 diff", diff->a.label, diff->b.label);
    HtmlWriter *writer = page_new("diff", title);
    write_title(writer, diff);
    write_about(writer, diff);
    if (has_figures(diff))
        write_figures(writer, diff);
    write_notice(writer, diff);
    g_autoptr(GArray) sections = g_array_new(FALSE, FALSE, sizeof(PageSection));
    for (Part part = 0; part < PARTS; part++) {
        if (has_part(diff, style, part))
            g_array_append_val(sections, parts[part]);
    }
    page_begin_main(writer, sections);
    for (Part part = 0; part < PARTS; part++) {
        if (has_part(diff, style, part))
            write_part(writer, diff, style, part);
    }
    for (size_t i = 0; i < DIFF_NOTES && style->parts == DIFF_PART_ALL; i++) {
        bool told = i == 0 && diff->unsolved; /* at the top of the page */
        if (diff_note(diff, i) && !told)
            write_note(writer, diff_note(diff, i));
    }
    return page_finish(writer, "ramekin.diff/1");
}
