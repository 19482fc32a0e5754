#include "python/tag.h"
#include "test.h"

static TagSet *make(const char *python, const char *libc, const char *platform)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PythonTarget) target = python_target_new(python, libc, platform, &error);
    assert_no_error(g_steal_pointer(&error));
    return tag_set_new(target);
}

TEST(all_tags)
{
    static const struct {
        const char *python, *libc, *platform, *expected;
    } rows[] = {
        {"3.3", "musl 1.0", "linux/amd64",
         "cp33-cp33m-linux_x86_64 cp33-cp33m-musllinux_1_0_x86_64 cp33-abi3-linux_x86_64 "
         "cp33-abi3-musllinux_1_0_x86_64 cp33-none-linux_x86_64 cp33-none-musllinux_1_0_x86_64 "
         "cp32-abi3-linux_x86_64 cp32-abi3-musllinux_1_0_x86_64 py33-none-linux_x86_64 "
         "py33-none-musllinux_1_0_x86_64 py3-none-linux_x86_64 py3-none-musllinux_1_0_x86_64 "
         "py32-none-linux_x86_64 py32-none-musllinux_1_0_x86_64 py31-none-linux_x86_64 "
         "py31-none-musllinux_1_0_x86_64 py30-none-linux_x86_64 py30-none-musllinux_1_0_x86_64 "
         "cp33-none-any py33-none-any py3-none-any py32-none-any py31-none-any py30-none-any"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(TagSet) tags = make(rows[i].python, rows[i].libc, rows[i].platform);
        g_autofree char *found = g_strjoinv(" ", (char **)tag_set_list(tags));
        assert_text(rows[i].python, rows[i].expected, found);
    }
}

static int rank(const TagSet *tags, const char *tag)
{
    g_autofree char *name = g_strdup_printf("a-1-%s.whl", tag);
    g_autoptr(WheelName) wheel = wheel_name_parse(name, NULL);
    return tag_set_rank(tags, wheel);
}

TEST(tags_that_may_rank)
{
    static const struct {
        const char *tags;
        bool expected;
    } rows[] = {
        {"cp312-cp312-linux_x86_64", true},
        {"cp27.CP312-x-win32.Linux_X86_64", true},
        {"py2.py3-none-any", true},
        {"cp27-none-any", false},
        {"cp312-cp312-win_amd64.macosx_10_9_x86_64", false},
        {"cp312-cp312-linux_x86_64x", false},
        {"cp312-cp312-", false},
        {"cp312", false},
        {"", false},
        {"cp312-cp312-\xe2\x84\xaa", true}, /* not decided here */
        {"cp312-none-a_platform_whose_name_goes_on_and_on_past_all_that_any_real_one_would_have",
         true},
    };
    g_autoptr(TagSet) tags = make("3.12", "glibc 2.36", "linux/amd64");
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        g_assert_cmpint(tag_set_may_rank(tags, rows[i].tags, strlen(rows[i].tags)), ==,
                        rows[i].expected);
}

TEST(tags_of_other_systems)
{
    static const struct {
        const char *libc, *platform, *tag;
        bool expected;
    } rows[] = {
        {"macOS 14.0", "macos/arm64", "cp312-cp312-macosx_14_0_arm64", true},
        {"macOS 14.6", "macos/arm64", "cp312-abi3-macosx_11_0_universal2", true},
        {"macOS 14.0", "macos/arm64", "cp312-cp312-macosx_10_9_universal2", true},
        {"macOS 14.0", "macos/arm64", "cp312-cp312-macosx_15_0_arm64", false},
        {"macOS 14.0", "macos/arm64", "cp312-cp312-macosx_10_9_x86_64", false},
        {"macOS 14.0", "macos/amd64", "cp312-cp312-macosx_10_9_x86_64", true},
        {"macOS 14.0", "macos/amd64", "py3-none-macosx_10_6_intel", true},
        {"macOS 14.0", "macos/amd64", "cp312-cp312-macosx_11_0_arm64", false},
        {"macOS 10.13", "macos/amd64", "cp312-cp312-macosx_10_13_universal2", true},
        {"macOS 10.13", "macos/amd64", "cp312-cp312-macosx_10_14_x86_64", false},
        {"macOS 10.13", "macos/amd64", "cp312-cp312-macosx_11_0_x86_64", false},
        {NULL, "windows/amd64", "cp312-cp312-win_amd64", true},
        {NULL, "windows/amd64", "py3-none-win_arm64", false},
        {NULL, "windows/arm64", "py3-none-win_arm64", true},
        {NULL, "windows/amd64", "cp312-cp312-manylinux_2_17_x86_64", false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(TagSet) tags = make("3.12", rows[i].libc, rows[i].platform);
        if ((rank(tags, rows[i].tag) >= 0) != rows[i].expected)
            g_error("%s on %s", rows[i].tag, rows[i].platform);
    }
}

TEST(better_tags_first)
{
    static const char *const rows[] = {
        "cp312-cp312-linux_x86_64",
        "cp312-cp312-manylinux_2_28_x86_64",
        "cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64",
        "cp312-cp312-manylinux1_x86_64",
        "cp312-abi3-manylinux2014_x86_64",
        "cp312-none-manylinux2014_x86_64",
        "cp38-abi3-manylinux2014_x86_64",
        "py3-none-manylinux2014_x86_64",
        "py2.py3-none-any",
        "py311-none-any",
    };
    g_autoptr(TagSet) tags = make("3.12", "glibc 2.36", "linux/amd64");
    int last = -1;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        int found = rank(tags, rows[i]);
        g_assert_cmpint(found, >, last);
        last = found;
    }
    for (int i = 0; tag_set_list(tags)[i] != NULL; i++)
        g_assert_cmpint(rank(tags, tag_set_list(tags)[i]), ==, i);
}

TEST(unusable_tags)
{
    static const char *const rows[] = {"cp312-cp312-manylinux_2_37_x86_64",
                                       "cp312-cp312-musllinux_1_1_x86_64",
                                       "cp312-cp312-manylinux_2_17_aarch64",
                                       "cp38-cp38-linux_x86_64",
                                       "cp313-abi3-linux_x86_64",
                                       "cp312-cp312t-linux_x86_64",
                                       "py2-none-any"};
    g_autoptr(TagSet) tags = make("3.12", "glibc 2.36", "linux/amd64");
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        g_assert_cmpint(rank(tags, rows[i]), ==, -1);
    g_autoptr(TagSet) threaded = make("3.13t", "glibc 2.36", "linux/arm64");
    g_assert_cmpint(rank(threaded, "cp313-cp313t-linux_aarch64"), ==, 0);
    g_assert_cmpint(rank(threaded, "cp313-abi3-linux_aarch64"), ==, -1);
    g_autoptr(TagSet) windows = make("3.12", NULL, "windows/amd64");
    g_assert_cmpint(rank(windows, "cp312-cp312-win_amd64"), ==, 0);
}
