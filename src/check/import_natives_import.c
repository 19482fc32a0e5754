/* Intrinsics of importlib, pkgutil and glob: modules found and loaded by programs themselves. */
#include "check/import_machine.h"

#include "python/name.h"

NATIVE(import_module)
{
    const char *name = argument_text(arguments, 0, "name");
    const Value *package = call_argument(arguments, 1, "package");
    if (!name || (package && *name == '.' && !value_string(package))) {
        machine->unknowns++;
        return machine->unknown;
    }
    if (*name != '.')
        return module_import_value(machine, name);
    unsigned level = (unsigned)strspn(name, ".");
    g_autofree char *base = g_strdup(package && value_string(package) ? package->text : "");
    for (unsigned i = 1; i < level; i++) {
        char *dot = strrchr(base, '.');
        if (!dot)
            return machine->unknown;
        *dot = '\0';
    }
    const char *tail = name + level;
    return *base ? module_import_value(machine, *tail ? machine_format(machine, "%s.%s", base, tail)
                                                      : machine_text(machine, base))
                 : machine->unknown;
}

static const Value *spec_new(ImportMachine *machine, const char *name, const char *path)
{
    const Value *spec = object_new(machine, machine->spec_class);
    Names *attributes = spec->object->attributes;
    attributes->open = true;
    names_bind(machine, attributes, "name", value_text(machine, name));
    if (path)
        names_bind(machine, attributes, "origin", value_text(machine, path));
    if (path)
        names_bind(machine, attributes, "loader",
                   native_value(machine, native_find(machine, "importlib.loader"), spec));
    return spec;
}

NATIVE(find_spec)
{
    const char *name = argument_text(arguments, 0, "name");
    if (!name || *name == '.') {
        machine->unknowns++;
        return machine->unknown;
    }
    name = machine_text(machine, name);
    int there = module_exists(machine, name);
    if (there == -2)
        return NULL;
    machine->unknowns += there < 0;
    return there < 0 ? machine->unknown : there ? spec_new(machine, name, NULL) : machine->none;
}

NATIVE(spec_from_file)
{
    const char *name = argument_text(arguments, 0, "name");
    const char *path = argument_text(arguments, 1, "location");
    const char *inside = path ? tree_path(machine, path) : NULL;
    if (!name || !inside || !sources_is_file(machine->sources, inside)) {
        machine->unknowns++;
        return machine->unknown;
    }
    return spec_new(machine, name, path);
}

NATIVE(module_from_spec)
{
    const Value *spec = call_argument(arguments, 0, "spec");
    bool known = spec && spec->kind == VALUE_OBJECT && spec->object->class == machine->spec_class;
    const Binding *name = known ? names_find(spec->object->attributes, "name") : NULL;
    const Binding *origin = known ? names_find(spec->object->attributes, "origin") : NULL;
    if (!name || !origin) {
        machine->unknowns++;
        return machine->unknown;
    }
    const char *inside = tree_path(machine, origin->value->text);
    return module_from_file(machine, name->value->text, inside)->value;
}

NATIVE(exec_module)
{
    const Value *value = call_argument(arguments, 0, "module");
    if (!value || value->kind != VALUE_MODULE || value->module->state != MODULE_NEW) {
        if (value)
            value_expose(machine, value);
        machine->unknowns++;
        return machine->unknown;
    }
    Module *module = value->module;
    if (module->kind != MODULE_SOURCE) {
        module->scope->names->open = true;
        module->state = MODULE_LOADED;
        return machine->none;
    }
    return module_execute(machine, module) == FLOW_NEXT ? machine->none : NULL;
}

/* "torch-2.6.0.dist-info" → whether it is the distribution's; its version. */
static const char *version_of(ImportMachine *machine, const char *folder, const char *canonical)
{
    const char *end = g_str_has_suffix(folder, ".dist-info/") ? strrchr(folder, '.') : NULL;
    if (!end)
        return NULL;
    g_autofree char *stem = g_strndup(folder, (size_t)(end - folder));
    char *dash = strchr(stem, '-');
    if (!dash)
        return NULL;
    *dash = '\0';
    g_autofree char *name = name_canonicalize(stem);
    return g_str_equal(name, canonical) ? machine_text(machine, dash + 1) : NULL;
}

const char *installed_version(ImportMachine *machine, const char *name, bool *ret_unknown)
{
    g_autofree char *canonical = name_canonicalize(name);
    const GPtrArray *names = sources_list(machine->sources, "");
    const char *found = NULL;
    for (unsigned i = 0; names && i < names->len; i++) {
        const char *entry = names->pdata[i];
        const char *version = version_of(machine, entry, canonical);
        *ret_unknown |= g_str_has_suffix(entry, ".egg-info/") || (version && found);
        found = version ? version : found;
    }
    *ret_unknown |= !found && base_may_have(machine, name);
    return found;
}

NATIVE(metadata_version)
{
    const char *name = argument_text(arguments, 0, "distribution_name");
    bool unknown = false;
    const char *found = name ? installed_version(machine, name, &unknown) : NULL;
    if (!name || (unknown && !found)) {
        machine->unknowns++;
        return machine->unknown;
    }
    if (found)
        return unknown ? machine->unknown : value_text(machine, found);
    raise_builtin(machine, RAISED_STATEMENT, "PackageNotFoundError", NULL,
                  machine_format(machine, "No package metadata was found for %s", name));
    ((Raised *)machine->raised)->assumed |= sources_assumed(machine->sources);
    return NULL;
}

NATIVE(metadata_other)
{
    const Value *version = metadata_version(machine, self, arguments);
    return version ? machine->foreign : NULL;
}

static const Value *package_not_found(ImportMachine *machine)
{
    return g_hash_table_lookup(machine->builtins, "PackageNotFoundError");
}

/* A module made by its type: programs fill it by any means. */
NATIVE(module_type_call)
{
    return machine->foreign;
}

NATIVE(module_type_init)
{
    const Value *name = call_argument(arguments, 0, "name");
    if (self && self->kind == VALUE_OBJECT && name)
        names_bind(machine, self->object->attributes, "__name__", name);
    return machine->none;
}

static const Value *module_type(ImportMachine *machine)
{
    return machine->module_class->value;
}

void module_class_install(ImportMachine *machine)
{
    Class *class = class_new(machine, "module", NULL);
    class->call = native_find(machine, "types.ModuleType.__call__");
    names_bind(machine, class->names, "__init__",
               native_value(machine, native_find(machine, "types.ModuleType.__init__"), NULL));
    machine->module_class = class;
}

/* Names of modules in a folder: entries of pkgutil.iter_modules(). */
static void list_modules(ImportMachine *machine, const char *folder, const char *prefix,
                         Value *list)
{
    const GPtrArray *names = sources_list(machine->sources, folder);
    list->open |= !names || sources_open(machine->sources, folder);
    for (unsigned i = 0; names && i < names->len; i++) {
        const char *name = names->pdata[i];
        bool package = g_str_has_suffix(name, "/");
        const char *dot = strchr(name, '.');
        size_t length = package ? strlen(name) - 1 : dot ? (size_t)(dot - name) : 0;
        if (package) {
            g_autofree char *inside = *folder
                                          ? g_strdup_printf("%s/%.*s", folder, (int)length, name)
                                          : g_strndup(name, length);
            if (!sources_has(machine->sources, inside, "__init__.py"))
                continue;
        } else if (!g_str_has_suffix(name, ".py") && !g_str_has_suffix(name, ".so")) {
            continue;
        }
        if (g_str_has_prefix(name, "__init__.") || length == 0)
            continue;
        Value *tuple = value_items(machine, VALUE_TUPLE);
        value_add(machine, tuple, machine->calm);
        value_add(
            machine, tuple,
            value_text(machine, machine_format(machine, "%s%.*s", prefix, (int)length, name)));
        value_add(machine, tuple, value_bool(machine, package));
        value_add(machine, list, tuple);
    }
}

NATIVE(iter_modules)
{
    const Value *paths = call_argument(arguments, 0, "path");
    const Value *prefix = call_argument(arguments, 1, "prefix");
    const char *before = prefix ? value_string(prefix) : "";
    const GPtrArray *items = paths ? value_iterate(machine, paths) : NULL;
    Value *list = value_items(machine, VALUE_LIST);
    list->open = !items || !before;
    for (unsigned i = 0; items && before && i < items->len; i++) {
        const char *path = value_string(items->pdata[i]);
        const char *inside = path ? tree_path(machine, path) : NULL;
        if (inside)
            list_modules(machine, inside, before, list);
        else
            list->open = true;
    }
    return list;
}

/* FOLDER/PATTERN with a star in the last part only. */
NATIVE(glob_glob)
{
    const char *pattern = argument_text(arguments, 0, "pathname");
    const char *inside = pattern ? tree_path(machine, pattern) : NULL;
    Value *list = value_items(machine, VALUE_LIST);
    list->open = true;
    if (!inside || arguments->count != 1)
        return list;
    const char *slash = strrchr(inside, '/');
    g_autofree char *folder = slash ? g_strndup(inside, (size_t)(slash - inside)) : g_strdup("");
    const GPtrArray *names = sources_list(machine->sources, folder);
    if (!names || strpbrk(folder, "*?[") || sources_open(machine->sources, folder))
        return list;
    list->open = false;
    g_autoptr(GPatternSpec) spec = g_pattern_spec_new(slash ? slash + 1 : inside);
    for (unsigned i = 0; i < names->len; i++) {
        g_autofree char *name = g_strdup(names->pdata[i]);
        if (g_str_has_suffix(name, "/"))
            name[strlen(name) - 1] = '\0';
        if (*name == '.' || !g_pattern_spec_match_string(spec, name))
            continue;
        g_autofree char *path = *folder ? g_strconcat(folder, "/", name, NULL) : g_strdup(name);
        value_add(machine, list,
                  value_text(machine, tree_file(machine, machine_text(machine, path))));
    }
    return list;
}

/* clang-format off */
static const Native imports[] = {
    {"glob.glob", glob_glob, NULL},
    {"importlib.import_module", import_module, NULL},
    {"importlib.loader", NULL, NULL},
    {"importlib.loader.exec_module", exec_module, NULL},
    {"importlib.metadata.PackageNotFoundError", NULL, package_not_found},
    {"importlib.metadata.distribution", metadata_other, NULL},
    {"importlib.metadata.metadata", metadata_other, NULL},
    {"importlib.metadata.requires", metadata_other, NULL},
    {"importlib.metadata.version", metadata_version, NULL},
    {"importlib.util.find_spec", find_spec, NULL},
    {"importlib.util.module_from_spec", module_from_spec, NULL},
    {"importlib.util.spec_from_file_location", spec_from_file, NULL},
    {"importlib_metadata.distribution", metadata_other, NULL},
    {"importlib_metadata.metadata", metadata_other, NULL},
    {"importlib_metadata.version", metadata_version, NULL},
    {"pkgutil.iter_modules", iter_modules, NULL},
    {"types.ModuleType", NULL, module_type},
    {"types.ModuleType.__call__", module_type_call, NULL},
    {"types.ModuleType.__init__", module_type_init, NULL},
};
/* clang-format on */

const NativeTable natives_import = {imports, G_N_ELEMENTS(imports)};
