#include "test.h"

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

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
    g_test_set_nonfatal_assertions();
    for (UnitTest *test = first; test; test = test->next)
        g_test_add_data_func(test->path, test, run_counted);
    int status = g_test_run();
    bool filtered = argc > 1;
    if (tests_run == 0 && !filtered) {
        fprintf(stderr, "no test ran\n");
        return 1;
    }
    return status;
}
