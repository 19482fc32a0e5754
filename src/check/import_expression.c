#include "check/import_machine.h"

/* Where a part is not known, the text is good for messages only: unknown, with `text`. */
static const Value *evaluate_fstring(ImportMachine *machine, const PyExpr *expr)
{
    unsigned count = expr->items.count;
    const Value **values = machine_alloc(machine, (count + 1) * sizeof(const Value *));
    for (unsigned i = 0; i < count; i++)
        if (!(values[i] = evaluate(machine, expr->items.items[i])))
            return NULL;
    bool known = false;
    const char *text = fstring_text(machine, expr->line, values, count, &known);
    if (!text)
        return machine->unknown;
    if (known)
        return value_text(machine, text);
    Value *value = value_new(machine, VALUE_UNKNOWN);
    value->text = text;
    return value;
}

static const Value *evaluate_number(ImportMachine *machine, const char *text)
{
    g_autofree char *digits = g_strdup(text ? text : "");
    char *out = digits;
    for (const char *at = digits; *at; at++)
        if (*at != '_')
            *out++ = *at;
    *out = '\0';
    bool hex = g_ascii_strncasecmp(digits, "0x", 2) == 0;
    char *end = NULL;
    if (strlen(digits) > 17)
        return machine->unknown;
    gint64 number = g_ascii_strtoll(hex ? digits + 2 : digits, &end, hex ? 16 : 10);
    return end && !*end && *digits ? value_int(machine, number) : machine->unknown;
}

static const Value *evaluate_items(ImportMachine *machine, const PyExpr *expr, ValueKind kind)
{
    Value *list = value_items(machine, kind);
    for (unsigned i = 0; i < expr->items.count; i++) {
        const PyExpr *item = expr->items.items[i];
        bool starred = item->kind == PY_STARRED;
        const Value *value = evaluate(machine, starred ? item->left : item);
        if (!value)
            return NULL;
        const GPtrArray *more = starred ? value_iterate(machine, value) : NULL;
        if (!starred)
            value_add(machine, list, value);
        else if (!more)
            list->open = true;
        for (unsigned j = 0; more && j < more->len; j++)
            value_add(machine, list, more->pdata[j]);
    }
    return list;
}

static const Value *evaluate_dict(ImportMachine *machine, const PyExpr *expr)
{
    Value *dict = value_items(machine, VALUE_DICT);
    unsigned weak = machine->weak;
    for (unsigned i = 0; i + 1 < expr->items.count; i += 2) {
        const PyExpr *left = expr->items.items[i];
        const Value *key = left ? evaluate(machine, left) : machine->none;
        const Value *item = key ? evaluate(machine, expr->items.items[i + 1]) : NULL;
        if (!item)
            return NULL;
        machine->weak = 0;
        if (left)
            value_put(machine, dict, key, item);
        else if (item->kind == VALUE_DICT && !item->open)
            for (unsigned j = 0; j < item->keys->len; j++)
                value_put(machine, dict, item->keys->pdata[j], item->items->pdata[j]);
        else
            dict->open = true;
        machine->weak = weak;
    }
    return dict;
}

/* Evaluated although it may not be: what it raises is only possible. */
static const Value *evaluate_weak(ImportMachine *machine, const PyExpr *expr)
{
    machine->weak++;
    const Value *value = evaluate(machine, expr);
    machine->weak--;
    if (value || machine->stopped)
        return value;
    possible_add(machine, machine->raised);
    machine->raised = NULL;
    return machine->unknown;
}

static const Value *evaluate_boolean(ImportMachine *machine, const PyExpr *expr)
{
    int deciding = expr->kind == PY_OR;
    bool unknown = false;
    const Value *value = machine->unknown;
    for (unsigned i = 0; i < expr->items.count; i++) {
        const PyExpr *item = expr->items.items[i];
        value = unknown ? evaluate_weak(machine, item) : evaluate(machine, item);
        if (!value)
            return NULL;
        int truth = value_truth(machine, value);
        if (truth == deciding && unknown)
            return deciding ? machine->truthy : machine->falsy;
        if (truth == deciding)
            return value;
        unknown |= truth < 0 && i + 1 < expr->items.count;
    }
    return unknown ? machine->unknown : value;
}

/* 1, 0, -1 unknown; -2: raised or stopped. Unlike the value, the truth of "unknown and False" is
 * known. */
static int truth_of_boolean(ImportMachine *machine, const PyExpr *expr)
{
    int deciding = expr->kind == PY_OR, truth = !deciding;
    bool unknown = false;
    for (unsigned i = 0; i < expr->items.count; i++) {
        unsigned weak = machine->weak;
        machine->weak += unknown;
        truth = evaluate_truth(machine, expr->items.items[i]);
        machine->weak = weak;
        if (truth == -2 && unknown && !machine->stopped) {
            possible_add(machine, machine->raised);
            machine->raised = NULL;
            truth = -1;
        }
        if (truth == -2 || truth == deciding)
            return truth;
        unknown |= truth < 0;
    }
    return unknown ? -1 : truth;
}

int evaluate_truth(ImportMachine *machine, const PyExpr *expr)
{
    if (expr->kind == PY_AND || expr->kind == PY_OR)
        return truth_of_boolean(machine, expr);
    if (expr->kind == PY_NOT) {
        int truth = evaluate_truth(machine, expr->left);
        return truth < 0 ? truth : !truth;
    }
    const Value *value = evaluate(machine, expr);
    return value ? value_truth(machine, value) : -2;
}

static const Value *evaluate_compare(ImportMachine *machine, const PyExpr *expr)
{
    const Value *left = evaluate(machine, expr->left);
    int truth = 1;
    for (unsigned i = 0; left && i < expr->items.count; i++) {
        const Value *right = evaluate(machine, expr->items.items[i]);
        if (!right)
            return NULL;
        int one = value_compare(machine, expr->operators[i], left, right);
        if (one == 0)
            return machine->false_value;
        truth = one < 0 ? -1 : truth;
        left = right;
    }
    if (!left)
        return NULL;
    return truth < 0 ? machine->unknown : machine->true_value;
}

static const Value *evaluate_conditional(ImportMachine *machine, const PyExpr *expr)
{
    int truth = evaluate_truth(machine, expr->test);
    if (truth == -2)
        return NULL;
    if (truth >= 0)
        return evaluate(machine, truth ? expr->left : expr->right);
    const Value *left = evaluate_weak(machine, expr->left);
    const Value *right = left ? evaluate_weak(machine, expr->right) : NULL;
    return right ? value_join(machine, left, right) : NULL;
}

static bool expand_arguments(ImportMachine *machine, const PyArgument *argument, const Value *value,
                             GPtrArray *values, GPtrArray *names)
{
    const GPtrArray *more = NULL;
    if (argument->stars == 1)
        more = value_iterate(machine, value);
    else if (value->kind == VALUE_DICT && !value->open)
        more = value->items;
    for (unsigned i = 0; more && i < more->len; i++) {
        const char *name = NULL;
        if (argument->stars == 2 && !(name = value_string(value->keys->pdata[i])))
            return false;
        g_ptr_array_add(values, more->pdata[i]);
        g_ptr_array_add(names, (void *)name);
    }
    return more != NULL;
}

static bool evaluate_starred(ImportMachine *machine, const PyArgument *arguments, unsigned count,
                             Arguments *ret_arguments)
{
    GPtrArray *values = machine_array(machine), *names = machine_array(machine);
    for (unsigned i = 0; i < count; i++) {
        const Value *value = evaluate(machine, arguments[i].value);
        if (!value)
            return false;
        if (arguments[i].stars) {
            ret_arguments->open |= !expand_arguments(machine, &arguments[i], value, values, names);
            continue;
        }
        g_ptr_array_add(values, (void *)value);
        g_ptr_array_add(names, (void *)arguments[i].name);
    }
    ret_arguments->values = (const Value **)values->pdata;
    ret_arguments->names = (const char **)names->pdata;
    ret_arguments->count = values->len;
    return true;
}

/* Most calls name no argument. */
static const char **names_of(ImportMachine *machine, const PyArgument *arguments, unsigned count)
{
    static const char *const none[8] = {NULL};
    bool named = count >= G_N_ELEMENTS(none);
    for (unsigned i = 0; i < count; i++)
        named |= arguments[i].name != NULL;
    if (!named)
        return (const char **)none;
    const char **names = machine_alloc(machine, (count + 1) * sizeof *names);
    for (unsigned i = 0; i < count; i++)
        names[i] = arguments[i].name;
    return names;
}

bool evaluate_arguments(ImportMachine *machine, const PyArgument *arguments, unsigned count,
                        Arguments *ret_arguments)
{
    for (unsigned i = 0; i < count; i++)
        if (arguments[i].stars)
            return evaluate_starred(machine, arguments, count, ret_arguments);
    ret_arguments->count = count;
    ret_arguments->values = machine_alloc(machine, (count + 1) * sizeof *ret_arguments->values);
    ret_arguments->names = names_of(machine, arguments, count);
    for (unsigned i = 0; i < count; i++) {
        if (!(ret_arguments->values[i] = evaluate(machine, arguments[i].value)))
            return false;
    }
    return true;
}

/* super() without arguments: of the method that is walked. */
static const Value *implicit_super(ImportMachine *machine)
{
    const Frame *frame = machine->frame;
    while (frame && frame->function && !frame->function->owner)
        frame = frame->up;
    if (!frame || !frame->function || !frame->self)
        return machine->unknown;
    Value *value = value_new(machine, VALUE_SUPER);
    value->class = frame->function->owner;
    value->inner = frame->self;
    return value;
}

static const Value *evaluate_attribute(ImportMachine *machine, const PyExpr *expr,
                                       const Value **ret_left)
{
    const Value *left = evaluate(machine, expr->left);
    *ret_left = left;
    if (!left)
        return NULL;
    unsigned line = machine->frame->line;
    machine->frame->line = expr->line;
    const Value *value = attribute_get(machine, left, expr->text);
    if (value)
        machine->frame->line = line;
    return value;
}

/* What is called; *ret_self: the value of which it is an attribute, or NULL. */
static const Value *evaluate_callee(ImportMachine *machine, const PyExpr *expr,
                                    const Value **ret_self)
{
    *ret_self = NULL;
    return expr->kind == PY_ATTRIBUTE ? evaluate_attribute(machine, expr, ret_self)
                                      : evaluate(machine, expr);
}

/* An inherited method that is not known may call those of the object. */
static void expose_self(const Value *callee, const Value *self)
{
    if (!self || self->kind != VALUE_OBJECT ||
        (callee->kind != VALUE_UNKNOWN && callee->kind != VALUE_FOREIGN))
        return;
    Names *attributes = self->object->attributes;
    attributes->open = true;
    g_autoptr(GPtrArray) names = names_sorted(attributes);
    for (unsigned i = 0; i < names->len; i++) {
        const Value *item = names_find(attributes, names->pdata[i])->value;
        if (item->kind == VALUE_LIST || item->kind == VALUE_DICT)
            ((Value *)item)->open = true;
    }
}

static const Value *evaluate_call(ImportMachine *machine, const PyExpr *expr)
{
    unsigned line = machine->frame->line;
    machine->frame->line = expr->line;
    const Value *self;
    const Value *callee = evaluate_callee(machine, expr->left, &self);
    Arguments arguments = {0};
    if (!callee || !evaluate_arguments(machine, expr->arguments, expr->argument_count, &arguments))
        return NULL;
    machine->frame->line = expr->line;
    const Value *value;
    if (callee->kind == VALUE_NATIVE && g_str_equal(callee->native->name, "super") &&
        arguments.count == 0)
        value = implicit_super(machine);
    else
        value = value_call(machine, callee, &arguments);
    expose_self(callee, self);
    if (value)
        machine->frame->line = line;
    return value;
}

static const Value *evaluate_name(ImportMachine *machine, const PyExpr *expr)
{
    const Frame *frame = machine->frame;
    if (frame->guards > 0 && scope_lacks(machine, frame->scope, expr->text))
        return raise_builtin(machine, RAISED_LOOKUP, "NameError", NULL,
                             machine_format(machine, "name '%s' is not defined", expr->text));
    return scope_lookup(machine, frame->scope, expr->text);
}

static const Value *evaluate_subscript(ImportMachine *machine, const PyExpr *expr)
{
    const Value *left = evaluate(machine, expr->left);
    const Value *key = left ? evaluate(machine, expr->right) : NULL;
    return key ? subscript_get(machine, left, key) : NULL;
}

static const Value *evaluate_unary(ImportMachine *machine, const PyExpr *expr)
{
    const Value *value = evaluate(machine, expr->left);
    if (!value)
        return NULL;
    if (value->kind == VALUE_INT && g_str_equal(expr->text, "-"))
        return value_int(machine, -value->number);
    return value->kind == VALUE_INT && g_str_equal(expr->text, "+") ? value : machine->unknown;
}

static const Value *evaluate_binary(ImportMachine *machine, const PyExpr *expr)
{
    const Value *left = evaluate(machine, expr->left);
    const Value *right = left ? evaluate(machine, expr->right) : NULL;
    return right ? binary_operate(machine, expr->text, left, right) : NULL;
}

/* Parts are evaluated for what they may raise. */
static const Value *evaluate_parts(ImportMachine *machine, const PyExpr *expr)
{
    if (py_has(expr, PY_LEFT) && expr->left && !evaluate(machine, expr->left))
        return NULL;
    for (unsigned i = 0; py_has(expr, PY_ITEMS) && i < expr->items.count; i++)
        if (expr->items.items[i] && !evaluate(machine, expr->items.items[i]))
            return NULL;
    machine->unknowns += expr->kind == PY_AWAIT;
    return machine->unknown;
}

static const Value *evaluate_slice(ImportMachine *machine, const PyExpr *expr)
{
    Value *slice = value_items(machine, VALUE_TUPLE);
    for (unsigned i = 0; i < 3; i++) {
        const PyExpr *part = i < expr->items.count ? expr->items.items[i] : NULL;
        const Value *value = part ? evaluate(machine, part) : machine->none;
        if (!value)
            return NULL;
        value_add(machine, slice, value);
    }
    slice->inner = machine->none; /* marks a slice */
    return slice;
}

static const Value *evaluate_named(ImportMachine *machine, const PyExpr *expr)
{
    const Value *value = evaluate(machine, expr->right);
    if (value)
        scope_bind(machine, machine->frame->scope, expr->text, value);
    return value;
}

static const Value *evaluate_kind(ImportMachine *machine, const PyExpr *expr)
{
    const Value *value;
    int truth;
    switch (expr->kind) {
    case PY_NAME:
        return evaluate_name(machine, expr);
    case PY_ATTRIBUTE:
        return evaluate_attribute(machine, expr, &(const Value *){NULL});
    case PY_SUBSCRIPT:
        return evaluate_subscript(machine, expr);
    case PY_CALL:
        return evaluate_call(machine, expr);
    case PY_STRING:
        return expr->text ? value_text(machine, expr->text) : machine->unknown;
    case PY_FSTRING:
        return evaluate_fstring(machine, expr);
    case PY_NUMBER:
        return evaluate_number(machine, expr->text);
    case PY_NONE:
        return machine->none;
    case PY_TRUE:
        return machine->true_value;
    case PY_FALSE:
        return machine->false_value;
    case PY_TUPLE:
        return evaluate_items(machine, expr, VALUE_TUPLE);
    case PY_LIST:
        return evaluate_items(machine, expr, VALUE_LIST);
    case PY_SET:
        value = evaluate_items(machine, expr, VALUE_LIST);
        if (value)
            ((Value *)value)->set = true;
        return value;
    case PY_DICT:
        return evaluate_dict(machine, expr);
    case PY_NOT:
        truth = evaluate_truth(machine, expr);
        return truth == -2 ? NULL : truth < 0 ? machine->unknown : value_bool(machine, truth);
    case PY_UNARY:
        return evaluate_unary(machine, expr);
    case PY_BINARY:
        return evaluate_binary(machine, expr);
    case PY_AND:
    case PY_OR:
        return evaluate_boolean(machine, expr);
    case PY_COMPARE:
        return evaluate_compare(machine, expr);
    case PY_CONDITIONAL:
        return evaluate_conditional(machine, expr);
    case PY_LAMBDA:
        return function_value(machine, NULL, expr);
    case PY_COMPREHENSION:
        return evaluate_comprehension(machine, expr);
    case PY_NAMED:
        return evaluate_named(machine, expr);
    case PY_SLICE:
        return evaluate_slice(machine, expr);
    case PY_AWAIT:
    case PY_YIELD:
    case PY_YIELD_FROM:
    case PY_STARRED:
        return evaluate_parts(machine, expr);
    case PY_BYTES:
        return machine->unknown;
    case PY_ELLIPSIS:
        return machine->calm;
    }
    return machine->unknown;
}

const Value *evaluate(ImportMachine *machine, const PyExpr *expr)
{
    char here;
    if (++machine->steps > machine->limit)
        return machine_stop(machine, "it takes too many steps to follow");
    if (machine->stack - &here > MAX_STACK + MAX_STACK / 4)
        return machine_stop(machine, "it is nested too deeply to follow");
    if (machine->arena_bytes > MAX_ARENA)
        return machine_stop(machine, "it takes too much memory to follow");
    return evaluate_kind(machine, expr);
}
