/* Imports that need a driver, in locks and plans. */
#include "plan/plan_imports.h"
#include "sample_lock.h"
#include "test.h"

#include "base/error.h"

static LockImport *sample_import(LockTarget *target, const char *module, const char *list,
                                 LockImportVerdict verdict)
{
    LockImport *item = lock_import_new(module, list, "ramekin.yaml:20");
    item->verdict = verdict;
    if (verdict == LOCK_IMPORT_STAYS) {
        g_ptr_array_add(target->imports, item);
        return item;
    }
    item->reason = g_strdup("RuntimeError: 0 active drivers");
    item->evidence =
        g_strsplit("bnb/__init__.py:15: from . import nn|triton/driver.py:8: raise", "|", -1);
    g_ptr_array_add(target->imports, item);
    return item;
}

static Lock *lock_with_imports(void)
{
    Lock *lock = sample_lock();
    LockTarget *target = lock->targets->pdata[0];
    sample_import(target, "bnb", "build", LOCK_IMPORT_MOVED);
    sample_import(target, "torch", "build", LOCK_IMPORT_STAYS);
    sample_import(target, "vllm", "build", LOCK_IMPORT_UNDECIDED);
    sample_import(target, "torch", "runtime", LOCK_IMPORT_MOVED);
    return lock;
}

TEST(lock_reads_back)
{
    g_autoptr(Lock) lock = lock_with_imports();
    size_t length;
    g_autofree char *text = lock_encode(lock, &length);
    GError *error = NULL;
    g_autoptr(Lock) back = lock_decode("ramekin.lock", text, length, &error);
    assert_no_error(error);
    g_autofree char *again = lock_encode(back, NULL);
    assert_text(NULL, text, again);
    const GPtrArray *imports = ((LockTarget *)back->targets->pdata[0])->imports;
    g_assert_true(lock_import_is_moved(imports, "build", "bnb"));
    g_assert_false(lock_import_is_moved(imports, "build", "torch"));
    g_assert_true(lock_import_is_moved(imports, "runtime", "torch"));
    g_assert_null(lock_import_find(imports, "gpu", "bnb"));
    g_assert_true(lock_imports_any(imports, LOCK_IMPORT_UNDECIDED));
}

TEST(lock_refuses)
{
    static const struct {
        const char *what, *with, *message;
    } rows[] = {
        {"\"moved\"", "\"gone\"",
         "targets[0].imports[0].verdict: expected one of stays, moved, undecided"},
        {"\"list\": \"build\"", "\"list\": \"gpu\"", "targets[0].imports[0].list: 'gpu' is not"},
        {"\"import\": \"bnb\"", "\"import\": \"\"", "targets[0].imports[0].import: '' is not"},
        {"0 active drivers", "0\\nactive", "targets[0].imports[0].reason: '"},
        {"triton/driver.py:8: raise", "a\\nb", "targets[0].imports[0].evidence"},
    };
    g_autoptr(Lock) lock = lock_with_imports();
    g_autofree char *good = lock_encode(lock, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GString) bad = g_string_new(good);
        g_assert_cmpuint(g_string_replace(bad, rows[i].what, rows[i].with, 1), ==, 1);
        GError *error = NULL;
        g_assert_null(lock_decode("ramekin.lock", bad->str, bad->len, &error));
        g_assert_nonnull(strstr(error->message, rows[i].message));
        g_clear_error(&error);
    }
}

TEST(plan)
{
    g_autoptr(Lock) lock = lock_with_imports();
    g_autoptr(Plan) plan = plan_new(NULL, lock->targets->pdata[0]);
    size_t length;
    g_autofree char *text = plan_encode_json(plan, false, &length);
    GError *error = NULL;
    g_autoptr(Plan) back = plan_decode_json("plan.json", text, length, &error);
    assert_no_error(error);
    g_autofree char *again = plan_encode_json(back, false, NULL);
    assert_text(NULL, text, again);
    Layout layout = {g_string_new(NULL), false, 80};
    plan_put_imports(&layout, back);
    assert_text(NULL,
                "\nchecks: build\n"
                "  > import bnb (ramekin.yaml:20): needs a driver, moved to gpu: RuntimeError: 0\n"
                "      active drivers\n"
                "      bnb/__init__.py:15: from . import nn\n"
                "      triton/driver.py:8: raise\n"
                "  ? import vllm (ramekin.yaml:20): not decided, runs here: RuntimeError: 0\n"
                "      active drivers\n"
                "      bnb/__init__.py:15: from . import nn\n"
                "      triton/driver.py:8: raise\n"
                "\nchecks: runtime\n"
                "  > import torch (ramekin.yaml:20): needs a driver, moved to gpu: RuntimeError:\n"
                "      0 active drivers\n"
                "      bnb/__init__.py:15: from . import nn\n"
                "      triton/driver.py:8: raise\n",
                layout.out->str);
    g_string_free(layout.out, TRUE);
}

TEST(nothing_is_said_of_what_stays)
{
    g_autoptr(Lock) lock = sample_lock();
    sample_import(lock->targets->pdata[0], "torch", "build", LOCK_IMPORT_STAYS);
    g_autoptr(Plan) plan = plan_new(NULL, lock->targets->pdata[0]);
    Layout layout = {g_string_new(NULL), false, 80};
    plan_put_imports(&layout, plan);
    assert_text(NULL, "", layout.out->str);
    g_string_free(layout.out, TRUE);
}
