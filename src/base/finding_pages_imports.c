#include "base/finding_families.h"

/* clang-format off */
const FindingPage finding_pages_imports[] = {
    {.meaning = NULL},
};
/* clang-format on */
