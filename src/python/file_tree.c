#include "python/file_tree.h"

TreeKind file_tree_kind(const FileTree *tree, const char *path)
{
    return tree->kind(tree->data, path);
}

char *file_tree_resolve(const FileTree *tree, const char *path)
{
    return tree->resolve(tree->data, path);
}

GPtrArray *file_tree_list(const FileTree *tree, const char *path)
{
    GPtrArray *names = tree->list(tree->data, path);
    return names ? names : g_ptr_array_new_with_free_func(g_free);
}

GBytes *file_tree_read(const FileTree *tree, const char *path, size_t limit)
{
    return tree->read(tree->data, path, limit);
}

char *file_tree_read_text(const FileTree *tree, const char *path, size_t limit)
{
    g_autoptr(GBytes) bytes = file_tree_read(tree, path, limit);
    if (!bytes)
        return NULL;
    gsize length;
    const char *text = g_bytes_get_data(bytes, &length);
    return g_utf8_validate(text ? text : "", (gssize)length, NULL) ? g_strndup(text, length) : NULL;
}

bool file_tree_has(const FileTree *tree, const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    return file_tree_kind(tree, path) != TREE_ABSENT;
}
