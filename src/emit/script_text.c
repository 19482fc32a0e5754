#include "emit/script_text.h"

#include "dockerfile/words.h"

/* PowerShell ends a text in single quotes at any of these, and takes two in a row for one. */
static bool is_single_quote(gunichar c)
{
    return c == '\'' || (c >= 0x2018 && c <= 0x201b);
}

static char *powershell_word(const char *text)
{
    GString *out = g_string_new("'");
    for (const char *at = text; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        g_string_append_unichar(out, c);
        if (is_single_quote(c))
            g_string_append_unichar(out, c);
    }
    g_string_append_c(out, '\'');
    return g_string_free(out, FALSE);
}

char *script_word(ScriptShell shell, const char *text)
{
    if (shell == SHELL_POWERSHELL)
        return powershell_word(text);
    /* Unlike a RUN, a script may have a literal of several lines. */
    return strchr(text, '\n') ? g_shell_quote(text) : word_shell(text);
}

void script_comment(GString *out, const char *indent, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i]; i++) {
        g_autoptr(GString) line = g_string_new(NULL);
        for (const char *at = lines[i]; *at; at = g_utf8_next_char(at)) {
            gunichar c = g_utf8_get_char(at);
            g_string_append_unichar(line, g_unichar_isprint(c) && !g_unichar_isspace(c) ? c : ' ');
        }
        g_strchomp(line->str);
        if (*line->str)
            g_string_append_printf(out, "%s# %s\n", indent, line->str);
    }
}

/* uv_refused → UvRefused */
static char *powershell_name(const char *name)
{
    GString *out = g_string_new(NULL);
    bool first = true;
    for (; *name; name++) {
        if (*name != '_')
            g_string_append_c(out, first ? g_ascii_toupper(*name) : *name);
        first = *name == '_';
    }
    return g_string_free(out, FALSE);
}

void script_setting(GString *out, ScriptShell shell, const char *name, const char *value)
{
    g_autofree char *word = script_word(shell, value);
    g_autofree char *other = powershell_name(name);
    if (shell == SHELL_POSIX)
        g_string_append_printf(out, "%s=%s\n", name, word);
    else
        g_string_append_printf(out, "$%s = %s\n", other, word);
}

/* What the functions of install.sh are called in install.ps1. */
static const struct {
    const char *posix, *powershell;
} functions[] = {
    {"stage", "Start-Stage"},
    {"install", "Install-Locked"},
    {"remove", "Remove-Installed"},
};

static const char *powershell_function(const char *function)
{
    size_t i = 0;
    while (!g_str_equal(functions[i].posix, function))
        i++;
    return functions[i].powershell;
}

void script_call(GString *out, ScriptShell shell, const char *function, const char *first,
                 const GPtrArray *more)
{
    bool posix = shell == SHELL_POSIX;
    g_string_append(out, posix ? function : powershell_function(function));
    if (first) {
        g_autofree char *word = script_word(shell, first);
        g_string_append_printf(out, " %s", word);
    }
    if (!posix && more)
        g_string_append(out, " @(");
    for (guint i = 0; more && i < more->len; i++) {
        g_autofree char *word = script_word(shell, more->pdata[i]);
        g_string_append_printf(out, "%s%s", posix ? " " : i > 0 ? ", " : "", word);
    }
    g_string_append(out, !posix && more ? ")\n" : "\n");
}

/* A line that the text does not have. */
static char *find_delimiter(const char *text)
{
    g_autofree char *framed = g_strconcat("\n", text, NULL);
    for (unsigned i = 0;; i++) {
        g_autofree char *delimiter = i ? g_strdup_printf("END%u", i) : g_strdup("END");
        g_autofree char *line = g_strconcat("\n", delimiter, "\n", NULL);
        if (!strstr(framed, line))
            return g_steal_pointer(&delimiter);
    }
}

void script_file(GString *out, ScriptShell shell, const char *path, const char *text)
{
    if (shell == SHELL_POSIX) {
        g_autofree char *delimiter = find_delimiter(text);
        const char *end = g_str_has_suffix(text, "\n") || !*text ? "" : "\n";
        g_string_append_printf(out, "cat >\"$here/%s\" <<'%s'\n%s%s%s\n", path, delimiter, text,
                               end, delimiter);
        return;
    }
    g_autofree char *word = powershell_word(text);
    g_string_append_printf(out, "[IO.File]::WriteAllText((Join-Path $Here '%s'), %s)\n", path,
                           word);
}

/* Begin of the line that holds the mark, and of the line behind it. */
static const char *find_line(const char *template, const char *mark, const char **ret_next)
{
    const char *at = strstr(template, mark);
    while (at && at[strlen(mark)] != '\n')
        at = strstr(at + 1, mark);
    g_assert(at);
    *ret_next = at + strlen(mark) + 1;
    while (at > template && at[-1] != '\n')
        at--;
    return at;
}

char *script_replace(const char *template, const char *name, const char *text)
{
    g_autofree char *mark = g_strconcat("#@", name, NULL);
    const char *inside, *rest;
    const char *begin = find_line(template, mark, &inside);
    find_line(inside, "#@end", &rest);
    return g_strdup_printf("%.*s%s%s", (int)(begin - template), template, text, rest);
}
