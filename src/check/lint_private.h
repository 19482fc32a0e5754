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

/* Rewrites (lint_rewrite.c). Only what is exact is one: nothing has to be known that the file does
 * not say, and all else of it stays as it is, byte for byte. */

/* Begins the finding's rewrite; `about` is a literal. Where a part of it turns out to have no exact
 * form, lint_rewrite_drop() takes all of it back. */
void lint_rewrite(LintFinding *finding, const char *about);
void lint_rewrite_drop(LintFinding *finding);
void lint_replace(LintFinding *finding, size_t start, size_t length, const char *after);
/* The lines from `first` to `last` are taken out. */
void lint_cut_lines(const Lint *lint, LintFinding *finding, unsigned first, unsigned last);
/* Puts another argument behind the word, in whichever form the instruction has; `text` needs no
 * quotes. Drops the rewrite where it can't. */
void lint_add_argument(const Lint *lint, LintFinding *finding, const RunScript *script,
                       const ShellWord *word, const char *text);
/* Where text[offset .. offset+length) stands, if it stands in the file as it is, in one piece. */
bool lint_place(const Placed *text, size_t offset, size_t length, size_t *ret_start);
/* "\n" or "\r\n", as the line ends in the file. */
const char *lint_line_end(const Lint *lint, unsigned line);
/* Where the line begins; that of the one behind the last is where the file ends. */
size_t lint_line_start(const Lint *lint, unsigned line);
/* Whether the script is what a RUN in shell form, or its heredoc, hands to the shell. */
bool lint_is_outermost(const RunScript *script);

typedef void (*LintRule)(Lint *lint);
void lint_syntax(Lint *lint);
void lint_words(Lint *lint);
void lint_not_judged(Lint *lint);
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
