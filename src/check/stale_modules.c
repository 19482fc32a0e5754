#include "check/stale_modules.h"

#include "base/limits.h"
#include "facts/python_parse.h"

#include <string.h>

#define LIMIT_MODULE_BYTES (4 * MIB)

enum {
    MODULES_READ = 4000, /* stale ones */
};

/* The modules are looked at one after another; FALSE from the callback ends one. */
typedef bool (*ImportFound)(void *data, const SpaceFile *from, const PyStmt *statement,
                            const SpaceFile *module);

static bool is_stale_module(const SpaceFile *file)
{
    return file->stale && file->member && *file->path != '/' &&
           g_str_has_suffix(file->path, ".py") && !strstr(file->path, ".dist-info/");
}

/* "torch/_inductor/kernel/mm_common" of `from .mm_common import …`; NULL: above the top. */
static char *module_path(const char *path, const PyStmt *statement)
{
    g_autofree char *relative = g_strdup(statement->text ? statement->text : "");
    g_strdelimit(relative, ".", '/');
    if (statement->level == 0)
        return g_steal_pointer(&relative);
    g_autofree char *folder = g_strdup(path);
    for (guint32 i = 0; i < statement->level; i++) {
        char *slash = strrchr(folder, '/');
        if (!slash)
            return NULL;
        *slash = '\0';
    }
    return *relative ? g_strconcat(folder, "/", relative, NULL) : g_steal_pointer(&folder);
}

static const SpaceFile *find_module(const FileSpace *space, const char *path)
{
    static const char *const forms[] = {"/__init__.py", ".py"};
    for (size_t i = 0; i < G_N_ELEMENTS(forms); i++) {
        g_autofree char *name = g_strconcat(path, forms[i], NULL);
        const SpaceFile *file = file_space_find(space, name);
        if (file)
            return file;
    }
    return NULL;
}

static bool look_at(const FileSpace *space, const SpaceFile *file, const PyStmt *statement,
                    ImportFound found, void *data)
{
    if (statement->kind != PY_IMPORT_FROM)
        return statement->kind != PY_RAISE;
    g_autofree char *path = module_path(file->path, statement);
    const SpaceFile *module = path ? find_module(space, path) : NULL;
    return !module || !module->member || found(data, file, statement, module);
}

static void for_each_import(const FileSpace *space, ImportFound found, void *data)
{
    const GPtrArray *files = file_space_files(space);
    unsigned count = 0;
    for (guint i = 0; i < files->len && count < MODULES_READ; i++) {
        const SpaceFile *file = files->pdata[i];
        if (!is_stale_module(file))
            continue;
        g_autoptr(GBytes) bytes = file_space_read(space, file, LIMIT_MODULE_BYTES, NULL);
        gsize length = 0;
        const char *text = bytes ? g_bytes_get_data(bytes, &length) : NULL;
        g_autoptr(PyTree) tree = text ? py_parse(file->path, text, length, NULL) : NULL;
        count++;
        for (unsigned k = 0; tree && k < tree->body.count; k++) {
            if (!look_at(space, file, tree->body.items[k], found, data))
                break;
        }
    }
}

/* Bringing: the stale modules, then those that they import from */

static bool is_in_set(void *data, G_GNUC_UNUSED const WheelView *view, const ZipMember *member)
{
    return g_hash_table_contains(data, member);
}

static bool add_module(void *data, G_GNUC_UNUSED const SpaceFile *from,
                       G_GNUC_UNUSED const PyStmt *statement, const SpaceFile *module)
{
    g_hash_table_add(data, (ZipMember *)module->member);
    return true;
}

void stale_modules_bring(const FileSpace *space, WheelViews *views)
{
    const GPtrArray *files = file_space_files(space);
    g_autoptr(GHashTable) stale = g_hash_table_new(NULL, NULL);
    for (guint i = 0; i < files->len; i++) {
        const SpaceFile *file = files->pdata[i];
        if (is_stale_module(file) && g_hash_table_size(stale) < MODULES_READ)
            g_hash_table_add(stale, (ZipMember *)file->member);
    }
    if (g_hash_table_size(stale) == 0)
        return;
    g_autoptr(GHashTable) modules = g_hash_table_new(NULL, NULL);
    wheel_views_bring(views, is_in_set, stale, NULL);
    for_each_import(space, add_module, modules);
    wheel_views_bring(views, is_in_set, modules, NULL);
}

/* Judging */

static bool is_word_char(char c)
{
    return g_ascii_isalnum(c) || c == '_' || (c & 0x80);
}

static bool has_word(const char *text, size_t length, const char *word)
{
    size_t size = strlen(word);
    for (const char *at = text, *end = text + length;
         (at = memmem(at, (size_t)(end - at), word, size)); at++) {
        if ((at == text || !is_word_char(at[-1])) && (at + size == end || !is_word_char(at[size])))
            return true;
    }
    return false;
}

/* What makes names that stand nowhere in the text. */
static bool is_dynamic(const char *text, size_t length)
{
    static const char *const signs[] = {
        "__getattr__", "__dict__", "sys.modules", "globals(", "locals(",
        "vars(",       "setattr(", "exec(",       "import *", "__class__",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(signs); i++) {
        if (memmem(text, length, signs[i], strlen(signs[i])))
            return true;
    }
    return false;
}

/* A module or package of the name beside the files of a package. */
static bool is_submodule(const FileSpace *space, const SpaceFile *module, const char *name)
{
    if (!g_str_has_suffix(module->path, "/__init__.py"))
        return false;
    g_autofree char *folder = g_path_get_dirname(module->path);
    g_autoptr(GPtrArray) names = file_space_list(space, folder);
    for (guint i = 0; names && i < names->len; i++) {
        const char *file = names->pdata[i];
        size_t length = strlen(name);
        if (strncmp(file, name, length) == 0 && (file[length] == '.' || file[length] == '/'))
            return true;
    }
    return false;
}

typedef struct {
    const FileSpace *space;
    GPtrArray *breaks;
    GHashTable *texts; /* SpaceFile → GBytes */
} Judging;

/* The text of a module that could be read, else NULL; the judging's. */
static const char *module_text(Judging *judging, const SpaceFile *module, size_t *ret_length)
{
    GBytes *bytes = g_hash_table_lookup(judging->texts, module);
    if (!bytes) {
        bytes = file_space_read(judging->space, module, LIMIT_MODULE_BYTES, NULL);
        if (!bytes)
            return NULL;
        g_hash_table_insert(judging->texts, (SpaceFile *)module, bytes);
    }
    const char *text = g_bytes_get_data(bytes, ret_length);
    return text ? text : "";
}

static bool judge_import(void *data, const SpaceFile *from, const PyStmt *statement,
                         const SpaceFile *module)
{
    Judging *judging = data;
    size_t length;
    const char *text = module_text(judging, module, &length);
    if (!text || is_dynamic(text, length))
        return true;
    for (unsigned i = 0; i < statement->alias_count; i++) {
        const char *name = statement->aliases[i].name;
        if (g_str_equal(name, "*") || g_str_has_prefix(name, "__") ||
            has_word(text, length, name) || is_submodule(judging->space, module, name))
            continue;
        StaleBreak *found = g_new(StaleBreak, 1);
        *found = (StaleBreak){from, statement->line, g_strdup(name), module};
        g_ptr_array_add(judging->breaks, found);
        return false;
    }
    return true;
}

static void break_free(void *data)
{
    StaleBreak *found = data;
    g_free(found->name);
    g_free(found);
}

GPtrArray *stale_modules_find(const FileSpace *space)
{
    g_autoptr(GHashTable) texts =
        g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)g_bytes_unref);
    Judging judging = {space, g_ptr_array_new_with_free_func(break_free), texts};
    for_each_import(space, judge_import, &judging);
    return judging.breaks;
}
