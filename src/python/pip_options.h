/* The options of a line of a requirements file, as pip's optparse reads them behind the first token
 * that begins with "-": shell-like quoting, unique prefixes of long names, values beside or behind.
 */
#pragma once

#include "python/requirements_file.h"

typedef enum {
    OPTION_INDEX_URL,
    OPTION_EXTRA_INDEX_URL,
    OPTION_NO_INDEX,
    OPTION_CONSTRAINT,
    OPTION_REQUIREMENT,
    OPTION_EDITABLE,
    OPTION_FIND_LINKS,
    OPTION_NO_BINARY,
    OPTION_ONLY_BINARY,
    OPTION_PREFER_BINARY,
    OPTION_REQUIRE_HASHES,
    OPTION_NO_REQUIRE_HASHES,
    OPTION_PRE,
    OPTION_ALL_RELEASES,
    OPTION_ONLY_FINAL,
    OPTION_TRUSTED_HOST,
    OPTION_USE_FEATURE,
    OPTION_HASH,
    OPTION_CONFIG_SETTINGS,
} OptionId;

typedef struct {
    OptionId id;
    const char *name;      /* "--index-url" */
    char *value;           /* NULL for a flag */
    size_t offset, length; /* of the option and its value in the line */
} LineOption;

typedef struct {
    size_t argument_length; /* the requirement's part of the line, up to the last blank before the
                               options: blanks at its end count when a URL's marker is looked for */
    GPtrArray *options;     /* LineOption, in order */
} LineOptions;

/* Splits the line and reads its options. NULL after a mistake, which is in diags. Words that pip
 * would ignore are warned about. */
LineOptions *line_options_parse(const RequirementLine *line, Diags *diags);
void line_options_free(LineOptions *options);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LineOptions, line_options_free)
/* The first (or, for `last`, the last) option of that id, or NULL. */
const LineOption *line_options_find(const LineOptions *options, OptionId id, bool last);
