/* Patterns: the first line is a pattern, the others are paths. A text of a .dockerignore that is
 * accepted decides the same for a path as a walk down to it, and a literal matches itself alone. */
#include "fuzz.h"

#include "dockerfile/glob.h"
#include "dockerfile/ignore.h"

#include <string.h>

static void check_dialects(const char *pattern, const char *path)
{
    for (GlobDialect dialect = GLOB_COPY; dialect <= GLOB_FIND; dialect++) {
        g_autoptr(Glob) glob = glob_new(pattern, dialect, SPAN_NONE, NULL);
        if (!glob)
            continue;
        bool matches = glob_matches(glob, path);
        if (!strpbrk(pattern, "*?[\\"))
            g_assert_cmpint(matches, ==, strcmp(pattern, path) == 0);
    }
}

static void check_walk(const IgnoreRules *rules, const char *path)
{
    g_auto(GStrv) parts = g_strsplit(path, "/", -1);
    g_autoptr(GString) at = g_string_new(NULL);
    g_autoptr(IgnoreState) state = NULL;
    for (guint i = 0; parts[i]; i++) {
        g_string_append_printf(at, "%s%s", i ? "/" : "", parts[i]);
        IgnoreState *next = ignore_state_new(rules, state, at->str);
        ignore_state_free(state);
        state = next;
    }
    if (state)
        g_assert_cmpint(ignore_state_excludes(state, NULL), ==,
                        ignore_rules_exclude(rules, path, NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 4096)
        return 0;
    g_autofree char *text = g_strndup((const char *)data, size);
    g_auto(GStrv) lines = g_strsplit(text, "\n", 20);
    g_autoptr(Source) source = source_new(".dockerignore", text, strlen(text));
    g_autoptr(IgnoreRules) rules = ignore_rules_parse(source, NULL);
    for (guint i = 1; lines[0] && lines[i]; i++) {
        check_dialects(lines[0], lines[i]);
        if (rules && *lines[i])
            check_walk(rules, lines[i]);
    }
    return 0;
}
