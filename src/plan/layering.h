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

typedef struct {
    char *name; /* canonical */
    char *version;
    guint64 size;   /* of the wheel's file */
    guint64 weight; /* what a layer of its own is judged by: `size` */
    const LockFile *file;
    unsigned stage; /* index of the stage that installs it */
} LayeringItem;

typedef enum {
    SLOT_WHEELS,
    SLOT_INSTALLER,
    SLOT_FILES,
} SlotKind;

typedef struct {
    SlotKind kind;
    char *source;     /* "wheel torch 2.6.0", "12 small wheels", "installer", "files", "group NAME",
                         "stage NAME" */
    GPtrArray *items; /* LayeringItem, by name; empty for others */
    int stage;        /* strategy stage: its index; else -1 */
} LayerSlot;

/* The wheels that are installed when all stages are done, each once, by name. */
GPtrArray *layering_items(const Plan *plan);
/* Slots from below. `base_layers`: how many layers lie below. Slots of installer and files are
 * always there; they may turn out empty. ERROR_INPUT: the base leaves fewer than four layers up to
 * the cap. */
gboolean layering_assign(const Plan *plan, unsigned base_layers, GPtrArray **ret_slots,
                         GError **error);
