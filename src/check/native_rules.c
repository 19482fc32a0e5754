#include "check/native_rules.h"

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
