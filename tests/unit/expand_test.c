#include "dockerfile/expand.h"
#include "test.h"

static const char *lookup(const void *data, const char *name, size_t length)
{
    static const struct {
        const char *name, *value;
    } rows[] = {{"PATH", "/usr/bin"}, {"EMPTY", ""}, {"_A1", "one"}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (strlen(rows[i].name) == length && memcmp(rows[i].name, name, length) == 0)
            return rows[i].value;
    }
    return NULL;
}

TEST(references)
{
    static const struct {
        const char *text, *expected; /* NULL: refused */
    } rows[] = {
        {"", ""},
        {"plain", "plain"},
        {"/opt/bin:$PATH", "/opt/bin:/usr/bin"},
        {"${PATH}:x", "/usr/bin:x"},
        {"$_A1-", "one-"},
        {"$NONE!", "!"},
        {"${NONE:-word}", "word"},
        {"${EMPTY:-word}", "word"},
        {"${PATH:-word}", "/usr/bin"},
        {"${PATH:+word}", "word"},
        {"${NONE:+word}", ""},
        {"${NONE:-$PATH/x}", "/usr/bin/x"},
        {"${NONE:-${_A1}}", "one"},
        {"cost: 5$", "cost: 5$"},
        {"$(x) $ y $.", "$(x) $ y $."},
        {"a\\$PATH", "a\\/usr/bin"},
        {"$1", NULL},
        {"$$", NULL},
        {"${", NULL},
        {"${PATH", NULL},
        {"${}", NULL},
        {"${PATH%x}", NULL},
        {"${NONE:-'x'}", NULL},
        {"${A:-${A:-${A:-${A:-${A:-${A:-${A:-${A:-${A:-x}}}}}}}}}", NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *found = word_expand(rows[i].text, lookup, NULL, SPAN_NONE, &error);
        if (rows[i].expected)
            assert_text(rows[i].text, rows[i].expected, found);
        else
            g_assert_error(error, ERROR_DOMAIN, ERROR_INPUT);
    }
}
