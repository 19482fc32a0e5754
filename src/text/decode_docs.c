/* What field tables say about themselves: the JSON schema for editors and the keys of the manual.
 */
#include "text/decode.h"

void schema_write_type(SchemaWriter *schema, const char *type)
{
    jsonw_string_member(schema->json, "type", type);
}

void schema_write_shape(SchemaWriter *schema, const Shape *shape)
{
    if (!g_ptr_array_find(schema->shapes, shape, NULL))
        g_ptr_array_add(schema->shapes, (void *)shape);
    g_autofree char *reference = g_strconcat("#/$defs/", shape->name, NULL);
    jsonw_string_member(schema->json, "$ref", reference);
}

static void write_field(SchemaWriter *schema, const Field *field)
{
    jsonw_key(schema->json, field->key);
    jsonw_begin_object(schema->json, JSONW_INLINE);
    jsonw_string_member(schema->json, "description", field->about);
    if (field->type->schema)
        field->type->schema(field, schema);
    jsonw_end_object(schema->json);
}

static const Field *short_field(const Shape *shape)
{
    for (const Shape *part = shape; shape->short_key && part; part = part->more)
        for (size_t i = 0; i < part->count; i++)
            if (g_str_equal(part->fields[i].key, shape->short_key))
                return &part->fields[i];
    return NULL;
}

static void write_required(SchemaWriter *schema, const Shape *shape)
{
    jsonw_key(schema->json, "required");
    jsonw_begin_array(schema->json, JSONW_INLINE);
    for (; shape; shape = shape->more)
        for (size_t i = 0; i < shape->count; i++)
            if (shape->fields[i].flags & FIELD_REQUIRED)
                jsonw_string(schema->json, shape->fields[i].key);
    jsonw_end_array(schema->json);
}

static void write_map_members(SchemaWriter *schema, const Shape *shape)
{
    JsonWriter *json = schema->json;
    schema_write_type(schema, "object");
    jsonw_key(json, "properties");
    jsonw_begin_object(json, JSONW_BLOCK);
    for (const Shape *part = shape; part; part = part->more)
        for (size_t i = 0; i < part->count; i++)
            write_field(schema, &part->fields[i]);
    jsonw_end_object(json);
    write_required(schema, shape);
    jsonw_boolean_member(json, "additionalProperties", false);
}

static void write_shape(SchemaWriter *schema, const Shape *shape)
{
    JsonWriter *json = schema->json;
    const Field *main_field = short_field(shape);
    if (!main_field) {
        write_map_members(schema, shape);
        return;
    }
    jsonw_key(json, "anyOf");
    jsonw_begin_array(json, JSONW_BLOCK);
    jsonw_begin_object(json, JSONW_BLOCK);
    write_map_members(schema, shape);
    jsonw_end_object(json);
    jsonw_begin_object(json, JSONW_INLINE);
    if (main_field->type->schema)
        main_field->type->schema(main_field, schema);
    jsonw_end_object(json);
    if (shape->short_schema) {
        jsonw_begin_object(json, JSONW_INLINE);
        shape->short_schema(schema);
        jsonw_end_object(json);
    }
    jsonw_end_array(json);
}

char *shape_schema_json(const Shape *root, const char *title)
{
    g_autoptr(JsonWriter) json = jsonw_new();
    g_autoptr(GPtrArray) shapes = g_ptr_array_new();
    SchemaWriter schema = {json, shapes};
    jsonw_begin_object(json, JSONW_BLOCK);
    jsonw_string_member(json, "$schema", "https://json-schema.org/draft/2020-12/schema");
    jsonw_string_member(json, "title", title);
    schema_write_shape(&schema, root);
    jsonw_key(json, "$defs");
    jsonw_begin_object(json, JSONW_BLOCK);
    for (guint i = 0; i < shapes->len; i++) { /* grows while it is walked */
        const Shape *shape = shapes->pdata[i];
        jsonw_key(json, shape->name);
        jsonw_begin_object(json, JSONW_BLOCK);
        write_shape(&schema, shape);
        jsonw_end_object(json);
    }
    jsonw_end_object(json);
    jsonw_end_object(json);
    return jsonw_finish(json, NULL);
}

/* What stands in backquotes is set in bold. */
void manual_append_text(GString *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '`') {
            g_string_append_c(out, '*');
            continue;
        }
        if (strchr("*_\\#", *text))
            g_string_append_c(out, '\\');
        g_string_append_c(out, *text);
    }
}

static void append_choices(GString *out, const Field *field)
{
    if (field->type != &type_choice && field->type != &type_either)
        return;
    g_autofree char *list = g_strjoinv(", ", (char **)field->detail);
    g_string_append(out, ": ");
    manual_append_text(out, list);
}

static void append_field(GString *out, const Field *field)
{
    g_string_append(out, "*");
    manual_append_text(out, field->key);
    g_string_append_printf(out, "* (%s", field->type->name);
    append_choices(out, field);
    g_string_append(out, field->flags & FIELD_REQUIRED ? ", required)\n\t" : ")\n\t");
    manual_append_text(out, field->about);
    g_string_append(out, ".\n\n");
}

static void append_shape(GString *out, const Shape *shape)
{
    g_autofree char *title = g_ascii_strup(shape->title, -1);
    g_strdelimit(title, "`", ' ');
    g_string_append_printf(out, "# %s\n\n", g_strstrip(title));
    if (shape->short_key) {
        g_string_append(out, "A list or a text alone is the value of *");
        manual_append_text(out, shape->short_key);
        g_string_append(out, "*.\n\n");
    }
    for (; shape; shape = shape->more)
        for (size_t i = 0; i < shape->count; i++)
            append_field(out, &shape->fields[i]);
}

char *shape_manual_section(const Shape *shape)
{
    GString *out = g_string_new(NULL);
    append_shape(out, shape);
    return g_string_free(out, FALSE);
}

char *shape_manual_scdoc(const Shape *root)
{
    /* The schema's walk finds the shapes that can be reached; its text is not needed. */
    g_autoptr(JsonWriter) json = jsonw_new();
    g_autoptr(GPtrArray) shapes = g_ptr_array_new();
    SchemaWriter schema = {json, shapes};
    jsonw_begin_object(json, JSONW_BLOCK);
    schema_write_shape(&schema, root);
    jsonw_key(json, "$defs");
    jsonw_begin_object(json, JSONW_BLOCK);
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < shapes->len; i++) {
        const Shape *shape = shapes->pdata[i];
        jsonw_key(json, shape->name);
        jsonw_begin_object(json, JSONW_BLOCK);
        write_shape(&schema, shape);
        jsonw_end_object(json);
        append_shape(out, shape);
    }
    return g_string_free(out, FALSE);
}
