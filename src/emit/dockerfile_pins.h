/* What a lock says about a stage, as lines for pip: the constraints file of a stage whose commands
 * are the user's own, and the exact list of one that pip has no flags for. */
#pragma once

#include "emit/emitter.h"

/* Whether the action puts a file of the lock into the environment. */
bool action_installs(const LockAction *action);
/* "name==version" for everything in the stage's graph, what stays as it is included. */
char *pins_text(const Emitter *emitter, bool hashes);
/* Whether the base's pip reads hashes in constraints and every file of the stage has one. */
bool pins_may_have_hashes(const Emitter *emitter);
/* What the stage installs, in groups that one pip command can take: by index, then by other
 * source. GPtrArray of GPtrArray of LockAction (borrowed); order of installation is kept. */
GPtrArray *pins_groups(const Emitter *emitter);
/* Whether pip can be told where each of the stage's files is: an index that a lock file of another
 * tool names by its URL needs a name in the recipe. Errors: ERROR_INPUT. */
gboolean pins_check_indexes(const Emitter *emitter, GError **error);
/* The requirement line that means the action's file and no other. A path gets `path_prefix`. */
char *pins_exact_line(const LockAction *action, const char *path_prefix);
char *pins_file_line(const LockFile *file, const char *path_prefix);
