/* What a folder of stage definitions says of itself: names, header comments, parameters. */
#pragma once

#include "base/error.h"

/* One section for each definition, in scdoc: of ramekin-stages(7). NULL with an error: the folder
 * or a file in it can't be read, or is no definition. Caller frees. */
char *definitions_manual_scdoc(const char *folder, GError **error);
/* The same as a list for a terminal: each with its parameters. */
char *definitions_list(const char *folder, GError **error);
