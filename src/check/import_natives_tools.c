/* Intrinsics of the standard library's tools for definitions: functools, dataclasses, abc, typing,
 * contextlib, inspect; and what only tells people something. */
#include "check/import_machine.h"

NATIVE(same_back)
{
    const Value *value = call_argument(arguments, 0, NULL);
    return value ? value : machine->unknown;
}

static const Value *identity(ImportMachine *machine)
{
    static const Native row = {"identity", same_back, NULL};
    return native_value(machine, &row, NULL);
}

/* @cache and @cache(…): the function, or what will give it. */
NATIVE(cached)
{
    const Value *value = call_argument(arguments, 0, "user_function");
    bool plain = value && arguments->count == 1 &&
                 (value->kind == VALUE_FUNCTION || value->kind == VALUE_STATIC ||
                  value->kind == VALUE_CLASS_METHOD || value->kind == VALUE_METHOD ||
                  value->kind == VALUE_CLASS);
    return plain ? value : identity(machine);
}

NATIVE(decorator_maker)
{
    return identity(machine);
}

NATIVE(update_wrapper)
{
    return same_back(machine, self, arguments);
}

static const Value *cached_property(ImportMachine *machine, const Value *self,
                                    const Arguments *arguments)
{
    const Value *inner = call_argument(arguments, 0, "func");
    Value *value = value_new(machine, VALUE_PROPERTY);
    value->inner = inner ? inner : machine->unknown;
    return value;
}

NATIVE(make_dataclass)
{
    const Value *class = call_argument(arguments, 0, NULL);
    static const Native row = {"dataclass", make_dataclass, NULL};
    if (!class || class->kind != VALUE_CLASS)
        return native_value(machine, &row, NULL);
    class->class->dataclass = true;
    return class;
}

/* dataclasses.fields() of a class that is none. */
NATIVE(dataclass_fields)
{
    const Value *value = call_argument(arguments, 0, "class_or_instance");
    if (!value || value->kind != VALUE_CLASS || !class_is_whole(machine, value->class))
        return machine->calm;
    const GPtrArray *order = class_order(machine, value->class);
    for (unsigned i = 0; i < order->len; i++) {
        const Class *class = ((const Value *)order->pdata[i])->class;
        if (class->dataclass || names_find(class->names, "__dataclass_fields__"))
            return machine->calm;
    }
    return raise_builtin(machine, RAISED_NATIVE, "TypeError", NULL,
                         "must be called with a dataclass type or instance");
}

NATIVE(abstract_method)
{
    const Value *value = call_argument(arguments, 0, NULL);
    if (!value)
        return machine->unknown;
    const Value *inner = value;
    while (inner->kind == VALUE_STATIC || inner->kind == VALUE_CLASS_METHOD ||
           inner->kind == VALUE_PROPERTY)
        inner = inner->inner;
    if (inner->kind == VALUE_FUNCTION)
        inner->function->abstract = true;
    return value;
}

static const Value *abstract_wrapped(ImportMachine *machine, const Arguments *arguments,
                                     ValueKind kind)
{
    Value *value = value_new(machine, kind);
    value->inner = abstract_method(machine, NULL, arguments);
    return value;
}

NATIVE(abstract_class_method)
{
    return abstract_wrapped(machine, arguments, VALUE_CLASS_METHOD);
}

NATIVE(abstract_static_method)
{
    return abstract_wrapped(machine, arguments, VALUE_STATIC);
}

NATIVE(abstract_property)
{
    return abstract_wrapped(machine, arguments, VALUE_PROPERTY);
}

static const Value *plain_base(ImportMachine *machine)
{
    return machine->object_class->value;
}

static const Value *false_constant(ImportMachine *machine)
{
    return machine->false_value;
}

NATIVE(typing_cast)
{
    const Value *value = call_argument(arguments, 1, "val");
    return value ? value : machine->unknown;
}

NATIVE(suppress)
{
    const Value *object = object_new(machine, machine->suppress_class);
    Value *types = value_items(machine, VALUE_TUPLE);
    for (unsigned i = 0; i < arguments->count; i++)
        value_add(machine, types, arguments->values[i]);
    types->open = arguments->open;
    object->object->arguments = types;
    return object;
}

/* Its generator is not walked, and may swallow what is raised in the block. */
NATIVE(context_manager)
{
    return machine->unknown;
}

NATIVE(is_function)
{
    const Value *value = call_argument(arguments, 0, NULL);
    if (!value || value->kind == VALUE_UNKNOWN || value->kind == VALUE_FOREIGN)
        return machine->unknown;
    return value_bool(machine, value->kind == VALUE_FUNCTION);
}

NATIVE(is_class)
{
    const Value *value = call_argument(arguments, 0, NULL);
    const Value *type = machine->type_class->value;
    int truth = value ? value_is_instance(machine, value, type) : -1;
    return truth < 0 ? machine->unknown : value_bool(machine, truth);
}

NATIVE(is_abstract)
{
    const Value *value = call_argument(arguments, 0, NULL);
    if (!value || value->kind == VALUE_UNKNOWN || value->kind == VALUE_FOREIGN)
        return machine->unknown;
    int truth = value->kind == VALUE_CLASS ? class_is_abstract(machine, value->class) : 0;
    return truth < 0 ? machine->unknown : value_bool(machine, truth);
}

NATIVE(is_module)
{
    const Value *value = call_argument(arguments, 0, NULL);
    if (!value || value->kind == VALUE_UNKNOWN || value->kind == VALUE_FOREIGN)
        return machine->unknown;
    return value_bool(machine, value->kind == VALUE_MODULE);
}

NATIVE(nothing)
{
    return machine->none;
}

/* sys.exit() while a module is imported. */
NATIVE(leave)
{
    const Value *class = g_hash_table_lookup(machine->builtins, "SystemExit");
    const Value *given = call_argument(arguments, 0, NULL);
    const Value *exception = value_call_plain(machine, class, &given, given ? 1 : 0);
    if (!exception)
        return NULL;
    const char *message = given ? value_display(machine, given, false) : "";
    return raise_value(machine, exception, message);
}

/* Functions of operator that compare. */
static const Value *compare(ImportMachine *machine, const Arguments *arguments, PyOperator op)
{
    const Value *a = call_argument(arguments, 0, NULL), *b = call_argument(arguments, 1, NULL);
    bool two = a && b && arguments->count == 2 && !arguments->open;
    int holds = two ? value_compare(machine, op, a, b) : -1;
    machine->unknowns += holds < 0;
    return holds < 0 ? machine->unknown : value_bool(machine, holds);
}

NATIVE(operator_eq)
{
    return compare(machine, arguments, PY_OPERATOR_EQ);
}

NATIVE(operator_ne)
{
    return compare(machine, arguments, PY_OPERATOR_NE);
}

NATIVE(operator_lt)
{
    return compare(machine, arguments, PY_OPERATOR_LT);
}

NATIVE(operator_le)
{
    return compare(machine, arguments, PY_OPERATOR_LE);
}

NATIVE(operator_gt)
{
    return compare(machine, arguments, PY_OPERATOR_GT);
}

NATIVE(operator_ge)
{
    return compare(machine, arguments, PY_OPERATOR_GE);
}

/* Fields of a named tuple: "x y", "x, y" or ["x", "y"]; NULL: not known. */
static const Value *field_names(ImportMachine *machine, const Value *given)
{
    const char *text = given ? value_string(given) : NULL;
    const GPtrArray *items = given && !text ? value_iterate(machine, given) : NULL;
    g_auto(GStrv) words = text ? g_strsplit_set(text, ", \t\n", -1) : NULL;
    Value *names = value_items(machine, VALUE_LIST);
    for (char **word = words; word && *word; word++)
        if (**word)
            value_add(machine, names, value_text(machine, machine_text(machine, *word)));
    for (unsigned i = 0; items && i < items->len; i++) {
        if (!value_string(items->pdata[i]))
            return NULL;
        value_add(machine, names, items->pdata[i]);
    }
    return text || items ? names : NULL;
}

/* collections.namedtuple("Name", fields)(…): a tuple with keys. */
NATIVE(named_tuple_item)
{
    Value *tuple = value_items(machine, VALUE_TUPLE);
    const Value *names = self;
    unsigned position = 0;
    for (unsigned i = 0; i < arguments->count; i++)
        position += !arguments->names[i];
    if (!names || arguments->open || position > names->items->len)
        return machine->calm;
    for (unsigned i = 0; i < names->items->len; i++) {
        const Value *item = call_argument(arguments, i, value_string(names->items->pdata[i]));
        value_add(machine, tuple, item ? item : machine->unknown);
    }
    tuple->keys = names->items;
    return tuple;
}

NATIVE(named_tuple)
{
    bool plain = arguments->count == 2 && !arguments->open;
    const Value *names =
        plain ? field_names(machine, call_argument(arguments, 1, "field_names")) : NULL;
    return names ? native_value(machine, native_find(machine, "collections.namedtuple()"), names)
                 : machine->calm;
}

/* A frame and those that called it, up to the body of the module: beyond is the import system. */
static const Value *frame_value(ImportMachine *machine, const Frame *frame)
{
    const Value *object = object_new(machine, machine->frame_class);
    Names *attributes = object->object->attributes;
    bool body = !frame->function && frame->scope->kind == SCOPE_MODULE;
    Value *globals = value_new(machine, VALUE_NAMES);
    globals->scope = scope_module(frame->scope);
    names_bind(machine, attributes, "f_globals", globals);
    names_bind(machine, attributes, "f_locals", body ? globals : machine->unknown);
    names_bind(machine, attributes, "f_back",
               body || !frame->up ? machine->unknown : frame_value(machine, frame->up));
    attributes->open = true;
    return object;
}

/* On some ways only: what is done with it is not followed. */
static void open_callers(ImportMachine *machine)
{
    const Frame *frame = machine->frame;
    while (frame && (frame->function || frame->scope->kind != SCOPE_MODULE))
        frame = frame->up;
    if (frame && machine->weak > machine->frame->scope->names->weak)
        frame->scope->names->open = true;
}

NATIVE(current_frame)
{
    open_callers(machine);
    const Value *depth = call_argument(arguments, 0, NULL);
    gint64 up = !depth ? 0 : depth->kind == VALUE_INT ? depth->number : -1;
    const Frame *frame = machine->frame;
    while (frame && up > 0) {
        bool body = !frame->function && frame->scope->kind == SCOPE_MODULE;
        frame = body ? NULL : frame->up;
        up--;
    }
    return frame && up == 0 ? frame_value(machine, frame) : machine->unknown;
}

/* clang-format off */
static const Native tools[] = {
    {"abc.ABC", NULL, plain_base},
    {"abc.abstractclassmethod", abstract_class_method, NULL},
    {"abc.abstractmethod", abstract_method, NULL},
    {"abc.abstractproperty", abstract_property, NULL},
    {"abc.abstractstaticmethod", abstract_static_method, NULL},
    {"atexit.register", same_back, NULL},
    {"collections.namedtuple", named_tuple, NULL},
    {"collections.namedtuple()", named_tuple_item, NULL},
    {"collections.OrderedDict", builtin_dict, NULL},
    {"contextlib.asynccontextmanager", context_manager, NULL},
    {"contextlib.contextmanager", context_manager, NULL},
    {"contextlib.suppress", suppress, NULL},
    {"dataclasses.dataclass", make_dataclass, NULL},
    {"dataclasses.fields", dataclass_fields, NULL},
    {"functools.cache", cached, NULL},
    {"functools.cached_property", cached_property, NULL},
    {"functools.lru_cache", cached, NULL},
    {"functools.total_ordering", same_back, NULL},
    {"functools.update_wrapper", update_wrapper, NULL},
    {"functools.wraps", decorator_maker, NULL},
    {"inspect.currentframe", current_frame, NULL},
    {"inspect.isabstract", is_abstract, NULL},
    {"inspect.isclass", is_class, NULL},
    {"inspect.isfunction", is_function, NULL},
    {"inspect.ismodule", is_module, NULL},
    {"operator.eq", operator_eq, NULL},
    {"operator.ge", operator_ge, NULL},
    {"operator.gt", operator_gt, NULL},
    {"operator.le", operator_le, NULL},
    {"operator.lt", operator_lt, NULL},
    {"operator.ne", operator_ne, NULL},
    {"sys._getframe", current_frame, NULL},
    {"sys.exit", leave, NULL},
    {"typing.Generic", NULL, plain_base},
    {"typing.Protocol", NULL, plain_base},
    {"typing.TYPE_CHECKING", NULL, false_constant},
    {"typing.cast", typing_cast, NULL},
    {"typing.final", same_back, NULL},
    {"typing.no_type_check", same_back, NULL},
    {"typing.runtime_checkable", same_back, NULL},
    {"warnings.filterwarnings", nothing, NULL},
    {"warnings.simplefilter", nothing, NULL},
    {"warnings.warn", nothing, NULL},
};
/* clang-format on */

const NativeTable natives_tools = {tools, G_N_ELEMENTS(tools)};
