/* Plans read back: what is accepted is written canonically, reads back to the same bytes, and can
 * be shown to people. */
#include "fuzz.h"

#include "plan/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(Plan) plan = plan_decode_json("input", (const char *)data, size, NULL);
    if (!plan)
        return 0;
    size_t length, again_length;
    g_autofree char *text = plan_encode_json(plan, true, &length);
    g_autoptr(GError) error = NULL;
    g_autoptr(Plan) back = plan_decode_json("output", text, length, &error);
    g_assert_no_error(error);
    g_autofree char *again = plan_encode_json(back, true, &again_length);
    g_assert_cmpstr(text, ==, again);
    g_autofree char *shown =
        plan_format_text(back, &(TextStyle){.all = true, .colour = true, .columns = 80});
    g_assert_true(g_utf8_validate(shown, -1, NULL));
    return 0;
}
