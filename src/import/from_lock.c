/* Lock files of uv, poetry and PEP 751: a stage that takes the file. */
#include "import/python_draft.h"

#include "base/limits.h"
#include "python/foreign_lock.h"
#include "python/pip_config.h"

static void add_names(GString *text, const char *what, char **names)
{
    if (!names[0])
        return;
    g_autofree char *list = g_strjoinv(", ", names);
    g_string_append_printf(text, "%s%s: [%s]", text->len ? " and " : "", what, list);
}

static void say_choices(DraftStage *stage, const Pyproject *project)
{
    g_auto(GStrv) extras = pyproject_extras(project), groups = pyproject_groups(project);
    g_autoptr(GString) text = g_string_new(NULL);
    add_names(text, "extras", extras);
    add_names(text, "groups", groups);
    if (text->len > 0) {
        g_autofree char *comment =
            g_strdup_printf("None of these is taken unless it is named here: %s.", text->str);
        draft_stage_say(stage, comment);
    }
}

static bool is_usual(const char *url)
{
    const char *usual = pip_builtin_index();
    size_t length = strlen(usual);
    while (length > 0 && usual[length - 1] == '/')
        length--;
    return length > 0 && strncmp(url, usual, length) == 0 &&
           strspn(url + length, "/") == strlen(url + length);
}

/* An index that is not the usual one gets a name. */
static void name_indexes(Draft *draft, const ForeignLock *lock)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    const GPtrArray *packages = foreign_lock_packages(lock);
    for (guint i = 0; i < packages->len; i++) {
        const LockedPackage *package = packages->pdata[i];
        if (package->index && !is_usual(package->index) &&
            !g_hash_table_contains(seen, package->index)) {
            g_hash_table_add(seen, package->index);
            import_index(draft, package->index, package->at);
        }
    }
}

/* What would stop the stage is left out, and said. */
static void exclude_sources(Draft *draft, DraftValue *body, const ForeignLock *lock)
{
    const GPtrArray *packages = foreign_lock_packages(lock);
    for (guint i = 0; i < packages->len; i++) {
        const LockedPackage *package = packages->pdata[i];
        if (!package->source_only)
            continue;
        if (!draft_list_has(draft_get(body, "exclude"), package->name))
            draft_append_text(body, "exclude", package->name);
        draft_note(draft, NOTE_LOST, package->at,
                   "%s is %s: build a wheel of it and install that in a stage of its own",
                   package->name, package->source_only);
    }
}

static void note_project(Draft *draft, const ForeignLock *lock, const Pyproject *project)
{
    const GPtrArray *packages = foreign_lock_packages(lock);
    bool built = project && pyproject_is_built(project);
    for (guint i = 0; i < packages->len; i++) {
        const LockedPackage *package = packages->pdata[i];
        built |= package->project && package->built;
    }
    if (built)
        draft_note(draft, NOTE_LOST, SPAN_NONE,
                   "the project itself is not installed: bring its code with a `files:` stage");
}

Draft *import_lock(const ImportInput *input, GError **error)
{
    g_autoptr(Diags) diags = diags_new();
    g_autoptr(ForeignLock) lock = foreign_lock_read(input->source, diags);
    if (!lock) {
        diags_set_error(diags, error, "%s can't be read", input->path);
        return NULL;
    }
    g_autoptr(Draft) draft = draft_new();
    draft_add_source(draft, input->source);
    g_autofree char *python = import_python_version(input->path);
    Span at = SPAN_NONE;
    g_autofree char *clauses = foreign_lock_requires_python(lock, &at);
    g_autoptr(SpecifierSet) allowed = clauses ? specifier_set_parse(clauses, NULL) : NULL;
    draft_python(draft, python, allowed, at);
    name_indexes(draft, lock);
    DraftValue *body = draft_map();
    draft_set_text(body, "lock", input->name);
    exclude_sources(draft, body, lock);
    DraftStage *stage = draft_stage_add(draft->stages, "pip", body);
    g_autofree char *folder = g_path_get_dirname(input->path);
    g_autoptr(Pyproject) project = import_pyproject(folder);
    if (project)
        say_choices(stage, project);
    if (project && pyproject_name(project)) {
        g_autofree char *name = draft_image_name(pyproject_name(project));
        draft_set_text(draft->keys, "name", name);
    }
    note_project(draft, lock, project);
    return g_steal_pointer(&draft);
}

/* A pyproject.toml */

static void hint_lock(Draft *draft, const char *path)
{
    static const char *const names[] = {"uv.lock", "poetry.lock", "pylock.toml"};
    g_autofree char *folder = g_path_get_dirname(path);
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *file = g_build_filename(folder, names[i], NULL);
        if (g_file_test(file, G_FILE_TEST_IS_REGULAR))
            draft_note(draft, NOTE_HINT, SPAN_NONE,
                       "%s beside it has exact versions: import that instead", names[i]);
    }
}

static gboolean check_project(const Pyproject *project, const char *path, GError **error)
{
    g_autoptr(GPtrArray) lines = pyproject_requirements(project, NULL, NULL, error);
    g_auto(GStrv) groups = pyproject_groups(project);
    if (!lines)
        return FALSE;
    if (lines->len > 0 || pyproject_name(project) || groups[0])
        return TRUE;
    error_set(
        error, ERROR_INPUT, SPAN_NONE,
        "%s says nothing of what is required: it has no [project], no [dependency-groups] and "
        "no tables of poetry",
        path);
    if (error)
        error_set_hint(*error, "import the requirement file, lock file or setup that has it");
    return FALSE;
}

Draft *import_project(const ImportInput *input, GError **error)
{
    g_autoptr(Diags) diags = diags_new();
    g_autoptr(Pyproject) project = pyproject_read(input->source, diags);
    if (!project) {
        diags_set_error(diags, error, "%s can't be read", input->path);
        return NULL;
    }
    if (!check_project(project, input->path, error))
        return NULL;
    g_autoptr(Draft) draft = draft_new();
    draft_add_source(draft, input->source);
    g_autofree char *python = import_python_version(input->path);
    Span at = SPAN_NONE;
    const char *clauses = pyproject_requires_python(project, &at);
    g_autoptr(SpecifierSet) allowed = clauses ? specifier_set_parse(clauses, NULL) : NULL;
    if (clauses && !allowed)
        draft_note(draft, NOTE_LOST, at, "'%s' is no set of Python versions", clauses);
    draft_python(draft, python, allowed, at);
    if (pyproject_name(project)) {
        g_autofree char *name = draft_image_name(pyproject_name(project));
        draft_set_text(draft->keys, "name", name);
    }
    DraftValue *body = draft_map();
    draft_set_text(body, "project", ".");
    say_choices(draft_stage_add(draft->stages, "pip", body), project);
    if (pyproject_is_built(project))
        draft_note(draft, NOTE_LOST, pyproject_place(project),
                   "the project itself is not installed: bring its code with a `files:` stage");
    hint_lock(draft, input->path);
    return g_steal_pointer(&draft);
}
