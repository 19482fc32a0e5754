/* What a recipe decodes to: forms of bodies, labels, places, variables, rows, includes, what stage
 * definitions bring, the user's configuration. */
#include <glib/gstdio.h>

#include "base/io.h"
#include "recipe/checks.h"
#include "recipe/config.h"
#include "recipe/index_names.h"
#include "recipe/recipe.h"
#include "recipe/stage_apt.h"
#include "recipe/stage_download.h"
#include "recipe/stage_files.h"
#include "recipe/stage_git.h"
#include "recipe/stage_run.h"
#include "recipe/user_config.h"
#include "test.h"

#undef g_getenv

#define HEAD "version: 1\nbase: python:3.11-slim\n"

static void write_file(const char *path, const char *text)
{
    GError *error = NULL;
    g_autofree char *folder = g_path_get_dirname(path);
    g_assert_cmpint(g_mkdir_with_parents(folder, 0755), ==, 0);
    io_save(path, text, strlen(text), &error);
    assert_no_error(error);
}

/* Every test has a folder of its own. */
static void enter_folder(void)
{
    g_autofree char *folder = g_build_filename(g_get_user_data_dir(), "test", NULL);
    g_assert_cmpint(g_mkdir_with_parents(folder, 0755), ==, 0);
    g_assert_cmpint(chdir(folder), ==, 0);
}

static Recipe *decode_file(const char *row, const RecipeOptions *options)
{
    g_autoptr(Diags) diags = diags_new();
    g_autoptr(RecipeFile) file = recipe_file_load("r.yaml", options, diags);
    Recipe *recipe = file ? recipe_decode(file, row, options, diags) : NULL;
    g_autofree char *found = diags_format(diags, false);
    if (!recipe || diags_errors(diags))
        assert_text("a recipe", "", found);
    return recipe;
}

static Recipe *decode(const char *text)
{
    enter_folder();
    write_file("r.yaml", text);
    Recipe *recipe = decode_file(NULL, NULL);
    g_assert_nonnull(recipe);
    return recipe;
}

static const Stage *stage_at(const Recipe *recipe, guint i)
{
    g_assert_cmpuint(recipe->stages->len, >, i);
    return recipe->stages->pdata[i];
}

static char *join(const GPtrArray *texts)
{
    GString *out = g_string_new(NULL);
    for (guint i = 0; texts && i < texts->len; i++)
        g_string_append_printf(out, "%s%s", i ? " " : "", ((Text *)texts->pdata[i])->text);
    return g_string_free(out, FALSE);
}

static void assert_texts(const char *expected, const GPtrArray *texts)
{
    g_autofree char *found = join(texts);
    assert_text(NULL, expected, found);
}

static char *join_pairs(const GPtrArray *pairs)
{
    GString *out = g_string_new(NULL);
    for (guint i = 0; pairs && i < pairs->len; i++) {
        const Pair *pair = pairs->pdata[i];
        g_string_append_printf(out, "%s%s=%s", i ? " " : "", pair->key, pair->value);
    }
    return g_string_free(out, FALSE);
}

static void assert_pairs(const char *expected, const GPtrArray *pairs)
{
    g_autofree char *found = join_pairs(pairs);
    assert_text(NULL, expected, found);
}

TEST(defaults)
{
    g_autoptr(Recipe) recipe = decode(HEAD);
    g_assert_cmpint(recipe->target, ==, TARGET_IMAGE);
    assert_texts("linux/amd64", recipe->platforms);
    g_assert_cmpstr(recipe->base.reference, ==, "python:3.11-slim");
    g_assert_null(recipe->python.version);
    g_assert_null(recipe->libc.text);
    g_assert_cmpuint(recipe->stages->len, ==, 0);
    g_assert_null(recipe->checks->build);
    g_assert_cmpint(recipe->config->healthcheck.kind, ==, HEALTHCHECK_INHERIT);
    g_assert_null(recipe->config->cmd);
    g_assert_cmpuint(recipe->config->env->len, ==, 0);
    g_assert_false(recipe->resolve_together);
}

TEST(pip_forms)
{
    g_autoptr(Recipe) recipe =
        decode(HEAD "constraints: c.txt\n"
                    "overrides: [a==1, {file: o.txt}]\n"
                    "stages:\n"
                    "  - pip: numpy\n"
                    "  - pip: [numpy, 'jax[cuda12]']\n"
                    "  - pip: {requirements: r.txt, upgrade: [numpy], upgrade_strategy: eager,\n"
                    "          build: {x: {isolation: false, env: {A: b}}, y: {}}}\n");
    const FileOrLine *constraint = recipe->constraints->pdata[0];
    g_assert_cmpstr(constraint->file, ==, "c.txt");
    const FileOrLine *line = recipe->overrides->pdata[0], *file = recipe->overrides->pdata[1];
    g_assert_cmpstr(line->line, ==, "a==1");
    g_assert_cmpstr(file->file, ==, "o.txt");
    assert_texts("numpy", stage_at(recipe, 0)->body.pip->install);
    assert_texts("numpy jax[cuda12]", stage_at(recipe, 1)->body.pip->install);
    const PipStage *pip = stage_at(recipe, 2)->body.pip;
    g_assert_cmpuint(pip->install->len, ==, 0);
    g_assert_cmpstr(((FileOrLine *)pip->requirements->pdata[0])->file, ==, "r.txt");
    g_assert_true(pip->upgrade && pip->upgrade_eager);
    assert_texts("numpy", pip->upgrade_names);
    const PipBuild *x = pip->build->pdata[0], *y = pip->build->pdata[1];
    g_assert_cmpstr(x->dist, ==, "x");
    g_assert_false(x->isolation);
    g_assert_true(y->isolation);
    g_assert_cmpstr(x->env[0], ==, "A=b");
}

TEST(other_forms)
{
    g_autoptr(Recipe) recipe =
        decode(HEAD "stages:\n"
                    "  - apt: git\n"
                    "  - files: {a: /b/, name: 'here', c/: /d/}\n"
                    "  - files: [{content: x, dest: /y}]\n"
                    "  - download: {url: 'https://example.org/x', dest: /x, name: fetched,\n"
                    "               sha256: "
                    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
                    "}\n"
                    "  - run: |\n"
                    "      echo $(date) $$(x)\n"
                    "  - git: {url: '', dest: /x}\n"
                    "  - model: {repo: '', dest: /x}\n"
                    "  - remove: /tmp/x\n");
    assert_texts("git", stage_at(recipe, 0)->body.apt->packages);
    const FilesStage *files = stage_at(recipe, 1)->body.files;
    g_assert_cmpuint(files->files->len, ==, 2);
    g_assert_cmpstr(((FilesEntry *)files->files->pdata[1])->src.text, ==, "c/");
    g_assert_cmpstr(((FilesEntry *)files->files->pdata[1])->dest.text, ==, "/d/");
    g_assert_cmpstr(stage_at(recipe, 1)->name, ==, "here");
    g_assert_cmpstr(stage_at(recipe, 2)->name, ==, "files#3");
    const DownloadStage *download = stage_at(recipe, 3)->body.download;
    g_assert_cmpstr(((Download *)download->files->pdata[0])->dest.text, ==, "/x");
    g_assert_cmpstr(stage_at(recipe, 3)->name, ==, "fetched");
    g_assert_cmpstr(stage_at(recipe, 4)->body.run->script.text, ==, "echo $(date) $$(x)\n");
    g_assert_cmpint(stage_at(recipe, 5)->kind, ==, STAGE_REMOVE);
    g_assert_cmpstr(stage_at(recipe, 5)->name, ==, "remove#6");
    g_assert_cmpuint(recipe->stages->len, ==, 6);
}

TEST(comments)
{
    g_autoptr(Recipe) recipe = decode(HEAD "stages:\n"
                                           "  # far away\n"
                                           "\n"
                                           "  # first line\n"
                                           "  #second line\n"
                                           "  - pip: [a]   # behind\n"
                                           "  - pip: [b]\n");
    g_autofree char *first = stage_comment(stage_at(recipe, 0));
    g_autofree char *second = stage_comment(stage_at(recipe, 1));
    g_assert_cmpstr(first, ==, "first line\nsecond line");
    g_assert_null(second);
}

TEST(variables)
{
    g_autoptr(Recipe) recipe = decode(
        HEAD "vars: {v: 1.2, list: [a, b], none: [], empty: '', c: {type: cuda, default: 12.4}}\n"
             "description: $$(v) is $(v)$(empty)!\n"
             "stages:\n"
             "  - pip: {install: [x==$(v), $(list), $(none)], index: $(c)}\n"
             "  - pip: $(list)\n"
             "labels: {a: $(v)}\n"
             "checks:\n"
             "  gpu:\n"
             "    - python: print('$(v)')\n");
    g_assert_cmpstr(recipe->description, ==, "$(v) is 1.2!");
    assert_texts("x==1.2 a b", stage_at(recipe, 0)->body.pip->install);
    assert_texts("a b", stage_at(recipe, 1)->body.pip->install);
    g_assert_cmpstr(stage_at(recipe, 0)->body.pip->index.text, ==, "cu124");
    assert_pairs("a=1.2", recipe->config->labels);
    const Check *check = recipe->checks->gpu->pdata[0];
    g_assert_cmpstr(check->value.text, ==, "print('$(v)')");
    assert_pairs("c=cu124 empty= list=a b none= v=1.2", recipe->vars);
}

TEST(options_override)
{
    enter_folder();
    write_file("r.yaml", HEAD "vars: {v: 1, list: [a]}\n"
                              "matrix: {x: {v: 2}, y: {w: 3}}\n"
                              "stages: [{pip: [p==$(v), $(list)]}]\n");
    static const char *const vars[] = {"v=9", "list=b,c", NULL};
    RecipeOptions options = {.vars = vars};
    g_autoptr(Recipe) plain = decode_file("x", NULL);
    g_autoptr(Recipe) other = decode_file("y", NULL);
    g_autoptr(Recipe) given = decode_file("x", &options);
    assert_texts("p==2 a", stage_at(plain, 0)->body.pip->install);
    assert_texts("p==1 a", stage_at(other, 0)->body.pip->install);
    assert_texts("p==9 b c", stage_at(given, 0)->body.pip->install);
    assert_pairs("list=a v=1 w=3", other->vars);
    g_assert_cmpstr(other->row, ==, "y");
}

TEST(wrong_options)
{
    static const struct {
        const char *option, *row, *message;
    } rows[] = {
        {"verson=1", NULL,
         "error: --var: r.yaml has no variable 'verson'\n      = hint: did you mean 'version'?\n"},
        {"version", NULL,
         "error: --var 'version' is no variable\n      = hint: write --var NAME=VALUE\n"},
        {"version=1", "x", "error: there is no row 'x': r.yaml has no matrix\n"},
    };
    enter_folder();
    write_file("r.yaml", HEAD "vars: {version: 1}\n");
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const char *vars[] = {rows[i].option, NULL};
        RecipeOptions options = {.vars = vars};
        g_autoptr(Diags) diags = diags_new();
        g_autoptr(RecipeFile) file = recipe_file_load("r.yaml", &options, diags);
        g_assert_null(recipe_decode(file, rows[i].row, &options, diags));
        g_autofree char *found = diags_format(diags, false);
        assert_text(rows[i].option, rows[i].message, found);
    }
}

static void assert_rows(const char *matrix, const char *expected)
{
    enter_folder();
    g_autofree char *text = g_strconcat(HEAD, matrix, NULL);
    write_file("r.yaml", text);
    g_autoptr(Diags) diags = diags_new();
    g_autoptr(RecipeFile) file = recipe_file_load("r.yaml", NULL, diags);
    g_autofree char *found = g_strjoinv(" ", (char **)recipe_file_rows(file));
    assert_text(matrix, expected, found);
}

TEST(rows)
{
    assert_rows("", "");
    assert_rows("matrix: {b: {x: 1}, a: {}}", "b a");
    assert_rows("matrix: {cuda: [12.4, 12.6], py: [3.10]}", "12.4-3.10 12.6-3.10");
    assert_rows("matrix: {cuda: [12.4, 12.6], py: [3.10, 3.11],\n"
                "  exclude: [{cuda: 12.4, py: 3.11}, {py: [3.10, 3.12], cuda: 12.6}]}",
                "12.4-3.10 12.6-3.11");
    assert_rows("matrix: {v: ['>=1', 'a b']}", "--1 a-b");
}

TEST(when)
{
    enter_folder();
    write_file("r.yaml", HEAD "matrix: {one: {x: 1, y: a}, two: {x: 2}, three: {x: 3, y: b}}\n"
                              "stages:\n"
                              "  - pip: {install: [first], when: {x: [1, 2]}}\n"
                              "  - pip: {install: [second], when: {x: 1, y: b}}\n"
                              "  - pip: {install: [third], when: {y: b}}\n"
                              "  - pip: [always]\n"
                              "checks: {build: [{import: [a], when: {x: 1}}, {import: [b]}]}\n");
    static const struct {
        const char *row, *installs;
        unsigned checks;
    } rows[] = {
        {"one", "first always", 2}, {"two", "first always", 1}, {"three", "third always", 1}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Recipe) recipe = decode_file(rows[i].row, NULL);
        g_autoptr(GString) found = g_string_new(NULL);
        for (guint j = 0; j < recipe->stages->len; j++) {
            g_autofree char *texts = join(stage_at(recipe, j)->body.pip->install);
            g_string_append_printf(found, "%s%s", j ? " " : "", texts);
        }
        assert_text(rows[i].row, rows[i].installs, found->str);
        g_assert_cmpuint(recipe->checks->build->len, ==, rows[i].checks);
    }
}

TEST(includes)
{
    enter_folder();
    write_file("shared/a.yaml", "version: 1\nname: below\ninclude: b.yaml\n"
                                "constraints: a.txt\nprotect: torch\ncmd: [a, b]\n"
                                "env: {A: a, B: a}\nstages: [{pip: [from-a]}]\n");
    write_file("shared/b.yaml", "env: {A: b, C: b}\nstages: [{pip: [from-b]}]\n");
    write_file("r.yaml", HEAD "include: [shared/a.yaml, shared/b.yaml]\nname: above\n"
                              "constraints: [numpy<2]\nprotect: [triton]\ncmd: [c]\n"
                              "env: {B: own}\nstages: [{pip: [own]}]\n");
    g_autoptr(Recipe) recipe = decode_file(NULL, NULL);
    g_assert_cmpstr(recipe->name, ==, "above");
    g_assert_cmpuint(recipe->stages->len, ==, 3);
    assert_texts("from-b", stage_at(recipe, 0)->body.pip->install);
    assert_texts("from-a", stage_at(recipe, 1)->body.pip->install);
    assert_texts("own", stage_at(recipe, 2)->body.pip->install);
    assert_pairs("A=a C=b B=own", recipe->config->env);
    assert_texts("torch triton", recipe->protect);
    assert_texts("c", recipe->config->cmd);
    g_assert_cmpstr(((FileOrLine *)recipe->constraints->pdata[0])->file, ==, "a.txt");
    g_assert_cmpstr(((FileOrLine *)recipe->constraints->pdata[1])->line, ==, "numpy<2");
    g_autofree char *at = span_address(stage_at(recipe, 0)->at);
    g_assert_cmpstr(at, ==, "shared/b.yaml:2");
    g_assert_cmpuint(recipe_file_sources(recipe->file)->len, ==, 3);
}

TEST(definitions)
{
    enter_folder();
    write_file("stages/tool.yaml",
               "stage: 1\nname: tool\n"
               "params: {version: {required: true}, also: {type: list, default: [extra]}}\n"
               "stages:\n"
               "  - apt: [git]\n"
               "  - pip: {install: [tool==$(version), $(also)]}\n"
               "protect: [tool, $(also)]\n"
               "env: {TOOL: $(version), BOTH: tool}\nports: [80]\ncmd: [tool]\n"
               "checks: {build: [{import: [tool]}]}\nhost: {min_vram: 8 GB, gpus: [A40]}\n");
    write_file("more/other.yaml", "stage: 1\nname: other\nstages: [{tool: {version: 1.0}}]\n");
    write_file("r.yaml", HEAD "stage_path: more\n"
                              "env: {BOTH: own}\nports: [80, 81]\nhost: {min_vram: 4 GB}\n"
                              "stages:\n"
                              "  - pip: [before]\n"
                              "  - tool: {version: 1.0, also: ['more==2']}\n"
                              "  - other:\n");
    g_autoptr(Recipe) good = decode_file(NULL, NULL);
    g_assert_cmpuint(good->stages->len, ==, 5);
    static const char *const names[] = {"pip#1", "tool/1", "tool/2", "other/1", "other/2"};
    for (guint i = 0; i < 5; i++)
        g_assert_cmpstr(stage_at(good, i)->name, ==, names[i]);
    const Stage *pip = stage_at(good, 2);
    g_assert_cmpstr(pip->definition, ==, "tool");
    assert_texts("tool==1.0 more==2", pip->body.pip->install);
    const Text *tool = pip->body.pip->install->pdata[0], *more = pip->body.pip->install->pdata[1];
    g_assert_cmpuint(tool->at.line, ==, 9);
    g_assert_cmpuint(tool->at.column, ==, 21);
    g_assert_cmpuint(more->at.column, ==, 33);
    g_assert_cmpuint(stage_at(good, 4)->at.line, ==, 10);
    assert_texts("tool more extra", good->protect);
    assert_pairs("TOOL=1.0 BOTH=own", good->config->env);
    assert_texts("80 81", good->config->ports);
    assert_texts("tool", good->config->cmd);
    assert_texts("A40", good->config->host->gpus);
    g_assert_cmpuint(good->config->host->min_vram, ==, 8000000000);
    g_assert_cmpuint(good->checks->build->len, ==, 2);
}

/* Three definitions, each of which uses the next a hundred times. */
TEST(stages_without_end)
{
    enter_folder();
    g_autoptr(GString) items = g_string_new("a");
    for (unsigned i = 1; i < 100; i++)
        g_string_append_printf(items, ", i%u", i);
    for (unsigned i = 0; i < 3; i++) {
        g_autofree char *path = g_strdup_printf("stages/level%u.yaml", i);
        g_autofree char *stage =
            i < 2 ? g_strdup_printf("level%u: {each: {x: [%s]}}", i + 1, items->str)
                  : g_strdup_printf("pip: {each: {x: [%s]}, install: $(x)}", items->str);
        g_autofree char *text =
            g_strdup_printf("stage: 1\nname: level%u\nstages:\n  - %s\n", i, stage);
        write_file(path, text);
    }
    write_file("r.yaml", HEAD "stages:\n  - level0: {}\n");
    g_autoptr(Diags) diags = diags_new();
    g_autoptr(RecipeFile) file = recipe_file_load("r.yaml", NULL, diags);
    g_assert_null(recipe_decode(file, NULL, NULL, diags));
    g_assert_cmpuint(diags_errors(diags), ==, 1);
    g_autofree char *found = diags_format(diags, false);
    g_assert_nonnull(strstr(found, "there are more than 10000 stages"));
}

TEST(each)
{
    g_autoptr(Recipe) recipe =
        decode(HEAD "vars: {list: [a, b]}\n"
                    "stages:\n"
                    "  - pip: {each: {x: [$(list), c]}, install: [$(x)==1, y], when: {x: [a, c]}}\n"
                    "  - pip: {each: {x: []}, install: $(x)}\n"
                    "  - pip: [$(list)]\n"
                    "  - git: {each: {x: [n.git, m]}, url: 'https://example.org/$(x)@"
                    "0123456789012345678901234567890123456789', dest: /n/}\n");
    g_assert_cmpuint(recipe->stages->len, ==, 5);
    assert_texts("a==1 y", stage_at(recipe, 0)->body.pip->install);
    assert_texts("c==1 y", stage_at(recipe, 1)->body.pip->install);
    assert_texts("a b", stage_at(recipe, 2)->body.pip->install);
    const GitStage *git = stage_at(recipe, 3)->body.git, *other = stage_at(recipe, 4)->body.git;
    g_assert_cmpstr(git->url.text, ==, "https://example.org/n.git");
    g_assert_cmpstr(git->commit.text, ==, "0123456789012345678901234567890123456789");
    g_assert_cmpstr(git->dest.text, ==, "/n/n");
    g_assert_cmpstr(other->dest.text, ==, "/n/m");
}

TEST(shipped_definitions)
{
    enter_folder();
    write_file("r.yaml",
               HEAD "stages:\n"
                    "  - torch: {version: 2.6.0, cuda: 12.4, also: ['torchvision==0.21.0']}\n"
                    "  - torch: {version: 2.6.0, cuda: cpu, name: again}\n"
                    "  - runpod-serverless: {handler: src/handler.py, sdk: runpod==1.7.9}\n"
                    "  - nonroot:\n"
                    "  - hf-cache: /models\n");
    g_autofree char *shipped = g_build_filename(g_getenv("SOURCE_ROOT"), "stages", NULL);
    RecipeOptions options = {.shipped_stages = shipped};
    g_autoptr(Recipe) recipe = decode_file(NULL, &options);
    g_assert_cmpstr(stage_at(recipe, 0)->name, ==, "torch");
    g_assert_cmpstr(stage_at(recipe, 1)->name, ==, "again");
    g_assert_cmpstr(stage_at(recipe, 1)->body.pip->index.text, ==, "cpu");
    assert_texts("torch torchvision triton nvidia-*", recipe->protect);
    assert_texts("runpod==1.7.9", stage_at(recipe, 2)->body.pip->install);
    const FilesEntry *file = stage_at(recipe, 3)->body.files->files->pdata[0];
    g_assert_cmpstr(file->dest.text, ==, "/app/src/handler.py");
    assert_texts("python3 -u /app/src/handler.py", recipe->config->cmd);
    g_assert_cmpstr(recipe->config->user->uid.text, ==, "1000");
    assert_pairs("HF_HOME=/models HF_HUB_OFFLINE=false", recipe->config->env);
    const Check *version = recipe->checks->build->pdata[0], *cuda = recipe->checks->build->pdata[1];
    assert_texts("torch==2.6.0", version->items);
    assert_texts("12.4", cuda->items);
    g_autofree char *url = recipe_index_url(recipe, "cu124");
    g_assert_cmpstr(url, ==, "https://download.pytorch.org/whl/cu124");
}

TEST(index_names)
{
    static const struct {
        const char *text, *name;
    } rows[] = {
        {"12.4", "cu124"}, {"12.4.1", "cu124"}, {"cu124", "cu124"}, {"cpu", "cpu"},
        {"11.8", "cu118"}, {"13.0", "cu130"},   {"auto", "auto"},   {"rocm6.2", "rocm6.2"},
        {"12", NULL},      {"main", NULL},      {"x", NULL},        {"12.", NULL},
        {"1.2.3.4", NULL}, {"cu1", NULL},       {"", NULL},         {"12.10", NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *name = cuda_index_name(rows[i].text);
        assert_text(rows[i].text, rows[i].name, name);
    }
    g_autofree char *version = cuda_version_of_index("cu124");
    g_assert_cmpstr(version, ==, "12.4");
    g_assert_null(cuda_version_of_index("cpu"));
    g_assert_null(builtin_index_url("main"));
    g_assert_true(index_name_is_builtin("rocm6.2.4"));
    g_assert_false(index_name_is_builtin("rocm"));
}

TEST(user_config)
{
    enter_folder();
    write_file(
        "config/ramekin/config.yaml",
        "indexes: {main: 'https://mirror.example.org/simple/', cu124: 'https://a.example.org/'}\n"
        "mirrors: {debian: 'https://mirror.example.org/debian/'}\n");
    g_autofree char *here = g_get_current_dir();
    g_autofree char *xdg = g_strconcat("XDG_CONFIG_HOME=", here, "/config", NULL);
    const char *environment[] = {xdg, "RAMEKIN_INDEX_CU124=https://b.example.org/",
                                 "RAMEKIN_INDEX_ROCM6_2=https://c.example.org/", NULL};
    g_autoptr(Diags) diags = diags_new();
    g_autoptr(UserConfig) config = user_config_load(environment, diags);
    g_assert_cmpstr(user_config_index_url(config, "main"), ==,
                    "https://mirror.example.org/simple/");
    g_assert_cmpstr(user_config_index_url(config, "cu124"), ==, "https://b.example.org/");
    g_assert_cmpstr(user_config_index_url(config, "rocm6.2"), ==, "https://c.example.org/");
    g_assert_null(user_config_index_url(config, "cpu"));
    g_assert_cmpstr(user_config_mirror_url(config, "debian"), ==,
                    "https://mirror.example.org/debian/");
    write_file("config/ramekin/config.yaml", "index: {}\n");
    g_assert_null(user_config_load(environment, diags));
    g_assert_cmpuint(diags_errors(diags), ==, 1);
    const char *nowhere[] = {"XDG_CONFIG_HOME=/nonexistent", NULL};
    g_autoptr(UserConfig) empty = user_config_load(nowhere, diags);
    g_assert_null(user_config_index_url(empty, "main"));
}
