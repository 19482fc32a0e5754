#include "python/pyproject.h"

#include "python/name.h"
#include "python/poetry_constraint.h"
#include "python/pyproject_poetry.h"
#include "python/requirement.h"

struct Pyproject {
    Source *source;
    NodeArena *arena;
    const Node *root;
    const Node *project; /* [project], or NULL */
    const Node *poetry;  /* [tool.poetry], or NULL */
    char *name;          /* canonical, or NULL */
    char *python;        /* PEP 440, or NULL */
};

void pyproject_free(Pyproject *project)
{
    if (!project)
        return;
    node_arena_free(project->arena);
    source_unref(project->source);
    g_free(project->name);
    g_free(project->python);
    g_free(project);
}

/* The node of a path of keys, or NULL. */
static const Node *find_path(const Node *node, const char *const *keys)
{
    for (size_t i = 0; node && keys[i]; i++)
        node = node_find(node, keys[i]);
    return node;
}

#define FIND(node, ...) find_path(node, (const char *const[]){__VA_ARGS__, NULL})

static const Node *find_named(const Node *map, const char *name)
{
    g_autofree char *wanted = name_canonicalize(name);
    for (unsigned i = 0; map && map->kind == NODE_MAP && i < map->count; i++) {
        g_autofree char *one = name_canonicalize(map->pairs[i].key->text);
        if (g_str_equal(one, wanted))
            return map->pairs[i].value;
    }
    return NULL;
}

static const Node *name_node(const Pyproject *project)
{
    const Node *node = node_find(project->project, "name");
    if (!node)
        node = node_find(project->poetry, "name");
    return node && node->kind == NODE_SCALAR ? node : NULL;
}

static const Node *python_node(const Pyproject *project)
{
    const Node *node = node_find(project->project, "requires-python");
    if (!node)
        node = FIND(project->poetry, "dependencies", "python");
    return node && node->kind == NODE_SCALAR ? node : NULL;
}

Pyproject *pyproject_read(Source *source, Diags *diags)
{
    g_autoptr(Pyproject) project = g_new0(Pyproject, 1);
    project->source = source_ref(source);
    project->arena = node_arena_new();
    project->root = toml_parse(project->arena, source, diags);
    if (!project->root)
        return NULL;
    project->project = node_find(project->root, "project");
    project->poetry = FIND(project->root, "tool", "poetry");
    if (project->project && project->project->kind != NODE_MAP) {
        diags_error(diags, project->project->at, "'project' is a table");
        return NULL;
    }
    const Node *name = name_node(project), *python = python_node(project);
    project->name = name ? name_canonicalize(name->text) : NULL;
    project->python = python ? poetry_constraint_clauses(python->text, NULL) : NULL;
    return g_steal_pointer(&project);
}

const char *pyproject_name(const Pyproject *project)
{
    const Node *name = name_node(project);
    return name ? name->text : NULL;
}

Span pyproject_place(const Pyproject *project)
{
    const Node *name = name_node(project);
    return name ? name->at : span_at(project->source, 1, 1, 1);
}

const char *pyproject_requires_python(const Pyproject *project, Span *ret_at)
{
    const Node *node = python_node(project);
    if (node && project->python)
        *ret_at = node->at;
    return project->python;
}

bool pyproject_is_built(const Pyproject *project)
{
    const Node *mode = node_find(project->poetry, "package-mode");
    if (mode && g_strcmp0(mode->text, "false") == 0)
        return false;
    return node_find(project->root, "build-system") != NULL;
}

const char *pyproject_backend(const Pyproject *project)
{
    const Node *backend = FIND(project->root, "build-system", "build-backend");
    return backend && backend->kind == NODE_SCALAR ? backend->text : NULL;
}

bool pyproject_has_build_step(const Pyproject *project)
{
    static const char *const steps[][6] = {
        {"setuptools", "ext-modules"},      {"setuptools", "cmdclass"},
        {"setuptools", "data-files"},       {"setuptools-rust"},
        {"setuptools_scm", "version_file"}, {"setuptools_scm", "write_to"},
        {"hatch", "build", "hooks"},        {"hatch", "build", "targets", "wheel", "hooks"},
        {"pdm", "build", "custom-hook"},    {"pdm", "build", "run-setuptools"},
        {"pdm", "version", "write_to"},     {"poetry", "build"},
    };
    const Node *tool = node_find(project->root, "tool");
    for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
        if (find_path(tool, steps[i]))
            return true;
    }
    return false;
}

static void add_scripts(GStrvBuilder *scripts, const Node *map)
{
    for (unsigned i = 0; map && map->kind == NODE_MAP && i < map->count; i++) {
        const Node *value = map->pairs[i].value;
        const Node *target = value->kind == NODE_MAP ? node_find(value, "reference") : value;
        if (!target || target->kind != NODE_SCALAR)
            continue;
        g_autofree char *script = g_strdup_printf("%s=%s", map->pairs[i].key->text, target->text);
        g_strv_builder_add(scripts, script);
    }
}

char **pyproject_scripts(const Pyproject *project)
{
    g_autoptr(GStrvBuilder) scripts = g_strv_builder_new();
    add_scripts(scripts, node_find(project->project, "scripts"));
    add_scripts(scripts, node_find(project->project, "gui-scripts"));
    add_scripts(scripts, node_find(project->poetry, "scripts"));
    return g_strv_builder_end(scripts);
}

/* Collecting */

typedef struct {
    const Pyproject *project;
    GPtrArray *lines;
    GHashTable *seen; /* "extra x", "group x": taken already */
    GError *error;
} Collect;

static void line_free(void *data)
{
    ProjectLine *line = data;
    g_free(line->text);
    g_free(line->file);
    g_free(line);
}

static void add_line(Collect *collect, const char *text, const char *file, Span at)
{
    ProjectLine *line = g_new(ProjectLine, 1);
    *line = (ProjectLine){g_strdup(text), g_strdup(file), at};
    g_ptr_array_add(collect->lines, line);
}

static bool mark(Collect *collect, const char *kind, const char *name)
{
    g_autofree char *canonical = name_canonicalize(name);
    return g_hash_table_add(collect->seen, g_strconcat(kind, " ", canonical, NULL));
}

static bool take_extra(Collect *collect, const char *extra, Span at);

/* A project may name its own extras: "app[cli]". */
static bool take_own(Collect *collect, const char *text, Span at)
{
    g_autoptr(Requirement) requirement = requirement_parse(text, NULL);
    if (!requirement || requirement->url ||
        g_strcmp0(requirement->canonical, collect->project->name) != 0)
        return false;
    for (size_t i = 0; requirement->extras[i]; i++)
        take_extra(collect, requirement->extras[i], at);
    return true;
}

static bool take_list(Collect *collect, const Node *list, const char *what)
{
    if (list->kind != NODE_LIST)
        return error_set(&collect->error, ERROR_INPUT, list->at, "%s is an array", what);
    for (unsigned i = 0; i < list->count; i++) {
        const Node *item = list->items[i];
        if (item->kind != NODE_SCALAR || !item->quoted)
            return error_set(&collect->error, ERROR_INPUT, item->at, "a requirement is a text");
        if (!take_own(collect, item->text, item->at))
            add_line(collect, item->text, NULL, item->at);
        if (collect->error)
            return false;
    }
    return true;
}

static bool take_poetry_entry(Collect *collect, const char *name, const Node *entry, bool optional)
{
    g_auto(GStrv) texts = poetry_requirements(name, entry, optional, &collect->error);
    for (size_t i = 0; texts && texts[i]; i++)
        add_line(collect, texts[i], NULL, entry->at);
    return texts != NULL;
}

static bool take_poetry_table(Collect *collect, const Node *table)
{
    for (unsigned i = 0; table->kind == NODE_MAP && i < table->count; i++) {
        const char *name = table->pairs[i].key->text;
        if (!g_str_equal(name, "python") &&
            !take_poetry_entry(collect, name, table->pairs[i].value, false))
            return false;
    }
    return true;
}

static bool is_dynamic(const Pyproject *project, const char *field)
{
    const Node *dynamic = node_find(project->project, "dynamic");
    for (unsigned i = 0; dynamic && dynamic->kind == NODE_LIST && i < dynamic->count; i++) {
        if (g_strcmp0(dynamic->items[i]->text, field) == 0)
            return true;
    }
    return false;
}

/* setuptools: {file: "requirements.txt"} or a list of them. */
static bool take_setuptools(Collect *collect, const Node *directive)
{
    const Node *files = node_find(directive, "file");
    if (!files)
        return false;
    if (files->kind == NODE_SCALAR)
        add_line(collect, NULL, files->text, files->at);
    for (unsigned i = 0; files->kind == NODE_LIST && i < files->count; i++) {
        if (files->items[i]->text)
            add_line(collect, NULL, files->items[i]->text, files->items[i]->at);
    }
    return true;
}

static bool refuse_dynamic(Collect *collect, const char *field)
{
    const Node *dynamic = node_find(collect->project->project, "dynamic");
    error_set(&collect->error, ERROR_INPUT, dynamic->at,
              "the %s of the project are known to its build back end alone", field);
    error_set_hint(collect->error, "list them in [project], or name a file of requirements");
    return false;
}

static bool take_dependencies(Collect *collect)
{
    const Pyproject *project = collect->project;
    const Node *list = node_find(project->project, "dependencies");
    const Node *poetry = node_find(project->poetry, "dependencies");
    if (list)
        return take_list(collect, list, "'dependencies'");
    const Node *directive = FIND(project->root, "tool", "setuptools", "dynamic", "dependencies");
    if (directive && take_setuptools(collect, directive))
        return true;
    if (poetry)
        return take_poetry_table(collect, poetry);
    return !is_dynamic(project, "dependencies") || refuse_dynamic(collect, "dependencies");
}

/* Extras */

static bool take_poetry_extra(Collect *collect, const Node *list)
{
    const Node *dependencies = node_find(collect->project->poetry, "dependencies");
    for (unsigned i = 0; list->kind == NODE_LIST && i < list->count; i++) {
        const char *name = list->items[i]->text;
        const Node *entry = name ? find_named(dependencies, name) : NULL;
        if (!entry)
            return error_set(&collect->error, ERROR_INPUT, list->items[i]->at,
                             "no dependency has this name");
        if (!take_poetry_entry(collect, name, entry, true))
            return false;
    }
    return true;
}

static bool take_extra(Collect *collect, const char *extra, Span at)
{
    const Pyproject *project = collect->project;
    if (collect->error || !mark(collect, "extra", extra))
        return !collect->error;
    const Node *list = find_named(node_find(project->project, "optional-dependencies"), extra);
    if (list)
        return take_list(collect, list, "an extra");
    const Node *directive = find_named(
        FIND(project->root, "tool", "setuptools", "dynamic", "optional-dependencies"), extra);
    if (directive && take_setuptools(collect, directive))
        return true;
    list = find_named(node_find(project->poetry, "extras"), extra);
    if (list)
        return take_poetry_extra(collect, list);
    if (is_dynamic(project, "optional-dependencies"))
        return refuse_dynamic(collect, "extras");
    return error_set(&collect->error, ERROR_INPUT, at, "%s has no extra '%s'",
                     source_name(project->source), extra);
}

/* Groups */

enum {
    GROUP_DEPTH = 32
};

static bool take_group(Collect *collect, const char *group, Span at, unsigned depth);

static bool take_group_list(Collect *collect, const Node *list, unsigned depth)
{
    if (list->kind != NODE_LIST)
        return error_set(&collect->error, ERROR_INPUT, list->at, "a dependency group is an array");
    for (unsigned i = 0; i < list->count && !collect->error; i++) {
        const Node *item = list->items[i];
        const Node *include = node_find(item, "include-group");
        if (include && include->text)
            take_group(collect, include->text, include->at, depth + 1);
        else if (item->kind != NODE_SCALAR || !item->quoted)
            error_set(&collect->error, ERROR_INPUT, item->at,
                      "an item of a dependency group is a requirement or {include-group = \"…\"}");
        else if (!take_own(collect, item->text, item->at))
            add_line(collect, item->text, NULL, item->at);
    }
    return !collect->error;
}

static bool take_group(Collect *collect, const char *group, Span at, unsigned depth)
{
    const Pyproject *project = collect->project;
    if (depth > GROUP_DEPTH)
        return error_set(&collect->error, ERROR_INPUT, at,
                         "dependency groups include each other "
                         "too deeply");
    if (!mark(collect, "group", group))
        return true;
    const Node *list = find_named(node_find(project->root, "dependency-groups"), group);
    if (list)
        return take_group_list(collect, list, depth);
    const Node *poetry = find_named(node_find(project->poetry, "group"), group);
    const Node *table = node_find(poetry, "dependencies");
    if (!table && g_str_equal(group, "dev"))
        table = node_find(project->poetry, "dev-dependencies");
    if (table)
        return take_poetry_table(collect, table);
    return error_set(&collect->error, ERROR_INPUT, at, "%s has no dependency group '%s'",
                     source_name(project->source), group);
}

GPtrArray *pyproject_requirements(const Pyproject *project, const char *const *extras,
                                  const char *const *groups, GError **error)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(line_free);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Collect collect = {project, lines, seen, NULL};
    bool ok = take_dependencies(&collect);
    for (size_t i = 0; ok && extras && extras[i]; i++)
        ok = take_extra(&collect, extras[i], SPAN_NONE);
    for (size_t i = 0; ok && groups && groups[i]; i++)
        ok = take_group(&collect, groups[i], SPAN_NONE, 0);
    if (collect.error) {
        g_propagate_error(error, collect.error);
        return NULL;
    }
    return g_steal_pointer(&lines);
}

/* Names */

static void add_keys(GStrvBuilder *names, const Node *map)
{
    for (unsigned i = 0; map && map->kind == NODE_MAP && i < map->count; i++)
        g_strv_builder_add(names, map->pairs[i].key->text);
}

char **pyproject_extras(const Pyproject *project)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    add_keys(names, node_find(project->project, "optional-dependencies"));
    add_keys(names, FIND(project->root, "tool", "setuptools", "dynamic", "optional-dependencies"));
    if (!node_find(project->project, "optional-dependencies"))
        add_keys(names, node_find(project->poetry, "extras"));
    return g_strv_builder_end(names);
}

char **pyproject_groups(const Pyproject *project)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    add_keys(names, node_find(project->root, "dependency-groups"));
    add_keys(names, node_find(project->poetry, "group"));
    if (node_find(project->poetry, "dev-dependencies"))
        g_strv_builder_add(names, "dev");
    return g_strv_builder_end(names);
}
