/* The table of kinds. */
#include "import/import.h"

#include "base/limits.h"
#include "lock/host_environment.h"
#include "python/foreign_lock.h"

static bool name_matches(const ImportInput *input, const char *const *patterns)
{
    g_autofree char *lower = g_ascii_strdown(input->name, -1);
    for (guint i = 0; patterns[i]; i++) {
        if (g_pattern_match_simple(patterns[i], lower))
            return true;
    }
    return false;
}

/* Whether the first line that is neither empty nor a comment begins with one of the words. */
static bool begins_with(const ImportInput *input, const char *const *words)
{
    size_t length;
    for (unsigned i = 1; i < 200; i++) {
        const char *text = source_line(input->source, i, &length);
        if (!text)
            return false;
        g_autofree char *line = g_strstrip(g_strndup(text, length));
        if (*line == '\0' || *line == '#')
            continue;
        for (guint k = 0; words[k]; k++) {
            size_t word = strlen(words[k]);
            if (g_ascii_strncasecmp(line, words[k], word) == 0 && g_ascii_isspace(line[word]))
                return true;
        }
        return false;
    }
    return false;
}

static bool is_dockerfile(const ImportInput *input)
{
    static const char *const names[] = {
        "dockerfile",      "dockerfile.*", "*.dockerfile",    "containerfile",
        "containerfile.*", "*-dockerfile", "*.containerfile", NULL};
    static const char *const words[] = {"from", "arg", NULL};
    return !input->is_folder && (name_matches(input, names) || begins_with(input, words));
}

static bool is_lock(const ImportInput *input)
{
    return !input->is_folder && foreign_lock_is_name(input->name);
}

static bool is_project(const ImportInput *input)
{
    return !input->is_folder && g_str_equal(input->name, "pyproject.toml");
}

static bool is_environment(const ImportInput *input)
{
    if (!input->is_folder)
        return false;
    g_autofree char *config = g_build_filename(input->path, "pyvenv.cfg", NULL);
    g_autofree char *site = host_environment_site(input->path);
    return g_file_test(config, G_FILE_TEST_EXISTS) || !g_str_equal(site, input->path) ||
           g_str_has_suffix(input->path, "site-packages");
}

static bool is_requirements(const ImportInput *input)
{
    static const char *const names[] = {"*.txt", "*.in", "*.pip", "*freeze*", NULL};
    return !input->is_folder && name_matches(input, names);
}

/* In the order in which they are asked. */
static const ImportKind kinds[] = {
    {"dockerfile", "a Dockerfile", is_dockerfile, import_dockerfile},
    {"lock", "a uv.lock, poetry.lock or pylock.toml", is_lock, import_lock},
    {"project", "a pyproject.toml", is_project, import_project},
    {"environment", "the folder of a virtual environment", is_environment, import_environment},
    {"requirements", "a requirements file", is_requirements, import_requirements},
};

const char *import_kind_name(int choice)
{
    g_assert(choice >= 0 && (size_t)choice <= G_N_ELEMENTS(kinds));
    return choice == 0 ? NULL : kinds[choice - 1].name;
}

gboolean import_input_open(const char *path, ImportInput *ret_input, GError **error)
{
    ImportInput input = {.path = path};
    input.is_folder = g_file_test(path, G_FILE_TEST_IS_DIR);
    if (!input.is_folder) {
        input.source = source_load(path, NULL, LIMIT_IMPORT_BYTES, error);
        if (!input.source)
            return FALSE;
    }
    const char *slash = strrchr(path, '/');
    input.name = slash && slash[1] ? slash + 1 : path;
    *ret_input = input;
    return TRUE;
}

void import_input_clear(ImportInput *input)
{
    g_clear_pointer(&input->source, source_unref);
}

const ImportKind *import_kind_find(const char *name, const ImportInput *input, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (name ? g_str_equal(kinds[i].name, name) : kinds[i].matches(input))
            return &kinds[i];
    }
    GString *titles = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        g_string_append_printf(titles, "%s%s", i > 0 ? ", " : "", kinds[i].title);
    error_set(error, ERROR_INPUT, SPAN_NONE, "%s is nothing that is imported", input->path);
    if (error)
        error_set_hint(*error, "what is: %s; --kind says which where the name does not",
                       titles->str);
    g_string_free(titles, TRUE);
    return NULL;
}
