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

/* What names of torch's own namespaces look like: torch::, at::, c10::. */
bool native_is_torch_name(const char *name);
bool native_uses_torch(const SharedObject *object);
/* Whether any library that was read defines it: of torch, of the wheel itself, of another. */
bool native_is_defined(const CheckRun *run, const char *name);
/* Whether all that could define torch's functions was read. */
bool native_is_complete(const WheelNative *torch);
/* The first name of torch's that the object needs and nothing defines, or NULL. */
const char *native_missing_of_torch(const CheckRun *run, const SharedObject *object);
/* The clause of the wheel's own metadata that the installed torch does not meet, or NULL. Caller
 * frees. */
char *native_unmet_torch(const CheckRun *run, const CheckWheel *wheel);
