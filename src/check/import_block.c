/* Statements with blocks: branches, loops, try, with. */
#include "check/import_machine.h"

static void raise_becomes_possible(ImportMachine *machine)
{
    possible_add(machine, machine->raised);
    machine->raised = NULL;
}

/* What follows a return, break or continue on some ways only is reached on some ways only. */
static void leave_on_some_ways(ImportMachine *machine, Flow flow)
{
    Frame *frame = machine->frame;
    if (flow == FLOW_RETURN) {
        const Value *value = machine->returned;
        frame->result = frame->result ? value_join(machine, frame->result, value) : value;
        frame->left++;
    } else {
        frame->breaks++;
    }
    machine->weak++;
}

/* `weak` of a moment ago, and what left on some ways since. */
typedef struct {
    unsigned weak, left, breaks;
} Mark;

static Mark mark_of(const ImportMachine *machine)
{
    return (Mark){machine->weak, machine->frame->left, machine->frame->breaks};
}

static void return_to(ImportMachine *machine, Mark mark)
{
    const Frame *frame = machine->frame;
    machine->weak = mark.weak + (frame->left - mark.left) + (frame->breaks - mark.breaks);
}

/* What break and continue left ends with their loop. */
static void end_loop(ImportMachine *machine, Mark mark)
{
    machine->frame->breaks = mark.breaks;
    return_to(machine, mark);
}

static bool is_certain(const ImportMachine *machine, Mark mark)
{
    return machine->frame->left == mark.left && machine->frame->breaks == mark.breaks;
}

Flow execute_weak(ImportMachine *machine, PyBlock block)
{
    Mark mark = mark_of(machine);
    machine->weak++;
    Flow flow = execute_block(machine, block);
    return_to(machine, mark);
    if (flow == FLOW_RAISE)
        raise_becomes_possible(machine);
    return flow;
}

/* Two blocks of which one is walked. */
static Flow either_flow(ImportMachine *machine, Flow first, const Value *returned,
                        const Raised *raised, Flow second)
{
    if (first == FLOW_STOP || second == FLOW_STOP)
        return FLOW_STOP;
    if (first == FLOW_RAISE && second == FLOW_RAISE) {
        machine->raised = raised;
        return FLOW_RAISE;
    }
    if (first == FLOW_RETURN && second == FLOW_RETURN)
        machine->returned = value_join(machine, returned, machine->returned);
    if (first == second)
        return first;
    if (first == FLOW_RAISE)
        return second;
    if (second == FLOW_RAISE) {
        machine->returned = returned;
        return first;
    }
    if (first != FLOW_NEXT) {
        const Value *last = machine->returned;
        machine->returned = returned;
        leave_on_some_ways(machine, first);
        machine->returned = last;
    }
    if (second != FLOW_NEXT)
        leave_on_some_ways(machine, second);
    return FLOW_NEXT;
}

Flow execute_if(ImportMachine *machine, const PyStmt *stmt)
{
    int truth = evaluate_truth(machine, stmt->value);
    if (truth == -2)
        return flow_of(machine);
    if (truth >= 0)
        return execute_block(machine, truth ? stmt->body : stmt->orelse);
    unsigned possible = machine->possible->len;
    Flow first = execute_weak(machine, stmt->body);
    const Value *returned = machine->returned;
    const Raised *raised = machine->became_possible;
    Flow second = first == FLOW_STOP ? FLOW_STOP : execute_weak(machine, stmt->orelse);
    if (first == FLOW_RAISE && second == FLOW_RAISE)
        g_ptr_array_set_size(machine->possible, (int)possible);
    return either_flow(machine, first, returned, raised, second);
}

/* After the body of a loop was walked once for all its rounds. */
static Flow after_unknown_rounds(ImportMachine *machine, const PyStmt *stmt, Flow flow)
{
    if (flow == FLOW_STOP)
        return flow;
    if (flow == FLOW_RETURN)
        leave_on_some_ways(machine, flow);
    Flow last = execute_weak(machine, stmt->orelse);
    if (last == FLOW_STOP)
        return last;
    if (last != FLOW_NEXT && last != FLOW_RAISE)
        leave_on_some_ways(machine, last);
    return FLOW_NEXT;
}

static Flow unknown_rounds(ImportMachine *machine, const PyStmt *stmt)
{
    Mark mark = mark_of(machine);
    machine->weak++;
    Flow flow = FLOW_NEXT;
    if (stmt->kind == PY_FOR && !bind_target(machine, stmt->targets.items[0], machine->unknown))
        flow = flow_of(machine);
    if (flow == FLOW_NEXT)
        flow = execute_block(machine, stmt->body);
    end_loop(machine, mark);
    if (flow == FLOW_RAISE)
        raise_becomes_possible(machine);
    flow = after_unknown_rounds(machine, stmt, flow);
    end_loop(machine, mark);
    return flow;
}

/* Gives FLOW_NEXT to go on with the next round. */
static Flow one_round(ImportMachine *machine, const PyStmt *stmt, Mark mark)
{
    Flow flow = execute_block(machine, stmt->body);
    if (flow == FLOW_RAISE && !is_certain(machine, mark)) {
        raise_becomes_possible(machine);
        return FLOW_BREAK;
    }
    return flow == FLOW_CONTINUE ? FLOW_NEXT : flow;
}

Flow execute_for(ImportMachine *machine, const PyStmt *stmt)
{
    const Value *iterable = evaluate(machine, stmt->value);
    if (!iterable)
        return flow_of(machine);
    const GPtrArray *items = stmt->async ? NULL : value_iterate(machine, iterable);
    if (!items || items->len > MAX_LOOP)
        return unknown_rounds(machine, stmt);
    Mark mark = mark_of(machine);
    unsigned rounds = items->len;
    g_autofree const Value **copy = g_new(const Value *, rounds + 1);
    for (unsigned i = 0; i < rounds; i++)
        copy[i] = items->pdata[i];
    Flow flow = FLOW_NEXT;
    for (unsigned i = 0; i < rounds && flow == FLOW_NEXT; i++) {
        if (!bind_target(machine, stmt->targets.items[0], copy[i]))
            return flow_of(machine);
        flow = one_round(machine, stmt, mark);
    }
    bool certain = is_certain(machine, mark);
    end_loop(machine, mark);
    if (flow == FLOW_BREAK)
        return FLOW_NEXT;
    if (flow == FLOW_RETURN && !certain) {
        leave_on_some_ways(machine, flow);
        return FLOW_NEXT;
    }
    if (flow != FLOW_NEXT)
        return flow;
    return certain ? execute_block(machine, stmt->orelse)
                   : after_unknown_rounds(machine, stmt, FLOW_NEXT);
}

enum {
    MAX_WHILE = 1000
};

Flow execute_while(ImportMachine *machine, const PyStmt *stmt)
{
    Mark mark = mark_of(machine);
    for (unsigned i = 0; i < MAX_WHILE; i++) {
        int truth = evaluate_truth(machine, stmt->value);
        if (truth == -2)
            return flow_of(machine);
        if (truth < 0)
            break;
        if (truth == 0)
            return execute_block(machine, stmt->orelse);
        Flow flow = one_round(machine, stmt, mark);
        bool certain = is_certain(machine, mark);
        if (flow == FLOW_BREAK || !certain) {
            end_loop(machine, mark);
            if (flow == FLOW_RETURN && !certain)
                leave_on_some_ways(machine, flow);
            return flow == FLOW_STOP ? flow : FLOW_NEXT;
        }
        if (flow != FLOW_NEXT)
            return flow;
    }
    return unknown_rounds(machine, stmt);
}

static Flow run_handler(ImportMachine *machine, const PyHandler *handler, const Raised *raised)
{
    const Raised *outer = machine->handled;
    machine->handled = raised;
    if (handler->name)
        scope_bind(machine, machine->frame->scope, handler->name,
                   raised ? raised->value : machine->unknown);
    Flow flow = execute_block(machine, handler->body);
    if (handler->name && flow != FLOW_STOP)
        names_remove(machine, machine->frame->scope->names, handler->name);
    machine->handled = outer;
    return flow;
}

/* A handler that may run. What it raises is dropped when `dropped`: nothing says that it runs but
 * a call that was not followed. */
static Flow run_handler_weak(ImportMachine *machine, const PyHandler *handler, const Raised *raised,
                             bool dropped)
{
    Mark mark = mark_of(machine);
    unsigned possible = machine->possible->len;
    machine->weak++;
    Flow flow = run_handler(machine, handler, raised);
    return_to(machine, mark);
    if (flow == FLOW_RAISE && !dropped)
        raise_becomes_possible(machine);
    if (dropped)
        g_ptr_array_set_size(machine->possible, (int)MIN(possible, machine->possible->len));
    if (flow == FLOW_RAISE)
        machine->raised = NULL;
    else if (flow != FLOW_NEXT && flow != FLOW_STOP)
        leave_on_some_ways(machine, flow);
    return flow;
}

static int handler_matches(ImportMachine *machine, const PyHandler *handler, const Raised *raised)
{
    if (!handler->type)
        return 1;
    const Raised *kept = machine->raised;
    machine->raised = NULL;
    const Value *type = evaluate(machine, handler->type);
    if (!type && machine->stopped)
        return -1;
    machine->raised = kept;
    return type ? raised_matches(machine, raised, type) : -1;
}

static Flow handle_raised(ImportMachine *machine, const PyStmt *stmt)
{
    const Raised *raised = machine->raised;
    for (unsigned i = 0; i < stmt->handler_count; i++) {
        int matches = handler_matches(machine, &stmt->handlers[i], raised);
        if (machine->stopped)
            return FLOW_STOP;
        if (matches == 0)
            continue;
        machine->raised = NULL;
        if (matches > 0) {
            g_ptr_array_add(machine->caught, (void *)raised);
            return run_handler(machine, &stmt->handlers[i], raised);
        }
        Flow flow = run_handler_weak(machine, &stmt->handlers[i], raised, false);
        possible_add(machine, raised);
        return flow == FLOW_STOP ? flow : FLOW_NEXT;
    }
    machine->raised = raised;
    return FLOW_RAISE;
}

/* Exceptions that became possible in the body: each goes to the handler that would catch it. */
static Flow handle_possible(ImportMachine *machine, const PyStmt *stmt, const GPtrArray *possible,
                            bool *ret_ran)
{
    g_autofree bool *ran = g_new0(bool, stmt->handler_count + 1);
    g_autofree const Raised **reasons = g_new0(const Raised *, stmt->handler_count + 1);
    for (unsigned i = 0; i < possible->len; i++) {
        const Raised *raised = possible->pdata[i];
        unsigned j = 0;
        while (j < stmt->handler_count && handler_matches(machine, &stmt->handlers[j], raised) == 0)
            j++;
        if (j == stmt->handler_count) {
            possible_add(machine, raised);
        } else if (!ran[j]) {
            ran[j] = true;
            reasons[j] = raised;
        }
    }
    for (unsigned j = 0; j < stmt->handler_count; j++) {
        if (!ran[j])
            continue;
        *ret_ran = true;
        if (run_handler_weak(machine, &stmt->handlers[j], reasons[j], false) == FLOW_STOP)
            return FLOW_STOP;
    }
    return FLOW_NEXT;
}

static Flow handle_unseen(ImportMachine *machine, const PyStmt *stmt, bool *ret_passed)
{
    guint64 unknowns = machine->unknowns;
    for (unsigned i = 0; i < stmt->handler_count; i++) {
        Flow flow = run_handler_weak(machine, &stmt->handlers[i], NULL, true);
        if (flow == FLOW_STOP)
            return flow;
        *ret_passed |= flow == FLOW_NEXT;
    }
    machine->unknowns = unknowns;
    return FLOW_NEXT;
}

static Flow run_final(ImportMachine *machine, const PyStmt *stmt, Flow flow)
{
    if (stmt->final.count == 0 || flow == FLOW_STOP)
        return flow;
    const Raised *raised = machine->raised;
    const Value *returned = machine->returned;
    machine->raised = NULL;
    Flow last = execute_block(machine, stmt->final);
    if (last != FLOW_NEXT)
        return last;
    machine->raised = raised;
    machine->returned = returned;
    return flow;
}

/* The body came to its end, or left the function or loop; but handlers may have run instead. */
static Flow with_handlers(ImportMachine *machine, const PyStmt *stmt, Flow flow,
                          const GPtrArray *possible, guint64 unknowns)
{
    const Value *returned = machine->returned;
    Frame *frame = machine->frame;
    bool ran = false, passed = false;
    Flow state = FLOW_NEXT;
    if (possible->len > 0)
        state = handle_possible(machine, stmt, possible, &ran);
    else if (machine->unknowns != unknowns)
        state = handle_unseen(machine, stmt, &passed);
    if (state == FLOW_STOP)
        return state;
    machine->returned = returned;
    if (flow == FLOW_NEXT && stmt->orelse.count > 0) {
        if (!ran)
            return execute_block(machine, stmt->orelse);
        flow = execute_weak(machine, stmt->orelse);
        if (flow == FLOW_STOP)
            return flow;
        if (flow != FLOW_NEXT && flow != FLOW_RAISE)
            leave_on_some_ways(machine, flow);
        return FLOW_NEXT;
    }
    if (flow == FLOW_NEXT || !(ran || passed))
        return flow;
    if (flow == FLOW_RETURN && !ran && !frame->drops) {
        frame->drops = true;
        frame->drop_mark = machine->possible->len;
    }
    leave_on_some_ways(machine, flow);
    return FLOW_NEXT;
}

/* What became possible before a body raised or stopped is nobody's to catch. */
Flow execute_try(ImportMachine *machine, const PyStmt *stmt)
{
    guint64 unknowns = machine->unknowns;
    unsigned outer = possible_enter(machine);
    machine->frame->guards += stmt->handler_count > 0;
    Flow flow = execute_block(machine, stmt->body);
    machine->frame->guards -= stmt->handler_count > 0;
    if (flow == FLOW_RAISE || flow == FLOW_STOP) {
        possible_leave(machine, outer);
        if (flow == FLOW_RAISE)
            flow = handle_raised(machine, stmt);
    } else {
        g_autoptr(GPtrArray) possible = possible_take(machine, outer);
        flow = with_handlers(machine, stmt, flow, possible, unknowns);
    }
    return run_final(machine, stmt, flow);
}

static int context_swallows(ImportMachine *machine, const Value *context, const Raised *raised)
{
    if (context->kind == VALUE_FOREIGN)
        return 0;
    if (context->kind != VALUE_OBJECT)
        return -1;
    if (context->object->class == machine->suppress_class)
        return raised_matches(machine, raised, context->object->arguments);
    bool unknown = false;
    const Value *leave = class_find(machine, context->object->class, NULL, "__exit__", &unknown);
    if (!leave || leave->kind != VALUE_FUNCTION)
        return -1;
    machine->raised = NULL;
    const Value *all[] = {context, raised->class->value, raised->value, machine->foreign};
    const Value *result = value_call_plain(machine, leave, all, G_N_ELEMENTS(all));
    return result ? value_truth(machine, result) : -2;
}

static Flow leave_contexts(ImportMachine *machine, const Value *const *contexts, unsigned count,
                           Flow flow)
{
    for (unsigned i = count; flow == FLOW_RAISE && i-- > 0;) {
        const Raised *raised = machine->raised;
        int swallows = context_swallows(machine, contexts[i], raised);
        if (swallows == -2)
            return flow_of(machine);
        machine->raised = swallows == 0 ? raised : NULL;
        if (swallows < 0)
            possible_add(machine, raised);
        else if (swallows > 0)
            g_ptr_array_add(machine->caught, (void *)raised);
        flow = swallows == 0 ? FLOW_RAISE : FLOW_NEXT;
    }
    return flow;
}

static const Value *enter_context(ImportMachine *machine, const Value *context)
{
    if (context->kind != VALUE_OBJECT || context->object->class == machine->suppress_class)
        return machine->unknown;
    bool unknown = false;
    const Value *enter = class_find(machine, context->object->class, NULL, "__enter__", &unknown);
    if (enter && enter->kind == VALUE_FUNCTION)
        return value_call_plain(machine, enter, &context, 1);
    machine->unknowns++;
    return machine->unknown;
}

Flow execute_with(ImportMachine *machine, const PyStmt *stmt)
{
    g_autofree const Value **contexts = g_new0(const Value *, stmt->with_count + 1);
    unsigned count = 0, mark = machine->possible->len;
    Flow flow = FLOW_NEXT;
    for (; count < stmt->with_count && flow == FLOW_NEXT; count++) {
        const PyWithItem *item = &stmt->with_items[count];
        contexts[count] = evaluate(machine, item->context);
        const Value *entered = contexts[count] ? enter_context(machine, contexts[count]) : NULL;
        if (!entered || (item->target && !bind_target(machine, item->target, entered)))
            return leave_contexts(machine, contexts, count, flow_of(machine));
    }
    flow = execute_block(machine, stmt->body);
    /* suppress() swallows what is only possible too. */
    for (unsigned i = 0; i < count; i++)
        if (contexts[i]->kind == VALUE_OBJECT &&
            contexts[i]->object->class == machine->suppress_class)
            g_ptr_array_set_size(machine->possible, (int)MIN(mark, machine->possible->len));
    return leave_contexts(machine, contexts, count, flow);
}

Flow execute_match(ImportMachine *machine, const PyStmt *stmt)
{
    if (!evaluate(machine, stmt->value))
        return flow_of(machine);
    for (unsigned i = 0; i < stmt->case_count; i++) {
        const PyCase *one = &stmt->cases[i];
        machine->weak++;
        for (unsigned j = 0; j < one->captured.count; j++)
            bind_target(machine, one->captured.items[j], machine->unknown);
        machine->weak--;
        Flow flow = execute_weak(machine, one->body);
        if (flow == FLOW_STOP)
            return flow;
        if (flow != FLOW_NEXT && flow != FLOW_RAISE)
            leave_on_some_ways(machine, flow);
    }
    return FLOW_NEXT;
}
