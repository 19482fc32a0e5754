/* An IndexClient that answers from a universe in memory (tests/server/universe.py describes the
 * form), so that the resolver can be tested without a server. It implements the functions of
 * index.h that the resolver and the installer call. */
#pragma once

#include "python/index.h"
#include "text/json.h"

/* `base_url` is what addresses of files begin with: BASE/files/INDEX/FILE. `digests` may map file
 * names to the sha256 of their content. The JSON must outlive the client,
 * and so must the locations that are asked, for files point to them. */
IndexClient *memory_index_new(const Json *universe, const Json *digests, const char *base_url);
void memory_index_free(IndexClient *client);
/* How many metadata files were asked for. */
unsigned memory_index_metadata_reads(const IndexClient *client);
/* Of how many files the metadata was asked for before anybody had wanted it. */
unsigned memory_index_metadata_waits(const IndexClient *client);
