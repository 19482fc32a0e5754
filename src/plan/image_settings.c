#include "plan/image_settings.h"

#include "base/limits.h"
#include "dockerfile/expand.h"
#include "lock/base_facts.h"
#include "plan/image_labels.h"
#include "plan/start_check.h"
#include "recipe/config.h"
#include "recipe/stage_download.h"
#include "recipe/stage_run.h"

/* Labels longer than this stay out of the configuration, which registries limit. */
#define MAX_PACKED_BYTES ((size_t)2 * 1024 * 1024)

#define NANOSECONDS_PER_MILLISECOND 1000000

/* Environment */

static char **find_variable(char **env, const char *name, size_t length)
{
    for (char **at = env; at && *at; at++) {
        if (strncmp(*at, name, length) == 0 && (*at)[length] == '=')
            return at;
    }
    return NULL;
}

static const char *lookup_variable(const void *data, const char *name, size_t length)
{
    char **found = find_variable((char **)data, name, length);
    return found ? *found + length + 1 : NULL;
}

/* A key that is there keeps its place, as builders have it. */
static void set_variable(ImageConfig *config, const char *key, const char *value)
{
    char *line = g_strdup_printf("%s=%s", key, value);
    char **found = find_variable(config->env, key, strlen(key));
    if (found) {
        g_free(*found);
        *found = line;
        return;
    }
    guint count = g_strv_length(config->env);
    config->env = g_renew(char *, config->env, count + 2);
    config->env[count] = line;
    config->env[count + 1] = NULL;
}

static bool sets_variable(const GPtrArray *env, const char *key)
{
    for (guint i = 0; env && i < env->len; i++) {
        if (g_str_equal(((const Pair *)env->pdata[i])->key, key))
            return true;
    }
    return false;
}

/* The virtual environment, first on the PATH unless the recipe says what PATH is. */
static void set_venv(ImageConfig *config, const Recipe *recipe)
{
    const char *venv = recipe->python.venv;
    if (!venv || (recipe->config && sets_variable(recipe->config->env, "PATH")))
        return;
    const char *old = lookup_variable(config->env, "PATH", strlen("PATH"));
    g_autofree char *path = g_strdup_printf("%s/bin:%s", venv, old ? old : "");
    set_variable(config, "VIRTUAL_ENV", venv);
    set_variable(config, "PATH", path);
}

/* One ENV instruction: every value sees the environment from before it. */
static gboolean set_env(ImageConfig *config, const GPtrArray *env, GError **error)
{
    g_auto(GStrv) before = g_strdupv(config->env);
    for (guint i = 0; env && i < env->len; i++) {
        const Pair *pair = env->pdata[i];
        g_autofree char *value = word_expand(pair->value, lookup_variable, before, pair->at, error);
        if (!value)
            return FALSE;
        set_variable(config, pair->key, value);
    }
    return TRUE;
}

/* Lists */

static char **strings_of(const GPtrArray *texts)
{
    char **strings = g_new0(char *, texts->len + 1);
    for (guint i = 0; i < texts->len; i++)
        strings[i] = g_strdup(((const Text *)texts->pdata[i])->text);
    return strings;
}

static void add_string(GPtrArray *list, char *take_text)
{
    for (guint i = 0; i < list->len; i++) {
        if (g_str_equal(list->pdata[i], take_text)) {
            g_free(take_text);
            return;
        }
    }
    g_ptr_array_add(list, take_text);
}

/* "080" → "80/tcp" */
static void add_ports(ImageConfig *config, const GPtrArray *ports)
{
    for (guint i = 0; ports && i < ports->len; i++) {
        const char *text = ((const Text *)ports->pdata[i])->text;
        const char *slash = strchr(text, '/');
        add_string(config->ports,
                   g_strdup_printf("%" G_GUINT64_FORMAT "%s", g_ascii_strtoull(text, NULL, 10),
                                   slash ? slash : "/tcp"));
    }
}

static void add_volumes(ImageConfig *config, const GPtrArray *volumes)
{
    for (guint i = 0; volumes && i < volumes->len; i++)
        add_string(config->volumes, g_strdup(((const Text *)volumes->pdata[i])->text));
}

static void set_text(char **slot, const char *text)
{
    if (!text)
        return;
    g_free(*slot);
    *slot = g_strdup(text);
}

/* What starts */

static void set_command(ImageConfig *config, const RecipeConfig *recipe)
{
    if (recipe->entrypoint) {
        g_strfreev(config->entrypoint);
        config->entrypoint = strings_of(recipe->entrypoint);
        g_clear_pointer(&config->cmd, g_strfreev);
    }
    if (recipe->cmd) {
        g_strfreev(config->cmd);
        config->cmd = strings_of(recipe->cmd);
    }
}

static char **healthcheck_test(const Recipe *recipe)
{
    const Healthcheck *from = &recipe->config->healthcheck;
    g_autoptr(GStrvBuilder) test = g_strv_builder_new();
    g_strv_builder_add(test, from->kind == HEALTHCHECK_NONE ? "NONE" : "CMD");
    if (from->kind == HEALTHCHECK_GENERATED) {
        g_auto(GStrv) command = start_check_command(recipe, "--health");
        g_strv_builder_addv(test, (const char **)command);
    }
    for (guint i = 0; from->cmd && i < from->cmd->len; i++)
        g_strv_builder_add(test, ((const Text *)from->cmd->pdata[i])->text);
    return g_strv_builder_end(test);
}

static ImageHealthcheck *make_healthcheck(const Recipe *recipe)
{
    const Healthcheck *from = &recipe->config->healthcheck;
    ImageHealthcheck *check = g_new0(ImageHealthcheck, 1);
    check->test = healthcheck_test(recipe);
    check->interval = (gint64)from->interval * NANOSECONDS_PER_MILLISECOND;
    check->timeout = (gint64)from->timeout * NANOSECONDS_PER_MILLISECOND;
    check->start_period = (gint64)from->start_period * NANOSECONDS_PER_MILLISECOND;
    check->retries = (gint64)from->retries;
    return check;
}

static void set_healthcheck(ImageConfig *config, const Recipe *recipe)
{
    if (recipe->config->healthcheck.kind == HEALTHCHECK_INHERIT)
        return;
    image_healthcheck_free(config->healthcheck);
    config->healthcheck = make_healthcheck(recipe);
}

static gboolean apply_config(ImageConfig *config, const Recipe *recipe, GError **error)
{
    const RecipeConfig *from = recipe->config;
    if (!set_env(config, from->env, error))
        return FALSE;
    set_command(config, from);
    set_healthcheck(config, recipe);
    add_ports(config, from->ports);
    add_volumes(config, from->volumes);
    set_text(&config->user, from->user ? from->user->name : NULL);
    set_text(&config->workdir, from->workdir.text);
    set_text(&config->stop_signal, from->stop_signal.text);
    return TRUE;
}

/* Labels */

static void set_pair(GPtrArray *pairs, const char *key, const char *value)
{
    if (value && *value)
        image_pairs_set(pairs, key, value);
}

/* What labels and annotations both say of the image. */
static void set_standard(GPtrArray *pairs, const ImageSettings *settings)
{
    const Recipe *recipe = settings->plan->recipe;
    bool named = settings->base_name && base_form(settings->base_name) == BASE_FORM_REGISTRY;
    set_pair(pairs, LABEL_STANDARD "title", recipe->name);
    set_pair(pairs, LABEL_STANDARD "description", recipe->description);
    set_pair(pairs, LABEL_STANDARD "created", settings->created);
    set_pair(pairs, LABEL_STANDARD "base.name", named ? settings->base_name : NULL);
    set_pair(pairs, LABEL_STANDARD "base.digest", settings->base_digest);
    set_pair(pairs, LABEL_REVISION, settings->revision);
    set_pair(pairs, LABEL_SOURCE, settings->source);
}

static void add_clause(GString *out, const Stage *stage, const char *what)
{
    g_string_append_printf(out, "%sstage %s %s", out->len ? "; " : "", stage->name, what);
}

static bool has_unpinned(const DownloadStage *body)
{
    for (guint i = 0; i < body->files->len; i++) {
        if (!((const Download *)body->files->pdata[i])->sha256.text)
            return true;
    }
    return false;
}

/* Why another build of the same recipe and lock may give another image; NULL: nothing. */
static char *find_unreproducible(const Recipe *recipe)
{
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < recipe->stages->len; i++) {
        const Stage *stage = recipe->stages->pdata[i];
        if (stage->kind == STAGE_RUN && stage->body.run->network)
            add_clause(out, stage, "uses the network");
        if (stage->kind == STAGE_DOWNLOAD && has_unpinned(stage->body.download))
            add_clause(out, stage, "downloads without a digest");
    }
    return g_string_free(out, FALSE);
}

static char *list_substituted(const LockTarget *target)
{
    GString *out = g_string_new(NULL);
    for (guint i = 0; target->substituted && target->substituted[i]; i++)
        g_string_append_printf(out, "%sindex %s", out->len ? ", " : "", target->substituted[i]);
    if (target->substituted_base)
        g_string_append_printf(out, "%sbase %s", out->len ? ", " : "", target->substituted_base);
    return g_string_free(out, FALSE);
}

static void set_packed(GPtrArray *labels, const char *key, const char *text)
{
    g_autofree char *packed = text ? label_pack(text, strlen(text)) : NULL;
    if (packed && strlen(packed) <= MAX_PACKED_BYTES)
        image_pairs_set(labels, key, packed);
}

static void drop_ours(GPtrArray *labels)
{
    for (guint i = labels->len; i > 0; i--) {
        const ImagePair *pair = labels->pdata[i - 1];
        if (g_str_has_prefix(pair->key, LABEL_PREFIX))
            g_ptr_array_remove_index(labels, i - 1);
    }
}

static gboolean set_own_labels(GPtrArray *labels, const GPtrArray *pairs, GError **error)
{
    for (guint i = 0; pairs && i < pairs->len; i++) {
        const Pair *pair = pairs->pdata[i];
        if (g_str_has_prefix(pair->key, LABEL_PREFIX))
            return error_set(error, ERROR_INPUT, pair->at,
                             "labels that begin with '" LABEL_PREFIX "' are ramekin's own");
        image_pairs_set(labels, pair->key, pair->value);
    }
    return TRUE;
}

/* What a host must have, where that is known. */
static void set_host_labels(const HostFloors *floors, GPtrArray *labels)
{
    g_autofree char *capabilities = capabilities_text(floors->capabilities);
    g_autofree char *vram = g_strdup_printf("%" G_GUINT64_FORMAT, floors->min_vram);
    set_pair(labels, LABEL_CUDA, floors->cuda);
    set_pair(labels, LABEL_MIN_CUDA, floors->min_cuda);
    set_pair(labels, LABEL_MIN_DRIVER, floors->min_driver);
    set_pair(labels, LABEL_CAPABILITY, capabilities);
    set_pair(labels, LABEL_MIN_VRAM, floors->min_vram ? vram : NULL);
}

static gboolean set_labels(const ImageSettings *settings, GPtrArray *labels, GError **error)
{
    const Recipe *recipe = settings->plan->recipe;
    const LockTarget *target = settings->plan->target;
    g_autofree char *format = g_strdup_printf("%d", IMAGE_FORMAT_VERSION);
    g_autofree char *unreproducible = find_unreproducible(recipe);
    g_autofree char *substituted = list_substituted(target);
    drop_ours(labels);
    set_standard(labels, settings);
    image_pairs_set(labels, LABEL_FORMAT, format);
    set_pair(labels, LABEL_ROW, target->row);
    set_pair(labels, LABEL_EPOCH, settings->epoch);
    set_pair(labels, LABEL_LAYERS, settings->layers);
    set_pair(labels, LABEL_FORCED, settings->forced ? "true" : NULL);
    set_pair(labels, LABEL_SUBSTITUTED, substituted);
    set_pair(labels, LABEL_UNREPRODUCIBLE, unreproducible);
    set_host_labels(settings->plan->floors, labels);
    set_packed(labels, LABEL_RECIPE, settings->recipe_text);
    set_packed(labels, LABEL_LOCK, settings->lock_text);
    return !recipe->config || set_own_labels(labels, recipe->config->labels, error);
}

gboolean image_settings_config(const ImageSettings *settings, ImageConfig **ret_config,
                               GError **error)
{
    const Recipe *recipe = settings->plan->recipe;
    g_autoptr(ImageConfig) config = image_config_copy(settings->base);
    set_text(&config->created, settings->created);
    set_venv(config, recipe);
    if (settings->plan->floors->require_cuda)
        set_variable(config, "NVIDIA_REQUIRE_CUDA", settings->plan->floors->require_cuda);
    if (recipe->config && !apply_config(config, recipe, error))
        return FALSE;
    if (!set_labels(settings, config->labels, error))
        return FALSE;
    *ret_config = g_steal_pointer(&config);
    return TRUE;
}

static void pair_free_func(void *data)
{
    image_pair_free(data);
}

GPtrArray *image_settings_annotations(const ImageSettings *settings)
{
    const Recipe *recipe = settings->plan->recipe;
    const GPtrArray *own = recipe->config ? recipe->config->annotations : NULL;
    GPtrArray *pairs = g_ptr_array_new_with_free_func(pair_free_func);
    set_standard(pairs, settings);
    for (guint i = 0; own && i < own->len; i++) {
        const Pair *pair = own->pdata[i];
        image_pairs_set(pairs, pair->key, pair->value);
    }
    return pairs;
}

gboolean image_settings_embedded(const ImageConfig *config, char **ret_recipe, char **ret_lock,
                                 GError **error)
{
    const char *recipe = image_pairs_find(config->labels, LABEL_RECIPE);
    const char *lock = image_pairs_find(config->labels, LABEL_LOCK);
    g_autofree char *recipe_text = NULL;
    g_autofree char *lock_text = NULL;
    if (recipe && !(recipe_text = label_unpack(LABEL_RECIPE, recipe, LIMIT_LOCK_BYTES, error)))
        return FALSE;
    if (lock && !(lock_text = label_unpack(LABEL_LOCK, lock, LIMIT_LOCK_BYTES, error)))
        return FALSE;
    *ret_recipe = g_steal_pointer(&recipe_text);
    *ret_lock = g_steal_pointer(&lock_text);
    return TRUE;
}
