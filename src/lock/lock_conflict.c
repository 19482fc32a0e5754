#include "lock/lock_conflict.h"

void lock_conflict_line_free(gpointer data)
{
    LockConflictLine *line = data;
    g_free(line->at);
    g_free(line->line);
    g_free(line->stage);
    g_free(line);
}

void lock_way_out_free(gpointer data)
{
    LockWayOut *way = data;
    char *texts[] = {way->kind, way->at, way->line, way->instead, way->gives};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    g_free(way);
}

/* clang-format off */
#define TEXT(struct_type, member, flag)                                                            \
    {.key = #member, .type = JSON_FIELD_TEXT, .offset = offsetof(struct_type, member),             \
     .flags = flag}
#define FLAG(struct_type, member)                                                                  \
    {.key = #member, .type = JSON_FIELD_FLAG, .offset = offsetof(struct_type, member)}

static const JsonField line_fields[] = {
    TEXT(LockConflictLine, at, JSON_NULLABLE),
    TEXT(LockConflictLine, line, 0),
    FLAG(LockConflictLine, constraint),
    TEXT(LockConflictLine, stage, JSON_NULLABLE),
};
static const JsonField way_fields[] = {
    TEXT(LockWayOut, kind, 0),
    TEXT(LockWayOut, at, JSON_NULLABLE),
    TEXT(LockWayOut, line, JSON_NULLABLE),
    FLAG(LockWayOut, constraint),
    TEXT(LockWayOut, instead, JSON_NULLABLE),
    TEXT(LockWayOut, gives, JSON_NULLABLE),
    FLAG(LockWayOut, partial),
};
/* clang-format on */

const JsonRecord lock_conflict_line_record = {sizeof(LockConflictLine), line_fields,
                                              G_N_ELEMENTS(line_fields), lock_conflict_line_free,
                                              JSONW_INLINE};
const JsonRecord lock_way_out_record = {sizeof(LockWayOut), way_fields, G_N_ELEMENTS(way_fields),
                                        lock_way_out_free, JSONW_INLINE};

void lock_conflict_write(JsonWriter *writer, const GPtrArray *lines, const GPtrArray *ways)
{
    jsonw_key(writer, "conflict");
    json_records_encode(&lock_conflict_line_record, writer, lines, JSONW_BLOCK, NULL);
    jsonw_key(writer, "ways_out");
    json_records_encode(&lock_way_out_record, writer, ways, JSONW_BLOCK, NULL);
}
