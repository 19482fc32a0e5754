/* The libraries of CUDA that the base has and the wheels bring again: torch's own find those of the
 * wheels by their search path, so that the base's are only carried along. Known by the base's files
 * where they are on this machine, else by the environment that NVIDIA's images set
 * (NV_LIBCUBLAS_VERSION and its like). */
#include "check/native_rules.h"
#include "check/rules.h"
#include "plan/layout.h"

enum {
    SHOWN_LIBRARIES = 3,
};

/* Families of libraries, as the names of their files begin. The runtime itself, small and part of
 * the smallest images, is not what makes a base large. */
/* clang-format off */
static const struct {
    const char *stem;
    bool small;
} families[] = {
    {"libcublas.so", false},   {"libcublasLt.so", false},  {"libcudart.so", true},
    {"libcudnn", false},       {"libcufft.so", false},     {"libcufftw.so", true},
    {"libcupti.so", true},     {"libcurand.so", false},    {"libcusolver.so", false},
    {"libcusolverMg.so", false}, {"libcusparse.so", false}, {"libnccl.so", false},
    {"libnvJitLink.so", false}, {"libnvrtc", false},        {"libnpp", false},
    {"libcusparseLt.so", false}, {"libnvjpeg.so", false},
};
/* clang-format on */

typedef struct {
    char *path;
    const char *name; /* in `path` */
    guint64 size;
} BaseLibrary;

static void library_free(void *data)
{
    BaseLibrary *library = data;
    g_free(library->path);
    g_free(library);
}

/* The number of the family that the file is one of, or -1. */
static int family_of(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(families); i++) {
        if (g_str_has_prefix(name, families[i].stem) && strstr(name, ".so"))
            return (int)i;
    }
    return -1;
}

static void add_folder(const ImageRoot *root, const char *folder, GPtrArray *libraries)
{
    g_autoptr(GPtrArray) names = image_root_list(root, folder);
    for (guint i = 0; names && i < names->len; i++) {
        const char *name = names->pdata[i];
        g_autofree char *path = g_build_filename(folder, name, NULL);
        guint64 size = 0;
        if (family_of(name) < 0 || image_root_stat(root, path, false, &size) != PATH_FILE)
            continue;
        BaseLibrary *library = g_new(BaseLibrary, 1);
        library->size = size;
        library->path = g_steal_pointer(&path);
        library->name = native_base_name(library->path);
        g_ptr_array_add(libraries, library);
    }
}

static int compare_libraries(const void *a, const void *b)
{
    const BaseLibrary *one = *(BaseLibrary *const *)a, *other = *(BaseLibrary *const *)b;
    if (one->size != other->size)
        return one->size < other->size ? 1 : -1;
    return strcmp(one->path, other->path);
}

/* The libraries of CUDA in the base, the largest first; where the toolkit's folders and the
 * packages of cuDNN and NCCL put them. */
static GPtrArray *find_libraries(const ImageRoot *root)
{
    static const char *const folders[] = {"/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu",
                                          "/usr/lib64"};
    static const char *const below[] = {"targets/x86_64-linux/lib", "targets/sbsa-linux/lib",
                                        "lib64", "lib"};
    GPtrArray *libraries = g_ptr_array_new_with_free_func(library_free);
    for (size_t i = 0; i < G_N_ELEMENTS(folders); i++)
        add_folder(root, folders[i], libraries);
    g_autoptr(GPtrArray) toolkits = image_root_list(root, "/usr/local");
    for (guint i = 0; toolkits && i < toolkits->len; i++) {
        g_autofree char *path = g_build_filename("/usr/local", toolkits->pdata[i], NULL);
        if (!g_str_has_prefix(toolkits->pdata[i], "cuda") ||
            image_root_stat(root, path, false, NULL) != PATH_FOLDER)
            continue;
        for (size_t k = 0; k < G_N_ELEMENTS(below); k++) {
            g_autofree char *folder = g_build_filename(path, below[k], NULL);
            if (image_root_stat(root, folder, false, NULL) == PATH_FOLDER)
                add_folder(root, folder, libraries);
        }
    }
    g_ptr_array_sort(libraries, compare_libraries);
    return libraries;
}

static bool is_cuda_wheel(const CheckWheel *wheel)
{
    return g_str_has_prefix(wheel->file->name, "nvidia-");
}

/* What the wheels of NVIDIA bring: how many there are, their bytes, and which families. */
typedef struct {
    guint wheels;
    guint64 bytes;
    bool families[G_N_ELEMENTS(families)];
} Brought;

static Brought look_into_wheels(const CheckRun *run)
{
    Brought brought = {0};
    for (guint i = 0; i < run->wheels->len; i++) {
        const CheckWheel *wheel = run->wheels->pdata[i];
        const ZipDirectory *directory = is_cuda_wheel(wheel) && native_is_installed(run, wheel)
                                            ? wheel_view_directory(wheel->view)
                                            : NULL;
        size_t count = 0;
        const ZipMember *members = directory ? zip_directory_members(directory, &count) : NULL;
        bool any = false;
        guint64 bytes = 0;
        for (size_t k = 0; k < count; k++) {
            int family = family_of(native_base_name(members[k].name));
            bytes += members[k].size;
            any |= family >= 0;
            if (family >= 0)
                brought.families[family] = true;
        }
        brought.wheels += any;
        brought.bytes += any ? bytes : 0;
    }
    return brought;
}

/* A library of a wheel needs one that the base has and no wheel: "x.so of some 1.0 needs
 * libnppc.so.12". NULL: none that was read does. Caller frees. */
static char *find_user(const CheckRun *run, const Brought *brought)
{
    for (guint i = 0; i < run->wheels->len; i++) {
        const CheckWheel *wheel = run->wheels->pdata[i];
        for (guint k = 0;
             wheel->native && native_is_installed(run, wheel) && k < wheel->native->files->len;
             k++) {
            const NativeFile *file = wheel->native->files->pdata[k];
            for (char **name = file->object ? file->object->needed : NULL; name && *name; name++) {
                int family = family_of(*name);
                if (family >= 0 && !brought->families[family])
                    return g_strdup_printf("%s of %s %s needs %s, which no wheel brings",
                                           native_base_name(file->member), wheel->file->name,
                                           wheel->file->version, *name);
            }
        }
    }
    return NULL;
}

/* "nvidia/cuda:12.4.1-cudnn-runtime-ubuntu22.04" → the same with "-base-"; NULL: no such name. */
static char *smaller_base(const char *reference)
{
    static const char *const kinds[] = {"-cudnn-devel-",    "-cudnn-runtime-", "-cudnn8-devel-",
                                        "-cudnn8-runtime-", "-devel-",         "-runtime-"};
    for (guint i = 0; reference && i < G_N_ELEMENTS(kinds); i++) {
        const char *at = strstr(reference, kinds[i]);
        if (at)
            return g_strdup_printf("%.*s-base-%s", (int)(at - reference), reference,
                                   at + strlen(kinds[i]));
    }
    return NULL;
}

/* What the base's environment says of libraries: "NV_LIBCUBLAS_VERSION=12.4.5.8-1 …" or NULL. */
static char *told_libraries(const CheckRun *run)
{
    static const char *const keys[] = {"NV_LIBCUBLAS_VERSION", "NV_CUDNN_VERSION",
                                       "NV_LIBNCCL_PACKAGE_VERSION"};
    GString *libraries = g_string_new(NULL);
    for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
        const char *value = native_find_env(run->base_env, keys[i]);
        if (value)
            g_string_append_printf(libraries, "%s%s=%s", libraries->len ? " " : "", keys[i], value);
    }
    return g_string_free(libraries, libraries->len == 0);
}

static Finding *add_twice(CheckRun *run, const Brought *brought, const char *what)
{
    g_autofree char *size = layout_size(brought->bytes);
    Finding *finding =
        check_add(run, "cuda-twice", run->recipe->base.at,
                  g_strdup_printf(
                      "the base brings %s, and %u %s own (%s), which are the ones that are loaded",
                      what, brought->wheels,
                      brought->wheels == 1 ? "wheel brings its" : "wheels bring their", size));
    g_autofree char *smaller = smaller_base(run->recipe->base.reference);
    finding->hint = smaller ? g_strdup_printf("`base: %s`", smaller)
                            : g_strdup("take a base without CUDA, or its `-base-` variant");
    return finding;
}

static char *describe_cuda(const CheckRun *run)
{
    const char *version = native_find_env(run->base_env, "CUDA_VERSION");
    return version ? g_strdup_printf("CUDA %s", version) : g_strdup("CUDA");
}

/* By its files: those of families that the wheels bring too. */
static void judge_files(CheckRun *run, const Brought *brought)
{
    g_autoptr(GPtrArray) libraries = find_libraries(run->base_root);
    guint64 bytes = 0;
    guint count = 0;
    bool large = false;
    GPtrArray *lines = g_ptr_array_new();
    for (guint i = 0; i < libraries->len; i++) {
        const BaseLibrary *library = libraries->pdata[i];
        int family = family_of(library->name);
        if (!brought->families[family])
            continue;
        large |= !families[family].small;
        bytes += library->size;
        g_autofree char *size = layout_size(library->size);
        if (count++ < SHOWN_LIBRARIES)
            g_ptr_array_add(lines, g_strdup_printf("%s: %s", library->path, size));
    }
    if (!large) {
        g_ptr_array_set_free_func(lines, g_free);
        g_ptr_array_unref(lines);
        return;
    }
    if (count > SHOWN_LIBRARIES)
        g_ptr_array_add(lines, g_strdup_printf("and %u more", count - SHOWN_LIBRARIES));
    g_autofree char *cuda = describe_cuda(run), *size = layout_size(bytes);
    g_autofree char *what = g_strdup_printf("%u %s of %s (%s)", count,
                                            count == 1 ? "library" : "libraries", cuda, size);
    Finding *finding = add_twice(run, brought, what);
    char *user = find_user(run, brought);
    if (user) {
        g_ptr_array_add(lines, user);
        g_free(finding->hint);
        finding->hint = g_strdup("a base without these would lack what the last line names: "
                                 "install that alone, or its wheel");
    }
    native_set_evidence(finding, lines);
}

void rule_cuda_twice(CheckRun *run)
{
    Brought brought = look_into_wheels(run);
    g_autofree char *told = told_libraries(run);
    if (brought.wheels == 0 || run->recipe->base.kind != BASE_IMAGE)
        return;
    guint before = run->findings->len;
    if (run->base_root)
        judge_files(run, &brought);
    if (run->findings->len > before || !told)
        return;
    g_autofree char *cuda = describe_cuda(run);
    g_autofree char *what = g_strdup_printf("the libraries of %s", cuda);
    native_set_line(add_twice(run, &brought, what),
                    g_strdup_printf("environment of the base: %s", told));
}
