#include "check/import_machine.h"

const Value *call_argument(const Arguments *arguments, unsigned index, const char *name)
{
    unsigned position = 0;
    for (unsigned i = 0; i < arguments->count; i++) {
        if (arguments->names[i] ? name && g_str_equal(arguments->names[i], name)
                                : position++ == index)
            return arguments->values[i];
    }
    return NULL;
}

static const Value *call_unknown(ImportMachine *machine, const Value *callee,
                                 const Arguments *arguments)
{
    bool foreign = callee->kind == VALUE_FOREIGN;
    const char *own = machine->frame ? machine->frame->scope->module->name : NULL;
    for (unsigned i = 0; i < arguments->count; i++) {
        const Value *value = arguments->values[i];
        if (!foreign || value->kind == VALUE_LIST || value->kind == VALUE_DICT)
            value_expose(machine, value);
        /* install(__name__): whoever knows the module's name may bind names in it. */
        if (!foreign && own && value->kind == VALUE_TEXT && g_str_equal(value->text, own))
            machine->frame->scope->module->scope->names->open = true;
    }
    machine->unknowns += !(foreign && callee->open);
    const Value *answer = callee->open ? machine->answer : callee;
    return foreign ? answer : machine->unknown;
}

static const Value *object_call(ImportMachine *machine, const Value *callee,
                                const Arguments *arguments)
{
    bool unknown = false;
    const Value *call = class_find(machine, callee->object->class, NULL, "__call__", &unknown);
    if (call && call->kind == VALUE_FUNCTION)
        return function_call(machine, call->function, callee, arguments);
    value_expose(machine, callee);
    return call_unknown(machine, machine->unknown, arguments);
}

const Value *value_call(ImportMachine *machine, const Value *callee, const Arguments *arguments)
{
    switch (callee->kind) {
    case VALUE_FUNCTION:
        return function_call(machine, callee->function, NULL, arguments);
    case VALUE_METHOD:
        return function_call(machine, callee->function, callee->inner, arguments);
    case VALUE_CLASS:
        return class_call(machine, callee, arguments);
    case VALUE_NATIVE:
        return callee->native->call ? callee->native->call(machine, callee->inner, arguments)
                                    : call_unknown(machine, machine->unknown, arguments);
    case VALUE_OBJECT:
        return object_call(machine, callee, arguments);
    case VALUE_STATIC:
        return value_call(machine, callee->inner, arguments);
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
    case VALUE_CLASS_METHOD:
    case VALUE_PROPERTY:
    case VALUE_SUPER:
    case VALUE_NAMES:
        return call_unknown(machine, callee, arguments);
    }
    return machine->unknown;
}

enum {
    MAX_PLAIN = 8
};

const Value *value_call_plain(ImportMachine *machine, const Value *callee,
                              const Value *const *values, unsigned count)
{
    const Value *copy[MAX_PLAIN];
    const char *names[MAX_PLAIN] = {NULL};
    count = MIN(count, MAX_PLAIN);
    for (unsigned i = 0; i < count; i++)
        copy[i] = values[i];
    return value_call(machine, callee, &(Arguments){copy, names, count, false});
}

/* Whether an expression or statement of this very function yields: bodies of nested functions and
 * lambdas do not count. */
static bool expr_yields(const PyExpr *expr)
{
    if (!expr || expr->kind == PY_LAMBDA)
        return false;
    if (expr->kind == PY_YIELD || expr->kind == PY_YIELD_FROM)
        return true;
    if ((py_has(expr, PY_LEFT) && expr_yields(expr->left)) ||
        (py_has(expr, PY_RIGHT) && expr_yields(expr->right)) ||
        (py_has(expr, PY_TEST) && expr_yields(expr->test)))
        return true;
    for (unsigned i = 0; py_has(expr, PY_ITEMS) && i < expr->items.count; i++)
        if (expr_yields(expr->items.items[i]))
            return true;
    for (unsigned i = 0; expr->kind == PY_CALL && i < expr->argument_count; i++)
        if (expr_yields(expr->arguments[i].value))
            return true;
    return false;
}

static bool exprs_yield(PyExprs exprs)
{
    for (unsigned i = 0; i < exprs.count; i++)
        if (expr_yields(exprs.items[i]))
            return true;
    return false;
}

static bool block_yields(PyBlock block)
{
    for (unsigned i = 0; i < block.count; i++) {
        const PyStmt *stmt = block.items[i];
        if (stmt->kind == PY_FUNCTION || stmt->kind == PY_CLASS)
            continue;
        if (expr_yields(stmt->value) || exprs_yield(stmt->targets))
            return true;
        if (!py_is_compound(stmt))
            continue;
        if (block_yields(stmt->body) || block_yields(stmt->orelse) || block_yields(stmt->final))
            return true;
        for (unsigned j = 0; j < stmt->handler_count; j++)
            if (block_yields(stmt->handlers[j].body))
                return true;
        for (unsigned j = 0; j < stmt->with_count; j++)
            if (expr_yields(stmt->with_items[j].context))
                return true;
        for (unsigned j = 0; j < stmt->case_count; j++)
            if (block_yields(stmt->cases[j].body))
                return true;
    }
    return false;
}

static bool is_generator(ImportMachine *machine, const PyStmt *def)
{
    if (!def->yields)
        return false;
    void *known = g_hash_table_lookup(machine->yields, def);
    if (!known) {
        known = GINT_TO_POINTER(block_yields(py_function_body(def)) ? 1 : 2);
        g_hash_table_insert(machine->yields, (void *)def, known);
    }
    return GPOINTER_TO_INT(known) == 1;
}

/* A function that is not followed may bind the globals that it declares. */
static void forget_globals(ImportMachine *machine, const Function *function, PyBlock block)
{
    for (unsigned i = 0; i < block.count; i++) {
        const PyStmt *stmt = block.items[i];
        for (unsigned j = 0; stmt->kind == PY_GLOBAL && j < stmt->alias_count; j++)
            names_bind(machine, function->scope->module->scope->names, stmt->aliases[j].name,
                       machine->unknown);
        if (!py_is_compound(stmt))
            continue;
        if (stmt->kind != PY_FUNCTION)
            forget_globals(machine, function, stmt->body);
        else if (stmt->globals)
            forget_globals(machine, function, py_function_body(stmt));
        forget_globals(machine, function, stmt->orelse);
    }
}

/* How often it runs since the innermost body of a module began: that is walked once. */
static unsigned activations(const ImportMachine *machine, const Function *function)
{
    unsigned count = 0;
    const Frame *frame = machine->frame;
    for (; frame && (frame->function || frame->scope->kind != SCOPE_MODULE); frame = frame->up)
        count += frame->function && frame->function->def == function->def &&
                 frame->function->lambda == function->lambda;
    return count;
}

static void parameters_of(const Function *function, const PyParameter **ret_parameters,
                          unsigned *ret_count)
{
    *ret_parameters = function->def ? function->def->parameters : function->lambda->parameters;
    *ret_count = function->def ? function->def->parameter_count : function->lambda->parameter_count;
}

/* The rest of the arguments for "*args" and "**kwargs". */
static const Value *rest_positional(ImportMachine *machine, const Arguments *arguments,
                                    unsigned used)
{
    Value *rest = value_items(machine, VALUE_TUPLE);
    for (unsigned i = 0, position = 0; i < arguments->count; i++)
        if (!arguments->names[i] && position++ >= used)
            value_add(machine, rest, arguments->values[i]);
    rest->open = arguments->open;
    return rest;
}

static bool is_parameter(const PyParameter *parameters, unsigned count, const char *name)
{
    for (unsigned i = 0; i < count; i++)
        if (!parameters[i].stars && parameters[i].name && g_str_equal(parameters[i].name, name))
            return true;
    return false;
}

static const Value *rest_named(ImportMachine *machine, const Arguments *arguments,
                               const PyParameter *parameters, unsigned count)
{
    Value *rest = value_items(machine, VALUE_DICT);
    for (unsigned i = 0; i < arguments->count; i++) {
        const char *name = arguments->names[i];
        if (name && !is_parameter(parameters, count, name)) {
            g_ptr_array_add(rest->keys, (void *)value_text(machine, name));
            g_ptr_array_add(rest->items, (void *)arguments->values[i]);
        }
    }
    rest->open = arguments->open;
    return rest;
}

static void bind_parameters(ImportMachine *machine, const Function *function, Scope *scope,
                            const Arguments *arguments)
{
    const PyParameter *parameters;
    unsigned count, position = 0;
    parameters_of(function, &parameters, &count);
    for (unsigned i = 0; i < count; i++) {
        const PyParameter *parameter = &parameters[i];
        const Value *value = NULL;
        if (parameter->stars && !parameter->name)
            continue;
        if (parameter->stars == 1)
            value = rest_positional(machine, arguments, position);
        else if (parameter->stars == 2)
            value = rest_named(machine, arguments, parameters, count);
        else
            value = call_argument(arguments, parameter->keyword_only ? G_MAXUINT : position++,
                                  parameter->positional_only ? NULL : parameter->name);
        if (!value && !arguments->open)
            value = function->defaults[i];
        names_bind(machine, scope->names, parameter->name, value ? value : machine->unknown);
    }
}

static Arguments with_self(ImportMachine *machine, const Value *self, const Arguments *arguments)
{
    Arguments all = {.count = arguments->count + 1, .open = arguments->open};
    all.values = machine_alloc(machine, all.count * sizeof *all.values);
    all.names = machine_alloc(machine, all.count * sizeof *all.names);
    all.values[0] = self;
    for (unsigned i = 0; i < arguments->count; i++) {
        all.values[i + 1] = arguments->values[i];
        all.names[i + 1] = arguments->names[i];
    }
    return all;
}

static const Value *not_followed(ImportMachine *machine, const Function *function,
                                 const Arguments *arguments)
{
    if (function->def && function->def->globals)
        forget_globals(machine, function, py_function_body(function->def));
    return call_unknown(machine, machine->unknown, arguments);
}

/* The result of a body: what it returned, on all ways. */
static const Value *result_of(ImportMachine *machine, const Frame *frame, Flow flow)
{
    if (frame->drops && frame->drop_mark < machine->possible->len)
        g_ptr_array_set_size(machine->possible, (int)frame->drop_mark);
    if (flow == FLOW_RAISE && frame->left > 0) {
        if (!frame->drops)
            possible_add(machine, machine->raised);
        machine->raised = NULL;
        return frame->result;
    }
    if (flow == FLOW_RAISE && machine->calls == 0 && !machine->frame->guards &&
        raised_is_doubtful(machine->raised)) {
        for (unsigned i = 0; i < machine->raised->step_count; i++)
            if (machine->raised->steps[i].function)
                machine->raised->steps[i].module->scope->names->open = true;
        machine->raised = NULL;
        machine->unknowns++;
        return machine->unknown;
    }
    if (flow == FLOW_RAISE)
        return NULL;
    const Value *value = flow == FLOW_RETURN ? machine->returned : machine->none;
    return frame->result ? value_join(machine, frame->result, value) : value;
}

static const Value *run_body(ImportMachine *machine, const Function *function, Scope *scope,
                             const Value *self)
{
    Frame frame = {.function = function, .self = self, .name = function->qualified};
    unsigned weak = machine->weak, possible = machine->possible->len;
    frame.line = function->def ? function->def->line : function->lambda->line;
    guint64 limit = machine->limit;
    bool outermost = machine->calls++ == 0;
    if (outermost)
        machine->limit = MIN(limit, machine->steps + MAX_CALL_STEPS);
    frame_push(machine, &frame, scope);
    const Value *value = NULL;
    Flow flow;
    if (function->def) {
        flow = execute_block(machine, py_function_body(function->def));
    } else {
        value = evaluate(machine, function->lambda->left);
        machine->returned = value;
        flow = value ? FLOW_RETURN : flow_of(machine);
    }
    frame_pop(machine);
    machine->weak = weak;
    machine->calls--;
    machine->limit = limit;
    if (flow != FLOW_STOP)
        return result_of(machine, &frame, flow);
    if (!outermost || machine->steps >= limit)
        return NULL;
    /* One call that goes on for long is not followed to its end. */
    machine->stopped = false;
    machine->stop_reason = NULL;
    g_ptr_array_set_size(machine->possible, (int)possible);
    machine->unknowns++;
    return machine->unknown;
}

void release_names(ImportMachine *machine, Scope *scope, GHashTable *table)
{
    if (scope->captured)
        g_ptr_array_add(machine->tables, table);
    else
        g_hash_table_unref(table);
}

static bool too_deep(const ImportMachine *machine)
{
    char here;
    return machine->calls >= MAX_CALLS || machine->stack - &here > MAX_STACK;
}

/* Much memory is taken already: what calls do is left unknown before the whole walk is. What
 * imports left of it is for functions. */
static bool must_save(const ImportMachine *machine)
{
    bool shared = machine->calls > 0 && !machine->deferred;
    return machine->arena_bytes > MAX_ARENA / (shared ? 2 : 1) / 4 * 3;
}

const Value *function_call(ImportMachine *machine, const Function *function, const Value *self,
                           const Arguments *arguments)
{
    Arguments all;
    if (self) {
        all = with_self(machine, self, arguments);
        arguments = &all;
    }
    if (function->native)
        return function->native->call(machine, NULL, arguments);
    if (function->def && (function->def->async || is_generator(machine, function->def))) {
        machine->unknowns++;
        return machine->unknown;
    }
    if (must_save(machine))
        function->scope->module->scope->names->open = true;
    if (must_save(machine) || too_deep(machine) || activations(machine, function) >= MAX_RECURSION)
        return not_followed(machine, function, arguments);
    GHashTable *table = g_hash_table_new(g_str_hash, g_str_equal);
    Scope *scope = machine_alloc(machine, sizeof *scope);
    *scope =
        (Scope){.kind = SCOPE_FUNCTION, .up = function->scope, .module = function->scope->module};
    scope->names = machine_alloc(machine, sizeof *scope->names);
    *scope->names = (Names){.table = table, .weak = machine->weak};
    bind_parameters(machine, function, scope, arguments);
    const Value *first = arguments->count > 0 && !arguments->names[0] ? arguments->values[0] : NULL;
    const Value *value = run_body(machine, function, scope, first);
    release_names(machine, scope, table);
    return value;
}
