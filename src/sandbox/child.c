#include "sandbox/child.h"

#include "sandbox/child_root.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/close_range.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct {
    ChildStep step;
    const char *text;
} texts[] = {
    {CHILD_NAMESPACES, "the kernel gives no namespaces"},
    {CHILD_IDS, "the user namespace takes no ids"},
    {CHILD_NETWORK, "there is no network of its own"},
    {CHILD_SCRATCH_MOUNT, "nothing can be mounted on " CHILD_SCRATCH},
    {CHILD_OVERLAY, "the overlay cannot be mounted"},
    {CHILD_PLAIN, "the tree cannot be mounted"},
    {CHILD_FOLDERS, "the image has no folders for /proc, /dev and /tmp"},
    {CHILD_BIND, "a file of this machine cannot be mounted"},
    {CHILD_WORKDIR, "the working folder cannot be used"},
    {CHILD_PROGRAM, "the program cannot be found"},
    {CHILD_CONFIG, "the runtime's configuration cannot be written"},
    {CHILD_FORK, "no process can be made"},
    {CHILD_PROC, "/proc cannot be mounted"},
    {CHILD_EXEC, "the runner cannot be started"},
};

const char *child_step_text(ChildStep step)
{
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        if (texts[i].step == step)
            return texts[i].text;
    }
    return "it failed";
}

/* Not the library's exit(): what the parent has to do at its end is not for a copy of it to do. */
static void leave(int status) G_GNUC_NORETURN;
static void leave(int status)
{
    for (;;)
        syscall(SYS_exit_group, status);
}

static void fail(const ChildPlan *plan, ChildStep step) G_GNUC_NORETURN;
static void fail(const ChildPlan *plan, ChildStep step)
{
    ChildProblem problem = {(int)step, errno};
    if (write(plan->report, &problem, sizeof problem) < 0)
        leave(2);
    leave(1);
}

static void need(const ChildPlan *plan, ChildStep step, bool ok)
{
    if (!ok)
        fail(plan, step);
}

static bool write_file(const char *path, const char *text, size_t length)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0)
        return false;
    while (length > 0) {
        ssize_t n = write(fd, text, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        text += n;
        length -= (size_t)n;
    }
    close(fd);
    return length == 0;
}

/* "0 1000 1" */
static bool write_map(const char *path, guint64 id)
{
    char text[32] = "0 ", digits[24];
    size_t at = 2, n = 0;
    for (; n == 0 || id > 0; id /= 10)
        digits[n++] = (char)('0' + id % 10);
    while (n > 0)
        text[at++] = digits[--n];
    memcpy(text + at, " 1", 2);
    return write_file(path, text, at + 2);
}

static bool map_own_id(const ChildPlan *plan)
{
    static const char deny[] = "deny";
    return write_file("/proc/self/setgroups", deny, sizeof deny - 1) &&
           write_map("/proc/self/uid_map", plan->uid) && write_map("/proc/self/gid_map", plan->gid);
}

/* The loopback device, and ports below 1024 for everybody: they are those of nobody else. */
static bool set_up_network(void)
{
    static const char path[] = "/proc/sys/net/ipv4/ip_unprivileged_port_start";
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    bool ok = ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    int errnum = errno;
    close(fd);
    write_file(path, "0", 1);
    errno = errnum;
    return ok;
}

/* Runs of other threads wait for the end of their own pipes, which this process has been forked
 * with and does not leave by an exec. */
static void close_others(const ChildPlan *plan)
{
    int kept[] = {plan->report, plan->user_namespace, plan->gate, plan->log, plan->out, plan->err};
    unsigned from = STDERR_FILENO + 1;
    for (;;) {
        int next = -1;
        for (size_t i = 0; i < G_N_ELEMENTS(kept); i++) {
            if (kept[i] >= (int)from && (next < 0 || kept[i] < next))
                next = kept[i];
        }
        if (next < 0)
            break;
        if ((unsigned)next > from)
            syscall(SYS_close_range, from, (unsigned)next - 1, 0);
        from = (unsigned)next + 1;
    }
    syscall(SYS_close_range, from, ~0u, 0);
}

static void enter_namespaces(const ChildPlan *plan)
{
    bool ranged = plan->user_namespace >= 0;
    int flags = CLONE_NEWNS | (ranged ? 0 : CLONE_NEWUSER) |
                (plan->network || plan->probe ? 0 : CLONE_NEWNET);
    need(plan, CHILD_NAMESPACES, unshare(flags) == 0);
    need(plan, CHILD_IDS, ranged || map_own_id(plan));
    if (flags & CLONE_NEWNET)
        need(plan, CHILD_NETWORK, set_up_network());
}

static void mount_root(const ChildPlan *plan)
{
    need(plan, CHILD_SCRATCH_MOUNT, child_mount_scratch(plan));
    if (plan->overlay)
        need(plan, CHILD_OVERLAY, child_mount_overlay(plan));
    else
        need(plan, CHILD_PLAIN, child_mount_plain(plan));
    if (plan->probe)
        leave(0);
    need(plan, CHILD_FOLDERS, child_make_folders(plan));
    for (guint i = 0; i < plan->bind_count; i++)
        need(plan, CHILD_BIND, child_mount_bind(plan, &plan->binds[i]) || plan->binds[i].may_fail);
    need(plan, CHILD_WORKDIR, child_make_workdir(plan));
    need(plan, CHILD_PROGRAM, !plan->programs || child_find_program(plan));
}

/* A runtime that is to work in the range writes its state as the range's root. */
static bool prepare_runtime(const ChildPlan *plan)
{
    if (plan->id_base >= 0 && chown("run", (uid_t)plan->id_base, (gid_t)plan->id_base) < 0)
        return false;
    if (!write_file("run/config.json", plan->config, strlen(plan->config)))
        return false;
    return !plan->moved || (mount(CHILD_SCRATCH, CHILD_SCRATCH_MOVED, NULL, MS_MOVE, NULL) == 0 &&
                            chdir(CHILD_SCRATCH_MOVED) == 0);
}

/* What an OCI runtime has to say of itself. */
static void pass_log(const ChildPlan *plan)
{
    char buffer[4096];
    int fd = open("run/log", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t n = fd >= 0 ? read(fd, buffer, sizeof buffer) : 0;
    if (n > 0 && write(plan->log, buffer, (size_t)n) < 0)
        leave(1);
}

static void reset_signals(bool only_ignored)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int number = 1; number < NSIG && !only_ignored; number++)
        signal(number, SIG_DFL);
}

/* The end of the process outside is the end of the one inside: the kernel tells it so, unless it
 * was over before it could be asked to, which the pipe shows. */
static void die_with(int life)
{
    struct pollfd fd = {.fd = life};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (poll(&fd, 1, 0) != 0)
        leave(1);
}

/* A runner outside the range enters it by itself, and takes an id there unless it has one of that
 * number already: it gets a group that no number of the range is. */
static bool enter_range(const ChildPlan *plan)
{
    gid_t outside = (gid_t)plan->id_base, inside = plan->gid_inside;
    if (plan->user_namespace < 0)
        return true;
    if (!plan->enters)
        return setgroups(0, NULL) == 0 && setresgid(outside, outside, outside) == 0;
    return setns(plan->user_namespace, CLONE_NEWUSER) == 0 && setgroups(0, NULL) == 0 &&
           setresgid(inside, inside, inside) == 0 && setresuid(0, 0, 0) == 0;
}

#if defined(__x86_64__)
#define OWN_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OWN_ARCH AUDIT_ARCH_AARCH64
#endif

/* Who has our terminal could type on it what is run when he is gone: TIOCSTI, and TIOCLINUX of a
 * console. Calls of other architectures, which have other numbers, are not answered. */
static bool guard_terminal(void)
{
#ifdef OWN_ARCH
    enum {
        FOREIGN_CALLS = 0x40000000
    }; /* x32 */
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OWN_ARCH, 0, 7),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, FOREIGN_CALLS, 5, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TIOCSTI, 3, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TIOCLINUX, 2, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
    };
    struct sock_fprog program = {G_N_ELEMENTS(code), code};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
#else
    return true;
#endif
}

static bool take_streams(const ChildPlan *plan)
{
    if (plan->interactive)
        return guard_terminal();
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int out = plan->out >= 0 ? plan->out : null, err = plan->err >= 0 ? plan->err : null;
    return null >= 0 && setsid() >= 0 && dup2(null, STDIN_FILENO) >= 0 &&
           dup2(out, STDOUT_FILENO) >= 0 && dup2(err, STDERR_FILENO) >= 0;
}

/* Becomes the runner: process 1 of the namespace in which everything lives that the run starts. */
static void become_runner(const ChildPlan *plan, int life) G_GNUC_NORETURN;
static void become_runner(const ChildPlan *plan, int life)
{
    reset_signals(false);
    need(plan, CHILD_PROC, !plan->config || mount("proc", "/proc", "proc", 0, NULL) == 0);
    need(plan, CHILD_IDS, enter_range(plan));
    need(plan, CHILD_EXEC, take_streams(plan));
    die_with(life);
    if (plan->memory_bytes > 0) {
        struct rlimit limit = {plan->memory_bytes, plan->memory_bytes};
        setrlimit(RLIMIT_DATA, &limit);
    }
    struct rlimit core = {0, 0};
    setrlimit(RLIMIT_CORE, &core);
    umask(022);
    syscall(SYS_close_range, STDERR_FILENO + 1, ~0u, CLOSE_RANGE_CLOEXEC);
    if (plan->user_namespace >= 0 && !plan->enters)
        fcntl(plan->user_namespace, F_SETFD, 0);
    if (plan->gate >= 0)
        fcntl(plan->gate, F_SETFD, 0);
    execve(plan->argv[0], (char *const *)plan->argv, (char *const *)plan->env);
    fail(plan, CHILD_EXEC);
}

static int wait_for(pid_t pid)
{
    int status;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return 1;
    }
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void child_run(const ChildPlan *plan)
{
    int life[2];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != plan->parent)
        leave(1);
    reset_signals(true);
    close_others(plan);
    enter_namespaces(plan);
    mount_root(plan);
    need(plan, CHILD_CONFIG, !plan->config || prepare_runtime(plan));
    need(plan, CHILD_FORK, pipe2(life, O_CLOEXEC) == 0 && unshare(CLONE_NEWPID) == 0);
    /* New rights have taken this away. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != plan->parent)
        leave(1);
    pid_t runner = fork();
    need(plan, CHILD_FORK, runner >= 0);
    if (runner == 0) {
        close(life[1]);
        become_runner(plan, life[0]);
    }
    close(plan->report);
    if (plan->out >= 0)
        close(plan->out);
    if (plan->err >= 0)
        close(plan->err);
    int status = wait_for(runner);
    if (plan->log >= 0)
        pass_log(plan);
    leave(status);
}

/* Ranges of ids */

static void hold_namespace(int ready, int go) G_GNUC_NORETURN;
static void hold_namespace(int ready, int go)
{
    char byte = 1;
    if (unshare(CLONE_NEWUSER) < 0)
        leave(errno);
    if (write(ready, &byte, 1) == 1 && read(go, &byte, 1) == 0)
        leave(0);
    leave(EPIPE);
}

static bool write_range(pid_t pid, gint64 id_base, unsigned count)
{
    static const char *const names[] = {"uid_map", "gid_map"};
    g_autofree char *text = g_strdup_printf("0 %" G_GINT64_FORMAT " %u", id_base, count);
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_strdup_printf("/proc/%d/%s", (int)pid, names[i]);
        if (!write_file(path, text, strlen(text)))
            return false;
    }
    return true;
}

static int open_namespace(pid_t pid, int ready, gint64 id_base, unsigned count)
{
    char byte;
    g_autofree char *path = g_strdup_printf("/proc/%d/ns/user", (int)pid);
    if (read(ready, &byte, 1) != 1) {
        errno = EPERM;
        return -1;
    }
    return write_range(pid, id_base, count) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
}

int child_user_namespace(gint64 id_base, unsigned count)
{
    int ready[2], go[2];
    if (pipe2(ready, O_CLOEXEC) < 0)
        return -1;
    if (pipe2(go, O_CLOEXEC) < 0) {
        close(ready[0]);
        close(ready[1]);
        return -1;
    }
    pid_t pid = fork();
    if (pid == 0) {
        close(go[1]);
        hold_namespace(ready[1], go[0]);
    }
    close(ready[1]);
    close(go[0]);
    int fd = pid > 0 ? open_namespace(pid, ready[0], id_base, count) : -1;
    int errnum = errno;
    close(ready[0]);
    close(go[1]);
    if (pid > 0)
        wait_for(pid);
    errno = errnum;
    return fd;
}
