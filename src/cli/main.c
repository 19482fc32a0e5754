/* ramekin: finds the command, reads its options, runs it. */
#include "base/log.h"
#include "cli/build_paths.h"
#include "cli/commands.h"
#include "cli/workspace.h"

static int fail_early(GError *error)
{
    g_autoptr(Options) options = options_new();
    g_autoptr(Output) output = output_new(options);
    return output_error(output, error);
}

static int unknown_command(const char *word)
{
    GError *error = NULL;
    const char *near = command_nearest(word);
    if (*word == '-')
        error_set(&error, ERROR_USAGE, SPAN_NONE, "the command comes first: ramekin COMMAND %s",
                  word);
    else if (near)
        error_set(&error, ERROR_USAGE, SPAN_NONE, "unknown command %s; did you mean %s?", word,
                  near);
    else
        error_set(&error, ERROR_USAGE, SPAN_NONE, "unknown command %s", word);
    error_set_hint(error, "`ramekin help` lists the commands");
    return fail_early(error);
}

static int run_command(const Command *command, char **words)
{
    g_autoptr(Options) options = options_new();
    GError *error = NULL;
    if (!options_parse(command, words, options, &error))
        return fail_early(error);
    g_autoptr(Output) output = output_new(options);
    log_set_verbose(options->verbose);
    if (options->help) {
        g_autofree char *help = options_help(command);
        output_result(output, help);
        return output_finish(output, 0);
    }
    Invocation invocation = {command, options, output};
    return output_finish(output, command->run(&invocation));
}

static int print_version(void)
{
    g_autoptr(Options) options = options_new();
    g_autoptr(Output) output = output_new(options);
    output_result_line(output, "ramekin %s", VERSION);
    return output_finish(output, 0);
}

/* A script that forgot the command must not go on as if something had been done. */
static int no_command(void)
{
    g_autoptr(Options) options = options_new();
    g_autoptr(Output) output = output_new(options);
    g_autofree char *text = commands_overview();
    output_people(output, text);
    return output_finish(output, 2);
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return no_command();
    const char *word = argv[1];
    if (g_str_equal(word, "--version"))
        return print_version();
    bool asks_help = g_str_equal(word, "--help") || g_str_equal(word, "-h");
    const Command *command = asks_help                         ? &command_help
                             : g_utf8_validate(word, -1, NULL) ? command_find(word)
                                                               : NULL;
    if (!command)
        return unknown_command(g_utf8_validate(word, -1, NULL) ? word : "(not UTF-8)");
    return run_command(command, argv + 2);
}
