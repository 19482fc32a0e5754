/* What a lock does not say about a name: the user's lines that bound it in a stage, and what the
 * indexes of that stage have of it, file by file, with the reason why a file can't be taken. */
#pragma once

#include "lock/lock_recipe.h"
#include "python/wheel_view.h"

typedef struct LockSurvey LockSurvey;

/* Reads the recipe's lines and files and the facts of the base, and asks no index. Borrows the
 * session and the recipe. NULL: with *error, or the inputs are wrong (diags). */
LockSurvey *lock_survey_new(LockSession *session, const Recipe *recipe, const char *platform,
                            Diags *diags, GError **error);
void lock_survey_free(LockSurvey *survey);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LockSurvey, lock_survey_free)

typedef enum {
    SURVEY_CONSTRAINT,
    SURVEY_OVERRIDE,
} SurveyLineKind;

/* A constraint or override; the lines that ask for a distribution are edges of the lock. */
typedef struct {
    SurveyLineKind kind;
    char *at;   /* "file:line" */
    char *text; /* the clause, without a marker */
} SurveyLine;

/* Those on the canonical `name` whose markers hold, in order; SurveyLine. Empty where the stage is
 * no pip stage. */
GPtrArray *lock_survey_lines(const LockSurvey *survey, const char *stage, const char *name);

typedef struct {
    char *version;
    char *file;    /* decoded file name */
    char *index;   /* its name, as locks have it */
    char *refused; /* why it can't be taken, or NULL */
    bool wheel;
    bool elsewhere; /* refused because it is for another platform or Python */
    bool yanked;
    const IndexFile *origin; /* the session's */
    /* of lock_survey_index(): */
    char *python; /* "cp311", "py3", "cp313t" of a wheel for the target's platform; else NULL */
    /* of lock_survey_describe(): */
    gint64 size; /* bytes; -1: unknown */
    char *cuda;  /* "12.4": that it is built for, by its version, or by the CUDA runtime that it
                    requires; NULL: nothing tells */
} SurveyFile;

/* Starts fetching what lock_survey_files() will ask for. */
void lock_survey_want(LockSurvey *survey, const char *stage, const char *name);
/* Every file that the stage's indexes have of the canonical `name`, newest version first;
 * SurveyFile. Errors: as those of the indexes. */
gboolean lock_survey_files(LockSurvey *survey, const char *stage, const char *name,
                           GPtrArray **ret_files, GError **error);

/* Fetches what resolving all of these (LockSurvey, of one session) will probably ask indexes for,
 * side by side, so that their resolves wait for little. Never fails. Stages whose index is chosen
 * while they are solved (`index: auto`) are left out. */
void lock_surveys_look_ahead(const GPtrArray *surveys);

/* The same of one index by its name, whether or not a stage asks it, as the first pip stage would
 * look at them. An index without the project has no files. ERROR_INPUT: no such index, or no pip
 * stage; else those of the index. */
gboolean lock_survey_index(LockSurvey *survey, const char *index, const char *name,
                           GPtrArray **ret_files, GError **error);
/* Starts fetching what that will ask for. */
void lock_survey_want_index(LockSurvey *survey, const char *index, const char *name);
/* Finds the size of each of these wheels (SurveyFile), and its CUDA version by its metadata. What
 * can't be had stays unknown. */
void lock_survey_describe(LockSurvey *survey, const GPtrArray *files);
typedef enum {
    SURVEY_SILENT, /* it says nothing of it, or could not be had */
    SURVEY_FITS,
    SURVEY_UNFIT,
} SurveyFit;

/* Whether the file's own metadata agrees to `name` being there in that version. */
SurveyFit lock_survey_fit(LockSurvey *survey, const SurveyFile *file, const char *name,
                          const char *version);
/* Starts fetching what that will ask for. */
void lock_survey_want_fit(LockSurvey *survey, const SurveyFile *file);
/* As index_client_set_allowance(), until it is lifted. */
void lock_survey_allow(LockSurvey *survey, unsigned documents, unsigned msec);
void lock_survey_lift(LockSurvey *survey);
/* The wheels of the canonical `name` looked into wherever they are. Survey, `blobs` and `name`
 * outlive the views. */
WheelViews *lock_survey_view(LockSurvey *survey, BlobStore *blobs, const char *name,
                             const GPtrArray *files, GError **error);
