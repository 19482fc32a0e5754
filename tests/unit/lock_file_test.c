#include "lock/lock.h"
#include "lock/lock_entries.h"
#include "sample_lock.h"
#include "test.h"

#include <glib/gstdio.h>

static const char expected[] =
    "{\n"
    "  \"schema\": \"ramekin.lock/1\",\n"
    "  \"files\": [\n"
    "    {\"name\": \"bitsandbytes\", \"version\": \"0.45.0\", \"file\": "
    "\"bitsandbytes-0.45.0-py3-none-any.whl\", \"sha256\": "
    "\"4444444444444444444444444444444444444444444444444444444444444444\", \"size\": 69100000, "
    "\"source\": {\"index\": \"main\"}, \"id\": \"444444444444@main\"},\n";

TEST(one_file_a_line)
{
    g_autoptr(Lock) lock = sample_lock();
    g_autofree char *text = lock_encode(lock, NULL);
    g_assert_true(g_str_has_prefix(text, expected));
    const char *change = "          \"gone\": [\n"
                         "            \"triton 3.2.0\"\n"
                         "          ],\n"
                         "          \"environment\": [\n"
                         "            {\"name\": \"triton\", \"version\": \"2.3.1\", \"stage\": "
                         "\"triton\", \"file\": \"555555555555@main\"}\n"
                         "          ]\n";
    g_assert_nonnull(strstr(text, change));
}

TEST(round_trip)
{
    g_autoptr(Lock) lock = sample_lock();
    size_t length;
    g_autofree char *text = lock_encode(lock, &length);
    GError *error = NULL;
    g_autoptr(Lock) back = lock_decode("ramekin.lock", text, length, &error);
    assert_no_error(error);
    g_autofree char *again = lock_encode(back, NULL);
    assert_text(NULL, text, again);
    const LockTarget *target = back->targets->pdata[0];
    const LockStage *last = target->stages->pdata[2];
    g_assert_cmpuint(last->environment->len, ==, 4);
    assert_text(NULL, "2.3.1", lock_stage_find(last, "triton")->version);
    assert_text(NULL, "filelock", lock_stage_find(last, "torch")->requires[0]);
    g_assert_null(lock_stage_find(last, "absent"));
    g_assert_true(lock_find_target(back, NULL, "linux/amd64") == target);
    g_assert_null(lock_find_target(back, "row", "linux/amd64"));
}

TEST(order_does_not_depend_on_the_solve)
{
    g_autoptr(Lock) a = sample_lock(), b = lock_new();
    SampleFiles files = {0};
    files.old_triton = sample_file(b, "triton", "2.3.1", 4, 168000000, "main");
    files.bitsandbytes = sample_file(b, "bitsandbytes", "0.45.0", 3, 69100000, "main");
    files.filelock = sample_file(b, "filelock", "3.18.0", 2, 16000, "main");
    files.triton = sample_file(b, "triton", "3.2.0", 1, 253100000, "cu124");
    files.torch = sample_file(b, "torch", "2.6.0", 0, 766715424, "cu124");
    sample_target(b, NULL, &files);
    g_autofree char *left = lock_encode(a, NULL), *right = lock_encode(b, NULL);
    assert_text(NULL, left, right);
}

TEST(unsolved_targets_and_their_files_are_left_out)
{
    g_autoptr(Lock) lock = sample_lock();
    SampleFiles files = {0};
    files.torch = sample_file(lock, "torch", "9.9", 0, 1, "main");
    LockTarget *target = lock_target_new("other", "linux/amd64");
    g_ptr_array_add(lock->targets, target);
    LockStage *stage = sample_stage(target, "torch", "pip", "ramekin.yaml:9");
    sample_action(stage, "install", NULL, files.torch);
    stage->status = STAGE_UNSATISFIABLE;
    g_assert_false(lock_target_is_solved(target));
    g_autofree char *text = lock_encode(lock, NULL);
    g_assert_null(strstr(text, "9.9"));
    g_assert_null(strstr(text, "\"other\""));
}

TEST(a_file_of_two_indexes_has_two_ids)
{
    g_autoptr(Lock) lock = lock_new();
    LockFile *main = sample_file(lock, "numpy", "1.0", 0, 1, "main");
    LockFile *torch = sample_file(lock, "numpy", "1.0", 0, 1, "cu124");
    LockFile *again = sample_file(lock, "numpy", "1.0", 0, 1, "main");
    g_assert_true(main == again && main != torch);
    assert_text(NULL, "111111111111@main", main->id);
    assert_text(NULL, "111111111111@cu124", torch->id);
}

TEST(credentials_never_reach_the_text)
{
    g_autoptr(Lock) lock = lock_new();
    LockFile *file = sample_file(lock, "torch", "2.6.0", 0, 5, "main");
    file->source = LOCK_SOURCE_URL;
    g_free(file->source_name);
    file->source_name = g_strdup("https://user:secret@example.org/torch.whl");
    SampleFiles files = {file, file, file, file, file};
    sample_target(lock, NULL, &files);
    g_autofree char *text = lock_encode(lock, NULL);
    g_assert_null(strstr(text, "secret"));
    g_assert_nonnull(strstr(text, "{\"url\": \"https://example.org/torch.whl\"}"));
}

/* An entry of a name may be there twice, and one of them go. */
TEST(two_copies_of_one_name)
{
    g_autoptr(GPtrArray) before =
        g_ptr_array_new_with_free_func((GDestroyNotify)lock_distribution_free);
    LockDistribution *seen = lock_distribution_new("torch", "2.3.1");
    LockDistribution *ghost = lock_distribution_new("torch", "2.8.0");
    ghost->ghost = true;
    g_ptr_array_add(before, ghost);
    g_ptr_array_add(before, seen);
    lock_entries_sort(before);
    g_assert_true(before->pdata[0] == seen);
    g_autoptr(GPtrArray) gone = g_ptr_array_new();
    g_ptr_array_add(gone, (char *)"torch 2.8.0 ghost");
    g_autoptr(GPtrArray) rest = lock_entries_drop(before, gone);
    g_assert_cmpuint(rest->len, ==, 1);
    g_autoptr(GPtrArray) different = lock_entries_without(before, rest);
    g_assert_cmpuint(different->len, ==, 1);
    g_autofree char *text = lock_entry_text(different->pdata[0]);
    assert_text(NULL, "torch 2.8.0 ghost", text);
}

TEST(refuses)
{
    static const struct {
        const char *what, *with, *message;
    } rows[] = {
        {"ramekin.lock/1", "ramekin.lock/9", "schema: expected 'ramekin.lock/1'"},
        {"\"sha256\": \"4444", "\"sha256\": \"4x44", "files[0].sha256: '4x44"},
        {"444444444444@main\"}", "123456789abc@main\"}", "files: the id '123456789abc@main' does"},
        {"\"id\": \"444444444444@main\"", "\"id\": \"4@main\"", "files: the id '4@main' does"},
        {"\"id\": \"222222222222@cu124\"", "\"id\": \"2222222222222@cu124\"",
         "targets[0].stages[0].actions[0].file: the file '222222222222@cu124' is not in the list"},
        {"{\"index\": \"main\"}", "{}", "files[0].source: expected {index}, {url}, {path} or"},
        {"{\"index\": \"main\"}", "{\"index\": \"https://example.org/simple\"}",
         "files[0].source: an index is known by its name"},
        {"{\"index\": \"main\"}", "{\"url\": \"https://u:p@example.org/a.whl\"}",
         "files[0].source: the URL must not hold credentials"},
        {"{\"index\": \"main\"}", "{\"path\": \"/a.whl\"}",
         "files[0].source: the path must be relative"},
        {"{\"index\": \"main\"}", "{\"git\": \"https://example.org/a\"}",
         "files[0].source: expected a text"},
        {"{\"index\": \"main\"}", "{\"index\": \"a\", \"url\": \"b\"}",
         "files[0].source: expected {index}, {url}, {path} or"},
        {"bitsandbytes-0.45.0-py3-none-any.whl", "../x.whl", "files[0].file: '../x.whl' is not"},
        {"\"action\": \"install\"", "\"action\": \"explode\"",
         "targets[0].stages[0].actions[0].action: 'explode' is not an action"},
        {"\"by\": \"torch\"", "\"line\": \"a:1\", \"by\": \"torch\"",
         "targets[0].stages[0].actions[0].edges[0].by: expected either 'line' or 'by'"},
        {"\"by\": \"torch\", ", "",
         "targets[0].stages[0].actions[0].edges[0]: expected either 'line' or 'by'"},
        {"\"triton 3.2.0\"", "\"triton 3.2.1\"",
         "targets[0].stages[2].gone: 'gone' names what was not installed"},
        {"\"breaks-requirement\"", "\"breaks\"",
         "targets[0].stages[2].findings[0].code: 'breaks' is not the code of a finding"},
        {"\"facts\": \"declared\"", "\"facts\": \"guessed\"",
         "targets[0].base.facts: expected one of declared, read"},
        {"\"digest\": null", "\"digest\": \"sha256:12\"",
         "targets[0].base.digest: 'sha256:12' is not the digest of an image"},
        {"\"targets\": [", "\"extra\": 1, \"targets\": [", "the document: unknown key 'extra'"},
    };
    g_autoptr(Lock) lock = sample_lock();
    g_autofree char *good = lock_encode(lock, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(GStrv) parts = g_strsplit(good, rows[i].what, 2);
        g_assert_nonnull(parts[1]);
        g_autofree char *text = g_strjoinv(rows[i].with, parts);
        g_autoptr(GError) error = NULL;
        g_assert_null(lock_decode("a.lock", text, strlen(text), &error));
        g_assert_error(error, ERROR_DOMAIN, ERROR_INPUT);
        g_autofree char *start = g_strdup_printf("a.lock: %s", rows[i].message);
        if (!g_str_has_prefix(error->message, start))
            assert_text(rows[i].with, start, error->message);
    }
}

TEST(one_target_twice)
{
    g_autoptr(Lock) lock = lock_new();
    LockFile *file = sample_file(lock, "torch", "2.6.0", 0, 5, "main");
    SampleFiles files = {file, file, file, file, file};
    sample_target(lock, "a", &files);
    sample_target(lock, "a", &files);
    g_autofree char *text = lock_encode(lock, NULL);
    g_autoptr(GError) error = NULL;
    g_assert_null(lock_decode("a.lock", text, strlen(text), &error));
    assert_text(NULL, "a.lock: the target linux/amd64 of row a is there twice", error->message);
}

/* Stages that say nothing repeat the environment before them: the sum of them is limited. */
TEST(small_texts_do_not_become_large_values)
{
    GString *text = g_string_new("{\"schema\": \"ramekin.lock/1\", \"files\": [], \"targets\": "
                                 "[{\"row\": null, \"platform\": \"p\", \"inputs\": [], \"base\": "
                                 "{\"reference\": null, \"digest\": null, \"facts\": \"read\", "
                                 "\"python\": null, \"libc\": null, \"pip\": null, \"scheme\": "
                                 "null, \"prefix\": null, \"installed\": [");
    for (unsigned i = 0; i < 2000; i++)
        g_string_append_printf(text, "%s{\"name\": \"d%u\", \"version\": \"1\"}", i ? "," : "", i);
    g_string_append(text, "]}, \"stages\": [");
    for (unsigned i = 0; i < 600; i++)
        g_string_append_printf(text, "%s{\"name\": \"s\", \"kind\": \"pip\", \"at\": \"a:1\"}",
                               i ? "," : "");
    g_string_append(text, "]}]}");
    g_autoptr(GError) error = NULL;
    g_assert_null(lock_decode("a.lock", text->str, text->len, &error));
    g_assert_nonnull(strstr(error->message, "too many distributions"));
    g_string_free(text, TRUE);
}

TEST(files_on_disk)
{
    g_autofree char *dir = g_dir_make_tmp("lock-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "ramekin.lock", NULL);
    GError *error = NULL;
    Lock *none = NULL;
    g_assert_true(lock_load(path, &none, &error));
    g_assert_null(none);
    g_autoptr(Lock) lock = sample_lock();
    g_assert_true(lock_save(lock, path, &error));
    g_autoptr(Lock) back = NULL;
    g_assert_true(lock_load(path, &back, &error));
    g_assert_cmpuint(back->files->len, ==, 5);
    g_assert_true(g_file_set_contents(path, "{", 1, NULL));
    g_autoptr(GError) bad = NULL;
    g_assert_false(lock_load(path, &none, &bad));
    g_assert_error(bad, ERROR_DOMAIN, ERROR_INPUT);
    g_unlink(path);
    g_rmdir(dir);
}
