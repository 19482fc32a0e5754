/* Exact rewrites: what each lint's makes of a file, and what holds for every Dockerfile of the
 * tests. */
#include "base/sorted.h"
#include "check/lint_fix.h"
#include "test.h"

#undef g_getenv

#define FROM "FROM a:1@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\n"
#define CU124 "https://download.pytorch.org/whl/cu124"
#define TORCH "RUN pip install --no-cache-dir torch==2.6.0 --index-url " CU124 "\n"
#define PIP "RUN pip install --no-cache-dir "
#define HELD "RUN pip install torch==2.6.0 "
#define LISTS " && rm -rf /var/lib/apt/lists/*"

static const LintContext context = {.knows_ignore_file = true, .has_ignore_file = false};

static LintFix *fix_text(const char *text)
{
    g_autoptr(Source) source = source_new("Dockerfile", text, strlen(text));
    g_autoptr(GError) error = NULL;
    LintFix *fix = lint_fix_new(source, &context, &error);
    g_assert_no_error(error);
    return fix;
}

/* clang-format off */
static const struct {
    const char *text, *fixed; /* NULL: it stays as it is */
} rows[] = {
    /* quotes */
    {PIP "a>=1,<2 b # c>=1\n", PIP "'a>=1,<2' b # c>=1\n"},
    {PIP "a[x,y]>=1.0rc1 b~=1\n", PIP "'a[x,y]>=1.0rc1' b~=1\n"},
    {PIP "a>=$V b>=${W}\n", PIP "\"a>=$V\" \"b>=${W}\"\n"},
    {"RUN bash -c \"pip install --no-cache-dir a<2\"\n", "RUN bash -c \"pip install --no-cache-dir 'a<2'\"\n"},
    {"RUN bash -c 'pip install --no-cache-dir a<2'\n", "RUN bash -c 'pip install --no-cache-dir \"a<2\"'\n"},
    {"RUN [\"bash\", \"-c\", \"pip install --no-cache-dir a<2\"]\n", "RUN [\"bash\", \"-c\", \"pip install --no-cache-dir 'a<2'\"]\n"},
    {"RUN <<E\npip install --no-cache-dir \\\n  a<2\nE\n", "RUN <<E\npip install --no-cache-dir \\\n  'a<2'\nE\n"},
    {PIP "\"a\">=1,<2\n", NULL},
    {PIP "a>1.log\n", NULL},
    {"RUN conda install -y python>=3.10\n", "RUN conda install -y 'python>=3.10'\n"},
    {"ONBUILD " PIP "a<2\n", "ONBUILD " PIP "'a<2'\n"},
    /* caches */
    {"RUN pip install a==1 && uv pip install b==1\nRUN python -m pip install -r x\n",
     "RUN pip install --no-cache-dir a==1 && uv pip install --no-cache b==1\nRUN python -m pip install --no-cache-dir -r x\n"},
    {"RUN [\"pip\", \"install\", \"a==1\"]\n", "RUN [\"pip\", \"install\", \"--no-cache-dir\", \"a==1\"]\n"},
    {"RUN X='pip install' && for p in a==1; do $X $p; done\n", NULL},
    /* apt */
    {"RUN apt-get update && apt-get install -y a\n", "RUN apt-get update && apt-get install -y a" LISTS "\n"},
    {"RUN apt-get update; apt-get install -y a; # b\n", "RUN apt-get update; apt-get install -y a" LISTS "; # b\n"},
    {"RUN set -e && \\\n\tapt-get update && \\\n\t# why\n\tapt-get install -y a\n",
     "RUN set -e && \\\n\tapt-get update && \\\n\t# why\n\tapt-get install -y a \\\n\t&& rm -rf /var/lib/apt/lists/*\n"},
    {"RUN apt-get update && apt-get install -y a\nRUN apt-get install -y b\n", NULL},
    {"RUN apt-get update && apt-get install -y a\nRUN ./setup.sh\n", NULL},
    {"RUN apt-get update && apt-get install -y a\nRUN x=$'y'\n", NULL},
    {"RUN apt-get update && apt-get install -y a\nRUN apt-get update && apt-get install -y b\n",
     "RUN apt-get update && apt-get install -y a" LISTS "\nRUN apt-get update && apt-get install -y b" LISTS "\n"},
    {"RUN apt-get update && apt-get -q install a" LISTS "\n", "RUN apt-get update && apt-get -q install -y a" LISTS "\n"},
    {"RUN apt-get update\n\n# tools\nRUN apt-get install -y a\n",
     "RUN apt-get update \\\n# tools\n    && apt-get install -y a \\\n    && rm -rf /var/lib/apt/lists/*\n"},
    {"RUN apt-get update\nRUN apt-get install -y a; b\n", NULL},
    {"RUN apt-get update\nENV X=y\nRUN apt-get install -y a\n", NULL},
    {"RUN apt-get update\nRUN --network=host apt-get install -y a\n", NULL},
    /* torch */
    {TORCH PIP "-r r.txt\n" PIP "accelerate==1\n", TORCH HELD "--no-cache-dir -r r.txt\n" HELD "--no-cache-dir accelerate==1\n"},
    {TORCH PIP "torchvision==0.20\n", NULL},
    {TORCH PIP "--force-reinstall --no-deps a==1\n", NULL},
    {TORCH "RUN uv pip install --no-cache -U accelerate==1\n", NULL},
    {PIP "torch==2.6.0 'torchvision==0.21.0' a==1 --extra-index-url " CU124 "\n",
     PIP "torch==2.6.0+cu124 'torchvision==0.21.0+cu124' a==1 --extra-index-url " CU124 "\n"},
    {PIP "torch==2.6.0 torchvision --extra-index-url " CU124 "\n", NULL},
    {PIP "torch==2.6.0 --extra-index-url https://download.pytorch.org/whl/test\n", NULL},
    /* the file */
    {"CMD [\"a\"]\nUSER x\nCMD \\\n  [\"b\"]\n", "USER x\nCMD \\\n  [\"b\"]\n"},
    {"CMD a \\\n  # with\n  --b='c d'\n", "CMD [\"a\", \\\n  # with\n  \"--b=c d\"]\n"},
    {"CMD cd /x\n", NULL},
    {"CMD a && b\n", NULL},
    {"CMD a $B\n", NULL},
    {"SHELL [\"bash\", \"-lc\"]\nCMD a\n", NULL},
    {"ENTRYPOINT a\n", "ENTRYPOINT [\"a\"]\n"},
    {"ENTRYPOINT a\nCMD [\"b\"]\n", NULL},
    {"RUN a \\\n\n  && b \\\n \t\n  && c\n", "RUN a \\\n  && b \\\n  && c\n"},
    {"RUN a # b \\\n  && c\n", "RUN a \\\n# b\n  && c\n"},
    {"maintainer a <b@example.org>\n", "LABEL org.opencontainers.image.authors=\"a <b@example.org>\"\n"},
    {"MAINTAINER \"a\"\n", NULL},
    {"add --chown=x a.py b/ /c/\n", "COPY --chown=x a.py b/ /c/\n"},
    {"ADD rootfs /\n", NULL},
    {"# ramekin: ignore docker-sudo: it was\nRUN a\n", "RUN a\n"},
    {"# ramekin: ignore docker-sudoo: it was\nRUN a\n", NULL},
    {"# ramekin: ignore docker-shell-form: it is\nCMD a\n", NULL},
    {"ENV API_KEY=abc\n", NULL},
};
/* clang-format on */

TEST(rewrites)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = g_strconcat(FROM, rows[i].text, NULL);
        g_autofree char *wanted =
            g_strconcat(FROM, rows[i].fixed ? rows[i].fixed : rows[i].text, NULL);
        g_autoptr(LintFix) fix = fix_text(text);
        assert_text(rows[i].text, wanted, source_text(fix->source, NULL));
        g_assert_cmpint(fix->count > 0, ==, rows[i].fixed != NULL);
    }
}

TEST(arguments_before_from)
{
    g_autoptr(LintFix) fix = fix_text("ARG V=1\r\n" FROM "RUN x $V\nLABEL v=$V\n");
    assert_text("ARG", "ARG V=1\r\n" FROM "ARG V\nRUN x $V\nLABEL v=$V\n",
                source_text(fix->source, NULL));
    g_assert_cmpuint(fix->count, ==, 2);
}

TEST(bytes_stay)
{
    static const char text[] = "\xef\xbb\xbf# \xff\r\n" FROM "RUN pip install a==1 # \xc3\r\n"
                               "ENV PASSWORD=hunter2\nCMD x";
    static const char wanted[] =
        "\xef\xbb\xbf# \xff\r\n" FROM "RUN pip install --no-cache-dir a==1 # \xc3\r\n"
        "ENV PASSWORD=hunter2\nCMD [\"x\"]";
    g_autoptr(LintFix) fix = fix_text(text);
    assert_text("bytes", wanted, source_text(fix->source, NULL));
    assert_text("diff",
                "--- Dockerfile\n+++ Dockerfile\n@@ -3 +3 @@\n-RUN pip install a==1 # ?\n"
                "+RUN pip install --no-cache-dir a==1 # ?\n@@ -5 +5 @@\n-CMD x\n"
                "\\ No newline at end of file\n+CMD [\"x\"]\n\\ No newline at end of file\n",
                fix->diff);
}

TEST(secrets_are_masked)
{
    g_autoptr(LintFix) fix =
        fix_text(FROM "RUN pip install -i https://u:hunter2@example.org a==1\n");
    g_assert_cmpuint(fix->count, ==, 1);
    g_assert_null(strstr(fix->diff, "hunter2"));
    g_assert_nonnull(strstr(source_text(fix->source, NULL), "hunter2"));
}

/* Every Dockerfile of the tests */

static unsigned count_code(const LintResult *result, const char *code)
{
    unsigned count = 0;
    for (guint i = 0; i < result->findings->len; i++) {
        const LintFinding *finding = result->findings->pdata[i];
        count += g_str_equal(finding->finding->code, code);
    }
    return count;
}

static char *with_crlf(const char *text)
{
    g_autoptr(GString) out = g_string_new(text);
    g_string_replace(out, "\r\n", "\n", 0);
    g_string_replace(out, "\n", "\r\n", 0);
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static void check_file(const char *path, unsigned *fixed)
{
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_autoptr(Source) source = source_new("Dockerfile", text, strlen(text));
    g_autoptr(Dockerfile) file = dockerfile_parse(source, NULL);
    if (!file)
        return;
    g_autoptr(LintResult) before = dockerfile_lint(file, &context);
    lint_rewrites_try(before, source, &context);
    g_autoptr(LintFix) fix = fix_text(text);
    const char *after = source_text(fix->source, NULL);
    for (guint i = 0; i < fix->left->findings->len; i++) {
        const LintFinding *left = fix->left->findings->pdata[i];
        unsigned was = count_code(before, left->finding->code);
        g_assert_cmpuint(count_code(fix->left, left->finding->code), <=, was);
        g_assert_nonnull(lint_no_rewrite(left));
    }
    for (guint i = 0; i < before->findings->len; i++) {
        const LintFinding *finding = before->findings->pdata[i];
        if (finding->tried)
            g_assert_cmpuint(count_code(fix->left, finding->finding->code), <,
                             count_code(before, finding->finding->code));
    }
    g_autoptr(LintFix) again = fix_text(after);
    g_assert_cmpuint(again->count, ==, 0);
    assert_text(path, after, source_text(again->source, NULL));
    g_autofree char *windows = with_crlf(text), *windows_after = with_crlf(after);
    g_autoptr(LintFix) other = fix_text(windows);
    if (!strstr(text, "<<")) /* a shell reads "\r" in a heredoc as a character of the line */
        assert_text(path, windows_after, source_text(other->source, NULL));
    *fixed += fix->count;
}

static void walk(const char *folder, unsigned *fixed)
{
    g_autoptr(GPtrArray) names = sorted_dir(folder, 10000, NULL);
    for (guint i = 0; names && i < names->len; i++) {
        const char *name = names->pdata[i];
        g_autofree char *path = g_build_filename(folder, name, NULL);
        if (g_file_test(path, G_FILE_TEST_IS_DIR))
            walk(path, fixed);
        else if (strstr(name, "ockerfile") || g_str_has_suffix(folder, "/corpus/lint") ||
                 g_str_has_suffix(folder, "/corpus/dockerfile"))
            check_file(path, fixed);
    }
}

TEST(all_dockerfiles)
{
    g_autofree char *folder = g_build_filename(g_getenv("SOURCE_ROOT"), "tests", NULL);
    unsigned fixed = 0;
    walk(folder, &fixed);
    g_assert_cmpuint(fixed, >, 50);
}
