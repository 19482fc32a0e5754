#include "facts/fatbin.h"

#include "base/limits.h"

/* The first word of a container: magic, version 1 and header size 16, little endian. */
#define CONTAINER_WORD 0x00100001BA55ED50u
#define MAGIC_BYTES 8

enum {
    SIZE_BYTES = 8,    /* what follows the word */
    HEADER_BYTES = 64, /* of an entry, at least */
    HEADER_LIMIT = 4096,
    CODES = 512, /* of one container */

    AT_KIND = 0,
    AT_VERSION = 2,
    AT_HEADER_SIZE = 4,
    AT_CODE_SIZE = 8,
    AT_MINOR = 24,
    AT_MAJOR = 26,
    AT_ARCH = 28,
    AT_FLAGS = 40,

    ENTRY_VERSION = 0x0101,
    FLAG_SPECIFIC = 0x100000,
    FLAG_FAMILY = 0x200000,
};

typedef enum {
    STATE_SEARCH, /* between containers: words at multiples of 8 */
    STATE_SIZE,
    STATE_ENTRY,
    STATE_CODE, /* skipped */
} State;

struct FatbinScanner {
    State state;
    guint64 left; /* of the container, from the position */
    guint64 skip; /* of the code */
    guint8 held[HEADER_BYTES];
    size_t held_length;
    GArray *codes;        /* of the container, each once */
    GHashTable *by_codes; /* GBytes of the codes → FatbinGroup */
    FatbinSummary *summary;
};

FatbinScanner *fatbin_scanner_new(void)
{
    FatbinScanner *scanner = g_new0(FatbinScanner, 1);
    scanner->codes = g_array_new(FALSE, FALSE, sizeof(FatbinCode));
    scanner->by_codes =
        g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
    scanner->summary = fatbin_summary_new();
    return scanner;
}

void fatbin_scanner_free(FatbinScanner *scanner)
{
    if (!scanner)
        return;
    g_array_unref(scanner->codes);
    g_hash_table_unref(scanner->by_codes);
    fatbin_summary_free(scanner->summary);
    g_free(scanner);
}

static guint64 read_word(const void *at)
{
    guint64 word;
    memcpy(&word, at, sizeof word);
    return GUINT64_FROM_LE(word);
}

static guint64 field(const FatbinScanner *scanner, size_t at, size_t bytes)
{
    guint64 value = 0;
    for (size_t i = bytes; i-- > 0;)
        value = value << 8 | scanner->held[at + i];
    return value;
}

/* The group of the container's codes; NULL: there are too many different ones. */
static FatbinGroup *find_group(FatbinScanner *scanner)
{
    g_array_sort(scanner->codes, fatbin_compare_codes);
    g_autoptr(GBytes) key =
        g_bytes_new(scanner->codes->data, scanner->codes->len * sizeof(FatbinCode));
    FatbinGroup *group = g_hash_table_lookup(scanner->by_codes, key);
    if (group || scanner->summary->groups->len >= LIMIT_FATBIN_GROUPS)
        return group;
    group = g_new0(FatbinGroup, 1);
    group->codes = g_array_copy(scanner->codes);
    g_ptr_array_add(scanner->summary->groups, group);
    g_hash_table_insert(scanner->by_codes, g_steal_pointer(&key), group);
    return group;
}

static void end_container(FatbinScanner *scanner)
{
    scanner->state = STATE_SEARCH;
    if (scanner->codes->len == 0)
        return;
    FatbinGroup *group = find_group(scanner);
    bool loadable = false;
    for (guint i = 0; i < scanner->codes->len; i++)
        loadable |= g_array_index(scanner->codes, FatbinCode, i).kind != FATBIN_LTO;
    if (group) {
        group->containers++;
        scanner->summary->containers++;
        scanner->summary->loadable += loadable;
    } else {
        scanner->summary->malformed++;
    }
    g_array_set_size(scanner->codes, 0);
}

/* What was no container after all, or is cut: whatever it held so far does not count. */
static void refuse_container(FatbinScanner *scanner)
{
    scanner->summary->malformed++;
    g_array_set_size(scanner->codes, 0);
    scanner->state = STATE_SEARCH;
}

static void next_entry(FatbinScanner *scanner)
{
    if (scanner->left == 0)
        end_container(scanner);
    else if (scanner->left < HEADER_BYTES)
        refuse_container(scanner);
    else
        scanner->state = STATE_ENTRY;
}

static void take_size(FatbinScanner *scanner)
{
    scanner->left = field(scanner, 0, SIZE_BYTES);
    if (scanner->left == 0 || scanner->left % 8 != 0)
        refuse_container(scanner);
    else
        next_entry(scanner);
}

static void add_code(FatbinScanner *scanner, FatbinKind kind)
{
    guint64 flags = field(scanner, AT_FLAGS, 8);
    FatbinCode code;
    memset(&code, 0, sizeof code); /* groups are found by these bytes */
    code.kind = kind;
    code.arch = (unsigned)field(scanner, AT_ARCH, 4);
    code.scope = flags & FLAG_SPECIFIC ? ARCH_SPECIFIC
                 : flags & FLAG_FAMILY ? ARCH_FAMILY
                                       : ARCH_ANY;
    if (kind == FATBIN_PTX) {
        code.ptx_major = (unsigned)field(scanner, AT_MAJOR, 2);
        code.ptx_minor = (unsigned)field(scanner, AT_MINOR, 2);
    }
    for (guint i = 0; i < scanner->codes->len; i++) {
        if (fatbin_compare_codes(&g_array_index(scanner->codes, FatbinCode, i), &code) == 0)
            return;
    }
    if (scanner->codes->len < CODES)
        g_array_append_val(scanner->codes, code);
}

static void take_entry(FatbinScanner *scanner)
{
    static const struct {
        guint kind;
        FatbinKind as;
    } kinds[] = {{1, FATBIN_PTX}, {2, FATBIN_CUBIN}, {8, FATBIN_LTO}};
    guint64 header = field(scanner, AT_HEADER_SIZE, 4), code = field(scanner, AT_CODE_SIZE, 8);
    guint kind = (guint)field(scanner, AT_KIND, 2);
    if (field(scanner, AT_VERSION, 2) != ENTRY_VERSION || header < HEADER_BYTES ||
        header > HEADER_LIMIT || header % 8 != 0 || code % 8 != 0 || header > scanner->left ||
        code > scanner->left - header) {
        scanner->left = 0;
        refuse_container(scanner);
        return;
    }
    scanner->summary->entries++;
    scanner->summary->ptx += kind == 1;
    scanner->summary->cubins += kind == 2;
    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (kinds[i].kind == kind)
            add_code(scanner, kinds[i].as);
    }
    scanner->skip = header - HEADER_BYTES + code;
    scanner->left -= header + code;
    scanner->state = STATE_CODE;
}

/* The offset of the first container word among the whole words of [bytes, bytes + length), or
 * `length` rounded down to them. */
static size_t find_word(const guint8 *bytes, size_t length)
{
    size_t words = length / MAGIC_BYTES, i = 0;
    for (; i + 8 <= words; i += 8) {
        unsigned found = 0;
        for (size_t k = 0; k < 8; k++)
            found |= read_word(bytes + (i + k) * MAGIC_BYTES) == CONTAINER_WORD;
        if (found)
            break;
    }
    while (i < words && read_word(bytes + i * MAGIC_BYTES) != CONTAINER_WORD)
        i++;
    return i * MAGIC_BYTES;
}

/* Bytes that the state takes before it goes on. */
static size_t wanted_bytes(const FatbinScanner *scanner)
{
    return scanner->state == STATE_ENTRY ? HEADER_BYTES : SIZE_BYTES;
}

static void take_held(FatbinScanner *scanner)
{
    scanner->held_length = 0;
    if (scanner->state == STATE_SEARCH) {
        if (read_word(scanner->held) == CONTAINER_WORD)
            scanner->state = STATE_SIZE;
    } else if (scanner->state == STATE_SIZE) {
        take_size(scanner);
    } else {
        take_entry(scanner);
    }
}

/* Each returns how many bytes it took. */
static size_t skip_code(FatbinScanner *scanner, size_t length)
{
    size_t take = (size_t)MIN(scanner->skip, length);
    scanner->skip -= take;
    if (scanner->skip == 0)
        next_entry(scanner);
    return take;
}

static size_t hold(FatbinScanner *scanner, const guint8 *bytes, size_t length)
{
    size_t take = MIN(length, wanted_bytes(scanner) - scanner->held_length);
    memcpy(scanner->held + scanner->held_length, bytes, take);
    scanner->held_length += take;
    if (scanner->held_length == wanted_bytes(scanner))
        take_held(scanner);
    return take;
}

void fatbin_scanner_feed(FatbinScanner *scanner, const void *data, size_t length)
{
    const guint8 *bytes = data;
    while (length > 0) {
        size_t took = 0;
        if (scanner->state == STATE_CODE)
            took = skip_code(scanner, length);
        else if (scanner->state == STATE_SEARCH && scanner->held_length == 0)
            took = find_word(bytes, length);
        if (took == 0)
            took = hold(scanner, bytes, length);
        bytes += took;
        length -= took;
    }
}

static int compare_groups(const void *a, const void *b)
{
    const GArray *left = (*(FatbinGroup *const *)a)->codes;
    const GArray *right = (*(FatbinGroup *const *)b)->codes;
    for (guint i = 0; i < left->len && i < right->len; i++) {
        int order = fatbin_compare_codes(&g_array_index(left, FatbinCode, i),
                                         &g_array_index(right, FatbinCode, i));
        if (order)
            return order;
    }
    return (left->len > right->len) - (left->len < right->len);
}

FatbinSummary *fatbin_scanner_finish(FatbinScanner *scanner)
{
    if (scanner->state == STATE_CODE || scanner->state == STATE_ENTRY)
        refuse_container(scanner);
    g_ptr_array_sort(scanner->summary->groups, compare_groups);
    g_hash_table_remove_all(scanner->by_codes);
    FatbinSummary *summary = scanner->summary;
    scanner->summary = fatbin_summary_new();
    scanner->state = STATE_SEARCH;
    scanner->held_length = 0;
    return summary;
}
