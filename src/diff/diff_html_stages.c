#include "diff/diff_html_private.h"

#include "plan/page_timeline.h"

#include <string.h>

/* Stages */

static void write_lines(HtmlWriter *writer, const GPtrArray *lines, bool added)
{
    for (guint i = 0; i < lines->len; i++) {
        html_begin(writer, "li");
        page_mark(writer, added ? "added" : "removed");
        html_text(writer, " ");
        html_element(writer, "code", NULL, lines->pdata[i]);
        html_end(writer);
    }
}

static void write_places(HtmlWriter *writer, const DiffStage *stage)
{
    static const char *const texts[] = {"solved", "can't be satisfied", "not reached"};
    const LockStage *sides[] = {stage->before, stage->after};
    static const char *const words[] = {"before", "after"};
    for (size_t i = 0; i < G_N_ELEMENTS(sides); i++) {
        if (!sides[i])
            continue;
        html_text(writer, " ");
        html_begin_class(writer, "span", "at");
        html_printf(writer, "%s: %s, %s", words[i], sides[i]->at, texts[sides[i]->status]);
        html_end(writer);
    }
    if (stage->moved)
        html_element(writer, "span", "at", " runs in another order");
}

static void write_stage(HtmlWriter *writer, const DiffStage *stage)
{
    static const char *const classes[] = {"card well", "card careful", "card"};
    const LockStage *shown = stage->after ? stage->after : stage->before;
    html_begin_class(writer, "li", classes[stage->kind]);
    html_begin(writer, "h3");
    html_printf(writer, "%s ", shown->name);
    html_begin_class(writer, "span", "note");
    html_printf(writer, "(%s)", shown->kind);
    html_end(writer);
    html_end(writer);
    html_begin_class(writer, "div", "head");
    page_mark(writer, diff_kind_name(stage->kind));
    write_places(writer, stage);
    html_end(writer);
    if (stage->removed->len + stage->added->len > 0) {
        html_begin_class(writer, "ul", "lines-changed");
        write_lines(writer, stage->removed, false);
        write_lines(writer, stage->added, true);
        html_end(writer);
    }
    html_end(writer);
}

void diff_html_stages(HtmlWriter *writer, const Diff *diff, const PageSection *section)
{
    page_begin_section(writer, section);
    html_begin_class(writer, "ul", "cards");
    for (guint i = 0; i < diff->stages->len; i++)
        write_stage(writer, diff->stages->pdata[i]);
    html_end(writer);
    page_end_section(writer);
}

/* Timeline: the stages of both sides as one row of columns */

static bool find_name(const GPtrArray *names, const char *name, guint *ret_at)
{
    for (guint i = 0; i < names->len; i++) {
        if (g_str_equal(names->pdata[i], name)) {
            *ret_at = i;
            return true;
        }
    }
    return false;
}

static bool is_pip(const LockStage *stage)
{
    return stage->actions->len > 0;
}

/* A's stages in order, B's further ones behind the one that they follow. A stage that runs in
 * another order has the place of A. */
static GPtrArray *merge_names(const LockTarget *a, const LockTarget *b)
{
    GPtrArray *names = g_ptr_array_new();
    guint at = 0, place;
    for (guint i = 0; i < a->stages->len; i++) {
        if (is_pip(a->stages->pdata[i]))
            g_ptr_array_add(names, ((const LockStage *)a->stages->pdata[i])->name);
    }
    for (guint i = 0; i < b->stages->len; i++) {
        const LockStage *stage = b->stages->pdata[i];
        if (!is_pip(stage))
            continue;
        if (find_name(names, stage->name, &place))
            at = place + 1;
        else
            g_ptr_array_insert(names, (gint)at++, stage->name);
    }
    return names;
}

static guint *find_columns(const LockTarget *target, const GPtrArray *names)
{
    guint *columns = g_new0(guint, target->stages->len + 1);
    for (guint i = 0; i < target->stages->len; i++)
        find_name(names, ((const LockStage *)target->stages->pdata[i])->name, &columns[i]);
    return columns;
}

static int compare_name(const void *name, const void *element)
{
    return strcmp(name, (*(const TimelineLane *const *)element)->name);
}

static TimelineLane *find_lane(const GPtrArray *lanes, const char *name)
{
    if (lanes->len == 0)
        return NULL;
    TimelineLane **found =
        bsearch(name, lanes->pdata, lanes->len, sizeof(*lanes->pdata), compare_name);
    return found ? *found : NULL;
}

/* The lanes of what differs, in the order of the diff. */
static GPtrArray *pick_lanes(const Diff *diff, const GPtrArray *a, const GPtrArray *b)
{
    GPtrArray *picked = g_ptr_array_new();
    for (guint i = 0; i < diff->distributions->len; i++) {
        const char *name = diff_name(diff->distributions->pdata[i]);
        TimelineLane *lanes[] = {find_lane(a, name), find_lane(b, name)};
        for (size_t k = 0; k < G_N_ELEMENTS(lanes); k++) {
            if (lanes[k])
                g_ptr_array_add(picked, lanes[k]);
        }
    }
    return picked;
}

static void write_lanes(HtmlWriter *writer, const GPtrArray *names, const GPtrArray *lanes)
{
    static const char caption[] = "Versions of what differs, stage by stage, on both sides";
    enum {
        LANES_SHOWN = 24
    };
    if (lanes->len <= LANES_SHOWN + LANES_SHOWN / 2) {
        timeline_write(writer, caption, names, lanes);
        return;
    }
    g_autoptr(GPtrArray) first = g_ptr_array_new();
    g_autoptr(GPtrArray) rest = g_ptr_array_new();
    for (guint i = 0; i < lanes->len; i++) {
        const TimelineLane *lane = lanes->pdata[i];
        const TimelineLane *last = i > 0 ? lanes->pdata[i - 1] : NULL;
        bool pair = last && g_str_equal(last->name, lane->name); /* both sides stay together */
        bool fits = rest->len == 0 && (i < LANES_SHOWN || pair);
        g_ptr_array_add(fits ? first : rest, lanes->pdata[i]);
    }
    timeline_write(writer, caption, names, first);
    g_autofree char *summary = g_strdup_printf("%u more lanes", rest->len);
    page_begin_details(writer, summary);
    timeline_write(writer, "Versions, stage by stage: further ones", names, rest);
    page_end_details(writer);
}

void diff_html_timeline(HtmlWriter *writer, const Diff *diff, const PageSection *section)
{
    g_autoptr(GPtrArray) names = merge_names(diff->a.target, diff->b.target);
    g_autofree guint *columns_a = find_columns(diff->a.target, names);
    g_autofree guint *columns_b = find_columns(diff->b.target, names);
    g_autoptr(GPtrArray) a = timeline_lanes(diff->a.target, columns_a, "before");
    g_autoptr(GPtrArray) b = timeline_lanes(diff->b.target, columns_b, "after");
    g_autoptr(GPtrArray) lanes = pick_lanes(diff, a, b);
    page_begin_section(writer, section);
    html_element(writer, "p", NULL,
                 "Which stage installs what differs, and which changes it, on both sides.");
    write_lanes(writer, names, lanes);
    page_end_section(writer);
}
