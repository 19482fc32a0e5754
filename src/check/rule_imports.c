/* What importing does: fails wherever it is tried, fails without a driver, or fails in a function
 * that somebody will call. One finding for each statement that fails, however many imports lead to
 * it. */
#include "check/import_roots.h"
#include "check/import_words.h"
#include "check/rules.h"

enum {
    CALLS_SHOWN = 5,
};

static bool same_failure(const ImportVerdict *a, const ImportVerdict *b)
{
    const ImportStep *one = import_last_step(a), *other = import_last_step(b);
    bool same = one && other ? one->line == other->line && g_str_equal(one->path, other->path)
                             : one == other;
    return same && g_strcmp0(a->exception, b->exception) == 0 &&
           g_strcmp0(a->message, b->message) == 0;
}

static char *describe_root(const ImportRoot *root)
{
    switch (root->kind) {
    case ROOT_SCRIPT:
        return g_strdup_printf("%s, which the container starts,", root->name);
    case ROOT_START:
        return g_strdup_printf("%s, which the container imports at its start,", root->name);
    case ROOT_CHECK:
    case ROOT_DISTRIBUTION:
        break;
    }
    return g_strdup_printf("`import %s`", root->name);
}

static const LockDistribution *find_owner(const CheckRun *run, const ImportStep *step)
{
    return step && step->distribution ? check_installed(run, step->distribution) : NULL;
}

/* The place of the distribution that the step is in; else of the item that imports it. */
static char *place_of(const CheckRun *run, const ImportRoot *root, const ImportStep *step)
{
    const LockDistribution *owner = find_owner(run, step);
    if (!owner && root->distribution)
        owner = check_installed(run, root->distribution);
    bool started = root->kind == ROOT_SCRIPT || root->kind == ROOT_START;
    char *place = owner && !started ? check_place_of(run, owner) : NULL;
    return place ? place : span_address(root->at);
}

static void set_subject(const CheckRun *run, Finding *finding, const ImportRoot *root,
                        const ImportStep *step)
{
    g_autofree char *item = span_address(root->at);
    if (g_strcmp0(item, finding->at) == 0) {
        finding->column = root->at.column;
        finding->width = root->at.width;
    }
    const LockDistribution *owner = find_owner(run, step);
    if (!owner)
        return;
    finding->distribution = g_strdup(owner->name);
    finding->version = g_strdup(owner->version);
}

static bool fails(const ImportVerdict *verdict)
{
    return verdict->outcome == IMPORT_FAILS;
}

/* The roots before this one that fail in the same statement. */
static bool is_told(const CheckRun *run, guint index, const ImportVerdict *verdict)
{
    for (guint i = 0; i < index; i++) {
        const ImportRoot *earlier = run->roots->pdata[i];
        const ImportVerdict *told = fails(earlier->run) ? earlier->run : earlier->build;
        if (fails(told) && same_failure(told, verdict))
            return true;
    }
    return false;
}

static void add_item_line(GStrvBuilder *lines, const ImportRoot *root)
{
    g_autofree char *address = span_address(root->at);
    if (!address || root->kind != ROOT_CHECK)
        return;
    g_autofree char *line =
        g_strdup_printf("imported by `checks: {%s: ...}` at %s", root->when, address);
    g_strv_builder_add(lines, line);
}

static void add_lacking(const CheckRun *run, GStrvBuilder *lines, const char *message,
                        const char *but)
{
    g_autofree char *line = import_lacking_words(run, message, but);
    if (line)
        g_strv_builder_add(lines, line);
}

/* Whether it is a module beside the one that people import, for who has a package that nothing
 * brings. */
static bool is_aside(const CheckRun *run, const ImportRoot *root)
{
    bool absent = root->kind == ROOT_DISTRIBUTION &&
                  g_strcmp0(root->run->exception, "ModuleNotFoundError") == 0 &&
                  !strchr(root->run->message ? root->run->message : ".", '.');
    for (guint i = 0; absent && i < run->roots->len; i++) {
        const ImportRoot *other = run->roots->pdata[i];
        if (other->run && other->run->outcome == IMPORT_WORKS &&
            g_strcmp0(other->distribution, root->distribution) == 0)
            return true;
    }
    return false;
}

/* It fails where there is a driver too. */
static void judge_failure(CheckRun *run, const ImportRoot *root)
{
    const ImportStep *failing = import_last_step(root->run);
    g_autofree char *place = place_of(run, root, failing);
    g_autofree char *subject = describe_root(root), *failure = import_failure_words(root->run);
    Finding *finding =
        check_add_at(run, "import-fails", place,
                     g_strdup_printf("%s fails, with a GPU and without: %s", subject, failure));
    if (!fails(root->build)) {
        g_free(finding->message);
        finding->message = g_strdup_printf("%s fails where there is a GPU: %s", subject, failure);
    }
    if (root->kind == ROOT_DISTRIBUTION)
        finding->severity = is_aside(run, root) ? SEVERITY_NOTE : SEVERITY_WARNING;
    set_subject(run, finding, root, failing);
    g_autoptr(GStrvBuilder) lines = g_strv_builder_new();
    add_item_line(lines, root);
    import_chain_words(run, lines, root->run->chain);
    add_lacking(run, lines, root->run->message, finding->distribution);
    if (fails(root->build) && !same_failure(root->build, root->run)) {
        g_autofree char *other = import_failure_words(root->build);
        const ImportStep *step = import_last_step(root->build);
        g_autofree char *where = step ? import_step_words(run, step) : g_strdup(root->name);
        g_autofree char *line =
            g_strdup_printf("without a driver it ends earlier, %s: %s", other, where);
        g_strv_builder_add(lines, line);
    }
    finding->evidence = g_strv_builder_end(lines);
}

/* It fails where there is none, and nothing says that it does where there is one. That is told of
 * what is imported and asks for a driver too early: the file that looks for one is right. */
static void judge_driver(CheckRun *run, const ImportRoot *root)
{
    const ImportStep *first = import_first_step(root->build);
    g_autofree char *place = place_of(run, root, first);
    g_autofree char *subject = describe_root(root), *failure = import_failure_words(root->build);
    bool build = root->kind == ROOT_CHECK && !g_str_equal(root->when, "gpu");
    const char *moved = build ? "; the item is moved to `gpu`" : "";
    Finding *finding = check_add_at(
        run, "import-needs-driver", place,
        g_strdup_printf("%s needs a driver, and fails where there is none, as in a build: %s%s",
                        subject, failure, moved));
    if (!build)
        finding->severity = SEVERITY_NOTE;
    set_subject(run, finding, root, first);
    g_autoptr(GStrvBuilder) lines = g_strv_builder_new();
    add_item_line(lines, root);
    import_chain_words(run, lines, root->build->chain);
    finding->evidence = g_strv_builder_end(lines);
}

static void judge_root(CheckRun *run, guint index)
{
    const ImportRoot *root = run->roots->pdata[index];
    if (!root->build || !root->run)
        return;
    if (fails(root->run) && !is_told(run, index, root->run))
        judge_failure(run, root);
    else if (!fails(root->run) && fails(root->build) && !is_told(run, index, root->build))
        judge_driver(run, root);
}

/* Functions */

static char *describe_call(const ImportFailure *failure)
{
    return g_strdup_printf("%s:%u, in %s: %s: %s", failure->at->path, failure->at->line,
                           failure->function, failure->exception, failure->message);
}

/* Of the stage that put a file of the application into the image. */
static char *own_place(const CheckRun *run, const char *path)
{
    const TreeEntry *entry = run->image ? image_files_find(run->image, path) : NULL;
    const GPtrArray *stages = run->recipe->stages;
    return entry && entry->stage < stages->len
               ? span_address(((const Stage *)stages->pdata[entry->stage])->at)
               : NULL;
}

/* Those of one distribution, from `first` on; where the next one's begin. */
static guint judge_calls(CheckRun *run, const GPtrArray *failures, guint first)
{
    const ImportFailure *head = failures->pdata[first];
    const char *owner_name = head->at->distribution;
    const LockDistribution *owner = owner_name ? check_installed(run, owner_name) : NULL;
    g_autoptr(GStrvBuilder) lines = g_strv_builder_new();
    guint end = first;
    for (; end < failures->len; end++) {
        const ImportFailure *failure = failures->pdata[end];
        if (g_strcmp0(failure->at->distribution, owner_name) != 0)
            break;
        g_autofree char *line = describe_call(failure);
        if (end - first < CALLS_SHOWN)
            g_strv_builder_add(lines, line);
    }
    if (end - first > CALLS_SHOWN) {
        g_autofree char *rest = g_strdup_printf("and %u more", end - first - CALLS_SHOWN);
        g_strv_builder_add(lines, rest);
    }
    add_lacking(run, lines, head->message, owner_name);
    g_autofree char *place = owner ? check_place_of(run, owner) : own_place(run, head->at->path);
    g_autofree char *subject =
        owner ? g_strdup_printf("%s %s", owner->name, owner->version) : g_strdup(head->at->path);
    Finding *finding =
        check_add_at(run, "import-deferred", place,
                     g_strdup_printf("%s imports in a function what is not there, and fails "
                                     "when that is called: %s",
                                     subject, head->message));
    finding->distribution = g_strdup(owner_name);
    finding->version = g_strdup(owner ? owner->version : NULL);
    finding->evidence = g_strv_builder_end(lines);
    return end;
}

static int compare_failures(const void *a, const void *b)
{
    const ImportStep *one = (*(ImportFailure *const *)a)->at;
    const ImportStep *other = (*(ImportFailure *const *)b)->at;
    int order = g_strcmp0(one->distribution, other->distribution);
    if (order == 0)
        order = strcmp(one->path, other->path);
    return order != 0 ? order : (int)one->line - (int)other->line;
}

static bool ends_at(const ImportVerdict *verdict, const ImportStep *at)
{
    const ImportStep *last = verdict && fails(verdict) ? import_last_step(verdict) : NULL;
    return last && last->line == at->line && g_str_equal(last->path, at->path);
}

/* Statements that made an import fail are told there already. */
static void drop_told(const CheckRun *run, GPtrArray *failures)
{
    for (guint i = failures->len; i-- > 0;) {
        const ImportStep *at = ((const ImportFailure *)failures->pdata[i])->at;
        bool told = false;
        for (guint k = 0; run->roots && k < run->roots->len && !told; k++) {
            const ImportRoot *root = run->roots->pdata[k];
            told = ends_at(root->build, at) || ends_at(root->run, at);
        }
        if (told)
            g_ptr_array_remove_index(failures, i);
    }
}

void rule_imports(CheckRun *run)
{
    for (guint i = 0; run->roots && i < run->roots->len; i++)
        judge_root(run, i);
    if (!run->deferred)
        return;
    g_autoptr(GPtrArray) failures = g_ptr_array_copy(run->deferred, NULL, NULL);
    g_ptr_array_set_free_func(failures, NULL);
    drop_told(run, failures);
    g_ptr_array_sort(failures, compare_failures);
    for (guint i = 0; i < failures->len;)
        i = judge_calls(run, failures, i);
}
