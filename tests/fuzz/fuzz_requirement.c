/* Requirements, in lines: what is accepted prints, reads back and prints the same; its marker has a
 * value. Texts with escapes are printed as packaging prints them, which can't be read back. */
#include "fuzz.h"

#include "python/requirement.h"

static void check(const Requirement *requirement, const MarkerEnvironment *environment)
{
    if (requirement->marker != NULL)
        marker_evaluate(requirement->marker, environment, "x");
    if (strpbrk(requirement->text, "\\\n\r") != NULL)
        return;
    g_autoptr(GError) error = NULL;
    g_autoptr(Requirement) back = requirement_parse(requirement->text, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(requirement->text, ==, back->text);
    g_assert_cmpstr(requirement->canonical, ==, back->canonical);
    g_assert_true(requirement_same_clause(requirement, back));
    g_assert_true((requirement->marker == NULL) == (back->marker == NULL));
    if (requirement->marker == NULL)
        return;
    g_assert_cmpint(marker_evaluate(requirement->marker, environment, "x"), ==,
                    marker_evaluate(back->marker, environment, "x"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autoptr(PythonTarget) target = python_target_new("3.11.2", "glibc 2.36", "linux/amd64", NULL);
    g_autoptr(MarkerEnvironment) environment = marker_environment_new(target);
    for (size_t i = 0; lines[i] != NULL; i++) {
        g_autoptr(Requirement) requirement = requirement_parse(lines[i], NULL);
        if (requirement != NULL)
            check(requirement, environment);
    }
    return 0;
}
