/* What tests/bench/layer.py runs: "layer encode FILE" compresses the file by our encoder, "layer
 * FORMAT OUT [aside] ZIP..." writes the layer of the zip files' members. Prints seconds, bytes in,
 * bytes out, diff_id, digest and the digest of the table of contents, or "-". */
#include "archive/splice.h"
#include "base/auto.h"
#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

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

static gboolean splice_zip(LayerWriter *writer, const char *path, GError **error)
{
    ZipSource source;
    AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_set_errno(error, ERROR_FAILED, errno, "%s", path);
    if (!zip_source_from_fd(fd, &source, error))
        return FALSE;
    g_autoptr(ZipDirectory) directory = zip_directory_read(path, &source, error);
    if (!directory)
        return FALSE;
    size_t members;
    const ZipMember *member = zip_directory_members(directory, &members);
    for (; members-- > 0; member++) {
        ArchiveEntry entry = {.kind = ENTRY_FILE, .path = member->name, .mode = 0644};
        if (!g_str_has_suffix(member->name, "/") &&
            !layer_writer_splice(writer, &entry, &source, member, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean write_fd(void *data, const void *bytes, size_t length, GError **error)
{
    return write(*(int *)data, bytes, length) == (ssize_t)length ||
           error_set_errno(error, ERROR_FAILED, errno, "could not write");
}

static gboolean write_layer(LayerFormat format, const char *out, char **paths,
                            LayerSummary *ret_summary, GError **error)
{
    AUTO_FD int fd = open(out, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    g_autoptr(LayerWriter) writer = layer_writer_new(format, write_fd, &fd);
    if (g_str_equal(*paths, "aside")) {
        layer_writer_hash_aside(writer);
        paths++;
    }
    for (; *paths; paths++)
        if (!splice_zip(writer, *paths, error))
            return FALSE;
    return layer_writer_finish(writer, ret_summary, error);
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_auto(LayerSummary) summary = {0};
    LayerFormat format;
    gint64 start = clock_monotonic_usec();
    gboolean done;
    if (argc == 3 && g_str_equal(argv[1], "encode")) {
        done = encode(argv[2], &summary.tar_size, &summary.size, &start, &error);
    } else {
        g_assert(argc >= 4 && layer_format_parse(argv[1], &format));
        done = write_layer(format, argv[2], argv + 3, &summary, &error);
    }
    if (!done) {
        fprintf(stderr, "%s\n", error->message);
        return 1;
    }
    gint64 usec = clock_monotonic_usec() - start;
    fprintf(stdout, "%.6f %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %s %s %s\n",
            (double)usec / 1e6, summary.tar_size, summary.size,
            summary.diff_id ? summary.diff_id : "-", summary.digest ? summary.digest : "-",
            summary.toc_digest ? summary.toc_digest : "-");
    return 0;
}
