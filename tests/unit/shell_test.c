/* Shell scripts: every row is a script and the simple commands in it. */
#include "dockerfile/shell.h"
#include "test.h"

static void put_slices(GString *out, const ShellScript *script, const GPtrArray *words,
                       const char *mark)
{
    for (guint i = 0; i < words->len; i++) {
        const ShellWord *word = words->pdata[i];
        g_string_append_printf(out, " %s%.*s", mark, (int)word->length,
                               script->text->text->str + word->offset);
    }
}

static void put_command(GString *out, const ShellScript *script, const ShellCommand *command)
{
    static const char *const links[] = {"", ";", "&&", "||", "|", "&"};
    g_string_append_printf(
        out, "%s%s%s%s:", links[command->before], command->isolated ? " isolated" : "",
        command->conditional ? " conditional" : "", command->forgiven ? " forgiven" : "");
    put_slices(out, script, command->assignments, "=");
    put_slices(out, script, command->words, "");
    for (guint i = 0; i < command->redirects->len; i++) {
        const ShellRedirect *redirect = command->redirects->pdata[i];
        g_string_append_printf(out, " %s<%.*s>", redirect->glued ? "glued" : "",
                               (int)redirect->length, script->text->text->str + redirect->offset);
        if (redirect->kind == REDIRECT_HEREDOC)
            g_string_append_printf(out, "{%.*s}", (int)redirect->body_length,
                                   script->text->text->str + redirect->body);
    }
    g_string_append_c(out, '\n');
}

static ShellScript *parse(const char *text)
{
    Placed *placed = placed_new();
    placed_append(placed, text, strlen(text), 0);
    return shell_parse(placed);
}

/* clang-format off */
static const struct {
    const char *text, *commands;
} rows[] = {
    {"a b 'c d' \"e f\"", ": a b 'c d' \"e f\"\n"},
    {"set -eux; a && b || c", ": set -eux\n; forgiven: a\n&& forgiven: b\n|| conditional: c\n"},
    {"pip install torch>=2.0,<3 'x>=1'", ": pip install torch 'x>=1' glued<>=2.0,> glued<<3>\n"},
    {"pip install x >log 2>&1", ": pip install x <>log> <2>&1>\n"},
    {"A=1 B='c d' env C=$D e", ": =A=1 =B='c d' env C=$D e\n"},
    {"(cd /x; a) && b", " isolated: cd /x\n; isolated: a\n&&: b\n"},
    {"{ cd /x; a; }", ": cd /x\n;: a\n"},
    {"a | b |& c", " isolated: a\n| isolated: b\n| isolated: c\n"},
    {"a & b", " isolated forgiven: a\n&: b\n"},
    {"! a; b", " forgiven: a\n;: b\n"},
    {"if a; then b; elif c; then d; else e; fi",
     " forgiven: a\n conditional: b\n forgiven: c\n conditional: d\n conditional: e\n"},
    {"for i in a b; do c $i; done; d", " conditional: c $i\n;: d\n"},
    {"while a; do b; done <x", " forgiven: a\n conditional: b\n: <<x>\n"},
    {"case $a in x|y) b;; (*) c; esac", " conditional: b\n conditional: c\n"},
    {"f() { a; }; f", " conditional: a\n;: f\n"},
    {"echo \"$(a b)\" `c`", ": echo \"$(a b)\" `c`\n isolated: a b\n isolated: c\n"},
    {"cat <<E >x\n$a\nE\nb", ": cat <<<E>{$a\n} <>x>\n;: b\n"},
    {"cat <<-'E' && b\n\ta\n\tE\n", ": cat <<<-'E'>{\ta\n}\n&&: b\n"},
    {"[[ a == b* && c < d ]] && e", "&&: e\n"},
    {"((a = 1 + (2))); b", ";: b\n"},
    {"a=(b 'c d') e", ": =a=(b 'c d') e\n"},
    {"diff <(a) b", ": diff <(a) b\n isolated: a\n"},
    {"a # b && c\nd#e", ": a\n;: d#e\n"},
    {"a \\\n && b", ": a\n&&: b\n"},
    {"echo } fi", ": echo } fi\n"},
    {"a &>x <<<y", ": a <&>x> <<<<y>\n"},
    {"sudo -E a", ": sudo -E a\n"},
    {"", ""},
    /* not understood */
    {"a 'b", NULL}, {"a \"b", NULL}, {"a $(b", NULL}, {"a `b", NULL}, {"a ${b", NULL}, {"a)", NULL},
    {"(a", NULL}, {"if a; then b", NULL}, {"a &&", NULL}, {"&& a", NULL}, {"a; ; b", NULL}, {"fi", NULL},
    {"cat <<E\na", NULL}, {"echo $'a'", NULL}, {"a >", NULL}, {"for", NULL}, {"case a in b", NULL},
    {"a | ! b", NULL}, {"a \\", NULL},
};
/* clang-format on */

TEST(shell_rows)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(ShellScript) script = parse(rows[i].text);
        g_autoptr(GString) out = g_string_new(NULL);
        for (guint k = 0; k < script->commands->len; k++)
            put_command(out, script, script->commands->pdata[k]);
        g_assert_true(script->understood == (script->reason == NULL));
        assert_text(rows[i].text, rows[i].commands ? rows[i].commands : "not understood",
                    script->understood ? out->str : "not understood");
    }
}

static const char *look_up(const void *data, const char *name)
{
    (void)data;
    return g_str_equal(name, "TWO") ? " a  b" : g_str_equal(name, "ONE") ? "c" : NULL;
}

TEST(shell_values)
{
    static const struct {
        const char *text, *value, *fields;
    } words[] = {
        {"a'b c'\"d\"\\ e", "ab cd e", "ab cd e"},
        {"x$ONE\"${ONE}\"'$ONE'", "xcc$ONE", "xcc$ONE"},
        {"x$TWO", "x a  b", "x|a|b"},
        {"\"$TWO\"", " a  b", " a  b"},
        {"''", "", ""},
        {"$OTHER", NULL, NULL},
        {"a$(b)", NULL, NULL},
        {"${ONE:-x}", NULL, NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        g_autoptr(ShellScript) script = parse(words[i].text);
        const ShellCommand *command = script->commands->pdata[0];
        const ShellWord *word = command->words->pdata[0];
        g_autofree char *value = shell_word_value(word, look_up, NULL);
        g_assert_cmpstr(value, ==, words[i].value);
        g_autoptr(GPtrArray) fields = shell_word_fields(word, look_up, NULL);
        g_assert_true((fields != NULL) == (words[i].fields != NULL));
        if (!fields)
            continue;
        g_ptr_array_add(fields, NULL);
        g_autofree char *joined = g_strjoinv("|", (char **)fields->pdata);
        assert_text(words[i].text, words[i].fields, joined);
    }
}

TEST(shell_is_bounded)
{
    static const char *const pieces[] = {"(",  "$(",    "\"$(", "{ ", "if ",
                                         "`(", "${a:-", "f() ", "! "};
    for (size_t i = 0; i < G_N_ELEMENTS(pieces); i++) {
        g_autoptr(GString) text = g_string_new(NULL);
        for (unsigned k = 0; k < 20000; k++)
            g_string_append(text, pieces[i]);
        g_autoptr(ShellScript) script = parse(text->str);
        g_assert_false(script->understood);
    }
    g_autoptr(GString) text = g_string_new(NULL);
    for (unsigned k = 0; k < 30000; k++)
        g_string_append(text, "a;");
    g_autoptr(ShellScript) script = parse(text->str);
    assert_text(NULL, "it has too many commands", script->reason);
}
