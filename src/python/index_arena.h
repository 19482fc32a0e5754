/* Memory of a page's files: thousands of small texts that live and die together. */
#pragma once

#include "python/index.h"

typedef struct IndexArena IndexArena;

IndexArena *index_arena_new(void);
void index_arena_free(IndexArena *arena);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(IndexArena, index_arena_free)
/* An empty file with unknown size and time. */
IndexFile *index_arena_file(IndexArena *arena);
/* Keeps the bytes as long as the arena, for texts that lie in them. */
void index_arena_keep(IndexArena *arena, GBytes *bytes);
char *index_arena_text(IndexArena *arena, const char *text, size_t length);

/* What a URL's fragment says (#sha256=…&md5=…): a pip-known algorithm's digest in lower case. The
 * texts go to the arena, or to the heap when it is NULL. FALSE when a sha256 is no such digest. */
gboolean index_file_take_fragment(IndexFile *file, IndexArena *arena, const char *fragment);
/* One digest of the file, `algorithm` as the index names it; unknown ones are ignored. */
gboolean index_file_take_hash(IndexFile *file, IndexArena *arena, const char *algorithm,
                              const char *digest);

/* Whether a file of that name can belong to the project `canonical` (NULL: to any): a wheel name of
 * five or six parts, or NAME-VERSION with an extension of source archives. */
bool index_filename_fits(const char *filename, const char *canonical);
