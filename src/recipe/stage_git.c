#include "recipe/stage_git.h"

#include "recipe/stage_kinds.h"

static bool check_commit(Decoder *decoder, const Node *node, const char *text)
{
    size_t digits = strspn(text, "0123456789abcdef");
    if (text[digits] == '\0' && (digits == 40 || digits == 64))
        return true;
    error_set_hint(decoder_error(decoder, node, "'%s' is no full commit id", text),
                   "a commit has 40 hexadecimal digits; a name is `tag` or `branch`");
    return false;
}

static const TextRule rule_commit = check_commit;

/* clang-format off */
static const Field git_fields[] = {
    {"url", &type_value, offsetof(GitStage, url), FIELD_REQUIRED | FIELD_EMPTY_OK, "URL of the repository, or URL@COMMIT; empty: the stage is skipped", &rule_url},
    {"commit", &type_value, offsetof(GitStage, commit), 0, "Full commit id", &rule_commit},
    {"tag", &type_value, offsetof(GitStage, tag), 0, "Tag; the lock stores its commit", NULL},
    {"branch", &type_value, offsetof(GitStage, branch), 0, "Branch; the lock stores its commit", NULL},
    {"dest", &type_value, offsetof(GitStage, dest), FIELD_REQUIRED, "Folder in the image; ending in / means into that folder, by the repository's name", &rule_image_path},
    {"submodules", &type_bool, offsetof(GitStage, submodules), 0, "Fetch submodules too (default: false)", NULL},
    {"lfs", &type_bool, offsetof(GitStage, lfs), 0, "Fetch large files too (default: false)", NULL},
    {"patches", &type_texts, offsetof(GitStage, patches), FIELD_LIST, "Patch files to apply, in order", &rule_context_path},
    {"keep_git", &type_bool, offsetof(GitStage, keep_git), 0, "Keep the .git folder (default: false)", NULL},
};
/* clang-format on */

static const KeyHint git_hints[] = {
    {"repo", "did you mean 'url'?"},
    {"ref", "say which it is: `commit`, `tag` or `branch`"},
    {"revision", "say which it is: `commit`, `tag` or `branch`"},
    {"path", "did you mean 'dest'?"},
    {"depth", "only the files of one commit are fetched; leave it out"},
    {NULL, NULL},
};

/* "URL@COMMIT" is both; what else stands behind an "@" belongs to the URL. */
static void split_commit(GitStage *git)
{
    char *at = git->url.text ? strrchr(git->url.text, '@') : NULL;
    size_t digits = at ? strspn(at + 1, "0123456789abcdef") : 0;
    if (git->commit.text || (digits != 40 && digits != 64) || at[1 + digits])
        return;
    git->commit = (Text){g_strdup(at + 1), git->url.at};
    *at = '\0';
}

/* "/nodes/" and "https://example.org/a/node.git" → "/nodes/node". */
static void name_dest(GitStage *git)
{
    if (!git->dest.text || !git->url.text || !g_str_has_suffix(git->dest.text, "/") ||
        git->dest.text[1] == '\0')
        return;
    g_autofree char *name = g_path_get_basename(git->url.text);
    size_t length = strlen(name);
    if (length > 4 && g_str_has_suffix(name, ".git"))
        name[length - 4] = '\0';
    char *dest = g_strconcat(git->dest.text, name, NULL);
    g_free(git->dest.text);
    git->dest.text = dest;
}

static void finish_git(Decoder *decoder, const Node *node, void *target)
{
    GitStage *git = target;
    split_commit(git);
    name_dest(git);
    int given = !!git->commit.text + !!git->tag.text + !!git->branch.text;
    if (given == 1 || git->url.text[0] == '\0')
        return;
    error_set_hint(decoder_error(decoder, node, "`git:` needs one of 'commit', 'tag' and 'branch'"),
                   "the lock stores the commit that a tag or branch stands for");
}

static const Shape body_shape = {
    .name = "git-body",
    .title = "`git:`",
    .size = sizeof(GitStage),
    .fields = git_fields,
    .count = G_N_ELEMENTS(git_fields),
    .hints = git_hints,
    .finish = finish_git,
};

const Shape git_shape = {
    .name = "git",
    .title = "`git:`",
    .size = sizeof(Stage),
    .fields = stage_fields,
    .count = STAGE_FIELD_COUNT,
    .more = &body_shape,
    .more_offset = offsetof(Stage, body),
};
