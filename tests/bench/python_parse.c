/* What tests/bench/python_parse.py runs: "python_parse THREADS" reads the paths given on stdin,
 * then parses them all; prints files, refused ones, bytes, seconds of processor time, seconds of
 * wall time and the bytes that all the trees would take. */
#include "facts/python_parse.h"
#include "base/clock.h"

#include <sys/resource.h>
#include <unistd.h>

typedef struct {
    char *text;
    gsize length;
    gint refused;
    size_t memory;
} File;

static void parse(gpointer item, gpointer data)
{
    File *file = item;
    g_autoptr(PyTree) tree = py_parse("file", file->text, file->length, NULL);
    file->refused = !tree;
    file->memory = tree ? py_tree_memory(tree) : 0;
}

static void free_file(gpointer item)
{
    File *file = item;
    g_free(file->text);
    g_free(file);
}

static GPtrArray *read_files(void)
{
    GPtrArray *files = g_ptr_array_new_with_free_func(free_file);
    char path[4096];
    while (fgets(path, sizeof path, stdin)) {
        g_strchomp(path);
        File *file = g_new0(File, 1);
        if (g_file_get_contents(path, &file->text, &file->length, NULL))
            g_ptr_array_add(files, file);
        else
            g_free(file);
    }
    return files;
}

static double processor_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void parse_all(GPtrArray *files, int threads)
{
    if (threads < 2) {
        g_ptr_array_foreach(files, parse, NULL);
        return;
    }
    GThreadPool *pool = g_thread_pool_new(parse, NULL, threads, TRUE, NULL);
    for (guint i = 0; i < files->len; i++)
        g_thread_pool_push(pool, files->pdata[i], NULL);
    g_thread_pool_free(pool, FALSE, TRUE);
}

int main(int argc, char **argv)
{
    int threads = argc > 1 ? (int)g_ascii_strtoll(argv[1], NULL, 10) : 1;
    g_autoptr(GPtrArray) files = read_files();
    double processor = processor_seconds();
    gint64 start = clock_monotonic_usec();
    parse_all(files, threads);
    double wall = (double)(clock_monotonic_usec() - start) / 1e6;
    processor = processor_seconds() - processor;
    guint64 bytes = 0, memory = 0;
    guint refused = 0;
    for (guint i = 0; i < files->len; i++) {
        const File *file = files->pdata[i];
        bytes += file->length, memory += file->memory, refused += (guint)file->refused;
    }
    dprintf(STDOUT_FILENO, "%u %u %" G_GUINT64_FORMAT " %.6f %.6f %" G_GUINT64_FORMAT "\n",
            files->len, refused, bytes, processor, wall, memory);
    return 0;
}
