#include "check/imports.h"

#include "check/import_machine.h"

void import_step_free(void *data)
{
    ImportStep *step = data;
    if (!step)
        return;
    g_free(step->module);
    g_free(step->path);
    g_free(step->distribution);
    g_free(step->text);
    g_free(step);
}

void import_failure_free(void *data)
{
    ImportFailure *failure = data;
    if (!failure)
        return;
    g_free(failure->exception);
    g_free(failure->message);
    import_step_free(failure->at);
    g_free(failure->function);
    g_free(failure);
}

void import_verdict_free(ImportVerdict *verdict)
{
    if (!verdict)
        return;
    g_free(verdict->exception);
    g_free(verdict->message);
    g_ptr_array_unref(verdict->chain);
    g_ptr_array_unref(verdict->caught);
    g_free(verdict);
}

ImportVerdict *import_verdict_new(void)
{
    ImportVerdict *verdict = g_new0(ImportVerdict, 1);
    verdict->chain = g_ptr_array_new_with_free_func(import_step_free);
    verdict->caught = g_ptr_array_new_with_free_func(import_failure_free);
    return verdict;
}

/* A fresh interpreter. */
static void machine_open(ImportMachine *machine, ImportSources *sources, ImportWorld world)
{
    machine->sources = sources;
    machine->scene = sources_scene(sources);
    machine->world = world;
    machine->limit = MAX_STEPS;
    machine->chunks = g_ptr_array_new_with_free_func(g_free);
    machine->tables = g_ptr_array_new_with_free_func((GDestroyNotify)g_hash_table_unref);
    machine->arrays = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    machine->natives = machine_table(machine);
    machine->native_modules = machine_table(machine);
    machine->builtins = machine_table(machine);
    machine->modules = machine_table(machine);
    machine->touched = machine_table(machine);
    machine->finders = machine_array(machine);
    machine->env = machine_table(machine);
    machine->env_writes = machine_array(machine);
    machine->yields = g_hash_table_new(NULL, NULL);
    machine->loaded = machine_array(machine);
    machine->path = machine_array(machine);
    machine->possible = machine_array(machine);
    machine->caught = machine_array(machine);
    machine->extensions = machine_array(machine);
    machine->unknown = value_new(machine, VALUE_UNKNOWN);
    Value *truthy = value_new(machine, VALUE_UNKNOWN), *falsy = value_new(machine, VALUE_UNKNOWN);
    truthy->truth = 1;
    falsy->truth = -1;
    machine->truthy = truthy;
    machine->falsy = falsy;
    machine->none = value_new(machine, VALUE_NONE);
    machine->foreign = value_new(machine, VALUE_FOREIGN);
    Value *calm = value_new(machine, VALUE_FOREIGN), *yes = value_new(machine, VALUE_BOOL);
    calm->open = true;
    yes->number = 1;
    machine->calm = calm;
    Value *answer = value_new(machine, VALUE_FOREIGN);
    answer->open = true;
    machine->answer = answer;
    machine->true_value = yes;
    machine->false_value = value_new(machine, VALUE_BOOL);
    unsigned major = 0, minor = 0;
    if (sscanf(machine->scene->python, "%u.%u", &major, &minor) == 2)
        machine->lazy_annotations = minor >= 14;
    natives_install(machine);
    builtins_install(machine);
    paths_install(machine);
    Module *program = module_new(machine, "__main__", MODULE_EXTENSION);
    program->state = MODULE_LOADED;
    program->scope->names->open = true;
    g_hash_table_insert(machine->modules, (char *)"__main__", program);
}

static void machine_close(ImportMachine *machine)
{
    g_ptr_array_unref(machine->tables);
    g_hash_table_unref(machine->yields);
    g_ptr_array_unref(machine->arrays);
    g_ptr_array_unref(machine->chunks);
    g_clear_pointer(&machine->extension_paths, g_ptr_array_unref);
}

ImportMachine *import_machine_new(ImportSources *sources, ImportWorld world)
{
    ImportMachine *machine = g_new0(ImportMachine, 1);
    machine_open(machine, sources, world);
    return machine;
}

void import_machine_reset(ImportMachine *machine)
{
    ImportMachine old = *machine;
    machine_close(&old);
    *machine = (ImportMachine){.restarts = old.restarts, .before = old.before};
    machine_open(machine, old.sources, old.world);
}

void import_machine_free(ImportMachine *machine)
{
    if (!machine)
        return;
    machine_close(machine);
    g_free(machine);
}

void import_machine_look_in(ImportMachine *machine, const char *const *folders)
{
    machine->before = folders;
}

/* Submodules are where their package is. */
static bool is_elsewhere(ImportMachine *machine, const Module *module)
{
    if (strchr(module->name, '.'))
        return false;
    if (module->kind == MODULE_NAMESPACE)
        return g_path_is_absolute(module->folders->pdata[0]); /* it may have other parts */
    const char *own = module->path && g_path_is_absolute(module->path) ? module->path : NULL;
    return g_strcmp0(own, module_find_before(machine, module->name)) != 0;
}

bool import_machine_fits(ImportMachine *machine, const char *const *folders)
{
    const char *const *before = machine->before;
    if (before && g_strv_equal(before, folders))
        return true;
    bool fits = true;
    machine->before = folders;
    for (unsigned i = 0; i < machine->loaded->len && fits; i++)
        fits = !is_elsewhere(machine, machine->loaded->pdata[i]);
    machine->before = before;
    return fits;
}

static ImportStep *step_new(const Step *from)
{
    ImportStep *step = g_new0(ImportStep, 1);
    step->module = g_strdup(from->module->name);
    step->path = g_strdup(from->module->path ? from->module->path : "");
    step->distribution = g_strdup(from->module->distribution);
    step->line = from->line;
    step->text = import_source_line(from->module->source, from->line);
    return step;
}

ImportFailure *failure_of(const Raised *raised)
{
    ImportFailure *failure = g_new0(ImportFailure, 1);
    failure->exception = g_strdup(raised->class->name);
    failure->message = g_strdup(raised->message ? raised->message : "");
    if (raised->step_count > 0) {
        const Step *last = &raised->steps[raised->step_count - 1];
        failure->at = step_new(last);
        failure->function = g_strdup(last->function);
    }
    return failure;
}

enum {
    MAX_CAUGHT = 200
};

static void add_chain(ImportVerdict *verdict, const Raised *raised)
{
    for (unsigned i = 0; i < raised->step_count; i++)
        g_ptr_array_add(verdict->chain, step_new(&raised->steps[i]));
}

/* What a statement that raises says where its message is not known. */
static char *message_of(const Raised *raised)
{
    if (raised->message || raised->step_count == 0)
        return g_strdup(raised->message ? raised->message : "");
    const Step *last = &raised->steps[raised->step_count - 1];
    return import_source_line(last->module->source, last->line);
}

static void fill_verdict(ImportMachine *machine, ImportVerdict *verdict)
{
    for (unsigned i = 0; i < machine->caught->len && i < MAX_CAUGHT; i++)
        g_ptr_array_add(verdict->caught, failure_of(machine->caught->pdata[i]));
    const Raised *raised = machine->raised;
    if (machine->stopped) {
        verdict->outcome = IMPORT_UNKNOWN;
        verdict->message = g_strdup(machine->stop_reason);
    } else if (raised && !raised_is_doubtful(raised)) {
        verdict->outcome = IMPORT_FAILS;
        verdict->exception = g_strdup(raised->class->name);
        verdict->message = message_of(raised);
        verdict->driver = raised->driver;
        add_chain(verdict, raised);
    } else if (raised || possible_find(machine, 0) || machine->doubt) {
        raised = raised ? raised : possible_find(machine, 0);
        raised = raised ? raised : machine->doubt;
        verdict->outcome = IMPORT_UNKNOWN;
        g_autofree char *message = message_of(raised);
        verdict->message = g_strdup_printf("it may raise %s: %s", raised->class->name, message);
        add_chain(verdict, raised);
    } else {
        verdict->outcome = IMPORT_WORKS;
    }
}

/* What could not be followed to its end says nothing of what is imported next. */
static void begin(ImportMachine *machine, const char *stack)
{
    if (machine->stopped && machine->restarts < MAX_RESTARTS) {
        import_machine_reset(machine);
        machine->restarts++;
    }
    machine->stack = stack;
    machine->frame = NULL;
    machine->weak = machine->calls = 0;
    machine->raised = machine->handled = machine->doubt = machine->became_possible = NULL;
    machine->limit = MAX_STEPS;
    machine->possible_begin = 0;
    g_ptr_array_set_size(machine->possible, 0);
    g_ptr_array_set_size(machine->caught, 0);
}

/* A fresh interpreter has the image's environment alone. */
static void begin_round(ImportMachine *machine, const char *stack)
{
    begin(machine, stack);
    machine->round++;
    g_hash_table_remove_all(machine->env);
}

ImportVerdict *import_machine_import(ImportMachine *machine, const char *module)
{
    char here;
    ImportVerdict *verdict = import_verdict_new();
    begin_round(machine, &here);
    if (!machine->stopped)
        module_import(machine, machine_text(machine, module));
    fill_verdict(machine, verdict);
    return verdict;
}

ImportVerdict *import_machine_run(ImportMachine *machine, const char *name, const char *text,
                                  size_t length)
{
    char here;
    ImportVerdict *verdict = import_verdict_new();
    begin_round(machine, &here);
    Module *module = module_new(machine, "__main__", MODULE_SOURCE);
    module->path = machine_text(machine, name);
    module->source = sources_script(machine->sources, name, text, length);
    bool path_open = machine->path_open;
    const char *folder = machine->before ? machine->before[0] : NULL;
    machine->path_open |= !folder || !sources_is_folder(machine->sources, folder);
    g_hash_table_insert(machine->modules, (char *)"__main__", module);
    if (!machine->stopped)
        module_execute(machine, module);
    machine->path_open = path_open;
    fill_verdict(machine, verdict);
    return verdict;
}

static ImportVerdict *not_found(ImportVerdict *verdict, const char *exception, char *message)
{
    verdict->outcome = IMPORT_FAILS;
    verdict->exception = g_strdup(exception);
    verdict->message = message;
    return verdict;
}

Found module_locate(ImportMachine *machine, const char *module, FoundModule *ret_found)
{
    const GPtrArray *folders = NULL;
    Found found = FOUND_NOT;
    for (const char *dot = strchr(module, '.');; dot = strchr(dot + 1, '.')) {
        const char *prefix =
            dot ? machine_format(machine, "%.*s", (int)(dot - module), module) : module;
        bool above = folders && ret_found->kind == MODULE_SOURCE; /* in a package that is here */
        found = module_find(machine, prefix, folders, ret_found);
        bool open =
            module_is_touched(machine, prefix) || finders_have(machine, prefix) != 0 ||
            (sources_partial(machine->sources) && !(above && sources_assumed(machine->sources)));
        if (found == FOUND_NOT && open)
            return FOUND_UNKNOWN;
        if (found != FOUND_MODULE || !dot)
            return found;
        if (ret_found->kind == MODULE_STDLIB || ret_found->kind == MODULE_EXTENSION)
            return FOUND_UNKNOWN;
        if (!ret_found->package)
            return FOUND_NOT;
        folders = ret_found->folders;
    }
}

ImportVerdict *import_machine_find(ImportMachine *machine, const char *module, const char *name)
{
    char here;
    ImportVerdict *verdict = import_verdict_new();
    begin(machine, &here);
    FoundModule found;
    Found state = module_locate(machine, module, &found);
    verdict->outcome = IMPORT_UNKNOWN;
    if (state == FOUND_NOT)
        return not_found(verdict, "ModuleNotFoundError",
                         g_strdup_printf("No module named '%s'", module));
    if (state == FOUND_UNKNOWN || !name)
        verdict->outcome = state == FOUND_UNKNOWN ? IMPORT_UNKNOWN : IMPORT_WORKS;
    if (state == FOUND_UNKNOWN)
        verdict->message = g_strdup_printf("where %s comes from is not known", module);
    if (state == FOUND_UNKNOWN || !name)
        return verdict;
    if (found.kind != MODULE_SOURCE && found.kind != MODULE_NAMESPACE) {
        verdict->message = g_strdup_printf("the names in %s are not known", module);
        return verdict;
    }
    Module *loaded = module_import(machine, machine_text(machine, module));
    int there = -1;
    if (loaded && attribute_try(machine, loaded->value, machine_text(machine, name), &there) &&
        there == 0 && loaded->folders) {
        FoundModule sub;
        const char *dotted = machine_format(machine, "%s.%s", module, name);
        there = module_find(machine, dotted, module_search(machine, loaded), &sub) == FOUND_MODULE;
    }
    if (loaded && there == 0)
        return not_found(verdict, "ImportError",
                         g_strdup_printf("cannot import name '%s' from '%s'", name, module));
    if (loaded && there == 1)
        verdict->outcome = IMPORT_WORKS;
    else
        verdict->message = g_strdup_printf("whether %s binds %s is not known", module, name);
    return verdict;
}

static int compare_failures(const void *a, const void *b)
{
    const ImportFailure *first = *(const ImportFailure *const *)a;
    const ImportFailure *second = *(const ImportFailure *const *)b;
    int order = g_strcmp0(first->at ? first->at->path : "", second->at ? second->at->path : "");
    unsigned line = first->at ? first->at->line : 0, other = second->at ? second->at->line : 0;
    return order ? order : line < other ? -1 : line > other;
}

GPtrArray *import_machine_deferred(ImportMachine *machine)
{
    char here;
    GPtrArray *failures = g_ptr_array_new_with_free_func(import_failure_free);
    begin(machine, &here);
    deferred_walk(machine, failures);
    g_ptr_array_sort(failures, compare_failures);
    return failures;
}

const GPtrArray *import_machine_extensions(const ImportMachine *machine)
{
    ImportMachine *changed = (ImportMachine *)machine;
    if (!changed->extension_paths)
        changed->extension_paths = g_ptr_array_new();
    for (unsigned i = changed->extension_paths->len; i < machine->extensions->len; i++) {
        const Module *module = machine->extensions->pdata[i];
        g_ptr_array_add(changed->extension_paths, (void *)module->path);
    }
    return changed->extension_paths;
}
