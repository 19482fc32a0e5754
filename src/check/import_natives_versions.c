/* Intrinsics of packaging: versions, specifiers and requirements, as PEP 440 and PEP 508 read them.
 */
#include "check/import_machine.h"

#include "python/requirement.h"

NATIVE(version_parse_native)
{
    const Value *value = call_argument(arguments, 0, NULL);
    const char *text = value ? value_string(value) : NULL;
    if (!text) {
        machine->unknowns++;
        return machine->unknown;
    }
    Value *version = value_new(machine, VALUE_VERSION);
    version->text = text;
    return version;
}

/* A set is its text. NULL: not decided. */
static const Value *specifiers_value(ImportMachine *machine, const char *text)
{
    g_autoptr(SpecifierSet) set = specifier_set_parse(text, NULL);
    return set ? native_value(machine, native_find(machine, "packaging.specifiers.SpecifierSet()"),
                              value_text(machine, machine_text(machine, text)))
               : NULL;
}

NATIVE(specifier_set_native)
{
    const Value *value = call_argument(arguments, 0, "specifiers");
    const char *text = !value ? "" : value->kind == VALUE_TEXT ? value->text : NULL;
    bool plain = text && !arguments->open && arguments->count <= 1;
    const Value *set = plain ? specifiers_value(machine, text) : NULL;
    machine->unknowns += !set;
    return set ? set : machine->unknown;
}

/* As SpecifierSet.contains() with prereleases: 1, 0, -1. */
static int specifiers_contain(const Value *set, const Value *item, Prereleases prereleases)
{
    const char *text = set && set->inner ? value_string(set->inner) : NULL;
    const char *version = item ? value_string(item) : NULL;
    g_autoptr(SpecifierSet) specifiers = text ? specifier_set_parse(text, NULL) : NULL;
    g_autoptr(Version) parsed = version ? version_parse(version, NULL) : NULL;
    return specifiers && parsed ? specifier_set_contains(specifiers, parsed, prereleases) : -1;
}

int specifiers_value_contain(const Value *set, const Value *item)
{
    return specifiers_contain(set, item, PRERELEASES_DEFAULT);
}

/* A method: the set's text is `self`. */
NATIVE(specifier_set_contains_native)
{
    const Value *asked = call_argument(arguments, 1, "prereleases");
    int truth = asked ? value_truth(machine, asked) : 0;
    bool none = !asked || asked->kind == VALUE_NONE;
    int found = arguments->open || truth < 0
                    ? -1
                    : specifiers_contain(self, call_argument(arguments, 0, "item"),
                                         none    ? PRERELEASES_DEFAULT
                                         : truth ? PRERELEASES_YES
                                                 : PRERELEASES_NO);
    machine->unknowns += found < 0;
    return found < 0 ? machine->unknown : value_bool(machine, found);
}

static void bind(ImportMachine *machine, const Value *object, const char *name, const Value *value)
{
    names_bind(machine, object->object->attributes, name, value);
}

NATIVE(requirement_native)
{
    const char *text = argument_text(arguments, 0, "requirement_string");
    g_autoptr(Requirement) parsed =
        text && self && self->kind == VALUE_CLASS ? requirement_parse(text, NULL) : NULL;
    const Value *specifiers =
        parsed ? specifiers_value(machine, specifier_set_text(parsed->specifiers)) : NULL;
    if (!specifiers) {
        machine->unknowns++;
        return machine->unknown;
    }
    const Value *object = object_new(machine, self->class);
    Value *extras = value_items(machine, VALUE_LIST);
    extras->set = true;
    for (char **extra = parsed->extras; *extra; extra++)
        value_add(machine, extras, value_text(machine, machine_text(machine, *extra)));
    bind(machine, object, "name", value_text(machine, machine_text(machine, parsed->name)));
    bind(machine, object, "extras", extras);
    bind(machine, object, "specifier", specifiers);
    bind(machine, object, "url", parsed->url ? machine->truthy : machine->none);
    bind(machine, object, "marker", parsed->marker ? machine->truthy : machine->none);
    return object;
}

/* clang-format off */
static const Native versions[] = {
    {"distutils.version.LooseVersion", version_parse_native, NULL},
    {"distutils.version.StrictVersion", version_parse_native, NULL},
    {"packaging.requirements.Requirement", requirement_native, NULL},
    {"packaging.specifiers.SpecifierSet", specifier_set_native, NULL},
    {"packaging.specifiers.SpecifierSet()", NULL, NULL},
    {"packaging.specifiers.SpecifierSet().contains", specifier_set_contains_native, NULL},
    {"packaging.version.Version", version_parse_native, NULL},
    {"packaging.version.parse", version_parse_native, NULL},
    {"pkg_resources.parse_version", version_parse_native, NULL},
    {"torch.torch_version.TorchVersion", version_parse_native, NULL},
};
/* clang-format on */

const NativeTable natives_versions = {versions, G_N_ELEMENTS(versions)};
