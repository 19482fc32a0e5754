#include "diff/version_table.h"

#include "check/gpu_coverage.h"
#include "diff/fact_table.h"
#include "diff/markdown.h"
#include "text/jsonw.h"

#include <string.h>

enum {
    MIN_COLUMNS = 40,
    MINORS = 100,   /* of Python 3 */
    NAMED_ROWS = 3, /* that share a reason */
};

static void row_free(void *data)
{
    VersionRow *row = data;
    g_free(row->version);
    g_ptr_array_unref(row->pythons);
    g_free(row->torch);
    g_free(row->cuda);
    g_array_unref(row->gpus);
    g_free(row->reason);
    g_free(row);
}

static void files_free(void *files)
{
    g_ptr_array_unref(files);
}

VersionTable *version_table_new(const char *recipe_path, const char *name)
{
    VersionTable *table = g_new0(VersionTable, 1);
    table->recipe_path = recipe_path;
    table->name = g_strdup(name);
    table->surveyed = g_ptr_array_new_with_free_func(files_free);
    table->rows = g_ptr_array_new_with_free_func(row_free);
    table->missed = g_ptr_array_new_with_free_func(g_free);
    return table;
}

void version_table_free(VersionTable *table)
{
    if (!table)
        return;
    g_ptr_array_unref(table->rows);
    g_ptr_array_unref(table->surveyed);
    g_ptr_array_unref(table->missed);
    g_free(table->missed_reason);
    g_free(table->name);
    g_free(table);
}

/* Rows */

static VersionRow *row_new(const SurveyFile *file, const char *index)
{
    VersionRow *row = g_new0(VersionRow, 1);
    row->version = g_strdup(file->version);
    row->index = index;
    row->pythons = g_ptr_array_new();
    row->gpus = g_array_new(FALSE, FALSE, sizeof(GpuFact));
    row->yanked = file->yanked;
    return row;
}

/* The refusal of a file that is for this Python and platform tells more than that another is not.
 */
static void take_file(VersionRow *row, const SurveyFile *file)
{
    if (file->python &&
        !g_ptr_array_find_with_equal_func(row->pythons, file->python, g_str_equal, NULL))
        g_ptr_array_add(row->pythons, file->python);
    if (!row->file && !file->refused)
        row->file = file;
    if (file->refused && (!row->refused || !file->elsewhere))
        row->refused = file->refused;
}

void version_table_add(VersionTable *table, const char *index, GPtrArray *files, bool all)
{
    VersionRow *row = NULL;
    g_ptr_array_add(table->surveyed, files);
    for (guint i = 0; i < files->len; i++) {
        const SurveyFile *file = files->pdata[i];
        g_autoptr(Version) version = version_parse(file->version, NULL);
        if (!all && (file->yanked || !version || version_is_prerelease(version)))
            continue;
        if (!row || !g_str_equal(row->version, file->version)) {
            row = row_new(file, index);
            g_ptr_array_add(table->rows, row);
        }
        take_file(row, file);
    }
}

typedef struct {
    VersionRow *row;
    Version *version;
    guint place;
} Sorted;

static int compare_newest(const void *a, const void *b)
{
    const Sorted *left = a, *right = b;
    int order = version_compare(right->version, left->version);
    return order != 0 ? order : left->place < right->place ? -1 : 1;
}

void version_table_cut(VersionTable *table, guint limit)
{
    guint count = table->rows->len;
    g_autofree Sorted *sorted = g_new0(Sorted, count + 1);
    for (guint i = 0; i < count; i++) {
        VersionRow *row = table->rows->pdata[i];
        sorted[i] = (Sorted){row, version_parse(row->version, NULL), i};
    }
    qsort(sorted, count, sizeof *sorted, compare_newest);
    for (guint i = 0; i < count; i++) {
        table->rows->pdata[i] = sorted[i].row;
        version_unref(sorted[i].version);
    }
    table->left_out = limit > 0 && count > limit ? count - limit : 0;
    g_ptr_array_set_size(table->rows, (int)(count - table->left_out));
}

GPtrArray *version_table_files(const VersionTable *table)
{
    GPtrArray *files = g_ptr_array_new();
    for (guint i = 0; i < table->rows->len; i++) {
        const VersionRow *row = table->rows->pdata[i];
        if (row->file)
            g_ptr_array_add(files, (void *)row->file);
    }
    return files;
}

static void set_cuda(VersionRow *row, const Recipe *recipe, const char *cuda)
{
    g_free(row->cuda);
    row->cuda = g_strdup(cuda);
    g_array_unref(row->gpus);
    row->gpus = gpu_facts_of_cuda(recipe, cuda);
}

void version_table_describe(VersionTable *table, const Recipe *recipe)
{
    for (guint i = 0; i < table->rows->len; i++) {
        VersionRow *row = table->rows->pdata[i];
        set_cuda(row, recipe, row->file ? row->file->cuda : NULL);
    }
}

void version_row_judge(VersionRow *row, const Recipe *recipe, const WheelNative *native)
{
    if (!native || !native->torch_version)
        return;
    row->torch = g_strdup(native->torch_version);
    set_cuda(row, recipe, native->torch_cuda);
    row->judged = native->torch_arches != NULL;
    for (guint i = 0; row->judged && i < row->gpus->len; i++) {
        GpuFact *fact = &g_array_index(row->gpus, GpuFact, i);
        fact->answer = gpu_list_serves(native, fact->capability) ? GPU_SERVED : GPU_NOT_SERVED;
    }
}

/* Text */

static char *join_pythons(const VersionRow *row)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < row->pythons->len; i++)
        g_string_append_printf(text, "%s%s", i ? " " : "", (char *)row->pythons->pdata[i]);
    return g_string_free(text, text->len == 0);
}

/* "cp312t" → 12 and true; false: no build for one minor version of CPython 3. */
static bool split_python(const char *python, guint *ret_minor, bool *ret_threads)
{
    char *end = NULL;
    guint64 minor =
        g_str_has_prefix(python, "cp3") ? g_ascii_strtoull(python + 3, &end, 10) : MINORS;
    if (minor >= MINORS || end == python + 3 || (*end && !g_str_equal(end, "t")))
        return false;
    *ret_minor = (guint)minor;
    *ret_threads = *end;
    return true;
}

/* "cp310-314": what follows each other is a range. */
static void append_ranges(GString *text, const bool *minors, const char *tail)
{
    for (guint i = 0; i < MINORS; i++) {
        guint last = i;
        while (minors[i] && last + 1 < MINORS && minors[last + 1])
            last++;
        if (!minors[i])
            continue;
        g_string_append_printf(text, "%scp3%u", text->len ? " " : "", i);
        if (last > i)
            g_string_append_printf(text, "-3%u", last);
        g_string_append(text, tail);
        i = last;
    }
}

/* "cp310-314 cp313-314t": of the free-threaded interpreter last. */
static char *describe_pythons(const VersionRow *row)
{
    bool minors[2][MINORS] = {{false}};
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GString) others = g_string_new(NULL);
    for (guint i = 0; i < row->pythons->len; i++) {
        const char *python = row->pythons->pdata[i];
        guint minor;
        bool threads;
        if (split_python(python, &minor, &threads))
            minors[threads][minor] = true;
        else
            g_string_append_printf(others, " %s", python);
    }
    append_ranges(text, minors[false], "");
    append_ranges(text, minors[true], "t");
    g_string_append(text, others->str);
    g_strchug(text->str);
    return *text->str ? g_strdup(text->str) : NULL;
}

typedef enum {
    FACT_INDEX,
    FACT_TORCH,
    FACT_CUDA,
    FACT_PYTHONS,
    FACT_GPUS,
    FACT_SIZE,
    FACT_TAKEN,
    FACT_RESOLVES,
    FACT_COUNT,
} Fact;

/* Beside what was read, what the compiler could do is only a bound. */
static char *describe_gpus(const VersionRow *row, bool judged)
{
    g_autofree char *text = gpu_facts_text(row->gpus);
    bool bound = text && judged && !row->judged;
    return bound ? g_strdup_printf("at most %s", text) : g_steal_pointer(&text);
}

/* What is asked of the resolver says more than that there is a wheel. */
static bool tells_fits(const VersionTable *table)
{
    for (guint i = 0; i < table->rows->len; i++) {
        const VersionRow *row = table->rows->pdata[i];
        if (!row->file || row->yanked || row->resolves == RESOLVES_UNASKED)
            return true;
    }
    return false;
}

static void set_cells(FactRow *cells, const VersionRow *row, bool judged, bool fits)
{
    static const char *const answers[] = {NULL, "yes", "no"};
    fact_row_set(cells, FACT_INDEX, g_strdup(row->index));
    fact_row_set(cells, FACT_TORCH, g_strdup(row->torch));
    fact_row_set(cells, FACT_CUDA, g_strdup(row->cuda));
    fact_row_set(cells, FACT_PYTHONS, describe_pythons(row));
    fact_row_set(cells, FACT_GPUS, describe_gpus(row, judged));
    if (row->file && row->file->size >= 0)
        fact_row_set(cells, FACT_SIZE, layout_size((guint64)row->file->size));
    if (fits)
        fact_row_set(cells, FACT_TAKEN,
                     g_strdup(row->file ? row->yanked ? "yanked" : "yes" : "no"));
    fact_row_set(cells, FACT_RESOLVES, g_strdup(answers[row->resolves]));
    cells->failed = !row->file || row->resolves == RESOLVES_NO;
}

static FactTable *make_facts(const VersionTable *table)
{
    static const char *const headings[] = {"index", "is",   "CUDA", "wheels for",
                                           "GPUs",  "size", "fits", "resolves"};
    bool judged = false;
    for (guint i = 0; i < table->rows->len; i++)
        judged |= ((const VersionRow *)table->rows->pdata[i])->judged;
    FactTable *facts = fact_table_new(table->name);
    for (guint i = 0; i < FACT_COUNT; i++) {
        bool bound = i == FACT_GPUS && !judged;
        FactColumn *column = fact_table_add_column(facts, bound ? "GPUs at most" : headings[i]);
        column->right = i == FACT_SIZE;
        column->stays = i != FACT_INDEX;
    }
    bool fits = tells_fits(table);
    for (guint i = 0; i < table->rows->len; i++) {
        const VersionRow *row = table->rows->pdata[i];
        set_cells(fact_table_add_row(facts, row->version), row, judged, fits);
    }
    return facts;
}

/* "of torch for linux/amd64 with Python 3.11.2 (train.yaml#golden)" */
static char *describe_head(const VersionTable *table)
{
    return g_strdup_printf("%s for %s%s%s, %s", table->name, table->recipe_path,
                           table->row ? "#" : "", table->row ? table->row : "", table->platform);
}

/* Why a version can't be had, or NULL. Rows whose reason differs in nothing but their own version
 * have the same. Caller frees. */
static char *reason_of(const VersionTable *table, const VersionRow *row)
{
    const char *reason = row->reason ? row->reason : row->file ? NULL : row->refused;
    if (!reason)
        return NULL;
    g_autofree char *own = g_strdup_printf("%s==%s (constraint)", table->name, row->version);
    g_auto(GStrv) parts = g_strsplit(reason, own, -1);
    return g_strjoinv("this version", parts);
}

/* Rows with one reason: "2.15.0 (main), 2.14.1 (main) and 4 more". */
typedef struct {
    char *reason;
    GString *names;
    guint count;
} Refused;

static void refused_free(void *data)
{
    Refused *refused = data;
    g_free(refused->reason);
    g_string_free(refused->names, TRUE);
    g_free(refused);
}

static void add_refused(GPtrArray *list, GHashTable *known, const VersionRow *row,
                        char *take_reason)
{
    Refused *refused = g_hash_table_lookup(known, take_reason);
    if (!refused) {
        refused = g_new0(Refused, 1);
        refused->reason = g_strdup(take_reason);
        refused->names = g_string_new(NULL);
        g_ptr_array_add(list, refused);
        g_hash_table_insert(known, refused->reason, refused);
    }
    g_free(take_reason);
    if (refused->count++ < NAMED_ROWS)
        g_string_append_printf(refused->names, "%s%s (%s)", refused->names->len ? ", " : "",
                               row->version, row->index);
}

static void put_reasons(const VersionTable *table, Layout *layout)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(refused_free);
    g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < table->rows->len; i++) {
        char *reason = reason_of(table, table->rows->pdata[i]);
        if (reason)
            add_refused(list, known, table->rows->pdata[i], reason);
    }
    for (guint i = 0; i < list->len; i++) {
        Refused *refused = list->pdata[i];
        if (refused->count > NAMED_ROWS)
            g_string_append_printf(refused->names, " and %u more", refused->count - NAMED_ROWS);
        g_string_append_printf(refused->names, ": %s", refused->reason);
        layout_put(layout, TINT_NONE, i == 0 ? "\n  " : "  ");
        layout_words(layout, TINT_FAINT, refused->names->str, 2, 4);
    }
}

static void put_missed(const VersionTable *table, Layout *layout)
{
    if (table->missed->len == 0)
        return;
    g_autoptr(GString) text = g_string_new("could not be asked: ");
    for (guint i = 0; i < table->missed->len; i++)
        g_string_append_printf(text, "%s%s", i ? ", " : "", (char *)table->missed->pdata[i]);
    g_string_append_printf(text, " (%s)", table->missed_reason);
    layout_put(layout, TINT_NONE, "\n");
    layout_words(layout, TINT_NOTICE, text->str, 0, 4);
}

char *version_table_format_text(const VersionTable *table, const TextStyle *style)
{
    Layout layout = {g_string_new(NULL), style->colour, MAX(style->columns, MIN_COLUMNS)};
    g_autoptr(FactTable) facts = make_facts(table);
    g_autofree char *head = describe_head(table);
    layout_words(&layout, TINT_STRONG, head, 0, 4);
    g_autofree char *agreed = fact_table_agreed(facts);
    g_autofree char *common = agreed ? g_strdup_printf("all have %s", agreed) : NULL;
    if (common) {
        layout_put(&layout, TINT_NONE, "  ");
        layout_words(&layout, TINT_NONE, common, 2, 4);
    }
    layout_put(&layout, TINT_NONE, "\n");
    fact_table_put(facts, &layout);
    put_reasons(table, &layout);
    if (table->left_out > 0) {
        g_autofree char *text =
            g_strdup_printf("and %u older; --limit N or --all shows more", table->left_out);
        layout_put(&layout, TINT_NONE, "\n");
        layout_words(&layout, TINT_FAINT, text, 0, 0);
    }
    put_missed(table, &layout);
    return g_string_free(layout.out, FALSE);
}

char *version_table_format_markdown(const VersionTable *table)
{
    GString *out = g_string_new("### ");
    g_autoptr(FactTable) facts = make_facts(table);
    g_autofree char *head = describe_head(table);
    markdown_append_text(out, head);
    g_string_append(out, "\n\n");
    g_autofree char *agreed = fact_table_agreed(facts);
    if (agreed) {
        g_string_append(out, "All have ");
        markdown_append_text(out, agreed);
        g_string_append(out, ".\n\n");
    }
    fact_table_append_markdown(facts, out);
    if (table->left_out > 0)
        g_string_append_printf(out, "\nAnd %u older.\n", table->left_out);
    return g_string_free(out, FALSE);
}

/* JSON */

static void write_row(JsonWriter *writer, const VersionRow *row)
{
    jsonw_begin_object(writer, JSONW_BLOCK);
    jsonw_string_member(writer, "version", row->version);
    jsonw_string_member(writer, "index", row->index);
    jsonw_string_member(writer, "torch", row->torch);
    jsonw_string_member(writer, "cuda", row->cuda);
    g_autofree char *pythons = join_pythons(row);
    g_auto(GStrv) list = g_strsplit(pythons ? pythons : "", " ", -1);
    jsonw_strings_member(writer, "pythons", (const char *const *)list);
    jsonw_string_member(writer, "file", row->file ? row->file->file : NULL);
    jsonw_string_member(writer, "refused", row->file ? NULL : row->refused);
    jsonw_boolean_member(writer, "yanked", row->yanked);
    jsonw_key(writer, "size");
    if (row->file && row->file->size >= 0)
        jsonw_integer(writer, row->file->size);
    else
        jsonw_null(writer);
    gpu_facts_write(writer, row->gpus);
    jsonw_key(writer, "resolves");
    if (row->resolves == RESOLVES_UNASKED)
        jsonw_null(writer);
    else
        jsonw_boolean(writer, row->resolves == RESOLVES_YES);
    jsonw_string_member(writer, "reason", row->reason);
    jsonw_end_object(writer);
}

char *version_table_encode_json(const VersionTable *table)
{
    g_autoptr(JsonWriter) writer = jsonw_new();
    jsonw_begin_object(writer, JSONW_BLOCK);
    jsonw_string_member(writer, "schema", "ramekin.versions/1");
    jsonw_string_member(writer, "recipe", table->recipe_path);
    jsonw_string_member(writer, "row", table->row);
    jsonw_string_member(writer, "platform", table->platform);
    jsonw_string_member(writer, "name", table->name);
    jsonw_key(writer, "versions");
    jsonw_begin_array(writer, JSONW_BLOCK);
    for (guint i = 0; i < table->rows->len; i++)
        write_row(writer, table->rows->pdata[i]);
    jsonw_end_array(writer);
    jsonw_unsigned_member(writer, "left_out", table->left_out);
    jsonw_texts_member(writer, "missed", table->missed);
    jsonw_string_member(writer, "missed_reason", table->missed_reason);
    jsonw_end_object(writer);
    return jsonw_finish(writer, NULL);
}
