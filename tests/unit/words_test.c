#include "dockerfile/words.h"
#include "dockerfile/writer.h"
#include "test.h"

TEST(shell_words)
{
    static const struct {
        const char *text, *expected;
    } rows[] = {
        {"torch==2.6.0+cu124", "torch==2.6.0+cu124"},
        {"", "''"},
        {"a>=1,<2", "'a>=1,<2'"},
        {"it's", "'it'\\''s'"},
        {"name[extra]", "'name[extra]'"},
        {"$HOME `x` \\", "'$HOME `x` \\'"},
        {"# no comment", "'# no comment'"},
        {"=x", "'=x'"},
        {"two\nlines \\n", "\"$(printf %b 'two\\nlines \\\\n')\""},
        {"é", "'é'"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *found = word_shell(rows[i].text);
        assert_text(rows[i].text, rows[i].expected, found);
    }
}

TEST(values)
{
    static const struct {
        const char *text;
        bool expand;
        const char *expected; /* NULL: can't be carried */
    } rows[] = {
        {"plain-1.0", false, "plain-1.0"},
        {"", false, "\"\""},
        {"two words", false, "\"two words\""},
        {"$HOME/\"x\"\\", false, "\"\\$HOME/\\\"x\\\"\\\\\""},
        {"/opt/bin:$PATH", true, "\"/opt/bin:$PATH\""},
        {"a\nb", false, NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *found = word_value(rows[i].text, rows[i].expand);
        assert_text(rows[i].text, rows[i].expected, found);
    }
}

TEST(lists_and_markers)
{
    const char *const words[] = {"python3", "-c", "print(\"é\\\")\n", NULL};
    g_autofree char *list = words_exec(words);
    assert_text(NULL, "[\"python3\", \"-c\", \"print(\\\"é\\\\\\\")\\n\"]", list);
    g_autofree char *plain = word_heredoc_end("EOF2\n EOF\n");
    assert_text(NULL, "EOF", plain);
    g_autofree char *other = word_heredoc_end("EOF\nEOF2\n");
    assert_text(NULL, "EOF3", other);
}

TEST(instructions)
{
    g_autoptr(DockerfileWriter) writer = dockerfile_writer_new();
    dockerfile_blank(writer);
    dockerfile_comment(writer, "one\n\ntwo\n");
    dockerfile_blank(writer);
    dockerfile_blank(writer);
    g_autoptr(RunStep) run = run_step_new();
    g_assert_true(run_step_is_empty(run));
    run_step_mount(run, "type=cache,target=/x");
    run_step_command(run, "pip install");
    run_step_switch(run, "--pre");
    run_step_argument(run, "%080d", 1);
    run_step_argument(run, "b");
    run_step_command(run, "true");
    dockerfile_run(writer, run);
    dockerfile_heredoc_file(writer, "", "/a b", "x");
    g_autofree char *text = dockerfile_writer_finish(writer);
    assert_text(NULL,
                "# one\n#\n# two\n\n"
                "RUN --mount=type=cache,target=/x \\\n"
                "    pip install --pre \\\n"
                "        00000000000000000000000000000000000000000000000000000000000000000000000000"
                "000001 \\\n"
                "        b \\\n"
                "    && true\n"
                "COPY <<'EOF' '/a b'\nx\nEOF\n",
                text);
}
