#include "check/import_machine.h"

void frame_push(ImportMachine *machine, Frame *frame, Scope *scope)
{
    frame->up = machine->frame;
    frame->scope = scope;
    frame->world_reads = machine->world_reads;
    machine->frame = frame;
}

void frame_pop(ImportMachine *machine)
{
    machine->frame = machine->frame->up;
}

Flow flow_of(const ImportMachine *machine)
{
    return machine->stopped ? FLOW_STOP : FLOW_RAISE;
}

static Flow execute_assign(ImportMachine *machine, const PyStmt *stmt)
{
    const Value *value = evaluate(machine, stmt->value);
    if (!value)
        return flow_of(machine);
    for (unsigned i = 0; i < stmt->targets.count; i++)
        if (!bind_target(machine, stmt->targets.items[i], value))
            return flow_of(machine);
    return FLOW_NEXT;
}

static void add_field(ImportMachine *machine, const PyStmt *stmt)
{
    Frame *frame = machine->frame;
    const PyExpr *target = stmt->targets.items[0];
    if (frame->scope->kind != SCOPE_CLASS || target->kind != PY_NAME || !frame->fields)
        return;
    g_ptr_array_add(frame->fields, (void *)target->text);
}

/* Annotations are evaluated in modules and classes (PEP 526), until 3.14 put that off (PEP 649). */
static Flow execute_annotated(ImportMachine *machine, const PyStmt *stmt)
{
    const Scope *scope = machine->frame->scope;
    add_field(machine, stmt);
    if (stmt->value) {
        Flow flow = execute_assign(machine, stmt);
        if (flow != FLOW_NEXT)
            return flow;
    }
    if (scope->kind == SCOPE_FUNCTION || !annotations_run(machine))
        return FLOW_NEXT;
    return evaluate(machine, stmt->annotation) ? FLOW_NEXT : flow_of(machine);
}

static Flow execute_augmented(ImportMachine *machine, const PyStmt *stmt)
{
    const PyExpr *target = stmt->targets.items[0];
    const Value *left = evaluate(machine, target);
    const Value *right = left ? evaluate(machine, stmt->value) : NULL;
    if (!right)
        return flow_of(machine);
    if (left->kind == VALUE_LIST && g_str_equal(stmt->text, "+")) {
        extend_list(machine, left, right);
        return FLOW_NEXT;
    }
    const Value *value = binary_operate(machine, stmt->text, left, right);
    return bind_target(machine, target, value) ? FLOW_NEXT : flow_of(machine);
}

static Flow execute_return(ImportMachine *machine, const PyStmt *stmt)
{
    const Value *value = stmt->value ? evaluate(machine, stmt->value) : machine->none;
    if (!value)
        return flow_of(machine);
    machine->returned = value;
    return FLOW_RETURN;
}

static Flow execute_assert(ImportMachine *machine, const PyStmt *stmt)
{
    int truth = evaluate_truth(machine, stmt->value);
    if (truth == -2)
        return flow_of(machine);
    if (truth != 0)
        return FLOW_NEXT;
    const Value *message = stmt->cause ? evaluate(machine, stmt->cause) : NULL;
    if (stmt->cause && !message)
        return flow_of(machine);
    const char *shown = message ? value_display(machine, message, false) : NULL;
    const Value *class = g_hash_table_lookup(machine->builtins, "AssertionError");
    raise_value(machine, object_new(machine, class->class), shown ? shown : "");
    return FLOW_RAISE;
}

static Flow execute_delete(ImportMachine *machine, const PyStmt *stmt)
{
    for (unsigned i = 0; i < stmt->targets.count; i++) {
        const PyExpr *target = stmt->targets.items[i];
        if (target->kind == PY_NAME) {
            names_remove(machine, machine->frame->scope->names, target->text);
            continue;
        }
        if (target->kind != PY_ATTRIBUTE && target->kind != PY_SUBSCRIPT)
            continue;
        const Value *left = evaluate(machine, target->left);
        if (!left)
            return flow_of(machine);
        if (left->kind == VALUE_MODULE && target->kind == PY_ATTRIBUTE)
            names_remove(machine, left->module->scope->names, target->text);
        else
            value_expose(machine, left);
    }
    return FLOW_NEXT;
}

static void execute_global(ImportMachine *machine, const PyStmt *stmt)
{
    Scope *scope = machine->frame->scope;
    for (unsigned i = 0; i < stmt->alias_count; i++) {
        const char *name = stmt->aliases[i].name;
        Scope *owner = scope_module(scope);
        for (Scope *at = scope->up; stmt->kind == PY_NONLOCAL && at; at = at->up)
            if (at->kind == SCOPE_FUNCTION && names_find(at->names, name)) {
                owner = at;
                break;
            }
        if (owner != scope)
            scope_declare(machine, scope, name, owner);
    }
}

static Flow execute_stmt(ImportMachine *machine, const PyStmt *stmt)
{
    switch (stmt->kind) {
    case PY_EXPRESSION:
        return evaluate(machine, stmt->value) ? FLOW_NEXT : flow_of(machine);
    case PY_ASSIGN:
        return execute_assign(machine, stmt);
    case PY_ANNOTATED:
        return execute_annotated(machine, stmt);
    case PY_AUGMENTED:
        return execute_augmented(machine, stmt);
    case PY_IMPORT:
        return execute_import(machine, stmt);
    case PY_IMPORT_FROM:
        return execute_import_from(machine, stmt);
    case PY_IF:
        return execute_if(machine, stmt);
    case PY_WHILE:
        return execute_while(machine, stmt);
    case PY_FOR:
        return execute_for(machine, stmt);
    case PY_WITH:
        return execute_with(machine, stmt);
    case PY_TRY:
        return execute_try(machine, stmt);
    case PY_FUNCTION:
        return execute_function(machine, stmt);
    case PY_CLASS:
        return execute_class(machine, stmt);
    case PY_RETURN:
        return execute_return(machine, stmt);
    case PY_RAISE:
        return execute_raise(machine, stmt);
    case PY_ASSERT:
        return execute_assert(machine, stmt);
    case PY_DELETE:
        return execute_delete(machine, stmt);
    case PY_GLOBAL:
    case PY_NONLOCAL:
        execute_global(machine, stmt);
        return FLOW_NEXT;
    case PY_PASS:
        return FLOW_NEXT;
    case PY_BREAK:
        return FLOW_BREAK;
    case PY_CONTINUE:
        return FLOW_CONTINUE;
    case PY_MATCH:
        return execute_match(machine, stmt);
    case PY_TYPE:
        scope_bind(machine, machine->frame->scope, stmt->text, machine->unknown);
        return FLOW_NEXT;
    }
    return FLOW_NEXT;
}

Flow execute_block(ImportMachine *machine, PyBlock block)
{
    char here;
    if (machine->stack - &here > MAX_STACK + MAX_STACK / 4) {
        machine_stop(machine, "it is nested too deeply to follow");
        return FLOW_STOP;
    }
    for (unsigned i = 0; i < block.count; i++) {
        const PyStmt *stmt = block.items[i];
        machine->frame->line = stmt->line;
        if (++machine->steps > machine->limit) {
            machine_stop(machine, "it takes too many steps to follow");
            return FLOW_STOP;
        }
        Flow flow = execute_stmt(machine, stmt);
        if (flow != FLOW_NEXT)
            return flow;
    }
    return FLOW_NEXT;
}
