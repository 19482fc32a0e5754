#include "python/pip_options.h"

#include "base/names.h"

typedef struct {
    OptionId id;
    char short_name;  /* 0: none */
    const char *name; /* long name */
    bool takes_value;
} OptionSpec;

/* clang-format off */
static const OptionSpec specs[] = {
    {OPTION_INDEX_URL,         'i', "--index-url",         true},
    {OPTION_INDEX_URL,         0,   "--pypi-url",          true},
    {OPTION_EXTRA_INDEX_URL,   0,   "--extra-index-url",   true},
    {OPTION_NO_INDEX,          0,   "--no-index",          false},
    {OPTION_CONSTRAINT,        'c', "--constraint",        true},
    {OPTION_REQUIREMENT,       'r', "--requirement",       true},
    {OPTION_EDITABLE,          'e', "--editable",          true},
    {OPTION_FIND_LINKS,        'f', "--find-links",        true},
    {OPTION_NO_BINARY,         0,   "--no-binary",         true},
    {OPTION_ONLY_BINARY,       0,   "--only-binary",       true},
    {OPTION_PREFER_BINARY,     0,   "--prefer-binary",     false},
    {OPTION_REQUIRE_HASHES,    0,   "--require-hashes",    false},
    {OPTION_NO_REQUIRE_HASHES, 0,   "--no-require-hashes", false},
    {OPTION_PRE,               0,   "--pre",               false},
    {OPTION_ALL_RELEASES,      0,   "--all-releases",      true},
    {OPTION_ONLY_FINAL,        0,   "--only-final",        true},
    {OPTION_TRUSTED_HOST,      0,   "--trusted-host",      true},
    {OPTION_USE_FEATURE,       0,   "--use-feature",       true},
    {OPTION_HASH,              0,   "--hash",              true},
    {OPTION_CONFIG_SETTINGS,   'C', "--config-settings",   true},
};
/* clang-format on */

static const char *const features[] = {
    "fast-deps",  "inprocess-build-deps",         "venv-isolation",
    "truststore", "no-binary-enable-wheel-cache", "build-constraint",
};

static const char *const hash_algorithms[] = {"sha256", "sha384", "sha512"};

typedef struct {
    char *text;
    size_t offset, length; /* in the line, quotes included */
} Word;

static void word_free(void *data)
{
    Word *word = data;
    g_free(word->text);
    g_free(word);
}

static void line_option_free(void *data)
{
    LineOption *option = data;
    g_free(option->value);
    g_free(option);
}

void line_options_free(LineOptions *options)
{
    if (!options)
        return;
    g_ptr_array_unref(options->options);
    g_free(options);
}

const LineOption *line_options_find(const LineOptions *options, OptionId id, bool last)
{
    const LineOption *found = NULL;
    for (guint i = 0; i < options->options->len && (last || !found); i++) {
        const LineOption *option = options->options->pdata[i];
        if (option->id == id)
            found = option;
    }
    return found;
}

/* Where the options begin: the first token, split at single blanks, that begins with "-". */
static size_t find_options(const RequirementLine *line)
{
    for (size_t i = 0; i < line->length; i++) {
        if (line->text[i] == '-' && (i == 0 || line->text[i - 1] == ' '))
            return i;
    }
    return line->length;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Reads one word of Python's shlex.split() from *position into `out`; NULL or what is wrong. */
static const char *read_word(const char *text, size_t length, size_t *position, GString *out)
{
    char quote = 0;
    size_t i = *position;
    for (; i < length && (quote || !is_blank(text[i])); i++) {
        char c = text[i];
        if (c == '\\' && quote != '\'') {
            if (++i == length)
                return "a backslash at its end escapes nothing";
            if (quote && text[i] != quote && text[i] != '\\')
                g_string_append_c(out, '\\');
            g_string_append_c(out, text[i]);
        } else if (quote ? c == quote : c == '"' || c == '\'') {
            quote = quote ? 0 : c;
        } else {
            g_string_append_c(out, c);
        }
    }
    *position = i;
    return quote ? "a quotation mark is not closed" : NULL;
}

static GPtrArray *split_words(const RequirementLine *line, size_t start, Diags *diags)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(word_free);
    for (size_t i = start; i < line->length;) {
        if (is_blank(line->text[i])) {
            i++;
            continue;
        }
        size_t begin = i;
        g_autoptr(GString) text = g_string_new(NULL);
        const char *problem = read_word(line->text, line->length, &i, text);
        if (problem) {
            diags_error(diags, requirement_line_span(line, begin, line->length - begin),
                        "the options can't be read: %s", problem);
            return NULL;
        }
        Word *word = g_new(Word, 1);
        *word = (Word){g_strdup(text->str), begin, i - begin};
        g_ptr_array_add(words, word);
    }
    return g_steal_pointer(&words);
}

typedef struct {
    const RequirementLine *line;
    GPtrArray *words;
    guint next;
    LineOptions *options;
    Diags *diags;
} Parse;

static Span word_span(const Parse *parse, const Word *word)
{
    return requirement_line_span(parse->line, word->offset, word->length);
}

static bool unknown_option(const Parse *parse, const Word *word, const char *name)
{
    const char *names[G_N_ELEMENTS(specs)];
    for (size_t i = 0; i < G_N_ELEMENTS(specs); i++)
        names[i] = specs[i].name;
    const char *nearest = names_nearest(name, names, G_N_ELEMENTS(names));
    GError *entry = diags_error(parse->diags, word_span(parse, word),
                                "pip knows no option %s in a requirements file", name);
    if (nearest)
        error_set_hint(entry, "did you mean %s?", nearest);
    return false;
}

/* An exact name, or a prefix of a single one. */
static const OptionSpec *find_long(const Parse *parse, const Word *word, const char *name)
{
    const OptionSpec *found = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(specs); i++) {
        if (g_str_equal(specs[i].name, name))
            return &specs[i];
    }
    for (size_t i = 0; i < G_N_ELEMENTS(specs); i++) {
        if (!g_str_has_prefix(specs[i].name, name))
            continue;
        if (found) {
            diags_error(parse->diags, word_span(parse, word), "the option %s could be %s or %s",
                        name, found->name, specs[i].name);
            return NULL;
        }
        found = &specs[i];
    }
    if (!found)
        unknown_option(parse, word, name);
    return found;
}

static const OptionSpec *find_short(const Parse *parse, const Word *word)
{
    const char *letter = word->text + 1;
    for (size_t i = 0; i < G_N_ELEMENTS(specs); i++) {
        if (specs[i].short_name && specs[i].short_name == *letter)
            return &specs[i];
    }
    g_autofree char *name =
        g_strdup_printf("-%.*s", (int)(g_utf8_next_char(letter) - letter), letter);
    unknown_option(parse, word, name);
    return NULL;
}

static bool is_one_of(const char *text, size_t length, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strlen(list[i]) == length && strncmp(list[i], text, length) == 0)
            return true;
    }
    return false;
}

/* What is wrong with the value, in pip's eyes; NULL: nothing. */
static const char *check_value(OptionId id, const char *value)
{
    const char *colon;
    switch ((int)id) {
    case OPTION_HASH:
        colon = strchr(value, ':');
        if (!colon)
            return "needs the name of an algorithm and a digest, as in --hash=sha256:abcdef…";
        if (!is_one_of(value, (size_t)(colon - value), hash_algorithms,
                       G_N_ELEMENTS(hash_algorithms)))
            return "takes sha256, sha384 and sha512 digests alone";
        return NULL;
    case OPTION_CONFIG_SETTINGS:
        return strchr(value, '=') ? NULL : "needs KEY=VALUE";
    case OPTION_USE_FEATURE:
        return is_one_of(value, strlen(value), features, G_N_ELEMENTS(features))
                   ? NULL
                   : "names a feature that pip does not have";
    case OPTION_NO_BINARY:
    case OPTION_ONLY_BINARY:
    case OPTION_ALL_RELEASES:
    case OPTION_ONLY_FINAL:
        return *value == '-' ? "needs a value" : NULL;
    default:
        return NULL;
    }
}

/* Adds the option; `last` is the word its value ended in. */
static bool add_option(Parse *parse, const OptionSpec *spec, const Word *first, const Word *last,
                       const char *value)
{
    const char *problem = value ? check_value(spec->id, value) : NULL;
    size_t length = last->offset + last->length - first->offset;
    if (problem) {
        diags_error(parse->diags, requirement_line_span(parse->line, first->offset, length),
                    "%s %s", spec->name, problem);
        return false;
    }
    LineOption *option = g_new(LineOption, 1);
    *option = (LineOption){spec->id, spec->name, g_strdup(value), first->offset, length};
    g_ptr_array_add(parse->options->options, option);
    return true;
}

/* `attached` is the value in the same word, or NULL. */
static bool take_value(Parse *parse, const OptionSpec *spec, const Word *word, const char *attached)
{
    if (attached)
        return add_option(parse, spec, word, word, attached);
    if (parse->next < parse->words->len) {
        const Word *value = parse->words->pdata[parse->next++];
        return add_option(parse, spec, word, value, value->text);
    }
    diags_error(parse->diags, word_span(parse, word), "%s needs a value", spec->name);
    return false;
}

static bool parse_long(Parse *parse, const Word *word)
{
    const char *equals = strchr(word->text, '=');
    g_autofree char *name =
        equals ? g_strndup(word->text, (gsize)(equals - word->text)) : g_strdup(word->text);
    const OptionSpec *spec = find_long(parse, word, name);
    if (!spec)
        return false;
    if (spec->takes_value)
        return take_value(parse, spec, word, equals ? equals + 1 : NULL);
    if (!equals)
        return add_option(parse, spec, word, word, NULL);
    diags_error(parse->diags, word_span(parse, word), "%s takes no value", spec->name);
    return false;
}

/* pip's one-letter options all take a value. */
static bool parse_short(Parse *parse, const Word *word)
{
    const OptionSpec *spec = find_short(parse, word);
    if (!spec)
        return false;
    return take_value(parse, spec, word, word->text[2] ? word->text + 2 : NULL);
}

static void warn_ignored(const Parse *parse, const Word *word)
{
    GError *entry = diags_warning(parse->diags, word_span(parse, word),
                                  "pip ignores '%s' behind an option", word->text);
    error_set_hint(entry, "a marker or a requirement stands in front of the options");
}

static bool parse_words(Parse *parse)
{
    bool options_end = false;
    while (parse->next < parse->words->len) {
        const Word *word = parse->words->pdata[parse->next++];
        bool ok = true;
        if (options_end || word->text[0] != '-' || word->text[1] == '\0')
            warn_ignored(parse, word);
        else if (g_str_equal(word->text, "--"))
            options_end = true;
        else
            ok = word->text[1] == '-' ? parse_long(parse, word) : parse_short(parse, word);
        if (!ok)
            return false;
    }
    return true;
}

LineOptions *line_options_parse(const RequirementLine *line, Diags *diags)
{
    size_t start = find_options(line);
    g_autoptr(GPtrArray) words = split_words(line, start, diags);
    if (!words)
        return NULL;
    g_autoptr(LineOptions) options = g_new0(LineOptions, 1);
    options->options = g_ptr_array_new_with_free_func(line_option_free);
    options->argument_length = start > 0 && start < line->length ? start - 1 : start;
    Parse parse = {line, words, 0, options, diags};
    return parse_words(&parse) ? g_steal_pointer(&options) : NULL;
}
