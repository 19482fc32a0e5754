#include "base/digest.h"
#include "base/io.h"
#include "base/limits.h"
#include "image/reference.h"
#include "lock/base_facts.h"
#include "lock/finding_fields.h"
#include "lock/lock.h"
#include "lock/lock_entries.h"
#include "net/url.h"

/* What the custom fields share: which file an id names, and the environment that the next stage
 * starts from. */
typedef struct {
    GHashTable *files;           /* id → LockFile, while reading */
    const GPtrArray *before;     /* LockDistribution: of the stage before, or the base's */
    GPtrArray *gone, *different; /* of the stage at hand, while writing: borrowed entries */
    guint64 entries;             /* of all environments read so far */
} LockContext;

/* Checks of texts */

static bool is_action(const char *text)
{
    static const char *const actions[] = {"install",   "upgrade", "downgrade",
                                          "reinstall", "remove",  "keep"};
    for (size_t i = 0; i < G_N_ELEMENTS(actions); i++) {
        if (g_str_equal(actions[i], text))
            return true;
    }
    return false;
}

static bool is_file_name(const char *text)
{
    return *text && !strpbrk(text, "/\\\n\t") && *text != '.';
}

static bool is_one_line(const char *text)
{
    return *text && !strchr(text, '\n');
}

/* Files */

static void encode_source(JsonWriter *writer, const void *value, void *data)
{
    const LockFile *file = value;
    bool has_url = file->source == LOCK_SOURCE_URL || file->source == LOCK_SOURCE_GIT;
    g_autofree char *bare = has_url ? url_strip_credentials(file->source_name) : NULL;
    jsonw_begin_object(writer, JSONW_INLINE);
    jsonw_string_member(writer, lock_source_name(file->source), bare ? bare : file->source_name);
    if (file->source == LOCK_SOURCE_GIT)
        jsonw_string_member(writer, "commit", file->commit);
    jsonw_end_object(writer);
}

static gboolean check_source(JsonDecoder *decoder, const LockFile *file)
{
    g_autofree char *bare = url_strip_credentials(file->source_name);
    if (!is_one_line(file->source_name))
        return json_decoder_fail(decoder, "expected a name, URL or path");
    if (file->source == LOCK_SOURCE_PATH && g_path_is_absolute(file->source_name))
        return json_decoder_fail(decoder, "the path must be relative to the recipe");
    if (file->source != LOCK_SOURCE_PATH && g_strcmp0(bare, file->source_name) != 0)
        return json_decoder_fail(decoder, "the URL must not hold credentials");
    if (file->source == LOCK_SOURCE_INDEX && strstr(file->source_name, "://"))
        return json_decoder_fail(decoder, "an index is known by its name, not by its URL");
    return TRUE;
}

static gboolean decode_source(JsonDecoder *decoder, const Json *json, void *value)
{
    LockFile *file = value;
    size_t known = 0;
    for (int kind = LOCK_SOURCE_INDEX; kind <= LOCK_SOURCE_GIT; kind++) {
        const Json *name = json_find(json, lock_source_name((LockSourceKind)kind));
        if (!name || known > 0)
            continue;
        known = kind == LOCK_SOURCE_GIT ? 2 : 1;
        file->source = (LockSourceKind)kind;
        if (!json_decoder_read_text(decoder, name, &file->source_name))
            return FALSE;
    }
    if (file->source == LOCK_SOURCE_GIT && known > 0 &&
        !json_decoder_read_text(decoder, json_find(json, "commit"), &file->commit))
        return FALSE;
    if (known == 0 || json_length(json) != known)
        return json_decoder_fail(decoder, "expected {index}, {url}, {path} or {git, commit}");
    return check_source(decoder, file);
}

static bool has_file(const void *value, void *data)
{
    const LockAction *action = value;
    return action->file;
}

static gboolean find_file(JsonDecoder *decoder, const Json *json, LockFile **ret_file)
{
    const LockContext *context = json_decoder_data(decoder);
    g_autofree char *id = NULL;
    if (!json_decoder_read_text(decoder, json, &id))
        return FALSE;
    LockFile *file = g_hash_table_lookup(context->files, id);
    if (!file)
        return json_decoder_fail(decoder, "the file '%s' is not in the list of files", id);
    *ret_file = file;
    return TRUE;
}

static void encode_action_file(JsonWriter *writer, const void *value, void *data)
{
    jsonw_string(writer, ((const LockAction *)value)->file->id);
}

static gboolean decode_action_file(JsonDecoder *decoder, const Json *json, void *value)
{
    return !json || find_file(decoder, json, &((LockAction *)value)->file);
}

static bool distribution_has_file(const void *value, void *data)
{
    return ((const LockDistribution *)value)->file;
}

static void encode_distribution_file(JsonWriter *writer, const void *value, void *data)
{
    jsonw_string(writer, ((const LockDistribution *)value)->file->id);
}

static gboolean decode_distribution_file(JsonDecoder *decoder, const Json *json, void *value)
{
    return !json || find_file(decoder, json, &((LockDistribution *)value)->file);
}

/* Edges: {"line": "recipe.yaml:3", …} or {"by": "torch", …} */

static bool edge_is_line(const void *value, void *data)
{
    return ((const LockEdge *)value)->from_line;
}

static bool edge_is_distribution(const void *value, void *data)
{
    return !((const LockEdge *)value)->from_line;
}

static void encode_edge_from(JsonWriter *writer, const void *value, void *data)
{
    jsonw_string(writer, ((const LockEdge *)value)->from);
}

static gboolean decode_edge_line(JsonDecoder *decoder, const Json *json, void *value)
{
    LockEdge *edge = value;
    edge->from_line = json != NULL;
    return !json || json_decoder_read_text(decoder, json, &edge->from);
}

static gboolean decode_edge_by(JsonDecoder *decoder, const Json *json, void *value)
{
    LockEdge *edge = value;
    if (edge->from_line == (json != NULL))
        return json_decoder_fail(decoder, "expected either 'line' or 'by'");
    return !json || json_decoder_read_text(decoder, json, &edge->from);
}

/* Environments, as differences */

static bool wants_gone(const void *value, void *data)
{
    const LockStage *stage = value;
    LockContext *context = data;
    g_clear_pointer(&context->gone, g_ptr_array_unref);
    context->gone = lock_entries_without(context->before, stage->environment);
    return context->gone->len > 0;
}

static void encode_gone(JsonWriter *writer, const void *value, void *data)
{
    const LockContext *context = data;
    jsonw_begin_array(writer, JSONW_BLOCK);
    for (guint i = 0; i < context->gone->len; i++) {
        g_autofree char *text = lock_entry_text(context->gone->pdata[i]);
        jsonw_string(writer, text);
    }
    jsonw_end_array(writer);
}

static const JsonRecord distribution_record;

static bool wants_environment(const void *value, void *data)
{
    const LockStage *stage = value;
    LockContext *context = data;
    g_clear_pointer(&context->different, g_ptr_array_unref);
    context->different = lock_entries_without(stage->environment, context->before);
    context->before = stage->environment;
    return context->different->len > 0;
}

static void encode_environment(JsonWriter *writer, const void *value, void *data)
{
    const LockContext *context = data;
    json_records_encode(&distribution_record, writer, context->different, JSONW_BLOCK, data);
}

static gboolean read_gone(JsonDecoder *decoder, const Json *json, GPtrArray *gone)
{
    if (json && !json_is_list(json))
        return json_decoder_fail(decoder, "expected a list");
    for (size_t i = 0; i < json_length(json); i++) {
        char *text = NULL;
        if (!json_decoder_read_text(decoder, json_item(json, i), &text))
            return FALSE;
        g_ptr_array_add(gone, text);
    }
    return TRUE;
}

static gboolean decode_gone(JsonDecoder *decoder, const Json *json, void *value)
{
    LockStage *stage = value;
    LockContext *context = json_decoder_data(decoder);
    g_autoptr(GPtrArray) gone = g_ptr_array_new_with_free_func(g_free);
    if (!read_gone(decoder, json, gone))
        return FALSE;
    context->entries += context->before->len;
    if (context->entries > LIMIT_LOCK_DISTRIBUTIONS)
        return json_decoder_fail(decoder, "the environments hold too many distributions");
    stage->environment = lock_entries_drop(context->before, gone);
    if (context->before->len - stage->environment->len != gone->len)
        return json_decoder_fail(decoder, "'gone' names what was not installed");
    return TRUE;
}

static gboolean decode_environment(JsonDecoder *decoder, const Json *json, void *value)
{
    LockStage *stage = value;
    LockContext *context = json_decoder_data(decoder);
    if (json &&
        !json_decoder_read_records(decoder, &distribution_record, json, &stage->environment))
        return FALSE;
    context->entries += json_length(json);
    lock_entries_sort(stage->environment);
    context->before = stage->environment;
    return TRUE;
}

static bool wants_installed(const void *value, void *data)
{
    const LockBase *base = value;
    LockContext *context = data;
    context->before = base->installed;
    return base->installed->len > 0;
}

static void encode_installed(JsonWriter *writer, const void *value, void *data)
{
    const LockBase *base = value;
    json_records_encode(&distribution_record, writer, base->installed, JSONW_BLOCK, data);
}

static gboolean decode_installed(JsonDecoder *decoder, const Json *json, void *value)
{
    LockBase *base = value;
    LockContext *context = json_decoder_data(decoder);
    base->installed = g_ptr_array_new_with_free_func((GDestroyNotify)lock_distribution_free);
    if (json && !json_decoder_read_records(decoder, &distribution_record, json, &base->installed))
        return FALSE;
    lock_entries_sort(base->installed);
    context->before = base->installed;
    return TRUE;
}

/* The tables */

#define FREE_FUNCTION(name)                                                                        \
    static void free_##name(void *value)                                                           \
    {                                                                                              \
        lock_##name##_free(value);                                                                 \
    }
FREE_FUNCTION(file)
FREE_FUNCTION(edge)
FREE_FUNCTION(action)
FREE_FUNCTION(distribution)
FREE_FUNCTION(stage)
FREE_FUNCTION(target)
FREE_FUNCTION(input)

static const char *const facts_names[] = {"declared", "read", NULL};

#define RECORD(name, type, fields, style)                                                          \
    static const JsonRecord name##_record = {sizeof(type), fields, G_N_ELEMENTS(fields),           \
                                             free_##name, style}

/* clang-format off */
static const JsonField file_fields[] = {
    {.key = "name", .type = JSON_FIELD_TEXT, .offset = offsetof(LockFile, name),
     .check = is_one_line, .expected = "a name"},
    {.key = "version", .type = JSON_FIELD_TEXT, .offset = offsetof(LockFile, version),
     .check = is_one_line, .expected = "a version"},
    {.key = "file", .type = JSON_FIELD_TEXT, .offset = offsetof(LockFile, file),
     .check = is_file_name, .expected = "a file name"},
    {.key = "sha256", .type = JSON_FIELD_TEXT, .offset = offsetof(LockFile, sha256),
     .check = digest_is_sha256_hex, .expected = "a sha256 digest (64 hexadecimal digits)"},
    {.key = "size", .type = JSON_FIELD_UNSIGNED, .offset = offsetof(LockFile, size),
     .flags = JSON_NULLABLE},
    {.key = "source", .type = JSON_FIELD_CUSTOM, .encode = encode_source, .decode = decode_source},
    {.key = "requires_python", .type = JSON_FIELD_TEXT,
     .offset = offsetof(LockFile, requires_python), .flags = JSON_OPTIONAL},
    {.key = "id", .type = JSON_FIELD_TEXT, .offset = offsetof(LockFile, id),
     .check = is_one_line, .expected = "an id"},
};

static const JsonField edge_fields[] = {
    {.key = "line", .type = JSON_FIELD_CUSTOM, .wanted = edge_is_line,
     .encode = encode_edge_from, .decode = decode_edge_line},
    {.key = "by", .type = JSON_FIELD_CUSTOM, .wanted = edge_is_distribution,
     .encode = encode_edge_from, .decode = decode_edge_by},
    {.key = "requirement", .type = JSON_FIELD_TEXT, .offset = offsetof(LockEdge, requirement)},
};
RECORD(edge, LockEdge, edge_fields, JSONW_INLINE);

static const JsonField action_fields[] = {
    {.key = "action", .type = JSON_FIELD_TEXT, .offset = offsetof(LockAction, action),
     .check = is_action, .expected = "an action"},
    {.key = "name", .type = JSON_FIELD_TEXT, .offset = offsetof(LockAction, name),
     .check = is_one_line, .expected = "a name"},
    {.key = "version", .type = JSON_FIELD_TEXT, .offset = offsetof(LockAction, version),
     .check = is_one_line, .expected = "a version"},
    {.key = "from", .type = JSON_FIELD_TEXT, .offset = offsetof(LockAction, from_version),
     .flags = JSON_OPTIONAL, .check = is_one_line, .expected = "a version"},
    {.key = "file", .type = JSON_FIELD_CUSTOM, .wanted = has_file,
     .encode = encode_action_file, .decode = decode_action_file},
    {.key = "requested", .type = JSON_FIELD_FLAG, .offset = offsetof(LockAction, requested),
     .flags = JSON_OPTIONAL},
    {.key = "extras", .type = JSON_FIELD_TEXTS, .offset = offsetof(LockAction, extras),
     .flags = JSON_OPTIONAL},
    {.key = "edges", .type = JSON_FIELD_RECORDS, .offset = offsetof(LockAction, edges),
     .flags = JSON_OPTIONAL, .record = &edge_record, .style = JSONW_INLINE},
};
RECORD(action, LockAction, action_fields, JSONW_INLINE);

static const JsonField distribution_fields[] = {
    {.key = "name", .type = JSON_FIELD_TEXT, .offset = offsetof(LockDistribution, name),
     .check = is_one_line, .expected = "a name"},
    {.key = "version", .type = JSON_FIELD_TEXT, .offset = offsetof(LockDistribution, version),
     .check = is_one_line, .expected = "a version"},
    {.key = "stage", .type = JSON_FIELD_TEXT, .offset = offsetof(LockDistribution, stage),
     .flags = JSON_OPTIONAL},
    {.key = "file", .type = JSON_FIELD_CUSTOM, .wanted = distribution_has_file,
     .encode = encode_distribution_file, .decode = decode_distribution_file},
    {.key = "requires", .type = JSON_FIELD_TEXTS, .offset = offsetof(LockDistribution, requires),
     .flags = JSON_OPTIONAL},
    {.key = "ghost", .type = JSON_FIELD_FLAG, .offset = offsetof(LockDistribution, ghost),
     .flags = JSON_OPTIONAL},
};
RECORD(distribution, LockDistribution, distribution_fields, JSONW_INLINE);

static const JsonField stage_fields[] = {
    {.key = "name", .type = JSON_FIELD_TEXT, .offset = offsetof(LockStage, name)},
    {.key = "kind", .type = JSON_FIELD_TEXT, .offset = offsetof(LockStage, kind)},
    {.key = "at", .type = JSON_FIELD_TEXT, .offset = offsetof(LockStage, at)},
    {.key = "requested", .type = JSON_FIELD_TEXTS, .offset = offsetof(LockStage, pip_arguments),
     .flags = JSON_OPTIONAL},
    {.key = "actions", .type = JSON_FIELD_RECORDS, .offset = offsetof(LockStage, actions),
     .flags = JSON_OPTIONAL, .record = &action_record},
    {.key = "findings", .type = JSON_FIELD_RECORDS, .offset = offsetof(LockStage, findings),
     .flags = JSON_OPTIONAL, .record = &finding_lock_record},
    {.key = "gone", .type = JSON_FIELD_CUSTOM, .wanted = wants_gone,
     .encode = encode_gone, .decode = decode_gone},
    {.key = "environment", .type = JSON_FIELD_CUSTOM, .wanted = wants_environment,
     .encode = encode_environment, .decode = decode_environment},
};
RECORD(stage, LockStage, stage_fields, JSONW_BLOCK);

static const JsonField input_fields[] = {
    {.key = "name", .type = JSON_FIELD_TEXT, .offset = offsetof(LockInput, name)},
    {.key = "sha256", .type = JSON_FIELD_TEXT, .offset = offsetof(LockInput, sha256),
     .check = digest_is_sha256_hex, .expected = "a sha256 digest (64 hexadecimal digits)"},
};
RECORD(input, LockInput, input_fields, JSONW_INLINE);

static const JsonField base_fields[] = {
    {.key = "reference", .type = JSON_FIELD_TEXT, .offset = offsetof(LockBase, reference),
     .flags = JSON_NULLABLE},
    {.key = "digest", .type = JSON_FIELD_TEXT, .offset = offsetof(LockBase, digest),
     .flags = JSON_NULLABLE, .check = image_digest_is_valid, .expected = "the digest of an image"},
    {.key = "facts", .type = JSON_FIELD_CHOICE, .offset = offsetof(LockBase, facts),
     .names = facts_names},
    {.key = "python", .type = JSON_FIELD_TEXT, .offset = offsetof(LockBase, python),
     .flags = JSON_NULLABLE},
    {.key = "libc", .type = JSON_FIELD_TEXT, .offset = offsetof(LockBase, libc),
     .flags = JSON_NULLABLE},
    {.key = "pip", .type = JSON_FIELD_TEXT, .offset = offsetof(LockBase, pip_version),
     .flags = JSON_NULLABLE},
    {.key = "scheme", .type = JSON_FIELD_TEXT, .offset = offsetof(LockBase, scheme),
     .flags = JSON_NULLABLE},
    {.key = "prefix", .type = JSON_FIELD_TEXT, .offset = offsetof(LockBase, prefix),
     .flags = JSON_NULLABLE},
    {.key = "externally_managed", .type = JSON_FIELD_FLAG,
     .offset = offsetof(LockBase, externally_managed), .flags = JSON_OPTIONAL},
    {.key = "user", .type = JSON_FIELD_TEXT, .offset = offsetof(LockBase, user),
     .flags = JSON_OPTIONAL, .check = base_user_is_valid, .expected = "the name of a user"},
    {.key = "require_cuda", .type = JSON_FIELD_TEXT, .offset = offsetof(LockBase, require_cuda),
     .flags = JSON_OPTIONAL, .check = base_gate_is_valid,
     .expected = "conditions such as cuda>=12.4"},
    {.key = "installed", .type = JSON_FIELD_CUSTOM, .wanted = wants_installed,
     .encode = encode_installed, .decode = decode_installed},
};
static const JsonRecord base_record = {sizeof(LockBase), base_fields, G_N_ELEMENTS(base_fields),
                                       NULL, JSONW_BLOCK};

static const JsonField target_fields[] = {
    {.key = "row", .type = JSON_FIELD_TEXT, .offset = offsetof(LockTarget, row),
     .flags = JSON_NULLABLE},
    {.key = "platform", .type = JSON_FIELD_TEXT, .offset = offsetof(LockTarget, platform)},
    {.key = "inputs", .type = JSON_FIELD_RECORDS, .offset = offsetof(LockTarget, inputs),
     .record = &input_record},
    {.key = "substituted", .type = JSON_FIELD_TEXTS, .offset = offsetof(LockTarget, substituted),
     .flags = JSON_OPTIONAL},
    {.key = "substituted_base", .type = JSON_FIELD_TEXT,
     .offset = offsetof(LockTarget, substituted_base), .flags = JSON_OPTIONAL},
    {.key = "base", .type = JSON_FIELD_RECORD, .offset = offsetof(LockTarget, base),
     .record = &base_record},
    {.key = "stages", .type = JSON_FIELD_RECORDS, .offset = offsetof(LockTarget, stages),
     .record = &stage_record},
    {.key = "imports", .type = JSON_FIELD_RECORDS, .offset = offsetof(LockTarget, imports),
     .flags = JSON_OPTIONAL, .record = &lock_import_lock_record},
};
RECORD(target, LockTarget, target_fields, JSONW_BLOCK);
RECORD(file, LockFile, file_fields, JSONW_INLINE);

static gboolean decode_files(JsonDecoder *decoder, const Json *json, void *value);

static void encode_files(JsonWriter *writer, const void *value, void *data)
{
    json_records_encode(&file_record, writer, ((const Lock *)value)->files, JSONW_BLOCK, data);
}

static const JsonField lock_fields[] = {
    {.key = "schema", .type = JSON_FIELD_CONSTANT, .expected = "ramekin.lock/1"},
    {.key = "files", .type = JSON_FIELD_CUSTOM, .encode = encode_files, .decode = decode_files},
    {.key = "targets", .type = JSON_FIELD_RECORDS, .offset = offsetof(Lock, targets),
     .record = &target_record},
};
/* clang-format on */

static const JsonRecord lock_record = {sizeof(Lock), lock_fields, G_N_ELEMENTS(lock_fields), NULL,
                                       JSONW_BLOCK};

/* Documents */

static int compare_files(const void *a, const void *b)
{
    const LockFile *left = *(LockFile *const *)a, *right = *(LockFile *const *)b;
    int order = strcmp(left->name, right->name);
    if (order == 0)
        order = strcmp(left->version, right->version);
    if (order == 0)
        order = strcmp(left->file, right->file);
    return order != 0 ? order : strcmp(left->id, right->id);
}

static void note_files(GHashTable *used, const LockTarget *target)
{
    for (guint i = 0; i < target->stages->len; i++) {
        const LockStage *stage = target->stages->pdata[i];
        for (guint k = 0; k < stage->actions->len; k++)
            g_hash_table_add(used, ((LockAction *)stage->actions->pdata[k])->file);
        for (guint k = 0; k < stage->environment->len; k++)
            g_hash_table_add(used, ((LockDistribution *)stage->environment->pdata[k])->file);
    }
}

/* The part of a lock that is saved: `only`, or where that is NULL every solved target. Borrows
 * everything. */
static Lock *saved_part(const Lock *lock, const LockTarget *only)
{
    Lock *part = g_new0(Lock, 1);
    part->files = g_ptr_array_new();
    part->targets = g_ptr_array_new();
    g_autoptr(GHashTable) used = g_hash_table_new(NULL, NULL);
    for (guint i = 0; i < lock->targets->len; i++) {
        LockTarget *target = lock->targets->pdata[i];
        if (!lock_target_is_solved(target) || (only && target != only))
            continue;
        g_ptr_array_add(part->targets, target);
        note_files(used, target);
    }
    for (guint i = 0; i < lock->files->len; i++) {
        if (g_hash_table_contains(used, lock->files->pdata[i]))
            g_ptr_array_add(part->files, lock->files->pdata[i]);
    }
    g_ptr_array_sort(part->files, compare_files);
    return part;
}

char *lock_encode_target(const Lock *lock, const LockTarget *target, size_t *ret_length)
{
    LockContext context = {0};
    g_autoptr(JsonWriter) writer = jsonw_new();
    g_autoptr(Lock) part = saved_part(lock, target);
    json_record_encode(&lock_record, writer, part, &context);
    g_clear_pointer(&context.gone, g_ptr_array_unref);
    g_clear_pointer(&context.different, g_ptr_array_unref);
    return jsonw_finish(writer, ret_length);
}

char *lock_encode(const Lock *lock, size_t *ret_length)
{
    return lock_encode_target(lock, NULL, ret_length);
}

static gboolean check_file(JsonDecoder *decoder, const LockContext *context, const LockFile *file)
{
    size_t digits = strspn(file->id, "0123456789abcdef");
    if (digits < 8 || strncmp(file->id, file->sha256, digits) != 0)
        return json_decoder_fail(decoder, "the id '%s' does not begin with digits of the sha256",
                                 file->id);
    if (g_hash_table_contains(context->files, file->id))
        return json_decoder_fail(decoder, "the id '%s' names two files", file->id);
    return TRUE;
}

static gboolean decode_files(JsonDecoder *decoder, const Json *json, void *value)
{
    Lock *lock = value;
    const LockContext *context = json_decoder_data(decoder);
    if (!json_decoder_read_records(decoder, &file_record, json, &lock->files))
        return FALSE;
    for (guint i = 0; i < lock->files->len; i++) {
        LockFile *file = lock->files->pdata[i];
        if (!check_file(decoder, context, file))
            return FALSE;
        g_hash_table_insert(context->files, file->id, file);
    }
    g_ptr_array_sort(lock->files, compare_files);
    return TRUE;
}

static gboolean check_targets(const char *name, const Lock *lock, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < lock->targets->len; i++) {
        const LockTarget *target = lock->targets->pdata[i];
        g_autofree char *key =
            g_strdup_printf("%s\n%s", target->platform, target->row ? target->row : "\n");
        if (!g_hash_table_add(seen, g_steal_pointer(&key)))
            return error_set(error, ERROR_INPUT, SPAN_NONE, "%s: the target %s%s%s is there twice",
                             name, target->platform, target->row ? " of row " : "",
                             target->row ? target->row : "");
    }
    return TRUE;
}

Lock *lock_decode(const char *name, const char *text, size_t length, GError **error)
{
    if (length > LIMIT_LOCK_BYTES) {
        error_set(error, ERROR_INPUT, SPAN_NONE, "%s: longer than %zu bytes", name,
                  LIMIT_LOCK_BYTES);
        return NULL;
    }
    g_autoptr(Json) json = json_parse(name, text, length, error);
    if (!json)
        return NULL;
    g_autoptr(GHashTable) files = g_hash_table_new(g_str_hash, g_str_equal);
    LockContext context = {.files = files};
    g_autoptr(Lock) lock = g_new0(Lock, 1);
    if (!json_record_decode(&lock_record, name, json, lock, &context, error))
        return NULL;
    return check_targets(name, lock, error) ? g_steal_pointer(&lock) : NULL;
}

static void hint_way_out(GError *problem, const char *text)
{
    bool merging = g_str_has_prefix(text, "<<<<<<< ") || strstr(text, "\n<<<<<<< ");
    error_set_hint(problem, merging ? "an unfinished merge: take the file of either side, then run "
                                      "`ramekin lock`"
                                    : "restore the file, or remove it and run `ramekin lock`");
}

gboolean lock_load(const char *path, Lock **ret_lock, GError **error)
{
    return lock_load_as(path, path, ret_lock, error);
}

gboolean lock_load_as(const char *path, const char *name, Lock **ret_lock, GError **error)
{
    if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
        *ret_lock = NULL;
        return TRUE;
    }
    g_autofree char *text = NULL;
    size_t length;
    if (!io_load_as(path, name, LIMIT_LOCK_BYTES, &text, &length, error))
        return FALSE;
    GError *problem = NULL;
    Lock *lock = lock_decode(name, text, length, &problem);
    if (problem) {
        hint_way_out(problem, text);
        g_propagate_error(error, problem);
    }
    if (lock)
        *ret_lock = lock;
    return lock != NULL;
}

gboolean lock_save(const Lock *lock, const char *path, GError **error)
{
    size_t length;
    g_autofree char *text = lock_encode(lock, &length);
    return io_save(path, text, length, error);
}
