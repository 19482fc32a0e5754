/* `wheels:` of a pip stage: wheels of projects that publish one file for each torch, CUDA, Python
 * and C++ ABI, as release assets and not on an index. The file name is made from what the stages
 * before left installed; a page of links says whether there is such a file, before anything of it
 * is fetched. It then becomes a requirement by URL, as if the user had written it. */
#pragma once

#include "lock/solve.h"

/* What is known of the installed torch. */
typedef struct TorchAbi TorchAbi;
TorchAbi *torch_abi_new(Solve *solve);
void torch_abi_free(TorchAbi *torch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TorchAbi, torch_abi_free)
/* "12.4" of torch/version.py in its wheel, else of its version's local label. NULL with an error:
 * ERROR_INPUT when it is built without CUDA or nothing tells. */
const char *torch_abi_cuda(TorchAbi *torch, GError **error);
/* "TRUE" when its libc10 speaks of std::string as libstdc++'s new ABI has it (_GLIBCXX_USE_CXX11_
 * ABI=1), "FALSE" for the old one. */
const char *torch_abi_cxx11(TorchAbi *torch, GError **error);
/* "torch 2.6.0+cu124: CUDA 12.4 by torch/version.py, …": what was asked for so far, or NULL. Caller
 * frees. */
char *torch_abi_evidence(const TorchAbi *torch);

/* Adds the requirements of the stage's wheels to its inputs. A wheel that is not there makes the
 * stage one that can't be satisfied (locked->conflict). FALSE: could not find out. */
gboolean solve_find_wheels(Solve *solve, guint index, LockStage *locked, GError **error);
