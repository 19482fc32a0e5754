#include "check/gpu_coverage.h"

#include "check/native_rules.h"

bool gpu_list_serves(const WheelNative *native, unsigned capability)
{
    for (guint i = 0; i < native->torch_arches->len; i++) {
        FatbinCode code = {.kind = FATBIN_CUBIN,
                           .arch = g_array_index(native->torch_arches, unsigned, i)};
        if (fatbin_code_serves(&code, capability))
            return true;
    }
    for (guint i = 0; native->torch_ptx && i < native->torch_ptx->len; i++) {
        if (g_array_index(native->torch_ptx, unsigned, i) <= capability)
            return true;
    }
    return false;
}

bool gpu_is_torch_library(const char *member)
{
    return g_str_has_prefix(member, "torch/lib/libtorch");
}

bool gpu_is_of_other_cuda(const CheckRun *run, const char *member)
{
    const CheckWheel *torch = check_find_wheel(run, "torch");
    const char *cuda = torch && torch->native ? torch->native->torch_cuda : NULL;
    const char *at = strstr(native_base_name(member), "_cuda");
    size_t digits = at ? strspn(at + 5, "0123456789") : 0;
    if (digits < 2 || digits > 3)
        return false;
    g_autofree char *own = g_strndup(at + 5, digits);
    g_auto(GStrv) parts = cuda ? g_strsplit(cuda, ".", -1) : NULL;
    g_autofree char *wanted = parts ? g_strjoinv("", parts) : NULL;
    return !wanted || strcmp(own, wanted) != 0;
}

bool gpu_extends_torch(const CheckRun *run, const CheckWheel *wheel)
{
    const LockDistribution *installed = check_installed(run, wheel->file->name);
    for (char **clause = installed ? installed->requires : NULL; clause && *clause; clause++) {
        size_t n = strcspn(*clause, " ;(<>=!~[@");
        if (n == strlen("torch") && strncmp(*clause, "torch", n) == 0)
            return true;
    }
    for (guint i = 0; i < wheel->native->files->len; i++) {
        const NativeFile *file = wheel->native->files->pdata[i];
        const char *at = strstr(native_base_name(file->member), "_cuda");
        if (at && g_ascii_isdigit(at[5]))
            return true;
    }
    return false;
}

/* Of one wheel: how many containers serve the GPU; *ret_any: it has some to judge. */
static guint64 count_served(const CheckRun *run, const CheckWheel *wheel, unsigned capability,
                            bool *ret_any)
{
    guint64 served = 0;
    *ret_any = false;
    for (guint i = 0; i < wheel->native->files->len; i++) {
        const NativeFile *file = wheel->native->files->pdata[i];
        if (!file->fatbin || file->fatbin->loadable == 0 || gpu_is_of_other_cuda(run, file->member))
            continue;
        *ret_any = true;
        served += fatbin_serves(file->fatbin, capability, NULL, NULL);
    }
    return served;
}

static GpuCovers judge(const CheckRun *run, const CheckWheel *wheel, unsigned capability)
{
    const WheelNative *native = wheel->native;
    if (native->torch_arches && !gpu_list_serves(native, capability))
        return COVERS_NOT;
    if (!native->deep)
        return COVERS_OPEN;
    bool any;
    return count_served(run, wheel, capability, &any) > 0 || !any ? COVERS_ALL : COVERS_NOT;
}

GpuCovers gpu_covers(const CheckRun *run, unsigned capability, char **ret_reason)
{
    const CheckWheel *torch = check_find_wheel(run, "torch");
    GpuCovers covers = COVERS_ALL;
    *ret_reason = NULL;
    if (!torch || !torch->native || !torch->native->torch_version) {
        *ret_reason = g_strdup("which torch is installed is not known");
        return COVERS_OPEN;
    }
    for (guint i = 0; i < run->wheels->len; i++) {
        const CheckWheel *wheel = run->wheels->pdata[i];
        if (!wheel->native || !native_is_installed(run, wheel) ||
            (wheel != torch && !gpu_extends_torch(run, wheel)))
            continue;
        GpuCovers one = judge(run, wheel, capability);
        if (one == COVERS_NOT) {
            g_free(*ret_reason);
            *ret_reason = g_strdup_printf("%s %s has no code for sm_%u", wheel->file->name,
                                          wheel->file->version, capability);
            return COVERS_NOT;
        }
        if (one == COVERS_OPEN && covers == COVERS_ALL) {
            covers = COVERS_OPEN;
            *ret_reason = g_strdup("the libraries were not read; --deep reads them");
        }
    }
    return covers;
}
