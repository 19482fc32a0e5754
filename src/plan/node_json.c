#include "plan/node_json.h"

#include <string.h>

/* RFC 8259, §6. */
static bool is_number(const char *text)
{
    static const char digits[] = "0123456789";
    const char *at = text + (*text == '-');
    size_t whole = strspn(at, digits);
    if (whole == 0 || (whole > 1 && *at == '0'))
        return false;
    at += whole;
    if (*at == '.') {
        size_t fraction = strspn(at + 1, digits);
        if (fraction == 0)
            return false;
        at += 1 + fraction;
    }
    if (*at == 'e' || *at == 'E') {
        at += 1 + (at[1] == '+' || at[1] == '-');
        size_t exponent = strspn(at, digits);
        if (exponent == 0)
            return false;
        at += exponent;
    }
    return *at == '\0';
}

static void write_scalar(JsonWriter *writer, const Node *node, bool text)
{
    static const char *const words[] = {"true", "false", "null", NULL};
    if (node_is_absent(node) && !text)
        jsonw_null(writer);
    else if (!text && !node->quoted &&
             (is_number(node->text) || g_strv_contains(words, node->text)))
        jsonw_raw(writer, node->text);
    else
        jsonw_string(writer, node->text);
}

static void write_list(JsonWriter *writer, const Node *node, const char *key,
                       const NodeTypes *types)
{
    jsonw_begin_array(writer, key ? JSONW_INLINE : JSONW_BLOCK);
    for (unsigned i = 0; i < node->count; i++)
        node_write_json(writer, node->items[i], key, types);
    jsonw_end_array(writer);
}

static void write_map(JsonWriter *writer, const Node *node, const NodeTypes *types)
{
    jsonw_begin_object(writer, JSONW_BLOCK);
    for (unsigned i = 0; i < node->count; i++) {
        const char *name = node->pairs[i].key->text;
        jsonw_key(writer, name);
        node_write_json(writer, node->pairs[i].value, name, types);
    }
    jsonw_end_object(writer);
}

void node_write_json(JsonWriter *writer, const Node *node, const char *key, const NodeTypes *types)
{
    if (key && types && g_strv_contains(types->plain, key))
        types = NULL;
    bool text = key && types && g_strv_contains(types->texts, key);
    switch (node->kind) {
    case NODE_LIST:
        write_list(writer, node, text ? key : NULL, types);
        break;
    case NODE_MAP:
        write_map(writer, node, types);
        break;
    case NODE_SCALAR:
    default:
        write_scalar(writer, node, text);
    }
}
