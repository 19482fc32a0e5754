/* What a check looks at beside recipe and lock: the wheels of the target looked into, the files
 * that they leave, the base where it lies on this machine. Opened before a CheckRun is judged,
 * closed behind it; the network is asked here and nowhere else. */
#pragma once

#include "check/check.h"
#include "lock/lock_recipe.h"

typedef struct {
    const char *name; /* "wheels opened" */
    gint64 usec;
} ScenePhase;

typedef struct CheckScene CheckScene;

typedef struct {
    bool deep;              /* every library is read, whole wheels where they are not here */
    const GPtrArray *only;  /* names of modules and scripts to import; NULL: all that there are */
    const GPtrArray *whole; /* LockFile: wheels to read as with `deep`; NULL: none */
} SceneOptions;

/* Opens what a solved target has and hangs it into the run, which it borrows. What could not be
 * reached is left unknown; errors are those of the disk, of a base that is not the locked one, and
 * of indexes that the recipe no longer names. */
CheckScene *check_scene_open(LockSession *session, CheckRun *run, const SceneOptions *options,
                             GError **error);
/* The run knows recipe and lock alone again; what was found stays. */
void check_scene_close(CheckScene *scene);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CheckScene, check_scene_close)

const GArray *check_scene_phases(const CheckScene *scene); /* ScenePhase */
/* As wheel_views_traffic(), and how many wheels there are. */
guint check_scene_traffic(const CheckScene *scene, guint64 *ret_read, guint64 *ret_total);
