/* Where torch came from, and whether it is the build that its index stands for. */
#include "check/rules.h"
#include "check/torch_facts.h"
#include "recipe/config.h"
#include "recipe/index_names.h"

static const Stage *find_stage(const Recipe *recipe, const char *name)
{
    for (guint i = 0; name && i < recipe->stages->len; i++) {
        const Stage *stage = recipe->stages->pdata[i];
        if (g_str_equal(stage->name, name))
            return stage;
    }
    return NULL;
}

/* The CUDA version ("" for none) that the index of the stage which installed it stands for, or
 * NULL. *ret_index: its name. Caller frees. */
static char *asked_cuda(const CheckRun *run, const LockDistribution *torch, const char **ret_index)
{
    const Stage *stage = find_stage(run->recipe, torch->stage);
    if (!stage || stage->kind != STAGE_PIP || !stage->body.pip->index.text)
        return NULL;
    *ret_index = stage->body.pip->index.text;
    if (g_str_equal(*ret_index, "cpu"))
        return g_strdup("");
    return cuda_version_of_index(*ret_index);
}

static char *describe_cuda(const char *cuda)
{
    return *cuda ? g_strdup_printf("for CUDA %s", cuda) : g_strdup("without CUDA");
}

static void judge_build(CheckRun *run, const LockDistribution *torch, const TorchFacts *facts)
{
    const char *index;
    g_autofree char *asked = asked_cuda(run, torch, &index);
    if (!asked || g_str_equal(asked, facts->cuda))
        return;
    g_autofree char *place = check_place_of(run, torch);
    g_autofree char *built = describe_cuda(facts->cuda), *wanted = describe_cuda(asked);
    Finding *finding = check_add_at(
        run, "wrong-cuda", place,
        g_strdup_printf("stage '%s' asks index %s for torch, which stands for builds %s, and gets "
                        "torch %s, built %s",
                        torch->stage, index, wanted, torch->version, built));
    finding->distribution = g_strdup("torch");
    finding->version = g_strdup(torch->version);
    finding->evidence = g_strdupv((char *[]){facts->evidence, NULL});
    finding->hint = g_strdup("pin the version with its label (`torch==X.Y.Z+cuNNN`), and look at "
                             "which mirror or index stands in for this one");
}

static void judge_without_cuda(CheckRun *run, const LockDistribution *torch,
                               const TorchFacts *facts)
{
    const RecipeHost *host = run->recipe->config->host;
    if (*facts->cuda || facts->rocm || !host || !host->gpus || host->gpus->len == 0)
        return;
    g_autofree char *place = check_place_of(run, torch);
    Finding *finding =
        check_add_at(run, "torch-without-cuda", place,
                     g_strdup_printf("torch %s is built without CUDA, and `host:` names GPUs: none "
                                     "of them will be used",
                                     torch->version));
    finding->distribution = g_strdup("torch");
    finding->version = g_strdup(torch->version);
    finding->evidence = g_strdupv((char *[]){facts->evidence, NULL});
    finding->hint = g_strdup("take torch from a CUDA index: `- torch: {version: ..., cuda: ...}`");
}

void rule_indexes(CheckRun *run)
{
    const LockDistribution *torch = check_installed(run, "torch");
    TorchFacts facts;
    if (!torch || !torch_facts_find(run, &facts))
        return;
    judge_build(run, torch, &facts);
    judge_without_cuda(run, torch, &facts);
    torch_facts_clear(&facts);
}
