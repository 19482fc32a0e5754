#include "python/index_private.h"
#include "python/page_names.h"

/* Native byte order and sizes: a cache belongs to one machine, and the name of the form changes
 * with what is in it. */
const char INDEX_STORE_TYPE[] = "application/x-ramekin-files-2";

typedef struct {
    guint32 count;
    guint32 text_bytes;
    guint32 versions, tags; /* parts of names, behind the records */
} Header;

/* A NamePart. */
typedef struct {
    guint32 place, length, file, rank;
} Part;

/* Texts are places in the text block behind the records, plus one; 0: NULL. */
typedef struct {
    guint32 url, filename, sha256, requires_python, yanked, metadata_sha256;
    guint32 hashes; /* joined by blanks, which digests do not hold */
    guint32 offer;
    FileName name;
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

static void append_parts(GByteArray *out, const IndexPage *page, const GArray *records,
                         const NamePart *parts, guint count)
{
    for (guint i = 0; i < count; i++) {
        const NamePart *part = &parts[i];
        IndexFile file;
        index_page_peek(page, part->file, &file);
        guint32 filename = g_array_index(records, Record, part->file).filename;
        Part made = {filename + (guint32)(part->key.text - file.filename),
                     (guint32)part->key.length, part->file, part->rank};
        g_byte_array_append(out, (const guint8 *)&made, sizeof made);
    }
}

GBytes *index_store_encode(const IndexPage *page, const char *canonical)
{
    const PageNames *names = index_page_names(page, canonical);
    g_autoptr(GString) texts = g_string_new(NULL);
    g_autoptr(GArray) records = g_array_new(FALSE, FALSE, sizeof(Record));
    for (unsigned i = 0; i < page->files->len; i++) {
        const Record *previous = i > 0 ? &g_array_index(records, Record, i - 1) : NULL;
        Record record = make_record(texts, index_page_file(page, i), previous);
        record.name = names->files[i];
        g_array_append_val(records, record);
    }
    Header header = {records->len, (guint32)texts->len, names->n_versions, names->n_tags};
    GByteArray *out = g_byte_array_new();
    g_byte_array_append(out, (const guint8 *)&header, sizeof header);
    g_byte_array_append(out, (const guint8 *)records->data, records->len * sizeof(Record));
    append_parts(out, page, records, names->versions, names->n_versions);
    append_parts(out, page, records, names->tags, names->n_tags);
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

/* Parts of names, each of which lies in the name of its file. */
static bool read_parts(const struct StoredFiles *stored, guint32 n_files, const char *block,
                       guint count, NamePart *ret_parts)
{
    for (guint i = 0; i < count; i++) {
        Part part;
        memcpy(&part, block + i * sizeof part, sizeof part);
        if (part.file >= n_files)
            return false;
        guint32 filename = stored_record(stored, part.file).filename;
        size_t length = strlen(get_text(stored, filename));
        if (part.place < filename || part.place - filename > length ||
            part.length > length - (part.place - filename))
            return false;
        TextKey key = {get_text(stored, part.place), part.length};
        ret_parts[i] = (NamePart){key, part.file, part.rank, NULL};
    }
    return true;
}

static bool name_is_sound(const FileName *name, const Header *header)
{
    return name->version == NAME_ODD
               ? name->tags == 0
               : name->version <= header->versions && name->tags <= header->tags;
}

/* Whether what lies between header and texts has the sizes that the header says. */
static bool header_fits(const Header *header, gsize rest)
{
    guint64 size = (guint64)header->count * sizeof(Record) + header->text_bytes +
                   ((guint64)header->versions + header->tags) * sizeof(Part);
    return size == rest;
}

static bool read_stored(IndexPage *page, const Header *header, const char *data)
{
    const char *parts = data + header->count * sizeof(Record);
    const char *texts = parts + ((gsize)header->versions + header->tags) * sizeof(Part);
    page->stored = g_new(struct StoredFiles, 1);
    *page->stored = (struct StoredFiles){data, texts};
    page->names = page_names_new(header->count, header->versions, header->tags);
    for (guint32 i = 0; i < header->count; i++) {
        Record record = stored_record(page->stored, i);
        if (!record_is_sound(&record, header->text_bytes) || !name_is_sound(&record.name, header))
            return false;
        page->names->files[i] = record.name;
    }
    return read_parts(page->stored, header->count, parts, header->versions,
                      page->names->versions) &&
           read_parts(page->stored, header->count, parts + header->versions * sizeof(Part),
                      header->tags, page->names->tags);
}

IndexPage *index_store_decode(GBytes *bytes, const IndexLocation *location)
{
    Header header;
    gsize length;
    const char *data = g_bytes_get_data(bytes, &length);
    if (length < sizeof header)
        return NULL;
    memcpy(&header, data, sizeof header);
    if (!header_fits(&header, length - sizeof header) ||
        (header.text_bytes > 0 && data[length - 1] != '\0'))
        return NULL;
    g_autoptr(IndexPage) page = g_new0(IndexPage, 1);
    page->location = location;
    page->files = g_ptr_array_sized_new(header.count);
    page->arena = index_arena_new();
    index_arena_keep(page->arena, bytes);
    if (!read_stored(page, &header, data + sizeof header))
        return NULL;
    g_ptr_array_set_size(page->files, (gint)header.count);
    return g_steal_pointer(&page);
}
