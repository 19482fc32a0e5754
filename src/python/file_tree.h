/* The files of an image as this folder needs to see them: a table of functions, so that where the
 * files come from (layers, a folder) is someone else's business.
 *
 * Paths are absolute inside the tree, links are followed inside it. Nothing here fails: what can't
 * be read is absent. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef enum {
    TREE_ABSENT,
    TREE_FILE,
    TREE_FOLDER,
    TREE_OTHER,
} TreeKind;

typedef struct {
    void *data;
    TreeKind (*kind)(void *data, const char *path);   /* links followed */
    char *(*resolve)(void *data, const char *path);   /* without links; NULL: absent */
    GPtrArray *(*list)(void *data, const char *path); /* names, sorted; NULL: no folder */
    /* NULL: no file, more than `limit` bytes, or its content is not at hand */
    GBytes *(*read)(void *data, const char *path, size_t limit);
} FileTree;

TreeKind file_tree_kind(const FileTree *tree, const char *path);
char *file_tree_resolve(const FileTree *tree, const char *path);
GPtrArray *file_tree_list(const FileTree *tree, const char *path); /* never NULL */
GBytes *file_tree_read(const FileTree *tree, const char *path, size_t limit);
/* A text file as a C string; NULL also when it has a NUL or is not UTF-8. */
char *file_tree_read_text(const FileTree *tree, const char *path, size_t limit);
/* Whether anything is at folder/name. */
bool file_tree_has(const FileTree *tree, const char *folder, const char *name);
