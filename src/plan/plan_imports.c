#include "plan/plan_imports.h"

GPtrArray *plan_kept_items(const Plan *plan, const Check *check, const char *list)
{
    GPtrArray *kept = g_ptr_array_new();
    for (guint i = 0; check->items && i < check->items->len; i++) {
        Text *item = check->items->pdata[i];
        if (check->kind != CHECK_IMPORT ||
            !lock_import_is_moved(plan->target->imports, list, item->text))
            g_ptr_array_add(kept, item);
    }
    return kept;
}

bool plan_is_moved(const Plan *plan, const Check *check, const char *list)
{
    g_autoptr(GPtrArray) kept = plan_kept_items(plan, check, list);
    return check->kind == CHECK_IMPORT && kept->len == 0;
}

static void put_import(Layout *layout, const LockImport *item)
{
    bool moved = item->verdict == LOCK_IMPORT_MOVED;
    g_autofree char *head = g_strdup_printf("import %s (%s): ", item->module, item->at);
    layout_put(layout, TINT_NOTICE, moved ? "  > " : "  ? ");
    layout_put(layout, TINT_NONE, head);
    g_autofree char *text =
        g_strdup_printf("%s: %s", moved ? "needs a driver, moved to gpu" : "not decided, runs here",
                        item->reason ? item->reason : "unknown");
    layout_words(layout, TINT_NONE, text, 4 + layout_width(head), 6);
    for (size_t i = 0; item->evidence && item->evidence[i]; i++) {
        layout_put(layout, TINT_NONE, "      ");
        layout_words(layout, TINT_FAINT, item->evidence[i], 6, 10);
    }
}

static void put_list(Layout *layout, const GPtrArray *imports, const char *list)
{
    bool any = false;
    for (guint i = 0; i < imports->len; i++) {
        const LockImport *item = imports->pdata[i];
        if (item->verdict == LOCK_IMPORT_STAYS || !g_str_equal(item->list, list))
            continue;
        if (!any) {
            g_string_append_c(layout->out, '\n');
            layout_printf(layout, TINT_STRONG, "checks: %s\n", list);
        }
        any = true;
        put_import(layout, item);
    }
}

void plan_put_imports(Layout *layout, const Plan *plan)
{
    put_list(layout, plan->target->imports, "build");
    put_list(layout, plan->target->imports, "runtime");
}
