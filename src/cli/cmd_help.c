#include "cli/commands.h"
#include "cli/explain.h"
#include "cli/stages_dir.h"
#include "cli/workspace.h"
#include "recipe/definition_docs.h"

static const OptionRow rows[] = {
    /* clang-format off */
    {"scdoc", 0, OPTION_SWITCH, NULL, offsetof(Options, scdoc), 0,
     "print the tables that manual pages are made from"},
    {0},
    /* clang-format on */
};
static const OptionGroup group = {"Help", rows};
static const OptionGroup *const groups[] = {&group, &options_common, NULL};

char *commands_overview(void)
{
    size_t count;
    const Command *const *commands = commands_all(&count);
    GString *out = g_string_new("usage: ramekin COMMAND [OPTION…]\n\n"
                                "Reproducible container images from a recipe of ordered install "
                                "stages.\n\nCommands:\n");
    for (size_t i = 0; i < count; i++)
        g_string_append_printf(out, "  %-12s %s\n", commands[i]->name, commands[i]->summary);
    g_string_append(out, "\n`ramekin COMMAND --help` explains one of them, "
                         "`ramekin help stages` lists\nthe stage definitions that are shipped, "
                         "`ramekin --version` says which release this is.\n");
    return g_string_free(out, FALSE);
}

/* The table of commands, of a recipe's keys, of the findings, of the shipped stage definitions, or
 * of one command's options. */
static char *scdoc_of(const char *topic, GError **error)
{
    g_autofree char *stages = stages_dir_find();
    if (topic && g_str_equal(topic, "stages"))
        return definitions_manual_scdoc(stages, error);
    if (topic && g_str_equal(topic, "recipe"))
        return recipe_manual_scdoc();
    if (topic && g_str_equal(topic, "findings"))
        return explain_scdoc();
    const Command *command = topic ? command_find(topic) : NULL;
    if (command)
        return options_scdoc(command);
    GString *out = g_string_new(NULL);
    size_t count;
    const Command *const *commands = commands_all(&count);
    for (size_t i = 0; i < count; i++)
        g_string_append_printf(out, "*ramekin %s* %s\n\t%c%s.\n\n", commands[i]->name,
                               commands[i]->arguments, g_ascii_toupper(*commands[i]->summary),
                               commands[i]->summary + 1);
    return g_string_free(out, FALSE);
}

static int print(Invocation *invocation, const char *text, GError *error)
{
    if (!text)
        return output_error(invocation->output, error);
    output_result(invocation->output, text);
    return 0;
}

static int run_help(Invocation *invocation)
{
    const GPtrArray *arguments = invocation->options->arguments;
    GError *error = NULL;
    if (invocation->options->scdoc) {
        g_autofree char *text = scdoc_of(arguments->len > 0 ? arguments->pdata[0] : NULL, &error);
        return print(invocation, text, error);
    }
    if (arguments->len == 0) {
        g_autofree char *text = commands_overview();
        output_result(invocation->output, text);
        return 0;
    }
    g_autofree char *stages = stages_dir_find();
    if (g_str_equal(arguments->pdata[0], "stages")) {
        g_autofree char *list = definitions_list(stages, &error);
        return print(invocation, list, error);
    }
    const Command *command = command_find(arguments->pdata[0]);
    if (!command) {
        error_set(&error, ERROR_USAGE, SPAN_NONE, "unknown command %s",
                  (const char *)arguments->pdata[0]);
        return output_error(invocation->output, error);
    }
    g_autofree char *text = options_help(command);
    output_result(invocation->output, text);
    return 0;
}

const Command command_help = {
    "help", run_help, "[COMMAND|stages]",
    0,      1,        "list the commands, or the shipped stage definitions; or explain a command",
    groups};
