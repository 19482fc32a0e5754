#include "emit/script.h"

#include "base/digest.h"
#include "emit/dockerfile_pins.h"
#include "emit/env_scripts.h"
#include "emit/script_text.h"
#include "plan/start_check.h"
#include "python/name.h"

#define LISTS "requirements/"

typedef struct {
    ScriptShell shell;
    Emitter emitter;
    EmittedScript *result;
    GString *stages;        /* the calls */
    const char *uv_refused; /* the label of a stage that pip alone can install */
} Script;

static void add_file(Script *script, const char *path, const char *text, unsigned mode)
{
    EmittedFile *file = g_new(EmittedFile, 1);
    *file = (EmittedFile){g_strdup(path), g_strdup(text), mode};
    g_ptr_array_add(script->result->files, file);
}

static void file_free(void *file)
{
    emitted_file_free(file);
}

void emitted_script_free(EmittedScript *script)
{
    g_ptr_array_unref(script->files);
    g_ptr_array_unref(script->context);
    g_free(script);
}

/* Stages */

static bool is_wheel(const LockFile *file)
{
    return g_str_has_suffix(file->file, ".whl");
}

/* Where a wheel of the recipe's folder will lie is where the script looks for it. */
static gboolean note_path(Script *script, const LockFile *file, GError **error)
{
    const char *path = file->source_name;
    if (g_path_is_absolute(path) || g_str_has_prefix(path, "../"))
        return error_set(error, ERROR_INPUT, script->emitter.stage->at,
                         "%s lies outside the recipe's folder, and a script can't take it along",
                         path);
    GPtrArray *context = script->result->context;
    for (guint i = 0; i < context->len; i++)
        if (g_str_equal(context->pdata[i], path))
            return TRUE;
    g_ptr_array_add(context, g_strdup(path));
    return TRUE;
}

static const PipBuild *find_build(const PipStage *pip, const char *name)
{
    for (guint i = 0; pip->build && i < pip->build->len; i++) {
        const PipBuild *build = pip->build->pdata[i];
        g_autofree char *canonical = name_canonicalize(build->dist);
        if (g_str_equal(canonical, name))
            return build;
    }
    return NULL;
}

static void add_option(GPtrArray *options, const char *option)
{
    g_ptr_array_add(options, g_strdup(option));
}

/* Sources are built as `build:` says; what it wants to be done before can't be said in options. */
static gboolean add_build(Script *script, const LockFile *file, GPtrArray *options, GError **error)
{
    const Stage *stage = script->emitter.stage;
    const PipBuild *build = find_build(stage->body.pip, file->name);
    if (build && ((build->needs && build->needs[0]) || (build->apt && build->apt[0]) ||
                  (build->env && build->env[0])))
        return error_set(
            error, ERROR_INPUT, stage->at,
            "a script for an environment can't prepare the build of %s (`needs`, `apt`, "
            "`env`)",
            file->name);
    if (file->source != LOCK_SOURCE_GIT) {
        add_option(options, "--no-binary");
        add_option(options, file->name);
    }
    if (build && !build->isolation)
        add_option(options, "--no-build-isolation");
    return TRUE;
}

static gboolean list_group(Script *script, const GPtrArray *group, GString *lines,
                           GPtrArray *options, GError **error)
{
    const LockFile *first = ((const LockAction *)group->pdata[0])->file;
    bool reinstalls = false, wheels = true, hashes = first->source != LOCK_SOURCE_GIT;
    g_autoptr(GPtrArray) built = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < group->len; i++) {
        const LockAction *action = group->pdata[i];
        if (action->file->source == LOCK_SOURCE_PATH && !note_path(script, action->file, error))
            return FALSE;
        if (!is_wheel(action->file) && !add_build(script, action->file, built, error))
            return FALSE;
        wheels &= is_wheel(action->file);
        hashes &= action->file->sha256 != NULL;
        reinstalls |= g_str_equal(action->action, "reinstall");
        g_autofree char *line = pins_exact_line(action, ".");
        g_string_append_printf(lines, "%s\n", line);
    }
    if (hashes)
        add_option(options, "--require-hashes");
    if (wheels || built->len > 0) {
        add_option(options, "--only-binary");
        add_option(options, ":all:");
    }
    for (guint i = 0; i < built->len; i++)
        add_option(options, built->pdata[i]);
    if (reinstalls)
        add_option(options, "--force-reinstall");
    return TRUE;
}

static gboolean add_group(Script *script, const GPtrArray *group, guint rank, GError **error)
{
    const Emitter *emitter = &script->emitter;
    const LockFile *first = ((const LockAction *)group->pdata[0])->file;
    g_autoptr(GPtrArray) options = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GString) lines = g_string_new(NULL);
    if (!list_group(script, group, lines, options, error))
        return FALSE;
    if (emitter->stage->body.pip->ignore_installed) {
        add_option(options, "--ignore-installed");
        script->uv_refused = emitter->stage->name;
    }
    g_autofree char *url = first->source == LOCK_SOURCE_INDEX
                               ? recipe_index_url(emitter->recipe, first->source_name)
                               : NULL;
    if (url) {
        add_option(options, "--index-url");
        add_option(options, url);
    }
    g_autofree char *suffix = rank == 0 ? g_strdup(".txt") : g_strdup_printf(".%u.txt", rank + 1);
    g_autofree char *name = emitter_file_name(emitter, suffix);
    g_autofree char *path = g_strconcat(LISTS, name, NULL);
    add_file(script, path, lines->str, 0644);
    script_call(script->stages, script->shell, "install", name, options);
    return TRUE;
}

static gboolean add_stage(Script *script, GError **error)
{
    const Emitter *emitter = &script->emitter;
    const Stage *stage = emitter->stage;
    if (stage->kind != STAGE_PIP)
        return error_set(error, ERROR_INPUT, stage->at,
                         "a script for an environment has pip stages only, not `%s:`",
                         stage_kind_name(stage->kind));
    if (stage->env && stage->env[0])
        return error_set(error, ERROR_INPUT, stage->at,
                         "a script for an environment has no `env:` of a stage");
    if (!pins_check_indexes(emitter, error))
        return FALSE;
    g_autofree char *comment = stage_comment(stage);
    g_autofree char *title = g_strdup_printf("%s (%s)", stage->name, emitter->locked->at);
    g_string_append_c(script->stages, '\n');
    script_comment(script->stages, "", comment ? comment : "");
    script_call(script->stages, script->shell, "stage", title, NULL);
    g_autoptr(GPtrArray) groups = pins_groups(emitter);
    for (guint i = 0; i < groups->len; i++)
        if (!add_group(script, groups->pdata[i], i, error))
            return FALSE;
    const GPtrArray *names = stage->body.pip->remove;
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    for (guint i = 0; names && i < names->len; i++)
        g_ptr_array_add(words, ((const Text *)names->pdata[i])->text);
    if (words->len > 0)
        script_call(script->stages, script->shell, "remove", NULL, words);
    return TRUE;
}

static gboolean add_stages(Script *script, const Plan *plan, GError **error)
{
    Emitter *emitter = &script->emitter;
    for (guint i = 0; i < plan->recipe->stages->len && i < plan->target->stages->len; i++) {
        emitter->number = i + 1;
        emitter->stage = plan->recipe->stages->pdata[i];
        emitter->locked = plan->target->stages->pdata[i];
        if (!add_stage(script, error))
            return FALSE;
    }
    return TRUE;
}

/* The script */

static char *make_head(const Plan *plan, const char *remark)
{
    const Recipe *recipe = plan->recipe;
    g_autofree char *name = g_path_get_basename(recipe_file_path(recipe->file));
    g_autofree char *text =
        g_strdup_printf("Made by ramekin from %s%s%s; change the recipe, not this file.\n%s, for "
                        "Python %s on %s.%s%s",
                        name, recipe->row ? "#" : "", recipe->row ? recipe->row : "",
                        recipe->name ? recipe->name : "Environment", plan->target->base.python,
                        plan->target->platform, remark ? "\n" : "", remark ? remark : "");
    GString *out = g_string_new(NULL);
    script_comment(out, "", text);
    return g_string_free(out, FALSE);
}

/* What makes two environments the same: everything that is installed, in order, and expected. */
static char *find_identity(const Script *script)
{
    g_autoptr(Digest) digest = digest_new("sha256");
    for (guint i = 0; i < script->result->files->len; i++) {
        const EmittedFile *file = script->result->files->pdata[i];
        if (g_str_has_suffix(file->path, ".py"))
            continue;
        digest_update(digest, file->path, strlen(file->path) + 1);
        digest_update(digest, file->text, strlen(file->text) + 1);
    }
    digest_update(digest, script->stages->str, script->stages->len);
    return digest_finish(digest);
}

/* "3.11" of "3.11.0" or "3.13.0t" */
static char *python_series(const char *python)
{
    const char *dot = strchr(python, '.');
    return g_strndup(python, dot ? (gsize)(dot - python) + 1 + strspn(dot + 1, "0123456789") : 0);
}

static char *make_settings(const Script *script, bool single)
{
    g_autofree char *series = python_series(script->emitter.target->base.python);
    g_autofree char *identity = find_identity(script);
    g_autofree char *refused =
        script->uv_refused
            ? g_strdup_printf("uv has nothing like the --ignore-installed of stage %s",
                              script->uv_refused)
            : g_strdup("");
    GString *out = g_string_new(NULL);
    script_setting(out, script->shell, "series", series);
    script_setting(out, script->shell, "identity", identity);
    script_setting(out, script->shell, "uv_refused", refused);
    if (single)
        g_string_append(out, script->shell == SHELL_POSIX ? "root=$PWD\n"
                                                          : "$Root = $PWD.ProviderPath\n");
    return g_string_free(out, FALSE);
}

/* Where a script that is one text has its files. */
static char *make_here(const Script *script)
{
    static const char *const heads[] = {
        [SHELL_POSIX] =
            "here=$(mktemp -d)\ntrap 'rm -rf \"$here\"' EXIT\nmkdir \"$here/requirements\"\n",
        [SHELL_POWERSHELL] =
            "$Here = Join-Path ([IO.Path]::GetTempPath()) ('ramekin-' + $Identity.Substring(0, "
            "12))\n"
            "[void][IO.Directory]::CreateDirectory((Join-Path $Here 'requirements'))\n",
    };
    GString *out = g_string_new(heads[script->shell]);
    for (guint i = 0; i < script->result->files->len; i++) {
        const EmittedFile *file = script->result->files->pdata[i];
        script_file(out, script->shell, file->path, file->text);
    }
    return g_string_free(out, FALSE);
}

static char *beside(const Script *script)
{
    return g_strdup(script->shell == SHELL_POSIX
                        ? "here=$(CDPATH='' cd -- \"$(dirname -- \"$0\")\" && pwd)\nroot=$here\n"
                        : "$Here = $PSScriptRoot\n$Root = $Here\n");
}

static char *indented(const Script *script)
{
    if (script->shell == SHELL_POSIX)
        return g_strdup(script->stages->str);
    g_auto(GStrv) lines = g_strsplit(g_strchomp(script->stages->str), "\n", -1);
    GString *out = g_string_new(NULL);
    for (guint i = 0; lines[i]; i++)
        g_string_append_printf(out, "%s%s\n", *lines[i] ? "    " : "", lines[i]);
    return g_string_free(out, FALSE);
}

static char *make_script(const Script *script, const Plan *plan, const ScriptOptions *options)
{
    g_autofree char *head = make_head(plan, options->remark);
    g_autofree char *settings = make_settings(script, options->single);
    g_autofree char *here = options->single ? make_here(script) : beside(script);
    g_autofree char *stages = indented(script);
    const char *const parts[][2] = {
        {"head", head}, {"settings", settings}, {"here", here}, {"stages", stages}};
    char *text = g_strdup(script->shell == SHELL_POSIX ? install_sh : install_ps1);
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_autofree char *old = text;
        text = script_replace(old, parts[i][0], parts[i][1]);
    }
    /* Windows PowerShell 5.1 reads what has no byte order mark in the code page of the machine. */
    if (script->shell == SHELL_POWERSHELL && !g_str_is_ascii(text)) {
        g_autofree char *old = text;
        text = g_strconcat("\xef\xbb\xbf", old, NULL);
    }
    return text;
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

gboolean script_emit(const Plan *plan, const ScriptOptions *options, EmittedScript **ret_script,
                     GError **error)
{
    if (!options->pins)
        return error_set(error, ERROR_INPUT, SPAN_NONE,
                         "a script installs what is locked; --no-pins is for Dockerfiles");
    g_autoptr(EmittedScript) result = g_new0(EmittedScript, 1);
    result->files = g_ptr_array_new_with_free_func(file_free);
    result->context = g_ptr_array_new_with_free_func(g_free);
    bool windows = g_str_has_prefix(plan->target->platform, "windows/");
    g_autoptr(GString) stages = g_string_new(NULL);
    Script script = {.shell = windows ? SHELL_POWERSHELL : SHELL_POSIX,
                     .emitter = {.plan = plan, .recipe = plan->recipe, .target = plan->target},
                     .result = result,
                     .stages = stages};
    if (!add_stages(&script, plan, error))
        return FALSE;
    g_autofree char *expect = start_check_expect(plan);
    add_file(&script, "expect.json", expect, 0644);
    add_file(&script, "check.py", start_check_script(), 0644);
    add_file(&script, "verify.py", verify_py, 0644);
    g_autofree char *text = make_script(&script, plan, options);
    if (options->single)
        g_ptr_array_set_size(result->files, 0);
    EmittedFile *first = g_new(EmittedFile, 1);
    *first = (EmittedFile){g_strdup(windows ? "install.ps1" : "install.sh"), g_strdup(text),
                           windows ? 0644 : 0755};
    g_ptr_array_insert(result->files, 0, first);
    g_ptr_array_sort(result->context, compare_paths);
    *ret_script = g_steal_pointer(&result);
    return TRUE;
}
