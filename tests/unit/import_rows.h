/* Rows of imports for tests: a tree of files in one text, and how `import a` of it goes. */
#pragma once

#include "check/imports.h"

#include "test.h"

#include <string.h>

/* A tree in one text: "@@ path" begins a file. */
typedef struct {
    const char *tree;
    bool partial;
} Memory;

static char *file_text(const char *tree, const char *path)
{
    g_autofree char *mark = g_strdup_printf("@@ %s\n", path);
    const char *at = strstr(tree, mark);
    if (!at)
        return NULL;
    at += strlen(mark);
    const char *end = strstr(at, "@@ ");
    return end ? g_strndup(at, (size_t)(end - at)) : g_strdup(at);
}

static GBytes *memory_read(const ImportFiles *files, const char *path)
{
    char *text = file_text(files->data, path);
    return text ? g_bytes_new_take(text, strlen(text)) : NULL;
}

static GPtrArray *memory_list(const ImportFiles *files, const char *folder)
{
    g_autofree char *prefix = *folder ? g_strconcat(folder, "/", NULL) : g_strdup("");
    GPtrArray *names = g_ptr_array_new();
    for (const char *at = strstr(files->data, "@@ "); at; at = strstr(at + 1, "@@ ")) {
        const char *path = at + 3;
        g_autofree char *whole = g_strndup(path, strcspn(path, "\n"));
        if (!g_str_has_prefix(whole, prefix))
            continue;
        const char *rest = whole + strlen(prefix), *slash = strchr(rest, '/');
        g_autofree char *name =
            slash ? g_strndup(rest, (size_t)(slash - rest + 1)) : g_strdup(rest);
        const char *kept = g_intern_string(name);
        if (!g_ptr_array_find(names, kept, NULL))
            g_ptr_array_add(names, (void *)kept);
    }
    if (names->len > 0)
        return names;
    g_ptr_array_unref(names);
    return NULL;
}

static const char *memory_distribution(const ImportFiles *files, const char *path)
{
    g_autofree char *top = g_strndup(path, strcspn(path, "/."));
    return g_intern_string(top);
}

static char **memory_needed(const ImportFiles *files, const char *path)
{
    char *text = file_text(files->data, path);
    char **lines = text ? g_strsplit(g_strstrip(text), "\n", -1) : NULL;
    g_free(text);
    return lines;
}

/* A line "# certain loader ImportError no" of a shared object; a word may be left out. */
static LibraryProblem *memory_problem(const ImportFiles *files, const char *path, bool lazy)
{
    g_autofree char *text = file_text(files->data, path);
    const char *at = text ? strstr(text, "# ") : NULL;
    if (!at || (lazy && strstr(at, "called")))
        return NULL;
    LibraryProblem *problem = g_new0(LibraryProblem, 1);
    problem->certain = strstr(at, "certain") != NULL;
    problem->loader = strstr(at, "loader") != NULL;
    problem->exception = strstr(at, "ValueError") ? "ValueError" : "ImportError";
    problem->message = g_strdup("no");
    return problem;
}

/* What a name says of itself. */
static bool memory_absent(void *data, const char *name, bool stem)
{
    (void)data;
    return strstr(name, stem ? "libnowhere." : "nowhere") != NULL;
}

static const char *const env[] = {"MODE=fast", NULL};

static ImportSources *sources_of(const char *tree, ImportFiles *files, ImportScene *scene)
{
    *files = (ImportFiles){.list = memory_list,
                           .read = memory_read,
                           .distribution = memory_distribution,
                           .needed = memory_needed,
                           .problem = memory_problem,
                           .data = (void *)tree,
                           .partial = strstr(tree, "# partial") != NULL};
    *scene =
        (ImportScene){.python = "3.11.2", .platform = "linux/amd64", .env = env, .files = files};
    scene->absent = memory_absent;
    scene->partial = strstr(tree, "# base") != NULL;
    return import_sources_new(scene);
}

static char *describe(const ImportVerdict *verdict)
{
    if (verdict->outcome == IMPORT_WORKS)
        return g_strdup("works");
    if (verdict->outcome == IMPORT_UNKNOWN)
        return g_strdup("unknown");
    const ImportStep *last =
        verdict->chain->len > 0 ? verdict->chain->pdata[verdict->chain->len - 1] : NULL;
    return g_strdup_printf("%s: %s (%s:%u)%s", verdict->exception, verdict->message,
                           last ? last->path : "", last ? last->line : 0,
                           verdict->driver ? " driver" : "");
}

typedef struct {
    const char *name, *tree, *build, *run; /* run NULL: as in a build */
} Row;

static void check_rows(const Row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        ImportFiles files;
        ImportScene scene;
        g_autoptr(ImportSources) sources = sources_of(rows[i].tree, &files, &scene);
        const char *expected[] = {rows[i].build, rows[i].run ? rows[i].run : rows[i].build};
        for (unsigned world = 0; world < 2; world++) {
            g_autoptr(ImportMachine) machine =
                import_machine_new(sources, world == 0 ? WORLD_BUILD : WORLD_RUN);
            g_autoptr(ImportVerdict) verdict = import_machine_import(machine, "a");
            g_autofree char *found = describe(verdict);
            assert_text(rows[i].name, expected[world], found);
        }
    }
}
