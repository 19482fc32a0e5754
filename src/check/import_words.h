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
/* "triton 2.3.1 is installed by stage 'triton', ramekin.yaml:35": the distribution that lacks what
 * the exception names. NULL: not known, or it is `but` itself. */
char *import_lacking_words(const CheckRun *run, const char *message, const char *but);
/* The statement that fails, or NULL. */
const ImportStep *import_last_step(const ImportVerdict *verdict);
/* The statement in the imported module itself that leads there, or NULL. */
const ImportStep *import_first_step(const ImportVerdict *verdict);
