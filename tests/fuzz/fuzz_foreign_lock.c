/* Lock files of other tools: what is read can be selected from, and each package of a selection has
 * a name, and a version or a file of its own. */
#include "fuzz.h"

#include "base/limits.h"
#include "python/foreign_lock.h"
#include "python/pyproject.h"

static void select_from(const ForeignLock *lock)
{
    g_autoptr(MarkerEnvironment) markers = marker_environment_new_empty();
    marker_environment_set(markers, "sys_platform", "linux");
    marker_environment_set(markers, "python_full_version", "3.12.1");
    marker_environment_set(markers, "python_version", "3.12");
    g_autoptr(Version) python = version_parse("3.12.1", NULL);
    const char *const names[] = {"cli", "dev", NULL};
    g_autoptr(Requirement) root = requirement_parse("web[fast]", NULL);
    g_autoptr(GPtrArray) roots = g_ptr_array_new();
    g_ptr_array_add(roots, root);
    for (unsigned i = 0; i < 4; i++) {
        LockSelection selection = {markers, python, i & 1 ? names : NULL, i & 2 ? names : NULL,
                                   roots};
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) packages = foreign_lock_select(lock, &selection, &error);
        g_assert_true((packages != NULL) == (error == NULL));
        for (guint k = 0; packages && k < packages->len; k++) {
            const LockedPackage *package = packages->pdata[k];
            g_assert_nonnull(package->name);
            g_assert_cmpuint(package->at.line, >, 0);
        }
    }
}

static void read_project(Source *source, Diags *diags)
{
    g_autoptr(Pyproject) project = pyproject_read(source, diags);
    if (!project)
        return;
    g_auto(GStrv) extras = pyproject_extras(project), groups = pyproject_groups(project);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) lines = pyproject_requirements(project, (const char *const *)extras,
                                                        (const char *const *)groups, &error);
    g_assert_true((lines != NULL) == (error == NULL));
}

/* The first byte chooses the name of the file. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"pylock.toml", "uv.lock", "poetry.lock", "any.lock"};
    if (size < 2 || size > 64 * KIB)
        return 0;
    g_autoptr(Source) source =
        source_new(names[data[0] % G_N_ELEMENTS(names)], (const char *)data + 1, size - 1);
    g_autoptr(Diags) diags = diags_new();
    g_autoptr(ForeignLock) lock = foreign_lock_read(source, diags);
    if (lock)
        select_from(lock);
    else
        g_assert_cmpuint(diags_errors(diags), >, 0);
    read_project(source, diags);
    return 0;
}
