#include "lock/solve_words.h"

#include "python/name.h"

enum {
    VERSIONS_SHOWN = 3,
    TAGS_SHOWN = 5,
};

/* Why a file was not taken, where the resolver gives no detail, and the way out. */
static const struct {
    Refusal reason;
    const char *text;
    const char *hint;
    const char *env_hint; /* of a recipe that has no base */
} refusals[] = {
    /* clang-format off */
    {REFUSED_TAG, "is for another platform or Python",
     "take a base whose Python and platform the wheels are built for",
     "take a Python and a platform that the wheels are built for"},
    {REFUSED_PYTHON, "needs another Python", "take a base with a Python that it accepts",
     "take a Python that it accepts"},
    {REFUSED_LIBC, "needs a newer libc", "take a base with a newer libc",
     "raise `libc:`, where every machine that it is for has that"},
    {REFUSED_YANKED, "was yanked", "a yanked version is taken only when `==` names it", NULL},
    {REFUSED_HASH, "has another hash", "give the line the hash of the file that you mean", NULL},
    {REFUSED_DATE, "is newer than `exclude_newer`", "move `exclude_newer:` on", NULL},
    {REFUSED_SPECIFIER, "is outside the versions asked for", NULL, NULL},
    {REFUSED_METADATA, "has unusable metadata", NULL, NULL},
    {REFUSED_PRERELEASE, "is a pre-release", "set `pre: true`, or name the pre-release", NULL},
    {REFUSED_EXCLUDED, "is excluded", "take it out of `exclude:`", NULL},
    /* clang-format on */
};

static const char *refusal_text(const RefusedFile *refused)
{
    for (size_t i = 0; i < G_N_ELEMENTS(refusals) && !refused->detail; i++) {
        if (refusals[i].reason == refused->reason)
            return refusals[i].text;
    }
    return refused->detail ? refused->detail : "was not taken";
}

static bool lacks_dates(const Conflict *conflict)
{
    for (guint i = 0; i < conflict->refused->len; i++) {
        const RefusedFile *refused = conflict->refused->pdata[i];
        if (refused->reason == REFUSED_DATE && refused->file->upload_time >= 0)
            return false;
    }
    return true;
}

const char *explain_refusal_hint(const Solve *solve, const Conflict *conflict)
{
    bool env = solve->recipe->target == TARGET_ENV;
    if (conflict->reason == REFUSED_DATE && lacks_dates(conflict))
        return "take an index that says when files were uploaded, or leave `exclude_newer:` out";
    if (conflict->reason == REFUSED_FORMAT && !conflict->older && !conflict->newer)
        return "build a wheel elsewhere (`pip wheel`), and name it by path or URL or put it where "
               "`find_links:` looks";
    if (conflict->reason == REFUSED_LIBC && solve->facts->target->libc == LIBC_MACOS)
        return "raise `macos:`, where every Mac that it is for has that";
    for (size_t i = 0; i < G_N_ELEMENTS(refusals); i++) {
        if (refusals[i].reason == conflict->reason)
            return env && refusals[i].env_hint ? refusals[i].env_hint : refusals[i].hint;
    }
    return NULL;
}

/* Whether the version is one that every clause on the name lets through: only then is it worth
 * saying why its file was not taken. */
static bool is_asked(const Conflict *conflict, const char *version)
{
    g_autoptr(Version) parsed = version ? version_parse(version, NULL) : NULL;
    for (guint i = 0; parsed && i < conflict->causes->len; i++) {
        const ConflictCause *cause = conflict->causes->pdata[i];
        g_autoptr(Requirement) clause = requirement_parse(cause->requirement, NULL);
        if (clause && g_str_equal(clause->canonical, conflict->name) &&
            !specifier_set_contains(clause->specifiers, parsed, PRERELEASES_YES))
            return false;
    }
    return true;
}

static bool same_refusal(const RefusedFile *a, const RefusedFile *b)
{
    return a->reason == b->reason &&
           (a->reason == REFUSED_TAG || g_strcmp0(a->detail, b->detail) == 0);
}

/* "cp311-cp311-win_amd64" of a wheel's name. */
static char *wheel_tags(const char *filename)
{
    g_autoptr(WheelName) wheel = wheel_name_parse(filename, NULL);
    const char *tags = wheel ? filename + strlen(filename) : NULL;
    for (unsigned dashes = 0; tags && dashes < 3; dashes++)
        tags = g_strrstr_len(filename, tags - filename, "-");
    return tags ? g_strndup(tags + 1, strlen(tags + 1) - strlen(".whl")) : g_strdup(filename);
}

/* A group of files of one version, and how it is shown. */
typedef struct {
    const GPtrArray *refused; /* RefusedFile */
    guint begin, end;         /* those that were refused as the first one */
    bool tags;                /* by their tags, else by name */
    guint most;
    const char *machine; /* of the target: what is built for it comes first */
} FileList;

static bool is_near(const FileList *list, const RefusedFile *refused)
{
    const char *name = refused->file->filename;
    return strstr(name, list->machine) && strstr(name, "linux");
}

static guint append_files(const FileList *list, GString *text, bool near)
{
    guint count = 0;
    for (guint i = list->begin; i < list->end; i++) {
        const RefusedFile *one = list->refused->pdata[i];
        if (!same_refusal(one, list->refused->pdata[list->begin]) || is_near(list, one) != near ||
            count++ >= list->most)
            continue;
        g_autofree char *name =
            list->tags ? wheel_tags(one->file->filename) : g_strdup(one->file->filename);
        g_string_append_printf(text, "%s%s", text->len > 0 ? ", " : "", name);
    }
    return count;
}

/* "cp310-cp310-manylinux_2_28_x86_64, cp311-cp311-win_amd64 and 3 more" */
static char *list_files(FileList list)
{
    g_autoptr(GString) text = g_string_new(NULL);
    guint most = list.most;
    guint near = append_files(&list, text, true);
    list.most -= MIN(most, near);
    guint count = near + append_files(&list, text, false);
    if (count > most)
        g_string_append_printf(text, " and %u more", count - most);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static void note_refusal(Explanation *explanation, const Conflict *conflict, const char *machine,
                         guint begin, guint end)
{
    const RefusedFile *first = conflict->refused->pdata[begin];
    bool tags = first->reason == REFUSED_TAG;
    const char *why = tags ? "is built for" : refusal_text(first);
    g_autofree char *files =
        list_files((FileList){conflict->refused, begin, end, tags, tags ? TAGS_SHOWN : 1, machine});
    bool named = strstr(why, first->file->filename) != NULL;
    explain_note(explanation, SPAN_NONE,
                 g_strdup_printf("%s %s: %s%s%s%s", conflict->name, first->version, why,
                                 tags    ? " "
                                 : named ? ""
                                         : " (",
                                 named ? "" : files, tags || named ? "" : ")"));
}

/* Why the files [begin, end) of one version were not taken, each reason once. */
static void note_version(Explanation *explanation, const Conflict *conflict, const char *machine,
                         guint begin, guint end)
{
    for (guint i = begin; i < end; i++) {
        bool told = false;
        for (guint k = begin; k < i && !told; k++)
            told = same_refusal(conflict->refused->pdata[i], conflict->refused->pdata[k]);
        const RefusedFile *one = conflict->refused->pdata[i];
        if (!told && !strstr(conflict->message, one->file->filename))
            note_refusal(explanation, conflict, machine, i, end);
    }
}

static guint version_end(const GPtrArray *refused, guint begin)
{
    const RefusedFile *first = refused->pdata[begin];
    guint end = begin;
    while (end < refused->len &&
           g_strcmp0(((const RefusedFile *)refused->pdata[end])->version, first->version) == 0)
        end++;
    return end;
}

/* The refused files of the versions that were asked for, newest first. Returns the reasons that
 * there were, as bits. */
static unsigned note_versions(Explanation *explanation, const Conflict *conflict,
                              const char *machine)
{
    guint shown = 0, left = 0;
    unsigned reasons = 0;
    for (guint begin = 0, end; begin < conflict->refused->len; begin = end) {
        end = version_end(conflict->refused, begin);
        const RefusedFile *first = conflict->refused->pdata[begin];
        if (!is_asked(conflict, first->version))
            continue;
        for (guint i = begin; i < end; i++)
            reasons |= 1u << ((const RefusedFile *)conflict->refused->pdata[i])->reason;
        if (shown++ < VERSIONS_SHOWN)
            note_version(explanation, conflict, machine, begin, end);
        else
            left++;
    }
    if (left > 0)
        explain_note(explanation, SPAN_NONE,
                     g_strdup_printf("and %u more version%s", left, left > 1 ? "s" : ""));
    return reasons;
}

/* What the user wrote that decides it */

static void note_target(Explanation *explanation, const Solve *solve, unsigned reasons)
{
    const unsigned about = 1u << REFUSED_TAG | 1u << REFUSED_PYTHON | 1u << REFUSED_LIBC;
    if (!(reasons & about))
        return;
    const Recipe *recipe = solve->recipe;
    const PythonTarget *target = solve->facts->target;
    g_autofree char *libc = python_target_libc_text(target);
    Span at = recipe->base.at;
    if (solve->facts->form == BASE_FORM_DECLARED || solve->facts->form == BASE_FORM_REGISTRY)
        at = reasons & 1u << REFUSED_LIBC && recipe->libc.text ? recipe->libc.at
             : recipe->python.version                          ? recipe->python.at
                                                               : at;
    const char *const *tags = tag_set_list(solve->tags);
    size_t best = 0; /* the bare platform comes before those that wheels of an index have */
    while (tags[best] && strstr(tags[best], "-linux_"))
        best++;
    explain_note(explanation, at,
                 g_strdup_printf("the target is Python %s on %s%s%s; its best tag is %s",
                                 target->full_version, target->machine, libc ? " with " : "",
                                 libc ? libc : "", tags[best] ? tags[best] : "none"));
}

static void note_date(Explanation *explanation, const Solve *solve, unsigned reasons)
{
    const Text *date = &solve->recipe->exclude_newer;
    if (reasons & 1u << REFUSED_DATE && date->text)
        explain_note(explanation, date->at, g_strdup_printf("`exclude_newer` is %s", date->text));
}

/* The item of `only_binary:` or `no_binary:` that names it, or all. */
static const Text *find_format_item(const GPtrArray *items, const char *name)
{
    const Text *found = NULL;
    for (guint i = 0; items && i < items->len; i++) {
        const Text *item = items->pdata[i];
        g_autofree char *canonical = name_canonicalize(item->text);
        if (g_str_equal(item->text, ":all:") || g_str_equal(canonical, name))
            found = item;
    }
    return found;
}

static void note_format(Explanation *explanation, const Solve *solve, guint stage,
                        const Conflict *conflict, unsigned reasons)
{
    if (!(reasons & 1u << REFUSED_FORMAT))
        return;
    const PipStage *pip = ((const Stage *)solve->recipe->stages->pdata[stage])->body.pip;
    const PipInputs *inputs = ((const StageInputs *)solve->inputs->pdata[stage])->inputs;
    const struct {
        const char *key, *option;
        const GPtrArray *items;
    } formats[] = {{"only_binary", "--only-binary", pip->only_binary},
                   {"no_binary", "--no-binary", pip->no_binary}};
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
        const Text *item = find_format_item(formats[i].items, conflict->name);
        const PipOptionLine *line = pip_inputs_find_option(inputs, formats[i].option, NULL);
        if (item)
            explain_note(explanation, item->at,
                         g_strdup_printf("`%s` names %s", formats[i].key, item->text));
        if (line)
            explain_note(explanation, line->at,
                         g_strdup_printf("%s %s", formats[i].option, line->value));
    }
}

/* What turned on the mode in which everything needs a hash. */
static void note_hash_mode(Explanation *explanation, const Solve *solve, guint stage,
                           const Conflict *conflict)
{
    if (conflict->reason != REFUSED_HASH)
        return;
    const Stage *of = solve->recipe->stages->pdata[stage];
    const PipInputs *inputs = ((const StageInputs *)solve->inputs->pdata[stage])->inputs;
    const PipOptionLine *line = pip_inputs_find_option(inputs, "--require-hashes", NULL);
    if (!line)
        line = pip_inputs_find_option(inputs, "--hash", NULL);
    if (of->body.pip->require_hashes)
        explain_note(explanation, of->at, g_strdup("the stage has `require_hashes`"));
    else if (line)
        explain_note(explanation, line->at,
                     g_strdup_printf("a %s makes every requirement need a hash", line->name));
}

static void note_nearest(Explanation *explanation, const Conflict *conflict)
{
    const char *older = conflict->older, *newer = conflict->newer;
    bool none = !older && !newer;
    if (conflict->reason == REFUSED_HASH || conflict->reason == REFUSED_YANKED ||
        conflict->reason == REFUSED_PRERELEASE || (none && !conflict->all_refused))
        return;
    explain_note(explanation, SPAN_NONE,
                 none ? g_strdup("no version has a wheel that can be used")
                      : g_strdup_printf("nearest with a usable wheel: %s %s%s%s", conflict->name,
                                        older ? older : newer, older && newer ? " and " : "",
                                        older && newer ? newer : ""));
}

void explain_files(Explanation *explanation, const Solve *solve, guint stage,
                   const Conflict *conflict)
{
    unsigned reasons = note_versions(explanation, conflict, solve->facts->target->machine);
    for (guint i = 0; i < conflict->notes->len; i++)
        explain_note(explanation, SPAN_NONE, g_strdup(conflict->notes->pdata[i]));
    note_target(explanation, solve, reasons);
    note_date(explanation, solve, reasons);
    note_format(explanation, solve, stage, conflict, reasons);
    note_hash_mode(explanation, solve, stage, conflict);
    note_nearest(explanation, conflict);
}
