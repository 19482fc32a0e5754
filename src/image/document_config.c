#include "base/limits.h"
#include "image/document.h"
#include "image/document_fields.h"
#include "image/reference.h"

static const DocumentField history_fields[] = {
    DOCUMENT_FIELD(ImageHistory, created, "created", DOCUMENT_TEXT),
    DOCUMENT_FIELD(ImageHistory, created_by, "created_by", DOCUMENT_TEXT),
    DOCUMENT_FIELD(ImageHistory, author, "author", DOCUMENT_TEXT),
    DOCUMENT_FIELD(ImageHistory, comment, "comment", DOCUMENT_TEXT),
    DOCUMENT_FIELD(ImageHistory, empty_layer, "empty_layer", DOCUMENT_FLAG),
};
static const DocumentShape history_shape = {sizeof(ImageHistory), history_fields,
                                            G_N_ELEMENTS(history_fields),
                                            (GDestroyNotify)image_history_free};

static const DocumentField healthcheck_fields[] = {
    DOCUMENT_FIELD(ImageHealthcheck, test, "Test", DOCUMENT_TEXTS),
    DOCUMENT_FIELD(ImageHealthcheck, interval, "Interval", DOCUMENT_NUMBER),
    DOCUMENT_FIELD(ImageHealthcheck, timeout, "Timeout", DOCUMENT_NUMBER),
    DOCUMENT_FIELD(ImageHealthcheck, start_period, "StartPeriod", DOCUMENT_NUMBER),
    DOCUMENT_FIELD(ImageHealthcheck, start_interval, "StartInterval", DOCUMENT_NUMBER),
    DOCUMENT_FIELD(ImageHealthcheck, retries, "Retries", DOCUMENT_NUMBER),
};
static const DocumentShape healthcheck_shape = {sizeof(ImageHealthcheck), healthcheck_fields,
                                                G_N_ELEMENTS(healthcheck_fields),
                                                (GDestroyNotify)image_healthcheck_free};

/* image-spec's ImageConfig, then what Docker adds to it. */
static const DocumentField settings_fields[] = {
    DOCUMENT_FIELD(ImageConfig, user, "User", DOCUMENT_TEXT),
    DOCUMENT_FIELD(ImageConfig, ports, "ExposedPorts", DOCUMENT_SET),
    DOCUMENT_FIELD(ImageConfig, env, "Env", DOCUMENT_TEXTS),
    DOCUMENT_FIELD(ImageConfig, entrypoint, "Entrypoint", DOCUMENT_TEXTS),
    DOCUMENT_FIELD(ImageConfig, cmd, "Cmd", DOCUMENT_TEXTS),
    DOCUMENT_FIELD(ImageConfig, volumes, "Volumes", DOCUMENT_SET),
    DOCUMENT_FIELD(ImageConfig, workdir, "WorkingDir", DOCUMENT_TEXT),
    DOCUMENT_FIELD(ImageConfig, labels, "Labels", DOCUMENT_PAIRS),
    DOCUMENT_FIELD(ImageConfig, stop_signal, "StopSignal", DOCUMENT_TEXT),
    DOCUMENT_FIELD(ImageConfig, healthcheck, "Healthcheck", DOCUMENT_RECORD,
                   .shape = &healthcheck_shape),
    DOCUMENT_FIELD(ImageConfig, shell, "Shell", DOCUMENT_TEXTS),
};
static const DocumentShape settings_shape = {.fields = settings_fields,
                                             .count = G_N_ELEMENTS(settings_fields)};

static const DocumentField rootfs_fields[] = {
    {.key = "type", .type = DOCUMENT_CONSTANT, .flags = DOCUMENT_ALWAYS, .expected = "layers"},
    DOCUMENT_FIELD(ImageConfig, diff_ids, "diff_ids", DOCUMENT_LIST, .flags = DOCUMENT_ALWAYS,
                   .check = image_digest_is_valid, .expected = "a digest", .limit = LIMIT_LAYERS),
};
static const DocumentShape rootfs_shape = {.fields = rootfs_fields,
                                           .count = G_N_ELEMENTS(rootfs_fields)};

static const DocumentField config_fields[] = {
    DOCUMENT_FIELD(ImageConfig, created, "created", DOCUMENT_TEXT),
    DOCUMENT_FIELD(ImageConfig, author, "author", DOCUMENT_TEXT),
    DOCUMENT_FIELD(ImageConfig, architecture, "architecture", DOCUMENT_TEXT,
                   .flags = DOCUMENT_ALWAYS),
    DOCUMENT_FIELD(ImageConfig, os, "os", DOCUMENT_TEXT, .flags = DOCUMENT_ALWAYS),
    DOCUMENT_FIELD(ImageConfig, variant, "variant", DOCUMENT_TEXT),
    {.key = "config", .type = DOCUMENT_INSIDE, .flags = DOCUMENT_ALWAYS, .shape = &settings_shape},
    {.key = "rootfs", .type = DOCUMENT_INSIDE, .flags = DOCUMENT_ALWAYS, .shape = &rootfs_shape},
    DOCUMENT_FIELD(ImageConfig, history, "history", DOCUMENT_RECORDS, .shape = &history_shape),
};
static const DocumentShape config_shape = {sizeof(ImageConfig), config_fields,
                                           G_N_ELEMENTS(config_fields),
                                           (GDestroyNotify)image_config_free};

ImageHistory *image_history_new(const char *created, const char *created_by, bool empty_layer)
{
    ImageHistory *history = document_new(&history_shape);
    history->created = g_strdup(created);
    history->created_by = g_strdup(created_by);
    history->empty_layer = empty_layer;
    return history;
}

void image_history_free(ImageHistory *history)
{
    document_free(&history_shape, history);
}

void image_healthcheck_free(ImageHealthcheck *healthcheck)
{
    document_free(&healthcheck_shape, healthcheck);
}

ImageConfig *image_config_new(const Platform *platform)
{
    ImageConfig *config = document_new(&config_shape);
    config->os = g_strdup(platform->os);
    config->architecture = g_strdup(platform->architecture);
    config->variant = g_strdup(platform->variant);
    config->env = g_new0(char *, 1);
    return config;
}

/* Variables that no program could see are left out. */
static void tidy_env(ImageConfig *config)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    for (char **pair = config->env; pair && *pair; pair++) {
        if (strchr(*pair, '='))
            g_strv_builder_add(builder, *pair);
    }
    g_strfreev(config->env);
    config->env = g_strv_builder_end(builder);
}

/* Docker writes "" for what is not set. */
static void drop_empty(char **text)
{
    if (*text && !**text)
        g_clear_pointer(text, g_free);
}

ImageConfig *image_config_decode(const char *name, const char *text, size_t length, GError **error)
{
    g_autoptr(ImageConfig) config = document_new(&config_shape);
    g_autoptr(Json) json = document_parse(name, text, length, error);
    if (!json || !document_decode(&config_shape, name, json, config, error))
        return NULL;
    tidy_env(config);
    char **texts[] = {&config->created, &config->author,     &config->architecture,
                      &config->os,      &config->variant,    &config->user,
                      &config->workdir, &config->stop_signal};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        drop_empty(texts[i]);
    return g_steal_pointer(&config);
}

ImageConfig *image_config_copy(const ImageConfig *config)
{
    return document_copy(&config_shape, config);
}

void image_config_free(ImageConfig *config)
{
    document_free(&config_shape, config);
}

char *image_config_encode(const ImageConfig *config, size_t *ret_length)
{
    return document_encode(&config_shape, config, ret_length);
}

/* Entries that belong to a layer. */
static guint count_layers(const GPtrArray *history)
{
    guint count = 0;
    for (guint i = 0; i < history->len; i++)
        count += !((const ImageHistory *)history->pdata[i])->empty_layer;
    return count;
}

void image_config_complete_history(ImageConfig *config)
{
    guint count = count_layers(config->history);
    /* one layer made of several steps belongs to the last of them */
    for (guint i = 0; count > config->diff_ids->len; i++) {
        ImageHistory *entry = config->history->pdata[i];
        count -= !entry->empty_layer;
        entry->empty_layer = true;
    }
    /* builders that add to an image without history describe their own layers, the upper ones */
    for (; count < config->diff_ids->len; count++) {
        ImageHistory *entry = image_history_new(config->created, NULL, false);
        entry->comment = g_strdup("how this layer was made is not recorded");
        g_ptr_array_insert(config->history, 0, entry);
    }
}
