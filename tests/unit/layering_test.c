#include "plan/layering.h"
#include "recipe/recipe.h"
#include "sample_lock.h"
#include "test.h"

typedef struct {
    Lock *lock;
    LockTarget *target;
    LockStage *stage;
} Sample;

static void add_wheel(Sample *sample, const char *name, guint64 size)
{
    LockFile *file = g_new0(LockFile, 1);
    file->name = g_strdup(name);
    file->version = g_strdup("1");
    file->file = g_strdup_printf("%s-1-py3-none-any.whl", name);
    file->sha256 = g_compute_checksum_for_string(G_CHECKSUM_SHA256, name, -1);
    file->size = size;
    file->source_name = g_strdup("main");
    LockDistribution *distribution = lock_distribution_new(name, "1");
    distribution->stage = g_strdup(sample->stage->name);
    distribution->file = lock_take_file(sample->lock, file);
    g_ptr_array_add(sample->stage->environment, distribution);
}

static Sample sample_new(void)
{
    Sample sample = {.lock = lock_new(), .target = lock_target_new(NULL, "linux/amd64")};
    g_ptr_array_add(sample.lock->targets, sample.target);
    sample.stage = sample_stage(sample.target, "pip#1", "pip", "ramekin.yaml:9");
    return sample;
}

/* "source: names | source: names …", from below. */
static char *slots_text(const Layers *layers)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < layers->slots->len; i++) {
        const LayerSlot *slot = layers->slots->pdata[i];
        g_string_append_printf(text, "%s%s", i > 0 ? " | " : "", slot->source);
        for (guint k = 0; slot->items->len > 1 && k < slot->items->len; k++)
            g_string_append_printf(text, "%s%s", k > 0 ? " " : ": ",
                                   ((const LayeringItem *)slot->items->pdata[k])->name);
    }
    return g_string_free(text, FALSE);
}

static Recipe *recipe_of(const char *body, RecipeFile **ret_file)
{
    g_autofree char *text = g_strdup_printf("version: 1\nbase: scratch\npython: 3.11\n"
                                            "libc: glibc 2.36\nstages:\n  - pip: [torch]\n%s",
                                            body);
    static const RecipeOptions options = {0};
    g_autoptr(Diags) diags = diags_new();
    g_autoptr(Source) source = source_new("ramekin.yaml", text, strlen(text));
    *ret_file = recipe_file_from_source(source, "ramekin.yaml", diags);
    g_assert_nonnull(*ret_file);
    Recipe *recipe = recipe_decode(*ret_file, NULL, &options, diags);
    g_assert_nonnull(recipe);
    return recipe;
}

static void add_stack(Sample *sample)
{
    static const struct {
        const char *name;
        guint64 size;
    } wheels[] = {
        {"triton", 253000000},
        {"torch", 766000000},
        {"filelock", 9000},
        {"nvidia-cudnn-cu12", 664000000},
        {"numpy", 18000000},
        {"nvidia-nvtx-cu12", 99000},
        {"sympy", 6100000},
        {"jinja2", 133000},
        {"nvidia-cublas-cu12", 363000000},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(wheels); i++)
        add_wheel(sample, wheels[i].name, wheels[i].size);
}

static const struct {
    const char *name, *body;
    unsigned base_layers;
    bool one_layer;
    const char *expected;
} rows[] = {
    {"order and small ones", "", 1, false,
     "wheel nvidia-cublas-cu12 1 | wheel nvidia-cudnn-cu12 1 | wheel torch 1 | wheel triton 1 | "
     "wheel numpy 1 | wheel sympy 1 | 3 small wheels: filelock jinja2 nvidia-nvtx-cu12 | "
     "installer | files"},
    {"a group takes the place of its lowest member",
     "layers: {groups: [{name: cuda, match: ['nvidia-*']}, {name: web, match: [Jinja2]}]}\n", 1,
     false,
     "group cuda: nvidia-cublas-cu12 nvidia-cudnn-cu12 nvidia-nvtx-cu12 | wheel torch 1 | "
     "wheel triton 1 | wheel numpy 1 | wheel sympy 1 | group web | wheel filelock 1 | "
     "installer | files"},
    {"the budget folds the smallest", "layers: {budget: 8}\n", 2, false,
     "wheel nvidia-cublas-cu12 1 | wheel nvidia-cudnn-cu12 1 | wheel torch 1 | "
     "6 small wheels: filelock jinja2 numpy nvidia-nvtx-cu12 sympy triton | installer | files"},
    {"a base over the budget leaves four", "", 94, false,
     "wheel torch 1 | 8 small wheels: filelock jinja2 numpy nvidia-cublas-cu12 nvidia-cudnn-cu12 "
     "nvidia-nvtx-cu12 sympy triton | installer | files"},
    {"a base that leaves none", "", 97, false, NULL},
    {"one by option", "", 5, true,
     "all stages: filelock jinja2 numpy nvidia-cublas-cu12 nvidia-cudnn-cu12 nvidia-nvtx-cu12 "
     "sympy torch triton"},
    {"one by strategy", "layers: {strategy: one}\n", 5, false,
     "all stages: filelock jinja2 numpy nvidia-cublas-cu12 nvidia-cudnn-cu12 nvidia-nvtx-cu12 "
     "sympy torch triton"},
    {"by stage", "layers: {strategy: stage}\n", 5, false,
     "stage pip#1: filelock jinja2 numpy nvidia-cublas-cu12 nvidia-cudnn-cu12 nvidia-nvtx-cu12 "
     "sympy torch triton | files"},
};

TEST(slots)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        Sample sample = sample_new();
        add_stack(&sample);
        g_autoptr(RecipeFile) file = NULL;
        g_autoptr(Recipe) recipe = recipe_of(rows[i].body, &file);
        g_autoptr(Plan) plan = plan_new(recipe, sample.target);
        LayeringOptions options = {rows[i].base_layers, rows[i].one_layer};
        g_autoptr(Layers) layers = NULL;
        g_autoptr(GError) error = NULL;
        if (layering_assign(plan, &options, &layers, &error)) {
            g_autofree char *found = slots_text(layers);
            assert_text(rows[i].name, rows[i].expected, found);
        } else {
            g_assert_null(rows[i].expected);
            g_assert_error(error, ERROR_DOMAIN, ERROR_INPUT);
        }
        lock_free(sample.lock);
    }
}
