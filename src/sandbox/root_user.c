/* Who the image's `USER` is (image-spec 1.1, config.md, "User"). */
#include "base/auto.h"
#include "base/io.h"
#include "base/limits.h"
#include "sandbox/root_private.h"
#include "sandbox/tree_unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

void root_user_clear(RootUser *user)
{
    g_clear_pointer(&user->home, g_free);
}

static int open_plain(int folder, const char *path, guint64 flags)
{
    struct open_how how = {.flags = flags | O_CLOEXEC | O_NOFOLLOW,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
    return (int)syscall(SYS_openat2, folder, path, &how, sizeof how);
}

/* Whether nothing of lower layers shows through at `path`. */
static bool hides_lower(const char *tree, const char *path)
{
    static const char *const names[] = {"trusted.overlay.opaque", "user.overlay.opaque"};
    char value;
    struct stat st;
    g_autofree char *at = g_build_filename(tree, path, NULL);
    if (lstat(at, &st) < 0)
        return false;
    if (!S_ISDIR(st.st_mode))
        return true;
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if (lgetxattr(at, names[i], &value, 1) == 1 && value == 'y')
            return true;
    }
    return false;
}

static char *read_fd(int fd)
{
    struct stat st;
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || (guint64)st.st_size > LIMIT_CONFIG_BYTES)
        return NULL;
    g_autofree char *text = g_malloc((gsize)st.st_size + 1);
    gssize n = io_read_at(fd, text, (gsize)st.st_size, 0, NULL);
    if (n < 0)
        return NULL;
    text[n] = '\0';
    return g_steal_pointer(&text);
}

char *root_read_file(const SandboxRoot *root, const char *path)
{
    g_autofree char *parent = g_path_get_dirname(path);
    for (guint i = 0; root->trees->pdata[i]; i++) {
        const char *tree = root->trees->pdata[i];
        AUTO_FD int folder = open(tree, O_PATH | O_DIRECTORY | O_CLOEXEC);
        AUTO_FD int fd = folder >= 0 ? open_plain(folder, path, O_RDONLY | O_NONBLOCK) : -1;
        if (fd >= 0)
            return read_fd(fd);
        if (hides_lower(tree, path) || hides_lower(tree, parent))
            return NULL;
    }
    return NULL;
}

/* The line of `text` whose field 0 (`by_id`: 2) is `wanted`, in its parts; NULL: there is none. */
static char **find_line(const char *text, const char *wanted, bool by_id)
{
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
    for (guint i = 0; lines[i]; i++) {
        g_auto(GStrv) fields = g_strsplit(lines[i], ":", -1);
        if (g_strv_length(fields) >= 3 && g_str_equal(fields[by_id ? 2 : 0], wanted))
            return g_steal_pointer(&fields);
    }
    return NULL;
}

static bool parse_id(const char *text, guint32 *ret_id)
{
    guint64 value;
    if (!g_ascii_string_to_unsigned(text, 10, 0, TREE_UNPACK_IDS - 1, &value, NULL))
        return false;
    *ret_id = (guint32)value;
    return true;
}

static gboolean refuse(const char *what, const char *name, GError **error)
{
    g_autofree char *valid = g_utf8_make_valid(name, -1);
    g_autofree char *shown = g_strescape(valid, NULL);
    return error_set(error, ERROR_INPUT, SPAN_NONE, "the image has no %s '%.200s'", what, shown);
}

/* A number stands for itself; who it is in the file tells group and home alone. */
static gboolean find_name(const SandboxRoot *root, const char *name, RootUser *user, GError **error)
{
    g_autofree char *text = root_read_file(root, "etc/passwd");
    bool number = parse_id(name, &user->uid);
    g_auto(GStrv) fields = find_line(text, name, number);
    if (!fields)
        return number || refuse("user", name, error);
    if (!number && !parse_id(fields[2], &user->uid))
        return refuse("user", name, error);
    guint length = g_strv_length(fields);
    if (length > 3)
        parse_id(fields[3], &user->gid);
    if (length > 5 && fields[5][0] == '/' && g_utf8_validate(fields[5], -1, NULL)) {
        g_free(user->home);
        user->home = g_strdup(fields[5]);
    }
    return TRUE;
}

static gboolean find_group(const SandboxRoot *root, const char *name, RootUser *user,
                           GError **error)
{
    if (parse_id(name, &user->gid))
        return TRUE;
    g_autofree char *text = root_read_file(root, "etc/group");
    g_auto(GStrv) fields = find_line(text, name, false);
    return (fields && parse_id(fields[2], &user->gid)) || refuse("group", name, error);
}

gboolean root_find_user(const SandboxRoot *root, const char *text, RootUser *ret_user,
                        GError **error)
{
    g_auto(RootUser) user = {.home = g_strdup("/")};
    g_auto(GStrv) parts = g_strsplit(text && *text ? text : "0", ":", 2);
    if (!find_name(root, *parts[0] ? parts[0] : "0", &user, error) ||
        (parts[1] && *parts[1] && !find_group(root, parts[1], &user, error)))
        return FALSE;
    *ret_user = user;
    user = (RootUser){0};
    return TRUE;
}
