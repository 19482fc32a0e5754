/* Options of pip and uv commands, their variables, and the indexes they name: keys of a `pip:`
 * stage.
 */
#include "import/docker_pip.h"

#include "import/python_draft.h"
#include "recipe/index_names.h"

/* Options whose key takes what they say. */
typedef enum {
    GIVEN_NOTHING, /* the result does not hang on it */
    GIVEN_TRUE,
    GIVEN_LIST,  /* names with commas */
    GIVEN_TEXTS, /* one text each */
    GIVEN_STRATEGY,
    GIVEN_INDEX,
    GIVEN_EXTRA,
    GIVEN_BACKEND, /* uv's: an index of PyTorch's by its name */
    GIVEN_WHEELS,  /* only_binary of all */
    GIVEN_READ,    /* read elsewhere */
    GIVEN_SAID,    /* left out, with a note */
} GivenKind;

/* clang-format off */
static const struct {
    const char *option;
    GivenKind kind;
    const char *key; /* or what is said */
} options[] = {
    {"--no-deps", GIVEN_TRUE, "no_deps"}, {"--force-reinstall", GIVEN_TRUE, "force_reinstall"}, {"--reinstall", GIVEN_TRUE, "force_reinstall"},
    {"--ignore-installed", GIVEN_TRUE, "ignore_installed"}, {"--upgrade", GIVEN_TRUE, "upgrade"}, {"--pre", GIVEN_TRUE, "pre"},
    {"--prefer-binary", GIVEN_TRUE, "prefer_binary"}, {"--require-hashes", GIVEN_TRUE, "require_hashes"},
    {"--only-binary", GIVEN_LIST, "only_binary"}, {"--no-binary", GIVEN_LIST, "no_binary"}, {"--find-links", GIVEN_TEXTS, "find_links"},
    {"--upgrade-strategy", GIVEN_STRATEGY, NULL},
    {"--index-url", GIVEN_INDEX, NULL}, {"--default-index", GIVEN_INDEX, NULL}, {"--pypi-url", GIVEN_INDEX, NULL},
    {"--extra-index-url", GIVEN_EXTRA, NULL}, {"--index", GIVEN_EXTRA, NULL},
    {"--requirement", GIVEN_READ, NULL}, {"--requirements", GIVEN_READ, NULL}, {"--constraint", GIVEN_READ, NULL},
    {"--constraints", GIVEN_READ, NULL}, {"--override", GIVEN_READ, NULL}, {"--overrides", GIVEN_READ, NULL},
    {"--wheel-dir", GIVEN_READ, NULL}, {"--prefix", GIVEN_READ, NULL}, {"--no-index", GIVEN_READ, NULL},
    {"--editable", GIVEN_READ, NULL}, {"--no-build-isolation", GIVEN_READ, NULL}, {"--python", GIVEN_READ, NULL},
    {"--user", GIVEN_SAID, "--user: packages go where all others go"},
    {"--trusted-host", GIVEN_SAID, "--trusted-host: it is an option of ramekin, not of a recipe"},
    {"--allow-insecure-host", GIVEN_SAID, "--allow-insecure-host: it is an option of ramekin, not of a recipe"},
    {"--proxy", GIVEN_SAID, "--proxy: where the network is behind one, the environment of ramekin says so"},
    {"--cert", GIVEN_SAID, "--cert: it is for the machine that fetches, not for the image"},
    {"--torch-backend", GIVEN_BACKEND, NULL}, {"--extra", GIVEN_READ, NULL}, {"--group", GIVEN_READ, NULL},
    {"--all-extras", GIVEN_READ, NULL}, {"--upgrade-package", GIVEN_TEXTS, "upgrade"}, {"--no-build", GIVEN_WHEELS, NULL},
    {"--index-strategy", GIVEN_SAID, "--index-strategy: indexes are pooled as pip does"},
    {"--no-cache-dir", GIVEN_NOTHING, NULL}, {"--no-cache", GIVEN_NOTHING, NULL}, {"--no-clean", GIVEN_NOTHING, NULL},
    {"--break-system-packages", GIVEN_NOTHING, NULL}, {"--system", GIVEN_NOTHING, NULL}, {"--no-compile", GIVEN_NOTHING, NULL},
    {"--compile", GIVEN_NOTHING, NULL}, {"--compile-bytecode", GIVEN_NOTHING, NULL}, {"--use-pep517", GIVEN_NOTHING, NULL},
    {"--no-warn-script-location", GIVEN_NOTHING, NULL}, {"--no-warn-conflicts", GIVEN_NOTHING, NULL},
    {"--disable-pip-version-check", GIVEN_NOTHING, NULL}, {"--no-input", GIVEN_NOTHING, NULL}, {"--quiet", GIVEN_NOTHING, NULL},
    {"--verbose", GIVEN_NOTHING, NULL}, {"--yes", GIVEN_NOTHING, NULL}, {"--no-color", GIVEN_NOTHING, NULL}, {"--debug", GIVEN_NOTHING, NULL},
    {"--no-python-version-warning", GIVEN_NOTHING, NULL}, {"--native-tls", GIVEN_NOTHING, NULL}, {"--no-progress", GIVEN_NOTHING, NULL},
    {"--timeout", GIVEN_NOTHING, NULL}, {"--default-timeout", GIVEN_NOTHING, NULL}, {"--retries", GIVEN_NOTHING, NULL},
    {"--progress-bar", GIVEN_NOTHING, NULL}, {"--root-user-action", GIVEN_NOTHING, NULL}, {"--cache-dir", GIVEN_NOTHING, NULL},
    {"--link-mode", GIVEN_NOTHING, NULL}, {"--verify-hashes", GIVEN_NOTHING, NULL}, {"--color", GIVEN_NOTHING, NULL},
    {"--report", GIVEN_NOTHING, NULL}, {"--exists-action", GIVEN_NOTHING, NULL}, {"--keyring-provider", GIVEN_NOTHING, NULL},
    {"--src", GIVEN_NOTHING, NULL}, {"--build-constraint", GIVEN_NOTHING, NULL}, {"--build-constraints", GIVEN_NOTHING, NULL},
    {"--no-sources", GIVEN_NOTHING, NULL}, {"--require-virtualenv", GIVEN_NOTHING, NULL}, {"--log", GIVEN_NOTHING, NULL}, {"--isolated", GIVEN_NOTHING, NULL},
};
/* clang-format on */

static int find_option(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
        if (g_str_equal(options[i].option, name))
            return (int)i;
    }
    return -1;
}

void pip_note_free(void *note)
{
    PipNote *said = note;
    g_free(said->text);
    g_free(said);
}

void pip_add_note(PipRead *read, NoteKind kind, char *text)
{
    PipNote *said = g_new(PipNote, 1);
    *said = (PipNote){kind, text};
    g_ptr_array_add(read->notes, said);
}

/* Indexes */

static void add_index(PipRead *read, const char *url, bool extra)
{
    g_auto(GStrv) urls = g_strsplit_set(url, " \t\n", -1);
    for (guint i = 0; urls[i]; i++) {
        if (*urls[i] == '\0')
            continue;
        const char *name = import_index(read->scene->draft, urls[i], read->run->at);
        if (extra)
            draft_append_text(read->body, "extra_indexes", name);
        else
            draft_set_text(read->body, "index", name);
    }
}

/* "https://…/whl/cu$(CUDA)": the built-in name with the variable in it. */
static bool add_marked_index(PipRead *read, const char *value, bool extra)
{
    static const char prefix[] = "https://download.pytorch.org/whl/";
    if (!g_str_has_prefix(value, prefix) || strchr(value + strlen(prefix), '/'))
        return false;
    g_autofree char *plain = scene_plain(read->scene, value);
    const char *builtin = draft_index(read->scene->draft, plain);
    if (!g_str_equal(builtin, plain + strlen(prefix)))
        return false;
    g_autofree char *name = scene_finish(read->scene, value + strlen(prefix));
    if (extra)
        draft_append_text(read->body, "extra_indexes", name);
    else
        draft_set_text(read->body, "index", name);
    return true;
}

static bool read_index(PipRead *read, const char *value, bool extra)
{
    const char *equals = strstr(value, "=http"); /* uv's NAME=URL */
    const char *url = equals && !g_str_has_prefix(value, "http") ? equals + 1 : value;
    if (scene_has_mark(url) && add_marked_index(read, url, extra))
        return true;
    g_autofree char *plain = scene_plain(read->scene, url);
    const char *colon = strstr(plain, "://");
    if (!colon || colon == plain || strpbrk(plain, "$"))
        return false;
    add_index(read, plain, extra);
    return true;
}

/* uv takes the packages of PyTorch from that index alone. */
static bool read_backend(PipRead *read, const char *name)
{
    if (!index_name_is_builtin(name) || g_str_equal(name, "main"))
        return false;
    draft_append_text(read->body, "extra_indexes", name);
    pip_add_note(read, NOTE_ASSUMED,
                 g_strdup_printf("--torch-backend %s is taken to be an extra index, and the "
                                 "newest torch of all indexes is installed",
                                 name));
    return true;
}

/* Options */

/* Of --only-binary and --no-binary. */
static bool is_format_name(const char *text)
{
    static const char *const words[] = {":all:", ":none:", NULL};
    return g_strv_contains(words, text) || (g_ascii_isalnum(*text) && !strpbrk(text, "/:$ ()"));
}

static bool set_strategy(PipRead *read, const char *value)
{
    if (!g_str_equal(value, "eager") && !g_str_equal(value, "only-if-needed"))
        return false;
    draft_set_text(read->body, "upgrade_strategy", value);
    return true;
}

static bool read_option(PipRead *read, const PipGiven *given)
{
    int row = find_option(given->name);
    if (row < 0)
        return false;
    const char *key = options[row].key;
    bool needs_value = options[row].kind >= GIVEN_LIST && options[row].kind <= GIVEN_BACKEND;
    if (needs_value && !given->value)
        return false;
    bool of_index = options[row].kind == GIVEN_INDEX || options[row].kind == GIVEN_EXTRA;
    g_autofree char *value =
        given->value && !of_index ? scene_finish(read->scene, given->value) : NULL;
    switch (options[row].kind) {
    case GIVEN_TRUE:
        draft_set_true(read->body, key);
        return true;
    case GIVEN_LIST: {
        g_auto(GStrv) names = g_strsplit(value, ",", -1);
        for (guint i = 0; names[i]; i++) {
            if (!is_format_name(names[i]))
                return false;
            draft_append_text(read->body, key, names[i]);
        }
        return true;
    }
    case GIVEN_TEXTS:
        if (g_str_equal(given->name, "--find-links") &&
            scene_names_wheels(read->scene, read->run, given->value))
            return read->found = true;
        draft_append_text(read->body, key, value);
        return true;
    case GIVEN_STRATEGY:
        return set_strategy(read, value);
    case GIVEN_INDEX:
        return read_index(read, given->value, false);
    case GIVEN_EXTRA:
        return read_index(read, given->value, true);
    case GIVEN_BACKEND:
        return read_backend(read, value);
    case GIVEN_WHEELS:
        draft_append_text(read->body, "only_binary", ":all:");
        return true;
    case GIVEN_SAID:
        pip_add_note(read, NOTE_DROPPED, g_strdup(key));
        return true;
    case GIVEN_READ:
    case GIVEN_NOTHING:
    default:
        return true;
    }
}

bool pip_read_options(PipRead *read)
{
    for (guint i = 0; i < read->pip->options->len; i++) {
        if (!read_option(read, read->pip->options->pdata[i]))
            return false;
    }
    return true;
}

bool pip_given(const PipRead *read, const char *name)
{
    for (guint i = 0; i < read->pip->options->len; i++) {
        if (g_str_equal(((const PipGiven *)read->pip->options->pdata[i])->name, name))
            return true;
    }
    return false;
}

/* The environment */

/* NAME of "NAME=value" in the list, the last one; NULL: it is not there. */
static const char *find_setting(const GPtrArray *settings, const char *name)
{
    size_t length = strlen(name);
    for (guint i = settings->len; i-- > 0;) {
        const char *text = settings->pdata[i];
        if (strncmp(text, name, length) == 0 && text[length] == '=')
            return text + length + 1;
    }
    return NULL;
}

/* Before the command, by `export`, by ENV or ARG; NULL: unset, empty, or not known. */
static const char *setting(const PipRead *read, const char *name)
{
    const char *value = find_setting(read->pip->command->settings, name);
    if (!value)
        value = find_setting(read->run->settings, name);
    if (!value)
        value = run_setting(read->pip->command, name);
    return value && *value ? value : NULL;
}

/* As pip reads switches: Python's strtobool(). */
static bool is_on(const char *value)
{
    static const char *const words[] = {"y", "yes", "t", "true", "on", "1", NULL};
    g_autofree char *lower = value ? g_ascii_strdown(value, -1) : NULL;
    return lower && g_strv_contains(words, lower);
}

/* PIP_NAME of --name. */
static char *variable_of(const char *option)
{
    g_autofree char *upper = g_ascii_strup(option + strlen("--"), -1);
    return g_strconcat("PIP_", g_strdelimit(upper, "-", '_'), NULL);
}

/* Names or texts, with commas or blanks between them. */
static bool read_items(PipRead *read, size_t row, const char *value)
{
    g_auto(GStrv) items = g_strsplit_set(value, ", \t\n", -1);
    for (guint i = 0; items[i]; i++) {
        g_autofree char *item = *items[i] ? scene_finish(read->scene, items[i]) : NULL;
        if (item && options[row].kind == GIVEN_LIST && !is_format_name(item))
            return false;
        if (item)
            draft_append_text(read->body, options[row].key, item);
    }
    return true;
}

/* What the variable of a row says; false: it can't be said. */
static bool read_variable(PipRead *read, size_t row, const char *value)
{
    switch (options[row].kind) {
    case GIVEN_TRUE:
        if (is_on(value))
            draft_set_true(read->body, options[row].key);
        return true;
    case GIVEN_SAID:
        if (is_on(value))
            pip_add_note(read, NOTE_DROPPED, g_strdup(options[row].key));
        return true;
    case GIVEN_STRATEGY:
        return set_strategy(read, value);
    case GIVEN_LIST:
    case GIVEN_TEXTS:
        return read_items(read, row, value);
    case GIVEN_NOTHING:
    case GIVEN_INDEX:
    case GIVEN_EXTRA:
    case GIVEN_BACKEND:
    case GIVEN_WHEELS:
    case GIVEN_READ:
    default:
        return true;
    }
}

bool pip_read_settings(PipRead *read)
{
    static const char *const places[] = {"PIP_TARGET", "PIP_PREFIX", "PIP_ROOT"};
    bool uv = read->pip->uv;
    const RunCommand *command = read->pip->command;
    if (command->settings->len < command->shell->assignments->len)
        return false; /* the value of one is not known */
    for (size_t i = 0; !uv && i < G_N_ELEMENTS(places); i++) {
        if (setting(read, places[i]))
            return false;
    }
    if (is_on(setting(read, uv ? "UV_NO_INDEX" : "PIP_NO_INDEX")))
        return false;
    for (size_t i = 0; !uv && i < G_N_ELEMENTS(options); i++) {
        g_autofree char *name = variable_of(options[i].option);
        const char *value = pip_given(read, options[i].option) ? NULL : setting(read, name);
        if (value && !read_variable(read, i, value))
            return false;
    }
    const char *backend = uv ? setting(read, "UV_TORCH_BACKEND") : NULL;
    if (backend && !pip_given(read, "--torch-backend") && !read_backend(read, backend))
        return false;
    return true;
}

bool pip_is_isolated(const PipRead *read)
{
    /* pip stores what its variable says as "isolate the build", and uv does not */
    bool uv = read->pip->uv;
    const char *value = setting(read, uv ? "UV_NO_BUILD_ISOLATION" : "PIP_NO_BUILD_ISOLATION");
    return !pip_given(read, "--no-build-isolation") && !(value && is_on(value) == uv);
}

GPtrArray *pip_values(const PipRead *read, const char *const *names)
{
    static const char *const variables[][3] = {
        {"--requirement", "PIP_REQUIREMENT", NULL},
        {"--constraint", "PIP_CONSTRAINT", "UV_CONSTRAINT"},
        {"--override", NULL, "UV_OVERRIDE"},
    };
    GPtrArray *values = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < read->pip->options->len; i++) {
        const PipGiven *given = read->pip->options->pdata[i];
        if (g_strv_contains(names, given->name))
            g_ptr_array_add(values, g_strdup(given->value));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(variables); i++) {
        const char *name = variables[i][read->pip->uv ? 2 : 1];
        const char *value =
            name && g_strv_contains(names, variables[i][0]) ? setting(read, name) : NULL;
        g_auto(GStrv) paths = g_strsplit_set(value ? value : "", " \t\n", -1);
        for (guint k = 0; paths[k]; k++) {
            if (*paths[k])
                g_ptr_array_add(values, g_strdup(paths[k]));
        }
    }
    return values;
}

/* Indexes */

bool pip_add_configured_indexes(PipRead *read)
{
    const char *own = read->pip->index_setting ? read->pip->index_setting : read->scene->index;
    const char *extra = read->pip->extra_setting ? read->pip->extra_setting : read->scene->extra;
    if (own && !draft_get(read->body, "index") && !read_index(read, own, false))
        return false;
    g_auto(GStrv) urls = g_strsplit_set(extra ? extra : "", " \t\n", -1);
    for (guint i = 0; urls[i]; i++) {
        if (*urls[i] && !read_index(read, urls[i], true))
            return false;
    }
    return true;
}

void pip_note_secrets(PipRead *read)
{
    static const char *const files[] = {"pip.conf", "netrc", "uv.toml", "env=PIP_", "env=UV_"};
    const GPtrArray *flags = read->run->instruction->flags;
    for (guint i = 0; i < flags->len; i++) {
        const DockerFlag *flag = flags->pdata[i];
        bool secret = flag->value && strstr(flag->value, "type=secret");
        for (size_t k = 0; secret && k < G_N_ELEMENTS(files); k++) {
            if (strstr(flag->value, files[k]))
                pip_add_note(read, NOTE_LOST,
                             g_strdup_printf("--mount=%s: what it says of indexes and passwords; "
                                             "name the index in `indexes:`, with a secret as its "
                                             "`auth:`",
                                             flag->value));
        }
    }
}
