/* The configuration that a recipe leaves over a base: as one document, and by rule. */
#include "plan/image_labels.h"
#include "plan/image_settings.h"
#include "test.h"

#include <sys/stat.h>

#define HEAD "version: 1\nname: svc\nbase: example.org/py:3.11\npython: 3.11\nlibc: glibc 2.36\n"

static const char base_json[] =
    "{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{"
    "\"User\":\"old\",\"ExposedPorts\":{\"80/tcp\":{}},"
    "\"Env\":[\"PATH=/usr/bin:/bin\",\"LANG=C\"],\"Entrypoint\":[\"/entry\"],\"Cmd\":[\"old\"],"
    "\"Labels\":{\"a\":\"b\",\"dev.ramekin.forced\":\"true\",\"org.opencontainers.image.title\":"
    "\"py\"},"
    "\"StopSignal\":\"SIGINT\"},"
    "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:"
    "1111111111111111111111111111111111111111111111111111111111111111\"]},"
    "\"history\":[{\"created_by\":\"base\"}]}";

typedef struct {
    RecipeFile *file;
    Recipe *recipe;
    LockTarget *target;
    Plan *plan;
    ImageConfig *base;
    ImageSettings settings;
} Fixture;

static void fixture_free(Fixture *fixture)
{
    plan_free(fixture->plan);
    lock_target_free(fixture->target);
    recipe_free(fixture->recipe);
    recipe_file_unref(fixture->file);
    image_config_free(fixture->base);
    g_free(fixture);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Fixture, fixture_free)

static Fixture *fixture_new(const char *text)
{
    Fixture *fixture = g_new0(Fixture, 1);
    g_autofree char *whole = g_strconcat(HEAD, text, NULL);
    g_autoptr(Source) source = source_new("ramekin.yaml", whole, strlen(whole));
    g_autoptr(Diags) diags = diags_new();
    RecipeOptions options = {.shipped_stages = "stages"};
    fixture->file = recipe_file_from_source(source, "ramekin.yaml", diags);
    fixture->recipe = fixture->file ? recipe_decode(fixture->file, NULL, &options, diags) : NULL;
    if (!fixture->recipe)
        g_error("%s", diags_format(diags, false));
    fixture->target = lock_target_new(NULL, "linux/amd64");
    for (guint i = 0; i < fixture->recipe->stages->len; i++) {
        const Stage *stage = fixture->recipe->stages->pdata[i];
        g_ptr_array_add(fixture->target->stages,
                        lock_stage_new(stage->name, stage_kind_name(stage->kind), "x:1"));
    }
    fixture->plan = plan_new(fixture->recipe, fixture->target);
    GError *error = NULL;
    fixture->base = image_config_decode("base", base_json, strlen(base_json), &error);
    assert_no_error(error);
    fixture->settings = (ImageSettings){.plan = fixture->plan,
                                        .base = fixture->base,
                                        .base_name = "example.org/py:3.11",
                                        .base_digest = "sha256:22",
                                        .created = "1980-01-01T00:00:00Z"};
    return fixture;
}

static char *config_of(const Fixture *fixture, GError **error)
{
    g_autoptr(ImageConfig) config = NULL;
    if (!image_settings_config(&fixture->settings, &config, error))
        return NULL;
    return image_config_encode(config, NULL);
}

#define FRAME_LABELS                                                                               \
    "\"a\":\"b\",\"dev.ramekin.format\":\"2\","                                                    \
    "\"org.opencontainers.image.base.digest\":\"sha256:22\","                                      \
    "\"org.opencontainers.image.base.name\":\"example.org/py:3.11\","                              \
    "\"org.opencontainers.image.created\":\"1980-01-01T00:00:00Z\""

TEST(whole_document)
{
    g_autoptr(Fixture) fixture = fixture_new(
        "description: A service\n"
        "env: {PATH: \"/opt/bin:$PATH\", HOME_OF: \"${LANG}-$NONE\", Z: \"two words\"}\n"
        "workdir: /srv\nuser: {name: app, uid: 1000}\n"
        "entrypoint: [python, -m, app]\n"
        "ports: [\"080\", 8000/udp]\nvolumes: [/data]\nstop_signal: SIGTERM\n"
        "labels: {team: infra, org.opencontainers.image.title: Mine}\n"
        "healthcheck: {cmd: [python, -m, health], interval: 30s, timeout: 1500ms, "
        "retries: 2}\n");
    GError *error = NULL;
    g_autofree char *found = config_of(fixture, &error);
    assert_no_error(error);
    assert_text(
        NULL,
        "{\"created\":\"1980-01-01T00:00:00Z\",\"architecture\":\"amd64\",\"os\":\"linux\","
        "\"config\":{\"User\":\"app\",\"ExposedPorts\":{\"80/tcp\":{},\"8000/udp\":{}},"
        "\"Env\":[\"PATH=/opt/bin:/usr/bin:/bin\",\"LANG=C\",\"HOME_OF=C-\",\"Z=two words\"],"
        "\"Entrypoint\":[\"python\",\"-m\",\"app\"],\"Volumes\":{\"/data\":{}},"
        "\"WorkingDir\":\"/srv\",\"Labels\":{" FRAME_LABELS ","
        "\"org.opencontainers.image.description\":\"A service\","
        "\"org.opencontainers.image.title\":\"Mine\",\"team\":\"infra\"},"
        "\"StopSignal\":\"SIGTERM\",\"Healthcheck\":{\"Test\":[\"CMD\",\"python\",\"-m\","
        "\"health\"],\"Interval\":30000000000,\"Timeout\":1500000000,\"Retries\":2}},"
        "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:"
        "1111111111111111111111111111111111111111111111111111111111111111\"]},"
        "\"history\":[{\"created_by\":\"base\"}]}",
        found);
}

/* What each key leaves, as a piece of the document that is there or is not. */
TEST(rules)
{
    static const struct {
        const char *recipe, *there, *absent; /* either may be NULL */
    } rows[] = {
        {"", "\"Entrypoint\":[\"/entry\"],\"Cmd\":[\"old\"]", "Healthcheck"},
        {"", "\"User\":\"old\"", "dev.ramekin.forced"},
        {"cmd: [new]\n", "\"Entrypoint\":[\"/entry\"],\"Cmd\":[\"new\"]", NULL},
        {"entrypoint: [e]\n", "\"Entrypoint\":[\"e\"]", "\"Cmd\""},
        {"entrypoint: [e]\ncmd: [c]\n", "\"Entrypoint\":[\"e\"],\"Cmd\":[\"c\"]", NULL},
        {"healthcheck: none\n", "\"Healthcheck\":{\"Test\":[\"NONE\"]}", NULL},
        {"healthcheck: generated\nchecks: {runtime: [{import: [os]}]}\n",
         "\"Healthcheck\":{\"Test\":[\"CMD\",\"python3\",\"/opt/ramekin/check.py\","
         "\"--health\"]}",
         NULL},
        {"user: 1000:1000\n", "\"User\":\"1000:1000\"", NULL},
        {"env: {A: \"1\", B: $A}\n", "\"A=1\",\"B=\"", NULL},
        {"env: {LANG: $LANG.UTF-8}\n", "\"Env\":[\"PATH=/usr/bin:/bin\",\"LANG=C.UTF-8\"]", NULL},
        {"ports: [80, 80/tcp]\n", "\"ExposedPorts\":{\"80/tcp\":{}}", NULL},
        {"stages: [{run: {name: fetch, script: x, network: true}}]\n",
         "\"dev.ramekin.unreproducible\":\"stage fetch uses the network\"", NULL},
        {"stages: [{download: {url: \"https://example.org/x\", dest: /x}}]\n",
         "\"dev.ramekin.unreproducible\":\"stage download#1 downloads without a digest\"", NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Fixture) fixture = fixture_new(rows[i].recipe);
        GError *error = NULL;
        g_autofree char *found = config_of(fixture, &error);
        assert_no_error(error);
        if (rows[i].there && !strstr(found, rows[i].there))
            assert_text(rows[i].recipe, rows[i].there, found);
        if (rows[i].absent && strstr(found, rows[i].absent))
            g_error("%s: %s is in %s", rows[i].recipe, rows[i].absent, found);
    }
}

TEST(virtual_environment)
{
    static const struct {
        const char *recipe, *there;
    } rows[] = {
        {"", "\"PATH=/opt/venv/bin:/usr/bin:/bin\",\"LANG=C\",\"VIRTUAL_ENV=/opt/venv\""},
        {"env: {PATH: /x}\n", "\"PATH=/x\",\"LANG=C\"]"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Fixture) fixture = fixture_new(rows[i].recipe);
        fixture->recipe->python.venv = g_strdup("/opt/venv");
        g_autofree char *found = config_of(fixture, NULL);
        if (!strstr(found, rows[i].there))
            assert_text(rows[i].recipe, rows[i].there, found);
    }
}

TEST(mistakes)
{
    static const struct {
        const char *recipe, *message;
        unsigned line;
    } rows[] = {
        {"labels: {dev.ramekin.lock: x}\n",
         "labels that begin with 'dev.ramekin.' are ramekin's own", 6},
        {"env: {A: \"$1\"}\n", "builders don't agree on what '$1' means", 6},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Fixture) fixture = fixture_new(rows[i].recipe);
        g_autoptr(GError) error = NULL;
        g_assert_null(config_of(fixture, &error));
        g_assert_error(error, ERROR_DOMAIN, ERROR_INPUT);
        assert_text(NULL, rows[i].message, error->message);
        g_assert_cmpuint(error_span(error).line, ==, rows[i].line);
    }
}

/* The base of a path on this machine, and what speaks against the image. */
TEST(marks)
{
    g_autoptr(Fixture) fixture = fixture_new("");
    fixture->settings.base_name = "oci:/mine/base";
    fixture->settings.forced = true;
    fixture->settings.revision = "0123-dirty";
    fixture->settings.source = "https://example.org/r.git";
    fixture->target->substituted = g_strsplit("cu124", " ", -1);
    fixture->target->substituted_base = g_strdup("example.org/py:3.11");
    g_autofree char *found = config_of(fixture, NULL);
    static const char *const parts[] = {
        "\"dev.ramekin.forced\":\"true\"",
        "\"dev.ramekin.substituted\":\"index cu124, base example.org/py:3.11\"",
        "\"org.opencontainers.image.revision\":\"0123-dirty\"",
        "\"org.opencontainers.image.source\":\"https://example.org/r.git\"",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
        g_assert_nonnull(strstr(found, parts[i]));
    g_assert_null(strstr(found, "/mine"));
}

TEST(annotations)
{
    g_autoptr(Fixture) fixture =
        fixture_new("annotations: {team: infra, org.opencontainers.image.title: Mine}\n");
    g_autoptr(GPtrArray) pairs = image_settings_annotations(&fixture->settings);
    assert_text(NULL, "Mine", image_pairs_find(pairs, "org.opencontainers.image.title"));
    assert_text(NULL, "infra", image_pairs_find(pairs, "team"));
    assert_text(NULL, "sha256:22", image_pairs_find(pairs, "org.opencontainers.image.base.digest"));
}

TEST(embedded_texts_come_back)
{
    g_autoptr(Fixture) fixture = fixture_new("");
    g_autoptr(GString) lock = g_string_new("{\n");
    for (unsigned i = 0; i < 20000; i++)
        g_string_append_printf(lock, "\"key-%u\": \"é%u\",\n", i, i * i);
    fixture->settings.recipe_text = "version: 1\n";
    fixture->settings.lock_text = lock->str;
    g_autoptr(ImageConfig) config = NULL;
    GError *error = NULL;
    image_settings_config(&fixture->settings, &config, &error);
    assert_no_error(error);
    g_autofree char *recipe_text = NULL;
    g_autofree char *lock_text = NULL;
    image_settings_embedded(config, &recipe_text, &lock_text, &error);
    assert_no_error(error);
    assert_text(NULL, "version: 1\n", recipe_text);
    assert_text(NULL, lock->str, lock_text);
    image_pairs_set(config->labels, LABEL_LOCK, "H4sIAAAAAAAA/w==");
    g_clear_pointer(&lock_text, g_free);
    g_clear_pointer(&recipe_text, g_free);
    g_assert_false(image_settings_embedded(config, &recipe_text, &lock_text, &error));
    assert_text(NULL, "the label dev.ramekin.lock is damaged: it is no gzip of ours",
                error->message);
    g_clear_error(&error);
    g_assert_null(recipe_text);
    image_settings_embedded(fixture->base, &recipe_text, &lock_text, &error);
    assert_no_error(error);
    g_assert_null(lock_text);
}

TEST(damaged_labels)
{
    g_autofree char *good = label_pack("some text, some more text", 25);
    g_autofree char *nul = label_pack("a\0b", 3);
    g_autofree char *bytes = label_pack("\xff\xfe", 2);
    g_autofree char *cut = g_strndup(good, strlen(good) - 4);
    g_autofree char *star = g_strdup(good);
    star[5] = '*';
    g_autofree char *flipped = g_strdup(good);
    flipped[20] = flipped[20] == 'A' ? 'B' : 'A';
    const struct {
        const char *label;
        size_t limit;
        const char *why;
    } rows[] = {
        {good, 24, "it is too long"},
        {nul, 99, "it is not UTF-8 text"},
        {bytes, 99, "it is not UTF-8 text"},
        {star, 99, "it is no base64"},
        {"AAAA=", 99, "it is no base64"},
        {"", 99, "it is no gzip of ours"},
        {cut, 99, NULL},
        {flipped, 99, NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(label_unpack("x", rows[i].label, rows[i].limit, &error));
        g_assert_error(error, ERROR_DOMAIN, ERROR_INPUT);
        g_autofree char *message =
            g_strconcat("the label x is damaged: ", rows[i].why ? rows[i].why : "", NULL);
        g_assert_true(g_str_has_prefix(error->message, message));
    }
    g_autofree char *empty = label_pack("", 0);
    g_autofree char *back = label_unpack("x", empty, 0, NULL);
    assert_text(NULL, "", back);
    g_autofree char *again = label_unpack("x", good, 25, NULL);
    assert_text(NULL, "some text, some more text", again);
}
