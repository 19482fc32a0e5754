#include "plan/treemap.h"

#include <stdbool.h>

typedef struct {
    double area;
    guint64 size;
    guint place; /* in the caller's list */
} Item;

/* Large ones first; equal ones in the caller's order. */
static int compare_items(const void *a, const void *b)
{
    const Item *left = a, *right = b;
    if (left->size != right->size)
        return left->size > right->size ? -1 : 1;
    return left->place < right->place ? -1 : left->place > right->place;
}

/* The longest side ratio in a row of `sum`, laid along `side`. */
static double worst_ratio(double sum, double most, double least, double side)
{
    double thickness = sum / side;
    double longest = most / thickness, shortest = least / thickness;
    return MAX(longest / thickness, thickness / shortest);
}

/* How many of the items make the best row along `side`. */
static guint fill_row(const Item *items, guint count, double side, double *ret_sum)
{
    double sum = items[0].area, ratio = worst_ratio(sum, sum, sum, side);
    guint taken = 1;
    for (; taken < count; taken++) {
        double more = sum + items[taken].area;
        double next = worst_ratio(more, items[0].area, items[taken].area, side);
        if (next > ratio)
            break;
        sum = more;
        ratio = next;
    }
    *ret_sum = sum;
    return taken;
}

/* Lays the row along the shorter side of what is free, and takes it away from there. */
static void place_row(const Item *items, guint count, double sum, TreemapRect *free,
                      TreemapRect *ret_rects)
{
    bool upright = free->width >= free->height; /* the row is a column */
    double side = upright ? free->height : free->width;
    double room = upright ? free->width : free->height;
    double thickness = MIN(sum / side, room);
    double at = 0;
    for (guint i = 0; i < count; i++) {
        double length = i + 1 < count ? MIN(items[i].area / thickness, side - at) : side - at;
        ret_rects[items[i].place] = upright
                                        ? (TreemapRect){free->x, free->y + at, thickness, length}
                                        : (TreemapRect){free->x + at, free->y, length, thickness};
        at += length;
    }
    if (upright) {
        free->x += thickness;
        free->width -= thickness;
    } else {
        free->y += thickness;
        free->height -= thickness;
    }
}

/* Those that have an area, sorted, with their shares of the frame. */
static GArray *share_frame(const guint64 *sizes, guint count, const TreemapRect *frame)
{
    GArray *items = g_array_new(FALSE, FALSE, sizeof(Item));
    double total = 0;
    for (guint i = 0; i < count; i++)
        total += (double)sizes[i];
    double unit = total / frame->width / frame->height;
    for (guint i = 0; i < count; i++) {
        Item item = {(double)sizes[i] / unit, sizes[i], i};
        if (sizes[i] > 0)
            g_array_append_val(items, item);
    }
    g_array_sort(items, compare_items);
    return items;
}

void treemap_lay_out(const guint64 *sizes, guint count, const TreemapRect *frame,
                     TreemapRect *ret_rects)
{
    for (guint i = 0; i < count; i++)
        ret_rects[i] = (TreemapRect){frame->x, frame->y, 0, 0};
    if (frame->width <= 0 || frame->height <= 0)
        return;
    g_autoptr(GArray) items = share_frame(sizes, count, frame);
    const Item *at = (const Item *)(const void *)items->data;
    TreemapRect free = *frame;
    for (guint left = items->len; left > 0;) {
        double side = MIN(free.width, free.height), sum = 0;
        if (side <= 0) { /* used up by rounding: what is left has no area that could be seen */
            ret_rects[at->place] = (TreemapRect){free.x, free.y, 0, 0};
            at++;
            left--;
            continue;
        }
        guint taken = fill_row(at, left, side, &sum);
        place_row(at, taken, sum, &free, ret_rects);
        at += taken;
        left -= taken;
    }
}
