#include "recipe/definition_docs.h"

#include "base/limits.h"
#include "base/sorted.h"
#include "recipe/definition.h"

enum {
    FOLDER_NAMES_MAX = 10000,
};

/* One definition, read. */
typedef struct {
    NodeArena *arena;
    Source *source;
    Diags *diags;
    const Node *root;
    GPtrArray *params; /* Declaration */
} Read;

static void read_clear(Read *read)
{
    declarations_free(read->params);
    node_arena_free(read->arena);
    diags_free(read->diags);
    source_unref(read->source);
}

static gboolean read_definition(const char *path, const char *shown, Read *ret_read, GError **error)
{
    Source *source = source_load(path, shown, LIMIT_RECIPE_BYTES, error);
    if (!source)
        return FALSE;
    Read read = {.arena = node_arena_new(), .source = source, .diags = diags_new()};
    read.root = yaml_parse(read.arena, source, read.diags);
    Decoder decoder = {read.diags, read.arena, NULL, NULL};
    read.params = declarations_decode(&decoder, node_find(read.root, "params"), "params");
    if (diags_errors(read.diags) == 0) {
        *ret_read = read;
        return TRUE;
    }
    diags_set_error(read.diags, error, "%s is no stage definition", shown);
    read_clear(&read);
    return FALSE;
}

static const char *text_of(const Read *read, const char *key)
{
    const Node *node = node_find(read->root, key);
    return node && node->kind == NODE_SCALAR ? node->text : "";
}

/* The comment at the top, without "#"; lines set off by four blanks are a block of their own. */
static void add_header(GString *out, const Read *read)
{
    g_auto(GStrv) lines = g_strsplit(source_text(read->source, NULL), "\n", -1);
    bool block = false;
    for (size_t i = 0; lines[i] && lines[i][0] == '#'; i++) {
        const char *line = lines[i] + 1;
        bool inside = g_str_has_prefix(line, "     ");
        if (inside != block)
            g_string_append(out, "```\n");
        block = inside;
        if (inside)
            g_string_append(out, line + 5);
        else
            manual_append_text(out, line + (*line == ' '));
        g_string_append_c(out, '\n');
    }
    g_string_append(out, block ? "```\n\n" : "\n");
}

static char *fallback_text(const Declaration *declaration)
{
    const Node *node = declaration->fallback;
    if (declaration->required)
        return g_strdup("required");
    if (!node)
        return g_strdup("default: empty");
    if (node->kind == NODE_SCALAR)
        return *node->text ? g_strdup_printf("default: %s", node->text)
                           : g_strdup("default: empty");
    g_autoptr(GPtrArray) items = g_ptr_array_new();
    for (unsigned i = 0; i < node->count; i++)
        g_ptr_array_add(items, node->items[i]->text);
    g_ptr_array_add(items, NULL);
    g_autofree char *list = g_strjoinv(", ", (char **)items->pdata);
    return g_strdup_printf("default: [%s]", list);
}

static const char *type_name(const Declaration *declaration)
{
    static const char *const names[] = {
        [VAR_TEXT] = "text",  [VAR_LIST] = "list",       [VAR_BOOL] = "true/false",
        [VAR_INT] = "number", [VAR_VERSION] = "version", [VAR_CUDA] = "CUDA version"};
    return names[declaration->type];
}

static void add_manual(GString *out, const Read *read)
{
    g_autofree char *title = g_ascii_strup(text_of(read, "name"), -1);
    g_string_append_printf(out, "# %s\n\n", title);
    add_header(out, read);
    for (guint i = 0; i < read->params->len; i++) {
        const Declaration *declaration = read->params->pdata[i];
        g_autofree char *fallback = fallback_text(declaration);
        g_string_append_c(out, '*');
        manual_append_text(out, declaration->name);
        g_string_append_printf(out, "* (%s, ", type_name(declaration));
        manual_append_text(out, fallback);
        g_string_append(out, ")\n\t");
        manual_append_text(out, declaration->about ? declaration->about : "");
        g_string_append(out, ".\n\n");
    }
}

static void add_list(GString *out, const Read *read)
{
    g_string_append_printf(out, "%s: %s\n", text_of(read, "name"), text_of(read, "description"));
    for (guint i = 0; i < read->params->len; i++) {
        const Declaration *declaration = read->params->pdata[i];
        g_autofree char *fallback = fallback_text(declaration);
        g_string_append_printf(out, "  %-12s %s (%s, %s)\n", declaration->name,
                               declaration->about ? declaration->about : "", type_name(declaration),
                               fallback);
    }
    g_string_append_c(out, '\n');
}

static char *write_all(const char *folder, void (*add)(GString *out, const Read *read),
                       GError **error)
{
    g_autoptr(GPtrArray) names = sorted_dir(folder, FOLDER_NAMES_MAX, error);
    if (!names)
        return NULL;
    g_autoptr(GString) out = g_string_new(NULL);
    for (guint i = 0; i < names->len; i++) {
        const char *name = names->pdata[i];
        if (!g_str_has_suffix(name, ".yaml"))
            continue;
        g_autofree char *path = g_build_filename(folder, name, NULL);
        Read read;
        if (!read_definition(path, name, &read, error))
            return NULL;
        add(out, &read);
        read_clear(&read);
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

char *definitions_manual_scdoc(const char *folder, GError **error)
{
    return write_all(folder, add_manual, error);
}

char *definitions_list(const char *folder, GError **error)
{
    return write_all(folder, add_list, error);
}
