/* The items of `checks:`, decided from lock and facts alone: what holds, what fails, what only the
 * image itself can tell. One file of functions for each subject; the table is in verdict.c. For the
 * files of this folder only. */
#pragma once

#include "check/check.h"

typedef struct {
    CheckRun *run;
    const Check *check;
    const char *when; /* "build", "runtime", "gpu" */
} Verdict;

/* Decides every item of the recipe into run->results. A failing one is a finding too. */
void verdict_decide(CheckRun *run);

/* An item's results; take `item` and `reason`. `at`: of the item. */
void verdict_holds(const Verdict *verdict, char *item);
void verdict_unknown(const Verdict *verdict, char *item, char *reason);
void verdict_fails(const Verdict *verdict, char *item, Span at, char *reason);
/* The same where a finding of its own says it already. */
void verdict_fails_silently(const Verdict *verdict, char *item, char *reason);

/* An import that needs a driver, and so runs where there is one. */
void verdict_moved(const Verdict *verdict, char *item, char *reason);

/* All items of a check, or the first line of its code; max_size and flags have none. Caller frees.
 */
char *check_describe(const Check *check);
/* "torch==2.6.0" of an item's text: the item of most kinds. */
char *verdict_item(const Text *text);

/* One function for each kind; each adds a result for every item. */
void verdict_version(const Verdict *verdict);
void verdict_cuda(const Verdict *verdict);
void verdict_index(const Verdict *verdict);
void verdict_absent(const Verdict *verdict);
void verdict_arch(const Verdict *verdict);
void verdict_wheels_only(const Verdict *verdict);
void verdict_import(const Verdict *verdict);
void verdict_found(const Verdict *verdict); /* module, symbol */
void verdict_file(const Verdict *verdict);
void verdict_max_size(const Verdict *verdict);

/* Unpacked bytes of everything above the base; *ret_all: nothing is missing in it. */
guint64 verdict_image_size(const CheckRun *run, bool *ret_all);
