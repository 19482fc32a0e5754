#include "dockerfile/shell.h"

#include "dockerfile/shell_private.h"

void shell_part_clear(void *data)
{
    g_free(((ShellPart *)data)->text);
}

void shell_word_free(void *data)
{
    ShellWord *word = data;
    if (!word)
        return;
    g_array_unref(word->parts);
    g_free(word);
}

void shell_redirect_free(void *data)
{
    ShellRedirect *redirect = data;
    shell_word_free(redirect->target);
    g_free(redirect);
}

static void command_free(void *data)
{
    ShellCommand *command = data;
    g_ptr_array_unref(command->assignments);
    g_ptr_array_unref(command->words);
    g_ptr_array_unref(command->redirects);
    g_free(command);
}

static void step_free(void *data)
{
    ShellStep *step = data;
    if (step->branches)
        g_array_unref(step->branches);
    g_free(step);
}

void shell_script_free(ShellScript *script)
{
    if (!script)
        return;
    placed_free(script->text);
    g_ptr_array_unref(script->commands);
    g_ptr_array_unref(script->steps);
    g_array_unref(script->comments);
    g_ptr_array_unref(script->names);
    g_free(script);
}

ShellScript *shell_parse(Placed *text)
{
    ShellScript *script = g_new0(ShellScript, 1);
    script->text = text;
    script->commands = g_ptr_array_new_with_free_func(command_free);
    script->steps = g_ptr_array_new_with_free_func(step_free);
    script->comments = g_array_new(FALSE, FALSE, sizeof(size_t));
    script->names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) heredocs = g_ptr_array_new();
    ShellParser parser = {
        .script = script, .text = text->text->str, .end = text->text->len, .heredocs = heredocs};
    bool ok = shell_parse_list(&parser);
    if (ok && parser.at < parser.end)
        ok = shell_fail(&parser, "something closes what was not opened");
    if (ok && heredocs->len > 0)
        ok = shell_fail(&parser, "a heredoc has no lines");
    g_clear_pointer(&parser.branches, g_array_unref);
    script->understood = ok;
    if (!ok) {
        g_ptr_array_set_size(script->commands, 0);
        g_ptr_array_set_size(script->steps, 0);
    }
    return script;
}

bool shell_word_is_plain(const ShellWord *word)
{
    for (guint i = 0; i < word->parts->len; i++) {
        if (g_array_index(word->parts, ShellPart, i).kind != SHELL_TEXT)
            return false;
    }
    return true;
}

/* A part's value; NULL where it is not known. */
static const char *part_value(const ShellPart *part, ShellLookup lookup, const void *data)
{
    if (part->kind == SHELL_TEXT)
        return part->text;
    return part->kind == SHELL_VARIABLE && lookup ? lookup(data, part->text) : NULL;
}

char *shell_word_value(const ShellWord *word, ShellLookup lookup, const void *data)
{
    g_autoptr(GString) out = g_string_new(NULL);
    for (guint i = 0; i < word->parts->len; i++) {
        const char *value = part_value(&g_array_index(word->parts, ShellPart, i), lookup, data);
        if (!value)
            return NULL;
        g_string_append(out, value);
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

GPtrArray *shell_word_fields(const ShellWord *word, ShellLookup lookup, const void *data)
{
    g_autoptr(GPtrArray) fields = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GString) field = g_string_new(NULL);
    bool open = false;
    for (guint i = 0; i < word->parts->len; i++) {
        const ShellPart *part = &g_array_index(word->parts, ShellPart, i);
        const char *value = part_value(part, lookup, data);
        if (!value)
            return NULL;
        bool splits = part->kind == SHELL_VARIABLE && !part->quoted;
        open = open || !splits;
        for (const char *p = value; *p; p++) {
            if (!splits || !strchr(" \t\n", *p)) {
                g_string_append_c(field, *p);
                open = true;
            } else if (open) {
                g_ptr_array_add(fields, g_strdup(field->str));
                g_string_truncate(field, 0);
                open = false;
            }
        }
    }
    if (open)
        g_ptr_array_add(fields, g_strdup(field->str));
    return g_steal_pointer(&fields);
}

bool shell_word_equals(const ShellWord *word, const char *text)
{
    g_autofree char *value = shell_word_value(word, NULL, NULL);
    return value && g_str_equal(value, text);
}

Span shell_word_span(const ShellScript *script, const ShellWord *word, Source *source)
{
    return placed_span(script->text, source, word->offset, word->length);
}
