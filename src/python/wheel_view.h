/* Wheels that can be looked into file by file wherever they lie: whole on this machine, or at their
 * index, of which only what is asked for is read (ranges, neighbours in one request, several wheels
 * at once). What was read is kept in the cache by the wheel's sha256 and who served it, so that the
 * next run asks nobody.
 *
 * A directory is believed as zip.h checks it; members are checked against size and CRC. The whole
 * of a remote wheel is never compared with its sha256: that is what `--deep` and `build` do. A
 * wheel on this machine is. */
#pragma once

#include "archive/zip.h"
#include "python/wheel_fetch.h"

typedef struct WheelViews WheelViews;
typedef struct WheelView WheelView;

/* Opens the directory of every file (WheelWanted, each once, `path` NULL), in parallel; texts are
 * copied, clients, stores and locations are borrowed. One with neither location nor URL, or whose
 * name is not a wheel's, has no directory. A wheel of which nothing can be read
 * is no error: its view has no directory and a reason. */
WheelViews *wheel_views_open(IndexClient *client, BlobStore *blobs, const GPtrArray *wanted,
                             GError **error);
void wheel_views_free(WheelViews *views);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WheelViews, wheel_views_free)
/* By sha256, or NULL. Belongs to the views. */
WheelView *wheel_views_find(const WheelViews *views, const char *sha256);

const char *wheel_view_filename(const WheelView *view);
const char *wheel_view_sha256(const WheelView *view);
/* NULL: unknown, and why. */
const ZipDirectory *wheel_view_directory(const WheelView *view);
const char *wheel_view_problem(const WheelView *view);
/* What names facts of this wheel in caches: its sha256, of a wheel that was never compared with it
 * also who served it. */
const char *wheel_view_key(const WheelView *view);
/* The same of a wheel that is not here and that `url`, an index or the file's own, serves; NULL: no
 * host does. Caller frees. */
char *wheel_view_key_of(const char *sha256, const char *url);
/* The path of the whole wheel on this machine, or NULL. */
const char *wheel_view_path(const WheelView *view);

/* Whether a member should be brought. */
typedef bool (*WheelMemberWanted)(void *data, const WheelView *view, const ZipMember *member);
/* Brings the members of all views that are wanted and not here yet, few requests for many members:
 * afterwards wheel_view_read() has them. What could not be had is no error here, nor is what is
 * larger than a bring may hold. For the thread that opened the views. */
gboolean wheel_views_bring(WheelViews *views, WheelMemberWanted wanted, void *data, GError **error);
/* Content of a member; one that was never asked for is fetched alone. Thread-safe for members that
 * were brought; others are ERROR_NETWORK in another thread. ERROR_INPUT: no such member, damaged,
 * larger than `limit`; ERROR_NETWORK. */
GBytes *wheel_view_read(WheelView *view, const char *name, size_t limit, GError **error);

/* Bytes that came over the network for views of this collection, and the sizes of all its wheels:
 * what share had to be read. */
void wheel_views_traffic(const WheelViews *views, guint64 *ret_read, guint64 *ret_total);
