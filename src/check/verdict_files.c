/* Items about files and bytes of the image. */
#include "check/verdict.h"
#include "plan/layout.h"

/* The path as the space calls it: relative below its site-packages. */
static const char *space_path(const FileSpace *space, const char *path)
{
    const char *site = file_space_site(space);
    size_t length = strlen(site);
    bool below = strncmp(path, site, length) == 0 && path[length] == '/';
    return below ? path + length + 1 : path;
}

static bool is_installed(const CheckRun *run, const char *path)
{
    if (!run->space)
        return false;
    g_autofree char *clean = g_canonicalize_filename(path, "/");
    const char *inside = space_path(run->space, clean);
    return file_space_find(run->space, inside) || file_space_has_folder(run->space, inside);
}

static void decide_file(const Verdict *verdict, const Text *text)
{
    const CheckRun *run = verdict->run;
    bool unknown = !run->image || !run->space || image_files_are_open(run->image) ||
                   file_space_unknown(run->space)->len > 0;
    if (is_installed(run, text->text) ||
        (run->image && image_files_stat(run->image, text->text) != PATH_NONE))
        verdict_holds(verdict, verdict_item(text));
    else if (unknown)
        verdict_unknown(verdict, verdict_item(text),
                        g_strdup("no wheel and no `files:` stage brings it, and what other "
                                 "stages and the base hold is not known"));
    else
        verdict_fails(verdict, verdict_item(text), text->at, g_strdup("nothing brings it"));
}

void verdict_file(const Verdict *verdict)
{
    for (guint i = 0; i < verdict->check->items->len; i++)
        decide_file(verdict, verdict->check->items->pdata[i]);
}

guint64 verdict_image_size(const CheckRun *run, bool *ret_all)
{
    guint64 size = run->image ? image_files_size(run->image) : 0;
    *ret_all = run->image && run->space && file_space_unknown(run->space)->len == 0;
    const GPtrArray *files = run->space ? file_space_files(run->space) : NULL;
    for (guint i = 0; files && i < files->len; i++) {
        const SpaceFile *file = files->pdata[i];
        if (file->member)
            size += file->member->size;
    }
    return size;
}

void verdict_max_size(const Verdict *verdict)
{
    const CheckRun *run = verdict->run;
    bool all;
    guint64 size = verdict_image_size(run, &all), limit = verdict->check->bytes;
    g_autofree char *shown = layout_size(size);
    char *item = layout_size(limit);
    bool base_known = run->recipe->base.kind == BASE_SCRATCH;
    if (size > limit)
        verdict_fails(verdict, item, verdict->check->at,
                      g_strdup_printf("wheels and files above the base have %s unpacked", shown));
    else if (base_known && all && !image_files_are_open(run->image))
        verdict_holds(verdict, item);
    else
        verdict_unknown(verdict, item,
                        g_strdup_printf("wheels and files above the base have %s%s unpacked; what "
                                        "the base and other stages have is not known",
                                        shown, all ? "" : " or more"));
}
