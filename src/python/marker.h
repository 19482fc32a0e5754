/* PEP 508 environment markers, as `packaging` (26.x) reads, evaluates and prints them. */
#pragma once

#include "python/target.h"

typedef struct Marker Marker; /* immutable, reference-counted */

/* Errors: ERROR_INPUT saying what was expected at which character. */
Marker *marker_parse(const char *text, GError **error);
/* The marker that begins at *at, a place in `source`; moves *at behind it and the blanks after. */
Marker *marker_parse_at(const char *source, const char **at, GError **error);
Marker *marker_ref(const Marker *marker);
void marker_unref(Marker *marker);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Marker, marker_unref)
/* As packaging prints it; belongs to the marker. */
const char *marker_text(const Marker *marker);
/* FALSE when packaging fails to print the marker: a text in it holds both kinds of quotes, one of
 * which marker_text() writes as an escape. */
bool marker_is_printable(const Marker *marker);
/* Whether the marker names a variable, for example "platform_release" (a fact of the build host) or
 * "extra". */
bool marker_uses(const Marker *marker, const char *variable);

/* Values of the PEP 508 variables. */
typedef struct MarkerEnvironment MarkerEnvironment;
MarkerEnvironment *marker_environment_new(const PythonTarget *target);
/* All values empty, for marker_environment_set(). */
MarkerEnvironment *marker_environment_new_empty(void);
/* FALSE when there is no such variable. */
bool marker_environment_set(MarkerEnvironment *environment, const char *variable,
                            const char *value);
/* Its value, borrowed; NULL when there is no such variable. */
const char *marker_environment_get(const MarkerEnvironment *environment, const char *variable);
void marker_environment_free(MarkerEnvironment *environment);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MarkerEnvironment, marker_environment_free)

/* `extra`: value of the variable `extra`, "" for none, NULL for the environment's; compared in
 * canonical form. A comparison that has no meaning counts as false. */
bool marker_evaluate(const Marker *marker, const MarkerEnvironment *environment, const char *extra);
/* What a lock file is asked for: canonical names, NULL-terminated; NULL: none. */
typedef struct {
    const char *const *extras, *const *groups;
} MarkerSets;
/* As a lock file means it (PEP 751): `extras` and `dependency_groups` are sets, and so is `extra`,
 * which several extras hold at once. */
bool marker_evaluate_sets(const Marker *marker, const MarkerEnvironment *environment,
                          const MarkerSets *sets);
/* As marker_evaluate() with packaging's errors. Errors: ERROR_INPUT for a variable that has no
 * value outside lock files (extras, dependency_groups), two literals, and ~= or === between texts.
 */
bool marker_try_evaluate(const Marker *marker, const MarkerEnvironment *environment,
                         const char *extra, bool *ret_value, GError **error);
