/* Items of values: iteration, subscripts, comprehensions, operators, targets. */
#include "check/import_machine.h"

const GPtrArray *value_iterate(ImportMachine *machine, const Value *value)
{
    if (value->open || value->inner)
        return NULL;
    if (value->kind == VALUE_TUPLE || value->kind == VALUE_LIST)
        return value->items;
    if (value->kind == VALUE_NATIVE && g_str_equal(value->native->name, "sys.modules"))
        return loaded_names(machine);
    return value->kind == VALUE_DICT ? value->keys : NULL;
}

static bool slice_bounds(const Value *slice, gint64 length, gint64 *ret_from, gint64 *ret_to)
{
    const Value *lower = slice->items->pdata[0], *upper = slice->items->pdata[1];
    const Value *step = slice->items->pdata[2];
    if (step->kind != VALUE_NONE || (lower->kind != VALUE_NONE && lower->kind != VALUE_INT) ||
        (upper->kind != VALUE_NONE && upper->kind != VALUE_INT))
        return false;
    gint64 from = lower->kind == VALUE_INT ? lower->number : 0;
    gint64 to = upper->kind == VALUE_INT ? upper->number : length;
    from = from < 0 ? MAX(from + length, 0) : MIN(from, length);
    to = to < 0 ? MAX(to + length, 0) : MIN(to, length);
    *ret_from = from;
    *ret_to = MAX(from, to);
    return true;
}

static bool is_ascii(const char *text)
{
    for (; *text; text++)
        if ((signed char)*text < 0)
            return false;
    return true;
}

static const Value *slice_of(ImportMachine *machine, const Value *value, const Value *slice)
{
    gint64 from, to;
    const char *text = value_string(value);
    if (text && is_ascii(text) && slice_bounds(slice, (gint64)strlen(text), &from, &to))
        return value_text(machine, machine_format(machine, "%.*s", (int)(to - from), text + from));
    const GPtrArray *items = value->kind == VALUE_TUPLE || value->kind == VALUE_LIST
                                 ? value_iterate(machine, value)
                                 : NULL;
    if (!items || !slice_bounds(slice, items->len, &from, &to))
        return machine->unknown;
    Value *part = value_items(machine, value->kind);
    for (gint64 i = from; i < to; i++)
        value_add(machine, part, items->pdata[i]);
    return part;
}

static const Value *item_at(ImportMachine *machine, const Value *value, gint64 index)
{
    const char *text = value_string(value);
    gint64 length = text ? (gint64)strlen(text) : (gint64)value->items->len;
    index += index < 0 ? length : 0;
    if (index < 0 || index >= length || (value->open && !text))
        return machine->unknown;
    if (!text)
        return value->items->pdata[index];
    return is_ascii(text) ? value_text(machine, machine_format(machine, "%c", text[index]))
                          : machine->unknown;
}

/* Whether a try statement of the module's body or of its calls is around. */
static bool is_guarded(const ImportMachine *machine)
{
    for (const Frame *frame = machine->frame; frame; frame = frame->up) {
        if (frame->guards > 0)
            return true;
        if (!frame->function && frame->scope->kind == SCOPE_MODULE)
            return false;
    }
    return false;
}

/* For certain: all keys are texts, and so is this one. */
static bool lacks_key(const Value *dict, const Value *key)
{
    for (unsigned i = 0; i < dict->keys->len; i++)
        if (((const Value *)dict->keys->pdata[i])->kind != VALUE_TEXT)
            return false;
    return key->kind == VALUE_TEXT;
}

const Value *subscript_get(ImportMachine *machine, const Value *value, const Value *key)
{
    bool slice = key->kind == VALUE_TUPLE && key->inner;
    const Value *found = NULL;
    if (slice)
        return slice_of(machine, value, key);
    switch (value->kind) {
    case VALUE_CLASS:
    case VALUE_FOREIGN:
        return value;
    case VALUE_DICT:
        found = value->open && machine->weak ? NULL : value_get(value, key);
        if (!found && !value->open && is_guarded(machine) && lacks_key(value, key))
            return raise_builtin(machine, RAISED_LOOKUP, "KeyError", NULL,
                                 machine_format(machine, "'%s'", key->text));
        break;
    case VALUE_TEXT:
    case VALUE_VERSION:
    case VALUE_TUPLE:
    case VALUE_LIST:
        if (key->kind == VALUE_INT)
            found = item_at(machine, value, key->number);
        break;
    case VALUE_NAMES:
        if (value_string(key)) {
            found = scope_item(machine, value->scope, key->text);
        }
        break;
    case VALUE_NATIVE:
        return native_subscript(machine, value, key);
    case VALUE_UNKNOWN:
    case VALUE_NONE:
    case VALUE_BOOL:
    case VALUE_INT:
    case VALUE_MODULE:
    case VALUE_FUNCTION:
    case VALUE_OBJECT:
    case VALUE_METHOD:
    case VALUE_STATIC:
    case VALUE_CLASS_METHOD:
    case VALUE_PROPERTY:
    case VALUE_SUPER:
        break;
    }
    machine->unknowns += !found;
    return found ? found : machine->unknown;
}

static bool set_item(ImportMachine *machine, const Value *value, const Value *key,
                     const Value *item)
{
    Value *changed = (Value *)value;
    if (value->kind == VALUE_DICT) {
        value_put(machine, changed, key, item);
    } else if (value->kind == VALUE_LIST) {
        bool known = key->kind == VALUE_INT && key->number >= 0 && !machine->weak &&
                     key->number < (gint64)value->items->len;
        if (known)
            value->items->pdata[key->number] = (void *)item;
        else
            changed->open = true;
    } else if (value->kind == VALUE_NAMES && value_string(key)) {
        names_bind(machine, value->scope->names, key->text, item);
    } else if (value->kind == VALUE_NATIVE) {
        native_set_subscript(machine, value, key, item);
    } else {
        value_expose(machine, value);
        machine->unknowns++;
    }
    return true;
}

static bool unpack(ImportMachine *machine, const PyExpr *target, const Value *value)
{
    const GPtrArray *items = value_iterate(machine, value);
    unsigned count = target->items.count;
    bool starred = false;
    for (unsigned i = 0; i < count; i++)
        starred |= target->items.items[i]->kind == PY_STARRED;
    bool known = items && !starred && items->len == count && value->kind != VALUE_DICT;
    for (unsigned i = 0; i < count; i++)
        if (!bind_target(machine, target->items.items[i],
                         known ? items->pdata[i] : machine->unknown))
            return false;
    return true;
}

bool bind_target(ImportMachine *machine, const PyExpr *target, const Value *value)
{
    switch ((int)target->kind) {
    case PY_NAME:
        scope_bind(machine, machine->frame->scope, target->text, value);
        return true;
    case PY_TUPLE:
    case PY_LIST:
        return unpack(machine, target, value);
    case PY_STARRED:
        return bind_target(machine, target->left, machine->unknown);
    case PY_ATTRIBUTE: {
        const Value *left = evaluate(machine, target->left);
        return left && attribute_set(machine, left, target->text, value);
    }
    case PY_SUBSCRIPT: {
        const Value *left = evaluate(machine, target->left);
        const Value *key = left ? evaluate(machine, target->right) : NULL;
        return key && set_item(machine, left, key, value);
    }
    default:
        return true;
    }
}

typedef struct {
    const PyExpr *expr;
    Value *result;
    unsigned rounds;
    unsigned weak; /* machine->weak where it began: what it makes was not there before */
} Comprehension;

static bool comprehend(ImportMachine *machine, Comprehension *all, unsigned clause);

static bool comprehend_item(ImportMachine *machine, Comprehension *all, unsigned clause)
{
    const PyClause *own = &all->expr->clauses[clause];
    unsigned weak = machine->weak;
    bool done = true;
    for (unsigned i = 0; i < own->conditions.count; i++) {
        int truth = evaluate_truth(machine, own->conditions.items[i]);
        if (truth == -2)
            return false;
        if (truth == 0)
            goto skip;
        if (truth < 0) {
            all->result->open = true;
            machine->weak++;
        }
    }
    done = comprehend(machine, all, clause + 1);
skip:
    machine->weak = weak;
    return done;
}

static bool comprehend_result(ImportMachine *machine, Comprehension *all)
{
    const PyExpr *expr = all->expr;
    const Value *first = evaluate(machine, expr->items.items[0]);
    if (!first)
        return false;
    if (all->result->kind != VALUE_DICT) {
        value_add(machine, all->result, first);
        return true;
    }
    const Value *item = expr->items.count > 1 ? evaluate(machine, expr->items.items[1]) : NULL;
    machine->weak -= all->weak;
    if (item)
        value_put(machine, all->result, first, item);
    machine->weak += all->weak;
    return item != NULL;
}

static bool comprehend(ImportMachine *machine, Comprehension *all, unsigned clause)
{
    if (clause >= all->expr->clause_count)
        return comprehend_result(machine, all);
    const PyClause *own = &all->expr->clauses[clause];
    const Value *iterable = evaluate(machine, own->iterable);
    if (!iterable)
        return false;
    const GPtrArray *items = own->async ? NULL : value_iterate(machine, iterable);
    if (items && items->len + all->rounds <= MAX_LOOP) {
        for (unsigned i = 0; i < items->len; i++) {
            all->rounds++;
            if (!bind_target(machine, own->target, items->pdata[i]) ||
                !comprehend_item(machine, all, clause))
                return false;
        }
        return true;
    }
    all->result->open = true;
    machine->weak++;
    bool done = bind_target(machine, own->target, machine->unknown) &&
                comprehend_item(machine, all, clause);
    machine->weak--;
    if (!done && !machine->stopped) {
        possible_add(machine, machine->raised);
        machine->raised = NULL;
        done = true;
    }
    return done;
}

const Value *evaluate_comprehension(ImportMachine *machine, const PyExpr *expr)
{
    bool dict = g_str_equal(expr->text, "dict"), lazy = g_str_equal(expr->text, "generator");
    Comprehension all = {.expr = expr, .weak = machine->weak};
    all.result = value_items(machine, dict ? VALUE_DICT : VALUE_LIST);
    all.result->set = g_str_equal(expr->text, "set");
    Scope *outer = machine->frame->scope;
    GHashTable *table = g_hash_table_new(g_str_hash, g_str_equal);
    Names *names = machine_alloc(machine, sizeof *names);
    *names = (Names){.table = table, .weak = machine->weak};
    Scope *scope = machine_alloc(machine, sizeof *scope);
    *scope = (Scope){.kind = SCOPE_FUNCTION, .names = names, .up = outer, .module = outer->module};
    /* The first iterable belongs to the scope around; a class's names stay visible here. */
    machine->frame->scope = scope;
    if (outer->kind == SCOPE_CLASS)
        scope->names->open = true;
    unsigned weak = machine->weak;
    bool done = comprehend(machine, &all, 0);
    machine->frame->scope = outer;
    release_names(machine, scope, table);
    machine->weak = weak;
    if (done)
        return all.result;
    if (lazy && !machine->stopped) {
        machine->raised = NULL;
        machine->unknowns++;
        return machine->unknown;
    }
    return NULL;
}

static const Value *format_percent(ImportMachine *machine, const Value *left, const Value *right)
{
    g_autoptr(GString) text = g_string_new(NULL);
    bool tuple = right->kind == VALUE_TUPLE;
    unsigned used = 0;
    for (const char *at = left->text; *at; at++) {
        if (*at != '%') {
            g_string_append_c(text, *at);
            continue;
        }
        at++;
        if (*at == '%') {
            g_string_append_c(text, '%');
            continue;
        }
        const Value *item = !tuple                     ? (used == 0 ? right : NULL)
                            : used < right->items->len ? right->items->pdata[used]
                                                       : NULL;
        const char *shown = item && (*at == 's' || *at == 'd' || *at == 'r')
                                ? value_display(machine, item, *at == 'r')
                                : NULL;
        if (!shown || right->open || text->len > MAX_TEXT)
            return machine->unknown;
        used++;
        g_string_append(text, shown);
    }
    return value_text(machine, machine_text(machine, text->str));
}

static const Value *add_values(ImportMachine *machine, const Value *left, const Value *right)
{
    const char *a = value_string(left), *b = value_string(right);
    if (a && b && strlen(a) + strlen(b) < MAX_TEXT)
        return value_text(machine, machine_format(machine, "%s%s", a, b));
    bool lists =
        left->kind == right->kind && (left->kind == VALUE_LIST || left->kind == VALUE_TUPLE);
    if (!lists)
        return machine->unknown;
    Value *sum = value_items(machine, left->kind);
    sum->open = left->open || right->open;
    for (unsigned i = 0; i < left->items->len; i++)
        value_add(machine, sum, left->items->pdata[i]);
    for (unsigned i = 0; i < right->items->len; i++)
        value_add(machine, sum, right->items->pdata[i]);
    return sum;
}

static const Value *repeat(ImportMachine *machine, const Value *list, const Value *times)
{
    Value *all = value_items(machine, list->kind);
    all->open = list->open;
    if (times->number > 0 && (guint64)times->number * list->items->len > MAX_LOOP)
        all->open = true;
    for (gint64 i = 0; !all->open && i < times->number && list->items->len > 0; i++)
        for (unsigned j = 0; j < list->items->len; j++)
            value_add(machine, all, list->items->pdata[j]);
    return all;
}

static bool is_sequence(const Value *value)
{
    return value->kind == VALUE_LIST || value->kind == VALUE_TUPLE;
}

static bool calculate(const char *op, gint64 a, gint64 b, gint64 *ret_number)
{
    switch (*op) {
    case '+':
        return !__builtin_add_overflow(a, b, ret_number);
    case '-':
        return !__builtin_sub_overflow(a, b, ret_number);
    case '*':
        return !op[1] && !__builtin_mul_overflow(a, b, ret_number);
    case '/':
        if (op[1] != '/' || b <= 0 || a < 0)
            return false;
        *ret_number = a / b;
        return true;
    case '%':
        if (b <= 0 || a < 0)
            return false;
        *ret_number = a % b;
        return true;
    case '|':
        *ret_number = a | b;
        return true;
    case '&':
        *ret_number = a & b;
        return true;
    default:
        return false;
    }
}

const Value *binary_operate(ImportMachine *machine, const char *op, const Value *left,
                            const Value *right)
{
    gint64 number;
    bool numbers = left->kind == VALUE_INT && right->kind == VALUE_INT;
    if (numbers && calculate(op, left->number, right->number, &number))
        return value_int(machine, number);
    if (*op == '+')
        return add_values(machine, left, right);
    if (*op == '*' && is_sequence(left) && right->kind == VALUE_INT)
        return repeat(machine, left, right);
    if (*op == '*' && is_sequence(right) && (left->kind == VALUE_INT || left->kind == VALUE_BOOL))
        return repeat(machine, right, left);
    if (*op == '%' && left->kind == VALUE_TEXT)
        return format_percent(machine, left, right);
    machine->unknowns += left->kind == VALUE_UNKNOWN || right->kind == VALUE_UNKNOWN;
    return machine->unknown;
}
