#include "text/jsonw.h"

#include "base/escape.h"

typedef struct {
    bool is_array;
    JsonwStyle style;
    size_t members;
} Level;

struct JsonWriter {
    GString *out;
    GArray *levels; /* Level, outermost first */
    bool after_key;
};

JsonWriter *jsonw_new(void)
{
    JsonWriter *writer = g_new0(JsonWriter, 1);
    writer->out = g_string_new(NULL);
    writer->levels = g_array_new(FALSE, FALSE, sizeof(Level));
    return writer;
}

void jsonw_free(JsonWriter *writer)
{
    if (!writer)
        return;
    if (writer->out)
        g_string_free(writer->out, TRUE);
    g_array_unref(writer->levels);
    g_free(writer);
}

char *jsonw_finish(JsonWriter *writer, size_t *ret_length)
{
    g_assert(writer->levels->len == 0 && writer->out);
    if (ret_length)
        *ret_length = writer->out->len;
    return g_string_free(g_steal_pointer(&writer->out), FALSE);
}

static Level *top(JsonWriter *writer)
{
    if (writer->levels->len == 0)
        return NULL;
    return &g_array_index(writer->levels, Level, writer->levels->len - 1);
}

static void break_line(JsonWriter *writer)
{
    g_string_append_c(writer->out, '\n');
    for (guint i = 0; i < writer->levels->len; i++)
        g_string_append(writer->out, "  ");
}

static void begin_member(JsonWriter *writer)
{
    Level *level = top(writer);
    if (!level)
        return;
    if (level->members++ > 0)
        g_string_append(writer->out, level->style == JSONW_INLINE ? ", " : ",");
    if (level->style == JSONW_BLOCK)
        break_line(writer);
}

static void begin_value(JsonWriter *writer)
{
    if (!writer->after_key)
        begin_member(writer);
    writer->after_key = false;
}

void jsonw_key(JsonWriter *writer, const char *key)
{
    g_assert(top(writer) && !top(writer)->is_array && !writer->after_key);
    begin_member(writer);
    escape_json(writer->out, key);
    g_string_append(writer->out, top(writer)->style == JSONW_COMPACT ? ":" : ": ");
    writer->after_key = true;
}

static void begin_container(JsonWriter *writer, bool is_array, JsonwStyle style)
{
    begin_value(writer);
    Level *outer = top(writer);
    Level level = {is_array, outer ? MAX(outer->style, style) : style, 0};
    g_array_append_val(writer->levels, level);
    g_string_append_c(writer->out, is_array ? '[' : '{');
}

static void end_container(JsonWriter *writer, bool is_array)
{
    Level level = *top(writer);
    g_assert(level.is_array == is_array && !writer->after_key);
    g_array_set_size(writer->levels, writer->levels->len - 1);
    if (level.style == JSONW_BLOCK && level.members > 0)
        break_line(writer);
    g_string_append_c(writer->out, is_array ? ']' : '}');
    if (writer->levels->len == 0 && level.style != JSONW_COMPACT)
        g_string_append_c(writer->out, '\n');
}

void jsonw_begin_object(JsonWriter *writer, JsonwStyle style)
{
    begin_container(writer, false, style);
}

void jsonw_end_object(JsonWriter *writer)
{
    end_container(writer, false);
}

void jsonw_begin_array(JsonWriter *writer, JsonwStyle style)
{
    begin_container(writer, true, style);
}

void jsonw_end_array(JsonWriter *writer)
{
    end_container(writer, true);
}

void jsonw_string(JsonWriter *writer, const char *text)
{
    if (!text) {
        jsonw_null(writer);
        return;
    }
    begin_value(writer);
    escape_json(writer->out, text);
}

void jsonw_unsigned(JsonWriter *writer, guint64 value)
{
    begin_value(writer);
    g_string_append_printf(writer->out, "%" G_GUINT64_FORMAT, value);
}

void jsonw_integer(JsonWriter *writer, gint64 value)
{
    begin_value(writer);
    g_string_append_printf(writer->out, "%" G_GINT64_FORMAT, value);
}

void jsonw_boolean(JsonWriter *writer, bool value)
{
    begin_value(writer);
    g_string_append(writer->out, value ? "true" : "false");
}

void jsonw_null(JsonWriter *writer)
{
    begin_value(writer);
    g_string_append(writer->out, "null");
}

void jsonw_raw(JsonWriter *writer, const char *json)
{
    begin_value(writer);
    g_string_append(writer->out, json);
}

void jsonw_string_member(JsonWriter *writer, const char *key, const char *text)
{
    jsonw_key(writer, key);
    jsonw_string(writer, text);
}

void jsonw_unsigned_member(JsonWriter *writer, const char *key, guint64 value)
{
    jsonw_key(writer, key);
    jsonw_unsigned(writer, value);
}

void jsonw_boolean_member(JsonWriter *writer, const char *key, bool value)
{
    jsonw_key(writer, key);
    jsonw_boolean(writer, value);
}

void jsonw_texts(JsonWriter *writer, JsonwStyle style, const GPtrArray *texts)
{
    jsonw_begin_array(writer, style);
    for (guint i = 0; i < texts->len; i++)
        jsonw_string(writer, texts->pdata[i]);
    jsonw_end_array(writer);
}

void jsonw_texts_member(JsonWriter *writer, const char *key, const GPtrArray *texts)
{
    jsonw_key(writer, key);
    jsonw_texts(writer, JSONW_INLINE, texts);
}

void jsonw_strings_member(JsonWriter *writer, const char *key, const char *const *strv)
{
    jsonw_key(writer, key);
    jsonw_begin_array(writer, JSONW_INLINE);
    for (size_t i = 0; strv && strv[i]; i++)
        jsonw_string(writer, strv[i]);
    jsonw_end_array(writer);
}
