#include "python/conflict.h"

#include "base/limits.h"
#include "python/hashes.h"

#define REFUSED_SHOWN 20

static void cause_free(gpointer data)
{
    ConflictCause *cause = data;
    g_free(cause->requirement);
    g_free(cause->parent);
    g_free(cause->parent_version);
    g_strfreev(cause->chain);
    g_free(cause);
}

static void refused_free(gpointer data)
{
    RefusedFile *refused = data;
    g_free(refused->version);
    g_free(refused->detail);
    g_free(refused);
}

void conflict_free(Conflict *conflict)
{
    if (!conflict)
        return;
    g_free(conflict->name);
    g_free(conflict->message);
    g_ptr_array_unref(conflict->causes);
    g_ptr_array_unref(conflict->refused);
    g_ptr_array_unref(conflict->lines);
    g_strfreev(conflict->versions);
    g_strfreev(conflict->asked);
    g_free(conflict->nearest);
    g_free(conflict);
}

static Conflict *conflict_new(const char *name)
{
    Conflict *conflict = g_new0(Conflict, 1);
    conflict->name = g_strdup(name);
    conflict->causes = g_ptr_array_new_with_free_func(cause_free);
    conflict->refused = g_ptr_array_new_with_free_func(refused_free);
    conflict->lines = g_ptr_array_new();
    return conflict;
}

static char *requirement_short_text(const Requirement *requirement)
{
    g_autofree char *extras = g_strjoinv(",", requirement->extras);
    return g_strdup_printf("%s%s%s%s%s%s", requirement->name, *extras ? "[" : "", extras,
                           *extras ? "]" : "", requirement->url ? " @ " : "",
                           requirement->url ? requirement->url
                                            : specifier_set_text(requirement->specifiers));
}

static char *need_text(const Need *need)
{
    if (need->kind == NEED_PYTHON)
        return g_strdup_printf("Python %s", specifier_set_text(need->spec->set));
    if (need->override)
        return requirement_short_text(need->override->requirement);
    if (need->requirement)
        return requirement_short_text(need->requirement);
    return g_strdup_printf("%s==%s", need->ident->canonical,
                           version_text(need->candidate->version));
}

static bool causes_have(const GPtrArray *causes, const ConflictCause *cause)
{
    for (guint i = 0; i < causes->len; i++) {
        const ConflictCause *other = causes->pdata[i];
        if (g_str_equal(other->requirement, cause->requirement) && other->root == cause->root &&
            g_strcmp0(other->parent, cause->parent) == 0 &&
            g_strcmp0(other->parent_version, cause->parent_version) == 0)
            return true;
    }
    return false;
}

/* Who brought the parent in, up to the user: what each one was first tried for. */
static void cause_trace(ConflictCause *cause, const Candidate *parent)
{
    g_autoptr(GPtrArray) chain = g_ptr_array_new();
    while (parent) {
        const Info *info = parent->because;
        if (parent->ident->base == parent->ident || !info || !info->parent)
            g_ptr_array_insert(
                chain, 0,
                g_strdup_printf("%s %s", parent->ident->canonical, version_text(parent->version)));
        cause->chain_root = info ? info->need->root : NULL;
        parent = info ? info->parent : NULL;
    }
    g_ptr_array_add(chain, NULL);
    cause->chain = (char **)g_ptr_array_free(g_steal_pointer(&chain), FALSE);
}

static void conflict_add_cause(Conflict *conflict, const Info *info)
{
    if (!info->need->requirement && info->need->kind == NEED_CANDIDATE)
        return;
    ConflictCause *cause = g_new0(ConflictCause, 1);
    cause->requirement = need_text(info->need);
    cause->root = info->need->root;
    cause_trace(cause, info->parent);
    if (info->parent) {
        cause->parent = g_strdup(info->parent->ident->canonical);
        cause->parent_version = g_strdup(version_text(info->parent->version));
    }
    if (causes_have(conflict->causes, cause))
        cause_free(cause);
    else
        g_ptr_array_add(conflict->causes, cause);
}

static void conflict_add_constraints(Conflict *conflict, const Ident *ident)
{
    const Constraint *constraint = ident->constraint;
    for (guint i = 0; constraint && i < constraint->lines->len; i++) {
        const PipRequirement *line = constraint->lines->pdata[i];
        ConflictCause *cause = g_new0(ConflictCause, 1);
        cause->requirement = requirement_short_text(line->requirement);
        cause->root = line;
        cause->constraint = true;
        cause->chain = g_new0(char *, 1);
        if (causes_have(conflict->causes, cause))
            cause_free(cause);
        else
            g_ptr_array_add(conflict->causes, cause);
    }
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

typedef struct {
    RefusedFile *refused;
    Version *version;
    guint position;
    bool beside_wheel; /* a source distribution whose version has a wheel that could be used */
    bool asked;        /* the specifiers accept the version */
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

static void rows_add(const Files *files, GArray *rows, const IndexFile *file)
{
    RefusedFile *refused = g_new0(RefusedFile, 1);
    refused->file = file;
    refused->reason = finder_refusal(files->world->finder, files->project->canonical, file,
                                     &refused->version, &refused->detail);
    Row row = {.refused = refused, .position = rows->len};
    row.version = refused->version ? version_parse(refused->version, NULL) : NULL;
    if (!row.version) {
        refused_free(refused);
        return;
    }
    const FoundFile *found = g_hash_table_lookup(files->found, file);
    if (found && refused->reason == REFUSED_NONE)
        refused->reason =
            candidate_refusal(files->world, files->project, found, files->specs, &refused->detail);
    row.asked = specs_accept(files->specs, row.version);
    row.beside_wheel = found && !found->wheel && bits_test(files->wheels, found->version);
    g_array_append_val(rows, row);
}

/* Those of the versions that were asked for, or those of the others. */
static void conflict_add_refused(Conflict *conflict, GArray *rows, bool asked)
{
    for (guint i = 0; i < rows->len && conflict->refused->len < REFUSED_SHOWN; i++) {
        Row *row = &g_array_index(rows, Row, i);
        if (row->refused && row->asked == asked && !row->beside_wheel &&
            row->refused->reason != REFUSED_NONE)
            g_ptr_array_add(conflict->refused, g_steal_pointer(&row->refused));
    }
}

static void conflict_add_rows(Conflict *conflict, GArray *rows)
{
    g_autoptr(GPtrArray) versions = g_ptr_array_new();
    g_array_sort(rows, compare_rows);
    for (guint i = rows->len; i > 0; i--) {
        const Row *row = &g_array_index(rows, Row, i - 1);
        if (i == rows->len || !version_equal(row->version, g_array_index(rows, Row, i).version))
            g_ptr_array_add(versions, g_strdup(version_text(row->version)));
    }
    g_ptr_array_add(versions, NULL);
    conflict->versions = (char **)g_ptr_array_free(g_steal_pointer(&versions), FALSE);
    conflict_add_refused(conflict, rows, true);
    conflict_add_refused(conflict, rows, false);
    for (guint i = 0; i < rows->len; i++) {
        Row *row = &g_array_index(rows, Row, i);
        g_clear_pointer(&row->refused, refused_free);
        version_unref(row->version);
    }
}

/* What the indexes have of the name, and why each file was not taken. Pages are known by now; one
 * that is not is left out. */
static void conflict_add_files(World *world, Conflict *conflict, Ident *ident,
                               const GPtrArray *specs)
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
            rows_add(&files, rows, index_page_file(page, j));
    }
    if (project)
        files_clear(&files);
    conflict_add_rows(conflict, rows);
}

static void append_who(GString *text, const Info *info)
{
    g_autofree char *need = need_text(info->need);
    if (info->parent)
        g_string_append_printf(text, "%s (required by %s %s)", need, info->parent->ident->canonical,
                               version_text(info->parent->version));
    else
        g_string_append_printf(text, "%s (requested)", need);
}

static char *message_of_python(const World *world, const Info *info)
{
    return g_strdup_printf("%s %s requires Python %s, the target has %s",
                           info->parent->ident->canonical, version_text(info->parent->version),
                           specifier_set_text(info->need->spec->set),
                           version_text(world->python->version));
}

static bool asks_for_versions(const Ident *ident, const GPtrArray *causes)
{
    bool any = ident->constraint != NULL;
    for (guint i = 0; i < causes->len; i++) {
        const Need *need = ((Info *)causes->pdata[i])->need;
        any |= need->kind != NEED_SPECIFIER || need->spec->any;
    }
    return any;
}

/* The clauses on the blocked name, each once. */
static char *message_of_name(const Ident *ident, const GPtrArray *causes)
{
    g_autoptr(GString) clauses = g_string_new(NULL);
    g_autoptr(GHashTable) said = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < causes->len; i++) {
        const Info *info = causes->pdata[i];
        if (info->need->ident->base != ident->base || !info->need->requirement)
            continue;
        g_autoptr(GString) clause = g_string_new(NULL);
        append_who(clause, info);
        if (!g_hash_table_add(said, g_strdup(clause->str)))
            continue;
        g_string_append_printf(clauses, "%s%s", clauses->len ? " and " : "", clause->str);
    }
    const Constraint *constraint = ident->constraint;
    for (guint i = 0; constraint && i < constraint->lines->len; i++) {
        const PipRequirement *line = constraint->lines->pdata[i];
        g_autofree char *text = requirement_short_text(line->requirement);
        g_string_append_printf(clauses, " and %s (constraint)", text);
    }
    if (!asks_for_versions(ident, causes))
        return g_strdup_printf("no file of %s can be used for %s", ident->canonical, clauses->str);
    return g_strdup_printf("no version of %s satisfies %s", ident->canonical, clauses->str);
}

static const Info *cause_of_python(const GPtrArray *causes)
{
    for (guint i = 0; i < causes->len; i++) {
        const Info *info = causes->pdata[i];
        if (info->need->kind == NEED_PYTHON && !info->need->candidate && info->parent)
            return info;
    }
    return NULL;
}

static GPtrArray *specs_of_causes(const Ident *ident, const GPtrArray *causes)
{
    GPtrArray *specs = g_ptr_array_new();
    for (guint i = 0; i < causes->len; i++) {
        const Need *need = ((Info *)causes->pdata[i])->need;
        if (need->kind == NEED_SPECIFIER && need->ident->base == ident->base)
            g_ptr_array_add(specs, (gpointer)need->spec);
    }
    if (ident->constraint)
        g_ptr_array_add(specs, (gpointer)ident->constraint->spec);
    return specs;
}

Conflict *conflict_from_causes(World *world, const GPtrArray *causes)
{
    if (causes->len == 0) {
        Conflict *conflict = conflict_new("");
        conflict->message =
            g_strdup_printf("the search for versions that fit together was given up after %u steps",
                            LIMIT_RESOLVE_ROUNDS);
        conflict->versions = g_new0(char *, 1);
        return conflict;
    }
    const Info *python = cause_of_python(causes);
    const Info *first = python ? python : causes->pdata[0];
    Ident *ident = python ? python->parent->ident : first->need->ident;
    Conflict *conflict = conflict_new(ident->canonical);
    for (guint i = 0; i < causes->len; i++) {
        const Info *info = causes->pdata[i];
        conflict_add_cause(conflict, info);
        conflict_add_constraints(conflict, info->need->ident);
    }
    g_autoptr(GPtrArray) specs = specs_of_causes(ident, causes);
    conflict_add_files(world, conflict, ident, specs);
    if (python)
        conflict->message = message_of_python(world, python);
    else if (!*conflict->versions && !ident->constraint)
        conflict_set_absent(world, conflict);
    else
        conflict->message = message_of_name(ident, causes);
    return conflict;
}

Conflict *conflict_from_error(World *world, const GError *error)
{
    Conflict *conflict = conflict_new(world->stopped_at ? world->stopped_at->canonical : "");
    conflict->message = g_strdup(error->message);
    g_autoptr(GPtrArray) specs = g_ptr_array_new();
    if (world->stopped_at)
        conflict_add_files(world, conflict, world->stopped_at, specs);
    else
        conflict->versions = g_new0(char *, 1);
    return conflict;
}

/* The newest version that has a wheel which could be used. */
static const char *project_newest_wheel(const Project *project)
{
    for (guint i = 0; project && i < project->n_files; i++) {
        if (project->files[i].wheel && !project->files[i].yanked)
            return version_text(project->versions[project->files[i].version]);
    }
    return NULL;
}

Conflict *conflict_from_source(World *world, const Candidate *candidate, const GPtrArray *infos)
{
    Ident *ident = candidate->ident;
    Conflict *conflict = conflict_new(ident->canonical);
    for (guint i = 0; i < infos->len; i++)
        conflict_add_cause(conflict, infos->pdata[i]);
    conflict_add_constraints(conflict, ident);
    g_autoptr(GPtrArray) specs = g_ptr_array_new();
    conflict_add_files(world, conflict, ident, specs);
    const char *wheel = project_newest_wheel(candidate->project);
    g_autofree char *way_out =
        wheel ? g_strdup_printf("the newest version with a usable wheel is %s", wheel)
              : g_strdup("no version has a usable wheel");
    conflict->message = g_strdup_printf("pip would take the source distribution '%s' of %s %s; %s",
                                        candidate->file->filename, ident->canonical,
                                        version_text(candidate->version), way_out);
    return conflict;
}
