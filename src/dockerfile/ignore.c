#include "dockerfile/ignore.h"

#include "dockerfile/glob.h"

/* A file of more lines is no list of patterns. */
#define MAX_RULES 10000u

typedef struct {
    Glob *glob;
    bool exception;
    Span at;
} Rule;

struct IgnoreRules {
    Source *source;
    GPtrArray *rules; /* Rule */
    bool exceptions;
};

struct IgnoreState {
    const IgnoreRules *rules;
    guint8 *matched; /* for each rule: whether it matches the path or a folder above it */
};

static void rule_free(void *data)
{
    Rule *rule = data;
    glob_free(rule->glob);
    g_free(rule);
}

void ignore_rules_free(IgnoreRules *rules)
{
    if (!rules)
        return;
    g_ptr_array_unref(rules->rules);
    source_unref(rules->source);
    g_free(rules);
}

/* "a/./b/../c/" → "a/c"; what stands above the root stays ("../x") and matches nothing. */
static char *clean(const char *pattern)
{
    g_auto(GStrv) parts = g_strsplit(pattern, "/", -1);
    g_autoptr(GPtrArray) kept = g_ptr_array_new();
    for (guint i = 0; parts[i]; i++) {
        if (*parts[i] == '\0' || g_str_equal(parts[i], "."))
            continue;
        bool up = g_str_equal(parts[i], "..");
        if (up && kept->len > 0 && !g_str_equal(kept->pdata[kept->len - 1], ".."))
            g_ptr_array_set_size(kept, (gint)kept->len - 1);
        else if (!up || *pattern != '/')
            g_ptr_array_add(kept, parts[i]);
    }
    g_ptr_array_add(kept, NULL);
    return g_strjoinv("/", (char **)kept->pdata);
}

static gboolean add_rule(IgnoreRules *rules, const char *text, Span at, GError **error)
{
    bool exception = *text == '!';
    g_autofree char *bare = g_strstrip(g_strdup(text + exception));
    if (*bare == '\0')
        return error_set(error, ERROR_INPUT, at, "'!' needs a pattern behind it");
    g_autofree char *pattern = clean(bare);
    if (*pattern == '\0')
        return TRUE; /* "/" and "." name the context itself, which can't be left out */
    g_autoptr(Glob) glob = glob_new(pattern, GLOB_IGNORE, at, error);
    if (!glob)
        return FALSE;
    if (rules->rules->len >= MAX_RULES)
        return error_set(error, ERROR_INPUT, at, "more than %u patterns", MAX_RULES);
    Rule *rule = g_new(Rule, 1);
    *rule = (Rule){g_steal_pointer(&glob), exception, at};
    g_ptr_array_add(rules->rules, rule);
    rules->exceptions |= exception;
    return TRUE;
}

static gboolean add_line(IgnoreRules *rules, unsigned number, const char *line, size_t length,
                         GError **error)
{
    bool has_bom = number == 1 && length >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0;
    g_autofree char *text = has_bom ? g_strndup(line + 3, length - 3) : g_strndup(line, length);
    Span at = span_at(rules->source, number, 1, (unsigned)g_utf8_strlen(text, -1));
    if (*text == '#')
        return TRUE;
    g_strstrip(text);
    return *text == '\0' || add_rule(rules, text, at, error);
}

IgnoreRules *ignore_rules_parse(Source *source, GError **error)
{
    g_autoptr(IgnoreRules) rules = g_new0(IgnoreRules, 1);
    rules->source = source_ref(source);
    rules->rules = g_ptr_array_new_with_free_func(rule_free);
    size_t length;
    const char *text = source_text(source, &length);
    if (memchr(text, '\0', length) || !g_utf8_validate(text, (gssize)length, NULL)) {
        error_set(error, ERROR_INPUT, span_at(source, 1, 1, 0), "%s is not UTF-8 text",
                  source_name(source));
        return NULL;
    }
    for (unsigned number = 1;; number++) {
        size_t line_length;
        const char *line = source_line(source, number, &line_length);
        if (!line)
            return g_steal_pointer(&rules);
        if (!add_line(rules, number, line, line_length, error))
            return NULL;
    }
}

bool ignore_rules_have_exceptions(const IgnoreRules *rules)
{
    return rules->exceptions;
}

IgnoreState *ignore_state_new(const IgnoreRules *rules, const IgnoreState *parent, const char *path)
{
    IgnoreState *state = g_new(IgnoreState, 1);
    state->rules = rules;
    state->matched = g_new0(guint8, rules->rules->len);
    for (guint i = 0; i < rules->rules->len; i++) {
        const Rule *rule = rules->rules->pdata[i];
        state->matched[i] = (parent && parent->matched[i]) || glob_matches(rule->glob, path);
    }
    return state;
}

void ignore_state_free(IgnoreState *state)
{
    if (!state)
        return;
    g_free(state->matched);
    g_free(state);
}

bool ignore_state_excludes(const IgnoreState *state, Span *ret_at)
{
    const GPtrArray *rules = state->rules->rules;
    for (guint i = rules->len; i > 0; i--) {
        const Rule *rule = rules->pdata[i - 1];
        if (!state->matched[i - 1])
            continue;
        if (!rule->exception && ret_at)
            *ret_at = rule->at;
        return !rule->exception;
    }
    return false;
}

bool ignore_rules_exclude(const IgnoreRules *rules, const char *path, Span *ret_at)
{
    g_autoptr(IgnoreState) state = NULL;
    for (const char *slash = strchr(path, '/');; slash = strchr(slash + 1, '/')) {
        g_autofree char *upper = slash ? g_strndup(path, (gsize)(slash - path)) : g_strdup(path);
        IgnoreState *next = ignore_state_new(rules, state, upper);
        ignore_state_free(state);
        state = next;
        if (!slash)
            return ignore_state_excludes(state, ret_at);
    }
}
