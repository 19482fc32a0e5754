#include "python/python_version.h"

#include "base/limits.h"
#include "python/interpreter.h"
#include "text/json.h"

enum {
    VERSION_CHARS = 24,
};

/* Length of N, NrcM, N+ behind "3.11.", or 0. */
static size_t micro_length(const char *p, const char *end)
{
    const char *start = p;
    while (p < end && g_ascii_isdigit(*p))
        p++;
    if (p == start)
        return 0;
    const char *suffix = p;
    if (p < end && (*p == 'a' || *p == 'b'))
        p++;
    else if (end - p >= 2 && p[0] == 'r' && p[1] == 'c')
        p += 2;
    const char *number = p;
    while (p < end && g_ascii_isdigit(*p))
        p++;
    if (number != suffix && p == number)
        return 0;
    if (p < end && *p == '+')
        p++;
    return p - start <= VERSION_CHARS ? (size_t)(p - start) : 0;
}

/* What stands at `p` and begins with `start`, or 0. */
static size_t version_length(const char *p, const char *data, const char *end, const char *start)
{
    size_t n = strlen(start);
    if ((size_t)(end - p) < n || memcmp(p, start, n) != 0)
        return 0;
    size_t micro = micro_length(p + n, end);
    const char *behind = p + n + micro;
    bool before_ok = p > data && (p[-1] == '\0' || p[-1] == ' ');
    bool behind_ok = behind < end && (*behind == '\0' || *behind == ' ');
    return micro > 0 && before_ok && behind_ok ? n + micro : 0;
}

char *python_version_scan(GBytes *bytes, const char *minor_version)
{
    gsize length;
    const char *data = g_bytes_get_data(bytes, &length);
    const char *end = data + length;
    g_autofree char *start = g_strconcat(minor_version, ".", NULL);
    size_t major = strcspn(start, ".");
    /* By the first dot: there are few in a program of tens of megabytes, and memchr() is fast. */
    for (const char *dot = data; dot < end && (dot = memchr(dot, '.', (size_t)(end - dot)));
         dot++) {
        bool fits = (size_t)(dot - data) >= major;
        size_t found = fits ? version_length(dot - major, data, end, start) : 0;
        if (found > 0)
            return g_strndup(dot - major, found);
    }
    return NULL;
}

/* {"implementation": {"version": {"micro": 2, "releaselevel": "final", "serial": 0}}} */
static char *from_build_details(const PythonVersionPlace *place, const char *minor_version)
{
    static const struct {
        const char *level, *mark;
    } levels[] = {{"alpha", "a"}, {"beta", "b"}, {"candidate", "rc"}};
    g_autofree char *path = g_build_filename(place->stdlib, "build-details.json", NULL);
    g_autofree char *text = file_tree_read_text(place->tree, path, MIB);
    g_autoptr(Json) json = text ? json_parse(path, text, strlen(text), NULL) : NULL;
    const Json *version = json_find(json_find(json, "implementation"), "version");
    gint64 micro, serial = 0;
    if (!json_as_integer(json_find(version, "micro"), &micro) || micro < 0 || micro > 999)
        return NULL;
    json_as_integer(json_find(version, "serial"), &serial);
    const char *level = json_find_text(version, "releaselevel");
    for (size_t i = 0; level && i < G_N_ELEMENTS(levels); i++) {
        if (g_str_equal(level, levels[i].level))
            return g_strdup_printf("%s.%d%s%d", minor_version, (int)micro, levels[i].mark,
                                   (int)CLAMP(serial, 0, 999));
    }
    return g_strdup_printf("%s.%d", minor_version, (int)micro);
}

/* The interpreter's code is in its executable or in libpython, below the prefix or in a folder of
 * the machine's name there. */
static char *from_library(const PythonVersionPlace *place, const char *minor_version)
{
    static const char *const folders[] = {"lib", "lib64", "lib/x86_64-linux-gnu",
                                          "lib/aarch64-linux-gnu"};
    g_autofree char *pattern = g_strdup_printf("libpython%s", minor_version);
    for (size_t i = 0; i < G_N_ELEMENTS(folders); i++) {
        g_autofree char *folder = g_build_filename(place->prefix, folders[i], NULL);
        g_autoptr(GPtrArray) names = file_tree_list(place->tree, folder);
        for (guint k = 0; k < names->len; k++) {
            if (!g_str_has_prefix(names->pdata[k], pattern) || !strstr(names->pdata[k], ".so"))
                continue;
            g_autofree char *path = g_build_filename(folder, names->pdata[k], NULL);
            g_autoptr(GBytes) bytes = file_tree_read(place->tree, path, 64 * MIB);
            char *found = bytes ? python_version_scan(bytes, minor_version) : NULL;
            if (found)
                return found;
        }
    }
    return NULL;
}

/* #define PY_VERSION "3.11.2" */
static char *from_header(const PythonVersionPlace *place, const char *library)
{
    g_autofree char *path =
        g_build_filename(place->prefix, "include", library, "patchlevel.h", NULL);
    g_autofree char *text = file_tree_read_text(place->tree, path, MIB);
    const char *line = text ? strstr(text, "#define PY_VERSION ") : NULL;
    const char *open = line ? strchr(line, '"') : NULL;
    const char *newline = line ? strchr(line, '\n') : NULL;
    const char *close = open ? strchr(open + 1, '"') : NULL;
    if (!close || (newline && close > newline) || close - open > VERSION_CHARS)
        return NULL;
    return g_strndup(open + 1, (gsize)(close - open - 1));
}

static char *from_env(const PythonVersionPlace *place, const char *minor_version)
{
    const char *value = interpreter_env(place->env, "PYTHON_VERSION");
    size_t n = strlen(minor_version);
    bool ok = value && strncmp(value, minor_version, n) == 0 && value[n] == '.' &&
              value[n + 1 + micro_length(value + n + 1, value + strlen(value))] == '\0';
    return ok ? g_strdup(value) : NULL;
}

/* Whether the build's data sets a flag: 'Py_DEBUG': 1. */
static bool build_flag(const PythonVersionPlace *place, const char *key)
{
    g_autoptr(GPtrArray) names = file_tree_list(place->tree, place->stdlib);
    g_autofree char *text = g_strdup_printf("'%s': 1", key);
    for (guint i = 0; i < names->len; i++) {
        const char *name = names->pdata[i];
        if (!g_str_has_prefix(name, "_sysconfigdata__") || !g_str_has_suffix(name, ".py"))
            continue;
        g_autofree char *path = g_build_filename(place->stdlib, name, NULL);
        g_autofree char *data = file_tree_read_text(place->tree, path, 4 * MIB);
        if (data && strstr(data, text))
            return true;
    }
    return false;
}

/* What pyvenv.cfg says of the Python that made the environment. It does not change when that Python
 * does, so that it comes last. */
static char *from_venv(const PythonVersionPlace *place, const char *minor_version)
{
    const char *value = place->venv_version;
    size_t n = strlen(minor_version);
    if (!value || strncmp(value, minor_version, n) != 0 || value[n] != '.')
        return NULL;
    size_t digits = strspn(value + n + 1, "0123456789");
    bool fits =
        digits > 0 && digits <= 3 &&
        (value[n + 1 + digits] == '\0' || g_str_has_prefix(value + n + 1 + digits, ".final."));
    return fits ? g_strndup(value, n + 1 + digits) : NULL;
}

char *python_version_find(const PythonVersionPlace *place, bool *ret_guessed)
{
    g_autofree char *library = g_path_get_basename(place->stdlib);
    bool threads = g_str_has_suffix(library, "t");
    g_autofree char *minor = g_strndup(library + strlen("python"),
                                       strlen(library) - strlen("python") - (threads ? 1 : 0));
    g_autofree char *found = from_build_details(place, minor);
    if (!found && place->executable)
        found = python_version_scan(place->executable, minor);
    if (!found)
        found = from_library(place, minor);
    if (!found)
        found = from_header(place, library);
    if (!found)
        found = from_env(place, minor);
    if (!found)
        found = from_venv(place, minor);
    *ret_guessed = found == NULL;
    threads |= build_flag(place, "Py_GIL_DISABLED");
    return g_strconcat(found ? found : minor, threads ? "t" : "",
                       build_flag(place, "Py_DEBUG") ? "d" : "", NULL);
}
