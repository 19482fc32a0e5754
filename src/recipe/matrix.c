#include "recipe/matrix.h"

#include "recipe/context.h"

enum {
    ROWS_MAX = 256,
};

void matrix_row_free(void *data)
{
    MatrixRow *row = data;
    g_free(row->name);
    g_array_unref(row->values);
    g_free(row);
}

static MatrixRow *row_new(const char *name)
{
    MatrixRow *row = g_new(MatrixRow, 1);
    *row = (MatrixRow){g_strdup(name), g_array_new(FALSE, FALSE, sizeof(NodePair))};
    return row;
}

static bool check_variable(Decoder *decoder, const Node *key)
{
    if (variable_name_is_valid(key->text))
        return true;
    error_set_hint(decoder_error(decoder, key, "'%s' can't be the name of a variable", key->text),
                   "use letters, digits and '_', and begin with a letter");
    return false;
}

static bool check_value(Decoder *decoder, const NodePair *pair)
{
    if (!check_variable(decoder, pair->key))
        return false;
    if (pair->value->kind == NODE_MAP) {
        decoder_error(decoder, pair->value, "a variable holds a text or a list, not a map");
        return false;
    }
    for (unsigned i = 0; pair->value->kind == NODE_LIST && i < pair->value->count; i++)
        if (pair->value->items[i]->kind != NODE_SCALAR) {
            decoder_error(decoder, pair->value->items[i], "an item of '%s' is a text, not %s",
                          pair->key->text, node_describe(pair->value->items[i]));
            return false;
        }
    return true;
}

static void add_named_row(Decoder *decoder, GPtrArray *rows, const NodePair *pair)
{
    if (!rule_name(decoder, pair->key, pair->key->text))
        return;
    if (pair->value->kind != NODE_MAP) {
        decoder_error(decoder, pair->value, "row '%s' is a map of variables and values, not %s",
                      pair->key->text, node_describe(pair->value));
        return;
    }
    MatrixRow *row = row_new(pair->key->text);
    g_ptr_array_add(rows, row);
    for (unsigned i = 0; i < pair->value->count; i++)
        if (check_value(decoder, &pair->value->pairs[i]))
            g_array_append_val(row->values, pair->value->pairs[i]);
}

static bool row_has(const MatrixRow *row, const NodePair *wanted)
{
    for (guint i = 0; i < row->values->len; i++) {
        const NodePair *pair = &g_array_index(row->values, NodePair, i);
        if (!g_str_equal(pair->key->text, wanted->key->text))
            continue;
        const Node *value = wanted->value;
        if (value->kind == NODE_SCALAR)
            return g_str_equal(value->text, pair->value->text);
        for (unsigned j = 0; value->kind == NODE_LIST && j < value->count; j++)
            if (value->items[j]->kind == NODE_SCALAR &&
                g_str_equal(value->items[j]->text, pair->value->text))
                return true;
    }
    return false;
}

static bool is_excluded(const MatrixRow *row, const Node *exclude)
{
    for (unsigned i = 0; exclude && exclude->kind == NODE_LIST && i < exclude->count; i++) {
        const Node *item = exclude->items[i];
        bool all = item->kind == NODE_MAP && item->count > 0;
        for (unsigned j = 0; all && j < item->count; j++)
            all = row_has(row, &item->pairs[j]);
        if (all)
            return true;
    }
    return false;
}

static void check_exclude(Decoder *decoder, const Node *matrix, const Node *exclude)
{
    if (exclude && exclude->kind != NODE_LIST)
        decoder_error(decoder, exclude, "'exclude' is a list of maps, not %s",
                      node_describe(exclude));
    for (unsigned i = 0; exclude && exclude->kind == NODE_LIST && i < exclude->count; i++) {
        const Node *item = exclude->items[i];
        if (item->kind != NODE_MAP || item->count == 0) {
            decoder_error(decoder, item, "an item of 'exclude' is a map of variables and values");
            continue;
        }
        for (unsigned j = 0; j < item->count; j++)
            if (!node_find(matrix, item->pairs[j].key->text))
                decoder_error(decoder, item->pairs[j].key, "the matrix has no variable '%s'",
                              item->pairs[j].key->text);
    }
}

/* Characters of a value that a row's name can't have become '-'. */
static char *row_name(const MatrixRow *row)
{
    GString *name = g_string_new(NULL);
    for (guint i = 0; i < row->values->len; i++) {
        const char *text = g_array_index(row->values, NodePair, i).value->text;
        if (i > 0)
            g_string_append_c(name, '-');
        for (; *text; text++)
            g_string_append_c(name, g_ascii_isalnum(*text) || strchr("._", *text) ? *text : '-');
    }
    return g_string_free(name, FALSE);
}

/* One more variable: every row becomes one for each of its values. */
static GPtrArray *multiply(GPtrArray *rows, const NodePair *pair)
{
    GPtrArray *product = g_ptr_array_new_with_free_func(matrix_row_free);
    for (guint i = 0; i < rows->len; i++) {
        const MatrixRow *row = rows->pdata[i];
        for (unsigned j = 0; j < pair->value->count && product->len <= ROWS_MAX; j++) {
            MatrixRow *more = row_new(NULL);
            g_array_append_vals(more->values, row->values->data, row->values->len);
            NodePair value = {pair->key, pair->value->items[j]};
            g_array_append_val(more->values, value);
            g_ptr_array_add(product, more);
        }
    }
    g_ptr_array_unref(rows);
    return product;
}

static GPtrArray *decode_product(Decoder *decoder, const Node *node)
{
    const Node *exclude = node_find(node, "exclude");
    check_exclude(decoder, node, exclude);
    GPtrArray *rows = g_ptr_array_new_with_free_func(matrix_row_free);
    g_ptr_array_add(rows, row_new(NULL));
    for (unsigned i = 0; i < node->count; i++) {
        const NodePair *pair = &node->pairs[i];
        if (pair->value == exclude)
            continue;
        if (pair->value->kind != NODE_LIST)
            error_set_hint(decoder_error(decoder, pair->value, "'%s' is a list of values, not %s",
                                         pair->key->text, node_describe(pair->value)),
                           "a matrix is a map of lists, or of rows: {NAME: {variable: value}}");
        else if (check_value(decoder, pair))
            rows = multiply(rows, pair);
    }
    if (rows->len > ROWS_MAX)
        decoder_error(decoder, node, "the matrix has more than %d rows", ROWS_MAX);
    for (guint i = rows->len; i-- > 0;) {
        MatrixRow *row = rows->pdata[i];
        row->name = row_name(row);
        if (is_excluded(row, exclude))
            g_ptr_array_remove_index(rows, i);
    }
    return rows;
}

static bool is_product(const Node *node)
{
    for (unsigned i = 0; i < node->count; i++)
        if (!g_str_equal(node->pairs[i].key->text, "exclude") &&
            node->pairs[i].value->kind == NODE_MAP)
            return false;
    return true;
}

static void check_unique(Decoder *decoder, const Node *node, const GPtrArray *rows)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < rows->len; i++) {
        const MatrixRow *row = rows->pdata[i];
        if (!g_hash_table_add(seen, row->name))
            decoder_error(decoder, node, "two rows of the matrix are called '%s'", row->name);
    }
}

GPtrArray *matrix_decode(Decoder *decoder, const Node *node)
{
    GPtrArray *rows = g_ptr_array_new_with_free_func(matrix_row_free);
    if (!node)
        return rows;
    if (node->kind != NODE_MAP || node->count == 0) {
        error_set_hint(decoder_error(decoder, node, "'matrix' is a map, not %s",
                                     node->kind == NODE_MAP ? "an empty one" : node_describe(node)),
                       "matrix: {NAME: {variable: value}}");
        return rows;
    }
    if (is_product(node)) {
        g_ptr_array_unref(rows);
        rows = decode_product(decoder, node);
    } else {
        for (unsigned i = 0; i < MIN(node->count, ROWS_MAX); i++)
            add_named_row(decoder, rows, &node->pairs[i]);
        if (node->count > ROWS_MAX)
            decoder_error(decoder, node, "the matrix has more than %d rows", ROWS_MAX);
    }
    check_unique(decoder, node, rows);
    if (rows->len == 0)
        decoder_error(decoder, node, "the matrix has no row");
    return rows;
}
