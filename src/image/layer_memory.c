#include "image/layer_memory.h"

#include "base/clock.h"
#include "image/reference.h"

#include <sys/stat.h>

static const char KIND[] = "layer-blob";

enum {
    /* A file that changes twice within the granularity of its times looks the same. */
    RACY_SECONDS = 2,
};

/* NULL when it can't be remembered. */
static char *state_of(const FilePlace *place, bool new_too)
{
    struct stat st;
    if (!place->path || stat(place->path, &st) < 0)
        return NULL;
    if (!new_too && clock_now_seconds() - st.st_mtim.tv_sec <= RACY_SECONDS)
        return NULL;
    return g_strdup_printf("%s %" G_GUINT64_FORMAT "+%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT
                           " %" G_GINT64_FORMAT ".%09ld %" G_GUINT64_FORMAT,
                           place->path, place->offset, place->size, (guint64)st.st_size,
                           (gint64)st.st_mtim.tv_sec, st.st_mtim.tv_nsec, (guint64)st.st_ino);
}

bool layer_memory_load(BlobStore *blobs, const FilePlace *place, LayerFound *ret_found)
{
    g_autofree char *state = state_of(place, true);
    g_autofree char *text = state ? blob_store_load_fact(blobs, KIND, state) : NULL;
    g_auto(GStrv) words = g_strsplit(text ? text : "", " ", 5);
    guint64 tar_size, compression;
    if (g_strv_length(words) != 4 || !image_digest_is_valid(words[0]) ||
        !image_digest_is_valid(words[1]) ||
        !g_ascii_string_to_unsigned(words[2], 10, 0, G_MAXINT64, &tar_size, NULL) ||
        !g_ascii_string_to_unsigned(words[3], 10, 0, COMPRESSION_OTHER, &compression, NULL))
        return false;
    *ret_found = (LayerFound){g_strdup(words[0]), g_strdup(words[1]), place->size, tar_size,
                              (Compression)compression};
    return true;
}

void layer_memory_save(BlobStore *blobs, const FilePlace *place, const LayerFound *found)
{
    g_autofree char *state = state_of(place, false);
    g_autofree char *text = g_strdup_printf("%s %s %" G_GUINT64_FORMAT " %d", found->digest,
                                            found->diff_id, found->tar_size, found->compression);
    if (state && found->size == place->size)
        blob_store_save_fact(blobs, KIND, state, text);
}
