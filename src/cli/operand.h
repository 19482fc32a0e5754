/* What `ramekin diff` compares, wherever it comes from: a recipe, a lock, a plan, an image, a
 * virtual environment, a list of requirements, or a recipe as a git revision has it. */
#pragma once

#include "cli/workspace.h"
#include "diff/diff.h"

typedef struct {
    char *label; /* as the user names it */
    DiffSide side;
    Workspace *workspace;   /* of a recipe */
    Lock *lock;             /* that holds the target; or NULL */
    Plan *plan;             /* that holds the target; or NULL */
    Inspection *inspection; /* of an image; holds the target where that has a lock */
    GPtrArray *debian;      /* DebianPackage, or NULL */
    WheelNative *torch;     /* or NULL */
    GHashTable *offers;     /* or NULL */
    char *folder;           /* temporary, with the files of a revision; or NULL */
    char *dir;              /* what a path in the target's base counts from; or NULL */
    HostTables *tables;     /* or NULL */
} Operand;
void operand_free(Operand *operand);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Operand, operand_free)

/* `text` is one of
 *   RECIPE[#ROW]            locked in memory where it has no current lock
 *   FILE.lock[#ROW]
 *   PLAN.json               of `ramekin plan --format json`
 *   oci:… oci-archive:… docker-archive:…   an image; one without a lock in its labels is read,
 *                         and flat
 *   env:DIR                 a virtual environment, or a folder of site-packages
 *   FILE.txt                requirements with exact versions, as of `pip freeze`
 *   REV:RECIPE[#ROW], REV   a recipe of a git revision, REV:FILE.lock[#ROW] a lock
 *   /dev/null               nothing: a file that is not there, as git says it
 * Returns an exit status and has printed why when it is not 0. */
int operand_open(const Invocation *invocation, const char *text, Operand **ret_operand);

/* What the indexes have of each version that the lines of a recipe ask for with "==": line →
 * DiffOffer. What can't be found out is left out. Caller frees. */
GHashTable *operand_find_offers(Workspace *workspace, const WorkTarget *wanted,
                                const LockTarget *target);

/* The rows of a recipe or a lock that is named without one; empty: it has no matrix; NULL:
 * something else is meant. */
int operand_rows(const Invocation *invocation, const char *text, GPtrArray **ret_rows);

/* Adds what two sides can be compared by beside their targets, where it is at hand: the tables of
 * this machine, what was read of torch before, Debian packages where they may differ. Fetches
 * nothing. */
void operands_complete(const Invocation *invocation, Operand *a, Operand *b);
