/* What stays a script: `run:` with what it needs, so that it does what it did. */
#include "import/docker_scene.h"

#include "dockerfile/words.h"

/* clang-format off */
/* Programs whose scripts need the network. */
static const char *const online[] = {
    "curl", "wget", "git", "pip", "pip3", "uv", "npm", "npx", "yarn", "pnpm", "apt", "apt-get", "apk", "dnf", "yum",
    "conda", "mamba", "micromamba", "cargo", "go", "poetry", "pipx", "aria2c", "huggingface-cli", "hf", "rustup",
    "comfy", "gem", "bundle", "composer", "mvn", "gradle", "add-apt-repository", "gdown", "aws", "gsutil", "playwright", "ollama",
    "uvx", "bun", "deno", "pixi", "rclone", "s5cmd", "gcloud", "azcopy", "modelscope", NULL,
};
/* clang-format on */

/* The program of that list that the script starts, or names as a word; NULL: none. */
static const char *find_program(const char *text, const char *const *names)
{
    g_auto(GStrv) words = g_strsplit_set(text, " \t\n;&|()<>`'\"$=", -1);
    for (guint i = 0; words[i]; i++) {
        const char *slash = strrchr(words[i], '/');
        const char *name = slash ? slash + 1 : words[i];
        for (guint k = 0; names[k]; k++) {
            if (g_str_equal(names[k], name))
                return names[k];
        }
    }
    return NULL;
}

/* pip and its relatives with a version in their name */
static bool starts_pip(const char *text)
{
    for (const char *p = strstr(text, "pip"); p; p = strstr(p + 1, "pip")) {
        size_t length = 3 + strspn(p + 3, "0123456789.");
        bool begins = p == text || strchr(" \t\n;&|()`'\"/", p[-1]);
        if (begins && (p[length] == ' ' || p[length] == '\t'))
            return true;
    }
    return false;
}

static bool is_online(const char *text)
{
    static const char *const parts[] = {"://",      "download",        "Download",
                                        "snapshot", "from_pretrained", "load_dataset",
                                        "fetch",    "cache_model"};
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
        if (strstr(text, parts[i]))
            return true;
    }
    return starts_pip(text) || find_program(text, online);
}

/* "$(…)" without quotes in it; 0: it has some, or does not end. */
static size_t substitution_length(const char *text)
{
    unsigned depth = 0;
    for (const char *p = text + 1; *p && !strchr("'\"\\", *p); p++) {
        depth += *p == '(';
        depth -= *p == ')';
        if (depth == 0)
            return (size_t)(p - text) + 1;
    }
    return 0;
}

/* What a continued line leaves: several blanks between words, a blank before "&&". Nothing is
 * changed where quotes can't be told from the text alone. */
char *scene_tidy(const char *text)
{
    if (strstr(text, "<<") || strpbrk(text, "`\n"))
        return g_strdup(text);
    GString *out = g_string_new(NULL);
    char quote = '\0';
    for (const char *p = text; *p; p++) {
        if (quote != '\'' && p[0] == '$' && p[1] == '(') {
            size_t length = substitution_length(p);
            if (length == 0) {
                g_string_free(out, TRUE);
                return g_strdup(text);
            }
            g_string_append_len(out, p, (gssize)length);
            p += length - 1;
            continue;
        }
        bool blank = *p == ' ' || *p == '\t';
        if (!quote && blank && (p[1] == ' ' || p[1] == '\t'))
            continue;
        if (!quote && blank && strncmp(p + 1, "&& ", 3) == 0) {
            g_string_append(out, " &&\n");
            p += 3 + strspn(p + 4, " \t");
            continue;
        }
        if (*p == '\\' && p[1] && quote != '\'')
            g_string_append_c(out, *p++);
        else if (quote ? *p == quote : *p == '\'' || *p == '"')
            quote = quote ? '\0' : *p;
        g_string_append_c(out, *p);
    }
    return g_string_free(out, FALSE);
}

static void set_shell(const Scene *scene, const RunRead *run, DraftValue *body)
{
    const GPtrArray *shell = build_scope_shell(&run->script->scope);
    for (guint i = 0; shell && i < shell->len; i++)
        draft_append_text(body, "shell", ((const Placed *)shell->pdata[i])->text->str);
    if (!shell) {
        draft_append_text(body, "shell", "/bin/sh");
        draft_append_text(body, "shell", "-c");
    }
}

/* RUN --mount */

static char *mount_value(const char *mount, const char *key)
{
    g_auto(GStrv) parts = g_strsplit(mount, ",", -1);
    for (guint i = 0; parts[i]; i++) {
        size_t length = strlen(key);
        if (strncmp(parts[i], key, length) == 0 && parts[i][length] == '=')
            return g_strdup(parts[i] + length + 1);
    }
    return NULL;
}

/* The letters of names in recipes. */
static bool is_secret_id(const char *id)
{
    static const char others[] = "._-";
    for (const char *p = id; *p; p++) {
        if (!g_ascii_isalnum(*p) && !strchr(others, *p))
            return false;
    }
    return g_ascii_isalnum(*id);
}

static void keep_secret(Scene *scene, DraftValue *body, const char *mount)
{
    g_autofree char *id = mount_value(mount, "id");
    if (!id || !is_secret_id(id))
        return;
    draft_append_text(body, "secrets", id);
    DraftValue *secrets = draft_need_map(scene->draft->keys, "secrets");
    if (draft_get(secrets, id))
        return;
    g_autofree char *name = g_ascii_strup(id, -1);
    g_strcanon(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_", '_');
    g_autofree char *upper = g_strconcat(scene_is_env_name(name) ? "" : "SECRET_", name, NULL);
    DraftValue *secret = draft_map();
    draft_set_text(secret, "env", upper);
    draft_set(secrets, id, secret);
    draft_note(scene->draft, NOTE_ASSUMED, scene_span(scene),
               "the secret '%s' is taken from the environment variable %s", id, upper);
}

static void note_mount(Scene *scene, const RunRead *run, const DockerFlag *flag, const char *type)
{
    g_autofree char *from = mount_value(flag->value, "from");
    draft_note(scene->draft, NOTE_LOST, docker_flag_span(scene->file, run->instruction, flag),
               "--mount=%s: %s", flag->value,
               g_strcmp0(type, "ssh") == 0
                   ? "no SSH agent reaches a build; a `git:` stage clones when the recipe is locked"
               : from ? "a `run:` can't see files of another build stage; COPY --from brings them"
                      : "a `run:` sees files of the recipe's folder through `inputs:`");
}

static void keep_mounts(Scene *scene, const RunRead *run, DraftValue *body)
{
    for (guint i = 0; i < run->instruction->flags->len; i++) {
        const DockerFlag *flag = run->instruction->flags->pdata[i];
        if (!g_str_equal(flag->name, "mount") || !flag->value)
            continue;
        g_autofree char *type = mount_value(flag->value, "type");
        g_autofree char *target = mount_value(flag->value, "target");
        g_autofree char *other = target ? NULL : mount_value(flag->value, "dst");
        g_autofree char *path = draft_escape(target ? target : other ? other : "");
        bool tmpfs = g_strcmp0(type, "tmpfs") == 0;
        if ((tmpfs || g_strcmp0(type, "cache") == 0) && *path == '/' && !strpbrk(path, "$")) {
            DraftValue *mount = draft_map();
            if (tmpfs)
                draft_set_text(mount, "type", "tmpfs");
            draft_set_text(mount, "target", path);
            draft_add(draft_need_list(body, "mounts"), mount);
        } else if (g_strcmp0(type, "secret") == 0) {
            keep_secret(scene, body, flag->value);
        } else if (!g_str_equal(type ? type : "bind", "cache")) {
            note_mount(scene, run, flag, type);
        }
    }
}

/* ARGs that a script reads are variables of the recipe, which stand in its environment. */
static void declare_used(Scene *scene, const char *text)
{
    BuildScope scope = build_scope_at(scene->stages, scene->instruction);
    for (const char *p = strchr(text, '$'); p; p = strchr(p + 1, '$')) {
        const char *begin = p + 1 + (p[1] == '{');
        size_t length =
            strspn(begin, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789");
        g_autofree char *name = g_strndup(begin, length);
        const char *value = NULL;
        if (length == 0 || g_ascii_isdigit(*name) || !build_scope_declares(&scope, name) ||
            build_scope_is_env(&scope, name))
            continue;
        LexValue state = build_scope_look_up(&scope, name, &value);
        scene_declare(scene, name, state == LEX_SET ? value : "");
    }
}

static char *first_line(const char *text)
{
    g_autofree char *line = g_strndup(text, strcspn(text, "\n"));
    g_strchomp(line);
    size_t length = 0; /* a continued line leaves blanks */
    for (const char *p = line; *p; p++) {
        if (*p != ' ' || p[1] != ' ')
            line[length++] = *p;
    }
    line[length] = '\0';
    if (g_str_has_suffix(line, " &&"))
        line[strlen(line) - strlen(" &&")] = '\0';
    if (g_utf8_strlen(line, -1) <= 60)
        return g_steal_pointer(&line);
    g_autofree char *cut = g_utf8_substring(line, 0, 59);
    return g_strconcat(cut, "…", NULL);
}

static const char *keep_reason(const char *text)
{
    static const char *const conda[] = {"conda", "mamba", "micromamba", NULL};
    static const char *const other[] = {"apk", "dnf", "yum", "microdnf", "zypper", NULL};
    if (find_program(text, conda))
        return "; there are no conda packages in recipes, `pip:` has most of them";
    if (find_program(text, other))
        return "; recipes know the packages of Debian and Ubuntu alone";
    return "";
}

/* The body of a script that is kept; takes nothing. */
static DraftValue *kept_body(Scene *scene, const RunRead *run, const char *text, bool plain)
{
    DraftValue *body = draft_map();
    draft_set_text(body, "script", text);
    if (!plain)
        set_shell(scene, run, body);
    if (is_online(text))
        draft_set_true(body, "network");
    for (guint i = 0; i < run->settings->len; i++) {
        scene_set_env(scene, body, run->settings->pdata[i], scene_span(scene));
    }
    if (run->cwd && !g_str_equal(run->cwd, "/"))
        draft_set_text(body, "workdir", run->cwd);
    if (scene->user && !g_str_equal(scene->user, "root") && !g_str_equal(scene->user, "0")) {
        g_autofree char *user = scene_owner(scene, scene->user, scene_span(scene));
        draft_set_text(body, "user", user);
    }
    keep_mounts(scene, run, body);
    if (draft_count(body) > 1)
        return body;
    draft_value_free(body);
    return draft_text(text);
}

/* What installs uv or poetry is left out, and here is a script that starts it. */
static void note_tools(Scene *scene, const char *text, Span at)
{
    static const char *const tools[] = {"uv", "uvx", "poetry", NULL};
    const char *tool = scene->left_tools && !scene->said_tools ? find_program(text, tools) : NULL;
    if (!tool)
        return;
    scene->said_tools = true;
    draft_note(scene->draft, NOTE_LOST, at,
               "the `run:` starts %s, and what installed it is left out: put `- pip: [%s]` before "
               "it",
               tool, g_str_equal(tool, "uvx") ? "uv" : tool);
}

/* Whether the environment that `activate` named is not what the image's PATH begins with. */
static bool needs_activation(const Scene *scene, const RunRead *run)
{
    if (!run->venv)
        return false;
    const char *path = g_hash_table_lookup(scene->env, "PATH");
    g_autofree char *bin = g_strconcat(run->venv, "/bin", NULL);
    return path ? !g_str_has_prefix(path, bin) : g_strcmp0(scene->venv, run->venv) != 0;
}

void scene_keep(Scene *scene, const RunRead *run, const char *text, bool plain, Span at)
{
    if (text[strspn(text, " \t\n")] == '\0')
        return;
    declare_used(scene, text);
    bool activated = needs_activation(scene, run);
    g_autofree char *script =
        activated ? g_strdup_printf(". %s/bin/activate && %s", run->venv, text) : g_strdup(text);
    DraftValue *body = kept_body(scene, run, script, plain && !activated);
    scene_stage(scene, "run", body, at);
    g_autofree char *line = first_line(text);
    draft_note(scene->draft, NOTE_KEPT, at, "%s%s", line, keep_reason(text));
    note_tools(scene, text, at);
}

/* The words of exec form as a script has them. */
char *scene_exec_text(const DockerInstruction *instruction)
{
    g_autoptr(GString) out = g_string_new(NULL);
    for (guint i = 0; i < instruction->words->len; i++) {
        g_autofree char *word =
            word_shell(((const Placed *)instruction->words->pdata[i])->text->str);
        g_string_append_printf(out, "%s%s", i > 0 ? " " : "", word);
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}
