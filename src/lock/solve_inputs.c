#include "base/limits.h"
#include "lock/inputs.h"
#include "lock/solve.h"
#include "lock/solve_foreign.h"
#include "python/name.h"
#include "recipe/stage_files.h"

/* Paths inside the image are told apart from paths on disk while files include each other. */
#define IMAGE_ROOT "/.image"

typedef struct {
    Solve *solve;
    guint stage;
} Reader;

StageInputs *stage_inputs_new(void)
{
    StageInputs *inputs = g_new0(StageInputs, 1);
    inputs->inputs = pip_inputs_new();
    inputs->overrides = pip_inputs_new();
    inputs->unread = g_ptr_array_new_with_free_func(g_free);
    return inputs;
}

void stage_inputs_free(StageInputs *inputs)
{
    if (!inputs)
        return;
    pip_inputs_free(inputs->inputs);
    pip_inputs_free(inputs->overrides);
    g_strfreev(inputs->exclude);
    g_strfreev(inputs->build);
    g_ptr_array_unref(inputs->unread);
    foreign_lock_free(inputs->foreign);
    pip_inputs_free(inputs->project);
    pyproject_free(inputs->pyproject);
    g_free(inputs->missing);
    g_free(inputs);
}

/* Files inside the image */

/* What follows the folder in a path below it: "b" of "/a/b" and "/a" or "/a/"; NULL: elsewhere. */
static const char *path_below(const char *path, const char *folder)
{
    size_t length = strlen(folder);
    while (length > 0 && folder[length - 1] == '/')
        length--;
    if (strncmp(path, folder, length) != 0 || path[length] != '/')
        return NULL;
    return path + length + 1;
}

static bool is_file(const Solve *solve, const char *path)
{
    g_autofree char *absolute = g_canonicalize_filename(path, recipe_file_dir(solve->recipe->file));
    return g_file_test(absolute, G_FILE_TEST_IS_REGULAR);
}

/* The file of the build context that an entry puts at `path` of the image, or NULL. */
static char *entry_source(const Solve *solve, const FilesEntry *entry, const char *path)
{
    if (!entry->src.text || entry->from.text || !entry->dest.text)
        return NULL;
    const char *dest = entry->dest.text, *src = entry->src.text;
    if (g_str_equal(dest, path) && is_file(solve, src))
        return g_strdup(src);
    const char *rest = path_below(path, dest);
    if (!rest)
        return NULL;
    g_autofree char *name = g_path_get_basename(src);
    if (g_str_has_suffix(dest, "/") && g_str_equal(rest, name) && is_file(solve, src))
        return g_strdup(src);
    g_autofree char *inside = g_build_filename(src, rest, NULL);
    if (is_file(solve, inside))
        return g_steal_pointer(&inside);
    const char *below = path_below(rest, name);
    g_autofree char *deeper = below ? g_build_filename(src, below, NULL) : NULL;
    return deeper && is_file(solve, deeper) ? g_steal_pointer(&deeper) : NULL;
}

/* Where a path of the image comes from: *ret_file in the build context, or *ret_text. */
static bool find_in_image(const Solve *solve, guint stage, const char *path, char **ret_file,
                          const char **ret_text)
{
    for (guint i = stage; i-- > 0;) {
        const Stage *earlier = solve->recipe->stages->pdata[i];
        if (earlier->kind != STAGE_FILES)
            continue;
        const GPtrArray *entries = earlier->body.files->files;
        for (guint k = entries->len; k-- > 0;) {
            const FilesEntry *entry = entries->pdata[k];
            bool same = entry->dest.text && g_str_equal(entry->dest.text, path);
            *ret_text = same && entry->content.text ? entry->content.text : NULL;
            *ret_file = *ret_text ? NULL : entry_source(solve, entry, path);
            if (*ret_text || *ret_file)
                return true;
        }
    }
    return false;
}

static Source *read_on_disk(const Reader *reader, const char *name, GError **error)
{
    g_autofree char *path =
        g_canonicalize_filename(name, recipe_file_dir(reader->solve->recipe->file));
    GHashTable *edited = reader->solve->session->texts;
    const char *instead = edited ? g_hash_table_lookup(edited, name) : NULL;
    Source *source = instead ? source_new(name, instead, strlen(instead))
                             : source_load(path, name, LIMIT_REQUIREMENTS_BYTES, error);
    if (!source)
        return NULL;
    g_autofree char *origin = recipe_file_origin(reader->solve->recipe->file);
    source_set_origin(source, origin);
    size_t length;
    const char *text = source_text(source, &length);
    g_autofree char *input = g_strdup_printf("file %s", name);
    inputs_add(reader->solve->target, input, text, length);
    return source;
}

Source *solve_read_file(Solve *solve, guint stage, const char *path, GError **error)
{
    Reader reader = {solve, stage};
    return read_on_disk(&reader, path, error);
}

static Source *read_in_image(const Reader *reader, const char *path, GError **error)
{
    g_autofree char *file = NULL;
    const char *text = NULL;
    if (!find_in_image(reader->solve, reader->stage, path, &file, &text)) {
        error_set(error, ERROR_INPUT, SPAN_NONE, "%s: no earlier `files:` stage brings this file",
                  path);
        return NULL;
    }
    return file ? read_on_disk(reader, file, error) : source_new(path, text, strlen(text));
}

/* PipFileReader: paths below the recipe's folder are called by what follows it. */
static Source *read_file(void *data, const char *path, GError **error)
{
    const Reader *reader = data;
    const char *image = path_below(path, IMAGE_ROOT);
    if (image)
        return read_in_image(reader, image - 1, error);
    g_autofree char *root =
        g_canonicalize_filename(recipe_file_dir(reader->solve->recipe->file), NULL);
    g_autofree char *whole = g_canonicalize_filename(path, root);
    const char *inside = path_below(whole, root);
    if (inside)
        return read_on_disk(reader, inside, error);
    if (g_path_is_absolute(path))
        return read_in_image(reader, path, error);
    error_set(error, ERROR_INPUT, SPAN_NONE,
              "it lies outside the recipe's folder, which is the build context");
    return NULL;
}

/* Lines */

void solve_add_file(Solve *solve, guint stage, PipInputs *inputs, const FileOrLine *item,
                    bool constraint)
{
    const Stage *of = solve->recipe->stages->pdata[stage];
    Reader reader = {solve, stage};
    const char *dir = recipe_file_dir(solve->recipe->file);
    PipInputsOptions options = {read_file, &reader, (const char *const *)of->env, dir};
    g_autofree char *path =
        *item->file == '/' ? g_strconcat(IMAGE_ROOT, item->file, NULL) : g_strdup(item->file);
    pip_inputs_add_file(inputs, path, item->at, constraint, &options, solve->diags);
}

static void add_items(Solve *solve, guint stage, PipInputs *inputs, const GPtrArray *items,
                      bool constraint)
{
    const char *dir = recipe_file_dir(solve->recipe->file);
    for (guint i = 0; items && i < items->len; i++) {
        const FileOrLine *item = items->pdata[i];
        if (item->file)
            solve_add_file(solve, stage, inputs, item, constraint);
        else
            pip_inputs_add_requirement(inputs, item->line, item->at, constraint, dir, solve->diags);
    }
}

/* An item is a name, a glob of names or a requirement whose name counts. */
char *solve_name_pattern(const char *text)
{
    size_t length = strcspn(text, " [<>=!~;@");
    g_autofree char *name = g_strndup(text, length);
    return strpbrk(name, "*?") ? g_ascii_strdown(name, -1) : name_canonicalize(name);
}

static void add_excluded(Solve *solve, guint stage, GPtrArray *names, const GPtrArray *items)
{
    g_autoptr(PipInputs) read = pip_inputs_new();
    for (guint i = 0; items && i < items->len; i++) {
        const FileOrLine *item = items->pdata[i];
        if (item->file)
            solve_add_file(solve, stage, read, item, false);
        else
            g_ptr_array_add(names, solve_name_pattern(item->line));
    }
    for (guint i = 0; i < read->roots->len; i++) {
        const PipRequirement *root = read->roots->pdata[i];
        if (root->requirement)
            g_ptr_array_add(names, g_strdup(root->requirement->canonical));
    }
}

/* A copy of `names`, which is added to `*strv`. */
static void append_names(char ***strv, const GPtrArray *names)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    if (*strv)
        g_strv_builder_addv(builder, (const char **)*strv);
    for (guint i = 0; i < names->len; i++)
        g_strv_builder_add(builder, names->pdata[i]);
    g_strfreev(*strv);
    *strv = g_strv_builder_end(builder);
}

/* A file that nobody brings makes the stage unsatisfiable; it is no mistake of the recipe. */
static bool note_missing(const Solve *solve, guint stage, StageInputs *inputs,
                         const GPtrArray *items)
{
    for (guint i = 0; items && i < items->len; i++) {
        const FileOrLine *item = items->pdata[i];
        g_autofree char *file = NULL;
        const char *text = NULL;
        if (!item->file || *item->file != '/' ||
            find_in_image(solve, stage, item->file, &file, &text))
            continue;
        inputs->missing = g_strdup(item->file);
        inputs->missing_at = item->at;
        return true;
    }
    return false;
}

/* What lock_session_try() asks for. */
static void add_trial(Solve *solve, guint index, StageInputs *inputs)
{
    const LockSession *session = solve->session;
    guint from = 0;
    while (session->trial && from < solve->recipe->stages->len &&
           !g_str_equal(((const Stage *)solve->recipe->stages->pdata[from])->name,
                        session->trial_stage))
        from++;
    if (session->trial && (index >= from || solve->recipe->resolve_together))
        pip_inputs_add_requirement(inputs->inputs, session->trial, SPAN_NONE, true,
                                   recipe_file_dir(solve->recipe->file), solve->diags);
}

/* Those that an earlier stage brings; the others may be the base's. */
static void add_own_constraints(Solve *solve, guint index, StageInputs *inputs)
{
    const Stage *stage = solve->recipe->stages->pdata[index];
    g_auto(GStrv) paths = solve_own_constraints(stage);
    for (size_t i = 0; paths && paths[i]; i++) {
        g_autofree char *file = NULL;
        const char *text = NULL;
        FileOrLine item = {paths[i], NULL, stage->at};
        if (g_str_equal(paths[i], "/dev/null"))
            continue;
        if (*paths[i] == '/' && find_in_image(solve, index, paths[i], &file, &text))
            solve_add_file(solve, index, inputs->inputs, &item, true);
        else
            g_ptr_array_add(inputs->unread, g_strdup(paths[i]));
    }
}

void stage_inputs_add(Solve *solve, guint index, StageInputs *inputs)
{
    const Stage *stage = solve->recipe->stages->pdata[index];
    const PipStage *pip = stage->body.pip;
    if (note_missing(solve, index, inputs, pip->requirements) ||
        note_missing(solve, index, inputs, pip->constraints))
        return;
    const char *dir = recipe_file_dir(solve->recipe->file);
    add_trial(solve, index, inputs);
    add_own_constraints(solve, index, inputs);
    add_items(solve, index, inputs->inputs, solve->recipe->constraints, true);
    add_items(solve, index, inputs->inputs, pip->constraints, true);
    for (guint i = 0; pip->install && i < pip->install->len; i++) {
        const Text *item = pip->install->pdata[i];
        pip_inputs_add_requirement(inputs->inputs, item->text, item->at, false, dir, solve->diags);
    }
    add_items(solve, index, inputs->inputs, pip->requirements, false);
    solve_read_lock(solve, index, inputs);
    solve_read_project(solve, index, inputs);
    add_items(solve, index, inputs->overrides, solve->recipe->overrides, false);
    add_items(solve, index, inputs->overrides, pip->overrides, false);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    add_excluded(solve, index, names, solve->recipe->exclude);
    add_excluded(solve, index, names, pip->exclude);
    append_names(&inputs->exclude, names);
    g_autoptr(GPtrArray) build = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; pip->build && i < pip->build->len; i++)
        g_ptr_array_add(build, name_canonicalize(((PipBuild *)pip->build->pdata[i])->dist));
    append_names(&inputs->build, build);
    if (solve->facts) /* else the base is not known yet, and its constraints follow */
        solve_add_base_constraints(solve, index, inputs);
}

StageInputs *stage_inputs_read(Solve *solve, guint index)
{
    StageInputs *inputs = stage_inputs_new();
    stage_inputs_add(solve, index, inputs);
    return inputs;
}
