#include "net/git.h"

#include "base/limits.h"
#include "net/git_problem.h"
#include "net/url.h"

#include <git2.h>

void git_checkout_free(GitCheckout *checkout)
{
    if (!checkout)
        return;
    g_free(checkout->commit);
    g_free(checkout->branch);
    g_free(checkout->origin);
    g_free(checkout);
}

gboolean git_set_problem(int code, const char *what, GError **error)
{
    const git_error *last = git_error_last();
    const char *why = last && last->message ? last->message : "unknown error";
    if (code != GIT_EOWNER)
        return error_set(error, ERROR_FAILED, SPAN_NONE, "%s: %s", what, why);
    error_set(error, ERROR_INPUT, SPAN_NONE, "%s: it belongs to another user", what);
    if (error)
        error_set_hint(*error, "git config --global --add safe.directory PATH");
    return FALSE;
}

/* "user:password@" of a URL, "user@" of a URL over HTTP: nobody needs them to find the source. */
static char *without_credentials(const char *url)
{
    if (url_is_http(url)) {
        char *bare = url_strip_credentials(url);
        bare[strcspn(bare, "?#")] = '\0';
        return bare;
    }
    const char *scheme = strstr(url, "://");
    const char *start = scheme ? scheme + 3 : url;
    size_t host = strcspn(start, "/");
    const char *at = memchr(start, '@', host);
    const char *colon = at ? memchr(start, ':', (size_t)(at - start)) : NULL;
    if (!colon)
        return g_strdup(url);
    return g_strdup_printf("%.*s%s", (int)(colon - url), url, at);
}

static void find_origin(git_repository *repository, GitCheckout *checkout)
{
    git_config *config = NULL;
    git_buf buffer = {0};
    bool found = git_repository_config(&config, repository) == 0 &&
                 git_config_get_string_buf(&buffer, config, "remote.origin.url") == 0;
    const char *url = found ? buffer.ptr : NULL;
    bool usable = url && *url && strlen(url) <= LIMIT_URL_BYTES && g_utf8_validate(url, -1, NULL);
    /* A path on this machine says nothing to others. */
    bool remote_place = usable && !g_path_is_absolute(url) && !g_str_has_prefix(url, "file:") &&
                        !g_str_has_prefix(url, ".");
    if (remote_place)
        checkout->origin = without_credentials(url);
    git_buf_dispose(&buffer);
    git_config_free(config);
}

static gboolean find_commit(git_repository *repository, GitCheckout *checkout, GError **error)
{
    git_reference *head = NULL;
    git_object *commit = NULL;
    int code = git_repository_head(&head, repository);
    if (code == GIT_EUNBORNBRANCH || code == GIT_ENOTFOUND)
        return error_set(error, ERROR_INPUT, SPAN_NONE, "the git checkout has no commit yet");
    if (code == 0)
        code = git_reference_peel(&commit, head, GIT_OBJECT_COMMIT);
    if (code == 0) {
        char hex[GIT_OID_HEXSZ + 1];
        git_oid_tostr(hex, sizeof(hex), git_object_id(commit));
        checkout->commit = g_strdup(hex);
        if (git_reference_is_branch(head) &&
            g_utf8_validate(git_reference_shorthand(head), -1, NULL))
            checkout->branch = g_strdup(git_reference_shorthand(head));
    }
    git_object_free(commit);
    git_reference_free(head);
    return code == 0 || git_set_problem(code, "cannot read the git checkout's HEAD", error);
}

static gboolean find_dirty(git_repository *repository, GitCheckout *checkout, GError **error)
{
    git_status_options options;
    git_status_options_init(&options, GIT_STATUS_OPTIONS_VERSION);
    options.show = GIT_STATUS_SHOW_INDEX_AND_WORKDIR;
    options.flags = 0; /* neither untracked nor ignored files */
    git_status_list *list = NULL;
    int code = git_status_list_new(&list, repository, &options);
    if (code < 0)
        return git_set_problem(code, "cannot compare the git checkout with its commit", error);
    checkout->dirty = git_status_list_entrycount(list) > 0;
    git_status_list_free(list);
    return TRUE;
}

static gboolean read_checkout(git_repository *repository, GitCheckout **ret_checkout,
                              GError **error)
{
    g_autoptr(GitCheckout) checkout = g_new0(GitCheckout, 1);
    if (!find_commit(repository, checkout, error) || !find_dirty(repository, checkout, error))
        return FALSE;
    find_origin(repository, checkout);
    *ret_checkout = g_steal_pointer(&checkout);
    return TRUE;
}

gboolean git_checkout_find(const char *path, GitCheckout **ret_checkout, GError **error)
{
    git_libgit2_init();
    git_repository *repository = NULL;
    gboolean ok = TRUE;
    int code = git_repository_open_ext(&repository, path, 0, NULL);
    if (code == GIT_ENOTFOUND || (code == 0 && git_repository_is_bare(repository)))
        *ret_checkout = NULL;
    else if (code < 0)
        ok = git_set_problem(code, "cannot open the git checkout", error);
    else
        ok = read_checkout(repository, ret_checkout, error);
    git_repository_free(repository);
    git_libgit2_shutdown();
    return ok;
}
