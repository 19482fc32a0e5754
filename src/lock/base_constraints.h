/* The constraints files that pip in the base is configured to apply (PIP_CONSTRAINT in the image's
 * environment, `constraint` in its pip.conf): pip adds them to those of the command line, so they
 * hold for every stage that runs there (pip's configuration.py and cli/parser.py). */
#pragma once

#include "lock/base_facts.h"
#include "python/file_tree.h"

/* Sets facts->constraints from facts->pip_config. Errors: as base_facts_read(). */
gboolean base_constraints_read(BaseFacts *facts, const FileTree *files, const BaseRequest *request,
                               GError **error);
