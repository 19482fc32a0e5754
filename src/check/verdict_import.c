/* Items that the simulation of imports decides. */
#include "check/import_roots.h"
#include "check/import_words.h"
#include "check/verdict.h"

/* Where a GPU is at hand only what fails there counts. */
static void decide_gpu(const Verdict *verdict, const Text *text, const ImportRoot *root)
{
    if (root->run->outcome == IMPORT_WORKS)
        verdict_holds(verdict, verdict_item(text));
    else if (root->run->outcome == IMPORT_FAILS)
        verdict_fails_silently(verdict, verdict_item(text), import_reason_words(root->run));
    else
        verdict_unknown(verdict, verdict_item(text), import_reason_words(root->run));
}

static void decide_build(const Verdict *verdict, const Text *text, const ImportRoot *root)
{
    switch (import_root_without_driver(root)) {
    case RESULT_HOLDS:
        verdict_holds(verdict, verdict_item(text));
        break;
    case RESULT_UNKNOWN:
        verdict_unknown(verdict, verdict_item(text), import_reason_words(root->build));
        break;
    case RESULT_FAILS:
        verdict_fails_silently(verdict, verdict_item(text), import_reason_words(root->build));
        break;
    case RESULT_MOVED:
        verdict_moved(verdict, verdict_item(text), import_reason_words(root->build));
        break;
    }
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
        verdict_fails(verdict, verdict_item(text), text->at, import_reason_words(found));
    else
        verdict_unknown(verdict, verdict_item(text), import_reason_words(found));
}

void verdict_found(const Verdict *verdict)
{
    for (guint i = 0; i < verdict->check->items->len; i++)
        decide_found(verdict, verdict->check->items->pdata[i]);
}
