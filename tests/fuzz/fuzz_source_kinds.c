/* Source distributions, counted without being unpacked: the first byte says whether the rest is a
 * zip or a tar file. Kinds have no bytes without files, and the description names each that has. */
#include "fuzz.h"

#include "facts/source_kinds.h"

#include "base/limits.h"

#include <sys/mman.h>
#include <unistd.h>

static char *size_of(guint64 bytes)
{
    return g_strdup_printf("%" G_GUINT64_FORMAT, bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    g_autoptr(GError) error = NULL;
    SourceCounts counts = {.files = {G_MAXUINT}};
    int fd = memfd_create("sdist", MFD_CLOEXEC);
    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(write(fd, data + 1, size - 1), ==, (ssize_t)size - 1);
    gboolean ok = source_counts_read(fd, *data % 2 ? "x.zip" : "x.tar.gz", &counts, &error);
    close(fd);
    g_assert(ok == (error == NULL));
    if (!ok) {
        g_assert_cmpuint(counts.files[0], ==, G_MAXUINT);
        return 0;
    }
    guint64 bytes = 0;
    for (int i = 0; i < SOURCE_KINDS; i++) {
        g_assert(counts.files[i] > 0 || counts.bytes[i] == 0);
        bytes += counts.bytes[i];
    }
    g_assert_cmpuint(bytes, <=, LIMIT_SDIST_FILE_BYTES);
    g_autofree char *text = source_counts_describe(&counts, size_of);
    g_assert((*text == '\0') == (source_counts_sum(&counts) == 0));
    return 0;
}
