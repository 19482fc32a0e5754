#include "plan/image_labels.h"

#include "archive/gzip_write.h"
#include "archive/inflate.h"

static gboolean append_bytes(void *data, const void *bytes, size_t length, GError **error)
{
    g_byte_array_append(data, bytes, (guint)length);
    return TRUE;
}

char *label_pack(const char *text, size_t length)
{
    g_autoptr(GByteArray) packed = g_byte_array_new();
    DeflateEncoder *encoder = deflate_encoder_new(append_bytes, packed);
    guint8 trailer[GZIP_TRAILER_BYTES];
    g_byte_array_append(packed, gzip_header, GZIP_HEADER_BYTES);
    deflate_encoder_write(encoder, text, length, NULL);
    deflate_encoder_finish(encoder, NULL);
    deflate_encoder_free(encoder);
    gzip_trailer(crc32_update(0, text, length), length, trailer);
    g_byte_array_append(packed, trailer, sizeof(trailer));
    return g_base64_encode(packed->data, packed->len);
}

typedef struct {
    GString *text;
    size_t limit;
} Unpacking;

static gboolean append_text(void *data, const void *bytes, size_t length, GError **error)
{
    Unpacking *unpacking = data;
    if (length > unpacking->limit - unpacking->text->len)
        return error_set(error, ERROR_INPUT, SPAN_NONE, "it is too long");
    g_string_append_len(unpacking->text, bytes, (gssize)length);
    return TRUE;
}

/* A single member as we write it: no name, no extra field. */
static gboolean gunzip(const guchar *bytes, size_t length, Unpacking *unpacking, GError **error)
{
    if (length < GZIP_HEADER_BYTES + GZIP_TRAILER_BYTES ||
        memcmp(bytes, gzip_header, GZIP_HEADER_BYTES) != 0)
        return error_set(error, ERROR_INPUT, SPAN_NONE, "it is no gzip of ours");
    const GString *text = unpacking->text;
    size_t deflated = length - GZIP_HEADER_BYTES - GZIP_TRAILER_BYTES;
    g_autoptr(Inflater) inflater = inflater_new();
    inflater_begin(inflater);
    if (!inflater_feed(inflater, bytes + GZIP_HEADER_BYTES, deflated, append_text, unpacking,
                       error) ||
        !inflater_end(inflater, error))
        return FALSE;
    guint8 trailer[GZIP_TRAILER_BYTES];
    gzip_trailer(crc32_update(0, text->str, text->len), text->len, trailer);
    return memcmp(bytes + length - sizeof(trailer), trailer, sizeof(trailer)) == 0 ||
           error_set(error, ERROR_INPUT, SPAN_NONE, "its checksum is wrong");
}

static gboolean decode(const char *label, Unpacking *unpacking, GError **error)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t digits = strspn(label, alphabet);
    if (strspn(label + digits, "=") != strlen(label + digits) || strlen(label) % 4 != 0)
        return error_set(error, ERROR_INPUT, SPAN_NONE, "it is no base64");
    gsize length;
    g_autofree guchar *bytes = g_base64_decode(label, &length);
    if (!gunzip(bytes, length, unpacking, error))
        return FALSE;
    const GString *text = unpacking->text;
    if (memchr(text->str, '\0', text->len) || !g_utf8_validate(text->str, (gssize)text->len, NULL))
        return error_set(error, ERROR_INPUT, SPAN_NONE, "it is not UTF-8 text");
    return TRUE;
}

char *label_unpack(const char *name, const char *label, size_t limit, GError **error)
{
    Unpacking unpacking = {g_string_new(NULL), limit};
    GError *cause = NULL;
    if (decode(label, &unpacking, &cause))
        return g_string_free(unpacking.text, FALSE);
    g_string_free(unpacking.text, TRUE);
    error_wrap(error, cause, SPAN_NONE, "the label %s is damaged", name);
    return NULL;
}
