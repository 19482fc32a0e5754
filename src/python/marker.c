#include "python/marker.h"
#include "python/marker_parse.h"
#include "python/name.h"
#include "python/version_key.h"

#include "base/limits.h"

struct Marker {
    gatomicrefcount references;
    GPtrArray *nodes;
    char *text;
    bool printable;
    bool may_fail; /* every comparison must be looked at, since one of them may be an error */
};

struct MarkerEnvironment {
    char *values[VARIABLE_COUNT];
    Version *versions[VARIABLE_COUNT]; /* of the variables that hold versions; NULL: no version */
};

static bool has_both_quotes(const MarkerOperand *operand)
{
    return !operand->is_variable && strchr(operand->text, '"') != NULL &&
           strchr(operand->text, '\'') != NULL;
}

static void print_value(GString *text, const MarkerOperand *operand)
{
    if (operand->is_variable) {
        g_string_append(text, operand->text);
    } else if (strchr(operand->text, '"') == NULL) {
        g_string_append_printf(text, "\"%s\"", operand->text);
    } else if (!has_both_quotes(operand)) {
        g_string_append_printf(text, "'%s'", operand->text);
    } else {
        g_auto(GStrv) parts = g_strsplit(operand->text, "\"", -1);
        g_autofree char *escaped = g_strjoinv("\\x22", parts);
        g_string_append_printf(text, "\"%s\"", escaped);
    }
}

static void print_nodes(GString *text, const GPtrArray *nodes, bool outermost);

static void print_node(GString *text, const MarkerNode *node, bool outermost)
{
    if (node->item == NULL) {
        print_nodes(text, node->group, outermost);
        return;
    }
    print_value(text, &node->item->left);
    g_string_append_printf(text, " %s ", marker_op_text(node->item->op));
    print_value(text, &node->item->right);
}

/* Parentheses around a single comparison or group go; all others stay. */
static void print_nodes(GString *text, const GPtrArray *nodes, bool outermost)
{
    if (nodes->len == 1) {
        print_node(text, g_ptr_array_index(nodes, 0), outermost);
        return;
    }
    if (!outermost)
        g_string_append_c(text, '(');
    for (guint i = 0; i < nodes->len; i++) {
        const MarkerNode *node = g_ptr_array_index(nodes, i);
        if (i > 0)
            g_string_append(text, node->after_or ? " or " : " and ");
        print_node(text, node, false);
    }
    if (!outermost)
        g_string_append_c(text, ')');
}

static bool is_item_unprintable(const MarkerItem *item)
{
    return has_both_quotes(&item->left) || has_both_quotes(&item->right);
}

static bool item_may_fail(const MarkerItem *item)
{
    if (item->variable >= VARIABLE_COUNT)
        return true;
    return (item->op == MARKER_COMPATIBLE || item->op == MARKER_ARBITRARY) && item->clause == NULL;
}

static bool any_item(const GPtrArray *nodes, bool (*is)(const MarkerItem *))
{
    for (guint i = 0; i < nodes->len; i++) {
        const MarkerNode *node = g_ptr_array_index(nodes, i);
        if (node->item != NULL ? is(node->item) : any_item(node->group, is))
            return true;
    }
    return false;
}

Marker *marker_parse_at(const char *source, const char **at, GError **error)
{
    GPtrArray *nodes = marker_nodes_parse(source, at, error);
    if (nodes == NULL)
        return NULL;
    Marker *marker = g_new0(Marker, 1);
    g_atomic_ref_count_init(&marker->references);
    marker->nodes = nodes;
    marker->may_fail = any_item(nodes, item_may_fail);
    marker->printable = !any_item(nodes, is_item_unprintable);
    GString *text = g_string_new(NULL);
    print_nodes(text, nodes, true);
    marker->text = g_string_free(text, FALSE);
    return marker;
}

Marker *marker_parse(const char *text, GError **error)
{
    if (strlen(text) > LIMIT_REQUIREMENT_CHARS || !g_utf8_validate(text, -1, NULL)) {
        error_set(error, ERROR_INPUT, SPAN_NONE, "invalid marker: it is too long or no UTF-8");
        return NULL;
    }
    const char *at = text;
    g_autoptr(Marker) marker = marker_parse_at(text, &at, error);
    if (marker == NULL)
        return NULL;
    if (*at != '\0') {
        error_set(error, ERROR_INPUT, SPAN_NONE,
                  "invalid marker: expected 'and', 'or' or the end at character %ld of '%.*s'",
                  g_utf8_pointer_to_offset(text, at) + 1, 500, text);
        return NULL;
    }
    return g_steal_pointer(&marker);
}

Marker *marker_ref(const Marker *marker)
{
    Marker *shared = (Marker *)marker;
    g_atomic_ref_count_inc(&shared->references);
    return shared;
}

void marker_unref(Marker *marker)
{
    if (marker == NULL || !g_atomic_ref_count_dec(&marker->references))
        return;
    g_ptr_array_unref(marker->nodes);
    g_free(marker->text);
    g_free(marker);
}

const char *marker_text(const Marker *marker)
{
    return marker->text;
}

bool marker_is_printable(const Marker *marker)
{
    return marker->printable;
}

static bool nodes_use(const GPtrArray *nodes, const char *variable)
{
    for (guint i = 0; i < nodes->len; i++) {
        const MarkerNode *node = g_ptr_array_index(nodes, i);
        const MarkerItem *item = node->item;
        bool used = item == NULL
                        ? nodes_use(node->group, variable)
                        : (item->left.is_variable && strcmp(item->left.text, variable) == 0) ||
                              (item->right.is_variable && strcmp(item->right.text, variable) == 0);
        if (used)
            return true;
    }
    return false;
}

bool marker_uses(const Marker *marker, const char *variable)
{
    return nodes_use(marker->nodes, variable);
}

MarkerEnvironment *marker_environment_new_empty(void)
{
    MarkerEnvironment *environment = g_new0(MarkerEnvironment, 1);
    for (size_t i = 0; i < VARIABLE_COUNT; i++)
        environment->values[i] = g_strdup("");
    return environment;
}

bool marker_environment_set(MarkerEnvironment *environment, const char *variable, const char *value)
{
    MarkerVariable index = marker_variable_find(variable);
    if (index >= VARIABLE_COUNT)
        return false;
    g_clear_pointer(&environment->versions[index], version_unref);
    g_free(environment->values[index]);
    /* a build from an untagged source tree calls itself "3.14.0a0+" */
    bool unfinished = index == VARIABLE_PYTHON_FULL_VERSION && g_str_has_suffix(value, "+");
    char *text = index == VARIABLE_EXTRA ? name_canonicalize(value)
                                         : g_strconcat(value, unfinished ? "local" : "", NULL);
    environment->values[index] = text;
    if (marker_variable_is_version(index))
        environment->versions[index] = version_parse_span(text, strlen(text));
    return true;
}

const char *marker_environment_get(const MarkerEnvironment *environment, const char *variable)
{
    MarkerVariable index = marker_variable_find(variable);
    return index < VARIABLE_COUNT ? environment->values[index] : NULL;
}

MarkerEnvironment *marker_environment_new(const PythonTarget *target)
{
    static const struct {
        const char *system, *os_name, *platform_system, *sys_platform;
    } systems[] = {
        {"linux", "posix", "Linux", "linux"},
        {"macos", "posix", "Darwin", "darwin"},
        {"windows", "nt", "Windows", "win32"},
    };
    size_t at = 0;
    while (at + 1 < G_N_ELEMENTS(systems) && strcmp(systems[at].system, target->system) != 0)
        at++;
    g_autofree char *python = g_strdup_printf("%u.%u", target->major, target->minor);
    const char *rows[][2] = {
        {"implementation_name", target->implementation},
        {"implementation_version", target->full_version},
        {"os_name", systems[at].os_name},
        {"platform_machine", target->machine},
        {"platform_python_implementation", "CPython"},
        {"platform_system", systems[at].platform_system},
        {"python_full_version", target->full_version},
        {"python_version", python},
        {"sys_platform", systems[at].sys_platform},
    };
    MarkerEnvironment *environment = marker_environment_new_empty();
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        marker_environment_set(environment, rows[i][0], rows[i][1]);
    return environment;
}

void marker_environment_free(MarkerEnvironment *environment)
{
    if (environment == NULL)
        return;
    for (size_t i = 0; i < VARIABLE_COUNT; i++) {
        g_free(environment->values[i]);
        version_unref(environment->versions[i]);
    }
    g_free(environment);
}

typedef struct {
    const MarkerEnvironment *environment;
    const char *extra;
    const MarkerSets *sets; /* of a lock file, or NULL */
    bool exhaustive;
    GError *error;
} Evaluation;

static bool fail(Evaluation *evaluation, const MarkerItem *item, const char *why)
{
    if (evaluation->error == NULL)
        error_set(&evaluation->error, ERROR_INPUT, SPAN_NONE,
                  "cannot evaluate '%s %s %s' in a marker: %s", item->left.text,
                  marker_op_text(item->op), item->right.text, why);
    return false;
}

/* What has an order only as a version has none as a text. */
static bool compare_texts(Evaluation *evaluation, const MarkerItem *item, const char *left,
                          const char *right)
{
    switch (item->op) {
    case MARKER_IN:
        return strstr(right, left) != NULL;
    case MARKER_NOT_IN:
        return strstr(right, left) == NULL;
    case MARKER_EQUAL:
    case MARKER_LESS_EQUAL:
    case MARKER_GREATER_EQUAL:
        return strcmp(left, right) == 0;
    case MARKER_NOT_EQUAL:
        return strcmp(left, right) != 0;
    case MARKER_LESS:
    case MARKER_GREATER:
        return false;
    case MARKER_COMPATIBLE:
    case MARKER_ARBITRARY:
        break;
    }
    return fail(evaluation, item, "this operator compares versions only");
}

/* `extra == 'x'`, `'x' in extras` and their opposites. */
static bool evaluate_set(const MarkerItem *item, const char *const *set)
{
    const char *text = item->left.is_variable ? item->right.text : item->left.text;
    g_autofree char *name = name_canonicalize(text);
    bool member = set && g_strv_contains(set, name);
    return item->op == MARKER_EQUAL || item->op == MARKER_IN           ? member
           : item->op == MARKER_NOT_EQUAL || item->op == MARKER_NOT_IN ? !member
                                                                       : false;
}

static bool evaluate_item(Evaluation *evaluation, const MarkerItem *item)
{
    MarkerVariable variable = item->variable;
    if (evaluation->sets && (variable == VARIABLE_EXTRA || variable == VARIABLE_EXTRAS))
        return evaluate_set(item, evaluation->sets->extras);
    if (evaluation->sets && variable == VARIABLE_DEPENDENCY_GROUPS)
        return evaluate_set(item, evaluation->sets->groups);
    if (variable == VARIABLE_UNKNOWN)
        return fail(evaluation, item, "it names no variable");
    if (variable >= VARIABLE_COUNT)
        return fail(evaluation, item, "the variable has a value in lock files only");
    const MarkerEnvironment *environment = evaluation->environment;
    const char *value =
        variable == VARIABLE_EXTRA ? evaluation->extra : environment->values[variable];
    if (item->left.is_variable) {
        if (item->clause != NULL)
            return specifier_set_matches(item->clause, environment->versions[variable], value);
        return compare_texts(evaluation, item, value, item->right.text);
    }
    if (marker_variable_is_version(variable)) {
        g_autofree char *text = g_strconcat(marker_op_text(item->op), value, NULL);
        g_autoptr(SpecifierSet) clause = specifier_set_parse_one(text);
        if (clause != NULL)
            return specifier_set_matches(clause, item->version, item->left.text);
    }
    return compare_texts(evaluation, item, item->left.text, value);
}

/* `and` binds tighter than `or`. */
static bool evaluate_nodes(Evaluation *evaluation, const GPtrArray *nodes)
{
    bool any = false, all = true;
    for (guint i = 0; i < nodes->len; i++) {
        const MarkerNode *node = g_ptr_array_index(nodes, i);
        if (node->after_or) {
            any |= all;
            all = true;
        }
        if (!evaluation->exhaustive && (any || !all))
            continue;
        bool value = node->item != NULL ? evaluate_item(evaluation, node->item)
                                        : evaluate_nodes(evaluation, node->group);
        all = all && value;
    }
    return any || all;
}

static bool is_canonical(const char *name)
{
    for (; *name != '\0'; name++)
        if (!g_ascii_islower(*name) && !g_ascii_isdigit(*name) && !(*name == '-' && name[1] != '-'))
            return false;
    return true;
}

bool marker_try_evaluate(const Marker *marker, const MarkerEnvironment *environment,
                         const char *extra, bool *ret_value, GError **error)
{
    g_autofree char *canonical = NULL;
    if (extra == NULL)
        extra = environment->values[VARIABLE_EXTRA];
    else if (!is_canonical(extra))
        extra = canonical = name_canonicalize(extra);
    Evaluation evaluation = {environment, extra, NULL, marker->may_fail, NULL};
    bool value = evaluate_nodes(&evaluation, marker->nodes);
    if (evaluation.error != NULL) {
        g_propagate_error(error, evaluation.error);
        return false;
    }
    *ret_value = value;
    return true;
}

bool marker_evaluate(const Marker *marker, const MarkerEnvironment *environment, const char *extra)
{
    bool value = false;
    return marker_try_evaluate(marker, environment, extra, &value, NULL) && value;
}

bool marker_evaluate_sets(const Marker *marker, const MarkerEnvironment *environment,
                          const MarkerSets *sets)
{
    Evaluation evaluation = {environment, "", sets, false, NULL};
    bool value = evaluate_nodes(&evaluation, marker->nodes);
    g_clear_error(&evaluation.error);
    return value;
}
