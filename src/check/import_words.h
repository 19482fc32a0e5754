/* How an import went, in words: for findings, verdicts and locks. For the files of this folder
 * only. The caller frees what is returned. */
#pragma once

#include "check/check.h"

/* "bitsandbytes/nn/__init__.py:15: from .triton_based_modules import (… (bitsandbytes 0.45.0)" */
char *import_step_words(const CheckRun *run, const ImportStep *step);
/* The steps of a chain; only the first and the last ones of a long way. */
void import_chain_words(const CheckRun *run, GStrvBuilder *lines, const GPtrArray *chain);
/* "RuntimeError: 0 active drivers ([])" */
char *import_failure_words(const ImportVerdict *verdict);
/* The same with the place of the statement behind it: why an item does not hold, or why nobody
 * knows. */
char *import_reason_words(const ImportVerdict *verdict);
/* The statement that fails, or NULL. */
const ImportStep *import_last_step(const ImportVerdict *verdict);
