/* pip and uv commands: `pip:` stages. */
#include "import/docker_pip.h"

#include "base/names.h"
#include "python/pip_inputs.h"

static void read_clear(PipRead *read)
{
    g_clear_pointer(&read->body, draft_value_free);
    g_ptr_array_unref(read->projects);
    g_ptr_array_unref(read->notes);
}

/* A folder with a project. */
typedef struct {
    ImportProject *project;
    char *source, *image; /* in the recipe's folder; in the image */
    char **extras;
} Folder;

static void free_folder(void *data)
{
    Folder *folder = data;
    import_project_free(folder->project);
    g_free(folder->source);
    g_free(folder->image);
    g_strfreev(folder->extras);
    g_free(folder);
}

/* Files */

static bool is_pyproject(const char *path)
{
    g_autofree char *name = g_path_get_basename(path);
    return g_str_equal(name, "pyproject.toml");
}

static char **texts_of(const DraftValue *list)
{
    g_autoptr(GStrvBuilder) texts = g_strv_builder_new();
    for (guint i = 0; i < draft_count(list); i++)
        g_strv_builder_add(texts, draft_value_text(draft_item(list, i)));
    return g_strv_builder_end(texts);
}

/* `uv pip install -r pyproject.toml --extra x`: what the project requires, without itself. */
static bool read_pyproject(PipRead *read, const char *path)
{
    if (*path == '/' || draft_get(read->body, "project") || read->projects->len > 0)
        return false;
    g_autofree char *folder = g_path_get_dirname(path);
    draft_set_text(read->body, "project", folder);
    for (guint i = 0; i < read->pip->options->len; i++) {
        const PipGiven *given = read->pip->options->pdata[i];
        bool extra = g_str_equal(given->name, "--extra");
        if (!extra && !g_str_equal(given->name, "--group") &&
            !g_str_equal(given->name, "--all-extras"))
            continue;
        if (!given->value || strpbrk(given->value, ":/") || scene_has_mark(given->value))
            return false;
        draft_append_text(read->body, extra ? "extras" : "groups", given->value);
    }
    g_auto(GStrv) extras = texts_of(draft_get(read->body, "extras"));
    g_autoptr(ImportProject) project = import_project_open(read->scene, folder, extras);
    return project != NULL;
}

/* False: a recipe can't name the file. */
static bool read_file(PipRead *read, const char *key, const char *value, DraftValue *list)
{
    g_autofree char *path = scene_input(read->scene, read->run, value);
    if (path && g_str_equal(key, "requirements") && is_pyproject(path))
        return read_pyproject(read, path);
    if (!path || g_str_has_suffix(path, ".toml") || g_str_has_suffix(path, "/"))
        return false;
    if (*path == '/' && !scene_is_brought(read->scene, path))
        return false;
    if (scene_is_cloned(read->scene, path))
        pip_add_note(read, NOTE_LOST,
                     g_strdup_printf("%s lies in a repository, which is not read when the recipe "
                                     "is locked: copy the file beside the recipe, and name that",
                                     path));
    DraftValue *map = draft_map();
    draft_set_text(map, "file", path);
    draft_add(list, map);
    return true;
}

/* The values of all options of these names as a file, or a list of files. */
static bool read_files(PipRead *read, const char *key, const char *const *names)
{
    g_autoptr(DraftValue) list = draft_list();
    g_autoptr(GPtrArray) values = pip_values(read, names);
    for (guint i = 0; i < values->len; i++) {
        if (!read_file(read, key, values->pdata[i], list))
            return false;
    }
    if (draft_count(list) == 1)
        draft_set_text(read->body, key, draft_get_text(draft_item(list, 0), "file"));
    else if (draft_count(list) > 1)
        draft_set(read->body, key, g_steal_pointer(&list));
    return true;
}

/* Requirements */

static bool is_folder_path(const char *text)
{
    return *text == '.' || *text == '/';
}

static void set_build(PipRead *read, const char *name)
{
    DraftValue *build = draft_need_map(draft_need_map(read->body, "build"), name);
    if (!read->isolated)
        draft_set_plain(build, "isolation", "false");
}

/* "NAME" of "git+https://host/NAME.git@ref#egg=NAME". */
static char *vcs_name(const char *url)
{
    const char *egg = strstr(url, "egg=");
    if (egg)
        return g_strndup(egg + 4, strcspn(egg + 4, "&["));
    g_autofree char *path = g_strndup(url, strcspn(url, "#"));
    char *at = strrchr(path, '@');
    if (at && at > strstr(path, "://") + 3 && strchr(strstr(path, "://") + 3, '/') < at)
        *at = '\0';
    size_t length = strlen(path);
    if (length > 4 && g_str_has_suffix(path, ".git"))
        path[length - 4] = '\0';
    return g_path_get_basename(path);
}

/* Whether pip takes it, with the values that variables have now. */
static bool is_valid(const PipRead *read, const char *text)
{
    g_autofree char *plain = scene_plain(read->scene, text);
    g_autoptr(PipInputs) inputs = pip_inputs_new();
    g_autoptr(Diags) diags = diags_new();
    return *g_strstrip(plain) && *plain != '-' &&
           pip_inputs_add_requirement(inputs, plain, SPAN_NONE, false, "/", diags);
}

static bool add_vcs(PipRead *read, const char *text)
{
    const char *url = strstr(text, "git+");
    if (!strstr(text, "://") || scene_has_mark(text))
        return false;
    const char *at = strstr(text, " @ ");
    g_autofree char *given = at ? g_strndup(text, (size_t)(at - text)) : NULL;
    g_autofree char *name = given ? g_strndup(given, strcspn(given, "[ ")) : vcs_name(url);
    if (*name == '\0')
        return false;
    if (!given && !strstr(url, "egg="))
        pip_add_note(read, NOTE_ASSUMED,
                     g_strdup_printf("%s is taken to be the project's name in %s", name, url));
    g_autofree char *requirement = given ? g_strdup(text) : g_strdup_printf("%s @ %s", name, url);
    char *fragment = strstr(requirement, "#egg=");
    if (fragment && !strpbrk(fragment, "&["))
        *fragment = '\0';
    if (!is_valid(read, requirement))
        return false;
    g_autofree char *escaped = draft_escape(requirement);
    draft_append_text(read->body, "install", escaped);
    set_build(read, name);
    pip_add_note(
        read, NOTE_LOST,
        g_strdup_printf("%s is built from git, and a recipe is locked with wheels alone: build "
                        "one (`pip wheel`), and name it by its path or URL",
                        name));
    return true;
}

/* The names in brackets behind a folder; caller frees. */
static char **extras_of(const char *text)
{
    const char *open = strchr(text, '[');
    g_autofree char *names = open ? g_strndup(open + 1, strcspn(open + 1, "]")) : g_strdup("");
    char **list = g_strsplit(names, ",", -1);
    for (guint i = 0; list[i]; i++)
        g_strstrip(list[i]);
    return list;
}

/* Where a folder of the image comes from, if only its pyproject.toml was brought on its own. */
static char *project_source(const Scene *scene, const char *absolute)
{
    char *source = scene_source_of(scene, absolute);
    if (source)
        return source;
    g_autofree char *file = g_build_filename(absolute, "pyproject.toml", NULL);
    g_autofree char *alone = scene_source_of(scene, file);
    return alone ? g_path_get_dirname(alone) : NULL;
}

/* A folder with a project: "." or "./x[extra]". */
static bool add_project(PipRead *read, const char *text)
{
    g_autofree char *folder = g_strndup(text, strcspn(text, "["));
    if (g_str_has_suffix(folder, ".whl") || g_str_has_suffix(folder, ".gz") || scene_has_mark(text))
        return false;
    g_autofree char *slashed = scene_path(read->scene, read->run->cwd, folder);
    g_autofree char *absolute = g_canonicalize_filename(slashed, "/");
    g_autofree char *bound = scene_bound(read->scene, read->run, absolute);
    g_autofree char *source = bound ? NULL : project_source(read->scene, absolute);
    if (!source)
        return false; /* what is bound is not in the image, and its code would be missing */
    g_auto(GStrv) extras = extras_of(text);
    ImportProject *project = import_project_open(read->scene, source, extras);
    if (!project)
        return false;
    Folder *added = g_new0(Folder, 1);
    added->project = project;
    added->source = g_strdup(g_str_equal(source, "./") ? "." : source);
    added->image = g_steal_pointer(&absolute);
    added->extras = g_steal_pointer(&extras);
    g_ptr_array_add(read->projects, added);
    return true;
}

/* ">=1.2" that the shell took for a redirection of the word's output. */
static char *with_redirect(const PipRead *read, const RunArgument *argument)
{
    const RunCommand *command = read->pip->command;
    const char *text = command->script->shell->text->text->str;
    size_t at = argument->word->offset + argument->word->length;
    GString *out = NULL;
    for (guint i = 0; i < command->shell->redirects->len; i++) {
        const ShellRedirect *redirect = command->shell->redirects->pdata[i];
        bool version = text[redirect->target->offset] == '=' ||
                       g_ascii_isdigit(text[redirect->target->offset]);
        if (redirect->offset != at || !version)
            continue;
        if (!out)
            out = g_string_new(argument->value);
        g_string_append_len(out, text + redirect->offset, (gssize)redirect->length);
        at = redirect->offset + redirect->length;
    }
    return out ? g_string_free(out, FALSE) : NULL;
}

static bool add_requirement(PipRead *read, const RunArgument *argument)
{
    g_autofree char *longer = argument->value ? with_redirect(read, argument) : NULL;
    const char *text = longer ? longer : argument->value;
    if (!text)
        return false;
    if (longer)
        pip_add_note(read, NOTE_ASSUMED,
                     g_strdup_printf("the shell reads what is behind '%s' as a redirection; '%s' "
                                     "is taken to be meant",
                                     argument->value, longer));
    if (strstr(text, "git+"))
        return add_vcs(read, text);
    if (scene_names_wheels(read->scene, read->run, text))
        return read->wheels = true;
    if (is_folder_path(text))
        return add_project(read, text);
    bool file = g_str_has_suffix(text, ".whl") || g_str_has_suffix(text, ".tar.gz") ||
                g_str_has_suffix(text, ".zip");
    if (file && !strstr(text, "://"))
        return false;
    if (!is_valid(read, text))
        return false;
    g_autofree char *name = g_strndup(text, strcspn(text, "[=<>!~; @,"));
    bool tool = g_str_equal(name, "pip") || g_str_equal(name, "uv");
    if (tool) {
        pip_add_note(read, NOTE_DROPPED,
                     g_strdup_printf("%s: ramekin does its work, whatever the image has", name));
        return true;
    }
    g_autofree char *finished = scene_finish(read->scene, text);
    draft_append_text(read->body, "install", finished);
    if (!read->isolated && !strstr(text, "://"))
        set_build(read, name);
    return true;
}

static bool read_requirements(PipRead *read)
{
    for (guint i = 0; i < read->pip->requirements->len; i++) {
        if (!add_requirement(read, read->pip->requirements->pdata[i]))
            return false;
    }
    for (guint i = 0; i < read->pip->options->len; i++) {
        const PipGiven *given = read->pip->options->pdata[i];
        if (!g_str_equal(given->name, "--editable"))
            continue;
        if (!given->value || !is_folder_path(given->value) || !add_project(read, given->value))
            return false;
    }
    return true;
}

/* Where it installs */

static bool fits_environment(PipRead *read)
{
    g_autofree char *environment = scene_environment(read->scene, read->run, read->pip);
    return g_str_equal(environment, read->scene->venv ? read->scene->venv : "");
}

/* Stages */

static void emit_projects(PipRead *read)
{
    static const char *const own[] = {"install", "requirements", "project", "extras", NULL};
    bool no_deps = draft_get(read->body, "no_deps") != NULL;
    for (guint i = 0; i < read->projects->len; i++) {
        const Folder *folder = read->projects->pdata[i];
        if (i > 0 && !no_deps) {
            DraftValue *body = draft_value_copy(read->body);
            for (guint k = 0; own[k]; k++)
                draft_remove(body, own[k]);
            draft_set_text(body, "project", folder->source);
            for (guint k = 0; folder->extras[k]; k++)
                draft_append_text(body, "extras", folder->extras[k]);
            scene_stage(read->scene, "pip", body, read->run->at);
        }
        scene_place_project(read->scene, read->run, folder->project, folder->image);
    }
}

static DraftValue *short_body(DraftValue *body)
{
    DraftValue *install = draft_get(body, "install");
    if (draft_count(body) != 1 || !install)
        return body;
    DraftValue *list = draft_value_copy(install);
    draft_value_free(body);
    return list;
}

/* `env:` of the stage: what stands before the command, but pip's own variables. */
static void add_settings(PipRead *read)
{
    const RunCommand *command = read->pip->command;
    for (guint k = 0; k < 2; k++) {
        const GPtrArray *list = k == 0 ? read->run->settings : command->settings;
        for (guint i = 0; i < list->len; i++) {
            const char *text = list->pdata[i];
            if (!strchr(text, '=') || g_str_has_prefix(text, "PIP_") ||
                g_str_has_prefix(text, "UV_") || g_str_has_prefix(text, "DEBIAN_FRONTEND") ||
                g_str_has_prefix(text, "VIRTUAL_ENV"))
                continue;
            scene_set_env(read->scene, read->body, text, read->run->at);
        }
    }
}

static void emit(PipRead *read)
{
    bool packages = draft_get(read->body, "install") || draft_get(read->body, "requirements") ||
                    draft_get(read->body, "project");
    for (guint i = 0; i < read->notes->len; i++) {
        const PipNote *said = read->notes->pdata[i];
        draft_note(read->scene->draft, said->kind, read->run->at, "%s", said->text);
    }
    if (packages) {
        add_settings(read);
        scene_hint_packages(read->scene, draft_get(read->body, "install"), read->run->at);
        DraftValue *body = short_body(draft_value_copy(read->body));
        if (read->scene->when && draft_is_list(body)) {
            draft_value_free(body);
            body = draft_value_copy(read->body);
        }
        scene_stage(read->scene, "pip", body, read->run->at);
    }
    emit_projects(read);
}

/* The first project is resolved with what else the command names, as pip does. */
static void add_first_project(PipRead *read)
{
    const Folder *folder = read->projects->len > 0 ? read->projects->pdata[0] : NULL;
    if (!folder)
        return;
    draft_set_text(read->body, "project", folder->source);
    for (guint i = 0; folder->extras[i]; i++)
        draft_append_text(read->body, "extras", folder->extras[i]);
}

/* What it requires is not asked for with --no-deps. */
static void drop_project(PipRead *read)
{
    if (read->projects->len == 0 || !draft_get(read->body, "no_deps"))
        return;
    draft_remove(read->body, "project");
    draft_remove(read->body, "extras");
}

static StepResult read_install(PipRead *read)
{
    static const char *const files[] = {"--requirement", "--requirements", NULL};
    static const char *const constraints[] = {"--constraint", "--constraints", NULL};
    static const char *const overrides[] = {"--override", "--overrides", NULL};
    if (pip_given(read, "--dry-run"))
        return STEP_DONE;
    g_autofree char *place = scene_given_place(read->scene, read->run, read->pip);
    if (place && !scene_may_place(read->scene, read->pip, place))
        return STEP_KEEP;
    read->isolated = pip_is_isolated(read);
    if (!read_requirements(read))
        return STEP_KEEP;
    add_first_project(read);
    if (!read_files(read, "requirements", files) || !read_files(read, "constraints", constraints) ||
        !read_files(read, "overrides", overrides))
        return STEP_KEEP;
    if (!pip_read_options(read) || !pip_read_settings(read) || !pip_add_configured_indexes(read))
        return STEP_KEEP;
    drop_project(read);
    pip_note_secrets(read);
    bool builder = read->found || read->wheels;
    if (pip_given(read, "--no-index") && !builder)
        return STEP_KEEP;
    if (!place && !fits_environment(read) &&
        (builder || draft_get(read->body, "install") || draft_get(read->body, "project") ||
         draft_get(read->body, "requirements") || read->projects->len > 0))
        return STEP_KEEP;
    if (draft_get(read->body, "upgrade_strategy") && !draft_get(read->body, "upgrade"))
        draft_remove(read->body, "upgrade_strategy");
    if (read->wheels)
        scene_install_wheels(read->scene, draft_get(read->body, "no_deps"));
    else if (read->found)
        g_ptr_array_set_size(read->scene->wheels, 0); /* by their names, which come next */
    guint first = read->scene->out->len;
    emit(read);
    if (place)
        scene_remember_place(read->scene, read->pip, place, first);
    return STEP_DONE;
}

static StepResult read_uninstall(PipRead *read)
{
    if (!fits_environment(read) || read->pip->files->len > 0)
        return STEP_KEEP;
    for (guint i = 0; i < read->pip->requirements->len; i++) {
        const RunArgument *argument = read->pip->requirements->pdata[i];
        if (!argument->value || !is_valid(read, argument->value) || strchr(argument->value, '/'))
            return STEP_KEEP;
        g_autofree char *plain = scene_plain(read->scene, argument->value);
        plain[strcspn(plain, "[=<>!~; @,")] = '\0'; /* pip looks at the name alone */
        draft_append_text(read->body, "remove", plain);
    }
    if (!draft_get(read->body, "remove"))
        return STEP_KEEP;
    scene_stage(read->scene, "pip", draft_value_copy(read->body), read->run->at);
    return STEP_DONE;
}

/* `uv pip sync FILE`: the file is complete, and nothing else stays. */
static StepResult read_sync(PipRead *read)
{
    g_autoptr(DraftValue) list = draft_list();
    for (guint i = 0; i < read->pip->requirements->len; i++) {
        const RunArgument *argument = read->pip->requirements->pdata[i];
        g_autofree char *path = scene_input(read->scene, read->run, argument->value);
        if (!path || !g_str_has_suffix(path, ".txt"))
            return STEP_KEEP;
        draft_set_text(read->body, "requirements", path);
    }
    if (!pip_read_options(read) || !pip_add_configured_indexes(read))
        return STEP_KEEP;
    if (read->pip->requirements->len != 1 || !fits_environment(read))
        return STEP_KEEP;
    draft_set_true(read->body, "no_deps");
    pip_add_note(read, NOTE_ASSUMED, g_strdup("the file of `uv pip sync` is taken to be complete"));
    emit(read);
    return STEP_DONE;
}

StepResult step_pip(Scene *scene, RunRead *run, const RunCommand *command)
{
    static const char *const said[] = {"check", "list", "freeze", "show", "debug", "cache", NULL};
    g_autoptr(PipCommand) pip = pip_command_read(command);
    if (!pip || !pip->understood)
        return STEP_KEEP;
    if (g_strv_contains(said, pip->verb) && !step_redirects(command))
        return STEP_DONE;
    if (g_str_equal(pip->verb, "config"))
        return scene_pip_config(scene, pip);
    PipRead read = {.scene = scene, .run = run, .pip = pip, .body = draft_map(), .isolated = true};
    read.projects = g_ptr_array_new_with_free_func(free_folder);
    read.notes = g_ptr_array_new_with_free_func(pip_note_free);
    bool wheel = g_str_equal(pip->verb, "wheel");
    StepResult result = wheel || g_str_equal(pip->verb, "install") ? read_install(&read)
                        : g_str_equal(pip->verb, "uninstall")      ? read_uninstall(&read)
                        : g_str_equal(pip->verb, "sync")           ? read_sync(&read)
                                                                   : STEP_KEEP;
    read_clear(&read);
    return result;
}
