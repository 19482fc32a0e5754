/* The folder that `python3 -m venv` leaves (Python's venv module, PEP 405): its configuration,
 * links to the interpreter and the activate scripts, whose templates are the base's. */
#pragma once

#include "plan/wheel_install.h"

typedef struct {
    const char *folder;      /* "/opt/venv" */
    const char *interpreter; /* as PATH names it: "/usr/local/bin/python3" */
    const PythonTarget *python;
} VenvTree;

/* Errors: ERROR_INPUT when something else is in the way. */
gboolean tree_add_venv(MergedTree *tree, const VenvTree *venv, GError **error);
/* The first NAME in the folders of PATH of "KEY=value" entries that is in the tree; or NULL. */
char *tree_find_program(const MergedTree *tree, const char *const *env, const char *name);
