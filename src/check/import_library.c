/* Shared objects that an import loads: extension modules, and what ctypes is told to open. */
#include "check/import_machine.h"

static const char *const driver_libraries[] = {"libcuda.so.1", "libnvidia-ml.so.1",
                                               "libnvcuvid.so.1", "libnvidia-encode.so.1"};

const char *driver_library(const char *name)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(driver_libraries); i++) {
        const char *known = driver_libraries[i];
        size_t stem = (size_t)(strstr(known, ".so") - known) + 3;
        if (strncmp(name, known, stem) == 0 && (!name[stem] || name[stem] == '.'))
            return known;
    }
    return NULL;
}

void library_problem_free(LibraryProblem *problem)
{
    if (!problem)
        return;
    g_free(problem->message);
    g_free(problem);
}

static bool refuse_driver(ImportMachine *machine, const char *name, const char *exception)
{
    machine->world_reads++;
    raise_builtin(machine, RAISED_WORLD, exception, NULL,
                  machine_format(machine,
                                 "%s: cannot open shared object file: No such file or directory",
                                 name));
    return false;
}

/* Whatever catches the refusal, what comes after it is as uncertain. */
static void doubt(ImportMachine *machine, const char *exception, const char *message)
{
    raise_possible(machine, RAISED_NATIVE, exception, NULL, message);
    if (!machine->doubt)
        machine->doubt = machine->became_possible;
}

/* Flags of dlopen() as Linux has them. Kept among the variables of the environment, with which they
 * come again for modules that an earlier round has loaded; no variable has such a name. */
#define FLAGS "=dlopenflags"

enum {
    FLAG_LAZY = 1,
    FLAGS_AT_FIRST = 2, /* CPython's Python/pystate.c: RTLD_NOW */
};

static bool may_be_lazy(const Value *flags)
{
    return !flags || flags->kind != VALUE_INT || (flags->number & FLAG_LAZY);
}

bool library_flags_are_lazy(ImportMachine *machine)
{
    const Value *flags = g_hash_table_lookup(machine->env, FLAGS);
    return flags && may_be_lazy(flags);
}

bool library_load(ImportMachine *machine, const char *path, bool import, bool lazy)
{
    const char *exception = import ? "ImportError" : "OSError";
    g_auto(GStrv) needed = sources_needed(machine->sources, path);
    for (char **name = needed; name && *name && machine->world == WORLD_BUILD; name++) {
        const char *driver = driver_library(*name);
        if (driver)
            return refuse_driver(machine, driver, exception);
    }
    g_autoptr(LibraryProblem) problem = sources_problem(machine->sources, path, lazy);
    if (!problem || (!import && !problem->loader))
        return true;
    const char *message = machine_text(machine, problem->message);
    exception = import ? problem->exception : exception;
    if (problem->certain)
        raise_builtin(machine, RAISED_NATIVE, exception, NULL, message);
    else
        doubt(machine, exception, message);
    return !problem->certain;
}

/* ctypes adds RTLD_NOW to what it is given and takes no notice of sys.setdlopenflags() (CPython's
 * _ctypes/callproc.c, py_dl_open()); glibc's loader lets RTLD_LAZY win (elf/dl-open.c). */
NATIVE(ctypes_load)
{
    const Value *mode = call_argument(arguments, 1, "mode");
    const char *name = argument_text(arguments, 0, "name");
    if (name && driver_library(name) && machine->world == WORLD_BUILD)
        return refuse_driver(machine, name, "OSError") ? machine->foreign : NULL;
    if (name && *name && !strchr(name, '/') && sources_lack_library(machine->sources, name, false))
        return raise_builtin(machine, RAISED_NATIVE, "OSError", NULL,
                             machine_format(machine,
                                            "%s: cannot open shared object file: No such file or "
                                            "directory",
                                            name));
    const char *inside = name ? tree_path(machine, name) : NULL;
    if (inside &&
        !library_load(machine, inside, false, arguments->open || (mode && may_be_lazy(mode))))
        return NULL;
    machine->unknowns++;
    return machine->foreign;
}

/* A method: its object comes first. */
NATIVE(torch_load_library)
{
    const Value *path = call_argument(arguments, 1, "path");
    Arguments one = {.values = &path, .names = (const char *[]){NULL}, .count = 1};
    return path ? ctypes_load(machine, NULL, &one) : machine->unknown;
}

NATIVE(ctypes_find_library)
{
    const char *name = argument_text(arguments, 0, "name");
    bool driver = name && (g_str_equal(name, "cuda") || g_str_equal(name, "nvidia-ml"));
    machine->world_reads += driver;
    if (driver)
        return machine->world == WORLD_BUILD ? machine->none : machine->unknown;
    /* As ctypes.util asks ldconfig, and after that the linker, where there is one. */
    const char *stem = name ? machine_format(machine, "lib%s.", name) : NULL;
    return stem && sources_lack_library(machine->sources, stem, true) ? machine->none
                                                                      : machine->unknown;
}

NATIVE(sys_getdlopenflags)
{
    const Value *flags = g_hash_table_lookup(machine->env, FLAGS);
    return flags ? flags : value_int(machine, FLAGS_AT_FIRST);
}

/* Where it may not be reached, only what makes less of an error is believed. */
NATIVE(sys_setdlopenflags)
{
    const Value *flags = call_argument(arguments, 0, NULL);
    if (machine->weak == 0 || may_be_lazy(flags))
        env_set(machine, FLAGS, flags ? flags : machine->unknown);
    return machine->none;
}

#define FLAG(name, number)                                                                         \
    static const Value *name(ImportMachine *machine)                                               \
    {                                                                                              \
        return value_int(machine, number);                                                         \
    }
FLAG(rtld_local, 0)
FLAG(rtld_lazy, FLAG_LAZY)
FLAG(rtld_now, 2)
FLAG(rtld_noload, 4)
FLAG(rtld_deepbind, 8)
FLAG(rtld_global, 0x100)
FLAG(rtld_nodelete, 0x1000)

/* clang-format off */
static const Native libraries[] = {
    {"ctypes.DEFAULT_MODE", NULL, rtld_local},
    {"ctypes.RTLD_GLOBAL", NULL, rtld_global},
    {"ctypes.RTLD_LOCAL", NULL, rtld_local},
    {"os.RTLD_DEEPBIND", NULL, rtld_deepbind},
    {"os.RTLD_GLOBAL", NULL, rtld_global},
    {"os.RTLD_LAZY", NULL, rtld_lazy},
    {"os.RTLD_LOCAL", NULL, rtld_local},
    {"os.RTLD_NODELETE", NULL, rtld_nodelete},
    {"os.RTLD_NOLOAD", NULL, rtld_noload},
    {"os.RTLD_NOW", NULL, rtld_now},
    {"sys.getdlopenflags", sys_getdlopenflags, NULL},
    {"sys.setdlopenflags", sys_setdlopenflags, NULL},
    {"ctypes.CDLL", ctypes_load, NULL},
    {"ctypes.cdll.LoadLibrary", ctypes_load, NULL},
    {"ctypes.util.find_library", ctypes_find_library, NULL},
    {"torch._ops._Ops.load_library", torch_load_library, NULL},
};
/* clang-format on */

const NativeTable natives_libraries = {libraries, G_N_ELEMENTS(libraries)};
