#include "lock/image_environment.h"

#include "lock/base_tree.h"
#include "lock/debian_packages.h"
#include "lock/lock_entries.h"
#include "lock/solve.h"
#include "python/marker.h"

static char **required_clauses(const Metadata *metadata, const MarkerEnvironment *markers)
{
    g_autoptr(GStrvBuilder) clauses = g_strv_builder_new();
    for (guint i = 0; metadata && i < metadata->requires_dist->len; i++) {
        const Requirement *requirement = metadata->requires_dist->pdata[i];
        if (requirement->marker && !marker_evaluate(requirement->marker, markers, ""))
            continue;
        g_autofree char *clause = requirement_clause(requirement);
        g_strv_builder_add(clauses, clause);
    }
    return g_strv_builder_end(clauses);
}

static GPtrArray *list_installed(const BaseFacts *facts)
{
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)lock_distribution_free);
    if (!facts->has_python)
        return list;
    g_autoptr(MarkerEnvironment) markers = marker_environment_new(facts->target);
    const GPtrArray *installed = facts->environment->distributions;
    for (guint i = 0; i < installed->len; i++) {
        const InstalledDistribution *from = installed->pdata[i];
        const Metadata *metadata = from->metadata;
        LockDistribution *one = lock_distribution_new(
            from->canonical, metadata ? version_text(metadata->version) : "0");
        one->requires = required_clauses(metadata, markers);
        one->ghost = environment_find(facts->environment, from->canonical) != from;
        g_ptr_array_add(list, one);
    }
    lock_entries_sort(list);
    return list;
}

static LockTarget *new_target(const BaseFacts *facts)
{
    LockTarget *target = lock_target_new(NULL, facts->platform);
    target->base.facts = LOCK_FACTS_READ;
    if (facts->has_python) {
        target->base.python = g_strdup(facts->target->full_version);
        target->base.libc = python_target_libc_text(facts->target);
    }
    LockStage *stage = lock_stage_new(HOST_STAGE, HOST_STAGE, NULL);
    stage->status = STAGE_SOLVED;
    g_clear_pointer(&stage->environment, g_ptr_array_unref);
    stage->environment = list_installed(facts);
    g_ptr_array_add(target->stages, stage);
    return target;
}

static BaseRequest make_request(Cache *cache, const char *reference, const char *dir,
                                const char *platform)
{
    return (BaseRequest){
        .reference = reference,
        .base_dir = dir,
        .platform = platform,
        .cache = cache,
        .role = "the image",
    };
}

LockTarget *image_environment_read(Cache *cache, const char *reference, const char *dir,
                                   const char *platform, GPtrArray **ret_debian, GError **error)
{
    BaseRequest request = make_request(cache, reference, dir, platform);
    g_autoptr(BaseTree) tree = base_tree_open(&request, NULL, error);
    g_autoptr(BaseFacts) facts = tree ? base_facts_from_tree(&request, tree, error) : NULL;
    if (!facts)
        return NULL;
    FileTree files = base_tree_files(tree);
    *ret_debian = debian_packages_read(&files);
    return new_target(facts);
}

GPtrArray *image_debian_packages(Cache *cache, const char *reference, const char *dir,
                                 const char *platform, GError **error)
{
    BaseRequest request = make_request(cache, reference, dir, platform);
    g_autoptr(BaseTree) tree = base_tree_open(&request, NULL, error);
    if (!tree)
        return NULL;
    FileTree files = base_tree_files(tree);
    return debian_packages_read(&files);
}
