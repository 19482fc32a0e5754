#include "check/own_modules.h"

#include "check/native_rules.h"
#include "recipe/config.h"

/* Folders of sys.path, those that come before all others first. */
static GPtrArray *search_folders(const CheckRun *run, const char *const *env, guint *ret_before)
{
    GPtrArray *folders = g_ptr_array_new_with_free_func(g_free);
    const char *workdir = run->recipe->config->workdir.text;
    const char *listed = native_find_env(env, "PYTHONPATH");
    g_auto(GStrv) more = g_strsplit(listed ? listed : "", ":", -1);
    g_ptr_array_add(folders, g_strdup(workdir ? workdir : "/"));
    for (char **one = more; *one; one++) {
        if (g_path_is_absolute(*one))
            g_ptr_array_add(folders, g_strdup(*one));
    }
    *ret_before = folders->len;
    g_ptr_array_add(folders, g_strdup(file_space_site(run->space)));
    return folders;
}

static bool is_file(const CheckRun *run, const char *folder, const char *name, const char *end)
{
    g_autofree char *path = g_strconcat(folder, "/", name, end, NULL);
    return image_files_find(run->image, path) != NULL;
}

/* A file of a stage is below it: a package without __init__.py. */
static bool is_namespace(const CheckRun *run, const char *folder, const char *name)
{
    g_autofree char *prefix = g_strconcat(folder, "/", name, "/", NULL);
    const GPtrArray *entries = image_files_entries(run->image);
    for (guint i = 0; i < entries->len; i++) {
        const TreeEntry *entry = entries->pdata[i];
        if (g_str_has_prefix(entry->path, prefix) && g_str_has_suffix(entry->path, ".py"))
            return true;
    }
    return false;
}

/* The folder in which Python finds the first part of the name; NULL: not among the stages' files,
 * or what is installed comes before. `missing`: it is not installed. */
static const char *own_folder(const CheckRun *run, const char *const *env, const char *module,
                              bool missing)
{
    guint before;
    g_autoptr(GPtrArray) folders = search_folders(run, env, &before);
    g_autofree char *top = g_strndup(module, strcspn(module, ".:"));
    for (guint i = 0; i < folders->len; i++) {
        const char *folder = folders->pdata[i];
        folder = g_str_equal(folder, "/") ? "" : folder;
        bool plain = is_file(run, folder, top, ".py") || is_file(run, folder, top, "/__init__.py");
        if ((plain && (missing || i < before)) || (missing && is_namespace(run, folder, top)))
            return g_intern_string(*folder ? folder : "/");
    }
    return NULL;
}

/* Whether the module's first part, or all of it, was not found. */
static bool is_missing(const ImportVerdict *verdict, const char *module)
{
    g_autofree char *top = g_strndup(module, strcspn(module, ".:"));
    g_autofree char *said = g_strdup_printf("No module named '%s", top);
    return verdict && verdict->outcome == IMPORT_FAILS && verdict->chain->len == 0 &&
           g_str_has_prefix(verdict->message ? verdict->message : "", said);
}

static void make_unknown(ImportVerdict **verdict, const char *folder)
{
    import_verdict_free(*verdict);
    *verdict = import_verdict_new();
    (*verdict)->outcome = IMPORT_UNKNOWN;
    (*verdict)->message = g_strdup_printf(
        "it is among the files that stages put into %s, which imports are not followed into",
        folder);
}

void own_modules_settle(const CheckRun *run, const char *const *env)
{
    for (guint i = 0; run->roots && i < run->roots->len; i++) {
        ImportRoot *root = run->roots->pdata[i];
        const char *folder =
            root->kind == ROOT_CHECK
                ? own_folder(run, env, root->name, is_missing(root->build, root->name))
                : NULL;
        if (!folder)
            continue;
        make_unknown(&root->build, folder);
        make_unknown(&root->run, folder);
    }
    for (guint i = 0; run->found && i < run->found->len; i++) {
        ImportFound *found = run->found->pdata[i];
        const char *folder =
            own_folder(run, env, found->text, is_missing(found->verdict, found->text));
        if (folder)
            make_unknown(&found->verdict, folder);
    }
}
