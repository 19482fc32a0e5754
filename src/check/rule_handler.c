/* The file that `runpod: handler` names: it must hand a function to the SDK's start(), or the
 * worker ends as soon as it starts. Only what the file itself shows is judged; a file that takes
 * its start from another module of the recipe's is left alone. */
#include "base/sorted.h"
#include "check/native_rules.h"
#include "check/rules.h"
#include "facts/python_parse.h"
#include "recipe/config.h"

#include <string.h>

#define LIMIT_HANDLER_BYTES ((size_t)1024 * 1024)
#define SDK "runpod"

/* Functions of one argument that every file has. */
static const char *const builtins[] = {"print", "len",    "str",  "repr", "dict", "list", "int",
                                       "id",    "sorted", "type", "bool", "hash", NULL};

/* What the names of the file stand for. */
typedef struct {
    GHashTable *sdk;        /* names of the module runpod */
    GHashTable *serverless; /* of runpod.serverless */
    GHashTable *start;      /* of runpod.serverless.start */
    GHashTable *bound;      /* every name that the file binds */
    GHashTable *imported;   /* first parts of modules that are imported */
    bool star;              /* from x import *: any name may be there */
    const PyExpr *call;     /* the first call of start() */
} HandlerFile;

static void bind(GHashTable *names, const char *name)
{
    if (name)
        g_hash_table_add(names, (char *)name);
}

static void bind_target(HandlerFile *file, const PyExpr *target)
{
    if (!target)
        return;
    if (target->kind == PY_NAME)
        bind(file->bound, target->text);
    for (unsigned i = 0; py_has(target, PY_ITEMS) && i < target->items.count; i++)
        bind_target(file, target->items.items[i]);
    if (target->kind == PY_STARRED)
        bind_target(file, target->left);
}

/* "a.b.c" → its first part, interned as the tree's texts are. */
static void add_imported(HandlerFile *file, const char *module)
{
    g_hash_table_add(file->imported, g_strndup(module, strcspn(module, ".")));
}

static void take_import(HandlerFile *file, const PyStmt *statement)
{
    for (unsigned i = 0; i < statement->alias_count; i++) {
        const PyAlias *alias = &statement->aliases[i];
        bool whole = g_str_equal(alias->name, SDK);
        bool below = g_str_has_prefix(alias->name, SDK ".");
        add_imported(file, alias->name);
        bind(file->bound, alias->as ? alias->as : alias->name);
        if (whole || (below && !alias->as))
            bind(file->sdk, alias->as ? alias->as : SDK);
        else if (g_str_equal(alias->name, SDK ".serverless"))
            bind(file->serverless, alias->as);
    }
}

static void take_import_from(HandlerFile *file, const PyStmt *statement)
{
    const char *module = statement->text ? statement->text : "";
    bool sdk = g_str_equal(module, SDK) && statement->level == 0;
    bool serverless = g_str_equal(module, SDK ".serverless") && statement->level == 0;
    if (statement->level == 0)
        add_imported(file, module);
    for (unsigned i = 0; i < statement->alias_count; i++) {
        const PyAlias *alias = &statement->aliases[i];
        const char *name = alias->as ? alias->as : alias->name;
        file->star |= g_str_equal(alias->name, "*");
        bind(file->bound, name);
        if (statement->level > 0)
            add_imported(file, *module ? module : alias->name);
        if (sdk && g_str_equal(alias->name, "serverless"))
            bind(file->serverless, name);
        if (serverless && g_str_equal(alias->name, "start"))
            bind(file->start, name);
    }
}

static void bind_statement(HandlerFile *file, const PyStmt *statement)
{
    if (statement->kind == PY_IMPORT)
        take_import(file, statement);
    else if (statement->kind == PY_IMPORT_FROM)
        take_import_from(file, statement);
    else if (statement->kind == PY_FUNCTION || statement->kind == PY_CLASS)
        bind(file->bound, statement->text);
    for (unsigned i = 0; i < statement->targets.count; i++)
        bind_target(file, statement->targets.items[i]);
    if (!py_is_compound(statement))
        return;
    for (unsigned i = 0; i < statement->parameter_count; i++)
        bind(file->bound, statement->parameters[i].name);
    for (unsigned i = 0; i < statement->with_count; i++)
        bind_target(file, statement->with_items[i].target);
}

/* runpod.serverless.start, by whatever names */
static bool is_start(const HandlerFile *file, const PyExpr *called)
{
    if (called->kind == PY_NAME)
        return g_hash_table_contains(file->start, called->text);
    if (called->kind != PY_ATTRIBUTE || !g_str_equal(called->text, "start"))
        return false;
    const PyExpr *owner = called->left;
    if (owner->kind == PY_NAME)
        return g_hash_table_contains(file->serverless, owner->text);
    return owner->kind == PY_ATTRIBUTE && g_str_equal(owner->text, "serverless") &&
           owner->left->kind == PY_NAME && g_hash_table_contains(file->sdk, owner->left->text);
}

/* Expressions are PY_MAX_HEIGHT deep at most. */
static void look_at_expression(HandlerFile *file, const PyExpr *value)
{
    if (!value || file->call)
        return;
    if (value->kind == PY_CALL && is_start(file, value->left)) {
        file->call = value;
        return;
    }
    if (value->kind == PY_CALL || py_has(value, PY_LEFT))
        look_at_expression(file, value->left);
    if (py_has(value, PY_RIGHT))
        look_at_expression(file, value->right);
    if (py_has(value, PY_TEST))
        look_at_expression(file, value->test);
    for (unsigned i = 0; py_has(value, PY_ITEMS) && i < value->items.count; i++)
        look_at_expression(file, value->items.items[i]);
    for (unsigned i = 0; value->kind == PY_CALL && i < value->argument_count; i++)
        look_at_expression(file, value->arguments[i].value);
}

typedef void (*LookFunc)(HandlerFile *file, const PyStmt *statement);

static void look_at_value(HandlerFile *file, const PyStmt *statement)
{
    look_at_expression(file, statement->value);
}

/* Blocks lie in blocks PY_MAX_STATEMENT_DEPTH deep at most. */
static void walk(HandlerFile *file, const PyBlock *block, LookFunc look)
{
    for (unsigned i = 0; i < block->count; i++) {
        const PyStmt *statement = block->items[i];
        look(file, statement);
        if (!py_is_compound(statement))
            continue;
        walk(file, &statement->body, look);
        for (unsigned k = 0; k < statement->handler_count; k++)
            walk(file, &statement->handlers[k].body, look);
        walk(file, &statement->orelse, look);
        walk(file, &statement->final, look);
        for (unsigned k = 0; k < statement->case_count; k++)
            walk(file, &statement->cases[k].body, look);
    }
}

/* The value of "handler" in start({"handler": …}); *ret_open: it may stand elsewhere. */
static const PyExpr *find_function(const PyExpr *call, bool *ret_open)
{
    *ret_open = true;
    if (call->argument_count == 0 || call->arguments[0].value->kind != PY_DICT)
        return NULL;
    *ret_open = false;
    const PyExprs *items = &call->arguments[0].value->items;
    for (unsigned i = 0; i + 1 < items->count; i += 2) {
        const PyExpr *key = items->items[i];
        *ret_open |= !key || key->kind != PY_STRING;
        if (key && key->kind == PY_STRING && g_strcmp0(key->text, "handler") == 0)
            return items->items[i + 1];
    }
    return NULL;
}

/* A module of the recipe's own may do what this file does not. */
static bool imports_own(const CheckRun *run, const HandlerFile *file, const char *path)
{
    g_autofree char *folder = g_path_get_dirname(path);
    g_autoptr(GPtrArray) names = sorted_keys(file->imported);
    for (guint i = 0; i < names->len; i++) {
        const char *name = names->pdata[i];
        g_autofree char *module = g_strdup_printf("%s/%s.py", folder, name);
        g_autofree char *package = g_strdup_printf("%s/%s", folder, name);
        if (image_files_stat(run->image, module) != PATH_NONE ||
            image_files_stat(run->image, package) != PATH_NONE)
            return true;
    }
    return false;
}

/* Whether something else is started, which may use the file in its own way. */
static bool is_started(const RecipeConfig *config, const char *path)
{
    const GPtrArray *lists[] = {config->entrypoint, config->cmd};
    g_autofree char *name = g_path_get_basename(path);
    bool any = false;
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
        for (guint k = 0; lists[i] && k < lists[i]->len; k++) {
            any = true;
            if (strstr(((const Text *)lists[i]->pdata[k])->text, name))
                return true;
        }
    }
    return !any;
}

static void tell(CheckRun *run, const RecipeRunpod *runpod, const PyExpr *call, char *message)
{
    Finding *finding = check_add(run, "runpod-start", runpod->handler.at, message);
    g_autofree char *name = g_path_get_basename(runpod->handler.text);
    if (call)
        native_set_line(finding, g_strdup_printf("%s:%u: runpod.serverless.start(…)", name,
                                                 (unsigned)call->line));
    finding->hint = g_strdup("`runpod.serverless.start({\"handler\": handler})` at the end of the "
                             "file, below `def handler(job):`");
}

static void judge_call(CheckRun *run, const RecipeRunpod *runpod, const HandlerFile *file)
{
    bool open;
    const PyExpr *function = find_function(file->call, &open);
    const char *path = runpod->handler.text;
    if (!function && !open)
        tell(run, runpod, file->call,
             g_strdup_printf("%s starts a worker without a handler", path));
    else if (function && function->kind == PY_STRING)
        tell(run, runpod, file->call,
             g_strdup_printf("%s names its handler as a text, and start() wants the function",
                             path));
    else if (function && function->kind == PY_NAME && !file->star &&
             !g_strv_contains(builtins, function->text) &&
             !g_hash_table_contains(file->bound, function->text))
        tell(run, runpod, file->call,
             g_strdup_printf("%s starts a worker with %s, and has no function of that name", path,
                             function->text));
}

static void judge_file(CheckRun *run, const RecipeRunpod *runpod, const PyTree *tree)
{
    HandlerFile file = {.sdk = g_hash_table_new(g_str_hash, g_str_equal),
                        .serverless = g_hash_table_new(g_str_hash, g_str_equal),
                        .start = g_hash_table_new(g_str_hash, g_str_equal),
                        .bound = g_hash_table_new(g_str_hash, g_str_equal),
                        .imported = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};
    const char *path = runpod->handler.text;
    walk(&file, &tree->body, bind_statement);
    walk(&file, &tree->body, look_at_value);
    if (file.call)
        judge_call(run, runpod, &file);
    else if (!file.star && !imports_own(run, &file, path) && is_started(run->recipe->config, path))
        tell(run, runpod, NULL, g_strdup_printf("%s never calls runpod.serverless.start()", path));
    g_hash_table_unref(file.sdk);
    g_hash_table_unref(file.serverless);
    g_hash_table_unref(file.start);
    g_hash_table_unref(file.bound);
    g_hash_table_unref(file.imported);
}

void rule_handler(CheckRun *run)
{
    const RecipeRunpod *runpod = run->recipe->config->runpod;
    if (!runpod || runpod->type != (int)RUNPOD_SERVERLESS || !runpod->handler.text ||
        runpod->handler.text[0] != '/' || !run->image)
        return;
    g_autoptr(GBytes) bytes =
        image_files_read(run->image, runpod->handler.text, LIMIT_HANDLER_BYTES);
    gsize length = 0;
    const char *text = bytes ? g_bytes_get_data(bytes, &length) : NULL;
    g_autoptr(PyTree) tree = text ? py_parse(runpod->handler.text, text, length, NULL) : NULL;
    if (tree)
        judge_file(run, runpod, tree);
}
