/* Whether the shared objects of wheels load: the versions of the C and C++ libraries that they need
 * against those of the base, whatever the wheel's tag says, and their symbols against torch's.
 *
 * A library that an extension module needs is loaded with it; others are loaded later, by code that
 * may catch the failure, and are warnings. The C++ library's version is that of the base's own
 * file: libstdc++.so.6.0.N offers GLIBCXX_3.4.N (GCC manual, "ABI Policy and Guidelines"). */
#include "check/import_roots.h"
#include "check/library_load.h"
#include "check/native_rules.h"
#include "check/rules.h"
#include "facts/symbol_name.h"
#include "python/target_libc.h"

enum {
    SHOWN_SYMBOLS = 3,
};

static const NativeFile *find_neighbour(const WheelNative *native, const char *library)
{
    for (guint i = 0; i < native->files->len; i++) {
        const NativeFile *file = native->files->pdata[i];
        if (g_str_equal(native_base_name(file->member), library))
            return file;
    }
    return NULL;
}

static bool is_extension(const NativeFile *file)
{
    const char *name = native_base_name(file->member);
    return strstr(name, ".cpython-") || strstr(name, ".abi3.");
}

/* Whether importing a module of the wheel loads the library: extension modules and what they need,
 * transitively (GHashTable as a set of NativeFile). */
static void add_loaded(GHashTable *loaded, const WheelNative *native, const NativeFile *file)
{
    if (!g_hash_table_add(loaded, (void *)file) || !file->object)
        return;
    for (char **name = file->object->needed; *name; name++) {
        const NativeFile *needed = find_neighbour(native, *name);
        if (needed)
            add_loaded(loaded, native, needed);
    }
}

static GHashTable *find_loaded(const WheelNative *native)
{
    GHashTable *loaded = g_hash_table_new(NULL, NULL);
    for (guint i = 0; i < native->files->len; i++) {
        if (is_extension(native->files->pdata[i]))
            add_loaded(loaded, native, native->files->pdata[i]);
    }
    return loaded;
}

/* "glibc 2.36" → 36; -1: unknown, or another C library. */
static int base_glibc(const CheckRun *run)
{
    const char *libc = run->target->base.libc;
    if (!libc || !g_str_has_prefix(libc, "glibc 2."))
        return -1;
    return (int)g_ascii_strtoull(libc + strlen("glibc 2."), NULL, 10);
}

/* 32 of libstdc++.so.6.0.32; -1: the base was not read, or has none. */
static int base_glibcxx(const CheckRun *run, char **ret_name)
{
    *ret_name = NULL;
    for (guint i = 0; run->base_root && target_library_folders[i]; i++) {
        g_autofree char *path = g_build_filename(target_library_folders[i], "libstdc++.so.6", NULL);
        g_autofree char *real = image_root_resolve(run->base_root, path);
        const char *name = real ? native_base_name(real) : NULL;
        if (!name || !g_str_has_prefix(name, "libstdc++.so.6.0."))
            continue;
        *ret_name = g_steal_pointer(&real);
        return (int)g_ascii_strtoull(strrchr(*ret_name, '.') + 1, NULL, 10);
    }
    return -1;
}

static bool brings_library(const WheelNative *native, const char *prefix)
{
    for (guint i = 0; i < native->files->len; i++) {
        const NativeFile *file = native->files->pdata[i];
        if (g_str_has_prefix(native_base_name(file->member), prefix))
            return true;
    }
    return false;
}

typedef struct {
    const char *family; /* as shared_object_floor() takes it */
    const char *code;
    const char *what;
    int has;          /* -1: unknown */
    const char *from; /* where that is known from */
} Floor;

/* One finding for a wheel and a family, for the file that needs most; errors before warnings. */
static void judge_floor(CheckRun *run, const CheckWheel *wheel, GHashTable *loaded,
                        const Floor *floor)
{
    const NativeFile *worst = NULL;
    int highest = floor->has;
    bool hard = false;
    for (guint i = 0; floor->has >= 0 && i < wheel->native->files->len; i++) {
        const NativeFile *file = wheel->native->files->pdata[i];
        int needs = file->object ? shared_object_floor(file->object, floor->family) : -1;
        bool is_hard = g_hash_table_contains(loaded, file);
        if (needs <= floor->has || (hard && !is_hard) || (hard == is_hard && needs <= highest))
            continue;
        worst = file;
        highest = needs;
        hard = is_hard;
    }
    if (!worst)
        return;
    bool env = run->recipe->target == TARGET_ENV;
    Finding *finding =
        native_add(run, floor->code, wheel,
                   g_strdup_printf("%s of %s %s needs %s.%d, and the %s has %s.%d",
                                   native_base_name(worst->member), wheel->file->name,
                                   wheel->file->version, floor->family, highest,
                                   env ? "machine" : "base", floor->family, floor->has));
    if (!hard)
        finding->severity = SEVERITY_WARNING;
    GPtrArray *evidence = g_ptr_array_new();
    g_ptr_array_add(evidence, g_strdup_printf("%s of %s: its version needs of the %s",
                                              worst->member, wheel->file->file, floor->what));
    g_ptr_array_add(evidence, g_strdup(floor->from));
    native_set_evidence(finding, evidence);
    finding->hint =
        g_strdup_printf("%s with a newer %s, or another version of %s",
                        env ? "take a machine" : "take a base", floor->what, wheel->file->name);
}

/* Which std::string torch's own libraries define functions with; -1: not known. */
static int torch_cxx11(const WheelNative *torch, const NativeFile **ret_file)
{
    *ret_file = find_neighbour(torch, "libc10.so");
    if (!*ret_file || !(*ret_file)->object)
        return -1;
    bool seen[2] = {false, false};
    const GArray *defined = (*ret_file)->object->defined;
    for (guint i = 0; i < defined->len; i++) {
        const char *name = g_array_index(defined, SharedSymbol, i).name;
        int kind = native_is_torch_name(name) ? symbol_cxx11(name) : -1;
        if (kind >= 0)
            seen[kind] = true;
    }
    return seen[0] == seen[1] ? -1 : seen[1];
}

/* "torch/_C.so needs at::gone (_ZN2at4goneEv)" */
static char *describe_need(const char *member, const char *name, const char *version)
{
    g_autofree char *words = symbol_words(name);
    GString *text = g_string_new(member);
    g_string_append_printf(text, words ? " needs %s (%s)" : " needs %s", words ? words : name,
                           name);
    if (version)
        g_string_append_printf(text, ", version %s", version);
    return g_string_free(text, FALSE);
}

static void judge_strings(CheckRun *run, const CheckWheel *wheel, const NativeFile *file,
                          const CheckWheel *torch, int kind, const NativeFile *from)
{
    static const char *const names[] = {"the old std::string", "std::__cxx11::string"};
    GPtrArray *evidence = g_ptr_array_new();
    for (guint i = 0; i < file->object->undefined->len && evidence->len < SHOWN_SYMBOLS; i++) {
        const SharedSymbol *symbol = &g_array_index(file->object->undefined, SharedSymbol, i);
        if (!symbol->weak && native_is_torch_name(symbol->name) &&
            symbol_cxx11(symbol->name) == !kind && !native_is_defined(run, symbol->name))
            g_ptr_array_add(evidence, describe_need(file->member, symbol->name, NULL));
    }
    if (evidence->len == 0) {
        g_ptr_array_unref(evidence);
        return;
    }
    g_ptr_array_add(evidence, g_strdup_printf("%s of %s defines functions with %s", from->member,
                                              torch->file->file, names[kind]));
    Finding *finding = native_add(
        run, "torch-abi", wheel,
        g_strdup_printf("%s of %s %s was compiled for a torch with %s, and torch %s has %s",
                        native_base_name(file->member), wheel->file->name, wheel->file->version,
                        names[!kind], torch->file->version, names[kind]));
    native_set_evidence(finding, evidence);
    finding->hint = g_strdup_printf("take the build of %s for this torch; what a file name says "
                                    "of its C++ ABI is not always so",
                                    wheel->file->name);
}

/* Loads that fail */

/* An import goes on where the failure is caught, as far as that can be followed: what the library
 * would have registered with torch is missed later. */
static bool is_caught(const CheckRun *run, const CheckWheel *wheel, const LibraryRefusal *refusal)
{
    g_autofree char *clause =
        g_str_equal(refusal->owner, "torch") ? native_unmet_torch(run, wheel) : NULL;
    if (clause)
        return false;
    const ImportRoot *root =
        run->roots && refusal->root < run->roots->len ? run->roots->pdata[refusal->root] : NULL;
    return root && root->build && root->run && root->build->outcome == IMPORT_WORKS &&
           root->run->outcome == IMPORT_WORKS;
}

static char *describe_refusal(const LibraryRefusal *refusal)
{
    const char *of_torch = g_str_equal(refusal->owner, "torch") ? "torch" : refusal->library;
    const char *what = refusal->missing == 1 ? "symbol" : "symbols";
    if (g_str_equal(refusal->owner, refusal->distribution))
        return g_strdup_printf("%s of %s %s needs %u %s that its own %s does not define",
                               native_base_name(refusal->member), refusal->distribution,
                               refusal->version, refusal->missing, what, refusal->library);
    return g_strdup_printf("%s of %s %s needs %u %s of %s that %s %s does not have",
                           native_base_name(refusal->member), refusal->distribution,
                           refusal->version, refusal->missing, what, of_torch, refusal->owner,
                           refusal->owner_version);
}

static void judge_refusal(CheckRun *run, const CheckWheel *wheel, const LibraryRefusal *refusal)
{
    Finding *finding = native_add(run, "undefined-symbol", wheel, describe_refusal(refusal));
    bool caught = is_caught(run, wheel, refusal);
    if (caught)
        finding->severity = SEVERITY_WARNING;
    GPtrArray *evidence = g_ptr_array_new();
    for (char **name = refusal->symbols; *name; name++)
        g_ptr_array_add(evidence, describe_need(refusal->member, *name, refusal->symbol_version));
    if (!g_str_equal(refusal->loaded, refusal->member))
        g_ptr_array_add(evidence, g_strdup_printf("it is loaded with %s", refusal->loaded));
    if (caught)
        g_ptr_array_add(evidence, g_strdup("the import that loads it catches that"));
    native_set_evidence(finding, evidence);
    if (g_str_equal(refusal->owner, "torch"))
        finding->hint = g_strdup_printf("take the version of %s that was built for torch %s",
                                        refusal->distribution, refusal->owner_version);
    else if (!g_str_equal(refusal->owner, refusal->distribution))
        finding->hint = g_strdup_printf(
            "take another version of %s, or one of %s that was built for %s %s", refusal->owner,
            refusal->distribution, refusal->owner, refusal->owner_version);
}

/* One finding for each object of the wheel; whether there is one. */
static bool judge_refusals(CheckRun *run, const CheckWheel *wheel)
{
    g_autoptr(GHashTable) told = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < run->refusals->len; i++) {
        const LibraryRefusal *refusal = run->refusals->pdata[i];
        if (g_str_equal(refusal->distribution, wheel->file->name) &&
            g_hash_table_add(told, refusal->member))
            judge_refusal(run, wheel, refusal);
    }
    return g_hash_table_size(told) > 0;
}

/* Of a library that no import was seen to load: code may choose among several, one for each torch,
 * and load none of the others. The wheel's own metadata tells whether it was made for this one. */
static void judge_unseen(CheckRun *run, const CheckWheel *wheel, const NativeFile *file,
                         const CheckWheel *torch)
{
    GPtrArray *evidence = g_ptr_array_new_with_free_func(NULL);
    guint missing = 0;
    for (guint i = 0; i < file->object->undefined->len; i++) {
        const SharedSymbol *symbol = &g_array_index(file->object->undefined, SharedSymbol, i);
        if (symbol->weak || !native_is_torch_name(symbol->name) ||
            native_is_defined(run, symbol->name))
            continue;
        if (missing++ < SHOWN_SYMBOLS)
            g_ptr_array_add(evidence, describe_need(file->member, symbol->name, NULL));
    }
    if (missing == 0) {
        g_ptr_array_unref(evidence);
        return;
    }
    g_autofree char *clause = native_unmet_torch(run, wheel);
    Finding *finding = native_add(
        run, "undefined-symbol", wheel,
        g_strdup_printf("%s of %s %s needs %u %s of torch that torch %s does not have%s",
                        native_base_name(file->member), wheel->file->name, wheel->file->version,
                        missing, missing == 1 ? "symbol" : "symbols", torch->file->version,
                        clause ? "" : "; nothing is known to load it"));
    if (clause)
        g_ptr_array_add(evidence,
                        g_strdup_printf("%s: Requires-Dist: %s", wheel->file->file, clause));
    else
        finding->severity = SEVERITY_NOTE;
    native_set_evidence(finding, evidence);
    finding->hint = g_strdup_printf("take the version of %s that was built for torch %s",
                                    wheel->file->name, torch->file->version);
}

static bool has_kind(const NativeFile *file, int kind)
{
    const GArray *undefined = file->object ? file->object->undefined : NULL;
    for (guint i = 0; undefined && i < undefined->len; i++) {
        const SharedSymbol *symbol = &g_array_index(undefined, SharedSymbol, i);
        if (!symbol->weak && native_is_torch_name(symbol->name) &&
            symbol_cxx11(symbol->name) == kind)
            return true;
    }
    return false;
}

/* Whether code chooses the library among several, one of which is for this torch: no import loads
 * it by its name, and another one of the wheel has the right strings. */
static bool is_of_other_torch(const CheckWheel *wheel, const NativeFile *file, int kind,
                              GHashTable *loaded)
{
    bool other = false;
    for (guint i = 0; i < wheel->native->files->len && !other; i++)
        other = has_kind(wheel->native->files->pdata[i], kind);
    return other && !g_hash_table_contains(loaded, file);
}

/* Whether a finding was added. */
static bool judge_torch_strings(CheckRun *run, const CheckWheel *wheel, const CheckWheel *torch)
{
    const NativeFile *from;
    guint before = run->findings->len;
    int kind = torch_cxx11(torch->native, &from);
    g_autoptr(GHashTable) loaded = find_loaded(wheel->native);
    for (guint i = 0; kind >= 0 && i < wheel->native->files->len; i++) {
        const NativeFile *file = wheel->native->files->pdata[i];
        if (file->object && native_uses_torch(file->object) &&
            !is_of_other_torch(wheel, file, kind, loaded))
            judge_strings(run, wheel, file, torch, kind, from);
        if (run->findings->len != before)
            return true; /* the wheel's other libraries were compiled with it */
    }
    return false;
}

static void judge_torch(CheckRun *run, const CheckWheel *wheel, const CheckWheel *torch)
{
    guint before = run->findings->len;
    for (guint i = 0; i < wheel->native->files->len && run->findings->len == before; i++) {
        const NativeFile *file = wheel->native->files->pdata[i];
        if (file->object && native_uses_torch(file->object))
            judge_unseen(run, wheel, file, torch);
    }
}

static void judge_symbols(CheckRun *run, const CheckWheel *wheel, const CheckWheel *torch)
{
    bool other = torch && torch != wheel && torch->native;
    if (other && judge_torch_strings(run, wheel, torch))
        return;
    if (!judge_refusals(run, wheel) && other && native_is_complete(torch->native))
        judge_torch(run, wheel, torch);
}

void rule_abi(CheckRun *run)
{
    const CheckWheel *torch = check_find_wheel(run, "torch");
    g_autofree char *library = NULL;
    int glibcxx = base_glibcxx(run, &library);
    const char *libc = run->target->base.libc;
    g_autofree char *from_libc = g_strdup_printf("the base has %s", libc ? libc : "no C library");
    g_autofree char *from_library = library ? g_strdup_printf("the base has %s", library) : NULL;
    const Floor floors[] = {
        {"GLIBC_2", "glibc-too-old", "C library", base_glibc(run), from_libc},
        {"GLIBCXX_3.4", "glibcxx-too-old", "C++ library", glibcxx, from_library},
    };
    for (guint i = 0; i < run->wheels->len; i++) {
        const CheckWheel *wheel = run->wheels->pdata[i];
        if (!wheel->native || !native_is_installed(run, wheel))
            continue;
        g_autoptr(GHashTable) loaded = find_loaded(wheel->native);
        judge_floor(run, wheel, loaded, &floors[0]);
        if (!brings_library(wheel->native, "libstdc++"))
            judge_floor(run, wheel, loaded, &floors[1]);
        judge_symbols(run, wheel, torch);
    }
}
