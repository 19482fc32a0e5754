/* store_steps CACHE DEST: makes blobs and facts as a build does and places the blobs in a folder
 * that is there; store_faults.py lets it die on the way. */
#include "base/digest.h"
#include "store/blob_store.h"

static gboolean make_blob(BlobStore *store, char letter, size_t size, char **ret_path,
                          GError **error)
{
    g_autofree char *bytes = g_strnfill(size, letter), *sha256 = digest_sha256(bytes, size);
    char *found = blob_store_find(store, sha256, size);
    if (found) {
        *ret_path = found;
        return TRUE;
    }
    g_autoptr(BlobWriter) writer = blob_writer_new(store, error);
    if (!writer)
        return FALSE;
    for (size_t at = 0; at < size; at += 100000) {
        if (!blob_writer_write(writer, bytes + at, MIN(size - at, 100000), error))
            return FALSE;
    }
    blob_store_set_name(store, sha256, "a blob");
    blob_store_save_fact(store, "layers", sha256, "a fact");
    return blob_writer_commit(writer, sha256, ret_path, error);
}

static gboolean make_all(BlobStore *store, const char *dest, GError **error)
{
    static const struct {
        const char *name;
        size_t size;
        bool link;
    } rows[] = {{"a", 10, true}, {"b", 300000, true}, {"c", 1000000, false}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *path = NULL, *to = g_build_filename(dest, rows[i].name, NULL);
        if (!make_blob(store, *rows[i].name, rows[i].size, &path, error) ||
            !blob_place(path, 0, rows[i].size, rows[i].link, to, error))
            return FALSE;
    }
    return TRUE;
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 64;
    g_autoptr(Cache) cache = cache_new(argv[1]);
    g_autoptr(BlobStore) store = blob_store_new(cache);
    g_autoptr(GError) error = NULL;
    if (make_all(store, argv[2], &error))
        return 0;
    fprintf(stderr, "%s\n", error->message);
    return 2;
}
