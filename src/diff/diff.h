/* What is different between two targets: recipes, locks, plans, images, environments; all of them
 * are compared as what is installed at the end, how the stages got there, and what the image says.
 *
 * A Diff borrows its sides. It is empty for equal sides, and that of (B, A) is that of (A, B) with
 * sides changed: only causes, which tell why B is as it is, are told from where one goes to. */
#pragma once

#include "facts/wheel_native.h"
#include "lock/debian_packages.h"
#include "plan/inspect.h"
#include "plan/layout.h"
#include "plan/plan.h"

typedef struct {
    const char *label; /* as the user names it: "train.yaml#golden", "main:ramekin.yaml" */
    const LockTarget *target;
    const Recipe *recipe;        /* NULL: what it configures is not known */
    const InspectedImage *image; /* or NULL */
    bool flat;                   /* only what is installed is known: no stages */
    const GPtrArray *debian;     /* DebianPackage: of the image, or of the base; NULL: not known */
    const HostTables *tables;    /* or NULL */
    const WheelNative *torch;    /* what was read before of the installed torch; or NULL */
    /* of a side that can't be satisfied, requirement line with "==" → DiffOffer; or NULL */
    GHashTable *offers;
} DiffSide;

typedef enum {
    OFFER_NOTHING,
    OFFER_SOURCE,
    OFFER_WHEEL, /* that the target can take */
} OfferKind;

/* What the stage's indexes have of the one version that a line asks for, whether or not it goes
 * with the rest. */
typedef struct {
    OfferKind kind;
    guint64 size; /* bytes; 0: not known */
} DiffOffer;

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

/* What a fact is about, in the order in which facts stand. */
typedef enum {
    DIFF_TOPIC_CUDA,          /* the CUDA version of torch, and the driver that it needs */
    DIFF_TOPIC_GPU,           /* for which GPUs torch has code */
    DIFF_TOPIC_BASE,          /* platform, base, Python, libc */
    DIFF_TOPIC_IMPORTS,       /* where the imports of `checks:` run */
    DIFF_TOPIC_HOST,          /* what `host:` asks for */
    DIFF_TOPIC_CONFIGURATION, /* environment, entry point, user, ports, labels … */
} DiffTopic;

typedef struct {
    DiffTopic topic;
    char *subject;        /* "python", "CUDA", "env HF_HOME" */
    char *before, *after; /* NULL: not there */
} DiffFact;

/* Torch's own list of architectures tells where its wheel was looked into (`ramekin check` does);
 * else the compiler of its CUDA version bounds what can be there. */
typedef enum {
    DIFF_NO_TORCH,
    DIFF_UNKNOWN,
    DIFF_POSSIBLE,  /* the compiler can make code for it */
    DIFF_NO_NATIVE, /* the compiler can't; PTX for an older one may be there */
    DIFF_SERVED,
    DIFF_NOT_SERVED,
} DiffCoverage;

/* A GPU that `host: gpus` of a side names; where none does, a compute capability that differs. */
typedef struct {
    char *name; /* "RTX 5090", "Blackwell" */
    unsigned capability;
    DiffCoverage before, after;
} DiffGpu;

/* Something in the image that is no Python distribution. */
typedef struct {
    DiffKind kind;
    const char *what;     /* "debian", "apt", "git", "download", "model", "file", "run", "remove" */
    char *name;           /* of the package, the repository, the place in the image */
    char *before, *after; /* version, source …; NULL: not there */
} DiffThing;

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

/* What lines of the user ask for under a name: compared where a side can't be satisfied, so that
 * what is installed is not known. */
typedef struct {
    char *name;                         /* canonical */
    char *before, *after;               /* "torch==2.8.0, torch>2"; NULL: not asked for */
    bool blocked_before, blocked_after; /* the lines take part in the conflict of that side */
    const DiffOffer *offer_before, *offer_after; /* NULL: not known, or the side can be installed */
    /* what a side that can be installed has of it; NULL: nothing, or the side can't be */
    const LockDistribution *installed_before, *installed_after;
} DiffRequest;

typedef struct {
    const char *digest;
    guint64 size;     /* 0: not known */
    const char *made; /* what the image's history says of it; or NULL */
} DiffLayer;

/* Layers of two images, by digest: what one has and the other lacks is what has to be pushed where
 * the other one is, and to be pulled there. */
typedef struct {
    bool compared;           /* both sides are images */
    GPtrArray *fresh, *gone; /* DiffLayer, lowest first */
    GPtrArray *kept;         /* DiffLayer that both have, as B has them */
    guint shared;
    guint64 shared_bytes, gone_bytes, fresh_bytes;
} DiffLayers;

/* Wheels, of which each is a layer or part of one: bytes of the files as they are downloaded. */
typedef struct {
    guint shared, gone, fresh;
    guint64 shared_bytes, gone_bytes, fresh_bytes;
    guint unknown; /* files whose size is not known */
} DiffSizes;

typedef struct {
    DiffSide a, b;
    GPtrArray *facts;         /* DiffFact, by topic */
    GPtrArray *gpus;          /* DiffGpu, by capability; what differs is among the facts too */
    GPtrArray *findings;      /* DiffFinding */
    GPtrArray *distributions; /* DiffDistribution: changed by distance, then added, then removed */
    GPtrArray *things;        /* DiffThing: Debian packages by name, then by what they are */
    GPtrArray *requests;      /* DiffRequest, by name; empty unless `unsolved` */
    GPtrArray *stages;        /* DiffStage, in the order of B; removed ones behind them */
    DiffLayers layers;
    DiffSizes sizes;
    bool unsolved;   /* a side can't be installed: what is installed is not compared */
    bool configured; /* both sides' configuration is known, and was compared */
    GHashTable *edges_a, *edges_b; /* name → GPtrArray of LockEdge: who asks for it in any stage */
} Diff;

Diff *diff_new(const DiffSide *a, const DiffSide *b);
void diff_free(Diff *diff);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Diff, diff_free)

/* What of it is printed. */
typedef enum {
    DIFF_PART_FACTS = 1 << 0,
    DIFF_PART_FINDINGS = 1 << 1,
    DIFF_PART_PACKAGES = 1 << 2, /* distributions, Debian packages */
    DIFF_PART_CONTENTS = 1 << 3, /* files, git, downloads, models, scripts */
    DIFF_PART_STAGES = 1 << 4,
    DIFF_PART_LAYERS = 1 << 5,
    DIFF_PART_SIZES = 1 << 6,
    DIFF_PART_ALL = (1 << 7) - 1,
} DiffPart;

/* Whether nothing in the parts (DiffPart) differs. */
bool diff_part_is_empty(const Diff *diff, unsigned parts);
bool diff_is_empty(const Diff *diff);

typedef struct {
    unsigned parts; /* DiffPart */
    bool brief;     /* sums alone: --stat */
    TextStyle style;
} DiffStyle;

/* Callers free; each ends with a newline. */
char *diff_format_text(const Diff *diff, const DiffStyle *style);
char *diff_format_markdown(const Diff *diff, const DiffStyle *style); /* for a pull request */
char *diff_format_html(const Diff *diff, const DiffStyle *style); /* one page, nothing outside */
char *diff_encode_json(const Diff *diff);                         /* ramekin.diff/1 */

/* "impossible, no index has it", "wheel, 888.1 MB": what is known of what a side asks for but can't
 * install; NULL: nothing. Caller frees. */
char *diff_asked_text(bool blocked, const DiffOffer *offer);
/* The name of it on either side. */
const char *diff_name(const DiffDistribution *distribution);
/* For the renderings: "3 changed, 1 added"; the name of a distance and of a kind in JSON. */
char *diff_count_text(const Diff *diff);
const char *diff_kind_name(DiffKind kind);
const char *diff_distance_name(DiffDistance distance);
const char *diff_topic_name(DiffTopic topic);
const char *diff_coverage_name(DiffCoverage coverage); /* "served", "not served" … */
bool diff_thing_is_package(const DiffThing *thing);    /* "debian", "apt" */
/* "Debian packages: 1 changed, 2 added" without the first words; of packages, or of the others. */
char *diff_things_text(const Diff *diff, bool packages);
/* "wheel, 766.7 MB -> 888.1 MB": what is installed from what, as far as it is known; "" where it is
 * not. Caller frees. */
char *diff_file_text(const DiffDistribution *distribution, const char *arrow);
/* The same of one: "2.3.1+cu121 (wheel, 779.2 MB)". */
char *diff_installed_text(const LockDistribution *installed);

/* What was not compared, and why, in a sentence; `index` below DIFF_NOTES. NULL: it was. */
enum {
    DIFF_NOTES = 3,
};
const char *diff_note(const Diff *diff, size_t index);
/* "2.6.0+cu124 (cu124)": the index where that is what differs. Caller frees. */
char *diff_version_text(const DiffDistribution *distribution, bool after);
