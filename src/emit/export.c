#include "emit/export.h"

#include "emit/dockerfile_pins.h"
#include "recipe/index_names.h"

GPtrArray *export_files(const Plan *plan)
{
    GPtrArray *files = g_ptr_array_new();
    const LockStage *last = lock_target_last(plan->target);
    for (guint i = 0; last && i < last->environment->len; i++) {
        const LockDistribution *distribution = last->environment->pdata[i];
        if (distribution->file && !distribution->ghost)
            g_ptr_array_add(files, distribution->file);
    }
    return files;
}

GString *export_begin(const Plan *plan, const char *source, const char *what)
{
    GString *out = g_string_new(NULL);
    g_string_append_printf(out,
                           "# Made by ramekin from %s, Python %s; change the recipe, not this "
                           "file.\n# %s\n",
                           source, plan->target->base.python, what);
    return out;
}

char *export_constraints(const Plan *plan, const char *source)
{
    GString *out = export_begin(plan, source, "Everything that is installed after the last stage.");
    const LockStage *last = lock_target_last(plan->target);
    for (guint i = 0; last && i < last->environment->len; i++) {
        const LockDistribution *distribution = last->environment->pdata[i];
        if (!distribution->ghost)
            g_string_append_printf(out, "%s==%s\n", distribution->name, distribution->version);
    }
    return g_string_free(out, FALSE);
}

static bool may_have_hashes(const GPtrArray *files)
{
    for (guint i = 0; i < files->len; i++) {
        const LockFile *file = files->pdata[i];
        if (file->source == LOCK_SOURCE_GIT || !file->sha256)
            return false;
    }
    return true;
}

char *export_index_url(const Recipe *recipe, const char *name)
{
    for (guint i = 0; i < recipe->indexes->len; i++) {
        const RecipeIndex *index = recipe->indexes->pdata[i];
        if (g_str_equal(index->name, name))
            return g_strdup(index->url);
    }
    return builtin_index_url(name);
}

/* Each index once, in the order of the files. The reader's own default index stays the default,
 * unless the recipe says where that is. */
static void append_indexes(GString *out, const Recipe *recipe, const GPtrArray *files)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < files->len; i++) {
        const LockFile *file = files->pdata[i];
        if (file->source != LOCK_SOURCE_INDEX || !g_hash_table_add(seen, file->source_name))
            continue;
        g_autofree char *url = export_index_url(recipe, file->source_name);
        bool is_main = g_str_equal(file->source_name, "main");
        if (url)
            g_string_append_printf(out, "--%s %s\n", is_main ? "index-url" : "extra-index-url",
                                   url);
        else if (!is_main)
            g_string_append_printf(out, "# and the index '%s' of the recipe's machine\n",
                                   file->source_name);
    }
}

char *export_requirements(const Plan *plan, const char *source)
{
    g_autoptr(GPtrArray) files = export_files(plan);
    bool hashes = may_have_hashes(files);
    GString *out =
        export_begin(plan, source,
                     hashes ? "Install with: pip install --no-deps --require-hashes -r FILE"
                            : "Install with: pip install --no-deps -r FILE; without hashes, "
                              "which pip can't check of what comes from git.");
    append_indexes(out, plan->recipe, files);
    for (guint i = 0; i < files->len; i++) {
        const LockFile *file = files->pdata[i];
        g_autofree char *line = hashes || file->source != LOCK_SOURCE_INDEX
                                    ? pins_file_line(file, ".")
                                    : g_strdup_printf("%s==%s", file->name, file->version);
        g_string_append_printf(out, "%s\n", line);
    }
    return g_string_free(out, FALSE);
}
