/* What has to be moved: layers of two images by digest, and the files of distributions. */
#include "diff/diff_private.h"

#include <string.h>

/* Layers */

static const GPtrArray *layers_of(const DiffSide *side)
{
    return side->image->manifest->layers;
}

static bool all_have_digests(const GPtrArray *layers)
{
    for (guint i = 0; i < layers->len; i++) {
        if (!((const ImageLayer *)layers->pdata[i])->digest)
            return false;
    }
    return true;
}

/* An old docker archive names its layers by what is in them alone. */
static const char *layer_name(const ImageLayer *layer, bool by_digest)
{
    const char *name = by_digest ? layer->digest : layer->diff_id;
    return name ? name : layer->name;
}

static GHashTable *index_layers(const GPtrArray *layers, bool by_digest)
{
    GHashTable *index = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < layers->len; i++)
        g_hash_table_add(index, (char *)layer_name(layers->pdata[i], by_digest));
    return index;
}

static void add_layer(GPtrArray *list, const DiffSide *side, guint index, bool by_digest)
{
    const ImageLayer *from = layers_of(side)->pdata[index];
    const ImageHistory *history = inspected_history(side->image, index);
    DiffLayer *layer = g_new(DiffLayer, 1);
    *layer =
        (DiffLayer){layer_name(from, by_digest), from->size, history ? history->created_by : NULL};
    g_ptr_array_add(list, layer);
}

/* Those of the side that the other one lacks; a layer that is there twice is moved once. */
static void compare_side(Diff *diff, const DiffSide *side, GHashTable *other, bool by_digest,
                         bool after)
{
    DiffLayers *sums = &diff->layers;
    const GPtrArray *layers = layers_of(side);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < layers->len; i++) {
        const ImageLayer *layer = layers->pdata[i];
        const char *name = layer_name(layer, by_digest);
        bool shared = g_hash_table_contains(other, name);
        if (!g_hash_table_add(seen, (char *)name))
            continue;
        if (!shared) {
            add_layer(after ? sums->fresh : sums->gone, side, i, by_digest);
            *(after ? &sums->fresh_bytes : &sums->gone_bytes) += layer->size;
        } else if (after) {
            add_layer(sums->kept, side, i, by_digest);
            sums->shared++;
            sums->shared_bytes += layer->size;
        }
    }
}

void diff_compare_layers(Diff *diff)
{
    if (!diff->a.image || !diff->b.image)
        return;
    const GPtrArray *a = layers_of(&diff->a), *b = layers_of(&diff->b);
    bool by_digest = all_have_digests(a) && all_have_digests(b);
    g_autoptr(GHashTable) in_a = index_layers(a, by_digest);
    g_autoptr(GHashTable) in_b = index_layers(b, by_digest);
    diff->layers.compared = true;
    compare_side(diff, &diff->a, in_b, by_digest, false);
    compare_side(diff, &diff->b, in_a, by_digest, true);
}

/* Files of distributions */

static GHashTable *file_digests(const GPtrArray *environment)
{
    GHashTable *digests = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; environment && i < environment->len; i++) {
        const LockFile *file = ((const LockDistribution *)environment->pdata[i])->file;
        if (file && file->sha256)
            g_hash_table_add(digests, file->sha256);
    }
    return digests;
}

void diff_sum_sizes(Diff *diff)
{
    const GPtrArray *a = diff_environment(diff->a.target), *b = diff_environment(diff->b.target);
    g_autoptr(GHashTable) in_a = file_digests(a);
    g_autoptr(GHashTable) in_b = file_digests(b);
    DiffSizes *sizes = &diff->sizes;
    if (g_hash_table_size(in_a) == 0 || g_hash_table_size(in_b) == 0)
        return; /* nothing, or a side that does not tell its files */
    for (guint i = 0; i < a->len; i++) {
        const LockFile *file = ((const LockDistribution *)a->pdata[i])->file;
        if (!file || !file->sha256 || g_hash_table_contains(in_b, file->sha256))
            continue;
        sizes->gone++;
        sizes->gone_bytes += file->size;
        sizes->unknown += file->size == 0;
    }
    for (guint i = 0; i < b->len; i++) {
        const LockFile *file = ((const LockDistribution *)b->pdata[i])->file;
        if (!file || !file->sha256)
            continue;
        bool shared = g_hash_table_contains(in_a, file->sha256);
        *(shared ? &sizes->shared : &sizes->fresh) += 1;
        *(shared ? &sizes->shared_bytes : &sizes->fresh_bytes) += file->size;
        sizes->unknown += file->size == 0;
    }
}

/* Wheel or source */

static const char *kind_of(const LockFile *file)
{
    return !file ? NULL : g_str_has_suffix(file->file, ".whl") ? "wheel" : "source";
}

/* "wheel, 766.7 MB"; "" of what the base brought. */
static char *file_text(const LockDistribution *one)
{
    const LockFile *file = one ? one->file : NULL;
    if (!file)
        return g_strdup("");
    g_autofree char *size = file->size > 0 ? layout_size(file->size) : g_strdup("size not known");
    return g_strdup_printf("%s, %s", kind_of(file), size);
}

char *diff_installed_text(const LockDistribution *installed)
{
    g_autofree char *file = file_text(installed);
    return *file ? g_strdup_printf("%s (%s)", installed->version, file)
                 : g_strdup(installed->version);
}

char *diff_file_text(const DiffDistribution *distribution, const char *arrow)
{
    const LockDistribution *a = distribution->before, *b = distribution->after;
    g_autofree char *before = file_text(a);
    g_autofree char *after = file_text(b);
    if (!*before || !*after)
        return g_strdup(*after ? after : before);
    if (a->file->size == b->file->size && g_str_equal(kind_of(a->file), kind_of(b->file)))
        return g_steal_pointer(&after);
    bool same_kind = g_str_equal(kind_of(a->file), kind_of(b->file));
    return g_strdup_printf("%s %s %s", before, arrow, same_kind ? strchr(after, ' ') + 1 : after);
}
