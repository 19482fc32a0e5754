/* METADATA: what is accepted, written again as headers, says the same. */
#include "fuzz.h"

#include "python/metadata.h"

static bool has_line_end(const char *text)
{
    return text != NULL && strpbrk(text, "\r\n") != NULL;
}

/* NULL when a value is folded or printed with an escape, so that it can't be written in one line.
 */
static char *print(const Metadata *metadata)
{
    if (has_line_end(metadata->requires_python))
        return NULL;
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, "Name: %s\nVersion: %s\n", metadata->name,
                           version_text(metadata->version));
    if (metadata->requires_python != NULL)
        g_string_append_printf(text, "Requires-Python: %s\n", metadata->requires_python);
    for (guint i = 0; i < metadata->requires_dist->len; i++) {
        const Requirement *requirement = metadata->requires_dist->pdata[i];
        if (strpbrk(requirement->text, "\\\r\n") != NULL)
            return g_string_free(text, TRUE);
        g_string_append_printf(text, "Requires-Dist: %s\n", requirement->text);
    }
    return g_string_free(text, FALSE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(Metadata) metadata = metadata_parse((const char *)data, size, NULL);
    g_autofree char *text = metadata == NULL ? NULL : print(metadata);
    if (text == NULL)
        return 0;
    g_autoptr(GError) error = NULL;
    g_autoptr(Metadata) back = metadata_parse(text, strlen(text), &error);
    g_assert_no_error(error);
    g_assert_cmpuint(metadata->requires_dist->len, ==, back->requires_dist->len);
    g_assert_true((metadata->python == NULL) == (back->python == NULL));
    g_autofree char *again = print(back);
    g_assert_cmpstr(text, ==, again);
    return 0;
}
