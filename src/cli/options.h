/* The command line: tables of options, from which parsing, --help, manual pages and completion
 * come.
 *
 * A command is {name, run, arguments, summary, option groups}. An option group is a table of rows;
 * each row says where in Options its value goes, so commands that share a group share its meaning.
 * Mistakes are ERROR_USAGE: one sentence, exit status 2. */
#pragma once

#include "base/error.h"

typedef enum {
    FORMAT_TEXT,
    FORMAT_JSON,
    FORMAT_SARIF, /* of check alone */
} OutputFormat;

typedef enum {
    PLAN_FORMAT_TEXT,
    PLAN_FORMAT_JSON,
    PLAN_FORMAT_HTML,
} PlanFormat;

typedef enum {
    DIFF_FORMAT_TEXT,
    DIFF_FORMAT_JSON,
    DIFF_FORMAT_MARKDOWN,
    DIFF_FORMAT_HTML,
} DiffFormat;

typedef enum {
    MATRIX_FORMAT_TEXT,
    MATRIX_FORMAT_JSON,
    MATRIX_FORMAT_MARKDOWN,
    MATRIX_FORMAT_GITHUB, /* from here on for CI systems */
    MATRIX_FORMAT_GITLAB,
} MatrixFormat;

typedef enum {
    FAIL_ON_ERROR,
    FAIL_ON_WARNING,
    FAIL_ON_NEVER,
} FailOn;

typedef enum {
    SHOW_AUTO,
    SHOW_PLAIN,
    SHOW_JSON,
    SHOW_NONE,
} ProgressChoice;

typedef enum {
    COLOUR_AUTO,
    COLOUR_ALWAYS,
    COLOUR_NEVER,
} ColourChoice;

typedef enum {
    RENDER_AS_DOCKERFILE,
    RENDER_AS_SCRIPT,
    RENDER_AS_RUNPOD,
    RENDER_AS_KUBERNETES,
    RENDER_AS_BAKE,
} RenderAs;

typedef enum {
    ON_FAILURE_STOP,
    ON_FAILURE_SHELL,
} OnFailure;

/* Rows that several commands have. `schema` is what JSON is called there. */
#define OPTION_ROW_FORMAT(schema)                                                                  \
    {                                                                                              \
        "format", 0, OPTION_CHOICE, "text|json", offsetof(Options, format), 0,                     \
            "text for people or JSON (" schema ") for scripts"                                     \
    }
#define OPTION_ROW_LOCKED                                                                          \
    {                                                                                              \
        "locked", 0, OPTION_SWITCH, NULL, offsetof(Options, locked), 0,                            \
            "fail where there is no lock that describes the recipe"                                \
    }

#define OPTION_ROW_ALLOW_SUBSTITUTED                                                               \
    {                                                                                              \
        "allow-substituted", 0, OPTION_SWITCH, NULL, offsetof(Options, allow_substituted), 0,      \
            "take a lock that was made with another index or base than the recipe's"               \
    }

#define OPTION_ROW_RUNNER(what)                                                                    \
    {                                                                                              \
        "runner", 0, OPTION_CHOICE, "auto|bwrap|crun|runc", offsetof(Options, runner), 0,          \
            what ": the first of these that works here (auto)"                                     \
    }

/* The values of every option of every command; strings are borrowed from argv, lists have a NULL
 * behind their last string. */
typedef struct {
    bool help, quiet, verbose;
    int progress; /* ProgressChoice */
    int colour;   /* ColourChoice */
    int format;   /* OutputFormat */

    GPtrArray *vars, *stage_path;
    char *cache_dir, *jobs, *timeout, *cert;
    bool offline;
    GPtrArray *indexes, *substitutes, *trusted_hosts;
    char *substitute_base;
    char *older_than, *keep; /* of the cache */

    char *recipe; /* -f */
    char *platform;
    bool locked, strict, force, allow_substituted;
    bool upgrade;
    GPtrArray *upgrade_names;

    bool all;
    char *output;
    GPtrArray *outputs; /* of build: -o may be repeated */
    bool dry_run, label_git, no_sandbox;
    int on_failure;  /* OnFailure */
    int as;          /* RenderAs */
    int export_as;   /* of export */
    int import_kind; /* of import: 0 is auto */
    bool import_check;
    bool no_pins;
    bool schema, scdoc;
    int fail_on; /* FailOn */
    char *dockerfile;
    int plan_format; /* PlanFormat */
    int diff_format; /* DiffFormat */
    int only;        /* a part of diff */
    bool stat;
    char *since;
    char *between;
    bool deep, fix;

    int matrix_format; /* MatrixFormat */
    bool check, solve;
    char *versions, *limit;

    bool network, no_overlay;
    int runner;     /* SandboxRunner */
    GPtrArray *env; /* of run */

    GPtrArray *arguments; /* what is no option, in order */
    guint before_dashes;  /* how many of them stand before "--"; G_MAXUINT: there is none */
} Options;

typedef enum {
    OPTION_SWITCH,
    OPTION_VALUE,
    OPTION_CHOICE, /* `value` is "first|second"; stored as the position */
    OPTION_LIST,   /* may be repeated */
    OPTION_NAMES,  /* a switch, and the names that follow it */
} OptionKind;

typedef struct {
    const char *name; /* without "--" */
    char letter;      /* or 0 */
    OptionKind kind;
    const char *value;   /* what help calls it: "DIR", "NAME=URL"; NULL for switches */
    size_t offset;       /* in Options */
    size_t names_offset; /* OPTION_NAMES: of the array */
    const char *help;    /* begins in lower case, no full stop */
} OptionRow;

typedef struct {
    const char *title;
    const OptionRow *rows; /* ends with a row without name */
} OptionGroup;

typedef struct Invocation Invocation;

typedef struct {
    const char *name;
    int (*run)(Invocation *invocation); /* exit status */
    const char *arguments;              /* "[RECIPE[#ROW]]" */
    unsigned min_arguments, max_arguments;
    const char *summary;              /* one line for the list of commands */
    const OptionGroup *const *groups; /* ends with NULL */
} Command;

Options *options_new(void);
void options_free(Options *options);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Options, options_free)

/* The words after the command's name; NULL-terminated. */
gboolean options_parse(const Command *command, char *const *words, Options *options,
                       GError **error);

/* Texts made from the tables; callers free. */
char *options_usage(const Command *command); /* "usage: ramekin lock [OPTION…] …" */
char *options_help(const Command *command);  /* the whole of --help */
char *options_scdoc(const Command *command); /* the OPTIONS section of the manual page */
char *options_completion(const Command *const *commands, size_t count); /* for bash */
