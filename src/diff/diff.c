#include "diff/diff_private.h"

#include "python/version.h"

#include <string.h>

static const char *const kind_names[] = {"added", "removed", "changed"};
static const char *const topic_names[] = {"cuda",    "gpu",  "base",
                                          "imports", "host", "configuration"};
static const char *const distance_names[] = {"flavour", "first",  "second",
                                             "rest",    "origin", "file"};

const char *diff_kind_name(DiffKind kind)
{
    return kind_names[kind];
}

const char *diff_distance_name(DiffDistance distance)
{
    return distance_names[distance];
}

const char *diff_topic_name(DiffTopic topic)
{
    return topic_names[topic];
}

static void distribution_free(void *data)
{
    DiffDistribution *distribution = data;
    g_free(distribution->cause);
    g_clear_pointer(&distribution->followers, g_ptr_array_unref);
    g_free(distribution);
}

static void fact_free(void *data)
{
    DiffFact *fact = data;
    g_free(fact->subject);
    g_free(fact->before);
    g_free(fact->after);
    g_free(fact);
}

static void difference_free(void *data)
{
    DiffStage *stage = data;
    g_ptr_array_unref(stage->added);
    g_ptr_array_unref(stage->removed);
    g_free(stage);
}

void diff_free(Diff *diff)
{
    if (!diff)
        return;
    g_ptr_array_unref(diff->facts);
    g_ptr_array_unref(diff->gpus);
    g_ptr_array_unref(diff->things);
    g_ptr_array_unref(diff->requests);
    g_ptr_array_unref(diff->layers.fresh);
    g_ptr_array_unref(diff->layers.gone);
    g_ptr_array_unref(diff->layers.kept);
    g_ptr_array_unref(diff->findings);
    g_ptr_array_unref(diff->distributions);
    g_ptr_array_unref(diff->stages);
    g_hash_table_unref(diff->edges_a);
    g_hash_table_unref(diff->edges_b);
    g_free(diff);
}

/* Looking into a target */

const GPtrArray *diff_environment(const LockTarget *target)
{
    const LockStage *last = lock_target_last(target);
    return last ? last->environment : target->base.installed;
}

static int compare_name(const void *name, const void *element)
{
    return strcmp(name, (*(const LockDistribution *const *)element)->name);
}

const LockDistribution *diff_find(const GPtrArray *environment, const char *name)
{
    if (!environment || environment->len == 0)
        return NULL;
    void *const *found = bsearch(name, environment->pdata, environment->len,
                                 sizeof(*environment->pdata), compare_name);
    if (!found)
        return NULL;
    guint at = (guint)(found - environment->pdata);
    while (at > 0 && compare_name(name, &environment->pdata[at - 1]) == 0)
        at--;
    for (; at < environment->len && compare_name(name, &environment->pdata[at]) == 0; at++) {
        const LockDistribution *one = environment->pdata[at];
        if (!one->ghost)
            return one;
    }
    return NULL;
}

static bool has_edge(const GPtrArray *edges, const LockEdge *wanted)
{
    for (guint i = 0; i < edges->len; i++) {
        const LockEdge *edge = edges->pdata[i];
        if (g_str_equal(edge->from, wanted->from) &&
            g_str_equal(edge->requirement, wanted->requirement))
            return true;
    }
    return false;
}

static void add_edges(GHashTable *index, const LockAction *action)
{
    if (action->edges->len == 0)
        return;
    GPtrArray *edges = g_hash_table_lookup(index, action->name);
    if (!edges) {
        edges = g_ptr_array_new();
        g_hash_table_insert(index, action->name, edges);
    }
    for (guint i = 0; i < action->edges->len; i++) {
        if (!has_edge(edges, action->edges->pdata[i]))
            g_ptr_array_add(edges, action->edges->pdata[i]);
    }
}

/* The last stage's edges first. */
static GHashTable *index_edges(const LockTarget *target)
{
    GHashTable *index =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_ptr_array_unref);
    for (guint i = target->stages->len; i-- > 0;) {
        const GPtrArray *actions = ((const LockStage *)target->stages->pdata[i])->actions;
        for (guint j = 0; j < actions->len; j++)
            add_edges(index, actions->pdata[j]);
    }
    return index;
}

/* Versions */

static const char *release_number(const Version *version, unsigned index)
{
    const char *const *release = version_release(version);
    for (unsigned i = 0; i <= index; i++) {
        if (!release[i])
            return "0";
    }
    return release[index];
}

static DiffDistance version_distance(const char *before, const char *after, bool *ret_older)
{
    g_autoptr(Version) a = version_parse(before, NULL);
    g_autoptr(Version) b = version_parse(after, NULL);
    if (!a || !b) {
        *ret_older = strcmp(before, after) > 0;
        return DIFF_FIRST;
    }
    *ret_older = version_compare(a, b) > 0;
    if (g_strcmp0(version_local(a), version_local(b)) != 0)
        return DIFF_FLAVOUR;
    if (strcmp(version_epoch(a), version_epoch(b)) != 0 ||
        strcmp(release_number(a, 0), release_number(b, 0)) != 0)
        return DIFF_FIRST;
    return strcmp(release_number(a, 1), release_number(b, 1)) != 0 ? DIFF_SECOND : DIFF_REST;
}

static bool same_origin(const LockFile *a, const LockFile *b)
{
    return a->source == b->source && g_strcmp0(a->source_name, b->source_name) == 0 &&
           g_strcmp0(a->commit, b->commit) == 0;
}

/* Whether they differ, and how far. */
static bool compare_distributions(const LockDistribution *a, const LockDistribution *b,
                                  DiffDistribution *ret_difference)
{
    if (strcmp(a->version, b->version) != 0) {
        ret_difference->distance = version_distance(a->version, b->version, &ret_difference->older);
        return true;
    }
    if (!a->file || !b->file) /* the base's: nobody knows its file */
        return false;
    bool same_bytes = g_strcmp0(a->file->sha256, b->file->sha256) == 0;
    if (same_origin(a->file, b->file) && same_bytes)
        return false;
    ret_difference->distance =
        same_bytes || !same_origin(a->file, b->file) ? DIFF_ORIGIN : DIFF_FILE;
    return true;
}

char *diff_version_text(const DiffDistribution *distribution, bool after)
{
    const LockDistribution *one = after ? distribution->after : distribution->before;
    if (!one)
        return g_strdup("");
    if (distribution->kind != DIFF_CHANGED || !one->file)
        return g_strdup(one->version);
    if (distribution->distance == DIFF_ORIGIN)
        return g_strdup_printf("%s (%s)", one->version, one->file->source_name);
    if (distribution->distance == DIFF_FILE)
        return g_strdup_printf("%s (%.12s)", one->version, one->file->sha256);
    return g_strdup(one->version);
}

/* Distributions */

static bool is_asked(GHashTable *index, const char *name)
{
    const GPtrArray *edges = g_hash_table_lookup(index, name);
    for (guint i = 0; edges && i < edges->len; i++) {
        if (((const LockEdge *)edges->pdata[i])->from_line)
            return true;
    }
    return false;
}

/* What `pip freeze` leaves out says nothing where one side is a list of its. */
static bool is_left_out(const Diff *diff, const char *name)
{
    static const char *const names[] = {"distribute", "pip", "setuptools", "wheel", NULL};
    bool list = (diff->a.flat && !diff->a.image) || (diff->b.flat && !diff->b.image);
    return list && g_strv_contains(names, name);
}

static void add_distribution(Diff *diff, const LockDistribution *before,
                             const LockDistribution *after)
{
    DiffDistribution difference = {.kind = !before  ? DIFF_ADDED
                                           : !after ? DIFF_REMOVED
                                                    : DIFF_CHANGED,
                                   .before = before,
                                   .after = after};
    if (before && after && !compare_distributions(before, after, &difference))
        return;
    if ((!before || !after) && is_left_out(diff, (before ? before : after)->name))
        return;
    difference.asked =
        after ? is_asked(diff->edges_b, after->name) : is_asked(diff->edges_a, before->name);
    g_ptr_array_add(diff->distributions, g_memdup2(&difference, sizeof(difference)));
}

const char *diff_name(const DiffDistribution *distribution)
{
    return (distribution->after ? distribution->after : distribution->before)->name;
}

/* Changed before added before removed; another flavour first, what the user named before what it
 * brought along, the larger step before the smaller. */
static int compare_importance(const void *a, const void *b)
{
    static const int places[] = {[DIFF_CHANGED] = 0, [DIFF_ADDED] = 1, [DIFF_REMOVED] = 2};
    const DiffDistribution *left = *(const DiffDistribution *const *)a;
    const DiffDistribution *right = *(const DiffDistribution *const *)b;
    if (left->kind != right->kind)
        return places[left->kind] - places[right->kind];
    bool flavour = left->distance == DIFF_FLAVOUR || right->distance == DIFF_FLAVOUR;
    if (flavour && left->kind == DIFF_CHANGED && left->distance != right->distance)
        return left->distance == DIFF_FLAVOUR ? -1 : 1;
    if (left->asked != right->asked)
        return left->asked ? -1 : 1;
    if (left->distance != right->distance)
        return (int)left->distance - (int)right->distance;
    return strcmp(diff_name(left), diff_name(right));
}

/* Both lists are sorted by name. */
static void compare_environments(Diff *diff)
{
    const GPtrArray *a = diff_environment(diff->a.target), *b = diff_environment(diff->b.target);
    for (guint i = 0; a && i < a->len; i++) {
        const LockDistribution *one = a->pdata[i];
        if (!one->ghost)
            add_distribution(diff, one, diff_find(b, one->name));
    }
    for (guint i = 0; b && i < b->len; i++) {
        const LockDistribution *one = b->pdata[i];
        if (!one->ghost && !diff_find(a, one->name))
            add_distribution(diff, NULL, one);
    }
    g_ptr_array_sort(diff->distributions, compare_importance);
}

/* Findings */

/* What makes two findings the same one: not their lines, which move. */
static char *finding_key(const Finding *finding)
{
    return g_strdup_printf(
        "%s\n%s\n%s\n%s", finding->code, finding->distribution ? finding->distribution : "",
        finding->version ? finding->version : "", finding->requirement ? finding->requirement : "");
}

static GHashTable *finding_keys(const LockTarget *target)
{
    GHashTable *keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < target->stages->len; i++) {
        const LockStage *stage = target->stages->pdata[i];
        for (guint j = 0; j < stage->findings->len; j++)
            g_hash_table_add(keys, finding_key(stage->findings->pdata[j]));
    }
    return keys;
}

static void add_findings(Diff *diff, const LockTarget *target, const LockTarget *other, bool gained)
{
    g_autoptr(GHashTable) known = finding_keys(other);
    for (guint i = 0; i < target->stages->len; i++) {
        const LockStage *stage = target->stages->pdata[i];
        for (guint j = 0; j < stage->findings->len; j++) {
            const Finding *finding = stage->findings->pdata[j];
            g_autofree char *key = finding_key(finding);
            if (g_hash_table_contains(known, key))
                continue;
            DiffFinding *difference = g_new(DiffFinding, 1);
            *difference = (DiffFinding){gained, finding};
            g_ptr_array_add(diff->findings, difference);
        }
    }
}

/* Errors first, gained ones before those that are gone. */
static int compare_findings(const void *a, const void *b)
{
    const DiffFinding *left = *(const DiffFinding *const *)a;
    const DiffFinding *right = *(const DiffFinding *const *)b;
    if (left->gained != right->gained)
        return left->gained ? -1 : 1;
    if (left->finding->severity != right->finding->severity)
        return (int)right->finding->severity - (int)left->finding->severity;
    return strcmp(left->finding->message, right->finding->message);
}

static void compare_finding_lists(Diff *diff)
{
    add_findings(diff, diff->a.target, diff->b.target, false);
    add_findings(diff, diff->b.target, diff->a.target, true);
    g_ptr_array_sort(diff->findings, compare_findings);
}

/* All of it */

void diff_add_fact(Diff *diff, DiffTopic topic, const char *subject, char *before, char *after)
{
    if (g_strcmp0(before, after) == 0) {
        g_free(before);
        g_free(after);
        return;
    }
    DiffFact *fact = g_new(DiffFact, 1);
    *fact = (DiffFact){topic, g_strdup(subject), before, after};
    g_ptr_array_add(diff->facts, fact);
}

static Diff *new_empty(const DiffSide *a, const DiffSide *b)
{
    Diff *diff = g_new0(Diff, 1);
    diff->a = *a;
    diff->b = *b;
    diff->facts = g_ptr_array_new_with_free_func(fact_free);
    diff->gpus = g_ptr_array_new_with_free_func(diff_gpu_free);
    diff->findings = g_ptr_array_new_with_free_func(g_free);
    diff->distributions = g_ptr_array_new_with_free_func(distribution_free);
    diff->things = g_ptr_array_new_with_free_func(diff_thing_free);
    diff->requests = g_ptr_array_new_with_free_func(diff_request_free);
    diff->stages = g_ptr_array_new_with_free_func(difference_free);
    diff->layers.fresh = g_ptr_array_new_with_free_func(g_free);
    diff->layers.gone = g_ptr_array_new_with_free_func(g_free);
    diff->layers.kept = g_ptr_array_new_with_free_func(g_free);
    diff->edges_a = index_edges(a->target);
    diff->edges_b = index_edges(b->target);
    return diff;
}

Diff *diff_new(const DiffSide *a, const DiffSide *b)
{
    Diff *diff = new_empty(a, b);
    bool flat = a->flat || b->flat;
    diff->configured = (a->recipe && b->recipe) || (a->image && b->image);
    diff->unsolved = !lock_target_is_solved(a->target) || !lock_target_is_solved(b->target);
    if (!diff->unsolved) {
        compare_environments(diff);
        diff_sum_sizes(diff);
    } else if (!flat) {
        diff_compare_requests(diff);
    }
    diff_compare_facts(diff);
    if (diff->configured)
        diff_compare_configuration(diff);
    if (!flat) {
        compare_finding_lists(diff);
        diff_compare_stages(diff);
    }
    diff_compare_things(diff);
    diff_compare_layers(diff);
    diff_find_causes(diff);
    return diff;
}

static bool any_thing(const Diff *diff, bool package)
{
    for (guint i = 0; i < diff->things->len; i++) {
        if (diff_thing_is_package(diff->things->pdata[i]) == package)
            return true;
    }
    return false;
}

bool diff_part_is_empty(const Diff *diff, unsigned parts)
{
    const bool empty[] = {
        diff->facts->len == 0,
        diff->findings->len == 0,
        diff->distributions->len == 0 && diff->requests->len == 0 && !any_thing(diff, true),
        !any_thing(diff, false),
        diff->stages->len == 0,
        diff->layers.fresh->len + diff->layers.gone->len == 0,
        diff->sizes.fresh + diff->sizes.gone == 0,
    };
    for (size_t i = 0; i < G_N_ELEMENTS(empty); i++) {
        if ((parts & (1u << i)) && !empty[i])
            return false;
    }
    return true;
}

bool diff_is_empty(const Diff *diff)
{
    return diff_part_is_empty(diff, DIFF_PART_ALL);
}

static bool is_torch_changed(const Diff *diff)
{
    for (guint i = 0; i < diff->distributions->len; i++) {
        const DiffDistribution *one = diff->distributions->pdata[i];
        if (one->kind == DIFF_CHANGED && g_str_equal(diff_name(one), "torch"))
            return true;
    }
    return false;
}

const char *diff_note(const Diff *diff, size_t index)
{
    const struct {
        bool holds;
        const char *text;
    } notes[DIFF_NOTES] = {
        {diff->unsolved, "what is installed was not compared: a stage can't be satisfied"},
        {is_torch_changed(diff) && (!diff->a.torch || !diff->b.torch),
         "for which GPUs each torch has code is only bounded by its CUDA version: `ramekin check` "
         "of "
         "both sides reads it"},
        {!diff->configured, "the configuration (environment, command, user) was not compared: two "
                            "recipes or two images tell it"},
    };
    return index < DIFF_NOTES && notes[index].holds ? notes[index].text : NULL;
}

char *diff_counts_text(const unsigned *counts)
{
    static const DiffKind order[] = {DIFF_CHANGED, DIFF_ADDED, DIFF_REMOVED};
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(order); i++) {
        if (counts[order[i]] > 0)
            g_string_append_printf(text, "%s%u %s", text->len > 0 ? ", " : "", counts[order[i]],
                                   kind_names[order[i]]);
    }
    return g_string_free(text, FALSE);
}

char *diff_count_text(const Diff *diff)
{
    unsigned counts[G_N_ELEMENTS(kind_names)] = {0};
    for (guint i = 0; i < diff->distributions->len; i++)
        counts[((const DiffDistribution *)diff->distributions->pdata[i])->kind]++;
    return diff_counts_text(counts);
}
