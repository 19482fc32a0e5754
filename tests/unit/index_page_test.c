#include "python/index_private.h"
#include "python/page_names.h"
#include "test.h"

static const char JSON_TYPE[] = "application/vnd.pypi.simple.v1+json";

static IndexPage *parse(const char *type, const char *text, size_t length, const char *canonical,
                        GError **error)
{
    return index_page_parse("https://index.example.org/simple/torch/", type, text, length, NULL,
                            canonical, error);
}

static void add_field(GString *out, const char *name, const char *value)
{
    if (value)
        g_string_append_printf(out, " %s=%s", name, value);
}

/* One line a file: name, URL where it is not below the page's host, and what else is known. */
static char *describe(const IndexPage *page)
{
    static const char *const offers[] = {NULL, "offered", "denied"};
    GString *out = g_string_new(NULL);
    for (unsigned i = 0; i < page->files->len; i++) {
        const IndexFile *file = index_page_file(page, i);
        g_string_append_printf(out, "%s %s", file->filename, file->url);
        add_field(out, "sha256", file->sha256 ? "yes" : NULL);
        add_field(out, "other", file->hashes ? file->hashes[0] : NULL);
        add_field(out, "python", file->requires_python);
        add_field(out, "yanked", file->yanked);
        add_field(out, "metadata", offers[file->metadata_offer]);
        add_field(out, "metadata-sha256", file->metadata_sha256);
        if (file->size >= 0)
            g_string_append_printf(out, " size=%" G_GINT64_FORMAT, file->size);
        if (file->upload_time >= 0)
            g_string_append_printf(out, " time=%" G_GINT64_FORMAT, file->upload_time);
        g_string_append_c(out, '\n');
    }
    return g_string_free(out, FALSE);
}

/* "1.0:1 2.0:0 | py3-none-any.whl | 1/1 2/0": versions with their rank, tags, the files' numbers.
 */
static char *describe_names(const IndexPage *page, const char *canonical)
{
    const PageNames *names = index_page_names(page, canonical);
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < names->n_versions; i++)
        g_string_append_printf(out, "%.*s:%d ", (int)names->versions[i].key.length,
                               names->versions[i].key.text, (int)names->versions[i].rank);
    g_string_append(out, "|");
    for (guint i = 0; i < names->n_tags; i++)
        g_string_append_printf(out, " %.*s", (int)names->tags[i].key.length,
                               names->tags[i].key.text);
    g_string_append(out, " |");
    for (guint i = 0; i < page->files->len; i++)
        g_string_append_printf(out, " %d/%u", (int)names->files[i].version, names->files[i].tags);
    return g_string_free(out, FALSE);
}

static void assert_page(const char *type, const char *text, const char *canonical,
                        const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IndexPage) page = parse(type, text, strlen(text), canonical, &error);
    g_assert_no_error(error);
    g_autofree char *found = page ? describe(page) : NULL;
    assert_text(text, expected, found);
    if (!page)
        return;
    g_autoptr(GBytes) stored = index_store_encode(page, canonical);
    g_autoptr(IndexPage) again = index_store_decode(stored, NULL);
    g_autofree char *kept = again ? describe(again) : NULL;
    assert_text("as the cache keeps it", expected, kept);
    g_autofree char *names = describe_names(page, canonical);
    g_autofree char *kept_names = again ? describe_names(again, canonical) : NULL;
    assert_text("names as the cache keeps them", names, kept_names);
}

TEST(numbers_names)
{
    static const char text[] =
        "<a href=a-1.0.tar.gz><a href=a-1.0-py3-none-any.whl><a href=a-1.0.0-py3-none-any.whl>"
        "<a href=A-2.0rc1-cp311-cp311-win_amd64.whl><a href=a-2.0-1-py3-none-any.whl>"
        "<a href=a-0.9-py3-none-any.whl><a href=a-what-py3-none-any.whl>";
    g_autoptr(IndexPage) page = parse("text/html", text, strlen(text), "a", NULL);
    g_assert_nonnull(page);
    g_autofree char *names = describe_names(page, "a");
    g_assert_cmpstr(names, ==,
                    "1.0:1 1.0.0:1 2.0rc1:0 0.9:2 what:-1 | py3-none-any.whl "
                    "cp311-cp311-win_amd64.whl | 1/0 1/1 2/1 3/2 -1/0 4/1 5/1");
    assert_page("text/html", "<a href=a-1.0.tar.gz>", "a",
                "a-1.0.tar.gz https://index.example.org/simple/torch/a-1.0.tar.gz\n");
}

#define SHA "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

TEST(reads_html)
{
    static const struct {
        const char *text, *expected;
    } rows[] = {
        {"<a href='../../f/torch-1.0-py3-none-any.whl#sha256=" SHA
         "' data-requires-python='&gt;=3.8' "
         "data-yanked='bad' data-dist-info-metadata='true'>x</a>",
         "torch-1.0-py3-none-any.whl https://index.example.org/f/torch-1.0-py3-none-any.whl "
         "sha256=yes python=>=3.8 yanked=bad metadata=offered\n"},
        {"<base href='https://files.example.org/a/'><a href=torch-1.0.tar.gz><base href='/no/'>",
         "torch-1.0.tar.gz https://files.example.org/a/torch-1.0.tar.gz\n"},
        {"<a href=torch-1.0.tar.gz><BASE HREF=/later/>",
         "torch-1.0.tar.gz https://index.example.org/later/torch-1.0.tar.gz\n"},
        {"<a href=torch-1.0%2Bcu124-py3-none-any.whl data-yanked data-requires-python=''>",
         "torch-1.0+cu124-py3-none-any.whl "
         "https://index.example.org/simple/torch/torch-1.0%2Bcu124-py3-none-any.whl\n"},
        {"<a href=torch-1.0%252B-py3-none-any.whl data-yanked=''>",
         "torch-1.0%2B-py3-none-any.whl "
         "https://index.example.org/simple/torch/torch-1.0%252B-py3-none-any.whl yanked=\n"},
        {"<a href=/x href='/torch-2.zip#md5=AB&x=y'>",
         "torch-2.zip "
         "https://index.example.org/torch-2.zip other=md5=ab\n"},
        {"<a href='/torch-2.zip' data-core-metadata='sha256=12' data-dist-info-metadata='true'>",
         "torch-2.zip https://index.example.org/torch-2.zip metadata=offered metadata-sha256=12\n"},
        {"<a href='/torch-2.zip' data-core-metadata='false'>",
         "torch-2.zip https://index.example.org/torch-2.zip metadata=denied\n"},
        {"<a href='/torch-2.zip' data-upload-time='2010-06-29T19:56:36.719942Z'>",
         "torch-2.zip https://index.example.org/torch-2.zip time=1277841396\n"},
        {"<a href='https://example.org/archive/v2.tar.gz#egg=torch-2.0&x'>",
         "torch-2.0.tar.gz https://example.org/archive/v2.tar.gz\n"},
        {"<a href='torch-2.zip#sha256=short'><a href=''><a href><a><a href='torch-1.0.tar.gz'", ""},
        {"<a href='other-1.0.tar.gz'><a href='torch-1.exe'><a href='torch-1.0-x.whl'>"
         "<a href='torchvision-1.0-py3-none-any.whl'><a href='torch'><a href='mailto:torch-1.zip'>"
         "<a href='torch-1.zip\x01%00'>",
         ""},
        {"<a href='Torch-1.zip'><!-- <a href='torch-2.zip'> --></a>",
         "Torch-1.zip https://index.example.org/simple/torch/Torch-1.zip\n"},
        {"", ""},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        assert_page("text/html; charset=utf-8", rows[i].text, "torch", rows[i].expected);
}

TEST(reads_json)
{
    static const struct {
        const char *files, *expected;
    } rows[] = {
        {"{\"url\": \"/torch-1-py3-none-any.whl\", \"hashes\": {\"sha256\": \"" SHA "\", \"sha1\": "
         "\"aa\"}, \"requires-python\": \">=3\", \"yanked\": \"why\", \"core-metadata\": "
         "{\"sha256\": \"bb\"}, \"size\": 12, \"upload-time\": \"1970-01-02T00:00:01Z\"}",
         "torch-1-py3-none-any.whl https://index.example.org/torch-1-py3-none-any.whl sha256=yes "
         "other=sha1=aa python=>=3 yanked=why metadata=offered metadata-sha256=bb size=12 "
         "time=86401\n"},
        {"{\"url\": \"/torch-1.zip\", \"yanked\": true, \"dist-info-metadata\": true, \"hashes\": "
         "{}}",
         "torch-1.zip https://index.example.org/torch-1.zip yanked= metadata=offered\n"},
        {"{\"url\": \"/torch-1.zip\", \"yanked\": \"\", \"core-metadata\": null, "
         "\"dist-info-metadata\": false, \"requires-python\": null, \"size\": -1, "
         "\"upload-time\": \"soon\"}",
         "torch-1.zip https://index.example.org/torch-1.zip metadata=denied\n"},
        {"{\"url\": \"/torch-1.zip\", \"requires-python\": 3}", ""},
        {"{\"url\": \"/torch-1.zip\", \"hashes\": []}", ""},
        {"{\"url\": \"/torch-1.zip\", \"hashes\": {\"sha256\": \"xyz\"}}", ""},
        {"{\"url\": 5}, {}, 7, null, [], \"torch-1.zip\"", ""},
        {"{\"url\": \"/torch-1.zip\", \"size\": 1.5, \"yanked\": 1}",
         "torch-1.zip https://index.example.org/torch-1.zip yanked=\n"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = g_strdup_printf(
            "{\"meta\": {\"api-version\": \"1.4\"}, \"files\": [%s]}", rows[i].files);
        assert_page(JSON_TYPE, text, "torch", rows[i].expected);
    }
    assert_page(NULL, " {}", "torch", "");
    assert_page("text/plain", "<a href=torch-1.zip>", "torch",
                "torch-1.zip https://index.example.org/simple/torch/torch-1.zip\n");
}

TEST(takes_all_names_for_find_links)
{
    assert_page("text/html", "<a href=a-1.zip><a href=B_c-2-py3-none-any.whl><a href=index.html>",
                NULL,
                "a-1.zip https://index.example.org/simple/torch/a-1.zip\n"
                "B_c-2-py3-none-any.whl "
                "https://index.example.org/simple/torch/B_c-2-py3-none-any.whl\n");
}

TEST(refuses_what_is_no_page)
{
    static const struct {
        const char *type, *text, *expected;
    } rows[] = {
        {"text/html", "\xff", "not UTF-8"},
        {"text/html; charset=nonsense", "<a>", "not in nonsense"},
        {"image/png", "<a>", "no page of links"},
        {NULL, "hello", "no page of links"},
        {"application/vnd.pypi.simple.v1+json", "[]", "no JSON object"},
        {"application/vnd.pypi.simple.v1+json", "{\"files\": 1}", "no list"},
        {"application/vnd.pypi.simple.v1+json", "{\"files\": [", "not JSON"},
        {"application/vnd.pypi.simple.v1+json", "{\"meta\": {\"api-version\": \"2.0\"}}",
         "speaks version 2.0"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(IndexPage) page =
            parse(rows[i].type, rows[i].text, strlen(rows[i].text), "torch", &error);
        g_assert_null(page);
        g_assert_error(error, ERROR_DOMAIN, ERROR_VERIFY);
        if (error && !strstr(error->message, rows[i].expected))
            assert_text(NULL, rows[i].expected, error->message);
    }
}

TEST(reads_other_charsets_and_nuls)
{
    static const char latin[] = "<a href=torch-1.zip data-yanked='\xe9'>";
    g_autoptr(IndexPage) page =
        parse("text/html; charset=\"iso-8859-1\"", latin, strlen(latin), "torch", NULL);
    const IndexFile *file = page->files->pdata[0];
    assert_text(NULL, "é", file->yanked);
    static const char nul[] = "<a href='torch-1.zip\0'>\0<a href=torch-2.zip>";
    g_autoptr(IndexPage) other = parse("text/html", nul, sizeof nul - 1, "torch", NULL);
    g_autofree char *found = describe(other);
    assert_text(NULL, "torch-2.zip https://index.example.org/simple/torch/torch-2.zip\n", found);
}

TEST(survives_many_attributes_and_deep_json)
{
    g_autoptr(GString) html = g_string_new("<a href=torch-1.zip");
    for (unsigned i = 0; i < 100000; i++)
        g_string_append_printf(html, " a%u=%u", i, i);
    g_string_append(html, ">");
    assert_page("text/html", html->str, "torch",
                "torch-1.zip https://index.example.org/simple/torch/torch-1.zip\n");
    g_autoptr(GString) json = g_string_new("{\"files\": ");
    for (unsigned i = 0; i < 100000; i++)
        g_string_append_c(json, '[');
    g_autoptr(GError) error = NULL;
    g_autoptr(IndexPage) page = parse(JSON_TYPE, json->str, json->len, "torch", &error);
    g_assert_null(page);
    g_assert_error(error, ERROR_DOMAIN, ERROR_VERIFY);
}

TEST(reads_files_of_the_user)
{
    static const struct {
        const char *text, *url, *problem;
    } rows[] = {
        {"https://me:pw@h/a b-1-py3-none-any.whl#sha256=" SHA,
         "https://me:pw@h/a%20b-1-py3-none-any.whl", "wheel"},
        {"https://h/x-1.tar.gz#subdirectory=y", "https://h/x-1.tar.gz", NULL},
        {"https://h/x-1-py3-none-any.whl#sha256=nonsense", NULL, "sha256"},
        {"https://h/readme.txt", NULL, "neither a wheel"},
        {"https://h/", NULL, "names no file"},
        {"./none-1-py3-none-any.whl", NULL, "there is no file"},
        {"file://elsewhere/x-1.zip", NULL, "no address"},
        {"/", NULL, "not a regular file"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(IndexFile) file = index_file_from_user(rows[i].text, NULL, &error);
        if (file)
            assert_text(rows[i].text, rows[i].url, file->url);
        else if (!rows[i].problem || !strstr(error->message, rows[i].problem))
            assert_text(rows[i].text, rows[i].problem, error->message);
    }
}
