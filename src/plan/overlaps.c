#include "plan/overlaps.h"

#include "archive/inflate.h"
#include "base/limits.h"
#include "lock/lock_chains.h"
#include "python/name.h"

#include <string.h>

enum {
    PATHS_SHOWN = 5,
    COMPARED_BYTES = 16 * 1024 * 1024, /* of a larger file size and CRC are compared */
};

/* Two distributions that meet, in one stage. */
typedef struct {
    const WheelArchive *loser, *winner;
    char *loser_name, *winner_name; /* canonical */
    unsigned stage;                 /* of the winner */
    guint same, different;          /* files */
    GPtrArray *paths;               /* char *: the first ones that differ, else the first ones */
} WheelPair;

struct Overlaps {
    GPtrArray *pairs;   /* WheelPair */
    GHashTable *lookup; /* WheelPair, by its wheels */
};

static guint wheel_pair_hash(const void *data)
{
    const WheelPair *pair = data;
    return g_direct_hash(pair->loser) * 31 + g_direct_hash(pair->winner);
}

static gboolean wheel_pair_equal(const void *a, const void *b)
{
    const WheelPair *x = a, *y = b;
    return x->loser == y->loser && x->winner == y->winner && x->stage == y->stage;
}

static void wheel_pair_free(void *data)
{
    WheelPair *pair = data;
    g_free(pair->loser_name);
    g_free(pair->winner_name);
    g_ptr_array_unref(pair->paths);
    g_free(pair);
}

Overlaps *overlaps_new(void)
{
    Overlaps *overlaps = g_new(Overlaps, 1);
    overlaps->pairs = g_ptr_array_new_with_free_func(wheel_pair_free);
    overlaps->lookup = g_hash_table_new(wheel_pair_hash, wheel_pair_equal);
    return overlaps;
}

void overlaps_free(Overlaps *overlaps)
{
    if (!overlaps)
        return;
    g_hash_table_unref(overlaps->lookup);
    g_ptr_array_unref(overlaps->pairs);
    g_free(overlaps);
}

static WheelPair *find_pair(Overlaps *overlaps, const TreeEntry *loser, const TreeEntry *winner)
{
    WheelPair wanted = {.loser = loser->wheel, .winner = winner->wheel, .stage = winner->stage};
    WheelPair *pair = g_hash_table_lookup(overlaps->lookup, &wanted);
    if (pair)
        return pair;
    pair = g_new(WheelPair, 1);
    *pair = wanted;
    pair->loser_name = name_canonicalize(loser->wheel->name);
    pair->winner_name = name_canonicalize(winner->wheel->name);
    pair->paths = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(overlaps->pairs, pair);
    g_hash_table_add(overlaps->lookup, pair);
    return pair;
}

/* NULL: can't be read, which whoever makes the layer will say. */
static GBytes *read_content(const TreeEntry *entry)
{
    if (entry->content == CONTENT_BYTES)
        return g_bytes_ref(entry->bytes);
    return entry->content == CONTENT_MEMBER
               ? zip_member_read(&entry->wheel->source, entry->member, COMPARED_BYTES, NULL)
               : NULL;
}

static guint32 checksum(const TreeEntry *entry)
{
    size_t length = 0;
    const void *data =
        entry->content == CONTENT_BYTES ? g_bytes_get_data(entry->bytes, &length) : NULL;
    return entry->content == CONTENT_MEMBER ? entry->member->crc32 : crc32_update(0, data, length);
}

static bool same_content(const TreeEntry *a, const TreeEntry *b)
{
    if (a->kind != ENTRY_FILE || b->kind != ENTRY_FILE || a->size != b->size ||
        checksum(a) != checksum(b))
        return false;
    if (a->size > COMPARED_BYTES)
        return true;
    g_autoptr(GBytes) left = read_content(a);
    g_autoptr(GBytes) right = read_content(b);
    return left && right && g_bytes_equal(left, right);
}

void overlaps_add(Overlaps *overlaps, const TreeEntry *loser, const TreeEntry *winner)
{
    if (!loser->wheel || !winner->wheel || loser->wheel == winner->wheel)
        return;
    WheelPair *pair = find_pair(overlaps, loser, winner);
    if (g_str_equal(pair->loser_name, pair->winner_name))
        return;
    bool same = same_content(loser, winner);
    if (!same && pair->different == 0)
        g_ptr_array_set_size(pair->paths, 0);
    if ((!same || pair->different == 0) && pair->paths->len < PATHS_SHOWN)
        g_ptr_array_add(pair->paths, g_strdup(winner->path));
    if (same)
        pair->same++;
    else
        pair->different++;
}

/* The user's line by which the stage came to have the name, else the stage's; caller frees. */
static char *place_of(const LockStage *stage, const char *name)
{
    g_autoptr(GPtrArray) all = lock_chains(stage);
    for (guint i = 0; i < stage->actions->len; i++) {
        const LockAction *action = stage->actions->pdata[i];
        const GPtrArray *chains = all->pdata[i];
        if (g_str_equal(action->name, name) && chains->len > 0)
            return g_strdup(((const GPtrArray *)chains->pdata[0])->pdata[0]);
    }
    return g_strdup(stage->at);
}

static bool is_told(const LockStage *stage, const WheelPair *pair)
{
    for (guint i = 0; i < stage->findings->len; i++) {
        const Finding *finding = stage->findings->pdata[i];
        if (g_str_equal(finding->code, "file-overlap") && finding->severity != SEVERITY_NOTE &&
            g_strcmp0(finding->distribution, pair->loser_name) == 0)
            return true;
    }
    return false;
}

static char **evidence_of(const WheelPair *pair)
{
    guint count = pair->different > 0 ? pair->different : pair->same;
    GPtrArray *lines = g_ptr_array_new();
    for (guint i = 0; i < pair->paths->len; i++)
        g_ptr_array_add(lines, g_strdup(pair->paths->pdata[i]));
    if (count > pair->paths->len)
        g_ptr_array_add(lines, g_strdup_printf("and %u more", count - pair->paths->len));
    if (pair->different > 0 && pair->same > 0)
        g_ptr_array_add(lines, g_strdup_printf("%u more %s the same content", pair->same,
                                               pair->same == 1 ? "has" : "have"));
    g_ptr_array_add(lines, NULL);
    return (char **)g_ptr_array_free(lines, FALSE);
}

static Finding *describe(const WheelPair *pair, const LockStage *stage)
{
    guint count = pair->different > 0 ? pair->different : pair->same;
    Finding *finding = finding_new(
        "file-overlap", SPAN_NONE,
        g_strdup_printf("stage '%s' writes %u %s of %s over those of %s, with %s content",
                        stage->name, count, count == 1 ? "file" : "files", pair->winner_name,
                        pair->loser_name, pair->different > 0 ? "another" : "the same"));
    finding->at = place_of(stage, pair->winner_name);
    finding->distribution = g_strdup(pair->loser_name);
    finding->version = g_strdup(pair->loser->version);
    finding->evidence = evidence_of(pair);
    if (pair->different == 0)
        finding->severity = SEVERITY_NOTE;
    else
        finding->hint = g_strdup_printf("keep one of the two; what is written last, %s, wins",
                                        pair->winner_name);
    return finding;
}

GPtrArray *overlaps_findings(const Overlaps *overlaps, const Plan *plan)
{
    GPtrArray *findings = g_ptr_array_new_with_free_func((GDestroyNotify)finding_free);
    for (guint i = 0; i < overlaps->pairs->len; i++) {
        const WheelPair *pair = overlaps->pairs->pdata[i];
        const LockStage *stage = plan->target->stages->pdata[pair->stage];
        if (pair->same + pair->different > 0 && !(pair->different > 0 && is_told(stage, pair)))
            g_ptr_array_add(findings, describe(pair, stage));
    }
    return findings;
}
