/* Which index `auto` stands for. For the files of this folder only. */
#pragma once

#include "recipe/recipe.h"

/* Names of indexes ("cu124"), the best first. The recipe has tables. Caller frees. */
GPtrArray *solve_cuda_indexes(const Recipe *recipe);
/* Why none of them will do. */
GError *solve_cuda_refusal(const Stage *stage, const Recipe *recipe, const GPtrArray *tried);
