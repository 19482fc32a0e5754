/* The build stages of a Dockerfile, and what references mean at each instruction: ARG before the
 * first FROM is seen by FROM alone, until a stage declares the name again; ENV wins over ARG; a
 * stage starts with what the stage has that it builds on; what an image of a registry sets is not
 * known (Dockerfile reference, ARG, "Scope", and ENV).
 *
 * A default of ARG counts as its value. */
#pragma once

#include "dockerfile/lexer.h"
#include "dockerfile/parse.h"

typedef struct {
    const DockerInstruction *from;
    char *name;            /* in lower case, or NULL */
    const Placed *image;   /* FROM's word; NULL where FROM is malformed */
    char *base;            /* the same with references replaced; NULL: not known */
    int base_stage;        /* the stage that `base` names; -1: an image */
    guint begin, end;      /* its instructions in the file, FROM included */
    GHashTable *variables; /* name -> GArray of what it is from which instruction on */
    bool in_image;         /* the last stage is this one, or builds on it */
} BuildStage;

typedef struct {
    const Dockerfile *file; /* borrowed */
    GPtrArray *stages;      /* BuildStage */
    GHashTable *globals;    /* ARG before the first FROM */
} BuildStages;

/* The file outlives it. */
BuildStages *build_stages_new(const Dockerfile *file);
void build_stages_free(BuildStages *stages);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BuildStages, build_stages_free)

/* The stage of that name or number before stage `limit`, or -1. */
int build_stage_find(const BuildStages *stages, const char *name, guint limit);
/* The stage that the instruction is part of; -1: it stands before the first FROM. */
int build_stage_of(const BuildStages *stages, guint instruction);

/* What is known in front of an instruction. */
typedef struct {
    const BuildStages *stages;
    int stage; /* -1: before the first FROM, and in FROM */
    guint instruction;
} BuildScope;

BuildScope build_scope_at(const BuildStages *stages, guint instruction);
/* A LexLookup; `data` is a BuildScope. */
LexValue build_scope_look_up(const void *data, const char *name, const char **ret_value);
/* Whether ENV, not ARG, gives the name its value there. */
bool build_scope_is_env(const BuildScope *scope, const char *name);
/* Whether an ARG or ENV of the file gives or declares the name before that. */
bool build_scope_declares(const BuildScope *scope, const char *name);
/* The word's value; NULL where it is malformed or not known. Caller frees. */
char *build_scope_value(const BuildScope *scope, const Placed *word);
/* The words of the SHELL that is in force (Placed), or NULL for the builder's own. */
const GPtrArray *build_scope_shell(const BuildScope *scope);
