#include "net/git_export.h"

#include "base/io.h"
#include "base/limits.h"
#include "net/git_problem.h"

#include <git2.h>
#include <string.h>

enum {
    EXPORT_FILES = 100000,
    EXPORT_FILE_BYTES = 4 * 1024 * 1024,
};
#define EXPORT_BYTES (1024ull * MIB)

typedef struct {
    git_repository *repository;
    const char *dir;
    guint files;
    guint64 bytes;
    GError *error; /* of the walk */
} Export;

/* Opens the repository around `path`; NULL with an error. */
static git_repository *open_repository(const char *path, GError **error)
{
    git_repository *repository = NULL;
    git_libgit2_init();
    int code = git_repository_open_ext(&repository, path, 0, NULL);
    if (code == 0)
        return repository;
    if (code == GIT_ENOTFOUND)
        error_set(error, ERROR_INPUT, SPAN_NONE, "%s lies in no git repository",
                  g_str_equal(path, ".") ? "the current folder" : path);
    else
        git_set_problem(code, "the git repository can't be read", error);
    git_libgit2_shutdown();
    return NULL;
}

static void close_repository(git_repository *repository)
{
    git_repository_free(repository);
    git_libgit2_shutdown();
}

static git_tree *find_tree(git_repository *repository, const char *revision, GError **error)
{
    git_object *object = NULL, *tree = NULL;
    int code = git_revparse_single(&object, repository, revision);
    if (code == 0)
        code = git_object_peel(&tree, object, GIT_OBJECT_TREE);
    git_object_free(object);
    if (code == GIT_ENOTFOUND || code == GIT_EINVALIDSPEC || code == GIT_EAMBIGUOUS ||
        code == GIT_EPEEL)
        error_set(error, ERROR_INPUT, SPAN_NONE, "git has no revision %s%s", revision,
                  code == GIT_EAMBIGUOUS ? " (several begin so)" : "");
    else if (code != 0)
        git_set_problem(code, "the git revision can't be read", error);
    return (git_tree *)tree;
}

static bool is_name(const char *name)
{
    return *name && !g_str_equal(name, ".") && !g_str_equal(name, "..") &&
           g_ascii_strcasecmp(name, ".git") != 0 && !strchr(name, '/') &&
           g_utf8_validate(name, -1, NULL);
}

static gboolean write_blob(Export *export, const char *path, const git_tree_entry *entry)
{
    git_blob *blob = NULL;
    int code = git_blob_lookup(&blob, export->repository, git_tree_entry_id(entry));
    if (code != 0)
        return git_set_problem(code, "a file of the git revision can't be read", &export->error);
    guint64 size = (guint64)git_blob_rawsize(blob);
    gboolean ok = TRUE;
    if (size <= EXPORT_FILE_BYTES) {
        export->bytes += size;
        ok = ++export->files <= EXPORT_FILES && export->bytes <= EXPORT_BYTES;
        if (!ok)
            error_set(&export->error, ERROR_INPUT, SPAN_NONE,
                      "the git revision has more files than a recipe's folder may have");
        else
            ok = io_save(path, git_blob_rawcontent(blob), (size_t)size, &export->error);
    }
    git_blob_free(blob);
    return ok;
}

/* Called for a folder before what is in it; `root` is "" or "sub/folder/". */
static int write_entry(const char *root, const git_tree_entry *entry, void *data)
{
    Export *export = data;
    const char *name = git_tree_entry_name(entry);
    git_filemode_t mode = git_tree_entry_filemode(entry);
    if (!is_name(name)) {
        error_set(&export->error, ERROR_INPUT, SPAN_NONE,
                  "the git revision has a file that no folder can have: %s%s", root, name);
        return -1;
    }
    if (strlen(root) + strlen(name) > LIMIT_PATH_BYTES)
        return 1;
    g_autofree char *path = g_build_filename(export->dir, root, name, NULL);
    if (mode == GIT_FILEMODE_TREE)
        return io_make_dirs(path, &export->error) ? 0 : -1;
    bool regular = mode == GIT_FILEMODE_BLOB || mode == GIT_FILEMODE_BLOB_EXECUTABLE;
    return !regular || write_blob(export, path, entry) ? 0 : -1;
}

/* "sub/folder/": where the folder is below the top of the repository's work tree. */
static char *find_prefix(git_repository *repository, const char *path)
{
    const char *top = git_repository_workdir(repository);
    g_autofree char *here = g_canonicalize_filename(path, NULL);
    g_autofree char *real = realpath(here, NULL);
    if (!top || !real || !g_str_has_prefix(real, top))
        return g_strdup("");
    return g_strconcat(real + strlen(top), "/", NULL);
}

bool git_revision_exists(const char *path, const char *revision)
{
    git_repository *repository = open_repository(path, NULL);
    if (!repository)
        return false;
    git_tree *tree = find_tree(repository, revision, NULL);
    git_tree_free(tree);
    close_repository(repository);
    return tree != NULL;
}

gboolean git_revision_export(const char *path, const char *revision, const char *dir,
                             char **ret_prefix, GError **error)
{
    git_repository *repository = open_repository(path, error);
    if (!repository)
        return FALSE;
    Export export = {.repository = repository, .dir = dir};
    git_tree *tree = find_tree(repository, revision, error);
    int code = tree ? git_tree_walk(tree, GIT_TREEWALK_PRE, write_entry, &export) : 0;
    gboolean ok = tree && code == 0;
    if (export.error)
        g_propagate_error(error, export.error);
    else if (tree && code != 0)
        git_set_problem(code, "the git revision can't be read", error);
    if (ok)
        *ret_prefix = find_prefix(repository, path);
    git_tree_free(tree);
    close_repository(repository);
    return ok;
}
