/* What the JSON documents about one target begin with. */
#pragma once

#include "lock/lock.h"
#include "text/jsonw.h"

/* Begins the object: "schema", "recipe", "row", "platform". */
void result_head_begin(JsonWriter *writer, const char *schema, const char *recipe,
                       const LockTarget *target);
