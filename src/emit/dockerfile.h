/* plan → Dockerfile: a text that any builder takes and that builds what the plan says.
 *
 * Agreement with the plan is by construction. A pip stage is the user's own flags and a constraints
 * file of exact versions (with hashes where the base's pip reads them there and every file comes
 * from an index). What pip has no flag for (overrides, exclude, one resolve over all stages,
 * routing by name that a pin can't express) is rendered as the exact list of files without
 * dependencies. The builders aimed at are BuildKit, buildah 1.28 and newer, and what hosts make of
 * them: so no RUN flag but --mount=type=cache and type=secret, no ADD --checksum, and heredocs only
 * in the form that goes to stdout. */
#pragma once

#include "plan/plan.h"

typedef struct {
    bool pins;     /* a generated constraints file per pip stage; false: --no-pins */
    bool heredocs; /* one self-contained text (stdout); false: files beside the Dockerfile */
    /* The output folder as seen from the build context, "" or "docker/": what COPY of a generated
     * file begins with. NULL: "". */
    const char *folder;
    const char *build_command; /* shown in the first comment; or NULL */
    const char *remark;        /* a further line of that comment; or NULL */
    bool name_platform;        /* FROM --platform=…: the recipe has several */
} DockerfileOptions;

typedef struct {
    char *path; /* below the output folder: "Dockerfile", "pins/02-requirements.pins" … */
    char *text;
    unsigned mode;
} EmittedFile;
void emitted_file_free(EmittedFile *file);

typedef struct {
    GPtrArray *files; /* EmittedFile, the Dockerfile first */
    /* Paths of the recipe's folder that the Dockerfile copies, as COPY spells them, sorted; what
     * a context elsewhere must hold too. */
    GPtrArray *context; /* char* */
    GPtrArray *secrets; /* char*: ids that the build must be given, sorted */
} EmittedDockerfile;
void emitted_dockerfile_free(EmittedDockerfile *dockerfile);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EmittedDockerfile, emitted_dockerfile_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EmittedFile, emitted_file_free)

/* Errors: ERROR_INPUT for what a Dockerfile can't carry, with the recipe line. */
gboolean dockerfile_emit(const Plan *plan, const DockerfileOptions *options,
                         EmittedDockerfile **ret_dockerfile, GError **error);
