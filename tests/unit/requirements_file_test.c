#include "test.h"

#include "python/pip_options.h"
#include "python/requirements_file.h"

/* Every line as "LINE:COLUMN+WIDTH text", joined by newlines. */
static char *lines_of(const char *text, size_t length, const char *const *environment)
{
    g_autoptr(Source) source = source_new("r.txt", text, length);
    g_autoptr(Diags) diags = diags_new();
    RequirementLines lines = requirement_lines(source, environment);
    GString *out = g_string_new(NULL);
    bool ok = true;
    RequirementLine *line;
    while ((line = requirement_lines_next(&lines, diags, &ok))) {
        g_string_append_printf(out, "%s%u:%u+%u %s", out->len ? "\n" : "", line->at.line,
                               line->at.column, line->at.width, line->text);
        requirement_line_free(line);
    }
    if (!ok)
        g_string_append(out, "!");
    return g_string_free(out, FALSE);
}

static const struct {
    const char *name, *text, *expected;
} rows[] = {
    {"plain", "a==1\nb\n", "1:1+4 a==1\n2:1+1 b"},
    {"no newline at the end", "a", "1:1+1 a"},
    {"CRLF and CR", "a\r\nb\rc", "1:1+1 a\n2:1+1 b\n2:3+1 c"},
    {"blank and comment lines", "\n  \n# x\n  # y\na # z\n", "5:1+1 a"},
    {"hash in a word is no comment", "lib#x\na #c\n", "1:1+5 lib#x\n2:1+1 a"},
    {"continuation", "a==1 \\\n  --hash=x\nb", "1:1+5 a==1   --hash=x\n3:1+1 b"},
    {"joined before comments go", "a \\\n# gone\nb", "1:1+1 a\n3:1+1 b"},
    {"comment ends a continuation", "# x \\\nb", "2:1+1 b"},
    {"comment behind text is continued", "a # x \\\nb", "1:1+1 a"},
    {"continuation at the end", "a\\", "1:1+1 a"},
    {"backslashes at both ends go", "\\a\\\\\nb", "1:2+1 ab"},
    {"unicode blanks",
     "\xC2\xA0"
     "a\xE2\x80\x83# x",
     "1:2+1 a"},
    {"line separator",
     "a\xE2\x80\xA8"
     "b",
     "1:1+1 a\n1:3+1 b"},
    {"variables", "a==${V}\n${none}${NONE}${EMPTY}", "1:1+7 a==1.0\n2:1+22 ${none}${NONE}${EMPTY}"},
    {"indented", "   a\n\tb", "1:4+1 a\n2:2+1 b"},
};

static const char *const environment[] = {"V=1.0", "EMPTY=", NULL};

TEST(lines)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *found = lines_of(rows[i].text, strlen(rows[i].text), environment);
        assert_text(rows[i].name, rows[i].expected, found);
    }
}

TEST(hostile_lines)
{
    g_autofree char *nul = lines_of("a\0b\nc", 5, NULL);
    assert_text("NUL", "2:1+1 c!", nul);
    g_autoptr(GString) longest = g_string_new(NULL);
    for (size_t i = 0; i < 70000; i++)
        g_string_append(longest, i % 10 == 9 ? "\\\n" : "xyz");
    g_string_append(longest, "\nb");
    g_autofree char *found = lines_of(longest->str, longest->len, NULL);
    assert_text("too long", "7002:1+1 b!", found);
}

/* The span of the word "here". */
TEST(spans)
{
    static const struct {
        const char *text;
        unsigned line, column;
    } places[] = {
        {"a\nb here", 2, 3},
        {"a \\\n\\\n  here", 3, 3},
        {"\xC3\xA9 here", 1, 3},
        {"\n\n${V} here", 3, 6},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
        g_autoptr(Source) source = source_new("r", places[i].text, strlen(places[i].text));
        g_autoptr(Diags) diags = diags_new();
        RequirementLines lines = requirement_lines(source, environment);
        bool ok = true;
        RequirementLine *line;
        while ((line = requirement_lines_next(&lines, diags, &ok))) {
            const char *here = strstr(line->text, "here");
            if (here) {
                Span at = requirement_line_span(line, (size_t)(here - line->text), 4);
                g_assert_cmpuint(at.line, ==, places[i].line);
                g_assert_cmpuint(at.column, ==, places[i].column);
                g_assert_cmpuint(at.width, ==, 4);
            }
            requirement_line_free(line);
        }
    }
}

TEST(encodings)
{
    static const struct {
        const char *name, *bytes;
        size_t length;
        const char *text, *error;
    } files[] = {
        {"utf-8", "\xC3\xA9", 2, "\xC3\xA9", NULL},
        {"utf-8 BOM",
         "\xEF\xBB\xBF"
         "a",
         4, "a", NULL},
        {"utf-16 little",
         "\xFF\xFE"
         "a\0\xE9\0",
         6, "a\xC3\xA9", NULL},
        {"utf-16 big", "\xFE\xFF\0a", 4, "a", NULL},
        {"utf-32", "\xFF\xFE\0\0a\0\0\0", 8, "a", NULL},
        {"latin-1 cookie", "# -*- coding: latin_1 -*-\n\xE9", 27,
         "# -*- coding: latin_1 -*-\n\xC3\xA9", NULL},
        {"cookie on the second line", "\xE9\n# coding=latin-1\n", 19,
         "\xC3\xA9\n# coding=latin-1\n", NULL},
        {"cookie needs a comment", "x coding: latin-1\n\xE9", 19, NULL, "byte 0xe9 is not UTF-8"},
        {"unknown cookie", "# coding: koi8-r\n", 17, NULL,
         "the encoding 'koi8-r' is not read (UTF-8, ASCII and Latin-1 are)"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autoptr(Source) raw = source_new("r", files[i].bytes, files[i].length);
        g_autoptr(GError) error = NULL;
        g_autoptr(Source) decoded = requirements_file_decode(raw, &error);
        assert_text(files[i].name, files[i].error, error ? error->message : NULL);
        assert_text(files[i].name, files[i].text, decoded ? source_text(decoded, NULL) : NULL);
    }
}

static char *options_of(const char *text)
{
    g_autoptr(RequirementLine) line = requirement_line_new(text, SPAN_NONE);
    g_autoptr(Diags) diags = diags_new();
    g_autoptr(LineOptions) options = line_options_parse(line, diags);
    if (!options)
        return diags_format(diags, false);
    GString *out = g_string_new(NULL);
    g_string_append_len(out, line->text, (gssize)options->argument_length);
    for (guint i = 0; i < options->options->len; i++) {
        const LineOption *option = options->options->pdata[i];
        g_string_append_printf(out, "|%s=%s", option->name, option->value ? option->value : "");
    }
    g_string_append_printf(out, "%s", diags_warnings(diags) > 0 ? "|?" : "");
    return g_string_free(out, FALSE);
}

TEST(options)
{
    static const char *const table[][2] = {
        {"a==1 --hash=sha256:00 --hash sha256:11", "a==1|--hash=sha256:00|--hash=sha256:11"},
        {"-r x.txt", "|--requirement=x.txt"},
        {"-rx.txt", "|--requirement=x.txt"},
        {"--requirem 'a b.txt'", "|--requirement=a b.txt"},
        {"--index-url=u --pre", "|--index-url=u|--pre="},
        {"--pypi-url u", "|--pypi-url=u"},
        {"-f \"a\\\"b\\c\"", "|--find-links=a\"b\\c"},
        {"a -C k=v ; python_version>'3'", "a|--config-settings=k=v|?"},
        {"a-b -- --pre", "a-b|?"},
        {"-", "|?"},
        {"--no-index=1", "error: --no-index takes no value\n"},
        {"--re x", "error: the option --re could be --requirement or --require-hashes\n"},
        {"--index-ulr x", "error: pip knows no option --index-ulr in a requirements file\n"
                          "      = hint: did you mean --index-url?\n"},
        {"-x", "error: pip knows no option -x in a requirements file\n"},
        {"--hash", "error: --hash needs a value\n"},
        {"a --hash=md5:00", "error: --hash takes sha256, sha384 and sha512 digests alone\n"},
        {"-r 'x", "error: the options can't be read: a quotation mark is not closed\n"},
        {"--use-feature=fast-deps", "|--use-feature=fast-deps"},
        {"--only-binary -x", "error: --only-binary needs a value\n"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autofree char *found = options_of(table[i][0]);
        assert_text(table[i][0], table[i][1], found);
    }
}
