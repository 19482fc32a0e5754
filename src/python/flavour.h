/* Distributions that are builds or parts of one project under several names, and so install the
 * same files: opencv-python and opencv-python-headless, onnxruntime and onnxruntime-gpu. Names
 * alone decide, so that nothing has to be read to know where reading is worth it. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* What is left of a canonical name without the words for a variant: the same for all variants of a
 * project ("opencv"). Caller frees. */
char *flavour_stem(const char *canonical);
