#include "plan/runpod_gpus.h"

#include "recipe/config.h"

static bool is_named(const Plan *plan, unsigned capability)
{
    const GArray *named = plan->floors->capabilities;
    for (guint i = 0; i < named->len; i++) {
        if (g_array_index(named, unsigned, i) == capability)
            return true;
    }
    return false;
}

static bool has_model(const GpuPool *pool, const char *name)
{
    for (guint i = 0; i < pool->models->len; i++) {
        if (g_str_equal(((const Text *)pool->models->pdata[i])->text, name))
            return true;
    }
    return false;
}

/* Whether the recipe names one of its members, or the pool itself, or an architecture in it. */
static bool is_wanted(const Plan *plan, const GpuTable *table, const GpuPool *pool)
{
    const GPtrArray *targets = plan->recipe->gpus;
    for (guint i = 0; i < targets->len; i++) {
        const GpuTarget *target = targets->pdata[i];
        if (target->pool ? target->pool == pool
                         : target->model && has_model(pool, target->model->name))
            return true;
        for (guint k = 0; !target->model && k < pool->models->len; k++) {
            const GpuModel *model =
                gpu_table_find(table, ((const Text *)pool->models->pdata[k])->text);
            if (model && model->capability == target->capability)
                return true;
        }
    }
    return false;
}

/* Why a member can't be served; NULL: it can. */
static char *refuse_member(const Plan *plan, const char *name, const GpuModel *model)
{
    if (!model)
        return g_strdup_printf("%s is not in gpus.yaml", name);
    if (!is_named(plan, model->capability))
        return g_strdup_printf("its %s has compute capability %u.%u, which `host: gpus` does not "
                               "name",
                               name, model->capability / 10, model->capability % 10);
    if (model->vram < plan->floors->min_vram) {
        g_autofree char *has = layout_size(model->vram);
        return g_strdup_printf("its %s has %s", name, has);
    }
    return NULL;
}

/* "RTX A6000 8.6, A40 8.6"; NULL and *ret_refusal where a member can't be served. */
static char *serve_pool(const Plan *plan, const GpuTable *table, const GpuPool *pool,
                        char **ret_refusal)
{
    g_autoptr(GString) members = g_string_new(NULL);
    for (guint i = 0; i < pool->models->len; i++) {
        const char *name = ((const Text *)pool->models->pdata[i])->text;
        const GpuModel *model = gpu_table_find(table, name);
        *ret_refusal = refuse_member(plan, name, model);
        if (*ret_refusal)
            return NULL;
        g_string_append_printf(members, "%s%s %u.%u", i > 0 ? ", " : "", name,
                               model->capability / 10, model->capability % 10);
    }
    return g_strdup(members->str);
}

void runpod_find_pools(const Plan *plan, PlanValue *told)
{
    const HostTables *tables = plan->recipe->tables;
    if (!tables || plan->recipe->gpus->len == 0) {
        plan_value_because(told, "which GPUs the wheels have code for is not known here; `host: "
                                 "{gpus: [RTX 4090]}` says which must work");
        return;
    }
    g_autoptr(GString) list = g_string_new(NULL);
    for (guint i = 0; i < tables->gpus->pools->len; i++) {
        const GpuPool *pool = tables->gpus->pools->pdata[i];
        g_autofree char *refusal = NULL;
        if (!is_wanted(plan, tables->gpus, pool))
            continue;
        g_autofree char *members = serve_pool(plan, tables->gpus, pool, &refusal);
        if (members)
            g_string_append_printf(list, "%s%s", list->len > 0 ? "," : "", pool->name);
        plan_value_because(told, "%s%s: %s", pool->name, members ? "" : " is left out",
                           members ? members : refusal);
    }
    for (guint i = 0; i < plan->recipe->gpus->len; i++) {
        const GpuTarget *target = plan->recipe->gpus->pdata[i];
        bool found = !target->model;
        for (guint k = 0; target->model && k < tables->gpus->pools->len; k++)
            found |= has_model(tables->gpus->pools->pdata[k], target->model->name);
        if (!found)
            plan_value_because(told, "no pool has the %s", target->name);
    }
    told->value = list->len > 0 ? g_strdup(list->str) : NULL;
}

/* Whether a worker may be given it: a pool that is served has it. */
static bool is_in_pool(const Plan *plan, const GpuModel *model)
{
    const GpuTable *table = plan->recipe->tables->gpus;
    for (guint i = 0; i < table->pools->len; i++) {
        const GpuPool *pool = table->pools->pdata[i];
        g_autofree char *refusal = NULL;
        g_autofree char *members =
            has_model(pool, model->name) ? serve_pool(plan, table, pool, &refusal) : NULL;
        if (members)
            return true;
    }
    return false;
}

void runpod_find_type(const Plan *plan, PlanValue *told)
{
    const GPtrArray *targets = plan->recipe->gpus;
    const GpuTarget *best = NULL;
    bool pooled = false;
    for (guint i = 0; i < targets->len && !pooled; i++) {
        const GpuTarget *target = targets->pdata[i];
        if (!target->model || !target->model->runpod)
            continue;
        pooled = is_in_pool(plan, target->model);
        best = !best || pooled ? target : best;
    }
    if (!best) {
        plan_value_because(told, "`host: {gpus: [RTX 4090]}` says on which GPU it must work");
        return;
    }
    told->value = g_strdup(best->model->runpod);
    plan_value_because(told, "RunPod's name of the %s, the first of `host: gpus` that %s",
                       best->name, pooled ? "a pool of gpuIds has" : "it has");
}

/* Versions that drivers report, which are more than those of toolkits: the minors of a major
 * version have no gaps up to its newest. */
static unsigned newest_minor(const DriverTable *drivers, unsigned major, bool *ret_known)
{
    unsigned newest = 0;
    *ret_known = false;
    for (guint i = 0; i < drivers->toolkits->len; i++) {
        const char *cuda = ((const DriverToolkit *)drivers->toolkits->pdata[i])->cuda.text;
        unsigned of = 0, minor = 0;
        if (sscanf(cuda, "%u.%u", &of, &minor) == 2 && of == major) {
            newest = MAX(newest, minor);
            *ret_known = true;
        }
    }
    return newest;
}

void runpod_find_cuda(const Plan *plan, PlanValue *told)
{
    const DriverTable *drivers = plan->recipe->tables ? plan->recipe->tables->drivers : NULL;
    const char *floor = plan->floors->min_cuda;
    unsigned major = 0, minor = 0;
    if (!floor || !drivers || sscanf(floor, "%u.%u", &major, &minor) < 1) {
        plan_value_because(told, "for which CUDA version the image is built is not known; `host: "
                                 "{min_cuda: 12.4}` says what it needs");
        return;
    }
    g_autoptr(GString) list = g_string_new(NULL);
    bool known = true;
    for (; known; major++, minor = 0) {
        unsigned last = newest_minor(drivers, major, &known);
        for (; known && minor <= last; minor++)
            g_string_append_printf(list, "%s%u.%u", list->len > 0 ? " " : "", major, minor);
    }
    if (list->len == 0) {
        plan_value_because(told, "drivers.yaml knows no CUDA version from %s on", floor);
        return;
    }
    told->value = g_strdup(list->str);
    plan_value_because(told,
                       "from min_cuda %s to the newest of drivers.yaml, each by itself: a "
                       "host is taken only if its version is in the list",
                       floor);
}
