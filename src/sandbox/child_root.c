#include "sandbox/child_root.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    PATH_BYTES = 64,
    OPEN_TRIES = 1000,
};

/* What belongs to the root of the image. */
static bool own(const ChildPlan *plan, int folder, const char *name)
{
    return plan->id_base < 0 || fchownat(folder, name, (uid_t)plan->id_base, (gid_t)plan->id_base,
                                         AT_SYMLINK_NOFOLLOW) == 0;
}

/* Inside the root, whatever links say: "/" is the root's. */
static int open_inside(int root, const char *path, int flags, guint64 resolve)
{
    struct open_how how = {.flags = (guint64)(flags | O_CLOEXEC),
                           .resolve = resolve | RESOLVE_NO_MAGICLINKS};
    long fd = -1;
    for (unsigned i = 0; i < OPEN_TRIES; i++) {
        fd = syscall(SYS_openat2, root, *path ? path : ".", &how, sizeof how);
        if (fd >= 0 || errno != EAGAIN)
            break;
    }
    return (int)fd;
}

static int open_root(void)
{
    return open(CHILD_ROOT, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* Decimal digits, as none of stdio's functions may be called here. */
static void write_number(char *out, unsigned number)
{
    char digits[16];
    size_t n = 0;
    do {
        digits[n++] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    while (n > 0)
        *out++ = digits[--n];
    *out = '\0';
}

static void write_fd_path(char path[PATH_BYTES], int fd)
{
    static const char prefix[] = "/proc/self/fd/";
    memcpy(path, prefix, sizeof prefix);
    write_number(path + sizeof prefix - 1, (unsigned)fd);
}

bool child_mount_scratch(const ChildPlan *plan)
{
    static const char *const folders[] = {CHILD_ROOT, "e", "run"};
    if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("tmpfs", CHILD_SCRATCH, "tmpfs", MS_NOSUID | MS_NODEV, plan->scratch) < 0 ||
        chdir(CHILD_SCRATCH) < 0)
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(folders); i++) {
        if (mkdir(folders[i], 0755) < 0)
            return false;
    }
    return true;
}

/* The upper folder's attributes are those of the root. */
static bool make_upper(const ChildPlan *plan)
{
    static const char *const names[] = {"u", "w"};
    struct stat st;
    if (plan->upper && chdir(plan->upper) < 0)
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if (mkdir(names[i], 0755) < 0 || !own(plan, AT_FDCWD, names[i]))
            return false;
    }
    if (stat(plan->trees[0], &st) < 0 || chmod("u", st.st_mode & 07777) < 0)
        return false;
    return !plan->upper || chdir(CHILD_SCRATCH) == 0;
}

bool child_mount_overlay(const ChildPlan *plan)
{
    char name[16];
    /* Short names, since all mount data has to fit into a page. */
    for (unsigned i = 0; plan->trees[i]; i++) {
        write_number(name, i);
        if (symlink(plan->trees[i], name) < 0)
            return false;
    }
    if (!make_upper(plan))
        return false;
    if (plan->upper && symlink(plan->upper, "d") < 0)
        return false;
    return mount("overlay", CHILD_ROOT, "overlay", MS_NOSUID | MS_NODEV, plan->overlay) == 0;
}

/* Flags that a less privileged user namespace may not take away. */
static unsigned long kept_flags(const char *path)
{
    static const struct {
        unsigned long has, keeps;
    } flags[] = {
        {ST_NODEV, MS_NODEV},     {ST_NOEXEC, MS_NOEXEC},         {ST_NOSUID, MS_NOSUID},
        {ST_NOATIME, MS_NOATIME}, {ST_NODIRATIME, MS_NODIRATIME}, {ST_RELATIME, MS_RELATIME},
        {ST_RDONLY, MS_RDONLY},
    };
    struct statvfs st;
    unsigned long kept = 0;
    if (statvfs(path, &st) < 0)
        return 0;
    for (size_t i = 0; i < G_N_ELEMENTS(flags); i++)
        kept |= st.f_flag & flags[i].has ? flags[i].keeps : 0;
    return kept;
}

static bool bind_to(const char *source, const char *target, bool writable)
{
    if (mount(source, target, NULL, MS_BIND | MS_REC, NULL) < 0)
        return false;
    unsigned long flags = kept_flags(target) | MS_NOSUID | MS_NODEV | (writable ? 0 : MS_RDONLY);
    return mount("none", target, NULL, MS_REMOUNT | MS_BIND | flags, NULL) == 0;
}

static bool mount_empty(const ChildPlan *plan, int root, const char *path, const char *data)
{
    char target[PATH_BYTES];
    int fd = open_inside(root, path, O_PATH | O_DIRECTORY, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR || errno == ELOOP;
    write_fd_path(target, fd);
    bool ok = mount("tmpfs", target, "tmpfs", MS_NOSUID | MS_NODEV, data) == 0;
    close(fd);
    int top = ok ? open_inside(root, path, O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS) : -1;
    ok = ok && top >= 0;
    if (ok && plan->id_base >= 0)
        ok = fchownat(top, "", (uid_t)plan->id_base, (gid_t)plan->id_base, AT_EMPTY_PATH) == 0;
    if (top >= 0)
        close(top);
    return ok;
}

bool child_mount_plain(const ChildPlan *plan)
{
    static const struct {
        const char *path, *data;
    } empty[] = {{"run", "mode=0755"}, {"var/tmp", "mode=1777"}};
    if (!bind_to(plan->trees[0], CHILD_ROOT, false))
        return false;
    int root = open_root();
    bool ok = root >= 0;
    for (size_t i = 0; ok && i < G_N_ELEMENTS(empty); i++)
        ok = mount_empty(plan, root, empty[i].path, empty[i].data);
    if (root >= 0)
        close(root);
    return ok;
}

/* A folder, in place of what else may have its name. */
static bool make_folder(const ChildPlan *plan, int parent, const char *name)
{
    struct stat st;
    if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        if (S_ISDIR(st.st_mode))
            return true;
        if (unlinkat(parent, name, 0) < 0)
            return false;
    }
    return mkdirat(parent, name, 0755) == 0 && own(plan, parent, name);
}

bool child_make_folders(const ChildPlan *plan)
{
    static const char *const names[] = {"proc", "dev", "tmp"};
    int root = open_root();
    bool ok = root >= 0;
    for (size_t i = 0; ok && i < G_N_ELEMENTS(names); i++)
        ok = make_folder(plan, root, names[i]);
    if (root >= 0)
        close(root);
    return ok;
}

/* The folder that the last part of `path` is in, all of which is made; `name` is that part. */
static int open_parent(const ChildPlan *plan, int root, const char *path, const char **ret_name)
{
    char part[256];
    int folder = open_inside(root, "", O_PATH | O_DIRECTORY, RESOLVE_IN_ROOT);
    const char *at = path;
    for (const char *slash; folder >= 0 && (slash = strchr(at, '/')); at = slash + 1) {
        size_t length = (size_t)(slash - path);
        char prefix[4096];
        if (length >= sizeof prefix || (size_t)(slash - at) >= sizeof part) {
            errno = ENAMETOOLONG;
            close(folder);
            return -1;
        }
        memcpy(prefix, path, length);
        prefix[length] = '\0';
        memcpy(part, at, (size_t)(slash - at));
        part[slash - at] = '\0';
        int next = open_inside(root, prefix, O_PATH | O_DIRECTORY, RESOLVE_IN_ROOT);
        if (next < 0 && make_folder(plan, folder, part))
            next = open_inside(root, prefix, O_PATH | O_DIRECTORY, RESOLVE_IN_ROOT);
        close(folder);
        folder = next;
    }
    *ret_name = at;
    return folder;
}

static bool make_file(const ChildPlan *plan, int parent, const char *name)
{
    struct stat st;
    if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        if (S_ISREG(st.st_mode))
            return true;
        if (unlinkat(parent, name, 0) < 0)
            return false;
    }
    int fd = openat(parent, name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd >= 0)
        close(fd);
    return fd >= 0 && own(plan, parent, name);
}

/* In a range, what belongs to root here belongs to root there, who else could not read it: where
 * the file system can say so (Linux 5.12), and where nothing can be written. */
static bool bind_mapped(const ChildPlan *plan, const char *source, int target)
{
    struct mount_attr attributes = {.attr_set = MOUNT_ATTR_IDMAP,
                                    .userns_fd = (guint64)plan->user_namespace};
    int fd = open_tree(AT_FDCWD, source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    if (fd < 0)
        return false;
    bool ok =
        mount_setattr(fd, "", AT_EMPTY_PATH, &attributes, sizeof attributes) == 0 &&
        move_mount(fd, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) == 0;
    close(fd);
    return ok;
}

bool child_mount_bind(const ChildPlan *plan, const ChildBind *bind)
{
    struct stat st;
    const char *name = NULL;
    char target[PATH_BYTES];
    if (stat(bind->source, &st) < 0)
        return false;
    int root = open_root();
    int parent = root >= 0 ? open_parent(plan, root, bind->target, &name) : -1;
    bool ok = parent >= 0 && (S_ISDIR(st.st_mode) ? make_folder(plan, parent, name)
                                                  : make_file(plan, parent, name));
    int fd = ok ? openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC) : -1;
    if (fd >= 0) {
        write_fd_path(target, fd);
        bool mapped = plan->user_namespace >= 0 && !bind->writable;
        ok = (mapped && bind_mapped(plan, bind->source, fd)) ||
             mount(bind->source, target, NULL, MS_BIND | MS_REC, NULL) == 0;
        close(fd);
        /* Opened again: what was mounted lies over what was there. */
        fd = ok ? openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC) : -1;
    }
    ok = fd >= 0;
    if (ok) {
        write_fd_path(target, fd);
        unsigned long flags = kept_flags(target) | MS_NOSUID | MS_NODEV;
        flags |= bind->writable ? 0 : MS_RDONLY;
        ok = mount("none", target, NULL, MS_REMOUNT | MS_BIND | flags, NULL) == 0;
        close(fd);
    }
    if (parent >= 0)
        close(parent);
    if (root >= 0)
        close(root);
    return ok;
}

bool child_make_workdir(const ChildPlan *plan)
{
    int root = open_root();
    int fd = open_inside(root, plan->workdir, O_PATH | O_DIRECTORY, RESOLVE_IN_ROOT);
    if (fd < 0 && errno == ENOENT) {
        const char *name = NULL;
        int parent = open_parent(plan, root, plan->workdir, &name);
        if (parent >= 0 && make_folder(plan, parent, name))
            fd = open_inside(root, plan->workdir, O_PATH | O_DIRECTORY, RESOLVE_IN_ROOT);
        if (parent >= 0)
            close(parent);
    }
    if (root >= 0)
        close(root);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

bool child_find_program(const ChildPlan *plan)
{
    int problem = ENOENT, root = open_root();
    bool found = false;
    for (guint i = 0; root >= 0 && !found && plan->programs[i]; i++) {
        struct stat st;
        int fd = open_inside(root, plan->programs[i], O_PATH, RESOLVE_IN_ROOT);
        if (fd < 0)
            continue;
        bool ok = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
        found = ok && (st.st_mode & 0111);
        problem = ok && !found ? EACCES : problem;
        close(fd);
    }
    if (root >= 0)
        close(root);
    errno = problem;
    return found;
}
