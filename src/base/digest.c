#include "base/digest.h"

#include "base/auto.h"
#include "base/io.h"
#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>

struct Digest {
    EVP_MD_CTX *context;
};

static const EVP_MD *find_algorithm(const char *name)
{
    static const struct {
        const char *name;
        const EVP_MD *(*get)(void);
    } algorithms[] = {
        {"sha256", EVP_sha256}, {"sha512", EVP_sha512}, {"sha384", EVP_sha384},
        {"sha224", EVP_sha224}, {"sha1", EVP_sha1},     {"md5", EVP_md5},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(algorithms); i++) {
        if (g_str_equal(algorithms[i].name, name))
            return algorithms[i].get();
    }
    return NULL;
}

Digest *digest_new(const char *algorithm)
{
    const EVP_MD *type = find_algorithm(algorithm);
    if (!type)
        return NULL;
    Digest *digest = g_new(Digest, 1);
    digest->context = EVP_MD_CTX_new();
    g_assert(digest->context && EVP_DigestInit_ex(digest->context, type, NULL));
    return digest;
}

void digest_update(Digest *digest, const void *data, size_t length)
{
    g_assert(EVP_DigestUpdate(digest->context, data, length));
}

char *digest_finish(Digest *digest)
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned length;
    g_assert(EVP_DigestFinal_ex(digest->context, bytes, &length));
    char *hex = g_malloc(2 * (size_t)length + 1);
    for (unsigned i = 0; i < length; i++) {
        hex[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
        hex[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
    }
    hex[2 * (size_t)length] = '\0';
    return hex;
}

void digest_free(Digest *digest)
{
    if (!digest)
        return;
    EVP_MD_CTX_free(digest->context);
    g_free(digest);
}

/* OpenSSL looks its algorithm up for every digest, which takes longer than to digest this much. */
#define SHORT_BYTES 2048

char *digest_sha256(const void *data, size_t length)
{
    if (length <= SHORT_BYTES)
        return g_compute_checksum_for_data(G_CHECKSUM_SHA256, data ? data : "", length);
    g_autoptr(Digest) digest = digest_new("sha256");
    digest_update(digest, data, length);
    return digest_finish(digest);
}

char *digest_sha256_file(const char *path, GError **error)
{
    AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        error_set_errno(error, errno == ENOENT ? ERROR_INPUT : ERROR_FAILED, errno,
                        "cannot read %s", path);
        return NULL;
    }
    g_autofree char *buffer = g_malloc(MIB);
    g_autoptr(Digest) digest = digest_new("sha256");
    for (;;) {
        GError *cause = NULL;
        gssize n = io_read(fd, buffer, MIB, &cause);
        if (n < 0) {
            error_wrap(error, cause, SPAN_NONE, "cannot read %s", path);
            return NULL;
        }
        if (n == 0)
            return digest_finish(digest);
        digest_update(digest, buffer, (size_t)n);
    }
}

bool digest_is_sha256_hex(const char *text)
{
    return strlen(text) == DIGEST_SHA256_HEX &&
           strspn(text, "0123456789abcdef") == DIGEST_SHA256_HEX;
}
