#include "base/io.h"
#include "base/limits.h"
#include "cli/commands.h"
#include "cli/workspace.h"
#include "emit/image.h"
#include "image/image_compare.h"
#include "lock/base_tree.h"
#include "plan/image_settings.h"
#include "recipe/bundle.h"
#include "recipe/stage_files.h"
#include "text/jsonw.h"

#include <unistd.h>

static const OptionRow rows[] = {
    /* clang-format off */
    {"format", 0, OPTION_CHOICE, "text|json", offsetof(Options, format), 0,
     "how the result is printed"},
    {"platform", 0, OPTION_VALUE, "OS/ARCH", offsetof(Options, platform), 0,
     "the platform to verify, of an image for several (default: linux/amd64)"},
    {0},
    /* clang-format on */
};
static const OptionGroup group = {"Verify", rows};
static const OptionGroup *const groups[] = {&group, &options_resolve, &options_common, NULL};

/* A verification under way. */
typedef struct {
    Invocation *invocation;
    const char *text; /* the image as the user names it */
    const char *dir;  /* the recipe's folder as the user names it, or NULL */
    char *folder;     /* temporary, with the recipe of the image; or NULL */
    Cache *cache;
    BlobStore *blobs;
    BaseImage *image; /* what is verified, in the form of one to build on */
    char *recipe_text, *lock_text;
    RecipeBundle *bundle;
    Lock *lock;
    const LockTarget *target;
    Workspace *workspace;
    LayerMaker *maker;
    BuiltImage *built;
    char *difference; /* NULL: none */
    char *repacked;   /* a layer whose files are the same in other bytes; NULL: none */
} Verification;

static void verification_clear(Verification *at)
{
    built_image_free(at->built);
    layer_maker_free(at->maker);
    workspace_free(at->workspace);
    lock_free(at->lock);
    base_image_free(at->image);
    blob_store_free(at->blobs);
    cache_free(at->cache);
    if (at->folder)
        io_remove_tree(at->folder, NULL);
    recipe_bundle_free(at->bundle);
    g_free(at->folder);
    g_free(at->recipe_text);
    g_free(at->lock_text);
    g_free(at->difference);
    g_free(at->repacked);
}

/* What the image says of itself */

static gboolean open_image(Verification *at, GError **error)
{
    const Options *options = at->invocation->options;
    BaseForm form = base_form(at->text);
    if (form != BASE_FORM_OCI && form != BASE_FORM_OCI_ARCHIVE &&
        form != BASE_FORM_DOCKER_ARCHIVE) {
        error_set(error, ERROR_USAGE, SPAN_NONE, "%s is no image on this machine", at->text);
        if (error)
            error_set_hint(*error, "images are oci:DIR[:TAG], oci-archive:FILE[:TAG] and "
                                   "docker-archive:FILE[:NAME:TAG]");
        return FALSE;
    }
    g_autofree char *here = g_get_current_dir();
    BaseRequest request = {.reference = at->text,
                           .base_dir = here,
                           .role = "the image",
                           .platform = options->platform ? options->platform : "linux/amd64"};
    at->image = base_tree_open_image(&request, at->blobs, error);
    return at->image != NULL;
}

static const char *label_of(const Verification *at, const char *key)
{
    return image_pairs_find(at->image->config->labels, key);
}

/* What can't be rebuilt can't be verified: exit status 2. */
static gboolean cannot(const char *hint, GError **error, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

static gboolean cannot(const char *hint, GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    error_set(error, ERROR_FAILED, SPAN_NONE, "%s", message);
    if (error && hint)
        error_set_hint(*error, "%s", hint);
    return FALSE;
}

static gboolean read_labels(Verification *at, GError **error)
{
    const char *format = label_of(at, LABEL_FORMAT);
    g_autofree char *ours = g_strdup_printf("%d", IMAGE_FORMAT_VERSION);
    if (!image_settings_embedded(at->image->config, &at->recipe_text, &at->lock_text, error))
        return FALSE;
    if (!at->recipe_text || !at->lock_text)
        return cannot("only what `ramekin build` writes holds its recipe and lock", error,
                      "%s has no recipe in its labels", at->text);
    if (g_strcmp0(format, ours) != 0)
        return cannot(NULL, error, "%s has format %s, and this ramekin makes format %s", at->text,
                      format ? format : "none", ours);
    at->bundle = recipe_bundle_decode("the label " LABEL_RECIPE, at->recipe_text,
                                      strlen(at->recipe_text), error);
    at->lock = lock_decode("the label " LABEL_LOCK, at->lock_text, strlen(at->lock_text), error);
    if (!at->bundle || !at->lock)
        return FALSE;
    if (at->lock->targets->len != 1)
        return error_set(error, ERROR_INPUT, SPAN_NONE, "the label %s has %u targets, not one",
                         LABEL_LOCK, at->lock->targets->len);
    at->target = at->lock->targets->pdata[0];
    return TRUE;
}

/* The recipe */

/* Where the recipe is to be read from, with its row. */
static gboolean place_recipe(Verification *at, char **ret_path, GError **error)
{
    g_autofree char *name = g_path_get_basename(at->bundle->recipe);
    g_autofree char *path = at->dir ? g_build_filename(at->dir, name, NULL) : NULL;
    if (!at->dir) {
        GError *cause = NULL;
        at->folder = g_dir_make_tmp("ramekin-verify-XXXXXX", &cause);
        if (!at->folder)
            return error_take_foreign(error, ERROR_FAILED, cause, SPAN_NONE,
                                      "cannot make a temporary folder");
        if (!recipe_bundle_save(at->bundle, at->folder, error))
            return FALSE;
        path = g_build_filename(at->folder, at->bundle->recipe, NULL);
    }
    const char *row = at->bundle->row;
    *ret_path = row ? g_strconcat(path, "#", row, NULL) : g_steal_pointer(&path);
    return TRUE;
}

static int open_workspace(Verification *at)
{
    g_autofree char *path = NULL;
    GError *error = NULL;
    if (!place_recipe(at, &path, &error))
        return output_error(at->invocation->output, error);
    /* The platform was the image's until here; the recipe's is the lock's. */
    Options options = *at->invocation->options;
    g_autoptr(GPtrArray) vars = g_ptr_array_new();
    for (guint i = 0; at->bundle->vars[i]; i++)
        g_ptr_array_add(vars, at->bundle->vars[i]);
    g_ptr_array_add(vars, NULL);
    vars->len--;
    options.vars = vars;
    options.platform = at->target->platform;
    Invocation invocation = *at->invocation;
    invocation.options = &options;
    int status = workspace_open_recipe(&invocation, TARGETS_ONE, path, &at->workspace);
    if (status == 0) {
        at->workspace->options = at->invocation->options;
        at->workspace->lock_options.accept_substituted = true;
    }
    return status;
}

static const Recipe *recipe_of(const Verification *at)
{
    return workspace_target(at->workspace, 0)->recipe;
}

/* The name of the first file in which two bundles differ. */
static const char *find_different_file(const RecipeBundle *a, const RecipeBundle *b)
{
    for (guint i = 0; i < a->files->len; i++) {
        const BundleFile *left = a->files->pdata[i];
        const BundleFile *right = i < b->files->len ? b->files->pdata[i] : NULL;
        if (!right || !g_str_equal(left->path, right->path) ||
            !g_str_equal(left->text, right->text))
            return left->path;
    }
    return a->recipe;
}

/* The recipe in RECIPE-DIR must be the image's own. */
static gboolean check_recipe(const Verification *at, GError **error)
{
    size_t length;
    g_autofree char *text =
        recipe_bundle_encode(recipe_of(at), (const char *const *)at->bundle->vars, &length);
    if (!at->dir || g_str_equal(text, at->recipe_text))
        return TRUE;
    g_autoptr(RecipeBundle) found = recipe_bundle_decode(at->dir, text, length, error);
    return found && error_set(error, ERROR_INPUT, SPAN_NONE,
                              "%s is not the recipe that %s was built from: %s differs", at->dir,
                              at->text, find_different_file(found, at->bundle));
}

static void add_input(GString *out, const char *name)
{
    g_string_append_printf(out, "%s%s", out->len ? ", " : "", name);
}

/* Files beside the recipe that an image is made of; "" when it needs none. */
static char *local_inputs(const Verification *at)
{
    GString *out = g_string_new(NULL);
    const Recipe *recipe = recipe_of(at);
    const char *base = recipe->base.reference;
    const char *path = base && base_form_is_readable(base_form(base)) ? strchr(base, ':') : NULL;
    if (path && path[1] != '/' && !at->target->substituted_base)
        add_input(out, base);
    for (guint i = 0; i < at->lock->files->len; i++) {
        const LockFile *file = at->lock->files->pdata[i];
        if (file->source == LOCK_SOURCE_PATH)
            add_input(out, file->source_name);
    }
    for (guint i = 0; i < recipe->stages->len; i++) {
        const Stage *stage = recipe->stages->pdata[i];
        for (guint k = 0; stage->kind == STAGE_FILES && k < stage->body.files->files->len; k++) {
            const FilesEntry *entry = stage->body.files->files->pdata[k];
            if (entry->src.text && !entry->from.text)
                add_input(out, entry->src.text);
        }
    }
    return g_string_free(out, FALSE);
}

static gboolean check_inputs(const Verification *at, GError **error)
{
    g_autofree char *inputs = local_inputs(at);
    if (at->dir || *inputs == '\0')
        return TRUE;
    g_autofree char *hint = g_strdup_printf("ramekin verify %s RECIPE-DIR", at->text);
    return cannot(hint, error, "%s was built from files beside its recipe: %s", at->text, inputs);
}

/* The rebuild */

/* Layers of another version, or of another version of a library, have other bytes. */
static void note_layers(const Verification *at)
{
    const char *theirs = label_of(at, LABEL_LAYERS);
    const char *ours = image_pairs_find(at->built->config->labels, LABEL_LAYERS);
    if (theirs && ours && !g_str_equal(theirs, ours))
        output_note(at->invocation->output, "the image has layers of format %s, the rebuild of %s",
                    theirs, ours);
}

static gboolean rebuild(Verification *at, GError **error)
{
    const char *epoch = label_of(at, LABEL_EPOCH);
    g_autoptr(Plan) plan = plan_new(recipe_of(at), at->target);
    ImageBuildOptions options = {
        .plan = plan,
        .session = workspace_session(at->workspace),
        .blobs = at->blobs,
        .maker = {.jobs = at->workspace->lock_options.jobs,
                  .progress = output_progress(at->invocation->output)},
        .format = -1,
        .source_date_epoch = epoch ? g_ascii_strtoll(epoch, NULL, 10) : -1,
        .forced = label_of(at, LABEL_FORCED) != NULL,
        .recipe_text = at->recipe_text,
        .lock_text = at->lock_text,
        .revision = label_of(at, LABEL_REVISION),
        .source = label_of(at, LABEL_SOURCE),
    };
    return image_build(&options, &at->maker, &at->built, error);
}

/* The comparison */

static gboolean compare_layer(Verification *at, guint index, GError **error)
{
    const ImageBlob *theirs = at->image->layers->pdata[index];
    const ImageBlob *ours = at->built->image->layers->pdata[index];
    const BuiltLayer *layer = at->built->layers->pdata[index];
    const char *their_tar = at->image->config->diff_ids->pdata[index];
    bool compressed_apart = !g_str_equal(theirs->digest, ours->digest);
    if (g_str_equal(their_tar, layer->diff_id)) {
        /* A docker archive holds layers that are not compressed. */
        if (compressed_apart && !at->repacked && base_form(at->text) != BASE_FORM_DOCKER_ARCHIVE)
            at->repacked =
                g_strdup_printf("layer %u (%s): the same files in other compressed bytes, %s in "
                                "the image, %s in the rebuild",
                                index + 1, layer->source, theirs->digest, ours->digest);
        return TRUE;
    }
    g_autofree char *what = NULL;
    if (!image_layer_difference(theirs, ours, &what, error))
        return FALSE;
    at->difference = g_strdup_printf("layer %u (%s): %s", index + 1, layer->source,
                                     what ? what : "the same files in another archive");
    return TRUE;
}

static gboolean compare_layers(Verification *at, GError **error)
{
    guint theirs = at->image->layers->len, ours = at->built->image->layers->len;
    for (guint i = 0; i < MIN(theirs, ours) && !at->difference; i++) {
        if (!compare_layer(at, i, error))
            return FALSE;
    }
    if (!at->difference && theirs != ours)
        at->difference = g_strdup_printf("%u layers in the image, %u in the rebuild", theirs, ours);
    return TRUE;
}

static gboolean compare_config(Verification *at, GError **error)
{
    GBytes *bytes = at->built->image->config->bytes;
    gsize length;
    const char *text = g_bytes_get_data(bytes, &length);
    g_autoptr(ImageConfig) ours = image_config_decode("the rebuild", text, length, error);
    if (!ours)
        return FALSE;
    g_autofree char *what = image_config_difference(at->image->config, ours);
    if (what)
        at->difference = g_strdup_printf("configuration: %s", what);
    return TRUE;
}

static const char *our_digest(const Verification *at)
{
    const Image *image = at->built->image;
    bool docker = base_form(at->text) == BASE_FORM_DOCKER_ARCHIVE;
    return docker ? image->config->digest : image->manifest->digest;
}

static gboolean compare(Verification *at, GError **error)
{
    if (g_strcmp0(at->image->digest, our_digest(at)) == 0)
        return TRUE;
    if (!compare_layers(at, error) || (!at->difference && !compare_config(at, error)))
        return FALSE;
    if (!at->difference)
        at->difference = g_steal_pointer(&at->repacked);
    if (!at->difference)
        at->difference = g_strdup("layers and configuration are the same, and their manifest is "
                                  "written in another way");
    return TRUE;
}

/* The result */

static void print_json(const Verification *at)
{
    g_autoptr(JsonWriter) json = jsonw_new();
    jsonw_begin_object(json, JSONW_BLOCK);
    jsonw_string_member(json, "schema", "ramekin.verify/1");
    jsonw_string_member(json, "image", at->text);
    jsonw_boolean_member(json, "same", !at->difference);
    jsonw_string_member(json, "digest", at->image->digest);
    jsonw_string_member(json, "rebuilt", our_digest(at));
    jsonw_string_member(json, "difference", at->difference);
    jsonw_end_object(json);
    g_autofree char *text = jsonw_finish(json, NULL);
    output_result(at->invocation->output, text);
}

static void print_text(const Verification *at)
{
    Output *output = at->invocation->output;
    if (!at->difference) {
        output_result_line(output, "%s  %s is what its recipe and lock build", at->image->digest,
                           at->text);
        return;
    }
    output_result_line(output, "%s differs from its rebuild: %s", at->text, at->difference);
    output_result_line(output, "%s  %s", at->image->digest, at->text);
    output_result_line(output, "%s  rebuilt", our_digest(at));
}

static void note_marks(const Verification *at)
{
    const char *why = label_of(at, LABEL_UNREPRODUCIBLE);
    if (why)
        output_note(at->invocation->output, "the image says that it may not come out the same: %s",
                    why);
}

static int run_steps(Verification *at)
{
    GError *error = NULL;
    Output *output = at->invocation->output;
    if (!open_image(at, &error) || !read_labels(at, &error))
        return output_error(output, error);
    note_marks(at);
    int status = open_workspace(at);
    if (status != 0)
        return status;
    if (!check_recipe(at, &error) || !check_inputs(at, &error) || !rebuild(at, &error) ||
        !compare(at, &error))
        return output_error(output, error);
    note_layers(at);
    (at->invocation->options->format == FORMAT_JSON ? print_json : print_text)(at);
    return at->difference ? 1 : 0;
}

static int run_verify(Invocation *invocation)
{
    const GPtrArray *arguments = invocation->options->arguments;
    Verification at = {.invocation = invocation,
                       .text = arguments->pdata[0],
                       .dir = arguments->len > 1 ? arguments->pdata[1] : NULL};
    at.cache = cache_new(invocation->options->cache_dir);
    at.blobs = blob_store_new(at.cache);
    int status = run_steps(&at);
    verification_clear(&at);
    return status;
}

const Command command_verify = {
    "verify", run_verify, "IMAGE [RECIPE-DIR]",
    1,        2,          "rebuild an image from its own recipe and lock, and compare",
    groups};
