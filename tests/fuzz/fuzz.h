/* What a fuzz target defines. It returns 0, and aborts (g_assert) where a property does not hold.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
