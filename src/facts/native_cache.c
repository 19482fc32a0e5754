#include "facts/native_cache.h"

#include "base/limits.h"
#include "base/packed.h"

#define MAGIC "ramekin natives 3\n"

static void put_texts(GByteArray *out, const char *const *texts)
{
    guint count = texts ? g_strv_length((char **)texts) : 0;
    packed_put(out, texts ? count + 1 : 0);
    for (guint i = 0; i < count; i++)
        packed_put_text(out, texts[i]);
}

/* Versions are numbered as they come; 0: none. */
static guint version_number(GHashTable *numbers, GPtrArray *versions, const char *version)
{
    if (!version)
        return 0;
    guint number = GPOINTER_TO_UINT(g_hash_table_lookup(numbers, version));
    if (number == 0) {
        g_ptr_array_add(versions, (void *)version);
        number = versions->len;
        g_hash_table_insert(numbers, (void *)version, GUINT_TO_POINTER(number));
    }
    return number;
}

static void put_symbols(GByteArray *out, const GArray *symbols)
{
    g_autoptr(GHashTable) numbers = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) versions = g_ptr_array_new();
    for (guint i = 0; i < symbols->len; i++)
        version_number(numbers, versions, g_array_index(symbols, SharedSymbol, i).version);
    packed_put(out, versions->len);
    for (guint i = 0; i < versions->len; i++)
        packed_put_text(out, versions->pdata[i]);
    packed_put(out, symbols->len);
    const char *before = "";
    for (guint i = 0; i < symbols->len; i++) {
        const SharedSymbol *symbol = &g_array_index(symbols, SharedSymbol, i);
        size_t same = 0;
        while (before[same] && before[same] == symbol->name[same])
            same++;
        packed_put(out, same);
        packed_put_text(out, symbol->name + same);
        packed_put(out, (guint64)version_number(numbers, versions, symbol->version) << 2 |
                            (symbol->hidden ? 2u : 0u) | (symbol->weak ? 1u : 0u));
        before = symbol->name;
    }
}

static void put_object(GByteArray *out, const SharedObject *object)
{
    packed_put(out, object != NULL);
    if (!object)
        return;
    packed_put_text(out, object->machine);
    packed_put_text(out, object->soname);
    put_texts(out, (const char *const *)object->needed);
    put_texts(out, (const char *const *)object->rpath);
    packed_put(out, object->runpath);
    packed_put(out, object->needs->len);
    for (guint i = 0; i < object->needs->len; i++) {
        const VersionNeed *need = object->needs->pdata[i];
        packed_put_text(out, need->library);
        put_texts(out, need->versions);
    }
    put_symbols(out, object->undefined);
    put_symbols(out, object->defined);
}

static void put_fatbin(GByteArray *out, const FatbinSummary *fatbin)
{
    packed_put(out, fatbin != NULL);
    if (!fatbin)
        return;
    const guint64 counts[] = {fatbin->containers, fatbin->loadable, fatbin->entries,
                              fatbin->malformed,  fatbin->cubins,   fatbin->ptx};
    for (guint i = 0; i < G_N_ELEMENTS(counts); i++)
        packed_put(out, counts[i]);
    packed_put(out, fatbin->groups->len);
    for (guint i = 0; i < fatbin->groups->len; i++) {
        const FatbinGroup *group = fatbin->groups->pdata[i];
        packed_put(out, group->containers);
        packed_put(out, group->codes->len);
        for (guint k = 0; k < group->codes->len; k++) {
            const FatbinCode *code = &g_array_index(group->codes, FatbinCode, k);
            packed_put(out, code->kind);
            packed_put(out, code->arch);
            packed_put(out, code->scope);
            packed_put(out, code->ptx_major);
            packed_put(out, code->ptx_minor);
        }
    }
}

/* Most objects have nothing to do with numpy. */
static void put_numpy(GByteArray *out, const NumpyWords *numpy)
{
    packed_put(out, numpy->headers | (numpy->sizes ? 4u : 0u));
    if (numpy->headers == 0)
        return;
    packed_put(out, numpy->major);
    packed_put(out, numpy->minor);
}

static void put_numbers(GByteArray *out, const GArray *numbers)
{
    packed_put(out, numbers ? numbers->len + 1 : 0);
    for (guint i = 0; numbers && i < numbers->len; i++)
        packed_put(out, g_array_index(numbers, unsigned, i));
}

GByteArray *native_encode(const WheelNative *native)
{
    GByteArray *out = g_byte_array_new();
    g_byte_array_append(out, (const guint8 *)MAGIC, strlen(MAGIC));
    packed_put_text(out, native->torch_version);
    packed_put_text(out, native->torch_cuda);
    put_numbers(out, native->torch_arches);
    put_numbers(out, native->torch_ptx);
    packed_put(out, native->deep);
    packed_put(out, native->files->len);
    for (guint i = 0; i < native->files->len; i++) {
        const NativeFile *file = native->files->pdata[i];
        packed_put_text(out, file->member);
        packed_put(out, file->size);
        put_object(out, file->object);
        put_fatbin(out, file->fatbin);
        put_numpy(out, &file->numpy);
    }
    return out;
}

static char *take_text(PackedInput *in)
{
    size_t length;
    const char *text = packed_take_text(in, &length);
    return text ? g_strndup(text, length) : NULL;
}

static char **take_texts(PackedInput *in)
{
    guint count = packed_take_count(in);
    if (count == 0)
        return NULL;
    g_autoptr(GStrvBuilder) texts = g_strv_builder_new();
    for (guint i = 0; i + 1 < count && !in->failed; i++) {
        g_autofree char *text = take_text(in);
        g_strv_builder_add(texts, text ? text : "");
    }
    return g_strv_builder_end(texts);
}

/* Texts of an object gather in one block, which moves as it grows: offsets take the place of
 * pointers until all are there. NULL stays NULL, since the block begins with a byte of its own. */
typedef struct {
    PackedInput *in;
    GString *texts;
} Texts;

static const char *keep(Texts *texts, const char *from, size_t length)
{
    gsize offset = texts->texts->len;
    g_string_append_len(texts->texts, from, (gssize)length);
    g_string_append_c(texts->texts, '\0');
    return GSIZE_TO_POINTER(offset);
}

static const char *keep_text(Texts *texts)
{
    size_t length;
    const char *text = packed_take_text(texts->in, &length);
    return text ? keep(texts, text, length) : NULL;
}

static GArray *take_symbols(Texts *texts)
{
    PackedInput *in = texts->in;
    g_autoptr(GPtrArray) versions = g_ptr_array_new();
    GArray *symbols = g_array_new(FALSE, FALSE, sizeof(SharedSymbol));
    guint count = packed_take_count(in);
    for (guint i = 0; i < count && !in->failed; i++)
        g_ptr_array_add(versions, (void *)keep_text(texts));
    count = packed_take_count(in);
    gsize before = 0, before_length = 0;
    for (guint i = 0; i < count && !in->failed; i++) {
        size_t length, same = packed_take(in);
        const char *rest = packed_take_text(in, &length);
        guint64 bits = packed_take(in);
        in->failed = in->failed || !rest || same > before_length || bits >> 2 > versions->len ||
                     texts->texts->len > LIMIT_OBJECT_TABLES;
        if (in->failed)
            break;
        gsize offset = texts->texts->len;
        g_string_set_size(texts->texts, offset + same);
        memcpy(texts->texts->str + offset, texts->texts->str + before, same);
        keep(texts, rest, length);
        SharedSymbol symbol = {.name = GSIZE_TO_POINTER(offset), .weak = bits & 1};
        symbol.hidden = bits & 2;
        symbol.version = bits >> 2 ? versions->pdata[(bits >> 2) - 1] : NULL;
        g_array_append_val(symbols, symbol);
        before = offset;
        before_length = same + length;
    }
    return symbols;
}

static void place(const char **text, const char *texts)
{
    if (*text)
        *text = texts + GPOINTER_TO_SIZE(*text);
}

static void place_symbols(GArray *symbols, const char *texts)
{
    for (guint i = 0; i < symbols->len; i++) {
        SharedSymbol *symbol = &g_array_index(symbols, SharedSymbol, i);
        place(&symbol->name, texts);
        place(&symbol->version, texts);
    }
}

static GPtrArray *take_needs(Texts *texts)
{
    GPtrArray *needs = g_ptr_array_new_with_free_func(version_need_free);
    guint count = packed_take_count(texts->in);
    for (guint i = 0; i < count && !texts->in->failed; i++) {
        VersionNeed *need = g_new0(VersionNeed, 1);
        need->library = keep_text(texts);
        guint versions = packed_take_count(texts->in);
        need->versions = g_new0(const char *, MAX(versions, 1));
        for (guint k = 0; k + 1 < versions; k++)
            need->versions[k] = keep_text(texts);
        texts->in->failed = texts->in->failed || !need->library;
        g_ptr_array_add(needs, need);
    }
    return needs;
}

static SharedObject *take_object(PackedInput *in)
{
    if (!packed_take(in))
        return NULL;
    Texts texts = {in, g_string_new_len("", 1)};
    SharedObject *object = g_new0(SharedObject, 1);
    object->machine = take_text(in);
    object->soname = take_text(in);
    object->needed = take_texts(in);
    object->rpath = take_texts(in);
    object->runpath = packed_take(in);
    object->needs = take_needs(&texts);
    object->undefined = take_symbols(&texts);
    object->defined = take_symbols(&texts);
    object->texts = g_string_free(texts.texts, FALSE);
    for (guint i = 0; i < object->needs->len; i++) {
        VersionNeed *need = object->needs->pdata[i];
        place(&need->library, object->texts);
        for (const char **version = need->versions; *version; version++)
            place(version, object->texts);
    }
    place_symbols(object->undefined, object->texts);
    place_symbols(object->defined, object->texts);
    if (!object->needed)
        object->needed = g_new0(char *, 1);
    return object;
}

static FatbinSummary *take_fatbin(PackedInput *in)
{
    if (!packed_take(in))
        return NULL;
    FatbinSummary *fatbin = fatbin_summary_new();
    guint64 *const counts[] = {&fatbin->containers, &fatbin->loadable, &fatbin->entries,
                               &fatbin->malformed,  &fatbin->cubins,   &fatbin->ptx};
    for (guint i = 0; i < G_N_ELEMENTS(counts); i++)
        *counts[i] = packed_take(in);
    guint groups = packed_take_count(in);
    for (guint i = 0; i < groups && !in->failed; i++) {
        FatbinGroup *group = g_new(FatbinGroup, 1);
        group->containers = packed_take(in);
        group->codes = g_array_new(FALSE, TRUE, sizeof(FatbinCode));
        g_ptr_array_add(fatbin->groups, group);
        guint codes = packed_take_count(in);
        for (guint k = 0; k < codes && !in->failed; k++) {
            FatbinCode code;
            memset(&code, 0, sizeof code);
            code.kind = (FatbinKind)packed_take_below(in, FATBIN_LTO + 1);
            code.arch = (unsigned)packed_take(in);
            code.scope = (ArchScope)packed_take_below(in, ARCH_FAMILY + 1);
            code.ptx_major = (unsigned)packed_take(in);
            code.ptx_minor = (unsigned)packed_take(in);
            g_array_append_val(group->codes, code);
        }
    }
    return fatbin;
}

static NumpyWords take_numpy(PackedInput *in)
{
    guint bits = packed_take_below(in, 8);
    NumpyWords numpy = {.headers = bits & 3, .sizes = bits & 4};
    in->failed = in->failed || numpy.headers > 2;
    if (numpy.headers > 0) {
        numpy.major = packed_take_below(in, 1000);
        numpy.minor = packed_take_below(in, 1000);
    }
    return numpy;
}

static GArray *take_numbers(PackedInput *in)
{
    guint count = packed_take_count(in);
    if (count == 0)
        return NULL;
    GArray *numbers = g_array_new(FALSE, FALSE, sizeof(unsigned));
    for (guint i = 0; i + 1 < count; i++) {
        unsigned number = (unsigned)packed_take(in);
        g_array_append_val(numbers, number);
    }
    return numbers;
}

WheelNative *native_decode(GBytes *bytes)
{
    gsize size;
    const guint8 *data = g_bytes_get_data(bytes, &size);
    if (size < strlen(MAGIC) || memcmp(data, MAGIC, strlen(MAGIC)) != 0)
        return NULL;
    PackedInput in = {data + strlen(MAGIC), data + size, false};
    g_autoptr(WheelNative) native = g_new0(WheelNative, 1);
    native->files = g_ptr_array_new_with_free_func(native_file_free);
    native->torch_version = take_text(&in);
    native->torch_cuda = take_text(&in);
    native->torch_arches = take_numbers(&in);
    native->torch_ptx = take_numbers(&in);
    native->deep = packed_take(&in);
    guint count = packed_take_count(&in);
    for (guint i = 0; i < count && !in.failed; i++) {
        NativeFile *file = g_new0(NativeFile, 1);
        file->member = take_text(&in);
        file->size = packed_take(&in);
        file->object = take_object(&in);
        file->fatbin = take_fatbin(&in);
        file->numpy = take_numpy(&in);
        g_ptr_array_add(native->files, file);
        in.failed = in.failed || !file->member;
    }
    return in.failed || in.at != in.end ? NULL : g_steal_pointer(&native);
}
