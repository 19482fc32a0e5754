/* A member of a zip file on this machine as a stream that can begin again, whose bytes pass by the
 * scanners once, however many passes are made. */
#pragma once

#include "archive/zip.h"
#include "facts/fatbin.h"
#include "facts/numpy_words.h"
#include "facts/shared_object.h"
#include "facts/torch_words.h"

typedef struct MemberStream MemberStream;

/* What all bytes of a member pass by; each may be NULL. */
typedef struct {
    FatbinScanner *fatbin;
    TorchArchScanner *arches;
    NumpyScanner *numpy;
} MemberScanners;
void member_scanners_feed(const MemberScanners *scanners, const void *bytes, size_t length);

/* Borrows all. ERROR_INPUT: a member that can't be read. */
MemberStream *member_stream_new(const ZipSource *source, const ZipMember *member,
                                const MemberScanners *scanners, GError **error);
void member_stream_free(MemberStream *stream);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MemberStream, member_stream_free)
ObjectStream member_stream_object(MemberStream *stream);
/* Reads what no pass has reached yet, so that the scanners have seen all; size and CRC must be
 * those of the directory (ERROR_INPUT). */
gboolean member_stream_finish(MemberStream *stream, GError **error);
