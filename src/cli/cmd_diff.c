#include "cli/commands.h"
#include "cli/operand.h"
#include "text/jsonw.h"

static const OptionRow option_rows[] = {
    /* clang-format off */
    {"format", 0, OPTION_CHOICE, "text|json|markdown|html", offsetof(Options, diff_format), 0,
     "text for people, JSON (ramekin.diff/1) for scripts, Markdown for a pull request, or one "
     "self-contained HTML page"},
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
static const OptionGroup group = {"Diff", option_rows};
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

static char *format_diff(const Invocation *invocation, const Diff *diff)
{
    const Options *options = invocation->options;
    const Output *output = invocation->output;
    DiffStyle style = {parts[options->only],
                       options->stat,
                       {.all = options->all,
                        .colour = output_result_colour(output),
                        .columns = output_columns(output)}};
    switch ((DiffFormat)options->diff_format) {
    case DIFF_FORMAT_JSON:
        return diff_encode_json(diff);
    case DIFF_FORMAT_MARKDOWN:
        return diff_format_markdown(diff, &style);
    case DIFF_FORMAT_HTML:
        return diff_format_html(diff, &style);
    case DIFF_FORMAT_TEXT:
    default:
        return diff_format_text(diff, &style);
    }
}

static int usage(const Invocation *invocation, const char *message, const char *hint)
{
    GError *error = NULL;
    error_set(&error, ERROR_USAGE, SPAN_NONE, "%s", message);
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
        return usage(invocation, "diff wants two sides",
                     "--since REV compares one recipe with itself");
    if (arguments->len == 2) {
        *ret_a = g_strdup(first);
        *ret_b = g_strdup(arguments->pdata[1]);
        return 0;
    }
    bool range = arguments->len == 1 && dots && dots > first && dots[2] &&
                 !g_file_test(first, G_FILE_TEST_EXISTS);
    if (!range)
        return usage(invocation, "diff wants two sides",
                     "ramekin diff A B, ramekin diff REV..REV, or ramekin diff --since "
                     "REV [RECIPE]");
    *ret_a = g_strndup(first, (size_t)(dots - first));
    *ret_b = g_strdup(dots + 2);
    return 0;
}

/* *ret_text: the diff of two sides, to print. */
static int compare(const Invocation *invocation, const char *first, const char *second,
                   char **ret_text)
{
    g_autoptr(Operand) a = NULL;
    g_autoptr(Operand) b = NULL;
    int status = operand_open(invocation, first, &a);
    if (status == 0)
        status = operand_open(invocation, second, &b);
    if (status != 0)
        return 2; /* 1 says that there is a difference */
    operands_complete(invocation, a, b);
    g_autoptr(Diff) diff = diff_new(&a->side, &b->side);
    *ret_text = format_diff(invocation, diff);
    return diff_part_is_empty(diff, parts[invocation->options->only]) ? 0 : 1;
}

/* The row of a side; one that has no matrix stands for each row, one that lacks the row is nothing.
 */
static char *side_of_row(const char *text, const GPtrArray *rows, const char *row)
{
    if (rows->len == 0)
        return g_strdup(text);
    bool there = g_ptr_array_find_with_equal_func((GPtrArray *)rows, row, g_str_equal, NULL);
    return there ? g_strdup_printf("%s#%s", text, row) : g_strdup("/dev/null");
}

/* Every row by itself: several texts, or one JSON document that lists them. */
static int compare_rows(const Invocation *invocation, const char *first, const char *second,
                        const GPtrArray *a, const GPtrArray *b, const GPtrArray *rows)
{
    bool json = (DiffFormat)invocation->options->diff_format == DIFF_FORMAT_JSON;
    g_autoptr(JsonWriter) writer = jsonw_new();
    jsonw_begin_object(writer, JSONW_BLOCK);
    jsonw_string_member(writer, "schema", "ramekin.diffs/1");
    jsonw_key(writer, "diffs");
    jsonw_begin_array(writer, JSONW_BLOCK);
    int status = 0;
    for (guint i = 0; i < rows->len; i++) {
        g_autofree char *before = side_of_row(first, a, rows->pdata[i]);
        g_autofree char *after = side_of_row(second, b, rows->pdata[i]);
        g_autofree char *text = NULL;
        status = worse_status(status, compare(invocation, before, after, &text));
        if (text && json)
            jsonw_raw(writer, g_strchomp(text));
        else if (text)
            output_result(invocation->output, i > 0 ? "\n" : "");
        if (text && !json)
            output_result(invocation->output, text);
    }
    jsonw_end_array(writer);
    jsonw_end_object(writer);
    g_autofree char *document = jsonw_finish(writer, NULL);
    if (json)
        output_result(invocation->output, document);
    return status;
}

/* The rows of both, B's first; NULL: one comparison is all there is. */
static GPtrArray *all_rows(const GPtrArray *a, const GPtrArray *b)
{
    if (!a || !b || a->len + b->len == 0)
        return NULL;
    GPtrArray *rows = g_ptr_array_new();
    for (guint i = 0; i < a->len + b->len; i++) {
        char *row = i < b->len ? b->pdata[i] : a->pdata[i - b->len];
        if (!g_ptr_array_find_with_equal_func(rows, row, g_str_equal, NULL))
            g_ptr_array_add(rows, row);
    }
    return rows;
}

static int run_diff(Invocation *invocation)
{
    g_autofree char *first = NULL, *second = NULL, *text = NULL;
    g_autoptr(GPtrArray) a = NULL;
    g_autoptr(GPtrArray) b = NULL;
    int status = find_sides(invocation, &first, &second);
    if (status == 0)
        status = operand_rows(invocation, first, &a);
    if (status == 0)
        status = operand_rows(invocation, second, &b);
    if (status != 0)
        return 2;
    g_autoptr(GPtrArray) rows = all_rows(a, b);
    if (rows && (DiffFormat)invocation->options->diff_format == DIFF_FORMAT_HTML)
        return usage(invocation, "a page is of one row", "name it: RECIPE#ROW, FILE.lock#ROW");
    if (rows)
        return compare_rows(invocation, first, second, a, b, rows);
    status = compare(invocation, first, second, &text);
    if (text)
        output_result(invocation->output, text);
    return status;
}

const Command command_diff = {"diff",
                              run_diff,
                              "[A B | REV..REV]",
                              0,
                              2,
                              "say what is different, and why, between two "
                              "recipes, locks, images, revisions",
                              groups};
