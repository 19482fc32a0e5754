/* What tests/bench/layer.py runs: "layer encode FILE" compresses the file by our encoder, "layer
 * splice ZIP" makes the layer of a zip file's members. Prints seconds, bytes in and bytes out. */
#include "archive/splice.h"
#include "base/auto.h"
#include "base/clock.h"

#include <fcntl.h>

static gboolean count(void *data, const void *bytes, size_t length, GError **error)
{
    *(guint64 *)data += length;
    return TRUE;
}

static gboolean encode(const char *path, guint64 *ret_in, guint64 *ret_out, gint64 *ret_start,
                       GError **error)
{
    g_autofree char *text = NULL;
    gsize length;
    if (!g_file_get_contents(path, &text, &length, error))
        return FALSE;
    *ret_start = clock_monotonic_usec();
    g_autoptr(DeflateEncoder) encoder = deflate_encoder_new(count, ret_out);
    *ret_in = length;
    return deflate_encoder_write(encoder, text, length, error) &&
           deflate_encoder_finish(encoder, error);
}

static gboolean splice_all(const char *path, int fd, LayerSummary *summary, GError **error)
{
    ZipSource source;
    if (!zip_source_from_fd(fd, &source, error))
        return FALSE;
    g_autoptr(ZipDirectory) directory = zip_directory_read(path, &source, error);
    if (!directory)
        return FALSE;
    g_autoptr(LayerWriter) writer = layer_writer_new(LAYER_GZIP, NULL, NULL);
    size_t members;
    const ZipMember *member = zip_directory_members(directory, &members);
    for (; members-- > 0; member++) {
        ArchiveEntry entry = {.kind = ENTRY_FILE, .path = member->name, .mode = 0644};
        if (!g_str_has_suffix(member->name, "/") &&
            !layer_writer_splice(writer, &entry, &source, member, error))
            return FALSE;
    }
    return layer_writer_finish(writer, summary, error);
}

int main(int argc, char **argv)
{
    g_assert(argc == 3);
    g_autoptr(GError) error = NULL;
    guint64 in = 0, out = 0;
    gint64 start = clock_monotonic_usec();
    g_auto(LayerSummary) summary = {0};
    AUTO_FD int fd = open(argv[2], O_RDONLY | O_CLOEXEC);
    bool splicing = g_str_equal(argv[1], "splice");
    if (splicing ? !splice_all(argv[2], fd, &summary, &error)
                 : !encode(argv[2], &in, &out, &start, &error)) {
        fprintf(stderr, "%s\n", error->message);
        return 1;
    }
    gint64 usec = clock_monotonic_usec() - start;
    fprintf(stdout, "%.6f %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT "\n", (double)usec / 1e6,
            splicing ? summary.tar_size : in, splicing ? summary.size : out);
    return 0;
}
