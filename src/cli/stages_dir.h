/* Where the shipped stage definitions are: $RAMEKIN_STAGES, else the source tree for a program that
 * runs from its build folder, else share/ramekin/stages beside the program, else where they were
 * installed. */
#pragma once

/* Caller frees. */
char *stages_dir_find(void);
