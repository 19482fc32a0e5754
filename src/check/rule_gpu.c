/* For which of the GPUs that the recipe names the wheels have code.
 *
 * torch's own libraries are compiled for the architectures that torch names; that list alone is
 * known without reading them whole. Read whole, a library serves a GPU where any of its containers
 * does: how many of them is shown and not judged, since some libraries choose among them. */
#include "check/gpu_coverage.h"
#include "check/native_rules.h"
#include "check/rules.h"

enum {
    SHOWN_LIBRARIES = 4,
};

static char *join_numbers(const GArray *arches, const char *prefix)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; arches && i < arches->len; i++)
        g_string_append_printf(text, "%s%s%u", i ? " " : "", prefix,
                               g_array_index(arches, unsigned, i));
    return g_string_free(text, FALSE);
}

static char *describe_gpu(const GpuTarget *gpu)
{
    if (!gpu->model)
        return g_strdup(gpu->name);
    g_autofree char *pool =
        gpu->pool ? g_strdup_printf(" of pool %s", gpu->pool->name) : g_strdup("");
    return g_strdup_printf("%s%s (compute capability %u.%u)", gpu->name, pool, gpu->capability / 10,
                           gpu->capability % 10);
}

/* Whether the compiler that torch was built with knows the GPU, and it was left out. */
static bool was_left_out(const CheckRun *run, const GpuCapability *known)
{
    const CheckWheel *torch = check_find_wheel(run, "torch");
    const char *cuda = torch && torch->native ? torch->native->torch_cuda : NULL;
    return cuda && gpu_capability_is_compiled(known, cuda);
}

static char *hint_of(const CheckRun *run, const GpuTarget *gpu)
{
    const GpuCapability *known =
        run->recipe->tables ? gpu_table_find_capability(run->recipe->tables->gpus, gpu->capability)
                            : NULL;
    if (!known || was_left_out(run, known))
        return g_strdup_printf("take a build that has sm_%u, or leave %s out of `host: {gpus}`",
                               gpu->capability, gpu->name);
    if (known->until.text)
        return g_strdup_printf("builds for CUDA %s to %s can have code for sm_%u; or leave %s out "
                               "of `host: {gpus}`",
                               known->since.text, known->until.text, gpu->capability, gpu->name);
    return g_strdup_printf("compilers know sm_%u since CUDA %s: take a build for that or a later "
                           "one, or leave %s out of `host: {gpus}`",
                           gpu->capability, known->since.text, gpu->name);
}

static Finding *add_gpu(CheckRun *run, const char *code, const CheckWheel *wheel,
                        const GpuTarget *gpu, char *message, GPtrArray *evidence)
{
    Finding *finding = check_add(run, code, gpu->at, message);
    finding->distribution = g_strdup(wheel->file->name);
    finding->version = g_strdup(wheel->file->version);
    finding->hint = hint_of(run, gpu);
    native_set_evidence(finding, evidence);
    return finding;
}

static void judge_list(CheckRun *run, const CheckWheel *wheel, const GpuTarget *gpu)
{
    const WheelNative *native = wheel->native;
    if (gpu_list_serves(native, gpu->capability))
        return;
    GPtrArray *evidence = g_ptr_array_new();
    g_autofree char *arches = join_numbers(native->torch_arches, "sm_");
    g_ptr_array_add(evidence, g_strdup_printf("torch/lib/libtorch_python.so of %s: \"%s\"",
                                              wheel->file->file, arches));
    if (!native->deep)
        g_ptr_array_add(evidence, g_strdup("PTX, which a driver could compile: unknown, use "
                                           "--deep"));
    g_autofree char *name = describe_gpu(gpu);
    add_gpu(run, "gpu-unsupported", wheel, gpu,
            g_strdup_printf("torch %s has no code for %s",
                            native->torch_version ? native->torch_version : wheel->file->version,
                            name),
            evidence);
}

static char *describe_library(const CheckWheel *wheel, const NativeFile *file, guint64 served)
{
    g_autofree char *codes = fatbin_summary_text(file->fatbin);
    return g_strdup_printf("%s of %s: %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
                           " containers serve it; %s",
                           file->member, wheel->file->file, served, file->fatbin->loadable, codes);
}

/* Whether the recipe's host may have a driver that does not compile this PTX. */
static bool is_driver_older(const CheckRun *run, const DriverToolkit *needed)
{
    const char *driver = native_host_driver(run), *cuda = native_host_cuda(run);
    return needed && ((driver && dotted_compare(driver, needed->driver.text) < 0) ||
                      (cuda && dotted_compare(cuda, needed->cuda.text) < 0));
}

static void judge_ptx(CheckRun *run, const CheckWheel *wheel, const NativeFile *file,
                      const GpuTarget *gpu, unsigned isa)
{
    const HostTables *tables = run->recipe->tables;
    const DriverToolkit *needed = tables ? driver_table_ptx(tables->drivers, isa) : NULL;
    if (!is_driver_older(run, needed))
        return;
    GPtrArray *evidence = g_ptr_array_new();
    g_ptr_array_add(evidence, describe_library(wheel, file, file->fatbin->loadable));
    g_autofree char *name = describe_gpu(gpu);
    Finding *finding = add_gpu(
        run, "ptx-driver", wheel, gpu,
        g_strdup_printf("%s runs on %s through PTX %u.%u alone, which drivers before %s (CUDA %s) "
                        "do not compile, and `host` allows older ones",
                        native_base_name(file->member), name, isa / 10, isa % 10,
                        needed->driver.text, needed->cuda.text),
        evidence);
    g_free(finding->hint);
    finding->hint = g_strdup_printf("`host: {min_driver: %s}`, or a build with code for sm_%u",
                                    needed->driver.text, gpu->capability);
}

/* torch's own libraries are all needed; each is judged by itself. */
static void judge_torch_file(CheckRun *run, const CheckWheel *wheel, const NativeFile *file,
                             const GpuTarget *gpu)
{
    if (fatbin_serves(file->fatbin, gpu->capability, NULL, NULL) > 0)
        return;
    GPtrArray *evidence = g_ptr_array_new();
    g_ptr_array_add(evidence, describe_library(wheel, file, 0));
    g_autofree char *name = describe_gpu(gpu);
    add_gpu(run, "gpu-unsupported", wheel, gpu,
            g_strdup_printf("%s of %s %s has no code for %s", native_base_name(file->member),
                            wheel->file->name, wheel->file->version, name),
            evidence);
}

static void cut_libraries(GPtrArray *lines)
{
    guint count = lines->len;
    if (count <= SHOWN_LIBRARIES)
        return;
    for (guint i = SHOWN_LIBRARIES; i < count; i++)
        g_free(lines->pdata[i]);
    g_ptr_array_set_size(lines, SHOWN_LIBRARIES);
    g_ptr_array_add(lines, g_strdup_printf("and %u more", count - SHOWN_LIBRARIES));
}

/* Some of the extension's libraries have code for the GPU and these have none: they may be for
 * other GPUs, chosen when they are loaded, or be what fails there. Takes `evidence`. */
static void add_partial(CheckRun *run, const CheckWheel *wheel, const GpuTarget *gpu,
                        GPtrArray *evidence, guint judged)
{
    guint without = evidence->len;
    cut_libraries(evidence);
    g_autofree char *name = describe_gpu(gpu);
    Finding *finding =
        add_gpu(run, "gpu-partial", wheel, gpu,
                g_strdup_printf("%u of %u libraries of %s %s that have code for GPUs "
                                "have none for %s",
                                without, judged, wheel->file->name, wheel->file->version, name),
                evidence);
    g_free(finding->hint);
    finding->hint = g_strdup_printf("what uses them does not run on %s; run what you need of %s "
                                    "there (`checks: {gpu: ...}`)",
                                    gpu->name, wheel->file->name);
}

/* An extension may bring libraries for some GPUs alone: it is judged as a whole. */
static void judge_extension(CheckRun *run, const CheckWheel *wheel, const GpuTarget *gpu)
{
    const WheelNative *native = wheel->native;
    GPtrArray *evidence = g_ptr_array_new();
    const NativeFile *by_driver = NULL;
    guint judged = 0;
    guint64 served = 0, by_ptx = 0;
    unsigned isa = 0;
    for (guint i = 0; i < native->files->len; i++) {
        const NativeFile *file = native->files->pdata[i];
        if (!file->fatbin || file->fatbin->loadable == 0 || gpu_is_of_other_cuda(run, file->member))
            continue;
        guint64 ptx, here;
        unsigned own;
        judged++;
        here = fatbin_serves(file->fatbin, gpu->capability, &ptx, &own);
        served += here;
        by_ptx += ptx;
        by_driver = ptx > 0 && own > isa ? file : by_driver;
        isa = MAX(isa, own);
        if (here == 0)
            g_ptr_array_add(evidence, describe_library(wheel, file, 0));
    }
    if (served > 0 && served == by_ptx)
        judge_ptx(run, wheel, by_driver, gpu, isa);
    if (evidence->len == 0) {
        g_ptr_array_unref(evidence);
    } else if (served > 0) {
        add_partial(run, wheel, gpu, evidence, judged);
    } else {
        cut_libraries(evidence);
        g_autofree char *name = describe_gpu(gpu);
        add_gpu(run, "gpu-library", wheel, gpu,
                g_strdup_printf("%s %s has no code for %s", wheel->file->name, wheel->file->version,
                                name),
                evidence);
    }
}

static void judge_wheel(CheckRun *run, const CheckWheel *wheel, const GpuTarget *gpu)
{
    const WheelNative *native = wheel->native;
    bool by_containers = false;
    for (guint i = 0; i < native->files->len; i++) {
        const NativeFile *file = native->files->pdata[i];
        if (!file->fatbin || file->fatbin->loadable == 0 || !gpu_is_torch_library(file->member))
            continue;
        by_containers = true;
        judge_torch_file(run, wheel, file, gpu);
    }
    if (native->torch_arches && !by_containers)
        judge_list(run, wheel, gpu);
    if (!native->torch_version && native->deep && gpu_extends_torch(run, wheel))
        judge_extension(run, wheel, gpu);
}

void rule_gpu(CheckRun *run)
{
    for (guint i = 0; i < run->recipe->gpus->len; i++) {
        for (guint k = 0; k < run->wheels->len; k++) {
            const CheckWheel *wheel = run->wheels->pdata[k];
            if (wheel->native && native_is_installed(run, wheel))
                judge_wheel(run, wheel, run->recipe->gpus->pdata[i]);
        }
    }
}
