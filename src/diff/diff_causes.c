/* Why a distribution is there, gone or another one: told from the clauses that ask for it in both
 * targets, from what those come from, and from constraints. */
#include "diff/diff_private.h"

#include "base/io.h"
#include "python/name.h"
#include "python/requirement.h"
#include "recipe/recipe.h"

#include <string.h>

enum {
    CONSTRAINTS_BYTES = 4 * 1024 * 1024,
};

/* Constraints */

typedef struct {
    char *name; /* canonical */
    char *text; /* the line, trimmed */
    char *at;   /* "constraints.txt:3" */
} Constraint;

static void constraint_free(void *data)
{
    Constraint *constraint = data;
    g_free(constraint->name);
    g_free(constraint->text);
    g_free(constraint->at);
    g_free(constraint);
}

/* "numpy<2  # old" of constraints.txt:3; options and references to other files are left out. */
static void add_constraint(GPtrArray *list, const char *line, char *take_at)
{
    g_autofree char *text = g_strndup(line, strcspn(line, "#\r\n"));
    g_strstrip(text);
    size_t length = strcspn(text, " <>=!~;[@(");
    if (length == 0 || *text == '-') {
        g_free(take_at);
        return;
    }
    g_autofree char *name = g_strndup(text, length);
    Constraint *constraint = g_new(Constraint, 1);
    *constraint = (Constraint){name_canonicalize(name), g_steal_pointer(&text), take_at};
    g_ptr_array_add(list, constraint);
}

static void add_constraint_file(GPtrArray *list, const Recipe *recipe, const char *file)
{
    g_autofree char *path = g_build_filename(recipe_file_dir(recipe->file), file, NULL);
    g_autofree char *text = NULL;
    size_t length;
    if (!io_load(path, CONSTRAINTS_BYTES, &text, &length, NULL))
        return;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i]; i++)
        add_constraint(list, lines[i], g_strdup_printf("%s:%u", file, i + 1));
}

/* As files beside the recipe are named. */
static char *constraint_place(const Recipe *recipe, Span at)
{
    g_autofree char *address = span_address(at);
    g_autofree char *dir = g_strconcat(recipe_file_dir(recipe->file), "/", NULL);
    bool inside = address && g_str_has_prefix(address, dir);
    return g_strdup(inside ? address + strlen(dir) : address ? address : "the recipe");
}

static void add_constraints(GPtrArray *list, const Recipe *recipe, const GPtrArray *items)
{
    for (guint i = 0; items && i < items->len; i++) {
        const FileOrLine *item = items->pdata[i];
        if (item->file)
            add_constraint_file(list, recipe, item->file);
        else if (item->line)
            add_constraint(list, item->line, constraint_place(recipe, item->at));
    }
}

/* Constraint of the recipe and its stages; empty without a recipe. */
static GPtrArray *constraints_of(const Recipe *recipe)
{
    GPtrArray *list = g_ptr_array_new_with_free_func(constraint_free);
    if (!recipe)
        return list;
    add_constraints(list, recipe, recipe->constraints);
    for (guint i = 0; i < recipe->stages->len; i++) {
        const Stage *stage = recipe->stages->pdata[i];
        if (stage->kind == STAGE_PIP)
            add_constraints(list, recipe, stage->body.pip->constraints);
    }
    return list;
}

/* The first constraint on the name in `list` that `other` does not have. */
static const Constraint *find_other_constraint(const GPtrArray *list, const GPtrArray *other,
                                               const char *name)
{
    for (guint i = 0; i < list->len; i++) {
        const Constraint *constraint = list->pdata[i];
        bool known = !g_str_equal(constraint->name, name);
        for (guint j = 0; j < other->len && !known; j++)
            known = g_str_equal(((const Constraint *)other->pdata[j])->text, constraint->text);
        if (!known)
            return constraint;
    }
    return NULL;
}

/* Clauses */

typedef struct {
    const Diff *diff;
    GPtrArray *constraints_a, *constraints_b;
    GHashTable *changed; /* name → DiffDistribution */
    GPtrArray *nobody;   /* no LockEdge */
} Causes;

static bool has_clause(const GPtrArray *edges, const LockEdge *wanted)
{
    for (guint i = 0; i < edges->len; i++) {
        const LockEdge *edge = edges->pdata[i];
        bool same_owner = edge->from_line == wanted->from_line &&
                          (edge->from_line || g_str_equal(edge->from, wanted->from));
        if (same_owner && g_str_equal(edge->requirement, wanted->requirement))
            return true;
    }
    return false;
}

/* The first clause of `edges` that `other` lacks: lines of the user (`lines`), or distributions. */
static const LockEdge *find_new_clause(const GPtrArray *edges, const GPtrArray *other, bool lines)
{
    for (guint i = 0; i < edges->len; i++) {
        const LockEdge *edge = edges->pdata[i];
        if (edge->from_line == lines && !has_clause(other, edge))
            return edge;
    }
    return NULL;
}

/* "transformers 4.56.2 (4.46.3 in A)" of an owner that changed itself. */
static char *owner_text(const Causes *causes, const char *owner, bool in_b)
{
    const LockTarget *target = in_b ? causes->diff->b.target : causes->diff->a.target;
    const LockDistribution *one = diff_find(diff_environment(target), owner);
    const DiffDistribution *change = g_hash_table_lookup(causes->changed, owner);
    if (!one)
        return g_strdup(owner);
    if (in_b && change && change->kind == DIFF_ADDED)
        return g_strdup_printf("%s %s, which is new,", owner, one->version);
    if (in_b && change && change->kind == DIFF_CHANGED)
        return g_strdup_printf("%s %s (before: %s)", owner, one->version, change->before->version);
    return g_strdup_printf("%s %s", owner, one->version);
}

static char *cause_of_line(const Causes *causes, const GPtrArray *before, const LockEdge *line)
{
    const char *from = line->from;
    for (guint i = 0; i < before->len; i++) {
        const LockEdge *edge = before->pdata[i];
        if (edge->from_line)
            return g_strdup_printf("%s asks for %s (before: %s)", from, line->requirement,
                                   edge->requirement);
    }
    return g_strdup_printf("%s asks for %s", from, line->requirement);
}

static char *cause_of_constraints(const Causes *causes, const char *name)
{
    const Constraint *fresh =
        find_other_constraint(causes->constraints_b, causes->constraints_a, name);
    const Constraint *gone =
        find_other_constraint(causes->constraints_a, causes->constraints_b, name);
    if (fresh && gone)
        return g_strdup_printf("%s constrains it to %s (before: %s)", fresh->at, fresh->text,
                               gone->text);
    if (fresh)
        return g_strdup_printf("%s constrains it to %s", fresh->at, fresh->text);
    return gone ? g_strdup_printf("the constraint %s is gone (%s)", gone->text, gone->at) : NULL;
}

/* "torchvision 0.22.1 requires torch==2.7.1": a version that was chosen for what it requires. */
static char *cause_of_own_clause(const Causes *causes, DiffDistribution *one)
{
    for (guint i = 0; one->after->requires && one->after->requires[i]; i++) {
        const char *clause = one->after->requires[i];
        g_autoptr(Requirement) requirement = requirement_parse(clause, NULL);
        const DiffDistribution *other =
            requirement ? g_hash_table_lookup(causes->changed, requirement->canonical) : NULL;
        bool exact =
            requirement && g_str_has_prefix(specifier_set_text(requirement->specifiers), "==");
        if (!exact || !other || other->kind != DIFF_CHANGED)
            continue;
        one->owner = diff_name(other);
        return g_strdup_printf("this version requires %s%s", requirement->name,
                               specifier_set_text(requirement->specifiers));
    }
    return NULL;
}

/* A clause that is in A alone, where others still ask for it. */
static char *cause_of_lost_clause(const Causes *causes, const GPtrArray *before,
                                  const GPtrArray *after)
{
    const LockEdge *line = find_new_clause(before, after, true);
    if (line)
        return g_strdup_printf("%s no longer asks for %s", line->from, line->requirement);
    const LockEdge *clause = find_new_clause(before, after, false);
    if (!clause)
        return NULL;
    g_autofree char *owner = owner_text(causes, clause->from, false);
    return g_strdup_printf("%s no longer requires %s", owner, clause->requirement);
}

/* The other difference that a clause belongs to, or NULL. */
static const char *owner_of(const Causes *causes, const LockEdge *clause)
{
    return g_hash_table_contains(causes->changed, clause->from) ? clause->from : NULL;
}

static char *cause_of_change(const Causes *causes, DiffDistribution *one, const GPtrArray *before,
                             const GPtrArray *after)
{
    const LockEdge *line = find_new_clause(after, before, true);
    if (line)
        return cause_of_line(causes, before, line);
    if (one->distance >= DIFF_ORIGIN)
        return g_strdup(g_strcmp0(one->before->file->sha256, one->after->file->sha256) == 0
                            ? "the same file"
                            : "another file of the same version");
    char *cause = cause_of_constraints(causes, one->after->name);
    if (cause)
        return cause;
    const LockEdge *clause = find_new_clause(after, before, false);
    if (clause) {
        g_autofree char *owner = owner_text(causes, clause->from, true);
        one->owner = owner_of(causes, clause);
        return g_strdup_printf("%s requires %s", owner, clause->requirement);
    }
    if (causes->diff->a.flat || causes->diff->b.flat) /* who asks for it there is not known */
        return NULL;
    cause = cause_of_own_clause(causes, one);
    if (!cause)
        cause = cause_of_lost_clause(causes, before, after);
    return cause ? cause
                 : g_strdup("nothing asks for another version: it was resolved at another time or "
                            "from other indexes");
}

static bool is_of_base(const DiffSide *side, const char *name)
{
    return diff_find(side->target->base.installed, name) != NULL;
}

static char *cause_of_addition(const Causes *causes, DiffDistribution *one, const GPtrArray *none,
                               const GPtrArray *after)
{
    const LockEdge *line = find_new_clause(after, none, true);
    if (line)
        return g_strdup_printf("%s asks for %s", line->from, line->requirement);
    const LockEdge *clause = find_new_clause(after, none, false);
    if (!clause)
        return is_of_base(&causes->diff->b, diff_name(one)) ? g_strdup("the base brings it") : NULL;
    one->owner = owner_of(causes, clause);
    g_autofree char *owner = owner_text(causes, clause->from, true);
    return g_strdup_printf("%s requires %s", owner, clause->requirement);
}

static char *cause_of_removal(const Causes *causes, DiffDistribution *one, const GPtrArray *before,
                              const GPtrArray *none)
{
    const LockEdge *line = find_new_clause(before, none, true);
    if (line)
        return g_strdup_printf("%s %s for it", line->from,
                               causes->diff->b.flat ? "asks" : "no longer asks");
    const LockEdge *clause = find_new_clause(before, none, false);
    if (!clause)
        return is_of_base(&causes->diff->a, diff_name(one)) && !causes->diff->b.flat
                   ? g_strdup("the base no longer brings it")
                   : NULL;
    one->owner = owner_of(causes, clause);
    const DiffDistribution *owner = g_hash_table_lookup(causes->changed, clause->from);
    if (owner && owner->kind == DIFF_REMOVED)
        return g_strdup_printf("%s, which required it, is gone", clause->from);
    if (owner && owner->kind == DIFF_CHANGED)
        return g_strdup_printf("%s %s no longer requires it", clause->from, owner->after->version);
    return g_strdup_printf("%s no longer requires it", clause->from);
}

static char *find_cause(const Causes *causes, DiffDistribution *one)
{
    static char *(*const functions[])(const Causes *, DiffDistribution *, const GPtrArray *,
                                      const GPtrArray *) = {
        [DIFF_ADDED] = cause_of_addition,
        [DIFF_REMOVED] = cause_of_removal,
        [DIFF_CHANGED] = cause_of_change,
    };
    const GPtrArray *before = g_hash_table_lookup(causes->diff->edges_a, diff_name(one));
    const GPtrArray *after = g_hash_table_lookup(causes->diff->edges_b, diff_name(one));
    return functions[one->kind](causes, one, before ? before : causes->nobody,
                                after ? after : causes->nobody);
}

/* Whether the owners of `one` lead back to it: two that require each other exactly. */
static bool leads_back(const Causes *causes, const DiffDistribution *one)
{
    const DiffDistribution *at = one;
    for (guint steps = 0; at && at->owner && steps <= causes->diff->distributions->len; steps++) {
        at = g_hash_table_lookup(causes->changed, at->owner);
        if (at == one)
            return true;
    }
    return false;
}

static void follow(const Causes *causes, DiffDistribution *one)
{
    if (leads_back(causes, one))
        one->owner = NULL;
    DiffDistribution *owner =
        one->owner && !one->asked ? g_hash_table_lookup(causes->changed, one->owner) : NULL;
    if (!owner)
        return;
    if (!owner->followers)
        owner->followers = g_ptr_array_new();
    g_ptr_array_add(owner->followers, one);
}

void diff_find_causes(Diff *diff)
{
    g_autoptr(GPtrArray) a = constraints_of(diff->a.recipe);
    g_autoptr(GPtrArray) b = constraints_of(diff->b.recipe);
    g_autoptr(GHashTable) changed = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) nobody = g_ptr_array_new();
    Causes causes = {diff, a, b, changed, nobody};
    for (guint i = 0; i < diff->distributions->len; i++) {
        DiffDistribution *one = diff->distributions->pdata[i];
        g_hash_table_insert(changed, (char *)diff_name(one), one);
    }
    for (guint i = 0; i < diff->distributions->len; i++) {
        DiffDistribution *one = diff->distributions->pdata[i];
        one->cause = find_cause(&causes, one);
    }
    for (guint i = 0; i < diff->distributions->len; i++)
        follow(&causes, diff->distributions->pdata[i]);
}
