#include "emit/script_text.h"
#include "test.h"

/* Names and paths as people have them, and texts that would end a literal. */
static const char *const texts[] = {
    "plain",
    "",
    "with blank",
    "it's",
    "''",
    "'",
    "$HOME and ${env:PATH} and $(rm -rf x)",
    "`date` `n`",
    "\"quoted\" \\ back\\slash\\",
    "C:\\Users\\Zo\xc3\xab\\My Documents\\",
    "a;b & c | d > e < f # g",
    "{name}==1.0; sys_platform == 'win32'",
    "--option=@{x}",
    "two\nlines\n",
    "'@\n'@",
    "\xe2\x80\x98typographic\xe2\x80\x99 \xe2\x80\x9aquotes\xe2\x80\x9b "
    "\xe2\x80\x9clong\xe2\x80\x9d",
    "\xe2\x80\x99; exit; #",
    "\xf0\x9f\x90\x8d",
    "%PATH% !x! ^",
    "END\nEND1\n",
};

static bool ends_literal(gunichar c)
{
    return c == '\'' || c == 0x2018 || c == 0x2019 || c == 0x201a || c == 0x201b;
}

/* As PowerShell's tokenizer reads a text in single quotes; NULL: it ends before the word does. */
static char *read_powershell(const char *word)
{
    g_autoptr(GString) out = g_string_new(NULL);
    if (*word != '\'')
        return NULL;
    const char *at = word + 1;
    for (; *at; at = g_utf8_next_char(at)) {
        if (ends_literal(g_utf8_get_char(at))) {
            const char *next = g_utf8_next_char(at);
            if (!ends_literal(g_utf8_get_char(next)))
                return *next ? NULL : g_strdup(out->str);
            at = next;
        }
        g_string_append_unichar(out, g_utf8_get_char(at));
    }
    return NULL;
}

TEST(words)
{
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *posix = script_word(SHELL_POSIX, texts[i]);
        g_autofree char *read = g_shell_unquote(posix, NULL);
        assert_text(posix, texts[i], read);
        g_autofree char *word = script_word(SHELL_POWERSHELL, texts[i]);
        g_autofree char *again = read_powershell(word);
        assert_text(word, texts[i], again);
    }
}

TEST(comments_end_with_their_line)
{
    static const struct {
        const char *text, *expected;
    } rows[] = {
        {"one", "# one\n"},
        {"one\ntwo  \n\nthree", "# one\n# two\n# three\n"},
        {"a\rb\xc2\x85"
         "c\xe2\x80\xa8"
         "d\x1b[0m",
         "# a b c d [0m\n"},
        {"", ""},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GString) out = g_string_new(NULL);
        script_comment(out, "", rows[i].text);
        assert_text(rows[i].text, rows[i].expected, out->str);
    }
}

TEST(settings_and_calls)
{
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    g_ptr_array_add(words, (char *)"--index-url");
    g_ptr_array_add(words, (char *)"https://example.org/a'b?c=$d");
    script_setting(out, SHELL_POSIX, "uv_refused", "it's");
    script_setting(out, SHELL_POWERSHELL, "uv_refused", "it's");
    script_call(out, SHELL_POSIX, "install", "01-a.txt", words);
    script_call(out, SHELL_POWERSHELL, "install", "01-a.txt", words);
    script_call(out, SHELL_POSIX, "stage", "a b", NULL);
    script_call(out, SHELL_POWERSHELL, "stage", "a b", NULL);
    script_call(out, SHELL_POWERSHELL, "remove", NULL, words);
    assert_text(NULL,
                "uv_refused='it'\\''s'\n"
                "$UvRefused = 'it''s'\n"
                "install 01-a.txt --index-url 'https://example.org/a'\\''b?c=$d'\n"
                "Install-Locked '01-a.txt' @('--index-url', 'https://example.org/a''b?c=$d')\n"
                "stage 'a b'\n"
                "Start-Stage 'a b'\n"
                "Remove-Installed @('--index-url', 'https://example.org/a''b?c=$d')\n",
                out->str);
}

TEST(files_in_a_script)
{
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GString) out = g_string_new(NULL);
        script_file(out, SHELL_POSIX, "x.txt", texts[i]);
        const char *begin = strstr(out->str, "<<'") + 3;
        g_autofree char *delimiter = g_strndup(begin, strcspn(begin, "'"));
        g_autofree char *end = g_strdup_printf("%s\n", delimiter);
        g_autofree char *line = g_strdup_printf("\n%s\n", delimiter);
        g_assert_true(g_str_has_suffix(out->str, end));
        const char *body = strchr(out->str, '\n');
        g_assert_true(strstr(body, line) == out->str + out->len - strlen(line));
    }
}

TEST(parts_are_replaced)
{
    g_autofree char *found =
        script_replace("a\n#@one\nb\n#@end\nc\n    #@two\n    d\n    #@end\ne\n", "two", "X\n");
    assert_text(NULL, "a\n#@one\nb\n#@end\nc\nX\ne\n", found);
}
