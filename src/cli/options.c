#include "cli/options.h"

#include "base/names.h"
#include "cli/commands.h"

enum {
    HELP_COLUMN = 30, /* where the explanation of an option begins */
    HELP_WIDTH = 80,
};

static const size_t list_offsets[] = {
    offsetof(Options, vars),          offsetof(Options, stage_path),
    offsetof(Options, indexes),       offsetof(Options, substitutes),
    offsetof(Options, upgrade_names), offsetof(Options, arguments),
    offsetof(Options, trusted_hosts), offsetof(Options, outputs),
    offsetof(Options, env),
};

static void *field_at(Options *options, size_t offset)
{
    return (char *)options + offset;
}

Options *options_new(void)
{
    Options *options = g_new0(Options, 1);
    for (size_t i = 0; i < G_N_ELEMENTS(list_offsets); i++)
        *(GPtrArray **)field_at(options, list_offsets[i]) = g_ptr_array_new();
    return options;
}

void options_free(Options *options)
{
    if (!options)
        return;
    for (size_t i = 0; i < G_N_ELEMENTS(list_offsets); i++)
        g_ptr_array_unref(*(GPtrArray **)field_at(options, list_offsets[i]));
    g_free(options);
}

typedef struct {
    const Command *command;
    Options *options;
    char *const *next; /* the word to read */
} Parser;

static gboolean usage_error(const Parser *parser, GError **error, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

static gboolean usage_error(const Parser *parser, GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    error_set(error, ERROR_USAGE, SPAN_NONE, "%s", message);
    if (error)
        error_set_hint(*error, "`ramekin %s --help` lists what it takes", parser->command->name);
    return FALSE;
}

static const OptionRow *find_row(const Command *command, const char *name, size_t length,
                                 char letter)
{
    for (const OptionGroup *const *group = command->groups; *group; group++) {
        for (const OptionRow *row = (*group)->rows; row->name; row++) {
            if (letter ? row->letter == letter
                       : strlen(row->name) == length && strncmp(row->name, name, length) == 0)
                return row;
        }
    }
    return NULL;
}

static gboolean unknown_option(const Parser *parser, const char *name, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (const OptionGroup *const *group = parser->command->groups; *group; group++) {
        for (const OptionRow *row = (*group)->rows; row->name; row++)
            g_ptr_array_add(names, (char *)row->name);
    }
    const char *near = names_nearest(name, (const char *const *)names->pdata, names->len);
    if (near)
        return usage_error(parser, error, "unknown option --%s; did you mean --%s?", name, near);
    return usage_error(parser, error, "unknown option --%s", name);
}

static gboolean store_choice(const Parser *parser, const OptionRow *row, const char *text,
                             GError **error)
{
    g_auto(GStrv) choices = g_strsplit(row->value, "|", -1);
    for (int i = 0; choices[i]; i++) {
        if (!g_str_equal(choices[i], text))
            continue;
        *(int *)field_at(parser->options, row->offset) = i;
        return TRUE;
    }
    return usage_error(parser, error, "--%s is one of %s, not \"%s\"", row->name, row->value, text);
}

static gboolean store_value(const Parser *parser, const OptionRow *row, const char *text,
                            GError **error)
{
    void *field = field_at(parser->options, row->offset);
    switch (row->kind) {
    case OPTION_CHOICE:
        return store_choice(parser, row, text, error);
    case OPTION_LIST:
        g_ptr_array_add(*(GPtrArray **)field, (char *)text);
        return TRUE;
    case OPTION_VALUE:
        if (!*text)
            return usage_error(parser, error, "--%s is empty", row->name);
        *(const char **)field = text;
        return TRUE;
    case OPTION_SWITCH:
    case OPTION_NAMES:
        break;
    }
    return TRUE;
}

/* --upgrade torch numpy recipe.yaml: the names end at an option or at what looks like a recipe. */
static bool is_listed_name(const char *word)
{
    return word && *word != '-' && !strpbrk(word, "/#") && !g_str_has_suffix(word, ".yaml") &&
           !g_str_has_suffix(word, ".yml");
}

static gboolean apply_option(Parser *parser, const OptionRow *row, const char *value,
                             GError **error)
{
    void *field = field_at(parser->options, row->offset);
    if (row->kind == OPTION_SWITCH || row->kind == OPTION_NAMES)
        *(bool *)field = true;
    if (row->kind == OPTION_SWITCH) {
        if (value)
            return usage_error(parser, error, "--%s takes no value", row->name);
        return TRUE;
    }
    if (row->kind == OPTION_NAMES) {
        GPtrArray *names = *(GPtrArray **)field_at(parser->options, row->names_offset);
        if (value)
            g_ptr_array_add(names, (char *)value);
        while (!value && is_listed_name(*parser->next))
            g_ptr_array_add(names, *parser->next++);
        return TRUE;
    }
    if (!value)
        value = *parser->next ? *parser->next++ : NULL;
    if (!value)
        return usage_error(parser, error, "--%s needs a value (%s)", row->name, row->value);
    return store_value(parser, row, value, error);
}

static gboolean parse_long(Parser *parser, const char *word, GError **error)
{
    const char *equals = strchr(word, '=');
    size_t length = equals ? (size_t)(equals - word) : strlen(word);
    const OptionRow *row = find_row(parser->command, word, length, 0);
    if (row)
        return apply_option(parser, row, equals ? equals + 1 : NULL, error);
    g_autofree char *name = g_strndup(word, length);
    return unknown_option(parser, name, error);
}

/* -qv, -oDIR, -o DIR */
static gboolean parse_letters(Parser *parser, const char *letters, GError **error)
{
    for (; *letters; letters++) {
        const OptionRow *row = find_row(parser->command, NULL, 0, *letters);
        if (!row)
            return usage_error(parser, error, "unknown option -%c", *letters);
        bool takes_rest = row->kind != OPTION_SWITCH && letters[1];
        if (!apply_option(parser, row, takes_rest ? letters + 1 : NULL, error))
            return FALSE;
        if (takes_rest)
            break;
    }
    return TRUE;
}

/* A NULL behind the last string, for functions that take arrays of that kind. */
static void terminate_lists(Options *options)
{
    for (size_t i = 0; i < G_N_ELEMENTS(list_offsets); i++) {
        GPtrArray *list = *(GPtrArray **)field_at(options, list_offsets[i]);
        guint length = list->len;
        g_ptr_array_add(list, NULL);
        g_ptr_array_set_size(list, (int)length);
    }
}

static gboolean check_arguments(const Parser *parser, GError **error)
{
    const Command *command = parser->command;
    const GPtrArray *arguments = parser->options->arguments;
    if (parser->options->help)
        return TRUE;
    if (arguments->len > command->max_arguments) {
        usage_error(parser, error, "unexpected argument \"%s\"",
                    (const char *)arguments->pdata[command->max_arguments]);
        if (error && command_takes_file(command))
            error_set_hint(*error, "the recipe is named with -f RECIPE[#ROW]");
        return FALSE;
    }
    if (arguments->len < command->min_arguments)
        return usage_error(parser, error, "%s is missing", command->arguments);
    return TRUE;
}

gboolean options_parse(const Command *command, char *const *words, Options *options, GError **error)
{
    Parser parser = {command, options, words};
    bool only_arguments = false;
    options->before_dashes = G_MAXUINT;
    while (*parser.next) {
        char *word = *parser.next++;
        gboolean ok = TRUE;
        if (!g_utf8_validate(word, -1, NULL))
            ok = usage_error(&parser, error, "an argument is not valid UTF-8");
        else if (only_arguments || *word != '-' || !word[1])
            g_ptr_array_add(options->arguments, word);
        else if (g_str_equal(word, "--"))
            only_arguments = true, options->before_dashes = options->arguments->len;
        else if (word[1] == '-')
            ok = parse_long(&parser, word + 2, error);
        else
            ok = parse_letters(&parser, word + 1, error);
        if (!ok)
            return FALSE;
    }
    terminate_lists(options);
    return check_arguments(&parser, error);
}

char *options_usage(const Command *command)
{
    return g_strdup_printf("usage: ramekin %s [OPTION…]%s%s\n", command->name,
                           *command->arguments ? " " : "", command->arguments);
}

/* "-o, --output DIR" */
static char *row_spelling(const OptionRow *row)
{
    GString *out = g_string_new(NULL);
    if (row->letter)
        g_string_append_printf(out, "-%c, ", row->letter);
    g_string_append_printf(out, "--%s", row->name);
    if (row->kind == OPTION_NAMES)
        g_string_append_printf(out, " [%s…]", row->value);
    else if (row->value)
        g_string_append_printf(out, " %s", row->value);
    return g_string_free(out, FALSE);
}

/* `text` broken at blanks into lines that begin at HELP_COLUMN; the first goes on where it is. */
static void append_wrapped(GString *out, const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    long column = HELP_COLUMN;
    for (guint i = 0; words[i]; i++) {
        long width = g_utf8_strlen(words[i], -1);
        if (i > 0 && column + 1 + width > HELP_WIDTH) {
            g_string_append_printf(out, "\n%*s", HELP_COLUMN, "");
            column = HELP_COLUMN;
        } else if (i > 0) {
            g_string_append_c(out, ' ');
            column++;
        }
        g_string_append(out, words[i]);
        column += width;
    }
    g_string_append_c(out, '\n');
}

static void append_row_help(GString *out, const OptionRow *row)
{
    g_autofree char *spelling = row_spelling(row);
    long width = g_utf8_strlen(spelling, -1) + 2;
    g_string_append_printf(out, "  %s", spelling);
    if (width + 2 > HELP_COLUMN)
        g_string_append_printf(out, "\n%*s", HELP_COLUMN, "");
    else
        g_string_append_printf(out, "%*s", (int)(HELP_COLUMN - width), "");
    append_wrapped(out, row->help);
}

char *options_help(const Command *command)
{
    g_autofree char *usage = options_usage(command);
    GString *out = g_string_new(usage);
    g_string_append_printf(out, "\n%c%s.\n", g_ascii_toupper(*command->summary),
                           command->summary + 1);
    for (const OptionGroup *const *group = command->groups; *group; group++) {
        g_string_append_printf(out, "\n%s:\n", (*group)->title);
        for (const OptionRow *row = (*group)->rows; row->name; row++)
            append_row_help(out, row);
    }
    return g_string_free(out, FALSE);
}

/* scdoc reads _ and * as markup outside of bold text. */
static void append_scdoc_text(GString *out, const char *text)
{
    for (const char *p = text; *p; p++) {
        if (strchr("_*\\#", *p))
            g_string_append_c(out, '\\');
        g_string_append_c(out, *p);
    }
}

static void append_row_scdoc(GString *out, const OptionRow *row)
{
    if (row->letter)
        g_string_append_printf(out, "*-%c*, ", row->letter);
    g_string_append_printf(out, "*--%s*", row->name);
    if (row->value)
        g_string_append_printf(out, " %s_%s%s_%s", row->kind == OPTION_NAMES ? "[" : "", row->value,
                               row->kind == OPTION_NAMES ? "…" : "",
                               row->kind == OPTION_NAMES ? "]" : "");
    g_string_append(out, "\n\t");
    g_string_append_c(out, g_ascii_toupper(*row->help));
    append_scdoc_text(out, row->help + 1);
    g_string_append(out, ".\n\n");
}

char *options_scdoc(const Command *command)
{
    GString *out = g_string_new("# OPTIONS\n\n");
    for (const OptionGroup *const *group = command->groups; *group; group++) {
        g_string_append_printf(out, "## %s\n\n", (*group)->title);
        for (const OptionRow *row = (*group)->rows; row->name; row++)
            append_row_scdoc(out, row);
    }
    return g_string_free(out, FALSE);
}

static void append_command_words(GString *out, const Command *command)
{
    g_string_append_printf(out, "    %s) words=\"", command->name);
    for (const OptionGroup *const *group = command->groups; *group; group++) {
        for (const OptionRow *row = (*group)->rows; row->name; row++)
            g_string_append_printf(out, "--%s ", row->name);
    }
    g_string_truncate(out, out->len - 1);
    g_string_append_c(out, '"');
    /* "[size|list|prune]": the argument is one of these */
    if (*command->arguments &&
        command->arguments[strspn(command->arguments, "[]|abcdefghijklmnopqrstuvwxyz")] == '\0') {
        g_autofree char *verbs = g_strdelimit(g_strdup(command->arguments), "[]|", ' ');
        g_string_append_printf(out, " verbs=\"%s\"", g_strstrip(verbs));
    }
    g_string_append(out, " ;;\n");
}

static void append_choices(GString *out, const Command *const *commands, size_t count)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (size_t i = 0; i < count; i++) {
        for (const OptionGroup *const *group = commands[i]->groups; *group; group++) {
            for (const OptionRow *row = (*group)->rows; row->name; row++) {
                if (row->kind != OPTION_CHOICE || !g_hash_table_add(seen, (char *)row->name))
                    continue;
                g_autofree char *choices = g_strdelimit(g_strdup(row->value), "|", ' ');
                g_string_append_printf(
                    out, "    --%s) COMPREPLY=($(compgen -W \"%s\" -- \"$word\")); return ;;\n",
                    row->name, choices);
            }
        }
    }
}

char *options_completion(const Command *const *commands, size_t count)
{
    GString *out = g_string_new("# bash completion for ramekin\n_ramekin()\n{\n"
                                "    local word=${COMP_WORDS[COMP_CWORD]} words= verbs=\n"
                                "    case ${COMP_WORDS[COMP_CWORD-1]} in\n");
    append_choices(out, commands, count);
    g_string_append(out, "    esac\n    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
                         "        COMPREPLY=($(compgen -W \"");
    for (size_t i = 0; i < count; i++)
        g_string_append_printf(out, "%s%s", i ? " " : "", commands[i]->name);
    g_string_append(out, "\" -- \"$word\"))\n        return\n    fi\n"
                         "    case ${COMP_WORDS[1]} in\n");
    for (size_t i = 0; i < count; i++)
        append_command_words(out, commands[i]);
    g_string_append(out, "    esac\n    case $word in\n"
                         "    -*) COMPREPLY=($(compgen -W \"$words\" -- \"$word\")) ;;\n"
                         "    *) if [ -n \"$verbs\" ]; then\n"
                         "            COMPREPLY=($(compgen -W \"$verbs\" -- \"$word\"))\n"
                         "        else\n"
                         "            COMPREPLY=($(compgen -f -- \"$word\"))\n"
                         "        fi ;;\n    esac\n}\n"
                         "complete -o filenames -F _ramekin ramekin\n");
    return g_string_free(out, FALSE);
}
