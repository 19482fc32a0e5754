#include "plan/treemap.h"

#include "test.h"

#include <math.h>

enum {
    MOST = 2000,
};

static const TreemapRect frame = {0, 0, 1000, 420};
static guint64 sizes[MOST];
static TreemapRect rects[MOST];

static double area(const TreemapRect *rect)
{
    return rect->width * rect->height;
}

static bool overlap(const TreemapRect *a, const TreemapRect *b)
{
    static const double slack = 1e-6;
    return a->x + a->width > b->x + slack && b->x + b->width > a->x + slack &&
           a->y + a->height > b->y + slack && b->y + b->height > a->y + slack;
}

static void check_inside(const TreemapRect *inside, const TreemapRect *outside)
{
    g_assert_cmpfloat(inside->width, >=, 0);
    g_assert_cmpfloat(inside->height, >=, 0);
    g_assert_cmpfloat(inside->x, >=, outside->x - 1e-6);
    g_assert_cmpfloat(inside->y, >=, outside->y - 1e-6);
    g_assert_cmpfloat(inside->x + inside->width, <=, outside->x + outside->width + 1e-6);
    g_assert_cmpfloat(inside->y + inside->height, <=, outside->y + outside->height + 1e-6);
}

/* Lays out sizes[0..count) and checks all that a treemap promises. */
static void check(guint count, const TreemapRect *in)
{
    double total = 0;
    for (guint i = 0; i < count; i++)
        total += (double)sizes[i];
    treemap_lay_out(sizes, count, in, rects);
    for (guint i = 0; i < count; i++) {
        check_inside(&rects[i], in);
        double wanted = total > 0 ? (double)sizes[i] / total * area(in) : 0;
        g_assert_cmpfloat(fabs(area(&rects[i]) - wanted), <=, area(in) * 1e-9 + wanted * 1e-6);
        for (guint k = 0; k < i; k++)
            g_assert_false(overlap(&rects[i], &rects[k]));
    }
}

TEST(known)
{
    /* The example of the paper: 6, 6, 4, 3, 2, 2, 1 in 6 × 4. */
    static const guint64 given[] = {6, 6, 4, 3, 2, 2, 1};
    static const TreemapRect small = {0, 0, 6, 4};
    for (guint i = 0; i < G_N_ELEMENTS(given); i++)
        sizes[i] = given[i];
    check(G_N_ELEMENTS(given), &small);
    g_assert_cmpfloat_with_epsilon(rects[0].width, 3, 1e-9);
    g_assert_cmpfloat_with_epsilon(rects[0].height, 2, 1e-9);
    g_assert_cmpfloat_with_epsilon(rects[1].y, 2, 1e-9);
    g_assert_cmpfloat_with_epsilon(rects[2].x, 3, 1e-9);
    g_assert_cmpfloat_with_epsilon(rects[2].width, 12.0 / 7, 1e-9);
}

TEST(edges)
{
    check(0, &frame);
    sizes[0] = 5;
    check(1, &frame);
    g_assert_cmpfloat(rects[0].width, ==, frame.width);
    sizes[0] = sizes[1] = sizes[2] = 0;
    check(3, &frame);
    sizes[0] = 0;
    sizes[1] = 1;
    sizes[2] = G_MAXUINT64;
    sizes[3] = G_MAXUINT64;
    sizes[4] = 0;
    check(5, &frame);
    static const TreemapRect flat = {10, 20, 300, 0};
    treemap_lay_out(sizes, 3, &flat, rects);
    g_assert_cmpfloat(rects[2].x, ==, 10);
}

TEST(generated)
{
    GRand *random = g_rand_new_with_seed(11);
    for (unsigned round = 0; round < 60; round++) {
        guint count = (guint)g_rand_int_range(random, 1, 120);
        for (guint i = 0; i < count; i++)
            sizes[i] = g_rand_int(random) >> g_rand_int_range(random, 0, 32);
        TreemapRect in = {3, 4, 1 + g_rand_double(random) * 1000, 1 + g_rand_double(random) * 500};
        check(count, &in);
    }
    for (guint i = 0; i < MOST; i++)
        sizes[i] = g_rand_int(random);
    check(MOST, &frame);
    g_rand_free(random);
}

/* Squares, or nearly, where sizes allow them. */
TEST(squarish)
{
    for (guint i = 0; i < 40; i++)
        sizes[i] = 1000 + i;
    check(40, &frame);
    for (guint i = 0; i < 40; i++)
        g_assert_cmpfloat(MAX(rects[i].width / rects[i].height, rects[i].height / rects[i].width),
                          <, 2);
}
