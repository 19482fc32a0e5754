#include "recipe/config.h"

#include "recipe/context.h"

static bool check_user_name(Decoder *decoder, const Node *node, const char *text)
{
    bool ok = true;
    for (const char *p = text; *p; p++)
        ok &= g_ascii_isalnum(*p) || strchr("._-:", *p) != NULL;
    if (!ok || text[0] == '-' || text[0] == ':')
        decoder_error(decoder, node, "'%s' can't be a user", text);
    return ok && text[0] != '-' && text[0] != ':';
}

/* Ids that any file system and runtime take; 65534 is nobody. */
static bool check_id(Decoder *decoder, const Node *node, const char *text)
{
    guint64 value;
    if (g_ascii_string_to_unsigned(text, 10, 0, 2147483647, &value, NULL))
        return true;
    decoder_error(decoder, node, "an id is a number from 0 to 2147483647, not '%s'", text);
    return false;
}

static const TextRule rule_user_name = check_user_name;
static const TextRule rule_id = check_id;

/* clang-format off */
static const Field user_fields[] = {
    {"name", &type_text, offsetof(RecipeUser, name), FIELD_REQUIRED, "Name, or number", &rule_user_name},
    {"uid", &type_value, offsetof(RecipeUser, uid), 0, "Number of the user", &rule_id},
    {"gid", &type_value, offsetof(RecipeUser, gid), 0, "Number of its group (default: a new group of the user's name, with the uid where that is free)", &rule_id},
    {"home", &type_text, offsetof(RecipeUser, home), 0, "Home folder (default: /home/NAME)", &rule_image_path},
    {"shell", &type_text, offsetof(RecipeUser, shell), 0, "Login shell (default: /bin/bash)", &rule_image_path},
    {"groups", &type_texts, offsetof(RecipeUser, groups), FIELD_LIST, "Further groups", &rule_user_name},
    {"sudo", &type_bool, offsetof(RecipeUser, sudo), 0, "Whether it may become root without a password (default: false)", NULL},
};
/* clang-format on */

static void finish_user(Decoder *decoder, const Node *node, void *target)
{
    RecipeUser *user = target;
    user->create = node->kind == NODE_MAP;
    bool root = g_str_equal(user->name, "root") || g_str_equal(user->name, "0");
    if (user->create && strchr(user->name, ':'))
        error_set_hint(
            decoder_error(decoder, node_find(node, "name"), "'%s' has a ':' in it", user->name),
            "give the group as `gid`");
    if (root && user->uid.text && !g_str_equal(user->uid.text, "0"))
        decoder_error(decoder, node_find(node, "uid"), "root has uid 0");
    if (!root && user->uid.text && g_str_equal(user->uid.text, "0"))
        error_set_hint(decoder_error(decoder, node_find(node, "uid"), "uid 0 is root"),
                       "choose another number, for example 1000");
}

const Shape user_shape = {
    .name = "user",
    .title = "`user:`",
    .size = sizeof(RecipeUser),
    .fields = user_fields,
    .count = G_N_ELEMENTS(user_fields),
    .short_key = "name",
    .at_offset = offsetof(RecipeUser, at),
    .finish = finish_user,
};

/* clang-format off */
static const FieldRange retries_range = {1, 1000};

static const Field healthcheck_fields[] = {
    {"cmd", &type_argv, offsetof(Healthcheck, cmd), FIELD_REQUIRED, "Command that ends with status 0 when all is well", NULL},
    {"interval", &type_duration, offsetof(Healthcheck, interval), 0, "Time between two runs", NULL},
    {"timeout", &type_duration, offsetof(Healthcheck, timeout), 0, "Time that one run may take", NULL},
    {"retries", &type_number, offsetof(Healthcheck, retries), 0, "Failures in a row until the container counts as sick", &retries_range},
    {"start_period", &type_duration, offsetof(Healthcheck, start_period), 0, "Time in which failures don't count", NULL},
};
/* clang-format on */

static const Shape healthcheck_shape = {
    .name = "healthcheck",
    .title = "`healthcheck:`",
    .size = sizeof(Healthcheck),
    .fields = healthcheck_fields,
    .count = G_N_ELEMENTS(healthcheck_fields),
    .at_offset = offsetof(Healthcheck, at),
};

static bool decode_healthcheck(Decoder *decoder, const Field *field, const Node *node, void *slot)
{
    Healthcheck *healthcheck = slot;
    healthcheck->at = node->at;
    healthcheck->kind = HEALTHCHECK_CMD;
    if (node->kind == NODE_MAP)
        return shape_decode(decoder, &healthcheck_shape, node, slot);
    const char *text = decoder_text(decoder, field, node);
    if (!text)
        return false;
    if (g_str_equal(text, "none") || g_str_equal(text, "generated")) {
        healthcheck->kind = text[0] == 'n' ? HEALTHCHECK_NONE : HEALTHCHECK_GENERATED;
        return true;
    }
    error_set_hint(decoder_error(decoder, node, "'healthcheck' is a map, generated or none"),
                   "healthcheck: {cmd: [python, -m, app.health], interval: 30s}");
    return false;
}

static void clear_healthcheck(const Field *field, void *slot)
{
    shape_clear(&healthcheck_shape, slot);
}

static void schema_healthcheck(const Field *field, SchemaWriter *schema)
{
    JsonWriter *json = schema->json;
    static const char *const words[] = {"generated", "none", NULL};
    jsonw_key(json, "anyOf");
    jsonw_begin_array(json, JSONW_INLINE);
    jsonw_begin_object(json, JSONW_INLINE);
    schema_write_shape(schema, &healthcheck_shape);
    jsonw_end_object(json);
    jsonw_begin_object(json, JSONW_INLINE);
    jsonw_strings_member(json, "enum", words);
    jsonw_end_object(json);
    jsonw_end_array(json);
}

static const FieldType type_healthcheck = {"map, generated or none", decode_healthcheck,
                                           clear_healthcheck, schema_healthcheck};

static bool check_port(Decoder *decoder, const Node *node, const char *text)
{
    size_t digits = strspn(text, "0123456789");
    const char *rest = text + digits;
    guint64 port = digits > 0 && digits < 6 ? g_ascii_strtoull(text, NULL, 10) : 0;
    bool protocol = *rest == '\0' || g_str_equal(rest, "/tcp") || g_str_equal(rest, "/udp");
    if (port > 0 && port < 65536 && protocol)
        return true;
    GError *error = decoder_error(decoder, node, "'%s' is no port", text);
    if (strchr(text, ':'))
        error_set_hint(error, "a recipe names the container's port alone; the host's is chosen "
                              "when it starts");
    else
        error_set_hint(error, "write a number from 1 to 65535, or 8000/udp");
    return false;
}

static bool check_signal(Decoder *decoder, const Node *node, const char *text)
{
    size_t upper = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-");
    bool number = text[strspn(text, "0123456789")] == '\0';
    if (text[upper] == '\0' && (number || g_str_has_prefix(text, "SIG")))
        return true;
    error_set_hint(decoder_error(decoder, node, "'%s' is no signal", text), "write SIGTERM or 15");
    return false;
}

static const TextRule rule_port = check_port;
static const TextRule rule_signal = check_signal;

/* clang-format off */
static const Field host_fields[] = {
    {"gpus", &type_texts, offsetof(RecipeHost, gpus), 0, "GPUs by name, pool or sm_NN that must all work", NULL},
    {"min_vram", &type_size, offsetof(RecipeHost, min_vram), 0, "GPU memory", NULL},
    {"min_driver", &type_version, offsetof(RecipeHost, min_driver), 0, "Oldest driver; never lower than the wheels need", NULL},
    {"min_cuda", &type_version, offsetof(RecipeHost, min_cuda), 0, "Oldest CUDA version of the driver; never lower than the wheels need", NULL},
    {"min_ram", &type_size, offsetof(RecipeHost, min_ram), 0, "Memory", NULL},
    {"disk", &type_size, offsetof(RecipeHost, disk), 0, "Disk of the container", NULL},
    {"shm", &type_size, offsetof(RecipeHost, shm), 0, "Shared memory", NULL},
};
/* clang-format on */

const Shape host_shape = {
    .name = "host",
    .title = "`host:`",
    .size = sizeof(RecipeHost),
    .fields = host_fields,
    .count = G_N_ELEMENTS(host_fields),
    .at_offset = offsetof(RecipeHost, at),
};

static const char *const runpod_types[] = {"serverless", "load-balancer", "pod", NULL};
static const FieldRange timeout_range = {1, 86400};

static bool decode_map_tree(Decoder *decoder, const Field *field, const Node *node, void *slot)
{
    if (node->kind != NODE_MAP)
        return decoder_mismatch(decoder, field, node, "a map");
    return type_tree.decode(decoder, field, node, slot);
}

static bool decode_list_tree(Decoder *decoder, const Field *field, const Node *node, void *slot)
{
    if (node->kind != NODE_LIST)
        return decoder_mismatch(decoder, field, node, "a list");
    return type_tree.decode(decoder, field, node, slot);
}

static const FieldType type_map_tree = {"map", decode_map_tree, NULL, NULL};
static const FieldType type_list_tree = {"list", decode_list_tree, NULL, NULL};

/* clang-format off */
static const Field runpod_fields[] = {
    {"type", &type_choice, offsetof(RecipeRunpod, type), FIELD_REQUIRED, "What it is deployed as", runpod_types},
    {"handler", &type_value, offsetof(RecipeRunpod, handler), 0, "Path of the handler", NULL},
    {"start", &type_value, offsetof(RecipeRunpod, start), 0, "Path of the start script", NULL},
    {"volume", &type_value, offsetof(RecipeRunpod, volume), 0, "Where the network volume is mounted", &rule_image_path},
    {"init_timeout", &type_number, offsetof(RecipeRunpod, init_timeout), 0, "Seconds that a worker may take to start", &timeout_range},
    {"hub", &type_map_tree, offsetof(RecipeRunpod, hub), 0, "Content of .runpod/hub.json, in the platform's own keys", NULL},
    {"tests", &type_list_tree, offsetof(RecipeRunpod, tests), 0, "Tests of .runpod/tests.json, in the platform's own keys", NULL},
};
/* clang-format on */

static const Shape runpod_shape = {
    .name = "runpod",
    .title = "`runpod:`",
    .size = sizeof(RecipeRunpod),
    .fields = runpod_fields,
    .count = G_N_ELEMENTS(runpod_fields),
    .at_offset = offsetof(RecipeRunpod, at),
};

/* clang-format off */
static const Field group_fields[] = {
    {"name", &type_text, offsetof(LayerGroup, name), FIELD_REQUIRED, "Name of the layer", &rule_name},
    {"match", &type_texts, offsetof(LayerGroup, match), FIELD_REQUIRED, "Names or globs of the packages in it", &rule_distribution},
};

static const Shape group_shape = {
    .name = "layer-group", .title = "`groups:`", .size = sizeof(LayerGroup),
    .fields = group_fields, .count = G_N_ELEMENTS(group_fields),
    .at_offset = offsetof(LayerGroup, at),
};

static const char *const layer_strategies[] = {"package", "stage", "one", NULL};
static const char *const compressions[] = {"gzip", "gzip-single", "estargz", "zstd", NULL};
static const FieldRange budget_range = {1, 100};

static const Field layers_fields[] = {
    {"strategy", &type_choice, offsetof(RecipeLayers, strategy), 0, "What shares a layer (default: package)", layer_strategies},
    {"budget", &type_number, offsetof(RecipeLayers, budget), 0, "Largest number of layers, those of the base included (default: 40)", &budget_range},
    {"compression", &type_choice, offsetof(RecipeLayers, compression), 0, "Form of the layers (default: gzip)", compressions},
    {"groups", &type_items, offsetof(RecipeLayers, groups), 0, "Packages that share a layer", &group_shape},
};
/* clang-format on */

static void start_layers(void *target)
{
    ((RecipeLayers *)target)->budget = 40;
}

static const Shape layers_shape = {
    .name = "layers",
    .title = "`layers:`",
    .size = sizeof(RecipeLayers),
    .fields = layers_fields,
    .count = G_N_ELEMENTS(layers_fields),
    .start = start_layers,
};

static const char *const bytecode_kinds[] = {"none", "unchecked-hash", NULL};

/* clang-format off */
static const Field config_fields[] = {
    {"env", &type_env, offsetof(RecipeConfig, env), FIELD_LIST, "Environment of the image; $NAME stands for the base's value", NULL},
    {"workdir", &type_value, offsetof(RecipeConfig, workdir), 0, "Folder that commands run in", &rule_image_path},
    {"user", &type_shape, offsetof(RecipeConfig, user), 0, "User that commands run as, made when the base lacks it", &user_shape},
    {"entrypoint", &type_argv, offsetof(RecipeConfig, entrypoint), 0, "Program that every start runs", NULL},
    {"cmd", &type_argv, offsetof(RecipeConfig, cmd), 0, "Command, or arguments of the entry point", NULL},
    {"ports", &type_texts, offsetof(RecipeConfig, ports), FIELD_LIST, "Ports that it listens on", &rule_port},
    {"volumes", &type_texts, offsetof(RecipeConfig, volumes), FIELD_LIST, "Folders that outlive the container", &rule_image_path},
    {"labels", &type_pairs, offsetof(RecipeConfig, labels), FIELD_LIST, "Labels of the image", NULL},
    {"annotations", &type_pairs, offsetof(RecipeConfig, annotations), FIELD_LIST, "Annotations of the manifest", NULL},
    {"stop_signal", &type_value, offsetof(RecipeConfig, stop_signal), 0, "Signal that ends it", &rule_signal},
    {"healthcheck", &type_healthcheck, offsetof(RecipeConfig, healthcheck), 0, "How to see that it works; `generated`: the runtime checks", NULL},
    {"host", &type_shape, offsetof(RecipeConfig, host), 0, "What it must run on", &host_shape},
    {"runpod", &type_shape, offsetof(RecipeConfig, runpod), 0, "Deployment on RunPod", &runpod_shape},
    {"layers", &type_shape, offsetof(RecipeConfig, layers), 0, "How the image is cut into layers", &layers_shape},
    {"bytecode", &type_choice, offsetof(RecipeConfig, bytecode), 0, "Compiled Python files (default: none)", bytecode_kinds},
    {"mirror", &type_value, offsetof(RecipeConfig, mirror), 0, "Archive of the Debian or Ubuntu base and of `apt:`", &rule_url},
    {"stage_path", &type_texts, offsetof(RecipeConfig, stage_path), FIELD_LIST, "Folders of stage definitions", NULL},
};
/* clang-format on */

const Shape config_shape = {
    .name = "config",
    .title = "a recipe",
    .size = sizeof(RecipeConfig),
    .fields = config_fields,
    .count = G_N_ELEMENTS(config_fields),
};
