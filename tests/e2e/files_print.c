/* files_print RECIPE: what `files:`, `remove:`, `user:` and `workdir:` change over the recipe's
 * base, one path a line: "KIND MODE UID:GID SHA256-OR-TARGET PATH", or "gone PATH". */
#include "base/digest.h"
#include "lock/base_tree.h"
#include "plan/stage_files_tree.h"

#include <unistd.h>

static Recipe *load(const char *path, RecipeFile **ret_file)
{
    g_autoptr(Diags) diags = diags_new();
    RecipeOptions options = {0};
    *ret_file = recipe_file_load(path, &options, diags);
    Recipe *recipe = *ret_file ? recipe_decode(*ret_file, NULL, &options, diags) : NULL;
    if (!recipe) {
        g_autofree char *text = diags_format(diags, false);
        fputs(text, stderr);
    }
    return recipe;
}

static gboolean apply(MergedTree *tree, const Recipe *recipe, GError **error)
{
    guint count = recipe->stages->len;
    for (guint i = 0; i < count; i++) {
        const Stage *stage = recipe->stages->pdata[i];
        if (stage->kind == STAGE_FILES && !tree_add_files(tree, recipe, stage, i, error))
            return FALSE;
        if (stage->kind == STAGE_REMOVE && !tree_remove_globs(tree, stage, i, error))
            return FALSE;
    }
    return tree_add_user(tree, recipe, count, error) &&
           tree_add_workdir(tree, recipe, count, error);
}

static void print_entry(GString *out, MergedTree *tree, const TreeEntry *entry)
{
    g_autoptr(GBytes) bytes =
        entry->kind == ENTRY_FILE ? merged_tree_read(tree, entry->path, STAGE_FILE_BYTES) : NULL;
    gsize length = bytes ? g_bytes_get_size(bytes) : 0;
    g_autofree char *digest =
        bytes ? digest_sha256(length ? g_bytes_get_data(bytes, NULL) : "", length) : NULL;
    const char *kind = entry->kind == ENTRY_FILE ? "file" : entry->target ? "link" : "dir";
    g_string_append_printf(out, "%s %04o %u:%u %s %s\n", kind, entry->mode, (unsigned)entry->uid,
                           (unsigned)entry->gid,
                           digest          ? digest
                           : entry->target ? entry->target
                                           : "-",
                           entry->path);
}

static gboolean print(const Recipe *recipe, const char *dir, GError **error)
{
    g_autoptr(GPtrArray) wanted = tree_wanted_base_paths(recipe);
    g_ptr_array_add(wanted, NULL);
    BaseRequest request = {.reference = recipe->base.reference,
                           .base_dir = dir,
                           .platform = ((const Text *)recipe->platforms->pdata[0])->text};
    g_autoptr(BaseTree) base = base_tree_open(&request, (const char *const *)wanted->pdata, error);
    if (!base)
        return FALSE;
    g_autoptr(MergedTree) tree = merged_tree_new(base->root);
    if (!apply(tree, recipe, error))
        return FALSE;
    g_autoptr(GString) out = g_string_new(NULL);
    const GPtrArray *entries = merged_tree_entries(tree);
    for (guint i = 0; i < entries->len; i++)
        print_entry(out, tree, entries->pdata[i]);
    const GPtrArray *gone = merged_tree_whiteouts(tree);
    for (guint i = 0; i < gone->len; i++)
        g_string_append_printf(out, "gone %s\n", (const char *)gone->pdata[i]);
    return fwrite(out->str, 1, out->len, stdout) == out->len;
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    RecipeFile *file;
    g_autoptr(Recipe) recipe = load(argv[1], &file);
    if (!recipe)
        return 1;
    GError *error = NULL;
    g_autofree char *full = g_canonicalize_filename(argv[1], NULL);
    g_autofree char *dir = g_path_get_dirname(full);
    gboolean ok = print(recipe, dir, &error);
    if (!ok) {
        g_autofree char *text = error_format(error, "error", false);
        fputs(text, stderr);
    }
    g_clear_error(&error);
    recipe_file_unref(file);
    return ok ? 0 : 1;
}
