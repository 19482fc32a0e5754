#include "cli/output.h"

#include "base/wrap.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

#undef g_getenv

enum {
    DEFAULT_COLUMNS = 80,
    MIN_COLUMNS = 40,
    MAX_COLUMNS = 1000,
};

struct Output {
    const Options *options;
    bool result_colour, people_colour;
    bool failed;
    int errnum; /* of the first failed write to stdout */
    Progress *progress;
};

static bool wants_colour(ColourChoice choice, int fd)
{
    if (choice != COLOUR_AUTO)
        return choice == COLOUR_ALWAYS;
    const char *no_colour = g_getenv("NO_COLOR"), *term = g_getenv("TERM");
    return (!no_colour || !*no_colour) && term && !g_str_equal(term, "dumb") && isatty(fd);
}

static ProgressMode progress_mode(const Options *options)
{
    if (options->quiet)
        return PROGRESS_NONE;
    switch ((ProgressChoice)options->progress) {
    case SHOW_NONE:
        return PROGRESS_NONE;
    case SHOW_JSON:
        return PROGRESS_JSON;
    case SHOW_PLAIN:
        return PROGRESS_PLAIN;
    case SHOW_AUTO:
        break;
    }
    return isatty(STDERR_FILENO) ? PROGRESS_TERMINAL : PROGRESS_PLAIN;
}

Output *output_new(const Options *options)
{
    Output *output = g_new0(Output, 1);
    output->options = options;
    output->result_colour = wants_colour((ColourChoice)options->colour, STDOUT_FILENO);
    output->people_colour = wants_colour((ColourChoice)options->colour, STDERR_FILENO);
    output->progress = progress_new(progress_mode(options));
    return output;
}

void output_free(Output *output)
{
    if (!output)
        return;
    progress_free(output->progress);
    g_free(output);
}

void output_result(Output *output, const char *text)
{
    progress_finish(output->progress);
    if (fputs(text, stdout) >= 0 || output->failed)
        return;
    output->failed = true;
    output->errnum = errno;
}

void output_flush(Output *output)
{
    if (fflush(stdout) == 0 || output->failed)
        return;
    output->failed = true;
    output->errnum = errno;
}

void output_result_line(Output *output, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    output_result(output, text);
    output_result(output, "\n");
}

bool output_result_colour(const Output *output)
{
    return output->result_colour;
}

TextStyle output_text_style(const Output *output)
{
    return (TextStyle){
        .all = output->options->all,
        .colour = output->result_colour,
        .columns = output_columns(output),
        .explained = isatty(STDOUT_FILENO) && isatty(STDERR_FILENO),
    };
}

void output_form(Output *output, const ResultForms *forms, const void *value)
{
    TextStyle style = output_text_style(output);
    g_autofree char *text = output->options->format == FORMAT_JSON ? forms->json(value, style.all)
                                                                   : forms->text(value, &style);
    output_result(output, text);
}

/* What the user says; 0: nothing that makes sense. */
static unsigned columns_of_user(void)
{
    guint64 columns = 0;
    const char *text = g_getenv("COLUMNS");
    return text && g_ascii_string_to_unsigned(text, 10, MIN_COLUMNS, MAX_COLUMNS, &columns, NULL)
               ? (unsigned)columns
               : 0;
}

unsigned output_columns(const Output *output)
{
    if (columns_of_user() > 0)
        return columns_of_user();
    struct winsize size;
    if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return MAX(size.ws_col, MIN_COLUMNS);
    return DEFAULT_COLUMNS;
}

/* Of what people read on stderr: broken to fit a terminal, or where the user says a width; else one
 * line each, which other programs can read. */
static unsigned people_columns(void)
{
    if (columns_of_user() > 0)
        return columns_of_user();
    struct winsize size;
    if (isatty(STDERR_FILENO) && ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return MAX(size.ws_col, MIN_COLUMNS);
    return 0;
}

static ErrorStyle people_style(const Output *output)
{
    return (ErrorStyle){output->people_colour, people_columns()};
}

void output_people(Output *output, const char *text)
{
    progress_finish(output->progress);
    fputs(text, stderr);
}

static void print_people(Output *output, const char *label, const char *colour, const char *format,
                         va_list args)
{
    g_autofree char *text = g_strdup_vprintf(format, args);
    progress_finish(output->progress);
    if (label && output->people_colour)
        fprintf(stderr, "\033[%sm%s:\033[0m ", colour, label);
    else if (label)
        fprintf(stderr, "%s: ", label);
    g_autoptr(GString) wrapped = g_string_new(NULL);
    wrap_append(wrapped, text, label ? (unsigned)strlen(label) + 2 : 0, 4, people_columns());
    fprintf(stderr, "%s\n", wrapped->str);
}

void output_note(Output *output, const char *format, ...)
{
    if (output->options->quiet)
        return;
    va_list args;
    va_start(args, format);
    print_people(output, NULL, "", format, args);
    va_end(args);
}

int output_error(Output *output, GError *error)
{
    g_autofree char *text = error_format_styled(error, "error", people_style(output));
    int status = error_exit_status(error);
    output_people(output, text);
    g_error_free(error);
    return status;
}

int output_diags(Output *output, const Diags *diags)
{
    bool worth_it = diags_errors(diags) > 0 || !output->options->quiet;
    if (worth_it && diags_errors(diags) + diags_warnings(diags) > 0) {
        g_autofree char *text = diags_format_styled(diags, people_style(output));
        output_people(output, text);
    }
    return diags_exit_status(diags);
}

static const char *severity_colour(Severity severity)
{
    static const char *const colours[] = {
        [SEVERITY_NOTE] = "1", [SEVERITY_WARNING] = "1;33", [SEVERITY_ERROR] = "1;31"};
    return colours[severity];
}

static void append_remark(GString *out, const char *label, const char *text, unsigned columns)
{
    g_string_append_printf(out, "      = %s", label);
    wrap_append(out, text, 8 + (unsigned)strlen(label), 10, columns);
    g_string_append_c(out, '\n');
}

void output_finding(Output *output, const Finding *finding)
{
    if (output->options->quiet && finding->severity != SEVERITY_ERROR)
        return;
    unsigned columns = people_columns();
    const char *name = severity_name(finding->severity);
    g_autoptr(GString) text = g_string_new(finding->at);
    g_string_append_printf(text, "%s", finding->at ? ": " : "");
    unsigned column = (unsigned)g_utf8_strlen(text->str, -1) + (unsigned)strlen(name) + 2;
    if (output->people_colour)
        g_string_append_printf(text, "\033[%sm%s:\033[0m ", severity_colour(finding->severity),
                               name);
    else
        g_string_append_printf(text, "%s: ", name);
    g_autofree char *message = g_strdup_printf("%s [%s]", finding->message, finding->code);
    wrap_append(text, message, column, 4, columns);
    g_string_append_c(text, '\n');
    for (guint i = 0; finding->evidence && finding->evidence[i]; i++)
        append_remark(text, "", finding->evidence[i], columns);
    if (finding->hint)
        append_remark(text, "hint: ", finding->hint, columns);
    output_people(output, text->str);
}

int worse_status(int a, int b)
{
    return a > b ? a : b;
}

Progress *output_progress(Output *output)
{
    return output->progress;
}

int output_finish(Output *output, int status)
{
    progress_finish(output->progress);
    if (fflush(stdout) != 0 && !output->failed) {
        output->failed = true;
        output->errnum = errno;
    }
    fflush(stderr);
    if (!output->failed)
        return status;
    fprintf(stderr, "error: cannot write the result: %s\n", g_strerror(output->errnum));
    return 2;
}
