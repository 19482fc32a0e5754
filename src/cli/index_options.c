#include "cli/index_options.h"

#include "base/names.h"
#include "net/url.h"
#include "python/name.h"

static bool is_known(const GPtrArray *recipes, const char *name)
{
    if (g_str_equal(name, "main"))
        return true;
    for (guint i = 0; i < recipes->len; i++) {
        g_autofree char *url = recipe_index_url(recipes->pdata[i], name);
        if (url)
            return true;
    }
    return false;
}

static const char *nearest_index(const GPtrArray *recipes, const char *name)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    g_ptr_array_add(names, (char *)"main");
    for (guint i = 0; i < recipes->len; i++) {
        const GPtrArray *indexes = ((const Recipe *)recipes->pdata[i])->indexes;
        for (guint j = 0; j < indexes->len; j++)
            g_ptr_array_add(names, ((const RecipeIndex *)indexes->pdata[j])->name);
    }
    return names_nearest(name, (const char *const *)names->pdata, names->len);
}

static gboolean check_name(const GPtrArray *recipes, const char *option, const char *name,
                           GError **error)
{
    if (is_known(recipes, name))
        return TRUE;
    const char *nearest = nearest_index(recipes, name);
    error_set(error, ERROR_USAGE, SPAN_NONE, "--%s names '%s', which is no index of the recipe",
              option, name);
    if (error && nearest)
        error_set_hint(*error, "did you mean '%s'?", nearest);
    return FALSE;
}

/* A mirror is reached by http or lies in a folder. */
static gboolean check_mirror(const char *name, const char *url, GError **error)
{
    if (url_is_http(url) || g_str_has_prefix(url, "file:") || !strstr(url, "://"))
        return TRUE;
    g_autofree char *shown = url_redact(url);
    return error_set(error, ERROR_USAGE, SPAN_NONE,
                     "--index %s wants an http, https or file URL or a folder, not \"%s\"", name,
                     shown);
}

gboolean index_options_check(const Options *options, const GPtrArray *recipes, GError **error)
{
    for (guint i = 0; i < options->indexes->len; i++) {
        g_auto(GStrv) pair = g_strsplit(options->indexes->pdata[i], "=", 2);
        if (!check_name(recipes, "index", pair[0], error) || !check_mirror(pair[0], pair[1], error))
            return FALSE;
    }
    for (guint i = 0; i < options->substitutes->len; i++) {
        g_auto(GStrv) pair = g_strsplit(options->substitutes->pdata[i], "=", 2);
        if (!check_name(recipes, "substitute-index", pair[0], error) ||
            !check_name(recipes, "substitute-index", pair[1], error))
            return FALSE;
    }
    return TRUE;
}

gboolean upgrade_names_check(const Options *options, const Lock *lock, GError **error)
{
    if (!lock || options->upgrade_names->len == 0)
        return TRUE;
    g_autoptr(GPtrArray) locked = g_ptr_array_new();
    for (guint i = 0; i < lock->files->len; i++)
        g_ptr_array_add(locked, ((const LockFile *)lock->files->pdata[i])->name);
    for (guint i = 0; i < options->upgrade_names->len; i++) {
        const char *given = options->upgrade_names->pdata[i];
        g_autofree char *name = name_canonicalize(given);
        if (g_ptr_array_find_with_equal_func(locked, name, g_str_equal, NULL))
            continue;
        const char *nearest = names_nearest(name, (const char *const *)locked->pdata, locked->len);
        error_set(error, ERROR_USAGE, SPAN_NONE, "--upgrade names %s, which the lock does not have",
                  given);
        if (error && nearest)
            error_set_hint(*error, "did you mean %s?", nearest);
        return FALSE;
    }
    return TRUE;
}
