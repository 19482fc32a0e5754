#include "python/name.h"
#include "python/resolution.h"

/* Deeper graphs than this are left to the search. */
#define PREFETCH_LEVELS 32

/* A name that will be asked for, and what was asked of it when it was first met. */
typedef struct {
    Ident *ident;
    const Spec *spec;
    const IndexFile *file;
    const Metadata *metadata;
} Wanted;

static void level_add(GArray *level, GHashTable *seen, Ident *ident, const Spec *spec)
{
    if (ident->is_python || !g_hash_table_add(seen, ident))
        return;
    Wanted wanted = {.ident = ident, .spec = spec};
    g_array_append_val(level, wanted);
}

/* The installed copy will be kept: nothing is fetched for it. */
static bool wanted_is_installed(const World *world, const Wanted *wanted)
{
    const ResolveOptions *options = world->request->options;
    const InstalledDistribution *distribution = wanted->ident->base->distribution;
    return distribution && !options->force_reinstall && !options->upgrade &&
           !options->upgrade_names &&
           specifier_set_contains(wanted->spec->set, distribution->metadata->version,
                                  PRERELEASES_YES);
}

/* The file that is likely to be taken. */
static const IndexFile *project_likely_file(World *world, Project *project, const Wanted *wanted)
{
    const guint64 *accepted = project_accepted(project, wanted->spec);
    const Constraint *constraint = wanted->ident->constraint;
    const guint64 *constrained =
        project_accepted(project, constraint ? constraint->spec : world->anything);
    bool prereleases = wanted->spec->prereleases || finder_prereleases(world->finder) ||
                       (constraint && constraint->spec->prereleases);
    for (guint i = 0; i < project->n_files; i++) {
        guint version = project->files[i].version;
        if (project->files[i].yanked || !bits_test(accepted, version) ||
            !bits_test(constrained, version))
            continue;
        if (prereleases || bits_test(project->finals, version))
            return found_file(&project->files[i]);
    }
    return NULL;
}

static bool level_fetch(World *world, GArray *level)
{
    for (guint i = 0; i < level->len; i++) {
        Wanted *wanted = &g_array_index(level, Wanted, i);
        if (wanted_is_installed(world, wanted))
            wanted->metadata = wanted->ident->base->distribution->metadata;
        else
            finder_want(world->finder, wanted->ident->canonical);
    }
    for (guint i = 0; i < level->len; i++) {
        Wanted *wanted = &g_array_index(level, Wanted, i);
        if (wanted->metadata)
            continue;
        Project *project = world_project(world, wanted->ident, NULL);
        if (!project)
            return false;
        wanted->file = project_likely_file(world, project, wanted);
        if (wanted->file)
            index_client_want_metadata(world->request->client, wanted->file);
    }
    for (guint i = 0; i < level->len; i++) {
        Wanted *wanted = &g_array_index(level, Wanted, i);
        if (wanted->file && g_str_has_suffix(wanted->file->filename, ".whl"))
            wanted->metadata =
                index_client_get_metadata(world->request->client, wanted->file, NULL);
    }
    return true;
}

static bool requirement_is_wanted(const World *world, const Requirement *requirement, char **extras)
{
    if (requirement->url || world_excludes(world, requirement->canonical))
        return false;
    if (!requirement->marker)
        return true;
    const MarkerEnvironment *markers = world->request->markers;
    bool wanted = marker_evaluate(requirement->marker, markers, "");
    for (char **extra = extras; !wanted && *extra; extra++)
        wanted = marker_evaluate(requirement->marker, markers, *extra);
    return wanted;
}

static void level_add_requirements(World *world, GArray *level, GHashTable *seen,
                                   const Wanted *wanted)
{
    const GPtrArray *requirements = wanted->metadata->requires_dist;
    for (guint i = 0; i < requirements->len; i++) {
        const Requirement *requirement = requirements->pdata[i];
        if (!requirement_is_wanted(world, requirement, wanted->ident->extras))
            continue;
        g_auto(GStrv) extras = name_canonical_set(requirement->extras, NULL);
        Ident *ident = world_ident(world, requirement->canonical, extras);
        level_add(level, seen, ident, finder_spec(world->finder, requirement->specifiers));
    }
}

void prefetch_graph(World *world, const GPtrArray *roots)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    g_autoptr(GArray) level = g_array_new(FALSE, FALSE, sizeof(Wanted));
    for (guint i = 0; i < roots->len; i++) {
        const Need *need = roots->pdata[i];
        if (need->kind == NEED_SPECIFIER)
            level_add(level, seen, need->ident, need->spec);
    }
    for (unsigned depth = 0; level->len > 0 && depth < PREFETCH_LEVELS; depth++) {
        if (!level_fetch(world, level) || world->request->options->no_deps)
            return;
        g_autoptr(GArray) next = g_array_new(FALSE, FALSE, sizeof(Wanted));
        for (guint i = 0; i < level->len; i++) {
            const Wanted *wanted = &g_array_index(level, Wanted, i);
            if (wanted->metadata)
                level_add_requirements(world, next, seen, wanted);
        }
        g_array_unref(g_steal_pointer(&level));
        level = g_steal_pointer(&next);
    }
}
