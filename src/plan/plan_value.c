#include "plan/plan_value.h"

enum {
    KEY_WIDTH = 28,
};

PlanValue *plan_value_new(const char *of, const char *key, const char *value)
{
    PlanValue *made = g_new0(PlanValue, 1);
    made->of = g_strdup(of);
    made->key = g_strdup(key);
    made->value = g_strdup(value);
    made->origin = g_strdup(value ? "computed" : "unknown");
    made->because = g_ptr_array_new_with_free_func(g_free);
    return made;
}

void plan_value_free(void *data)
{
    PlanValue *value = data;
    g_free(value->of);
    g_free(value->key);
    g_free(value->value);
    g_free(value->origin);
    g_clear_pointer(&value->because, g_ptr_array_unref);
    g_free(value);
}

void plan_value_because(PlanValue *value, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_ptr_array_add(value->because, g_strdup_vprintf(format, args));
    va_end(args);
}

/* JSON */

static void encode_because(JsonWriter *writer, const void *data, void *unused)
{
    const PlanValue *value = data;
    jsonw_texts(writer, JSONW_INLINE, value->because);
}

static gboolean decode_because(JsonDecoder *decoder, const Json *json, void *data)
{
    PlanValue *value = data;
    value->because = g_ptr_array_new_with_free_func(g_free);
    if (!json_is_list(json))
        return json_decoder_fail(decoder, "expected a list of texts");
    for (size_t i = 0; i < json_length(json); i++) {
        char *text = NULL;
        if (!json_decoder_read_text(decoder, json_item(json, i), &text))
            return FALSE;
        g_ptr_array_add(value->because, text);
    }
    return TRUE;
}

/* clang-format off */
static const JsonField fields[] = {
    {.key = "of", .type = JSON_FIELD_TEXT, .offset = offsetof(PlanValue, of)},
    {.key = "key", .type = JSON_FIELD_TEXT, .offset = offsetof(PlanValue, key)},
    {.key = "value", .type = JSON_FIELD_TEXT, .offset = offsetof(PlanValue, value),
     .flags = JSON_NULLABLE},
    {.key = "origin", .type = JSON_FIELD_TEXT, .offset = offsetof(PlanValue, origin)},
    {.key = "because", .type = JSON_FIELD_CUSTOM, .encode = encode_because,
     .decode = decode_because},
};
/* clang-format on */
const JsonRecord plan_value_record = {sizeof(PlanValue), fields, G_N_ELEMENTS(fields),
                                      plan_value_free, JSONW_BLOCK};

/* Text */

static const char *const titles[][2] = {
    {"host", "What the host must have"},
    {"image", "Set in the image"},
};

static void put_title(Layout *layout, const char *of)
{
    const char *title = of;
    for (size_t i = 0; i < G_N_ELEMENTS(titles); i++)
        title = g_str_equal(titles[i][0], of) ? titles[i][1] : title;
    g_string_append_c(layout->out, '\n');
    layout_put(layout, TINT_STRONG, title);
    layout_put(layout, TINT_NONE, "\n");
}

static void put_value(Layout *layout, const PlanValue *value)
{
    layout_put(layout, TINT_NONE, "  ");
    layout_pad(layout, TINT_NONE, value->key, KEY_WIDTH, false);
    layout_put(layout, TINT_NONE, " ");
    unsigned column = 3 + MAX(KEY_WIDTH, layout_width(value->key));
    layout_words(layout, value->value ? TINT_NONE : TINT_NOTICE,
                 value->value                      ? value->value
                 : g_str_equal(value->of, "image") ? "not set"
                                                   : "left out",
                 column, KEY_WIDTH + 3);
    for (guint i = 0; i < value->because->len; i++) {
        layout_put(layout, TINT_NONE, "      ");
        layout_words(layout, TINT_FAINT, value->because->pdata[i], 6, 8);
    }
}

static const PlanValue *find_host(const GPtrArray *values, const char *key)
{
    for (guint i = 0; i < values->len; i++) {
        const PlanValue *value = values->pdata[i];
        if (g_str_equal(value->of, "host") && g_str_equal(value->key, key) && value->value)
            return value;
    }
    return NULL;
}

/* "Host: driver 525.60.13 or newer (torch 2.6.0+cu124 is built for CUDA 12.4), compute capability
 * 8.6, 8.9" */
static void put_host(Layout *layout, const GPtrArray *values)
{
    const PlanValue *driver = find_host(values, "min_driver");
    const PlanValue *cuda = find_host(values, "min_cuda");
    const PlanValue *capability = find_host(values, "compute_capability");
    const PlanValue *vram = find_host(values, "min_vram");
    g_autoptr(GString) text = g_string_new(NULL);
    if (driver || cuda)
        g_string_append_printf(text, ", driver %s%s or newer", driver ? "" : "for CUDA ",
                               driver ? driver->value : cuda->value);
    if (cuda && cuda->because->len > 0)
        g_string_append_printf(text, " (%s)", (const char *)cuda->because->pdata[0]);
    if (capability)
        g_string_append_printf(text, ", compute capability %s", capability->value);
    if (vram)
        g_string_append_printf(text, ", %s of device memory", vram->value);
    if (text->len == 0)
        return;
    g_string_append_c(layout->out, '\n');
    layout_put(layout, TINT_STRONG, "Host:");
    layout_put(layout, TINT_NONE, " ");
    layout_words(layout, TINT_NONE, text->str + 2, 6, 4);
}

void plan_values_put(Layout *layout, const GPtrArray *values, bool all)
{
    const char *of = NULL;
    if (!all)
        put_host(layout, values);
    for (guint i = 0; i < values->len; i++) {
        const PlanValue *value = values->pdata[i];
        bool is_file = !g_str_equal(value->of, "host") && !g_str_equal(value->of, "image");
        if (!all && !is_file)
            continue;
        if (g_strcmp0(of, value->of) != 0)
            put_title(layout, value->of);
        of = value->of;
        put_value(layout, value);
    }
}
