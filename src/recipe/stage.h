/* Stages: the ordered steps of a recipe. Each kind's body and field table is in stage_<kind>.c; the
 * table of kinds is in stage.c. */
#pragma once

#include "text/decode.h"

/* An item of constraints, overrides, exclude or requirements: a requirement line, or a file. */
typedef struct {
    char *file; /* path as written, or NULL */
    char *line; /* requirement text, or NULL */
    Span at;
} FileOrLine;

typedef enum {
    STAGE_PIP,
    STAGE_APT,
    STAGE_FILES,
    STAGE_GIT,
    STAGE_DOWNLOAD,
    STAGE_MODEL,
    STAGE_RUN,
    STAGE_REMOVE,
    STAGE_KIND_COUNT,
} StageKind;

/* A declared break (language: acknowledge). Exactly one of `requires` (with dist) and `protect` is
 * set. */
typedef struct {
    char *dist;
    char *requires;
    char *protect;
    char *why;
    Span at;
} Acknowledge;

typedef struct {
    char *dist; /* as written */
    bool isolation;
    char **needs;
    char **env; /* "KEY=value" */
    char *jobs, *cuda_arch;
    char **apt;
    Span at;
} PipBuild;

/* A wheel whose file name follows from what is installed, found on a page before anything is
 * fetched (recipe/wheel_template.h). */
typedef struct {
    char *dist;   /* as written */
    Text version; /* text "" or NULL: the newest that has such a wheel */
    Text file;    /* template of the file name */
    Text page;    /* template of the URL of a page of links */
    Span at;
} PipWheel;

typedef struct {
    GPtrArray *install;                           /* Text: requirements */
    GPtrArray *requirements;                      /* FileOrLine */
    GPtrArray *constraints, *overrides, *exclude; /* FileOrLine */
    Text index; /* name; text NULL: the default; "auto": the newest build that `host` allows */
    GPtrArray *extra_indexes, *find_links; /* Text */
    bool no_deps, force_reinstall, ignore_installed, pre, prefer_binary, require_hashes;
    bool upgrade;             /* true, or a list in upgrade_names */
    GPtrArray *upgrade_names; /* Text, or NULL */
    bool upgrade_eager;
    GPtrArray *only_binary, *no_binary; /* Text: names, ":all:", ":none:" */
    GPtrArray *extras, *groups;         /* Text */
    Text lock, project;
    bool project_editable;
    GPtrArray *build;  /* PipBuild */
    GPtrArray *wheels; /* PipWheel */
    GPtrArray *remove; /* Text: names to uninstall */
} PipStage;

/* The other kinds; see the header of each file for what is in them. */
typedef struct AptStage AptStage;           /* recipe/stage_apt.h */
typedef struct FilesStage FilesStage;       /* recipe/stage_files.h */
typedef struct GitStage GitStage;           /* recipe/stage_git.h */
typedef struct DownloadStage DownloadStage; /* recipe/stage_download.h */
typedef struct ModelStage ModelStage;       /* recipe/stage_model.h */
typedef struct RunStage RunStage;           /* recipe/stage_run.h */
typedef struct RemoveStage RemoveStage;     /* recipe/stage_remove.h */

typedef struct {
    StageKind kind;
    char *name;             /* label: given, or kind#n, or the definition's */
    char *definition;       /* stages/KEY.yaml it came from, or NULL */
    Span at;                /* the key of the stage where the recipe (not a definition) names it */
    char *layer;            /* or NULL */
    char **env;             /* "KEY=value" for pip and run, never in the image; or NULL */
    GPtrArray *protect;     /* Text, or NULL */
    GPtrArray *acknowledge; /* Acknowledge, or NULL */
    union {
        PipStage *pip;
        AptStage *apt;
        FilesStage *files;
        GitStage *git;
        DownloadStage *download;
        ModelStage *model;
        RunStage *run;
        RemoveStage *remove;
    } body;
} Stage;

const char *stage_kind_name(StageKind kind); /* "pip" … */
void stage_free(Stage *stage);
/* The comment lines that stand directly above the stage in the recipe, without "#", or NULL. */
char *stage_comment(const Stage *stage);
