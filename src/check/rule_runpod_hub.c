/* What `runpod: hub` says of the machines, in the platform's own keys, against what is installed:
 * the GPUs that gpuIds and gpuTypeId let workers and tests run on, and the CUDA versions of hosts
 * (RunPod's documentation of hub.json and tests.json: pool names and GPU type ids, "-ID" takes one
 * out of its pool; allowedCudaVersions names versions, not a floor). */
#include "check/gpu_coverage.h"
#include "check/native_rules.h"
#include "check/rules.h"
#include "check/torch_facts.h"
#include "plan/layout.h"
#include "recipe/config.h"

static void add_unknown(CheckRun *run, const Node *node, const char *name, const GError *error)
{
    Finding *finding = check_add(
        run, "runpod-gpu", node->at,
        g_strdup_printf("`runpod: hub` names the GPU or pool %s, which is in no table", name));
    finding->severity = SEVERITY_WARNING;
    finding->hint = g_strdup(error_hint(error));
}

/* The GPUs that workers may get: GpuTarget. Names that no table has are told. */
static GPtrArray *allowed_gpus(CheckRun *run, const Node *node, GPtrArray *excluded)
{
    GPtrArray *targets = g_ptr_array_new_with_free_func(gpu_target_free);
    g_auto(GStrv) names = g_strsplit(node->text, ",", -1);
    for (guint i = 0; names[i]; i++) {
        const char *name = g_strstrip(names[i]);
        bool out = *name == '-';
        name += out;
        g_autoptr(GError) error = NULL;
        GPtrArray *list = out ? excluded : targets;
        if (*name && !gpu_table_resolve(run->recipe->tables->gpus, name, node->at, list, &error))
            add_unknown(run, node, name, error);
    }
    return targets;
}

static bool is_excluded(const GPtrArray *excluded, const GpuTarget *gpu)
{
    for (guint i = 0; i < excluded->len; i++) {
        if (gpu->model && ((const GpuTarget *)excluded->pdata[i])->model == gpu->model)
            return true;
    }
    return false;
}

static char *name_gpu(const GpuTarget *gpu)
{
    return gpu->pool ? g_strdup_printf("%s (of %s)", gpu->name, gpu->pool->name)
                     : g_strdup(gpu->name);
}

/* One finding for a key: the GPUs that it lets in and what stands against each. */
static void judge_gpus(CheckRun *run, const char *key, const Node *node)
{
    if (!node || node->kind != NODE_SCALAR || !run->recipe->tables)
        return;
    g_autoptr(GPtrArray) excluded = g_ptr_array_new_with_free_func(gpu_target_free);
    g_autoptr(GPtrArray) gpus = allowed_gpus(run, node, excluded);
    g_autoptr(GPtrArray) lines = g_ptr_array_new();
    const RecipeHost *host = run->recipe->config->host;
    for (guint i = 0; i < gpus->len; i++) {
        const GpuTarget *gpu = gpus->pdata[i];
        g_autofree char *name = name_gpu(gpu), *reason = NULL;
        if (is_excluded(excluded, gpu))
            continue;
        if (lock_target_is_solved(run->target) &&
            gpu_covers(run, gpu->capability, &reason) == COVERS_NOT) {
            g_ptr_array_add(lines, g_strdup_printf("%s: %s", name, reason));
        } else if (host && gpu->model && gpu->model->vram < host->min_vram) {
            g_autofree char *has = layout_size(gpu->model->vram);
            g_autofree char *wants = layout_size(host->min_vram);
            g_ptr_array_add(lines, g_strdup_printf("%s: it has %s, and `host: {min_vram}` asks "
                                                   "for %s",
                                                   name, has, wants));
        }
    }
    if (lines->len == 0)
        return;
    Finding *finding =
        check_add(run, "runpod-gpu", node->at,
                  g_strdup_printf("`%s: %s` allows %u %s on which this does not run", key,
                                  node->text, lines->len, lines->len == 1 ? "GPU" : "GPUs"));
    native_set_evidence(finding, g_steal_pointer(&lines));
    finding->hint = g_strdup(g_str_equal(key, "gpuIds")
                                 ? "name other pools, or take a type out of its pool: `-NVIDIA …`"
                                 : "name a type that has what is needed");
}

/* A version of hosts whose drivers are too old for the torch that is installed. */
static void judge_version(CheckRun *run, const Node *node, const TorchFacts *torch)
{
    unsigned host = (unsigned)g_ascii_strtoull(node->text, NULL, 10);
    unsigned built = (unsigned)g_ascii_strtoull(torch->cuda, NULL, 10);
    if (host == 0 || built == 0 || host >= built)
        return;
    Finding *finding =
        check_add(run, "runpod-cuda", node->at,
                  g_strdup_printf("`allowedCudaVersions` lets in hosts of CUDA %s, and torch for "
                                  "CUDA %s needs a driver for CUDA %u.0",
                                  node->text, torch->cuda, built));
    finding->distribution = g_strdup("torch");
    native_set_line(finding, g_strdup(torch->evidence));
    finding->hint = g_strdup_printf("name versions from %u.0 on, each: the platform takes them "
                                    "exactly",
                                    built);
}

static void judge_versions(CheckRun *run, const Node *list)
{
    TorchFacts torch;
    if (!list || list->kind != NODE_LIST || !lock_target_is_solved(run->target) ||
        !torch_facts_find(run, &torch))
        return;
    for (unsigned i = 0; i < list->count; i++) {
        if (list->items[i]->kind == NODE_SCALAR)
            judge_version(run, list->items[i], &torch);
    }
    torch_facts_clear(&torch);
}

void rule_runpod_hub(CheckRun *run)
{
    const RecipeRunpod *runpod = run->recipe->config->runpod;
    const Node *config = runpod ? node_find(runpod->hub, "config") : NULL;
    if (!config)
        return;
    judge_gpus(run, "gpuIds", node_find(config, "gpuIds"));
    judge_gpus(run, "gpuTypeId", node_find(config, "gpuTypeId"));
    judge_versions(run, node_find(config, "allowedCudaVersions"));
}
