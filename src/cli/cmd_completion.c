#include "cli/commands.h"
#include "cli/workspace.h"

static const OptionGroup *const groups[] = {&options_common, NULL};

static int run_completion(Invocation *invocation)
{
    const char *shell = invocation->options->arguments->pdata[0];
    if (!g_str_equal(shell, "bash")) {
        GError *error = NULL;
        error_set(&error, ERROR_USAGE, SPAN_NONE, "there is completion for bash, not for %s",
                  shell);
        return output_error(invocation->output, error);
    }
    size_t count;
    const Command *const *commands = commands_all(&count);
    g_autofree char *text = options_completion(commands, count);
    output_result(invocation->output, text);
    return 0;
}

const Command command_completion = {
    "completion", run_completion, "bash", 1, 1, "print completion for a shell", groups};
