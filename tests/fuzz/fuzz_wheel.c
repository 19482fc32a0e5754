/* Arbitrary bytes as a wheel, or as the text that a wheel is built from: opened, installed into an
 * empty tree and uninstalled. Nothing may land outside of the prefix. */
#include "fuzz.h"

#include "../unit/wheel_builder.h"

#include "plan/wheel_install.h"

#include <sys/mman.h>

static const InstallTarget target = {
    .scheme = SCHEME_POSIX,
    .prefix = "/usr/local",
    .purelib = "/usr/local/lib/python3.11/site-packages",
    .platlib = "/usr/local/lib/python3.11/site-packages",
    .scripts = "/usr/local/bin",
    .headers = "/usr/local/include/python3.11",
    .data = "/usr/local",
    .python = "/usr/local/bin/python3.11",
    .cache_tag = "cpython-311",
    .python_major = 3,
    .python_minor = 11,
};

static void check_entries(MergedTree *tree)
{
    const GPtrArray *entries = merged_tree_entries(tree);
    for (guint i = 0; i < entries->len; i++) {
        const TreeEntry *entry = entries->pdata[i];
        g_assert_true(g_str_has_prefix(entry->path, "/usr/local/") || entry->implied);
        g_assert_null(strstr(entry->path, "/../"));
        g_assert_null(strstr(entry->path, "/.wh."));
    }
}

static void install(const WheelArchive *wheel)
{
    g_autoptr(MergedTree) tree = merged_tree_new(NULL);
    WheelInstall what = {.wheel = wheel, .requested = true};
    if (!wheel_install(tree, &target, &what, NULL)) {
        check_entries(tree);
        return;
    }
    check_entries(tree);
    wheel_uninstall(tree, &target, target.purelib, wheel->dist_info, NULL);
    check_entries(tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = memfd_create("wheel", MFD_CLOEXEC);
    bool raw = size >= 2 && data[0] == 'P' && data[1] == 'K';
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autoptr(GBytes) bytes = raw ? g_bytes_new(data, size) : wheel_build(text);
    gsize length;
    const void *content = g_bytes_get_data(bytes, &length);
    g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);
    if (fd >= 0 && write(fd, content, length) == (gssize)length) {
        g_autoptr(WheelArchive) wheel =
            wheel_archive_open(path, "demo-1.0-py3-none-any.whl", "", NULL);
        if (wheel)
            install(wheel);
    }
    close(fd);
    return 0;
}
