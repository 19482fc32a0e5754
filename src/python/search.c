#include "python/search.h"

gboolean search_run(World *world, Result **ret_result, GPtrArray **ret_causes, GError **error)
{
    if (!world_read_constraints(world, error))
        return FALSE;
    g_autoptr(GPtrArray) roots = world_collect_roots(world, error);
    if (!roots)
        return FALSE;
    prefetch_graph(world, roots);
    return resolution_run(world, roots, ret_result, ret_causes, error);
}

PinAction result_action(const Result *result, const Candidate *candidate)
{
    const World *world = result->world;
    if (candidate->installed)
        return PIN_KEEP;
    const InstalledDistribution *installed = candidate->ident->distribution;
    if (!installed)
        return PIN_INSTALL;
    int order = version_compare(candidate->version, installed->metadata->version);
    if (order != 0)
        return order > 0 ? PIN_UPGRADE : PIN_DOWNGRADE;
    return world->request->options->force_reinstall || installed->editable ? PIN_REINSTALL
                                                                           : PIN_KEEP;
}

bool result_has_name(const Result *result, const Ident *ident)
{
    return !ident->is_python && ident->base == ident && result->connected[ident->id] &&
           result->pins[ident->id];
}

const Candidate *result_find_source(const Result *result)
{
    const char *const *build = result->world->request->build;
    for (guint i = 0; i < result->order->len; i++) {
        const Ident *ident = result->order->pdata[i];
        const Candidate *candidate = result->pins[ident->id];
        if (result_has_name(result, ident) && candidate->file &&
            result_action(result, candidate) != PIN_KEEP &&
            !g_str_has_suffix(candidate->file->filename, ".whl") &&
            !(build && g_strv_contains(build, ident->canonical)))
            return candidate;
    }
    return NULL;
}
