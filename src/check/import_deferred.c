/* Imports inside functions (imports.h: import_machine_deferred).
 *
 * Every function of a loaded module that imports something is walked with unknown arguments; what
 * fails then fails whenever it is called. Modules of a distribution that was loaded already are
 * loaded where such an import reaches them, and looked into in turn: `import torch` does not load
 * torch._inductor, torch.compile() does. That a package is absent altogether is no finding: the
 * function is for those who have it. */
#include "check/import_machine.h"

enum {
    FUNCTION_STEPS = 5 * 1000,
    FUNCTION_CALLS = 3, /* calls in calls that are followed */
    ALL_STEPS = 40 * 1000 * 1000,
    MAX_FOUND = 200,
};

typedef struct {
    ImportMachine *machine;
    GPtrArray *failures; /* ImportFailure */
    GHashTable *tops;    /* top-level names of what the imports loaded */
    GHashTable *seen;    /* "path:line" of what was found */
    guint64 last_step;
    Module *module;
} Deferred;

static bool imports_more(const Deferred *deferred, const PyStmt *stmt)
{
    ImportMachine *machine = deferred->machine;
    for (unsigned i = 0; stmt->kind == PY_IMPORT && i < stmt->alias_count; i++) {
        const Module *known = module_known(machine, stmt->aliases[i].name);
        if (!known || known->state == MODULE_FAILED)
            return true;
    }
    return stmt->kind == PY_IMPORT_FROM;
}

/* Whether a function's own body imports what was not imported yet, or names. */
static bool block_imports(const Deferred *deferred, PyBlock block)
{
    for (unsigned i = 0; i < block.count; i++) {
        const PyStmt *stmt = block.items[i];
        if (stmt->kind == PY_FUNCTION || stmt->kind == PY_CLASS)
            continue;
        if (imports_more(deferred, stmt))
            return true;
        if (!py_is_compound(stmt))
            continue;
        if (block_imports(deferred, stmt->body) || block_imports(deferred, stmt->orelse) ||
            block_imports(deferred, stmt->final))
            return true;
        for (unsigned j = 0; j < stmt->handler_count; j++)
            if (block_imports(deferred, stmt->handlers[j].body))
                return true;
    }
    return false;
}

static bool same_top(const char *a, const char *b)
{
    size_t length = strcspn(a, ".");
    return length == strcspn(b, ".") && strncmp(a, b, length) == 0;
}

static bool block_binds(const PyBlock *block, const char *name);

static bool stmt_binds(const PyStmt *stmt, const char *name)
{
    for (unsigned i = 0; stmt->kind == PY_IMPORT_FROM && i < stmt->alias_count; i++) {
        const PyAlias *alias = &stmt->aliases[i];
        if (g_str_equal(alias->as ? alias->as : alias->name, name))
            return true;
    }
    for (unsigned i = 0; stmt->kind == PY_ASSIGN && i < stmt->targets.count; i++) {
        const PyExpr *target = stmt->targets.items[i];
        if (target->kind == PY_NAME && g_strcmp0(target->text, name) == 0)
            return true;
    }
    if (stmt->kind == PY_FUNCTION || stmt->kind == PY_CLASS)
        return g_strcmp0(stmt->text, name) == 0;
    if (!py_is_compound(stmt))
        return false;
    for (unsigned i = 0; i < stmt->handler_count; i++) {
        if (block_binds(&stmt->handlers[i].body, name))
            return true;
    }
    return block_binds(&stmt->body, name) || block_binds(&stmt->orelse, name) ||
           block_binds(&stmt->final, name);
}

static bool block_binds(const PyBlock *block, const char *name)
{
    for (unsigned i = 0; i < block->count; i++) {
        if (stmt_binds(block->items[i], name))
            return true;
    }
    return false;
}

/* Whether the module is written to have the name where something else is there: an extra of its
 * distribution, another system. A part of a namespace package is such a thing itself. */
static bool is_conditional(ImportMachine *machine, const Raised *raised)
{
    const Module *module = module_known(machine, raised->missing);
    if (!module || raised->kind != RAISED_NAME)
        return false;
    if (module->kind == MODULE_NAMESPACE)
        return true;
    return raised->name && module->source && module->source->tree &&
           block_binds(&module->source->tree->body, raised->name);
}

/* Between distributions, a name or module that lacks is a misfit of versions. Within one it is that
 * in the body of a module only: functions for other platforms look the same, as do those for
 * another Python, whose standard library has more or had it still. */
static bool is_misfit(ImportMachine *machine, const Raised *raised)
{
    if (raised->step_count == 0 || !raised->missing)
        return false;
    const Step *last = &raised->steps[raised->step_count - 1];
    const Module *lacking = module_known(machine, raised->missing);
    if (lacking && lacking->kind == MODULE_STDLIB && last->function)
        return false;
    if (last->function && is_conditional(machine, raised))
        return false;
    if (!same_top(last->module->name, raised->missing))
        return raised->kind == RAISED_NAME || (raised->kind == RAISED_MODULE && !raised->absent);
    return raised->kind == RAISED_NAME && !last->function;
}

static void note_failure(Deferred *deferred, const Raised *raised, const char *function)
{
    if (!is_misfit(deferred->machine, raised) || deferred->failures->len >= MAX_FOUND)
        return;
    const Step *last = &raised->steps[raised->step_count - 1];
    const char *place = machine_format(deferred->machine, "%s:%u", last->module->path, last->line);
    if (!g_hash_table_add(deferred->seen, (void *)place))
        return;
    ImportFailure *failure = failure_of(raised);
    g_free(failure->function);
    failure->function = g_strdup(function);
    g_ptr_array_add(deferred->failures, failure);
}

static void walk_function(Deferred *deferred, const PyStmt *def, const char *qualified)
{
    ImportMachine *machine = deferred->machine;
    if (def->async || !def->imports || !block_imports(deferred, py_function_body(def)))
        return;
    Function *function = machine_alloc(machine, sizeof *function);
    function->name = def->text;
    function->qualified = qualified;
    function->def = def;
    function->scope = deferred->module->scope;
    function->defaults =
        machine_alloc(machine, (def->parameter_count + 1) * sizeof *function->defaults);
    machine->limit = MIN(deferred->last_step, machine->steps + FUNCTION_STEPS);
    machine->calls = MAX_CALLS - FUNCTION_CALLS;
    machine->weak = 1; /* what it binds in modules is bound on some ways */
    machine->frame = NULL;
    machine->raised = machine->handled = NULL;
    machine->possible_begin = 0;
    g_ptr_array_set_size(machine->possible, 0);
    const Value *value = function_call(machine, function, NULL, &(Arguments){.open = true});
    if (!value && !machine->stopped)
        note_failure(deferred, machine->raised, qualified);
    machine->stopped = false;
    machine->stop_reason = NULL;
    machine->raised = NULL;
    machine->weak = 0;
}

static void walk_block(Deferred *deferred, PyBlock block, const char *within)
{
    ImportMachine *machine = deferred->machine;
    for (unsigned i = 0; i < block.count && machine->steps < deferred->last_step; i++) {
        const PyStmt *stmt = block.items[i];
        if (!py_is_compound(stmt))
            continue;
        bool defines = stmt->kind == PY_FUNCTION || stmt->kind == PY_CLASS;
        const char *name = !defines  ? within
                           : *within ? machine_format(machine, "%s.%s", within, stmt->text)
                                     : stmt->text;
        if (stmt->kind == PY_FUNCTION) {
            walk_function(deferred, stmt, name);
            continue;
        }
        walk_block(deferred, stmt->body, name);
        walk_block(deferred, stmt->orelse, name);
        walk_block(deferred, stmt->final, name);
    }
}

static const char *top_of(ImportMachine *machine, const Module *module)
{
    return machine_format(machine, "%.*s", (int)strcspn(module->name, "."), module->name);
}

void deferred_walk(ImportMachine *machine, GPtrArray *failures)
{
    Deferred deferred = {.machine = machine, .failures = failures};
    machine->deferred = true;
    deferred.tops = machine_table(machine);
    deferred.seen = machine_table(machine);
    deferred.last_step = MIN(MAX_STEPS, machine->steps + ALL_STEPS);
    for (unsigned i = 0; i < machine->loaded->len; i++)
        g_hash_table_add(deferred.tops, (void *)top_of(machine, machine->loaded->pdata[i]));
    for (unsigned i = 0; i < machine->loaded->len && machine->steps < deferred.last_step; i++) {
        Module *module = machine->loaded->pdata[i];
        bool own = g_hash_table_contains(deferred.tops, top_of(machine, module));
        if (module->kind != MODULE_SOURCE || module->state != MODULE_LOADED ||
            module->deferred_seen || !own || !module->source || !module->source->tree)
            continue;
        module->deferred_seen = true;
        deferred.module = module;
        walk_block(&deferred, module->source->tree->body, "");
    }
    machine->limit = MAX_STEPS;
    machine->deferred = false;
}
