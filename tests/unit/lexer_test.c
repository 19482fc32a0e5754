#include "dockerfile/lexer.h"
#include "test.h"

static LexValue look_up(const void *data, const char *name, const char **ret_value)
{
    (void)data;
    if (g_str_equal(name, "BASE"))
        return LEX_UNKNOWN;
    if (g_str_equal(name, "CUDA"))
        *ret_value = "12.4.1";
    else if (g_str_equal(name, "EMPTY"))
        *ret_value = "";
    else if (g_str_equal(name, "FILE"))
        *ret_value = "wheels/torch.tar.gz";
    else
        return LEX_UNSET;
    return LEX_SET;
}

/* `result` "error": it is malformed, "unknown": it hangs on what the base sets. */
static const struct {
    const char *text, *result, *unset;
} rows[] = {
    {"a $CUDA b", "a 12.4.1 b", ""},
    {"cu${CUDA}x", "cu12.4.1x", ""},
    {"'$CUDA' \"$CUDA\" \\$CUDA", "$CUDA 12.4.1 $CUDA", ""},
    {"$NONE-${NONE}", "-", "NONE NONE"},
    {"${NONE:-x $CUDA}", "x 12.4.1", ""},
    {"${EMPTY:-x}${EMPTY-y}", "x", ""},
    {"${CUDA:+x}${EMPTY:+y}${EMPTY+z}", "xz", ""},
    {"${NONE:?say which}", "error", ""},
    {"${CUDA:?say which}", "12.4.1", ""},
    {"${CUDA%.*}", "12.4", ""},
    {"${CUDA%%.*}", "12", ""},
    {"${CUDA#*.}", "4.1", ""},
    {"${CUDA##*.}", "1", ""},
    {"${CUDA/./-}", "12-4.1", ""},
    {"${CUDA//./}", "1241", ""},
    {"${FILE#*/}", "torch.tar.gz", ""},
    {"${FILE/\\/t?rch/}", "wheels.tar.gz", ""},
    {"$BASE/bin", "unknown", ""},
    {"${BASE:-x}", "unknown", ""},
    {"${CUDA", "error", ""},
    {"${}", "error", ""},
    {"${CUDA:#x}", "error", ""},
    {"'a", "error", ""},
    {"\"a", "error", ""},
    {"$", "$", ""},
    {"\"a\\b\\\"c\"", "a\\b\"c", ""},
};

TEST(lex_text)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        LexStyle style = {.escape = '\\'};
        g_autoptr(LexResult) result = lex_text(rows[i].text, style, look_up, NULL, NULL);
        assert_text(rows[i].text, rows[i].result,
                    !result        ? "error"
                    : result->text ? result->text
                                   : "unknown");
        if (!result)
            continue;
        g_ptr_array_add(result->unset, NULL);
        g_autofree char *unset = g_strjoinv(" ", (char **)result->unset->pdata);
        assert_text(rows[i].text, rows[i].unset, unset);
    }
}

TEST(lex_words)
{
    LexStyle style = {.escape = '`'};
    g_autoptr(LexResult) result = lex_text(" a 'b c'`  d  e\t$CUDA", style, look_up, NULL, NULL);
    g_ptr_array_add(result->words, NULL);
    g_autofree char *words = g_strjoinv("|", (char **)result->words->pdata);
    assert_text(NULL, "a|b c |d|e|12.4.1", words);
}

TEST(lex_nesting_is_bounded)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (unsigned i = 0; i < 5000; i++)
        g_string_append(text, "${A:-");
    g_autoptr(GError) error = NULL;
    LexStyle style = {.escape = '\\'};
    g_assert_null(lex_text(text->str, style, look_up, NULL, &error));
    assert_text(NULL, "references are nested too deeply", error->message);
}

TEST(lex_patterns_are_bounded)
{
    g_autofree char *stars = g_strnfill(4000, '*');
    g_autofree char *long_word = g_strnfill(60000, 'a');
    g_autofree char *text =
        g_strdup_printf("${CUDA/%s/${CUDA/1/%s}}${CUDA//%sz/x}", stars, long_word, stars);
    LexStyle style = {.escape = '\\'};
    g_autoptr(LexResult) result = lex_text(text, style, look_up, NULL, NULL);
    g_assert_true(!result || result->text);
}
