/* What the judge of loads knows. For the files library_*.c only. */
#pragma once

#include "check/library_load.h"

/* A shared object of an installed wheel. */
typedef struct {
    const CheckWheel *wheel;
    NativeFile *file;
} LoadObject;

struct LibraryJudge {
    CheckRun *run;
    Cache *cache;
    GPtrArray *objects;    /* LoadObject, of all installed wheels */
    GHashTable *by_name;   /* name of a file, or what it calls itself → GPtrArray of LoadObject */
    GPtrArray *base_names; /* of libraries anywhere in the base, sorted; made when one is missed */
    GHashTable *of_base;   /* set of them */
    GHashTable *base_objects; /* name → SharedObject of the base, NULL: not read */
    GHashTable *loaded;       /* set of NativeFile: what an earlier import has loaded */
    GHashTable *missing;      /* NativeFile → GPtrArray of SharedSymbol that no wheel defines */
    int base_is_known;        /* -1: not asked yet */
    int others_are_read;      /* what is no wheel's; -1: not asked yet */
    guint read_wheels;        /* that many of run->wheels, the first ones, are read */
    guint32 numpy_abi;        /* of what is installed; 0: not known */
    char *numpy_version;      /* or NULL */
    bool numpy_asked;
    bool missed;
};

/* Whether every library of the base is known by name. */
bool library_judge_knows_base(LibraryJudge *judge);
/* Whether the base has a library of this name anywhere. For a base that is known. */
bool library_judge_base_has(LibraryJudge *judge, const char *name);
LibraryProblem *library_problem_new(const char *exception, bool loader, bool certain,
                                    char *take_message);

/* What loading an object loads, and where its symbols are looked for (ld.so(8); System V gABI,
 * chapter 5, "Shared Object Dependencies"). */
typedef struct {
    GPtrArray *objects; /* LoadObject of wheels: every one that may be meant by a name */
    GHashTable *sure;   /* set of NativeFile: those that no other can be meant instead of */
    GPtrArray *of_base; /* SharedObject; the judge's */
    bool open;          /* something of it is not known, or may be another file than is thought */
    bool driver;        /* a library of the driver is needed, which is never read */
} LibraryClosure;
LibraryClosure *library_closure_new(LibraryJudge *judge, LoadObject *first);
void library_closure_free(LibraryClosure *closure);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LibraryClosure, library_closure_free)
/* Whether the name that an object needs may mean another file than those of wheels. */
bool library_is_elsewhere(LibraryJudge *judge, const LoadObject *object, const char *name);
/* Whether the base or the recipe sets a variable of the environment. */
bool library_env_is_set(const CheckRun *run, const char *name);
/* A library of the C and C++ implementations: what is needed of them has versions. */
bool library_is_system(const char *name);
/* Whether nothing that is installed was left unread. */
bool library_all_read(LibraryJudge *judge);

/* The first object of what is loaded that lacks a symbol for certain; noted in run->refusals. NULL:
 * nothing that is known. */
LibraryProblem *library_symbols_judge(LibraryJudge *judge, const LibraryClosure *closure,
                                      const char *path, bool lazy);
