#include "diff/diff.h"

#include "text/jsonw.h"

static const char *const statuses[] = {"solved", "unsatisfiable", "skipped"};

/* Why the side can't be installed, and what would do. */
static void write_conflict(JsonWriter *writer, const DiffSide *side)
{
    const LockStage *stage = lock_target_failed(side->target);
    const GError *conflict = stage ? stage->conflict : NULL;
    jsonw_key(writer, "problem");
    if (!stage) {
        jsonw_null(writer);
        return;
    }
    jsonw_begin_object(writer, JSONW_BLOCK);
    jsonw_string_member(writer, "stage", stage->name);
    jsonw_string_member(writer, "at", stage->at);
    jsonw_string_member(writer, "message", conflict ? conflict->message : NULL);
    jsonw_string_member(writer, "hint", conflict ? error_hint(conflict) : NULL);
    lock_conflict_write(writer, stage->conflict_lines, stage->ways_out);
    jsonw_end_object(writer);
}

static void write_side(JsonWriter *writer, const char *key, const DiffSide *side)
{
    bool solved = lock_target_is_solved(side->target);
    jsonw_key(writer, key);
    jsonw_begin_object(writer, solved ? JSONW_INLINE : JSONW_BLOCK);
    jsonw_string_member(writer, "name", side->label);
    jsonw_string_member(writer, "row", side->target->row);
    jsonw_string_member(writer, "platform", side->target->platform);
    jsonw_boolean_member(writer, "solved", solved);
    write_conflict(writer, side);
    jsonw_end_object(writer);
}

static void write_facts(JsonWriter *writer, const GPtrArray *facts)
{
    jsonw_key(writer, "facts");
    jsonw_begin_array(writer, JSONW_BLOCK);
    for (guint i = 0; i < facts->len; i++) {
        const DiffFact *fact = facts->pdata[i];
        jsonw_begin_object(writer, JSONW_INLINE);
        jsonw_string_member(writer, "topic", diff_topic_name(fact->topic));
        jsonw_string_member(writer, "subject", fact->subject);
        jsonw_string_member(writer, "before", fact->before);
        jsonw_string_member(writer, "after", fact->after);
        jsonw_end_object(writer);
    }
    jsonw_end_array(writer);
}

static void write_gpus(JsonWriter *writer, const GPtrArray *gpus)
{
    jsonw_key(writer, "gpus");
    jsonw_begin_array(writer, JSONW_BLOCK);
    for (guint i = 0; i < gpus->len; i++) {
        const DiffGpu *gpu = gpus->pdata[i];
        g_autofree char *capability = capability_text(gpu->capability);
        jsonw_begin_object(writer, JSONW_INLINE);
        jsonw_string_member(writer, "gpu", gpu->name);
        jsonw_string_member(writer, "compute_capability", capability);
        jsonw_string_member(writer, "before", diff_coverage_name(gpu->before));
        jsonw_string_member(writer, "after", diff_coverage_name(gpu->after));
        jsonw_end_object(writer);
    }
    jsonw_end_array(writer);
}

static void write_findings(JsonWriter *writer, const GPtrArray *findings)
{
    jsonw_key(writer, "findings");
    jsonw_begin_array(writer, JSONW_BLOCK);
    for (guint i = 0; i < findings->len; i++) {
        const DiffFinding *difference = findings->pdata[i];
        const Finding *finding = difference->finding;
        jsonw_begin_object(writer, JSONW_INLINE);
        jsonw_string_member(writer, "change", difference->gained ? "gained" : "lost");
        jsonw_string_member(writer, "code", finding->code);
        jsonw_string_member(writer, "severity", severity_name(finding->severity));
        jsonw_string_member(writer, "at", finding->at);
        jsonw_string_member(writer, "distribution", finding->distribution);
        jsonw_string_member(writer, "message", finding->message);
        jsonw_string_member(writer, "hint", finding->hint);
        jsonw_end_object(writer);
    }
    jsonw_end_array(writer);
}

static void write_distribution(JsonWriter *writer, const char *key, const LockDistribution *one)
{
    jsonw_key(writer, key);
    if (!one) {
        jsonw_null(writer);
        return;
    }
    jsonw_begin_object(writer, JSONW_INLINE);
    jsonw_string_member(writer, "version", one->version);
    jsonw_string_member(writer, "stage", one->stage);
    if (one->file) {
        jsonw_string_member(writer, "source", lock_source_name(one->file->source));
        jsonw_string_member(writer, "origin", one->file->source_name);
        jsonw_string_member(writer, "file", one->file->file);
        jsonw_string_member(writer, "sha256", one->file->sha256);
        jsonw_unsigned_member(writer, "size", one->file->size);
    }
    jsonw_end_object(writer);
}

static void write_distributions(JsonWriter *writer, const GPtrArray *distributions)
{
    jsonw_key(writer, "distributions");
    jsonw_begin_array(writer, JSONW_BLOCK);
    for (guint i = 0; i < distributions->len; i++) {
        const DiffDistribution *one = distributions->pdata[i];
        jsonw_begin_object(writer, JSONW_BLOCK);
        jsonw_string_member(writer, "name", diff_name(one));
        jsonw_string_member(writer, "change", diff_kind_name(one->kind));
        if (one->kind == DIFF_CHANGED) {
            jsonw_string_member(writer, "distance", diff_distance_name(one->distance));
            jsonw_boolean_member(writer, "older", one->older);
        }
        jsonw_boolean_member(writer, "requested", one->asked);
        write_distribution(writer, "before", one->before);
        write_distribution(writer, "after", one->after);
        jsonw_string_member(writer, "cause", one->cause);
        jsonw_string_member(writer, "with", one->owner);
        jsonw_end_object(writer);
    }
    jsonw_end_array(writer);
}

static void write_things(JsonWriter *writer, const GPtrArray *things)
{
    jsonw_key(writer, "contents");
    jsonw_begin_array(writer, JSONW_BLOCK);
    for (guint i = 0; i < things->len; i++) {
        const DiffThing *thing = things->pdata[i];
        jsonw_begin_object(writer, JSONW_INLINE);
        jsonw_string_member(writer, "kind", thing->what);
        jsonw_string_member(writer, "name", thing->name);
        jsonw_string_member(writer, "change", diff_kind_name(thing->kind));
        jsonw_string_member(writer, "before", thing->before);
        jsonw_string_member(writer, "after", thing->after);
        jsonw_end_object(writer);
    }
    jsonw_end_array(writer);
}

static void write_offer(JsonWriter *writer, const char *key, const DiffOffer *offer)
{
    static const char *const kinds[] = {"none", "source", "wheel"};
    jsonw_key(writer, key);
    if (!offer) {
        jsonw_null(writer);
        return;
    }
    jsonw_begin_object(writer, JSONW_INLINE);
    jsonw_string_member(writer, "kind", kinds[offer->kind]);
    jsonw_unsigned_member(writer, "size", offer->size);
    jsonw_end_object(writer);
}

static void write_requests(JsonWriter *writer, const GPtrArray *requests)
{
    jsonw_key(writer, "requests");
    jsonw_begin_array(writer, JSONW_BLOCK);
    for (guint i = 0; i < requests->len; i++) {
        const DiffRequest *request = requests->pdata[i];
        jsonw_begin_object(writer, JSONW_INLINE);
        jsonw_string_member(writer, "name", request->name);
        jsonw_string_member(writer, "before", request->before);
        jsonw_string_member(writer, "after", request->after);
        jsonw_boolean_member(writer, "impossible_before", request->blocked_before);
        jsonw_boolean_member(writer, "impossible_after", request->blocked_after);
        write_offer(writer, "offer_before", request->offer_before);
        write_offer(writer, "offer_after", request->offer_after);
        write_distribution(writer, "installed_before", request->installed_before);
        write_distribution(writer, "installed_after", request->installed_after);
        jsonw_end_object(writer);
    }
    jsonw_end_array(writer);
}

static void write_stages(JsonWriter *writer, const GPtrArray *stages)
{
    jsonw_key(writer, "stages");
    jsonw_begin_array(writer, JSONW_BLOCK);
    for (guint i = 0; i < stages->len; i++) {
        const DiffStage *stage = stages->pdata[i];
        jsonw_begin_object(writer, JSONW_BLOCK);
        jsonw_string_member(writer, "name", (stage->after ? stage->after : stage->before)->name);
        jsonw_string_member(writer, "change", diff_kind_name(stage->kind));
        jsonw_string_member(writer, "before", stage->before ? stage->before->at : NULL);
        jsonw_string_member(writer, "after", stage->after ? stage->after->at : NULL);
        jsonw_string_member(writer, "status_before",
                            stage->before ? statuses[stage->before->status] : NULL);
        jsonw_string_member(writer, "status_after",
                            stage->after ? statuses[stage->after->status] : NULL);
        jsonw_boolean_member(writer, "moved", stage->moved);
        jsonw_texts_member(writer, "added", stage->added);
        jsonw_texts_member(writer, "removed", stage->removed);
        jsonw_end_object(writer);
    }
    jsonw_end_array(writer);
}

static void write_layer_list(JsonWriter *writer, const char *key, const GPtrArray *layers)
{
    jsonw_key(writer, key);
    jsonw_begin_array(writer, JSONW_BLOCK);
    for (guint i = 0; i < layers->len; i++) {
        const DiffLayer *layer = layers->pdata[i];
        jsonw_begin_object(writer, JSONW_INLINE);
        jsonw_string_member(writer, "digest", layer->digest);
        jsonw_unsigned_member(writer, "size", layer->size);
        jsonw_string_member(writer, "made", layer->made);
        jsonw_end_object(writer);
    }
    jsonw_end_array(writer);
}

/* null: a side is no image. */
static void write_layers(JsonWriter *writer, const DiffLayers *layers)
{
    jsonw_key(writer, "layers");
    if (!layers->compared) {
        jsonw_null(writer);
        return;
    }
    jsonw_begin_object(writer, JSONW_BLOCK);
    write_layer_list(writer, "new", layers->fresh);
    write_layer_list(writer, "gone", layers->gone);
    jsonw_unsigned_member(writer, "shared", layers->shared);
    jsonw_unsigned_member(writer, "shared_bytes", layers->shared_bytes);
    jsonw_unsigned_member(writer, "push_bytes", layers->fresh_bytes);
    jsonw_unsigned_member(writer, "pull_bytes", layers->fresh_bytes);
    jsonw_unsigned_member(writer, "bytes_before", layers->shared_bytes + layers->gone_bytes);
    jsonw_unsigned_member(writer, "bytes_after", layers->shared_bytes + layers->fresh_bytes);
    jsonw_end_object(writer);
}

static void write_sizes(JsonWriter *writer, const DiffSizes *sizes)
{
    jsonw_key(writer, "wheels");
    jsonw_begin_object(writer, JSONW_INLINE);
    jsonw_unsigned_member(writer, "new", sizes->fresh);
    jsonw_unsigned_member(writer, "new_bytes", sizes->fresh_bytes);
    jsonw_unsigned_member(writer, "shared", sizes->shared);
    jsonw_unsigned_member(writer, "shared_bytes", sizes->shared_bytes);
    jsonw_unsigned_member(writer, "gone", sizes->gone);
    jsonw_unsigned_member(writer, "gone_bytes", sizes->gone_bytes);
    jsonw_unsigned_member(writer, "bytes_before", sizes->shared_bytes + sizes->gone_bytes);
    jsonw_unsigned_member(writer, "bytes_after", sizes->shared_bytes + sizes->fresh_bytes);
    jsonw_unsigned_member(writer, "of_unknown_size", sizes->unknown);
    jsonw_end_object(writer);
}

char *diff_encode_json(const Diff *diff)
{
    g_autoptr(JsonWriter) writer = jsonw_new();
    jsonw_begin_object(writer, JSONW_BLOCK);
    jsonw_string_member(writer, "schema", "ramekin.diff/1");
    write_side(writer, "a", &diff->a);
    write_side(writer, "b", &diff->b);
    jsonw_boolean_member(writer, "same", diff_is_empty(diff));
    jsonw_boolean_member(writer, "installed_compared", !diff->unsolved);
    jsonw_boolean_member(writer, "configuration_compared", diff->configured);
    write_facts(writer, diff->facts);
    write_gpus(writer, diff->gpus);
    write_findings(writer, diff->findings);
    write_distributions(writer, diff->distributions);
    write_requests(writer, diff->requests);
    write_things(writer, diff->things);
    write_stages(writer, diff->stages);
    write_layers(writer, &diff->layers);
    write_sizes(writer, &diff->sizes);
    jsonw_end_object(writer);
    return jsonw_finish(writer, NULL);
}
