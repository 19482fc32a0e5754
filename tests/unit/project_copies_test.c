#include "import/project_copies.h"
#include "test.h"

#include <glib/gstdio.h>

typedef struct {
    const char *setup;  /* setup.py, or NULL: there is none */
    const char *tables; /* of pyproject.toml */
    bool copies;
} Example;

static const Example examples[] = {
    {NULL, "", true},
    {NULL, "[build-system]\nbuild-backend = 'hatchling.build'\n", true},
    {NULL, "[build-system]\nbuild-backend = 'maturin'\n", false},
    {NULL, "[build-system]\nbuild-backend = 'hatchling.build'\n[tool.hatch.build.hooks.vcs]\n",
     false},
    {NULL, "[tool.setuptools_scm]\n", true},
    {NULL, "[tool.setuptools_scm]\nversion_file = 'app/_version.py'\n", false},
    {NULL, "[[tool.setuptools.ext-modules]]\nname = 'app.fast'\n", false},
    {NULL, "[tool.poetry]\nbuild = 'build.py'\n", false},
    {"from setuptools import setup\nsetup(name='app')\n", "", true},
    {"from setuptools import setup\nsetup()\n", "[tool.hatch.build.hooks.vcs]\n", false},
    {"import setuptools\nif __name__ == '__main__':\n    setuptools.setup(packages=['app'])\n", "",
     true},
    /* the word alone is no argument */
    {"# no ext_modules, no Extension( here\nfrom setuptools import setup\nsetup()\n", "", true},
    {"from setuptools import setup\nsetup(ext_modules=modules)\n", "", false},
    {"from setuptools import setup\nsetup(cmdclass={'build_py': Generate})\n", "", false},
    {"from setuptools import setup\nsetup(rust_extensions=[])\n", "", false},
    {"from setuptools import setup\nsetup(**settings)\n", "", false},
    {"try:\n    setup(name='app')\nexcept Exception:\n    setup(ext_modules=[])\n", "", false},
    /* not known to run */
    {"def main():\n    setup(name='app')\nmain()\n", "", false},
    {"import app\n", "", false},
    {"setup(name='app'\n", "", false},
    {"print 'Python 2'\n", "", false},
    {"", "", false},
};

TEST(examples)
{
    g_autofree char *folder = g_dir_make_tmp("project-XXXXXX", NULL);
    g_autofree char *setup = g_build_filename(folder, "setup.py", NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(examples); i++) {
        const Example *example = &examples[i];
        g_autofree char *whole = g_strconcat("[project]\nname = 'app'\n", example->tables, NULL);
        g_autoptr(Source) source = source_new("pyproject.toml", whole, strlen(whole));
        g_autoptr(Diags) diags = diags_new();
        g_autoptr(Pyproject) project = pyproject_read(source, diags);
        g_assert_nonnull(project);
        if (example->setup)
            g_assert_true(g_file_set_contents(setup, example->setup, -1, NULL));
        if (project_only_copies(project, folder) != example->copies)
            g_error("example %zu: %s%s", i, example->setup ? example->setup : "", example->tables);
        g_unlink(setup);
    }
    g_rmdir(folder);
}
