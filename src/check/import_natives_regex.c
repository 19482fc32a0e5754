/* Intrinsics of re, for what programs take versions apart with. Decided are patterns and texts of
 * ASCII without flags, in the part of the language that Python and PCRE have in common. */
#include "check/import_machine.h"

enum {
    MAX_PATTERN = 400,
    MAX_SUBJECT = 1000,
};

#define MATCH_LIMIT "(*LIMIT_MATCH=100000)"

static bool is_common(const char *pattern)
{
    for (const char *at = pattern; *at; at++) {
        if (*at == '\\' && (!*++at || (g_ascii_isalnum(*at) && !strchr("dDwWsSbnt", *at))))
            return false;
        if (*at == '(' && at[1] == '?' && !strchr(":!=", at[2]) && !g_str_has_prefix(at, "(?P<"))
            return false;
        if (*at == '[' && at[1] == ':')
            return false;
    }
    return strlen(pattern) <= MAX_PATTERN && g_str_is_ascii(pattern) && *pattern != '*';
}

/* NULL: not decided. */
static GRegex *regex_of(const char *pattern)
{
    if (!pattern || !is_common(pattern))
        return NULL;
    g_autofree char *limited = g_strconcat(MATCH_LIMIT, pattern, NULL);
    return g_regex_new(limited, 0, 0, NULL);
}

/* The groups of a match as a value with methods. */
static const Value *found_value(ImportMachine *machine, GMatchInfo *info)
{
    Value *groups = value_items(machine, VALUE_TUPLE);
    int count = g_match_info_get_match_count(info);
    for (int i = 0; i < count; i++) {
        int begin;
        g_autofree char *text = g_match_info_fetch(info, i);
        bool there = g_match_info_fetch_pos(info, i, &begin, NULL) && begin >= 0;
        value_add(machine, groups,
                  there ? value_text(machine, machine_text(machine, text)) : machine->none);
    }
    return native_value(machine, native_find(machine, "re.Match"), groups);
}

typedef enum {
    FROM_BEGINNING,
    ANYWHERE,
    WHOLE,
} RegexMode;

static const Value *search(ImportMachine *machine, const char *pattern, const Value *subject,
                           RegexMode mode)
{
    const char *text = subject ? value_string(subject) : NULL;
    g_autoptr(GRegex) regex = regex_of(pattern);
    g_autoptr(GMatchInfo) info = NULL;
    g_autoptr(GError) error = NULL;
    if (!regex || !text || strlen(text) > MAX_SUBJECT || !g_str_is_ascii(text))
        return machine->calm;
    GRegexMatchFlags flags = mode == ANYWHERE ? 0 : G_REGEX_MATCH_ANCHORED;
    bool found = g_regex_match_full(regex, text, -1, 0, flags, &info, &error);
    int end = -1;
    if (error || (found && !g_match_info_fetch_pos(info, 0, NULL, &end)))
        return machine->calm;
    if (found && mode == WHOLE && text[end])
        return machine->calm; /* another way to match may be longer */
    return found ? found_value(machine, info) : machine->none;
}

static const Value *by_function(ImportMachine *machine, const Arguments *arguments, RegexMode mode)
{
    if (arguments->count != 2 || arguments->open)
        return machine->calm;
    return search(machine, argument_text(arguments, 0, "pattern"),
                  call_argument(arguments, 1, "string"), mode);
}

static const Value *by_pattern(ImportMachine *machine, const Value *self,
                               const Arguments *arguments, RegexMode mode)
{
    const Value *pattern = self ? self->inner : NULL;
    if (!pattern || arguments->count != 1 || arguments->open)
        return machine->calm;
    return search(machine, value_string(pattern), call_argument(arguments, 0, "string"), mode);
}

NATIVE(regex_compile)
{
    const Value *pattern = call_argument(arguments, 0, "pattern");
    const char *text = pattern ? value_string(pattern) : NULL;
    if (arguments->count != 1 || arguments->open || !text || !is_common(text))
        return machine->calm;
    return native_value(machine, native_find(machine, "re.Pattern"), pattern);
}

NATIVE(regex_match)
{
    return by_function(machine, arguments, FROM_BEGINNING);
}

NATIVE(regex_search)
{
    return by_function(machine, arguments, ANYWHERE);
}

NATIVE(regex_fullmatch)
{
    return by_function(machine, arguments, WHOLE);
}

NATIVE(pattern_match)
{
    return by_pattern(machine, self, arguments, FROM_BEGINNING);
}

NATIVE(pattern_search)
{
    return by_pattern(machine, self, arguments, ANYWHERE);
}

NATIVE(pattern_fullmatch)
{
    return by_pattern(machine, self, arguments, WHOLE);
}

NATIVE(match_group)
{
    const GPtrArray *groups = self && self->inner ? self->inner->items : NULL;
    const Value *number = call_argument(arguments, 0, NULL);
    gint64 index = !number ? 0 : number->kind == VALUE_INT ? number->number : -1;
    bool known = groups && arguments->count <= 1 && index >= 0 && index < groups->len;
    return known ? groups->pdata[index] : machine->calm;
}

NATIVE(match_groups)
{
    const GPtrArray *groups = self && self->inner ? self->inner->items : NULL;
    if (!groups || arguments->count > 0)
        return machine->calm;
    Value *tuple = value_items(machine, VALUE_TUPLE);
    tuple->open = true; /* groups at the end that took no part are not counted */
    for (guint i = 1; i < groups->len; i++)
        value_add(machine, tuple, groups->pdata[i]);
    return tuple;
}

NATIVE(regex_escape)
{
    const char *text = argument_text(arguments, 0, "pattern");
    if (!text)
        return machine->calm;
    g_autoptr(GString) escaped = g_string_new(NULL);
    for (; *text; text++) {
        if (strchr("()[]{}?*+-|^$\\.&~# \t\n\r\v\f", *text))
            g_string_append_c(escaped, '\\');
        g_string_append_c(escaped, *text);
    }
    return value_text(machine, machine_text(machine, escaped->str));
}

static const Value *regex_calm(ImportMachine *machine)
{
    return machine->calm;
}

/* clang-format off */
static const Native regexes[] = {
    {"re.Match", NULL, NULL},
    {"re.Match.group", match_group, NULL},
    {"re.Match.end", NULL, regex_calm},
    {"re.Match.expand", NULL, regex_calm},
    {"re.Match.groupdict", NULL, regex_calm},
    {"re.Match.groups", match_groups, NULL},
    {"re.Match.lastgroup", NULL, regex_calm},
    {"re.Match.span", NULL, regex_calm},
    {"re.Match.start", NULL, regex_calm},
    {"re.Match.string", NULL, regex_calm},
    {"re.Pattern", NULL, NULL},
    {"re.Pattern.findall", NULL, regex_calm},
    {"re.Pattern.finditer", NULL, regex_calm},
    {"re.Pattern.flags", NULL, regex_calm},
    {"re.Pattern.fullmatch", pattern_fullmatch, NULL},
    {"re.Pattern.groups", NULL, regex_calm},
    {"re.Pattern.match", pattern_match, NULL},
    {"re.Pattern.pattern", NULL, regex_calm},
    {"re.Pattern.scanner", NULL, regex_calm},
    {"re.Pattern.search", pattern_search, NULL},
    {"re.Pattern.split", NULL, regex_calm},
    {"re.Pattern.sub", NULL, regex_calm},
    {"re.Pattern.subn", NULL, regex_calm},
    {"re.compile", regex_compile, NULL},
    {"re.escape", regex_escape, NULL},
    {"re.fullmatch", regex_fullmatch, NULL},
    {"re.match", regex_match, NULL},
    {"re.search", regex_search, NULL},
};
/* clang-format on */

const NativeTable natives_regexes = {regexes, G_N_ELEMENTS(regexes)};
