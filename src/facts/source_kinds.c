#include "facts/source_kinds.h"

#include "archive/reader.h"
#include "archive/zip.h"
#include "base/limits.h"

/* clang-format off */
static const struct {
    const char *ending;
    SourceKind kind;
} endings[] = {
    {".cu",  SOURCE_CUDA},    {".cpp", SOURCE_CXX},    {".cc", SOURCE_CXX}, {".cxx", SOURCE_CXX},
    {".c",   SOURCE_C},       {".pyx", SOURCE_CYTHON}, {".rs", SOURCE_RUST},
    {".f90", SOURCE_FORTRAN}, {".f",   SOURCE_FORTRAN},
};
static const char *const kind_names[SOURCE_KINDS] = {
    [SOURCE_CUDA]   = "CUDA",   [SOURCE_CXX]  = "C++",  [SOURCE_C]       = "C",
    [SOURCE_CYTHON] = "Cython", [SOURCE_RUST] = "Rust", [SOURCE_FORTRAN] = "Fortran",
};
/* clang-format on */

typedef struct {
    const char *name; /* of the archive */
    SourceCounts counts;
    guint64 bytes; /* of all files */
} Count;

/* What macOS writes beside files, by their names. */
static bool is_apple_double(const char *path)
{
    const char *slash = strrchr(path, '/');
    return g_str_has_prefix(slash ? slash + 1 : path, "._");
}

static gboolean count_file(Count *count, const char *path, guint64 size, GError **error)
{
    SourceCounts *counts = &count->counts;
    if (size > LIMIT_SDIST_FILE_BYTES - count->bytes)
        return error_set(error, ERROR_INPUT, SPAN_NONE, "%s unpacks to more than %u MiB",
                         count->name, (unsigned)(LIMIT_SDIST_FILE_BYTES / MIB));
    count->bytes += size;
    if (is_apple_double(path))
        return TRUE;
    for (size_t i = 0; i < G_N_ELEMENTS(endings); i++) {
        if (!g_str_has_suffix(path, endings[i].ending))
            continue;
        counts->files[endings[i].kind]++;
        counts->bytes[endings[i].kind] += size;
        break;
    }
    return TRUE;
}

static gboolean count_zip(int fd, Count *count, GError **error)
{
    ZipSource source;
    size_t length;
    if (!zip_source_from_fd(fd, &source, error))
        return FALSE;
    g_autoptr(ZipDirectory) directory = zip_directory_read(count->name, &source, error);
    if (!directory)
        return FALSE;
    const ZipMember *members = zip_directory_members(directory, &length);
    for (size_t i = 0; i < length; i++) {
        if (!count_file(count, members[i].name, members[i].size, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean count_tar(int fd, Count *count, GError **error)
{
    g_autoptr(ArchiveReader) reader = archive_reader_new_fd(count->name, fd, error);
    const ArchiveEntry *entry = NULL;
    if (!reader)
        return FALSE;
    do {
        if (!archive_reader_next(reader, &entry, error))
            return FALSE;
        if (entry && entry->kind == ENTRY_FILE &&
            !count_file(count, entry->path, entry->size, error))
            return FALSE;
    } while (entry);
    return TRUE;
}

gboolean source_counts_read(int fd, const char *name, SourceCounts *ret_counts, GError **error)
{
    Count count = {.name = name};
    bool zip = g_str_has_suffix(name, ".zip");
    if (!(zip ? count_zip : count_tar)(fd, &count, error))
        return FALSE;
    *ret_counts = count.counts;
    return TRUE;
}

guint source_counts_sum(const SourceCounts *counts)
{
    guint sum = 0;
    for (int i = 0; i < SOURCE_KINDS; i++)
        sum += counts->files[i];
    return sum;
}

char *source_counts_describe(const SourceCounts *counts, char *(*size)(guint64 bytes))
{
    GString *out = g_string_new(NULL);
    for (int i = 0; i < SOURCE_KINDS; i++) {
        if (counts->files[i] == 0)
            continue;
        g_autofree char *bytes = size(counts->bytes[i]);
        g_string_append_printf(out, "%s%u %s %s of %s", out->len > 0 ? ", " : "", counts->files[i],
                               kind_names[i], counts->files[i] == 1 ? "source" : "sources", bytes);
    }
    return g_string_free(out, FALSE);
}
