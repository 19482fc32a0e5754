#include "python/index_private.h"

/* Native byte order and sizes: a cache belongs to one machine, and the name of the form changes
 * with what is in it. */
const char INDEX_STORE_TYPE[] = "application/x-ramekin-files-1";

typedef struct {
    guint32 count;
    guint32 text_bytes;
} Header;

/* Texts are places in the text block behind the records, plus one; 0: NULL. */
typedef struct {
    guint32 url, filename, sha256, requires_python, yanked, metadata_sha256;
    guint32 hashes; /* joined by blanks, which digests do not hold */
    guint32 offer;
    gint64 upload_time, size;
} Record;

static guint32 put_text(GString *texts, const char *text)
{
    if (!text)
        return 0;
    guint32 place = (guint32)texts->len + 1;
    g_string_append_len(texts, text, (gssize)strlen(text) + 1);
    return place;
}

/* Neighbours on a page often say the same. */
static guint32 put_repeated(GString *texts, const char *text, guint32 previous)
{
    if (text && previous > 0 && g_str_equal(texts->str + previous - 1, text))
        return previous;
    return put_text(texts, text);
}

static Record make_record(GString *texts, const IndexFile *file, const Record *previous)
{
    size_t url_length = strlen(file->url);
    bool tail = file->filename >= file->url && file->filename < file->url + url_length;
    g_autofree char *hashes = file->hashes ? g_strjoinv(" ", file->hashes) : NULL;
    Record record = {
        .url = put_text(texts, file->url),
        .sha256 = put_text(texts, file->sha256),
        .requires_python =
            put_repeated(texts, file->requires_python, previous ? previous->requires_python : 0),
        .yanked = put_repeated(texts, file->yanked, previous ? previous->yanked : 0),
        .metadata_sha256 = put_text(texts, file->metadata_sha256),
        .hashes = put_text(texts, hashes),
        .offer = file->metadata_offer,
        .upload_time = file->upload_time,
        .size = file->size,
    };
    record.filename =
        tail ? record.url + (guint32)(file->filename - file->url) : put_text(texts, file->filename);
    return record;
}

GBytes *index_store_encode(const IndexPage *page)
{
    g_autoptr(GString) texts = g_string_new(NULL);
    g_autoptr(GArray) records = g_array_new(FALSE, FALSE, sizeof(Record));
    for (unsigned i = 0; i < page->files->len; i++) {
        const Record *previous = i > 0 ? &g_array_index(records, Record, i - 1) : NULL;
        Record record = make_record(texts, page->files->pdata[i], previous);
        g_array_append_val(records, record);
    }
    Header header = {records->len, (guint32)texts->len};
    GByteArray *out = g_byte_array_new();
    g_byte_array_append(out, (const guint8 *)&header, sizeof header);
    g_byte_array_append(out, (const guint8 *)records->data, records->len * sizeof(Record));
    g_byte_array_append(out, (const guint8 *)texts->str, (guint)texts->len);
    return g_byte_array_free_to_bytes(out);
}

typedef struct {
    const char *text;
    guint32 length;
    bool broken;
} Texts;

static char *get_text(Texts *texts, guint32 place)
{
    if (place == 0)
        return NULL;
    if (place <= texts->length)
        return (char *)texts->text + place - 1;
    texts->broken = true;
    return NULL;
}

static void read_record(IndexFile *file, IndexArena *arena, const Record *record, Texts *texts)
{
    file->url = get_text(texts, record->url);
    file->filename = get_text(texts, record->filename);
    file->sha256 = get_text(texts, record->sha256);
    file->requires_python = get_text(texts, record->requires_python);
    file->yanked = get_text(texts, record->yanked);
    file->metadata_sha256 = get_text(texts, record->metadata_sha256);
    file->metadata_offer = (MetadataOffer)record->offer;
    file->upload_time = record->upload_time;
    file->size = record->size;
    texts->broken =
        texts->broken || !file->url || !file->filename || record->offer > METADATA_DENIED;
    const char *hashes = get_text(texts, record->hashes);
    if (!hashes)
        return;
    file->hashes = g_strsplit(hashes, " ", -1);
    for (size_t i = 0; file->hashes[i]; i++) {
        char *own = file->hashes[i];
        file->hashes[i] = index_arena_text(arena, own, strlen(own));
        g_free(own);
    }
}

IndexPage *index_store_decode(GBytes *bytes, const IndexLocation *location)
{
    Header header;
    gsize length;
    const char *data = g_bytes_get_data(bytes, &length);
    if (length < sizeof header)
        return NULL;
    memcpy(&header, data, sizeof header);
    if ((length - sizeof header) / sizeof(Record) < header.count ||
        length - sizeof header - header.count * sizeof(Record) != header.text_bytes)
        return NULL;
    g_autoptr(IndexPage) page = g_new0(IndexPage, 1);
    const char *records = data + sizeof header;
    Texts texts = {records + header.count * sizeof(Record), header.text_bytes,
                   header.text_bytes > 0 && data[length - 1] != '\0'};
    page->location = location;
    page->files = g_ptr_array_sized_new(header.count);
    page->arena = index_arena_new();
    index_arena_keep(page->arena, bytes);
    for (guint32 i = 0; i < header.count && !texts.broken; i++) {
        Record record;
        memcpy(&record, records + i * sizeof record, sizeof record);
        IndexFile *file = index_arena_file(page->arena);
        read_record(file, page->arena, &record, &texts);
        file->location = location;
        g_ptr_array_add(page->files, file);
    }
    return texts.broken ? NULL : g_steal_pointer(&page);
}
