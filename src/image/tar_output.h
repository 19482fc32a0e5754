/* A tar file on its way out: to a new file that appears whole or not at all, or to a pipe, a device
 * or standard output as it is made. */
#pragma once

#include "archive/reader.h"

typedef struct TarOutput TarOutput;

gboolean tar_output_header(TarOutput *out, const ArchiveEntry *entry, GError **error);
/* The content of the entry; its form is that of a DeflateSink, `out` is a TarOutput. */
gboolean tar_output_write(void *out, const void *bytes, size_t length, GError **error);
/* What fills the last block of a content of that size. */
gboolean tar_output_pad(TarOutput *out, guint64 size, GError **error);

typedef gboolean (*TarOutputFunc)(TarOutput *out, void *data, GError **error);
/* Has `write` write the entries, and ends the archive after them. `path` "-" is standard output;
 * folders above a new file are made. */
gboolean tar_output_make(const char *path, TarOutputFunc write, void *data, GError **error);
