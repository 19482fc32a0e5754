/* What the files of the sandbox share. */
#pragma once

#include "sandbox/child.h"
#include "sandbox/sandbox.h"

/* The ids of a range: those that systemd sets aside for the files of foreign images
 * (systemd.io/UIDS-GIDS, "Foreign UID Range"). */
#define ROOT_ID_BASE G_GINT64_CONSTANT(0x7FFE0000)

struct SandboxRoot {
    ImageConfig *config;
    TreeStore *store;
    GPtrArray *held;    /* CacheTree */
    GPtrArray *trees;   /* char*: paths, uppermost first, each once; NULL behind the last */
    gint64 id_base;     /* -1: everything is the caller's */
    int user_namespace; /* of the range; -1 */
    bool overlay;
    char *why_plain; /* or NULL */
    guint64 write_bytes;
    GMutex lock;          /* of what follows */
    SandboxRunner runner; /* that works; SANDBOX_RUNNER_AUTO: not known yet */
};

/* Who the programs of a root are: found in its /etc/passwd and /etc/group. */
typedef struct {
    guint32 uid, gid;
    char *home; /* never NULL */
} RootUser;
void root_user_clear(RootUser *user);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(RootUser, root_user_clear)
/* `text` as the image's `USER`: a name or number, with or without ":GROUP"; NULL: 0. ERROR_INPUT
 * where the image has no such user. */
gboolean root_find_user(const SandboxRoot *root, const char *text, RootUser *ret_user,
                        GError **error);
/* The content of a file of the image that no link leads to, or NULL; `path` without "/" at its
 * start. Caller frees. */
char *root_read_file(const SandboxRoot *root, const char *path);

/* Whether the caches's file system and the kernel can be used for overlays; FALSE with an error
 * where there can be no sandbox at all. *ret_why, to free, is what the overlay lacks, or NULL. */
gboolean root_probe(const SandboxRoot *root, const char *folder, char **ret_why, GError **error);

/* In a plan: where a root's trees lie. `data` is kept by the caller. */
typedef struct {
    char *overlay, *scratch;
    TreeWriter *upper; /* or NULL */
} RootMount;
gboolean root_mount_prepare(const SandboxRoot *root, RootMount *ret_mount, ChildPlan *plan,
                            GError **error);
void root_mount_clear(RootMount *mount);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(RootMount, root_mount_clear)
