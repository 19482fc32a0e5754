/* dockerfiles DIR: reads DIR/NAME/Dockerfile and DIR/NAME/healthy/Dockerfile of every NAME, repeats
 * them to a hundred, and says how long parsing and linting them takes, the best of ten times. */
#include "base/clock.h"
#include "base/sorted.h"
#include "check/lint.h"

#include <stdio.h>

enum {
    FILES = 100,
    TIMES = 10,
};

static void add_file(GPtrArray *sources, const char *folder)
{
    g_autofree char *path = g_build_filename(folder, "Dockerfile", NULL);
    Source *source = source_load(path, NULL, 1u << 20, NULL);
    if (source)
        g_ptr_array_add(sources, source);
}

static GPtrArray *load_all(const char *folder)
{
    GPtrArray *sources = g_ptr_array_new_with_free_func((GDestroyNotify)source_unref);
    g_autoptr(GPtrArray) names = sorted_dir(folder, 1000, NULL);
    for (guint i = 0; names && i < names->len; i++) {
        g_autofree char *bad = g_build_filename(folder, names->pdata[i], NULL);
        g_autofree char *healthy = g_build_filename(bad, "healthy", NULL);
        add_file(sources, bad);
        add_file(sources, healthy);
    }
    return sources;
}

static gint64 measure(const GPtrArray *sources, bool lints)
{
    static const LintContext context = {0};
    gint64 best = G_MAXINT64;
    for (unsigned i = 0; i < TIMES; i++) {
        gint64 start = clock_monotonic_usec();
        for (unsigned k = 0; k < FILES; k++) {
            g_autoptr(Dockerfile) file = dockerfile_parse(sources->pdata[k % sources->len], NULL);
            g_autoptr(LintResult) result = lints && file ? dockerfile_lint(file, &context) : NULL;
        }
        best = MIN(best, clock_monotonic_usec() - start);
    }
    return best;
}

int main(int argc, char **argv)
{
    g_autoptr(GPtrArray) sources = argc > 1 ? load_all(argv[1]) : NULL;
    if (!sources || sources->len == 0)
        return 2;
    guint64 bytes = 0;
    for (unsigned i = 0; i < FILES; i++) {
        size_t length;
        source_text(sources->pdata[i % sources->len], &length);
        bytes += length;
    }
    gint64 parsed = measure(sources, false), linted = measure(sources, true);
    fprintf(stdout, "%d Dockerfiles, %.1f kB: parsed in %.2f ms, parsed and linted in %.2f ms\n",
            FILES, (double)bytes / 1e3, (double)parsed / 1e3, (double)linted / 1e3);
    return 0;
}
