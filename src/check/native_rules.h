/* What the rules about libraries share. For the files of this folder only. */
#pragma once

#include "check/check.h"

/* Adds a finding about a wheel, at the line that asks for it, with its name and version; takes
 * `message`. */
Finding *native_add(CheckRun *run, const char *code, const CheckWheel *wheel, char *message);
/* Takes the lines, which end with NULL. */
void native_set_evidence(Finding *finding, GPtrArray *lines);
void native_set_line(Finding *finding, char *line);
/* Behind the lines that are there; takes `line`. */
void native_add_line(Finding *finding, char *line);
/* Whether the distribution of the wheel is installed in the end: others were only passed by. */
bool native_is_installed(const CheckRun *run, const CheckWheel *wheel);
const char *native_base_name(const char *member);
/* The value of KEY in {"KEY=value", NULL}, or NULL. */
const char *native_find_env(const char *const *env, const char *key);
/* A floor that the recipe states, or NULL. */
const char *native_host_driver(const CheckRun *run);
const char *native_host_cuda(const CheckRun *run);
