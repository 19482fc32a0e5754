/* Patterns of paths: cases that the documentation of Docker's .dockerignore and of Go's
 * filepath.Match give, and those that their matcher is known to decide in its own way. */
#include "dockerfile/glob.h"
#include "dockerfile/ignore.h"
#include "test.h"

static IgnoreRules *parse(const char *text, GError **error)
{
    g_autoptr(Source) source = source_new(".dockerignore", text, strlen(text));
    return ignore_rules_parse(source, error);
}

TEST(ignore_lines)
{
    static const struct {
        const char *text, *path;
        bool excluded;
    } rows[] = {
        {"", "a", false},
        {"# a\na", "a", true},
        {" # a", "a", false},
        {" a \r\n", "a", true},
        {"\xef\xbb\xbf"
         "a",
         "a", true},
        {"/a", "a", true},
        {"./a/", "a", true},
        {"a//b/../c", "a/c", true},
        {"../a", "a", false},
        {".", "a", false},
        {"/", "a", false},
        {"a", "a/b/c", true},
        {"a", "b/a", false},
        {"*/temp*", "somedir/temporary.txt", true},
        {"*/temp*", "somedir/temp/x", true},
        {"*/temp*", "a/b/temporary.txt", false},
        {"*/*/temp*", "somedir/subdir/temporary.txt", true},
        {"temp?", "tempa", true},
        {"temp?", "temp", false},
        {"**/*.go", "main.go", true},
        {"**/*.go", "a/b/main.go", true},
        {"*.md\n!README.md", "README.md", false},
        {"*.md\n!README.md", "x.md", true},
        {"*.md\n!README*.md\nREADME-secret.md", "README-secret.md", true},
        {"*.md\nREADME-secret.md\n!README*.md", "README-secret.md", false},
        {"*\n!src", "src/a/b.py", false},
        {"*\n!src", "other/b.py", true},
        {"docs\n!docs/README.md", "docs/README.md", false},
        {"docs/\n!docs/README.md", "docs/other", true},
        {"docs/*\n!docs/README.md", "docs/README.md", false},
        {"!a\n*", "a", true},
        {"**\n!util/docker/web", "util/docker/web/foo", false},
        {"**\n!util/docker/web\nutil/docker/web/foo", "util/docker/web/foo", true},
        {"**\n!dist/*.whl", "dist/proxy.py-2.4.0rc3.dev36+g08acad9-py3-none-any.whl", false},
        {"! a\n", "a", false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(IgnoreRules) rules = parse(rows[i].text, &error);
        g_assert_no_error(error);
        bool excluded = ignore_rules_exclude(rules, rows[i].path, NULL);
        if (excluded != rows[i].excluded)
            g_error("'%s' for '%s'", rows[i].text, rows[i].path);
    }
}

TEST(ignore_mistakes)
{
    static const struct {
        const char *text, *message;
        unsigned line;
    } rows[] = {
        {"a\n!\n", "'!' needs a pattern behind it", 2},
        {"[\n", "'[' is no valid pattern", 1},
        {"a\n\nb[z-a]", "'b[z-a]' is no valid pattern", 3},
        {"\xff", ".dockerignore is not UTF-8 text", 1},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(parse(rows[i].text, &error));
        g_assert_error(error, ERROR_DOMAIN, ERROR_INPUT);
        assert_text(rows[i].text, rows[i].message, error->message);
        g_assert_cmpuint(error_span(error).line, ==, rows[i].line);
    }
}

TEST(ignore_patterns)
{
    static const struct {
        const char *pattern, *path;
        bool matches;
    } rows[] = {
        {"**", "file", true},
        {"**/", "dir/file", true},
        {"**/**", "dir/file", true},
        {"dir/**", "dir/dir2/file", true},
        {"dir/**", "dir", false},
        {"**/dir", "dir", true},
        {"**/dir", "xdir", false},
        {"**/dir2/*", "dir/dir2/file", true},
        {"**/dir2/**", "dir/dir2/dir3/file", true},
        {"**file", "dir/file", true},
        {"**file", "dir/other-file", true},
        {"**file*", "dir/other-file", false},
        {"**/file", "dir/dir/file", true},
        {"**/file*.txt*", "dir/dir/file.txt", true},
        {"**/**/*.txt2", "dir/dir/file.txt", false},
        {"a**/*.txt", "a/dir/dir/file.txt", true},
        {"a/*.txt", "a/dir/file.txt", false},
        {"a/*.txt**", "a/file.txt", true},
        {"a[b-d]e", "ae", false},
        {"a[^b-d]e", "aze", true},
        {".*", ".foo", true},
        {".*", "foo", false},
        {"abc.def", "abcZdef", false},
        {"**/foo/bar", "dir/dir2/foo/bar", true},
        {"**/.foo", "bar.foo", false},
        {"a(b)c/def", "a(b)c/def", true},
        {"a.|)$(}+{bc", "a.|)$(}+{bc", true},
        {"a\\*b", "a*b", true},
        {"a\\*b", "ab", false},
        {"a\\\\", "a\\", true},
        {"a*b*c*d*e*/f", "axbxcxdxexxx/f", true},
        {"a*b*c*d*e*/f", "axbxcxdxe/xxx/f", false},
        {"a*b?c*x", "abxbbxdbxebxczzx", true},
        {"a*b?c*x", "abxbbxdbxebxczzy", false},
        {"a?b", "a☺b", true},
        {"a???b", "a☺b", false},
        {"a[^a]b", "a☺b", true},
        {"[a-ζ]*", "α", true},
        {"*[a-ζ]", "A", false},
        {"a?b", "a/b", false},
        {"a*b", "a/b", false},
        {"[\\]a]", "]", true},
        {"[x\\-]", "-", true},
        {"[\\-x]", "a", false},
        {"*x", "xxx", true},
        {"]", "]", true},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Glob) glob = glob_new(rows[i].pattern, GLOB_IGNORE, SPAN_NONE, &error);
        g_assert_no_error(error);
        if (glob_matches(glob, rows[i].path) != rows[i].matches)
            g_error("'%s' for '%s'", rows[i].pattern, rows[i].path);
    }
}

TEST(malformed_patterns)
{
    static const char *const patterns[] = {"[]a]", "[-]", "[x-]", "[-x]", "\\", "[a-b-c]",
                                           "[",    "[^",  "[^bc", "a[",   "a\\"};
    for (size_t i = 0; i < G_N_ELEMENTS(patterns); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(glob_new(patterns[i], GLOB_COPY, SPAN_NONE, &error));
        g_assert_error(error, ERROR_DOMAIN, ERROR_INPUT);
        g_autoptr(Glob) shell = glob_new(patterns[i], GLOB_SHELL, SPAN_NONE, NULL);
        g_assert_nonnull(shell);
    }
}

TEST(dialects)
{
    static const struct {
        GlobDialect dialect;
        const char *pattern, *path;
        bool matches;
    } rows[] = {
        {GLOB_COPY, "**", "a/b", false},
        {GLOB_COPY, "*.py", ".py", true},
        {GLOB_COPY, "[!a]", "b", false},
        {GLOB_SHELL, "*", ".hidden", false},
        {GLOB_SHELL, "?hidden", ".hidden", false},
        {GLOB_SHELL, "[.]hidden", ".hidden", false},
        {GLOB_SHELL, ".*", ".hidden", true},
        {GLOB_SHELL, "a*", "a.b", true},
        {GLOB_SHELL, "[!a]", "b", true},
        {GLOB_SHELL, "[]]", "]", true},
        {GLOB_SHELL, "[a-]", "-", true},
        {GLOB_SHELL, "[a", "[a", true},
        {GLOB_SHELL, "a\\*", "a\\x", true},
        {GLOB_FIND, "a/*.txt", "a/b/c.txt", true},
        {GLOB_FIND, "*", ".x/y", true},
        {GLOB_FIND, "a?b", "a/b", true},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Glob) glob = glob_new(rows[i].pattern, rows[i].dialect, SPAN_NONE, &error);
        g_assert_no_error(error);
        if (glob_matches(glob, rows[i].path) != rows[i].matches)
            g_error("row %zu: '%s' for '%s'", i, rows[i].pattern, rows[i].path);
    }
}

/* What would take a backtracking matcher longer than anybody waits. */
TEST(hostile_pattern)
{
    g_autoptr(GString) pattern = g_string_new(NULL);
    g_autoptr(GString) path = g_string_new(NULL);
    for (unsigned i = 0; i < 500; i++) {
        g_string_append(pattern, "*a");
        g_string_append(path, "aaaa");
    }
    g_string_append(pattern, "b");
    g_autoptr(Glob) glob = glob_new(pattern->str, GLOB_IGNORE, SPAN_NONE, NULL);
    g_assert_false(glob_matches(glob, path->str));
}
