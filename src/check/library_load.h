/* Whether the loader takes a shared object of the image when an import asks for it, and whether the
 * module in it can begin (ld.so(8); numpy's C API, "Memory compatibility"). Decided from what was
 * read of the wheels and from the base's files; an object that is too large to be looked at is
 * taken to be in order. */
#pragma once

#include "check/check.h"

typedef struct LibraryJudge LibraryJudge;

/* An object that the loader refuses for symbols that nothing defines. */
typedef struct {
    char *loaded;                 /* path in the space of what was asked for */
    char *member;                 /* of its wheel: the object that lacks them, or the same */
    char *distribution, *version; /* of that wheel */
    char **symbols;               /* the first of them */
    guint missing;                /* how many there are */
    char *symbol_version;         /* that they are asked for, or NULL */
    char *library;                /* which library should define them, or NULL */
    char *owner, *owner_version;  /* the distribution that brings it, or NULL */
    guint root;                   /* the first of run->roots that loads it; G_MAXUINT: none */
} LibraryRefusal;
void library_refusal_free(void *refusal);

/* Borrows both, and the run's wheels, space, image and base, which are known before it is asked. */
LibraryJudge *library_judge_new(CheckRun *run, Cache *cache);
void library_judge_free(LibraryJudge *judge);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LibraryJudge, library_judge_free)

/* Whether an answer would have been another one if all could have been read. */
bool library_judge_missed(const LibraryJudge *judge);
/* Names of all libraries of the base and of the recipe's own files, sorted: with the wheels, what
 * answers depend on. The caller frees both. */
GPtrArray *library_names(const CheckRun *run);

/* The questions of an ImportScene; `judge` is a LibraryJudge. Without `lazy` every function is
 * looked up when the object is loaded, as CPython asks for: `import` opens with
 * sys.getdlopenflags(), RTLD_NOW at first, and ctypes adds RTLD_NOW to any mode. With RTLD_LAZY in
 * either, glibc leaves functions that are only called for later; addresses of data, and objects
 * linked with `-z now`, are bound at once all the same. */
char **library_judge_needed(void *judge, const char *path);
LibraryProblem *library_judge_problem(void *judge, const char *path, bool lazy);
bool library_judge_absent(void *judge, const char *name, bool stem);
