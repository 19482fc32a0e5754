/* Texts that are credentials by their form: prefixes and lengths that their issuers document. A
 * text that merely might be one is none. */
#pragma once

#include <stddef.h>

/* "a token of GitHub" when one stands anywhere in the text, else NULL. */
const char *secret_text_find(const char *text);
/* The same, and where in the text the first one stands. */
const char *secret_text_locate(const char *text, size_t *ret_offset, size_t *ret_length);
