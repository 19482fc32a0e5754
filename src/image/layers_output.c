#include "image/layers_output.h"

#include "base/io.h"
#include "base/limits.h"
#include "base/sorted.h"
#include "image/document.h"
#include "store/blob_store.h"
#include "store/new_file.h"
#include "text/json.h"
#include "text/jsonw.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#define SCHEMA "ramekin.layers/1"

enum {
    DIGEST_SHOWN = 12, /* of a digest, in a file's name */
    PLACE_DIGITS = 3,
};

static const struct {
    const char *media_type, *suffix;
} suffixes[] = {
    {MEDIA_TYPE_LAYER, ".tar"},
    {MEDIA_TYPE_LAYER_GZIP, ".tar.gz"},
    {MEDIA_TYPE_LAYER_ZSTD, ".tar.zst"},
};

static char *file_name(guint place, const ImageBlob *layer)
{
    const char *type = media_type_as_oci(layer->media_type), *suffix = "";
    for (size_t i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        if (g_strcmp0(suffixes[i].media_type, type) == 0)
            suffix = suffixes[i].suffix;
    }
    return g_strdup_printf("%0*u-%.*s%s", PLACE_DIGITS, place, DIGEST_SHOWN,
                           strchr(layer->digest, ':') + 1, suffix);
}

/* Whether it is a name of file_name(), so that nothing else is ever removed. */
static bool is_file_name(const char *name)
{
    if (strspn(name, "0123456789") != PLACE_DIGITS || name[PLACE_DIGITS] != '-' ||
        strspn(name + PLACE_DIGITS + 1, "0123456789abcdef") != DIGEST_SHOWN)
        return false;
    const char *suffix = name + PLACE_DIGITS + 1 + DIGEST_SHOWN;
    bool known = *suffix == '\0';
    for (size_t i = 0; i < G_N_ELEMENTS(suffixes); i++)
        known = known || g_str_equal(suffix, suffixes[i].suffix);
    return known;
}

static gboolean check_list(const char *dir, const char *path, GError **error)
{
    g_autofree char *text = NULL;
    size_t length;
    if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
        error_set(error, ERROR_INPUT, SPAN_NONE, "%s is not empty and has no layers.json", dir);
        if (error)
            error_set_hint(*error, "name a new folder or an empty one");
        return FALSE;
    }
    if (!io_load(path, LIMIT_IMAGE_DOCUMENT_BYTES, &text, &length, error))
        return FALSE;
    g_autoptr(Json) json = json_parse(path, text, length, error);
    if (json && g_strcmp0(json_find_text(json, "schema"), SCHEMA) != 0)
        return error_set(error, ERROR_INPUT, SPAN_NONE, "%s is not of the schema " SCHEMA, path);
    return json != NULL;
}

/* Names of layers that are there already; NULL with an error when the folder is for other things.
 */
static GPtrArray *old_files(const char *dir, const char *list_path, GError **error)
{
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) names = sorted_dir(dir, LIMIT_FOLDER_NAMES, error);
    bool foreign = false; /* or layers.json: more than what an interrupted first run leaves */
    for (guint i = 0; names && i < names->len; i++) {
        const char *name = names->pdata[i];
        if (is_file_name(name))
            g_ptr_array_add(files, g_strdup(name));
        else
            foreign = foreign || !g_str_has_prefix(name, NEW_FILE_PREFIX);
    }
    if (!names || (foreign && !check_list(dir, list_path, error)))
        return NULL;
    return g_steal_pointer(&files);
}

static gboolean write_bytes(const char *dir, const char *path, const void *data, size_t length,
                            GError **error)
{
    g_auto(NewFile) file = NEW_FILE_NONE;
    return new_file_open(&file, dir, error) && io_write_all(file.fd, data, length, error) &&
           new_file_replace(&file, path, error);
}

static gboolean place_layer(const char *dir, const char *name, const ImageBlob *layer,
                            GError **error)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    if (!layer->bytes && !layer->path)
        return error_set(error, ERROR_FAILED, SPAN_NONE, "the layer %s was not made",
                         layer->digest);
    if (!layer->bytes)
        return blob_place(layer->path, layer->offset, layer->size, true, path, error);
    gsize length;
    const void *data = g_bytes_get_data(layer->bytes, &length);
    return write_bytes(dir, path, data, length, error);
}

static void write_layer(JsonWriter *writer, const char *file, const ImageBlob *layer,
                        const char *source, const char *diff_id)
{
    jsonw_begin_object(writer, JSONW_INLINE);
    jsonw_string_member(writer, "file", file);
    jsonw_string_member(writer, "source", source);
    jsonw_string_member(writer, "digest", layer->digest);
    jsonw_string_member(writer, "diff_id", diff_id);
    jsonw_unsigned_member(writer, "size", layer->size);
    jsonw_string_member(writer, "media_type", media_type_as_oci(layer->media_type));
    jsonw_end_object(writer);
}

static char *make_list(const GPtrArray *names, const GPtrArray *layers, const GPtrArray *sources,
                       const GPtrArray *diff_ids, size_t *ret_length)
{
    g_autoptr(JsonWriter) writer = jsonw_new();
    jsonw_begin_object(writer, JSONW_BLOCK);
    jsonw_string_member(writer, "schema", SCHEMA);
    jsonw_key(writer, "layers");
    jsonw_begin_array(writer, JSONW_BLOCK);
    for (guint i = 0; i < layers->len; i++)
        write_layer(writer, names->pdata[i], layers->pdata[i], sources->pdata[i],
                    diff_ids->pdata[i]);
    jsonw_end_array(writer);
    jsonw_end_object(writer);
    return jsonw_finish(writer, ret_length);
}

static gboolean remove_old(const char *dir, const GPtrArray *old, GPtrArray *names, GError **error)
{
    for (guint i = 0; i < old->len; i++) {
        g_autofree char *path = g_build_filename(dir, old->pdata[i], NULL);
        if (g_ptr_array_find_with_equal_func(names, old->pdata[i], g_str_equal, NULL))
            continue;
        if (unlink(path) < 0 && errno != ENOENT)
            return error_set_errno(error, ERROR_FAILED, errno, "cannot remove %s", path);
    }
    return TRUE;
}

gboolean image_layers_write(const char *dir, const GPtrArray *layers, const GPtrArray *sources,
                            const GPtrArray *diff_ids, GError **error)
{
    g_autofree char *list_path = g_build_filename(dir, "layers.json", NULL);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_assert(layers->len == sources->len && layers->len == diff_ids->len);
    if (!io_make_dirs(dir, error))
        return FALSE;
    g_autoptr(GPtrArray) old = old_files(dir, list_path, error);
    if (!old)
        return FALSE;
    for (guint i = 0; i < layers->len; i++) {
        g_ptr_array_add(names, file_name(i, layers->pdata[i]));
        if (!place_layer(dir, names->pdata[i], layers->pdata[i], error))
            return FALSE;
    }
    size_t length;
    g_autofree char *list = make_list(names, layers, sources, diff_ids, &length);
    return write_bytes(dir, list_path, list, length, error) && remove_old(dir, old, names, error);
}
