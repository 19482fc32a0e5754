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
    g_clear_pointer(&operand->offers, g_hash_table_unref);
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
    /* of a git revision, whose files lie in a temporary folder; else NULLs: */
    char *shown;  /* the path in it as the user wrote it */
    char *origin; /* "HEAD:" */
} Place;

static void place_clear(Place *place)
{
    g_free(place->path);
    g_free(place->row);
    g_free(place->shown);
    g_free(place->origin);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Place, place_clear)

/* As messages call it; caller frees. */
static char *place_name(const Place *place)
{
    return place->origin ? g_strconcat(place->origin, place->shown, NULL) : g_strdup(place->path);
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

static int open_lock(const Invocation *invocation, Operand *operand, const Place *place)
{
    GError *error = NULL;
    g_autofree char *name = place_name(place);
    operand->dir = g_path_get_dirname(place->path);
    if (!lock_load_as(place->path, name, &operand->lock, &error))
        return fail(invocation, error);
    if (!operand->lock)
        error_set(&error, ERROR_INPUT, SPAN_NONE, "there is no lock %s", name);
    else
        operand->side.target =
            find_target(operand->lock, name, place->row, invocation->options->platform, &error);
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

static int open_workspace(const Invocation *invocation, const Place *place,
                          Workspace **ret_workspace)
{
    if (place->origin) {
        RecipeCopy copy = {place->path, place->shown, place->origin};
        return workspace_open_copy(invocation, TARGETS_ONE, &copy, place->row, ret_workspace);
    }
    g_autofree char *text =
        place->row ? g_strdup_printf("%s#%s", place->path, place->row) : g_strdup(place->path);
    return workspace_open_recipe(invocation, TARGETS_ONE, text, ret_workspace);
}

static int open_recipe(const Invocation *invocation, Operand *operand, const Place *place)
{
    int status = open_workspace(invocation, place, &operand->workspace);
    if (status != 0)
        return status;
    const WorkTarget *wanted = workspace_target(operand->workspace, 0);
    operand->lock = lock_new();
    operand->dir = g_strdup(recipe_file_dir(wanted->recipe->file));
    LockTarget *target = NULL;
    status = workspace_find_or_resolve(operand->workspace, wanted, operand->lock, &target);
    operand->side.target = target;
    operand->side.recipe = wanted->recipe;
    if (target && !lock_target_is_solved(target))
        operand->offers = operand_find_offers(operand->workspace, wanted, target);
    operand->side.offers = operand->offers;
    return status;
}

/* Where a side is */

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

/* The paths of a revision count from this folder, as git's own "REV:./path" does; git counts others
 * from the top. */
static char *path_from_here(const char *prefix, const char *path)
{
    GString *text = g_string_new(NULL);
    for (const char *at = prefix; *at; at++)
        g_string_append(text, *at == '/' ? "../" : "");
    g_string_append(text, path);
    return g_string_free(text, FALSE);
}

/* Where the path of a revision lies; NULL: it has none, or the path leaves it. */
static char *find_in_revision(const Operand *operand, const char *prefix, const char *path)
{
    g_autofree char *dir = g_build_filename(operand->folder, prefix, NULL);
    g_autofree char *full = g_canonicalize_filename(path, dir);
    size_t length = strlen(operand->folder);
    bool inside = strncmp(full, operand->folder, length) == 0 &&
                  (full[length] == '/' || full[length] == '\0');
    return inside && g_file_test(full, G_FILE_TEST_EXISTS) ? g_steal_pointer(&full) : NULL;
}

static void set_missing(const Operand *operand, const char *revision, const char *prefix,
                        const char *path, GError **error)
{
    g_autofree char *at_top = find_in_revision(operand, "", path);
    error_set(error, ERROR_INPUT, SPAN_NONE, "revision %s has no %s%s", revision, prefix, path);
    if (!*prefix || !at_top)
        return;
    g_autofree char *other = path_from_here(prefix, path);
    error_set_hint(*error, "paths count from the current folder: %s:%s", revision, other);
}

static gboolean export_revision(Operand *operand, const char *revision, char **ret_prefix,
                                GError **error)
{
    GError *cause = NULL;
    operand->folder = g_dir_make_tmp("ramekin-diff-XXXXXX", &cause);
    if (!operand->folder)
        return error_take_foreign(error, ERROR_FAILED, cause, SPAN_NONE,
                                  "cannot make a temporary folder");
    return git_revision_export(".", revision, operand->folder, ret_prefix, error);
}

static int locate_revision(const Invocation *invocation, Operand *operand, const char *revision,
                           Place *place)
{
    GError *error = NULL;
    g_autofree char *prefix = NULL;
    if (!export_revision(operand, revision, &prefix, &error))
        return fail(invocation, error);
    char *path = find_in_revision(operand, prefix, place->path);
    if (!path) {
        set_missing(operand, revision, prefix, place->path, &error);
        return fail(invocation, error);
    }
    place->kind = kind_of_file(path) == PLACE_LOCK ? PLACE_LOCK : PLACE_RECIPE;
    place->shown = place->path;
    place->origin = g_strconcat(revision, ":", NULL);
    place->path = path;
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
    if (place->kind != PLACE_RECIPE)
        return 0;
    GError *error = NULL;
    error_set(&error, ERROR_INPUT, SPAN_NONE, "there is no recipe %s, nor a git revision called so",
              place->path);
    return fail(invocation, error);
}

static int locate(const Invocation *invocation, Operand *operand, const char *text, Place *place)
{
    static const char environment[] = "env:";
    if (is_image(text)) {
        *place = (Place){.kind = PLACE_IMAGE, .path = g_strdup(text)};
        return 0;
    }
    if (g_str_has_prefix(text, environment)) {
        *place = (Place){.kind = PLACE_ENVIRONMENT, .path = g_strdup(text + strlen(environment))};
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
        return open_lock(invocation, operand, place);
    case PLACE_PLAN:
        return open_plan(invocation, operand, place->path);
    case PLACE_LIST:
        return open_list(invocation, operand, place->path);
    case PLACE_RECIPE:
    default:
        return open_recipe(invocation, operand, place);
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

static int lock_rows(const Invocation *invocation, const Place *place, GPtrArray *rows)
{
    g_autoptr(Lock) lock = NULL;
    g_autofree char *name = place_name(place);
    GError *error = NULL;
    if (!lock_load_as(place->path, name, &lock, &error))
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
        status = lock_rows(invocation, &place, rows);
    if (whole && place.kind == PLACE_RECIPE)
        recipe_rows(place.path, rows);
    if (status != 0)
        return status;
    bool choice = whole && (place.kind == PLACE_LOCK || place.kind == PLACE_RECIPE);
    *ret_rows = choice || g_str_equal(text, NOTHING) ? g_steal_pointer(&rows) : NULL;
    return 0;
}
