/* What is different between two targets: recipes, locks, plans, images, environments; all of them
 * are compared as what is installed at the end, how the stages got there, and what the image says.
 *
 * A Diff borrows its sides. It is empty for equal sides, and that of (B, A) is that of (A, B) with
 * sides changed: only causes, which tell why B is as it is, are told from where one goes to. */
#pragma once

#include "image/document.h"
#include "plan/layout.h"
#include "plan/plan.h"

typedef struct {
    const char *label; /* as the user names it: "train.yaml#golden", "main:ramekin.yaml" */
    const LockTarget *target;
    const Recipe *recipe;     /* NULL: what it configures is not known */
    const ImageConfig *image; /* of an image; or NULL */
    bool flat;                /* only what is installed is known: no stages, no base */
    const char *folder;       /* what places in it begin with and nobody wants to see; or NULL */
} DiffSide;

typedef enum {
    DIFF_ADDED,
    DIFF_REMOVED,
    DIFF_CHANGED,
} DiffKind;

/* How far apart two versions are, what matters most first. */
typedef enum {
    DIFF_FLAVOUR, /* another local version: +cu124 and +cpu */
    DIFF_FIRST,   /* epoch or first number of the release */
    DIFF_SECOND,  /* second number */
    DIFF_REST,    /* anything behind it */
    DIFF_ORIGIN,  /* the same version from another index, URL or commit */
    DIFF_FILE,    /* another file of the same version */
} DiffDistance;

typedef struct {
    DiffKind kind;
    DiffDistance distance;                  /* of DIFF_CHANGED */
    bool older;                             /* B has an older version */
    const LockDistribution *before, *after; /* NULL where it is added or removed */
    bool asked;           /* a line of the user names it, in B; in A where it is removed */
    char *cause;          /* one clause, or NULL: not known */
    const char *owner;    /* the other changed distribution that brings the change along; or NULL */
    GPtrArray *followers; /* DiffDistribution that this one brings along; NULL: none */
} DiffDistribution;

typedef struct {
    char *subject;        /* "python", "CUDA", "env HF_HOME" */
    char *before, *after; /* NULL: not there */
} DiffFact;

typedef struct {
    DiffKind kind;
    const LockStage *before, *after;
    bool moved;                 /* its place among the stages that both have */
    GPtrArray *added, *removed; /* char *: requirement lines; borrowed */
} DiffStage;

typedef struct {
    bool gained;
    const Finding *finding;
} DiffFinding;

/* Wheels, of which each is a layer or part of one: bytes of the files as they are downloaded. */
typedef struct {
    guint shared, gone, fresh;
    guint64 shared_bytes, gone_bytes, fresh_bytes;
    guint unknown; /* files whose size is not known */
} DiffSizes;

typedef struct {
    DiffSide a, b;
    GPtrArray *facts;         /* DiffFact: platform, Python, CUDA, base …; then configuration */
    GPtrArray *findings;      /* DiffFinding */
    GPtrArray *distributions; /* DiffDistribution: changed by distance, then added, then removed */
    GPtrArray *stages;        /* DiffStage, in the order of B; removed ones in A's place */
    DiffSizes sizes;
    bool unsolved;   /* a side can't be installed: what is installed is not compared */
    bool configured; /* both sides' configuration is known, and was compared */
    GHashTable *edges_a, *edges_b; /* name → GPtrArray of LockEdge: who asks for it in any stage */
} Diff;

Diff *diff_new(const DiffSide *a, const DiffSide *b);
void diff_free(Diff *diff);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Diff, diff_free)
bool diff_is_empty(const Diff *diff);

/* What of it is printed. */
typedef enum {
    DIFF_PART_FACTS = 1 << 0,
    DIFF_PART_FINDINGS = 1 << 1,
    DIFF_PART_PACKAGES = 1 << 2,
    DIFF_PART_STAGES = 1 << 3,
    DIFF_PART_SIZES = 1 << 4,
    DIFF_PART_ALL = (1 << 5) - 1,
} DiffPart;

typedef struct {
    unsigned parts; /* DiffPart */
    bool brief;     /* sums alone: --stat */
    TextStyle style;
} DiffStyle;

/* Callers free; each ends with a newline. */
char *diff_format_text(const Diff *diff, const DiffStyle *style);
char *diff_format_markdown(const Diff *diff, const DiffStyle *style); /* for a pull request */
char *diff_encode_json(const Diff *diff);                             /* ramekin.diff/1 */

/* The name of it on either side. */
const char *diff_name(const DiffDistribution *distribution);
/* "requirements.txt:3" of a place in the side's folder, else the place itself; borrowed. */
const char *diff_place(const DiffSide *side, const char *at);
/* For the renderings: "3 changed, 1 added"; the name of a distance and of a kind in JSON. */
char *diff_count_text(const Diff *diff);
const char *diff_kind_name(DiffKind kind);
const char *diff_distance_name(DiffDistance distance);
/* "2.6.0+cu124 (cu124)": the index where that is what differs. Caller frees. */
char *diff_version_text(const DiffDistribution *distribution, bool after);
