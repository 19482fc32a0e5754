#include "base/io.h"
#include "base/sorted.h"
#include "store/cache.h"
#include "test.h"

#include <glib/gstdio.h>
#include <sys/wait.h>
#include <unistd.h>

static void assert_entry(Cache *cache, const char *key, const char *expected)
{
    g_autoptr(GBytes) bytes = cache_load(cache, "pages", key);
    g_autofree char *text =
        bytes ? g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes)) : NULL;
    assert_text(key, expected, text);
}

/* The path of the only entry below `dir`. */
static char *only_entry(const char *dir)
{
    char *path = g_strdup(dir);
    while (g_file_test(path, G_FILE_TEST_IS_DIR)) {
        g_autoptr(GPtrArray) names = sorted_dir(path, 10, NULL);
        g_assert_cmpuint(names->len, ==, 1);
        char *below = g_build_filename(path, names->pdata[0], NULL);
        g_free(path);
        path = below;
    }
    return path;
}

static Cache *fresh_cache(void)
{
    g_autofree char *dir = g_dir_make_tmp("cache-XXXXXX", NULL);
    return cache_new(dir);
}

TEST(keeps_and_forgets)
{
    g_autoptr(Cache) cache = fresh_cache();
    assert_entry(cache, "a", NULL);
    cache_save(cache, "pages", "a", "one", 3);
    cache_save(cache, "pages", "b", "", 0);
    assert_entry(cache, "a", "one");
    assert_entry(cache, "b", "");
    cache_save(cache, "pages", "a", "two", 3);
    assert_entry(cache, "a", "two");
    cache_remove(cache, "pages", "a");
    assert_entry(cache, "a", NULL);
}

TEST(removes_damaged_entries)
{
    for (size_t cut = 0; cut <= 3; cut++) {
        g_autoptr(Cache) cache = fresh_cache();
        cache_save(cache, "pages", "key", "content", 7);
        g_autofree char *path = only_entry(cache_dir(cache)), *text = NULL;
        size_t length;
        g_assert_true(io_load(path, 1000, &text, &length, NULL));
        if (cut == 0)
            text[length - 1] ^= 1;
        else if (cut == 1)
            text[9] ^= 1; /* the checksum */
        else
            length = cut == 2 ? length - 1 : 5;
        g_assert_true(io_save(path, text, length, NULL));
        assert_entry(cache, "key", NULL);
        g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    }
}

TEST(does_not_mix_up_keys)
{
    g_autoptr(Cache) cache = fresh_cache(), other = fresh_cache();
    cache_save(cache, "pages", "key", "content", 7);
    cache_save(other, "pages", "other", "x", 1);
    g_autofree char *from = only_entry(cache_dir(cache)), *to = only_entry(cache_dir(other));
    g_assert_cmpint(g_rename(from, to), ==, 0);
    assert_entry(other, "other", NULL);
}

TEST(works_without_a_folder)
{
    g_autoptr(Cache) cache = cache_new("/proc/none/such");
    g_assert_null(cache_problem(cache));
    cache_save(cache, "pages", "key", "content", 7);
    assert_text("problem", "No such file or directory", cache_problem(cache));
    assert_entry(cache, "key", NULL);
}

TEST(comes_back_when_its_folder_went)
{
    g_autoptr(Cache) cache = fresh_cache();
    cache_save(cache, "pages", "key", "content", 7);
    g_autofree char *path = only_entry(cache_dir(cache)), *parent = g_path_get_dirname(path);
    g_unlink(path);
    g_rmdir(parent);
    cache_save(cache, "pages", "key", "content", 7);
    assert_entry(cache, "key", "content");
}

TEST(serves_several_processes)
{
    g_autoptr(Cache) cache = fresh_cache();
    g_autofree char *big = g_strnfill(100000, 'x');
    pid_t children[4];
    for (unsigned i = 0; i < G_N_ELEMENTS(children); i++) {
        children[i] = fork();
        if (children[i] != 0)
            continue;
        big[0] = (char)('a' + i);
        bool whole = true;
        for (unsigned round = 0; round < 50; round++) {
            cache_save(cache, "pages", "key", big, 100000);
            g_autoptr(GBytes) found = cache_load(cache, "pages", "key");
            whole = whole && found && g_bytes_get_size(found) == 100000;
        }
        _exit(whole ? 0 : 1);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(children); i++) {
        int status = -1;
        waitpid(children[i], &status, 0);
        g_assert_cmpint(status, ==, 0);
    }
}
