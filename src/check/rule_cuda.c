/* CUDA as the base, the wheels and the host have it, against each other. The base is known by the
 * environment that NVIDIA's images set: CUDA_VERSION, NV_LIBCUBLAS_VERSION and their like, and
 * NVIDIA_REQUIRE_CUDA, by which the container runtime refuses to start. */
#include "check/native_rules.h"
#include "check/rules.h"
#include "check/script_settings.h"
#include "check/torch_facts.h"
#include "plan/host_floors.h"
#include "recipe/config.h"

static unsigned major_of(const char *version)
{
    return (unsigned)g_ascii_strtoull(version, NULL, 10);
}

static void judge_major(CheckRun *run, const char *base_cuda, const TorchFacts *torch)
{
    if (!*torch->cuda || major_of(base_cuda) == major_of(torch->cuda))
        return;
    Finding *finding =
        check_add(run, "cuda-base", run->recipe->base.at,
                  g_strdup_printf("the base is made for CUDA %s, and torch for CUDA %s: what is "
                                  "compiled or linked against the one does not fit the other",
                                  base_cuda, torch->cuda));
    native_set_line(finding, g_strdup(torch->evidence));
    finding->hint = g_strdup("take both of one major version");
}

/* The first floor of "cuda>=12.4 brand=tesla,driver>=470,driver<471 …"; NULL: none. */
static char *gate_version(const char *gate)
{
    const char *at = gate ? strstr(gate, "cuda>=") : NULL;
    if (!at)
        return NULL;
    size_t n = strspn(at + 6, "0123456789.");
    return n > 0 ? g_strndup(at + 6, n) : NULL;
}

/* "brand=tesla,driver>=535,driver<536": such a branch of drivers is let in for some makes of GPU,
 * whatever CUDA version it has. */
static bool gate_knows_branch(const char *gate, const char *driver)
{
    g_autofree char *branch = g_strdup_printf("driver>=%u,", major_of(driver));
    return strstr(gate, branch) != NULL;
}

static void judge_gate(CheckRun *run)
{
    const char *gate = native_find_env(run->base_env, "NVIDIA_REQUIRE_CUDA");
    const char *off = native_find_env(run->base_env, "NVIDIA_DISABLE_REQUIRE");
    const RecipeConfig *config = run->recipe->config;
    for (guint i = 0; config->env && i < config->env->len; i++) {
        const Pair *pair = config->env->pdata[i];
        if (g_str_equal(pair->key, "NVIDIA_DISABLE_REQUIRE"))
            off = pair->value;
        if (g_str_equal(pair->key, "NVIDIA_REQUIRE_CUDA"))
            gate = pair->value;
    }
    g_autofree char *needed = gate_version(gate);
    const char *cuda = native_host_cuda(run), *driver = native_host_driver(run);
    const DriverTable *drivers = run->recipe->tables ? run->recipe->tables->drivers : NULL;
    if (!cuda && driver && drivers)
        cuda = driver_table_cuda_of(drivers, driver);
    if (!needed || !cuda || (off && *off) || dotted_compare(cuda, needed) >= 0)
        return;
    const DriverToolkit *toolkit = drivers ? driver_table_find(drivers, cuda) : NULL;
    if (!driver && toolkit)
        driver = toolkit->driver.text;
    if (driver && gate_knows_branch(gate, driver))
        return;
    Finding *finding = check_add(
        run, "cuda-gate", config->host->at,
        g_strdup_printf("the container does not start on hosts that `host` allows: the base "
                        "demands a driver for CUDA %s, and drivers for CUDA %s are allowed",
                        needed, cuda));
    native_set_line(finding,
                    g_strdup_printf("environment of the base: NVIDIA_REQUIRE_CUDA=%s", gate));
    finding->hint = g_strdup_printf("`host: {min_cuda: %s}`; a base without this gate; or `env: "
                                    "{NVIDIA_DISABLE_REQUIRE: 1}` where older drivers do",
                                    needed);
}

static void judge_floor(CheckRun *run, const TorchFacts *torch)
{
    Finding *finding = host_floors_refusal(run->recipe, "torch", torch->cuda);
    if (!finding)
        return;
    native_set_line(finding, g_strdup(torch->evidence));
    g_ptr_array_add(run->findings, finding);
}

/* The numbers of the libraries that there are: "118 121 124". */
static char *known_libraries(const CheckWheel *wheel, const char *wanted, bool *ret_found)
{
    size_t count = 0;
    const ZipDirectory *directory = wheel_view_directory(wheel->view);
    const ZipMember *members = directory ? zip_directory_members(directory, &count) : NULL;
    g_autoptr(GString) known = g_string_new(NULL);
    *ret_found = false;
    for (size_t i = 0; i < count; i++) {
        const char *prefix = "bitsandbytes/libbitsandbytes_cuda", *name = members[i].name;
        if (!g_str_has_prefix(name, prefix))
            continue;
        size_t digits = strspn(name + strlen(prefix), "0123456789");
        if (strcmp(name + strlen(prefix) + digits, ".so") != 0)
            continue;
        g_autofree char *number = g_strndup(name + strlen(prefix), digits);
        *ret_found |= strcmp(number, wanted) == 0;
        g_string_append_printf(known, "%s%s", known->len ? " " : "", number);
    }
    return known->len ? g_string_free(g_steal_pointer(&known), FALSE) : NULL;
}

static void judge_bitsandbytes(CheckRun *run, const char *value, Span at, const char *where)
{
    const CheckWheel *wheel = check_find_wheel(run, "bitsandbytes");
    if (!wheel || !*value)
        return;
    bool found;
    g_autofree char *known = known_libraries(wheel, value, &found);
    if (!known || found)
        return;
    Finding *finding =
        check_add(run, "bnb-cuda-version", at,
                  g_strdup_printf("%s sets BNB_CUDA_VERSION to %s, and bitsandbytes %s has no "
                                  "libbitsandbytes_cuda%s.so",
                                  where, value, wheel->file->version, value));
    finding->distribution = g_strdup("bitsandbytes");
    finding->version = g_strdup(wheel->file->version);
    native_set_line(finding, g_strdup_printf("%s has %s", wheel->file->file, known));
    finding->hint = g_strdup("leave it unset: the library is chosen by torch's own CUDA version");
}

static void judge_stages(CheckRun *run, const char *key)
{
    for (guint i = 0; i < run->recipe->stages->len; i++) {
        const Stage *stage = run->recipe->stages->pdata[i];
        const char *value = native_find_env((const char *const *)stage->env, key);
        g_autofree char *where = g_strdup_printf("stage '%s'", stage->name);
        if (value)
            judge_bitsandbytes(run, value, stage->at, where);
    }
}

/* In a file of the application: the variable is set before bitsandbytes reads it, or in vain. */
static void judge_scripts(CheckRun *run, const char *key, bool own)
{
    if (!run->image)
        return;
    g_autoptr(GPtrArray) settings =
        script_settings_find(run->image, recipe_file_dir(run->recipe->file));
    for (guint i = 0; i < settings->len; i++) {
        const ScriptSetting *setting = settings->pdata[i];
        if (!g_str_equal(setting->name, key) || !setting->value || (setting->fallback && own))
            continue;
        const Stage *stage = run->recipe->stages->pdata[setting->stage];
        g_autofree char *line = g_strdup_printf("line %u of %s", setting->line, setting->path);
        guint before = run->findings->len;
        judge_bitsandbytes(run, setting->value, stage->at, setting->at ? setting->at : line);
        if (run->findings->len == before)
            continue;
        Finding *finding = run->findings->pdata[before];
        native_add_line(finding, g_strdup_printf("%s: %s", line, setting->text));
    }
}

static void judge_variables(CheckRun *run)
{
    const char *key = "BNB_CUDA_VERSION";
    const GPtrArray *env = run->recipe->config->env;
    bool own = false;
    for (guint i = 0; env && i < env->len; i++) {
        const Pair *pair = env->pdata[i];
        if (!g_str_equal(pair->key, key))
            continue;
        own = true;
        judge_bitsandbytes(run, pair->value, pair->at, "`env:`");
    }
    judge_stages(run, key);
    judge_scripts(run, key, own);
    const char *inherited = native_find_env(run->base_env, key);
    if (inherited && !own)
        judge_bitsandbytes(run, inherited, run->recipe->base.at, "the base");
}

void rule_cuda(CheckRun *run)
{
    TorchFacts torch;
    bool has_torch = torch_facts_find(run, &torch);
    const char *base_cuda = native_find_env(run->base_env, "CUDA_VERSION");
    if (base_cuda && has_torch)
        judge_major(run, base_cuda, &torch);
    if (has_torch)
        judge_floor(run, &torch);
    judge_gate(run);
    judge_variables(run);
    if (has_torch)
        torch_facts_clear(&torch);
}
