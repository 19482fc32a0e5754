/* The scripts of RUN instructions and the commands in them. */
#include "dockerfile/run_script.h"

enum {
    MAX_INNER = 4, /* `sh -c "sh -c ..."` */
};

static void argument_free(void *data)
{
    RunArgument *argument = data;
    g_free(argument->value);
    g_free(argument);
}

static void command_free(void *data)
{
    RunCommand *command = data;
    g_ptr_array_unref(command->arguments);
    g_ptr_array_unref(command->settings);
    g_free(command->program);
    g_free(command);
}

static void script_free(void *data)
{
    RunScript *script = data;
    shell_script_free(script->shell);
    g_hash_table_unref(script->assigned);
    g_ptr_array_unref(script->commands);
    g_free(script);
}

/* Which shell */

static bool is_shell_name(const char *path)
{
    static const char *const names[] = {"sh", "bash", "dash", "ash", "ksh", NULL};
    g_autofree char *name = g_path_get_basename(path);
    return g_strv_contains(names, name);
}

/* "-c", "-ec", "-lc" */
static bool is_script_option(const char *text)
{
    return *text == '-' && text[1] != '-' && g_str_has_suffix(text, "c");
}

static const char *placed_text(const GPtrArray *words, guint i)
{
    return ((const Placed *)words->pdata[i])->text->str;
}

/* Whether shell form is read by a shell of POSIX's kind. */
static bool is_posix(const BuildScope *scope)
{
    const GPtrArray *words = build_scope_shell(scope);
    if (!words)
        return scope->stages->file->escape == '\\';
    if (words->len < 2 || !is_script_option(placed_text(words, words->len - 1)))
        return false;
    for (guint i = 0; i + 1 < words->len; i++) {
        if (is_shell_name(placed_text(words, i)))
            return true;
    }
    return false;
}

/* Texts of scripts */

static size_t place_of(const Placed *text, size_t offset)
{
    guint count = text->places->len;
    return count == 0 ? 0 : g_array_index(text->places, guint32, MIN(offset, count - 1));
}

/* The strings of exec form as words of a shell, in quotes that stand where the first and the last
 * character do. */
static Placed *quoted_words(const GPtrArray *words)
{
    Placed *out = placed_new();
    for (guint i = 0; i < words->len; i++) {
        const Placed *word = words->pdata[i];
        placed_append_at(out, i > 0 ? " '" : "'", i > 0 ? 2 : 1, place_of(word, 0));
        for (size_t k = 0; k < word->text->len; k++) {
            if (word->text->str[k] == '\'')
                placed_append_at(out, "'\\'", 3, place_of(word, k));
            placed_append_slice(out, word, k, 1);
        }
        placed_append_at(out, "'", 1, place_of(word, word->text->len));
    }
    return out;
}

/* "<<EOF" and nothing else: the heredoc is the script. */
static bool is_heredoc_alone(const DockerInstruction *instruction)
{
    if (instruction->heredocs->len != 1 || instruction->words->len != 1)
        return false;
    const char *text = placed_text(instruction->words, 0);
    return g_str_has_prefix(text, "<<") && !strpbrk(text, " \t;|&>");
}

static bool has_foreign_interpreter(const Placed *body)
{
    if (!g_str_has_prefix(body->text->str, "#!"))
        return false;
    const char *end = strchrnul(body->text->str, '\n');
    g_autofree char *line = g_strndup(body->text->str + 2, (size_t)(end - body->text->str - 2));
    g_auto(GStrv) words = g_strsplit_set(g_strstrip(line), " \t", -1);
    for (guint i = 0; words[i]; i++) {
        if (is_shell_name(words[i]))
            return false;
    }
    return true;
}

/* NULL: no shell reads it. */
static Placed *script_text(const DockerInstruction *instruction)
{
    if (instruction->exec)
        return instruction->words->len > 0 ? quoted_words(instruction->words) : NULL;
    if (instruction->words->len != 1)
        return NULL;
    if (is_heredoc_alone(instruction)) {
        const DockerHeredoc *heredoc = instruction->heredocs->pdata[0];
        if (has_foreign_interpreter(heredoc->body))
            return NULL;
        return placed_slice(heredoc->body, 0, heredoc->body->text->len);
    }
    const Placed *word = instruction->words->pdata[0];
    Placed *text = placed_slice(word, 0, word->text->len);
    for (guint i = 0; i < instruction->heredocs->len; i++) {
        const DockerHeredoc *heredoc = instruction->heredocs->pdata[i];
        if (i == 0)
            placed_append_at(text, "\n", 1, g_array_index(word->places, guint32, 0));
        placed_append_slice(text, heredoc->body, 0, heredoc->body->text->len);
        placed_append_slice(text, heredoc->ending, 0, heredoc->ending->text->len);
    }
    return text;
}

/* Values */

static const char *look_up(const void *data, const char *name)
{
    const RunScript *script = data;
    const char *value = NULL;
    if (g_hash_table_contains(script->assigned, name))
        return NULL;
    value = build_scope_look_up(&script->scope, name, &value) == LEX_SET ? value : NULL;
    return script->names ? script->names->name(script->names->data, script, name, value) : value;
}

static void collect_assigned(RunScript *script)
{
    for (guint i = 0; i < script->shell->names->len; i++)
        g_hash_table_add(script->assigned, g_strdup(script->shell->names->pdata[i]));
    for (guint i = 0; i < script->shell->commands->len; i++) {
        const ShellCommand *command = script->shell->commands->pdata[i];
        for (guint k = 0; k < command->assignments->len + command->words->len; k++) {
            const ShellWord *word = k < command->assignments->len
                                        ? command->assignments->pdata[k]
                                        : command->words->pdata[k - command->assignments->len];
            const char *text = script->shell->text->text->str + word->offset;
            size_t length = 0;
            while (length < word->length && (g_ascii_isalnum(text[length]) || text[length] == '_'))
                length++;
            /* "export NAME=value" and "read NAME" too; too many names do no harm */
            g_hash_table_add(script->assigned, g_strndup(text, length));
        }
    }
}

/* Wrappers: programs that run what stands behind them. */

/* clang-format off */
static const struct {
    const char *name;
    const char *with_value; /* options whose value is the next word */
    unsigned operands;      /* words between its options and the command */
} wrappers[] = {
    {"sudo",       "-u -g -h -p -C -r -t -U", 0},
    {"env",        "-u -C -S",                0},
    {"exec",       "-a",                      0},
    {"command",    "",                        0},
    {"nice",       "-n",                      0},
    {"ionice",     "-c -n",                   0},
    {"nohup",      "",                        0},
    {"time",       "-f -o",                   0},
    {"timeout",    "-k -s",                   1},
    {"stdbuf",     "-i -o -e",                0},
    {"gosu",       "",                        1},
};
/* clang-format on */

static bool option_has_value(const char *options, const char *option)
{
    g_auto(GStrv) list = g_strsplit(options, " ", -1);
    return g_strv_contains((const char *const *)list, option);
}

static bool is_setting(const char *text)
{
    size_t length = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789");
    return length > 0 && text[length] == '=';
}

/* How many arguments belong to the wrapper that the command begins with; 0: it is none. */
static guint wrapper_length(RunCommand *command)
{
    const char *program = run_argument(command, 0);
    size_t row = 0;
    while (program && row < G_N_ELEMENTS(wrappers) && !g_str_equal(wrappers[row].name, program))
        row++;
    if (!program || row == G_N_ELEMENTS(wrappers))
        return 0;
    guint at = 1;
    for (const char *text; (text = run_argument(command, at)); at++) {
        if (is_setting(text))
            g_ptr_array_add(command->settings, g_strdup(text));
        else if (*text != '-')
            break;
        else if (option_has_value(wrappers[row].with_value, text))
            at++;
    }
    return at + wrappers[row].operands;
}

static void strip_wrappers(RunCommand *command)
{
    for (guint length; (length = wrapper_length(command)) > 0;) {
        if (g_str_equal(run_argument(command, 0), "sudo"))
            command->sudo = ((const RunArgument *)command->arguments->pdata[0])->word;
        g_ptr_array_remove_range(command->arguments, 0, MIN(length, command->arguments->len));
    }
}

/* Commands */

static void add_arguments(RunCommand *command, const ShellWord *word)
{
    g_autoptr(GPtrArray) fields = shell_word_fields(word, look_up, command->script);
    for (guint i = 0; i < (fields ? fields->len : 1); i++) {
        RunArgument *argument = g_new0(RunArgument, 1);
        argument->word = word;
        argument->value = fields ? g_strdup(fields->pdata[i]) : NULL;
        g_ptr_array_add(command->arguments, argument);
    }
}

static RunCommand *command_new(const RunScript *script, const ShellCommand *shell)
{
    RunCommand *command = g_new0(RunCommand, 1);
    command->script = script;
    command->shell = shell;
    command->arguments = g_ptr_array_new_with_free_func(argument_free);
    command->settings = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < shell->assignments->len; i++) {
        char *value = shell_word_value(shell->assignments->pdata[i], look_up, script);
        if (value)
            g_ptr_array_add(command->settings, value);
    }
    for (guint i = 0; i < shell->words->len; i++)
        add_arguments(command, shell->words->pdata[i]);
    strip_wrappers(command);
    const char *program = run_argument(command, 0);
    command->program = program ? g_path_get_basename(program) : NULL;
    return command;
}

const char *run_argument(const RunCommand *command, guint i)
{
    if (i >= command->arguments->len)
        return NULL;
    return ((const RunArgument *)command->arguments->pdata[i])->value;
}

bool run_has_argument(const RunCommand *command, const char *value)
{
    for (guint i = 1; i < command->arguments->len; i++) {
        if (g_strcmp0(run_argument(command, i), value) == 0)
            return true;
    }
    return false;
}

const char *run_setting(const RunCommand *command, const char *name)
{
    size_t length = strlen(name);
    for (guint i = command->settings->len; i-- > 0;) {
        const char *text = command->settings->pdata[i];
        if (strncmp(text, name, length) == 0 && text[length] == '=')
            return text + length + 1;
    }
    const char *value = NULL;
    LexValue state = build_scope_look_up(&command->script->scope, name, &value);
    return state == LEX_SET ? value : NULL;
}

/* Scripts */

/* What stays the same for all scripts of one instruction. */
typedef struct {
    const DockerInstruction *instruction;
    BuildScope scope;
    bool triggered;
    const RunNames *names;
    GPtrArray *scripts;
} ScriptMaker;

static void add_script(const ScriptMaker *maker, Placed *text, unsigned depth);

/* The script of `bash -c 'script'`, where it stands in the file as it is. */
static Placed *inner_script(const RunCommand *command)
{
    if (!command->program || !is_shell_name(command->program))
        return NULL;
    guint at = 1;
    while (at < command->arguments->len && run_argument(command, at) &&
           *run_argument(command, at) == '-' && !is_script_option(run_argument(command, at)))
        at++;
    if (at + 1 >= command->arguments->len || !run_argument(command, at) ||
        !is_script_option(run_argument(command, at)))
        return NULL;
    const ShellWord *word = ((const RunArgument *)command->arguments->pdata[at + 1])->word;
    const Placed *text = command->script->shell->text;
    if (!shell_word_is_plain(word) || word->parts->len != 1 || word->length < 2)
        return NULL;
    const char *value = g_array_index(word->parts, ShellPart, 0).text;
    const char *written = text->text->str + word->offset;
    if (strlen(value) != word->length - 2 || strncmp(written + 1, value, word->length - 2) != 0)
        return NULL;
    return placed_slice(text, word->offset + 1, word->length - 2);
}

static void add_commands(const ScriptMaker *maker, RunScript *script, unsigned depth)
{
    for (guint i = 0; i < script->shell->commands->len; i++) {
        RunCommand *command = command_new(script, script->shell->commands->pdata[i]);
        g_ptr_array_add(script->commands, command);
        Placed *inner = depth < MAX_INNER ? inner_script(command) : NULL;
        if (inner)
            add_script(maker, inner, depth + 1);
    }
}

static void add_script(const ScriptMaker *maker, Placed *text, unsigned depth)
{
    RunScript *script = g_new0(RunScript, 1);
    script->instruction = maker->instruction;
    script->index = maker->scope.instruction;
    script->triggered = maker->triggered;
    script->depth = depth;
    script->scope = maker->scope;
    script->stage = script->scope.stage;
    script->names = maker->names;
    script->shell = shell_parse(text);
    script->assigned = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    script->commands = g_ptr_array_new_with_free_func(command_free);
    collect_assigned(script);
    g_ptr_array_add(maker->scripts, script);
    add_commands(maker, script, depth);
}

Placed *run_script_text(const BuildScope *scope, const DockerInstruction *instruction)
{
    return instruction->exec || is_posix(scope) ? script_text(instruction) : NULL;
}

GPtrArray *run_scripts_new(const BuildStages *stages)
{
    GPtrArray *scripts = g_ptr_array_new_with_free_func(script_free);
    for (guint i = 0; i < stages->file->instructions->len; i++) {
        const DockerInstruction *instruction = stages->file->instructions->pdata[i];
        const DockerInstruction *action = instruction->trigger ? instruction->trigger : instruction;
        if (action->keyword != DOCKER_RUN)
            continue;
        BuildScope scope = build_scope_at(stages, i);
        ScriptMaker maker = {action, scope, instruction->trigger != NULL, NULL, scripts};
        Placed *text = run_script_text(&scope, action);
        if (text)
            add_script(&maker, text, 0);
    }
    return scripts;
}

RunScript *run_script_new(const BuildScope *scope, const DockerInstruction *instruction,
                          Placed *text, const RunNames *names)
{
    g_autoptr(GPtrArray) scripts = g_ptr_array_new();
    ScriptMaker maker = {instruction, *scope, false, names, scripts};
    add_script(&maker, text, MAX_INNER);
    ((RunScript *)scripts->pdata[0])->depth = 0;
    return scripts->pdata[0];
}

void run_script_free(RunScript *script)
{
    if (script)
        script_free(script);
}

/* Python */

static Source *source_of(const RunCommand *command)
{
    return command->script->scope.stages->file->source;
}

Span run_command_span(const RunCommand *command)
{
    return placed_span(command->script->shell->text, source_of(command), command->shell->offset,
                       command->shell->length);
}

static const char *python_option_code(const RunCommand *command, guint *ret_at)
{
    for (guint i = 1; i < command->arguments->len; i++) {
        const char *text = run_argument(command, i);
        if (!text || *text != '-' || g_str_equal(text, "-m"))
            return NULL;
        if (is_script_option(text)) {
            *ret_at = i + 1;
            return run_argument(command, i + 1);
        }
        if (g_str_equal(text, "-W") || g_str_equal(text, "-X"))
            i++;
    }
    return NULL;
}

char *run_python_code(const RunCommand *command, Span *ret_at)
{
    if (!command->program || !g_str_has_prefix(command->program, "python"))
        return NULL;
    guint at;
    const char *code = python_option_code(command, &at);
    if (code) {
        const RunArgument *argument = command->arguments->pdata[at];
        *ret_at = shell_word_span(command->script->shell, argument->word, source_of(command));
        return g_strdup(code);
    }
    const Placed *text = command->script->shell->text;
    for (guint i = 0; i < command->shell->redirects->len; i++) {
        const ShellRedirect *redirect = command->shell->redirects->pdata[i];
        bool plain = redirect->plain ||
                     !memchr(text->text->str + redirect->body, '$', redirect->body_length);
        if (redirect->kind != REDIRECT_HEREDOC || !plain)
            continue;
        *ret_at = run_command_span(command);
        return g_strndup(text->text->str + redirect->body, redirect->body_length);
    }
    return NULL;
}

char *run_command_text(const RunCommand *command)
{
    g_autofree char *text = g_strndup(
        command->script->shell->text->text->str + command->shell->offset, command->shell->length);
    g_auto(GStrv) words = g_strsplit_set(text, " \t\n", -1);
    g_autoptr(GString) out = g_string_new(NULL);
    for (guint i = 0; words[i]; i++) {
        if (*words[i])
            g_string_append_printf(out, "%s%s", out->len > 0 ? " " : "", words[i]);
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}
