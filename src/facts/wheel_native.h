/* What the native part of a wheel says: its shared objects, for which GPUs they have code, and the
 * CUDA version and architectures that torch itself names. A function of the wheel's bytes and of
 * the depth, cached as wheel_view_key() names it. What an earlier run has read of all of a wheel is
 * taken at any depth, and nothing is read: it says no other things, it says more of them. */
#pragma once

#include "facts/fatbin.h"
#include "facts/numpy_words.h"
#include "facts/shared_object.h"
#include "python/wheel_view.h"

typedef struct {
    char *member;          /* in the wheel */
    guint64 size;          /* of the file */
    SharedObject *object;  /* NULL: not read, or damaged, or none after all */
    FatbinSummary *fatbin; /* NULL: not read; no containers: it has no code for a GPU */
    NumpyWords numpy;      /* nothing: not read */
} NativeFile;

typedef struct {
    GPtrArray *files;     /* NativeFile, by member: every ELF object by its name, read or not */
    char *torch_version;  /* "2.6.0+cu124" of torch/version.py, or NULL: no torch, or not read */
    char *torch_cuda;     /* "12.4"; NULL: none */
    GArray *torch_arches; /* unsigned: 50, 75, 120 of the arch string in libtorch_python; or NULL */
    GArray *torch_ptx;    /* unsigned: what the same string says of PTX ("compute_120"); or NULL */
    bool deep;            /* every file was read */
} WheelNative;
void wheel_native_free(WheelNative *native);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WheelNative, wheel_native_free)

typedef enum {
    NATIVE_CHEAP, /* torch's own words, and objects small enough to be brought; all of a wheel that
                     was read whole once */
    NATIVE_DEEP,  /* every object of whole wheels on this machine, as far as they may be held of
                     others: bring wheels here first (wheel_fetch.h) */
} NativeDepth;

/* Whether a member's name is that of a shared object: "_C.so", "libcudart.so.12". */
bool native_is_object(const char *member);
/* Members that NATIVE_CHEAP reads, for wheel_views_bring(). */
bool wheel_native_wants(void *data, const WheelView *view, const ZipMember *member);
/* Damaged objects are no error: they are files that were not read. ERROR_NETWORK, ERROR_INPUT of
 * the wheel itself. */
WheelNative *wheel_native_read(WheelView *view, NativeDepth depth, Cache *cache, GError **error);
/* The same of many wheels (WheelView), whose members are read side by side. `ret_natives` has as
 * many (WheelNative, NULL: a wheel of which nothing can be read); the first error of a wheel's own
 * bytes ends it. */
gboolean wheel_natives_read(const GPtrArray *views, NativeDepth depth, Cache *cache,
                            GPtrArray **ret_natives, GError **error);
/* What is known of a wheel from earlier runs, the deepest of it; asks nobody. `url` (or NULL) is
 * where the wheel or its index is: what another host said of it does not count. NULL: nothing. */
WheelNative *wheel_native_recall(Cache *cache, const char *sha256, const char *url);
void native_file_free(void *file);
/* Reads an object that NATIVE_CHEAP has left alone, where it is small enough for one that an import
 * loads; false: it could not be had. For the thread that opened the views. */
bool native_file_bring(NativeFile *file, WheelView *view, Cache *cache);
/* What the object's relocations ask for, as shared_object_bound(), from its bytes; NULL: they could
 * not be had. The caller frees. For the thread that opened the views. */
GHashTable *native_file_bound(const NativeFile *file, WheelView *view, bool lazy);
