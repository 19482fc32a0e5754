#include "check/decide_imports.h"

#include "check/import_roots.h"
#include "check/import_words.h"
#include "check/scene.h"

enum {
    MAX_LINE_CHARS = 400, /* of a line of evidence: wheels hold generated files */
};

typedef struct {
    const char *name;
    const GPtrArray *checks; /* Check, or NULL */
} CheckList;

static void find_lists(const Recipe *recipe, CheckList lists[2])
{
    const RecipeChecks *checks = recipe->checks;
    lists[0] = (CheckList){"build", checks ? checks->build : NULL};
    lists[1] = (CheckList){"runtime", checks ? checks->runtime : NULL};
}

/* LockImport of every item, undecided; each module once in a list. */
static GPtrArray *collect(const Recipe *recipe)
{
    GPtrArray *imports = g_ptr_array_new_with_free_func(lock_import_free);
    CheckList lists[2];
    find_lists(recipe, lists);
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
        for (guint k = 0; lists[i].checks && k < lists[i].checks->len; k++) {
            const Check *check = lists[i].checks->pdata[k];
            for (guint m = 0; check->kind == CHECK_IMPORT && m < check->items->len; m++) {
                const Text *item = check->items->pdata[m];
                g_autofree char *at = span_address(span_is_set(item->at) ? item->at : check->at);
                if (!lock_import_find(imports, lists[i].name, item->text))
                    g_ptr_array_add(imports,
                                    lock_import_new(item->text, lists[i].name, at ? at : "recipe"));
            }
        }
    }
    return imports;
}

bool imports_are_asked(const Recipe *recipe, const LockTarget *target)
{
    if (!recipe->checks || !lock_target_is_solved(target))
        return false;
    g_autoptr(GPtrArray) imports = collect(recipe);
    return imports->len > 0;
}

/* Lines of a lock: valid, without control characters, of a bearable length. Takes the text. */
static char *one_line(char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    g_free(text);
    GString *line = g_string_new(NULL);
    unsigned count = 0;
    for (const char *at = valid; *at && count < MAX_LINE_CHARS; at = g_utf8_next_char(at)) {
        gunichar one = g_utf8_get_char(at);
        g_string_append_unichar(line, g_unichar_iscntrl(one) ? ' ' : one);
        count++;
    }
    if (count == MAX_LINE_CHARS)
        g_string_append(line, "...");
    return g_string_free(line, FALSE);
}

static char **describe_chain(const CheckRun *run, const GPtrArray *chain)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    import_chain_words(run, builder, chain);
    char **lines = g_strv_builder_end(builder);
    for (size_t i = 0; lines[i]; i++)
        lines[i] = one_line(lines[i]);
    return lines;
}

/* Wheels of which nothing could be read make everything that they may hold unknown. Why is not
 * said: that may name an index's address, which no lock does. */
static char *describe_unread(const CheckRun *run)
{
    const char *first = NULL;
    guint count = 0;
    for (guint i = 0; i < run->wheels->len; i++) {
        const CheckWheel *wheel = run->wheels->pdata[i];
        if (wheel_view_directory(wheel->view))
            continue;
        count++;
        first = first ? first : wheel->file->file;
    }
    if (count == 1)
        return g_strdup_printf("%s could not be looked into", first);
    return count ? g_strdup_printf("%u wheels could not be looked into", count) : NULL;
}

static void set_unknown(const CheckRun *run, const ImportRoot *root, LockImport *item)
{
    item->reason = describe_unread(run);
    item->verdict = item->reason ? LOCK_IMPORT_UNREAD : LOCK_IMPORT_UNDECIDED;
    if (!item->reason)
        item->reason = root && root->build ? one_line(import_reason_words(root->build))
                                           : g_strdup("the base's Python is not known");
    if (!*item->reason) {
        g_free(item->reason);
        item->reason = g_strdup("it could not be followed to its end");
    }
}

static void decide(const CheckRun *run, LockImport *item)
{
    const ImportRoot *root = import_roots_of_item(run, item->module);
    bool simulated = root && root->build && root->run;
    switch (simulated ? import_root_without_driver(root) : RESULT_UNKNOWN) {
    case RESULT_HOLDS:
    case RESULT_FAILS:
        item->verdict = LOCK_IMPORT_STAYS;
        break;
    case RESULT_MOVED:
        item->verdict = LOCK_IMPORT_MOVED;
        item->reason = one_line(import_reason_words(root->build));
        item->evidence = describe_chain(run, root->build->chain);
        break;
    case RESULT_UNKNOWN:
        set_unknown(run, root, item);
        break;
    }
}

static GPtrArray *names_of(const GPtrArray *imports)
{
    GPtrArray *names = g_ptr_array_new();
    for (guint i = 0; i < imports->len; i++)
        g_ptr_array_add(names, ((const LockImport *)imports->pdata[i])->module);
    return names;
}

gboolean imports_decide(LockSession *session, const Recipe *recipe, LockTarget *target,
                        GError **error)
{
    g_autoptr(GPtrArray) imports = collect(recipe);
    g_autoptr(GPtrArray) names = names_of(imports);
    g_autoptr(CheckRun) run = check_run_new(recipe, target);
    SceneOptions options = {.only = names};
    g_autoptr(CheckScene) scene = check_scene_open(session, run, &options, error);
    if (!scene)
        return FALSE;
    for (guint i = 0; i < imports->len; i++)
        decide(run, imports->pdata[i]);
    g_ptr_array_unref(target->imports);
    target->imports = g_steal_pointer(&imports);
    return TRUE;
}
