/* torch and the indexes that it comes from. */
#include "check/lint_private.h"

static const char *const torch_names[] = {"torch", "torchvision", "torchaudio", NULL};

/* Names whose wheels require torch or triton, so that installing them may move torch. A hint to
 * where one should look, no fact about a version. */
static const char *const followers[] = {"accelerate",
                                        "autoawq",
                                        "auto-gptq",
                                        "bitsandbytes",
                                        "compressed-tensors",
                                        "deepspeed",
                                        "diffusers",
                                        "fairscale",
                                        "fastai",
                                        "flash-attn",
                                        "kornia",
                                        "lightning",
                                        "optimum",
                                        "open-clip-torch",
                                        "peft",
                                        "pytorch-lightning",
                                        "sentence-transformers",
                                        "timm",
                                        "torchao",
                                        "torchmetrics",
                                        "torchaudio",
                                        "torchvision",
                                        "trl",
                                        "ultralytics",
                                        "unsloth",
                                        "unsloth-zoo",
                                        "vllm",
                                        "xformers",
                                        NULL};

static bool is_install(const PipCommand *pip)
{
    return g_str_equal(pip->verb, "install");
}

/* The requirement of that name, or of one of them; NULL: none. */
static const RunArgument *find_requirement(const PipCommand *pip, const char *const *names)
{
    for (guint i = 0; i < pip->requirements->len; i++) {
        const RunArgument *argument = pip->requirements->pdata[i];
        g_autofree char *name = lint_requirement_name(argument);
        if (name && g_strv_contains(names, name))
            return argument;
    }
    return NULL;
}

static const char *index_of(const PipCommand *pip)
{
    return pip->index ? pip->index->value : pip->index_setting;
}

static bool is_torch_index(const char *url)
{
    return url && strstr(url, "download.pytorch.org/whl") != NULL;
}

/* The index beside the default one that torch may come from. */
static const char *special_index(const PipCommand *pip)
{
    if (is_torch_index(index_of(pip)))
        return index_of(pip);
    for (guint i = 0; i < pip->extra_indexes->len; i++) {
        const char *url = ((const RunArgument *)pip->extra_indexes->pdata[i])->value;
        if (is_torch_index(url))
            return url;
    }
    return is_torch_index(pip->extra_setting) ? pip->extra_setting : NULL;
}

static bool has_index(const PipCommand *pip, const char *url)
{
    if (g_strcmp0(index_of(pip), url) == 0 || g_strcmp0(pip->extra_setting, url) == 0)
        return true;
    for (guint i = 0; i < pip->extra_indexes->len; i++) {
        if (g_strcmp0(((const RunArgument *)pip->extra_indexes->pdata[i])->value, url) == 0)
            return true;
    }
    return false;
}

static bool is_protected(const PipCommand *pip, const char *url)
{
    static const char *const torch[] = {"torch", NULL};
    const RunArgument *again = find_requirement(pip, torch);
    return pip->no_deps || pip->no_index || pip->constrained || pip->require_hashes ||
           !pip->understood || has_index(pip, url) || (again && lint_is_pinned(again));
}

/* What in the step may ask for another torch: a word for the message; NULL: nothing is known to. */
static const char *risk(const PipCommand *pip, const RunArgument **ret_argument)
{
    *ret_argument = pip->verb_argument;
    if (pip->files->len > 0) {
        *ret_argument = pip->files->pdata[0];
        return (*ret_argument)->value;
    }
    const RunArgument *follower = find_requirement(pip, followers);
    if (!follower)
        follower = find_requirement(pip, torch_names);
    if (follower) {
        *ret_argument = follower;
        return follower->value;
    }
    if (pip->editables->len > 0) {
        *ret_argument = pip->editables->pdata[0];
        return (*ret_argument)->value;
    }
    if (pip->upgrade && pip->requirements->len > 0 && find_requirement(pip, torch_names)) {
        *ret_argument = pip->upgrade;
        return pip->upgrade->value;
    }
    return NULL;
}

/* "torch==2.6.0": pinned, and nothing else to it. */
static bool is_exact(const char *value)
{
    return value && g_regex_match_simple("^(torch|torchvision|torchaudio)==[0-9]+(\\.[0-9]+)+"
                                         "((a|b|rc|\\.post|\\.dev)[0-9]+)?(\\+[a-z0-9.]+)?$",
                                         value, 0, 0);
}

/* Asks for the torch that is there once more, so that pip has to leave it or to fail. */
static void hold_torch(const Lint *lint, LintFinding *finding, const PipCommand *from,
                       const PipCommand *later)
{
    static const char *const torch[] = {"torch", NULL};
    const RunArgument *held = find_requirement(from, torch);
    bool fresh = later->force_reinstall || later->ignore_installed || (later->uv && later->upgrade);
    if (!finding->edits)
        return;
    /* torchvision or torchaudio would still come from the default index; what stands in a branch
     * may be another torch, or none */
    if (!held || !is_exact(held->value) || fresh || find_requirement(later, torch_names) ||
        from->command->shell->conditional)
        lint_rewrite_drop(finding);
    else
        lint_add_argument(lint, finding, later->command->script, later->verb_argument->word,
                          held->value);
}

/* Both stand in branches, which may be those of one choice: torch for a CPU, or for a GPU. */
static bool may_exclude(const PipCommand *one, const PipCommand *other)
{
    return one->command->shell->conditional && other->command->shell->conditional;
}

static void check_later(Lint *lint, guint first, const char *url)
{
    const PipCommand *pip = lint->pips->pdata[first];
    unsigned more = 0;
    LintFinding *finding = NULL;
    for (guint i = first + 1; i < lint->pips->len; i++) {
        const PipCommand *later = lint->pips->pdata[i];
        const RunArgument *argument;
        if (!is_install(later) || !lint_pip_follows(lint, pip, later) || is_protected(later, url) ||
            may_exclude(pip, later))
            continue;
        const char *what = risk(later, &argument);
        if (!what)
            continue;
        if (finding) {
            more++;
            hold_torch(lint, finding, pip, later);
            continue;
        }
        finding = lint_add(
            lint, "docker-torch-replaced",
            lint_word_span(lint, later->command->script, argument->word),
            g_strdup_printf("'%s' may replace the torch that line %u took from %s: this step asks "
                            "the default index and holds torch nowhere",
                            what, run_command_span(pip->command).line, url),
            "pip takes whatever release satisfies the new requirements, built for another CUDA "
            "version, and exits 0",
            g_strdup_printf("add --extra-index-url %s and a constraints file that holds torch: pip "
                            "install -c constraints.txt …",
                            url));
        lint_rewrite(finding, "ask for the same torch again");
        hold_torch(lint, finding, pip, later);
    }
    if (more == 0)
        return;
    g_autofree char *message = finding->finding->message;
    finding->finding->message = g_strdup_printf("%s (%u later %s the same)", message, more,
                                                more > 1 ? "steps are" : "step is");
}

void lint_torch_replaced(Lint *lint)
{
    if (lint->pip_configured)
        return;
    for (guint i = 0; i < lint->pips->len; i++) {
        const PipCommand *pip = lint->pips->pdata[i];
        const char *url = is_install(pip) ? special_index(pip) : NULL;
        if (!url || !find_requirement(pip, torch_names))
            continue;
        check_later(lint, i, url);
        return; /* the steps behind the first say the same */
    }
}

/* torch through --extra-index-url */

/* "cu124" of ".../whl/cu124"; NULL: not the index of one CUDA version. */
static const char *cuda_label(const char *url)
{
    const char *tail = url ? strrchr(url, '/') : NULL;
    return tail && g_regex_match_simple("^/cu[0-9]{3}$", tail, 0, 0) ? tail + 1 : NULL;
}

/* Puts the label behind the versions that have none: pip takes no other build of them then. */
static void add_labels(LintFinding *finding, const PipCommand *pip, const char *label)
{
    lint_rewrite(finding, "ask for that index's build");
    for (guint i = 0; i < pip->requirements->len && finding->edits; i++) {
        const RunArgument *argument = pip->requirements->pdata[i];
        const Placed *text = pip->command->script->shell->text;
        g_autofree char *name = lint_requirement_name(argument);
        if (!name || !g_strv_contains(torch_names, name) || strchr(argument->value, '+'))
            continue;
        const ShellWord *word = argument->word;
        const char *written = text->text->str + word->offset;
        size_t last = word->length - strspn(written, "'\""), start;
        g_autofree char *added = g_strdup_printf("+%s", label);
        if (is_exact(argument->value) && shell_word_is_plain(word) &&
            strlen(argument->value) + 2 * (word->length - last) == word->length &&
            lint_place(text, word->offset, word->length, &start))
            lint_replace(finding, start + last, 0, added);
        else
            lint_rewrite_drop(finding);
    }
}

void lint_extra_index(Lint *lint)
{
    for (guint i = 0; i < lint->pips->len; i++) {
        const PipCommand *pip = lint->pips->pdata[i];
        const RunArgument *torch = find_requirement(pip, torch_names);
        if (!is_install(pip) || !pip->understood || !torch || pip->extra_indexes->len == 0 ||
            pip->uv || pip->constrained || is_torch_index(index_of(pip)))
            continue;
        const RunArgument *extra = pip->extra_indexes->pdata[0];
        bool local = torch->value && strchr(torch->value, '+');
        const char *label = extra->value ? strrchr(extra->value, '/') : NULL;
        if (!is_torch_index(extra->value) || local)
            continue;
        const char *cuda = cuda_label(extra->value);
        LintFinding *finding = lint_add(
            lint, "docker-extra-index", lint_word_span(lint, pip->command->script, extra->word),
            g_strdup_printf("'%s' may come from either index: --extra-index-url adds one, it "
                            "does not choose it",
                            torch->value),
            lint_is_pinned(torch)
                ? "where that index has no such version, pip takes the default index's build, for "
                  "another CUDA version, and says nothing"
                : "pip takes the highest version of all indexes together, so a newer release of "
                  "the "
                  "default index wins, and names that only one of them should have can be taken "
                  "over on the other",
            g_strdup_printf("--index-url %s for torch in a step of its own, or a version with "
                            "its label: torch==…+%s",
                            extra->value, label ? label + 1 : "cu124"));
        if (cuda && lint_is_pinned(torch))
            add_labels(finding, pip, cuda);
    }
}

/* Forced packages */

static bool is_pinned_by_torch(const char *name)
{
    return name && (g_str_equal(name, "triton") || g_str_equal(name, "pytorch-triton") ||
                    g_str_has_prefix(name, "nvidia-"));
}

/* A later step that may bring back what was forced; NULL: none. */
static const PipCommand *find_undoing(const Lint *lint, guint index)
{
    const PipCommand *forced = lint->pips->pdata[index];
    for (guint i = index + 1; i < lint->pips->len; i++) {
        const PipCommand *later = lint->pips->pdata[i];
        const RunArgument *argument;
        if (is_install(later) && !later->no_deps && later->understood && !later->force_reinstall &&
            !later->constrained && lint_pip_follows(lint, forced, later) && risk(later, &argument))
            return later;
    }
    return NULL;
}

static void report_pinned(Lint *lint, const PipCommand *pip, const RunArgument *argument)
{
    lint_add(lint, "docker-forced-dependency",
             lint_word_span(lint, pip->command->script, argument->word),
             g_strdup_printf("'%s' is forced, though torch requires one exact version of it",
                             argument->value),
             pip->no_deps ? "with --no-deps pip says nothing of the break; what needs the other "
                            "version fails where it runs, torch.compile first"
                          : "pip installs it and exits 0; what needs the other version fails where "
                            "it runs, torch.compile first",
             g_strdup("leave the version to torch, and raise the package that wanted another: "
                      "`ramekin check` of a recipe says which release no longer does"));
}

static void check_forced(Lint *lint, guint index)
{
    const PipCommand *pip = lint->pips->pdata[index];
    bool pinned = false;
    for (guint i = 0; i < pip->requirements->len; i++) {
        const RunArgument *argument = pip->requirements->pdata[i];
        g_autofree char *name = lint_requirement_name(argument);
        if (!is_pinned_by_torch(name))
            continue;
        report_pinned(lint, pip, argument);
        pinned = true;
    }
    const PipCommand *undoing = find_undoing(lint, index);
    if (undoing && pip->requirements->len > 0) {
        const RunArgument *named = pip->requirements->pdata[0];
        lint_add(
            lint, "docker-reinstall-undone",
            lint_word_span(lint, pip->command->script, pip->force_reinstall->word),
            g_strdup_printf("what is forced here need not stay: line %u runs pip again and may "
                            "replace %s",
                            run_command_span(undoing->command).line,
                            named->value ? named->value : "it"),
            "pip repairs what a later step requires without saying that it undoes an earlier "
            "one",
            g_strdup("make the forced step the last one, or hold its version in the later one: "
                     "-c constraints.txt"));
    } else if (!pip->no_deps && !pinned && pip->requirements->len > 0) {
        LintFinding *finding = lint_add(
            lint, "docker-reinstall-undone",
            lint_word_span(lint, pip->command->script, pip->force_reinstall->word),
            g_strdup(
                "--force-reinstall chooses and installs again all that the named distributions "
                "require, not them alone"),
            "versions move that nobody asked to move, torch among them",
            g_strdup("--force-reinstall --no-deps"));
        finding->finding->severity = SEVERITY_NOTE;
    }
}

void lint_forced(Lint *lint)
{
    for (guint i = 0; i < lint->pips->len; i++) {
        const PipCommand *pip = lint->pips->pdata[i];
        if (is_install(pip) && pip->force_reinstall && pip->understood)
            check_forced(lint, i);
    }
}
