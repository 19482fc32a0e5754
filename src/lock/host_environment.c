#include "lock/host_environment.h"

#include "base/io.h"
#include "base/limits.h"
#include "base/sorted.h"
#include "python/metadata.h"
#include "python/name.h"

#include <string.h>

#define DIST_INFO ".dist-info"

static LockTarget *new_target(GPtrArray *take_environment)
{
    LockTarget *target = lock_target_new(NULL, NULL);
    LockStage *stage = lock_stage_new(HOST_STAGE, HOST_STAGE, NULL);
    stage->status = STAGE_SOLVED;
    g_clear_pointer(&stage->environment, g_ptr_array_unref);
    stage->environment = take_environment;
    g_ptr_array_add(target->stages, stage);
    return target;
}

static GPtrArray *new_environment(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)lock_distribution_free);
}

static int compare_names(const void *a, const void *b)
{
    const LockDistribution *left = *(const LockDistribution *const *)a;
    const LockDistribution *right = *(const LockDistribution *const *)b;
    return strcmp(left->name, right->name);
}

/* Of several of one name the first is the one that pip sees. */
static void finish(GPtrArray *environment)
{
    g_ptr_array_sort(environment, compare_names);
    for (guint i = 1; i < environment->len; i++) {
        const LockDistribution *before = environment->pdata[i - 1];
        LockDistribution *one = environment->pdata[i];
        one->ghost = g_str_equal(before->name, one->name);
    }
}

/* Folders */

static char **requirement_texts(const Metadata *metadata)
{
    g_autoptr(GStrvBuilder) texts = g_strv_builder_new();
    for (guint i = 0; i < metadata->requires_dist->len; i++)
        g_strv_builder_add(texts, ((const Requirement *)metadata->requires_dist->pdata[i])->text);
    return g_strv_builder_end(texts);
}

static gboolean add_dist_info(GPtrArray *environment, const char *folder, const char *name,
                              GError **error)
{
    g_autofree char *path = g_build_filename(folder, name, "METADATA", NULL);
    if (!g_file_test(path, G_FILE_TEST_IS_REGULAR))
        return TRUE; /* pip does not see it either */
    g_autofree char *text = NULL;
    size_t length;
    if (!io_load(path, LIMIT_METADATA_BYTES, &text, &length, error))
        return FALSE;
    GError *cause = NULL;
    g_autoptr(Metadata) metadata = metadata_parse(text, length, &cause);
    if (!metadata)
        return error_wrap(error, cause, SPAN_NONE, "%s can't be read", path);
    g_autofree char *canonical = name_canonicalize(metadata->name);
    LockDistribution *one = lock_distribution_new(canonical, version_text(metadata->version));
    one->requires = requirement_texts(metadata);
    g_ptr_array_add(environment, one);
    return TRUE;
}

static gboolean add_folder(GPtrArray *environment, const char *folder, GError **error)
{
    g_autoptr(GPtrArray) names = sorted_dir(folder, LIMIT_FOLDER_NAMES, error);
    if (!names)
        return FALSE;
    for (guint i = 0; i < names->len; i++) {
        if (g_str_has_suffix(names->pdata[i], DIST_INFO) &&
            !add_dist_info(environment, folder, names->pdata[i], error))
            return FALSE;
    }
    return TRUE;
}

char *host_environment_site(const char *folder)
{
    g_autofree char *windows = g_build_filename(folder, "Lib", "site-packages", NULL);
    if (g_file_test(windows, G_FILE_TEST_IS_DIR))
        return g_steal_pointer(&windows);
    g_autofree char *lib = g_build_filename(folder, "lib", NULL);
    g_autoptr(GPtrArray) names = sorted_dir(lib, LIMIT_FOLDER_NAMES, NULL);
    for (guint i = 0; names && i < names->len; i++) {
        g_autofree char *site = g_build_filename(lib, names->pdata[i], "site-packages", NULL);
        if (g_str_has_prefix(names->pdata[i], "python") && g_file_test(site, G_FILE_TEST_IS_DIR))
            return g_steal_pointer(&site);
    }
    return g_strdup(folder);
}

LockTarget *host_environment_read(const char *folder, GError **error)
{
    if (!g_file_test(folder, G_FILE_TEST_IS_DIR)) {
        error_set(error, ERROR_INPUT, SPAN_NONE, "there is no folder %s", folder);
        return NULL;
    }
    g_autofree char *site = host_environment_site(folder);
    g_autoptr(GPtrArray) environment = new_environment();
    if (!add_folder(environment, site, error))
        return NULL;
    if (environment->len == 0) {
        error_set(error, ERROR_INPUT, SPAN_NONE, "%s holds no installed distribution", folder);
        return NULL;
    }
    finish(environment);
    return new_target(g_steal_pointer(&environment));
}

/* Lists */

static const char *exact_version(const Requirement *requirement)
{
    const char *text = specifier_set_text(requirement->specifiers);
    size_t equals = strspn(text, "=");
    return equals >= 2 && !strchr(text, ',') && !strchr(text, '*') ? text + equals : NULL;
}

static gboolean add_line(GPtrArray *environment, const char *place, const char *line,
                         GError **error)
{
    GError *cause = NULL;
    g_autoptr(Requirement) requirement = requirement_parse(line, &cause);
    if (!requirement)
        return error_wrap(error, cause, SPAN_NONE, "%s is no requirement", place);
    const char *version = exact_version(requirement);
    if (!version && !requirement->url)
        return error_set(error, ERROR_INPUT, SPAN_NONE,
                         "%s gives no exact version of %s: what is installed can't be known", place,
                         requirement->name);
    g_ptr_array_add(environment, lock_distribution_new(requirement->canonical,
                                                       version ? version : requirement->url));
    return TRUE;
}

LockTarget *host_environment_parse(const char *name, const char *text, size_t length,
                                   GError **error)
{
    g_autofree char *copy = g_strndup(text, length);
    g_autoptr(GPtrArray) environment = new_environment();
    g_auto(GStrv) lines = g_strsplit(copy, "\n", -1);
    for (guint i = 0; lines[i]; i++) {
        char *comment = *lines[i] == '#' ? lines[i] : strstr(lines[i], " #");
        if (comment)
            *comment = '\0';
        g_strstrip(lines[i]);
        g_autofree char *place = g_strdup_printf("%s:%u", name, i + 1);
        if (*lines[i] && !g_str_has_prefix(lines[i], "--") &&
            !add_line(environment, place, lines[i], error))
            return NULL;
    }
    finish(environment);
    return new_target(g_steal_pointer(&environment));
}
