/* The JSON documents of an image: configuration, manifest, index (image-spec 1.1; Docker's manifest
 * schema 2 and its lists are read too).
 *
 * Encoding is compact, keys in the order of the specification's Go structs, lists that are maps
 * there sorted: equal values give equal bytes, and a program that reads and writes them again keeps
 * the bytes. Decoding is lenient where the specification is (unknown keys, null for absent) and
 * strict in types, digests and sizes; what is wrong is ERROR_INPUT naming the document. */
#pragma once

#include "image/platform.h"

/* Lists of these are sorted by key when they are encoded. */
typedef struct {
    char *key, *value;
} ImagePair;
ImagePair *image_pair_new(const char *key, const char *value);
void image_pair_free(ImagePair *pair);
/* The value of the key in a list of ImagePair, or NULL. */
const char *image_pairs_find(const GPtrArray *pairs, const char *key);
/* Adds the pair, or gives the key the new value. */
void image_pairs_set(GPtrArray *pairs, const char *key, const char *value);

typedef struct {
    char *created;          /* RFC 3339, or NULL */
    char *created_by;       /* or NULL */
    char *author, *comment; /* or NULL */
    bool empty_layer;
} ImageHistory;
ImageHistory *image_history_new(const char *created, const char *created_by, bool empty_layer);
void image_history_free(ImageHistory *history);

typedef struct {
    char **test; /* NULL-terminated: {"NONE"}, {"CMD", …}, {"CMD-SHELL", text} */
    gint64 interval, timeout, start_period, start_interval; /* nanoseconds; 0: the default */
    gint64 retries;                                         /* 0: the default */
} ImageHealthcheck;
void image_healthcheck_free(ImageHealthcheck *healthcheck);

/* Absent texts and lists are NULL, but for the GPtrArray, which are never NULL. */
typedef struct {
    char *created, *author;
    char *architecture, *os, *variant;
    char *user, *workdir, *stop_signal;
    char **env;                    /* "KEY=value", in order; never NULL */
    char **entrypoint, **cmd;      /* NULL: absent */
    char **shell;                  /* Docker's SHELL; NULL: absent */
    GPtrArray *ports;              /* char*: "8000/tcp" */
    GPtrArray *volumes;            /* char* */
    GPtrArray *labels;             /* ImagePair */
    ImageHealthcheck *healthcheck; /* or NULL */
    GPtrArray *diff_ids;           /* char*: "sha256:…", lowest first */
    GPtrArray *history;            /* ImageHistory, lowest first */
} ImageConfig;

ImageConfig *image_config_new(const Platform *platform);
ImageConfig *image_config_decode(const char *name, const char *text, size_t length, GError **error);
ImageConfig *image_config_copy(const ImageConfig *config);
void image_config_free(ImageConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ImageConfig, image_config_free)
char *image_config_encode(const ImageConfig *config, size_t *ret_length);
/* Makes the history have exactly one entry that is no empty_layer for each diff_id: some registries
 * and builders count on it, and some bases lack it. */
void image_config_complete_history(ImageConfig *config);

typedef struct {
    char *media_type; /* or NULL */
    char *digest;     /* "sha256:…" */
    guint64 size;
    Platform *platform;     /* in an index, its texts may be NULL; or NULL */
    GPtrArray *annotations; /* ImagePair; never NULL */
    char *artifact_type;    /* or NULL */
} ImageDescriptor;
ImageDescriptor *image_descriptor_new(const char *media_type, const char *digest, guint64 size);
void image_descriptor_free(ImageDescriptor *descriptor);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ImageDescriptor, image_descriptor_free)

typedef struct {
    char *media_type; /* or NULL */
    char *artifact_type;
    ImageDescriptor *config;
    GPtrArray *layers;      /* ImageDescriptor, lowest first */
    GPtrArray *annotations; /* ImagePair */
} ManifestDocument;
ManifestDocument *manifest_document_new(void);
ManifestDocument *manifest_document_decode(const char *name, const char *text, size_t length,
                                           GError **error);
char *manifest_document_encode(const ManifestDocument *manifest, size_t *ret_length);
void manifest_document_free(ManifestDocument *manifest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ManifestDocument, manifest_document_free)

typedef struct {
    char *media_type;       /* or NULL */
    GPtrArray *manifests;   /* ImageDescriptor */
    GPtrArray *annotations; /* ImagePair */
} IndexDocument;
IndexDocument *index_document_new(void);
IndexDocument *index_document_decode(const char *name, const char *text, size_t length,
                                     GError **error);
char *index_document_encode(const IndexDocument *index, size_t *ret_length);
void index_document_free(IndexDocument *index);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(IndexDocument, index_document_free)

#define MEDIA_TYPE_INDEX "application/vnd.oci.image.index.v1+json"
#define MEDIA_TYPE_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define MEDIA_TYPE_CONFIG "application/vnd.oci.image.config.v1+json"
#define MEDIA_TYPE_LAYER "application/vnd.oci.image.layer.v1.tar"
#define MEDIA_TYPE_LAYER_GZIP "application/vnd.oci.image.layer.v1.tar+gzip"
#define MEDIA_TYPE_LAYER_ZSTD "application/vnd.oci.image.layer.v1.tar+zstd"
/* The OCI name of a media type that Docker's documents use; the same text for any other. */
const char *media_type_as_oci(const char *media_type);
