#include "dockerfile/words.h"

#include "text/jsonw.h"

static bool is_bare(const char *text, const char *punctuation)
{
    if (!*text)
        return false;
    for (const char *p = text; *p; p++) {
        if (!g_ascii_isalnum(*p) && !strchr(punctuation, *p))
            return false;
    }
    return true;
}

static void append_single_quoted(GString *out, const char *text)
{
    g_string_append_c(out, '\'');
    for (const char *p = text; *p; p++) {
        if (*p == '\'')
            g_string_append(out, "'\\''");
        else
            g_string_append_c(out, *p);
    }
    g_string_append_c(out, '\'');
}

/* printf's %b reads \n and \\ in its argument. */
static char *with_escaped_breaks(const char *text)
{
    GString *out = g_string_new(NULL);
    for (const char *p = text; *p; p++) {
        if (*p == '\n')
            g_string_append(out, "\\n");
        else if (*p == '\\')
            g_string_append(out, "\\\\");
        else
            g_string_append_c(out, *p);
    }
    return g_string_free(out, FALSE);
}

char *word_shell(const char *text)
{
    if (is_bare(text, "_@%+=:,./-") && *text != '=')
        return g_strdup(text);
    GString *out = g_string_new(NULL);
    if (!strchr(text, '\n')) {
        append_single_quoted(out, text);
        return g_string_free(out, FALSE);
    }
    g_autofree char *escaped = with_escaped_breaks(text);
    g_string_append(out, "\"$(printf %b ");
    append_single_quoted(out, escaped);
    g_string_append(out, ")\"");
    return g_string_free(out, FALSE);
}

char *word_value(const char *text, bool expand)
{
    if (strpbrk(text, "\n\r"))
        return NULL;
    if (is_bare(text, "_@%+=:,./-"))
        return g_strdup(text);
    GString *out = g_string_new("\"");
    for (const char *p = text; *p; p++) {
        if (*p == '"' || *p == '\\' || (*p == '$' && !expand))
            g_string_append_c(out, '\\');
        g_string_append_c(out, *p);
    }
    g_string_append_c(out, '"');
    return g_string_free(out, FALSE);
}

char *words_exec(const char *const *words)
{
    g_autoptr(JsonWriter) writer = jsonw_new();
    jsonw_begin_array(writer, JSONW_INLINE);
    for (guint i = 0; words && words[i]; i++)
        jsonw_string(writer, words[i]);
    jsonw_end_array(writer);
    return g_strchomp(jsonw_finish(writer, NULL));
}

static bool has_line(const char *text, const char *line)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    return g_strv_contains((const char *const *)lines, line);
}

char *word_heredoc_end(const char *text)
{
    char *end = g_strdup("EOF");
    for (unsigned i = 2; has_line(text, end); i++) {
        g_free(end);
        end = g_strdup_printf("EOF%u", i);
    }
    return end;
}
