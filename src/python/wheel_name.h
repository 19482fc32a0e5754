/* File names of wheels and source distributions (binary-distribution-format, PEP 427, PEP 625). */
#pragma once

#include "python/version.h"

typedef struct {
    char *name; /* canonical */
    Version *version;
    char *build;    /* "1a" or "" */
    char **pythons; /* "py2", "py3": the compressed sets, in file order */
    char **abis;
    char **platforms;
} WheelName;

/* Of a decoded file name ("+", not "%2B"). Errors: ERROR_INPUT with the reason. */
WheelName *wheel_name_parse(const char *filename, GError **error);
void wheel_name_free(WheelName *wheel);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WheelName, wheel_name_free)

/* Where the parts of a wheel's file name lie in it. */
typedef struct {
    size_t name_length; /* the name comes first */
    const char *version;
    size_t version_length;
    const char *tags; /* the rest, ".whl" included */
} WheelParts;

/* Finds the parts of the most common kind of name: ASCII alone, no build tag. FALSE for any other,
 * which is left to wheel_name_parse(). The parts are not checked. */
bool wheel_name_split(const char *filename, size_t length, WheelParts *ret_parts);
/* Whether the first part of an ASCII name is a project name, and that of `canonical`. */
bool wheel_name_is_of(const char *name, size_t length, const char *canonical);

/* Build tags order as (number, text), an absent one lowest. */
int wheel_name_compare_build(const WheelName *a, const WheelName *b);
/* "py3-none-any" …: the cross product, sorted; caller frees with g_strfreev(). */
char **wheel_name_tags(const WheelName *wheel);

/* The version in an sdist's file name (.tar.gz .zip .tar.bz2 .tgz .tar.xz …) of the project
 * `canonical`, as pip reads it (package_finder._extract_version_from_fragment); NULL when it is no
 * sdist of that project. */
Version *sdist_version(const char *filename, const char *canonical);
/* The text of that version in the file name, not checked; NULL as above. */
const char *sdist_find_version(const char *filename, const char *canonical, size_t *ret_length);
/* Whether pip takes the name for an archive it could install from (wheel excluded). */
bool sdist_has_extension(const char *filename);
