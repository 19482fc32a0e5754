#include "image/image_output.h"
#include "image/layout_index.h"
#include "image/reference.h"
#include "image/tar_output.h"
#include "text/jsonw.h"

/* What goes into the archive, in order: documents first, so that a reader of a stream knows what
 * the layers after them are. */
typedef struct {
    GPtrArray *blobs;       /* const ImageBlob, each once */
    GHashTable *known;      /* digests of them */
    char *index, *manifest; /* index.json, manifest.json or NULL */
} Contents;

static void contents_clear(Contents *contents)
{
    g_ptr_array_unref(contents->blobs);
    g_hash_table_unref(contents->known);
    g_free(contents->index);
    g_free(contents->manifest);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Contents, contents_clear)

static void add_blob(Contents *contents, const ImageBlob *blob)
{
    if (g_hash_table_add(contents->known, blob->digest))
        g_ptr_array_add(contents->blobs, (ImageBlob *)blob);
}

static void add_blobs(Contents *contents, const GPtrArray *images, const ImageBlob *root)
{
    add_blob(contents, root);
    for (guint i = 0; i < images->len; i++) {
        const Image *image = images->pdata[i];
        add_blob(contents, image->manifest);
        add_blob(contents, image->config);
    }
    for (guint i = 0; i < images->len; i++) {
        const Image *image = images->pdata[i];
        for (guint n = 0; n < image->layers->len; n++)
            add_blob(contents, image->layers->pdata[n]);
    }
}

/* Names */

/* What an image is called in an archive. */
typedef struct {
    char *ref_name;  /* in index.json, or NULL */
    char *full_name; /* with host and tag, or NULL */
    char *repo_tag;  /* in manifest.json, or NULL */
} Names;

static void names_clear(Names *names)
{
    g_free(names->ref_name);
    g_free(names->full_name);
    g_free(names->repo_tag);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Names, names_clear)

/* As docker writes a short name in full. */
static gboolean name_reference(const char *text, Names *names, GError **error)
{
    g_autoptr(ImageReference) reference = image_reference_parse(text, error);
    if (!reference)
        return FALSE;
    if (reference->digest)
        return error_set(error, ERROR_INPUT, SPAN_NONE,
                         "'%s': an archive names its image by a tag, not by a digest", text);
    const char *tag = reference->tag ? reference->tag : "latest";
    const char *host = reference->host ? reference->host : "docker.io";
    const char *library = !reference->host && !strchr(reference->path, '/') ? "library/" : "";
    names->ref_name = g_strdup(tag);
    names->full_name = g_strdup_printf("%s/%s%s:%s", host, library, reference->path, tag);
    names->repo_tag = reference->tag ? g_strdup(text) : g_strdup_printf("%s:%s", text, tag);
    return TRUE;
}

static gboolean find_names(ImageArchiveKind kind, const char *tag, Names *names, GError **error)
{
    if (!tag)
        return TRUE;
    if (kind == IMAGE_ARCHIVE_DOCKER)
        return name_reference(tag, names, error);
    if (!image_ref_name_check(tag, error))
        return FALSE;
    names->ref_name = g_strdup(tag);
    return TRUE;
}

/* Documents */

/* What `docker save` writes beside the layout, and `docker load` reads. */
static char *make_docker_manifest(const Image *image, const Names *names)
{
    g_autoptr(JsonWriter) writer = jsonw_new();
    g_autofree char *config = image_blob_layout_path(image->config->digest);
    jsonw_begin_array(writer, JSONW_COMPACT);
    jsonw_begin_object(writer, JSONW_COMPACT);
    jsonw_string_member(writer, "Config", config);
    jsonw_key(writer, "RepoTags");
    jsonw_begin_array(writer, JSONW_COMPACT);
    if (names->repo_tag)
        jsonw_string(writer, names->repo_tag);
    jsonw_end_array(writer);
    jsonw_key(writer, "Layers");
    jsonw_begin_array(writer, JSONW_COMPACT);
    for (guint i = 0; i < image->layers->len; i++) {
        const ImageBlob *layer = image->layers->pdata[i];
        g_autofree char *path = image_blob_layout_path(layer->digest);
        jsonw_string(writer, path);
    }
    jsonw_end_array(writer);
    jsonw_end_object(writer);
    jsonw_end_array(writer);
    return jsonw_finish(writer, NULL);
}

static gboolean make_documents(Contents *contents, const GPtrArray *images, const Names *names,
                               GError **error)
{
    g_autoptr(ImageDescriptor) entry = images_describe(images, names->ref_name);
    if (names->full_name)
        image_pairs_set(entry->annotations, ANNOTATION_CONTAINERD_NAME, names->full_name);
    contents->index = layout_index_edit("index.json", NULL, 0, entry, NULL, error);
    if (images->len == 1)
        contents->manifest = make_docker_manifest(images->pdata[0], names);
    return contents->index != NULL;
}

/* The tar file */

static gboolean write_header(TarOutput *out, EntryKind kind, const char *path, guint64 size,
                             GError **error)
{
    ArchiveEntry entry = {
        .kind = kind, .path = path, .size = size, .mode = kind == ENTRY_FOLDER ? 0755 : 0644};
    return tar_output_header(out, &entry, error);
}

static gboolean write_text(TarOutput *out, const char *path, const char *text, GError **error)
{
    size_t length = strlen(text);
    return write_header(out, ENTRY_FILE, path, length, error) &&
           tar_output_write(out, text, length, error) && tar_output_pad(out, length, error);
}

static gboolean write_blob(TarOutput *out, const ImageBlob *blob, GError **error)
{
    g_autofree char *path = image_blob_layout_path(blob->digest);
    return write_header(out, ENTRY_FILE, path, blob->size, error) &&
           image_blob_write(blob, tar_output_write, out, error) &&
           tar_output_pad(out, blob->size, error);
}

/* "blobs/sha256" and, where a base has such digests, "blobs/sha512". */
static gboolean write_folders(TarOutput *out, const Contents *contents, GError **error)
{
    static const char *const algorithms[] = {"sha256", "sha512"};
    if (!write_header(out, ENTRY_FOLDER, "blobs", 0, error))
        return FALSE;
    for (size_t i = 0; i < G_N_ELEMENTS(algorithms); i++) {
        g_autofree char *path = g_strdup_printf("blobs/%s", algorithms[i]);
        bool used = false;
        for (guint n = 0; n < contents->blobs->len && !used; n++)
            used = g_str_has_prefix(((const ImageBlob *)contents->blobs->pdata[n])->digest,
                                    algorithms[i]);
        if (used && !write_header(out, ENTRY_FOLDER, path, 0, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean write_contents(TarOutput *out, void *data, GError **error)
{
    const Contents *contents = data;
    if (!write_text(out, "oci-layout", IMAGE_LAYOUT_FILE, error) ||
        !write_text(out, "index.json", contents->index, error) ||
        (contents->manifest && !write_text(out, "manifest.json", contents->manifest, error)) ||
        !write_folders(out, contents, error))
        return FALSE;
    for (guint i = 0; i < contents->blobs->len; i++) {
        if (!write_blob(out, contents->blobs->pdata[i], error))
            return FALSE;
    }
    return TRUE;
}

gboolean image_archive_write(ImageArchiveKind kind, const char *path, const char *tag,
                             const GPtrArray *images, GError **error)
{
    if (kind == IMAGE_ARCHIVE_DOCKER && images->len > 1)
        return error_set(error, ERROR_INPUT, SPAN_NONE,
                         "a docker archive holds the image of one platform, not of %u",
                         images->len);
    g_auto(Names) names = {NULL, NULL, NULL};
    g_auto(Contents)
        contents = {g_ptr_array_new(), g_hash_table_new(g_str_hash, g_str_equal), NULL, NULL};
    g_autoptr(ImageBlob) root = images_root(images);
    if (!find_names(kind, tag, &names, error) || !make_documents(&contents, images, &names, error))
        return FALSE;
    add_blobs(&contents, images, root);
    return tar_output_make(path, write_contents, &contents, error);
}
