#include "python/page_names.h"

#include "python/wheel_name.h"

guint text_key_hash(const void *key)
{
    const TextKey *span = key;
    guint64 hash = span->length, word = 0;
    size_t i = 0;
    for (; i + sizeof word <= span->length; i += sizeof word) {
        memcpy(&word, span->text + i, sizeof word);
        hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 32;
    }
    for (word = 0; i < span->length; i++)
        word = word << 8 | (guint8)span->text[i];
    hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
    return (guint)(hash >> 32);
}

gboolean text_key_equal(const void *a, const void *b)
{
    const TextKey *x = a, *y = b;
    return x->length == y->length && memcmp(x->text, y->text, x->length) == 0;
}

PageNames *page_names_new(guint n_files, guint n_versions, guint n_tags)
{
    PageNames *names = g_new(PageNames, 1);
    *names = (PageNames){g_new0(FileName, n_files + 1), g_new0(NamePart, n_versions + 1),
                         g_new0(NamePart, n_tags + 1), n_versions, n_tags};
    return names;
}

void page_names_free(PageNames *names)
{
    if (!names)
        return;
    for (guint i = 0; i < names->n_versions; i++)
        version_unref(names->versions[i].version);
    g_free(names->files);
    g_free(names->versions);
    g_free(names->tags);
    g_free(names);
}

/* Parts that are being numbered. */
typedef struct {
    GHashTable *numbers; /* TextKey → number + 1 */
    GPtrArray *parts;    /* NamePart */
    guint32 last;        /* neighbours often share it */
} Parts;

static void parts_init(Parts *parts)
{
    *parts = (Parts){g_hash_table_new(text_key_hash, text_key_equal),
                     g_ptr_array_new_with_free_func(g_free), 0};
}

static void parts_clear(Parts *parts)
{
    g_hash_table_unref(parts->numbers);
    g_ptr_array_unref(parts->parts);
}

/* The number of the text, plus one. */
static guint32 parts_number(Parts *parts, const char *text, size_t length, guint file)
{
    TextKey key = {text, length};
    if (parts->last > 0 &&
        text_key_equal(&key, &((const NamePart *)parts->parts->pdata[parts->last - 1])->key))
        return parts->last;
    parts->last = GPOINTER_TO_UINT(g_hash_table_lookup(parts->numbers, &key));
    if (parts->last > 0)
        return parts->last;
    NamePart *part = g_new0(NamePart, 1);
    part->key = key;
    part->file = file;
    g_ptr_array_add(parts->parts, part);
    parts->last = parts->parts->len;
    g_hash_table_insert(parts->numbers, &part->key, GUINT_TO_POINTER(parts->last));
    return parts->last;
}

static NamePart *parts_steal(const Parts *parts)
{
    NamePart *list = g_new0(NamePart, parts->parts->len + 1);
    for (guint i = 0; i < parts->parts->len; i++)
        list[i] = *(const NamePart *)parts->parts->pdata[i];
    return list;
}

typedef struct {
    const char *canonical;
    TextKey name; /* as the file before spelt it */
    Parts versions, tags;
} Naming;

static FileName name_wheel(Naming *naming, const char *filename, size_t length, guint file)
{
    WheelParts parts;
    if (!wheel_name_split(filename, length, &parts))
        return (FileName){NAME_ODD, 0};
    TextKey name = {filename, parts.name_length};
    if (!text_key_equal(&naming->name, &name)) {
        if (!wheel_name_is_of(filename, parts.name_length, naming->canonical))
            return (FileName){0, 0};
        naming->name = name;
    }
    size_t tags_length = length - (size_t)(parts.tags - filename);
    return (FileName){
        parts_number(&naming->versions, parts.version, parts.version_length, file),
        parts_number(&naming->tags, parts.tags, tags_length, file),
    };
}

static FileName name_source(Naming *naming, const char *filename, guint file)
{
    size_t length;
    const char *version = sdist_find_version(filename, naming->canonical, &length);
    return (FileName){version ? parts_number(&naming->versions, version, length, file) : 0, 0};
}

static FileName name_file(Naming *naming, const char *filename, guint file)
{
    size_t length = strlen(filename);
    if (!naming->canonical)
        return (FileName){NAME_ODD, 0};
    bool wheel = length >= 4 && memcmp(filename + length - 4, ".whl", 4) == 0;
    return wheel ? name_wheel(naming, filename, length, file) : name_source(naming, filename, file);
}

static int compare_newest_first(const void *a, const void *b)
{
    const NamePart *x = *(NamePart *const *)a, *y = *(NamePart *const *)b;
    return version_compare(y->version, x->version);
}

static void rank_versions(PageNames *names)
{
    g_autoptr(GPtrArray) sorted = g_ptr_array_new();
    for (guint i = 0; i < names->n_versions; i++) {
        NamePart *part = &names->versions[i];
        g_autofree char *text = g_strndup(part->key.text, part->key.length);
        part->version = version_parse(text, NULL);
        part->rank = RANK_NONE;
        if (part->version)
            g_ptr_array_add(sorted, part);
    }
    if (sorted->len > 0)
        qsort(sorted->pdata, sorted->len, sizeof *sorted->pdata, compare_newest_first);
    guint32 rank = 0;
    for (guint i = 0; i < sorted->len; i++) {
        NamePart *part = sorted->pdata[i];
        const NamePart *before = i > 0 ? sorted->pdata[i - 1] : NULL;
        rank += before && !version_equal(before->version, part->version);
        part->rank = rank;
    }
}

static PageNames *make_names(const IndexPage *page, const char *canonical)
{
    Naming naming = {.canonical = canonical};
    parts_init(&naming.versions);
    parts_init(&naming.tags);
    PageNames *names = g_new0(PageNames, 1);
    names->files = g_new0(FileName, page->files->len + 1);
    for (guint i = 0; i < page->files->len; i++) {
        IndexFile file;
        index_page_peek(page, i, &file);
        names->files[i] = name_file(&naming, file.filename, i);
    }
    names->versions = parts_steal(&naming.versions);
    names->n_versions = naming.versions.parts->len;
    names->tags = parts_steal(&naming.tags);
    names->n_tags = naming.tags.parts->len;
    rank_versions(names);
    parts_clear(&naming.versions);
    parts_clear(&naming.tags);
    return names;
}

const PageNames *index_page_names(const IndexPage *page, const char *canonical)
{
    if (!page->names)
        ((IndexPage *)page)->names = make_names(page, canonical);
    return page->names;
}
