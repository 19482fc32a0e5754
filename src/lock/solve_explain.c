#include "lock/solve.h"

enum {
    REFUSED_LINES = 5,
    VERSIONS_SHOWN = 8,
};

/* Why a file was not taken, where the resolver gives no detail, and the way out. */
static const struct {
    Refusal reason;
    const char *text;
    const char *hint;
} refusals[] = {
    {REFUSED_TAG, "is for another platform or Python", NULL},
    {REFUSED_PYTHON, "needs another Python", "take a base with a Python that it accepts"},
    {REFUSED_LIBC, "needs a newer libc",
     "take a base with a newer libc, or an older version whose wheels need less"},
    {REFUSED_YANKED, "was yanked", "a yanked version is taken only when `==` names it"},
    {REFUSED_HASH, "has another hash", "compare the --hash values with what the index offers"},
    {REFUSED_DATE, "is newer than `exclude_newer`", "move `exclude_newer:` on"},
    {REFUSED_SPECIFIER, "is outside the versions asked for", NULL},
    {REFUSED_FORMAT, "is a source distribution", "pin a version that has a wheel"},
    {REFUSED_METADATA, "has unusable metadata", NULL},
    {REFUSED_PRERELEASE, "is a pre-release", "set `pre: true`, or name the pre-release"},
    {REFUSED_EXCLUDED, "is excluded", "take it out of `exclude:`"},
};

static const char *refusal_text(Refusal reason)
{
    for (size_t i = 0; i < G_N_ELEMENTS(refusals); i++) {
        if (refusals[i].reason == reason)
            return refusals[i].text;
    }
    return "was not taken";
}

/* Message, notes and hint of an error, and the same as lines of text. */
typedef struct {
    GError *error;
    GString *text;
} Explanation;

static void explain_note(Explanation *explanation, Span at, char *note)
{
    g_autofree char *address = span_address(at);
    error_add_note(explanation->error, at, "%s", note);
    if (address)
        g_string_append_printf(explanation->text, "\n%s: %s", address, note);
    else
        g_string_append_printf(explanation->text, "\n%s", note);
    g_free(note);
}

static void explain_hint(Explanation *explanation, const char *hint)
{
    error_set_hint(explanation->error, "%s", hint);
    g_string_append_printf(explanation->text, "\nhint: %s", hint);
}

static void explain_cause(Explanation *explanation, const ConflictCause *cause)
{
    Span at = cause->root && !cause->parent ? cause->root->at : SPAN_NONE;
    if (cause->constraint)
        explain_note(explanation, at, g_strdup_printf("constraint %s", cause->requirement));
    else if (cause->parent)
        explain_note(explanation, at,
                     g_strdup_printf("%s %s requires %s", cause->parent, cause->parent_version,
                                     cause->requirement));
    else
        explain_note(explanation, at, g_strdup_printf("you ask for %s", cause->requirement));
}

static bool same_refusal(const RefusedFile *a, const RefusedFile *b)
{
    return g_strcmp0(a->version, b->version) == 0 && a->reason == b->reason &&
           g_strcmp0(a->detail, b->detail) == 0;
}

static void explain_refused(Explanation *explanation, const Conflict *conflict)
{
    unsigned shown = 0, left = 0;
    for (guint i = 0; i < conflict->refused->len; i++) {
        const RefusedFile *refused = conflict->refused->pdata[i];
        if (i > 0 && same_refusal(refused, conflict->refused->pdata[i - 1]))
            continue;
        if (shown++ >= REFUSED_LINES) {
            left++;
            continue;
        }
        bool has_version = refused->version && *refused->version;
        explain_note(
            explanation, SPAN_NONE,
            g_strdup_printf("%s %s: %s", conflict->name,
                            has_version ? refused->version : refused->file->filename,
                            refused->detail ? refused->detail : refusal_text(refused->reason)));
    }
    if (left > 0)
        explain_note(explanation, SPAN_NONE, g_strdup_printf("and %u older ones", left));
}

/* The newest versions there are. */
static void explain_versions(Explanation *explanation, const Conflict *conflict)
{
    guint count = conflict->versions ? g_strv_length(conflict->versions) : 0;
    if (count == 0)
        return;
    guint first = count > VERSIONS_SHOWN ? count - VERSIONS_SHOWN : 0;
    g_autofree char *list = g_strjoinv(", ", conflict->versions + first);
    explain_note(
        explanation, SPAN_NONE,
        g_strdup_printf("versions of %s: %s%s", conflict->name, first > 0 ? "... " : "", list));
}

static const ConflictCause *find_constraint(const Conflict *conflict)
{
    for (guint i = 0; i < conflict->causes->len; i++) {
        const ConflictCause *cause = conflict->causes->pdata[i];
        if (cause->constraint)
            return cause;
    }
    return NULL;
}

static bool all_refused_as(const Conflict *conflict, Refusal reason)
{
    for (guint i = 0; i < conflict->refused->len; i++) {
        if (((const RefusedFile *)conflict->refused->pdata[i])->reason != reason)
            return false;
    }
    return conflict->refused->len > 0;
}

static char *make_hint(const Stage *stage, const Conflict *conflict)
{
    const ConflictCause *constraint = find_constraint(conflict);
    for (size_t i = 0; i < G_N_ELEMENTS(refusals); i++) {
        if (refusals[i].hint && all_refused_as(conflict, refusals[i].reason))
            return g_strdup(refusals[i].hint);
    }
    if (constraint) {
        g_autofree char *address = constraint->root ? span_address(constraint->root->at) : NULL;
        return g_strdup_printf("loosen the constraint %s%s%s, or what it forbids",
                               constraint->requirement, address ? " at " : "",
                               address ? address : "");
    }
    bool nowhere = *conflict->name && (!conflict->versions || !conflict->versions[0]);
    if (nowhere && stage->body.pip->index.text)
        return g_strdup_printf("is %s on the index '%s'? `extra_indexes: [main]` asks the default "
                               "index as well",
                               conflict->name, stage->body.pip->index.text);
    if (nowhere)
        return g_strdup("check the spelling, or name the index that has it (`extra_indexes:`)");
    return NULL;
}

/* A line that takes part, else one on the name itself, else the stage. */
static Span find_place(const Stage *stage, const StageInputs *inputs, const Conflict *conflict)
{
    for (guint i = 0; i < conflict->causes->len; i++) {
        const ConflictCause *cause = conflict->causes->pdata[i];
        if (cause->root && !cause->parent && span_is_set(cause->root->at))
            return cause->root->at;
    }
    const GPtrArray *roots = inputs->inputs->roots;
    for (guint i = 0; i < roots->len; i++) {
        const PipRequirement *root = roots->pdata[i];
        if (root->requirement && g_str_equal(root->requirement->canonical, conflict->name))
            return root->at;
    }
    return stage->at;
}

void stage_explain(LockStage *locked, const Stage *stage, const Conflict *conflict)
{
    Explanation explanation = {NULL, g_string_new(NULL)};
    error_set(&explanation.error, ERROR_INPUT,
              find_place(stage, solve->inputs->pdata[index], conflict),
              "stage '%s' can't be satisfied: %s", stage->name, conflict->message);
    g_string_append(explanation.text, conflict->message);
    for (guint i = 0; i < conflict->causes->len; i++)
        explain_cause(&explanation, conflict->causes->pdata[i]);
    explain_refused(&explanation, conflict);
    explain_versions(&explanation, conflict);
    g_autofree char *hint = make_hint(stage, conflict);
    if (hint)
        explain_hint(&explanation, hint);
    locked->status = STAGE_UNSATISFIABLE;
    locked->conflict = explanation.error;
    locked->explanation = g_string_free(explanation.text, FALSE);
}

void stage_set_conflict(LockStage *locked, GError *error)
{
    locked->status = STAGE_UNSATISFIABLE;
    const char *hint = error_hint(error);
    locked->explanation =
        hint ? g_strdup_printf("%s\nhint: %s", error->message, hint) : g_strdup(error->message);
    locked->conflict = error;
}
