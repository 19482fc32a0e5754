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

bool library_load(ImportMachine *machine, const char *path, bool import)
{
    const char *exception = import ? "ImportError" : "OSError";
    g_auto(GStrv) needed = sources_needed(machine->sources, path);
    for (char **name = needed; name && *name && machine->world == WORLD_BUILD; name++) {
        const char *driver = driver_library(*name);
        if (driver)
            return refuse_driver(machine, driver, exception);
    }
    g_autoptr(LibraryProblem) problem = sources_problem(machine->sources, path);
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

NATIVE(ctypes_load)
{
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
    if (inside && !library_load(machine, inside, false))
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

/* clang-format off */
static const Native libraries[] = {
    {"ctypes.CDLL", ctypes_load, NULL},
    {"ctypes.cdll.LoadLibrary", ctypes_load, NULL},
    {"ctypes.util.find_library", ctypes_find_library, NULL},
    {"torch._ops._Ops.load_library", torch_load_library, NULL},
};
/* clang-format on */

const NativeTable natives_libraries = {libraries, G_N_ELEMENTS(libraries)};
