/* Which Debian packages are installed in an image, as dpkg's own files say: var/lib/dpkg/status, or
 * the single files below var/lib/dpkg/status.d of images that were made without dpkg. Debian
 * Policy, chapter 5 (control fields); deb-version(7). */
#pragma once

#include "python/file_tree.h"

typedef struct {
    char *name;
    char *version;
    char *architecture; /* or NULL */
} DebianPackage;
void debian_package_free(void *package);

/* Adds what a status file's text says is installed, in its order. What is no stanza is passed over:
 * the file is the image's, and nothing depends on it. `all`: stanzas need no Status field to count,
 * as in status.d. */
void debian_packages_parse(GPtrArray *packages, const char *text, size_t length, bool all);
/* DebianPackage by name and architecture; empty where there is no dpkg. Caller frees. */
GPtrArray *debian_packages_read(const FileTree *files);
