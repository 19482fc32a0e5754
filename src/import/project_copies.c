#include "import/project_copies.h"

#include "base/limits.h"
#include "facts/python_parse.h"

static const char *const copying_backends[] = {
    "setuptools.build_meta",
    "setuptools.build_meta:__legacy__",
    "hatchling.build",
    "flit_core.buildapi",
    "flit.buildapi",
    "pdm.backend",
    "pdm.pep517.api",
    "poetry.core.masonry.api",
    "poetry.masonry.api",
    "uv_build",
    NULL,
};

/* Keywords of setuptools.setup() that only describe the project or choose among its files
 * (setuptools' "Keywords"). The others compile, run code of the project, or put files elsewhere. */
static const char *const describing[] = {
    "author",
    "author_email",
    "classifiers",
    "dependency_links",
    "description",
    "download_url",
    "entry_points",
    "exclude_package_data",
    "extras_require",
    "include_package_data",
    "install_requires",
    "keywords",
    "license",
    "license_file",
    "license_files",
    "long_description",
    "long_description_content_type",
    "maintainer",
    "maintainer_email",
    "name",
    "obsoletes",
    "package_data",
    "package_dir",
    "packages",
    "platforms",
    "project_urls",
    "provides",
    "py_modules",
    "python_requires",
    "requires",
    "setup_requires",
    "test_suite",
    "tests_require",
    "url",
    "version",
    "zip_safe",
    NULL,
};

static bool is_setup(const PyExpr *called)
{
    return (called->kind == PY_NAME || called->kind == PY_ATTRIBUTE) &&
           g_strcmp0(called->text, "setup") == 0;
}

static bool only_describes(const PyExpr *call)
{
    for (unsigned i = 0; i < call->argument_count; i++) {
        const PyArgument *argument = &call->arguments[i];
        if (argument->stars > 0 || !argument->name || !g_strv_contains(describing, argument->name))
            return false;
    }
    return true;
}

typedef struct {
    unsigned calls, building;
} Setup;

/* Statements of a module: what is behind a condition or in a try counts as run. */
static void look(const PyBlock *block, Setup *setup)
{
    for (unsigned i = 0; i < block->count; i++) {
        const PyStmt *stmt = block->items[i];
        const PyExpr *value = stmt->kind == PY_EXPRESSION ? stmt->value : NULL;
        if (value && value->kind == PY_CALL && is_setup(value->left)) {
            setup->calls++;
            setup->building += !only_describes(value);
        }
        if (!py_is_compound(stmt) || stmt->kind == PY_FUNCTION || stmt->kind == PY_CLASS)
            continue;
        look(&stmt->body, setup);
        look(&stmt->orelse, setup);
        look(&stmt->final, setup);
        for (unsigned k = 0; k < stmt->handler_count; k++)
            look(&stmt->handlers[k].body, setup);
    }
}

static bool setup_only_copies(const char *path)
{
    g_autoptr(Source) source = source_load(path, NULL, LIMIT_IMPORT_BYTES, NULL);
    if (!source)
        return false;
    size_t length;
    const char *text = source_text(source, &length);
    g_autoptr(PyTree) tree = py_parse(path, text, length, NULL);
    Setup setup = {0};
    if (tree)
        look(&tree->body, &setup);
    return setup.calls > 0 && setup.building == 0;
}

bool project_only_copies(const Pyproject *project, const char *folder)
{
    const char *backend = pyproject_backend(project);
    if (backend && !g_strv_contains(copying_backends, backend))
        return false;
    g_autofree char *setup = g_build_filename(folder, "setup.py", NULL);
    bool legacy = g_file_test(setup, G_FILE_TEST_EXISTS);
    return !pyproject_has_build_step(project) && (!legacy || setup_only_copies(setup));
}
