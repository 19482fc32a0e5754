/* The distributions in the folders of sys.path: dist-info and egg-info with what they say
 * (PEP 376, 427, 610). */
#pragma once

#include "python/environment.h"
#include "python/file_tree.h"

/* Adds what is installed in `folder`, and in the folders that its .pth files name, to the
 * environment. `outside`: pip does not uninstall from there. Folders seen before (their paths are
 * kept in `seen`) are skipped. What can't be read is said in `warnings`. */
void installed_scan(Environment *environment, const FileTree *tree, const char *folder,
                    bool outside, GPtrArray *seen, GPtrArray *warnings);
