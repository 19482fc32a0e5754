/* The compatibility tags of a target, best first (PEP 425, 600, 656, 803; order of packaging 26.3).
 */
#pragma once

#include "python/target.h"
#include "python/wheel_name.h"

typedef struct TagSet TagSet;

TagSet *tag_set_new(const PythonTarget *target);
void tag_set_free(TagSet *tags);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TagSet, tag_set_free)

/* All tags, best first, NULL-terminated; belong to the set. */
const char *const *tag_set_list(const TagSet *tags);
/* The rank of the best of the wheel's tags (0 is best), or -1 when none is supported. */
int tag_set_rank(const TagSet *tags, const WheelName *wheel);
/* FALSE when a wheel with the tags "PY-ABI-PLATFORM" surely has no rank: no interpreter or no
 * platform among them is known. Costs far less than to parse the name. */
bool tag_set_may_rank(const TagSet *tags, const char *text, size_t length);
