/* `remove:` stages: globs over a merged tree, as a shell expands them. */
#include "dockerfile/glob.h"
#include "plan/stage_tree_private.h"
#include "recipe/stage_remove.h"

typedef struct {
    const MergedTree *tree;
    Span at;
    GPtrArray *found; /* char *: paths that are to go */
} Search;

/* Links on the way are followed, as the file system does; the last part is taken as it is. */
static gboolean search(const Search *at, const char *folder, char *const *parts, GError **error)
{
    if (!*parts) {
        if (merged_tree_stat(at->tree, folder, false) != PATH_NONE)
            g_ptr_array_add(at->found, g_strdup(folder));
        return TRUE;
    }
    if (**parts == '\0')
        return search(at, folder, parts + 1, error);
    if (!strpbrk(*parts, "*?[")) {
        g_autofree char *path = g_strconcat(folder, "/", *parts, NULL);
        return search(at, path, parts + 1, error);
    }
    g_autoptr(Glob) glob = glob_new(*parts, GLOB_SHELL, at->at, error);
    if (!glob)
        return FALSE;
    g_autofree char *real = merged_tree_resolve(at->tree, *folder ? folder : "/", true);
    g_autoptr(GPtrArray) names = real ? merged_tree_list(at->tree, real) : NULL;
    for (guint i = 0; names && i < names->len; i++) {
        g_autofree char *path = g_strconcat(folder, "/", names->pdata[i], NULL);
        if (glob_matches(glob, names->pdata[i]) && !search(at, path, parts + 1, error))
            return FALSE;
    }
    return TRUE;
}

gboolean tree_remove_globs(MergedTree *tree, const Stage *stage, unsigned index, GError **error)
{
    const RemoveStage *body = stage->body.remove;
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < body->paths->len; i++) {
        const Text *text = body->paths->pdata[i];
        g_auto(GStrv) parts = g_strsplit(text->text, "/", -1);
        Search at = {tree, text->at, found};
        if (!search(&at, "", parts, error))
            return FALSE;
    }
    for (guint i = 0; i < found->len; i++)
        merged_tree_remove_all(tree, found->pdata[i]);
    return TRUE;
}
