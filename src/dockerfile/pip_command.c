/* pip and uv commands: their options as pip's cmdoptions.py and uv's `pip` interface have them. */
#include "dockerfile/pip_command.h"

typedef enum {
    PIP_FLAG,  /* nothing that matters here, no value */
    PIP_VALUE, /* the same, with one */
    PIP_INDEX,
    PIP_EXTRA_INDEX,
    PIP_FIND_LINKS,
    PIP_FILE,
    PIP_CONSTRAINT,
    PIP_EDITABLE,
    PIP_IGNORE_INSTALLED,
    PIP_FORCE_REINSTALL,
    PIP_UPGRADE,
    PIP_NO_DEPS,
    PIP_NO_CACHE,
    PIP_NO_INDEX,
    PIP_REQUIRE_HASHES,
    PIP_PYTHON, /* the interpreter it installs for */
    PIP_PLACE,  /* a folder it installs into */
} PipOption;

/* clang-format off */
static const struct {
    const char *name;
    char letter; /* 0: none */
    PipOption option;
} options[] = {
    {"--index-url", 'i', PIP_INDEX}, {"--pypi-url", 0, PIP_INDEX}, {"--default-index", 0, PIP_INDEX},
    {"--extra-index-url", 0, PIP_EXTRA_INDEX}, {"--index", 0, PIP_EXTRA_INDEX},
    {"--find-links", 'f', PIP_FIND_LINKS}, {"--no-index", 0, PIP_NO_INDEX},
    {"--requirement", 'r', PIP_FILE}, {"--requirements", 0, PIP_FILE},
    {"--constraint", 'c', PIP_CONSTRAINT}, {"--constraints", 0, PIP_CONSTRAINT},
    {"--override", 0, PIP_CONSTRAINT}, {"--overrides", 0, PIP_CONSTRAINT},
    {"--build-constraint", 0, PIP_VALUE}, {"--build-constraints", 'b', PIP_VALUE},
    {"--editable", 'e', PIP_EDITABLE}, {"--no-deps", 0, PIP_NO_DEPS}, {"--no-dependencies", 0, PIP_NO_DEPS},
    {"--force-reinstall", 0, PIP_FORCE_REINSTALL}, {"--reinstall", 0, PIP_FORCE_REINSTALL},
    {"--ignore-installed", 'I', PIP_IGNORE_INSTALLED}, {"--upgrade", 'U', PIP_UPGRADE},
    {"--no-cache-dir", 0, PIP_NO_CACHE}, {"--no-cache", 'n', PIP_NO_CACHE},
    {"--require-hashes", 0, PIP_REQUIRE_HASHES}, {"--python", 'p', PIP_PYTHON},
    {"--target", 't', PIP_PLACE}, {"--prefix", 0, PIP_PLACE}, {"--root", 0, PIP_PLACE},
    {"--user", 0, PIP_FLAG}, {"--pre", 0, PIP_FLAG}, {"--no-build-isolation", 0, PIP_FLAG},
    {"--no-clean", 0, PIP_FLAG}, {"--break-system-packages", 0, PIP_FLAG}, {"--system", 0, PIP_FLAG},
    {"--prefer-binary", 0, PIP_FLAG}, {"--no-compile", 0, PIP_FLAG}, {"--compile", 0, PIP_FLAG},
    {"--compile-bytecode", 0, PIP_FLAG}, {"--use-pep517", 0, PIP_FLAG}, {"--no-use-pep517", 0, PIP_FLAG},
    {"--no-warn-script-location", 0, PIP_FLAG}, {"--no-warn-conflicts", 0, PIP_FLAG},
    {"--disable-pip-version-check", 0, PIP_FLAG}, {"--no-input", 0, PIP_FLAG}, {"--isolated", 0, PIP_FLAG},
    {"--quiet", 'q', PIP_FLAG}, {"--verbose", 'v', PIP_FLAG}, {"--yes", 'y', PIP_FLAG},
    {"--dry-run", 0, PIP_FLAG}, {"--no-color", 0, PIP_FLAG}, {"--debug", 0, PIP_FLAG},
    {"--no-python-version-warning", 0, PIP_FLAG}, {"--ignore-requires-python", 0, PIP_FLAG},
    {"--exact", 0, PIP_FLAG}, {"--strict", 0, PIP_FLAG}, {"--native-tls", 0, PIP_FLAG}, {"--offline", 0, PIP_FLAG},
    {"--verify-hashes", 0, PIP_FLAG}, {"--no-verify-hashes", 0, PIP_FLAG}, {"--no-progress", 0, PIP_FLAG},
    {"--all-extras", 0, PIP_FLAG}, {"--no-sources", 0, PIP_FLAG}, {"--no-build", 0, PIP_FLAG},
    {"--refresh", 0, PIP_FLAG}, {"--no-config", 0, PIP_FLAG},
    {"--check-build-dependencies", 0, PIP_FLAG}, {"--resume-retries", 0, PIP_VALUE}, {"--require-virtualenv", 0, PIP_FLAG},
    {"--only-binary", 0, PIP_VALUE}, {"--no-binary", 0, PIP_VALUE}, {"--trusted-host", 0, PIP_VALUE},
    {"--timeout", 0, PIP_VALUE}, {"--default-timeout", 0, PIP_VALUE}, {"--retries", 0, PIP_VALUE},
    {"--progress-bar", 0, PIP_VALUE}, {"--root-user-action", 0, PIP_VALUE}, {"--upgrade-strategy", 0, PIP_VALUE},
    {"--config-settings", 'C', PIP_VALUE}, {"--config-setting", 0, PIP_VALUE}, {"--global-option", 0, PIP_VALUE},
    {"--build-option", 0, PIP_VALUE}, {"--install-option", 0, PIP_VALUE}, {"--cache-dir", 0, PIP_VALUE},
    {"--use-feature", 0, PIP_VALUE}, {"--use-deprecated", 0, PIP_VALUE}, {"--proxy", 0, PIP_VALUE},
    {"--cert", 0, PIP_VALUE}, {"--client-cert", 0, PIP_VALUE}, {"--platform", 0, PIP_VALUE},
    {"--python-version", 0, PIP_VALUE}, {"--implementation", 0, PIP_VALUE}, {"--abi", 0, PIP_VALUE},
    {"--src", 0, PIP_VALUE}, {"--report", 0, PIP_VALUE}, {"--log", 0, PIP_VALUE}, {"--exists-action", 0, PIP_VALUE},
    {"--dest", 'd', PIP_VALUE}, {"--wheel-dir", 'w', PIP_VALUE}, {"--keyring-provider", 0, PIP_VALUE},
    {"--index-strategy", 0, PIP_VALUE}, {"--prerelease", 0, PIP_VALUE}, {"--resolution", 0, PIP_VALUE},
    {"--exclude-newer", 0, PIP_VALUE}, {"--link-mode", 0, PIP_VALUE}, {"--torch-backend", 0, PIP_VALUE},
    {"--no-build-isolation-package", 0, PIP_VALUE}, {"--reinstall-package", 0, PIP_VALUE},
    {"--upgrade-package", 'P', PIP_VALUE}, {"--extra", 0, PIP_VALUE}, {"--group", 0, PIP_VALUE},
    {"--python-platform", 0, PIP_VALUE}, {"--color", 0, PIP_VALUE}, {"--allow-insecure-host", 0, PIP_VALUE},
    {"--directory", 0, PIP_VALUE}, {"--project", 0, PIP_VALUE}, {"--no-binary-package", 0, PIP_VALUE},
};
/* clang-format on */

void pip_command_free(PipCommand *pip)
{
    if (!pip)
        return;
    g_free(pip->environment);
    g_free(pip->index_setting);
    g_free(pip->extra_setting);
    g_ptr_array_unref(pip->requirements);
    g_ptr_array_unref(pip->options);
    g_ptr_array_unref(pip->files);
    g_ptr_array_unref(pip->constraints);
    g_ptr_array_unref(pip->editables);
    g_ptr_array_unref(pip->extra_indexes);
    g_ptr_array_unref(pip->find_links);
    g_free(pip);
}

static PipCommand *pip_new(const RunCommand *command)
{
    PipCommand *pip = g_new0(PipCommand, 1);
    pip->command = command;
    pip->requirements = g_ptr_array_new();
    pip->options = g_ptr_array_new_with_free_func(g_free);
    pip->files = g_ptr_array_new();
    pip->constraints = g_ptr_array_new();
    pip->editables = g_ptr_array_new();
    pip->extra_indexes = g_ptr_array_new();
    pip->find_links = g_ptr_array_new();
    pip->understood = true;
    return pip;
}

/* Which program */

bool run_is_versioned(const char *name, const char *stem)
{
    return g_str_has_prefix(name, stem) &&
           name[strlen(stem) + strspn(name + strlen(stem), "0123456789.")] == '\0';
}

/* The folder that tells a virtual environment: "/opt/venv/bin/pip" is in "/opt/venv". */
static char *environment_of(const char *program)
{
    if (!strchr(program, '/'))
        return g_strdup("");
    g_autofree char *bin = g_path_get_dirname(program);
    if (g_str_equal(bin, "/usr/bin") || g_str_equal(bin, "/usr/local/bin"))
        return g_strdup("");
    return g_path_get_dirname(bin);
}

/* Where the words behind "pip" begin; 0: it is another command. */
static guint find_pip(PipCommand *pip)
{
    const RunCommand *command = pip->command;
    const char *first = run_argument(command, 0);
    if (!command->program || !first)
        return 0;
    pip->environment = environment_of(first);
    if (run_is_versioned(command->program, "pip"))
        return 1;
    pip->uv = g_str_equal(command->program, "uv");
    guint at = 1;
    while (pip->uv && run_argument(command, at) && *run_argument(command, at) == '-')
        at++;
    if (pip->uv)
        return g_strcmp0(run_argument(command, at), "pip") == 0 ? at + 1 : 0;
    if (!run_is_versioned(command->program, "python"))
        return 0;
    while (run_argument(command, at) && *run_argument(command, at) == '-' &&
           !g_str_equal(run_argument(command, at), "-m"))
        at++;
    const char *module = run_argument(command, at + 1);
    if (g_strcmp0(run_argument(command, at), "-m") != 0 || g_strcmp0(module, "pip") != 0)
        return 0;
    return at + 2;
}

/* Options */

static void apply(PipCommand *pip, PipOption option, const RunArgument *argument,
                  const RunArgument *value)
{
    GPtrArray *const lists[] = {
        [PIP_EXTRA_INDEX] = pip->extra_indexes,
        [PIP_FIND_LINKS] = pip->find_links,
        [PIP_FILE] = pip->files,
        [PIP_CONSTRAINT] = pip->constraints,
        [PIP_EDITABLE] = pip->editables,
    };
    if (option < G_N_ELEMENTS(lists) && lists[option])
        g_ptr_array_add(lists[option], (gpointer)value);
    pip->constrained = pip->constrained || option == PIP_CONSTRAINT;
    pip->no_deps = pip->no_deps || option == PIP_NO_DEPS;
    pip->no_cache = pip->no_cache || option == PIP_NO_CACHE;
    pip->no_index = pip->no_index || option == PIP_NO_INDEX;
    pip->require_hashes = pip->require_hashes || option == PIP_REQUIRE_HASHES;
    if (option == PIP_INDEX)
        pip->index = value;
    else if (option == PIP_IGNORE_INSTALLED)
        pip->ignore_installed = argument;
    else if (option == PIP_FORCE_REINSTALL)
        pip->force_reinstall = argument;
    else if (option == PIP_UPGRADE)
        pip->upgrade = argument;
    if ((option == PIP_PYTHON || option == PIP_PLACE) && value) {
        g_free(pip->environment);
        pip->environment = g_strdup(value->value ? value->value : "?");
    }
}

/* Other spellings of pip's own, by the name that lists of options have. */
static const char *plain_name(const char *name)
{
    return g_str_equal(name, "--no-dependencies") ? "--no-deps" : name;
}

static void add_given(PipCommand *pip, size_t row, const RunArgument *argument, const char *value)
{
    PipGiven *given = g_new0(PipGiven, 1);
    given->name = plain_name(options[row].name);
    given->argument = argument;
    given->value = value;
    g_ptr_array_add(pip->options, given);
}

static bool takes_value(PipOption option)
{
    return option == PIP_VALUE || (option >= PIP_INDEX && option <= PIP_EDITABLE) ||
           option == PIP_PYTHON || option == PIP_PLACE;
}

/* The option of the row, whose value, where it takes one, is `beside` or else the next word. */
static bool add_option(PipCommand *pip, size_t row, guint *at, const char *beside)
{
    const GPtrArray *arguments = pip->command->arguments;
    const RunArgument *argument = arguments->pdata[*at], *value = argument;
    const char *given = beside;
    if (takes_value(options[row].option) && !beside) {
        if (++*at >= arguments->len)
            return false;
        value = arguments->pdata[*at];
        given = value->value;
    }
    add_given(pip, row, argument, given);
    apply(pip, options[row].option, argument, value);
    return true;
}

/* "-r", "-rfile", "-qU", "-Ur": each letter is an option, and the rest its value if it takes one.
 */
static bool read_letters(PipCommand *pip, guint *at)
{
    const RunArgument *argument = pip->command->arguments->pdata[*at];
    for (const char *letter = argument->value + 1; *letter; letter++) {
        size_t row = 0;
        while (row < G_N_ELEMENTS(options) && options[row].letter != *letter)
            row++;
        if (row == G_N_ELEMENTS(options))
            return false;
        bool last = takes_value(options[row].option);
        if (!add_option(pip, row, at, last && letter[1] ? letter + 1 : NULL))
            return false;
        if (last)
            return true;
    }
    return true;
}

/* "--name", "--name=value" and letters; *at moves to the last word that was read. False: not known.
 */
static bool read_option(PipCommand *pip, guint *at)
{
    const RunArgument *argument = pip->command->arguments->pdata[*at];
    const char *text = argument->value;
    if (text[1] != '-')
        return read_letters(pip, at);
    size_t length = strcspn(text, "=");
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
        if (strlen(options[i].name) == length && strncmp(options[i].name, text, length) == 0)
            return add_option(pip, i, at, text[length] == '=' ? text + length + 1 : NULL);
    }
    return false;
}

static void read_arguments(PipCommand *pip, guint at)
{
    const GPtrArray *arguments = pip->command->arguments;
    for (; at < arguments->len; at++) {
        RunArgument *argument = arguments->pdata[at];
        const char *text = argument->value;
        if (text && *text == '-' && text[1] != '\0') {
            if (!read_option(pip, &at))
                pip->understood = false;
        } else if (!pip->verb) {
            pip->verb = text ? text : "?";
            pip->verb_argument = argument;
        } else {
            g_ptr_array_add(pip->requirements, argument);
        }
    }
}

/* The environment */

static const char *first_setting(const RunCommand *command, const char *const *names)
{
    for (guint i = 0; names[i]; i++) {
        const char *value = run_setting(command, names[i]);
        if (value && *value)
            return value;
    }
    return NULL;
}

static void read_settings(PipCommand *pip)
{
    static const char *const names[2][4][4] = {
        {{"PIP_INDEX_URL"}, {"PIP_EXTRA_INDEX_URL"}, {"PIP_CONSTRAINT"}, {"PIP_NO_CACHE_DIR"}},
        {{"UV_DEFAULT_INDEX", "UV_INDEX_URL"},
         {"UV_INDEX", "UV_EXTRA_INDEX_URL"},
         {"UV_CONSTRAINT", "UV_OVERRIDE"},
         {"UV_NO_CACHE"}},
    };
    const RunCommand *command = pip->command;
    if (!pip->index)
        pip->index_setting = g_strdup(first_setting(command, names[pip->uv][0]));
    pip->extra_setting = g_strdup(first_setting(command, names[pip->uv][1]));
    if (first_setting(command, names[pip->uv][2]))
        pip->constrained = true;
    if (first_setting(command, names[pip->uv][3]))
        pip->no_cache = true;
    const char *path = run_setting(command, "VIRTUAL_ENV");
    if (path && *pip->environment == '\0') {
        g_free(pip->environment);
        pip->environment = g_strdup(path);
    }
}

/* `. /venv/bin/activate` in front of it, in the same script. */
static void read_activation(PipCommand *pip)
{
    const RunScript *script = pip->command->script;
    for (guint i = 0; i < script->commands->len; i++) {
        const RunCommand *command = script->commands->pdata[i];
        if (command == pip->command)
            return;
        bool sources = command->program && (g_str_equal(command->program, ".") ||
                                            g_str_equal(command->program, "source"));
        const char *path = sources ? run_argument(command, 1) : NULL;
        if (!path || !g_str_has_suffix(path, "/bin/activate") || *pip->environment)
            continue;
        g_free(pip->environment);
        pip->environment = g_strndup(path, strlen(path) - strlen("/bin/activate"));
    }
}

PipCommand *pip_command_read(const RunCommand *command)
{
    PipCommand *pip = pip_new(command);
    guint at = find_pip(pip);
    if (at > 0)
        read_arguments(pip, at);
    if (!pip->verb) {
        pip_command_free(pip);
        return NULL;
    }
    read_settings(pip);
    read_activation(pip);
    return pip;
}
