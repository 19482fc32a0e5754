#include "base/digest.h"
#include "base/io.h"
#include "base/sorted.h"
#include "store/blob_store.h"
#include "test.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct {
    Cache *cache;
    BlobStore *store;
} Fixture;

static Fixture fixture_new(void)
{
    g_autofree char *dir = g_dir_make_tmp("blobs-XXXXXX", NULL);
    Cache *cache = cache_new(dir);
    return (Fixture){cache, blob_store_new(cache)};
}

static void fixture_clear(Fixture *fixture)
{
    blob_store_free(fixture->store);
    cache_free(fixture->cache);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Fixture, fixture_clear)

/* Writes the text as a blob in pieces; returns its path. */
static char *add(BlobStore *store, const char *text, char **ret_sha256)
{
    GError *error = NULL;
    g_autoptr(BlobWriter) writer = blob_writer_new(store, &error);
    assert_no_error(error);
    size_t length = strlen(text);
    for (size_t at = 0; at < length;) {
        size_t piece = MIN(length - at, 1 + at * 3);
        g_assert_true(blob_writer_write(writer, text + at, piece, NULL));
        at += piece;
    }
    char *path = NULL;
    *ret_sha256 = digest_sha256(text, length);
    blob_writer_commit(writer, *ret_sha256, &path, &error);
    assert_no_error(error);
    return path;
}

static char *add_again(BlobStore *store, const char *text)
{
    g_autofree char *sha256 = NULL;
    return add(store, text, &sha256);
}

static void assert_content(const char *path, const char *expected)
{
    g_autofree char *text = NULL;
    g_assert_nonnull(path);
    g_assert_true(io_load(path, 1 << 30, &text, NULL, NULL));
    assert_text(path, expected, text);
}

static void set_used(const char *path, gint64 seconds)
{
    const struct timespec times[2] = {{.tv_sec = seconds}, {.tv_nsec = UTIME_OMIT}};
    g_assert_cmpint(utimensat(AT_FDCWD, path, times, 0), ==, 0);
}

static guint files_below(const char *dir)
{
    g_autoptr(GPtrArray) names = sorted_dir(dir, 1000, NULL);
    guint count = 0;
    for (guint i = 0; names && i < names->len; i++) {
        g_autofree char *path = g_build_filename(dir, names->pdata[i], NULL);
        count += g_file_test(path, G_FILE_TEST_IS_DIR) ? files_below(path) : 1;
    }
    return count;
}

TEST(keeps_blobs_by_digest)
{
    g_auto(Fixture) fixture = fixture_new();
    g_autofree char *large = g_strnfill(700000, 'x');
    const char *texts[] = {"", "one", large};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *sha256 = NULL;
        g_autofree char *path = add(fixture.store, texts[i], &sha256);
        g_autofree char *found = blob_store_find(fixture.store, sha256, strlen(texts[i]));
        g_autofree char *any_size = blob_store_find(fixture.store, sha256, 0);
        assert_text("found", path, found);
        assert_text("any size", path, any_size);
        assert_content(found, texts[i]);
        g_autofree char *again = add_again(fixture.store, texts[i]);
        assert_text("again", path, again);
    }
    g_autofree char *absent = digest_sha256("absent", 6);
    g_assert_null(blob_store_find(fixture.store, absent, 6));
    g_assert_null(blob_store_find(fixture.store, "../../../../etc/passwd", 0));
}

TEST(leaves_nothing_of_an_unfinished_blob)
{
    g_auto(Fixture) fixture = fixture_new();
    BlobWriter *writer = blob_writer_new(fixture.store, NULL);
    g_autofree char *large = g_strnfill(700000, 'x');
    g_assert_true(blob_writer_write(writer, large, 700000, NULL));
    blob_writer_free(writer);
    g_assert_cmpuint(files_below(cache_dir(fixture.cache)), ==, 0);
}

TEST(begins_anew)
{
    g_auto(Fixture) fixture = fixture_new();
    g_autoptr(BlobWriter) writer = blob_writer_new(fixture.store, NULL);
    g_autofree char *large = g_strnfill(300000, 'x'), *path = NULL;
    g_autofree char *sha256 = digest_sha256("right", 5);
    g_assert_true(blob_writer_write(writer, large, 300000, NULL));
    g_assert_true(blob_writer_write(writer, "wrong", 5, NULL));
    g_assert_true(blob_writer_restart(writer, NULL));
    g_assert_true(blob_writer_write(writer, "right", 5, NULL));
    g_assert_true(blob_writer_commit(writer, sha256, &path, NULL));
    assert_content(path, "right");
}

typedef enum {
    GROW,
    FLIP,
    FLIP_QUIETLY, /* size and mtime stay */
    TOUCH,
    COPY, /* as in a copied cache: another inode */
    LINK,
    SYMLINK,
    CHANGES,
} Change;

static void change_blob(const char *path, Change change)
{
    g_autofree char *other = g_strconcat(path, ".other", NULL);
    struct stat st;
    g_assert_cmpint(stat(path, &st), ==, 0);
    const struct timespec times[2] = {st.st_atim, st.st_mtim};
    if (change == GROW || change == FLIP || change == FLIP_QUIETLY) {
        int fd = open(path, O_WRONLY);
        g_assert_cmpint(pwrite(fd, "X", 1, change == GROW ? st.st_size : 1), ==, 1);
        close(fd);
    } else if (change == TOUCH) {
        g_assert_cmpint(utimensat(AT_FDCWD, path, NULL, 0), ==, 0);
    } else if (change == COPY) {
        g_assert_true(blob_place(path, 0, (guint64)st.st_size, false, other, NULL));
        g_assert_cmpint(g_rename(other, path), ==, 0);
    } else if (change == LINK) {
        g_assert_cmpint(link(path, other), ==, 0);
    } else {
        g_assert_cmpint(g_rename(path, other), ==, 0);
        g_assert_cmpint(symlink(other, path), ==, 0);
    }
    if (change == FLIP_QUIETLY)
        g_assert_cmpint(utimensat(AT_FDCWD, path, times, 0), ==, 0);
}

TEST(sees_what_has_changed)
{
    static const bool stays[CHANGES] = {
        [FLIP_QUIETLY] = true, [TOUCH] = true, [COPY] = true, [LINK] = true};
    for (Change change = 0; change < CHANGES; change++) {
        g_auto(Fixture) fixture = fixture_new();
        g_autofree char *sha256 = NULL;
        g_autofree char *path = add(fixture.store, "content", &sha256);
        change_blob(path, change);
        g_autofree char *found = blob_store_find(fixture.store, sha256, 7);
        g_assert_cmpint(found != NULL, ==, stays[change]);
        g_assert_cmpint(g_file_test(path, G_FILE_TEST_EXISTS), ==, stays[change]);
        if (change == FLIP_QUIETLY)
            continue;
        g_autofree char *again = found ? NULL : add_again(fixture.store, "content");
        assert_content(path, "content");
    }
}

TEST(hashes_where_the_note_is_lost)
{
    g_auto(Fixture) fixture = fixture_new();
    g_autofree char *good = NULL, *bad = NULL;
    g_autofree char *good_path = add(fixture.store, "content", &good);
    g_autofree char *bad_path = add(fixture.store, "another", &bad);
    change_blob(bad_path, FLIP_QUIETLY);
    cache_remove(fixture.cache, "blob-notes", good);
    cache_remove(fixture.cache, "blob-notes", bad);
    g_autofree char *found = blob_store_find(fixture.store, good, 7);
    assert_text("found", good_path, found);
    g_assert_null(blob_store_find(fixture.store, bad, 7));
    g_assert_false(g_file_test(bad_path, G_FILE_TEST_EXISTS));
    g_autoptr(GBytes) note = cache_load(fixture.cache, "blob-notes", good);
    g_assert_nonnull(note);
}

TEST(keeps_blobs_elsewhere_where_the_cache_cannot_be_written)
{
    g_autoptr(Cache) cache = cache_new("/proc/none/such");
    BlobStore *store = blob_store_new(cache);
    g_assert_null(blob_store_refused(store));
    g_autofree char *sha256 = NULL;
    g_autofree char *path = add(store, "content", &sha256);
    g_autofree char *found = blob_store_find(store, sha256, 7);
    g_autofree char *refused = blob_store_refused(store);
    assert_content(path, "content");
    assert_text("found", path, found);
    assert_text("why",
                "the cache folder /proc/none/such cannot be used: cannot make the folder "
                "/proc/none/such/blobs: No such file or directory",
                refused);
    g_autoptr(GPtrArray) none = blob_store_list(store, NULL);
    g_assert_cmpuint(none->len, ==, 0);
    blob_store_free(store);
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
}

TEST(lists_checks_and_removes)
{
    g_auto(Fixture) fixture = fixture_new();
    g_autofree char *one = NULL, *two = NULL;
    g_autofree char *one_path = add(fixture.store, "one", &one);
    g_autofree char *two_path = add(fixture.store, "two!", &two);
    set_used(one_path, 1000);
    g_autoptr(GPtrArray) list = blob_store_list(fixture.store, NULL);
    g_assert_cmpuint(list->len, ==, 2);
    const BlobInfo *first = list->pdata[0], *second = list->pdata[1];
    g_assert_cmpint(strcmp(first->sha256, second->sha256), <, 0);
    const BlobInfo *info = g_str_equal(first->sha256, one) ? first : second;
    g_assert_cmpuint(info->size, ==, 3);
    g_assert_cmpint(info->used, ==, 1000);

    change_blob(two_path, FLIP_QUIETLY);
    g_autoptr(GPtrArray) damaged = NULL;
    g_assert_true(blob_store_check(fixture.store, &damaged, NULL));
    g_assert_cmpuint(damaged->len, ==, 1);
    assert_text(NULL, two, damaged->pdata[0]);
    g_assert_false(g_file_test(two_path, G_FILE_TEST_EXISTS));
    struct stat st;
    g_assert_cmpint(stat(one_path, &st), ==, 0);
    g_assert_cmpint(st.st_atim.tv_sec, ==, 1000); /* a check is no use */
    g_assert_true(blob_store_remove(fixture.store, one, NULL));
    g_assert_true(blob_store_remove(fixture.store, one, NULL));
    g_assert_cmpuint(files_below(cache_dir(fixture.cache)), ==, 0);
}

TEST(prunes_by_age_then_by_size)
{
    static const struct {
        gint64 before;
        guint64 keep;
        const char *left;
    } rows[] = {
        {0, G_MAXUINT64, "abcd"}, {2500, G_MAXUINT64, "cd"}, {0, 5, "d"}, {0, 9, "bcd"},
        {3500, 9, "d"},           {9999, G_MAXUINT64, ""},   {0, 0, ""},  {0, 3, ""},
        {0, 10, "abcd"},          {2500, 10, "cd"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(Fixture) fixture = fixture_new();
        guint64 removed = 0, total = 0, left = 0;
        char *digests[4];
        for (guint j = 0; j < 4; j++) {
            g_autofree char *text = g_strnfill(j + 1, (char)('a' + j));
            g_autofree char *path = add(fixture.store, text, &digests[j]);
            set_used(path, (gint64)(1000 * (j + 1)));
            total += j + 1;
        }
        g_assert_true(
            blob_store_prune(fixture.store, rows[i].before, rows[i].keep, &removed, NULL));
        for (guint j = 0; j < 4; j++) {
            g_autofree char *found = blob_store_find(fixture.store, digests[j], j + 1);
            g_assert_cmpint(found != NULL, ==, strchr(rows[i].left, (int)('a' + j)) != NULL);
            left += found ? j + 1 : 0;
            g_free(digests[j]);
        }
        g_assert_cmpuint(removed, ==, total - left);
    }
}

static char *in_folder(const Fixture *fixture, const char *name)
{
    return g_build_filename(cache_dir(fixture->cache), name, NULL);
}

TEST(places_copies_and_links)
{
    g_auto(Fixture) fixture = fixture_new();
    g_autofree char *from = in_folder(&fixture, "from"), *to = in_folder(&fixture, "to");
    struct stat source, target;
    GError *error = NULL;
    g_assert_true(io_save(from, "0123456789", 10, NULL));
    g_assert_cmpint(stat(from, &source), ==, 0);
    for (guint round = 0; round < 2; round++) {
        g_assert_true(blob_place(from, 0, 10, true, to, NULL));
        g_assert_cmpint(stat(to, &target), ==, 0);
        g_assert_cmpuint(target.st_ino, ==, source.st_ino);
    }
    g_assert_true(blob_place(from, 0, 10, false, to, NULL));
    g_assert_cmpint(stat(to, &target), ==, 0);
    g_assert_cmpuint(target.st_ino, !=, source.st_ino);
    assert_content(to, "0123456789");
    g_assert_true(blob_place(from, 0, 10, true, to, NULL)); /* in place of another file */
    g_assert_true(blob_place(from, 3, 4, true, to, NULL));
    assert_content(to, "3456");
    g_assert_true(blob_place(from, 10, 0, true, to, NULL));
    assert_content(to, "");
    assert_content(from, "0123456789");
    g_assert_false(blob_place(from, 5, 6, true, to, &error));
    g_assert_cmpint(error->code, ==, ERROR_FAILED);
    g_clear_error(&error);
    g_assert_false(blob_place(from, 0, 10, true, "/proc/none/such", &error));
    g_clear_error(&error);
    g_assert_cmpuint(files_below(cache_dir(fixture.cache)), ==, 2);
}

TEST(places_across_file_systems)
{
    g_auto(Fixture) fixture = fixture_new();
    if (g_access("/dev/shm", W_OK) < 0) {
        g_test_skip("no /dev/shm");
        return;
    }
    g_autofree char *large = g_strnfill(5000000, 'y'), *from = in_folder(&fixture, "from");
    g_autofree char *to = g_strdup_printf("/dev/shm/ramekin-blob-%d", (int)getpid());
    g_assert_true(io_save(from, large, 5000000, NULL));
    g_assert_true(blob_place(from, 0, 5000000, true, to, NULL));
    assert_content(to, large);
    g_unlink(to);
}

static void age_file(const char *path)
{
    const struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    g_assert_cmpint(utimensat(AT_FDCWD, path, times, 0), ==, 0);
}

static bool verify(const Fixture *fixture, const char *path, const char *expected)
{
    g_autofree char *sha256 = digest_sha256(expected, strlen(expected)), *found = NULL;
    bool same = false;
    GError *error = NULL;
    blob_store_verify_file(fixture->store, path, sha256, &same, &found, &error);
    assert_no_error(error);
    g_assert_cmpint(g_str_equal(sha256, found), ==, same);
    return same;
}

TEST(verifies_files_of_the_user)
{
    g_auto(Fixture) fixture = fixture_new();
    g_autofree char *path = in_folder(&fixture, "wheel"), *sha256 = digest_sha256("", 0);
    GError *error = NULL;
    bool same;
    g_assert_true(io_save(path, "one", 3, NULL));
    g_assert_true(verify(&fixture, path, "one"));
    g_assert_false(verify(&fixture, path, "two"));
    g_assert_true(io_save(path, "two", 3, NULL));
    age_file(path); /* its change time tells that it is another file */
    g_assert_true(verify(&fixture, path, "two"));
    g_assert_false(
        blob_store_verify_file(fixture.store, "/none/such", sha256, &same, NULL, &error));
    g_assert_cmpint(error->code, ==, ERROR_INPUT);
    g_clear_error(&error);
    g_assert_false(blob_store_verify_file(fixture.store, "/dev/zero", sha256, &same, NULL, &error));
    g_assert_cmpint(error->code, ==, ERROR_INPUT);
    g_clear_error(&error);
}

TEST(remembers_what_it_verified)
{
    g_auto(Fixture) fixture = fixture_new();
    g_autofree char *path = in_folder(&fixture, "wheel");
    g_assert_true(io_save(path, "one", 3, NULL));
    g_assert_true(verify(&fixture, path, "one"));
    g_autoptr(GBytes) young = cache_load(fixture.cache, "files", path);
    g_assert_null(young); /* it could still change without a trace */
    g_usleep(3 * G_USEC_PER_SEC + 100000);
    g_assert_true(verify(&fixture, path, "one"));
    g_autoptr(GBytes) kept = cache_load(fixture.cache, "files", path);
    g_assert_nonnull(kept);
    g_assert_true(verify(&fixture, path, "one"));
}

TEST(keeps_facts)
{
    g_auto(Fixture) fixture = fixture_new();
    g_assert_null(blob_store_load_fact(fixture.store, "layers", "key"));
    blob_store_save_fact(fixture.store, "layers", "key", "text");
    g_autofree char *text = blob_store_load_fact(fixture.store, "layers", "key");
    assert_text(NULL, "text", text);
}

static void *write_many(void *data)
{
    BlobStore *store = data;
    for (guint i = 0; i < 40; i++) {
        g_autofree char *text = g_strdup_printf("blob %u", i % 10), *sha256 = NULL;
        g_autofree char *path = add(store, text, &sha256);
        g_autofree char *found = blob_store_find(store, sha256, strlen(text));
        g_assert_nonnull(found);
        blob_store_save_fact(store, "layers", text, text);
    }
    return NULL;
}

TEST(serves_several_threads_and_processes)
{
    g_auto(Fixture) fixture = fixture_new();
    pid_t child = fork();
    GThread *threads[4];
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new(NULL, write_many, fixture.store);
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
        g_thread_join(threads[i]);
    if (child == 0)
        _exit(0);
    int status = -1;
    waitpid(child, &status, 0);
    g_assert_cmpint(status, ==, 0);
    g_autoptr(GPtrArray) damaged = NULL, list = blob_store_list(fixture.store, NULL);
    g_assert_cmpuint(list->len, ==, 10);
    g_assert_true(blob_store_check(fixture.store, &damaged, NULL));
    g_assert_cmpuint(damaged->len, ==, 0);
}
