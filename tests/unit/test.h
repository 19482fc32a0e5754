/* What every unit test program shares: tests register themselves, a program in which no test ran
 * fails, and texts are compared with both sides shown. */
#pragma once

#include "base/error.h"

typedef struct UnitTest {
    const char *path;
    void (*run)(void);
    struct UnitTest *next;
} UnitTest;

void unit_test_register(UnitTest *test);

/* TEST(name) { body } */
#define TEST(name)                                                                                 \
    static void test_##name(void);                                                                 \
    static UnitTest unit_test_##name = {"/" #name, test_##name, NULL};                             \
    __attribute__((constructor)) static void register_##name(void)                                 \
    {                                                                                              \
        unit_test_register(&unit_test_##name);                                                     \
    }                                                                                              \
    static void test_##name(void)

/* `context` (a table row's name, or NULL) is shown when the texts differ. */
void assert_text(const char *context, const char *expected, const char *found);
/* Fails with the error's message when there is one, and frees it. */
void assert_no_error(GError *error);
