#include "python/conflict.h"

#include "base/limits.h"
#include "python/hashes.h"

static void cause_free(gpointer data)
{
    ConflictCause *cause = data;
    g_free(cause->requirement);
    g_free(cause->parent);
    g_free(cause->parent_version);
    g_strfreev(cause->chain);
    g_free(cause);
}

static void index_versions_free(gpointer data)
{
    IndexVersions *index = data;
    g_free(index->name);
    g_strfreev(index->versions);
    g_free(index);
}

static void way_out_free(gpointer data)
{
    WayOut *way = data;
    g_free(way->text);
    g_free(way->gives);
    g_free(way->remains);
    g_free(way);
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
    g_ptr_array_unref(conflict->inherited);
    g_ptr_array_unref(conflict->indexes);
    g_ptr_array_unref(conflict->ways);
    g_strfreev(conflict->versions);
    g_strfreev(conflict->asked);
    g_ptr_array_unref(conflict->notes);
    g_free(conflict->older);
    g_free(conflict->newer);
    g_free(conflict->nearest);
    g_free(conflict);
}

static Conflict *conflict_new(const char *name)
{
    Conflict *conflict = g_new0(Conflict, 1);
    conflict->name = g_strdup(name);
    conflict->causes = g_ptr_array_new_with_free_func(cause_free);
    conflict->refused = g_ptr_array_new_with_free_func(refused_file_free);
    conflict->lines = g_ptr_array_new();
    conflict->inherited = g_ptr_array_new();
    conflict->indexes = g_ptr_array_new_with_free_func(index_versions_free);
    conflict->ways = g_ptr_array_new_with_free_func(way_out_free);
    conflict->notes = g_ptr_array_new_with_free_func(g_free);
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

static void append_who(GString *text, const Info *info, const char *need)
{
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

/* A message with more clauses than this is not read. */
#define CLAUSES_SAID 4

/* The clauses on the blocked name, each once for a distribution, whichever of its versions has it.
 */
static void append_clauses(GString *clauses, const Ident *ident, const GPtrArray *causes)
{
    g_autoptr(GHashTable) said = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    guint left = 0;
    for (guint i = 0; i < causes->len; i++) {
        const Info *info = causes->pdata[i];
        if (info->need->ident->base != ident->base || !info->need->requirement)
            continue;
        g_autofree char *need = need_text(info->need);
        if (!g_hash_table_add(
                said,
                g_strdup_printf("%s %s", need, info->parent ? info->parent->ident->canonical : "")))
            continue;
        if (g_hash_table_size(said) > CLAUSES_SAID) {
            left++;
            continue;
        }
        g_string_append(clauses, clauses->len ? " and " : "");
        append_who(clauses, info, need);
    }
    if (left > 0)
        g_string_append_printf(clauses, " and %u more", left);
}

/* Why nothing of what was asked for could be taken. */
static const struct {
    Refusal reason;
    const char *text;
} reasons[] = {
    {REFUSED_TAG, "its wheels are built for other Pythons or platforms"},
    {REFUSED_PYTHON, "it requires another Python"},
    {REFUSED_LIBC, "its wheels need a newer system"},
    {REFUSED_YANKED, "it was yanked"},
    {REFUSED_DATE, "`exclude_newer` leaves it out"},
    {REFUSED_FORMAT, "its files are of a kind that is not allowed"},
    {REFUSED_METADATA, "its metadata is unusable"},
    {REFUSED_PRERELEASE, "it is a pre-release"},
};

static const char *reason_text(const Conflict *conflict)
{
    for (size_t i = 0; i < G_N_ELEMENTS(reasons); i++) {
        if (conflict->all_refused && reasons[i].reason == conflict->reason)
            return reasons[i].text;
    }
    return conflict->all_refused ? "none of its files fits" : NULL;
}

/* Nothing is asked of the name but that it is there. */
static char *message_of_files(const Conflict *conflict, const Ident *ident, const GPtrArray *causes)
{
    const Candidate *parent = NULL;
    for (guint i = 0; i < causes->len && !parent; i++)
        parent = ((Info *)causes->pdata[i])->parent;
    const char *reason = conflict->reason != REFUSED_NONE ? reason_text(conflict) : NULL;
    g_autofree char *who =
        parent ? g_strdup_printf(", which %s %s requires,", parent->ident->canonical,
                                 version_text(parent->version))
               : g_strdup("");
    return g_strdup_printf("no file of %s%s can be used%s%s", ident->canonical, who,
                           reason ? ": " : "", reason ? reason : "");
}

static char *message_of_name(const Conflict *conflict, const Ident *ident, const GPtrArray *causes)
{
    if (!asks_for_versions(ident, causes))
        return message_of_files(conflict, ident, causes);
    g_autoptr(GString) clauses = g_string_new(NULL);
    append_clauses(clauses, ident, causes);
    const Constraint *constraint = ident->constraint;
    for (guint i = 0; constraint && i < constraint->lines->len; i++) {
        const PipRequirement *line = constraint->lines->pdata[i];
        g_autofree char *text = requirement_short_text(line->requirement);
        g_string_append_printf(clauses, " and %s (constraint)", text);
    }
    const char *reason = reason_text(conflict);
    return g_strdup_printf("no version of %s satisfies %s%s%s", ident->canonical, clauses->str,
                           reason ? ": " : "", reason ? reason : "");
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
            g_strdup_printf("pip gives up after %u rounds of its search for versions that fit "
                            "together",
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
    conflict_add_files(world, conflict, ident, specs, NULL);
    if (python)
        conflict->message = message_of_python(world, python);
    else if (!*conflict->versions && !ident->constraint)
        conflict_set_absent(world, conflict);
    else
        conflict->message = message_of_name(conflict, ident, causes);
    return conflict;
}

/* What was asked of the name that pip stopped at. */
static void conflict_add_stopped(World *world, Conflict *conflict)
{
    Ident *ident = world->stopped_at;
    g_autoptr(GPtrArray) causes = g_ptr_array_new();
    for (guint i = 0; world->stopped && i < world->stopped->len; i++) {
        const Info *info = world->stopped->pdata[i];
        if (info->need->ident->base == ident)
            g_ptr_array_add(causes, (gpointer)info);
    }
    for (guint i = 0; i < causes->len; i++)
        conflict_add_cause(conflict, causes->pdata[i]);
    conflict_add_constraints(conflict, ident);
    g_autoptr(GPtrArray) specs = specs_of_causes(ident, causes);
    conflict_add_files(world, conflict, ident, specs,
                       world->stopped_on ? world->stopped_on->version : NULL);
}

static char *message_of_source(const Candidate *candidate)
{
    g_autofree char *version =
        g_strconcat(" ", candidate->version ? version_text(candidate->version) : NULL, NULL);
    return g_strdup_printf("pip would take the source distribution '%s' of %s%s and build it",
                           candidate->file->filename, candidate->ident->canonical,
                           candidate->version ? version : "");
}

/* A build is allowed, but nothing says what it would make. */
static char *message_of_unbuilt(const Candidate *candidate)
{
    return g_strdup_printf("the source distribution '%s' doesn't say what %s requires, and nothing "
                           "is built to find out",
                           candidate->file->filename, candidate->ident->canonical);
}

static bool may_be_built(const World *world, const Candidate *candidate)
{
    const char *const *build = world->request->build;
    return build && g_strv_contains(build, candidate->ident->canonical);
}

Conflict *conflict_from_error(World *world, const GError *error)
{
    Conflict *conflict = conflict_new(world->stopped_at ? world->stopped_at->canonical : "");
    if (!world->stopped_at) {
        conflict->message = g_strdup(error->message);
        conflict->versions = g_new0(char *, 1);
        return conflict;
    }
    conflict_add_stopped(world, conflict);
    if (world->stopped_by != REFUSED_FORMAT)
        conflict->message = g_strdup(error->message);
    else if (may_be_built(world, world->stopped_on))
        conflict->message = message_of_unbuilt(world->stopped_on);
    else
        conflict->message = message_of_source(world->stopped_on);
    if (world->stopped_by != REFUSED_NONE)
        conflict->reason = world->stopped_by;
    if (world->stopped_by == REFUSED_HASH)
        conflict_add_digests(world, conflict);
    return conflict;
}

Conflict *conflict_from_source(World *world, const Candidate *candidate, const GPtrArray *infos)
{
    Ident *ident = candidate->ident;
    Conflict *conflict = conflict_new(ident->canonical);
    for (guint i = 0; i < infos->len; i++)
        conflict_add_cause(conflict, infos->pdata[i]);
    conflict_add_constraints(conflict, ident);
    g_autoptr(GPtrArray) specs = specs_of_causes(ident, infos);
    conflict_add_files(world, conflict, ident, specs, candidate->version);
    conflict->reason = REFUSED_FORMAT;
    conflict->message = message_of_source(candidate);
    return conflict;
}
