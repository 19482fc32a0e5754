#include "cli/check_dockerfile.h"

#include "base/limits.h"
#include "check/lint_report.h"

/* FILE.dockerignore goes before .dockerignore. */
static LintContext look_around(const char *path)
{
    g_autofree char *own = g_strconcat(path, ".dockerignore", NULL);
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *common = g_build_filename(folder, ".dockerignore", NULL);
    bool found = g_file_test(own, G_FILE_TEST_EXISTS) || g_file_test(common, G_FILE_TEST_EXISTS);
    return (LintContext){.knows_ignore_file = true, .has_ignore_file = found};
}

static char *render(const Options *options, Output *output, const LintResult *result)
{
    ReportStyle style = {options->verbose, options->all, output_result_colour(output),
                         output_columns(output)};
    switch ((OutputFormat)options->format) {
    case FORMAT_JSON:
        return lint_result_encode_json(result);
    case FORMAT_SARIF:
        return lint_result_encode_sarif(result);
    case FORMAT_TEXT:
        break;
    }
    return lint_result_format_text(result, &style);
}

static int judge_exit(const Options *options, const LintResult *result)
{
    switch ((FailOn)options->fail_on) {
    case FAIL_ON_ERROR:
        return lint_result_count(result, SEVERITY_ERROR) > 0;
    case FAIL_ON_WARNING:
        return lint_result_count(result, SEVERITY_WARNING) > 0;
    case FAIL_ON_NEVER:
        break;
    }
    return 0;
}

int check_dockerfile(Invocation *invocation, const char *path)
{
    const Options *options = invocation->options;
    GError *error = NULL;
    if (options->arguments->len > 0) {
        error_set(&error, ERROR_USAGE, SPAN_NONE,
                  "--dockerfile takes the place of a recipe, and '%s' is given too",
                  (const char *)options->arguments->pdata[0]);
        return output_error(invocation->output, error);
    }
    g_autoptr(Source) source = source_load(path, NULL, LIMIT_DOCKERFILE_BYTES, &error);
    g_autoptr(Dockerfile) file = source ? dockerfile_parse(source, &error) : NULL;
    if (!file)
        return output_error(invocation->output, error);
    LintContext context = look_around(path);
    g_autoptr(LintResult) result = dockerfile_lint(file, &context);
    g_autofree char *text = render(options, invocation->output, result);
    output_result(invocation->output, text);
    return judge_exit(options, result);
}
