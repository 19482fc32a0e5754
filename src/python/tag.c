#include "python/tag.h"

/* Tags are made of few words: ids of words make a tag's key, so that a wheel's cross product is
 * looked up without building texts, and a wheel with a foreign platform ends at once. */
typedef struct {
    GHashTable *ids; /* word -> id + 1 */
    guint count;
} Words;

struct TagSet {
    GPtrArray *list;
    Words pythons, abis, platforms;
    GHashTable *ranks; /* key of ids -> rank + 1 */
};

static guint word_id(Words *words, const char *word)
{
    guint id = GPOINTER_TO_UINT(g_hash_table_lookup(words->ids, word));
    if (id > 0)
        return id - 1;
    g_hash_table_insert(words->ids, g_strdup(word), GUINT_TO_POINTER(++words->count));
    return words->count - 1;
}

static void *tag_key(guint python, guint abi, guint platform)
{
    return GSIZE_TO_POINTER((size_t)python << 40 | (size_t)abi << 20 | platform);
}

static void add_tag(TagSet *tags, const char *python, const char *abi, const char *platform)
{
    void *key = tag_key(word_id(&tags->pythons, python), word_id(&tags->abis, abi),
                        word_id(&tags->platforms, platform));
    if (g_hash_table_contains(tags->ranks, key))
        return;
    g_ptr_array_add(tags->list, g_strjoin("-", python, abi, platform, NULL));
    g_hash_table_insert(tags->ranks, key, GUINT_TO_POINTER(tags->list->len));
}

static void add_for_platforms(TagSet *tags, const char *python, const char *abi,
                              const GPtrArray *platforms)
{
    for (guint i = 0; i < platforms->len; i++)
        add_tag(tags, python, abi, g_ptr_array_index(platforms, i));
}

/* clang-format off */
static const struct {
    const char *arch;
    unsigned oldest_glibc2; /* minor; PEP 513 for x86, PEP 599 for the others */
} manylinux_archs[] = {
    {"x86_64", 5}, {"i686", 5}, {"aarch64", 17}, {"ppc64", 17}, {"ppc64le", 17}, {"s390x", 17},
    {"loongarch64", 17}, {"riscv64", 17}, {"armv7l", 17},
    {"armv8l", 17},
};

static const struct {
    unsigned minor;
    const char *name;
} manylinux_legacy[] = {
    {17, "manylinux2014"}, {12, "manylinux2010"}, {5, "manylinux1"},
};
/* clang-format on */

/* The last minor of a glibc major that has been followed by another one is not known yet; this is
 * packaging's guess. */
#define GLIBC_LAST_MINOR 50u

static void add_manylinux_major(GPtrArray *platforms, const char *arch, unsigned major,
                                unsigned newest, unsigned oldest)
{
    for (unsigned minor = newest + 1; minor-- > oldest;) {
        g_ptr_array_add(platforms, g_strdup_printf("manylinux_%u_%u_%s", major, minor, arch));
        for (size_t i = 0; major == 2 && i < G_N_ELEMENTS(manylinux_legacy); i++)
            if (manylinux_legacy[i].minor == minor)
                g_ptr_array_add(platforms,
                                g_strdup_printf("%s_%s", manylinux_legacy[i].name, arch));
    }
}

static void add_manylinux(GPtrArray *platforms, const PythonTarget *target, const char *arch)
{
    for (size_t i = 0; i < G_N_ELEMENTS(manylinux_archs); i++) {
        if (strcmp(manylinux_archs[i].arch, arch) != 0)
            continue;
        unsigned newest = target->libc_minor;
        for (unsigned major = target->libc_major; major >= 2; major--) {
            unsigned oldest = major == 2 ? manylinux_archs[i].oldest_glibc2 : 0;
            add_manylinux_major(platforms, arch, major, newest, oldest);
            newest = GLIBC_LAST_MINOR;
        }
    }
}

static void add_musllinux(GPtrArray *platforms, const PythonTarget *target, const char *arch)
{
    for (unsigned minor = target->libc_minor + 1; minor-- > 0;)
        g_ptr_array_add(platforms,
                        g_strdup_printf("musllinux_%u_%u_%s", target->libc_major, minor, arch));
}

static void add_linux(GPtrArray *platforms, const PythonTarget *target)
{
    /* a 64-bit ARM core in 32-bit mode runs code for the older one too */
    bool armv8 = strcmp(target->machine, "armv8l") == 0;
    const char *archs[] = {target->machine, armv8 ? "armv7l" : NULL};
    for (size_t i = 0; i < G_N_ELEMENTS(archs) && archs[i] != NULL; i++)
        g_ptr_array_add(platforms, g_strdup_printf("linux_%s", archs[i]));
    for (size_t i = 0; i < G_N_ELEMENTS(archs) && archs[i] != NULL; i++) {
        if (target->libc == LIBC_GLIBC)
            add_manylinux(platforms, target, archs[i]);
        else if (target->libc == LIBC_MUSL)
            add_musllinux(platforms, target, archs[i]);
    }
}

/* What a Mac runs, best first: code for its processor alone, then in files for several. The 32-bit
 * ones ended with macOS 10.14, but files that hold 64-bit code too go by their old names. */
static void add_macos_version(GPtrArray *platforms, const char *arch, unsigned major,
                              unsigned minor)
{
    static const char *const intel[] = {"x86_64", "intel",      "fat64",
                                        "fat3",   "universal2", "universal"};
    static const char *const arm[] = {"arm64", "universal2"};
    bool is_arm = strcmp(arch, "arm64") == 0;
    const char *const *formats = is_arm ? arm : intel;
    size_t count = is_arm ? G_N_ELEMENTS(arm) : G_N_ELEMENTS(intel);
    for (size_t i = 0; i < count; i++)
        g_ptr_array_add(platforms, g_strdup_printf("macosx_%u_%u_%s", major, minor, formats[i]));
}

/* From macOS 11 on the major number counts the years; before it the minor one did, and what the
 * linker then called 10.16 is 11. Of those times an ARM processor runs only universal2. */
static void add_macos(GPtrArray *platforms, const PythonTarget *target)
{
    enum {
        OLDEST = 4,
        NEWEST = 16
    };
    for (unsigned major = target->libc_major; major >= 11; major--)
        add_macos_version(platforms, target->machine, major, 0);
    bool intel = strcmp(target->machine, "x86_64") == 0;
    unsigned newest = target->libc_major > 10 ? NEWEST : target->libc_minor;
    for (unsigned minor = newest; minor >= OLDEST; minor--) {
        if (intel)
            add_macos_version(platforms, "x86_64", 10, minor);
        else if (target->libc_major > 10)
            g_ptr_array_add(platforms, g_strdup_printf("macosx_10_%u_universal2", minor));
    }
}

static void add_windows(GPtrArray *platforms, const PythonTarget *target)
{
    static const char *const rows[][2] = {
        {"AMD64", "win_amd64"}, {"ARM64", "win_arm64"}, {"x86", "win32"}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (strcmp(rows[i][0], target->machine) == 0)
            g_ptr_array_add(platforms, g_strdup(rows[i][1]));
}

static GPtrArray *list_platforms(const PythonTarget *target)
{
    static const struct {
        const char *system;
        void (*add)(GPtrArray *, const PythonTarget *);
    } systems[] = {{"linux", add_linux}, {"macos", add_macos}, {"windows", add_windows}};
    GPtrArray *platforms = g_ptr_array_new_with_free_func(g_free);
    for (size_t i = 0; i < G_N_ELEMENTS(systems); i++)
        if (strcmp(systems[i].system, target->system) == 0)
            systems[i].add(platforms, target);
    return platforms;
}

static bool is_at_least(const PythonTarget *target, unsigned major, unsigned minor)
{
    return target->major > major || (target->major == major && target->minor >= minor);
}

/* The ABIs of CPython, best first: before 3.8 the names tell of pymalloc, before 3.3 of wide
 * characters, and a debug build since 3.8 also loads ordinary extensions. */
static GPtrArray *list_abis(const PythonTarget *target, bool threaded)
{
    GPtrArray *abis = g_ptr_array_new_with_free_func(g_free);
    bool debug = strchr(target->abi_flags, 'd') != NULL, old = !is_at_least(target, 3, 8);
    const char *threads = threaded ? "t" : "";
    g_ptr_array_add(abis, g_strdup_printf("cp%u%u%s%s%s%s", target->major, target->minor, threads,
                                          debug ? "d" : "", old ? "m" : "",
                                          is_at_least(target, 3, 3) ? "" : "u"));
    if (debug && !old)
        g_ptr_array_add(abis, g_strdup_printf("cp%u%u%s", target->major, target->minor, threads));
    return abis;
}

static void add_cpython(TagSet *tags, const PythonTarget *target, const char *interpreter,
                        const GPtrArray *platforms)
{
    bool threaded = is_at_least(target, 3, 13) && strchr(target->abi_flags, 't') != NULL;
    const char *stable = threaded ? "abi3t" : "abi3";
    g_autoptr(GPtrArray) abis = list_abis(target, threaded);
    for (guint i = 0; i < abis->len; i++)
        add_for_platforms(tags, interpreter, g_ptr_array_index(abis, i), platforms);
    if (is_at_least(target, 3, 2))
        add_for_platforms(tags, interpreter, stable, platforms);
    add_for_platforms(tags, interpreter, "none", platforms);
    for (unsigned minor = target->minor; is_at_least(target, 3, 2) && minor-- > 2;) {
        g_autofree char *older = g_strdup_printf("cp%u%u", target->major, minor);
        add_for_platforms(tags, older, stable, platforms);
    }
}

/* "py312", "py3", "py311" ... "py30" */
static GPtrArray *list_generic(const PythonTarget *target)
{
    GPtrArray *pythons = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(pythons, g_strdup_printf("py%u%u", target->major, target->minor));
    g_ptr_array_add(pythons, g_strdup_printf("py%u", target->major));
    for (unsigned minor = target->minor; minor-- > 0;)
        g_ptr_array_add(pythons, g_strdup_printf("py%u%u", target->major, minor));
    return pythons;
}

static void words_init(Words *words)
{
    words->ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

TagSet *tag_set_new(const PythonTarget *target)
{
    TagSet *tags = g_new0(TagSet, 1);
    tags->list = g_ptr_array_new_with_free_func(g_free);
    tags->ranks = g_hash_table_new(NULL, NULL);
    words_init(&tags->pythons);
    words_init(&tags->abis);
    words_init(&tags->platforms);
    g_autoptr(GPtrArray) platforms = list_platforms(target);
    g_autoptr(GPtrArray) generic = list_generic(target);
    g_autofree char *interpreter = g_strdup_printf("cp%u%u", target->major, target->minor);
    add_cpython(tags, target, interpreter, platforms);
    for (guint i = 0; i < generic->len; i++)
        add_for_platforms(tags, g_ptr_array_index(generic, i), "none", platforms);
    add_tag(tags, interpreter, "none", "any");
    for (guint i = 0; i < generic->len; i++)
        add_tag(tags, g_ptr_array_index(generic, i), "none", "any");
    g_ptr_array_add(tags->list, NULL);
    return tags;
}

void tag_set_free(TagSet *tags)
{
    if (tags == NULL)
        return;
    g_ptr_array_unref(tags->list);
    g_hash_table_unref(tags->ranks);
    g_hash_table_unref(tags->pythons.ids);
    g_hash_table_unref(tags->abis.ids);
    g_hash_table_unref(tags->platforms.ids);
    g_free(tags);
}

const char *const *tag_set_list(const TagSet *tags)
{
    return (const char *const *)tags->list->pdata;
}

/* The ids of the known ones among `texts`, each once. */
static GArray *known_ids(const Words *words, char *const *texts)
{
    GArray *ids = g_array_new(FALSE, FALSE, sizeof(guint));
    for (; *texts != NULL; texts++) {
        guint id = GPOINTER_TO_UINT(g_hash_table_lookup(words->ids, *texts));
        bool seen = id == 0;
        for (guint i = 0; i < ids->len && !seen; i++)
            seen = g_array_index(ids, guint, i) == id - 1;
        id--;
        if (!seen)
            g_array_append_val(ids, id);
    }
    return ids;
}

/* Whether one of the words between dots is known; true when that takes more than ASCII to say. */
static bool any_word_known(const Words *words, const char *text, const char *end)
{
    char word[64];
    size_t length = 0;
    for (; text <= end; text++) {
        if (text < end && *text != '.') {
            if ((guint8)*text >= 0x80 || length + 1 == sizeof word)
                return true;
            word[length++] = g_ascii_tolower(*text);
            continue;
        }
        word[length] = '\0';
        if (g_hash_table_contains(words->ids, word))
            return true;
        length = 0;
    }
    return false;
}

bool tag_set_may_rank(const TagSet *tags, const char *text, size_t length)
{
    const char *end = text + length;
    const char *first = memchr(text, '-', length), *last = memrchr(text, '-', length);
    return first && any_word_known(&tags->pythons, text, first) &&
           any_word_known(&tags->platforms, last + 1, end);
}

int tag_set_rank(const TagSet *tags, const WheelName *wheel)
{
    g_autoptr(GArray) platforms = known_ids(&tags->platforms, wheel->platforms);
    if (platforms->len == 0)
        return -1;
    g_autoptr(GArray) pythons = known_ids(&tags->pythons, wheel->pythons);
    g_autoptr(GArray) abis = known_ids(&tags->abis, wheel->abis);
    guint best = 0;
    for (guint i = 0; i < pythons->len; i++)
        for (guint j = 0; j < abis->len; j++)
            for (guint k = 0; k < platforms->len; k++) {
                void *key = tag_key(g_array_index(pythons, guint, i), g_array_index(abis, guint, j),
                                    g_array_index(platforms, guint, k));
                guint rank = GPOINTER_TO_UINT(g_hash_table_lookup(tags->ranks, key));
                if (rank > 0 && (best == 0 || rank < best))
                    best = rank;
            }
    return (int)best - 1;
}
