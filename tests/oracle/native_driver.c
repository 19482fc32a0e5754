/* What the facts of shared objects and fat binaries say of files, as lines that a script compares
 * with what other tools say: native_driver elf|fatbin FILE,
 * native_driver cheap|deep CACHE WHEEL.... */
#include "base/digest.h"
#include "facts/fatbin.h"
#include "facts/wheel_native.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/auto.h"

#undef g_get_monotonic_time
#undef printf

static gboolean rewind_file(void *data, GError **error)
{
    return lseek(*(int *)data, 0, SEEK_SET) == 0
               ? TRUE
               : error_set_errno(error, ERROR_FAILED, errno, "can't rewind");
}

static gssize read_file(void *data, void *buffer, size_t length, GError **error)
{
    gssize got = read(*(int *)data, buffer, length);
    if (got < 0)
        error_set_errno(error, ERROR_FAILED, errno, "can't read");
    return got;
}

static void print_symbols(const char *what, const GArray *symbols)
{
    for (guint i = 0; i < symbols->len; i++) {
        const SharedSymbol *symbol = &g_array_index(symbols, SharedSymbol, i);
        printf("%s %s%s%s%s\n", what, symbol->name,
               !symbol->version                 ? ""
               : *what == 'u' || symbol->hidden ? "@"
                                                : "@@",
               symbol->version ? symbol->version : "", symbol->weak ? " weak" : "");
    }
}

static void print_object(const SharedObject *object)
{
    printf("machine %s\n", object->machine ? object->machine : "-");
    if (object->soname)
        printf("soname %s\n", object->soname);
    for (char **name = object->needed; *name; name++)
        printf("needed %s\n", *name);
    g_autofree char *rpath = object->rpath ? g_strjoinv(":", object->rpath) : NULL;
    if (rpath)
        printf("%s %s\n", object->runpath ? "runpath" : "rpath", rpath);
    for (guint i = 0; i < object->needs->len; i++) {
        const VersionNeed *need = object->needs->pdata[i];
        for (const char **version = need->versions; *version; version++)
            printf("need %s %s\n", need->library, *version);
    }
    printf("cxx11 %d\n", shared_object_cxx11(object));
    print_symbols("undefined", object->undefined);
    print_symbols("defined", object->defined);
}

static int show_elf(int fd, guint64 size)
{
    g_autoptr(GError) error = NULL;
    ObjectStream stream = {rewind_file, read_file, &fd, size};
    g_autoptr(SharedObject) object = shared_object_read(&stream, &error);
    if (error) {
        printf("error %s\n", error->message);
        return 1;
    }
    if (object)
        print_object(object);
    else
        printf("none\n");
    return 0;
}

static int show_fatbin(int fd)
{
    g_autoptr(FatbinScanner) scanner = fatbin_scanner_new();
    static guint8 buffer[1 << 18];
    for (gssize got; (got = read(fd, buffer, sizeof buffer)) > 0;)
        fatbin_scanner_feed(scanner, buffer, (size_t)got);
    g_autoptr(FatbinSummary) summary = fatbin_scanner_finish(scanner);
    g_autofree char *text = fatbin_summary_text(summary);
    printf("containers %" G_GUINT64_FORMAT " entries %" G_GUINT64_FORMAT
           " cubins %" G_GUINT64_FORMAT " ptx %" G_GUINT64_FORMAT " malformed %" G_GUINT64_FORMAT
           " groups %u: %s\n",
           summary->containers, summary->entries, summary->cubins, summary->ptx, summary->malformed,
           summary->groups->len, text);
    return 0;
}

static GPtrArray *wanted_files(char **paths)
{
    GPtrArray *wanted = g_ptr_array_new();
    for (; *paths; paths++) {
        WheelWanted *wheel = g_new0(WheelWanted, 1);
        wheel->filename = g_path_get_basename(*paths);
        wheel->sha256 = digest_sha256_file(*paths, NULL);
        wheel->url = g_strconcat("file://", *paths, NULL);
        g_ptr_array_add(wanted, wheel);
    }
    return wanted;
}

static void print_native(const char *name, const WheelNative *native)
{
    guint objects = 0, symbols = 0;
    guint64 bytes = 0;
    for (guint i = 0; i < native->files->len; i++) {
        const NativeFile *file = native->files->pdata[i];
        objects += file->object != NULL;
        symbols += file->object ? file->object->defined->len + file->object->undefined->len : 0;
        bytes += file->fatbin ? file->size : 0;
        if (!file->fatbin || file->fatbin->containers == 0)
            continue;
        g_autofree char *text = fatbin_summary_text(file->fatbin);
        printf("  %s: %" G_GUINT64_FORMAT " containers: %s\n", file->member,
               file->fatbin->containers, text);
    }
    printf("%s: %u files, %u objects, %u symbols, %" G_GUINT64_FORMAT
           " bytes, torch %s cuda %s%s\n",
           name, native->files->len, objects, symbols, bytes,
           native->torch_version ? native->torch_version : "-",
           native->torch_cuda ? native->torch_cuda : "-", native->deep ? "" : ", not deep");
    for (guint i = 0; native->torch_arches && i < native->torch_arches->len; i++)
        printf("  arch %u\n", g_array_index(native->torch_arches, unsigned, i));
}

static int show_wheels(NativeDepth depth, const char *folder, char **paths)
{
    GError *error = NULL;
    g_autoptr(Cache) cache = cache_new(folder);
    g_autoptr(BlobStore) blobs = blob_store_new(cache);
    HttpOptions options = {0};
    g_autoptr(HttpClient) http = http_client_new(&options);
    g_autoptr(IndexClient) client = index_client_new(http, cache, true, NULL);
    g_autoptr(GPtrArray) wanted = wanted_files(paths);
    g_autoptr(WheelViews) views = wheel_views_open(client, blobs, wanted, &error);
    g_assert_no_error(error);
    g_autoptr(GPtrArray) list = g_ptr_array_new();
    for (guint i = 0; i < wanted->len; i++)
        g_ptr_array_add(list, wheel_views_find(views, ((WheelWanted *)wanted->pdata[i])->sha256));
    gint64 begin = g_get_monotonic_time();
    g_autoptr(GPtrArray) natives = NULL;
    wheel_natives_read(list, depth, cache, &natives, &error);
    g_assert_no_error(error);
    gint64 end = g_get_monotonic_time();
    for (guint i = 0; i < list->len; i++)
        print_native(wheel_view_filename(list->pdata[i]), natives->pdata[i]);
    printf("%.3f seconds\n", (double)(end - begin) / 1e6);
    return 0;
}

int main(int argc, char **argv)
{
    g_assert(argc >= 3);
    bool deep = strcmp(argv[1], "deep") == 0;
    if (deep || strcmp(argv[1], "cheap") == 0)
        return show_wheels(deep ? NATIVE_DEEP : NATIVE_CHEAP, argv[2], argv + 3);
    AUTO_FD int fd = open(argv[2], O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0)
        return 2;
    return strcmp(argv[1], "elf") == 0 ? show_elf(fd, (guint64)status.st_size) : show_fatbin(fd);
}
