/* RUN, taken apart: what each command does becomes a stage, the rest is kept as it stands. */
#include "import/docker_scene.h"

enum {
    MAX_BRANCHES = 4, /* `if` inside `if` */
};

/* clang-format off */
static const struct {
    const char *program;
    StepReader read;
} readers[] = {
    {"pip", step_pip}, {"uv", step_uv}, {"poetry", step_poetry}, {"python", step_python}, {"virtualenv", step_python},
    {"apt-get", step_apt}, {"apt", step_apt}, {"add-apt-repository", step_apt_source},
    {"git", step_git}, {"curl", step_fetch}, {"wget", step_fetch}, {"aria2c", step_fetch},
    {"tar", step_unpack}, {"unzip", step_unpack}, {"sha256sum", step_unpack}, {"mv", step_unpack},
    {"huggingface-cli", step_hub}, {"hf", step_hub},
    {"mkdir", step_mkdir}, {"ln", step_link}, {"chmod", step_chmod}, {"chown", step_chown},
    {"sed", step_sed}, {"echo", step_echo}, {"printf", step_echo}, {"cat", step_echo}, {"touch", step_echo}, {"tee", step_echo},
    {"rm", step_remove}, {"find", step_remove},
    {"sh", step_installer}, {"bash", step_installer},
    {"useradd", step_user}, {"adduser", step_user}, {"groupadd", step_user}, {"addgroup", step_user}, {"usermod", step_user}, {"gpasswd", step_user},
};

/* Programs that only say something, or change nothing that an image keeps. */
static const char *const silent[] = {
    "true", ":", "ls", "date", "which", "pwd", "whoami", "id", "env", "printenv", "nvcc", "nvidia-smi",
    "uname", "df", "du", "type", "hash", "sync", "sleep", NULL,
};
/* clang-format on */

/* One RUN's text that is kept: from the first to the last step that was not understood. */
typedef struct {
    guint first, last;
    bool any;
} Kept;

static void free_run(RunRead *run)
{
    run_script_free(run->script);
    g_free(run->cwd);
    g_free(run->venv);
    g_ptr_array_unref(run->settings);
}

static const RunCommand *command_of(const RunRead *run, guint i)
{
    return run->script->commands->pdata[i];
}

static Span step_span(const Scene *scene, const RunRead *run, const ShellStep *step)
{
    return placed_span(run->script->shell->text, scene->file->source, step->offset, step->length);
}

/* The table's name of a program: "pip" of "pip3.11". */
static const char *family(const char *program)
{
    static const char *const stems[] = {"pip", "python", NULL};
    for (guint i = 0; stems[i]; i++) {
        if (run_is_versioned(program, stems[i]))
            return stems[i];
    }
    return program;
}

/* What the shell remembers */

static StepResult read_cd(Scene *scene, RunRead *run, const RunCommand *command)
{
    const char *path = run_argument(command, 1);
    if (!path || command->arguments->len != 2 || g_str_equal(path, "-") || scene_has_mark(path))
        return STEP_KEEP;
    g_autofree char *slashed = scene_path(scene, run->cwd, path);
    char *absolute = g_canonicalize_filename(slashed, "/");
    g_free(run->cwd);
    run->cwd = absolute;
    return STEP_DONE;
}

static StepResult read_export(Scene *scene, RunRead *run, const RunCommand *command)
{
    for (guint i = 1; i < command->arguments->len; i++) {
        const char *text = run_argument(command, i);
        if (!text || !strchr(text, '='))
            return STEP_KEEP;
    }
    for (guint i = 1; i < command->arguments->len; i++)
        g_ptr_array_add(run->settings, g_strdup(run_argument(command, i)));
    return STEP_DONE;
}

static StepResult read_activate(Scene *scene, RunRead *run, const RunCommand *command)
{
    const char *path = run_argument(command, 1);
    if (!path || !g_str_has_suffix(path, "/bin/activate"))
        return STEP_KEEP;
    g_autofree char *absolute = scene_path(scene, run->cwd, path);
    absolute[strlen(absolute) - strlen("/bin/activate")] = '\0';
    g_free(run->venv);
    run->venv = g_steal_pointer(&absolute);
    return STEP_DONE;
}

/* Whether the word sets an option that ends the shell at the first failure; *ret_known: it says. */
static bool sets_strict(const char *word, const char *next, bool *ret_known)
{
    bool flags = (*word == '-' || *word == '+') && word[1] != '-';
    bool named = flags && strchr(word, 'o') && g_strcmp0(next, "errexit") == 0;
    *ret_known = named || (flags && strchr(word, 'e'));
    return *ret_known && *word == '-';
}

static StepResult read_set(RunRead *run, const RunCommand *command)
{
    for (guint i = 1; i < command->arguments->len; i++) {
        const char *word = run_argument(command, i);
        bool known = false;
        bool strict = word && sets_strict(word, run_argument(command, i + 1), &known);
        if (known)
            run->strict = strict;
    }
    return STEP_DONE;
}

/* Only assignments: "X=1;" for what follows. */
static StepResult read_assignments(RunRead *run, const RunCommand *command)
{
    if (command->settings->len != command->shell->assignments->len)
        return STEP_KEEP;
    for (guint i = 0; i < command->settings->len; i++)
        g_ptr_array_add(run->settings, g_strdup(command->settings->pdata[i]));
    return STEP_DONE;
}

static bool is_version_question(const RunCommand *command)
{
    static const char *const words[] = {"--version", "-V",     "version", "list",
                                        "freeze",    "--help", NULL};
    const char *word = command->arguments->len == 2 ? run_argument(command, 1) : NULL;
    return word && g_strv_contains(words, word);
}

static StepResult read_simple(Scene *scene, RunRead *run, const RunCommand *command)
{
    if (command->arguments->len == 0)
        return read_assignments(run, command);
    const char *program = command->program;
    if (!program)
        return STEP_KEEP;
    if (g_str_equal(program, "cd"))
        return read_cd(scene, run, command);
    if (g_str_equal(program, "export"))
        return read_export(scene, run, command);
    if (g_str_equal(program, ".") || g_str_equal(program, "source"))
        return read_activate(scene, run, command);
    if (g_str_equal(program, "set"))
        return read_set(run, command);
    bool redirected = step_redirects(command);
    if (!redirected && (g_strv_contains(silent, program) || is_version_question(command)))
        return STEP_DONE;
    for (size_t i = 0; i < G_N_ELEMENTS(readers); i++) {
        if (g_str_equal(readers[i].program, family(program)))
            return readers[i].read(scene, run, command);
    }
    return STEP_KEEP;
}

/* Pipes */

static const RunCommand *piped_command(const RunRead *run, const ShellStep *step)
{
    return step->end == step->begin + 1 && !step->compound ? command_of(run, step->begin) : NULL;
}

/* "a | b", which ends where no pipe follows. */
static StepResult read_pipe(Scene *scene, RunRead *run, const ShellStep *first,
                            const ShellStep *second)
{
    const RunCommand *from = piped_command(run, first), *to = piped_command(run, second);
    if (!from || !to || !from->program || !to->program || second->after == SHELL_LINK_PIPE)
        return STEP_KEEP;
    if (step_is_installer(from, to)) {
        draft_note(scene->draft, NOTE_DROPPED, run->at,
                   "an installer of uv, pip or poetry, which are not needed here");
        scene->left_tools = true;
        return STEP_DONE;
    }
    static const char *const fetchers[] = {"curl", "wget", NULL};
    if (g_strv_contains(fetchers, from->program))
        return g_str_equal(to->program, "tar") ? step_piped_archive(scene, run, from, to)
                                               : STEP_KEEP;
    g_autofree char *text = step_output(from);
    if (!text || step_redirects(from))
        return STEP_KEEP;
    run->input = text;
    StepResult result = g_str_equal(to->program, "tee") || g_str_equal(to->program, "sha256sum")
                            ? read_simple(scene, run, to)
                            : STEP_KEEP;
    run->input = NULL;
    return result;
}

/* Conditions */

static void read_steps(Scene *scene, RunRead *run, unsigned depth);

typedef enum {
    TEST_UNKNOWN,
    TEST_TRUE,
    TEST_FALSE,
    TEST_EQUALS, /* a variable with a value that is not its default */
} TestResult;

/* The words of [ ] or [[ ]] in a condition's text. */
static GPtrArray *test_words(Scene *scene, const RunRead *run, const char *text)
{
    g_autofree char *trimmed = g_strstrip(g_strdup(text));
    size_t length = strlen(trimmed);
    if (length > 0 && trimmed[length - 1] == ';')
        trimmed[length - 1] = '\0';
    g_strstrip(trimmed);
    if (g_str_has_prefix(trimmed, "[[ ") && g_str_has_suffix(trimmed, " ]]")) {
        memmove(trimmed, trimmed + 1, strlen(trimmed));
        trimmed[strlen(trimmed) - 1] = '\0';
    }
    Placed *placed = placed_new();
    placed_append(placed, trimmed, strlen(trimmed), 0);
    RunNames names = scene_names(scene);
    g_autoptr(RunScript) script =
        run_script_new(&run->script->scope, run->instruction, placed, &names);
    if (script->commands->len != 1 || script->shell->steps->len != 1)
        return NULL;
    const RunCommand *command = script->commands->pdata[0];
    bool bracket = g_strcmp0(command->program, "[") == 0;
    if (!bracket && g_strcmp0(command->program, "test") != 0)
        return NULL;
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 1; i + (bracket ? 1 : 0) < command->arguments->len; i++) {
        const char *value = run_argument(command, i);
        if (!value)
            return NULL;
        g_ptr_array_add(words, g_strdup(value));
    }
    return g_steal_pointer(&words);
}

/* "NAME" of a word that is one variable. */
static char *single_mark(const char *word)
{
    const char *end = *word == '\1' ? strchr(word, '\2') : NULL;
    return end && end[1] == '\0' ? g_strndup(word + 1, (size_t)(end - word - 1)) : NULL;
}

static TestResult compare(Scene *scene, const char *left, const char *right, bool equal,
                          char **ret_name, char **ret_value)
{
    g_autofree char *one = scene_plain(scene, left), *other = scene_plain(scene, right);
    bool same = g_str_equal(one, other);
    g_autofree char *name = single_mark(left);
    if (equal && name && !scene_has_mark(right)) {
        *ret_name = g_steal_pointer(&name);
        *ret_value = g_strdup(right);
        return TEST_EQUALS;
    }
    return same == equal ? TEST_TRUE : TEST_FALSE;
}

static TestResult evaluate(Scene *scene, const RunRead *run, const char *text, char **ret_name,
                           char **ret_value)
{
    g_autoptr(GPtrArray) words = test_words(scene, run, text);
    const char *const *word = words ? (const char *const *)words->pdata : NULL;
    if (!words || words->len < 1 || words->len > 3)
        return TEST_UNKNOWN;
    if (words->len == 3) {
        bool equal = g_str_equal(word[1], "=") || g_str_equal(word[1], "==");
        if (!equal && !g_str_equal(word[1], "!="))
            return TEST_UNKNOWN;
        return compare(scene, word[0], word[2], equal, ret_name, ret_value);
    }
    const char *text_of = word[words->len - 1];
    g_autofree char *plain = scene_plain(scene, text_of);
    bool filled = *plain != '\0';
    if (words->len == 1 || g_str_equal(word[0], "-n"))
        return filled ? TEST_TRUE : TEST_FALSE;
    if (g_str_equal(word[0], "-z"))
        return filled ? TEST_FALSE : TEST_TRUE;
    return TEST_UNKNOWN;
}

typedef struct {
    size_t condition, condition_length, body, body_length;
} Branch;

static const Branch *branch_of(const ShellStep *step, guint i)
{
    return &((const Branch *)(void *)step->branches->data)[i];
}

static guint branch_count(const ShellStep *step)
{
    return step->branches->len / (sizeof(Branch) / sizeof(size_t));
}

/* TEST_EQUALS with the variable and the value; `else` is TEST_TRUE. */
static TestResult test_branch(Scene *scene, const RunRead *run, const Branch *branch,
                              char **ret_name, char **ret_value)
{
    if (branch->condition_length == 0)
        return TEST_TRUE;
    const char *script = run->script->shell->text->text->str;
    g_autofree char *text = g_strndup(script + branch->condition, branch->condition_length);
    return evaluate(scene, run, text, ret_name, ret_value);
}

/* What the variable is without another value. */
static char *default_of(Scene *scene, const char *name)
{
    g_autofree char *mark = g_strdup_printf("\1%s\2", name);
    return scene_plain(scene, mark);
}

/* A script of the scene; programs are what they are with the defaults of ARG. */
static RunScript *new_script(Scene *scene, const BuildScope *scope,
                             const DockerInstruction *instruction, Placed *text)
{
    RunNames names = scene_names(scene);
    RunScript *script = run_script_new(scope, instruction, text, &names);
    for (guint i = 0; i < script->commands->len; i++) {
        RunCommand *command = script->commands->pdata[i];
        RunArgument *first = command->arguments->len > 0 ? command->arguments->pdata[0] : NULL;
        if (!first || !first->value || !scene_has_mark(first->value))
            continue;
        char *plain = scene_plain(scene, first->value);
        g_free(first->value);
        first->value = plain;
        g_free(command->program);
        command->program = g_path_get_basename(plain);
    }
    return script;
}

static void read_branch(Scene *scene, const RunRead *run, const Branch *branch, unsigned depth)
{
    RunRead inner = {
        .instruction = run->instruction, .cwd = g_strdup(run->cwd), .strict = run->strict};
    inner.venv = g_strdup(run->venv);
    inner.settings = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < run->settings->len; i++)
        g_ptr_array_add(inner.settings, g_strdup(run->settings->pdata[i]));
    Placed *text = placed_slice(run->script->shell->text, branch->body, branch->body_length);
    inner.script = new_script(scene, &run->script->scope, run->instruction, text);
    read_steps(scene, &inner, depth + 1);
    free_run(&inner);
}

/* The branch that the defaults take. */
static StepResult read_constant(Scene *scene, const RunRead *run, const ShellStep *step,
                                unsigned depth)
{
    for (guint i = 0; i < branch_count(step); i++) {
        const Branch *branch = branch_of(step, i);
        g_autofree char *name = NULL, *value = NULL;
        TestResult result = test_branch(scene, run, branch, &name, &value);
        if (result == TEST_EQUALS) {
            g_autofree char *now = default_of(scene, name);
            result = g_str_equal(now, value) ? TEST_TRUE : TEST_FALSE;
        }
        if (result == TEST_UNKNOWN)
            return STEP_KEEP;
        if (result != TEST_TRUE)
            continue;
        draft_note(scene->draft, NOTE_ASSUMED, step_span(scene, run, step),
                   "the condition is decided with the defaults of ARG; the other way is left out");
        read_branch(scene, run, branch, depth);
        return STEP_DONE;
    }
    draft_note(scene->draft, NOTE_ASSUMED, step_span(scene, run, step),
               "the condition does not hold with the defaults of ARG, so nothing is done");
    return STEP_DONE;
}

/* "if [ $X = a ] … elif [ $X = b ] …", without else: stages with `when`. */
static bool is_choice(Scene *scene, const RunRead *run, const ShellStep *step)
{
    for (guint i = 0; i < branch_count(step); i++) {
        g_autofree char *name = NULL, *value = NULL;
        if (test_branch(scene, run, branch_of(step, i), &name, &value) != TEST_EQUALS ||
            *value == '\0')
            return false;
    }
    return true;
}

static StepResult read_if(Scene *scene, const RunRead *run, const ShellStep *step, unsigned depth)
{
    if (depth >= MAX_BRANCHES)
        return STEP_KEEP;
    if (scene->when || scene->is_part || !is_choice(scene, run, step))
        return read_constant(scene, run, step, depth);
    for (guint i = 0; i < branch_count(step); i++) {
        const Branch *branch = branch_of(step, i);
        g_autofree char *name = NULL, *value = NULL;
        test_branch(scene, run, branch, &name, &value);
        g_autofree char *now = default_of(scene, name);
        scene_declare(scene, name, now);
        scene->when = draft_map();
        draft_set_plain(scene->when, name, value);
        read_branch(scene, run, branch, depth);
        g_clear_pointer(&scene->when, draft_value_free);
    }
    return STEP_DONE;
}

/* What is kept */

/* Whether another shell than /bin/sh, which ends at the first failure, does the same: commands
 * joined by && without pipes and without variables that may be unset. */
static bool any_shell(const RunRead *run, const Kept *kept)
{
    const GPtrArray *steps = run->script->shell->steps;
    for (guint i = kept->first; i <= kept->last; i++) {
        const ShellStep *step = steps->pdata[i];
        bool last = i == kept->last;
        if (step->compound || step->negated || step->end != step->begin + 1 ||
            (!last && step->after != SHELL_LINK_AND))
            return false;
        const ShellCommand *command = run->script->shell->commands->pdata[step->begin];
        for (guint k = 0; k < command->words->len; k++) {
            if (!shell_word_is_plain(command->words->pdata[k]))
                return false;
        }
    }
    return true;
}

/* The end of the step, behind the heredocs that belong to its lines. */
static size_t end_of(const RunRead *run, const ShellStep *step)
{
    size_t end = step->offset + step->length;
    const GPtrArray *commands = run->script->shell->commands;
    for (guint i = step->begin; i < step->end; i++) {
        const ShellCommand *command = commands->pdata[i];
        for (guint k = 0; k < command->redirects->len; k++) {
            const ShellRedirect *redirect = command->redirects->pdata[k];
            if (redirect->kind != REDIRECT_HEREDOC)
                continue;
            const char *text = run->script->shell->text->text->str;
            size_t marker = redirect->body + redirect->body_length;
            end = MAX(end, marker + strcspn(text + marker, "\n"));
        }
    }
    return end;
}

static void flush(Scene *scene, const RunRead *run, Kept *kept)
{
    if (!kept->any)
        return;
    const GPtrArray *steps = run->script->shell->steps;
    const ShellStep *first = steps->pdata[kept->first];
    size_t end = 0;
    for (guint i = kept->first; i <= kept->last; i++)
        end = MAX(end, end_of(run, steps->pdata[i]));
    const ShellStep *last = steps->pdata[kept->last];
    const char *script = run->script->shell->text->text->str;
    bool cut = end == last->offset + last->length; /* no heredoc behind it */
    g_autofree char *steps_text = g_strndup(script + first->offset, end - first->offset);
    g_autofree char *text =
        g_strconcat(steps_text, cut && last->after == SHELL_LINK_BACKGROUND ? " &" : "", NULL);
    g_autofree char *tidied =
        run->instruction->exec ? scene_exec_text(run->instruction) : scene_tidy(text);
    scene_keep(scene, run, tidied, any_shell(run, kept), step_span(scene, run, first));
    *kept = (Kept){0};
}

/* Failures */

static bool is_true(const RunRead *run, const ShellStep *step)
{
    const RunCommand *command = piped_command(run, step);
    static const char *const names[] = {"true", ":", NULL};
    return command && command->program && g_strv_contains(names, command->program);
}

/* A stage that can fail where the command before it did not stop the build. */
static bool can_fail(const DraftStage *stage)
{
    static const char *const kinds[] = {"pip", "apt", "git", "download", "model", NULL};
    return g_strv_contains(kinds, stage->kind) && !draft_get(stage->body, "remove");
}

/* What stands before ";" or "|| true" may fail in a shell, and in a recipe it may not. */
static void note_strictness(Scene *scene, RunRead *run, guint stages, guint end)
{
    const GPtrArray *steps = run->script->shell->steps;
    bool fails = false, goes_on = false;
    for (guint i = stages; i < scene->out->len; i++)
        fails |= can_fail(scene->out->pdata[i]);
    const ShellStep *last = steps->pdata[end - 1];
    bool forgiven = is_true(run, last);
    for (guint i = end - 1; i + 1 < steps->len; i++)
        goes_on |= ((const ShellStep *)steps->pdata[i])->after == SHELL_LINK_THEN;
    if (!fails || run->said_strict || !(forgiven || (goes_on && !run->strict)))
        return;
    run->said_strict = true;
    draft_note(scene->draft, NOTE_ASSUMED, run->at,
               "%s: the shell goes on where this fails, and ramekin stops",
               forgiven ? "|| true" : "`;` or a new line without `set -e`");
}

/* Steps */

/* The steps that stand or fall together from `i` on: a pipeline, or an and-or list with an "||" in
 * it. */
static guint unit_end(const GPtrArray *steps, guint i)
{
    guint end = i + 1;
    for (guint k = i; k + 1 < steps->len; k++) {
        const ShellStep *step = steps->pdata[k];
        if (step->after == SHELL_LINK_THEN || step->after == SHELL_LINK_BACKGROUND)
            break;
        if (step->after == SHELL_LINK_OR)
            end = k + 2;
        if (step->after == SHELL_LINK_PIPE && end == k + 1)
            end = k + 2;
    }
    return end;
}

static StepResult read_unit(Scene *scene, RunRead *run, guint begin, guint end, unsigned depth)
{
    const GPtrArray *steps = run->script->shell->steps;
    const ShellStep *first = steps->pdata[begin];
    const ShellStep *last = steps->pdata[end - 1];
    run->step = first;
    run->at = step_span(scene, run, first);
    if (end - begin == 2 && first->after == SHELL_LINK_OR && is_true(run, last))
        end--;
    if (first->negated || last->after == SHELL_LINK_BACKGROUND)
        return STEP_KEEP;
    if (end - begin == 2 && first->after == SHELL_LINK_PIPE)
        return read_pipe(scene, run, first, last);
    if (end - begin != 1)
        return STEP_KEEP;
    if (first->branches)
        return read_if(scene, run, first, depth);
    const RunCommand *command = piped_command(run, first);
    return command ? read_simple(scene, run, command) : STEP_KEEP;
}

static void read_steps(Scene *scene, RunRead *run, unsigned depth)
{
    const GPtrArray *steps = run->script->shell->steps;
    Kept kept = {0};
    for (guint i = 0; i < steps->len;) {
        guint end = unit_end(steps, i);
        g_autofree char *cwd = g_strdup(run->cwd), *venv = g_strdup(run->venv);
        guint settings = run->settings->len;
        guint stages = scene->out->len;
        g_autoptr(GPtrArray) later = g_ptr_array_new();
        StepResult result = read_unit(scene, run, i, end, depth);
        if (result == STEP_DONE)
            note_strictness(scene, run, stages, end);
        /* what was kept stands before what this step became */
        while (kept.any && result == STEP_DONE && scene->out->len > stages)
            g_ptr_array_insert(later, 0, g_ptr_array_steal_index(scene->out, scene->out->len - 1));
        bool changed = later->len > 0 || run->settings->len != settings ||
                       g_strcmp0(cwd, run->cwd) != 0 || g_strcmp0(venv, run->venv) != 0;
        if (kept.any && result == STEP_DONE && changed) {
            RunRead before = *run;
            before.cwd = cwd;
            before.venv = venv;
            g_autoptr(GPtrArray) less = g_ptr_array_new();
            for (guint k = 0; k < settings; k++)
                g_ptr_array_add(less, run->settings->pdata[k]);
            before.settings = less;
            flush(scene, &before, &kept);
        }
        for (guint k = 0; k < later->len; k++)
            g_ptr_array_add(scene->out, later->pdata[k]);
        if (result == STEP_KEEP) {
            if (!kept.any)
                kept.first = i;
            kept.any = true;
            kept.last = end - 1;
            if (((const ShellStep *)steps->pdata[end - 1])->after == SHELL_LINK_BACKGROUND)
                kept.last = (end = steps->len) - 1; /* it runs beside all that follows */
        }
        i = end;
    }
    flush(scene, run, &kept);
}

/* RUN */

static void keep_whole(Scene *scene, const DockerInstruction *instruction, const char *text)
{
    RunRead run = {.instruction = instruction, .cwd = g_strdup(scene->workdir)};
    run.settings = g_ptr_array_new_with_free_func(g_free);
    RunScript script = {.scope = build_scope_at(scene->stages, scene->instruction)};
    run.script = &script;
    scene_keep(scene, &run, text, false, scene_span(scene));
    run.script = NULL;
    free_run(&run);
}

/* Whether what SHELL names begins with a shell, and not with a program that runs one elsewhere. */
static bool is_plain_shell(const BuildScope *scope)
{
    static const char *const names[] = {"sh", "bash", "dash", "ash", "ksh", NULL};
    const GPtrArray *shell = build_scope_shell(scope);
    if (!shell || shell->len == 0)
        return true;
    g_autofree char *name = g_path_get_basename(((const Placed *)shell->pdata[0])->text->str);
    return g_strv_contains(names, name);
}

/* "-e" or "-o errexit" among SHELL's words. */
static bool is_strict_shell(const BuildScope *scope)
{
    const GPtrArray *shell = build_scope_shell(scope);
    bool strict = false;
    for (guint i = 1; shell && i < shell->len; i++) {
        const char *next =
            i + 1 < shell->len ? ((const Placed *)shell->pdata[i + 1])->text->str : NULL;
        bool known = false;
        strict |= sets_strict(((const Placed *)shell->pdata[i])->text->str, next, &known);
    }
    return strict;
}

void scene_run(Scene *scene, const DockerInstruction *instruction)
{
    RunRead run = {.instruction = instruction};
    BuildScope scope = build_scope_at(scene->stages, scene->instruction);
    bool plain = instruction->exec || is_plain_shell(&scope);
    Placed *text = plain ? run_script_text(&scope, instruction) : NULL;
    const char *whole = instruction->line->text->str + instruction->arguments;
    if (text && text->text->str[strspn(text->text->str, " \t\n")] == '\0') {
        placed_free(text);
        return;
    }
    if (!text) {
        keep_whole(scene, instruction, whole);
        return;
    }
    run.script = new_script(scene, &scope, instruction, text);
    run.cwd = g_strdup(scene->workdir);
    run.settings = g_ptr_array_new_with_free_func(g_free);
    run.strict = is_strict_shell(&scope);
    if (run.script->shell->understood)
        read_steps(scene, &run, 0);
    else
        scene_keep(scene, &run, run.script->shell->text->text->str, false, scene_span(scene));
    free_run(&run);
}
