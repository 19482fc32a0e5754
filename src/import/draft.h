/* A recipe that is being written from files of other tools: what every import makes.
 *
 * A Draft is the recipe's keys, stages and parts in the order in which the foreign file has them,
 * each stage with the comment above it and where it came from, and notes for people: what was kept
 * as it is, left out, assumed, or can't be said in a recipe. Nothing of the foreign file is lost
 * without a note.
 *
 * draft_format() writes the recipe in the style of the shipped ones: short bodies in flow style,
 * long ones as blocks, keys of the top level in the order of ramekin-recipe(5). The same draft
 * always gives the same text. */
#pragma once

#include "base/error.h"
#include "import/draft_value.h"

typedef struct {
    char *kind;       /* "pip", or the name of a stage definition */
    DraftValue *body; /* any value that the kind takes */
    char *comment;    /* lines that stand above it, or NULL */
    char *origin;     /* "Dockerfile:12", said behind it; or NULL */
    unsigned line;    /* in the text that draft_format() made last; 0: none yet */
} DraftStage;

typedef struct {
    char *name;
    DraftValue *keys;  /* base, python, env */
    GPtrArray *stages; /* DraftStage */
} DraftPart;

typedef enum {
    NOTE_KEPT,    /* stands in the recipe as it was: a `run:` */
    NOTE_DROPPED, /* left out, and nothing is lost by it */
    NOTE_ASSUMED, /* the file does not say; to be looked at */
    NOTE_LOST,    /* a recipe can't say it: to be done by hand */
    NOTE_HINT,    /* there is something better */
} NoteKind;

typedef struct {
    NoteKind kind;
    Span at; /* into one of the draft's sources, or SPAN_NONE */
    char *text;
} DraftNote;

typedef struct {
    GPtrArray *sources; /* Source: what notes point into; references */
    char *comment;      /* lines at the top, or NULL */
    DraftValue *keys;   /* map: all keys of the recipe but `stages` and `parts` */
    GHashTable *said;   /* key -> what is said behind it */
    GPtrArray *stages;  /* DraftStage */
    GPtrArray *parts;   /* DraftPart */
    GPtrArray *notes;   /* DraftNote, in order */
} Draft;

/* With `version: 1`. */
Draft *draft_new(void);
void draft_free(Draft *draft);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Draft, draft_free)

/* Takes a reference. */
void draft_add_source(Draft *draft, Source *source);
/* What is said behind a key of the top level. */
void draft_say(Draft *draft, const char *key, const char *comment);
/* The name of an index by its URL: a built-in one (cpu, cu124, rocm6.2), else one that `indexes:`
 * gets; borrowed. */
const char *draft_index(Draft *draft, const char *url);
/* An item of `checks: {WHEN: […]}`, which is taken; WHEN is build, runtime or gpu. One that is
 * there already is not repeated. */
void draft_check(Draft *draft, const char *when, DraftValue *item);

/* Takes `body`. */
DraftStage *draft_stage_new(const char *kind, DraftValue *body);
/* The same, as the last of `stages` (a Draft's or a DraftPart's); borrowed. */
DraftStage *draft_stage_add(GPtrArray *stages, const char *kind, DraftValue *body);
void draft_stage_free(DraftStage *stage);
/* Appends lines to the comment above it. */
void draft_stage_say(DraftStage *stage, const char *comment);
/* The part of that name, made where there is none; borrowed. */
DraftPart *draft_part(Draft *draft, const char *name);

void draft_note(Draft *draft, NoteKind kind, Span at, const char *format, ...) G_GNUC_PRINTF(4, 5);

/* A name that images can have, made of any text: lower-case letters, digits and single dashes;
 * "app" where nothing is left. Caller frees. */
char *draft_image_name(const char *text);

/* The text of the recipe. Caller frees. */
char *draft_format(const Draft *draft);
/* One line a note, each once: "Dockerfile:12: kept as run: …". Caller frees. */
char *draft_format_notes(const Draft *draft);
