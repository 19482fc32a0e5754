/* What was built, or would be: for people and as ramekin.build/1. */
#pragma once

#include "emit/image.h"
#include "text/jsonw.h"

/* One line a layer and the sums; ends with a newline. */
char *built_image_text(const BuiltImage *built, bool colour, unsigned columns);
/* The members of one image's object: digest, config, size, layers …. */
void built_image_json(const BuiltImage *built, JsonWriter *json);
