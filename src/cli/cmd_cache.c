#include "base/clock.h"
#include "base/io.h"
#include "base/names.h"
#include "cli/cache_report.h"
#include "cli/commands.h"
#include "cli/workspace.h"
#include "text/decode.h"

#include <errno.h>
#include <unistd.h>

static const OptionRow rows[] = {
    /* clang-format off */
    {"cache-dir", 0, OPTION_VALUE, "DIR", offsetof(Options, cache_dir), 0,
     "the cache to work on, instead of $XDG_CACHE_HOME/ramekin"},
    OPTION_ROW_FORMAT("ramekin.cache/1"),
    {"older-than", 0, OPTION_VALUE, "AGE", offsetof(Options, older_than), 0,
     "prune what was not used for so long: 30d, 12h"},
    {"keep", 0, OPTION_VALUE, "SIZE", offsetof(Options, keep), 0,
     "prune the wheels and layers that were used least recently, until at most so much is left: 10G"},
    {0},
    /* clang-format on */
};
static const OptionGroup group = {"Cache", rows};
static const OptionGroup *const groups[] = {&group, &options_common, NULL};

/* Renamed first, so that a run at the same time never meets half a cache. */
static gboolean clean(const char *dir, GError **error)
{
    if (!g_file_test(dir, G_FILE_TEST_IS_DIR))
        return TRUE;
    g_autofree char *doomed = g_strdup_printf("%s.removing-%d", dir, (int)getpid());
    if (rename(dir, doomed) < 0)
        return error_set_errno(error, ERROR_FAILED, errno, "cannot rename %s", dir);
    return io_remove_tree(doomed, error);
}

typedef struct {
    Invocation *invocation;
    Cache *cache;
    BlobStore *blobs;
    TreeStore *trees;
    bool json;
} CacheRun;

static int print(const CacheRun *run, char *take_text)
{
    output_result(run->invocation->output, take_text);
    g_free(take_text);
    return 0;
}

static int fail(const CacheRun *run, GError *error)
{
    return output_error(run->invocation->output, error);
}

static int run_size(const CacheRun *run)
{
    GError *error = NULL;
    g_autoptr(GPtrArray) buckets = cache_list(run->cache, &error);
    g_autoptr(GPtrArray) blobs = buckets ? blob_store_list(run->blobs, &error) : NULL;
    g_autoptr(GPtrArray) trees = blobs ? tree_store_list(run->trees, &error) : NULL;
    if (!trees)
        return fail(run, error);
    CacheReport report = {cache_dir(run->cache), buckets, blobs, trees};
    return print(run, cache_report_size(&report, run->json));
}

static int run_list(const CacheRun *run)
{
    GError *error = NULL;
    g_autoptr(GPtrArray) blobs = blob_store_list(run->blobs, &error);
    g_autoptr(GPtrArray) trees = blobs ? tree_store_list(run->trees, &error) : NULL;
    if (!trees)
        return fail(run, error);
    CacheReport report = {cache_dir(run->cache), NULL, blobs, trees};
    bool colour = output_result_colour(run->invocation->output);
    return print(run, cache_report_list(&report, run->json, colour));
}

/* "10G" is short for "10GB". */
static gboolean parse_keep(const char *text, guint64 *ret_bytes, GError **error)
{
    g_autofree char *longer = g_strconcat(text, "B", NULL);
    bool is_short = *text && strchr("kKMGTi", text[strlen(text) - 1]);
    if (text_parse_size(is_short ? longer : text, ret_bytes))
        return TRUE;
    error_set(error, ERROR_USAGE, SPAN_NONE, "--keep takes a size, not \"%s\"", text);
    error_set_hint(*error, "write a number and B, kB, MB, GB, TB or KiB, MiB, GiB, TiB: 10GB");
    return FALSE;
}

static gboolean parse_age(const char *text, gint64 *ret_before, GError **error)
{
    guint64 milliseconds;
    if (text_parse_duration(text, &milliseconds)) {
        *ret_before = clock_now_seconds() - (gint64)(milliseconds / 1000);
        return TRUE;
    }
    error_set(error, ERROR_USAGE, SPAN_NONE, "--older-than takes an age, not \"%s\"", text);
    error_set_hint(*error, "write a number and s, m, h or d: 30d, 12h");
    return FALSE;
}

static guint64 size_of_blobs(const GPtrArray *blobs)
{
    guint64 total = 0;
    for (guint i = 0; i < blobs->len; i++)
        total += ((const BlobInfo *)blobs->pdata[i])->size;
    return total;
}

static guint64 size_of_trees(const GPtrArray *trees)
{
    guint64 total = 0;
    for (guint i = 0; i < trees->len; i++)
        total += ((const TreeInfo *)trees->pdata[i])->bytes;
    return total;
}

/* Trees get what blobs leave of `keep`: they are made again without asking anybody. */
static gboolean prune(const CacheRun *run, gint64 before, guint64 keep, CachePruned *ret_pruned,
                      GError **error)
{
    guint64 of_blobs = 0, of_entries = 0, of_trees = 0;
    if (!blob_store_prune(run->blobs, before, keep, &of_blobs, error) ||
        !cache_prune(run->cache, before, &of_entries, error))
        return FALSE;
    g_autoptr(GPtrArray) blobs = blob_store_list(run->blobs, error);
    if (!blobs)
        return FALSE;
    guint64 left = size_of_blobs(blobs);
    guint64 room = keep == G_MAXUINT64 ? keep : keep - MIN(left, keep);
    if (!tree_store_prune(run->trees, before, room, &of_trees, error))
        return FALSE;
    g_autoptr(GPtrArray) trees = tree_store_list(run->trees, error);
    if (!trees)
        return FALSE;
    *ret_pruned = (CachePruned){of_blobs + of_entries + of_trees, left, size_of_trees(trees)};
    return TRUE;
}

static int run_prune(const CacheRun *run)
{
    const Options *options = run->invocation->options;
    GError *error = NULL;
    gint64 before = G_MININT64;
    guint64 keep = G_MAXUINT64;
    CachePruned pruned = {0};
    if (!options->older_than && !options->keep)
        error_set(&error, ERROR_USAGE, SPAN_NONE, "prune needs --older-than or --keep");
    if (error || (options->older_than && !parse_age(options->older_than, &before, &error)) ||
        (options->keep && !parse_keep(options->keep, &keep, &error)) ||
        !prune(run, before, keep, &pruned, &error))
        return fail(run, error);
    return print(run, cache_report_pruned(cache_dir(run->cache), &pruned, run->json));
}

static int run_check(const CacheRun *run)
{
    GError *error = NULL;
    CacheChecked checked = {0};
    g_autoptr(GPtrArray) damaged = NULL, damaged_trees = NULL;
    g_autoptr(GPtrArray) blobs = blob_store_list(run->blobs, &error);
    g_autoptr(GPtrArray) trees = blobs ? tree_store_list(run->trees, &error) : NULL;
    if (!trees || !cache_check(run->cache, &checked.entries, &checked.damaged_entries, &error) ||
        !blob_store_check(run->blobs, &damaged, &error) ||
        !tree_store_check(run->trees, &damaged_trees, &error))
        return fail(run, error);
    checked.blobs = blobs->len;
    checked.trees = trees->len;
    checked.damaged = damaged;
    checked.damaged_trees = damaged_trees;
    print(run, cache_report_checked(cache_dir(run->cache), &checked, run->json));
    return damaged->len + damaged_trees->len + checked.damaged_entries > 0 ? 1 : 0;
}

static int run_dir(const CacheRun *run)
{
    return print(run, cache_report_dir(cache_dir(run->cache), run->json));
}

static int run_clean(const CacheRun *run)
{
    GError *error = NULL;
    return clean(cache_dir(run->cache), &error) ? 0 : fail(run, error);
}

static const struct {
    const char *name;
    int (*run)(const CacheRun *run);
    bool prunes;
} verbs[] = {
    {"size", run_size, false},   {"list", run_list, false},   {"prune", run_prune, true},
    {"check", run_check, false}, {"clean", run_clean, false}, {"dir", run_dir, false},
};

static int refuse_verb(Invocation *invocation, const char *word)
{
    GError *error = NULL;
    const char *names[G_N_ELEMENTS(verbs)];
    for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++)
        names[i] = verbs[i].name;
    const char *near = names_nearest(word, names, G_N_ELEMENTS(verbs));
    error_set(&error, ERROR_USAGE, SPAN_NONE,
              "cache takes size, list, prune, check, clean or dir, not \"%s\"", word);
    if (near)
        error_set_hint(error, "did you mean %s?", near);
    return output_error(invocation->output, error);
}

static int run_verb(Invocation *invocation, size_t verb)
{
    const Options *options = invocation->options;
    GError *error = NULL;
    if (!verbs[verb].prunes && (options->older_than || options->keep)) {
        error_set(&error, ERROR_USAGE, SPAN_NONE,
                  "--older-than and --keep say what `ramekin cache prune` removes");
        return output_error(invocation->output, error);
    }
    g_autoptr(Cache) cache = cache_new(options->cache_dir);
    g_autoptr(BlobStore) blobs = blob_store_new(cache);
    g_autoptr(TreeStore) trees = tree_store_new(cache);
    CacheRun run = {invocation, cache, blobs, trees, options->format == FORMAT_JSON};
    return verbs[verb].run(&run);
}

static int run_cache(Invocation *invocation)
{
    const GPtrArray *arguments = invocation->options->arguments;
    const char *word = arguments->len > 0 ? arguments->pdata[0] : "size";
    for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++) {
        if (g_str_equal(verbs[i].name, word))
            return run_verb(invocation, i);
    }
    return refuse_verb(invocation, word);
}

const Command command_cache = {
    "cache", run_cache, "[size|list|prune|check|clean|dir]",
    0,       1,         "show, check and prune what downloads and builds keep for the next run",
    groups,
};
