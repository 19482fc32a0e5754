/* Installs wheels into a merged tree and tells what it holds: commands on stdin, one a line, fields
 * separated by tabs.
 *
 *     begin BASE-FOLDER SCHEME PREFIX PURELIB PLATLIB SCRIPTS HEADERS PYTHON CACHE_TAG X.Y PIP
 *     install WHEEL-FILE NAME REQUESTED DIRECT-URL
 *     uninstall FOLDER DIST-INFO
 *     venv FOLDER INTERPRETER VERSION
 *     list FOLDER...      every path below the folders: path, type, mode, sha256 or target
 *
 * "-" stands for an empty field. A command answers "ok" or "error MESSAGE"; list with its lines
 * first. Mode and content of what is the base's are "base". */
#undef printf
#undef puts

#include "base/digest.h"
#include "base/limits.h"
#include "plan/venv_tree.h"
#include "plan/wheel_install.h"

#include <stdio.h>
#include <string.h>

typedef struct {
    MergedTree *tree;
    ImageRoot *base;
    GPtrArray *wheels;
    char **fields; /* of begin; the target borrows them */
    InstallTarget target;
} Driver;

static void wheel_destroy(void *data)
{
    wheel_archive_free(data);
}

static void clear(Driver *driver)
{
    merged_tree_free(driver->tree);
    image_root_free(driver->base);
    g_strfreev(driver->fields);
    if (driver->wheels)
        g_ptr_array_unref(driver->wheels);
    *driver = (Driver){.tree = NULL};
}

static const char *field(const Driver *driver, size_t i)
{
    return g_str_equal(driver->fields[i], "-") ? NULL : driver->fields[i];
}

static gboolean begin(Driver *driver, char **fields, GError **error)
{
    static const char *const schemes[] = {"posix", "debian", "venv", NULL};
    clear(driver);
    if (g_strv_length(fields) != 12)
        return error_set(error, ERROR_USAGE, SPAN_NONE, "begin takes 11 fields");
    driver->fields = g_strdupv(fields);
    const char *folder = field(driver, 1);
    driver->base = folder ? image_root_new_folder(folder, error) : NULL;
    if (folder && !driver->base)
        return FALSE;
    InstallTarget *target = &driver->target;
    for (size_t i = 0; schemes[i]; i++) {
        if (g_str_equal(schemes[i], driver->fields[2]))
            target->scheme = (InstallScheme)i;
    }
    target->prefix = target->data = driver->fields[3];
    target->purelib = driver->fields[4];
    target->platlib = driver->fields[5];
    target->scripts = driver->fields[6];
    target->headers = driver->fields[7];
    target->python = driver->fields[8];
    target->cache_tag = driver->fields[9];
    target->python_major = (unsigned)strtoul(driver->fields[10], NULL, 10);
    target->python_minor = (unsigned)strtoul(strchr(driver->fields[10], '.') + 1, NULL, 10);
    target->pip_version = field(driver, 11);
    driver->wheels = g_ptr_array_new_with_free_func(wheel_destroy);
    driver->tree = merged_tree_new(driver->base);
    return TRUE;
}

static gboolean install(Driver *driver, char **fields, GError **error)
{
    if (g_strv_length(fields) != 5)
        return error_set(error, ERROR_USAGE, SPAN_NONE, "install takes 4 fields");
    g_autofree char *name = g_path_get_basename(fields[1]);
    WheelArchive *wheel = wheel_archive_open(fields[1], name, "", error);
    if (!wheel)
        return FALSE;
    g_ptr_array_add(driver->wheels, wheel);
    WheelInstall what = {.wheel = wheel,
                         .headers_name = g_str_equal(fields[2], "-") ? NULL : fields[2],
                         .requested = g_str_equal(fields[3], "1"),
                         .direct_url = g_str_equal(fields[4], "-") ? NULL : fields[4]};
    return wheel_install(driver->tree, &driver->target, &what, error);
}

static gboolean make_venv(Driver *driver, char **fields, GError **error)
{
    g_autoptr(PythonTarget) python =
        python_target_new(fields[3], "glibc 2.36", "linux/amd64", error);
    VenvTree venv = {fields[1], fields[2], python};
    return python && tree_add_venv(driver->tree, &venv, error);
}

static void print_file(const Driver *driver, const char *path, const TreeEntry *entry)
{
    g_autoptr(GBytes) bytes =
        entry ? merged_tree_read(driver->tree, path, LIMIT_WHEEL_BYTES) : NULL;
    gsize length = 0;
    const void *data = bytes ? g_bytes_get_data(bytes, &length) : "";
    g_autofree char *digest = digest_sha256(data ? data : "", length);
    if (entry)
        printf("%s\tfile\t%o\t%s\n", path, entry->mode, digest);
    else
        printf("%s\tfile\tbase\tbase\n", path);
}

static void list(const Driver *driver, const char *folder)
{
    g_autoptr(GPtrArray) names = merged_tree_list(driver->tree, folder);
    for (guint i = 0; names && i < names->len; i++) {
        g_autofree char *path = g_build_filename(folder, names->pdata[i], NULL);
        const TreeEntry *entry = merged_tree_find(driver->tree, path);
        switch (merged_tree_stat(driver->tree, path, false)) {
        case PATH_FOLDER:
            if (entry)
                printf("%s\tfolder\t%o\t-\n", path, entry->mode);
            else
                printf("%s\tfolder\tbase\t-\n", path);
            list(driver, path);
            break;
        case PATH_LINK:
            printf("%s\tlink\t-\t%s\n", path, entry ? entry->target : "base");
            break;
        case PATH_FILE:
            print_file(driver, path, entry);
            break;
        case PATH_NONE:
        case PATH_OTHER:
        default:
            printf("%s\tother\t-\t-\n", path);
        }
    }
}

static gboolean run(Driver *driver, char **fields, GError **error)
{
    const char *command = fields[0] ? fields[0] : "";
    if (g_str_equal(command, "begin"))
        return begin(driver, fields, error);
    if (!driver->tree)
        return error_set(error, ERROR_USAGE, SPAN_NONE, "begin comes first");
    if (g_str_equal(command, "install"))
        return install(driver, fields, error);
    if (g_str_equal(command, "uninstall") && g_strv_length(fields) == 3)
        return wheel_uninstall(driver->tree, &driver->target, fields[1], fields[2], error);
    if (g_str_equal(command, "venv") && g_strv_length(fields) == 4)
        return make_venv(driver, fields, error);
    if (!g_str_equal(command, "list"))
        return error_set(error, ERROR_USAGE, SPAN_NONE, "unknown command");
    for (size_t i = 1; fields[i]; i++)
        list(driver, fields[i]);
    return TRUE;
}

int main(void)
{
    Driver driver = {.tree = NULL};
    char *line = NULL;
    size_t size = 0;
    while (getline(&line, &size, stdin) > 0) {
        line[strcspn(line, "\n")] = '\0';
        g_auto(GStrv) fields = g_strsplit(line, "\t", -1);
        g_autoptr(GError) error = NULL;
        if (run(&driver, fields, &error))
            printf("ok\n");
        else
            printf("error %s\n", error->message);
        fflush(stdout);
    }
    free(line);
    clear(&driver);
    return 0;
}
