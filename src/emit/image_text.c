#include "emit/image_text.h"

#include "lock/finding_fields.h"
#include "plan/layout.h"

static const struct {
    const char *word;
    Tint tint;
} states[] = {
    [LAYER_NEW] = {"new", TINT_GOOD},
    [LAYER_CACHED] = {"cached", TINT_FAINT},
    [LAYER_PRESENT] = {"present", TINT_FAINT},
    [LAYER_UNKNOWN] = {"to be made", TINT_NOTICE},
};

enum {
    DIGEST_SHOWN = 12, /* hex digits */
    SIZE_WIDTH = 10,
    STATE_WIDTH = 12,
};

static const char *short_digest(const BuiltLayer *layer, char out[DIGEST_SHOWN + 1])
{
    if (!layer->digest)
        return "";
    g_strlcpy(out, layer->digest + strlen("sha256:"), DIGEST_SHOWN + 1);
    return out;
}

static void put_layer(Layout *layout, const BuiltLayer *layer)
{
    char digest[DIGEST_SHOWN + 1];
    bool known = layer->digest != NULL;
    guint64 shown = known ? layer->size : layer->tar_size ? layer->tar_size : layer->wheel_size;
    g_autofree char *size = shown > 0 || known ? layout_size(shown) : g_strdup("-");
    layout_put(layout, TINT_NONE, "  ");
    layout_pad(layout, TINT_FAINT, short_digest(layer, digest), DIGEST_SHOWN, false);
    layout_pad(layout, known ? TINT_NONE : TINT_FAINT, size, SIZE_WIDTH, true);
    layout_put(layout, TINT_NONE, "  ");
    if (g_str_equal(layer->source, "base")) {
        layout_put(layout, TINT_FAINT, "base");
        layout_put(layout, TINT_NONE, "\n");
        return;
    }
    layout_pad(layout, states[layer->state].tint, states[layer->state].word, STATE_WIDTH, false);
    layout_rest(layout, TINT_NONE, layer->source, 2 + DIGEST_SHOWN + SIZE_WIDTH + 2 + STATE_WIDTH);
}

char *built_image_text(const BuiltImage *built, bool colour, unsigned columns)
{
    Layout layout = {g_string_new(NULL), colour, columns};
    guint64 total = 0;
    guint made = 0, unknown = 0;
    for (guint i = 0; i < built->layers->len; i++) {
        const BuiltLayer *layer = built->layers->pdata[i];
        put_layer(&layout, layer);
        total += layer->size;
        made += layer->state == LAYER_NEW;
        unknown += layer->state == LAYER_UNKNOWN;
    }
    g_autofree char *size = layout_size(total);
    layout_printf(&layout, TINT_STRONG, "%u layer%s, %s", built->layers->len,
                  built->layers->len == 1 ? "" : "s", size);
    if (built->base_layers > 0)
        layout_printf(&layout, TINT_NONE, ", %u of the base", built->base_layers);
    if (made > 0)
        layout_printf(&layout, TINT_NONE, ", %u new", made);
    if (unknown > 0)
        layout_printf(&layout, TINT_NOTICE, ", %u to be made", unknown);
    layout_put(&layout, TINT_NONE, "\n");
    return g_string_free(layout.out, FALSE);
}

static void json_layer(const BuiltLayer *layer, JsonWriter *json)
{
    jsonw_begin_object(json, JSONW_INLINE);
    jsonw_string_member(json, "source", layer->source);
    jsonw_string_member(json, "digest", layer->digest);
    jsonw_string_member(json, "diff_id", layer->diff_id);
    jsonw_key(json, "size");
    if (layer->digest)
        jsonw_unsigned(json, layer->size);
    else
        jsonw_null(json);
    jsonw_key(json, "raw_size");
    if (layer->tar_size > 0)
        jsonw_unsigned(json, layer->tar_size);
    else
        jsonw_null(json);
    jsonw_unsigned_member(json, "wheel_size", layer->wheel_size);
    jsonw_string_member(json, "state",
                        g_str_equal(layer->source, "base") ? "base" : states[layer->state].word);
    jsonw_end_object(json);
}

static void json_checks(const BuildChecks *checks, JsonWriter *json)
{
    static const char *const words[] = {"holds", "fails", "open"};
    jsonw_key(json, "build_checks");
    jsonw_begin_array(json, JSONW_BLOCK);
    for (guint i = 0; checks && i < checks->checks->len; i++) {
        const BuildCheck *check = checks->checks->pdata[i];
        g_autofree char *at = span_address(check->check->at);
        jsonw_begin_object(json, JSONW_INLINE);
        jsonw_string_member(json, "check", check_kind_name(check->check->kind));
        jsonw_string_member(json, "item", check->item);
        jsonw_string_member(json, "at", at);
        jsonw_string_member(json, "state", words[check->state]);
        jsonw_boolean_member(json, "executed", check->executed);
        jsonw_string_member(json, "reason", check->reason);
        jsonw_end_object(json);
    }
    jsonw_end_array(json);
}

void built_image_json(const BuiltImage *built, JsonWriter *json)
{
    guint64 total = 0;
    bool known = true;
    jsonw_string_member(json, "digest", built->image ? built->image->manifest->digest : NULL);
    jsonw_string_member(json, "config", built->image ? built->image->config->digest : NULL);
    jsonw_key(json, "layers");
    jsonw_begin_array(json, JSONW_BLOCK);
    for (guint i = 0; i < built->layers->len; i++) {
        const BuiltLayer *layer = built->layers->pdata[i];
        json_layer(layer, json);
        total += layer->size;
        known = known && layer->digest;
    }
    jsonw_end_array(json);
    jsonw_key(json, "size");
    if (known)
        jsonw_unsigned(json, total);
    else
        jsonw_null(json);
    const BuildChecks *checks = built->build_checks;
    jsonw_unsigned_member(json, "build_checks_not_run",
                          checks ? build_checks_count(checks, BUILD_CHECK_OPEN) : built->checks);
    json_checks(checks, json);
    jsonw_unsigned_member(json, "imports_moved", built->moved);
    jsonw_key(json, "findings");
    json_records_encode(&finding_plan_record, json, built->findings, JSONW_BLOCK, NULL);
}
