/* What makes an image larger, or a build slower, than it need be: COPY, ADD. */
#include "check/lint_private.h"

/* COPY */

/* The word of a COPY that takes all of the context; NULL: none. */
static const Placed *whole_context(const DockerInstruction *instruction)
{
    if ((instruction->keyword != DOCKER_COPY && instruction->keyword != DOCKER_ADD) ||
        docker_flag_find(instruction, "from"))
        return NULL;
    for (guint i = 0; i + 1 < instruction->words->len; i++) {
        const Placed *word = instruction->words->pdata[i];
        if (g_str_equal(word->text->str, ".") || g_str_equal(word->text->str, "./"))
            return word;
    }
    return NULL;
}

static bool installs_context(const PipCommand *pip)
{
    for (guint i = 0; i < pip->requirements->len + pip->editables->len; i++) {
        const RunArgument *argument = i < pip->requirements->len
                                          ? pip->requirements->pdata[i]
                                          : pip->editables->pdata[i - pip->requirements->len];
        if (!argument->value || *argument->value == '.' || *argument->value == '/')
            return true;
    }
    return false;
}

/* A pip step behind the instruction, in its stage, that does not install the copied project. */
static const PipCommand *pip_behind(const Lint *lint, guint index)
{
    const PipCommand *found = NULL;
    for (guint i = 0; i < lint->pips->len; i++) {
        const PipCommand *pip = lint->pips->pdata[i];
        const RunScript *script = pip->command->script;
        if (script->index < index || script->triggered ||
            script->stage != build_stage_of(lint->stages, index))
            continue;
        if (installs_context(pip))
            return NULL;
        if (!found && g_str_equal(pip->verb, "install"))
            found = pip;
    }
    return found;
}

void lint_copy_early(Lint *lint)
{
    for (guint i = 0; i < lint->file->instructions->len; i++) {
        const Placed *word = whole_context(lint_instruction(lint, i));
        const PipCommand *pip = word ? pip_behind(lint, i) : NULL;
        if (!pip)
            continue;
        lint_add(
            lint, "docker-copy-early", docker_word_span(lint->file, word),
            g_strdup_printf("every change of any file runs the pip step of line %u again",
                            run_command_span(pip->command).line),
            "a builder keeps a layer until something above it changes",
            g_strdup("COPY requirements.txt ./ before the pip step, and `COPY . .` behind it"));
        return;
    }
}

void lint_ignore_file(Lint *lint)
{
    if (!lint->context->knows_ignore_file || lint->context->has_ignore_file)
        return;
    for (guint i = 0; i < lint->file->instructions->len; i++) {
        const Placed *word = whole_context(lint_instruction(lint, i));
        if (!word)
            continue;
        lint_add(
            lint, "docker-ignore-file", docker_word_span(lint->file, word),
            g_strdup("all of the folder is copied, and there is no .dockerignore"),
            "the history of git, virtual environments, models and .env files come along",
            g_strdup("a .dockerignore beside it: .git, .venv, __pycache__, .env, *.safetensors"));
        return;
    }
}

/* ADD */

static bool is_archive(const char *name)
{
    static const char *const endings[] = {".tar", ".tar.gz",  ".tgz",  ".tar.xz",
                                          ".txz", ".tar.bz2", ".tbz2", ".tar.zst"};
    for (guint i = 0; i < G_N_ELEMENTS(endings); i++) {
        if (g_str_has_suffix(name, endings[i]))
            return true;
    }
    return strpbrk(name, "*?[$<") != NULL || strstr(name, "://") || g_str_has_prefix(name, "git@");
}

/* A folder, or a file of text going by its name: whatever it holds, ADD unpacks nothing. */
static bool is_no_archive(const char *name)
{
    static const char *const endings[] = {
        "/",     ".txt", ".py",   ".sh",  ".toml", ".cfg",  ".ini", ".json",   ".yaml",
        ".yml",  ".md",  ".lock", ".in",  ".conf", ".env",  ".js",  ".ts",     ".html",
        ".list", ".pub", ".gpg",  ".key", ".pem",  ".repo", ".sql", ".service"};
    for (guint i = 0; i < G_N_ELEMENTS(endings); i++) {
        if (g_str_has_suffix(name, endings[i]))
            return true;
    }
    return g_str_equal(name, ".") || g_str_has_suffix(name, "/.");
}

static void say_copy(LintFinding *finding, const DockerInstruction *instruction)
{
    /* those that COPY does not have */
    static const char *const flags[] = {"checksum", "keep-git-dir", "unpack"};
    size_t keyword;
    for (guint i = 0; i < G_N_ELEMENTS(flags); i++) {
        if (docker_flag_find(instruction, flags[i]))
            return;
    }
    for (guint i = 0; i + 1 < instruction->words->len; i++) {
        if (!is_no_archive(((const Placed *)instruction->words->pdata[i])->text->str))
            return;
    }
    if (!lint_place(instruction->line, 0, instruction->name, &keyword))
        return;
    lint_rewrite(finding, "say COPY");
    lint_replace(finding, keyword, instruction->name, "COPY");
}

void lint_add_instruction(Lint *lint)
{
    for (guint i = 0; i < lint->file->instructions->len; i++) {
        const DockerInstruction *instruction = lint_action(lint, i);
        bool plain = instruction->keyword == DOCKER_ADD && instruction->words->len > 1;
        for (guint k = 0; plain && k + 1 < instruction->words->len; k++)
            plain = !is_archive(((const Placed *)instruction->words->pdata[k])->text->str);
        if (!plain)
            continue;
        g_autofree char *rest = g_strdup(instruction->line->text->str + instruction->arguments);
        LintFinding *finding =
            lint_add(lint, "docker-add", docker_instruction_span(lint->file, instruction),
                     g_strdup("ADD where COPY does the same"),
                     "ADD unpacks archives and fetches URLs, which a reader has to rule out",
                     strchr(rest, '\n') ? g_strdup("COPY …") : g_strdup_printf("COPY %s", rest));
        say_copy(finding, instruction);
    }
}
