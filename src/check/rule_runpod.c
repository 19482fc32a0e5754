/* What the platform that the recipe names refuses, or does not have. Limits: RunPod's documentation
 * of serverless workers, pods and builds from GitHub. */
#include "check/native_rules.h"
#include "check/rules.h"
#include "check/verdict.h"
#include "image/reference.h"
#include "plan/layout.h"
#include "python/name.h"
#include "recipe/config.h"

enum {
    MAX_HTTP_PORTS = 10, /* that a pod's proxy serves */
};
#define MAX_BUILD_MINUTES 30u                        /* of a docker build from GitHub */
#define MAX_IMAGE_BYTES (80ull * 1000 * 1000 * 1000) /* of a build from GitHub */

static void judge_platform(CheckRun *run)
{
    if (g_str_equal(run->target->platform, "linux/amd64"))
        return;
    Finding *finding =
        check_add(run, "runpod-platform", run->recipe->config->runpod->at,
                  g_strdup_printf("RunPod runs linux/amd64 alone, and this is made for %s",
                                  run->target->platform));
    finding->hint = g_strdup("`platforms: [linux/amd64]`");
}

/* Addresses and names of private networks (RFC 1918, RFC 6762, the top level that is kept for
 * internal use), and registries that answer nobody without credentials. */
static bool is_private_host(const char *host)
{
    static const char *const patterns[] = {
        "^localhost(:|$)",
        "^(127|10)\\.[0-9.]+(:|$)",
        "^192\\.168\\.[0-9.]+(:|$)",
        "^172\\.(1[6-9]|2[0-9]|3[01])\\.[0-9.]+(:|$)",
        "\\.(local|internal|lan|localhost)(:|$)",
        "^[0-9]+\\.dkr\\.ecr\\.[a-z0-9-]+\\.amazonaws\\.com(\\.cn)?(:|$)",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(patterns); i++) {
        if (g_regex_match_simple(patterns[i], host, G_REGEX_CASELESS, 0))
            return true;
    }
    return false;
}

static void judge_base(CheckRun *run)
{
    const RecipeBase *base = &run->recipe->base;
    if (base->kind != BASE_IMAGE)
        return;
    g_autoptr(ImageReference) reference = image_reference_parse(base->reference, NULL);
    const char *host = reference ? reference->host : NULL;
    bool local = strchr(base->reference, ':') && !reference;
    bool private = host && is_private_host(host);
    if (!local && !private)
        return;
    Finding *finding = check_add(
        run, "runpod-base", base->at,
        g_strdup_printf("a build from GitHub on RunPod can't pull the base %s: it sees public "
                        "registries alone",
                        base->reference));
    finding->hint = g_strdup("`ramekin build` makes the image here; or push the base to a public "
                             "registry");
}

static void judge_ports(CheckRun *run, const RecipeRunpod *runpod)
{
    const GPtrArray *ports = run->recipe->config->ports;
    if (runpod->type != (int)RUNPOD_POD || !ports || ports->len <= MAX_HTTP_PORTS)
        return;
    check_add(run, "runpod-ports", ((const Text *)ports->pdata[MAX_HTTP_PORTS])->at,
              g_strdup_printf("a pod serves %u ports over HTTP at most, and `ports:` names %u",
                              MAX_HTTP_PORTS, ports->len));
}

/* A base is not where a worker's handler comes from: one that nobody has read is not asked. */
static bool may_be_there(const CheckRun *run, const char *path)
{
    if (image_files_stat(run->image, path) != PATH_NONE)
        return true;
    for (guint i = 0; i < run->recipe->stages->len; i++) {
        const Stage *stage = run->recipe->stages->pdata[i];
        if (stage->kind != STAGE_PIP && stage->kind != STAGE_FILES && stage->kind != STAGE_REMOVE)
            return true;
    }
    return image_files_errors(run->image)->len > 0;
}

static void judge_handler(CheckRun *run, const RecipeRunpod *runpod)
{
    const Text *handler = &runpod->handler;
    const RecipeConfig *config = run->recipe->config;
    if (runpod->type != (int)RUNPOD_SERVERLESS)
        return;
    if (!handler->text) {
        if (config->cmd || config->entrypoint || run->recipe->base.kind == BASE_IMAGE)
            return;
        check_add(run, "runpod-handler", runpod->at,
                  g_strdup("a serverless worker starts nothing: there is neither `handler:` nor "
                           "`cmd:`"));
        return;
    }
    if (handler->text[0] != '/' || !run->image || may_be_there(run, handler->text))
        return;
    Finding *finding =
        check_add(run, "runpod-handler", handler->at,
                  g_strdup_printf("no stage puts the handler %s into the image", handler->text));
    g_autofree char *name = g_path_get_basename(handler->text);
    finding->hint = g_strdup_printf("`- files: {%s: %s}`", name, handler->text);
}

/* What is known of the image's bytes is a floor: those of stages that fetch something are not. */
static void judge_size(CheckRun *run, const RecipeRunpod *runpod)
{
    bool all;
    guint64 above = verdict_image_size(run, &all), size = above + run->base_packed;
    if (size <= MAX_IMAGE_BYTES)
        return;
    g_autofree char *whole = layout_size(size), *wheels = layout_size(above);
    g_autofree char *base = layout_size(run->base_packed), *limit = layout_size(MAX_IMAGE_BYTES);
    Finding *finding =
        check_add(run, "runpod-size", runpod->at,
                  g_strdup_printf("the image has %s or more, and a build from GitHub on RunPod may "
                                  "have %s",
                                  whole, limit));
    GPtrArray *lines = g_ptr_array_new();
    g_ptr_array_add(lines, g_strdup_printf("wheels and files: %s unpacked", wheels));
    if (run->base_packed > 0)
        g_ptr_array_add(lines, g_strdup_printf("layers of the base: %s compressed", base));
    g_ptr_array_add(lines, NULL);
    finding->evidence = (char **)g_ptr_array_free(lines, FALSE);
    finding->hint = g_strdup("put models on a network volume (`runpod: {volume: ...}`), or make "
                             "the image with `ramekin build` and push it");
}

/* The `build:` that lets pip build the distribution, or NULL. */
static const PipBuild *find_build(const CheckRun *run, const char *name)
{
    for (guint i = 0; i < run->recipe->stages->len; i++) {
        const Stage *stage = run->recipe->stages->pdata[i];
        for (guint k = 0; stage->kind == STAGE_PIP && k < stage->body.pip->build->len; k++) {
            const PipBuild *build = stage->body.pip->build->pdata[k];
            g_autofree char *built = name_canonicalize(build->dist);
            if (g_str_equal(built, name))
                return build;
        }
    }
    return NULL;
}

static char *describe_seconds(double seconds)
{
    return seconds < 10    ? g_strdup_printf("%.1f s", seconds)
           : seconds < 120 ? g_strdup_printf("%.0f s", seconds)
                           : g_strdup_printf("%.0f minutes", seconds / 60);
}

/* "30 minutes for 137 sources: 13 s for each, 53 s with `jobs: 4` where 4 cores are free" */
static char *divide_minutes(guint count, const PipBuild *build)
{
    double each = MAX_BUILD_MINUTES * 60.0 / count;
    unsigned jobs = build && build->jobs ? (unsigned)g_ascii_strtoull(build->jobs, NULL, 10) : 1;
    jobs = MIN(jobs, count);
    g_autofree char *one = describe_seconds(each);
    g_autofree char *several = describe_seconds(each * jobs);
    if (jobs < 2 || count < 2)
        return g_strdup_printf("%u minutes for %u %s: %s for each", MAX_BUILD_MINUTES, count,
                               count == 1 ? "source" : "sources", one);
    return g_strdup_printf("%u minutes for %u sources: %s for each, %s with `jobs: %u` where %u "
                           "cores are free",
                           MAX_BUILD_MINUTES, count, one, several, jobs, jobs);
}

static void report_build(CheckRun *run, const CheckSource *source)
{
    const LockFile *file = source->file;
    guint all = source_counts_sum(&source->counts), cuda = source->counts.files[SOURCE_CUDA];
    const PipBuild *build = find_build(run, file->name);
    g_autofree char *with =
        cuda > 0 ? g_strdup_printf(", with %u CUDA %s,", cuda, cuda == 1 ? "source" : "sources")
                 : g_strdup("");
    Finding *finding =
        check_add(run, "runpod-build", build ? build->at : run->recipe->config->runpod->at,
                  g_strdup_printf("%s %s%s is built from source in a build from GitHub on RunPod, "
                                  "which has %u minutes%s",
                                  file->name, file->version, with, MAX_BUILD_MINUTES,
                                  source->read ? "" : "; what it compiles is unknown"));
    finding->distribution = g_strdup(file->name);
    finding->version = g_strdup(file->version);
    finding->hint = g_strdup("build the wheel once elsewhere (`pip wheel`) and name it by path or "
                             "URL; or make the image with `ramekin build` and push it");
    if (cuda == 0)
        finding->severity = SEVERITY_NOTE;
    if (!source->read)
        return;
    GPtrArray *lines = g_ptr_array_new();
    g_autofree char *counts = source_counts_describe(&source->counts, layout_size);
    g_ptr_array_add(lines, g_strdup_printf("%s: %s", file->file, counts));
    g_ptr_array_add(lines, divide_minutes(all, build));
    g_ptr_array_add(lines, g_strdup("which of them are compiled, and on how many cores, is not "
                                    "known here"));
    native_set_evidence(finding, lines);
}

static void judge_build(CheckRun *run)
{
    for (guint i = 0; i < run->sources->len; i++) {
        const CheckSource *source = run->sources->pdata[i];
        if (!source->read || source_counts_sum(&source->counts) > 0)
            report_build(run, source);
    }
}

void rule_runpod(CheckRun *run)
{
    const RecipeRunpod *runpod = run->recipe->config->runpod;
    if (!runpod)
        return;
    judge_platform(run);
    judge_base(run);
    judge_ports(run, runpod);
    judge_handler(run, runpod);
    rule_handler(run);
    judge_size(run, runpod);
    judge_build(run);
}
