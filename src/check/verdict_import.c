/* Items that the simulation of imports decides. */
#include "check/import_roots.h"
#include "check/verdict.h"

static char *describe(const ImportVerdict *verdict)
{
    const ImportStep *step =
        verdict->chain->len > 0 ? verdict->chain->pdata[verdict->chain->len - 1] : NULL;
    g_autofree char *place =
        step ? g_strdup_printf(" (%s:%u)", step->path, step->line) : g_strdup("");
    const char *message = verdict->message ? verdict->message : "";
    if (verdict->outcome == IMPORT_UNKNOWN)
        return g_strdup_printf("%s%s", message, place);
    return g_strdup_printf("%s%s%s%s", verdict->exception, *message ? ": " : "", message, place);
}

/* Where a GPU is at hand only what fails there counts. */
static void decide_gpu(const Verdict *verdict, const Text *text, const ImportRoot *root)
{
    if (root->run->outcome == IMPORT_WORKS)
        verdict_holds(verdict, verdict_item(text));
    else if (root->run->outcome == IMPORT_FAILS)
        verdict_fails_silently(verdict, verdict_item(text), describe(root->run));
    else
        verdict_unknown(verdict, verdict_item(text), describe(root->run));
}

static void decide_build(const Verdict *verdict, const Text *text, const ImportRoot *root)
{
    if (root->build->outcome == IMPORT_WORKS)
        verdict_holds(verdict, verdict_item(text));
    else if (root->build->outcome == IMPORT_UNKNOWN)
        verdict_unknown(verdict, verdict_item(text), describe(root->build));
    else if (root->run->outcome == IMPORT_FAILS)
        verdict_fails_silently(verdict, verdict_item(text), describe(root->build));
    else
        verdict_moved(verdict, verdict_item(text), describe(root->build));
}

void verdict_import(const Verdict *verdict)
{
    for (guint i = 0; i < verdict->check->items->len; i++) {
        const Text *text = verdict->check->items->pdata[i];
        const ImportRoot *root = import_roots_of_item(verdict->run, text->text);
        if (!root || !root->build || !root->run)
            verdict_unknown(verdict, verdict_item(text),
                            g_strdup("the wheels were not looked into"));
        else if (g_str_equal(verdict->when, "gpu"))
            decide_gpu(verdict, text, root);
        else
            decide_build(verdict, text, root);
    }
}

static void decide_found(const Verdict *verdict, const Text *text)
{
    const ImportVerdict *found = import_roots_find_item(verdict->run, text->text);
    if (!found) {
        verdict_unknown(verdict, verdict_item(text), g_strdup("the wheels were not looked into"));
        return;
    }
    if (found->outcome == IMPORT_WORKS)
        verdict_holds(verdict, verdict_item(text));
    else if (found->outcome == IMPORT_FAILS)
        verdict_fails(verdict, verdict_item(text), text->at, describe(found));
    else
        verdict_unknown(verdict, verdict_item(text), describe(found));
}

void verdict_found(const Verdict *verdict)
{
    for (guint i = 0; i < verdict->check->items->len; i++)
        decide_found(verdict, verdict->check->items->pdata[i]);
}
