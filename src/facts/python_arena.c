#include "facts/python_private.h"

#define CHUNK_SMALLEST ((size_t)1024)
#define CHUNK_LARGEST ((size_t)64 * 1024) /* below what malloc maps and unmaps each time */

typedef struct Chunk {
    struct Chunk *before;
    size_t size; /* and keeps what follows aligned to 16 */
} Chunk;

struct PyArena {
    Chunk *chunk;
    char *at, *end;
    size_t chunk_size;
    size_t taken; /* without what chunks leave over */
};

PyArena *py_arena_new(size_t expected)
{
    PyArena *arena = g_new0(PyArena, 1);
    arena->chunk_size = CLAMP(expected, CHUNK_SMALLEST, CHUNK_LARGEST);
    return arena;
}

void py_arena_free(PyArena *arena)
{
    if (!arena)
        return;
    while (arena->chunk) {
        Chunk *chunk = arena->chunk;
        arena->chunk = chunk->before;
        g_free(chunk);
    }
    g_free(arena);
}

static void chunk_add(PyArena *arena, size_t size)
{
    size_t bytes = MAX(arena->chunk_size, size + sizeof(Chunk));
    Chunk *chunk = g_malloc(bytes);
    chunk->before = arena->chunk;
    chunk->size = bytes;
    arena->chunk = chunk;
    arena->at = (char *)(chunk + 1);
    arena->end = (char *)chunk + bytes;
}

void *py_arena_take(PyArena *arena, size_t size)
{
    size = (size + 7) & ~(size_t)7;
    if ((size_t)(arena->end - arena->at) < size)
        chunk_add(arena, size);
    void *taken = arena->at;
    arena->at += size;
    arena->taken += size;
    return memset(taken, 0, size);
}

PyArenaMark py_arena_mark(const PyArena *arena)
{
    return (PyArenaMark){arena->chunk, arena->at, arena->taken};
}

size_t py_arena_since(const PyArena *arena, PyArenaMark mark)
{
    return arena->taken - mark.taken;
}

void py_arena_rewind(PyArena *arena, PyArenaMark mark)
{
    while (arena->chunk != mark.chunk) {
        Chunk *chunk = arena->chunk;
        arena->chunk = chunk->before;
        g_free(chunk);
    }
    arena->at = mark.at;
    arena->end = mark.chunk ? (char *)mark.chunk + mark.chunk->size : NULL;
    arena->taken = mark.taken;
}

static size_t arena_memory(const PyArena *arena)
{
    size_t bytes = sizeof *arena;
    for (const Chunk *chunk = arena->chunk; chunk; chunk = chunk->before)
        bytes += chunk->size;
    return bytes;
}

size_t py_tree_memory(const PyTree *tree)
{
    return sizeof *tree + arena_memory(tree->arena) + arena_memory(tree->names);
}

void py_tree_free(PyTree *tree)
{
    if (!tree)
        return;
    py_arena_free(tree->arena);
    py_arena_free(tree->names);
    g_clear_pointer(&tree->source, g_bytes_unref);
    g_free(tree);
}

void py_scratch_grow(PyParser *p, size_t size)
{
    p->scratch_size = MAX(p->scratch_size * 2, p->scratch_used + size + 4096);
    p->scratch = g_realloc(p->scratch, p->scratch_size);
}

const void *py_take(PyParser *p, size_t mark, size_t size, unsigned *ret_count)
{
    size_t bytes = p->scratch_used - mark;
    p->scratch_used = mark;
    *ret_count = (unsigned)(bytes / size);
    if (bytes == 0)
        return NULL;
    void *items = py_arena_take(p->arena, bytes);
    return memcpy(items, p->scratch + mark, bytes);
}

PyExprs py_take_exprs(PyParser *p, size_t mark)
{
    PyExprs list;
    list.items = py_take(p, mark, sizeof(PyExpr *), &list.count);
    return list;
}
