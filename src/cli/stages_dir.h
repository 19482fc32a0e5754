/* Where the shipped stage definitions are: $RAMEKIN_STAGES, else the source tree for a program that
 * runs from its build folder, else share/ramekin/stages beside the program, else where they were
 * installed. */
#pragma once

/* Caller frees. */
char *stages_dir_find(void);
/* Where the tables of GPUs and drivers are looked for, best first: $RAMEKIN_DATA, the user's own
 * data folder, and the shipped one, found as the stages are; the last may not be
 * there. Caller frees. */
char **data_dirs_find(void);
