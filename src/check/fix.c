#include "check/fix.h"

#include "base/clock.h"
#include "check/fix_side.h"
#include "check/import_roots.h"
#include "check/library_load.h"
#include "check/native_rules.h"
#include "python/requirement.h"

/* Bytes of whole wheels, of a target: with --deep, and without. */
#define MAX_FETCHED (G_GUINT64_CONSTANT(3) << 30)
#define MAX_FETCHED_PLAIN (G_GUINT64_CONSTANT(64) << 20)

enum {
    MAX_FIXED = 4,     /* findings of a target */
    MAX_SECONDS = 180, /* after which no further trial of a target begins */
};

typedef enum {
    ABOUT_VERSION, /* of one distribution: a newer one may do */
    ABOUT_SYSTEM,  /* of one distribution: an older one may do too */
    ABOUT_PAIR,    /* of two that are not made for each other */
} Subject;

typedef struct {
    const char *code;
    Subject subject;
} Fixable;

static const Fixable fixables[] = {
    {"import-fails", ABOUT_VERSION},       {"import-needs-driver", ABOUT_VERSION},
    {"import-deferred", ABOUT_VERSION},    {"gpu-unsupported", ABOUT_VERSION},
    {"torch-without-cuda", ABOUT_VERSION}, {"glibc-too-old", ABOUT_SYSTEM},
    {"glibcxx-too-old", ABOUT_SYSTEM},     {"torch-abi", ABOUT_PAIR},
    {"undefined-symbol", ABOUT_PAIR},
};

typedef struct {
    FixContext context;
    guint64 budget;
    gint64 until;       /* by the clock */
    LockSurvey *survey; /* NULL: not made yet, or it can't be */
    bool surveyed;
    GPtrArray *fixes; /* CheckFix */
    bool whole;      /* the finding at hand is known from a whole wheel, as its way out has to be */
    GPtrArray *vain; /* texts, of the finding at hand: "comm 2.2", tried and no way out */
    GPtrArray *unseen; /* the same of those that could not be looked into */
} Search;

void check_fix_free(void *data)
{
    CheckFix *fix = data;
    if (!fix)
        return;
    g_ptr_array_unref(fix->edits);
    g_free(fix->about);
    g_free(fix);
}

/* Trials */

static void add_name(GPtrArray *names, char *name)
{
    if (!g_ptr_array_find(names, name, NULL))
        g_ptr_array_add(names, name);
}

/* What has to be imported again to see whether the finding is gone. */
static GPtrArray *concerned_roots(const CheckRun *run)
{
    GPtrArray *names = g_ptr_array_new();
    for (guint i = 0; run->roots && i < run->roots->len; i++) {
        const ImportRoot *root = run->roots->pdata[i];
        if ((root->build && root->build->outcome == IMPORT_FAILS) ||
            (root->run && root->run->outcome == IMPORT_FAILS))
            add_name(names, root->name);
    }
    for (guint i = 0; i < run->refusals->len; i++) {
        guint root = ((const LibraryRefusal *)run->refusals->pdata[i])->root;
        if (run->roots && root < run->roots->len)
            add_name(names, ((const ImportRoot *)run->roots->pdata[root])->name);
    }
    return names;
}

static FixTrial *try_with(Search *search, const Finding *finding, const GPtrArray *edits,
                          const GPtrArray *only, TrialDepth depth, bool *ret_unseen)
{
    g_autoptr(FixTrial) trial = fix_trial_new(&search->context, edits, only, depth, ret_unseen);
    return trial && fix_trial_helps(&search->context, trial, finding) ? g_steal_pointer(&trial)
                                                                      : NULL;
}

static const LockDistribution *find_installed(const LockStage *stage, const char *name)
{
    for (guint i = 0; stage && i < stage->environment->len; i++) {
        const LockDistribution *one = stage->environment->pdata[i];
        if (g_str_equal(one->name, name))
            return one;
    }
    return NULL;
}

static bool is_required(const LockStage *stage, const char *name)
{
    for (guint i = 0; i < stage->environment->len; i++) {
        const LockDistribution *one = stage->environment->pdata[i];
        for (char **clause = one->requires; clause && *clause; clause++) {
            g_autoptr(Requirement) asked = requirement_parse(*clause, NULL);
            if (asked && g_str_equal(asked->canonical, name))
                return true;
        }
    }
    return false;
}

/* Whether something that others require has another version than before, or is new or gone. */
static bool touches_others(const CheckRun *before, const CheckRun *after)
{
    const LockStage *one = check_last_stage(before), *other = check_last_stage(after);
    for (guint i = 0; i < other->environment->len; i++) {
        const LockDistribution *now = other->environment->pdata[i];
        const LockDistribution *was = find_installed(one, now->name);
        if ((!was || !g_str_equal(was->version, now->version)) && is_required(other, now->name))
            return true;
    }
    for (guint i = 0; i < one->environment->len; i++) {
        const LockDistribution *was = one->environment->pdata[i];
        if (!find_installed(other, was->name) && is_required(one, was->name))
            return true;
    }
    return false;
}

/* The roots that are not among `names`. */
static GPtrArray *other_roots(const CheckRun *run, const GPtrArray *names)
{
    GPtrArray *others = g_ptr_array_new();
    for (guint i = 0; run->roots && i < run->roots->len; i++) {
        char *name = ((const ImportRoot *)run->roots->pdata[i])->name;
        if (!g_ptr_array_find_with_equal_func((GPtrArray *)names, name, g_str_equal, NULL))
            add_name(others, name);
    }
    return others;
}

/* What else is imported is only followed, and whole wheels are only fetched, with what is not
 * refused without that. NULL: it is no way out. */
static FixTrial *try_edits(Search *search, const Finding *finding, const GPtrArray *edits,
                           bool *ret_unseen)
{
    const CheckRun *run = search->context.run;
    g_autoptr(GPtrArray) only = concerned_roots(run);
    g_autoptr(GPtrArray) others = other_roots(run, only);
    TrialDepth depth = run->deep ? TRIAL_ALL : search->whole ? TRIAL_CHANGED : TRIAL_NONE;
    g_autoptr(FixTrial) trial = try_with(search, finding, edits, only, TRIAL_NONE, ret_unseen);
    bool wider = trial && others->len > 0 && touches_others(run, trial->run);
    if (trial && depth != TRIAL_NONE) {
        fix_trial_free(trial);
        trial = try_with(search, finding, edits, wider ? NULL : only, depth, ret_unseen);
    } else if (wider) {
        g_autoptr(FixTrial) rest = try_with(search, finding, edits, others, TRIAL_NONE, ret_unseen);
        if (!rest)
            return NULL;
    }
    return g_steal_pointer(&trial);
}

/* Found */

static const Fixable *find_fixable(const Finding *finding)
{
    for (size_t i = 0; finding->severity > SEVERITY_NOTE && i < G_N_ELEMENTS(fixables); i++) {
        if (g_str_equal(fixables[i].code, finding->code))
            return &fixables[i];
    }
    return NULL;
}

static bool is_fixed(const Search *search, const Finding *finding)
{
    for (guint i = 0; i < search->fixes->len; i++) {
        if (((const CheckFix *)search->fixes->pdata[i])->finding == finding)
            return true;
    }
    return false;
}

/* "change bitsandbytes==0.45.0 to bitsandbytes==0.45.2 (requirements.txt:1), which was tried" */
static void set_hint(Finding *finding, const CheckFix *fix)
{
    GString *text = g_string_new("change ");
    for (guint i = 0; i < fix->edits->len; i++) {
        const FixEdit *edit = fix->edits->pdata[i];
        g_string_append_printf(text, "%s%s to %s (%s)", i > 0 ? " and " : "", edit->before,
                               edit->after, edit->at);
    }
    g_string_append_printf(text, ": with %s this finding is gone, and no error comes", fix->about);
    const char *meant = finding->hint ? strstr(finding->hint, " or declare the break") : NULL;
    if (meant) /* a change is not the only way out of what may be meant */
        g_string_append_printf(text, ";%s", meant);
    g_free(finding->hint);
    finding->hint = g_string_free(text, FALSE);
}

static void add_fix(Search *search, Finding *finding, GPtrArray *edits, const char *about)
{
    CheckFix *fix = g_new0(CheckFix, 1);
    fix->finding = finding;
    fix->edits = g_ptr_array_ref(edits);
    fix->about = g_strdup(about);
    g_ptr_array_add(search->fixes, fix);
    if (!g_str_equal(finding->code, "unsatisfiable"))
        set_hint(finding, fix);
}

/* Findings of the stages of two distributions that do not agree and have no way out so far. */
static GPtrArray *broken_requirements(const Search *search)
{
    const GPtrArray *stages = search->context.target->stages;
    GPtrArray *broken = g_ptr_array_new();
    for (guint i = 0; i < stages->len; i++) {
        const GPtrArray *told = ((const LockStage *)stages->pdata[i])->findings;
        for (guint k = 0; k < told->len; k++) {
            const Finding *finding = told->pdata[k];
            if (g_str_equal(finding->code, "breaks-requirement") && !finding->acknowledged &&
                finding->found && !is_fixed(search, finding))
                g_ptr_array_add(broken, told->pdata[k]);
        }
    }
    return broken;
}

/* The finding, and others that are gone with it. */
static void add_fixes(Search *search, const FixTrial *trial, Finding *finding, GPtrArray *edits,
                      const char *about)
{
    const FixContext *context = &search->context;
    add_fix(search, finding, edits, about);
    for (guint i = 0; i < context->run->findings->len; i++) {
        Finding *other = context->run->findings->pdata[i];
        if (find_fixable(other) && !is_fixed(search, other) &&
            fix_trial_helps(context, trial, other))
            add_fix(search, other, edits, about);
    }
    g_autoptr(GPtrArray) broken = broken_requirements(search);
    for (guint i = 0; i < broken->len; i++) {
        if (broken->pdata[i] != finding && fix_trial_helps(context, trial, broken->pdata[i]))
            add_fix(search, broken->pdata[i], edits, about);
    }
}

static bool try_all(Search *search, Finding *finding, GPtrArray *edits, const char *about)
{
    bool unseen = clock_monotonic_usec() > search->until;
    g_autoptr(FixTrial) trial = unseen ? NULL : try_edits(search, finding, edits, &unseen);
    if (trial)
        add_fixes(search, trial, finding, edits, about);
    else
        g_ptr_array_add(unseen ? search->unseen : search->vain, g_strdup(about));
    return trial != NULL;
}

/* Versions */

static bool try_side(Search *search, Finding *finding, const FixSide *side)
{
    for (guint i = 0; side && i < side->versions->len; i++) {
        const char *wanted = side->versions->pdata[i];
        g_autoptr(GPtrArray) edits = fix_side_edits(&search->context, search->survey, side, wanted);
        g_autofree char *about = g_strdup_printf("%s %s", side->installed->name, wanted);
        if (!edits)
            return false;
        if (try_all(search, finding, edits, about))
            return true;
    }
    return false;
}

static bool open_survey(Search *search)
{
    const FixContext *context = &search->context;
    g_autoptr(Diags) diags = diags_new();
    if (!search->surveyed)
        search->survey = lock_survey_new(context->session, context->recipe,
                                         context->target->platform, diags, NULL);
    search->surveyed = true;
    return search->survey != NULL;
}

static bool fix_version(Search *search, Finding *finding, const char *name, FixReach reach)
{
    g_autoptr(FixSide) side = name && open_survey(search)
                                  ? fix_side_new(&search->context, search->survey, name, reach)
                                  : NULL;
    return try_side(search, finding, side);
}

/* Pairs */

/* The refusal that a finding tells, or that makes the import fail that it tells. */
static const LibraryRefusal *find_refusal(const CheckRun *run, const Finding *finding)
{
    bool import = g_str_equal(finding->code, "import-fails");
    for (guint i = 0; i < run->refusals->len; i++) {
        const LibraryRefusal *refusal = run->refusals->pdata[i];
        g_autofree char *line =
            import
                ? g_strdup_printf("%s: undefined symbol: %s", refusal->member, refusal->symbols[0])
                : g_strdup_printf("%s of %s ", native_base_name(refusal->member),
                                  refusal->distribution);
        if (import ? strstr(finding->message, line) != NULL
                   : g_str_has_prefix(finding->message, line))
            return refusal;
    }
    return NULL;
}

static guint64 size_of(const FixSide *side)
{
    return side->installed->file ? side->installed->file->size : 0;
}

/* Whether to begin with the first: with one that agrees with the rest, else with the smaller wheel,
 * on which less is built. */
static bool is_before(const FixSide *first, const FixSide *second)
{
    if (!first || !second)
        return first != NULL;
    return first->fits != second->fits ? first->fits : size_of(first) <= size_of(second);
}

static bool fix_pair(Search *search, Finding *finding, const char *loader, const char *owner)
{
    if (!loader || !open_survey(search))
        return false;
    g_autoptr(FixSide) one = fix_side_new(&search->context, search->survey, loader, FIX_NEAREST);
    g_autoptr(FixSide) other =
        g_strcmp0(loader, owner) != 0
            ? fix_side_new(&search->context, search->survey, owner, FIX_NEAREST)
            : NULL;
    bool first = is_before(one, other);
    return try_side(search, finding, first ? one : other) ||
           try_side(search, finding, first ? other : one);
}

static bool fix_symbols(Search *search, Finding *finding)
{
    const CheckRun *run = search->context.run;
    const LibraryRefusal *refusal = find_refusal(run, finding);
    const char *owner = refusal ? refusal->owner : "torch";
    const CheckWheel *wheel = check_find_wheel(run, owner);
    search->whole = wheel && wheel->native && wheel->native->deep &&
                    !g_str_equal(finding->code, "torch-abi"); /* any of its libraries tells that */
    return fix_pair(search, finding, refusal ? refusal->distribution : finding->distribution,
                    owner);
}

/* Stages */

/* A change that the solver has tried: with it the stage is satisfied. */
static bool fix_stage(Search *search, Finding *finding)
{
    const FixContext *context = &search->context;
    for (guint i = 0; i < context->target->stages->len; i++) {
        const LockStage *stage = context->target->stages->pdata[i];
        for (guint k = 0; stage->status == STAGE_UNSATISFIABLE && k < stage->ways_out->len; k++) {
            const LockWayOut *way = stage->ways_out->pdata[k];
            bool usable = way->at && way->line && way->instead && !way->partial;
            FixEdit *edit =
                usable ? fix_edit_text(context->book, way->at, way->line, way->instead) : NULL;
            g_autoptr(GPtrArray) edits = g_ptr_array_new_with_free_func(fix_edit_free);
            if (!edit)
                continue;
            g_ptr_array_add(edits, edit);
            if (try_all(search, finding, edits, way->instead))
                return true;
        }
    }
    return false;
}

/* All */

static void append_names(GString *text, const char *before, const GPtrArray *names)
{
    for (guint i = 0; i < names->len; i++)
        g_string_append_printf(text, "%s%s", i == 0 ? before : ", ", (const char *)names->pdata[i]);
}

/* What was tried and is no way out need not be tried by the user. */
static void set_vain(const Search *search, Finding *finding)
{
    GString *text = g_string_new(finding->hint);
    append_names(text, text->len > 0 ? "; tried, and no way out: " : "tried, and no way out: ",
                 search->vain);
    const char *deep = search->context.run->deep ? "" : " (more is with --deep)";
    g_autofree char *unseen = g_strdup_printf(
        "; not looked into, for want of time, for the size%s, or because it could not be had: ",
        deep);
    append_names(text, unseen, search->unseen);
    g_free(finding->hint);
    finding->hint = g_string_free(text, FALSE);
}

static void fix_finding(Search *search, Finding *finding, Subject subject)
{
    bool found = false, pair = subject == ABOUT_PAIR;
    search->whole = false;
    g_ptr_array_set_size(search->vain, 0);
    g_ptr_array_set_size(search->unseen, 0);
    if (pair || find_refusal(search->context.run, finding))
        found = fix_symbols(search, finding);
    if (!found && !pair)
        found = fix_version(search, finding, finding->distribution,
                            subject == ABOUT_SYSTEM ? FIX_NEAREST : FIX_NEWER);
    if (!found && search->vain->len + search->unseen->len > 0 && subject != ABOUT_VERSION)
        set_vain(search, finding);
}

static void search_free(Search *search)
{
    lock_survey_free(search->survey);
    g_ptr_array_unref(search->vain);
    g_ptr_array_unref(search->unseen);
}

GPtrArray *check_fixes_find(const FixContext *context)
{
    Search search = {
        .context = *context,
        .budget = context->run->deep ? MAX_FETCHED : MAX_FETCHED_PLAIN,
        .until = clock_monotonic_usec() + MAX_SECONDS * G_USEC_PER_SEC,
        .fixes = g_ptr_array_new_with_free_func(check_fix_free),
        .vain = g_ptr_array_new_with_free_func(g_free),
        .unseen = g_ptr_array_new_with_free_func(g_free),
    };
    search.context.budget = &search.budget;
    unsigned tried = 0;
    for (guint i = 0; i < context->run->findings->len && tried < MAX_FIXED; i++) {
        Finding *finding = context->run->findings->pdata[i];
        const Fixable *fixable = find_fixable(finding);
        bool unsatisfiable = g_str_equal(finding->code, "unsatisfiable");
        if ((!fixable && !unsatisfiable) || is_fixed(&search, finding))
            continue;
        tried++;
        if (unsatisfiable)
            fix_stage(&search, finding);
        else
            fix_finding(&search, finding, fixable->subject);
    }
    search_free(&search);
    return search.fixes;
}
