#include "base/finding_families.h"

/* clang-format off */
const FindingPage finding_pages_dockerfile[] = {
    {.meaning = NULL},
};
/* clang-format on */
