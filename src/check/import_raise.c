#include "check/import_machine.h"

typedef struct {
    const char *name, *base;
} ExceptionRow;

/* The Python Standard Library, "Exception hierarchy"; a base stands before what derives from it. */
static const ExceptionRow exceptions[] = {
    {"BaseException", NULL},
    {"Exception", "BaseException"},
    {"GeneratorExit", "BaseException"},
    {"KeyboardInterrupt", "BaseException"},
    {"SystemExit", "BaseException"},
    {"BaseExceptionGroup", "BaseException"},
    {"ExceptionGroup", "BaseExceptionGroup"},
    {"ArithmeticError", "Exception"},
    {"FloatingPointError", "ArithmeticError"},
    {"OverflowError", "ArithmeticError"},
    {"ZeroDivisionError", "ArithmeticError"},
    {"AssertionError", "Exception"},
    {"AttributeError", "Exception"},
    {"BufferError", "Exception"},
    {"EOFError", "Exception"},
    {"ImportError", "Exception"},
    {"ModuleNotFoundError", "ImportError"},
    {"LookupError", "Exception"},
    {"IndexError", "LookupError"},
    {"KeyError", "LookupError"},
    {"MemoryError", "Exception"},
    {"NameError", "Exception"},
    {"UnboundLocalError", "NameError"},
    {"OSError", "Exception"},
    {"BlockingIOError", "OSError"},
    {"ChildProcessError", "OSError"},
    {"ConnectionError", "OSError"},
    {"BrokenPipeError", "ConnectionError"},
    {"ConnectionAbortedError", "ConnectionError"},
    {"ConnectionRefusedError", "ConnectionError"},
    {"ConnectionResetError", "ConnectionError"},
    {"FileExistsError", "OSError"},
    {"FileNotFoundError", "OSError"},
    {"InterruptedError", "OSError"},
    {"IsADirectoryError", "OSError"},
    {"NotADirectoryError", "OSError"},
    {"PermissionError", "OSError"},
    {"ProcessLookupError", "OSError"},
    {"TimeoutError", "OSError"},
    {"ReferenceError", "Exception"},
    {"RuntimeError", "Exception"},
    {"NotImplementedError", "RuntimeError"},
    {"RecursionError", "RuntimeError"},
    {"StopIteration", "Exception"},
    {"StopAsyncIteration", "Exception"},
    {"SyntaxError", "Exception"},
    {"IndentationError", "SyntaxError"},
    {"TabError", "IndentationError"},
    {"SystemError", "Exception"},
    {"TypeError", "Exception"},
    {"ValueError", "Exception"},
    {"UnicodeError", "ValueError"},
    {"UnicodeDecodeError", "UnicodeError"},
    {"UnicodeEncodeError", "UnicodeError"},
    {"UnicodeTranslateError", "UnicodeError"},
    {"Warning", "Exception"},
    {"BytesWarning", "Warning"},
    {"DeprecationWarning", "Warning"},
    {"EncodingWarning", "Warning"},
    {"FutureWarning", "Warning"},
    {"ImportWarning", "Warning"},
    {"PendingDeprecationWarning", "Warning"},
    {"ResourceWarning", "Warning"},
    {"RuntimeWarning", "Warning"},
    {"SyntaxWarning", "Warning"},
    {"UnicodeWarning", "Warning"},
    {"UserWarning", "Warning"},
    /* importlib.metadata; not a builtin, found under its dotted name. */
    {"PackageNotFoundError", "ModuleNotFoundError"},
};

void exceptions_install(ImportMachine *machine)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(exceptions); i++) {
        const ExceptionRow *row = &exceptions[i];
        Class *class = class_new(machine, row->name, NULL);
        const Value *base = row->base ? g_hash_table_lookup(machine->builtins, row->base) : NULL;
        if (base)
            g_ptr_array_add(class->bases, (void *)base);
        g_hash_table_insert(machine->builtins, (void *)row->name, (void *)class->value);
    }
    const Value *os_error = g_hash_table_lookup(machine->builtins, "OSError");
    g_hash_table_insert(machine->builtins, (void *)"IOError", (void *)os_error);
    g_hash_table_insert(machine->builtins, (void *)"EnvironmentError", (void *)os_error);
}

typedef struct {
    const char *dotted, *builtin;
    unsigned first; /* minor version of Python 3 */
} ExceptionName;

static const ExceptionName exception_names[] = {
    {"asyncio.TimeoutError", "TimeoutError", 11},
    {"asyncio.exceptions.TimeoutError", "TimeoutError", 11},
    {"concurrent.futures.TimeoutError", "TimeoutError", 11},
    {"os.error", "OSError", 3},
    {"select.error", "OSError", 3},
    {"socket.error", "OSError", 3},
    {"socket.timeout", "TimeoutError", 10},
};

const Value *exception_known_as(const ImportMachine *machine, const char *dotted)
{
    if (g_str_has_prefix(dotted, "builtins.")) {
        const Value *found = g_hash_table_lookup(machine->builtins, strchr(dotted, '.') + 1);
        return found && found->kind == VALUE_CLASS ? found : NULL;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(exception_names); i++) {
        const ExceptionName *row = &exception_names[i];
        if (g_str_equal(row->dotted, dotted) && python_minor(machine) >= row->first)
            return g_hash_table_lookup(machine->builtins, row->builtin);
    }
    return NULL;
}

static void add_steps(ImportMachine *machine, Raised *raised, const Step *more, unsigned count)
{
    unsigned frames = 0;
    for (const Frame *frame = machine->frame; frame; frame = frame->up)
        frames++;
    raised->steps = machine_alloc(machine, (frames + count) * sizeof(Step));
    raised->step_count = frames + count;
    for (const Frame *frame = machine->frame; frame; frame = frame->up)
        raised->steps[--frames] = (Step){frame->scope->module, frame->name, frame->line};
    if (count > 0)
        memcpy(raised->steps + raised->step_count - count, more, count * sizeof(Step));
}

static Raised *raised_new(ImportMachine *machine, RaisedKind kind, const Value *value)
{
    Raised *raised = machine_alloc(machine, sizeof *raised);
    *raised = (Raised){.kind = kind, .value = value, .class = value->object->class};
    raised->assumed = machine->handled && machine->handled->assumed;
    add_steps(machine, raised, NULL, 0);
    return raised;
}

static Raised *builtin_raised(ImportMachine *machine, RaisedKind kind, const char *class,
                              const char *missing, const char *message)
{
    const Value *type = g_hash_table_lookup(machine->builtins, class);
    const Value *value = object_new(machine, type->class);
    Value *arguments = value_items(machine, VALUE_TUPLE);
    value_add(machine, arguments, value_text(machine, message));
    value->object->arguments = arguments;
    if (missing)
        names_bind(machine, value->object->attributes, "name", value_text(machine, missing));
    Raised *raised = raised_new(machine, kind, value);
    raised->message = message;
    raised->missing = missing;
    raised->driver = kind == RAISED_WORLD;
    return raised;
}

const Value *raise_builtin(ImportMachine *machine, RaisedKind kind, const char *class,
                           const char *missing, const char *message)
{
    machine->raised = builtin_raised(machine, kind, class, missing, message);
    return NULL;
}

static bool ends_in_call(const Raised *raised)
{
    return raised->step_count > 0 && raised->steps[raised->step_count - 1].function;
}

/* Whether handlers and possible_find() treat two alike. */
static bool is_alike(const Raised *one, const Raised *other)
{
    return one->class == other->class && one->kind == other->kind && one->driver == other->driver &&
           ends_in_call(one) == ends_in_call(other);
}

/* What programs raise themselves comes by the hundred thousand: one of a kind is enough. */
void possible_add(ImportMachine *machine, const Raised *raised)
{
    if (!raised)
        return;
    machine->became_possible = raised;
    for (unsigned i = machine->possible_begin; i < machine->possible->len; i++) {
        if (is_alike(machine->possible->pdata[i], raised))
            return;
    }
    g_ptr_array_add(machine->possible, (void *)raised);
}

unsigned possible_enter(ImportMachine *machine)
{
    unsigned outer = machine->possible_begin;
    machine->possible_begin = machine->possible->len;
    return outer;
}

GPtrArray *possible_take(ImportMachine *machine, unsigned outer)
{
    unsigned begin = MIN(machine->possible_begin, machine->possible->len);
    GPtrArray *taken = g_ptr_array_new();
    for (unsigned i = begin; i < machine->possible->len; i++)
        g_ptr_array_add(taken, machine->possible->pdata[i]);
    g_ptr_array_set_size(machine->possible, (int)begin);
    machine->possible_begin = outer;
    return taken;
}

void possible_leave(ImportMachine *machine, unsigned outer)
{
    g_autoptr(GPtrArray) taken = possible_take(machine, outer);
    for (unsigned i = 0; i < taken->len; i++)
        possible_add(machine, taken->pdata[i]);
}

const Value *raise_possible(ImportMachine *machine, RaisedKind kind, const char *class,
                            const char *missing, const char *message)
{
    possible_add(machine, builtin_raised(machine, kind, class, missing, message));
    machine->unknowns++;
    return machine->unknown;
}

/* What programs raise themselves under a test that is not decided here is their way to refuse what
 * is wrong: it says little of an import of files that are there. */
const Raised *possible_find(const ImportMachine *machine, unsigned begin)
{
    bool partial = sources_partial(machine->sources);
    for (unsigned i = begin; i < machine->possible->len; i++) {
        const Raised *raised = machine->possible->pdata[i];
        if (!partial && ends_in_call(raised))
            continue; /* the arguments of a call decide */
        if (raised->kind != RAISED_STATEMENT && raised->kind != RAISED_LOOKUP)
            return raised;
    }
    return NULL;
}

/* A driver or device is what it wants if the body that led here had asked for one. */
static bool asked_for_device(const ImportMachine *machine)
{
    const Frame *frame = machine->frame;
    while (frame && (frame->function || frame->scope->kind != SCOPE_MODULE))
        frame = frame->up;
    return machine->world == WORLD_BUILD && frame && frame->world_reads < machine->world_reads;
}

const Value *raise_value(ImportMachine *machine, const Value *exception, const char *message)
{
    Raised *raised = raised_new(machine, RAISED_STATEMENT, exception);
    raised->message = message;
    raised->driver = asked_for_device(machine) || (machine->handled && machine->handled->driver);
    machine->raised = raised;
    return NULL;
}

const Value *raise_again(ImportMachine *machine, const Raised *failure)
{
    Raised *raised = machine_alloc(machine, sizeof *raised);
    *raised = *failure;
    unsigned depth = MIN(failure->depth, failure->step_count);
    add_steps(machine, raised, failure->steps + depth, failure->step_count - depth);
    machine->raised = raised;
    return NULL;
}

const Value *machine_stop(ImportMachine *machine, const char *reason)
{
    /* What a call that is not walked to its end would have bound in its module is not known. */
    for (const Frame *frame = machine->frame; frame; frame = frame->up)
        if (frame->function)
            frame->scope->module->scope->names->open = true;
    machine->stopped = true;
    if (!machine->stop_reason)
        machine->stop_reason = reason;
    return NULL;
}

int raised_matches(ImportMachine *machine, const Raised *raised, const Value *type)
{
    if (!type)
        return 1;
    if (raised->vague)
        return type->kind == VALUE_CLASS && !type->class->module &&
                       (g_str_equal(type->class->name, "Exception") ||
                        g_str_equal(type->class->name, "BaseException"))
                   ? 1
                   : -1;
    if (type->kind == VALUE_CLASS)
        return class_is_subclass(machine, raised->class->value, type);
    if (type->kind == VALUE_FOREIGN && !raised->class->module)
        return g_str_equal(raised->class->name, "OSError") ? -1 : 0;
    if (type->kind != VALUE_TUPLE && type->kind != VALUE_LIST)
        return -1;
    int found = type->open ? -1 : 0;
    for (unsigned i = 0; i < type->items->len; i++) {
        int one = raised_matches(machine, raised, type->items->pdata[i]);
        if (one == 1)
            return 1;
        if (one < 0)
            found = -1;
    }
    return found;
}

/* In functions, these tell of wrong arguments and states: a value that the walk does not model to
 * the last detail is the likelier reason. */
bool raised_is_doubtful(const Raised *raised)
{
    static const char *const refusals[] = {"AssertionError", "AttributeError", "IndexError",
                                           "KeyError",       "LookupError",    "NameError",
                                           "StopIteration",  "TypeError",      "ValueError"};
    bool called = ends_in_call(raised);
    if (raised->vague || raised->assumed || raised->kind == RAISED_LOOKUP)
        return true;
    for (unsigned i = 0; called && raised->kind == RAISED_STATEMENT && i < G_N_ELEMENTS(refusals);
         i++)
        if (!raised->class->module && g_str_equal(refusals[i], raised->class->name))
            return true;
    return false;
}

static const Value *exception_of(ImportMachine *machine, const Value *value)
{
    if (value->kind == VALUE_CLASS)
        return class_call(machine, value, &(Arguments){0});
    return value;
}

static const char *message_of(ImportMachine *machine, const Value *exception)
{
    const Value *arguments = exception->object->arguments;
    if (!arguments || arguments->open || arguments->items->len == 0)
        return NULL;
    const Value *first = arguments->items->pdata[0];
    if (arguments->items->len == 1)
        return first->kind == VALUE_UNKNOWN ? first->text : value_display(machine, first, false);
    return value_display(machine, arguments, true);
}

Flow execute_raise(ImportMachine *machine, const PyStmt *stmt)
{
    if (!stmt->value) {
        if (machine->handled) {
            raise_again(machine, machine->handled);
            return FLOW_RAISE;
        }
        raise_builtin(machine, RAISED_STATEMENT, "RuntimeError", NULL,
                      "No active exception to reraise");
        ((Raised *)machine->raised)->vague = true;
        return FLOW_RAISE;
    }
    const Value *value = evaluate(machine, stmt->value);
    if (value && stmt->cause && !evaluate(machine, stmt->cause))
        value = NULL;
    const Value *exception = value ? exception_of(machine, value) : NULL;
    if (!exception)
        return flow_of(machine);
    if (exception->kind != VALUE_OBJECT) {
        const Value *base = g_hash_table_lookup(machine->builtins, "Exception");
        const char *message = machine_format(machine, "an exception of an unknown kind");
        exception = object_new(machine, base->class);
        raise_value(machine, exception, message);
        ((Raised *)machine->raised)->vague = true;
        return FLOW_RAISE;
    }
    raise_value(machine, exception, message_of(machine, exception));
    return FLOW_RAISE;
}
