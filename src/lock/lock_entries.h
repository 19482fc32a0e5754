/* What is installed after a stage, as a list of entries and as what differs from another list.
 *
 * One distribution may be there twice (a second dist-info), so that a list is a bag of entries. */
#pragma once

#include "lock/lock.h"

LockDistribution *lock_distribution_copy(const LockDistribution *from);

/* "name version", with " ghost" behind it for a copy that pip does not see; caller frees. */
char *lock_entry_text(const LockDistribution *entry);
/* By name, what pip sees before what it does not, then version. */
void lock_entries_sort(GPtrArray *entries);
/* The entries that `others` lacks or holds with another content; borrowed. */
GPtrArray *lock_entries_without(const GPtrArray *entries, const GPtrArray *others);
/* Copies of the entries except those that `gone` (char *, as lock_entry_text()) names, each name
 * taking one away. */
GPtrArray *lock_entries_drop(const GPtrArray *entries, const GPtrArray *gone);
