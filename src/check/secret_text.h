/* Texts that are credentials by their form: prefixes and lengths that their issuers document. A
 * text that merely might be one is none. */
#pragma once

/* "a token of GitHub" when one stands anywhere in the text, else NULL. */
const char *secret_text_find(const char *text);
