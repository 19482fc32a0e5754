/* Functions and classes as values. */
#include "check/import_machine.h"

bool annotations_run(const ImportMachine *machine)
{
    return !machine->frame->scope->module->future_annotations && !machine->lazy_annotations;
}

static const char *qualified(ImportMachine *machine, const char *name)
{
    const Frame *frame = machine->frame;
    if (frame->scope->kind == SCOPE_CLASS && frame->name)
        return machine_format(machine, "%s.%s", frame->name, name);
    if (frame->function)
        return machine_format(machine, "%s.<locals>.%s", frame->function->qualified, name);
    return name;
}

static const Native *native_of(ImportMachine *machine, const char *name)
{
    const Scope *scope = machine->frame->scope;
    if (scope->kind == SCOPE_CLASS && scope->up && scope->up->kind == SCOPE_MODULE)
        return native_find(machine, machine_format(machine, "%s.%s", scope->module->name,
                                                   qualified(machine, name)));
    if (scope->kind != SCOPE_MODULE)
        return NULL;
    const char *module = scope->module->name;
    const char *vendored = strstr(module, "packaging."); /* "pip._vendor.", "externals._" */
    return native_find(machine,
                       machine_format(machine, "%s.%s", vendored ? vendored : module, name));
}

const Value *function_value(ImportMachine *machine, const PyStmt *def, const PyExpr *lambda)
{
    Function *function = machine_alloc(machine, sizeof *function);
    Scope *scope = machine->frame->scope;
    const PyParameter *parameters = def ? def->parameters : lambda->parameters;
    unsigned count = def ? def->parameter_count : lambda->parameter_count;
    function->def = def;
    function->lambda = lambda;
    function->name = def ? def->text : "<lambda>";
    function->qualified = qualified(machine, function->name);
    function->defaults = machine_alloc(machine, (count + 1) * sizeof *function->defaults);
    function->scope = scope;
    for (Scope *at = scope; at && !at->captured; at = at->up)
        at->captured = true;
    for (unsigned i = 0; i < count; i++) {
        const PyExpr *initial = parameters[i].default_value;
        if (initial && !(function->defaults[i] = evaluate(machine, initial)))
            return NULL;
    }
    for (unsigned i = 0; def && annotations_run(machine) && i < count; i++)
        if (parameters[i].annotation && !evaluate(machine, parameters[i].annotation))
            return NULL;
    if (def && def->annotation && annotations_run(machine) && !evaluate(machine, def->annotation))
        return NULL;
    if (def)
        function->native = native_of(machine, def->text);
    if (function->native && !function->native->call)
        function->native = NULL;
    Value *value = value_new(machine, VALUE_FUNCTION);
    value->function = function;
    return value;
}

/* Applies decorators from the last to the first; each was evaluated before. */
static const Value *decorate(ImportMachine *machine, PyExprs exprs, const Value *const *decorators,
                             const Value *value)
{
    for (unsigned i = exprs.count; value && i-- > 0;) {
        machine->frame->line = exprs.items[i]->line;
        value = value_call_plain(machine, decorators[i], &value, 1);
    }
    return value;
}

static const Value **evaluate_decorators(ImportMachine *machine, PyExprs exprs)
{
    const Value **decorators = machine_alloc(machine, (exprs.count + 1) * sizeof(const Value *));
    for (unsigned i = 0; i < exprs.count; i++) {
        machine->frame->line = exprs.items[i]->line;
        decorators[i] = evaluate(machine, exprs.items[i]);
        if (!decorators[i])
            return NULL;
    }
    return decorators;
}

static void note_abstract(ImportMachine *machine, const Value *value, const char *name)
{
    while (value->kind == VALUE_STATIC || value->kind == VALUE_CLASS_METHOD ||
           value->kind == VALUE_PROPERTY)
        value = value->inner;
    Frame *frame = machine->frame;
    if (value->kind != VALUE_FUNCTION || !value->function->abstract || !frame->abstracts)
        return;
    g_ptr_array_add(frame->abstracts, (void *)name);
}

Flow execute_function(ImportMachine *machine, const PyStmt *stmt)
{
    const Value **decorators = evaluate_decorators(machine, stmt->decorators);
    machine->frame->line = stmt->line;
    const Value *value = decorators ? function_value(machine, stmt, NULL) : NULL;
    if (value)
        value = decorate(machine, stmt->decorators, decorators, value);
    if (!value)
        return flow_of(machine);
    if (machine->frame->scope->kind == SCOPE_CLASS)
        note_abstract(machine, value, stmt->text);
    scope_bind(machine, machine->frame->scope, stmt->text, value);
    return FLOW_NEXT;
}

static bool add_bases(ImportMachine *machine, const PyStmt *stmt, Class *class)
{
    for (unsigned i = 0; i < stmt->argument_count; i++) {
        const PyArgument *argument = &stmt->arguments[i];
        const Value *value = evaluate(machine, argument->value);
        if (!value)
            return false;
        if (argument->name && g_str_equal(argument->name, "metaclass"))
            class->metaclass = value;
        else if (argument->stars)
            g_ptr_array_add(class->bases, (void *)machine->unknown);
        else if (!argument->name &&
                 !(value->kind == VALUE_CLASS && value->class == machine->object_class))
            g_ptr_array_add(class->bases, (void *)value);
        if (value->kind == VALUE_CLASS &&
            (value->class->meta || value->class == machine->type_class))
            class->meta |= !argument->name;
    }
    return true;
}

static void own_methods(ImportMachine *machine, Class *class, const Value *value)
{
    while (value->kind == VALUE_STATIC || value->kind == VALUE_CLASS_METHOD ||
           value->kind == VALUE_PROPERTY)
        value = value->inner;
    if (value->kind == VALUE_FUNCTION && !value->function->owner)
        value->function->owner = class;
}

static Flow class_body(ImportMachine *machine, const PyStmt *stmt, Class *class)
{
    Scope *outer = machine->frame->scope;
    Scope *scope = scope_open(machine, SCOPE_CLASS, outer, outer->module);
    for (Scope *at = outer; at && !at->captured; at = at->up)
        at->captured = true;
    Frame frame = {.name = qualified(machine, stmt->text), .line = stmt->line};
    frame.fields = machine_array(machine);
    frame.abstracts = machine_array(machine);
    frame_push(machine, &frame, scope);
    Flow flow = execute_block(machine, stmt->body);
    frame_pop(machine);
    class->names = scope->names;
    class->names->weak = 0;
    class->fields = frame.fields;
    class->abstracts = frame.abstracts;
    class->scope = scope;
    g_autoptr(GPtrArray) names = names_sorted(scope->names);
    for (unsigned i = 0; i < names->len; i++)
        own_methods(machine, class, names_find(scope->names, names->pdata[i])->value);
    return flow;
}

/* Python refuses a class that has a base twice. What a class gives for its own `[…]` may be another
 * one than itself. */
static bool check_bases(ImportMachine *machine, const PyStmt *stmt, const Class *class)
{
    for (unsigned i = 0; i < stmt->argument_count; i++)
        if (stmt->arguments[i].value->kind == PY_SUBSCRIPT)
            return true;
    for (unsigned i = 1; i < class->bases->len; i++) {
        const Value *base = class->bases->pdata[i];
        for (unsigned j = 0; base->kind == VALUE_CLASS && j < i; j++) {
            const Value *other = class->bases->pdata[j];
            if (other->kind != VALUE_CLASS || other->class != base->class)
                continue;
            raise_builtin(machine, RAISED_NATIVE, "TypeError", NULL,
                          machine_format(machine, "duplicate base class %s", base->class->name));
            return false;
        }
    }
    return true;
}

/* A metaclass's __init__ and __init_subclass__ of a base often keep a list of what was made. */
static bool tell_bases(ImportMachine *machine, const PyStmt *stmt, Class *class)
{
    const GPtrArray *order = class_order(machine, class);
    const Value *meta = NULL;
    bool unknown = false;
    for (unsigned i = 0; i < order->len && !meta; i++) {
        const Value *one = order->pdata[i];
        meta = one->kind == VALUE_CLASS ? one->class->metaclass : NULL;
    }
    const Value *made = meta && meta->kind == VALUE_CLASS
                            ? class_find(machine, meta->class, NULL, "__init__", &unknown)
                            : NULL;
    if (made && made->kind == VALUE_FUNCTION) {
        Value *names = value_new(machine, VALUE_NAMES);
        names->scope = class->scope;
        Value *bases = value_items(machine, VALUE_TUPLE);
        for (unsigned i = 0; i < class->bases->len; i++)
            value_add(machine, bases, class->bases->pdata[i]);
        const Value *all[] = {class->value, value_text(machine, class->name), bases, names};
        if (!value_call_plain(machine, made, all, G_N_ELEMENTS(all)))
            return false;
    }
    const Value *told = class_find(machine, class, class, "__init_subclass__", &unknown);
    if (told && told->kind == VALUE_CLASS_METHOD)
        told = told->inner;
    if (!told || told->kind != VALUE_FUNCTION)
        return true;
    GPtrArray *values = machine_array(machine), *keys = machine_array(machine);
    g_ptr_array_add(values, (void *)class->value);
    g_ptr_array_add(keys, NULL);
    for (unsigned i = 0; i < stmt->argument_count; i++) {
        const PyArgument *argument = &stmt->arguments[i];
        if (!argument->name || g_str_equal(argument->name, "metaclass"))
            continue;
        const Value *value = evaluate(machine, argument->value);
        if (!value)
            return false;
        g_ptr_array_add(values, (void *)value);
        g_ptr_array_add(keys, (void *)argument->name);
    }
    Arguments arguments = {(const Value **)values->pdata, (const char **)keys->pdata, values->len,
                           false};
    return value_call(machine, told, &arguments) != NULL;
}

Flow execute_class(ImportMachine *machine, const PyStmt *stmt)
{
    const Value **decorators = evaluate_decorators(machine, stmt->decorators);
    machine->frame->line = stmt->line;
    Class *class = class_new(machine, stmt->text, machine->frame->scope->module);
    if (!decorators || !add_bases(machine, stmt, class))
        return flow_of(machine);
    Flow flow = class_body(machine, stmt, class);
    if (flow != FLOW_NEXT)
        return flow;
    if (!check_bases(machine, stmt, class) || !tell_bases(machine, stmt, class))
        return flow_of(machine);
    const Native *native = native_of(machine, stmt->text);
    if (native && native->call)
        class->call = native;
    const Value *value = decorate(machine, stmt->decorators, decorators, class->value);
    if (!value)
        return flow_of(machine);
    scope_bind(machine, machine->frame->scope, stmt->text, value);
    return FLOW_NEXT;
}
