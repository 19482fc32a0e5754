/* What the files of file spaces share. */
#pragma once

#include "check/file_space.h"
#include "plan/wheel_script.h"

typedef struct SpaceInstall SpaceInstall;

typedef struct SpaceEntry {
    SpaceFile file;
    SpaceInstall *install;    /* NULL: the base's */
    struct SpaceEntry *over;  /* what it was written over */
    const EntryPoint *script; /* of a wrapper */
    bool current;             /* in the space: neither written over nor removed */
} SpaceEntry;

/* One installation of a wheel by a stage. */
struct SpaceInstall {
    const LockAction *action;
    const WheelArchive *wheel; /* NULL: unknown */
    unsigned stage;
    InstalledDistribution *distribution;
    SpaceEntry *entries;
    size_t count;
    bool gone;   /* uninstalled */
    bool behind; /* a later one of the project was written over it */
};

struct FileSpace {
    FileSpaceInput input;
    unsigned stages;
    Environment *environment; /* NULL: no Python */
    InstallTarget *target;
    GHashTable *by_path;  /* path → SpaceEntry */
    GHashTable *wheels;   /* LockFile → WheelArchive */
    GHashTable *problems; /* LockFile → char * */
    GPtrArray *unknown;   /* LockFile */
    GPtrArray *installs;  /* SpaceInstall, in order */
    GHashTable *last;     /* canonical name → SpaceInstall that was written last */
    GHashTable *owners;   /* InstalledDistribution → SpaceInstall */
    GPtrArray *entries;   /* SpaceEntry of the base */
    GPtrArray *wrappers;  /* GPtrArray of EntryPoint, to which entries refer */
    GStringChunk *texts;
    GPtrArray *files, *overlaps, *scripts;
};

/* A path of the image as the space has it: a part of `path`, or `path` itself. */
const char *space_path(const FileSpace *space, const char *path);
/* Puts the entry where its path says. */
void space_put(FileSpace *space, SpaceEntry *entry);
void space_take_out(FileSpace *space, const char *path);

/* The base's own site-packages, with the owners that the environment knows. */
void space_add_base(FileSpace *space);
/* All stages, in order. */
void space_apply_stages(FileSpace *space);
