#include "plan/overlaps.h"

#include "archive/inflate.h"
#include "base/limits.h"
#include "lock/lock_chains.h"
#include "python/name.h"

#include <string.h>

enum {
    COMPARED_BYTES = 16 * 1024 * 1024, /* of a larger file size and CRC are compared */
};

/* Two distributions that meet, in one stage. */
typedef struct {
    const char *loser, *winner; /* canonical */
    const char *loser_version;
    unsigned stage;   /* of the winner */
    guint different;  /* files */
    GPtrArray *paths; /* char *: the first ones that differ */
    guint same;       /* files */
} WheelPair;

/* A file with the same content as the one that it replaces. */
typedef struct {
    const WheelPair *pair;
    char *path;
} Harmless;

struct Overlaps {
    GPtrArray *pairs;    /* WheelPair */
    GHashTable *lookup;  /* WheelPair, by its names and stage */
    GPtrArray *harmless; /* Harmless, in order */
    GStringChunk *names;
};

static guint wheel_pair_hash(const void *data)
{
    const WheelPair *pair = data;
    return g_str_hash(pair->loser) * 31 + g_str_hash(pair->winner) + pair->stage;
}

static gboolean wheel_pair_equal(const void *a, const void *b)
{
    const WheelPair *x = a, *y = b;
    return x->stage == y->stage && g_str_equal(x->loser, y->loser) &&
           g_str_equal(x->winner, y->winner);
}

static void wheel_pair_free(void *data)
{
    WheelPair *pair = data;
    g_ptr_array_unref(pair->paths);
    g_free(pair);
}

static void harmless_free(void *data)
{
    Harmless *harmless = data;
    g_free(harmless->path);
    g_free(harmless);
}

Overlaps *overlaps_new(void)
{
    Overlaps *overlaps = g_new(Overlaps, 1);
    overlaps->pairs = g_ptr_array_new_with_free_func(wheel_pair_free);
    overlaps->lookup = g_hash_table_new(wheel_pair_hash, wheel_pair_equal);
    overlaps->harmless = g_ptr_array_new_with_free_func(harmless_free);
    overlaps->names = g_string_chunk_new(1024);
    return overlaps;
}

void overlaps_free(Overlaps *overlaps)
{
    if (!overlaps)
        return;
    g_hash_table_unref(overlaps->lookup);
    g_ptr_array_unref(overlaps->pairs);
    g_ptr_array_unref(overlaps->harmless);
    g_string_chunk_free(overlaps->names);
    g_free(overlaps);
}

static const char *keep(Overlaps *overlaps, const char *name)
{
    return name ? g_string_chunk_insert_const(overlaps->names, name) : NULL;
}

static WheelPair *find_pair(Overlaps *overlaps, const Overlap *overlap)
{
    WheelPair wanted = {
        .loser = overlap->loser, .winner = overlap->winner, .stage = overlap->stage};
    WheelPair *pair = g_hash_table_lookup(overlaps->lookup, &wanted);
    if (pair)
        return pair;
    pair = g_new0(WheelPair, 1);
    pair->loser = keep(overlaps, overlap->loser);
    pair->winner = keep(overlaps, overlap->winner);
    pair->loser_version = keep(overlaps, overlap->loser_version);
    pair->stage = overlap->stage;
    pair->paths = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(overlaps->pairs, pair);
    g_hash_table_add(overlaps->lookup, pair);
    return pair;
}

void overlaps_note(Overlaps *overlaps, const Overlap *overlap)
{
    if (g_str_equal(overlap->loser, overlap->winner))
        return;
    WheelPair *pair = find_pair(overlaps, overlap);
    if (overlap->same) {
        pair->same++;
        Harmless *harmless = g_new(Harmless, 1);
        *harmless = (Harmless){pair, g_strdup(overlap->path)};
        g_ptr_array_add(overlaps->harmless, harmless);
        return;
    }
    if (pair->paths->len < FINDING_EVIDENCE)
        g_ptr_array_add(pair->paths, g_strdup(overlap->path));
    pair->different++;
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
    g_autofree char *loser_name = name_canonicalize(loser->wheel->name);
    g_autofree char *winner_name = name_canonicalize(winner->wheel->name);
    if (g_str_equal(loser_name, winner_name))
        return;
    Overlap overlap = {loser_name,    loser->wheel->version, winner_name,
                       winner->stage, winner->path,          same_content(loser, winner)};
    overlaps_note(overlaps, &overlap);
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

/* `loser` NULL: of files with the same content. */
static bool is_told(const LockStage *stage, const char *loser)
{
    for (guint i = 0; i < stage->findings->len; i++) {
        const Finding *finding = stage->findings->pdata[i];
        bool note = finding->severity == SEVERITY_NOTE;
        if (g_str_equal(finding->code, "file-overlap") && note == !loser &&
            (!loser || g_strcmp0(finding->distribution, loser) == 0))
            return true;
    }
    return false;
}

/* The first of the paths, and how many more there are; then a line more, or NULL. */
static char **evidence_of(const GPtrArray *paths, guint count, char *take_last)
{
    GPtrArray *lines = g_ptr_array_new();
    for (guint i = 0; i < MIN(paths->len, FINDING_EVIDENCE); i++)
        g_ptr_array_add(lines, g_strdup(paths->pdata[i]));
    if (count > lines->len)
        g_ptr_array_add(lines, g_strdup_printf("and %u more", count - lines->len));
    if (take_last)
        g_ptr_array_add(lines, take_last);
    g_ptr_array_add(lines, NULL);
    return (char **)g_ptr_array_free(lines, FALSE);
}

static Finding *describe(const WheelPair *pair, const LockStage *stage)
{
    Finding *finding = finding_new(
        "file-overlap", SPAN_NONE,
        g_strdup_printf("stage '%s' writes %u %s of %s over those of %s, with another content",
                        stage->name, pair->different, pair->different == 1 ? "file" : "files",
                        pair->winner, pair->loser));
    char *rest = pair->same > 0 ? g_strdup_printf("%u more %s the same content", pair->same,
                                                  pair->same == 1 ? "has" : "have")
                                : NULL;
    finding->at = place_of(stage, pair->winner);
    finding->distribution = g_strdup(pair->loser);
    finding->version = g_strdup(pair->loser_version);
    finding->evidence = evidence_of(pair->paths, pair->different, rest);
    finding->hint =
        g_strdup_printf("keep one of the two; what is written last, %s, wins", pair->winner);
    return finding;
}

/* The paths of a stage of which no pair tells; each once. */
static GPtrArray *harmless_paths(const Overlaps *overlaps, unsigned stage)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    GPtrArray *paths = g_ptr_array_new();
    for (guint i = 0; i < overlaps->harmless->len; i++) {
        const Harmless *harmless = overlaps->harmless->pdata[i];
        if (harmless->pair->stage == stage && harmless->pair->different == 0 &&
            g_hash_table_add(seen, harmless->path))
            g_ptr_array_add(paths, harmless->path);
    }
    return paths;
}

static void add_harmless(const Overlaps *overlaps, const LockStage *stage, unsigned index,
                         GPtrArray *findings)
{
    g_autoptr(GPtrArray) paths = harmless_paths(overlaps, index);
    if (paths->len == 0 || is_told(stage, NULL))
        return;
    Finding *finding =
        finding_new("file-overlap", SPAN_NONE,
                    g_strdup_printf("stage '%s' writes %u %s over another distribution's, with "
                                    "the same content",
                                    stage->name, paths->len, paths->len == 1 ? "file" : "files"));
    finding->severity = SEVERITY_NOTE;
    finding->at = g_strdup(stage->at);
    finding->evidence = evidence_of(paths, paths->len, NULL);
    g_ptr_array_add(findings, finding);
}

GPtrArray *overlaps_findings(const Overlaps *overlaps, const Plan *plan)
{
    const GPtrArray *stages = plan->target->stages;
    GPtrArray *findings = g_ptr_array_new_with_free_func((GDestroyNotify)finding_free);
    for (guint i = 0; i < overlaps->pairs->len; i++) {
        const WheelPair *pair = overlaps->pairs->pdata[i];
        if (pair->different > 0 && !is_told(stages->pdata[pair->stage], pair->loser))
            g_ptr_array_add(findings, describe(pair, stages->pdata[pair->stage]));
    }
    for (guint i = 0; overlaps->harmless->len > 0 && i < stages->len; i++)
        add_harmless(overlaps, stages->pdata[i], i, findings);
    return findings;
}
