/* What lints are made of. */
#pragma once

#include "check/lint.h"
#include "dockerfile/pip_command.h"

typedef struct {
    const Dockerfile *file;
    const LintContext *context;
    BuildStages *stages;
    GPtrArray *scripts;  /* RunScript, in order */
    GPtrArray *pips;     /* PipCommand, in order */
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
Span lint_word_span(const Lint *lint, const RunScript *script, const ShellWord *word);

GPtrArray *lint_pips_new(Lint *lint);

/* The canonical name that a requirement begins with ("Torch[x]==1" is "torch"); NULL for a URL, a
 * path and what is not known. */
char *lint_requirement_name(const RunArgument *argument);
bool lint_is_pinned(const RunArgument *argument);
/* Whether the second installs into what the first installed into. */
bool lint_pip_follows(const Lint *lint, const PipCommand *first, const PipCommand *second);

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
