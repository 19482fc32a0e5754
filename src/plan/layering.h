/* Which distributions and files share a layer, and the order of layers: a pure function of the
 * plan, known before a byte is fetched.
 *
 * From below: wheels whose file has LAYERING_LARGE_BYTES and more, one each (nvidia-* by name,
 * torch, triton, others by name), groups of the recipe, all small wheels together, the installer's
 * files, the application. When the budget does not suffice, the smallest of the large wheels join
 * the small ones. */
#pragma once

#include "plan/plan.h"

#define LAYERING_LARGE_BYTES (1024u * 1024u)

/* A wheel that is installed when all stages are done. */
typedef struct {
    char *name; /* canonical */
    char *version;
    guint64 size; /* of the wheel's file; 0: unknown */
    const LockFile *file;
    unsigned stage; /* index of the stage that installs it */
} LayeringItem;

typedef enum {
    SLOT_WHEELS,    /* payload of `items` */
    SLOT_INSTALLER, /* what an installer writes, of all wheels */
    SLOT_FILES,     /* files, users, what is taken away */
    SLOT_STAGE, /* strategy stage: everything of the stages from `stage` up to the next slot's */
    SLOT_ALL,   /* strategy one */
} SlotKind;

typedef struct {
    SlotKind kind;
    char *name;       /* of a group or of a stage's `layer:`; or NULL */
    char *source;     /* "wheel torch 2.6.0", "12 small wheels", "group NAME", "installer" … */
    GPtrArray *items; /* LayeringItem of the list in Layers, by name */
    int stage;        /* index, or -1 */
} LayerSlot;

typedef struct {
    GPtrArray *items; /* LayeringItem, by name */
    GPtrArray *slots; /* LayerSlot, from below; some may turn out to be empty */
} Layers;

/* The wheels that are installed when all stages are done, by name: LayeringItem. */
GPtrArray *layering_items(const Plan *plan);

typedef struct {
    unsigned base_layers; /* how many lie below */
    bool one_layer;       /* strategy one, whatever the recipe says */
} LayeringOptions;

/* ERROR_INPUT: the base leaves fewer than four layers up to the cap. Borrows the plan. */
gboolean layering_assign(const Plan *plan, const LayeringOptions *options, Layers **ret_layers,
                         GError **error);
void layers_free(Layers *layers);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Layers, layers_free)
