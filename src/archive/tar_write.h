/* Tar headers as layers have them: POSIX ustar, and before it a pax record only where ustar cannot
 * say it (POSIX.1-2017, pax, "ustar Interchange Format" and "pax Extended Header"). Numeric owners,
 * no names of users and groups, whole seconds, no device numbers: the bytes are a function of the
 * entry alone.
 *
 * A header is followed by the content and by tar_padding() zeros; an archive ends with
 * TAR_END_BYTES zeros. */
#pragma once

#include "archive/reader.h"

enum {
    TAR_BLOCK_BYTES = 512,
    TAR_END_BYTES = 2 * TAR_BLOCK_BYTES,
    /* Of one header with its pax records: both names as long as LIMIT_PATH_BYTES allows, and
     * LIMIT_XATTR_BYTES of extended attributes. */
    TAR_HEADER_BYTES = 16 * 1024,
};

/* Writes the header of a file, folder, symbolic link or hard link. `path` is relative and without
 * "/" at its end, as ArchiveEntry has it; `size` counts for files only. ERROR_INPUT naming the
 * entry where a path is empty or too long or a number does not fit. */
gboolean tar_header_write(const ArchiveEntry *entry, guint8 out[TAR_HEADER_BYTES],
                          size_t *ret_length, GError **error);

static inline unsigned tar_padding(guint64 size)
{
    return (unsigned)(-size % TAR_BLOCK_BYTES);
}
