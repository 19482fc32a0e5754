/* What targets are for, and what their images say: one fact a line. */
#include "diff/diff_private.h"

#include "lock/environment_cuda.h"
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

void diff_compare_facts(Diff *diff)
{
    const LockTarget *a = diff->a.target, *b = diff->b.target;
    const GPtrArray *in_a = diff_environment(a), *in_b = diff_environment(b);
    diff_add_fact(diff, "CUDA", environment_cuda(in_a), environment_cuda(in_b));
    diff_add_fact(diff, "driver for CUDA", environment_min_cuda(in_a), environment_min_cuda(in_b));
    if (diff->a.flat || diff->b.flat)
        return;
    diff_add_fact(diff, "platform", g_strdup(a->platform), g_strdup(b->platform));
    if (a->base.reference && b->base.reference) /* a plan does not tell it */
        diff_add_fact(diff, "base", base_text(a), base_text(b));
    diff_add_fact(diff, "python", g_strdup(a->base.python), g_strdup(b->base.python));
    diff_add_fact(diff, "libc", g_strdup(a->base.libc), g_strdup(b->base.libc));
    diff_add_fact(diff, "substituted", substituted_text(a), substituted_text(b));
}

/* Configuration */

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

static const char *find_pair(const GPtrArray *pairs, const char *key)
{
    for (guint i = 0; pairs && i < pairs->len; i++) {
        const Pair *pair = pairs->pdata[i];
        if (g_str_equal(pair->key, key))
            return pair->value;
    }
    return NULL;
}

/* A fact for each key that differs: those of A in order, then what B has more. */
static void compare_pairs(Diff *diff, const char *what, const GPtrArray *a, const GPtrArray *b)
{
    for (guint i = 0; a && i < a->len; i++) {
        const Pair *pair = a->pdata[i];
        g_autofree char *subject = g_strdup_printf("%s %s", what, pair->key);
        diff_add_fact(diff, subject, g_strdup(pair->value), g_strdup(find_pair(b, pair->key)));
    }
    for (guint i = 0; b && i < b->len; i++) {
        const Pair *pair = b->pdata[i];
        if (find_pair(a, pair->key))
            continue;
        g_autofree char *subject = g_strdup_printf("%s %s", what, pair->key);
        diff_add_fact(diff, subject, NULL, g_strdup(pair->value));
    }
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
    diff_add_fact(diff, "host gpus", join_texts(a->gpus), join_texts(b->gpus));
    diff_add_fact(diff, "host min_cuda", g_strdup(a->min_cuda.text), g_strdup(b->min_cuda.text));
    diff_add_fact(diff, "host min_driver", g_strdup(a->min_driver.text),
                  g_strdup(b->min_driver.text));
    diff_add_fact(diff, "host min_vram", size_text(a->min_vram), size_text(b->min_vram));
}

static char *join_strings(char **texts)
{
    g_autofree char *joined = texts ? g_strjoinv(", ", texts) : NULL;
    return joined ? g_strdup_printf("[%s]", joined) : NULL;
}

static GPtrArray *env_pairs(char **env)
{
    GPtrArray *pairs = g_ptr_array_new_with_free_func((GDestroyNotify)image_pair_free);
    for (guint i = 0; env && env[i]; i++) {
        g_autofree char *key = g_strndup(env[i], strcspn(env[i], "="));
        const char *value = strchr(env[i], '=');
        image_pairs_set(pairs, key, value ? value + 1 : "");
    }
    return pairs;
}

static void compare_image_env(Diff *diff, char **a, char **b)
{
    g_autoptr(GPtrArray) before = env_pairs(a);
    g_autoptr(GPtrArray) after = env_pairs(b);
    for (guint i = 0; i < before->len + after->len; i++) {
        const ImagePair *pair = i < before->len ? before->pdata[i] : after->pdata[i - before->len];
        const char *old = image_pairs_find(before, pair->key);
        if (i >= before->len && old)
            continue;
        g_autofree char *subject = g_strdup_printf("env %s", pair->key);
        diff_add_fact(diff, subject, g_strdup(old), g_strdup(image_pairs_find(after, pair->key)));
    }
}

static void compare_images(Diff *diff, const ImageConfig *a, const ImageConfig *b)
{
    compare_image_env(diff, a->env, b->env);
    diff_add_fact(diff, "entrypoint", join_strings(a->entrypoint), join_strings(b->entrypoint));
    diff_add_fact(diff, "cmd", join_strings(a->cmd), join_strings(b->cmd));
    diff_add_fact(diff, "user", g_strdup(a->user), g_strdup(b->user));
    diff_add_fact(diff, "workdir", g_strdup(a->workdir), g_strdup(b->workdir));
    diff_add_fact(diff, "stop_signal", g_strdup(a->stop_signal), g_strdup(b->stop_signal));
    diff_add_fact(diff, "healthcheck", join_strings(a->healthcheck ? a->healthcheck->test : NULL),
                  join_strings(b->healthcheck ? b->healthcheck->test : NULL));
}

void diff_compare_configuration(Diff *diff)
{
    if (diff->a.image && diff->b.image) {
        compare_images(diff, diff->a.image, diff->b.image);
        return;
    }
    const RecipeConfig *a = diff->a.recipe->config, *b = diff->b.recipe->config;
    compare_host(diff, a->host, b->host);
    compare_pairs(diff, "env", a->env, b->env);
    diff_add_fact(diff, "entrypoint", join_texts(a->entrypoint), join_texts(b->entrypoint));
    diff_add_fact(diff, "cmd", join_texts(a->cmd), join_texts(b->cmd));
    diff_add_fact(diff, "user", g_strdup(a->user ? a->user->name : NULL),
                  g_strdup(b->user ? b->user->name : NULL));
    diff_add_fact(diff, "workdir", g_strdup(a->workdir.text), g_strdup(b->workdir.text));
    diff_add_fact(diff, "ports", join_texts(a->ports), join_texts(b->ports));
    diff_add_fact(diff, "volumes", join_texts(a->volumes), join_texts(b->volumes));
    diff_add_fact(diff, "healthcheck", healthcheck_text(&a->healthcheck),
                  healthcheck_text(&b->healthcheck));
    diff_add_fact(diff, "stop_signal", g_strdup(a->stop_signal.text),
                  g_strdup(b->stop_signal.text));
    compare_pairs(diff, "label", a->labels, b->labels);
    compare_pairs(diff, "annotation", a->annotations, b->annotations);
}
