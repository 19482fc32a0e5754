#include "plan/page_timeline.h"

#include "plan/page.h"

#include <string.h>

void timeline_lane_free(gpointer data)
{
    TimelineLane *lane = data;
    g_array_unref(lane->steps);
    g_free(lane);
}

/* Lanes */

static int compare_lanes(const void *a, const void *b)
{
    return strcmp((*(TimelineLane *const *)a)->name, (*(TimelineLane *const *)b)->name);
}

static void note_base(GHashTable *versions, const LockTarget *target)
{
    for (guint i = 0; i < target->base.installed->len; i++) {
        const LockDistribution *one = target->base.installed->pdata[i];
        if (!one->ghost)
            g_hash_table_insert(versions, one->name, one->version);
    }
}

static TimelineLane *find_lane(GHashTable *known, GPtrArray *lanes, const char *name,
                               const char *side)
{
    TimelineLane *lane = g_hash_table_lookup(known, name);
    if (lane)
        return lane;
    lane = g_new0(TimelineLane, 1);
    lane->name = name;
    lane->side = side;
    lane->steps = g_array_new(FALSE, FALSE, sizeof(TimelineStep));
    g_hash_table_insert(known, (gpointer)name, lane);
    g_ptr_array_add(lanes, lane);
    return lane;
}

GPtrArray *timeline_lanes(const LockTarget *target, const guint *columns, const char *side)
{
    GPtrArray *lanes = g_ptr_array_new_with_free_func(timeline_lane_free);
    g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) base = g_hash_table_new(g_str_hash, g_str_equal);
    note_base(base, target);
    for (guint i = 0; i < target->stages->len; i++) {
        const LockStage *stage = target->stages->pdata[i];
        for (guint k = 0; k < stage->actions->len; k++) {
            const LockAction *action = stage->actions->pdata[k];
            if (g_str_equal(action->action, "keep"))
                continue;
            TimelineLane *lane = find_lane(known, lanes, action->name, side);
            lane->base = g_hash_table_lookup(base, action->name);
            TimelineStep step = {columns[i], action};
            g_array_append_val(lane->steps, step);
        }
    }
    g_ptr_array_sort(lanes, compare_lanes);
    return lanes;
}

/* Writing */

static void write_blank(HtmlWriter *writer, guint count, bool present)
{
    if (count == 0)
        return;
    html_begin_class(writer, "td", present ? "on" : NULL);
    if (count > 1)
        html_attribute_printf(writer, "colspan", "%u", count);
    html_end(writer);
}

static void write_pill(HtmlWriter *writer, const char *mark, const char *version)
{
    g_autofree char *class_name = g_strdup_printf("step %s", page_mark_class(mark));
    html_begin_class(writer, "span", class_name);
    html_begin(writer, "span");
    html_attribute(writer, "aria-hidden", "true");
    html_printf(writer, "%s ", page_mark_sign(mark));
    html_end(writer);
    g_autofree char *word = g_strdup_printf("%s ", page_mark_word(mark));
    html_element(writer, "span", "hidden", word);
    html_text(writer, version);
    html_end(writer);
}

/* The line of life comes from the left, goes on to the right, or both. */
static void write_step(HtmlWriter *writer, const LockAction *action)
{
    html_begin_class(writer, "td",
                     g_str_equal(action->action, "remove")    ? "to"
                     : g_str_equal(action->action, "install") ? "from"
                                                              : "on");
    write_pill(writer, action->action, action->version);
    html_end(writer);
}

static void write_cells(HtmlWriter *writer, const TimelineLane *lane, guint columns, bool has_base)
{
    bool present = lane->base != NULL;
    if (has_base && lane->base) {
        html_begin_class(writer, "td", "from");
        write_pill(writer, "base", lane->base);
        html_end(writer);
    } else if (has_base) {
        write_blank(writer, 1, false);
    }
    guint at = 0;
    for (guint i = 0; i < lane->steps->len; i++) {
        const TimelineStep *step = &g_array_index(lane->steps, TimelineStep, i);
        if (step->column < at)
            continue; /* a stage that did two things to it: the first is told */
        write_blank(writer, step->column - at, present);
        write_step(writer, step->action);
        present = !g_str_equal(step->action->action, "remove");
        at = step->column + 1;
    }
    write_blank(writer, columns - at, present);
}

static void write_head(HtmlWriter *writer, const GPtrArray *stages, bool has_base)
{
    html_begin(writer, "thead");
    html_begin(writer, "tr");
    html_begin(writer, "th");
    html_attribute(writer, "scope", "col");
    html_text(writer, "Distribution");
    html_end(writer);
    for (guint i = 0; i < stages->len + has_base; i++) {
        html_begin(writer, "th");
        html_attribute(writer, "scope", "col");
        html_text(writer, has_base && i == 0 ? "base" : stages->pdata[i - has_base]);
        html_end(writer);
    }
    html_end(writer);
    html_end(writer);
}

/* `again`: the lane above has the same name. */
static void write_lane(HtmlWriter *writer, const TimelineLane *lane, guint columns, bool has_base,
                       bool again)
{
    html_begin_class(writer, "tr", again ? "again" : NULL);
    html_begin(writer, "th");
    html_attribute(writer, "scope", "row");
    html_element(writer, "span", again ? "hidden" : NULL, lane->name);
    if (lane->side) {
        html_text(writer, " ");
        html_element(writer, "span", "side", lane->side);
    }
    html_end(writer);
    write_cells(writer, lane, columns, has_base);
    html_end(writer);
}

void timeline_write(HtmlWriter *writer, const char *caption, const GPtrArray *stages,
                    const GPtrArray *lanes)
{
    bool has_base = false;
    for (guint i = 0; i < lanes->len; i++)
        has_base = has_base || ((const TimelineLane *)lanes->pdata[i])->base;
    html_begin_class(writer, "div", "scroll");
    html_attribute(writer, "role", "region");
    html_attribute(writer, "tabindex", "0");
    html_attribute(writer, "aria-label", caption);
    html_begin_class(writer, "table", "timeline");
    html_element(writer, "caption", "hidden", caption);
    write_head(writer, stages, has_base);
    html_begin(writer, "tbody");
    for (guint i = 0; i < lanes->len; i++) {
        const TimelineLane *lane = lanes->pdata[i];
        const TimelineLane *above = i > 0 ? lanes->pdata[i - 1] : NULL;
        bool again = above && g_str_equal(above->name, lane->name);
        write_lane(writer, lane, stages->len, has_base, again);
    }
    html_end(writer);
    html_end(writer);
    html_end(writer);
}
