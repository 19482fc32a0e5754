/* Methods of texts, lists, dicts and other builtin values. */
#include "check/import_machine.h"

static const Value *truth(ImportMachine *machine, bool value)
{
    return value_bool(machine, value);
}

/* Of a text or a tuple of texts. */
static const Value *affix(ImportMachine *machine, const Value *self, const Arguments *arguments,
                          bool (*has)(const char *text, const char *part))
{
    const char *text = self ? value_string(self) : NULL;
    const Value *part = call_argument(arguments, 0, NULL);
    if (!text || !part || arguments->count != 1)
        return machine->unknown;
    if (value_string(part))
        return truth(machine, has(text, part->text));
    if (part->kind != VALUE_TUPLE || part->open)
        return machine->unknown;
    for (unsigned i = 0; i < part->items->len; i++) {
        const char *one = value_string(part->items->pdata[i]);
        if (!one)
            return machine->unknown;
        if (has(text, one))
            return machine->true_value;
    }
    return machine->false_value;
}

static bool has_prefix(const char *text, const char *part)
{
    return g_str_has_prefix(text, part);
}

static bool has_suffix(const char *text, const char *part)
{
    return g_str_has_suffix(text, part);
}

NATIVE(str_startswith)
{
    return affix(machine, self, arguments, has_prefix);
}

NATIVE(str_endswith)
{
    return affix(machine, self, arguments, has_suffix);
}

static const Value *changed_case(ImportMachine *machine, const Value *self,
                                 char *(*change)(const char *, gssize))
{
    const char *text = self ? value_string(self) : NULL;
    if (!text)
        return machine->unknown;
    g_autofree char *done = change(text, -1);
    return value_text(machine, machine_text(machine, done));
}

NATIVE(str_lower)
{
    return changed_case(machine, self, g_ascii_strdown);
}

NATIVE(str_upper)
{
    return changed_case(machine, self, g_ascii_strup);
}

static const Value *stripped(ImportMachine *machine, const Value *self, const Arguments *arguments,
                             bool left, bool right)
{
    const char *text = self ? value_string(self) : NULL;
    const char *set = arguments->count ? argument_text(arguments, 0, NULL) : " \t\n\r\f\v";
    if (!text || !set)
        return machine->unknown;
    const char *end = text + strlen(text);
    while (left && *text && strchr(set, *text))
        text++;
    while (right && end > text && strchr(set, end[-1]))
        end--;
    return value_text(machine, machine_format(machine, "%.*s", (int)(end - text), text));
}

NATIVE(str_strip)
{
    return stripped(machine, self, arguments, true, true);
}

NATIVE(str_lstrip)
{
    return stripped(machine, self, arguments, true, false);
}

NATIVE(str_rstrip)
{
    return stripped(machine, self, arguments, false, true);
}

NATIVE(str_split)
{
    const char *text = self ? value_string(self) : NULL;
    const char *by = argument_text(arguments, 0, "sep");
    const Value *most = call_argument(arguments, 1, "maxsplit");
    if (!text || (arguments->count > 0 && (!by || !*by)) || (most && most->kind != VALUE_INT))
        return machine->unknown;
    Value *list = value_items(machine, VALUE_LIST);
    int limit = most && most->number >= 0 ? (int)MIN(most->number + 1, 100000) : 0;
    g_auto(GStrv) parts = by ? g_strsplit(text, by, limit) : g_strsplit_set(text, " \t\n\r\f\v", 0);
    for (char **part = parts; *part; part++)
        if (by || **part)
            value_add(machine, list, value_text(machine, machine_text(machine, *part)));
    if (by && !*text)
        value_add(machine, list, value_text(machine, ""));
    return list;
}

NATIVE(str_rsplit)
{
    const char *text = self ? value_string(self) : NULL;
    const char *by = argument_text(arguments, 0, "sep");
    const Value *most = call_argument(arguments, 1, "maxsplit");
    if (!most)
        return str_split(machine, self, arguments);
    const char *at = text && by && *by ? g_strrstr(text, by) : NULL;
    if (!text || !by || !*by || most->kind != VALUE_INT || most->number != 1)
        return machine->unknown;
    Value *list = value_items(machine, VALUE_LIST);
    if (at) {
        value_add(machine, list,
                  value_text(machine, machine_format(machine, "%.*s", (int)(at - text), text)));
        value_add(machine, list, value_text(machine, at + strlen(by)));
    } else {
        value_add(machine, list, self);
    }
    return list;
}

NATIVE(str_replace)
{
    const char *text = self ? value_string(self) : NULL;
    const char *from = argument_text(arguments, 0, NULL), *to = argument_text(arguments, 1, NULL);
    if (!text || !from || !*from || !to || arguments->count != 2)
        return machine->unknown;
    g_auto(GStrv) parts = g_strsplit(text, from, 0);
    g_autofree char *done = g_strjoinv(to, parts);
    if (strlen(done) > MAX_TEXT)
        return machine->unknown;
    return value_text(machine, machine_text(machine, done));
}

/* What stands for a field of str.format(): "", "0" or "name"; NULL: it has more to say. */
static const Value *format_field(ImportMachine *machine, const Arguments *arguments,
                                 const char *field, unsigned *auto_at)
{
    if (!*field)
        return call_argument(arguments, (*auto_at)++, NULL);
    if (strlen(field) == strspn(field, "0123456789"))
        return call_argument(arguments, (unsigned)g_ascii_strtoull(field, NULL, 10), NULL);
    return strpbrk(field, ".[!:{")
               ? NULL
               : call_argument(arguments, G_MAXUINT, machine_text(machine, field));
}

NATIVE(str_format)
{
    const char *at = self ? value_string(self) : NULL;
    g_autoptr(GString) text = g_string_new(NULL);
    unsigned auto_at = 0;
    if (!at || arguments->open)
        return machine->unknown;
    while (*at && text->len <= MAX_TEXT) {
        if (*at != '{' && *at != '}') {
            g_string_append_c(text, *at++);
            continue;
        }
        if (at[1] == *at) {
            g_string_append_c(text, *at);
            at += 2;
            continue;
        }
        const char *end = *at == '{' ? strchr(at, '}') : NULL;
        g_autofree char *field = end ? g_strndup(at + 1, (size_t)(end - at - 1)) : NULL;
        const Value *value = field ? format_field(machine, arguments, field, &auto_at) : NULL;
        const char *shown = value ? value_display(machine, value, false) : NULL;
        if (!shown)
            return machine->unknown;
        g_string_append(text, shown);
        at = end + 1;
    }
    return *at ? machine->unknown : value_text(machine, machine_text(machine, text->str));
}

NATIVE(str_join)
{
    const char *by = self ? value_string(self) : NULL;
    const Value *list = call_argument(arguments, 0, NULL);
    const GPtrArray *items = list ? value_iterate(machine, list) : NULL;
    g_autoptr(GString) text = g_string_new(NULL);
    for (unsigned i = 0; items && by && i < items->len; i++) {
        const char *item = value_string(items->pdata[i]);
        if (!item || text->len > MAX_TEXT)
            return machine->unknown;
        g_string_append_printf(text, "%s%s", i ? by : "", item);
    }
    return items && by ? value_text(machine, machine_text(machine, text->str)) : machine->unknown;
}

NATIVE(str_isdigit)
{
    const char *text = self ? value_string(self) : NULL;
    if (!text)
        return machine->unknown;
    return truth(machine, *text && strspn(text, "0123456789") == strlen(text));
}

/* The three parts of a text around a separator, of which the first or the last is taken. */
static const Value *partition(ImportMachine *machine, const Value *self, const Arguments *arguments,
                              bool last)
{
    const char *text = self ? value_string(self) : NULL;
    const char *by = argument_text(arguments, 0, NULL);
    if (!text || !by || !*by)
        return machine->unknown;
    const char *at = last ? g_strrstr(text, by) : strstr(text, by);
    const Value *whole = value_text(machine, text), *empty = value_text(machine, "");
    Value *tuple = value_items(machine, VALUE_TUPLE);
    if (at) {
        value_add(machine, tuple,
                  value_text(machine, machine_format(machine, "%.*s", (int)(at - text), text)));
        value_add(machine, tuple, value_text(machine, by));
        value_add(machine, tuple, value_text(machine, at + strlen(by)));
        return tuple;
    }
    value_add(machine, tuple, last ? empty : whole);
    value_add(machine, tuple, empty);
    value_add(machine, tuple, last ? whole : empty);
    return tuple;
}

NATIVE(str_partition)
{
    return partition(machine, self, arguments, false);
}

NATIVE(str_rpartition)
{
    return partition(machine, self, arguments, true);
}

static void change_list(ImportMachine *machine, const Value *self)
{
    if (machine->weak > 0)
        ((Value *)self)->open = true;
}

NATIVE(list_append)
{
    const Value *item = call_argument(arguments, 0, NULL);
    if (!self || self->kind != VALUE_LIST || !item)
        return machine->unknown;
    change_list(machine, self);
    value_add(machine, (Value *)self, item);
    return machine->none;
}

NATIVE(list_extend)
{
    const Value *list = call_argument(arguments, 0, NULL);
    if (!self || self->kind != VALUE_LIST || !list)
        return machine->unknown;
    extend_list(machine, self, list);
    return machine->none;
}

NATIVE(list_other)
{
    if (self)
        value_expose(machine, self);
    machine->unknowns++;
    return machine->unknown;
}

NATIVE(list_copy)
{
    if (!self || self->kind != VALUE_LIST)
        return machine->unknown;
    Value *copy = value_items(machine, VALUE_LIST);
    copy->open = self->open;
    for (unsigned i = 0; i < self->items->len; i++)
        value_add(machine, copy, self->items->pdata[i]);
    return copy;
}

NATIVE(list_union)
{
    Value *copy = (Value *)list_copy(machine, self, arguments);
    for (unsigned i = 0; copy->kind == VALUE_LIST && i < arguments->count; i++) {
        const GPtrArray *items = value_iterate(machine, arguments->values[i]);
        copy->open |= !items;
        for (unsigned j = 0; items && j < items->len; j++)
            value_add(machine, copy, items->pdata[j]);
    }
    return copy;
}

NATIVE(dict_get)
{
    const Value *key = call_argument(arguments, 0, NULL);
    const Value *otherwise = call_argument(arguments, 1, NULL);
    const Value *found = self && key ? value_get(self, key) : NULL;
    bool known = self && key && value_same(key, key) == 1 && !self->open;
    if (found && (!self->open || !machine->weak))
        return found;
    return known ? (otherwise ? otherwise : machine->none) : machine->unknown;
}

static const Value *dict_part(ImportMachine *machine, const Value *self, bool keys, bool items)
{
    Value *list = value_items(machine, VALUE_LIST);
    list->open = !self || self->open;
    for (unsigned i = 0; self && i < self->keys->len; i++) {
        const Value *one = keys ? self->keys->pdata[i] : self->items->pdata[i];
        if (keys && items) {
            Value *pair = value_items(machine, VALUE_TUPLE);
            value_add(machine, pair, self->keys->pdata[i]);
            value_add(machine, pair, self->items->pdata[i]);
            one = pair;
        }
        value_add(machine, list, one);
    }
    return list;
}

NATIVE(dict_keys)
{
    return dict_part(machine, self, true, false);
}

NATIVE(dict_values)
{
    return dict_part(machine, self, false, true);
}

NATIVE(dict_items)
{
    return dict_part(machine, self, true, true);
}

NATIVE(dict_copy)
{
    if (!self || self->kind != VALUE_DICT)
        return machine->unknown;
    Value *copy = value_items(machine, VALUE_DICT);
    copy->open = self->open;
    for (unsigned i = 0; i < self->keys->len; i++) {
        g_ptr_array_add(copy->keys, self->keys->pdata[i]);
        g_ptr_array_add(copy->items, self->items->pdata[i]);
    }
    return copy;
}

NATIVE(dict_update)
{
    const Value *from = call_argument(arguments, 0, NULL);
    if (!self || self->kind != VALUE_DICT)
        return machine->unknown;
    Value *changed = (Value *)self;
    changed->open |= arguments->open || (from && (from->kind != VALUE_DICT || from->open));
    for (unsigned i = 0; from && from->kind == VALUE_DICT && i < from->keys->len; i++)
        value_put(machine, changed, from->keys->pdata[i], from->items->pdata[i]);
    for (unsigned i = 0; i < arguments->count; i++)
        if (arguments->names[i])
            value_put(machine, changed, value_text(machine, arguments->names[i]),
                      arguments->values[i]);
    return machine->none;
}

NATIVE(dict_setdefault)
{
    const Value *key = call_argument(arguments, 0, NULL);
    const Value *item = call_argument(arguments, 1, NULL);
    const Value *found = self && key ? value_get(self, key) : NULL;
    if (found || !self || !key)
        return found ? found : machine->unknown;
    bool open = self->open;
    value_put(machine, (Value *)self, key, item ? item : machine->none);
    return open || !item ? machine->unknown : item;
}

/* globals().update(…) and friends. */
NATIVE(names_update)
{
    const Value *from = call_argument(arguments, 0, NULL);
    if (!self)
        return machine->unknown;
    self->scope->names->open |=
        arguments->open || (from && (from->kind != VALUE_DICT || from->open));
    for (unsigned i = 0; from && from->kind == VALUE_DICT && i < from->keys->len; i++) {
        const char *name = value_string(from->keys->pdata[i]);
        if (name)
            names_bind(machine, self->scope->names, name, from->items->pdata[i]);
        else
            self->scope->names->open = true;
    }
    for (unsigned i = 0; i < arguments->count; i++)
        if (arguments->names[i])
            names_bind(machine, self->scope->names, arguments->names[i], arguments->values[i]);
    return machine->none;
}

NATIVE(names_get)
{
    const char *name = argument_text(arguments, 0, NULL);
    const Value *otherwise = call_argument(arguments, 1, NULL);
    if (!self || !name)
        return machine->unknown;
    const Value *found = scope_item(machine, self->scope, name);
    if (found)
        return found;
    if (self->scope->names->open)
        return machine->unknown;
    return otherwise ? otherwise : machine->none;
}

static const Value *names_part(ImportMachine *machine, const Value *self, bool items)
{
    Value *list = value_items(machine, VALUE_LIST);
    list->open = !self || self->scope->names->open;
    g_autoptr(GPtrArray) names = self ? names_sorted(self->scope->names) : NULL;
    for (unsigned i = 0; names && i < names->len; i++) {
        const Value *one = value_text(machine, names->pdata[i]);
        if (items) {
            Value *pair = value_items(machine, VALUE_TUPLE);
            value_add(machine, pair, one);
            value_add(machine, pair, names_find(self->scope->names, names->pdata[i])->value);
            one = pair;
        }
        value_add(machine, list, one);
    }
    return list;
}

NATIVE(names_keys)
{
    return names_part(machine, self, false);
}

NATIVE(names_items)
{
    return names_part(machine, self, true);
}

NATIVE(names_other)
{
    if (self)
        self->scope->names->open = true;
    return machine->unknown;
}

/* @x.setter: setters are not walked, the property stays what it is. */
NATIVE(property_setter)
{
    return self ? self : machine->unknown;
}

/* clang-format off */
static const Native types[] = {
    {"dict.clear", list_other, NULL},
    {"dict.copy", dict_copy, NULL},
    {"dict.get", dict_get, NULL},
    {"dict.items", dict_items, NULL},
    {"dict.keys", dict_keys, NULL},
    {"dict.pop", list_other, NULL},
    {"dict.popitem", list_other, NULL},
    {"dict.setdefault", dict_setdefault, NULL},
    {"dict.update", dict_update, NULL},
    {"dict.values", dict_values, NULL},
    {"list.add", list_append, NULL},
    {"list.append", list_append, NULL},
    {"list.clear", list_other, NULL},
    {"list.copy", list_copy, NULL},
    {"list.discard", list_other, NULL},
    {"list.extend", list_extend, NULL},
    {"list.insert", list_other, NULL},
    {"list.pop", list_other, NULL},
    {"list.remove", list_other, NULL},
    {"list.reverse", list_other, NULL},
    {"list.sort", list_other, NULL},
    {"list.union", list_union, NULL},
    {"list.update", list_extend, NULL},
    {"names.get", names_get, NULL},
    {"names.items", names_items, NULL},
    {"names.keys", names_keys, NULL},
    {"names.pop", names_other, NULL},
    {"names.setdefault", names_other, NULL},
    {"names.update", names_update, NULL},
    {"property.deleter", property_setter, NULL},
    {"property.getter", property_setter, NULL},
    {"property.setter", property_setter, NULL},
    {"str.endswith", str_endswith, NULL},
    {"str.format", str_format, NULL},
    {"str.isdigit", str_isdigit, NULL},
    {"str.join", str_join, NULL},
    {"str.lower", str_lower, NULL},
    {"str.lstrip", str_lstrip, NULL},
    {"str.partition", str_partition, NULL},
    {"str.replace", str_replace, NULL},
    {"str.rpartition", str_rpartition, NULL},
    {"str.rsplit", str_rsplit, NULL},
    {"str.rstrip", str_rstrip, NULL},
    {"str.split", str_split, NULL},
    {"str.startswith", str_startswith, NULL},
    {"str.strip", str_strip, NULL},
    {"str.upper", str_upper, NULL},
};
/* clang-format on */

const NativeTable natives_types = {types, G_N_ELEMENTS(types)};
