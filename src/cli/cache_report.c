#include "cli/cache_report.h"

#include "plan/layout.h"
#include "text/jsonw.h"

enum {
    DIGEST_SHOWN = 12,
    NAME_WIDTH = 10,
    COUNT_WIDTH = 8,
    SIZE_WIDTH = 9,
};

static const struct {
    const char *bucket, *meaning;
} meanings[] = {
    {"blob-names", "what blobs are called"},
    {"blob-notes", "when a blob was found whole"},
    {"blobs", "wheels and layers"},
    {"directories", "what is in wheels"},
    {"extracts", "files inside wheels"},
    {"files", "digests of files elsewhere"},
    {"hosts", "what file hosts serve"},
    {"imports", "what importing does"},
    {"members", "file lists of wheels"},
    {"metadata", "metadata of wheels"},
    {"natives", "facts of libraries in wheels"},
    {"pages", "pages of indexes"},
    {"roots", "files of base images"},
    {"sizes", "sizes of files"},
    {"trees", "unpacked layers"},
};

static JsonWriter *begin_json(const char *dir)
{
    JsonWriter *json = jsonw_new();
    g_autofree char *shown = g_utf8_make_valid(dir, -1);
    jsonw_begin_object(json, JSONW_BLOCK);
    jsonw_string_member(json, "schema", "ramekin.cache/1");
    jsonw_string_member(json, "dir", shown);
    return json;
}

static char *end_json(JsonWriter *json)
{
    jsonw_end_object(json);
    char *text = jsonw_finish(json, NULL);
    jsonw_free(json);
    return text;
}

static int compare_buckets(const void *a, const void *b)
{
    return strcmp((*(CacheBucket *const *)a)->name, (*(CacheBucket *const *)b)->name);
}

/* All buckets, and blobs and trees as two more, by name; the caller frees it. */
static GPtrArray *all_buckets(const CacheReport *report, CacheBucket *blobs, CacheBucket *trees)
{
    GPtrArray *all = g_ptr_array_new();
    for (guint i = 0; i < report->buckets->len; i++)
        g_ptr_array_add(all, report->buckets->pdata[i]);
    for (guint i = 0; i < report->blobs->len; i++)
        blobs->bytes += ((const BlobInfo *)report->blobs->pdata[i])->size;
    for (guint i = 0; i < report->trees->len; i++)
        trees->bytes += ((const TreeInfo *)report->trees->pdata[i])->bytes;
    blobs->entries = report->blobs->len;
    trees->entries = report->trees->len;
    g_ptr_array_add(all, blobs);
    if (trees->entries > 0)
        g_ptr_array_add(all, trees);
    g_ptr_array_sort(all, compare_buckets);
    return all;
}

static char *size_json(const CacheReport *report, const GPtrArray *all, guint64 total)
{
    JsonWriter *json = begin_json(report->dir);
    jsonw_unsigned_member(json, "bytes", total);
    jsonw_key(json, "buckets");
    jsonw_begin_array(json, JSONW_BLOCK);
    for (guint i = 0; i < all->len; i++) {
        const CacheBucket *bucket = all->pdata[i];
        g_autofree char *name = g_utf8_make_valid(bucket->name, -1);
        jsonw_begin_object(json, JSONW_INLINE);
        jsonw_string_member(json, "name", name);
        jsonw_unsigned_member(json, "entries", bucket->entries);
        jsonw_unsigned_member(json, "bytes", bucket->bytes);
        jsonw_end_object(json);
    }
    jsonw_end_array(json);
    return end_json(json);
}

static const char *meaning_of(const char *bucket)
{
    for (size_t i = 0; i < G_N_ELEMENTS(meanings); i++) {
        if (g_str_equal(meanings[i].bucket, bucket))
            return meanings[i].meaning;
    }
    return NULL;
}

static void add_size_line(Layout *layout, const CacheBucket *bucket, const char *meaning)
{
    g_autofree char *count = g_strdup_printf("%" G_GUINT64_FORMAT, bucket->entries);
    g_autofree char *size = layout_size(bucket->bytes);
    layout_pad(layout, TINT_NONE, bucket->name, NAME_WIDTH, false);
    layout_pad(layout, TINT_NONE, count, COUNT_WIDTH, true);
    layout_put(layout, TINT_NONE, "  ");
    layout_pad(layout, TINT_NONE, size, SIZE_WIDTH, true);
    if (meaning)
        layout_printf(layout, TINT_NONE, "  %s", meaning);
    g_string_append_c(layout->out, '\n');
}

static char *size_text(const GPtrArray *all, const CacheBucket *total)
{
    Layout layout = {.out = g_string_new(NULL)};
    for (guint i = 0; i < all->len; i++) {
        const CacheBucket *bucket = all->pdata[i];
        add_size_line(&layout, bucket, meaning_of(bucket->name));
    }
    add_size_line(&layout, total, NULL);
    return g_string_free(layout.out, FALSE);
}

char *cache_report_size(const CacheReport *report, bool json)
{
    CacheBucket blobs = {.name = (char *)"blobs"}, total = {.name = (char *)"total"};
    CacheBucket trees = {.name = (char *)"trees"};
    g_autoptr(GPtrArray) all = all_buckets(report, &blobs, &trees);
    for (guint i = 0; i < all->len; i++) {
        total.entries += ((const CacheBucket *)all->pdata[i])->entries;
        total.bytes += ((const CacheBucket *)all->pdata[i])->bytes;
    }
    return json ? size_json(report, all, total.bytes) : size_text(all, &total);
}

static char *date_of(gint64 seconds, const char *format)
{
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(seconds);
    return date ? g_date_time_format(date, format) : g_strdup("?");
}

static char *list_json(const CacheReport *report)
{
    JsonWriter *json = begin_json(report->dir);
    jsonw_key(json, "blobs");
    jsonw_begin_array(json, JSONW_BLOCK);
    for (guint i = 0; i < report->blobs->len; i++) {
        const BlobInfo *info = report->blobs->pdata[i];
        g_autofree char *used = date_of(info->used, "%Y-%m-%dT%H:%M:%SZ");
        jsonw_begin_object(json, JSONW_INLINE);
        jsonw_string_member(json, "sha256", info->sha256);
        jsonw_unsigned_member(json, "size", info->size);
        jsonw_string_member(json, "used", used);
        jsonw_string_member(json, "name", info->name);
        jsonw_end_object(json);
    }
    jsonw_end_array(json);
    jsonw_key(json, "trees");
    jsonw_begin_array(json, JSONW_BLOCK);
    for (guint i = 0; i < report->trees->len; i++) {
        const TreeInfo *info = report->trees->pdata[i];
        g_autofree char *used = date_of(info->used, "%Y-%m-%dT%H:%M:%SZ");
        jsonw_begin_object(json, JSONW_INLINE);
        jsonw_string_member(json, "key", info->key);
        jsonw_unsigned_member(json, "size", info->bytes);
        jsonw_string_member(json, "used", used);
        jsonw_string_member(json, "name", info->name);
        jsonw_end_object(json);
    }
    jsonw_end_array(json);
    return end_json(json);
}

/* A blob or a tree. */
typedef struct {
    const char *digest, *kind, *name;
    guint64 size;
    gint64 used;
} ListRow;

/* What was used last comes first. */
static int compare_use(const void *a, const void *b)
{
    const ListRow *left = a, *right = b;
    if (left->used != right->used)
        return left->used > right->used ? -1 : 1;
    return strcmp(left->digest, right->digest);
}

static GArray *list_rows(const CacheReport *report)
{
    GArray *rows = g_array_new(FALSE, FALSE, sizeof(ListRow));
    for (guint i = 0; i < report->blobs->len; i++) {
        const BlobInfo *info = report->blobs->pdata[i];
        ListRow row = {info->sha256, "", info->name, info->size, info->used};
        g_array_append_val(rows, row);
    }
    for (guint i = 0; i < report->trees->len; i++) {
        const TreeInfo *info = report->trees->pdata[i];
        ListRow row = {info->key, "unpacked ", info->name, info->bytes, info->used};
        g_array_append_val(rows, row);
    }
    g_array_sort(rows, compare_use);
    return rows;
}

char *cache_report_list(const CacheReport *report, bool json, bool colour)
{
    if (json)
        return list_json(report);
    Layout layout = {.out = g_string_new(NULL), .colour = colour};
    g_autoptr(GArray) rows = list_rows(report);
    for (guint i = 0; i < rows->len; i++) {
        const ListRow *row = &g_array_index(rows, ListRow, i);
        g_autofree char *used = date_of(row->used, "%Y-%m-%d %H:%M");
        g_autofree char *size = layout_size(row->size);
        g_autofree char *digest = g_strndup(row->digest, DIGEST_SHOWN);
        layout_printf(&layout, TINT_NONE, "%s  ", digest);
        layout_pad(&layout, TINT_NONE, size, SIZE_WIDTH, true);
        layout_printf(&layout, TINT_NONE, "  %s", used);
        if (row->name)
            layout_printf(&layout, TINT_NONE, "  %s%s", row->kind, row->name);
        g_string_append_c(layout.out, '\n');
    }
    return g_string_free(layout.out, FALSE);
}

char *cache_report_pruned(const char *dir, const CachePruned *pruned, bool json)
{
    if (json) {
        JsonWriter *writer = begin_json(dir);
        jsonw_unsigned_member(writer, "removed_bytes", pruned->removed);
        jsonw_unsigned_member(writer, "blob_bytes", pruned->blobs_left);
        jsonw_unsigned_member(writer, "tree_bytes", pruned->trees_left);
        return end_json(writer);
    }
    g_autofree char *removed = layout_size(pruned->removed);
    g_autofree char *left = layout_size(pruned->blobs_left + pruned->trees_left);
    return g_strdup_printf("%s removed, %s of wheels and layers left\n", removed, left);
}

static void put_list(JsonWriter *json, const char *key, const GPtrArray *texts)
{
    jsonw_key(json, key);
    jsonw_begin_array(json, JSONW_INLINE);
    for (guint i = 0; i < texts->len; i++)
        jsonw_string(json, texts->pdata[i]);
    jsonw_end_array(json);
}

static char *checked_json(const char *dir, const CacheChecked *checked)
{
    JsonWriter *json = begin_json(dir);
    jsonw_unsigned_member(json, "entries", checked->entries);
    jsonw_unsigned_member(json, "damaged_entries", checked->damaged_entries);
    jsonw_unsigned_member(json, "blobs", checked->blobs);
    put_list(json, "damaged_blobs", checked->damaged);
    jsonw_unsigned_member(json, "trees", checked->trees);
    put_list(json, "damaged_trees", checked->damaged_trees);
    return end_json(json);
}

char *cache_report_checked(const char *dir, const CacheChecked *checked, bool json)
{
    if (json)
        return checked_json(dir, checked);
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < checked->damaged->len; i++)
        g_string_append_printf(out, "removed the damaged blob %s\n",
                               (const char *)checked->damaged->pdata[i]);
    for (guint i = 0; i < checked->damaged_trees->len; i++)
        g_string_append_printf(out, "removed the damaged unpacked layer %s\n",
                               (const char *)checked->damaged_trees->pdata[i]);
    if (checked->damaged_entries > 0)
        g_string_append_printf(out, "removed %" G_GUINT64_FORMAT " damaged %s\n",
                               checked->damaged_entries,
                               checked->damaged_entries == 1 ? "entry" : "entries");
    g_string_append_printf(out, "%" G_GUINT64_FORMAT " %s", checked->blobs,
                           checked->blobs == 1 ? "blob" : "blobs");
    if (checked->trees > 0)
        g_string_append_printf(out, ", %" G_GUINT64_FORMAT " unpacked %s", checked->trees,
                               checked->trees == 1 ? "layer" : "layers");
    bool whole =
        checked->damaged->len + checked->damaged_trees->len + checked->damaged_entries == 0;
    g_string_append_printf(out, " and %" G_GUINT64_FORMAT " %s read%s\n", checked->entries,
                           checked->entries == 1 ? "entry" : "entries", whole ? ", all whole" : "");
    return g_string_free(out, FALSE);
}

char *cache_report_dir(const char *dir, bool json)
{
    return json ? end_json(begin_json(dir)) : g_strconcat(dir, "\n", NULL);
}
