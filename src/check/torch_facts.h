/* For which CUDA the installed torch is built, and how that is known: its own torch/version.py
 * where the wheel was looked into, else the local label of its version. */
#pragma once

#include "check/check.h"

typedef struct {
    char *cuda; /* "12.4"; "": none */
    bool rocm;
    char *evidence; /* "torch/version.py of torch-2.6.0-….whl: 2.6.0+cu124" */
} TorchFacts;

/* False: there is no torch, or nothing tells. */
bool torch_facts_find(const CheckRun *run, TorchFacts *ret_facts);
void torch_facts_clear(TorchFacts *facts);
