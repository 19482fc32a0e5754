#include "lock/lock_entries.h"
#include "lock/solve.h"
#include "net/url.h"
#include "python/name.h"

char *requirement_clause(const Requirement *requirement)
{
    g_autofree char *extras = g_strjoinv(",", requirement->extras);
    return g_strdup_printf("%s%s%s%s%s%s", requirement->name, *extras ? "[" : "", extras,
                           *extras ? "]" : "", requirement->url ? " @ " : "",
                           requirement->url ? requirement->url
                                            : specifier_set_text(requirement->specifiers));
}

/* Files */

/* A path as the lock has it: relative to the recipe's folder. */
static char *relative_path(const char *path, const char *dir)
{
    g_autofree char *base = g_canonicalize_filename(dir, NULL);
    g_auto(GStrv) from = g_strsplit(base, "/", -1);
    g_auto(GStrv) to = g_strsplit(path, "/", -1);
    guint same = 0;
    while (from[same] && to[same] && g_str_equal(from[same], to[same]))
        same++;
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = same; from[i] && *from[i]; i++)
        g_string_append(text, "../");
    g_autofree char *rest = g_strjoinv("/", to + same);
    g_string_append(text, rest);
    return g_strdup(text->str);
}

static void set_source(const Solve *solve, LockFile *locked, const IndexFile *file)
{
    g_autofree char *path = url_to_path(file->url);
    if (file->location) {
        locked->source = LOCK_SOURCE_INDEX;
        locked->source_name = g_strdup(file->location->name);
    } else if (path) {
        locked->source = LOCK_SOURCE_PATH;
        locked->source_name = relative_path(path, recipe_file_dir(solve->recipe->file));
    } else {
        locked->source = LOCK_SOURCE_URL;
        locked->source_name = url_strip_credentials(file->url);
    }
}

static void lock_one_file(Solve *solve, const Pin *pin)
{
    const IndexFile *file = pin->file;
    LockFile *locked = g_new0(LockFile, 1);
    locked->name = g_strdup(pin->canonical);
    locked->version = g_strdup(version_text(pin->version));
    locked->file = g_strdup(file->filename);
    locked->sha256 = g_strdup(file->sha256);
    locked->size = file->size > 0 ? (guint64)file->size : 0;
    locked->requires_python = g_strdup(pin->metadata->requires_python);
    set_source(solve, locked, file);
    g_hash_table_insert(solve->files, (void *)file, lock_take_file(solve->lock, locked));
}

/* Sizes and digests of everything that is installed, then the lock's entries. */
gboolean solve_lock_files(Solve *solve, const Solution *solution, GError **error)
{
    g_autoptr(GPtrArray) files = g_ptr_array_new();
    for (guint i = 0; i < solution->pins->len; i++) {
        const Pin *pin = solution->pins->pdata[i];
        if (pin->file)
            g_ptr_array_add(files, (void *)pin->file);
    }
    if (!index_client_complete_files(solve->session->client, files, error))
        return FALSE;
    for (guint i = 0; i < solution->pins->len; i++) {
        const Pin *pin = solution->pins->pdata[i];
        if (pin->file)
            lock_one_file(solve, pin);
    }
    return TRUE;
}

/* Actions */

static const char *const action_names[] = {
    [PIN_INSTALL] = "install",     [PIN_UPGRADE] = "upgrade", [PIN_DOWNGRADE] = "downgrade",
    [PIN_REINSTALL] = "reinstall", [PIN_KEEP] = "keep",
};

const char *solve_installed_version(const InstalledDistribution *distribution)
{
    const Metadata *metadata = distribution->metadata;
    return metadata ? version_text(metadata->version) : "0";
}

static void add_edges(LockAction *action, const GPtrArray *edges)
{
    for (guint i = 0; i < edges->len; i++) {
        const Edge *edge = edges->pdata[i];
        g_autofree char *address = edge->root ? span_address(edge->root->at) : NULL;
        g_autofree char *clause = edge->requirement ? requirement_clause(edge->requirement) : NULL;
        const char *text = edge->root ? edge->root->text : clause;
        const char *from = edge->parent ? edge->parent : address;
        if (from)
            g_ptr_array_add(action->edges, lock_edge_new(from, !edge->parent, text));
    }
}

static LockAction *action_of_pin(const Solve *solve, const Pin *pin)
{
    LockAction *action =
        lock_action_new(action_names[pin->action], pin->canonical, version_text(pin->version));
    bool replaces = pin->action != PIN_INSTALL && pin->action != PIN_KEEP;
    if (replaces && pin->installed)
        action->from_version = g_strdup(solve_installed_version(pin->installed));
    const IndexFile *file = pin->file ? pin->file : pin->installed ? pin->installed->file : NULL;
    action->file = file ? g_hash_table_lookup(solve->files, file) : NULL;
    action->requested = pin->requested;
    action->extras = pin->extras && *pin->extras ? g_strdupv(pin->extras) : NULL;
    add_edges(action, pin->edges);
    return action;
}

static void remember_extras(Solve *solve, const Pin *pin)
{
    char **known = g_hash_table_lookup(solve->extras, pin->canonical);
    bool fresh = pin->action != PIN_KEEP;
    char **both = name_canonical_set(fresh ? NULL : known, pin->extras);
    g_hash_table_insert(solve->extras, g_strdup(pin->canonical), both);
}

void solve_add_actions(Solve *solve, const Solution *solution, LockStage *locked, bool keep)
{
    for (guint i = 0; i < solution->pins->len; i++) {
        const Pin *pin = solution->pins->pdata[i];
        if ((pin->action == PIN_KEEP) != keep)
            continue;
        g_ptr_array_add(locked->actions, action_of_pin(solve, pin));
        remember_extras(solve, pin);
    }
}

/* Environment */

static bool is_required(const Solve *solve, const InstalledDistribution *distribution,
                        const Requirement *requirement)
{
    if (!requirement->marker || marker_evaluate(requirement->marker, solve->markers, ""))
        return true;
    char **extras = g_hash_table_lookup(solve->extras, distribution->canonical);
    for (size_t i = 0; extras && extras[i]; i++) {
        if (marker_evaluate(requirement->marker, solve->markers, extras[i]))
            return true;
    }
    return false;
}

static char **required_clauses(const Solve *solve, const InstalledDistribution *distribution)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    const GPtrArray *requires =
        distribution->metadata ? distribution->metadata->requires_dist : NULL;
    bool any = false;
    for (guint i = 0; requires && i < requires->len; i++) {
        if (!is_required(solve, distribution, requires->pdata[i]))
            continue;
        g_autofree char *clause = requirement_clause(requires->pdata[i]);
        g_strv_builder_add(builder, clause);
        any = true;
    }
    return any ? g_strv_builder_end(builder) : NULL;
}

static LockDistribution *describe_installed(const Solve *solve,
                                            const InstalledDistribution *distribution)
{
    LockDistribution *entry =
        lock_distribution_new(distribution->canonical, solve_installed_version(distribution));
    entry->stage = g_strdup(distribution->stage);
    entry->file = distribution->file ? g_hash_table_lookup(solve->files, distribution->file) : NULL;
    entry->requires = required_clauses(solve, distribution);
    entry->ghost = environment_find(solve->environment, distribution->canonical) != distribution;
    return entry;
}

void solve_note_environment(const Solve *solve, GPtrArray *entries)
{
    g_ptr_array_set_size(entries, 0);
    if (!solve->environment)
        return;
    for (guint i = 0; i < solve->environment->distributions->len; i++)
        g_ptr_array_add(entries,
                        describe_installed(solve, solve->environment->distributions->pdata[i]));
    lock_entries_sort(entries);
}
