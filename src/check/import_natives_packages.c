/* Functions of packages that the files do not decide: what torch asks the driver, and what
 * protobuf refuses. */
#include "check/import_machine.h"

/* torch.version.cuda is None in builds without CUDA. */
static bool torch_has_cuda(ImportMachine *machine)
{
    const Module *module = module_known(machine, "torch.version");
    const Binding *cuda = module ? names_find(module->scope->names, "cuda") : NULL;
    return !cuda || cuda->value->kind != VALUE_NONE;
}

static bool has_device(ImportMachine *machine)
{
    machine->world_reads++;
    return machine->world == WORLD_RUN && torch_has_cuda(machine);
}

NATIVE(torch_is_available)
{
    return value_bool(machine, has_device(machine));
}

NATIVE(torch_device_count)
{
    return value_int(machine, has_device(machine) ? 1 : 0);
}

NATIVE(torch_init)
{
    if (!torch_has_cuda(machine))
        return raise_builtin(machine, RAISED_STATEMENT, "AssertionError", NULL,
                             "Torch not compiled with CUDA enabled");
    if (has_device(machine))
        return machine->none;
    return raise_builtin(machine, RAISED_WORLD, "RuntimeError", NULL,
                         "Found no NVIDIA driver on your system.");
}

/* What every question about a device begins with. */
NATIVE(torch_ask)
{
    if (!torch_init(machine, self, arguments))
        return NULL;
    return machine->unknown;
}

/* Code that protoc before 3.19 generated makes descriptors itself, which protobuf's compiled code
 * refuses. */
NATIVE(protobuf_refuse)
{
    return raise_builtin(machine, RAISED_NATIVE, "TypeError", NULL,
                         "Descriptors cannot be created directly.");
}

/* clang-format off */
static const Native packages[] = {
    {"google._upb._message.Message", NULL, NULL},
    {"google._upb._message.Message._CheckCalledFromGeneratedFile", protobuf_refuse, NULL},
    {"torch.cuda._lazy_init", torch_init, NULL},
    {"torch.cuda.current_device", torch_ask, NULL},
    {"torch.cuda.device_count", torch_device_count, NULL},
    {"torch.cuda.get_device_capability", torch_ask, NULL},
    {"torch.cuda.get_device_name", torch_ask, NULL},
    {"torch.cuda.get_device_properties", torch_ask, NULL},
    {"torch.cuda.init", torch_init, NULL},
    {"torch.cuda.is_available", torch_is_available, NULL},
    {"torch.cuda.mem_get_info", torch_ask, NULL},
};
/* clang-format on */

const NativeTable natives_packages = {packages, G_N_ELEMENTS(packages)};
