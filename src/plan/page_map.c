#include "plan/page_map.h"

#include "plan/layout.h"
#include "plan/treemap.h"

#include <string.h>

#include <stdbool.h>

enum {
    LEAST_SHARE = 2500, /* smaller shares of the picture than 1 in so many are drawn as one */
    SMALL_LETTER = 8,   /* width of an average letter, pixels, rounded up */
    BIG_LETTER = 11,
    BIG_WIDTH = 150, /* of a rectangle whose name is written large */
    BIG_HEIGHT = 90,
    PADDING = 16,
    FIRST_LINE = 19,
    LINE = 18,
};

/* How wide a picture is, in pixels, on the narrowest screen of each kind. */
enum {
    NARROW,
    MEDIUM,
    WIDE,
    SCREENS,
};
static const struct {
    unsigned whole, half;
} screens[SCREENS] = {{326, 326}, {590, 590}, {990, 480}};

typedef struct {
    const MapItem *item;
    guint others; /* so many more are drawn with it */
    guint64 bytes;
    TreemapRect rect;
} Tile;

/* There are two pictures, of which one is shown: for narrow screens, and for the others. */
typedef struct {
    HtmlWriter *writer;
    const PageMap *map;
    size_t first, last; /* screens that it is shown on */
} Painter;

static guint64 sum_bytes(const PageMap *map)
{
    guint64 sum = 0;
    for (guint i = 0; i < map->count; i++)
        sum += map->items[i].bytes;
    return sum;
}

/* The tiles of items[first..end): large ones, then one of what is too small to be seen. */
static GArray *make_tiles(const PageMap *map, guint first, guint end, guint64 least)
{
    GArray *tiles = g_array_new(FALSE, FALSE, sizeof(Tile));
    Tile rest = {0};
    for (guint i = first; i < end; i++) {
        const MapItem *item = &map->items[i];
        Tile tile = {.item = item, .bytes = item->bytes};
        if (item->bytes >= MAX(least, 1)) {
            g_array_append_val(tiles, tile);
        } else if (item->bytes > 0) {
            rest.others += rest.item != NULL;
            rest.item = rest.item ? rest.item : item;
            rest.bytes += item->bytes;
        }
    }
    if (rest.item)
        g_array_append_val(tiles, rest);
    return tiles;
}

static void lay_out_tiles(GArray *tiles, const TreemapRect *frame)
{
    g_autofree guint64 *sizes = g_new(guint64, tiles->len + 1);
    g_autofree TreemapRect *rects = g_new(TreemapRect, tiles->len + 1);
    for (guint i = 0; i < tiles->len; i++)
        sizes[i] = g_array_index(tiles, Tile, i).bytes;
    treemap_lay_out(sizes, tiles->len, frame, rects);
    for (guint i = 0; i < tiles->len; i++)
        g_array_index(tiles, Tile, i).rect = rects[i];
}

/* Painting: rectangles are laid out in pixels of a wide screen, and written as percents across. */

static void put_number(HtmlWriter *writer, const char *name, double value, const char *unit)
{
    gint64 hundredths = (gint64)(value * 100 + 0.5);
    html_attribute_printf(writer, name, "%" G_GINT64_FORMAT ".%02d%s", hundredths / 100,
                          (int)(hundredths % 100), unit);
}

static unsigned screen_width(const Painter *painter, size_t screen)
{
    return painter->map->half ? screens[screen].half : screens[screen].whole;
}

/* In what it is laid out. */
static unsigned frame_width(const Painter *painter)
{
    return screen_width(painter, painter->last);
}

static void put_rect(const Painter *painter, const TreemapRect *rect)
{
    double percent = (double)frame_width(painter) / 100;
    put_number(painter->writer, "x", rect->x / percent, "%");
    put_number(painter->writer, "y", rect->y, "");
    put_number(painter->writer, "width", rect->width / percent, "%");
    put_number(painter->writer, "height", rect->height, "");
}

/* How many letters fit into the tile on such a screen. */
static glong letters_that_fit(const Painter *painter, const Tile *tile, size_t screen,
                              unsigned letter)
{
    double room = tile->rect.width / frame_width(painter) * screen_width(painter, screen) - PADDING;
    glong letters = room > 0 ? (glong)(room / letter) : 0;
    return tile->item->sign ? letters - 2 : letters;
}

/* A large tile whose name has room in large letters. */
static bool is_big(const Painter *painter, const Tile *tile)
{
    glong fit = letters_that_fit(painter, tile, painter->last, BIG_LETTER);
    return tile->rect.width >= BIG_WIDTH && tile->rect.height >= BIG_HEIGHT &&
           g_utf8_strlen(tile->item->name, -1) <= fit;
}

/* "…cublas-cu12" or "…cublas…" of "nvidia-cublas-cu12", else "bitsandb…"; NULL: nothing that could
 * be read. */
static char *shorten_name(const char *name, glong fit)
{
    enum {
        LEAST_LETTERS = 5
    };
    for (const char *rest = strchr(name, '-'); rest; rest = strchr(rest + 1, '-')) {
        glong letters = g_utf8_strlen(rest + 1, -1);
        if (letters >= LEAST_LETTERS && letters + 1 <= fit)
            return g_strdup_printf("\342\200\246%s", rest + 1);
    }
    if (fit <= LEAST_LETTERS)
        return NULL;
    const char *rest = strchr(name, '-');
    bool behind = rest && fit > LEAST_LETTERS + 1 && g_utf8_strlen(rest + 1, -1) >= fit;
    g_autofree char *start =
        g_utf8_substring(behind ? rest + 1 : name, 0, behind ? fit - 2 : fit - 1);
    return g_strdup_printf("%s%s\342\200\246", behind ? "\342\200\246" : "", start);
}

/* What of the text stands in the tile on a screen, or NULL. `cut`: it may lose a part. */
static char *text_on_screen(const Painter *painter, const Tile *tile, const char *text,
                            size_t screen, unsigned letter, bool cut)
{
    glong fit = letters_that_fit(painter, tile, screen, letter);
    if (g_utf8_strlen(text, -1) <= fit)
        return g_strdup(text);
    return cut ? shorten_name(text, fit) : NULL;
}

static void put_text(const Painter *painter, const Tile *tile, const char *text, unsigned bottom,
                     const char *style, const char *screens_class)
{
    g_autofree char *classes = g_strjoin(" ", style, tile->item->class_name, screens_class, NULL);
    html_begin_class(painter->writer, "text", classes);
    html_attribute(painter->writer, "x", "8");
    html_attribute_printf(painter->writer, "y", "%u", bottom);
    if (tile->item->sign && tile->others == 0 && !g_str_equal(style, "small"))
        html_printf(painter->writer, "%s ", tile->item->sign);
    html_text(painter->writer, text);
    html_end(painter->writer);
}

/* Of screens from the first to the last one on which the text is the same. */
static const char *screens_class(size_t first, size_t last)
{
    return first == MEDIUM && last == MEDIUM ? "on-medium" : first == WIDE ? "from-wide" : NULL;
}

/* A line of the tile on those of the screens (a set of bits) on which it fits: returns them. */
static unsigned put_label(const Painter *painter, const Tile *tile, const char *text,
                          unsigned bottom, const char *style, unsigned allowed)
{
    bool is_name = !g_str_equal(style, "small");
    unsigned letter = g_str_equal(style, "big") ? BIG_LETTER : SMALL_LETTER, used = 0;
    if (tile->rect.height < bottom + 6)
        return 0;
    g_autofree char *shown = NULL;
    size_t first = painter->first;
    for (size_t screen = first; screen <= painter->last + 1; screen++) {
        bool fits = screen <= painter->last && allowed & 1u << screen;
        g_autofree char *next =
            fits ? text_on_screen(painter, tile, text, screen, letter, is_name) : NULL;
        used |= next ? 1u << screen : 0;
        if (screen <= painter->last && g_strcmp0(shown, next) == 0)
            continue;
        if (shown)
            put_text(painter, tile, shown, bottom, style, screens_class(first, screen - 1));
        g_free(shown);
        shown = g_steal_pointer(&next);
        first = screen;
    }
    return used;
}

static void put_labels(const Painter *painter, const Tile *tile)
{
    const MapItem *item = tile->item;
    unsigned all = (1u << SCREENS) - 1;
    if (tile->others > 0) {
        g_autofree char *text = g_strdup_printf("%u small", tile->others + 1);
        put_label(painter, tile, text, FIRST_LINE, "small", all);
        return;
    }
    g_autofree char *size = layout_size(tile->bytes);
    unsigned bottom = is_big(painter, tile) ? FIRST_LINE + 5 : FIRST_LINE;
    unsigned named =
        put_label(painter, tile, item->name, bottom, is_big(painter, tile) ? "big" : "name", all);
    unsigned sized = put_label(painter, tile, size, bottom + LINE, "small", named);
    if (item->detail)
        put_label(painter, tile, item->detail, bottom + 2 * LINE, "small", sized);
}

/* What a pointer that rests there reads. */
static char *tile_title(const Tile *tile)
{
    g_autofree char *size = layout_size(tile->bytes);
    if (tile->others > 0)
        return g_strdup_printf("%u smaller ones, %s", tile->others + 1, size);
    return g_strdup_printf("%s%s%s, %s", tile->item->name, tile->item->detail ? " " : "",
                           tile->item->detail ? tile->item->detail : "", size);
}

/* A picture of its own inside, which cuts off what does not fit. */
static void put_tile(const Painter *painter, const Tile *tile)
{
    HtmlWriter *writer = painter->writer;
    g_autofree char *title = tile_title(tile);
    html_begin(writer, "svg");
    put_rect(painter, &tile->rect);
    html_begin_class(writer, "rect", tile->item->class_name);
    html_attribute(writer, "width", "100%");
    html_attribute(writer, "height", "100%");
    html_element(writer, "title", NULL, title);
    html_end(writer);
    put_labels(painter, tile);
    html_end(writer);
}

static void put_group(const Painter *painter, guint first, guint end, guint64 least,
                      const TreemapRect *frame)
{
    g_autoptr(GArray) tiles = make_tiles(painter->map, first, end, least);
    lay_out_tiles(tiles, frame);
    for (guint i = 0; i < tiles->len; i++)
        put_tile(painter, &g_array_index(tiles, Tile, i));
    if (tiles->len < 2)
        return;
    html_begin_class(painter->writer, "rect", "group");
    put_rect(painter, frame);
    html_end(painter->writer);
}

/* A Tile for each group: its first item and how many follow it. */
static GArray *make_groups(const PageMap *map)
{
    GArray *groups = g_array_new(FALSE, FALSE, sizeof(Tile));
    for (guint i = 0; i < map->count; i++) {
        Tile *last = groups->len ? &g_array_index(groups, Tile, groups->len - 1) : NULL;
        if (last && last->item->group == map->items[i].group) {
            last->others++;
            last->bytes += map->items[i].bytes;
            continue;
        }
        Tile group = {.item = &map->items[i], .bytes = map->items[i].bytes};
        g_array_append_val(groups, group);
    }
    return groups;
}

static void put_name(const Painter *painter, const char *element, const char *text)
{
    html_begin(painter->writer, element);
    html_attribute_printf(painter->writer, "id", "%s-%s-%zu", painter->map->id, element,
                          painter->first);
    html_text(painter->writer, text);
    html_end(painter->writer);
}

static void begin_picture(const Painter *painter)
{
    HtmlWriter *writer = painter->writer;
    const PageMap *map = painter->map;
    html_begin_class(writer, "svg", painter->first == NARROW ? "narrow" : "broad");
    html_attribute(writer, "role", "img");
    html_attribute_printf(writer, "aria-labelledby", "%s-title-%zu", map->id, painter->first);
    html_attribute_printf(writer, "aria-describedby", "%s-desc-%zu", map->id, painter->first);
    html_attribute_printf(writer, "height", "%u", map->height);
    put_name(painter, "title", map->title);
    put_name(painter, "desc", map->description);
}

static void put_picture(const Painter *painter, guint64 total)
{
    const PageMap *map = painter->map;
    TreemapRect frame = {0, 0, frame_width(painter), map->height};
    begin_picture(painter);
    g_autoptr(GArray) groups = make_groups(map);
    lay_out_tiles(groups, &frame);
    for (guint i = 0; i < groups->len; i++) {
        const Tile *group = &g_array_index(groups, Tile, i);
        guint first = (guint)(group->item - map->items);
        put_group(painter, first, first + group->others + 1, total / LEAST_SHARE, &group->rect);
    }
    html_end(painter->writer);
}

void page_map_write(HtmlWriter *writer, const PageMap *map)
{
    guint64 total = sum_bytes(map);
    if (total == 0)
        return;
    put_picture(&(Painter){writer, map, NARROW, NARROW}, total);
    put_picture(&(Painter){writer, map, MEDIUM, WIDE}, total);
}
