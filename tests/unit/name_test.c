#include "python/name.h"
#include "test.h"

TEST(canonical_names)
{
    static const char *const rows[][2] = {{"Django", "django"},
                                          {"oslo.concurrency", "oslo-concurrency"},
                                          {"a-_.b", "a-b"},
                                          {"_x_", "-x-"},
                                          {"", ""},
                                          {"\xc3\x89t\xc3\xa9", "\xc3\xa9t\xc3\xa9"},
                                          {"Foo__Bar", "foo-bar"}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *found = name_canonicalize(rows[i][0]);
        assert_text(rows[i][0], rows[i][1], found);
    }
}

TEST(valid_names)
{
    static const char *const good[] = {"a", "9", "foo", "a.b-c_d", "A1"};
    static const char *const bad[] = {"", "-a", "a-", "a_", "a b", "\xc3\xa9", "a@b"};
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++)
        g_assert_true(name_is_valid(good[i]));
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_false(name_is_valid(bad[i]));
}
