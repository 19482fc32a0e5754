#include "plan/wheel_install.h"

#include "archive/inflate.h"
#include "base/limits.h"
#include "plan/wheel_script.h"

#include <string.h>

enum {
    PEEK_BYTES = 4096, /* compressed ones, of a script, for its first line */
    SCRIPT_START = 8,
};

/* Placement */

/* pip takes any top folder that ends with ".data". */
WheelPlace wheel_member_place(const char *name)
{
    const char *slash = strchr(name, '/');
    if (!slash || slash - name < 5 || strncmp(slash - 5, ".data", 5) != 0)
        return PLACE_ROOT;
    return g_str_has_prefix(slash + 1, "scripts/") ? PLACE_SCRIPTS : PLACE_DATA;
}

static const char *root_folder(const WheelArchive *wheel, const InstallTarget *target)
{
    return wheel->root_is_purelib ? target->purelib : target->platlib;
}

static gboolean refuse(const WheelArchive *wheel, const char *member, const char *why,
                       GError **error)
{
    return error_set(error, ERROR_INPUT, SPAN_NONE, "the wheel %s: its member '%.200s' %s",
                     wheel->filename, member, why);
}

/* Where "X.data/KEY/rest" goes. */
static gboolean place_data(const WheelArchive *wheel, const InstallTarget *target,
                           const char *headers_name, const char *member, char **ret_path,
                           GError **error)
{
    const char *key = strchr(member, '/') + 1, *slash = strchr(key, '/');
    if (!slash || slash[1] == '\0')
        return refuse(wheel, member, "lies in no folder of a scheme key (NAME.data/KEY/PATH)",
                      error);
    const char *name = headers_name ? headers_name : wheel->name;
    g_autofree char *headers = g_build_filename(target->headers, name, NULL);
    const struct {
        const char *key, *folder;
    } keys[] = {
        {"data", target->data},       {"headers", headers},         {"platlib", target->platlib},
        {"purelib", target->purelib}, {"scripts", target->scripts},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        if (strlen(keys[i].key) == (size_t)(slash - key) &&
            strncmp(keys[i].key, key, (size_t)(slash - key)) == 0) {
            *ret_path = g_build_filename(keys[i].folder, slash + 1, NULL);
            return TRUE;
        }
    }
    return refuse(wheel, member,
                  "has an unknown scheme key (known: data, headers, platlib, purelib, scripts)",
                  error);
}

/* NAME, NAME.exe, NAME-script.py and NAME.pya are what setuptools made of an entry point NAME. */
static bool is_wrapper(const WheelArchive *wheel, const char *member)
{
    static const char *const suffixes[] = {".exe", "-script.py", ".pya"};
    const char *name = strrchr(member, '/') + 1;
    size_t length = strlen(name);
    for (size_t i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        size_t n = strlen(suffixes[i]);
        if (length >= n && g_ascii_strcasecmp(name + length - n, suffixes[i]) == 0) {
            length -= n;
            break;
        }
    }
    for (guint i = 0; i < wheel->entry_points->len; i++) {
        const EntryPoint *entry = wheel->entry_points->pdata[i];
        if (strlen(entry->name) == length && strncmp(entry->name, name, length) == 0)
            return true;
    }
    return false;
}

static bool is_record(const WheelArchive *wheel, const char *member)
{
    size_t length = strlen(wheel->dist_info);
    return strncmp(member, wheel->dist_info, length) == 0 &&
           g_str_equal(member + length, "/RECORD");
}

gboolean wheel_member_path(const WheelArchive *wheel, const InstallTarget *target,
                           const char *headers_name, const char *member, char **ret_path,
                           GError **error)
{
    *ret_path = NULL;
    WheelPlace place = wheel_member_place(member);
    if (is_record(wheel, member) || g_str_has_suffix(member, "/"))
        return TRUE;
    if (place == PLACE_ROOT) {
        *ret_path = g_build_filename(root_folder(wheel, target), member, NULL);
        return TRUE;
    }
    if (!place_data(wheel, target, headers_name, member, ret_path, error))
        return FALSE;
    if (place == PLACE_SCRIPTS && is_wrapper(wheel, member))
        g_clear_pointer(ret_path, g_free);
    return TRUE;
}

/* Installing */

typedef struct {
    MergedTree *tree;
    const InstallTarget *target;
    const WheelInstall *install;
    const WheelArchive *wheel;
    const char *root;      /* where paths of RECORD count from */
    GHashTable *installed; /* member → where it is, as RECORD names it; then NULL */
    GHashTable *changed;   /* set of such names: their content is not the wheel's */
    GPtrArray *generated;  /* absolute paths that we wrote */
} Installer;

static gboolean put(Installer *installer, TreeEntry *entry, GError **error)
{
    entry->wheel = installer->wheel;
    entry->stage = installer->install->stage;
    GError *cause = NULL;
    const TreeEntry *replaced;
    if (!merged_tree_put(installer->tree, entry, &replaced, &cause))
        return error_wrap(error, cause, SPAN_NONE, "the wheel %s", installer->wheel->filename);
    if (replaced && installer->install->overlaps)
        overlaps_add(installer->install->overlaps, replaced, entry);
    return TRUE;
}

static gboolean put_bytes(Installer *installer, const char *path, unsigned mode, GBytes *bytes,
                          GError **error)
{
    TreeEntry *entry = tree_entry_new(path, ENTRY_FILE, mode);
    entry->layer = LAYER_OF_INSTALLER;
    entry->content = CONTENT_BYTES;
    entry->size = g_bytes_get_size(bytes);
    entry->bytes = g_bytes_ref(bytes);
    return put(installer, entry, error);
}

/* Regular files with any x bit are executable, all else of a mode is dropped. */
static unsigned member_mode(const ZipMember *member)
{
    unsigned mode = member->external_attributes >> 16;
    return (mode & 0170000) == 0100000 && mode & 0111 ? 0755 : 0644;
}

typedef struct {
    char text[SCRIPT_START];
    size_t length;
} ScriptStart;

static gboolean take_start(void *data, const void *bytes, size_t length,
                           G_GNUC_UNUSED GError **error)
{
    ScriptStart *start = data;
    size_t more = MIN(length, SCRIPT_START - start->length);
    memcpy(start->text + start->length, bytes, more);
    start->length += more;
    return TRUE;
}

/* The first bytes of a member, which may be large. */
static gboolean read_start(const WheelArchive *wheel, const ZipMember *member, ScriptStart *start,
                           GError **error)
{
    guint64 offset;
    g_autoptr(GBytes) bytes = NULL;
    size_t length = (size_t)MIN(member->compressed_size, (guint64)PEEK_BYTES);
    if (!zip_member_data(&wheel->source, member, &offset, error) ||
        !wheel->source.read(wheel->source.data, offset, length, &bytes, error))
        return FALSE;
    gsize size;
    const void *data = g_bytes_get_data(bytes, &size);
    if (member->method == 0)
        return take_start(start, data ? data : "", size, error);
    g_autoptr(Inflater) inflater = inflater_new();
    inflater_begin(inflater);
    return inflater_feed(inflater, data, size, take_start, start, error);
}

/* *ret_script is NULL when the script stays as it is. */
static gboolean rewrite_script(Installer *installer, const ZipMember *member, GBytes **ret_script,
                               GError **error)
{
    const WheelArchive *wheel = installer->wheel;
    ScriptStart start = {.length = 0};
    GError *cause = NULL;
    g_autoptr(GBytes) script = NULL;
    *ret_script = NULL;
    if (!read_start(wheel, member, &start, &cause))
        return error_wrap(error, cause, SPAN_NONE, "the wheel %s: member %s", wheel->filename,
                          member->name);
    if (!script_is_rewritten(start.text, start.length))
        return TRUE;
    script = zip_member_read(&wheel->source, member, LIMIT_REQUIREMENTS_BYTES, &cause);
    if (!script)
        return error_wrap(error, cause, SPAN_NONE, "the wheel %s", wheel->filename);
    *ret_script = script_rewrite(script, installer->target);
    return TRUE;
}

static gboolean put_member(Installer *installer, const ZipMember *member, const char *path,
                           GError **error)
{
    TreeEntry *entry = tree_entry_new(path, ENTRY_FILE, member_mode(member));
    entry->layer = LAYER_OF_WHEEL;
    entry->content = CONTENT_MEMBER;
    entry->size = member->size;
    entry->member = member;
    return put(installer, entry, error);
}

static gboolean install_member(Installer *installer, const ZipMember *member, WheelPlace place,
                               GError **error)
{
    g_autofree char *path = NULL;
    g_autoptr(GBytes) script = NULL;
    if (!wheel_member_path(installer->wheel, installer->target, installer->install->headers_name,
                           member->name, &path, error))
        return FALSE;
    if (!path) {
        if (is_record(installer->wheel, member->name))
            g_hash_table_insert(installer->installed, member->name, g_strdup(member->name));
        return TRUE;
    }
    if (place == PLACE_SCRIPTS && !rewrite_script(installer, member, &script, error))
        return FALSE;
    if (script ? !put_bytes(installer, path, member_mode(member), script, error)
               : !put_member(installer, member, path, error))
        return FALSE;
    bool root = place == PLACE_ROOT;
    char *name = root ? g_strdup(member->name) : path_relative(path, installer->root);
    g_hash_table_insert(installer->installed, member->name, name);
    if (script)
        g_hash_table_add(installer->changed, g_strdup(name));
    return TRUE;
}

/* In pip's order, which decides what wins where two write the same path. */
static gboolean install_members(Installer *installer, GError **error)
{
    size_t count;
    const ZipMember *members = zip_directory_members(installer->wheel->directory, &count);
    for (WheelPlace place = PLACE_ROOT; place <= PLACE_SCRIPTS; place++) {
        for (size_t i = 0; i < count; i++) {
            if (wheel_member_place(members[i].name) == place &&
                !g_str_has_suffix(members[i].name, "/") &&
                !install_member(installer, &members[i], place, error))
                return FALSE;
        }
    }
    return TRUE;
}

static gboolean generate(Installer *installer, char *take_path, unsigned mode, GBytes *bytes,
                         GError **error)
{
    g_ptr_array_add(installer->generated, take_path);
    return put_bytes(installer, take_path, mode, bytes, error);
}

static gboolean install_wrappers(Installer *installer, GError **error)
{
    g_autoptr(GPtrArray) entries = wrapper_entries(installer->wheel, installer->target);
    for (guint i = 0; i < entries->len; i++) {
        const EntryPoint *entry = entries->pdata[i];
        char *text = wrapper_text(entry, installer->target);
        g_autoptr(GBytes) bytes = g_bytes_new_take(text, strlen(text));
        if (!generate(installer, g_build_filename(installer->target->scripts, entry->name, NULL),
                      0755, bytes, error))
            return FALSE;
    }
    return TRUE;
}

/* Of a file that is emptied rather than replaced. */
static unsigned kept_mode(const Installer *installer, const char *path)
{
    unsigned mode = 0644;
    guint64 uid, gid;
    if (merged_tree_stat(installer->tree, path, true) == PATH_FILE)
        merged_tree_folder_attributes(installer->tree, path, &mode, &uid, &gid);
    return mode;
}

static gboolean install_info(Installer *installer, GError **error)
{
    const WheelInstall *install = installer->install;
    const struct {
        const char *name, *text;
        bool in_place; /* the file is emptied, others are replaced */
    } files[] = {
        {"INSTALLER", "pip\n", false},
        {"direct_url.json", install->direct_url, false},
        {"REQUESTED", install->requested ? "" : NULL, true},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        if (!files[i].text)
            continue;
        g_autoptr(GBytes) bytes = g_bytes_new(files[i].text, strlen(files[i].text));
        char *path =
            g_build_filename(installer->root, installer->wheel->dist_info, files[i].name, NULL);
        unsigned mode = files[i].in_place ? kept_mode(installer, path) : 0644;
        if (!generate(installer, path, mode, bytes, error))
            return FALSE;
    }
    return TRUE;
}

/* A row for a file whose content we know: what is at the path in the end. */
static void add_written(Installer *installer, RecordWriter *writer, const char *name,
                        const char *path)
{
    g_autoptr(GBytes) bytes =
        merged_tree_read(installer->tree, path, LIMIT_REQUIREMENTS_BYTES + MIB);
    if (bytes)
        record_writer_add_bytes(writer, name, bytes);
}

static void add_row(Installer *installer, RecordWriter *writer, const RecordRow *row)
{
    char *name = NULL;
    bool known = g_hash_table_steal_extended(installer->installed, row->path, NULL, (void **)&name);
    g_autofree char *owned = known ? name : g_strdup(row->path);
    if (g_hash_table_contains(installer->changed, owned)) {
        g_autofree char *path = g_canonicalize_filename(owned, installer->root);
        add_written(installer, writer, owned, path);
        return;
    }
    g_autofree char *digest = row->other    ? g_strdup(row->other)
                              : row->sha256 ? g_strconcat("sha256=", row->sha256, NULL)
                                            : g_strdup("");
    g_autofree char *size =
        row->has_size ? g_strdup_printf("%" G_GUINT64_FORMAT, row->size) : g_strdup("");
    record_writer_add(writer, owned, digest, size);
}

/* The wheel's rows under their new names, what we wrote, and what the wheel does not list. */
static gboolean install_record(Installer *installer, GError **error)
{
    g_autoptr(RecordWriter) writer = record_writer_new();
    const WheelArchive *wheel = installer->wheel;
    for (guint i = 0; i < wheel->record->len; i++)
        add_row(installer, writer, wheel->record->pdata[i]);
    for (guint i = 0; i < installer->generated->len; i++) {
        const char *path = installer->generated->pdata[i];
        g_autofree char *name = path_relative(path, installer->root);
        add_written(installer, writer, name, path);
    }
    size_t count;
    const ZipMember *members = zip_directory_members(wheel->directory, &count);
    for (size_t i = 0; i < count; i++) {
        const char *name = g_hash_table_lookup(installer->installed, members[i].name);
        if (name)
            record_writer_add(writer, name, "", "");
    }
    g_autoptr(GBytes) bytes = record_writer_finish(writer);
    g_autofree char *path = g_build_filename(installer->root, wheel->dist_info, "RECORD", NULL);
    return put_bytes(installer, path, 0644, bytes, error);
}

gboolean wheel_install(MergedTree *tree, const InstallTarget *target, const WheelInstall *install,
                       GError **error)
{
    Installer installer = {
        .tree = tree,
        .target = target,
        .install = install,
        .wheel = install->wheel,
        .root = root_folder(install->wheel, target),
        .installed = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free),
        .changed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .generated = g_ptr_array_new_with_free_func(g_free),
    };
    gboolean ok = install_members(&installer, error) && install_wrappers(&installer, error) &&
                  install_info(&installer, error) && install_record(&installer, error);
    g_hash_table_unref(installer.changed);
    g_hash_table_unref(installer.installed);
    g_ptr_array_unref(installer.generated);
    return ok;
}
