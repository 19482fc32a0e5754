/* What lints are made of: the scripts of RUN, the commands in them, and the pip commands among
 * those. */
#pragma once

#include "check/lint.h"
#include "dockerfile/build_stages.h"
#include "dockerfile/shell.h"

typedef struct {
    char *value; /* NULL: not known */
    const ShellWord *word;
} LintArgument;

/* A script that a RUN hands to a shell of POSIX's kind: shell form, heredocs, exec form, `sh -c`.
 */
typedef struct {
    const DockerInstruction *instruction;
    guint index;    /* of the instruction in the file */
    bool triggered; /* behind ONBUILD: it runs in the builds of others, after all of this file */
    int stage;
    BuildScope scope;
    ShellScript *shell;   /* understood */
    GHashTable *assigned; /* names that the script itself gives values */
    GPtrArray *commands;  /* LintCommand */
} LintScript;

typedef struct {
    const LintScript *script;
    const ShellCommand *shell;
    GPtrArray *arguments;  /* LintArgument: the program first, without sudo, env and the like */
    char *program;         /* its base name; NULL: not known, or nothing but assignments */
    GPtrArray *settings;   /* "NAME=value" before it, NULL values left out */
    const ShellWord *sudo; /* NULL: there is none */
} LintCommand;

/* One `pip install` (or download, wheel, uninstall), in whichever spelling. */
typedef struct {
    const LintCommand *command;
    bool uv;
    const char *verb;
    char *environment; /* "" for the interpreter on PATH, else what tells environments apart */
    const LintArgument *verb_argument;
    GPtrArray *requirements; /* LintArgument: names, URLs, paths */
    GPtrArray *files, *constraints, *editables, *extra_indexes, *find_links; /* LintArgument */
    const LintArgument *index;
    const LintArgument *ignore_installed, *force_reinstall, *upgrade; /* the options, or NULL */
    char *index_setting, *extra_setting; /* of the environment, where no option is given; or NULL */
    bool constrained;                    /* by an option or the environment */
    bool no_deps, no_cache, no_index, require_hashes;
    bool understood; /* false: an option is not known; the lists are not to be trusted */
} LintPip;

typedef struct {
    const Dockerfile *file;
    const LintContext *context;
    BuildStages *stages;
    GPtrArray *scripts;  /* LintScript, in order */
    GPtrArray *pips;     /* LintPip, in order */
    bool pip_configured; /* a file or `pip config` sets what pip does */
    GPtrArray *findings;
    GArray *secrets; /* size_t pairs: offset and length in the file's text */
} Lint;

/* Takes `message` and `hint` (may be NULL); `why` is copied. */
LintFinding *lint_add(Lint *lint, const char *code, Span at, char *message, const char *why,
                      char *hint);
/* Its place in the file is not shown in excerpts. */
void lint_hide(Lint *lint, const Placed *text, size_t offset, size_t length);

const DockerInstruction *lint_instruction(const Lint *lint, guint index);
/* The same, or what follows ONBUILD in it: what will be done in some build. */
const DockerInstruction *lint_action(const Lint *lint, guint index);
Span lint_word_span(const Lint *lint, const LintScript *script, const ShellWord *word);
Span lint_command_span(const Lint *lint, const LintCommand *command);
/* The words of the command as they are written. Caller frees. */
char *lint_command_text(const LintCommand *command);

GPtrArray *lint_scripts_new(Lint *lint);
GPtrArray *lint_pips_new(Lint *lint);

/* Argument `i`'s value; NULL where there is none or it is not known. */
const char *lint_argument(const LintCommand *command, guint i);
bool lint_has_argument(const LintCommand *command, const char *value);
/* The value of NAME in the command's settings, else in ENV and ARG; NULL: unset or not known. */
const char *lint_setting(const LintCommand *command, const char *name);
/* The canonical name that a requirement begins with ("Torch[x]==1" is "torch"); NULL for a URL, a
 * path and what is not known. */
char *lint_requirement_name(const LintArgument *argument);
bool lint_is_pinned(const LintArgument *argument);
/* Whether the second installs into what the first installed into. */
bool lint_pip_follows(const Lint *lint, const LintPip *first, const LintPip *second);

/* Python code that a command runs: of `python -c`, or a heredoc. NULL: none. Its place is `at`. */
char *lint_python_code(const Lint *lint, const LintCommand *command, Span *ret_at);

/* Looks for the comments that answer findings; to be called when all rules have run. */
void lint_apply_ignores(Lint *lint);

typedef void (*LintRule)(Lint *lint);
void lint_syntax(Lint *lint);
void lint_stages(Lint *lint);
void lint_variables(Lint *lint);
void lint_platform(Lint *lint);
void lint_maintainer(Lint *lint);
void lint_overridden(Lint *lint);
void lint_redirection(Lint *lint);
void lint_ignore_installed(Lint *lint);
void lint_pip_unpinned(Lint *lint);
void lint_pip_cache(Lint *lint);
void lint_torch_replaced(Lint *lint);
void lint_extra_index(Lint *lint);
void lint_forced(Lint *lint);
void lint_gpu_in_build(Lint *lint);
void lint_cuda_assert(Lint *lint);
void lint_bnb_cuda(Lint *lint);
void lint_secrets(Lint *lint);
void lint_base_unpinned(Lint *lint);
void lint_git_unpinned(Lint *lint);
void lint_downloads(Lint *lint);
void lint_devel_base(Lint *lint);
void lint_apt(Lint *lint);
void lint_copy_early(Lint *lint);
void lint_ignore_file(Lint *lint);
void lint_add_instruction(Lint *lint);
void lint_lost_state(Lint *lint);
void lint_sudo(Lint *lint);
void lint_shell_form(Lint *lint);
void lint_comment(Lint *lint);
