#include "plan/layering.h"
#include "plan/page_map.h"
#include "plan/plan_html_private.h"

enum {
    MAP_HEIGHT = 440,
    HUES = 8,
    FILES_SHOWN = 12,
};

static const char *const hues[HUES] = {"s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7"};

/* A wheel of the image, and the layer that it is in. */
typedef struct {
    const LayeringItem *item;
    const char *layer; /* or NULL: not known */
    guint group;
} Wheel;

typedef struct {
    GArray *wheels;   /* Wheel, by layer */
    GPtrArray *items; /* LayeringItem; or NULL: `layers` owns them */
    Layers *layers;   /* or NULL */
} Wheels;

static void wheels_clear(Wheels *wheels)
{
    g_array_unref(wheels->wheels);
    g_clear_pointer(&wheels->items, g_ptr_array_unref);
    g_clear_pointer(&wheels->layers, layers_free);
}

static void add_wheels(GArray *wheels, const GPtrArray *items, const char *layer, guint group)
{
    for (guint i = 0; i < items->len; i++) {
        Wheel wheel = {items->pdata[i], layer, group};
        g_array_append_val(wheels, wheel);
    }
}

static Wheels find_wheels(const Plan *plan)
{
    LayeringOptions options = {0};
    Wheels wheels = {.wheels = g_array_new(FALSE, FALSE, sizeof(Wheel))};
    if (plan->layers->len == 0 || !layering_assign(plan, &options, &wheels.layers, NULL)) {
        wheels.items = layering_items(plan);
        add_wheels(wheels.wheels, wheels.items, NULL, 0);
        return wheels;
    }
    for (guint i = 0; i < wheels.layers->slots->len; i++) {
        const LayerSlot *slot = wheels.layers->slots->pdata[i];
        add_wheels(wheels.wheels, slot->items, slot->source, i);
    }
    return wheels;
}

/* The picture */

static const char *hue_of(guint stage)
{
    return hues[stage % HUES];
}

static void write_legend(HtmlWriter *writer, const Plan *plan, const GArray *wheels)
{
    html_begin_class(writer, "ul", "legend");
    for (guint i = 0; i < plan->stages->len; i++) {
        guint64 bytes = 0;
        for (guint k = 0; k < wheels->len; k++) {
            const LayeringItem *item = g_array_index(wheels, Wheel, k).item;
            bytes += item->stage == i ? item->size : 0;
        }
        if (bytes == 0)
            continue;
        g_autofree char *size = layout_size(bytes);
        html_begin(writer, "li");
        html_element(writer, "i", hue_of(i), NULL);
        html_printf(writer, "stage %s, %s",
                    ((const PlanStage *)plan->stages->pdata[i])->stage->name, size);
        html_end(writer);
    }
    html_end(writer);
}

static void write_map(HtmlWriter *writer, const Plan *plan, const GArray *wheels)
{
    g_autoptr(GArray) items = g_array_new(FALSE, FALSE, sizeof(MapItem));
    for (guint i = 0; i < wheels->len; i++) {
        const Wheel *wheel = &g_array_index(wheels, Wheel, i);
        MapItem item = {.name = wheel->item->name,
                        .detail = wheel->item->version,
                        .class_name = hue_of(wheel->item->stage),
                        .bytes = wheel->item->size,
                        .group = wheel->group};
        g_array_append_val(items, item);
    }
    PageMap map = {"map",
                   "Wheels by size",
                   "Each rectangle is a wheel, its area the bytes of its file; the table below "
                   "lists them.",
                   (const MapItem *)(const void *)items->data,
                   items->len,
                   MAP_HEIGHT,
                   false};
    html_begin_class(writer, "figure", "map");
    write_legend(writer, plan, wheels);
    page_map_write(writer, &map);
    html_element(writer, "figcaption", NULL,
                 plan->layers->len
                     ? "Area: bytes of the wheel's file, as it is downloaded. Wheels of one layer "
                       "stand together. Colour: the stage that installs it."
                     : "Area: bytes of the wheel's file, as it is downloaded. Colour: the stage "
                       "that installs it.");
    html_end(writer);
}

/* Its table */

static int compare_wheels(const void *a, const void *b)
{
    const Wheel *left = a, *right = b;
    if (left->item->size != right->item->size)
        return left->item->size > right->item->size ? -1 : 1;
    return strcmp(left->item->name, right->item->name);
}

static void write_wheel(PageTable *table, const Plan *plan, const Wheel *wheel)
{
    const LayeringItem *item = wheel->item;
    g_autofree char *size = item->size ? layout_size(item->size) : g_strdup("unknown");
    page_row_begin(table);
    page_head_begin(table);
    html_text(table->writer, item->name);
    html_end(table->writer);
    page_cell(table, "version", item->version);
    page_cell(table, "number", size);
    page_cell(table, NULL, ((const PlanStage *)plan->stages->pdata[item->stage])->stage->name);
    page_cell(table, NULL, wheel->layer ? wheel->layer : "not known");
    page_row_end(table);
}

static void write_wheels(HtmlWriter *writer, const Plan *plan, GArray *wheels)
{
    static const char *const columns[] = {"Distribution", "Version", "#Wheel",
                                          "Stage",        "Layer",   NULL};
    g_array_sort(wheels, compare_wheels);
    g_autofree char *summary = g_strdup_printf("The %u wheels as a table", wheels->len);
    page_begin_details(writer, summary);
    PageTable table = page_table_begin(writer, "cellular", "Wheels by size", columns);
    for (guint i = 0; i < wheels->len; i++)
        write_wheel(&table, plan, &g_array_index(wheels, Wheel, i));
    page_table_end(&table);
    page_end_details(writer);
}

static void put_number(PageTable *table, gint64 value, bool bytes)
{
    g_autofree char *text = value < 0 ? g_strdup("not known")
                            : bytes   ? layout_size((guint64)value)
                                      : g_strdup_printf("%" G_GINT64_FORMAT, value);
    page_cell(table, value < 0 ? "number note" : "number", text);
}

/* What is in a wheel is known once it was looked into. */
static bool knows_contents(const GPtrArray *layers)
{
    for (guint i = 0; i < layers->len; i++) {
        if (((const PlanLayer *)layers->pdata[i])->raw_size >= 0)
            return true;
    }
    return false;
}

static void write_layers(HtmlWriter *writer, const GPtrArray *layers)
{
    static const char *const columns[] = {"Layer", "#Wheels", "#Unpacked", "#Files", NULL};
    static const char *const few[] = {"Layer", "#Wheels", NULL};
    bool known = knows_contents(layers);
    g_autofree char *summary = g_strdup_printf("The %u layers of wheels, from below", layers->len);
    page_begin_details(writer, summary);
    PageTable table =
        page_table_begin(writer, "cellular", "Layers of wheels, from below", known ? columns : few);
    for (guint i = 0; i < layers->len; i++) {
        const PlanLayer *layer = layers->pdata[i];
        page_row_begin(&table);
        page_head_begin(&table);
        html_text(writer, layer->source);
        html_end(writer);
        put_number(&table, layer->wheel_size, true);
        if (known) {
            put_number(&table, layer->raw_size, true);
            put_number(&table, layer->members, false);
        }
        page_row_end(&table);
    }
    page_table_end(&table);
    page_end_details(writer);
}

bool plan_has_sizes(const Plan *plan)
{
    g_autoptr(GPtrArray) items = layering_items(plan);
    return items->len > 0;
}

void plan_html_sizes(HtmlWriter *writer, const Plan *plan, const PageSection *section)
{
    Wheels wheels = find_wheels(plan);
    page_begin_section(writer, section);
    write_map(writer, plan, wheels.wheels);
    write_wheels(writer, plan, wheels.wheels);
    if (plan->layers->len > 0)
        write_layers(writer, plan->layers);
    page_end_section(writer);
    wheels_clear(&wheels);
}

/* Downloads */

bool plan_has_files(const Plan *plan)
{
    for (guint i = 0; i < plan->stages->len; i++) {
        const PlanStage *stage = plan->stages->pdata[i];
        if (stage->download_bytes > 0 || stage->unknown_sizes > 0)
            return true;
    }
    return false;
}

static void write_file(PageTable *table, const LockStage *stage, const LockFile *file)
{
    page_row_begin(table);
    page_head_begin(table);
    html_element(table->writer, "span", "path", file->file);
    html_end(table->writer);
    page_cell(table, NULL, stage->name);
    page_cell_begin(table, "path");
    html_printf(table->writer, "%s %s", lock_source_name(file->source), file->source_name);
    if (file->commit)
        html_printf(table->writer, " at %s", file->commit);
    html_end(table->writer);
    page_cell(table, "digest", file->sha256);
    page_row_end(table);
}

void plan_html_files(HtmlWriter *writer, const Plan *plan, const PageSection *section)
{
    static const char *const columns[] = {"File", "Stage", "From", "sha256", NULL};
    page_begin_section(writer, section);
    page_begin_details(writer, "Every file with its digest");
    PageTable table = page_table_begin(writer, "cellular", "Files that are downloaded", columns);
    for (guint i = 0; i < plan->stages->len; i++) {
        const PlanStage *stage = plan->stages->pdata[i];
        for (guint k = 0; k < stage->actions->len; k++) {
            const LockAction *action = ((const PlanAction *)stage->actions->pdata[k])->action;
            bool fetched = action->file && !g_str_equal(action->action, "keep") &&
                           !g_str_equal(action->action, "remove");
            if (fetched)
                write_file(&table, stage->stage, action->file);
        }
    }
    page_table_end(&table);
    page_end_details(writer);
    page_end_section(writer);
}
