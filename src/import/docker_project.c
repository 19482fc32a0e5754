/* `pip install .`, `uv sync` and `poetry install`: a project that is installed from its folder.
 *
 * What it requires is a `project:` stage, or its lock. Nothing is built: Python finds the project's
 * code by PYTHONPATH where COPY put it, and its programs are files of the recipe. Where only a
 * build could tell what is required or what is installed, the command is kept. */
#include "import/docker_project.h"

#include "import/project_copies.h"
#include "import/python_draft.h"

struct ImportProject {
    Pyproject *pyproject;
    bool in_src; /* its code lies in src/ */
};

ImportProject *import_project_open(const Scene *scene, const char *source, char **extras)
{
    if (!scene->context)
        return NULL;
    g_autofree char *folder = g_build_filename(scene->context, source, NULL);
    g_autoptr(Pyproject) pyproject = import_pyproject(folder);
    if (!pyproject || !pyproject_name(pyproject) || !project_only_copies(pyproject, folder))
        return NULL;
    g_autoptr(GPtrArray) lines =
        pyproject_requirements(pyproject, (const char *const *)extras, NULL, NULL);
    if (!lines)
        return NULL;
    ImportProject *project = g_new0(ImportProject, 1);
    project->pyproject = g_steal_pointer(&pyproject);
    g_autofree char *src = g_build_filename(folder, "src", NULL);
    project->in_src = g_file_test(src, G_FILE_TEST_IS_DIR);
    return project;
}

void import_project_free(ImportProject *project)
{
    pyproject_free(project->pyproject);
    g_free(project);
}

char **import_project_extras(const ImportProject *project)
{
    return pyproject_extras(project->pyproject);
}

bool import_project_is_package(const ImportProject *project)
{
    return pyproject_is_built(project->pyproject);
}

/* One more folder of `env: {PYTHONPATH: …}`, before the others. */
static void add_pythonpath(Scene *scene, const char *folder)
{
    DraftValue *env = draft_need_map(scene->keys, "env");
    const char *there = draft_get_text(env, "PYTHONPATH");
    g_auto(GStrv) folders = g_strsplit(there ? there : "", ":", -1);
    if (g_strv_contains((const char *const *)folders, folder))
        return;
    g_autofree char *longer =
        there && *there ? g_strdup_printf("%s:%s", folder, there) : g_strdup(folder);
    draft_set_text(env, "PYTHONPATH", longer);
}

void scene_name_projects(Scene *scene)
{
    for (guint i = scene->projects->len; i-- > 0;)
        add_pythonpath(scene, scene->projects->pdata[i]);
}

void scene_take_project(Scene *scene, const char *code)
{
    if (!g_ptr_array_find_with_equal_func(scene->projects, code, g_str_equal, NULL))
        g_ptr_array_add(scene->projects, g_strdup(code));
}

/* What pip writes to the bin folder for "NAME=MODULE:ATTRIBUTE"; NULL: it is none of these. */
static char *program_text(const Scene *scene, const char *target)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.";
    g_autofree char *module = g_strndup(target, strcspn(target, ": ["));
    const char *colon = strchr(target, ':');
    g_autofree char *attribute = colon ? g_strndup(colon + 1, strcspn(colon + 1, " [")) : NULL;
    if (!attribute || !*module || !*attribute || module[strspn(module, allowed)] ||
        attribute[strspn(attribute, allowed)])
        return NULL;
    g_autofree char *root = g_strndup(attribute, strcspn(attribute, "."));
    g_autofree char *python = scene->venv ? g_strdup_printf("%s/bin/python", scene->venv)
                                          : g_strdup("/usr/bin/env python3");
    return g_strdup_printf("#!%s\nimport sys\n\nfrom %s import %s\n\nsys.exit(%s())\n", python,
                           module, root, attribute);
}

/* The programs; *ret_names says which. */
static void add_programs(Scene *scene, const ImportProject *project, Span at, GString *ret_names)
{
    g_auto(GStrv) scripts = pyproject_scripts(project->pyproject);
    for (guint i = 0; scripts[i]; i++) {
        char *target = strchr(scripts[i], '=');
        *target++ = '\0';
        g_autofree char *text = strchr(scripts[i], '/') ? NULL : program_text(scene, target);
        g_autofree char *path =
            g_build_filename(scene->venv ? scene->venv : "/usr/local", "bin", scripts[i], NULL);
        if (!text || scene_path_find(scene, path))
            continue;
        DraftValue *entry = draft_map();
        draft_set_text(entry, "dest", path);
        draft_set_text(entry, "content", text);
        draft_set_text(entry, "mode", "0755");
        DraftStage *stage = scene_file(scene, entry, at);
        scene_add_path(scene, g_strdup(path), NULL, false, entry, "files", stage);
        g_string_append_printf(ret_names, "%s%s", ret_names->len > 0 ? ", " : "", scripts[i]);
    }
}

void scene_place_project(Scene *scene, const RunRead *run, const ImportProject *project,
                         const char *image)
{
    g_autofree char *code = g_build_filename(image, project->in_src ? "src" : NULL, NULL);
    if (g_ptr_array_find_with_equal_func(scene->projects, code, g_str_equal, NULL))
        return;
    scene_take_project(scene, code);
    g_autoptr(GString) names = g_string_new(NULL);
    add_programs(scene, project, run->at, names);
    draft_note(scene->draft, NOTE_ASSUMED, run->at,
               "%s itself is not built: PYTHONPATH names %s, where its code lies%s%s%s",
               pyproject_name(project->pyproject), code, names->len > 0 ? "; `files:` makes " : "",
               names->str, names->len > 0 ? " as its install would" : "");
}

/* Whether one of the paths is the other or lies above it. */
static bool overlap(const char *one, const char *other)
{
    size_t length = MIN(strlen(one), strlen(other));
    if (length == 1)
        return true;
    const char *longer = one[length] ? one : other;
    return strncmp(one, other, length) == 0 && (longer[length] == '/' || !longer[length]);
}

bool scene_holds_project(const Scene *scene, const char *path)
{
    for (guint i = 0; i < scene->projects->len; i++) {
        const char *folder = scene->projects->pdata[i];
        if (strlen(path) <= strlen(folder) && overlap(path, folder))
            return true;
    }
    return false;
}

bool scene_brings_project(const Scene *scene, const DraftStage *stage)
{
    for (guint i = 0; i < scene->paths->len; i++) {
        const ScenePath *path = scene->paths->pdata[i];
        bool program = scene->venv && g_str_has_prefix(path->path, scene->venv);
        for (guint k = 0; path->stage == stage && k < scene->projects->len; k++) {
            if (program || overlap(path->path, scene->projects->pdata[k]))
                return true;
        }
    }
    return false;
}
