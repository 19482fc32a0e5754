/* Ways out of a conflict: changes of one line, each of which was tried. */
#pragma once

#include "python/trial.h"

/* More lines than this are not tried one by one. */
#define LINES_TRIED 8

/* Fills conflict->ways. `all` are the request's lines, `set` those that conflict. */
void ways_out_find(Trials *trials, const Lines *all, const Lines *set, Conflict *conflict);
/* For a conflict that pip's search reports: looks for a solution that it does not find, by pinning
 * names of the conflict first. Sets conflict->solvable, and as the way out the pin with which pip
 * finds it too. */
void ways_out_beyond_pip(Trials *trials, const Lines *all, Conflict *conflict);
/* For a source distribution: the solution without sources of the name, or a version that has a
 * wheel for the line that pins one without. */
void ways_out_of_source(Trials *trials, const Lines *all, Conflict *conflict);
