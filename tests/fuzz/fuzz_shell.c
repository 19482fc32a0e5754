/* Shell scripts: words lie inside the script, in order, and what is not understood has none. */
#include "fuzz.h"

#include "dockerfile/shell.h"

static void check_command(const ShellScript *script, const ShellCommand *command)
{
    size_t end = 0, length = script->text->text->len;
    for (guint i = 0; i < command->words->len; i++) {
        const ShellWord *word = command->words->pdata[i];
        g_assert_cmpuint(word->offset, >=, end);
        end = word->offset + word->length;
        g_assert_cmpuint(end, <=, length);
        g_autofree char *value = shell_word_value(word, NULL, NULL);
        g_assert_true(!value || shell_word_is_plain(word));
    }
    for (guint i = 0; i < command->redirects->len; i++) {
        const ShellRedirect *redirect = command->redirects->pdata[i];
        g_assert_cmpuint(redirect->offset + redirect->length, <=, length);
        g_assert_cmpuint(redirect->body + redirect->body_length, <=, length);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, MIN(size, 65536));
    Placed *placed = placed_new();
    placed_append(placed, text, strlen(text), 0);
    g_autoptr(ShellScript) script = shell_parse(placed);
    g_assert_true(script->understood || script->commands->len == 0);
    for (guint i = 0; i < script->commands->len; i++)
        check_command(script, script->commands->pdata[i]);
    return 0;
}
