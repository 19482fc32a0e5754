/* The parts of child.c that put the root together; in the forked process, by system calls alone.
 * FALSE with errno. */
#pragma once

#include "sandbox/child.h"

#define CHILD_ROOT "m" /* the root, in the scratch folder, where these functions stand */

bool child_mount_scratch(const ChildPlan *plan);
bool child_mount_overlay(const ChildPlan *plan);
bool child_mount_plain(const ChildPlan *plan);
/* /proc, /dev and /tmp are folders that something can be mounted on. */
bool child_make_folders(const ChildPlan *plan);
bool child_mount_bind(const ChildPlan *plan, const ChildBind *bind);
bool child_make_workdir(const ChildPlan *plan);
bool child_find_program(const ChildPlan *plan);
