/* The commands: one file each (cmd_NAME.c), one table (commands.c). */
#pragma once

#include "cli/options.h"

extern const Command command_init;
extern const Command command_import;
extern const Command command_lock;
extern const Command command_build;
extern const Command command_run;
extern const Command command_verify;
extern const Command command_plan;
extern const Command command_check;
extern const Command command_diff;
extern const Command command_bisect;
extern const Command command_matrix;
extern const Command command_render;
extern const Command command_export;
extern const Command command_why;
extern const Command command_outdated;
extern const Command command_explain;
extern const Command command_inspect;
extern const Command command_cache;
extern const Command command_help;
extern const Command command_completion;

/* In the order in which help lists them. */
const Command *const *commands_all(size_t *ret_count);
const Command *command_find(const char *name);
/* Whether the recipe is named with -f, and not by an argument. */
bool command_takes_file(const Command *command);
/* "did you mean": the nearest name, or NULL. */
/* What `ramekin help` prints; the caller frees it. */
char *commands_overview(void);
const char *command_nearest(const char *name);

/* Option tables that commands share. */
extern const OptionGroup options_file;    /* -f */
extern const OptionGroup options_recipe;  /* --var, --stage-path, --platform */
extern const OptionGroup options_resolve; /* --index … --offline, --cache-dir, --jobs */
extern const OptionGroup options_common;  /* --help, -q, -v, --progress */
