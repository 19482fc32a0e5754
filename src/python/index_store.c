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
        Record record = make_record(texts, index_page_file(page, i), previous);
        g_array_append_val(records, record);
    }
    Header header = {records->len, (guint32)texts->len};
    GByteArray *out = g_byte_array_new();
    g_byte_array_append(out, (const guint8 *)&header, sizeof header);
    g_byte_array_append(out, (const guint8 *)records->data, records->len * sizeof(Record));
    g_byte_array_append(out, (const guint8 *)texts->str, (guint)texts->len);
    return g_byte_array_free_to_bytes(out);
}

struct StoredFiles {
    const char *records; /* not aligned */
    const char *texts;
};

static Record stored_record(const struct StoredFiles *stored, guint32 index)
{
    Record record;
    memcpy(&record, stored->records + index * sizeof record, sizeof record);
    return record;
}

/* Every text begins in the block, which ends with a NUL: so it ends there too. */
static bool record_is_sound(const Record *record, guint32 text_bytes)
{
    guint32 last = MAX(MAX(MAX(record->url, record->filename), MAX(record->sha256, record->hashes)),
                       MAX(MAX(record->requires_python, record->yanked), record->metadata_sha256));
    return last <= text_bytes && record->url > 0 && record->filename > 0 &&
           record->offer <= METADATA_DENIED;
}

static char *get_text(const struct StoredFiles *stored, guint32 place)
{
    return place == 0 ? NULL : (char *)stored->texts + place - 1;
}

static void read_record(const IndexPage *page, const Record *record, IndexFile *ret_file)
{
    const struct StoredFiles *stored = page->stored;
    *ret_file = (IndexFile){
        .url = get_text(stored, record->url),
        .filename = get_text(stored, record->filename),
        .sha256 = get_text(stored, record->sha256),
        .requires_python = get_text(stored, record->requires_python),
        .yanked = get_text(stored, record->yanked),
        .metadata_sha256 = get_text(stored, record->metadata_sha256),
        .metadata_offer = (MetadataOffer)record->offer,
        .upload_time = record->upload_time,
        .size = record->size,
        .location = page->location,
    };
}

static char **read_hashes(IndexArena *arena, const char *joined)
{
    char **hashes = g_strsplit(joined, " ", -1);
    for (size_t i = 0; hashes[i]; i++) {
        char *own = hashes[i];
        hashes[i] = index_arena_text(arena, own, strlen(own));
        g_free(own);
    }
    return hashes;
}

IndexFile *index_page_file(const IndexPage *page, guint index)
{
    IndexFile *file = page->files->pdata[index];
    if (file)
        return file;
    Record record = stored_record(page->stored, index);
    file = index_arena_file(page->arena);
    read_record(page, &record, file);
    if (record.hashes > 0)
        file->hashes = read_hashes(page->arena, get_text(page->stored, record.hashes));
    page->files->pdata[index] = file;
    return file;
}

void index_page_peek(const IndexPage *page, guint index, IndexFile *ret_file)
{
    const IndexFile *file = page->files->pdata[index];
    if (file) {
        *ret_file = *file;
        return;
    }
    Record record = stored_record(page->stored, index);
    read_record(page, &record, ret_file);
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
        length - sizeof header - header.count * sizeof(Record) != header.text_bytes ||
        (header.text_bytes > 0 && data[length - 1] != '\0'))
        return NULL;
    g_autoptr(IndexPage) page = g_new0(IndexPage, 1);
    page->location = location;
    page->files = g_ptr_array_sized_new(header.count);
    page->arena = index_arena_new();
    index_arena_keep(page->arena, bytes);
    page->stored = g_new(struct StoredFiles, 1);
    page->stored->records = data + sizeof header;
    page->stored->texts = page->stored->records + header.count * sizeof(Record);
    for (guint32 i = 0; i < header.count; i++) {
        Record record = stored_record(page->stored, i);
        if (!record_is_sound(&record, header.text_bytes))
            return NULL;
    }
    g_ptr_array_set_size(page->files, (gint)header.count);
    return g_steal_pointer(&page);
}
