/* The import statement (The Python Language Reference §7.11) and the modules that it loads. */
#include "check/import_machine.h"

Module *module_known(ImportMachine *machine, const char *name)
{
    return g_hash_table_lookup(machine->modules, name);
}

Module *module_new(ImportMachine *machine, const char *name, ModuleKind kind)
{
    Module *module = machine_alloc(machine, sizeof *module);
    module->name = machine_text(machine, name);
    module->kind = kind;
    module->scope = scope_open(machine, SCOPE_MODULE, NULL, module);
    module->scope->captured = true;
    Value *value = value_new(machine, VALUE_MODULE);
    value->module = module;
    module->value = value;
    return module;
}

static void register_module(ImportMachine *machine, Module *module)
{
    g_hash_table_insert(machine->modules, (char *)module->name, module);
    g_ptr_array_add(machine->loaded, module);
}

/* Something that is there for all that is known, of which no name is known. */
static Module *opaque_module(ImportMachine *machine, const char *name)
{
    Module *module = module_new(machine, name, MODULE_EXTENSION);
    module->state = MODULE_LOADED;
    module->scope->names->open = true;
    register_module(machine, module);
    return module;
}

static bool has_future_annotations(const PyTree *tree)
{
    for (unsigned i = 0; i < tree->body.count; i++) {
        const PyStmt *stmt = tree->body.items[i];
        if (stmt->kind != PY_IMPORT_FROM || stmt->level || !stmt->text ||
            !g_str_equal(stmt->text, "__future__"))
            continue;
        for (unsigned j = 0; j < stmt->alias_count; j++)
            if (g_str_equal(stmt->aliases[j].name, "annotations"))
                return true;
    }
    return false;
}

static unsigned frame_depth(const ImportMachine *machine)
{
    unsigned depth = 0;
    for (const Frame *frame = machine->frame; frame; frame = frame->up)
        depth++;
    return depth;
}

static void module_failed(ImportMachine *machine, Module *module, unsigned depth)
{
    Raised *failure = machine_alloc(machine, sizeof *failure);
    *failure = *machine->raised;
    failure->depth = depth;
    module->failure = failure;
    module->state = MODULE_FAILED;
}

/* A body whose statements cannot be known. */
static Flow unreadable(ImportMachine *machine, Module *module)
{
    const char *message = machine_format(machine, "%s cannot be looked into: %s", module->path,
                                         module->source->problem);
    module->scope->names->open = true;
    module->state = MODULE_LOADED;
    raise_possible(machine, RAISED_FILE, module->source->bytes ? "SyntaxError" : "OSError", NULL,
                   message);
    return FLOW_NEXT;
}

/* What the Python of the scene refuses to read, and the line; NULL: nothing. */
static const char *refusal(ImportMachine *machine, const ImportSource *source, unsigned *ret_line)
{
    const char *python = machine->scene->python, *dot = python ? strchr(python, '.') : NULL;
    if (source->mistake) {
        *ret_line = source->mistake;
        return machine_text(machine, source->problem);
    }
    unsigned minor = dot ? (unsigned)g_ascii_strtoull(dot + 1, NULL, 10) : 0;
    if (!source->tree || minor == 0 || minor >= source->tree->needs_minor)
        return NULL;
    *ret_line = source->tree->needs_line;
    return machine_format(machine, "%s: line %u: this syntax came with Python 3.%u", source->path,
                          source->tree->needs_line, source->tree->needs_minor);
}

/* Nothing of such a body is executed. */
static Flow refused(ImportMachine *machine, Module *module, unsigned line, const char *message)
{
    Frame frame = {.line = line};
    unsigned depth = frame_depth(machine);
    module->state = MODULE_LOADING;
    frame_push(machine, &frame, module->scope);
    raise_builtin(machine, RAISED_STATEMENT, "SyntaxError", NULL, message);
    frame_pop(machine);
    module_failed(machine, module, depth);
    return FLOW_RAISE;
}

/* `setattr(dtypes, name, …)` in a function of a module called so: compiled code that calls it binds
 * what it likes. */
static bool is_open_setattr(const PyStmt *stmt, const char *tail)
{
    const PyExpr *call = stmt->kind == PY_EXPRESSION ? stmt->value : NULL;
    return call && call->kind == PY_CALL && call->left->kind == PY_NAME &&
           g_str_equal(call->left->text, "setattr") && call->argument_count == 3 &&
           call->arguments[0].value->kind == PY_NAME &&
           g_str_equal(call->arguments[0].value->text, tail) &&
           call->arguments[1].value->kind != PY_STRING;
}

static bool lets_others_bind(const Module *module)
{
    const char *dot = strrchr(module->name, '.');
    const PyBlock *body = &module->source->tree->body;
    for (unsigned i = 0; i < body->count; i++) {
        const PyStmt *function = body->items[i];
        if (function->kind != PY_FUNCTION || !function->setattrs)
            continue;
        PyBlock inside = py_function_body(function);
        for (unsigned k = 0; k < inside.count; k++)
            if (is_open_setattr(inside.items[k], dot ? dot + 1 : module->name))
                return true;
    }
    return false;
}

Flow module_execute(ImportMachine *machine, Module *module)
{
    unsigned line;
    module->source = module->source ? module->source : sources_tree(machine->sources, module->path);
    const char *refused_for = refusal(machine, module->source, &line);
    if (refused_for)
        return refused(machine, module, line, refused_for);
    if (!module->source->tree)
        return unreadable(machine, module);
    module->future_annotations = has_future_annotations(module->source->tree);
    module->state = MODULE_LOADING;
    Frame frame = {.line = 1};
    unsigned depth = frame_depth(machine), weak = machine->weak, calls = machine->calls;
    guint64 limit = machine->limit, unknowns = machine->unknowns, began = machine->steps;
    const Raised *handled = machine->handled;
    module->round = machine->round;
    module->env_begin = machine->env_writes->len;
    machine->handled = NULL;
    machine->calls = 0;
    machine->limit = MAX_STEPS;
    frame_push(machine, &frame, module->scope);
    Flow flow = execute_block(machine, module->source->tree->body);
    frame_pop(machine);
    module->env_end = machine->env_writes->len;
    machine->handled = handled;
    machine->limit = MIN(MAX_STEPS, limit + (machine->steps - began));
    machine->calls = calls;
    machine->weak = weak;
    machine->unknowns = unknowns;
    module->scope->names->weak = 0;
    if (flow == FLOW_RAISE)
        module_failed(machine, module, depth);
    else
        module->state = MODULE_LOADED;
    module->scope->names->open |= lets_others_bind(module);
    return flow == FLOW_RAISE || flow == FLOW_STOP ? flow : FLOW_NEXT;
}

static bool load_extension(ImportMachine *machine, Module *module)
{
    module->state = MODULE_LOADED;
    module->scope->names->open = true;
    g_ptr_array_add(machine->extensions, module);
    if (library_load(machine, module->path, true, library_flags_are_lazy(machine)))
        return true;
    module_failed(machine, module, frame_depth(machine));
    return false;
}

static bool load_by_kind(ImportMachine *machine, Module *module)
{
    Flow flow = FLOW_NEXT;
    switch (module->kind) {
    case MODULE_SOURCE:
        flow = module_execute(machine, module);
        return flow != FLOW_RAISE && flow != FLOW_STOP;
    case MODULE_EXTENSION:
        return load_extension(machine, module);
    case MODULE_NAMESPACE:
    case MODULE_STDLIB:
        module->state = MODULE_LOADED;
        return true;
    }
    return true;
}

static bool load_module(ImportMachine *machine, Module *module)
{
    const Raised *doubt = machine->doubt;
    unsigned outer = possible_enter(machine);
    machine->doubt = NULL;
    module->round = machine->round;
    bool loaded = load_by_kind(machine, module);
    module->doubt = machine->doubt;
    module->possible = possible_find(machine, machine->possible_begin);
    possible_leave(machine, outer);
    machine->doubt = doubt ? doubt : module->doubt;
    return loaded;
}

/* A module that an import of an earlier round has loaded is as uncertain in this one. */
static void doubts_replay(ImportMachine *machine, const Module *module)
{
    if (module->round == machine->round)
        return;
    possible_add(machine, module->possible);
    if (!machine->doubt)
        machine->doubt = module->doubt;
}

static Module *make_module(ImportMachine *machine, const char *name, const FoundModule *found)
{
    Module *module = module_new(machine, name, found->kind);
    module->path = found->path;
    module->package = found->package;
    module->folders = found->package ? found->folders : NULL;
    if (found->path)
        module->distribution = sources_distribution(machine->sources, found->path);
    register_module(machine, module);
    return module;
}

bool base_may_have(const ImportMachine *machine, const char *name)
{
    static const char *const tools[] = {"_distutils_hack", "pip", "pkg_resources", "setuptools",
                                        "wheel"};
    size_t top = strcspn(name, ".");
    bool tool = false;
    for (unsigned i = 0; i < G_N_ELEMENTS(tools); i++)
        tool |= strlen(tools[i]) == top && strncmp(tools[i], name, top) == 0;
    return sources_partial(machine->sources) && (tool || !sources_assumed(machine->sources));
}

/* Whether the application's own code imports: stages that fetch or run something may have brought
 * what it asks for. */
static bool asks_for_own(const ImportMachine *machine)
{
    const char *path = machine->frame ? machine->frame->scope->module->path : NULL;
    return path && g_path_is_absolute(path) && sources_open(machine->sources, path);
}

/* Whether an absent module may be there after all. */
static bool absence_is_open(ImportMachine *machine, const char *name, const Module *parent)
{
    if (module_is_touched(machine, name))
        return true;
    bool own = parent && parent->folders && parent->folders->len > 0 &&
               g_path_is_absolute(parent->folders->pdata[0]);
    if ((!parent || own) && asks_for_own(machine))
        return true;
    if (!parent)
        return machine->path_open || base_may_have(machine, name);
    if (parent->path_open)
        return true;
    if (parent->kind == MODULE_NAMESPACE)
        return base_may_have(machine, name);
    return base_may_have(machine, name) && !parent->distribution;
}

static Module *absent_module(ImportMachine *machine, const char *name, const Module *parent)
{
    const char *message;
    bool package = !parent || parent->folders || parent->kind == MODULE_STDLIB;
    message = package ? machine_format(machine, "No module named '%s'", name)
                      : machine_format(machine, "No module named '%s'; '%s' is not a package", name,
                                       parent->name);
    int have = finders_have(machine, name);
    if (machine->stopped)
        return NULL;
    if (have == 0 && !absence_is_open(machine, name, parent)) {
        raise_builtin(machine, RAISED_MODULE, "ModuleNotFoundError", name, message);
        Raised *raised = (Raised *)machine->raised;
        raised->absent = !parent || parent->kind == MODULE_NAMESPACE;
        raised->assumed |= (!parent || (!parent->distribution && parent->kind != MODULE_STDLIB)) &&
                           !module_is_of_other_system(machine, name) &&
                           sources_assumed(machine->sources);
        return NULL;
    }
    bool foretold = have != 0 || (!machine->all_touched && module_is_touched(machine, name));
    if (!foretold && (parent || !machine->path_open))
        raise_possible(machine, RAISED_MODULE, "ModuleNotFoundError", name, message);
    else
        machine->unknowns++;
    return opaque_module(machine, name);
}

/* One module below a parent that is loaded; NULL for a top-level one. */
static Module *import_below(ImportMachine *machine, const char *name, Module *parent)
{
    Module *module = module_known(machine, name);
    if (module)
        doubts_replay(machine, module);
    if (module)
        env_replay(machine, module);
    if (module && module->state == MODULE_FAILED) {
        raise_again(machine, module->failure);
        return NULL;
    }
    if (module)
        return module;
    FoundModule found = {.kind = MODULE_STDLIB};
    Found result = FOUND_MODULE;
    if (parent && (parent->kind == MODULE_EXTENSION || module_is_touched(machine, name)) &&
        !parent->folders)
        return opaque_module(machine, name);
    if (!parent || parent->kind != MODULE_STDLIB)
        result = parent && !parent->folders
                     ? FOUND_NOT
                     : module_find(machine, name, parent ? module_search(machine, parent) : NULL,
                                   &found);
    else if (stdlib_lacks(machine, name))
        result = FOUND_NOT;
    if (result == FOUND_NOT)
        return absent_module(machine, name, parent);
    if (result == FOUND_UNKNOWN) {
        machine->unknowns++;
        return opaque_module(machine, name);
    }
    module = make_module(machine, name, &found);
    return load_module(machine, module) ? module : NULL;
}

/* Binds a module in its package, or in what stands for that. */
static void bind_below(ImportMachine *machine, Module *parent, Module *module)
{
    const char *tail = strrchr(module->name, '.');
    const Value *value = module->replaced ? module->replaced : module->value;
    bool object = parent->replaced && parent->replaced->kind == VALUE_OBJECT;
    names_bind(machine, object ? parent->replaced->object->attributes : parent->scope->names,
               tail ? tail + 1 : module->name, value);
}

Module *module_import(ImportMachine *machine, const char *name)
{
    Module *module = module_known(machine, name);
    if (module && module->state != MODULE_FAILED) {
        doubts_replay(machine, module);
        env_replay(machine, module);
        return module;
    }
    char here;
    if (machine->stack - &here > MAX_STACK) {
        machine_stop(machine, "imports are nested too deeply to follow");
        return NULL;
    }
    Module *parent = NULL;
    for (const char *dot = strchr(name, '.');; dot = strchr(dot + 1, '.')) {
        const char *prefix = dot ? machine_format(machine, "%.*s", (int)(dot - name), name) : name;
        bool fresh = module_known(machine, prefix) == NULL;
        module = import_below(machine, prefix, parent);
        if (!module)
            return NULL;
        if (parent && fresh)
            bind_below(machine, parent, module);
        parent = module;
        if (!dot)
            return module;
    }
}

const Value *module_import_value(ImportMachine *machine, const char *name)
{
    Module *module = module_import(machine, name);
    if (!module)
        return NULL;
    return module->replaced ? module->replaced : module->value;
}

Module *module_from_file(ImportMachine *machine, const char *name, const char *path)
{
    Module *module =
        module_new(machine, name, g_str_has_suffix(path, ".py") ? MODULE_SOURCE : MODULE_EXTENSION);
    module->path = machine_text(machine, path);
    module->distribution = sources_distribution(machine->sources, path);
    g_ptr_array_add(machine->loaded, module);
    return module;
}

const char *module_resolve(ImportMachine *machine, const Module *module, const char *name,
                           unsigned level)
{
    if (level == 0)
        return name ? name : "";
    g_autofree char *base = g_strdup(module->name);
    for (unsigned up = module->package ? 1 : 0; up < level; up++) {
        char *dot = strrchr(base, '.');
        if (!dot)
            return NULL;
        *dot = '\0';
    }
    return name && *name ? machine_format(machine, "%s.%s", base, name)
                         : machine_text(machine, base);
}

Flow execute_import(ImportMachine *machine, const PyStmt *stmt)
{
    for (unsigned i = 0; i < stmt->alias_count; i++) {
        const PyAlias *alias = &stmt->aliases[i];
        const Value *value = module_import_value(machine, alias->name);
        if (!value)
            return flow_of(machine);
        const char *dot = strchr(alias->name, '.');
        const char *bound = alias->as ? alias->as : alias->name;
        if (!alias->as && dot) {
            bound = machine_format(machine, "%.*s", (int)(dot - alias->name), alias->name);
            const Module *top = module_known(machine, bound);
            value = top->replaced ? top->replaced : top->value;
        }
        scope_bind(machine, machine->frame->scope, bound, value);
    }
    return FLOW_NEXT;
}

static const Value *lacking_name(ImportMachine *machine, const Module *module, const char *name)
{
    raise_builtin(machine, RAISED_NAME, "ImportError", module->name,
                  machine_format(machine, "cannot import name '%s' from '%s'", name, module->name));
    ((Raised *)machine->raised)->name = name;
    return NULL;
}

/* The name is not there: certain where the module's names are all known. */
static const Value *absent_name(ImportMachine *machine, Module *module, const char *name,
                                bool refused)
{
    bool known = module->kind == MODULE_SOURCE || module->kind == MODULE_NAMESPACE;
    if (module->kind == MODULE_NAMESPACE && sources_partial(machine->sources))
        known = false;
    if (refused && module->replaced)
        return lacking_name(machine, module, name);
    if (!known || module->path_open || module->replaced ||
        module_is_touched(machine, module->name) ||
        (!refused && names_find(module->scope->names, "__getattr__"))) {
        machine->unknowns++;
        return machine->unknown;
    }
    if (module_is_whole(module))
        return lacking_name(machine, module, name);
    /* What a module binds later, in a circle of imports, it may bind by other means. */
    if (module->state == MODULE_LOADING && !module->scope->names->open)
        return raise_possible(machine, RAISED_NAME, "ImportError", module->name,
                              machine_format(machine,
                                             "cannot import name '%s' from partially initialized "
                                             "module '%s'",
                                             name, module->name));
    machine->unknowns++;
    return machine->unknown;
}

static const Value *import_name(ImportMachine *machine, Module *module, const char *name)
{
    int there = -1;
    const Value *found = attribute_try(machine, module->value, name, &there);
    if (!found)
        return NULL;
    if (there == 1)
        return found;
    const char *dotted = machine_format(machine, "%s.%s", module->name, name);
    if (module->kind == MODULE_STDLIB)
        return there == 0 ? lacking_name(machine, module, name) : found;
    Module *sub = module_known(machine, dotted);
    if (sub && sub->state != MODULE_FAILED)
        return sub->replaced ? sub->replaced : sub->value;
    FoundModule place;
    if (module->folders &&
        module_find(machine, dotted, module_search(machine, module), &place) == FOUND_MODULE) {
        const Value *value = module_import_value(machine, dotted);
        return value;
    }
    if (module->folders && finders_have(machine, dotted) != 0) {
        machine->unknowns++;
        return machine->unknown;
    }
    return absent_name(machine, module, name, there == 0);
}

static bool is_public_list(const Value *value)
{
    return (value->kind == VALUE_LIST || value->kind == VALUE_TUPLE) && !value->open;
}

/* What the star gives, as attribute_get() of every name. */
static Flow star_listed(ImportMachine *machine, Module *module, const Value *list)
{
    Scope *scope = machine->frame->scope;
    for (unsigned i = 0; i < list->items->len; i++) {
        const Value *name = list->items->pdata[i];
        if (name->kind != VALUE_TEXT) {
            scope->names->open = true;
            continue;
        }
        int there = -1;
        const Value *found = attribute_try(machine, module->value, name->text, &there);
        if (found && there != 1 && module->folders) {
            const char *dotted = machine_format(machine, "%s.%s", module->name, name->text);
            FoundModule place;
            if (module_known(machine, dotted) ||
                module_find(machine, dotted, module_search(machine, module), &place) ==
                    FOUND_MODULE)
                found = module_import_value(machine, dotted);
            else if (there == 0)
                found = attribute_get(machine, module->value, name->text);
        } else if (found && there == 0) {
            found = attribute_get(machine, module->value, name->text);
        }
        if (!found)
            return flow_of(machine);
        scope_bind(machine, scope, name->text, found);
    }
    return FLOW_NEXT;
}

static Flow execute_star(ImportMachine *machine, Module *module)
{
    Scope *scope = machine->frame->scope;
    const Names *names = module->scope->names;
    const Binding *list = names_find(names, "__all__");
    if (module->kind != MODULE_SOURCE || module->replaced || (!list && names->open))
        scope->names->open = true;
    if (list && is_public_list(list->value))
        return star_listed(machine, module, list->value);
    if (list)
        scope->names->open = true;
    g_autoptr(GPtrArray) sorted = names_sorted(names);
    unsigned weak = machine->weak;
    machine->weak += list != NULL; /* a list that is not known, in which modules seldom are */
    for (unsigned i = 0; i < sorted->len; i++) {
        const char *name = sorted->pdata[i];
        const Value *value = names_find(names, name)->value;
        if (*name != '_' && !(list && value->kind == VALUE_MODULE))
            scope_bind(machine, scope, name, value);
    }
    machine->weak = weak;
    return FLOW_NEXT;
}

Flow execute_import_from(ImportMachine *machine, const PyStmt *stmt)
{
    Scope *scope = machine->frame->scope;
    const char *name = module_resolve(machine, scope->module, stmt->text, stmt->level);
    if (!name) {
        raise_builtin(machine, RAISED_STATEMENT, "ImportError", NULL,
                      "attempted relative import beyond top-level package");
        return FLOW_RAISE;
    }
    if (!*name) {
        raise_builtin(machine, RAISED_STATEMENT, "ImportError", NULL,
                      "attempted relative import with no known parent package");
        return FLOW_RAISE;
    }
    Module *module = module_import(machine, name);
    if (!module)
        return flow_of(machine);
    for (unsigned i = 0; i < stmt->alias_count; i++) {
        const PyAlias *alias = &stmt->aliases[i];
        if (g_str_equal(alias->name, "*"))
            return execute_star(machine, module);
        const Value *value = import_name(machine, module, alias->name);
        if (!value)
            return flow_of(machine);
        scope_bind(machine, scope, alias->as ? alias->as : alias->name, value);
    }
    return FLOW_NEXT;
}
