#include "python/wheel_archive.h"

#include "base/limits.h"
#include "python/name.h"
#include "python/wheel_name.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    MEMBER_NAME_BYTES = 255, /* of one part of a path */
    INFLATE_RATIO = 1032,    /* deflate can't do better */
};

void wheel_archive_free(WheelArchive *wheel)
{
    if (!wheel)
        return;
    g_free(wheel->filename);
    g_free(wheel->path);
    g_free(wheel->sha256);
    if (!wheel->view)
        zip_directory_free(wheel->directory);
    g_free(wheel->name);
    g_free(wheel->version);
    g_free(wheel->dist_info);
    g_free(wheel->data_dir);
    if (wheel->record)
        g_ptr_array_unref(wheel->record);
    if (wheel->entry_points)
        g_ptr_array_unref(wheel->entry_points);
    if (wheel->fd >= 0)
        close(wheel->fd);
    g_free(wheel);
}

/* Members */

static gboolean refuse(const ZipMember *member, const char *why, GError **error)
{
    g_autofree char *escaped = g_strescape(member->name, NULL);
    return error_set(error, ERROR_INPUT, SPAN_NONE, "its member '%.200s' %s", escaped, why);
}

/* What is wrong with one part of a path, or NULL. */
static const char *judge_part(const char *part, size_t length)
{
    if (length == 0 || (length == 1 && *part == '.'))
        return "has a name that is not in its plain form";
    if (length == 2 && part[0] == '.' && part[1] == '.')
        return "has '..' in its name";
    if (length > MEMBER_NAME_BYTES)
        return "has a name that is too long";
    if (length >= 4 && memcmp(part, ".wh.", 4) == 0)
        return "has a name that image layers give another meaning";
    return NULL;
}

static gboolean check_name(const ZipMember *member, size_t length, GError **error)
{
    const char *name = member->name, *end = name + length;
    unsigned depth = 0;
    if (*name == '/')
        return refuse(member, "has an absolute name", error);
    if (length > LIMIT_PATH_BYTES / 2)
        return refuse(member, "has a name that is too long", error);
    for (const char *at = name; at < end; at++) {
        if (*at == '\\' || (guchar)*at < ' ' || *at == 0x7f)
            return refuse(member, "has a backslash or a control character in its name", error);
    }
    if (name[length - 1] == '/')
        end--;
    for (const char *at = name; at <= end;) {
        const char *slash = memchr(at, '/', (size_t)(end - at));
        const char *why = judge_part(at, (size_t)((slash ? slash : end) - at));
        if (why)
            return refuse(member, why, error);
        depth++;
        at = slash ? slash + 1 : end + 1;
    }
    return depth <= LIMIT_PATH_DEPTH / 2 || refuse(member, "lies too deep", error);
}

static gboolean check_content(const ZipMember *member, GError **error)
{
    if (member->method != 0 && member->method != 8)
        return refuse(member, "is compressed by another method than deflate", error);
    if (member->size / INFLATE_RATIO > member->compressed_size)
        return refuse(member, "has a size that its compressed bytes can't have", error);
    return TRUE;
}

/* No folder that the member at name[0..length) lies in is a file. `folders` are known to be none.
 */
static gboolean check_folders(const WheelArchive *wheel, const ZipMember *member, size_t length,
                              GHashTable *folders, GStringChunk *names, GError **error)
{
    const char *name = member->name;
    while (length > 0) {
        const char *slash = memrchr(name, '/', length);
        if (!slash)
            return TRUE;
        length = (size_t)(slash - name);
        char *folder = g_string_chunk_insert_len(names, name, (gssize)length);
        if (!g_hash_table_add(folders, folder))
            return TRUE;
        if (zip_directory_find(wheel->directory, folder))
            return refuse(member, "lies below a path that is a file", error);
    }
    return TRUE;
}

typedef struct {
    const char *last; /* the member before */
    size_t last_folder;
    guint64 total;
    GHashTable *folders;
    GStringChunk *names;
} MemberCheck;

static gboolean check_member(const WheelArchive *wheel, const ZipMember *member, MemberCheck *check,
                             GError **error)
{
    size_t length = strlen(member->name);
    if (!check_name(member, length, error) || !check_content(member, error))
        return FALSE;
    check->total += MIN(member->size, LIMIT_LAYER_BYTES + 1);
    if (check->total > LIMIT_LAYER_BYTES)
        return refuse(member, "makes the wheel too large", error);
    const char *slash = memrchr(member->name, '/', length);
    size_t folder = slash ? (size_t)(slash - member->name) : 0;
    bool same = check->last && folder == check->last_folder &&
                memcmp(check->last, member->name, folder) == 0;
    check->last = member->name;
    check->last_folder = folder;
    return same || check_folders(wheel, member, length, check->folders, check->names, error);
}

static gboolean check_members(const WheelArchive *wheel, GError **error)
{
    size_t count;
    const ZipMember *members = zip_directory_members(wheel->directory, &count);
    const char *twice = zip_directory_duplicate(wheel->directory);
    if (twice)
        return refuse(zip_directory_find(wheel->directory, twice), "is there twice", error);
    MemberCheck check = {.folders = g_hash_table_new(g_str_hash, g_str_equal),
                         .names = g_string_chunk_new(16 * 1024)};
    gboolean ok = TRUE;
    for (size_t i = 0; ok && i < count; i++)
        ok = check_member(wheel, &members[i], &check, error);
    g_hash_table_unref(check.folders);
    g_string_chunk_free(check.names);
    return ok;
}

/* The dist-info folder and what lies in it */

static gboolean find_dist_info(WheelArchive *wheel, const char *canonical, GError **error)
{
    static const char suffix[] = ".dist-info";
    size_t count, known = 0;
    const ZipMember *members = zip_directory_members(wheel->directory, &count);
    for (size_t i = 0; i < count; i++) {
        const char *name = members[i].name;
        if (known > 0 && strncmp(name, wheel->dist_info, known) == 0 && name[known] == '/')
            continue;
        size_t length = strcspn(name, "/");
        if (length < sizeof suffix || name[length] != '/' ||
            memcmp(name + length - strlen(suffix), suffix, strlen(suffix)) != 0)
            continue;
        if (wheel->dist_info)
            return refuse(&members[i], "makes a second .dist-info folder", error);
        wheel->dist_info = g_strndup(name, length);
        known = length;
    }
    if (!wheel->dist_info)
        return error_set(error, ERROR_INPUT, SPAN_NONE, "it has no .dist-info folder");
    g_autofree char *found = name_canonicalize(wheel->dist_info);
    if (!g_str_has_prefix(found, canonical))
        return error_set(error, ERROR_INPUT, SPAN_NONE,
                         "its folder %s does not begin with the name of the file",
                         wheel->dist_info);
    wheel->data_dir = g_strdup_printf("%.*s.data", (int)(known - strlen(suffix)), wheel->dist_info);
    return TRUE;
}

/* The file `name` of the dist-info folder; NULL without an error where it is absent and may be. */
static GBytes *read_info(const WheelArchive *wheel, const char *name, size_t limit, bool needed,
                         GError **error)
{
    g_autofree char *path = g_build_filename(wheel->dist_info, name, NULL);
    const ZipMember *member = zip_directory_find(wheel->directory, path);
    if (member && wheel->view)
        return wheel_view_read(wheel->view, path, limit, error);
    if (member)
        return zip_member_read(&wheel->source, member, limit, error);
    if (needed)
        error_set(error, ERROR_INPUT, SPAN_NONE, "it has no %s", path);
    return NULL;
}

/* The value of the first header of that name, any case; NULL: absent. */
static char *find_header(const char *text, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = text; *at && *at != '\n' && *at != '\r';) {
        size_t line = strcspn(at, "\n");
        if (g_ascii_strncasecmp(at, name, length) == 0 && at[length] == ':')
            return g_strstrip(g_strndup(at + length + 1, line - length - 1));
        at += line + (at[line] == '\n');
    }
    return NULL;
}

static char *read_headers(const WheelArchive *wheel, const char *name, GError **error)
{
    g_autoptr(GBytes) bytes = read_info(wheel, name, LIMIT_METADATA_BYTES, true, error);
    if (!bytes)
        return NULL;
    gsize length;
    const char *text = g_bytes_get_data(bytes, &length);
    if (length == 0 || g_utf8_validate(text, (gssize)length, NULL))
        return g_strndup(length ? text : "", length);
    error_set(error, ERROR_INPUT, SPAN_NONE, "its %s holds a NUL or is no UTF-8", name);
    return NULL;
}

static gboolean read_wheel_file(WheelArchive *wheel, GError **error)
{
    g_autofree char *text = read_headers(wheel, "WHEEL", error);
    if (!text)
        return FALSE;
    g_autofree char *version = find_header(text, "Wheel-Version");
    g_autofree char *purelib = find_header(text, "Root-Is-Purelib");
    guint64 major;
    g_auto(GStrv) parts = g_strsplit(version ? version : "", ".", 2);
    if (!parts[0] || !g_ascii_string_to_unsigned(parts[0], 10, 0, G_MAXUINT32, &major, NULL))
        return error_set(error, ERROR_INPUT, SPAN_NONE, "its WHEEL has no Wheel-Version");
    if (major > 1)
        return error_set(error, ERROR_INPUT, SPAN_NONE, "its Wheel-Version %s is not known",
                         version);
    wheel->root_is_purelib = purelib && g_ascii_strcasecmp(purelib, "true") == 0;
    return TRUE;
}

static gboolean read_metadata(WheelArchive *wheel, const WheelName *expected, GError **error)
{
    g_autofree char *text = read_headers(wheel, "METADATA", error);
    if (!text)
        return FALSE;
    wheel->name = find_header(text, "Name");
    wheel->version = find_header(text, "Version");
    if (!wheel->name || !name_is_valid(wheel->name) || !wheel->version)
        return error_set(error, ERROR_INPUT, SPAN_NONE,
                         "its METADATA has no valid Name and Version");
    g_autofree char *canonical = name_canonicalize(wheel->name);
    g_autoptr(Version) version = version_parse(wheel->version, error);
    if (!version)
        return FALSE;
    if (g_str_equal(canonical, expected->name) && version_compare(version, expected->version) == 0)
        return TRUE;
    return error_set(error, ERROR_INPUT, SPAN_NONE, "its METADATA says it is %s %s", wheel->name,
                     wheel->version);
}

static gboolean read_record(WheelArchive *wheel, GError **error)
{
    g_autoptr(GBytes) bytes = read_info(wheel, "RECORD", LIMIT_RECORD_BYTES, true, error);
    if (!bytes)
        return FALSE;
    gsize length;
    GError *cause = NULL;
    const char *text = g_bytes_get_data(bytes, &length);
    wheel->record = record_parse(text ? text : "", length, &cause);
    return wheel->record || error_wrap(error, cause, SPAN_NONE, "RECORD");
}

static gboolean read_entry_points(WheelArchive *wheel, GError **error)
{
    GError *cause = NULL;
    g_autoptr(GBytes) bytes =
        read_info(wheel, "entry_points.txt", LIMIT_METADATA_BYTES, false, &cause);
    if (cause) {
        g_propagate_error(error, cause);
        return FALSE;
    }
    gsize length = 0;
    const char *text = bytes ? g_bytes_get_data(bytes, &length) : NULL;
    wheel->entry_points = entry_points_parse(text ? text : "", length, &cause);
    return wheel->entry_points || error_wrap(error, cause, SPAN_NONE, "entry_points.txt");
}

static gboolean read_archive(WheelArchive *wheel, GError **error)
{
    g_autoptr(WheelName) name = wheel_name_parse(wheel->filename, error);
    if (!name)
        return FALSE;
    if (wheel->size > LIMIT_WHEEL_BYTES)
        return error_set(error, ERROR_INPUT, SPAN_NONE, "it is too large");
    wheel->directory = zip_directory_read(NULL, &wheel->source, error);
    return wheel->directory && check_members(wheel, error) &&
           find_dist_info(wheel, name->name, error) && read_wheel_file(wheel, error) &&
           read_metadata(wheel, name, error) && read_record(wheel, error) &&
           read_entry_points(wheel, error);
}

static gboolean open_file(WheelArchive *wheel, GError **error)
{
    struct stat st;
    wheel->fd = open(wheel->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (wheel->fd < 0)
        return error_set_errno(error, errno == ENOENT ? ERROR_INPUT : ERROR_FAILED, errno,
                               "cannot open %s", wheel->path);
    if (fstat(wheel->fd, &st) < 0)
        return error_set_errno(error, ERROR_FAILED, errno, "cannot look at %s", wheel->path);
    if (!S_ISREG(st.st_mode))
        return error_set(error, ERROR_INPUT, SPAN_NONE, "%s is no regular file", wheel->path);
    wheel->size = (guint64)st.st_size;
    return zip_source_from_fd(wheel->fd, &wheel->source, error);
}

WheelArchive *wheel_archive_open(const char *path, const char *filename, const char *sha256,
                                 GError **error)
{
    g_autoptr(WheelArchive) wheel = g_new0(WheelArchive, 1);
    GError *cause = NULL;
    wheel->fd = -1;
    wheel->filename = g_strdup(filename);
    wheel->path = g_strdup(path);
    wheel->sha256 = g_strdup(sha256);
    if (open_file(wheel, &cause) && read_archive(wheel, &cause))
        return g_steal_pointer(&wheel);
    error_wrap(error, cause, SPAN_NONE, "the wheel %s can't be used", filename);
    return NULL;
}

static bool has_headers(const WheelArchive *wheel)
{
    g_autofree char *folder = g_strconcat(wheel->data_dir, "/headers/", NULL);
    size_t count;
    const ZipMember *members = zip_directory_members(wheel->directory, &count);
    for (size_t i = 0; i < count; i++) {
        if (g_str_has_prefix(members[i].name, folder))
            return true;
    }
    return false;
}

static gboolean read_view(WheelArchive *wheel, GError **error)
{
    g_autoptr(WheelName) name = wheel_name_parse(wheel->filename, error);
    return name && check_members(wheel, error) && find_dist_info(wheel, name->name, error) &&
           read_wheel_file(wheel, error) && read_entry_points(wheel, error) &&
           (!has_headers(wheel) || read_metadata(wheel, name, error));
}

WheelArchive *wheel_archive_from_view(WheelView *view, GError **error)
{
    GError *cause = NULL;
    if (!wheel_view_directory(view)) {
        error_set(error, ERROR_NETWORK, SPAN_NONE, "%s", wheel_view_problem(view));
        return NULL;
    }
    g_autoptr(WheelArchive) wheel = g_new0(WheelArchive, 1);
    wheel->fd = -1;
    wheel->view = view;
    wheel->filename = g_strdup(wheel_view_filename(view));
    wheel->sha256 = g_strdup(wheel_view_sha256(view));
    wheel->directory = (ZipDirectory *)wheel_view_directory(view);
    if (read_view(wheel, &cause))
        return g_steal_pointer(&wheel);
    error_wrap(error, cause, SPAN_NONE, "the wheel %s can't be used", wheel->filename);
    return NULL;
}
