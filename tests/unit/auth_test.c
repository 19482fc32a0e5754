#include "net/auth.h"
#include "test.h"

TEST(reads_netrc)
{
    static const char text[] = "# comment machine no.example.org\n"
                               "machine a.example.org login me password pass#word\n"
                               "macdef init\nmachine evil.example.org login x password y\n\n"
                               "machine b.example.org\n\tlogin \"two words\"\n\tpassword a\\\"b\n"
                               "machine c.example.org account acc password only\n"
                               "default login anonymous password guest\n";
    static const struct {
        const char *host, *user, *password;
    } rows[] = {
        {"a.example.org", "me", "pass#word"},
        {"A.EXAMPLE.ORG", "me", "pass#word"},
        {"b.example.org", "two words", "a\"b"},
        {"c.example.org", "", "only"},
        {"evil.example.org", "anonymous", "guest"},
        {"no.example.org", "anonymous", "guest"},
        {NULL, "anonymous", "guest"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Credentials) found = netrc_find(text, rows[i].host);
        g_assert_nonnull(found);
        assert_text(rows[i].host, rows[i].user, found->user);
        assert_text(rows[i].host, rows[i].password, found->password);
    }
}

TEST(survives_broken_netrc)
{
    static const char *const texts[] = {
        "",       "machine", "machine h login",    "machine h password \"x", "login x password y",
        "macdef", "\\",      "machine h\nmacdef x"};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(Credentials) found = netrc_find(texts[i], "other");
        g_assert_null(found);
    }
}

TEST(keeps_to_the_origin)
{
    g_autoptr(AuthStore) store = auth_store_new();
    g_setenv("NETRC", "/dev/null", TRUE);
    auth_store_learn(store, "https://me:secret@example.org/simple/");
    const Credentials *found = auth_store_find(store, "https://example.org:443/files/x.whl");
    g_assert_true(found && g_str_equal(found->password, "secret"));
    g_assert_null(auth_store_find(store, "http://example.org/"));
    g_assert_null(auth_store_find(store, "https://example.org:8443/"));
    g_assert_null(auth_store_find(store, "https://www.example.org/"));
}
