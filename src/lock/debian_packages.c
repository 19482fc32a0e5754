#include "lock/debian_packages.h"

#include "base/limits.h"

#include <string.h>

enum {
    MAX_PACKAGES = 100000,
    MAX_FIELD_BYTES = 1024,
};

void debian_package_free(void *data)
{
    DebianPackage *package = data;
    g_free(package->name);
    g_free(package->version);
    g_free(package->architecture);
    g_free(package);
}

/* A stanza while it is read. */
typedef struct {
    char *name, *version, *architecture;
    bool installed;
} Stanza;

static void end_stanza(GPtrArray *packages, Stanza *stanza)
{
    if (stanza->name && stanza->version && stanza->installed && packages->len < MAX_PACKAGES) {
        DebianPackage *package = g_new(DebianPackage, 1);
        *package =
            (DebianPackage){g_steal_pointer(&stanza->name), g_steal_pointer(&stanza->version),
                            g_steal_pointer(&stanza->architecture)};
        g_ptr_array_add(packages, package);
    }
    g_free(stanza->name);
    g_free(stanza->version);
    g_free(stanza->architecture);
}

/* Names, versions and architectures are printable ASCII without blanks. */
static bool is_word(const char *text, size_t length)
{
    bool good = length > 0 && length <= MAX_FIELD_BYTES;
    for (size_t i = 0; good && i < length; i++)
        good = g_ascii_isgraph(text[i]);
    return good;
}

static void take_field(Stanza *stanza, const char *line, size_t length)
{
    static const char *const keys[] = {"Package:", "Version:", "Architecture:"};
    static const char status[] = "Status:";
    char **const values[] = {&stanza->name, &stanza->version, &stanza->architecture};
    if (length > strlen(status) && memcmp(line, status, strlen(status)) == 0)
        stanza->installed =
            length >= strlen(" installed") &&
            memcmp(line + length - strlen(" installed"), " installed", strlen(" installed")) == 0;
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        size_t n = strlen(keys[i]);
        if (length <= n || memcmp(line, keys[i], n) != 0 || *values[i])
            continue;
        while (n < length && line[n] == ' ')
            n++;
        if (is_word(line + n, length - n))
            *values[i] = g_strndup(line + n, length - n);
    }
}

void debian_packages_parse(GPtrArray *packages, const char *text, size_t length, bool all)
{
    const char *end = text + length;
    Stanza stanza = {.installed = all};
    for (const char *line = text; line < end;) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        size_t n = (size_t)((stop ? stop : end) - line);
        while (n > 0 && g_ascii_isspace(line[n - 1]))
            n--;
        if (n == 0) {
            end_stanza(packages, &stanza);
            stanza = (Stanza){.installed = all};
        } else if (!g_ascii_isspace(*line)) {
            take_field(&stanza, line, n);
        }
        line = stop ? stop + 1 : end;
    }
    end_stanza(packages, &stanza);
}

static int compare_packages(const void *a, const void *b)
{
    const DebianPackage *left = *(const DebianPackage *const *)a;
    const DebianPackage *right = *(const DebianPackage *const *)b;
    int order = strcmp(left->name, right->name);
    return order != 0 ? order : g_strcmp0(left->architecture, right->architecture);
}

static void read_file(GPtrArray *packages, const FileTree *files, const char *path, bool all)
{
    g_autoptr(GBytes) bytes = file_tree_read(files, path, 64 * MIB);
    gsize length = 0;
    const char *text = bytes ? g_bytes_get_data(bytes, &length) : NULL;
    if (text)
        debian_packages_parse(packages, text, length, all);
}

GPtrArray *debian_packages_read(const FileTree *files)
{
    static const char folder[] = "/var/lib/dpkg/status.d";
    GPtrArray *packages = g_ptr_array_new_with_free_func(debian_package_free);
    read_file(packages, files, "/var/lib/dpkg/status", false);
    g_autoptr(GPtrArray) names = file_tree_list(files, folder);
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *path = g_strdup_printf("%s/%s", folder, (const char *)names->pdata[i]);
        if (!g_str_has_suffix(path, ".md5sums"))
            read_file(packages, files, path, true);
    }
    g_ptr_array_sort(packages, compare_packages);
    return packages;
}
