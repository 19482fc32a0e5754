#include "test.h"
#include "wheel_builder.h"

#include "plan/stage_tree.h"

#define SITE "/usr/local/lib/python3.11/site-packages/"
#define HEAD "version: 1\nname: test\nbase: oci:base\n"

static const char first[] = "demo/__init__.py - 1\ndemo/old.py - old\n"
                            "demo-1.0.data/headers/h.h - x\n"
                            "demo-1.0.dist-info/RECORD - demo/__init__.py,,\\ndemo/old.py,,\\n"
                            "demo-1.0.dist-info/METADATA,,\\ndemo-1.0.dist-info/WHEEL,,\\n"
                            "demo-1.0.data/headers/h.h,,\\ndemo-1.0.dist-info/RECORD,,\\n\n";
static const char second[] = "demo/__init__.py - 2\n!demo-1.0.dist-info/METADATA\n"
                             "!demo-1.0.dist-info/WHEEL\n!demo-1.0.dist-info/RECORD\n"
                             "demo-2.0.dist-info/METADATA - Name: Demo\\nVersion: 2.0\\n\n"
                             "demo-2.0.dist-info/WHEEL - Wheel-Version: 1.0\\n\n"
                             "demo-2.0.dist-info/RECORD - demo/__init__.py,,\\n"
                             "demo-2.0.dist-info/RECORD,,\\n\n";

typedef struct {
    const char *name;
    const char *stages;  /* of the recipe */
    const char *actions; /* "install 1.0", a stage a line; of the second wheel: "… 2.0" */
    LockSourceKind source;
    const char *source_name;
    const char *pip_version;
    const char *expected; /* paths of files, what they hold of direct_url.json, or the error */
} Case;

typedef struct {
    Lock *lock;
    LockTarget *target;
    GHashTable *wheels;
    LockFile *files[2];
    WheelArchive *archives[2];
} Fixture;

static void add_wheel(Fixture *fixture, unsigned i, const Case *row)
{
    GError *error = NULL;
    const char *version = i == 0 ? "1.0" : "2.0";
    LockFile *file = g_new0(LockFile, 1);
    file->name = g_strdup("demo");
    file->version = g_strdup(version);
    file->file = g_strdup_printf("demo-%s-py3-none-any.whl", version);
    file->sha256 = g_strnfill(64, (char)('a' + i));
    file->source = row->source;
    file->source_name = g_strdup(row->source_name ? row->source_name : "main");
    file->commit = row->source == LOCK_SOURCE_GIT ? g_strnfill(40, 'c') : NULL;
    fixture->files[i] = lock_take_file(fixture->lock, file);
    fixture->archives[i] = wheel_open_text(file->file, i == 0 ? first : second, &error);
    assert_no_error(error);
    g_hash_table_insert(fixture->wheels, fixture->files[i], fixture->archives[i]);
}

static void add_stages(Fixture *fixture, const Recipe *recipe, const char *actions)
{
    g_auto(GStrv) lines = g_strsplit(actions, "\n", -1);
    for (guint i = 0; i < recipe->stages->len; i++) {
        const Stage *stage = recipe->stages->pdata[i];
        LockStage *locked = lock_stage_new(stage->name, stage_kind_name(stage->kind), "r:1");
        g_ptr_array_add(fixture->target->stages, locked);
        g_auto(GStrv) words = g_strsplit(i < g_strv_length(lines) ? lines[i] : "", " ", 3);
        if (!words[0] || !words[1])
            continue;
        LockAction *action = lock_action_new(words[0], "demo", words[1]);
        bool removes = g_str_equal(words[0], "remove");
        action->file = removes ? NULL : fixture->files[g_str_equal(words[1], "2.0")];
        if (words[2])
            g_ptr_array_add(action->edges, lock_edge_new("r:1", true, words[2]));
        g_ptr_array_add(locked->actions, action);
    }
}

static void print(MergedTree *tree, GString *out)
{
    const GPtrArray *entries = merged_tree_entries(tree);
    for (guint i = 0; i < entries->len; i++) {
        const TreeEntry *entry = entries->pdata[i];
        if (entry->kind == ENTRY_FOLDER)
            continue;
        bool site = g_str_has_prefix(entry->path, SITE);
        g_string_append(out, site ? entry->path + strlen(SITE) : entry->path);
        if (g_str_has_suffix(entry->path, "direct_url.json"))
            g_string_append_printf(out, " %.*s", (int)entry->size,
                                   (const char *)g_bytes_get_data(entry->bytes, NULL));
        if (g_str_has_suffix(entry->path, "__init__.py"))
            g_string_append_printf(out, " of stage %u", entry->stage);
        g_string_append_c(out, '\n');
    }
}

static char *build(Fixture *fixture, const Recipe *recipe, const char *pip_version)
{
    GError *error = NULL;
    g_autoptr(PythonTarget) python =
        python_target_new("3.11.2", "glibc 2.36", "linux/amd64", &error);
    g_autoptr(Environment) environment = environment_new(SCHEME_POSIX, "/usr/local", python);
    g_autoptr(InstallTarget) target = install_target_new(environment, python, pip_version);
    g_autoptr(Plan) plan = plan_new(recipe, fixture->target);
    StageTreeInput input = {.plan = plan,
                            .wheels = fixture->wheels,
                            .target = target,
                            .environment = environment,
                            .python = python};
    g_autoptr(MergedTree) tree = NULL;
    GString *out = g_string_new(NULL);
    if (stage_tree_build(&input, &tree, &error))
        print(tree, out);
    else
        g_string_append(out, error->message);
    g_clear_error(&error);
    return g_string_free(out, FALSE);
}

static char *run(const Case *row)
{
    g_autofree char *text = g_strconcat(HEAD "stages:\n", row->stages, NULL);
    g_autoptr(Source) source = source_new("ramekin.yaml", text, strlen(text));
    g_autoptr(Diags) diags = diags_new();
    RecipeOptions options = {.shipped_stages = "stages"};
    g_autoptr(RecipeFile) file = recipe_file_from_source(source, "ramekin.yaml", diags);
    g_autoptr(Recipe) recipe = file ? recipe_decode(file, NULL, &options, diags) : NULL;
    if (!recipe)
        g_error("%s: %s", row->name, diags_format(diags, false));
    Fixture fixture = {.lock = lock_new(), .target = lock_target_new(NULL, "linux/amd64")};
    fixture.wheels = g_hash_table_new(NULL, NULL);
    for (unsigned i = 0; i < 2; i++)
        add_wheel(&fixture, i, row);
    add_stages(&fixture, recipe, row->actions);
    char *found = build(&fixture, recipe, row->pip_version);
    for (unsigned i = 0; i < 2; i++)
        wheel_archive_free(fixture.archives[i]);
    g_hash_table_unref(fixture.wheels);
    lock_target_free(fixture.target);
    lock_free(fixture.lock);
    return found;
}

#define INFO1 "demo-1.0.dist-info/"
#define INFO2 "demo-2.0.dist-info/"
#define FILES2 INFO2 "INSTALLER\n" INFO2 "METADATA\n" INFO2 "RECORD\n" INFO2 "WHEEL\n"
#define FILES1 INFO1 "INSTALLER\n" INFO1 "METADATA\n" INFO1 "RECORD\n" INFO1 "WHEEL\n"
#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define C40 "cccccccccccccccccccccccccccccccccccccccc"

static const Case cases[] = {
    {.name = "upgrade",
     .stages = "  - pip: {name: a, install: [demo]}\n  - pip: {name: b, install: [demo==2.0]}\n",
     .actions = "install 1.0 Demo>=1\nupgrade 2.0",
     .expected = FILES2 "demo/__init__.py of stage 1\n"},
    {.name = "ignore_installed leaves what was there",
     .stages = "  - pip: {name: a, install: [demo]}\n"
               "  - pip: {name: b, install: [demo==2.0], ignore_installed: true}\n",
     .actions = "install 1.0 De.mo\ninstall 2.0",
     .expected = "/usr/local/include/python3.11/Demo/h.h\n" FILES1 FILES2
                 "demo/__init__.py of stage 1\ndemo/old.py\n"},
    {.name = "headers as the requirement spells it",
     .stages = "  - pip: {name: a, install: [DEMO]}\n",
     .actions = "install 1.0 DEMO ; python_version > '3'",
     .expected = "/usr/local/include/python3.11/DEMO/h.h\n" FILES1
                 "demo/__init__.py of stage 0\ndemo/old.py\n"},
    {.name = "remove",
     .stages = "  - pip: {name: a, install: [demo]}\n  - pip: {name: b, remove: [demo]}\n",
     .actions = "install 2.0\nremove 2.0",
     .expected = ""},
    {.name = "URL",
     .stages = "  - pip: {name: a, install: [demo]}\n",
     .actions = "install 2.0",
     .source = LOCK_SOURCE_URL,
     .source_name = "https://example.org/ü/demo.whl#sha256=x",
     .expected = INFO2 "INSTALLER\n" INFO2 "METADATA\n" INFO2 "RECORD\n" INFO2 "WHEEL\n" INFO2
                       "direct_url.json {\"archive_info\": {\"hash\": \"sha256=BBBB\", \"hashes\": "
                       "{\"sha256\": \"BBBB\"}}, \"url\": "
                       "\"https://example.org/\\u00fc/demo.whl\"}\ndemo/__init__.py of stage 0\n"},
    {.name = "path, old pip",
     .stages = "  - pip: {name: a, install: [demo]}\n",
     .actions = "install 2.0",
     .source = LOCK_SOURCE_PATH,
     .source_name = "./w/demo-2.0+x.whl",
     .pip_version = "23.0.1",
     .expected =
         INFO2 "INSTALLER\n" INFO2 "METADATA\n" INFO2 "RECORD\n" INFO2 "WHEEL\n" INFO2
               "direct_url.json {\"archive_info\": {}, \"url\": "
               "\"file:///tmp/ramekin/w/demo-2.0%2Bx.whl\"}\ndemo/__init__.py of stage 0\n"},
    {.name = "git",
     .stages = "  - pip: {name: a, install: [demo]}\n",
     .actions = "install 2.0 demo @ git+https://user@example.org/r/demo@v2#egg=demo",
     .source = LOCK_SOURCE_GIT,
     .source_name = "https://example.org/r/demo",
     .expected = INFO2 "INSTALLER\n" INFO2 "METADATA\n" INFO2 "RECORD\n" INFO2 "WHEEL\n" INFO2
                       "direct_url.json {\"url\": \"https://example.org/r/demo\", \"vcs_info\": "
                       "{\"commit_id\": \"" C40 "\", \"requested_revision\": \"v2\", "
                       "\"vcs\": \"git\"}}\ndemo/__init__.py of stage 0\n"},
    {.name = "a stage that runs",
     .stages = "  - run: {name: r, script: echo}\n",
     .actions = "",
     .expected = "stage 'r' (run) can't go into an image directly"},
};

TEST(stages)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *found = run(&cases[i]);
        g_autoptr(GString) expected = g_string_new(cases[i].expected);
        g_autofree char *digest = g_strnfill(64, 'b');
        g_string_replace(expected, "BBBB", digest, 0);
        assert_text(cases[i].name, expected->str, found);
    }
}
