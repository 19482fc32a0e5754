/* Keeps credentials out of what people and files see. */
#pragma once

/* `text` with the password of every URL in it (scheme://user:password@host, or a lone token before
 * the @) as asterisks, one for each character, so that columns stay. A lone "git" is the user name
 * that everybody has and stays. Caller frees. */
char *mask_credentials(const char *text);
/* The same without what stands before the @. For files. Caller frees. */
char *strip_credentials(const char *text);
