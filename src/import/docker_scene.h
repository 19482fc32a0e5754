/* Where the reader of a Dockerfile stands: what the instructions so far have set, and the stages
 * that they became. The files docker_*.c read one kind of instruction or command each. */
#pragma once

#include "dockerfile/pip_command.h"
#include "import/draft.h"

/* Something that COPY, git or a download brought, by its path in the image. */
typedef struct {
    char *path;   /* absolute; of a folder without the last "/" */
    char *source; /* in the recipe's folder; NULL: not from there */
    bool is_folder;
    DraftValue *entry; /* borrowed: what brings it; NULL: several things in one */
    const char *kind;  /* "files", "git", "download", "part" of COPY --from, "wheels" of pip */
    DraftStage *stage; /* borrowed */
} ScenePath;

typedef enum {
    STEP_KEEP, /* not understood */
    STEP_DONE, /* it is in the draft, or nothing need be done */
} StepResult;

typedef struct Scene {
    Draft *draft;
    const Dockerfile *file;
    const BuildStages *stages;
    const char *name;  /* of the file, without its folder */
    char *context;     /* the folder that COPY reads, on this machine; NULL: not known */
    int number;        /* of the build stage */
    guint instruction; /* in the file */
    GPtrArray *out;    /* borrowed: of the recipe or of a part */
    DraftValue *keys;  /* borrowed: of the same */
    bool is_part;      /* its configuration is not the image's */
    GHashTable *env;   /* ENV's name -> value, with marks */
    GHashTable *marks; /* name of an ARG -> its mark */
    char *workdir, *user;
    char *final_user;    /* what USER says last */
    GHashTable *users;   /* name -> DraftValue: what useradd made */
    char *venv;          /* or NULL */
    char *index, *extra; /* of `pip config`; or NULL */
    bool in_project;     /* `poetry config virtualenvs.in-project true` */
    GPtrArray *paths;    /* ScenePath, in order */
    bool taking;         /* it is read to see whether COPY --from takes all it makes */
    char *place;         /* where pip puts packages or wheels apart; or NULL */
    bool place_is_wheels;
    GPtrArray *placed;   /* DraftStage, borrowed: what is there */
    GPtrArray *wheels;   /* DraftStage: wheels that COPY --from brought, to be installed; or NULL */
    GPtrArray *projects; /* char *: folders of the image with a project's code, on PYTHONPATH */
    GHashTable *parts;   /* build stages that are parts already: name -> "" */
    DraftValue *archives; /* of add-apt-repository, until something is installed; or NULL */
    DraftValue *when;     /* conditions of what is made now, or NULL */
    bool left_tools;      /* what brings uv or poetry is not in the recipe */
    bool said_torch, said_platform, said_shell, said_tools;
    unsigned depth; /* of build stages that are taken into others */
} Scene;

/* Texts with references put in: an ARG stands as a variable of the recipe, which is declared, ENV
 * as its value. NULL where it is not known. Callers free. */
char *scene_word(Scene *scene, const Placed *word);
char *scene_value(const Scene *scene, const Placed *word); /* the ARG's value instead */
/* The value with marks for what the base's environment has. */
char *scene_marked_value(const Scene *scene, const Placed *word);
/* scene_word() for `env:`; NULL too where a "$" of the text itself would be a reference. */
char *scene_env_word(Scene *scene, const Placed *word);
/* scene_word() where nothing can refer to the base's environment: what it may set is taken to be
 * unset. */
char *scene_word_alone(Scene *scene, const Placed *word);
/* The same only where there is a default for what the base may set: "${PORT:-8000}". */
char *scene_word_or_default(Scene *scene, const Placed *word);
/* What scripts are read with. */
RunNames scene_names(const Scene *scene);
/* Replaces marks in a value of a command by variables, which are declared, and escapes the rest. */
char *scene_finish(Scene *scene, const char *marked);
/* The same with the variables' values. */
char *scene_plain(const Scene *scene, const char *marked);
bool scene_has_mark(const char *marked);
/* Makes a variable of an ARG; false: there is one of another value. */
bool scene_declare(Scene *scene, const char *name, const char *value);

/* A web address that a recipe may hold: with a host, without a password. */
bool scene_is_url(const char *text);
bool scene_is_env_name(const char *name);
/* "NAME=value", with marks, in the `env:` of a stage; a secret is noted instead. */
void scene_set_env(Scene *scene, DraftValue *body, const char *setting, Span at);

/* The path below the working directory; a "/" at its end stays. */
char *scene_path(const Scene *scene, const char *cwd, const char *path);

/* Adds a stage, with its line and the comments above it. Takes `body`. */
DraftStage *scene_stage(Scene *scene, const char *kind, DraftValue *body, Span at);
/* An entry of a `files:` stage, which goes into the one before where that is of the same
 * instruction. Takes `entry`. */
DraftStage *scene_file(Scene *scene, DraftValue *entry, Span at);
void scene_add_path(Scene *scene, char *path, char *source, bool is_folder, DraftValue *entry,
                    const char *kind, DraftStage *stage);
/* The last one that brought exactly this path; NULL: none. */
ScenePath *scene_path_find(const Scene *scene, const char *path);
/* The path in the recipe's folder that a path of the image comes from; NULL: none. */
char *scene_source_of(const Scene *scene, const char *path);
bool scene_is_context_folder(const Scene *scene, const char *source);

Span scene_span(const Scene *scene); /* of the instruction's keyword */

/* A scene of another build stage of the same file and draft, whose stages go into `out`. */
Scene *scene_new_below(Scene *scene, GPtrArray *out);
void scene_free(Scene *scene);
void scene_free_stage(void *stage);
/* From here on packages go into this virtual environment. */
void scene_set_venv(Scene *scene, const char *path);

/* Reads a build stage and those it builds on into scene->out. */
void scene_read_stage(Scene *scene, int number);
/* Makes a part of a build stage or image that COPY --from names; its name, or NULL. */
char *scene_part(Scene *scene, const char *from, Span at);

/* Instructions */
void scene_config(Scene *scene, const DockerInstruction *instruction);
void scene_copy(Scene *scene, const DockerInstruction *instruction);
void scene_run(Scene *scene, const DockerInstruction *instruction);

/* One RUN as it is taken apart. */
typedef struct {
    const DockerInstruction *instruction;
    RunScript *script;
    char *cwd;           /* what `cd` says, absolute */
    char *venv;          /* what `activate` says, or NULL */
    GPtrArray *settings; /* "NAME=value" of export, with marks */
    bool strict;         /* the shell ends at the first failure: set -e */
    bool said_strict;    /* that it does not, and ramekin does */
    const char *input;   /* text that a pipe feeds into the command; NULL: none */
    const ShellStep *step;
    Span at;
} RunRead;

/* The path that a recipe gives for a file that a command names: in its folder where the file comes
 * from there, else inside the image. NULL: a URL, or not known. */
char *scene_input(Scene *scene, const RunRead *run, const char *value);
/* The path is the folder, or lies in it. */
bool scene_is_below(const char *path, const char *folder);
/* Whether it is a `files:` stage and all that it brings lies below the folder. */
bool scene_brings_below(const Scene *scene, const DraftStage *stage, const char *folder);
/* The entry that brings a file, in the list form, which has room for a mode; NULL: none. */
DraftValue *scene_entry_of(Scene *scene, ScenePath *found);
/* All that a `files:` stage brings gets the owner. */
void scene_own_stage(DraftStage *stage, const char *owner);
/* "NAME:GROUP" with numbers where the recipe makes that user. Caller frees. */
char *scene_owner(Scene *scene, const char *owner, Span at);
/* "python3.11", which a command names, instead of what the base's name lets one think. */
void scene_use_python(Scene *scene, const RunRead *run, const char *program);
/* Whether something that the recipe says brings the path, and no `run:`. */
bool scene_is_brought(const Scene *scene, const char *path);
/* Whether the path lies in a repository that a `git:` stage brings. */
bool scene_is_cloned(const Scene *scene, const char *path);
/* Hints to definitions that do it better: of what pip installs (a list), of what apt does. */
void scene_hint_packages(Scene *scene, const DraftValue *install, Span at);
void scene_hint_ssh(Scene *scene, const char *package, Span at);
/* The folder of the environment that a pip command works on; "": the system's, "?": not known. */
char *scene_environment(const Scene *scene, const RunRead *run, const PipCommand *pip);
StepResult scene_pip_config(Scene *scene, const PipCommand *pip);

/* Builders (docker_builder.c): what pip puts apart for a later COPY --from. */
/* The folder of `pip install --prefix` and `pip wheel`; NULL: none. Caller frees. */
char *scene_given_place(const Scene *scene, const RunRead *run, const PipCommand *pip);
/* False: what is put there can't be followed. */
bool scene_may_place(const Scene *scene, const PipCommand *pip, const char *place);
/* The stages of scene->out from `first` on are what is there. */
void scene_remember_place(Scene *scene, const PipCommand *pip, const char *place, guint first);
/* COPY --from of that folder: taken out of `apart`; false: it is not it. */
bool scene_take_place(Scene *scene, Scene *apart, GPtrArray *out, const char *source,
                      const char *target);
/* Whether the argument names wheels that a builder made: a folder, or a pattern of all in it. */
bool scene_names_wheels(const Scene *scene, const RunRead *run, const char *text);
/* Here they are installed. */
void scene_install_wheels(Scene *scene, bool no_deps);
/* What --mount=type=bind shows at a path of the image: its path in the recipe's folder, or NULL. */
char *scene_bound(Scene *scene, const RunRead *run, const char *path);

/* Adds a `run:` of the text. `plain`: any shell does the same with it. */
void scene_keep(Scene *scene, const RunRead *run, const char *text, bool plain, Span at);
/* What a continued line leaves, several blanks between words, made plain; nothing is changed where
 * quotes can't be told from the text alone. */
char *scene_tidy(const char *text);
/* The words of exec form as a script has them. */
char *scene_exec_text(const DockerInstruction *instruction);

/* What one program's command becomes: nothing is changed where it is STEP_KEEP. */
typedef StepResult (*StepReader)(Scene *scene, RunRead *run, const RunCommand *command);
StepResult step_pip(Scene *scene, RunRead *run, const RunCommand *command);
StepResult step_uv(Scene *scene, RunRead *run, const RunCommand *command);
StepResult step_poetry(Scene *scene, RunRead *run, const RunCommand *command);
StepResult step_python(Scene *scene, RunRead *run, const RunCommand *command);
StepResult step_apt(Scene *scene, RunRead *run, const RunCommand *command);
StepResult step_apt_source(Scene *scene, RunRead *run, const RunCommand *command);
StepResult step_git(Scene *scene, RunRead *run, const RunCommand *command);
StepResult step_fetch(Scene *scene, RunRead *run, const RunCommand *command);
StepResult step_unpack(Scene *scene, RunRead *run, const RunCommand *command);
StepResult step_installer(Scene *scene, RunRead *run, const RunCommand *command);
StepResult step_hub(Scene *scene, RunRead *run, const RunCommand *command);
StepResult step_mkdir(Scene *scene, RunRead *run, const RunCommand *command);
StepResult step_link(Scene *scene, RunRead *run, const RunCommand *command);
StepResult step_chmod(Scene *scene, RunRead *run, const RunCommand *command);
StepResult step_chown(Scene *scene, RunRead *run, const RunCommand *command);
StepResult step_sed(Scene *scene, RunRead *run, const RunCommand *command);
StepResult step_echo(Scene *scene, RunRead *run, const RunCommand *command);
StepResult step_remove(Scene *scene, RunRead *run, const RunCommand *command);
StepResult step_user(Scene *scene, RunRead *run, const RunCommand *command);

/* "URL | tar -x": the download that the last step of a pipe unpacks. */
StepResult step_piped_archive(Scene *scene, RunRead *run, const RunCommand *fetch,
                              const RunCommand *unpack);
/* Whether the commands put uv, pip or poetry where they are not needed. */
bool step_is_installer(const RunCommand *fetch, const RunCommand *shell);
/* The lines of a "<<-" heredoc without the tabs that they begin with. Caller frees. */
char *scene_chomp(const char *text);
/* What a command of echo, printf or cat writes; NULL: not known. */
char *step_output(const RunCommand *command);
/* Where the command's output goes; *ret_append. NULL: nowhere, or not known. */
const ShellRedirect *step_redirect_out(const RunCommand *command, bool *ret_append);
/* Whether it has redirections that matter: others than "2>&1" and to /dev/null. */
bool step_redirects(const RunCommand *command);
