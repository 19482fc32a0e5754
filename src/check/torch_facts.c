#include "check/torch_facts.h"

#include "recipe/index_names.h"

static bool from_native(const CheckRun *run, TorchFacts *facts)
{
    const CheckWheel *wheel = check_find_wheel(run, "torch");
    const WheelNative *native = wheel ? wheel->native : NULL;
    if (!native || !native->torch_version)
        return false;
    facts->cuda = g_strdup(native->torch_cuda ? native->torch_cuda : "");
    facts->rocm = strstr(native->torch_version, "+rocm") != NULL;
    facts->evidence =
        g_strdup_printf("torch/version.py of %s says %s, CUDA %s", wheel->file->file,
                        native->torch_version, native->torch_cuda ? native->torch_cuda : "none");
    return true;
}

static bool from_label(const LockDistribution *torch, TorchFacts *facts)
{
    g_autoptr(Version) version = version_parse(torch->version, NULL);
    const char *label = version ? version_local(version) : NULL;
    if (!label)
        return false;
    facts->cuda = cuda_version_of_index(label);
    facts->rocm = g_str_has_prefix(label, "rocm");
    if (!facts->cuda && (facts->rocm || g_str_equal(label, "cpu")))
        facts->cuda = g_strdup("");
    if (facts->cuda)
        facts->evidence = g_strdup_printf("the label of its version is %s", label);
    return facts->cuda != NULL;
}

bool torch_facts_find(const CheckRun *run, TorchFacts *ret_facts)
{
    const LockDistribution *torch = check_installed(run, "torch");
    TorchFacts facts = {0};
    if (!torch || (!from_native(run, &facts) && !from_label(torch, &facts)))
        return false;
    *ret_facts = facts;
    return true;
}

void torch_facts_clear(TorchFacts *facts)
{
    g_free(facts->cuda);
    g_free(facts->evidence);
}
