#include "check/import_machine.h"

#include "python/version.h"

enum {
    CHUNK = 256 * 1024
};

void *machine_alloc(ImportMachine *machine, size_t size)
{
    size = (size + 7) & ~(size_t)7;
    if (size > CHUNK / 4) {
        char *own = g_malloc0(size);
        g_ptr_array_add(machine->chunks, own);
        machine->arena_bytes += size;
        return own;
    }
    if (size > machine->chunk_left) {
        machine->chunk = g_malloc0(CHUNK);
        machine->chunk_left = CHUNK;
        machine->arena_bytes += CHUNK;
        g_ptr_array_add(machine->chunks, machine->chunk);
    }
    char *memory = machine->chunk;
    machine->chunk += size;
    machine->chunk_left -= size;
    return memory;
}

const char *machine_text(ImportMachine *machine, const char *text)
{
    size_t size = strlen(text) + 1;
    return memcpy(machine_alloc(machine, size), text, size);
}

const char *machine_format(ImportMachine *machine, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    return machine_text(machine, text);
}

GHashTable *machine_table(ImportMachine *machine)
{
    GHashTable *table = g_hash_table_new(g_str_hash, g_str_equal);
    g_ptr_array_add(machine->tables, table);
    machine->arena_bytes += 256;
    return table;
}

GPtrArray *machine_array(ImportMachine *machine)
{
    GPtrArray *array = g_ptr_array_new();
    g_ptr_array_add(machine->arrays, array);
    machine->arena_bytes += 64;
    return array;
}

Value *value_new(ImportMachine *machine, ValueKind kind)
{
    Value *value = machine_alloc(machine, sizeof *value);
    value->kind = kind;
    return value;
}

const Value *value_bool(ImportMachine *machine, bool value)
{
    return value ? machine->true_value : machine->false_value;
}

const Value *value_int(ImportMachine *machine, gint64 number)
{
    Value *value = value_new(machine, VALUE_INT);
    value->number = number;
    return value;
}

const Value *value_text(ImportMachine *machine, const char *text)
{
    Value *value = value_new(machine, VALUE_TEXT);
    value->text = text;
    return value;
}

Value *value_items(ImportMachine *machine, ValueKind kind)
{
    Value *value = value_new(machine, kind);
    value->items = machine_array(machine);
    if (kind == VALUE_DICT)
        value->keys = machine_array(machine);
    return value;
}

void value_add(ImportMachine *machine, Value *list, const Value *item)
{
    if (list->items->len >= MAX_ITEMS) {
        list->open = true;
        return;
    }
    machine->arena_bytes += sizeof(void *);
    g_ptr_array_add(list->items, (void *)item);
}

static bool find_key(const Value *dict, const Value *key, unsigned *ret_index)
{
    for (unsigned i = 0; i < dict->keys->len; i++)
        if (value_same(dict->keys->pdata[i], key) == 1) {
            *ret_index = i;
            return true;
        }
    return false;
}

/* Dicts of a module's start are small; the ones that are not are left open beyond this. */
enum {
    MAX_KEYS = 2000
};

void value_put(ImportMachine *machine, Value *dict, const Value *key, const Value *item)
{
    unsigned index;
    bool weak = machine->weak > 0;
    if (value_same(key, key) != 1 || dict->keys->len >= MAX_KEYS) {
        dict->open = true;
    } else if (find_key(dict, key, &index)) {
        const Value *old = dict->items->pdata[index];
        dict->items->pdata[index] = (void *)(weak ? value_join(machine, old, item) : item);
    } else {
        dict->open |= weak;
        g_ptr_array_add(dict->keys, (void *)key);
        g_ptr_array_add(dict->items, (void *)item);
    }
}

const Value *value_get(const Value *dict, const Value *key)
{
    unsigned index;
    return find_key(dict, key, &index) ? dict->items->pdata[index] : NULL;
}

const char *value_string(const Value *value)
{
    return value->kind == VALUE_TEXT || value->kind == VALUE_VERSION ? value->text : NULL;
}

/* What __bool__ gives; what it raises is not told on, and leaves it open. */
static int asked_truth(ImportMachine *machine, const Value *value, const Value *method)
{
    if (method->kind != VALUE_FUNCTION || machine->raised)
        return -1;
    const Value *answer = value_call_plain(machine, method, &value, 1);
    if (!answer && !machine->stopped)
        machine->raised = NULL;
    return answer && answer->kind == VALUE_BOOL ? answer->number != 0 : -1;
}

static int object_truth(ImportMachine *machine, const Value *value)
{
    static const char *const deciding[] = {"__bool__", "__len__"};
    for (unsigned i = 0; i < G_N_ELEMENTS(deciding); i++) {
        bool unknown = false;
        const Value *found = class_find(machine, value->object->class, NULL, deciding[i], &unknown);
        if (found && !unknown && i == 0)
            return asked_truth(machine, value, found);
        if (found || unknown)
            return -1;
    }
    return 1;
}

int value_truth(ImportMachine *machine, const Value *value)
{
    switch (value->kind) {
    case VALUE_NONE:
        return 0;
    case VALUE_BOOL:
    case VALUE_INT:
        return value->number != 0;
    case VALUE_TEXT:
        return *value->text != '\0';
    case VALUE_TUPLE:
    case VALUE_LIST:
    case VALUE_DICT:
        return value->items->len > 0 ? (value->open ? -1 : 1) : value->open ? -1 : 0;
    case VALUE_OBJECT:
        return object_truth(machine, value);
    case VALUE_MODULE:
    case VALUE_FUNCTION:
    case VALUE_METHOD:
    case VALUE_NATIVE:
    case VALUE_VERSION:
    case VALUE_PROPERTY:
        return 1;
    case VALUE_CLASS:
        return value->class->meta ? -1 : 1;
    case VALUE_UNKNOWN:
        return value->truth > 0 ? 1 : value->truth < 0 ? 0 : -1;
    case VALUE_FOREIGN:
    case VALUE_STATIC:
    case VALUE_CLASS_METHOD:
    case VALUE_SUPER:
    case VALUE_NAMES:
        return -1;
    }
    return -1;
}

static bool is_number(const Value *value)
{
    return value->kind == VALUE_INT || value->kind == VALUE_BOOL;
}

static bool is_unknown(const Value *value)
{
    return value->kind == VALUE_UNKNOWN || value->kind == VALUE_FOREIGN;
}

static bool is_constant(const Value *value)
{
    return value->kind == VALUE_NONE || is_number(value) || value->kind == VALUE_TEXT;
}

enum {
    MAX_NESTING = 50
};

/* `is`. */
static int value_identical(const Value *a, const Value *b)
{
    if (is_unknown(a) || is_unknown(b))
        return -1;
    if (a == b)
        return 1;
    if (a->kind != b->kind)
        return a->kind == VALUE_VERSION || b->kind == VALUE_VERSION ? -1 : 0;
    switch (a->kind) {
    case VALUE_NONE:
        return 1;
    case VALUE_BOOL:
        return a->number == b->number;
    case VALUE_MODULE:
        return a->module == b->module;
    case VALUE_FUNCTION:
        return a->function == b->function;
    case VALUE_CLASS:
        return a->class == b->class;
    case VALUE_OBJECT:
        return a->object == b->object;
    case VALUE_LIST:
    case VALUE_DICT:
        return a->items == b->items;
    case VALUE_UNKNOWN:
    case VALUE_FOREIGN:
    case VALUE_INT:
    case VALUE_TEXT:
    case VALUE_VERSION:
    case VALUE_TUPLE:
    case VALUE_METHOD:
    case VALUE_NATIVE:
    case VALUE_STATIC:
    case VALUE_CLASS_METHOD:
    case VALUE_PROPERTY:
    case VALUE_SUPER:
    case VALUE_NAMES:
        return -1;
    }
    return -1;
}

static int same_within(const Value *a, const Value *b, unsigned depth)
{
    if (depth > MAX_NESTING || is_unknown(a) || is_unknown(b))
        return -1;
    if (is_number(a) && is_number(b))
        return a->number == b->number;
    if (a->kind == VALUE_TEXT && b->kind == VALUE_TEXT)
        return g_str_equal(a->text, b->text);
    if (a->kind == VALUE_TUPLE && b->kind == VALUE_TUPLE && !a->open && !b->open) {
        if (a->items->len != b->items->len)
            return 0;
        for (unsigned i = 0; i < a->items->len; i++) {
            int same = same_within(a->items->pdata[i], b->items->pdata[i], depth + 1);
            if (same != 1)
                return same;
        }
        return 1;
    }
    return value_identical(a, b);
}

int value_same(const Value *a, const Value *b)
{
    return same_within(a, b, 0);
}

static int items_equal(ImportMachine *machine, const Value *a, const Value *b)
{
    if (a->items->len != b->items->len)
        return 0;
    for (unsigned i = 0; i < a->items->len; i++) {
        int same = value_equal(machine, a->items->pdata[i], b->items->pdata[i]);
        if (same != 1)
            return same;
    }
    return 1;
}

/* Lists may hold themselves. */
static int lists_equal(ImportMachine *machine, const Value *a, const Value *b)
{
    if (a->open || b->open || machine->nesting >= MAX_NESTING)
        return -1;
    machine->nesting++;
    int same = items_equal(machine, a, b);
    machine->nesting--;
    return same;
}

/* Sets: whether each has the other's items. */
static int sets_equal(const Value *a, const Value *b)
{
    if (a->open || b->open || a->items->len > MAX_KEYS || b->items->len > MAX_KEYS)
        return -1;
    const Value *both[] = {a, b};
    for (unsigned side = 0; side < 2; side++)
        for (unsigned i = 0; i < both[side]->items->len; i++) {
            int found = 0;
            const GPtrArray *others = both[!side]->items;
            for (unsigned j = 0; j < others->len && found != 1; j++) {
                int same = value_same(both[side]->items->pdata[i], others->pdata[j]);
                found = same == 1 ? 1 : same < 0 ? -1 : found;
            }
            if (found != 1)
                return found;
        }
    return 1;
}

int value_equal(ImportMachine *machine, const Value *a, const Value *b)
{
    if (a->kind == VALUE_LIST && b->kind == VALUE_LIST && (a->set || b->set))
        return a->items == b->items ? 1 : sets_equal(a, b);
    if (a->kind == VALUE_VERSION || b->kind == VALUE_VERSION)
        return value_compare(machine, PY_OPERATOR_EQ, a, b);
    if ((a->kind == VALUE_LIST && b->kind == VALUE_LIST) ||
        (a->kind == VALUE_TUPLE && b->kind == VALUE_TUPLE))
        return a->items == b->items ? 1 : lists_equal(machine, a, b);
    bool special = a->kind == VALUE_OBJECT || b->kind == VALUE_OBJECT || a->kind == VALUE_DICT ||
                   b->kind == VALUE_DICT;
    if (special && !is_constant(a) && !is_constant(b))
        return a->kind == b->kind && value_identical(a, b) == 1 ? 1 : -1;
    if (special && (a->kind == VALUE_OBJECT || b->kind == VALUE_OBJECT)) {
        const Value *object = a->kind == VALUE_OBJECT ? a : b;
        bool unknown = false;
        const Value *own = class_find(machine, object->object->class, NULL, "__eq__", &unknown);
        return own || unknown ? -1 : 0;
    }
    return value_same(a, b);
}

static Version *version_of(const Value *value)
{
    const char *text = value_string(value);
    if (text)
        return version_parse(text, NULL);
    if (value->kind != VALUE_TUPLE || value->open)
        return NULL;
    g_autoptr(GString) joined = g_string_new(NULL);
    for (unsigned i = 0; i < value->items->len; i++) {
        const Value *part = value->items->pdata[i];
        if (part->kind == VALUE_INT && part->number >= 0)
            g_string_append_printf(joined, "%s%" G_GINT64_FORMAT, i ? "." : "", part->number);
        else
            return NULL;
    }
    return version_parse(joined->str, NULL);
}

static int ordering_holds(PyOperator op, int order)
{
    switch (op) {
    case PY_OPERATOR_EQ:
        return order == 0;
    case PY_OPERATOR_NE:
        return order != 0;
    case PY_OPERATOR_LT:
        return order < 0;
    case PY_OPERATOR_LE:
        return order <= 0;
    case PY_OPERATOR_GT:
        return order > 0;
    case PY_OPERATOR_GE:
        return order >= 0;
    case PY_OPERATOR_IS:
    case PY_OPERATOR_IS_NOT:
    case PY_OPERATOR_IN:
    case PY_OPERATOR_NOT_IN:
        return -1;
    }
    return -1;
}

/* -2 where it is not known. */
static int value_order(ImportMachine *machine, const Value *a, const Value *b, unsigned depth)
{
    if (a->kind == VALUE_VERSION || b->kind == VALUE_VERSION) {
        g_autoptr(Version) left = version_of(a);
        g_autoptr(Version) right = version_of(b);
        return left && right ? CLAMP(version_compare(left, right), -1, 1) : -2;
    }
    if (a->set || b->set || depth > MAX_NESTING)
        return -2;
    if (is_number(a) && is_number(b))
        return a->number < b->number ? -1 : a->number > b->number;
    if (a->kind == VALUE_TEXT && b->kind == VALUE_TEXT)
        return CLAMP(strcmp(a->text, b->text), -1, 1);
    if (a->kind != b->kind || (a->kind != VALUE_TUPLE && a->kind != VALUE_LIST))
        return -2;
    unsigned both = MIN(a->items->len, b->items->len);
    for (unsigned i = 0; i < both; i++) {
        int order = value_order(machine, a->items->pdata[i], b->items->pdata[i], depth + 1);
        if (order != 0)
            return order;
    }
    if (a->open || b->open)
        return -2;
    return a->items->len < b->items->len ? -1 : a->items->len > b->items->len;
}

static int value_contains(ImportMachine *machine, const Value *container, const Value *item)
{
    if (value_string(container) && value_string(item))
        return strstr(container->text, item->text) != NULL;
    const GPtrArray *items = NULL;
    if (container->kind == VALUE_TUPLE || container->kind == VALUE_LIST)
        items = container->items;
    else if (container->kind == VALUE_DICT)
        items = container->keys;
    else if (container->kind == VALUE_NAMES && value_string(item))
        return scope_item(machine, container->scope, item->text)
                   ? 1
                   : (container->scope->names->open ? -1 : 0);
    else if (container->kind == VALUE_NATIVE)
        return native_contains(machine, container, item);
    if (!items)
        return -1;
    int found = container->open ? -1 : 0;
    for (unsigned i = 0; i < items->len; i++) {
        int same = value_equal(machine, items->pdata[i], item);
        if (same == 1)
            return 1;
        if (same < 0)
            found = -1;
    }
    return found;
}

static int negate(int truth)
{
    return truth < 0 ? -1 : !truth;
}

int value_compare(ImportMachine *machine, PyOperator op, const Value *a, const Value *b)
{
    bool versions = a->kind == VALUE_VERSION || b->kind == VALUE_VERSION;
    if (op == PY_OPERATOR_IS || op == PY_OPERATOR_IS_NOT) {
        int same = value_identical(a, b);
        return op == PY_OPERATOR_IS ? same : negate(same);
    }
    if (op == PY_OPERATOR_IN || op == PY_OPERATOR_NOT_IN) {
        int in = value_contains(machine, b, a);
        return op == PY_OPERATOR_IN ? in : negate(in);
    }
    if ((op == PY_OPERATOR_EQ || op == PY_OPERATOR_NE) && !versions) {
        int same = value_equal(machine, a, b);
        return op == PY_OPERATOR_EQ ? same : negate(same);
    }
    int order = value_order(machine, a, b, 0);
    return order == -2 ? -1 : ordering_holds(op, order);
}

/* Without asking anything of the program's own. */
static int plain_truth(ImportMachine *machine, const Value *value)
{
    bool plain = value->kind == VALUE_NONE || value->kind == VALUE_BOOL ||
                 value->kind == VALUE_INT || value->kind == VALUE_TEXT ||
                 value->kind == VALUE_UNKNOWN;
    return plain ? value_truth(machine, value) : -1;
}

const Value *value_join(ImportMachine *machine, const Value *a, const Value *b)
{
    if (a == b || value_same(a, b) == 1)
        return a;
    int truth = plain_truth(machine, a);
    if (truth < 0 || truth != plain_truth(machine, b))
        return machine->unknown;
    return truth ? machine->truthy : machine->falsy;
}

void value_expose(ImportMachine *machine, const Value *value)
{
    Value *changed = (Value *)value;
    switch (value->kind) {
    case VALUE_LIST:
    case VALUE_DICT:
        changed->open = true;
        break;
    case VALUE_OBJECT:
        value->object->attributes->open = true;
        break;
    case VALUE_MODULE:
        value->module->scope->names->open = true;
        break;
    case VALUE_NAMES:
        value->scope->names->open = true;
        break;
    case VALUE_UNKNOWN:
    case VALUE_FOREIGN:
    case VALUE_NONE:
    case VALUE_BOOL:
    case VALUE_INT:
    case VALUE_TEXT:
    case VALUE_VERSION:
    case VALUE_TUPLE:
    case VALUE_FUNCTION:
    case VALUE_CLASS:
    case VALUE_METHOD:
    case VALUE_NATIVE:
    case VALUE_STATIC:
    case VALUE_CLASS_METHOD:
    case VALUE_PROPERTY:
    case VALUE_SUPER:
        break;
    }
}

void extend_list(ImportMachine *machine, const Value *list, const Value *value)
{
    Value *changed = (Value *)list;
    const GPtrArray *items = value_iterate(machine, value);
    if (!items || machine->weak > 0)
        changed->open = true;
    for (unsigned i = 0, count = items ? items->len : 0; i < count; i++)
        value_add(machine, changed, items->pdata[i]);
}

static const char *display_items(ImportMachine *machine, const Value *value, const char *ends)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_string_append_c(text, ends[0]);
    for (unsigned i = 0; i < value->items->len; i++) {
        const char *item = value_display(machine, value->items->pdata[i], true);
        if (!item || text->len > MAX_TEXT)
            return NULL;
        g_string_append_printf(text, "%s%s", i ? ", " : "", item);
    }
    g_string_append(text, value->kind == VALUE_TUPLE && value->items->len == 1 ? "," : "");
    g_string_append_c(text, ends[1]);
    return machine_text(machine, text->str);
}

static const char *display_object(ImportMachine *machine, const Value *value)
{
    const Value *arguments = value->object->arguments;
    const Value *base = g_hash_table_lookup(machine->builtins, "BaseException");
    if (class_is_subclass(machine, value->object->class->value, base) != 1 || !arguments ||
        arguments->open)
        return NULL;
    if (arguments->items->len == 0)
        return "";
    return arguments->items->len == 1 ? value_display(machine, arguments->items->pdata[0], false)
                                      : display_items(machine, arguments, "()");
}

static const char *display_kind(ImportMachine *machine, const Value *value, bool quoted)
{
    switch ((int)value->kind) {
    case VALUE_NONE:
        return "None";
    case VALUE_BOOL:
        return value->number ? "True" : "False";
    case VALUE_INT:
        return machine_format(machine, "%" G_GINT64_FORMAT, value->number);
    case VALUE_TEXT:
        return quoted ? machine_format(machine, "'%s'", value->text) : value->text;
    case VALUE_VERSION:
        return quoted ? NULL : value->text;
    case VALUE_TUPLE:
        return value->inner ? NULL : display_items(machine, value, "()");
    case VALUE_LIST:
        return display_items(machine, value, "[]");
    case VALUE_OBJECT:
        return quoted ? NULL : display_object(machine, value);
    default:
        return NULL;
    }
}

const char *value_display(ImportMachine *machine, const Value *value, bool quoted)
{
    if (value->open || machine->nesting >= MAX_NESTING)
        return NULL;
    machine->nesting++;
    machine->steps++;
    const char *text =
        machine->steps < machine->limit ? display_kind(machine, value, quoted) : NULL;
    machine->nesting--;
    return text;
}
