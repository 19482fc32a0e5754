/* limit JOBS WHEEL...: the least that layers of these wheels cost: every member inflated, its bytes
 * and the compressed ones hashed, one wheel a thread, largest first; nothing is written. Prints
 * seconds, and megabytes in and out. */
#include "archive/inflate.h"
#include "archive/zip.h"
#include "base/auto.h"
#include "base/clock.h"
#include "base/digest.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

typedef struct {
    const char *path;
    guint64 size, inflated;
} Wheel;

typedef struct {
    Digest *tar;
    guint64 bytes;
} Counted;

static gboolean hash(void *data, const void *bytes, size_t length, GError **error G_GNUC_UNUSED)
{
    Counted *counted = data;
    digest_update(counted->tar, bytes, length);
    counted->bytes += length;
    return TRUE;
}

static gboolean hash_members(const char *bytes, const ZipSource *source, ZipDirectory *directory,
                             Counted *counted, GError **error)
{
    g_autoptr(Digest) blob = digest_new("sha256");
    g_autoptr(Inflater) inflater = inflater_new();
    size_t count;
    const ZipMember *member = zip_directory_members(directory, &count);
    for (; count-- > 0; member++) {
        guint64 offset;
        if (!zip_member_data(source, member, &offset, error))
            return FALSE;
        const char *data = bytes + offset;
        digest_update(blob, data, member->compressed_size);
        inflater_begin(inflater);
        if (member->method == 8
                ? !inflater_feed(inflater, data, member->compressed_size, hash, counted, error)
                : !hash(counted, data, member->compressed_size, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean measure(Wheel *wheel, GError **error)
{
    AUTO_FD int fd = open(wheel->path, O_RDONLY | O_CLOEXEC);
    ZipSource source;
    if (!zip_source_from_fd(fd, &source, error))
        return FALSE;
    g_autoptr(ZipDirectory) directory = zip_directory_read(wheel->path, &source, error);
    char *bytes = mmap(NULL, wheel->size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (!directory || bytes == MAP_FAILED)
        return FALSE;
    Counted counted = {.tar = digest_new("sha256")};
    gboolean ok = hash_members(bytes, &source, directory, &counted, error);
    wheel->inflated = counted.bytes;
    digest_free(counted.tar);
    munmap(bytes, wheel->size);
    return ok;
}

static void run(void *wheel, void *unused G_GNUC_UNUSED)
{
    GError *error = NULL;
    if (!measure(wheel, &error))
        g_error("%s: %s", ((Wheel *)wheel)->path, error ? error->message : "cannot read");
}

static int compare_sizes(const void *a, const void *b)
{
    const Wheel *left = a, *right = b;
    return (left->size < right->size) - (left->size > right->size);
}

int main(int argc, char **argv)
{
    g_assert(argc > 2);
    guint count = (guint)argc - 2;
    g_autofree Wheel *wheels = g_new0(Wheel, count);
    guint64 in = 0, out = 0;
    for (guint i = 0; i < count; i++) {
        struct stat st;
        wheels[i].path = argv[i + 2];
        g_assert(stat(wheels[i].path, &st) == 0);
        wheels[i].size = (guint64)st.st_size;
    }
    qsort(wheels, count, sizeof *wheels, compare_sizes);
    gint64 start = clock_monotonic_usec();
    GThreadPool *pool =
        g_thread_pool_new(run, NULL, (int)g_ascii_strtoll(argv[1], NULL, 10), TRUE, NULL);
    for (guint i = 0; i < count; i++)
        g_thread_pool_push(pool, &wheels[i], NULL);
    g_thread_pool_free(pool, FALSE, TRUE);
    double seconds = (double)(clock_monotonic_usec() - start) / 1e6;
    for (guint i = 0; i < count; i++) {
        in += wheels[i].size;
        out += wheels[i].inflated;
    }
    fprintf(stdout, "%.3f %.1f %.1f\n", seconds, (double)in / 1e6, (double)out / 1e6);
    return 0;
}
