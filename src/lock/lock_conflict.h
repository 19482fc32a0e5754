/* Why a stage can't be satisfied, for scripts: the lines that conflict and the ways out, as they
 * are in plans and in answers of why (ramekin.plan/1, ramekin.why/1). */
#pragma once

#include "text/json_fields.h"

/* A member of a smallest set that can't be satisfied together: a line of the user's, or what an
 * earlier stage installed. */
typedef struct {
    char *at;   /* "file:line"; NULL: of no file */
    char *line; /* "numpy<2"; of what a stage installed "torch 2.6.0" */
    bool constraint;
    char *stage; /* that installed it; NULL: a line of the user's */
} LockConflictLine;

/* A change of the input with which the stage can be satisfied; each was tried. */
typedef struct {
    char *kind;      /* change drop add wheels other-version base-constraint */
    char *at, *line; /* what it changes; NULL where it adds something */
    bool constraint; /* that line is one */
    char *instead;   /* what to write, NULL: nothing */
    char *gives;     /* "numpy 1.26.4": what there is of the blocked name then, or NULL */
    bool partial;    /* another conflict remains */
} LockWayOut;

void lock_conflict_line_free(gpointer line);
void lock_way_out_free(gpointer way);

/* The members "conflict" and "ways_out" of an object. */
void lock_conflict_write(JsonWriter *writer, const GPtrArray *lines, const GPtrArray *ways);

extern const JsonRecord lock_conflict_line_record, lock_way_out_record;
