#include "base/sorted.h"
#include "lock/solve.h"

/* Where the recipe says only X.Y, X.Y.0 is assumed. Requirements whose markers answer differently
 * for a late patch release are told, since the base's pip may then install another set. */

enum {
    LATE_PATCH = 99,
    EVIDENCE_LINES = 5,
};

static MarkerEnvironment *late_environment(const PythonTarget *target)
{
    g_autoptr(PythonTarget) late = python_target_copy(target);
    g_free(late->full_version);
    late->micro = LATE_PATCH;
    late->full_version = g_strdup_printf("%u.%u.%u", late->major, late->minor, late->micro);
    return marker_environment_new(late);
}

static bool differs(const Marker *marker, const Solve *solve, const MarkerEnvironment *late,
                    const char *extra)
{
    return marker_evaluate(marker, solve->markers, extra) != marker_evaluate(marker, late, extra);
}

static bool hangs_on_patch(const Solve *solve, const MarkerEnvironment *late,
                           const InstalledDistribution *distribution,
                           const Requirement *requirement)
{
    const Marker *marker = requirement->marker;
    if (!marker || !(marker_uses(marker, "python_full_version") ||
                     marker_uses(marker, "implementation_version")))
        return false;
    if (differs(marker, solve, late, ""))
        return true;
    char **extras = g_hash_table_lookup(solve->extras, distribution->canonical);
    for (size_t i = 0; extras && extras[i]; i++) {
        if (differs(marker, solve, late, extras[i]))
            return true;
    }
    return false;
}

static void add_evidence(GPtrArray *lines, const Solve *solve, const MarkerEnvironment *late,
                         const InstalledDistribution *distribution)
{
    const GPtrArray *requires = distribution->metadata->requires_dist;
    for (guint i = 0; i < requires->len; i++) {
        const Requirement *requirement = requires->pdata[i];
        if (hangs_on_patch(solve, late, distribution, requirement))
            g_ptr_array_add(lines, g_strdup_printf("%s %s requires %s", distribution->canonical,
                                                   solve_installed_version(distribution),
                                                   requirement->text));
    }
}

void findings_of_patch_release(const Solve *solve, LockStage *locked)
{
    const PythonTarget *target = solve->facts->target;
    if (target->has_micro)
        return;
    g_autoptr(MarkerEnvironment) late = late_environment(target);
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    const GPtrArray *installed = solve->environment->distributions;
    for (guint i = 0; i < installed->len; i++) {
        const InstalledDistribution *distribution = installed->pdata[i];
        if (distribution->metadata && g_strcmp0(distribution->stage, locked->name) == 0)
            add_evidence(lines, solve, late, distribution);
    }
    if (lines->len == 0)
        return;
    Finding *finding = finding_new(
        "patch-release", solve->recipe->python.at,
        g_strdup_printf("Python is taken as %s, but what %s requires depends on the patch release",
                        target->full_version,
                        lines->len == 1 ? "a distribution" : "distributions"));
    finding->hint = g_strdup_printf("say which one the base has, as in `python: %u.%u.9`",
                                    target->major, target->minor);
    g_ptr_array_sort(lines, (GCompareFunc)sorted_compare_strings);
    if (lines->len > EVIDENCE_LINES)
        g_ptr_array_set_size(lines, EVIDENCE_LINES);
    g_ptr_array_add(lines, NULL);
    finding->evidence = g_strdupv((char **)lines->pdata);
    g_ptr_array_add(locked->findings, finding);
}
