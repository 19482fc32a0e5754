#include "test.h"

#include "base/limits.h"
#include "image/document.h"

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B64 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define DA "\"sha256:" A64 "\""
#define DB "\"sha256:" B64 "\""

typedef enum {
    KIND_CONFIG,
    KIND_MANIFEST,
    KIND_INDEX,
} Kind;

/* Decodes, copies where that is possible, encodes. */
static char *recode(Kind kind, const char *text, size_t length, GError **error)
{
    if (kind == KIND_CONFIG) {
        g_autoptr(ImageConfig) config = image_config_decode("config", text, length, error);
        g_autoptr(ImageConfig) copy = config ? image_config_copy(config) : NULL;
        return copy ? image_config_encode(copy, NULL) : NULL;
    }
    if (kind == KIND_MANIFEST) {
        g_autoptr(ManifestDocument) manifest =
            manifest_document_decode("manifest", text, length, error);
        return manifest ? manifest_document_encode(manifest, NULL) : NULL;
    }
    g_autoptr(IndexDocument) index = index_document_decode("index", text, length, error);
    return index ? index_document_encode(index, NULL) : NULL;
}

#define SAME NULL /* encoding gives the bytes that were read */

static const struct {
    const char *name;
    Kind kind;
    const char *text, *expected;
} good[] = {
    {"smallest config", KIND_CONFIG,
     "{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{},"
     "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}",
     SAME},
    {"every key", KIND_CONFIG,
     "{\"created\":\"2024-01-01T00:00:00Z\",\"author\":\"me\",\"architecture\":\"arm\","
     "\"os\":\"linux\",\"variant\":\"v7\",\"config\":{\"User\":\"app:app\","
     "\"ExposedPorts\":{\"53/udp\":{},\"8000/tcp\":{}},\"Env\":[\"PATH=/bin\",\"A=\"],"
     "\"Entrypoint\":[\"python\"],\"Cmd\":[\"-m\",\"app\"],\"Volumes\":{\"/data\":{}},"
     "\"WorkingDir\":\"/app\",\"Labels\":{\"a\":\"1\",\"b\":\"\"},\"StopSignal\":\"SIGINT\","
     "\"Healthcheck\":{\"Test\":[\"CMD\",\"true\"],\"Interval\":1000000000,\"Timeout\":5,"
     "\"StartPeriod\":6,\"StartInterval\":7,\"Retries\":3},\"Shell\":[\"/bin/bash\",\"-c\"]},"
     "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[" DA "," DB "]},"
     "\"history\":[{\"created\":\"2024-01-01T00:00:00Z\",\"created_by\":\"ADD x\","
     "\"author\":\"you\",\"comment\":\"c\"},{\"created_by\":\"CMD\",\"empty_layer\":true}]}",
     SAME},
    {"maps are sorted, null and unknown keys go", KIND_CONFIG,
     " {\"os\": \"linux\", \"architecture\": \"amd64\", \"container\": \"x\", \"variant\": \"\",\n"
     "\"config\": {\"Labels\": {\"b\": \"2\", \"a\": \"1\", \"c\": null}, \"Env\": null,"
     "\"Cmd\": [], \"ExposedPorts\": {\"9/tcp\": null, \"10/tcp\": {}}, \"OnBuild\": [],"
     "\"Image\": \"\", \"User\": \"\", \"Healthcheck\": null}, \"history\": null,"
     "\"rootfs\": {\"type\": \"layers\", \"diff_ids\": null}}",
     "{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{\"ExposedPorts\":{\"10/tcp\":{},"
     "\"9/tcp\":{}},\"Labels\":{\"a\":\"1\",\"b\":\"2\"}},"
     "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}"},
    {"variables without a value are none", KIND_CONFIG,
     "{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{\"Env\":[\"A\",\"B=1\"]}}",
     "{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{\"Env\":[\"B=1\"]},"
     "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}"},
    {"escapes as Go", KIND_CONFIG,
     "{\"author\":\"<a@b> & \\u2028\\u2029\\\"\\\\ \\n\\u00e9/\",\"architecture\":\"amd64\","
     "\"os\":\"linux\",\"config\":{}}",
     "{\"author\":\"\\u003ca@b\\u003e \\u0026 \\u2028\\u2029\\\"\\\\ \\n\u00e9/\","
     "\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{},"
     "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}"},
    {"manifest", KIND_MANIFEST,
     "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\","
     "\"config\":{\"mediaType\":\"application/vnd.oci.image.config.v1+json\",\"digest\":" DA
     ",\"size\":10},\"layers\":[{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+gzip\","
     "\"digest\":" DB ",\"size\":9223372036854775807,\"annotations\":{\"k\":\"v\"}}],"
     "\"annotations\":{\"a\":\"b\"}}",
     SAME},
    {"docker manifest", KIND_MANIFEST,
     "{\"schemaVersion\":2,"
     "\"mediaType\":\"application/vnd.docker.distribution.manifest.v2+json\","
     "\"config\":{\"mediaType\":\"application/vnd.docker.container.image.v1+json\",\"digest\":" DA
     ",\"size\":0},\"layers\":[]}",
     SAME},
    {"manifest without version and media type", KIND_MANIFEST,
     "{\"config\":{\"digest\":" DA ",\"size\":1,\"urls\":[\"x\"]},\"layers\":null,"
     "\"manifests\":null}",
     "{\"schemaVersion\":2,\"config\":{\"digest\":" DA ",\"size\":1},\"layers\":[]}"},
    {"index", KIND_INDEX,
     "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\","
     "\"manifests\":[{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"digest\":" DA
     ",\"size\":7,\"annotations\":{\"org.opencontainers.image.ref.name\":\"v1\"},"
     "\"platform\":{\"architecture\":\"arm64\",\"os\":\"linux\",\"variant\":\"v8\"}}]}",
     SAME},
    {"docker list, platform without an architecture", KIND_INDEX,
     "{\"schemaVersion\":2,"
     "\"mediaType\":\"application/vnd.docker.distribution.manifest.list.v2+json\","
     "\"manifests\":[{\"digest\":" DA ",\"size\":7,\"platform\":{\"os\":\"linux\"}}]}",
     "{\"schemaVersion\":2,"
     "\"mediaType\":\"application/vnd.docker.distribution.manifest.list.v2+json\","
     "\"manifests\":[{\"digest\":" DA
     ",\"size\":7,\"platform\":{\"architecture\":\"\",\"os\":\"linux\"}}]}"},
    {"empty index", KIND_INDEX, "{}", "{\"schemaVersion\":2,\"manifests\":[]}"},
};

TEST(encoding_is_canonical)
{
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        GError *error = NULL;
        g_autofree char *once = recode(good[i].kind, good[i].text, strlen(good[i].text), &error);
        assert_no_error(error);
        assert_text(good[i].name, good[i].expected ? good[i].expected : good[i].text, once);
        g_autofree char *twice = recode(good[i].kind, once, strlen(once), &error);
        assert_no_error(error);
        assert_text(good[i].name, once, twice);
    }
}

static const struct {
    Kind kind;
    const char *text, *message;
} bad[] = {
    {KIND_CONFIG, "[]", "config is not a JSON object"},
    {KIND_CONFIG, "{\"os\":1}", "config: os is not a text"},
    {KIND_CONFIG, "{\"config\":[]}", "config: config is not an object"},
    {KIND_CONFIG, "{\"config\":{\"Env\":\"A=1\"}}", "config: config.Env is not a list"},
    {KIND_CONFIG, "{\"config\":{\"Env\":[\"A=1\",2]}}", "config: config.Env[1] is not a text"},
    {KIND_CONFIG, "{\"config\":{\"Labels\":{\"a\":1}}}", "config: config.Labels.a is not a text"},
    {KIND_CONFIG, "{\"config\":{\"Volumes\":[]}}", "config: config.Volumes is not an object"},
    {KIND_CONFIG, "{\"config\":{\"Healthcheck\":{\"Retries\":-1}}}",
     "config: config.Healthcheck.Retries is not a number from 0"},
    {KIND_CONFIG, "{\"rootfs\":{\"type\":\"tree\"}}", "config: rootfs.type is not layers"},
    {KIND_CONFIG, "{\"rootfs\":{\"diff_ids\":[\"sha256:../x\"]}}",
     "config: rootfs.diff_ids[0] is not a digest"},
    {KIND_CONFIG, "{\"history\":[{\"empty_layer\":1}]}",
     "config: history[0].empty_layer is neither true nor false"},
    {KIND_MANIFEST, "{}", "manifest: config is missing"},
    {KIND_MANIFEST, "{\"schemaVersion\":1}",
     "manifest: schemaVersion is not 2, the only one in use"},
    {KIND_MANIFEST, "{\"config\":{\"size\":1}}", "manifest: config.digest is missing"},
    {KIND_MANIFEST, "{\"config\":{\"digest\":" DA "}}", "manifest: config.size is missing"},
    {KIND_MANIFEST, "{\"config\":{\"digest\":" DA ",\"size\":-1}}",
     "manifest: config.size is not a number from 0"},
    {KIND_MANIFEST, "{\"config\":{\"digest\":" DA ",\"size\":1.0}}",
     "manifest: config.size is not a number from 0"},
    {KIND_MANIFEST,
     "{\"config\":{\"digest\":" DA ",\"size\":1},\"layers\":[{\"digest\":\"md5:00\",\"size\":1}]}",
     "manifest: layers[0].digest is not a digest"},
    {KIND_MANIFEST, "{\"manifests\":[]}", "manifest is not an image manifest: it has 'manifests'"},
    {KIND_MANIFEST, "{\"mediaType\":\"application/vnd.oci.image.index.v1+json\"}",
     "manifest is not an image manifest: its mediaType is "
     "'application/vnd.oci.image.index.v1+json'"},
    {KIND_INDEX, "{\"manifests\":[],\"layers\":[]}",
     "index is not an image index: it has 'layers'"},
    {KIND_INDEX, "{\"manifests\":{}}", "index: manifests is not a list"},
    {KIND_INDEX, "{\"manifests\":[1]}", "index: manifests[0] is not an object"},
};

TEST(wrong_documents_are_named)
{
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *text = recode(bad[i].kind, bad[i].text, strlen(bad[i].text), &error);
        g_assert_null(text);
        g_assert_nonnull(error);
        assert_text(bad[i].text, bad[i].message, error->message);
        g_assert_cmpint(error_exit_status(error), ==, 1);
    }
}

TEST(limits)
{
    g_autofree char *blanks = g_strnfill(LIMIT_IMAGE_DOCUMENT_BYTES + 1, ' ');
    g_autoptr(GError) error = NULL;
    g_assert_null(recode(KIND_INDEX, blanks, LIMIT_IMAGE_DOCUMENT_BYTES + 1, &error));
    assert_text(NULL, "index has 8388609 bytes, the limit is 8388608", error->message);
    g_clear_error(&error);

    g_autoptr(GString) many = g_string_new("{\"rootfs\":{\"diff_ids\":[" DA);
    for (unsigned i = 0; i < LIMIT_LAYERS; i++)
        g_string_append(many, "," DA);
    g_string_append(many, "]}}");
    g_assert_null(recode(KIND_CONFIG, many->str, many->len, &error));
    assert_text(NULL, "config: rootfs.diff_ids has too many items", error->message);
}

/* "L" an entry of a layer, "e" one without; afterwards "?" for an added one. */
static const struct {
    const char *before;
    unsigned layers;
    const char *after;
} histories[] = {
    {"", 0, ""},    {"", 2, "??"},     {"LeL", 2, "LeL"},   {"e", 1, "?e"},
    {"L", 2, "?L"}, {"LLL", 1, "eeL"}, {"LeLL", 2, "eeLL"}, {"LL", 0, "ee"},
};

TEST(history_has_an_entry_for_each_layer)
{
    for (size_t i = 0; i < G_N_ELEMENTS(histories); i++) {
        g_autoptr(Platform) platform = platform_parse("linux/amd64", NULL);
        g_autoptr(ImageConfig) config = image_config_new(platform);
        for (const char *p = histories[i].before; *p; p++)
            g_ptr_array_add(config->history, image_history_new(NULL, "x", *p == 'e'));
        for (unsigned n = 0; n < histories[i].layers; n++)
            g_ptr_array_add(config->diff_ids, g_strdup("sha256:" A64));
        image_config_complete_history(config);
        g_autoptr(GString) after = g_string_new(NULL);
        for (guint n = 0; n < config->history->len; n++) {
            const ImageHistory *entry = config->history->pdata[n];
            g_string_append_c(after, entry->comment ? '?' : entry->empty_layer ? 'e' : 'L');
        }
        assert_text(histories[i].before, histories[i].after, after->str);
    }
}

TEST(pairs)
{
    g_autoptr(GPtrArray) pairs = g_ptr_array_new_with_free_func((GDestroyNotify)image_pair_free);
    image_pairs_set(pairs, "b", "1");
    image_pairs_set(pairs, "a", "2");
    image_pairs_set(pairs, "b", "3");
    g_assert_cmpuint(pairs->len, ==, 2);
    assert_text(NULL, "3", image_pairs_find(pairs, "b"));
    g_assert_null(image_pairs_find(pairs, "c"));
    g_assert_null(image_pairs_find(NULL, "c"));
}

TEST(media_types)
{
    assert_text(NULL, MEDIA_TYPE_LAYER_GZIP,
                media_type_as_oci("application/vnd.docker.image.rootfs.diff.tar.gzip"));
    assert_text(NULL, "text/plain", media_type_as_oci("text/plain"));
    g_assert_null(media_type_as_oci(NULL));
}
