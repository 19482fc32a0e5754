#include "python/target_libc.h"

#include "base/limits.h"
#include "python/elf.h"

const char *const target_library_folders[] = {
    "/usr/local/lib",
    "/lib/x86_64-linux-gnu",
    "/usr/lib/x86_64-linux-gnu",
    "/lib/aarch64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/lib64",
    "/usr/lib64",
    "/lib",
    "/usr/lib",
    NULL,
};

/* The digits and dots behind `mark`, "2.36". */
static char *number_behind(GBytes *bytes, const char *mark)
{
    gsize length;
    const char *data = g_bytes_get_data(bytes, &length);
    const char *end = data + length;
    const char *found = memmem(data, length, mark, strlen(mark));
    if (!found)
        return NULL;
    found += strlen(mark);
    size_t n = 0;
    while (found + n < end && (g_ascii_isdigit(found[n]) || found[n] == '.'))
        n++;
    while (n > 0 && found[n - 1] == '.')
        n--;
    return n >= 3 && n < 16 ? g_strndup(found, n) : NULL;
}

/* "2.36" and "1.2.4" → two numbers. */
static char *name_version(const char *name, const char *version)
{
    g_auto(GStrv) parts = g_strsplit(version, ".", 3);
    return parts[0] && parts[1] ? g_strdup_printf("%s %s.%s", name, parts[0], parts[1]) : NULL;
}

static char *read_glibc(const FileTree *tree, const char *path)
{
    g_autoptr(GBytes) bytes = file_tree_read(tree, path, 64 * MIB);
    if (!bytes)
        return NULL;
    g_autofree char *version = number_behind(bytes, "release version ");
    if (version)
        return name_version("glibc", version);
    int minor = elf_highest_version(bytes, "GLIBC_2");
    return minor >= 0 ? g_strdup_printf("glibc 2.%d", minor) : NULL;
}

static char *find_glibc(const FileTree *tree, const char *loader)
{
    g_autofree char *real = loader ? file_tree_resolve(tree, loader) : NULL;
    if (real) {
        g_autofree char *folder = g_path_get_dirname(real);
        g_autofree char *path = g_build_filename(folder, "libc.so.6", NULL);
        char *found = read_glibc(tree, path);
        if (found)
            return found;
    }
    for (size_t i = 0; target_library_folders[i]; i++) {
        g_autofree char *path = g_build_filename(target_library_folders[i], "libc.so.6", NULL);
        char *found = read_glibc(tree, path);
        if (found)
            return found;
    }
    return NULL;
}

/* A string of the form 1.2.4 that stands alone. */
static char *read_musl(const FileTree *tree, const char *path)
{
    g_autoptr(GBytes) bytes = file_tree_read(tree, path, 64 * MIB);
    gsize length = 0;
    const char *data = bytes ? g_bytes_get_data(bytes, &length) : NULL;
    const char *end = data + length;
    for (const char *p = data; p && (p = memmem(p, (size_t)(end - p), "\0001.", 3)); p++) {
        size_t n = 1;
        unsigned dots = 0;
        while (p + n < end && (g_ascii_isdigit(p[n]) || p[n] == '.'))
            dots += p[n++] == '.';
        if (p + n < end && p[n] == '\0' && dots == 2 && n >= 6 && n < 16) {
            g_autofree char *version = g_strndup(p + 1, n - 1);
            return name_version("musl", version);
        }
    }
    return NULL;
}

static char *find_musl(const FileTree *tree, const char *loader)
{
    if (loader)
        return read_musl(tree, loader);
    g_autoptr(GPtrArray) names = file_tree_list(tree, "/lib");
    for (guint i = 0; i < names->len; i++) {
        if (!g_str_has_prefix(names->pdata[i], "ld-musl-"))
            continue;
        g_autofree char *path = g_build_filename("/lib", names->pdata[i], NULL);
        char *found = read_musl(tree, path);
        if (found)
            return found;
    }
    return NULL;
}

char *target_libc_find(const FileTree *tree, const char *loader)
{
    g_autofree char *name = loader ? g_path_get_basename(loader) : NULL;
    if (name && g_str_has_prefix(name, "ld-musl-"))
        return find_musl(tree, loader);
    char *found = find_glibc(tree, loader);
    return found || loader ? found : find_musl(tree, NULL);
}
