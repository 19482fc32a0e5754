#include "python/provider.h"
#include "python/hashes.h"

Matches *matches_ref(Matches *matches)
{
    matches->refs++;
    return matches;
}

void matches_unref(Matches *matches)
{
    if (!matches || --matches->refs > 0)
        return;
    g_clear_pointer(&matches->candidates, g_ptr_array_unref);
    g_clear_pointer(&matches->specs, g_ptr_array_unref);
    g_clear_pointer(&matches->incompatible, g_ptr_array_unref);
    g_clear_pointer(&matches->by_hashes, g_ptr_array_unref);
    g_strfreev(matches->hashes);
    g_free(matches->bits);
    g_free(matches);
}

static void add_once(GPtrArray *array, gpointer item)
{
    if (!g_ptr_array_find(array, item, NULL))
        g_ptr_array_add(array, item);
}

static void matches_add_hashes(Matches *matches, char **hashes)
{
    if (hashes_is_empty(hashes))
        return;
    char **both = hashes_and(matches->hashes, hashes);
    g_strfreev(matches->hashes);
    matches->hashes = both;
}

static void matches_add_info(Matches *matches, const Need *need)
{
    if (need->kind != NEED_SPECIFIER) {
        if (need->candidate)
            add_once(matches->candidates, need->candidate);
        return;
    }
    if (!matches->template)
        matches->template = need;
    add_once(matches->specs, (gpointer)need->spec);
    if (need->root)
        matches_add_hashes(matches, need->root->hashes);
}

/* Requirements on the name itself hold for the name with extras too. */
static void matches_add_base_info(World *world, Matches *matches, const Need *need)
{
    if (need->kind == NEED_CANDIDATE)
        add_once(matches->candidates,
                 world_extras_candidate(world, need->candidate, matches->ident));
    else if (need->kind == NEED_SPECIFIER)
        matches_add_info(matches, need);
}

static gboolean matches_add_constraint_links(World *world, Matches *matches, GError **error)
{
    const GPtrArray *links = matches->ident->constraint->links;
    for (guint i = 0; i < links->len; i++) {
        Candidate *candidate = links->pdata[i];
        if (!world_prepare(world, candidate, error))
            return FALSE;
        if (candidate->needs_build)
            return error_set(error, ERROR_INPUT, SPAN_NONE,
                             "'%s' is a source distribution, which pip would have to build",
                             candidate->file->filename);
        if (candidate->bad)
            continue;
        if (!world_touch(world, candidate, matches->template, matches->ident->constraint->hashes,
                         error))
            return FALSE;
        if (matches->ident->base != matches->ident)
            candidate = world_extras_candidate(world, candidate, matches->ident);
        add_once(matches->candidates, candidate);
    }
    return TRUE;
}

static bool constraint_is_satisfied(const Constraint *constraint, const Candidate *candidate)
{
    if (!constraint)
        return true;
    for (guint i = 0; i < constraint->links->len; i++) {
        if (constraint->links->pdata[i] != candidate->base)
            return false;
    }
    return specifier_set_contains(constraint->spec->set, candidate->version, PRERELEASES_YES);
}

static bool is_incompatible(const Matches *matches, const Candidate *candidate)
{
    return matches->incompatible && g_ptr_array_find(matches->incompatible, candidate, NULL);
}

/* Named candidates stay only if they meet everything that is asked of the identifier. */
static void matches_filter_named(Matches *matches, const GPtrArray *infos)
{
    for (guint i = 0; i < matches->candidates->len;) {
        Candidate *candidate = matches->candidates->pdata[i];
        bool fits = !is_incompatible(matches, candidate) &&
                    constraint_is_satisfied(matches->ident->constraint, candidate);
        for (guint j = 0; fits && j < infos->len; j++)
            fits = need_is_satisfied(((Info *)infos->pdata[j])->need, candidate);
        if (fits)
            i++;
        else
            g_ptr_array_remove_index(matches->candidates, i);
    }
}

static bool is_eligible_for_upgrade(const World *world, const Ident *ident)
{
    const ResolveOptions *options = world->request->options;
    if (options->upgrade_names &&
        g_strv_contains((const char *const *)options->upgrade_names, ident->canonical))
        return true;
    return options->upgrade &&
           (options->upgrade_eager || ident->user_requested || ident->base->user_requested);
}

static void matches_add_installed(World *world, Matches *matches)
{
    Ident *base = matches->ident->base;
    matches->prefers_installed = !is_eligible_for_upgrade(world, matches->ident);
    if (world->request->options->force_reinstall || !base->distribution)
        return;
    Candidate *installed = world_installed_candidate(world, base);
    for (guint i = 0; i < matches->specs->len; i++) {
        const Spec *spec = matches->specs->pdata[i];
        if (!specifier_set_contains(spec->set, installed->version, PRERELEASES_YES))
            return;
    }
    if (matches->ident != base)
        installed = world_extras_candidate(world, installed, matches->ident);
    if (!is_incompatible(matches, installed))
        matches->installed = installed;
}

Matches *provider_find_matches(World *world, Ident *ident, const GPtrArray *infos,
                               const GPtrArray *base_infos, GPtrArray *incompatible, GError **error)
{
    g_autoptr(Matches) matches = g_new0(Matches, 1);
    matches->refs = 1;
    matches->ident = ident;
    matches->incompatible = incompatible ? g_ptr_array_ref(incompatible) : NULL;
    matches->candidates = g_ptr_array_new();
    matches->specs = g_ptr_array_new();
    const Constraint *constraint = ident->constraint;
    for (guint i = 0; i < infos->len; i++)
        matches_add_info(matches, ((Info *)infos->pdata[i])->need);
    for (guint i = 0; base_infos && i < base_infos->len; i++)
        matches_add_base_info(world, matches, ((Info *)base_infos->pdata[i])->need);
    if (matches->template && constraint) {
        if (constraint->unsupported) {
            g_ptr_array_set_size(matches->candidates, 0);
            return g_steal_pointer(&matches);
        }
        if (!matches_add_constraint_links(world, matches, error))
            return NULL;
    }
    if (matches->candidates->len > 0 || !matches->template) {
        matches_filter_named(matches, infos);
        return g_steal_pointer(&matches);
    }
    g_clear_pointer(&matches->candidates, g_ptr_array_unref);
    if (constraint) {
        add_once(matches->specs, (gpointer)constraint->spec);
        matches_add_hashes(matches, constraint->hashes);
    }
    matches_add_installed(world, matches);
    return g_steal_pointer(&matches);
}

/* The versions that all specifiers accept, with packaging's rule for pre-releases: they count if
 * the user or a specifier lets them in, or if nothing else is left. */
static void matches_compute_bits(World *world, Matches *matches)
{
    Project *project = matches->project;
    guint words = project->n_words;
    matches->bits = g_new(guint64, words);
    memset(matches->bits, 0xff, words * sizeof(guint64));
    bool prereleases = finder_prereleases(world->finder);
    for (guint i = 0; i < matches->specs->len; i++) {
        const Spec *spec = matches->specs->pdata[i];
        prereleases |= spec->prereleases;
        if (!spec->any)
            continue;
        const guint64 *accepted = project_accepted(project, spec);
        for (guint w = 0; w < words; w++)
            matches->bits[w] &= accepted[w];
    }
    guint64 finals = 0;
    for (guint w = 0; w < words; w++)
        finals |= matches->bits[w] & project->finals[w];
    for (guint w = 0; !prereleases && finals && w < words; w++)
        matches->bits[w] &= project->finals[w];
}

static bool matches_are_exact(const Matches *matches)
{
    for (guint i = 0; i < matches->specs->len; i++) {
        if (((const Spec *)matches->specs->pdata[i])->exact)
            return true;
    }
    return false;
}

/* filter_unallowed_hashes(), and files with an allowed digest before those without one. */
static void matches_sort_by_hashes(Matches *matches)
{
    const Project *project = matches->project;
    matches->by_hashes = g_ptr_array_new();
    for (unsigned pass = 0; pass < 2; pass++) {
        for (guint i = 0; i < project->n_files; i++) {
            FoundFile *found = &project->files[i];
            const IndexFile *file = found_file(found);
            bool allowed = hashes_allow_file(matches->hashes, file);
            if (!bits_test(matches->bits, found->version) || allowed != (pass == 0))
                continue;
            if (allowed || !hashes_file_has_digest(file))
                g_ptr_array_add(matches->by_hashes, found);
        }
        if (pass == 0 && matches->by_hashes->len == 0) {
            for (guint i = 0; i < project->n_files; i++) {
                if (bits_test(matches->bits, project->files[i].version))
                    g_ptr_array_add(matches->by_hashes, &project->files[i]);
            }
            return;
        }
    }
}

/* Yanked files count only for an exact pin that nothing else meets (PEP 592). */
static void matches_decide_yanked(Matches *matches)
{
    if (!matches_are_exact(matches))
        return;
    matches->takes_yanked = true;
    for (guint i = 0; matches->by_hashes && i < matches->by_hashes->len; i++)
        matches->takes_yanked &= ((FoundFile *)matches->by_hashes->pdata[i])->yanked;
    for (guint w = 0; !matches->by_hashes && w < matches->project->n_words; w++)
        matches->takes_yanked &= !(matches->bits[w] & matches->project->offered[w]);
}

static gboolean matches_ask_index(World *world, Matches *matches, GError **error)
{
    if (matches->bits)
        return TRUE;
    matches->project = world_project(world, matches->ident, error);
    if (!matches->project)
        return FALSE;
    matches_compute_bits(world, matches);
    if (!hashes_is_empty(matches->hashes))
        matches_sort_by_hashes(matches);
    matches_decide_yanked(matches);
    return TRUE;
}

void match_iter_init(MatchIter *iter, World *world, Matches *matches)
{
    *iter = (MatchIter){.world = world, .matches = matches};
}

void match_iter_clear(MatchIter *iter)
{
    g_clear_pointer(&iter->found, g_free);
}

/* The file at a place of the order, NULL past the end; `*ret_skip` when it does not count. */
static FoundFile *match_iter_file(const MatchIter *iter, guint position, bool *ret_skip)
{
    const Matches *matches = iter->matches;
    FoundFile *found;
    if (matches->by_hashes) {
        if (position >= matches->by_hashes->len)
            return NULL;
        found = matches->by_hashes->pdata[position];
    } else {
        if (position >= matches->project->n_files)
            return NULL;
        found = &matches->project->files[position];
    }
    *ret_skip = !bits_test(matches->bits, found->version) ||
                bits_test(iter->found, found->version) || (found->yanked && !matches->takes_yanked);
    return found;
}

static bool installed_has_version(const MatchIter *iter, guint version, int *ret_order)
{
    *ret_order = version_compare(iter->matches->installed->version,
                                 iter->matches->project->versions[version]);
    return *ret_order == 0;
}

/* The next file in order: the preferred version first, the others as the index has them. */
static FoundFile *match_iter_next_file(MatchIter *iter)
{
    int preferred = iter->matches->project->preferred;
    bool skip = false;
    FoundFile *found;
    if (preferred >= 0 && !bits_test(iter->found, (guint)preferred)) {
        for (guint i = 0; (found = match_iter_file(iter, i, &skip)); i++) {
            if (!skip && found->version == (guint)preferred)
                return found;
        }
        bits_set(iter->found, (guint)preferred);
    }
    for (; (found = match_iter_file(iter, iter->position, &skip)); iter->position++) {
        if (!skip)
            return found;
    }
    return NULL;
}

/* At most so many candidates of one name are asked about before they are tried. */
#define LOOK_AHEAD 32

/* A search that goes back version by version would wait for each answer in turn: the more versions
 * it has given up, the more of the next ones are asked about at once. */
static void match_iter_look_ahead(MatchIter *iter)
{
    const Matches *matches = iter->matches;
    guint given_up = iter->tried++ + (matches->incompatible ? matches->incompatible->len : 0);
    guint ahead = MIN(given_up, LOOK_AHEAD), last = G_MAXUINT;
    const FoundFile *found;
    bool skip = false;
    for (guint i = iter->position; ahead > 0 && (found = match_iter_file(iter, i, &skip)); i++) {
        if (skip || !found->wheel || found->version == last)
            continue;
        last = found->version;
        ahead--;
        index_client_want_metadata(iter->world->request->client, found_file(found));
    }
}

/* Turns a file into a candidate; *ret_candidate NULL: it is unusable. */
static gboolean match_iter_take(MatchIter *iter, FoundFile *found, bool prepare,
                                Candidate **ret_candidate, GError **error)
{
    Matches *matches = iter->matches;
    Ident *base = matches->ident->base;
    const Constraint *constraint = matches->ident->constraint;
    Candidate *candidate = world_found_candidate(iter->world, base, found);
    bits_set(iter->found, found->version);
    *ret_candidate = NULL;
    if (!candidate->bad && !world_touch(iter->world, candidate, matches->template,
                                        constraint ? constraint->hashes : NULL, error))
        return FALSE;
    if (is_incompatible(matches,
                        matches->ident == base
                            ? candidate
                            : world_extras_candidate(iter->world, candidate, matches->ident)))
        return TRUE;
    if (prepare && !candidate->metadata)
        match_iter_look_ahead(iter);
    if (prepare && !world_prepare(iter->world, candidate, error))
        return FALSE;
    if (candidate->bad)
        return TRUE;
    *ret_candidate = matches->ident == base
                         ? candidate
                         : world_extras_candidate(iter->world, candidate, matches->ident);
    return TRUE;
}

static gboolean match_iter_start(MatchIter *iter, GError **error)
{
    if (iter->found)
        return TRUE;
    if (!matches_ask_index(iter->world, iter->matches, error))
        return FALSE;
    const Project *project = iter->matches->project;
    iter->found = g_new0(guint64, project->n_words);
    int order = 0;
    for (guint i = 0; iter->installed_found && i < project->n_versions; i++) {
        if (installed_has_version(iter, i, &order))
            bits_set(iter->found, i);
    }
    return TRUE;
}

/* _iter_built_with_inserted(): before each version that is not newer, the installed one is offered
 * (again). */
static bool match_iter_offers_installed(MatchIter *iter, const FoundFile *found)
{
    const Matches *matches = iter->matches;
    int order = 0;
    if (!matches->installed || matches->prefers_installed || iter->installed_pending)
        return false;
    installed_has_version(iter, found->version, &order);
    if (order < 0)
        return false;
    iter->installed_found = true;
    iter->installed_pending = true;
    for (guint i = 0; i < matches->project->n_versions; i++) {
        if (i != found->version && installed_has_version(iter, i, &order))
            bits_set(iter->found, i);
    }
    return true;
}

static gboolean match_iter_next_found(MatchIter *iter, bool prepare, Candidate **ret_candidate,
                                      GError **error)
{
    Matches *matches = iter->matches;
    if (matches->installed && matches->prefers_installed && !iter->started) {
        iter->started = iter->installed_found = true;
        *ret_candidate = matches->installed;
        return TRUE;
    }
    if (!match_iter_start(iter, error))
        return FALSE;
    for (;;) {
        FoundFile *found = match_iter_next_file(iter);
        if (!found)
            break;
        if (match_iter_offers_installed(iter, found)) {
            *ret_candidate = matches->installed;
            return TRUE;
        }
        iter->installed_pending = false;
        if (!match_iter_take(iter, found, prepare, ret_candidate, error))
            return FALSE;
        if (*ret_candidate)
            return TRUE;
    }
    bool last = matches->installed && !matches->prefers_installed && !iter->installed_found;
    iter->installed_found |= last;
    *ret_candidate = last ? matches->installed : NULL;
    return TRUE;
}

gboolean match_iter_next(MatchIter *iter, bool prepare, Candidate **ret_candidate, GError **error)
{
    const GPtrArray *named = iter->matches->candidates;
    if (!named)
        return match_iter_next_found(iter, prepare, ret_candidate, error);
    *ret_candidate = iter->position < named->len ? named->pdata[iter->position++] : NULL;
    return TRUE;
}

Preference provider_preference(const GPtrArray *infos)
{
    Preference preference = {0};
    for (guint i = 0; i < infos->len; i++) {
        const Need *need = ((Info *)infos->pdata[i])->need;
        preference.direct |= need->kind == NEED_CANDIDATE;
        if (need->kind != NEED_SPECIFIER)
            continue;
        preference.pinned |= need->spec->exact;
        preference.upper |= need->spec->upper;
        preference.unfree |= need->spec->any;
    }
    return preference;
}

bool provider_prefers(const Ident *a, Preference of_a, const Ident *b, Preference of_b)
{
    if (a->promoted != b->promoted)
        return a->promoted;
    if (of_a.direct != of_b.direct)
        return of_a.direct;
    if (of_a.pinned != of_b.pinned)
        return of_a.pinned;
    if (of_a.upper != of_b.upper)
        return of_a.upper;
    if (a->user_order != b->user_order)
        return a->user_order < b->user_order;
    if (of_a.unfree != of_b.unfree)
        return of_a.unfree;
    return strcmp(a->text, b->text) < 0;
}
