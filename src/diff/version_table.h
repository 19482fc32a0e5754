/* The versions that indexes have of one distribution, side by side: for which CUDA and Pythons they
 * are built, the GPUs that they serve, their size, and whether a recipe resolves with them. */
#pragma once

#include "diff/target_facts.h"
#include "lock/survey.h"
#include "plan/layout.h"

typedef struct {
    char *version;
    const char *index;
    GPtrArray *pythons;     /* char *: "cp310", "cp311": of wheels for the target's platform */
    const SurveyFile *file; /* that the target would take; NULL: none */
    const char *refused;    /* why; or NULL */
    bool yanked;
    char *torch, *cuda; /* torch: its own version where it was read; or NULL */
    GArray *gpus;       /* GpuFact */
    bool judged;        /* gpus are what its own bytes say */
    enum {
        RESOLVES_UNASKED,
        RESOLVES_YES,
        RESOLVES_NO
    } resolves;
    char *reason; /* of RESOLVES_NO */
} VersionRow;

typedef struct {
    const char *recipe_path; /* borrowed, as the next two */
    const char *platform;
    const char *row;     /* or NULL */
    char *name;          /* canonical */
    GPtrArray *surveyed; /* GPtrArray of SurveyFile: owns what rows borrow */
    GPtrArray *rows;     /* VersionRow, newest first, then by index */
    GPtrArray *missed;   /* char *: indexes that could not be asked */
    char *missed_reason; /* of the first of them; or NULL */
    guint left_out;      /* further rows */
} VersionTable;

VersionTable *version_table_new(const char *recipe_path, const char *name);
void version_table_free(VersionTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VersionTable, version_table_free)

/* Adds the versions of an index; takes `files`. `all`: yanked ones and pre-releases too. */
void version_table_add(VersionTable *table, const char *index, GPtrArray *files, bool all);
/* Sorts the rows, of which `limit` stay (0: all). */
void version_table_cut(VersionTable *table, guint limit);
/* SurveyFile of the rows that have one; caller frees the array. */
GPtrArray *version_table_files(const VersionTable *table);
/* What the files' description says of CUDA and GPUs; before version_table_judge(). */
void version_table_describe(VersionTable *table, const Recipe *recipe);
/* The same from torch's own bytes; `native` may be NULL. */
void version_row_judge(VersionRow *row, const Recipe *recipe, const WheelNative *native);

char *version_table_format_text(const VersionTable *table, const TextStyle *style);
char *version_table_format_markdown(const VersionTable *table);
char *version_table_encode_json(const VersionTable *table); /* ramekin.versions/1 */
