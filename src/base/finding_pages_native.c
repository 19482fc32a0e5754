#include "base/finding_families.h"

/* clang-format off */
const FindingPage finding_pages_native[] = {
    {.meaning = NULL},
};
/* clang-format on */
