#include "plan/layering.h"

/* The sums of a slot's wheels; -1 where a wheel's is unknown. */
static PlanLayer *describe_slot(const LayerSlot *slot, const WheelFacts *facts)
{
    PlanLayer *layer = g_new0(PlanLayer, 1);
    layer->source = g_strdup(slot->source);
    for (guint i = 0; i < slot->items->len; i++) {
        const LayeringItem *item = slot->items->pdata[i];
        gint64 members, raw_size;
        bool known = facts && facts->find(facts->data, item->file->sha256, &members, &raw_size);
        layer->members = known && layer->members >= 0 ? layer->members + members : -1;
        layer->raw_size = known && layer->raw_size >= 0 ? layer->raw_size + raw_size : -1;
        bool sized = item->size > 0 && layer->wheel_size >= 0;
        layer->wheel_size = sized ? layer->wheel_size + (gint64)item->size : -1;
    }
    return layer;
}

void plan_add_layers(Plan *plan, const WheelFacts *facts)
{
    LayeringOptions options = {0};
    g_autoptr(Layers) layers = NULL;
    bool is_image = plan->recipe && plan->recipe->target == TARGET_IMAGE;
    if (!is_image || !lock_target_is_solved(plan->target) ||
        !layering_assign(plan, &options, &layers, NULL))
        return;
    for (guint i = 0; i < layers->slots->len; i++) {
        const LayerSlot *slot = layers->slots->pdata[i];
        if (slot->items->len > 0)
            g_ptr_array_add(plan->layers, describe_slot(slot, facts));
    }
}
