#include "base/limits.h"
#include "dockerfile/lexer.h"
#include "dockerfile/parse_private.h"

enum {
    MAX_TRIGGERS = 4, /* ONBUILD ONBUILD ...; the second is refused anyway */
};

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Words parted by blanks of ASCII. */
static void parse_list(DockerInstruction *instruction, const Placed *text)
{
    const GString *all = text->text;
    for (size_t at = 0; at < all->len;) {
        size_t begin = at;
        while (at < all->len && !is_blank(all->str[at]))
            at++;
        if (at > begin)
            g_ptr_array_add(instruction->words, placed_slice(text, begin, at - begin));
        while (at < all->len && is_blank(all->str[at]))
            at++;
    }
}

static void parse_text(DockerInstruction *instruction, const Placed *text)
{
    if (text->text->len > 0)
        g_ptr_array_add(instruction->words, placed_slice(text, 0, text->text->len));
}

/* Words that quotes hold together; the quotes stay. */
typedef struct {
    const Placed *text;
    size_t at;
    char escape;
} QuotedWords;

/* Takes over the character at `at`; an escape takes the next one along, at the end it is dropped.
 */
static void take_character(QuotedWords *words, Placed *word, bool escapes)
{
    const GString *all = words->text->text;
    size_t begin = words->at;
    const char *next = g_utf8_next_char(all->str + begin);
    if (escapes && all->str[begin] == words->escape) {
        if (*next == '\0') {
            words->at = all->len;
            return;
        }
        next = g_utf8_next_char(next);
    }
    words->at = (size_t)(next - all->str);
    placed_append_slice(word, words->text, begin, words->at - begin);
}

/* NULL behind the last one. */
static Placed *next_word(QuotedWords *words)
{
    const GString *all = words->text->text;
    const char *p = all->str + words->at;
    while (*p && lex_is_space(g_utf8_get_char(p)))
        p = g_utf8_next_char(p);
    words->at = (size_t)(p - all->str);
    if (*p == '\0')
        return NULL;
    Placed *word = placed_new();
    char quote = '\0';
    while (words->at < all->len) {
        char c = all->str[words->at];
        if (!quote && lex_is_space(g_utf8_get_char(all->str + words->at)))
            break;
        if (quote ? c == quote : c == '"' || c == '\'')
            quote = quote ? '\0' : c;
        take_character(words, word, quote != '\'');
    }
    return word;
}

static void add_parts(DockerInstruction *instruction, const Placed *word, size_t equals)
{
    g_ptr_array_add(instruction->words, placed_slice(word, 0, equals));
    g_ptr_array_add(instruction->words,
                    placed_slice(word, equals + 1, word->text->len - equals - 1));
}

/* "name value": all behind the first blank is the value. */
static void parse_old_pair(Dockerfile *file, DockerInstruction *instruction, const Placed *text)
{
    const GString *all = text->text;
    size_t name = 0;
    while (name < all->len && !is_blank(all->str[name]))
        name++;
    size_t value = name;
    while (value < all->len && is_blank(all->str[value]))
        value++;
    instruction->old_form = true;
    if (value == all->len) {
        docker_problem(file, docker_word_span(file, text), "'%s' has no value", all->str);
        return;
    }
    g_ptr_array_add(instruction->words, placed_slice(text, 0, name));
    g_ptr_array_add(instruction->words, placed_slice(text, value, all->len - value));
}

static void parse_pairs(Dockerfile *file, DockerInstruction *instruction, const Placed *text)
{
    QuotedWords words = {text, 0, file->escape};
    for (bool first = true;; first = false) {
        g_autoptr(Placed) word = next_word(&words);
        if (!word)
            return;
        const char *equals = strchr(word->text->str, '=');
        if (!equals && first) {
            parse_old_pair(file, instruction, text);
            return;
        }
        if (equals)
            add_parts(instruction, word, (size_t)(equals - word->text->str));
        else
            docker_problem(file, docker_word_span(file, word),
                           "'%s' has no '=': each word is NAME=VALUE", word->text->str);
    }
}

static void parse_names(Dockerfile *file, DockerInstruction *instruction, const Placed *text)
{
    QuotedWords words = {text, 0, file->escape};
    for (Placed *word = next_word(&words); word; word = next_word(&words))
        g_ptr_array_add(instruction->words, word);
}

/* Whether the arguments were a JSON array. */
static bool parse_exec(Dockerfile *file, DockerInstruction *instruction, const Placed *text)
{
    bool other = false;
    GPtrArray *strings = exec_form_parse(text, &other);
    if (other)
        docker_problem(file, docker_word_span(file, text),
                       "the JSON form takes strings and nothing else");
    if (!strings)
        return other;
    g_ptr_array_extend_and_steal(instruction->words, strings);
    instruction->exec = true;
    return true;
}

/* "CMD command" or "NONE". */
static void parse_health(Dockerfile *file, DockerInstruction *instruction, const Placed *text)
{
    const GString *all = text->text;
    size_t end = 0;
    while (end < all->len && !is_blank(all->str[end]))
        end++;
    if (end == 0)
        return;
    g_ptr_array_add(instruction->words, placed_slice(text, 0, end));
    while (end < all->len && is_blank(all->str[end]))
        end++;
    g_autoptr(Placed) command = placed_slice(text, end, all->len - end);
    if (!parse_exec(file, instruction, command))
        parse_text(instruction, command);
}

static void parse_trigger(Dockerfile *file, DockerInstruction *instruction, const Placed *text,
                          unsigned nesting)
{
    if (text->text->len == 0 || nesting >= MAX_TRIGGERS)
        return;
    Placed *line = placed_slice(text, 0, text->text->len);
    instruction->trigger = instruction_parse(file, line, nesting + 1);
}

void arguments_parse(Dockerfile *file, DockerInstruction *instruction, const Placed *arguments,
                     ArgumentKind kind, unsigned nesting)
{
    switch (kind) {
    case ARGUMENTS_LIST:
        parse_list(instruction, arguments);
        break;
    case ARGUMENTS_EXEC_LIST:
        if (!parse_exec(file, instruction, arguments))
            parse_list(instruction, arguments);
        break;
    case ARGUMENTS_EXEC_TEXT:
        if (!parse_exec(file, instruction, arguments))
            parse_text(instruction, arguments);
        break;
    case ARGUMENTS_TEXT:
        parse_text(instruction, arguments);
        break;
    case ARGUMENTS_PAIRS:
        parse_pairs(file, instruction, arguments);
        break;
    case ARGUMENTS_NAMES:
        parse_names(file, instruction, arguments);
        break;
    case ARGUMENTS_HEALTH:
        parse_health(file, instruction, arguments);
        break;
    case ARGUMENTS_TRIGGER:
        parse_trigger(file, instruction, arguments, nesting);
        break;
    case ARGUMENTS_NONE:
        break;
    }
}

/* Heredocs */

/* The text without quotes, or NULL where it is not one word. */
static char *marker_name(const char *marker, bool raw)
{
    LexStyle style = {'\\', raw, false, true};
    g_autoptr(LexResult) result = lex_text(marker, style, NULL, NULL, NULL);
    if (!result || result->words->len != 1)
        return NULL;
    return g_strdup(result->words->pdata[0]);
}

static unsigned count_quotes(const char *text)
{
    unsigned count = 0;
    for (; *text; text++)
        count += *text == '"' || *text == '\'';
    return count;
}

/* "<<EOF", "2<<-'EOF'"; NULL for other words. */
static DockerHeredoc *heredoc_new(const char *word)
{
    size_t digits = strspn(word, "0123456789");
    const char *rest = word + digits;
    if (!g_str_has_prefix(rest, "<<") || digits > 9)
        return NULL;
    rest += 2;
    bool chomp = *rest == '-';
    rest += chomp;
    rest += strspn(rest, " \t\r\n\v\f");
    if (*rest == '\0' || strchr(rest, '<'))
        return NULL;
    g_autofree char *name = marker_name(rest, false);
    g_autofree char *raw = marker_name(rest, true);
    if (!name || !raw)
        return NULL;
    DockerHeredoc *heredoc = g_new0(DockerHeredoc, 1);
    heredoc->expand = count_quotes(name) == count_quotes(raw);
    heredoc->name = g_steal_pointer(&name);
    heredoc->fd = (unsigned)g_ascii_strtoull(word, NULL, 10);
    heredoc->chomp = chomp;
    heredoc->body = placed_new();
    heredoc->ending = placed_new();
    return heredoc;
}

GPtrArray *heredocs_find(const Placed *line)
{
    GPtrArray *heredocs = g_ptr_array_new_with_free_func(docker_heredoc_free);
    LexStyle style = {'\\', true, true, true};
    g_autoptr(LexResult) result = lex_text(line->text->str, style, NULL, NULL, NULL);
    for (guint i = 0; result && i < result->words->len; i++) {
        DockerHeredoc *heredoc = heredoc_new(result->words->pdata[i]);
        if (heredoc)
            g_ptr_array_add(heredocs, heredoc);
    }
    return heredocs;
}
