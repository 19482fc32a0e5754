#include "python/candidates.h"
#include "python/hashes.h"

#define PYTHON_IDENT "<python>"

static void ident_free(gpointer data)
{
    Ident *ident = data;
    g_free(ident->text);
    g_free(ident->canonical);
    g_strfreev(ident->extras);
    g_free(ident);
}

static void constraint_free(gpointer data)
{
    Constraint *constraint = data;
    g_strfreev(constraint->hashes);
    g_ptr_array_unref(constraint->links);
    g_ptr_array_unref(constraint->lines);
    g_free(constraint);
}

static void need_free(gpointer data)
{
    Need *need = data;
    g_free(need->extra);
    g_free(need);
}

static void candidate_free(gpointer data)
{
    Candidate *candidate = data;
    version_unref(candidate->version);
    g_free(candidate->problem);
    g_clear_pointer(&candidate->needs, g_ptr_array_unref);
    g_clear_pointer(&candidate->with_extras, g_ptr_array_unref);
    g_free(candidate);
}

static Ident *ident_add(World *world, const char *text, const char *canonical, char **extras)
{
    Ident *ident = g_new0(Ident, 1);
    ident->id = world->idents->len;
    ident->text = g_strdup(text);
    ident->canonical = g_strdup(canonical);
    ident->extras = extras ? g_strdupv(extras) : g_new0(char *, 1);
    ident->base = ident;
    ident->user_order = G_MAXUINT;
    ident->promoted = g_strcmp0(canonical, world->first) == 0;
    g_ptr_array_add(world->idents, ident);
    g_hash_table_insert(world->ident_table, ident->text, ident);
    return ident;
}

static void world_add_python(World *world)
{
    const PythonTarget *target = world->request->target;
    g_autofree char *text =
        g_strdup_printf("%u.%u.%u", target->major, target->minor, target->micro);
    Candidate *python = g_new0(Candidate, 1);
    python->ident = ident_add(world, PYTHON_IDENT, PYTHON_IDENT, NULL);
    python->ident->is_python = true;
    python->base = python;
    python->version = version_parse(text, NULL);
    python->needs = g_ptr_array_new();
    g_ptr_array_add(world->candidates, python);
    world->python = python;
}

static bool any_hashes(const GPtrArray *requirements)
{
    for (guint i = 0; i < requirements->len; i++) {
        if (!hashes_is_empty(((PipRequirement *)requirements->pdata[i])->hashes))
            return true;
    }
    return false;
}

World *world_new(const ResolveRequest *request)
{
    World *world = g_new0(World, 1);
    world->request = request;
    world->finder = finder_new(request);
    world->require_hashes = request->options->require_hashes || request->inputs->require_hashes ||
                            any_hashes(request->inputs->roots) ||
                            any_hashes(request->inputs->constraints);
    world->idents = g_ptr_array_new_with_free_func(ident_free);
    world->ident_table = g_hash_table_new(g_str_hash, g_str_equal);
    world->constraints = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, constraint_free);
    world->links = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    world->candidates = g_ptr_array_new_with_free_func(candidate_free);
    world->needs = g_ptr_array_new_with_free_func(need_free);
    world->infos = g_ptr_array_new_with_free_func(g_free);
    world->files = g_ptr_array_new_with_free_func((GDestroyNotify)index_file_free);
    g_autoptr(SpecifierSet) empty = specifier_set_empty();
    world->anything = finder_spec(world->finder, empty);
    world_add_python(world);
    return world;
}

void world_free(World *world)
{
    if (!world)
        return;
    g_hash_table_unref(world->ident_table);
    g_hash_table_unref(world->constraints);
    g_hash_table_unref(world->links);
    g_ptr_array_unref(world->infos);
    g_ptr_array_unref(world->needs);
    g_ptr_array_unref(world->candidates);
    g_ptr_array_unref(world->idents);
    g_ptr_array_unref(world->files);
    g_clear_pointer(&world->stopped, g_ptr_array_unref);
    finder_free(world->finder);
    g_free(world);
}

/* Names that come with the interpreter; pip never counts them as installed. */
static bool name_is_stdlib(const char *canonical)
{
    static const char *const names[] = {"python", "wsgiref", "argparse", NULL};
    return g_strv_contains(names, canonical);
}

static Ident *world_base_ident(World *world, const char *canonical)
{
    Ident *ident = g_hash_table_lookup(world->ident_table, canonical);
    if (ident)
        return ident;
    ident = ident_add(world, canonical, canonical, NULL);
    ident->constraint = g_hash_table_lookup(world->constraints, canonical);
    if (!world->request->options->ignore_installed && !name_is_stdlib(canonical) &&
        !request_find_relaxed(world->request, canonical))
        ident->distribution = environment_find(world->request->installed, canonical);
    return ident;
}

Ident *world_ident(World *world, const char *canonical, char **extras)
{
    Ident *base = world_base_ident(world, canonical);
    if (!extras || !*extras)
        return base;
    g_autofree char *list = g_strjoinv(",", extras);
    g_autofree char *text = g_strdup_printf("%s[%s]", canonical, list);
    Ident *ident = g_hash_table_lookup(world->ident_table, text);
    if (!ident) {
        ident = ident_add(world, text, canonical, extras);
        ident->base = base;
        ident->constraint = base->constraint;
    }
    return ident;
}

bool world_excludes(const World *world, const char *canonical)
{
    for (const char *const *glob = world->request->exclude; glob && *glob; glob++) {
        if (g_pattern_match_simple(*glob, canonical))
            return true;
    }
    return false;
}

Project *world_project(World *world, Ident *ident, GError **error)
{
    Ident *base = ident->base;
    if (!base->project)
        base->project = finder_project(world->finder, base->canonical, error);
    return base->project;
}

static Constraint *world_constraint(World *world, const char *canonical)
{
    Constraint *constraint = g_hash_table_lookup(world->constraints, canonical);
    if (constraint)
        return constraint;
    constraint = g_new0(Constraint, 1);
    constraint->spec = world->anything;
    constraint->links = g_ptr_array_new();
    constraint->lines = g_ptr_array_new();
    g_hash_table_insert(world->constraints, g_strdup(canonical), constraint);
    return constraint;
}

static gboolean constraint_add_link(World *world, Constraint *constraint,
                                    const PipRequirement *line, GError **error)
{
    bool unsupported = false;
    Ident *ident = world_ident(world, line->requirement->canonical, NULL);
    Candidate *candidate =
        world_link_candidate(world, ident, line->link, line->base_dir, &unsupported, error);
    constraint->unsupported |= unsupported;
    if (!candidate)
        return unsupported;
    candidate->needs_build |= line->needs_build;
    if (!g_ptr_array_find(constraint->links, candidate, NULL))
        g_ptr_array_add(constraint->links, candidate);
    return TRUE;
}

gboolean world_read_constraints(World *world, GError **error)
{
    const GPtrArray *lines = world->request->inputs->constraints;
    for (guint i = 0; i < lines->len; i++) {
        const PipRequirement *line = lines->pdata[i];
        const Requirement *requirement = line->requirement;
        if (requirement->marker &&
            !marker_evaluate(requirement->marker, world->request->markers, ""))
            continue;
        Constraint *constraint = world_constraint(world, requirement->canonical);
        g_ptr_array_add(constraint->lines, (gpointer)line);
        g_autoptr(SpecifierSet) both =
            specifier_set_and(constraint->spec->set, requirement->specifiers);
        constraint->spec = finder_spec(world->finder, both);
        char **hashes = hashes_and(constraint->hashes, line->hashes);
        g_strfreev(constraint->hashes);
        constraint->hashes = hashes;
        if (line->link && !constraint_add_link(world, constraint, line, error))
            return FALSE;
    }
    return TRUE;
}
