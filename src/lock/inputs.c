#include "lock/inputs.h"

#include "base/digest.h"
#include "recipe/checks.h"
#include "recipe/config.h"
#include "recipe/stage_download.h"
#include "recipe/stage_files.h"
#include "recipe/stage_git.h"
#include "recipe/stage_model.h"
#include "text/jsonw.h"

void inputs_add(LockTarget *target, const char *name, const void *content, size_t length)
{
    for (guint i = 0; i < target->inputs->len; i++) {
        if (g_str_equal(((LockInput *)target->inputs->pdata[i])->name, name))
            return;
    }
    LockInput *input = g_new0(LockInput, 1);
    input->name = g_strdup(name);
    input->sha256 = digest_sha256(content, length);
    g_ptr_array_add(target->inputs, input);
}

const char *lock_options_base(const LockOptions *options, const RecipeBase *base)
{
    const char *text = options->substitute_base;
    const char *equals = text ? strchr(text, '=') : NULL;
    if (!equals || !base->reference ||
        strncmp(text, base->reference, (size_t)(equals - text)) != 0 ||
        base->reference[equals - text] != '\0')
        return NULL;
    return equals + 1;
}

/* Values are written as a list of texts; null keeps apart what is absent. */

static void put_place(JsonWriter *writer, Span at)
{
    g_autofree char *address = span_address(at);
    jsonw_string(writer, address);
}

static void put_text(JsonWriter *writer, const Text *text)
{
    jsonw_string(writer, text->text);
    put_place(writer, text->at);
}

static void put_texts(JsonWriter *writer, const GPtrArray *texts)
{
    jsonw_begin_array(writer, JSONW_COMPACT);
    for (guint i = 0; texts && i < texts->len; i++)
        put_text(writer, texts->pdata[i]);
    jsonw_end_array(writer);
}

static void put_items(JsonWriter *writer, const GPtrArray *items)
{
    jsonw_begin_array(writer, JSONW_COMPACT);
    for (guint i = 0; items && i < items->len; i++) {
        const FileOrLine *item = items->pdata[i];
        jsonw_string(writer, item->file);
        jsonw_string(writer, item->line);
        put_place(writer, item->at);
    }
    jsonw_end_array(writer);
}

static void put_strings(JsonWriter *writer, char **strings)
{
    jsonw_begin_array(writer, JSONW_COMPACT);
    for (size_t i = 0; strings && strings[i]; i++)
        jsonw_string(writer, strings[i]);
    jsonw_end_array(writer);
}

static void add_part(LockTarget *target, const char *name, JsonWriter *writer)
{
    size_t length;
    jsonw_end_array(writer);
    g_autofree char *text = jsonw_finish(writer, &length);
    inputs_add(target, name, text, length);
    jsonw_free(writer);
}

static JsonWriter *begin_part(void)
{
    JsonWriter *writer = jsonw_new();
    jsonw_begin_array(writer, JSONW_COMPACT);
    return writer;
}

static void add_base(const Recipe *recipe, LockTarget *target)
{
    JsonWriter *writer = begin_part();
    const RecipeBase *base = &recipe->base;
    const RecipePython *python = &recipe->python;
    jsonw_integer(writer, recipe->target);
    jsonw_integer(writer, base->kind);
    jsonw_string(writer, base->reference);
    jsonw_string(writer, base->digest);
    jsonw_string(writer, base->distribution);
    jsonw_string(writer, base->suite);
    jsonw_string(writer, base->snapshot);
    put_texts(writer, base->packages);
    jsonw_string(writer, python->version);
    jsonw_string(writer, python->venv);
    jsonw_string(writer, python->prefix);
    jsonw_string(writer, python->scheme);
    jsonw_boolean(writer, python->from_base);
    jsonw_string(writer, recipe->libc.text);
    if (recipe->macos.text)
        jsonw_string(writer, recipe->macos.text);
    add_part(target, "base", writer);
}

static void add_indexes(const Recipe *recipe, LockTarget *target)
{
    JsonWriter *writer = begin_part();
    for (guint i = 0; i < recipe->indexes->len; i++) {
        const RecipeIndex *index = recipe->indexes->pdata[i];
        jsonw_string(writer, index->name);
        jsonw_string(writer, index->url);
        put_texts(writer, index->packages);
        jsonw_boolean(writer, index->only);
    }
    add_part(target, "indexes", writer);
}

static void add_rules(const Recipe *recipe, LockTarget *target)
{
    JsonWriter *writer = begin_part();
    put_items(writer, recipe->constraints);
    put_items(writer, recipe->overrides);
    put_items(writer, recipe->exclude);
    jsonw_boolean(writer, recipe->resolve_together);
    put_text(writer, &recipe->exclude_newer);
    put_texts(writer, recipe->protect);
    add_part(target, "rules", writer);
}

/* Every list and every switch of a pip stage. */
static void put_pip(JsonWriter *writer, const PipStage *pip)
{
    const GPtrArray *texts[] = {pip->install,     pip->extra_indexes, pip->find_links,
                                pip->only_binary, pip->no_binary,     pip->upgrade_names,
                                pip->extras,      pip->groups,        pip->remove};
    const GPtrArray *items[] = {pip->requirements, pip->constraints, pip->overrides, pip->exclude};
    const bool flags[] = {pip->no_deps, pip->force_reinstall, pip->ignore_installed,
                          pip->pre,     pip->prefer_binary,   pip->require_hashes,
                          pip->upgrade, pip->upgrade_eager,   pip->project_editable};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        put_texts(writer, texts[i]);
    for (size_t i = 0; i < G_N_ELEMENTS(items); i++)
        put_items(writer, items[i]);
    for (size_t i = 0; i < G_N_ELEMENTS(flags); i++)
        jsonw_boolean(writer, flags[i]);
    put_text(writer, &pip->index);
    put_text(writer, &pip->lock);
    put_text(writer, &pip->project);
    for (guint i = 0; pip->build && i < pip->build->len; i++)
        jsonw_string(writer, ((const PipBuild *)pip->build->pdata[i])->dist);
    for (guint i = 0; pip->wheels && i < pip->wheels->len; i++) {
        const PipWheel *wheel = pip->wheels->pdata[i];
        jsonw_string(writer, wheel->dist);
        put_text(writer, &wheel->version);
        put_text(writer, &wheel->file);
        put_text(writer, &wheel->page);
    }
}

static void put_files(JsonWriter *writer, const FilesStage *files)
{
    for (guint i = 0; i < files->files->len; i++) {
        const FilesEntry *entry = files->files->pdata[i];
        jsonw_string(writer, entry->src.text);
        jsonw_string(writer, entry->content.text);
        jsonw_string(writer, entry->from.text);
        jsonw_string(writer, entry->dest.text);
    }
}

static void put_body(JsonWriter *writer, const Stage *stage)
{
    switch (stage->kind) {
    case STAGE_PIP:
        put_pip(writer, stage->body.pip);
        break;
    case STAGE_FILES:
        put_files(writer, stage->body.files);
        break;
    case STAGE_GIT:
        put_text(writer, &stage->body.git->url);
        put_text(writer, &stage->body.git->commit);
        put_text(writer, &stage->body.git->tag);
        put_text(writer, &stage->body.git->branch);
        break;
    case STAGE_MODEL:
        put_text(writer, &stage->body.model->repo);
        put_text(writer, &stage->body.model->revision);
        break;
    case STAGE_DOWNLOAD:
        for (guint i = 0; i < stage->body.download->files->len; i++) {
            const Download *download = stage->body.download->files->pdata[i];
            put_text(writer, &download->url);
            put_text(writer, &download->sha256);
        }
        break;
    case STAGE_APT:
    case STAGE_RUN:
    case STAGE_REMOVE:
    case STAGE_KIND_COUNT:
    default: /* nothing of their bodies is in a lock */
        break;
    }
}

static void add_stage(const Stage *stage, LockTarget *target)
{
    JsonWriter *writer = begin_part();
    jsonw_string(writer, stage_kind_name(stage->kind));
    put_place(writer, stage->at);
    put_strings(writer, stage->env);
    put_texts(writer, stage->protect);
    for (guint i = 0; stage->acknowledge && i < stage->acknowledge->len; i++) {
        const Acknowledge *entry = stage->acknowledge->pdata[i];
        jsonw_string(writer, entry->dist);
        jsonw_string(writer, entry->requires);
        jsonw_string(writer, entry->protect);
        jsonw_string(writer, entry->why);
        put_place(writer, entry->at);
    }
    put_body(writer, stage);
    g_autofree char *name = g_strdup_printf("stage %s", stage->name);
    add_part(target, name, writer);
}

static bool put_imports(JsonWriter *writer, const GPtrArray *checks)
{
    bool any = false;
    jsonw_begin_array(writer, JSONW_COMPACT);
    for (guint i = 0; checks && i < checks->len; i++) {
        const Check *check = checks->pdata[i];
        if (check->kind != CHECK_IMPORT)
            continue;
        put_texts(writer, check->items);
        any = true;
    }
    jsonw_end_array(writer);
    return any;
}

/* What decides which of the items need a driver, beside what is installed. */
static void add_imports(const Recipe *recipe, LockTarget *target)
{
    const RecipeChecks *checks = recipe->checks;
    if (!checks)
        return;
    JsonWriter *writer = begin_part();
    bool build = put_imports(writer, checks->build);
    bool runtime = put_imports(writer, checks->runtime);
    if (!build && !runtime) {
        jsonw_free(writer);
        return;
    }
    for (guint i = 0; recipe->config->env && i < recipe->config->env->len; i++) {
        const Pair *pair = recipe->config->env->pdata[i];
        jsonw_string(writer, pair->key);
        jsonw_string(writer, pair->value);
    }
    add_part(target, "imports", writer);
}

void inputs_of_recipe(const Recipe *recipe, LockTarget *target)
{
    add_base(recipe, target);
    add_indexes(recipe, target);
    add_rules(recipe, target);
    for (guint i = 0; i < recipe->stages->len; i++)
        add_stage(recipe->stages->pdata[i], target);
    add_imports(recipe, target);
}
