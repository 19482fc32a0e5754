/* Dockerfiles: every row is a text, what is read of it and what is refused. */
#include "base/limits.h"
#include "dockerfile/parse.h"
#include "test.h"

static void describe_words(GString *out, const DockerInstruction *instruction)
{
    for (guint i = 0; i < instruction->flags->len; i++) {
        const DockerFlag *flag = instruction->flags->pdata[i];
        g_string_append_printf(out, " --%s=%s", flag->name, flag->value ? flag->value : "");
    }
    if (instruction->exec)
        g_string_append(out, " exec");
    for (guint i = 0; i < instruction->words->len; i++)
        g_string_append_printf(out, " [%s]",
                               ((const Placed *)instruction->words->pdata[i])->text->str);
    for (guint i = 0; i < instruction->heredocs->len; i++) {
        const DockerHeredoc *heredoc = instruction->heredocs->pdata[i];
        g_string_append_printf(out, " %s%s<%s>", heredoc->name, heredoc->expand ? "" : "!",
                               heredoc->body->text->str);
    }
}

static void describe(GString *out, const DockerInstruction *instruction)
{
    const char *name = docker_keyword_name(instruction->keyword);
    g_string_append_printf(out, "%u-%u %s", instruction->first_line, instruction->last_line,
                           name ? name : "?");
    describe_words(out, instruction);
    if (instruction->trigger) {
        g_string_append(out, " -> ");
        describe(out, instruction->trigger);
        return;
    }
    g_string_append_c(out, '\n');
}

static char *read_text(const char *text, char **ret_problems)
{
    g_autoptr(Source) source = source_new("Dockerfile", text, strlen(text));
    g_autoptr(GError) error = NULL;
    g_autoptr(Dockerfile) file = dockerfile_parse(source, &error);
    assert_no_error(g_steal_pointer(&error));
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < file->instructions->len; i++)
        describe(out, file->instructions->pdata[i]);
    GString *problems = g_string_new(NULL);
    for (guint i = 0; i < file->problems->len; i++) {
        const GError *problem = file->problems->pdata[i];
        Span at = error_span(problem);
        g_string_append_printf(problems, "%u:%u+%u %s\n", at.line, at.column, at.width,
                               problem->message);
    }
    *ret_problems = g_string_free(problems, FALSE);
    return g_string_free(out, FALSE);
}

/* clang-format off */
static const struct {
    const char *text, *read, *problems;
} rows[] = {
    {"FROM a:b AS c\n", "1-1 FROM [a:b] [AS] [c]\n", ""},
    {"from --platform=$BUILDPLATFORM a\n", "1-1 FROM --platform=$BUILDPLATFORM [a]\n", ""},
    {"\xef\xbb\xbf""FROM a\r\nRUN b \\\r\n  c\r\n", "1-1 FROM [a]\n2-3 RUN [b   c]\n", ""},
    {"RUN a \\\n# why\n   # more\n\n  b\n", "1-5 RUN [a   b]\n", ""},
    {"RUN a \\\\\nRUN b \\ \n c\n", "1-1 RUN [a \\\\]\n2-3 RUN [b  c]\n", ""},
    {"# escape=`\nRUN a `\n b\\\nRUN c\n", "2-3 RUN [a  b\\]\n4-4 RUN [c]\n", ""},
    {"# syntax=x\n# Escape = `\n#check=skip=all\nRUN a `\nb", "4-5 RUN [a b]\n", ""},
    {"# a comment\n# escape=`\nRUN a `\nRUN b", "3-3 RUN [a `]\n4-4 RUN [b]\n", ""},
    {"# escape=x\nRUN a", "2-2 RUN [a]\n", "1:1+10 the escape character is '\\' or '`', not 'x'\n"},
    {"# escape=`\n# escape=`\nRUN a", "3-3 RUN [a]\n", "2:1+10 the directive 'escape' stands here twice\n"},
    {"RUN [\"a\", \"b\\n\\u00e9\"]\n", "1-1 RUN exec [a] [b\n\xc3\xa9]\n", ""},
    {"RUN [\"a\"\nRUN ['a']\nRUN [\"a\"] && b\n", "1-1 RUN [[\"a\"]\n2-2 RUN [['a']]\n3-3 RUN [[\"a\"] && b]\n", ""},
    {"CMD [1]\n", "1-1 CMD\n", "1:5+3 the JSON form takes strings and nothing else\n"},
    {"COPY [\"a b\", \"c\"]\nCOPY a\n", "1-1 COPY exec [a b] [c]\n2-2 COPY [a]\n",
     "2:6+1 COPY takes one source or more, and a destination\n"},
    {"RUN <<EOF\na\n  b\nEOF\nRUN c", "1-4 RUN [<<EOF] EOF<a\n  b\n>\n5-5 RUN [c]\n", ""},
    {"COPY <<A <<-'B' /x/\n1\nA\n\t2 $x\n\tB\n", "1-5 COPY [<<A] [<<-'B'] [/x/] A<1\n> B!<\t2 $x\n>\n", ""},
    {"RUN python3 - <<EOF && echo '<<X'\nimport a\nEOF\n",
     "1-3 RUN [python3 - <<EOF && echo '<<X'] EOF<import a\n>\n", ""},
    {"RUN <<EOF\na\n", "1-2 RUN [<<EOF] EOF<a\n>\n", "1:1+3 no line 'EOF' ends the heredoc\n"},
    {"ONBUILD RUN <<E\na\nE\n", "1-3 ONBUILD E<a\n> -> 1-3 RUN [<<E]\n", ""},
    {"ONBUILD ONBUILD RUN a", "1-1 ONBUILD -> 1-1 ONBUILD -> 0-0 RUN [a]\n", "1:9+7 ONBUILD takes no ONBUILD\n"},
    {"ENV A=b C=\"d e\" F=g\\ h\nENV A b  c\n", "1-1 ENV [A] [b] [C] [\"d e\"] [F] [g\\ h]\n2-2 ENV [A] [b  c]\n", ""},
    {"ENV A=b C\nENV A\n", "1-1 ENV [A] [b]\n2-2 ENV\n",
     "1:9+1 'C' has no '=': each word is NAME=VALUE\n2:5+1 'A' has no value\n"},
    {"ARG A B=\"c d\"\n", "1-1 ARG [A] [B=\"c d\"]\n", ""},
    {"HEALTHCHECK --interval=5s CMD a b\nHEALTHCHECK none\nHEALTHCHECK x\n",
     "1-1 HEALTHCHECK --interval=5s [CMD] [a b]\n2-2 HEALTHCHECK [none]\n3-3 HEALTHCHECK [x]\n",
     "3:13+1 HEALTHCHECK takes `CMD command` or `NONE`, not 'x'\n"},
    {"RUN --mount=type=cache,target=/x --network=none pip --no-deps\n",
     "1-1 RUN --mount=type=cache,target=/x --network=none [pip --no-deps]\n", ""},
    {"RUN --moont=a b\nCOPY --link --link a b\n", "1-1 RUN --moont=a [b]\n2-2 COPY --link= --link= [a] [b]\n",
     "1:5+9 RUN has no flag --moont\n2:13+6 --link stands here twice\n"},
    {"  \n\tFRM a \\\n  b\n", "2-3 ?\n", "2:2+3 there is no instruction 'FRM'; did you mean 'FROM'?\n"},
    {"FROM a b\nFROM a AS 1x\n", "1-1 FROM [a] [b]\n2-2 FROM [a] [AS] [1x]\n",
     "1:6+3 FROM takes an image, or `IMAGE AS NAME`\n2:11+2 '1x' is no name of a stage: letters, digits, '-', '_' "
     "and '.', a letter first\n"},
    {"SHELL bash\n", "1-1 SHELL [bash]\n", "1:7+4 SHELL takes the JSON form: SHELL [\"/bin/bash\", \"-c\"]\n"},
    {"# nothing\n\n", "", "1:1+0 there is no instruction in it\n"},
    {"RUN caf\xe9 \xc3\xa9 --x\n", "1-1 RUN [caf? \xc3\xa9 --x]\n", ""},
};
/* clang-format on */

TEST(dockerfile_rows)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *problems = NULL;
        g_autofree char *read = read_text(rows[i].text, &problems);
        assert_text(rows[i].text, rows[i].read, read);
        assert_text(rows[i].text, rows[i].problems, problems);
    }
}

TEST(words_know_their_place)
{
    static const char text[] = "FROM a\nRUN  x \\\n # no\n\t\xc3\xa9y && z\n";
    g_autoptr(Source) source = source_new("Dockerfile", text, strlen(text));
    g_autoptr(Dockerfile) file = dockerfile_parse(source, NULL);
    const DockerInstruction *run = file->instructions->pdata[1];
    const Placed *word = run->words->pdata[0];
    const char *z = strchr(word->text->str, 'z');
    Span at = placed_span(word, file->source, (size_t)(z - word->text->str), 1);
    g_assert_cmpuint(at.line, ==, 4);
    g_assert_cmpuint(at.column, ==, 8);
    g_assert_cmpuint(at.width, ==, 1);
    at = docker_word_span(file, word); /* cut at the end of its first line */
    g_assert_cmpuint(at.line, ==, 2);
    g_assert_cmpuint(at.column, ==, 6);
    g_assert_cmpuint(at.width, ==, 3);
}

static void assert_refused(const char *text, size_t length, const char *message)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Source) source = source_new("Dockerfile", text, length);
    g_assert_null(dockerfile_parse(source, &error));
    assert_text(NULL, message, error->message);
}

TEST(dockerfile_limits)
{
    assert_refused("FROM a\0b", 8, "a NUL character: this is no Dockerfile");
    g_autofree char *line = g_strnfill(LIMIT_DOCKERFILE_LINE_BYTES, 'a');
    assert_refused(line, LIMIT_DOCKERFILE_LINE_BYTES, "a line is longer than 65536 bytes");
    g_autofree char *large = g_strnfill(LIMIT_DOCKERFILE_BYTES + 1, '\n');
    assert_refused(large, LIMIT_DOCKERFILE_BYTES + 1, "Dockerfile is larger than 1048576 bytes");
    g_autoptr(GString) many = g_string_new(NULL);
    for (unsigned i = 0; i <= LIMIT_DOCKERFILE_INSTRUCTIONS; i++)
        g_string_append(many, "RUN a\n");
    assert_refused(many->str, many->len, "a Dockerfile has at most 10000 instructions");
}
