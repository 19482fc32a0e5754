#include "lock/findings.h"

/* Which CUDA a build is for, read from names and metadata alone: the local label of torch's own
 * wheels (+cu124), else the CUDA runtime that it requires, else the family of the wheels. */

enum {
    CUDA_MAJOR_MIN = 9, /* "cu11" is CUDA 11, "cu92" of old labels is 9.2 */
    CUDA_MAJOR_MAX = 99,
};

#define TORCH "torch"

/* "cu124" → "12.4", "cu92" → "9.2"; NULL for other texts. */
static char *cuda_of_label(const char *label)
{
    if (!g_str_has_prefix(label, "cu"))
        return NULL;
    const char *digits = label + strlen("cu");
    size_t count = strspn(digits, "0123456789");
    if (count < 2 || count > 4 || (digits[count] && digits[count] != '.'))
        return NULL;
    return g_strdup_printf("%.*s.%c", (int)count - 1, digits, digits[count - 1]);
}

/* The local label of a version, or "". */
static const char *local_label(const char *version)
{
    const char *plus = strchr(version, '+');
    return plus ? plus + 1 : "";
}

/* Libraries of the CUDA runtime, which a process should have once. Other wheels with such a name
 * (code generators, tools) are made to stand side by side. */
static const char *const libraries[] = {
    "cublas",   "cuda-cupti", "cuda-nvrtc", "cuda-runtime", "cudnn",   "cufft",     "curand",
    "cusolver", "cusparse",   "cusparselt", "nccl",         "nvshmem", "nvjitlink", "nvtx",
};

static bool is_library(const char *name, const char *dash)
{
    const char *start = name + strlen("nvidia-");
    for (size_t i = 0; i < G_N_ELEMENTS(libraries); i++) {
        size_t length = strlen(libraries[i]);
        if (dash > start && (size_t)(dash - start) == length &&
            strncmp(start, libraries[i], length) == 0)
            return true;
    }
    return false;
}

/* "12" of "nvidia-cublas-cu12" and "cupy-cuda12x", else 0. */
static unsigned cuda_of_name(const char *name)
{
    const char *dash = strrchr(name, '-');
    if (!dash)
        return 0;
    bool nvidia = g_str_has_prefix(name, "nvidia-") && g_str_has_prefix(dash, "-cu") &&
                  is_library(name, dash);
    bool cupy = g_str_has_prefix(dash, "-cuda") && g_str_has_suffix(dash, "x");
    const char *digits = dash + (cupy ? strlen("-cuda") : strlen("-cu"));
    size_t count = strspn(digits, "0123456789");
    if ((!nvidia && !cupy) || count != 2 || digits[count] != (cupy ? 'x' : '\0'))
        return 0;
    guint64 major = g_ascii_strtoull(digits, NULL, 10);
    return major >= CUDA_MAJOR_MIN && major <= CUDA_MAJOR_MAX ? (unsigned)major : 0;
}

/* "12.4" of a requirement on nvidia-cuda-runtime-cu12==12.4.127 or cuda-toolkit==13.0.2, "12" of
 * one on another library of the family; NULL. */
static char *cuda_of_clause(const Requirement *requirement, bool *ret_exact)
{
    const char *name = requirement->canonical;
    bool runtime =
        g_str_has_prefix(name, "nvidia-cuda-runtime") || g_str_equal(name, "cuda-toolkit");
    const char *text = specifier_set_text(requirement->specifiers);
    if (runtime && g_str_has_prefix(text, "==")) {
        g_auto(GStrv) parts = g_strsplit(text + strlen("=="), ".", 3);
        *ret_exact = true;
        if (g_strv_length(parts) >= 2)
            return g_strdup_printf("%s.%s", parts[0], parts[1]);
    }
    unsigned major = cuda_of_name(name);
    *ret_exact = false;
    return major ? g_strdup_printf("%u", major) : NULL;
}

static char *cuda_of_requirements(const Judge *judge, const InstalledDistribution *distribution)
{
    const GPtrArray *requires =
        distribution->metadata ? distribution->metadata->requires_dist : NULL;
    g_autofree char *best = NULL;
    for (guint i = 0; requires && i < requires->len; i++) {
        const Requirement *requirement = requires->pdata[i];
        bool exact = false;
        if (requirement->marker &&
            !marker_evaluate(requirement->marker, judge->change->solve->markers, ""))
            continue;
        char *found = cuda_of_clause(requirement, &exact);
        if (!found || (best && !exact)) {
            g_free(found);
            continue;
        }
        g_free(best);
        best = found;
        if (exact)
            break;
    }
    return g_steal_pointer(&best);
}

/* "CUDA 12.4", "cpu", "rocm6.2"; NULL: not known. */
static char *build_of_torch(const Judge *judge, const InstalledDistribution *torch)
{
    const char *label = local_label(solve_installed_version(torch));
    g_autofree char *cuda = *label ? cuda_of_label(label) : cuda_of_requirements(judge, torch);
    return cuda ? g_strconcat("CUDA ", cuda, NULL) : *label ? g_strdup(label) : NULL;
}

static bool has_finding(const Judge *judge, const char *code, const char *distribution)
{
    const GPtrArray *findings = judge->change->locked->findings;
    for (guint i = 0; i < findings->len; i++) {
        const Finding *finding = findings->pdata[i];
        if (g_str_equal(finding->code, code) && g_strcmp0(finding->distribution, distribution) == 0)
            return true;
    }
    return false;
}

static Finding *add_torch(const Judge *judge, const char *code, const InstalledDistribution *before,
                          const InstalledDistribution *after, char *message)
{
    Finding *finding = judge_add(judge, code, judge_place_of(judge, TORCH), message);
    finding->distribution = g_strdup(TORCH);
    finding->version = g_strdup(solve_installed_version(before));
    finding->found = g_strdup(solve_installed_version(after));
    judge_set_chain(judge, finding, TORCH);
    finding->hint = g_strdup_printf("hold it in this stage, `constraints: [torch==%s]`, or protect "
                                    "it in the recipe: `protect: [torch]`",
                                    finding->version);
    return finding;
}

void judge_torch(Judge *judge)
{
    const InstalledDistribution *before = environment_find(judge->change->before, TORCH);
    const InstalledDistribution *after = environment_find(judge->change->solve->environment, TORCH);
    if (!before || !after || before == after || has_finding(judge, "protected-changed", TORCH) ||
        has_finding(judge, "override-undone", TORCH))
        return;
    const char *stage = judge->stage->name;
    g_autofree char *old = build_of_torch(judge, before), *now = build_of_torch(judge, after);
    g_autofree char *what = judge_describe(judge, before);
    if (old && now && !g_str_equal(old, now)) {
        add_torch(judge, "cuda-changed", before, after,
                  g_strdup_printf("stage '%s' replaces %s, which is for %s, by %s, for %s", stage,
                                  what, old, solve_installed_version(after), now));
        return;
    }
    const GPtrArray *chain = judge_nearest_chain(judge, TORCH);
    if (!chain || chain->len < 2 || has_finding(judge, "constraint-downgrade", TORCH) ||
        g_str_equal(solve_installed_version(before), solve_installed_version(after)))
        return;
    add_torch(judge, "torch-replaced", before, after,
              g_strdup_printf("stage '%s' replaces %s by %s, which no line of it asks for", stage,
                              what, solve_installed_version(after)));
}

/* The CUDA major version that a distribution is built for; 0: none, or not known. */
static unsigned major_of(const Judge *judge, const InstalledDistribution *distribution)
{
    unsigned major = cuda_of_name(distribution->canonical);
    if (major)
        return major;
    bool torch = g_str_equal(distribution->canonical, TORCH);
    const char *label = local_label(solve_installed_version(distribution));
    g_autofree char *cuda = *label  ? cuda_of_label(label)
                            : torch ? cuda_of_requirements(judge, distribution)
                                    : NULL;
    return cuda ? (unsigned)g_ascii_strtoull(cuda, NULL, 10) : 0;
}

/* The major versions in an environment, as a bit set would be: [major] is a distribution of it. */
typedef struct {
    const InstalledDistribution *first[CUDA_MAJOR_MAX + 1];
    unsigned members[CUDA_MAJOR_MAX + 1];
    unsigned count;
} CudaFamilies;

static void find_families(const Judge *judge, const Environment *environment,
                          CudaFamilies *families)
{
    *families = (CudaFamilies){.count = 0};
    for (guint i = 0; i < environment->distributions->len; i++) {
        const InstalledDistribution *one = environment->distributions->pdata[i];
        unsigned major = major_of(judge, one);
        if (major == 0 || major > CUDA_MAJOR_MAX ||
            environment_find(environment, one->canonical) != one)
            continue;
        families->count += families->members[major]++ == 0;
        const InstalledDistribution *first = families->first[major];
        bool better = !first || (g_str_equal(one->canonical, TORCH) ||
                                 (!g_str_equal(first->canonical, TORCH) &&
                                  strcmp(one->canonical, first->canonical) < 0));
        if (better)
            families->first[major] = one;
    }
}

/* A member of the family that the stage itself brought, the one to blame; else NULL. */
static const InstalledDistribution *newcomer(const Judge *judge, const CudaFamilies *before,
                                             const CudaFamilies *after)
{
    const InstalledDistribution *found = NULL;
    for (unsigned major = CUDA_MAJOR_MAX; major > 0; major--) {
        if (after->members[major] > 0 && before->members[major] == 0 &&
            g_strcmp0(after->first[major]->stage, judge->stage->name) == 0)
            found = after->first[major];
    }
    return found;
}

void judge_mixed_cuda(Judge *judge)
{
    CudaFamilies before, after;
    find_families(judge, judge->change->before, &before);
    find_families(judge, judge->change->solve->environment, &after);
    if (after.count < 2 || before.count >= after.count)
        return;
    const InstalledDistribution *fresh = newcomer(judge, &before, &after);
    const char *name = fresh ? fresh->canonical : NULL;
    g_autoptr(GStrvBuilder) lines = g_strv_builder_new();
    g_autoptr(GString) majors = g_string_new(NULL);
    for (unsigned major = 1; major <= CUDA_MAJOR_MAX; major++) {
        if (after.members[major] == 0)
            continue;
        g_autofree char *what = judge_describe(judge, after.first[major]);
        g_autofree char *line =
            after.members[major] == 1
                ? g_strdup_printf("CUDA %u: %s", major, what)
                : g_strdup_printf("CUDA %u: %s and %u more", major, what, after.members[major] - 1);
        g_strv_builder_add(lines, line);
        g_string_append_printf(majors, "%s%u", majors->len ? " and " : "", major);
    }
    g_autofree char *chain = name ? judge_chain_text(judge, name) : NULL;
    if (chain)
        g_strv_builder_add(lines, chain);
    Finding *finding =
        judge_add(judge, "mixed-cuda",
                  name ? judge_place_of(judge, name) : g_strdup(judge->change->locked->at),
                  g_strdup_printf("after stage '%s' there are wheels for CUDA %s",
                                  judge->stage->name, majors->str));
    finding->distribution = g_strdup(name);
    finding->version = fresh ? g_strdup(solve_installed_version(fresh)) : NULL;
    finding->evidence = g_strv_builder_end(lines);
    finding->chain = chain ? judge_nearest_chain(judge, name)->len : 0;
    finding->hint = g_strdup("choose builds of one CUDA version; `remove:` takes away what an "
                             "earlier stage left over");
}
