/* What targets are for, and what their images say: one fact a line. */
#include "diff/diff_private.h"

#include "lock/environment_cuda.h"
#include "plan/image_settings.h"
#include "recipe/config.h"

#include <string.h>

static char *base_text(const LockTarget *target)
{
    const LockBase *base = &target->base;
    if (!base->digest)
        return g_strdup(base->reference);
    return g_strdup_printf("%s (%.19s)", base->reference ? base->reference : "", base->digest);
}

static char *substituted_text(const LockTarget *target)
{
    g_autofree char *indexes =
        target->substituted ? g_strjoinv(", ", target->substituted) : g_strdup("");
    if (!target->substituted_base)
        return *indexes ? g_steal_pointer(&indexes) : NULL;
    return g_strdup_printf("%s%sbase %s", indexes, *indexes ? ", " : "", target->substituted_base);
}

/* Where the import runs, or NULL where nothing asks for it. */
static char *import_text(const LockImport *item)
{
    static const char *const texts[] = {[LOCK_IMPORT_STAYS] = "where it stands",
                                        [LOCK_IMPORT_MOVED] = "moved to gpu",
                                        [LOCK_IMPORT_UNDECIDED] = "not decided",
                                        [LOCK_IMPORT_UNREAD] = "not decided"};
    return item ? g_strdup_printf("%s: %s", item->list, texts[item->verdict]) : NULL;
}

static bool is_moved(const LockImport *item)
{
    return item && item->verdict == LOCK_IMPORT_MOVED;
}

/* Imports of `checks:` that one side moves to the GPU and the other does not. */
static void compare_imports(Diff *diff)
{
    const GPtrArray *a = diff->a.target->imports, *b = diff->b.target->imports;
    for (guint i = 0; i < a->len + b->len; i++) {
        const LockImport *item = i < a->len ? a->pdata[i] : b->pdata[i - a->len];
        const LockImport *before = lock_import_find(a, item->list, item->module);
        const LockImport *after = lock_import_find(b, item->list, item->module);
        bool told = i >= a->len && before;
        if (told || is_moved(before) == is_moved(after))
            continue;
        g_autofree char *subject = g_strdup_printf("import %s", item->module);
        diff_add_fact(diff, DIFF_TOPIC_IMPORTS, subject, import_text(before), import_text(after));
    }
}

/* The oldest driver that runs what the environment holds. */
static char *driver_text(const Diff *diff, const DiffSide *side)
{
    const HostTables *tables = side->tables ? side->tables : diff->b.tables;
    g_autofree char *cuda = environment_min_cuda(diff_environment(side->target));
    const char *driver = cuda && tables ? driver_table_floor(tables->drivers, cuda) : NULL;
    return driver ? g_strdup_printf("%s (CUDA %s)", driver, cuda)
           : cuda ? g_strdup_printf("for CUDA %s", cuda)
                  : NULL;
}

/* Only what both sides tell: a list of versions has no platform, a plan no base. */
static void compare_known(Diff *diff, const char *subject, const char *before, const char *after)
{
    if (before && after)
        diff_add_fact(diff, DIFF_TOPIC_BASE, subject, g_strdup(before), g_strdup(after));
}

static void compare_base(Diff *diff)
{
    const LockTarget *a = diff->a.target, *b = diff->b.target;
    bool flat = diff->a.flat || diff->b.flat;
    compare_known(diff, "platform", a->platform, b->platform);
    if (a->base.reference && b->base.reference) {
        diff_add_fact(diff, DIFF_TOPIC_BASE, "base", base_text(a), base_text(b));
        diff_add_fact(diff, DIFF_TOPIC_BASE, "driver that the base asks for",
                      g_strdup(a->base.require_cuda), g_strdup(b->base.require_cuda));
    }
    compare_known(diff, "python", a->base.python, b->base.python);
    compare_known(diff, "libc", a->base.libc, b->base.libc);
    if (!flat)
        diff_add_fact(diff, DIFF_TOPIC_BASE, "substituted", substituted_text(a),
                      substituted_text(b));
}

void diff_compare_facts(Diff *diff)
{
    const GPtrArray *in_a = diff_environment(diff->a.target);
    const GPtrArray *in_b = diff_environment(diff->b.target);
    if (!diff->unsolved) {
        diff_add_fact(diff, DIFF_TOPIC_CUDA, "CUDA", environment_cuda(in_a),
                      environment_cuda(in_b));
        diff_add_fact(diff, DIFF_TOPIC_CUDA, "driver", driver_text(diff, &diff->a),
                      driver_text(diff, &diff->b));
        diff_compare_gpus(diff);
    }
    compare_base(diff);
    if (!diff->a.flat && !diff->b.flat)
        compare_imports(diff);
}

/* Configuration */

static void add_setting(Diff *diff, const char *subject, char *before, char *after)
{
    diff_add_fact(diff, DIFF_TOPIC_CONFIGURATION, subject, before, after);
}

static char *join_texts(const GPtrArray *texts)
{
    if (!texts)
        return NULL;
    g_autoptr(GString) joined = g_string_new("[");
    for (guint i = 0; i < texts->len; i++)
        g_string_append_printf(joined, "%s%s", i ? ", " : "",
                               ((const Text *)texts->pdata[i])->text);
    g_string_append_c(joined, ']');
    return g_strdup(joined->str);
}

static GPtrArray *new_pairs(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)image_pair_free);
}

/* Of a recipe, as images have them. */
static GPtrArray *recipe_pairs(const GPtrArray *pairs)
{
    GPtrArray *same = new_pairs();
    for (guint i = 0; pairs && i < pairs->len; i++) {
        const Pair *pair = pairs->pdata[i];
        image_pairs_set(same, pair->key, pair->value);
    }
    return same;
}

static GPtrArray *env_pairs(char **env)
{
    GPtrArray *pairs = new_pairs();
    for (guint i = 0; env && env[i]; i++) {
        g_autofree char *key = g_strndup(env[i], strcspn(env[i], "="));
        const char *value = strchr(env[i], '=');
        image_pairs_set(pairs, key, value ? value + 1 : "");
    }
    return pairs;
}

/* Recipe, lock and base are compared as what they are, not as the labels that hold them; when an
 * image was made is no difference. */
static bool tells_origin(const char *label)
{
    return g_str_has_prefix(label, LABEL_PREFIX) ||
           g_str_has_prefix(label, LABEL_STANDARD "base.") ||
           g_str_equal(label, LABEL_STANDARD "created");
}

static GPtrArray *label_pairs(const GPtrArray *labels)
{
    GPtrArray *pairs = new_pairs();
    for (guint i = 0; i < labels->len; i++) {
        const ImagePair *pair = labels->pdata[i];
        if (!tells_origin(pair->key))
            image_pairs_set(pairs, pair->key, pair->value);
    }
    return pairs;
}

/* A fact for each key that differs: those of A in order, then what B has more. Frees both. */
static void compare_pairs(Diff *diff, const char *what, GPtrArray *a, GPtrArray *b)
{
    for (guint i = 0; i < a->len + b->len; i++) {
        const ImagePair *pair = i < a->len ? a->pdata[i] : b->pdata[i - a->len];
        const char *before = image_pairs_find(a, pair->key);
        if (i >= a->len && before)
            continue;
        g_autofree char *subject = g_strdup_printf("%s %s", what, pair->key);
        add_setting(diff, subject, g_strdup(before), g_strdup(image_pairs_find(b, pair->key)));
    }
    g_ptr_array_unref(a);
    g_ptr_array_unref(b);
}

static char *healthcheck_text(const Healthcheck *check)
{
    switch (check->kind) {
    case HEALTHCHECK_NONE:
        return g_strdup("none");
    case HEALTHCHECK_GENERATED:
        return g_strdup("generated");
    case HEALTHCHECK_CMD:
        return join_texts(check->cmd);
    case HEALTHCHECK_INHERIT:
    default:
        return NULL;
    }
}

static char *size_text(guint64 bytes)
{
    return bytes ? layout_size(bytes) : NULL;
}

static void compare_host(Diff *diff, const RecipeHost *a, const RecipeHost *b)
{
    static const RecipeHost none;
    a = a ? a : &none;
    b = b ? b : &none;
    diff_add_fact(diff, DIFF_TOPIC_HOST, "host gpus", join_texts(a->gpus), join_texts(b->gpus));
    diff_add_fact(diff, DIFF_TOPIC_HOST, "host min_cuda", g_strdup(a->min_cuda.text),
                  g_strdup(b->min_cuda.text));
    diff_add_fact(diff, DIFF_TOPIC_HOST, "host min_driver", g_strdup(a->min_driver.text),
                  g_strdup(b->min_driver.text));
    diff_add_fact(diff, DIFF_TOPIC_HOST, "host min_vram", size_text(a->min_vram),
                  size_text(b->min_vram));
}

static char *join_strings(char **texts)
{
    g_autofree char *joined = texts ? g_strjoinv(", ", texts) : NULL;
    return joined ? g_strdup_printf("[%s]", joined) : NULL;
}

/* As join_texts() has a list of the recipe; NULL: none. */
static char *join_list(const GPtrArray *texts)
{
    g_autoptr(GPtrArray) borrowed = g_ptr_array_new();
    for (guint i = 0; i < texts->len; i++)
        g_ptr_array_add(borrowed, texts->pdata[i]);
    g_ptr_array_add(borrowed, NULL);
    return texts->len ? join_strings((char **)borrowed->pdata) : NULL;
}

static void compare_images(Diff *diff, const ImageConfig *a, const ImageConfig *b)
{
    compare_pairs(diff, "env", env_pairs(a->env), env_pairs(b->env));
    add_setting(diff, "entrypoint", join_strings(a->entrypoint), join_strings(b->entrypoint));
    add_setting(diff, "cmd", join_strings(a->cmd), join_strings(b->cmd));
    add_setting(diff, "user", g_strdup(a->user), g_strdup(b->user));
    add_setting(diff, "workdir", g_strdup(a->workdir), g_strdup(b->workdir));
    add_setting(diff, "ports", join_list(a->ports), join_list(b->ports));
    add_setting(diff, "volumes", join_list(a->volumes), join_list(b->volumes));
    add_setting(diff, "healthcheck", join_strings(a->healthcheck ? a->healthcheck->test : NULL),
                join_strings(b->healthcheck ? b->healthcheck->test : NULL));
    add_setting(diff, "stop_signal", g_strdup(a->stop_signal), g_strdup(b->stop_signal));
    compare_pairs(diff, "label", label_pairs(a->labels), label_pairs(b->labels));
}

void diff_compare_configuration(Diff *diff)
{
    if (diff->a.image && diff->b.image) {
        compare_images(diff, diff->a.image->manifest->config, diff->b.image->manifest->config);
        return;
    }
    const RecipeConfig *a = diff->a.recipe->config, *b = diff->b.recipe->config;
    compare_host(diff, a->host, b->host);
    compare_pairs(diff, "env", recipe_pairs(a->env), recipe_pairs(b->env));
    add_setting(diff, "entrypoint", join_texts(a->entrypoint), join_texts(b->entrypoint));
    add_setting(diff, "cmd", join_texts(a->cmd), join_texts(b->cmd));
    add_setting(diff, "user", g_strdup(a->user ? a->user->name : NULL),
                g_strdup(b->user ? b->user->name : NULL));
    add_setting(diff, "workdir", g_strdup(a->workdir.text), g_strdup(b->workdir.text));
    add_setting(diff, "ports", join_texts(a->ports), join_texts(b->ports));
    add_setting(diff, "volumes", join_texts(a->volumes), join_texts(b->volumes));
    add_setting(diff, "healthcheck", healthcheck_text(&a->healthcheck),
                healthcheck_text(&b->healthcheck));
    add_setting(diff, "stop_signal", g_strdup(a->stop_signal.text), g_strdup(b->stop_signal.text));
    compare_pairs(diff, "label", recipe_pairs(a->labels), recipe_pairs(b->labels));
    compare_pairs(diff, "annotation", recipe_pairs(a->annotations), recipe_pairs(b->annotations));
}
