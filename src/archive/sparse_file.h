/* Parts of a file that lies elsewhere, as they came: what is here can be read at its offset in the
 * whole file, the rest is not here. Encoded it is one run of bytes, which can be mapped from a
 * cache and read without a copy. */
#pragma once

#include "archive/zip.h"

typedef struct SparseFile SparseFile;

/* Collects parts in any order; `size` is that of the whole file. */
typedef struct SparseBuilder SparseBuilder;
SparseBuilder *sparse_builder_new(guint64 size);
void sparse_builder_free(SparseBuilder *builder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SparseBuilder, sparse_builder_free)
/* Refers to `bytes`, which begin at `offset`; what lies past the end is left out. Of parts
 * that overlap, those that lie within another are left out. */
void sparse_builder_add(SparseBuilder *builder, guint64 offset, GBytes *bytes);
/* The parts by offset, neighbours as one. */
GBytes *sparse_builder_encode(SparseBuilder *builder);

/* NULL when the bytes are not what sparse_builder_encode() has made. Refers to `bytes`. */
SparseFile *sparse_file_decode(GBytes *bytes);
void sparse_file_free(SparseFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SparseFile, sparse_file_free)
guint64 sparse_file_size(const SparseFile *file);
/* [offset, offset + length) as a part of the file's bytes; NULL: not all of it is here. */
GBytes *sparse_file_read(const SparseFile *file, guint64 offset, size_t length);
/* Adds all of its parts, which stay as they are. */
void sparse_file_copy(const SparseFile *file, SparseBuilder *builder);
