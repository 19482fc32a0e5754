#include "check/native_rules.h"

#include "python/requirement.h"
#include "recipe/config.h"

Finding *native_add(CheckRun *run, const char *code, const CheckWheel *wheel, char *message)
{
    const LockDistribution *installed = check_installed(run, wheel->file->name);
    g_autofree char *place = installed ? check_place_of(run, installed) : NULL;
    Finding *finding = check_add_at(run, code, place, message);
    finding->distribution = g_strdup(wheel->file->name);
    finding->version = g_strdup(wheel->file->version);
    return finding;
}

void native_set_evidence(Finding *finding, GPtrArray *lines)
{
    g_ptr_array_add(lines, NULL);
    finding->evidence = (char **)g_ptr_array_free(lines, FALSE);
}

void native_set_line(Finding *finding, char *line)
{
    finding->evidence = g_new0(char *, 2);
    finding->evidence[0] = line;
}

void native_add_line(Finding *finding, char *line)
{
    guint count = g_strv_length(finding->evidence);
    finding->evidence = g_renew(char *, finding->evidence, count + 2);
    finding->evidence[count] = line;
    finding->evidence[count + 1] = NULL;
}

bool native_is_installed(const CheckRun *run, const CheckWheel *wheel)
{
    const LockDistribution *installed = check_installed(run, wheel->file->name);
    return installed && installed->file == wheel->file;
}

const char *native_base_name(const char *member)
{
    const char *slash = strrchr(member, '/');
    return slash ? slash + 1 : member;
}

const char *native_find_env(const char *const *env, const char *key)
{
    size_t n = strlen(key);
    for (; env && *env; env++) {
        if (strncmp(*env, key, n) == 0 && (*env)[n] == '=')
            return *env + n + 1;
    }
    return NULL;
}

const char *native_host_driver(const CheckRun *run)
{
    const RecipeHost *host = run->recipe->config->host;
    return host ? host->min_driver.text : NULL;
}

const char *native_host_cuda(const CheckRun *run)
{
    const RecipeHost *host = run->recipe->config->host;
    return host ? host->min_cuda.text : NULL;
}

bool native_is_torch_name(const char *name)
{
    const char *at = name;
    if (!g_str_has_prefix(at, "_ZN"))
        return false;
    at += 3;
    at += *at == 'K';
    return g_str_has_prefix(at, "3c10") || g_str_has_prefix(at, "2at") ||
           g_str_has_prefix(at, "5torch");
}

bool native_uses_torch(const SharedObject *object)
{
    for (guint i = 0; i < object->undefined->len; i++) {
        if (native_is_torch_name(g_array_index(object->undefined, SharedSymbol, i).name))
            return true;
    }
    return false;
}

bool native_is_defined(const CheckRun *run, const char *name)
{
    for (guint i = 0; i < run->wheels->len; i++) {
        const WheelNative *native = ((const CheckWheel *)run->wheels->pdata[i])->native;
        for (guint k = 0; native && k < native->files->len; k++) {
            const NativeFile *file = native->files->pdata[k];
            if (file->object && shared_object_find(file->object, name, NULL))
                return true;
        }
    }
    return false;
}

bool native_is_complete(const WheelNative *torch)
{
    for (guint i = 0; i < torch->files->len; i++) {
        const NativeFile *file = torch->files->pdata[i];
        if (g_str_has_prefix(file->member, "torch/lib/libtorch") && !file->object)
            return false;
    }
    return torch->deep;
}

const char *native_missing_of_torch(const CheckRun *run, const SharedObject *object)
{
    for (guint i = 0; i < object->undefined->len; i++) {
        const SharedSymbol *symbol = &g_array_index(object->undefined, SharedSymbol, i);
        if (!symbol->weak && native_is_torch_name(symbol->name) &&
            !native_is_defined(run, symbol->name))
            return symbol->name;
    }
    return NULL;
}

char *native_unmet_torch(const CheckRun *run, const CheckWheel *wheel)
{
    const LockDistribution *own = check_installed(run, wheel->file->name);
    const LockDistribution *torch = check_installed(run, "torch");
    for (char **clause = own && torch ? own->requires : NULL; clause && *clause; clause++) {
        g_autoptr(Requirement) requirement = requirement_parse(*clause, NULL);
        if (!requirement || !g_str_equal(requirement->canonical, "torch"))
            continue;
        if (!specifier_set_contains_text(requirement->specifiers, torch->version, PRERELEASES_YES))
            return g_strdup(*clause);
    }
    return NULL;
}
