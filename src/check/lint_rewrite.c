/* Exact rewrites: edits of the file's bytes with which a finding is gone. */
#include "check/lint_private.h"

static void edit_free(void *data)
{
    LintEdit *edit = data;
    g_free(edit->after);
    g_free(edit);
}

void lint_rewrite(LintFinding *finding, const char *about)
{
    finding->about = about;
    if (!finding->edits)
        finding->edits = g_ptr_array_new_with_free_func(edit_free);
}

void lint_rewrite_drop(LintFinding *finding)
{
    finding->about = NULL;
    g_clear_pointer(&finding->edits, g_ptr_array_unref);
}

void lint_replace(LintFinding *finding, size_t start, size_t length, const char *after)
{
    if (!finding->edits)
        return;
    LintEdit *edit = g_new0(LintEdit, 1);
    edit->start = start;
    edit->length = length;
    edit->after = g_strdup(after);
    g_ptr_array_add(finding->edits, edit);
}

size_t lint_line_start(const Lint *lint, unsigned line)
{
    size_t length, all;
    const char *text = source_text(lint->file->source, &all);
    const char *start = source_line(lint->file->source, line, &length);
    return start ? (size_t)(start - text) : all;
}

const char *lint_line_end(const Lint *lint, unsigned line)
{
    size_t length = 0;
    const char *start = source_line(lint->file->source, line, &length);
    return start && start[length] == '\r' ? "\r\n" : "\n";
}

void lint_cut_lines(const Lint *lint, LintFinding *finding, unsigned first, unsigned last)
{
    size_t start = lint_line_start(lint, first);
    lint_replace(finding, start, lint_line_start(lint, last + 1) - start, "");
}

bool lint_place(const Placed *text, size_t offset, size_t length, size_t *ret_start)
{
    if (length == 0 || offset + length > text->places->len)
        return false;
    const guint32 *places = &g_array_index(text->places, guint32, offset);
    for (size_t i = 1; i < length; i++) {
        if (places[i] != places[0] + i)
            return false;
    }
    *ret_start = places[0];
    return true;
}

bool lint_is_outermost(const RunScript *script)
{
    return script->depth == 0 && !script->instruction->exec;
}

void lint_add_argument(const Lint *lint, LintFinding *finding, const RunScript *script,
                       const ShellWord *word, const char *text)
{
    size_t last, length;
    const char *file = source_text(lint->file->source, &length);
    if (!shell_word_is_plain(word) ||
        !lint_place(script->shell->text, word->offset + word->length - 1, 1, &last)) {
        lint_rewrite_drop(finding);
        return;
    }
    bool listed = script->instruction->exec && script->depth == 0;
    if (listed && (last + 1 >= length || file[last + 1] != '"')) {
        lint_rewrite_drop(finding);
        return;
    }
    g_autofree char *added = g_strdup_printf(listed ? ", \"%s\"" : " %s", text);
    lint_replace(finding, last + (listed ? 2 : 1), 0, added);
}
