#include "recipe/vars.h"

#include "recipe/index_names.h"

static const char *const var_types[] = {"text", "list", "bool", "int", "version", "cuda", NULL};

enum {
    EXPANDED_CHARS_MAX = 1 << 20,
};

/* clang-format off */
static const Field declaration_fields[] = {
    {"default", &type_tree, offsetof(Declaration, fallback), FIELD_EMPTY_OK | FIELD_VERBATIM,
     "The value when nobody gives one", NULL},
    {"type", &type_choice, offsetof(Declaration, type), 0,
     "What values are (default: that of `default`)", var_types},
    {"choices", &type_texts, offsetof(Declaration, choices), FIELD_EMPTY_OK,
     "The values allowed", NULL},
    {"required", &type_bool, offsetof(Declaration, required), 0,
     "Whether a value must be given (default: false)", NULL},
    {"about", &type_text, offsetof(Declaration, about), 0,
     "One sentence for people", NULL},
};
/* clang-format on */

static void finish_declaration(Decoder *decoder, const Node *node, void *target)
{
    Declaration *declaration = target;
    declaration->has_type = node->kind == NODE_MAP && node_find(node, "type");
    const Node *fallback = declaration->fallback;
    if (!declaration->has_type)
        declaration->type = fallback && fallback->kind == NODE_LIST ? VAR_LIST : VAR_TEXT;
    if (fallback && fallback->kind == NODE_MAP) {
        decoder_error(decoder, fallback, "a variable holds a text or a list, not a map");
        declaration->fallback = NULL;
    } else if (fallback && !(fallback->kind == NODE_SCALAR && fallback->text[0] == '\0')) {
        declaration->fallback = declaration_apply(declaration, decoder, fallback);
    }
    if (!variable_name_is_valid(declaration->name))
        error_set_hint(
            decoder_error(decoder, node, "'%s' can't be the name of a variable", declaration->name),
            "use letters, digits and '_', and begin with a letter");
}

const Shape declaration_shape = {
    .name = "variable",
    .title = "a variable",
    .size = sizeof(Declaration),
    .fields = declaration_fields,
    .count = G_N_ELEMENTS(declaration_fields),
    .short_key = "default",
    .at_offset = offsetof(Declaration, at),
    .name_offset = offsetof(Declaration, name),
    .finish = finish_declaration,
};

GPtrArray *declarations_decode(Decoder *decoder, const Node *node, const char *key)
{
    GPtrArray *declarations = NULL;
    Field field = {key, &type_named, 0, 0, "", &declaration_shape};
    if (node)
        type_named.decode(decoder, &field, node, &declarations);
    return declarations ? declarations : g_ptr_array_new();
}

void declarations_free(GPtrArray *declarations)
{
    Field field = {"vars", &type_named, 0, 0, "", &declaration_shape};
    type_named.clear(&field, &declarations);
}

const Declaration *declarations_find(const GPtrArray *declarations, const char *name)
{
    for (guint i = 0; i < declarations->len; i++) {
        const Declaration *declaration = declarations->pdata[i];
        if (g_str_equal(declaration->name, name))
            return declaration;
    }
    return NULL;
}

static bool is_integer(const char *text)
{
    gint64 value;
    return g_ascii_string_to_signed(text, 10, G_MININT64, G_MAXINT64, &value, NULL);
}

static bool is_version(const char *text)
{
    return g_ascii_isdigit(text[0]) &&
           strspn(text, "0123456789abcdefghijklmnopqrstuvwxyz.+!-_") == strlen(text);
}

static bool type_holds(int type, const char *text)
{
    if (type == VAR_BOOL)
        return g_str_equal(text, "true") || g_str_equal(text, "false");
    if (type == VAR_INT)
        return is_integer(text);
    if (type == VAR_VERSION)
        return text[0] == '\0' || is_version(text);
    return true;
}

static bool choice_holds(const Declaration *declaration, Decoder *decoder, const Node *value)
{
    const GPtrArray *choices = declaration->choices;
    if (!choices)
        return true;
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (guint i = 0; i < choices->len; i++) {
        const char *choice = ((Text *)choices->pdata[i])->text;
        if (g_str_equal(choice, value->text))
            return true;
        g_ptr_array_add(names, (void *)choice);
    }
    size_t count = names->len;
    g_ptr_array_add(names, NULL);
    g_autofree char *list = g_strjoinv(", ", (char **)names->pdata);
    GError *error = decoder_error(decoder, value, "'%s' is one of %s, not '%s'", declaration->name,
                                  list, value->text);
    decoder_suggest(error, value->text, (const char *const *)names->pdata, count);
    return false;
}

static const Node *apply_cuda(const Declaration *declaration, Decoder *decoder, const Node *value)
{
    g_autofree char *index = cuda_index_name(value->text);
    if (!index) {
        GError *error = decoder_error(decoder, value, "'%s' is a CUDA version, not '%s'",
                                      declaration->name, value->text);
        error_set_hint(error, "write 12.4, cu124, cpu or auto");
        return NULL;
    }
    Node *node = node_new_scalar(decoder->arena, value->at, index, true);
    node->origin = value->origin;
    node->expanded = true;
    return node;
}

static const Node *apply_scalar(const Declaration *declaration, Decoder *decoder, const Node *value)
{
    if (!type_holds(declaration->type, value->text)) {
        decoder_error(decoder, value, "'%s' is of type %s, not '%s'", declaration->name,
                      var_types[declaration->type], value->text);
        return NULL;
    }
    if (!choice_holds(declaration, decoder, value))
        return NULL;
    return declaration->type == VAR_CUDA ? apply_cuda(declaration, decoder, value) : value;
}

const Node *declaration_apply(const Declaration *declaration, Decoder *decoder, const Node *value)
{
    if (value->kind == NODE_MAP || (value->kind == NODE_LIST && declaration->type != VAR_LIST)) {
        decoder_error(decoder, value, "'%s' is a %s, not %s", declaration->name,
                      var_types[declaration->type], node_describe(value));
        return NULL;
    }
    if (value->kind == NODE_SCALAR && declaration->type != VAR_LIST)
        return apply_scalar(declaration, decoder, value);
    g_autoptr(GPtrArray) items = g_ptr_array_new();
    if (value->kind == NODE_SCALAR) {
        g_ptr_array_add(items, (void *)value);
    } else {
        for (unsigned i = 0; i < value->count; i++) {
            if (value->items[i]->kind != NODE_SCALAR)
                decoder_error(decoder, value->items[i], "an item of '%s' is a text, not %s",
                              declaration->name, node_describe(value->items[i]));
            else if (choice_holds(declaration, decoder, value->items[i]))
                g_ptr_array_add(items, (void *)value->items[i]);
        }
    }
    Node *list = node_new_list(decoder->arena, value->at, items);
    list->origin = value->origin;
    return list;
}

typedef struct {
    char *name;
    const Node *value;
} Variable;

struct Scope {
    char *place;
    Span use_site;
    GPtrArray *variables; /* Variable */
};

static void variable_free(void *data)
{
    Variable *variable = data;
    g_free(variable->name);
    g_free(variable);
}

Scope *scope_new(const char *place, Span use_site)
{
    Scope *scope = g_new0(Scope, 1);
    scope->place = g_strdup(place);
    scope->use_site = use_site;
    scope->variables = g_ptr_array_new_with_free_func(variable_free);
    return scope;
}

void scope_free(Scope *scope)
{
    if (!scope)
        return;
    g_free(scope->place);
    g_ptr_array_unref(scope->variables);
    g_free(scope);
}

static Variable *find_variable(const Scope *scope, const char *name)
{
    for (guint i = 0; i < scope->variables->len; i++) {
        Variable *variable = scope->variables->pdata[i];
        if (g_str_equal(variable->name, name))
            return variable;
    }
    return NULL;
}

/* A text or a list of texts; a mistaken default, which has been reported, need not be one. */
static bool is_value(const Node *node)
{
    for (unsigned i = 0; node->kind == NODE_LIST && i < node->count; i++)
        if (node->items[i]->kind != NODE_SCALAR)
            return false;
    return node->kind != NODE_MAP;
}

void scope_set(Scope *scope, const char *name, const Node *value)
{
    Variable *variable = find_variable(scope, name);
    if (!variable) {
        variable = g_new0(Variable, 1);
        variable->name = g_strdup(name);
        g_ptr_array_add(scope->variables, variable);
    }
    if (value && is_value(value))
        variable->value = value;
}

void scope_unset(Scope *scope, const char *name)
{
    Variable *variable = find_variable(scope, name);
    if (variable)
        g_ptr_array_remove(scope->variables, variable);
}

const Node *scope_find(const Scope *scope, const char *name)
{
    const Variable *variable = find_variable(scope, name);
    return variable ? variable->value : NULL;
}

bool scope_has(const Scope *scope, const char *name)
{
    return find_variable(scope, name) != NULL;
}

void scope_suggest(const Scope *scope, GError *error, const char *name)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (guint i = 0; i < scope->variables->len; i++)
        g_ptr_array_add(names, ((Variable *)scope->variables->pdata[i])->name);
    decoder_suggest(error, name, (const char *const *)names->pdata, names->len);
}

static char *value_text(const Node *value)
{
    if (value->kind == NODE_SCALAR)
        return g_strdup(value->text);
    GString *out = g_string_new(NULL);
    for (unsigned i = 0; i < value->count; i++)
        g_string_append_printf(out, "%s%s", i ? " " : "", value->items[i]->text);
    return g_string_free(out, FALSE);
}

static int compare_pairs(const void *a, const void *b)
{
    return strcmp((*(Pair *const *)a)->key, (*(Pair *const *)b)->key);
}

GPtrArray *scope_pairs(const Scope *scope)
{
    GPtrArray *pairs = g_ptr_array_new_with_free_func(pair_free);
    for (guint i = 0; i < scope->variables->len; i++) {
        const Variable *variable = scope->variables->pdata[i];
        if (!variable->value)
            continue;
        Pair *pair = g_new(Pair, 1);
        *pair = (Pair){g_strdup(variable->name), value_text(variable->value), variable->value->at};
        g_ptr_array_add(pairs, pair);
    }
    g_ptr_array_sort(pairs, compare_pairs);
    return pairs;
}

bool variable_name_is_valid(const char *name)
{
    if (!g_ascii_isalpha(name[0]) && name[0] != '_')
        return false;
    for (const char *p = name; *p; p++)
        if (!g_ascii_isalnum(*p) && *p != '_')
            return false;
    return true;
}

/* The end of the reference that begins at `text` ("$("), behind its ")"; NULL when it is not
 * closed. */
static const char *reference_end(const char *text)
{
    const char *end = strchr(text, ')');
    return end ? end + 1 : NULL;
}

static const Node *look_up(Scope *scope, Decoder *decoder, const Node *node, const char *reference,
                           const char *end)
{
    g_autofree char *name = g_strndup(reference + 2, (size_t)(end - reference) - 3);
    const Node *value = scope_find(scope, name);
    if (value)
        return value;
    if (!variable_name_is_valid(name)) {
        error_set_hint(decoder_error(decoder, node, "'$(%s)' is no variable", name),
                       "write $$( for a literal $(");
    } else if (scope_has(scope, name)) {
        error_set_hint(decoder_error(decoder, node, "the variable '%s' has no value here", name),
                       "give it a default in `vars:` or a value with --var %s=…", name);
    } else {
        GError *error =
            decoder_error(decoder, node, "there is no variable '%s' in %s", name, scope->place);
        error_set_hint(error, "declare it in %s, or write $$( for a literal $(",
                       span_is_set(scope->use_site) ? "`params:`" : "`vars:` or `matrix:`");
        scope_suggest(scope, error, name);
    }
    return NULL;
}

static Node *expanded_scalar(Scope *scope, Decoder *decoder, const Node *node, const char *text,
                             const Node *value)
{
    Node *made = node_new_scalar(decoder->arena, node->at, text, true);
    made->expanded = true;
    if (span_is_set(scope->use_site)) {
        bool given = value && span_is_set(value->at) && value->at.source == scope->use_site.source;
        made->at = given ? value->at : scope->use_site;
        made->origin = node->at;
    }
    return made;
}

static const Node *broken_scalar(Scope *scope, Decoder *decoder, const Node *node)
{
    Node *made = expanded_scalar(scope, decoder, node, node->text, NULL);
    made->broken = true;
    return made;
}

/* Text in which every reference stands for one text. */
static const Node *expand_text(Scope *scope, Decoder *decoder, const Node *node)
{
    g_autoptr(GString) out = g_string_new(NULL);
    const Node *first = NULL;
    for (const char *p = node->text; *p;) {
        if (g_str_has_prefix(p, "$$(")) {
            g_string_append(out, "$(");
            p += 3;
            continue;
        }
        if (!g_str_has_prefix(p, "$(")) {
            g_string_append_c(out, *p++);
            continue;
        }
        const char *end = reference_end(p);
        if (!end) {
            error_set_hint(decoder_error(decoder, node, "'$(' without ')'"),
                           "write $$( for a literal $(");
            return broken_scalar(scope, decoder, node);
        }
        const Node *value = look_up(scope, decoder, node, p, end);
        if (!value)
            return broken_scalar(scope, decoder, node);
        if (value->kind == NODE_LIST) {
            g_autofree char *name = g_strndup(p, (size_t)(end - p));
            error_set_hint(decoder_error(decoder, node, "%s is a list inside a text", name),
                           "a list can only be an item of a list on its own");
            return broken_scalar(scope, decoder, node);
        }
        first = first ? first : value;
        g_string_append(out, value->text);
        p = end;
        if (out->len > EXPANDED_CHARS_MAX) {
            decoder_error(decoder, node, "the text is too long with its variables");
            return broken_scalar(scope, decoder, node);
        }
    }
    return expanded_scalar(scope, decoder, node, out->str, first);
}

/* The list that a text is, when it is `$(list)` and nothing else. */
static const Node *whole_list(Scope *scope, const Node *node)
{
    if (node->kind != NODE_SCALAR || node->expanded || !g_str_has_prefix(node->text, "$("))
        return NULL;
    const char *end = reference_end(node->text);
    if (!end || *end)
        return NULL;
    g_autofree char *name = g_strndup(node->text + 2, (size_t)(end - node->text) - 3);
    const Node *value = scope_find(scope, name);
    return value && value->kind == NODE_LIST ? value : NULL;
}

/* Items of a variable, which hold no variables themselves. */
static void add_items(Scope *scope, Decoder *decoder, GPtrArray *items, const Node *list,
                      const Node *reference)
{
    for (unsigned i = 0; i < list->count; i++) {
        const Node *item = list->items[i];
        Node *copy = expanded_scalar(scope, decoder, reference, item->text, item);
        g_ptr_array_add(items, copy);
    }
}

static const Node *expand_list(Scope *scope, Decoder *decoder, const Node *node)
{
    g_autoptr(GPtrArray) items = g_ptr_array_new();
    for (unsigned i = 0; i < node->count; i++) {
        const Node *list = whole_list(scope, node->items[i]);
        if (list)
            add_items(scope, decoder, items, list, node->items[i]);
        else
            g_ptr_array_add(items, (void *)node->items[i]);
        if (items->len > EXPANDED_CHARS_MAX) {
            decoder_error(decoder, node, "the list is too long with its variables");
            break;
        }
    }
    return node_new_list(decoder->arena, node->at, items);
}

const Node *scope_expand(Scope *scope, Decoder *decoder, const Node *node)
{
    if (node->expanded || node->kind == NODE_MAP)
        return node;
    if (node->kind == NODE_LIST)
        return expand_list(scope, decoder, node);
    const Node *list = whole_list(scope, node);
    if (list) {
        g_autoptr(GPtrArray) items = g_ptr_array_new();
        add_items(scope, decoder, items, list, node);
        return node_new_list(decoder->arena, node->at, items);
    }
    bool uses = strstr(node->text, "$(") != NULL;
    return uses || span_is_set(scope->use_site) ? expand_text(scope, decoder, node) : node;
}
