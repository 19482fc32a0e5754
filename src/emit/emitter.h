/* What the files that write a Dockerfile share: the writer, the stage at hand, and the files that
 * the Dockerfile copies (generated ones, and those of the recipe's folder). */
#pragma once

#include "dockerfile/words.h"
#include "dockerfile/writer.h"
#include "emit/dockerfile.h"
#include "plan/stage_tree.h"

typedef struct {
    const Plan *plan;
    const Recipe *recipe;
    const LockTarget *target;
    const DockerfileOptions *options;
    DockerfileWriter *writer;
    EmittedDockerfile *result;
    GHashTable *context;     /* set of paths in result->context */
    GHashTable *secrets;     /* set of ids in result->secrets */
    const char *python;      /* the interpreter of the stages, as a shell word */
    const char *pip;         /* their pip, as shell words; NULL: `python` has it */
    unsigned number;         /* of the stage at hand, from 1 */
    const Stage *stage;      /* at hand */
    const LockStage *locked; /* of the stage at hand; NULL in a part */
    bool copied_to_temp;     /* the stage at hand has files below BUILD_TEMP */
    GPtrArray *copies;       /* Copy: COPY instructions that emitter_run() writes first */
} Emitter;

/* "02-requirements.pins": number and name of the stage at hand, fit for a file name. */
char *emitter_file_name(const Emitter *emitter, const char *suffix);
/* A file of ours: written into the Dockerfile or beside it, and copied to `target` (absolute)
 * before the next emitter_run(). */
void emitter_copy_generated(Emitter *emitter, const char *path, const char *text,
                            const char *target);
/* The same for a file that stays; `flags`: "--chmod=0755 " or "". */
void emitter_copy_generated_as(Emitter *emitter, const char *path, const char *text,
                               const char *flags, const char *target);
/* "requirements.txt" of the recipe's folder as COPY spells it. ERROR_INPUT when it is absolute or
 * leaves the folder. NULL then. */
char *emitter_context_path(Emitter *emitter, const char *path, Span at, GError **error);
/* Whether the path is a folder of the recipe's folder. */
bool emitter_is_folder(const Emitter *emitter, const char *path);
/* Copies a file or folder of the recipe to the same path below BUILD_TEMP, or what a pattern
 * matches into a folder there, which ends with "/"; *ret_inside is that path. */
gboolean emitter_copy_to_temp(Emitter *emitter, const char *path, Span at, char **ret_inside,
                              GError **error);
/* Writes what is to be copied, then the RUN, which removes BUILD_TEMP if it was used. */
void emitter_run(Emitter *emitter, RunStep *run);
void emitter_flush_copies(Emitter *emitter);
/* A secret as a mount of `run`; *ret_file is where the command finds it. */
gboolean emitter_mount_secret(Emitter *emitter, RunStep *run, const char *id, Span at,
                              char **ret_file, GError **error);
/* The comment above a stage: the recipe's own, else its name. */
void emitter_stage_comment(Emitter *emitter);
/* word_value(), with an error for what it can't carry. */
char *emitter_value(const char *text, bool expand, Span at, GError **error);

/* Texts of a list as words of a shell command, separated by blanks; caller frees. */
char *emitter_shell_words(const GPtrArray *texts);
/* The same as a NULL-terminated array of borrowed strings; caller frees the array. */
char **emitter_strings(const GPtrArray *texts);
/* "KEY=value " before a command for each entry of the stage's `env:`; caller frees. */
char *emitter_env_prefix(const Emitter *emitter);

/* One function a stage kind; each writes what stands below the stage's comment. */
gboolean emit_pip(Emitter *emitter, GError **error);
gboolean emit_apt(Emitter *emitter, GError **error);
gboolean emit_files(Emitter *emitter, GError **error);
gboolean emit_git(Emitter *emitter, GError **error);
gboolean emit_download(Emitter *emitter, GError **error);
gboolean emit_model(Emitter *emitter, GError **error);
gboolean emit_run(Emitter *emitter, GError **error);
gboolean emit_remove(Emitter *emitter, GError **error);

/* `name`: AS of a part; NULL for the image. */
gboolean emit_base(Emitter *emitter, const RecipeBase *base, const char *name, GError **error);
/* Comment, body and blank line of emitter->stage. */
gboolean emit_stage(Emitter *emitter, GError **error);
/* The image that a `git:` stage clones in, where the image itself has no git. */
gboolean emit_git_helper(Emitter *emitter, GError **error);
/* What checks need too: bytecode, user, environment, working folder. */
gboolean emit_environment(Emitter *emitter, GError **error);
gboolean emit_config(Emitter *emitter, GError **error);
gboolean emit_checks(Emitter *emitter, GError **error);
/* The checks that travel with the image. */
void emit_start_check(Emitter *emitter);
