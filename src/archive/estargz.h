/* The table of contents and the footer of an eStargz layer (containerd/stargz-snapshotter,
 * docs/estargz.md), which a lazy puller reads before anything else.
 *
 * The table is JSON in the order of Go's struct, without blanks: the same entries at the same
 * offsets give the same bytes. It is kept in memory until the end, about 400 bytes an entry. */
#pragma once

#include "archive/reader.h"

#define ESTARGZ_TOC_NAME "stargz.index.json"
#define ESTARGZ_LANDMARK_NAME ".no.prefetch.landmark" /* nothing is to be fetched first */

enum {
    ESTARGZ_LANDMARK = 0x0f, /* the content of that file */
    ESTARGZ_FOOTER_BYTES = 51,
    ESTARGZ_CHUNK_BYTES = 4 * 1024 * 1024,
    /* A file up to here is one chunk, since that is how it can be spliced: a reader needs all of a
     * chunk to verify one byte of it. */
    ESTARGZ_WHOLE_BYTES = 16 * 1024 * 1024,
};

typedef struct EstargzToc EstargzToc;

EstargzToc *estargz_toc_new(void);
void estargz_toc_free(EstargzToc *toc);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EstargzToc, estargz_toc_free)

/* Adds an entry that has no content. ERROR_INPUT when its names are not UTF-8. */
gboolean estargz_toc_add(EstargzToc *toc, const ArchiveEntry *entry, GError **error);
/* A file with content: its entry, then chunk by chunk where the gzip member of each lies in the
 * blob and what it holds, and the end. */
gboolean estargz_toc_begin_file(EstargzToc *toc, const ArchiveEntry *entry, GError **error);
void estargz_toc_begin_chunk(EstargzToc *toc, guint64 offset);
void estargz_toc_content(EstargzToc *toc, const void *bytes, size_t length);
void estargz_toc_end_file(EstargzToc *toc);
/* Ends the table. Caller frees; the table may only be freed afterwards. */
char *estargz_toc_finish(EstargzToc *toc, size_t *ret_length);

/* An empty gzip member that says where the table's lies. */
void estargz_footer(guint64 toc_offset, guint8 out[ESTARGZ_FOOTER_BYTES]);
