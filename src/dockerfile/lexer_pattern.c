#include "dockerfile/lexer_pattern.h"

#include "base/limits.h"

/* A pattern is a row of characters, with these two for the wildcards. */
enum {
    ANY_ONE = 0x110000,
    ANY_RUN,
};

typedef struct {
    GArray *pattern; /* gunichar */
    glong length;    /* of the value */
    gunichar *value;
    size_t steps;
} Matcher;

static void matcher_clear(Matcher *matcher)
{
    g_array_unref(matcher->pattern);
    g_free(matcher->value);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Matcher, matcher_clear)

static gboolean compile(GArray *out, const char *pattern, GError **error)
{
    for (const char *p = pattern; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        if (c == '\\' && (p[1] == '}' || p[1] == '/'))
            continue;
        if (c == '\\') {
            p++;
            if (*p == '\0' || !strchr("*?\\", *p))
                return error_set(error, ERROR_INPUT, SPAN_NONE,
                                 "the pattern '%s' escapes what needs no escape", pattern);
            c = (gunichar)*p;
        } else if (c == '*' || c == '?') {
            c = c == '*' ? ANY_RUN : ANY_ONE;
        }
        g_array_append_val(out, c);
    }
    return TRUE;
}

static void reverse(gunichar *text, size_t length)
{
    for (size_t i = 0; i < length / 2; i++) {
        gunichar c = text[i];
        text[i] = text[length - 1 - i];
        text[length - 1 - i] = c;
    }
}

static gboolean matcher_init(Matcher *matcher, const char *value, const char *pattern,
                             GError **error)
{
    matcher->pattern = g_array_new(FALSE, FALSE, sizeof(gunichar));
    if (!compile(matcher->pattern, pattern, error))
        return FALSE;
    matcher->value = g_utf8_to_ucs4_fast(value, -1, &matcher->length);
    return TRUE;
}

/* Moves each state (how much of the pattern is matched) over what matches nothing. */
static void skip_runs(const Matcher *matcher, GByteArray *states)
{
    for (guint i = 0; i < matcher->pattern->len; i++) {
        if (states->data[i] && g_array_index(matcher->pattern, gunichar, i) == ANY_RUN)
            states->data[i + 1] = 1;
    }
}

static gunichar token_at(const Matcher *matcher, guint i)
{
    return i < matcher->pattern->len ? g_array_index(matcher->pattern, gunichar, i) : 0;
}

static void step(const Matcher *matcher, GByteArray *states, gunichar c)
{
    for (guint i = states->len; i-- > 0;) {
        bool stays = states->data[i] && token_at(matcher, i) == ANY_RUN && c != '\n';
        gunichar before = i > 0 ? token_at(matcher, i - 1) : ANY_RUN;
        bool comes = before != ANY_RUN && states->data[i - 1] &&
                     (before == c || (before == ANY_ONE && c != '\n'));
        states->data[i] = stays || comes;
    }
    skip_runs(matcher, states);
}

/* The end of the shortest or longest match that begins at `start`; -1 where there is none. */
static glong match_at(Matcher *matcher, glong start, bool longest)
{
    g_autoptr(GByteArray) states = g_byte_array_new();
    guint count = matcher->pattern->len + 1;
    g_byte_array_set_size(states, count);
    memset(states->data, 0, count);
    states->data[0] = 1;
    skip_runs(matcher, states);
    glong end = states->data[count - 1] ? start : -1;
    for (glong i = start; i < matcher->length && (longest || end < 0); i++) {
        matcher->steps += count;
        if (matcher->steps > LIMIT_LEX_PATTERN_STEPS)
            return end;
        step(matcher, states, matcher->value[i]);
        if (states->data[count - 1])
            end = i + 1;
        if (!memchr(states->data, 1, count))
            break;
    }
    return end;
}

static gboolean check_steps(const Matcher *matcher, GError **error)
{
    if (matcher->steps <= LIMIT_LEX_PATTERN_STEPS)
        return TRUE;
    return error_set(error, ERROR_INPUT, SPAN_NONE, "matching a pattern takes too long");
}

char *lex_pattern_trim(const char *value, const char *pattern, bool suffix, bool greedy,
                       GError **error)
{
    g_auto(Matcher) matcher = {0};
    if (!matcher_init(&matcher, value, pattern, error))
        return NULL;
    size_t length = (size_t)matcher.length;
    if (suffix) {
        reverse((gunichar *)(void *)matcher.pattern->data, matcher.pattern->len);
        reverse(matcher.value, length);
    }
    glong end = MAX(match_at(&matcher, 0, greedy), 0);
    if (!check_steps(&matcher, error))
        return NULL;
    if (suffix)
        reverse(matcher.value, length);
    return g_ucs4_to_utf8(matcher.value + (suffix ? 0 : end), matcher.length - end, NULL, NULL,
                          NULL);
}

static void append_characters(GString *out, const gunichar *from, glong count)
{
    for (glong i = 0; i < count; i++)
        g_string_append_unichar(out, from[i]);
}

char *lex_pattern_replace(const char *value, const char *pattern, const char *replacement, bool all,
                          GError **error)
{
    g_auto(Matcher) matcher = {0};
    if (!matcher_init(&matcher, value, pattern, error))
        return NULL;
    g_autoptr(GString) out = g_string_new(NULL);
    glong done = 0, last = -1; /* `last`: where the match before ended */
    for (glong at = 0; at <= matcher.length && (all || last < 0); at++) {
        glong end = match_at(&matcher, at, true);
        if (end < 0 || (end == at && at == last))
            continue;
        append_characters(out, matcher.value + done, at - done);
        g_string_append(out, replacement);
        done = last = end;
        if (end > at)
            at = end - 1;
        if (out->len > LIMIT_DOCKERFILE_BYTES) {
            error_set(error, ERROR_INPUT, SPAN_NONE, "the value is too long");
            return NULL;
        }
    }
    if (!check_steps(&matcher, error))
        return NULL;
    append_characters(out, matcher.value + done, matcher.length - done);
    return g_string_free(g_steal_pointer(&out), FALSE);
}
