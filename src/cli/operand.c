#include "cli/operand.h"

#include "base/io.h"
#include "base/limits.h"
#include "lock/base_facts.h"
#include "lock/host_environment.h"
#include "lock/image_environment.h"
#include "net/git_export.h"

#include <string.h>

void operand_free(Operand *operand)
{
    if (!operand)
        return;
    if (operand->side.target && operand->side.flat)
        lock_target_free((LockTarget *)operand->side.target);
    plan_free(operand->plan);
    inspection_free(operand->inspection);
    workspace_free(operand->workspace);
    lock_free(operand->lock);
    g_clear_pointer(&operand->debian, g_ptr_array_unref);
    wheel_native_free(operand->torch);
    host_tables_free(operand->tables);
    g_free(operand->dir);
    if (operand->folder)
        io_remove_tree(operand->folder, NULL);
    g_free(operand->folder);
    g_free(operand->label);
    g_free(operand);
}

static int fail(const Invocation *invocation, GError *error)
{
    return output_error(invocation->output, error);
}

/* "ramekin.lock#row" → path and row; a name with "#" in it may exist. The caller frees the path. */
static char *split_row(const char *text, const char **ret_row)
{
    const char *hash = strrchr(text, '#');
    *ret_row = NULL;
    if (!hash || g_file_test(text, G_FILE_TEST_EXISTS))
        return g_strdup(text);
    *ret_row = hash + 1;
    return g_strndup(text, (size_t)(hash - text));
}

/* Locks */

static const LockTarget *find_target(const Lock *lock, const char *name, const char *row,
                                     const char *platform, GError **error)
{
    const LockTarget *found = NULL;
    g_autoptr(GString) rows = g_string_new(NULL);
    unsigned fitting = 0;
    for (guint i = 0; i < lock->targets->len; i++) {
        const LockTarget *target = lock->targets->pdata[i];
        g_string_append_printf(rows, "%s%s%s%s", i ? ", " : "", target->row ? target->row : "",
                               target->row ? " for " : "", target->platform);
        if ((row && g_strcmp0(row, target->row) != 0) ||
            (platform && !g_str_equal(platform, target->platform)))
            continue;
        bool other_row = found && g_strcmp0(found->row, target->row) != 0;
        fitting += !found || other_row;
        found = found ? found : target;
    }
    if (fitting == 1)
        return found;
    error_set(error, fitting ? ERROR_USAGE : ERROR_INPUT, SPAN_NONE,
              fitting ? "%s has several targets; say which one" : "%s has no such target", name);
    if (error)
        error_set_hint(*error, "FILE.lock#ROW, --platform; it has %s", rows->str);
    return NULL;
}

static int open_lock(const Invocation *invocation, Operand *operand, const char *text)
{
    const char *row;
    g_autofree char *path = split_row(text, &row);
    GError *error = NULL;
    operand->dir = g_path_get_dirname(path);
    if (!lock_load(path, &operand->lock, &error))
        return fail(invocation, error);
    if (!operand->lock)
        error_set(&error, ERROR_INPUT, SPAN_NONE, "there is no lock %s", path);
    else
        operand->side.target =
            find_target(operand->lock, path, row, invocation->options->platform, &error);
    return error ? fail(invocation, error) : 0;
}

static int open_plan(const Invocation *invocation, Operand *operand, const char *path)
{
    g_autofree char *text = NULL;
    size_t length;
    GError *error = NULL;
    if (!io_load(path, LIMIT_LOCK_BYTES, &text, &length, &error))
        return fail(invocation, error);
    operand->plan = plan_decode_json(path, text, length, &error);
    if (!operand->plan)
        return fail(invocation, error);
    operand->side.target = operand->plan->target;
    return 0;
}

/* Images */

/* One that has no lock in its labels: what is installed in it is read from its layers. */
static int read_image(const Invocation *invocation, Operand *operand, const InspectedImage *image)
{
    const ImageConfig *config = image->manifest->config;
    g_autoptr(Cache) cache = cache_new(invocation->options->cache_dir);
    g_autofree char *platform =
        g_strjoin("/", config->os, config->architecture, config->variant, NULL);
    GError *error = NULL;
    operand->side.target = image_environment_read(cache, operand->inspection->name, NULL, platform,
                                                  &operand->debian, &error);
    operand->side.flat = true;
    operand->side.debian = operand->debian;
    return operand->side.target ? 0 : fail(invocation, error);
}

static int open_image(const Invocation *invocation, Operand *operand, const char *name)
{
    GError *error = NULL;
    const char *wanted = invocation->options->platform;
    g_autoptr(Platform) platform = wanted ? platform_parse(wanted, &error) : NULL;
    operand->inspection = error ? NULL : inspection_new(name, platform, &error);
    if (!operand->inspection)
        return fail(invocation, error);
    const GPtrArray *images = operand->inspection->images;
    const InspectedImage *image = images->pdata[0];
    if (images->len > 1) {
        error_set(&error, ERROR_USAGE, SPAN_NONE, "%s has images for %u platforms", name,
                  images->len);
        error_set_hint(error, "--platform says which one");
        return fail(invocation, error);
    }
    operand->side.image = image;
    if (image->problem)
        output_note(invocation->output, "the lock in the labels of %s can't be read: %s", name,
                    image->problem);
    if (!image->lock || image->lock->targets->len != 1)
        return read_image(invocation, operand, image);
    operand->side.target = image->lock->targets->pdata[0];
    return 0;
}

/* Environments */

static int open_environment(const Invocation *invocation, Operand *operand, const char *folder)
{
    GError *error = NULL;
    operand->side.target = host_environment_read(folder, &error);
    operand->side.flat = true;
    return operand->side.target ? 0 : fail(invocation, error);
}

static int open_list(const Invocation *invocation, Operand *operand, const char *path)
{
    g_autofree char *text = NULL;
    size_t length;
    GError *error = NULL;
    operand->side.flat = true;
    if (io_load(path, LIMIT_REQUIREMENTS_BYTES, &text, &length, &error))
        operand->side.target = host_environment_parse(path, text, length, &error);
    return operand->side.target ? 0 : fail(invocation, error);
}

/* Recipes */

static int open_recipe(const Invocation *invocation, Operand *operand, const char *text)
{
    int status = workspace_open_recipe(invocation, TARGETS_ONE, text, &operand->workspace);
    if (status != 0)
        return status;
    const WorkTarget *wanted = workspace_target(operand->workspace, 0);
    operand->lock = lock_new();
    operand->dir = g_strdup(recipe_file_dir(wanted->recipe->file));
    LockTarget *target = NULL;
    status = workspace_find_or_resolve(operand->workspace, wanted, operand->lock, &target);
    operand->side.target = target;
    operand->side.recipe = wanted->recipe;
    return status;
}

/* The recipe of a revision: `path` counts from this folder, as git's own "REV:./path" does. */
static int open_revision(const Invocation *invocation, Operand *operand, const char *revision,
                         const char *path)
{
    GError *error = NULL, *cause = NULL;
    operand->folder = g_dir_make_tmp("ramekin-diff-XXXXXX", &cause);
    g_autofree char *prefix = NULL;
    if (!operand->folder)
        error_take_foreign(&error, ERROR_FAILED, cause, SPAN_NONE,
                           "cannot make a temporary folder");
    else
        git_revision_export(".", revision, operand->folder, &prefix, &error);
    if (error)
        return fail(invocation, error);
    g_autofree char *dir = g_build_filename(operand->folder, prefix, NULL);
    const char *row;
    g_autofree char *file = split_row(path, &row);
    g_autofree char *place = g_canonicalize_filename(file, dir);
    if (!g_file_test(place, G_FILE_TEST_EXISTS)) {
        error_set(&error, ERROR_INPUT, SPAN_NONE, "revision %s has no %s%s", revision, prefix,
                  file);
        return fail(invocation, error);
    }
    operand->side.folder = operand->folder;
    g_autofree char *name = row ? g_strdup_printf("%s#%s", place, row) : g_strdup(place);
    return g_str_has_suffix(place, ".lock") ? open_lock(invocation, operand, name)
                                            : open_recipe(invocation, operand, name);
}

/* Which of them it is */

static bool is_image(const char *text)
{
    BaseForm form = base_form(text);
    return form == BASE_FORM_OCI || form == BASE_FORM_OCI_ARCHIVE ||
           form == BASE_FORM_DOCKER_ARCHIVE;
}

static int open_file(const Invocation *invocation, Operand *operand, const char *text)
{
    const char *row;
    g_autofree char *path = split_row(text, &row);
    if (g_str_has_suffix(path, ".lock"))
        return open_lock(invocation, operand, text);
    if (g_str_has_suffix(path, ".json"))
        return open_plan(invocation, operand, path);
    return g_str_has_suffix(path, ".txt") ? open_list(invocation, operand, path)
                                          : open_recipe(invocation, operand, text);
}

static int open_any(const Invocation *invocation, Operand *operand, const char *text)
{
    if (is_image(text))
        return open_image(invocation, operand, text);
    if (g_str_has_prefix(text, "env:"))
        return open_environment(invocation, operand, text + strlen("env:"));
    const char *row;
    g_autofree char *path = split_row(text, &row);
    const char *colon = strchr(text, ':');
    if (g_file_test(path, G_FILE_TEST_EXISTS))
        return open_file(invocation, operand, text);
    if (colon && colon > text) {
        g_autofree char *revision = g_strndup(text, (size_t)(colon - text));
        return open_revision(invocation, operand, revision, colon[1] ? colon + 1 : DEFAULT_RECIPE);
    }
    g_autofree char *recipe =
        row ? g_strdup_printf(DEFAULT_RECIPE "#%s", row) : g_strdup(DEFAULT_RECIPE);
    if (git_revision_exists(".", path))
        return open_revision(invocation, operand, path, recipe);
    return open_file(invocation, operand, text);
}

int operand_open(const Invocation *invocation, const char *text, Operand **ret_operand)
{
    g_autoptr(Operand) operand = g_new0(Operand, 1);
    operand->label = g_strdup(text);
    operand->side.label = operand->label;
    int status = open_any(invocation, operand, text);
    if (status == 0)
        *ret_operand = g_steal_pointer(&operand);
    return status;
}
