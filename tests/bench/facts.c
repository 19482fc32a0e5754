/* facts MODE WHEEL: what reading the facts of a wheel costs in one thread, beside the inflating
 * that any reader of it has to do. Prints seconds, megabytes inflated and items. Modes:
 * "inflate-python", "python" (every source parsed; items are statements), "inflate-native",
 * "native" (every library's object facts and its code for GPUs; items are symbols and fat
 * binaries). */
#include "archive/inflate.h"
#include "archive/zip.h"
#include "base/auto.h"
#include "base/clock.h"
#include "facts/fatbin.h"
#include "facts/python_parse.h"
#include "facts/shared_object.h"
#include "facts/wheel_native.h"

#include <fcntl.h>
#include <sys/stat.h>

typedef struct {
    ZipSource source;
    guint64 bytes, items;
    bool facts; /* not only inflated */
} Bench;

static guint64 count_statements(PyBlock block)
{
    guint64 count = block.count;
    for (unsigned i = 0; i < block.count; i++) {
        const PyStmt *stmt = block.items[i];
        if (py_is_compound(stmt))
            count += count_statements(stmt->body) + count_statements(stmt->orelse) +
                     count_statements(stmt->final);
    }
    return count;
}

static void parse(Bench *bench, const char *name, GBytes *bytes)
{
    size_t length;
    const char *text = g_bytes_get_data(bytes, &length);
    g_autoptr(PyTree) tree = py_parse(name, text ? text : "", length, NULL);
    bench->items += tree ? count_statements(tree->body) : 0;
}

typedef struct {
    GBytes *bytes;
    size_t at;
} Cursor;

static gboolean rewind_bytes(void *data, GError **error G_GNUC_UNUSED)
{
    ((Cursor *)data)->at = 0;
    return TRUE;
}

static gssize read_bytes(void *data, void *buffer, size_t length, GError **error G_GNUC_UNUSED)
{
    Cursor *cursor = data;
    size_t size;
    const char *bytes = g_bytes_get_data(cursor->bytes, &size);
    size_t part = MIN(length, size - cursor->at);
    memcpy(buffer, bytes + cursor->at, part);
    cursor->at += part;
    return (gssize)part;
}

static void scan(Bench *bench, GBytes *bytes)
{
    size_t length;
    const guint8 *data = g_bytes_get_data(bytes, &length);
    Cursor cursor = {bytes, 0};
    ObjectStream stream = {rewind_bytes, read_bytes, &cursor, length};
    g_autoptr(SharedObject) object = shared_object_read(&stream, NULL);
    g_autoptr(FatbinScanner) scanner = fatbin_scanner_new();
    fatbin_scanner_feed(scanner, data, length);
    g_autoptr(FatbinSummary) summary = fatbin_scanner_finish(scanner);
    bench->items += object ? object->defined->len + object->undefined->len : 0;
    bench->items += summary->entries;
}

static void measure(Bench *bench, const ZipMember *member, bool native)
{
    GError *error = NULL;
    g_autoptr(GBytes) bytes = zip_member_read(&bench->source, member, G_MAXINT32, &error);
    g_assert_no_error(error);
    bench->bytes += g_bytes_get_size(bytes);
    if (bench->facts && native)
        scan(bench, bytes);
    else if (bench->facts)
        parse(bench, member->name, bytes);
}

int main(int argc, char **argv)
{
    g_assert(argc == 3);
    bool native = g_str_has_suffix(argv[1], "native");
    Bench bench = {.facts = !g_str_has_prefix(argv[1], "inflate-")};
    AUTO_FD int fd = open(argv[2], O_RDONLY | O_CLOEXEC);
    GError *error = NULL;
    zip_source_from_fd(fd, &bench.source, &error);
    g_assert_no_error(error);
    g_autoptr(ZipDirectory) directory = zip_directory_read(argv[2], &bench.source, &error);
    g_assert_no_error(error);
    size_t count;
    const ZipMember *members = zip_directory_members(directory, &count);
    gint64 start = clock_monotonic_usec();
    for (size_t i = 0; i < count; i++) {
        if (native ? native_is_object(members[i].name) : g_str_has_suffix(members[i].name, ".py"))
            measure(&bench, &members[i], native);
    }
    fprintf(stdout, "%.4f %.3f %" G_GUINT64_FORMAT "\n",
            (double)(clock_monotonic_usec() - start) / 1e6, (double)bench.bytes / 1e6, bench.items);
    return 0;
}
