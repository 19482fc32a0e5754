/* Rules between keys of the whole recipe. */
#include "recipe/config.h"
#include "recipe/context.h"
#include "recipe/index_names.h"
#include "recipe/stage_download.h"
#include "recipe/stage_files.h"
#include "recipe/stage_model.h"
#include "recipe/stage_run.h"

/* A node that stands for a place. */
static Node place(Span at)
{
    return (Node){.kind = NODE_SCALAR, .at = at};
}

static void label_stages(Decoder *decoder, GPtrArray *stages)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < stages->len; i++) {
        Stage *stage = stages->pdata[i];
        if (!stage->name)
            stage->name = g_strdup_printf("%s#%u", stage_kind_name(stage->kind), i + 1);
        if (g_hash_table_contains(seen, stage->name) && stage->definition) {
            char *numbered = g_strdup_printf("%s#%u", stage->name, i + 1);
            g_free(stage->name);
            stage->name = numbered;
        }
        Node at = place(stage->at);
        if (!g_hash_table_add(seen, stage->name))
            decoder_error(decoder, &at, "two stages are called '%s'", stage->name);
    }
}

static void check_index(Decoder *decoder, const Recipe *recipe, const char *name, Span at)
{
    if (g_str_equal(name, "auto") || index_name_is_builtin(name))
        return;
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    g_ptr_array_add(names, (void *)"main");
    for (guint i = 0; i < recipe->indexes->len; i++) {
        const RecipeIndex *index = recipe->indexes->pdata[i];
        if (g_str_equal(index->name, name))
            return;
        g_ptr_array_add(names, index->name);
    }
    Node node = place(at);
    GError *error = decoder_error(decoder, &node, "there is no index '%s'", name);
    error_set_hint(error, "declare it: indexes: {%s: URL}; main, cpu, cuNNN and rocmN.N are known",
                   name);
    g_autofree char *cuda = cuda_index_name(name);
    if (cuda)
        error_set_hint(error, "did you mean '%s'?", cuda);
    else
        decoder_suggest(error, name, (const char *const *)names->pdata, names->len);
}

static void check_secret(Decoder *decoder, const Recipe *recipe, const char *id, Span at)
{
    if (!id)
        return;
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (guint i = 0; i < recipe->secrets->len; i++) {
        const RecipeSecret *secret = recipe->secrets->pdata[i];
        if (g_str_equal(secret->id, id))
            return;
        g_ptr_array_add(names, secret->id);
    }
    Node node = place(at);
    GError *error = decoder_error(decoder, &node, "there is no secret '%s'", id);
    error_set_hint(error, "declare it: secrets: {%s: {env: VARIABLE}}", id);
    decoder_suggest(error, id, (const char *const *)names->pdata, names->len);
}

static void check_part(Decoder *decoder, const Recipe *recipe, const Text *from)
{
    if (!from->text)
        return;
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (guint i = 0; i < recipe->parts->len; i++) {
        const RecipePart *part = recipe->parts->pdata[i];
        if (g_str_equal(part->name, from->text))
            return;
        g_ptr_array_add(names, part->name);
    }
    Node node = place(from->at);
    GError *error = decoder_error(decoder, &node, "there is no part '%s'", from->text);
    error_set_hint(error, "declare it in `parts:`");
    decoder_suggest(error, from->text, (const char *const *)names->pdata, names->len);
}

/* `upgrade: true` would move what is protected. */
static void check_upgrade(Decoder *decoder, const Stage *stage, bool protected)
{
    const PipStage *pip = stage->body.pip;
    if (!pip->upgrade || pip->upgrade_names || !protected)
        return;
    Node node = place(stage->at);
    GError *error = decoder_error(
        decoder, &node, "stage '%s' upgrades everything while packages are protected", stage->name);
    error_set_hint(error, "name what may move: upgrade: [NAME, …]");
}

static void check_pip(Decoder *decoder, const Recipe *recipe, const PipStage *pip)
{
    if (pip->index.text)
        check_index(decoder, recipe, pip->index.text, pip->index.at);
    for (guint i = 0; i < pip->extra_indexes->len; i++) {
        const Text *name = pip->extra_indexes->pdata[i];
        check_index(decoder, recipe, name->text, name->at);
    }
}

static void check_stage(Decoder *decoder, const Recipe *recipe, const Stage *stage)
{
    if (stage->kind == STAGE_PIP)
        check_pip(decoder, recipe, stage->body.pip);
    for (guint i = 0; stage->kind == STAGE_FILES && i < stage->body.files->files->len; i++)
        check_part(decoder, recipe, &((FilesEntry *)stage->body.files->files->pdata[i])->from);
    for (guint i = 0; stage->kind == STAGE_DOWNLOAD && i < stage->body.download->files->len; i++) {
        const Download *file = stage->body.download->files->pdata[i];
        check_secret(decoder, recipe, file->auth.text, file->auth.at);
    }
    if (stage->kind == STAGE_MODEL)
        check_secret(decoder, recipe, stage->body.model->auth.text, stage->body.model->auth.at);
    for (guint i = 0; stage->kind == STAGE_RUN && i < stage->body.run->secrets->len; i++) {
        const Text *secret = stage->body.run->secrets->pdata[i];
        check_secret(decoder, recipe, secret->text, secret->at);
    }
}

static void check_stages(Decoder *decoder, const Recipe *recipe, GPtrArray *stages)
{
    label_stages(decoder, stages);
    bool protected = recipe->protect->len > 0;
    for (guint i = 0; i < stages->len; i++) {
        const Stage *stage = stages->pdata[i];
        check_stage(decoder, recipe, stage);
        if (stage->kind == STAGE_PIP)
            check_upgrade(decoder, stage, protected);
        protected |= stage->protect && stage->protect->len > 0;
    }
}

/* Keys that mean nothing without an image. */
static void check_env_target(Decoder *decoder, const Node *root, const Recipe *recipe)
{
    static const char *const image_keys[] = {
        "base",   "env",     "workdir",  "user",        "entrypoint",  "cmd",
        "ports",  "volumes", "labels",   "annotations", "stop_signal", "healthcheck",
        "runpod", "layers",  "bytecode", "mirror",      "parts",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(image_keys); i++) {
        const Node *key = node_find_key(root, image_keys[i]);
        if (key)
            decoder_error(decoder, key, "'%s' belongs to images; `target: env` makes none",
                          key->text);
    }
    for (guint i = 0; i < recipe->stages->len; i++) {
        const Stage *stage = recipe->stages->pdata[i];
        Node at = place(stage->at);
        if (stage->kind != STAGE_PIP)
            decoder_error(decoder, &at, "`%s:` stages belong to images; `target: env` makes none",
                          stage_kind_name(stage->kind));
    }
    Node at = place(recipe->python.at);
    if (recipe->python.prefix || recipe->python.scheme)
        error_set_hint(decoder_error(decoder, &at, "'prefix' and 'scheme' belong to images"),
                       "with `target: env` the platform's own layout of a virtual environment "
                       "holds");
    if (recipe->python.from_base)
        decoder_error(decoder, &at, "'from: base' needs a base; `target: env` has none");
    else if (!node_find(root, "python"))
        error_set_hint(decoder_error(decoder, root, "`target: env` needs 'python'"),
                       "python: 3.11");
}

static void check_platforms(Decoder *decoder, const Node *root, Recipe *recipe)
{
    if (recipe->platforms->len == 0) {
        Text *text = g_new0(Text, 1);
        text->text = g_strdup("linux/amd64");
        text->at = root->at;
        g_ptr_array_set_free_func(recipe->platforms, text_free);
        g_ptr_array_add(recipe->platforms, text);
    }
    bool linux_target = false, macos_target = false;
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < recipe->platforms->len; i++) {
        const Text *platform = recipe->platforms->pdata[i];
        Node at = place(platform->at);
        linux_target |= g_str_has_prefix(platform->text, "linux/");
        macos_target |= g_str_has_prefix(platform->text, "macos/");
        if (!g_str_has_prefix(platform->text, "linux/") && recipe->target == TARGET_IMAGE)
            error_set_hint(
                decoder_error(decoder, &at, "there are no images for %s", platform->text),
                "add `target: env` to resolve a plain environment");
        if (g_str_equal(platform->text, "macos/arm64") && recipe->macos.text &&
            g_str_has_prefix(recipe->macos.text, "10."))
            decoder_error(decoder, &at, "macos/arm64 begins with macOS 11.0, not %s",
                          recipe->macos.text);
        if (!g_hash_table_add(seen, platform->text))
            decoder_error(decoder, &at, "platform '%s' is given twice", platform->text);
    }
    Node at = place(recipe->libc.at);
    if (recipe->libc.text && !linux_target)
        decoder_error(decoder, &at, "'libc' is for linux platforms");
    Node macos = place(recipe->macos.at);
    if (recipe->macos.text && !macos_target)
        decoder_error(decoder, &macos, "'macos' is for macos platforms");
    if (!recipe->libc.text && linux_target && recipe->target == TARGET_ENV)
        error_set_hint(decoder_error(decoder, root, "`target: env` needs 'libc' for linux"),
                       "libc: glibc 2.36 is Debian 12, glibc 2.35 Ubuntu 22.04");
}

static void resolve_gpus(Decoder *decoder, Recipe *recipe)
{
    const RecipeHost *host = recipe->config ? recipe->config->host : NULL;
    for (guint i = 0; recipe->tables && host && host->gpus && i < host->gpus->len; i++) {
        const Text *gpu = host->gpus->pdata[i];
        GError *error = NULL;
        if (!gpu_table_resolve(recipe->tables->gpus, gpu->text, gpu->at, recipe->gpus, &error))
            diags_take(decoder->diags, error);
    }
}

static void check_cross_references(Decoder *decoder, const Recipe *recipe)
{
    for (guint i = 0; i < recipe->indexes->len; i++) {
        const RecipeIndex *index = recipe->indexes->pdata[i];
        check_secret(decoder, recipe, index->auth, index->at);
    }
    for (guint i = 0; recipe->checks->build && i < recipe->checks->build->len; i++) {
        const Check *check = recipe->checks->build->pdata[i];
        for (guint j = 0; check->pairs && j < check->pairs->len; j++) {
            const Pair *pair = check->pairs->pdata[j];
            check_index(decoder, recipe, pair->value, pair->at);
        }
    }
}

void recipe_validate(Decoder *decoder, const Node *root, Recipe *recipe)
{
    if (recipe->target == TARGET_ENV)
        check_env_target(decoder, root, recipe);
    else if (!node_find(root, "base"))
        error_set_hint(decoder_error(decoder, root, "a recipe needs the key 'base'"),
                       "base: python:3.11-slim-bookworm, or `target: env` for no image");
    check_platforms(decoder, root, recipe);
    check_cross_references(decoder, recipe);
    resolve_gpus(decoder, recipe);
    check_stages(decoder, recipe, recipe->stages);
    for (guint i = 0; i < recipe->parts->len; i++)
        check_stages(decoder, recipe, ((RecipePart *)recipe->parts->pdata[i])->stages);
    const Healthcheck *healthcheck = &recipe->config->healthcheck;
    Node at = place(healthcheck->at);
    if (healthcheck->kind == HEALTHCHECK_GENERATED && !recipe->checks->runtime &&
        !recipe->checks->gpu)
        error_set_hint(decoder_error(decoder, &at, "a generated health check needs checks to run"),
                       "give `checks: {runtime: […]}`, or write a command");
}
