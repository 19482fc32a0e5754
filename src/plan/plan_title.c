#include "plan/plan_title.h"

void plan_put_title(Layout *layout, const Plan *plan)
{
    const LockTarget *target = plan->target;
    const LockBase *base = &target->base;
    GString *text = g_string_new(plan->recipe_path ? plan->recipe_path : "plan");
    if (target->row)
        g_string_append_printf(text, "#%s", target->row);
    g_string_append_printf(text, " for %s", target->platform);
    if (base->python)
        g_string_append_printf(text, ": Python %s", base->python);
    if (base->libc)
        g_string_append_printf(text, ", %s", base->libc);
    if (base->reference)
        g_string_append_printf(text, ", on %s%s", base->reference,
                               target->substituted_base ? " (substituted)" : "");
    layout_words(layout, TINT_STRONG, text->str, 0, 4);
    g_string_free(text, TRUE);
    for (guint i = 0; target->substituted && target->substituted[i]; i++) {
        layout_put(layout, TINT_NOTICE, "substituted index: ");
        layout_words(layout, TINT_NONE, target->substituted[i], 19, 19);
    }
}
