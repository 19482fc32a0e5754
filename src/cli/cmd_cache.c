#include "base/io.h"
#include "base/limits.h"
#include "base/sorted.h"
#include "cli/commands.h"
#include "cli/workspace.h"
#include "store/cache.h"

#include <errno.h>
#include <unistd.h>

enum {
    MAX_DEPTH = 16,         /* of folders in the cache */
    MAX_ENTRIES = 10000000, /* of one folder */
};

static const OptionRow rows[] = {
    /* clang-format off */
    {"cache-dir", 0, OPTION_VALUE, "DIR", offsetof(Options, cache_dir), 0,
     "the cache to work on, instead of $XDG_CACHE_HOME/ramekin"},
    {0},
    /* clang-format on */
};
static const OptionGroup group = {"Cache", rows};
static const OptionGroup *const groups[] = {&group, &options_common, NULL};

static gboolean remove_tree(const char *path, unsigned depth, GError **error)
{
    bool is_folder =
        g_file_test(path, G_FILE_TEST_IS_DIR) && !g_file_test(path, G_FILE_TEST_IS_SYMLINK);
    if (is_folder) {
        g_autoptr(GPtrArray) names = sorted_dir(path, MAX_ENTRIES, error);
        if (!names)
            return FALSE;
        if (depth > MAX_DEPTH)
            return error_set(error, ERROR_FAILED, SPAN_NONE, "%s lies too deep", path);
        for (guint i = 0; i < names->len; i++) {
            g_autofree char *child = g_build_filename(path, names->pdata[i], NULL);
            if (!remove_tree(child, depth + 1, error))
                return FALSE;
        }
    }
    if ((is_folder ? rmdir(path) : unlink(path)) < 0 && errno != ENOENT)
        return error_set_errno(error, ERROR_FAILED, errno, "cannot remove %s", path);
    return TRUE;
}

/* Renamed first, so that a run at the same time never meets half a cache. */
static gboolean clean(const char *dir, GError **error)
{
    if (!g_file_test(dir, G_FILE_TEST_IS_DIR))
        return TRUE;
    g_autofree char *doomed = g_strdup_printf("%s.removing-%d", dir, (int)getpid());
    if (rename(dir, doomed) < 0)
        return error_set_errno(error, ERROR_FAILED, errno, "cannot rename %s", dir);
    return remove_tree(doomed, 0, error);
}

static int run_cache(Invocation *invocation)
{
    const char *verb = invocation->options->arguments->pdata[0];
    g_autoptr(Cache) cache = cache_new(invocation->options->cache_dir);
    GError *error = NULL;
    if (g_str_equal(verb, "dir"))
        output_result_line(invocation->output, "%s", cache_dir(cache));
    else if (!g_str_equal(verb, "clean"))
        error_set(&error, ERROR_USAGE, SPAN_NONE, "cache takes dir or clean, not \"%s\"", verb);
    else
        clean(cache_dir(cache), &error);
    return error ? output_error(invocation->output, error) : 0;
}

const Command command_cache = {
    "cache", run_cache, "dir|clean", 1, 1, "say where downloads are kept, or remove them", groups};
