#include "sandbox/sandbox.h"

#include "base/clock.h"
#include "base/io.h"
#include "sandbox/output_lines.h"
#include "sandbox/runner.h"
#include "text/json.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    LOG_BYTES = 4096,
    FIRST_SIGNAL = 128, /* what shells add to the number of a signal */
};

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* A command with everything looked up that does not depend on the runner. */
typedef struct {
    SandboxRoot *root;
    const SandboxCommand *command;
    RootUser user;
    char **env;
    char *workdir;
    GPtrArray *programs; /* char*: where the program may be; NULL behind the last */
    GArray *binds;       /* ChildBind */
} Run;

static void run_clear(Run *run)
{
    root_user_clear(&run->user);
    g_strfreev(run->env);
    g_free(run->workdir);
    g_clear_pointer(&run->programs, g_ptr_array_unref);
    g_clear_pointer(&run->binds, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Run, run_clear)

/* Environment */

static char **set_all(char **env, const char *const *more)
{
    for (guint i = 0; more && more[i]; i++) {
        const char *equals = strchr(more[i], '=');
        if (!equals || equals == more[i])
            continue;
        g_autofree char *name = g_strndup(more[i], (gsize)(equals - more[i]));
        env = g_environ_setenv(env, name, equals + 1, TRUE);
    }
    return env;
}

static char **make_env(const Run *run)
{
    g_autofree char *home = g_strconcat("HOME=", run->user.home, NULL);
    gint64 seconds = run->command->source_date_epoch;
    g_autofree char *epoch = g_strdup_printf("SOURCE_DATE_EPOCH=%" G_GINT64_FORMAT,
                                             seconds ? seconds : (gint64)SANDBOX_EPOCH);
    const char *const fixed[] = {
        "PATH=" DEFAULT_PATH, home, "LANG=C.UTF-8", "TZ=UTC", epoch, NULL,
    };
    char **env = set_all(g_new0(char *, 1), fixed);
    env = set_all(env, (const char *const *)run->root->config->env);
    return set_all(env, run->command->env);
}

/* Paths */

static const char *from_root(const char *path)
{
    return path + strspn(path, "/");
}

static void add_program(Run *run, const char *folder, const char *name)
{
    g_autofree char *path = *name == '/'     ? g_strdup(name)
                            : *folder == '/' ? g_build_filename(folder, name, NULL)
                                             : g_build_filename(run->workdir, folder, name, NULL);
    g_ptr_array_add(run->programs, g_strdup(from_root(path)));
}

static void find_programs(Run *run)
{
    const char *name = run->command->argv[0];
    run->programs = g_ptr_array_new_with_free_func(g_free);
    const char *path = g_environ_getenv(run->env, "PATH");
    g_auto(GStrv) folders = g_strsplit(path ? path : "", ":", -1);
    if (strchr(name, '/'))
        add_program(run, run->workdir, name);
    for (guint i = 0; !strchr(name, '/') && folders[i]; i++)
        add_program(run, folders[i], name);
    g_ptr_array_add(run->programs, NULL);
}

static void add_bind(Run *run, const SandboxBind *bind, bool may_fail)
{
    ChildBind child = {bind->source, from_root(bind->target), bind->writable, may_fail};
    g_array_append_val(run->binds, child);
}

/* With the network come the names of its hosts, unless there is no file that they could be mounted
 * on and none can be made. */
static void list_binds(Run *run)
{
    static const SandboxBind names[] = {
        {"/etc/resolv.conf", "/etc/resolv.conf", false},
        {"/etc/hosts", "/etc/hosts", false},
    };
    run->binds = g_array_new(FALSE, FALSE, sizeof(ChildBind));
    for (size_t i = 0; run->command->network && i < G_N_ELEMENTS(names); i++) {
        if (g_file_test(names[i].source, G_FILE_TEST_EXISTS))
            add_bind(run, &names[i], !run->root->overlay);
    }
    for (guint i = 0; i < run->command->bind_count; i++)
        add_bind(run, &run->command->binds[i], false);
}

static gboolean prepare(Run *run, GError **error)
{
    const ImageConfig *config = run->root->config;
    const SandboxCommand *command = run->command;
    const char *workdir = command->workdir ? command->workdir : config->workdir;
    if (!command->argv[0] || !*command->argv[0])
        return error_set(error, ERROR_INPUT, SPAN_NONE, "there is no program to run");
    if (!root_find_user(run->root, command->user ? command->user : config->user, &run->user, error))
        return FALSE;
    run->workdir = workdir && *workdir == '/' ? g_strdup(workdir) : g_strconcat("/", workdir, NULL);
    run->env = make_env(run);
    find_programs(run);
    list_binds(run);
    return TRUE;
}

/* One start of one runner */

typedef struct {
    const Run *run;
    const RunnerKind *kind;
    const char *program; /* of the runner */
    pid_t pid;
    int out, err, log, report; /* read ends; -1 */
    RootMount mount;
    /* Bubblewrap, which has no log, reads the byte in it when it has made the sandbox and before it
     * starts the program. */
    int gate;
    char *said;           /* its first line of stderr, or NULL */
    ChildProblem problem; /* step CHILD_NONE: the runner was started */
    char *logged;
} Start;

static void start_clear(Start *start)
{
    const int fds[] = {start->out, start->err, start->log, start->report, start->gate};
    for (size_t i = 0; i < G_N_ELEMENTS(fds); i++) {
        if (fds[i] >= 0)
            close(fds[i]);
    }
    root_mount_clear(&start->mount);
    g_free(start->logged);
    g_free(start->said);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Start, start_clear)

static RunnerInput runner_input(const Start *start)
{
    const Run *run = start->run;
    return (RunnerInput){
        .program = start->program,
        .scratch = start->kind->moved ? CHILD_SCRATCH_MOVED : CHILD_SCRATCH,
        .argv = run->command->argv,
        .env = (const char *const *)run->env,
        .workdir = run->workdir,
        .uid = run->user.uid,
        .gid = run->user.gid,
        .ranged = run->root->id_base >= 0,
        .user_namespace = run->root->user_namespace,
        .gate = start->gate,
        .read_only = !run->root->overlay,
        .terminal = run->command->interactive && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) &&
                    isatty(STDERR_FILENO),
    };
}

static bool open_pipe(bool wanted, int *ret_read, int *ret_write)
{
    int ends[2] = {-1, -1};
    bool ok = !wanted || pipe2(ends, O_CLOEXEC) == 0;
    *ret_read = ends[0];
    *ret_write = ends[1];
    return ok;
}

/* Forks with the pipes open whose write ends the child keeps. */
static gboolean fork_child(Start *start, ChildPlan *plan, GError **error)
{
    bool captured = !start->run->command->interactive;
    bool ok = open_pipe(true, &start->report, &plan->report) &
              open_pipe(captured, &start->out, &plan->out) &
              open_pipe(captured, &start->err, &plan->err) &
              open_pipe(start->kind->runtime, &start->log, &plan->log);
    start->pid = ok ? fork() : -1;
    if (start->pid == 0)
        child_run(plan);
    int errnum = errno;
    const int fds[] = {plan->report, plan->out, plan->err, plan->log};
    for (size_t i = 0; i < G_N_ELEMENTS(fds); i++) {
        if (fds[i] >= 0)
            close(fds[i]);
    }
    return start->pid > 0 || error_set_errno(error, ERROR_FAILED, errnum, "cannot make a process");
}

static bool open_gate(Start *start)
{
    int end = -1;
    bool ok = open_pipe(!start->kind->runtime, &start->gate, &end) &&
              (end < 0 || io_write_all(end, "g", 1, NULL));
    if (end >= 0)
        close(end);
    return ok;
}

static gboolean fork_runner(Start *start, GError **error)
{
    static const char *const env[] = {"PATH=" DEFAULT_PATH, "LANG=C.UTF-8", NULL};
    const Run *run = start->run;
    if (!open_gate(start))
        return error_set_errno(error, ERROR_FAILED, errno, "cannot make a pipe");
    RunnerInput input = runner_input(start);
    g_auto(GStrv) argv = start->kind->argv(&input);
    g_autofree char *config = start->kind->runtime ? runtime_config(&input, start->kind) : NULL;
    ChildPlan plan = {
        .parent = getpid(),
        .uid = geteuid(),
        .gid = getegid(),
        .id_base = run->root->id_base,
        .user_namespace = run->root->user_namespace,
        .trees = (const char *const *)run->root->trees->pdata,
        .binds = (const ChildBind *)(void *)run->binds->data,
        .bind_count = run->binds->len,
        .workdir = from_root(run->workdir),
        .programs = run->programs ? (const char *const *)run->programs->pdata : NULL,
        .network = run->command->network,
        .memory_bytes = run->command->memory_bytes,
        .interactive = run->command->interactive,
        .moved = start->kind->moved,
        .enters = runner_enters(start->kind, &input),
        .gid_inside = start->kind->runtime ? 0 : run->user.gid,
        .argv = (const char *const *)argv,
        .env = env,
        .config = config,
        .gate = start->gate,
    };
    return root_mount_prepare(run->root, &start->mount, &plan, error) &&
           fork_child(start, &plan, error);
}

/* Waiting */

static int remaining_ms(const SandboxCommand *command, gint64 begin)
{
    gint64 passed = (clock_monotonic_usec() - begin) / 1000;
    gint64 left = CLAMP((gint64)command->timeout_ms - passed, 0, G_MAXINT);
    return command->timeout_ms == 0 ? -1 : (int)left;
}

/* Until both streams are at their end, or it is enough. */
static void pump(Start *start, gint64 begin, SandboxResult *result)
{
    g_autoptr(OutputLines) lines = output_lines_new(start->run->command, start->out, start->err);
    start->out = start->err = -1;
    bool killed = false;
    while (lines->streams[0] >= 0 || lines->streams[1] >= 0) {
        struct pollfd fds[2] = {{.fd = lines->streams[0], .events = POLLIN},
                                {.fd = lines->streams[1], .events = POLLIN}};
        int n = poll(fds, 2, killed ? -1 : remaining_ms(start->run->command, begin));
        if (n < 0 && errno != EINTR)
            break;
        if (n == 0) {
            result->timed_out = true;
            killed = kill(start->pid, SIGKILL) == 0;
        }
        for (guint i = 0; n > 0 && i < 2; i++) {
            if (fds[i].revents == 0 || output_lines_read(lines, (SandboxStream)i) || killed)
                continue;
            result->output_exceeded = true;
            killed = kill(start->pid, SIGKILL) == 0;
        }
    }
    output_lines_finish(lines);
    start->said = g_steal_pointer(&lines->first_error);
}

/* The program has the terminal: keys that end programs are for it alone. */
static void wait_interactive(const Start *start, gint64 begin, SandboxResult *result)
{
    int fd = (int)syscall(SYS_pidfd_open, start->pid, 0);
    struct pollfd end = {.fd = fd, .events = POLLIN};
    while (fd >= 0) {
        int n = poll(&end, 1, remaining_ms(start->run->command, begin));
        if (n > 0 || (n < 0 && errno != EINTR))
            break;
        if (n == 0) {
            result->timed_out = true;
            kill(start->pid, SIGKILL);
            break;
        }
    }
    if (fd >= 0)
        close(fd);
}

static int wait_for(pid_t pid)
{
    int status;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return 1;
    }
    return WIFSIGNALED(status) ? FIRST_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
}

static char *read_log(int fd)
{
    g_autofree char *text = g_malloc0(LOG_BYTES + 1);
    size_t length = 0;
    while (fd >= 0 && length < LOG_BYTES) {
        gssize n = io_read(fd, text + length, LOG_BYTES - length, NULL);
        if (n <= 0)
            break;
        length += (size_t)n;
    }
    return g_steal_pointer(&text);
}

static void finish_start(Start *start, gint64 begin, SandboxResult *result)
{
    bool started = io_read(start->report, &start->problem, sizeof start->problem, NULL) !=
                   (gssize)sizeof start->problem;
    if (started)
        start->problem = (ChildProblem){0};
    if (started && start->run->command->interactive)
        wait_interactive(start, begin, result);
    else
        pump(start, begin, result);
    result->status = wait_for(start->pid);
    result->signal = result->status > FIRST_SIGNAL ? result->status - FIRST_SIGNAL : 0;
    result->milliseconds = (guint)((clock_monotonic_usec() - begin) / 1000);
    result->runner = start->kind->runner;
    start->logged = read_log(start->log);
}

/* Keys of a terminal go to all of its processes: while the program has it they are not for us. */
static gboolean run_start(Start *start, SandboxResult *result, GError **error)
{
    static const int keys[] = {SIGINT, SIGQUIT};
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before[G_N_ELEMENTS(keys)];
    bool interactive = start->run->command->interactive;
    gint64 begin = clock_monotonic_usec();
    for (size_t i = 0; interactive && i < G_N_ELEMENTS(keys); i++)
        sigaction(keys[i], &ignore, &before[i]);
    gboolean ok = fork_runner(start, error);
    if (ok)
        finish_start(start, begin, result);
    for (size_t i = 0; interactive && i < G_N_ELEMENTS(keys); i++)
        sigaction(keys[i], &before[i], NULL);
    return ok;
}

static Start start_new(const Run *run, const RunnerKind *kind, const char *program)
{
    return (Start){
        .run = run,
        .kind = kind,
        .program = program,
        .out = -1,
        .err = -1,
        .log = -1,
        .report = -1,
        .gate = -1,
    };
}

/* Why it did not work */

/* The message of the runtime's first error, or NULL. */
static char *logged_error(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i]; i++) {
        g_autoptr(Json) json = json_parse("log", lines[i], strlen(lines[i]), NULL);
        const char *level = json ? json_find_text(json, "level") : NULL;
        const char *message = json ? json_find_text(json, "msg") : NULL;
        if (message && (g_strcmp0(level, "error") == 0 || g_strcmp0(level, "fatal") == 0))
            return g_strdup(message);
    }
    return NULL;
}

static char *bwrap_error(const Start *start, const SandboxResult *result)
{
    int unread = 0;
    if (result->status == 0 || result->timed_out || ioctl(start->gate, FIONREAD, &unread) < 0 ||
        unread == 0)
        return NULL;
    return start->said ? g_utf8_make_valid(start->said, -1)
                       : g_strdup("it could not make the sandbox");
}

/* NULL: the runner did its work. */
static char *why_not(const Start *start, const SandboxResult *result)
{
    if (start->problem.step != CHILD_NONE)
        return g_strdup_printf("%s: %s", child_step_text((ChildStep)start->problem.step),
                               g_strerror(start->problem.errnum));
    if (!start->kind->runtime)
        return bwrap_error(start, result);
    return result->status != 0 ? logged_error(start->logged) : NULL;
}

/* What no other runner would do better. */
static bool is_final(const ChildProblem *problem)
{
    return problem->step != CHILD_NONE && problem->step <= CHILD_PROGRAM;
}

static gboolean refuse_image(const Run *run, const ChildProblem *problem, GError **error)
{
    const char *reason = g_strerror(problem->errnum);
    g_autofree char *program = g_utf8_make_valid(run->command->argv[0], -1);
    if (problem->step == CHILD_PROGRAM)
        return error_set(error, ERROR_INPUT, SPAN_NONE, "the image has no program %.200s%s",
                         program, problem->errnum == EACCES ? " that may be executed" : "");
    if (problem->step == CHILD_WORKDIR)
        return error_set(error, ERROR_INPUT, SPAN_NONE, "the image's working folder %.200s: %s",
                         run->workdir, reason);
    return error_set(error, ERROR_FAILED, SPAN_NONE, "the image's root cannot be made: %s: %s",
                     child_step_text((ChildStep)problem->step), reason);
}

/* *ret_why, to free: why this runner did not; NULL: it did. */
static gboolean run_with(Run *run, const RunnerKind *kind, char **ret_why,
                         ChildProblem *ret_problem, SandboxResult *ret_result, GError **error)
{
    g_autofree char *program = runner_find(kind->name);
    *ret_problem = (ChildProblem){0};
    if (!program) {
        *ret_why = g_strdup_printf("it is not installed (package %s)", kind->package);
        return TRUE;
    }
    g_auto(Start) start = start_new(run, kind, program);
    SandboxResult result = {0};
    if (!run_start(&start, &result, error))
        return FALSE;
    *ret_problem = start.problem;
    *ret_why = why_not(&start, &result);
    *ret_result = result;
    return TRUE;
}

static void keep_runner(SandboxRoot *root, SandboxRunner runner)
{
    g_mutex_lock(&root->lock);
    root->runner = runner;
    g_mutex_unlock(&root->lock);
}

static bool is_wanted(const Run *run, SandboxRunner kept, const RunnerKind *kind)
{
    SandboxRunner wanted =
        run->command->runner != SANDBOX_RUNNER_AUTO ? run->command->runner : kept;
    return wanted == SANDBOX_RUNNER_AUTO || wanted == kind->runner;
}

static gboolean run_any(Run *run, SandboxResult *ret_result, GError **error)
{
    g_autoptr(GString) tried = g_string_new(NULL);
    g_mutex_lock(&run->root->lock);
    SandboxRunner kept = run->root->runner;
    g_mutex_unlock(&run->root->lock);
    for (size_t i = 0; i < runner_kind_count; i++) {
        const RunnerKind *kind = &runner_kinds[i];
        ChildProblem problem;
        g_autofree char *why = NULL;
        if (!is_wanted(run, kept, kind))
            continue;
        if (!run_with(run, kind, &why, &problem, ret_result, error))
            return FALSE;
        if (is_final(&problem))
            return refuse_image(run, &problem, error);
        if (!why) {
            keep_runner(run->root, kind->runner);
            return TRUE;
        }
        g_string_append_printf(tried, "%s%s: %.500s", tried->len > 0 ? "; " : "", kind->name, why);
    }
    error_set(error, ERROR_FAILED, SPAN_NONE, "nothing can run programs of the image here: %s",
              tried->str);
    if (error)
        error_set_hint(*error, "apt-get install bubblewrap (or crun, or runc)");
    return FALSE;
}

gboolean sandbox_run(SandboxRoot *root, const SandboxCommand *command, SandboxResult *ret_result,
                     GError **error)
{
    g_auto(Run) run = {.root = root, .command = command};
    return prepare(&run, error) && run_any(&run, ret_result, error);
}
