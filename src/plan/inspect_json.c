#include "plan/image_settings.h"
#include "plan/inspect.h"
#include "text/jsonw.h"

static void write_texts(JsonWriter *json, const char *key, char *const *texts)
{
    jsonw_key(json, key);
    if (!texts) {
        jsonw_null(json);
        return;
    }
    jsonw_begin_array(json, JSONW_INLINE);
    for (; *texts; texts++)
        jsonw_string(json, *texts);
    jsonw_end_array(json);
}

static void write_list(JsonWriter *json, const char *key, const GPtrArray *texts)
{
    jsonw_key(json, key);
    jsonw_begin_array(json, JSONW_INLINE);
    for (guint i = 0; i < texts->len; i++)
        jsonw_string(json, texts->pdata[i]);
    jsonw_end_array(json);
}

/* Recipe and lock are told of elsewhere. */
static void write_labels(JsonWriter *json, const ImageConfig *config)
{
    jsonw_key(json, "labels");
    jsonw_begin_object(json, JSONW_BLOCK);
    for (guint i = 0; i < config->labels->len; i++) {
        const ImagePair *label = config->labels->pdata[i];
        if (!g_str_equal(label->key, LABEL_RECIPE) && !g_str_equal(label->key, LABEL_LOCK))
            jsonw_string_member(json, label->key, label->value);
    }
    jsonw_end_object(json);
}

/* What a host must have; texts as in the labels, null where it is not known. */
static void write_host(JsonWriter *json, const ImageConfig *config)
{
    static const struct {
        const char *key, *label;
    } members[] = {{"cuda", LABEL_CUDA},
                   {"min_cuda", LABEL_MIN_CUDA},
                   {"min_driver", LABEL_MIN_DRIVER},
                   {"compute_capability", LABEL_CAPABILITY},
                   {"min_vram", LABEL_MIN_VRAM}};
    jsonw_key(json, "host");
    jsonw_begin_object(json, JSONW_INLINE);
    for (size_t i = 0; i < G_N_ELEMENTS(members); i++)
        jsonw_string_member(json, members[i].key,
                            image_pairs_find(config->labels, members[i].label));
    jsonw_end_object(json);
}

static void write_size(JsonWriter *json, const char *key, guint64 size)
{
    jsonw_key(json, key);
    if (size > 0)
        jsonw_unsigned(json, size);
    else
        jsonw_null(json);
}

static void write_layers(JsonWriter *json, const InspectedImage *image)
{
    jsonw_key(json, "layers");
    jsonw_begin_array(json, JSONW_BLOCK);
    for (guint i = 0; i < image->manifest->layers->len; i++) {
        const ImageLayer *layer = image->manifest->layers->pdata[i];
        const ImageHistory *history = inspected_history(image, i);
        jsonw_begin_object(json, JSONW_INLINE);
        jsonw_string_member(json, "digest", layer->digest);
        jsonw_string_member(json, "diff_id", layer->diff_id);
        write_size(json, "size", layer->size);
        jsonw_string_member(json, "media_type", layer->media_type);
        jsonw_string_member(json, "created_by", history ? history->created_by : NULL);
        jsonw_end_object(json);
    }
    jsonw_end_array(json);
}

static void write_stages(JsonWriter *json, const LockTarget *target)
{
    jsonw_key(json, "stages");
    jsonw_begin_array(json, JSONW_BLOCK);
    for (guint i = 0; i < target->stages->len; i++) {
        const LockStage *stage = target->stages->pdata[i];
        jsonw_begin_object(json, JSONW_INLINE);
        jsonw_string_member(json, "name", stage->name);
        jsonw_string_member(json, "kind", stage->kind);
        jsonw_string_member(json, "at", stage->at);
        jsonw_unsigned_member(json, "actions", stage->actions->len);
        jsonw_end_object(json);
    }
    jsonw_end_array(json);
}

static void write_distributions(JsonWriter *json, const LockTarget *target)
{
    const LockStage *last = lock_target_last(target);
    jsonw_key(json, "distributions");
    jsonw_begin_array(json, JSONW_BLOCK);
    for (guint i = 0; last && i < last->environment->len; i++) {
        const LockDistribution *distribution = last->environment->pdata[i];
        jsonw_begin_object(json, JSONW_INLINE);
        jsonw_string_member(json, "name", distribution->name);
        jsonw_string_member(json, "version", distribution->version);
        jsonw_string_member(json, "stage", distribution->stage);
        jsonw_string_member(json, "sha256", distribution->file ? distribution->file->sha256 : NULL);
        jsonw_end_object(json);
    }
    jsonw_end_array(json);
}

static void write_target(JsonWriter *json, const LockTarget *target)
{
    jsonw_begin_object(json, JSONW_BLOCK);
    jsonw_string_member(json, "row", target->row);
    jsonw_string_member(json, "python", target->base.python);
    jsonw_string_member(json, "libc", target->base.libc);
    jsonw_string_member(json, "base", target->base.reference);
    jsonw_string_member(json, "base_digest", target->base.digest);
    write_stages(json, target);
    write_distributions(json, target);
    jsonw_end_object(json);
}

/* What the recipe made; null for an image that was not built here. */
static void write_built(JsonWriter *json, const InspectedImage *image)
{
    jsonw_key(json, "built");
    if (image->lock && image->lock->targets->len > 0)
        write_target(json, image->lock->targets->pdata[0]);
    else
        jsonw_null(json);
    if (image->problem)
        jsonw_string_member(json, "problem", image->problem);
}

static void write_image(JsonWriter *json, const InspectedImage *image)
{
    const ImageConfig *config = image->manifest->config;
    jsonw_begin_object(json, JSONW_BLOCK);
    jsonw_string_member(json, "os", config->os);
    jsonw_string_member(json, "architecture", config->architecture);
    jsonw_string_member(json, "variant", config->variant);
    jsonw_string_member(json, "digest", image->manifest->digest);
    jsonw_string_member(json, "created", config->created);
    jsonw_string_member(json, "user", config->user);
    jsonw_string_member(json, "workdir", config->workdir);
    write_texts(json, "env", config->env);
    write_texts(json, "entrypoint", config->entrypoint);
    write_texts(json, "cmd", config->cmd);
    write_list(json, "ports", config->ports);
    write_list(json, "volumes", config->volumes);
    jsonw_string_member(json, "stop_signal", config->stop_signal);
    write_texts(json, "healthcheck", config->healthcheck ? config->healthcheck->test : NULL);
    write_host(json, config);
    write_labels(json, config);
    write_size(json, "size", inspected_size(image));
    write_layers(json, image);
    write_built(json, image);
    jsonw_end_object(json);
}

char *inspection_encode_json(const Inspection *inspection)
{
    g_autoptr(JsonWriter) json = jsonw_new();
    g_autofree char *name = g_utf8_make_valid(inspection->name, -1);
    jsonw_begin_object(json, JSONW_BLOCK);
    jsonw_string_member(json, "schema", "ramekin.inspect/1");
    jsonw_string_member(json, "image", name);
    jsonw_string_member(json, "digest", inspection->digest);
    jsonw_key(json, "images");
    jsonw_begin_array(json, JSONW_BLOCK);
    for (guint i = 0; i < inspection->images->len; i++)
        write_image(json, inspection->images->pdata[i]);
    jsonw_end_array(json);
    jsonw_end_object(json);
    return jsonw_finish(json, NULL);
}
