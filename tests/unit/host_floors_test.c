/* What a host must bring, from what is installed, what the base asks for and what the recipe
 * states; and YAML as JSON, whose scalars keep their types. */
#include "plan/node_json.h"
#include "plan/plan.h"
#include "plan/runpod_gpus.h"
#include "test.h"

#undef g_getenv

static HostTables *shipped(void)
{
    g_autofree char *data = g_build_filename(g_getenv("SOURCE_ROOT"), "data", NULL);
    const char *const folders[] = {data, NULL};
    g_autoptr(Diags) diags = diags_new();
    return host_tables_load(folders, diags);
}

static void install(LockTarget *target, const char *installed)
{
    LockStage *stage = lock_stage_new("pip#1", "pip", "ramekin.yaml:6");
    g_ptr_array_add(target->stages, stage);
    g_auto(GStrv) words = g_strsplit(installed, " ", -1);
    for (guint i = 0; words[i] && words[i + 1]; i += 2)
        g_ptr_array_add(stage->environment, lock_distribution_new(words[i], words[i + 1]));
}

/* "12.0 525.60.13 cuda>=12.0", "-" for what is not known. */
static char *floors_of(const HostTables *tables, const char *host, const char *installed,
                       const char *gate)
{
    g_autofree char *text = g_strdup_printf("version: 1\nbase: example.org/py:3\npython: 3.11\n"
                                            "libc: glibc 2.36\n%s\nstages:\n  - pip: [torch]\n",
                                            host);
    g_autoptr(Source) source = source_new("ramekin.yaml", text, strlen(text));
    g_autoptr(Diags) diags = diags_new();
    RecipeOptions options = {.shipped_stages = "stages", .tables = tables};
    g_autoptr(RecipeFile) file = recipe_file_from_source(source, "ramekin.yaml", diags);
    g_autoptr(Recipe) recipe = file ? recipe_decode(file, NULL, &options, diags) : NULL;
    if (!recipe)
        g_error("%s", diags_format(diags, false));
    g_autoptr(LockTarget) target = lock_target_new(NULL, "linux/amd64");
    target->base.facts = LOCK_FACTS_READ;
    target->base.require_cuda = g_strdup(gate);
    install(target, installed);
    g_autoptr(Plan) plan = plan_new(recipe, target);
    const HostFloors *floors = plan->floors;
    g_autoptr(Finding) refusal = host_floors_judge(recipe, target);
    return g_strdup_printf("%s %s %s%s", floors->min_cuda ? floors->min_cuda : "-",
                           floors->min_driver ? floors->min_driver : "-",
                           floors->require_cuda ? floors->require_cuda : "-",
                           refusal ? " refused" : "");
}

TEST(floors)
{
    static const char cu124[] = "torch 2.6.0+cu124";
    static const struct {
        const char *host, *installed, *gate, *found;
    } rows[] = {
        {"", "requests 2.0", NULL, "- - -"},
        {"", "torch 2.6.0", NULL, "- - -"},
        {"", "torch 2.6.0+cpu", NULL, "- - -"},
        {"", cu124, NULL, "12.0 525.60.13 cuda>=12.0"},
        {"", "torch 2.1.2+cu118", NULL, "11.0 450.80.02 cuda>=11.0"},
        {"", "torch 2.9.0+cu130", NULL, "13.0 580.65.06 cuda>=13.0"},
        {"", "nvidia-cuda-runtime-cu12 12.6.77 torch 2.6.0", NULL, "12.0 525.60.13 cuda>=12.0"},
        {"", "nvidia-cuda-runtime 13.0.96", NULL, "13.0 580.65.06 cuda>=13.0"},
        {"host: {min_cuda: 12.6}", cu124, NULL, "12.6 560.28.03 cuda>=12.0"},
        {"host: {min_cuda: 12.7}", cu124, NULL, "12.7 570.26 cuda>=12.0"},
        {"host: {min_cuda: 12}", cu124, NULL, "12.0 525.60.13 cuda>=12.0"},
        {"host: {min_cuda: 99.0}", cu124, NULL, "99.0 - cuda>=12.0"},
        {"host: {min_cuda: 12.4}", "requests 2.0", NULL, "12.4 550.54.14 -"},
        {"host: {min_cuda: 11.8}", cu124, NULL, "12.0 525.60.13 cuda>=12.0 refused"},
        {"host: {min_driver: 550.90}", cu124, NULL, "12.4 550.90 cuda>=12.0"},
        {"host: {min_driver: 470}", cu124, NULL, "12.0 525.60.13 cuda>=12.0 refused"},
        {"host: {min_driver: 550}", "requests 2.0", NULL, "12.3 550 -"},
        {"host: {min_driver: 470}\nignore: [{finding: driver-floor, why: cuda-compat}]", cu124,
         NULL, "- 470 - refused"},
        {"", cu124, "cuda>=12.4 brand=tesla,driver>=470,driver<471", "12.4 550.54.14 -"},
        {"", cu124, "cuda>=12.0", "12.0 525.60.13 -"},
        {"", cu124, "cuda>=11.8", "12.0 525.60.13 cuda>=12.0"},
        {"", cu124, "brand=tesla", "12.0 525.60.13 cuda>=12.0"},
        {"", cu124, "cuda>=", "12.0 525.60.13 cuda>=12.0"},
        {"env: {NVIDIA_REQUIRE_CUDA: \"cuda>=12.8\"}", cu124, NULL, "12.0 525.60.13 -"},
        {"env: {NVIDIA_DISABLE_REQUIRE: \"1\"}", cu124, NULL, "12.0 525.60.13 -"},
    };
    g_autoptr(HostTables) tables = shipped();
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *found = floors_of(tables, rows[i].host, rows[i].installed, rows[i].gate);
        g_autofree char *row = g_strdup_printf("%s, %s, %s", rows[i].host, rows[i].installed,
                                               rows[i].gate ? rows[i].gate : "no gate");
        assert_text(row, rows[i].found, found);
    }
}

/* Without the tables nothing is said of drivers, and nothing goes wrong. */
TEST(no_tables)
{
    g_autofree char *found = floors_of(NULL, "host: {min_driver: 550}", "torch 2.6.0+cu124", NULL);
    assert_text(NULL, "12.0 550 cuda>=12.0", found);
}

TEST(yaml_as_json)
{
    static const char *const texts[] = {"version", NULL}, *const plain[] = {"own", NULL};
    static const NodeTypes types = {texts, plain};
    static const struct {
        const char *yaml, *json;
    } rows[] = {
        {"a: [1, -0.5, 1e9, 1.5E-3, 0]", "{\"a\": [1, -0.5, 1e9, 1.5E-3, 0]}"},
        {"a: [01, 1., .5, +1, 0x1, 1e, -, 1_0]",
         "{\"a\": [\"01\", \"1.\", \".5\", \"+1\", \"0x1\", \"1e\", \"-\", \"1_0\"]}"},
        {"a: [true, false, null, True, yes, ~]",
         "{\"a\": [true, false, null, \"True\", \"yes\", \"~\"]}"},
        {"a: [\"1\", 'true']\nb:\nc: {}", "{\"a\": [\"1\", \"true\"], \"b\": null, \"c\": {}}"},
        {"version: [12.10, 1]\nown: {version: 1}\nb: {version: 2}",
         "{\"version\": [\"12.10\", \"1\"], \"own\": {\"version\": 1}, \"b\": {\"version\": "
         "\"2\"}}"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Source) source = source_new("x.yaml", rows[i].yaml, strlen(rows[i].yaml));
        g_autoptr(Diags) diags = diags_new();
        g_autoptr(NodeArena) arena = node_arena_new();
        const Node *node = yaml_parse(arena, source, diags);
        g_autoptr(JsonWriter) writer = jsonw_new();
        jsonw_begin_array(writer, JSONW_INLINE);
        node_write_json(writer, node, NULL, &types);
        jsonw_end_array(writer);
        g_autofree char *found = jsonw_finish(writer, NULL);
        g_autofree char *expected = g_strdup_printf("[%s]\n", rows[i].json);
        assert_text(rows[i].yaml, expected, found);
    }
}
