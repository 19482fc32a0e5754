#include "check/start_command.h"

#include "dockerfile/shell.h"
#include "recipe/config.h"

enum {
    MAX_DEPTH = 12,      /* of commands in commands */
    MAX_COMMANDS = 5000, /* in all */
    MAX_SCRIPTS = 20,    /* that are read: they may call each other */
    MAX_SCRIPT_BYTES = 1024 * 1024,
};

typedef struct {
    const CheckRun *run;
    GPtrArray *items;   /* StartItem */
    Span at;            /* of the words at hand, where a script gives them */
    const char *folder; /* the current one; NULL: not known */
    unsigned depth, commands, scripts;
} Start;

/* Words of a command. A value that is not known is NULL. */
typedef struct {
    const char *const *values;
    const Span *spans; /* or NULL: all are at start->at */
    guint count;
} Command;

static void look(Start *start, Command command);

static void free_item(void *data)
{
    StartItem *item = data;
    g_free(item->name);
    g_free(item->folder);
    g_free(item);
}

static Span place(const Start *start, Command command, guint index)
{
    return command.spans && span_is_set(command.spans[index]) ? command.spans[index] : start->at;
}

static void add_item(Start *start, StartKind kind, char *take_name, const char *folder, Span at)
{
    for (guint i = 0; i < start->items->len; i++) {
        const StartItem *item = start->items->pdata[i];
        if (item->kind == kind && g_str_equal(item->name, take_name)) {
            g_free(take_name);
            return;
        }
    }
    StartItem *item = g_new(StartItem, 1);
    *item = (StartItem){kind, take_name, g_strdup(folder), at};
    g_ptr_array_add(start->items, item);
}

static bool is_module_name(const char *text, size_t length)
{
    bool begins = true;
    for (size_t i = 0; i < length; i++) {
        bool letter = g_ascii_isalpha(text[i]) || text[i] == '_' || (text[i] & 0x80);
        if (text[i] == '.' ? begins : !letter && (begins || !g_ascii_isdigit(text[i])))
            return false;
        begins = text[i] == '.';
    }
    return !begins;
}

static void add_module(Start *start, const char *name, size_t length, Span at)
{
    if (is_module_name(name, length))
        add_item(start, START_MODULE, g_strndup(name, length), start->folder, at);
}

static void add_script(Start *start, const char *name, Span at)
{
    if (!g_path_is_absolute(name) && !start->folder)
        return;
    g_autofree char *path = g_canonicalize_filename(name, start->folder ? start->folder : "/");
    g_autofree char *folder = g_path_get_dirname(path);
    add_item(start, START_SCRIPT, g_steal_pointer(&path), folder, at);
}

static Command from(Command command, guint first)
{
    return (Command){command.values + first, command.spans ? command.spans + first : NULL,
                     command.count - first};
}

static bool is_one_of(const char *const *names, const char *name)
{
    return name && g_strv_contains(names, name);
}

/* Python */

static bool is_python(const char *name)
{
    return g_str_has_prefix(name, "python") && name[strspn(name + 6, "0123456789.") + 6] == '\0';
}

/* Of another environment than pip's: what is installed there is not known. */
static bool is_other_python(const Start *start, const char *program)
{
    if (!g_path_is_absolute(program))
        return false;
    g_autofree char *folder = g_path_get_dirname(program);
    const char *venv = start->run->recipe->python.venv;
    g_autofree char *own = venv ? g_build_filename(venv, "bin", NULL) : NULL;
    return !(own && g_str_equal(folder, own)) && !g_str_equal(folder, "/usr/bin") &&
           !g_str_equal(folder, "/usr/local/bin");
}

/* `python -m NAME`: of a package what it is and its __main__. */
static void add_main(Start *start, const char *name, Span at)
{
    size_t length = strlen(name);
    add_module(start, name, length, at);
    g_autofree char *path = g_strdup(name);
    g_strdelimit(path, ".", '/');
    g_autofree char *installed = g_strconcat(path, "/__main__.py", NULL);
    g_autofree char *own = start->folder ? g_build_filename(start->folder, installed, NULL) : NULL;
    g_autofree char *main = g_strconcat(name, ".__main__", NULL);
    if ((own && image_files_stat(start->run->image, own) == PATH_FILE) ||
        file_space_find(start->run->space, installed))
        add_module(start, main, strlen(main), at);
}

static void look_python(Start *start, Command command)
{
    static const char *const takes[] = {"-W", "-X", "--check-hash-based-pycs", NULL};
    for (guint i = 1; i < command.count && command.values[i]; i++) {
        const char *word = command.values[i];
        if (g_str_equal(word, "-m") && i + 1 < command.count && command.values[i + 1]) {
            add_main(start, command.values[i + 1], place(start, command, i + 1));
            look(start, from(command, i + 1));
            return;
        }
        if (*word != '-') {
            if (g_str_has_suffix(word, ".py"))
                add_script(start, word, place(start, command, i));
            return;
        }
        if (g_str_equal(word, "-c") || g_str_equal(word, "-"))
            return;
        i += is_one_of(takes, word);
    }
}

/* Programs that are told an application */

static const char *const servers[] = {"uvicorn", "gunicorn", "hypercorn",
                                      "granian", "daphne",   NULL};
static const char *const optioned[] = {"celery", "flask", NULL};

/* The length of "app.main" in "app.main:create()"; 0: it names none. */
static size_t application_length(const char *word)
{
    const char *colon = strchr(word, ':');
    if (!colon || !is_module_name(word, (size_t)(colon - word)))
        return 0;
    return is_module_name(colon + 1, strcspn(colon + 1, "(")) ? (size_t)(colon - word) : 0;
}

static void look_server(Start *start, Command command)
{
    for (guint i = 1; i < command.count && command.values[i]; i++) {
        if (g_str_has_prefix(command.values[i], "--app-dir") ||
            g_str_has_prefix(command.values[i], "--chdir") ||
            g_str_has_prefix(command.values[i], "--pythonpath"))
            return;
    }
    for (guint i = 1; i < command.count; i++) {
        size_t length = command.values[i] ? application_length(command.values[i]) : 0;
        if (length > 0) {
            add_module(start, command.values[i], length, place(start, command, i));
            return;
        }
    }
}

/* `celery -A app.tasks worker`, `flask --app app.main run`. */
static void look_option(Start *start, Command command)
{
    for (guint i = 1; i < command.count && command.values[i]; i++) {
        const char *word = command.values[i];
        const char *equals = g_str_has_prefix(word, "--app=") ? word + strlen("--app=") : NULL;
        bool apart = g_str_equal(word, "-A") || g_str_equal(word, "--app");
        const char *value = apart && i + 1 < command.count ? command.values[i + 1] : equals;
        if (!value)
            continue;
        if (!g_str_has_suffix(value, ".py"))
            add_module(start, value, strcspn(value, ":"),
                       place(start, command, i + (apart ? 1 : 0)));
        return;
    }
}

/* Shells */

/* What leaves Python's files and settings alone. */
static const char *const harmless[] = {
    "cat",        "cd",         "chmod",  "chown", "date",  "echo",   "env",   "exec",
    "exit",       "false",      "id",     "kill",  "ls",    "mkdir",  "nginx", "nohup",
    "nvidia-smi", "printf",     "ps",     "pwd",   "rm",    "set",    "sleep", "service",
    "sshd",       "ssh-keygen", "tail",   "test",  "touch", "trap",   "true",  "ulimit",
    "uname",      "wait",       "whoami", "[",     "[[",    "export", NULL};

static bool is_python_setting(const ShellWord *word)
{
    g_autofree char *value = shell_word_value(word, NULL, NULL);
    const ShellPart *first =
        word->parts->len > 0 ? &g_array_index(word->parts, ShellPart, 0) : NULL;
    const char *text = value ? value : first && first->text ? first->text : "";
    return g_str_has_prefix(text, "PYTHON") || g_str_has_prefix(text, "PATH=") ||
           g_str_has_prefix(text, "VIRTUAL_ENV=") || g_str_has_prefix(text, "CONDA");
}

static bool sets_python(const ShellCommand *command)
{
    for (guint i = 0; i < command->assignments->len; i++) {
        if (is_python_setting(command->assignments->pdata[i]))
            return true;
    }
    for (guint i = 0; i < command->words->len; i++) {
        if (shell_word_equals(command->words->pdata[0], "export") &&
            is_python_setting(command->words->pdata[i]))
            return true;
    }
    return false;
}

/* The folder that `cd` leaves the script in. */
static void change_folder(Start *start, const ShellCommand *command, GPtrArray *values)
{
    const char *to = values->len > 1 ? values->pdata[1] : NULL;
    bool known = to && *to != '-' && *to != '~' && !command->conditional &&
                 (g_path_is_absolute(to) || start->folder);
    if (command->isolated)
        return;
    g_autofree char *path =
        known ? g_canonicalize_filename(to, start->folder ? start->folder : "/") : NULL;
    start->folder = path ? g_intern_string(path) : NULL;
}

/* A program of Python is taken to leave it as it is, unless it is there to install. */
static bool is_harmless(const GPtrArray *values)
{
    static const char *const installers[] = {"ensurepip", "pip", "uv", "venv", "virtualenv", NULL};
    const char *program = values->pdata[0];
    g_autofree char *name = program ? g_path_get_basename(program) : NULL;
    if (!name || !is_python(name))
        return is_one_of(harmless, program) || is_one_of(servers, program);
    for (guint i = 1; i < values->len; i++) {
        if (is_one_of(installers, values->pdata[i]))
            return false;
    }
    return true;
}

/* FALSE: what comes after it is not known. */
static bool look_shell_command(Start *start, const ShellCommand *command)
{
    if (sets_python(command))
        return false;
    if (command->words->len == 0)
        return true;
    g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < command->words->len; i++)
        g_ptr_array_add(values, shell_word_value(command->words->pdata[i], NULL, NULL));
    if (g_strcmp0(values->pdata[0], "cd") == 0)
        change_folder(start, command, values);
    guint before = start->items->len;
    if (!command->conditional)
        look(start, (Command){(const char *const *)values->pdata, NULL, values->len});
    return start->items->len > before || is_harmless(values);
}

static void look_shell_text(Start *start, const char *text, size_t length)
{
    if (start->depth >= MAX_DEPTH || start->scripts++ >= MAX_SCRIPTS || length > MAX_SCRIPT_BYTES ||
        memchr(text, '\0', length))
        return;
    Placed *placed = placed_new();
    placed_append(placed, text, length, 0);
    g_autoptr(ShellScript) script = shell_parse(placed);
    const char *folder = start->folder;
    start->depth++;
    for (guint i = 0; script->understood && i < script->commands->len; i++) {
        if (!look_shell_command(start, script->commands->pdata[i]))
            break;
    }
    start->depth--;
    start->folder = folder;
}

/* A script of the image; FALSE: it is none of a shell. */
static bool look_shell_file(Start *start, const char *name, Span at)
{
    if (!g_path_is_absolute(name) && (!start->folder || !strchr(name, '.')))
        return false;
    g_autofree char *path = g_canonicalize_filename(name, start->folder ? start->folder : "/");
    g_autoptr(GBytes) bytes = image_files_read(start->run->image, path, MAX_SCRIPT_BYTES);
    if (!bytes)
        return false;
    size_t length;
    const char *text = g_bytes_get_data(bytes, &length);
    g_autofree char *line = g_strndup(text ? text : "", text ? strcspn(text, "\n") : 0);
    bool shell = g_str_has_suffix(name, ".sh") ||
                 (g_str_has_prefix(line, "#!") && g_str_has_suffix(line, "sh"));
    if (!shell)
        return false;
    Span outer = start->at;
    start->at = at;
    look_shell_text(start, text ? text : "", length);
    start->at = outer;
    return true;
}

static void look_shell(Start *start, Command command)
{
    for (guint i = 1; i < command.count && command.values[i]; i++) {
        const char *word = command.values[i];
        bool code = *word == '-' && word[1] != '-' && strchr(word, 'c');
        if (code && i + 1 < command.count && command.values[i + 1]) {
            Span outer = start->at;
            start->at = place(start, command, i + 1);
            look_shell_text(start, command.values[i + 1], strlen(command.values[i + 1]));
            start->at = outer;
        }
        if (code)
            return;
        if (*word != '-' && *word != '+') {
            look_shell_file(start, word, place(start, command, i));
            return;
        }
    }
}

/* Commands */

/* The module of a program that a wheel brings. */
static void look_installed(Start *start, const char *program, Span at)
{
    const GPtrArray *scripts = file_space_scripts(start->run->space);
    bool absolute = g_path_is_absolute(program);
    for (guint i = 0; (absolute || !strchr(program, '/')) && i < scripts->len; i++) {
        const SpaceScript *script = scripts->pdata[i];
        g_autofree char *name = g_path_get_basename(script->script->path);
        if (g_str_equal(absolute ? script->script->path : name, program))
            add_item(start, START_MODULE, g_strdup(script->module), NULL, at);
    }
}

/* Behind its own options a launcher has the program that it starts, or its file. */
static void look_launched(Start *start, Command command)
{
    for (guint i = 1; i < command.count && command.values[i]; i++) {
        const char *word = command.values[i];
        if (is_one_of(servers, word) || is_one_of(optioned, word) || is_python(word) ||
            g_str_has_suffix(word, ".sh")) {
            look(start, from(command, i));
            return;
        }
        if (g_str_has_suffix(word, ".py")) {
            add_script(start, word, place(start, command, i));
            return;
        }
    }
}

/* `exec env NAME=value program`, `tini -- program`. */
static void look_wrapped(Start *start, Command command)
{
    guint i = 1;
    while (i < command.count && command.values[i] &&
           (*command.values[i] == '-' || strchr(command.values[i], '='))) {
        if (g_str_has_prefix(command.values[i], "PYTHON"))
            return;
        i++;
    }
    look(start, from(command, i));
}

static void look(Start *start, Command command)
{
    static const char *const wrappers[] = {"command", "dumb-init", "env",  "exec",
                                           "nohup",   "setsid",    "tini", NULL};
    static const char *const shells[] = {"sh", "ash", "bash", "dash", NULL};
    if (command.count == 0 || !command.values[0] || start->depth >= MAX_DEPTH ||
        start->commands++ >= MAX_COMMANDS)
        return;
    const char *program = command.values[0];
    Span at = place(start, command, 0);
    g_autofree char *name = g_path_get_basename(program);
    start->depth++;
    if (is_one_of(shells, name)) {
        look_shell(start, command);
    } else if (is_one_of(wrappers, name)) {
        look_wrapped(start, command);
    } else if (is_python(name)) {
        if (!is_other_python(start, program))
            look_python(start, command);
    } else if (look_shell_file(start, program, at)) {
        look(start, from(command, 1));
    } else {
        look_installed(start, program, at);
        if (g_str_has_suffix(name, ".py"))
            add_script(start, program, at);
        else if (is_one_of(servers, name))
            look_server(start, command);
        else if (is_one_of(optioned, name))
            look_option(start, command);
        else
            look_launched(start, command);
    }
    start->depth--;
}

GPtrArray *start_command_find(const CheckRun *run)
{
    const RecipeConfig *config = run->recipe->config;
    const GPtrArray *lists[] = {config->entrypoint, config->cmd};
    g_autoptr(GPtrArray) values = g_ptr_array_new();
    g_autoptr(GArray) spans = g_array_new(FALSE, FALSE, sizeof(Span));
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
        for (guint k = 0; lists[i] && k < lists[i]->len; k++) {
            const Text *word = lists[i]->pdata[k];
            g_ptr_array_add(values, word->text);
            g_array_append_val(spans, word->at);
        }
    }
    Start start = {.run = run,
                   .items = g_ptr_array_new_with_free_func(free_item),
                   .at = SPAN_NONE,
                   .folder = config->workdir.text ? config->workdir.text : "/"};
    if (run->image)
        look(&start, (Command){(const char *const *)values->pdata,
                               (const Span *)(void *)spans->data, values->len});
    return start.items;
}
