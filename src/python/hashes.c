#include "python/hashes.h"

bool hashes_is_empty(char **hashes)
{
    return !hashes || !*hashes;
}

static size_t algorithm_length(const char *hash)
{
    return strcspn(hash, ":") + 1;
}

static bool hashes_name_algorithm(char **hashes, const char *hash)
{
    for (; *hashes; hashes++) {
        if (strncmp(*hashes, hash, algorithm_length(hash)) == 0)
            return true;
    }
    return false;
}

char **hashes_and(char **a, char **b)
{
    if (hashes_is_empty(a) || hashes_is_empty(b))
        return g_strdupv(hashes_is_empty(a) ? b : a);
    g_autoptr(GPtrArray) both = g_ptr_array_new_with_free_func(g_free);
    for (char **hash = b; *hash; hash++) {
        if (g_strv_contains((const char *const *)a, *hash))
            g_ptr_array_add(both, g_strdup(*hash));
        else if (hashes_name_algorithm(a, *hash))
            g_ptr_array_add(both, g_strndup(*hash, algorithm_length(*hash)));
    }
    g_ptr_array_add(both, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&both), FALSE);
}

bool hashes_has_digest(char **hashes)
{
    for (; hashes && *hashes; hashes++) {
        if ((*hashes)[algorithm_length(*hashes)])
            return true;
    }
    return false;
}

static bool hashes_allow(char **hashes, const char *algorithm, size_t length, const char *digest)
{
    for (; *hashes; hashes++) {
        if (algorithm_length(*hashes) == length + 1 && strncmp(*hashes, algorithm, length) == 0 &&
            g_ascii_strcasecmp(*hashes + length + 1, digest) == 0)
            return true;
    }
    return false;
}

bool hashes_allow_file(char **hashes, const IndexFile *file)
{
    if (hashes_is_empty(hashes))
        return false;
    if (file->sha256 && hashes_allow(hashes, "sha256", strlen("sha256"), file->sha256))
        return true;
    for (char **other = file->hashes; other && *other; other++) {
        size_t length = strcspn(*other, "=");
        if ((*other)[length] && hashes_allow(hashes, *other, length, *other + length + 1))
            return true;
    }
    return false;
}

bool hashes_file_has_digest(const IndexFile *file)
{
    return file->sha256 || (file->hashes && *file->hashes);
}
