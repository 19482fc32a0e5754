#include "plan/runpod_files.h"

#include "plan/layering.h"
#include "plan/node_json.h"
#include "plan/runpod_gpus.h"
#include "recipe/config.h"

enum {
    UNPACKED_TIMES = 2, /* files of wheels take about twice the wheels' size */
    SPARE_GB = 10,      /* for the base, and for what the worker writes */
    STEP_GB = 5,
};

#define GB ((guint64)1000 * 1000 * 1000)
#define INIT_TIMEOUT "RUNPOD_INIT_TIMEOUT"

/* Keys of which the platform wants texts, whatever they look like in YAML. */
static const char *const text_keys[] = {
    "title", "description", "name",      "allowedCudaVersions", "gpuIds", "gpuTypeId", "key",
    "value", "cpuFlavor",   "trueValue", "falseValue",          "label",  "iconUrl",   NULL};
/* Values of the user's own variables. */
static const char *const plain_keys[] = {"defaults", NULL};
static const NodeTypes hub_types = {text_keys, plain_keys};
/* A handler's input is its own matter. */
static const char *const input_keys[] = {"input", NULL};
static const NodeTypes test_types = {text_keys, input_keys};

typedef struct {
    const Plan *plan;
    const RecipeRunpod *runpod;
    const Node *config; /* `hub: config`, or NULL */
    GPtrArray *values;  /* PlanValue */
    JsonWriter *writer;
    bool on_gpu;
} Builder;

typedef enum {
    VALUE_TEXT,
    VALUE_NUMBER,
    VALUE_TEXTS, /* separated by blanks */
    VALUE_ENV,
} ValueKind;

typedef enum {
    FOR_ALL,
    FOR_GPU,
    FOR_CPU,
} Audience;

typedef struct {
    const char *key;
    ValueKind kind;
    Audience audience;
    bool required;
    void (*compute)(const Builder *builder, PlanValue *told); /* NULL: the recipe's alone */
    const char *hint; /* where to say it, for a required one that nothing tells */
} FileKey;

static const Node *find_own(const Node *map, const char *key)
{
    const Node *node = node_find(map, key);
    return node && !node_is_absent(node) ? node : NULL;
}

/* Values */

static void compute_title(const Builder *builder, PlanValue *told)
{
    told->value = g_strdup(builder->plan->recipe->name);
    if (told->value)
        plan_value_because(told, "`name:` of the recipe");
}

static void compute_description(const Builder *builder, PlanValue *told)
{
    told->value = g_strdup(builder->plan->recipe->description);
    if (told->value)
        plan_value_because(told, "`description:` of the recipe");
}

static void compute_type(const Builder *builder, PlanValue *told)
{
    told->value = g_strdup("serverless");
    plan_value_because(told, "the one type that the Hub has");
}

static void compute_runs_on(const Builder *builder, PlanValue *told)
{
    const HostFloors *floors = builder->plan->floors;
    told->value = g_strdup(builder->on_gpu ? "GPU" : "CPU");
    if (floors->built)
        plan_value_because(told, "%s", floors->evidence);
    else if (builder->on_gpu)
        plan_value_because(told, "the recipe has `checks: gpu` or a `host:` that asks for one");
    else
        plan_value_because(told, "nothing that is installed is built for CUDA, and no `host:` or "
                                 "check asks for a GPU");
}

static void compute_endpoint(const Builder *builder, PlanValue *told)
{
    if (builder->runpod->type != (int)RUNPOD_LOAD_BALANCER)
        return;
    told->value = g_strdup("LB");
    plan_value_because(told, "`type: load-balancer`");
}

static void add_uncounted(const Builder *builder, PlanValue *told, unsigned unknown)
{
    if (unknown > 0)
        plan_value_because(told, "%u wheel%s of unknown size not counted", unknown,
                           unknown == 1 ? " is" : "s are");
    const GPtrArray *stages = builder->plan->recipe->stages;
    for (guint i = 0; i < stages->len; i++) {
        const Stage *stage = stages->pdata[i];
        if (stage->kind == STAGE_MODEL || stage->kind == STAGE_DOWNLOAD ||
            stage->kind == STAGE_APT || stage->kind == STAGE_RUN) {
            plan_value_because(told, "what stage %s brings is not counted", stage->name);
            return;
        }
    }
}

static void compute_disk(const Builder *builder, PlanValue *told)
{
    const RecipeHost *host = builder->plan->recipe->config->host;
    if (host && host->disk) {
        told->value = g_strdup_printf("%" G_GUINT64_FORMAT, (host->disk + GB - 1) / GB);
        plan_value_because(told, "`host: disk`");
        return;
    }
    g_autoptr(GPtrArray) items = layering_items(builder->plan);
    guint64 bytes = 0;
    unsigned unknown = 0;
    for (guint i = 0; i < items->len; i++) {
        const LayeringItem *item = items->pdata[i];
        bytes += item->size;
        unknown += item->size == 0;
    }
    guint64 whole = (UNPACKED_TIMES * bytes + GB - 1) / GB + SPARE_GB;
    told->value = g_strdup_printf("%" G_GUINT64_FORMAT, (whole + STEP_GB - 1) / STEP_GB * STEP_GB);
    g_autofree char *size = layout_size(bytes);
    plan_value_because(told,
                       "an estimate: %s of wheels, about %d times as much unpacked, %d GB for the "
                       "base and what the worker writes, in steps of %d",
                       size, UNPACKED_TIMES, SPARE_GB, STEP_GB);
    add_uncounted(builder, told, unknown);
}

static void compute_count(const Builder *builder, PlanValue *told)
{
    told->value = g_strdup("1");
    plan_value_because(told, "one, where the recipe does not say more");
}

static void compute_pools(const Builder *builder, PlanValue *told)
{
    runpod_find_pools(builder->plan, told);
}

static void compute_cuda(const Builder *builder, PlanValue *told)
{
    runpod_find_cuda(builder->plan, told);
}

static void compute_env(const Builder *builder, PlanValue *told)
{
    if (builder->runpod->init_timeout == 0)
        return;
    told->value =
        g_strdup_printf(INIT_TIMEOUT "=%" G_GUINT64_FORMAT, builder->runpod->init_timeout);
    plan_value_because(told, "`init_timeout:`: how long a worker may take to start");
}

static void compute_type_id(const Builder *builder, PlanValue *told)
{
    runpod_find_type(builder->plan, told);
}

/* clang-format off */
static const FileKey hub_keys[] = {
    {"title", VALUE_TEXT, FOR_ALL, true, compute_title, "`name:`"},
    {"description", VALUE_TEXT, FOR_ALL, true, compute_description, "`description:`"},
    {"type", VALUE_TEXT, FOR_ALL, true, compute_type, NULL},
    {"category", VALUE_TEXT, FOR_ALL, true, NULL,
     "`runpod: {hub: {category: language}}` (or audio, embedding, video, image)"},
    {"iconUrl", VALUE_TEXT, FOR_ALL, false, NULL, NULL},
};

static const FileKey config_keys[] = {
    {"runsOn", VALUE_TEXT, FOR_ALL, true, compute_runs_on, NULL},
    {"endpointType", VALUE_TEXT, FOR_ALL, false, compute_endpoint, NULL},
    {"containerDiskInGb", VALUE_NUMBER, FOR_ALL, true, compute_disk, NULL},
    {"cpuFlavor", VALUE_TEXT, FOR_CPU, true, NULL,
     "`runpod: {hub: {config: {cpuFlavor: …}}}`"},
    {"gpuCount", VALUE_NUMBER, FOR_GPU, true, compute_count, NULL},
    {"gpuIds", VALUE_TEXT, FOR_GPU, true, compute_pools, NULL},
    {"allowedCudaVersions", VALUE_TEXTS, FOR_GPU, false, compute_cuda, NULL},
    {"env", VALUE_ENV, FOR_ALL, false, compute_env, NULL},
};

/* What `hub: config` says of these holds for the tests too. */
static const FileKey test_keys[] = {
    {"gpuTypeId", VALUE_TEXT, FOR_GPU, true, compute_type_id, NULL},
    {"gpuCount", VALUE_NUMBER, FOR_GPU, true, compute_count, NULL},
    {"cpuFlavor", VALUE_TEXT, FOR_CPU, true, NULL, "`runpod: {hub: {config: {cpuFlavor: …}}}`"},
    {"allowedCudaVersions", VALUE_TEXTS, FOR_GPU, false, compute_cuda, NULL},
};
/* clang-format on */

/* Writing */

static void write_computed(const Builder *builder, ValueKind kind, const char *text)
{
    g_auto(GStrv) words = NULL;
    switch (kind) {
    case VALUE_NUMBER:
        jsonw_raw(builder->writer, text);
        break;
    case VALUE_TEXTS:
        words = g_strsplit(text, " ", -1);
        jsonw_begin_array(builder->writer, JSONW_INLINE);
        for (guint i = 0; words[i]; i++)
            jsonw_string(builder->writer, words[i]);
        jsonw_end_array(builder->writer);
        break;
    case VALUE_TEXT:
    case VALUE_ENV:
    default:
        jsonw_string(builder->writer, text);
    }
}

static bool sets_variable(const Node *env, const char *key)
{
    for (unsigned i = 0; env && env->kind == NODE_LIST && i < env->count; i++) {
        const Node *name = node_find(env->items[i], "key");
        if (name && g_strcmp0(name->text, key) == 0)
            return true;
    }
    return false;
}

/* The recipe's variables, then what is computed. `value`: "KEY=value", or NULL. */
static void write_env(const Builder *builder, const Node *own, const char *value)
{
    jsonw_begin_array(builder->writer, JSONW_BLOCK);
    for (unsigned i = 0; own && i < own->count; i++)
        node_write_json(builder->writer, own->items[i], NULL, &hub_types);
    const char *equals = value ? strchr(value, '=') : NULL;
    if (equals) {
        g_autofree char *key = g_strndup(value, (gsize)(equals - value));
        jsonw_begin_object(builder->writer, JSONW_INLINE);
        jsonw_string_member(builder->writer, "key", key);
        jsonw_string_member(builder->writer, "value", equals + 1);
        jsonw_end_object(builder->writer);
    }
    jsonw_end_array(builder->writer);
}

static bool is_for(const Builder *builder, Audience audience)
{
    return audience == FOR_ALL || (audience == FOR_GPU) == builder->on_gpu;
}

/* Told where there is something to tell: a value, or why a wanted one is missing. */
static PlanValue *compute(const Builder *builder, const char *file, const char *prefix,
                          const FileKey *key)
{
    g_autofree char *name = g_strconcat(prefix, key->key, NULL);
    PlanValue *told = plan_value_new(file, name, NULL);
    if (key->compute)
        key->compute(builder, told);
    if (!told->value && told->because->len == 0 && key->required)
        plan_value_because(told, "RunPod asks for it: %s", key->hint ? key->hint : "the recipe");
    if (!told->value && told->because->len == 0) {
        plan_value_free(told);
        return NULL;
    }
    g_free(told->origin);
    told->origin = g_strdup(told->value ? "computed" : "unknown");
    g_ptr_array_add(builder->values, told);
    return told;
}

static void write_key(const Builder *builder, const char *file, const char *prefix,
                      const FileKey *key, const Node *own)
{
    bool is_env = key->kind == VALUE_ENV && (!own || own->kind == NODE_LIST);
    if (own && !is_env) {
        jsonw_key(builder->writer, key->key);
        node_write_json(builder->writer, own, key->key, &hub_types);
        return;
    }
    const PlanValue *told =
        own && sets_variable(own, INIT_TIMEOUT) ? NULL : compute(builder, file, prefix, key);
    const char *value = told ? told->value : NULL;
    if (!own && !value)
        return;
    jsonw_key(builder->writer, key->key);
    if (is_env)
        write_env(builder, own, value);
    else
        write_computed(builder, key->kind, value);
}

static bool has_key(const FileKey *keys, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (g_str_equal(keys[i].key, name))
            return true;
    }
    return false;
}

/* The keys of the table, then what else the recipe has in `own`. */
static void write_keys(const Builder *builder, const char *file, const char *prefix,
                       const FileKey *keys, size_t count, const Node *own)
{
    for (size_t i = 0; i < count; i++) {
        const Node *node = find_own(own, keys[i].key);
        if (node || is_for(builder, keys[i].audience))
            write_key(builder, file, prefix, &keys[i], node);
    }
}

static void write_others(const Builder *builder, const FileKey *keys, size_t count, const Node *own)
{
    for (unsigned i = 0; own && own->kind == NODE_MAP && i < own->count; i++) {
        const char *name = own->pairs[i].key->text;
        if (has_key(keys, count, name))
            continue;
        jsonw_key(builder->writer, name);
        node_write_json(builder->writer, own->pairs[i].value, name, &hub_types);
    }
}

static char *write_hub(Builder *builder)
{
    static const FileKey whole[] = {{.key = "config"}};
    const Node *hub = builder->runpod->hub;
    g_autoptr(JsonWriter) writer = builder->writer = jsonw_new();
    jsonw_begin_object(writer, JSONW_BLOCK);
    write_keys(builder, RUNPOD_HUB, "", hub_keys, G_N_ELEMENTS(hub_keys), hub);
    for (unsigned i = 0; hub && i < hub->count; i++) {
        const char *name = hub->pairs[i].key->text;
        if (has_key(hub_keys, G_N_ELEMENTS(hub_keys), name) || has_key(whole, 1, name))
            continue;
        jsonw_key(writer, name);
        node_write_json(writer, hub->pairs[i].value, name, &hub_types);
    }
    jsonw_key(writer, "config");
    jsonw_begin_object(writer, JSONW_BLOCK);
    write_keys(builder, RUNPOD_HUB, "config.", config_keys, G_N_ELEMENTS(config_keys),
               builder->config);
    write_others(builder, config_keys, G_N_ELEMENTS(config_keys), builder->config);
    jsonw_end_object(writer);
    jsonw_end_object(writer);
    return jsonw_finish(writer, NULL);
}

static void write_test(const Builder *builder, const Node *test, unsigned number)
{
    if (test->kind != NODE_MAP || find_own(test, "name")) {
        node_write_json(builder->writer, test, NULL, &test_types);
        return;
    }
    g_autofree char *name = g_strdup_printf("test_%u", number);
    g_autofree char *key = g_strdup_printf("tests[%u].name", number - 1);
    PlanValue *told = plan_value_new(RUNPOD_TESTS, key, name);
    plan_value_because(told, "RunPod asks for one");
    g_ptr_array_add(builder->values, told);
    jsonw_begin_object(builder->writer, JSONW_BLOCK);
    jsonw_string_member(builder->writer, "name", name);
    for (unsigned i = 0; i < test->count; i++) {
        jsonw_key(builder->writer, test->pairs[i].key->text);
        node_write_json(builder->writer, test->pairs[i].value, test->pairs[i].key->text,
                        &test_types);
    }
    jsonw_end_object(builder->writer);
}

static char *write_tests(Builder *builder)
{
    const Node *tests = builder->runpod->tests;
    if (!tests) {
        PlanValue *told = plan_value_new(RUNPOD_TESTS, "tests", NULL);
        plan_value_because(told, "no handler input is known; RunPod asks for one at least: "
                                 "`runpod: {tests: [{input: {…}}]}`");
        g_ptr_array_add(builder->values, told);
        return NULL;
    }
    g_autoptr(JsonWriter) writer = builder->writer = jsonw_new();
    jsonw_begin_object(writer, JSONW_BLOCK);
    jsonw_key(writer, "tests");
    jsonw_begin_array(writer, JSONW_BLOCK);
    for (unsigned i = 0; i < tests->count; i++)
        write_test(builder, tests->items[i], i + 1);
    jsonw_end_array(writer);
    jsonw_key(writer, "config");
    jsonw_begin_object(writer, JSONW_BLOCK);
    write_keys(builder, RUNPOD_TESTS, "config.", test_keys, G_N_ELEMENTS(test_keys),
               builder->config);
    jsonw_end_object(writer);
    jsonw_end_object(writer);
    return jsonw_finish(writer, NULL);
}

static bool runs_on_gpu(const Builder *builder)
{
    const Node *own = find_own(builder->config, "runsOn");
    return own && own->text ? g_str_equal(own->text, "GPU") : builder->plan->floors->needs_gpu;
}

RunpodFiles *runpod_files_new(const Plan *plan)
{
    const RecipeRunpod *runpod = plan->recipe->config ? plan->recipe->config->runpod : NULL;
    if (!runpod || plan->recipe->target != TARGET_IMAGE ||
        (runpod->type == (int)RUNPOD_POD && !runpod->hub))
        return NULL;
    RunpodFiles *files = g_new0(RunpodFiles, 1);
    files->values = g_ptr_array_new_with_free_func(plan_value_free);
    Builder builder = {plan, runpod, find_own(runpod->hub, "config"), files->values, NULL, false};
    builder.on_gpu = runs_on_gpu(&builder);
    files->hub = write_hub(&builder);
    files->tests = write_tests(&builder);
    return files;
}

void runpod_files_free(RunpodFiles *files)
{
    if (!files)
        return;
    g_free(files->hub);
    g_free(files->tests);
    g_ptr_array_unref(files->values);
    g_free(files);
}
