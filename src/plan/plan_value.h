/* A value that nobody wrote down, with the reasons it has: what a host must bring, and what goes
 * into the files of a platform. Values that the recipe states are told the same way. */
#pragma once

#include "plan/layout.h"
#include "text/json_fields.h"

typedef struct {
    char *of;           /* "host", "image", or the file that it stands in: ".runpod/hub.json" */
    char *key;          /* "min_driver", "config.gpuIds" */
    char *value;        /* as text; NULL: it is left out, or not known */
    char *origin;       /* "computed", "stated" by the recipe, or "unknown" */
    GPtrArray *because; /* char*: from the cause to the value, or why there is none */
} PlanValue;

PlanValue *plan_value_new(const char *of, const char *key, const char *value);
void plan_value_free(void *value);
/* One more reason. */
void plan_value_because(PlanValue *value, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* An object each, for documents of ours. */
extern const JsonRecord plan_value_record;
/* What the host must have on a line, then the values of files, each with its reasons; `all`: every
 * value like that. Nothing where there are none. */
void plan_values_put(Layout *layout, const GPtrArray *values, bool all);
