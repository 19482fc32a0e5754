#include "lock/solve_foreign.h"

#include "python/name.h"

/* Reading */

static void add_routes(PipInputs *inputs, const ForeignLock *lock)
{
    const GPtrArray *packages = foreign_lock_packages(lock);
    for (guint i = 0; i < packages->len; i++) {
        const LockedPackage *package = packages->pdata[i];
        if (!package->index)
            continue;
        PipRoute *route = pip_inputs_route(inputs, package->index, package->at);
        g_ptr_array_add(route->names, g_strdup(package->name));
    }
}

typedef struct {
    Solve *solve;
    guint stage;
    const char *folder; /* of the project, as the recipe names it */
    PipInputs *into;    /* gets the requirements */
} Reading;

static const PipStage *pip_of(const Reading *reading)
{
    return ((const Stage *)reading->solve->recipe->stages->pdata[reading->stage])->body.pip;
}

G_GNUC_PRINTF(4, 5)
static void take_problem(const Reading *reading, GError *cause, Span at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    GError *error = NULL;
    error_wrap(&error, cause, at, "%s", message);
    diags_take(reading->solve->diags, error);
}

static void add_project_line(const Reading *reading, const ProjectLine *line)
{
    Solve *solve = reading->solve;
    if (line->file) {
        g_autofree char *path = g_build_filename(reading->folder, line->file, NULL);
        g_autofree char *plain = g_str_has_prefix(path, "./") ? g_strdup(path + 2) : g_strdup(path);
        FileOrLine item = {plain, NULL, line->at};
        solve_add_file(solve, reading->stage, reading->into, &item, false);
        return;
    }
    g_autofree char *dir =
        g_build_filename(recipe_file_dir(solve->recipe->file), reading->folder, NULL);
    pip_inputs_add_requirement(reading->into, line->text, line->at, false, dir, solve->diags);
}

static char **texts_of(const GPtrArray *items)
{
    g_autoptr(GStrvBuilder) texts = g_strv_builder_new();
    for (guint i = 0; items && i < items->len; i++)
        g_strv_builder_add(texts, ((const Text *)items->pdata[i])->text);
    return g_strv_builder_end(texts);
}

/* Adds what the pyproject.toml of the folder requires; its text goes to `owner`. NULL without an
 * error: mistakes are in diags. */
static Pyproject *read_project(const Reading *reading, PipInputs *owner, GError **error)
{
    const PipStage *pip = pip_of(reading);
    g_autofree char *path = g_build_filename(reading->folder, "pyproject.toml", NULL);
    Source *source = solve_read_file(reading->solve, reading->stage,
                                     g_str_has_prefix(path, "./") ? path + 2 : path, error);
    if (!source)
        return NULL;
    g_ptr_array_add(owner->sources, source);
    g_autoptr(Pyproject) project = pyproject_read(source, reading->solve->diags);
    if (!project)
        return NULL;
    g_auto(GStrv) extras = texts_of(pip->extras), groups = texts_of(pip->groups);
    g_autoptr(GPtrArray) lines = pyproject_requirements(project, (const char *const *)extras,
                                                        (const char *const *)groups, error);
    for (guint i = 0; lines && i < lines->len; i++)
        add_project_line(reading, lines->pdata[i]);
    return lines ? g_steal_pointer(&project) : NULL;
}

/* Where the lock file does not say what extras and groups begin with. */
static void read_roots(Solve *solve, guint stage, StageInputs *inputs)
{
    inputs->project = pip_inputs_new();
    Reading reading = {solve, stage, NULL, inputs->project};
    const char *lock = pip_of(&reading)->lock.text;
    g_autofree char *folder = g_path_get_dirname(lock);
    g_autofree char *path =
        g_build_filename(recipe_file_dir(solve->recipe->file), folder, "pyproject.toml", NULL);
    if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
        g_clear_pointer(&inputs->project, pip_inputs_free);
        return;
    }
    reading.folder = folder;
    GError *error = NULL;
    pyproject_free(read_project(&reading, inputs->project, &error));
    if (error)
        take_problem(&reading, error, pip_of(&reading)->lock.at, "the project of %s", lock);
}

void solve_read_lock(Solve *solve, guint stage, StageInputs *inputs)
{
    const PipStage *pip = ((const Stage *)solve->recipe->stages->pdata[stage])->body.pip;
    if (!pip->lock.text || inputs->foreign)
        return;
    GError *error = NULL;
    Source *source = solve_read_file(solve, stage, pip->lock.text, &error);
    if (!source) {
        GError *wrapped = NULL;
        error_wrap(&wrapped, error, pip->lock.at, "'lock' names %s", pip->lock.text);
        diags_take(solve->diags, wrapped);
        return;
    }
    g_ptr_array_add(inputs->inputs->sources, source);
    inputs->foreign = foreign_lock_read(source, solve->diags);
    if (!inputs->foreign)
        return;
    if (!pip->index.text)
        add_routes(inputs->inputs, inputs->foreign);
    if (foreign_lock_wants_roots(inputs->foreign))
        read_roots(solve, stage, inputs);
}

void solve_read_project(Solve *solve, guint stage, StageInputs *inputs)
{
    const PipStage *pip = ((const Stage *)solve->recipe->stages->pdata[stage])->body.pip;
    if (!pip->project.text || inputs->pyproject)
        return;
    Reading reading = {solve, stage, pip->project.text, inputs->inputs};
    GError *error = NULL;
    inputs->pyproject = read_project(&reading, inputs->inputs, &error);
    if (!inputs->pyproject && error)
        take_problem(&reading, error, pip->project.at, "the project %s", pip->project.text);
}

/* Taking */

typedef struct {
    Solve *solve;
    const Stage *stage;
    StageInputs *inputs;
    LockStage *locked;
    bool all_hashed;
} Taking;

static bool is_in(const char *const *names, const char *name)
{
    for (size_t i = 0; names && names[i]; i++) {
        if (g_pattern_match_simple(names[i], name))
            return true;
    }
    return false;
}

static GError *refuse(const Taking *taking, const LockedPackage *package, const char *why)
{
    GError *error = NULL;
    error_set(&error, ERROR_INPUT, package->at, "stage '%s': %s%s%s of the lock file %s",
              taking->stage->name, package->name, package->version ? " " : "",
              package->version ? package->version : "", why);
    return error;
}

static bool fits(const Taking *taking, const LockedFile *file)
{
    g_autoptr(WheelName) wheel = wheel_name_parse(file->filename, NULL);
    return wheel && tag_set_rank(taking->solve->tags, wheel) >= 0;
}

enum {
    FILES_SHOWN = 4
};

static void note_files(GError *error, const LockedPackage *package)
{
    g_autoptr(GString) names = g_string_new(NULL);
    for (guint i = 0; i < package->files->len && i < FILES_SHOWN; i++) {
        const LockedFile *file = package->files->pdata[i];
        g_string_append_printf(names, "%s%s", i ? ", " : "", file->filename);
    }
    if (package->files->len > FILES_SHOWN)
        g_string_append_printf(names, " and %u more", package->files->len - FILES_SHOWN);
    error_add_note(error, SPAN_NONE, "it names %s", names->str);
}

/* The lock file may have been made for other platforms. */
static bool check_files(const Taking *taking, const LockedPackage *package)
{
    if (package->files->len == 0 ||
        is_in((const char *const *)taking->inputs->build, package->name))
        return true;
    for (guint i = 0; i < package->files->len; i++) {
        if (fits(taking, package->files->pdata[i]))
            return true;
    }
    GError *error = refuse(taking, package, "has no wheel for this target");
    note_files(error, package);
    error_set_hint(error,
                   "make the lock file for this platform and Python too, take a version that "
                   "has a wheel, or leave it out: `exclude: [%s]`",
                   package->name);
    stage_set_conflict(taking->locked, error);
    return false;
}

static bool check_source(const Taking *taking, const LockedPackage *package)
{
    if (!package->source_only)
        return true;
    g_autofree char *why =
        g_strdup_printf("is %s, which would have to be built", package->source_only);
    GError *error = refuse(taking, package, why);
    error_add_note(error, SPAN_NONE, "only wheels can be installed without running anything");
    error_set_hint(error,
                   "leave it out (`exclude: [%s]`) and install a wheel of it that you build with "
                   "`pip wheel`",
                   package->name);
    stage_set_conflict(taking->locked, error);
    return false;
}

static char **hashes_of(const GPtrArray *files)
{
    g_autoptr(GStrvBuilder) hashes = g_strv_builder_new();
    for (guint i = 0; i < files->len; i++) {
        const LockedFile *file = files->pdata[i];
        if (file->hash)
            g_strv_builder_add(hashes, file->hash);
    }
    return g_strv_builder_end(hashes);
}

/* A path counts from the folder of the lock file. */
static char *direct_text(const Taking *taking, const LockedPackage *package)
{
    const LockedFile *file = package->direct;
    if (file->path) {
        g_autofree char *folder = g_path_get_dirname(taking->stage->body.pip->lock.text);
        return g_build_filename(".", folder, file->path, NULL);
    }
    const char *digest = file->hash ? strchr(file->hash, ':') : NULL;
    return g_strdup_printf("%s @ %s%s%.*s%s%s", package->name, file->url, digest ? "#" : "",
                           digest ? (int)(digest - file->hash) : 0, digest ? file->hash : "",
                           digest ? "=" : "", digest ? digest + 1 : "");
}

static bool add_root(Taking *taking, const LockedPackage *package)
{
    PipInputs *inputs = taking->inputs->inputs;
    g_autofree char *text = package->direct
                                ? direct_text(taking, package)
                                : g_strdup_printf("%s==%s", package->name, package->version);
    g_autoptr(Diags) diags = diags_new();
    const char *dir = recipe_file_dir(taking->solve->recipe->file);
    guint before = inputs->roots->len;
    pip_inputs_add_requirement(inputs, text, package->at, false, dir, diags);
    if (inputs->roots->len == before || diags_errors(diags) > 0) {
        g_autofree char *why = g_strdup_printf("can't be installed as %s", text);
        stage_set_conflict(taking->locked, refuse(taking, package, why));
        return false;
    }
    PipRequirement *root = inputs->roots->pdata[before];
    char **hashes = package->direct ? NULL : hashes_of(package->files);
    if (hashes) {
        g_strfreev(root->hashes);
        root->hashes = hashes;
    }
    taking->all_hashed &= package->direct ? package->direct->hash != NULL : hashes[0] != NULL;
    return true;
}

static void note_project(const Taking *taking, const char *name, Span at, Severity severity)
{
    Finding *finding =
        finding_new("project-not-installed", at,
                    g_strdup_printf("%s is not installed itself, only what it requires", name));
    finding->severity = severity;
    finding->distribution = name_canonicalize(name);
    finding->hint = g_strdup("bring its code with `files:`, or install a wheel of it");
    g_ptr_array_add(taking->locked->findings, finding);
}

static bool take(Taking *taking, const LockedPackage *package)
{
    if (package->project) {
        if (package->built)
            note_project(taking, package->name, package->at, SEVERITY_NOTE);
        return true;
    }
    if (is_in((const char *const *)taking->inputs->exclude, package->name))
        return true;
    if (!check_source(taking, package) || (!package->direct && !check_files(taking, package)))
        return false;
    return (!package->direct && !package->version) || add_root(taking, package);
}

static GPtrArray *roots_of(const PipInputs *project)
{
    if (!project)
        return NULL;
    GPtrArray *roots = g_ptr_array_new();
    for (guint i = 0; i < project->roots->len; i++) {
        const PipRequirement *root = project->roots->pdata[i];
        if (root->requirement)
            g_ptr_array_add(roots, root->requirement);
    }
    return roots;
}

static GPtrArray *select_packages(const Taking *taking, GError **error)
{
    const PipStage *pip = taking->stage->body.pip;
    g_auto(GStrv) extras = texts_of(pip->extras), groups = texts_of(pip->groups);
    g_autoptr(Version) python = version_parse(taking->solve->facts->target->full_version, error);
    if (!python)
        return NULL;
    g_autoptr(GPtrArray) roots = roots_of(taking->inputs->project);
    LockSelection selection = {taking->solve->markers, python, (const char *const *)extras,
                               (const char *const *)groups, roots};
    return foreign_lock_select(taking->inputs->foreign, &selection, error);
}

/* Its requirements are among the inputs already. */
static bool take_project(const Taking *taking, const Version *python)
{
    const Pyproject *project = taking->inputs->pyproject;
    Span at = SPAN_NONE;
    const char *clauses = pyproject_requires_python(project, &at);
    g_autoptr(SpecifierSet) set = clauses ? specifier_set_parse(clauses, NULL) : NULL;
    if (set && !specifier_set_contains(set, python, PRERELEASES_YES)) {
        GError *error = NULL;
        error_set(&error, ERROR_INPUT, at,
                  "stage '%s': the project is for Python %s, and the "
                  "target has %s",
                  taking->stage->name, clauses, version_text(python));
        stage_set_conflict(taking->locked, error);
        return false;
    }
    const char *name = pyproject_name(project);
    if (pyproject_is_built(project))
        note_project(taking, name ? name : "the project", pyproject_place(project),
                     SEVERITY_WARNING);
    return true;
}

bool solve_take_lock(Solve *solve, guint index, LockStage *locked)
{
    StageInputs *inputs = solve->inputs->pdata[index];
    const Stage *stage = solve->recipe->stages->pdata[index];
    Taking taking = {solve, stage, inputs, locked, true};
    if (inputs->pyproject) {
        g_autoptr(Version) python = version_parse(solve->facts->target->full_version, NULL);
        return !python || take_project(&taking, python);
    }
    if (!inputs->foreign)
        return true;
    GError *cause = NULL;
    g_autoptr(GPtrArray) packages = select_packages(&taking, &cause);
    if (!packages) {
        GError *error = NULL;
        error_wrap(&error, cause, stage->body.pip->lock.at, "stage '%s'", stage->name);
        stage_set_conflict(locked, error);
        return false;
    }
    for (guint i = 0; i < packages->len; i++) {
        if (!take(&taking, packages->pdata[i]))
            return false;
    }
    inputs->inputs->require_hashes |= taking.all_hashed && inputs->inputs->roots->len > 0;
    return true;
}
