/* git, curl, wget, archives and model hubs: `git:`, `download:` and `model:` stages. */
#include "import/docker_scene.h"

/* git */

static bool is_commit(const char *text)
{
    size_t digits = strspn(text, "0123456789abcdef");
    return text[digits] == '\0' && (digits == 40 || digits == 64);
}

static bool is_short_commit(const char *text)
{
    size_t digits = strspn(text, "0123456789abcdef");
    return text[digits] == '\0' && digits >= 7 && strpbrk(text, "0123456789") != NULL;
}

/* "v1.2", "1.2.3", "release-2.0" */
static bool looks_like_tag(const char *text)
{
    const char *digit = strpbrk(text, "0123456789");
    return digit && strchr(digit, '.') != NULL;
}

/* `value` has marks. */
static bool set_revision(Scene *scene, DraftValue *body, const char *value)
{
    g_autofree char *plain = scene_plain(scene, value);
    const char *name = g_str_has_prefix(plain, "tags/") ? plain + 5 : plain;
    if (*name == '\0' || g_str_equal(name, "HEAD") || (!is_commit(name) && is_short_commit(name)))
        return false;
    g_autofree char *finished = scene_finish(scene, name == plain ? value : name);
    draft_remove(body, "commit");
    draft_remove(body, "tag");
    draft_remove(body, "branch");
    g_autofree char *dest = g_strdup(draft_get_text(body, "dest"));
    bool submodules = draft_get(body, "submodules") != NULL;
    draft_remove(body, "dest");
    draft_remove(body, "submodules");
    draft_set_text(body,
                   is_commit(name)                         ? "commit"
                   : name != plain || looks_like_tag(name) ? "tag"
                                                           : "branch",
                   finished);
    if (dest)
        draft_set_text(body, "dest", dest);
    if (submodules)
        draft_set_true(body, "submodules");
    return true;
}

static char *repository_name(const char *url)
{
    g_autofree char *name = g_path_get_basename(url);
    size_t length = strlen(name);
    if (length > 4 && g_str_has_suffix(name, ".git"))
        name[length - 4] = '\0';
    return g_steal_pointer(&name);
}

/* Options of `git clone` that change nothing of the files. */
static bool is_clone_flag(const char *text)
{
    static const char *const flags[] = {
        "--single-branch",      "--no-tags", "-q", "--quiet", "--progress",
        "--shallow-submodules", NULL};
    return g_strv_contains(flags, text) || g_str_has_prefix(text, "--depth=") ||
           g_str_has_prefix(text, "--filter=") || g_str_has_prefix(text, "--jobs=");
}

static StepResult git_clone(Scene *scene, RunRead *run, const RunCommand *command, guint first,
                            const char *cwd)
{
    const char *url = NULL, *dest = NULL, *revision = NULL;
    bool submodules = false;
    for (guint i = first; i < command->arguments->len; i++) {
        const char *text = run_argument(command, i);
        if (!text)
            return STEP_KEEP;
        if (g_str_equal(text, "-b") || g_str_equal(text, "--branch"))
            revision = run_argument(command, ++i);
        else if (g_str_has_prefix(text, "--branch="))
            revision = strchr(text, '=') + 1;
        else if (g_str_equal(text, "--depth") || g_str_equal(text, "-j") ||
                 g_str_equal(text, "--jobs") || g_str_equal(text, "--filter"))
            i++;
        else if (g_str_equal(text, "--recursive") || g_str_has_prefix(text, "--recurse-submodules"))
            submodules = true;
        else if (*text == '-' && !is_clone_flag(text))
            return STEP_KEEP;
        else if (*text != '-' && !url)
            url = text;
        else if (*text != '-' && !dest)
            dest = text;
    }
    g_autofree char *plain_url = url ? scene_plain(scene, url) : NULL;
    if (!plain_url || !scene_is_url(plain_url))
        return STEP_KEEP;
    g_autofree char *fallback = repository_name(plain_url);
    g_autofree char *plain_dest = scene_plain(scene, dest ? dest : fallback);
    g_autofree char *slashed = scene_path(scene, cwd, plain_dest);
    g_autofree char *path = g_canonicalize_filename(slashed, "/");
    g_autoptr(DraftValue) body = draft_map();
    g_autofree char *finished = scene_finish(scene, url);
    draft_set_text(body, "url", finished);
    if (revision && !set_revision(scene, body, revision))
        return STEP_KEEP;
    if (!revision)
        draft_set_text(body, "branch", "main");
    draft_set_text(body, "dest", path);
    if (submodules)
        draft_set_true(body, "submodules");
    DraftValue *kept = g_steal_pointer(&body);
    DraftStage *stage = scene_stage(scene, "git", kept, run->at);
    scene_add_path(scene, g_strdup(path), NULL, true, stage->body, "git", stage);
    if (!revision)
        draft_note(scene->draft, NOTE_ASSUMED, run->at,
                   "the default branch of %s is taken to be `main`; better name a commit",
                   plain_url);
    return STEP_DONE;
}

/* A git stage that no later stage has looked at. */
static ScenePath *fresh_clone(const Scene *scene, const char *cwd)
{
    g_autofree char *path = g_canonicalize_filename(cwd, "/");
    ScenePath *found = scene_path_find(scene, path);
    bool last =
        found && scene->out->len > 0 && scene->out->pdata[scene->out->len - 1] == found->stage;
    return last && g_str_equal(found->kind, "git") ? found : NULL;
}

static void forget_note(Scene *scene, const DraftStage *stage)
{
    GPtrArray *notes = scene->draft->notes;
    for (guint i = notes->len; i-- > 0;) {
        const DraftNote *note = notes->pdata[i];
        if (note->kind == NOTE_ASSUMED && strstr(note->text, "the default branch of") &&
            strstr(note->text, draft_get_text(stage->body, "url"))) {
            g_ptr_array_remove_index(notes, i);
            return;
        }
    }
}

static StepResult git_checkout(Scene *scene, const RunCommand *command, guint first,
                               const char *cwd)
{
    const char *revision = NULL;
    for (guint i = first; i < command->arguments->len; i++) {
        const char *text = run_argument(command, i);
        if (!text)
            return STEP_KEEP;
        if (*text != '-' && revision)
            return STEP_KEEP;
        if (*text != '-')
            revision = text;
        else if (!g_str_equal(text, "--hard") && !g_str_equal(text, "-q") &&
                 !g_str_equal(text, "--quiet") && !g_str_equal(text, "--detach"))
            return STEP_KEEP;
    }
    ScenePath *clone = revision ? fresh_clone(scene, cwd) : NULL;
    if (!clone)
        return STEP_KEEP;
    if (!set_revision(scene, clone->entry, revision)) {
        draft_set_true(clone->entry, "keep_git"); /* the command is kept, and works on it */
        return STEP_KEEP;
    }
    forget_note(scene, clone->stage);
    return STEP_DONE;
}

StepResult step_git(Scene *scene, RunRead *run, const RunCommand *command)
{
    if (step_redirects(command))
        return STEP_KEEP;
    g_autofree char *cwd = g_strdup(run->cwd);
    guint at = 1;
    while (run_argument(command, at) && *run_argument(command, at) == '-') {
        bool folder = g_str_equal(run_argument(command, at), "-C");
        const char *path = folder ? run_argument(command, at + 1) : NULL;
        if (!path || scene_has_mark(path))
            return STEP_KEEP;
        char *next = scene_path(scene, cwd, path);
        g_free(cwd);
        cwd = next;
        at += 2;
    }
    const char *verb = run_argument(command, at);
    if (!verb)
        return STEP_KEEP;
    if (g_str_equal(verb, "clone"))
        return git_clone(scene, run, command, at + 1, cwd);
    if (g_str_equal(verb, "checkout") || g_str_equal(verb, "reset") || g_str_equal(verb, "switch"))
        return git_checkout(scene, command, at + 1, cwd);
    ScenePath *clone = fresh_clone(scene, cwd);
    const char *second = run_argument(command, at + 1);
    if (clone && g_str_equal(verb, "submodule") && g_strcmp0(second, "update") == 0) {
        draft_set_true(clone->entry, "submodules");
        return STEP_DONE;
    }
    if (g_str_equal(verb, "lfs") && g_strcmp0(second, "install") == 0)
        return STEP_DONE;
    if (clone && g_str_equal(verb, "lfs") && g_strcmp0(second, "pull") == 0) {
        draft_set_true(clone->entry, "lfs");
        return STEP_DONE;
    }
    return STEP_KEEP;
}

/* curl, wget, aria2c */

typedef struct {
    const char *url, *output, *folder;
    bool remote_name; /* -O of curl */
} Fetch;

/* Letters of curl in a row, "-fsSLO"; false: one is not known. */
static bool read_curl_letters(Fetch *fetch, const char *letters, bool *ret_output)
{
    for (; *letters; letters++) {
        if (*letters == 'O')
            fetch->remote_name = true;
        else if (*letters == 'o')
            *ret_output = true;
        else if (!strchr("fsSLkgJ#4v", *letters))
            return false;
    }
    return true;
}

static bool read_curl(Fetch *fetch, const RunCommand *command)
{
    static const char *const flags[] = {"--location",    "--fail",        "--silent",
                                        "--show-error",  "--compressed",  "--progress-bar",
                                        "--create-dirs", "--remote-name", NULL};
    static const char *const with_value[] = {"--retry",    "--retry-delay", "--connect-timeout",
                                             "--max-time", "--proto",       NULL};
    for (guint i = 1; i < command->arguments->len; i++) {
        const char *text = run_argument(command, i);
        bool output = false;
        if (!text)
            return false;
        if (g_strv_contains(flags, text) || g_str_has_prefix(text, "--tlsv1"))
            fetch->remote_name |= g_str_equal(text, "--remote-name");
        else if (g_strv_contains(with_value, text))
            i++;
        else if (g_str_equal(text, "--output"))
            fetch->output = run_argument(command, ++i);
        else if (g_str_has_prefix(text, "--"))
            return false;
        else if (*text == '-' && text[1]) {
            if (!read_curl_letters(fetch, text + 1, &output))
                return false;
            if (output && !(fetch->output = run_argument(command, ++i)))
                return false;
        } else if (fetch->url)
            return false;
        else
            fetch->url = text;
    }
    return fetch->url != NULL;
}

static bool read_wget(Fetch *fetch, const RunCommand *command)
{
    for (guint i = 1; i < command->arguments->len; i++) {
        const char *text = run_argument(command, i);
        if (!text)
            return false;
        bool output = g_str_equal(text, "-O") || g_str_equal(text, "-qO") ||
                      g_str_equal(text, "--output-document") || g_str_equal(text, "-nvO") ||
                      g_str_equal(text, "-o");
        if (output && (g_str_equal(text, "-o") == g_str_equal(command->program, "aria2c")))
            fetch->output = run_argument(command, ++i);
        else if (g_str_equal(text, "-P") || g_str_equal(text, "-d"))
            fetch->folder = run_argument(command, ++i);
        else if (g_str_has_prefix(text, "-O") || g_str_has_prefix(text, "-qO"))
            fetch->output = strchr(text, 'O') + 1;
        else if (g_str_has_prefix(text, "--output-document="))
            fetch->output = strchr(text, '=') + 1;
        else if (g_str_equal(text, "-x") || g_str_equal(text, "-s") || g_str_equal(text, "-k") ||
                 g_str_equal(text, "--tries"))
            i += g_str_equal(command->program, "aria2c") || g_str_has_prefix(text, "--") ? 1 : 0;
        else if (*text == '-' && !g_str_equal(text, "-q") && !g_str_equal(text, "-nv") &&
                 !g_str_equal(text, "-c") && !g_str_has_prefix(text, "--no-verbose") &&
                 !g_str_has_prefix(text, "--progress") &&
                 !g_str_has_prefix(text, "--show-progress") && !g_str_has_prefix(text, "--quiet") &&
                 !g_str_has_prefix(text, "--tries=") &&
                 !g_str_has_prefix(text, "--console-log-level"))
            return false;
        else if (*text != '-' && fetch->url)
            return false;
        else if (*text != '-')
            fetch->url = text;
    }
    return fetch->url != NULL;
}

static bool read_fetch(Scene *scene, Fetch *fetch, const RunCommand *command)
{
    bool curl = g_str_equal(command->program, "curl");
    if (!(curl ? read_curl(fetch, command) : read_wget(fetch, command)))
        return false;
    g_autofree char *plain = scene_plain(scene, fetch->url);
    return scene_is_url(plain);
}

static char *url_name(const char *url)
{
    g_autofree char *path = g_strndup(url, strcspn(url, "?#"));
    return g_path_get_basename(path);
}

static DraftStage *add_download(Scene *scene, const RunRead *run, const char *url, const char *path)
{
    DraftValue *body = draft_map();
    g_autofree char *finished = scene_finish(scene, url);
    draft_set_text(body, "url", finished);
    draft_set_text(body, "dest", path);
    DraftStage *stage = scene_stage(scene, "download", body, run->at);
    scene_add_path(scene, g_strdup(path), NULL, false, stage->body, "download", stage);
    return stage;
}

StepResult step_fetch(Scene *scene, RunRead *run, const RunCommand *command)
{
    Fetch fetch = {0};
    bool append = false;
    if (!read_fetch(scene, &fetch, command))
        return STEP_KEEP;
    const ShellRedirect *redirect = step_redirect_out(command, &append);
    g_autofree char *target =
        redirect && !append ? shell_word_value(redirect->target, NULL, NULL) : NULL;
    if (redirect && (!target || fetch.output))
        return STEP_KEEP;
    bool curl = g_str_equal(command->program, "curl");
    const char *output = redirect ? target : fetch.output;
    if (curl && !output && !fetch.remote_name)
        return STEP_KEEP;
    if (output && (g_str_equal(output, "-") || g_str_equal(output, "/dev/null")))
        return STEP_KEEP;
    g_autofree char *url = scene_plain(scene, fetch.url);
    g_autofree char *named = url_name(url);
    g_autofree char *plain = scene_plain(scene, output ? output : named);
    g_autofree char *folder = fetch.folder ? scene_plain(scene, fetch.folder) : NULL;
    g_autofree char *below = folder ? scene_path(scene, run->cwd, folder) : NULL;
    g_autofree char *path = scene_path(scene, below ? below : run->cwd, plain);
    if (g_str_has_suffix(path, "/"))
        return STEP_KEEP;
    add_download(scene, run, fetch.url, path);
    return STEP_DONE;
}

/* tar, unzip, sha256sum, mv */

typedef struct {
    const char *archive, *folder;
    guint strip;
} Unpack;

static bool read_tar(Unpack *unpack, const RunCommand *command)
{
    for (guint i = 1; i < command->arguments->len; i++) {
        const char *text = run_argument(command, i);
        if (!text)
            return false;
        if (g_str_equal(text, "-C") || g_str_equal(text, "--directory"))
            unpack->folder = run_argument(command, ++i);
        else if (g_str_has_prefix(text, "--strip-components"))
            unpack->strip =
                (guint)g_ascii_strtoull(strchr(text, '=') ? strchr(text, '=') + 1 : "0", NULL, 10);
        else if (g_str_equal(text, "-f"))
            unpack->archive = run_argument(command, ++i);
        else if (*text == '-' || i == 1) {
            const char *letters = text + (*text == '-');
            if (letters[strspn(letters, "xzjJvf")] || !strchr(letters, 'x'))
                return false;
            if (g_str_has_suffix(letters, "f"))
                unpack->archive = run_argument(command, ++i);
        } else {
            return false;
        }
    }
    return true;
}

static bool read_unzip(Unpack *unpack, const RunCommand *command)
{
    for (guint i = 1; i < command->arguments->len; i++) {
        const char *text = run_argument(command, i);
        if (!text)
            return false;
        if (g_str_equal(text, "-d"))
            unpack->folder = run_argument(command, ++i);
        else if (*text == '-' && text[1 + strspn(text + 1, "qo")])
            return false;
        else if (*text != '-' && unpack->archive)
            return false;
        else if (*text != '-')
            unpack->archive = text;
    }
    return unpack->archive != NULL;
}

static void set_unpack(Scene *scene, const RunRead *run, DraftValue *body, const Unpack *unpack)
{
    g_autofree char *plain = scene_plain(scene, unpack->folder ? unpack->folder : ".");
    g_autofree char *slashed = scene_path(scene, run->cwd, plain);
    g_autofree char *path = g_canonicalize_filename(slashed, "/");
    g_autofree char *dest = g_strconcat(path, path[1] ? "/" : "", NULL);
    draft_set_text(body, "dest", dest);
    draft_set_true(body, "unpack");
    if (unpack->strip > 0) {
        g_autofree char *strip = g_strdup_printf("%u", unpack->strip);
        draft_set_plain(body, "strip", strip);
    }
}

/* The download whose file that is. */
static ScenePath *download_of(const Scene *scene, const RunRead *run, const char *name)
{
    if (!name)
        return NULL;
    g_autofree char *plain = scene_plain(scene, name);
    g_autofree char *path = scene_path(scene, run->cwd, plain);
    ScenePath *found = scene_path_find(scene, path);
    return found && found->entry && g_str_equal(found->kind, "download") ? found : NULL;
}

/* "DIGEST  FILE" lines. */
static StepResult read_digests(Scene *scene, const RunRead *run, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    StepResult result = STEP_KEEP;
    for (guint i = 0; lines[i]; i++) {
        char *line = g_strstrip(lines[i]);
        size_t digits = strspn(line, "0123456789abcdef");
        if (*line == '\0')
            continue;
        const char *name = line + digits + strspn(line + digits, " *\t");
        ScenePath *found = digits == 64 ? download_of(scene, run, name) : NULL;
        if (!found)
            return STEP_KEEP;
        g_autofree char *digest = g_strndup(line, digits);
        draft_set_text(found->entry, "sha256", digest);
        result = STEP_DONE;
    }
    return result;
}

static StepResult read_move(Scene *scene, const RunRead *run, const RunCommand *command)
{
    guint at = 1;
    while (run_argument(command, at) && *run_argument(command, at) == '-')
        at++;
    const char *from = run_argument(command, at), *to = run_argument(command, at + 1);
    ScenePath *found =
        to && command->arguments->len == at + 2 ? download_of(scene, run, from) : NULL;
    if (!found || draft_get(found->entry, "unpack"))
        return STEP_KEEP;
    g_autofree char *plain = scene_plain(scene, to);
    g_autofree char *path = scene_path(scene, run->cwd, plain);
    bool bin = g_str_equal(path, "/usr/local/bin") || g_str_equal(path, "/usr/bin");
    if (bin || g_str_has_suffix(path, "/")) {
        g_autofree char *base = g_path_get_basename(found->path);
        char *inside = g_build_filename(path, base, NULL);
        g_free(path);
        path = inside;
    }
    draft_set_text(found->entry, "dest", path);
    scene_add_path(scene, g_strdup(path), NULL, false, found->entry, "download", found->stage);
    return STEP_DONE;
}

StepResult step_unpack(Scene *scene, RunRead *run, const RunCommand *command)
{
    if (g_str_equal(command->program, "sha256sum"))
        return run->input ? read_digests(scene, run, run->input) : STEP_KEEP;
    if (step_redirects(command) || scene->when)
        return STEP_KEEP;
    if (g_str_equal(command->program, "mv"))
        return read_move(scene, run, command);
    Unpack unpack = {0};
    bool zip = g_str_equal(command->program, "unzip");
    if (!(zip ? read_unzip(&unpack, command) : read_tar(&unpack, command)))
        return STEP_KEEP;
    ScenePath *found = download_of(scene, run, unpack.archive);
    if (!found || draft_get(found->entry, "unpack"))
        return STEP_KEEP;
    set_unpack(scene, run, found->entry, &unpack);
    return STEP_DONE;
}

StepResult step_piped_archive(Scene *scene, RunRead *run, const RunCommand *from,
                              const RunCommand *to)
{
    Fetch fetch = {0};
    Unpack unpack = {0};
    if (!read_fetch(scene, &fetch, from) || !read_tar(&unpack, to) || step_redirects(from) ||
        step_redirects(to) || (fetch.output && !g_str_equal(fetch.output, "-")) ||
        fetch.remote_name || (unpack.archive && !g_str_equal(unpack.archive, "-")))
        return STEP_KEEP;
    DraftStage *stage = add_download(scene, run, fetch.url, "/");
    DraftValue *body = scene->when ? NULL : stage->body;
    set_unpack(scene, run, body ? body : stage->body, &unpack);
    return STEP_DONE;
}

static bool is_installer_url(const char *url)
{
    static const char *const urls[] = {"astral.sh/uv", "get-pip.py", "install.python-poetry.org",
                                       NULL};
    for (guint i = 0; urls[i]; i++) {
        if (strstr(url, urls[i]))
            return true;
    }
    return false;
}

bool step_is_installer(const RunCommand *fetch, const RunCommand *shell)
{
    static const char *const readers[] = {"sh", "bash", "python", "python3", NULL};
    if (!g_strv_contains(readers, shell->program))
        return false;
    for (guint i = 1; i < fetch->arguments->len; i++) {
        if (run_argument(fetch, i) && is_installer_url(run_argument(fetch, i)))
            return true;
    }
    return false;
}

/* `sh FILE`, or `python FILE`, of a download: it is left out with it. */
StepResult step_installer(Scene *scene, RunRead *run, const RunCommand *command)
{
    ScenePath *found = download_of(scene, run, run_argument(command, 1));
    if (!found || command->arguments->len > 2 ||
        !is_installer_url(draft_get_text(found->entry, "url")))
        return STEP_KEEP;
    draft_note(scene->draft, NOTE_DROPPED, run->at,
               "an installer of uv, pip or poetry, which are not needed here");
    scene->left_tools = true;
    for (guint i = 0; i < scene->out->len; i++) {
        if (scene->out->pdata[i] != found->stage)
            continue;
        g_ptr_array_remove_index(scene->out, i);
        break;
    }
    found->entry = NULL;
    found->stage = NULL;
    found->kind = "gone";
    return STEP_DONE;
}

/* huggingface-cli download REPO [FILE…] --local-dir DIR */

StepResult step_hub(Scene *scene, RunRead *run, const RunCommand *command)
{
    if (g_strcmp0(run_argument(command, 1), "download") != 0 || step_redirects(command))
        return STEP_KEEP;
    g_autoptr(DraftValue) body = draft_map();
    const char *folder = NULL;
    for (guint i = 2; i < command->arguments->len; i++) {
        const char *text = run_argument(command, i);
        const char *next = run_argument(command, i + 1);
        if (!text)
            return STEP_KEEP;
        g_autofree char *value = scene_finish(scene, *text == '-' && next ? next : text);
        if (g_str_equal(text, "--local-dir"))
            folder = run_argument(command, ++i);
        else if (g_str_equal(text, "--revision") && ++i)
            draft_set_text(body, "revision", value);
        else if ((g_str_equal(text, "--include") || g_str_equal(text, "--exclude")) && ++i)
            draft_append_text(body, text + 2, value);
        else if (g_str_equal(text, "--local-dir-use-symlinks"))
            i++;
        else if (*text == '-' && !g_str_equal(text, "--quiet"))
            return STEP_KEEP;
        else if (*text != '-' && !draft_get(body, "repo"))
            draft_set_text(body, "repo", value);
        else if (*text != '-')
            draft_append_text(body, "include", value);
    }
    if (!folder || !draft_get(body, "repo"))
        return STEP_KEEP;
    g_autofree char *plain = scene_plain(scene, folder);
    g_autofree char *path = scene_path(scene, run->cwd, plain);
    draft_set_text(body, "dest", path);
    scene_stage(scene, "model", g_steal_pointer(&body), run->at);
    return STEP_DONE;
}
