#include "memory_index.h"

#include "python/name.h"
#include "python/page_names.h"
#include "python/record.h"

typedef struct {
    IndexFile file;
    char *text; /* of METADATA */
    Metadata *metadata;
    bool wanted;
} MemoryFile;

struct IndexClient {
    char *base_url;
    const Json *digests;
    GHashTable *pages; /* "index\nname" → IndexPage */
    GHashTable *files; /* URL → MemoryFile */
    GPtrArray *all;    /* MemoryFile */
    IndexPage *empty;
    unsigned metadata_reads, metadata_waits;
};

static void memory_file_free(gpointer data)
{
    MemoryFile *file = data;
    g_free(file->file.filename);
    g_free(file->file.url);
    g_free(file->file.sha256);
    g_free(file->file.requires_python);
    g_free(file->file.yanked);
    g_free(file->text);
    metadata_free(file->metadata);
    g_free(file);
}

static void memory_page_free(gpointer data)
{
    IndexPage *page = data;
    g_ptr_array_unref(page->files);
    page_names_free(page->names);
    g_free(page);
}

static char *file_stem(const char *name, const char *version)
{
    g_autoptr(GString) stem = g_string_new(NULL);
    for (const char *at = name; *at; at++) {
        bool separator = strchr("-_.", *at) != NULL;
        if (!separator)
            g_string_append_c(stem, *at);
        else if (stem->len == 0 || stem->str[stem->len - 1] != '_')
            g_string_append_c(stem, '_');
    }
    g_string_append_c(stem, '-');
    g_autofree char *plain = g_strdelimit(g_strdup(version), "-", '_');
    g_string_append(stem, plain);
    return g_string_free(g_steal_pointer(&stem), FALSE);
}

static void append_fields(GString *text, const char *field, const Json *list)
{
    for (size_t i = 0; i < json_length(list); i++)
        g_string_append_printf(text, "%s: %s\n", field, json_text(json_item(list, i)));
}

static char *metadata_text(const char *name, const Json *release)
{
    if (json_find_text(release, "metadata"))
        return g_strdup(json_find_text(release, "metadata"));
    GString *text = g_string_new("Metadata-Version: 2.1\n");
    g_string_append_printf(text, "Name: %s\nVersion: %s\n", name,
                           json_find_text(release, "version"));
    const char *python = json_find_text(release, "requires_python");
    if (python)
        g_string_append_printf(text, "Requires-Python: %s\n", python);
    append_fields(text, "Provides-Extra", json_find(release, "extras"));
    append_fields(text, "Requires-Dist", json_find(release, "requires"));
    return g_string_free(text, FALSE);
}

static gint64 upload_time(const Json *release)
{
    const char *text = json_find_text(release, "upload_time");
    g_autoptr(GDateTime) time = text ? g_date_time_new_from_iso8601(text, NULL) : NULL;
    return time ? g_date_time_to_unix(time) : -1;
}

static IndexPage *memory_page(IndexClient *client, const char *index, const char *project)
{
    g_autofree char *canonical = name_canonicalize(project);
    g_autofree char *key = g_strdup_printf("%s\n%s", index, canonical);
    IndexPage *page = g_hash_table_lookup(client->pages, key);
    if (page)
        return page;
    page = g_new0(IndexPage, 1);
    page->files = g_ptr_array_new();
    g_hash_table_insert(client->pages, g_steal_pointer(&key), page);
    return page;
}

static void memory_add_file(IndexClient *client, const char *index, const char *project,
                            const Json *release, const char *tag)
{
    const char *name = json_find_text(release, "name");
    g_autofree char *stem = file_stem(name ? name : project, json_find_text(release, "version"));
    const char *build = json_find_text(release, "build");
    MemoryFile *file = g_new0(MemoryFile, 1);
    file->file.filename =
        tag ? g_strdup_printf("%s%s%s-%s.whl", stem, build ? "-" : "", build ? build : "", tag)
            : g_strdup_printf("%s.tar.gz", stem);
    g_autofree char *escaped = g_uri_escape_string(file->file.filename, NULL, FALSE);
    file->file.url = g_strdup_printf("%s/files/%s/%s", client->base_url, index, escaped);
    const char *digest = json_find_text(client->digests, file->file.filename);
    file->file.sha256 =
        digest ? g_strdup(digest)
               : g_compute_checksum_for_string(G_CHECKSUM_SHA256, file->file.filename, -1);
    const char *python = json_find_text(release, "page_requires_python");
    file->file.requires_python =
        g_strdup(python ? python : json_find_text(release, "requires_python"));
    bool yanked = false;
    const char *reason = json_find_text(release, "yanked");
    if (reason || (json_as_boolean(json_find(release, "yanked"), &yanked) && yanked))
        file->file.yanked = g_strdup(reason ? reason : "");
    file->file.upload_time = upload_time(release);
    file->file.size = 1;
    file->text = metadata_text(name ? name : project, release);
    g_ptr_array_add(client->all, file);
    g_hash_table_insert(client->files, file->file.url, file);
    g_ptr_array_add(memory_page(client, index, project)->files, &file->file);
}

static void memory_add_release(IndexClient *client, const char *index, const char *project,
                               const Json *release)
{
    const Json *tags = json_find(release, "tags");
    const char *sdist = json_find_text(release, "sdist");
    bool has_sdist = sdist != NULL;
    if (!has_sdist)
        json_as_boolean(json_find(release, "sdist"), &has_sdist);
    if (!sdist && !json_is_list(tags))
        memory_add_file(client, index, project, release,
                        json_text(tags) ? json_text(tags) : "py3-none-any");
    for (size_t i = 0; !sdist && json_is_list(tags) && i < json_length(tags); i++)
        memory_add_file(client, index, project, release, json_text(json_item(tags, i)));
    if (has_sdist)
        memory_add_file(client, index, project, release, NULL);
}

static void memory_add(IndexClient *client, const char *first, const char *project,
                       const Json *release)
{
    const Json *index = json_find(release, "index");
    if (!json_is_list(index)) {
        memory_add_release(client, json_text(index) ? json_text(index) : first, project, release);
        return;
    }
    for (size_t i = 0; i < json_length(index); i++)
        memory_add_release(client, json_text(json_item(index, i)), project, release);
}

IndexClient *memory_index_new(const Json *universe, const Json *digests, const char *base_url)
{
    IndexClient *client = g_new0(IndexClient, 1);
    client->base_url = g_strdup(base_url);
    client->digests = digests;
    client->pages = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, memory_page_free);
    client->files = g_hash_table_new(g_str_hash, g_str_equal);
    client->all = g_ptr_array_new_with_free_func(memory_file_free);
    client->empty = g_new0(IndexPage, 1);
    client->empty->files = g_ptr_array_new();
    client->empty->absent = true;
    const char *first = "simple", *project;
    const Json *releases, *ignored;
    void *state = NULL;
    if (json_find(universe, "indexes"))
        json_next_pair(json_find(universe, "indexes"), &state, &first, &ignored);
    state = NULL;
    while (json_next_pair(json_find(universe, "projects"), &state, &project, &releases)) {
        memory_page(client, first, project);
        for (size_t i = 0; i < json_length(releases); i++)
            memory_add(client, first, project, json_item(releases, i));
    }
    return client;
}

void memory_index_free(IndexClient *client)
{
    g_hash_table_unref(client->pages);
    g_hash_table_unref(client->files);
    g_ptr_array_unref(client->all);
    memory_page_free(client->empty);
    g_free(client->base_url);
    g_free(client);
}

unsigned memory_index_metadata_reads(const IndexClient *client)
{
    return client->metadata_reads;
}

unsigned memory_index_metadata_waits(const IndexClient *client)
{
    return client->metadata_waits;
}

void index_client_want_page(IndexClient *client, const IndexLocation *location,
                            const char *canonical)
{
}

void index_client_want_metadata(IndexClient *client, const IndexFile *file)
{
    MemoryFile *found = g_hash_table_lookup(client->files, file->url);
    if (found)
        found->wanted = true;
}

void index_client_set_allowance(IndexClient *client, unsigned documents, unsigned msec)
{
}

void index_client_lift_allowance(IndexClient *client)
{
}

bool index_client_is_spent(const IndexClient *client)
{
    return false;
}

const IndexPage *index_client_get_page(IndexClient *client, const IndexLocation *location,
                                       const char *canonical, GError **error)
{
    g_autofree char *key = g_strdup_printf("%s\n%s", location->name, canonical);
    const IndexPage *page = g_hash_table_lookup(client->pages, key);
    for (guint i = 0; page && i < page->files->len; i++)
        ((IndexFile *)page->files->pdata[i])->location = location;
    return page ? page : client->empty;
}

bool index_client_knows(IndexClient *client, const IndexLocation *location, const char *canonical)
{
    return index_client_get_page(client, location, canonical, NULL)->files->len > 0;
}

GPtrArray *index_client_names(const IndexClient *client)
{
    return g_ptr_array_new();
}

const Metadata *index_client_get_metadata(IndexClient *client, const IndexFile *file,
                                          GError **error)
{
    MemoryFile *found = g_hash_table_lookup(client->files, file->url);
    if (!found) {
        error_set(error, ERROR_NETWORK, SPAN_NONE, "there is no '%s'", file->url);
        return NULL;
    }
    client->metadata_reads++;
    client->metadata_waits += !found->wanted;
    found->wanted = true;
    if (!found->metadata)
        found->metadata = metadata_parse(found->text, strlen(found->text), error);
    return found->metadata;
}

const GPtrArray *index_client_get_record(IndexClient *client, const IndexFile *file, GError **error)
{
    return client->empty->files;
}

gboolean index_client_complete_files(IndexClient *client, GPtrArray *files, GError **error)
{
    for (guint i = 0; i < files->len; i++) {
        IndexFile *file = files->pdata[i];
        const MemoryFile *found = g_hash_table_lookup(client->files, file->url);
        if (!found)
            return error_set(error, ERROR_NETWORK, SPAN_NONE, "there is no '%s'", file->url);
        if (!file->sha256)
            file->sha256 = g_strdup(found->file.sha256);
    }
    return TRUE;
}

void index_client_want_record(IndexClient *client, const IndexFile *file)
{
}
