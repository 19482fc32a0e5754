#include "dockerfile/lexer.h"

#include "base/limits.h"
#include "dockerfile/lexer_pattern.h"

typedef struct {
    const char *at;
    LexStyle style;
    LexLookup lookup;
    const void *data;
    bool unknown; /* the result hangs on a value that is not known */
    unsigned nesting;
    GPtrArray *unset;
} Lexer;

/* Words as they grow: blanks that came raw end one, blanks from quotes do not. */
typedef struct {
    GString *word;
    GPtrArray *words;
    bool in_word;
} Words;

typedef struct {
    char stop;          /* "}" or "/"; 0: the end of the text */
    bool raw_escapes;   /* escapes stay */
    bool double_quoted; /* escapes inside quotes are doubled: the text is a pattern */
} Reach;

static gboolean lex_until(Lexer *lexer, Reach reach, GString *out, Words *words, GError **error);

bool lex_is_space(gunichar c)
{
    if (c < 0x80)
        return c == ' ' || (c >= '\t' && c <= '\r');
    return c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 ||
           c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

void lex_result_free(LexResult *result)
{
    if (!result)
        return;
    g_free(result->text);
    g_ptr_array_unref(result->words);
    g_ptr_array_unref(result->unset);
    g_free(result);
}

static gboolean refuse(GError **error, const char *what)
{
    return error_set(error, ERROR_INPUT, SPAN_NONE, "%s", what);
}

static void words_end(Words *words)
{
    if (words->word->len == 0)
        return;
    g_ptr_array_add(words->words, g_strdup(words->word->str));
    g_string_truncate(words->word, 0);
    words->in_word = false;
}

static void words_add_raw(Words *words, const char *text, size_t length)
{
    g_string_append_len(words->word, text, (gssize)length);
    words->in_word = true;
}

static void words_add(Words *words, const char *text, size_t length)
{
    for (const char *p = text; p < text + length; p = g_utf8_next_char(p)) {
        if (!lex_is_space(g_utf8_get_char(p)))
            words_add_raw(words, p, (size_t)(g_utf8_next_char(p) - p));
        else if (words->in_word)
            words_end(words);
    }
}

static gboolean lex_single_quotes(Lexer *lexer, Reach reach, GString *out, GError **error)
{
    const char *end = strchr(lexer->at + 1, '\'');
    if (!end)
        return refuse(error, "a single quote is not closed");
    if (lexer->style.raw_quotes)
        g_string_append_c(out, '\'');
    for (const char *p = lexer->at + 1; p < end; p++) {
        if (reach.double_quoted && *p == lexer->style.escape)
            g_string_append_c(out, *p);
        g_string_append_c(out, *p);
    }
    if (lexer->style.raw_quotes)
        g_string_append_c(out, '\'');
    lexer->at = end + 1;
    return TRUE;
}

static size_t name_length(const char *text)
{
    size_t length = 0;
    if (g_ascii_isdigit(*text)) {
        while (g_ascii_isdigit(text[length]))
            length++;
        return length;
    }
    if (*text && strchr("@*#?-$!", *text))
        return 1;
    for (const char *p = text; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        if (c != '_' && !g_unichar_isalpha(c) && g_unichar_type(c) != G_UNICODE_DECIMAL_NUMBER)
            break;
        length = (size_t)(g_utf8_next_char(p) - text);
    }
    return length;
}

static LexValue look_up(Lexer *lexer, const char *name, const char **ret_value)
{
    *ret_value = "";
    LexValue state = lexer->lookup ? lexer->lookup(lexer->data, name, ret_value) : LEX_UNSET;
    if (state != LEX_SET)
        *ret_value = "";
    return state;
}

static void put_plain(Lexer *lexer, const char *name, LexValue state, const char *value,
                      GString *out)
{
    if (state == LEX_UNKNOWN)
        lexer->unknown = true;
    if (state == LEX_UNSET)
        g_ptr_array_add(lexer->unset, g_strdup(name));
    g_string_append(out, value);
}

/* ${NAME:-word} and its kind; `operator` is one of "-+?". */
static gboolean put_conditional(Lexer *lexer, const char *name, char operator, bool empty_is_unset,
                                const char *word, GString *out, GError **error)
{
    const char *value;
    LexValue state = look_up(lexer, name, &value);
    if (state == LEX_UNKNOWN) {
        lexer->unknown = true;
        return TRUE;
    }
    if (state == LEX_UNSET && lexer->style.keep_unset) {
        g_string_append_printf(out, "${%s%s%c%s}", name, empty_is_unset ? ":" : "", operator, word);
        return TRUE;
    }
    bool absent = state == LEX_UNSET || (empty_is_unset && *value == '\0');
    if (operator== '-')
        g_string_append(out, absent ? word : value);
    else if (operator== '+')
        g_string_append(out, absent ? "" : word);
    else if (absent)
        return error_set(error, ERROR_INPUT, SPAN_NONE, "%s: %s", name,
                         *word                ? word
                         : state == LEX_UNSET ? "is not allowed to be unset"
                                              : "is not allowed to be empty");
    else
        g_string_append(out, value);
    return TRUE;
}

static gboolean put_trimmed(Lexer *lexer, const char *name, char operator, const char * word,
                            GString *out, GError **error)
{
    const char *value;
    LexValue state = look_up(lexer, name, &value);
    if (state == LEX_UNSET && lexer->style.keep_unset) {
        g_string_append_printf(out, "${%s%c%s}", name, operator, word);
        return TRUE;
    }
    if (state == LEX_UNKNOWN)
        lexer->unknown = true;
    if (state == LEX_UNSET)
        g_ptr_array_add(lexer->unset, g_strdup(name));
    bool greedy = *word == operator;
    g_autofree char *result =
        lex_pattern_trim(value, word + (greedy ? 1 : 0), operator== '%', greedy, error);
    if (!result)
        return FALSE;
    g_string_append(out, result);
    return TRUE;
}

/* Behind "${NAME/". */
static gboolean lex_replacement(Lexer *lexer, const char *name, GString *out, GError **error)
{
    bool all = *lexer->at == '/';
    lexer->at += all;
    g_autoptr(GString) pattern = g_string_new(NULL);
    g_autoptr(GString) text = g_string_new(NULL);
    if (!lex_until(lexer, (Reach){'/', true, true}, pattern, NULL, error) ||
        !lex_until(lexer, (Reach){'}', true, false}, text, NULL, error))
        return FALSE;
    const char *value;
    LexValue state = look_up(lexer, name, &value);
    if (state == LEX_UNSET && lexer->style.keep_unset) {
        g_string_append_printf(out, "${%s/%s/%s}", name, pattern->str, text->str);
        return TRUE;
    }
    if (state == LEX_UNKNOWN)
        lexer->unknown = true;
    if (state == LEX_UNSET)
        g_ptr_array_add(lexer->unset, g_strdup(name));
    g_autofree char *result = lex_pattern_replace(value, pattern->str, text->str, all, error);
    if (!result)
        return FALSE;
    g_string_append(out, result);
    return TRUE;
}

/* Behind "${NAME" and the sign that follows it. */
static gboolean lex_modifier(Lexer *lexer, const char *name, char sign, GString *out,
                             GError **error)
{
    bool empty_is_unset = sign == ':';
    if (empty_is_unset)
        sign = *lexer->at ? *lexer->at++ : '\0';
    bool trims = sign == '#' || sign == '%';
    if (sign == '\0' || !strchr("-+?#%", sign) || (trims && empty_is_unset))
        return refuse(error, "a reference has an operator that builders don't know");
    g_autoptr(GString) word = g_string_new(NULL);
    if (!lex_until(lexer, (Reach){'}', trims, trims}, word, NULL, error))
        return FALSE;
    if (trims)
        return put_trimmed(lexer, name, sign, word->str, out, error);
    return put_conditional(lexer, name, sign, empty_is_unset, word->str, out, error);
}

/* Behind "${". */
static gboolean lex_braces(Lexer *lexer, GString *out, GError **error)
{
    if (*lexer->at == '\0')
        return refuse(error, "'}' is missing");
    if (strchr("{}:", *lexer->at))
        return refuse(error, "a reference has no name");
    if (++lexer->nesting > LIMIT_LEX_NESTING)
        return refuse(error, "references are nested too deeply");
    size_t length = name_length(lexer->at);
    g_autofree char *name = g_strndup(lexer->at, length);
    lexer->at += length;
    char sign = *lexer->at;
    if (sign == '\0')
        return refuse(error, "'}' is missing");
    lexer->at++;
    gboolean ok = TRUE;
    const char *value;
    if (sign == '/') {
        ok = lex_replacement(lexer, name, out, error);
    } else if (sign != '}') {
        ok = lex_modifier(lexer, name, sign, out, error);
    } else {
        LexValue state = look_up(lexer, name, &value);
        if (state == LEX_UNSET && lexer->style.keep_unset)
            g_string_append_printf(out, "${%s}", name);
        else
            put_plain(lexer, name, state, value, out);
    }
    lexer->nesting--;
    return ok;
}

/* At "$". */
static gboolean lex_dollar(Lexer *lexer, GString *out, GError **error)
{
    lexer->at++;
    if (*lexer->at == '{') {
        lexer->at++;
        return lex_braces(lexer, out, error);
    }
    size_t length = name_length(lexer->at);
    if (length == 0) {
        g_string_append_c(out, '$');
        return TRUE;
    }
    g_autofree char *name = g_strndup(lexer->at, length);
    lexer->at += length;
    const char *value;
    LexValue state = look_up(lexer, name, &value);
    if (state == LEX_UNSET && lexer->style.keep_unset)
        g_string_append_printf(out, "$%s", name);
    else
        put_plain(lexer, name, state, value, out);
    return TRUE;
}

/* Behind an escape inside double quotes: only some characters can be escaped there. */
static void lex_quoted_escape(Lexer *lexer, Reach reach, GString *out)
{
    char escape = lexer->style.escape;
    if (*lexer->at == '\0')
        return;
    bool special = *lexer->at == '"' || *lexer->at == '$' || *lexer->at == escape;
    if (special ? reach.raw_escapes
                : reach.raw_escapes && (!lexer->style.raw_quotes || reach.double_quoted))
        g_string_append_c(out, escape);
    g_string_append_c(out, special ? *lexer->at++ : escape);
}

static gboolean lex_double_quotes(Lexer *lexer, Reach reach, GString *out, GError **error)
{
    lexer->at++;
    if (lexer->style.raw_quotes)
        g_string_append_c(out, '"');
    while (*lexer->at != '"') {
        if (*lexer->at == '\0')
            return refuse(error, "a double quote is not closed");
        if (*lexer->at == '$') {
            if (!lex_dollar(lexer, out, error))
                return FALSE;
        } else if (*lexer->at == lexer->style.escape) {
            lexer->at++;
            lex_quoted_escape(lexer, reach, out);
        } else {
            g_string_append_c(out, *lexer->at++);
        }
    }
    lexer->at++;
    if (lexer->style.raw_quotes)
        g_string_append_c(out, '"');
    return TRUE;
}

/* "<<" and the blanks behind it belong to the word that follows. */
static void lex_heredoc(Lexer *lexer, GString *out)
{
    g_string_append_c(out, *lexer->at++);
    if (*lexer->at != '<')
        return;
    do {
        g_string_append_c(out, *lexer->at++);
    } while (*lexer->at && strchr(" \t\r", *lexer->at));
}

static void lex_escape(Lexer *lexer, Reach reach, GString *out)
{
    if (reach.raw_escapes)
        g_string_append_c(out, *lexer->at);
    lexer->at++;
    if (*lexer->at == '\0')
        return;
    const char *next = g_utf8_next_char(lexer->at);
    g_string_append_len(out, lexer->at, next - lexer->at);
    lexer->at = next;
}

/* What stands at lexer->at, appended to `piece`; *ret_raw: its blanks do not end a word. */
static gboolean lex_piece(Lexer *lexer, Reach reach, GString *piece, bool *ret_raw, GError **error)
{
    char c = *lexer->at;
    *ret_raw = true;
    if (c == '$') {
        *ret_raw = false;
        return lex_dollar(lexer, piece, error);
    }
    if (c == '\'')
        return lex_single_quotes(lexer, reach, piece, error);
    if (c == '"')
        return lex_double_quotes(lexer, reach, piece, error);
    if (c == '<') {
        lex_heredoc(lexer, piece);
    } else if (c == lexer->style.escape) {
        lex_escape(lexer, reach, piece);
    } else {
        *ret_raw = false;
        const char *next = g_utf8_next_char(lexer->at);
        g_string_append_len(piece, lexer->at, next - lexer->at);
        lexer->at = next;
    }
    return TRUE;
}

static gboolean lex_until(Lexer *lexer, Reach reach, GString *out, Words *words, GError **error)
{
    g_autoptr(GString) piece = g_string_new(NULL);
    while (*lexer->at) {
        if (reach.stop && *lexer->at == reach.stop) {
            lexer->at++;
            return TRUE;
        }
        bool raw;
        g_string_truncate(piece, 0);
        if (!lex_piece(lexer, reach, piece, &raw, error))
            return FALSE;
        g_string_append_len(out, piece->str, (gssize)piece->len);
        if (words && raw)
            words_add_raw(words, piece->str, piece->len);
        else if (words)
            words_add(words, piece->str, piece->len);
        if (out->len > LIMIT_DOCKERFILE_BYTES)
            return refuse(error, "the value is too long");
    }
    if (reach.stop)
        return refuse(error,
                      reach.stop == '}' ? "'}' is missing" : "'/' is missing in a reference");
    return TRUE;
}

LexResult *lex_text(const char *text, LexStyle style, LexLookup lookup, const void *data,
                    GError **error)
{
    g_autoptr(GPtrArray) unset = g_ptr_array_new_with_free_func(g_free);
    Lexer lexer = {text, style, lookup, data, false, 0, unset};
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(GString) word = g_string_new(NULL);
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);
    Words words = {word, list, false};
    if (!lex_until(&lexer, (Reach){'\0', style.raw_escapes, false}, out, &words, error))
        return NULL;
    words_end(&words);
    LexResult *result = g_new0(LexResult, 1);
    result->text = lexer.unknown ? NULL : g_strdup(out->str);
    result->words = g_steal_pointer(&list);
    result->unset = g_steal_pointer(&unset);
    return result;
}
