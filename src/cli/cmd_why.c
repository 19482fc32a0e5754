#include "cli/commands.h"
#include "cli/operand.h"
#include "diff/why_between.h"
#include "plan/why.h"
#include "python/name.h"
#include "python/version.h"

static const OptionRow rows[] = {
    /* clang-format off */
    OPTION_ROW_FORMAT("ramekin.why/1"),
    {"all", 'a', OPTION_SWITCH, NULL, offsetof(Options, all), 0,
     "print every chain, not the shortest of each clause"},
    {"between", 0, OPTION_VALUE, "A", offsetof(Options, between), 0,
     "what changed about NAME from A to B: sides as `ramekin diff` takes them"},
    OPTION_ROW_LOCKED,
    {0},
    /* clang-format on */
};
static const OptionGroup group = {"Why", rows};
static const OptionGroup *const groups[] = {&group,           &options_file,   &options_recipe,
                                            &options_resolve, &options_common, NULL};

/* What is asked: NAME and VERSION of the command line. */
typedef struct {
    char *name;    /* canonical */
    char *version; /* in normal form, or NULL */
} Subject;

static void subject_clear(Subject *subject)
{
    g_free(subject->name);
    g_free(subject->version);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Subject, subject_clear)

static gboolean read_subject(const Options *options, Subject *subject, GError **error)
{
    const char *name = options->arguments->pdata[0];
    bool versioned = options->arguments->len > 1 && !options->between;
    const char *text = versioned ? options->arguments->pdata[1] : NULL;
    if (!name_is_valid(name)) {
        error_set(error, ERROR_USAGE, SPAN_NONE, "\"%s\" is no name of a distribution", name);
        if (error)
            error_set_hint(*error, "`ramekin why NAME [VERSION]`; the recipe is named with -f");
        return FALSE;
    }
    g_autoptr(Version) version = text ? version_parse(text, NULL) : NULL;
    if (text && !version) {
        error_set(error, ERROR_USAGE, SPAN_NONE, "\"%s\" is no version", text);
        if (error)
            error_set_hint(*error, "`ramekin why NAME [VERSION]`; the recipe is named with -f");
        return FALSE;
    }
    subject->name = name_canonicalize(name);
    subject->version = version ? g_strdup(version_text(version)) : NULL;
    return TRUE;
}

static int refuse_absent(const Workspace *workspace, const LockTarget *target, const char *name)
{
    GError *error = NULL;
    const char *near = why_nearest(target, name);
    if (lock_target_is_solved(target))
        error_set(&error, ERROR_INPUT, SPAN_NONE, "no stage of %s installs %s",
                  workspace->recipe_path, name);
    else
        error_set(&error, ERROR_INPUT, SPAN_NONE, "no stage of %s that is solved installs %s",
                  workspace->recipe_path, name);
    if (near)
        error_set_hint(error, "did you mean %s?", near);
    int status = output_error(workspace->output, error);
    workspace_explain_unsolved(workspace, target);
    return status;
}

/* What is said about a version, and what it is said from. */
typedef struct {
    WhyQuestion question;
    GPtrArray *files;
    Lock *trial;
} Answer;

static void answer_clear(Answer *answer)
{
    g_clear_pointer(&answer->files, g_ptr_array_unref);
    g_clear_pointer(&answer->trial, lock_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Answer, answer_clear)

static const LockStage *find_unsatisfiable(const LockTarget *target)
{
    for (guint i = 0; i < target->stages->len; i++) {
        const LockStage *stage = target->stages->pdata[i];
        if (stage->status == STAGE_UNSATISFIABLE && stage->explanation)
            return stage;
    }
    return NULL;
}

/* Solves the stages with the version as a constraint. What can't be found out leaves the question
 * open. */
static int try_version(Workspace *workspace, const WorkTarget *wanted, const Why *why,
                       Answer *answer)
{
    WhyQuestion *question = &answer->question;
    g_autofree char *constraint = g_strdup_printf("%s==%s", why->name, question->version);
    LockSession *session = workspace_session(workspace);
    answer->trial = lock_new();
    LockTarget *target = NULL;
    lock_session_try(session, why->decided->stage->name, constraint);
    int status = workspace_resolve(workspace, wanted, answer->trial, &target);
    lock_session_try(session, NULL, NULL);
    if (status != 0)
        return status;
    question->failed = find_unsatisfiable(target);
    if (question->failed || lock_target_is_solved(target))
        question->trial = question->failed ? TRIAL_FAILED : TRIAL_SOLVED;
    return 0;
}

static bool offers_usable(const WhyQuestion *question)
{
    g_autoptr(Version) wanted = version_parse(question->version, NULL);
    for (guint i = 0; i < question->files->len; i++) {
        const SurveyFile *file = question->files->pdata[i];
        g_autoptr(Version) version = version_parse(file->version, NULL);
        g_autofree char *public = version_public_text(version);
        if (!file->refused && (version_equal(version, wanted) ||
                               (!version_local(wanted) && g_str_equal(public, question->version))))
            return true;
    }
    return false;
}

static bool is_current(const Why *why, const char *version)
{
    return why->current && g_str_equal(why->current->version, version);
}

/* What the indexes have, and the trial where nothing else speaks against the version. */
static int find_answer(Workspace *workspace, const WorkTarget *wanted, LockSurvey *survey, Why *why,
                       Answer *answer)
{
    WhyQuestion *question = &answer->question;
    why_ask(why, question);
    if (!why->decided || is_current(why, question->version))
        return 0;
    GError *error = NULL;
    if (!lock_survey_files(survey, why->decided->stage->name, why->name, &answer->files, &error))
        return output_error(workspace->output, error);
    question->files = answer->files;
    if (why_is_excluded(why) || !offers_usable(question))
        return 0;
    return try_version(workspace, wanted, why, answer);
}

static char *why_json(const void *why, G_GNUC_UNUSED bool all)
{
    return why_encode_json(why);
}

static char *why_text(const void *why, const TextStyle *style)
{
    return why_format_text(why, style);
}

static const ResultForms forms = {why_json, why_text};

static int explain(Workspace *workspace, const WorkTarget *wanted, const LockTarget *target,
                   const Subject *subject)
{
    GError *error = NULL;
    g_autoptr(LockSurvey) survey = lock_survey_new(workspace_session(workspace), wanted->recipe,
                                                   wanted->platform, workspace->diags, &error);
    int status = output_diags(workspace->output, workspace->diags);
    diags_forget(workspace->diags);
    if (!survey)
        return error ? output_error(workspace->output, error) : worse_status(status, 1);
    g_autoptr(Why) why = why_new(workspace->recipe_path, target, survey, subject->name);
    if (!why)
        return refuse_absent(workspace, target, subject->name);
    g_auto(Answer) answer = {.question = {.version = subject->version}};
    status = subject->version ? find_answer(workspace, wanted, survey, why, &answer) : 0;
    output_form(workspace->output, &forms, why);
    if (lock_target_is_solved(target))
        return status;
    workspace_explain_unsolved(workspace, target);
    return worse_status(status, 1);
}

/* --between */

static char *between_json(const void *between, G_GNUC_UNUSED bool all)
{
    return why_between_encode_json(between);
}

static char *between_text(const void *between, const TextStyle *style)
{
    return why_between_format_text(between, style);
}

static const ResultForms between_forms = {between_json, between_text};

static int refuse_between(const Invocation *invocation, int code, const char *message,
                          const char *hint)
{
    GError *error = NULL;
    error_set(&error, code, SPAN_NONE, "%s", message);
    if (hint)
        error_set_hint(error, "%s", hint);
    return output_error(invocation->output, error);
}

static int explain_between(const Invocation *invocation, const char *name)
{
    const Options *options = invocation->options;
    g_autoptr(Operand) a = NULL;
    g_autoptr(Operand) b = NULL;
    if (options->arguments->len < 2)
        return refuse_between(invocation, ERROR_USAGE, "--between wants two sides",
                              "ramekin why NAME --between A B");
    int status = operand_open(invocation, options->between, &a);
    if (status == 0)
        status = operand_open(invocation, options->arguments->pdata[1], &b);
    if (status != 0)
        return status;
    g_autoptr(Diff) diff = diff_new(&a->side, &b->side);
    g_autoptr(WhyBetween) between = why_between_new(diff, name);
    if (!between) {
        g_autofree char *message =
            g_strdup_printf("neither %s nor %s has %s", a->label, b->label, name);
        return refuse_between(invocation, ERROR_INPUT, message, NULL);
    }
    output_form(invocation->output, &between_forms, between);
    return 0;
}

static int run_why(Invocation *invocation)
{
    g_auto(Subject) subject = {0};
    GError *error = NULL;
    if (!read_subject(invocation->options, &subject, &error))
        return output_error(invocation->output, error);
    if (invocation->options->between)
        return explain_between(invocation, subject.name);
    g_autoptr(Workspace) workspace = NULL;
    int status =
        workspace_open_recipe(invocation, TARGETS_ONE, invocation->options->recipe, &workspace);
    if (status != 0)
        return status;
    const WorkTarget *wanted = workspace_target(workspace, 0);
    g_autoptr(Lock) fresh = lock_new();
    LockTarget *target = NULL;
    status = workspace_find_or_resolve(workspace, wanted, fresh, &target);
    return status != 0 ? status : explain(workspace, wanted, target, &subject);
}

const Command command_why = {
    "why",  run_why, "NAME [VERSION]", 1, 2, "say why a distribution is there, in this version",
    groups,
};
