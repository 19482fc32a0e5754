#include "python/interpreter.h"

#include "base/limits.h"
#include "python/elf.h"
#include "python/installed.h"
#include "python/python_version.h"
#include "python/target_libc.h"

static const char default_path[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

void interpreter_free(Interpreter *interpreter)
{
    if (!interpreter)
        return;
    g_free(interpreter->path);
    g_free(interpreter->real);
    g_free(interpreter->prefix);
    g_free(interpreter->stdlib);
    python_target_free(interpreter->target);
    environment_free(interpreter->environment);
    g_free(interpreter->pip_version);
    g_free(interpreter->externally_managed);
    g_ptr_array_unref(interpreter->warnings);
    g_free(interpreter);
}

const char *interpreter_env(const char *const *env, const char *key)
{
    size_t length = strlen(key);
    for (; env && *env; env++) {
        if (strncmp(*env, key, length) == 0 && (*env)[length] == '=')
            return *env + length + 1;
    }
    return NULL;
}

/* What the files are called whose content is read: by the last part of the path and, where that
 * says too little, a part of the rest. */
bool interpreter_wants(const char *path, guint64 size)
{
    static const struct {
        const char *folder; /* part of the path, or "" */
        const char *name;   /* glob of the last part */
    } wanted[] = {
        {".dist-info/", "METADATA"},
        {".dist-info/", "RECORD"},
        {".dist-info/", "INSTALLER"},
        {".dist-info/", "entry_points.txt"},
        {".egg-info/", "entry_points.txt"},
        {".egg-info/", "installed-files.txt"},
        {"/venv/scripts/", "*ctivate*"},
        {".dist-info/", "direct_url.json"},
        {".egg-info/", "PKG-INFO"},
        {"", "*.egg-info"},
        {"-packages/", "*.egg-link"},
        {"-packages/", "*.pth"},
        {"-packages/_distutils_hack/", "__init__.py"}, /* what setuptools' .pth imports */
        {"", "pyvenv.cfg"},
        {"", "pip.conf"},
        {"", "os-release"},
        {"/var/lib/dpkg/", "status"},
        {"/var/lib/dpkg/status.d/", "*"},
        {"/python3", "_sysconfigdata*.py"},
        {"/python3", "build-details.json"},
        {"/python3", "patchlevel.h"},
        {"/python3", "sysconfig.py"},
        {"/sysconfig/", "__init__.py"},
        {"/bin/", "python*"},
        {"/bin/", "pip*"},
        {"", "libpython3*.so*"},
        {"", "libc.so.6"},
        {"", "libc-2.*.so"},
        {"", "ld-musl-*.so.1"},
        {"", "libc.musl-*.so.1"},
    };
    if (size > 64 * MIB)
        return false;
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++) {
        if (strstr(path, wanted[i].folder) && g_pattern_match_simple(wanted[i].name, name))
            return true;
    }
    return false;
}

/* The first of `names` on PATH, folder by folder. */
static char *find_on_path(const FileTree *tree, const char *const *env, const char *const *names)
{
    const char *path = interpreter_env(env, "PATH");
    g_auto(GStrv) folders = g_strsplit(path && *path ? path : default_path, ":", -1);
    for (guint i = 0; folders[i]; i++) {
        for (guint k = 0; names[k] && folders[i][0] == '/'; k++) {
            g_autofree char *found = g_build_filename(folders[i], names[k], NULL);
            if (file_tree_kind(tree, found) == TREE_FILE)
                return g_steal_pointer(&found);
        }
    }
    return NULL;
}

/* The interpreter that the first line of a script names, if it is a Python of this tree. */
static char *script_interpreter(const FileTree *tree, const char *script)
{
    g_autoptr(GBytes) bytes = file_tree_read(tree, script, MIB);
    gsize length = 0;
    const char *text = bytes ? g_bytes_get_data(bytes, &length) : NULL;
    if (length < 3 || strncmp(text, "#!", 2) != 0)
        return NULL;
    size_t start = 2;
    while (start < length && (text[start] == ' ' || text[start] == '\t'))
        start++;
    size_t end = start;
    while (end < length && !g_ascii_isspace(text[end]) && text[end] != '\0')
        end++;
    g_autofree char *path = g_strndup(text + start, end - start);
    g_autofree char *name = g_path_get_basename(path);
    bool ok = g_path_is_absolute(path) && g_str_has_prefix(name, "python") &&
              file_tree_kind(tree, path) == TREE_FILE;
    return ok ? g_steal_pointer(&path) : NULL;
}

/* `pip install` runs under the interpreter of the pip that PATH finds first. */
static char *find_path(const FileTree *tree, const char *const *env, GError **error)
{
    static const char *const pips[] = {"pip", "pip3", NULL};
    static const char *const pythons[] = {"python3", "python", NULL};
    g_autofree char *pip = find_on_path(tree, env, pips);
    char *found = pip ? script_interpreter(tree, pip) : NULL;
    if (!found)
        found = find_on_path(tree, env, pythons);
    if (!found)
        error_set(error, ERROR_INPUT, SPAN_NONE, "there is no python3 on its PATH");
    return found;
}

typedef struct {
    char *folder;  /* the environment's */
    char *home;    /* bin folder of the Python it was made with */
    char *version; /* of that Python, as it was then; or NULL */
    bool system_site;
} Venv;

static void venv_clear(Venv *venv)
{
    g_free(venv->folder);
    g_free(venv->home);
    g_free(venv->version);
}

/* pyvenv.cfg beside the interpreter or one folder above it (PEP 405). */
static void find_venv(const FileTree *tree, const char *path, Venv *venv)
{
    g_autofree char *bin = g_path_get_dirname(path);
    g_autofree char *above = g_path_get_dirname(bin);
    const char *folders[] = {above, bin};
    for (size_t i = 0; i < G_N_ELEMENTS(folders) && !venv->folder; i++) {
        g_autofree char *file = g_build_filename(folders[i], "pyvenv.cfg", NULL);
        g_autofree char *text = file_tree_read_text(tree, file, MIB);
        if (!text)
            continue;
        venv->folder = g_strdup(folders[i]);
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        for (guint k = 0; lines[k]; k++) {
            char *equals = strchr(lines[k], '=');
            if (!equals)
                continue;
            *equals = '\0';
            const char *key = g_strstrip(lines[k]), *value = g_strstrip(equals + 1);
            if (g_ascii_strcasecmp(key, "home") == 0 && !venv->home)
                venv->home = g_strdup(value);
            /* "version = 3.11.7" by venv, "version_info = 3.11.7.final.0" by others */
            if (g_ascii_strncasecmp(key, "version", strlen("version")) == 0 && !venv->version)
                venv->version = g_strdup(value);
            if (g_ascii_strcasecmp(key, "include-system-site-packages") == 0)
                venv->system_site = g_ascii_strcasecmp(value, "true") == 0;
        }
    }
}

/* The name of a standard library's folder, "python3.11" or "python3.13t", that `name` is or begins
 * ("python3.11-dbg" is 3.11's); NULL: the name tells no minor version. */
static char *library_name(const char *name)
{
    if (!g_str_has_prefix(name, "python3."))
        return NULL;
    size_t n = strlen("python3.");
    size_t digits = strspn(name + n, "0123456789");
    if (digits == 0 || digits > 3)
        return NULL;
    n += digits;
    return g_strndup(name, n + (name[n] == 't'));
}

static char *library_below(const FileTree *tree, const char *prefix, const char *library)
{
    static const char *const folders[] = {"lib", "lib64"};
    for (size_t i = 0; i < G_N_ELEMENTS(folders); i++) {
        g_autofree char *stdlib = g_build_filename(prefix, folders[i], library, NULL);
        if (file_tree_has(tree, stdlib, "os.py") || file_tree_has(tree, stdlib, "os.pyc"))
            return g_steal_pointer(&stdlib);
    }
    return NULL;
}

/* The standard library below `prefix`, of the wanted name or of whichever is there (the newest by
 * name that has the landmark). */
static char *find_library(const FileTree *tree, const char *prefix, const char *library)
{
    if (library)
        return library_below(tree, prefix, library);
    g_autofree char *lib = g_build_filename(prefix, "lib", NULL);
    g_autoptr(GPtrArray) names = file_tree_list(tree, lib);
    for (guint i = names->len; i > 0; i--) {
        g_autofree char *name = library_name(names->pdata[i - 1]);
        char *found = name ? library_below(tree, prefix, name) : NULL;
        if (found)
            return found;
    }
    return NULL;
}

/* Climbs from the folder of the executable to the first one that has a standard library below it.
 */
static bool find_prefix(Interpreter *interpreter, const FileTree *tree, const char *bin)
{
    g_autofree char *name = g_path_get_basename(interpreter->real);
    g_autofree char *library = library_name(name);
    g_autofree char *prefix = g_path_get_dirname(bin);
    for (;;) {
        g_autofree char *stdlib = find_library(tree, prefix, library);
        if (stdlib) {
            interpreter->stdlib = g_steal_pointer(&stdlib);
            interpreter->prefix = g_steal_pointer(&prefix);
            return true;
        }
        if (g_str_equal(prefix, "/"))
            return false;
        char *above = g_path_get_dirname(prefix);
        g_free(prefix);
        prefix = above;
    }
}

/* Whether the text of the standard library's sysconfig names a scheme. */
static bool sysconfig_names(const Interpreter *interpreter, const FileTree *tree,
                            const char *scheme)
{
    static const char *const files[] = {"sysconfig.py", "sysconfig/__init__.py"};
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(interpreter->stdlib, files[i], NULL);
        g_autofree char *text = file_tree_read_text(tree, path, MIB);
        if (text && strstr(text, scheme))
            return true;
    }
    return false;
}

static void warn(Interpreter *interpreter, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void warn(Interpreter *interpreter, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_ptr_array_add(interpreter->warnings, g_strdup_vprintf(format, args));
    va_end(args);
}

static void add_folder(Environment *environment, const char *folder)
{
    environment_add_folder(environment, folder, false);
}

static void add_folders_of_debian(Interpreter *interpreter)
{
    g_autofree char *name = g_path_get_basename(interpreter->stdlib);
    g_autofree char *own = g_build_filename("/usr/lib", name, "dist-packages", NULL);
    add_folder(interpreter->environment, "/usr/lib/python3/dist-packages");
    add_folder(interpreter->environment, own);
}

/* Where pip of this interpreter, outside a virtual environment, writes and reads. */
static void choose_scheme(Interpreter *interpreter, const FileTree *tree)
{
    const PythonTarget *target = interpreter->target;
    const char *prefix = interpreter->prefix;
    bool usr = g_str_equal(prefix, "/usr");
    g_autofree char *name = g_path_get_basename(interpreter->stdlib);
    if (usr && file_tree_kind(tree, "/usr/lib/python3/dist-packages") == TREE_FOLDER &&
        sysconfig_names(interpreter, tree, "posix_local")) {
        interpreter->layout = "debian";
        interpreter->environment = environment_new(SCHEME_DEBIAN, "/usr/local", target);
        add_folders_of_debian(interpreter);
    } else if (usr && sysconfig_names(interpreter, tree, "rpm_prefix")) {
        interpreter->layout = "unknown";
        interpreter->environment = environment_new(SCHEME_POSIX, "/usr/local", target);
        warn(interpreter,
             "its Python has the layout of Fedora, which is known by description alone");
        g_autofree char *lib64 = g_build_filename("/usr/lib64", name, "site-packages", NULL);
        g_autofree char *lib = g_build_filename("/usr/lib", name, "site-packages", NULL);
        add_folder(interpreter->environment, lib64);
        add_folder(interpreter->environment, lib);
    } else {
        interpreter->layout = file_tree_has(tree, prefix, "conda-meta") ? "conda"
                              : g_str_equal(prefix, "/usr/local")       ? "docker"
                                                                        : "unknown";
        interpreter->environment = environment_new(SCHEME_POSIX, prefix, target);
    }
}

/* A virtual environment's own folder; the base's behind it where it says so. */
static void choose_venv(Interpreter *interpreter, const FileTree *tree, const Venv *venv)
{
    Environment *own = environment_new(SCHEME_VENV, venv->folder, interpreter->target);
    if (venv->system_site) {
        choose_scheme(interpreter, tree);
        Environment *system = g_steal_pointer(&interpreter->environment);
        for (guint i = 0; i < system->path->len; i++)
            add_folder(own, system->path->pdata[i]);
        environment_free(system);
    }
    interpreter->layout = "venv";
    interpreter->environment = own;
}

/* PYTHONPATH stands before everything else on sys.path. */
static void add_python_path(Interpreter *interpreter, const char *const *env)
{
    const char *path = interpreter_env(env, "PYTHONPATH");
    g_auto(GStrv) folders = g_strsplit(path ? path : "", ":", -1);
    for (guint i = g_strv_length(folders); i > 0; i--) {
        if (g_path_is_absolute(folders[i - 1]))
            environment_add_folder(interpreter->environment, folders[i - 1], true);
    }
}

/* In a virtual environment pip uninstalls from below its folder alone. */
static void scan_installed(Interpreter *interpreter, const FileTree *tree, const Venv *venv)
{
    Environment *environment = interpreter->environment;
    g_autoptr(GPtrArray) seen = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *inside = venv->folder ? g_strconcat(venv->folder, "/", NULL) : NULL;
    for (guint i = 0; i < environment->path->len; i++) {
        const char *folder = environment->path->pdata[i];
        installed_scan(environment, tree, folder, inside && !g_str_has_prefix(folder, inside), seen,
                       interpreter->warnings);
    }
}

/* Debian's own pip before 24 leaves alone what Debian's packages brought. */
static void mark_debian_outside(Interpreter *interpreter, const InstalledDistribution *pip)
{
    static const char debian[] = "/usr/lib/python3/dist-packages";
    GPtrArray *all = interpreter->environment->distributions;
    if (!pip || g_strcmp0(pip->site_dir, debian) != 0 ||
        g_ascii_strtoull(version_text(pip->metadata->version), NULL, 10) >= 24)
        return;
    for (guint i = 0; i < all->len; i++) {
        InstalledDistribution *distribution = all->pdata[i];
        distribution->outside |= g_strcmp0(distribution->site_dir, debian) == 0;
    }
}

static gboolean read_target(Interpreter *interpreter, const FileTree *tree, const char *const *env,
                            const char *platform, const char *venv_version, GError **error)
{
    g_autoptr(GBytes) bytes = file_tree_read(tree, interpreter->real, 64 * MIB);
    g_autoptr(ElfFacts) elf = bytes ? elf_facts_read(bytes) : NULL;
    PythonVersionPlace place = {tree,  env,         interpreter->prefix, interpreter->stdlib,
                                bytes, venv_version};
    bool guessed = false;
    g_autofree char *version = python_version_find(&place, &guessed);
    if (guessed)
        warn(interpreter, "the third number of its Python %s is unknown, 0 is assumed", version);
    g_autofree char *libc = target_libc_find(tree, elf ? elf->interpreter : NULL);
    if (!libc)
        warn(interpreter, "its C library is unknown: no wheel that needs one fits");
    interpreter->target = python_target_new(version, libc, platform, error);
    if (!interpreter->target)
        return FALSE;
    const char *machine = interpreter->target->machine;
    if (elf && elf->machine && !g_str_equal(elf->machine, machine))
        return error_set(error, ERROR_INPUT, SPAN_NONE, "%s is made for %s, not for %s",
                         interpreter->real, elf->machine, machine);
    return TRUE;
}

static gboolean find_library_of(Interpreter *interpreter, const FileTree *tree, const Venv *venv,
                                GError **error)
{
    g_autofree char *bin = g_path_get_dirname(interpreter->real);
    if (find_prefix(interpreter, tree, bin) ||
        (venv->home && find_prefix(interpreter, tree, venv->home)))
        return TRUE;
    return error_set(error, ERROR_INPUT, SPAN_NONE, "the standard library of %s is not there",
                     interpreter->real);
}

static void read_environment(Interpreter *interpreter, const FileTree *tree, const Venv *venv,
                             const char *const *env)
{
    if (venv->folder)
        choose_venv(interpreter, tree, venv);
    else
        choose_scheme(interpreter, tree);
    g_free(interpreter->environment->python);
    interpreter->environment->python = g_strdup(interpreter->path);
    add_python_path(interpreter, env);
    scan_installed(interpreter, tree, venv);
    const InstalledDistribution *pip = environment_find(interpreter->environment, "pip");
    interpreter->pip_version = pip ? g_strdup(version_text(pip->metadata->version)) : NULL;
    mark_debian_outside(interpreter, pip);
    g_autofree char *managed = g_build_filename(interpreter->stdlib, "EXTERNALLY-MANAGED", NULL);
    if (!venv->folder && file_tree_kind(tree, managed) == TREE_FILE)
        interpreter->externally_managed = g_steal_pointer(&managed);
}

Interpreter *interpreter_find(const FileTree *tree, const char *const *env, const char *platform,
                              GError **error)
{
    g_autofree char *path = find_path(tree, env, error);
    if (!path)
        return NULL;
    g_autoptr(Interpreter) interpreter = g_new0(Interpreter, 1);
    interpreter->warnings = g_ptr_array_new_with_free_func(g_free);
    interpreter->real = file_tree_resolve(tree, path);
    interpreter->path = g_steal_pointer(&path);
    Venv venv = {0};
    find_venv(tree, interpreter->path, &venv);
    bool ok = find_library_of(interpreter, tree, &venv, error) &&
              read_target(interpreter, tree, env, platform, venv.version, error);
    if (ok)
        read_environment(interpreter, tree, &venv, env);
    venv_clear(&venv);
    return ok ? g_steal_pointer(&interpreter) : NULL;
}
