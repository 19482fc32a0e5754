#include "plan/stage_tree.h"

#include "plan/stage_tree_private.h"
#include "plan/start_check.h"
#include "plan/venv_tree.h"
#include "plan/wheel_script.h"
#include "python/name.h"
#include "recipe/config.h"

#include <string.h>

/* The stages at work: the tree, and what pip would find installed in it. */
typedef struct {
    const StageTreeInput *input;
    MergedTree *tree;
    Environment *environment; /* NULL: no Python */
    const Stage *stage;
    const LockStage *locked;
    unsigned index;
    Overlaps *overlaps;
} Builder;

/* direct_url.json (PEP 610), as pip's json.dumps(sort_keys=True) writes it */

/* ASCII only, as Python's json has it by default. */
static void append_json(GString *out, const char *text)
{
    g_string_append_c(out, '"');
    for (const char *at = text; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        if (c == '"' || c == '\\')
            g_string_append_printf(out, "\\%c", (char)c);
        else if (c >= ' ' && c < 0x7f)
            g_string_append_c(out, (char)c);
        else if (c < 0x10000)
            g_string_append_printf(out, "\\u%04x", c);
        else
            g_string_append_printf(out, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10),
                                   0xdc00 + ((c - 0x10000) & 0x3ff));
    }
    g_string_append_c(out, '"');
}

/* Before 23.1, pip says the digest only where the user's URL had one. */
static void append_hashes(GString *out, const char *url, const char *sha256,
                          const char *pip_version)
{
    const char *fragment = strchr(url, '#');
    bool named = fragment && strstr(fragment, "sha256=");
    bool old = pip_version && pip_is_older(pip_version, 23, 1);
    if (old && !named)
        return;
    g_string_append_printf(out, "\"hash\": \"sha256=%s\"", sha256);
    if (!old)
        g_string_append_printf(out, ", \"hashes\": {\"sha256\": \"%s\"}", sha256);
}

static char *archive_url(const char *url, const char *sha256, const char *pip_version)
{
    g_autofree char *bare = g_strndup(url, strcspn(url, "#"));
    GString *out = g_string_new("{\"archive_info\": {");
    append_hashes(out, url, sha256, pip_version);
    g_string_append(out, "}, \"url\": ");
    append_json(out, bare);
    g_string_append_c(out, '}');
    return g_string_free(out, FALSE);
}

/* "name @ git+https://host/x@v1.2#subdirectory=y" → "v1.2"; NULL: none was named. */
static char *requested_revision(const LockAction *action)
{
    for (guint i = 0; i < action->edges->len; i++) {
        const LockEdge *edge = action->edges->pdata[i];
        const char *git = strstr(edge->requirement, "git+");
        const char *path = git ? strstr(git, "://") : NULL;
        path = path ? strchr(path + 3, '/') : NULL;
        const char *at = path ? strchr(path, '@') : NULL;
        if (at)
            return g_strndup(at + 1, strcspn(at + 1, "#; "));
    }
    return NULL;
}

static char *git_url(const LockAction *action)
{
    const LockFile *file = action->file;
    g_autofree char *revision = requested_revision(action);
    GString *out = g_string_new("{\"url\": ");
    append_json(out, file->source_name);
    g_string_append_printf(out, ", \"vcs_info\": {\"commit_id\": \"%s\"",
                           file->commit ? file->commit : "");
    if (revision) {
        g_string_append(out, ", \"requested_revision\": ");
        append_json(out, revision);
    }
    g_string_append(out, ", \"vcs\": \"git\"}}");
    return g_string_free(out, FALSE);
}

/* What stands in direct_url.json; NULL for files of an index, which have none. A file of the
 * recipe's folder lies where the Dockerfile puts it for its pip. */
static char *direct_url(const LockAction *action, const char *pip_version)
{
    const LockFile *file = action->file;
    switch (file->source) {
    case LOCK_SOURCE_URL:
        return archive_url(file->source_name, file->sha256, pip_version);
    case LOCK_SOURCE_PATH: {
        g_autofree char *path = g_canonicalize_filename(file->source_name, BUILD_TEMP);
        g_autofree char *quoted = g_uri_escape_string(path, "/", FALSE);
        g_autofree char *url = g_strconcat("file://", quoted, NULL);
        return archive_url(url, file->sha256, pip_version);
    }
    case LOCK_SOURCE_GIT:
        return git_url(action);
    case LOCK_SOURCE_INDEX:
    default:
        return NULL;
    }
}

/* Installing */

static gboolean uninstall(Builder *builder, const InstalledDistribution *old, GError **error)
{
    if (!wheel_uninstall(builder->tree, builder->input->target, old->site_dir, old->dist_info,
                         error))
        return FALSE;
    environment_remove(builder->environment, old);
    return TRUE;
}

/* pip leaves a copy outside of the environment where it is: the new one shadows it. */
static gboolean uninstall_old(Builder *builder, const char *name, GError **error)
{
    const InstalledDistribution *old = environment_find(builder->environment, name);
    return !old || old->outside || uninstall(builder, old, error);
}

/* What pip calls a wheel that was named by its file. */
static char *name_of_file(const LockAction *action, const char *pip_version)
{
    const char *file = action->file->file;
    g_autofree char *name = g_strndup(file, strcspn(file, "-"));
    bool old = pip_version && pip_is_older(pip_version, 25, 1);
    return old ? g_strdelimit(g_steal_pointer(&name), "_", '-') : name_canonicalize(name);
}

char *stage_tree_spelled_name(const LockAction *action, const char *pip_version)
{
    for (guint i = 0; i < action->edges->len; i++) {
        const LockEdge *edge = action->edges->pdata[i];
        const char *text = edge->requirement;
        size_t length = 0;
        while (g_ascii_isalnum(text[length]) || (text[length] && strchr("-_.", text[length])))
            length++;
        g_autofree char *name = g_strndup(text, length);
        g_autofree char *canonical = name_canonicalize(name);
        if (g_str_equal(canonical, action->name))
            return g_steal_pointer(&name);
    }
    return action->file->source == LOCK_SOURCE_INDEX ? NULL : name_of_file(action, pip_version);
}

static void note_installed(Builder *builder, const WheelArchive *wheel, bool requested)
{
    const InstallTarget *target = builder->input->target;
    InstalledDistribution *fresh = installed_distribution_new(wheel->name, NULL);
    fresh->site_dir = g_strdup(wheel->root_is_purelib ? target->purelib : target->platlib);
    fresh->dist_info = g_strdup(wheel->dist_info);
    fresh->has_record = true;
    fresh->requested = requested;
    environment_add(builder->environment, fresh);
}

static gboolean install(Builder *builder, const LockAction *action, GError **error)
{
    const WheelArchive *wheel = g_hash_table_lookup(builder->input->wheels, action->file);
    if (!wheel)
        return error_set(error, ERROR_INPUT, builder->stage->at, "the wheel %s is not at hand",
                         action->file->file);
    if (!builder->stage->body.pip->ignore_installed && !uninstall_old(builder, action->name, error))
        return FALSE;
    const char *pip_version = builder->input->target->pip_version;
    g_autofree char *url = direct_url(action, pip_version);
    g_autofree char *name = stage_tree_spelled_name(action, pip_version);
    WheelInstall what = {wheel, name, action->requested, url, builder->index, builder->overlaps};
    if (!wheel_install(builder->tree, builder->input->target, &what, error))
        return FALSE;
    note_installed(builder, wheel, action->requested);
    return TRUE;
}

static gboolean refuse_pip(Span at, GError **error)
{
    error_set(error, ERROR_INPUT, at, "the base has no Python that `pip` could install into");
    if (error && *error)
        error_set_hint(*error, "images such as python:3.11-slim-bookworm have one");
    return FALSE;
}

static gboolean apply_action(Builder *builder, const LockAction *action, GError **error)
{
    if (g_str_equal(action->action, "keep"))
        return TRUE;
    if (!builder->environment || !builder->input->target)
        return refuse_pip(builder->stage->at, error);
    GError *cause = NULL;
    bool removes = g_str_equal(action->action, "remove");
    gboolean ok =
        removes ? uninstall_old(builder, action->name, &cause) : install(builder, action, &cause);
    return ok || error_wrap(error, cause, builder->stage->at, "stage '%s': %s %s",
                            builder->stage->name, action->name, action->version);
}

static gboolean apply_pip(Builder *builder, GError **error)
{
    for (guint i = 0; i < builder->locked->actions->len; i++) {
        if (!apply_action(builder, builder->locked->actions->pdata[i], error))
            return FALSE;
    }
    return TRUE;
}

/* Stages */

static gboolean apply_files(Builder *builder, GError **error)
{
    return tree_add_files(builder->tree, builder->input->plan->recipe, builder->stage,
                          builder->index, error);
}

static gboolean apply_remove(Builder *builder, GError **error)
{
    return tree_remove_globs(builder->tree, builder->stage, builder->index, error);
}

typedef gboolean (*ApplyFunc)(Builder *builder, GError **error);

/* NULL: needs a program to run, or something that the lock does not hold. */
static const ApplyFunc apply_kinds[STAGE_KIND_COUNT] = {
    [STAGE_PIP] = apply_pip,
    [STAGE_FILES] = apply_files,
    [STAGE_REMOVE] = apply_remove,
};

static gboolean refuse(Span at, const char *what, GError **error)
{
    error_set(error, ERROR_INPUT, at, "%s can't go into an image directly", what);
    if (error && *error)
        error_set_hint(*error, "`ramekin render` writes a Dockerfile that does it");
    return FALSE;
}

static gboolean check_pip(const Stage *stage, const LockStage *locked, GError **error)
{
    const Text *project = &stage->body.pip->project;
    if (project->text)
        return error_set(
            error, ERROR_INPUT, project->at,
            "`project:` runs a build, which only the Dockerfile of `ramekin render` can");
    for (guint i = 0; locked && i < locked->actions->len; i++) {
        const LockAction *action = locked->actions->pdata[i];
        if (!action->file || g_str_equal(action->action, "keep") ||
            g_str_has_suffix(action->file->file, ".whl"))
            continue;
        error_set(error, ERROR_INPUT, stage->at,
                  "stage '%s' builds %s %s from its source distribution, which can't go into an "
                  "image directly",
                  stage->name, action->name, action->version);
        if (error && *error)
            error_set_hint(*error, "`ramekin render` writes a Dockerfile that builds it; or build "
                                   "a wheel elsewhere (`pip wheel`) and name it by path or URL");
        return FALSE;
    }
    return TRUE;
}

gboolean stage_tree_check(const Recipe *recipe, const LockTarget *target, GError **error)
{
    if (recipe->config->bytecode == BYTECODE_UNCHECKED_HASH)
        return refuse(recipe->base.at, "byte code, which the image's own Python makes,", error);
    if (recipe->parts && recipe->parts->len > 0) {
        const RecipePart *part = recipe->parts->pdata[0];
        g_autofree char *what = g_strdup_printf("the helper image '%s'", part->name);
        return refuse(part->at, what, error);
    }
    for (guint i = 0; i < recipe->stages->len; i++) {
        const Stage *stage = recipe->stages->pdata[i];
        const LockStage *locked = i < target->stages->len ? target->stages->pdata[i] : NULL;
        if (stage->kind == STAGE_PIP && !check_pip(stage, locked, error))
            return FALSE;
        if (apply_kinds[stage->kind])
            continue;
        g_autofree char *what =
            g_strdup_printf("stage '%s' (%s)", stage->name, stage_kind_name(stage->kind));
        return refuse(stage->at, what, error);
    }
    return TRUE;
}

static gboolean add_venv(Builder *builder, GError **error)
{
    const StageTreeInput *input = builder->input;
    const RecipePython *python = &input->plan->recipe->python;
    if (!python->venv || !input->target)
        return TRUE;
    g_autofree char *interpreter = tree_find_program(builder->tree, input->env, "python3");
    if (!interpreter)
        return error_set(error, ERROR_INPUT, python->at,
                         "the base has no python3 that the virtual environment could use");
    VenvTree venv = {python->venv, interpreter, input->python};
    return tree_add_venv(builder->tree, &venv, error);
}

static gboolean add_text(Builder *builder, const char *path, unsigned mode, const char *text,
                         GError **error)
{
    const Recipe *recipe = builder->input->plan->recipe;
    GBytes *bytes = g_bytes_new(text, strlen(text));
    return stage_tree_put_bytes(builder->tree, path, mode, 0, 0, bytes, recipe->stages->len,
                                SPAN_NONE, error);
}

static gboolean add_start_check(Builder *builder, GError **error)
{
    const Plan *plan = builder->input->plan;
    if (!start_check_is_wanted(plan))
        return TRUE;
    g_autofree char *expect = start_check_expect(plan);
    return add_text(builder, START_CHECK_SCRIPT, 0755, start_check_script(), error) &&
           add_text(builder, START_CHECK_EXPECT, 0644, expect, error);
}

static gboolean apply_stages(Builder *builder, GError **error)
{
    const Plan *plan = builder->input->plan;
    const Recipe *recipe = plan->recipe;
    if (!stage_tree_check(recipe, plan->target, error) || !add_venv(builder, error))
        return FALSE;
    for (guint i = 0; i < recipe->stages->len; i++) {
        builder->index = i;
        builder->stage = recipe->stages->pdata[i];
        builder->locked = plan->target->stages->pdata[i];
        if (!apply_kinds[builder->stage->kind](builder, error))
            return FALSE;
    }
    return tree_add_user(builder->tree, recipe, recipe->stages->len, error) &&
           tree_add_workdir(builder->tree, recipe, recipe->stages->len, error) &&
           add_start_check(builder, error);
}

gboolean stage_tree_build(const StageTreeInput *input, MergedTree **ret_tree, GError **error)
{
    const Recipe *recipe = input->plan->recipe;
    if (!recipe || recipe->stages->len != input->plan->target->stages->len)
        return error_set(error, ERROR_INPUT, SPAN_NONE,
                         "the lock does not have the recipe's stages");
    g_autoptr(MergedTree) tree = merged_tree_new(input->base);
    g_autoptr(Overlaps) overlaps = overlaps_new();
    Builder builder = {.input = input, .tree = tree, .overlaps = overlaps};
    if (input->environment)
        builder.environment = environment_copy(input->environment);
    gboolean ok = apply_stages(&builder, error);
    environment_free(builder.environment);
    if (ok && input->findings) {
        g_autoptr(GPtrArray) findings = overlaps_findings(overlaps, input->plan);
        g_ptr_array_extend_and_steal(input->findings, g_steal_pointer(&findings));
    }
    if (ok)
        *ret_tree = g_steal_pointer(&tree);
    return ok;
}
