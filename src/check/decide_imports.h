/* Which `import` items of `checks:` need a driver, for the lock: what check says of them, without
 * the rest of a check. */
#pragma once

#include "lock/lock_recipe.h"

/* Whether the recipe has such items in `build` or `runtime`, and the target is solved. */
bool imports_are_asked(const Recipe *recipe, const LockTarget *target);
/* Fills in target->imports; what was there is replaced. An item that too little could be read for
 * is unread. The network is asked for members of wheels that are not in the cache. Errors: as
 * check_scene_open(). */
gboolean imports_decide(LockSession *session, const Recipe *recipe, LockTarget *target,
                        GError **error);
