#include "cli/commands.h"
#include "cli/workspace.h"
#include "plan/inspect.h"
#include "plan/lock_text.h"

static const OptionRow rows[] = {
    /* clang-format off */
    {"format", 0, OPTION_CHOICE, "text|json", offsetof(Options, format), 0,
     "text for people or JSON (ramekin.inspect/1; of a lock the lock) for scripts"},
    {"platform", 0, OPTION_VALUE, "OS/ARCH", offsetof(Options, platform), 0,
     "tell of this platform alone"},
    {0},
    /* clang-format on */
};
static const OptionGroup group = {"Inspect", rows};
static const OptionGroup *const groups[] = {&group, &options_common, NULL};

static char *inspection_json(const void *inspection, G_GNUC_UNUSED bool all)
{
    return inspection_encode_json(inspection);
}

static char *inspection_text(const void *inspection, const TextStyle *style)
{
    return inspection_format_text(inspection, style);
}

static const ResultForms forms = {inspection_json, inspection_text};

/* A file is a lock: images are named with their form. Nothing of the text depends on the terminal,
 * since git compares it line by line. */
static int inspect_lock(Invocation *invocation, const char *path)
{
    g_autoptr(Lock) lock = NULL;
    GError *error = NULL;
    if (!lock_load(path, &lock, &error))
        return output_error(invocation->output, error);
    g_autofree char *text = (OutputFormat)invocation->options->format == FORMAT_JSON
                                ? lock_encode(lock, NULL)
                                : lock_format_text(lock);
    output_result(invocation->output, text);
    return 0;
}

static int run_inspect(Invocation *invocation)
{
    const Options *options = invocation->options;
    Output *output = invocation->output;
    GError *error = NULL;
    if (g_file_test(options->arguments->pdata[0], G_FILE_TEST_IS_REGULAR))
        return inspect_lock(invocation, options->arguments->pdata[0]);
    g_autoptr(Platform) platform =
        options->platform ? platform_parse(options->platform, &error) : NULL;
    g_autoptr(Inspection) inspection =
        error ? NULL : inspection_new(options->arguments->pdata[0], platform, &error);
    if (!inspection)
        return output_error(output, error);
    output_form(output, &forms, inspection);
    return 0;
}

const Command command_inspect = {
    "inspect", run_inspect, "IMAGE|LOCK",
    1,         1,           "say what an image is made of, without reading its layers, or a lock",
    groups,
};
