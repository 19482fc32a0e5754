/* `index: auto` of a pip stage: the newest CUDA build that the recipe's `host` allows.
 *
 * Builds whose own driver the host has come first, newest first. Then those of the same major
 * version, oldest first: any driver of a major version runs them. Builds whose compiler makes
 * no code for a GPU of `host` are left out. The first index that satisfies the stage is taken. */
#include "lock/solve_cuda.h"

#include "recipe/config.h"
#include "recipe/index_names.h"

/* A capability that the table lacks rules nothing out. */
static bool has_code_for_gpus(const Recipe *recipe, const char *cuda)
{
    for (guint i = 0; i < recipe->gpus->len; i++) {
        const GpuTarget *gpu = recipe->gpus->pdata[i];
        const GpuTable *table = recipe->tables->gpus;
        if (gpu_table_find_capability(table, gpu->capability) &&
            !gpu_table_has_code(table, gpu->capability, cuda))
            return false;
    }
    return true;
}

/* The CUDA version that every allowed driver has; NULL: the recipe says nothing of it. */
static const char *allowed_cuda(const Recipe *recipe)
{
    const RecipeHost *host = recipe->config->host;
    if (!host)
        return NULL;
    const char *driver = host->min_driver.text;
    const char *by_driver = driver ? driver_table_cuda_of(recipe->tables->drivers, driver) : NULL;
    const char *cuda = host->min_cuda.text;
    if (driver && !by_driver)
        by_driver = "0";
    if (!cuda || !by_driver)
        return cuda ? cuda : by_driver;
    return dotted_compare(cuda, by_driver) > 0 ? cuda : by_driver;
}

static void add_index(GPtrArray *names, const Recipe *recipe, const char *cuda)
{
    char *name = has_code_for_gpus(recipe, cuda) ? cuda_index_name(cuda) : NULL;
    if (name)
        g_ptr_array_add(names, name);
}

GPtrArray *solve_cuda_indexes(const Recipe *recipe)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    const GPtrArray *toolkits = recipe->tables->drivers->toolkits;
    const char *allowed = allowed_cuda(recipe);
    for (guint i = toolkits->len; i-- > 0;) {
        const DriverToolkit *toolkit = toolkits->pdata[i];
        if (!allowed || dotted_compare(toolkit->cuda.text, allowed) <= 0)
            add_index(names, recipe, toolkit->cuda.text);
    }
    guint64 major = allowed ? g_ascii_strtoull(allowed, NULL, 10) : 0;
    for (guint i = 0; allowed && i < toolkits->len; i++) {
        const DriverToolkit *toolkit = toolkits->pdata[i];
        if (dotted_compare(toolkit->cuda.text, allowed) > 0 &&
            g_ascii_strtoull(toolkit->cuda.text, NULL, 10) == major)
            add_index(names, recipe, toolkit->cuda.text);
    }
    return names;
}

GError *solve_cuda_refusal(const Stage *stage, const Recipe *recipe, const GPtrArray *tried)
{
    GError *error = NULL;
    const RecipeHost *host = recipe->config->host;
    error_set(&error, ERROR_INPUT, stage->body.pip->index.at,
              "stage '%s' can't be solved: no build for a CUDA version that `host` allows has what "
              "it asks for",
              stage->name);
    g_autoptr(GString) names = g_string_new(NULL);
    for (guint i = 0; i < tried->len; i++)
        g_string_append_printf(names, "%s%s", i ? ", " : "", (const char *)tried->pdata[i]);
    if (tried->len > 0)
        error_add_note(error, SPAN_NONE, "none of these indexes has it: %s", names->str);
    else
        error_add_note(error, host ? host->at : SPAN_NONE,
                       "no CUDA version runs on every driver and every GPU that is named");
    error_set_hint(error, "name the version (`cuda: 12.4`, or an index such as cu124) to see what "
                          "stands against it, or change `host:`");
    return error;
}
