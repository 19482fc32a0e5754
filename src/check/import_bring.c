#include "check/import_bring.h"

#include "check/import_sources.h"

enum {
    MAX_ROUNDS = 64,
    MAX_FILES = 20000,
};

/* A file of the application. */
typedef struct {
    const char *path; /* interned */
    char *package;
} OwnFile;

typedef struct {
    ImportSources *sources;
    const FileSpace *space;
    GHashTable *walked;  /* set of paths whose statements were followed, or will be */
    GHashTable *members; /* set of ZipMember that the next round brings */
    GPtrArray *next;     /* SpaceFile to walk in the next round */
    GPtrArray *own;      /* OwnFile, the same */
    const GPtrArray *folders;
    unsigned files;
    const char *package; /* of the file at hand: "torch.nn"; "": none */
} Bring;

/* The file is needed; its own imports too where `follow`. */
static void want_file(Bring *bring, const SpaceFile *file, bool follow)
{
    if (bring->files >= MAX_FILES)
        return;
    if (file->member && g_hash_table_add(bring->members, (void *)file->member))
        bring->files++;
    if (follow && g_hash_table_add(bring->walked, (void *)file->path))
        g_ptr_array_add(bring->next, (void *)file);
}

static void own_file_free(void *data)
{
    OwnFile *file = data;
    g_free(file->package);
    g_free(file);
}

static void want_own_file(Bring *bring, const char *path, char *take_package, bool follow)
{
    g_autofree char *package = take_package;
    const char *kept = g_intern_string(path);
    if (!follow || bring->files >= MAX_FILES || !g_hash_table_add(bring->walked, (void *)kept))
        return;
    bring->files++;
    OwnFile *file = g_new(OwnFile, 1);
    *file = (OwnFile){kept, g_steal_pointer(&package)};
    g_ptr_array_add(bring->own, file);
}

/* Whether a folder of the application may have a module below this path. */
static bool has_top(const Bring *bring, const char *folder, const char *path)
{
    int length = (int)strcspn(path, "/");
    g_autofree char *inside = g_strdup_printf("%.*s/", length, path);
    g_autofree char *file = g_strdup_printf("%.*s.py", length, path);
    return sources_has(bring->sources, folder, inside) || sources_has(bring->sources, folder, file);
}

/* The module among the application's files, at `path` in one of its folders. */
static bool want_own(Bring *bring, const char *module, size_t length, const char *path, bool follow)
{
    for (guint i = 0; i < bring->folders->len; i++) {
        if (!has_top(bring, bring->folders->pdata[i], path))
            continue;
        g_autofree char *plain = g_build_filename(bring->folders->pdata[i], path, NULL);
        g_autofree char *package = g_strconcat(plain, "/__init__.py", NULL);
        g_autofree char *file = g_strconcat(plain, ".py", NULL);
        if (sources_is_file(bring->sources, package)) {
            want_own_file(bring, package, g_strndup(module, length), follow);
            return true;
        }
        if (sources_is_file(bring->sources, file)) {
            const char *dot = g_strrstr_len(module, (gssize)length, ".");
            want_own_file(bring, file, g_strndup(module, dot ? (size_t)(dot - module) : 0), follow);
            return true;
        }
    }
    return false;
}

/* The module "a.b" itself, as package or file; false where there is none. */
static bool want_one(Bring *bring, const char *module, size_t length, bool follow)
{
    g_autofree char *path = g_strndup(module, length);
    g_strdelimit(path, ".", '/');
    if (want_own(bring, module, length, path, follow))
        return true;
    g_autofree char *package = g_strconcat(path, "/__init__.py", NULL);
    g_autofree char *plain = g_strconcat(path, ".py", NULL);
    const SpaceFile *file = file_space_find(bring->space, package);
    if (!file)
        file = file_space_find(bring->space, plain);
    if (file)
        want_file(bring, file, follow);
    return file != NULL;
}

/* "a.b.c": a, a.b and a.b.c, as importing it loads them. */
static void want_module(Bring *bring, const char *module, bool follow)
{
    for (const char *dot = strchr(module, '.'); dot; dot = strchr(dot + 1, '.'))
        want_one(bring, module, (size_t)(dot - module), follow);
    want_one(bring, module, strlen(module), follow);
}

/* What `from` with so many dots means in the package at hand; NULL: beyond the top. */
static char *resolve_from(const Bring *bring, const PyStmt *statement)
{
    if (statement->level == 0)
        return g_strdup(statement->text);
    g_autofree char *package = g_strdup(bring->package);
    for (guint32 i = 1; i < statement->level; i++) {
        char *dot = strrchr(package, '.');
        if (!dot)
            return NULL;
        *dot = '\0';
    }
    if (!statement->text)
        return g_steal_pointer(&package);
    return *package ? g_strconcat(package, ".", statement->text, NULL) : NULL;
}

static void follow_from(Bring *bring, const PyStmt *statement, bool follow)
{
    g_autofree char *module = resolve_from(bring, statement);
    if (!module || !*module)
        return;
    want_module(bring, module, follow);
    for (unsigned i = 0; i < statement->alias_count; i++) {
        g_autofree char *name = g_strconcat(module, ".", statement->aliases[i].name, NULL);
        want_one(bring, name, strlen(name), follow);
    }
}

static void follow_block(Bring *bring, const PyBlock *block, bool follow);

/* Blocks of compound statements; what a function imports is needed, and no further. */
static void follow_inner(Bring *bring, const PyStmt *statement, bool follow)
{
    bool function = statement->kind == PY_FUNCTION, inside = follow && !function;
    if (!py_is_compound(statement) || (function && !statement->imports))
        return;
    PyBlock body = function ? py_function_body(statement) : statement->body;
    follow_block(bring, &body, inside);
    follow_block(bring, &statement->orelse, inside);
    follow_block(bring, &statement->final, inside);
    for (unsigned i = 0; i < statement->handler_count; i++)
        follow_block(bring, &statement->handlers[i].body, inside);
    for (unsigned i = 0; i < statement->case_count; i++)
        follow_block(bring, &statement->cases[i].body, inside);
}

static void follow_block(Bring *bring, const PyBlock *block, bool follow)
{
    for (unsigned i = 0; i < block->count; i++) {
        const PyStmt *statement = block->items[i];
        if (statement->kind == PY_IMPORT) {
            for (unsigned k = 0; k < statement->alias_count; k++)
                want_module(bring, statement->aliases[k].name, follow);
        } else if (statement->kind == PY_IMPORT_FROM) {
            follow_from(bring, statement, follow);
        } else {
            follow_inner(bring, statement, follow);
        }
    }
}

static void follow_file(Bring *bring, const SpaceFile *file)
{
    const ImportSource *source = sources_tree(bring->sources, file->path);
    if (!source->tree)
        return;
    bool init = g_str_has_suffix(file->path, "/__init__.py");
    const char *slash = strrchr(file->path, '/');
    g_autofree char *package =
        slash ? g_strndup(file->path, (size_t)(slash - file->path)) : g_strdup("");
    g_assert(!init || slash);
    g_strdelimit(package, "/", '.');
    bring->package = package;
    follow_block(bring, &source->tree->body, true);
    bring->package = "";
}

static bool is_wanted(void *data, const WheelView *view, const ZipMember *member)
{
    return g_hash_table_contains(((Bring *)data)->members, member);
}

static void follow_own(Bring *bring, const OwnFile *file)
{
    const ImportSource *source = sources_tree(bring->sources, file->path);
    bring->package = file->package;
    if (source->tree)
        follow_block(bring, &source->tree->body, true);
    bring->package = "";
}

static void next_round(Bring *bring, WheelViews *views)
{
    wheel_views_bring(views, is_wanted, bring, NULL);
    g_autoptr(GPtrArray) files = g_steal_pointer(&bring->next);
    bring->next = g_ptr_array_new();
    g_autoptr(GPtrArray) own = g_steal_pointer(&bring->own);
    bring->own = g_ptr_array_new_with_free_func(own_file_free);
    sources_prepare(bring->sources, files);
    for (guint i = 0; i < files->len; i++)
        follow_file(bring, files->pdata[i]);
    for (guint i = 0; i < own->len; i++)
        follow_own(bring, own->pdata[i]);
}

static void begin(Bring *bring, const GPtrArray *modules, const GPtrArray *scripts)
{
    for (guint i = 0; i < modules->len; i++)
        want_module(bring, modules->pdata[i], true);
    for (guint i = 0; i < scripts->len; i++) {
        const ImportScript *script = scripts->pdata[i];
        const ImportSource *source =
            sources_script(bring->sources, script->name, script->text, script->length);
        if (source->tree)
            follow_block(bring, &source->tree->body, true);
    }
}

void import_bring(ImportSources *sources, WheelViews *views, const FileSpace *space,
                  const GPtrArray *modules, const GPtrArray *scripts, const GPtrArray *folders)
{
    Bring bring = {
        .sources = sources,
        .space = space,
        .walked = g_hash_table_new(g_str_hash, g_str_equal),
        .members = g_hash_table_new(NULL, NULL),
        .next = g_ptr_array_new(),
        .own = g_ptr_array_new_with_free_func(own_file_free),
        .folders = folders,
        .package = "",
    };
    begin(&bring, modules, scripts);
    for (unsigned round = 0; round < MAX_ROUNDS && bring.next->len + bring.own->len > 0; round++)
        next_round(&bring, views);
    wheel_views_bring(views, is_wanted, &bring, NULL);
    g_hash_table_unref(bring.walked);
    g_hash_table_unref(bring.members);
    g_ptr_array_unref(bring.next);
    g_ptr_array_unref(bring.own);
}
