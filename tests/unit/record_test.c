#include "python/record.h"
#include "test.h"

#define DIGEST "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"

static char *show(const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) rows = record_parse(text, strlen(text), &error);
    if (rows == NULL)
        return g_strdup_printf("error: %s", error->message);
    GString *shown = g_string_new(NULL);
    for (guint i = 0; i < rows->len; i++) {
        const RecordRow *row = rows->pdata[i];
        g_string_append_printf(shown, "[%s|%s|", row->path, row->sha256 != NULL ? "sha256" : "");
        if (row->has_size)
            g_string_append_printf(shown, "%" G_GUINT64_FORMAT, row->size);
        g_string_append_c(shown, ']');
    }
    return g_string_free(shown, FALSE);
}

TEST(records)
{
    static const char *const rows[][2] = {
        {"a.py,sha256=" DIGEST ",12\r\nb/c.py,,\n", "[a.py|sha256|12][b/c.py||]"},
        {"a.py,sha256=" DIGEST "=,0", "[a.py|sha256|0]"},
        {"\"a,\"\"b\"\".py\",md5=x,1,more\n\n\n", "[a,\"b\".py||1]"},
        {"\"two\nlines\"\n", "[two\nlines||]"},
        {"alone\n", "[alone||]"},
        {"", ""},
        {"\"open\n", "error: row 1: a quoted field does not end"},
        {"a\n,,\n", "error: row 2: the path is empty"},
        {"a,,many\n", "error: row 1: the size is no number"},
        {"a,,-1\n", "error: row 1: the size is no number"},
        {"a,sha256=short,\n", "error: row 1: the sha256 is no urlsafe base64 of 32 bytes"},
        {"\xff,,\n", "error: row 1: the path holds a NUL or is no UTF-8"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *found = show(rows[i][0]);
        assert_text(rows[i][0], rows[i][1], found);
    }
}
