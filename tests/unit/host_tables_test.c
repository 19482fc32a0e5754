#include "facts/host_tables.h"

#include "test.h"

#include <glib/gstdio.h>

#undef g_getenv

static HostTables *shipped(void)
{
    g_autofree char *source = g_strdup(g_getenv("SOURCE_ROOT"));
    g_autofree char *data = g_build_filename(source, "data", NULL);
    const char *const folders[] = {"/nowhere", data, NULL};
    g_autoptr(Diags) diags = diags_new();
    HostTables *tables = host_tables_load(folders, diags);
    g_autofree char *text = diags_format(diags, false);
    assert_text("mistakes", "", text);
    return tables;
}

static char *resolve(const HostTables *tables, const char *text)
{
    g_autoptr(GPtrArray) targets = g_ptr_array_new_with_free_func(gpu_target_free);
    g_autoptr(GError) error = NULL;
    if (!gpu_table_resolve(tables->gpus, text, SPAN_NONE, targets, &error))
        return g_strdup_printf("%s; %s", error->message, error_hint(error));
    GString *found = g_string_new(NULL);
    for (guint i = 0; i < targets->len; i++) {
        const GpuTarget *target = targets->pdata[i];
        g_string_append_printf(found, "%s%s %u", i ? ", " : "", target->name, target->capability);
    }
    return g_string_free(found, FALSE);
}

TEST(gpus)
{
    static const struct {
        const char *text, *found;
    } rows[] = {
        {"RTX 5090", "RTX 5090 120"},
        {"rtx5090", "RTX 5090 120"},
        {"NVIDIA GeForce RTX 4090", "RTX 4090 89"},
        {"RTX-4090", "RTX 4090 89"},
        {"A100", "A100 80"},
        {"NVIDIA A100-SXM4-80GB", "A100 SXM 80"},
        {"Tesla T4", "T4 75"},
        {"AMPERE_24", "L4 89, RTX A5000 86, RTX 3090 86"},
        {"sm_90", "sm_90 90"},
        {"sm_90a", "sm_90 90"},
        {"12.0", "sm_120 120"},
        {"RTX 5900", "no GPU is called 'RTX 5900'; did you mean 'RTX 5090'?"},
        {"sm_9", "no GPU is called 'sm_9'; write a name such as RTX 4090 or A100, a pool such as "
                 "AMPERE_24, or an architecture such as sm_90"},
    };
    g_autoptr(HostTables) tables = shipped();
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *found = resolve(tables, rows[i].text);
        assert_text(rows[i].text, rows[i].found, found);
    }
}

/* Names that mean two models would be a slip in the table. */
TEST(names_are_unique)
{
    g_autoptr(HostTables) tables = shipped();
    for (guint i = 0; i < tables->gpus->models->len; i++) {
        const GpuModel *model = tables->gpus->models->pdata[i];
        g_assert_true(gpu_table_find(tables->gpus, model->name) == model);
        g_assert_nonnull(gpu_table_find_capability(tables->gpus, model->capability));
        if (model->runpod)
            g_assert_true(gpu_table_find(tables->gpus, model->runpod) == model);
        for (guint k = 0; model->aliases && k < model->aliases->len; k++) {
            const Text *alias = model->aliases->pdata[k];
            g_test_message("%s", alias->text);
            g_assert_true(gpu_table_find(tables->gpus, alias->text) == model);
        }
    }
}

/* From the version that brought an architecture to the one that had it last, both counted. */
TEST(compilers)
{
    static const struct {
        unsigned capability;
        const char *cuda;
        bool compiled;
    } rows[] = {
        {120, "12.6", false}, {120, "12.8", true}, {120, "13.0", true}, {70, "8.0", false},
        {70, "9.0", true},    {70, "12.9", true},  {70, "13.0", false},
    };
    g_autoptr(HostTables) tables = shipped();
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        const GpuCapability *known = gpu_table_find_capability(tables->gpus, rows[i].capability);
        g_test_message("%u under %s", rows[i].capability, rows[i].cuda);
        g_assert_cmpint(gpu_capability_is_compiled(known, rows[i].cuda), ==, rows[i].compiled);
    }
}

/* Code runs on its own capability and on higher ones of the same major number. */
TEST(code_for_capabilities)
{
    static const struct {
        unsigned capability;
        const char *cuda;
        bool has;
    } rows[] = {
        {121, "12.8", true},  {121, "12.6", false}, {103, "12.8", true},  {103, "12.4", false},
        {89, "11.7", true},   {89, "10.2", false},  {110, "12.9", false}, {110, "13.0", true},
        {70, "13.0", false},  {75, "9.0", true},    {75, "13.0", true},   {90, "11.7", false},
        {130, "13.0", false},
    };
    g_autoptr(HostTables) tables = shipped();
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_test_message("%u under %s", rows[i].capability, rows[i].cuda);
        g_assert_cmpint(gpu_table_has_code(tables->gpus, rows[i].capability, rows[i].cuda), ==,
                        rows[i].has);
    }
}

TEST(drivers)
{
    g_autoptr(HostTables) tables = shipped();
    const DriverTable *drivers = tables->drivers;
    g_assert_cmpstr(driver_table_floor(drivers, "12.4"), ==, "525.60.13");
    g_assert_cmpstr(driver_table_floor(drivers, "13.0"), ==, "580.65.06");
    g_assert_null(driver_table_floor(drivers, "9.0"));
    g_assert_cmpstr(driver_table_find(drivers, "12.4.127")->driver.text, ==, "550.54.14");
    g_assert_null(driver_table_find(drivers, "12.41"));
    g_assert_cmpstr(driver_table_cuda_of(drivers, "550.90.07"), ==, "12.4");
    g_assert_cmpstr(driver_table_cuda_of(drivers, "570.124.06"), ==, "12.8");
    g_assert_null(driver_table_cuda_of(drivers, "470.1"));
    g_assert_cmpstr(driver_table_ptx(drivers, 84)->cuda.text, ==, "12.4");
    g_assert_cmpstr(driver_table_ptx(drivers, 86)->cuda.text, ==, "12.8");
    g_assert_null(driver_table_ptx(drivers, 100));
    g_assert_cmpint(dotted_compare("12.4", "12.10"), <, 0);
    g_assert_cmpint(dotted_compare("12.4.0", "12.4"), ==, 0);
    g_assert_cmpint(dotted_compare("570.26", "570.124.06"), <, 0);
}

/* Where no folder has a table, it is the one that the program was built with. */
TEST(nowhere)
{
    const char *const folders[] = {"/nowhere", NULL};
    g_autoptr(Diags) diags = diags_new();
    g_autoptr(HostTables) own = host_tables_load(folders, diags), found = shipped();
    g_assert_nonnull(own);
    g_assert_cmpuint(own->gpus->models->len, ==, found->gpus->models->len);
    g_assert_cmpuint(own->drivers->toolkits->len, ==, found->drivers->toolkits->len);
}

/* A table that is there and can't be read is an error, not a reason to take another. */
TEST(unreadable)
{
    g_autofree char *folder = g_dir_make_tmp("tables-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "gpus.yaml", NULL);
    g_assert_cmpint(g_mkdir(path, 0700), ==, 0);
    const char *const folders[] = {folder, NULL};
    g_autoptr(Diags) diags = diags_new();
    g_assert_null(host_tables_load(folders, diags));
    g_assert_cmpuint(diags_errors(diags), >, 0);
    g_rmdir(path);
    g_rmdir(folder);
}

TEST(mistakes)
{
    static const struct {
        const char *text, *found;
    } rows[] = {
        {"gpus: 2\nmodels: []\n", "2"},
        {"gpus: 1\nmodels: [{name: X, capability: 9, vram: 1 GB}]\n", "capability"},
        {"gpus: 1\nmodels: []\npools: [{name: P, models: [Y]}]\n", "not in the table"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Source) source = source_new("gpus.yaml", rows[i].text, strlen(rows[i].text));
        g_autoptr(Diags) diags = diags_new();
        g_assert_null(gpu_table_decode(source, diags));
        g_autofree char *text = diags_format(diags, false);
        g_assert_nonnull(strstr(text, rows[i].found));
    }
}
