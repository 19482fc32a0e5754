/* What is installed where no recipe made it: a virtual environment of this machine, or a list of
 * exact versions. As a target of one stage, of which only the environment is known, so that it can
 * be compared with others. */
#pragma once

#include "lock/lock.h"

/* The name of that stage, and its kind. */
#define HOST_STAGE "environment"

/* `folder` is a virtual environment (lib/pythonX.Y/site-packages, Lib/site-packages) or a folder
 * with dist-infos itself. Reads METADATA alone; what can't be read is ERROR_INPUT naming it. */
LockTarget *host_environment_read(const char *folder, GError **error);
/* Its folder of distributions: site-packages, or `folder` itself where there is none; the caller
 * frees it. */
char *host_environment_site(const char *folder);
/* Lines "name==version" and "name @ url", comments, as `pip freeze` writes them. ERROR_INPUT at the
 * line for anything else. */
LockTarget *host_environment_parse(const char *name, const char *text, size_t length,
                                   GError **error);
