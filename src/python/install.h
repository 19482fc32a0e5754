/* What installing a solution does to an environment, as pip does it one distribution after another:
 * uninstall the old copy by its RECORD, write the new files, no reference counts (pip's
 * req/req_uninstall.py). */
#pragma once

#include "python/resolve.h"

/* A path that one distribution's uninstall deleted while another lists it, or that two write. */
typedef struct {
    char *path;
    char *loser;  /* canonical name of the distribution that lost the file or its content */
    char *winner; /* who deleted or overwrote it */
    bool deleted; /* else overwritten */
    bool same_content;
} FileClash;
void file_clash_free(FileClash *clash);

typedef struct {
    GPtrArray *clashes;  /* FileClash, by path */
    GPtrArray *ghosts;   /* char*: "name version" that remain as a second dist-info */
    GPtrArray *shadowed; /* char*: base copies outside the environment */
    GPtrArray *refused;  /* char*: installed without RECORD, pip fails to uninstall them */
} InstallEffects;
void install_effects_free(InstallEffects *effects);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(InstallEffects, install_effects_free)

/* Applies the pins in order. File lists (RECORD) are read only where something is uninstalled or
 * written over, or where variants of one project come together (flavour.h). `stage` is recorded on
 * new distributions. `ignore_installed` skips every uninstall.
 */
gboolean install_apply(Environment *environment, const Solution *solution, const char *stage,
                       bool ignore_installed, IndexClient *client, InstallEffects **ret_effects,
                       GError **error);
/* pip uninstall of names (`remove:` of a pip stage). */
gboolean install_remove(Environment *environment, const char *const *names, IndexClient *client,
                        InstallEffects **ret_effects, GError **error);

/* A requirement of an installed distribution that does not hold: pip check's two sentences. */
typedef struct {
    const InstalledDistribution *distribution;
    const Requirement *requirement;
    const InstalledDistribution *found; /* NULL: not installed */
} BrokenRequirement;
/* Over the whole environment, in order of name; `markers` of the target. Returns BrokenRequirement.
 */
GPtrArray *environment_check(const Environment *environment, const MarkerEnvironment *markers);
