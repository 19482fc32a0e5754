/* Runs a program of an image again and again in one root, and says what that costs and what is left
 * of it: sandbox_loop CACHE oci:DIR COUNT[:RUNNER] PROGRAM…
 * Or what limits do: sandbox_loop CACHE oci:DIR limits RUNNER
 *
 * Prints one line of JSON: milliseconds of opening the root and of each run, and how many files,
 * children and mounts this process has more at the end than after the first run. */
#include "base/clock.h"
#include "base/sorted.h"
#include "image/base_image.h"
#include "sandbox/sandbox.h"

#include <sys/wait.h>

typedef struct {
    guint files, mounts;
    bool children;
} Held;

static Held look(void)
{
    g_autoptr(GPtrArray) files = sorted_dir("/proc/self/fd", 100000, NULL);
    g_autofree char *mounts = NULL;
    Held held = {files ? files->len : 0, 0, waitpid(-1, NULL, WNOHANG) >= 0};
    if (g_file_get_contents("/proc/self/mountinfo", &mounts, NULL, NULL)) {
        for (const char *at = mounts; *at; at++)
            held.mounts += *at == '\n';
    }
    return held;
}

static int fail(GError *error)
{
    g_autofree char *text = error_format(error, "error", false);
    fputs(text, stderr);
    g_error_free(error);
    return 2;
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return left < right ? -1 : left > right;
}

static SandboxRunner find_runner(const char *name)
{
    for (int i = SANDBOX_RUNNER_BWRAP; name && i <= SANDBOX_RUNNER_RUNC; i++) {
        if (g_str_equal(sandbox_runner_name((SandboxRunner)i), name))
            return (SandboxRunner)i;
    }
    return SANDBOX_RUNNER_AUTO;
}

static int loop(SandboxRoot *root, char **argv, const char *times_text, double opened)
{
    const char *colon = strchr(times_text, ':');
    const SandboxCommand command = {.argv = (const char *const *)argv,
                                    .runner = find_runner(colon ? colon + 1 : NULL)};
    guint count = (guint)strtoul(times_text, NULL, 10);
    g_autofree double *times = g_new(double, count);
    Held first = {0};
    for (guint i = 0; i < count; i++) {
        SandboxResult result;
        GError *error = NULL;
        gint64 begin = clock_monotonic_usec();
        if (!sandbox_run(root, &command, &result, &error))
            return fail(error);
        times[i] = (double)(clock_monotonic_usec() - begin) / 1000;
        if (result.status != 0)
            return result.status;
        first = i == 0 ? look() : first;
    }
    Held last = look();
    double begin = times[0];
    qsort(times, count, sizeof *times, compare);
    fprintf(stdout,
            "{\"open_ms\": %.1f, \"first_ms\": %.1f, \"median_ms\": %.1f, \"worst_ms\": %.1f, "
            "\"files\": %d, \"mounts\": %d, \"children\": %d}\n",
            opened, begin, times[count / 2], times[count - 1], (int)last.files - (int)first.files,
            (int)last.mounts - (int)first.mounts, last.children);
    return 0;
}

static void note_line(void *data, SandboxStream stream, const char *line)
{
    GString *text = data;
    if (text->len < 100)
        g_string_append_printf(text, "%s%s %s", text->len ? "; " : "",
                               stream == SANDBOX_STDOUT ? "out" : "err", line);
}

/* One line: what became of a shell script. */
static int show(SandboxRoot *root, const char *name, const char *script, SandboxCommand command)
{
    const char *argv[] = {"/bin/sh", "-c", script, NULL};
    g_autoptr(GString) text = g_string_new(NULL);
    SandboxResult result;
    GError *error = NULL;
    command.argv = argv;
    command.line = note_line;
    command.data = text;
    if (!sandbox_run(root, &command, &result, &error))
        return fail(error);
    if (command.memory_bytes > 0)
        fprintf(stdout, "%s: %s\n", name, result.status ? "failed" : "went well");
    else if (result.timed_out || result.output_exceeded)
        fprintf(stdout, "%s: status %d signal %d%s%s\n", name, result.status, result.signal,
                result.timed_out ? " timed out" : " exceeded", text->len ? ", some lines" : "");
    else
        fprintf(stdout, "%s: status %d: %s\n", name, result.status, text->str);
    return 0;
}

typedef struct {
    SandboxRoot *root;
    SandboxCommand command;
    SandboxResult result;
} Thread;

static void *run_thread(void *data)
{
    static const char *const argv[] = {"/bin/sleep", "1", NULL};
    Thread *thread = data;
    thread->command.argv = argv;
    sandbox_run(thread->root, &thread->command, &thread->result, NULL);
    return NULL;
}

/* A run does not wait for one that was started after it and takes longer. */
static int show_threads(SandboxRoot *root, SandboxCommand plain)
{
    static const char *const argv[] = {"/bin/sleep", "4", NULL};
    Thread first = {root, plain, {0}};
    SandboxResult second = {0};
    GThread *thread = g_thread_new("first", run_thread, &first);
    g_usleep(G_USEC_PER_SEC / 2);
    plain.argv = argv;
    bool ok = sandbox_run(root, &plain, &second, NULL);
    g_thread_join(thread);
    bool apart = first.result.milliseconds + 1000 < second.milliseconds;
    fprintf(stdout, "threads: %s\n", !ok ? "failed" : apart ? "apart" : "together");
    return 0;
}

static int show_limits(SandboxRoot *root, const char *runner)
{
    SandboxBind bind = {"/proc/self", "/here/it", false};
    g_autofree char *folder = g_dir_make_tmp("sandbox-XXXXXX", NULL);
    g_autofree char *file = g_build_filename(folder, "file", NULL);
    SandboxCommand plain = {.runner = find_runner(runner)};
    SandboxCommand timed = plain, talking = plain, large = plain, bound = plain;
    timed.timeout_ms = 500;
    talking.output_bytes = 1000;
    large.memory_bytes = 256 * 1024 * 1024;
    bind.source = folder;
    bound.binds = &bind;
    bound.bind_count = 1;
    g_file_set_contents(file, "bound\n", -1, NULL);
    int status = show(root, "time", "sleep 1000", timed);
    status |= show(root, "output", "while :; do echo line; done", talking);
    status |= show(root, "memory", "x=x; while [ ${#x} -lt 1000000000 ]; do x=$x$x; done", large);
    status |= show(root, "lines", "printf 'a\\0b\\nlast'", plain);
    status |= show(root, "folder", "cat /here/it/file; ! (echo >/here/it/file) 2>/dev/null", bound);
    status |= show_threads(root, plain);
    unlink(file);
    rmdir(folder);
    return status;
}

int main(int argc, char **argv)
{
    if (argc < 5)
        return 2;
    GError *error = NULL;
    g_autofree char *tag = NULL;
    g_autoptr(Cache) cache = cache_new(argv[1]);
    g_autoptr(BlobStore) blobs = blob_store_new(cache);
    g_autoptr(Platform) platform = platform_parse("linux/amd64", &error);
    g_autoptr(ImageLayout) layout = image_layout_open_named(argv[2], &tag, &error);
    g_autoptr(BaseImage) image =
        layout ? base_image_open_layout(layout, tag, platform, blobs, &error) : NULL;
    if (!image)
        return fail(error);
    SandboxImage input = {image->config, image->layers, NULL};
    SandboxRootOptions options = {.cache = cache};
    gint64 begin = clock_monotonic_usec();
    g_autoptr(SandboxRoot) root = sandbox_root_open(&input, &options, &error);
    if (!root)
        return fail(error);
    if (g_str_equal(argv[3], "limits"))
        return show_limits(root, argv[4]);
    return loop(root, argv + 4, argv[3], (double)(clock_monotonic_usec() - begin) / 1000);
}
