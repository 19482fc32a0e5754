#include "python/pip_config.h"
#include "test.h"

typedef struct {
    const char *path, *text;
} File;

static gboolean read_table(void *data, const char *path, char **ret_text, size_t *ret_length)
{
    for (const File *file = data; file->path; file++) {
        if (!g_str_equal(file->path, path))
            continue;
        *ret_text = g_strdup(file->text);
        *ret_length = strlen(file->text);
        return TRUE;
    }
    return FALSE;
}

static char *describe(const PipConfig *config)
{
    g_autofree char *extra = g_strjoinv(",", config->extra_index_urls);
    g_autofree char *links = g_strjoinv(",", config->find_links);
    g_autofree char *constraints = g_strjoinv(",", config->constraints);
    return g_strdup_printf("%s|%s|%s|%s|%d", config->index_url ? config->index_url : "-", extra,
                           links, constraints, config->no_index);
}

TEST(reads_what_pip_reads)
{
    static const struct {
        File files[4];
        const char *environment[5];
        const char *expected;
    } rows[] = {
        {{{0}}, {NULL}, "-||||0"},
        {{{"/etc/pip.conf", "[global]\nindex-url = http://a/\n"}}, {NULL}, "http://a/||||0"},
        {{{"/etc/pip.conf",
           "[global]\nINDEX_URL: http://a/\nextra-index-url = x\n  # c\n\n  y z\n"}},
         {NULL},
         "http://a/|x,y,z|||0"},
        {{{"/etc/pip.conf", "[global]\nindex-url=http://a/\n[install]\nindex-url=http://b/\n"},
          {"/users/me/.config/pip/pip.conf", "[global]\nindex-url=http://c/\n"}},
         {NULL},
         "http://b/||||0"},
        {{{"/etc/xdg/pip/pip.conf", "[global]\nindex-url=http://x/\n"},
          {"/users/me/.pip/pip.conf", "[global]\nindex-url=http://legacy/\n"},
          {"/users/me/.config/pip/pip.conf", "[global]\nindex-url=http://new/\n"}},
         {NULL},
         "http://new/||||0"},
        {{{"/users/me/.config/pip/pip.conf", "[global]\nindex-url=http://user/\n"},
          {"/c", "[global]\nno-index = yes\n"}},
         {"PIP_CONFIG_FILE=/c", NULL},
         "-||||1"},
        {{{"/users/me/.config/pip/pip.conf", "[global]\nindex-url=http://user/\n"}},
         {"PIP_CONFIG_FILE=/absent", NULL},
         "http://user/||||0"},
        {{{"/etc/pip.conf", "[global]\nindex-url=http://a/\n"}},
         {"PIP_CONFIG_FILE=/dev/null", "PIP_FIND_LINKS=~/w /opt/w", "PIP_CONSTRAINT=a.txt b.txt",
          NULL},
         "-||/users/me/w,/opt/w|a.txt,b.txt|0"},
        {{{"/etc/pip.conf", "[global]\nindex-url=http://a/\n"}},
         {"PIP_INDEX_URL=", "PIP_EXTRA_INDEX_URL= http://e/ ", "PIP_OTHER=1", NULL},
         "http://a/|http://e/|||0"},
        {{{"/venv/pip.conf", "[install]\nconstraint=c.txt\n"}},
         {"VIRTUAL_ENV=/venv", NULL},
         "-|||c.txt|0"},
        {{{"/etc/pip.conf", "[DEFAULT]\nindex-url=http://d/\n[global]\ntimeout=3\n[list]\nx=y\n"}},
         {NULL},
         "http://d/||||0"},
        {{{"/x/pip/pip.conf", "; comment\n[global]\nno-index = 0\n"}},
         {"XDG_CONFIG_DIRS=/x:/y", "PIP_NO_INDEX=On", NULL},
         "-||||1"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(PipConfig) config = pip_config_read(read_table, (void *)rows[i].files,
                                                      "/users/me", rows[i].environment, &error);
        g_assert_no_error(error);
        g_autofree char *found = config ? describe(config) : NULL;
        g_autofree char *row = g_strdup_printf("row %zu", i);
        assert_text(row, rows[i].expected, found);
    }
}

TEST(reads_whom_to_trust)
{
    static const File files[] = {
        {"/etc/pip.conf", "[global]\ncert = ~/ca.pem\ntrusted-host = a.example.org\n  b:8443\n"},
        {NULL, NULL}};
    static const char *const variables[] = {"PIP_CERT=/ca.pem", "PIP_TRUSTED_HOST=c", NULL};
    g_autoptr(GError) error = NULL;
    g_autoptr(PipConfig) config =
        pip_config_read(read_table, (void *)files, "/users/me", NULL, &error);
    g_assert_no_error(error);
    g_autofree char *hosts = g_strjoinv(",", config->trusted_hosts);
    assert_text("file", "a.example.org,b:8443", hosts);
    assert_text("file", "/users/me/ca.pem", config->cert);
    g_autoptr(PipConfig) other =
        pip_config_read(read_table, (void *)files, "/users/me", variables, &error);
    g_assert_no_error(error);
    assert_text("environment", "c", other->trusted_hosts[0]);
    assert_text("environment", "/ca.pem", other->cert);
}

TEST(refuses_what_pip_refuses)
{
    static const char *const texts[] = {
        "index-url = x\n",
        "[global]\nindex-url\n",
        "[global\nindex-url = x\n",
        "[global]\nno-index = perhaps\n",
        "[global]\n\xff = x\n",
        "[global]\nindex-url = a\nindex_url = b\n",
        "[]\n",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        const File files[] = {{"/etc/pip.conf", texts[i]}, {NULL, NULL}};
        g_autoptr(GError) error = NULL;
        g_autoptr(PipConfig) config =
            pip_config_read(read_table, (void *)files, NULL, NULL, &error);
        g_assert_null(config);
        g_assert_error(error, ERROR_DOMAIN, ERROR_INPUT);
    }
}

TEST(says_where_a_value_was_found)
{
    const File files[] = {
        {"/etc/pip.conf", "[DEFAULT]\nextra-index-url = http://e/\n[global]\n# c\nindex-url = x\n"},
        {"/users/me/.config/pip/pip.conf", "[install]\nconstraint =\n  a.txt\n"},
        {NULL, NULL}};
    const char *environment[] = {"PIP_INDEX_URL=nonsense", NULL};
    for (size_t i = 0; i < 2; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(PipConfig) config = pip_config_read(read_table, (void *)files, "/users/me",
                                                      i == 0 ? environment : NULL, &error);
        g_assert_no_error(error);
        g_assert_cmpstr(config->index_url_place, ==,
                        i == 0 ? "the environment variable PIP_INDEX_URL" : "/etc/pip.conf:5");
        g_assert_cmpstr(config->extra_index_urls_place, ==, "/etc/pip.conf:2");
        g_assert_cmpstr(config->constraints_place, ==, "/users/me/.config/pip/pip.conf:2");
    }
}
