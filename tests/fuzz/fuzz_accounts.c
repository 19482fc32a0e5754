/* passwd and its like, one after another between lines of "%": a user that could be added is found,
 * once, and every other line stays. */
#include "fuzz.h"

#include "plan/accounts.h"

#include <string.h>

static Accounts *parse(const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, "%\n", ACCOUNT_FILE_COUNT);
    Accounts *accounts = g_new0(Accounts, 1);
    for (guint i = 0; i < ACCOUNT_FILE_COUNT && parts[i]; i++)
        accounts->text[i] = g_strdup(parts[i]);
    return accounts;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const groups[] = {"staff", NULL};
    if (size > 65536 || memchr(data, '\0', size))
        return 0;
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autoptr(Accounts) accounts = parse(text);
    g_autofree char *passwd = g_strdup(accounts->text[ACCOUNT_PASSWD]);
    accounts_add_group(accounts, "staff", ACCOUNT_ANY, SPAN_NONE, NULL);
    NewAccount account = {"app",       "/home/app", "/bin/sh", ACCOUNT_ANY,
                          ACCOUNT_ANY, groups,      SPAN_NONE};
    guint64 uid, gid, found_uid, found_gid;
    if (!accounts_add_user(accounts, &account, &uid, &gid, NULL))
        return 0;
    g_assert_true(accounts_find_user(accounts, "app", &found_uid, &found_gid));
    g_assert_cmpuint(found_uid, ==, uid);
    g_assert_cmpuint(found_gid, ==, gid);
    g_assert_true(accounts_has_gid(accounts, gid));
    g_assert_true(!passwd || g_str_has_prefix(accounts->text[ACCOUNT_PASSWD], passwd));
    g_assert_false(accounts_add_user(accounts, &account, &uid, &gid, NULL));
    return 0;
}
