#include "base/digest.h"
#include "base/io.h"
#include "cli/built_checks.h"
#include "cli/commands.h"
#include "cli/destination.h"
#include "cli/locked_target.h"
#include "emit/image_text.h"
#include "lock/fetch.h"
#include "net/git.h"
#include "plan/stage_files_tree.h"
#include "recipe/bundle.h"
#include "recipe/config.h"

#include <sys/stat.h>

#undef g_getenv

static const char default_output[] = "oci:out";

static const OptionRow rows[] = {
    /* clang-format off */
    {"output", 'o', OPTION_LIST, "KIND:PATH", offsetof(Options, outputs), 0,
     "where the image goes: oci:DIR[:TAG] (default oci:out), oci-archive:FILE[:TAG], docker-archive:FILE[:NAME:TAG], layer:FILE.tar[.gz|.zst], layers:DIR or rootfs:FILE.tar; may be repeated"},
    {"dry-run", 'n', OPTION_SWITCH, NULL, offsetof(Options, dry_run), 0,
     "say which layers the image would have and which of them are at hand; make nothing"},
    {"format", 0, OPTION_CHOICE, "text|json", offsetof(Options, format), 0,
     "how the result is printed"},
    {"all", 0, OPTION_SWITCH, NULL, offsetof(Options, all), 0,
     "build every row of the matrix, each under a tag of its name"},
    {"locked", 0, OPTION_SWITCH, NULL, offsetof(Options, locked), 0,
     "fail where there is no lock, instead of making one"},
    {"force", 0, OPTION_SWITCH, NULL, offsetof(Options, force), 0,
     "build in spite of error findings; a label says so"},
    {"strict", 0, OPTION_SWITCH, NULL, offsetof(Options, strict), 0,
     "warnings count as errors"},
    {"no-sandbox", 0, OPTION_SWITCH, NULL, offsetof(Options, no_sandbox), 0,
     "run nothing: build checks are decided from what the wheels tell, or not at all"},
    {"on-failure", 0, OPTION_CHOICE, "stop|shell", offsetof(Options, on_failure), 0,
     "when a build check fails: stop, or open a shell in the image first"},
    OPTION_ROW_RUNNER("what runs build checks"),
    {"label-git", 0, OPTION_SWITCH, NULL, offsetof(Options, label_git), 0,
     "label the image with revision and source of the recipe's git checkout"},
    {0},
    /* clang-format on */
};
static const OptionGroup group = {"Build", rows};
static const OptionGroup *const groups[] = {&group, &options_recipe, &options_resolve,
                                            &options_common, NULL};

/* A build of all targets of the command line. */
typedef struct {
    Workspace *workspace;
    BlobStore *blobs;
    GPtrArray *destinations; /* Destination */
    GPtrArray *makers;       /* LayerMaker: what they hold lives until everything is written */
    gint64 epoch;            /* SOURCE_DATE_EPOCH, or -1 */
    JsonWriter *json;        /* NULL: text */
} BuildRun;

static void destination_destroy(void *data)
{
    destination_free(data);
}

static void maker_destroy(void *data)
{
    layer_maker_free(data);
}

static void built_destroy(void *data)
{
    built_image_free(data);
}

static gboolean parse_destinations(BuildRun *run, GError **error)
{
    const GPtrArray *texts = run->workspace->options->outputs;
    for (guint i = 0; i < MAX(texts->len, 1); i++) {
        Destination *destination =
            destination_parse(texts->len > 0 ? texts->pdata[i] : default_output, error);
        if (!destination)
            return FALSE;
        g_ptr_array_add(run->destinations, destination);
        if (!run->workspace->options->dry_run && !destination_check(destination, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean read_epoch(BuildRun *run, GError **error)
{
    const char *text = g_getenv("SOURCE_DATE_EPOCH");
    guint64 value;
    run->epoch = -1;
    if (!text || !*text)
        return TRUE;
    /* The last second of the year 9999. */
    if (!g_ascii_string_to_unsigned(text, 10, 0, G_GUINT64_CONSTANT(253402300799), &value, NULL))
        return error_set(
            error, ERROR_USAGE, SPAN_NONE,
            "SOURCE_DATE_EPOCH is a number of seconds since 1970, up to the year 9999, "
            "not \"%s\"",
            text);
    run->epoch = (gint64)value;
    return TRUE;
}

/* All stages as one layer are another image than the recipe's. */
static gboolean check_layer(const BuildRun *run, GError **error)
{
    for (guint i = 0; run->destinations->len > 1 && i < run->destinations->len; i++) {
        const Destination *destination = run->destinations->pdata[i];
        if (destination->kind == DESTINATION_LAYER)
            return error_set(error, ERROR_USAGE, SPAN_NONE,
                             "%s is made alone: its layer is not among those of an image",
                             destination->text);
    }
    return TRUE;
}

static gboolean refuse_several(const Workspace *workspace, const Destination *destination,
                               bool rows_differ, GError **error)
{
    const WorkTarget *first = workspace_target(workspace, 0);
    error_set(error, ERROR_USAGE, SPAN_NONE, "%s takes one image, and there are %u",
              destination->text, workspace->targets->len);
    if (error && rows_differ)
        error_set_hint(*error, "name one row: %s#%s", workspace->recipe_path, first->row);
    else if (error)
        error_set_hint(*error, "choose one with --platform, %s for example", first->platform);
    return FALSE;
}

/* A file can hold one image, a layout any number of tags. */
static gboolean check_targets(const BuildRun *run, GError **error)
{
    const Workspace *workspace = run->workspace;
    bool rows_differ = workspace->recipes->len > 1;
    const WorkTarget *first = workspace_target(workspace, 0);
    for (guint i = 0; i < workspace->targets->len; i++) {
        if (workspace_target(workspace, i)->recipe->target != TARGET_ENV)
            continue;
        error_set(error, ERROR_INPUT, SPAN_NONE, "%s has `target: env`, which makes no image",
                  workspace->recipe_path);
        if (error)
            error_set_hint(*error, "`ramekin render --as script` writes what installs it");
        return FALSE;
    }
    if (rows_differ && !workspace->options->all) {
        error_set(error, ERROR_USAGE, SPAN_NONE, "%s has several rows", workspace->recipe_path);
        if (error)
            error_set_hint(*error, "name one (%s#%s), or build all of them with --all",
                           workspace->recipe_path, first->row);
        return FALSE;
    }
    for (guint i = 0; workspace->targets->len > 1 && i < run->destinations->len; i++) {
        const Destination *destination = run->destinations->pdata[i];
        bool named_twice =
            rows_differ && (destination->tag || destination->kind == DESTINATION_OCI_ARCHIVE);
        if (!destination_takes_several(destination) || named_twice)
            return refuse_several(workspace, destination, rows_differ, error);
    }
    return TRUE;
}

/* The layout that is the only destination: blobs that it has need not be anywhere else. */
static const char *layout_of(const BuildRun *run)
{
    const Destination *first = run->destinations->pdata[0];
    return run->destinations->len == 1 && first->kind == DESTINATION_OCI ? first->path : NULL;
}

static void choose_layer(const BuildRun *run, ImageBuildOptions *options)
{
    const Destination *first = run->destinations->pdata[0];
    options->format = -1;
    if (first->kind != DESTINATION_LAYER)
        return;
    options->one_layer = true;
    options->format = first->format;
}

/* *ret_revision and *ret_source stay NULL without --label-git. */
static gboolean read_git(const BuildRun *run, char **ret_revision, char **ret_source,
                         GError **error)
{
    const Workspace *workspace = run->workspace;
    g_autoptr(GitCheckout) checkout = NULL;
    if (!workspace->options->label_git)
        return TRUE;
    const char *dir = recipe_file_dir(workspace->file);
    if (!git_checkout_find(dir, &checkout, error))
        return FALSE;
    if (!checkout)
        return error_set(error, ERROR_INPUT, SPAN_NONE, "--label-git: %s lies in no git checkout",
                         dir);
    if (checkout->dirty)
        output_note(workspace->output,
                    "the git checkout differs from its commit; the label says so");
    *ret_revision = g_strconcat(checkout->commit, checkout->dirty ? "-dirty" : NULL, NULL);
    *ret_source = g_strdup(checkout->origin);
    return TRUE;
}

/* Where the command line names none. */
static const char *target_tag(const WorkTarget *target)
{
    return target->row ? target->row : "latest";
}

/* One path, or two that lead to one file or folder. */
static bool is_same_place(const char *a, const char *b)
{
    struct stat left, right;
    return g_str_equal(a, b) || (stat(a, &left) == 0 && stat(b, &right) == 0 &&
                                 left.st_dev == right.st_dev && left.st_ino == right.st_ino);
}

/* The base would be lost, or a layout would hold two images where the recipe names the only one. */
static gboolean check_own_base(const BuildRun *run, const Destination *destination,
                               const char *path, const WorkTarget *wanted, GError **error)
{
    const Recipe *recipe = wanted->recipe;
    const char *substitute = lock_options_base(&run->workspace->lock_options, &recipe->base);
    const char *reference = substitute ? substitute : recipe->base.reference;
    g_autoptr(Destination) base = reference ? destination_parse(reference, NULL) : NULL;
    if (!base)
        return TRUE;
    g_autofree char *base_path = g_canonicalize_filename(base->path, recipe_file_dir(recipe->file));
    const char *tag = destination->tag ? destination->tag : target_tag(wanted);
    bool beside = destination->kind == DESTINATION_OCI && base->tag && !g_str_equal(base->tag, tag);
    if (beside || !is_same_place(base_path, path))
        return TRUE;
    error_set(error, ERROR_INPUT, recipe->base.at, "%s is where the %s lies", destination->text,
              substitute ? "substituted base" : "recipe's base");
    if (error)
        error_set_hint(*error, "write the image elsewhere, or give the two different tags");
    return FALSE;
}

/* Default outputs lie in the recipe's folder. */
static gboolean check_outputs(const BuildRun *run, const WorkTarget *wanted, GError **error)
{
    for (guint i = 0; i < run->destinations->len; i++) {
        const Destination *destination = run->destinations->pdata[i];
        g_autofree char *path = g_canonicalize_filename(destination->path, NULL);
        if (!g_str_equal(destination->path, "-") && !tree_check_output(wanted->recipe, path, error))
            return FALSE;
        if (!check_own_base(run, destination, path, wanted, error))
            return FALSE;
    }
    return TRUE;
}

/* What a finding is judged by. */
typedef struct {
    const Workspace *workspace;
    const Recipe *recipe;
} Judgement;

static bool finding_counts(void *data, const Finding *finding)
{
    const Judgement *judgement = data;
    return workspace_finding_counts(judgement->workspace, judgement->recipe, finding);
}

static int build_target(BuildRun *run, const WorkTarget *wanted, BuiltImage **ret_built)
{
    Workspace *workspace = run->workspace;
    LockTarget *target = NULL;
    unsigned counted = 0;
    int status = workspace_need_locked(workspace, wanted, &target);
    if (status == 0)
        status = workspace_check_findings(workspace, wanted, target, &counted);
    if (status != 0)
        return status;
    g_autoptr(Plan) plan = plan_new(wanted->recipe, target);
    g_autofree char *lock_text = lock_encode_target(workspace->lock, target, NULL);
    g_autofree char *revision = NULL, *source = NULL;
    g_autofree char *recipe_text = recipe_bundle_encode(
        wanted->recipe, (const char *const *)workspace->options->vars->pdata, NULL);
    Judgement judgement = {workspace, wanted->recipe};
    ImageBuildOptions options = {
        .plan = plan,
        .session = workspace_session(workspace),
        .blobs = run->blobs,
        .maker = {.jobs = workspace->lock_options.jobs,
                  .layout = layout_of(run),
                  .dry_run = workspace->options->dry_run,
                  .progress = output_progress(workspace->output)},
        .source_date_epoch = run->epoch,
        .forced = counted > 0,
        .counts = finding_counts,
        .counts_data = &judgement,
        .recipe_text = recipe_text,
        .lock_text = lock_text,
    };
    choose_layer(run, &options);
    GError *error = NULL;
    LayerMaker *maker = NULL;
    if (!check_outputs(run, wanted, &error) || !read_git(run, &revision, &source, &error))
        return output_error(workspace->output, error);
    options.revision = revision;
    options.source = source;
    if (!image_build(&options, &maker, ret_built, &error))
        return output_error(workspace->output, error);
    g_ptr_array_add(run->makers, maker);
    counted = workspace_report(workspace, wanted->recipe, (*ret_built)->findings);
    if (counted > 0 && !workspace->options->force)
        return workspace_refuse_findings(workspace, counted);
    if (workspace->options->dry_run)
        return 0;
    BuiltChecks checks = {workspace, wanted, plan, lock_session_cache(options.session),
                          options.maker.layout};
    return built_checks_run(&checks, *ret_built);
}

static const char *image_name(const WorkTarget *target)
{
    return target->recipe->name ? target->recipe->name : "image";
}

static int write_images(BuildRun *run, const WorkTarget *target, const GPtrArray *images)
{
    const char *tag = target_tag(target);
    for (guint i = 0; i < run->destinations->len; i++) {
        const Destination *destination = run->destinations->pdata[i];
        GError *error = NULL;
        progress_step(output_progress(run->workspace->output), "writing %s", destination->text);
        if (!destination_write(destination, tag, image_name(target), images, &error))
            return output_error(run->workspace->output, error);
    }
    return 0;
}

static void note_checks(const BuildRun *run, const BuiltImage *built)
{
    built_checks_note(run->workspace, built);
    if (built->moved > 0)
        output_note(run->workspace->output, "%u import%s of `checks:` %s moved to `gpu`",
                    built->moved, built->moved == 1 ? "" : "s", built->moved == 1 ? "is" : "are");
}

/* NULL where there is one target only. */
static char *target_label(const BuildRun *run, const WorkTarget *target)
{
    const Workspace *workspace = run->workspace;
    return workspace->targets->len > 1 ? work_target_label(workspace, target) : NULL;
}

/* `root`: what the tag names; NULL in a dry run. */
static void print_text(BuildRun *run, const WorkTarget *targets, const GPtrArray *images,
                       const ImageBlob *root)
{
    Output *output = run->workspace->output;
    bool dry_run = run->workspace->options->dry_run;
    for (guint i = 0; dry_run && i < images->len; i++) {
        g_autofree char *label = target_label(run, &targets[i]);
        if (label)
            output_result_line(output, "%s", label);
        g_autofree char *text = built_image_text(images->pdata[i], output_result_colour(output),
                                                 output_columns(output));
        output_result(output, text);
    }
    for (guint i = 0; root && !dry_run && i < run->destinations->len; i++) {
        const Destination *destination = run->destinations->pdata[i];
        const BuiltImage *first = images->pdata[0];
        const BuiltLayer *layer = first->layers->pdata[first->layers->len - 1];
        bool single = destination->kind == DESTINATION_LAYER;
        bool by_row = targets->row && !destination->tag && destination->kind == DESTINATION_OCI;
        output_result_line(output, "%s  %s%s%s", single ? layer->digest : root->digest,
                           destination->text, by_row ? ":" : "", by_row ? targets->row : "");
        if (single)
            output_result_line(output, "%s  diff_id", layer->diff_id);
    }
}

static void print_json(BuildRun *run, const WorkTarget *first, const GPtrArray *images,
                       const ImageBlob *root)
{
    JsonWriter *json = run->json;
    jsonw_begin_object(json, JSONW_BLOCK);
    jsonw_string_member(json, "row", first->row);
    jsonw_string_member(json, "digest", root ? root->digest : NULL);
    jsonw_key(json, "platforms");
    jsonw_begin_array(json, JSONW_BLOCK);
    for (guint i = 0; i < images->len; i++) {
        jsonw_begin_object(json, JSONW_BLOCK);
        jsonw_string_member(json, "platform", first[i].platform);
        built_image_json(images->pdata[i], json);
        jsonw_end_object(json);
    }
    jsonw_end_array(json);
    jsonw_end_object(json);
}

static void note_image(const BuildRun *run, const WorkTarget *target, const BuiltImage *built)
{
    g_autofree char *label = target_label(run, target);
    g_autofree char *text = built_image_text(built, false, G_MAXUINT);
    const char *last = text + strlen(text) - 1;
    while (last > text && last[-1] != '\n')
        last--;
    output_note(run->workspace->output, "%s%s%.*s", label ? label : "", label ? ": " : "",
                (int)strcspn(last, "\n"), last);
}

/* What a dry run prints as text ends with this line already. */
static void note_summary(const BuildRun *run, const WorkTarget *targets, const GPtrArray *images)
{
    bool said = run->workspace->options->dry_run && !run->json;
    for (guint i = 0; i < images->len; i++) {
        const BuiltImage *built = images->pdata[i];
        if (!said)
            note_image(run, &targets[i], built);
        note_checks(run, built);
    }
}

/* The targets of one row: one image for each platform, under one tag. */
static int build_row(BuildRun *run, guint first, guint count)
{
    const WorkTarget *targets = workspace_target(run->workspace, first);
    g_autoptr(GPtrArray) images = g_ptr_array_new_with_free_func(built_destroy);
    g_autoptr(GPtrArray) plain = g_ptr_array_new();
    for (guint i = 0; i < count; i++) {
        BuiltImage *built = NULL;
        int status = build_target(run, &targets[i], &built);
        if (built) /* one that findings speak against, too */
            g_ptr_array_add(images, built);
        if (status != 0)
            return status;
        if (built->image)
            g_ptr_array_add(plain, built->image);
    }
    int status = 0;
    if (!run->workspace->options->dry_run)
        status = write_images(run, targets, images);
    if (status != 0)
        return status;
    g_autoptr(ImageBlob) root = plain->len == count ? images_root(plain) : NULL;
    if (run->json)
        print_json(run, targets, images, root);
    else
        print_text(run, targets, images, root);
    note_summary(run, targets, images);
    return 0;
}

static int build_rows(BuildRun *run)
{
    const GArray *targets = run->workspace->targets;
    int status = 0;
    for (guint i = 0; status != 2 && i < targets->len;) {
        const WorkTarget *first = workspace_target(run->workspace, i);
        guint count = 1;
        while (i + count < targets->len &&
               workspace_target(run->workspace, i + count)->recipe == first->recipe)
            count++;
        status = worse_status(status, build_row(run, i, count));
        i += count;
    }
    return status;
}

static void print_document(BuildRun *run)
{
    jsonw_end_array(run->json);
    jsonw_end_object(run->json);
    g_autofree char *text = jsonw_finish(run->json, NULL);
    output_result(run->workspace->output, text);
}

static int build_all(BuildRun *run)
{
    GError *error = NULL;
    Workspace *workspace = run->workspace;
    if (!parse_destinations(run, &error) || !read_epoch(run, &error) || !check_layer(run, &error) ||
        !check_targets(run, &error))
        return output_error(workspace->output, error);
    run->blobs = blob_store_new(lock_session_cache(workspace_session(workspace)));
    if (workspace->options->format == FORMAT_JSON) {
        run->json = jsonw_new();
        jsonw_begin_object(run->json, JSONW_BLOCK);
        jsonw_string_member(run->json, "schema", "ramekin.build/1");
        jsonw_key(run->json, "images");
        jsonw_begin_array(run->json, JSONW_BLOCK);
    }
    int status = build_rows(run);
    g_autofree char *refused = blob_store_refused(run->blobs);
    if (refused)
        output_note(workspace->output,
                    "%s; what was fetched and made is not kept (--cache-dir names another)",
                    refused);
    if (run->json && status == 0)
        print_document(run);
    return status;
}

static int run_build(Invocation *invocation)
{
    g_autoptr(Workspace) workspace = NULL;
    int status = workspace_open(invocation, TARGETS_ALL, &workspace);
    if (status != 0)
        return status;
    workspace->lock_options.accept_substituted = true;
    BuildRun run = {.workspace = workspace,
                    .destinations = g_ptr_array_new_with_free_func(destination_destroy),
                    .makers = g_ptr_array_new_with_free_func(maker_destroy)};
    status = build_all(&run);
    g_ptr_array_unref(run.makers);
    g_ptr_array_unref(run.destinations);
    blob_store_free(run.blobs);
    jsonw_free(run.json);
    return status;
}

const Command command_build = {
    "build", run_build, "[RECIPE[#ROW]]",
    0,       1,         "write the image itself: no docker, no pip, no root",
    groups};
