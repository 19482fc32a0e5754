/* A picture of sizes: an inline SVG in which the area of each rectangle is its share of bytes. It
 * is as wide as the page; names stand where there is room for them on a screen of that width. A
 * table beside it has to say the same: the picture is one image to those who can't see it. */
#pragma once

#include "text/html_write.h"

typedef struct {
    const char *name;   /* "torch" */
    const char *detail; /* "2.6.0"; or NULL */
    const char *sign;   /* before the name where the colour says something; or NULL */
    const char *class_name;
    guint64 bytes;
    guint group; /* what belongs together has one number and stands together */
} MapItem;

typedef struct {
    const char *id; /* what ids of its parts begin with: unique in the page */
    const char *title, *description;
    const MapItem *items; /* by group, ascending */
    guint count;
    unsigned height; /* in CSS pixels */
    bool half;       /* two of them stand beside each other on a wide screen */
} PageMap;

/* Nothing for sizes that are all 0. */
void page_map_write(HtmlWriter *writer, const PageMap *map);
