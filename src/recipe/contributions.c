/* What definitions bring beside stages, merged into the recipe. The recipe always wins; two
 * definitions that differ are an error naming both. */
#include "recipe/definition.h"

static const Pair *find_pair(const GPtrArray *pairs, const char *key)
{
    for (guint i = 0; pairs && i < pairs->len; i++) {
        const Pair *pair = pairs->pdata[i];
        if (g_str_equal(pair->key, key))
            return pair;
    }
    return NULL;
}

static void report_conflict(Decoder *decoder, const char *what, const Contribution *first,
                            const Contribution *second)
{
    Node at = {.kind = NODE_SCALAR, .at = second->at};
    GError *error = decoder_error(decoder, &at, "definitions '%s' and '%s' set %s differently",
                                  first->name, second->name, what);
    if (!error)
        return;
    error_add_note(error, first->at, "'%s' is used here", first->name);
    error_set_hint(error, "set it in the recipe, which always wins");
}

/* The first contribution before `end` that sets `key`. */
static const Contribution *env_setter(const GPtrArray *contributions, guint end, const char *key)
{
    for (guint i = 0; i < end; i++)
        if (find_pair(((Contribution *)contributions->pdata[i])->env, key))
            return contributions->pdata[i];
    return NULL;
}

static void merge_env(Decoder *decoder, const GPtrArray *contributions, Recipe *recipe)
{
    GPtrArray *merged = g_ptr_array_new_with_free_func(pair_free);
    for (guint i = 0; i < contributions->len; i++) {
        const Contribution *from = contributions->pdata[i];
        for (guint j = 0; from->env && j < from->env->len; j++) {
            const Pair *pair = from->env->pdata[j];
            if (find_pair(recipe->config->env, pair->key))
                continue;
            const Contribution *earlier = env_setter(contributions, i, pair->key);
            const Pair *other = earlier ? find_pair(earlier->env, pair->key) : NULL;
            if (other && !g_str_equal(other->value, pair->value))
                report_conflict(decoder, pair->key, earlier, from);
            if (other)
                continue;
            Pair *copy = g_new(Pair, 1);
            *copy = (Pair){g_strdup(pair->key), g_strdup(pair->value), pair->at};
            g_ptr_array_add(merged, copy);
        }
    }
    g_ptr_array_extend_and_steal(merged, g_steal_pointer(&recipe->config->env));
    recipe->config->env = merged;
}

static bool texts_equal(const GPtrArray *a, const GPtrArray *b)
{
    if (a->len != b->len)
        return false;
    for (guint i = 0; i < a->len; i++)
        if (!g_str_equal(((Text *)a->pdata[i])->text, ((Text *)b->pdata[i])->text))
            return false;
    return true;
}

static void merge_cmd(Decoder *decoder, const GPtrArray *contributions, Recipe *recipe)
{
    const Contribution *setter = NULL;
    if (recipe->config->cmd)
        return;
    for (guint i = 0; i < contributions->len; i++) {
        Contribution *from = contributions->pdata[i];
        if (!from->cmd)
            continue;
        if (setter && !texts_equal(setter->cmd, from->cmd))
            report_conflict(decoder, "`cmd`", setter, from);
        if (!setter)
            setter = from;
    }
    if (setter)
        recipe->config->cmd = g_ptr_array_ref(setter->cmd);
}

static bool users_equal(const RecipeUser *a, const RecipeUser *b)
{
    return g_strcmp0(a->name, b->name) == 0 && g_strcmp0(a->uid.text, b->uid.text) == 0 &&
           g_strcmp0(a->gid.text, b->gid.text) == 0;
}

static void merge_user(Decoder *decoder, const GPtrArray *contributions, Recipe *recipe)
{
    const Contribution *setter = NULL;
    if (recipe->config->user)
        return;
    for (guint i = 0; i < contributions->len; i++) {
        Contribution *from = contributions->pdata[i];
        if (!from->user)
            continue;
        if (setter && !users_equal(recipe->config->user, from->user))
            report_conflict(decoder, "`user`", setter, from);
        if (!setter)
            recipe->config->user = g_steal_pointer(&from->user);
        setter = setter ? setter : from;
    }
}

static bool has_text(const GPtrArray *texts, const char *wanted)
{
    for (guint i = 0; i < texts->len; i++)
        if (g_str_equal(((Text *)texts->pdata[i])->text, wanted))
            return true;
    return false;
}

/* Appends the texts that *to lacks. */
static void add_texts(GPtrArray **to, const GPtrArray *from)
{
    if (!from)
        return;
    if (!*to)
        *to = g_ptr_array_new();
    g_ptr_array_set_free_func(*to, text_free); /* an absent list is an array without one */
    for (guint i = 0; i < from->len; i++) {
        const Text *text = from->pdata[i];
        if (has_text(*to, text->text))
            continue;
        Text *copy = g_new(Text, 1);
        *copy = (Text){g_strdup(text->text), text->at};
        g_ptr_array_add(*to, copy);
    }
}

static void add_floor(Text *to, const Text *from)
{
    if (!to->text && from->text)
        *to = (Text){g_strdup(from->text), from->at};
}

static void merge_host(RecipeHost *to, const RecipeHost *from)
{
    add_texts(&to->gpus, from->gpus);
    to->min_vram = MAX(to->min_vram, from->min_vram);
    to->min_ram = MAX(to->min_ram, from->min_ram);
    to->disk = MAX(to->disk, from->disk);
    to->shm = MAX(to->shm, from->shm);
    add_floor(&to->min_driver, &from->min_driver);
    add_floor(&to->min_cuda, &from->min_cuda);
}

static void move_checks(GPtrArray **to, GPtrArray *from)
{
    if (!from)
        return;
    if (!*to)
        *to = g_ptr_array_new_with_free_func(check_free);
    while (from->len > 0)
        g_ptr_array_add(*to, g_ptr_array_steal_index(from, 0));
}

static void merge_checks(RecipeChecks *to, RecipeChecks *from)
{
    move_checks(&to->build, from->build);
    move_checks(&to->runtime, from->runtime);
    move_checks(&to->gpu, from->gpu);
}

void contributions_merge(Decoder *decoder, Recipe *recipe)
{
    const GPtrArray *contributions = recipe_context(decoder)->contributions;
    merge_env(decoder, contributions, recipe);
    merge_cmd(decoder, contributions, recipe);
    merge_user(decoder, contributions, recipe);
    for (guint i = 0; i < contributions->len; i++) {
        Contribution *from = contributions->pdata[i];
        add_texts(&recipe->protect, from->protect);
        add_texts(&recipe->config->ports, from->ports);
        if (from->checks)
            merge_checks(recipe->checks, from->checks);
        if (from->host && !recipe->config->host)
            recipe->config->host = g_steal_pointer(&from->host);
        else if (from->host)
            merge_host(recipe->config->host, from->host);
    }
}
