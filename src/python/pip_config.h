/* What pip's own configuration and environment say (pip.conf of the global, user and site level,
 * PIP_* variables): where the default index is. Read from the machine for index access, and from a
 * base image's files for the warnings about what its pip would do. */
#pragma once

#include "base/error.h"

typedef struct {
    char *index_url;         /* or NULL: pip's built-in default */
    char **extra_index_urls; /* NULL-terminated, never NULL */
    char **find_links;
    char **constraints;   /* PIP_CONSTRAINT and pip.conf's */
    char **trusted_hosts; /* "host" or "host:port" */
    char *cert;           /* file or folder of trusted certificates, or NULL */
    /* where they were said, "/etc/pip.conf:3" or "the environment variable NAME"; or NULL */
    char *index_url_place, *extra_index_urls_place, *constraints_place, *cert_place;
    bool no_index;
} PipConfig;

/* `root`: "/" for this machine, or the folder of a root filesystem. `environment`: "KEY=value"
 * entries (g_get_environ() for this machine, config.Env of an image). `home`: the user's home
 * inside root. */
PipConfig *pip_config_load(const char *root, const char *home, const char *const *environment,
                           GError **error);
/* The same with files that come from `read`, for trees that are not on disk: it answers FALSE where
 * there is no such regular file (links followed inside the tree), else the text, NUL-terminated,
 * for the caller to free. */
typedef gboolean (*PipConfigRead)(void *data, const char *path, char **ret_text,
                                  size_t *ret_length);
PipConfig *pip_config_read(PipConfigRead read, void *data, const char *home,
                           const char *const *environment, GError **error);
void pip_config_free(PipConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PipConfig, pip_config_free)
/* What the pip of the machine that built ramekin has as its built-in default; "" when unknown. */
const char *pip_builtin_index(void);
