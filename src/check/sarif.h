/* The frame of SARIF 2.1.0 (OASIS), for code review tools: one run of ramekin, one rule for each
 * code that is found. Columns count characters. */
#pragma once

#include "base/finding_pages.h"
#include "text/jsonw.h"

/* FindingPage of the codes (char *), by code; the caller frees the array. */
GPtrArray *sarif_pages(const GPtrArray *codes);
/* Up to where results are written, and from there to the end. */
void sarif_begin(JsonWriter *json, const GPtrArray *pages);
void sarif_end(JsonWriter *json);
/* Members of a result: ruleId, ruleIndex and level. */
void sarif_write_rule_of(JsonWriter *json, const Finding *finding, const GPtrArray *pages);
/* "key": {"text": …} */
void sarif_write_text(JsonWriter *json, const char *key, const char *text);
/* An element of "locations"; `path` is as the reader should open it. */
void sarif_write_location(JsonWriter *json, const char *path, Span at);
/* The same of the file alone, "artifactLocation": {…}. */
void sarif_write_artifact(JsonWriter *json, const char *path);
/* An element of "replacements": the text from the column of `begin` up to that of `end` gives way
 * to `after`. */
void sarif_write_replacement(JsonWriter *json, Span begin, Span end, const char *after);
