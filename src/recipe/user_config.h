/* The user's own configuration, $XDG_CONFIG_HOME/ramekin/config.yaml and RAMEKIN_* variables: where
 * this machine finds mirrors. It never changes what a lock says.
 *
 *     indexes: {main: "https://mirror.example.org/simple/", cu124: …}
 *     mirrors: {debian: "https://mirror.example.org/debian/"}
 *
 * RAMEKIN_INDEX_<NAME> in the environment stands before the file; NAME is the index in upper case
 * with '_' for what is no letter or digit. */
#pragma once

#include "base/diags.h"

typedef struct UserConfig UserConfig;

/* `environment`: "KEY=value" entries, as g_get_environ() gives them. An absent file is an empty
 * configuration; NULL after mistakes. */
UserConfig *user_config_load(const char *const *environment, Diags *diags);
void user_config_free(UserConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(UserConfig, user_config_free)

/* The mirror of an index, or of a distribution's archive ("debian", "ubuntu"); NULL: none. */
const char *user_config_index_url(const UserConfig *config, const char *name);
const char *user_config_mirror_url(const UserConfig *config, const char *distribution);
