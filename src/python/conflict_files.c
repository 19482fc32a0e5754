#include "python/conflict.h"

#define REFUSED_MOST 1000

void refused_file_free(gpointer data)
{
    RefusedFile *refused = data;
    g_free(refused->version);
    g_free(refused->detail);
    g_free(refused);
}

/* A file that passed the finder: why the search did not take it. */
static Refusal candidate_refusal(const World *world, Project *project, const FoundFile *found,
                                 const GPtrArray *needs, char **ret_detail)
{
    if (found->candidate && found->candidate->bad) {
        *ret_detail = g_strdup(found->candidate->problem);
        return REFUSED_METADATA;
    }
    for (guint i = 0; i < needs->len; i++) {
        const Spec *spec = needs->pdata[i];
        if (!bits_test(project_accepted(project, spec), found->version)) {
            *ret_detail = g_strdup_printf("is not %s", specifier_set_text(spec->set));
            return REFUSED_SPECIFIER;
        }
    }
    if (found->yanked) {
        const char *reason = found_file(found)->yanked;
        *ret_detail = *reason ? g_strdup_printf("was yanked: %s", reason) : NULL;
        return REFUSED_YANKED;
    }
    if (!bits_test(project->finals, found->version) && !finder_prereleases(world->finder))
        return REFUSED_PRERELEASE;
    if (!found->wheel)
        *ret_detail = g_strdup("is a source distribution");
    return found->wheel ? REFUSED_NONE : REFUSED_FORMAT;
}

/* A wheel that would be taken if its version were asked for. */
static bool is_usable(const World *world, const Project *project, const FoundFile *found)
{
    return found->wheel && !found->yanked && !(found->candidate && found->candidate->bad) &&
           (bits_test(project->finals, found->version) || finder_prereleases(world->finder));
}

typedef struct {
    RefusedFile *refused;
    Version *version;
    const IndexLocation *location;
    guint position;
    bool beside_wheel; /* a source distribution whose version has a wheel that could be used */
    bool asked;        /* the specifiers accept the version */
    bool usable;       /* a wheel that could be taken, whatever is asked of the name */
} Row;

static int compare_rows(const void *a, const void *b)
{
    const Row *x = a, *y = b;
    int order = version_compare(y->version, x->version);
    return order ? order : (x->position > y->position) - (x->position < y->position);
}

/* The files of a project by IndexFile, and the versions that have a wheel. */
typedef struct {
    World *world;
    Project *project;
    GHashTable *found;
    guint64 *wheels;
    const GPtrArray *specs;
} Files;

static void files_init(Files *files, World *world, Project *project, const GPtrArray *specs)
{
    *files = (Files){world, project, g_hash_table_new(NULL, NULL),
                     g_new0(guint64, project->n_words), specs};
    for (guint i = 0; i < project->n_files; i++) {
        FoundFile *found = &project->files[i];
        g_hash_table_insert(files->found, found_file(found), found);
        if (found->wheel)
            bits_set(files->wheels, found->version);
    }
}

static void files_clear(Files *files)
{
    g_hash_table_unref(files->found);
    g_free(files->wheels);
}

static bool specs_accept(const GPtrArray *specs, const Version *version)
{
    for (guint i = 0; i < specs->len; i++) {
        const Spec *spec = specs->pdata[i];
        if (!specifier_set_contains(spec->set, version, PRERELEASES_YES))
            return false;
    }
    return true;
}

static void rows_add(const Files *files, GArray *rows, const IndexFile *file,
                     const IndexLocation *location)
{
    RefusedFile *refused = g_new0(RefusedFile, 1);
    refused->file = file;
    refused->reason = finder_refusal(files->world->finder, files->project->canonical, file,
                                     &refused->version, &refused->detail);
    Row row = {.refused = refused, .position = rows->len, .location = location};
    row.version = refused->version ? version_parse(refused->version, NULL) : NULL;
    if (!row.version) {
        refused_file_free(refused);
        return;
    }
    const FoundFile *found = g_hash_table_lookup(files->found, file);
    if (found && refused->reason == REFUSED_NONE)
        refused->reason =
            candidate_refusal(files->world, files->project, found, files->specs, &refused->detail);
    row.usable = found && is_usable(files->world, files->project, found);
    row.asked = specs_accept(files->specs, row.version);
    row.beside_wheel = found && !found->wheel && bits_test(files->wheels, found->version);
    g_array_append_val(rows, row);
}

/* Those of the versions that were asked for, or those of the others. */
static void conflict_add_refused(Conflict *conflict, GArray *rows, bool asked)
{
    for (guint i = 0; i < rows->len && conflict->refused->len < REFUSED_MOST; i++) {
        Row *row = &g_array_index(rows, Row, i);
        if (row->refused && row->asked == asked && !row->beside_wheel &&
            row->refused->reason != REFUSED_NONE)
            g_ptr_array_add(conflict->refused, g_steal_pointer(&row->refused));
    }
}

/* The versions of the rows (sorted), oldest first, each once: those that one index has, or all. */
static char **rows_versions(const GArray *rows, const IndexLocation *location)
{
    g_autoptr(GPtrArray) versions = g_ptr_array_new();
    const Version *last = NULL;
    for (guint i = rows->len; i > 0; i--) {
        const Row *row = &g_array_index(rows, Row, i - 1);
        if ((location && row->location != location) || (last && version_equal(row->version, last)))
            continue;
        last = row->version;
        g_ptr_array_add(versions, g_strdup(version_text(row->version)));
    }
    g_ptr_array_add(versions, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&versions), FALSE);
}

static void conflict_add_index(Conflict *conflict, const GArray *rows,
                               const IndexLocation *location)
{
    IndexVersions *index = g_new0(IndexVersions, 1);
    index->name = g_strdup(location->name);
    index->links = location->kind == INDEX_FIND_LINKS;
    index->versions = rows_versions(rows, location);
    g_ptr_array_add(conflict->indexes, index);
}

/* Whether nothing of what was asked for can be taken, and why. */
static void conflict_judge(Conflict *conflict, const GArray *rows)
{
    bool any = false, one_reason = true;
    for (guint i = 0; i < rows->len; i++) {
        const Row *row = &g_array_index(rows, Row, i);
        if (!row->asked)
            continue;
        if (row->refused->reason == REFUSED_NONE)
            return;
        one_reason &= !any || row->refused->reason == conflict->reason;
        conflict->reason = row->refused->reason;
        any = true;
    }
    conflict->all_refused = any;
    if (!one_reason)
        conflict->reason = REFUSED_NONE;
}

/* The neighbours of a version, or of the newest one that was asked for (NULL). */
static void conflict_find_nearest(Conflict *conflict, const GArray *rows, const Version *version)
{
    for (guint i = 0; i < rows->len && !version; i++) {
        const Row *row = &g_array_index(rows, Row, i);
        version = row->asked ? row->version : NULL;
    }
    for (guint i = 0; version && i < rows->len && !conflict->older; i++) {
        const Row *row = &g_array_index(rows, Row, i);
        int order = version_compare(row->version, version);
        if (!row->usable || order == 0)
            continue;
        char **nearest = order < 0 ? &conflict->older : &conflict->newer;
        g_free(*nearest);
        *nearest = g_strdup(version_text(row->version));
    }
}

static void conflict_add_rows(Conflict *conflict, GArray *rows, const GPtrArray *locations,
                              const Version *version)
{
    g_array_sort(rows, compare_rows);
    conflict_judge(conflict, rows);
    if (conflict->all_refused || version)
        conflict_find_nearest(conflict, rows, version);
    conflict->versions = rows_versions(rows, NULL);
    for (guint i = 0; i < locations->len; i++)
        conflict_add_index(conflict, rows, locations->pdata[i]);
    conflict_add_refused(conflict, rows, true);
    conflict_add_refused(conflict, rows, false);
    for (guint i = 0; i < rows->len; i++) {
        Row *row = &g_array_index(rows, Row, i);
        g_clear_pointer(&row->refused, refused_file_free);
        version_unref(row->version);
    }
}

void conflict_add_files(World *world, Conflict *conflict, Ident *ident, const GPtrArray *specs,
                        const Version *version)
{
    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(Row));
    Project *project = ident->is_python ? NULL : world_project(world, ident, NULL);
    g_autoptr(GPtrArray) locations = finder_locations(world->finder, ident->canonical);
    Files files = {0};
    if (project)
        files_init(&files, world, project, specs);
    for (guint i = 0; project && i < locations->len; i++) {
        const IndexPage *page = index_client_get_page(world->request->client, locations->pdata[i],
                                                      ident->canonical, NULL);
        for (guint j = 0; page && j < page->files->len; j++)
            rows_add(&files, rows, index_page_file(page, j), locations->pdata[i]);
    }
    if (project)
        files_clear(&files);
    conflict_add_rows(conflict, rows, locations, version);
}
