#include "plan/lock_text.h"

#include "lock/environment_cuda.h"
#include "plan/layout.h"

#include <string.h>

enum {
    DIGEST_SHOWN = 12,
};

/* On one line, without control characters. */
static void put_text(GString *out, const char *text)
{
    Layout layout = {out, false, 0};
    g_autofree char *line = g_strdup(text);
    layout_put(&layout, TINT_NONE, g_strdelimit(line, "\n\r", ' '));
}

static void put(GString *out, const char *head, const char *text)
{
    if (!text || !*text)
        return;
    g_string_append(out, head);
    put_text(out, text);
    g_string_append_c(out, '\n');
}

/* ", cu124, 766.7 MB, sha256:0123456789ab". */
static void put_file(GString *out, const LockFile *file)
{
    if (!file)
        return;
    g_string_append(out, ", ");
    put_text(out, file->source_name);
    if (file->commit)
        g_string_append_printf(out, " at %.*s", DIGEST_SHOWN, file->commit);
    g_autofree char *size = file->size > 0 ? layout_size(file->size) : NULL;
    g_string_append_printf(out, "%s%s", size ? ", " : "", size ? size : "");
    if (file->sha256)
        g_string_append_printf(out, ", sha256:%.*s", DIGEST_SHOWN, file->sha256);
    if (!g_str_has_suffix(file->file, ".whl"))
        g_string_append(out, ", source");
}

static void put_action(GString *out, const LockAction *action)
{
    if (g_str_equal(action->action, "keep"))
        return;
    g_string_append_printf(out, "  %s %s ", action->action, action->name);
    if (action->from_version && !g_str_equal(action->from_version, action->version))
        g_string_append_printf(out, "%s -> ", action->from_version);
    g_string_append(out, action->version);
    put_file(out, action->file);
    g_string_append_c(out, '\n');
}

static void put_stage(GString *out, const LockStage *stage)
{
    g_string_append_printf(out, "\nstage %s (%s)\n", stage->name, stage->kind);
    for (size_t i = 0; stage->pip_arguments && stage->pip_arguments[i]; i++)
        put(out, "  asks for ", stage->pip_arguments[i]);
    for (guint i = 0; i < stage->actions->len; i++)
        put_action(out, stage->actions->pdata[i]);
    for (guint i = 0; i < stage->findings->len; i++) {
        const Finding *finding = stage->findings->pdata[i];
        g_autofree char *head =
            g_strdup_printf("  %s %s: ", severity_name(finding->severity), finding->code);
        put(out, head, finding->message);
    }
}

static void put_installed(GString *out, const LockTarget *target)
{
    const LockStage *last = lock_target_last(target);
    const GPtrArray *environment = last ? last->environment : target->base.installed;
    if (environment->len > 0)
        g_string_append(out, "\ninstalled in the end\n");
    for (guint i = 0; i < environment->len; i++) {
        const LockDistribution *one = environment->pdata[i];
        g_string_append_printf(out, "  %s %s (%s)%s\n", one->name, one->version,
                               one->stage ? one->stage : "base",
                               one->ghost ? ", a second copy that pip does not see" : "");
    }
}

static void put_imports(GString *out, const LockTarget *target)
{
    for (guint i = 0; i < target->imports->len; i++) {
        const LockImport *item = target->imports->pdata[i];
        if (item->verdict == LOCK_IMPORT_MOVED)
            put(out, "moved to gpu: import ", item->module);
    }
}

static void put_target(GString *out, const LockTarget *target, bool first)
{
    const LockBase *base = &target->base;
    const LockStage *last = lock_target_last(target);
    const GPtrArray *environment = last ? last->environment : base->installed;
    g_autofree char *cuda = environment_cuda(environment);
    g_autofree char *substituted =
        target->substituted ? g_strjoinv(", ", target->substituted) : NULL;
    g_string_append_printf(out, "%starget %s%s%s\n", first ? "" : "\n\n",
                           target->row ? target->row : "", target->row ? " " : "",
                           target->platform);
    put(out, "base ", base->reference);
    put(out, "base digest ", base->digest);
    put(out, "substituted indexes ", substituted);
    put(out, "substituted base ", target->substituted_base);
    put(out, "python ", base->python);
    put(out, "libc ", base->libc);
    put(out, "CUDA ", cuda);
    put_imports(out, target);
    for (guint i = 0; i < target->stages->len; i++)
        put_stage(out, target->stages->pdata[i]);
    put_installed(out, target);
}

char *lock_format_text(const Lock *lock)
{
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < lock->targets->len; i++)
        put_target(out, lock->targets->pdata[i], i == 0);
    return g_string_free(out, FALSE);
}
