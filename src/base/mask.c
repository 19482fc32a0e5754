#include "base/mask.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

/* Where the password of the user part begins; NULL: nothing in it is secret. */
static const char *secret_of(const char *user, const char *at)
{
    const char *colon = memchr(user, ':', (size_t)(at - user));
    if (colon)
        return colon + 1;
    return at - user == 3 && memcmp(user, "git", 3) == 0 ? NULL : user;
}

static char *hide(const char *text, bool strip)
{
    GString *out = g_string_new(NULL);
    const char *p = text;
    for (const char *mark; (mark = strstr(p, "://")) != NULL;) {
        const char *user = mark + 3;
        const char *end = user + strcspn(user, " \t\r\n/?#\"'`<>|");
        const char *at = g_strrstr_len(user, end - user, "@");
        const char *secret = at ? secret_of(user, at) : NULL;
        if (!secret) {
            g_string_append_len(out, p, user - p);
            p = user;
            continue;
        }
        g_string_append_len(out, p, (strip ? user : secret) - p);
        for (; !strip && secret < at; secret++) {
            if (((unsigned char)*secret & 0xc0) != 0x80)
                g_string_append_c(out, '*');
        }
        p = strip ? at + 1 : at;
    }
    g_string_append(out, p);
    return g_string_free(out, FALSE);
}

char *mask_credentials(const char *text)
{
    return hide(text, false);
}

char *strip_credentials(const char *text)
{
    return hide(text, true);
}
