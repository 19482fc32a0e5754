#include "plan/start_check.h"

#include "lock/environment_cuda.h"
#include "plan/plan_imports.h"
#include "plan/plan_scripts.h"
#include "recipe/config.h"
#include "text/jsonw.h"

#include <string.h>

/* Folders of which every file is imported when the package is: a file that was left there by
 * another version breaks it. Read from torch's own import_submodule() calls. */
static const char *const closed_torch_folders[] = {
    "torch/_inductor/kernel",
    "torch/_inductor/fx_passes/serialized_patterns",
    NULL,
};

bool start_check_is_wanted(const Plan *plan)
{
    const RecipeChecks *checks = plan->recipe->checks;
    return checks && (checks->runtime || checks->gpu ||
                      lock_imports_any(plan->target->imports, LOCK_IMPORT_MOVED));
}

const char *start_check_script(void)
{
    return start_check_py;
}

char **start_check_command(const Recipe *recipe, const char *option)
{
    const char *venv = recipe->python.venv;
    char **command = g_new0(char *, 4);
    command[0] = venv ? g_strdup_printf("%s/bin/python3", venv) : g_strdup("python3");
    command[1] = g_strdup(START_CHECK_SCRIPT);
    command[2] = g_strdup(option);
    return command;
}

static const GPtrArray *installed(const Plan *plan)
{
    const LockStage *last = lock_target_last(plan->target);
    return last ? last->environment : NULL;
}

static void write_distributions(JsonWriter *writer, const Plan *plan)
{
    const GPtrArray *distributions = installed(plan);
    jsonw_key(writer, "distributions");
    jsonw_begin_object(writer, JSONW_BLOCK);
    for (guint i = 0; distributions && i < distributions->len; i++) {
        const LockDistribution *one = distributions->pdata[i];
        if (!one->ghost && one->stage)
            jsonw_string_member(writer, one->name, one->version);
    }
    jsonw_end_object(writer);
    jsonw_key(writer, "ghosts");
    jsonw_begin_array(writer, JSONW_INLINE);
    for (guint i = 0; distributions && i < distributions->len; i++) {
        const LockDistribution *one = distributions->pdata[i];
        if (one->ghost)
            jsonw_string(writer, one->name);
    }
    jsonw_end_array(writer);
}

/* What the script itself runs; the others were decided before the image was made. */
static bool is_run(CheckKind kind)
{
    return kind != CHECK_INDEX && kind != CHECK_ARCH && kind != CHECK_WHEELS_ONLY &&
           kind != CHECK_MAX_SIZE && kind != CHECK_KIND_COUNT;
}

/* Where an environment will lie the user of the script says: its files count from there. */
static const char *item_text(const Plan *plan, const Check *check, const char *text)
{
    const char *prefix = plan->target->base.prefix;
    bool below = plan->recipe->target == TARGET_ENV && check->kind == CHECK_FILE && prefix &&
                 g_str_has_prefix(text, prefix) && text[strlen(prefix)] == '/';
    return below ? text + strlen(prefix) + 1 : text;
}

static void write_item(JsonWriter *writer, const Plan *plan, const Check *check, const char *list)
{
    g_autofree char *place = span_address(check->at);
    jsonw_begin_object(writer, JSONW_INLINE);
    jsonw_string_member(writer, "kind", check_kind_name(check->kind));
    jsonw_string_member(writer, "at", place ? place : "recipe");
    jsonw_key(writer, "items");
    jsonw_begin_array(writer, JSONW_INLINE);
    g_autoptr(GPtrArray) items = plan_kept_items(plan, check, list);
    for (guint i = 0; i < items->len; i++)
        jsonw_string(writer, item_text(plan, check, ((const Text *)items->pdata[i])->text));
    if (check->kind == CHECK_PYTHON)
        jsonw_string(writer, check->value.text);
    jsonw_end_array(writer);
    jsonw_end_object(writer);
}

static bool asks_for(const GPtrArray *checks, const char *module)
{
    for (guint i = 0; checks && i < checks->len; i++) {
        const Check *check = checks->pdata[i];
        for (guint k = 0; check->kind == CHECK_IMPORT && k < check->items->len; k++) {
            if (g_str_equal(((const Text *)check->items->pdata[k])->text, module))
                return true;
        }
    }
    return false;
}

/* What other lists import and only a GPU's driver lets work; what `gpu` imports itself is there. */
static void write_moved(JsonWriter *writer, const Plan *plan)
{
    const GPtrArray *imports = plan->target->imports;
    for (guint i = 0; i < imports->len; i++) {
        const LockImport *item = imports->pdata[i];
        bool again = asks_for(plan->recipe->checks->gpu, item->module) ||
                     (g_str_equal(item->list, "runtime") &&
                      lock_import_is_moved(imports, "build", item->module));
        if (item->verdict != LOCK_IMPORT_MOVED || again)
            continue;
        jsonw_begin_object(writer, JSONW_INLINE);
        jsonw_string_member(writer, "kind", check_kind_name(CHECK_IMPORT));
        jsonw_string_member(writer, "at", item->at);
        jsonw_strings_member(writer, "items", (const char *const[]){item->module, NULL});
        jsonw_end_object(writer);
    }
}

static void write_items(JsonWriter *writer, const Plan *plan, const char *list,
                        const GPtrArray *checks)
{
    for (guint i = 0; checks && i < checks->len; i++) {
        const Check *check = checks->pdata[i];
        if (is_run(check->kind) && !plan_is_moved(plan, check, list))
            write_item(writer, plan, check, list);
    }
}

/* What an environment is for: an image says so itself, and does not travel elsewhere. */
static void write_environment(JsonWriter *writer, const LockTarget *target)
{
    jsonw_key(writer, "environment");
    jsonw_begin_object(writer, JSONW_INLINE);
    jsonw_string_member(writer, "python", target->base.python);
    jsonw_string_member(writer, "platform", target->platform);
    if (target->base.libc)
        jsonw_string_member(writer, "libc", target->base.libc);
    jsonw_end_object(writer);
}

static void write_lists(JsonWriter *writer, const Plan *plan)
{
    const RecipeChecks *checks = plan->recipe->checks;
    if (plan->recipe->target == TARGET_ENV) {
        jsonw_key(writer, "build");
        jsonw_begin_array(writer, JSONW_BLOCK);
        write_items(writer, plan, "build", checks->build);
        jsonw_end_array(writer);
    }
    jsonw_key(writer, "runtime");
    jsonw_begin_array(writer, JSONW_BLOCK);
    write_items(writer, plan, "runtime", checks->runtime);
    jsonw_end_array(writer);
    jsonw_key(writer, "gpu");
    jsonw_begin_array(writer, JSONW_BLOCK);
    write_items(writer, plan, "gpu", checks->gpu);
    write_moved(writer, plan);
    jsonw_end_array(writer);
}

static void write_size(JsonWriter *writer, const char *key, guint64 bytes)
{
    if (bytes)
        jsonw_unsigned_member(writer, key, bytes);
}

static void write_storage(JsonWriter *writer, const RecipeConfig *config)
{
    const RecipeHost *host = config->host;
    const char *volume = config->runpod ? config->runpod->volume.text : NULL;
    if (!volume && !(host && (host->disk || host->shm)))
        return;
    jsonw_key(writer, "storage");
    jsonw_begin_object(writer, JSONW_INLINE);
    if (host) {
        write_size(writer, "disk", host->disk);
        write_size(writer, "shm", host->shm);
    }
    if (volume)
        jsonw_strings_member(writer, "writable", (const char *const[]){volume, NULL});
    jsonw_end_object(writer);
}

static void write_closed_folders(JsonWriter *writer, const Plan *plan)
{
    const GPtrArray *distributions = installed(plan);
    for (guint i = 0; distributions && i < distributions->len; i++) {
        const LockDistribution *one = distributions->pdata[i];
        if (!g_str_equal(one->name, "torch"))
            continue;
        jsonw_key(writer, "closed_folders");
        jsonw_begin_object(writer, JSONW_INLINE);
        jsonw_strings_member(writer, "torch", closed_torch_folders);
        jsonw_end_object(writer);
        return;
    }
}

/* What torch must say of itself where it is imported: of a wheel whose version tells its CUDA. */
static void write_torch(JsonWriter *writer, const Plan *plan)
{
    g_autofree char *cuda = NULL;
    const LockDistribution *source = environment_cuda_source(installed(plan), &cuda);
    if (!source || !g_str_equal(source->name, "torch"))
        return;
    jsonw_key(writer, "torch");
    jsonw_begin_object(writer, JSONW_INLINE);
    jsonw_string_member(writer, "version", source->version);
    jsonw_string_member(writer, "cuda", cuda);
    jsonw_end_object(writer);
}

/* Whether the image needs a device: it has checks for one, or says what its host must have. */
static bool needs_gpu(const Plan *plan)
{
    const RecipeHost *host = plan->recipe->config->host;
    return plan->recipe->checks->gpu ||
           lock_imports_any(plan->target->imports, LOCK_IMPORT_MOVED) ||
           (host && (host->gpus || host->min_vram || host->min_cuda.text || host->min_driver.text));
}

char *start_check_expect(const Plan *plan)
{
    const Recipe *recipe = plan->recipe;
    g_autoptr(JsonWriter) writer = jsonw_new();
    const char *min_cuda = plan->floors->min_cuda;
    bool gpu = needs_gpu(plan);
    jsonw_begin_object(writer, JSONW_BLOCK);
    jsonw_string_member(writer, "schema", "ramekin.expect/1");
    jsonw_string_member(writer, "image", recipe->name);
    if (recipe->target == TARGET_ENV)
        write_environment(writer, plan->target);
    jsonw_boolean_member(writer, "gpu_needed", gpu);
    if (gpu && min_cuda)
        jsonw_string_member(writer, "min_cuda", min_cuda);
    if (recipe->config->host)
        write_size(writer, "min_vram", recipe->config->host->min_vram);
    write_torch(writer, plan);
    write_distributions(writer, plan);
    write_closed_folders(writer, plan);
    write_lists(writer, plan);
    write_storage(writer, recipe->config);
    jsonw_end_object(writer);
    return jsonw_finish(writer, NULL);
}
