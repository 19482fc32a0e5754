/* What the native part of a wheel says: its shared objects, for which GPUs they have code, and the
 * CUDA version and architectures that torch itself names. A function of the wheel's bytes, cached
 * by its sha256; never guessed from its version. */
#pragma once

#include "facts/fatbin.h"
#include "facts/shared_object.h"
#include "python/wheel_view.h"

typedef struct {
    char *member;          /* in the wheel */
    SharedObject *object;  /* NULL: not read */
    FatbinSummary *fatbin; /* NULL: not read; no containers: it has no code for a GPU */
} NativeFile;

typedef struct {
    GPtrArray *files;     /* NativeFile, by member: every ELF object, read or not */
    char *torch_version;  /* "2.6.0+cu124" of torch/version.py, or NULL: no torch, or not read */
    char *torch_cuda;     /* "12.4"; NULL: none */
    GArray *torch_arches; /* unsigned: 50, 75, 120 of the arch string in libtorch_python; or NULL */
    bool deep;            /* every file was read */
} WheelNative;
void wheel_native_free(WheelNative *native);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WheelNative, wheel_native_free)

typedef enum {
    NATIVE_CHEAP, /* torch's own words, and objects small enough to be brought */
    NATIVE_DEEP,  /* every object; whole wheels are read where they are not on this machine */
} NativeDepth;

/* Members that NATIVE_CHEAP reads, for wheel_views_bring(). */
bool wheel_native_wants(void *data, const WheelView *view, const ZipMember *member);
/* Damaged objects are no error: they are files that were not read. ERROR_NETWORK, ERROR_INPUT of
 * the wheel itself. */
WheelNative *wheel_native_read(WheelView *view, NativeDepth depth, Cache *cache, GError **error);
