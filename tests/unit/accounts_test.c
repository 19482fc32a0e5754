/* Lines of passwd and its like. What is expected is what useradd and groupadd of shadow 4.13 write
 * with SOURCE_DATE_EPOCH=0 over the same files. */
#include "plan/accounts.h"
#include "test.h"

static Accounts *make(bool shadows)
{
    Accounts *accounts = g_new0(Accounts, 1);
    accounts->text[ACCOUNT_PASSWD] = g_strdup("root:x:0:0:root:/root:/bin/bash\n"
                                              "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"
                                              "nobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n"
                                              "www:x:33:34::/:/bin/sh\n");
    accounts->text[ACCOUNT_GROUP] =
        g_strdup("root:x:0:\ndaemon:x:1:\nsudo:x:27:\nnogroup:x:65534:");
    if (!shadows)
        return accounts;
    accounts->text[ACCOUNT_SHADOW] = g_strdup("root:*:20000:0:99999:7:::\n");
    accounts->text[ACCOUNT_GSHADOW] = g_strdup("root:*::\nsudo:*::\n");
    accounts->text[ACCOUNT_SUBUID] = g_strdup("");
    accounts->text[ACCOUNT_SUBGID] = g_strdup("old:100000:65536\n");
    return accounts;
}

static void add(Accounts *accounts, const char *name, guint64 uid, guint64 gid,
                const char *const *groups)
{
    g_autofree char *home = g_strconcat("/home/", name, NULL);
    GError *error = NULL;
    NewAccount account = {name, home, "/bin/bash", uid, gid, groups, SPAN_NONE};
    accounts_add_user(accounts, &account, &uid, &gid, &error);
    assert_no_error(error);
}

static void assert_end(const Accounts *accounts, AccountFile file, const char *expected)
{
    if (!g_str_has_suffix(accounts->text[file], expected))
        assert_text(account_paths[file], expected, accounts->text[file]);
}

TEST(users)
{
    static const char *const groups[] = {"sudo", "extra", NULL};
    g_autoptr(Accounts) accounts = make(true);
    GError *error = NULL;
    accounts_add_group(accounts, "extra", ACCOUNT_ANY, SPAN_NONE, &error);
    assert_no_error(error);
    add(accounts, "app", ACCOUNT_ANY, ACCOUNT_ANY, groups);
    add(accounts, "low", 500, ACCOUNT_ANY, NULL);
    add(accounts, "hi", 1500, ACCOUNT_ANY, NULL);
    add(accounts, "two", ACCOUNT_ANY, 27, NULL);
    assert_end(
        accounts, ACCOUNT_PASSWD,
        "/bin/sh\napp:x:1000:1001::/home/app:/bin/bash\nlow:x:500:1002::/home/low:/bin/bash\n"
        "hi:x:1500:1500::/home/hi:/bin/bash\ntwo:x:1501:27::/home/two:/bin/bash\n");
    assert_end(accounts, ACCOUNT_GROUP,
               "sudo:x:27:app\nnogroup:x:65534:\nextra:x:1000:app\napp:x:1001:\nlow:x:1002:\n"
               "hi:x:1500:\n");
    assert_text(NULL,
                "root:*:20000:0:99999:7:::\napp:!::0:99999:7:::\nlow:!::0:99999:7:::\n"
                "hi:!::0:99999:7:::\ntwo:!::0:99999:7:::\n",
                accounts->text[ACCOUNT_SHADOW]);
    assert_text(NULL, "root:*::\nsudo:*::app\nextra:!::app\napp:!::\nlow:!::\nhi:!::\n",
                accounts->text[ACCOUNT_GSHADOW]);
    assert_text(NULL, "app:100000:65536\nhi:165536:65536\ntwo:231072:65536\n",
                accounts->text[ACCOUNT_SUBUID]);
    assert_end(accounts, ACCOUNT_SUBGID,
               "old:100000:65536\napp:165536:65536\nhi:231072:65536\n"
               "two:296608:65536\n");
}

TEST(users_without_shadow)
{
    g_autoptr(Accounts) accounts = make(false);
    add(accounts, "app", ACCOUNT_ANY, ACCOUNT_ANY, NULL);
    assert_end(accounts, ACCOUNT_PASSWD, "\napp:!:1000:1000::/home/app:/bin/bash\n");
    assert_end(accounts, ACCOUNT_GROUP, "nogroup:x:65534:\napp:!:1000:\n");
    g_assert_null(accounts->text[ACCOUNT_SHADOW]);
    g_assert_false(accounts->changed[ACCOUNT_SUBUID]);
}

TEST(users_from_nothing)
{
    g_autoptr(Accounts) accounts = g_new0(Accounts, 1);
    add(accounts, "app", 7, ACCOUNT_ANY, NULL);
    assert_text(NULL, "app:!:7:1000::/home/app:/bin/bash\n", accounts->text[ACCOUNT_PASSWD]);
    assert_text(NULL, "app:!:1000:\n", accounts->text[ACCOUNT_GROUP]);
}

TEST(highest_number_is_taken)
{
    g_autoptr(Accounts) accounts = g_new0(Accounts, 1);
    add(accounts, "last", 60000, ACCOUNT_ANY, NULL);
    add(accounts, "first", ACCOUNT_ANY, ACCOUNT_ANY, NULL);
    assert_end(accounts, ACCOUNT_PASSWD, "first:!:1000:1000::/home/first:/bin/bash\n");
}

TEST(conflicts)
{
    static const struct {
        const char *name;
        guint64 uid, gid;
        const char *message;
    } rows[] = {
        {"daemon", ACCOUNT_ANY, ACCOUNT_ANY, "the image has a user 'daemon' already"},
        {"app", 1, ACCOUNT_ANY, "the image has a user with the number 1 already"},
        {"sudo", ACCOUNT_ANY, ACCOUNT_ANY, "the image has a group 'sudo' already"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Accounts) accounts = make(true);
        g_autoptr(GError) error = NULL;
        guint64 uid, gid;
        NewAccount account = {rows[i].name, "/h", "/s", rows[i].uid, rows[i].gid, NULL, SPAN_NONE};
        g_assert_false(accounts_add_user(accounts, &account, &uid, &gid, &error));
        g_assert_error(error, ERROR_DOMAIN, ERROR_INPUT);
        assert_text(rows[i].name, rows[i].message, error->message);
    }
    g_autoptr(Accounts) accounts = make(true);
    g_assert_false(accounts_add_group(accounts, "sudo", ACCOUNT_ANY, SPAN_NONE, NULL));
    g_assert_false(accounts_add_group(accounts, "other", 27, SPAN_NONE, NULL));
}

TEST(owners)
{
    static const struct {
        const char *owner;
        guint64 uid, gid; /* uid G_MAXUINT64: refused */
    } rows[] = {
        {"0", 0, 0},
        {"1000", 1000, 1000},
        {"1000:27", 1000, 27},
        {"1", 1, 1},
        {"65534", 65534, 65534},
        {"33", 33, 33},
        {"www", 33, 34},
        {"daemon", 1, 1},
        {"daemon:sudo", 1, 27},
        {"5:sudo", 5, 27},
        {"app", G_MAXUINT64, 0},
        {"0:app", G_MAXUINT64, 0},
        {":0", G_MAXUINT64, 0},
        {"0:", G_MAXUINT64, 0},
        {"", G_MAXUINT64, 0},
        {"4294967295", G_MAXUINT64, 0},
    };
    g_autoptr(Accounts) accounts = make(true);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        guint64 uid = G_MAXUINT64, gid = 0;
        g_autoptr(GError) error = NULL;
        gboolean ok =
            accounts_resolve_owner(accounts, rows[i].owner, SPAN_NONE, &uid, &gid, &error);
        if (uid != rows[i].uid || gid != rows[i].gid || ok != (error == NULL))
            g_error("owner '%s'", rows[i].owner);
    }
}
