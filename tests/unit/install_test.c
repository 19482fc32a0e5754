#include "test.h"

#include "base/sorted.h"
#include "python/install.h"
#include "python/name.h"
#include "python/record.h"

/* The index client of these tests: RECORDs by file name, and how often it was asked. */
static GHashTable *records;
static unsigned asked;

void index_client_want_record(IndexClient *client, const IndexFile *file)
{
}

const GPtrArray *index_client_get_record(IndexClient *client, const IndexFile *file, GError **error)
{
    asked++;
    const GPtrArray *rows = g_hash_table_lookup(records, file->filename);
    if (!rows)
        error_set(error, ERROR_INPUT, SPAN_NONE, "%s has no RECORD", file->filename);
    return rows;
}

typedef struct {
    Environment *environment;
    GPtrArray *keep; /* Metadata, IndexFile, Version of pins */
} World;

static void index_file_drop(void *data)
{
    IndexFile *file = data;
    g_free(file->filename);
    g_free(file);
}

static void rows_drop(void *data)
{
    g_ptr_array_unref(data);
}

static World world_new(InstallScheme scheme, const char *prefix)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PythonTarget) target = python_target_new("3.11", "glibc 2.36", "linux/amd64", &error);
    assert_no_error(g_steal_pointer(&error));
    records = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, rows_drop);
    asked = 0;
    return (World){environment_new(scheme, prefix, target),
                   g_ptr_array_new_with_free_func(index_file_drop)};
}

static void world_free(World *world)
{
    environment_free(world->environment);
    g_ptr_array_unref(world->keep);
    g_hash_table_unref(records);
}

static Metadata *metadata_of(const char *name, const char *version, const char *rest)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strdup_printf("Metadata-Version: 2.1\nName: %s\nVersion: %s\n%s",
                                            name, version, rest ? rest : "");
    Metadata *metadata = metadata_parse(text, strlen(text), &error);
    assert_no_error(g_steal_pointer(&error));
    return metadata;
}

/* A distribution of the base, with its files ("path=digest path …" below the folder). */
static InstalledDistribution *add_base(World *world, const char *folder, const char *name,
                                       const char *version, const char *files)
{
    InstalledDistribution *distribution =
        installed_distribution_new(name, metadata_of(name, version, NULL));
    distribution->site_dir = g_strdup(folder);
    distribution->dist_info = g_strdup_printf("%s-%s.dist-info", name, version);
    distribution->has_record = files != NULL;
    installed_distribution_add_path(distribution, NULL, NULL);
    g_auto(GStrv) words = g_strsplit(files ? files : "", " ", -1);
    for (guint i = 0; words[i] && *words[i]; i++) {
        g_auto(GStrv) parts = g_strsplit(words[i], "=", 2);
        g_autofree char *path = g_canonicalize_filename(parts[0], folder);
        installed_distribution_add_path(distribution, path, parts[1]);
    }
    installed_distribution_sort_paths(distribution);
    environment_add(world->environment, distribution);
    return distribution;
}

/* Installs "name version" with a wheel of these files and returns the effects as text. */
static char *describe(const InstallEffects *effects)
{
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < effects->clashes->len; i++) {
        const FileClash *clash = effects->clashes->pdata[i];
        g_string_append_printf(out, "%s %s %s %s%s\n", clash->winner,
                               clash->deleted ? "deletes" : "overwrites", clash->path, clash->loser,
                               clash->same_content ? " same" : "");
    }
    const struct {
        const char *what;
        const GPtrArray *list;
    } lists[] = {
        {"ghost", effects->ghosts}, {"shadowed", effects->shadowed}, {"refused", effects->refused}};
    for (size_t k = 0; k < G_N_ELEMENTS(lists); k++) {
        for (guint i = 0; i < lists[k].list->len; i++)
            g_string_append_printf(out, "%s %s\n", lists[k].what, (char *)lists[k].list->pdata[i]);
    }
    return g_string_free(out, FALSE);
}

static char *install(World *world, const char *name, const char *version, const char *record,
                     bool ignore_installed)
{
    g_autoptr(GError) error = NULL;
    IndexFile *file = g_new0(IndexFile, 1);
    file->filename = g_strdup_printf("%s-%s-py3-none-any.whl", name, version);
    g_ptr_array_add(world->keep, file);
    GPtrArray *rows = record_parse(record, strlen(record), &error);
    assert_no_error(g_steal_pointer(&error));
    g_hash_table_replace(records, g_strdup(file->filename), rows);
    g_autoptr(Metadata) metadata = metadata_of(name, version, NULL);
    g_autofree char *canonical = name_canonicalize(name);
    Pin pin = {.name = (char *)name,
               .canonical = canonical,
               .version = metadata->version,
               .metadata = metadata,
               .file = file,
               .action = PIN_INSTALL};
    Solution solution = {.pins = g_ptr_array_new()};
    g_ptr_array_add(solution.pins, &pin);
    InstallEffects *effects = NULL;
    g_assert_true(install_apply(world->environment, &solution, "stage", ignore_installed, NULL,
                                &effects, &error));
    assert_no_error(g_steal_pointer(&error));
    char *text = describe(effects);
    install_effects_free(effects);
    g_ptr_array_unref(solution.pins);
    return text;
}

static char *list_installed(const World *world)
{
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < world->environment->distributions->len; i++) {
        const InstalledDistribution *distribution = world->environment->distributions->pdata[i];
        g_string_append_printf(out, "%s%s %s", out->len ? ", " : "", distribution->name,
                               version_text(distribution->metadata->version));
    }
    return g_string_free(out, FALSE);
}

#define SITE "/usr/local/lib/python3.11/site-packages"
#define HASH_A "sha256=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define HASH_B "sha256=BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

TEST(shared_files)
{
    World world = world_new(SCHEME_POSIX, "/usr/local");
    g_autofree char *a =
        install(&world, "nv_a", "1.0", "nvidia/__init__.py," HASH_A ",0\nnvidia/a.so,,\n", false);
    g_autofree char *b =
        install(&world, "nv_b", "1.0", "nvidia/__init__.py," HASH_A ",0\nnvidia/b.so,,\n", false);
    assert_text("nothing is replaced, nothing is read", "", a);
    assert_text(NULL, "", b);
    g_assert_cmpuint(asked, ==, 0);
    g_autofree char *upgraded = install(&world, "nv_a", "2.0", "nvidia/a.so,,\n", false);
    assert_text("an upgrade drops a shared file", "nv-a deletes " SITE "/nvidia/__init__.py nv-b\n",
                upgraded);
    g_autofree char *again = install(&world, "nv_a", "2.1", "nvidia/a.so,,\n", false);
    assert_text("it is gone already", "", again);
    g_autofree char *written =
        install(&world, "nv_b", "2.0", "nvidia/__init__.py," HASH_A ",0\nnvidia/a.so,,\n", false);
    assert_text("another one's file is overwritten", "nv-b overwrites " SITE "/nvidia/a.so nv-a\n",
                written);
    g_autofree char *same =
        install(&world, "nv_a", "3.0",
                "nvidia/__init__.py," HASH_A ",0\nnvidia/c.so," HASH_B ",0\n", false);
    assert_text("what both list",
                "nv-a overwrites " SITE "/nvidia/__init__.py nv-b same\n"
                "nv-a deletes " SITE "/nvidia/a.so nv-b\n",
                same);
    world_free(&world);
}

TEST(second_dist_info)
{
    World world = world_new(SCHEME_POSIX, "/usr/local");
    g_autofree char *first = install(&world, "torch", "1.0+cpu", "torch/a.py,,\n", false);
    g_autofree char *second = install(&world, "torch", "1.0+cu118", "torch/a.py,,\n", true);
    assert_text(NULL, "ghost torch 1.0+cpu\n", second);
    g_autofree char *listed = list_installed(&world);
    assert_text("the first by name is the one pip sees", "torch 1.0+cpu, torch 1.0+cu118", listed);
    g_autofree char *repeated = install(&world, "torch", "1.0+cu118", "torch/a.py,,\n", true);
    assert_text("the same dist-info is overwritten", "ghost torch 1.0+cpu\n", repeated);
    g_autofree char *upgraded = install(&world, "torch", "2.0", "torch/a.py,,\n", false);
    assert_text("pip removes the one it sees", "ghost torch 1.0+cu118\n", upgraded);
    g_autofree char *after = list_installed(&world);
    assert_text(NULL, "torch 1.0+cu118, torch 2.0", after);
    world_free(&world);
}

TEST(base_copies)
{
    World world = world_new(SCHEME_DEBIAN, "/usr/local");
    const char *debian = "/usr/lib/python3/dist-packages";
    environment_add_folder(world.environment, debian, false);
    add_base(&world, debian, "wheel", "0.38", "wheel.py")->outside = true;
    add_base(&world, debian, "blinker", "1.4", NULL);
    g_autofree char *shadowed = install(&world, "wheel", "0.45", "wheel.py,,\n", false);
    assert_text(NULL, "shadowed wheel 0.38\n", shadowed);
    g_assert_cmpstr(version_text(environment_find(world.environment, "wheel")->metadata->version),
                    ==, "0.45");
    g_autofree char *refused = install(&world, "blinker", "1.8", "blinker.py,,\n", false);
    assert_text(NULL, "refused blinker 1.4\n", refused);
    g_autofree char *listed = list_installed(&world);
    assert_text("pip's folder comes first", "blinker 1.8, wheel 0.45, wheel 0.38", listed);
    world_free(&world);
}

TEST(data_folders)
{
    World world = world_new(SCHEME_POSIX, "/usr/local");
    add_base(&world, SITE, "old", "1", "../../../bin/tool ../../../share/x ../../../include/y");
    g_autofree char *text = install(&world, "p", "1",
                                    "p-1.data/scripts/tool,,\np-1.data/data/share/x,,\n"
                                    "p-1.data/purelib/m.py,,\np-1.data/nonsense/z,,\n",
                                    false);
    assert_text("a plain stage reads nothing", "", text);
    InstallEffects *effects = NULL;
    g_autoptr(GError) error = NULL;
    static const char *const names[] = {"OLD", "absent", NULL};
    g_assert_true(install_remove(world.environment, names, NULL, &effects, &error));
    assert_no_error(g_steal_pointer(&error));
    g_autofree char *removed = describe(effects);
    assert_text(NULL, "old deletes /usr/local/bin/tool p\nold deletes /usr/local/share/x p\n",
                removed);
    install_effects_free(effects);
    g_autofree char *listed = list_installed(&world);
    assert_text(NULL, "p 1", listed);
    world_free(&world);
}

TEST(uninstall_paths)
{
    World world = world_new(SCHEME_POSIX, "/usr/local");
    const InstalledDistribution *a = add_base(&world, SITE, "a", "1", "a/m.py a/data.txt");
    g_autoptr(GPtrArray) paths = environment_uninstall_paths(world.environment, a);
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < paths->len; i++)
        g_string_append_printf(text, "%s\n", (char *)paths->pdata[i] + strlen(SITE));
    assert_text(NULL,
                "/a/__pycache__/m.cpython-311.pyc\n/a/data.txt\n/a/m.py\n/a/m.pyc\n/a/m.pyo\n",
                text->str);
    g_string_free(text, TRUE);
    world_free(&world);
}

TEST(schemes)
{
    static const struct {
        InstallScheme scheme;
        const char *prefix, *python, *expected;
    } rows[] = {
        {SCHEME_POSIX, "/usr/local", "3.11",
         "/usr/local/lib/python3.11/site-packages /usr/local/bin /usr/local/include/python3.11"},
        {SCHEME_POSIX, "/opt/conda", "3.13t",
         "/opt/conda/lib/python3.13t/site-packages /opt/conda/bin /opt/conda/include/python3.13t"},
        {SCHEME_DEBIAN, "/usr/local", "3.11",
         "/usr/local/lib/python3.11/dist-packages /usr/local/bin /usr/include/python3.11"},
        {SCHEME_VENV, "/opt/venv", "3.12",
         "/opt/venv/lib/python3.12/site-packages /opt/venv/bin "
         "/opt/venv/include/site/python3.12"},
        {SCHEME_WINDOWS_VENV, "/venv", "3.12",
         "/venv/Lib/site-packages /venv/Scripts /venv/include/site/python3.12"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(PythonTarget) target =
            python_target_new(rows[i].python, NULL, "linux/amd64", NULL);
        g_autoptr(Environment) environment =
            environment_new(rows[i].scheme, rows[i].prefix, target);
        g_autofree char *found = g_strdup_printf("%s %s %s", environment->purelib,
                                                 environment->scripts, environment->headers);
        assert_text(rows[i].python, rows[i].expected, found);
    }
}

TEST(check)
{
    World world = world_new(SCHEME_POSIX, "/usr/local");
    InstalledDistribution *torch = installed_distribution_new(
        "torch", metadata_of("torch", "2.6.0",
                             "Requires-Dist: triton==3.2.0\nRequires-Dist: Absent\n"
                             "Requires-Dist: extra-only; extra == 'x'\n"
                             "Requires-Dist: other; sys_platform == 'win32'\n"
                             "Requires-Dist: pre>=1\n"));
    torch->site_dir = g_strdup(SITE);
    torch->dist_info = g_strdup("torch-2.6.0.dist-info");
    environment_add(world.environment, torch);
    add_base(&world, SITE, "triton", "2.3.1", "");
    add_base(&world, SITE, "pre", "2.0rc1", "");
    g_autoptr(PythonTarget) target = python_target_new("3.11", "glibc 2.36", "linux/amd64", NULL);
    g_autoptr(MarkerEnvironment) markers = marker_environment_new(target);
    g_autoptr(GPtrArray) broken = environment_check(world.environment, markers);
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < broken->len; i++) {
        const BrokenRequirement *entry = broken->pdata[i];
        g_string_append_printf(text, "%s %s %s\n", entry->distribution->name,
                               entry->requirement->text,
                               entry->found ? version_text(entry->found->metadata->version) : "-");
    }
    assert_text(NULL, "torch triton==3.2.0 2.3.1\ntorch Absent -\n", text->str);
    g_string_free(text, TRUE);
    world_free(&world);
}

TEST(copies)
{
    World world = world_new(SCHEME_POSIX, "/usr/local");
    add_base(&world, SITE, "a", "1", "a.py");
    g_autoptr(Environment) copy = environment_copy(world.environment);
    g_autofree char *text = install(&world, "a", "2", "a.py,,\n", false);
    g_assert_cmpstr(version_text(environment_find(copy, "a")->metadata->version), ==, "1");
    g_assert_cmpstr(version_text(environment_find(world.environment, "a")->metadata->version), ==,
                    "2");
    world_free(&world);
}
