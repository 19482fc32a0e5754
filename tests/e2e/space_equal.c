/* space_equal RECIPE.yaml[#ROW]: whether the files by name are those of the merged tree that
 * `build` makes of the same stages (paths, the wheel member behind each, stage), and how long the
 * former took; differences on stdout, status 1. */
#include "base/clock.h"
#include "check/file_space.h"
#include "lock/fetch.h"
#include "plan/stage_tree.h"

static void fail(GError *error)
{
    g_autofree char *text = error_format(error, "error", false);
    fputs(text, stderr);
    exit(error_exit_status(error));
}

static gboolean open_wheel(void *data, const LockFile *file, const char *path, GError **error)
{
    WheelArchive *wheel = wheel_archive_open(path, file->file, file->sha256, error);
    if (wheel)
        g_hash_table_insert(data, (LockFile *)file, wheel);
    return wheel != NULL;
}

static void describe(GString *out, const char *path, const char *site, const char *member,
                     unsigned stage)
{
    bool below = g_str_has_prefix(path, site) && path[strlen(site)] == '/';
    g_string_append_printf(out, "%s %s %u\n", below ? path + strlen(site) + 1 : path,
                           member ? member : "-", stage);
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Folders and whatever lies over the base are no files of a wheel. */
static char *describe_tree(MergedTree *tree, const char *site)
{
    g_autoptr(GString) out = g_string_new(NULL);
    const GPtrArray *entries = merged_tree_entries(tree);
    for (guint i = 0; i < entries->len; i++) {
        const TreeEntry *entry = entries->pdata[i];
        const char *slash = strrchr(entry->path, '/');
        bool script = entry->layer == LAYER_OF_INSTALLER && g_str_has_suffix(entry->path, ".sh");
        if (entry->kind == ENTRY_FOLDER || !slash || script)
            continue;
        describe(out, entry->path, site, entry->member ? entry->member->name : NULL, entry->stage);
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static char *describe_space(const FileSpace *space)
{
    g_autoptr(GString) out = g_string_new(NULL);
    const GPtrArray *files = file_space_files(space);
    for (guint i = 0; i < files->len; i++) {
        const SpaceFile *file = files->pdata[i];
        describe(out, file->path, file_space_site(space), file->member ? file->member->name : NULL,
                 file->stage);
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

/* Lines that only one of both has, with "<" or ">" before them; false: none. */
static bool print_differences(const char *left, const char *right)
{
    g_auto(GStrv) x = g_strsplit(left, "\n", -1), y = g_strsplit(right, "\n", -1);
    size_t n = g_strv_length(x), m = g_strv_length(y), i = 0, k = 0;
    bool any = false;
    qsort(x, n, sizeof *x, compare_lines);
    qsort(y, m, sizeof *y, compare_lines);
    while (i < n || k < m) {
        int order = i == n ? 1 : k == m ? -1 : strcmp(x[i], y[k]);
        if (order != 0) {
            any = true;
            fputs(order < 0 ? "< " : "> ", stdout);
            fputs(order < 0 ? x[i] : y[k], stdout);
            fputs("\n", stdout);
        }
        i += order <= 0;
        k += order >= 0;
    }
    return any;
}

static void wheel_destroy(void *data)
{
    wheel_archive_free(data);
}

static int compare(LockSession *session, const Recipe *recipe, const LockTarget *target)
{
    g_autoptr(BlobStore) blobs = blob_store_new(lock_session_cache(session));
    g_autoptr(GPtrArray) files = lock_target_installs(target);
    g_autoptr(GHashTable) wheels = g_hash_table_new_full(NULL, NULL, NULL, wheel_destroy);
    g_autoptr(WheelViews) views = NULL;
    g_autoptr(MergedTree) tree = NULL;
    GError *error = NULL;
    gint64 start = clock_monotonic_usec();
    if (!lock_session_view_wheels(session, recipe, target, blobs, files, &views, &error))
        fail(error);
    gint64 opened = clock_monotonic_usec();
    g_autoptr(FileSpace) space =
        file_space_new(&(FileSpaceInput){.recipe = recipe, .target = target, .views = views});
    gint64 made = clock_monotonic_usec();
    g_autoptr(FileSpace) again = file_space_after(space, target->stages->len);
    gint64 done = clock_monotonic_usec();
    g_autoptr(Environment) environment = lock_base_environment(target, &error);
    g_autoptr(PythonTarget) python =
        environment
            ? python_target_new(target->base.python, target->base.libc, target->platform, &error)
            : NULL;
    if (!python || !lock_session_fetch_wheels(session, recipe, target, blobs, files, open_wheel,
                                              wheels, &error))
        fail(error);
    g_autoptr(InstallTarget) install =
        install_target_new(environment, python, target->base.pip_version);
    g_autoptr(Plan) plan = plan_new(recipe, target);
    StageTreeInput input = {.plan = plan,
                            .wheels = wheels,
                            .target = install,
                            .environment = environment,
                            .python = python};
    gint64 begun = clock_monotonic_usec();
    if (!stage_tree_build(&input, &tree, &error))
        fail(error);
    gint64 built = clock_monotonic_usec();
    g_autoptr(GString) times = g_string_new(NULL);
    g_string_append_printf(times,
                           "%u files, %u overlaps, %u scripts, %u unknown: views %.1f ms, space "
                           "%.1f ms, again %.1f ms, tree %.1f ms\n",
                           file_space_files(space)->len, file_space_overlaps(space)->len,
                           file_space_scripts(space)->len, file_space_unknown(space)->len,
                           (double)(opened - start) / 1e3, (double)(made - opened) / 1e3,
                           (double)(done - made) / 1e3, (double)(built - begun) / 1e3);
    fputs(times->str, stderr);
    g_autofree char *left = describe_space(space), *site = g_strdup(file_space_site(space));
    g_autofree char *right = describe_tree(tree, site), *copy = describe_space(again);
    return print_differences(left, right) || print_differences(left, copy);
}

int main(int argc, char **argv)
{
    LockOptions options = {0};
    g_autofree char *path = g_strndup(argv[1], strcspn(argv[1], "#"));
    const char *row = strchr(argv[1], '#');
    RecipeOptions recipe_options = {0};
    g_autoptr(Diags) diags = diags_new();
    g_autoptr(RecipeFile) file = recipe_file_load(path, &recipe_options, diags);
    Recipe *recipe =
        file ? recipe_decode(file, row ? row + 1 : NULL, &recipe_options, diags) : NULL;
    g_autoptr(LockSession) session = lock_session_new(&options);
    g_autoptr(Lock) lock = lock_new();
    LockTarget *target = NULL;
    GError *error = NULL;
    if (recipe &&
        !lock_resolve_target(session, recipe, "linux/amd64", lock, &target, diags, &error) && error)
        fail(error);
    if (!target) {
        g_autofree char *text = diags_format(diags, false);
        fputs(text, stderr);
        return 1;
    }
    int status = compare(session, recipe, target);
    recipe_free(recipe);
    return status;
}
