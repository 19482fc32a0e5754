#include "cli/commands.h"
#include "test.h"

static char *parse(const char *line)
{
    g_auto(GStrv) words = g_strsplit(line, " ", -1);
    g_autoptr(Options) options = options_new();
    g_autoptr(GError) error = NULL;
    if (!options_parse(&command_lock, words, options, &error))
        return g_strdup(error->message);
    g_autofree char *vars = g_strjoinv(",", (char **)options->vars->pdata);
    g_autofree char *names = g_strjoinv(",", (char **)options->upgrade_names->pdata);
    g_autofree char *arguments = g_strjoinv(",", (char **)options->arguments->pdata);
    return g_strdup_printf("%s%s%s%s vars=%s upgrade=%d:%s jobs=%s progress=%d arguments=%s",
                           options->quiet ? "q" : "", options->verbose ? "v" : "",
                           options->help ? "h" : "", options->offline ? "o" : "", vars,
                           options->upgrade, names, options->jobs ? options->jobs : "",
                           options->progress, arguments);
}

TEST(parses)
{
    static const struct {
        const char *line, *expected;
    } rows[] = {
        {"x.yaml#row", " vars= upgrade=0: jobs= progress=0 arguments=x.yaml#row"},
        {"-qv --offline --var a=1 --var=b=2",
         "qvo vars=a=1,b=2 upgrade=0: jobs= progress=0 arguments="},
        {"-j4 --progress json", " vars= upgrade=0: jobs=4 progress=2 arguments="},
        {"-j 4 -- --offline", " vars= upgrade=0: jobs=4 progress=0 arguments=--offline"},
        {"--upgrade", " vars= upgrade=1: jobs= progress=0 arguments="},
        {"--upgrade torch numpy x.yaml",
         " vars= upgrade=1:torch,numpy jobs= progress=0 arguments=x.yaml"},
        {"--upgrade torch -q x.yaml", "q vars= upgrade=1:torch jobs= progress=0 arguments=x.yaml"},
        {"--upgrade=torch x.yaml", " vars= upgrade=1:torch jobs= progress=0 arguments=x.yaml"},
        {"-U torch dir/r", " vars= upgrade=1:torch jobs= progress=0 arguments=dir/r"},
        {"a b --help", "h vars= upgrade=0: jobs= progress=0 arguments=a,b"},
        {"--ofline", "unknown option --ofline; did you mean --offline?"},
        {"--frobnicate=1", "unknown option --frobnicate"},
        {"-z", "unknown option -z"},
        {"--jobs", "--jobs needs a value (N)"},
        {"--jobs=", "--jobs is empty"},
        {"--offline=1", "--offline takes no value"},
        {"--format yaml", "--format is one of text|json, not \"yaml\""},
        {"a b", "unexpected argument \"b\""},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *found = parse(rows[i].line);
        assert_text(rows[i].line, rows[i].expected, found);
    }
}

/* What the tables promise every reader of them. */
TEST(tables_are_whole)
{
    size_t count;
    const Command *const *commands = commands_all(&count);
    for (size_t i = 0; i < count; i++) {
        const Command *command = commands[i];
        g_assert_true(command_find(command->name) == command);
        g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
        for (const OptionGroup *const *group = command->groups; *group; group++) {
            for (const OptionRow *row = (*group)->rows; row->name; row++) {
                g_assert_true(g_hash_table_add(seen, (char *)row->name));
                g_assert_true((row->kind == OPTION_SWITCH) == (row->value == NULL));
                g_assert_false(g_str_has_suffix(row->help, "."));
            }
        }
    }
}
