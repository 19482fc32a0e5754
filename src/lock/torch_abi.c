#include "lock/solve_wheels.h"

#include "facts/shared_object.h"
#include "facts/torch_words.h"
#include "python/wheel_view.h"
#include "recipe/index_names.h"

#define VERSION_FILE "torch/version.py"
#define C10_LIBRARY "torch/lib/libc10.so"
/* Constructors of c10::Error, which take a std::string in every release. */
#define ERROR_SYMBOL "_ZN3c105ErrorC"

enum {
    VERSION_FILE_BYTES = 1 << 20,
    LIBRARY_BYTES = 64 << 20,
};

struct TorchAbi {
    Solve *solve;
    const InstalledDistribution *installed; /* or NULL */
    BlobStore *blobs;
    WheelViews *views; /* NULL: not opened */
    char *cuda, *cuda_by;
    const char *cxx11; /* or NULL */
};

TorchAbi *torch_abi_new(Solve *solve)
{
    TorchAbi *torch = g_new0(TorchAbi, 1);
    torch->solve = solve;
    torch->installed = environment_find(solve->environment, "torch");
    return torch;
}

void torch_abi_free(TorchAbi *torch)
{
    if (!torch)
        return;
    g_clear_pointer(&torch->views, wheel_views_free);
    g_clear_pointer(&torch->blobs, blob_store_free);
    g_free(torch->cuda);
    g_free(torch->cuda_by);
    g_free(torch);
}

/* The wheel of torch; NULL without an error: nobody knows it, as that of a base. */
static gboolean open_wheel(TorchAbi *torch, WheelView **ret_view, GError **error)
{
    const IndexFile *file = torch->installed->file;
    *ret_view = NULL;
    if (!file || !file->sha256)
        return TRUE;
    WheelWanted wanted = {
        .filename = file->filename,
        .sha256 = file->sha256,
        .size = file->size > 0 ? (guint64)file->size : 0,
        .canonical = "torch",
        .location = file->location,
        .url = file->location ? NULL : file->url,
    };
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    g_ptr_array_add(all, &wanted);
    if (!torch->blobs)
        torch->blobs = blob_store_new(torch->solve->session->cache);
    if (!torch->views)
        torch->views = wheel_views_open(torch->solve->session->client, torch->blobs, all, error);
    if (!torch->views)
        return FALSE;
    *ret_view = wheel_views_find(torch->views, file->sha256);
    if (*ret_view && !wheel_view_directory(*ret_view))
        return error_set(error, ERROR_NETWORK, SPAN_NONE, "%s can't be looked into: %s",
                         file->filename, wheel_view_problem(*ret_view));
    return TRUE;
}

/* *ret_bytes is NULL without an error: the wheel is not known, or has no such file. */
static gboolean read_member(TorchAbi *torch, const char *name, size_t limit, GBytes **ret_bytes,
                            GError **error)
{
    WheelView *view;
    *ret_bytes = NULL;
    if (!open_wheel(torch, &view, error))
        return FALSE;
    g_autoptr(GError) cause = NULL;
    *ret_bytes = view ? wheel_view_read(view, name, limit, &cause) : NULL;
    if (*ret_bytes || !cause || cause->code == ERROR_INPUT)
        return TRUE;
    return error_wrap(error, g_steal_pointer(&cause), SPAN_NONE, "cannot read %s of torch", name);
}

const char *torch_abi_cuda(TorchAbi *torch, GError **error)
{
    if (torch->cuda)
        return torch->cuda;
    g_autoptr(GBytes) bytes = NULL;
    if (!read_member(torch, VERSION_FILE, VERSION_FILE_BYTES, &bytes, error))
        return NULL;
    const char *version = solve_installed_version(torch->installed);
    g_autofree char *own = NULL;
    if (bytes) {
        size_t length;
        const char *text = g_bytes_get_data(bytes, &length);
        torch_version_parse(text, length, &own, &torch->cuda);
        torch->cuda_by = g_strdup(VERSION_FILE);
    }
    g_autoptr(Version) parsed = own ? NULL : version_parse(version, NULL);
    const char *label = parsed ? version_local(parsed) : NULL;
    if (!own && label) {
        torch->cuda = cuda_version_of_index(label);
        g_free(torch->cuda_by);
        torch->cuda_by = g_strdup("its version");
    }
    if (!torch->cuda)
        error_set(error, ERROR_INPUT, SPAN_NONE,
                  own ? "torch %s is built without CUDA"
                      : "nothing tells which CUDA version torch %s is built for",
                  version);
    if (!torch->cuda && own && error)
        error_set_hint(*error, "install a torch for CUDA: `torch: {version: %.*s, cuda: auto}`",
                       (int)strcspn(version, "+"), version);
    return torch->cuda;
}

/* Which std::string the library offers its users. */
static const char *cxx11_of_library(const SharedObject *object)
{
    for (guint i = 0; object && i < object->defined->len; i++) {
        const char *name = g_array_index(object->defined, SharedSymbol, i).name;
        int cxx11 = g_str_has_prefix(name, ERROR_SYMBOL) ? symbol_cxx11(name) : -1;
        if (cxx11 >= 0)
            return cxx11 ? "TRUE" : "FALSE";
    }
    return NULL;
}

const char *torch_abi_cxx11(TorchAbi *torch, GError **error)
{
    if (torch->cxx11)
        return torch->cxx11;
    g_autoptr(GBytes) bytes = NULL;
    if (!read_member(torch, C10_LIBRARY, LIBRARY_BYTES, &bytes, error))
        return NULL;
    g_autoptr(SharedObject) object = bytes ? shared_object_from_bytes(bytes, NULL) : NULL;
    torch->cxx11 = cxx11_of_library(object);
    if (!torch->cxx11)
        error_set(error, ERROR_INPUT, SPAN_NONE, "nothing tells which C++ ABI torch %s has",
                  solve_installed_version(torch->installed));
    return torch->cxx11;
}

char *torch_abi_evidence(const TorchAbi *torch)
{
    if (!torch->cuda && !torch->cxx11)
        return NULL;
    GString *text = g_string_new(NULL);
    const InstalledDistribution *installed = torch->installed;
    g_string_printf(text, "torch %s", solve_installed_version(installed));
    if (installed->stage)
        g_string_append_printf(text, " of stage '%s'", installed->stage);
    if (torch->cuda)
        g_string_append_printf(text, ": CUDA %s by %s", torch->cuda, torch->cuda_by);
    if (torch->cxx11)
        g_string_append_printf(text, "%s the %s C++ ABI by the symbols of %s",
                               torch->cuda ? "," : ":",
                               g_str_equal(torch->cxx11, "TRUE") ? "new" : "old", C10_LIBRARY);
    return g_string_free(text, FALSE);
}
