/* The families of findings, one file each (rule_NAME.c). For the files of this folder only.
 *
 * A rule adds findings with check_add() and asks nobody; what it can't know it leaves unsaid, or
 * says to be unknown in a note. */
#pragma once

#include "check/check.h"

void rule_abi(CheckRun *run);
void rule_cuda(CheckRun *run);
void rule_cuda_twice(CheckRun *run);
void rule_files(CheckRun *run);
void rule_gpu(CheckRun *run);
void rule_handler(CheckRun *run);
void rule_image(CheckRun *run);
void rule_imports(CheckRun *run);
void rule_indexes(CheckRun *run);
void rule_platform(CheckRun *run);
void rule_runpod(CheckRun *run);
void rule_runpod_hub(CheckRun *run);
void rule_scripts(CheckRun *run);
