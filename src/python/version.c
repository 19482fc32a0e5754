#include "python/version.h"
#include "python/version_key.h"
#include "python/version_scan.h"

/* One block of memory: the struct, the release pointers, the key, then all texts. */
struct Version {
    gatomicrefcount references;
    guint hash;
    KeyLengths lengths;
    const guint8 *key;
    const char *text, *epoch, *pre, *post, *dev, *local;
    bool prerelease;
    const char *release[];
};

typedef struct {
    char *at;
} TextCursor;

static void put(TextCursor *cursor, const char *text, size_t length)
{
    memcpy(cursor->at, text, length);
    cursor->at += length;
}

static void put_text(TextCursor *cursor, const char *text)
{
    put(cursor, text, strlen(text));
}

static const char *put_digits(TextCursor *cursor, Digits digits)
{
    const char *begin = cursor->at;
    put(cursor, digits.at, digits.length);
    *cursor->at++ = '\0';
    return begin;
}

static const char *const pre_letters[] = {"a", "b", "rc"};

static void put_parts(Version *version, const VersionScan *scan, TextCursor *cursor)
{
    version->epoch = put_digits(cursor, scan->epoch);
    const char *step = scan->release;
    Digits number;
    for (size_t i = 0; version_scan_next_number(scan, &step, &number); i++)
        version->release[i] = put_digits(cursor, number);
    version->release[scan->release_count] = NULL;
    if (scan->pre_rank != PRE_NONE) {
        version->pre = cursor->at;
        put_text(cursor, pre_letters[scan->pre_rank]);
        put_digits(cursor, scan->pre);
    }
    if (scan->has_post)
        version->post = put_digits(cursor, scan->post);
    if (scan->has_dev)
        version->dev = put_digits(cursor, scan->dev);
    if (scan->local == NULL)
        return;
    version->local = cursor->at;
    step = scan->local;
    for (bool is_number; version_scan_next_segment(scan, &step, &number, &is_number);) {
        if (cursor->at != version->local)
            put_text(cursor, ".");
        for (size_t i = 0; i < number.length; i++)
            *cursor->at++ = g_ascii_tolower(number.at[i]);
    }
    *cursor->at++ = '\0';
}

static void put_labelled(TextCursor *cursor, const char *label, const char *text)
{
    if (text == NULL)
        return;
    put_text(cursor, label);
    put_text(cursor, text);
}

static void put_normal_form(Version *version, TextCursor *cursor)
{
    version->text = cursor->at;
    if (strcmp(version->epoch, "0") != 0) {
        put_text(cursor, version->epoch);
        put_text(cursor, "!");
    }
    for (size_t i = 0; version->release[i] != NULL; i++)
        put_labelled(cursor, i > 0 ? "." : "", version->release[i]);
    put_labelled(cursor, "", version->pre);
    put_labelled(cursor, ".post", version->post);
    put_labelled(cursor, ".dev", version->dev);
    put_labelled(cursor, "+", version->local);
    *cursor->at++ = '\0';
}

static guint hash_bytes(const guint8 *bytes, size_t length)
{
    guint hash = 2166136261u;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ bytes[i]) * 16777619u;
    return hash;
}

static Version *version_build(const VersionScan *scan, size_t length)
{
    size_t pointers = (scan->release_count + 1) * sizeof(char *);
    /* all parts with their ends, and the normal form, of which "-1" to ".post1" and "c" to "rc0"
     * are the largest growth */
    size_t texts = 3 * length + 64;
    Version *version = g_malloc(sizeof(Version) + pointers + version_key_bound(length) + texts);
    guint8 *key = (guint8 *)version + sizeof(Version) + pointers;
    *version = (Version){.key = key, .prerelease = scan->pre_rank != PRE_NONE || scan->has_dev};
    g_atomic_ref_count_init(&version->references);
    TextCursor cursor = {(char *)version_key_write(scan, key, &version->lengths)};
    version->hash = hash_bytes(key, version->lengths.all);
    put_parts(version, scan, &cursor);
    put_normal_form(version, &cursor);
    return version;
}

Version *version_parse_span(const char *text, size_t length)
{
    VersionScan scan;
    python_strip(&text, &length);
    const char *end = version_scan(text, true, &scan);
    if (end != text + length || scan.too_long)
        return NULL;
    return version_build(&scan, length);
}

Version *version_parse(const char *text, GError **error)
{
    Version *version = version_parse_span(text, strlen(text));
    if (version == NULL)
        error_set(error, ERROR_INPUT, SPAN_NONE, "invalid version: '%s'", text);
    return version;
}

Version *version_ref(const Version *version)
{
    Version *shared = (Version *)version;
    g_atomic_ref_count_inc(&shared->references);
    return shared;
}

void version_unref(Version *version)
{
    if (version != NULL && g_atomic_ref_count_dec(&version->references))
        g_free(version);
}

int version_compare(const Version *a, const Version *b)
{
    return version_key_compare(a->key, a->lengths.all, b->key, b->lengths.all);
}

bool version_equal(const Version *a, const Version *b)
{
    return a->lengths.all == b->lengths.all && memcmp(a->key, b->key, a->lengths.all) == 0;
}

guint version_hash(const void *version)
{
    return ((const Version *)version)->hash;
}

const guint8 *version_key(const Version *version, KeyLengths *ret_lengths)
{
    *ret_lengths = version->lengths;
    return version->key;
}

const char *version_text(const Version *version)
{
    return version->text;
}

char *version_public_text(const Version *version)
{
    size_t local = version->local == NULL ? 0 : strlen(version->local) + 1;
    return g_strndup(version->text, strlen(version->text) - local);
}

bool version_is_prerelease(const Version *version)
{
    return version->prerelease;
}

bool version_is_postrelease(const Version *version)
{
    return version->post != NULL;
}

const char *version_epoch(const Version *version)
{
    return version->epoch;
}

const char *const *version_release(const Version *version)
{
    return (const char *const *)version->release;
}

const char *version_pre(const Version *version)
{
    return version->pre;
}

const char *version_post(const Version *version)
{
    return version->post;
}

const char *version_dev(const Version *version)
{
    return version->dev;
}

const char *version_local(const Version *version)
{
    return version->local;
}
