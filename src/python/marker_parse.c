#include "python/marker_parse.h"
#include "python/name.h"
#include "python/version_key.h"

#include "base/limits.h"

typedef struct {
    const char *source;
    const char *at;
    unsigned depth;
    GError **error;
} Parser;

static const char *const variable_names[] = {
    [VARIABLE_IMPLEMENTATION_NAME] = "implementation_name",
    [VARIABLE_IMPLEMENTATION_VERSION] = "implementation_version",
    [VARIABLE_OS_NAME] = "os_name",
    [VARIABLE_PLATFORM_MACHINE] = "platform_machine",
    [VARIABLE_PLATFORM_PYTHON_IMPLEMENTATION] = "platform_python_implementation",
    [VARIABLE_PLATFORM_RELEASE] = "platform_release",
    [VARIABLE_PLATFORM_SYSTEM] = "platform_system",
    [VARIABLE_PLATFORM_VERSION] = "platform_version",
    [VARIABLE_PYTHON_FULL_VERSION] = "python_full_version",
    [VARIABLE_PYTHON_VERSION] = "python_version",
    [VARIABLE_SYS_PLATFORM] = "sys_platform",
    [VARIABLE_EXTRA] = "extra",
    [VARIABLE_EXTRAS] = "extras",
    [VARIABLE_DEPENDENCY_GROUPS] = "dependency_groups",
};

/* Spellings from before PEP 508. */
static const struct {
    const char *name;
    MarkerVariable variable;
} legacy_names[] = {
    {"os.name", VARIABLE_OS_NAME},
    {"sys.platform", VARIABLE_SYS_PLATFORM},
    {"platform.version", VARIABLE_PLATFORM_VERSION},
    {"platform.machine", VARIABLE_PLATFORM_MACHINE},
    {"platform.python_implementation", VARIABLE_PLATFORM_PYTHON_IMPLEMENTATION},
    {"python_implementation", VARIABLE_PLATFORM_PYTHON_IMPLEMENTATION},
};

/* In the order in which they must be tried. */
static const struct {
    const char *text;
    MarkerOp op;
} operators[] = {
    /* clang-format off */
    {"===", MARKER_ARBITRARY}, {"==", MARKER_EQUAL}, {"~=", MARKER_COMPATIBLE},
    {"!=", MARKER_NOT_EQUAL}, {"<=", MARKER_LESS_EQUAL}, {">=", MARKER_GREATER_EQUAL},
    {"<", MARKER_LESS}, {">", MARKER_GREATER}, {"in", MARKER_IN}, {"not in", MARKER_NOT_IN},
    /* clang-format on */
};

MarkerVariable marker_variable_find(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(variable_names); i++)
        if (strcmp(variable_names[i], name) == 0)
            return (MarkerVariable)i;
    return VARIABLE_UNKNOWN;
}

const char *marker_op_text(MarkerOp op)
{
    for (size_t i = 0; i < G_N_ELEMENTS(operators); i++)
        if (operators[i].op == op)
            return operators[i].text;
    g_return_val_if_reached("");
}

bool marker_variable_is_version(MarkerVariable variable)
{
    return variable == VARIABLE_IMPLEMENTATION_VERSION || variable == VARIABLE_PLATFORM_RELEASE ||
           variable == VARIABLE_PYTHON_FULL_VERSION || variable == VARIABLE_PYTHON_VERSION;
}

static void *refuse(Parser *parser, const char *at, const char *expected)
{
    long column = g_utf8_pointer_to_offset(parser->source, at) + 1;
    error_set(parser->error, ERROR_INPUT, SPAN_NONE,
              "invalid marker: %s at character %ld of '%.*s'", expected, column, 500,
              parser->source);
    return NULL;
}

static void skip_blanks(Parser *parser)
{
    while (*parser->at == ' ' || *parser->at == '\t')
        parser->at++;
}

static bool is_word_char(char c)
{
    return g_ascii_isalnum(c) || c == '_' || (guint8)c >= 0x80;
}

static bool take_word(Parser *parser, const char *word)
{
    size_t length = strlen(word);
    bool begins = parser->at == parser->source || !is_word_char(parser->at[-1]);
    if (!begins || strncmp(parser->at, word, length) != 0 || is_word_char(parser->at[length]))
        return false;
    parser->at += length;
    return true;
}

static MarkerVariable take_variable(Parser *parser)
{
    for (size_t i = 0; i < G_N_ELEMENTS(variable_names); i++)
        if (take_word(parser, variable_names[i]))
            return (MarkerVariable)i;
    for (size_t i = 0; i < G_N_ELEMENTS(legacy_names); i++)
        if (take_word(parser, legacy_names[i].name))
            return legacy_names[i].variable;
    return VARIABLE_UNKNOWN;
}

/* The code of `digits` hexadecimal digits at *at. */
static bool read_hex(const char **at, const char *end, size_t digits, gunichar *ret_code)
{
    gunichar code = 0;
    if ((size_t)(end - *at) < digits)
        return false;
    for (size_t i = 0; i < digits; i++, (*at)++) {
        if (!g_ascii_isxdigit(**at))
            return false;
        code = code << 4 | (gunichar)g_ascii_xdigit_value(**at);
    }
    *ret_code = code;
    return true;
}

static bool read_octal(const char **at, const char *end, gunichar *ret_code)
{
    gunichar code = 0;
    for (size_t i = 0; i < 3 && *at < end && **at >= '0' && **at <= '7'; i++, (*at)++)
        code = code << 3 | (gunichar)(**at - '0');
    *ret_code = code;
    return true;
}

/* One escape sequence of a Python string, behind the backslash. An unknown one stands for itself.
 * Characters by name, surrogates and NUL are refused. */
static bool read_escape(const char **at, const char *end, GString *value)
{
    static const char letters[] = "\\'\"abfnrtv", codes[] = "\\'\"\a\b\f\n\r\t\v";
    if (*at == end)
        return false;
    char c = *(*at)++;
    const char *letter = strchr(letters, c);
    gunichar code = 0;
    if (letter != NULL) {
        g_string_append_c(value, codes[letter - letters]);
        return true;
    }
    if (c == '\n' || c == '\r') {
        *at += c == '\r' && *at < end && **at == '\n';
        return true;
    }
    bool known = true;
    if (c == 'x')
        known = read_hex(at, end, 2, &code);
    else if (c == 'u')
        known = read_hex(at, end, 4, &code);
    else if (c == 'U')
        known = read_hex(at, end, 8, &code);
    else if (c >= '0' && c <= '7')
        (*at)--, read_octal(at, end, &code);
    else if (c == 'N')
        return false;
    else
        g_string_append_printf(value, "\\%c", c);
    if (!strchr("xuU01234567", c))
        return true;
    if (!known || code == 0 || !g_unichar_validate(code))
        return false;
    g_string_append_unichar(value, code);
    return true;
}

/* The value of a literal, which is a Python string; NULL when it is none. */
static char *read_literal(const char *at, const char *end)
{
    if (memchr(at, '\\', (size_t)(end - at)) == NULL &&
        memchr(at, '\n', (size_t)(end - at)) == NULL &&
        memchr(at, '\r', (size_t)(end - at)) == NULL)
        return g_strndup(at, (size_t)(end - at));
    GString *value = g_string_new(NULL);
    while (at < end) {
        char c = *at++;
        bool good = c != '\n' && c != '\r';
        if (c == '\\')
            good = read_escape(&at, end, value);
        else
            g_string_append_c(value, c);
        if (!good) {
            g_string_free(value, TRUE);
            return NULL;
        }
    }
    return g_string_free(value, FALSE);
}

static bool parse_operand(Parser *parser, MarkerOperand *operand)
{
    MarkerVariable variable = take_variable(parser);
    if (variable != VARIABLE_UNKNOWN) {
        *operand = (MarkerOperand){g_strdup(variable_names[variable]), true};
        return true;
    }
    const char *begin = parser->at;
    if (*begin != '\'' && *begin != '"')
        return refuse(parser, begin, "expected a variable or a quoted text") != NULL;
    const char *end = strchr(begin + 1, *begin);
    if (end == NULL)
        return refuse(parser, begin, "the quoted text does not end") != NULL;
    char *value = read_literal(begin + 1, end);
    if (value == NULL)
        return refuse(parser, begin, "expected a text that Python can read") != NULL;
    *operand = (MarkerOperand){value, false};
    parser->at = end + 1;
    return true;
}

static bool parse_operator(Parser *parser, MarkerOp *ret_op)
{
    const char *begin = parser->at;
    if (take_word(parser, "not")) {
        const char *blank = parser->at;
        skip_blanks(parser);
        *ret_op = MARKER_NOT_IN;
        if (parser->at > blank && take_word(parser, "in"))
            return true;
        return refuse(parser, parser->at, "expected 'in' after 'not'") != NULL;
    }
    if (take_word(parser, "in")) {
        *ret_op = MARKER_IN;
        return true;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(operators); i++) {
        size_t length = strlen(operators[i].text);
        if (g_ascii_isalpha(operators[i].text[0]) || strncmp(begin, operators[i].text, length) != 0)
            continue;
        *ret_op = operators[i].op;
        parser->at += length;
        return true;
    }
    return refuse(parser, begin, "expected one of <=, <, !=, ==, >=, >, ~=, ===, in and not in") !=
           NULL;
}

static void operand_canonicalize(MarkerOperand *operand)
{
    char *canonical = name_canonicalize(operand->text);
    g_free(operand->text);
    operand->text = canonical;
}

/* PEP 685: names of extras compare in canonical form, and so they are kept. */
static void item_normalize(MarkerItem *item)
{
    MarkerOperand *left = &item->left, *right = &item->right;
    if (left->is_variable && strcmp(left->text, "extra") == 0 && !right->is_variable)
        operand_canonicalize(right);
    else if (right->is_variable && !left->is_variable &&
             marker_variable_find(right->text) >= VARIABLE_EXTRA)
        operand_canonicalize(left);
}

static void item_compile(MarkerItem *item)
{
    item_normalize(item);
    item->variable =
        marker_variable_find(item->left.is_variable ? item->left.text : item->right.text);
    if (!marker_variable_is_version(item->variable))
        return;
    if (item->left.is_variable) {
        g_autofree char *text = g_strconcat(marker_op_text(item->op), item->right.text, NULL);
        item->clause = specifier_set_parse_one(text);
    } else {
        item->version = version_parse_span(item->left.text, strlen(item->left.text));
    }
}

static void node_free(void *data)
{
    MarkerNode *node = data;
    if (node->item != NULL) {
        g_free(node->item->left.text);
        g_free(node->item->right.text);
        specifier_set_unref(node->item->clause);
        version_unref(node->item->version);
        g_free(node->item);
    }
    if (node->group != NULL)
        g_ptr_array_unref(node->group);
    g_free(node);
}

static bool parse_item(Parser *parser, MarkerNode *node)
{
    MarkerItem *item = node->item = g_new0(MarkerItem, 1);
    if (!parse_operand(parser, &item->left))
        return false;
    skip_blanks(parser);
    if (!parse_operator(parser, &item->op))
        return false;
    skip_blanks(parser);
    if (!parse_operand(parser, &item->right))
        return false;
    item_compile(item);
    return true;
}

static GPtrArray *parse_nodes(Parser *parser);

static bool parse_group(Parser *parser, MarkerNode *node)
{
    const char *begin = parser->at++;
    if (++parser->depth > LIMIT_MARKER_DEPTH)
        return refuse(parser, begin, "too many nested parentheses") != NULL;
    node->group = parse_nodes(parser);
    if (node->group == NULL)
        return false;
    parser->depth--;
    if (*parser->at != ')')
        return refuse(parser, begin, "no ')' follows for the '('") != NULL;
    parser->at++;
    return true;
}

static bool parse_node(Parser *parser, GPtrArray *nodes, bool after_or)
{
    MarkerNode *node = g_new0(MarkerNode, 1);
    node->after_or = after_or;
    g_ptr_array_add(nodes, node);
    skip_blanks(parser);
    bool parsed = *parser->at == '(' ? parse_group(parser, node) : parse_item(parser, node);
    skip_blanks(parser);
    return parsed;
}

static GPtrArray *parse_nodes(Parser *parser)
{
    g_autoptr(GPtrArray) nodes = g_ptr_array_new_with_free_func(node_free);
    bool after_or = false;
    do {
        if (!parse_node(parser, nodes, after_or))
            return NULL;
        after_or = take_word(parser, "or");
    } while (after_or || take_word(parser, "and"));
    return g_steal_pointer(&nodes);
}

GPtrArray *marker_nodes_parse(const char *source, const char **at, GError **error)
{
    Parser parser = {source, *at, 0, error};
    GPtrArray *nodes = parse_nodes(&parser);
    if (nodes != NULL)
        *at = parser.at;
    return nodes;
}
