#include "cli/commands.h"
#include "cli/operand.h"

static const OptionRow rows[] = {
    /* clang-format off */
    {"format", 0, OPTION_CHOICE, "text|json|markdown", offsetof(Options, diff_format), 0,
     "text for people, JSON (ramekin.diff/1) for scripts, Markdown for a pull request"},
    {"stat", 0, OPTION_SWITCH, NULL, offsetof(Options, stat), 0,
     "sums alone, no single distributions and stages"},
    {"only", 0, OPTION_CHOICE, "all|facts|findings|packages|contents|stages|layers|sizes", offsetof(Options, only), 0,
     "one part of it"},
    {"all", 'a', OPTION_SWITCH, NULL, offsetof(Options, all), 0,
     "each distribution on a line of its own, with its cause"},
    {"since", 0, OPTION_VALUE, "REV", offsetof(Options, since), 0,
     "compare the recipe with what it was in a git revision"},
    OPTION_ROW_LOCKED,
    {0},
    /* clang-format on */
};
static const OptionGroup group = {"Diff", rows};
static const OptionGroup *const groups[] = {&group, &options_recipe, &options_resolve,
                                            &options_common, NULL};

/* The order of --only's words. */
static const unsigned parts[] = {
    DIFF_PART_ALL,
    DIFF_PART_FACTS,
    DIFF_PART_FINDINGS,
    DIFF_PART_PACKAGES,
    DIFF_PART_CONTENTS,
    DIFF_PART_STAGES,
    DIFF_PART_LAYERS | DIFF_PART_SIZES,
    DIFF_PART_SIZES,
};

static void print_diff(const Invocation *invocation, const Diff *diff)
{
    const Options *options = invocation->options;
    Output *output = invocation->output;
    DiffStyle style = {parts[options->only],
                       options->stat,
                       {.all = options->all,
                        .colour = output_result_colour(output),
                        .columns = output_columns(output)}};
    g_autofree char *text = NULL;
    switch ((DiffFormat)options->diff_format) {
    case DIFF_FORMAT_TEXT:
        text = diff_format_text(diff, &style);
        break;
    case DIFF_FORMAT_JSON:
        text = diff_encode_json(diff);
        break;
    case DIFF_FORMAT_MARKDOWN:
        text = diff_format_markdown(diff, &style);
        break;
    }
    output_result(output, text);
}

static int usage(const Invocation *invocation, const char *hint)
{
    GError *error = NULL;
    error_set(&error, ERROR_USAGE, SPAN_NONE, "diff wants two sides");
    error_set_hint(error, "%s", hint);
    return output_error(invocation->output, error);
}

/* Two arguments, A..B, or the recipe and --since. */
static int find_sides(const Invocation *invocation, char **ret_a, char **ret_b)
{
    const Options *options = invocation->options;
    const GPtrArray *arguments = options->arguments;
    const char *first = arguments->len > 0 ? arguments->pdata[0] : DEFAULT_RECIPE;
    const char *dots = strstr(first, "..");
    if (options->since && arguments->len < 2) {
        *ret_a = g_strdup_printf("%s:%s", options->since, first);
        *ret_b = g_strdup(first);
        return 0;
    }
    if (options->since)
        return usage(invocation, "--since REV compares one recipe with itself");
    if (arguments->len == 2) {
        *ret_a = g_strdup(first);
        *ret_b = g_strdup(arguments->pdata[1]);
        return 0;
    }
    bool range = arguments->len == 1 && dots && dots > first && dots[2] &&
                 !g_file_test(first, G_FILE_TEST_EXISTS);
    if (!range)
        return usage(invocation, "ramekin diff A B, ramekin diff REV..REV, or ramekin diff --since "
                                 "REV [RECIPE]");
    *ret_a = g_strndup(first, (size_t)(dots - first));
    *ret_b = g_strdup(dots + 2);
    return 0;
}

static int run_diff(Invocation *invocation)
{
    g_autofree char *first = NULL, *second = NULL;
    g_autoptr(Operand) a = NULL;
    g_autoptr(Operand) b = NULL;
    int status = find_sides(invocation, &first, &second);
    if (status == 0)
        status = operand_open(invocation, first, &a);
    if (status == 0)
        status = operand_open(invocation, second, &b);
    if (status != 0)
        return 2; /* 1 says that there is a difference */
    operands_complete(invocation, a, b);
    g_autoptr(Diff) diff = diff_new(&a->side, &b->side);
    print_diff(invocation, diff);
    return diff_part_is_empty(diff, parts[invocation->options->only]) ? 0 : 1;
}

const Command command_diff = {"diff",
                              run_diff,
                              "[A B | REV..REV]",
                              0,
                              2,
                              "say what is different, and why, between two "
                              "recipes, locks, images, revisions",
                              groups};
