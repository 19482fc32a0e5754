/* The checkout of a folder, made by git itself. */
#include "net/git.h"

#include "base/io.h"
#include "test.h"

#include <gio/gio.h>

/* Runs git in the folder; what it prints, without its line break. */
static char *git(const char *folder, const char *arguments)
{
    g_autofree char *command =
        g_strdup_printf("env -i PATH=/usr/bin:/bin HOME=%s GIT_AUTHOR_DATE=2000-01-01T00:00:00Z "
                        "GIT_COMMITTER_DATE=2000-01-01T00:00:00Z "
                        "git -c user.name=n -c user.email=e@example.org -C %s %s",
                        folder, folder, arguments);
    g_auto(GStrv) argv = NULL;
    g_assert_true(g_shell_parse_argv(command, NULL, &argv, NULL));
    GError *error = NULL;
    g_autoptr(GSubprocess) process = g_subprocess_newv(
        (const char *const *)argv,
        G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE, &error);
    g_assert_no_error(error);
    char *out = NULL;
    g_subprocess_communicate_utf8(process, NULL, NULL, &out, NULL, &error);
    g_assert_no_error(error);
    return g_strchomp(out);
}

static void run(const char *folder, const char *arguments)
{
    g_autofree char *out = git(folder, arguments);
}

static void save(const char *folder, const char *path, const char *text)
{
    g_autofree char *full = g_build_filename(folder, path, NULL);
    GError *error = NULL;
    io_save(full, text, strlen(text), &error);
    assert_no_error(error);
}

static GitCheckout *find(const char *folder)
{
    GitCheckout *checkout = NULL;
    GError *error = NULL;
    git_checkout_find(folder, &checkout, &error);
    assert_no_error(error);
    return checkout;
}

TEST(checkout)
{
    g_autofree char *folder = g_dir_make_tmp("git-XXXXXX", NULL);
    g_autofree char *below = g_build_filename(folder, "a/b", NULL);
    io_make_dirs(below, NULL);
    g_assert_null(find(below));

    run(folder, "init -q -b trunk");
    GitCheckout *none = NULL;
    g_autoptr(GError) error = NULL;
    g_assert_false(git_checkout_find(folder, &none, &error));
    g_assert_error(error, ERROR_DOMAIN, ERROR_INPUT);

    save(folder, "file", "one\n");
    run(folder, "add file");
    run(folder, "commit -q -m first");
    g_autofree char *head = git(folder, "rev-parse HEAD");
    g_autoptr(GitCheckout) clean = find(below);
    assert_text(NULL, head, clean->commit);
    assert_text(NULL, "trunk", clean->branch);
    g_assert_null(clean->origin);
    g_assert_false(clean->dirty);

    save(folder, "untracked", "x");
    run(folder, "checkout -q --detach");
    g_autoptr(GitCheckout) detached = find(folder);
    g_assert_null(detached->branch);
    g_assert_false(detached->dirty);

    save(folder, "file", "two\n");
    g_autoptr(GitCheckout) changed = find(folder);
    g_assert_true(changed->dirty);
    run(folder, "add file");
    g_autoptr(GitCheckout) staged = find(folder);
    g_assert_true(staged->dirty);
}

TEST(origin)
{
    static const struct {
        const char *url, *expected;
    } rows[] = {
        {"https://example.org/a/b.git", "https://example.org/a/b.git"},
        {"https://me:secret@example.org/b.git", "https://example.org/b.git"},
        {"https://token@example.org/b.git?private_token=x", "https://example.org/b.git"},
        {"git@example.org:a/b.git", "git@example.org:a/b.git"},
        {"ssh://git:secret@example.org/a/b", "ssh://git@example.org/a/b"},
        {"/srv/git/b", NULL},
        {"../b", NULL},
        {"file:///srv/git/b", NULL},
    };
    g_autofree char *folder = g_dir_make_tmp("git-XXXXXX", NULL);
    run(folder, "init -q");
    save(folder, "file", "one\n");
    run(folder, "add file");
    run(folder, "commit -q -m first");
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        run(folder, "remote remove origin");
        g_autofree char *add = g_strdup_printf("remote add origin '%s'", rows[i].url);
        run(folder, add);
        g_autoptr(GitCheckout) checkout = find(folder);
        g_assert_cmpstr(checkout->origin, ==, rows[i].expected);
    }
}
