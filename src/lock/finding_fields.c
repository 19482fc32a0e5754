#include "lock/finding_fields.h"

static const char *const severities[] = {"note", "warning", "error", NULL};

static bool is_code(const char *text)
{
    return finding_kind_find(text) != NULL;
}

/* clang-format off */
#define FINDING_FIELDS(absent)                                                                     \
    {.key = "code", .type = JSON_FIELD_TEXT, .offset = offsetof(Finding, code),                    \
     .check = is_code, .expected = "the code of a finding"},                                       \
    {.key = "severity", .type = JSON_FIELD_CHOICE, .offset = offsetof(Finding, severity),          \
     .names = severities},                                                                         \
    {.key = "at", .type = JSON_FIELD_TEXT, .offset = offsetof(Finding, at), .flags = absent},      \
    {.key = "distribution", .type = JSON_FIELD_TEXT, .offset = offsetof(Finding, distribution),    \
     .flags = absent},                                                                             \
    {.key = "version", .type = JSON_FIELD_TEXT, .offset = offsetof(Finding, version),              \
     .flags = absent},                                                                             \
    {.key = "requirement", .type = JSON_FIELD_TEXT, .offset = offsetof(Finding, requirement),      \
     .flags = absent},                                                                             \
    {.key = "found", .type = JSON_FIELD_TEXT, .offset = offsetof(Finding, found),                  \
     .flags = absent},                                                                             \
    {.key = "acknowledged", .type = JSON_FIELD_FLAG, .offset = offsetof(Finding, acknowledged),    \
     .flags = (absent) & JSON_OPTIONAL},                                                           \
    {.key = "message", .type = JSON_FIELD_TEXT, .offset = offsetof(Finding, message)},             \
    {.key = "hint", .type = JSON_FIELD_TEXT, .offset = offsetof(Finding, hint), .flags = absent},  \
    {.key = "evidence", .type = JSON_FIELD_TEXTS, .offset = offsetof(Finding, evidence),           \
     .flags = JSON_OPTIONAL},                                                                      \
    {.key = "chain", .type = JSON_FIELD_UNSIGNED, .offset = offsetof(Finding, chain),              \
     .flags = JSON_OPTIONAL},
/* clang-format on */

static void free_finding(void *finding)
{
    finding_free(finding);
}

static const JsonField lock_fields[] = {FINDING_FIELDS(JSON_OPTIONAL)};
static const JsonField plan_fields[] = {FINDING_FIELDS(JSON_NULLABLE)};
void finding_edit_free(void *data)
{
    FindingEdit *edit = data;
    g_free(edit->file);
    g_free(edit->before);
    g_free(edit->after);
    g_free(edit);
}

void finding_fix_free(void *data)
{
    FindingFix *fix = data;
    g_free(fix->about);
    g_clear_pointer(&fix->edits, g_ptr_array_unref);
    g_free(fix);
}

/* clang-format off */
static const JsonField edit_fields[] = {
    {.key = "file", .type = JSON_FIELD_TEXT, .offset = offsetof(FindingEdit, file)},
    {.key = "line", .type = JSON_FIELD_UNSIGNED, .offset = offsetof(FindingEdit, line)},
    {.key = "column", .type = JSON_FIELD_UNSIGNED, .offset = offsetof(FindingEdit, column)},
    {.key = "end_column", .type = JSON_FIELD_UNSIGNED, .offset = offsetof(FindingEdit, end_column)},
    {.key = "old", .type = JSON_FIELD_TEXT, .offset = offsetof(FindingEdit, before)},
    {.key = "new", .type = JSON_FIELD_TEXT, .offset = offsetof(FindingEdit, after)},
};
static const JsonRecord edit_record = {sizeof(FindingEdit), edit_fields,
                                       G_N_ELEMENTS(edit_fields), finding_edit_free, JSONW_INLINE};
static const JsonField fix_fields[] = {
    {.key = "about", .type = JSON_FIELD_TEXT, .offset = offsetof(FindingFix, about)},
    {.key = "edits", .type = JSON_FIELD_RECORDS, .offset = offsetof(FindingFix, edits),
     .record = &edit_record},
};
/* clang-format on */
static const JsonRecord fix_record = {sizeof(FindingFix), fix_fields, G_N_ELEMENTS(fix_fields),
                                      finding_fix_free, JSONW_BLOCK};
static const JsonField check_fields[] = {
    FINDING_FIELDS(JSON_NULLABLE){
        .key = "ignored",
        .type = JSON_FIELD_TEXT,
        .offset = offsetof(IgnoredFinding, ignored),
        .flags = JSON_NULLABLE,
    },
    {
        .key = "fixes",
        .type = JSON_FIELD_RECORDS,
        .offset = offsetof(IgnoredFinding, fixes),
        .record = &fix_record,
    },
};

const JsonRecord finding_lock_record = {sizeof(Finding), lock_fields, G_N_ELEMENTS(lock_fields),
                                        free_finding, JSONW_INLINE};
const JsonRecord finding_plan_record = {sizeof(Finding), plan_fields, G_N_ELEMENTS(plan_fields),
                                        free_finding, JSONW_BLOCK};
const JsonRecord finding_check_record = {sizeof(IgnoredFinding), check_fields,
                                         G_N_ELEMENTS(check_fields), NULL, JSONW_BLOCK};
