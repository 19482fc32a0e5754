/* The full version of a Python that lies in a file tree: from build-details.json (PEP 739), the
 * text in its executable or library, patchlevel.h, PYTHON_VERSION of the image, or pyvenv.cfg. */
#pragma once

#include "python/file_tree.h"

typedef struct {
    const FileTree *tree;
    const char *const *env;
    const char *prefix, *stdlib; /* "/usr", "/usr/lib/python3.11" */
    GBytes *executable;          /* or NULL */
    const char *venv_version;    /* as pyvenv.cfg has it, or NULL */
} PythonVersionPlace;

/* "3.11.2", "3.13.0rc1t" (with the ABI flags): what python_target_new() takes. *ret_guessed:
 * nothing told the third number. */
char *python_version_find(const PythonVersionPlace *place, bool *ret_guessed);
/* The first "MAJOR.MINOR.N" in `bytes` that stands alone as a C string or a word; NULL: none. */
char *python_version_scan(GBytes *bytes, const char *minor_version);
