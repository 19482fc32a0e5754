/* Where things come from: bases, git, downloads. */
#include "check/lint_private.h"

#include "image/reference.h"

enum {
    MAX_LINES_SHOWN = 60, /* characters */
};

static const char changes[] =
    "the same file makes another image when what the name stands for changes";

/* Bases */

static const BuildStage *stage_at(const Lint *lint, guint number)
{
    return lint->stages->stages->pdata[number];
}

static bool is_named_before(const Lint *lint, guint number)
{
    for (guint i = 0; i < number; i++) {
        if (g_strcmp0(stage_at(lint, i)->base, stage_at(lint, number)->base) == 0)
            return true;
    }
    return false;
}

/* "$BASE", "${BASE}": the build is meant to say which. */
static bool is_argument_alone(const char *text)
{
    return g_regex_match_simple("^\"?\\$(\\w+|\\{\\w+\\})\"?$", text, 0, 0);
}

static void check_base(Lint *lint, guint number)
{
    const BuildStage *stage = stage_at(lint, number);
    if (!stage->base || stage->base_stage >= 0 || g_str_equal(stage->base, "scratch") ||
        is_named_before(lint, number))
        return;
    g_autoptr(GError) error = NULL;
    ImageReference *reference = image_reference_parse(stage->base, &error);
    if (!reference)
        return;
    Span at = docker_word_span(lint->file, stage->image);
    bool given = is_argument_alone(stage->image->text->str);
    bool latest = g_strcmp0(reference->tag, "latest") == 0;
    bool open = !reference->tag || latest;
    if (!reference->digest && open && !given)
        lint_add(lint, "docker-base-unpinned", at,
                 g_strdup_printf(latest ? "'%s' is whatever `latest` names today"
                                        : "'%s' has no tag: it is whatever `latest` names today",
                                 stage->base),
                 changes, g_strdup("name a version, and its digest: NAME:TAG@sha256:…"));
    else if (!reference->digest && !open)
        lint_add(lint, "docker-base-unpinned", at,
                 g_strdup_printf("the tag of '%s' can be moved to another image", stage->base),
                 changes,
                 g_strdup_printf("%s@sha256:… (skopeo inspect docker://%s prints it)", stage->base,
                                 stage->base))
            ->finding->severity = SEVERITY_NOTE;
    image_reference_free(reference);
}

void lint_base_unpinned(Lint *lint)
{
    for (guint i = 0; i < lint->stages->stages->len; i++)
        check_base(lint, i);
}

void lint_devel_base(Lint *lint)
{
    for (guint i = 0; i < lint->stages->stages->len; i++) {
        const BuildStage *stage = stage_at(lint, i);
        if (!stage->in_image || stage->base_stage >= 0 || !stage->base ||
            !strstr(stage->base, "-devel"))
            continue;
        g_autofree char *name = g_strndup(stage->base, strcspn(stage->base, "@"));
        g_autoptr(GString) smaller = g_string_new(name);
        g_string_replace(smaller, "-devel", "-runtime", 0);
        lint_add(lint, "docker-devel-base", docker_word_span(lint->file, stage->image),
                 g_strdup_printf("the image keeps the compiler and headers of '%s'", name),
                 "they are gigabytes that are pulled wherever it runs, and the CUDA libraries in "
                 "pip's wheels are not those of the base",
                 g_strdup_printf("build in a stage of its own, and COPY --from it into one with a "
                                 "smaller base: %s, if there is one",
                                 smaller->str));
    }
}

/* git */

static bool is_moving(const char *reference)
{
    static const char *const names[] = {"main", "master", "dev",     "develop",
                                        "HEAD", "trunk",  "nightly", NULL};
    return g_strv_contains(names, reference);
}

/* Whether a later command of the script goes to one commit or tag. */
static bool is_settled(const RunCommand *clone)
{
    bool behind = false;
    for (guint i = 0; i < clone->script->commands->len; i++) {
        const RunCommand *command = clone->script->commands->pdata[i];
        if (behind && g_strcmp0(command->program, "git") == 0 &&
            (run_has_argument(command, "checkout") || run_has_argument(command, "reset") ||
             run_has_argument(command, "switch")))
            return true;
        behind = behind || command == clone;
    }
    return false;
}

/* The value of the first of the options; "" where it is given and not known. */
static const char *option_value(const RunCommand *command, const char *name, char letter)
{
    size_t length = strlen(name);
    for (guint i = 1; i < command->arguments->len; i++) {
        const char *text = run_argument(command, i);
        if (!text)
            continue;
        bool short_form = letter != '\0' && text[0] == '-' && text[1] == letter;
        if (g_str_equal(text, name) || (short_form && text[2] == '\0')) {
            const char *value = run_argument(command, i + 1);
            return value ? value : "";
        }
        if (strncmp(text, name, length) == 0 && text[length] == '=')
            return text + length + 1;
    }
    return NULL;
}

static void check_clone(Lint *lint, const RunCommand *command)
{
    if (g_strcmp0(command->program, "git") != 0 || !run_has_argument(command, "clone"))
        return;
    const char *branch = option_value(command, "--branch", 'b');
    const char *revision = option_value(command, "--revision", '\0');
    if (revision || (branch && !is_moving(branch)) || is_settled(command))
        return;
    lint_add(lint, "docker-git-unpinned", run_command_span(command),
             branch ? g_strdup_printf("git clones what the branch '%s' is today", branch)
                    : g_strdup("git clones what the default branch is today"),
             changes, g_strdup("git clone … DIR && git -C DIR checkout COMMIT"));
}

/* "git+https://…@REF" in pip's arguments. */
static void check_vcs(Lint *lint, const PipCommand *pip)
{
    for (guint i = 0; i < pip->requirements->len + pip->editables->len; i++) {
        const RunArgument *argument = i < pip->requirements->len
                                          ? pip->requirements->pdata[i]
                                          : pip->editables->pdata[i - pip->requirements->len];
        const char *url = argument->value ? strstr(argument->value, "git+") : NULL;
        if (!url)
            continue;
        const char *path = strstr(url, "://");
        path = path ? strchr(path + 3, '/') : NULL;
        const char *at = path ? strrchr(path, '@') : NULL;
        g_autofree char *reference = at ? g_strndup(at + 1, strcspn(at + 1, "#")) : NULL;
        if (!path || (reference && !is_moving(reference)))
            continue;
        g_autofree char *stem = g_strndup(url, strcspn(url, "#"));
        if (at)
            stem[at - url] = '\0';
        lint_add(lint, "docker-git-unpinned",
                 lint_word_span(lint, pip->command->script, argument->word),
                 g_strdup_printf("pip builds what the %s is today",
                                 reference ? reference : "default branch"),
                 changes, g_strdup_printf("'%s@COMMIT'", stem));
    }
}

void lint_git_unpinned(Lint *lint)
{
    for (guint i = 0; i < lint->scripts->len; i++) {
        const RunScript *script = lint->scripts->pdata[i];
        for (guint k = 0; k < script->commands->len; k++)
            check_clone(lint, script->commands->pdata[k]);
    }
    for (guint i = 0; i < lint->pips->len; i++)
        check_vcs(lint, lint->pips->pdata[i]);
}

/* Downloads */

static const char unverified[] = "nobody looks whether the download is the file that was meant";

static bool is_one_of(const RunCommand *command, const char *const *names)
{
    return command->program && g_strv_contains(names, command->program);
}

static bool verifies(const RunScript *script)
{
    static const char *const names[] = {"sha256sum", "sha512sum", "sha1sum",  "md5sum",
                                        "b2sum",     "shasum",    "gpg",      "gpgv",
                                        "cosign",    "apt-key",   "minisign", NULL};
    for (guint i = 0; i < script->commands->len; i++) {
        const RunCommand *command = script->commands->pdata[i];
        if (is_one_of(command, names) ||
            (g_strcmp0(command->program, "openssl") == 0 && run_has_argument(command, "dgst")))
            return true;
    }
    return false;
}

/* The beginning of the argument as far as it is known. */
static const char *known_text(const RunArgument *argument)
{
    if (argument->value)
        return argument->value;
    const ShellPart *first =
        argument->word->parts->len > 0 ? &g_array_index(argument->word->parts, ShellPart, 0) : NULL;
    return first && first->kind == SHELL_TEXT ? first->text : "";
}

/* The argument that is a URL of another machine, or NULL. */
static const RunArgument *find_url(const RunCommand *command)
{
    for (guint i = 1; i < command->arguments->len; i++) {
        const RunArgument *argument = command->arguments->pdata[i];
        const char *text = known_text(argument);
        if ((g_str_has_prefix(text, "http") || g_str_has_prefix(text, "ftp")) &&
            strstr(text, "://") && !strstr(text, "://localhost") && !strstr(text, "://127."))
            return argument;
    }
    return NULL;
}

/* The program that the download is piped into, or NULL. */
static const RunCommand *piped_into(const RunCommand *command, guint index)
{
    if (command->shell->after != SHELL_LINK_PIPE)
        return NULL;
    for (guint i = index + 1; i < command->script->commands->len; i++) {
        const RunCommand *next = command->script->commands->pdata[i];
        if (next->shell->depth == command->shell->depth)
            return next;
    }
    return NULL;
}

/* "… (and line 5)", "… (and lines 5, 6)", and at last "… (and lines 5, 6, …)". */
static char *with_line(const char *message, unsigned line)
{
    const char *lines = message + strlen(unverified);
    if (*lines == '\0')
        return g_strdup_printf("%s (and line %u)", message, line);
    if (strlen(lines) > MAX_LINES_SHOWN)
        return g_str_has_suffix(lines, "…)")
                   ? g_strdup(message)
                   : g_strdup_printf("%.*s, …)", (int)strlen(message) - 1, message);
    const char *numbers = lines + strcspn(lines, "0123456789");
    return g_strdup_printf("%s (and lines %.*s, %u)", unverified, (int)strlen(numbers) - 1, numbers,
                           line);
}

/* One finding for all of the file, at the first. */
static void report_unverified(Lint *lint, Span at)
{
    for (guint i = 0; i < lint->findings->len; i++) {
        LintFinding *first = lint->findings->pdata[i];
        if (!g_str_equal(first->finding->code, "docker-download") ||
            !g_str_has_prefix(first->finding->message, unverified))
            continue;
        g_autofree char *message = first->finding->message;
        first->finding->message = with_line(message, at.line);
        return;
    }
    lint_add(lint, "docker-download", at, g_strdup(unverified),
             "a changed file, or a page that says it is gone, becomes part of the image",
             g_strdup("ADD --checksum=sha256:… URL DEST, or `echo 'SHA256  FILE' | sha256sum -c` "
                      "behind it"));
}

static void check_download(Lint *lint, const RunCommand *command, guint index)
{
    static const char *const programs[] = {"curl", "wget", "aria2c", NULL};
    static const char *const runners[] = {"sh", "bash", "dash", "python", "python3", "perl", NULL};
    /* what holds a key or a list of apt, whose packages are signed */
    static const char *const harmless[] = {"gpg", "apt-key", "tee", "jq", "grep", "head", NULL};
    const RunArgument *url = is_one_of(command, programs) ? find_url(command) : NULL;
    if (!url || run_has_argument(command, "-I") || run_has_argument(command, "--head"))
        return;
    const RunCommand *next = piped_into(command, index);
    bool runs = next && is_one_of(next, runners);
    if ((next && is_one_of(next, harmless)) || (!runs && verifies(command->script)) ||
        g_str_has_suffix(known_text(url), ".gpg") || g_str_has_suffix(known_text(url), ".asc") ||
        g_str_has_suffix(known_text(url), ".list"))
        return;
    Span at = lint_word_span(lint, command->script, url->word);
    if (runs)
        lint_add(
            lint, "docker-download", at,
            g_strdup_printf("%s runs whatever the server sends today", next->program),
            "nothing tells when it is another program than the one that was tried",
            g_strdup("curl -fsSLo setup.sh URL && echo 'SHA256  setup.sh' | sha256sum -c && sh "
                     "setup.sh"));
    else
        report_unverified(lint, at);
}

static bool is_git_url(const char *url)
{
    g_autofree char *stem = g_strndup(url, strcspn(url, "#"));
    return g_str_has_suffix(stem, ".git") || g_str_has_prefix(url, "git@");
}

static void check_add(Lint *lint, guint index)
{
    const DockerInstruction *instruction = lint_action(lint, index);
    if (instruction->keyword != DOCKER_ADD || docker_flag_find(instruction, "checksum"))
        return;
    for (guint i = 0; i + 1 < instruction->words->len; i++) {
        const Placed *word = instruction->words->pdata[i];
        const char *url = word->text->str;
        if (!g_str_has_prefix(url, "http://") && !g_str_has_prefix(url, "https://"))
            continue;
        if (is_git_url(url) && !strchr(url, '#'))
            lint_add(lint, "docker-git-unpinned", docker_word_span(lint->file, word),
                     g_strdup("ADD takes what the default branch is today"), changes,
                     g_strdup_printf("ADD %s#COMMIT …", url));
        else if (!is_git_url(url))
            report_unverified(lint, docker_word_span(lint->file, word));
    }
}

void lint_downloads(Lint *lint)
{
    guint script = 0;
    for (guint i = 0; i < lint->file->instructions->len; i++) {
        check_add(lint, i);
        for (; script < lint->scripts->len; script++) {
            const RunScript *one = lint->scripts->pdata[script];
            if (one->index > i)
                break;
            for (guint k = 0; k < one->commands->len; k++)
                check_download(lint, one->commands->pdata[k], k);
        }
    }
}
