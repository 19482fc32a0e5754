/* The cached form of a wheel's native facts: compact, since the symbols of large libraries are
 * many. Names are sorted, and each is written as what it adds to the one before. */
#pragma once

#include "facts/wheel_native.h"
#include "store/cache.h"

GByteArray *native_encode(const WheelNative *native);
/* NULL: not such bytes. */
WheelNative *native_decode(GBytes *bytes);
