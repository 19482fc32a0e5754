#include "python/resolve.h"

#include "base/finding.h"
#include "python/conflict_lines.h"
#include "python/name.h"

static void edge_free(gpointer data)
{
    Edge *edge = data;
    g_free(edge->parent);
    g_free(edge->extra);
    g_free(edge);
}

static void rival_free(gpointer data)
{
    Rival *rival = data;
    version_unref(rival->version);
    g_free(rival);
}

static void pin_free(gpointer data)
{
    Pin *pin = data;
    g_free(pin->name);
    g_free(pin->canonical);
    version_unref((Version *)pin->version);
    g_strfreev(pin->extras);
    g_free(pin->direct_url);
    g_ptr_array_unref(pin->edges);
    g_ptr_array_unref(pin->rivals);
    g_free(pin);
}

void solution_free(Solution *solution)
{
    if (!solution)
        return;
    g_ptr_array_unref(solution->pins);
    g_ptr_array_unref(solution->warnings);
    g_clear_pointer(&solution->files, g_ptr_array_unref);
    g_clear_pointer(&solution->by_name, g_hash_table_unref);
    g_free(solution);
}

const Pin *solution_find(const Solution *solution, const char *canonical)
{
    if (!solution->by_name) {
        GHashTable *table = g_hash_table_new(g_str_hash, g_str_equal);
        for (guint i = solution->pins->len; i > 0; i--) {
            Pin *pin = solution->pins->pdata[i - 1];
            g_hash_table_insert(table, pin->canonical, pin);
        }
        ((Solution *)solution)->by_name = table;
    }
    return g_hash_table_lookup(solution->by_name, canonical);
}

static bool edges_have(const GPtrArray *edges, const Edge *edge)
{
    for (guint i = 0; i < edges->len; i++) {
        const Edge *other = edges->pdata[i];
        if (other->requirement == edge->requirement && other->root == edge->root &&
            g_strcmp0(other->parent, edge->parent) == 0)
            return true;
    }
    return false;
}

static void pin_add_edges(const Result *result, Pin *pin, guint id)
{
    const Criterion *criterion = result->criteria[id];
    for (guint i = 0; i < criterion->infos->len; i++) {
        const Info *info = criterion->infos->pdata[i];
        const Candidate *parent = info->parent;
        if (!info->need->requirement || (parent && (result->pins[parent->ident->id] != parent ||
                                                    !result->connected[parent->ident->id])))
            continue;
        Edge *edge = g_new0(Edge, 1);
        edge->requirement = info->need->requirement;
        edge->root = info->need->root;
        edge->parent = parent ? g_strdup(parent->ident->canonical) : NULL;
        edge->extra = g_strdup(info->need->extra);
        if (edges_have(pin->edges, edge))
            edge_free(edge);
        else
            g_ptr_array_add(pin->edges, edge);
    }
}

static void warn_extra(Solution *solution, const Pin *pin, const char *extra)
{
    const Edge *edge = pin->edges->len ? pin->edges->pdata[0] : NULL;
    Finding *finding = finding_new("unknown-extra", edge && edge->root ? edge->root->at : SPAN_NONE,
                                   g_strdup_printf("%s %s does not provide the extra '%s'",
                                                   pin->name, version_text(pin->version), extra));
    finding->distribution = g_strdup(pin->canonical);
    finding->version = g_strdup(version_text(pin->version));
    g_ptr_array_add(solution->warnings, finding);
}

/* The identifiers with extras of a pin: their edges and extras. */
static void pin_add_extras(const Result *result, Solution *solution, Pin *pin, const Ident *base)
{
    g_auto(GStrv) extras = NULL;
    for (guint i = 0; i < result->n; i++) {
        const Ident *ident = result->world->idents->pdata[i];
        if (ident == base || ident->base != base || !result->connected[i] || !result->criteria[i])
            continue;
        pin_add_edges(result, pin, i);
        char **both = name_canonical_set(extras, ident->extras);
        g_strfreev(extras);
        extras = both;
    }
    g_autoptr(GPtrArray) provided = g_ptr_array_new();
    for (char **extra = extras; extra && *extra; extra++) {
        if (metadata_has_extra(pin->metadata, *extra))
            g_ptr_array_add(provided, g_strdup(*extra));
        else
            warn_extra(solution, pin, *extra);
    }
    g_ptr_array_add(provided, NULL);
    pin->extras = (char **)g_ptr_array_free(g_steal_pointer(&provided), FALSE);
}

static void warn_yanked(Solution *solution, const Pin *pin)
{
    if (!pin->file || !pin->file->yanked)
        return;
    const Edge *edge = pin->edges->len ? pin->edges->pdata[0] : NULL;
    Finding *finding =
        finding_new("yanked", edge && edge->root ? edge->root->at : SPAN_NONE,
                    g_strdup_printf("%s %s was yanked: %s", pin->name, version_text(pin->version),
                                    *pin->file->yanked ? pin->file->yanked : "no reason given"));
    finding->distribution = g_strdup(pin->canonical);
    finding->version = g_strdup(version_text(pin->version));
    g_ptr_array_add(solution->warnings, finding);
}

static void warn_ignored(const ResolveRequest *request, Solution *solution)
{
    for (guint i = 0; i < request->locations->len; i++) {
        const IndexLocation *location = request->locations->pdata[i];
        if (!location->ignored)
            continue;
        Finding *finding = finding_new(
            "insecure-index", SPAN_NONE,
            g_strdup_printf("the index %s is not read: it is plain http, and its host is not one "
                            "that pip is told to trust",
                            location->name));
        finding->hint = g_strdup("name its https address, or the host in --trusted-host");
        g_ptr_array_add(solution->warnings, finding);
    }
}

static bool pin_has_root(const Pin *pin)
{
    for (guint i = 0; i < pin->edges->len; i++) {
        if (((Edge *)pin->edges->pdata[i])->root)
            return true;
    }
    return false;
}

static bool has_rival(const Pin *pin, const IndexLocation *location)
{
    for (guint i = 0; i < pin->rivals->len; i++) {
        if (((const Rival *)pin->rivals->pdata[i])->location == location)
            return true;
    }
    return false;
}

static const FoundFile *best_file(const Project *project, const IndexLocation *location)
{
    const FoundFile *best = NULL;
    for (guint i = 0; i < project->n_files; i++) {
        const FoundFile *found = &project->files[i];
        if (found->page->location == location && !found->yanked &&
            (!best || found->version < best->version))
            best = found;
    }
    return best;
}

static void pin_add_rivals(const World *world, Pin *pin, const Project *project)
{
    g_autoptr(GPtrArray) locations = finder_locations(world->finder, pin->canonical);
    for (guint i = 0; locations->len > 1 && i < locations->len; i++) {
        const IndexLocation *location = locations->pdata[i];
        const FoundFile *best = best_file(project, location);
        if (!best || location == pin->file->location || has_rival(pin, location))
            continue;
        Rival *rival = g_new(Rival, 1);
        *rival = (Rival){location, version_ref(project->versions[best->version])};
        g_ptr_array_add(pin->rivals, rival);
    }
}

/* How the chosen candidate stands to the others of its name. */
static void pin_compare(const World *world, Pin *pin, const Candidate *chosen)
{
    for (guint i = 0; chosen->project && i < world->candidates->len; i++) {
        const Candidate *other = world->candidates->pdata[i];
        if (other->project == chosen->project && other->base == other && other->because &&
            other->number < chosen->number)
            pin->newer_tried++;
    }
    if (chosen->project && chosen->file && chosen->file->location)
        pin_add_rivals(world, pin, chosen->project);
}

static void solution_add(const Result *result, Solution *solution, const Ident *ident)
{
    const Candidate *candidate = result->pins[ident->id];
    Pin *pin = g_new0(Pin, 1);
    pin->action = result_action(result, candidate);
    bool keep = pin->action == PIN_KEEP;
    pin->metadata = keep ? ident->distribution->metadata : candidate->metadata;
    pin->name = g_strdup(pin->metadata->name);
    pin->canonical = g_strdup(ident->canonical);
    pin->version = version_ref(keep ? pin->metadata->version : candidate->version);
    pin->file = keep ? NULL : candidate->file;
    pin->installed = ident->distribution;
    pin->edges = g_ptr_array_new_with_free_func(edge_free);
    pin->direct_url = !keep && candidate->direct ? g_strdup(candidate->file->url) : NULL;
    pin->rivals = g_ptr_array_new_with_free_func(rival_free);
    if (!keep)
        pin_compare(result->world, pin, candidate);
    pin_add_edges(result, pin, ident->id);
    pin_add_extras(result, solution, pin, ident);
    pin->requested = keep ? pin_has_root(pin) : candidate->requested;
    warn_yanked(solution, pin);
    g_ptr_array_add(solution->pins, pin);
}

static int compare_idents(const void *a, const void *b)
{
    const Ident *x = *(const Ident *const *)a, *y = *(const Ident *const *)b;
    return strcmp(x->canonical, y->canonical);
}

static Solution *solution_new(Result *result)
{
    Solution *solution = g_new0(Solution, 1);
    solution->pins = g_ptr_array_new_with_free_func(pin_free);
    solution->warnings = g_ptr_array_new_with_free_func((GDestroyNotify)finding_free);
    g_autofree bool *wanted = g_new0(bool, result->n);
    g_autoptr(GPtrArray) kept = g_ptr_array_new();
    for (guint i = 0; i < result->order->len; i++) {
        Ident *ident = result->order->pdata[i];
        if (!result_has_name(result, ident))
            continue;
        if (result_action(result, result->pins[ident->id]) == PIN_KEEP)
            g_ptr_array_add(kept, ident);
        else
            wanted[ident->id] = true;
    }
    g_autoptr(GPtrArray) order = install_order(result, wanted);
    g_ptr_array_sort(kept, compare_idents);
    for (guint i = 0; i < order->len; i++)
        solution_add(result, solution, order->pdata[i]);
    for (guint i = 0; i < kept->len; i++)
        solution_add(result, solution, kept->pdata[i]);
    warn_ignored(result->world->request, solution);
    solution->files = g_ptr_array_ref(result->world->files);
    return solution;
}

gboolean resolve_stage(const ResolveRequest *request, Solution **ret_solution,
                       Conflict **ret_conflict, GError **error)
{
    g_autoptr(World) world = world_new(request);
    g_autoptr(Result) result = NULL;
    g_autoptr(GPtrArray) causes = NULL;
    g_autoptr(GError) problem = NULL;
    if (!search_run(world, &result, &causes, &problem)) {
        if (problem->domain != ERROR_DOMAIN || problem->code != ERROR_INPUT) {
            g_propagate_error(error, g_steal_pointer(&problem));
            return FALSE;
        }
        *ret_conflict = search_explain_error(world, problem);
        return TRUE;
    }
    if (causes) {
        *ret_conflict = search_explain(world, causes);
        return TRUE;
    }
    const Candidate *source = result_find_source(result);
    if (source)
        *ret_conflict =
            search_explain_source(world, source, result->criteria[source->ident->id]->infos);
    else
        *ret_solution = solution_new(result);
    return TRUE;
}
