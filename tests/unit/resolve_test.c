/* tests/resolve/NAME.case: small worlds, what is asked of them, and what comes out.
 *
 *     @CASE title                   everything begins anew
 *     @INDEX NAME [only] [GLOB…]    an index and the names routed to it
 *     name version [| requirement | …] [| #key value …]
 *     @INSTALLED                    lines of the same form
 *     @ASK                          a requirement a line; "-c REQUIREMENT" is a constraint; options
 * of pip, and --upgrade-name, --override, --exclude, --exclude-newer,
 *                                   --prefer NAME=VERSION, --build NAME, which are ours
 *     @EXPECT                       what describe() below writes
 *
 * Keys of a release: extras, tags (comma between), sdist (true, only), yanked, time, python, build,
 * metadata (its text, \n for line ends). Python is 3.11.2 on glibc 2.36. With SHOW in the
 * environment the program writes to stderr what comes out, and compares nothing. */
#include "base/finding.h"
#include "base/limits.h"
#include "base/sorted.h"
#include "memory_index.h"
#include "python/resolve.h"
#include "test.h"
#include "text/jsonw.h"

#undef g_getenv

typedef struct {
    char *title;
    GPtrArray *locations; /* IndexLocation */
    GPtrArray *releases;  /* char *: "index\nline" */
    GPtrArray *installed; /* char * */
    GPtrArray *ask;
    GString *expect;
} Scene;

static Scene *scene_new(const char *title)
{
    Scene *scene = g_new0(Scene, 1);
    scene->title = g_strdup(title);
    scene->locations = g_ptr_array_new_with_free_func((GDestroyNotify)index_location_free);
    scene->releases = g_ptr_array_new_with_free_func(g_free);
    scene->installed = g_ptr_array_new_with_free_func(g_free);
    scene->ask = g_ptr_array_new_with_free_func(g_free);
    scene->expect = g_string_new(NULL);
    return scene;
}

static void scene_free(gpointer data)
{
    Scene *scene = data;
    g_free(scene->title);
    g_ptr_array_unref(scene->locations);
    g_ptr_array_unref(scene->releases);
    g_ptr_array_unref(scene->installed);
    g_ptr_array_unref(scene->ask);
    g_string_free(scene->expect, TRUE);
    g_free(scene);
}

static void scene_add_index(Scene *scene, const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    IndexLocation *location = index_location_new(words[0], INDEX_SIMPLE, "http://127.0.0.1:9");
    char **globs = words + 1;
    if (*globs && g_str_equal(*globs, "only")) {
        location->only = true;
        globs++;
    }
    if (*globs)
        location->packages = g_strdupv(globs);
    g_ptr_array_add(scene->locations, location);
}

static void scene_add_line(Scene *scene, const char *section, const char *line)
{
    if (g_str_equal(section, "@EXPECT"))
        g_string_append_printf(scene->expect, "%s\n", line);
    else if (g_str_equal(section, "@ASK"))
        g_ptr_array_add(scene->ask, g_strdup(line));
    else if (g_str_equal(section, "@INSTALLED"))
        g_ptr_array_add(scene->installed, g_strdup(line));
    else
        g_ptr_array_add(scene->releases, g_strdup_printf("%s\n%s", section, line));
}

static GPtrArray *scenes_parse(const char *text)
{
    GPtrArray *scenes = g_ptr_array_new_with_free_func(scene_free);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autofree char *section = g_strdup("");
    Scene *scene = NULL;
    for (char **at = lines; *at; at++) {
        const char *line = g_strchomp(*at);
        if (!*line || *line == ';')
            continue;
        if (g_str_has_prefix(line, "@CASE "))
            g_ptr_array_add(scenes, scene = scene_new(line + strlen("@CASE ")));
        if (g_str_has_prefix(line, "@INDEX "))
            scene_add_index(scene, line + strlen("@INDEX "));
        if (*line != '@') {
            scene_add_line(scene, section, line);
            continue;
        }
        g_free(section);
        section = g_str_has_prefix(line, "@INDEX ") ? g_strndup(line + 7, strcspn(line + 7, " "))
                                                    : g_strdup(line);
    }
    return scenes;
}

static void write_list(JsonWriter *writer, const char *key, const char *text)
{
    g_auto(GStrv) items = g_strsplit(text, ",", -1);
    jsonw_strings_member(writer, key, (const char *const *)items);
}

static void write_key(JsonWriter *writer, const char *field)
{
    static const char *const names[][2] = {{"sdist", "sdist"},      {"yanked", "yanked"},
                                           {"time", "upload_time"}, {"python", "requires_python"},
                                           {"build", "build"},      {"metadata", "metadata"}};
    size_t length = strcspn(field, " ");
    g_autofree char *key = g_strndup(field, length);
    const char *value = field[length] ? field + length + 1 : "";
    if (g_str_equal(key, "extras") || g_str_equal(key, "tags"))
        write_list(writer, key, value);
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if (!g_str_equal(key, names[i][0]))
            continue;
        g_autofree char *plain = g_strcompress(value);
        if (g_str_equal(plain, "true"))
            jsonw_boolean_member(writer, names[i][1], true);
        else
            jsonw_string_member(writer, names[i][1], plain);
    }
}

static void write_release(JsonWriter *writer, const char *line, char **ret_name)
{
    g_auto(GStrv) fields = g_strsplit(strchr(line, '\n') + 1, "|", -1);
    g_autofree char *index = g_strndup(line, strcspn(line, "\n"));
    g_auto(GStrv) head = g_strsplit(g_strstrip(fields[0]), " ", 2);
    if (ret_name) {
        *ret_name = g_strdup(head[0]);
        return;
    }
    g_autoptr(GPtrArray) requires = g_ptr_array_new();
    jsonw_begin_object(writer, JSONW_COMPACT);
    jsonw_string_member(writer, "version", head[1]);
    jsonw_string_member(writer, "index", index);
    for (char **field = fields + 1; *field; field++) {
        g_strstrip(*field);
        if (**field == '#')
            write_key(writer, *field + 1);
        else
            g_ptr_array_add(requires, *field);
    }
    g_ptr_array_add(requires, NULL);
    jsonw_strings_member(writer, "requires", (const char *const *) requires->pdata);
    jsonw_end_object(writer);
}

/* The universe of memory_index.h: releases by project. */
static char *scene_universe(const Scene *scene)
{
    g_autoptr(JsonWriter) writer = jsonw_new();
    g_autoptr(GHashTable) done = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    jsonw_begin_object(writer, JSONW_COMPACT);
    jsonw_key(writer, "projects");
    jsonw_begin_object(writer, JSONW_COMPACT);
    for (guint i = 0; i < scene->releases->len; i++) {
        g_autofree char *name = NULL;
        write_release(NULL, scene->releases->pdata[i], &name);
        if (!g_hash_table_add(done, g_strdup(name)))
            continue;
        jsonw_key(writer, name);
        jsonw_begin_array(writer, JSONW_COMPACT);
        for (guint j = i; j < scene->releases->len; j++) {
            g_autofree char *other = NULL;
            write_release(NULL, scene->releases->pdata[j], &other);
            if (g_str_equal(other, name))
                write_release(writer, scene->releases->pdata[j], NULL);
        }
        jsonw_end_array(writer);
    }
    jsonw_end_object(writer);
    jsonw_end_object(writer);
    return jsonw_finish(writer, NULL);
}

static void install_line(Environment *environment, const char *line)
{
    g_auto(GStrv) fields = g_strsplit(line, "|", -1);
    g_auto(GStrv) head = g_strsplit(g_strstrip(fields[0]), " ", 2);
    g_autoptr(GString) text = g_string_new("Metadata-Version: 2.1\n");
    g_string_append_printf(text, "Name: %s\nVersion: %s\n", head[0], head[1]);
    for (char **field = fields + 1; *field; field++)
        g_string_append_printf(text, "Requires-Dist: %s\n", g_strstrip(*field));
    GError *error = NULL;
    Metadata *metadata = metadata_parse(text->str, text->len, &error);
    assert_no_error(error);
    InstalledDistribution *distribution = installed_distribution_new(head[0], metadata);
    distribution->site_dir = g_strdup(environment->purelib);
    distribution->dist_info = g_strdup_printf("%s-%s.dist-info", head[0], head[1]);
    environment_add(environment, distribution);
}

/* A request under construction. */
typedef struct {
    ResolveOptions options;
    PipInputs *inputs;
    PipInputs *overrides;
    GPtrArray *exclude, *build, *upgrade;
    GHashTable *preferred;
} Asked;

static void asked_add_value(Asked *asked, const char *option, const char *value)
{
    g_autoptr(Diags) diags = diags_new();
    if (g_str_equal(option, "--override")) {
        pip_inputs_add_requirement(asked->overrides, value, SPAN_NONE, false, ".", diags);
    } else if (g_str_equal(option, "--exclude")) {
        g_ptr_array_add(asked->exclude, g_strdup(value));
    } else if (g_str_equal(option, "--build")) {
        g_ptr_array_add(asked->build, g_strdup(value));
    } else if (g_str_equal(option, "--upgrade-name")) {
        g_ptr_array_add(asked->upgrade, g_strdup(value));
    } else if (g_str_equal(option, "--prefer")) {
        g_auto(GStrv) pair = g_strsplit(value, "=", 2);
        g_hash_table_insert(asked->preferred, g_strdup(pair[0]), g_strdup(pair[1]));
    } else if (g_str_equal(option, "--exclude-newer")) {
        g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(value, NULL);
        asked->options.exclude_newer = g_date_time_to_unix(time);
    } else if (g_str_equal(option, "--only-binary") || g_str_equal(option, "--no-binary")) {
        format_control_add(&asked->options.format, option[2] == 'o', value);
    } else {
        g_assert_cmpstr(option, ==, "-c");
        pip_inputs_add_requirement(asked->inputs, value, SPAN_NONE, true, ".", diags);
    }
    g_assert_cmpuint(diags_errors(diags), ==, 0);
}

static bool asked_add_flag(Asked *asked, const char *option)
{
    ResolveOptions *options = &asked->options;
    const struct {
        const char *name;
        bool *flag;
    } flags[] = {{"--no-deps", &options->no_deps},
                 {"--force-reinstall", &options->force_reinstall},
                 {"--ignore-installed", &options->ignore_installed},
                 {"--upgrade", &options->upgrade},
                 {"--eager", &options->upgrade_eager},
                 {"--pre", &options->pre},
                 {"--prefer-binary", &options->prefer_binary},
                 {"--require-hashes", &options->require_hashes}};
    for (size_t i = 0; i < G_N_ELEMENTS(flags); i++) {
        if (g_str_equal(option, flags[i].name)) {
            *flags[i].flag = true;
            return true;
        }
    }
    return false;
}

static void asked_add(Asked *asked, const char *line)
{
    g_autoptr(Diags) diags = diags_new();
    if (*line != '-') {
        bool usable = pip_inputs_add_requirement(asked->inputs, line, SPAN_NONE, false, ".", diags);
        g_assert_true(usable);
    } else if (!asked_add_flag(asked, line)) {
        g_auto(GStrv) words = g_strsplit(line, " ", 2);
        asked_add_value(asked, words[0], words[1]);
    }
}

static void describe_pin(GString *text, const Pin *pin)
{
    static const char *const actions[] = {"install", "upgrade", "downgrade", "reinstall", "keep"};
    g_string_append_printf(text, "%s %s %s", actions[pin->action], pin->canonical,
                           version_text(pin->version));
    if (*pin->extras) {
        g_autofree char *extras = g_strjoinv(",", pin->extras);
        g_string_append_printf(text, " [%s]", extras);
    }
    if (pin->file)
        g_string_append_printf(text, " %s %s", pin->file->location->name, pin->file->filename);
    g_string_append(text, pin->requested ? " requested\n" : "\n");
    for (guint i = 0; i < pin->edges->len; i++) {
        const Edge *edge = pin->edges->pdata[i];
        g_string_append_printf(text, "  by %s%s%s%s: %s\n", edge->parent ? edge->parent : "user",
                               edge->extra ? "[" : "", edge->extra ? edge->extra : "",
                               edge->extra ? "]" : "", edge->requirement->text);
    }
}

static void describe_lines(GString *text, const Conflict *conflict)
{
    for (guint i = 0; i < conflict->lines->len; i++)
        g_string_append_printf(text, "  line %s\n",
                               ((PipRequirement *)conflict->lines->pdata[i])->text);
}

static void describe_ways(GString *text, const Conflict *conflict)
{
    static const char *const kinds[] = {"change", "drop", "add", "wheels of", "other", "base"};
    if (conflict->solvable)
        g_string_append(text, "  solvable\n");
    for (guint i = 0; i < conflict->ways->len; i++) {
        const WayOut *way = conflict->ways->pdata[i];
        g_string_append_printf(text, "  way %s%s%s%s%s gives %s%s\n", kinds[way->kind],
                               way->line ? " " : "", way->line ? way->line->text : "",
                               way->text ? (way->line ? " to " : " ") : "",
                               way->text ? way->text : "", way->gives ? way->gives : "nothing",
                               way->remains ? " (partial)" : "");
    }
}

static void describe_conflict(GString *text, const Conflict *conflict)
{
    static const char *const reasons[] = {"none",   "tag",      "python",     "libc",
                                          "yanked", "hash",     "date",       "specifier",
                                          "format", "metadata", "prerelease", "excluded"};
    g_string_append_printf(text, "conflict %s: %s\n", conflict->name, conflict->message);
    for (guint i = 0; i < conflict->causes->len; i++) {
        const ConflictCause *cause = conflict->causes->pdata[i];
        g_string_append_printf(text, "  %s%s by %s%s%s\n", cause->constraint ? "-c " : "",
                               cause->requirement, cause->parent ? cause->parent : "user",
                               cause->parent ? " " : "",
                               cause->parent ? cause->parent_version : "");
        g_autofree char *chain = g_strjoinv(" -> ", cause->chain);
        if (*chain)
            g_string_append_printf(text, "    from %s: %s\n",
                                   cause->chain_root ? cause->chain_root->text : "?", chain);
    }
    describe_lines(text, conflict);
    for (guint i = 0; i < conflict->refused->len; i++) {
        const RefusedFile *refused = conflict->refused->pdata[i];
        g_string_append_printf(text, "  refused %s %s%s%s\n", refused->file->filename,
                               reasons[refused->reason], refused->detail ? ": " : "",
                               refused->detail ? refused->detail : "");
    }
    if (conflict->older || conflict->newer)
        g_string_append_printf(text, "  nearest %s %s\n", conflict->older ? conflict->older : "-",
                               conflict->newer ? conflict->newer : "-");
    for (guint i = 0; i < conflict->notes->len; i++)
        g_string_append_printf(text, "  note %s\n", (char *)conflict->notes->pdata[i]);
    g_autofree char *versions = g_strjoinv(" ", conflict->versions);
    g_string_append_printf(text, "  versions %s\n", *versions ? versions : "none");
    describe_ways(text, conflict);
}

static char *describe(const Solution *solution, const Conflict *conflict)
{
    GString *text = g_string_new(NULL);
    if (conflict)
        describe_conflict(text, conflict);
    for (guint i = 0; solution && i < solution->pins->len; i++)
        describe_pin(text, solution->pins->pdata[i]);
    for (guint i = 0; solution && i < solution->warnings->len; i++)
        g_string_append_printf(text, "warning %s\n",
                               ((Finding *)solution->warnings->pdata[i])->message);
    return g_string_free(text, FALSE);
}

static void asked_init(Asked *asked, const Scene *scene)
{
    *asked = (Asked){.inputs = pip_inputs_new(), .overrides = pip_inputs_new()};
    asked->options.exclude_newer = -1;
    asked->exclude = g_ptr_array_new_with_free_func(g_free);
    asked->build = g_ptr_array_new_with_free_func(g_free);
    asked->upgrade = g_ptr_array_new_with_free_func(g_free);
    asked->preferred = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (guint i = 0; i < scene->ask->len; i++)
        asked_add(asked, scene->ask->pdata[i]);
    g_ptr_array_add(asked->exclude, NULL);
    g_ptr_array_add(asked->build, NULL);
    if (asked->upgrade->len > 0) {
        g_ptr_array_add(asked->upgrade, NULL);
        asked->options.upgrade_names = (char **)asked->upgrade->pdata;
    }
}

static void asked_clear(Asked *asked)
{
    pip_inputs_free(asked->inputs);
    pip_inputs_free(asked->overrides);
    g_ptr_array_unref(asked->exclude);
    g_ptr_array_unref(asked->build);
    g_ptr_array_unref(asked->upgrade);
    g_hash_table_unref(asked->preferred);
    format_control_clear(&asked->options.format);
}

static char *scene_resolve(const Scene *scene, IndexClient *client)
{
    GError *error = NULL;
    g_autoptr(PythonTarget) target =
        python_target_new("3.11.2", "glibc 2.36", "linux/amd64", &error);
    assert_no_error(error);
    g_autoptr(TagSet) tags = tag_set_new(target);
    g_autoptr(MarkerEnvironment) markers = marker_environment_new(target);
    g_autoptr(Environment) environment = environment_new(SCHEME_VENV, "/venv", target);
    for (guint i = 0; i < scene->installed->len; i++)
        install_line(environment, scene->installed->pdata[i]);
    Asked asked;
    asked_init(&asked, scene);
    ResolveRequest request = {.target = target,
                              .tags = tags,
                              .markers = markers,
                              .inputs = asked.inputs,
                              .options = &asked.options,
                              .locations = scene->locations,
                              .overrides = asked.overrides->roots,
                              .exclude = (const char *const *)asked.exclude->pdata,
                              .build = (const char *const *)asked.build->pdata,
                              .installed = environment,
                              .preferred = asked.preferred,
                              .client = client};
    g_autoptr(Solution) solution = NULL;
    Conflict *conflict = NULL;
    gboolean known = resolve_stage(&request, &solution, &conflict, &error);
    assert_no_error(error);
    g_assert_true(known);
    char *text = describe(solution, conflict);
    conflict_free(conflict);
    asked_clear(&asked);
    return text;
}

static void scene_check(const Scene *scene)
{
    GError *error = NULL;
    g_autofree char *text = scene_universe(scene);
    g_autoptr(Json) universe = json_parse(scene->title, text, strlen(text), &error);
    assert_no_error(error);
    IndexClient *client = memory_index_new(universe, NULL, "http://127.0.0.1:9");
    g_autofree char *found = scene_resolve(scene, client);
    memory_index_free(client);
    if (g_getenv("SHOW"))
        fprintf(stderr, "@CASE %s\n%s", scene->title, found);
    else
        assert_text(scene->title, scene->expect->str, found);
}

TEST(cases)
{
    g_autofree char *folder = g_build_filename(g_getenv("SOURCE_ROOT"), "tests", "resolve", NULL);
    GError *error = NULL;
    g_autoptr(GPtrArray) names = sorted_dir(folder, 1000, &error);
    assert_no_error(error);
    g_assert_cmpuint(names->len, >, 0);
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *path = g_build_filename(folder, names->pdata[i], NULL);
        Source *source = source_load(path, NULL, MIB, &error);
        assert_no_error(error);
        g_autoptr(GPtrArray) scenes = scenes_parse(source_text(source, NULL));
        for (guint j = 0; j < scenes->len; j++)
            scene_check(scenes->pdata[j]);
        source_unref(source);
    }
}

/* What comes out for one scene, and of how many files the metadata was read, or waited for. */
static char *resolve_text(const char *file, unsigned *ret_reads, unsigned *ret_waits)
{
    g_autoptr(GPtrArray) scenes = scenes_parse(file);
    g_autofree char *text = scene_universe(scenes->pdata[0]);
    GError *error = NULL;
    g_autoptr(Json) universe = json_parse("scene", text, strlen(text), &error);
    assert_no_error(error);
    IndexClient *client = memory_index_new(universe, NULL, "http://127.0.0.1:9");
    char *found = scene_resolve(scenes->pdata[0], client);
    *ret_reads = memory_index_metadata_reads(client);
    *ret_waits = memory_index_metadata_waits(client);
    memory_index_free(client);
    return found;
}

/* A search that goes back version by version asks about the next ones before it tries them. */
TEST(looks_ahead)
{
    g_autoptr(GString) file = g_string_new("@CASE walk back\n@INDEX main\ndep 5\n");
    for (int i = 1; i <= 60; i++)
        g_string_append_printf(file, "top %d | dep%s1\n", i, i > 1 ? "<" : ">");
    g_string_append(file, "@ASK\ndep==5\ntop\n@EXPECT\n");
    unsigned reads, waits;
    g_autofree char *found = resolve_text(file->str, &reads, &waits);
    g_assert_nonnull(strstr(found, "install top 1"));
    g_assert_cmpuint(reads, >, 60);
    g_assert_cmpuint(waits, <, 5);
}

/* Pigeons that share too few holes: more choices than the search ever makes, though the first
 * pigeon could stay outside. */
TEST(gives_up)
{
    enum {
        HOLES = 9
    };
    g_autoptr(GString) file = g_string_new("@CASE pigeons\n@INDEX main\npigeon-1 0\n");
    g_autoptr(GString) ask = g_string_new("@ASK\n");
    for (int i = 1; i <= HOLES + 1; i++) {
        g_string_append_printf(ask, "pigeon-%d\n", i);
        for (int hole = 1; hole <= HOLES; hole++)
            g_string_append_printf(file, "pigeon-%d %d | hole-%d==%d\nhole-%d %d\n", i, hole, hole,
                                   i, hole, i);
    }
    g_string_append_printf(file, "%s@EXPECT\n", ask->str);
    unsigned reads, waits;
    g_autofree char *found = resolve_text(file->str, &reads, &waits);
    if (!g_str_has_prefix(found, "conflict : pip gives up after 200000 rounds"))
        assert_text("pigeons", "pip gives up", found);
    g_assert_nonnull(strstr(found, "way drop pigeon-"));
}
