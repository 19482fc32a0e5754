/* Names of symbols for people, and to which library they seem to belong (Itanium C++ ABI, 5.1
 * "External Names"). No demangler: what a name begins with is enough for both. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* "c10::StorageImpl::data" of "_ZNK3c1011StorageImpl4dataEv"; what follows a template's arguments
 * is left out. NULL: no mangled name, or one that begins with something else. Caller frees. */
char *symbol_words(const char *name);
/* What the names of one library have in common: the outermost namespace ("c10"), or the first word
 * of a name of C ("nccl" of "ncclCommRegister"). false: none, or one that the system's own
 * libraries and the interpreter have as well. */
bool symbol_family(const char *name, const char **ret_word, size_t *ret_length);
