#include "text/yaml.h"

#include <yaml.h>

#include "base/limits.h"

struct NodeArena {
    GPtrArray *nodes;
};

static void node_free(void *data)
{
    Node *node = data;
    g_free(node->text);
    g_free(node->items);
    g_free(node->pairs);
    g_free(node);
}

NodeArena *node_arena_new(void)
{
    NodeArena *arena = g_new(NodeArena, 1);
    arena->nodes = g_ptr_array_new_with_free_func(node_free);
    return arena;
}

void node_arena_free(NodeArena *arena)
{
    if (!arena)
        return;
    g_ptr_array_unref(arena->nodes);
    g_free(arena);
}

static Node *node_new(NodeArena *arena, NodeKind kind, Span at)
{
    Node *node = g_new0(Node, 1);
    node->kind = kind;
    node->at = at;
    g_ptr_array_add(arena->nodes, node);
    return node;
}

Node *node_new_scalar(NodeArena *arena, Span at, const char *text, bool quoted)
{
    Node *node = node_new(arena, NODE_SCALAR, at);
    node->text = g_strdup(text);
    node->quoted = quoted;
    return node;
}

Node *node_new_list(NodeArena *arena, Span at, GPtrArray *items)
{
    Node *node = node_new(arena, NODE_LIST, at);
    size_t count;
    node->items = (const Node **)g_ptr_array_steal(items, &count);
    node->count = (unsigned)count;
    return node;
}

Node *node_new_map(NodeArena *arena, Span at, GArray *pairs)
{
    Node *node = node_new(arena, NODE_MAP, at);
    size_t count;
    node->pairs = g_array_steal(pairs, &count);
    node->count = (unsigned)count;
    return node;
}

static const NodePair *find_pair(const Node *map, const char *key)
{
    if (!map || map->kind != NODE_MAP)
        return NULL;
    for (unsigned i = 0; i < map->count; i++)
        if (g_str_equal(map->pairs[i].key->text, key))
            return &map->pairs[i];
    return NULL;
}

const Node *node_find(const Node *map, const char *key)
{
    const NodePair *pair = find_pair(map, key);
    return pair ? pair->value : NULL;
}

const Node *node_find_key(const Node *map, const char *key)
{
    const NodePair *pair = find_pair(map, key);
    return pair ? pair->key : NULL;
}

bool node_is_absent(const Node *node)
{
    return node->kind == NODE_SCALAR && !node->quoted && node->text[0] == '\0';
}

const char *node_describe(const Node *node)
{
    static const char *const names[] = {"a text", "a list", "a map"};
    return node_is_absent(node) ? "no value" : names[node->kind];
}

/* What libyaml says, where it says it, and what helps. The first row that matches counts. */
typedef struct {
    const char *problem; /* part of libyaml's text */
    const char *at;      /* characters that may stand at the place; NULL: any */
    const char *message;
    const char *hint;
} SyntaxHelp;

/* clang-format off */
static const SyntaxHelp syntax_help[] = {
    {"cannot start any token", "\t", "a tab can't be used to indent",
     "indent with spaces"},
    {"cannot start any token", "@`%", "a value can't begin with this character",
     "put the value in quotes"},
    {"expected ',' or ']'", "[", "'[' inside a list in brackets",
     "quote an item that has brackets: [\"jax[cuda12]\"]"},
    {"expected ',' or ']'", NULL, "expected ',' or ']' in a list in brackets",
     "close the list, or quote an item that has brackets, commas, braces or ': '"},
    {"expected ',' or '}'", "[{", "this character inside a map in braces",
     "quote a value that has brackets or braces"},
    {"expected ',' or '}'", NULL, "expected ',' or '}' in a map in braces",
     "close the map, or quote a value that has brackets, commas or braces"},
    {"mapping values are not allowed", NULL, "a second ': ' in one line",
     "quote the value that has ': ' in it, or indent what follows on a line of its own"},
    {"expected comment or line break", NULL, "'>' and '|' begin a block of text",
     "quote a value that begins with '>' or '|': \">=12.4\""},
    {"could not find expected ':'", NULL, "expected ':' behind a key",
     "write `key: value`; a text of several lines is indented further than its key"},
    {"did not find expected key", NULL, "expected a key here",
     "keys of one map begin in the same column"},
    {"expected '-' indicator", NULL, "expected '-' here",
     "items of one list begin in the same column"},
    {"expected whitespace or line break", NULL, "'!' begins a tag, which recipes don't have",
     "put the value in quotes"},
    {"unexpected end of stream", NULL, "the text ends inside quotes",
     "close the quotes"},
    {"unknown escape character", NULL, "unknown escape in double quotes",
     "write the text in single quotes, or the backslash twice"},
    {"found undefined tag handle", NULL, "'!' begins a tag, which recipes don't have",
     "put the value in quotes"},
    {"found incompatible YAML document", NULL, "directives are not part of the recipe language",
     "remove the line that begins with '%'"},
};
/* clang-format on */

typedef struct {
    yaml_parser_t parser;
    NodeArena *arena;
    Source *source;
    Diags *diags;
    unsigned depth;
    unsigned nodes;
    bool failed;
} Reader;

/* libyaml places what ends with the text on a line behind the last one. */
static Span mark_span(Reader *reader, const yaml_mark_t *mark, unsigned width)
{
    unsigned line = (unsigned)mark->line + 1, column = (unsigned)mark->column + 1;
    size_t length;
    const char *text = source_line(reader->source, line, &length);
    if (!text && line > 1 && (text = source_line(reader->source, --line, &length)))
        column = (unsigned)g_utf8_strlen(text, (gssize)length) + 1;
    return span_at(reader->source, line, column, width);
}

static GError *fail(Reader *reader, Span at, const char *message)
{
    reader->failed = true;
    return diags_error(reader->diags, at, "%s", message);
}

/* The character at a place, '\0' at the end of a line. */
static char char_at(Reader *reader, const yaml_mark_t *mark)
{
    size_t length;
    const char *line = source_line(reader->source, (unsigned)mark->line + 1, &length);
    const char *end = line + length;
    for (size_t i = 0; line && i < mark->column && line < end; i++)
        line = g_utf8_next_char(line);
    return line && line < end ? *line : '\0';
}

/* libyaml's reader knows bytes, not lines. */
static void fail_at_byte(Reader *reader, size_t offset, const char *message, const char *hint)
{
    size_t length;
    const char *text = source_text(reader->source, &length);
    unsigned line = 1;
    size_t start = 0;
    offset = MIN(offset, length);
    for (size_t i = 0; i < offset; i++) {
        if (text[i] != '\n')
            continue;
        line++;
        start = i + 1;
    }
    unsigned column = 1;
    for (size_t i = start; i < offset; i++)
        column += ((unsigned char)text[i] & 0xC0) != 0x80;
    GError *error = fail(reader, span_at(reader->source, line, column, 1), message);
    if (hint)
        error_set_hint(error, "%s", hint);
}

static void fail_syntax(Reader *reader)
{
    const yaml_parser_t *parser = &reader->parser;
    const char *problem = parser->problem ? parser->problem : "unreadable";
    if (parser->error == YAML_READER_ERROR) {
        fail_at_byte(reader, parser->problem_offset,
                     "a control character or a byte that is not UTF-8 can't be in a recipe", NULL);
        return;
    }
    char found = char_at(reader, &parser->problem_mark);
    Span at = mark_span(reader, &parser->problem_mark, 1);
    for (size_t i = 0; i < G_N_ELEMENTS(syntax_help); i++) {
        const SyntaxHelp *help = &syntax_help[i];
        if (!strstr(problem, help->problem))
            continue;
        if (help->at && (found == '\0' || !strchr(help->at, found)))
            continue;
        GError *error = fail(reader, at, help->message);
        error_set_hint(error, "%s", help->hint);
        bool inside = parser->context &&
                      (strstr(parser->context, "flow") || strstr(parser->context, "quoted"));
        if (inside && parser->context_mark.line != parser->problem_mark.line)
            error_add_note(error, mark_span(reader, &parser->context_mark, 1), "it begins here");
        return;
    }
    g_autofree char *message = g_strdup_printf("not YAML: %s", problem);
    fail(reader, at, message);
}

static bool next_event(Reader *reader, yaml_event_t *event)
{
    if (reader->failed)
        return false;
    if (yaml_parser_parse(&reader->parser, event))
        return true;
    fail_syntax(reader);
    return false;
}

/* Anchors and tags leave a usable tree: the node itself is read. */
static void refuse_properties(Reader *reader, Span at, const yaml_char_t *anchor,
                              const yaml_char_t *tag)
{
    if (anchor) {
        GError *error = diags_error(reader->diags, at, "anchors are not part of the language");
        error_set_hint(error, "use `vars:` or `include:`; a text that begins with '&' is quoted");
    }
    if (tag) {
        GError *error = diags_error(reader->diags, at, "tags are not part of the language");
        error_set_hint(error, "values are typed by their key; a text that begins with '!' is "
                              "quoted");
    }
}

static bool count_node(Reader *reader, Span at)
{
    if (++reader->nodes <= LIMIT_YAML_NODES)
        return true;
    g_autofree char *message = g_strdup_printf("more than %u values in one file", LIMIT_YAML_NODES);
    fail(reader, at, message);
    return false;
}

static unsigned scalar_width(Reader *reader, const yaml_event_t *event)
{
    const yaml_mark_t *start = &event->start_mark, *end = &event->end_mark;
    yaml_scalar_style_t style = event->data.scalar.style;
    if (style == YAML_LITERAL_SCALAR_STYLE || style == YAML_FOLDED_SCALAR_STYLE)
        return 1;
    if (start->line == end->line)
        return (unsigned)MAX(1, end->column - start->column);
    size_t length;
    const char *line = source_line(reader->source, (unsigned)start->line + 1, &length);
    long characters = line ? g_utf8_strlen(line, (gssize)length) : 0;
    return characters > (long)start->column ? (unsigned)(characters - (long)start->column) : 1;
}

static const Node *read_scalar(Reader *reader, const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value;
    Span at = mark_span(reader, &event->start_mark, scalar_width(reader, event));
    refuse_properties(reader, at, event->data.scalar.anchor, event->data.scalar.tag);
    if (strlen(text) != event->data.scalar.length) {
        fail(reader, at, "a NUL character can't be in a recipe");
        return NULL;
    }
    bool quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    return node_new_scalar(reader->arena, at, text, quoted);
}

static const Node *read_node(Reader *reader, const yaml_event_t *event);

static const Node *read_next(Reader *reader, yaml_event_type_t end, bool *ret_end)
{
    yaml_event_t event;
    if (!next_event(reader, &event))
        return NULL;
    const Node *node = NULL;
    if (event.type == end)
        *ret_end = true;
    else
        node = read_node(reader, &event);
    yaml_event_delete(&event);
    return node;
}

static const Node *read_list(Reader *reader, Span at)
{
    g_autoptr(GPtrArray) items = g_ptr_array_new();
    bool end = false;
    while (!reader->failed && !end) {
        const Node *item = read_next(reader, YAML_SEQUENCE_END_EVENT, &end);
        if (item)
            g_ptr_array_add(items, (void *)item);
    }
    return reader->failed ? NULL : node_new_list(reader->arena, at, items);
}

/* Reports a key that can't be one; `seen` maps key text to its node. */
static bool key_is_usable(Reader *reader, const Node *key, GHashTable *seen)
{
    if (key->kind != NODE_SCALAR) {
        diags_error(reader->diags, key->at, "a key must be a text, not %s", node_describe(key));
        return false;
    }
    const Node *earlier = g_hash_table_lookup(seen, key->text);
    if (earlier) {
        GError *error = diags_error(reader->diags, key->at, "key '%s' is given twice", key->text);
        error_add_note(error, earlier->at, "first given here");
        return false;
    }
    g_hash_table_insert(seen, key->text, (void *)key);
    return true;
}

static const Node *read_map(Reader *reader, Span at)
{
    g_autoptr(GArray) pairs = g_array_new(FALSE, FALSE, sizeof(NodePair));
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    bool end = false;
    while (!reader->failed && !end) {
        NodePair pair = {read_next(reader, YAML_MAPPING_END_EVENT, &end), NULL};
        if (!pair.key)
            break;
        bool never = false;
        pair.value = read_next(reader, YAML_NO_EVENT, &never);
        if (pair.value && key_is_usable(reader, pair.key, seen))
            g_array_append_val(pairs, pair);
    }
    return reader->failed ? NULL : node_new_map(reader->arena, at, pairs);
}

static const Node *read_collection(Reader *reader, const yaml_event_t *event)
{
    bool list = event->type == YAML_SEQUENCE_START_EVENT;
    Span at = mark_span(reader, &event->start_mark, 1);
    if (list)
        refuse_properties(reader, at, event->data.sequence_start.anchor,
                          event->data.sequence_start.tag);
    else
        refuse_properties(reader, at, event->data.mapping_start.anchor,
                          event->data.mapping_start.tag);
    if (reader->depth >= LIMIT_YAML_DEPTH) {
        g_autofree char *message =
            g_strdup_printf("more than %u levels of nesting", LIMIT_YAML_DEPTH);
        fail(reader, at, message);
        return NULL;
    }
    reader->depth++;
    const Node *node = list ? read_list(reader, at) : read_map(reader, at);
    reader->depth--;
    return node;
}

static const Node *refuse_alias(Reader *reader, const yaml_event_t *event)
{
    size_t name = strlen((const char *)event->data.alias.anchor);
    Span at = mark_span(reader, &event->start_mark, (unsigned)MIN(name + 1, 80));
    GError *error = diags_error(reader->diags, at, "aliases are not part of the language");
    error_set_hint(error, "use `vars:` or `include:`; a text that begins with '*' is quoted");
    return node_new_scalar(reader->arena, at, (const char *)event->data.alias.anchor, true);
}

static const Node *read_node(Reader *reader, const yaml_event_t *event)
{
    if (!count_node(reader, mark_span(reader, &event->start_mark, 1)))
        return NULL;
    if (event->type == YAML_SCALAR_EVENT)
        return read_scalar(reader, event);
    if (event->type == YAML_ALIAS_EVENT)
        return refuse_alias(reader, event);
    return read_collection(reader, event);
}

/* Skips the event that must come next (stream start, document start and end). */
static bool skip_event(Reader *reader, yaml_event_type_t *ret_type, Span *ret_at)
{
    yaml_event_t event;
    if (!next_event(reader, &event))
        return false;
    *ret_type = event.type;
    *ret_at = mark_span(reader, &event.start_mark, 1);
    yaml_event_delete(&event);
    return true;
}

static const Node *read_document(Reader *reader)
{
    yaml_event_type_t type;
    Span at;
    if (!skip_event(reader, &type, &at) || !skip_event(reader, &type, &at))
        return NULL;
    if (type == YAML_STREAM_END_EVENT) {
        fail(reader, span_at(reader->source, 1, 1, 1), "the file is empty");
        return NULL;
    }
    bool never = false;
    const Node *root = read_next(reader, YAML_NO_EVENT, &never);
    if (!root || !skip_event(reader, &type, &at) || !skip_event(reader, &type, &at))
        return NULL;
    if (type != YAML_STREAM_END_EVENT)
        diags_error(reader->diags, at, "a file holds one document");
    return root;
}

/* Characters that end a line for YAML alone would make its line numbers differ from an editor's. */
static const char *find_odd_line_end(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i],
                      next = i + 1 < length ? (unsigned char)text[i + 1] : 0;
        unsigned char third = i + 2 < length ? (unsigned char)text[i + 2] : 0;
        bool carriage_return = c == '\r' && next != '\n';
        bool next_line = c == 0xC2 && next == 0x85;
        bool separator = c == 0xE2 && next == 0x80 && (third == 0xA8 || third == 0xA9);
        if (carriage_return || next_line || separator)
            return text + i;
    }
    return NULL;
}

const Node *yaml_parse(NodeArena *arena, Source *source, Diags *diags)
{
    Reader reader = {.arena = arena, .source = source, .diags = diags};
    size_t length;
    const char *text = source_text(source, &length), *bad;
    if (!g_utf8_validate_len(text, length, &bad)) {
        const char *message = *bad == '\0' ? "a NUL character can't be in a recipe"
                                           : "a byte that is not UTF-8 can't be in a recipe";
        fail_at_byte(&reader, (size_t)(bad - text), message, "save the file as UTF-8");
        return NULL;
    }
    const char *odd = find_odd_line_end(text, length);
    if (odd) {
        fail_at_byte(&reader, (size_t)(odd - text), "an odd line end",
                     "lines end with LF or CRLF; remove the character");
        return NULL;
    }
    if (!yaml_parser_initialize(&reader.parser))
        g_error("out of memory");
    yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text, length);
    const Node *root = read_document(&reader);
    yaml_parser_delete(&reader.parser);
    return root;
}
