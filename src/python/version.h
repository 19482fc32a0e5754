/* PEP 440 versions, as the `packaging` library (26.x) reads, orders and prints them.
 *
 * A Version is immutable and reference-counted. Numbers are digit strings of any length. Parsing
 * accepts every spelling the spec normalises; printing gives the normal form. */
#pragma once

#include "base/error.h"

typedef struct Version Version;

/* Errors: ERROR_INPUT "invalid version: 'x'". */
Version *version_parse(const char *text, GError **error);
Version *version_ref(const Version *version);
void version_unref(Version *version);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Version, version_unref)

int version_compare(const Version *a, const Version *b);
bool version_equal(const Version *a, const Version *b);
guint version_hash(const void *version); /* GHashFunc; agrees with version_equal (1.0 == 1.0.0) */
/* The normal form, which belongs to the version. */
const char *version_text(const Version *version);
/* The normal form without the local part; caller frees. */
char *version_public_text(const Version *version);
bool version_is_prerelease(const Version *version); /* pre or dev part */
bool version_is_postrelease(const Version *version);

/* Parts in normal form, which belong to the version. */
const char *version_epoch(const Version *version);
const char *const *version_release(const Version *version); /* NULL-terminated digit strings */
const char *version_pre(const Version *version);            /* "a1", "b2", "rc3" or NULL */
const char *version_post(const Version *version);           /* digits or NULL */
const char *version_dev(const Version *version);
const char *version_local(const Version *version); /* "cu124" or NULL */
