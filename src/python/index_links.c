#include "base/io.h"
#include "base/limits.h"
#include "base/sorted.h"
#include "python/index_private.h"

#include <sys/stat.h>

char *index_local_path(const char *url)
{
    if (url_is_http(url))
        return NULL;
    if (g_ascii_strncasecmp(url, "file:", 5) == 0)
        return url_to_path(url);
    return g_strdup(url);
}

static IndexPage *empty_page(const IndexLocation *location)
{
    IndexPage *page = g_new0(IndexPage, 1);
    page->location = location;
    page->files = g_ptr_array_new();
    page->arena = index_arena_new();
    page->parts = g_ptr_array_new_with_free_func((GDestroyNotify)index_page_free);
    return page;
}

static bool is_html_name(const char *name)
{
    return g_str_has_suffix(name, ".html") || g_str_has_suffix(name, ".htm");
}

static IndexPage *load_page(const IndexLocation *location, const char *path, const char *canonical,
                            GError **error)
{
    g_autofree char *text = NULL;
    g_autofree char *whole = g_canonicalize_filename(path, NULL);
    g_autofree char *url = url_from_path(whole);
    size_t length;
    if (!io_load(path, LIMIT_INDEX_PAGE_BYTES, &text, &length, error))
        return NULL;
    return index_page_parse(url, "text/html", text, length, location, canonical, error);
}

IndexPage *index_local_page(const IndexLocation *location, const char *path, const char *canonical,
                            GError **error)
{
    g_autofree char *file = g_build_filename(path, canonical, "index.html", NULL);
    if (g_file_test(file, G_FILE_TEST_IS_REGULAR))
        return load_page(location, file, canonical, error);
    IndexPage *page = empty_page(location);
    page->absent = true;
    return page;
}

static void add_local_file(IndexPage *page, const char *path, const char *name)
{
    struct stat st;
    g_autofree char *whole = g_canonicalize_filename(path, NULL);
    if (stat(whole, &st) < 0 || !S_ISREG(st.st_mode) || !g_utf8_validate(whole, -1, NULL))
        return;
    g_autofree char *url = url_from_path(whole);
    IndexFile *file = index_arena_file(page->arena);
    file->filename = index_arena_text(page->arena, name, strlen(name));
    file->url = index_arena_text(page->arena, url, strlen(url));
    file->location = page->location;
    file->size = st.st_size;
    g_ptr_array_add(page->files, file);
}

/* Appends the links of an HTML page of the folder, which `page` then owns. */
static gboolean add_page_links(IndexPage *page, const char *path, GError **error)
{
    IndexPage *links = load_page(page->location, path, NULL, error);
    if (!links)
        return FALSE;
    g_ptr_array_extend(page->files, links->files, NULL, NULL);
    g_ptr_array_add(page->parts, links);
    return TRUE;
}

/* pip takes a folder's files first, then what its HTML pages link to. */
static gboolean read_folder(IndexPage *page, const char *path, GError **error)
{
    g_autoptr(GPtrArray) names = sorted_dir(path, LIMIT_FOLDER_NAMES, error);
    if (!names)
        return FALSE;
    for (unsigned i = 0; i < names->len; i++) {
        g_autofree char *file = g_build_filename(path, names->pdata[i], NULL);
        if (index_filename_fits(names->pdata[i], NULL))
            add_local_file(page, file, names->pdata[i]);
    }
    for (unsigned i = 0; i < names->len; i++) {
        g_autofree char *file = g_build_filename(path, names->pdata[i], NULL);
        if (is_html_name(names->pdata[i]) && g_file_test(file, G_FILE_TEST_IS_REGULAR) &&
            !add_page_links(page, file, error))
            return FALSE;
    }
    return TRUE;
}

IndexPage *index_local_links(const IndexLocation *location, const char *path, GError **error)
{
    if (is_html_name(path) && g_file_test(path, G_FILE_TEST_IS_REGULAR))
        return load_page(location, path, NULL, error);
    g_autoptr(IndexPage) page = empty_page(location);
    g_autofree char *name = g_path_get_basename(path);
    bool folder = g_file_test(path, G_FILE_TEST_IS_DIR);
    if (folder && !read_folder(page, path, error))
        return NULL;
    if (!folder && index_filename_fits(name, NULL))
        add_local_file(page, path, name);
    page->absent = page->files->len == 0;
    return g_steal_pointer(&page);
}

IndexPage *index_page_filter(const IndexPage *all, const char *canonical)
{
    IndexPage *page = g_new0(IndexPage, 1);
    page->location = all->location;
    page->files = g_ptr_array_new();
    for (unsigned i = 0; i < all->files->len; i++) {
        IndexFile file;
        index_page_peek(all, i, &file);
        if (index_filename_fits(file.filename, canonical))
            g_ptr_array_add(page->files, index_page_file(all, i));
    }
    page->absent = page->files->len == 0;
    return page;
}
