/* Users and groups of an image: what its passwd(5), group(5), shadow(5), gshadow(5), subuid(5) and
 * subgid(5) say, and the lines that shadow's useradd and groupadd would add.
 *
 * Texts in, texts out; lines that are not understood stay as they are. Numbers that nobody gave are
 * chosen as those programs choose them with Debian's defaults: one more than the highest in use
 * between 1000 and 60000. The day of the last password change is left empty, which useradd writes
 * on the first day of 1970 and which turns ageing off: no clock enters an image. */
#pragma once

#include "base/error.h"

typedef enum {
    ACCOUNT_PASSWD,
    ACCOUNT_GROUP,
    ACCOUNT_SHADOW,
    ACCOUNT_GSHADOW,
    ACCOUNT_SUBUID,
    ACCOUNT_SUBGID,
    ACCOUNT_FILE_COUNT,
} AccountFile;

/* "/etc/passwd" … */
extern const char *const account_paths[ACCOUNT_FILE_COUNT];

typedef struct {
    char *text[ACCOUNT_FILE_COUNT]; /* NULL: the image has no such file */
    bool changed[ACCOUNT_FILE_COUNT];
} Accounts;
void accounts_free(Accounts *accounts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Accounts, accounts_free)

/* The user of that name; outputs may be NULL. */
bool accounts_find_user(const Accounts *accounts, const char *name, guint64 *ret_uid,
                        guint64 *ret_gid);
bool accounts_find_group(const Accounts *accounts, const char *name, guint64 *ret_gid);
bool accounts_has_gid(const Accounts *accounts, guint64 gid);

#define ACCOUNT_ANY G_MAXUINT64 /* a number that is to be chosen */

/* Errors: ERROR_INPUT when name or number is taken, or none is left. */
gboolean accounts_add_group(Accounts *accounts, const char *name, guint64 gid, Span at,
                            GError **error);

typedef struct {
    const char *name, *home, *shell;
    guint64 uid;               /* ACCOUNT_ANY: chosen */
    guint64 gid;               /* ACCOUNT_ANY: of a group of the user's name, which is made */
    const char *const *groups; /* further ones, which exist; or NULL */
    Span at;
} NewAccount;

gboolean accounts_add_user(Accounts *accounts, const NewAccount *account, guint64 *ret_uid,
                           guint64 *ret_gid, GError **error);

/* "uid[:gid]", or names of users and groups, as COPY --chown reads it: without a group that of the
 * named user, or for a number the same one. ERROR_INPUT for an unknown name. */
gboolean accounts_resolve_owner(const Accounts *accounts, const char *owner, Span at,
                                guint64 *ret_uid, guint64 *ret_gid, GError **error);
