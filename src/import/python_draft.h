/* What the imports of Python lists, lock files and environments have in common: the Python of the
 * recipe, and stages for sets of exact versions. */
#pragma once

#include "import/import.h"
#include "python/pyproject.h"
#include "python/specifier.h"

/* `base`, `python` and `libc` for this Python ("3.12"): Debian's slim image of it. NULL: the newest
 * of those in wide use that `allowed` (may be NULL) accepts, said to be assumed. */
void draft_python(Draft *draft, const char *python, const SpecifierSet *allowed, Span at);
/* "3.12" of the .python-version in the folder of `path`, or NULL. Caller frees. */
char *import_python_version(const char *path);
/* The folder's pyproject.toml; NULL: there is none, or none that can be read. Caller frees. */
Pyproject *import_pyproject(const char *folder);
/* "3.12" of "3.12.1"; NULL of what is no version. Caller frees. */
char *import_minor_version(const char *version);

/* draft_index() without the credentials of the URL, which are noted. */
const char *import_index(Draft *draft, const char *url, Span at);
/* The index of PyTorch's wheels that a version's local label names ("cu124", "cpu", "rocm6.2"), or
 * NULL; borrowed from `version`. */
const char *import_wheel_label(const char *version);
/* Whether the name is torch or one of those that are built with it. */
bool import_is_torch_family(const char *canonical);

/* A package in an exact version. */
typedef struct {
    char *name; /* canonical */
    char *version;
    bool requested; /* by a person, as far as one can tell */
} ImportPin;

ImportPin *import_pin_new(const char *name, const char *version, bool requested);
void import_pin_free(void *pin);

/* A stage for the pins with a label of PyTorch's wheels, which come first, and what is protected
 * then; false: there are none. */
bool draft_labelled_pins(Draft *draft, const GPtrArray *pins);
/* Constraints of all pins, and stages that install the requested ones. */
void draft_pins(Draft *draft, const GPtrArray *pins);
