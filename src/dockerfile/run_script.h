/* The scripts of RUN instructions, taken apart into commands whose words have values: what ARG and
 * ENV say is put in, and programs that run others (sudo, env, nice ...) are taken away. */
#pragma once

#include "dockerfile/build_stages.h"
#include "dockerfile/shell.h"

typedef struct RunScript RunScript;

/* What stands for a variable in the values of words; `value` is what it is there, or NULL. Borrowed
 * while the script is made. NULL: not known. */
typedef struct {
    const char *(*name)(const void *data, const RunScript *script, const char *name,
                        const char *value);
    const void *data;
} RunNames;

typedef struct {
    char *value; /* NULL: not known */
    const ShellWord *word;
} RunArgument;

/* A script that a RUN hands to a shell of POSIX's kind: shell form, heredocs, exec form, `sh -c`.
 */
struct RunScript {
    const DockerInstruction *instruction;
    guint index;    /* of the instruction in the file */
    bool triggered; /* behind ONBUILD: it runs in the builds of others, after all of this file */
    unsigned depth; /* 0: of the RUN itself; else how many `sh -c` it is inside of */
    int stage;
    BuildScope scope;
    const RunNames *names; /* or NULL */
    ShellScript *shell;
    GHashTable *assigned; /* names that the script itself gives values */
    GPtrArray *commands;  /* RunCommand */
};

typedef struct {
    const RunScript *script;
    const ShellCommand *shell;
    GPtrArray *arguments;  /* RunArgument: the program first, without sudo, env and the like */
    char *program;         /* its base name; NULL: not known, or nothing but assignments */
    GPtrArray *settings;   /* "NAME=value" before it, NULL values left out */
    const ShellWord *sudo; /* NULL: there is none */
} RunCommand;

/* RunScript, in order: of every RUN that a shell of POSIX's kind reads, those behind ONBUILD and
 * those that `sh -c` gets too. The stages outlive them. */
GPtrArray *run_scripts_new(const BuildStages *stages);
/* The text of a RUN's script; NULL where no shell of POSIX's kind reads it. Caller frees. */
Placed *run_script_text(const BuildScope *scope, const DockerInstruction *instruction);
/* One script, which takes its text; `names` outlives it. What `sh -c` gets is not looked into. */
RunScript *run_script_new(const BuildScope *scope, const DockerInstruction *instruction,
                          Placed *text, const RunNames *names);
void run_script_free(RunScript *script);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RunScript, run_script_free)

/* Argument `i`'s value; NULL where there is none or it is not known. */
const char *run_argument(const RunCommand *command, guint i);
bool run_has_argument(const RunCommand *command, const char *value);
/* The value of NAME in the command's settings, else in ENV and ARG; NULL: unset or not known. */
const char *run_setting(const RunCommand *command, const char *name);
Span run_command_span(const RunCommand *command);
/* The command as it is written, on one line. Caller frees. */
char *run_command_text(const RunCommand *command);
/* Python code that a command runs: of `python -c`, or a heredoc. NULL: none. Its place is `at`. */
char *run_python_code(const RunCommand *command, Span *ret_at);
