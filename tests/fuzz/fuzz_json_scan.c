/* JSON read in place accepts all that the tree reader accepts, down to its depth, and its values
 * can be walked. */
#include "fuzz.h"

#include "text/json.h"
#include "text/json_scan.h"

static void walk(const ScanValue *value, unsigned depth)
{
    const char *state = NULL;
    ScanValue key, item;
    gint64 number;
    g_autoptr(GString) out = g_string_new(NULL);
    g_assert_cmpuint(depth, <=, JSON_SCAN_DEPTH);
    json_scan_text(value, out);
    json_scan_integer(value, &number);
    g_assert_true(!json_scan_is_true(value) || value->length > 0);
    while (json_scan_item(value, &state, &item))
        walk(&item, depth + 1);
    while (json_scan_pair(value, &state, &key, &item))
        walk(&item, depth + 1);
}

static unsigned brackets(const uint8_t *data, size_t size)
{
    unsigned count = 0;
    for (size_t i = 0; i < size; i++)
        count += data[i] == '[' || data[i] == '{';
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    ScanValue value;
    if (!g_utf8_validate(text, (gssize)size, NULL))
        return 0;
    bool scanned = json_scan("input", text, size, &value, NULL);
    g_autoptr(Json) json = json_parse("input", text, size, NULL);
    g_assert_true(scanned || !json || brackets(data, size) > JSON_SCAN_DEPTH);
    if (scanned)
        walk(&value, 0);
    return 0;
}
