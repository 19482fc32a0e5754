/* Secrets in instructions: every layer and the image's history keep them. What is found is masked
 * wherever the file is shown. */
#include "check/lint_private.h"
#include "check/secret_text.h"

static bool has_segment(char *const *segments, const char *name)
{
    return g_strv_contains((const char *const *)segments, name);
}

/* Whether the parts of a name, between "_", are those of a secret's. */
static bool is_secret_name(const char *name)
{
    static const char *const words[] = {"TOKEN",  "SECRET",      "PASSWORD",
                                        "PASSWD", "PASSPHRASE",  "APIKEY",
                                        "PASS",   "CREDENTIALS", "CREDENTIAL"};
    /* words that belong to a tokenizer, a limit or a place, not to a secret */
    static const char *const harmless[] = {
        "PAD",  "EOS", "BOS",    "UNK",  "SEP",  "CLS",    "MASK",  "MAX", "NUM",    "STOP", "FILE",
        "PATH", "DIR", "PUBLIC", "TYPE", "NAME", "LENGTH", "LIMIT", "URL", "EXPIRY", "TTL",  "ID"};
    g_autofree char *upper = g_ascii_strup(name, -1);
    g_auto(GStrv) parts = g_strsplit_set(upper, "_.-", -1);
    for (guint i = 0; i < G_N_ELEMENTS(harmless); i++) {
        if (has_segment(parts, harmless[i]))
            return false;
    }
    for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
        if (has_segment(parts, words[i]))
            return true;
    }
    return has_segment(parts, "KEY") &&
           (has_segment(parts, "API") || has_segment(parts, "ACCESS") ||
            has_segment(parts, "PRIVATE"));
}

static void report_value(Lint *lint, const DockerInstruction *instruction, const Placed *name,
                         size_t name_length, bool certain)
{
    g_autofree char *shown = g_strndup(name->text->str, name_length);
    LintFinding *finding = lint_add(
        lint, "docker-secret", placed_span(name, lint->file->source, 0, name_length),
        g_strdup_printf("%s gives %s a value that anybody who has the image can read",
                        docker_keyword_name(instruction->keyword), shown),
        "the image's configuration and history keep it, after it was overwritten too",
        instruction->keyword == DOCKER_ENV
            ? g_strdup("set it when the container runs; in a build: RUN --mount=type=secret,id=…")
        : instruction->keyword == DOCKER_LABEL
            ? g_strdup("leave it out: whoever can pull the image reads its labels")
            : g_strdup_printf("RUN --mount=type=secret,id=%s …", shown));
    if (certain)
        finding->finding->severity = SEVERITY_ERROR;
}

/* Empty, a number, a switch or a path: nothing that anybody keeps secret. */
static bool is_dull(const char *value)
{
    return *value == '\0' || *value == '/' || *value == '<' ||
           g_ascii_strcasecmp(value, "true") == 0 || g_ascii_strcasecmp(value, "false") == 0 ||
           strspn(value, "0123456789.") == strlen(value);
}

/* The password of a URL in the text. */
static bool find_url_password(const char *text, size_t *ret_offset, size_t *ret_length)
{
    g_autoptr(GMatchInfo) match = NULL;
    g_autoptr(GRegex) regex = g_regex_new("https?://[^/\\s'\"@:$]*:([^/\\s'\"@$]+)@", 0, 0, NULL);
    int begin, end;
    if (!g_regex_match(regex, text, 0, &match) || !g_match_info_fetch_pos(match, 1, &begin, &end))
        return false;
    *ret_offset = (size_t)begin;
    *ret_length = (size_t)(end - begin);
    return true;
}

/* Whether the value is made of references that nothing in the file sets: whatever the base has. */
static bool is_foreign(const Lint *lint, const BuildScope *scope, const char *text)
{
    LexStyle style = {.escape = lint->file->escape};
    g_autoptr(LexResult) result = lex_text(text, style, NULL, NULL, NULL);
    if (!result || result->unset->len == 0 || *result->text)
        return false;
    for (guint i = 0; i < result->unset->len; i++) {
        if (build_scope_declares(scope, result->unset->pdata[i]))
            return false;
    }
    return true;
}

static void check_pair(Lint *lint, const BuildScope *scope, const DockerInstruction *instruction,
                       const Placed *name, size_t name_length, const Placed *value)
{
    size_t at, length;
    g_autofree char *shown = g_strndup(name->text->str, name_length);
    if (secret_text_locate(value->text->str, &at, &length) ||
        find_url_password(value->text->str, &at, &length)) {
        lint_hide(lint, value, at, length);
        report_value(lint, instruction, name, name_length, true);
        return;
    }
    g_autofree char *text = build_scope_value(scope, value);
    if (!is_secret_name(shown) || (text && is_dull(text)) ||
        is_foreign(lint, scope, value->text->str))
        return;
    if (!strchr(value->text->str, '$'))
        lint_hide(lint, value, 0, value->text->len);
    report_value(lint, instruction, name, name_length, false);
}

static void check_arg(Lint *lint, const BuildScope *scope, const DockerInstruction *instruction,
                      const Placed *word)
{
    const char *equals = strchr(word->text->str, '=');
    size_t length = equals ? (size_t)(equals - word->text->str) : word->text->len;
    if (equals) {
        g_autoptr(Placed) value = placed_slice(word, length + 1, word->text->len - length - 1);
        if (value->text->len > 0) {
            check_pair(lint, scope, instruction, word, length, value);
            return;
        }
    }
    g_autofree char *name = g_strndup(word->text->str, length);
    if (!is_secret_name(name))
        return;
    const BuildStage *stage = scope->stage >= 0 ? lint->stages->stages->pdata[scope->stage] : NULL;
    bool kept = stage && stage->in_image;
    LintFinding *finding = lint_add(
        lint, "docker-secret", placed_span(word, lint->file->source, 0, length),
        kept
            ? g_strdup_printf("a value of the build argument %s stays in the image's history", name)
            : g_strdup_printf("the build argument %s is no place for a secret", name),
        kept ? "`docker history` shows the arguments of each RUN that could see them"
             : "logs, caches and attestations of the build show it, though no layer of the image",
        g_strdup_printf("RUN --mount=type=secret,id=%s,env=%s …", name, name));
    if (!kept)
        finding->finding->severity = SEVERITY_NOTE;
}

static void report_text(Lint *lint, const DockerInstruction *instruction, const Placed *text,
                        size_t offset, size_t length, const char *what, const char *rewrite)
{
    lint_hide(lint, text, offset, length);
    lint_add(lint, "docker-secret", placed_span(text, lint->file->source, offset, length),
             g_strdup_printf("%s has %s in it", docker_keyword_name(instruction->keyword), what),
             "the image's history keeps the text of every instruction", g_strdup(rewrite))
        ->finding->severity = SEVERITY_ERROR;
}

/* Tokens in what is run or copied, and passwords in URLs. */
static void check_text(Lint *lint, const DockerInstruction *instruction, const Placed *text)
{
    size_t offset, length;
    const char *kind = secret_text_locate(text->text->str, &offset, &length);
    if (kind) {
        report_text(lint, instruction, text, offset, length, kind,
                    "revoke it; then RUN --mount=type=secret,id=…");
        return;
    }
    if (find_url_password(text->text->str, &offset, &length))
        report_text(lint, instruction, text, offset, length, "a URL with a password",
                    "RUN --mount=type=secret,id=netrc,target=/root/.netrc …");
}

/* What RUN leaves in files of the image */

/* "echo NAME:PASSWORD | chpasswd" */
static void check_password(Lint *lint, const RunCommand *echo, const RunCommand *change)
{
    const RunScript *script = echo->script;
    if (g_strcmp0(change->program, "chpasswd") != 0 || change->shell->before != SHELL_LINK_PIPE ||
        (g_strcmp0(echo->program, "echo") != 0 && g_strcmp0(echo->program, "printf") != 0) ||
        echo->arguments->len < 2)
        return;
    const RunArgument *last = echo->arguments->pdata[echo->arguments->len - 1];
    const ShellWord *word = last->word;
    const char *text = script->shell->text->text->str + word->offset;
    const char *colon = memchr(text, ':', word->length);
    if (!colon || !shell_word_is_plain(word) || colon + 1 == text + word->length)
        return;
    size_t offset = (size_t)(colon + 1 - text),
           length = strcspn(colon + 1, "'\"\\\n \t"); /* up to the end of the word */
    length = MIN(length, word->length - offset);
    if (length == 0)
        return;
    lint_hide(lint, script->shell->text, word->offset + offset, length);
    g_autofree char *user = g_strndup(text, offset - 1);
    const char *name = user + strspn(user, "'\"");
    lint_add(lint, "docker-secret",
             placed_span(script->shell->text, lint->file->source, word->offset + offset, length),
             g_strdup_printf("the password of %s is the same in every container, and anybody who "
                             "has the image can read it",
                             name),
             "the image's history keeps the text of every instruction",
             g_strdup("let the container set it when it starts, or take keys alone"));
}

/* `huggingface-cli login`, `wandb login`: the token is in a file of the layer then. */
static bool stores_token(const RunCommand *command)
{
    static const char *const programs[] = {"huggingface-cli", "hf", "wandb", NULL};
    return command->program && g_strv_contains(programs, command->program) &&
           run_has_argument(command, "login");
}

static const char *token_name(const RunCommand *command)
{
    return g_str_equal(command->program, "wandb") ? "WANDB_API_KEY" : "HF_TOKEN";
}

static bool removes_token(const RunScript *script)
{
    static const char *const removers[] = {"rm", "shred", NULL};
    for (guint i = 0; i < script->commands->len; i++) {
        const RunCommand *command = script->commands->pdata[i];
        if (run_has_argument(command, "logout") ||
            (command->program && g_strv_contains(removers, command->program)))
            return true;
    }
    return false;
}

static void check_script(Lint *lint, const RunScript *script)
{
    bool kept = script->stage >= 0 &&
                ((const BuildStage *)lint->stages->stages->pdata[script->stage])->in_image;
    for (guint i = 0; i < script->commands->len; i++) {
        const RunCommand *command = script->commands->pdata[i];
        if (kept && i > 0)
            check_password(lint, script->commands->pdata[i - 1], command);
        if (!kept || !stores_token(command) || removes_token(script))
            continue;
        lint_add(lint, "docker-secret", run_command_span(command),
                 g_strdup_printf("`%s login` leaves the token in a file of this layer",
                                 command->program),
                 "anybody who has the image can read it, from the layer too when a later one "
                 "removes the file",
                 g_strdup_printf("RUN --mount=type=secret,id=%s,env=%s …: the variable is enough, "
                                 "without a login",
                                 token_name(command), token_name(command)));
    }
}

void lint_secrets(Lint *lint)
{
    for (guint i = 0; i < lint->scripts->len; i++)
        check_script(lint, lint->scripts->pdata[i]);
    for (guint i = 0; i < lint->file->instructions->len; i++) {
        const DockerInstruction *instruction = lint_action(lint, i);
        BuildScope scope = build_scope_at(lint->stages, i);
        const GPtrArray *words = instruction->words;
        if (instruction->keyword == DOCKER_ENV || instruction->keyword == DOCKER_LABEL) {
            for (guint k = 0; k + 1 < words->len; k += 2)
                check_pair(lint, &scope, instruction, words->pdata[k],
                           ((const Placed *)words->pdata[k])->text->len, words->pdata[k + 1]);
        } else if (instruction->keyword == DOCKER_ARG) {
            for (guint k = 0; k < words->len; k++)
                check_arg(lint, &scope, instruction, words->pdata[k]);
        } else if (instruction->keyword != DOCKER_UNKNOWN) {
            check_text(lint, instruction, instruction->line);
            for (guint k = 0; k < instruction->heredocs->len; k++)
                check_text(lint, instruction,
                           ((const DockerHeredoc *)instruction->heredocs->pdata[k])->body);
        }
    }
}
