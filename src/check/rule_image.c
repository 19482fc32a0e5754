/* What the image is, whatever is installed in it: its base, its user, what its texts give away. */
#include "check/rules.h"
#include "check/secret_text.h"
#include "image/reference.h"
#include "plan/layering.h"
#include "recipe/config.h"
#include "recipe/stage_run.h"

enum {
    MAX_LAYERS = 127, /* overlay file systems: Docker's storage driver and buildkit */
};

static ImageReference *base_reference(const Recipe *recipe)
{
    const char *text = recipe->base.kind == BASE_IMAGE ? recipe->base.reference : NULL;
    bool registry =
        text && !g_str_has_prefix(text, "oci:") && !g_str_has_prefix(text, "oci-archive:") &&
        !g_str_has_prefix(text, "docker-archive:") && !g_str_has_prefix(text, "rootfs:");
    return registry ? image_reference_parse(text, NULL) : NULL;
}

static void judge_pin(CheckRun *run, const ImageReference *reference)
{
    const LockBase *base = &run->target->base;
    if (reference->digest || base->digest || run->recipe->base.digest)
        return;
    bool moves = g_strcmp0(reference->tag, "latest") == 0;
    char *message =
        moves ? g_strdup("the tag `latest` of the base is another image every few weeks, and "
                         "nothing pins it")
              : g_strdup_printf("nothing pins the base: its tag %s can be moved to another image",
                                reference->tag ? reference->tag : "");
    Finding *finding =
        check_add(run, moves ? "base-latest" : "base-unpinned", run->recipe->base.at, message);
    finding->hint = g_strdup("name the digest, `base: {image: ..., digest: sha256:...}`; a base "
                             "that lies on this machine is pinned by the lock");
}

/* Whether a stage may need compilers: it builds from source, or nobody knows what it does. */
static bool may_compile(const Recipe *recipe)
{
    for (guint i = 0; i < recipe->stages->len; i++) {
        const Stage *stage = recipe->stages->pdata[i];
        if (stage->kind == STAGE_RUN ||
            (stage->kind == STAGE_PIP && stage->body.pip->build->len > 0))
            return true;
    }
    return false;
}

static void judge_devel(CheckRun *run, const ImageReference *reference)
{
    bool devel = reference->tag && strstr(reference->tag, "-devel");
    if (!devel || may_compile(run->recipe))
        return;
    Finding *finding = check_add(
        run, "devel-base", run->recipe->base.at,
        g_strdup_printf("the base %s holds the compilers and headers of CUDA, and no stage "
                        "compiles anything",
                        run->recipe->base.reference));
    finding->hint = g_strdup("take its `-runtime-` or `-base-` variant, or an image without CUDA "
                             "where the wheels bring it");
}

static void judge_user(CheckRun *run)
{
    const char *base_user = run->target->base.user;
    bool unknown = run->target->base.facts != LOCK_FACTS_READ;
    if (run->recipe->target != TARGET_IMAGE || run->recipe->config->user || base_user)
        return;
    Finding *finding = check_add(run, "runs-as-root", run->recipe->base.at,
                                 g_strdup(unknown ? "the image runs as root unless its base says "
                                                    "otherwise: the recipe names no `user:`"
                                                  : "the image runs as root: neither the recipe "
                                                    "nor its base names a user"));
    finding->hint = g_strdup("`user: app` makes a user without rights and runs as it");
}

static void add_secret(CheckRun *run, const char *where, const char *kind, Span at)
{
    Finding *finding =
        check_add(run, "secret-in-image", at,
                  g_strdup_printf("%s holds what looks like %s, which everybody who can pull the "
                                  "image can read",
                                  where, kind));
    finding->hint = g_strdup("withdraw it, declare it in `secrets:`, and give it to the container "
                             "when it starts");
}

static void judge_pairs(CheckRun *run, const GPtrArray *pairs, const char *key)
{
    for (guint i = 0; pairs && i < pairs->len; i++) {
        const Pair *pair = pairs->pdata[i];
        const char *kind = secret_text_find(pair->value);
        g_autofree char *where = g_strdup_printf("`%s: %s`", key, pair->key);
        if (kind)
            add_secret(run, where, kind, pair->at);
    }
}

static void judge_secrets(CheckRun *run)
{
    const Recipe *recipe = run->recipe;
    judge_pairs(run, recipe->config->env, "env");
    judge_pairs(run, recipe->config->labels, "labels");
    judge_pairs(run, recipe->config->annotations, "annotations");
    for (guint i = 0; i < recipe->stages->len; i++) {
        const Stage *stage = recipe->stages->pdata[i];
        const char *kind =
            stage->kind == STAGE_RUN ? secret_text_find(stage->body.run->script.text) : NULL;
        g_autofree char *where = g_strdup_printf("the script of stage '%s'", stage->name);
        if (kind)
            add_secret(run, where, kind, stage->body.run->script.at);
    }
}

/* Why `ramekin build` can't put layers above the base's; NULL: it can, or the base's are not known.
 */
static GError *build_refusal(const CheckRun *run)
{
    LayeringOptions options = {.base_layers = run->base_layers};
    g_autoptr(Layers) layers = NULL;
    GError *error = NULL;
    if (lock_target_is_solved(run->target))
        layering_assign(run->plan, &options, &layers, &error);
    return error;
}

/* What comes on top of the base's layers: by Docker one for each stage, or more. */
static void judge_layers(CheckRun *run)
{
    guint stages = run->recipe->stages->len;
    g_autoptr(GError) refused = build_refusal(run);
    bool mountable = run->base_layers + stages <= MAX_LAYERS;
    if (mountable && !refused)
        return;
    char *message = mountable
                        ? g_strdup(refused->message)
                        : g_strdup_printf("the base has %u layers, and %u %s above it: Docker "
                                          "mounts %u at most",
                                          run->base_layers, stages,
                                          stages == 1 ? "stage comes" : "stages come", MAX_LAYERS);
    Finding *finding = check_add(run, "too-many-layers", run->recipe->base.at, message);
    finding->hint = g_strdup("take a base of fewer layers, or flatten it: `docker export` into a "
                             "folder, `base: rootfs:DIR`; above it, `layers: {budget: ...}` says "
                             "how many `ramekin build` makes");
}

/* What `files:` stages name and the recipe's folder does not have. */
static void judge_files(CheckRun *run)
{
    const GPtrArray *errors = image_files_errors(run->image);
    for (guint i = 0; i < errors->len; i++) {
        const GError *error = errors->pdata[i];
        Finding *finding =
            check_add(run, "files-fail", error_span(error), g_strdup(error->message));
        finding->hint = g_strdup(error_hint(error));
    }
}

void rule_image(CheckRun *run)
{
    if (run->image)
        judge_files(run);
    if (run->recipe->target != TARGET_IMAGE)
        return;
    g_autoptr(ImageReference) reference = base_reference(run->recipe);
    if (reference) {
        judge_pin(run, reference);
        judge_devel(run, reference);
    }
    judge_layers(run);
    judge_user(run);
    judge_secrets(run);
}
