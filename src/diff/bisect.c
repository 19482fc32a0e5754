#include "diff/bisect.h"

#include "python/requirement.h"

#include <string.h>

/* Units */

static const LockDistribution *find(const GPtrArray *environment, const char *name)
{
    for (guint i = 0; i < environment->len; i++) {
        const LockDistribution *one = environment->pdata[i];
        if (!one->ghost && g_str_equal(one->name, name))
            return one;
    }
    return NULL;
}

static bool is_same(const LockDistribution *a, const LockDistribution *b)
{
    if (!a || !b || !g_str_equal(a->version, b->version))
        return a == b;
    return a->file && b->file ? g_str_equal(a->file->sha256, b->file->sha256) : a->file == b->file;
}

static void add_unit(BisectUnits *units, const LockDistribution *before,
                     const LockDistribution *after)
{
    BisectUnit unit = {before ? before->name : after->name, before, after};
    if (!is_same(before, after))
        g_array_append_val(units->units, unit);
}

static int compare_units(const void *a, const void *b)
{
    return strcmp(((const BisectUnit *)a)->name, ((const BisectUnit *)b)->name);
}

BisectUnits *bisect_units_new(const LockTarget *before, const LockTarget *after)
{
    BisectUnits *units = g_new0(BisectUnits, 1);
    units->units = g_array_new(FALSE, FALSE, sizeof(BisectUnit));
    const LockStage *a = lock_target_last(before), *b = lock_target_last(after);
    units->before = a ? a->environment : before->base.installed;
    units->after = b ? b->environment : after->base.installed;
    for (guint i = 0; i < units->before->len; i++) {
        const LockDistribution *one = units->before->pdata[i];
        if (!one->ghost)
            add_unit(units, one, find(units->after, one->name));
    }
    for (guint i = 0; i < units->after->len; i++) {
        const LockDistribution *one = units->after->pdata[i];
        if (!one->ghost && !find(units->before, one->name))
            add_unit(units, NULL, one);
    }
    g_array_sort(units->units, compare_units);
    return units;
}

void bisect_units_free(BisectUnits *units)
{
    if (!units)
        return;
    g_array_unref(units->units);
    g_free(units);
}

static const BisectUnit *unit_of(const BisectUnits *units, guint index)
{
    return &g_array_index(units->units, BisectUnit, index);
}

/* Closing */

static guint find_unit(const BisectUnits *units, const char *name)
{
    guint low = 0, high = units->units->len;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        int order = strcmp(unit_of(units, middle)->name, name);
        if (order == 0)
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return G_MAXUINT;
}

static bool meets(const Requirement *requirement, const LockDistribution *found)
{
    g_autoptr(Version) version = found ? version_parse(found->version, NULL) : NULL;
    return version && specifier_set_contains(requirement->specifiers, version, PRERELEASES_YES);
}

/* Whether the set had to change so that `one`, whose unit is `self` (or none), gets what this
 * clause says. What neither target meets is left as it is. */
static bool satisfy(const BisectUnits *units, bool *set, guint self, const char *clause)
{
    g_autoptr(Requirement) requirement = requirement_parse(clause, NULL);
    guint other = requirement ? find_unit(units, requirement->canonical) : G_MAXUINT;
    if (other == G_MAXUINT)
        return false;
    const BisectUnit *unit = unit_of(units, other);
    if (meets(requirement, set[other] ? unit->after : unit->before))
        return false;
    if (!set[other] && meets(requirement, unit->after))
        return set[other] = true;
    if (set[other] && self != G_MAXUINT && !set[self])
        return set[self] = true;
    return false;
}

static bool close_one(const BisectUnits *units, bool *set, guint self, const LockDistribution *one)
{
    bool changed = false;
    for (char **clause = one ? one->requires : NULL; clause && *clause; clause++)
        changed |= satisfy(units, set, self, *clause);
    return changed;
}

void bisect_units_close(const BisectUnits *units, bool *set)
{
    bool changed = true;
    while (changed) {
        changed = false;
        for (guint i = 0; i < units->units->len; i++)
            changed |= close_one(units, set, i,
                                 set[i] ? unit_of(units, i)->after : unit_of(units, i)->before);
        for (guint i = 0; i < units->before->len; i++) {
            const LockDistribution *one = units->before->pdata[i];
            if (find_unit(units, one->name) == G_MAXUINT)
                changed |= close_one(units, set, G_MAXUINT, one);
        }
    }
}

/* The search */

typedef struct {
    const BisectUnits *units;
    guint count;
    BisectTry try;
    void *data;
    GHashTable *known; /* closed set as text → answer */
    guint steps;
    GError *error;
} Search;

static char *describe(const Search *search, const bool *set)
{
    char *text = g_new0(char, search->count + 1);
    for (guint i = 0; i < search->count; i++)
        text[i] = set[i] ? '1' : '0';
    return text;
}

/* An error counts as a skip; it ends everything. */
static BisectAnswer probe(Search *search, const bool *wanted)
{
    if (search->error)
        return BISECT_SKIP;
    g_autofree bool *set = g_memdup2(wanted, search->count + 1);
    bisect_units_close(search->units, set);
    g_autofree char *key = describe(search, set);
    gpointer answer;
    if (g_hash_table_lookup_extended(search->known, key, NULL, &answer))
        return GPOINTER_TO_INT(answer);
    BisectAnswer told = BISECT_SKIP;
    search->steps++;
    if (!search->try(search->data, set, &told, &search->error))
        return BISECT_SKIP;
    g_hash_table_insert(search->known, g_steal_pointer(&key), GINT_TO_POINTER(told));
    return told;
}

/* `kept` and the first `length` units. */
static BisectAnswer probe_prefix(Search *search, const bool *kept, guint length)
{
    g_autofree bool *set = g_memdup2(kept, search->count + 1);
    for (guint i = 0; i < length; i++)
        set[i] = true;
    return probe(search, set);
}

/* The middle of the open interval, or what is next to it and can be told; 0: nothing can. */
static guint choose(Search *search, const bool *kept, guint low, guint high,
                    BisectAnswer *ret_answer)
{
    guint middle = low + (high - low) / 2;
    for (guint distance = 0; distance < high - low; distance++) {
        const guint places[] = {middle - distance, middle + distance};
        for (guint i = 0; i < G_N_ELEMENTS(places); i++) {
            if (places[i] <= low || places[i] >= high || (i == 1 && distance == 0))
                continue;
            *ret_answer = probe_prefix(search, kept, places[i]);
            if (*ret_answer != BISECT_SKIP)
                return places[i];
        }
    }
    return 0;
}

/* The first length of a prefix that is bad together with `kept`; `high` is. False: some that were
 * skipped hide it, between *ret_low and *ret_high. */
static bool find_first(Search *search, const bool *kept, guint high, guint *ret_low,
                       guint *ret_high)
{
    guint low = 0;
    while (high - low > 1) {
        BisectAnswer answer = BISECT_SKIP;
        guint place = choose(search, kept, low, high, &answer);
        if (place == 0)
            break;
        if (answer == BISECT_BAD)
            high = place;
        else
            low = place;
    }
    *ret_low = low;
    *ret_high = high;
    return high - low == 1;
}

/* Where one that only came along is bad by itself, it is the one. */
static void narrow(Search *search, bool *culprits)
{
    g_autofree bool *moved = g_memdup2(culprits, search->count + 1);
    bisect_units_close(search->units, moved);
    for (guint i = 0; i < search->count; i++) {
        if (!moved[i] || culprits[i])
            continue;
        g_autofree bool *alone = g_new0(bool, search->count + 1);
        alone[i] = true;
        g_autofree bool *closed = g_memdup2(alone, search->count + 1);
        bisect_units_close(search->units, closed);
        if (memcmp(closed, moved, search->count) == 0 || probe(search, alone) != BISECT_BAD)
            continue;
        memcpy(culprits, alone, search->count);
        return;
    }
}

/* Units are added to `culprits`, the last of a shortest bad prefix at a time, until they are bad
 * without any prefix. */
static BisectOutcome find_culprits(Search *search, bool *culprits)
{
    guint limit = search->count;
    while (probe(search, culprits) != BISECT_BAD && limit > 0 && !search->error) {
        guint low, high;
        if (!find_first(search, culprits, limit, &low, &high)) {
            for (guint i = low; i < high; i++)
                culprits[i] = true;
            return BISECT_UNTOLD;
        }
        culprits[high - 1] = true;
        limit = high - 1;
    }
    narrow(search, culprits);
    return BISECT_FOUND;
}

static BisectOutcome run_search(Search *search, bool *culprits)
{
    g_autofree bool *none = g_new0(bool, search->count + 1);
    if (probe(search, none) != BISECT_GOOD)
        return BISECT_BEFORE_FAILS;
    if (probe_prefix(search, none, search->count) != BISECT_BAD)
        return BISECT_AFTER_WORKS;
    return find_culprits(search, culprits);
}

gboolean bisect_search(const BisectUnits *units, BisectTry try, void *data,
                       BisectResult *ret_result, GError **error)
{
    g_autoptr(GHashTable) known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Search search = {units, units->units->len, try, data, known, 0, NULL};
    BisectResult result = {.culprits = g_new0(bool, search.count + 1)};
    result.outcome = run_search(&search, result.culprits);
    result.steps = search.steps;
    result.moved = g_memdup2(result.culprits, search.count + 1);
    bisect_units_close(units, result.moved);
    if (search.error) {
        bisect_result_clear(&result);
        g_propagate_error(error, search.error);
        return FALSE;
    }
    *ret_result = result;
    return TRUE;
}

void bisect_result_clear(BisectResult *result)
{
    g_clear_pointer(&result->culprits, g_free);
    g_clear_pointer(&result->moved, g_free);
}
