#include "cli/check_dockerfile.h"

#include "base/io.h"
#include "base/limits.h"
#include "check/lint_fix.h"
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

static void print_findings(const Options *options, Output *output, const LintResult *result,
                           RewriteMode rewrites)
{
    ReportStyle style = {options->verbose, options->all, output_result_colour(output),
                         output_columns(output)};
    g_autofree char *text = NULL;
    switch ((OutputFormat)options->format) {
    case FORMAT_JSON:
        text = lint_result_encode_json(result);
        break;
    case FORMAT_SARIF:
        text = lint_result_encode_sarif(result);
        break;
    case FORMAT_TEXT:
        text = lint_result_format_text(result, &style, rewrites);
        break;
    }
    output_result(output, text);
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

/* The rewrites as a diff, then the file, then what is left in it. */
static int fix(const Invocation *invocation, Source *source, const char *path,
               const LintContext *context)
{
    const Options *options = invocation->options;
    Output *output = invocation->output;
    GError *error = NULL;
    g_autoptr(LintFix) fix = lint_fix_new(source, context, &error);
    if (!fix)
        return output_error(output, error);
    if (options->format == FORMAT_TEXT && fix->count > 0) {
        g_autofree char *diff = g_strconcat(fix->diff, "\n", NULL);
        output_result(output, diff);
        output_flush(output);
    }
    size_t length;
    const char *text = source_text(fix->source, &length);
    if (fix->count == 0)
        output_note(output, "no finding in %s has an exact rewrite", path);
    else if (!io_replace(path, text, length, &error))
        return output_error(output, error);
    else
        output_note(output, "wrote %s: %u %s", path, fix->count,
                    fix->count == 1 ? "finding is gone" : "findings are gone");
    print_findings(options, output, fix->left, REWRITES_WRITTEN);
    return judge_exit(options, fix->left);
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
    if (!source)
        return output_error(invocation->output, error);
    LintContext context = look_around(path);
    if (options->fix)
        return fix(invocation, source, path, &context);
    g_autoptr(Dockerfile) file = dockerfile_parse(source, &error);
    if (!file)
        return output_error(invocation->output, error);
    g_autoptr(LintResult) result = dockerfile_lint(file, &context);
    lint_rewrites_try(result, source, &context);
    print_findings(options, invocation->output, result, REWRITES_OFFERED);
    return judge_exit(options, result);
}
