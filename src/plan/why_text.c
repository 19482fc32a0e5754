#include "plan/layout.h"
#include "plan/why.h"
#include "python/version.h"

enum {
    MIN_COLUMNS = 40,
    FILES_SHOWN = 3,
    NEAR_VERSIONS = 8,
};

typedef struct {
    const Why *why;
    Layout *layout;
    bool all; /* every chain */
} Printer;

static void put_line(const Printer *printer, Tint tint, unsigned indent, const char *text)
{
    layout_printf(printer->layout, TINT_NONE, "%*s", (int)indent, "");
    layout_words(printer->layout, tint, text, indent, indent + 4);
}

static void put_title(const Printer *printer, const char *text)
{
    g_string_append_c(printer->layout->out, '\n');
    layout_words(printer->layout, TINT_STRONG, text, 0, 4);
}

/* Heads */

static const LockStage *find_stage(const Why *why, const char *name)
{
    for (guint i = 0; name && i < why->target->stages->len; i++) {
        const LockStage *stage = why->target->stages->pdata[i];
        if (g_str_equal(stage->name, name))
            return stage;
    }
    return NULL;
}

static void put_head(const Printer *printer)
{
    const Why *why = printer->why;
    if (!why->current) {
        g_autofree char *text = g_strdup_printf("%s is not there at the end", why->name);
        layout_words(printer->layout, TINT_STRONG, text, 0, 4);
        return;
    }
    g_autofree char *label = g_strdup_printf("%s %s", why->name, why->current->version);
    layout_put(printer->layout, TINT_STRONG, label);
    const LockStage *stage = find_stage(why, why->current->stage);
    const LockFile *file = why->current->file;
    bool indexed = file && file->source == LOCK_SOURCE_INDEX;
    g_autoptr(GString) text = g_string_new(NULL);
    if (indexed)
        g_string_append_printf(text, " from index %s", file->source_name);
    else if (file)
        g_string_append_printf(text, " from %s", file->source_name);
    if (stage)
        g_string_append_printf(text, ", installed by stage '%s' (%s)", stage->name, stage->at);
    else
        g_string_append(text, ", which the base brings");
    unsigned column = layout_width(label);
    if (*text->str == ' ') {
        g_string_append_c(printer->layout->out, ' ');
        column++;
    }
    layout_words(printer->layout, TINT_NONE, text->str, column, 4);
}

/* Clauses */

static char *join_chain(const GPtrArray *chain)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < chain->len; i++)
        g_string_append_printf(text, "%s%s", i > 0 ? " > " : "", (char *)chain->pdata[i]);
    return g_strdup(text->str);
}

static const char *verb_of(WhyKind kind)
{
    static const char *const verbs[] = {
        [WHY_LINE] = "asks for",
        [WHY_REQUIRED] = "requires",
        [WHY_CONSTRAINT] = "constrains it to",
        [WHY_OVERRIDE] = "overrides what is required with",
    };
    return verbs[kind];
}

/* "requirements.txt:3 > pandas 2.2.0 requires numpy>=1.26" */
static char *describe_clause(const WhyClause *clause, guint chain)
{
    g_autofree char *who = join_chain(clause->chains->pdata[chain]);
    return g_strdup_printf("%s %s %s", who, verb_of(clause->kind), clause->clause);
}

/* The clause and who has it, without the way there. */
static char *describe_owner(const WhyClause *clause)
{
    const GPtrArray *chain = clause->chains->pdata[0];
    return g_strdup_printf("%s %s %s", (char *)chain->pdata[chain->len - 1], verb_of(clause->kind),
                           clause->clause);
}

static void put_clause(const Printer *printer, const WhyClause *clause)
{
    guint chains = printer->all ? clause->chains->len : 1;
    for (guint i = 0; i < chains; i++) {
        g_autofree char *text = describe_clause(clause, i);
        guint left = i + 1 == chains ? clause->chains->len - chains : 0;
        g_autofree char *more =
            left > 0 ? g_strdup_printf(" (%u more %s to it)", left, left == 1 ? "way" : "ways")
                     : g_strdup("");
        g_autofree char *line =
            g_strdup_printf("%s%s%s", text, clause->met ? "" : ", which it does not get", more);
        put_line(printer, clause->met ? TINT_NONE : TINT_BAD, 2, line);
    }
}

/* Stages */

static char *describe_effect(const WhyStage *stage)
{
    const LockAction *action = stage->action;
    switch (stage->effect) {
    case WHY_INSTALLED:
        return g_strdup_printf("installed %s", action->version);
    case WHY_REINSTALLED:
        return g_strdup_printf("installed %s again", action->version);
    case WHY_KEPT:
        return g_strdup_printf("kept %s", action->version);
    case WHY_REMOVED:
        return g_strdup_printf("removed %s", action->version);
    case WHY_CHANGED:
        break;
    }
    return g_strdup_printf("changed from %s to %s", action->from_version, action->version);
}

static Tint effect_tint(WhyEffect effect)
{
    static const Tint tints[] = {
        [WHY_INSTALLED] = TINT_GOOD, [WHY_CHANGED] = TINT_NOTICE, [WHY_REINSTALLED] = TINT_NOTICE,
        [WHY_KEPT] = TINT_FAINT,     [WHY_REMOVED] = TINT_BAD,
    };
    return tints[effect];
}

static void put_findings(const Printer *printer, const LockStage *stage)
{
    for (guint i = 0; i < stage->findings->len; i++) {
        const Finding *finding = stage->findings->pdata[i];
        bool about =
            g_strcmp0(finding->distribution, printer->why->name) == 0 ||
            (finding->requirement && g_str_has_prefix(finding->requirement, printer->why->name));
        if (!about)
            continue;
        g_autofree char *text = g_strdup_printf(
            "%s: %s [%s]",
            finding->acknowledged ? "acknowledged" : severity_name(finding->severity),
            finding->message, finding->code);
        put_line(printer, finding->acknowledged ? TINT_FAINT : TINT_NOTICE, 2, text);
    }
}

static void put_stage(const Printer *printer, const WhyStage *stage)
{
    const LockStage *locked = stage->stage;
    g_autofree char *head = g_strdup_printf("%s (%s): ", locked->name, locked->at);
    g_autofree char *effect = describe_effect(stage);
    g_autofree char *undoes =
        stage->undoes ? g_strdup_printf("%s, which undoes stage '%s'", effect, stage->undoes)
                      : g_strdup(effect);
    g_string_append_c(printer->layout->out, '\n');
    layout_put(printer->layout, TINT_STRONG, head);
    layout_words(printer->layout, effect_tint(stage->effect), undoes, layout_width(head), 4);
    for (guint i = 0; i < stage->clauses->len; i++)
        put_clause(printer, stage->clauses->pdata[i]);
    put_findings(printer, locked);
}

/* Why this version */

static unsigned put_bounds(const Printer *printer, const WhyStage *stage, WhyBound bound)
{
    unsigned count = 0;
    for (guint i = 0; i < stage->clauses->len; i++) {
        const WhyClause *clause = stage->clauses->pdata[i];
        if (clause->bound != bound || !clause->met)
            continue;
        g_autofree char *text = describe_owner(clause);
        put_line(printer, TINT_NONE, 2, text);
        count++;
    }
    return count;
}

static bool has_bound(const WhyStage *stage, WhyBound bound)
{
    for (guint i = 0; i < stage->clauses->len; i++) {
        const WhyClause *clause = stage->clauses->pdata[i];
        if (clause->bound == bound && clause->met)
            return true;
    }
    return false;
}

static void put_reason(const Printer *printer)
{
    const Why *why = printer->why;
    if (!why->current)
        return;
    const char *version = why->current->version;
    if (!why->decided) {
        g_autofree char *title = g_strdup_printf("Why %s: the base brings it", version);
        put_title(printer, title);
        if (why->stages->len > 0)
            put_line(printer, TINT_NONE, 2, "every stage that asks for it is content with it");
    } else if (has_bound(why->decided, BOUND_EXACT)) {
        g_autofree char *title = g_strdup_printf("Why %s: no other version will do", version);
        put_title(printer, title);
        put_bounds(printer, why->decided, BOUND_EXACT);
    } else if (has_bound(why->decided, BOUND_ABOVE)) {
        g_autofree char *title =
            g_strdup_printf("Why %s: these clauses hold back newer ones", version);
        put_title(printer, title);
        put_bounds(printer, why->decided, BOUND_ABOVE);
    } else {
        g_autofree char *title =
            g_strdup_printf("Why %s: no clause on %s holds it back", version, why->name);
        put_title(printer, title);
        put_line(printer, TINT_NONE, 2,
                 "it was the newest that goes with the rest of the stage when it was locked; "
                 "`ramekin outdated` tells of newer ones");
    }
}

static void put_broken(const Printer *printer)
{
    if (printer->why->broken->len == 0)
        return;
    put_title(printer, "Not content with it");
    for (guint i = 0; i < printer->why->broken->len; i++) {
        g_autofree char *text = describe_owner(printer->why->broken->pdata[i]);
        put_line(printer, TINT_BAD, 2, text);
    }
}

/* Why not that version */

static void put_excluding(const Printer *printer)
{
    g_autoptr(GPtrArray) excluding = why_excluding(printer->why);
    for (guint i = 0; i < excluding->len; i++) {
        g_autofree char *text = describe_clause(excluding->pdata[i], 0);
        put_line(printer, TINT_BAD, 2, text);
    }
}

/* A version without a local part stands for those with one, as in `==`. */
static bool is_asked(const SurveyFile *file, const char *version)
{
    if (g_str_equal(file->version, version))
        return true;
    size_t length = strlen(version);
    return strncmp(file->version, version, length) == 0 && file->version[length] == '+';
}

static void put_usable(const Printer *printer, const SurveyFile *file)
{
    g_autofree char *text = g_strdup_printf("index %s has it for this platform%s: %s", file->index,
                                            file->yanked ? ", yanked" : "", file->file);
    put_line(printer, TINT_NONE, 2, text);
}

/* Files of a version that can't be taken, those for other platforms last; `most` of them. */
static void put_refused(const Printer *printer, const GPtrArray *files, bool elsewhere,
                        unsigned *most)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i<files->len && * most> 0; i++) {
        const SurveyFile *file = files->pdata[i];
        if (file->elsewhere != elsewhere || !g_hash_table_add(seen, file->refused))
            continue;
        g_autofree char *text =
            g_strdup_printf("index %s: %s %s", file->index, file->file, file->refused);
        put_line(printer, TINT_NOTICE, 2, text);
        (*most)--;
    }
}

static unsigned put_files(const Printer *printer, const WhyQuestion *question)
{
    g_autoptr(GPtrArray) refused = g_ptr_array_new();
    unsigned usable = 0;
    for (guint i = 0; i < question->files->len; i++) {
        SurveyFile *file = question->files->pdata[i];
        if (!is_asked(file, question->version))
            continue;
        if (file->refused)
            g_ptr_array_add(refused, file);
        else if (usable++ == 0 || printer->all)
            put_usable(printer, file);
    }
    if (usable > 0 || refused->len == 0)
        return usable;
    unsigned most = printer->all ? G_MAXUINT : FILES_SHOWN;
    unsigned before = most;
    put_refused(printer, refused, false, &most);
    if (printer->all || most == before) /* nothing for this platform: what there is for others */
        put_refused(printer, refused, true, &most);
    put_line(printer, TINT_BAD, 2, "none of its files can be taken");
    return refused->len;
}

/* The versions around one that is not there, oldest first. */
static char *list_near(const WhyQuestion *question)
{
    g_autoptr(GPtrArray) versions = g_ptr_array_new();
    g_autoptr(Version) wanted = version_parse(question->version, NULL);
    guint newer = 0;
    for (guint i = 0; i < question->files->len; i++) {
        const SurveyFile *file = question->files->pdata[i];
        if (versions->len > 0 && g_str_equal(versions->pdata[versions->len - 1], file->version))
            continue;
        g_autoptr(Version) version = version_parse(file->version, NULL);
        if (wanted && version && version_compare(version, wanted) > 0)
            newer++;
        g_ptr_array_add(versions, file->version);
    }
    guint first = newer > NEAR_VERSIONS / 2 ? newer - NEAR_VERSIONS / 2 : 0;
    guint last = MIN(versions->len, first + NEAR_VERSIONS);
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = last; i-- > first;)
        g_string_append_printf(text, "%s%s", text->len > 0 ? ", " : "", (char *)versions->pdata[i]);
    return g_strdup(text->str);
}

static void put_offers(const Printer *printer)
{
    const WhyQuestion *question = printer->why->question;
    const WhyStage *decided = printer->why->decided;
    if (!question->files || !decided || put_files(printer, question) > 0)
        return;
    g_autofree char *near = list_near(question);
    g_autofree char *text = *near ? g_strdup_printf("no index of stage '%s' has it; near it are %s",
                                                    decided->stage->name, near)
                                  : g_strdup_printf("no index of stage '%s' has the project at all",
                                                    decided->stage->name);
    put_line(printer, TINT_BAD, 2, text);
}

static void put_trial(const Printer *printer)
{
    const WhyQuestion *question = printer->why->question;
    if (question->trial == TRIAL_SOLVED) {
        g_autofree char *text = g_strdup_printf(
            "nothing stands against it: with the constraint %s==%s every stage is solved; without "
            "one, what the lock has or else the newest that fits is taken",
            printer->why->name, question->version);
        put_line(printer, TINT_GOOD, 2, text);
    } else if (question->trial == TRIAL_FAILED) {
        put_line(printer, TINT_NONE, 2, "no clause on it stands against it, but with it:");
        g_autofree char *text = why_failed_text(question->failed);
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        for (guint i = 0; lines[i]; i++)
            put_line(printer, TINT_NONE, 4, lines[i]);
    }
}

static void put_question(const Printer *printer)
{
    const WhyQuestion *question = printer->why->question;
    if (!question)
        return;
    if (printer->why->current && g_str_equal(printer->why->current->version, question->version)) {
        put_title(printer, "That is the version that is installed");
        return;
    }
    g_autofree char *title = g_strdup_printf("Why not %s", question->version);
    put_title(printer, title);
    put_excluding(printer);
    put_offers(printer);
    put_trial(printer);
}

char *why_format_text(const Why *why, const TextStyle *style)
{
    Layout layout = {g_string_new(NULL), style->colour, MAX(style->columns, MIN_COLUMNS)};
    Printer printer = {why, &layout, style->all};
    put_head(&printer);
    for (guint i = 0; i < why->stages->len; i++)
        put_stage(&printer, why->stages->pdata[i]);
    put_broken(&printer);
    put_reason(&printer);
    put_question(&printer);
    return g_string_free(layout.out, FALSE);
}
