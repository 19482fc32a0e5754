#include "base/digest.h"
#include "base/limits.h"
#include "lock/finding_fields.h"
#include "lock/lock_entries.h"
#include "plan/plan.h"

/* The document as structs, one member a key, between the plan's own values and the field tables.
 * While writing, texts are borrowed from the plan; while reading they are owned. */

typedef struct {
    char *action, *name, *version, *from, *index, *url, *path, *file, *sha256;
    guint64 size;
    bool requested;
    GPtrArray *because;
} ActionDocument;

typedef struct {
    char *name, *kind, *at;
    StageStatus status;
    char *explanation;
    GPtrArray *conflict;    /* LockConflictLine */
    GPtrArray *ways_out;    /* LockWayOut */
    GPtrArray *actions;     /* ActionDocument */
    GPtrArray *findings;    /* Finding */
    GPtrArray *environment; /* LockDistribution */
} StageDocument;

typedef struct {
    char *recipe, *row, *platform, *python, *libc;
    GPtrArray *stages;  /* StageDocument */
    GPtrArray *layers;  /* PlanLayer */
    GPtrArray *imports; /* LockImport */
    GPtrArray *values;  /* PlanValue */
} PlanDocument;

static void free_action(void *data)
{
    ActionDocument *action = data;
    char *texts[] = {action->action, action->name, action->version, action->from,  action->index,
                     action->url,    action->path, action->file,    action->sha256};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    g_clear_pointer(&action->because, g_ptr_array_unref);
    g_free(action);
}

static void free_stage(void *data)
{
    StageDocument *stage = data;
    g_free(stage->name);
    g_free(stage->kind);
    g_free(stage->at);
    g_free(stage->explanation);
    g_clear_pointer(&stage->conflict, g_ptr_array_unref);
    g_clear_pointer(&stage->ways_out, g_ptr_array_unref);
    g_clear_pointer(&stage->actions, g_ptr_array_unref);
    g_clear_pointer(&stage->findings, g_ptr_array_unref);
    g_clear_pointer(&stage->environment, g_ptr_array_unref);
    g_free(stage);
}

static void free_layer(void *data)
{
    PlanLayer *layer = data;
    g_free(layer->source);
    g_free(layer);
}

/* Custom fields */

static void encode_because(JsonWriter *writer, const void *value, void *data)
{
    const ActionDocument *action = value;
    jsonw_begin_array(writer, JSONW_INLINE);
    for (guint i = 0; i < action->because->len; i++) {
        const GPtrArray *chain = action->because->pdata[i];
        jsonw_texts(writer, JSONW_INLINE, chain);
    }
    jsonw_end_array(writer);
}

static gboolean decode_chain(JsonDecoder *decoder, const Json *json, GPtrArray *chain)
{
    if (!json_is_list(json) || json_length(json) == 0)
        return json_decoder_fail(decoder, "expected lists of texts");
    for (size_t i = 0; i < json_length(json); i++) {
        char *text = NULL;
        if (!json_decoder_read_text(decoder, json_item(json, i), &text))
            return FALSE;
        g_ptr_array_add(chain, text);
    }
    return TRUE;
}

static gboolean decode_because(JsonDecoder *decoder, const Json *json, void *value)
{
    ActionDocument *action = value;
    action->because = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    if (!json_is_list(json))
        return json_decoder_fail(decoder, "expected a list of chains");
    for (size_t i = 0; i < json_length(json); i++) {
        GPtrArray *chain = g_ptr_array_new_with_free_func(g_free);
        g_ptr_array_add(action->because, chain);
        if (!decode_chain(decoder, json_item(json, i), chain))
            return FALSE;
    }
    return TRUE;
}

static void encode_environment(JsonWriter *writer, const void *value, void *data)
{
    const StageDocument *stage = value;
    jsonw_begin_object(writer, JSONW_BLOCK);
    const char *last = NULL;
    for (guint i = 0; i < stage->environment->len; i++) {
        const LockDistribution *distribution = stage->environment->pdata[i];
        if (distribution->ghost || g_strcmp0(last, distribution->name) == 0)
            continue;
        last = distribution->name;
        jsonw_string_member(writer, distribution->name, distribution->version);
    }
    jsonw_end_object(writer);
}

static gboolean decode_environment(JsonDecoder *decoder, const Json *json, void *value)
{
    StageDocument *stage = value;
    stage->environment = g_ptr_array_new_with_free_func((GDestroyNotify)lock_distribution_free);
    if (!json_is_map(json))
        return json_decoder_fail(decoder, "expected an object of names and versions");
    void *state = NULL;
    const char *name;
    const Json *version;
    while (json_next_pair(json, &state, &name, &version)) {
        LockDistribution *distribution = lock_distribution_new(name, NULL);
        g_ptr_array_add(stage->environment, distribution);
        if (!json_decoder_read_text(decoder, version, &distribution->version))
            return FALSE;
    }
    lock_entries_sort(stage->environment);
    return TRUE;
}

/* The tables */

static const char *const statuses[] = {"solved", "unsatisfiable", "skipped", NULL};

/* clang-format off */
#define TEXT(struct_type, member, key_text, flag)                                                  \
    {.key = key_text, .type = JSON_FIELD_TEXT, .offset = offsetof(struct_type, member),            \
     .flags = flag}
#define NUMBER(member)                                                                             \
    {.key = #member, .type = JSON_FIELD_INTEGER, .offset = offsetof(PlanLayer, member),            \
     .flags = JSON_NULLABLE}
#define LIST(struct_type, member, item)                                                            \
    {.key = #member, .type = JSON_FIELD_RECORDS, .offset = offsetof(struct_type, member),          \
     .record = item}

static const JsonField action_fields[] = {
    TEXT(ActionDocument, action, "action", 0),
    TEXT(ActionDocument, name, "name", 0),
    TEXT(ActionDocument, version, "version", 0),
    TEXT(ActionDocument, from, "from", JSON_NULLABLE),
    TEXT(ActionDocument, index, "index", JSON_NULLABLE),
    TEXT(ActionDocument, url, "url", JSON_OPTIONAL),
    TEXT(ActionDocument, path, "path", JSON_OPTIONAL),
    TEXT(ActionDocument, file, "file", JSON_NULLABLE),
    {.key = "sha256", .type = JSON_FIELD_TEXT, .offset = offsetof(ActionDocument, sha256),
     .flags = JSON_NULLABLE, .check = digest_is_sha256_hex,
     .expected = "a sha256 digest (64 hexadecimal digits)"},
    {.key = "size", .type = JSON_FIELD_UNSIGNED, .offset = offsetof(ActionDocument, size),
     .flags = JSON_NULLABLE},
    {.key = "requested", .type = JSON_FIELD_FLAG, .offset = offsetof(ActionDocument, requested)},
    {.key = "because", .type = JSON_FIELD_CUSTOM, .encode = encode_because,
     .decode = decode_because},
};
static const JsonRecord action_record = {sizeof(ActionDocument), action_fields,
                                         G_N_ELEMENTS(action_fields), free_action, JSONW_BLOCK};

static const JsonField stage_fields[] = {
    TEXT(StageDocument, name, "name", 0),
    TEXT(StageDocument, kind, "kind", 0),
    TEXT(StageDocument, at, "at", 0),
    {.key = "status", .type = JSON_FIELD_CHOICE, .offset = offsetof(StageDocument, status),
     .names = statuses},
    TEXT(StageDocument, explanation, "explanation", JSON_OPTIONAL),
    {.key = "conflict", .type = JSON_FIELD_RECORDS, .offset = offsetof(StageDocument, conflict),
     .record = &lock_conflict_line_record, .flags = JSON_OPTIONAL},
    {.key = "ways_out", .type = JSON_FIELD_RECORDS, .offset = offsetof(StageDocument, ways_out),
     .record = &lock_way_out_record, .flags = JSON_OPTIONAL},
    LIST(StageDocument, actions, &action_record),
    LIST(StageDocument, findings, &finding_plan_record),
    {.key = "environment", .type = JSON_FIELD_CUSTOM, .encode = encode_environment,
     .decode = decode_environment},
};
static const JsonRecord stage_record = {sizeof(StageDocument), stage_fields,
                                        G_N_ELEMENTS(stage_fields), free_stage, JSONW_BLOCK};

static const JsonField layer_fields[] = {
    TEXT(PlanLayer, source, "source", 0),
    NUMBER(members),
    NUMBER(wheel_size),
    NUMBER(raw_size),
};
static const JsonRecord layer_record = {sizeof(PlanLayer), layer_fields,
                                        G_N_ELEMENTS(layer_fields), free_layer, JSONW_INLINE};

static const JsonField plan_fields[] = {
    {.key = "schema", .type = JSON_FIELD_CONSTANT, .expected = "ramekin.plan/1"},
    TEXT(PlanDocument, recipe, "recipe", JSON_NULLABLE),
    TEXT(PlanDocument, row, "row", JSON_NULLABLE),
    TEXT(PlanDocument, platform, "platform", 0),
    TEXT(PlanDocument, python, "python", JSON_NULLABLE),
    TEXT(PlanDocument, libc, "libc", JSON_NULLABLE),
    LIST(PlanDocument, stages, &stage_record),
    LIST(PlanDocument, layers, &layer_record),
    {.key = "imports", .type = JSON_FIELD_RECORDS, .offset = offsetof(PlanDocument, imports),
     .flags = JSON_OPTIONAL, .record = &lock_import_plan_record},
    {.key = "computed", .type = JSON_FIELD_RECORDS, .offset = offsetof(PlanDocument, values),
     .record = &plan_value_record, .flags = JSON_OPTIONAL},
};
/* clang-format on */
static const JsonRecord plan_record = {sizeof(PlanDocument), plan_fields, G_N_ELEMENTS(plan_fields),
                                       NULL, JSONW_BLOCK};

/* Writing */

static ActionDocument *describe_action(const PlanAction *planned)
{
    const LockAction *action = planned->action;
    const LockFile *file = g_str_equal(action->action, "remove") ? NULL : action->file;
    ActionDocument *document = g_new0(ActionDocument, 1);
    document->action = action->action;
    document->name = action->name;
    document->version = action->version;
    document->from = action->from_version;
    document->requested = action->requested;
    document->because = planned->because;
    if (!file)
        return document;
    document->file = file->file;
    document->sha256 = file->sha256;
    document->size = file->size;
    char **sources[] = {&document->index, &document->url, &document->path, &document->url};
    *sources[file->source] = file->source_name;
    return document;
}

static StageDocument *describe_stage(const PlanStage *planned, bool all)
{
    const LockStage *stage = planned->stage;
    StageDocument *document = g_new0(StageDocument, 1);
    document->name = stage->name;
    document->kind = stage->kind;
    document->at = stage->at;
    document->status = stage->status;
    document->explanation = stage->explanation;
    document->conflict = stage->conflict_lines;
    document->ways_out = stage->ways_out;
    document->findings = stage->findings;
    document->environment = stage->environment;
    document->actions = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < planned->actions->len; i++) {
        const PlanAction *action = planned->actions->pdata[i];
        if (all || !g_str_equal(action->action->action, "keep"))
            g_ptr_array_add(document->actions, describe_action(action));
    }
    return document;
}

static void free_description(void *data)
{
    StageDocument *stage = data;
    g_ptr_array_unref(stage->actions);
    g_free(stage);
}

char *plan_encode_json(const Plan *plan, bool all, size_t *ret_length)
{
    const LockTarget *target = plan->target;
    g_autoptr(GPtrArray) stages = g_ptr_array_new_with_free_func(free_description);
    for (guint i = 0; i < plan->stages->len; i++)
        g_ptr_array_add(stages, describe_stage(plan->stages->pdata[i], all));
    PlanDocument document = {plan->recipe_path,   target->row,       target->platform,
                             target->base.python, target->base.libc, stages,
                             plan->layers,        target->imports,   plan->values};
    g_autoptr(JsonWriter) writer = jsonw_new();
    json_record_encode(&plan_record, writer, &document, NULL);
    return jsonw_finish(writer, ret_length);
}

/* Reading */

static LockFile *make_file(const ActionDocument *document)
{
    LockFile *file = g_new0(LockFile, 1);
    file->name = g_strdup(document->name);
    file->version = g_strdup(document->version);
    file->file = g_strdup(document->file);
    file->sha256 = g_strdup(document->sha256);
    file->size = document->size;
    file->source = document->url    ? LOCK_SOURCE_URL
                   : document->path ? LOCK_SOURCE_PATH
                                    : LOCK_SOURCE_INDEX;
    const char *name = document->url ? document->url : document->path;
    file->source_name = g_strdup(name ? name : document->index);
    return file;
}

static LockAction *make_action(Lock *lock, const ActionDocument *document)
{
    LockAction *action = lock_action_new(document->action, document->name, document->version);
    action->from_version = g_strdup(document->from);
    action->requested = document->requested;
    if (document->file) {
        action->file = make_file(document);
        g_ptr_array_add(lock->files, action->file);
    }
    return action;
}

/* `stage` gives up its lists. */
static LockStage *make_stage(Lock *lock, StageDocument *document)
{
    LockStage *stage = lock_stage_new(document->name, document->kind, document->at);
    stage->status = document->status;
    stage->explanation = g_steal_pointer(&document->explanation);
    g_ptr_array_unref(stage->conflict_lines);
    stage->conflict_lines = g_steal_pointer(&document->conflict);
    g_ptr_array_unref(stage->ways_out);
    stage->ways_out = g_steal_pointer(&document->ways_out);
    for (guint i = 0; i < document->actions->len; i++)
        g_ptr_array_add(stage->actions, make_action(lock, document->actions->pdata[i]));
    g_ptr_array_unref(stage->findings);
    stage->findings = g_steal_pointer(&document->findings);
    g_ptr_array_unref(stage->environment);
    stage->environment = g_steal_pointer(&document->environment);
    return stage;
}

/* A plan says of what is installed name and version; which stage put it there, and from which file,
 * follows from the actions so far. `by`: "name version" → the LockAction's place. */
typedef struct {
    const char *stage;
    LockFile *file;
} Origin;

static void tell_origins(GHashTable *by, const LockStage *stage)
{
    for (guint i = 0; i < stage->actions->len; i++) {
        const LockAction *action = stage->actions->pdata[i];
        if (!action->file || g_str_equal(action->action, "keep"))
            continue;
        Origin *origin = g_new(Origin, 1);
        *origin = (Origin){stage->name, action->file};
        g_hash_table_insert(by, g_strdup_printf("%s %s", action->name, action->version), origin);
    }
    for (guint i = 0; i < stage->environment->len; i++) {
        LockDistribution *one = stage->environment->pdata[i];
        g_autofree char *key = g_strdup_printf("%s %s", one->name, one->version);
        const Origin *origin = g_hash_table_lookup(by, key);
        if (!origin)
            continue;
        one->stage = g_strdup(origin->stage);
        one->file = origin->file;
    }
}

static void tell_all_origins(const LockTarget *target)
{
    g_autoptr(GHashTable) by = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (guint i = 0; i < target->stages->len; i++)
        tell_origins(by, target->stages->pdata[i]);
}

static void take_chains(PlanStage *stage, StageDocument *document)
{
    for (guint i = 0; i < stage->actions->len; i++) {
        PlanAction *action = stage->actions->pdata[i];
        ActionDocument *from = document->actions->pdata[i];
        g_ptr_array_unref(action->because);
        action->because = g_steal_pointer(&from->because);
    }
}

static Plan *make_plan(PlanDocument *document)
{
    Lock *lock = lock_new();
    LockTarget *target = lock_target_new(document->row, document->platform);
    g_ptr_array_add(lock->targets, target);
    target->base.python = g_strdup(document->python);
    target->base.libc = g_strdup(document->libc);
    for (guint i = 0; i < document->stages->len; i++)
        g_ptr_array_add(target->stages, make_stage(lock, document->stages->pdata[i]));
    tell_all_origins(target);
    g_ptr_array_unref(target->imports);
    target->imports = g_steal_pointer(&document->imports);
    Plan *plan = plan_new(NULL, target);
    plan->read_back = lock;
    plan->recipe_path = g_strdup(document->recipe);
    g_ptr_array_unref(plan->layers);
    plan->layers = g_steal_pointer(&document->layers);
    g_ptr_array_unref(plan->values);
    plan->values = g_steal_pointer(&document->values);
    for (guint i = 0; i < document->stages->len; i++)
        take_chains(plan->stages->pdata[i], document->stages->pdata[i]);
    return plan;
}

static void clear_document(PlanDocument *document)
{
    g_free(document->recipe);
    g_free(document->row);
    g_free(document->platform);
    g_free(document->python);
    g_free(document->libc);
    g_clear_pointer(&document->stages, g_ptr_array_unref);
    g_clear_pointer(&document->layers, g_ptr_array_unref);
    g_clear_pointer(&document->imports, g_ptr_array_unref);
    g_clear_pointer(&document->values, g_ptr_array_unref);
}

Plan *plan_decode_json(const char *name, const char *text, size_t length, GError **error)
{
    if (length > LIMIT_JSON_BYTES) {
        error_set(error, ERROR_INPUT, SPAN_NONE, "%s: longer than %zu bytes", name,
                  LIMIT_JSON_BYTES);
        return NULL;
    }
    g_autoptr(Json) json = json_parse(name, text, length, error);
    if (!json)
        return NULL;
    PlanDocument document = {0};
    gboolean done = json_record_decode(&plan_record, name, json, &document, NULL, error);
    Plan *plan = done ? make_plan(&document) : NULL;
    clear_document(&document);
    return plan;
}
