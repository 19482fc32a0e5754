#include "check/lint_fix.h"

#include "text/line_diff.h"

enum {
    MAX_ROUNDS = 8,
    MAX_TRIALS = 48, /* of single findings, where all of them together do not hold */
};

/* Reasons */

/* clang-format off */
static const struct {
    const char *code, *reason;
} reasons[] = {
    {"docker-add",               "whether ADD unpacks it hangs on the file"},
    {"docker-apt-prompt",        "the verb is not written out here"},
    {"docker-apt-update",        "what installs does not follow at once, or would no longer fail where the update does"},
    {"docker-apt-upgrade",       "which tag or digest of the base is new enough is not in the file"},
    {"docker-base-unpinned",     "only the registry knows the digest"},
    {"docker-bnb-cuda",          "whether something else reads the variable is not in the file"},
    {"docker-cache-kept",        "a later step may read what is kept, or the step is written in a way that takes no addition"},
    {"docker-comment",           "what would run then has findings of its own"},
    {"docker-copy-early",        "which files the step reads is not in the file"},
    {"docker-cuda-assert",       "which of the two versions is meant is not in the file"},
    {"docker-devel-base",        "what is compiled, and where it ends up, is not in the file"},
    {"docker-download",          "the digest of the file that is meant is not in the file"},
    {"docker-extra-index",       "the version that is meant is not in the file"},
    {"docker-forced-dependency", "only the index knows which release does without it"},
    {"docker-git-unpinned",      "which commit is meant is not in the file"},
    {"docker-gpu-in-build",      "what the step is for is not in the file"},
    {"docker-ignore-file",       "what the build needs of the folder is not in the file"},
    {"docker-ignore-installed",  "what is installed already, and why it is in the way, is not in the file"},
    {"docker-ignore-stale",      "the code may be misspelled"},
    {"docker-lost-state",        "later lines may be written for the state that they have now"},
    {"docker-maintainer",        "the text has characters that LABEL reads in another way"},
    {"docker-not-judged",        "what the script does is not known"},
    {"docker-overridden",        "which of the two is meant is not in the file"},
    {"docker-pip-unpinned",      "only the index knows the versions: see ramekin-import(1) and ramekin-lock(1)"},
    {"docker-platform",          "whether another platform is ever built is not in the file"},
    {"docker-redirection",       "it is no version specifier, or stands in quotes already"},
    {"docker-reinstall-undone",  "what the forced step is for is not in the file"},
    {"docker-secret",            "a secret that stood in a file has to be revoked, and to come from elsewhere"},
    {"docker-shell-form",        "a shell does more here than to start one program"},
    {"docker-sudo",              "which user the base sets is not in the file"},
    {"docker-syntax",            "what is meant is not known"},
    {"docker-torch-replaced",    "which torch is meant is not in the file, or the step fetches it again"},
    {"docker-unknown-stage",     "which stage is meant is not known"},
    {"docker-unknown-variable",  "its value is not in the file"},
};
/* clang-format on */

const char *lint_no_rewrite(const LintFinding *finding)
{
    if (finding->edits)
        return "its rewrite would bring other findings";
    for (size_t i = 0; i < G_N_ELEMENTS(reasons); i++) {
        if (g_str_equal(reasons[i].code, finding->finding->code))
            return reasons[i].reason;
    }
    return "it takes a decision";
}

/* Trials */

typedef struct {
    Source *source;
    const LintContext *context;
    const LintResult *before; /* what is found in it */
} Trials;

static LintFinding *finding_at(const LintResult *result, guint i)
{
    return result->findings->pdata[i];
}

static int compare_edits(const void *a, const void *b)
{
    const LintEdit *one = *(LintEdit *const *)a, *other = *(LintEdit *const *)b;
    if (one->start != other->start)
        return one->start < other->start ? -1 : 1;
    return one->length < other->length ? -1 : one->length > other->length;
}

static bool is_same(const LintEdit *one, const LintEdit *other)
{
    return one->start == other->start && one->length == other->length &&
           g_str_equal(one->after, other->after);
}

/* The edits of the findings by place, each once; NULL: two are in each other's way. */
static GPtrArray *merge(const GPtrArray *findings)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    for (guint i = 0; i < findings->len; i++)
        g_ptr_array_extend(all, ((const LintFinding *)findings->pdata[i])->edits, NULL, NULL);
    g_ptr_array_sort(all, compare_edits); /* stable: those at one place stay in order */
    g_autoptr(GPtrArray) merged = g_ptr_array_new();
    for (guint i = 0; i < all->len; i++) {
        const LintEdit *edit = all->pdata[i];
        const LintEdit *last = merged->len > 0 ? merged->pdata[merged->len - 1] : NULL;
        if (last && is_same(last, edit))
            continue;
        if (last && edit->start < last->start + last->length)
            return NULL;
        g_ptr_array_add(merged, (void *)edit);
    }
    return g_steal_pointer(&merged);
}

static Source *apply(Source *source, const GPtrArray *edits)
{
    size_t length, done = 0;
    const char *text = source_text(source, &length);
    g_autoptr(GString) out = g_string_sized_new(length);
    for (guint i = 0; i < edits->len; i++) {
        const LintEdit *edit = edits->pdata[i];
        g_string_append_len(out, text + done, (gssize)(edit->start - done));
        g_string_append(out, edit->after);
        done = edit->start + edit->length;
    }
    g_string_append_len(out, text + done, (gssize)(length - done));
    return source_new(source_name(source), out->str, out->len);
}

static LintResult *lint(Source *source, const LintContext *context, GError **error)
{
    g_autoptr(Dockerfile) file = dockerfile_parse(source, error);
    return file ? dockerfile_lint(file, context) : NULL;
}

static void add_to(GHashTable *counts, const LintFinding *finding, int number)
{
    const char *code = finding->finding->code;
    int count = GPOINTER_TO_INT(g_hash_table_lookup(counts, code));
    g_hash_table_insert(counts, (void *)code, GINT_TO_POINTER(count + number));
}

/* Whether all of `fixed` are gone and no other has come: findings move with their lines, so those
 * of a code are counted. */
static bool is_better(const LintResult *before, const LintResult *after, const GPtrArray *fixed)
{
    g_autoptr(GHashTable) counts = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < before->findings->len; i++)
        add_to(counts, finding_at(before, i), 1);
    for (guint i = 0; i < fixed->len; i++)
        add_to(counts, fixed->pdata[i], -1);
    for (guint i = 0; i < after->findings->len; i++) {
        const LintFinding *finding = finding_at(after, i);
        add_to(counts, finding, -1);
        if (GPOINTER_TO_INT(g_hash_table_lookup(counts, finding->finding->code)) < 0)
            return false;
    }
    return true;
}

/* The file with the rewrites of the findings; NULL: they do not hold together. */
static Source *rewrite(const Trials *trials, const GPtrArray *findings)
{
    g_autoptr(GPtrArray) edits = merge(findings);
    g_autoptr(Source) source = edits ? apply(trials->source, edits) : NULL;
    g_autoptr(LintResult) after = source ? lint(source, trials->context, NULL) : NULL;
    return after && is_better(trials->before, after, findings) ? g_steal_pointer(&source) : NULL;
}

static int compare_codes(const void *a, const void *b)
{
    const LintFinding *one = *(LintFinding *const *)a, *other = *(LintFinding *const *)b;
    return strcmp(one->finding->code, other->finding->code);
}

/* What is chosen so far. */
typedef struct {
    GPtrArray *findings; /* LintFinding: their rewrites hold together */
    Source *source;      /* the file with them; NULL: there is none */
    unsigned trials;
} Choice;

/* Adds those of the candidates from `begin` to `end` that hold with what is chosen: all of them, or
 * each that does. */
static void add_chosen(const Trials *trials, Choice *choice, const GPtrArray *candidates,
                       guint begin, guint end)
{
    guint before = choice->findings->len;
    for (guint i = begin; i < end; i++)
        g_ptr_array_add(choice->findings, candidates->pdata[i]);
    Source *source = end > begin ? rewrite(trials, choice->findings) : NULL;
    if (source) {
        source_unref(choice->source);
        choice->source = source;
        return;
    }
    g_ptr_array_set_size(choice->findings, (int)before);
    for (guint i = begin; end - begin > 1 && i < end && choice->trials < MAX_TRIALS; i++) {
        choice->trials++;
        add_chosen(trials, choice, candidates, i, i + 1);
    }
}

/* All candidates if they hold together, else by codes. */
static Choice choose(const Trials *trials)
{
    Choice choice = {g_ptr_array_new(), NULL, 0};
    g_autoptr(GPtrArray) candidates = g_ptr_array_new();
    for (guint i = 0; i < trials->before->findings->len; i++) {
        LintFinding *finding = finding_at(trials->before, i);
        if (finding->edits && !finding->ignored)
            g_ptr_array_add(candidates, finding);
    }
    choice.source = candidates->len > 0 ? rewrite(trials, candidates) : NULL;
    if (choice.source) {
        g_ptr_array_extend(choice.findings, candidates, NULL, NULL);
        return choice;
    }
    g_ptr_array_sort(candidates, compare_codes);
    for (guint begin = 0, end; begin < candidates->len; begin = end) {
        for (end = begin + 1; end < candidates->len; end++) {
            if (compare_codes(&candidates->pdata[begin], &candidates->pdata[end]) != 0)
                break;
        }
        add_chosen(trials, &choice, candidates, begin, end);
    }
    return choice;
}

void lint_rewrites_try(LintResult *result, Source *source, const LintContext *context)
{
    Trials trials = {source, context, result};
    Choice choice = choose(&trials);
    for (guint i = 0; i < choice.findings->len; i++)
        ((LintFinding *)choice.findings->pdata[i])->tried = true;
    g_ptr_array_unref(choice.findings);
    source_unref(choice.source);
}

/* Rounds */

void lint_fix_free(LintFix *fix)
{
    if (!fix)
        return;
    source_unref(fix->source);
    lint_result_free(fix->left);
    g_free(fix->diff);
    g_free(fix);
}

static DiffSide side_of(const Source *source, const LintResult *result)
{
    DiffSide side = {0};
    side.text = source_text(source, &side.length);
    side.shown = source_text(result->source, NULL);
    return side;
}

LintFix *lint_fix_new(Source *source, const LintContext *context, GError **error)
{
    g_autoptr(LintResult) first = lint(source, context, error);
    if (!first)
        return NULL;
    g_autoptr(LintFix) fix = g_new0(LintFix, 1);
    fix->source = source_ref(source);
    fix->left = lint(source, context, NULL);
    for (unsigned i = 0; i < MAX_ROUNDS; i++) {
        Trials trials = {fix->source, context, fix->left};
        Choice choice = choose(&trials);
        fix->count += choice.findings->len;
        g_ptr_array_unref(choice.findings);
        if (!choice.source)
            break;
        lint_result_free(fix->left);
        fix->left = lint(choice.source, context, NULL);
        source_unref(fix->source);
        fix->source = choice.source;
    }
    fix->diff =
        line_diff(source_name(source), side_of(source, first), side_of(fix->source, fix->left));
    return g_steal_pointer(&fix);
}
