#include "python/candidates.h"
#include "python/hashes.h"
#include "python/name.h"

static Candidate *candidate_add(World *world, Ident *ident)
{
    Candidate *candidate = g_new0(Candidate, 1);
    candidate->ident = ident;
    candidate->base = candidate;
    g_ptr_array_add(world->candidates, candidate);
    return candidate;
}

Candidate *world_found_candidate(World *world, Ident *ident, FoundFile *found)
{
    if (found->candidate)
        return found->candidate;
    Candidate *candidate = candidate_add(world, ident);
    candidate->file = found_file(found);
    candidate->project = ident->project;
    candidate->number = found->version;
    candidate->version = version_ref(ident->project->versions[found->version]);
    found->candidate = candidate;
    return candidate;
}

Candidate *world_installed_candidate(World *world, Ident *ident)
{
    if (ident->installed)
        return ident->installed;
    Candidate *candidate = candidate_add(world, ident);
    candidate->installed = ident->distribution;
    candidate->metadata = ident->distribution->metadata;
    candidate->version = version_ref(candidate->metadata->version);
    candidate->touched = true;
    ident->installed = candidate;
    return candidate;
}

Candidate *world_extras_candidate(World *world, Candidate *base, Ident *ident)
{
    for (guint i = 0; base->with_extras && i < base->with_extras->len; i++) {
        Candidate *candidate = base->with_extras->pdata[i];
        if (candidate->ident == ident)
            return candidate;
    }
    Candidate *candidate = candidate_add(world, ident);
    candidate->base = base;
    candidate->version = base->version ? version_ref(base->version) : NULL;
    candidate->project = base->project;
    candidate->number = base->number;
    if (!base->with_extras)
        base->with_extras = g_ptr_array_new();
    g_ptr_array_add(base->with_extras, candidate);
    return candidate;
}

static bool wheel_is_supported(const World *world, const WheelName *wheel)
{
    return tag_set_rank(world->request->tags, wheel) >= 0;
}

Candidate *world_link_candidate(World *world, Ident *ident, const char *link, const char *base_dir,
                                bool *ret_unsupported, GError **error)
{
    g_autofree char *key = g_strdup_printf("%s\n%s", ident->canonical, link);
    Candidate *known = g_hash_table_lookup(world->links, key);
    if (known)
        return known;
    g_autoptr(IndexFile) file = index_file_from_user(link, base_dir, error);
    if (!file)
        return NULL;
    g_autoptr(WheelName) wheel = wheel_name_parse(file->filename, NULL);
    if (wheel && !wheel_is_supported(world, wheel)) {
        *ret_unsupported = true;
        return NULL;
    }
    Candidate *candidate = candidate_add(world, ident);
    candidate->file = file;
    candidate->direct = true;
    candidate->needs_build = !wheel;
    candidate->version = wheel ? version_ref(wheel->version) : NULL;
    g_ptr_array_add(world->files, g_steal_pointer(&file));
    g_hash_table_insert(world->links, g_steal_pointer(&key), candidate);
    return candidate;
}

static gboolean refuse_build(World *world, const Candidate *candidate, GError **error)
{
    world->stopped_by = REFUSED_FORMAT;
    world->stopped_on = candidate;
    return error_set(error, ERROR_INPUT, SPAN_NONE,
                     "'%s' is a source distribution, which pip would have to build",
                     candidate->file->filename);
}

gboolean world_prepare(World *world, Candidate *candidate, GError **error)
{
    Candidate *base = candidate->base;
    if (base->metadata || base->bad || base == world->python)
        return TRUE;
    g_autoptr(GError) problem = NULL;
    base->metadata = index_client_get_metadata(world->request->client, base->file, &problem);
    if (base->metadata) {
        if (!base->version)
            base->version = version_ref(base->metadata->version);
        return TRUE;
    }
    if (problem->domain != ERROR_DOMAIN || problem->code != ERROR_INPUT) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return FALSE;
    }
    world->stopped_at = base->ident;
    if (base->needs_build || !g_str_has_suffix(base->file->filename, ".whl"))
        return refuse_build(world, base, error);
    base->bad = true;
    base->problem = g_strdup(problem->message);
    return TRUE;
}

static Need *need_add(World *world, GPtrArray *needs, NeedKind kind, Ident *ident)
{
    Need *need = g_new0(Need, 1);
    need->kind = kind;
    need->ident = ident;
    g_ptr_array_add(world->needs, need);
    g_ptr_array_add(needs, need);
    return need;
}

/* What is declared, by whom, and under which extra. */
typedef struct {
    const Requirement *requirement;
    const PipRequirement *root;
    const PipRequirement *override;
    const char *extra;
} Declaration;

static Need *need_declare(World *world, GPtrArray *needs, NeedKind kind, Ident *ident,
                          const Declaration *declaration)
{
    Need *need = need_add(world, needs, kind, ident);
    need->requirement = declaration->requirement;
    need->root = declaration->root;
    need->override = declaration->override;
    need->extra = g_strdup(declaration->extra);
    return need;
}

static const PipRequirement *world_override(const World *world, const char *canonical)
{
    const GPtrArray *overrides = world->request->overrides;
    for (guint i = 0; overrides && i < overrides->len; i++) {
        const PipRequirement *override = overrides->pdata[i];
        const Requirement *requirement = override->requirement;
        if (g_str_equal(requirement->canonical, canonical) &&
            (!requirement->marker ||
             marker_evaluate(requirement->marker, world->request->markers, "")))
            return override;
    }
    return NULL;
}

/* factory._make_requirements_from_install_req() without a link: specifiers go to the name, extras
 * are a requirement of their own. */
static void needs_add_specifier(World *world, GPtrArray *needs, Ident *ident,
                                const SpecifierSet *specifiers, const Declaration *declaration)
{
    const Spec *spec = finder_spec(world->finder, specifiers);
    if (ident->base != ident && spec->any)
        need_declare(world, needs, NEED_SPECIFIER, ident->base, declaration)->spec = spec;
    need_declare(world, needs, NEED_SPECIFIER, ident, declaration)->spec = spec;
}

static gboolean needs_add_link(World *world, GPtrArray *needs, Ident *ident, const char *link,
                               const char *base_dir, const Declaration *declaration, GError **error)
{
    bool unsupported = false;
    Candidate *candidate =
        world_link_candidate(world, ident->base, link, base_dir, &unsupported, error);
    if (unsupported)
        return error_set(error, ERROR_INPUT, declaration->root ? declaration->root->at : SPAN_NONE,
                         "'%s' is not a wheel for this platform", link);
    if (!candidate)
        return FALSE;
    if (candidate->needs_build)
        return refuse_build(world, candidate, error);
    if (!world_prepare(world, candidate, error))
        return FALSE;
    Need first = {.root = declaration->root};
    if (!candidate->bad && !world_touch(world, candidate, &first, NULL, error))
        return FALSE;
    if (candidate->bad && declaration->root)
        return error_set(error, ERROR_INPUT, declaration->root->at, "'%s' cannot be used: %s", link,
                         candidate->problem);
    if (candidate->bad) {
        need_declare(world, needs, NEED_IMPOSSIBLE, ident->base, declaration);
        return TRUE;
    }
    need_declare(world, needs, NEED_CANDIDATE, ident->base, declaration)->candidate = candidate;
    if (ident->base != ident)
        need_declare(world, needs, NEED_CANDIDATE, ident, declaration)->candidate =
            world_extras_candidate(world, candidate, ident);
    return TRUE;
}

/* One declared requirement whose marker holds. */
static gboolean needs_add(World *world, GPtrArray *needs, Declaration declaration, GError **error)
{
    const Requirement *requirement = declaration.requirement;
    if (world_excludes(world, requirement->canonical))
        return TRUE;
    const PipRequirement *root = declaration.root;
    declaration.override = world_override(world, requirement->canonical);
    const PipRequirement *decides = declaration.override ? declaration.override : root;
    const Requirement *decided = decides ? decides->requirement : requirement;
    g_auto(GStrv) declared =
        name_canonical_set(requirement->extras, root ? root->extras_wanted : NULL);
    g_auto(GStrv) extras =
        name_canonical_set(declared, declaration.override ? decided->extras : NULL);
    Ident *ident = world_ident(world, requirement->canonical, extras);
    const char *link = decides ? decides->link : requirement->url;
    world->stopped_at = ident->base;
    if (decides && (decides->editable || decides->needs_build))
        return error_set(error, ERROR_INPUT, decides->at,
                         "'%s' is no wheel and would have to be built", decides->text);
    if (!link) {
        needs_add_specifier(world, needs, ident, decided->specifiers, &declaration);
        return TRUE;
    }
    return needs_add_link(world, needs, ident, link, decides ? decides->base_dir : NULL,
                          &declaration, error);
}

static int compare_roots(const void *a, const void *b)
{
    const Need *x = *(const Need *const *)a, *y = *(const Need *const *)b;
    return (x->ident != x->ident->base) - (y->ident != y->ident->base);
}

static bool marker_holds(const World *world, const Requirement *requirement, const char *extra)
{
    return !requirement->marker ||
           marker_evaluate(requirement->marker, world->request->markers, extra);
}

GPtrArray *world_collect_roots(World *world, GError **error)
{
    const GPtrArray *roots = world->request->inputs->roots;
    g_autoptr(GPtrArray) needs = g_ptr_array_new();
    for (guint i = 0; i < roots->len; i++) {
        const PipRequirement *root = roots->pdata[i];
        if (!marker_holds(world, root->requirement, ""))
            continue;
        guint first = needs->len;
        Declaration declaration = {.requirement = root->requirement, .root = root};
        if (!needs_add(world, needs, declaration, error))
            return NULL;
        if (needs->len == first)
            continue;
        Ident *ident = ((Need *)needs->pdata[first])->ident;
        if (!ident->user_requested) {
            ident->user_requested = true;
            ident->user_order = i;
        }
    }
    g_ptr_array_sort(needs, compare_roots); /* a stable sort */
    return g_steal_pointer(&needs);
}

/* The extra that brings a requirement in: "" when none is needed, NULL when it does not apply. */
static const char *requirement_applies(const World *world, const Requirement *requirement,
                                       char **extras)
{
    if (!extras || !*extras)
        return marker_holds(world, requirement, "") ? "" : NULL;
    for (char **extra = extras; *extra; extra++) {
        if (marker_holds(world, requirement, *extra))
            return marker_holds(world, requirement, "") ? "" : *extra;
    }
    return NULL;
}

static char **valid_extras(const Metadata *metadata, char **extras)
{
    g_autoptr(GPtrArray) valid = g_ptr_array_new();
    for (; *extras; extras++) {
        if (metadata_has_extra(metadata, *extras))
            g_ptr_array_add(valid, g_strdup(*extras));
    }
    g_ptr_array_add(valid, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&valid), FALSE);
}

static void needs_add_python(World *world, GPtrArray *needs, const Metadata *metadata)
{
    if (!metadata->python || specifier_set_is_empty(metadata->python))
        return;
    Need *need = need_add(world, needs, NEED_PYTHON, world->python->ident);
    need->spec = finder_spec(world->finder, metadata->python);
    if (specifier_set_contains(metadata->python, world->python->version, PRERELEASES_YES))
        need->candidate = world->python;
}

/* candidates.py, iter_dependencies() */
static gboolean candidate_collect_needs(World *world, Candidate *candidate, GPtrArray *needs,
                                        GError **error)
{
    const Metadata *metadata = candidate->base->metadata;
    if (candidate != candidate->base)
        need_add(world, needs, NEED_CANDIDATE, candidate->ident->base)->candidate = candidate->base;
    else if (!candidate->installed)
        needs_add_python(world, needs, metadata);
    if (world->request->options->no_deps)
        return TRUE;
    g_auto(GStrv) extras = valid_extras(metadata, candidate->ident->extras);
    for (guint i = 0; i < metadata->requires_dist->len; i++) {
        const Requirement *requirement = metadata->requires_dist->pdata[i];
        const char *extra = requirement_applies(world, requirement, extras);
        Declaration declaration = {.requirement = requirement,
                                   .extra = extra && *extra ? extra : NULL};
        if (extra && !needs_add(world, needs, declaration, error))
            return FALSE;
    }
    return TRUE;
}

const GPtrArray *world_needs(World *world, Candidate *candidate, GError **error)
{
    if (candidate->needs)
        return candidate->needs;
    g_autoptr(GPtrArray) needs = g_ptr_array_new();
    if (!candidate_collect_needs(world, candidate, needs, error))
        return NULL;
    candidate->needs = g_steal_pointer(&needs);
    return candidate->needs;
}

bool need_is_satisfied(const Need *need, const Candidate *candidate)
{
    switch (need->kind) {
    case NEED_SPECIFIER:
        if (candidate->project)
            return bits_test(project_accepted(candidate->project, need->spec), candidate->number);
        return specifier_set_contains(need->spec->set, candidate->version, PRERELEASES_YES);
    case NEED_CANDIDATE:
        return need->candidate == candidate;
    case NEED_PYTHON:
        return need->candidate != NULL;
    case NEED_IMPOSSIBLE:
        break;
    }
    return false;
}

static gboolean complete_digest(World *world, const IndexFile *file, GError **error)
{
    if (hashes_file_has_digest(file))
        return TRUE;
    g_autoptr(GPtrArray) files = g_ptr_array_new();
    g_ptr_array_add(files, (gpointer)file);
    return index_client_complete_files(world->request->client, files, error);
}

static gboolean refuse_hash(World *world, const Candidate *candidate, Span at, const char *problem,
                            GError **error)
{
    world->stopped_by = REFUSED_HASH;
    world->stopped_on = candidate;
    return error_set(error, ERROR_INPUT, at, "%s %s %s (%s)", problem, candidate->ident->canonical,
                     version_text(candidate->version), candidate->file->filename);
}

/* Hash checking mode (preparer._get_linked_req_hashes()). */
static gboolean candidate_check_hashes(World *world, const Candidate *candidate, const Need *need,
                                       char **constraint_hashes, GError **error)
{
    char **hashes = need->root ? need->root->hashes : NULL;
    if (hashes_is_empty(hashes) && hashes_has_digest(constraint_hashes))
        hashes = constraint_hashes;
    const IndexFile *file = candidate->file;
    if (candidate->direct && need->root && hashes_file_has_digest(file))
        return TRUE;
    Span at = need->root ? need->root->at : SPAN_NONE;
    if (hashes_is_empty(hashes))
        return refuse_hash(world, candidate, at, "hashes are required, and none is given for",
                           error);
    if (!complete_digest(world, file, error))
        return FALSE;
    return hashes_allow_file(hashes, file) ||
           refuse_hash(world, candidate, at, "none of the hashes given is that of", error);
}

gboolean world_touch(World *world, Candidate *candidate, const Need *need, char **hashes,
                     GError **error)
{
    Candidate *base = candidate->base;
    if (base->touched)
        return TRUE;
    base->touched = true;
    base->requested = need->root != NULL;
    world->stopped_at = base->ident;
    return !world->require_hashes || candidate_check_hashes(world, base, need, hashes, error);
}
