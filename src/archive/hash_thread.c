#include "archive/hash_thread.h"

#include "base/digest.h"

enum {
    BLOCK_BYTES = 256 * 1024,
    BLOCKS = 8,
    END = HASH_LANES, /* a lane that says: no more */
};

typedef struct {
    unsigned lane;
    size_t length;
    guint8 bytes[BLOCK_BYTES];
} Block;

struct HashThread {
    GThread *thread;
    GAsyncQueue *full, *empty;
    Block *blocks;
    Block *open[HASH_LANES]; /* being filled; NULL: none */
    Digest *digests[HASH_LANES];
};

static void *hash_blocks(void *data)
{
    HashThread *self = data;
    for (;;) {
        Block *block = g_async_queue_pop(self->full);
        if (block->lane == END)
            return NULL;
        digest_update(self->digests[block->lane], block->bytes, block->length);
        g_async_queue_push(self->empty, block);
    }
}

HashThread *hash_thread_new(void)
{
    HashThread *self = g_new0(HashThread, 1);
    self->full = g_async_queue_new();
    self->empty = g_async_queue_new();
    self->blocks = g_new(Block, BLOCKS);
    for (size_t i = 0; i < BLOCKS; i++)
        g_async_queue_push(self->empty, &self->blocks[i]);
    for (size_t i = 0; i < HASH_LANES; i++)
        self->digests[i] = digest_new("sha256");
    self->thread = g_thread_new("hash", hash_blocks, self);
    return self;
}

static Block *take_block(HashThread *self, unsigned lane)
{
    Block *block = g_async_queue_pop(self->empty);
    block->lane = lane;
    block->length = 0;
    return block;
}

static void give_open(HashThread *self, unsigned lane)
{
    if (self->open[lane])
        g_async_queue_push(self->full, self->open[lane]);
    self->open[lane] = NULL;
}

static void end_thread(HashThread *self)
{
    if (!self->thread)
        return;
    for (unsigned lane = 0; lane < HASH_LANES; lane++)
        give_open(self, lane);
    g_async_queue_push(self->full, take_block(self, END));
    g_thread_join(g_steal_pointer(&self->thread));
}

void hash_thread_free(HashThread *self)
{
    if (!self)
        return;
    end_thread(self);
    g_async_queue_unref(self->full);
    g_async_queue_unref(self->empty);
    for (size_t i = 0; i < HASH_LANES; i++)
        digest_free(self->digests[i]);
    g_free(self->blocks);
    g_free(self);
}

void hash_thread_update(HashThread *self, unsigned lane, const void *bytes, size_t length)
{
    const guint8 *at = bytes;
    while (length > 0) {
        if (!self->open[lane])
            self->open[lane] = take_block(self, lane);
        Block *block = self->open[lane];
        size_t piece = MIN(length, BLOCK_BYTES - block->length);
        memcpy(block->bytes + block->length, at, piece);
        block->length += piece;
        at += piece;
        length -= piece;
        if (block->length == BLOCK_BYTES)
            give_open(self, lane);
    }
}

void hash_thread_finish(HashThread *self, char *ret_digests[HASH_LANES])
{
    end_thread(self);
    for (unsigned lane = 0; lane < HASH_LANES; lane++)
        ret_digests[lane] = digest_finish(self->digests[lane]);
}
