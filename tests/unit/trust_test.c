#include "net/trust.h"

#include "test.h"

/* pip's session.py, is_secure_origin(). */
TEST(accepts_indexes_as_pip)
{
    static const struct {
        const char *url;
        bool alone, trusting; /* "trusted.example.org" and "ported.example.org:8080" */
    } rows[] = {
        {"https://index.example.org/simple", true, true},
        {"file:///srv/index", true, true},
        {"/srv/index", true, true},
        {"http://127.0.0.1:8000/simple", true, true},
        {"http://127.9.9.9/simple", true, true},
        {"http://localhost/simple", true, true},
        {"http://LOCALHOST:81/simple", true, true},
        {"http://[::1]:8000/simple", true, true},
        {"http://index.example.org/simple", false, false},
        {"HTTP://index.example.org/simple", false, false},
        {"http://10.0.0.1/simple", false, false},
        {"http://trusted.example.org/simple", false, true},
        {"http://TRUSTED.example.org:99/simple", false, true},
        {"http://user:pw@trusted.example.org/simple", false, true},
        {"http://ported.example.org:8080/simple", false, true},
        {"http://ported.example.org/simple", false, false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(TrustStore) alone = trust_store_new();
        g_autoptr(TrustStore) trusting = trust_store_new();
        g_assert_true(trust_store_add_host(trusting, "trusted.example.org", NULL));
        g_assert_true(trust_store_add_host(trusting, "ported.example.org:8080", NULL));
        if (trust_store_accepts_index(alone, rows[i].url) != rows[i].alone ||
            trust_store_accepts_index(trusting, rows[i].url) != rows[i].trusting)
            g_test_message("%s", rows[i].url);
        g_assert_cmpint(trust_store_accepts_index(alone, rows[i].url), ==, rows[i].alone);
        g_assert_cmpint(trust_store_accepts_index(trusting, rows[i].url), ==, rows[i].trusting);
    }
}
