#include "plan/plan.h"

#include "lock/lock_chains.h"
#include "plan/runpod_files.h"

static void plan_action_free(void *data)
{
    PlanAction *action = data;
    g_ptr_array_unref(action->because);
    g_free(action);
}

static void plan_stage_free(void *data)
{
    PlanStage *stage = data;
    g_ptr_array_unref(stage->actions);
    g_free(stage);
}

static void plan_layer_free(void *data)
{
    PlanLayer *layer = data;
    g_free(layer->source);
    g_free(layer);
}

static void count_bytes(PlanStage *stage, const LockAction *action)
{
    if (!action->file || g_str_equal(action->action, "keep"))
        return;
    if (action->file->size == 0)
        stage->unknown_sizes++;
    stage->download_bytes += action->file->size;
}

static PlanStage *plan_stage_new(const LockStage *locked, const GPtrArray *before)
{
    PlanStage *stage = g_new0(PlanStage, 1);
    stage->stage = locked;
    stage->before = before;
    stage->actions = g_ptr_array_new_with_free_func(plan_action_free);
    g_autoptr(GPtrArray) chains = lock_chains(locked);
    for (guint i = 0; i < locked->actions->len; i++) {
        PlanAction *action = g_new0(PlanAction, 1);
        action->action = locked->actions->pdata[i];
        action->because = g_ptr_array_ref(chains->pdata[i]);
        g_ptr_array_add(stage->actions, action);
        count_bytes(stage, action->action);
    }
    return stage;
}

static void compute_values(Plan *plan)
{
    plan->floors = host_floors_new(plan->recipe, plan->target, plan->values);
    if (!lock_target_is_solved(plan->target)) { /* of a part, nothing follows for the whole */
        g_ptr_array_set_size(plan->values, 0);
        return;
    }
    g_autoptr(RunpodFiles) files = runpod_files_new(plan);
    while (files && files->values->len > 0)
        g_ptr_array_add(plan->values, g_ptr_array_steal_index(files->values, 0));
}

Plan *plan_new(const Recipe *recipe, const LockTarget *target)
{
    Plan *plan = g_new0(Plan, 1);
    plan->recipe = recipe;
    plan->target = target;
    if (recipe)
        plan->recipe_path = g_strdup(recipe_file_path(recipe->file));
    plan->stages = g_ptr_array_new_with_free_func(plan_stage_free);
    plan->layers = g_ptr_array_new_with_free_func(plan_layer_free);
    plan->values = g_ptr_array_new_with_free_func(plan_value_free);
    const GPtrArray *before = target->base.installed;
    for (guint i = 0; i < target->stages->len; i++) {
        const LockStage *locked = target->stages->pdata[i];
        g_ptr_array_add(plan->stages, plan_stage_new(locked, before));
        before = locked->environment;
    }
    if (recipe)
        compute_values(plan);
    return plan;
}

void plan_free(Plan *plan)
{
    if (!plan)
        return;
    g_free(plan->recipe_path);
    g_clear_pointer(&plan->stages, g_ptr_array_unref);
    g_clear_pointer(&plan->layers, g_ptr_array_unref);
    host_floors_free(plan->floors);
    g_clear_pointer(&plan->values, g_ptr_array_unref);
    lock_free(plan->read_back);
    g_free(plan);
}
