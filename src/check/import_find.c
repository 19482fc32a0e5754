/* Where modules are: The Python Language Reference §5.3 to §5.5, PEP 420, and importlib's path
 * finder; the standard library comes before site-packages. */
#include "check/import_machine.h"
#include "check/import_stdlib_names.h"

static int compare_row(const void *key, const void *row)
{
    return strcmp(key, ((const StdlibRow *)row)->name);
}

unsigned python_minor(const ImportMachine *machine)
{
    const char *python = machine->scene->python;
    const char *dot = python ? strchr(python, '.') : NULL;
    return dot ? (unsigned)g_ascii_strtoull(dot + 1, NULL, 10) : 11;
}

/* In the list for all systems, but not on Linux, and the reverse. */
static const char *const windows_only[] = {"_msi",   "_overlapped", "_winapi", "_wmi",
                                           "msvcrt", "nt",          "winreg",  "winsound"};
static const char *const posix_only[] = {
    "_posixshmem", "_posixsubprocess", "crypt", "fcntl",  "grp",    "posix",
    "pwd",         "resource",         "spwd",  "syslog", "termios"};
/* What distributors and builds leave out. */
static const char *const doubtful[] = {
    "_curses",
    "_dbm",
    "_gdbm",
    "_tkinter",
    "_testcapi",
    "curses",
    "distutils",
    "ensurepip",
    "idlelib",
    "nis",
    "ossaudiodev",
    "lib2to3",
    "readline",
    "test",
    "tkinter",
    "turtle",
    "turtledemo",
    "venv",
    "_android_support",
    "_apple_support",
    "_ios_support",
    "_aix_support",
    "_scproxy",
    "msilib",
    "spwd",
};

static bool listed(const char *const *names, unsigned count, const char *name)
{
    for (unsigned i = 0; i < count; i++)
        if (g_str_equal(names[i], name))
            return true;
    return false;
}

/* What programs ask for that CPython has on other systems, or another Python has. */
static const char *const nowhere[] = {
    "os.startfile",           "sys._MEIPASS", "sys.frozen",
    "sys.getwindowsversion",  "sys.maxint",   "sys.pypy_version_info",
    "sys.setdefaultencoding", "sys.winver"};

bool stdlib_lacks(const ImportMachine *machine, const char *dotted)
{
    const StdlibRow *row = bsearch(dotted, stdlib_names, G_N_ELEMENTS(stdlib_names),
                                   sizeof *stdlib_names, compare_row);
    unsigned minor = CLAMP(python_minor(machine), STDLIB_FIRST, STDLIB_LAST);
    if (row)
        return minor < row->first || minor > row->last;
    return g_str_has_prefix(machine->scene->platform, "linux") &&
           listed(nowhere, G_N_ELEMENTS(nowhere), dotted);
}

bool module_is_of_other_system(const ImportMachine *machine, const char *name)
{
    return g_str_has_prefix(machine->scene->platform, "windows")
               ? listed(posix_only, G_N_ELEMENTS(posix_only), name)
               : listed(windows_only, G_N_ELEMENTS(windows_only), name);
}

/* 1, 0, or -1: some installations have it. */
static int stdlib_has(const ImportMachine *machine, const char *name)
{
    const StdlibRow *row =
        bsearch(name, stdlib_rows, G_N_ELEMENTS(stdlib_rows), sizeof *stdlib_rows, compare_row);
    unsigned minor = CLAMP(python_minor(machine), STDLIB_FIRST, STDLIB_LAST);
    if (!row || minor < row->first || minor > row->last || module_is_of_other_system(machine, name))
        return 0;
    return listed(doubtful, G_N_ELEMENTS(doubtful), name) ? -1 : 1;
}

/* importlib's suffixes, in the order in which it tries them. */
static unsigned suffixes(ImportMachine *machine, const char *ret_suffixes[6])
{
    unsigned count = 0, minor = python_minor(machine);
    const char *platform = machine->scene->platform;
    bool arm = strstr(platform, "arm64") != NULL;
    if (g_str_has_prefix(platform, "windows")) {
        ret_suffixes[count++] =
            machine_format(machine, ".cp3%u-win_%s.pyd", minor, arm ? "arm64" : "amd64");
        ret_suffixes[count++] = ".pyd";
    } else {
        ret_suffixes[count++] = g_str_has_prefix(platform, "macos")
                                    ? machine_format(machine, ".cpython-3%u-darwin.so", minor)
                                    : machine_format(machine, ".cpython-3%u-%s-linux-gnu.so", minor,
                                                     arm ? "aarch64" : "x86_64");
        ret_suffixes[count++] = ".abi3.so";
        ret_suffixes[count++] = ".so";
    }
    ret_suffixes[count++] = ".py";
    ret_suffixes[count++] = ".pyc";
    return count;
}

static const char *joined(ImportMachine *machine, const char *folder, const char *name)
{
    if (!*folder)
        return machine_text(machine, name);
    return machine_format(machine, "%s/%s", g_str_equal(folder, "/") ? "" : folder, name);
}

/* A file of the folder that is the module `stem`; or NULL. */
static const char *file_of(ImportMachine *machine, const char *folder, const char *stem)
{
    for (unsigned i = 0; i < machine->suffix_count; i++) {
        g_autofree char *name = g_strconcat(stem, machine->suffixes[i], NULL);
        if (sources_has(machine->sources, folder, name))
            return joined(machine, folder, name);
    }
    return NULL;
}

static bool find_in(ImportMachine *machine, const char *folder, const char *tail,
                    FoundModule *found)
{
    g_autofree char *entry = g_strconcat(tail, "/", NULL);
    const char *inside = NULL;
    if (sources_has(machine->sources, folder, entry)) {
        inside = joined(machine, folder, tail);
        found->path = file_of(machine, inside, "__init__");
        found->package = found->path != NULL;
    }
    if (!found->path)
        found->path = file_of(machine, folder, tail);
    if (found->package || (inside && !found->path))
        g_ptr_array_add(found->folders, (void *)inside);
    return found->path != NULL;
}

/* Loaded before the first statement of a program, or found by the importer of built-in modules. */
static bool is_beforehand(const char *name)
{
    static const char *const names[] = {
        "abc",          "atexit", "builtins",  "codecs",      "encodings", "errno",
        "faulthandler", "gc",     "io",        "itertools",   "marshal",   "ntpath",
        "os",           "posix",  "posixpath", "pwd",         "site",      "stat",
        "sys",          "time",   "zipimport", "genericpath",
    };
    return *name == '_' || listed(names, G_N_ELEMENTS(names), name);
}

/* As find_in(), in the folders before the standard library. What is only a part of a namespace
 * package is added to `portions`. */
static bool find_before(ImportMachine *machine, const char *name, GPtrArray *portions,
                        FoundModule *ret_found)
{
    bool looks = machine->before && !is_beforehand(name);
    for (unsigned i = 0; looks && machine->before[i]; i++) {
        FoundModule one = {.folders = machine_array(machine)};
        if (find_in(machine, machine->before[i], name, &one)) {
            *ret_found = one;
            return true;
        }
        if (one.folders->len > 0)
            g_ptr_array_add(portions, one.folders->pdata[0]);
    }
    return false;
}

const char *module_find_before(ImportMachine *machine, const char *name)
{
    FoundModule found = {.path = NULL};
    find_before(machine, name, machine_array(machine), &found);
    return found.path;
}

static Found found_file(FoundModule *found)
{
    found->kind = g_str_has_suffix(found->path, ".py") ? MODULE_SOURCE : MODULE_EXTENSION;
    return FOUND_MODULE;
}

Found module_find(ImportMachine *machine, const char *name, const GPtrArray *folders,
                  FoundModule *ret_found)
{
    const char *dot = strrchr(name, '.'), *tail = dot ? dot + 1 : name;
    int stdlib = folders ? 0 : stdlib_has(machine, name);
    GPtrArray *portions = machine_array(machine);
    *ret_found = (FoundModule){.kind = MODULE_STDLIB, .folders = machine_array(machine)};
    if (!folders && find_before(machine, tail, portions, ret_found))
        return found_file(ret_found);
    if (stdlib == 1)
        return FOUND_MODULE;
    ret_found->folders = portions;
    const GPtrArray *search = folders ? folders : machine->path;
    for (unsigned i = 0; i < search->len; i++) {
        FoundModule one = {.folders = machine_array(machine)};
        if (find_in(machine, search->pdata[i], tail, &one)) {
            *ret_found = one;
            return found_file(ret_found);
        }
        if (one.folders->len > 0)
            g_ptr_array_add(portions, one.folders->pdata[0]);
    }
    if (ret_found->folders->len > 0) {
        ret_found->kind = MODULE_NAMESPACE;
        ret_found->package = true;
        return FOUND_MODULE;
    }
    return stdlib < 0 ? FOUND_UNKNOWN : FOUND_NOT;
}

void module_touch(ImportMachine *machine, const char *name)
{
    g_hash_table_add(machine->touched, (char *)machine_text(machine, name));
}

bool module_is_touched(const ImportMachine *machine, const char *name)
{
    if (machine->all_touched || g_hash_table_contains(machine->touched, name))
        return true;
    for (const char *dot = strchr(name, '.'); dot; dot = strchr(dot + 1, '.')) {
        g_autofree char *parent = g_strndup(name, (size_t)(dot - name));
        if (g_hash_table_contains(machine->touched, parent))
            return true;
    }
    return false;
}

void finder_add(ImportMachine *machine, const char *below, const Value *object)
{
    Finder *finder = machine_alloc(machine, sizeof *finder);
    *finder = (Finder){below, object};
    g_ptr_array_add(machine->finders, finder);
}

/* What its find_spec() gives. What it raises is no answer. */
static int finder_has(ImportMachine *machine, const Finder *finder, const char *name)
{
    guint64 unknowns = machine->unknowns;
    unsigned possible = machine->possible->len;
    bool unknown = false;
    const Value *find =
        class_find(machine, finder->object->object->class, NULL, "find_spec", &unknown);
    if (!find || find->kind != VALUE_FUNCTION)
        return -1;
    const Value *all[] = {finder->object, value_text(machine, name), machine->unknown,
                          machine->none};
    machine->calls++;
    const Value *found = value_call_plain(machine, find, all, G_N_ELEMENTS(all));
    machine->calls--;
    if (machine->stopped)
        return -1;
    machine->raised = NULL;
    g_ptr_array_set_size(machine->possible, (int)MIN(possible, machine->possible->len));
    if (!found || found->kind == VALUE_UNKNOWN)
        return -1;
    return found->kind != VALUE_NONE ? 1 : machine->unknowns == unknowns ? 0 : -1;
}

int finders_have(ImportMachine *machine, const char *name)
{
    int have = 0;
    for (unsigned i = 0; i < machine->finders->len && have != 1; i++) {
        const Finder *finder = machine->finders->pdata[i];
        size_t length = strlen(finder->below);
        if (strncmp(name, finder->below, length) == 0 && name[length] == '.') {
            int one = finder_has(machine, finder, name);
            have = one ? one : have;
        }
    }
    return have;
}

/* A folder of the space that a text of the program names; NULL: none that is known. */
static const char *folder_of(ImportMachine *machine, const Value *value)
{
    const char *path = value_string(value);
    const char *inside = path ? tree_path(machine, path) : NULL;
    if (path && !inside && g_path_is_absolute(path))
        inside = path;
    return inside && sources_is_folder(machine->sources, inside) ? inside : NULL;
}

const GPtrArray *module_search(ImportMachine *machine, Module *module)
{
    if (!module->folders)
        return NULL;
    const Binding *bound = names_find(module->scope->names, "__path__");
    const Value *list = bound ? bound->value : module->path_list;
    if (!list || (!bound && !list->open && list->items->len == module->folders->len))
        return module->folders;
    bool known = list->kind == VALUE_LIST || list->kind == VALUE_TUPLE;
    module->path_open |= !known || list->open || (bound && bound->maybe);
    for (unsigned i = 0; known && i < list->items->len; i++) {
        const char *folder = folder_of(machine, list->items->pdata[i]);
        if (!folder)
            module->path_open = true;
        else if (!g_ptr_array_find_with_equal_func(module->folders, folder, g_str_equal, NULL))
            g_ptr_array_add(module->folders, (void *)folder);
    }
    return module->folders;
}

static bool is_dotted_name(const char *text)
{
    if (!g_ascii_isalpha(*text) && *text != '_')
        return false;
    for (; *text; text++)
        if (!g_ascii_isalnum(*text) && *text != '_' && (*text != '.' || !g_ascii_isalpha(text[1])))
            return false;
    return true;
}

static void block_touch(ImportMachine *machine, PyBlock block);

static void expr_touch(ImportMachine *machine, const PyExpr *expr)
{
    if (!expr)
        return;
    if (expr->kind == PY_STRING && expr->text && is_dotted_name(expr->text))
        module_touch(machine, expr->text);
    if (py_has(expr, PY_LEFT))
        expr_touch(machine, expr->left);
    if (py_has(expr, PY_RIGHT))
        expr_touch(machine, expr->right);
    if (py_has(expr, PY_TEST))
        expr_touch(machine, expr->test);
    for (unsigned i = 0; py_has(expr, PY_ITEMS) && i < expr->items.count; i++)
        expr_touch(machine, expr->items.items[i]);
    for (unsigned i = 0; expr->kind == PY_CALL && i < expr->argument_count; i++)
        expr_touch(machine, expr->arguments[i].value);
}

static void stmt_touch(ImportMachine *machine, const PyStmt *stmt)
{
    expr_touch(machine, stmt->value);
    for (unsigned i = 0; i < stmt->targets.count; i++)
        expr_touch(machine, stmt->targets.items[i]);
    if (!py_is_compound(stmt))
        return;
    for (unsigned i = 0; i < stmt->parameter_count; i++)
        expr_touch(machine, stmt->parameters[i].default_value);
    block_touch(machine, stmt->kind == PY_FUNCTION ? py_function_body(stmt) : stmt->body);
    block_touch(machine, stmt->orelse);
    block_touch(machine, stmt->final);
    for (unsigned i = 0; i < stmt->handler_count; i++)
        block_touch(machine, stmt->handlers[i].body);
}

static void block_touch(ImportMachine *machine, PyBlock block)
{
    for (unsigned i = 0; i < block.count; i++)
        stmt_touch(machine, block.items[i]);
}

void source_touch(ImportMachine *machine, const ImportSource *source)
{
    if (source && source->tree)
        block_touch(machine, source->tree->body);
    else
        machine->all_touched = true;
}

/* A line of a .pth file that is executed (site.py): what its modules name may be redirected. */
static void execute_path_line(ImportMachine *machine, const char *line)
{
    g_auto(GStrv) words = g_strsplit_set(line, " \t;,()'\".=", -1);
    for (char **word = words; *word; word++) {
        if (!is_dotted_name(*word) || stdlib_has(machine, *word) == 1)
            continue;
        FoundModule found;
        if (module_find(machine, *word, NULL, &found) != FOUND_MODULE || !found.path)
            continue;
        if (g_str_has_suffix(found.path, ".py"))
            source_touch(machine, sources_tree(machine->sources, found.path));
        else
            machine->all_touched = true;
    }
}

static void add_path(ImportMachine *machine, const char *folder)
{
    for (unsigned i = 0; i < machine->path->len; i++)
        if (g_str_equal(machine->path->pdata[i], folder))
            return;
    g_ptr_array_add(machine->path, (void *)machine_text(machine, folder));
}

static void read_path_file(ImportMachine *machine, const char *name)
{
    g_autoptr(GBytes) bytes = sources_read(machine->sources, name);
    if (!bytes) {
        machine->all_touched = true;
        return;
    }
    size_t length;
    const char *data = g_bytes_get_data(bytes, &length);
    g_autofree char *text = g_strndup(data ? data : "", MIN(length, 1024 * 1024));
    g_auto(GStrv) lines = g_strsplit(text, "\n", 10000);
    for (char **line = lines; *line; line++) {
        char *clean = g_strstrip(*line);
        if (!*clean || *clean == '#')
            continue;
        if (g_str_has_prefix(clean, "import ") || g_str_has_prefix(clean, "import\t"))
            execute_path_line(machine, clean);
        else if (sources_is_folder(machine->sources,
                                   g_str_has_prefix(clean, "./") ? clean + 2 : clean))
            add_path(machine, g_str_has_prefix(clean, "./") ? clean + 2 : clean);
    }
}

void paths_install(ImportMachine *machine)
{
    machine->suffix_count = suffixes(machine, machine->suffixes);
    add_path(machine, "");
    const GPtrArray *names = sources_list(machine->sources, "");
    for (unsigned i = 0; names && i < names->len; i++)
        if (g_str_has_suffix(names->pdata[i], ".pth"))
            read_path_file(machine, names->pdata[i]);
}

int module_exists(ImportMachine *machine, const char *name)
{
    const Module *known = module_known(machine, name);
    if (known && known->state != MODULE_FAILED)
        return 1;
    const GPtrArray *folders = NULL;
    bool open_path = false;
    const char *dot = strrchr(name, '.');
    if (dot) {
        Module *parent =
            module_import(machine, machine_format(machine, "%.*s", (int)(dot - name), name));
        if (!parent)
            return -2;
        if (parent->kind == MODULE_STDLIB)
            return 1;
        if (parent->kind == MODULE_EXTENSION || !parent->folders)
            return parent->kind == MODULE_EXTENSION ? -1 : 0;
        folders = module_search(machine, parent);
        open_path = parent->path_open;
    }
    FoundModule found;
    Found result = module_find(machine, name, folders, &found);
    if (result == FOUND_MODULE)
        return 1;
    bool open = result == FOUND_UNKNOWN || module_is_touched(machine, name) ||
                base_may_have(machine, name) || (!dot && machine->path_open) || open_path ||
                finders_have(machine, name) != 0;
    return open ? -1 : 0;
}
