#include "check/import_memory.h"
#include "check/import_roots.h"
#include "check/library_load.h"

#include "test.h"

static const Recipe recipe;

static CheckRun *run_new(unsigned roots)
{
    CheckRun *run = g_new0(CheckRun, 1);
    run->recipe = &recipe;
    run->roots = g_ptr_array_new_with_free_func(import_root_free);
    run->refusals = g_ptr_array_new_with_free_func(library_refusal_free);
    for (unsigned i = 0; i < roots; i++) {
        ImportRoot *root = g_new0(ImportRoot, 1);
        root->name = g_strdup_printf("module%u", i);
        g_ptr_array_add(run->roots, root);
    }
    return run;
}

static void run_free(CheckRun *run)
{
    g_ptr_array_unref(run->roots);
    g_ptr_array_unref(run->refusals);
    g_clear_pointer(&run->found, g_ptr_array_unref);
    g_clear_pointer(&run->deferred, g_ptr_array_unref);
    g_free(run);
}

static ImportStep *step_new(const char *module, unsigned line, const char *text)
{
    ImportStep *step = g_new0(ImportStep, 1);
    step->module = g_strdup(module);
    step->path = g_strdup_printf("%s/__init__.py", module);
    step->distribution = line > 1 ? g_strdup(module) : NULL;
    step->line = line;
    step->text = g_strdup(text);
    return step;
}

static ImportVerdict *failed_new(const char *message)
{
    ImportVerdict *verdict = import_verdict_new();
    verdict->outcome = IMPORT_FAILS;
    verdict->exception = g_strdup("ModuleNotFoundError");
    verdict->message = g_strdup(message);
    verdict->driver = true;
    g_ptr_array_add(verdict->chain, step_new("a", 300, "import b  # \xc3\xa9\f"));
    g_ptr_array_add(verdict->chain, step_new("b", 1, ""));
    return verdict;
}

static LibraryRefusal *refusal_new(const char *version, guint root)
{
    LibraryRefusal *refusal = g_new0(LibraryRefusal, 1);
    refusal->loaded = g_strdup("a/_a.so");
    refusal->member = g_strdup("a/liba.so");
    refusal->distribution = g_strdup("a");
    refusal->version = g_strdup("2");
    refusal->symbols = g_strsplit("one two", " ", -1);
    refusal->missing = 7;
    refusal->symbol_version = g_strdup(version);
    refusal->library = g_strdup("libb.so");
    refusal->owner = g_strdup("b");
    refusal->owner_version = g_strdup("3");
    refusal->root = root;
    return refusal;
}

static CheckRun *simulated_new(void)
{
    CheckRun *run = run_new(2);
    for (unsigned i = 0; i < 2; i++) {
        ImportRoot *root = run->roots->pdata[i];
        root->build = i ? failed_new("No module named 'c'") : import_verdict_new();
        root->run = i ? failed_new("") : import_verdict_new();
    }
    run->found = import_roots_items(run);
    run->deferred = g_ptr_array_new_with_free_func(import_failure_free);
    ImportFailure *failure = g_new0(ImportFailure, 1);
    failure->exception = g_strdup("ImportError");
    failure->message = g_strdup("cannot import name 'x' from 'b'");
    failure->function = g_strdup("A.get");
    failure->at = step_new("b", 7, "from b import x");
    g_ptr_array_add(run->deferred, failure);
    g_ptr_array_add(run->refusals, refusal_new("1.0", 1));
    g_ptr_array_add(run->refusals, refusal_new(NULL, G_MAXUINT));
    return run;
}

TEST(what_was_simulated_is_read_back)
{
    CheckRun *run = simulated_new(), *again = run_new(2);
    g_autoptr(GByteArray) first = import_memory_encode(run);
    g_autoptr(GBytes) bytes = g_bytes_new(first->data, first->len);
    g_assert_true(import_memory_decode(bytes, again));
    const ImportRoot *root = again->roots->pdata[1];
    g_assert_cmpint(root->build->outcome, ==, IMPORT_FAILS);
    assert_text(NULL, "No module named 'c'", root->build->message);
    const ImportStep *step = root->build->chain->pdata[0];
    assert_text(NULL, "a", step->distribution);
    g_assert_cmpuint(step->line, ==, 300);
    g_assert_null(((const ImportStep *)root->build->chain->pdata[1])->distribution);
    const ImportFailure *failure = again->deferred->pdata[0];
    assert_text(NULL, "A.get", failure->function);
    const LibraryRefusal *refusal = again->refusals->pdata[0];
    assert_text(NULL, "two", refusal->symbols[1]);
    g_assert_cmpuint(refusal->root, ==, 1);
    refusal = again->refusals->pdata[1];
    g_assert_null(refusal->symbol_version);
    g_assert_cmpuint(refusal->root, ==, G_MAXUINT);
    g_autoptr(GByteArray) second = import_memory_encode(again);
    g_assert_cmpmem(first->data, first->len, second->data, second->len);
    run_free(run);
    run_free(again);
}

TEST(bytes_that_are_cut_or_go_on_are_refused)
{
    CheckRun *run = simulated_new();
    g_autoptr(GByteArray) whole = import_memory_encode(run);
    g_byte_array_append(whole, (const guint8 *)"", 1);
    for (unsigned length = 0; length <= whole->len; length++) {
        CheckRun *again = run_new(2);
        g_autoptr(GBytes) bytes = g_bytes_new(whole->data, length);
        g_assert_cmpint(import_memory_decode(bytes, again), ==, length + 1 == whole->len);
        g_assert_cmpint(again->deferred != NULL, ==, length + 1 == whole->len);
        run_free(again);
    }
    run_free(run);
}

TEST(bytes_of_other_roots_are_refused)
{
    CheckRun *run = simulated_new();
    g_autoptr(GByteArray) whole = import_memory_encode(run);
    g_autoptr(GBytes) bytes = g_bytes_new(whole->data, whole->len);
    for (unsigned roots = 0; roots <= 3; roots++) {
        CheckRun *again = run_new(roots);
        g_assert_cmpint(import_memory_decode(bytes, again), ==, roots == 2);
        run_free(again);
    }
    run_free(run);
}
