#include "base/escape.h"
#include "plan/image_settings.h"
#include "plan/inspect.h"
#include "plan/layout.h"

enum {
    LABEL_COLUMNS = 12, /* of "distribution" */
    DIGEST_SHOWN = 12,
    SIZE_COLUMNS = 9,
    MIN_COLUMNS = 60,
    ACTION_COLUMNS = 4,
};

static void add_label(Layout *layout, const char *label)
{
    layout_pad(layout, TINT_STRONG, label, LABEL_COLUMNS, false);
    layout_put(layout, TINT_NONE, " ");
}

/* As much of it as fits, on this line. */
static void add_rest(Layout *layout, Tint tint, const char *text, unsigned column)
{
    g_autofree char *line = g_strdup(text);
    layout_rest(layout, tint, g_strdelimit(line, "\n\r", ' '), column);
}

/* "label  text", nothing where there is no text. */
static void add_line(Layout *layout, const char *label, const char *text)
{
    if (!text || !*text)
        return;
    add_label(layout, label);
    add_rest(layout, TINT_NONE, text, LABEL_COLUMNS + 1);
}

/* In full, however long: it is there to be copied. */
static void add_whole(Layout *layout, const char *label, const char *text)
{
    if (!text)
        return;
    add_label(layout, label);
    layout_printf(layout, TINT_NONE, "%s\n", text);
}

static void add_strings(Layout *layout, const char *label, char *const *texts)
{
    for (guint i = 0; texts && texts[i]; i++)
        add_line(layout, i == 0 ? label : "", texts[i]);
}

static void add_array(Layout *layout, const char *label, const GPtrArray *texts)
{
    for (guint i = 0; i < texts->len; i++)
        add_line(layout, i == 0 ? label : "", texts->pdata[i]);
}

/* As JSON, which says where words end. */
static void add_command(Layout *layout, const char *label, char *const *words)
{
    if (!words || !*words)
        return;
    g_autoptr(GString) text = g_string_new("[");
    for (guint i = 0; words[i]; i++) {
        g_string_append(text, i > 0 ? ", " : "");
        escape_json(text, words[i]);
    }
    g_string_append_c(text, ']');
    add_line(layout, label, text->str);
}

static const char *const told_elsewhere[] = {
    LABEL_RECIPE,     LABEL_LOCK,       LABEL_CUDA,     LABEL_MIN_CUDA,
    LABEL_MIN_DRIVER, LABEL_CAPABILITY, LABEL_MIN_VRAM, NULL,
};

static void add_labels(Layout *layout, const ImageConfig *config)
{
    const char *label = "labels";
    for (guint i = 0; i < config->labels->len; i++) {
        const ImagePair *pair = config->labels->pdata[i];
        if (g_strv_contains(told_elsewhere, pair->key))
            continue;
        g_autofree char *text = g_strdup_printf("%s=%s", pair->key, pair->value);
        add_line(layout, label, text);
        label = "";
    }
}

/* What a host must have, or newer. */
static void add_host(Layout *layout, const ImageConfig *config)
{
    const char *cuda = image_pairs_find(config->labels, LABEL_CUDA);
    const char *min_cuda = image_pairs_find(config->labels, LABEL_MIN_CUDA);
    const char *driver = image_pairs_find(config->labels, LABEL_MIN_DRIVER);
    const char *capability = image_pairs_find(config->labels, LABEL_CAPABILITY);
    const char *vram = image_pairs_find(config->labels, LABEL_MIN_VRAM);
    g_autoptr(GString) text = g_string_new(NULL);
    if (driver)
        g_string_append_printf(text, ", driver %s", driver);
    if (min_cuda)
        g_string_append_printf(text, ", CUDA %s", min_cuda);
    if (capability)
        g_string_append_printf(text, ", compute capability %s", capability);
    g_autofree char *size = vram ? layout_size(g_ascii_strtoull(vram, NULL, 10)) : NULL;
    if (size)
        g_string_append_printf(text, ", %s of device memory", size);
    add_line(layout, "cuda", cuda);
    add_line(layout, "needs", text->len > 0 ? text->str + 2 : NULL);
}

static void add_platform(Layout *layout, const ImageConfig *config)
{
    g_autofree char *text =
        g_strdup_printf("%s/%s%s%s", config->os ? config->os : "?",
                        config->architecture ? config->architecture : "?",
                        config->variant ? "/" : "", config->variant ? config->variant : "");
    add_line(layout, "platform", text);
}

static void add_size(Layout *layout, const InspectedImage *image)
{
    guint count = image->manifest->layers->len;
    guint64 size = inspected_size(image);
    g_autofree char *shown = layout_size(size);
    g_autofree char *text = g_strdup_printf("%s%s%u layer%s", size > 0 ? shown : "",
                                            size > 0 ? " in " : "", count, count == 1 ? "" : "s");
    add_line(layout, "size", text);
}

static void add_layers(Layout *layout, const InspectedImage *image)
{
    for (guint i = 0; i < image->manifest->layers->len; i++) {
        const ImageLayer *layer = image->manifest->layers->pdata[i];
        const ImageHistory *history = inspected_history(image, i);
        const char *digest = layer->digest ? layer->digest : layer->diff_id;
        g_autofree char *size = layer->size > 0 ? layout_size(layer->size) : g_strdup("");
        g_autofree char *shown =
            g_strdup_printf("%.*s", DIGEST_SHOWN, digest ? strchr(digest, ':') + 1 : "");
        const char *made = history && history->created_by ? history->created_by
                           : history && history->comment  ? history->comment
                                                          : "";
        add_label(layout, i == 0 ? "layers" : "");
        layout_pad(layout, TINT_FAINT, shown, DIGEST_SHOWN, false);
        layout_pad(layout, TINT_NONE, size, SIZE_COLUMNS + 1, true);
        layout_put(layout, TINT_NONE, *made ? "  " : "");
        add_rest(layout, TINT_NONE, made, LABEL_COLUMNS + DIGEST_SHOWN + SIZE_COLUMNS + 4);
    }
}

static void add_stages(Layout *layout, const LockTarget *target)
{
    for (guint i = 0; i < target->stages->len; i++) {
        const LockStage *stage = target->stages->pdata[i];
        g_autofree char *text = g_strdup_printf("%s (%s)", stage->name, stage->kind);
        add_line(layout, i == 0 ? "stages" : "", text);
    }
}

static void add_distributions(Layout *layout, const LockTarget *target)
{
    const LockStage *last = lock_target_last(target);
    const GPtrArray *environment = last ? last->environment : NULL;
    unsigned width = 0;
    for (guint i = 0; environment && i < environment->len; i++) {
        const LockDistribution *distribution = environment->pdata[i];
        width = MAX(width, layout_width(distribution->name) + layout_width(distribution->version));
    }
    for (guint i = 0; environment && i < environment->len; i++) {
        const LockDistribution *distribution = environment->pdata[i];
        g_autofree char *text = g_strdup_printf("%s %s", distribution->name, distribution->version);
        add_label(layout, i == 0 ? "packages" : "");
        layout_pad(layout, TINT_NONE, text, width + 1, false);
        layout_put(layout, TINT_NONE, "  ");
        add_rest(layout, TINT_FAINT, distribution->stage ? distribution->stage : "base",
                 LABEL_COLUMNS + width + 4);
    }
}

static void add_built(Layout *layout, const InspectedImage *image)
{
    add_line(layout, "lock", image->problem);
    if (!image->lock || image->lock->targets->len == 0)
        return;
    const LockTarget *target = image->lock->targets->pdata[0];
    add_line(layout, "row", target->row);
    add_line(layout, "base", target->base.reference);
    add_line(layout, "python", target->base.python);
    add_line(layout, "libc", target->base.libc);
    add_stages(layout, target);
    add_distributions(layout, target);
}

static void add_image(Layout *layout, const InspectedImage *image)
{
    const ImageConfig *config = image->manifest->config;
    add_platform(layout, config);
    add_whole(layout, "digest", image->manifest->digest);
    add_line(layout, "created", config->created);
    add_line(layout, "user", config->user);
    add_line(layout, "workdir", config->workdir);
    add_strings(layout, "env", config->env);
    add_command(layout, "entrypoint", config->entrypoint);
    add_command(layout, "cmd", config->cmd);
    add_array(layout, "ports", config->ports);
    add_array(layout, "volumes", config->volumes);
    add_line(layout, "stop signal", config->stop_signal);
    add_command(layout, "healthcheck", config->healthcheck ? config->healthcheck->test : NULL);
    add_host(layout, config);
    add_labels(layout, config);
    add_size(layout, image);
    add_layers(layout, image);
    add_built(layout, image);
}

char *inspection_format_text(const Inspection *inspection, const TextStyle *style)
{
    Layout layout = {g_string_new(NULL), style->colour, MAX(style->columns, MIN_COLUMNS)};
    add_line(&layout, "image", inspection->name);
    if (inspection->images->len > 1)
        add_whole(&layout, "index", inspection->digest);
    for (guint i = 0; i < inspection->images->len; i++) {
        if (inspection->images->len > 1)
            g_string_append_c(layout.out, '\n');
        add_image(&layout, inspection->images->pdata[i]);
    }
    return g_string_free(layout.out, FALSE);
}
