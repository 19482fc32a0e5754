/* Ranges of a stream kept in memory: what is wanted is told first, then collected in one forward
 * pass; the stream is rewound only when a range lies before what was read already. */
#pragma once

#include "facts/shared_object.h"

typedef struct ObjectBytes ObjectBytes;

/* Borrows the stream. */
ObjectBytes *object_bytes_new(const ObjectStream *stream);
void object_bytes_free(ObjectBytes *bytes);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ObjectBytes, object_bytes_free)

/* FALSE: the range does not lie inside the file, or too much is wanted already. */
bool object_bytes_want(ObjectBytes *bytes, guint64 offset, guint64 length);
/* Reads what is wanted and not here. ERROR_INPUT: the stream ends early. */
gboolean object_bytes_collect(ObjectBytes *bytes, GError **error);
/* The bytes of a range that was collected, or NULL. */
const guint8 *object_bytes_at(const ObjectBytes *bytes, guint64 offset, guint64 length);

/* Bytes in memory as a stream. Borrows them; the stream borrows `memory`. */
typedef struct {
    GBytes *bytes;
    gsize position;
} MemoryStream;
ObjectStream memory_stream_open(MemoryStream *memory, GBytes *bytes);
