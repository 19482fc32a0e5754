/* What is installed in an image of this machine, whoever made it: read from its layers laid over
 * each other, nothing is executed. As a target of one stage (HOST_STAGE), so that it can be
 * compared with others: base.python and base.libc are what the image's interpreter and its libc
 * are, NULL where it has no Python. */
#pragma once

#include "lock/host_environment.h"
#include "store/cache.h"

/* `reference` is one that base_form_is_readable(), relative to `dir`; `platform` is wanted of it.
 * `cache` remembers trees. *ret_debian: DebianPackage. Errors: as
 * base_facts_read(). */
LockTarget *image_environment_read(Cache *cache, const char *reference, const char *dir,
                                   const char *platform, GPtrArray **ret_debian, GError **error);
/* The same without the environment: the Debian packages of a base or an image. */
GPtrArray *image_debian_packages(Cache *cache, const char *reference, const char *dir,
                                 const char *platform, GError **error);
