/* A member of a zip file on this machine as a stream that can begin again, whose bytes pass by the
 * scanners once, however many passes are made. */
#pragma once

#include "archive/zip.h"
#include "facts/fatbin.h"
#include "facts/shared_object.h"
#include "facts/torch_words.h"

typedef struct MemberStream MemberStream;

/* Borrows all; scanners may be NULL. ERROR_INPUT: a member that can't be read. */
MemberStream *member_stream_new(const ZipSource *source, const ZipMember *member,
                                FatbinScanner *fatbin, TorchArchScanner *arches, GError **error);
void member_stream_free(MemberStream *stream);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MemberStream, member_stream_free)
ObjectStream member_stream_object(MemberStream *stream);
/* Reads what no pass has reached yet, so that the scanners have seen all; size and CRC must be
 * those of the directory (ERROR_INPUT). */
gboolean member_stream_finish(MemberStream *stream, GError **error);
