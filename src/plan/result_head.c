#include "plan/result_head.h"

void result_head_begin(JsonWriter *writer, const char *schema, const char *recipe,
                       const LockTarget *target)
{
    jsonw_begin_object(writer, JSONW_BLOCK);
    jsonw_string_member(writer, "schema", schema);
    jsonw_string_member(writer, "recipe", recipe);
    jsonw_string_member(writer, "row", target->row);
    jsonw_string_member(writer, "platform", target->platform);
}
