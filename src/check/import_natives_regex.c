/* Intrinsics of re, for what programs take versions apart with. Decided are patterns and texts of
 * ASCII, in the part of the language that Python and PCRE have in common. */
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

typedef struct {
    const char *name;
    unsigned number; /* as Python's */
    GRegexCompileFlags flags;
} RegexFlag;

static const RegexFlag regex_flags[] = {
    {"I", 2, G_REGEX_CASELESS},
    {"M", 8, G_REGEX_MULTILINE},
    {"S", 16, G_REGEX_DOTALL},
    {"X", 64, G_REGEX_EXTENDED},
};

/* A pattern and the flags for it, as programs give them. */
typedef struct {
    const char *text; /* NULL: not decided */
    gint64 flags;
} Pattern;

/* NULL: not decided. */
static GRegex *regex_of(Pattern pattern)
{
    GRegexCompileFlags flags = 0;
    gint64 rest = pattern.flags;
    for (unsigned i = 0; i < G_N_ELEMENTS(regex_flags); i++) {
        if (pattern.flags & regex_flags[i].number)
            flags |= regex_flags[i].flags;
        rest &= ~(gint64)regex_flags[i].number;
    }
    if (!pattern.text || rest != 0 || !is_common(pattern.text))
        return NULL;
    g_autofree char *limited = g_strconcat(MATCH_LIMIT, pattern.text, NULL);
    return g_regex_new(limited, flags, 0, NULL);
}

static Pattern pattern_of(const Arguments *arguments, unsigned flags_at)
{
    const Value *flags = call_argument(arguments, flags_at, "flags");
    bool known = !arguments->open && (!flags || flags->kind == VALUE_INT);
    const char *text = argument_text(arguments, 0, "pattern");
    return (Pattern){known && text && is_common(text) ? text : NULL, flags ? flags->number : 0};
}

/* A compiled one is a tuple of its text and flags. */
static Pattern pattern_of_self(const Value *self)
{
    const Value *inner = self ? self->inner : NULL;
    if (!inner || inner->kind != VALUE_TUPLE || inner->items->len != 2)
        return (Pattern){NULL, 0};
    const Value *flags = inner->items->pdata[1];
    return (Pattern){value_string(inner->items->pdata[0]), flags->number};
}

static const Value *group_value(ImportMachine *machine, const GMatchInfo *info, int group,
                                const Value *otherwise)
{
    int begin;
    g_autofree char *text = g_match_info_fetch(info, group);
    bool there = g_match_info_fetch_pos(info, group, &begin, NULL) && begin >= 0;
    return there ? value_text(machine, machine_text(machine, text)) : otherwise;
}

/* The groups of a match as a value with methods: a dictionary by number, and by name. */
static const Value *found_value(ImportMachine *machine, Pattern pattern, const GMatchInfo *info)
{
    Value *groups = value_items(machine, VALUE_DICT);
    int count = g_regex_get_capture_count(g_match_info_get_regex(info));
    for (int i = 0; i <= count; i++)
        value_put(machine, groups, value_int(machine, i),
                  group_value(machine, info, i, machine->none));
    for (const char *at = strstr(pattern.text, "(?P<"); at; at = strstr(at, "(?P<")) {
        at += strlen("(?P<");
        const char *name = machine_format(machine, "%.*s", (int)strcspn(at, ">"), at);
        g_autofree char *text = g_match_info_fetch_named(info, name);
        int begin;
        bool there = g_match_info_fetch_named_pos(info, name, &begin, NULL) && begin >= 0;
        value_put(machine, groups, value_text(machine, name),
                  there ? value_text(machine, machine_text(machine, text)) : machine->none);
    }
    return native_value(machine, native_find(machine, "re.Match"), groups);
}

typedef enum {
    FROM_BEGINNING,
    ANYWHERE,
    WHOLE,
} RegexMode;

/* The text to look through, or NULL: not decided. */
static const char *subject_of(const Arguments *arguments, unsigned at, unsigned most)
{
    const char *text = argument_text(arguments, at, "string");
    bool decided = text && !arguments->open && arguments->count <= most &&
                   strlen(text) <= MAX_SUBJECT && g_str_is_ascii(text);
    return decided ? text : NULL;
}

static const Value *search(ImportMachine *machine, Pattern pattern, const char *text,
                           RegexMode mode)
{
    g_autoptr(GRegex) regex = regex_of(pattern);
    g_autoptr(GMatchInfo) info = NULL;
    g_autoptr(GError) error = NULL;
    if (!regex || !text)
        return machine->calm;
    GRegexMatchFlags flags = mode == ANYWHERE ? 0 : G_REGEX_MATCH_ANCHORED;
    bool found = g_regex_match_full(regex, text, -1, 0, flags, &info, &error);
    int end = -1;
    if (error || (found && !g_match_info_fetch_pos(info, 0, NULL, &end)))
        return machine->calm;
    if (found && mode == WHOLE && text[end])
        return machine->calm; /* another way to match may be longer */
    return found ? found_value(machine, pattern, info) : machine->none;
}

/* As findall() gives one match. */
static const Value *found_item(ImportMachine *machine, const GMatchInfo *info, int groups)
{
    const Value *empty = value_text(machine, "");
    if (groups <= 1)
        return group_value(machine, info, groups, empty);
    Value *tuple = value_items(machine, VALUE_TUPLE);
    for (int i = 1; i <= groups; i++)
        value_add(machine, tuple, group_value(machine, info, i, empty));
    return tuple;
}

/* Of matches of nothing Python and PCRE may think otherwise. */
static bool is_empty_match(const GMatchInfo *info)
{
    int begin, end;
    return !g_match_info_fetch_pos(info, 0, &begin, &end) || begin == end;
}

static const Value *find_all(ImportMachine *machine, Pattern pattern, const char *text)
{
    g_autoptr(GRegex) regex = regex_of(pattern);
    g_autoptr(GMatchInfo) info = NULL;
    g_autoptr(GError) error = NULL;
    if (!regex || !text)
        return machine->calm;
    Value *list = value_items(machine, VALUE_LIST);
    g_regex_match_full(regex, text, -1, 0, 0, &info, &error);
    while (!error && g_match_info_matches(info)) {
        if (is_empty_match(info))
            return machine->calm;
        value_add(machine, list, found_item(machine, info, g_regex_get_capture_count(regex)));
        g_match_info_next(info, &error);
    }
    return error ? machine->calm : list;
}

NATIVE(regex_compile)
{
    Pattern pattern = pattern_of(arguments, 1);
    if (!pattern.text || arguments->count > 2)
        return machine->calm;
    Value *both = value_items(machine, VALUE_TUPLE);
    value_add(machine, both, value_text(machine, pattern.text));
    value_add(machine, both, value_int(machine, pattern.flags));
    return native_value(machine, native_find(machine, "re.Pattern"), both);
}

NATIVE(regex_match)
{
    return search(machine, pattern_of(arguments, 2), subject_of(arguments, 1, 3), FROM_BEGINNING);
}

NATIVE(regex_search)
{
    return search(machine, pattern_of(arguments, 2), subject_of(arguments, 1, 3), ANYWHERE);
}

NATIVE(regex_fullmatch)
{
    return search(machine, pattern_of(arguments, 2), subject_of(arguments, 1, 3), WHOLE);
}

NATIVE(regex_findall)
{
    return find_all(machine, pattern_of(arguments, 2), subject_of(arguments, 1, 3));
}

NATIVE(pattern_match)
{
    return search(machine, pattern_of_self(self), subject_of(arguments, 0, 1), FROM_BEGINNING);
}

NATIVE(pattern_search)
{
    return search(machine, pattern_of_self(self), subject_of(arguments, 0, 1), ANYWHERE);
}

NATIVE(pattern_fullmatch)
{
    return search(machine, pattern_of_self(self), subject_of(arguments, 0, 1), WHOLE);
}

NATIVE(pattern_findall)
{
    return find_all(machine, pattern_of_self(self), subject_of(arguments, 0, 1));
}

static const Value *groups_of(const Value *self)
{
    const Value *inner = self ? self->inner : NULL;
    return inner && inner->kind == VALUE_DICT ? inner : NULL;
}

NATIVE(match_group)
{
    const Value *groups = groups_of(self);
    const Value *key = call_argument(arguments, 0, NULL);
    const Value *found = groups && arguments->count <= 1
                             ? value_get(groups, key ? key : value_int(machine, 0))
                             : NULL;
    return found ? found : machine->calm;
}

NATIVE(match_groups)
{
    const Value *groups = groups_of(self);
    if (!groups || arguments->count > 0)
        return machine->calm;
    Value *tuple = value_items(machine, VALUE_TUPLE);
    for (guint i = 1; i < groups->keys->len; i++)
        if (((const Value *)groups->keys->pdata[i])->kind == VALUE_INT)
            value_add(machine, tuple, groups->items->pdata[i]);
    return tuple;
}

NATIVE(match_groupdict)
{
    const Value *groups = groups_of(self);
    if (!groups || arguments->count > 0)
        return machine->calm;
    Value *named = value_items(machine, VALUE_DICT);
    for (guint i = 0; i < groups->keys->len; i++)
        if (((const Value *)groups->keys->pdata[i])->kind == VALUE_TEXT)
            value_put(machine, named, groups->keys->pdata[i], groups->items->pdata[i]);
    return named;
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

static const Value *flag_value(ImportMachine *machine, const char *name)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(regex_flags); i++)
        if (g_str_equal(regex_flags[i].name, name))
            return value_int(machine, regex_flags[i].number);
    return machine->calm;
}

static const Value *regex_ignore_case(ImportMachine *machine)
{
    return flag_value(machine, "I");
}

static const Value *regex_multiline(ImportMachine *machine)
{
    return flag_value(machine, "M");
}

static const Value *regex_dot_all(ImportMachine *machine)
{
    return flag_value(machine, "S");
}

static const Value *regex_verbose(ImportMachine *machine)
{
    return flag_value(machine, "X");
}

/* clang-format off */
static const Native regexes[] = {
    {"re.DOTALL", NULL, regex_dot_all},
    {"re.I", NULL, regex_ignore_case},
    {"re.IGNORECASE", NULL, regex_ignore_case},
    {"re.M", NULL, regex_multiline},
    {"re.MULTILINE", NULL, regex_multiline},
    {"re.S", NULL, regex_dot_all},
    {"re.VERBOSE", NULL, regex_verbose},
    {"re.X", NULL, regex_verbose},
    {"re.Match", NULL, NULL},
    {"re.Match.group", match_group, NULL},
    {"re.Match.end", NULL, regex_calm},
    {"re.Match.expand", NULL, regex_calm},
    {"re.Match.groupdict", match_groupdict, NULL},
    {"re.Match.groups", match_groups, NULL},
    {"re.Match.lastgroup", NULL, regex_calm},
    {"re.Match.span", NULL, regex_calm},
    {"re.Match.start", NULL, regex_calm},
    {"re.Match.string", NULL, regex_calm},
    {"re.Pattern", NULL, NULL},
    {"re.Pattern.findall", pattern_findall, NULL},
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
    {"re.findall", regex_findall, NULL},
    {"re.fullmatch", regex_fullmatch, NULL},
    {"re.match", regex_match, NULL},
    {"re.search", regex_search, NULL},
};
/* clang-format on */

const NativeTable natives_regexes = {regexes, G_N_ELEMENTS(regexes)};
