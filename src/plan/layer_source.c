#include "plan/layer_source.h"

#include "base/digest.h"
#include "base/io.h"
#include "base/sorted.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum {
    KEY_VERSION = 1, /* of what goes into the key */
    HOST_READ_BYTES = 64 * 1024,
};

struct LayerMember {
    const char *path; /* absolute */
    EntryKind kind;
    unsigned mode;
    guint64 uid, gid;
    const TreeEntry *entry; /* NULL: a folder that is not the stages', or a whiteout */
    const char *digest;     /* hex sha256 of a file that is no wheel's member */
};

void layer_source_free(LayerSource *source)
{
    if (!source)
        return;
    g_free(source->source);
    g_clear_pointer(&source->members, g_array_unref);
    g_clear_pointer(&source->own, g_ptr_array_unref);
    g_free(source->key);
    g_free(source);
}

static void source_destroy(void *data)
{
    layer_source_free(data);
}

static const char *own_text(LayerSource *source, char *take_text)
{
    g_ptr_array_add(source->own, take_text);
    return take_text;
}

/* Which slot an entry belongs to */

typedef struct {
    const Layers *layers;
    GHashTable *of_wheel; /* sha256 → slot number + 1 */
    guint installer, files, rest;
} Slots;

static void find_slots(Slots *slots, const Layers *layers)
{
    *slots = (Slots){.layers = layers, .of_wheel = g_hash_table_new(g_str_hash, g_str_equal)};
    for (guint i = 0; i < layers->slots->len; i++) {
        const LayerSlot *slot = layers->slots->pdata[i];
        for (guint k = 0; k < slot->items->len; k++) {
            const LayeringItem *item = slot->items->pdata[k];
            g_hash_table_insert(slots->of_wheel, item->file->sha256, GUINT_TO_POINTER(i + 1));
        }
        if (slot->kind == SLOT_INSTALLER)
            slots->installer = i;
        if (slot->kind == SLOT_FILES && !slot->name)
            slots->files = i;
        if (slot->kind == SLOT_WHEELS)
            slots->rest = i;
    }
}

static guint slot_of_stage(const Layers *layers, unsigned stage)
{
    guint found = 0;
    for (guint i = 0; i < layers->slots->len; i++) {
        const LayerSlot *slot = layers->slots->pdata[i];
        if (slot->kind == SLOT_STAGE && slot->stage <= (int)stage)
            found = i;
    }
    return found;
}

/* By the recipe's name of the stage's layer. */
static guint slot_of_files(const Slots *slots, const TreeEntry *entry)
{
    for (guint i = 0; entry->layer_name && i < slots->layers->slots->len; i++) {
        const LayerSlot *slot = slots->layers->slots->pdata[i];
        if (slot->kind == SLOT_FILES && g_strcmp0(slot->name, entry->layer_name) == 0)
            return i;
    }
    return slots->files;
}

static guint slot_of(const Slots *slots, const TreeEntry *entry)
{
    const LayerSlot *first = slots->layers->slots->pdata[0];
    if (first->kind == SLOT_ALL)
        return 0;
    if (first->kind == SLOT_STAGE)
        return slot_of_stage(slots->layers, entry->stage);
    if (entry->layer == LAYER_OF_INSTALLER)
        return slots->installer;
    if (entry->layer == LAYER_OF_FILES)
        return slot_of_files(slots, entry);
    /* What is left of a wheel whose distribution is gone lies with the small wheels. */
    guint slot = GPOINTER_TO_UINT(g_hash_table_lookup(slots->of_wheel, entry->wheel->sha256));
    return slot > 0 ? slot - 1 : slots->rest;
}

/* Members */

static gboolean digest_host_file(const TreeEntry *entry, char **ret_digest, GError **error)
{
    GError *cause = NULL;
    *ret_digest = digest_sha256_file(entry->host_path, &cause);
    return *ret_digest ||
           error_wrap(error, cause, SPAN_NONE, "cannot put %s into the image", entry->path);
}

static gboolean add_entry(LayerSource *source, const TreeEntry *entry, GError **error)
{
    LayerMember member = {.path = entry->path,
                          .kind = entry->kind,
                          .mode = entry->mode,
                          .uid = entry->uid,
                          .gid = entry->gid,
                          .entry = entry};
    char *digest = NULL;
    if (entry->content == CONTENT_HOST && !digest_host_file(entry, &digest, error))
        return FALSE;
    if (entry->content == CONTENT_BYTES) {
        gsize length;
        const void *bytes = g_bytes_get_data(entry->bytes, &length);
        digest = digest_sha256(bytes, length);
    }
    if (digest)
        member.digest = own_text(source, digest);
    g_array_append_val(source->members, member);
    source->raw_size += entry->kind == ENTRY_FILE ? entry->size : 0;
    source->files += entry->kind != ENTRY_FOLDER;
    return TRUE;
}

static void add_whiteout(LayerSource *source, const char *path)
{
    const char *slash = strrchr(path, '/');
    char *hidden = g_strdup_printf("%.*s/.wh.%s", (int)(slash - path), path, slash + 1);
    LayerMember member = {.path = own_text(source, hidden), .kind = ENTRY_FILE, .mode = 0644};
    g_array_append_val(source->members, member);
    source->files++;
}

static int compare_members(const void *a, const void *b)
{
    return strcmp(((const LayerMember *)a)->path, ((const LayerMember *)b)->path);
}

/* Adds the folders that the members lie in. Members of one folder mostly follow each other, so that
 * few are looked up twice. */
static void add_folders(LayerSource *source, const MergedTree *tree)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    guint count = source->members->len;
    for (guint i = 0; i < count; i++) {
        const LayerMember *member = &g_array_index(source->members, LayerMember, i);
        if (member->kind == ENTRY_FOLDER)
            g_hash_table_add(seen, (void *)member->path);
    }
    const char *last = "";
    size_t last_length = 0;
    for (guint i = 0; i < count; i++) {
        const char *path = g_array_index(source->members, LayerMember, i).path;
        size_t length = (size_t)(strrchr(path, '/') - path);
        if (length == last_length && memcmp(path, last, length) == 0)
            continue;
        last = path;
        last_length = length;
        for (; length > 0; length = (size_t)((const char *)memrchr(path, '/', length) - path)) {
            g_autofree char *folder = g_strndup(path, length);
            if (g_hash_table_contains(seen, folder))
                break;
            LayerMember parent = {.path = own_text(source, g_steal_pointer(&folder)),
                                  .kind = ENTRY_FOLDER};
            merged_tree_folder_attributes(tree, parent.path, &parent.mode, &parent.uid,
                                          &parent.gid);
            g_hash_table_add(seen, (void *)parent.path);
            g_array_append_val(source->members, parent);
        }
    }
    g_array_sort(source->members, compare_members);
}

/* The key */

static void key_text(Digest *key, const char *text)
{
    digest_update(key, text ? text : "", text ? strlen(text) + 1 : 1);
}

static void key_number(Digest *key, guint64 number)
{
    guint64 bytes = GUINT64_TO_LE(number);
    digest_update(key, &bytes, sizeof bytes);
}

static void key_member(Digest *key, const LayerMember *member)
{
    const TreeEntry *entry = member->entry;
    key_text(key, member->path);
    key_number(key, member->kind);
    key_number(key, member->mode);
    key_number(key, member->uid);
    key_number(key, member->gid);
    if (!entry)
        return;
    key_text(key, entry->target);
    key_number(key, entry->layer == LAYER_OF_FILES);
    key_number(key, entry->content);
    if (entry->content == CONTENT_MEMBER) {
        key_text(key, entry->wheel->sha256);
        key_number(key, entry->member->offset);
    }
    key_text(key, member->digest);
}

static char *make_key(const LayerSource *source)
{
    g_autoptr(Digest) key = digest_new("sha256");
    const LayerPolicy *policy = &source->policy;
    key_number(key, KEY_VERSION);
    key_text(key, layer_format_name(policy->format));
    key_number(key, layer_format_version(policy->format));
    key_text(key, layer_format_library(policy->format));
    key_number(key, (guint64)policy->wheel_mtime);
    key_number(key, (guint64)policy->files_mtime);
    for (guint i = 0; i < source->members->len; i++)
        key_member(key, &g_array_index(source->members, LayerMember, i));
    return digest_finish(key);
}

/* Sources */

static LayerSource *begin_source(const LayerSlot *slot, const LayerPolicy *policy)
{
    LayerSource *source = g_new0(LayerSource, 1);
    source->source = g_strdup(slot->source);
    source->members = g_array_new(FALSE, FALSE, sizeof(LayerMember));
    source->own = g_ptr_array_new_with_free_func(g_free);
    source->policy = *policy;
    for (guint i = 0; i < slot->items->len; i++)
        source->wheel_size += ((const LayeringItem *)slot->items->pdata[i])->size;
    return source;
}

/* Where what is missing from the base is said: with the files that took its place, if any. */
static guint whiteout_slot(const Slots *slots, const GPtrArray *sources)
{
    const LayerSlot *first = slots->layers->slots->pdata[0];
    if (first->kind == SLOT_ALL || first->kind == SLOT_STAGE)
        return slots->layers->slots->len - 1;
    const LayerSource *installer = sources->pdata[slots->installer];
    return installer->members->len > 0 ? slots->installer : slots->files;
}

static gboolean distribute(MergedTree *tree, const Slots *slots, const GPtrArray *sources,
                           GError **error)
{
    const GPtrArray *entries = merged_tree_entries(tree);
    for (guint i = 0; i < entries->len; i++) {
        const TreeEntry *entry = entries->pdata[i];
        if (!entry->implied && !add_entry(sources->pdata[slot_of(slots, entry)], entry, error))
            return FALSE;
    }
    const GPtrArray *whiteouts = merged_tree_whiteouts(tree);
    guint slot = whiteout_slot(slots, sources);
    for (guint i = 0; i < whiteouts->len; i++)
        add_whiteout(sources->pdata[slot], whiteouts->pdata[i]);
    return TRUE;
}

gboolean layer_sources_new(MergedTree *tree, const Layers *layers, const LayerPolicy *policy,
                           GPtrArray **ret_sources, GError **error)
{
    g_autoptr(GPtrArray) sources = g_ptr_array_new_with_free_func(source_destroy);
    for (guint i = 0; i < layers->slots->len; i++)
        g_ptr_array_add(sources, begin_source(layers->slots->pdata[i], policy));
    Slots slots;
    find_slots(&slots, layers);
    gboolean ok = distribute(tree, &slots, sources, error);
    g_hash_table_unref(slots.of_wheel);
    if (!ok)
        return FALSE;
    for (guint i = sources->len; i-- > 0;) {
        LayerSource *source = sources->pdata[i];
        if (source->members->len == 0) {
            g_ptr_array_remove_index(sources, i);
            continue;
        }
        add_folders(source, tree);
        source->key = make_key(source);
    }
    *ret_sources = g_steal_pointer(&sources);
    return TRUE;
}

/* Writing */

typedef struct {
    int fd;
    guint64 left;
    Digest *digest;
} HostFile;

static gssize read_host(void *data, void *buffer, size_t length, GError **error)
{
    HostFile *file = data;
    gssize n = io_read(file->fd, buffer, (size_t)MIN(length, file->left), error);
    if (n > 0) {
        digest_update(file->digest, buffer, (size_t)n);
        file->left -= (guint64)n;
    }
    return n;
}

static gboolean write_host_file(LayerWriter *writer, const ArchiveEntry *entry,
                                const LayerMember *member, GError **error)
{
    const char *path = member->entry->host_path;
    HostFile file = {open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), entry->size,
                     digest_new("sha256")};
    if (file.fd < 0) {
        digest_free(file.digest);
        return error_set_errno(error, ERROR_FAILED, errno, "cannot read %s", path);
    }
    ArchiveInput input = {.read = read_host, .data = &file};
    gboolean ok = layer_writer_add_stream(writer, entry, &input, error);
    g_autofree char *found = digest_finish(file.digest);
    if (ok && !g_str_equal(found, member->digest))
        ok = error_set(error, ERROR_FAILED, SPAN_NONE, "%s has changed while the image was made",
                       path);
    close(file.fd);
    digest_free(file.digest);
    return ok;
}

static gboolean write_member(LayerWriter *writer, const LayerSource *source,
                             const LayerMember *member, GError **error)
{
    const TreeEntry *entry = member->entry;
    bool files = entry && entry->layer == LAYER_OF_FILES;
    ArchiveEntry header = {.kind = member->kind,
                           .path = member->path + 1,
                           .target = entry ? entry->target : NULL,
                           .size = entry ? entry->size : 0,
                           .mode = member->mode,
                           .uid = member->uid,
                           .gid = member->gid,
                           .mtime =
                               files ? source->policy.files_mtime : source->policy.wheel_mtime};
    switch (entry ? entry->content : CONTENT_NONE) {
    case CONTENT_MEMBER:
        return layer_writer_splice(writer, &header, &entry->wheel->source, entry->member, error);
    case CONTENT_HOST:
        return write_host_file(writer, &header, member, error);
    case CONTENT_BYTES:
        return layer_writer_add(writer, &header, g_bytes_get_data(entry->bytes, NULL), error);
    case CONTENT_NONE:
        break;
    }
    return layer_writer_add(writer, &header, NULL, error);
}

gboolean layer_source_write(const LayerSource *source, DeflateSink sink, void *data,
                            LayerSummary *ret_summary, GError **error)
{
    g_autoptr(LayerWriter) writer = layer_writer_new(source->policy.format, sink, data);
    for (guint i = 0; i < source->members->len; i++) {
        const LayerMember *member = &g_array_index(source->members, LayerMember, i);
        GError *cause = NULL;
        if (write_member(writer, source, member, &cause))
            continue;
        const WheelArchive *wheel = member->entry ? member->entry->wheel : NULL;
        return wheel ? error_wrap(error, cause, SPAN_NONE, "%s", wheel->filename)
                     : (g_propagate_error(error, cause), FALSE);
    }
    return layer_writer_finish(writer, ret_summary, error);
}
