/* views_print RECIPE.yaml[#ROW] [--offline] [ENDING]...: looks into the wheels that the recipe's
 * stages install without fetching them, brings the members that end so, and prints for each wheel
 * how many members it has or why that is not known, how many were wanted and how many of those
 * could be read; then the share of bytes that was read, and the times on stderr. */
#include "base/clock.h"
#include "base/limits.h"
#include "lock/fetch.h"

#include <stdio.h>

typedef struct {
    const char *const *endings;
} Wanted;

static bool is_wanted(void *data, G_GNUC_UNUSED const WheelView *view, const ZipMember *member)
{
    const Wanted *wanted = data;
    for (size_t i = 0; wanted->endings[i]; i++) {
        if (g_str_has_suffix(member->name, wanted->endings[i]))
            return true;
    }
    return false;
}

static void fail(GError *error)
{
    g_autofree char *text = error_format(error, "error", false);
    fputs(text, stderr);
    exit(error_exit_status(error));
}

static void print_view(GString *out, WheelView *view, Wanted *wanted)
{
    const ZipDirectory *directory = wheel_view_directory(view);
    if (!directory) {
        g_string_append_printf(out, "%s: unknown: %s\n", wheel_view_filename(view),
                               wheel_view_problem(view));
        return;
    }
    size_t count, asked = 0, read = 0;
    g_autofree char *problem = NULL;
    const ZipMember *members = zip_directory_members(directory, &count);
    for (size_t i = 0; i < count; i++) {
        if (!is_wanted(wanted, view, &members[i]))
            continue;
        g_autoptr(GError) error = NULL;
        g_autoptr(GBytes) bytes = wheel_view_read(view, members[i].name, 64 * MIB, &error);
        asked++;
        read += bytes != NULL;
        if (error && !problem)
            problem = g_strdup(error->message);
    }
    g_string_append_printf(out, "%s: %zu members, %zu wanted, %zu read%s%s\n",
                           wheel_view_filename(view), count, asked, read, problem ? ": " : "",
                           problem ? problem : "");
}

static void print_views(LockSession *session, const Recipe *recipe, const LockTarget *target,
                        Wanted *wanted)
{
    g_autoptr(BlobStore) blobs = blob_store_new(lock_session_cache(session));
    g_autoptr(GPtrArray) files = lock_target_installs(target);
    g_autoptr(WheelViews) views = NULL;
    g_autoptr(GString) out = g_string_new(NULL), times = g_string_new(NULL);
    GError *error = NULL;
    guint64 read, total;
    gint64 start = clock_monotonic_usec();
    if (!lock_session_view_wheels(session, recipe, target, blobs, files, &views, &error))
        fail(error);
    gint64 opened = clock_monotonic_usec();
    wheel_views_bring(views, is_wanted, wanted, NULL);
    gint64 brought = clock_monotonic_usec();
    for (guint i = 0; i < files->len; i++) {
        const LockFile *file = files->pdata[i];
        print_view(out, wheel_views_find(views, file->sha256), wanted);
    }
    gint64 done = clock_monotonic_usec();
    wheel_views_traffic(views, &read, &total);
    g_string_append_printf(out, "read %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " bytes\n", read,
                           total);
    g_string_append_printf(times, "opened %.1f ms, brought %.1f ms, read %.1f ms\n",
                           (double)(opened - start) / 1e3, (double)(brought - opened) / 1e3,
                           (double)(done - brought) / 1e3);
    fputs(out->str, stdout);
    fputs(times->str, stderr);
}

int main(int argc, char **argv)
{
    const char *endings[16] = {NULL};
    size_t count = 0;
    LockOptions options = {0};
    for (int i = 2; i < argc && count + 1 < G_N_ELEMENTS(endings); i++) {
        if (g_str_equal(argv[i], "--offline"))
            options.offline = true;
        else
            endings[count++] = argv[i];
    }
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
    Wanted wanted = {endings};
    print_views(session, recipe, target, &wanted);
    recipe_free(recipe);
    return 0;
}
