#include "check/lint.h"

#include "base/mask.h"
#include "check/lint_private.h"
#include "check/secret_text.h"

static const LintRule rules[] = {
    lint_syntax,          lint_stages,        lint_variables,      lint_platform,
    lint_maintainer,      lint_overridden,    lint_redirection,    lint_ignore_installed,
    lint_pip_unpinned,    lint_pip_cache,     lint_torch_replaced, lint_extra_index,
    lint_forced,          lint_gpu_in_build,  lint_cuda_assert,    lint_bnb_cuda,
    lint_secrets,         lint_base_unpinned, lint_git_unpinned,   lint_downloads,
    lint_devel_base,      lint_apt,           lint_copy_early,     lint_ignore_file,
    lint_add_instruction, lint_lost_state,    lint_sudo,           lint_shell_form,
    lint_comment,         lint_words,         lint_not_judged,
};

static void lint_finding_free(void *data)
{
    LintFinding *finding = data;
    finding_free(finding->finding);
    g_free(finding->why);
    g_free(finding->ignored);
    g_clear_pointer(&finding->edits, g_ptr_array_unref);
    g_free(finding);
}

void lint_result_free(LintResult *result)
{
    if (!result)
        return;
    g_ptr_array_unref(result->findings);
    source_unref(result->source);
    g_free(result);
}

/* The text without passwords of URLs and without tokens, which file and finding may both hold.
 * Takes it. */
static char *masked(char *text)
{
    if (!text)
        return NULL;
    char *out = mask_credentials(text);
    g_free(text);
    size_t offset, length;
    while (secret_text_locate(out, &offset, &length))
        memset(out + offset, '*', length);
    return out;
}

LintFinding *lint_add(Lint *lint, const char *code, Span at, char *message, const char *why,
                      char *hint)
{
    LintFinding *finding = g_new0(LintFinding, 1);
    finding->finding = finding_new(code, at, masked(message));
    finding->finding->hint = masked(hint);
    finding->at = at;
    finding->why = g_strdup(why);
    g_ptr_array_add(lint->findings, finding);
    return finding;
}

void lint_hide(Lint *lint, const Placed *text, size_t offset, size_t length)
{
    for (size_t i = offset; i < offset + length && i < text->places->len; i++) {
        size_t place = g_array_index(text->places, guint32, i), one = 1;
        g_array_append_val(lint->secrets, place);
        g_array_append_val(lint->secrets, one);
    }
}

const DockerInstruction *lint_instruction(const Lint *lint, guint index)
{
    return lint->file->instructions->pdata[index];
}

const DockerInstruction *lint_action(const Lint *lint, guint index)
{
    const DockerInstruction *instruction = lint_instruction(lint, index);
    return instruction->trigger ? instruction->trigger : instruction;
}

Span lint_word_span(const Lint *lint, const RunScript *script, const ShellWord *word)
{
    return shell_word_span(script->shell, word, lint->file->source);
}

static int compare_findings(const void *a, const void *b)
{
    const LintFinding *first = *(LintFinding *const *)a, *second = *(LintFinding *const *)b;
    if (first->at.line != second->at.line)
        return first->at.line < second->at.line ? -1 : 1;
    if (first->at.column != second->at.column)
        return first->at.column < second->at.column ? -1 : 1;
    return strcmp(first->finding->code, second->finding->code);
}

/* The same text with "*" for each character of a secret; places stay the same. */
static Source *masked_source(const Lint *lint)
{
    if (lint->secrets->len == 0)
        return source_ref(lint->file->source);
    size_t length;
    const char *text = source_text(lint->file->source, &length);
    g_autofree char *copy = g_memdup2(text, length + 1);
    for (guint i = 0; i + 1 < lint->secrets->len; i += 2)
        memset(copy + g_array_index(lint->secrets, size_t, i), '*',
               g_array_index(lint->secrets, size_t, i + 1));
    return source_new(source_name(lint->file->source), copy, length);
}

LintResult *dockerfile_lint(const Dockerfile *file, const LintContext *context)
{
    g_autoptr(BuildStages) stages = build_stages_new(file);
    Lint lint = {.file = file, .context = context, .stages = stages};
    lint.findings = g_ptr_array_new_with_free_func(lint_finding_free);
    lint.secrets = g_array_new(FALSE, FALSE, sizeof(size_t));
    lint.scripts = run_scripts_new(stages);
    lint.pips = lint_pips_new(&lint);
    for (size_t i = 0; i < G_N_ELEMENTS(rules); i++)
        rules[i](&lint);
    lint_apply_ignores(&lint);
    g_ptr_array_sort(lint.findings, compare_findings);
    LintResult *result = g_new0(LintResult, 1);
    result->source = masked_source(&lint);
    result->findings = lint.findings;
    for (guint i = 0; i < result->findings->len; i++)
        ((LintFinding *)result->findings->pdata[i])->at.source = result->source;
    g_ptr_array_unref(lint.pips);
    g_ptr_array_unref(lint.scripts);
    g_array_unref(lint.secrets);
    return result;
}
