#include "diff/diff_html_private.h"
#include "diff/diff_private.h"

#include "plan/page_map.h"

enum {
    MAP_HEIGHT = 400,  /* of the larger side */
    LEAST_HEIGHT = 48, /* of the other one, however small */
};

/* The difference of each name. */
static GHashTable *index_differences(const Diff *diff)
{
    GHashTable *index = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < diff->distributions->len; i++) {
        DiffDistribution *one = diff->distributions->pdata[i];
        g_hash_table_insert(index, (gpointer)diff_name(one), one);
    }
    return index;
}

static const char *mark_of(const DiffDistribution *difference)
{
    return !difference                        ? "shared"
           : difference->kind != DIFF_CHANGED ? diff_kind_name(difference->kind)
           : difference->older                ? "older"
                                              : "newer";
}

/* What both sides have stands apart from what is new or gone. */
static void add_items(GArray *items, const GPtrArray *environment, GHashTable *differences,
                      bool shared)
{
    for (guint i = 0; environment && i < environment->len; i++) {
        const LockDistribution *one = environment->pdata[i];
        const DiffDistribution *difference = g_hash_table_lookup(differences, one->name);
        if (one->ghost || !one->file || (difference == NULL) != shared)
            continue;
        const char *mark = mark_of(difference);
        MapItem item = {.name = one->name,
                        .detail = one->version,
                        .sign = shared ? NULL : page_mark_sign(mark),
                        .class_name = page_mark_class(mark),
                        .bytes = one->file->size,
                        .group = shared};
        g_array_append_val(items, item);
    }
}

static GArray *make_items(const LockTarget *target, GHashTable *differences)
{
    GArray *items = g_array_new(FALSE, FALSE, sizeof(MapItem));
    const GPtrArray *environment = diff_environment(target);
    add_items(items, environment, differences, false);
    add_items(items, environment, differences, true);
    return items;
}

static guint64 sum_items(const GArray *items)
{
    guint64 sum = 0;
    for (guint i = 0; i < items->len; i++)
        sum += g_array_index(items, MapItem, i).bytes;
    return sum;
}

/* Both are drawn to one scale: as high as they have bytes. */
static unsigned map_height(guint64 bytes, guint64 largest)
{
    double height = largest ? (double)bytes / (double)largest * MAP_HEIGHT : 0;
    return MAX((unsigned)height, LEAST_HEIGHT);
}

/* `what`: "wheels" or "layers". */
static void write_map(HtmlWriter *writer, const DiffSide *side, const char *what, const char *word,
                      const GArray *items, guint64 largest)
{
    guint64 bytes = sum_items(items);
    g_autofree char *size = layout_size(bytes);
    g_autofree char *id = g_strdup_printf("map-%s-%s", what, word);
    g_autofree char *title = g_strdup_printf("Bytes of the %s %s", what, word);
    g_autofree char *description = g_strdup_printf(
        "Each rectangle is one of the %s, its area the bytes of its file; a table lists them.",
        what);
    PageMap map = {id,          title,
                   description, (const MapItem *)(const void *)items->data,
                   items->len,  map_height(bytes, largest),
                   true};
    html_begin_class(writer, "figure", "map");
    page_map_write(writer, &map);
    html_begin(writer, "figcaption");
    html_element(writer, "strong", NULL, word);
    html_printf(writer, ": %s, %s", side->label, size);
    html_end(writer);
    html_end(writer);
}

static bool has_class(const GArray *items, const char *class_name)
{
    for (guint i = 0; i < items->len; i++) {
        if (g_str_equal(g_array_index(items, MapItem, i).class_name, class_name))
            return true;
    }
    return false;
}

static void write_legend(HtmlWriter *writer, const GArray *a, const GArray *b)
{
    static const char *const names[] = {"added", "newer", "older", "removed", "shared"};
    html_begin_class(writer, "ul", "legend");
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        const char *class_name = page_mark_class(names[i]);
        if (!has_class(a, class_name) && !has_class(b, class_name))
            continue;
        html_begin(writer, "li");
        page_mark(writer, names[i]);
        html_end(writer);
    }
    html_end(writer);
}

static void write_maps(HtmlWriter *writer, const Diff *diff, const char *what, const GArray *a,
                       const GArray *b)
{
    guint64 bytes_a = sum_items(a), bytes_b = sum_items(b);
    guint64 largest = MAX(bytes_a, bytes_b), smallest = MIN(bytes_a, bytes_b);
    if (largest == 0)
        return;
    write_legend(writer, a, b);
    html_begin_class(writer, "div", "maps pair");
    write_map(writer, &diff->a, what, "before", a, largest);
    write_map(writer, &diff->b, what, "after", b, largest);
    html_end(writer);
    bool scaled = smallest / LEAST_HEIGHT >= largest / MAP_HEIGHT;
    html_element(writer, "p", "note",
                 scaled ? "Area: bytes of the file, to one scale on both sides. What both sides "
                          "have stands apart."
                        : "Area: bytes of the file. What both sides have stands apart.");
}

/* The sums, and every wheel */

PageTable diff_html_begin_sums(HtmlWriter *writer, const char *what)
{
    static const char *const columns[] = {"What", "#Number", "#Bytes", NULL};
    return page_table_begin(writer, "sums", what, columns);
}

void diff_html_sum(PageTable *table, const char *mark, guint count, guint64 bytes)
{
    g_autofree char *number = g_strdup_printf("%u", count);
    g_autofree char *size = layout_size(bytes);
    page_row_begin(table);
    page_head_begin(table);
    html_text(table->writer, mark);
    html_end(table->writer);
    page_cell(table, "number", number);
    page_cell(table, "number", size);
    page_row_end(table);
}

static void write_sums(HtmlWriter *writer, const DiffSizes *sizes)
{
    PageTable table = diff_html_begin_sums(writer, "Wheels");
    diff_html_sum(&table, "new, to push and pull", sizes->fresh, sizes->fresh_bytes);
    diff_html_sum(&table, "shared", sizes->shared, sizes->shared_bytes);
    diff_html_sum(&table, "gone", sizes->gone, sizes->gone_bytes);
    page_table_end(&table);
    if (sizes->unknown > 0) {
        html_begin_class(writer, "p", "note");
        html_printf(writer, "%u of them have a size that is not known, and count as 0.",
                    sizes->unknown);
        html_end(writer);
    }
}

static void write_wheel(PageTable *table, const MapItem *item, const char *side)
{
    g_autofree char *size = item->bytes ? layout_size(item->bytes) : g_strdup("unknown");
    page_row_begin(table);
    page_head_begin(table);
    html_printf(table->writer, "%s %s", item->name, item->detail);
    html_end(table->writer);
    page_cell(table, NULL, side);
    page_cell(table, "number", size);
    page_row_end(table);
}

static int compare_items(const void *a, const void *b)
{
    const MapItem *left = a, *right = b;
    if (left->bytes != right->bytes)
        return left->bytes > right->bytes ? -1 : 1;
    return strcmp(left->name, right->name);
}

/* What both have is told once. */
static void write_wheels(HtmlWriter *writer, GArray *a, GArray *b)
{
    static const char *const columns[] = {"Wheel", "Side", "#Bytes", NULL};
    g_array_sort(a, compare_items);
    g_array_sort(b, compare_items);
    page_begin_details(writer, "The wheels as a table");
    PageTable table = page_table_begin(writer, "cellular", "Wheels by size", columns);
    for (guint i = 0; i < b->len; i++) {
        const MapItem *item = &g_array_index(b, MapItem, i);
        write_wheel(&table, item, item->group ? "both" : "after");
    }
    for (guint i = 0; i < a->len; i++) {
        const MapItem *item = &g_array_index(a, MapItem, i);
        if (!item->group)
            write_wheel(&table, item, "before");
    }
    page_table_end(&table);
    page_end_details(writer);
}

void diff_html_sizes(HtmlWriter *writer, const Diff *diff, const PageSection *section, bool brief)
{
    g_autoptr(GHashTable) differences = index_differences(diff);
    g_autoptr(GArray) a = make_items(diff->a.target, differences);
    g_autoptr(GArray) b = make_items(diff->b.target, differences);
    page_begin_section(writer, section);
    write_sums(writer, &diff->sizes);
    if (!brief) {
        write_maps(writer, diff, "wheels", a, b);
        write_wheels(writer, a, b);
    }
    page_end_section(writer);
}

/* Layers of images */

static void add_layers(GArray *items, const GPtrArray *layers, const char *mark, bool shared)
{
    for (guint i = 0; i < layers->len; i++) {
        const DiffLayer *layer = layers->pdata[i];
        MapItem item = {.name = layer->made ? layer->made : layer->digest,
                        .sign = shared ? NULL : page_mark_sign(mark),
                        .class_name = page_mark_class(mark),
                        .bytes = layer->size,
                        .group = shared};
        g_array_append_val(items, item);
    }
}

static void write_layer_maps(HtmlWriter *writer, const Diff *diff)
{
    g_autoptr(GArray) a = g_array_new(FALSE, FALSE, sizeof(MapItem));
    g_autoptr(GArray) b = g_array_new(FALSE, FALSE, sizeof(MapItem));
    add_layers(a, diff->layers.gone, "removed", false);
    add_layers(a, diff->layers.kept, "shared", true);
    add_layers(b, diff->layers.fresh, "added", false);
    add_layers(b, diff->layers.kept, "shared", true);
    write_maps(writer, diff, "layers", a, b);
}

static void write_layer(PageTable *table, const DiffLayer *layer, const char *mark)
{
    g_autofree char *size = layer->size ? layout_size(layer->size) : g_strdup("unknown");
    page_row_begin(table);
    page_head_begin(table);
    html_element(table->writer, "span", "digest", layer->digest);
    html_end(table->writer);
    page_cell_begin(table, NULL);
    page_mark(table->writer, mark);
    html_end(table->writer);
    page_cell(table, "number", size);
    page_cell(table, "path", layer->made);
    page_row_end(table);
}

static void write_layer_list(HtmlWriter *writer, const DiffLayers *layers)
{
    static const char *const columns[] = {"Layer", "Change", "#Size", "Made by", NULL};
    const struct {
        const GPtrArray *list;
        const char *mark;
    } parts[] = {{layers->gone, "removed"}, {layers->fresh, "added"}, {layers->kept, "shared"}};
    PageTable table = page_table_begin(writer, "cellular", "Layers of both images", columns);
    for (size_t k = 0; k < G_N_ELEMENTS(parts); k++) {
        for (guint i = 0; i < parts[k].list->len; i++)
            write_layer(&table, parts[k].list->pdata[i], parts[k].mark);
    }
    page_table_end(&table);
}

void diff_html_layers(HtmlWriter *writer, const Diff *diff, const PageSection *section, bool brief)
{
    const DiffLayers *layers = &diff->layers;
    page_begin_section(writer, section);
    PageTable table = diff_html_begin_sums(writer, "Layers");
    diff_html_sum(&table, "new, to push and pull", layers->fresh->len, layers->fresh_bytes);
    diff_html_sum(&table, "shared", layers->shared, layers->shared_bytes);
    diff_html_sum(&table, "gone", layers->gone->len, layers->gone_bytes);
    page_table_end(&table);
    if (!brief) {
        write_layer_maps(writer, diff);
        write_layer_list(writer, layers);
    }
    page_end_section(writer);
}
