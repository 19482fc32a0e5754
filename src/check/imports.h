/* What importing a module would do, worked out from the files alone: which statement fails first,
 * in execution order, without a driver and device (a build) and with them (where it runs).
 *
 * Statements are evaluated as Python would execute them as far as constants, versions, platforms
 * and the files present decide them; whatever they do not decide is unknown, and an unknown never
 * makes a failure. Exceptions are matched with the except clauses around them. Sources: The Python
 * Language Reference §5 (import system), §8; PEP 420. */
#pragma once

#include "check/file_space.h"
#include "check/image_files.h"

typedef enum {
    WORLD_BUILD, /* no driver, no device */
    WORLD_RUN,   /* driver and a device */
} ImportWorld;

typedef enum {
    IMPORT_WORKS,
    IMPORT_FAILS,
    IMPORT_UNKNOWN,
} ImportOutcome;

typedef struct {
    char *module;       /* "bitsandbytes.nn.triton_based_modules" */
    char *path;         /* in the space: "bitsandbytes/nn/triton_based_modules.py" */
    char *distribution; /* or NULL */
    unsigned line;
    char *text; /* of the line, trimmed */
} ImportStep;

typedef struct {
    ImportOutcome outcome;
    char *exception;   /* IMPORT_FAILS: "ModuleNotFoundError", "ImportError", "RuntimeError" … */
    char *message;     /* IMPORT_FAILS: "No module named 'triton.ops'"; IMPORT_UNKNOWN: why */
    bool driver;       /* it fails for want of a driver or device */
    GPtrArray *chain;  /* ImportStep: from the imported module's file to the failing statement */
    GPtrArray *caught; /* ImportFailure that a clause swallowed, first ones */
} ImportVerdict;
ImportVerdict *import_verdict_new(void);
void import_verdict_free(ImportVerdict *verdict);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ImportVerdict, import_verdict_free)

/* An import inside a function that will fail whenever it is reached, in a module that was loaded:
 * `torch.compile` with a foreign triton. */
typedef struct {
    char *exception, *message;
    ImportStep *at;
    char *function; /* qualified: "CacheBase.get_system" */
} ImportFailure;
void import_step_free(void *step);
void import_failure_free(void *failure);

/* What stands against loading a shared object, wherever that is tried. */
typedef struct {
    const char *exception; /* of an import: "ImportError", "ValueError" */
    char *message;
    bool loader;  /* the loader refuses it; else the module in it cannot begin */
    bool certain; /* else what decides it was not read */
} LibraryProblem;
void library_problem_free(LibraryProblem *problem);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LibraryProblem, library_problem_free)

/* A library of the driver, by the name that others need it by; the one it is known as, or NULL.
 * They are no part of an image, the container toolkit brings them. */
const char *driver_library(const char *name);

/* The files that imports see: a FileSpace, a folder of this machine, or a test's own table. Paths
 * are the space's: below site-packages without a leading slash. */
typedef struct ImportFiles ImportFiles;
struct ImportFiles {
    /* Names in a folder ("" is site-packages itself; no slash at the end), folders among them end
     * with "/"; NULL: no such folder. The caller frees the array and not the texts. */
    GPtrArray *(*list)(const ImportFiles *files, const char *folder);
    /* NULL: cannot be read now, which makes unknown what depends on it. */
    GBytes *(*read)(const ImportFiles *files, const char *path);
    const char *(*distribution)(const ImportFiles *files, const char *path); /* or NULL; its own */
    /* NULL-terminated names of the libraries that loading a shared object needs (DT_NEEDED), or
     * NULL: not read. The caller frees. May be NULL. */
    char **(*needed)(const ImportFiles *files, const char *path);
    /* NULL: nothing that is known. `lazy`: functions may be looked up when they are called
     * (RTLD_LAZY). The caller frees. May be NULL. */
    LibraryProblem *(*problem)(const ImportFiles *files, const char *path, bool lazy);
    void *data;
    bool partial; /* there are more files than these: an absent one proves nothing */
};

typedef struct {
    const FileSpace *space;
    const ImageFiles *image;  /* of the same stages; NULL: the space is all that is known */
    const char *python;       /* "3.11.2" */
    const char *platform;     /* "linux/amd64" */
    const char *const *env;   /* "KEY=value" of the image; NULL: nothing known */
    const ImportFiles *files; /* instead of the space */
    bool partial;             /* as ImportFiles: a base whose own site-packages is not known */
    char **(*needed)(void *data, const char *path); /* as ImportFiles; may be NULL */
    LibraryProblem *(*problem)(void *data, const char *path, bool lazy);
    /* Whether nothing that a loader may find by name is called so; with `stem` "libz." nothing of
     * which the name begins so. May be NULL. */
    bool (*absent)(void *data, const char *name, bool stem);
    void *library_data; /* of all three */
} ImportScene;

/* Trees of the files that were read, for the machines of one scene (each file is parsed once for
 * both worlds). Borrows the scene. */
typedef struct ImportSources ImportSources;
ImportSources *import_sources_new(const ImportScene *scene);
void import_sources_free(ImportSources *sources);
/* Whether a file of a wheel could not be read, so that another try may say more. */
bool import_sources_missed(const ImportSources *sources);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ImportSources, import_sources_free)

typedef struct ImportMachine ImportMachine; /* one world of a scene: modules loaded so far */

/* Borrows the sources, which outlive it. */
ImportMachine *import_machine_new(ImportSources *sources, ImportWorld world);
void import_machine_free(ImportMachine *machine);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ImportMachine, import_machine_free)
/* As it was when it was new: nothing is loaded, and its memory is given back. */
void import_machine_reset(ImportMachine *machine);
/* Absolute folders that Python looks into before the standard library: the script's or the current
 * one, then those of PYTHONPATH. NULL-terminated; they outlive the machine. */
void import_machine_look_in(ImportMachine *machine, const char *const *folders);
/* Whether with these folders every module that was loaded would be found where it was. */
bool import_machine_fits(ImportMachine *machine, const char *const *folders);

/* As `python -c "import MODULE"` in a fresh interpreter (".pth" files are read first). */
ImportVerdict *import_machine_import(ImportMachine *machine, const char *module);
/* `python FILE`: a script of the recipe's; `name` is what steps call it. Its own folder is the
 * first of those that import_machine_look_in() was given. */
ImportVerdict *import_machine_run(ImportMachine *machine, const char *name, const char *text,
                                  size_t length);
/* `module` is there and binds `name` (NULL: only the module), without importing it. */
ImportVerdict *import_machine_find(ImportMachine *machine, const char *module, const char *name);
/* ImportFailure of functions in modules that the imports loaded, by path and line. */
GPtrArray *import_machine_deferred(ImportMachine *machine);
/* Paths of the extension modules (.so) that were imported, in order; the machine's. */
const GPtrArray *import_machine_extensions(const ImportMachine *machine);
