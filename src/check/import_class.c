#include "check/import_machine.h"

Class *class_new(ImportMachine *machine, const char *name, Module *module)
{
    Class *class = machine_alloc(machine, sizeof *class);
    Value *value = value_new(machine, VALUE_CLASS);
    value->class = class;
    *class = (Class){.name = name, .module = module, .value = value};
    class->names = names_new(machine);
    class->bases = machine_array(machine);
    return class;
}

static void add_order(GPtrArray *order, const Value *value)
{
    g_ptr_array_remove(order, (void *)value);
    g_ptr_array_add(order, (void *)value);
}

enum {
    MAX_BASES = 200
};

/* Depth first, of what appears twice the last one stays: what C3 gives for the hierarchies that
 * people write. */
const GPtrArray *class_order(ImportMachine *machine, Class *class)
{
    if (class->order)
        return class->order;
    class->order = machine_array(machine);
    GPtrArray *order = machine_array(machine);
    g_ptr_array_add(order, (void *)class->value);
    for (unsigned i = 0; i < class->bases->len && order->len < MAX_BASES; i++) {
        const Value *base = class->bases->pdata[i];
        if (base->kind != VALUE_CLASS) {
            add_order(order, base);
            continue;
        }
        const GPtrArray *above = class_order(machine, base->class);
        for (unsigned j = 0; j < above->len; j++)
            add_order(order, above->pdata[j]);
    }
    class->order = order;
    return order;
}

bool class_is_whole(ImportMachine *machine, Class *class)
{
    const GPtrArray *order = class_order(machine, class);
    for (unsigned i = 0; i < order->len; i++) {
        const Value *value = order->pdata[i];
        if (value->kind != VALUE_CLASS || value->class->names->open)
            return false;
        const Value *meta = value->class->metaclass;
        if (meta && meta->kind != VALUE_FOREIGN)
            return false;
    }
    return true;
}

int class_is_subclass(ImportMachine *machine, const Value *class, const Value *base)
{
    if (base->kind == VALUE_TUPLE && !base->open) {
        int found = 0;
        for (unsigned i = 0; i < base->items->len && found != 1; i++) {
            int one = class_is_subclass(machine, class, base->items->pdata[i]);
            found = one == 1 ? 1 : one < 0 ? -1 : found;
        }
        return found;
    }
    if (base->kind == VALUE_CLASS && base->class == machine->object_class)
        return 1;
    if (class->kind == VALUE_FOREIGN && base->kind == VALUE_CLASS && base->class->module)
        return 0;
    if (class->kind != VALUE_CLASS || base->kind != VALUE_CLASS)
        return -1;
    const GPtrArray *order = class_order(machine, class->class);
    bool unknown = false;
    for (unsigned i = 0; i < order->len; i++) {
        const Value *one = order->pdata[i];
        if (one->kind == VALUE_CLASS && one->class == base->class)
            return 1;
        unknown |= one->kind == VALUE_UNKNOWN || one->kind == VALUE_NATIVE ||
                   (one->kind == VALUE_FOREIGN && !base->class->module);
    }
    /* A metaclass may have __subclasscheck__, and builtins may be registered with it. */
    const Value *meta = base->class->metaclass;
    return unknown || (meta && meta->kind != VALUE_FOREIGN) ? -1 : 0;
}

typedef struct {
    ValueKind kind;
    const char *name;
} KindName;

static const KindName kind_names[] = {
    {VALUE_BOOL, "bool"},   {VALUE_INT, "int"},           {VALUE_TEXT, "str"},
    {VALUE_TUPLE, "tuple"}, {VALUE_LIST, "list"},         {VALUE_DICT, "dict"},
    {VALUE_CLASS, "type"},  {VALUE_PROPERTY, "property"}, {VALUE_MODULE, "module"},
};

static const char *kind_name(ValueKind kind)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(kind_names); i++)
        if (kind_names[i].kind == kind)
            return kind_names[i].name;
    return NULL;
}

/* Builtin values; sets are lists here, so that of "list" and "set" nothing is said. */
static int builtin_is_instance(ImportMachine *machine, const Value *value, const Class *class)
{
    const char *own = kind_name(value->kind);
    if (class == machine->object_class)
        return 1;
    if (value->kind == VALUE_CLASS)
        return class == machine->type_class ? 1 : -1;
    if (class->meta)
        return 0;
    if (class->module)
        return 0;
    if (value->set && strstr(class->name, "set"))
        return g_str_equal(class->name, "set") || g_str_equal(class->name, "frozenset") ? -1 : 0;
    if (value->set)
        return 0;
    if (value->kind == VALUE_BOOL && g_str_equal(class->name, "int"))
        return 1;
    return own && g_str_equal(own, class->name);
}

int value_is_instance(ImportMachine *machine, const Value *value, const Value *class)
{
    if (class->kind == VALUE_TUPLE && !class->open) {
        int found = 0;
        for (unsigned i = 0; i < class->items->len && found != 1; i++) {
            int one = value_is_instance(machine, value, class->items->pdata[i]);
            found = one == 1 ? 1 : one < 0 ? -1 : found;
        }
        return found;
    }
    if (class->kind != VALUE_CLASS || value->kind == VALUE_UNKNOWN)
        return -1;
    const Value *meta = class->class->metaclass;
    if (meta && meta->kind != VALUE_FOREIGN)
        return -1;
    switch (value->kind) {
    case VALUE_OBJECT:
        return class_is_subclass(machine, value->object->class->value, class);
    case VALUE_FOREIGN:
        return class->class->module ? 0 : -1;
    case VALUE_VERSION:
        return -1;
    case VALUE_NONE:
    case VALUE_BOOL:
    case VALUE_INT:
    case VALUE_TEXT:
    case VALUE_TUPLE:
    case VALUE_LIST:
    case VALUE_DICT:
    case VALUE_CLASS:
    case VALUE_MODULE:
    case VALUE_FUNCTION:
    case VALUE_METHOD:
    case VALUE_PROPERTY:
        return builtin_is_instance(machine, value, class->class);
    case VALUE_UNKNOWN:
    case VALUE_NATIVE:
    case VALUE_STATIC:
    case VALUE_CLASS_METHOD:
    case VALUE_SUPER:
    case VALUE_NAMES:
        return -1;
    }
    return -1;
}

const Value *class_find(ImportMachine *machine, Class *class, const Class *after, const char *name,
                        bool *ret_unknown)
{
    const GPtrArray *order = class_order(machine, class);
    bool behind = after == NULL;
    for (unsigned i = 0; i < order->len; i++) {
        const Value *one = order->pdata[i];
        if (!behind) {
            behind = one->kind == VALUE_CLASS && one->class == after;
            continue;
        }
        const Binding *binding =
            one->kind == VALUE_CLASS ? names_find(one->class->names, name) : NULL;
        if (binding) {
            *ret_unknown |= binding->value->kind == VALUE_UNKNOWN;
            return binding->value;
        }
        if (one->kind != VALUE_CLASS || one->class->names->open) {
            *ret_unknown = true;
            return NULL;
        }
    }
    return NULL;
}

static bool function_is_abstract(const Value *value)
{
    while (value->kind == VALUE_STATIC || value->kind == VALUE_CLASS_METHOD ||
           value->kind == VALUE_PROPERTY)
        value = value->inner;
    return value->kind == VALUE_FUNCTION && value->function->abstract;
}

int class_is_abstract(ImportMachine *machine, Class *class)
{
    const GPtrArray *order = class_order(machine, class);
    for (unsigned i = 0; i < order->len; i++) {
        const Value *one = order->pdata[i];
        if (one->kind == VALUE_UNKNOWN)
            return -1;
        if (one->kind != VALUE_CLASS || !one->class->abstracts)
            continue;
        for (unsigned j = 0; j < one->class->abstracts->len; j++) {
            bool unknown = false;
            const char *name = one->class->abstracts->pdata[j];
            const Value *found = class_find(machine, class, NULL, name, &unknown);
            if (found && function_is_abstract(found))
                return 1;
            if (unknown)
                return -1;
        }
    }
    return 0;
}

const Value *object_new(ImportMachine *machine, Class *class)
{
    Object *object = machine_alloc(machine, sizeof *object);
    Value *value = value_new(machine, VALUE_OBJECT);
    value->object = object;
    object->class = class;
    object->attributes = names_new(machine);
    object->attributes->weak = 0;
    return value;
}

static void fill_fields(ImportMachine *machine, const Value *object, const Arguments *arguments)
{
    const GPtrArray *order = class_order(machine, object->object->class);
    unsigned position = 0;
    for (unsigned i = order->len; i-- > 0;) {
        const Value *one = order->pdata[i];
        const GPtrArray *fields = one->kind == VALUE_CLASS ? one->class->fields : NULL;
        for (unsigned j = 0; fields && j < fields->len; j++) {
            const char *name = fields->pdata[j];
            const Value *value = call_argument(arguments, position++, name);
            if (value && !arguments->open)
                names_bind(machine, object->object->attributes, name, value);
        }
    }
    object->object->attributes->open |= arguments->open;
}

static const Value *initialise(ImportMachine *machine, const Value *object,
                               const Arguments *arguments)
{
    Class *class = object->object->class;
    bool unknown = false;
    const Value *init = class_find(machine, class, NULL, "__init__", &unknown);
    Value *given = value_items(machine, VALUE_TUPLE);
    for (unsigned i = 0; i < arguments->count; i++)
        if (!arguments->names[i])
            value_add(machine, given, arguments->values[i]);
    given->open = arguments->open;
    object->object->arguments = given;
    if (init && init->kind == VALUE_FUNCTION)
        return function_call(machine, init->function, object, arguments) ? object : NULL;
    if (class->dataclass)
        fill_fields(machine, object, arguments);
    if (init || unknown) {
        value_expose(machine, object);
        for (unsigned i = 0; i < arguments->count; i++)
            value_expose(machine, arguments->values[i]);
        machine->unknowns++;
    }
    return object;
}

/* Whether making an instance may do something else than __new__ and __init__. */
static bool has_own_maker(ImportMachine *machine, Class *class)
{
    const GPtrArray *order = class_order(machine, class);
    for (unsigned i = 0; i < order->len; i++) {
        const Value *one = order->pdata[i];
        const Value *meta = one->kind == VALUE_CLASS ? one->class->metaclass : NULL;
        if (!meta || meta->kind == VALUE_FOREIGN)
            continue;
        bool unknown = false;
        if (meta->kind != VALUE_CLASS ||
            class_find(machine, meta->class, NULL, "__call__", &unknown))
            return true;
    }
    return false;
}

const Value *class_call(ImportMachine *machine, const Value *class, const Arguments *arguments)
{
    Class *made = class->class;
    if (made->call && made->call->call)
        return made->call->call(machine, class, arguments);
    if (made->meta || has_own_maker(machine, made) || (made->names->open && !made->module)) {
        for (unsigned i = 0; i < arguments->count; i++)
            value_expose(machine, arguments->values[i]);
        machine->unknowns++;
        return machine->unknown;
    }
    bool unknown = false;
    const Value *maker = class_find(machine, made, NULL, "__new__", &unknown);
    if (maker && maker->kind == VALUE_STATIC)
        maker = maker->inner;
    if (!maker || maker->kind != VALUE_FUNCTION)
        return initialise(machine, object_new(machine, made), arguments);
    const Value *object = function_call(machine, maker->function, class, arguments);
    if (!object || object->kind != VALUE_OBJECT || object->object->class != made)
        return object;
    return initialise(machine, object, arguments);
}
