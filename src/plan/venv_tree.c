#include "plan/venv_tree.h"

#include "base/limits.h"

#include <string.h>

typedef struct {
    MergedTree *tree;
    const VenvTree *venv;
    char *python; /* "python3.11" */
    char *stdlib; /* of the interpreter */
} Maker;

static gboolean put(Maker *maker, TreeEntry *entry, GError **error)
{
    entry->layer = LAYER_OF_INSTALLER;
    return merged_tree_put(maker->tree, entry, NULL, error);
}

static gboolean put_folder(Maker *maker, const char *path, GError **error)
{
    g_autofree char *whole = g_build_filename(maker->venv->folder, path, NULL);
    return put(maker, tree_entry_new(whole, ENTRY_FOLDER, 0755), error);
}

static gboolean put_link(Maker *maker, const char *path, const char *target, GError **error)
{
    g_autofree char *whole = g_build_filename(maker->venv->folder, path, NULL);
    TreeEntry *entry = tree_entry_new(whole, ENTRY_SYMLINK, 0777);
    entry->target = g_strdup(target);
    return put(maker, entry, error);
}

static gboolean put_text(Maker *maker, const char *path, char *take_text, GError **error)
{
    g_autofree char *whole = g_build_filename(maker->venv->folder, path, NULL);
    TreeEntry *entry = tree_entry_new(whole, ENTRY_FILE, 0644);
    entry->content = CONTENT_BYTES;
    entry->size = strlen(take_text);
    entry->bytes = g_bytes_new_take(take_text, strlen(take_text));
    return put(maker, entry, error);
}

static gboolean put_configuration(Maker *maker, GError **error)
{
    const VenvTree *venv = maker->venv;
    g_autofree char *home = g_path_get_dirname(venv->interpreter);
    g_autofree char *real = merged_tree_resolve(maker->tree, venv->interpreter, true);
    GString *text = g_string_new(NULL);
    g_string_append_printf(text,
                           "home = %s\n"
                           "include-system-site-packages = false\n"
                           "version = %u.%u.%u\n",
                           home, venv->python->major, venv->python->minor, venv->python->micro);
    if (venv->python->minor >= 11)
        g_string_append_printf(text, "executable = %s\ncommand = %s -m venv --without-pip %s\n",
                               real ? real : venv->interpreter, venv->interpreter, venv->folder);
    return put_text(maker, "pyvenv.cfg", g_string_free(text, FALSE), error);
}

/* Python's shlex.quote(). */
static char *shell_quote(const char *text)
{
    size_t plain = 0;
    while (g_ascii_isalnum(text[plain]) || (text[plain] && strchr("@%+=:,./_-", text[plain])))
        plain++;
    if (*text && text[plain] == '\0')
        return g_strdup(text);
    g_auto(GStrv) parts = g_strsplit(text, "'", -1);
    g_autofree char *inside = g_strjoinv("'\"'\"'", parts);
    return g_strdup_printf("'%s'", inside);
}

/* Newer templates expect values with the shell's quotes, older ones have quotes of their own. */
static char *fill_in(const Maker *maker, const char *template)
{
    bool quote = !strstr(template, "\"__VENV_DIR__\"");
    const char *folder = maker->venv->folder;
    g_autofree char *base = g_path_get_basename(folder);
    g_autofree char *python = g_build_filename(folder, "bin/python3", NULL);
    g_autofree char *prompt =
        g_strdup_printf(maker->venv->python->minor < 13 ? "(%s) " : "%s", base);
    const struct {
        const char *name, *value;
    } values[] = {
        {"__VENV_DIR__", folder},     {"__VENV_NAME__", base},     {"__VENV_PROMPT__", prompt},
        {"__VENV_BIN_NAME__", "bin"}, {"__VENV_PYTHON__", python},
    };
    GString *text = g_string_new(template);
    for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
        g_autofree char *quoted = quote ? shell_quote(values[i].value) : g_strdup(values[i].value);
        g_string_replace(text, values[i].name, quoted, 0);
    }
    return g_string_free(text, FALSE);
}

/* venv's install_scripts(); nothing where the base's template is not at hand. */
static gboolean put_script(Maker *maker, const char *folder, const char *name, GError **error)
{
    g_autofree char *path = g_build_filename(maker->stdlib, "venv/scripts", folder, name, NULL);
    g_autoptr(GBytes) bytes = merged_tree_read(maker->tree, path, MIB);
    gsize length = 0;
    const char *data = bytes ? g_bytes_get_data(bytes, &length) : NULL;
    if (!data || !g_utf8_validate(data, (gssize)length, NULL))
        return TRUE;
    g_autofree char *template = g_strndup(data, length);
    g_autofree char *target = g_build_filename("bin", name, NULL);
    return put_text(maker, target, fill_in(maker, template), error);
}

static gboolean put_scripts(Maker *maker, GError **error)
{
    static const struct {
        const char *folder, *name;
    } scripts[] = {
        {"common", "activate"},     {"common", "Activate.ps1"}, {"common", "activate.fish"},
        {"posix", "activate.fish"}, {"posix", "activate.csh"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(scripts); i++) {
        if (!put_script(maker, scripts[i].folder, scripts[i].name, error))
            return FALSE;
    }
    return TRUE;
}

/* Folders, links to the interpreter and .gitignore, by the Python that has them first. */
static gboolean put_versioned(Maker *maker, GError **error)
{
    unsigned minor = maker->venv->python->minor;
    g_autofree char *include = g_build_filename("include", maker->python, NULL);
    g_autofree char *binary = g_build_filename("bin", maker->python, NULL);
    return (minor < 11 || put_folder(maker, include, error)) &&
           (minor < 9 || put_link(maker, binary, "python3", error)) &&
           (minor < 13 || put_text(maker, ".gitignore",
                                   g_strdup("# Created by venv; see "
                                            "https://docs.python.org/3/library/venv.html\n*\n"),
                                   error)) &&
           (minor < 14 || put_link(maker, "bin/\xf0\x9d\x9c\x8bthon", "python3", error));
}

static gboolean put_all(Maker *maker, GError **error)
{
    g_autofree char *site = g_build_filename("lib", maker->python, "site-packages", NULL);
    g_autofree char *lib = g_build_filename("lib", maker->python, NULL);
    return put_folder(maker, "", error) && put_folder(maker, "include", error) &&
           put_folder(maker, "lib", error) && put_folder(maker, lib, error) &&
           put_folder(maker, site, error) && put_link(maker, "lib64", "lib", error) &&
           put_folder(maker, "bin", error) && put_configuration(maker, error) &&
           put_link(maker, "bin/python3", maker->venv->interpreter, error) &&
           put_link(maker, "bin/python", "python3", error) && put_versioned(maker, error) &&
           put_scripts(maker, error);
}

gboolean tree_add_venv(MergedTree *tree, const VenvTree *venv, GError **error)
{
    g_autofree char *real = merged_tree_resolve(tree, venv->interpreter, true);
    g_autofree char *bin = g_path_get_dirname(real ? real : venv->interpreter);
    g_autofree char *prefix = g_path_get_dirname(bin);
    Maker maker = {tree, venv, NULL, NULL};
    maker.python = g_strdup_printf("python%u.%u%s", venv->python->major, venv->python->minor,
                                   strchr(venv->python->abi_flags, 't') ? "t" : "");
    maker.stdlib = g_build_filename(prefix, "lib", maker.python, NULL);
    GError *cause = NULL;
    gboolean ok =
        put_all(&maker, &cause) ||
        error_wrap(error, cause, SPAN_NONE, "cannot make the virtual environment %s", venv->folder);
    g_free(maker.python);
    g_free(maker.stdlib);
    return ok;
}

char *tree_find_program(const MergedTree *tree, const char *const *env, const char *name)
{
    static const char fallback[] =
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    const char *path = fallback;
    for (size_t i = 0; env && env[i]; i++) {
        if (g_str_has_prefix(env[i], "PATH="))
            path = env[i];
    }
    g_auto(GStrv) folders = g_strsplit(path + strlen("PATH="), ":", -1);
    for (guint i = 0; folders[i]; i++) {
        g_autofree char *whole = g_build_filename(folders[i], name, NULL);
        if (*whole == '/' && merged_tree_stat(tree, whole, true) == PATH_FILE)
            return g_steal_pointer(&whole);
    }
    return NULL;
}
