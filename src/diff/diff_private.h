/* What the files that make a diff share. For those alone. */
#pragma once

#include "diff/diff.h"

/* After the last stage that is solved; NULL: none is. */
const GPtrArray *diff_environment(const LockTarget *target);
/* By name, ghosts left out; or NULL. */
const LockDistribution *diff_find(const GPtrArray *environment, const char *name);
/* Fill in their part. */
void diff_compare_facts(Diff *diff);
void diff_compare_configuration(Diff *diff);
void diff_compare_stages(Diff *diff);
/* Fills in the causes; `diff->distributions` is complete. */
void diff_find_causes(Diff *diff);
/* Adds a fact where the texts differ; takes both. */
void diff_add_fact(Diff *diff, const char *subject, char *before, char *after);
