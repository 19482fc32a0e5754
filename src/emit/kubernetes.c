#include "emit/kubernetes.h"

#include "base/escape.h"
#include "plan/start_check.h"
#include "recipe/config.h"

enum {
    NAME_CHARACTERS = 63, /* of a label, RFC 1123 */
    CHECK_SECONDS = 600,  /* importing a large library from a cold disk takes minutes */
    HEALTH_SECONDS = 30,  /* Docker's interval and time-out of a health check */
};

/* Boards report a little less than their name says, as the start check has it. */
#define BOARD_PERCENT 92
#define MIB ((guint64)1024 * 1024)
#define DISCOVERY "nvidia.com/"

typedef struct {
    const Plan *plan;
    const RecipeConfig *config;
    const HostFloors *floors;
    GString *out;
} Manifest;

static void put(Manifest *manifest, unsigned indent, const char *format, ...) G_GNUC_PRINTF(3, 4);

static void put(Manifest *manifest, unsigned indent, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_string_append_printf(manifest->out, "%*s", (int)indent, "");
    g_string_append_vprintf(manifest->out, format, args);
    g_string_append_c(manifest->out, '\n');
    va_end(args);
}

/* A double-quoted scalar of YAML. */
static char *quote(const char *text)
{
    GString *out = g_string_new(NULL);
    escape_json(out, text);
    return g_string_free(out, FALSE);
}

static char *make_name(const Recipe *recipe)
{
    g_autofree char *whole = g_strconcat(recipe->name ? recipe->name : "image",
                                         recipe->row ? "-" : NULL, recipe->row, NULL);
    char *name = g_ascii_strdown(whole, NAME_CHARACTERS);
    for (char *p = name; *p; p++)
        *p = g_ascii_isalnum(*p) ? *p : '-';
    size_t length = strlen(name);
    while (length > 0 && name[length - 1] == '-')
        name[--length] = '\0';
    memmove(name, name + strspn(name, "-"), strlen(name + strspn(name, "-")) + 1);
    if (*name)
        return name;
    g_free(name);
    return g_strdup("image");
}

/* "24G", "16Gi", or bytes. */
static char *quantity(guint64 bytes)
{
    const guint64 giga = (guint64)1000 * 1000 * 1000, gibi = 1024 * MIB;
    if (bytes % gibi == 0)
        return g_strdup_printf("%" G_GUINT64_FORMAT "Gi", bytes / gibi);
    if (bytes % giga == 0)
        return g_strdup_printf("%" G_GUINT64_FORMAT "G", bytes / giga);
    return g_strdup_printf("%" G_GUINT64_FORMAT, bytes);
}

/* Nodes */

static void put_condition(Manifest *manifest, const char *key, const char *operator, guint64 value)
{
    put(manifest, 18, "- {key: " DISCOVERY "%s, operator: %s, values: [\"%" G_GUINT64_FORMAT "\"]}",
        key, operator, value);
}

static void put_term(Manifest *manifest, unsigned capability)
{
    const HostFloors *floors = manifest->floors;
    put(manifest, 14, "- matchExpressions:");
    if (capability > 0) {
        put_condition(manifest, "gpu.compute.major", "In", capability / 10);
        put_condition(manifest, "gpu.compute.minor", "In", capability % 10);
    }
    if (floors->min_vram > 0)
        put_condition(manifest, "gpu.memory", "Gt", floors->min_vram / 100 * BOARD_PERCENT / MIB);
    guint64 driver = floors->min_driver ? g_ascii_strtoull(floors->min_driver, NULL, 10) : 0;
    if (driver > 0)
        put_condition(manifest, "cuda.driver-version.major", "Gt", driver - 1);
}

/* Clusters keep what wants no GPU off the nodes that have one, by this taint. */
static void put_tolerations(Manifest *manifest)
{
    if (!manifest->floors->needs_gpu)
        return;
    put(manifest, 6, "tolerations:");
    put(manifest, 8, "- {key: " DISCOVERY "gpu, operator: Exists}");
}

/* Terms are alternatives: a node has GPUs of one kind. */
static void put_affinity(Manifest *manifest)
{
    const HostFloors *floors = manifest->floors;
    if (!floors->needs_gpu ||
        (floors->capabilities->len == 0 && floors->min_vram == 0 && !floors->min_driver))
        return;
    put(manifest, 6, "# By the labels of NVIDIA's GPU feature discovery.");
    put(manifest, 6, "affinity:");
    put(manifest, 8, "nodeAffinity:");
    put(manifest, 10, "requiredDuringSchedulingIgnoredDuringExecution:");
    put(manifest, 12, "nodeSelectorTerms:");
    for (guint i = 0; i < floors->capabilities->len; i++)
        put_term(manifest, g_array_index(floors->capabilities, unsigned, i));
    if (floors->capabilities->len == 0)
        put_term(manifest, 0);
}

/* The container */

static void put_ports(Manifest *manifest)
{
    const GPtrArray *ports = manifest->config->ports;
    if (!ports || ports->len == 0)
        return;
    put(manifest, 10, "ports:");
    for (guint i = 0; i < ports->len; i++) {
        const char *text = ((const Text *)ports->pdata[i])->text;
        const char *protocol = g_str_has_suffix(text, "/udp") ? "UDP" : "TCP";
        put(manifest, 12, "- {containerPort: %" G_GUINT64_FORMAT ", protocol: %s}",
            g_ascii_strtoull(text, NULL, 10), protocol);
    }
}

static void put_size(Manifest *manifest, const char *key, guint64 bytes)
{
    g_autofree char *size = bytes > 0 ? quantity(bytes) : NULL;
    if (size)
        put(manifest, 14, "%s: %s", key, size);
}

static void put_resources(Manifest *manifest)
{
    const RecipeHost *host = manifest->config->host;
    bool requests = host && (host->min_ram || host->disk);
    if (!requests && !manifest->floors->needs_gpu)
        return;
    put(manifest, 10, "resources:");
    if (requests) {
        put(manifest, 12, "requests:");
        put_size(manifest, "memory", host->min_ram);
        put_size(manifest, "ephemeral-storage", host->disk);
    }
    if (manifest->floors->needs_gpu) {
        put(manifest, 12, "limits:");
        put(manifest, 14, DISCOVERY "gpu: 1");
    }
}

static void put_command(Manifest *manifest, char *const *words)
{
    put(manifest, 12, "exec:");
    put(manifest, 14, "command:");
    for (; *words; words++) {
        g_autofree char *word = quote(*words);
        put(manifest, 16, "- %s", word);
    }
}

static bool entrypoint_checks(const RecipeConfig *config)
{
    bool script = false, wrap = false;
    for (guint i = 0; config->entrypoint && i < config->entrypoint->len; i++) {
        const char *word = ((const Text *)config->entrypoint->pdata[i])->text;
        script = script || g_str_equal(word, START_CHECK_SCRIPT);
        wrap = wrap || (script && g_str_equal(word, "--wrap"));
    }
    return wrap;
}

static void put_startup(Manifest *manifest)
{
    const Recipe *recipe = manifest->plan->recipe;
    if (!start_check_is_wanted(manifest->plan)) {
        put(manifest, 10, "# No start check: the recipe has neither checks: runtime nor gpu.");
        return;
    }
    if (entrypoint_checks(manifest->config)) {
        put(manifest, 10, "# The entrypoint begins with the start check.");
        return;
    }
    g_auto(GStrv) words = start_check_command(recipe, NULL);
    put(manifest, 10, "startupProbe:");
    put_command(manifest, words);
    put(manifest, 12, "timeoutSeconds: %d", CHECK_SECONDS);
}

static guint64 seconds(guint64 milliseconds, guint64 otherwise)
{
    return milliseconds > 0 ? (milliseconds + 999) / 1000 : otherwise;
}

/* Docker's health check kills nothing, and neither does a readiness probe. */
static void put_readiness(Manifest *manifest)
{
    const Healthcheck *check = &manifest->config->healthcheck;
    if (check->kind != HEALTHCHECK_CMD && check->kind != HEALTHCHECK_GENERATED)
        return;
    g_auto(GStrv) words = NULL;
    if (check->kind == HEALTHCHECK_GENERATED)
        words = start_check_command(manifest->plan->recipe, "--health");
    else
        words = g_new0(char *, check->cmd->len + 1);
    for (guint i = 0; check->kind == HEALTHCHECK_CMD && i < check->cmd->len; i++)
        words[i] = g_strdup(((const Text *)check->cmd->pdata[i])->text);
    put(manifest, 10, "readinessProbe:");
    put_command(manifest, words);
    if (check->start_period > 0)
        put(manifest, 12, "initialDelaySeconds: %" G_GUINT64_FORMAT,
            seconds(check->start_period, 0));
    put(manifest, 12, "periodSeconds: %" G_GUINT64_FORMAT,
        seconds(check->interval, HEALTH_SECONDS));
    put(manifest, 12, "timeoutSeconds: %" G_GUINT64_FORMAT,
        seconds(check->timeout, HEALTH_SECONDS));
    if (check->retries > 0)
        put(manifest, 12, "failureThreshold: %" G_GUINT64_FORMAT, check->retries);
}

static guint64 shared_memory(const Manifest *manifest)
{
    return manifest->config->host ? manifest->config->host->shm : 0;
}

static void put_mounts(Manifest *manifest)
{
    if (shared_memory(manifest) > 0) {
        put(manifest, 10, "volumeMounts:");
        put(manifest, 12, "- {name: shm, mountPath: /dev/shm}");
    }
    const GPtrArray *volumes = manifest->config->volumes;
    for (guint i = 0; volumes && i < volumes->len; i++)
        put(manifest, 10, "# %s outlives the container: mount a volume there.",
            ((const Text *)volumes->pdata[i])->text);
}

static void put_volumes(Manifest *manifest)
{
    guint64 bytes = shared_memory(manifest);
    if (bytes == 0)
        return;
    g_autofree char *size = quantity(bytes);
    put(manifest, 6, "volumes:");
    put(manifest, 8, "- name: shm");
    put(manifest, 10, "emptyDir: {medium: Memory, sizeLimit: %s}", size);
}

static void put_head(Manifest *manifest, const char *name)
{
    const Recipe *recipe = manifest->plan->recipe;
    g_autofree char *file = g_path_get_basename(recipe_file_path(recipe->file));
    put(manifest, 0, "# Made by ramekin from %s%s%s for %s; change the recipe, not this file.",
        file, recipe->row ? "#" : "", recipe->row ? recipe->row : "",
        manifest->plan->target->platform);
    put(manifest, 0, "apiVersion: apps/v1");
    put(manifest, 0, "kind: Deployment");
    put(manifest, 0, "metadata:");
    put(manifest, 2, "name: \"%s\"", name);
    put(manifest, 0, "spec:");
    put(manifest, 2, "replicas: 1");
    put(manifest, 2, "selector:");
    put(manifest, 4, "matchLabels: {app: \"%s\"}", name);
    put(manifest, 2, "template:");
    put(manifest, 4, "metadata:");
    put(manifest, 6, "labels: {app: \"%s\"}", name);
    put(manifest, 4, "spec:");
}

gboolean kubernetes_emit(const Plan *plan, const char *image, EmittedFile **ret_file,
                         GError **error)
{
    if (plan->recipe->target != TARGET_IMAGE)
        return error_set(error, ERROR_INPUT, SPAN_NONE, "a recipe with `target: env` has no image");
    Manifest manifest = {plan, plan->recipe->config, plan->floors, g_string_new(NULL)};
    g_autofree char *name = make_name(plan->recipe);
    g_autofree char *reference = quote(image);
    put_head(&manifest, name);
    put_affinity(&manifest);
    put_tolerations(&manifest);
    put(&manifest, 6, "containers:");
    put(&manifest, 8, "- name: \"%s\"", name);
    put(&manifest, 10, "# The name that it was pushed under.");
    put(&manifest, 10, "image: %s", reference);
    put_ports(&manifest);
    put_resources(&manifest);
    put_startup(&manifest);
    put_readiness(&manifest);
    put_mounts(&manifest);
    put_volumes(&manifest);
    EmittedFile *file = g_new(EmittedFile, 1);
    *file = (EmittedFile){g_strdup("kubernetes.yaml"), g_string_free(manifest.out, FALSE), 0644};
    *ret_file = file;
    return TRUE;
}
