/* Intrinsics: how they are found, and the builtins. */
#include "check/import_machine.h"

const Native *native_find(const ImportMachine *machine, const char *name)
{
    return g_hash_table_lookup(machine->natives, name);
}

const Value *native_value(ImportMachine *machine, const Native *native, const Value *self)
{
    if (native->get)
        return native->get(machine);
    Value *value = value_new(machine, VALUE_NATIVE);
    value->native = native;
    value->inner = self;
    return value;
}

const char *argument_text(const Arguments *arguments, unsigned index, const char *name)
{
    const Value *value = call_argument(arguments, index, name);
    return value ? value_string(value) : NULL;
}

static const Value *truth_value(ImportMachine *machine, int truth)
{
    machine->unknowns += truth < 0;
    return truth < 0 ? machine->unknown : value_bool(machine, truth);
}

NATIVE(builtin_len)
{
    const Value *value = call_argument(arguments, 0, NULL);
    if (value && value->kind == VALUE_TEXT)
        return value_int(machine, g_utf8_strlen(value->text, -1));
    const GPtrArray *items = value ? value_iterate(machine, value) : NULL;
    return items ? value_int(machine, items->len) : machine->unknown;
}

NATIVE(builtin_isinstance)
{
    const Value *value = call_argument(arguments, 0, NULL);
    const Value *class = call_argument(arguments, 1, NULL);
    return value && class ? truth_value(machine, value_is_instance(machine, value, class))
                          : machine->unknown;
}

NATIVE(builtin_issubclass)
{
    const Value *value = call_argument(arguments, 0, NULL);
    const Value *class = call_argument(arguments, 1, NULL);
    return value && class && value != machine->answer
               ? truth_value(machine, class_is_subclass(machine, value, class))
               : machine->unknown;
}

static bool lacks_attribute(ImportMachine *machine)
{
    if (machine->stopped || !machine->raised)
        return false;
    const Value *lacking = g_hash_table_lookup(machine->builtins, "AttributeError");
    if (raised_matches(machine, machine->raised, lacking) != 1)
        return false;
    machine->raised = NULL;
    return true;
}

NATIVE(builtin_hasattr)
{
    const Value *value = call_argument(arguments, 0, NULL);
    const char *name = argument_text(arguments, 1, NULL);
    int there = -1;
    if (!value || !name)
        return machine->unknown;
    if (!attribute_try(machine, value, name, &there)) {
        if (!lacks_attribute(machine))
            return NULL;
        there = 0;
    }
    return truth_value(machine, there);
}

NATIVE(builtin_getattr)
{
    const Value *value = call_argument(arguments, 0, NULL);
    const char *name = argument_text(arguments, 1, NULL);
    const Value *otherwise = call_argument(arguments, 2, NULL);
    int there = -1;
    if (!value || !name) {
        machine->unknowns++;
        return machine->unknown;
    }
    if (!otherwise)
        return attribute_get(machine, value, name);
    const Value *found = attribute_try(machine, value, name, &there);
    if (!found)
        return lacks_attribute(machine) ? otherwise : NULL;
    return there == 1 ? found : there == 0 ? otherwise : machine->unknown;
}

NATIVE(builtin_setattr)
{
    const Value *value = call_argument(arguments, 0, NULL);
    const char *name = argument_text(arguments, 1, NULL);
    const Value *item = call_argument(arguments, 2, NULL);
    if (!value || !item)
        return machine->unknown;
    if (name)
        return attribute_set(machine, value, name, item) ? machine->none : NULL;
    if (value->kind == VALUE_CLASS)
        value->class->names->open = true;
    value_expose(machine, value);
    return machine->none;
}

NATIVE(builtin_dir)
{
    const Value *value = call_argument(arguments, 0, NULL);
    Value *list = value_items(machine, VALUE_LIST);
    if (!value || value->kind != VALUE_MODULE || value->module->replaced) {
        list->open = true;
        return list;
    }
    Module *module = value->module;
    list->open = module->kind != MODULE_SOURCE || module->scope->names->open;
    g_autoptr(GPtrArray) names = names_sorted(module->scope->names);
    for (unsigned i = 0; i < names->len; i++)
        value_add(machine, list, value_text(machine, names->pdata[i]));
    return list;
}

NATIVE(builtin_str)
{
    const Value *value = call_argument(arguments, 0, NULL);
    const char *text = value ? value_display(machine, value, false) : "";
    if (value && value_string(value))
        return value->kind == VALUE_TEXT ? value : value_text(machine, value->text);
    return text ? value_text(machine, text) : machine->unknown;
}

NATIVE(builtin_repr)
{
    const Value *value = call_argument(arguments, 0, NULL);
    const char *text = value ? value_display(machine, value, true) : NULL;
    return text ? value_text(machine, text) : machine->unknown;
}

NATIVE(builtin_int)
{
    const Value *value = call_argument(arguments, 0, NULL);
    if (!value)
        return value_int(machine, 0);
    if (value->kind == VALUE_INT || value->kind == VALUE_BOOL)
        return value_int(machine, value->number);
    const char *text = value->kind == VALUE_TEXT && arguments->count == 1 ? value->text : NULL;
    char *end = NULL;
    gint64 number = text && *text && strlen(text) < 18 ? g_ascii_strtoll(text, &end, 10) : 0;
    if (end && !*end)
        return value_int(machine, number);
    machine->unknowns++;
    return machine->unknown;
}

NATIVE(builtin_bool)
{
    const Value *value = call_argument(arguments, 0, NULL);
    return value ? truth_value(machine, value_truth(machine, value)) : machine->false_value;
}

static const Value *copy_items(ImportMachine *machine, const Arguments *arguments, ValueKind kind)
{
    const Value *value = call_argument(arguments, 0, NULL);
    Value *copy = value_items(machine, kind);
    const GPtrArray *items = value ? value_iterate(machine, value) : NULL;
    copy->open = value && !items;
    for (unsigned i = 0; items && i < items->len; i++)
        value_add(machine, copy, items->pdata[i]);
    return copy;
}

NATIVE(builtin_list)
{
    return copy_items(machine, arguments, VALUE_LIST);
}

NATIVE(builtin_tuple)
{
    return copy_items(machine, arguments, VALUE_TUPLE);
}

NATIVE(builtin_set)
{
    Value *copy = (Value *)copy_items(machine, arguments, VALUE_LIST);
    g_autoptr(GPtrArray) kept = g_ptr_array_new();
    for (unsigned i = 0; i < copy->items->len; i++) {
        bool twice = false;
        for (unsigned j = 0; j < kept->len && !twice; j++)
            twice = value_same(kept->pdata[j], copy->items->pdata[i]) == 1;
        machine->steps += kept->len / 16;
        if (!twice)
            g_ptr_array_add(kept, copy->items->pdata[i]);
    }
    copy->set = true;
    g_ptr_array_set_size(copy->items, 0);
    for (unsigned i = 0; i < kept->len; i++)
        g_ptr_array_add(copy->items, kept->pdata[i]);
    return copy;
}

const Value *builtin_dict(ImportMachine *machine, const Value *self, const Arguments *arguments)
{
    Value *dict = value_items(machine, VALUE_DICT);
    const Value *from = call_argument(arguments, 0, NULL);
    const GPtrArray *pairs = from && (from->kind == VALUE_LIST || from->kind == VALUE_TUPLE)
                                 ? value_iterate(machine, from)
                                 : NULL;
    dict->open = arguments->open || (from && !pairs && (from->kind != VALUE_DICT || from->open));
    unsigned weak = machine->weak;
    machine->weak = 0;
    for (unsigned i = 0; from && from->kind == VALUE_DICT && i < from->keys->len; i++)
        value_put(machine, dict, from->keys->pdata[i], from->items->pdata[i]);
    for (unsigned i = 0; pairs && i < pairs->len; i++) {
        const Value *pair = pairs->pdata[i];
        bool two = (pair->kind == VALUE_TUPLE || pair->kind == VALUE_LIST) && !pair->open &&
                   pair->items->len == 2;
        dict->open |= !two;
        if (two)
            value_put(machine, dict, pair->items->pdata[0], pair->items->pdata[1]);
    }
    for (unsigned i = 0; i < arguments->count; i++)
        if (arguments->names[i])
            value_put(machine, dict, value_text(machine, arguments->names[i]),
                      arguments->values[i]);
    machine->weak = weak;
    return dict;
}

NATIVE(builtin_type)
{
    const Value *value = call_argument(arguments, 0, NULL);
    if (value && arguments->count == 1 && value->kind == VALUE_OBJECT)
        return value->object->class->value;
    return machine->unknown;
}

NATIVE(builtin_super)
{
    const Value *class = call_argument(arguments, 0, NULL);
    const Value *object = call_argument(arguments, 1, NULL);
    if (!class || !object || class->kind != VALUE_CLASS)
        return machine->unknown;
    Value *value = value_new(machine, VALUE_SUPER);
    value->class = class->class;
    value->inner = object;
    return value;
}

static const Value *wrapped(ImportMachine *machine, const Arguments *arguments, ValueKind kind)
{
    const Value *inner = call_argument(arguments, 0, "fget");
    if (!inner)
        return machine->unknown;
    Value *value = value_new(machine, kind);
    value->inner = inner;
    return value;
}

NATIVE(builtin_staticmethod)
{
    return wrapped(machine, arguments, VALUE_STATIC);
}

NATIVE(builtin_classmethod)
{
    return wrapped(machine, arguments, VALUE_CLASS_METHOD);
}

NATIVE(builtin_property)
{
    return wrapped(machine, arguments, VALUE_PROPERTY);
}

static const Value *quantify(ImportMachine *machine, const Arguments *arguments, int deciding)
{
    const Value *value = call_argument(arguments, 0, NULL);
    bool list = value && (value->kind == VALUE_LIST || value->kind == VALUE_TUPLE);
    int result = list && !value->open ? !deciding : -1;
    for (unsigned i = 0; list && i < value->items->len; i++) {
        int truth = value_truth(machine, value->items->pdata[i]);
        if (truth == deciding && !value->open)
            return value_bool(machine, deciding);
        result = truth < 0 ? -1 : result;
    }
    return truth_value(machine, result);
}

NATIVE(builtin_any)
{
    return quantify(machine, arguments, 1);
}

NATIVE(builtin_all)
{
    return quantify(machine, arguments, 0);
}

NATIVE(builtin_callable)
{
    const Value *value = call_argument(arguments, 0, NULL);
    if (!value)
        return machine->unknown;
    switch ((int)value->kind) {
    case VALUE_FUNCTION:
    case VALUE_METHOD:
    case VALUE_CLASS:
        return machine->true_value;
    case VALUE_NONE:
    case VALUE_BOOL:
    case VALUE_INT:
    case VALUE_TEXT:
    case VALUE_TUPLE:
    case VALUE_LIST:
    case VALUE_DICT:
    case VALUE_MODULE:
        return machine->false_value;
    default:
        return machine->unknown;
    }
}

static const Value *names_of(ImportMachine *machine, Scope *scope)
{
    Value *value = value_new(machine, VALUE_NAMES);
    value->scope = scope;
    scope->captured = true;
    return value;
}

NATIVE(builtin_globals)
{
    return names_of(machine, machine->frame->scope->module->scope);
}

NATIVE(builtin_locals)
{
    return names_of(machine, machine->frame->scope);
}

NATIVE(builtin_vars)
{
    const Value *value = call_argument(arguments, 0, NULL);
    if (!value)
        return names_of(machine, machine->frame->scope);
    return value->kind == VALUE_MODULE ? names_of(machine, value->module->scope) : machine->unknown;
}

NATIVE(builtin_import)
{
    const char *name = argument_text(arguments, 0, "name");
    if (!name || arguments->count > 3 || call_argument(arguments, 4, "level")) {
        machine->unknowns++;
        return machine->unknown;
    }
    if (!module_import(machine, name))
        return NULL;
    const char *dot = strchr(name, '.');
    if (!dot || call_argument(arguments, 3, "fromlist"))
        return module_import_value(machine, name);
    return module_import_value(machine, machine_format(machine, "%.*s", (int)(dot - name), name));
}

/* exec() and eval(): anything may be bound. */
NATIVE(builtin_exec)
{
    machine->frame->scope->names->open = true;
    machine->frame->scope->module->scope->names->open = true;
    for (unsigned i = 0; i < arguments->count; i++)
        value_expose(machine, arguments->values[i]);
    machine->unknowns++;
    return machine->unknown;
}

NATIVE(builtin_eval)
{
    machine->unknowns++;
    return machine->unknown;
}

NATIVE(builtin_nothing)
{
    return machine->none;
}

NATIVE(builtin_unknown)
{
    return machine->unknown;
}

NATIVE(builtin_range)
{
    const Value *first = call_argument(arguments, 0, NULL);
    const Value *second = call_argument(arguments, 1, NULL);
    bool known = first && first->kind == VALUE_INT && arguments->count <= 2 &&
                 (!second || second->kind == VALUE_INT);
    gint64 from = known && second ? first->number : 0;
    gint64 to = known ? (second ? second->number : first->number) : 0;
    Value *list = value_items(machine, VALUE_LIST);
    list->open = !known || from < -MAX_LOOP || to > MAX_LOOP;
    for (gint64 i = from; !list->open && i < to; i++)
        value_add(machine, list, value_int(machine, i));
    return list;
}

NATIVE(builtin_enumerate)
{
    const Value *value = call_argument(arguments, 0, NULL);
    const GPtrArray *items = value && arguments->count == 1 ? value_iterate(machine, value) : NULL;
    Value *list = value_items(machine, VALUE_LIST);
    list->open = !items;
    for (unsigned i = 0; items && i < items->len; i++) {
        Value *pair = value_items(machine, VALUE_TUPLE);
        value_add(machine, pair, value_int(machine, i));
        value_add(machine, pair, items->pdata[i]);
        value_add(machine, list, pair);
    }
    return list;
}

NATIVE(builtin_zip)
{
    Value *list = value_items(machine, VALUE_LIST);
    unsigned length = arguments->count > 0 && !arguments->open ? MAX_LOOP : 0;
    list->open = length == 0;
    for (unsigned i = 0; i < arguments->count; i++) {
        const GPtrArray *items = value_iterate(machine, arguments->values[i]);
        list->open |= !items || arguments->names[i];
        length = items ? MIN(length, items->len) : 0;
    }
    for (unsigned j = 0; !list->open && j < length; j++) {
        Value *tuple = value_items(machine, VALUE_TUPLE);
        for (unsigned i = 0; i < arguments->count; i++)
            value_add(machine, tuple, arguments->values[i]->items->pdata[j]);
        value_add(machine, list, tuple);
    }
    return list;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp((*(const Value *const *)a)->text, (*(const Value *const *)b)->text);
}

NATIVE(builtin_sorted)
{
    Value *list = (Value *)copy_items(machine, arguments, VALUE_LIST);
    bool plain = arguments->count == 1;
    for (unsigned i = 0; i < list->items->len; i++)
        plain &= ((const Value *)list->items->pdata[i])->kind == VALUE_TEXT;
    if (plain)
        g_ptr_array_sort(list->items, compare_texts);
    return list;
}

NATIVE(builtin_reversed)
{
    Value *list = (Value *)copy_items(machine, arguments, VALUE_LIST);
    for (unsigned i = 0, j = list->items->len; i + 1 < j; i++) {
        void *item = list->items->pdata[i];
        list->items->pdata[i] = list->items->pdata[--j];
        list->items->pdata[j] = item;
    }
    return list;
}

NATIVE(object_new_native)
{
    const Value *class = call_argument(arguments, 0, NULL);
    return class && class->kind == VALUE_CLASS && class->class->module
               ? object_new(machine, class->class)
               : machine->unknown;
}

NATIVE(object_setattr)
{
    const Value *object = self ? self : call_argument(arguments, 0, NULL);
    unsigned first = self ? 0 : 1;
    const char *name = argument_text(arguments, first, NULL);
    const Value *item = call_argument(arguments, first + 1, NULL);
    if (!object || object->kind != VALUE_OBJECT || !name || !item)
        return machine->unknown;
    names_bind(machine, object->object->attributes, name, item);
    return machine->none;
}

/* clang-format off */
static const Native builtins[] = {
    {"__import__", builtin_import, NULL},
    {"all", builtin_all, NULL},
    {"any", builtin_any, NULL},
    {"bool", builtin_bool, NULL},
    {"callable", builtin_callable, NULL},
    {"classmethod", builtin_classmethod, NULL},
    {"compile", builtin_eval, NULL},
    {"dict", builtin_dict, NULL},
    {"dir", builtin_dir, NULL},
    {"enumerate", builtin_enumerate, NULL},
    {"eval", builtin_eval, NULL},
    {"exec", builtin_exec, NULL},
    {"frozenset", builtin_set, NULL},
    {"getattr", builtin_getattr, NULL},
    {"globals", builtin_globals, NULL},
    {"hasattr", builtin_hasattr, NULL},
    {"id", builtin_unknown, NULL},
    {"int", builtin_int, NULL},
    {"isinstance", builtin_isinstance, NULL},
    {"issubclass", builtin_issubclass, NULL},
    {"len", builtin_len, NULL},
    {"list", builtin_list, NULL},
    {"locals", builtin_locals, NULL},
    {"object.__init__", builtin_nothing, NULL},
    {"object.__init_subclass__", builtin_nothing, NULL},
    {"object.__new__", object_new_native, NULL},
    {"object.__setattr__", object_setattr, NULL},
    {"print", builtin_nothing, NULL},
    {"property", builtin_property, NULL},
    {"range", builtin_range, NULL},
    {"repr", builtin_repr, NULL},
    {"reversed", builtin_reversed, NULL},
    {"set", builtin_set, NULL},
    {"setattr", builtin_setattr, NULL},
    {"sorted", builtin_sorted, NULL},
    {"staticmethod", builtin_staticmethod, NULL},
    {"str", builtin_str, NULL},
    {"super", builtin_super, NULL},
    {"tuple", builtin_tuple, NULL},
    {"type", builtin_type, NULL},
    {"vars", builtin_vars, NULL},
    {"zip", builtin_zip, NULL},
};

/* Types that programs derive from or ask isinstance() for. */
static const char *const builtin_types[] = {
    "bool", "bytearray", "bytes", "complex", "dict", "float", "frozenset", "int", "list",
    "memoryview", "property", "range", "set", "slice", "str", "tuple", "type",
};

/* Functions of which nothing is said. */
static const char *const other_builtins[] = {
    "abs", "aiter", "anext", "ascii", "bin", "breakpoint", "chr", "delattr", "divmod", "filter",
    "float", "format", "hash", "help", "hex", "input", "iter", "map", "max", "min", "next", "oct",
    "open", "ord", "pow", "round", "sum", "NotImplemented", "Ellipsis", "copyright", "credits",
    "license", "exit", "quit", "__build_class__", "__spec__",
};
/* clang-format on */

const NativeTable natives_builtins = {builtins, G_N_ELEMENTS(builtins)};

static void add_table(ImportMachine *machine, const NativeTable *table)
{
    for (unsigned i = 0; i < table->count; i++) {
        const Native *row = &table->rows[i];
        g_hash_table_insert(machine->natives, (void *)row->name, (void *)row);
        for (const char *dot = strchr(row->name, '.'); dot; dot = strchr(dot + 1, '.'))
            g_hash_table_add(
                machine->native_modules,
                (char *)machine_format(machine, "%.*s", (int)(dot - row->name), row->name));
    }
}

void natives_install(ImportMachine *machine)
{
    const NativeTable *const tables[] = {&natives_builtins,  &natives_types,   &natives_system,
                                         &natives_import,    &natives_tools,   &natives_packages,
                                         &natives_libraries, &natives_regexes, &natives_versions};
    for (unsigned i = 0; i < G_N_ELEMENTS(tables); i++)
        add_table(machine, tables[i]);
}

void builtins_install(ImportMachine *machine)
{
    machine->object_class = class_new(machine, "object", NULL);
    g_hash_table_insert(machine->builtins, (void *)"object", (void *)machine->object_class->value);
    for (unsigned i = 0; i < G_N_ELEMENTS(other_builtins); i++)
        g_hash_table_insert(machine->builtins, (void *)other_builtins[i], (void *)machine->unknown);
    for (unsigned i = 0; i < G_N_ELEMENTS(builtins); i++)
        if (!strchr(builtins[i].name, '.'))
            g_hash_table_insert(machine->builtins, (void *)builtins[i].name,
                                (void *)native_value(machine, &builtins[i], NULL));
    for (unsigned i = 0; i < G_N_ELEMENTS(builtin_types); i++) {
        Class *class = class_new(machine, builtin_types[i], NULL);
        class->names->open = true;
        class->call = native_find(machine, builtin_types[i]);
        class->meta = g_str_equal(builtin_types[i], "type");
        if (class->meta)
            machine->type_class = class;
        g_hash_table_insert(machine->builtins, (void *)builtin_types[i], (void *)class->value);
    }
    g_hash_table_insert(machine->builtins, (void *)"__debug__", (void *)machine->true_value);
    machine->suppress_class = class_new(machine, "suppress", NULL);
    machine->spec_class = class_new(machine, "ModuleSpec", NULL);
    machine->frame_class = class_new(machine, "frame", NULL);
    module_class_install(machine);
    exceptions_install(machine);
}
