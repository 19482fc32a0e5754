/* For which GPUs torch has code, by the list of architectures in its own library: what check's
 * rules say of it, from what an earlier run has read. */
#include "diff/diff_private.h"

#include "check/gpu_coverage.h"

static const char *const coverage_names[] = {
    [DIFF_NO_TORCH] = "no torch",
    [DIFF_UNKNOWN] = "not known",
    [DIFF_SERVED] = "has code",
    [DIFF_NOT_SERVED] = "no code",
};

const char *diff_coverage_name(DiffCoverage coverage)
{
    return coverage_names[coverage];
}

void diff_gpu_free(void *data)
{
    DiffGpu *gpu = data;
    g_free(gpu->name);
    g_free(gpu);
}

static DiffCoverage coverage_of(const DiffSide *side, unsigned capability)
{
    if (!diff_find(diff_environment(side->target), "torch"))
        return DIFF_NO_TORCH;
    if (!side->torch || !side->torch->torch_arches)
        return DIFF_UNKNOWN;
    return gpu_list_serves(side->torch, capability) ? DIFF_SERVED : DIFF_NOT_SERVED;
}

static bool is_listed(const GPtrArray *gpus, const char *name)
{
    for (guint i = 0; i < gpus->len; i++) {
        if (g_str_equal(((const DiffGpu *)gpus->pdata[i])->name, name))
            return true;
    }
    return false;
}

static void add_gpu(Diff *diff, char *take_name, unsigned capability)
{
    if (is_listed(diff->gpus, take_name)) {
        g_free(take_name);
        return;
    }
    DiffGpu *gpu = g_new(DiffGpu, 1);
    *gpu = (DiffGpu){take_name, capability, coverage_of(&diff->a, capability),
                     coverage_of(&diff->b, capability)};
    g_ptr_array_add(diff->gpus, gpu);
}

static void add_targets(Diff *diff, const Recipe *recipe)
{
    for (guint i = 0; recipe && i < recipe->gpus->len; i++) {
        const GpuTarget *target = recipe->gpus->pdata[i];
        add_gpu(diff, g_strdup(target->name), target->capability);
    }
}

static void add_families(Diff *diff)
{
    const HostTables *tables = diff->b.tables ? diff->b.tables : diff->a.tables;
    for (guint i = 0; tables && i < tables->gpus->capabilities->len; i++) {
        const GpuCapability *one = tables->gpus->capabilities->pdata[i];
        add_gpu(diff, g_strdup_printf("%s sm_%u", one->name, one->capability), one->capability);
    }
}

static int compare_gpus(const void *a, const void *b)
{
    const DiffGpu *left = *(const DiffGpu *const *)a, *right = *(const DiffGpu *const *)b;
    if (left->capability != right->capability)
        return left->capability < right->capability ? -1 : 1;
    return g_strcmp0(left->name, right->name);
}

static char *coverage_text(DiffCoverage coverage)
{
    return coverage == DIFF_NO_TORCH ? NULL : g_strdup(coverage_names[coverage]);
}

void diff_compare_gpus(Diff *diff)
{
    bool any = diff_find(diff_environment(diff->a.target), "torch") ||
               diff_find(diff_environment(diff->b.target), "torch");
    if (!any)
        return;
    add_targets(diff, diff->a.recipe);
    add_targets(diff, diff->b.recipe);
    if (diff->gpus->len == 0 && (diff->a.torch || diff->b.torch))
        add_families(diff);
    g_ptr_array_sort(diff->gpus, compare_gpus);
    for (guint i = 0; i < diff->gpus->len; i++) {
        const DiffGpu *gpu = diff->gpus->pdata[i];
        g_autofree char *subject = g_strdup_printf("code for %s", gpu->name);
        bool known = gpu->before != DIFF_UNKNOWN && gpu->after != DIFF_UNKNOWN;
        bool told = gpu->before != DIFF_NO_TORCH && gpu->after != DIFF_NO_TORCH;
        if (known && told)
            diff_add_fact(diff, DIFF_TOPIC_GPU, subject, coverage_text(gpu->before),
                          coverage_text(gpu->after));
    }
}
