#include "lock/base_facts.h"

#include "base/limits.h"
#include "lock/base_constraints.h"
#include "lock/base_tree.h"
#include "python/interpreter.h"

enum {
    MAX_GATE_BYTES = 16384, /* NVIDIA's own have about 1000 */
};

void base_facts_free(BaseFacts *facts)
{
    if (!facts)
        return;
    g_free(facts->reference);
    g_free(facts->digest);
    g_free(facts->platform);
    g_free(facts->no_python);
    python_target_free(facts->target);
    environment_free(facts->environment);
    g_free(facts->interpreter);
    g_free(facts->pip_version);
    g_free(facts->externally_managed);
    pip_config_free(facts->pip_config);
    if (facts->constraints)
        g_ptr_array_unref(facts->constraints);
    g_strfreev(facts->warnings);
    g_free(facts->os_id);
    g_free(facts->os_version);
    g_free(facts->os_codename);
    g_strfreev(facts->env);
    g_free(facts->user);
    g_free(facts);
}

/* KEY=value or KEY="value" of os-release(5). */
static char *release_value(const char *text, const char *key)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    size_t n = strlen(key);
    for (guint i = 0; lines[i]; i++) {
        if (strncmp(lines[i], key, n) != 0 || lines[i][n] != '=')
            continue;
        char *value = g_strstrip(lines[i] + n + 1);
        size_t length = strlen(value);
        if (length >= 2 && (*value == '"' || *value == '\'') && value[length - 1] == *value)
            return g_strndup(value + 1, length - 2);
        return g_strdup(value);
    }
    return NULL;
}

static void read_release(BaseFacts *facts, const FileTree *files)
{
    static const char *const places[] = {"/etc/os-release", "/usr/lib/os-release"};
    for (size_t i = 0; i < G_N_ELEMENTS(places) && !facts->os_id; i++) {
        g_autofree char *text = file_tree_read_text(files, places[i], LIMIT_CONFIG_BYTES);
        if (!text)
            continue;
        facts->os_id = release_value(text, "ID");
        facts->os_version = release_value(text, "VERSION_ID");
        facts->os_codename = release_value(text, "VERSION_CODENAME");
    }
}

static void count_packages(BaseFacts *facts, const FileTree *files)
{
    static const char installed[] = "Status: install ok installed\n";
    g_autoptr(GBytes) bytes = file_tree_read(files, "/var/lib/dpkg/status", 64 * MIB);
    gsize length = 0;
    const char *text = bytes ? g_bytes_get_data(bytes, &length) : NULL;
    const char *end = text + length;
    for (const char *p = text;
         p && (p = memmem(p, (size_t)(end - p), installed, strlen(installed))); p++)
        facts->dpkg_packages += p == text || p[-1] == '\n';
}

static gboolean read_config_file(void *data, const char *path, char **ret_text, size_t *ret_length)
{
    const FileTree *files = data;
    g_autoptr(GBytes) bytes = file_tree_read(files, path, LIMIT_CONFIG_BYTES);
    if (!bytes)
        return FALSE;
    gsize length;
    const char *text = g_bytes_get_data(bytes, &length);
    *ret_text = g_strndup(text ? text : "", length);
    *ret_length = length;
    return TRUE;
}

static void read_pip_config(BaseFacts *facts, const FileTree *files, GStrvBuilder *warnings)
{
    const char *home = interpreter_env((const char *const *)facts->env, "HOME");
    g_autoptr(GError) error = NULL;
    facts->pip_config = pip_config_read(read_config_file, (void *)files, home ? home : "/root",
                                        (const char *const *)facts->env, &error);
    if (!facts->pip_config)
        g_strv_builder_add(warnings, error->message);
}

static void take_interpreter(BaseFacts *facts, Interpreter *interpreter, GStrvBuilder *warnings)
{
    facts->has_python = true;
    facts->target = g_steal_pointer(&interpreter->target);
    facts->environment = g_steal_pointer(&interpreter->environment);
    facts->interpreter = g_steal_pointer(&interpreter->real);
    facts->pip_version = g_steal_pointer(&interpreter->pip_version);
    facts->externally_managed = g_steal_pointer(&interpreter->externally_managed);
    for (guint i = 0; i < interpreter->warnings->len; i++)
        g_strv_builder_add(warnings, interpreter->warnings->pdata[i]);
}

/* "3.11" asks for any 3.11.x, "3.11.2" and "3.13t" for just that. */
static bool version_fits(const PythonTarget *target, const char *wanted)
{
    g_autofree char *full = g_strconcat(target->full_version, target->abi_flags, NULL);
    g_autofree char *minor =
        g_strdup_printf("%u.%u%s", target->major, target->minor, target->abi_flags);
    return g_str_equal(wanted, full) || g_str_equal(wanted, minor) ||
           g_str_equal(wanted, target->full_version);
}

static gboolean check_version(const BaseFacts *facts, const BaseRequest *request, GError **error)
{
    if (!request->python || !facts->has_python || version_fits(facts->target, request->python))
        return TRUE;
    error_set(error, ERROR_INPUT, request->python_at,
              "the recipe asks for Python %s, the base %s has Python %s", request->python,
              request->reference, facts->target->full_version);
    if (error)
        error_set_hint(*error, "leave `python:` out to take the base's, or choose another base");
    return FALSE;
}

bool base_gate_is_valid(const char *gate)
{
    size_t length = strlen(gate);
    bool printable = length > 0 && length <= MAX_GATE_BYTES;
    for (size_t i = 0; printable && i < length; i++)
        printable = g_ascii_isprint(gate[i]);
    return printable;
}

bool base_user_is_valid(const char *user)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    size_t name = strspn(user, allowed);
    size_t group = user[name] == ':' ? 1 + strspn(user + name + 1, allowed) : 0;
    return name > 0 && user[0] != '-' && group != 1 && user[name + group] == '\0';
}

static bool is_root(const char *user)
{
    g_autofree char *name = g_strndup(user, strcspn(user, ":"));
    return g_str_equal(name, "root") || (*name && strspn(name, "0") == strlen(name));
}

static gboolean take_user(BaseFacts *facts, const BaseTree *tree, const BaseRequest *request,
                          GStrvBuilder *warnings, GError **error)
{
    const char *user = tree->user;
    if (!user || !*user || is_root(user))
        return TRUE;
    if (!base_user_is_valid(user)) {
        g_autofree char *shown = g_strescape(user, NULL);
        return error_set(error, ERROR_INPUT, request->at,
                         "the base %s runs as '%s', which is no name of a user", request->reference,
                         shown);
    }
    facts->user = g_strdup(user);
    g_autofree char *text = g_strdup_printf(
        "the base runs as the user %s: pip there installs into that user's home where it may not "
        "write elsewhere",
        user);
    g_strv_builder_add(warnings, text);
    return TRUE;
}

BaseFacts *base_facts_from_tree(const BaseRequest *request, const BaseTree *tree, GError **error)
{
    FileTree files = base_tree_files(tree);
    g_autoptr(GStrvBuilder) warnings = g_strv_builder_new();
    g_autoptr(BaseFacts) facts = g_new0(BaseFacts, 1);
    facts->form = base_form(request->reference);
    facts->reference = g_strdup(request->reference);
    facts->digest = g_strdup(tree->digest);
    facts->platform = g_strdup(request->platform);
    facts->env = g_strdupv(tree->env);
    read_release(facts, &files);
    count_packages(facts, &files);
    read_pip_config(facts, &files, warnings);
    if (!base_constraints_read(facts, &files, request, error))
        return NULL;
    if (!take_user(facts, tree, request, warnings, error))
        return NULL;
    GError *cause = NULL;
    g_autoptr(Interpreter) interpreter =
        interpreter_find(&files, (const char *const *)tree->env, request->platform, &cause);
    if (interpreter) {
        take_interpreter(facts, interpreter, warnings);
    } else {
        facts->no_python = g_strdup(cause->message);
        g_error_free(cause);
    }
    facts->warnings = g_strv_builder_end(warnings);
    return check_version(facts, request, error) ? g_steal_pointer(&facts) : NULL;
}

BaseFacts *base_facts_read(const BaseRequest *request, GError **error)
{
    g_autoptr(BaseTree) tree = base_tree_open(request, NULL, error);
    return tree ? base_facts_from_tree(request, tree, error) : NULL;
}

typedef struct {
    const char *name;
    InstallScheme scheme;
    const char *prefix;
} SchemeRow;

static const SchemeRow schemes[] = {
    {"posix", SCHEME_POSIX, "/usr/local"},
    {"debian", SCHEME_DEBIAN, "/usr/local"},
};

static const SchemeRow *find_scheme(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(schemes); i++) {
        if (!name || g_str_equal(schemes[i].name, name))
            return &schemes[i];
    }
    return NULL;
}

/* Where `target: env` installs to, when nobody says: the folder is the user's choice, the layout
 * below it is not. */
static const char env_folder[] = "/venv";

static Environment *declared_environment(const BaseDeclaration *declaration,
                                         const SchemeRow *scheme, const PythonTarget *target)
{
    if (g_str_equal(target->system, "windows"))
        return environment_new(SCHEME_WINDOWS_VENV,
                               declaration->venv ? declaration->venv : env_folder, target);
    if (declaration->venv || declaration->target_env)
        return environment_new(SCHEME_VENV, declaration->venv ? declaration->venv : env_folder,
                               target);
    return environment_new(scheme->scheme,
                           declaration->prefix ? declaration->prefix : scheme->prefix, target);
}

BaseFacts *base_facts_declared(const BaseDeclaration *declaration, GError **error)
{
    const SchemeRow *scheme = find_scheme(declaration->scheme);
    if (!scheme) {
        error_set(error, ERROR_INPUT, SPAN_NONE, "'%s' is no scheme (posix and debian are)",
                  declaration->scheme);
        return NULL;
    }
    g_autoptr(PythonTarget) target =
        python_target_new(declaration->python, declaration->libc, declaration->platform, error);
    if (!target)
        return NULL;
    BaseFacts *facts = g_new0(BaseFacts, 1);
    facts->form = BASE_FORM_DECLARED;
    facts->reference = g_strdup(declaration->reference);
    facts->platform = g_strdup(declaration->platform);
    facts->has_python = true;
    facts->environment = declared_environment(declaration, scheme, target);
    facts->target = g_steal_pointer(&target);
    facts->warnings = g_new0(char *, 1);
    facts->env = g_new0(char *, 1);
    return facts;
}

void base_facts_use_venv(BaseFacts *facts, const char *venv)
{
    if (!facts->has_python)
        return;
    environment_free(facts->environment);
    facts->environment = environment_new(SCHEME_VENV, venv, facts->target);
    g_clear_pointer(&facts->externally_managed, g_free);
}
