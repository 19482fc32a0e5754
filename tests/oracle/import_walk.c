/* import_walk [--world build|run] [--python X.Y.Z] [--deferred] [--chain] [--partial] [--json]
 * SITE_PACKAGES MODULE...: what the simulation of imports says of a folder of installed packages.
 * One line for each module and world. */
#include "base/sorted.h"
#include "check/imports.h"
#include "facts/shared_object.h"

#include <stdio.h>

static bool is_folder(const char *path)
{
    return g_file_test(path, G_FILE_TEST_IS_DIR);
}

static GPtrArray *tree_list(const ImportFiles *files, const char *folder)
{
    g_autofree char *path = g_build_filename(files->data, folder, NULL);
    g_autoptr(GPtrArray) names = is_folder(path) ? sorted_dir(path, 1000000, NULL) : NULL;
    if (!names)
        return NULL;
    GPtrArray *entries = g_ptr_array_new();
    for (unsigned i = 0; i < names->len; i++) {
        g_autofree char *inside = g_build_filename(path, names->pdata[i], NULL);
        bool below = is_folder(inside);
        if (g_str_equal(names->pdata[i], "__pycache__"))
            continue;
        g_autofree char *entry = g_strconcat(names->pdata[i], below ? "/" : "", NULL);
        g_ptr_array_add(entries, (void *)g_intern_string(entry));
    }
    return entries;
}

static GBytes *tree_read(const ImportFiles *files, const char *path)
{
    g_autofree char *full = g_build_filename(files->data, path, NULL);
    char *text = NULL;
    size_t length = 0;
    if (!g_file_get_contents(full, &text, &length, NULL))
        return NULL;
    return g_bytes_new_take(text, length);
}

/* The first part of the path: near enough to tell one distribution from another. */
static const char *tree_distribution(const ImportFiles *files, const char *path)
{
    g_autofree char *top = g_strndup(path, strcspn(path, "/."));
    return g_intern_string(top);
}

static char **tree_needed(const ImportFiles *files, const char *path)
{
    g_autofree char *full = g_build_filename(files->data, path, NULL);
    g_autoptr(GMappedFile) file = g_mapped_file_new(full, FALSE, NULL);
    g_autoptr(GBytes) bytes = file ? g_mapped_file_get_bytes(file) : NULL;
    g_autoptr(SharedObject) object = bytes ? shared_object_from_bytes(bytes, NULL) : NULL;
    return object ? g_strdupv(object->needed) : NULL;
}

typedef struct {
    gboolean deferred, chain, json, caught, partial;
    char *world, *python, **rest;
} Options;

static void print_json_text(const char *text)
{
    putchar('"');
    for (; text && *text; text++) {
        if (*text == '"' || *text == '\\')
            fprintf(stdout, "\\%c", *text);
        else if ((unsigned char)*text < 32)
            fprintf(stdout, "\\u%04x", *text);
        else
            putchar(*text);
    }
    putchar('"');
}

static const char *outcome_name(ImportOutcome outcome)
{
    return outcome == IMPORT_WORKS ? "works" : outcome == IMPORT_FAILS ? "fails" : "unknown";
}

static void print_verdict(const char *world, const char *module, const ImportVerdict *verdict,
                          const Options *options)
{
    if (options->json) {
        fprintf(stdout, "{\"world\": \"%s\", \"module\": \"%s\", \"outcome\": \"%s\", ", world,
                module, outcome_name(verdict->outcome));
        fprintf(stdout, "\"driver\": %s, \"exception\": ", verdict->driver ? "true" : "false");
        print_json_text(verdict->exception);
        fprintf(stdout, ", \"message\": ");
        print_json_text(verdict->message);
        fprintf(stdout, ", \"chain\": [");
        for (unsigned i = 0; i < verdict->chain->len; i++) {
            const ImportStep *step = verdict->chain->pdata[i];
            fprintf(stdout, "%s[\"%s\", %u]", i ? ", " : "", step->path, step->line);
        }
        fprintf(stdout, "]}\n");
        return;
    }
    fprintf(stdout, "%-5s %-30s %-7s %s%s%s%s\n", world, module, outcome_name(verdict->outcome),
            verdict->exception ? verdict->exception : "", verdict->exception ? ": " : "",
            verdict->message ? verdict->message : "", verdict->driver ? " [driver]" : "");
    for (unsigned i = 0; options->chain && i < verdict->chain->len; i++) {
        const ImportStep *step = verdict->chain->pdata[i];
        fprintf(stdout, "        %s:%u: %s\n", step->path, step->line, step->text);
    }
    for (unsigned i = 0; options->caught && i < verdict->caught->len; i++) {
        const ImportFailure *failure = verdict->caught->pdata[i];
        fprintf(stdout, "        caught %s: %s (%s:%u)\n", failure->exception, failure->message,
                failure->at ? failure->at->path : "", failure->at ? failure->at->line : 0);
    }
}

static void print_deferred(ImportMachine *machine)
{
    g_autoptr(GPtrArray) failures = import_machine_deferred(machine);
    for (unsigned i = 0; i < failures->len; i++) {
        const ImportFailure *failure = failures->pdata[i];
        fprintf(stdout, "      deferred %s: %s in %s (%s:%u)\n", failure->exception,
                failure->message, failure->function ? failure->function : "", failure->at->path,
                failure->at->line);
    }
}

static void walk(ImportSources *sources, const Options *options, ImportWorld world, char **modules)
{
    const char *name = world == WORLD_BUILD ? "build" : "run";
    for (char **module = modules; *module; module++) {
        g_autoptr(ImportMachine) machine = import_machine_new(sources, world);
        g_autoptr(ImportVerdict) verdict = import_machine_import(machine, *module);
        print_verdict(name, *module, verdict, options);
        if (options->deferred)
            print_deferred(machine);
        fflush(stdout);
    }
}

int main(int argc, char **argv)
{
    Options options = {.python = (char *)"3.11.7"};
    GOptionEntry entries[] = {
        {"world", 0, 0, G_OPTION_ARG_STRING, &options.world, "build or run", NULL},
        {"python", 0, 0, G_OPTION_ARG_STRING, &options.python, "version", NULL},
        {"deferred", 0, 0, G_OPTION_ARG_NONE, &options.deferred, "imports in functions", NULL},
        {"chain", 0, 0, G_OPTION_ARG_NONE, &options.chain, "show chains", NULL},
        {"caught", 0, 0, G_OPTION_ARG_NONE, &options.caught, "show what was caught", NULL},
        {"partial", 0, 0, G_OPTION_ARG_NONE, &options.partial, "the base has more, unknown", NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &options.json, "a line of JSON each", NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.rest, NULL, NULL},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("SITE_PACKAGES MODULE...");
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, NULL) || !options.rest || !options.rest[0])
        return 2;
    ImportFiles files = {
        .list = tree_list,
        .read = tree_read,
        .distribution = tree_distribution,
        .needed = tree_needed,
        .data = options.rest[0],
    };
    ImportScene scene = {.python = options.python,
                         .platform = "linux/amd64",
                         .files = &files,
                         .partial = options.partial};
    g_autoptr(ImportSources) sources = import_sources_new(&scene);
    if (!options.world || g_str_equal(options.world, "build"))
        walk(sources, &options, WORLD_BUILD, options.rest + 1);
    if (!options.world || g_str_equal(options.world, "run"))
        walk(sources, &options, WORLD_RUN, options.rest + 1);
    return 0;
}
