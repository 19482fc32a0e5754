#include "image/document.h"

#include "base/limits.h"
#include "image/document_fields.h"
#include "image/reference.h"

ImagePair *image_pair_new(const char *key, const char *value)
{
    ImagePair *pair = g_new0(ImagePair, 1);
    pair->key = g_strdup(key);
    pair->value = g_strdup(value);
    return pair;
}

void image_pair_free(ImagePair *pair)
{
    if (!pair)
        return;
    g_free(pair->key);
    g_free(pair->value);
    g_free(pair);
}

static ImagePair *find_pair(const GPtrArray *pairs, const char *key)
{
    for (guint i = 0; pairs && i < pairs->len; i++) {
        ImagePair *pair = pairs->pdata[i];
        if (g_str_equal(pair->key, key))
            return pair;
    }
    return NULL;
}

const char *image_pairs_find(const GPtrArray *pairs, const char *key)
{
    const ImagePair *pair = find_pair(pairs, key);
    return pair ? pair->value : NULL;
}

void image_pairs_set(GPtrArray *pairs, const char *key, const char *value)
{
    ImagePair *pair = find_pair(pairs, key);
    if (!pair) {
        g_ptr_array_add(pairs, image_pair_new(key, value));
        return;
    }
    g_free(pair->value);
    pair->value = g_strdup(value);
}

const char *media_type_as_oci(const char *media_type)
{
    static const struct {
        const char *docker, *oci;
    } names[] = {
        {"application/vnd.docker.distribution.manifest.list.v2+json", MEDIA_TYPE_INDEX},
        {"application/vnd.docker.distribution.manifest.v2+json", MEDIA_TYPE_MANIFEST},
        {"application/vnd.docker.container.image.v1+json", MEDIA_TYPE_CONFIG},
        {"application/vnd.docker.image.rootfs.diff.tar", MEDIA_TYPE_LAYER},
        {"application/vnd.docker.image.rootfs.diff.tar.gzip", MEDIA_TYPE_LAYER_GZIP},
        {"application/vnd.docker.image.rootfs.diff.tar.zstd", MEDIA_TYPE_LAYER_ZSTD},
    };
    for (size_t i = 0; media_type && i < G_N_ELEMENTS(names); i++) {
        if (g_str_equal(names[i].docker, media_type))
            return names[i].oci;
    }
    return media_type;
}

/* Descriptors. The orders are those of image-spec's specs-go. */

static const DocumentField platform_fields[] = {
    DOCUMENT_FIELD(Platform, architecture, "architecture", DOCUMENT_TEXT, .flags = DOCUMENT_ALWAYS),
    DOCUMENT_FIELD(Platform, os, "os", DOCUMENT_TEXT, .flags = DOCUMENT_ALWAYS),
    DOCUMENT_FIELD(Platform, variant, "variant", DOCUMENT_TEXT),
};
static const DocumentShape platform_shape = {sizeof(Platform), platform_fields,
                                             G_N_ELEMENTS(platform_fields),
                                             (GDestroyNotify)platform_free};

static const DocumentField descriptor_fields[] = {
    DOCUMENT_FIELD(ImageDescriptor, media_type, "mediaType", DOCUMENT_TEXT),
    DOCUMENT_FIELD(ImageDescriptor, digest, "digest", DOCUMENT_TEXT, .flags = DOCUMENT_REQUIRED,
                   .check = image_digest_is_valid, .expected = "a digest"),
    DOCUMENT_FIELD(ImageDescriptor, size, "size", DOCUMENT_NUMBER,
                   .flags = DOCUMENT_ALWAYS | DOCUMENT_REQUIRED),
    DOCUMENT_FIELD(ImageDescriptor, annotations, "annotations", DOCUMENT_PAIRS),
    DOCUMENT_FIELD(ImageDescriptor, platform, "platform", DOCUMENT_RECORD,
                   .shape = &platform_shape),
    DOCUMENT_FIELD(ImageDescriptor, artifact_type, "artifactType", DOCUMENT_TEXT),
};
static const DocumentShape descriptor_shape = {sizeof(ImageDescriptor), descriptor_fields,
                                               G_N_ELEMENTS(descriptor_fields),
                                               (GDestroyNotify)image_descriptor_free};

ImageDescriptor *image_descriptor_new(const char *media_type, const char *digest, guint64 size)
{
    ImageDescriptor *descriptor = document_new(&descriptor_shape);
    descriptor->media_type = g_strdup(media_type);
    descriptor->digest = g_strdup(digest);
    descriptor->size = size;
    return descriptor;
}

void image_descriptor_free(ImageDescriptor *descriptor)
{
    document_free(&descriptor_shape, descriptor);
}

/* Manifests and indexes */

static const DocumentField manifest_fields[] = {
    {.key = "schemaVersion", .type = DOCUMENT_VERSION, .flags = DOCUMENT_ALWAYS},
    DOCUMENT_FIELD(ManifestDocument, media_type, "mediaType", DOCUMENT_TEXT),
    DOCUMENT_FIELD(ManifestDocument, artifact_type, "artifactType", DOCUMENT_TEXT),
    DOCUMENT_FIELD(ManifestDocument, config, "config", DOCUMENT_RECORD, .flags = DOCUMENT_REQUIRED,
                   .shape = &descriptor_shape),
    DOCUMENT_FIELD(ManifestDocument, layers, "layers", DOCUMENT_RECORDS, .flags = DOCUMENT_ALWAYS,
                   .shape = &descriptor_shape, .limit = LIMIT_LAYERS),
    DOCUMENT_FIELD(ManifestDocument, annotations, "annotations", DOCUMENT_PAIRS),
};
static const DocumentShape manifest_shape = {sizeof(ManifestDocument), manifest_fields,
                                             G_N_ELEMENTS(manifest_fields),
                                             (GDestroyNotify)manifest_document_free};

static const DocumentField index_fields[] = {
    {.key = "schemaVersion", .type = DOCUMENT_VERSION, .flags = DOCUMENT_ALWAYS},
    DOCUMENT_FIELD(IndexDocument, media_type, "mediaType", DOCUMENT_TEXT),
    DOCUMENT_FIELD(IndexDocument, manifests, "manifests", DOCUMENT_RECORDS,
                   .flags = DOCUMENT_ALWAYS, .shape = &descriptor_shape),
    DOCUMENT_FIELD(IndexDocument, annotations, "annotations", DOCUMENT_PAIRS),
};
static const DocumentShape index_shape = {sizeof(IndexDocument), index_fields,
                                          G_N_ELEMENTS(index_fields),
                                          (GDestroyNotify)index_document_free};

/* A document that could be read as a manifest and as an index is neither: whoever checks the one
 * and uses the other would be deceived (image-spec 1.1, manifest.md and image-index.md). */
static gboolean check_kind(const char *name, const Json *json, const char *oci_type,
                           const char *foreign_key, const char *what, GError **error)
{
    const char *type = media_type_as_oci(json_find_text(json, "mediaType"));
    if (type && !g_str_equal(type, oci_type))
        return error_set(error, ERROR_INPUT, SPAN_NONE, "%s is not %s: its mediaType is '%.200s'",
                         name, what, type);
    const Json *foreign = json_find(json, foreign_key);
    if (foreign && !json_is_none(foreign))
        return error_set(error, ERROR_INPUT, SPAN_NONE, "%s is not %s: it has '%s'", name, what,
                         foreign_key);
    return TRUE;
}

ManifestDocument *manifest_document_new(void)
{
    return document_new(&manifest_shape);
}

ManifestDocument *manifest_document_decode(const char *name, const char *text, size_t length,
                                           GError **error)
{
    g_autoptr(ManifestDocument) manifest = manifest_document_new();
    g_autoptr(Json) json = document_parse(name, text, length, error);
    if (!json ||
        !check_kind(name, json, MEDIA_TYPE_MANIFEST, "manifests", "an image manifest", error) ||
        !document_decode(&manifest_shape, name, json, manifest, error))
        return NULL;
    return g_steal_pointer(&manifest);
}

char *manifest_document_encode(const ManifestDocument *manifest, size_t *ret_length)
{
    return document_encode(&manifest_shape, manifest, ret_length);
}

void manifest_document_free(ManifestDocument *manifest)
{
    document_free(&manifest_shape, manifest);
}

IndexDocument *index_document_new(void)
{
    return document_new(&index_shape);
}

IndexDocument *index_document_decode(const char *name, const char *text, size_t length,
                                     GError **error)
{
    g_autoptr(IndexDocument) index = index_document_new();
    g_autoptr(Json) json = document_parse(name, text, length, error);
    if (!json || !check_kind(name, json, MEDIA_TYPE_INDEX, "layers", "an image index", error) ||
        !check_kind(name, json, MEDIA_TYPE_INDEX, "config", "an image index", error) ||
        !document_decode(&index_shape, name, json, index, error))
        return NULL;
    return g_steal_pointer(&index);
}

char *index_document_encode(const IndexDocument *index, size_t *ret_length)
{
    return document_encode(&index_shape, index, ret_length);
}

void index_document_free(IndexDocument *index)
{
    document_free(&index_shape, index);
}
