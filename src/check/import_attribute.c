#include "check/import_machine.h"

#include "python/version.h"

static const Value *bound_method(ImportMachine *machine, const Value *function, const Value *self)
{
    Value *method = value_new(machine, VALUE_METHOD);
    method->function = function->function;
    method->inner = self;
    return method;
}

/* What a name of a class gives when it is looked up on an instance or the class. NULL: raised. */
static const Value *bind_member(ImportMachine *machine, const Value *found, const Value *self,
                                const Value *class)
{
    switch (found->kind) {
    case VALUE_FUNCTION:
        return self ? bound_method(machine, found, self) : found;
    case VALUE_STATIC:
        return found->inner;
    case VALUE_CLASS_METHOD:
        return found->inner->kind == VALUE_FUNCTION ? bound_method(machine, found->inner, class)
                                                    : machine->unknown;
    case VALUE_PROPERTY:
        return self ? value_call_plain(machine, found->inner, &self, 1) : found;
    case VALUE_NATIVE:
        return self && found->inner == NULL ? native_value(machine, found->native, self) : found;
    case VALUE_OBJECT: {
        bool unknown = false;
        const Value *get = class_find(machine, found->object->class, NULL, "__get__", &unknown);
        return get || unknown ? machine->unknown : found;
    }
    case VALUE_UNKNOWN:
    case VALUE_FOREIGN:
    case VALUE_NONE:
    case VALUE_BOOL:
    case VALUE_INT:
    case VALUE_TEXT:
    case VALUE_VERSION:
    case VALUE_TUPLE:
    case VALUE_LIST:
    case VALUE_DICT:
    case VALUE_MODULE:
    case VALUE_CLASS:
    case VALUE_METHOD:
    case VALUE_SUPER:
    case VALUE_NAMES:
        return found;
    }
    return found;
}

/* What objects may have without anyone having bound it. */
static bool is_inborn(const char *name)
{
    static const char *const names[] = {
        "__abstractmethods__",
        "__annotations__",
        "__cause__",
        "__class__",
        "__context__",
        "__dataclass_fields__",
        "__dataclass_params__",
        "__delattr__",
        "__dict__",
        "__dir__",
        "__doc__",
        "__eq__",
        "__firstlineno__",
        "__format__",
        "__ge__",
        "__getattribute__",
        "__getstate__",
        "__gt__",
        "__hash__",
        "__init__",
        "__init_subclass__",
        "__le__",
        "__loader__",
        "__lt__",
        "__match_args__",
        "__module__",
        "__name__",
        "__ne__",
        "__new__",
        "__notes__",
        "__orig_bases__",
        "__orig_class__",
        "__package__",
        "__parameters__",
        "__reduce__",
        "__reduce_ex__",
        "__repr__",
        "__setattr__",
        "__sizeof__",
        "__slots__",
        "__spec__",
        "__static_attributes__",
        "__str__",
        "__subclasshook__",
        "__suppress_context__",
        "__traceback__",
        "__type_params__",
        "__weakref__",
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++)
        if (g_str_equal(names[i], name))
            return true;
    return false;
}

/* What a __getattr__ gives; *ret_there 0: it says itself that the name is lacking, and nothing on
 * the way was unknown. */
static const Value *ask_getattr(ImportMachine *machine, const Value *function,
                                const Value *const *values, unsigned count, int *ret_there)
{
    unsigned possible = machine->possible->len;
    guint64 unknowns = machine->unknowns;
    machine->calls++; /* what it raises is looked at below */
    const Value *found = value_call_plain(machine, function, values, count);
    machine->calls--;
    const Value *lacking = g_hash_table_lookup(machine->builtins, "AttributeError");
    if (found && found->kind != VALUE_MODULE && machine->unknowns != unknowns)
        found = machine->unknown;
    *ret_there = found && found->kind != VALUE_UNKNOWN ? 1 : -1;
    if (found || machine->stopped)
        return found;
    int lacks = raised_matches(machine, machine->raised, lacking);
    if (lacks == 0 && !raised_is_doubtful(machine->raised))
        return NULL;
    bool certain = lacks == 1 && machine->raised->kind == RAISED_STATEMENT;
    *ret_there = certain && machine->unknowns == unknowns ? 0 : -1;
    machine->raised = NULL;
    g_ptr_array_set_size(machine->possible, (int)possible);
    machine->unknowns++;
    return machine->unknown;
}

static const Value *object_attribute(ImportMachine *machine, const Value *value, const char *name,
                                     int *ret_there)
{
    Object *object = value->object;
    const Binding *own = names_find(object->attributes, name);
    bool unknown = false;
    const Value *found = class_find(machine, object->class, NULL, name, &unknown);
    *ret_there = 1;
    if (own && !(found && found->kind == VALUE_PROPERTY))
        return own->value;
    if (found)
        return bind_member(machine, found, value, object->class->value);
    if (g_str_equal(name, "__class__"))
        return object->class->value;
    if (g_str_equal(name, "args") && object->arguments)
        return object->arguments;
    *ret_there = -1;
    if (g_str_equal(name, "__dict__"))
        value_expose(machine, value);
    if (unknown || object->attributes->open || is_inborn(name))
        return machine->unknown;
    const Value *fallback = class_find(machine, object->class, NULL, "__getattr__", &unknown);
    if (fallback && fallback->kind == VALUE_FUNCTION) {
        const Value *both[] = {value, value_text(machine, name)};
        return ask_getattr(machine, fallback, both, 2, ret_there);
    }
    if (!fallback && !unknown && class_is_whole(machine, object->class))
        *ret_there = 0;
    return machine->unknown;
}

static const Value *class_special(ImportMachine *machine, Class *class, const char *name)
{
    if (g_str_equal(name, "__name__") || g_str_equal(name, "__qualname__"))
        return value_text(machine, class->name);
    if (g_str_equal(name, "__module__"))
        return value_text(machine, class->module ? class->module->name : "builtins");
    if (g_str_equal(name, "__mro__")) {
        Value *order = value_items(machine, VALUE_TUPLE);
        const GPtrArray *classes = class_order(machine, class);
        for (unsigned i = 0; i < classes->len; i++)
            value_add(machine, order, classes->pdata[i]);
        value_add(machine, order, machine->object_class->value);
        return order;
    }
    if (g_str_equal(name, "__new__"))
        return native_value(machine, native_find(machine, "object.__new__"), NULL);
    if (g_str_equal(name, "__init__"))
        return native_value(machine, native_find(machine, "object.__init__"), NULL);
    return NULL;
}

static const Value *class_attribute(ImportMachine *machine, const Value *value, const char *name,
                                    int *ret_there)
{
    Class *class = value->class;
    bool unknown = false;
    const Value *found = class_find(machine, class, NULL, name, &unknown);
    *ret_there = 1;
    if (found) {
        /* Members of enumerations and what a metaclass makes are not what was assigned. */
        bool plain = found->kind == VALUE_FUNCTION || found->kind == VALUE_STATIC ||
                     found->kind == VALUE_CLASS_METHOD || found->kind == VALUE_CLASS ||
                     class_is_whole(machine, class);
        return plain ? bind_member(machine, found, NULL, value) : machine->unknown;
    }
    if (!class->module) {
        const Native *native =
            native_find(machine, machine_format(machine, "%s.%s", class->name, name));
        if (native)
            return native_value(machine, native, NULL);
    }
    const Value *special = class_special(machine, class, name);
    if (special)
        return special;
    *ret_there =
        unknown || g_str_has_prefix(name, "__") || !class_is_whole(machine, class) ? -1 : 0;
    return machine->unknown;
}

static const Value *super_attribute(ImportMachine *machine, const Value *value, const char *name,
                                    int *ret_there)
{
    const Value *self = value->inner;
    Class *start = self->kind == VALUE_OBJECT  ? self->object->class
                   : self->kind == VALUE_CLASS ? self->class
                                               : value->class;
    bool unknown = false;
    const Value *found = class_find(machine, start, value->class, name, &unknown);
    *ret_there = found ? 1 : -1;
    if (found)
        return bind_member(machine, found, self->kind == VALUE_CLASS ? NULL : self, start->value);
    if (unknown)
        return machine->unknown;
    const Native *native = native_find(machine, machine_format(machine, "object.%s", name));
    bool bound = native && !g_str_equal(name, "__new__");
    return native ? native_value(machine, native, bound ? self : NULL) : machine->unknown;
}

static const Value *function_attribute(ImportMachine *machine, const Value *value, const char *name,
                                       int *ret_there)
{
    const Function *function = value->function;
    const Binding *own = function->attributes ? names_find(function->attributes, name) : NULL;
    *ret_there = 1;
    if (own)
        return own->value;
    if (g_str_equal(name, "__name__"))
        return value_text(machine, function->name);
    if (g_str_equal(name, "__qualname__"))
        return value_text(machine, function->qualified);
    if (g_str_equal(name, "__module__"))
        return value_text(machine, function->scope->module->name);
    if (value->kind == VALUE_METHOD && g_str_equal(name, "__self__"))
        return value->inner;
    *ret_there =
        g_str_has_prefix(name, "__") || (function->attributes && function->attributes->open) ? -1
                                                                                             : 0;
    return machine->unknown;
}

static const Value *version_attribute(ImportMachine *machine, const Value *value, const char *name)
{
    g_autoptr(Version) version = version_parse(value->text, NULL);
    if (!version)
        return NULL;
    static const char *const numbers[] = {"major", "minor", "micro"};
    const char *const *release = version_release(version);
    for (unsigned i = 0; i < G_N_ELEMENTS(numbers); i++)
        if (g_str_equal(name, numbers[i])) {
            for (unsigned j = 0; j < i && *release; j++)
                release++;
            return value_int(machine, *release ? g_ascii_strtoll(*release, NULL, 10) : 0);
        }
    if (g_str_equal(name, "release") || g_str_equal(name, "version")) {
        Value *tuple = value_items(machine, VALUE_TUPLE);
        for (; *release; release++)
            value_add(machine, tuple, value_int(machine, g_ascii_strtoll(*release, NULL, 10)));
        return tuple;
    }
    if (g_str_equal(name, "local")) {
        const char *local = version_local(version);
        return local ? value_text(machine, machine_text(machine, local)) : machine->none;
    }
    if (g_str_equal(name, "public") || g_str_equal(name, "base_version")) {
        g_autofree char *text = NULL;
        if (g_str_equal(name, "public"))
            text = version_public_text(version);
        else
            text = g_strjoinv(".", (char **)release);
        return value_text(machine, machine_text(machine, text));
    }
    return NULL;
}

static const Value *module_special(ImportMachine *machine, Module *module, const char *name)
{
    if (g_str_equal(name, "__name__"))
        return value_text(machine, module->name);
    if (g_str_equal(name, "__file__") && module->path)
        return value_text(machine, tree_file(machine, module->path));
    if (g_str_equal(name, "__package__")) {
        const char *dot = strrchr(module->name, '.');
        if (module->package)
            return value_text(machine, module->name);
        return value_text(
            machine,
            dot ? machine_format(machine, "%.*s", (int)(dot - module->name), module->name) : "");
    }
    if (g_str_equal(name, "__path__") && module->folders) {
        if (module->path_list)
            return module->path_list;
        Value *list = value_items(machine, VALUE_LIST);
        module->path_list = list;
        for (unsigned i = 0; i < module->folders->len; i++)
            value_add(machine, list,
                      value_text(machine, tree_file(machine, module->folders->pdata[i])));
        return list;
    }
    if (g_str_equal(name, "__dict__")) {
        Value *value = value_new(machine, VALUE_NAMES);
        value->scope = module->scope;
        return value;
    }
    static const char *const others[] = {"__spec__",   "__doc__",      "__loader__",
                                         "__cached__", "__builtins__", "__annotations__"};
    for (unsigned i = 0; i < G_N_ELEMENTS(others); i++)
        if (g_str_equal(name, others[i]))
            return g_str_equal(name, "__spec__") ? machine->foreign : machine->unknown;
    return NULL;
}

bool module_is_whole(const Module *module)
{
    return (module->kind == MODULE_SOURCE || module->kind == MODULE_NAMESPACE) &&
           module->state == MODULE_LOADED && !module->scope->names->open && !module->replaced;
}

/* Modules of the standard library whose use at import raises nothing. */
static bool module_is_calm(const Module *module)
{
    static const char *const calm[] = {
        "__future__",
        "_thread",
        "abc",
        "argparse",
        "atexit",
        "collections",
        "contextlib",
        "contextvars",
        "copy",
        "dataclasses",
        "datetime",
        "enum",
        "functools",
        "inspect",
        "itertools",
        "logging",
        "math",
        "operator",
        "queue",
        "random",
        "re",
        "string",
        "textwrap",
        "threading",
        "time",
        "traceback",
        "types",
        "typing",
        "uuid",
        "warnings",
        "weakref",
        "numbers",
        "fractions",
        "decimal",
        "pprint",
        "collections.abc",
        "concurrent.futures",
        "logging.handlers",
        "logging.config",
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(calm); i++)
        if (g_str_equal(calm[i], module->name))
            return true;
    return false;
}

static const Value *stdlib_attribute(ImportMachine *machine, Module *module, const char *name)
{
    const char *dotted = machine_format(machine, "%s.%s", module->name, name);
    const Native *native = native_find(machine, dotted);
    if (native)
        return native->get ? native->get(machine) : native_value(machine, native, NULL);
    const Value *exception = exception_known_as(machine, dotted);
    if (exception)
        return exception;
    if (g_hash_table_contains(machine->native_modules, dotted)) {
        Module *sub = module_import(machine, dotted);
        return sub ? sub->value : NULL;
    }
    return module_is_calm(module) ? machine->calm : machine->foreign;
}

/* PEP 562. It lacks the name for certain if it says so itself and nothing on the way was unknown.
 */
static const Value *module_getattr(ImportMachine *machine, const Value *function, const char *name,
                                   int *ret_there)
{
    const Value *text = value_text(machine, name);
    return ask_getattr(machine, function, &text, 1, ret_there);
}

const Value *module_attribute(ImportMachine *machine, Module *module, const char *name,
                              int *ret_there)
{
    *ret_there = 1;
    const Binding *binding = names_find(module->scope->names, name);
    bool beside = binding && binding->maybe && module->kind == MODULE_STDLIB;
    if (binding && !beside)
        return binding->value;
    const Value *special = module_special(machine, module, name);
    if (special)
        return special;
    if (module->kind == MODULE_STDLIB &&
        (beside || !stdlib_lacks(machine, machine_format(machine, "%s.%s", module->name, name)))) {
        const Value *found = stdlib_attribute(machine, module, name);
        *ret_there = found && found->kind == VALUE_FOREIGN ? -1 : 1;
        return found && beside ? value_join(machine, found, binding->value) : found;
    }
    const char *dotted = machine_format(machine, "%s.%s", module->name, name);
    const Native *native = module->kind == MODULE_EXTENSION ? native_find(machine, dotted) : NULL;
    *ret_there = native != NULL;
    return native ? native_value(machine, native, NULL) : NULL;
}

/* As an attribute of it: with what is behind the names. */
static const Value *module_get(ImportMachine *machine, Module *module, const char *name,
                               int *ret_there)
{
    if (module->replaced) {
        const Value *found = attribute_try(machine, module->replaced, name, ret_there);
        if (*ret_there == 0 && module_is_touched(machine, module->name))
            *ret_there = -1;
        return !found || *ret_there == 1 ? found : machine->unknown;
    }
    const Value *found = module_attribute(machine, module, name, ret_there);
    if (found || machine->stopped)
        return found;
    const Binding *getter = names_find(module->scope->names, "__getattr__");
    if (getter && getter->value->kind == VALUE_FUNCTION) {
        found = module_getattr(machine, getter->value, name, ret_there);
        bool whole = module_is_whole(module) && !module_is_touched(machine, module->name);
        *ret_there = *ret_there == 0 && !whole ? -1 : *ret_there;
        return found;
    }
    /* What is walked on some ways only is often meant for another version. */
    bool certain = machine->frame && machine->weak <= machine->frame->scope->names->weak;
    bool known = module_is_whole(module) ||
                 (module->kind == MODULE_STDLIB && !module->scope->names->open && certain);
    *ret_there = !getter && known && !module_is_touched(machine, module->name) ? 0 : -1;
    return machine->unknown;
}

static const Value *native_attribute(ImportMachine *machine, const Value *value, const char *name,
                                     int *ret_there)
{
    const char *dotted = machine_format(machine, "%s.%s", value->native->name, name);
    const Native *native = native_find(machine, dotted);
    *ret_there = native ? 1 : -1;
    if (!native && g_str_equal(value->native->name, "collections.namedtuple()"))
        return machine->calm;
    return native ? native_value(machine, native, value) : machine->unknown;
}

static const Value *named_item(ImportMachine *machine, const Value *tuple, const char *name,
                               int *ret_there)
{
    for (unsigned i = 0; i < tuple->keys->len && i < tuple->items->len; i++) {
        if (g_strcmp0(value_string(tuple->keys->pdata[i]), name) != 0)
            continue;
        *ret_there = 1;
        return tuple->items->pdata[i];
    }
    *ret_there = -1;
    return machine->calm;
}

static const Value *method_of(ImportMachine *machine, const Value *value, const char *type,
                              const char *name, int *ret_there)
{
    const Native *native = native_find(machine, machine_format(machine, "%s.%s", type, name));
    *ret_there = native ? 1 : -1;
    return native ? native_value(machine, native, value) : machine->unknown;
}

/* sys.version_info.major */
static const Value *version_part(const Value *value, const char *name)
{
    static const char *const parts[] = {"major", "minor", "micro", "releaselevel", "serial"};
    for (unsigned i = 0; value->items->len == G_N_ELEMENTS(parts) && i < G_N_ELEMENTS(parts); i++)
        if (g_str_equal(name, parts[i]))
            return value->items->pdata[i];
    return NULL;
}

const Value *attribute_try(ImportMachine *machine, const Value *value, const char *name,
                           int *ret_there)
{
    *ret_there = -1;
    const Value *found;
    switch (value->kind) {
    case VALUE_MODULE:
        return module_get(machine, value->module, name, ret_there);
    case VALUE_OBJECT:
        return object_attribute(machine, value, name, ret_there);
    case VALUE_CLASS:
        return class_attribute(machine, value, name, ret_there);
    case VALUE_SUPER:
        return super_attribute(machine, value, name, ret_there);
    case VALUE_FUNCTION:
    case VALUE_METHOD:
        return function_attribute(machine, value, name, ret_there);
    case VALUE_FOREIGN:
        return value;
    case VALUE_NATIVE:
        return native_attribute(machine, value, name, ret_there);
    case VALUE_VERSION:
        found = version_attribute(machine, value, name);
        *ret_there = 1;
        return found ? found : method_of(machine, value, "str", name, ret_there);
    case VALUE_TEXT:
        return method_of(machine, value, "str", name, ret_there);
    case VALUE_LIST:
        return method_of(machine, value, "list", name, ret_there);
    case VALUE_DICT:
        return method_of(machine, value, "dict", name, ret_there);
    case VALUE_NAMES:
        return method_of(machine, value, "names", name, ret_there);
    case VALUE_PROPERTY:
        return method_of(machine, value, "property", name, ret_there);
    case VALUE_TUPLE:
        if (value->keys)
            return named_item(machine, value, name, ret_there);
        found = version_part(value, name);
        *ret_there = 1;
        return found ? found : method_of(machine, value, "tuple", name, ret_there);
    case VALUE_UNKNOWN:
    case VALUE_NONE:
    case VALUE_BOOL:
    case VALUE_INT:
    case VALUE_STATIC:
    case VALUE_CLASS_METHOD:
        return machine->unknown;
    }
    return machine->unknown;
}

const Value *attribute_get(ImportMachine *machine, const Value *value, const char *name)
{
    int there = -1;
    const Value *found = attribute_try(machine, value, name, &there);
    if (!found)
        return NULL;
    if (there == 0 && value->kind == VALUE_MODULE)
        return raise_builtin(machine, RAISED_ATTRIBUTE, "AttributeError", value->module->name,
                             machine_format(machine, "module '%s' has no attribute '%s'",
                                            value->module->name, name));
    machine->unknowns += found->kind == VALUE_UNKNOWN;
    return found;
}

static bool set_on_object(ImportMachine *machine, const Value *value, const char *name,
                          const Value *item)
{
    bool unknown = false;
    const Value *setter = class_find(machine, value->object->class, NULL, "__setattr__", &unknown);
    if (setter && setter->kind == VALUE_FUNCTION) {
        const Value *all[] = {value, value_text(machine, name), item};
        return value_call_plain(machine, setter, all, 3) != NULL;
    }
    names_bind(machine, value->object->attributes, name, item);
    return true;
}

bool attribute_set(ImportMachine *machine, const Value *value, const char *name, const Value *item)
{
    Function *function;
    switch (value->kind) {
    case VALUE_OBJECT:
        return set_on_object(machine, value, name, item);
    case VALUE_MODULE:
        /* Another class may have __getattr__. */
        if (g_str_equal(name, "__class__"))
            value_expose(machine, value);
        /* A list of its own: what it holds is not followed. */
        if (g_str_equal(name, "path") && g_str_equal(value->module->name, "sys"))
            machine->path_open = true;
        names_bind(machine, value->module->scope->names, name, item);
        return true;
    case VALUE_CLASS:
        names_bind(machine, value->class->names, name, item);
        return true;
    case VALUE_FUNCTION:
        function = value->function;
        if (!function->attributes)
            function->attributes = names_new(machine);
        names_bind(machine, function->attributes, name, item);
        return true;
    case VALUE_SUPER:
        if (value->inner->kind == VALUE_OBJECT)
            names_bind(machine, value->inner->object->attributes, name, item);
        return true;
    case VALUE_UNKNOWN:
    case VALUE_FOREIGN:
    case VALUE_NONE:
    case VALUE_BOOL:
    case VALUE_INT:
    case VALUE_TEXT:
    case VALUE_VERSION:
    case VALUE_TUPLE:
    case VALUE_LIST:
    case VALUE_DICT:
    case VALUE_METHOD:
    case VALUE_NATIVE:
    case VALUE_STATIC:
    case VALUE_CLASS_METHOD:
    case VALUE_PROPERTY:
    case VALUE_NAMES:
        machine->unknowns++;
        return true;
    }
    return true;
}
