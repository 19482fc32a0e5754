/* Locks: what is accepted is written canonically, and reads back to the same bytes. */
#include "fuzz.h"

#include "lock/lock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(Lock) lock = lock_decode("input", (const char *)data, size, NULL);
    if (!lock)
        return 0;
    size_t length, again_length;
    g_autofree char *text = lock_encode(lock, &length);
    g_autoptr(GError) error = NULL;
    g_autoptr(Lock) back = lock_decode("output", text, length, &error);
    g_assert_no_error(error);
    g_autofree char *again = lock_encode(back, &again_length);
    g_assert_cmpstr(text, ==, again);
    return 0;
}
