/* Texts of f-strings: the tree keeps the expressions of an f-string, its literal parts are read
 * from the source again (The Python Language Reference §2.4.3). */
#include "check/import_machine.h"

typedef struct {
    const char *at, *end;
    GString *text; /* what was read so far */
    const Value *const *values;
    unsigned count, used;
    ImportMachine *machine;
    bool known; /* false: a part has no known text */
} Reader;

typedef struct {
    bool formatted, raw, bytes, triple;
    char quote;
    const char *body;
} Opening;

/* A string begins here, maybe with a prefix. */
static bool read_opening(const char *at, const char *end, Opening *ret_opening)
{
    Opening opening = {0};
    for (; at < end && strchr("fFrRbBuUtT", *at); at++) {
        opening.formatted |= *at == 'f' || *at == 'F';
        opening.raw |= *at == 'r' || *at == 'R';
        opening.bytes |= strchr("bBtT", *at) != NULL;
    }
    if (at >= end || (*at != '"' && *at != '\''))
        return false;
    opening.quote = *at;
    opening.triple = end - at >= 3 && at[1] == *at && at[2] == *at;
    opening.body = at + (opening.triple ? 3 : 1);
    *ret_opening = opening;
    return true;
}

static bool at_closing(const Reader *reader, const Opening *opening)
{
    const char *at = reader->at;
    if (*at != opening->quote)
        return false;
    return !opening->triple ||
           (reader->end - at >= 3 && at[1] == opening->quote && at[2] == opening->quote);
}

static void read_escape(Reader *reader, const Opening *opening)
{
    static const char names[] = "n\nt\tr\r\\\\'\'\"\"";
    char next = reader->at + 1 < reader->end ? reader->at[1] : '\0';
    if (opening->raw) {
        g_string_append_c(reader->text, '\\');
        reader->at++;
        return;
    }
    reader->at += next ? 2 : 1;
    if (next == '\n')
        return;
    for (unsigned i = 0; i + 1 < sizeof names; i += 2)
        if (names[i] == next) {
            g_string_append_c(reader->text, names[i + 1]);
            return;
        }
    reader->known = false;
}

/* Behind "{": up to and behind the "}" of the field. */
static void read_field(Reader *reader)
{
    unsigned depth = 1;
    const char *begin = reader->at;
    bool plain = true, quoted = false;
    while (reader->at < reader->end && depth > 0) {
        char c = *reader->at;
        Opening inner;
        if (c == '"' || c == '\'') {
            /* Strings within: of one line, without escapes. */
            const char *close = read_opening(reader->at, reader->end, &inner)
                                    ? memchr(inner.body, c, (size_t)(reader->end - inner.body))
                                    : NULL;
            if (!close || inner.triple) {
                reader->known = false;
                reader->at = reader->end;
                return;
            }
            reader->at = close;
        } else if (strchr("{[(", c)) {
            depth++;
        } else if (strchr("}])", c)) {
            depth--;
        } else if (depth == 1 && c == '!' && reader->at[1] != '=') {
            quoted = reader->at[1] == 'r';
            plain &= quoted || reader->at[1] == 's';
        } else if (depth == 1 && (c == ':' || (c == '=' && reader->at[1] == '}'))) {
            plain = false;
        }
        reader->at++;
    }
    if (reader->used >= reader->count || reader->at == begin) {
        reader->known = false;
        return;
    }
    const Value *value = reader->values[reader->used++];
    const char *shown = plain ? value_display(reader->machine, value, quoted) : NULL;
    reader->known &= shown != NULL;
    g_string_append(reader->text, shown ? shown : "…");
}

static void read_body(Reader *reader, const Opening *opening)
{
    while (reader->at < reader->end && !at_closing(reader, opening)) {
        char c = *reader->at;
        bool twice = reader->at + 1 < reader->end && reader->at[1] == c;
        if (c == '\\') {
            read_escape(reader, opening);
        } else if (opening->formatted && (c == '{' || c == '}') && twice) {
            g_string_append_c(reader->text, c);
            reader->at += 2;
        } else if (opening->formatted && c == '{') {
            reader->at++;
            read_field(reader);
        } else {
            g_string_append_c(reader->text, c);
            reader->at++;
        }
    }
    reader->at = MIN(reader->at + (opening->triple ? 3 : 1), reader->end);
}

static void skip_space(Reader *reader)
{
    while (reader->at < reader->end) {
        if (*reader->at == '#') {
            const char *stop = memchr(reader->at, '\n', (size_t)(reader->end - reader->at));
            reader->at = stop ? stop : reader->end;
        } else if (strchr(" \t\r\n", *reader->at) ||
                   (*reader->at == '\\' && reader->at[1] == '\n')) {
            reader->at++;
        } else {
            return;
        }
    }
}

/* Strings that follow one another are one. */
static bool read_joined(Reader *reader)
{
    bool formatted = false;
    Opening opening;
    while (reader->at < reader->end && read_opening(reader->at, reader->end, &opening)) {
        formatted |= opening.formatted;
        reader->known &= !opening.bytes;
        reader->at = opening.body;
        read_body(reader, &opening);
        skip_space(reader);
    }
    return formatted;
}

static bool in_word(const char *text, const char *at)
{
    return at > text && (g_ascii_isalnum(at[-1]) || at[-1] == '_');
}

const char *fstring_text(ImportMachine *machine, unsigned line, const Value *const *values,
                         unsigned count, bool *ret_known)
{
    size_t length, offset = 0;
    const ImportSource *source = machine->frame->scope->module->source;
    const char *text = source ? import_source_text(source, &length) : NULL;
    if (!text || !import_source_find_line(source, line, &offset))
        return NULL;
    const char *end = text + length, *stop = memchr(text + offset, '\n', length - offset);
    g_autoptr(GString) found = NULL;
    for (const char *at = text + offset; at < (stop ? stop : end);) {
        Opening opening;
        g_autoptr(GString) buffer = g_string_new(NULL);
        Reader reader = {at, end, buffer, values, count, 0, machine, true};
        if (in_word(text, at) || !read_opening(at, end, &opening)) {
            at += 1;
            continue;
        }
        bool formatted = read_joined(&reader);
        if (formatted && reader.used == count) {
            if (found)
                return NULL; /* two that look alike */
            found = g_steal_pointer(&buffer);
            *ret_known = reader.known;
        }
        at = MAX(reader.at, at + 1);
    }
    return found && found->len <= MAX_TEXT ? machine_text(machine, found->str) : NULL;
}
