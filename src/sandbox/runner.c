#include "sandbox/runner.h"

#include "text/jsonw.h"

/* What root is in the sandbox allowed to do with the image's own files and programs; over the
 * machine none of these has power, since they belong to the user namespace. */
static const char *const capabilities[] = {
    "CAP_CHOWN",  "CAP_DAC_OVERRIDE", "CAP_FOWNER",  "CAP_FSETID",           "CAP_KILL",
    "CAP_SETGID", "CAP_SETUID",       "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT",
};

static void add(GPtrArray *words, const char *word)
{
    g_ptr_array_add(words, g_strdup(word));
}

static void add_all(GPtrArray *words, const char *const *more)
{
    for (guint i = 0; more[i]; i++)
        add(words, more[i]);
}

static char **finish(GPtrArray *words)
{
    g_ptr_array_add(words, NULL);
    return (char **)g_ptr_array_free(words, FALSE);
}

static void add_number(GPtrArray *words, const char *option, guint64 number)
{
    add(words, option);
    g_ptr_array_add(words, g_strdup_printf("%" G_GUINT64_FORMAT, number));
}

/* Bubblewrap */

static void add_ids(GPtrArray *words, const RunnerInput *input)
{
    if (input->uid == 0 && (input->ranged || input->gid == 0))
        return;
    if (input->ranged)
        add_number(words, "--userns", (guint64)input->user_namespace);
    else
        add(words, "--unshare-user");
    add_number(words, "--uid", input->uid);
    add_number(words, "--gid", input->gid);
}

static void add_capabilities(GPtrArray *words, const RunnerInput *input)
{
    add(words, "--cap-drop");
    add(words, "ALL");
    for (size_t i = 0; input->uid == 0 && i < G_N_ELEMENTS(capabilities); i++) {
        add(words, "--cap-add");
        add(words, capabilities[i]);
    }
}

static void add_environment(GPtrArray *words, const RunnerInput *input)
{
    add(words, "--clearenv");
    for (guint i = 0; input->env[i]; i++) {
        const char *equals = strchr(input->env[i], '=');
        add(words, "--setenv");
        g_ptr_array_add(words, g_strndup(input->env[i], (gsize)(equals - input->env[i])));
        add(words, equals + 1);
    }
}

static char **bwrap_argv(const RunnerInput *input)
{
    static const char *const fixed[] = {
        "--unshare-pid", "--unshare-ipc", "--unshare-uts",     "--unshare-cgroup-try",
        "--hostname",    "ramekin",       "--die-with-parent", NULL,
    };
    static const char *const mounts[] = {
        "--proc", "/proc", "--dev", "/dev", "--perms", "1777", "--tmpfs", "/tmp", NULL,
    };
    GPtrArray *words = g_ptr_array_new();
    add(words, input->program);
    add_all(words, fixed);
    add_ids(words, input);
    add_capabilities(words, input);
    add(words, "--bind");
    g_ptr_array_add(words, g_strconcat(input->scratch, "/m", NULL));
    add(words, "/");
    add_all(words, mounts);
    if (input->read_only) {
        add(words, "--remount-ro");
        add(words, "/");
    }
    add_environment(words, input);
    add_number(words, "--block-fd", (guint64)input->gate);
    add(words, "--chdir");
    add(words, input->workdir);
    add(words, "--");
    add_all(words, input->argv);
    return finish(words);
}

/* OCI runtimes */

static char **runtime_argv(const RunnerInput *input, const char *option)
{
    GPtrArray *words = g_ptr_array_new();
    g_autofree char *run = g_strconcat(input->scratch, "/run", NULL);
    g_autofree char *log = g_strconcat(run, "/log", NULL);
    const char *const all[] = {
        input->program, option, "--root",   run, "--log",   log,  "--log-format",
        "json",         "run",  "--bundle", run, "ramekin", NULL,
    };
    add_all(words, all);
    return finish(words);
}

static char **crun_argv(const RunnerInput *input)
{
    return runtime_argv(input, "--cgroup-manager=disabled");
}

static char **runc_argv(const RunnerInput *input)
{
    return runtime_argv(input, "--rootless=true");
}

static void put_namespaces(JsonWriter *json, bool user)
{
    static const char *const types[] = {"pid", "ipc", "uts", "mount", "user"};
    jsonw_key(json, "namespaces");
    jsonw_begin_array(json, JSONW_INLINE);
    for (size_t i = 0; i < G_N_ELEMENTS(types) - (user ? 0 : 1); i++) {
        jsonw_begin_object(json, JSONW_INLINE);
        jsonw_string_member(json, "type", types[i]);
        jsonw_end_object(json);
    }
    jsonw_end_array(json);
}

static void put_map(JsonWriter *json, const char *key, guint32 id)
{
    jsonw_key(json, key);
    jsonw_begin_array(json, JSONW_INLINE);
    jsonw_begin_object(json, JSONW_INLINE);
    jsonw_unsigned_member(json, "containerID", id);
    jsonw_unsigned_member(json, "hostID", 0);
    jsonw_unsigned_member(json, "size", 1);
    jsonw_end_object(json);
    jsonw_end_array(json);
}

static void put_mounts(JsonWriter *json)
{
    static const struct {
        const char *target, *type;
        const char *options[6];
    } mounts[] = {
        {"/proc", "proc", {"nosuid", "nodev", "noexec"}},
        {"/dev", "tmpfs", {"nosuid", "mode=755"}},
        {"/dev/pts", "devpts", {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"}},
        {"/dev/shm", "tmpfs", {"nosuid", "nodev", "mode=1777"}},
        {"/tmp", "tmpfs", {"nosuid", "nodev", "mode=1777"}},
    };
    jsonw_key(json, "mounts");
    jsonw_begin_array(json, JSONW_BLOCK);
    for (size_t i = 0; i < G_N_ELEMENTS(mounts); i++) {
        jsonw_begin_object(json, JSONW_INLINE);
        jsonw_string_member(json, "destination", mounts[i].target);
        jsonw_string_member(json, "type", mounts[i].type);
        jsonw_string_member(json, "source", mounts[i].type);
        jsonw_strings_member(json, "options", mounts[i].options);
        jsonw_end_object(json);
    }
    jsonw_end_array(json);
}

static void put_capabilities(JsonWriter *json, bool some)
{
    static const char *const sets[] = {"bounding", "effective", "permitted"};
    const char *list[G_N_ELEMENTS(capabilities) + 1] = {NULL};
    for (size_t i = 0; some && i < G_N_ELEMENTS(capabilities); i++)
        list[i] = capabilities[i];
    jsonw_key(json, "capabilities");
    jsonw_begin_object(json, JSONW_INLINE);
    for (size_t i = 0; i < G_N_ELEMENTS(sets); i++)
        jsonw_strings_member(json, sets[i], list);
    jsonw_end_object(json);
}

static void put_process(JsonWriter *json, const RunnerInput *input, bool terminal, guint32 uid,
                        guint32 gid)
{
    jsonw_key(json, "process");
    jsonw_begin_object(json, JSONW_BLOCK);
    jsonw_boolean_member(json, "terminal", terminal);
    jsonw_key(json, "user");
    jsonw_begin_object(json, JSONW_INLINE);
    jsonw_unsigned_member(json, "uid", uid);
    jsonw_unsigned_member(json, "gid", gid);
    jsonw_end_object(json);
    jsonw_strings_member(json, "args", input->argv);
    jsonw_strings_member(json, "env", input->env);
    jsonw_string_member(json, "cwd", input->workdir);
    jsonw_boolean_member(json, "noNewPrivileges", true);
    put_capabilities(json, uid == 0);
    jsonw_end_object(json);
}

/* What of /proc an OCI runtime hides by convention, since root inside may be root outside; here it
 * never is, but they tell of the machine. */
static void put_hidden(JsonWriter *json)
{
    static const char *const masked[] = {"/proc/kcore", "/proc/keys", "/proc/timer_list", NULL};
    static const char *const read_only[] = {
        "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger", NULL};
    jsonw_strings_member(json, "maskedPaths", masked);
    jsonw_strings_member(json, "readonlyPaths", read_only);
}

char *runtime_config(const RunnerInput *input, const RunnerKind *kind)
{
    g_autoptr(JsonWriter) json = jsonw_new();
    g_autofree char *path = g_strconcat(input->scratch, "/m", NULL);
    /* One id has one name: runc insists on 0, crun gives it the user's. */
    bool mapped = !input->ranged && (input->uid || input->gid) && !kind->moved;
    bool root = !input->ranged && !mapped;
    jsonw_begin_object(json, JSONW_BLOCK);
    jsonw_string_member(json, "ociVersion", "1.0.2");
    /* The others hand their streams on; runc stands between. */
    put_process(json, input, input->terminal && kind->moved, root ? 0 : input->uid,
                root ? 0 : input->gid);
    jsonw_key(json, "root");
    jsonw_begin_object(json, JSONW_INLINE);
    jsonw_string_member(json, "path", path);
    jsonw_boolean_member(json, "readonly", input->read_only);
    jsonw_end_object(json);
    jsonw_string_member(json, "hostname", "ramekin");
    put_mounts(json);
    jsonw_key(json, "linux");
    jsonw_begin_object(json, JSONW_BLOCK);
    put_namespaces(json, mapped);
    if (mapped) {
        put_map(json, "uidMappings", input->uid);
        put_map(json, "gidMappings", input->gid);
    }
    put_hidden(json);
    jsonw_end_object(json);
    jsonw_end_object(json);
    return jsonw_finish(json, NULL);
}

const RunnerKind runner_kinds[] = {
    {SANDBOX_RUNNER_BWRAP, "bwrap", "bubblewrap", false, false, bwrap_argv},
    {SANDBOX_RUNNER_CRUN, "crun", "crun", false, true, crun_argv},
    {SANDBOX_RUNNER_RUNC, "runc", "runc", true, true, runc_argv},
};
const size_t runner_kind_count = G_N_ELEMENTS(runner_kinds);

bool runner_enters(const RunnerKind *kind, const RunnerInput *input)
{
    return input->ranged && (kind->runtime || input->uid == 0);
}

const char *sandbox_runner_name(SandboxRunner runner)
{
    for (size_t i = 0; i < runner_kind_count; i++) {
        if (runner_kinds[i].runner == runner)
            return runner_kinds[i].name;
    }
    return "auto";
}

char *runner_find(const char *name)
{
    static const char *const folders[] = {"/usr/local/sbin", "/usr/sbin", "/sbin"};
    char *found = g_find_program_in_path(name);
    for (size_t i = 0; !found && i < G_N_ELEMENTS(folders); i++) {
        g_autofree char *path = g_build_filename(folders[i], name, NULL);
        if (g_file_test(path, G_FILE_TEST_IS_EXECUTABLE))
            found = g_steal_pointer(&path);
    }
    return found;
}
