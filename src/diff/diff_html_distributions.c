#include "diff/diff_html_private.h"

#include <string.h>

enum {
    ROWS_SHOWN = 20, /* of a group; further ones are folded */
};

static const struct {
    const char *title;
    DiffKind kind;
    bool flavour, asked, came; /* which of the changed ones */
} groups[] = {
    {"Another flavour", DIFF_CHANGED, true, false, false},
    {"Changed where a line names them", DIFF_CHANGED, false, true, false},
    {"Changed along with others", DIFF_CHANGED, false, false, true},
    {"Added", DIFF_ADDED, false, false, false},
    {"Removed", DIFF_REMOVED, false, false, false},
};

static bool belongs(const DiffDistribution *one, size_t group)
{
    if (one->kind != groups[group].kind)
        return false;
    if (one->kind != DIFF_CHANGED)
        return true;
    bool flavour = one->distance == DIFF_FLAVOUR;
    return groups[group].flavour ? flavour : !flavour && groups[group].asked == one->asked;
}

/* What the versions do not say; NULL: they say it all. */
static const char *distance_text(const DiffDistribution *one)
{
    static const char *const texts[] = {
        [DIFF_FLAVOUR] = "another flavour",
        [DIFF_ORIGIN] = "another source",
        [DIFF_FILE] = "another file",
    };
    bool told = one->kind == DIFF_CHANGED && one->distance < G_N_ELEMENTS(texts);
    return told ? texts[one->distance] : NULL;
}

static const char *change_mark(const DiffDistribution *one)
{
    if (one->kind != DIFF_CHANGED)
        return diff_kind_name(one->kind);
    bool same = g_str_equal(one->before->version, one->after->version);
    return same ? "changed" : one->older ? "older" : "newer";
}

static void write_name(PageTable *table, const DiffDistribution *one)
{
    page_head_begin(table);
    html_text(table->writer, diff_name(one));
    if (one->asked) {
        html_text(table->writer, " ");
        html_element(table->writer, "span", "asked", "asked for");
    }
    html_end(table->writer);
}

static void write_change(PageTable *table, const DiffDistribution *one)
{
    page_cell_begin(table, "change");
    page_mark(table->writer, change_mark(one));
    if (distance_text(one)) {
        html_text(table->writer, " ");
        html_element(table->writer, "span", "step-size", distance_text(one));
    }
    html_end(table->writer);
}

/* Where two versions part: behind the last dot or plus that they share. */
static size_t shared_length(const char *a, const char *b)
{
    size_t shared = 0;
    for (size_t i = 0; a[i] && a[i] == b[i]; i++)
        shared = strchr(".+!", a[i]) ? i + 1 : shared;
    return shared;
}

static void write_after(HtmlWriter *writer, const char *before, const char *after)
{
    size_t shared = shared_length(before, after);
    html_begin(writer, "ins");
    html_printf(writer, "%.*s", (int)shared, after);
    html_element(writer, "b", NULL, after + shared);
    html_end(writer);
}

static void write_versions(PageTable *table, const DiffDistribution *one)
{
    g_autofree char *before = diff_version_text(one, false);
    g_autofree char *after = diff_version_text(one, true);
    page_cell_begin(table, "version");
    if (*before)
        html_element(table->writer, "del", NULL, before);
    if (*before && *after)
        html_text(table->writer, " \342\206\222 ");
    if (*after)
        write_after(table->writer, before, after);
    html_end(table->writer);
}

/* "torch 2.7.1 requires it" names already what brings it along. */
static void write_cause(PageTable *table, const DiffDistribution *one)
{
    page_cell_begin(table, "because");
    html_text(table->writer, one->cause);
    if (one->owner && (!one->cause || !strstr(one->cause, one->owner)))
        html_printf(table->writer, "%swith %s", one->cause ? "; " : "", one->owner);
    html_end(table->writer);
}

static void write_row(PageTable *table, const DiffDistribution *one)
{
    page_row_begin(table);
    write_name(table, one);
    write_change(table, one);
    write_versions(table, one);
    write_cause(table, one);
    page_row_end(table);
}

static void write_rows(HtmlWriter *writer, const GPtrArray *rows, guint first, guint end,
                       const char *caption)
{
    static const char *const columns[] = {"Distribution", "Change", "Version", "Because", NULL};
    PageTable table = page_table_begin(writer, "cellular actions changes", caption, columns);
    for (guint i = first; i < end; i++)
        write_row(&table, rows->pdata[i]);
    page_table_end(&table);
}

static void write_group(HtmlWriter *writer, const Diff *diff, size_t group)
{
    g_autoptr(GPtrArray) rows = g_ptr_array_new();
    for (guint i = 0; i < diff->distributions->len; i++) {
        if (belongs(diff->distributions->pdata[i], group))
            g_ptr_array_add(rows, diff->distributions->pdata[i]);
    }
    if (rows->len == 0)
        return;
    const char *title = groups[group].title;
    html_begin(writer, "h3");
    html_printf(writer, "%s ", title);
    g_autofree char *count = g_strdup_printf("%u", rows->len);
    html_element(writer, "span", "note", count);
    html_end(writer);
    guint shown = rows->len > ROWS_SHOWN + ROWS_SHOWN / 2 ? ROWS_SHOWN : rows->len;
    write_rows(writer, rows, 0, shown, title);
    if (shown == rows->len)
        return;
    g_autofree char *summary = g_strdup_printf("%u more", rows->len - shown);
    g_autofree char *caption = g_strdup_printf("%s, further ones", title);
    html_begin_class(writer, "details", "rest");
    html_element(writer, "summary", NULL, summary);
    write_rows(writer, rows, shown, rows->len, caption);
    page_end_details(writer);
}

/* Files */

static void write_file(PageTable *table, const DiffDistribution *one, bool after)
{
    const LockDistribution *side = after ? one->after : one->before;
    if (!side)
        return;
    const LockFile *file = side->file;
    page_row_begin(table);
    page_head_begin(table);
    html_printf(table->writer, "%s %s", diff_name(one), side->version);
    html_end(table->writer);
    page_cell(table, NULL, after ? "after" : "before");
    page_cell(table, NULL, side->stage ? side->stage : "the base");
    page_cell_begin(table, "path");
    html_text(table->writer, file ? file->file : NULL);
    html_end(table->writer);
    page_cell_begin(table, "path");
    if (file)
        html_printf(table->writer, "%s %s", lock_source_name(file->source),
                    file->source_name ? file->source_name : "");
    html_end(table->writer);
    g_autofree char *size = file && file->size ? layout_size(file->size) : NULL;
    page_cell(table, "number", size);
    page_cell(table, "digest", file ? file->sha256 : NULL);
    page_row_end(table);
}

static void write_files(HtmlWriter *writer, const Diff *diff)
{
    static const char *const columns[] = {"Distribution", "Side",  "Stage",  "File",
                                          "From",         "#Size", "sha256", NULL};
    page_begin_details(writer, "Stages, files and digests of all of these");
    PageTable table =
        page_table_begin(writer, "cellular", "Files of what differs, on both sides", columns);
    for (guint i = 0; i < diff->distributions->len; i++) {
        write_file(&table, diff->distributions->pdata[i], false);
        write_file(&table, diff->distributions->pdata[i], true);
    }
    page_table_end(&table);
    page_end_details(writer);
}

void diff_html_distributions(HtmlWriter *writer, const Diff *diff, const PageSection *section,
                             bool brief)
{
    g_autofree char *count = diff_count_text(diff);
    page_begin_section(writer, section);
    html_element(writer, "p", "note", count);
    for (size_t i = 0; i < G_N_ELEMENTS(groups) && !brief; i++)
        write_group(writer, diff, i);
    if (!brief)
        write_files(writer, diff);
    page_end_section(writer);
}
