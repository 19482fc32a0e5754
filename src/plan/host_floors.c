#include "plan/host_floors.h"

#include "lock/environment_cuda.h"
#include "recipe/checks.h"
#include "recipe/config.h"
#include "recipe/ignore_entry.h"

#include <string.h>

#define GATE "NVIDIA_REQUIRE_CUDA"

typedef struct {
    const Recipe *recipe;
    const LockTarget *target;
    const RecipeHost *host;     /* all empty where the recipe has none */
    const DriverTable *drivers; /* or NULL */
    HostFloors *floors;
    GPtrArray *values;
    const RecipeIgnore *waived; /* a lower value is meant; or NULL */
} Survey;

static unsigned major_of(const char *version)
{
    return (unsigned)g_ascii_strtoull(version, NULL, 10);
}

static PlanValue *add_value(const Survey *survey, const char *of, const char *key,
                            const char *value)
{
    PlanValue *made = plan_value_new(of, key, value);
    g_ptr_array_add(survey->values, made);
    return made;
}

static void set_origin(PlanValue *value, const char *origin)
{
    g_free(value->origin);
    value->origin = g_strdup(origin);
}

/* The first floor of "cuda>=12.4 brand=tesla,driver>=470,driver<471 …"; NULL: none. */
static char *gate_version(const char *gate)
{
    const char *at = gate ? strstr(gate, "cuda>=") : NULL;
    size_t digits = at ? strspn(at + strlen("cuda>="), "0123456789.") : 0;
    return digits > 0 ? g_strndup(at + strlen("cuda>="), digits) : NULL;
}

/* A floor while its reasons are gathered: the highest that something asks for. */
typedef struct {
    char *value;
    PlanValue *told;
} Floor;

static void raise_floor(Floor *floor, const char *value)
{
    if (!value || (floor->value && dotted_compare(value, floor->value) <= 0))
        return;
    g_free(floor->value);
    floor->value = g_strdup(value);
}

static bool is_above(const Floor *floor, const char *value)
{
    return value && (!floor->value || dotted_compare(value, floor->value) > 0);
}

/* What the recipe states: kept where it is higher. */
static void take_stated(Floor *floor, const Text *stated, const char *what)
{
    if (!stated->text)
        return;
    g_autofree char *place = span_address(stated->at);
    if (floor->value && dotted_compare(stated->text, floor->value) < 0) {
        plan_value_because(floor->told, "%s: `%s: %s` is lower, and does not count", place, what,
                           stated->text);
        return;
    }
    plan_value_because(floor->told, "%s: `%s: %s`", place, what, stated->text);
    raise_floor(floor, stated->text);
    set_origin(floor->told, "stated");
}

/* The value is told, with where it comes from. */
static char *settle(Floor *floor)
{
    PlanValue *told = floor->told;
    told->value = g_strdup(floor->value);
    if (floor->value && g_str_equal(told->origin, "unknown"))
        set_origin(told, "computed");
    return floor->value;
}

static void ask_wheels(const Survey *survey, Floor *floor)
{
    const HostFloors *floors = survey->floors;
    if (!floors->cuda)
        return;
    unsigned major = major_of(floors->cuda);
    plan_value_because(floor->told, "%s", floors->evidence);
    if (survey->waived) {
        plan_value_because(floor->told, "`ignore:` waives it: %s", survey->waived->why);
        return;
    }
    plan_value_because(
        floor->told, "minor version compatibility: any driver for CUDA %u runs it, and newer ones",
        major);
    raise_floor(floor, floors->wheels_cuda);
}

static void ask_base(const Survey *survey, Floor *floor)
{
    g_autofree char *gate = gate_version(survey->target->base.require_cuda);
    if (!is_above(floor, gate))
        return;
    plan_value_because(
        floor->told, "the base has " GATE "=cuda>=%s: below it the container does not start", gate);
    raise_floor(floor, gate);
}

static void ask_driver(const Survey *survey, Floor *floor)
{
    const char *driver = survey->host->min_driver.text;
    const char *cuda =
        driver && survey->drivers ? driver_table_cuda_of(survey->drivers, driver) : NULL;
    if (!is_above(floor, cuda))
        return;
    g_autofree char *place = span_address(survey->host->min_driver.at);
    plan_value_because(floor->told, "%s: `min_driver: %s` is a driver for CUDA %s", place, driver,
                       cuda);
    raise_floor(floor, cuda);
    set_origin(floor->told, "stated");
}

static void find_min_cuda(Survey *survey)
{
    Floor floor = {NULL, plan_value_new("host", "min_cuda", NULL)};
    ask_wheels(survey, &floor);
    ask_base(survey, &floor);
    ask_driver(survey, &floor);
    take_stated(&floor, &survey->host->min_cuda, "min_cuda");
    survey->floors->min_cuda = settle(&floor);
    if (floor.value)
        g_ptr_array_add(survey->values, floor.told);
    else
        plan_value_free(floor.told);
}

/* The first driver that is for the CUDA version, or for the next one that the table knows. */
static const char *driver_for(const DriverTable *drivers, const char *cuda)
{
    const DriverToolkit *exact = driver_table_find(drivers, cuda);
    if (exact)
        return exact->driver.text;
    if (g_str_has_suffix(cuda, ".0"))
        return driver_table_floor(drivers, cuda);
    for (guint i = 0; i < drivers->toolkits->len; i++) {
        const DriverToolkit *toolkit = drivers->toolkits->pdata[i];
        if (dotted_compare(toolkit->cuda.text, cuda) > 0)
            return toolkit->driver.text;
    }
    return NULL;
}

static void find_min_driver(Survey *survey)
{
    const HostFloors *floors = survey->floors;
    const Text *stated = &survey->host->min_driver;
    if (!floors->min_cuda && !stated->text)
        return;
    Floor floor = {NULL, add_value(survey, "host", "min_driver", NULL)};
    const char *first =
        floors->min_cuda && survey->drivers ? driver_for(survey->drivers, floors->min_cuda) : NULL;
    if (first)
        plan_value_because(floor.told, "the first driver for CUDA %s is %s (drivers.yaml)",
                           floors->min_cuda, first);
    else if (floors->min_cuda)
        plan_value_because(floor.told, "drivers.yaml has no driver for CUDA %s", floors->min_cuda);
    raise_floor(&floor, first);
    take_stated(&floor, stated, "min_driver");
    survey->floors->min_driver = settle(&floor);
}

static int compare_numbers(const void *a, const void *b)
{
    unsigned left = *(const unsigned *)a, right = *(const unsigned *)b;
    return left < right ? -1 : left > right;
}

char *capabilities_text(const GArray *capabilities)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < capabilities->len; i++) {
        unsigned one = g_array_index(capabilities, unsigned, i);
        g_string_append_printf(text, "%s%u.%u", i > 0 ? ", " : "", one / 10, one % 10);
    }
    return g_strdup(text->str);
}

static void find_capabilities(Survey *survey)
{
    const GPtrArray *gpus = survey->recipe->gpus;
    GArray *found = survey->floors->capabilities;
    g_autoptr(GString) names = g_string_new(NULL);
    for (guint i = 0; gpus && i < gpus->len; i++) {
        const GpuTarget *gpu = gpus->pdata[i];
        g_string_append_printf(names, "%s%s %u.%u", i > 0 ? ", " : "", gpu->name,
                               gpu->capability / 10, gpu->capability % 10);
        bool known = false;
        for (guint k = 0; k < found->len; k++)
            known |= g_array_index(found, unsigned, k) == gpu->capability;
        if (!known)
            g_array_append_val(found, gpu->capability);
    }
    g_array_sort(found, compare_numbers);
    if (found->len == 0)
        return;
    g_autofree char *text = capabilities_text(found);
    PlanValue *value = add_value(survey, "host", "compute_capability", text);
    set_origin(value, "stated");
    plan_value_because(value, "`gpus:` names %s", names->str);
}

static void find_vram(Survey *survey)
{
    guint64 bytes = survey->host->min_vram;
    survey->floors->min_vram = bytes;
    if (bytes == 0)
        return;
    g_autofree char *text = layout_size(bytes);
    PlanValue *value = add_value(survey, "host", "min_vram", text);
    set_origin(value, "stated");
    plan_value_because(value, "as the recipe states it: no wheel says how much a model takes");
}

static const Pair *find_env(const Recipe *recipe, const char *key)
{
    const GPtrArray *env = recipe->config ? recipe->config->env : NULL;
    for (guint i = 0; env && i < env->len; i++) {
        const Pair *pair = env->pdata[i];
        if (g_str_equal(pair->key, key))
            return pair;
    }
    return NULL;
}

/* Whether it is known what the base asks of a host. */
static bool knows_gate(const Survey *survey)
{
    BaseKind kind = survey->recipe->base.kind;
    return survey->target->base.facts == LOCK_FACTS_READ || kind == BASE_DEBIAN ||
           kind == BASE_SCRATCH;
}

/* The gate names what the wheels need, not what the recipe states beyond: that is for the platform
 * that chooses the host. */
static void find_gate(Survey *survey)
{
    HostFloors *floors = survey->floors;
    if (!floors->cuda || survey->recipe->target != TARGET_IMAGE)
        return;
    const char *needed = floors->wheels_cuda;
    g_autofree char *has = gate_version(survey->target->base.require_cuda);
    g_autofree char *wanted = g_strdup_printf("cuda>=%s", needed);
    bool own = find_env(survey->recipe, GATE) || find_env(survey->recipe, "NVIDIA_DISABLE_REQUIRE");
    bool covered = has && dotted_compare(has, needed) >= 0;
    bool sets = !own && !covered && !survey->waived && knows_gate(survey);
    PlanValue *value = add_value(survey, "image", GATE, sets ? wanted : NULL);
    if (own)
        plan_value_because(value, "the recipe's own `env:` decides");
    else if (survey->waived)
        plan_value_because(value, "`ignore:` waives what the wheels need: %s", survey->waived->why);
    else if (covered)
        plan_value_because(value, "the base asks for cuda>=%s, which is right or stricter", has);
    else if (!sets)
        plan_value_because(value, "the base was not read: it may have a stricter one");
    else
        plan_value_because(value,
                           "%s needs a driver for CUDA %s; with an older one the container "
                           "is refused with that reason",
                           floors->built, needed);
    if (sets && has)
        plan_value_because(value, "the base's own, cuda>=%s, is too low for it", has);
    floors->require_cuda = sets ? g_steal_pointer(&wanted) : NULL;
}

static void take_source(HostFloors *floors, const LockDistribution *source)
{
    bool is_torch = g_str_equal(source->name, "torch");
    floors->built = g_strdup_printf("%s %s", source->name, source->version);
    floors->evidence = g_strdup_printf("%s is %s CUDA %s", floors->built,
                                       is_torch ? "built for" : "the runtime of", floors->cuda);
}

HostFloors *host_floors_new(const Recipe *recipe, const LockTarget *target, GPtrArray *values)
{
    static const RecipeHost none;
    HostFloors *floors = g_new0(HostFloors, 1);
    floors->capabilities = g_array_new(FALSE, FALSE, sizeof(unsigned));
    const RecipeHost *host = recipe->config && recipe->config->host ? recipe->config->host : &none;
    const DriverTable *drivers = recipe->tables ? recipe->tables->drivers : NULL;
    Survey survey = {recipe, target, host, drivers, floors, values, NULL};
    const LockStage *last = lock_target_last(target);
    const LockDistribution *source =
        environment_cuda_source(last ? last->environment : NULL, &floors->cuda);
    floors->wheels_cuda = environment_min_cuda(last ? last->environment : NULL);
    if (source)
        take_source(floors, source);
    floors->needs_gpu = floors->cuda || (recipe->checks && recipe->checks->gpu) || host->gpus ||
                        host->min_vram || host->min_cuda.text || host->min_driver.text;
    g_autoptr(Finding) refusal = host_floors_judge(recipe, target);
    survey.waived = refusal ? recipe_find_ignore(recipe, refusal) : NULL;
    find_min_cuda(&survey);
    find_min_driver(&survey);
    find_capabilities(&survey);
    find_vram(&survey);
    find_gate(&survey);
    return floors;
}

void host_floors_free(HostFloors *floors)
{
    if (!floors)
        return;
    g_free(floors->cuda);
    g_free(floors->built);
    g_free(floors->evidence);
    g_free(floors->wheels_cuda);
    g_free(floors->min_cuda);
    g_free(floors->min_driver);
    g_free(floors->require_cuda);
    g_array_unref(floors->capabilities);
    g_free(floors);
}

Finding *host_floors_refusal(const Recipe *recipe, const char *what, const char *cuda)
{
    const DriverTable *drivers = recipe->tables ? recipe->tables->drivers : NULL;
    const char *floor = drivers && cuda && *cuda ? driver_table_floor(drivers, cuda) : NULL;
    const RecipeHost *host = recipe->config ? recipe->config->host : NULL;
    if (!floor || !host)
        return NULL;
    bool old_driver = host->min_driver.text && dotted_compare(host->min_driver.text, floor) < 0;
    bool old_cuda = host->min_cuda.text && major_of(host->min_cuda.text) < major_of(cuda);
    if (!old_driver && !old_cuda)
        return NULL;
    const Text *stated = old_driver ? &host->min_driver : &host->min_cuda;
    Finding *finding =
        finding_new("driver-floor", stated->at,
                    g_strdup_printf("`host` allows %s %s, and %s for CUDA %s needs driver %s",
                                    old_driver ? "driver" : "drivers for CUDA", stated->text, what,
                                    cuda, floor));
    finding->distribution = g_strdup(what);
    finding->hint =
        old_driver
            ? g_strdup_printf("`host: {min_driver: %s}`, or a build for an older CUDA", floor)
            : g_strdup_printf("`host: {min_cuda: %u.0}`, or a build for an older CUDA",
                              major_of(cuda));
    return finding;
}

Finding *host_floors_judge(const Recipe *recipe, const LockTarget *target)
{
    const LockStage *last = lock_target_last(target);
    g_autofree char *cuda = NULL;
    const LockDistribution *source =
        environment_cuda_source(last ? last->environment : NULL, &cuda);
    return source ? host_floors_refusal(recipe, source->name, cuda) : NULL;
}
