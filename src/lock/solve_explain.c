#include "lock/solve_words.h"

#include "base/mask.h"

enum {
    CAUSES_SHOWN = 8,
    LIKES_SHOWN = 4,
};

void explain_note(Explanation *explanation, Span at, char *note)
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

/* "app 1.0 > mid 2.1 (stage 'base', ramekin.yaml:9)": who brought whom, up to who requires. */
static char *describe_parent(const Solve *solve, const ConflictCause *cause)
{
    g_autofree char *origin = explain_origin(solve, cause->parent, cause->parent_version);
    if (cause->chain && cause->chain[0]) {
        g_autofree char *chain = g_strjoinv(" > ", cause->chain);
        return g_strconcat(chain, origin, NULL);
    }
    return g_strdup_printf("%s %s%s", cause->parent, cause->parent_version, origin);
}

/* The same clause of another version of the same distribution, brought in by the same line. */
static bool is_like(const ConflictCause *a, const ConflictCause *b)
{
    return a->parent && b->parent && a->chain_root == b->chain_root &&
           g_str_equal(a->parent, b->parent) && g_str_equal(a->requirement, b->requirement);
}

/* "; so do 2.5.1, 2.5.0 and 3 others" */
static char *describe_likes(const Conflict *conflict, guint index)
{
    const ConflictCause *cause = conflict->causes->pdata[index];
    g_autoptr(GString) text = g_string_new(NULL);
    guint count = 0;
    for (guint i = index + 1; i < conflict->causes->len; i++) {
        const ConflictCause *other = conflict->causes->pdata[i];
        if (is_like(cause, other) && count++ < LIKES_SHOWN)
            g_string_append_printf(text, "%s%s", text->len ? ", " : "", other->parent_version);
    }
    if (count == 0)
        return g_strdup("");
    if (count > LIKES_SHOWN)
        g_string_append_printf(text, " and %u more", count - LIKES_SHOWN);
    return g_strdup_printf("; so %s %s", count > 1 ? "do" : "does", text->str);
}

static void explain_cause(Explanation *explanation, const Solve *solve, const Conflict *conflict,
                          guint index)
{
    const ConflictCause *cause = conflict->causes->pdata[index];
    Span at = cause->root && !cause->parent ? cause->root->at : SPAN_NONE;
    g_autofree char *allowed = explain_allowed(conflict, cause->requirement);
    if (cause->constraint) {
        explain_note(explanation, at,
                     g_strdup_printf("constraint %s%s", cause->requirement, allowed));
    } else if (cause->parent) {
        g_autofree char *parent = describe_parent(solve, cause);
        g_autofree char *likes = describe_likes(conflict, index);
        explain_note(
            explanation, cause->chain_root ? cause->chain_root->at : SPAN_NONE,
            g_strdup_printf("%s requires %s%s%s", parent, cause->requirement, allowed, likes));
    } else {
        explain_note(explanation, at,
                     g_strdup_printf("you ask for %s%s", cause->requirement, allowed));
    }
}

static bool is_told(const Conflict *conflict, guint index)
{
    for (guint i = 0; i < index; i++) {
        if (is_like(conflict->causes->pdata[i], conflict->causes->pdata[index]))
            return true;
    }
    return false;
}

static void explain_causes(Explanation *explanation, const Solve *solve, const Conflict *conflict)
{
    guint shown = 0, left = 0;
    for (guint i = 0; i < conflict->causes->len; i++) {
        const ConflictCause *cause = conflict->causes->pdata[i];
        if (is_told(conflict, i) || explain_is_trial(solve, cause->root))
            continue;
        if (shown++ < CAUSES_SHOWN)
            explain_cause(explanation, solve, conflict, i);
        else
            left++;
    }
    if (left > 0)
        explain_note(explanation, SPAN_NONE, g_strdup_printf("and %u more requirements", left));
}

/* What earlier stages or the base have of the blocked name. */
static void explain_installed(Explanation *explanation, const Solve *solve,
                              const Conflict *conflict)
{
    g_autofree char *origin = explain_origin(solve, conflict->name, NULL);
    if (!*origin)
        return;
    const InstalledDistribution *found = environment_find(solve->environment, conflict->name);
    explain_note(explanation, SPAN_NONE,
                 g_strdup_printf("installed is %s %s%s", conflict->name,
                                 solve_installed_version(found), origin));
}

static bool is_mentioned(const Conflict *conflict, const PipRequirement *line)
{
    for (guint i = 0; i < conflict->causes->len; i++) {
        const ConflictCause *cause = conflict->causes->pdata[i];
        if (cause->root == line || cause->chain_root == line)
            return true;
    }
    return false;
}

/* Lines without which the others could be satisfied, and that no cause has named. */
static void explain_lines(Explanation *explanation, const Solve *solve, const Conflict *conflict)
{
    for (guint i = 0; i < conflict->lines->len && !conflict->stopped; i++) {
        const PipRequirement *line = conflict->lines->pdata[i];
        if (!is_mentioned(conflict, line) && !explain_is_trial(solve, line))
            explain_note(explanation, line->at,
                         g_strdup_printf("%s takes part in the conflict", line->text));
    }
}

/* What earlier stages installed without which the lines could be satisfied. */
static void explain_inherited(Explanation *explanation, const Solve *solve,
                              const Conflict *conflict)
{
    for (guint i = 0; i < conflict->inherited->len && !conflict->stopped; i++) {
        const InstalledDistribution *one = conflict->inherited->pdata[i];
        g_autofree char *line = explain_origin_line(solve, one);
        explain_note(
            explanation, SPAN_NONE,
            g_strdup_printf("%s %s, installed by stage '%s' at %s, takes part (its index, %s, "
                            "is not asked here)",
                            one->canonical, solve_installed_version(one), one->stage, line,
                            one->file->location->name));
    }
}

static void explain_versions(Explanation *explanation, const Conflict *conflict)
{
    char *text = explain_indexes(conflict);
    if (text)
        explain_note(explanation, SPAN_NONE, text);
}

/* What the search for a smallest set and for ways out could not settle, or found beside pip. */
static void explain_limits(Explanation *explanation, const Conflict *conflict)
{
    if (conflict->solvable)
        explain_note(explanation, SPAN_NONE,
                     g_strdup("pip fails here although versions that fit together exist: its "
                              "search passes them by"));
    else if (conflict->unread)
        explain_note(explanation, SPAN_NONE,
                     g_strdup("not every change was tried: too much would have to be fetched for "
                              "some (the next run has more of it in its cache)"));
    else if (conflict->stopped)
        explain_note(explanation, SPAN_NONE,
                     g_strdup("not every line was tried: the search for what would do was stopped "
                              "at its limit"));
}

/* Who was asked for what nobody has. */
static void explain_asked(Explanation *explanation, const Conflict *conflict)
{
    if (!conflict->asked)
        return;
    g_autofree char *names = g_strjoinv(", ", conflict->asked);
    explain_note(
        explanation, SPAN_NONE,
        *names ? g_strdup_printf("asked the index%s %s", conflict->asked[1] ? "es" : "", names)
               : g_strdup("no index was asked: pip's no-index is set"));
}

static const ConflictCause *find_constraint(const Solve *solve, const Conflict *conflict)
{
    for (guint i = 0; i < conflict->causes->len; i++) {
        const ConflictCause *cause = conflict->causes->pdata[i];
        if (cause->constraint && !explain_is_trial(solve, cause->root))
            return cause;
    }
    return NULL;
}

static char *make_hint(const Solve *solve, const Stage *stage, const Conflict *conflict)
{
    const ConflictCause *constraint = find_constraint(solve, conflict);
    const char *refused = explain_refusal_hint(solve, conflict);
    g_autofree char *ways = explain_ways(solve, conflict);
    if (refused && ways)
        return g_strdup_printf("%s\nor %s", refused, ways);
    if (refused || ways)
        return refused ? g_strdup(refused) : g_steal_pointer(&ways);
    if (constraint) {
        g_autofree char *address = constraint->root ? span_address(constraint->root->at) : NULL;
        return g_strdup_printf("loosen the constraint %s%s%s, or what it forbids",
                               constraint->requirement, address ? " at " : "",
                               address ? address : "");
    }
    bool nowhere = conflict->causes->len > 0 && *conflict->name &&
                   (!conflict->versions || !conflict->versions[0]);
    if (conflict->nearest)
        return g_strdup_printf("did you mean %s?", conflict->nearest);
    if (nowhere && stage->body.pip->index.text)
        return g_strdup_printf("is %s on the index '%s'? `extra_indexes: [main]` asks the default "
                               "index as well",
                               conflict->name, stage->body.pip->index.text);
    if (nowhere)
        return g_strdup("check the spelling, or name the index that has it (`extra_indexes:`)");
    return NULL;
}

/* A line that takes part, else one on the name itself or that leads to it, else the stage. */
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
    for (guint i = 0; i < conflict->causes->len; i++) {
        const ConflictCause *cause = conflict->causes->pdata[i];
        if (cause->chain_root && span_is_set(cause->chain_root->at))
            return cause->chain_root->at;
    }
    return stage->at;
}

/* A source distribution in the way is a finding as well, so that its code can be looked for. */
static void note_source(LockStage *locked, const Conflict *conflict, Span at, const char *hint)
{
    if (conflict->reason != REFUSED_FORMAT)
        return;
    Finding *finding = finding_new("source-distribution", at, mask_credentials(conflict->message));
    finding->distribution = g_strdup(conflict->name);
    finding->hint = hint ? mask_credentials(hint) : NULL;
    for (guint i = 0; i < conflict->refused->len && !finding->version; i++) {
        const RefusedFile *refused = conflict->refused->pdata[i];
        if (refused->reason == REFUSED_FORMAT)
            finding->version = g_strdup(refused->version);
    }
    g_ptr_array_add(locked->findings, finding);
}

void stage_explain(const Solve *solve, guint index, Conflict *conflict)
{
    const Stage *stage = solve->recipe->stages->pdata[index];
    LockStage *locked = solve->target->stages->pdata[index];
    explain_drop_trial(solve, conflict);
    explain_note_conflict(solve, locked, conflict);
    Explanation explanation = {NULL, g_string_new(NULL)};
    Span place = find_place(stage, solve->inputs->pdata[index], conflict);
    error_set(&explanation.error, ERROR_INPUT, place, "stage '%s' can't be satisfied: %s",
              stage->name, conflict->message);
    g_string_append(explanation.text, conflict->message);
    explain_causes(&explanation, solve, conflict);
    explain_installed(&explanation, solve, conflict);
    explain_lines(&explanation, solve, conflict);
    explain_inherited(&explanation, solve, conflict);
    explain_files(&explanation, solve, index, conflict);
    explain_versions(&explanation, conflict);
    explain_asked(&explanation, conflict);
    explain_limits(&explanation, conflict);
    g_autofree char *hint = make_hint(solve, stage, conflict);
    if (hint)
        explain_hint(&explanation, hint);
    note_source(locked, conflict, place, hint);
    locked->status = STAGE_UNSATISFIABLE;
    locked->conflict = explanation.error;
    locked->explanation = mask_credentials(explanation.text->str);
    g_string_free(explanation.text, TRUE);
}

void stage_set_conflict(LockStage *locked, GError *error)
{
    locked->status = STAGE_UNSATISFIABLE;
    const char *hint = error_hint(error);
    g_autofree char *text =
        hint ? g_strdup_printf("%s\nhint: %s", error->message, hint) : g_strdup(error->message);
    locked->explanation = mask_credentials(text);
    locked->conflict = error;
}
