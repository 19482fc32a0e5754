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
    lint_add(lint, "docker-secret", placed_span(word, lint->file->source, 0, length),
             g_strdup_printf("a value of the build argument %s stays in the image's history", name),
             "`docker history` shows the arguments of each RUN that could see them",
             g_strdup_printf("RUN --mount=type=secret,id=%s,env=%s …", name, name));
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

void lint_secrets(Lint *lint)
{
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
