/* .dockerignore: which files of a build context no COPY sees (Docker's build context reference;
 * its matcher is moby's patternmatcher).
 *
 * A line is a pattern of GLOB_IGNORE below the context's root, cleaned of "./", "//", ".." and a
 * "/" at either end; "#" in the first column makes it a comment, "!" an exception. A pattern that
 * matches a folder matches all that is below it, and the last line that matches a path decides. */
#pragma once

#include "base/error.h"

typedef struct IgnoreRules IgnoreRules;

/* Takes a reference. Errors: ERROR_INPUT with the line of a malformed pattern. */
IgnoreRules *ignore_rules_parse(Source *source, GError **error);
void ignore_rules_free(IgnoreRules *rules);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(IgnoreRules, ignore_rules_free)

/* Whether the path (relative to the root, "a/b") is left out; *ret_at (may be NULL) is the line
 * that says so. */
bool ignore_rules_exclude(const IgnoreRules *rules, const char *path, Span *ret_at);

/* The same for a walk from the root: what is known of a folder is handed to what is in it, so that
 * nothing is matched twice. Exceptions reach below folders that are left out. */
typedef struct IgnoreState IgnoreState;
/* `parent` NULL: the root. */
IgnoreState *ignore_state_new(const IgnoreRules *rules, const IgnoreState *parent,
                              const char *path);
void ignore_state_free(IgnoreState *state);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(IgnoreState, ignore_state_free)
bool ignore_state_excludes(const IgnoreState *state, Span *ret_at);
/* Whether an exception may name something below a folder that is left out. */
bool ignore_rules_have_exceptions(const IgnoreRules *rules);
