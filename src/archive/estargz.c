#include "archive/estargz.h"

#include "base/digest.h"
#include "text/jsonw.h"

typedef struct {
    guint64 offset; /* in the blob */
    guint64 start;  /* in the file */
    char *digest;
} Chunk;

struct EstargzToc {
    JsonWriter *json;
    /* the file under way */
    ArchiveEntry entry;
    char *path;
    GArray *chunks;
    Digest *whole, *chunk;
    guint64 size; /* so far */
};

static void clear_chunk(void *data)
{
    Chunk *chunk = data;
    g_free(chunk->digest);
}

EstargzToc *estargz_toc_new(void)
{
    EstargzToc *toc = g_new0(EstargzToc, 1);
    toc->json = jsonw_new();
    toc->chunks = g_array_new(FALSE, FALSE, sizeof(Chunk));
    g_array_set_clear_func(toc->chunks, clear_chunk);
    jsonw_begin_object(toc->json, JSONW_COMPACT);
    jsonw_unsigned_member(toc->json, "version", 1);
    jsonw_key(toc->json, "entries");
    jsonw_begin_array(toc->json, JSONW_COMPACT);
    return toc;
}

void estargz_toc_free(EstargzToc *toc)
{
    if (!toc)
        return;
    jsonw_free(toc->json);
    g_free(toc->path);
    g_array_unref(toc->chunks);
    digest_free(toc->whole);
    digest_free(toc->chunk);
    g_free(toc);
}

static void add_number(JsonWriter *json, const char *key, guint64 value)
{
    if (value != 0)
        jsonw_unsigned_member(json, key, value);
}

static void add_digest(JsonWriter *json, const char *key, const char *hex)
{
    g_autofree char *text = g_strconcat("sha256:", hex, NULL);
    jsonw_string_member(json, key, text);
}

/* Name to group of an entry; what is zero is left out. A folder's name ends with a slash, as in
 * the tar. */
static void begin_entry(JsonWriter *json, const ArchiveEntry *entry, const char *path)
{
    static const char *const types[] = {[ENTRY_FILE] = "reg",
                                        [ENTRY_FOLDER] = "dir",
                                        [ENTRY_SYMLINK] = "symlink",
                                        [ENTRY_HARDLINK] = "hardlink",
                                        [ENTRY_DEVICE] = "char"};
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(entry->mtime);
    g_autofree char *modified = time ? g_date_time_format(time, "%Y-%m-%dT%H:%M:%SZ") : NULL;
    g_autofree char *name = g_strconcat(path, entry->kind == ENTRY_FOLDER ? "/" : "", NULL);
    jsonw_begin_object(json, JSONW_COMPACT);
    jsonw_string_member(json, "name", name);
    jsonw_string_member(json, "type", types[entry->kind]);
    add_number(json, "size", entry->kind == ENTRY_FILE ? entry->size : 0);
    if (modified)
        jsonw_string_member(json, "modtime", modified);
    if (entry->kind == ENTRY_SYMLINK || entry->kind == ENTRY_HARDLINK)
        jsonw_string_member(json, "linkName", entry->target);
    add_number(json, "mode", entry->mode);
    add_number(json, "uid", entry->uid);
    add_number(json, "gid", entry->gid);
}

static gboolean check_names(const ArchiveEntry *entry, GError **error)
{
    bool links = entry->kind == ENTRY_SYMLINK || entry->kind == ENTRY_HARDLINK;
    if (g_utf8_validate(entry->path, -1, NULL) &&
        (!links || g_utf8_validate(entry->target, -1, NULL)))
        return TRUE;
    g_autofree char *shown = g_utf8_make_valid(entry->path, -1);
    return error_set(error, ERROR_INPUT, SPAN_NONE,
                     "%s has a name or target that is not UTF-8, which an eStargz layer cannot say",
                     shown);
}

gboolean estargz_toc_add(EstargzToc *toc, const ArchiveEntry *entry, GError **error)
{
    if (!check_names(entry, error))
        return FALSE;
    begin_entry(toc->json, entry, entry->path);
    jsonw_end_object(toc->json);
    return TRUE;
}

gboolean estargz_toc_begin_file(EstargzToc *toc, const ArchiveEntry *entry, GError **error)
{
    if (!check_names(entry, error))
        return FALSE;
    g_free(toc->path);
    toc->path = g_strdup(entry->path);
    toc->entry = *entry;
    toc->size = 0;
    toc->whole = digest_new("sha256");
    g_array_set_size(toc->chunks, 0);
    return TRUE;
}

static void end_chunk(EstargzToc *toc)
{
    if (!toc->chunk)
        return;
    g_array_index(toc->chunks, Chunk, toc->chunks->len - 1).digest = digest_finish(toc->chunk);
    g_clear_pointer(&toc->chunk, digest_free);
}

void estargz_toc_begin_chunk(EstargzToc *toc, guint64 offset)
{
    Chunk chunk = {offset, toc->size, NULL};
    end_chunk(toc);
    /* the digest of a file's only chunk is the file's */
    toc->chunk = toc->entry.size > ESTARGZ_WHOLE_BYTES ? digest_new("sha256") : NULL;
    g_array_append_val(toc->chunks, chunk);
}

void estargz_toc_content(EstargzToc *toc, const void *bytes, size_t length)
{
    digest_update(toc->whole, bytes, length);
    if (toc->chunk)
        digest_update(toc->chunk, bytes, length);
    toc->size += length;
}

static void add_chunk(EstargzToc *toc, size_t i, const char *digest)
{
    const Chunk *chunk = &g_array_index(toc->chunks, Chunk, i);
    guint64 end = i + 1 < toc->chunks->len ? chunk[1].start : toc->size;
    add_number(toc->json, "chunkOffset", chunk->start);
    if (toc->chunks->len > 1)
        jsonw_unsigned_member(toc->json, "chunkSize", end - chunk->start);
    add_digest(toc->json, "chunkDigest", chunk->digest ? chunk->digest : digest);
}

void estargz_toc_end_file(EstargzToc *toc)
{
    end_chunk(toc);
    g_autofree char *digest = digest_finish(toc->whole);
    g_clear_pointer(&toc->whole, digest_free);
    begin_entry(toc->json, &toc->entry, toc->path);
    for (size_t i = 0; i < toc->chunks->len; i++) {
        if (i > 0) {
            jsonw_begin_object(toc->json, JSONW_COMPACT);
            jsonw_string_member(toc->json, "name", toc->path);
            jsonw_string_member(toc->json, "type", "chunk");
        }
        jsonw_unsigned_member(toc->json, "offset", g_array_index(toc->chunks, Chunk, i).offset);
        if (i == 0)
            add_digest(toc->json, "digest", digest);
        add_chunk(toc, i, digest);
        jsonw_end_object(toc->json);
    }
}

char *estargz_toc_finish(EstargzToc *toc, size_t *ret_length)
{
    jsonw_end_array(toc->json);
    jsonw_end_object(toc->json);
    return jsonw_finish(toc->json, ret_length);
}

/* RFC 1952: flag FEXTRA with one subfield "SG"; then an empty stored block, CRC and size 0. */
void estargz_footer(guint64 toc_offset, guint8 out[ESTARGZ_FOOTER_BYTES])
{
    static const guint8 head[16] = {0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255, 26, 0, 'S', 'G', 22, 0};
    static const guint8 tail[13] = {1, 0, 0, 0xff, 0xff};
    char place[23];
    g_snprintf(place, sizeof place, "%016" G_GINT64_MODIFIER "xSTARGZ", toc_offset);
    memcpy(out, head, sizeof head);
    memcpy(out + sizeof head, place, 22);
    memcpy(out + sizeof head + 22, tail, sizeof tail);
}
