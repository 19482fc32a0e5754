#include "lock/solve_words.h"

#include "base/mask.h"

#define WAYS_SHOWN 3

/* As the user wrote it, without --hash and the like. */
static const char *line_text(const PipRequirement *line)
{
    bool plain = !line->requirement || !strstr(line->text, " --");
    return plain ? line->text : line->requirement->text;
}

/* "; numpy is 2.1.0 then", unless the way itself says so. */
static char *describe_gives(const Conflict *conflict, const WayOut *way)
{
    size_t length = strlen(conflict->name);
    bool same = way->kind == WAY_ADD
                    ? strncmp(way->text, conflict->name, length) == 0 && way->text[length] == '='
                    : way->kind == WAY_CHANGE && way->line->requirement &&
                          g_str_equal(way->line->requirement->canonical, conflict->name);
    if (!way->gives || same || length == 0)
        return g_strdup("");
    return g_strdup_printf("; %s is %s then", conflict->name, way->gives + length + 1);
}

/* "bar 1.0 (stage 'one', ramekin.yaml:9)": what is installed of a name. */
static char *describe_installed(const Solve *solve, const char *name)
{
    const InstalledDistribution *found = environment_find(solve->environment, name);
    g_autofree char *origin = explain_origin(solve, name, NULL);
    return g_strdup_printf("%s %s%s", name, found ? solve_installed_version(found) : "", origin);
}

static char *describe_other(const Solve *solve, const WayOut *way)
{
    const char *version = strstr(way->text, "==");
    g_autofree char *name = g_strndup(way->text, (gsize)(version - way->text));
    g_autofree char *installed = describe_installed(solve, name);
    return g_strdup_printf("install %s in place of %s", way->text, installed);
}

static char *describe_way(const Solve *solve, const Conflict *conflict, const WayOut *way)
{
    g_autofree char *address = way->line ? span_address(way->line->at) : NULL;
    g_autofree char *at = address ? g_strdup_printf(" (%s)", address) : g_strdup("");
    const char *constraint = way->constraint ? "the constraint " : "";
    switch (way->kind) {
    case WAY_CHANGE:
        return g_strdup_printf("change %s%s to %s%s", constraint, line_text(way->line), way->text,
                               at);
    case WAY_DROP:
        return g_strdup_printf("leave out %s%s%s", constraint, line_text(way->line), at);
    case WAY_ADD:
        return g_strdup_printf("add the constraint %s", way->text);
    case WAY_WHEELS:
        return way->gives ? g_strdup_printf("`only_binary: [%s]` takes %s", way->text, way->gives)
                          : g_strdup_printf("`only_binary: [%s]` takes versions that do without it",
                                            way->text);
    case WAY_OTHER:
        return describe_other(solve, way);
    case WAY_BASE:
        return g_strdup_printf("give the stage `env: {PIP_CONSTRAINT: /dev/null}`, which turns off "
                               "the base's own constraints, %s%s among them",
                               line_text(way->line), at);
    }
    return NULL;
}

bool explain_is_trial(const Solve *solve, const PipRequirement *line)
{
    const char *trial = solve->session->trial;
    return trial && line && !span_is_set(line->at) && g_str_equal(line->text, trial);
}

/* Of a trial (lock_session_try()): its own line, which nobody wrote, and the lines of the name that
 * it is about. */
static bool is_of_trial(const Solve *solve, const WayOut *way)
{
    const char *trial = solve->session->trial;
    g_autoptr(Requirement) requirement = trial ? requirement_parse(trial, NULL) : NULL;
    return requirement && way->line && way->line->requirement &&
           g_str_equal(way->line->requirement->canonical, requirement->canonical);
}

void explain_drop_trial(const Solve *solve, Conflict *conflict)
{
    for (guint i = conflict->ways->len; i > 0; i--) {
        if (is_of_trial(solve, conflict->ways->pdata[i - 1]))
            g_ptr_array_remove_index(conflict->ways, i - 1);
    }
}

/* One way out for each line, the best, and none that leaves another conflict if there are others.
 */
static bool is_shown(const GPtrArray *ways, guint index)
{
    const WayOut *way = ways->pdata[index];
    if (way->remains && !((const WayOut *)ways->pdata[0])->remains)
        return false;
    for (guint i = 0; i < index; i++) {
        const WayOut *other = ways->pdata[i];
        if (way->line && other->line == way->line)
            return false;
    }
    return true;
}

static void append_way(GString *text, const Solve *solve, const Conflict *conflict,
                       const WayOut *way)
{
    g_autofree char *change = describe_way(solve, conflict, way);
    g_autofree char *gives = way->kind == WAY_WHEELS ? g_strdup("") : describe_gives(conflict, way);
    g_string_append_printf(text, "%s%s%s%s%s", text->len ? "\nor " : "", change, gives,
                           way->remains ? "; then there is another conflict: " : "",
                           way->remains ? way->remains : "");
}

char *explain_ways(const Solve *solve, const Conflict *conflict)
{
    g_autoptr(GString) text = g_string_new(NULL);
    unsigned shown = 0;
    for (guint i = 0; i < conflict->ways->len && shown < WAYS_SHOWN; i++) {
        if (!is_shown(conflict->ways, i))
            continue;
        append_way(text, solve, conflict, conflict->ways->pdata[i]);
        shown++;
    }
    return shown > 0 ? g_string_free(g_steal_pointer(&text), FALSE) : NULL;
}

/* For scripts */

static char *text_masked(const char *text)
{
    return text ? mask_credentials(text) : NULL;
}

static LockWayOut *note_way(const WayOut *way)
{
    static const char *const kinds[] = {"change", "drop",          "add",
                                        "wheels", "other-version", "base-constraint"};
    LockWayOut *noted = g_new0(LockWayOut, 1);
    noted->kind = g_strdup(kinds[way->kind]);
    noted->at = way->line ? span_address(way->line->at) : NULL;
    noted->line = way->line ? text_masked(line_text(way->line)) : NULL;
    noted->constraint = way->constraint;
    noted->instead = text_masked(way->text);
    noted->gives = g_strdup(way->gives);
    noted->partial = way->remains != NULL;
    return noted;
}

static LockConflictLine *note_line(const Conflict *conflict, const PipRequirement *line)
{
    LockConflictLine *noted = g_new0(LockConflictLine, 1);
    noted->at = span_address(line->at);
    noted->line = text_masked(line_text(line));
    for (guint i = 0; i < conflict->causes->len; i++) {
        const ConflictCause *cause = conflict->causes->pdata[i];
        noted->constraint |= cause->root == line && cause->constraint;
    }
    return noted;
}

static LockConflictLine *note_inherited(const Solve *solve, const InstalledDistribution *inherited)
{
    LockConflictLine *noted = g_new0(LockConflictLine, 1);
    noted->at = explain_origin_line(solve, inherited);
    noted->line =
        g_strdup_printf("%s %s", inherited->canonical, solve_installed_version(inherited));
    noted->stage = g_strdup(inherited->stage);
    return noted;
}

void explain_note_conflict(const Solve *solve, LockStage *locked, const Conflict *conflict)
{
    for (guint i = 0; i < conflict->lines->len && !conflict->stopped; i++) {
        if (!explain_is_trial(solve, conflict->lines->pdata[i]))
            g_ptr_array_add(locked->conflict_lines, note_line(conflict, conflict->lines->pdata[i]));
    }
    for (guint i = 0; i < conflict->inherited->len && !conflict->stopped; i++)
        g_ptr_array_add(locked->conflict_lines,
                        note_inherited(solve, conflict->inherited->pdata[i]));
    for (guint i = 0; i < conflict->ways->len; i++)
        g_ptr_array_add(locked->ways_out, note_way(conflict->ways->pdata[i]));
}
