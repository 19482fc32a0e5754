#include "python/specifier.h"
#include "python/version_key.h"

/* What a clause accepts: keys k with low <= k < high, or the others when `inverted`. A missing
 * bound is open. Bounds need not be keys of versions: one that ends in KEY_AFTER lies behind all
 * local versions, or all post releases, of a version. */
typedef struct {
    guint8 *low, *high;
    size_t low_length, high_length;
    bool inverted;
} Bounds;

typedef struct {
    gatomicrefcount references;
    Specifier specifier;
    Bounds bounds;
    bool allows_prereleases;
    guint8 keys[]; /* the memory of the bounds, then the text */
} Clause;

struct SpecifierSet {
    gatomicrefcount references;
    size_t count;     /* distinct clauses, which come first */
    size_t all_count; /* with the repeated ones */
    Clause **clauses;
    Specifier *items;
    char *text;
    bool has_arbitrary;
    bool allows_prereleases;
};

static const struct {
    const char *text;
    SpecifierOp op;
} operators[] = {
    /* clang-format off */
    {"===", OP_ARBITRARY}, {"~=", OP_COMPATIBLE}, {"==", OP_EQUAL}, {"!=", OP_NOT_EQUAL},
    {"<=", OP_LESS_EQUAL}, {">=", OP_GREATER_EQUAL}, {"<", OP_LESS}, {">", OP_GREATER},
    /* clang-format on */
};

/* The length of the operator at text[0..length), or 0. */
static size_t find_operator(const char *text, size_t length, SpecifierOp *ret_op)
{
    for (size_t i = 0; i < G_N_ELEMENTS(operators); i++) {
        size_t n = strlen(operators[i].text);
        if (n > length || memcmp(text, operators[i].text, n) != 0)
            continue;
        *ret_op = operators[i].op;
        return n;
    }
    return 0;
}

static bool takes_local(SpecifierOp op)
{
    return op == OP_EQUAL || op == OP_NOT_EQUAL;
}

/* The end of the operand that begins at `text`; NULL when none does. */
static const char *scan_operand(const char *text, SpecifierOp op, VersionScan *ret_scan,
                                bool *ret_wildcard)
{
    const char *end = version_scan(text, takes_local(op), ret_scan);
    if (end == NULL || (op == OP_COMPATIBLE && ret_scan->release_count < 2))
        return NULL;
    const char *release_end = ret_scan->release_end;
    *ret_wildcard = takes_local(op) && release_end[0] == '.' && release_end[1] == '*';
    return *ret_wildcard ? release_end + 2 : end;
}

static const char *skip_space(const char *at, const char *end)
{
    for (size_t n; (n = python_space(at, end)) > 0;)
        at += n;
    return at;
}

static const char *scan_arbitrary(const char *at, const char *end)
{
    while (at < end && *at != ';' && *at != ')' && python_space(at, end) == 0)
        at++;
    return at;
}

const char *specifier_scan(const char *text)
{
    SpecifierOp op;
    const char *end = text + strlen(text);
    size_t n = find_operator(text, (size_t)(end - text), &op);
    if (n == 0)
        return NULL;
    const char *operand = skip_space(text + n, end);
    if (op == OP_ARBITRARY)
        return scan_arbitrary(operand, end);
    VersionScan scan;
    bool wildcard;
    return scan_operand(operand, op, &scan, &wildcard);
}

static void set_low(Bounds *bounds, guint8 *from, guint8 *end)
{
    bounds->low = from;
    bounds->low_length = (size_t)(end - from);
}

static void set_high(Bounds *bounds, guint8 *from, guint8 *end)
{
    bounds->high = from;
    bounds->high_length = (size_t)(end - from);
}

static guint8 *cut_behind(guint8 *key, size_t length)
{
    key[length] = KEY_AFTER;
    return key + length + 1;
}

/* ==V has the local versions of V unless it names one; V+local has no neighbour below V+local
 * followed by a zero byte, since segments begin with another. */
static void bounds_of_equal(Bounds *bounds, const VersionScan *scan, guint8 *at)
{
    KeyLengths lengths;
    guint8 *end = version_key_write(scan, at, &lengths);
    set_low(bounds, at, end);
    memcpy(end, at, lengths.all);
    guint8 *high = end;
    if (scan->local == NULL) {
        set_high(bounds, high, cut_behind(high, lengths.public));
    } else {
        high[lengths.all] = 0;
        set_high(bounds, high, high + lengths.all + 1);
    }
}

static void bounds_of_prefix(Bounds *bounds, const VersionScan *scan, guint8 *at)
{
    guint8 *end = version_key_write_prefix(scan, scan->release_count, false, at);
    set_low(bounds, at, end);
    set_high(bounds, end, version_key_write_prefix(scan, scan->release_count, true, end));
}

static void bounds_of_compatible(Bounds *bounds, const VersionScan *scan, guint8 *at)
{
    KeyLengths lengths;
    guint8 *end = version_key_write(scan, at, &lengths);
    set_low(bounds, at, end);
    set_high(bounds, end, version_key_write_prefix(scan, scan->release_count - 1, true, end));
}

/* >V has no local versions of V, and no post releases unless V is one (or a dev release, which has
 * none). */
static void bounds_of_greater(Bounds *bounds, const VersionScan *scan, guint8 *at)
{
    KeyLengths lengths;
    version_key_write(scan, at, &lengths);
    bool exact = scan->has_dev || scan->has_post;
    set_low(bounds, at, cut_behind(at, exact ? lengths.public : lengths.pre));
}

/* <V has no pre-releases of V unless V is one. */
static void bounds_of_less(Bounds *bounds, const VersionScan *scan, guint8 *at)
{
    KeyLengths lengths;
    VersionScan bound = *scan;
    if (bound.pre_rank == PRE_NONE && !bound.has_dev) {
        bound.has_dev = true;
        bound.dev = (Digits){"0", 1};
    }
    set_high(bounds, at, version_key_write(&bound, at, &lengths));
}

static void bounds_init(Bounds *bounds, SpecifierOp op, bool wildcard, const VersionScan *scan,
                        guint8 *at)
{
    KeyLengths lengths;
    switch (op) {
    case OP_EQUAL:
    case OP_NOT_EQUAL:
        bounds->inverted = op == OP_NOT_EQUAL;
        if (wildcard)
            bounds_of_prefix(bounds, scan, at);
        else
            bounds_of_equal(bounds, scan, at);
        break;
    case OP_COMPATIBLE:
        bounds_of_compatible(bounds, scan, at);
        break;
    case OP_GREATER_EQUAL:
        set_low(bounds, at, version_key_write(scan, at, &lengths));
        break;
    case OP_LESS_EQUAL:
        version_key_write(scan, at, &lengths);
        set_high(bounds, at, cut_behind(at, lengths.public));
        break;
    case OP_GREATER:
        bounds_of_greater(bounds, scan, at);
        break;
    case OP_LESS:
        bounds_of_less(bounds, scan, at);
        break;
    case OP_ARBITRARY:
        break;
    }
}

static bool within(const Bounds *bounds, const Version *version)
{
    KeyLengths lengths;
    const guint8 *key = version_key(version, &lengths);
    bool inside = (bounds->low == NULL ||
                   version_key_compare(key, lengths.all, bounds->low, bounds->low_length) >= 0) &&
                  (bounds->high == NULL ||
                   version_key_compare(key, lengths.all, bounds->high, bounds->high_length) < 0);
    return inside != bounds->inverted;
}

static Clause *clause_new(const char *op_text, size_t op_length, const char *operand, size_t length)
{
    size_t keys = 2 * version_key_bound(length);
    Clause *clause = g_malloc(sizeof(Clause) + keys + op_length + length + 1);
    memset(clause, 0, sizeof(Clause));
    g_atomic_ref_count_init(&clause->references);
    char *text = (char *)clause->keys + keys;
    memcpy(text, op_text, op_length);
    memcpy(text + op_length, operand, length);
    text[op_length + length] = '\0';
    clause->specifier.text = text;
    clause->specifier.operand = text + op_length;
    return clause;
}

static Clause *clause_ref(Clause *clause)
{
    g_atomic_ref_count_inc(&clause->references);
    return clause;
}

static void clause_unref(void *data)
{
    Clause *clause = data;
    if (!g_atomic_ref_count_dec(&clause->references))
        return;
    version_unref(clause->specifier.version);
    g_free(clause);
}

static const char *why_refused(SpecifierOp op, const char *operand, size_t length)
{
    VersionScan scan;
    if (length == 0)
        return "a version is missing";
    const char *end = version_scan(operand, true, &scan);
    if (end == NULL)
        return "the operand is no version";
    if (scan.too_long)
        return "a number is too long";
    if (end == operand + length && scan.local != NULL)
        return "only == and != take a local version";
    if (end == operand + length && op == OP_COMPATIBLE)
        return "~= needs a version of at least two numbers";
    if (length >= 2 && memcmp(operand + length - 2, ".*", 2) == 0)
        return takes_local(op) ? "`.*` can only follow the numbers of a release"
                               : "`.*` suffix can only be used with `==` or `!=` operators";
    return "the operand is no version";
}

static gboolean refuse(GError **error, const char *text, size_t length, const char *why)
{
    return error_set(error, ERROR_INPUT, SPAN_NONE, "invalid specifier '%.*s': %s",
                     (int)MIN(length, 200), text, why);
}

/* text[0..length) without white space around it; a NUL, comma or blank follows. */
static Clause *clause_parse(const char *text, size_t length, GError **error)
{
    SpecifierOp op;
    size_t op_length = find_operator(text, length, &op);
    if (op_length == 0) {
        refuse(error, text, length,
               "it must begin with one of ==, !=, <=, >=, <, >, ~=, === and a version");
        return NULL;
    }
    const char *end = text + length, *operand = skip_space(text + op_length, end);
    size_t operand_length = (size_t)(end - operand);
    VersionScan scan = {0};
    bool wildcard = false;
    bool whole = op == OP_ARBITRARY ? scan_arbitrary(operand, end) == end
                                    : scan_operand(operand, op, &scan, &wildcard) == end;
    if (!whole || scan.too_long) {
        refuse(error, text, length,
               op == OP_ARBITRARY ? "=== takes no blanks, semicolons and parentheses"
                                  : why_refused(op, operand, operand_length));
        return NULL;
    }
    Clause *clause = clause_new(text, op_length, operand, operand_length);
    Specifier *specifier = &clause->specifier;
    specifier->op = op;
    specifier->wildcard = wildcard;
    g_autoptr(Version) version = version_parse_span(operand, operand_length - (wildcard ? 2 : 0));
    clause->allows_prereleases =
        version != NULL && version_is_prerelease(version) && op != OP_NOT_EQUAL;
    if (op == OP_ARBITRARY)
        return clause;
    specifier->version = g_steal_pointer(&version);
    bounds_init(&clause->bounds, op, wildcard, &scan, clause->keys);
    return clause;
}

static int compare_clauses(const void *a, const void *b)
{
    const Clause *left = *(Clause *const *)a, *right = *(Clause *const *)b;
    return strcmp(left->specifier.text, right->specifier.text);
}

bool specifier_equal(const Specifier *left, const Specifier *right)
{
    if (left->op != right->op || left->wildcard != right->wildcard)
        return false;
    if (left->op == OP_ARBITRARY || left->wildcard)
        return strcmp(left->operand, right->operand) == 0;
    if (left->op == OP_COMPATIBLE)
        return strcmp(version_text(left->version), version_text(right->version)) == 0;
    return version_equal(left->version, right->version);
}

static gboolean equal_specifiers(const void *a, const void *b)
{
    return specifier_equal(a, b);
}

static guint specifier_hash(const void *data)
{
    const Specifier *specifier = data;
    bool by_text = specifier->version == NULL || specifier->wildcard;
    guint hash = by_text ? g_str_hash(specifier->operand) : version_hash(specifier->version);
    return hash * 8 + (guint)specifier->op;
}

/* Sorts the clauses and moves those that repeat an earlier one to the end. */
static size_t separate_repeated(GPtrArray *clauses)
{
    if (clauses->len < 2)
        return clauses->len;
    g_ptr_array_sort(clauses, compare_clauses);
    g_autoptr(GHashTable) seen = g_hash_table_new(specifier_hash, equal_specifiers);
    g_autoptr(GPtrArray) repeated = g_ptr_array_new();
    size_t count = 0;
    for (size_t i = 0; i < clauses->len; i++) {
        Clause *clause = g_ptr_array_index(clauses, i);
        if (g_hash_table_add(seen, &clause->specifier))
            clauses->pdata[count++] = clause;
        else
            g_ptr_array_add(repeated, clause);
    }
    for (size_t i = 0; i < repeated->len; i++)
        clauses->pdata[count + i] = g_ptr_array_index(repeated, i);
    return count;
}

static char *join_texts(Clause *const *clauses, size_t count)
{
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            g_string_append_c(text, ',');
        g_string_append(text, clauses[i]->specifier.text);
    }
    return g_string_free(text, FALSE);
}

/* Takes the clauses out of the array. */
static SpecifierSet *set_new(GPtrArray *clauses)
{
    SpecifierSet *set = g_new0(SpecifierSet, 1);
    g_atomic_ref_count_init(&set->references);
    set->all_count = clauses->len;
    set->count = separate_repeated(clauses);
    g_ptr_array_set_free_func(clauses, NULL);
    set->clauses = (Clause **)g_ptr_array_steal(clauses, NULL);
    set->items = g_new(Specifier, set->count);
    for (size_t i = 0; i < set->count; i++) {
        set->items[i] = set->clauses[i]->specifier;
        set->has_arbitrary |= set->items[i].op == OP_ARBITRARY;
        set->allows_prereleases |= set->clauses[i]->allows_prereleases;
    }
    set->text = join_texts(set->clauses, set->count);
    return set;
}

SpecifierSet *specifier_set_parse(const char *text, GError **error)
{
    g_autoptr(GPtrArray) clauses = g_ptr_array_new_with_free_func(clause_unref);
    for (const char *at = text;; at++) {
        const char *begin = at;
        at = strchrnul(at, ',');
        size_t length = (size_t)(at - begin);
        python_strip(&begin, &length);
        if (length > 0) {
            Clause *clause = clause_parse(begin, length, error);
            if (clause == NULL)
                return NULL;
            g_ptr_array_add(clauses, clause);
        }
        if (*at == '\0')
            return set_new(clauses);
    }
}

SpecifierSet *specifier_set_parse_one(const char *text)
{
    size_t length = strlen(text);
    python_strip(&text, &length);
    Clause *clause = clause_parse(text, length, NULL);
    if (clause == NULL)
        return NULL;
    g_autoptr(GPtrArray) clauses = g_ptr_array_new();
    g_ptr_array_add(clauses, clause);
    return set_new(clauses);
}

SpecifierSet *specifier_set_empty(void)
{
    g_autoptr(GPtrArray) clauses = g_ptr_array_new();
    return set_new(clauses);
}

SpecifierSet *specifier_set_and(const SpecifierSet *a, const SpecifierSet *b)
{
    if (a->all_count == 0)
        return specifier_set_ref(b);
    if (b->all_count == 0 || a == b)
        return specifier_set_ref(a);
    g_autoptr(GPtrArray) clauses = g_ptr_array_new_with_free_func(clause_unref);
    for (size_t i = 0; i < a->all_count; i++)
        g_ptr_array_add(clauses, clause_ref(a->clauses[i]));
    for (size_t i = 0; i < b->all_count; i++)
        g_ptr_array_add(clauses, clause_ref(b->clauses[i]));
    return set_new(clauses);
}

SpecifierSet *specifier_set_ref(const SpecifierSet *set)
{
    SpecifierSet *shared = (SpecifierSet *)set;
    g_atomic_ref_count_inc(&shared->references);
    return shared;
}

void specifier_set_unref(SpecifierSet *set)
{
    if (set == NULL || !g_atomic_ref_count_dec(&set->references))
        return;
    for (size_t i = 0; i < set->all_count; i++)
        clause_unref(set->clauses[i]);
    g_free(set->clauses);
    g_free(set->items);
    g_free(set->text);
    g_free(set);
}

const Specifier *specifier_set_items(const SpecifierSet *set, size_t *ret_count)
{
    *ret_count = set->count;
    return set->items;
}

bool specifier_set_is_empty(const SpecifierSet *set)
{
    return set->count == 0;
}

bool specifier_set_equal(const SpecifierSet *a, const SpecifierSet *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!specifier_equal(&a->items[i], &b->items[i]))
            return false;
    return true;
}

const char *specifier_set_text(const SpecifierSet *set)
{
    return set->text;
}

const char **specifier_set_clauses(const SpecifierSet *set)
{
    g_autofree Clause **sorted = g_memdup2(set->clauses, set->all_count * sizeof(Clause *));
    if (set->all_count > 1)
        qsort(sorted, set->all_count, sizeof(Clause *), compare_clauses);
    const char **texts = g_new0(const char *, set->all_count + 1);
    for (size_t i = 0; i < set->all_count; i++)
        texts[i] = sorted[i]->specifier.text;
    return texts;
}

static bool same_letters(const char *a, const char *b)
{
    if (g_str_is_ascii(a) && g_str_is_ascii(b))
        return g_ascii_strcasecmp(a, b) == 0;
    g_autofree char *left = g_utf8_strdown(a, -1);
    g_autofree char *right = g_utf8_strdown(b, -1);
    return strcmp(left, right) == 0;
}

bool specifier_set_matches(const SpecifierSet *set, const Version *version, const char *text)
{
    for (size_t i = 0; i < set->count; i++) {
        const Clause *clause = set->clauses[i];
        bool match = clause->specifier.op == OP_ARBITRARY
                         ? same_letters(text, clause->specifier.operand)
                         : version != NULL && within(&clause->bounds, version);
        if (!match)
            return false;
    }
    return true;
}

/* A version asked about alone has no alternatives, so that a pre-release is accepted unless it is
 * ruled out. */
bool specifier_set_contains(const SpecifierSet *set, const Version *version,
                            Prereleases prereleases)
{
    if (prereleases == PRERELEASES_NO && version_is_prerelease(version))
        return false;
    return specifier_set_matches(set, version, version_text(version));
}

bool specifier_set_contains_text(const SpecifierSet *set, const char *version,
                                 Prereleases prereleases)
{
    g_autoptr(Version) parsed = version_parse_span(version, strlen(version));
    if (prereleases == PRERELEASES_NO && parsed != NULL && version_is_prerelease(parsed))
        return false;
    return specifier_set_matches(set, parsed, version);
}

typedef struct {
    GPtrArray *all;    /* what matches, final or not */
    GPtrArray *finals; /* what matches and is no pre-release */
    bool found_final;
} Kept;

static void keep(Kept *kept, const SpecifierSet *set, const Version *version, const char *text,
                 const void *item)
{
    if (!specifier_set_matches(set, version, text))
        return;
    g_ptr_array_add(kept->all, (void *)item);
    if (version != NULL && version_is_prerelease(version))
        return;
    g_ptr_array_add(kept->finals, (void *)item);
    kept->found_final |= version != NULL;
}

static GPtrArray *choose(Kept *kept, const SpecifierSet *set, Prereleases prereleases)
{
    bool all = prereleases == PRERELEASES_YES || (prereleases == PRERELEASES_DEFAULT &&
                                                  (set->allows_prereleases || !kept->found_final));
    g_ptr_array_unref(all ? kept->finals : kept->all);
    return all ? kept->all : kept->finals;
}

GPtrArray *specifier_set_filter(const SpecifierSet *set, const GPtrArray *versions,
                                Prereleases prereleases)
{
    Kept kept = {g_ptr_array_new(), g_ptr_array_new(), false};
    for (size_t i = 0; i < versions->len; i++) {
        const Version *version = g_ptr_array_index(versions, i);
        keep(&kept, set, version, version_text(version), version);
    }
    return choose(&kept, set, prereleases);
}

GPtrArray *specifier_set_filter_texts(const SpecifierSet *set, const char *const *versions,
                                      Prereleases prereleases)
{
    Kept kept = {g_ptr_array_new(), g_ptr_array_new(), false};
    for (size_t i = 0; versions[i] != NULL; i++) {
        g_autoptr(Version) version = version_parse_span(versions[i], strlen(versions[i]));
        keep(&kept, set, version, versions[i], versions[i]);
    }
    return choose(&kept, set, prereleases);
}
