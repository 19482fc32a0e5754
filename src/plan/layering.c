#include "plan/layering.h"

#include "python/name.h"
#include "recipe/config.h"

enum {
    LAYERS_CAP = 100,    /* what runtimes mount is at most about 125 */
    LAYERS_DEFAULT = 40, /* the budget where the recipe says none */
    LAYERS_LEAST = 4,    /* wheels, small wheels, installer, files */
};

static void item_free(void *data)
{
    LayeringItem *item = data;
    g_free(item->name);
    g_free(item->version);
    g_free(item);
}

static void slot_free(void *data)
{
    LayerSlot *slot = data;
    g_free(slot->source);
    g_free(slot->name);
    g_ptr_array_unref(slot->items);
    g_free(slot);
}

static LayerSlot *slot_new(SlotKind kind, const char *name)
{
    LayerSlot *slot = g_new0(LayerSlot, 1);
    slot->kind = kind;
    slot->name = g_strdup(name);
    slot->items = g_ptr_array_new();
    slot->stage = -1;
    return slot;
}

/* Items */

static unsigned stage_index(const Plan *plan, const char *name)
{
    for (guint i = 0; i < plan->stages->len; i++) {
        const PlanStage *stage = plan->stages->pdata[i];
        if (g_strcmp0(stage->stage->name, name) == 0)
            return i;
    }
    return 0;
}

static int compare_items(const void *a, const void *b)
{
    const LayeringItem *left = *(void *const *)a, *right = *(void *const *)b;
    int order = strcmp(left->name, right->name);
    return order ? order : strcmp(left->file->file, right->file->file);
}

GPtrArray *layering_items(const Plan *plan)
{
    GPtrArray *items = g_ptr_array_new_with_free_func(item_free);
    if (plan->stages->len == 0)
        return items;
    const PlanStage *last = plan->stages->pdata[plan->stages->len - 1];
    for (guint i = 0; i < last->stage->environment->len; i++) {
        const LockDistribution *distribution = last->stage->environment->pdata[i];
        if (!distribution->file)
            continue;
        LayeringItem *item = g_new0(LayeringItem, 1);
        item->name = g_strdup(distribution->name);
        item->version = g_strdup(distribution->version);
        item->size = distribution->file->size;
        item->file = distribution->file;
        item->stage = stage_index(plan, distribution->stage);
        g_ptr_array_add(items, item);
    }
    g_ptr_array_sort(items, compare_items);
    return items;
}

/* Order: what is large and seldom changes lies low, so that what is above it can change without
 * anything below being unpacked again. */

typedef enum {
    RANK_CUDA,
    RANK_TORCH,
    RANK_TRITON,
    RANK_LARGE,
    RANK_SMALL,
} Rank;

static Rank rank_of(const LayeringItem *item)
{
    if (g_str_has_prefix(item->name, "nvidia-"))
        return RANK_CUDA;
    if (g_str_equal(item->name, "torch"))
        return RANK_TORCH;
    return g_str_equal(item->name, "triton") ? RANK_TRITON : RANK_LARGE;
}

static Rank slot_rank(const LayerSlot *slot)
{
    Rank rank = RANK_SMALL;
    if (slot->name || slot->items->len == 1)
        for (guint i = 0; i < slot->items->len; i++)
            rank = MIN(rank, rank_of(slot->items->pdata[i]));
    return rank;
}

static const char *slot_name(const LayerSlot *slot)
{
    const LayeringItem *first = slot->items->pdata[0];
    return slot->name ? slot->name : first->name;
}

static int compare_slots(const void *a, const void *b)
{
    const LayerSlot *left = *(void *const *)a, *right = *(void *const *)b;
    int order = (int)slot_rank(left) - (int)slot_rank(right);
    return order ? order : strcmp(slot_name(left), slot_name(right));
}

/* Which group an item belongs to: of the recipe's layers, or its stage's `layer:`; NULL: none. */
static const char *group_of(const Plan *plan, const LayeringItem *item)
{
    const RecipeLayers *layers = plan->recipe ? plan->recipe->config->layers : NULL;
    for (guint i = 0; layers && layers->groups && i < layers->groups->len; i++) {
        const LayerGroup *group = layers->groups->pdata[i];
        for (guint k = 0; k < group->match->len; k++) {
            const Text *glob = group->match->pdata[k];
            g_autofree char *canonical = name_canonicalize(glob->text);
            if (g_pattern_match_simple(canonical, item->name))
                return group->name;
        }
    }
    const Stage *stage = plan->recipe && item->stage < plan->recipe->stages->len
                             ? plan->recipe->stages->pdata[item->stage]
                             : NULL;
    return stage ? stage->layer : NULL;
}

static LayerSlot *named_slot(GPtrArray *slots, const char *name)
{
    for (guint i = 0; i < slots->len; i++) {
        LayerSlot *slot = slots->pdata[i];
        if (g_strcmp0(slot->name, name) == 0)
            return slot;
    }
    LayerSlot *slot = slot_new(SLOT_WHEELS, name);
    g_ptr_array_add(slots, slot);
    return slot;
}

/* One slot a package, groups together; what is left over is in *small. */
static GPtrArray *package_slots(const Plan *plan, const GPtrArray *items, LayerSlot *small)
{
    GPtrArray *slots = g_ptr_array_new();
    for (guint i = 0; i < items->len; i++) {
        LayeringItem *item = items->pdata[i];
        const char *group = group_of(plan, item);
        LayerSlot *slot = small;
        if (group) {
            slot = named_slot(slots, group);
        } else if (item->size >= LAYERING_LARGE_BYTES) {
            slot = slot_new(SLOT_WHEELS, NULL);
            g_ptr_array_add(slots, slot);
        }
        g_ptr_array_add(slot->items, item);
    }
    g_ptr_array_sort(slots, compare_slots);
    return slots;
}

static guint64 slot_size(const LayerSlot *slot)
{
    guint64 size = 0;
    for (guint i = 0; i < slot->items->len; i++)
        size += ((const LayeringItem *)slot->items->pdata[i])->size;
    return size;
}

static int compare_by_size(const void *a, const void *b)
{
    const LayerSlot *left = *(void *const *)a, *right = *(void *const *)b;
    guint64 x = slot_size(left), y = slot_size(right);
    if (x != y)
        return x > y ? -1 : 1;
    return strcmp(slot_name(left), slot_name(right));
}

/* The smallest slots join the small wheels until `room` are left; groups of the recipe go last. */
static void fold_slots(GPtrArray *slots, LayerSlot *small, unsigned room)
{
    if (slots->len <= room)
        return;
    g_autoptr(GPtrArray) order = g_ptr_array_new();
    for (int named = 1; named >= 0; named--) {
        g_autoptr(GPtrArray) some = g_ptr_array_new();
        for (guint i = 0; i < slots->len; i++) {
            LayerSlot *slot = slots->pdata[i];
            if ((slot->name != NULL) == (named == 1))
                g_ptr_array_add(some, slot);
        }
        g_ptr_array_sort(some, compare_by_size);
        g_ptr_array_extend(order, some, NULL, NULL);
    }
    for (guint i = room; i < order->len; i++) {
        LayerSlot *slot = order->pdata[i];
        g_ptr_array_extend(small->items, slot->items, NULL, NULL);
        g_ptr_array_remove(slots, slot);
        slot_free(slot);
    }
    g_ptr_array_sort(small->items, compare_items);
}

/* Names for people */

static char *source_of(const Plan *plan, const LayerSlot *slot)
{
    const LayeringItem *first = slot->items->len > 0 ? slot->items->pdata[0] : NULL;
    const PlanStage *stage = slot->stage >= 0 ? plan->stages->pdata[(unsigned)slot->stage] : NULL;
    switch (slot->kind) {
    case SLOT_INSTALLER:
        return g_strdup("installer");
    case SLOT_FILES:
        return slot->name ? g_strdup_printf("files %s", slot->name) : g_strdup("files");
    case SLOT_STAGE:
        return stage ? g_strdup_printf("stage %s", stage->stage->name) : g_strdup("user");
    case SLOT_ALL:
        return g_strdup("all stages");
    case SLOT_WHEELS:
        break;
    }
    if (slot->name)
        return g_strdup_printf("group %s", slot->name);
    if (slot->items->len == 1)
        return g_strdup_printf("wheel %s %s", first->name, first->version);
    return g_strdup_printf("%u small wheels", slot->items->len);
}

/* Strategies */

typedef struct {
    const Plan *plan;
    GPtrArray *items; /* borrowed from the Layers in the making */
    unsigned room;
} Layering;

static LayerSlot *add_slot(GPtrArray *slots, SlotKind kind, const char *name)
{
    LayerSlot *slot = slot_new(kind, name);
    g_ptr_array_add(slots, slot);
    return slot;
}

/* A slot for each `layer:` that stages of files name, and one for all others. */
static void add_files_slots(const Plan *plan, GPtrArray *slots)
{
    guint first = slots->len;
    for (guint i = 0; plan->recipe && i < plan->recipe->stages->len; i++) {
        const Stage *stage = plan->recipe->stages->pdata[i];
        bool known = stage->kind == STAGE_PIP || !stage->layer;
        for (guint k = first; k < slots->len && !known; k++)
            known = g_strcmp0(((LayerSlot *)slots->pdata[k])->name, stage->layer) == 0;
        if (!known)
            add_slot(slots, SLOT_FILES, stage->layer);
    }
    add_slot(slots, SLOT_FILES, NULL);
}

static GPtrArray *assign_packages(const Layering *layering)
{
    LayerSlot *small = slot_new(SLOT_WHEELS, NULL);
    g_autoptr(GPtrArray) above = g_ptr_array_new();
    add_slot(above, SLOT_INSTALLER, NULL);
    add_files_slots(layering->plan, above);
    GPtrArray *slots = package_slots(layering->plan, layering->items, small);
    unsigned taken = above->len + 1;
    fold_slots(slots, small, layering->room > taken ? layering->room - taken : 0);
    if (small->items->len > 0)
        g_ptr_array_add(slots, small);
    else
        slot_free(small);
    g_ptr_array_extend(slots, above, NULL, NULL);
    return slots;
}

static GPtrArray *assign_stages(const Layering *layering)
{
    GPtrArray *slots = g_ptr_array_new();
    const GPtrArray *stages = layering->plan->stages;
    for (guint i = 0; i < stages->len; i++) {
        bool folded = slots->len + 2 > layering->room;
        LayerSlot *slot = folded ? slots->pdata[slots->len - 1] : add_slot(slots, SLOT_STAGE, NULL);
        if (!folded)
            slot->stage = (int)i;
        for (guint k = 0; k < layering->items->len; k++) {
            LayeringItem *item = layering->items->pdata[k];
            if (item->stage == i)
                g_ptr_array_add(slot->items, item);
        }
    }
    add_slot(slots, SLOT_FILES, NULL);
    return slots;
}

static GPtrArray *assign_all(const Layering *layering)
{
    GPtrArray *slots = g_ptr_array_new();
    LayerSlot *slot = add_slot(slots, SLOT_ALL, NULL);
    g_ptr_array_extend(slot->items, layering->items, NULL, NULL);
    return slots;
}

static gboolean find_room(const RecipeLayers *layers, unsigned base_layers, unsigned *ret_room,
                          GError **error)
{
    if (base_layers + LAYERS_LEAST > LAYERS_CAP)
        return error_set(error, ERROR_INPUT, SPAN_NONE,
                         "the base has %u layers; an image may have %d, and at least %d are needed "
                         "above it",
                         base_layers, LAYERS_CAP, LAYERS_LEAST);
    unsigned budget =
        layers && layers->budget > 0 ? (unsigned)MIN(layers->budget, LAYERS_CAP) : LAYERS_DEFAULT;
    *ret_room = budget > base_layers + LAYERS_LEAST ? budget - base_layers : LAYERS_LEAST;
    return TRUE;
}

gboolean layering_assign(const Plan *plan, const LayeringOptions *options, Layers **ret_layers,
                         GError **error)
{
    static GPtrArray *(*const strategies[])(const Layering *) = {
        [LAYERS_PACKAGE] = assign_packages,
        [LAYERS_STAGE] = assign_stages,
        [LAYERS_ONE] = assign_all,
    };
    const RecipeLayers *chosen = plan->recipe ? plan->recipe->config->layers : NULL;
    Layering layering = {.plan = plan};
    if (!find_room(chosen, options->base_layers, &layering.room, error))
        return FALSE;
    Layers *layers = g_new0(Layers, 1);
    layers->items = layering_items(plan);
    layering.items = layers->items;
    int strategy = options->one_layer ? LAYERS_ONE : chosen ? chosen->strategy : LAYERS_PACKAGE;
    layers->slots = strategies[strategy](&layering);
    g_ptr_array_set_free_func(layers->slots, slot_free);
    for (guint i = 0; i < layers->slots->len; i++) {
        LayerSlot *slot = layers->slots->pdata[i];
        slot->source = source_of(plan, slot);
    }
    *ret_layers = layers;
    return TRUE;
}

void layers_free(Layers *layers)
{
    if (!layers)
        return;
    g_ptr_array_unref(layers->slots);
    g_ptr_array_unref(layers->items);
    g_free(layers);
}
