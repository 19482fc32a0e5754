/* What ramekin reads in Dockerfiles and texts of them, as JSON lines for dockerfile_oracle.py:
 *
 *   file FILE...    the instructions of each file
 *   lex             texts on stdin, one a line: their expansion in a small environment
 *   shell           scripts on stdin, parted by the character 0x1e: their simple commands */
#include "dockerfile/lexer.h"
#include "dockerfile/parse.h"
#include "dockerfile/shell.h"
#include "text/jsonw.h"

#include <stdio.h>

static void write_words(JsonWriter *writer, const char *key, const GPtrArray *words)
{
    jsonw_key(writer, key);
    jsonw_begin_array(writer, JSONW_COMPACT);
    for (guint i = 0; i < words->len; i++)
        jsonw_string(writer, ((const Placed *)words->pdata[i])->text->str);
    jsonw_end_array(writer);
}

static void write_flags(JsonWriter *writer, const GPtrArray *flags)
{
    jsonw_key(writer, "flags");
    jsonw_begin_array(writer, JSONW_COMPACT);
    for (guint i = 0; i < flags->len; i++) {
        const DockerFlag *flag = flags->pdata[i];
        g_autofree char *text = g_strdup_printf("--%s%s%s", flag->name, flag->value ? "=" : "",
                                                flag->value ? flag->value : "");
        jsonw_string(writer, text);
    }
    jsonw_end_array(writer);
}

static void write_heredocs(JsonWriter *writer, const GPtrArray *heredocs)
{
    jsonw_key(writer, "heredocs");
    jsonw_begin_array(writer, JSONW_COMPACT);
    for (guint i = 0; i < heredocs->len; i++) {
        const DockerHeredoc *heredoc = heredocs->pdata[i];
        jsonw_begin_object(writer, JSONW_COMPACT);
        jsonw_string_member(writer, "name", heredoc->name);
        jsonw_unsigned_member(writer, "fd", heredoc->fd);
        jsonw_boolean_member(writer, "expand", heredoc->expand);
        jsonw_boolean_member(writer, "chomp", heredoc->chomp);
        jsonw_string_member(writer, "content", heredoc->body->text->str);
        jsonw_end_object(writer);
    }
    jsonw_end_array(writer);
}

static void write_instruction(JsonWriter *writer, const DockerInstruction *instruction)
{
    g_autofree char *name =
        g_ascii_strdown(instruction->line->text->str, (gssize)instruction->name);
    jsonw_begin_object(writer, JSONW_COMPACT);
    jsonw_string_member(writer, "name", name);
    jsonw_unsigned_member(writer, "first", instruction->first_line);
    jsonw_unsigned_member(writer, "last", instruction->last_line);
    write_flags(writer, instruction->flags);
    write_words(writer, "words", instruction->words);
    jsonw_boolean_member(writer, "exec", instruction->exec);
    write_heredocs(writer, instruction->heredocs);
    jsonw_key(writer, "trigger");
    if (instruction->trigger)
        write_instruction(writer, instruction->trigger);
    else
        jsonw_null(writer);
    jsonw_end_object(writer);
}

static void print(JsonWriter *writer)
{
    g_autofree char *text = jsonw_finish(writer, NULL);
    fprintf(stdout, "%s\n", text);
}

static void print_file(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonWriter) writer = jsonw_new();
    g_autoptr(Source) source = source_load(path, NULL, 16u << 20, &error);
    g_autoptr(Dockerfile) file = source ? dockerfile_parse(source, &error) : NULL;
    jsonw_begin_object(writer, JSONW_COMPACT);
    jsonw_string_member(writer, "file", path);
    if (error)
        jsonw_string_member(writer, "refused", error->message);
    else if (file->problems->len > 0)
        jsonw_string_member(writer, "refused", ((GError *)file->problems->pdata[0])->message);
    if (file) {
        g_autofree char *escape = g_strdup_printf("%c", file->escape);
        jsonw_string_member(writer, "escape", escape);
        jsonw_key(writer, "instructions");
        jsonw_begin_array(writer, JSONW_COMPACT);
        for (guint i = 0; i < file->instructions->len; i++)
            write_instruction(writer, file->instructions->pdata[i]);
        jsonw_end_array(writer);
    }
    jsonw_end_object(writer);
    print(writer);
}

static LexValue look_up(const void *data, const char *name, const char **ret_value)
{
    static const char *const environment[][2] = {
        {"NAME", "value"},
        {"EMPTY", ""},
        {"PATH", "/usr/local/bin:/usr/bin:/bin"},
        {"BLANKS", " two  words "},
        {"FILE", "a/b.tar.gz"},
        {"STAR", "a*b?c"},
    };
    (void)data;
    for (guint i = 0; i < G_N_ELEMENTS(environment); i++) {
        if (g_str_equal(environment[i][0], name)) {
            *ret_value = environment[i][1];
            return LEX_SET;
        }
    }
    return LEX_UNSET;
}

static void print_lexed(const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonWriter) writer = jsonw_new();
    LexStyle style = {.escape = '\\'};
    g_autoptr(LexResult) result = lex_text(text, style, look_up, NULL, &error);
    jsonw_begin_object(writer, JSONW_COMPACT);
    jsonw_string_member(writer, "text", text);
    jsonw_boolean_member(writer, "refused", !result);
    if (result) {
        g_ptr_array_add(result->words, NULL);
        jsonw_string_member(writer, "result", result->text);
        jsonw_strings_member(writer, "words", (const char *const *)result->words->pdata);
    }
    jsonw_end_object(writer);
    print(writer);
}

static void write_slice(JsonWriter *writer, const ShellScript *script, const ShellWord *word)
{
    g_autofree char *text = g_strndup(script->text->text->str + word->offset, word->length);
    jsonw_string(writer, text);
}

static void write_slices(JsonWriter *writer, const char *key, const ShellScript *script,
                         const GPtrArray *words)
{
    jsonw_key(writer, key);
    jsonw_begin_array(writer, JSONW_COMPACT);
    for (guint i = 0; i < words->len; i++)
        write_slice(writer, script, words->pdata[i]);
    jsonw_end_array(writer);
}

static void write_redirects(JsonWriter *writer, const ShellScript *script,
                            const GPtrArray *redirects)
{
    jsonw_key(writer, "redirects");
    jsonw_begin_array(writer, JSONW_COMPACT);
    for (guint i = 0; i < redirects->len; i++) {
        const ShellRedirect *redirect = redirects->pdata[i];
        g_autofree char *body =
            g_strndup(script->text->text->str + redirect->body, redirect->body_length);
        write_slice(writer, script, redirect->target);
        jsonw_string(writer, redirect->kind == REDIRECT_HEREDOC ? body : NULL);
    }
    jsonw_end_array(writer);
}

static void print_script(const char *text)
{
    Placed *placed = placed_new();
    placed_append(placed, text, strlen(text), 0);
    g_autoptr(ShellScript) script = shell_parse(placed);
    g_autoptr(JsonWriter) writer = jsonw_new();
    jsonw_begin_object(writer, JSONW_COMPACT);
    jsonw_string_member(writer, "text", text);
    jsonw_boolean_member(writer, "refused", !script->understood);
    jsonw_string_member(writer, "reason", script->reason);
    jsonw_key(writer, "commands");
    jsonw_begin_array(writer, JSONW_COMPACT);
    for (guint i = 0; i < script->commands->len; i++) {
        const ShellCommand *command = script->commands->pdata[i];
        jsonw_begin_object(writer, JSONW_COMPACT);
        write_slices(writer, "assignments", script, command->assignments);
        write_slices(writer, "words", script, command->words);
        write_redirects(writer, script, command->redirects);
        jsonw_end_object(writer);
    }
    jsonw_end_array(writer);
    jsonw_end_object(writer);
    print(writer);
}

static int for_each_script(void)
{
    char *text = NULL;
    size_t size = 0;
    for (ssize_t length; (length = getdelim(&text, &size, 0x1e, stdin)) >= 0;) {
        if (length > 0 && text[length - 1] == 0x1e)
            text[length - 1] = '\0';
        print_script(text);
    }
    free(text);
    return 0;
}

static int for_each_line(void (*visit)(const char *line))
{
    char *line = NULL;
    size_t size = 0;
    for (ssize_t length; (length = getline(&line, &size, stdin)) >= 0;) {
        if (length > 0 && line[length - 1] == '\n')
            line[length - 1] = '\0';
        if (g_utf8_validate(line, -1, NULL))
            visit(line);
    }
    free(line);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 1 && g_str_equal(argv[1], "lex"))
        return for_each_line(print_lexed);
    if (argc > 1 && g_str_equal(argv[1], "shell"))
        return for_each_script();
    for (int i = 2; i < argc; i++)
        print_file(argv[i]);
    return 0;
}
