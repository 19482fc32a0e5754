/* File names, in lines: a wheel's parts, joined again, are a wheel of the same parts; its rank is
 * that of its best tag. */
#include "fuzz.h"

#include "python/tag.h"

static char *print(const WheelName *wheel)
{
    g_autofree char *pythons = g_strjoinv(".", wheel->pythons);
    g_autofree char *abis = g_strjoinv(".", wheel->abis);
    g_autofree char *platforms = g_strjoinv(".", wheel->platforms);
    g_autofree char *name = g_strdelimit(g_strdup(wheel->name), "-", '.');
    return g_strdup_printf("%s-%s%s%s-%s-%s-%s.whl", name, version_text(wheel->version),
                           *wheel->build != '\0' ? "-" : "", wheel->build, pythons, abis,
                           platforms);
}

static int best_rank(const TagSet *tags, const WheelName *wheel)
{
    g_auto(GStrv) own = wheel_name_tags(wheel);
    const char *const *list = tag_set_list(tags);
    for (int i = 0; list[i] != NULL; i++)
        if (g_strv_contains((const char *const *)own, list[i]))
            return i;
    return -1;
}

static void check(const TagSet *tags, const char *filename)
{
    g_autoptr(Version) sdist = sdist_version(filename, "foo-bar");
    g_assert_true(sdist == NULL || sdist_has_extension(filename));
    g_autoptr(WheelName) wheel = wheel_name_parse(filename, NULL);
    if (wheel == NULL)
        return;
    g_autofree char *text = print(wheel);
    g_autoptr(GError) error = NULL;
    g_autoptr(WheelName) back = wheel_name_parse(text, &error);
    g_assert_no_error(error);
    g_autofree char *again = print(back);
    g_assert_cmpstr(text, ==, again);
    g_assert_cmpint(wheel_name_compare_build(wheel, back), ==, 0);
    size_t sets = strlen(filename);
    if (sets < 256)
        g_assert_cmpint(tag_set_rank(tags, wheel), ==, best_rank(tags, wheel));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    g_auto(GStrv) lines = g_strsplit(text, "\n", 64);
    g_autoptr(PythonTarget) target = python_target_new("3.5", "musl 1.1", "linux/amd64", NULL);
    g_autoptr(TagSet) tags = tag_set_new(target);
    for (size_t i = 0; lines[i] != NULL; i++)
        check(tags, lines[i]);
    return 0;
}
