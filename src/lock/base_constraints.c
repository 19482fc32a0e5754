#include "lock/base_constraints.h"

#include "base/limits.h"
#include "lock/base_tree.h"

static void constraints_free(void *data)
{
    BaseConstraints *constraints = data;
    g_free(constraints->path);
    source_unref(constraints->source);
    g_free(constraints->problem);
    g_free(constraints);
}

static void read_one(BaseConstraints *constraints, const FileTree *files)
{
    g_autoptr(GBytes) bytes = file_tree_read(files, constraints->path, LIMIT_REQUIREMENTS_BYTES);
    g_autofree char *name = g_strconcat("base:", constraints->path, NULL);
    gsize length = 0;
    const char *text = bytes ? g_bytes_get_data(bytes, &length) : NULL;
    TreeKind kind = file_tree_kind(files, constraints->path);
    if (bytes)
        constraints->source = source_new(name, text ? text : "", length);
    else if (kind == TREE_ABSENT)
        constraints->problem = g_strdup("there is no such file");
    else
        constraints->problem = kind == TREE_FILE ? g_strdup_printf("it has more than %lu MiB",
                                                                   LIMIT_REQUIREMENTS_BYTES / MIB)
                                                 : g_strdup("it is no file");
}

/* Of an image only those contents are at hand that were asked for: these are not known before its
 * configuration is. Returns the paths, links resolved, or NULL. */
static char **paths_to_fetch(const BaseFacts *facts, const FileTree *files)
{
    g_autoptr(GStrvBuilder) paths = g_strv_builder_new();
    bool any = false;
    for (guint i = 0; i < facts->constraints->len; i++) {
        const BaseConstraints *one = facts->constraints->pdata[i];
        g_autoptr(GBytes) bytes = file_tree_read(files, one->path, LIMIT_REQUIREMENTS_BYTES);
        g_autofree char *resolved = bytes ? NULL : file_tree_resolve(files, one->path);
        if (!resolved || file_tree_kind(files, resolved) != TREE_FILE)
            continue;
        g_strv_builder_add(paths, resolved);
        any = true;
    }
    return any ? g_strv_builder_end(paths) : NULL;
}

gboolean base_constraints_read(BaseFacts *facts, const FileTree *files, const BaseRequest *request,
                               GError **error)
{
    facts->constraints = g_ptr_array_new_with_free_func(constraints_free);
    char **names = facts->pip_config ? facts->pip_config->constraints : NULL;
    for (size_t i = 0; names && names[i]; i++) {
        BaseConstraints *one = g_new0(BaseConstraints, 1);
        one->path = g_strdup(names[i]);
        g_ptr_array_add(facts->constraints, one);
    }
    g_auto(GStrv) paths = paths_to_fetch(facts, files);
    g_autoptr(BaseTree) tree =
        paths ? base_tree_open(request, (const char *const *)paths, error) : NULL;
    if (paths && !tree)
        return FALSE;
    FileTree again = tree ? base_tree_files(tree) : *files;
    for (guint i = 0; i < facts->constraints->len; i++) {
        BaseConstraints *one = facts->constraints->pdata[i];
        if (g_path_is_absolute(one->path))
            read_one(one, &again);
    }
    return TRUE;
}
