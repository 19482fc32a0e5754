/* `arch:` items: that torch and its extensions have code for GPUs. */
#include "check/gpu_coverage.h"
#include "check/verdict.h"

static void decide(const Verdict *verdict, const Text *text, const GpuTarget *gpu)
{
    g_autofree char *reason = NULL;
    char *item = g_strdup(gpu->name);
    switch (gpu_covers(verdict->run, gpu->capability, &reason)) {
    case COVERS_ALL:
        verdict_holds(verdict, item);
        break;
    case COVERS_NOT:
        if (g_str_equal(text->text, "all"))
            verdict_fails_silently(verdict, item, g_steal_pointer(&reason));
        else
            verdict_fails(verdict, item, text->at, g_steal_pointer(&reason));
        break;
    case COVERS_OPEN:
        verdict_unknown(verdict, item, g_steal_pointer(&reason));
        break;
    }
}

void verdict_arch(const Verdict *verdict)
{
    const Recipe *recipe = verdict->run->recipe;
    for (guint i = 0; i < verdict->check->items->len; i++) {
        const Text *text = verdict->check->items->pdata[i];
        g_autoptr(GPtrArray) gpus = g_ptr_array_new_with_free_func(gpu_target_free);
        g_autoptr(GError) error = NULL;
        bool all = g_str_equal(text->text, "all");
        if (!all && recipe->tables)
            gpu_table_resolve(recipe->tables->gpus, text->text, text->at, gpus, &error);
        const GPtrArray *wanted = all ? recipe->gpus : gpus;
        if (error)
            verdict_fails(verdict, verdict_item(text), text->at, g_strdup(error->message));
        else if (wanted->len == 0)
            verdict_unknown(verdict, verdict_item(text), g_strdup("`host: {gpus}` names no GPU"));
        for (guint k = 0; k < wanted->len; k++)
            decide(verdict, text, wanted->pdata[k]);
    }
}
