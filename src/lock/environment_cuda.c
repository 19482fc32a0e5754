#include "lock/environment_cuda.h"

#include "python/version.h"
#include "recipe/index_names.h"

#include <string.h>

#define RUNTIME "nvidia-cuda-runtime"

static char *first_two(const char *version)
{
    g_auto(GStrv) parts = g_strsplit(version, ".", 3);
    return g_strv_length(parts) >= 2 ? g_strdup_printf("%s.%s", parts[0], parts[1]) : NULL;
}

static char *cuda_of_torch(const LockDistribution *torch)
{
    g_autoptr(Version) version = version_parse(torch->version, NULL);
    const char *label = version ? version_local(version) : NULL;
    return label ? cuda_version_of_index(label) : NULL;
}

/* "nvidia-cuda-runtime-cu12", or "nvidia-cuda-runtime" from CUDA 13 on. */
static bool is_runtime(const char *name)
{
    return g_str_equal(name, RUNTIME) || g_str_has_prefix(name, RUNTIME "-cu");
}

const LockDistribution *environment_cuda_source(const GPtrArray *environment, char **ret_cuda)
{
    const LockDistribution *source = NULL;
    g_autofree char *cuda = NULL;
    for (guint i = 0; environment && i < environment->len; i++) {
        const LockDistribution *one = environment->pdata[i];
        bool is_torch = g_str_equal(one->name, "torch");
        if (one->ghost || (!is_torch && (source || !is_runtime(one->name))))
            continue;
        char *found = is_torch ? cuda_of_torch(one) : first_two(one->version);
        if (!found)
            continue;
        g_free(cuda);
        cuda = found;
        source = one;
        if (is_torch)
            break;
    }
    *ret_cuda = g_steal_pointer(&cuda);
    return source;
}

char *environment_cuda(const GPtrArray *environment)
{
    char *cuda = NULL;
    environment_cuda_source(environment, &cuda);
    return cuda;
}

char *environment_min_cuda(const GPtrArray *environment)
{
    g_autofree char *cuda = environment_cuda(environment);
    return cuda ? g_strdup_printf("%.*s.0", (int)strcspn(cuda, "."), cuda) : NULL;
}
