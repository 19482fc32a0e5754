#include "test.h"

#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>

#undef getenv

static UnitTest *first, **last = &first;
static unsigned tests_run;

void unit_test_register(UnitTest *test)
{
    *last = test;
    last = &test->next;
}

static void run_counted(const void *data)
{
    const UnitTest *test = data;
    tests_run++;
    test->run();
}

void assert_text(const char *context, const char *expected, const char *found)
{
    if (g_strcmp0(expected, found) == 0)
        return;
    g_test_message("%s\n--- expected\n%s\n--- found\n%s", context ? context : "texts differ",
                   expected, found);
    g_test_fail();
}

void assert_no_error(GError *error)
{
    if (!error)
        return;
    g_test_message("unexpected error: %s", error->message);
    g_error_free(error);
    g_test_fail();
}

/* All that a program writes to the folder for temporary files lies in one of its own. */
static char *make_temporary(void)
{
    const char *parent = getenv("TMPDIR");
    char *folder = g_strconcat(parent && *parent ? parent : "/tmp", "/ramekin-unit-XXXXXX", NULL);
    g_assert_nonnull(g_mkdtemp(folder));
    g_assert_true(g_setenv("TMPDIR", folder, TRUE));
    return folder;
}

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *place)
{
    return remove(path);
}

static int open_folder(const char *path, const struct stat *st, int kind, struct FTW *place)
{
    return kind == FTW_D || kind == FTW_DNR ? chmod(path, 0700) : 0;
}

static void remove_temporary(char *folder)
{
    nftw(folder, open_folder, 16, FTW_PHYS);
    nftw(folder, remove_entry, 16, FTW_PHYS | FTW_DEPTH);
    g_free(folder);
}

int main(int argc, char **argv)
{
    char *temporary = make_temporary(); /* before anybody asks for g_get_tmp_dir() */
    g_test_init(&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
    g_test_set_nonfatal_assertions();
    for (UnitTest *test = first; test; test = test->next)
        g_test_add_data_func(test->path, test, run_counted);
    int status = g_test_run();
    remove_temporary(temporary);
    bool filtered = argc > 1;
    if (tests_run == 0 && !filtered) {
        fprintf(stderr, "no test ran\n");
        return 1;
    }
    return status;
}
