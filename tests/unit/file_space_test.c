#include "base/digest.h"
#include "check/file_space.h"
#include "plan/stage_tree.h"
#include "test.h"
#include "wheel_builder.h"

#define SITE "/usr/local/lib/python3.11/site-packages"
#define HEAD                                                                                       \
    "version: 1\nname: test\nbase: python:3.11-slim\npython: 3.11\nlibc: glibc 2.36\nstages:\n"
#define WHEEL(name, version, body)                                                                 \
    body "!demo-1.0.dist-info/METADATA\n!demo-1.0.dist-info/WHEEL\n!demo-1.0.dist-info/"           \
         "RECORD\n" name "-" version ".dist-info/METADATA - Name: " name "\\nVersion: " version    \
         "\\n\n" name "-" version                                                                  \
         ".dist-info/WHEEL - Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\n\n" name "-" version     \
         ".dist-info/RECORD - " name "-" version ".dist-info/RECORD,,\\n\n"

static const struct {
    const char *name, *version, *text;
} wheels[] = {
    {"demo", "1.0",
     WHEEL("demo", "1.0",
           "demo/__init__.py - 1\ndemo/old.py - old\ndemo/sub/deep/x.py - x\n"
           "demo-1.0.dist-info/entry_points.txt - "
           "[console_scripts]\\ndemo=demo.cli:main\\nrun=demo:run\\n\n"
           "demo-1.0.data/scripts/tool 100755 #!python\\n1\n"
           "demo-1.0.data/purelib/demo/data.py - data\n"
           "demo-1.0.data/data/share/demo.txt - text\ndemo-1.0.data/headers/h.h - x\n")},
    {"demo", "2.0", WHEEL("demo", "2.0", "demo/__init__.py - 2\ndemo/new.py - new\n")},
    {"twin", "1.0",
     WHEEL("twin", "1.0",
           "demo/__init__.py - other\ndemo/sub/deep/x.py - x\ntwin.py - t\n"
           "twin-1.0.dist-info/entry_points.txt - "
           "[console_scripts]\\ndemo=demo.cli:main\\nrun=twin:run\\n\n")},
    {"broken", "1.0", "../escape.py - x\n"},
};

#define WHEELS G_N_ELEMENTS(wheels)

typedef struct {
    const char *name;
    const char *stages;   /* of the recipe */
    const char *actions;  /* "install demo 1.0, remove twin 1.0", a stage a line */
    const char *expected; /* "PATH STAGE", "stale" behind it, and what follows the files */
} Case;

typedef struct {
    char *dir;
    HttpClient *http;
    Cache *cache;
    BlobStore *blobs;
    IndexClient *client;
    WheelViews *views;
    Lock *lock;
    LockTarget *target;
    LockFile *files[WHEELS];
    WheelArchive *archives[WHEELS];
    GHashTable *by_file;
} Fixture;

static LockFile *write_wheel(Fixture *fixture, size_t i, GPtrArray *wanted)
{
    g_autoptr(GBytes) bytes = wheel_build(wheels[i].text);
    LockFile *file = g_new0(LockFile, 1);
    gsize length;
    const char *data = g_bytes_get_data(bytes, &length);
    file->name = g_strdup(wheels[i].name);
    file->version = g_strdup(wheels[i].version);
    file->file = g_strdup_printf("%s-%s-py3-none-any.whl", file->name, file->version);
    file->sha256 = digest_sha256(data, length);
    file->source_name = g_strdup("main");
    WheelWanted *wheel = g_new0(WheelWanted, 1);
    *wheel = (WheelWanted){.filename = file->file,
                           .sha256 = file->sha256,
                           .size = length,
                           .canonical = file->name,
                           .url = g_build_filename(fixture->dir, file->file, NULL)};
    g_assert_true(g_file_set_contents(wheel->url, data, (gssize)length, NULL));
    g_ptr_array_add(wanted, wheel);
    return lock_take_file(fixture->lock, file);
}

static void open_wheels(Fixture *fixture)
{
    g_autoptr(GPtrArray) wanted = g_ptr_array_new();
    GError *error = NULL;
    for (size_t i = 0; i < WHEELS; i++)
        fixture->files[i] = write_wheel(fixture, i, wanted);
    fixture->views = wheel_views_open(fixture->client, fixture->blobs, wanted, &error);
    assert_no_error(error);
    for (size_t i = 0; i < WHEELS; i++) {
        WheelWanted *wheel = wanted->pdata[i];
        fixture->archives[i] = wheel_archive_open(wheel->url, wheel->filename, wheel->sha256, NULL);
        if (fixture->archives[i])
            g_hash_table_insert(fixture->by_file, fixture->files[i], fixture->archives[i]);
        g_free((char *)wheel->url);
        g_free(wheel);
    }
}

static Fixture *fixture_new(void)
{
    Fixture *fixture = g_new0(Fixture, 1);
    fixture->dir = g_strdup(g_get_user_cache_dir());
    g_assert_cmpint(g_mkdir_with_parents(fixture->dir, 0700), ==, 0);
    fixture->http = http_client_new(&(HttpOptions){.offline = true});
    fixture->cache = cache_new(fixture->dir);
    fixture->blobs = blob_store_new(fixture->cache);
    fixture->client = index_client_new(fixture->http, fixture->cache, true, NULL);
    fixture->lock = lock_new();
    fixture->target = lock_target_new(NULL, "linux/amd64");
    fixture->by_file = g_hash_table_new(NULL, NULL);
    LockBase *base = &fixture->target->base;
    base->python = g_strdup("3.11.2");
    base->libc = g_strdup("glibc 2.36");
    base->scheme = g_strdup("posix");
    base->prefix = g_strdup("/usr/local");
    open_wheels(fixture);
    return fixture;
}

static void fixture_free(Fixture *fixture)
{
    wheel_views_free(fixture->views);
    for (size_t i = 0; i < WHEELS; i++)
        wheel_archive_free(fixture->archives[i]);
    g_hash_table_unref(fixture->by_file);
    lock_target_free(fixture->target);
    lock_free(fixture->lock);
    index_client_free(fixture->client);
    blob_store_free(fixture->blobs);
    cache_free(fixture->cache);
    http_client_free(fixture->http);
    g_free(fixture->dir);
    g_free(fixture);
}

static LockFile *find_file(const Fixture *fixture, const char *name, const char *version)
{
    for (size_t i = 0; i < WHEELS; i++) {
        if (g_str_equal(wheels[i].name, name) && g_str_equal(wheels[i].version, version))
            return fixture->files[i];
    }
    return NULL;
}

static void add_stages(Fixture *fixture, const Recipe *recipe, const char *actions)
{
    g_auto(GStrv) lines = g_strsplit(actions, "\n", -1);
    for (guint i = 0; i < recipe->stages->len; i++) {
        const Stage *stage = recipe->stages->pdata[i];
        LockStage *locked = lock_stage_new(stage->name, stage_kind_name(stage->kind), "r:1");
        g_ptr_array_add(fixture->target->stages, locked);
        g_auto(GStrv) items = g_strsplit(lines[i], ", ", -1);
        for (guint k = 0; items[k]; k++) {
            g_auto(GStrv) words = g_strsplit(items[k], " ", 3);
            LockAction *action = lock_action_new(words[0], words[1], words[2]);
            if (!g_str_equal(words[0], "remove"))
                action->file = find_file(fixture, words[1], words[2]);
            g_ptr_array_add(locked->actions, action);
        }
    }
}

/* Without what every wheel has of the installer. */
static bool is_shown(const char *path)
{
    return !strstr(path, ".dist-info/") || g_str_has_suffix(path, "METADATA");
}

static void describe_space(const FileSpace *space, GString *out)
{
    const GPtrArray *files = file_space_files(space), *overlaps = file_space_overlaps(space);
    const GPtrArray *unknown = file_space_unknown(space);
    for (guint i = 0; i < files->len; i++) {
        const SpaceFile *file = files->pdata[i];
        if (is_shown(file->path))
            g_string_append_printf(out, "%s %u%s\n", file->path, file->stage,
                                   file->stale ? " stale" : "");
        g_assert_true(file_space_find(space, file->path) == file);
    }
    for (guint i = 0; i < overlaps->len; i++) {
        const SpaceOverlap *overlap = overlaps->pdata[i];
        g_string_append_printf(out, "%s of %s over %s%s\n", overlap->winner->path,
                               overlap->winner->distribution, overlap->loser->distribution,
                               overlap->same ? ", same" : "");
    }
    for (guint i = 0; i < unknown->len; i++)
        g_string_append_printf(out, "unknown: %s\n", file_space_problem(space, unknown->pdata[i]));
}

/* The paths of all files as the tree that `build` makes has them. */
static char *tree_paths(const Fixture *fixture, const Recipe *recipe)
{
    GError *error = NULL;
    g_autoptr(Environment) environment = lock_base_environment(fixture->target, &error);
    g_autoptr(PythonTarget) python =
        python_target_new("3.11.2", "glibc 2.36", "linux/amd64", &error);
    g_autoptr(InstallTarget) target = install_target_new(environment, python, NULL);
    g_autoptr(Plan) plan = plan_new(recipe, fixture->target);
    StageTreeInput input = {.plan = plan,
                            .wheels = fixture->by_file,
                            .target = target,
                            .environment = environment,
                            .python = python};
    g_autoptr(MergedTree) tree = NULL;
    GString *out = g_string_new(NULL);
    stage_tree_build(&input, &tree, &error);
    assert_no_error(error);
    const GPtrArray *entries = merged_tree_entries(tree);
    for (guint i = 0; i < entries->len; i++) {
        const TreeEntry *entry = entries->pdata[i];
        if (entry->kind != ENTRY_FOLDER)
            g_string_append_printf(out, "%s %u %s\n", entry->path, entry->stage,
                                   entry->member ? entry->member->name : "-");
    }
    return g_string_free(out, FALSE);
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The same of the space. A script whose first line is written anew is still its member here. */
static char *space_paths(const FileSpace *space)
{
    const GPtrArray *files = file_space_files(space);
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < files->len; i++) {
        const SpaceFile *file = files->pdata[i];
        bool absolute = *file->path == '/';
        bool script = absolute && g_str_has_suffix(file->path, "/tool");
        g_ptr_array_add(lines,
                        g_strdup_printf("%s%s%s %u %s\n", absolute ? "" : file_space_site(space),
                                        absolute ? "" : "/", file->path, file->stage,
                                        file->member && !script ? file->member->name : "-"));
    }
    g_ptr_array_sort(lines, compare_lines);
    g_ptr_array_add(lines, NULL);
    return g_strjoinv("", (char **)lines->pdata);
}

static Recipe *load(const char *stages, RecipeFile **ret_file)
{
    g_autofree char *text = g_strconcat(HEAD, stages, NULL);
    g_autoptr(Source) source = source_new("ramekin.yaml", text, strlen(text));
    g_autoptr(Diags) diags = diags_new();
    RecipeOptions options = {0};
    *ret_file = recipe_file_from_source(source, "ramekin.yaml", diags);
    Recipe *recipe = *ret_file ? recipe_decode(*ret_file, NULL, &options, diags) : NULL;
    if (!recipe)
        g_error("%s", diags_format(diags, false));
    return recipe;
}

static const Case cases[] = {
    {.name = "one wheel",
     .stages = "  - pip: {name: a, install: [demo]}\n",
     .actions = "install demo 1.0",
     .expected = "/usr/local/bin/demo 0\n/usr/local/bin/run 0\n/usr/local/bin/tool 0\n"
                 "/usr/local/include/python3.11/demo/h.h 0\n/usr/local/share/demo.txt 0\n"
                 "demo-1.0.dist-info/METADATA 0\ndemo/__init__.py 0\ndemo/data.py 0\n"
                 "demo/old.py 0\ndemo/sub/deep/x.py 0\n"},
    {.name = "an upgrade leaves nothing",
     .stages = "  - pip: {name: a, install: [demo]}\n  - pip: {name: b, install: [demo==2.0]}\n",
     .actions = "install demo 1.0\nupgrade demo 2.0",
     .expected = "demo-2.0.dist-info/METADATA 1\ndemo/__init__.py 1\ndemo/new.py 1\n"},
    {.name = "ignore_installed leaves what is not written over",
     .stages = "  - pip: {name: a, install: [demo]}\n"
               "  - pip: {name: b, install: [demo==2.0], ignore_installed: true}\n",
     .actions = "install demo 1.0\nupgrade demo 2.0",
     .expected = "/usr/local/bin/demo 0 stale\n/usr/local/bin/run 0 stale\n"
                 "/usr/local/bin/tool 0 stale\n"
                 "/usr/local/include/python3.11/demo/h.h 0 stale\n"
                 "/usr/local/share/demo.txt 0 stale\ndemo-1.0.dist-info/METADATA 0 stale\n"
                 "demo-2.0.dist-info/METADATA 1\ndemo/__init__.py 1\ndemo/data.py 0 stale\n"
                 "demo/new.py 1\ndemo/old.py 0 stale\ndemo/sub/deep/x.py 0 stale\n"},
    {.name = "what pip sees of two is uninstalled",
     .stages = "  - pip: {name: a, install: [demo]}\n"
               "  - pip: {name: b, install: [demo==2.0], ignore_installed: true}\n"
               "  - pip: {name: c, remove: [demo]}\n",
     .actions = "install demo 1.0\nupgrade demo 2.0\nremove demo 1.0",
     .expected = "demo-2.0.dist-info/METADATA 1\ndemo/new.py 1\n"},
    {.name = "two write the same",
     .stages = "  - pip: {name: a, install: [demo, twin]}\n",
     .actions = "install demo 1.0, install twin 1.0",
     .expected = "/usr/local/bin/demo 0\n/usr/local/bin/run 0\n/usr/local/bin/tool 0\n"
                 "/usr/local/include/python3.11/demo/h.h 0\n/usr/local/share/demo.txt 0\n"
                 "demo-1.0.dist-info/METADATA 0\ndemo/__init__.py 0\ndemo/data.py 0\n"
                 "demo/old.py 0\ndemo/sub/deep/x.py 0\ntwin-1.0.dist-info/METADATA 0\ntwin.py 0\n"
                 "/usr/local/bin/demo of twin over demo, same\n"
                 "/usr/local/bin/run of twin over demo\n"
                 "demo/__init__.py of twin over demo\n"
                 "demo/sub/deep/x.py of twin over demo, same\n"},
    {.name = "an uninstall takes the other's files with it",
     .stages = "  - pip: {name: a, install: [demo, twin]}\n  - pip: {name: b, remove: [demo]}\n",
     .actions = "install demo 1.0, install twin 1.0\nremove demo 1.0",
     .expected = "twin-1.0.dist-info/METADATA 0\ntwin.py 0\n"},
    {.name = "who is gone has lost nothing",
     .stages =
         "  - pip: {name: a, install: [demo]}\n  - pip: {name: b, install: [demo==2.0, twin]}\n",
     .actions = "install demo 1.0\nupgrade demo 2.0, install twin 1.0",
     .expected = "/usr/local/bin/demo 1\n/usr/local/bin/run 1\ndemo-2.0.dist-info/METADATA 1\n"
                 "demo/__init__.py 1\ndemo/new.py 1\ndemo/sub/deep/x.py 1\n"
                 "twin-1.0.dist-info/METADATA 1\ntwin.py 1\n"
                 "demo/__init__.py of twin over demo\n"},
};

TEST(stages)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const Case *row = &cases[i];
        g_autoptr(RecipeFile) file = NULL;
        Recipe *recipe = load(row->stages, &file);
        Fixture *fixture = fixture_new();
        add_stages(fixture, recipe, row->actions);
        FileSpaceInput input = {
            .recipe = recipe, .target = fixture->target, .views = fixture->views};
        g_autoptr(FileSpace) space = file_space_new(&input);
        g_autoptr(GString) found = g_string_new(NULL);
        describe_space(space, found);
        assert_text(row->name, row->expected, found->str);
        g_autofree char *tree = tree_paths(fixture, recipe), *paths = space_paths(space);
        assert_text(row->name, tree, paths);
        g_clear_pointer(&space, file_space_free);
        fixture_free(fixture);
        recipe_free(recipe);
    }
}

static char *list(const FileSpace *space, const char *folder)
{
    g_autoptr(GPtrArray) names = file_space_list(space, folder);
    if (!names)
        return NULL;
    g_ptr_array_add(names, NULL);
    return g_strjoinv(" ", (char **)names->pdata);
}

TEST(questions)
{
    static const struct {
        const char *folder, *expected;
    } rows[] = {
        {"", "demo-1.0.dist-info/ demo/"},
        {"demo", "__init__.py data.py old.py sub/"},
        {"demo/sub", "deep/"},
        {"/usr/local/bin", "demo run tool"},
        {"/usr", "local/"},
        {"dem", NULL},
        {"demo/old.py", NULL},
        {"zzz", NULL},
    };
    g_autoptr(RecipeFile) file = NULL;
    Recipe *recipe = load("  - pip: {name: a, install: [demo]}\n"
                          "  - pip: {name: b, install: [demo==2.0]}\n",
                          &file);
    Fixture *fixture = fixture_new();
    add_stages(fixture, recipe, "install demo 1.0\nupgrade demo 2.0");
    FileSpaceInput input = {.recipe = recipe, .target = fixture->target, .views = fixture->views};
    g_autoptr(FileSpace) space = file_space_new(&input);
    g_autoptr(FileSpace) first = file_space_after(space, 1);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *found = list(first, rows[i].folder);
        assert_text(rows[i].folder, rows[i].expected, found);
        g_assert_cmpint(file_space_has_folder(first, rows[i].folder), ==, found != NULL);
    }
    g_autofree char *last = list(space, "demo");
    assert_text("the end", "__init__.py new.py", last);
    const GPtrArray *scripts = file_space_scripts(first);
    g_assert_cmpuint(scripts->len, ==, 2);
    const SpaceScript *script = scripts->pdata[0];
    g_assert_cmpstr(script->script->path, ==, "/usr/local/bin/demo");
    g_assert_cmpstr(script->module, ==, "demo.cli");
    g_clear_pointer(&first, file_space_free);
    g_clear_pointer(&space, file_space_free);
    fixture_free(fixture);
    recipe_free(recipe);
}

/* What can't be read is said, and takes nothing else with it. */
TEST(unknown)
{
    g_autoptr(RecipeFile) file = NULL;
    Recipe *recipe = load("  - pip: {name: a, install: [broken, twin]}\n"
                          "  - pip: {name: b, remove: [broken]}\n",
                          &file);
    Fixture *fixture = fixture_new();
    add_stages(fixture, recipe, "install broken 1.0, install twin 1.0\nremove broken 1.0");
    FileSpaceInput input = {.recipe = recipe, .target = fixture->target, .views = fixture->views};
    g_autoptr(FileSpace) space = file_space_new(&input);
    g_assert_cmpuint(file_space_unknown(space)->len, ==, 1);
    const char *problem = file_space_problem(space, file_space_unknown(space)->pdata[0]);
    g_assert_nonnull(strstr(problem, "'..'"));
    g_assert_nonnull(file_space_find(space, "twin.py"));
    g_clear_pointer(&space, file_space_free);
    fixture_free(fixture);
    recipe_free(recipe);
}
