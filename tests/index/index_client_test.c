/* The index client against a loopback index that misbehaves (tests/server): run by server.py. */
#include "python/index.h"
#include "unit/test.h"

#undef g_getenv

typedef struct {
    HttpClient *http;
    Cache *cache;
    IndexClient *client;
    GPtrArray *locations;
    char *dir;
} World;

static void open_client(World *world, bool offline)
{
    HttpOptions options = {.timeout_seconds = 1, .pause_msec = 10};
    world->http = http_client_new(&options);
    world->client = index_client_new(world->http, world->cache, offline, NULL);
}

static void world_open(World *world)
{
    g_setenv("NETRC", "/dev/null", TRUE);
    world->dir = g_dir_make_tmp("index-XXXXXX", NULL);
    world->cache = cache_new(world->dir);
    world->locations = g_ptr_array_new_with_free_func((GDestroyNotify)index_location_free);
    open_client(world, false);
}

static void close_client(World *world)
{
    g_clear_pointer(&world->client, index_client_free);
    g_clear_pointer(&world->http, http_client_free);
}

/* A new process as far as the client can tell; the cache stays. */
static void reopen(World *world, bool offline)
{
    close_client(world);
    open_client(world, offline);
}

static void world_close(World *world)
{
    close_client(world);
    cache_free(world->cache);
    g_ptr_array_unref(world->locations);
    g_free(world->dir);
}

static const IndexLocation *location_of(World *world, const char *index)
{
    const char *base = g_getenv("INDEX_URL");
    g_autofree char *url = strstr(index, "://") || *index == '/'
                               ? g_strdup(index)
                               : g_strdup_printf("%s/%s", base, index);
    IndexKind kind = strstr(index, "links") || *index == '/' ? INDEX_FIND_LINKS : INDEX_SIMPLE;
    IndexLocation *location = index_location_new(index, kind, url);
    g_ptr_array_add(world->locations, location);
    return location;
}

static const IndexPage *get_page(World *world, const char *index, const char *name, GError **error)
{
    return index_client_get_page(world->client, location_of(world, index), name, error);
}

static const IndexFile *find_file(const IndexPage *page, const char *ending)
{
    for (unsigned i = 0; page && i < page->files->len; i++) {
        const IndexFile *file = index_page_file(page, i);
        if (strstr(file->filename, ending))
            return file;
    }
    return NULL;
}

static guint64 requests(const World *world)
{
    return http_client_statistics(world->http).requests;
}

static void assert_contains(const char *context, const GError *error, const char *expected)
{
    if (!error || !strstr(error->message, expected))
        assert_text(context, expected, error ? error->message : NULL);
}

/* Metadata of NAME's wheel on the index, and the number of requests that it took, page excluded. */
static void assert_metadata(World *world, const char *index, const char *name, guint64 at_most)
{
    g_autoptr(GError) error = NULL;
    const IndexPage *page = get_page(world, index, name, &error);
    g_assert_no_error(error);
    const IndexFile *file = find_file(page, ".whl");
    g_assert_nonnull(file);
    guint64 before = requests(world);
    const Metadata *metadata = index_client_get_metadata(world->client, file, &error);
    if (error)
        assert_text(index, "metadata", error->message);
    if (!metadata)
        return;
    g_assert_cmpuint(metadata->requires_dist->len, ==, 1);
    g_assert_cmpuint(requests(world) - before, <=, at_most);
}

TEST(reads_metadata_in_every_way)
{
    static const struct {
        const char *index, *name;
        guint64 requests;
    } rows[] = {
        {"simple", "small-one", 1},
        {"html", "small-one", 1},
        /* one each for the .metadata file that is not there */
        {"ranges", "small-one", 2},
        {"ranges", "big", 2},
        {"prefix", "small-one", 4},
        {"prefix", "big", 3},
        {"whole", "small-one", 3},
        {"whole", "big", 4},
        {"nohash", "small-one", 2},
    };
    World world;
    world_open(&world);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        assert_metadata(&world, rows[i].index, rows[i].name, rows[i].requests);
    reopen(&world, true);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        assert_metadata(&world, rows[i].index, rows[i].name, 0);
    world_close(&world);
}

TEST(reads_records)
{
    static const char *const indexes[] = {"simple", "ranges", "prefix", "whole"};
    World world;
    world_open(&world);
    for (size_t i = 0; i < G_N_ELEMENTS(indexes); i++) {
        g_autoptr(GError) error = NULL;
        const IndexPage *page = get_page(&world, indexes[i], "big", &error);
        const IndexFile *file = find_file(page, ".whl");
        index_client_want_metadata(world.client, file);
        const GPtrArray *rows = index_client_get_record(world.client, file, &error);
        g_assert_no_error(error);
        g_assert_cmpuint(rows ? rows->len : 0, ==, 4);
        g_assert_nonnull(index_client_get_metadata(world.client, file, NULL));
    }
    world_close(&world);
}

TEST(treats_answers_as_pip_does)
{
    static const struct {
        const char *index, *name, *expected; /* NULL: absent */
        ErrorCode code;
    } rows[] = {
        {"simple", "nosuch", NULL, 0},
        {"gone", "x", NULL, 0},
        {"denied", "x", NULL, 0},
        {"dead", "x", "the server answered 500", ERROR_NETWORK},
        {"locked", "small-one", "the server answered 401", ERROR_NETWORK},
        {"loop", "x", "redirects", ERROR_NETWORK},
        {"long", "x", "is longer than", ERROR_NETWORK},
        {"text", "x", "no page of links", ERROR_VERIFY},
        {"newer", "x", NULL, 0},
        {"http://127.0.0.1:1/simple", "x", "cannot fetch", ERROR_NETWORK},
    };
    World world;
    world_open(&world);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        index_client_want_page(world.client, location_of(&world, rows[i].index), rows[i].name);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        const IndexPage *page = get_page(&world, rows[i].index, rows[i].name, &error);
        if (rows[i].expected) {
            g_assert_null(page);
            assert_contains(rows[i].index, error, rows[i].expected);
            g_assert_error(error, ERROR_DOMAIN, (int)rows[i].code);
        } else {
            g_assert_no_error(error);
            g_assert_true(page && page->absent && page->files->len == 0);
        }
    }
    world_close(&world);
}

TEST(tries_again)
{
    static const char *const indexes[] = {"flaky", "cut", "slow"};
    World world;
    world_open(&world);
    for (size_t i = 0; i < G_N_ELEMENTS(indexes); i++)
        index_client_want_page(world.client, location_of(&world, indexes[i]), "small-one");
    for (size_t i = 0; i < G_N_ELEMENTS(indexes); i++) {
        g_autoptr(GError) error = NULL;
        const IndexPage *page = get_page(&world, indexes[i], "small-one", &error);
        g_assert_no_error(error);
        g_assert_cmpuint(page ? page->files->len : 0, ==, 2);
    }
    g_assert_cmpuint(http_client_statistics(world.http).retries, ==, 4);
    g_autoptr(GError) error = NULL;
    const IndexPage *page = get_page(&world, "flaky", "busy", &error);
    g_assert_true(page && page->absent);
    const IndexFile *file = find_file(get_page(&world, "cut", "small-one", NULL), ".whl");
    g_assert_null(index_client_get_metadata(world.client, file, &error));
    g_assert_error(error, ERROR_DOMAIN, ERROR_NETWORK);
    world_close(&world);
}

TEST(sends_credentials_to_their_origin_only)
{
    World world;
    world_open(&world);
    const char *host = g_getenv("INDEX_HOST");
    g_autofree char *right = g_strdup_printf("http://me:secret@%s/locked", host);
    g_autofree char *wrong = g_strdup_printf("http://me:guess@%s/locked", host);
    g_autofree char *away = g_strdup_printf("http://me:secret@%s/away", host);
    g_autoptr(GError) error = NULL;
    g_assert_null(get_page(&world, wrong, "small-one", &error));
    assert_contains("wrong", error, "answered 401");
    g_assert_null(strstr(error->message, "guess"));
    g_assert_nonnull(error_hint(error));
    g_clear_error(&error);
    const IndexFile *file = find_file(get_page(&world, right, "small-one", &error), ".whl");
    g_assert_no_error(error);
    g_assert_null(strstr(file->url, "secret"));
    g_assert_nonnull(index_client_get_metadata(world.client, file, &error));
    g_assert_no_error(error);
    g_assert_null(get_page(&world, away, "x", &error));
    assert_contains("away", error, "answered 401");
    world_close(&world);
}

TEST(reads_netrc)
{
    World world;
    world_open(&world);
    g_autofree char *path = g_build_filename(world.dir, "netrc", NULL);
    g_assert_true(
        g_file_set_contents(path, "machine 127.0.0.1 login me password secret\n", -1, NULL));
    g_setenv("NETRC", path, TRUE);
    g_autoptr(GError) error = NULL;
    g_assert_nonnull(get_page(&world, "locked", "small-one", &error));
    g_assert_no_error(error);
    g_setenv("NETRC", "/dev/null", TRUE);
    world_close(&world);
}

TEST(keeps_pages)
{
    static const struct {
        const char *index;
        guint64 second; /* requests of a second process */
    } rows[] = {{"fresh", 0}, {"stale", 1}, {"simple", 0}, {"denied", 0}};
    World world;
    world_open(&world);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        g_assert_nonnull(get_page(&world, rows[i].index, "small-one", NULL));
    g_assert_nonnull(get_page(&world, "fresh", "small-one", NULL));
    g_assert_cmpuint(requests(&world), ==, 4);
    reopen(&world, false);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        guint64 before = requests(&world);
        const IndexPage *page = get_page(&world, rows[i].index, "small-one", NULL);
        g_assert_true(page && (page->absent || page->files->len == 2));
        g_assert_cmpuint(requests(&world) - before, ==, rows[i].second);
    }
    reopen(&world, true);
    g_autoptr(GError) error = NULL;
    g_assert_nonnull(get_page(&world, "stale", "small-one", &error));
    g_assert_no_error(error);
    g_assert_null(get_page(&world, "html", "small-one", &error));
    assert_contains("offline", error, "--offline");
    g_assert_nonnull(strstr(error->message, "/html/small-one/"));
    g_clear_error(&error);
    const IndexFile *file = find_file(get_page(&world, "stale", "small-one", NULL), ".whl");
    g_assert_null(index_client_get_metadata(world.client, file, &error));
    assert_contains("offline", error, "Small_One-1.0-py3-none-any.whl");
    g_assert_cmpuint(requests(&world), ==, 0);
    world_close(&world);
}

TEST(refuses_lies)
{
    static const struct {
        const char *index, *name, *file, *expected;
        ErrorCode code;
    } rows[] = {
        {"corrupt", "small-one", ".whl", ".metadata is not what the index promised", ERROR_VERIFY},
        {"lies", "small-one", ".whl", "is not what the index promised", ERROR_VERIFY},
        {"simple", "wrong", "1.0", "says that it is wrong 2.0 inside", ERROR_INPUT},
        {"ranges", "wrong", "3.0", "says that it is other 3.0 inside", ERROR_INPUT},
        {"ranges", "wrong", "4.0", "no zip file", ERROR_INPUT},
        {"simple", "source", "1.0", "known only when it is built", ERROR_INPUT},
        {"simple", "source", "3.0", "known only when it is built", ERROR_INPUT},
    };
    World world;
    world_open(&world);
    for (unsigned round = 0; round < 2; round++) {
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
            g_autoptr(GError) error = NULL;
            const IndexPage *page = get_page(&world, rows[i].index, rows[i].name, NULL);
            const IndexFile *file = find_file(page, rows[i].file);
            g_assert_null(index_client_get_metadata(world.client, file, &error));
            assert_contains(rows[i].file, error, rows[i].expected);
            g_assert_error(error, ERROR_DOMAIN, (int)rows[i].code);
        }
        reopen(&world, false); /* nothing of it may have been kept */
    }
    assert_metadata(&world, "once", "small-one", 2);
    world_close(&world);
}

TEST(reads_static_sources)
{
    World world;
    world_open(&world);
    g_autoptr(GError) error = NULL;
    const IndexFile *file = find_file(get_page(&world, "simple", "source", NULL), "2.0");
    const Metadata *metadata = index_client_get_metadata(world.client, file, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(metadata ? metadata->requires_dist->len : 0, ==, 1);
    g_assert_null(index_client_get_record(world.client, file, &error));
    g_assert_error(error, ERROR_DOMAIN, ERROR_INPUT);
    world_close(&world);
}

TEST(completes_files)
{
    static const char *const indexes[] = {"html", "nohash", "again"};
    World world;
    world_open(&world);
    for (size_t i = 0; i < G_N_ELEMENTS(indexes); i++) {
        g_autoptr(GError) error = NULL;
        const IndexPage *page = get_page(&world, indexes[i], "small-one", &error);
        g_assert_no_error(error);
        for (guint j = 0; j < page->files->len; j++)
            index_page_file(page, j); /* makes it */
        g_assert_true(index_client_complete_files(world.client, page->files, &error));
        g_assert_no_error(error);
        const IndexFile *file = find_file(page, ".whl");
        const IndexFile *same = find_file(get_page(&world, "simple", "small-one", NULL), ".whl");
        assert_text(indexes[i], same->sha256, file->sha256);
        g_assert_cmpint(file->size, ==, same->size);
    }
    world_close(&world);
}

TEST(takes_links_for_an_index)
{
    World world;
    world_open(&world);
    g_autoptr(GError) error = NULL;
    const IndexPage *page = get_page(&world, "links/html", "small-one", &error);
    g_assert_no_error(error);
    g_assert_cmpuint(page->files->len, ==, 2);
    page = get_page(&world, "links/html", "big", &error);
    g_assert_cmpuint(page->files->len, ==, 1);
    page = get_page(&world, "links/html", "nosuch", &error);
    g_assert_true(page->absent);
    g_assert_cmpuint(requests(&world), ==, 1);
    g_autofree char *one =
        g_strdup_printf("%s/files/links/x/Small_One-1.0-py3-none-any.whl", g_getenv("INDEX_URL"));
    page = get_page(&world, one, "small-one", &error);
    g_assert_cmpuint(page ? page->files->len : 0, ==, 1);
    world_close(&world);
}

static void write_file(const char *dir, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(dir, name, NULL), *parent = g_path_get_dirname(path);
    g_mkdir_with_parents(parent, 0777);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

TEST(reads_folders)
{
    World world;
    world_open(&world);
    g_autoptr(GError) error = NULL;
    g_autofree char *wheels = g_build_filename(world.dir, "wheels", NULL);
    write_file(wheels, "b-2.0.tar.gz", "x");
    write_file(wheels, "a-1.0-py3-none-any.whl", "x");
    write_file(wheels, "a-0.9-py3-none-any.whl", "x");
    write_file(wheels, "notes.txt", "x");
    write_file(wheels, "more.html", "<a href='https://example.org/a-3.0.zip'>");
    const IndexPage *page = get_page(&world, wheels, "a", &error);
    g_assert_no_error(error);
    g_assert_cmpuint(page->files->len, ==, 3);
    assert_text(NULL, "a-0.9-py3-none-any.whl", index_page_file(page, 0)->filename);
    assert_text(NULL, "a-3.0.zip", index_page_file(page, 2)->filename);
    g_assert_null(index_client_get_metadata(world.client, index_page_file(page, 0), &error));
    assert_contains("local", error, "no zip file");
    g_clear_error(&error);
    g_autofree char *root = g_build_filename(world.dir, "index dir", NULL);
    write_file(root, "a/index.html", "<a href='../a-1.0.zip'>");
    g_autofree char *url = url_from_path(root);
    page = get_page(&world, url, "a", &error);
    g_assert_no_error(error);
    g_assert_cmpuint(page ? page->files->len : 0, ==, 1);
    page = get_page(&world, url, "b", &error);
    g_assert_true(page && page->absent);
    world_close(&world);
}

TEST(fetches_no_more_than_allowed)
{
    World world;
    world_open(&world);
    g_autoptr(GError) error = NULL;
    const IndexPage *page = get_page(&world, "simple", "small-one", &error);
    const IndexFile *small = find_file(page, ".whl");
    g_assert_no_error(error);
    index_client_set_allowance(world.client, 2, 10000);
    g_assert_nonnull(get_page(&world, "simple", "small-one", &error));
    const IndexFile *big = find_file(get_page(&world, "simple", "big", &error), ".whl");
    g_assert_nonnull(big);
    g_assert_nonnull(index_client_get_metadata(world.client, big, &error));
    g_assert_false(index_client_is_spent(world.client));
    g_assert_null(index_client_get_metadata(world.client, small, &error));
    assert_contains("metadata", error, "no more is fetched");
    g_assert_true(index_client_is_spent(world.client));
    g_clear_error(&error);
    g_assert_null(get_page(&world, "html", "big", &error));
    assert_contains("page", error, "no more is fetched");
    g_clear_error(&error);
    index_client_lift_allowance(world.client);
    g_assert_nonnull(index_client_get_metadata(world.client, small, &error));
    g_assert_nonnull(get_page(&world, "html", "big", &error));
    g_assert_nonnull(get_page(&world, "fresh", "small-one", &error));
    g_assert_no_error(error);
    reopen(&world, false);
    index_client_set_allowance(world.client, 0, 0);
    small = find_file(get_page(&world, "fresh", "small-one", &error), ".whl");
    g_assert_nonnull(index_client_get_metadata(world.client, small, &error));
    g_assert_false(index_client_is_spent(world.client));
    world_close(&world);
}

TEST(waits_no_longer_than_allowed)
{
    World world;
    world_open(&world);
    g_autoptr(GError) error = NULL;
    index_client_set_allowance(world.client, 9, 100);
    g_assert_null(get_page(&world, "late", "small-one", &error));
    assert_contains("page", error, "no more is fetched");
    g_clear_error(&error);
    index_client_lift_allowance(world.client);
    g_assert_nonnull(get_page(&world, "late", "small-one", &error));
    g_assert_no_error(error);
    g_assert_cmpuint(requests(&world), ==, 1);
    world_close(&world);
}
