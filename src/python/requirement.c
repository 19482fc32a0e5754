#include "python/requirement.h"
#include "python/name.h"

#include "base/limits.h"

typedef struct {
    const char *source;
    const char *at;
    GError **error;
} Parser;

static bool refuse(Parser *parser, const char *at, const char *expected)
{
    return error_set(parser->error, ERROR_INPUT, SPAN_NONE,
                     "invalid requirement '%.*s': %s at character %ld", 500, parser->source,
                     expected, g_utf8_pointer_to_offset(parser->source, at) + 1);
}

static void skip_blanks(Parser *parser)
{
    while (*parser->at == ' ' || *parser->at == '\t')
        parser->at++;
}

static bool take(Parser *parser, char c)
{
    if (*parser->at != c)
        return false;
    parser->at++;
    return true;
}

/* A name may end in "_", as packaging has it, but not in "." or "-". NULL when there is none. */
static char *take_identifier(Parser *parser)
{
    const char *begin = parser->at, *end = begin;
    if (!g_ascii_isalnum(*begin))
        return NULL;
    while (g_ascii_isalnum(*end) || *end == '.' || *end == '_' || *end == '-')
        end++;
    if ((guint8)*end >= 0x80)
        return NULL;
    while (end[-1] == '.' || end[-1] == '-')
        end--;
    parser->at = end;
    return g_strndup(begin, (size_t)(end - begin));
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorted, each once. */
static char **finish_extras(GPtrArray *extras)
{
    guint kept = 0;
    g_ptr_array_sort(extras, compare_texts);
    for (guint i = 0; i < extras->len; i++) {
        char *extra = g_ptr_array_index(extras, i);
        if (kept > 0 && strcmp(extras->pdata[kept - 1], extra) == 0)
            g_free(extra);
        else
            extras->pdata[kept++] = extra;
    }
    extras->len = kept;
    g_ptr_array_add(extras, NULL);
    return (char **)g_ptr_array_steal(extras, NULL);
}

static bool parse_extras(Parser *parser, Requirement *requirement)
{
    g_autoptr(GPtrArray) extras = g_ptr_array_new_with_free_func(g_free);
    const char *begin = parser->at;
    if (take(parser, '[')) {
        skip_blanks(parser);
        for (char *extra = take_identifier(parser); extra != NULL;) {
            g_ptr_array_add(extras, extra);
            skip_blanks(parser);
            if (!take(parser, ','))
                break;
            skip_blanks(parser);
            extra = take_identifier(parser);
            if (extra == NULL)
                return refuse(parser, parser->at, "expected the name of an extra after ','");
        }
        if (!take(parser, ']'))
            return refuse(parser, *parser->at == '\0' ? begin : parser->at,
                          "expected ',' or ']' in the list of extras");
    }
    requirement->extras = finish_extras(extras);
    return true;
}

/* The clauses up to the first thing that is none, joined; a comma may end them. */
static char *take_clauses(Parser *parser)
{
    GString *clauses = g_string_new(NULL);
    for (const char *end; (end = specifier_scan(parser->at)) != NULL;) {
        g_string_append_len(clauses, parser->at, end - parser->at);
        parser->at = end;
        skip_blanks(parser);
        if (!take(parser, ','))
            break;
        g_string_append_c(clauses, ',');
        skip_blanks(parser);
    }
    return g_string_free(clauses, FALSE);
}

static bool parse_specifiers(Parser *parser, Requirement *requirement)
{
    const char *begin = parser->at;
    bool parenthesis = take(parser, '(');
    skip_blanks(parser);
    g_autofree char *clauses = take_clauses(parser);
    skip_blanks(parser);
    if (parenthesis && !take(parser, ')'))
        return refuse(parser, *parser->at == '\0' ? begin : parser->at,
                      "expected a version specifier, ',' or ')'");
    GError *cause = NULL;
    requirement->specifiers = specifier_set_parse(clauses, &cause);
    if (requirement->specifiers == NULL)
        return error_wrap(parser->error, cause, SPAN_NONE, "invalid requirement '%.*s'", 500,
                          parser->source);
    return true;
}

static bool parse_url(Parser *parser, Requirement *requirement)
{
    skip_blanks(parser);
    size_t length = strcspn(parser->at, " \t");
    if (length == 0)
        return refuse(parser, parser->at, "expected a URL after '@'");
    requirement->url = g_strndup(parser->at, length);
    requirement->specifiers = specifier_set_empty();
    parser->at += length;
    return true;
}

/* Why neither a marker nor the end follows, told by what does. */
static const char *what_was_expected(const Parser *parser, const Requirement *requirement)
{
    if (requirement->url != NULL)
        return "expected ';' or the end after the URL and a blank";
    if (parser->at[0] == '.' && parser->at[1] == '*')
        return "`.*` can only follow the numbers of a release, with `==` or `!=`";
    if (*parser->at == '+')
        return "a local version can only be used with `==` or `!=`";
    if (*parser->at == '=' && parser->at[1] != '=')
        return "expected `==` instead of `=`";
    if (strchr("<>=!~", *parser->at) != NULL)
        return "expected a valid version specifier";
    return specifier_set_is_empty(requirement->specifiers)
               ? "expected a version specifier, ';' or the end"
               : "expected ',', ';' or the end";
}

static bool parse_marker(Parser *parser, Requirement *requirement)
{
    skip_blanks(parser);
    if (*parser->at == '\0')
        return true;
    if (!take(parser, ';'))
        return refuse(parser, parser->at, what_was_expected(parser, requirement));
    requirement->marker = marker_parse_at(parser->source, &parser->at, parser->error);
    if (requirement->marker == NULL)
        return false;
    if (*parser->at != '\0')
        return refuse(parser, parser->at, "expected 'and', 'or' or the end of the marker");
    return true;
}

static bool parse_parts(Parser *parser, Requirement *requirement)
{
    skip_blanks(parser);
    requirement->name = take_identifier(parser);
    if (requirement->name == NULL)
        return refuse(parser, parser->at, "expected the name of a project");
    requirement->canonical = name_canonicalize(requirement->name);
    skip_blanks(parser);
    if (!parse_extras(parser, requirement))
        return false;
    skip_blanks(parser);
    bool parsed =
        take(parser, '@') ? parse_url(parser, requirement) : parse_specifiers(parser, requirement);
    return parsed && parse_marker(parser, requirement);
}

static char *print(const Requirement *requirement)
{
    GString *text = g_string_new(requirement->name);
    if (requirement->extras[0] != NULL) {
        g_autofree char *extras = g_strjoinv(",", requirement->extras);
        g_string_append_printf(text, "[%s]", extras);
    }
    g_string_append(text, specifier_set_text(requirement->specifiers));
    if (requirement->url != NULL)
        g_string_append_printf(text, " @ %s%s", requirement->url,
                               requirement->marker != NULL ? " " : "");
    if (requirement->marker != NULL)
        g_string_append_printf(text, "; %s", marker_text(requirement->marker));
    return g_string_free(text, FALSE);
}

Requirement *requirement_parse(const char *text, GError **error)
{
    if (strlen(text) > LIMIT_REQUIREMENT_CHARS || !g_utf8_validate(text, -1, NULL)) {
        error_set(error, ERROR_INPUT, SPAN_NONE, "invalid requirement: it is too long or no UTF-8");
        return NULL;
    }
    Parser parser = {text, text, error};
    g_autoptr(Requirement) requirement = g_new0(Requirement, 1);
    if (!parse_parts(&parser, requirement))
        return NULL;
    requirement->text = print(requirement);
    return g_steal_pointer(&requirement);
}

Requirement *requirement_copy(const Requirement *requirement)
{
    Requirement *copy = g_new0(Requirement, 1);
    copy->name = g_strdup(requirement->name);
    copy->canonical = g_strdup(requirement->canonical);
    copy->extras = g_strdupv(requirement->extras);
    copy->specifiers = specifier_set_ref(requirement->specifiers);
    copy->url = g_strdup(requirement->url);
    copy->marker = requirement->marker == NULL ? NULL : marker_ref(requirement->marker);
    copy->text = g_strdup(requirement->text);
    return copy;
}

void requirement_free(Requirement *requirement)
{
    if (requirement == NULL)
        return;
    g_free(requirement->name);
    g_free(requirement->canonical);
    g_strfreev(requirement->extras);
    specifier_set_unref(requirement->specifiers);
    g_free(requirement->url);
    marker_unref(requirement->marker);
    g_free(requirement->text);
    g_free(requirement);
}

/* Spellings of one clause may sort apart, so the sets are compared both ways. */
static bool has_all(const SpecifierSet *set, const SpecifierSet *other)
{
    size_t count, other_count;
    const Specifier *items = specifier_set_items(set, &count);
    const Specifier *others = specifier_set_items(other, &other_count);
    for (size_t i = 0; i < other_count; i++) {
        bool found = false;
        for (size_t j = 0; j < count && !found; j++)
            found = specifier_equal(&items[j], &others[i]);
        if (!found)
            return false;
    }
    return true;
}

bool requirement_same_clause(const Requirement *a, const Requirement *b)
{
    return strcmp(a->canonical, b->canonical) == 0 && has_all(a->specifiers, b->specifiers) &&
           has_all(b->specifiers, a->specifiers);
}
