#include "base/digest.h"
#include "base/io.h"
#include "base/limits.h"
#include "lock/base_facts.h"
#include "lock/inputs.h"

static const LockInput *find_input(const LockTarget *target, const char *name)
{
    for (guint i = 0; i < target->inputs->len; i++) {
        const LockInput *input = target->inputs->pdata[i];
        if (g_str_equal(input->name, name))
            return input;
    }
    return NULL;
}

/* "stage 'torch'" of the input "stage torch", and the like. */
static char *input_title(const char *name)
{
    static const struct {
        const char *name, *title;
    } titles[] = {
        {"base", "the base or its Python"},
        {"indexes", "`indexes:`"},
        {"rules", "a constraint or another rule for all stages"},
        {"imports", "what `checks:` import (or `env:`)"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(titles); i++) {
        if (g_str_equal(titles[i].name, name))
            return g_strdup(titles[i].title);
    }
    const char *rest = strchr(name, ' ');
    return g_str_has_prefix(name, "stage ") ? g_strdup_printf("stage '%s'", rest + 1)
                                            : g_strdup(rest ? rest + 1 : name);
}

static bool is_file(const LockInput *input)
{
    return g_str_has_prefix(input->name, "file ");
}

/* Requirement files as they are now. */
static char *changed_file(const LockTarget *target, const Recipe *recipe)
{
    for (guint i = 0; i < target->inputs->len; i++) {
        const LockInput *input = target->inputs->pdata[i];
        if (!is_file(input))
            continue;
        const char *name = input->name + strlen("file ");
        g_autofree char *path = g_canonicalize_filename(name, recipe_file_dir(recipe->file));
        g_autofree char *text = NULL;
        size_t length;
        if (!io_load(path, LIMIT_REQUIREMENTS_BYTES, &text, &length, NULL))
            return g_strdup_printf("%s is gone", name);
        g_autofree char *digest = digest_sha256(text, length);
        if (!g_str_equal(digest, input->sha256))
            return g_strdup_printf("%s has changed", name);
    }
    return NULL;
}

static char *changed_recipe(const LockTarget *target, const Recipe *recipe)
{
    g_autoptr(LockTarget) now = lock_target_new(recipe->row, target->platform);
    inputs_of_recipe(recipe, now);
    for (guint i = 0; i < now->inputs->len; i++) {
        const LockInput *input = now->inputs->pdata[i];
        const LockInput *before = find_input(target, input->name);
        g_autofree char *title = input_title(input->name);
        if (!before)
            return g_strdup_printf("%s is new", title);
        if (!g_str_equal(before->sha256, input->sha256))
            return g_strdup_printf("%s has changed", title);
    }
    for (guint i = 0; i < target->inputs->len; i++) {
        const LockInput *input = target->inputs->pdata[i];
        g_autofree char *title = input_title(input->name);
        bool of_base = g_str_has_prefix(input->name, "base-file ");
        if (!is_file(input) && !of_base && !find_input(now, input->name))
            return g_strdup_printf("%s is gone", title);
    }
    return NULL;
}

/* Substitutes */

static bool names_index(const Stage *stage, const char *name)
{
    if (stage->kind != STAGE_PIP)
        return false;
    const PipStage *pip = stage->body.pip;
    if (g_str_equal(pip->index.text ? pip->index.text : "main", name))
        return true;
    for (guint i = 0; pip->extra_indexes && i < pip->extra_indexes->len; i++) {
        if (g_str_equal(((const Text *)pip->extra_indexes->pdata[i])->text, name))
            return true;
    }
    return false;
}

static bool uses_index(const Recipe *recipe, const char *name)
{
    for (guint i = 0; i < recipe->indexes->len; i++) {
        const RecipeIndex *index = recipe->indexes->pdata[i];
        if (index->packages && index->packages->len > 0 && g_str_equal(index->name, name))
            return true;
    }
    for (guint i = 0; i < recipe->stages->len; i++) {
        if (names_index(recipe->stages->pdata[i], name))
            return true;
    }
    return false;
}

static char *option_name(const char *option)
{
    return g_strndup(option, strcspn(option, "="));
}

static bool is_substituted(const LockTarget *target, const char *name)
{
    return target->substituted && g_strv_contains((const char *const *)target->substituted, name);
}

static bool is_wanted(const LockOptions *options, const char *name)
{
    for (size_t i = 0; options->substitutes && options->substitutes[i]; i++) {
        g_autofree char *wanted = option_name(options->substitutes[i]);
        if (g_str_equal(wanted, name))
            return true;
    }
    return false;
}

static char *changed_substitutes(const LockTarget *target, const Recipe *recipe,
                                 const LockOptions *options)
{
    for (size_t i = 0; options->substitutes && options->substitutes[i]; i++) {
        g_autofree char *name = option_name(options->substitutes[i]);
        if (uses_index(recipe, name) && !is_substituted(target, name))
            return g_strdup_printf("it was made with the index '%s' itself", name);
    }
    bool accept = options->accept_substituted;
    for (size_t i = 0; !accept && target->substituted && target->substituted[i]; i++) {
        if (!is_wanted(options, target->substituted[i]))
            return g_strdup_printf("it was made with another index in the place of '%s'",
                                   target->substituted[i]);
    }
    bool base = lock_options_base(options, &recipe->base) != NULL;
    if (base != (target->substituted_base != NULL) && (base || !accept))
        return g_strdup_printf("it was made %s another base in the place of %s",
                               base ? "without" : "with",
                               recipe->base.reference ? recipe->base.reference : "this one");
    return NULL;
}

static gboolean changed_base(const LockTarget *target, const Recipe *recipe,
                             const LockOptions *options, char **ret_reason, GError **error)
{
    *ret_reason = NULL;
    const char *substitute = lock_options_base(options, &recipe->base);
    BaseRequest request = {
        .reference = substitute ? substitute : recipe->base.reference,
        .base_dir = recipe_file_dir(recipe->file),
        .platform = target->platform,
        .at = recipe->base.at,
    };
    char *digest = NULL;
    if (recipe->base.kind != BASE_IMAGE || !target->base.digest ||
        (!substitute && target->substituted_base))
        return TRUE;
    if (!base_digest(&request, &digest, error))
        return FALSE;
    if (digest && !g_str_equal(digest, target->base.digest))
        *ret_reason = g_strdup_printf("the base %s has changed", recipe->base.reference);
    g_free(digest);
    return TRUE;
}

char *lock_stale_reason(const Lock *previous, const Recipe *recipe, const char *platform,
                        const LockOptions *options, GError **error)
{
    const LockTarget *target = lock_find_target(previous, recipe->row, platform);
    if (!target)
        return g_strdup_printf("it has no target %s%s%s", platform, recipe->row ? " of row " : "",
                               recipe->row ? recipe->row : "");
    char *reason = changed_recipe(target, recipe);
    if (!reason)
        reason = changed_file(target, recipe);
    if (!reason)
        reason = changed_substitutes(target, recipe, options);
    if (!reason && !changed_base(target, recipe, options, &reason, error))
        return NULL;
    return reason;
}
