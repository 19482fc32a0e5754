#include "facts/drivers.h"

#include "facts/table_file.h"

enum {
    FORMAT = 1,
};

static const FieldRange format_range = {FORMAT, FORMAT};
static const FieldRange major_range = {1, 1000};

/* clang-format off */
static const Field toolkit_fields[] = {
    {"cuda", &type_version, offsetof(DriverToolkit, cuda), FIELD_REQUIRED, "CUDA version", NULL},
    {"driver", &type_version, offsetof(DriverToolkit, driver), FIELD_REQUIRED, "The driver that comes with it", NULL},
    {"ptx", &type_version, offsetof(DriverToolkit, ptx), FIELD_REQUIRED, "The PTX ISA that its compiler writes", NULL},
};
static const Field major_fields[] = {
    {"major", &type_number, offsetof(DriverMajor, major), FIELD_REQUIRED, "Major version", &major_range},
    {"driver", &type_version, offsetof(DriverMajor, driver), FIELD_REQUIRED, "Oldest driver", NULL},
};
static const Shape toolkit_shape = {.name = "toolkit", .title = "a toolkit", .size = sizeof(DriverToolkit),
    .fields = toolkit_fields, .count = G_N_ELEMENTS(toolkit_fields), .at_offset = offsetof(DriverToolkit, at)};
static const Shape major_shape = {.name = "major", .title = "a major version", .size = sizeof(DriverMajor),
    .fields = major_fields, .count = G_N_ELEMENTS(major_fields), .at_offset = offsetof(DriverMajor, at)};
static const Field table_fields[] = {
    {"drivers", &type_number, offsetof(DriverTable, format), FIELD_REQUIRED, "Format", &format_range},
    {"toolkits", &type_items, offsetof(DriverTable, toolkits), FIELD_REQUIRED | FIELD_LIST, "CUDA versions", &toolkit_shape},
    {"compatibility", &type_items, offsetof(DriverTable, majors), FIELD_LIST, "Compatibility of minor versions", &major_shape},
};
static void sort_toolkits(Decoder *decoder, const Node *node, void *target);
static const Shape table_shape = {.name = "drivers", .title = "the table of drivers", .size = sizeof(DriverTable),
    .fields = table_fields, .count = G_N_ELEMENTS(table_fields), .finish = sort_toolkits};
/* clang-format on */

int dotted_compare(const char *a, const char *b)
{
    while (*a || *b) {
        char *after_a, *after_b;
        guint64 left = g_ascii_strtoull(a, &after_a, 10), right = g_ascii_strtoull(b, &after_b, 10);
        if (left != right)
            return left < right ? -1 : 1;
        a = *after_a == '.' ? after_a + 1 : "";
        b = *after_b == '.' ? after_b + 1 : "";
    }
    return 0;
}

static int compare_toolkits(const void *a, const void *b)
{
    return dotted_compare((*(DriverToolkit *const *)a)->cuda.text,
                          (*(DriverToolkit *const *)b)->cuda.text);
}

static void sort_toolkits(G_GNUC_UNUSED Decoder *decoder, G_GNUC_UNUSED const Node *node,
                          void *target)
{
    const DriverTable *table = target;
    for (guint i = 0; i < table->toolkits->len; i++) {
        if (!((const DriverToolkit *)table->toolkits->pdata[i])->cuda.text)
            return; /* reported */
    }
    g_ptr_array_sort(table->toolkits, compare_toolkits);
}

DriverTable *driver_table_decode(Source *source, Diags *diags)
{
    return table_file_decode(source, &table_shape, diags);
}

void driver_table_free(DriverTable *table)
{
    if (table)
        shape_free(&table_shape, table);
}

const DriverToolkit *driver_table_find(const DriverTable *table, const char *cuda)
{
    for (guint i = 0; i < table->toolkits->len; i++) {
        const DriverToolkit *toolkit = table->toolkits->pdata[i];
        size_t n = strlen(toolkit->cuda.text);
        if (strncmp(cuda, toolkit->cuda.text, n) == 0 && (cuda[n] == '\0' || cuda[n] == '.'))
            return toolkit;
    }
    return NULL;
}

const char *driver_table_floor(const DriverTable *table, const char *cuda)
{
    guint64 major = g_ascii_strtoull(cuda, NULL, 10);
    for (guint i = 0; i < table->majors->len; i++) {
        const DriverMajor *known = table->majors->pdata[i];
        if (known->major == major)
            return known->driver.text;
    }
    return NULL;
}

const char *driver_table_cuda_of(const DriverTable *table, const char *driver)
{
    const char *newest = NULL;
    for (guint i = 0; i < table->toolkits->len; i++) {
        const DriverToolkit *toolkit = table->toolkits->pdata[i];
        if (dotted_compare(toolkit->driver.text, driver) <= 0)
            newest = toolkit->cuda.text;
    }
    return newest;
}

const DriverToolkit *driver_table_ptx(const DriverTable *table, unsigned isa)
{
    g_autofree char *wanted = g_strdup_printf("%u.%u", isa / 10, isa % 10);
    for (guint i = 0; i < table->toolkits->len; i++) {
        const DriverToolkit *toolkit = table->toolkits->pdata[i];
        if (dotted_compare(toolkit->ptx.text, wanted) >= 0)
            return toolkit;
    }
    return NULL;
}
