#include "archive/reader.h"
#include "base/limits.h"
#include "python/index_private.h"

/* TOP/PKG-INFO: of the project itself, not of what it vendors. */
static bool is_metadata_path(const char *path)
{
    const char *slash = strchr(path, '/');
    return slash && slash > path && g_str_equal(slash + 1, "PKG-INFO");
}

static GBytes *read_from_tar(int fd, const char *filename, GError **error)
{
    g_autoptr(ArchiveReader) reader = archive_reader_new_fd(filename, fd, error);
    const ArchiveEntry *entry;
    while (reader && archive_reader_next(reader, &entry, error) && entry) {
        if (entry->kind == ENTRY_FILE && is_metadata_path(entry->path))
            return archive_reader_read_all(reader, LIMIT_METADATA_BYTES, error);
    }
    return NULL;
}

static GBytes *read_from_zip(int fd, const char *filename, GError **error)
{
    ZipSource source;
    size_t count;
    if (!zip_source_from_fd(fd, &source, error))
        return NULL;
    g_autoptr(ZipDirectory) directory = zip_directory_read(filename, &source, error);
    if (!directory)
        return NULL;
    const ZipMember *members = zip_directory_members(directory, &count);
    for (size_t i = 0; i < count; i++) {
        if (is_metadata_path(members[i].name))
            return zip_member_read(&source, &members[i], LIMIT_METADATA_BYTES, error);
    }
    return NULL;
}

GBytes *sdist_read_metadata(int fd, const char *filename, GError **error)
{
    g_autoptr(GError) cause = NULL;
    GBytes *content = g_str_has_suffix(filename, ".zip") ? read_from_zip(fd, filename, &cause)
                                                         : read_from_tar(fd, filename, &cause);
    if (!content && !cause)
        error_set(&cause, ERROR_INPUT, SPAN_NONE, "%s: it has no PKG-INFO", filename);
    if (cause)
        g_propagate_error(error, g_steal_pointer(&cause));
    return content;
}

bool sdist_metadata_is_static(const Metadata *metadata)
{
    static const char *const deciding[] = {"requires-dist", "requires-python", "provides-extra"};
    unsigned major, minor;
    if (!metadata->metadata_version ||
        sscanf(metadata->metadata_version, "%4u.%4u", &major, &minor) != 2 || major < 2 ||
        (major == 2 && minor < 2))
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(deciding); i++) {
        if (g_strv_contains((const char *const *)metadata->dynamic, deciding[i]))
            return false;
    }
    return true;
}
