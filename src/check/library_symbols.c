/* Symbols that a load asks for and nothing defines.
 *
 * A definition anywhere counts: where an object is opened for all others to see is not followed. So
 * a symbol is only missing where all that could define it was read, where a relocation asks for it,
 * and where it is known whose it is: it has the version of a library, or shares its first word with
 * what a library defines.
 *
 * Names of the interpreter (Py..., _Py...) are nobody's here. That it has them is what the tag of a
 * wheel promises, and no wheel with another tag is installed; the interpreter of a base in a
 * registry is not read; and a name alone says little: torch defines _PyOpcode_Caches itself. */
#include "check/library_private.h"
#include "check/native_rules.h"
#include "facts/symbol_name.h"
#include "recipe/config.h"

enum {
    SHOWN_SYMBOLS = 3,
    HOME_NAMES = 3, /* that a library defines, so that a first word is its own */
};

void library_refusal_free(void *data)
{
    LibraryRefusal *refusal = data;
    g_free(refusal->loaded);
    g_free(refusal->member);
    g_free(refusal->distribution);
    g_free(refusal->version);
    g_strfreev(refusal->symbols);
    g_free(refusal->symbol_version);
    g_free(refusal->library);
    g_free(refusal->owner);
    g_free(refusal->owner_version);
    g_free(refusal);
}

/* The library that a version is asked of; NULL: the system's, or it is not clear. */
static const char *library_of_version(const SharedObject *object, const char *version)
{
    const char *library = NULL;
    for (guint i = 0; i < object->needs->len; i++) {
        const VersionNeed *need = object->needs->pdata[i];
        if (!g_strv_contains(need->versions, version))
            continue;
        if (library || library_is_system(need->library) || driver_library(need->library))
            return NULL;
        library = need->library;
    }
    return library;
}

/* An unversioned definition will do for any reference, and any definition for an unversioned one
 * (glibc's dl-lookup.c, check_match()). */
static bool defines(const SharedObject *object, const SharedSymbol *symbol)
{
    const SharedSymbol *found =
        object ? shared_object_find(object, symbol->name, symbol->version) : NULL;
    if (found || !object || !symbol->version)
        return found != NULL;
    found = shared_object_find(object, symbol->name, NULL);
    return found && !found->version;
}

static bool closure_defines(const LibraryClosure *closure, const SharedSymbol *symbol)
{
    for (guint i = 0; i < closure->objects->len; i++) {
        if (defines(((const LoadObject *)closure->objects->pdata[i])->file->object, symbol))
            return true;
    }
    for (guint i = 0; i < closure->of_base->len; i++) {
        if (defines(closure->of_base->pdata[i], symbol))
            return true;
    }
    return false;
}

static bool any_defines(const LibraryJudge *judge, const SharedSymbol *symbol)
{
    for (guint i = 0; i < judge->objects->len; i++) {
        if (defines(((const LoadObject *)judge->objects->pdata[i])->file->object, symbol))
            return true;
    }
    return false;
}

/* What the object needs and no wheel defines, whoever loads it. The judge's. */
static GPtrArray *find_missing(LibraryJudge *judge, const LibraryClosure *closure,
                               const LoadObject *object)
{
    GPtrArray *missing = g_hash_table_lookup(judge->missing, object->file);
    if (missing)
        return missing;
    const SharedObject *shared = object->file->object;
    missing = g_ptr_array_new();
    for (guint i = 0; i < shared->undefined->len; i++) {
        SharedSymbol *symbol = &g_array_index(shared->undefined, SharedSymbol, i);
        const char *word;
        size_t length;
        bool known = symbol->version ? library_of_version(shared, symbol->version) != NULL
                                     : symbol_family(symbol->name, &word, &length);
        if (!symbol->weak && known && !closure_defines(closure, symbol) &&
            !any_defines(judge, symbol))
            g_ptr_array_add(missing, symbol);
    }
    g_hash_table_insert(judge->missing, object->file, missing);
    return missing;
}

/* Whose it is */

static unsigned count_family(const SharedObject *object, const char *word, size_t length)
{
    unsigned count = 0;
    for (guint i = 0; i < object->defined->len && count < HOME_NAMES; i++) {
        const char *other;
        size_t other_length;
        count += symbol_family(g_array_index(object->defined, SharedSymbol, i).name, &other,
                               &other_length) &&
                 other_length == length && strncmp(other, word, length) == 0;
    }
    return count;
}

/* The library that defines others of the name's family. */
static const LoadObject *find_home(const GPtrArray *objects, const LoadObject *object,
                                   const char *name)
{
    const char *word;
    size_t length;
    if (!symbol_family(name, &word, &length))
        return NULL;
    for (guint i = 0; i < objects->len; i++) {
        const LoadObject *one = objects->pdata[i];
        if (one->file != object->file && one->file->object &&
            count_family(one->file->object, word, length) >= HOME_NAMES)
            return one;
    }
    return NULL;
}

/* All files that may be the library were read, and it is one of them. */
static const LoadObject *find_versioned_home(LibraryJudge *judge, const LoadObject *object,
                                             const char *version)
{
    const char *library = library_of_version(object->file->object, version);
    const GPtrArray *named = library ? g_hash_table_lookup(judge->by_name, library) : NULL;
    for (guint i = 0; named && i < named->len; i++) {
        if (!((const LoadObject *)named->pdata[i])->file->object)
            return NULL;
    }
    return named && !library_is_elsewhere(judge, object, library) ? named->pdata[0] : NULL;
}

static const LoadObject *find_torch_home(const LibraryJudge *judge, const LoadObject *object)
{
    const CheckWheel *torch = check_find_wheel(judge->run, "torch");
    if (!torch || !torch->native || torch == object->wheel || !native_is_complete(torch->native))
        return NULL;
    for (guint i = 0; i < judge->objects->len; i++) {
        const LoadObject *one = judge->objects->pdata[i];
        if (one->wheel == torch && one->file->object)
            return one;
    }
    return NULL;
}

typedef struct {
    LibraryJudge *judge;
    const LibraryClosure *closure;
    const LoadObject *object;
    bool lazy;
    int closed; /* whether all that could define an unversioned symbol was read; -1: not asked */
} Question;

/* The library that should define a symbol that nothing defines; NULL: it is not known whether
 * something does. */
static const LoadObject *find_culprit(Question *question, const SharedSymbol *symbol)
{
    if (symbol->version)
        return find_versioned_home(question->judge, question->object, symbol->version);
    const LoadObject *torch = native_is_torch_name(symbol->name)
                                  ? find_torch_home(question->judge, question->object)
                                  : NULL;
    if (question->closed < 0)
        question->closed = !question->closure->open && library_all_read(question->judge);
    if (torch || !question->closed)
        return torch;
    if (question->closure->driver && g_str_has_prefix(symbol->name, "cu"))
        return NULL;
    return find_home(question->closure->objects, question->object, symbol->name);
}

/* Refusals */

static bool is_noted(const CheckRun *run, const LibraryRefusal *refusal)
{
    for (guint i = 0; i < run->refusals->len; i++) {
        const LibraryRefusal *other = run->refusals->pdata[i];
        if (g_str_equal(other->loaded, refusal->loaded) &&
            g_str_equal(other->member, refusal->member) &&
            g_str_equal(other->distribution, refusal->distribution))
            return true;
    }
    return false;
}

static char *valid_text(const char *text)
{
    return text ? g_utf8_make_valid(text, -1) : NULL;
}

static void note_refusal(const Question *question, const GPtrArray *symbols, const LoadObject *home,
                         const char *path)
{
    CheckRun *run = question->judge->run;
    const SharedSymbol *first = symbols->pdata[0];
    LibraryRefusal *refusal = g_new0(LibraryRefusal, 1);
    const LockFile *file = question->object->wheel->file;
    refusal->loaded = g_strdup(path);
    refusal->member = g_strdup(question->object->file->member);
    refusal->distribution = g_strdup(file->name);
    refusal->version = g_strdup(file->version);
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    for (guint i = 0; i < symbols->len && i < SHOWN_SYMBOLS; i++) {
        g_autofree char *name = valid_text(((const SharedSymbol *)symbols->pdata[i])->name);
        g_strv_builder_add(names, name);
    }
    refusal->symbols = g_strv_builder_end(names);
    refusal->missing = symbols->len;
    refusal->symbol_version = valid_text(first->version);
    refusal->library = g_strdup(native_base_name(home->file->member));
    refusal->owner = g_strdup(home->wheel->file->name);
    refusal->owner_version = g_strdup(home->wheel->file->version);
    refusal->root = G_MAXUINT;
    if (is_noted(run, refusal))
        library_refusal_free(refusal);
    else
        g_ptr_array_add(run->refusals, refusal);
}

static guint place_in(GHashTable *bound, const void *symbol)
{
    return GPOINTER_TO_UINT(g_hash_table_lookup(bound, ((const SharedSymbol *)symbol)->name));
}

static int compare_places(const void *a, const void *b, void *bound)
{
    guint left = place_in(bound, *(void *const *)a), right = place_in(bound, *(void *const *)b);
    return (left > right) - (left < right);
}

/* Drops what no relocation asks for; all where that could not be read. The rest is in the loader's
 * order, which ends at the first. */
static void drop_unbound(const Question *question, GPtrArray *missing)
{
    const LoadObject *object = question->object;
    g_autoptr(GHashTable) bound =
        native_file_bound(object->file, object->wheel->view, question->lazy);
    question->judge->missed |= !bound;
    for (guint i = missing->len; i-- > 0;) {
        if (!bound || place_in(bound, missing->pdata[i]) == 0)
            g_ptr_array_remove_index(missing, i);
    }
    g_ptr_array_sort_with_data(missing, compare_places, bound);
}

/* Symbols of one library, the first that one is missed of. */
static const LoadObject *collect_culprit(Question *question, const GPtrArray *missing,
                                         GPtrArray *symbols)
{
    const LoadObject *home = NULL;
    const char *version = NULL;
    for (guint i = 0; i < missing->len; i++) {
        SharedSymbol *symbol = missing->pdata[i];
        if (closure_defines(question->closure, symbol))
            continue;
        const LoadObject *culprit = find_culprit(question, symbol);
        if (culprit && !home) {
            home = culprit;
            version = symbol->version;
        }
        if (culprit && culprit->wheel == home->wheel && g_strcmp0(symbol->version, version) == 0)
            g_ptr_array_add(symbols, symbol);
    }
    return home;
}

static LibraryProblem *judge_object(Question *question, const char *path)
{
    LibraryJudge *judge = question->judge;
    GPtrArray *found = find_missing(judge, question->closure, question->object);
    g_autoptr(GPtrArray) missing = /* the judge's own, for good, where all are bound */
        question->lazy ? g_ptr_array_copy(found, NULL, NULL) : g_ptr_array_ref(found);
    g_autoptr(GPtrArray) symbols = g_ptr_array_new();
    if (missing->len == 0 || !collect_culprit(question, missing, symbols))
        return NULL;
    drop_unbound(question, missing);
    g_ptr_array_set_size(symbols, 0);
    const LoadObject *home = collect_culprit(question, missing, symbols);
    if (!home)
        return NULL;
    note_refusal(question, symbols, home, path);
    const SharedSymbol *first = symbols->pdata[0];
    return library_problem_new(
        "ImportError", true, true,
        g_strdup_printf("%s: undefined symbol: %s%s%s", question->object->file->member, first->name,
                        first->version ? ", version " : "", first->version ? first->version : ""));
}

LibraryProblem *library_symbols_judge(LibraryJudge *judge, const LibraryClosure *closure,
                                      const char *path, bool lazy)
{
    if (library_env_is_set(judge->run, "LD_PRELOAD"))
        return NULL;
    LibraryProblem *problem = NULL;
    for (guint i = 0; i < closure->objects->len && !problem; i++) {
        const LoadObject *object = closure->objects->pdata[i];
        Question question = {judge, closure, object, lazy, -1};
        if (object->file->object && g_hash_table_contains(closure->sure, object->file) &&
            !g_hash_table_contains(judge->loaded, object->file))
            problem = judge_object(&question, path);
    }
    return problem;
}
