#include "check/build_script.h"

#include "check/build_checks_py.h"
#include "plan/plan_imports.h"
#include "python/requirement.h"
#include "text/jsonw.h"

bool build_check_is_executed(CheckKind kind)
{
    switch (kind) {
    case CHECK_VERSION:
    case CHECK_CUDA:
    case CHECK_IMPORT:
    case CHECK_MODULE:
    case CHECK_SYMBOL:
    case CHECK_ABSENT:
    case CHECK_FILE:
    case CHECK_PYTHON:
    case CHECK_CMD:
        return true;
    case CHECK_INDEX:
    case CHECK_ARCH:
    case CHECK_WHEELS_ONLY:
    case CHECK_MAX_SIZE:
    case CHECK_KIND_COUNT:
        break;
    }
    return false;
}

static const char *installed_version(const LockTarget *target, const char *name)
{
    const LockStage *last = lock_target_last(target);
    const LockDistribution *installed = last ? lock_stage_find(last, name) : NULL;
    return installed ? installed->version : NULL;
}

static void begin_item(JsonWriter *writer, const char *kind, Span at)
{
    g_autofree char *place = span_address(at);
    jsonw_begin_array(writer, JSONW_INLINE);
    jsonw_string(writer, kind);
    jsonw_string(writer, place ? place : "recipe");
    jsonw_begin_array(writer, JSONW_INLINE);
}

static void end_item(JsonWriter *writer)
{
    jsonw_end_array(writer);
    jsonw_end_array(writer);
}

/* Which index a file came from can't be seen in the image, but for its local version label. */
static void write_index_check(const Plan *plan, JsonWriter *writer, const Check *check)
{
    for (guint i = 0; check->pairs && i < check->pairs->len; i++) {
        const Pair *pair = check->pairs->pdata[i];
        const char *version = installed_version(plan->target, pair->key);
        if (!version || !strchr(version, '+'))
            continue;
        g_autofree char *requirement = g_strdup_printf("%s===%s", pair->key, version);
        begin_item(writer, "version", check->at);
        jsonw_string(writer, requirement);
        end_item(writer);
    }
}

static void write_check(const Plan *plan, JsonWriter *writer, const Check *check)
{
    if (check->kind == CHECK_INDEX)
        write_index_check(plan, writer, check);
    if (!build_check_is_executed(check->kind) || plan_is_moved(plan, check, "build"))
        return;
    g_autoptr(GPtrArray) items = plan_kept_items(plan, check, "build");
    begin_item(writer, check_kind_name(check->kind), check->at);
    for (guint i = 0; i < items->len; i++)
        jsonw_string(writer, ((const Text *)items->pdata[i])->text);
    if (check->kind == CHECK_PYTHON)
        jsonw_string(writer, check->value.text);
    end_item(writer);
}

/* A JSON array of strings is a Python list as well. */
static char *checks_list(const Plan *plan, const GPtrArray *checks)
{
    g_autoptr(JsonWriter) writer = jsonw_new();
    jsonw_begin_array(writer, JSONW_BLOCK);
    for (guint i = 0; i < checks->len; i++)
        write_check(plan, writer, checks->pdata[i]);
    jsonw_end_array(writer);
    return jsonw_finish(writer, NULL);
}

bool build_checks_any(const Plan *plan, const GPtrArray *checks)
{
    g_autofree char *list = checks_list(plan, checks);
    return strchr(list, '"') != NULL;
}

/* What `version` items are held against where the image has no library that reads them: the version
 * that is locked, if the item allows it. */
static void write_locked(JsonWriter *writer, const Plan *plan, const Check *check)
{
    for (guint i = 0; check->kind == CHECK_VERSION && i < check->items->len; i++) {
        const char *text = ((const Text *)check->items->pdata[i])->text;
        g_autoptr(Requirement) wanted = requirement_parse(text, NULL);
        const char *version = wanted ? installed_version(plan->target, wanted->canonical) : NULL;
        if (version && specifier_set_contains_text(wanted->specifiers, version, PRERELEASES_YES))
            jsonw_string_member(writer, text, version);
    }
}

static char *locked_versions(const Plan *plan, const GPtrArray *checks)
{
    g_autoptr(JsonWriter) writer = jsonw_new();
    jsonw_begin_object(writer, JSONW_BLOCK);
    for (guint i = 0; i < checks->len; i++)
        write_locked(writer, plan, checks->pdata[i]);
    jsonw_end_object(writer);
    return jsonw_finish(writer, NULL);
}

char *build_checks_script(const Plan *plan, const GPtrArray *checks)
{
    g_autofree char *list = checks_list(plan, checks);
    g_autofree char *locked = locked_versions(plan, checks);
    return g_strdup_printf("\"\"\"Checks that need no GPU, made by ramekin; each names its line of "
                           "the recipe.\"\"\"\n\nCHECKS = %sLOCKED = %s%s",
                           list, locked, build_checks_py);
}

char *build_checks_python(const Recipe *recipe)
{
    const char *venv = recipe->python.venv;
    return venv ? g_strdup_printf("%s/bin/python3", venv) : g_strdup("python3");
}
