/* One requirement as the user wrote it: a PEP 508 text, a bare URL or path, or what follows -e
 * (pip's req/constructors.py). */
#pragma once

#include "python/pip_inputs.h"
#include "python/requirements_file.h"

typedef struct {
    bool constraint;
    const char *base_dir; /* what relative paths count from, or NULL */
    bool check_files;     /* a path that does not exist is a mistake */
} PipRequirementContext;

/* The requirement that stands in line->text[offset .. offset+length). NULL after a mistake. */
PipRequirement *pip_requirement_parse(const RequirementLine *line, size_t offset, size_t length,
                                      const PipRequirementContext *context, Diags *diags);
/* The value of an -e, which stands at [offset, offset+length). */
PipRequirement *pip_requirement_parse_editable(const RequirementLine *line, const char *value,
                                               size_t offset, size_t length,
                                               const PipRequirementContext *context, Diags *diags);
void pip_requirement_free(PipRequirement *requirement);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PipRequirement, pip_requirement_free)
