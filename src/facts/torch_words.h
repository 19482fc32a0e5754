/* What a torch wheel says of itself: torch/version.py and the architectures that were given to the
 * compiler, which torch._C._cuda_getArchFlags() returns from a text in libtorch_python.so. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* __version__ and cuda of torch/version.py; each NULL where it is absent or None. */
void torch_version_parse(const char *text, size_t length, char **ret_version, char **ret_cuda);

/* Finds the longest run of two or more words "sm_NN" and "compute_NN" with single spaces between
 * them. It may follow another text without a NUL. */
typedef struct TorchArchScanner TorchArchScanner;
TorchArchScanner *torch_arch_scanner_new(void);
void torch_arch_scanner_free(TorchArchScanner *scanner);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TorchArchScanner, torch_arch_scanner_free)
/* The next bytes of the file; where they are cut means nothing. */
void torch_arch_scanner_feed(TorchArchScanner *scanner, const void *bytes, size_t length);
/* FALSE: there is none. unsigned each: 75, 120. */
bool torch_arch_scanner_finish(TorchArchScanner *scanner, GArray **ret_arches, GArray **ret_ptx);
