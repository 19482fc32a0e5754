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

/* A side where there is nothing: git names it so for a file that a revision lacks. */
#define NOTHING "/dev/null"

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

static int open_lock(const Invocation *invocation, Operand *operand, const char *path,
                     const char *row)
{
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
    if (g_str_equal(path, NOTHING))
        operand->side.target = host_environment_parse(path, "", 0, &error);
    else if (io_load(path, LIMIT_REQUIREMENTS_BYTES, &text, &length, &error))
        operand->side.target = host_environment_parse(path, text, length, &error);
    return operand->side.target ? 0 : fail(invocation, error);
}

/* Recipes */

static int open_recipe(const Invocation *invocation, Operand *operand, const char *path,
                       const char *row)
{
    g_autofree char *text = row ? g_strdup_printf("%s#%s", path, row) : g_strdup(path);
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

/* Where a side is */

typedef enum {
    PLACE_IMAGE,
    PLACE_ENVIRONMENT,
    PLACE_LOCK,
    PLACE_PLAN,
    PLACE_LIST,
    PLACE_RECIPE,
} PlaceKind;

typedef struct {
    PlaceKind kind;
    char *path;
    char *row; /* or NULL */
} Place;

static void place_clear(Place *place)
{
    g_free(place->path);
    g_free(place->row);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Place, place_clear)

/* "ramekin.lock#row" → path and row; a name with "#" in it may exist. */
static void split_row(const char *text, Place *place)
{
    const char *hash = strrchr(text, '#');
    bool whole = !hash || g_file_test(text, G_FILE_TEST_EXISTS);
    place->path = whole ? g_strdup(text) : g_strndup(text, (size_t)(hash - text));
    place->row = whole ? NULL : g_strdup(hash + 1);
}

static PlaceKind kind_of_file(const char *path)
{
    static const struct {
        const char *suffix;
        PlaceKind kind;
    } kinds[] = {{".lock", PLACE_LOCK}, {".json", PLACE_PLAN}, {".txt", PLACE_LIST}};
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (g_str_has_suffix(path, kinds[i].suffix))
            return kinds[i].kind;
    }
    return g_str_equal(path, NOTHING) ? PLACE_LIST : PLACE_RECIPE;
}

/* The recipe of a revision: `place->path` counts from this folder, as git's own "REV:./path" does.
 */
static int locate_revision(const Invocation *invocation, Operand *operand, const char *revision,
                           Place *place)
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
    g_autofree char *path = g_canonicalize_filename(place->path, dir);
    if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
        error_set(&error, ERROR_INPUT, SPAN_NONE, "revision %s has no %s%s", revision, prefix,
                  place->path);
        return fail(invocation, error);
    }
    operand->side.folder = operand->folder;
    place->kind = kind_of_file(path) == PLACE_LOCK ? PLACE_LOCK : PLACE_RECIPE;
    g_free(place->path);
    place->path = g_steal_pointer(&path);
    return 0;
}

static bool is_image(const char *text)
{
    BaseForm form = base_form(text);
    return form == BASE_FORM_OCI || form == BASE_FORM_OCI_ARCHIVE ||
           form == BASE_FORM_DOCKER_ARCHIVE;
}

/* "REV:RECIPE#ROW", "REV", or the name of a recipe that is not there. */
static int locate_elsewhere(const Invocation *invocation, Operand *operand, Place *place)
{
    char *colon = strchr(place->path, ':');
    g_autofree char *revision = NULL;
    if (colon && colon > place->path) {
        revision = g_strndup(place->path, (size_t)(colon - place->path));
        char *path = g_strdup(colon[1] ? colon + 1 : DEFAULT_RECIPE);
        g_free(place->path);
        place->path = path;
    } else if (git_revision_exists(".", place->path)) {
        revision = g_steal_pointer(&place->path);
        place->path = g_strdup(DEFAULT_RECIPE);
    }
    if (revision)
        return locate_revision(invocation, operand, revision, place);
    place->kind = kind_of_file(place->path);
    return 0;
}

static int locate(const Invocation *invocation, Operand *operand, const char *text, Place *place)
{
    static const char environment[] = "env:";
    if (is_image(text)) {
        *place = (Place){PLACE_IMAGE, g_strdup(text), NULL};
        return 0;
    }
    if (g_str_has_prefix(text, environment)) {
        *place = (Place){PLACE_ENVIRONMENT, g_strdup(text + strlen(environment)), NULL};
        return 0;
    }
    split_row(text, place);
    if (!g_file_test(place->path, G_FILE_TEST_EXISTS))
        return locate_elsewhere(invocation, operand, place);
    place->kind = kind_of_file(place->path);
    return 0;
}

static int open_place(const Invocation *invocation, Operand *operand, const Place *place)
{
    switch (place->kind) {
    case PLACE_IMAGE:
        return open_image(invocation, operand, place->path);
    case PLACE_ENVIRONMENT:
        return open_environment(invocation, operand, place->path);
    case PLACE_LOCK:
        return open_lock(invocation, operand, place->path, place->row);
    case PLACE_PLAN:
        return open_plan(invocation, operand, place->path);
    case PLACE_LIST:
        return open_list(invocation, operand, place->path);
    case PLACE_RECIPE:
    default:
        return open_recipe(invocation, operand, place->path, place->row);
    }
}

int operand_open(const Invocation *invocation, const char *text, Operand **ret_operand)
{
    g_autoptr(Operand) operand = g_new0(Operand, 1);
    g_auto(Place) place = {0};
    operand->label = g_strdup(text);
    operand->side.label = operand->label;
    int status = locate(invocation, operand, text, &place);
    if (status == 0)
        status = open_place(invocation, operand, &place);
    if (status == 0)
        *ret_operand = g_steal_pointer(&operand);
    return status;
}

/* Rows */

static void add_row(GPtrArray *rows, const char *row)
{
    if (row && !g_ptr_array_find_with_equal_func(rows, row, g_str_equal, NULL))
        g_ptr_array_add(rows, g_strdup(row));
}

static int lock_rows(const Invocation *invocation, const char *path, GPtrArray *rows)
{
    g_autoptr(Lock) lock = NULL;
    GError *error = NULL;
    if (!lock_load(path, &lock, &error))
        return fail(invocation, error);
    for (guint i = 0; lock && i < lock->targets->len; i++)
        add_row(rows, ((const LockTarget *)lock->targets->pdata[i])->row);
    return 0;
}

/* What is wrong with the recipe is told when it is opened. */
static void recipe_rows(const char *path, GPtrArray *rows)
{
    g_autoptr(Diags) diags = diags_new();
    RecipeOptions options = {0};
    g_autoptr(RecipeFile) file = recipe_file_load(path, &options, diags);
    const char *const *names = file ? recipe_file_rows(file) : NULL;
    for (size_t i = 0; names && names[i]; i++)
        add_row(rows, names[i]);
}

int operand_rows(const Invocation *invocation, const char *text, GPtrArray **ret_rows)
{
    g_autoptr(Operand) operand = g_new0(Operand, 1);
    g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(g_free);
    g_auto(Place) place = {0};
    int status = locate(invocation, operand, text, &place);
    bool whole = status == 0 && !place.row;
    if (whole && place.kind == PLACE_LOCK)
        status = lock_rows(invocation, place.path, rows);
    if (whole && place.kind == PLACE_RECIPE)
        recipe_rows(place.path, rows);
    if (status != 0)
        return status;
    bool choice = whole && (place.kind == PLACE_LOCK || place.kind == PLACE_RECIPE);
    *ret_rows = choice || g_str_equal(text, NOTHING) ? g_steal_pointer(&rows) : NULL;
    return 0;
}
