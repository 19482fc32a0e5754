/* Resolves cases in memory alone: one JSON object a line on stdin (or in the file that is the
 * second argument), one JSON array a line on stdout, an entry for each stage.
 *
 * A case holds "universe" (tests/server/universe.py), "digests", "python", "libc", and "stages";
 * pip_oracle.py makes them and says what a stage is. With --check each line's "expected" is
 * compared with what comes out; the exit status tells. With --explain a conflict is told in words;
 * with --ways it is an object: the lines that conflict and the ways out, lines by their place among
 * the requirements (or constraints) of the stage. */
#undef printf
#undef puts

#include "base/auto.h"
#include "base/sorted.h"
#include "memory_index.h"
#include "python/install.h"
#include "text/jsonw.h"

#define BASE_URL "http://127.0.0.1:9"

typedef struct {
    const Json *stage;
    IndexClient *client;
    PythonTarget *target;
    TagSet *tags;
    MarkerEnvironment *markers;
    Environment *environment;
    GPtrArray *locations; /* IndexLocation */
    GPtrArray *solutions; /* Solution: what the environment refers to */
} Case;

static Source *read_stage_file(void *data, const char *path, GError **error)
{
    const Json *lines =
        json_find(data, g_str_has_suffix(path, "c.txt") ? "constraints" : "requirements");
    g_autoptr(GString) text = g_string_new(NULL);
    for (size_t i = 0; i < json_length(lines); i++)
        g_string_append_printf(text, "%s\n", json_text(json_item(lines, i)));
    g_string_replace(text, "$BASE", BASE_URL, 0);
    return source_new(path, text->str, text->len);
}

static bool flag(const Json *stage, const char *name)
{
    bool value = false;
    return json_as_boolean(json_find(stage, name), &value) && value;
}

static bool read_inputs(const Case *c, PipInputs *inputs, Diags *diags)
{
    PipInputsOptions options = {.read = read_stage_file, .read_data = (void *)c->stage};
    bool usable = true;
    if (json_find(c->stage, "constraints"))
        usable &= pip_inputs_add_file(inputs, "c.txt", SPAN_NONE, true, &options, diags);
    const Json *install = json_find(c->stage, "install");
    for (size_t i = 0; i < json_length(install); i++) {
        g_autoptr(GString) text = g_string_new(json_text(json_item(install, i)));
        g_string_replace(text, "$BASE", BASE_URL, 0);
        usable &= pip_inputs_add_requirement(inputs, text->str, SPAN_NONE, false, ".", diags);
    }
    if (json_find(c->stage, "requirements"))
        usable &= pip_inputs_add_file(inputs, "r.txt", SPAN_NONE, false, &options, diags);
    return usable;
}

static void read_options(const Json *stage, ResolveOptions *options)
{
    *options = (ResolveOptions){
        .no_deps = flag(stage, "no_deps"),
        .force_reinstall = flag(stage, "force_reinstall"),
        .ignore_installed = flag(stage, "ignore_installed"),
        .upgrade = flag(stage, "upgrade"),
        .upgrade_eager = flag(stage, "eager"),
        .pre = flag(stage, "pre"),
        .prefer_binary = flag(stage, "prefer_binary"),
        .require_hashes = flag(stage, "require_hashes"),
        .exclude_newer = -1,
    };
    const char *only = json_find_text(stage, "only_binary");
    const char *no = json_find_text(stage, "no_binary");
    if (no)
        format_control_add(&options->format, false, no);
    if (only)
        format_control_add(&options->format, true, only);
}

static void write_pin(JsonWriter *writer, const Pin *pin)
{
    static const char *const actions[] = {"install", "upgrade", "downgrade", "reinstall", "keep"};
    if (pin->action == PIN_KEEP)
        return;
    const char *file = pin->file->url + strlen(BASE_URL "/files/");
    g_autofree char *plain = g_uri_unescape_string(file, NULL);
    g_autofree char *text = g_strdup_printf(
        "%s %s %s %s%s%s", actions[pin->action], pin->canonical, version_text(pin->version), plain,
        pin->requested ? " requested" : "", pin->direct_url ? " direct" : "");
    jsonw_string(writer, text);
}

static void write_environment(JsonWriter *writer, const Environment *environment)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < environment->distributions->len; i++) {
        const InstalledDistribution *distribution = environment->distributions->pdata[i];
        g_ptr_array_add(names, g_strdup_printf("%s==%s", distribution->canonical,
                                               version_text(distribution->metadata->version)));
    }
    g_ptr_array_sort(names, sorted_compare_strings);
    jsonw_begin_array(writer, JSONW_COMPACT);
    for (guint i = 0; i < names->len; i++)
        jsonw_string(writer, names->pdata[i]);
    jsonw_end_array(writer);
}

typedef enum {
    TELL_PLAINLY,
    TELL_WORDS,
    TELL_WAYS,
} Tell;

static void write_conflict(JsonWriter *writer, const Conflict *conflict, Tell tell)
{
    g_autoptr(GString) text = g_string_new("unsatisfiable");
    if (tell == TELL_WORDS) {
        g_string_append_printf(text, ": %s", conflict->message);
        for (guint i = 0; i < conflict->causes->len; i++) {
            const ConflictCause *cause = conflict->causes->pdata[i];
            g_string_append_printf(text, "; %s%s by %s %s", cause->constraint ? "-c " : "",
                                   cause->requirement, cause->parent ? cause->parent : "user",
                                   cause->parent_version ? cause->parent_version : "");
        }
    }
    jsonw_string(writer, text->str);
}

/* "r0" is the first requirement, "c1" the second constraint. */
static void write_line(JsonWriter *writer, const PipInputs *inputs, const PipRequirement *line)
{
    guint index = 0;
    bool root = g_ptr_array_find(inputs->roots, line, &index);
    if (!root)
        g_ptr_array_find(inputs->constraints, line, &index);
    g_autofree char *text = g_strdup_printf("%s%u", root ? "r" : "c", index);
    jsonw_string(writer, line ? text : NULL);
}

static void write_way(JsonWriter *writer, const PipInputs *inputs, const WayOut *way)
{
    static const char *const kinds[] = {"change", "drop", "add", "wheels", "other", "base"};
    jsonw_begin_object(writer, JSONW_COMPACT);
    jsonw_string_member(writer, "kind", kinds[way->kind]);
    jsonw_key(writer, "line");
    write_line(writer, inputs, way->line);
    jsonw_string_member(writer, "text", way->text);
    jsonw_string_member(writer, "gives", way->gives);
    jsonw_boolean_member(writer, "partial", way->remains != NULL);
    jsonw_end_object(writer);
}

static void write_ways(JsonWriter *writer, const PipInputs *inputs, const Conflict *conflict)
{
    jsonw_begin_object(writer, JSONW_COMPACT);
    jsonw_string_member(writer, "name", conflict->name);
    jsonw_boolean_member(writer, "solvable", conflict->solvable);
    jsonw_boolean_member(writer, "stopped", conflict->stopped);
    jsonw_key(writer, "lines");
    jsonw_begin_array(writer, JSONW_COMPACT);
    for (guint i = 0; i < conflict->lines->len; i++)
        write_line(writer, inputs, conflict->lines->pdata[i]);
    jsonw_end_array(writer);
    jsonw_key(writer, "inherited");
    jsonw_begin_array(writer, JSONW_COMPACT);
    for (guint i = 0; i < conflict->inherited->len; i++)
        jsonw_string(writer,
                     ((const InstalledDistribution *)conflict->inherited->pdata[i])->canonical);
    jsonw_end_array(writer);
    jsonw_key(writer, "ways");
    jsonw_begin_array(writer, JSONW_COMPACT);
    for (guint i = 0; i < conflict->ways->len; i++)
        write_way(writer, inputs, conflict->ways->pdata[i]);
    jsonw_end_array(writer);
    jsonw_end_object(writer);
}

/* The index of this name: the same for all stages, because what is installed refers to it. */
static IndexLocation *case_location(Case *c, const char *name)
{
    for (guint i = 0; i < c->locations->len; i++) {
        IndexLocation *location = c->locations->pdata[i];
        if (g_str_equal(location->name, name))
            return location;
    }
    g_ptr_array_add(c->locations, index_location_new(name, INDEX_SIMPLE, BASE_URL));
    return c->locations->pdata[c->locations->len - 1];
}

/* FALSE: later stages are not reached. */
static bool run_stage(Case *c, JsonWriter *writer, Tell tell)
{
    g_autoptr(PipInputs) inputs = pip_inputs_new();
    g_autoptr(Diags) diags = diags_new();
    if (!read_inputs(c, inputs, diags)) {
        g_autofree char *text = diags_format(diags, false);
        g_autofree char *line = g_strdup_printf("bad input: %s", text);
        jsonw_string(writer, tell == TELL_WORDS ? line : "unsatisfiable");
        return false;
    }
    ResolveOptions options;
    read_options(c->stage, &options);
    g_autoptr(GPtrArray) locations = g_ptr_array_new();
    const Json *indexes = json_find(c->stage, "indexes");
    for (size_t i = 0; i < json_length(indexes); i++)
        g_ptr_array_add(locations, case_location(c, json_text(json_item(indexes, i))));
    ResolveRequest request = {.target = c->target,
                              .tags = c->tags,
                              .markers = c->markers,
                              .inputs = inputs,
                              .options = &options,
                              .locations = locations,
                              .installed = c->environment,
                              .client = c->client};
    Solution *solution = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(InstallEffects) effects = NULL;
    Conflict *conflict = NULL;
    if (!resolve_stage(&request, &solution, &conflict, &error)) {
        jsonw_string(writer, tell == TELL_WORDS ? error->message : "error");
        return false;
    }
    format_control_clear(&options.format);
    if (conflict) {
        if (tell == TELL_WAYS)
            write_ways(writer, inputs, conflict);
        else
            write_conflict(writer, conflict, tell);
        conflict_free(conflict);
        return false;
    }
    g_ptr_array_add(c->solutions, solution);
    jsonw_begin_array(writer, JSONW_COMPACT);
    for (guint i = 0; i < solution->pins->len; i++)
        write_pin(writer, solution->pins->pdata[i]);
    jsonw_end_array(writer);
    bool applied = install_apply(c->environment, solution, "stage", options.ignore_installed,
                                 c->client, &effects, &error);
    if (applied)
        write_environment(writer, c->environment);
    else
        jsonw_string(writer, error->message);
    return applied;
}

static char *run_case(const Json *json, Tell tell)
{
    g_autoptr(GError) error = NULL;
    Case c = {0};
    c.client = memory_index_new(json_find(json, "universe"), json_find(json, "digests"), BASE_URL);
    c.target = python_target_new(json_find_text(json, "python"), json_find_text(json, "libc"),
                                 "linux/amd64", &error);
    g_assert_no_error(error);
    c.tags = tag_set_new(c.target);
    c.markers = marker_environment_new(c.target);
    c.environment = environment_new(SCHEME_VENV, "/venv", c.target);
    c.solutions = g_ptr_array_new_with_free_func((GDestroyNotify)solution_free);
    c.locations = g_ptr_array_new_with_free_func((GDestroyNotify)index_location_free);
    g_autoptr(JsonWriter) writer = jsonw_new();
    jsonw_begin_array(writer, JSONW_COMPACT);
    const Json *stages = json_find(json, "stages");
    for (size_t i = 0; i < json_length(stages); i++) {
        c.stage = json_item(stages, i);
        if (!run_stage(&c, writer, tell))
            break;
    }
    jsonw_end_array(writer);
    environment_free(c.environment);
    g_ptr_array_unref(c.solutions);
    g_ptr_array_unref(c.locations);
    memory_index_free(c.client);
    marker_environment_free(c.markers);
    tag_set_free(c.tags);
    python_target_free(c.target);
    return jsonw_finish(writer, NULL);
}

static bool check_case(const Json *json, const char *result, unsigned line)
{
    const char *expected = json_find_text(json, "expected");
    if (g_strcmp0(expected, result) == 0)
        return true;
    fprintf(stderr, "line %u: expected %s\n         found    %s\n", line, expected, result);
    return false;
}

int main(int argc, char **argv)
{
    bool check = argc > 1 && g_str_equal(argv[1], "--check");
    bool words = argc > 1 && g_str_equal(argv[1], "--explain");
    bool ways = argc > 1 && g_str_equal(argv[1], "--ways");
    AUTO_FILE FILE *cases = argc > 2 ? fopen(argv[2], "r") : stdin;
    g_assert(cases);
    g_autofree char *text = NULL;
    size_t size = 0;
    unsigned bad = 0, number = 0;
    while (getline(&text, &size, cases) > 0) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Json) json = json_parse("case", text, strlen(text), &error);
        if (!json)
            g_error("%s", error->message);
        g_autofree char *result = run_case(json, words  ? TELL_WORDS
                                                 : ways ? TELL_WAYS
                                                        : TELL_PLAINLY);
        number++;
        if (check)
            bad += !check_case(json, result, number);
        else
            printf("%s\n", result);
        fflush(stdout);
    }
    if (check)
        printf("%u cases, %u differ\n", number, bad);
    return bad > 0;
}
