#include "facts/object_bytes.h"
#include "facts/shared_object.h"

#include "elf_builder.h"
#include "test.h"

static const char *const needed[] = {"libc10.so", "libstdc++.so.6", NULL};
static const ElfSymbol symbols[] = {
    {"memcpy", "libc.so.6", "GLIBC_2.14", false, false},
    {"_ZNSt13runtime_errorC1ERKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE",
     "libstdc++.so.6", "GLIBCXX_3.4.21", false, false},
    {"pthread_create", "libc.so.6", "GLIBC_2.34", false, false},
    {"__gmon_start__", NULL, NULL, true, false},
    {"PyInit__C", NULL, NULL, false, true},
    {"answer", NULL, "LIB_2", false, true},
};
static const ElfPlan plan = {.soname = "_C.so",
                             .rpath = "$ORIGIN:$ORIGIN/../lib",
                             .needed = needed,
                             .symbols = symbols,
                             .count = G_N_ELEMENTS(symbols)};

static const char all_text[] =
    "x86_64 _C.so needs libc10.so libstdc++.so.6 rpath $ORIGIN:$ORIGIN/../lib\n"
    "libc.so.6 GLIBC_2.14\nlibstdc++.so.6 GLIBCXX_3.4.21\nlibc.so.6 GLIBC_2.34\n"
    "? _ZNSt13runtime_errorC1ERKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE "
    "GLIBCXX_3.4.21\n? __gmon_start__ - weak\n? memcpy GLIBC_2.14\n? pthread_create GLIBC_2.34\n"
    "! PyInit__C -\n! answer LIB_2\n";

static void add_symbols(GString *text, char mark, const GArray *array)
{
    for (guint i = 0; i < array->len; i++) {
        const SharedSymbol *symbol = &g_array_index(array, SharedSymbol, i);
        g_string_append_printf(text, "%c %s %s%s\n", mark, symbol->name,
                               symbol->version ? symbol->version : "-",
                               symbol->weak ? " weak" : "");
    }
}

static char *describe(const SharedObject *object)
{
    GString *text = g_string_new(NULL);
    g_autofree char *libraries = g_strjoinv(" ", object->needed);
    g_autofree char *path = object->rpath ? g_strjoinv(":", object->rpath) : g_strdup("-");
    g_string_append_printf(text, "%s %s needs %s %s %s\n", object->machine, object->soname,
                           libraries, object->runpath ? "runpath" : "rpath", path);
    for (guint i = 0; i < object->needs->len; i++) {
        const VersionNeed *need = object->needs->pdata[i];
        g_string_append_printf(text, "%s %s\n", need->library, need->versions[0]);
    }
    add_symbols(text, '?', object->undefined);
    add_symbols(text, '!', object->defined);
    return g_string_free(text, FALSE);
}

typedef struct {
    GBytes *bytes;
    gsize position;
    unsigned passes;
} Counted;

static gboolean counted_rewind(void *data, G_GNUC_UNUSED GError **error)
{
    Counted *counted = data;
    counted->position = 0;
    counted->passes++;
    return TRUE;
}

static gssize counted_read(void *data, void *buffer, size_t length, G_GNUC_UNUSED GError **error)
{
    Counted *counted = data;
    gsize size;
    const char *from = g_bytes_get_data(counted->bytes, &size);
    size_t take = MIN(MIN(length, 3000), size - counted->position);
    memcpy(buffer, from + counted->position, take);
    counted->position += take;
    return (gssize)take;
}

TEST(layouts)
{
    const guint64 mib = 1024 * 1024;
    const struct {
        const char *name;
        guint64 tables_at, dynamic_at;
        bool old_hash;
        unsigned passes;
    } rows[] = {
        {"small", 0, 0, false, 1},
        {"old hash table", 0, 0, true, 1},
        {"tables in the head, dynamic section late", 0, 30 * mib, false, 1},
        {"tables before the dynamic section, both late", 28 * mib, 30 * mib, false, 2},
        {"old hash table, late", 28 * mib, 30 * mib, true, 2},
    };
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        ElfPlan changed = plan;
        changed.tables_at = rows[i].tables_at;
        changed.dynamic_at = rows[i].dynamic_at;
        changed.old_hash = rows[i].old_hash;
        g_autoptr(GBytes) bytes = elf_build(&changed);
        Counted counted = {bytes, 0, 0};
        ObjectStream stream = {counted_rewind, counted_read, &counted, g_bytes_get_size(bytes)};
        GError *error = NULL;
        g_autoptr(SharedObject) object = shared_object_read(&stream, &error);
        assert_no_error(error);
        g_autofree char *text = describe(object);
        assert_text(rows[i].name, all_text, text);
        g_assert_cmpuint(counted.passes, ==, rows[i].passes);
    }
}

TEST(nothing_defined)
{
    ElfPlan changed = plan;
    changed.count = 4;
    g_autoptr(GBytes) bytes = elf_build(&changed);
    GError *error = NULL;
    g_autoptr(SharedObject) object = shared_object_from_bytes(bytes, &error);
    assert_no_error(error);
    g_assert_cmpuint(object->undefined->len, ==, 4);
    g_assert_cmpuint(object->defined->len, ==, 0);
}

TEST(cut_anywhere)
{
    g_autoptr(GBytes) bytes = elf_build(&plan);
    gsize size = g_bytes_get_size(bytes);
    for (gsize length = 0; length < size; length++) {
        g_autoptr(GBytes) part = g_bytes_new_from_bytes(bytes, 0, length);
        g_autoptr(GError) error = NULL;
        g_autoptr(SharedObject) object = shared_object_from_bytes(part, &error);
        g_assert_null(object);
        g_assert_true(length < 64 || error != NULL);
    }
}

TEST(no_shared_object)
{
    static const char *const texts[] = {"", "#!/bin/sh\n", "\177ELF\1\1\1"};
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GBytes) bytes = g_bytes_new_static(texts[i], strlen(texts[i]));
        GError *error = NULL;
        g_assert_null(shared_object_from_bytes(bytes, &error));
        assert_no_error(error);
    }
}

TEST(questions)
{
    g_autoptr(GBytes) bytes = elf_build(&plan);
    g_autoptr(SharedObject) object = shared_object_from_bytes(bytes, NULL);
    g_assert_cmpint(shared_object_floor(object, "GLIBC_2"), ==, 34);
    g_assert_cmpint(shared_object_floor(object, "GLIBCXX_3.4"), ==, 21);
    g_assert_cmpint(shared_object_floor(object, "CXXABI_1.3"), ==, -1);
    g_assert_cmpint(shared_object_cxx11(object), ==, 1);
    g_assert_nonnull(shared_object_find(object, "answer", NULL));
    g_assert_nonnull(shared_object_find(object, "answer", "LIB_2"));
    g_assert_null(shared_object_find(object, "answer", "LIB_1"));
    g_assert_null(shared_object_find(object, "memcpy", NULL));
}

TEST(strings_in_names)
{
    static const struct {
        const char *name;
        int cxx11;
    } rows[] = {
        {"_ZN3c105ErrorC2ENS_14SourceLocationESs", 0},
        {"_ZN3c105ErrorC2ENS_14SourceLocationENSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE",
         1},
        {"_ZN5torch8registerERKSs", 0},
        {"_ZNSt6vectorISsSaISsEE9push_backERKSs", 0},
        {"_ZN4ArgsC1Ev", -1},
        {"_ZN7ClassSs3runEv", -1},       /* the letters are of a name */
        {"_Z3fooILj16EEvN6SomeSsE", -1}, /* a literal, then a name */
        {"_ZNK4llvm5Value7getNameB5cxx11Ev", -1},
        {"_ZlSRsi", -1},
        {"_ZlSsi", -1}, /* operator<<= with a short */
        {"printf", -1},
        {"_Z", -1},
        {"_Z999999999999x", -1},
    };
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_test_message("%s", rows[i].name);
        g_assert_cmpint(symbol_cxx11(rows[i].name), ==, rows[i].cxx11);
    }
}

TEST(names_that_relocations_ask_for)
{
    const struct {
        const char *unbound;
        bool no_calls;
        guint count;
    } rows[] = {{NULL, false, 4}, {"memcpy", false, 3}, {"memcpy", true, 3}};
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        ElfPlan changed = plan;
        changed.unbound = rows[i].unbound;
        changed.no_calls = rows[i].no_calls;
        changed.tables_at = i * 100000; /* behind what is kept of the head */
        g_autoptr(GBytes) bytes = elf_build(&changed);
        MemoryStream memory;
        ObjectStream stream = memory_stream_open(&memory, bytes);
        GError *error = NULL;
        g_autoptr(GHashTable) bound = shared_object_bound(&stream, false, &error);
        assert_no_error(error);
        g_assert_cmpuint(g_hash_table_size(bound), ==, rows[i].count);
        guint place = GPOINTER_TO_UINT(g_hash_table_lookup(bound, "pthread_create"));
        g_assert_cmpuint(place, ==, rows[i].unbound ? 2 : 3);
        g_assert_cmpint(g_hash_table_contains(bound, "memcpy"), ==, !rows[i].unbound);
        g_assert_false(g_hash_table_contains(bound, "answer"));
    }
}

TEST(names_that_are_looked_up_at_once)
{
    const struct {
        bool no_calls;
        gint64 now_tag;
        guint64 now_flags;
        guint count;
    } rows[] = {
        {false, 0, 0, 0},
        {true, 0, 0, 4},
        {false, DT_BIND_NOW, 0, 4},
        {false, DT_FLAGS, DF_BIND_NOW | DF_SYMBOLIC, 4},
        {false, DT_FLAGS, DF_SYMBOLIC, 0},
        {false, DT_FLAGS_1, DF_1_NOW, 4},
        {false, DT_FLAGS_1, DF_1_NODELETE, 0},
    };
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        ElfPlan changed = plan;
        changed.no_calls = rows[i].no_calls;
        changed.now_tag = rows[i].now_tag;
        changed.now_flags = rows[i].now_flags;
        g_autoptr(GBytes) bytes = elf_build(&changed);
        MemoryStream memory;
        ObjectStream stream = memory_stream_open(&memory, bytes);
        GError *error = NULL;
        g_autoptr(GHashTable) bound = shared_object_bound(&stream, true, &error);
        assert_no_error(error);
        g_assert_cmpuint(g_hash_table_size(bound), ==, rows[i].count);
    }
}

TEST(relocations_of_a_cut_object)
{
    g_autoptr(GBytes) bytes = elf_build(&plan);
    for (gsize length = 0; length < g_bytes_get_size(bytes); length++) {
        g_autoptr(GBytes) part = g_bytes_new_from_bytes(bytes, 0, length);
        MemoryStream memory;
        ObjectStream stream = memory_stream_open(&memory, part);
        g_autoptr(GError) error = NULL;
        g_assert_null(shared_object_bound(&stream, false, &error));
        g_assert_nonnull(error);
    }
}
