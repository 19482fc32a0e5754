#include "test.h"

#include "base/io.h"
#include "python/pip_inputs.h"

static char *describe(const PipRequirement *requirement)
{
    GString *out = g_string_new(NULL);
    g_string_append(out, requirement->requirement ? requirement->requirement->text : "?");
    if (requirement->requirement && requirement->requirement->url &&
        !specifier_set_is_empty(requirement->requirement->specifiers))
        g_string_append_printf(out, " (%s)",
                               specifier_set_text(requirement->requirement->specifiers));
    if (requirement->link)
        g_string_append_printf(out, " link=%s", requirement->link);
    if (requirement->editable)
        g_string_append(out, " editable");
    if (requirement->needs_build)
        g_string_append(out, " build");
    for (guint i = 0; requirement->hashes[i]; i++)
        g_string_append_printf(out, " %s", requirement->hashes[i]);
    return g_string_free(out, FALSE);
}

typedef struct {
    char *dir; /* below the test's own home, which goes when it ends */
} Folder;

static Folder folder_new(void)
{
    return (Folder){g_build_filename(g_get_user_cache_dir(), "inputs", NULL)};
}

static char *folder_write(const Folder *folder, const char *name, const char *text)
{
    g_autoptr(GError) error = NULL;
    char *path = g_build_filename(folder->dir, name, NULL);
    g_autofree char *parent = g_path_get_dirname(path);
    io_make_dirs(parent, NULL);
    io_save(path, text, strlen(text), &error);
    assert_no_error(g_steal_pointer(&error));
    return path;
}

static void folder_free(Folder *folder)
{
    g_free(folder->dir);
}

/* What a list's item becomes, or the mistakes. */
static char *item(const char *text, bool constraint)
{
    g_autoptr(PipInputs) inputs = pip_inputs_new();
    g_autoptr(Diags) diags = diags_new();
    if (!pip_inputs_add_requirement(inputs, text, SPAN_NONE, constraint, NULL, diags))
        return diags_format(diags, false);
    GPtrArray *list = constraint ? inputs->constraints : inputs->roots;
    g_assert_cmpuint(list->len, ==, 1);
    g_autofree char *found = describe(list->pdata[0]);
    g_autofree char *warnings = diags_format(diags, false);
    return g_strconcat(found, *warnings ? "\n" : "", warnings, NULL);
}

TEST(items)
{
    static const char *const table[][2] = {
        {"torch==2.6.0", "torch==2.6.0"},
        {"  Foo [b,a] >= 1 , <2 ; python_version > '3' ", "Foo[a,b]<2,>=1; python_version > \"3\""},
        {"foo;", "foo"},
        {"foo @ https://example.org/foo-1-py3-none-any.whl",
         "foo @ https://example.org/foo-1-py3-none-any.whl "
         "link=https://example.org/foo-1-py3-none-any.whl"},
        {"foo@https://example.org/foo-1.tar.gz ; python_version>'3'",
         "foo @ https://example.org/foo-1.tar.gz ; python_version > \"3\" "
         "link=https://example.org/foo-1.tar.gz build"},
        {"https://example.org/Foo_Bar-1.0%2Bcu1-py3-none-any.whl#sha256=00",
         "foo-bar @ https://example.org/Foo_Bar-1.0%2Bcu1-py3-none-any.whl#sha256=00 (==1.0+cu1) "
         "link=https://example.org/Foo_Bar-1.0%2Bcu1-py3-none-any.whl#sha256=00"},
        {"https://example.org/a-1-py3-none-any.whl; python_version>'3'",
         "a @ https://example.org/a-1-py3-none-any.whl ; python_version > \"3\" (==1) "
         "link=https://example.org/a-1-py3-none-any.whl"},
        {"git+https://example.org/a.git@v1#egg=a",
         "a @ git+https://example.org/a.git@v1#egg=a link=git+https://example.org/a.git@v1#egg=a "
         "build"},
        {"git+https://example.org/a.git", "? link=git+https://example.org/a.git build"},
        {"./a-1-py3-none-any.whl[x, y]",
         "a[x,y] @ ./a-1-py3-none-any.whl (==1) link=./a-1-py3-none-any.whl"},
        {"a-1-py3-none-any.whl", "a @ a-1-py3-none-any.whl (==1) link=a-1-py3-none-any.whl"},
        {"/x/a-1.zip", "? link=/x/a-1.zip build"},
        {"file:///x/a-1-py3-none-any.whl",
         "a @ file:///x/a-1-py3-none-any.whl (==1) link=file:///x/a-1-py3-none-any.whl"},
        {"a==1 --hash=SHA256:AB", "error: --hash takes sha256, sha384 and sha512 digests alone\n"},
        {"a==1 --hash=sha256:AB --hash=sha512:cd", "a==1 sha256:ab sha512:cd"},
        {"-e git+https://example.org/a.git#egg=a",
         "a @ git+https://example.org/a.git#egg=a link=git+https://example.org/a.git#egg=a "
         "editable build"},
        {"requirements.txt",
         "requirements.txt\n"
         "warning: 'requirements.txt' is taken as the name of a package\n"
         "      = hint: a requirements file is named by `requirements: requirements.txt`\n"},
        {"-r x.txt", "error: --requirement is no requirement\n"
                     "      = hint: name the file by the key `requirements`\n"},
        {"", "error: an empty requirement\n"},
        {"-e git+https://example.org/a.git",
         "error: the name of 'git+https://example.org/a.git' is unknown\n"
         "      = hint: write NAME @ URL\n"},
        {"-e a==1", "error: 'a==1' can't be editable: it is neither a folder nor a version control "
                    "URL\n"},
        {"https://example.org/a.zip#egg=a[x]",
         "error: 'a[x]' in the egg= of the link is no name\n"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autofree char *found = item(table[i][0], false);
        assert_text(table[i][0], table[i][1], found);
    }
}

TEST(constraints)
{
    static const char *const table[][2] = {
        {"a<2", "a<2"},
        {"a @ https://example.org/a-1-py3-none-any.whl",
         "a @ https://example.org/a-1-py3-none-any.whl "
         "link=https://example.org/a-1-py3-none-any.whl"},
        {"a[x]<2", "error: a constraint can't have extras\n"
                   "      = hint: pip takes a name and versions here, as in numpy<2\n"},
        {"https://example.org/a.zip",
         "error: a constraint must name a package\n"
         "      = hint: pip takes a name and versions here, as in numpy<2\n"},
        {"-e git+https://example.org/a.git#egg=a", "error: a constraint can't be editable\n"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autofree char *found = item(table[i][0], true);
        assert_text(table[i][0], table[i][1], found);
    }
}

/* All mistakes of a file in one run, each at its place. */
TEST(mistakes)
{
    Folder folder = folder_new();
    g_autofree char *path = folder_write(&folder, "r.txt",
                                         "good==1\n"
                                         "bad=1\n"
                                         "lib#x\n"
                                         "a \\\n"
                                         "  --no-such\n"
                                         "b; python_versio > '3'\n"
                                         "c --pre\n"
                                         "-r https://example.org/r.txt\n"
                                         "-r missing.txt\n"
                                         "./absent.whl\n");
    g_autoptr(PipInputs) inputs = pip_inputs_new();
    g_autoptr(Diags) diags = diags_new();
    g_assert_false(pip_inputs_add_file(inputs, path, SPAN_NONE, false, NULL, diags));
    g_autofree char *text = diags_format(diags, false);
    static const char *const places[] = {":2:1: error: invalid requirement",
                                         ":3:",
                                         ":5:3: error: pip knows no option --no-such",
                                         ":6:4: error: invalid marker",
                                         ":7:3: warning: pip ignores",
                                         ":8:1: error: a requirements file is not read from a URL",
                                         ":9:1: error: could not open the requirements file",
                                         ":10:1: error: the file './absent.whl' does not exist",
                                         "= is no operator, did you mean ==?"};
    for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
        if (!strstr(text, places[i]))
            g_test_message("%s", text);
        g_assert_nonnull(strstr(text, places[i]));
    }
    g_assert_cmpuint(diags_errors(diags), ==, 7);
    folder_free(&folder);
}

TEST(options_are_global)
{
    Folder folder = folder_new();
    g_autofree char *path = folder_write(&folder, "r.txt",
                                         "--extra-index-url https://example.org/dropped\n"
                                         "-i https://example.org/main\n"
                                         "--extra-index-url https://example.org/kept\n"
                                         "-f wheels\n"
                                         "--pre --prefer-binary\n"
                                         "--only-binary=:all: \n"
                                         "a --no-binary=B_b\n"
                                         "-c sub/c.txt\n");
    g_autofree char *nested = folder_write(&folder, "sub/c.txt", "b<2\n-r ../r2.txt");
    g_autofree char *r2 = folder_write(&folder, "r2.txt", "x==${V}\n");
    g_autofree char *wheels = folder_write(&folder, "wheels/x", "");
    static const char *const environment[] = {"V=3", NULL};
    PipInputsOptions options = {.environment = environment};
    g_autoptr(PipInputs) inputs = pip_inputs_new();
    g_autoptr(Diags) diags = diags_new();
    g_assert_true(pip_inputs_add_file(inputs, path, SPAN_NONE, false, &options, diags));
    g_assert_cmpstr(inputs->index_url, ==, "https://example.org/main");
    g_assert_cmpuint(inputs->extra_index_urls->len, ==, 1);
    g_assert_true(g_str_has_suffix(inputs->find_links->pdata[0], "/wheels"));
    g_assert_true(inputs->pre && inputs->prefer_binary && !inputs->require_hashes);
    bool is_wheels, is_sdists;
    format_control_allows(&inputs->format, "b-b", &is_wheels, &is_sdists);
    g_assert_true(!is_wheels && is_sdists);
    format_control_allows(&inputs->format, "c", &is_wheels, &is_sdists);
    g_assert_true(is_wheels && !is_sdists);
    g_assert_cmpuint(inputs->roots->len, ==, 2);
    const PipRequirement *last = inputs->roots->pdata[1];
    assert_text(NULL, "x==3", last->requirement->text);
    assert_text(NULL, "x==${V}", last->text);
    g_assert_cmpuint(inputs->constraints->len, ==, 1);
    folder_free(&folder);
}

TEST(recursion)
{
    Folder folder = folder_new();
    g_autofree char *a = folder_write(&folder, "a.txt", "-r b.txt\n");
    g_autofree char *b = folder_write(&folder, "b.txt", "-r c.txt\n-r c.txt\nb\n");
    g_autofree char *c = folder_write(&folder, "c.txt", "-r a.txt\n");
    g_autoptr(PipInputs) inputs = pip_inputs_new();
    g_autoptr(Diags) diags = diags_new();
    g_assert_false(pip_inputs_add_file(inputs, a, SPAN_NONE, false, NULL, diags));
    g_autofree char *text = diags_format(diags, false);
    g_assert_nonnull(strstr(text, "a.txt includes itself"));
    g_assert_cmpuint(inputs->roots->len, ==, 1);
    for (unsigned i = 0; i < 70; i++) {
        g_autofree char *name = g_strdup_printf("d%u.txt", i);
        g_autofree char *twice = g_strdup_printf("-r d%u.txt\n-r d%u.txt\n", i + 1, i + 1);
        g_autofree char *path = folder_write(&folder, name, twice);
    }
    g_autofree char *deep = g_build_filename(folder.dir, "d0.txt", NULL);
    g_autoptr(Diags) deep_diags = diags_new();
    g_assert_false(pip_inputs_add_file(inputs, deep, SPAN_NONE, false, NULL, deep_diags));
    g_autofree char *deep_text = diags_format(deep_diags, false);
    g_assert_nonnull(strstr(deep_text, "more than 64 deep"));
    g_assert_nonnull(strstr(deep_text, "more than 1000 requirements files"));
    folder_free(&folder);
}

TEST(format_control)
{
    static const struct {
        const char *only, *no, *name;
        bool wheels, sdists;
    } rows[] = {
        {"a", "", "a", true, false},
        {":all:", "", "a", true, false},
        {":all:", "A", "a", false, true},
        {"a", ":all:", "a", false, true},
        {"a,:all:,b", "", "b", true, false},
        {":all:,:none:", "", "b", true, true},
        {":all:,b,:none:,c", "", "b", true, true},
        {":all:,b,:none:,c", "", "c", true, false},
        {"a,:none:", "", "a", true, true},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        FormatControl control = {0};
        bool is_wheels, is_sdists;
        format_control_add(&control, true, rows[i].only);
        if (*rows[i].no)
            format_control_add(&control, false, rows[i].no);
        format_control_allows(&control, rows[i].name, &is_wheels, &is_sdists);
        if (is_wheels != rows[i].wheels || is_sdists != rows[i].sdists)
            g_test_message("row %zu", i);
        g_assert_true(is_wheels == rows[i].wheels && is_sdists == rows[i].sdists);
        format_control_clear(&control);
    }
    ReleaseControl release = {0};
    g_assert_cmpint(release_control_allows(&release, "a"), ==, PRERELEASES_DEFAULT);
    release_control_add(&release, false, ":all:");
    release_control_add(&release, true, "a");
    g_assert_cmpint(release_control_allows(&release, "a"), ==, PRERELEASES_NO);
    g_assert_cmpint(release_control_allows(&release, "b"), ==, PRERELEASES_YES);
    release_control_clear(&release);
}

/* A place inside a recipe's scalar. */
TEST(scalar_places)
{
    const char *text = "install: [\"foo; bad_marker\"]\n";
    g_autoptr(Source) source = source_new("ramekin.yaml", text, strlen(text));
    g_autoptr(PipInputs) inputs = pip_inputs_new();
    g_autoptr(Diags) diags = diags_new();
    g_assert_false(pip_inputs_add_requirement(inputs, "foo; bad_marker", span_at(source, 1, 11, 17),
                                              false, NULL, diags));
    g_autofree char *found = diags_format(diags, false);
    g_assert_nonnull(strstr(found, "ramekin.yaml:1:17: error: invalid marker"));
}
