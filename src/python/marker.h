/* PEP 508 environment markers, as `packaging` (26.x) reads, evaluates and prints them. */
#pragma once

#include "python/target.h"

typedef struct Marker Marker; /* immutable, reference-counted */

Marker *marker_parse(const char *text, GError **error);
Marker *marker_ref(const Marker *marker);
void marker_unref(Marker *marker);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Marker, marker_unref)
/* As packaging prints it; belongs to the marker. */
const char *marker_text(const Marker *marker);
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
void marker_environment_free(MarkerEnvironment *environment);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MarkerEnvironment, marker_environment_free)

/* `extra`: value of the variable `extra`, "" for none; compared in canonical form. */
bool marker_evaluate(const Marker *marker, const MarkerEnvironment *environment, const char *extra);
