#include "facts/wheel_native.h"

#include <fcntl.h>

#include "base/auto.h"
#include "base/limits.h"
#include "facts/member_stream.h"
#include "facts/native_cache.h"
#include "facts/object_bytes.h"

#define BUCKET "natives"
#define VERSION_MEMBER "torch/version.py"
#define ARCHES_MEMBER "torch/lib/libtorch_python.so"

enum {
    CHEAP_BYTES = 1024 * 1024,       /* compressed, of an object that is brought */
    LOADED_BYTES = 24 * 1024 * 1024, /* of one that an import loads */
    VERSION_BYTES = 64 * 1024,
    THREADS = 8,
};

void native_file_free(void *data)
{
    NativeFile *file = data;
    g_free(file->member);
    shared_object_free(file->object);
    fatbin_summary_free(file->fatbin);
    g_free(file);
}

void wheel_native_free(WheelNative *native)
{
    if (!native)
        return;
    if (native->files)
        g_ptr_array_unref(native->files);
    g_free(native->torch_version);
    g_free(native->torch_cuda);
    g_clear_pointer(&native->torch_arches, g_array_unref);
    g_clear_pointer(&native->torch_ptx, g_array_unref);
    g_free(native);
}

bool native_is_object(const char *member)
{
    const char *slash = strrchr(member, '/');
    const char *name = slash ? slash + 1 : member;
    if (g_str_has_suffix(name, ".so"))
        return true;
    for (const char *at = name; (at = strstr(at, ".so.")); at++) {
        if (g_ascii_isdigit(at[4]))
            return true;
    }
    return false;
}

static bool is_torch_word(const char *name)
{
    return strcmp(name, VERSION_MEMBER) == 0 || strcmp(name, ARCHES_MEMBER) == 0;
}

bool wheel_native_wants(G_GNUC_UNUSED void *data, G_GNUC_UNUSED const WheelView *view,
                        const ZipMember *member)
{
    return is_torch_word(member->name) ||
           (native_is_object(member->name) && member->compressed_size <= CHEAP_BYTES);
}

/* One wheel whose facts are being read, by several threads. */
typedef struct {
    WheelView *view;
    WheelNative *native;
    NativeDepth depth;
    ZipSource source; /* of the whole wheel; fd -1: it is not here */
    int fd;
    bool known; /* was cached, or can't be read */
} Reading;

typedef struct {
    Reading *reading;
    NativeFile *file;
    const ZipMember *member;
    GError *error;
} Job;

/* Damaged objects are files that were not read; what the wheel's directory promises must hold. */
static gboolean read_streamed(Job *job, const MemberScanners *scanners, GError **error)
{
    g_autoptr(MemberStream) stream =
        member_stream_new(&job->reading->source, job->member, scanners, error);
    if (!stream)
        return FALSE;
    ObjectStream bytes = member_stream_object(stream);
    job->file->object = shared_object_read(&bytes, NULL);
    return member_stream_finish(stream, error);
}

static gboolean read_brought(NativeFile *file, WheelView *view, const MemberScanners *scanners,
                             GError **error)
{
    g_autoptr(GBytes) bytes = wheel_view_read(view, file->member, LIMIT_OBJECT_TABLES, error);
    if (!bytes)
        return FALSE;
    gsize size;
    const guint8 *data = g_bytes_get_data(bytes, &size);
    file->object = shared_object_from_bytes(bytes, NULL);
    member_scanners_feed(scanners, data, size);
    return TRUE;
}

static void run_job(void *data, G_GNUC_UNUSED void *unused)
{
    Job *job = data;
    WheelNative *native = job->reading->native;
    g_autoptr(FatbinScanner) fatbin = fatbin_scanner_new();
    g_autoptr(TorchArchScanner) arches = NULL;
    g_autoptr(NumpyScanner) numpy = numpy_scanner_new();
    if (strcmp(job->member->name, ARCHES_MEMBER) == 0)
        arches = torch_arch_scanner_new();
    MemberScanners scanners = {fatbin, arches, numpy};
    bool read = job->reading->fd >= 0
                    ? read_streamed(job, &scanners, &job->error)
                    : read_brought(job->file, job->reading->view, &scanners, &job->error);
    if (!read) {
        g_clear_pointer(&job->file->object, shared_object_free);
        return;
    }
    job->file->fatbin = fatbin_scanner_finish(fatbin);
    job->file->numpy = numpy_scanner_finish(numpy);
    if (arches) /* one member alone: no other thread touches these */
        torch_arch_scanner_finish(arches, &native->torch_arches, &native->torch_ptx);
}

static void read_version(Reading *reading)
{
    const ZipDirectory *directory = wheel_view_directory(reading->view);
    if (!zip_directory_find(directory, VERSION_MEMBER))
        return;
    g_autoptr(GBytes) bytes = wheel_view_read(reading->view, VERSION_MEMBER, VERSION_BYTES, NULL);
    if (bytes)
        torch_version_parse(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes),
                            &reading->native->torch_version, &reading->native->torch_cuda);
}

static int compare_files(const void *a, const void *b)
{
    return strcmp((*(NativeFile *const *)a)->member, (*(NativeFile *const *)b)->member);
}

static int compare_jobs(const void *a, const void *b)
{
    guint64 left = (*(Job *const *)a)->member->size, right = (*(Job *const *)b)->member->size;
    return (left < right) - (left > right);
}

static void add_jobs(Reading *reading, GPtrArray *jobs)
{
    size_t count;
    const ZipMember *members = zip_directory_members(wheel_view_directory(reading->view), &count);
    for (size_t i = 0; i < count; i++) {
        if (!native_is_object(members[i].name) || members[i].size == 0)
            continue;
        NativeFile *file = g_new0(NativeFile, 1);
        file->member = g_strdup(members[i].name);
        file->size = members[i].size;
        g_ptr_array_add(reading->native->files, file);
        if (reading->depth == NATIVE_CHEAP && !wheel_native_wants(NULL, NULL, &members[i]))
            continue;
        Job *job = g_new0(Job, 1);
        *job = (Job){reading, file, &members[i], NULL};
        g_ptr_array_add(jobs, job);
    }
    g_ptr_array_sort(reading->native->files, compare_files);
}

static WheelNative *recall(Cache *cache, const char *key, const char *depth)
{
    g_autofree char *whole = g_strconcat(key, depth, NULL);
    g_autoptr(GBytes) bytes = cache_load(cache, BUCKET, whole);
    return bytes ? native_decode(bytes) : NULL;
}

/* What an earlier run has read of the whole wheel, compared with its digest, which is the locked
 * one wherever the wheel is now. */
static WheelNative *recall_whole(Cache *cache, const WheelView *view)
{
    const char *sha256 = cache ? wheel_view_sha256(view) : NULL;
    return sha256 ? recall(cache, sha256, "-deep") : NULL;
}

static char *cache_key(const Reading *reading)
{
    return g_strconcat(wheel_view_key(reading->view),
                       reading->depth == NATIVE_DEEP ? "-deep" : "-cheap", NULL);
}

static void begin_reading(Reading *reading, WheelView *view, NativeDepth depth, Cache *cache)
{
    *reading = (Reading){.view = view, .depth = depth, .fd = -1};
    g_autofree char *key = cache_key(reading);
    reading->native = recall_whole(cache, view);
    if (!reading->native && cache)
        reading->native = recall(cache, key, "");
    reading->known = reading->native || !wheel_view_directory(view);
    if (reading->known)
        return;
    reading->native = g_new0(WheelNative, 1);
    reading->native->files = g_ptr_array_new_with_free_func(native_file_free);
    const char *path = wheel_view_path(view);
    reading->fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (reading->fd >= 0 && !zip_source_from_fd(reading->fd, &reading->source, NULL)) {
        close(reading->fd);
        reading->fd = -1;
    }
    read_version(reading);
}

static void end_reading(Reading *reading, Cache *cache)
{
    if (reading->fd >= 0)
        close(reading->fd);
    if (reading->known || !reading->native)
        return;
    WheelNative *native = reading->native;
    native->deep = reading->depth == NATIVE_DEEP;
    for (guint i = 0; i < native->files->len; i++)
        native->deep = native->deep && ((NativeFile *)native->files->pdata[i])->fatbin;
    if (!cache || native->files->len == 0 || (reading->depth == NATIVE_DEEP && !native->deep))
        return;
    g_autofree char *key = cache_key(reading);
    g_autoptr(GByteArray) bytes = native_encode(native);
    cache_save(cache, BUCKET, key, bytes->data, bytes->len);
}

WheelNative *wheel_native_recall(Cache *cache, const char *sha256, const char *url)
{
    static const char *const depths[] = {"-deep", "-cheap"};
    g_autofree char *key = wheel_view_key_of(sha256, url);
    const char *const keys[] = {sha256, key}; /* compared with its digest, or as a host has it */
    WheelNative *native = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(depths); i++) {
        for (size_t k = 0; k < G_N_ELEMENTS(keys) && !native; k++)
            native = recall(cache, keys[k], depths[i]);
    }
    return native;
}

/* Members that were not brought can be fetched by the thread that opened the views alone. */
static void run_jobs(GPtrArray *jobs)
{
    g_ptr_array_sort(jobs, compare_jobs);
    guint threads = MIN(THREADS, g_get_num_processors());
    GThreadPool *pool = g_thread_pool_new(run_job, NULL, (int)MAX(threads, 1), FALSE, NULL);
    for (guint i = 0; i < jobs->len; i++) {
        Job *job = jobs->pdata[i];
        if (job->reading->fd >= 0)
            g_thread_pool_push(pool, job, NULL);
    }
    for (guint i = 0; i < jobs->len; i++) {
        Job *job = jobs->pdata[i];
        if (job->reading->fd < 0)
            run_job(job, NULL);
    }
    g_thread_pool_free(pool, FALSE, TRUE);
}

/* What could not be fetched is a file that was not read, and its wheel is not remembered; what the
 * wheel itself gets wrong is the first error. */
static gboolean judge_jobs(GPtrArray *jobs, GError **error)
{
    for (guint i = 0; i < jobs->len; i++) {
        Job *job = jobs->pdata[i];
        if (!job->error)
            continue;
        if (job->error->code == ERROR_INPUT) {
            GError *cause = g_steal_pointer(&job->error);
            return error_wrap(error, cause, SPAN_NONE, "%s",
                              wheel_view_filename(job->reading->view));
        }
        job->reading->depth = NATIVE_DEEP; /* incomplete: never saved */
    }
    return TRUE;
}

static void job_free(void *data)
{
    Job *job = data;
    g_clear_error(&job->error);
    g_free(job);
}

gboolean wheel_natives_read(const GPtrArray *views, NativeDepth depth, Cache *cache,
                            GPtrArray **ret_natives, GError **error)
{
    g_autofree Reading *readings = g_new0(Reading, views->len + 1);
    g_autoptr(GPtrArray) jobs = g_ptr_array_new_with_free_func(job_free);
    for (guint i = 0; i < views->len; i++) {
        begin_reading(&readings[i], views->pdata[i], depth, cache);
        if (!readings[i].known)
            add_jobs(&readings[i], jobs);
    }
    run_jobs(jobs);
    gboolean good = judge_jobs(jobs, error);
    g_autoptr(GPtrArray) natives =
        g_ptr_array_new_with_free_func((GDestroyNotify)wheel_native_free);
    for (guint i = 0; i < views->len; i++) {
        end_reading(&readings[i], good ? cache : NULL);
        g_ptr_array_add(natives, readings[i].native);
    }
    if (good)
        *ret_natives = g_steal_pointer(&natives);
    return good;
}

WheelNative *wheel_native_read(WheelView *view, NativeDepth depth, Cache *cache, GError **error)
{
    g_autoptr(GPtrArray) views = g_ptr_array_new();
    g_autoptr(GPtrArray) natives = NULL;
    g_ptr_array_add(views, view);
    if (!wheel_natives_read(views, depth, cache, &natives, error))
        return NULL;
    WheelNative *native = natives->pdata[0];
    natives->pdata[0] = NULL;
    if (!native)
        error_set(error, ERROR_NETWORK, SPAN_NONE, "%s: %s", wheel_view_filename(view),
                  wheel_view_problem(view));
    return native;
}

/* One object alone, in the form of a whole wheel's facts. */
static NativeFile *take_cached(Cache *cache, const char *key, const char *member)
{
    g_autoptr(GBytes) bytes = cache ? cache_load(cache, BUCKET, key) : NULL;
    g_autoptr(WheelNative) native = bytes ? native_decode(bytes) : NULL;
    NativeFile *file = native && native->files->len == 1 ? native->files->pdata[0] : NULL;
    return file && g_str_equal(file->member, member) ? g_ptr_array_steal_index(native->files, 0)
                                                     : NULL;
}

static void keep_cached(Cache *cache, const char *key, NativeFile *file)
{
    WheelNative native = {.files = g_ptr_array_new()};
    g_ptr_array_add(native.files, file);
    g_autoptr(GByteArray) bytes = native_encode(&native);
    cache_save(cache, BUCKET, key, bytes->data, bytes->len);
    g_ptr_array_unref(native.files);
}

bool native_file_bring(NativeFile *file, WheelView *view, Cache *cache)
{
    const ZipDirectory *directory = wheel_view_directory(view);
    const ZipMember *member = directory ? zip_directory_find(directory, file->member) : NULL;
    if (file->object || !member || member->compressed_size > LOADED_BYTES)
        return true;
    g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, file->member, -1);
    g_autofree char *key = g_strconcat(wheel_view_key(view), "-", digest, NULL);
    NativeFile *known = take_cached(cache, key, file->member);
    if (known) {
        file->object = g_steal_pointer(&known->object);
        file->numpy = known->numpy;
        native_file_free(known);
        return true;
    }
    g_autoptr(NumpyScanner) numpy = numpy_scanner_new();
    MemberScanners scanners = {.numpy = numpy};
    if (!read_brought(file, view, &scanners, NULL))
        return false;
    file->numpy = numpy_scanner_finish(numpy);
    if (cache)
        keep_cached(cache, key, file);
    return true;
}

static GHashTable *bound_of_local(const ZipMember *member, const char *path, bool lazy)
{
    ZipSource source;
    AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || !zip_source_from_fd(fd, &source, NULL))
        return NULL;
    MemberScanners none = {.fatbin = NULL};
    g_autoptr(MemberStream) stream = member_stream_new(&source, member, &none, NULL);
    if (!stream)
        return NULL;
    ObjectStream bytes = member_stream_object(stream);
    return shared_object_bound(&bytes, lazy, NULL);
}

GHashTable *native_file_bound(const NativeFile *file, WheelView *view, bool lazy)
{
    const ZipDirectory *directory = wheel_view_directory(view);
    const ZipMember *member = directory ? zip_directory_find(directory, file->member) : NULL;
    if (!member)
        return NULL;
    const char *path = wheel_view_path(view);
    if (path)
        return bound_of_local(member, path, lazy);
    g_autoptr(GBytes) bytes = member->compressed_size > LOADED_BYTES
                                  ? NULL
                                  : wheel_view_read(view, file->member, LIMIT_OBJECT_TABLES, NULL);
    if (!bytes)
        return NULL;
    MemoryStream memory;
    ObjectStream stream = memory_stream_open(&memory, bytes);
    return shared_object_bound(&stream, lazy, NULL);
}
