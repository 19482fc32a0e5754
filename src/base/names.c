#include "base/names.h"

enum {
    NAME_CHARS = 64, /* longer names are not compared */
};

/* Optimal string alignment distance: insert, delete, replace, swap of neighbours. */
static unsigned edit_distance(const char *a, size_t m, const char *b, size_t n)
{
    unsigned rows[3][NAME_CHARS + 1];
    for (size_t j = 0; j <= n; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= m; i++) {
        unsigned *now = rows[i % 3], *before = rows[(i + 2) % 3], *earlier = rows[(i + 1) % 3];
        now[0] = (unsigned)i;
        for (size_t j = 1; j <= n; j++) {
            unsigned cost = a[i - 1] != b[j - 1];
            unsigned best = MIN(MIN(before[j], now[j - 1]) + 1, before[j - 1] + cost);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                best = MIN(best, earlier[j - 2] + 1);
            now[j] = best;
        }
    }
    return rows[m % 3][n];
}

const char *names_nearest(const char *text, const char *const *names, size_t count)
{
    return names_nearest_within(text, names, count, NAME_CHARS);
}

const char *names_nearest_within(const char *text, const char *const *names, size_t count,
                                 unsigned limit)
{
    size_t length = strlen(text);
    if (length > NAME_CHARS)
        return NULL;
    const char *best = NULL;
    unsigned best_distance = G_MAXUINT;
    for (size_t i = 0; i < count; i++) {
        size_t other = names[i] ? strlen(names[i]) : 0;
        if (other == 0 || other > NAME_CHARS)
            continue;
        unsigned distance = edit_distance(text, length, names[i], other);
        if (distance <= MIN(limit, MAX(1, other / 3)) && distance < best_distance) {
            best = names[i];
            best_distance = distance;
        }
    }
    return best;
}
