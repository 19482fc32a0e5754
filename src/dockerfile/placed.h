/* A text each byte of which remembers where it stood in a file: what is left of a Dockerfile's
 * lines after they were joined, or of a word after its quotes were taken away. Mistakes in such a
 * text are shown at their own place. */
#pragma once

#include "base/error.h"

typedef struct {
    GString *text;
    GArray *places; /* guint32: offset in the file of every byte of `text` */
} Placed;

Placed *placed_new(void);
void placed_free(Placed *placed);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Placed, placed_free)

/* `length` bytes that stand together in the file from `place` on. */
void placed_append(Placed *placed, const char *text, size_t length, size_t place);
/* Several bytes that all stand for the one at `place`. */
void placed_append_at(Placed *placed, const char *text, size_t length, size_t place);
void placed_append_slice(Placed *placed, const Placed *from, size_t offset, size_t length);
Placed *placed_slice(const Placed *placed, size_t offset, size_t length);
/* Cuts what is behind `length` bytes. */
void placed_truncate(Placed *placed, size_t length);

/* Where text[offset .. offset+length) stands in `source`; an offset at the end is behind the last
 * byte. SPAN_NONE for an empty text. */
Span placed_span(const Placed *placed, Source *source, size_t offset, size_t length);
