/* What the files of wheel views share. */
#pragma once

#include "archive/sparse_file.h"
#include "python/index_private.h"
#include "python/wheel_view.h"

struct WheelViews {
    IndexClient *client;
    BlobStore *blobs;
    GThread *owner;      /* who may send requests */
    GPtrArray *all;      /* WheelView, as they were wanted */
    GHashTable *by_hash; /* sha256 → WheelView */
    guint64 received;    /* bytes, of bodies */
};

struct WheelView {
    WheelViews *views;
    char *filename, *sha256, *canonical;
    guint64 size; /* 0: unknown */
    const IndexLocation *location;
    char *direct_url; /* of the user; or NULL */
    char *url;        /* where it is, once that was asked; may hold credentials */
    char *key;        /* of the cache */
    char *path;       /* whole on this machine; or NULL */
    ZipDirectory *directory;
    char *problem;       /* why there is no directory */
    char *unreachable;   /* why nothing more can be had; or NULL */
    SparseFile *tail;    /* the end of the file, its directory included */
    GMutex lock;         /* of the following */
    GPtrArray *extracts; /* SparseFile: what was brought, as the cache has it */
    unsigned loaded;     /* how many of the cache were looked for */
    bool all_loaded;
};

/* As wheels_fetch() takes it; borrows the view's texts. */
WheelWanted wheel_view_wanted(const WheelView *view);
/* Nothing more can be had, and where there is no directory there will be none. */
void wheel_view_set_problem(WheelView *view, const GError *error);
/* Sets view->url. */
gboolean wheel_view_find_url(WheelView *view, GError **error);

/* [offset, offset + length) of the file if it is here. Thread-safe. */
GBytes *wheel_view_look(WheelView *view, guint64 offset, size_t length);
/* Whether the member is here. Thread-safe. */
bool wheel_view_has(WheelView *view, const ZipMember *member);

/* A source over what is here; it notes what is not. */
typedef struct {
    WheelView *view;
    bool missed;
    guint64 offset;
    size_t length;
} ViewReader;
ZipSource wheel_view_source(ViewReader *reader);

/* The directories of remote views that are not in the cache. Those that have to be fetched as a
 * whole are added to `whole`. */
void wheel_views_open_remote(WheelViews *views, const GPtrArray *closed, GPtrArray *whole);
/* Whole files into the blob store, or as this machine has them, with their directories. */
void wheel_views_fetch_whole(WheelViews *views, const GPtrArray *whole);
/* A server without ranges: a small file is fetched whole (added to `whole`), another is unknown. */
void wheel_view_give_up_ranges(WheelView *view, GPtrArray *whole);

/* Saves the encoded view->tail. */
void wheel_view_save_tail(WheelView *view, GBytes *encoded);
/* Adds what came, and saves it. */
void wheel_view_keep(WheelView *view, SparseBuilder *builder);
/* Forgets what the cache has of the wheel. */
void wheel_view_forget(WheelView *view);
void wheel_view_bring_alone(WheelView *view, const ZipMember *member);

typedef enum {
    PART_TAKEN,
    PART_NO_RANGES, /* the server has none */
    PART_FAILED,    /* with an error */
} PartResult;

/* What an answer to a request for [first, first + length) is (a suffix: `first` G_MAXUINT64):
 * *ret_offset is where its bytes lie. Sets view->size where it is not known. */
PartResult wheel_view_take_part(WheelView *view, const HttpResponse *response, guint64 first,
                                guint64 length, guint64 *ret_offset, GError **error);
