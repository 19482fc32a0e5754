/* Shared objects: read without crash; what was read can be asked. */
#include "fuzz.h"

#include "facts/shared_object.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) bytes = g_bytes_new(data, size);
    g_autoptr(GError) error = NULL;
    g_autoptr(SharedObject) object = shared_object_from_bytes(bytes, &error);
    g_assert_true(!object || !error);
    if (!object)
        return 0;
    shared_object_floor(object, "GLIBC_2");
    shared_object_cxx11(object);
    for (guint i = 0; i < object->defined->len; i++) {
        const SharedSymbol *symbol = &g_array_index(object->defined, SharedSymbol, i);
        g_assert_nonnull(shared_object_find(object, symbol->name, symbol->version));
    }
    return 0;
}
