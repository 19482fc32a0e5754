#include "image/layout_index.h"

#include "base/limits.h"
#include "text/json.h"
#include "text/jsonw.h"

/* An image, and not what refers to one: signatures and attestations have a type of their own, or a
 * platform that nothing has. */
static bool is_image(const Json *entry)
{
    const char *type = media_type_as_oci(json_find_text(entry, "mediaType"));
    const char *os = json_find_text(json_find(entry, "platform"), "os");
    bool image =
        !type || g_str_equal(type, MEDIA_TYPE_MANIFEST) || g_str_equal(type, MEDIA_TYPE_INDEX);
    return image && !json_find_text(entry, "artifactType") && g_strcmp0(os, "unknown") != 0;
}

static bool is_replaced(const Json *old, const char *tag)
{
    const char *name = json_find_text(json_find(old, "annotations"), ANNOTATION_REF_NAME);
    return tag ? g_strcmp0(name, tag) == 0 : !name && is_image(old);
}

/* A descriptor is written as a list of one by an index, which knows how. */
static char *encode_entry(const ImageDescriptor *entry)
{
    g_autoptr(IndexDocument) index = index_document_new();
    g_ptr_array_set_free_func(index->manifests, NULL);
    g_ptr_array_add(index->manifests, (ImageDescriptor *)entry);
    g_autofree char *text = index_document_encode(index, NULL);
    char *start = strchr(text, '['), *end = strrchr(text, ']');
    return g_strndup(start + 1, (gsize)(end - start - 1));
}

static void write_manifests(JsonWriter *writer, const Json *old, const ImageDescriptor *entry)
{
    g_autofree char *ours = encode_entry(entry);
    const char *tag = image_pairs_find(entry->annotations, ANNOTATION_REF_NAME);
    const Json *manifests = json_find(old, "manifests");
    bool placed = false;
    jsonw_key(writer, "manifests");
    jsonw_begin_array(writer, JSONW_COMPACT);
    for (size_t i = 0; i < json_length(manifests); i++) {
        const Json *item = json_item(manifests, i);
        bool replaced = is_replaced(item, tag);
        if (replaced && placed)
            continue;
        g_autofree char *text = replaced ? NULL : json_dump(item);
        jsonw_raw(writer, replaced ? ours : text);
        placed = placed || replaced;
    }
    if (!placed)
        jsonw_raw(writer, ours);
    jsonw_end_array(writer);
}

static void write_other_members(JsonWriter *writer, const Json *old)
{
    static const char *const ours[] = {"schemaVersion", "mediaType", "manifests", NULL};
    void *state = NULL;
    const char *key;
    const Json *value;
    while (old && json_next_pair(old, &state, &key, &value)) {
        if (g_strv_contains(ours, key))
            continue;
        g_autofree char *text = json_dump(value);
        jsonw_key(writer, key);
        jsonw_raw(writer, text);
    }
}

char *layout_index_edit(const char *name, const char *old, size_t length,
                        const ImageDescriptor *entry, size_t *ret_length, GError **error)
{
    g_autoptr(IndexDocument) checked =
        old ? index_document_decode(name, old, length, error) : index_document_new();
    g_autoptr(Json) json = old && checked ? json_parse(name, old, length, error) : NULL;
    if (!checked || (old && !json))
        return NULL;
    g_autoptr(JsonWriter) writer = jsonw_new();
    jsonw_begin_object(writer, JSONW_COMPACT);
    jsonw_key(writer, "schemaVersion");
    jsonw_unsigned(writer, 2);
    jsonw_string_member(writer, "mediaType", MEDIA_TYPE_INDEX);
    write_manifests(writer, json, entry);
    write_other_members(writer, json);
    jsonw_end_object(writer);
    g_autofree char *text = jsonw_finish(writer, ret_length);
    if (strlen(text) > LIMIT_IMAGE_DOCUMENT_BYTES) {
        error_set(error, ERROR_INPUT, SPAN_NONE, "%s lists too many images", name);
        return NULL;
    }
    return g_steal_pointer(&text);
}

/* Letters and digits, joined by one of "-._:@/+" or by "--". */
static bool is_ref_name(const char *name)
{
    const char *p = name;
    for (;;) {
        if (!g_ascii_isalnum(*p))
            return false;
        while (g_ascii_isalnum(*p))
            p++;
        if (*p == '\0')
            return true;
        if (!strchr("-._:@/+", *p))
            return false;
        p += p[0] == '-' && p[1] == '-' ? 2 : 1;
    }
}

gboolean image_ref_name_check(const char *name, GError **error)
{
    if (is_ref_name(name))
        return TRUE;
    return error_set(error, ERROR_INPUT, SPAN_NONE,
                     "'%s' is no tag: it is made of letters and digits, with '-', '.', '_', ':', "
                     "'@', '/' or '+' between them",
                     name);
}
