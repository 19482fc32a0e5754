#include "facts/native_cache.h"
#include "facts/torch_words.h"

#include "elf_builder.h"
#include "test.h"

static const char *const needed[] = {"libc.so.6", NULL};
static const ElfSymbol symbols[] = {
    {"malloc", "libc.so.6", "GLIBC_2.2.5", false, false},
    {"memcpy", "libc.so.6", "GLIBC_2.14", false, false},
    {"optional", NULL, NULL, true, false},
    {"lib_first", NULL, "LIB_1", false, true},
    {"lib_first_of_all", NULL, "LIB_1", false, true},
    {"lib", NULL, NULL, false, true},
};

static WheelNative *sample(void)
{
    ElfPlan plan = {.soname = "liba.so",
                    .rpath = "$ORIGIN",
                    .needed = needed,
                    .symbols = symbols,
                    .count = G_N_ELEMENTS(symbols)};
    g_autoptr(GBytes) elf = elf_build(&plan);
    WheelNative *native = g_new0(WheelNative, 1);
    native->files = g_ptr_array_new_with_free_func(native_file_free);
    native->torch_version = g_strdup("2.6.0+cu124");
    native->torch_arches = g_array_new(FALSE, FALSE, sizeof(unsigned));
    g_array_append_vals(native->torch_arches, ((unsigned[]){80, 120}), 2);
    native->deep = true;
    for (guint i = 0; i < 3; i++) {
        NativeFile *file = g_new0(NativeFile, 1);
        file->member = g_strdup_printf("pkg/lib%u.so", i);
        file->size = g_bytes_get_size(elf);
        file->object = i < 2 ? shared_object_from_bytes(elf, NULL) : NULL;
        file->fatbin = i == 1 ? fatbin_summary_new() : NULL;
        file->numpy = (NumpyWords){.headers = i, .major = i, .minor = 20 * i, .sizes = i == 1};
        g_ptr_array_add(native->files, file);
    }
    FatbinSummary *fatbin = ((NativeFile *)native->files->pdata[1])->fatbin;
    FatbinGroup *group = g_new0(FatbinGroup, 1);
    FatbinCode code = {FATBIN_PTX, 90, ARCH_SPECIFIC, 8, 4};
    group->codes = g_array_new(FALSE, FALSE, sizeof(FatbinCode));
    group->containers = fatbin->containers = 300;
    g_array_append_val(group->codes, code);
    g_ptr_array_add(fatbin->groups, group);
    return native;
}

TEST(cached_form)
{
    g_autoptr(WheelNative) native = sample();
    g_autoptr(GByteArray) first = native_encode(native);
    g_autoptr(GBytes) bytes = g_bytes_new(first->data, first->len);
    g_autoptr(WheelNative) again = native_decode(bytes);
    g_assert_nonnull(again);
    g_autoptr(GByteArray) second = native_encode(again);
    g_assert_cmpmem(first->data, first->len, second->data, second->len);
    const SharedObject *object = ((NativeFile *)again->files->pdata[0])->object;
    g_assert_cmpstr(shared_object_find(object, "lib_first_of_all", "LIB_1")->version, ==, "LIB_1");
    const NumpyWords *numpy = &((NativeFile *)again->files->pdata[1])->numpy;
    g_assert_true(numpy->headers == 1 && numpy->major == 1 && numpy->minor == 20 && numpy->sizes);
    g_assert_cmpstr(again->torch_version, ==, "2.6.0+cu124");
    g_assert_null(again->torch_cuda);
}

TEST(damaged_form)
{
    g_autoptr(WheelNative) native = sample();
    g_autoptr(GByteArray) whole = native_encode(native);
    for (guint length = 0; length < whole->len; length++) {
        g_autoptr(GBytes) bytes = g_bytes_new(whole->data, length);
        g_assert_null(native_decode(bytes));
    }
    for (guint i = 0; i < whole->len; i++) {
        g_autofree guint8 *changed = g_memdup2(whole->data, whole->len);
        changed[i] ^= 0x81;
        g_autoptr(GBytes) bytes = g_bytes_new(changed, whole->len);
        g_autoptr(WheelNative) read = native_decode(bytes);
        g_autoptr(GByteArray) again = read ? native_encode(read) : NULL;
    }
}

TEST(torch_version)
{
    static const struct {
        const char *text, *version, *cuda;
    } rows[] = {
        {"from typing import Optional\n\n__all__ = ['__version__']\n__version__ = '2.6.0+cu124'\n"
         "debug = False\ncuda: Optional[str] = '12.4'\nhip: Optional[str] = None\n",
         "2.6.0+cu124", "12.4"},
        {"__version__ = '2.6.0+cpu'\ncuda: Optional[str] = None\n", "2.6.0+cpu", NULL},
        {"__version__ = \"2.0.1\"\ncuda = \"11.7\"\n", "2.0.1", "11.7"},
        {"cudart = '1'\n __version__ = '1'\n", NULL, NULL},
        {"__version__ = '1", NULL, NULL},
        {"", NULL, NULL},
    };
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *version = NULL, *cuda = NULL;
        torch_version_parse(rows[i].text, strlen(rows[i].text), &version, &cuda);
        g_assert_cmpstr(version, ==, rows[i].version);
        g_assert_cmpstr(cuda, ==, rows[i].cuda);
    }
}

static char *find_arches(const char *text, size_t length, size_t piece)
{
    g_autoptr(TorchArchScanner) scanner = torch_arch_scanner_new();
    for (size_t at = 0; at < length; at += piece)
        torch_arch_scanner_feed(scanner, text + at, MIN(piece, length - at));
    g_autoptr(GArray) arches = NULL, ptx = NULL;
    if (!torch_arch_scanner_finish(scanner, &arches, &ptx))
        return g_strdup("-");
    GString *found = g_string_new(NULL);
    for (guint i = 0; i < arches->len; i++)
        g_string_append_printf(found, "%u ", g_array_index(arches, unsigned, i));
    for (guint i = 0; i < ptx->len; i++)
        g_string_append_printf(found, "+%u ", g_array_index(ptx, unsigned, i));
    return g_string_free(found, FALSE);
}

TEST(torch_arches)
{
#define ROW(text, found)                                                                           \
    {                                                                                              \
        text, sizeof text - 1, found                                                               \
    }
    static const struct {
        const char *text;
        size_t length;
        const char *found;
    } rows[] = {
        ROW("\0\0sm_50 sm_60 sm_70\0x", "50 60 70 "),
        ROW("std::string ipc_hsm_70 sm_75 sm_120\0", "70 75 120 "),
        ROW("sm_75 sm_90a compute_120\0", "75 90 +120 "),
        ROW("sm_80 sm_86\0sm_50 sm_60 sm_70", "50 60 70 "),
        ROW("sm_80", "-"),
        ROW("sm_80 sm_", "-"),
        ROW("sm_80  sm_90", "-"),
        ROW("sm_1 sm_2 sm_3", "-"),
        ROW("ssm_80 sm_90", "80 90 "),
        ROW("", "-"),
    };
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        for (size_t piece = 1; piece <= rows[i].length + 1; piece++) {
            g_autofree char *found = find_arches(rows[i].text, rows[i].length, piece);
            assert_text(rows[i].text, rows[i].found, found);
        }
    }
}

static NumpyWords find_numpy(const char *text, size_t length, size_t piece)
{
    g_autoptr(NumpyScanner) scanner = numpy_scanner_new();
    for (size_t at = 0; at < length; at += piece)
        numpy_scanner_feed(scanner, text + at, MIN(piece, length - at));
    return numpy_scanner_finish(scanner);
}

TEST(numpy_words)
{
#define ABI_TEXT "module compiled against ABI version 0x%x but this version of numpy is 0x%x"
#define API_TEXT "module was compiled against NumPy C-API version 0x%x (NumPy "
    static const struct {
        const char *text;
        NumpyWords words;
    } rows[] = {
        {"....." ABI_TEXT ".....", {1, 0, 0, false}},
        {ABI_TEXT "....." API_TEXT "1.20) but the running NumPy", {2, 1, 20, false}},
        {API_TEXT "2.1) but" ABI_TEXT, {2, 2, 1, false}},
        {API_TEXT "x) but", {2, 0, 0, false}},
        {API_TEXT "1.20", {2, 0, 0, false}},
        {"%s size changed, may indicate binary incompatibility." ABI_TEXT, {1, 0, 0, true}},
        {"compiled against ABI version 0x%x", {0, 0, 0, false}},
        {"", {0, 0, 0, false}},
    };
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        size_t length = strlen(rows[i].text);
        for (size_t piece = 1; piece <= length + 1; piece++) {
            NumpyWords found = find_numpy(rows[i].text, length, piece);
            g_assert_true(found.headers == rows[i].words.headers);
            g_assert_true(found.major == rows[i].words.major);
            g_assert_true(found.minor == rows[i].words.minor);
            g_assert_true(found.sizes == rows[i].words.sizes);
        }
    }
    static const char header[] = "#define NPY_SIZEOF_LONG 8\n#define NPY_ABI_VERSION 0x02000000\n";
    g_assert_cmphex(numpy_abi_parse(header, strlen(header)), ==, 0x02000000);
    g_assert_cmphex(numpy_abi_parse(header, strlen(header) - 40), ==, 0);
    g_assert_cmphex(numpy_abi_parse("", 0), ==, 0);
}

TEST(object_names)
{
    static const struct {
        const char *name;
        bool object;
    } rows[] = {
        {"numpy/_core/_multiarray_umath.cpython-311-x86_64-linux-gnu.so", true},
        {"nvidia/cublas/lib/libcublas.so.12", true},
        {"numpy.libs/libgfortran-040039e1.so.5.0.0", true},
        {"pkg.so/readme.txt", false},
        {"pkg/notes.so.txt", false},
        {"pkg/a.py", false},
    };
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
        g_assert_cmpint(native_is_object(rows[i].name), ==, rows[i].object);
}
