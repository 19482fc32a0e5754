/* Dockerfiles: what is read lies inside the file, and every place has its line. */
#include "fuzz.h"

#include "dockerfile/lexer.h"
#include "dockerfile/parse.h"

static void check_placed(const Dockerfile *file, const Placed *text)
{
    size_t length;
    source_text(file->source, &length);
    g_assert_cmpuint(text->text->len, ==, text->places->len);
    for (guint i = 0; i < text->places->len; i++)
        g_assert_cmpuint(g_array_index(text->places, guint32, i), <, length);
    g_assert_true(g_utf8_validate(text->text->str, -1, NULL));
    Span span = placed_span(text, file->source, 0, text->text->len);
    g_assert_true(text->text->len == 0 || span.line > 0);
}

static void check_instruction(const Dockerfile *file, const DockerInstruction *instruction)
{
    LexStyle style = {.escape = file->escape};
    check_placed(file, instruction->line);
    for (guint i = 0; i < instruction->words->len; i++) {
        const Placed *word = instruction->words->pdata[i];
        check_placed(file, word);
        g_autoptr(LexResult) result = lex_text(word->text->str, style, NULL, NULL, NULL);
        g_assert_true(!result || g_utf8_validate(result->text, -1, NULL));
    }
    for (guint i = 0; i < instruction->heredocs->len; i++)
        check_placed(file, ((const DockerHeredoc *)instruction->heredocs->pdata[i])->body);
    if (instruction->trigger)
        check_instruction(file, instruction->trigger);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(Source) source = source_new("Dockerfile", (const char *)data, size);
    g_autoptr(Dockerfile) file = dockerfile_parse(source, NULL);
    for (guint i = 0; file && i < file->instructions->len; i++)
        check_instruction(file, file->instructions->pdata[i]);
    return 0;
}
