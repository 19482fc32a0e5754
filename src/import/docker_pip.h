/* One pip or uv command on its way to a `pip:` stage: docker_pip.c reads what it installs and
 * where, docker_pip_options.c its options, the indexes and the environment. */
#pragma once

#include "import/docker_project.h"

/* What is read of one command; notes are given only when all of it was understood. */
typedef struct {
    Scene *scene;
    RunRead *run;
    const PipCommand *pip;
    DraftValue *body;    /* the keys of the stage */
    GPtrArray *projects; /* Folder, of docker_pip.c */
    GPtrArray *notes;    /* PipNote */
    bool isolated;       /* no --no-build-isolation */
    bool found;          /* --find-links names the wheels of a builder */
    bool wheels;         /* those of a builder are installed */
} PipRead;

typedef struct {
    NoteKind kind;
    char *text;
} PipNote;

void pip_note_free(void *note);
/* Takes the text. */
void pip_add_note(PipRead *read, NoteKind kind, char *text);

/* The options become keys of the body. False: one has no key, or its value is not known. */
bool pip_read_options(PipRead *read);
/* The same for what PIP_NAME and UV_NAME say of options that the command does not give. */
bool pip_read_settings(PipRead *read);
/* Whether what is built has an environment of its own to be built in. */
bool pip_is_isolated(const PipRead *read);
/* The indexes of the environment and of `pip config`; false: one is not known. */
bool pip_add_configured_indexes(PipRead *read);
/* A secret that the command reads an index or a password from. */
void pip_note_secrets(PipRead *read);
/* Whether the command itself has the option. */
bool pip_given(const PipRead *read, const char *name);
/* Values that the options of these names have, and their variables in the environment: char *, NULL
 * where one is not known. Caller frees. */
GPtrArray *pip_values(const PipRead *read, const char *const *names);
