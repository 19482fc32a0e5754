#include "python/version.h"
#include "test.h"

static Version *parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    Version *version = version_parse(text, &error);
    assert_no_error(g_steal_pointer(&error));
    return version;
}

TEST(normal_forms)
{
    static const char *const rows[][2] = {
        {"1.0", "1.0"},
        {" v1.0\t", "1.0"},
        {"\xc2\xa0"
         "1",
         "1"},
        {"01.002", "1.2"},
        {"1!2.0", "1!2.0"},
        {"0!2.0", "2.0"},
        {"1.0-ALPHA", "1.0a0"},
        {"1.0.beta_2", "1.0b2"},
        {"1.0c3", "1.0rc3"},
        {"1.0preview", "1.0rc0"},
        {"1.0-1", "1.0.post1"},
        {"1.0.r4", "1.0.post4"},
        {"1.0a-1", "1.0a1"},
        {"1.0a--1", "1.0a0.post1"},
        {"1.0.dev", "1.0.dev0"},
        {"1.0a1.post2.dev3+Cu_12.004", "1.0a1.post2.dev3+cu.12.4"},
        {"99999999999999999999999", "99999999999999999999999"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Version) version = parse(rows[i][0]);
        assert_text(rows[i][0], rows[i][1], version_text(version));
    }
}

TEST(refused_versions)
{
    static const char *const bad[] = {
        "",      "v",      "1.", ".1",    "1..2",     "1.0+",   "1.0+a_",       "1.0a1b2",
        "1.0 1", "1.0--1", "1!", "1.0.*", "\xd9\xa1", "latest", "1.0+\xc3\xa9", "1.0.post1-2"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(version_parse(bad[i], &error));
        g_assert_error(error, ERROR_DOMAIN, ERROR_INPUT);
    }
    g_autofree char *nines = g_strnfill(4301, '9');
    g_assert_null(version_parse(nines, NULL));
    nines[4300] = '\0';
    g_autoptr(Version) longest = parse(nines);
    assert_text(NULL, nines, version_text(longest));
}

TEST(order)
{
    /* ascending */
    static const char *const rows[] = {"0.dev0",      "1.0.dev0",
                                       "1.0.dev1",    "1.0a1.dev1",
                                       "1.0a1",       "1.0a1.post1.dev2",
                                       "1.0a1.post1", "1.0a2",
                                       "1.0b1",       "1.0rc1",
                                       "1.0",         "1.0+a",
                                       "1.0+cpu",     "1.0+cu121",
                                       "1.0+cu92",    "1.0+cu92.a",
                                       "1.0+cu92.1",  "1.0+1",
                                       "1.0+999",     "1.0.post0.dev1",
                                       "1.0.post0",   "1.0.post1",
                                       "1.0.1.dev1",  "1.0.1",
                                       "1.2",         "1.9",
                                       "1.10",        "2",
                                       "99999999999", "999999999999999999999",
                                       "1!0.1",       "2!0"};
    Version *versions[G_N_ELEMENTS(rows)];
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        versions[i] = parse(rows[i]);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        for (size_t j = 0; j < G_N_ELEMENTS(rows); j++) {
            int order = version_compare(versions[i], versions[j]);
            g_assert_cmpint((order > 0) - (order < 0), ==, (i > j) - (i < j));
        }
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        version_unref(versions[i]);
}

TEST(equal_versions)
{
    static const char *const rows[][2] = {{"1", "1.0.0"},         {"0", "0.0"},
                                          {"1.0a", "v1-alpha.0"}, {"1-1", "1.0.post1"},
                                          {"1+a_1", "1.0+A.01"},  {"0!1", "1"}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Version) a = parse(rows[i][0]);
        g_autoptr(Version) b = parse(rows[i][1]);
        g_assert_true(version_equal(a, b));
        g_assert_cmpint(version_compare(a, b), ==, 0);
        g_assert_cmpuint(version_hash(a), ==, version_hash(b));
    }
}

TEST(parts)
{
    g_autoptr(Version) version = parse("2!1.02.rc4-5dev6+a.7");
    g_autofree char *release = g_strjoinv(" ", (char **)version_release(version));
    g_autofree char *public = version_public_text(version);
    assert_text("release", "1 2", release);
    assert_text("epoch", "2", version_epoch(version));
    assert_text("pre", "rc4", version_pre(version));
    assert_text("post", "5", version_post(version));
    assert_text("dev", "6", version_dev(version));
    assert_text("local", "a.7", version_local(version));
    assert_text("public", "2!1.2rc4.post5.dev6", public);
    g_assert_true(version_is_prerelease(version));
    g_assert_true(version_is_postrelease(version));
}
