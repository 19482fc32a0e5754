#include "lock/base_constraints.h"

#include "base/limits.h"
#include "lock/base_tree.h"
#include "python/pip_inputs.h"
#include "python/requirements_file.h"

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
        if (one->looked_at)
            continue;
        g_autoptr(GBytes) bytes = file_tree_read(files, one->path, LIMIT_REQUIREMENTS_BYTES);
        g_autofree char *resolved = bytes ? NULL : file_tree_resolve(files, one->path);
        if (!resolved || file_tree_kind(files, resolved) != TREE_FILE)
            continue;
        g_strv_builder_add(paths, resolved);
        any = true;
    }
    return any ? g_strv_builder_end(paths) : NULL;
}

static bool has_path(const BaseFacts *facts, const char *path)
{
    for (guint i = 0; i < facts->constraints->len; i++) {
        if (g_str_equal(((const BaseConstraints *)facts->constraints->pdata[i])->path, path))
            return true;
    }
    return false;
}

static void add_file(BaseFacts *facts, const char *path, bool included)
{
    if (facts->constraints->len >= LIMIT_REQUIREMENTS_FILES || (included && has_path(facts, path)))
        return;
    BaseConstraints *one = g_new0(BaseConstraints, 1);
    one->path = g_strdup(path);
    one->included = included;
    g_ptr_array_add(facts->constraints, one);
}

/* What the file includes; mistakes in it are said when it is applied. */
static void add_included(BaseFacts *facts, const BaseConstraints *one)
{
    g_autoptr(Source) text = one->source ? requirements_file_decode(one->source, NULL) : NULL;
    g_auto(GStrv) paths = text ? pip_file_includes(text, one->path) : NULL;
    for (size_t i = 0; paths && paths[i]; i++)
        add_file(facts, paths[i], true);
}

static gboolean read_more(BaseFacts *facts, const FileTree *files, const BaseRequest *request,
                          GError **error)
{
    g_auto(GStrv) paths = paths_to_fetch(facts, files);
    g_autoptr(BaseTree) tree =
        paths ? base_tree_open(request, (const char *const *)paths, error) : NULL;
    if (paths && !tree)
        return FALSE;
    FileTree again = tree ? base_tree_files(tree) : *files;
    guint count = facts->constraints->len;
    for (guint i = 0; i < count; i++) {
        BaseConstraints *one = facts->constraints->pdata[i];
        if (one->looked_at)
            continue;
        one->looked_at = true;
        if (g_path_is_absolute(one->path))
            read_one(one, &again);
        add_included(facts, one);
    }
    return TRUE;
}

gboolean base_constraints_read(BaseFacts *facts, const FileTree *files, const BaseRequest *request,
                               GError **error)
{
    facts->constraints = g_ptr_array_new_with_free_func(constraints_free);
    char **names = facts->pip_config ? facts->pip_config->constraints : NULL;
    for (size_t i = 0; names && names[i]; i++)
        add_file(facts, names[i], false);
    for (guint known = 0; known < facts->constraints->len;) {
        known = facts->constraints->len;
        if (!read_more(facts, files, request, error))
            return FALSE;
    }
    return TRUE;
}
