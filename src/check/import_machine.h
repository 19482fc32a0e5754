/* The insides of the import simulation (imports.h): values, scopes, frames and the machine.
 *
 * How certain something is: a statement under a test that the files do not decide is walked with
 * `weak` raised: what it binds is joined with what was there, and what it raises becomes
 * "possible" (machine->possible) instead of a failure. The body of a module or a function is
 * walked as if it were reached for certain; how certain that is, is the business of the statement
 * that reaches it.
 *
 * Everything lives in the machine's arena until the machine is freed; texts borrowed from trees
 * live as long as the sources. A function that gives a value returns NULL when an exception is
 * on its way (machine->raised) or the walk was stopped (machine->stopped). */
#pragma once

#include "check/import_sources.h"

typedef struct Value Value;
typedef struct Names Names;
typedef struct Scope Scope;
typedef struct Module Module;
typedef struct Class Class;
typedef struct Function Function;
typedef struct Object Object;
typedef struct Native Native;
typedef struct Frame Frame;
typedef struct Raised Raised;

typedef enum {
    VALUE_UNKNOWN,
    VALUE_FOREIGN, /* something of the standard library: no class or module of the tree */
    VALUE_NONE,
    VALUE_BOOL, /* number */
    VALUE_INT,  /* number */
    VALUE_TEXT,
    VALUE_VERSION, /* text: compared as PEP 440 says */
    VALUE_TUPLE,
    VALUE_LIST, /* sets too */
    VALUE_DICT, /* keys, items */
    VALUE_MODULE,
    VALUE_FUNCTION,
    VALUE_CLASS,
    VALUE_OBJECT,
    VALUE_METHOD, /* a function with its first argument */
    VALUE_NATIVE, /* an intrinsic, with the value it was found on or NULL */
    VALUE_STATIC, /* inner: staticmethod */
    VALUE_CLASS_METHOD,
    VALUE_PROPERTY,
    VALUE_SUPER, /* class, inner: the object or class */
    VALUE_NAMES, /* globals(), vars(): of `scope` */
} ValueKind;

struct Value {
    ValueKind kind;
    bool open;         /* of containers: there may be other items than these */
    bool set;          /* a list that is a set */
    signed char truth; /* of VALUE_UNKNOWN: 1 it is true, -1 it is false, 0 not known */
    union {
        gint64 number;
        const char *text;
        struct {
            GPtrArray *items, *keys; /* Value */
        };
        Module *module;
        Function *function;
        Object *object;
        const Native *native;
        Scope *scope;
        Class *class;
    };
    const Value *inner;
};

typedef struct {
    const Value *value;
    bool maybe; /* bound on some ways only */
} Binding;

struct Names {
    GHashTable *table; /* name → Binding */
    bool open;         /* other names may be bound */
    unsigned weak;     /* machine->weak where its owner began */
};

typedef enum {
    SCOPE_MODULE,
    SCOPE_CLASS,
    SCOPE_FUNCTION
} ScopeKind;

struct Scope {
    ScopeKind kind;
    Names *names;
    Scope *up;
    Module *module;
    GHashTable *declared; /* names of global and nonlocal statements → the scope; or NULL */
    bool captured;        /* something may look into it after its frame */
};

typedef enum {
    MODULE_SOURCE,
    MODULE_EXTENSION,
    MODULE_NAMESPACE,
    MODULE_STDLIB
} ModuleKind;
typedef enum {
    MODULE_NEW,
    MODULE_LOADING,
    MODULE_LOADED,
    MODULE_FAILED
} ModuleState;

struct Module {
    const char *name;
    const char *path; /* of its file; NULL: namespace packages, the standard library */
    ModuleKind kind;
    ModuleState state;
    bool package;
    GPtrArray *folders; /* __path__ of packages, as module_search() brings it up to date */
    Value *path_list;   /* the list that code has been given as __path__; or NULL */
    bool path_open;     /* it may have other folders */
    Scope *scope;
    const Value *value;
    const Value *replaced; /* by sys.modules[name] = … */
    const Raised *failure; /* MODULE_FAILED */
    const ImportSource *source;
    const char *distribution;
    bool future_annotations;
    bool deferred_seen;
    unsigned round, env_begin, env_end; /* see env_replay() */
    const Raised *possible,
        *doubt; /* what loading it may have raised: told again in later rounds */
};

struct Class {
    const char *name;
    Module *module; /* NULL: builtins */
    Names *names;
    GPtrArray *bases;  /* Value */
    GPtrArray *order;  /* method resolution order: Value, this class first; worked out on demand */
    GPtrArray *fields; /* of a dataclass: names of annotated attributes in order; or NULL */
    const Value *value;
    GPtrArray *abstracts;   /* names of abstract methods in it; or NULL */
    const Value *metaclass; /* as given, or NULL */
    Scope *scope;           /* of its body */
    bool dataclass, meta;   /* meta: its instances are classes */
    const Native *call;     /* of builtin types */
};

struct Function {
    const char *name, *qualified;
    const PyStmt *def;    /* or NULL: */
    const PyExpr *lambda; /* one of both */
    Scope *scope;         /* where it was defined */
    const Value **defaults;
    Class *owner;
    Names *attributes;
    const Native *native; /* stands for it */
    bool abstract;
};

struct Object {
    Class *class;
    Names *attributes;
    const Value *arguments; /* of exceptions and suppress(): a tuple */
};

typedef struct {
    const Value **values;
    const char **names; /* NULL: by position */
    unsigned count;
    bool open; /* there may be more: "*unknown" */
} Arguments;

/* An intrinsic: `name` is the dotted name of a function, or "type.method". A row with `get` is a
 * constant. */
struct Native {
    const char *name;
    const Value *(*call)(ImportMachine *machine, const Value *self, const Arguments *arguments);
    const Value *(*get)(ImportMachine *machine);
};

typedef struct {
    const Native *rows;
    unsigned count;
} NativeTable;

typedef enum {
    FLOW_NEXT,
    FLOW_RETURN,
    FLOW_BREAK,
    FLOW_CONTINUE,
    FLOW_RAISE,
    FLOW_STOP
} Flow;

typedef struct {
    const Module *module;
    const char *function; /* or NULL */
    unsigned line;
} Step;

typedef enum {
    RAISED_STATEMENT,
    RAISED_LOOKUP,
    RAISED_FILE,
    RAISED_NATIVE, /* by an intrinsic that decides for certain */
    RAISED_MODULE,
    RAISED_NAME,
    RAISED_ATTRIBUTE,
    RAISED_WORLD
} RaisedKind;

struct Raised {
    const Value *value; /* the object */
    const Class *class;
    const char *message; /* or NULL */
    RaisedKind kind;
    const char
        *missing;     /* RAISED_MODULE, RAISED_NAME, RAISED_ATTRIBUTE: the module that lacks it */
    const char *name; /* RAISED_NAME: what a module does not bind; or NULL */
    bool driver;
    bool absent;  /* RAISED_MODULE: nothing brings it, or only other parts of its namespace */
    bool assumed; /* because of what a base that is not known is taken not to have */
    Step *steps;
    unsigned step_count;
    unsigned depth; /* frames outside of the module that failed, where it is kept */
    bool vague;     /* its class is not known */
};

struct Frame {
    Frame *up;
    Scope *scope;
    const Function *function; /* NULL: a module's or class's body */
    const Value *self;        /* first argument */
    const char *name;
    unsigned line;
    const Value *result; /* returned on some ways */
    unsigned left;       /* returns on some ways */
    unsigned breaks;     /* breaks and continues on some ways, in the innermost loop */
    unsigned guards;     /* try statements around */
    bool drops;          /* what is raised now is not even possible: only unseen ways lead here */
    unsigned drop_mark;
    guint64 world_reads;           /* machine->world_reads when it began */
    GPtrArray *fields, *abstracts; /* of a class body: see Class */
};

struct ImportMachine {
    ImportSources *sources;
    const ImportScene *scene;
    ImportWorld world;
    GPtrArray *chunks; /* the arena */
    char *chunk;
    size_t chunk_left, arena_bytes;
    bool deferred;              /* functions are walked: imports are done */
    GPtrArray *tables, *arrays; /* GHashTable, GPtrArray of values, to free */
    GHashTable *natives;        /* name → Native */
    GHashTable *native_modules; /* "os.path": a module that natives live in */
    GHashTable *builtins;       /* name → Value */
    GHashTable *modules;        /* name → Module */
    GHashTable *yields;         /* PyStmt → whether it is a generator */
    GPtrArray *loaded;          /* Module, in order */
    GPtrArray *path;            /* sys.path: folders */
    GHashTable *touched;        /* names of modules that something may redirect */
    GPtrArray *finders;         /* Finder: behind all others on sys.meta_path */
    bool all_touched;
    bool path_open;            /* sys.path has entries that are not known */
    const char *const *before; /* folders that come before the standard library; or NULL */
    const char *suffixes[6];
    unsigned suffix_count;
    Frame *frame;
    unsigned weak, calls, nesting; /* nesting: of values that are compared or shown */
    guint64 steps, limit, unknowns, world_reads;
    const Raised *raised, *handled; /* on its way; of the except clause that is walked */
    const Value *returned;          /* with FLOW_RETURN */
    GHashTable *env;                /* what os.environ was given in this round: name → Value */
    GPtrArray *env_writes;          /* in any round, in order */
    unsigned round;                 /* imports that began a fresh interpreter */
    bool stopped;
    const char *stop_reason;
    unsigned restarts;   /* after imports that were stopped */
    GPtrArray *possible; /* Raised that may happen; of those alike in one try or module the first */
    unsigned possible_begin;       /* of the innermost try statement or module */
    const Raised *became_possible; /* the last one of all */
    const Raised *doubt;   /* the first library that may not be loaded, whatever catches that */
    GPtrArray *caught;     /* Raised */
    GPtrArray *extensions; /* Module */
    GPtrArray *extension_paths;
    const char *stack; /* where the C stack was when the walk began */
    const Value *unknown, *none, *true_value, *false_value;
    const Value *truthy, *falsy; /* unknown but for their truth */
    const Value *foreign, *calm; /* calm: using it raises nothing; VALUE_FOREIGN with `open` */
    const Value *answer;         /* calm too: of a call, so that a class in it may be ours */
    Class *object_class, *type_class, *suppress_class, *spec_class, *module_class, *frame_class;
    bool lazy_annotations; /* PEP 649: 3.14 */
};

enum {
    MAX_STEPS = 60 * 1000 * 1000, /* statements and expressions of one machine */
    MAX_RESTARTS = 4,             /* after imports that were stopped */
    MAX_CALL_STEPS = 30 * 1000,   /* of one call from a module's body */
    MAX_CALLS = 48,               /* calls in calls */
    MAX_RECURSION = 5,            /* of one function */
    MAX_STACK = 5 * 1024 * 1024,  /* bytes of C stack */
    MAX_ITEMS = 100 * 1000,       /* of one container */
    MAX_LOOP = 20 * 1000,         /* rounds that are walked one by one */
    MAX_TEXT = 1024 * 1024,
};
#define MAX_ARENA ((size_t)1024 * 1024 * 1024)

/* import_value.c: arena and values. */
void *machine_alloc(ImportMachine *machine, size_t size); /* zeroed */
const char *machine_text(ImportMachine *machine, const char *text);
const char *machine_format(ImportMachine *machine, const char *format, ...) G_GNUC_PRINTF(2, 3);
GHashTable *machine_table(ImportMachine *machine);
GPtrArray *machine_array(ImportMachine *machine);
Value *value_new(ImportMachine *machine, ValueKind kind);
const Value *value_bool(ImportMachine *machine, bool value);
const Value *value_int(ImportMachine *machine, gint64 number);
const Value *value_text(ImportMachine *machine, const char *text); /* borrows */
Value *value_items(ImportMachine *machine, ValueKind kind);        /* tuple, list, dict */
void value_add(ImportMachine *machine, Value *list, const Value *item);
void value_put(ImportMachine *machine, Value *dict, const Value *key, const Value *item);
const Value *value_get(const Value *dict, const Value *key); /* or NULL */
/* list += value */
void extend_list(ImportMachine *machine, const Value *list, const Value *value);
/* 1, 0, or -1: unknown. */
int value_truth(ImportMachine *machine, const Value *value);
int value_equal(ImportMachine *machine, const Value *a, const Value *b);
int value_same(const Value *a, const Value *b);
int value_compare(ImportMachine *machine, PyOperator op, const Value *a, const Value *b);
const char *value_string(const Value *value); /* text of TEXT and VERSION, or NULL */
/* str() and repr() of it, or NULL: unknown. */
const char *value_display(ImportMachine *machine, const Value *value, bool quoted);
const Value *value_join(ImportMachine *machine, const Value *a, const Value *b);
/* What unknown code that was given `value` may do to it. */
void value_expose(ImportMachine *machine, const Value *value);

/* import_scope.c: names. */
Names *names_new(ImportMachine *machine);
Binding *names_find(const Names *names, const char *name);
void names_bind(ImportMachine *machine, Names *names, const char *name, const Value *value);
GPtrArray *names_sorted(const Names *names); /* the caller frees the array */
void names_remove(ImportMachine *machine, Names *names, const char *name);
Scope *scope_open(ImportMachine *machine, ScopeKind kind, Scope *up, Module *module);
void scope_bind(ImportMachine *machine, Scope *scope, const char *name, const Value *value);
const Value *scope_lookup(ImportMachine *machine, const Scope *scope, const char *name);
/* Whether a name that a module's body uses is certainly bound nowhere. */
bool scope_lacks(ImportMachine *machine, const Scope *scope, const char *name);
void scope_declare(ImportMachine *machine, Scope *scope, const char *name, Scope *owner);
/* As an item of globals(): what every module has among them. NULL: not bound. */
const Value *scope_item(ImportMachine *machine, const Scope *scope, const char *name);
/* Function scopes and the module's scope around it. */
Scope *scope_module(Scope *scope);

/* import_raise.c: exceptions. */
/* Each returns NULL, so that a value-giving function can return it. */
const Value *raise_builtin(ImportMachine *machine, RaisedKind kind, const char *class,
                           const char *missing, const char *message);
const Value *raise_value(ImportMachine *machine, const Value *exception, const char *message);
/* What made a module fail before, from the statement that imports it again. */
const Value *raise_again(ImportMachine *machine, const Raised *failure);
/* The first of machine->possible from `begin` on that says something of an import of files that are
 * there; or NULL. */
const Raised *possible_find(const ImportMachine *machine, unsigned begin);
/* The same exception as raise_builtin's, but not for certain: gives the unknown value. */
const Value *raise_possible(ImportMachine *machine, RaisedKind kind, const char *class,
                            const char *missing, const char *message);
void possible_add(ImportMachine *machine, const Raised *raised);
/* A try statement or module begins; gives what its end is to be told. */
unsigned possible_enter(ImportMachine *machine);
/* It ends: what became possible in it, taken out. Caller unrefs. */
GPtrArray *possible_take(ImportMachine *machine, unsigned outer);
/* It ends, and nothing catches what became possible in it. */
void possible_leave(ImportMachine *machine, unsigned outer);
const Value *machine_stop(ImportMachine *machine, const char *reason);
/* Whether an except clause's type catches it: 1, 0 or -1. NULL catches all. */
/* Whether the walk is the likelier reason for it than the program. */
bool raised_is_doubtful(const Raised *raised);
int raised_matches(ImportMachine *machine, const Raised *raised, const Value *type);
void exceptions_install(ImportMachine *machine);
/* The builtin exception that a module of the standard library has under a name of its own; or NULL.
 */
const Value *exception_known_as(const ImportMachine *machine, const char *dotted);

/* import_class.c */
Class *class_new(ImportMachine *machine, const char *name, Module *module);
const GPtrArray *class_order(ImportMachine *machine, Class *class);
int class_is_subclass(ImportMachine *machine, const Value *class, const Value *base);
int value_is_instance(ImportMachine *machine, const Value *value, const Value *class);
/* A name found along the order, behind `after` if not NULL; NULL: none, *ret_unknown says whether
 * that is certain. */
const Value *class_find(ImportMachine *machine, Class *class, const Class *after, const char *name,
                        bool *ret_unknown);
bool class_is_whole(ImportMachine *machine, Class *class);
int class_is_abstract(ImportMachine *machine, Class *class);
const Value *class_call(ImportMachine *machine, const Value *class, const Arguments *arguments);
const Value *object_new(ImportMachine *machine, Class *class);

/* import_attribute.c */
const Value *attribute_get(ImportMachine *machine, const Value *value, const char *name);
/* `fallback` where it is certainly not there; 1 there, 0 not, -1 unknown in *ret_there. */
const Value *attribute_try(ImportMachine *machine, const Value *value, const char *name,
                           int *ret_there);
bool attribute_set(ImportMachine *machine, const Value *value, const char *name, const Value *item);
const Value *module_attribute(ImportMachine *machine, Module *module, const char *name,
                              int *ret_there);
bool module_is_whole(const Module *module);

/* import_call.c */
const Value *value_call(ImportMachine *machine, const Value *callee, const Arguments *arguments);
const Value *value_call_plain(ImportMachine *machine, const Value *callee,
                              const Value *const *values, unsigned count);
const Value *function_call(ImportMachine *machine, const Function *function, const Value *self,
                           const Arguments *arguments);
const Value *call_argument(const Arguments *arguments, unsigned index, const char *name);

/* Frees the table of a scope that nothing looks into any more. */
void release_names(ImportMachine *machine, Scope *scope, GHashTable *table);

/* import_expression.c */
const Value *evaluate(ImportMachine *machine, const PyExpr *expr);
/* 1, 0, -1 unknown; -2: raised or stopped. */
int evaluate_truth(ImportMachine *machine, const PyExpr *expr);
bool evaluate_arguments(ImportMachine *machine, const PyArgument *arguments, unsigned count,
                        Arguments *ret_arguments);

/* import_fstring.c: the text of the f-string that stands on a line, "…" for what is not known;
 * NULL: not found. */
const char *fstring_text(ImportMachine *machine, unsigned line, const Value *const *values,
                         unsigned count, bool *ret_known);

/* import_items.c */
bool bind_target(ImportMachine *machine, const PyExpr *target, const Value *value);
/* Items of an iterable, or NULL: unknown. */
const GPtrArray *value_iterate(ImportMachine *machine, const Value *value);
const Value *subscript_get(ImportMachine *machine, const Value *value, const Value *key);
const Value *evaluate_comprehension(ImportMachine *machine, const PyExpr *expr);
const Value *binary_operate(ImportMachine *machine, const char *op, const Value *left,
                            const Value *right);

/* import_statement.c, import_block.c (branches, loops, try, with), import_define.c */
Flow execute_block(ImportMachine *machine, PyBlock block);
Flow execute_if(ImportMachine *machine, const PyStmt *stmt);
Flow execute_for(ImportMachine *machine, const PyStmt *stmt);
Flow execute_while(ImportMachine *machine, const PyStmt *stmt);
Flow execute_try(ImportMachine *machine, const PyStmt *stmt);
Flow execute_with(ImportMachine *machine, const PyStmt *stmt);
Flow execute_match(ImportMachine *machine, const PyStmt *stmt);
Flow execute_function(ImportMachine *machine, const PyStmt *stmt);
Flow execute_class(ImportMachine *machine, const PyStmt *stmt);
Flow execute_raise(ImportMachine *machine, const PyStmt *stmt);
/* Whether annotations of definitions are evaluated here. */
bool annotations_run(const ImportMachine *machine);
const Value *function_value(ImportMachine *machine, const PyStmt *def, const PyExpr *lambda);
/* Walks a block whose execution is not certain; RAISE becomes possible. */
Flow execute_weak(ImportMachine *machine, PyBlock block);
Flow flow_of(const ImportMachine *machine); /* after a NULL value */
void frame_push(ImportMachine *machine, Frame *frame, Scope *scope);
void frame_pop(ImportMachine *machine);

/* import_load.c: the import statement; import_find.c: where modules are. */
Flow execute_import(ImportMachine *machine, const PyStmt *stmt);
Flow execute_import_from(ImportMachine *machine, const PyStmt *stmt);
/* The module of a dotted name, loaded with its parents; NULL as for values. */
Module *module_import(ImportMachine *machine, const char *name);
const Value *module_import_value(ImportMachine *machine, const char *name);
/* "..x" seen from a module, or NULL: beyond the top. */
const char *module_resolve(ImportMachine *machine, const Module *module, const char *name,
                           unsigned level);
Module *module_new(ImportMachine *machine, const char *name, ModuleKind kind);
Module *module_known(ImportMachine *machine, const char *name);
/* Whether a base that is not known may bring this module: see sources_assumed(). */
bool base_may_have(const ImportMachine *machine, const char *name);
/* Executes a module's body. */
Flow module_execute(ImportMachine *machine, Module *module);
Module *module_from_file(ImportMachine *machine, const char *name, const char *path);

typedef enum {
    FOUND_NOT,
    FOUND_MODULE,
    FOUND_UNKNOWN
} Found;
typedef struct {
    ModuleKind kind;
    const char *path;
    bool package;
    GPtrArray *folders;
} FoundModule;
/* `folders` NULL: a top-level name. */
/* Whether Python has the module on other systems alone. */
bool module_is_of_other_system(const ImportMachine *machine, const char *name);
/* Whether this Python's standard library is known not to have a name or submodule of one of its
 * modules: "collections.Mapping". */
bool stdlib_lacks(const ImportMachine *machine, const char *dotted);
unsigned python_minor(const ImportMachine *machine);
/* The folders of a package, with what code has put into its __path__; NULL: it is none. */
const GPtrArray *module_search(ImportMachine *machine, Module *module);
/* The file of a top-level module in one of machine->before; or NULL. */
const char *module_find_before(ImportMachine *machine, const char *name);
Found module_find(ImportMachine *machine, const char *name, const GPtrArray *folders,
                  FoundModule *ret_found);
/* Where a dotted module is, from the folders alone. */
Found module_locate(ImportMachine *machine, const char *module, FoundModule *ret_found);
/* As importlib.util.find_spec(): parents are imported. 1, 0, -1; -2: raised or stopped. */
int module_exists(ImportMachine *machine, const char *name);
/* Whether a name or one of its parents may be redirected by something that is not walked. */
bool module_is_touched(const ImportMachine *machine, const char *name);
void module_touch(ImportMachine *machine, const char *name);
/* A finder that a program appends to sys.meta_path, for what is below the module that does it, as
 * far as can be told. */
typedef struct {
    const char *below;
    const Value *object;
} Finder;
void finder_add(ImportMachine *machine, const char *below, const Value *object);
/* Whether such a finder brings a module that is nowhere else: 1, 0, -1: it may. */
int finders_have(ImportMachine *machine, const char *name);
/* Touches every dotted name that occurs as text in a source. */
void source_touch(ImportMachine *machine, const ImportSource *source);
void paths_install(ImportMachine *machine);

/* import_library.c: the loader takes the shared object at a path of the space; false: it raised,
 * ImportError or what the module begins with, and OSError for what is no `import`. `lazy`: with
 * RTLD_LAZY, or it may be. */
bool library_load(ImportMachine *machine, const char *path, bool import, bool lazy);
/* What `import` opens extension modules with: sys.getdlopenflags(). */
bool library_flags_are_lazy(ImportMachine *machine);

/* import_deferred.c, imports.c */
void deferred_walk(ImportMachine *machine, GPtrArray *failures); /* adds ImportFailure */
ImportFailure *failure_of(const Raised *raised);

/* Whether a set of specifiers takes a version: 1, 0, -1. */
int specifiers_value_contain(const Value *set, const Value *item);
int native_contains(ImportMachine *machine, const Value *value, const Value *item);
/* Tables of intrinsics, each in its file; NATIVE() begins one. */
#define NATIVE(name)                                                                               \
    static const Value *name(ImportMachine *machine, const Value *self, const Arguments *arguments)
extern const NativeTable natives_builtins, natives_types, natives_system, natives_import,
    natives_tools, natives_packages, natives_libraries, natives_regexes, natives_versions;
const Value *builtin_dict(ImportMachine *machine, const Value *self, const Arguments *arguments);
/* The argument's text, or NULL. */
const char *argument_text(const Arguments *arguments, unsigned index, const char *name);
void natives_install(ImportMachine *machine);
const Native *native_find(const ImportMachine *machine, const char *name);
/* types.ModuleType, for what derives from it. */
void module_class_install(ImportMachine *machine);
const Value *native_value(ImportMachine *machine, const Native *native, const Value *self);
void builtins_install(ImportMachine *machine);
const char *scene_env(const ImportMachine *machine, const char *name);
void env_set(ImportMachine *machine, const char *name, const Value *item);
/* A module that an earlier round has loaded is taken as it is; what it, and what it imported, gave
 * to os.environ, it gives again. */
void env_replay(ImportMachine *machine, Module *module);
/* The version of an installed distribution, or NULL; *ret_unknown: it cannot be told. */
const char *installed_version(ImportMachine *machine, const char *name, bool *ret_unknown);
/* The keys of sys.modules, as far as modules were loaded by what is walked: Value. What asks for
 * them may rename any, for what is below its own module. */
const GPtrArray *loaded_names(ImportMachine *machine);
/* sys.modules[…] and os.environ[…]. */
const Value *native_subscript(ImportMachine *machine, const Value *value, const Value *key);
void native_set_subscript(ImportMachine *machine, const Value *value, const Value *key,
                          const Value *item);
/* "/site-packages/x" ↔ "x"; NULL: not in the tree. */
const char *tree_path(ImportMachine *machine, const char *path);
const char *tree_file(ImportMachine *machine, const char *path);
