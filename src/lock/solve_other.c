#include "lock/solve.h"
#include "recipe/stage_download.h"
#include "recipe/stage_files.h"
#include "recipe/stage_git.h"
#include "recipe/stage_model.h"

static Finding *add_finding(LockStage *locked, const char *code, Span at, char *message)
{
    Finding *finding = finding_new(code, at, message);
    if (!finding->at)
        finding->at = g_strdup(locked->at);
    g_ptr_array_add(locked->findings, finding);
    return finding;
}

static void judge_git(const GitStage *git, LockStage *locked)
{
    const Text *moving = git->branch.text ? &git->branch : git->tag.text ? &git->tag : NULL;
    if (!moving)
        return;
    Finding *finding =
        add_finding(locked, "unpinned-input", moving->at,
                    g_strdup_printf("the %s %s of %s can move", git->branch.text ? "branch" : "tag",
                                    moving->text, git->url.text));
    finding->hint = g_strdup("name the commit: `commit: ...`");
}

static void judge_download(const DownloadStage *download, LockStage *locked)
{
    for (guint i = 0; i < download->files->len; i++) {
        const Download *file = download->files->pdata[i];
        if (file->sha256.text)
            continue;
        Finding *finding =
            add_finding(locked, "unpinned-input", file->at,
                        g_strdup_printf("nothing says what %s must contain", file->url.text));
        finding->hint = g_strdup("give its digest: `sha256: ...`");
    }
}

static void judge_model(const ModelStage *model, LockStage *locked)
{
    if (model->revision.text && strspn(model->revision.text, "0123456789abcdef") == 40)
        return;
    bool named = model->revision.text;
    Finding *finding = add_finding(
        locked, "unpinned-input", named ? model->revision.at : model->repo.at,
        named ? g_strdup_printf("the revision %s of %s can move", model->revision.text,
                                model->repo.text)
              : g_strdup_printf("the default revision of %s can move", model->repo.text));
    finding->hint = g_strdup("name the commit: `revision: ...`");
}

static void judge_files(const FilesStage *files, LockStage *locked)
{
    for (guint i = 0; i < files->files->len; i++) {
        const FilesEntry *entry = files->files->pdata[i];
        if (entry->from.text)
            add_finding(locked, "assumed-inert", entry->from.at,
                        g_strdup_printf("part '%s' is taken as it stands: what it holds is not "
                                        "looked into",
                                        entry->from.text));
    }
}

void solve_other(Solve *solve, const Stage *stage, LockStage *locked)
{
    add_finding(locked, "assumed-inert", stage->at,
                g_strdup_printf("stage '%s' is assumed not to change what pip sees", stage->name));
    if (stage->kind == STAGE_FILES)
        judge_files(stage->body.files, locked);
    else if (stage->kind == STAGE_GIT)
        judge_git(stage->body.git, locked);
    else if (stage->kind == STAGE_DOWNLOAD)
        judge_download(stage->body.download, locked);
    else if (stage->kind == STAGE_MODEL)
        judge_model(stage->body.model, locked);
    solve_note_environment(solve, locked->environment);
}
