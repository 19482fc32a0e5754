/* How a root is mounted, and whether this machine lets us. */
#include "base/auto.h"
#include "base/io.h"
#include "sandbox/root_private.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <sys/xattr.h>

/* Whether folders in memory take the attributes that overlays of ordinary users need: Linux 6.6 */
static bool memory_has_xattrs(void)
{
    AUTO_FD int fd = memfd_create("ramekin", MFD_CLOEXEC);
    return fd >= 0 && fsetxattr(fd, "user.overlay.probe", "y", 1, 0) == 0;
}

void root_mount_clear(RootMount *mount)
{
    g_clear_pointer(&mount->overlay, g_free);
    g_clear_pointer(&mount->scratch, g_free);
    g_clear_pointer(&mount->upper, tree_writer_free);
}

/* Redirected and metadata-only files are off as Linux has them off in user namespaces. */
static char *overlay_data(const SandboxRoot *root, guint trees, bool on_disk)
{
    const char *in = on_disk ? "d/" : "";
    GString *data = g_string_new(
        root->id_base < 0 ? "userxattr" : "redirect_dir=off,metacopy=off,index=off,xino=off");
    g_string_append(data, ",lowerdir=");
    for (guint i = 0; i < trees; i++)
        g_string_append_printf(data, "%u:", i);
    g_string_append_printf(data, "e,upperdir=%su,workdir=%sw", in, in);
    return g_string_free(data, FALSE);
}

gboolean root_mount_prepare(const SandboxRoot *root, RootMount *ret_mount, ChildPlan *plan,
                            GError **error)
{
    g_auto(RootMount) mount = {0};
    guint trees = 0;
    while (plan->trees[trees])
        trees++;
    mount.scratch = root->write_bytes > 0
                        ? g_strdup_printf("mode=0755,size=%" G_GUINT64_FORMAT, root->write_bytes)
                        : g_strdup("mode=0755");
    if (root->overlay && root->id_base < 0 && !memory_has_xattrs()) {
        mount.upper = tree_writer_new(root->store, error);
        if (!mount.upper)
            return FALSE;
        plan->upper = tree_writer_path(mount.upper);
    }
    if (root->overlay)
        mount.overlay = overlay_data(root, trees, mount.upper != NULL);
    plan->overlay = mount.overlay;
    plan->scratch = mount.scratch;
    *ret_mount = mount;
    mount = (RootMount){0};
    return TRUE;
}

/* Mounts an overlay over the folder in a process of its own and says how far that came. */
static gboolean try_mount(const SandboxRoot *root, ChildPlan *plan, ChildProblem *ret_problem,
                          GError **error)
{
    int report[2];
    if (pipe2(report, O_CLOEXEC) < 0)
        return error_set_errno(error, ERROR_FAILED, errno, "cannot make a pipe");
    plan->report = report[1];
    plan->parent = getpid();
    pid_t pid = fork();
    if (pid == 0)
        child_run(plan);
    close(report[1]);
    ChildProblem problem = {0};
    gssize n = pid > 0 ? io_read(report[0], &problem, sizeof problem, NULL) : 0;
    close(report[0]);
    if (pid < 0)
        return error_set_errno(error, ERROR_FAILED, errno, "cannot make a process");
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    *ret_problem = n == (gssize)sizeof problem ? problem : (ChildProblem){0};
    return TRUE;
}

static gboolean refuse(const ChildProblem *problem, GError **error)
{
    error_set_errno(error, ERROR_FAILED, problem->errnum, "no sandbox is possible here: %s",
                    child_step_text((ChildStep)problem->step));
    if (error && (problem->step == CHILD_NAMESPACES || problem->step == CHILD_IDS))
        error_set_hint(*error,
                       "ordinary users need user namespaces: look at "
                       "user.max_user_namespaces, kernel.unprivileged_userns_clone and "
                       "kernel.apparmor_restrict_unprivileged_userns of sysctl, and in a container "
                       "at its seccomp profile; or run as root");
    else if (error)
        error_set_hint(*error, "in a container, it must be allowed to mount");
    return FALSE;
}

gboolean root_probe(const SandboxRoot *root, const char *folder, char **ret_why, GError **error)
{
    const char *trees[] = {folder, NULL};
    ChildPlan plan = {.uid = geteuid(),
                      .gid = getegid(),
                      .id_base = root->id_base,
                      .user_namespace = root->user_namespace,
                      .trees = trees,
                      .probe = true,
                      .gate = -1,
                      .log = -1,
                      .out = -1,
                      .err = -1};
    ChildProblem problem = {0};
    g_auto(RootMount) mount = {0};
    g_autofree char *data = overlay_data(root, 1, false);
    if (!root_mount_prepare(root, &mount, &plan, error))
        return FALSE;
    plan.overlay = data;
    if (!try_mount(root, &plan, &problem, error))
        return FALSE;
    if (problem.step == CHILD_OVERLAY)
        *ret_why =
            g_strdup_printf("%s: %s", child_step_text(CHILD_OVERLAY), g_strerror(problem.errnum));
    return problem.step == CHILD_NONE || problem.step == CHILD_OVERLAY || refuse(&problem, error);
}
