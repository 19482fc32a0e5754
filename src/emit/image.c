#include "emit/image.h"

#include "base/clock.h"
#include "emit/wheel_facts.h"
#include "lock/fetch.h"
#include "plan/image_settings.h"
#include "plan/plan_imports.h"
#include "plan/stage_files_tree.h"
#include "plan/stage_tree.h"
#include "recipe/config.h"

/* Python compares the time of a source file only with byte code that says so; zip can't say less
 * than this one, 1980-01-01. */
#define LAYER_MTIME G_GINT64_CONSTANT(315532800)

static void built_layer_free(void *data)
{
    BuiltLayer *layer = data;
    g_free(layer->source);
    g_free(layer->digest);
    g_free(layer->diff_id);
    g_free(layer);
}

void built_image_free(BuiltImage *built)
{
    if (!built)
        return;
    build_base_free(built->base);
    image_free(built->image);
    image_config_free(built->config);
    g_ptr_array_unref(built->layers);
    g_ptr_array_unref(built->findings);
    build_checks_free(built->build_checks);
    g_free(built);
}

/* A build under way. */
typedef struct {
    const ImageBuildOptions *options;
    const Recipe *recipe;
    const LockTarget *target;
    BuiltImage *built;
    InstallTarget *install; /* NULL: a base without Python */
    GPtrArray *files;       /* LockFile: of every wheel that some stage installs, each once */
    GHashTable *absent;     /* set of those that have to be fetched */
    GPtrArray *guesses;     /* Guess */
    GHashTable *wheels;     /* LockFile → WheelArchive */
    Layers *layers;
    MergedTree *tree;
    GPtrArray *sources; /* LayerSource, lowest first */
    LayerMaker *maker;
} Build;

/* The layer of one wheel, begun before it is known which of its files survive. */
typedef struct {
    MergedTree *tree;
    GPtrArray *sources;
} Guess;

static void guess_free(void *data)
{
    Guess *guess = data;
    g_clear_pointer(&guess->sources, g_ptr_array_unref);
    merged_tree_free(guess->tree);
    g_free(guess);
}

static void build_clear(Build *build)
{
    layer_maker_free(build->maker);
    g_ptr_array_unref(build->guesses);
    g_hash_table_unref(build->absent);
    built_image_free(build->built);
    install_target_free(build->install);
    g_clear_pointer(&build->files, g_ptr_array_unref);
    g_clear_pointer(&build->sources, g_ptr_array_unref);
    layers_free(build->layers);
    merged_tree_free(build->tree);
    g_clear_pointer(&build->wheels, g_hash_table_unref);
}

static void wheel_destroy(void *data)
{
    wheel_archive_free(data);
}

/* The base */

static gboolean open_base(Build *build, GError **error)
{
    const ImageBuildOptions *options = build->options;
    g_autoptr(GPtrArray) wanted = tree_wanted_base_paths(build->recipe);
    g_ptr_array_add(wanted, NULL);
    if (!lock_session_open_base(options->session, build->recipe, build->target,
                                (const char *const *)wanted->pdata, options->blobs,
                                &build->built->base, error))
        return FALSE;
    const BuildBase *base = build->built->base;
    build->built->base_layers = base->image->layers->len;
    if (base->facts->has_python)
        build->install = install_target_new(base->facts->environment, base->facts->target,
                                            base->facts->pip_version);
    return TRUE;
}

static void note_base_layers(Build *build)
{
    const BaseImage *image = build->built->base->image;
    for (guint i = 0; i < image->layers->len; i++) {
        const ImageBlob *blob = image->layers->pdata[i];
        BuiltLayer *layer = g_new0(BuiltLayer, 1);
        layer->source = g_strdup("base");
        layer->digest = g_strdup(blob->digest);
        layer->diff_id = g_strdup(image->config->diff_ids->pdata[i]);
        layer->size = blob->size;
        layer->state = LAYER_CACHED;
        g_ptr_array_add(build->built->layers, layer);
    }
}

/* What is known of layers before anything is fetched */

static LayerFormat layer_format(const Build *build)
{
    static const LayerFormat formats[] = {
        [LAYERS_GZIP] = LAYER_GZIP,
        [LAYERS_GZIP_SINGLE] = LAYER_GZIP_SINGLE,
        [LAYERS_ESTARGZ] = LAYER_ESTARGZ,
        [LAYERS_ZSTD] = LAYER_ZSTD,
    };
    const RecipeLayers *layers = build->recipe->config->layers;
    if (build->options->format >= 0)
        return (LayerFormat)build->options->format;
    return formats[layers ? layers->compression : LAYERS_GZIP];
}

static LayerPolicy layer_policy(const Build *build)
{
    gint64 epoch = build->options->source_date_epoch;
    return (LayerPolicy){.format = layer_format(build),
                         .wheel_mtime = LAYER_MTIME,
                         .files_mtime = epoch >= 0 ? epoch : LAYER_MTIME};
}

static gboolean assign_layers(Build *build, GError **error)
{
    LayeringOptions options = {.base_layers = build->built->base_layers,
                               .one_layer = build->options->one_layer};
    return layering_assign(build->options->plan, &options, &build->layers, error);
}

/* Wheels */

/* Whether the file can be read without fetching anything. */
static bool is_at_hand(const Build *build, const LockFile *file)
{
    if (file->source == LOCK_SOURCE_PATH ||
        (file->source == LOCK_SOURCE_INDEX && g_str_has_prefix(file->source_name, "find-links")))
        return true;
    g_autofree char *path = blob_store_find(build->options->blobs, file->sha256, file->size);
    return path != NULL;
}

static void find_absent(Build *build)
{
    for (guint i = 0; i < build->files->len; i++) {
        if (!is_at_hand(build, build->files->pdata[i]))
            g_hash_table_add(build->absent, build->files->pdata[i]);
    }
}

static const LayerSlot *own_slot(const Build *build, const LockFile *file)
{
    for (guint i = 0; i < build->layers->slots->len; i++) {
        const LayerSlot *slot = build->layers->slots->pdata[i];
        const LayeringItem *item = slot->items->len == 1 ? slot->items->pdata[0] : NULL;
        if (slot->kind == SLOT_WHEELS && item && item->file == file)
            return slot;
    }
    return NULL;
}

/* A wheel that came over the network and has a layer of its own: nearly always all of its files
 * survive, so that its layer can be made while other wheels are still on their way. Where the guess
 * is wrong its layer is not used; where anything else is, the tree of all stages will say so. */
static void begin_early(Build *build, const LockFile *file, const WheelArchive *wheel)
{
    const LayerSlot *slot = own_slot(build, file);
    if (!slot || !build->install)
        return;
    const BaseTree *base = build->built->base->tree;
    Guess *guess = g_new0(Guess, 1);
    g_ptr_array_add(build->guesses, guess);
    guess->tree = merged_tree_new(base ? base->root : NULL);
    WheelInstall install = {.wheel = wheel, .stage = 0};
    LayerPolicy policy = layer_policy(build);
    if (!wheel_install(guess->tree, build->install, &install, NULL) ||
        !layer_sources_new(guess->tree, build->layers, &policy, &guess->sources, NULL))
        return;
    for (guint i = 0; i < guess->sources->len; i++) {
        const LayerSource *source = guess->sources->pdata[i];
        if (g_str_equal(source->source, slot->source))
            layer_maker_want(build->maker, source);
    }
}

/* The first stage that installs the file. */
static const Stage *stage_of(const Build *build, const LockFile *file)
{
    for (guint i = 0; i < build->target->stages->len; i++) {
        const LockStage *stage = build->target->stages->pdata[i];
        for (guint k = 0; k < stage->actions->len; k++) {
            if (((const LockAction *)stage->actions->pdata[k])->file == file)
                return build->recipe->stages->pdata[i];
        }
    }
    return NULL;
}

static gboolean wheel_arrived(void *data, const LockFile *file, const char *path, GError **error)
{
    Build *build = data;
    GError *cause = NULL;
    WheelArchive *wheel = wheel_archive_open(path, file->file, file->sha256, &cause);
    if (!wheel) {
        const Stage *stage = stage_of(build, file);
        return error_wrap(error, cause, stage->at, "stage '%s'", stage->name);
    }
    g_hash_table_insert(build->wheels, (void *)file, wheel);
    wheel_facts_save(build->options->blobs, wheel);
    if (g_hash_table_contains(build->absent, file))
        begin_early(build, file, wheel);
    return TRUE;
}

static gboolean fetch_wheels(Build *build, GError **error)
{
    return lock_session_fetch_wheels(build->options->session, build->recipe, build->target,
                                     build->options->blobs, build->files, wheel_arrived, build,
                                     error);
}

/* The tree */

static gboolean make_tree(Build *build, GError **error)
{
    const BuildBase *base = build->built->base;
    StageTreeInput input = {
        .plan = build->options->plan,
        .base = base->tree ? base->tree->root : NULL,
        .env = base->tree ? (const char *const *)base->tree->env : NULL,
        .wheels = build->wheels,
        .target = build->install,
        .environment = base->facts->environment,
        .python = base->facts->target,
        .findings = build->built->findings,
    };
    return stage_tree_build(&input, &build->tree, error);
}

/* Layers */

static gboolean plan_layers(Build *build, GError **error)
{
    LayerPolicy policy = layer_policy(build);
    return layer_sources_new(build->tree, build->layers, &policy, &build->sources, error);
}

static int compare_largest_first(const void *a, const void *b)
{
    const LayerSource *left = *(void *const *)a, *right = *(void *const *)b;
    if (left->raw_size != right->raw_size)
        return left->raw_size > right->raw_size ? -1 : 1;
    return strcmp(left->key, right->key);
}

/* The largest first, so that none is left alone at the end. */
static void begin_layers(Build *build)
{
    g_autoptr(GPtrArray) order = g_ptr_array_copy(build->sources, NULL, NULL);
    g_ptr_array_set_free_func(order, NULL);
    g_ptr_array_sort(order, compare_largest_first);
    for (guint i = 0; i < order->len; i++)
        layer_maker_want(build->maker, order->pdata[i]);
}

static BuiltLayer *note_layer(Build *build, const LayerSource *source, const MadeLayer *made)
{
    BuiltLayer *layer = g_new0(BuiltLayer, 1);
    layer->source = g_strdup(source->source);
    layer->files = source->files;
    layer->wheel_size = source->wheel_size;
    layer->state = made->state;
    if (made->state != LAYER_UNKNOWN) {
        layer->digest = g_strconcat("sha256:", made->summary.digest, NULL);
        layer->diff_id = g_strconcat("sha256:", made->summary.diff_id, NULL);
        layer->size = made->summary.size;
    }
    layer->tar_size = made->state == LAYER_UNKNOWN ? source->raw_size : made->summary.tar_size;
    g_ptr_array_add(build->built->layers, layer);
    return layer;
}

/* What a dry run knows before the wheels are fetched: the layers of wheels. */
static void note_slots(Build *build)
{
    note_base_layers(build);
    for (guint i = 0; i < build->layers->slots->len; i++) {
        const LayerSlot *slot = build->layers->slots->pdata[i];
        BuiltLayer *layer = g_new0(BuiltLayer, 1);
        layer->source = g_strdup(slot->source);
        layer->state = LAYER_UNKNOWN;
        for (guint k = 0; k < slot->items->len; k++)
            layer->wheel_size += ((const LayeringItem *)slot->items->pdata[k])->size;
        g_ptr_array_add(build->built->layers, layer);
    }
}

/* What lazy pullers look for on the descriptor of an eStargz layer; NULL for other formats. */
static GPtrArray *annotate_layer(const LayerSummary *summary)
{
    if (!summary->toc_digest)
        return NULL;
    GPtrArray *pairs = g_ptr_array_new_with_free_func((GDestroyNotify)image_pair_free);
    g_autofree char *toc = g_strconcat("sha256:", summary->toc_digest, NULL);
    g_autofree char *size = g_strdup_printf("%" G_GUINT64_FORMAT, summary->tar_size);
    image_pairs_set(pairs, "containerd.io/snapshot/stargz/toc.digest", toc);
    image_pairs_set(pairs, "io.containers.estargz.uncompressed-size", size);
    return pairs;
}

/* The image */

static bool is_forced(const Build *build)
{
    const ImageBuildOptions *options = build->options;
    const GPtrArray *findings = build->built->findings;
    bool forced = options->forced;
    for (guint i = 0; options->counts && i < findings->len; i++)
        forced = forced || options->counts(options->counts_data, findings->pdata[i]);
    return forced;
}

static gboolean make_config(Build *build, const char *created, GError **error)
{
    const ImageBuildOptions *options = build->options;
    const BuildBase *base = build->built->base;
    LayerFormat format = layer_format(build);
    const char *library = layer_format_library(format);
    g_autofree char *layers =
        g_strdup_printf("%s %u%s%s", layer_format_name(format), layer_format_version(format),
                        library ? ", " : "", library ? library : "");
    gint64 seconds = options->source_date_epoch;
    g_autofree char *epoch = seconds >= 0 ? g_strdup_printf("%" G_GINT64_FORMAT, seconds) : NULL;
    ImageSettings settings = {
        .plan = options->plan,
        .base = base->image->config,
        .epoch = epoch,
        .layers = layers,
        .base_name = build->recipe->base.reference,
        .base_digest = base->image->digest,
        .created = created,
        .revision = options->revision,
        .source = options->source,
        .forced = is_forced(build),
        .recipe_text = options->recipe_text,
        .lock_text = options->lock_text,
    };
    if (!image_settings_config(&settings, &build->built->config, error))
        return FALSE;
    image_config_complete_history(build->built->config);
    return TRUE;
}

static void add_to_config(ImageConfig *config, const BuiltLayer *layer, const char *created)
{
    g_autofree char *created_by = g_strconcat("ramekin: ", layer->source, NULL);
    g_ptr_array_add(config->diff_ids, g_strdup(layer->diff_id));
    g_ptr_array_add(config->history, image_history_new(created, created_by, false));
}

static void pairs_destroy(void *data)
{
    if (data)
        g_ptr_array_unref(data);
}

static char *layer_media_type(LayerFormat format)
{
    return g_strconcat(MEDIA_TYPE_LAYER, layer_format_media_suffix(format), NULL);
}

/* A layer that can't be made because of a wheel: with the line of the stage that installs it. */
static gboolean blame_stage(const Build *build, GError *take_cause, GError **error)
{
    for (guint i = 0; i < build->files->len; i++) {
        const LockFile *file = build->files->pdata[i];
        const Stage *stage = strstr(take_cause->message, file->file) ? stage_of(build, file) : NULL;
        if (stage)
            return error_wrap(error, take_cause, stage->at, "stage '%s'", stage->name);
    }
    g_propagate_error(error, take_cause);
    return FALSE;
}

/* Waits for every layer and lists blobs and annotations; *ret_known: none would have to be made. */
static gboolean collect_layers(Build *build, const char *created, GPtrArray *blobs,
                               GPtrArray *annotations, bool *ret_known, GError **error)
{
    *ret_known = true;
    g_autofree char *media_type = layer_media_type(layer_format(build));
    for (guint i = 0; i < build->sources->len; i++) {
        const MadeLayer *made;
        GError *cause = NULL;
        if (!layer_maker_get(build->maker, build->sources->pdata[i], &made, &cause))
            return blame_stage(build, cause, error);
        const BuiltLayer *layer = note_layer(build, build->sources->pdata[i], made);
        *ret_known = *ret_known && made->state != LAYER_UNKNOWN;
        if (!*ret_known)
            continue;
        add_to_config(build->built->config, layer, created);
        g_ptr_array_add(blobs,
                        image_blob_new_file(media_type, layer->digest, layer->size, made->path, 0));
        g_ptr_array_add(annotations, annotate_layer(&made->summary));
    }
    return TRUE;
}

static gboolean make_image(Build *build, GError **error)
{
    gint64 epoch = build->options->source_date_epoch;
    g_autofree char *created = clock_format_utc(MAX(epoch, 0));
    g_autoptr(GPtrArray) blobs = g_ptr_array_new_with_free_func((GDestroyNotify)image_blob_free);
    g_autoptr(GPtrArray) annotations = g_ptr_array_new_with_free_func(pairs_destroy);
    const BaseImage *base = build->built->base->image;
    for (guint i = 0; i < base->layers->len; i++) {
        GPtrArray *pairs = base->annotations->pdata[i];
        g_ptr_array_add(blobs, image_blob_copy(base->layers->pdata[i]));
        g_ptr_array_add(annotations, pairs ? g_ptr_array_ref(pairs) : NULL);
    }
    bool known;
    if (!make_config(build, created, error) ||
        !collect_layers(build, created, blobs, annotations, &known, error))
        return FALSE;
    if (!known)
        return TRUE;
    ImageSettings settings = {.plan = build->options->plan,
                              .base_name = build->recipe->base.reference,
                              .base_digest = base->digest,
                              .created = created};
    g_autoptr(GPtrArray) pairs = image_settings_annotations(&settings);
    build->built->image =
        image_new(build->built->config, g_steal_pointer(&blobs), pairs, annotations);
    return TRUE;
}

static gboolean build_image(Build *build, GError **error)
{
    if (!stage_tree_check(build->recipe, build->target, error) || !open_base(build, error) ||
        !assign_layers(build, error))
        return FALSE;
    find_absent(build);
    if (build->options->maker.dry_run && g_hash_table_size(build->absent) > 0) {
        note_slots(build);
        return TRUE;
    }
    if (!fetch_wheels(build, error) || !make_tree(build, error) || !plan_layers(build, error))
        return FALSE;
    note_base_layers(build);
    begin_layers(build);
    return make_image(build, error);
}

static void count_checks(Build *build)
{
    const RecipeChecks *checks = build->recipe->checks;
    for (guint i = 0; checks && checks->build && i < checks->build->len; i++) {
        bool moved = plan_is_moved(build->options->plan, checks->build->pdata[i], "build");
        build->built->checks += !moved;
    }
    for (guint i = 0; i < build->target->imports->len; i++) {
        const LockImport *item = build->target->imports->pdata[i];
        build->built->moved += item->verdict == LOCK_IMPORT_MOVED;
    }
}

gboolean image_build(const ImageBuildOptions *options, LayerMaker **ret_maker,
                     BuiltImage **ret_built, GError **error)
{
    Build build = {
        .options = options,
        .recipe = options->plan->recipe,
        .target = options->plan->target,
        .built = g_new0(BuiltImage, 1),
        .files = lock_target_installs(options->plan->target),
        .absent = g_hash_table_new(NULL, NULL),
        .guesses = g_ptr_array_new_with_free_func(guess_free),
        .wheels = g_hash_table_new_full(NULL, NULL, NULL, wheel_destroy),
        .maker = layer_maker_new(options->blobs, &options->maker),
    };
    build.built->layers = g_ptr_array_new_with_free_func(built_layer_free);
    build.built->findings = g_ptr_array_new_with_free_func((GDestroyNotify)finding_free);
    count_checks(&build);
    gboolean ok = build_image(&build, error);
    if (ok) {
        *ret_built = g_steal_pointer(&build.built);
        *ret_maker = g_steal_pointer(&build.maker);
    }
    build_clear(&build);
    return ok;
}
