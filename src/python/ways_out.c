#include "python/ways_out.h"

#include "python/conflict.h"

typedef struct {
    Trials *trials;
    const Lines *all, *set;
    Conflict *conflict;
    const char *binary; /* canonical name of which only wheels are looked for, or NULL */
} Search;

/* A line of the user with other versions. */
typedef struct {
    PipRequirement line;
    Requirement requirement;
    char *no_hashes;
} OtherLine;

static void other_line_init(OtherLine *other, const PipRequirement *line, const char *specifiers)
{
    other->line = *line;
    other->requirement = *line->requirement;
    other->requirement.specifiers = specifier_set_parse(specifiers, NULL);
    other->no_hashes = NULL;
    other->line.requirement = &other->requirement;
    other->line.hashes = &other->no_hashes;
}

static void other_line_clear(OtherLine *other)
{
    specifier_set_unref(other->requirement.specifiers);
}

static char *name_with_version(const char *name, const Version *version)
{
    return version ? g_strdup_printf("%s %s", name, version_text(version)) : NULL;
}

static bool is_constraint(const Search *search, const PipRequirement *line)
{
    return g_ptr_array_find(search->all->constraints, line, NULL);
}

static WayOut *add_way(const Search *search, WayOutKind kind, const PipRequirement *line,
                       const Trial *trial)
{
    WayOut *way = g_new0(WayOut, 1);
    way->kind = kind;
    way->line = line;
    way->constraint = line && is_constraint(search, line);
    way->gives =
        name_with_version(search->conflict->name, trial_version(trial, search->conflict->name));
    g_ptr_array_add(search->conflict->ways, way);
    return way;
}

static char *describe_conflict(const Trial *trial)
{
    Conflict *conflict = conflict_from_causes(trial->world, trial->causes);
    char *message = g_steal_pointer(&conflict->message);
    conflict_free(conflict);
    return message;
}

/* The request with `by` (NULL: nothing) in the place of `line`. Where that leaves another conflict,
 * which is *ret_remains then, the conflicting lines alone are tried. */
static Trial *try_without(const Search *search, const PipRequirement *line,
                          const PipRequirement *by, const char *binary, char **ret_remains)
{
    const Lines *parts[] = {search->all, search->set};
    Trial *trial = NULL;
    for (unsigned i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_auto(Lines) lines = lines_copy(parts[i]);
        if (by)
            lines_replace(&lines, line, by);
        else
            lines_remove(&lines, line);
        trial_free(trial);
        TrialPlan plan = {.lines = &lines, .binary = binary};
        trial = trial_run(search->trials, &plan);
        trial->inputs.roots = trial->inputs.constraints = NULL;
        if (trial->answer != TRIAL_CONFLICT)
            break;
        if (i == 0)
            *ret_remains = describe_conflict(trial);
    }
    return trial;
}

static bool is_open(const PipRequirement *line)
{
    return specifier_set_is_empty(line->requirement->specifiers);
}

/* What is had of the line's name when it asks for other versions; NULL: that does not resolve. */
static Version *try_versions(const Search *search, const PipRequirement *line,
                             const char *specifiers)
{
    OtherLine other;
    g_autofree char *remains = NULL;
    other_line_init(&other, line, specifiers);
    g_autoptr(Trial) trial = try_without(search, line, &other.line, search->binary, &remains);
    const Version *version =
        trial->answer == TRIAL_SOLVED ? trial_version(trial, line->requirement->canonical) : NULL;
    Version *copy = version ? version_ref((Version *)version) : NULL;
    g_clear_pointer(&trial, trial_free);
    other_line_clear(&other);
    return copy;
}

static bool try_pinned(const Search *search, const PipRequirement *line, const char *version)
{
    OtherLine pinned;
    g_autofree char *remains = NULL;
    g_autofree char *specifier = g_strdup_printf("==%s", version);
    g_autofree char *extras = g_strjoinv(",", line->requirement->extras);
    g_autofree char *text =
        g_strdup_printf("%s%s%s%s%s", line->requirement->name, *extras ? "[" : "", extras,
                        *extras ? "]" : "", specifier);
    other_line_init(&pinned, line, specifier);
    g_autoptr(Trial) proof = try_without(search, line, &pinned.line, NULL, &remains);
    bool solved = proof->answer == TRIAL_SOLVED;
    if (solved) {
        WayOut *way = add_way(search, WAY_CHANGE, line, proof);
        way->text = g_steal_pointer(&text);
        way->remains = g_steal_pointer(&remains);
    }
    g_clear_pointer(&proof, trial_free);
    other_line_clear(&pinned);
    return solved;
}

/* The version that the line pins, or NULL. */
static const Version *pinned_version(const PipRequirement *line)
{
    size_t count = 0;
    const Specifier *items = specifier_set_items(line->requirement->specifiers, &count);
    return count == 1 && items[0].op == OP_EQUAL && !items[0].wildcard ? items[0].version : NULL;
}

/* The versions next to one that no index has, the older one first. */
static bool try_neighbours(const Search *search, const PipRequirement *line)
{
    const Version *wanted = pinned_version(line);
    const char *below = NULL, *above = NULL;
    if (!wanted || !g_str_equal(line->requirement->canonical, search->conflict->name))
        return false;
    for (char **text = search->conflict->versions; *text && !above; text++) {
        g_autoptr(Version) version = version_parse(*text, NULL);
        int order = version ? version_compare(version, wanted) : -1;
        if (order == 0)
            return false;
        if (version && !version_is_prerelease(version))
            *(order < 0 ? &below : &above) = *text;
    }
    return (below && try_pinned(search, line, below)) || (above && try_pinned(search, line, above));
}

/* What the line would have to say: relaxed, to learn the version that everything else accepts, then
 * with that version. A pin is relaxed within its major version first. */
static void try_change(const Search *search, const PipRequirement *line)
{
    const Version *pin = pinned_version(line);
    g_autoptr(Version) version = NULL;
    if (is_open(line) || line->link || line->of_base || search->trials->world->require_hashes)
        return;
    if (try_neighbours(search, line))
        return;
    if (pin) {
        const char *end = version_text(pin) + strcspn(version_text(pin), ".+");
        g_autofree char *major =
            g_strdup_printf("==%.*s.*", (int)(end - version_text(pin)), version_text(pin));
        g_autoptr(SpecifierSet) set = specifier_set_parse(major, NULL);
        version = set ? try_versions(search, line, major) : NULL;
    }
    if (!version)
        version = try_versions(search, line, "");
    if (version)
        try_pinned(search, line, version_text(version));
}

static void try_drop(const Search *search, const PipRequirement *line)
{
    g_autofree char *remains = NULL;
    if (line->of_base || (search->all->roots->len == 1 && !is_constraint(search, line)))
        return;
    g_autoptr(Trial) trial = try_without(search, line, NULL, NULL, &remains);
    if (trial->answer == TRIAL_SOLVED)
        add_way(search, WAY_DROP, line, trial)->remains = g_steal_pointer(&remains);
}

/* The copy of an earlier stage that takes part in the conflict, if this stage does not ask the
 * index that it came from: only then is another version of it out of the search's reach. */
static const InstalledDistribution *find_inherited(const World *world, const ConflictCause *cause)
{
    const Ident *ident =
        cause->parent ? g_hash_table_lookup(world->ident_table, cause->parent) : NULL;
    const InstalledDistribution *found = ident ? ident->distribution : NULL;
    bool same = found && found->file && found->file->location &&
                g_str_equal(version_text(found->metadata->version), cause->parent_version);
    return same && !g_ptr_array_find((GPtrArray *)world->request->locations, found->file->location,
                                     NULL)
               ? found
               : NULL;
}

static void try_other_version(const Search *search, const InstalledDistribution *inherited)
{
    TrialPlan plan = {.lines = search->all, .without = inherited};
    g_autoptr(Trial) trial = trial_run(search->trials, &plan);
    const Version *version = trial_version(trial, inherited->canonical);
    if (trial->answer == TRIAL_SOLVED && version)
        add_way(search, WAY_OTHER, NULL, trial)->text =
            g_strdup_printf("%s==%s", inherited->canonical, version_text(version));
}

static void try_other_versions(const Search *search)
{
    g_autoptr(GPtrArray) tried = g_ptr_array_new();
    const GPtrArray *members = search->conflict->inherited;
    for (guint i = 0; i < members->len; i++) {
        g_ptr_array_add(tried, members->pdata[i]);
        try_other_version(search, members->pdata[i]);
    }
    for (guint i = 0; i < search->conflict->causes->len; i++) {
        const InstalledDistribution *inherited =
            find_inherited(search->trials->world, search->conflict->causes->pdata[i]);
        if (!inherited || g_ptr_array_find(tried, inherited, NULL))
            continue;
        g_ptr_array_add(tried, (gpointer)inherited);
        try_other_version(search, inherited);
    }
}

/* pip can be told to leave out all constraints that the base is configured to apply, not one. */
static void try_without_base(const Search *search)
{
    const PipRequirement *first = NULL;
    g_auto(Lines) lines = lines_copy(search->all);
    for (guint i = lines_count(&lines); i > 0; i--) {
        const PipRequirement *line = lines_get(&lines, i - 1);
        if (line->of_base)
            lines_remove(&lines, line);
    }
    for (guint i = lines_count(search->set); i > 0; i--) {
        const PipRequirement *line = lines_get(search->set, i - 1);
        first = line->of_base ? line : first;
    }
    if (!first)
        return;
    TrialPlan plan = {.lines = &lines};
    g_autoptr(Trial) trial = trial_run(search->trials, &plan);
    trial->inputs.roots = trial->inputs.constraints = NULL;
    if (trial->answer == TRIAL_SOLVED)
        add_way(search, WAY_BASE, first, trial);
}

/* Whether the version of a change is at least what the line names. */
static bool is_upgrade(const WayOut *way)
{
    size_t count = 0;
    const Specifier *items = specifier_set_items(way->line->requirement->specifiers, &count);
    g_autoptr(Version) version = version_parse(strstr(way->text, "==") + 2, NULL);
    for (size_t i = 0; i < count; i++) {
        if (items[i].version && version && version_compare(version, items[i].version) < 0)
            return false;
    }
    return true;
}

/* What keeps everything comes before what leaves something out, newer versions before older. */
static int way_rank(const WayOut *way)
{
    int rank = 0;
    if (way->kind == WAY_CHANGE)
        rank = is_upgrade(way) ? 0 : 1;
    else if (way->kind == WAY_OTHER)
        rank = 1;
    else if (way->kind == WAY_BASE)
        rank = 2;
    else if (way->kind == WAY_DROP)
        rank = way->constraint ? 2 : 3;
    return rank + (way->remains ? 4 : 0);
}

static int compare_ways(const void *a, const void *b)
{
    return way_rank(*(const WayOut *const *)a) - way_rank(*(const WayOut *const *)b);
}

/* A single line that asks for something that no index has: nothing to try. */
static bool is_hopeless(const Search *search)
{
    return lines_count(search->set) == 1 &&
           (!search->conflict->versions || !search->conflict->versions[0]) &&
           g_str_equal(lines_get(search->set, 0)->requirement->canonical, search->conflict->name);
}

void ways_out_find(Trials *trials, const Lines *all, const Lines *set, Conflict *conflict)
{
    Search search = {trials, all, set, conflict, NULL};
    if (lines_count(set) > LINES_TRIED || is_hopeless(&search))
        return;
    for (guint i = 0; i < lines_count(set); i++)
        try_change(&search, lines_get(set, i));
    try_other_versions(&search);
    try_without_base(&search);
    for (guint i = 0; i < lines_count(set); i++)
        try_drop(&search, lines_get(set, i));
    g_ptr_array_sort(conflict->ways, compare_ways); /* a stable sort */
}

/* The names of a conflict: the blocked one, then those that ask. */
static GPtrArray *names_of(const Conflict *conflict)
{
    GPtrArray *names = g_ptr_array_new();
    if (*conflict->name)
        g_ptr_array_add(names, conflict->name);
    for (guint i = 0; i < conflict->causes->len; i++) {
        const ConflictCause *cause = conflict->causes->pdata[i];
        if (cause->parent &&
            !g_ptr_array_find_with_equal_func(names, cause->parent, g_str_equal, NULL))
            g_ptr_array_add(names, cause->parent);
    }
    return names;
}

/* Whether pip finds the solution of `solved` when one more constraint pins the name. */
static bool try_pin(const Search *search, const char *name, const Trial *solved)
{
    const Version *version = trial_version(solved, name);
    if (!version)
        return false;
    g_autofree char *text = g_strdup_printf("%s==%s", name, version_text(version));
    g_autoptr(Requirement) requirement = requirement_parse(text, NULL);
    char *no_hashes = NULL;
    PipRequirement line = {.requirement = requirement, .hashes = &no_hashes, .text = text};
    g_auto(Lines) lines = lines_copy(search->all);
    g_ptr_array_add(lines.constraints, &line);
    TrialPlan plan = {.lines = &lines};
    g_autoptr(Trial) trial = trial_run(search->trials, &plan);
    bool found = requirement && trial->answer == TRIAL_SOLVED;
    if (found)
        add_way(search, WAY_ADD, NULL, trial)->text = g_strdup(text);
    g_clear_pointer(&trial, trial_free);
    return found;
}

/* More names than this are not pinned first. */
#define NAMES_TRIED 4

void ways_out_beyond_pip(Trials *trials, const Lines *all, Conflict *conflict)
{
    Search search = {trials, all, all, conflict, NULL};
    g_autoptr(GPtrArray) names = names_of(conflict);
    for (guint i = 0; i < MIN(names->len, NAMES_TRIED) && !conflict->solvable; i++) {
        TrialPlan plan = {.lines = all, .first = names->pdata[i]};
        g_autoptr(Trial) trial = trial_run(trials, &plan);
        conflict->solvable = trial->answer == TRIAL_SOLVED;
        for (guint k = 0; conflict->solvable && k < names->len; k++) {
            if (try_pin(&search, names->pdata[k], trial))
                break;
        }
    }
}

void ways_out_of_source(Trials *trials, const Lines *all, Conflict *conflict)
{
    Search search = {trials, all, all, conflict, NULL};
    if (!*conflict->name)
        return;
    TrialPlan plan = {.lines = all, .binary = conflict->name};
    g_autoptr(Trial) trial = trial_run(trials, &plan);
    if (trial->answer == TRIAL_SOLVED)
        add_way(&search, WAY_WHEELS, NULL, trial)->text = g_strdup(conflict->name);
    search.binary = conflict->name;
    for (guint i = 0; conflict->ways->len == 0 && i < lines_count(all); i++) {
        const PipRequirement *line = lines_get(all, i);
        if (g_str_equal(line->requirement->canonical, conflict->name))
            try_change(&search, line);
    }
}
