#include "facts/numpy_words.h"

#include <string.h>

#define FIRST "module compiled against ABI version 0x%x but this version of numpy is 0x%x"
#define SECOND "module was compiled against NumPy C-API version 0x%x (NumPy "
#define SIZES "size changed, may indicate binary incompatibility"
#define ABI "#define NPY_ABI_VERSION"

enum {
    TAIL_BYTES = 128, /* longer than any of the texts with a version behind it */
};

struct NumpyScanner {
    GByteArray *tail; /* the last bytes, which a text may begin in */
    NumpyWords words;
    bool first;
};

NumpyScanner *numpy_scanner_new(void)
{
    NumpyScanner *scanner = g_new0(NumpyScanner, 1);
    scanner->tail = g_byte_array_new();
    return scanner;
}

void numpy_scanner_free(NumpyScanner *scanner)
{
    if (!scanner)
        return;
    g_byte_array_unref(scanner->tail);
    g_free(scanner);
}

/* "1.23)" */
static void read_least(NumpyWords *words, const char *at, const char *end)
{
    unsigned parts[2] = {0, 0};
    for (unsigned i = 0; i < 2; i++) {
        for (; at < end && g_ascii_isdigit(*at) && parts[i] < 1000; at++)
            parts[i] = parts[i] * 10 + (unsigned)(*at - '0');
        if (at >= end || *at++ != (i == 0 ? '.' : ')'))
            return;
    }
    words->major = parts[0];
    words->minor = parts[1];
}

static void look(NumpyScanner *scanner, const char *bytes, size_t length)
{
    NumpyWords *words = &scanner->words;
    const char *second = memmem(bytes, length, SECOND, strlen(SECOND));
    if (second) {
        words->headers = 2;
        read_least(words, second + strlen(SECOND), bytes + length);
    }
    scanner->first = scanner->first || memmem(bytes, length, FIRST, strlen(FIRST));
    words->sizes = words->sizes || memmem(bytes, length, SIZES, strlen(SIZES));
}

void numpy_scanner_feed(NumpyScanner *scanner, const void *data, size_t length)
{
    const guint8 *bytes = data;
    GByteArray *tail = scanner->tail;
    guint before = tail->len;
    size_t over = MIN(length, TAIL_BYTES);
    g_byte_array_append(tail, bytes, (guint)over);
    if (before > 0)
        look(scanner, (const char *)tail->data, tail->len);
    look(scanner, data, length);
    if (length > over) {
        g_byte_array_set_size(tail, 0);
        g_byte_array_append(tail, bytes + length - TAIL_BYTES, TAIL_BYTES);
    } else if (tail->len > TAIL_BYTES) {
        g_byte_array_remove_range(tail, 0, tail->len - TAIL_BYTES);
    }
}

NumpyWords numpy_scanner_finish(const NumpyScanner *scanner)
{
    NumpyWords words = scanner->words;
    if (words.headers == 0 && scanner->first)
        words.headers = 1;
    return words;
}

guint32 numpy_abi_parse(const char *text, size_t length)
{
    const char *at = memmem(text, length, ABI, strlen(ABI));
    if (!at)
        return 0;
    size_t left = length - (size_t)(at - text) - strlen(ABI);
    g_autofree char *value = g_strndup(at + strlen(ABI), MIN(left, 32));
    return (guint32)g_ascii_strtoull(g_strchug(value), NULL, 16);
}
