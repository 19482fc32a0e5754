/* For which GPUs torch has code: by the list of architectures in its own library, as check's rules
 * judge it, from what an earlier run has read; else by what the compiler of its CUDA version knows.
 */
#include "diff/diff_private.h"

#include "check/gpu_coverage.h"
#include "lock/environment_cuda.h"

#include <string.h>

static const char *const coverage_names[] = {
    [DIFF_NO_TORCH] = "no torch",      [DIFF_UNKNOWN] = "not known",
    [DIFF_POSSIBLE] = "can have code", [DIFF_NO_NATIVE] = "no native code",
    [DIFF_SERVED] = "has code",        [DIFF_NOT_SERVED] = "no code",
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
    const GPtrArray *environment = diff_environment(side->target);
    if (!diff_find(environment, "torch"))
        return DIFF_NO_TORCH;
    if (!side->torch || !side->torch->torch_arches) {
        g_autofree char *cuda = environment_cuda(environment);
        if (!cuda || !side->tables)
            return DIFF_UNKNOWN;
        return gpu_table_has_code(side->tables->gpus, capability, cuda) ? DIFF_POSSIBLE
                                                                        : DIFF_NO_NATIVE;
    }
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
        add_gpu(diff, g_strdup_printf("sm_%u (%s)", one->capability, one->name), one->capability);
    }
}

static int compare_gpus(const void *a, const void *b)
{
    const DiffGpu *left = *(const DiffGpu *const *)a, *right = *(const DiffGpu *const *)b;
    if (left->capability != right->capability)
        return left->capability < right->capability ? -1 : 1;
    return g_strcmp0(left->name, right->name);
}

/* Whether one has code for it and the other has none: what only can be is no difference to what is.
 */
static bool is_difference(const DiffGpu *gpu)
{
    DiffCoverage low = MIN(gpu->before, gpu->after), high = MAX(gpu->before, gpu->after);
    return (low == DIFF_POSSIBLE && high == DIFF_NO_NATIVE) ||
           (low == DIFF_NO_NATIVE && high == DIFF_SERVED) ||
           (low == DIFF_SERVED && high == DIFF_NOT_SERVED);
}

/* GPUs that differ in the same way are one fact. */
static void add_fact(Diff *diff, guint first)
{
    const DiffGpu *gpu = diff->gpus->pdata[first];
    g_autoptr(GString) subject = g_string_new("code for ");
    for (guint i = 0; i < diff->gpus->len; i++) {
        const DiffGpu *other = diff->gpus->pdata[i];
        if (other->before != gpu->before || other->after != gpu->after)
            continue;
        if (i < first)
            return;
        g_string_append_printf(subject, "%s%.*s", i > first ? ", " : "",
                               (int)strcspn(other->name, "("), other->name);
        while (subject->str[subject->len - 1] == ' ')
            g_string_truncate(subject, subject->len - 1);
    }
    diff_add_fact(diff, DIFF_TOPIC_GPU, subject->str, g_strdup(coverage_names[gpu->before]),
                  g_strdup(coverage_names[gpu->after]));
}

void diff_compare_gpus(Diff *diff)
{
    bool any = diff_find(diff_environment(diff->a.target), "torch") ||
               diff_find(diff_environment(diff->b.target), "torch");
    if (!any)
        return;
    add_targets(diff, diff->a.recipe);
    add_targets(diff, diff->b.recipe);
    if (diff->gpus->len == 0)
        add_families(diff);
    bool named = (diff->a.recipe && diff->a.recipe->gpus->len > 0) ||
                 (diff->b.recipe && diff->b.recipe->gpus->len > 0);
    for (guint i = diff->gpus->len; i-- > 0 && !named;) {
        if (!is_difference(diff->gpus->pdata[i]))
            g_ptr_array_remove_index(diff->gpus, i);
    }
    g_ptr_array_sort(diff->gpus, compare_gpus);
    for (guint i = 0; i < diff->gpus->len; i++) {
        if (is_difference(diff->gpus->pdata[i]))
            add_fact(diff, i);
    }
}
