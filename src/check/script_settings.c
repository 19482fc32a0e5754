#include "check/script_settings.h"

#include "base/limits.h"
#include "facts/python_parse.h"

#include <string.h>

#define LIMIT_SCRIPT_BYTES (1 * MIB)

typedef struct {
    const char *path, *text;
    size_t length;
    GPtrArray *found; /* ScriptSetting */
} Script;

void script_setting_free(void *data)
{
    ScriptSetting *setting = data;
    g_free(setting->name);
    g_free(setting->value);
    g_free(setting->path);
    g_free(setting->at);
    g_free(setting->text);
    g_free(setting);
}

static char *line_text(const Script *script, unsigned line)
{
    const char *at = script->text, *end = script->text + script->length;
    for (unsigned i = 1; i < line && at < end; i++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        at = newline ? newline + 1 : end;
    }
    const char *newline = memchr(at, '\n', (size_t)(end - at));
    return g_strstrip(g_strndup(at, (size_t)((newline ? newline : end) - at)));
}

static void add(Script *script, const PyExpr *name, const PyExpr *value, bool fallback)
{
    if (!name || name->kind != PY_STRING || !name->text)
        return;
    ScriptSetting *setting = g_new0(ScriptSetting, 1);
    setting->name = g_strdup(name->text);
    setting->value = value && value->kind == PY_STRING ? g_strdup(value->text) : NULL;
    setting->path = g_strdup(script->path);
    setting->line = name->line;
    setting->text = line_text(script, name->line);
    setting->fallback = fallback;
    g_ptr_array_add(script->found, setting);
}

/* `os.environ`, or `environ` that was imported from os. */
static bool is_environ(const PyExpr *value)
{
    if (!value || !value->text || !g_str_equal(value->text, "environ"))
        return false;
    return value->kind == PY_NAME || (value->kind == PY_ATTRIBUTE && value->left->kind == PY_NAME);
}

/* os.environ.update({"NAME": "value"}, NAME="value") */
static void add_update(Script *script, const PyExpr *call)
{
    for (unsigned i = 0; i < call->argument_count; i++) {
        const PyArgument *argument = &call->arguments[i];
        if (argument->name) {
            PyExpr name = {.kind = PY_STRING, .text = argument->name, .line = call->line};
            add(script, &name, argument->value, false);
        }
        if (argument->value->kind != PY_DICT)
            continue;
        const PyExprs *items = &argument->value->items;
        for (unsigned k = 0; k + 1 < items->count; k += 2)
            add(script, items->items[k], items->items[k + 1], false);
    }
}

static void look_at_call(Script *script, const PyExpr *call)
{
    const PyExpr *called = call->left;
    if (called->kind != PY_ATTRIBUTE)
        return;
    bool environ = is_environ(called->left);
    bool putenv = g_str_equal(called->text, "putenv") && called->left->kind == PY_NAME &&
                  g_str_equal(called->left->text, "os");
    bool fallback = environ && g_str_equal(called->text, "setdefault");
    if (environ && g_str_equal(called->text, "update"))
        add_update(script, call);
    else if ((putenv || fallback) && call->argument_count >= 2)
        add(script, call->arguments[0].value, call->arguments[1].value, fallback);
}

static void look_at_block(Script *script, const PyBlock *block);

static void look_at_statement(Script *script, const PyStmt *statement)
{
    if (statement->kind == PY_EXPRESSION && statement->value->kind == PY_CALL)
        look_at_call(script, statement->value);
    for (unsigned i = 0; statement->kind == PY_ASSIGN && i < statement->targets.count; i++) {
        const PyExpr *target = statement->targets.items[i];
        if (target->kind == PY_SUBSCRIPT && is_environ(target->left))
            add(script, target->right, statement->value, false);
    }
    if (!py_is_compound(statement))
        return;
    look_at_block(script, &statement->body);
    for (unsigned i = 0; i < statement->handler_count; i++)
        look_at_block(script, &statement->handlers[i].body);
    look_at_block(script, &statement->orelse);
    look_at_block(script, &statement->final);
    for (unsigned i = 0; i < statement->case_count; i++)
        look_at_block(script, &statement->cases[i].body);
}

/* Blocks lie in blocks PY_MAX_STATEMENT_DEPTH deep at most. */
static void look_at_block(Script *script, const PyBlock *block)
{
    for (unsigned i = 0; i < block->count; i++)
        look_at_statement(script, block->items[i]);
}

GPtrArray *script_settings_of(const char *path, const char *text, size_t length)
{
    Script script = {path, text, length, g_ptr_array_new_with_free_func(script_setting_free)};
    g_autoptr(PyTree) tree = py_parse(path, text, length, NULL);
    if (tree)
        look_at_block(&script, &tree->body);
    return script.found;
}

/* "#!/usr/bin/env python3" */
static bool is_python(const TreeEntry *entry, const char *text, size_t length)
{
    if (g_str_has_suffix(entry->path, ".py"))
        return true;
    const char *newline = memchr(text, '\n', length);
    size_t line = newline ? (size_t)(newline - text) : length;
    return line > 2 && text[0] == '#' && text[1] == '!' &&
           g_strstr_len(text, (gssize)line, "python") != NULL;
}

static void set_places(GPtrArray *settings, const TreeEntry *entry, const char *recipe_dir)
{
    g_autofree char *folder = g_canonicalize_filename(recipe_dir, NULL);
    g_autofree char *host =
        entry->host_path ? g_canonicalize_filename(entry->host_path, NULL) : NULL;
    bool below = host && g_str_has_prefix(host, folder) && host[strlen(folder)] == '/';
    for (guint i = 0; i < settings->len; i++) {
        ScriptSetting *setting = settings->pdata[i];
        setting->stage = entry->stage;
        if (below)
            setting->at = g_strdup_printf("%s:%u", host + strlen(folder) + 1, setting->line);
    }
}

GPtrArray *script_settings_find(const ImageFiles *files, const char *recipe_dir)
{
    GPtrArray *all = g_ptr_array_new_with_free_func(script_setting_free);
    const GPtrArray *entries = image_files_entries(files);
    for (guint i = 0; i < entries->len; i++) {
        const TreeEntry *entry = entries->pdata[i];
        g_autoptr(GBytes) bytes = entry->kind == ENTRY_FILE
                                      ? image_files_read(files, entry->path, LIMIT_SCRIPT_BYTES)
                                      : NULL;
        gsize length = 0;
        const char *text = bytes ? g_bytes_get_data(bytes, &length) : NULL;
        if (!text || !is_python(entry, text, length))
            continue;
        GPtrArray *found = script_settings_of(entry->path, text, length);
        set_places(found, entry, recipe_dir);
        g_ptr_array_extend_and_steal(all, found);
    }
    return all;
}
