/* PEP 440 version specifiers and sets of them, as `packaging` (26.x) reads, matches and prints them
 * (notes: the pre-release rules of its SpecifierSet.filter, `===` as a text comparison). */
#pragma once

#include "python/version.h"

typedef enum {
    PRERELEASES_DEFAULT, /* packaging's None */
    PRERELEASES_YES,
    PRERELEASES_NO,
} Prereleases;

typedef enum {
    OP_COMPATIBLE,    /* ~= */
    OP_EQUAL,         /* == */
    OP_NOT_EQUAL,     /* != */
    OP_LESS_EQUAL,    /* <= */
    OP_GREATER_EQUAL, /* >= */
    OP_LESS,          /* < */
    OP_GREATER,       /* > */
    OP_ARBITRARY,     /* === */
} SpecifierOp;

typedef struct {
    SpecifierOp op;
    bool wildcard;    /* ==1.* and !=1.* */
    char *text;       /* as packaging prints it: "==1.0.*" */
    char *operand;    /* the version text behind the operator, wildcard included; part of text */
    Version *version; /* NULL for === */
} Specifier;

/* packaging's equality: ==1.0 is ==1, but ~=1.0 is not ~=1.0.0. */
bool specifier_equal(const Specifier *a, const Specifier *b);

/* An immutable, reference-counted set; the empty set accepts everything. */
typedef struct SpecifierSet SpecifierSet;

/* A comma-separated list, possibly empty. Errors: ERROR_INPUT naming the bad clause and why. */
SpecifierSet *specifier_set_parse(const char *text, GError **error);
SpecifierSet *specifier_set_empty(void);
/* Everything that both accept. */
SpecifierSet *specifier_set_and(const SpecifierSet *a, const SpecifierSet *b);
SpecifierSet *specifier_set_ref(const SpecifierSet *set);
void specifier_set_unref(SpecifierSet *set);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SpecifierSet, specifier_set_unref)

/* In the order of their printed texts, without repetition. */
const Specifier *specifier_set_items(const SpecifierSet *set, size_t *ret_count);
bool specifier_set_is_empty(const SpecifierSet *set);
bool specifier_set_equal(const SpecifierSet *a, const SpecifierSet *b);
/* str(SpecifierSet): sorted, joined by ","; belongs to the set. */
const char *specifier_set_text(const SpecifierSet *set);

bool specifier_set_contains(const SpecifierSet *set, const Version *version,
                            Prereleases prereleases);
/* `versions` holds Version*; returns those accepted in the same order (borrowed), with packaging's
 * rule that pre-releases come back when nothing else matches. */
GPtrArray *specifier_set_filter(const SpecifierSet *set, const GPtrArray *versions,
                                Prereleases prereleases);
/* As these two for versions as somebody spelled them, which may be no versions at all: `===`
 * compares the spelling, the other operators refuse what is no version, and the empty set takes
 * everything. */
bool specifier_set_contains_text(const SpecifierSet *set, const char *version,
                                 Prereleases prereleases);
GPtrArray *specifier_set_filter_texts(const SpecifierSet *set, const char *const *versions,
                                      Prereleases prereleases);

/* Exactly one clause, in which === may hold commas; NULL when it is none. */
SpecifierSet *specifier_set_parse_one(const char *text);
/* Whether all clauses match, whatever is a pre-release. `text` is the version's spelling, `version`
 * its value or NULL when it is no version. */
bool specifier_set_matches(const SpecifierSet *set, const Version *version, const char *text);

/* Every clause that was written, repetitions included, sorted; NULL-terminated, the caller frees
 * the array alone. */
const char **specifier_set_clauses(const SpecifierSet *set);

/* The end of the clause that begins at `text`, or NULL when none does: what a requirement takes for
 * a clause. specifier_set_parse() may still refuse it. */
const char *specifier_scan(const char *text);
