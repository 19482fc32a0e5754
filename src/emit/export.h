/* lock → the files by which other tools install the same: requirements with hashes and constraints
 * for pip, and a pylock.toml (PEP 751).
 *
 * Each tells what is installed after the last stage, whichever stage put it there. The base's own
 * distributions are in the constraints alone. Every list is complete and exact, so nothing is left
 * to resolve: what a stage was told to break stays broken. */
#pragma once

#include "plan/plan.h"

/* The comment at the top of each. */
GString *export_begin(const Plan *plan, const char *source, const char *what);
/* The URL of an index by recipe or name; NULL: only the reader's machine knows. Caller frees. */
char *export_index_url(const Recipe *recipe, const char *name);
/* LockFile of what requirements and pylock.toml list, by name; borrowed. The caller frees it. */
GPtrArray *export_files(const Plan *plan);

/* `source`: what it is made from, for the comment at the top. Callers free; texts end with a
 * newline. */
char *export_constraints(const Plan *plan, const char *source);
/* Other indexes than the default one are named as additional ones: the hashes decide which file is
 * taken. Without hashes where a file comes from git, which pip can't combine with them. */
char *export_requirements(const Plan *plan, const char *source);
/* `urls`: char * of each of export_files(), where it is; NULL for what comes from a path or from
 * git. ERROR_INPUT: a file has no digest, which the format demands. */
gboolean export_pylock(const Plan *plan, const char *source, const GPtrArray *urls, char **ret_text,
                       GError **error);
