/* What `files:` and `remove:` stages leave in the image, over the base where that is known: the
 * application itself, which no wheel brings. */
#pragma once

#include "plan/merged_tree.h"
#include "recipe/recipe.h"

typedef struct ImageFiles ImageFiles;

/* Borrows both; `base` may be NULL. */
ImageFiles *image_files_new(const Recipe *recipe, const ImageRoot *base);
void image_files_free(ImageFiles *files);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ImageFiles, image_files_free)

/* What stands against a stage ("no file handler.py in the recipe's folder"), in order: GError. */
const GPtrArray *image_files_errors(const ImageFiles *files);
/* Whether other files may be there: of a base that was not read, of stages that run or fetch
 * something, of one that could not be followed. */
bool image_files_are_open(const ImageFiles *files);
/* Whether stages that run, fetch or copy from elsewhere may have put more into the image than is
 * known here. */
bool image_files_have_more(const ImageFiles *files);
/* Names in a folder, of stages and base, sorted; NULL: it is none. The caller frees the array. */
GPtrArray *image_files_list(const ImageFiles *files, const char *folder);
/* PATH_NONE, the base's own too; links are followed. */
PathKind image_files_stat(const ImageFiles *files, const char *path);
/* The stages' file at `path`, links followed, or NULL. */
const TreeEntry *image_files_find(const ImageFiles *files, const char *path);
/* The text of such a file. NULL: there is none, or it is larger than `limit`. */
GBytes *image_files_read(const ImageFiles *files, const char *path, size_t limit);
/* TreeEntry of the stages by path; the files'. */
const GPtrArray *image_files_entries(const ImageFiles *files);
/* Bytes of all files of the stages. */
guint64 image_files_size(const ImageFiles *files);
