/* Lock files of other tools, projects, and the spellings of poetry. What real tools select is
 * tested with them (tests/oracle/foreign_locks.py). */
#include "python/foreign_lock.h"
#include "python/poetry_constraint.h"
#include "python/pyproject.h"

#include "test.h"

TEST(poetry_constraints)
{
    static const struct {
        const char *text, *clauses;
    } rows[] = {
        {"*", ""},
        {"^1.2.3", ">=1.2.3,<2"},
        {"^0.2.3", ">=0.2.3,<0.3"},
        {"^0.0.3", ">=0.0.3,<0.0.4"},
        {"^0", ">=0,<1"},
        {"^1!2.0", ">=1!2.0,<1!3"},
        {"~1.2.3", ">=1.2.3,<1.3"},
        {"~1", ">=1,<2"},
        {"~=1.4", "~=1.4"},
        {"1.2.*", "==1.2.*"},
        {"1.2", "==1.2"},
        {"= 1.2", "==1.2"},
        {">= 1.0 <2,!=1.5", ">=1.0,<2,!=1.5"},
        {"^1 || ^3", NULL},
        {"^x", NULL},
        {"latest", NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *found = poetry_constraint_clauses(rows[i].text, NULL);
        assert_text(rows[i].text, rows[i].clauses ? rows[i].clauses : "", found ? found : "");
        g_assert_true((found != NULL) == (rows[i].clauses != NULL));
    }
    g_autoptr(Version) version = version_parse("3.1", NULL);
    g_assert_true(poetry_constraint_allows("^1 || ^3", version));
    g_assert_false(poetry_constraint_allows("^1 || >=3.2", version));
}

TEST(marker_sets)
{
    static const char *const extras[] = {"cli", "a-b", NULL}, *const groups[] = {"dev", NULL};
    static const struct {
        const char *marker;
        bool value;
    } rows[] = {
        {"extra == 'cli'", true},
        {"extra == 'A_B' and extra == 'cli'", true},
        {"extra != 'cli'", false},
        {"extra == 'x' or extra != 'y'", true},
        {"'cli' in extras", true},
        {"'x' not in extras", true},
        {"'dev' in dependency_groups and 'test' not in dependency_groups", true},
        {"sys_platform == 'linux' and 'test' in dependency_groups", false},
    };
    g_autoptr(MarkerEnvironment) environment = marker_environment_new_empty();
    marker_environment_set(environment, "sys_platform", "linux");
    MarkerSets sets = {extras, groups};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Marker) marker = marker_parse(rows[i].marker, &error);
        g_assert_no_error(error);
        if (marker_evaluate_sets(marker, environment, &sets) != rows[i].value)
            g_error("%s", rows[i].marker);
    }
}

TEST(names)
{
    static const struct {
        const char *name;
        bool taken;
    } rows[] = {
        {"uv.lock", true},         {"a/poetry.lock", true},      {"pylock.toml", true},
        {"pylock.dev.toml", true}, {"pylock..toml", false},      {"pylock.a.b.toml", false},
        {"pyproject.toml", false}, {"requirements.lock", false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (foreign_lock_is_name(rows[i].name) != rows[i].taken)
            g_error("%s", rows[i].name);
    }
}

TEST(mistakes)
{
    static const struct {
        const char *name, *text, *problem;
    } rows[] = {
        {"uv.lock", "version = 2", "uv.lock:1:11: error: a uv.lock of version 1"},
        {"uv.lock", "version = 1\n[[package]]\nname = 'a'",
         "uv.lock:3:8: error: package 'a' has no 'source'"},
        {"uv.lock", "version = 1\n[[package]]\nname = 'a'\nsource = {disk = 'x'}",
         "uv.lock:4:10: error: the source of 'a' is of no known kind"},
        {"uv.lock",
         "version = 1\n[[package]]\nname = 'a'\nsource = {virtual = '.'}\n"
         "dependencies = [{name = 'b', marker = 'os'}]",
         "uv.lock:5:39: error: invalid marker"},
        {"pylock.toml", "packages = []", "pylock.toml:1:1: error: 'lock-version' is missing"},
        {"pylock.toml", "lock-version = '2.0'", "pylock.toml:1:16: error: lock-version 2.0"},
        {"pylock.toml", "lock-version = '1.0'\n[[packages]]\nname = '!'",
         "pylock.toml:3:8: error: '!' is no name"},
        {"poetry.lock", "[[package]]\nname = 'a'", "poetry.lock:2:8: error: 'version' is missing"},
        {"poetry.lock", "[[package]]\nname = 'a'\nversion = 'x'",
         "poetry.lock:3:11: error: 'x' is no version"},
        {"poetry.lock", "package = 1", "poetry.lock:1:11: error: 'package' is an array"},
        {"other.lock", "a = 1", "other.lock:1:1: error: this is neither a pylock.toml"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Source) source = source_new(rows[i].name, rows[i].text, strlen(rows[i].text));
        g_autoptr(Diags) diags = diags_new();
        g_autoptr(ForeignLock) lock = foreign_lock_read(source, diags);
        g_assert_null(lock);
        g_autofree char *found = diags_format(diags, false);
        if (!g_str_has_prefix(found, rows[i].problem))
            assert_text(rows[i].text, rows[i].problem, found);
    }
}

/* Several projects of one workspace that need each other's packages in two versions. */
TEST(workspace)
{
    static const char text[] =
        "version = 1\n"
        "[manifest]\nmembers = ['a', 'b']\n"
        "[manifest.dependency-groups]\ndev = [{name = 'z'}]\n"
        "[[package]]\nname = 'a'\nsource = {editable = 'a'}\n"
        "dependencies = [{name = 'b'}, {name = 'x', version = '1.0'}]\n"
        "[[package]]\nname = 'b'\nsource = {virtual = 'b'}\n"
        "[[package]]\nname = 'x'\nversion = '1.0'\nsource = {registry = 'r'}\n"
        "dependencies = [{name = 'x', version = '1.0'}, {name = 'y', marker = \"os_name == "
        "'q'\"}]\n"
        "[[package]]\nname = 'x'\nversion = '2.0'\nsource = {registry = 'r'}\n"
        "[[package]]\nname = 'y'\nversion = '1.0'\nsource = {registry = 'r'}\n"
        "[[package]]\nname = 'z'\nversion = '1.0'\nsource = {url = 'https://example.org/z.zip'}\n";
    static const char *const dev[] = {"DEV", NULL};
    g_autoptr(Source) source = source_new("uv.lock", text, strlen(text));
    g_autoptr(Diags) diags = diags_new();
    g_autoptr(ForeignLock) lock = foreign_lock_read(source, diags);
    g_autofree char *problems = diags_format(diags, false);
    assert_text(NULL, "", problems);
    g_autoptr(MarkerEnvironment) markers = marker_environment_new_empty();
    g_autoptr(Version) python = version_parse("3.12", NULL);
    LockSelection selection = {markers, python, NULL, dev, NULL};
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) packages = foreign_lock_select(lock, &selection, &error);
    g_assert_no_error(error);
    g_autoptr(GString) found = g_string_new(NULL);
    for (guint i = 0; i < packages->len; i++) {
        const LockedPackage *package = packages->pdata[i];
        g_string_append_printf(found, "%s%s%s%s ", package->name, package->project ? "*" : "",
                               package->version ? package->version : "",
                               package->source_only ? "!" : "");
    }
    assert_text(NULL, "a* b* x1.0 z1.0! ", found->str);
}

TEST(projects)
{
    static const char poetry[] =
        "[tool.poetry]\nname = 'app'\npackage-mode = false\n[tool.poetry.dependencies]\n"
        "python = '^3.9'\na = {version = '^1.2', extras = ['x', 'y'], optional = true}\n"
        "b = [{version = '1', python = '<3.11'}, {url = 'https://example.org/b.whl'}]\n"
        "c = {git = 'https://example.org/c', tag = 'v1', platform = 'linux'}\n"
        "d = {path = '../d'}\n[tool.poetry.extras]\nall = ['a']\n"
        "[tool.poetry.group.dev.dependencies]\ne = '*'\n";
    static const char *const all[] = {"ALL", NULL}, *const dev[] = {"dev", NULL};
    g_autoptr(Source) source = source_new("pyproject.toml", poetry, strlen(poetry));
    g_autoptr(Diags) diags = diags_new();
    g_autoptr(Pyproject) project = pyproject_read(source, diags);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) lines = pyproject_requirements(project, all, dev, &error);
    g_assert_no_error(error);
    g_autoptr(GString) found = g_string_new(NULL);
    for (guint i = 0; i < lines->len; i++)
        g_string_append_printf(found, "%s\n", ((const ProjectLine *)lines->pdata[i])->text);
    assert_text(NULL,
                "b==1 ; python_full_version < '3.11'\nb @ https://example.org/b.whl\n"
                "c @ git+https://example.org/c@v1 ; sys_platform == 'linux'\n./../d\n"
                "a[x,y]>=1.2,<2\ne\n",
                found->str);
    Span at;
    assert_text(NULL, ">=3.9,<4", pyproject_requires_python(project, &at));
    g_assert_false(pyproject_is_built(project));
}
