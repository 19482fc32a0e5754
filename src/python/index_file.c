#include "python/index_arena.h"

#include "base/digest.h"
#include "python/page_names.h"

#include <sys/stat.h>

enum {
    FILES_OF_SLAB = 32,
    TEXT_BLOCK = 32 * 1024,
};

struct IndexArena {
    GStringChunk *texts;
    GPtrArray *slabs; /* IndexFile[FILES_OF_SLAB] */
    unsigned used;    /* of the last slab */
    GBytes *kept;
};

IndexArena *index_arena_new(void)
{
    IndexArena *arena = g_new0(IndexArena, 1);
    arena->texts = g_string_chunk_new(TEXT_BLOCK);
    arena->slabs = g_ptr_array_new_with_free_func(g_free);
    arena->used = FILES_OF_SLAB;
    return arena;
}

void index_arena_free(IndexArena *arena)
{
    if (!arena)
        return;
    for (unsigned i = 0; i < arena->slabs->len; i++) {
        IndexFile *files = arena->slabs->pdata[i];
        for (unsigned j = 0; j < FILES_OF_SLAB; j++)
            g_free(files[j].hashes);
    }
    g_string_chunk_free(arena->texts);
    g_ptr_array_unref(arena->slabs);
    g_clear_pointer(&arena->kept, g_bytes_unref);
    g_free(arena);
}

static void set_unknown(IndexFile *file)
{
    file->upload_time = -1;
    file->size = -1;
}

IndexFile *index_arena_file(IndexArena *arena)
{
    if (arena->used == FILES_OF_SLAB) {
        g_ptr_array_add(arena->slabs, g_new0(IndexFile, FILES_OF_SLAB));
        arena->used = 0;
    }
    IndexFile *slab = arena->slabs->pdata[arena->slabs->len - 1];
    IndexFile *file = &slab[arena->used++];
    set_unknown(file);
    return file;
}

void index_arena_keep(IndexArena *arena, GBytes *bytes)
{
    arena->kept = g_bytes_ref(bytes);
}

char *index_arena_text(IndexArena *arena, const char *text, size_t length)
{
    return g_string_chunk_insert_len(arena->texts, text, (gssize)length);
}

static char *keep_text(IndexArena *arena, const char *text)
{
    return arena ? index_arena_text(arena, text, strlen(text)) : g_strdup(text);
}

static void add_other_hash(IndexFile *file, IndexArena *arena, const char *algorithm,
                           const char *digest)
{
    g_autofree char *text = g_strdup_printf("%s=%s", algorithm, digest);
    unsigned count = file->hashes ? g_strv_length(file->hashes) : 0;
    file->hashes = g_renew(char *, file->hashes, count + 2);
    file->hashes[count] = keep_text(arena, text);
    file->hashes[count + 1] = NULL;
}

gboolean index_file_take_hash(IndexFile *file, IndexArena *arena, const char *algorithm,
                              const char *digest)
{
    static const char *const others[] = {"sha512", "sha384", "sha224", "sha1", "md5", NULL};
    g_autofree char *lower = g_ascii_strdown(digest, -1);
    if (g_str_equal(algorithm, "sha256")) {
        if (!digest_is_sha256_hex(lower))
            return FALSE;
        if (!file->sha256)
            file->sha256 = keep_text(arena, lower);
        return TRUE;
    }
    if (g_strv_contains(others, algorithm))
        add_other_hash(file, arena, algorithm, lower);
    return TRUE;
}

gboolean index_file_take_fragment(IndexFile *file, IndexArena *arena, const char *fragment)
{
    if (!fragment)
        return TRUE;
    const char *sha256 = g_str_has_prefix(fragment, "sha256=") ? fragment + 7 : NULL;
    if (sha256 && strlen(sha256) == DIGEST_SHA256_HEX && digest_is_sha256_hex(sha256)) {
        file->sha256 = file->sha256 ? file->sha256 : keep_text(arena, sha256);
        return TRUE;
    }
    g_auto(GStrv) pairs = g_strsplit(fragment, "&", 16);
    for (size_t i = 0; pairs[i]; i++) {
        char *equals = strchr(pairs[i], '=');
        if (!equals)
            continue;
        *equals = '\0';
        if (!index_file_take_hash(file, arena, pairs[i], equals + 1))
            return FALSE;
    }
    return TRUE;
}

/* The text behind the dash that ends the project's name, or NULL. */
static const char *behind_name(const char *filename, const char *canonical)
{
    while (*canonical) {
        if (*canonical == '-') {
            size_t run = strspn(filename, "-_.");
            if (run == 0)
                return NULL;
            filename += run;
        } else if (g_ascii_tolower(*filename) == *canonical) {
            filename++;
        } else {
            return NULL;
        }
        canonical++;
    }
    return *filename == '-' ? filename + 1 : NULL;
}

bool index_filename_fits(const char *filename, const char *canonical)
{
    size_t length = strlen(filename);
    if (length > 4 && g_str_equal(filename + length - 4, ".whl")) {
        unsigned dashes = 0;
        for (const char *at = filename; (at = strchr(at, '-')); at++)
            dashes++;
        if (dashes != 4 && dashes != 5)
            return false;
        const char *version = strchr(filename, '-') + 1;
        return version > filename + 1 &&
               (!canonical || behind_name(filename, canonical) == version);
    }
    return sdist_has_extension(filename) && (!canonical || behind_name(filename, canonical));
}

IndexLocation *index_location_new(const char *name, IndexKind kind, const char *url)
{
    IndexLocation *location = g_new0(IndexLocation, 1);
    location->name = g_strdup(name);
    location->kind = kind;
    location->url = g_strdup(url);
    return location;
}

void index_location_free(IndexLocation *location)
{
    if (!location)
        return;
    g_free(location->name);
    g_free(location->url);
    g_strfreev(location->packages);
    g_free(location->substituted);
    g_free(location);
}

void index_page_free(IndexPage *page)
{
    if (!page)
        return;
    g_ptr_array_unref(page->files);
    index_arena_free(page->arena);
    g_clear_pointer(&page->parts, g_ptr_array_unref);
    page_names_free(page->names);
    g_free(page->stored);
    g_free(page);
}

void index_file_free(IndexFile *file)
{
    if (!file)
        return;
    g_free(file->filename);
    g_free(file->url);
    g_free(file->sha256);
    g_strfreev(file->hashes);
    g_free(file->requires_python);
    g_free(file->yanked);
    g_free(file->metadata_sha256);
    g_free(file);
}

/* The file:// URL of a path of the user that exists; a fragment of hashes may follow the name. */
static char *url_of_path(const char *text, const char *base_dir, const char **ret_fragment,
                         GError **error)
{
    g_autofree char *whole = g_canonicalize_filename(text, base_dir);
    const char *hash = strchr(text, '#');
    struct stat st;
    if (stat(whole, &st) < 0 && hash) {
        g_autofree char *plain = g_strndup(text, (gsize)(hash - text));
        g_free(whole);
        whole = g_canonicalize_filename(plain, base_dir);
        *ret_fragment = hash + 1;
    }
    if (stat(whole, &st) < 0) {
        error_set(error, ERROR_INPUT, SPAN_NONE, "there is no file %s", text);
        return NULL;
    }
    if (!S_ISREG(st.st_mode)) {
        error_set(error, ERROR_INPUT, SPAN_NONE, "%s is not a regular file", text);
        return NULL;
    }
    return url_from_path(whole);
}

static char *url_of_user(const char *text, const char *base_dir, const char **ret_fragment,
                         GError **error)
{
    if (url_is_http(text)) {
        g_autofree char *plain = url_without_fragment(text, ret_fragment);
        return url_quote(plain);
    }
    if (g_ascii_strncasecmp(text, "file:", 5) != 0)
        return url_of_path(text, base_dir, ret_fragment, error);
    g_autofree char *plain = url_without_fragment(text, ret_fragment);
    g_autofree char *path = url_to_path(plain);
    if (!path) {
        error_set(error, ERROR_INPUT, SPAN_NONE, "%s is no address of a local file", text);
        return NULL;
    }
    return url_of_path(path, NULL, ret_fragment, error);
}

static gboolean check_user_filename(const char *filename, GError **error)
{
    if (g_str_has_suffix(filename, ".whl")) {
        g_autoptr(WheelName) name = wheel_name_parse(filename, error);
        return name != NULL;
    }
    if (sdist_has_extension(filename))
        return TRUE;
    return error_set(error, ERROR_INPUT, SPAN_NONE,
                     "%s is neither a wheel nor a source distribution", filename);
}

IndexFile *index_file_from_user(const char *url_or_path, const char *base_dir, GError **error)
{
    g_autoptr(IndexFile) file = g_new0(IndexFile, 1);
    const char *fragment = NULL;
    set_unknown(file);
    file->url = url_of_user(url_or_path, base_dir, &fragment, error);
    if (!file->url)
        return NULL;
    g_autofree char *shown = url_redact(url_or_path);
    file->filename = url_filename(file->url);
    if (!file->filename) {
        error_set(error, ERROR_INPUT, SPAN_NONE, "%s names no file", shown);
        return NULL;
    }
    if (!check_user_filename(file->filename, error))
        return NULL;
    if (index_file_take_fragment(file, NULL, fragment))
        return g_steal_pointer(&file);
    error_set(error, ERROR_INPUT, SPAN_NONE,
              "%s carries a sha256 of another form than 64 hex "
              "digits",
              shown);
    return NULL;
}
