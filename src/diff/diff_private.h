/* What the files that make a diff share. For those alone. */
#pragma once

#include "diff/diff.h"

/* After the last stage that is solved; NULL: none is. */
const GPtrArray *diff_environment(const LockTarget *target);
/* By name, ghosts left out; or NULL. */
const LockDistribution *diff_find(const GPtrArray *environment, const char *name);
/* Fill in their part. */
void diff_compare_facts(Diff *diff);
void diff_compare_gpus(Diff *diff);
void diff_compare_configuration(Diff *diff);
void diff_compare_things(Diff *diff);
void diff_compare_requests(Diff *diff);
void diff_compare_layers(Diff *diff);
void diff_sum_sizes(Diff *diff);
void diff_compare_stages(Diff *diff);
/* Fills in the causes; `diff->distributions` is complete. */
void diff_find_causes(Diff *diff);
/* Adds a fact where the texts differ; takes both. */
void diff_add_fact(Diff *diff, DiffTopic topic, const char *subject, char *before, char *after);
void diff_gpu_free(void *gpu);
void diff_thing_free(void *thing);
void diff_request_free(void *request);
/* "2 changed, 1 added" of a number for each DiffKind; "" of none. Caller frees. */
char *diff_counts_text(const unsigned *counts);
