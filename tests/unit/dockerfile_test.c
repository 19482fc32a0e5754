/* Recipes of tests/unit/dockerfile are rendered over locks told in their own comments and compared
 * with the text beside them:
 *   #: pip 26.3                              the base's pip
 *   #: 2 install triton 2.3.1 main           stage, action, name, version, where from
 * With RAMEKIN_UPDATE set the texts are written instead. */
#include "base/io.h"
#include "base/sorted.h"
#include "emit/dockerfile.h"
#include "emit/script.h"
#include "plan/start_check.h"
#include "test.h"

#include <unistd.h>

#undef g_getenv

static LockFile *file_of(Lock *lock, const LockAction *action, const char *source)
{
    LockFile *file = g_new0(LockFile, 1);
    file->name = g_strdup(action->name);
    file->version = g_strdup(action->version);
    file->file = g_strdup_printf("%s-%s-py3-none-any.whl", action->name, action->version);
    file->sha256 = g_strnfill(64, 'a');
    bool is_url = strstr(source, "://") != NULL, is_path = g_str_has_prefix(source, "./");
    file->source = is_url ? LOCK_SOURCE_URL : is_path ? LOCK_SOURCE_PATH : LOCK_SOURCE_INDEX;
    file->source_name = g_strdup(is_path ? source + 2 : source);
    g_ptr_array_add(lock->files, file);
    return file;
}

static void read_fact(Lock *lock, LockTarget *target, char **words)
{
    if (g_str_equal(words[0], "pip")) {
        target->base.pip_version = g_strdup(words[1]);
        return;
    }
    if (g_str_equal(words[0], "managed")) {
        target->base.externally_managed = true;
        return;
    }
    guint64 number = g_ascii_strtoull(words[0], NULL, 10);
    g_assert_true(number >= 1 && number <= target->stages->len);
    LockStage *stage = target->stages->pdata[number - 1];
    LockAction *action = lock_action_new(words[1], words[2], words[3]);
    if (words[4])
        action->file = file_of(lock, action, words[4]);
    g_ptr_array_add(stage->actions, action);
    g_ptr_array_add(stage->environment, lock_distribution_new(words[2], words[3]));
}

static Lock *lock_of(const Recipe *recipe, const char *text)
{
    Lock *lock = lock_new();
    LockTarget *target =
        lock_target_new(recipe->row, ((const Text *)recipe->platforms->pdata[0])->text);
    g_ptr_array_add(lock->targets, target);
    if (recipe->target == TARGET_ENV)
        target->base.python = g_strdup("3.11.0");
    for (guint i = 0; i < recipe->stages->len; i++) {
        const Stage *stage = recipe->stages->pdata[i];
        g_ptr_array_add(target->stages,
                        lock_stage_new(stage->name, stage_kind_name(stage->kind), "x:1"));
    }
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i]; i++) {
        if (!g_str_has_prefix(lines[i], "#: "))
            continue;
        g_auto(GStrv) words = g_strsplit(lines[i] + 3, " ", -1);
        read_fact(lock, target, words);
    }
    return lock;
}

static char *all_files(const EmittedDockerfile *dockerfile)
{
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < dockerfile->files->len; i++) {
        const EmittedFile *file = dockerfile->files->pdata[i];
        if (i > 0)
            g_string_append_printf(out, "==> %s (%04o)\n", file->path, file->mode);
        g_string_append(out, g_str_has_suffix(file->path, ".py") ? "(a script)\n" : file->text);
    }
    for (guint i = 0; i < dockerfile->context->len; i++)
        g_string_append_printf(out, "<== %s\n", (char *)dockerfile->context->pdata[i]);
    g_string_replace(out, start_check_script(), "(the checks that travel)\n", 0);
    return g_string_free(out, FALSE);
}

static char *render_text(const Plan *plan, bool heredocs, bool pins)
{
    DockerfileOptions options = {.pins = pins, .heredocs = heredocs, .build_command = "build ."};
    g_autoptr(EmittedDockerfile) dockerfile = NULL;
    g_autoptr(GError) error = NULL;
    if (!dockerfile_emit(plan, &options, &dockerfile, &error))
        return error_format(error, "error", false);
    return all_files(dockerfile);
}

static char *render_script_text(const Plan *plan)
{
    g_autoptr(EmittedScript) script = NULL;
    g_autoptr(GError) error = NULL;
    ScriptOptions options = {.pins = true};
    if (!script_emit(plan, &options, &script, &error))
        return error_format(error, "error", false);
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < script->files->len; i++) {
        const EmittedFile *file = script->files->pdata[i];
        g_string_append_printf(out, "== %s\n%s", file->path,
                               g_str_has_suffix(file->path, ".py") ? "(a script)\n" : file->text);
    }
    return g_string_free(out, FALSE);
}

static void compare(const char *dir, const char *name, const char *extension, const char *found)
{
    g_autofree char *file = g_strconcat(name, extension, NULL);
    g_autofree char *path = g_build_filename(dir, file, NULL);
    g_autoptr(GError) error = NULL;
    if (g_getenv("RAMEKIN_UPDATE")) {
        io_save(path, found, strlen(found), &error);
        assert_no_error(g_steal_pointer(&error));
        return;
    }
    g_autofree char *expected = NULL;
    size_t length;
    io_load(path, 1 << 20, &expected, &length, &error);
    assert_no_error(g_steal_pointer(&error));
    assert_text(file, expected, found);
}

static void render_case(const char *dir, const char *file_name)
{
    g_autofree char *name = g_strndup(file_name, strlen(file_name) - strlen(".yaml"));
    g_autoptr(Diags) diags = diags_new();
    g_autofree char *stages = g_build_filename(g_getenv("SOURCE_ROOT"), "stages", NULL);
    RecipeOptions options = {.shipped_stages = stages};
    g_autoptr(RecipeFile) file = recipe_file_load(file_name, &options, diags);
    g_autoptr(Recipe) recipe = file ? recipe_decode(file, NULL, &options, diags) : NULL;
    g_autofree char *mistakes = diags_format(diags, false);
    if (diags_errors(diags) > 0)
        assert_text(name, "", mistakes);
    g_autofree char *text = NULL;
    size_t length;
    g_autoptr(GError) error = NULL;
    io_load(file_name, 1 << 20, &text, &length, &error);
    assert_no_error(g_steal_pointer(&error));
    g_autoptr(Lock) lock = lock_of(recipe, text);
    g_autoptr(Plan) plan = plan_new(recipe, lock->targets->pdata[0]);
    g_autofree char *found = recipe->target == TARGET_ENV
                                 ? render_script_text(plan)
                                 : render_text(plan, g_str_has_suffix(name, "stdout"),
                                               !g_str_has_suffix(name, "literal"));
    compare(dir, name, ".expected", found);
}

TEST(renders)
{
    g_autofree char *dir =
        g_build_filename(g_getenv("SOURCE_ROOT"), "tests", "unit", "dockerfile", NULL);
    g_assert_cmpint(chdir(dir), ==, 0);
    g_autoptr(GPtrArray) names = sorted_dir(".", 1000, NULL);
    unsigned rendered = 0;
    for (guint i = 0; i < names->len; i++) {
        if (!g_str_has_suffix(names->pdata[i], ".yaml"))
            continue;
        render_case(".", names->pdata[i]);
        rendered++;
    }
    g_assert_cmpuint(rendered, >, 5);
}
