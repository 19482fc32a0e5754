/* Virtual environments, python commands, projects with a lock of uv or poetry, and where the files
 * are that commands name. */
#include "import/docker_project.h"

#include "import/python_draft.h"

/* Files of the recipe's folder */

/* --mount=type=bind,source=x,target=y: y is x of the context. */
char *scene_bound(Scene *scene, const RunRead *run, const char *path)
{
    for (guint i = 0; i < run->instruction->flags->len; i++) {
        const DockerFlag *flag = run->instruction->flags->pdata[i];
        if (!g_str_equal(flag->name, "mount") || !flag->value ||
            !strstr(flag->value, "type=bind") || strstr(flag->value, "from="))
            continue;
        g_auto(GStrv) parts = g_strsplit(flag->value, ",", -1);
        const char *source = ".", *target = NULL;
        for (guint k = 0; parts[k]; k++) {
            const char *equals = strchr(parts[k], '=');
            if (g_str_has_prefix(parts[k], "source=") || g_str_has_prefix(parts[k], "src="))
                source = equals + 1;
            if (g_str_has_prefix(parts[k], "target=") || g_str_has_prefix(parts[k], "dst="))
                target = equals + 1;
        }
        g_autofree char *absolute = target ? scene_path(scene, NULL, target) : NULL;
        if (!absolute)
            continue;
        size_t length = strlen(absolute);
        if (length > 1 && absolute[length - 1] == '/')
            absolute[--length] = '\0';
        if (g_str_equal(absolute, path))
            return g_strdup(source);
        if (strncmp(path, absolute, length) == 0 && path[length] == '/')
            return g_str_equal(source, ".") ? g_strdup(path + length + 1)
                                            : g_build_filename(source, path + length + 1, NULL);
    }
    return NULL;
}

/* The path that a recipe gives: in its folder where the file comes from there, else inside the
 * image. NULL: a URL, or not known. */
char *scene_input(Scene *scene, const RunRead *run, const char *value)
{
    if (!value || strstr(value, "://") || g_str_has_prefix(value, "/dev/"))
        return NULL;
    if (scene_has_mark(value)) {
        g_autofree char *plain = scene_plain(scene, value);
        g_autofree char *absolute = scene_path(scene, run->cwd, plain);
        g_autofree char *source = scene_source_of(scene, absolute);
        if (!source || g_str_has_prefix(value, "/") || !g_str_has_suffix(source, plain))
            return source ? g_steal_pointer(&source) : g_steal_pointer(&absolute);
        return scene_finish(scene, value);
    }
    g_autofree char *absolute = scene_path(scene, run->cwd, value);
    char *bound = scene_bound(scene, run, absolute);
    if (bound)
        return bound;
    char *source = scene_source_of(scene, absolute);
    return source ? source : g_steal_pointer(&absolute);
}

/* Virtual environments */

void scene_use_python(Scene *scene, const RunRead *run, const char *program)
{
    const char *version = g_str_has_prefix(program, "python") ? program + strlen("python") : "";
    DraftValue *python = draft_get(scene->keys, "python");
    g_autofree char *there =
        draft_is_map(python) ? g_strdup(draft_get_text(python, "version")) : NULL;
    if (scene->is_part || !strchr(version, '.') || !there || g_str_equal(there, version) ||
        !draft_get(python, "scheme"))
        return;
    draft_set_plain(python, "version", version);
    draft_note(scene->draft, NOTE_ASSUMED, run->at,
               "Python %s, which is used here, is the recipe's, in place of %s", version, there);
}

/* Whether a stage has installed something into the recipe's Python. */
static bool has_packages(const Scene *scene)
{
    for (guint i = 0; i < scene->out->len; i++) {
        if (g_str_equal(((const DraftStage *)scene->out->pdata[i])->kind, "pip"))
            return true;
    }
    return false;
}

/* `python -m venv PATH`, `uv venv PATH`, `virtualenv PATH`: words from `first` on. */
static StepResult read_venv(Scene *scene, RunRead *run, const RunCommand *command, guint first,
                            const char *fallback)
{
    const char *path = fallback;
    bool system = false;
    for (guint i = first; i < command->arguments->len; i++) {
        const char *text = run_argument(command, i);
        if (!text || scene_has_mark(text))
            return STEP_KEEP;
        system |= g_str_equal(text, "--system-site-packages");
        if (g_str_equal(text, "--python") || g_str_equal(text, "-p") ||
            g_str_equal(text, "--prompt"))
            i++;
        else if (*text != '-')
            path = text;
    }
    if (!path || system || scene->when)
        return STEP_KEEP;
    g_autofree char *slashed = scene_path(scene, run->cwd, path);
    g_autofree char *absolute = g_canonicalize_filename(slashed, "/");
    if (scene->venv && !g_str_equal(scene->venv, absolute))
        return STEP_KEEP;
    if (!scene->venv && has_packages(scene))
        return STEP_KEEP; /* what is installed already is elsewhere */
    scene_set_venv(scene, absolute);
    return STEP_DONE;
}

static char *normal_environment(const char *environment)
{
    static const char *const endings[] = {"/bin/python", "/bin/python3"};
    g_autofree char *path = g_strdup(environment);
    for (size_t i = 0; i < G_N_ELEMENTS(endings); i++) {
        if (g_str_has_suffix(path, endings[i]))
            path[strlen(path) - strlen(endings[i])] = '\0';
    }
    return g_steal_pointer(&path);
}

/* The folder of the environment that the command works on; "": the system's. */
char *scene_environment(const Scene *scene, const RunRead *run, const PipCommand *pip)
{
    const char *path = g_hash_table_lookup(scene->env, "PATH");
    const char *venv = scene->venv;
    g_autofree char *given = normal_environment(pip->environment);
    if (*given == '/')
        return g_steal_pointer(&given);
    if (*given)
        return venv && g_str_has_suffix(venv, given) ? g_strdup(venv) : g_strdup("?");
    if (run->venv)
        return g_strdup(run->venv);
    if (venv && path) {
        g_autofree char *bin = g_strconcat(venv, "/bin", NULL);
        if (g_str_has_prefix(path, bin))
            return g_strdup(venv);
    }
    bool system = false;
    for (guint i = 0; i < pip->options->len; i++)
        system |= g_str_equal(((const PipGiven *)pip->options->pdata[i])->name, "--system");
    return g_strdup(venv && pip->uv && !system ? venv : "");
}

/* `pip config set global.index-url URL` */
StepResult scene_pip_config(Scene *scene, const PipCommand *pip)
{
    const RunArgument *const *words = (const RunArgument *const *)pip->requirements->pdata;
    if (pip->requirements->len != 3 || g_strcmp0(words[0]->value, "set") != 0 || !words[1]->value ||
        !words[2]->value)
        return STEP_KEEP;
    char **slot = g_str_equal(words[1]->value, "global.index-url")         ? &scene->index
                  : g_str_equal(words[1]->value, "global.extra-index-url") ? &scene->extra
                                                                           : NULL;
    if (!slot)
        return STEP_KEEP;
    g_free(*slot);
    *slot = g_strdup(words[2]->value);
    return STEP_DONE;
}

/* python */

/* Statements that only import and print. */
static DraftValue *imports_of(const char *code)
{
    g_autoptr(DraftValue) list = draft_list();
    g_auto(GStrv) statements = g_strsplit_set(code, ";\n", -1);
    for (guint i = 0; statements[i]; i++) {
        char *text = g_strstrip(statements[i]);
        bool prints = g_str_has_prefix(text, "print(") && !strpbrk(text + 6, "=") &&
                      g_str_has_suffix(text, ")");
        if (*text == '\0' || prints)
            continue;
        bool from = g_str_has_prefix(text, "from ");
        if (!from && !g_str_has_prefix(text, "import "))
            return NULL;
        g_autofree char *rest = g_strdup(text + (from ? 5 : 7));
        if (from)
            rest[strcspn(rest, " ")] = '\0';
        g_auto(GStrv) names = g_strsplit(rest, ",", -1);
        for (guint k = 0; names[k]; k++) {
            char *name = g_strstrip(names[k]);
            name[strcspn(name, " ")] = '\0';
            if (*name == '\0' ||
                name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789_.")])
                return NULL;
            if (!draft_list_has(list, name))
                draft_add_text(list, name);
        }
    }
    return draft_count(list) > 0 ? g_steal_pointer(&list) : NULL;
}

/* Code that checks: imports, prints and assertions. */
static bool only_asserts(const char *code)
{
    g_auto(GStrv) statements = g_strsplit_set(code, ";\n", -1);
    bool any = false;
    for (guint i = 0; statements[i]; i++) {
        const char *text = g_strstrip(statements[i]);
        any |= g_str_has_prefix(text, "assert ");
        if (*text && !g_str_has_prefix(text, "assert ") && !g_str_has_prefix(text, "import ") &&
            !g_str_has_prefix(text, "from ") && !g_str_has_prefix(text, "print("))
            return false;
    }
    return any;
}

static StepResult read_code(Scene *scene, RunRead *run, const RunCommand *command)
{
    Span at;
    g_autofree char *code = run_python_code(command, &at);
    if (!code || scene->when || scene->is_part || scene_has_mark(code))
        return STEP_KEEP;
    DraftValue *names = imports_of(code);
    if (!names && !only_asserts(code))
        return STEP_KEEP;
    DraftValue *check = draft_map();
    if (names)
        draft_set(check, "import", names);
    else
        draft_set_text(check, "python", code);
    draft_check(scene->draft, "build", check);
    return STEP_DONE;
}

StepResult step_python(Scene *scene, RunRead *run, const RunCommand *command)
{
    if (g_str_equal(command->program, "virtualenv"))
        return read_venv(scene, run, command, 1, NULL);
    guint at = 1;
    while (run_argument(command, at) && *run_argument(command, at) == '-' &&
           !g_str_equal(run_argument(command, at), "-m") &&
           !g_str_equal(run_argument(command, at), "-c"))
        at++;
    const char *option = run_argument(command, at), *module = run_argument(command, at + 1);
    if (g_strcmp0(option, "-m") == 0 && module) {
        scene_use_python(scene, run, command->program);
        static const char *const venvs[] = {"venv", "virtualenv", NULL};
        if (g_str_equal(module, "pip"))
            return step_pip(scene, run, command);
        if (g_strv_contains(venvs, module))
            return read_venv(scene, run, command, at + 2, NULL);
        return g_str_equal(module, "ensurepip") ? STEP_DONE : STEP_KEEP;
    }
    g_autofree char *script = option ? g_path_get_basename(option) : NULL;
    if (g_strcmp0(script, "get-pip.py") == 0 && step_installer(scene, run, command) == STEP_DONE)
        return STEP_DONE;
    return read_code(scene, run, command);
}

/* uv and poetry projects */

static bool is_group_name(const char *text)
{
    for (const char *p = text; *p; p++) {
        if (!g_ascii_isalnum(*p) && !strchr("._-", *p))
            return false;
    }
    return g_ascii_isalnum(*text);
}

static void add_names(DraftValue *body, const char *key, const char *text)
{
    g_auto(GStrv) names = g_strsplit_set(text, ", ", -1);
    for (guint i = 0; names[i]; i++) {
        if (is_group_name(names[i]))
            draft_append_text(body, key, names[i]);
    }
}

/* The value of an option at *at, which moves on to it; NULL: another option. */
static const char *option_value(const RunCommand *command, guint *at, const char *name)
{
    const char *text = run_argument(command, *at);
    size_t length = strlen(name);
    if (g_str_equal(text, name))
        return run_argument(command, ++*at) ? run_argument(command, *at) : "";
    return strncmp(text, name, length) == 0 && text[length] == '=' ? text + length + 1 : NULL;
}

/* The lock of the project in the working directory, in the recipe's folder. */
static char *lock_path(Scene *scene, RunRead *run, const char *name)
{
    g_autofree char *path = scene_input(scene, run, name);
    return *path == '/' ? NULL : g_steal_pointer(&path);
}

static void emit_lock(Scene *scene, RunRead *run, DraftValue *body, const char *lock, bool root)
{
    bool there = false;
    for (guint i = 0; i < scene->out->len; i++) {
        const DraftStage *stage = scene->out->pdata[i];
        there |= g_strcmp0(draft_get_text(stage->body, "lock"), lock) == 0;
    }
    draft_set_text(body, "lock", lock);
    if (!there)
        scene_stage(scene, "pip", draft_value_copy(body), run->at);
    if (!root)
        return;
    g_autofree char *folder = g_path_get_dirname(lock);
    g_autoptr(ImportProject) project = import_project_open(scene, folder, NULL);
    if (project && import_project_is_package(project))
        scene_place_project(scene, run, project, run->cwd);
    else if (!project)
        draft_note(scene->draft, NOTE_ASSUMED, run->at,
                   "the project of %s itself is not built: where it is a package, its code must be "
                   "found by PYTHONPATH, and its programs are not there",
                   lock);
}

/* The extras of the project beside the lock; false: it is not known which. */
static bool add_all_extras(const Scene *scene, DraftValue *body, const char *lock)
{
    g_autofree char *folder = g_path_get_dirname(lock);
    g_autoptr(ImportProject) project = import_project_open(scene, folder, NULL);
    g_auto(GStrv) extras = project ? import_project_extras(project) : NULL;
    for (guint i = 0; extras && extras[i]; i++) {
        if (!draft_list_has(draft_get(body, "extras"), extras[i]))
            draft_append_text(body, "extras", extras[i]);
    }
    return project != NULL;
}

static StepResult read_uv_sync(Scene *scene, RunRead *run, const RunCommand *command)
{
    g_autofree char *lock = lock_path(scene, run, "uv.lock");
    g_autoptr(DraftValue) body = draft_map();
    bool dev = true;
    for (guint i = 2; lock && i < command->arguments->len; i++) {
        static const char *const plain[] = {
            "--frozen", "--locked", "--no-cache", "--compile-bytecode", "--no-editable", "--quiet",
            "-q",       "--active", NULL};
        const char *text = run_argument(command, i), *value;
        if (!text)
            return STEP_KEEP;
        if (g_str_equal(text, "--no-dev"))
            dev = false;
        else if (g_str_equal(text, "--no-default-groups"))
            dev = false;
        else if (g_str_equal(text, "--no-install-project") || g_str_equal(text, "--all-extras") ||
                 g_str_equal(text, "--no-install-workspace"))
            continue;
        else if ((value = option_value(command, &i, "--extra")))
            add_names(body, "extras", value);
        else if ((value = option_value(command, &i, "--group")))
            add_names(body, "groups", value);
        else if ((value = option_value(command, &i, "--link-mode")))
            continue;
        else if (!g_strv_contains(plain, text))
            return STEP_KEEP;
    }
    if (!lock || (run_has_argument(command, "--all-extras") && !add_all_extras(scene, body, lock)))
        return STEP_KEEP;
    bool root = !run_has_argument(command, "--no-install-project") &&
                !run_has_argument(command, "--no-install-workspace");
    if (dev)
        draft_note(scene->draft, NOTE_ASSUMED, run->at,
                   "the group `dev`, which uv sync takes without --no-dev, is left out");
    const char *place = g_hash_table_lookup(scene->env, "UV_PROJECT_ENVIRONMENT");
    if (!place && !scene->venv) {
        g_autofree char *venv = g_build_filename(run->cwd, ".venv", NULL);
        scene_set_venv(scene, venv);
    }
    emit_lock(scene, run, body, lock, root);
    return STEP_DONE;
}

StepResult step_uv(Scene *scene, RunRead *run, const RunCommand *command)
{
    const char *verb = run_argument(command, 1);
    if (g_strcmp0(verb, "sync") == 0)
        return read_uv_sync(scene, run, command);
    if (g_strcmp0(verb, "venv") == 0)
        return read_venv(scene, run, command, 2, ".venv");
    bool python =
        g_strcmp0(verb, "python") == 0 && g_strcmp0(run_argument(command, 2), "install") == 0;
    const char *version = python ? run_argument(command, 3) : NULL;
    g_autofree char *minor = version ? import_minor_version(version) : NULL;
    if (minor && !scene->is_part && !has_packages(scene)) {
        draft_set_plain(scene->keys, "python", version);
        draft_note(scene->draft, NOTE_ASSUMED, run->at,
                   "the base is taken to have Python %s: recipes install no interpreter", version);
        return STEP_DONE;
    }
    return step_pip(scene, run, command);
}

/* `poetry config KEY VALUE`, of which one changes where packages go. */
static StepResult read_poetry_config(Scene *scene, const RunCommand *command)
{
    guint at = 2;
    while (run_argument(command, at) && *run_argument(command, at) == '-')
        at++;
    const char *key = run_argument(command, at), *value = run_argument(command, at + 1);
    if (g_strcmp0(key, "virtualenvs.in-project") == 0)
        scene->in_project = g_strcmp0(value, "true") == 0;
    return STEP_DONE;
}

/* Poetry's own environment beside the project, where it is told to make one there. */
static void enter_project(Scene *scene, const RunRead *run)
{
    const char *beside = g_hash_table_lookup(scene->env, "POETRY_VIRTUALENVS_IN_PROJECT");
    const char *create = g_hash_table_lookup(scene->env, "POETRY_VIRTUALENVS_CREATE");
    bool inside = scene->in_project ||
                  (beside && (g_ascii_strcasecmp(beside, "true") == 0 || g_str_equal(beside, "1")));
    if (scene->venv || !inside || (create && !g_str_equal(create, "true")))
        return;
    g_autofree char *venv = g_build_filename(run->cwd, ".venv", NULL);
    scene_set_venv(scene, venv);
}

StepResult step_poetry(Scene *scene, RunRead *run, const RunCommand *command)
{
    const char *verb = run_argument(command, 1);
    if (g_strcmp0(verb, "config") == 0)
        return read_poetry_config(scene, command);
    g_autofree char *lock =
        g_strcmp0(verb, "install") == 0 ? lock_path(scene, run, "poetry.lock") : NULL;
    if (!lock)
        return STEP_KEEP;
    g_autoptr(DraftValue) body = draft_map();
    bool root = true;
    for (guint i = 2; i < command->arguments->len; i++) {
        static const char *const plain[] = {
            "--no-interaction", "--no-ansi", "-n",      "--sync", "--no-dev",
            "--no-cache",       "-q",        "--quiet", NULL};
        const char *text = run_argument(command, i), *value;
        if (!text)
            return STEP_KEEP;
        if (g_str_equal(text, "--no-root"))
            root = false;
        else if ((value = option_value(command, &i, "--extras")) ||
                 (value = option_value(command, &i, "-E")))
            add_names(body, "extras", value);
        else if ((value = option_value(command, &i, "--with")))
            add_names(body, "groups", value);
        else if ((value = option_value(command, &i, "--without")))
            continue;
        else if ((value = option_value(command, &i, "--only"))) {
            if (!g_str_equal(value, "main"))
                add_names(body, "groups", value);
        } else if (!g_strv_contains(plain, text))
            return STEP_KEEP;
    }
    enter_project(scene, run);
    emit_lock(scene, run, body, lock, root);
    return STEP_DONE;
}
