#include "lock/build_base.h"

#include "lock/inputs.h"
#include "lock/session.h"

void build_base_free(BuildBase *base)
{
    if (!base)
        return;
    base_tree_free(base->tree);
    base_facts_free(base->facts);
    base_image_free(base->image);
    g_free(base);
}

static gboolean refuse_absent(const Recipe *recipe, const char *reference, GError **error)
{
    error_set(error, ERROR_INPUT, recipe->base.at, "the base %s does not lie on this machine",
              reference ? reference : "of the recipe");
    if (error && reference)
        error_set_hint(*error,
                       "copy it into a folder (skopeo copy docker://%s oci:base) and build with "
                       "--substitute-base %s=oci:base; or `ramekin render` a Dockerfile",
                       reference, reference);
    return FALSE;
}

static gboolean check_digest(const LockTarget *target, const BuildBase *base, const Recipe *recipe,
                             GError **error)
{
    const char *found = base->facts->digest;
    if (!target->base.digest || !found || g_str_equal(found, target->base.digest))
        return TRUE;
    error_set(error, ERROR_INPUT, recipe->base.at, "the base is not the one that was locked");
    if (error) {
        error_add_note(*error, SPAN_NONE, "locked: %s", target->base.digest);
        error_add_note(*error, SPAN_NONE, "found:  %s", found);
        error_set_hint(*error, "`ramekin lock` takes the base as it is now");
    }
    return FALSE;
}

/* What the recipe's base is called here, or NULL with an error where it can't be read. */
static const char *find_reference(LockSession *session, const Recipe *recipe, GError **error)
{
    const char *substitute = lock_options_base(&session->options, &recipe->base);
    const char *reference = substitute ? substitute : recipe->base.reference;
    if (recipe->base.kind == BASE_SCRATCH)
        reference = "scratch";
    if (recipe->base.kind != BASE_DEBIAN && reference &&
        base_form_is_readable(base_form(reference)))
        return reference;
    refuse_absent(recipe, reference, error);
    return NULL;
}

static BaseRequest make_request(LockSession *session, const Recipe *recipe,
                                const LockTarget *target, const char *reference)
{
    return (BaseRequest){
        .reference = reference,
        .base_dir = recipe_file_dir(recipe->file),
        .platform = target->platform,
        .python = recipe->python.version,
        .cache = session->cache,
        .at = recipe->base.at,
        .python_at = recipe->python.at,
    };
}

gboolean lock_session_read_base(LockSession *session, const Recipe *recipe,
                                const LockTarget *target, const char *const *wanted,
                                BuildBase **ret_base, GError **error)
{
    const char *reference = find_reference(session, recipe, error);
    if (!reference)
        return FALSE;
    BaseRequest request = make_request(session, recipe, target, reference);
    g_autoptr(BuildBase) base = g_new0(BuildBase, 1);
    base->tree = base_tree_open(&request, wanted, error);
    base->facts = base->tree ? base_facts_from_tree(&request, base->tree, error) : NULL;
    if (!base->facts || !check_digest(target, base, recipe, error))
        return FALSE;
    if (base->facts->has_python && recipe->python.venv)
        base_facts_use_venv(base->facts, recipe->python.venv);
    *ret_base = g_steal_pointer(&base);
    return TRUE;
}

gboolean lock_session_open_base(LockSession *session, const Recipe *recipe,
                                const LockTarget *target, const char *const *wanted,
                                BlobStore *blobs, BuildBase **ret_base, GError **error)
{
    g_autoptr(BuildBase) base = NULL;
    if (!lock_session_read_base(session, recipe, target, wanted, &base, error))
        return FALSE;
    BaseRequest request =
        make_request(session, recipe, target, find_reference(session, recipe, NULL));
    base->image = base_tree_open_image(&request, blobs, error);
    if (!base->image)
        return FALSE;
    *ret_base = g_steal_pointer(&base);
    return TRUE;
}
