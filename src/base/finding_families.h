/* The tables of findings, one file for each family. A table is ordered by code and ends with an
 * empty row. */
#pragma once

#include "base/finding_pages.h"

extern const FindingPage finding_pages_stages[];     /* what stages do to each other (lock) */
extern const FindingPage finding_pages_check[];      /* the recipe, indexes, platform, the image */
extern const FindingPage finding_pages_native[];     /* CUDA, GPUs, shared objects */
extern const FindingPage finding_pages_files[];      /* files of wheels and of the base */
extern const FindingPage finding_pages_imports[];    /* what importing does */
extern const FindingPage finding_pages_dockerfile[]; /* lines of a Dockerfile */
