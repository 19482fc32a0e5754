/* What an extension module says of the numpy it was compiled for. numpy's headers put a sentence
 * into every module that calls import_array(), which that raises where the numpy at hand won't do
 * (numpy/core/code_generators/generate_numpy_api.py): numpy 1's headers another one than numpy 2's,
 * whose sentence names the oldest numpy that will do. Cython adds one about sizes of types. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct {
    unsigned headers;      /* 1, 2: numpy's major version; 0: no such sentence */
    unsigned major, minor; /* of the oldest numpy that will do; 0, 0: not said */
    bool sizes;            /* types are compared with the sizes they had */
} NumpyWords;

typedef struct NumpyScanner NumpyScanner;
NumpyScanner *numpy_scanner_new(void);
void numpy_scanner_free(NumpyScanner *scanner);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NumpyScanner, numpy_scanner_free)
/* The next bytes of the file; where they are cut means nothing. */
void numpy_scanner_feed(NumpyScanner *scanner, const void *bytes, size_t length);
NumpyWords numpy_scanner_finish(const NumpyScanner *scanner);

/* NPY_ABI_VERSION of numpy's _numpyconfig.h: 0x01000009, 0x02000000; 0: it isn't there. */
guint32 numpy_abi_parse(const char *text, size_t length);
