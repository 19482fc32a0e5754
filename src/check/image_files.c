#include "check/image_files.h"

#include "plan/stage_files_tree.h"
#include "recipe/stage_files.h"

struct ImageFiles {
    MergedTree *tree;
    GPtrArray *errors; /* GError */
    bool open;         /* more may be there */
    bool more;         /* of stages */
};

static void free_error(void *error)
{
    g_error_free(error);
}

static bool takes_from_part(const Stage *stage)
{
    for (guint i = 0; i < stage->body.files->files->len; i++) {
        if (((const FilesEntry *)stage->body.files->files->pdata[i])->from.text)
            return true;
    }
    return false;
}

/* Owners by name are looked up in the base. */
static bool names_owner(const Stage *stage)
{
    for (guint i = 0; i < stage->body.files->files->len; i++) {
        const char *owner = ((const FilesEntry *)stage->body.files->files->pdata[i])->owner.text;
        if (owner && owner[strspn(owner, "0123456789:")] != '\0')
            return true;
    }
    return false;
}

static void apply_files(ImageFiles *files, const Recipe *recipe, guint index, bool based)
{
    const Stage *stage = recipe->stages->pdata[index];
    if (takes_from_part(stage)) {
        files->open = files->more = true;
        return;
    }
    GError *error = NULL;
    if (tree_add_files(files->tree, recipe, stage, index, &error))
        return;
    files->open = files->more = true;
    if (based || !names_owner(stage))
        g_ptr_array_add(files->errors, g_steal_pointer(&error));
    g_clear_error(&error);
}

static void apply_stage(ImageFiles *files, const Recipe *recipe, guint index, bool based)
{
    const Stage *stage = recipe->stages->pdata[index];
    switch (stage->kind) {
    case STAGE_FILES:
        apply_files(files, recipe, index, based);
        break;
    case STAGE_REMOVE:
        files->open |= !tree_remove_globs(files->tree, stage, index, NULL);
        break;
    case STAGE_PIP:
        break;
    case STAGE_APT:
        files->open = true;
        break;
    case STAGE_GIT:
    case STAGE_DOWNLOAD:
    case STAGE_MODEL:
    case STAGE_RUN:
    case STAGE_KIND_COUNT:
        files->open = files->more = true;
        break;
    }
}

ImageFiles *image_files_new(const Recipe *recipe, const ImageRoot *base)
{
    ImageFiles *files = g_new0(ImageFiles, 1);
    files->tree = merged_tree_new(base);
    files->errors = g_ptr_array_new_with_free_func(free_error);
    files->open = !base && recipe->base.kind != BASE_SCRATCH;
    for (guint i = 0; i < recipe->stages->len; i++)
        apply_stage(files, recipe, i, base != NULL);
    return files;
}

void image_files_free(ImageFiles *files)
{
    if (!files)
        return;
    merged_tree_free(files->tree);
    g_ptr_array_unref(files->errors);
    g_free(files);
}

const GPtrArray *image_files_errors(const ImageFiles *files)
{
    return files->errors;
}

bool image_files_are_open(const ImageFiles *files)
{
    return files->open;
}

bool image_files_have_more(const ImageFiles *files)
{
    return files->more;
}

GPtrArray *image_files_list(const ImageFiles *files, const char *folder)
{
    return merged_tree_list(files->tree, folder);
}

PathKind image_files_stat(const ImageFiles *files, const char *path)
{
    return merged_tree_stat(files->tree, path, true);
}

const TreeEntry *image_files_find(const ImageFiles *files, const char *path)
{
    g_autofree char *resolved = merged_tree_resolve(files->tree, path, true);
    return resolved ? merged_tree_find(files->tree, resolved) : NULL;
}

GBytes *image_files_read(const ImageFiles *files, const char *path, size_t limit)
{
    const TreeEntry *entry = image_files_find(files, path);
    if (!entry || entry->kind != ENTRY_FILE || entry->size > limit)
        return NULL;
    return merged_tree_read(files->tree, path, limit);
}

const GPtrArray *image_files_entries(const ImageFiles *files)
{
    return merged_tree_entries(files->tree);
}

guint64 image_files_size(const ImageFiles *files)
{
    guint64 size = 0;
    const GPtrArray *entries = merged_tree_entries(files->tree);
    for (guint i = 0; i < entries->len; i++) {
        const TreeEntry *entry = entries->pdata[i];
        if (entry->kind == ENTRY_FILE)
            size += entry->size;
    }
    return size;
}
