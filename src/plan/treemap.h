/* Sizes as areas: a squarified treemap (Bruls, Huizing, van Wijk: Squarified Treemaps, 2000).
 *
 * A pure function. Rectangles lie in the frame, overlap nowhere and fill it; their areas are to
 * each other as the sizes, up to the precision of a double. A size of 0 has no area. The sums are
 * made without a product that is added to anything, so that every machine rounds alike. */
#pragma once

#include <glib.h>

typedef struct {
    double x, y, width, height;
} TreemapRect;

/* A rectangle for each size, at its place. */
void treemap_lay_out(const guint64 *sizes, guint count, const TreemapRect *frame,
                     TreemapRect *ret_rects);
