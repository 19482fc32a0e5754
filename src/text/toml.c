#include "text/toml.h"

#include "base/limits.h"
#include "text/toml_scan.h"

/* How a table came to be decides who may add to it. */
typedef enum {
    TABLE_IMPLIED, /* a header named one below it; its own header may follow */
    TABLE_HEADED,  /* by a header */
    TABLE_DOTTED,  /* by a dotted key; further dotted keys may add */
} TableOrigin;

typedef struct Table Table;

/* What stands behind a key: exactly one of the three. A node is closed: nothing adds to it. */
typedef struct {
    const Node *key;
    const Node *node;
    Table *table;
    GPtrArray *tables; /* array of tables */
} Entry;

struct Table {
    TableOrigin origin;
    Span at;
    unsigned depth; /* the root is 0 */
    GPtrArray *entries;
    GHashTable *index; /* key → Entry, once there are many */
};

typedef struct {
    TomlScan scan;
    NodeArena *arena;
    Table *root, *current;
    unsigned nodes;
} Reader;

static void table_free(void *data);

static void entry_free(void *data)
{
    Entry *entry = data;
    table_free(entry->table);
    if (entry->tables)
        g_ptr_array_unref(entry->tables);
    g_free(entry);
}

static Table *table_new(TableOrigin origin, Span at, unsigned depth)
{
    Table *table = g_new0(Table, 1);
    table->origin = origin;
    table->at = at;
    table->depth = depth;
    table->entries = g_ptr_array_new_with_free_func(entry_free);
    return table;
}

static void table_free(void *data)
{
    Table *table = data;
    if (!table)
        return;
    g_clear_pointer(&table->index, g_hash_table_unref);
    g_ptr_array_unref(table->entries);
    g_free(table);
}

#define INDEXED_FROM 16u

static Entry *table_find(const Table *table, const char *key)
{
    if (table->index)
        return g_hash_table_lookup(table->index, key);
    for (guint i = 0; i < table->entries->len; i++) {
        Entry *entry = table->entries->pdata[i];
        if (g_str_equal(entry->key->text, key))
            return entry;
    }
    return NULL;
}

static void index_entry(Table *table, Entry *entry)
{
    g_hash_table_insert(table->index, entry->key->text, entry);
}

static Entry *table_add(Table *table, const Node *key)
{
    Entry *entry = g_new0(Entry, 1);
    entry->key = key;
    g_ptr_array_add(table->entries, entry);
    if (table->index) {
        index_entry(table, entry);
    } else if (table->entries->len == INDEXED_FROM) {
        table->index = g_hash_table_new(g_str_hash, g_str_equal);
        for (guint i = 0; i < table->entries->len; i++)
            index_entry(table, table->entries->pdata[i]);
    }
    return entry;
}

/* Trees */

static const Node *table_node(NodeArena *arena, const Table *table);

static const Node *entry_node(NodeArena *arena, const Entry *entry)
{
    if (entry->node)
        return entry->node;
    if (entry->table)
        return table_node(arena, entry->table);
    g_autoptr(GPtrArray) items = g_ptr_array_new();
    for (guint i = 0; i < entry->tables->len; i++)
        g_ptr_array_add(items, (void *)table_node(arena, entry->tables->pdata[i]));
    return node_new_list(arena, entry->key->at, items);
}

static const Node *table_node(NodeArena *arena, const Table *table)
{
    g_autoptr(GArray) pairs = g_array_new(FALSE, FALSE, sizeof(NodePair));
    for (guint i = 0; i < table->entries->len; i++) {
        const Entry *entry = table->entries->pdata[i];
        NodePair pair = {entry->key, entry_node(arena, entry)};
        g_array_append_val(pairs, pair);
    }
    return node_new_map(arena, table->at, pairs);
}

/* Keys */

static bool count_node(Reader *reader, const char *at)
{
    if (++reader->nodes <= LIMIT_TOML_NODES)
        return true;
    toml_fail(&reader->scan, at, at, "more than %u values in one file", LIMIT_TOML_NODES);
    return false;
}

static bool check_depth(Reader *reader, unsigned depth)
{
    if (depth <= LIMIT_TOML_DEPTH)
        return true;
    const char *at = reader->scan.at;
    toml_fail(&reader->scan, at, at, "more than %u levels of nesting", LIMIT_TOML_DEPTH);
    return false;
}

/* The parts of a dotted key, as nodes; NULL after a mistake. */
static GPtrArray *read_key(Reader *reader)
{
    g_autoptr(GPtrArray) parts = g_ptr_array_new();
    TomlScan *scan = &reader->scan;
    do {
        toml_skip_blanks(scan);
        g_autoptr(GString) text = g_string_new(NULL);
        Span at = SPAN_NONE;
        if (!count_node(reader, scan->at) || !check_depth(reader, parts->len) ||
            !toml_scan_key(scan, text, &at))
            return NULL;
        g_ptr_array_add(parts, node_new_scalar(reader->arena, at, text->str, true));
        toml_skip_blanks(scan);
    } while (toml_skip_char(scan, '.'));
    return g_steal_pointer(&parts);
}

static bool fail_at_key(Reader *reader, const Node *key, Span earlier, const char *what,
                        const char *problem)
{
    if (!reader->scan.failed) {
        reader->scan.failed = true;
        GError *error =
            diags_error(reader->scan.diags, key->at, "%s'%s' %s", what, key->text, problem);
        if (span_is_set(earlier))
            error_add_note(error, earlier, "first given here");
    }
    return false;
}

static bool fail_repeated(Reader *reader, const Node *key, const Entry *earlier)
{
    return fail_at_key(reader, key, earlier->key->at, "key ", "is given twice");
}

/* Values */

static const Node *read_value(Reader *reader, unsigned depth);

/* The table that the parts before the last of a dotted key lead to. */
static Table *walk_dotted(Reader *reader, Table *table, const GPtrArray *parts)
{
    for (guint i = 0; i + 1 < parts->len; i++) {
        const Node *key = parts->pdata[i];
        Entry *entry = table_find(table, key->text);
        if (!entry) {
            if (!check_depth(reader, table->depth + 1))
                return NULL;
            entry = table_add(table, key);
            entry->table = table_new(TABLE_DOTTED, key->at, table->depth + 1);
        } else if (!entry->table || entry->table->origin != TABLE_DOTTED) {
            fail_at_key(reader, key, entry->key->at, "",
                        "is complete already; a dotted key can't add to it");
            return NULL;
        }
        table = entry->table;
    }
    return table;
}

/* "key = value" */
static bool read_pair(Reader *reader, Table *table)
{
    TomlScan *scan = &reader->scan;
    g_autoptr(GPtrArray) parts = read_key(reader);
    if (!parts)
        return false;
    if (!toml_skip_char(scan, '=')) {
        toml_fail(scan, scan->at, scan->at + 1, "expected '=' behind the key");
        return false;
    }
    table = walk_dotted(reader, table, parts);
    if (!table)
        return false;
    const Node *key = parts->pdata[parts->len - 1];
    const Entry *earlier = table_find(table, key->text);
    if (earlier)
        return fail_repeated(reader, key, earlier);
    toml_skip_blanks(scan);
    const Node *value = read_value(reader, table->depth + 1);
    if (!value)
        return false;
    table_add(table, key)->node = value;
    return true;
}

static const Node *read_array(Reader *reader, Span at, unsigned depth)
{
    TomlScan *scan = &reader->scan;
    g_autoptr(GPtrArray) items = g_ptr_array_new();
    while (toml_skip_lines(scan) && !toml_skip_char(scan, ']')) {
        if (items->len > 0) {
            if (!toml_skip_char(scan, ',')) {
                toml_fail(scan, scan->at, scan->at + 1, "expected ',' or ']' in an array");
                return NULL;
            }
            if (!toml_skip_lines(scan))
                return NULL;
            if (toml_skip_char(scan, ']'))
                break;
        }
        const Node *item = read_value(reader, depth + 1);
        if (!item)
            return NULL;
        g_ptr_array_add(items, (void *)item);
    }
    return scan->failed ? NULL : node_new_list(reader->arena, at, items);
}

static const Node *read_inline_table(Reader *reader, Span at, unsigned depth)
{
    TomlScan *scan = &reader->scan;
    Table *table = table_new(TABLE_HEADED, at, depth);
    toml_skip_blanks(scan);
    bool more = !toml_skip_char(scan, '}');
    while (more && read_pair(reader, table)) {
        toml_skip_blanks(scan);
        if (toml_skip_char(scan, '}'))
            more = false;
        else if (!toml_skip_char(scan, ','))
            toml_fail(scan, scan->at, scan->at + 1, "expected ',' or '}' in an inline table");
        if (scan->failed)
            break;
    }
    const Node *node = scan->failed ? NULL : table_node(reader->arena, table);
    table_free(table);
    return node;
}

static const Node *read_scalar(Reader *reader)
{
    TomlScan *scan = &reader->scan;
    g_autoptr(GString) text = g_string_new(NULL);
    Span at = SPAN_NONE;
    char first = toml_peek(scan);
    bool quoted = first == '"' || first == '\'';
    if (quoted ? !toml_scan_string(scan, text, &at) : !toml_scan_plain(scan, text, &at))
        return NULL;
    return node_new_scalar(reader->arena, at, text->str, quoted);
}

static const Node *read_value(Reader *reader, unsigned depth)
{
    TomlScan *scan = &reader->scan;
    if (!count_node(reader, scan->at) || !check_depth(reader, depth))
        return NULL;
    Span at = toml_scan_span(scan, scan->at, scan->at + 1);
    if (toml_skip_char(scan, '['))
        return read_array(reader, at, depth);
    if (toml_skip_char(scan, '{'))
        return read_inline_table(reader, at, depth);
    return read_scalar(reader);
}

/* Headers */

/* The table that a part before the last of a header names. */
static Table *step_header(Reader *reader, Table *table, const Node *key)
{
    Entry *entry = table_find(table, key->text);
    if (!entry) {
        if (!check_depth(reader, table->depth + 2))
            return NULL;
        entry = table_add(table, key);
        entry->table = table_new(TABLE_IMPLIED, key->at, table->depth + 1);
    }
    if (entry->tables)
        return entry->tables->pdata[entry->tables->len - 1];
    if (!entry->table)
        fail_at_key(reader, key, entry->key->at, "", "is a value, which no table can add to");
    return entry->table;
}

static Table *open_table(Reader *reader, Table *parent, const Node *key, Span at)
{
    Entry *entry = table_find(parent, key->text);
    if (!entry) {
        entry = table_add(parent, key);
        entry->table = table_new(TABLE_HEADED, at, parent->depth + 1);
    } else if (!entry->table || entry->table->origin != TABLE_IMPLIED) {
        fail_at_key(reader, key, entry->key->at, "table ", "is given twice");
        return NULL;
    } else {
        entry->table->origin = TABLE_HEADED;
        entry->table->at = at;
    }
    return entry->table;
}

static Table *open_element(Reader *reader, Table *parent, const Node *key, Span at)
{
    Entry *entry = table_find(parent, key->text);
    if (!entry) {
        entry = table_add(parent, key);
        entry->tables = g_ptr_array_new_with_free_func(table_free);
    } else if (!entry->tables) {
        fail_at_key(reader, key, entry->key->at, "", "is no array of tables");
        return NULL;
    }
    Table *table = table_new(TABLE_HEADED, at, parent->depth + 2);
    g_ptr_array_add(entry->tables, table);
    return table;
}

/* "[a.b]" or "[[a.b]]" */
static bool read_header(Reader *reader)
{
    TomlScan *scan = &reader->scan;
    Span at = toml_scan_span(scan, scan->at, scan->at + 1);
    scan->at++;
    bool element = toml_skip_char(scan, '[');
    g_autoptr(GPtrArray) parts = read_key(reader);
    if (!parts)
        return false;
    if (!toml_skip_char(scan, ']') || (element && !toml_skip_char(scan, ']'))) {
        toml_fail(scan, scan->at, scan->at + 1, "expected '%s' behind the table's name",
                  element ? "]]" : "]");
        return false;
    }
    Table *table = reader->root;
    for (guint i = 0; table && i + 1 < parts->len; i++)
        table = step_header(reader, table, parts->pdata[i]);
    if (!table || !check_depth(reader, table->depth + 2) || !count_node(reader, scan->at))
        return false;
    const Node *key = parts->pdata[parts->len - 1];
    reader->current =
        element ? open_element(reader, table, key, at) : open_table(reader, table, key, at);
    return reader->current != NULL;
}

static void read_document(Reader *reader)
{
    TomlScan *scan = &reader->scan;
    while (toml_skip_lines(scan) && scan->at < scan->end) {
        bool read =
            toml_peek(scan) == '[' ? read_header(reader) : read_pair(reader, reader->current);
        if (!read || !toml_skip_rest(scan))
            return;
    }
}

const Node *toml_parse(NodeArena *arena, Source *source, Diags *diags)
{
    Reader reader = {.arena = arena};
    if (!toml_scan_start(&reader.scan, source, diags))
        return NULL;
    reader.root = reader.current = table_new(TABLE_HEADED, span_at(source, 1, 1, 1), 0);
    read_document(&reader);
    const Node *root = reader.scan.failed ? NULL : table_node(arena, reader.root);
    table_free(reader.root);
    return root;
}
