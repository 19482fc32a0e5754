/* A text in a label: gzip of our own encoder in base64, so that equal texts give equal labels and
 * `base64 -d | gunzip` reads them. */
#pragma once

#include "base/error.h"

/* Caller frees. */
char *label_pack(const char *text, size_t length);
/* The text, which is UTF-8 without NUL and has at most `limit` bytes; caller frees. ERROR_INPUT,
 * naming the label `name`, for anything else than what label_pack() makes of one. */
char *label_unpack(const char *name, const char *label, size_t limit, GError **error);
