/* Shared objects: read without crash; what was read can be asked. */
#include "fuzz.h"

#include "facts/object_bytes.h"
#include "facts/shared_object.h"
#include "facts/symbol_name.h"

static void ask_relocations(GBytes *bytes)
{
    MemoryStream memory;
    ObjectStream stream = memory_stream_open(&memory, bytes);
    g_autoptr(GError) error = NULL;
    g_autoptr(GHashTable) bound =
        shared_object_bound(&stream, g_bytes_get_size(bytes) % 2 == 0, &error);
    g_assert_true(!bound == (error != NULL));
}

static void ask_name(const char *name)
{
    const char *word;
    size_t length;
    g_autofree char *words = symbol_words(name);
    if (symbol_family(name, &word, &length))
        g_assert_true(word >= name && word + length <= name + strlen(name));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) bytes = g_bytes_new(data, size);
    g_autoptr(GError) error = NULL;
    g_autoptr(SharedObject) object = shared_object_from_bytes(bytes, &error);
    g_assert_true(!object || !error);
    ask_relocations(bytes);
    if (!object)
        return 0;
    shared_object_floor(object, "GLIBC_2");
    shared_object_cxx11(object);
    for (guint i = 0; i < object->defined->len; i++) {
        const SharedSymbol *symbol = &g_array_index(object->defined, SharedSymbol, i);
        g_assert_nonnull(shared_object_find(object, symbol->name, symbol->version));
        ask_name(symbol->name);
    }
    return 0;
}
