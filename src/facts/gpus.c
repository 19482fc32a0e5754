#include "facts/gpus.h"

#include "base/names.h"
#include "facts/drivers.h"
#include "facts/table_file.h"

enum {
    FORMAT = 1,
};

/* "12.0" → 120; 0: not such a number. */
static unsigned parse_capability(const char *text)
{
    char *end;
    guint64 major = g_ascii_strtoull(text, &end, 10);
    if (!g_ascii_isdigit(*text) || *end != '.' || !g_ascii_isdigit(end[1]) || end[2] != '\0' ||
        major > 99)
        return 0;
    return (unsigned)(major * 10) + (unsigned)(end[1] - '0');
}

static bool decode_capability(Decoder *decoder, const Field *field, const Node *node, void *slot)
{
    const char *text = decoder_text(decoder, field, node);
    unsigned capability = text ? parse_capability(text) : 0;
    if (text && !capability)
        decoder_error(decoder, node, "'%s' is no compute capability such as 8.9", text);
    *(unsigned *)slot = capability;
    return capability != 0;
}

static void clear_nothing(G_GNUC_UNUSED const Field *field, G_GNUC_UNUSED void *slot)
{
}

static void check_pools(Decoder *decoder, G_GNUC_UNUSED const Node *node, void *target)
{
    const GpuTable *table = target;
    for (guint i = 0; i < table->pools->len; i++) {
        const GpuPool *pool = table->pools->pdata[i];
        for (guint k = 0; pool->models && k < pool->models->len; k++) {
            const Text *model = pool->models->pdata[k];
            if (!gpu_table_find(table, model->text))
                diags_error(decoder->diags, model->at,
                            "the pool %s has a GPU that is not in the table: %s", pool->name,
                            model->text);
        }
    }
}

static const FieldType type_capability = {"compute capability", decode_capability, clear_nothing,
                                          NULL};
static const FieldRange format_range = {FORMAT, FORMAT};

/* clang-format off */
static const Field model_fields[] = {
    {"name", &type_text, offsetof(GpuModel, name), FIELD_REQUIRED, "Its name", NULL},
    {"capability", &type_capability, offsetof(GpuModel, capability), FIELD_REQUIRED, "Compute capability", NULL},
    {"vram", &type_size, offsetof(GpuModel, vram), FIELD_REQUIRED, "Memory", NULL},
    {"aliases", &type_texts, offsetof(GpuModel, aliases), 0, "Other names", NULL},
    {"runpod", &type_text, offsetof(GpuModel, runpod), 0, "GPU type id of RunPod", NULL},
};
static const Field pool_fields[] = {
    {"name", &type_text, offsetof(GpuPool, name), FIELD_REQUIRED, "Its name", NULL},
    {"models", &type_texts, offsetof(GpuPool, models), FIELD_REQUIRED, "What it hands out", NULL},
};
static const Field capability_fields[] = {
    {"capability", &type_capability, offsetof(GpuCapability, capability), FIELD_REQUIRED, "Compute capability", NULL},
    {"name", &type_text, offsetof(GpuCapability, name), FIELD_REQUIRED, "Architecture", NULL},
    {"since", &type_version, offsetof(GpuCapability, since), FIELD_REQUIRED, "First CUDA version", NULL},
    {"until", &type_version, offsetof(GpuCapability, until), 0, "Last CUDA version", NULL},
};
static const Shape model_shape = {.name = "gpu", .title = "a model", .size = sizeof(GpuModel), .fields = model_fields,
    .count = G_N_ELEMENTS(model_fields), .at_offset = offsetof(GpuModel, at)};
static const Shape pool_shape = {.name = "pool", .title = "a pool", .size = sizeof(GpuPool), .fields = pool_fields,
    .count = G_N_ELEMENTS(pool_fields), .at_offset = offsetof(GpuPool, at)};
static const Shape capability_shape = {.name = "capability", .title = "a capability", .size = sizeof(GpuCapability),
    .fields = capability_fields, .count = G_N_ELEMENTS(capability_fields), .at_offset = offsetof(GpuCapability, at)};
static const Field table_fields[] = {
    {"gpus", &type_number, offsetof(GpuTable, format), FIELD_REQUIRED, "Format", &format_range},
    {"models", &type_items, offsetof(GpuTable, models), FIELD_REQUIRED | FIELD_LIST, "GPUs", &model_shape},
    {"pools", &type_items, offsetof(GpuTable, pools), FIELD_LIST, "Pools", &pool_shape},
    {"capabilities", &type_items, offsetof(GpuTable, capabilities), FIELD_LIST, "Architectures", &capability_shape},
};
static const Shape table_shape = {.name = "gpus", .title = "the table of GPUs", .size = sizeof(GpuTable),
    .fields = table_fields, .count = G_N_ELEMENTS(table_fields), .finish = check_pools};
/* clang-format on */

void gpu_table_free(GpuTable *table)
{
    if (table)
        shape_free(&table_shape, table);
}

GpuTable *gpu_table_decode(Source *source, Diags *diags)
{
    return table_file_decode(source, &table_shape, diags);
}

/* "NVIDIA GeForce RTX 4090" → "rtx4090". */
static char *plain_name(const char *name)
{
    static const char *const makers[] = {"nvidia", "geforce", "tesla"};
    g_autofree char *lower = g_ascii_strdown(name, -1);
    const char *at = lower;
    for (guint i = 0; i < G_N_ELEMENTS(makers); i++) {
        size_t n = strlen(makers[i]);
        if (strncmp(at, makers[i], n) == 0 && at[n] == ' ')
            at += n + 1;
    }
    GString *plain = g_string_new(NULL);
    for (; *at; at++) {
        if (*at != ' ' && *at != '-' && *at != '_')
            g_string_append_c(plain, *at);
    }
    return g_string_free(plain, FALSE);
}

static bool is_called(const char *name, const char *plain)
{
    g_autofree char *own = name ? plain_name(name) : NULL;
    return own && strcmp(own, plain) == 0;
}

const GpuModel *gpu_table_find(const GpuTable *table, const char *name)
{
    g_autofree char *plain = plain_name(name);
    const GpuModel *by_alias = NULL;
    for (guint i = 0; i < table->models->len; i++) {
        const GpuModel *model = table->models->pdata[i];
        if (is_called(model->name, plain))
            return model;
        bool alias = is_called(model->runpod, plain);
        for (guint k = 0; model->aliases && k < model->aliases->len; k++)
            alias = alias || is_called(((const Text *)model->aliases->pdata[k])->text, plain);
        if (alias && !by_alias)
            by_alias = model;
    }
    return by_alias;
}

const GpuPool *gpu_table_find_pool(const GpuTable *table, const char *name)
{
    g_autofree char *plain = plain_name(name);
    for (guint i = 0; i < table->pools->len; i++) {
        const GpuPool *pool = table->pools->pdata[i];
        if (is_called(pool->name, plain))
            return pool;
    }
    return NULL;
}

const GpuCapability *gpu_table_find_capability(const GpuTable *table, unsigned capability)
{
    for (guint i = 0; i < table->capabilities->len; i++) {
        const GpuCapability *known = table->capabilities->pdata[i];
        if (known->capability == capability)
            return known;
    }
    return NULL;
}

bool gpu_capability_is_compiled(const GpuCapability *known, const char *cuda)
{
    return dotted_compare(cuda, known->since.text) >= 0 &&
           (!known->until.text || dotted_compare(cuda, known->until.text) <= 0);
}

bool gpu_table_has_code(const GpuTable *table, unsigned capability, const char *cuda)
{
    for (guint i = 0; i < table->capabilities->len; i++) {
        const GpuCapability *known = table->capabilities->pdata[i];
        bool runs = known->capability / 10 == capability / 10 && known->capability <= capability;
        if (runs && gpu_capability_is_compiled(known, cuda))
            return true;
    }
    return false;
}

void gpu_target_free(void *data)
{
    GpuTarget *target = data;
    g_free(target->name);
    g_free(target);
}

static void add_target(GPtrArray *targets, const char *name, unsigned capability,
                       const GpuModel *model, const GpuPool *pool, Span at)
{
    for (guint i = 0; i < targets->len; i++) {
        if (strcmp(((GpuTarget *)targets->pdata[i])->name, name) == 0)
            return;
    }
    GpuTarget *target = g_new(GpuTarget, 1);
    *target = (GpuTarget){g_strdup(name), capability, model, pool, at};
    g_ptr_array_add(targets, target);
}

/* "sm_90", "sm_90a", "compute_90", "9.0"; 0: none of them. */
static unsigned parse_architecture(const char *text)
{
    const char *digits = g_str_has_prefix(text, "sm_")        ? text + 3
                         : g_str_has_prefix(text, "compute_") ? text + 8
                                                              : NULL;
    if (!digits)
        return parse_capability(text);
    size_t n = strspn(digits, "0123456789");
    bool tail = digits[n] == '\0' || (strchr("af", digits[n]) && digits[n + 1] == '\0');
    return tail && (n == 2 || n == 3) ? (unsigned)g_ascii_strtoull(digits, NULL, 10) : 0;
}

static gboolean refuse(const GpuTable *table, const char *text, Span at, GError **error)
{
    GError *cause = NULL;
    error_set(&cause, ERROR_INPUT, at, "no GPU is called '%s'", text);
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (guint i = 0; i < table->models->len; i++) {
        const GpuModel *model = table->models->pdata[i];
        g_ptr_array_add(names, model->name);
    }
    for (guint i = 0; i < table->pools->len; i++)
        g_ptr_array_add(names, ((const GpuPool *)table->pools->pdata[i])->name);
    const char *near = names_nearest(text, (const char *const *)names->pdata, names->len);
    if (near)
        error_set_hint(cause, "did you mean '%s'?", near);
    else
        error_set_hint(cause, "write a name such as RTX 4090 or A100, a pool such as AMPERE_24, "
                              "or an architecture such as sm_90");
    g_propagate_error(error, cause);
    return FALSE;
}

gboolean gpu_table_resolve(const GpuTable *table, const char *text, Span at, GPtrArray *targets,
                           GError **error)
{
    const GpuPool *pool = gpu_table_find_pool(table, text);
    for (guint i = 0; pool && i < pool->models->len; i++) {
        const GpuModel *model = gpu_table_find(table, ((const Text *)pool->models->pdata[i])->text);
        if (model)
            add_target(targets, model->name, model->capability, model, pool, at);
    }
    if (pool)
        return TRUE;
    const GpuModel *model = gpu_table_find(table, text);
    unsigned capability = model ? model->capability : parse_architecture(text);
    if (!capability)
        return refuse(table, text, at, error);
    g_autofree char *name = model ? g_strdup(model->name) : g_strdup_printf("sm_%u", capability);
    add_target(targets, name, capability, model, NULL, at);
    return TRUE;
}

char *capability_text(unsigned capability)
{
    return g_strdup_printf("%u.%u", capability / 10, capability % 10);
}
