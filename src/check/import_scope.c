#include "check/import_machine.h"

#include "base/sorted.h"

Names *names_new(ImportMachine *machine)
{
    Names *names = machine_alloc(machine, sizeof *names);
    names->table = machine_table(machine);
    names->weak = machine->weak;
    return names;
}

Binding *names_find(const Names *names, const char *name)
{
    return g_hash_table_lookup(names->table, name);
}

void names_bind(ImportMachine *machine, Names *names, const char *name, const Value *value)
{
    bool weak = machine->weak > names->weak;
    Binding *binding = names_find(names, name);
    if (!binding) {
        binding = machine_alloc(machine, sizeof *binding);
        *binding = (Binding){value, weak};
        g_hash_table_insert(names->table, (char *)name, binding);
    } else if (weak) {
        binding->value = value_join(machine, binding->value, value);
    } else {
        *binding = (Binding){value, false};
    }
}

void names_remove(ImportMachine *machine, Names *names, const char *name)
{
    Binding *binding = names_find(names, name);
    if (binding && machine->weak > names->weak)
        binding->maybe = true;
    else
        g_hash_table_remove(names->table, name);
}

GPtrArray *names_sorted(const Names *names)
{
    return sorted_keys(names->table);
}

Scope *scope_open(ImportMachine *machine, ScopeKind kind, Scope *up, Module *module)
{
    Scope *scope = machine_alloc(machine, sizeof *scope);
    *scope = (Scope){.kind = kind, .names = names_new(machine), .up = up, .module = module};
    return scope;
}

Scope *scope_module(Scope *scope)
{
    return scope->module->scope;
}

void scope_declare(ImportMachine *machine, Scope *scope, const char *name, Scope *owner)
{
    if (!scope->declared)
        scope->declared = machine_table(machine);
    g_hash_table_insert(scope->declared, (char *)name, owner);
}

void scope_bind(ImportMachine *machine, Scope *scope, const char *name, const Value *value)
{
    Scope *owner = scope->declared ? g_hash_table_lookup(scope->declared, name) : NULL;
    names_bind(machine, (owner ? owner : scope)->names, name, value);
}

const Value *scope_lookup(ImportMachine *machine, const Scope *scope, const char *name)
{
    for (const Scope *at = scope; at; at = at->up) {
        if (at != scope && at->kind == SCOPE_CLASS)
            continue;
        const Scope *owner = at->declared ? g_hash_table_lookup(at->declared, name) : NULL;
        const Binding *binding = names_find((owner ? owner : at)->names, name);
        if (binding)
            return binding->value;
    }
    const Value *builtin = g_hash_table_lookup(machine->builtins, name);
    if (builtin)
        return builtin;
    const Value *special = module_attribute(machine, scope->module, name, &(int){0});
    return special ? special : machine->unknown;
}

const Value *scope_item(ImportMachine *machine, const Scope *scope, const char *name)
{
    const Binding *binding = names_find(scope->names, name);
    if (binding)
        return binding->value;
    bool special = scope->kind == SCOPE_MODULE && scope->module->kind == MODULE_SOURCE &&
                   g_str_has_prefix(name, "__");
    return special ? module_attribute(machine, scope->module, name, &(int){0}) : NULL;
}

bool scope_lacks(ImportMachine *machine, const Scope *scope, const char *name)
{
    if (scope->kind != SCOPE_MODULE || scope->names->open || scope->module->kind != MODULE_SOURCE ||
        g_str_has_prefix(machine->scene->platform, "windows"))
        return false;
    if (names_find(scope->names, name) || g_hash_table_contains(machine->builtins, name) ||
        module_attribute(machine, scope->module, name, &(int){0}))
        return false;
    const Module *builtins = module_known(machine, "builtins");
    return !builtins ||
           (!builtins->scope->names->open && !names_find(builtins->scope->names, name));
}
