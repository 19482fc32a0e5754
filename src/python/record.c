#include "python/record.h"

#include "base/limits.h"

/* Length of a SHA-256 in urlsafe base64 without padding. */
#define SHA256_TEXT 43u

static void row_free(void *data)
{
    RecordRow *row = data;
    g_free(row->path);
    g_free(row->sha256);
    g_free(row->other);
    g_free(row);
}

typedef struct {
    const char *at, *end;
    unsigned row;
    GError **error;
} Reader;

static bool refuse(Reader *reader, const char *why)
{
    return error_set(reader->error, ERROR_INPUT, SPAN_NONE, "row %u: %s", reader->row, why);
}

static bool ends_field(char c)
{
    return c == ',' || c == '\n' || c == '\r';
}

/* As Python's csv module reads: quotes matter at the beginning of a field, a doubled one inside
 * stands for itself, and what follows the closing one is taken as it is. */
static bool read_field(Reader *reader, GString *field)
{
    g_string_truncate(field, 0);
    bool quoted = reader->at < reader->end && *reader->at == '"';
    reader->at += quoted;
    while (reader->at < reader->end) {
        char c = *reader->at;
        if (!quoted && ends_field(c))
            return true;
        reader->at++;
        if (!quoted || c != '"')
            g_string_append_c(field, c);
        else if (reader->at < reader->end && *reader->at == '"')
            g_string_append_c(field, *reader->at++);
        else
            quoted = false;
    }
    return quoted ? refuse(reader, "a quoted field does not end") : true;
}

static bool set_path(Reader *reader, RecordRow *row, const GString *field)
{
    if (field->len == 0)
        return refuse(reader, "the path is empty");
    if (field->len > LIMIT_PATH_BYTES)
        return refuse(reader, "the path is too long");
    if (!g_utf8_validate(field->str, (gssize)field->len, NULL))
        return refuse(reader, "the path holds a NUL or is no UTF-8");
    row->path = g_strdup(field->str);
    return true;
}

/* "sha256=" and the digest; other algorithms are let through without a digest. */
static bool set_digest(Reader *reader, RecordRow *row, const GString *field)
{
    if (!g_str_has_prefix(field->str, "sha256=")) {
        bool text = field->len > 0 && g_utf8_validate(field->str, (gssize)field->len, NULL);
        row->other = text ? g_strdup(field->str) : NULL;
        return true;
    }
    const char *digest = field->str + strlen("sha256=");
    size_t length = strlen(digest);
    while (length > 0 && digest[length - 1] == '=')
        length--;
    bool good = length == SHA256_TEXT;
    for (size_t i = 0; i < length; i++)
        good &= g_ascii_isalnum(digest[i]) || digest[i] == '-' || digest[i] == '_';
    if (!good)
        return refuse(reader, "the sha256 is no urlsafe base64 of 32 bytes");
    row->sha256 = g_strndup(digest, length);
    row->other = digest[length] ? g_strdup(field->str) : NULL;
    return true;
}

static bool set_size(Reader *reader, RecordRow *row, const GString *field)
{
    if (field->len == 0)
        return true;
    row->has_size = true;
    if (!g_ascii_string_to_unsigned(field->str, 10, 0, G_MAXINT64, &row->size, NULL))
        return refuse(reader, "the size is no number");
    return true;
}

static bool (*const setters[])(Reader *, RecordRow *, const GString *) = {set_path, set_digest,
                                                                          set_size};

static bool read_row(Reader *reader, RecordRow *row, GString *field)
{
    for (size_t column = 0;; column++) {
        if (!read_field(reader, field))
            return false;
        if (column < G_N_ELEMENTS(setters) && !setters[column](reader, row, field))
            return false;
        if (reader->at == reader->end || *reader->at != ',')
            return true;
        reader->at++;
    }
}

static void skip_line_ends(Reader *reader)
{
    while (reader->at < reader->end && (*reader->at == '\n' || *reader->at == '\r'))
        reader->at++;
}

GPtrArray *record_parse(const char *text, size_t length, GError **error)
{
    if (length > LIMIT_RECORD_BYTES) {
        error_set(error, ERROR_INPUT, SPAN_NONE, "the record is larger than %zu bytes",
                  (size_t)LIMIT_RECORD_BYTES);
        return NULL;
    }
    g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(row_free);
    g_autoptr(GString) field = g_string_new(NULL);
    Reader reader = {text, text + length, 0, error};
    for (skip_line_ends(&reader); reader.at < reader.end; skip_line_ends(&reader)) {
        RecordRow *row = g_new0(RecordRow, 1);
        g_ptr_array_add(rows, row);
        reader.row++;
        if (!read_row(&reader, row, field))
            return NULL;
    }
    return g_steal_pointer(&rows);
}
