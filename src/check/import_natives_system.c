/* Intrinsics of sys, os, platform and ctypes: what the image and the two worlds decide. */
#include "check/import_machine.h"

#define TREE "/site-packages"

const char *tree_file(ImportMachine *machine, const char *path)
{
    if (*path == '/')
        return path;
    return *path ? machine_format(machine, TREE "/%s", path) : TREE;
}

const char *tree_path(ImportMachine *machine, const char *path)
{
    size_t length = strlen(TREE);
    if (strncmp(path, TREE, length) != 0 || (path[length] && path[length] != '/'))
        return NULL;
    g_autofree char *clean = g_canonicalize_filename(path, "/");
    if (strncmp(clean, TREE, length) != 0 || (clean[length] && clean[length] != '/'))
        return NULL;
    return machine_text(machine, clean[length] ? clean + length + 1 : "");
}

const char *scene_env(const ImportMachine *machine, const char *name)
{
    size_t length = strlen(name);
    for (const char *const *entry = machine->scene->env; entry && *entry; entry++)
        if (strncmp(*entry, name, length) == 0 && (*entry)[length] == '=')
            return *entry + length + 1;
    return NULL;
}

static const Value *environment(ImportMachine *machine, const char *name, const Value *otherwise)
{
    const Value *set = g_hash_table_lookup(machine->env, name);
    const char *given = scene_env(machine, name);
    if (set)
        return set;
    return given ? value_text(machine, given) : otherwise;
}

typedef struct {
    const char *name;
    const Value *item;
} EnvWrite;

void env_set(ImportMachine *machine, const char *name, const Value *item)
{
    EnvWrite *write = machine_alloc(machine, sizeof *write);
    *write = (EnvWrite){name, item};
    g_hash_table_insert(machine->env, (char *)name, (void *)item);
    g_ptr_array_add(machine->env_writes, write);
}

void env_replay(ImportMachine *machine, Module *module)
{
    if (module->round == machine->round || module->state == MODULE_LOADING)
        return;
    unsigned begin = machine->env_writes->len;
    for (unsigned i = module->env_begin; i < module->env_end; i++) {
        const EnvWrite *write = machine->env_writes->pdata[i];
        env_set(machine, write->name, write->item);
    }
    module->round = machine->round;
    module->env_begin = begin;
    module->env_end = machine->env_writes->len;
}

NATIVE(os_getenv)
{
    const char *name = argument_text(arguments, 0, "key");
    const Value *otherwise = call_argument(arguments, 1, "default");
    if (!name)
        return machine->unknown;
    return environment(machine, name, otherwise ? otherwise : machine->none);
}

NATIVE(os_environ_setdefault)
{
    const char *name = argument_text(arguments, 0, NULL);
    const Value *item = call_argument(arguments, 1, NULL);
    if (!name || !item)
        return machine->unknown;
    const Value *found = environment(machine, name, NULL);
    if (!found)
        env_set(machine, name, item);
    return found ? found : item;
}

NATIVE(os_environ_pop)
{
    const char *name = argument_text(arguments, 0, NULL);
    if (name)
        env_set(machine, name, machine->unknown);
    return machine->unknown;
}

int native_contains(ImportMachine *machine, const Value *value, const Value *item)
{
    if (g_str_equal(value->native->name, "packaging.specifiers.SpecifierSet()"))
        return specifiers_value_contain(value, item);
    const char *name = value_string(item);
    if (!name)
        return -1;
    if (g_str_equal(value->native->name, "os.environ")) {
        const Value *found = environment(machine, name, NULL);
        return found && found->kind == VALUE_UNKNOWN ? -1 : found != NULL;
    }
    if (g_str_equal(value->native->name, "sys.modules")) {
        const Module *module = module_known(machine, name);
        FoundModule place;
        bool absent = !module && module_locate(machine, name, &place) == FOUND_NOT;
        return module ? module->state != MODULE_FAILED : absent ? 0 : -1;
    }
    const char *inside = tree_path(machine, name);
    if (!inside || !g_str_equal(value->native->name, "sys.path"))
        return -1;
    for (unsigned i = 0; i < machine->path->len; i++)
        if (g_str_equal(machine->path->pdata[i], inside))
            return 1;
    return machine->path_open ? -1 : 0;
}

const Value *native_subscript(ImportMachine *machine, const Value *value, const Value *key)
{
    const char *name = value_string(key);
    const Value *found = NULL;
    if (name && g_str_equal(value->native->name, "os.environ")) {
        found = environment(machine, name, NULL);
    } else if (name && g_str_equal(value->native->name, "sys.modules")) {
        const Module *module = module_known(machine, name);
        if (module && module->state != MODULE_FAILED)
            found = module->replaced ? module->replaced : module->value;
    } else if (g_str_equal(value->native->name, "re.Match") && value->inner) {
        found = value_get(value->inner, key);
    }
    machine->unknowns += !found;
    return found ? found : machine->unknown;
}

static void set_module(ImportMachine *machine, const char *name, const Value *item)
{
    Module *module = module_known(machine, name);
    if (machine->weak > machine->frame->scope->module->scope->names->weak) {
        module_touch(machine, name);
        if (module && item != module->value)
            module->replaced = machine->unknown;
        return;
    }
    if (item->kind == VALUE_MODULE && (!module || module->state == MODULE_FAILED)) {
        g_hash_table_insert(machine->modules, (char *)machine_text(machine, name), item->module);
        return;
    }
    if (!module) {
        module = module_new(machine, name, MODULE_EXTENSION);
        module->state = MODULE_LOADED;
        module->scope->names->open = true;
        g_hash_table_insert(machine->modules, (char *)module->name, module);
    }
    if (item != module->value)
        module->replaced = item;
}

/* What is below the modules that have a part in this: of the functions that are on, and the one
 * whose body called them. */
static void touch_own(ImportMachine *machine)
{
    for (const Frame *frame = machine->frame; frame; frame = frame->up) {
        module_touch(machine, frame->scope->module->name);
        if (!frame->function && frame->scope->kind == SCOPE_MODULE)
            return;
    }
}

/* sys.modules[f"torch._C.{name}"] = …: what is below may be there. */
static void touch_below(ImportMachine *machine, const Value *key)
{
    const char *text = key->kind == VALUE_UNKNOWN ? key->text : NULL;
    const char *known = text ? strstr(text, "…") : NULL;
    while (known && known > text && known[-1] != '.')
        known--;
    if (known && known > text)
        module_touch(machine, machine_format(machine, "%.*s", (int)(known - text - 1), text));
    else
        touch_own(machine);
}

void native_set_subscript(ImportMachine *machine, const Value *value, const Value *key,
                          const Value *item)
{
    const char *name = value_string(key);
    if (g_str_equal(value->native->name, "os.environ") && name) {
        const Value *old = environment(machine, name, NULL);
        bool same = old && value_same(old, item) == 1;
        env_set(machine, name, machine->weak && !same ? machine->unknown : item);
    } else if (g_str_equal(value->native->name, "sys.modules")) {
        if (name)
            set_module(machine, name, item);
        else
            touch_below(machine, key);
    }
}

const GPtrArray *loaded_names(ImportMachine *machine)
{
    GPtrArray *names = machine_array(machine);
    for (unsigned i = 0; i < machine->loaded->len; i++) {
        const Module *module = machine->loaded->pdata[i];
        if (module->state != MODULE_FAILED && module_known(machine, module->name) == module)
            g_ptr_array_add(names, (void *)value_text(machine, module->name));
    }
    touch_own(machine);
    return names;
}

NATIVE(sys_modules_copy)
{
    const GPtrArray *names = loaded_names(machine);
    Value *dict = value_items(machine, VALUE_DICT);
    for (unsigned i = 0; i < names->len; i++) {
        const Module *module = module_known(machine, value_string(names->pdata[i]));
        g_ptr_array_add(dict->keys, names->pdata[i]);
        g_ptr_array_add(dict->items, (void *)(module->replaced ? module->replaced : module->value));
    }
    return dict;
}

NATIVE(sys_modules_items)
{
    const Value *dict = sys_modules_copy(machine, self, arguments);
    Value *list = value_items(machine, VALUE_LIST);
    for (unsigned i = 0; i < dict->keys->len; i++) {
        Value *pair = value_items(machine, VALUE_TUPLE);
        value_add(machine, pair, dict->keys->pdata[i]);
        value_add(machine, pair, dict->items->pdata[i]);
        value_add(machine, list, pair);
    }
    return list;
}

NATIVE(sys_modules_get)
{
    const Value *key = call_argument(arguments, 0, NULL);
    const char *name = key ? value_string(key) : NULL;
    const Module *module = name ? module_known(machine, name) : NULL;
    if (module && module->state != MODULE_FAILED)
        return module->replaced ? module->replaced : module->value;
    return machine->unknown;
}

NATIVE(sys_modules_setdefault)
{
    const Value *key = call_argument(arguments, 0, NULL);
    const Value *item = call_argument(arguments, 1, NULL);
    const char *name = key ? value_string(key) : NULL;
    if (name && item && !module_known(machine, name))
        set_module(machine, name, item);
    return machine->unknown;
}

/* The package in whose file this is. */
static const char *own_package(ImportMachine *machine)
{
    const Module *module = machine->frame->scope->module;
    const char *dot = strrchr(module->name, '.');
    return dot && !module->package
               ? machine_format(machine, "%.*s", (int)(dot - module->name), module->name)
               : module->name;
}

/* A finder of its own: for what is below the module that brings it, as far as can be told. */
NATIVE(sys_meta_path_insert)
{
    module_touch(machine, own_package(machine));
    return machine->none;
}

NATIVE(sys_meta_path_append)
{
    const Value *finder = call_argument(arguments, 0, NULL);
    if (!finder || finder->kind != VALUE_OBJECT)
        return sys_meta_path_insert(machine, self, arguments);
    finder_add(machine, own_package(machine), finder);
    return machine->none;
}

static void add_to_path(ImportMachine *machine, const Value *entry)
{
    const char *path = entry ? value_string(entry) : NULL;
    const char *inside = path ? tree_path(machine, path) : NULL;
    if (path && !inside && g_path_is_absolute(path)) {
        g_autofree char *clean = g_canonicalize_filename(path, "/");
        inside = sources_is_folder(machine->sources, clean) ? machine_text(machine, clean) : NULL;
    }
    if (inside && !machine->weak)
        g_ptr_array_add(machine->path, (void *)inside);
    else
        machine->path_open = true;
}

/* insert() too: what stands first matters little where no two entries have one name. */
NATIVE(sys_path_add)
{
    add_to_path(machine, arguments->count ? arguments->values[arguments->count - 1] : NULL);
    return machine->none;
}

NATIVE(sys_path_extend)
{
    const Value *list = call_argument(arguments, 0, NULL);
    const GPtrArray *items = list ? value_iterate(machine, list) : NULL;
    for (unsigned i = 0; items && i < items->len; i++)
        add_to_path(machine, items->pdata[i]);
    machine->path_open |= !items;
    return machine->none;
}

/* What the three systems call themselves. */
typedef struct {
    const char *platform; /* of the recipe, in front of "/" */
    const char *sys_platform, *os_name, *system, *intel, *arm;
} SystemNames;

static const SystemNames *system_names(const ImportMachine *machine)
{
    static const SystemNames rows[] = {
        {"windows/", "win32", "nt", "Windows", "AMD64", "ARM64"},
        {"macos/", "darwin", "posix", "Darwin", "x86_64", "arm64"},
        {"", "linux", "posix", "Linux", "x86_64", "aarch64"},
    };
    size_t i = 0;
    while (!g_str_has_prefix(machine->scene->platform, rows[i].platform))
        i++;
    return &rows[i];
}

static const Value *sys_platform(ImportMachine *machine)
{
    return value_text(machine, system_names(machine)->sys_platform);
}

static const Value *os_name(ImportMachine *machine)
{
    return value_text(machine, system_names(machine)->os_name);
}

static const Value *os_sep(ImportMachine *machine)
{
    return value_text(machine, "/");
}

NATIVE(platform_system)
{
    return value_text(machine, system_names(machine)->system);
}

NATIVE(platform_machine)
{
    const SystemNames *names = system_names(machine);
    bool arm = strstr(machine->scene->platform, "arm64") != NULL;
    return value_text(machine, arm ? names->arm : names->intel);
}

NATIVE(platform_python_implementation)
{
    return value_text(machine, "CPython");
}

NATIVE(platform_python_version)
{
    return value_text(machine, machine->scene->python);
}

static const Value *sys_version_info(ImportMachine *machine)
{
    Value *tuple = value_items(machine, VALUE_TUPLE);
    g_auto(GStrv) parts = g_strsplit(machine->scene->python, ".", 3);
    for (unsigned i = 0; i < 3; i++)
        value_add(machine, tuple,
                  parts[0] && i < g_strv_length(parts)
                      ? value_int(machine, g_ascii_strtoll(parts[i], NULL, 10))
                      : machine->unknown);
    value_add(machine, tuple, value_text(machine, "final"));
    value_add(machine, tuple, value_int(machine, 0));
    return tuple;
}

static const Value *sys_hexversion(ImportMachine *machine)
{
    unsigned major = 3, minor = 0, micro = 0;
    sscanf(machine->scene->python, "%u.%u.%u", &major, &minor, &micro);
    return value_int(machine, (gint64)major << 24 | (gint64)minor << 16 | micro << 8 | 0xf0);
}

static const Value *sys_maxsize(ImportMachine *machine)
{
    return value_int(machine, G_MAXINT64);
}

static const Value *sys_byteorder(ImportMachine *machine)
{
    return value_text(machine, "little");
}

NATIVE(path_join)
{
    g_autoptr(GString) path = g_string_new(NULL);
    for (unsigned i = 0; i < arguments->count; i++) {
        const char *part = value_string(arguments->values[i]);
        if (!part || arguments->names[i] || arguments->open)
            return machine->unknown;
        if (*part == '/')
            g_string_truncate(path, 0);
        else if (path->len > 0 && path->str[path->len - 1] != '/')
            g_string_append_c(path, '/');
        g_string_append(path, part);
    }
    return value_text(machine, machine_text(machine, path->str));
}

NATIVE(path_dirname)
{
    const char *path = argument_text(arguments, 0, NULL);
    const char *slash = path ? strrchr(path, '/') : NULL;
    if (!path)
        return machine->unknown;
    return value_text(
        machine, slash ? machine_format(machine, "%.*s", (int)(MAX(slash - path, 1)), path) : "");
}

NATIVE(path_basename)
{
    const char *path = argument_text(arguments, 0, NULL);
    const char *slash = path ? strrchr(path, '/') : NULL;
    return path ? value_text(machine, slash ? slash + 1 : path) : machine->unknown;
}

/* Links of the tree are not followed: wheels have none. */
NATIVE(path_absolute)
{
    const char *path = argument_text(arguments, 0, NULL);
    if (!path || *path != '/')
        return machine->unknown;
    g_autofree char *clean = g_canonicalize_filename(path, "/");
    return value_text(machine, machine_text(machine, clean));
}

NATIVE(path_splitext)
{
    const char *path = argument_text(arguments, 0, NULL);
    if (!path)
        return machine->unknown;
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    const char *begin = name + strspn(name, ".");
    if (!dot || dot < begin)
        dot = path + strlen(path);
    Value *tuple = value_items(machine, VALUE_TUPLE);
    value_add(machine, tuple,
              value_text(machine, machine_format(machine, "%.*s", (int)(dot - path), path)));
    value_add(machine, tuple, value_text(machine, dot));
    return tuple;
}

typedef enum {
    ASK_FILE = 1,
    ASK_FOLDER = 2
} Ask;

static const Value *path_is(ImportMachine *machine, const Arguments *arguments, int ask)
{
    const char *path = argument_text(arguments, 0, NULL);
    const char *inside = path ? tree_path(machine, path) : NULL;
    if (!inside)
        return machine->unknown;
    bool there = (ask & ASK_FILE && sources_is_file(machine->sources, inside)) ||
                 (ask & ASK_FOLDER && sources_is_folder(machine->sources, inside));
    if (!there && sources_open(machine->sources, inside))
        return machine->unknown;
    return value_bool(machine, there);
}

NATIVE(path_exists)
{
    return path_is(machine, arguments, ASK_FILE | ASK_FOLDER);
}

NATIVE(path_isfile)
{
    return path_is(machine, arguments, ASK_FILE);
}

NATIVE(path_isdir)
{
    return path_is(machine, arguments, ASK_FOLDER);
}

/* Unlike the file system, in byte order. */
NATIVE(os_listdir)
{
    const char *path = argument_text(arguments, 0, NULL);
    const char *inside = path ? tree_path(machine, path) : NULL;
    const GPtrArray *names = inside ? sources_list(machine->sources, inside) : NULL;
    Value *list = value_items(machine, VALUE_LIST);
    list->open = !names || sources_open(machine->sources, inside);
    machine->unknowns += !names;
    for (unsigned i = 0; names && i < names->len; i++) {
        const char *name = names->pdata[i];
        size_t length = strlen(name);
        length -= length > 0 && name[length - 1] == '/';
        value_add(machine, list,
                  value_text(machine, machine_format(machine, "%.*s", (int)length, name)));
    }
    return list;
}

/* clang-format off */
static const Native systems[] = {
    {"os.environ", NULL, NULL},
    {"os.environ.get", os_getenv, NULL},
    {"os.environ.pop", os_environ_pop, NULL},
    {"os.environ.setdefault", os_environ_setdefault, NULL},
    {"os.getenv", os_getenv, NULL},
    {"os.listdir", os_listdir, NULL},
    {"os.name", NULL, os_name},
    {"os.path.abspath", path_absolute, NULL},
    {"os.path.basename", path_basename, NULL},
    {"os.path.dirname", path_dirname, NULL},
    {"os.path.exists", path_exists, NULL},
    {"os.path.isdir", path_isdir, NULL},
    {"os.path.isfile", path_isfile, NULL},
    {"os.path.join", path_join, NULL},
    {"os.path.normpath", path_absolute, NULL},
    {"os.path.realpath", path_absolute, NULL},
    {"os.path.sep", NULL, os_sep},
    {"os.path.splitext", path_splitext, NULL},
    {"os.sep", NULL, os_sep},
    {"platform.machine", platform_machine, NULL},
    {"platform.python_implementation", platform_python_implementation, NULL},
    {"platform.python_version", platform_python_version, NULL},
    {"platform.system", platform_system, NULL},
    {"sys.byteorder", NULL, sys_byteorder},
    {"sys.hexversion", NULL, sys_hexversion},
    {"sys.maxsize", NULL, sys_maxsize},
    {"sys.meta_path", NULL, NULL},
    {"sys.meta_path.append", sys_meta_path_append, NULL},
    {"sys.meta_path.insert", sys_meta_path_insert, NULL},
    {"sys.modules", NULL, NULL},
    {"sys.modules.copy", sys_modules_copy, NULL},
    {"sys.modules.get", sys_modules_get, NULL},
    {"sys.modules.items", sys_modules_items, NULL},
    {"sys.modules.keys", sys_modules_copy, NULL},
    {"sys.modules.setdefault", sys_modules_setdefault, NULL},
    {"sys.path", NULL, NULL},
    {"sys.path.append", sys_path_add, NULL},
    {"sys.path.extend", sys_path_extend, NULL},
    {"sys.path.insert", sys_path_add, NULL},
    {"sys.platform", NULL, sys_platform},
    {"sys.version_info", NULL, sys_version_info},
};
/* clang-format on */

const NativeTable natives_system = {systems, G_N_ELEMENTS(systems)};
