/* Commands that make files, folders and links, and those that remove. */
#include "import/docker_project.h"

/* Redirections */

static bool goes_nowhere(const ShellRedirect *redirect)
{
    if (redirect->kind == REDIRECT_COPY_OUT)
        return true;
    return redirect->kind != REDIRECT_HEREDOC && redirect->kind != REDIRECT_STRING &&
           shell_word_equals(redirect->target, "/dev/null");
}

bool step_redirects(const RunCommand *command)
{
    for (guint i = 0; i < command->shell->redirects->len; i++) {
        if (!goes_nowhere(command->shell->redirects->pdata[i]))
            return true;
    }
    return false;
}

const ShellRedirect *step_redirect_out(const RunCommand *command, bool *ret_append)
{
    const ShellRedirect *found = NULL;
    for (guint i = 0; i < command->shell->redirects->len; i++) {
        const ShellRedirect *redirect = command->shell->redirects->pdata[i];
        bool out = redirect->kind == REDIRECT_OUT || redirect->kind == REDIRECT_APPEND ||
                   redirect->kind == REDIRECT_CLOBBER;
        if (goes_nowhere(redirect) || !out)
            continue;
        found = redirect;
        *ret_append = redirect->kind == REDIRECT_APPEND;
    }
    return found;
}

/* Texts */

static char *echo_text(const RunCommand *command)
{
    GString *out = g_string_new(NULL);
    guint at = 1;
    bool newline = true;
    if (g_strcmp0(run_argument(command, 1), "-n") == 0) {
        newline = false;
        at = 2;
    }
    for (guint i = at; i < command->arguments->len; i++) {
        const char *text = run_argument(command, i);
        if (!text || strchr(text, '\\') || (i == at && *text == '-')) {
            g_string_free(out, TRUE);
            return NULL;
        }
        g_string_append_printf(out, "%s%s", i > at ? " " : "", text);
    }
    g_string_append(out, newline ? "\n" : "");
    return g_string_free(out, FALSE);
}

/* A format with nothing but "\n" and "\t" in it, or "%s\n" and its words. */
static char *printf_text(const RunCommand *command)
{
    const char *format = run_argument(command, 1);
    if (!format || *format == '-')
        return NULL;
    GString *out = g_string_new(NULL);
    if (g_str_equal(format, "%s\\n")) {
        for (guint i = 2; i < command->arguments->len; i++) {
            const char *text = run_argument(command, i);
            g_string_append_printf(out, "%s\n", text ? text : "");
            if (!text) {
                g_string_free(out, TRUE);
                return NULL;
            }
        }
        return g_string_free(out, FALSE);
    }
    bool ok = command->arguments->len == 2;
    for (const char *p = format; ok && *p; p++) {
        ok = *p != '%' && (*p != '\\' || p[1] == 'n' || p[1] == 't');
        if (*p == '\\') {
            g_string_append_c(out, p[1] == 'n' ? '\n' : '\t');
            p++;
        } else {
            g_string_append_c(out, *p);
        }
    }
    if (ok)
        return g_string_free(out, FALSE);
    g_string_free(out, TRUE);
    return NULL;
}

char *scene_chomp(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i]; i++)
        memmove(lines[i], lines[i] + strspn(lines[i], "\t"),
                strlen(lines[i] + strspn(lines[i], "\t")) + 1);
    return g_strjoinv("\n", lines);
}

static char *heredoc_text(const RunCommand *command)
{
    const char *script = command->script->shell->text->text->str;
    for (guint i = 0; i < command->shell->redirects->len; i++) {
        const ShellRedirect *redirect = command->shell->redirects->pdata[i];
        if (redirect->kind != REDIRECT_HEREDOC)
            continue;
        g_autofree char *body = g_strndup(script + redirect->body, redirect->body_length);
        if (!redirect->plain && strpbrk(body, "$`\\"))
            return NULL;
        return redirect->chomp ? scene_chomp(body) : g_steal_pointer(&body);
    }
    return NULL;
}

char *step_output(const RunCommand *command)
{
    if (g_str_equal(command->program, "echo"))
        return echo_text(command);
    if (g_str_equal(command->program, "printf"))
        return printf_text(command);
    if (g_str_equal(command->program, "cat") && command->arguments->len == 1)
        return heredoc_text(command);
    return NULL;
}

/* Files */

static StepResult write_file(Scene *scene, const RunRead *run, const char *target,
                             const char *content, bool append)
{
    g_autofree char *plain = scene_plain(scene, target);
    g_autofree char *path = scene_path(scene, run->cwd, plain);
    if (g_str_has_suffix(path, "/") || strpbrk(path, "$*?"))
        return STEP_KEEP;
    ScenePath *found = append ? scene_path_find(scene, path) : NULL;
    const char *before = found && found->entry ? draft_get_text(found->entry, "content") : NULL;
    bool recent = before && scene->out->len > 0 && !scene->when &&
                  scene->out->pdata[scene->out->len - 1] == found->stage;
    g_autofree char *finished = scene_finish(scene, content);
    if (recent) {
        g_autofree char *joined = g_strconcat(before, finished, NULL);
        draft_set_text(found->entry, "content", joined);
        return STEP_DONE;
    }
    DraftValue *entry = draft_map();
    draft_set_text(entry, "dest", path);
    draft_set_text(entry, "content", finished);
    if (append)
        draft_set_true(entry, "append");
    DraftStage *stage = scene_file(scene, entry, run->at);
    scene_add_path(scene, g_strdup(path), NULL, false, entry, "files", stage);
    return STEP_DONE;
}

static StepResult touch(Scene *scene, const RunRead *run, const RunCommand *command)
{
    for (guint i = 1; i < command->arguments->len; i++) {
        const char *text = run_argument(command, i);
        if (!text || *text == '-')
            return STEP_KEEP;
    }
    StepResult result = STEP_DONE;
    for (guint i = 1; i < command->arguments->len && result == STEP_DONE; i++)
        result = write_file(scene, run, run_argument(command, i), "", true);
    return result;
}

static StepResult tee(Scene *scene, const RunRead *run, const RunCommand *command)
{
    g_autofree char *text = run->input ? g_strdup(run->input) : heredoc_text(command);
    bool append = g_strcmp0(run_argument(command, 1), "-a") == 0;
    const char *target = run_argument(command, append ? 2 : 1);
    if (!text || !target || *target == '-' || command->arguments->len != (append ? 3u : 2u))
        return STEP_KEEP;
    return write_file(scene, run, target, text, append);
}

/* Where the output goes, with ARGs as marks. */
static char *target_of(const RunCommand *command, const ShellRedirect *redirect)
{
    return shell_word_value(redirect->target, NULL, NULL);
}

StepResult step_echo(Scene *scene, RunRead *run, const RunCommand *command)
{
    if (g_str_equal(command->program, "touch"))
        return step_redirects(command) ? STEP_KEEP : touch(scene, run, command);
    if (g_str_equal(command->program, "tee"))
        return tee(scene, run, command);
    bool append = false;
    const ShellRedirect *redirect = step_redirect_out(command, &append);
    g_autofree char *text = step_output(command);
    if (!redirect) /* only said */
        return step_redirects(command) || g_str_equal(command->program, "cat") ? STEP_KEEP
                                                                               : STEP_DONE;
    g_autofree char *target = target_of(command, redirect);
    if (!text || !target)
        return STEP_KEEP;
    return write_file(scene, run, target, text, append);
}

StepResult step_mkdir(Scene *scene, RunRead *run, const RunCommand *command)
{
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 1; i < command->arguments->len; i++) {
        const char *text = run_argument(command, i);
        if (!text)
            return STEP_KEEP;
        if (*text == '-') {
            if (!g_str_equal(text, "-p") && !g_str_equal(text, "--parents") &&
                !g_str_equal(text, "-pv") && !g_str_equal(text, "-v"))
                return STEP_KEEP;
            continue;
        }
        g_autofree char *plain = scene_plain(scene, text);
        if (strpbrk(plain, "*?{$"))
            return STEP_KEEP;
        g_autofree char *slashed = scene_path(scene, run->cwd, plain);
        g_ptr_array_add(paths, g_canonicalize_filename(slashed, "/"));
    }
    for (guint i = 0; i < paths->len; i++) {
        DraftValue *entry = draft_map();
        draft_set_text(entry, "dir", paths->pdata[i]);
        DraftStage *stage = scene_file(scene, entry, run->at);
        scene_add_path(scene, g_strdup(paths->pdata[i]), NULL, true, entry, "files", stage);
    }
    return STEP_DONE;
}

StepResult step_link(Scene *scene, RunRead *run, const RunCommand *command)
{
    guint at = 1;
    bool symbolic = false;
    for (; run_argument(command, at) && *run_argument(command, at) == '-'; at++) {
        const char *text = run_argument(command, at);
        if (text[1 + strspn(text + 1, "sfnv")])
            return STEP_KEEP;
        symbolic |= strchr(text, 's') != NULL;
    }
    const char *target = run_argument(command, at), *name = run_argument(command, at + 1);
    if (!symbolic || !target || !name || command->arguments->len != at + 2 ||
        scene_has_mark(target) || scene_has_mark(name))
        return STEP_KEEP;
    g_autofree char *path = scene_path(scene, run->cwd, name);
    DraftValue *entry = draft_map();
    draft_set_text(entry, "link", target);
    if (g_str_has_suffix(path, "/")) {
        g_autofree char *base = g_path_get_basename(target);
        g_autofree char *inside = g_build_filename(path, base, NULL);
        draft_set_text(entry, "dest", inside);
    } else {
        draft_set_text(entry, "dest", path);
    }
    scene_file(scene, entry, run->at);
    return STEP_DONE;
}

/* Modes */

/* The octal mode that "+x" or a number means for a file that COPY or a download brings. */
static char *mode_of(const char *text)
{
    static const char *const execute[] = {"+x", "a+x", "ugo+x", "755", "0755", NULL};
    if (g_strv_contains(execute, text))
        return g_strdup("0755");
    size_t digits = strspn(text, "01234567");
    if (text[digits] || digits < 3 || digits > 4)
        return NULL;
    return g_strconcat(digits == 3 ? "0" : "", text, NULL);
}

StepResult step_chmod(Scene *scene, RunRead *run, const RunCommand *command)
{
    guint at = 1;
    while (run_argument(command, at) && *run_argument(command, at) == '-')
        at++;
    bool recursive = at > 1;
    const char *value = run_argument(command, at);
    if (!value || step_redirects(command) || scene->when || command->arguments->len == at + 1)
        return STEP_KEEP;
    g_autofree char *wanted = mode_of(value);
    g_autoptr(GPtrArray) entries = g_ptr_array_new();
    for (guint i = at + 1; wanted && i < command->arguments->len; i++) {
        const char *text = run_argument(command, i);
        g_autofree char *slashed = text ? scene_path(scene, run->cwd, text) : NULL;
        g_autofree char *path = slashed ? g_canonicalize_filename(slashed, "/") : NULL;
        ScenePath *found = path ? scene_path_find(scene, path) : NULL;
        DraftValue *entry = found && !g_str_equal(found->kind, "git") &&
                                    (!found->is_folder || (found->entry && !found->source)) &&
                                    !recursive
                                ? scene_entry_of(scene, found)
                                : NULL;
        if (!entry || draft_get(entry, "append") || draft_get(entry, "link"))
            return STEP_KEEP;
        g_ptr_array_add(entries, entry);
    }
    if (!wanted || entries->len == 0)
        return STEP_KEEP;
    for (guint i = 0; i < entries->len; i++)
        draft_set_text(entries->pdata[i], "mode", wanted);
    return STEP_DONE;
}

/* `sed -i 's/\r$//' FILE`, which files of Windows need: `eol: lf`. */
StepResult step_sed(Scene *scene, RunRead *run, const RunCommand *command)
{
    static const char *const scripts[] = {"s/\\r$//",   "s/\\r$//g",   "s/\\r//", "s/\\r//g",
                                          "s/\\r\\$//", "s/\\r\\$//g", NULL};
    guint at = run_argument(command, 2) && g_str_equal(run_argument(command, 2), "-e") ? 3 : 2;
    const char *script = run_argument(command, at);
    if (g_strcmp0(run_argument(command, 1), "-i") != 0 || !script || scene->when ||
        !g_strv_contains(scripts, script) || command->arguments->len == at + 1)
        return STEP_KEEP;
    g_autoptr(GPtrArray) entries = g_ptr_array_new();
    for (guint i = at + 1; i < command->arguments->len; i++) {
        const char *text = run_argument(command, i);
        g_autofree char *slashed = text ? scene_path(scene, run->cwd, text) : NULL;
        g_autofree char *path = slashed ? g_canonicalize_filename(slashed, "/") : NULL;
        ScenePath *found = path ? scene_path_find(scene, path) : NULL;
        bool file = found && g_str_equal(found->kind, "files") && !found->is_folder;
        DraftValue *entry = file ? scene_entry_of(scene, found) : NULL;
        if (!entry || !draft_get(entry, "src"))
            return STEP_KEEP;
        g_ptr_array_add(entries, entry);
    }
    for (guint i = 0; i < entries->len; i++)
        draft_set_text(entries->pdata[i], "eol", "lf");
    return STEP_DONE;
}

/* Removal */

static bool is_cache(const char *path)
{
    static const char *const prefixes[] = {
        "/var/lib/apt/lists", "/var/cache", "/root/.cache", "/tmp/", "/var/tmp/",
        "/var/log/",          NULL};
    for (guint i = 0; prefixes[i]; i++) {
        if (g_str_has_prefix(path, prefixes[i]))
            return true;
    }
    return strstr(path, "__pycache__") || g_str_has_suffix(path, ".pyc");
}

/* An archive that was unpacked, or a .git that `git:` does not keep. */
static bool is_gone(const Scene *scene, const char *path)
{
    const ScenePath *found = scene_path_find(scene, path);
    if (found && found->entry && g_str_equal(found->kind, "download")) {
        const char *dest = draft_get_text(found->entry, "dest");
        return draft_get(found->entry, "unpack") || g_strcmp0(dest, path) != 0;
    }
    return g_str_has_suffix(path, "/.git") || (found && g_str_equal(found->kind, "gone"));
}

static bool takes_download(Scene *scene, const char *path)
{
    const ScenePath *found = scene_path_find(scene, path);
    return found && found->entry && g_str_equal(found->kind, "download");
}

/* find … -name __pycache__ …: caches that no image has. */
static StepResult read_find(const RunCommand *command)
{
    static const char *const words[] = {"__pycache__", "*.pyc", "*.pyo", NULL};
    bool cache = false;
    for (guint i = 1; i < command->arguments->len; i++) {
        const char *text = run_argument(command, i);
        cache |= text && g_strv_contains(words, text);
    }
    return cache ? STEP_DONE : STEP_KEEP;
}

StepResult step_remove(Scene *scene, RunRead *run, const RunCommand *command)
{
    if (g_str_equal(command->program, "find"))
        return read_find(command);
    g_autoptr(DraftValue) paths = draft_list();
    for (guint i = 1; i < command->arguments->len; i++) {
        const char *text = run_argument(command, i);
        if (!text || scene_has_mark(text))
            return STEP_KEEP;
        if (*text == '-' && text[1 + strspn(text + 1, "rfRv")] == '\0')
            continue;
        if (*text == '-' || strpbrk(text, "{$"))
            return STEP_KEEP;
        g_autofree char *slashed = scene_path(scene, run->cwd, text);
        g_autofree char *path = g_canonicalize_filename(slashed, "/");
        bool inner = g_str_has_prefix(path, "/opt/ramekin") || path[strspn(path, "/.*")] == '\0';
        if (inner)
            return STEP_KEEP;
        if (scene_holds_project(scene, path))
            draft_note(scene->draft, NOTE_ASSUMED, run->at,
                       "%s stays in the image: Python finds a project's code there", path);
        else if (!is_gone(scene, path) && (!is_cache(path) || takes_download(scene, path)))
            draft_add_text(paths, path);
    }
    if (draft_count(paths) > 0)
        scene_stage(scene, "remove", g_steal_pointer(&paths), run->at);
    return STEP_DONE;
}
