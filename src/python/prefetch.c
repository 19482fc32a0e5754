#include "python/name.h"
#include "python/resolution.h"

/* Deeper graphs than this are left to the search. */
#define PREFETCH_LEVELS 32

/* A name that will be asked for, and what was asked of it when it was first met. */
typedef struct {
    World *world;
    Ident *ident;
    const Spec *spec;
    const IndexFile *file;
    const Metadata *metadata;
} Wanted;

/* Of one world or many; identifiers belong to one. */
typedef struct {
    GHashTable *seen;    /* set of Ident */
    GHashTable *stopped; /* set of World: a page of it could not be had */
    GPtrArray *files;    /* IndexFile: the likely ones, with a digest; or NULL */
} Ahead;

static void level_add(const Ahead *ahead, GArray *level, World *world, Ident *ident,
                      const Spec *spec)
{
    if (ident->is_python || !g_hash_table_add(ahead->seen, ident))
        return;
    Wanted wanted = {.world = world, .ident = ident, .spec = spec};
    g_array_append_val(level, wanted);
}

/* The installed copy will be kept: nothing is fetched for it. */
static bool wanted_is_installed(const Wanted *wanted)
{
    const ResolveOptions *options = wanted->world->request->options;
    const InstalledDistribution *distribution = wanted->ident->base->distribution;
    return distribution && !options->force_reinstall && !options->upgrade &&
           !options->upgrade_names &&
           specifier_set_contains(wanted->spec->set, distribution->metadata->version,
                                  PRERELEASES_YES);
}

/* The file that is likely to be taken. */
static const IndexFile *project_likely_file(Project *project, const Wanted *wanted)
{
    World *world = wanted->world;
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

static void find_files(const Ahead *ahead, GArray *level)
{
    for (guint i = 0; i < level->len; i++) {
        Wanted *wanted = &g_array_index(level, Wanted, i);
        if (wanted->metadata || g_hash_table_contains(ahead->stopped, wanted->world))
            continue;
        Project *project = world_project(wanted->world, wanted->ident, NULL);
        if (!project)
            g_hash_table_add(ahead->stopped, wanted->world);
        wanted->file = project ? project_likely_file(project, wanted) : NULL;
        if (wanted->file)
            index_client_want_metadata(wanted->world->request->client, wanted->file);
    }
}

static void level_fetch(const Ahead *ahead, GArray *level)
{
    for (guint i = 0; i < level->len; i++) {
        Wanted *wanted = &g_array_index(level, Wanted, i);
        if (wanted_is_installed(wanted))
            wanted->metadata = wanted->ident->base->distribution->metadata;
        else
            finder_want(wanted->world->finder, wanted->ident->canonical);
    }
    find_files(ahead, level);
    for (guint i = 0; i < level->len; i++) {
        Wanted *wanted = &g_array_index(level, Wanted, i);
        if (g_hash_table_contains(ahead->stopped, wanted->world))
            continue;
        if (wanted->file && g_str_has_suffix(wanted->file->filename, ".whl"))
            wanted->metadata =
                index_client_get_metadata(wanted->world->request->client, wanted->file, NULL);
    }
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

static void level_add_requirements(const Ahead *ahead, GArray *level, const Wanted *wanted)
{
    World *world = wanted->world;
    const GPtrArray *requirements = wanted->metadata->requires_dist;
    for (guint i = 0; i < requirements->len; i++) {
        const Requirement *requirement = requirements->pdata[i];
        if (!requirement_is_wanted(world, requirement, wanted->ident->extras))
            continue;
        g_auto(GStrv) extras = name_canonical_set(requirement->extras, NULL);
        Ident *ident = world_ident(world, requirement->canonical, extras);
        level_add(ahead, level, world, ident, finder_spec(world->finder, requirement->specifiers));
    }
}

static bool is_followed(const Ahead *ahead, const Wanted *wanted)
{
    return wanted->metadata && !wanted->world->request->options->no_deps &&
           !g_hash_table_contains(ahead->stopped, wanted->world);
}

/* Level by level; takes the first. */
static void follow_levels(const Ahead *ahead, GArray *first)
{
    g_autoptr(GArray) level = first;
    for (unsigned depth = 0; level->len > 0 && depth < PREFETCH_LEVELS; depth++) {
        level_fetch(ahead, level);
        g_autoptr(GArray) next = g_array_new(FALSE, FALSE, sizeof(Wanted));
        for (guint i = 0; i < level->len; i++) {
            const Wanted *wanted = &g_array_index(level, Wanted, i);
            if (ahead->files && wanted->file && wanted->file->sha256)
                g_ptr_array_add(ahead->files, (void *)wanted->file);
            if (is_followed(ahead, wanted))
                level_add_requirements(ahead, next, wanted);
        }
        g_array_unref(g_steal_pointer(&level));
        level = g_steal_pointer(&next);
    }
}

static void add_roots(const Ahead *ahead, GArray *level, World *world, const GPtrArray *roots)
{
    for (guint i = 0; i < roots->len; i++) {
        const Need *need = roots->pdata[i];
        if (need->kind == NEED_SPECIFIER)
            level_add(ahead, level, world, need->ident, need->spec);
    }
}

void prefetch_graph(World *world, const GPtrArray *roots)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    g_autoptr(GHashTable) stopped = g_hash_table_new(NULL, NULL);
    Ahead ahead = {seen, stopped, NULL};
    GArray *level = g_array_new(FALSE, FALSE, sizeof(Wanted));
    add_roots(&ahead, level, world, roots);
    follow_levels(&ahead, level);
}

static void free_world(void *world)
{
    world_free(world);
}

/* Sizes, too, that pages do not tell. */
static void complete(IndexClient *client, const GPtrArray *likely)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    g_autoptr(GPtrArray) files = g_ptr_array_new();
    g_autoptr(GError) ignored = NULL;
    for (guint i = 0; i < likely->len; i++) {
        if (g_hash_table_add(seen, likely->pdata[i]))
            g_ptr_array_add(files, likely->pdata[i]);
    }
    index_client_complete_files(client, files, &ignored);
}

void resolve_look_ahead(const GPtrArray *requests)
{
    if (requests->len == 0)
        return;
    g_autoptr(GPtrArray) worlds = g_ptr_array_new_with_free_func(free_world);
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    g_autoptr(GHashTable) stopped = g_hash_table_new(NULL, NULL);
    g_autoptr(GPtrArray) files = g_ptr_array_new();
    Ahead ahead = {seen, stopped, files};
    GArray *level = g_array_new(FALSE, FALSE, sizeof(Wanted));
    for (guint i = 0; i < requests->len; i++) {
        World *world = world_new(requests->pdata[i]);
        g_ptr_array_add(worlds, world);
        g_autoptr(GPtrArray) roots =
            world_read_constraints(world, NULL) ? world_collect_roots(world, NULL) : NULL;
        if (roots)
            add_roots(&ahead, level, world, roots);
    }
    follow_levels(&ahead, level);
    complete(((const ResolveRequest *)requests->pdata[0])->client, files);
}
