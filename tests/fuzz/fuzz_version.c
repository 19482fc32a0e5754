/* Versions and sets of specifiers, in lines: what is accepted prints, reads back as itself and
 * compares as its text does; the order is one; a set and its printed form agree on every version.
 */
#include "fuzz.h"

#include "python/specifier.h"

static void check_version(const Version *version)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Version) back = version_parse(version_text(version), &error);
    g_assert_no_error(error);
    g_assert_cmpstr(version_text(version), ==, version_text(back));
    g_assert_true(version_equal(version, back));
    g_assert_cmpuint(version_hash(version), ==, version_hash(back));
}

static void check_order(const Version *a, const Version *b)
{
    int order = version_compare(a, b), reverse = version_compare(b, a);
    g_assert_true((order < 0) == (reverse > 0) && (order == 0) == (reverse == 0));
    g_assert_true((order == 0) == version_equal(a, b));
}

static void check_set(const SpecifierSet *set, const GPtrArray *versions)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(SpecifierSet) back = specifier_set_parse(specifier_set_text(set), &error);
    g_assert_no_error(error);
    g_assert_true(specifier_set_equal(set, back));
    g_assert_cmpstr(specifier_set_text(set), ==, specifier_set_text(back));
    for (guint i = 0; i < versions->len; i++) {
        const Version *version = versions->pdata[i];
        bool contained = specifier_set_contains(set, version, PRERELEASES_DEFAULT);
        g_assert_cmpint(specifier_set_contains(back, version, PRERELEASES_YES), ==, contained);
        if (i > 0)
            check_order(versions->pdata[i - 1], version);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, MIN(size, 4096));
    g_auto(GStrv) lines = g_strsplit(text, "\n", 64);
    g_autoptr(GPtrArray) versions = g_ptr_array_new_with_free_func((GDestroyNotify)version_unref);
    for (size_t i = 0; lines[i] != NULL; i++) {
        Version *version = version_parse(lines[i], NULL);
        if (version == NULL)
            continue;
        check_version(version);
        g_ptr_array_add(versions, version);
    }
    for (size_t i = 0; lines[i] != NULL; i++) {
        g_autoptr(SpecifierSet) set = specifier_set_parse(lines[i], NULL);
        if (set != NULL)
            check_set(set, versions);
    }
    return 0;
}
