/* Whole files from a loopback index that misbehaves (tests/server): run by server.py. */
#include "base/digest.h"
#include "base/io.h"
#include "python/wheel_fetch.h"
#include "unit/test.h"

#include <glib/gstdio.h>

#undef g_getenv

typedef struct {
    HttpClient *http;
    Cache *cache;
    BlobStore *blobs;
    IndexClient *client;
    GPtrArray *locations;
    GPtrArray *wanted;
    GString *arrived; /* names in the order of arrival */
    char *dir, *refused;
} World;

static void open_client(World *world, bool offline)
{
    HttpOptions options = {.timeout_seconds = 2, .pause_msec = 5};
    world->http = http_client_new(&options);
    world->client = index_client_new(world->http, world->cache, offline, NULL);
}

static void wanted_free(void *data)
{
    WheelWanted *wheel = data;
    g_free((char *)wheel->filename);
    g_free((char *)wheel->sha256);
    g_free((char *)wheel->canonical);
    g_free((char *)wheel->url);
    g_free(wheel->path);
    g_free(wheel);
}

static World world_new(const char *dir)
{
    World world = {.dir = dir ? g_strdup(dir) : g_dir_make_tmp("fetch-XXXXXX", NULL)};
    g_setenv("NETRC", "/dev/null", TRUE);
    world.cache = cache_new(world.dir);
    world.blobs = blob_store_new(world.cache);
    world.locations = g_ptr_array_new_with_free_func((GDestroyNotify)index_location_free);
    world.wanted = g_ptr_array_new_with_free_func(wanted_free);
    world.arrived = g_string_new(NULL);
    open_client(&world, false);
    return world;
}

static void world_clear(World *world)
{
    index_client_free(world->client);
    http_client_free(world->http);
    g_ptr_array_unref(world->wanted);
    g_ptr_array_unref(world->locations);
    g_string_free(world->arrived, TRUE);
    blob_store_free(world->blobs);
    cache_free(world->cache);
    g_free(world->dir);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(World, world_clear)

/* A new process as far as the client can tell; the cache stays. */
static void reopen(World *world, bool offline)
{
    g_clear_pointer(&world->client, index_client_free);
    g_clear_pointer(&world->http, http_client_free);
    open_client(world, offline);
    g_ptr_array_set_size(world->wanted, 0);
    g_string_set_size(world->arrived, 0);
}

static const IndexLocation *location_of(World *world, const char *index)
{
    const char *base = g_getenv("INDEX_URL");
    g_autofree char *url =
        g_str_equal(index, "locked")
            ? g_strdup_printf("http://me:secret@%s/%s", g_getenv("INDEX_HOST"), index)
        : strchr(index, '/') ? g_strdup(index)
                             : g_strdup_printf("%s/%s", base, index);
    IndexKind kind = *index == '/' ? INDEX_FIND_LINKS : INDEX_SIMPLE;
    IndexLocation *location = index_location_new(index, kind, url);
    g_ptr_array_add(world->locations, location);
    return location;
}

static WheelWanted *add(World *world, const char *filename, const char *sha256, guint64 size)
{
    WheelWanted *wheel = g_new0(WheelWanted, 1);
    const char *dash = strchr(filename, '-');
    wheel->filename = g_strdup(filename);
    wheel->sha256 = g_strdup(sha256);
    wheel->size = size;
    wheel->canonical = g_strndup(filename, (gsize)(dash - filename));
    for (char *at = (char *)wheel->canonical; *at; at++)
        *at = *at == '_' ? '-' : *at;
    g_ptr_array_add(world->wanted, wheel);
    return wheel;
}

/* A file as a page of the index "simple" describes it, wanted from another index. */
static WheelWanted *want(World *world, const char *index, const char *filename)
{
    g_autoptr(GError) error = NULL;
    WheelWanted *wheel = add(world, filename, NULL, 0);
    const IndexPage *page = index_client_get_page(world->client, location_of(world, "simple"),
                                                  wheel->canonical, &error);
    g_assert_no_error(error);
    for (guint i = 0; i < page->files->len; i++) {
        const IndexFile *file = index_page_file(page, i);
        if (!g_str_equal(file->filename, filename))
            continue;
        wheel->sha256 = g_strdup(file->sha256);
        wheel->size = file->size > 0 ? (guint64)file->size : 0;
    }
    g_assert_nonnull(wheel->sha256);
    wheel->location = location_of(world, index);
    return wheel;
}

static gboolean on_arrived(void *data, WheelWanted *wheel, GError **error)
{
    World *world = data;
    GError *cause = NULL;
    g_autofree char *found = digest_sha256_file(wheel->path, &cause);
    assert_no_error(cause);
    assert_text(wheel->filename, wheel->sha256, found);
    g_string_append_printf(world->arrived, "%s ", wheel->canonical);
    if (g_strcmp0(world->refused, wheel->canonical) == 0)
        return error_set(error, ERROR_INPUT, SPAN_NONE, "refused");
    return TRUE;
}

static GError *fetch(World *world)
{
    GError *error = NULL;
    gboolean ok =
        wheels_fetch(world->client, world->blobs, world->wanted, on_arrived, world, &error);
    g_assert_cmpint(ok, ==, error == NULL);
    return error;
}

static void assert_fails(World *world, ErrorCode code, const char *part)
{
    g_autoptr(GError) error = fetch(world);
    g_assert_nonnull(error);
    if (!strstr(error->message, part))
        assert_text("message", part, error->message);
    g_assert_cmpint(error->code, ==, code);
}

static guint blobs(World *world)
{
    g_autoptr(GPtrArray) list = blob_store_list(world->blobs, NULL);
    return list->len;
}

static const char BIG[] = "big-1.0-py3-none-any.whl", SMALL[] = "small_one-1.0-py3-none-any.whl",
                  TWO[] = "two-2.0-py3-none-any.whl";

TEST(fetches_once)
{
    g_auto(World) world = world_new(NULL);
    want(&world, "nohash", TWO);
    want(&world, "locked", SMALL);
    want(&world, "simple", BIG);
    assert_no_error(fetch(&world));
    g_assert_cmpuint(blobs(&world), ==, 3);
    g_assert_cmpuint(strlen(world.arrived->str), ==, strlen("two small-one big "));
    reopen(&world, true);
    want(&world, "nohash", TWO);
    want(&world, "locked", SMALL);
    want(&world, "simple", BIG);
    assert_no_error(fetch(&world));
    g_assert_true(g_str_has_prefix(world.arrived->str, "big "));
    g_assert_cmpuint(http_client_statistics(world.http).requests, ==, 0);
}

TEST(goes_on_where_it_broke_off)
{
    static const struct {
        const char *index;
        guint64 at_most; /* bytes received, pages included */
    } rows[] = {{"cut", 6100000}, {"busy", 6100000}, {"whole", 14100000}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(World) world = world_new(NULL);
        want(&world, rows[i].index, BIG);
        assert_no_error(fetch(&world));
        assert_text(rows[i].index, "big ", world.arrived->str);
        g_assert_cmpuint(http_client_statistics(world.http).bytes_received, <=, rows[i].at_most);
    }
}

TEST(asks_once_more_for_wrong_bytes)
{
    g_auto(World) world = world_new(NULL);
    want(&world, "once", BIG);
    assert_no_error(fetch(&world));
    assert_text(NULL, "big ", world.arrived->str);
}

TEST(keeps_nothing_that_is_wrong)
{
    static const struct {
        const char *index, *filename;
        ErrorCode code;
        const char *message;
    } rows[] = {
        {"lies", BIG, ERROR_VERIFY,
         "/files/lies/big-1.0-py3-none-any.whl is not the file that was "
         "locked: expected sha256 "},
        {"long", BIG, ERROR_VERIFY, "is longer than the "},
        {"gone", SMALL, ERROR_NETWORK,
         "cannot fetch small_one-1.0-py3-none-any.whl: the server "
         "answered 404 ("},
        {"dead", SMALL, ERROR_NETWORK, "cannot fetch http"},
        {"nohash", BIG, ERROR_NETWORK, "has no file big-1.0-py3-none-any.whl any more"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(World) world = world_new(NULL);
        WheelWanted *wheel = want(&world, rows[i].index, rows[i].filename);
        const IndexPage *page =
            index_client_get_page(world.client, wheel->location, wheel->canonical, NULL);
        if (page->files->len > 0)
            wheel->size = (guint64)MAX(index_page_file(page, 0)->size, 0);
        assert_fails(&world, rows[i].code, rows[i].message);
        g_assert_cmpuint(blobs(&world), ==, 0);
        assert_text("arrived", "", world.arrived->str);
    }
}

TEST(believes_the_lock_before_the_page)
{
    g_auto(World) world = world_new(NULL);
    g_autofree char *other = digest_sha256("other", 5);
    WheelWanted *wheel = add(&world, SMALL, other, 0);
    wheel->location = location_of(&world, "simple");
    assert_fails(&world, ERROR_VERIFY, other);
    g_assert_cmpuint(http_client_statistics(world.http).requests, ==, 1); /* the page alone */
}

TEST(takes_direct_urls)
{
    g_auto(World) world = world_new(NULL);
    WheelWanted *wheel = want(&world, "simple", SMALL);
    wheel->location = NULL;
    wheel->url = g_strdup_printf("%s/files/simple/%s", g_getenv("INDEX_URL"), SMALL);
    assert_no_error(fetch(&world));
    assert_text(NULL, "small-one ", world.arrived->str);
}

TEST(uses_files_of_this_machine_in_place)
{
    g_auto(World) world = world_new(NULL);
    g_autofree char *folder = g_build_filename(world.dir, "wheels", NULL);
    g_autofree char *path = g_build_filename(folder, SMALL, NULL);
    g_autofree char *url = g_strconcat("file://", path, NULL);
    g_autofree char *right = digest_sha256("content", 7), *wrong = digest_sha256("other", 5);
    g_assert_true(io_make_dirs(folder, NULL));
    g_assert_true(io_save(path, "content", 7, NULL));
    add(&world, SMALL, right, 7)->location = location_of(&world, folder);
    add(&world, SMALL, right, 0)->url = g_strdup(path);
    add(&world, SMALL, right, 7)->url = g_strdup(url);
    assert_no_error(fetch(&world));
    for (guint i = 0; i < world.wanted->len; i++)
        assert_text("path", path, ((WheelWanted *)world.wanted->pdata[i])->path);
    g_assert_cmpuint(blobs(&world), ==, 0);
    reopen(&world, true);
    add(&world, SMALL, wrong, 7)->url = g_strdup(path);
    assert_fails(&world, ERROR_VERIFY, wrong);
    reopen(&world, true);
    add(&world, SMALL, wrong, 7)->url = g_strdup("/none/such.whl");
    assert_fails(&world, ERROR_INPUT, "cannot read /none/such.whl");
}

TEST(says_what_is_missing_offline)
{
    g_auto(World) world = world_new(NULL);
    want(&world, "simple", SMALL);
    assert_no_error(fetch(&world));
    reopen(&world, true);
    want(&world, "simple", SMALL);
    add(&world, TWO, ((WheelWanted *)world.wanted->pdata[0])->sha256, 1)->location =
        location_of(&world, "simple");
    assert_fails(&world, ERROR_NETWORK,
                 "two-2.0-py3-none-any.whl is not on this machine, and nothing is fetched with "
                 "--offline");
}

TEST(stops_where_the_caller_does)
{
    g_auto(World) world = world_new(NULL);
    want(&world, "slow", BIG);
    want(&world, "simple", SMALL);
    world.refused = (char *)"small-one";
    assert_fails(&world, ERROR_INPUT, "refused");
}

TEST(does_without_a_cache_that_cannot_be_written)
{
    g_auto(World) world = world_new("/proc/none");
    want(&world, "simple", SMALL);
    assert_no_error(fetch(&world));
    assert_text(NULL, "small-one ", world.arrived->str);
}
