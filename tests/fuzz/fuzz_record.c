/* RECORD: rows that are accepted, written with every field quoted, read back the same. */
#include "fuzz.h"

#include "python/record.h"

static char *print(const GPtrArray *rows)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < rows->len; i++) {
        const RecordRow *row = rows->pdata[i];
        g_auto(GStrv) parts = g_strsplit(row->path, "\"", -1);
        g_autofree char *path = g_strjoinv("\"\"", parts);
        g_string_append_printf(text, "\"%s\",\"%s%s\",", path, row->sha256 ? "sha256=" : "",
                               row->sha256 ? row->sha256 : "");
        if (row->has_size)
            g_string_append_printf(text, "%" G_GUINT64_FORMAT, row->size);
        g_string_append(text, "\r\n");
    }
    return g_string_free(text, FALSE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GPtrArray) rows = record_parse((const char *)data, size, NULL);
    if (rows == NULL)
        return 0;
    g_autofree char *text = print(rows);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) back = record_parse(text, strlen(text), &error);
    g_assert_no_error(error);
    g_autofree char *again = print(back);
    g_assert_cmpstr(text, ==, again);
    return 0;
}
