#include "lock/lock_import.h"

static const char *const verdict_names[] = {"stays", "moved", "undecided", "unread", NULL};

LockImport *lock_import_new(const char *module, const char *list, const char *at)
{
    LockImport *item = g_new0(LockImport, 1);
    item->module = g_strdup(module);
    item->list = g_strdup(list);
    item->at = g_strdup(at);
    return item;
}

void lock_import_free(gpointer data)
{
    LockImport *item = data;
    g_free(item->module);
    g_free(item->list);
    g_free(item->at);
    g_free(item->reason);
    g_strfreev(item->evidence);
    g_free(item);
}

const char *lock_import_verdict_name(LockImportVerdict verdict)
{
    return verdict_names[verdict];
}

const LockImport *lock_import_find(const GPtrArray *imports, const char *list, const char *module)
{
    for (guint i = 0; i < imports->len; i++) {
        const LockImport *item = imports->pdata[i];
        if (g_str_equal(item->list, list) && g_str_equal(item->module, module))
            return item;
    }
    return NULL;
}

bool lock_import_is_moved(const GPtrArray *imports, const char *list, const char *module)
{
    const LockImport *item = lock_import_find(imports, list, module);
    return item && item->verdict == LOCK_IMPORT_MOVED;
}

bool lock_imports_any(const GPtrArray *imports, LockImportVerdict verdict)
{
    for (guint i = 0; i < imports->len; i++) {
        if (((const LockImport *)imports->pdata[i])->verdict == verdict)
            return true;
    }
    return false;
}

static bool is_list(const char *text)
{
    return g_str_equal(text, "build") || g_str_equal(text, "runtime");
}

static bool is_one_line(const char *text)
{
    return *text && !strchr(text, '\n');
}

/* clang-format off */
#define IMPORT_FIELDS(absent)                                                                      \
    {.key = "import", .type = JSON_FIELD_TEXT, .offset = offsetof(LockImport, module),             \
     .check = is_one_line, .expected = "a module"},                                                \
    {.key = "list", .type = JSON_FIELD_TEXT, .offset = offsetof(LockImport, list),                 \
     .check = is_list, .expected = "'build' or 'runtime'"},                                        \
    {.key = "at", .type = JSON_FIELD_TEXT, .offset = offsetof(LockImport, at),                     \
     .check = is_one_line, .expected = "a place"},                                                 \
    {.key = "verdict", .type = JSON_FIELD_CHOICE, .offset = offsetof(LockImport, verdict),         \
     .names = verdict_names},                                                                      \
    {.key = "reason", .type = JSON_FIELD_TEXT, .offset = offsetof(LockImport, reason),             \
     .flags = absent, .check = is_one_line, .expected = "one line"},                               \
    {.key = "evidence", .type = JSON_FIELD_TEXTS, .offset = offsetof(LockImport, evidence),        \
     .flags = JSON_OPTIONAL, .check = is_one_line, .expected = "one line"}
/* clang-format on */

static const JsonField lock_fields[] = {IMPORT_FIELDS(JSON_OPTIONAL)};
static const JsonField plan_fields[] = {IMPORT_FIELDS(JSON_NULLABLE)};

const JsonRecord lock_import_lock_record = {
    sizeof(LockImport), lock_fields, G_N_ELEMENTS(lock_fields), lock_import_free, JSONW_INLINE};
const JsonRecord lock_import_plan_record = {
    sizeof(LockImport), plan_fields, G_N_ELEMENTS(plan_fields), lock_import_free, JSONW_BLOCK};
